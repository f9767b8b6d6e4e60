//! One socket unit's life: systemd.socket(5), without a descriptor.
//!
//! A limit pauses a socket and lets it go on; nothing that traffic does can end it. What happens
//! to a connection once it is accepted is `instance`'s business. The commands that a few sockets
//! run before and after are in `commands`.

mod commands;
mod traffic;

use heapless::Vec;
use unit::control::{ActiveState, Exit, SubState, UnitResult};
use unit::{ListenerId, UnitId};

use super::action::Action;
use super::event::{Errno, Pid, SpawnError};
use super::time::{Bucket, Instant};
use crate::features;

/// Actions that one step of a socket can ask for.
pub const SOCKET_ACTIONS_MAX: usize = 3;

/// What the service behind the socket is doing, as far as the socket cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceView {
    /// It would take the listeners if it were started.
    Idle,
    /// It has them, or will have them without being triggered.
    Busy,
    /// It may not be started before then.
    Barred(Instant),
}

/// The process of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Child {
    /// Asked for; the answer comes before anything else happens.
    Asked,
    /// It could not be made; it is asked for again then.
    Lacking(Instant),
    /// There.
    Alive(Pid),
}

/// A command that a state waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running {
    /// Its place in its list.
    pub index: u8,
    /// Its process.
    pub child: Child,
    /// When waiting ends; `None` is never.
    pub deadline: Option<Instant>,
}

/// Which listener could not be opened, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenFailure {
    /// Which.
    pub listener: ListenerId,
    /// Why.
    pub errno: Errno,
}

/// Where a socket is in its life. `open`: its listeners exist. `control` is the process of a
/// command that is not reaped yet, `deadline` when waiting for it ends (`None`: never).
#[allow(missing_docs, reason = "the fields mean the same in every state")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not open.
    Dead,
    /// `ExecStartPre=` runs.
    StartPre { command: Running },
    /// Asked to be opened for the `attempt`th time (counted from 0) since it last was. `again`:
    /// what goes with a start is done, it only has to be opened anew.
    Opening { attempt: u8, again: bool },
    /// Open, and `ExecStartPost=` runs.
    StartPost { command: Running },
    /// Open and watched.
    Listening,
    /// Open; its service has the listeners.
    Running,
    /// Open; not watched before then, because of a limit.
    Paused { until: Instant },
    /// Could not be opened, or broke too often (`why` is `None`); tried again then.
    Retrying { at: Instant, attempt: u8, again: bool, why: Option<OpenFailure> },
    /// `ExecStopPre=` runs.
    StopPre { command: Running, open: bool },
    /// A command that ran when the socket should stop was sent SIGTERM.
    StopPreSigterm { control: Pid, deadline: Option<Instant>, open: bool },
    /// It was sent SIGKILL.
    StopPreSigkill { control: Pid, deadline: Option<Instant>, open: bool },
    /// Closed, and `ExecStopPost=` runs.
    StopPost { command: Running },
    /// What is left of its processes was sent SIGTERM, if there is anything left.
    FinalSigterm { control: Option<Pid>, deadline: Option<Instant> },
    /// It was sent SIGKILL.
    FinalSigkill { control: Option<Pid>, deadline: Option<Instant> },
    /// Not open: a command failed.
    Failed,
}

/// What happens to one socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A start job runs.
    Start,
    /// A stop job runs.
    Stop,
    /// Its listeners are open. What does its service do?
    Opened(ServiceView),
    /// They could not be opened.
    OpenFailed(OpenFailure),
    /// An interface or an address has appeared.
    AddressAppeared,
    /// One of its listeners has traffic, within its own limit. `Accept=no` only.
    Readable,
    /// As many connections as the trigger limit allows were accepted. `Accept=yes` only.
    TriggerLimitHit(Instant),
    /// One of its listeners is broken.
    HungUp,
    /// Its service is doing this now.
    ServiceChanged(ServiceView),
    /// The process of its command exists.
    ControlSpawned(Pid),
    /// It could not be made.
    SpawnFailed(SpawnError),
    /// It ended. What does its service do?
    ControlExited(Exit, ServiceView),
    /// None of its processes is left.
    GroupEmpty,
    /// Some are.
    GroupPopulated,
    /// Time has passed. What does its service do?
    Elapsed(ServiceView),
    /// Its failure is forgotten.
    ResetFailed,
}

/// What a step asks for.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// To be executed in this order.
    pub actions: Vec<Action, SOCKET_ACTIONS_MAX>,
    /// Its service is to be started.
    pub trigger: bool,
}

/// One socket unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Socket {
    /// The service it starts, known without a look into the table.
    pub service: UnitId,
    /// Who connects may be refused for where he comes from.
    pub is_choosy: bool,
    /// Where it is.
    pub state: State,
    /// What went wrong last.
    pub result: UnitResult,
    /// How often it started its service.
    pub triggered: u32,
    /// Connections accepted.
    pub accepted: u32,
    /// Connections closed because of a limit.
    pub refused: u32,
    /// Instances alive.
    pub connections: u16,
    /// Against `TriggerLimit…=`.
    pub triggers: Bucket,
    /// Against listeners that break again and again.
    pub reopens: Bucket,
}

/// One listener: what its own limit knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Against `PollLimit…=`.
    pub polls: Bucket,
    /// Not watched before then.
    pub paused_until: Option<Instant>,
}

impl Listener {
    /// A listener that has seen nothing.
    pub const NEW: Self = Self { polls: Bucket::NEW, paused_until: None };
}

