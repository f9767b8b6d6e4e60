//! One service's life: systemd.service(5), without a clock or a kernel.
//!
//! [`Service::step`] takes what happened to one service and says what to do about it. Jobs, order
//! and sockets are the manager's business; which process is meant by a pid too.
//!
//! | file | what |
//! |---|---|
//! | `types` | from a start to the moment at which it counts as started: `Type=` |
//! | `helpers` | the commands around the program, one list after the other |
//! | `reload` | reading its configuration again, and what it says of itself |
//! | `ends` | how the end of each process is judged, and what follows |
//! | `kill` | the signals of a stop, and who is left |
//! | `restart` | whether it comes back, and when |
//! | `late` | what happens when time is over |

mod ends;
mod helpers;
mod kill;
mod late;
mod reload;
mod restart;
mod types;
mod watchdog;

use heapless::Vec;
use unit::control::{ActiveState, Exit, SubState, UnitResult};
use unit::{Command, Emergency, Millis, ServiceMore, ServiceType, UnitId};

use super::action::{Action, CommandList, Target};
use super::event::{Errno, Pid, SpawnError};
use super::notify::Notification;
use super::time::{Bucket, Instant};
use crate::features;

pub use ends::end_of_command;
pub use helpers::Helper;
pub use kill::Step;

/// Pause before a child that could not be made for want of resources is tried again. Who had no
/// slot is told earlier ([`super::Event::SlotFreed`]), where the kernel can tell.
const SPAWN_RETRY: Millis = Millis(100);
/// Pause before the main process of a forking service is looked for again.
pub const LOOK_AGAIN: Millis = Millis(100);
/// Longest time that a service of `Type=idle` waits for the board to be quiet.
pub const IDLE_TIMEOUT: Millis = Millis(5_000);
/// Actions that one step of a service can ask for.
pub const SERVICE_ACTIONS_MAX: usize = 8;

/// A main process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Main {
    /// A child that PID 1 made.
    Child(Pid),
    /// A process that the service named with MAINPID=, or that a forking one left behind.
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
    /// It is made when no job is left on the board, then at the latest: `Type=idle`.
    Idle(Instant),
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
            Self::Idle(_) | Self::Asked | Self::Lacking(_) => None,
            Self::Alive(pid) | Self::Adopted(pid) => Some(pid),
        }
    }

    /// The main process, of a child that is to become one.
    const fn main(self) -> Option<Main> {
        match self {
            Self::Idle(_) | Self::Asked | Self::Lacking(_) => None,
            Self::Alive(pid) => Some(Main::Child(pid)),
            Self::Adopted(pid) => Some(Main::Adopted(pid)),
        }
    }

    /// When there is something to do about it.
    const fn due(self) -> Deadline {
        match self {
            Self::Idle(at) | Self::Lacking(at) => Some(at),
            Self::Asked | Self::Alive(_) | Self::Adopted(_) => None,
        }
    }
}

/// A deadline; `None` is never.
type Deadline = Option<Instant>;

/// The earlier of two.
fn sooner(one: Deadline, other: Deadline) -> Deadline {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Where a service is in its life. Each state holds what only it has: `main` and `control` are
/// processes that are not reaped yet, `child` the one the state waits for, `index` the place of
/// its command in its list, `deadline` when waiting ends (`None`: never).
#[allow(missing_docs, reason = "the fields mean the same in every state")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing runs.
    Dead,
    /// A command around the program runs, number `index` of its list.
    Helper { helper: Helper, main: Option<Main>, index: u8, child: Child, deadline: Deadline },
    /// `ExecStart=` number `index` runs; the service is not started yet.
    Start { index: u8, child: Child, deadline: Deadline },
    /// `Type=forking`: what was started has ended well, and has left a main process behind, which
    /// is looked for.
    Forked { look_at: Instant, deadline: Deadline },
    /// Started. Without `main`, a forking service lives for as long as its group has members.
    Running { main: Option<Main> },
    /// Started, and nothing of it is left: `RemainAfterExit=`.
    Exited,
    /// It reads its configuration again. `asked_at`: it was sent `ReloadSignal=` then, and has
    /// not yet said RELOADING=1.
    Reloading { main: Main, asked_at: Option<Instant>, deadline: Deadline },
    /// The signal of `step` was sent, or the main process is gone and others may be left.
    Signaled { step: Step, main: Option<Main>, control: Option<Pid>, deadline: Deadline },
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
    /// No job is left on the board.
    Quiet,
    /// A stop job runs.
    Stop(StopAsked),
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
    /// Its main process was looked for, and is not there yet, or cannot be told.
    MainMissing {
        /// None of its processes is left.
        gone: bool,
    },
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
    /// `StartLimitAction=` and its kin apply.
    pub emergency: Emergency,
}

