//! One service's life: systemd.service(5), without a clock or a kernel.
//!
//! [`Service::step`] takes what happened to one service and says what to do about it. Jobs, order
//! and sockets are the manager's business; which process is meant by a pid too.

mod events;
mod moves;

use heapless::Vec;
use unit::control::{ActiveState, Exit, SubState, UnitResult};
use unit::{Command, Emergency, Millis, UnitId};

use super::action::{Action, CommandList, Target};
use super::event::{Pid, SpawnError};
use super::notify::Notification;
use super::time::{Bucket, Instant};

pub use moves::is_passing;

/// Pause before a child that could not be made for want of resources is tried again.
pub const SPAWN_RETRY: Millis = Millis(100);
/// Actions that one step of a service can ask for.
pub const SERVICE_ACTIONS_MAX: usize = 4;

const SIGKILL: u8 = 9;

/// A main process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Main {
    /// A child that PID 1 made.
    Child(Pid),
    /// A process that the service named with MAINPID=.
    Adopted(Pid),
}

impl Main {
    /// Its id.
    pub const fn pid(self) -> Pid {
        match self {
            Self::Child(pid) | Self::Adopted(pid) => pid,
        }
    }

    const fn target(self, unit: UnitId) -> Target {
        match self {
            Self::Child(pid) => Target::Child(pid),
            Self::Adopted(_) => Target::Adopted(unit),
        }
    }
}

/// A child that a state waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Child {
    /// Asked for; the answer comes before anything else happens.
    Asked,
    /// It could not be made; it is asked for again then.
    Lacking(Instant),
    /// There.
    Alive(Pid),
    /// Another process is the main one, in the place of the child: the service has said so.
    Adopted(Pid),
}

impl Child {
    const fn pid(self) -> Option<Pid> {
        match self {
            Self::Asked | Self::Lacking(_) => None,
            Self::Alive(pid) | Self::Adopted(pid) => Some(pid),
        }
    }

    /// The main process, of a child that is to become one.
    const fn main(self) -> Option<Main> {
        match self {
            Self::Asked | Self::Lacking(_) => None,
            Self::Alive(pid) => Some(Main::Child(pid)),
            Self::Adopted(pid) => Some(Main::Adopted(pid)),
        }
    }
}

/// A deadline; `None` is never.
type Deadline = Option<Instant>;

/// Where a service is in its life. Each state holds what only it has: `main` and `control` are
/// processes that are not reaped yet, `child` the one the state waits for, `index` the place of
/// its command in its list, `deadline` when waiting ends (`None`: never).
#[allow(missing_docs, reason = "the fields mean the same in every state")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing runs.
    Dead,
    /// `ExecStartPre=` number `index` runs.
    StartPre { index: u8, child: Child, deadline: Deadline },
    /// `ExecStart=` number `index` runs; the service is not started yet.
    Start { index: u8, child: Child, deadline: Deadline },
    /// Started. `reloading`: it said RELOADING=1.
    Running { main: Main, reloading: bool },
    /// `ExecReload=` number `index` runs.
    Reload { main: Main, index: u8, child: Child, deadline: Deadline },
    /// `ExecStop=` number `index` runs.
    Stop { main: Option<Main>, index: u8, child: Child, deadline: Deadline },
    /// `KillSignal=` was sent, or the main process is gone and others may be left.
    StopSigterm { main: Option<Main>, control: Option<Pid>, deadline: Deadline },
    /// SIGKILL was sent.
    StopSigkill { main: Option<Main>, control: Option<Pid>, deadline: Deadline },
    /// It will be started again then; `None`: its start job is there.
    AutoRestart { at: Option<Instant> },
    /// It ended in a way it should not have; until then starts are not allowed.
    Failed { until: Option<Instant> },
}

/// What happens to one service.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Input<'e> {
    /// A start job runs.
    Start {
        /// After [`State::AutoRestart`] or a healed limit: counted as a restart.
        auto: bool,
    },
    /// Its start job ended before it ran.
    StartRefused,
    /// A stop job runs.
    Stop,
    /// A reload job runs.
    Reload,
    /// The main process exists.
    MainSpawned(Pid),
    /// The control process exists.
    ControlSpawned(Pid),
    /// The main or control process could not be made.
    SpawnFailed(SpawnError),
    /// The main process runs its program.
    Executed,
    /// The main process ended, perhaps before its program ran.
    MainExited(Exit, Option<SpawnError>),
    /// The control process ended.
    ControlExited(Exit),
    /// It said something.
    Notified(Notification<'e>),
    /// It has another main process now.
    MainAdopted(Pid),
    /// None of its processes is left.
    GroupEmpty,
    /// Some are.
    GroupPopulated,
    /// Time has passed.
    Elapsed,
    /// Its failure is forgotten.
    ResetFailed,
}

/// What a step asks for.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// To be executed in this order.
    pub actions: Vec<Action, SERVICE_ACTIONS_MAX>,
    /// It is time for the start job that [`State::AutoRestart`] announced.
    pub start: bool,
    /// `StartLimitAction=` applies.
    pub emergency: Emergency,
}

/// One service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// Where it is.
    pub state: State,
    /// How its last run ended; the first thing that went wrong counts.
    pub result: UnitResult,
    /// How its main process last ended.
    pub exit: Option<Exit>,
    /// How its last `ExecReload=` ended.
    pub reload_result: UnitResult,
    /// Automatic restarts since it was last started by hand.
    pub restarts: u32,
    /// A stop was asked for: no automatic restart.
    pub stop_asked: bool,
    /// Against `StartLimit…=`.
    pub starts: Bucket,
}