/// What a step may look at.
#[derive(Clone, Copy)]
struct Context<'c, 't> {
    unit: UnitId,
    config: &'c unit::Socket<'t>,
    now: Instant,
}

impl Socket {
    /// A socket that has never been open.
    pub const NEW: Self = Self {
        service: UnitId(0),
        is_choosy: false,
        state: State::Dead,
        result: UnitResult::Success,
        triggered: 0,
        accepted: 0,
        refused: 0,
        connections: 0,
        triggers: Bucket::NEW,
        reopens: Bucket::NEW,
    };

    /// Its state in general terms. A socket that a limit holds is active: its queue still takes
    /// connections.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::StartPre { .. } | State::Opening { .. } | State::StartPost { .. } => {
                ActiveState::Activating
            }
            State::Listening | State::Running | State::Paused { .. } => ActiveState::Active,
            State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. } => ActiveState::Deactivating,
            State::Retrying { .. } | State::Failed => ActiveState::Failed,
        }
    }

    /// Its state in a socket's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::StartPre { .. } => SubState::StartPre,
            State::Opening { .. } => SubState::Start,
            State::StartPost { .. } => SubState::StartPost,
            State::Listening => SubState::Listening,
            State::Running => SubState::Running,
            State::Paused { .. } => SubState::Paused,
            State::Retrying { .. } => SubState::Retrying,
            State::StopPre { .. } => SubState::StopPre,
            State::StopPreSigterm { .. } => SubState::StopPreSigterm,
            State::StopPreSigkill { .. } => SubState::StopPreSigkill,
            State::StopPost { .. } => SubState::StopPost,
            State::FinalSigterm { .. } => SubState::FinalSigterm,
            State::FinalSigkill { .. } => SubState::FinalSigkill,
            State::Failed => SubState::Failed,
        }
    }

    /// When it wants [`Input::Elapsed`].
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Paused { until } => Some(until),
            State::Retrying { at, .. } => Some(at),
            State::StartPre { command }
            | State::StartPost { command }
            | State::StopPre { command, .. }
            | State::StopPost { command } => command.due(),
            State::StopPreSigterm { deadline, .. }
            | State::StopPreSigkill { deadline, .. }
            | State::FinalSigterm { deadline, .. }
            | State::FinalSigkill { deadline, .. } => deadline,
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Failed => None,
        }
    }

    /// Whether its listeners exist.
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::StartPost { .. } | State::Listening | State::Running | State::Paused { .. } => {
                true
            }
            State::StopPre { open, .. }
            | State::StopPreSigterm { open, .. }
            | State::StopPreSigkill { open, .. } => open,
            State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::Retrying { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => false,
        }
    }

    /// Whether somebody looks for traffic there.
    pub const fn is_watched(&self) -> bool {
        match self.state {
            State::Listening => true,
            State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::StartPost { .. }
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => false,
        }
    }

    /// Which listener keeps it from being open, and when it is tried again.
    pub const fn retry(&self) -> Option<(OpenFailure, Instant)> {
        match self.state {
            State::Retrying { why: Some(why), at, .. } => Some((why, at)),
            State::Retrying { why: None, .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::StartPost { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => None,
        }
    }

    /// The process of its command.
    pub const fn control(&self) -> Option<Pid> {
        if !features::SOCKET_COMMANDS {
            return None;
        }
        match self.state {
            State::StartPre { command }
            | State::StartPost { command }
            | State::StopPre { command, .. }
            | State::StopPost { command } => command.pid(),
            State::StopPreSigterm { control, .. } | State::StopPreSigkill { control, .. } => {
                Some(control)
            }
            State::FinalSigterm { control, .. } | State::FinalSigkill { control, .. } => control,
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::Failed => None,
        }
    }

    /// Takes one step.
    pub fn step(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        input: Input,
        now: Instant,
    ) -> Outcome {
        let context = &Context { unit, config, now };
        let mut out = Outcome { actions: Vec::new(), trigger: false };
        match input {
            Input::Start => self.on_start(context, &mut out),
            Input::Stop => self.on_stop(context, &mut out),
            Input::Opened(service) => self.on_opened(context, service, &mut out),
            Input::OpenFailed(failure) => self.on_open_failed(failure, now),
            Input::AddressAppeared => self.on_address_appeared(now),
            Input::Readable => self.on_readable(context, &mut out),
            Input::TriggerLimitHit(until) => self.on_trigger_limit_hit(unit, until, &mut out),
            Input::HungUp => self.on_hung_up(unit, now, &mut out),
            Input::ServiceChanged(service) => self.on_service_changed(context, service, &mut out),
            Input::ControlSpawned(pid) => self.on_control_spawned(pid),
            Input::SpawnFailed(error) => self.on_spawn_failed(context, error, &mut out),
            Input::ControlExited(exit, service) => {
                self.on_control_exited(context, exit, service, &mut out);
            }
            Input::GroupEmpty => self.on_group_empty(),
            Input::GroupPopulated => self.on_group_populated(context, &mut out),
            Input::Elapsed(service) => self.on_elapsed(context, service, &mut out),
            Input::ResetFailed => self.on_reset_failed(context, &mut out),
        }
        out
    }
}

fn push(out: &mut Outcome, action: Action) {
    let pushed = out.actions.push(action);
    ensure!(pushed.is_ok(), "a step asks for SOCKET_ACTIONS_MAX actions at most");
}