/// What a stop was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopAsked {
    /// To be down.
    Stop,
    /// To be started again.
    Restart,
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
    /// How its last reload ended.
    pub reload_result: UnitResult,
    /// Automatic restarts since it was last started by hand.
    pub restarts: u32,
    /// A stop was asked for: no automatic restart.
    pub stop_asked: Option<StopAsked>,
    /// Against `StartLimit…=`.
    pub starts: Bucket,
    /// Once it is started: when `RuntimeMaxSec=` is over.
    pub runtime_end: Option<Instant>,
    /// Once it is started: by when it must have said that it is alive.
    pub alive_by: Option<Instant>,
    /// `WATCHDOG_USEC=`, in its place of `WatchdogSec=`.
    pub watchdog_us: Option<u64>,
}

/// What a step may look at.
#[derive(Clone, Copy)]
struct Context<'c, 't> {
    unit: UnitId,
    config: &'c unit::Service<'t>,
    now: Instant,
}

impl<'t> Context<'_, 't> {
    /// The settings that few services have.
    fn more(&self) -> ServiceMore<'t> {
        features::more(self.config)
    }

    fn is_forking(&self) -> bool {
        features::FORKING && self.config.type_ == ServiceType::Forking
    }

    fn has_pid_file(&self) -> bool {
        self.is_forking() && !self.more().pid_file.is_empty()
    }

    /// True if it says READY=1 when it is started.
    fn notifies(&self) -> bool {
        match self.config.type_ {
            ServiceType::Notify | ServiceType::NotifyReload => true,
            ServiceType::Simple
            | ServiceType::Exec
            | ServiceType::Oneshot
            | ServiceType::Forking
            | ServiceType::Idle => false,
        }
    }

    fn start_deadline(&self) -> Deadline {
        self.config.timeout_start.map(|timeout| self.now.after(timeout))
    }

    fn stop_deadline(&self) -> Deadline {
        self.config.timeout_stop.map(|timeout| self.now.after(timeout))
    }

    fn command(&self, list: CommandList, index: u8) -> Option<Command<'t>> {
        list.of(self.config).get(usize::from(index))
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
        stop_asked: None,
        starts: Bucket::NEW,
        runtime_end: None,
        alive_by: None,
        watchdog_us: None,
    };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Helper { helper, .. } => helper.active(),
            State::Start { .. } | State::Forked { .. } | State::AutoRestart { .. } => {
                ActiveState::Activating
            }
            State::Reloading { .. } => ActiveState::Reloading,
            State::Running { .. } | State::Exited => ActiveState::Active,
            State::Signaled { .. } => ActiveState::Deactivating,
            State::Failed { .. } => ActiveState::Failed,
        }
    }

    /// Its state in a service's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Helper { helper, .. } => helper.sub(),
            State::Start { .. } | State::Forked { .. } => SubState::Start,
            State::Running { .. } => SubState::Running,
            State::Exited => SubState::Exited,
            State::Reloading { asked_at: Some(_), .. } => SubState::ReloadSignal,
            State::Reloading { asked_at: None, .. } => SubState::ReloadNotify,
            State::Signaled { step, .. } => step.sub(),
            State::AutoRestart { .. } => SubState::AutoRestart,
            State::Failed { .. } => SubState::Failed,
        }
    }

    /// Its main process.
    pub const fn main(&self) -> Option<Main> {
        match self.state {
            State::Start { child, .. } => child.main(),
            State::Reloading { main, .. } => Some(main),
            State::Running { main } | State::Helper { main, .. } | State::Signaled { main, .. } => {
                main
            }
            State::Dead
            | State::Forked { .. }
            | State::Exited
            | State::AutoRestart { .. }
            | State::Failed { .. } => None,
        }
    }

    /// Its control process.
    pub const fn control(&self) -> Option<Pid> {
        if !features::HELPERS {
            return None;
        }
        match self.state {
            State::Helper { child, .. } => child.pid(),
            State::Signaled { control, .. } => control,
            State::Dead
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => None,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub fn deadline(&self) -> Deadline {
        match self.state {
            State::Helper { child, deadline, .. } | State::Start { child, deadline, .. } => {
                sooner(deadline, child.due())
            }
            State::Forked { look_at, deadline } => sooner(deadline, Some(look_at)),
            State::Reloading { deadline, .. } => sooner(deadline, self.alive_by),
            State::Signaled { deadline, .. } => deadline,
            State::Running { .. } if features::SERVICE_MORE => {
                sooner(self.runtime_end, self.alive_by)
            }
            State::Running { .. } => None,
            State::AutoRestart { at } => at,
            State::Failed { until } => until,
            State::Dead | State::Exited => None,
        }
    }

    /// A child that it lacks is due.
    pub fn hurry(&mut self, now: Instant) {
        if let State::Helper { child, .. } | State::Start { child, .. } = &mut self.state
            && let Child::Lacking(at) = child
        {
            *at = now;
        }
    }

    /// True if it will be started when the board is quiet, and nobody is to wait for it.
    pub const fn waits_for_quiet(&self) -> bool {
        features::IDLE && matches!(self.state, State::Start { child: Child::Idle(_), .. })
    }

    /// True if it is down until its restart is due.
    pub const fn waits_for_restart(&self) -> bool {
        matches!(self.state, State::AutoRestart { .. })
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
            Input::Quiet => self.on_quiet(context, &mut out),
            Input::Stop(why) => self.on_stop(context, why, &mut out),
            Input::Reload => self.on_reload(context, &mut out),
            Input::MainSpawned(pid) => self.on_main_spawned(context, pid, &mut out),
            Input::ControlSpawned(pid) => self.on_control_spawned(pid),
            Input::SpawnFailed(error) => self.on_spawn_failed(context, error, &mut out),
            Input::Executed => self.on_executed(context, &mut out),
            Input::MainExited(exit, error) => self.on_main_exited(context, exit, error, &mut out),
            Input::ControlExited(exit) => self.on_control_exited(context, exit, &mut out),
            Input::Notified(said) => self.on_notified(context, said, &mut out),
            Input::MainAdopted(pid) => self.on_main_adopted(context, pid, &mut out),
            Input::MainMissing { gone } => self.on_main_missing(context, gone, &mut out),
            Input::GroupEmpty => self.on_group_empty(context, &mut out),
            Input::GroupPopulated => self.on_group_populated(context, &mut out),
            Input::Elapsed => self.on_elapsed(context, &mut out),
            Input::ResetFailed => self.on_reset_failed(),
        }
        out
    }

    /// The first thing that goes wrong is the result.
    fn fail(&mut self, result: UnitResult) {
        if self.result == UnitResult::Success {
            self.result = result;
        }
    }

    /// A passing lack of resources is waited out, under the state's own deadline and without
    /// costing the service a start; anything else is a failure.
    fn on_spawn_failed(&mut self, context: &Context<'_, '_>, error: SpawnError, out: &mut Outcome) {
        if let (Some(pause), State::Start { child, .. } | State::Helper { child, .. }) =
            (spawn_retry(error), &mut self.state)
        {
            *child = Child::Lacking(context.now.after(pause));
            return;
        }
        match &mut self.state {
            State::Start { .. } => {
                self.fail(UnitResult::Resources);
                self.send(context, Step::Sigterm, None, None, out);
            }
            State::Helper { helper, main, .. } => {
                let (helper, main) = (*helper, *main);
                self.on_helper_failed(context, helper, main, UnitResult::Resources, out);
            }
            State::Dead
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }
}

fn push(out: &mut Outcome, action: Action) {
    let pushed = out.actions.push(action);
    ensure!(pushed.is_ok(), "a step asks for SERVICE_ACTIONS_MAX actions at most");
}

/// When to try again, where a board is short of something for a moment: a full pool, EAGAIN,
/// ENOMEM, ENFILE, EMFILE.
pub fn spawn_retry(error: SpawnError) -> Option<Millis> {
    const PASSING: [Errno; 4] = [Errno(11), Errno(12), Errno(23), Errno(24)];
    PASSING.contains(&error.errno).then_some(SPAWN_RETRY)
}
