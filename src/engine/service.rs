//! One service's life: systemd.service(5), without a clock or a kernel.
//!
//! [`Service::step`] takes what happened to one service and says what to do about it. Jobs, order
//! and sockets are the manager's business; which process is meant by a pid too.

use heapless::Vec;
use unit::control::{ActiveState, Exit, SubState, UnitResult};
use unit::{Command, Emergency, KillMode, Millis, Restart, ServiceType, UnitId};

use super::action::{Action, CommandList, CommandRef, Target};
use super::event::{Errno, Pid, Process, SpawnError, Stage};
use super::notify::Notification;
use super::time::{Bucket, Instant};

/// Pause before a child that could not be made for want of resources is tried again.
pub const SPAWN_RETRY: Millis = Millis(100);
/// Actions that one step of a service can ask for.
pub const SERVICE_ACTIONS_MAX: usize = 4;

const SIGKILL: u8 = 9;
const SIGTERM: u8 = 15;
/// Signals that count as a clean end of a daemon: HUP, INT, PIPE, TERM. systemd.service(5).
const CLEAN_SIGNALS: [u8; 4] = [1, 2, 13, 15];

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
}

impl Child {
    const fn pid(self) -> Option<Pid> {
        match self {
            Self::Asked | Self::Lacking(_) => None,
            Self::Alive(pid) => Some(pid),
        }
    }
}

/// A deadline; `None` is never.
type Deadline = Option<Instant>;

/// Where a service is in its life. Each state holds what only it has.
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
    /// It will be started again then.
    AutoRestart { at: Instant },
    /// It ended in a way it should not have; until then starts are not allowed.
    Failed { until: Option<Instant> },
}