/// What a step may look at.
#[derive(Clone, Copy)]
struct Context<'c, 't> {
    unit: UnitId,
    config: &'c unit::Service<'t>,
    now: Instant,
}

impl Context<'_, '_> {
    fn start_deadline(&self) -> Deadline {
        self.config.timeout_start.map(|timeout| self.now.after(timeout))
    }

    fn stop_deadline(&self) -> Deadline {
        self.config.timeout_stop.map(|timeout| self.now.after(timeout))
    }

    fn command(&self, list: CommandList, index: u8) -> Option<Command<'_>> {
        let commands = match list {
            CommandList::StartPre => self.config.exec_start_pre,
            CommandList::Start => self.config.exec_start,
            CommandList::Reload => self.config.exec_reload,
            CommandList::Stop => self.config.exec_stop,
        };
        commands.get(usize::from(index))
    }
}

impl Service {
    /// A service that has never run.
    pub const NEW: Self = Self {
        state: State::Dead,
        result: UnitResult::Success,
        exit: None,
        reload_result: UnitResult::Success,
        restarts: 0,
        stop_asked: false,
        starts: Bucket::NEW,
    };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::StartPre { .. } | State::Start { .. } | State::AutoRestart { .. } => {
                ActiveState::Activating
            }
            State::Running { reloading: true, .. } | State::Reload { .. } => ActiveState::Reloading,
            State::Running { reloading: false, .. } => ActiveState::Active,
            State::Stop { .. } | State::StopSigterm { .. } | State::StopSigkill { .. } => {
                ActiveState::Deactivating
            }
            State::Failed { .. } => ActiveState::Failed,
        }
    }

    /// Its state in a service's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::StartPre { .. } => SubState::StartPre,
            State::Start { .. } => SubState::Start,
            State::Running { reloading: true, .. } | State::Reload { .. } => SubState::Reload,
            State::Running { reloading: false, .. } => SubState::Running,
            State::Stop { .. } => SubState::Stop,
            State::StopSigterm { .. } => SubState::StopSigterm,
            State::StopSigkill { .. } => SubState::StopSigkill,
            State::AutoRestart { .. } => SubState::AutoRestart,
            State::Failed { .. } => SubState::Failed,
        }
    }

    /// Its main process.
    pub const fn main(&self) -> Option<Main> {
        match self.state {
            State::Start { child, .. } => child.main(),
            State::Running { main, .. } | State::Reload { main, .. } => Some(main),
            State::Stop { main, .. }
            | State::StopSigterm { main, .. }
            | State::StopSigkill { main, .. } => main,
            State::Dead
            | State::StartPre { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => None,
        }
    }

    /// Its control process.
    pub const fn control(&self) -> Option<Pid> {
        match self.state {
            State::StartPre { child, .. }
            | State::Reload { child, .. }
            | State::Stop { child, .. } => child.pid(),
            State::StopSigterm { control, .. } | State::StopSigkill { control, .. } => control,
            State::Dead
            | State::Start { .. }
            | State::Running { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => None,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub fn deadline(&self) -> Deadline {
        match self.state {
            State::StartPre { child, deadline, .. }
            | State::Start { child, deadline, .. }
            | State::Reload { child, deadline, .. }
            | State::Stop { child, deadline, .. } => match child {
                Child::Lacking(retry_at) => {
                    Some(deadline.map_or(retry_at, |deadline| deadline.min(retry_at)))
                }
                Child::Asked | Child::Alive(_) | Child::Adopted(_) => deadline,
            },
            State::StopSigterm { deadline, .. } | State::StopSigkill { deadline, .. } => deadline,
            State::AutoRestart { at } => at,
            State::Failed { until } => until,
            State::Dead | State::Running { .. } => None,
        }
    }

    /// Takes one step.
    pub fn step(
        &mut self,
        unit: UnitId,
        config: &unit::Service<'_>,
        input: Input<'_>,
        now: Instant,
    ) -> Outcome {
        let context = &Context { unit, config, now };
        let mut out = Outcome { actions: Vec::new(), start: false, emergency: Emergency::None };
        match input {
            Input::Start { auto } => self.on_start(context, auto, &mut out),
            Input::StartRefused => self.on_start_refused(),
            Input::Stop => self.on_stop(context, &mut out),
            Input::Reload => self.on_reload(context, &mut out),
            Input::MainSpawned(pid) => self.on_main_spawned(context, pid),
            Input::ControlSpawned(pid) => self.on_control_spawned(pid),
            Input::SpawnFailed(error) => self.on_spawn_failed(context, error, &mut out),
            Input::Executed => self.on_executed(context),
            Input::MainExited(exit, error) => self.on_main_exited(context, exit, error, &mut out),
            Input::ControlExited(exit) => self.on_control_exited(context, exit, &mut out),
            Input::Notified(notification) => self.on_notified(context, notification),
            Input::MainAdopted(pid) => self.on_main_adopted(context, pid),
            Input::GroupEmpty => self.on_group_empty(context),
            Input::GroupPopulated => self.on_group_populated(context, &mut out),
            Input::Elapsed => self.on_elapsed(context, &mut out),
            Input::ResetFailed => self.on_reset_failed(),
        }
        out
    }
}