/// What happens to one service.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Input<'e> {
    /// A start job runs. `auto`: after [`State::AutoRestart`] or a healed limit.
    Start { auto: bool },
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
    stop_asked: bool,
    starts: Bucket,
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
            State::Start { child: Child::Alive(pid), .. } => Some(Main::Child(pid)),
            State::Running { main, .. } | State::Reload { main, .. } => Some(main),
            State::Stop { main, .. }
            | State::StopSigterm { main, .. }
            | State::StopSigkill { main, .. } => main,
            State::Start { child: Child::Asked | Child::Lacking(_), .. }
            | State::Dead
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
                Child::Asked | Child::Alive(_) => deadline,
            },
            State::StopSigterm { deadline, .. } | State::StopSigkill { deadline, .. } => deadline,
            State::AutoRestart { at } => Some(at),
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
            Input::Stop => self.on_stop(context, &mut out),
            Input::Reload => self.on_reload(context, &mut out),
            Input::MainSpawned(pid) => self.on_main_spawned(context, pid),
            Input::ControlSpawned(pid) => self.on_control_spawned(pid),
            Input::SpawnFailed(error) => self.on_spawn_failed(context, error, &mut out),
            Input::Executed => self.on_executed(context),
            Input::MainExited(exit, error) => self.on_main_exited(context, exit, error, &mut out),
            Input::ControlExited(exit) => self.on_control_exited(context, exit, &mut out),
            Input::Notified(notification) => self.on_notified(context, notification),
            Input::MainAdopted(pid) => self.on_main_adopted(pid),
            Input::GroupEmpty => self.on_group_empty(context),
            Input::GroupPopulated => self.on_group_populated(context, &mut out),
            Input::Elapsed => self.on_elapsed(context, &mut out),
            Input::ResetFailed => self.on_reset_failed(),
        }
        out
    }

    fn on_start(&mut self, context: &Context<'_, '_>, auto: bool, out: &mut Outcome) {
        match self.state {
            State::Dead | State::AutoRestart { .. } | State::Failed { .. } => {}
            State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. } => panic!("a start job runs only when nothing else does"),
        }
        self.stop_asked = false;
        if let Err(until) = self.starts.take(context.config.start_limit, context.now) {
            self.result = UnitResult::StartLimitHit;
            self.state = State::Failed { until: Some(until) };
            out.emergency = context.config.start_limit_action;
            return;
        }
        self.restarts = if auto { self.restarts.saturating_add(1) } else { 0 };
        self.result = UnitResult::Success;
        self.exit = None;
        let deadline = context.start_deadline();
        if context.config.exec_start_pre.is_empty() {
            self.spawn_main(context, 0, deadline, out);
        } else {
            self.spawn_start_pre(context, 0, deadline, out);
        }
    }

    fn on_stop(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        self.stop_asked = true;
        match self.state {
            State::Dead | State::Failed { .. } => {}
            State::AutoRestart { .. } => self.enter_dead(context),
            State::StartPre { child, .. } => {
                self.enter_sigterm(context, None, child.pid(), out);
            }
            State::Start { child, .. } => {
                self.enter_sigterm(context, child.pid().map(Main::Child), None, out);
            }
            State::Running { main, .. } => self.enter_stop(context, Some(main), out),
            State::Reload { main, child, .. } => {
                self.enter_sigterm(context, Some(main), child.pid(), out);
            }
            State::Stop { .. } | State::StopSigterm { .. } | State::StopSigkill { .. } => {}
        }
    }

    fn on_reload(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Running { main, .. } => {
                self.reload_result = UnitResult::Success;
                let deadline = context.start_deadline();
                self.spawn_reload(context, main, 0, deadline, out);
            }
            State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("a reload job runs only on a running service"),
        }
    }

    fn on_main_spawned(&mut self, context: &Context<'_, '_>, pid: Pid) {
        match self.state {
            State::Start { index, child: Child::Asked, deadline } => {
                self.state = match context.config.type_ {
                    ServiceType::Simple => {
                        State::Running { main: Main::Child(pid), reloading: false }
                    }
                    ServiceType::Exec | ServiceType::Notify | ServiceType::Oneshot => {
                        State::Start { index, child: Child::Alive(pid), deadline }
                    }
                };
            }
            State::Start { child: Child::Alive(_) | Child::Lacking(_), .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("a spawn is answered before anything else happens"),
        }
    }

    fn on_control_spawned(&mut self, pid: Pid) {
        match &mut self.state {
            State::StartPre { child, .. }
            | State::Reload { child, .. }
            | State::Stop { child, .. } => {
                assert_eq!(*child, Child::Asked, "one control process at a time");
                *child = Child::Alive(pid);
            }
            State::Dead
            | State::Start { .. }
            | State::Running { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("a spawn is answered before anything else happens"),
        }
    }

    /// A passing lack of resources is waited out, under the state's own deadline and without
    /// costing the service a start; anything else is a failure.
    fn on_spawn_failed(&mut self, context: &Context<'_, '_>, error: SpawnError, out: &mut Outcome) {
        if is_passing(error) {
            if let Some(child) = self.child_mut() {
                *child = Child::Lacking(context.now.after(SPAWN_RETRY));
            }
            return;
        }
        match self.state {
            State::StartPre { .. } | State::Start { .. } => {
                self.fail(UnitResult::Resources);
                self.enter_dead(context);
            }
            State::Reload { main, .. } => {
                self.reload_result = UnitResult::Resources;
                self.state = State::Running { main, reloading: false };
            }
            State::Stop { main, .. } => {
                self.fail(UnitResult::Resources);
                self.enter_sigterm(context, main, None, out);
            }
            State::Dead
            | State::Running { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("a spawn is answered before anything else happens"),
        }
    }

    fn on_executed(&mut self, context: &Context<'_, '_>) {
        match self.state {
            State::Start { child: Child::Alive(pid), .. }
                if context.config.type_ == ServiceType::Exec =>
            {
                self.state = State::Running { main: Main::Child(pid), reloading: false };
            }
            // Ignored: the service was stopped, or has ended, before this was looked at.
            State::Start { .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    fn on_main_exited(
        &mut self,
        context: &Context<'_, '_>,
        exit: Exit,
        error: Option<SpawnError>,
        out: &mut Outcome,
    ) {
        self.exit = Some(exit);
        match self.state {
            State::Start { index, deadline, .. } => match context.config.type_ {
                ServiceType::Oneshot => {
                    self.on_oneshot_exited(context, index, deadline, exit, out);
                }
                ServiceType::Notify => {
                    self.note_main_end(context, exit);
                    self.fail(UnitResult::Protocol);
                    self.enter_sigterm(context, None, None, out);
                }
                // A Type=exec whose program ran was started, however short its life was; the
                // news of its execve is still on its way.
                ServiceType::Simple | ServiceType::Exec => {
                    self.note_main_end(context, exit);
                    if error.is_some() {
                        self.enter_sigterm(context, None, None, out);
                    } else {
                        self.enter_stop(context, None, out);
                    }
                }
            },
            State::Running { .. } => {
                self.note_main_end(context, exit);
                if error.is_some() {
                    self.enter_sigterm(context, None, None, out);
                } else {
                    self.enter_stop(context, None, out);
                }
            }
            State::Reload { child, .. } => {
                self.note_main_end(context, exit);
                self.reload_result = UnitResult::ExitCode;
                self.enter_sigterm(context, None, child.pid(), out);
            }
            State::Stop { index, child, deadline, .. } => {
                self.note_main_end(context, exit);
                self.state = State::Stop { main: None, index, child, deadline };
            }
            State::StopSigterm { control, deadline, .. } => {
                self.note_main_end(context, exit);
                self.state = State::StopSigterm { main: None, control, deadline };
                self.settle(context, out);
            }
            State::StopSigkill { control, deadline, .. } => {
                self.note_main_end(context, exit);
                self.state = State::StopSigkill { main: None, control, deadline };
                self.settle(context, out);
            }
            State::Dead
            | State::StartPre { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("these states have no main process"),
        }
    }

    fn on_oneshot_exited(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        exit: Exit,
        out: &mut Outcome,
    ) {
        let end = end_of_command(exit);
        if end != UnitResult::Success && !ignores_failure(context, CommandList::Start, index) {
            self.fail(end);
            self.enter_sigterm(context, None, None, out);
        } else if context.command(CommandList::Start, index + 1).is_some() {
            self.spawn_main(context, index + 1, deadline, out);
        } else {
            self.enter_stop(context, None, out);
        }
    }

    fn on_control_exited(&mut self, context: &Context<'_, '_>, exit: Exit, out: &mut Outcome) {
        let end = end_of_command(exit);
        match self.state {
            State::StartPre { index, deadline, .. } => {
                if end != UnitResult::Success
                    && !ignores_failure(context, CommandList::StartPre, index)
                {
                    self.fail(end);
                    self.enter_sigterm(context, None, None, out);
                } else if context.command(CommandList::StartPre, index + 1).is_some() {
                    self.spawn_start_pre(context, index + 1, deadline, out);
                } else {
                    self.spawn_main(context, 0, context.start_deadline(), out);
                }
            }
            State::Reload { main, index, deadline, .. } => {
                if end != UnitResult::Success
                    && !ignores_failure(context, CommandList::Reload, index)
                {
                    self.reload_result = end;
                    self.state = State::Running { main, reloading: false };
                } else if context.command(CommandList::Reload, index + 1).is_some() {
                    self.spawn_reload(context, main, index + 1, deadline, out);
                } else {
                    self.state = State::Running { main, reloading: false };
                }
            }
            State::Stop { main, index, deadline, .. } => {
                let failed = end != UnitResult::Success
                    && !ignores_failure(context, CommandList::Stop, index);
                if failed {
                    self.fail(end);
                }
                if !failed && context.command(CommandList::Stop, index + 1).is_some() {
                    self.spawn_stop(context, main, index + 1, deadline, out);
                } else {
                    self.enter_sigterm(context, main, None, out);
                }
            }
            State::StopSigterm { main, deadline, .. } => {
                self.state = State::StopSigterm { main, control: None, deadline };
                self.settle(context, out);
            }
            State::StopSigkill { main, deadline, .. } => {
                self.state = State::StopSigkill { main, control: None, deadline };
                self.settle(context, out);
            }
            State::Dead
            | State::Start { .. }
            | State::Running { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("these states have no control process"),
        }
    }

    fn on_notified(&mut self, context: &Context<'_, '_>, said: Notification<'_>) {
        match self.state {
            State::Start { child: Child::Alive(pid), .. } => {
                if said.ready && context.config.type_ == ServiceType::Notify {
                    self.state = State::Running { main: Main::Child(pid), reloading: false };
                }
            }
            State::Running { main, reloading } => {
                if said.stopping {
                    self.state = State::StopSigterm {
                        main: Some(main),
                        control: None,
                        deadline: context.stop_deadline(),
                    };
                } else {
                    let reloading = (reloading || said.reloading) && !said.ready;
                    self.state = State::Running { main, reloading };
                }
            }
            // Ignored: nothing that it can say changes what happens next.
            State::Start { child: Child::Asked | Child::Lacking(_), .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    fn on_main_adopted(&mut self, pid: Pid) {
        match &mut self.state {
            State::Running { main, .. } | State::Reload { main, .. } => {
                *main = Main::Adopted(pid);
            }
            // Ignored: before it is started its main process is the one that was started, and
            // on its way down another would escape the signals already sent.
            State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    fn on_group_empty(&mut self, context: &Context<'_, '_>) {
        match self.state {
            State::StopSigterm { main: None, control: None, .. }
            | State::StopSigkill { main: None, control: None, .. } => self.enter_dead(context),
            // Ignored: an answer to a question of an earlier state.
            State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    fn on_group_populated(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        let target = Target::Group { unit: context.unit, leaders: [None, None] };
        match self.state {
            State::StopSigterm { main, control, .. } => match context.config.kill_mode {
                KillMode::ControlGroup => {
                    push(out, Action::Kill { target, signal: context.config.kill_signal });
                }
                KillMode::Mixed => {
                    push(out, Action::Kill { target, signal: SIGKILL });
                    let deadline = context.stop_deadline();
                    self.state = State::StopSigkill { main, control, deadline };
                }
                KillMode::Process | KillMode::None => panic!("nobody asked who is left"),
            },
            State::StopSigkill { .. } => push(out, Action::Kill { target, signal: SIGKILL }),
            State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => panic!("the answer comes before anything else happens"),
        }
    }

    fn on_elapsed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        let now = context.now;
        let passed = |deadline: Deadline| deadline.is_some_and(|deadline| deadline <= now);
        match self.state {
            State::StartPre { index, child, deadline } => {
                if passed(deadline) {
                    self.fail(UnitResult::Timeout);
                    self.enter_sigterm(context, None, child.pid(), out);
                } else if child.pid().is_none() {
                    self.spawn_start_pre(context, index, deadline, out);
                }
            }
            State::Start { index, child, deadline } => {
                if passed(deadline) {
                    self.fail(UnitResult::Timeout);
                    self.enter_sigterm(context, child.pid().map(Main::Child), None, out);
                } else if child.pid().is_none() {
                    self.spawn_main(context, index, deadline, out);
                }
            }
            State::Reload { main, index, child, deadline } => {
                if passed(deadline) {
                    if let Some(pid) = child.pid() {
                        let target = Target::Child(pid);
                        push(out, Action::Kill { target, signal: SIGKILL });
                    }
                    self.reload_result = UnitResult::Timeout;
                    self.state = State::Running { main, reloading: false };
                } else if child.pid().is_none() {
                    self.spawn_reload(context, main, index, deadline, out);
                }
            }
            State::Stop { main, index, child, deadline } => {
                if passed(deadline) {
                    self.fail(UnitResult::Timeout);
                    self.enter_sigterm(context, main, child.pid(), out);
                } else if child.pid().is_none() {
                    self.spawn_stop(context, main, index, deadline, out);
                }
            }
            State::StopSigterm { main, control, .. } => {
                self.fail(UnitResult::Timeout);
                self.enter_sigkill(context, main, control, out);
            }
            // What SIGKILL does not end is stuck in the kernel: it is given up, not waited for.
            State::StopSigkill { .. } => {
                self.fail(UnitResult::Timeout);
                self.enter_dead(context);
            }
            State::AutoRestart { .. } => out.start = true,
            State::Failed { .. } => {
                self.state = State::Failed { until: None };
                out.start = context.config.restart != Restart::No && !self.stop_asked;
            }
            State::Dead | State::Running { .. } => panic!("these states have no deadline"),
        }
    }

    fn on_reset_failed(&mut self) {
        self.starts = Bucket::NEW;
        match self.state {
            State::Failed { .. } => {
                self.state = State::Dead;
                self.result = UnitResult::Success;
            }
            State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. } => {}
        }
    }

    fn spawn_start_pre(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::StartPre, index, None, out);
        self.state = State::StartPre { index, child, deadline };
    }

    fn spawn_main(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::Start, index, None, out);
        self.state = State::Start { index, child, deadline };
    }

    fn spawn_reload(
        &mut self,
        context: &Context<'_, '_>,
        main: Main,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::Reload, index, Some(main), out);
        self.state = State::Reload { main, index, child, deadline };
    }

    fn spawn_stop(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::Stop, index, main, out);
        self.state = State::Stop { main, index, child, deadline };
    }

    /// `ExecStop=`, if the service has one, else straight to the signals.
    fn enter_stop(&mut self, context: &Context<'_, '_>, main: Option<Main>, out: &mut Outcome) {
        if context.config.exec_stop.is_empty() {
            self.enter_sigterm(context, main, None, out);
        } else {
            self.spawn_stop(context, main, 0, context.stop_deadline(), out);
        }
    }

    fn enter_sigterm(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        let deadline = context.stop_deadline();
        self.state = State::StopSigterm { main, control, deadline };
        if context.config.kill_mode == KillMode::None {
            self.enter_dead(context);
        } else if main.is_some() || control.is_some() {
            signal(context, main, control, context.config.kill_signal, out);
        } else {
            self.settle(context, out);
        }
    }

    fn enter_sigkill(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        let deadline = context.stop_deadline();
        self.state = State::StopSigkill { main, control, deadline };
        signal(context, main, control, SIGKILL, out);
    }

    /// When both known processes are gone: looks for others of the unit, where they are its to
    /// end.
    fn settle(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if self.main().is_some() || self.control().is_some() {
            return;
        }
        match context.config.kill_mode {
            KillMode::ControlGroup | KillMode::Mixed => {
                push(out, Action::WatchGroup(context.unit));
            }
            KillMode::Process | KillMode::None => self.enter_dead(context),
        }
    }

    fn enter_dead(&mut self, context: &Context<'_, '_>) {
        self.state = if !self.stop_asked && wants_restart(context.config.restart, self.result) {
            State::AutoRestart { at: context.now.after(context.config.restart_delay) }
        } else if self.result == UnitResult::Success {
            State::Dead
        } else {
            State::Failed { until: None }
        };
    }

    fn note_main_end(&mut self, context: &Context<'_, '_>, exit: Exit) {
        let end = match context.config.type_ {
            ServiceType::Oneshot => end_of_command(exit),
            ServiceType::Simple | ServiceType::Exec | ServiceType::Notify => end_of_daemon(exit),
        };
        if end != UnitResult::Success && !ignores_failure(context, CommandList::Start, 0) {
            self.fail(end);
        }
    }

    /// The first thing that goes wrong is the result.
    fn fail(&mut self, result: UnitResult) {
        if self.result == UnitResult::Success {
            self.result = result;
        }
    }

    fn child_mut(&mut self) -> Option<&mut Child> {
        match &mut self.state {
            State::StartPre { child, .. }
            | State::Start { child, .. }
            | State::Reload { child, .. }
            | State::Stop { child, .. } => Some(child),
            State::Dead
            | State::Running { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => None,
        }
    }
}

fn spawn(
    context: &Context<'_, '_>,
    list: CommandList,
    index: u8,
    main: Option<Main>,
    out: &mut Outcome,
) -> Child {
    let process = match list {
        CommandList::Start => Process::Main(context.unit),
        CommandList::StartPre | CommandList::Reload | CommandList::Stop => {
            Process::Control(context.unit)
        }
    };
    let command = CommandRef { unit: context.unit, list, index };
    push(out, Action::Spawn { process, command, main_pid: main.map(Main::pid) });
    Child::Asked
}

/// Signals the processes that `KillMode=` names.
fn signal(
    context: &Context<'_, '_>,
    main: Option<Main>,
    control: Option<Pid>,
    signal: u8,
    out: &mut Outcome,
) {
    let everyone = match context.config.kill_mode {
        KillMode::ControlGroup => true,
        KillMode::Mixed => signal == SIGKILL,
        KillMode::Process | KillMode::None => false,
    };
    if everyone {
        let leaders = [main.map(Main::pid), control];
        let target = Target::Group { unit: context.unit, leaders };
        push(out, Action::Kill { target, signal });
    } else {
        if let Some(main) = main {
            push(out, Action::Kill { target: main.target(context.unit), signal });
        }
        if let Some(control) = control {
            let signal = if signal == SIGKILL { SIGKILL } else { SIGTERM };
            push(out, Action::Kill { target: Target::Child(control), signal });
        }
    }
    // The adopted main process may have left the group: a group it was never in cannot reach it.
    if everyone && let Some(main @ Main::Adopted(_)) = main {
        push(out, Action::Kill { target: main.target(context.unit), signal });
    }
}

fn push(out: &mut Outcome, action: Action) {
    out.actions.push(action).expect("a step asks for SERVICE_ACTIONS_MAX actions at most");
}

fn ignores_failure(context: &Context<'_, '_>, list: CommandList, index: u8) -> bool {
    context.command(list, index).is_some_and(|command| command.ignore_failure)
}

/// A board short of something for a moment: a full pool, EAGAIN, ENOMEM, ENFILE, EMFILE.
pub fn is_passing(error: SpawnError) -> bool {
    const PASSING: [Errno; 4] = [Errno(11), Errno(12), Errno(23), Errno(24)];
    error.stage == Stage::Slot || PASSING.contains(&error.errno)
}

/// How the end of a daemon is judged: four signals are ways to be asked to go.
fn end_of_daemon(exit: Exit) -> UnitResult {
    match exit {
        Exit::Signal(signal) if CLEAN_SIGNALS.contains(&signal) => UnitResult::Success,
        Exit::Code(_) | Exit::Signal(_) | Exit::Core(_) => end_of_command(exit),
    }
}

/// How the end of a command is judged.
const fn end_of_command(exit: Exit) -> UnitResult {
    match exit {
        Exit::Code(0) => UnitResult::Success,
        Exit::Code(_) => UnitResult::ExitCode,
        Exit::Signal(_) => UnitResult::Signal,
        Exit::Core(_) => UnitResult::CoreDump,
    }
}

/// The table of `Restart=` in systemd.service(5).
const fn wants_restart(restart: Restart, result: UnitResult) -> bool {
    match result {
        UnitResult::Success => matches!(restart, Restart::Always | Restart::OnSuccess),
        UnitResult::ExitCode | UnitResult::Protocol | UnitResult::Resources => {
            matches!(restart, Restart::Always | Restart::OnFailure)
        }
        UnitResult::Signal | UnitResult::CoreDump => {
            matches!(
                restart,
                Restart::Always | Restart::OnFailure | Restart::OnAbnormal | Restart::OnAbort
            )
        }
        UnitResult::Timeout => {
            matches!(restart, Restart::Always | Restart::OnFailure | Restart::OnAbnormal)
        }
        UnitResult::StartLimitHit | UnitResult::TriggerLimitHit => false,
    }
}
