//! The moves between states, and how ends are judged.

use unit::control::{Exit, UnitResult};
use unit::{KillMode, Restart, ServiceType};

use super::{Child, Context, Deadline, Main, Outcome, SIGKILL, Service, State};
use crate::engine::action::{Action, CommandList, CommandRef, Target};
use crate::engine::event::{Errno, Pid, Process, SpawnError, Stage};

const SIGTERM: u8 = 15;
const SIGCONT: u8 = 18;
/// Signals that count as a clean end of a daemon: HUP, INT, PIPE, TERM. systemd.service(5).
const CLEAN_SIGNALS: [u8; 4] = [1, 2, 13, 15];

impl Service {
    pub(super) fn spawn_start_pre(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::StartPre, index, None, out);
        self.state = State::StartPre { index, child, deadline };
    }

    pub(super) fn spawn_main(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        let child = spawn(context, CommandList::Start, index, None, out);
        self.state = State::Start { index, child, deadline };
    }

    pub(super) fn spawn_reload(
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

    pub(super) fn spawn_stop(
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
    pub(super) fn enter_stop(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        out: &mut Outcome,
    ) {
        if context.config.exec_stop.is_empty() {
            self.enter_sigterm(context, main, None, out);
        } else {
            self.spawn_stop(context, main, 0, context.stop_deadline(), out);
        }
    }

    pub(super) fn enter_sigterm(
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

    pub(super) fn enter_sigkill(
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
    pub(super) fn settle(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
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

    pub(super) fn enter_dead(&mut self, context: &Context<'_, '_>) {
        if !self.stop_asked && wants_restart(context.config.restart, self.result) {
            let at = Some(context.now.after(context.config.restart_delay));
            self.state = State::AutoRestart { at };
        } else {
            self.enter_rest();
        }
    }

    /// Dead or failed, as its result says.
    pub(super) fn enter_rest(&mut self) {
        self.state = if self.result == UnitResult::Success {
            State::Dead
        } else {
            State::Failed { until: None }
        };
    }

    pub(super) fn note_main_end(&mut self, context: &Context<'_, '_>, exit: Exit) {
        let end = match context.config.type_ {
            ServiceType::Oneshot => end_of_command(exit),
            ServiceType::Simple | ServiceType::Exec | ServiceType::Notify => end_of_daemon(exit),
        };
        if end != UnitResult::Success && !ignores_failure(context, CommandList::Start, 0) {
            self.fail(end);
        }
    }

    /// The first thing that goes wrong is the result.
    pub(super) fn fail(&mut self, result: UnitResult) {
        if self.result == UnitResult::Success {
            self.result = result;
        }
    }

    pub(super) fn child_mut(&mut self) -> Option<&mut Child> {
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
        push_end(out, Target::Group { unit: context.unit, leaders }, signal);
    } else {
        if let Some(main) = main {
            push_end(out, main.target(context.unit), signal);
        }
        if let Some(control) = control {
            let signal = if signal == SIGKILL { SIGKILL } else { SIGTERM };
            push_end(out, Target::Child(control), signal);
        }
    }
    // The adopted main process may have left the group: a group it was never in cannot reach it.
    if everyone && let Some(main @ Main::Adopted(_)) = main {
        push_end(out, main.target(context.unit), signal);
    }
}

/// Sends a signal that is to end somebody, who may be stopped and must go on to hear it.
pub(super) fn push_end(out: &mut Outcome, target: Target, signal: u8) {
    push(out, Action::Kill { target, signal });
    if signal != SIGKILL {
        push(out, Action::Kill { target, signal: SIGCONT });
    }
}

pub(super) fn push(out: &mut Outcome, action: Action) {
    let pushed = out.actions.push(action);
    ensure!(pushed.is_ok(), "a step asks for SERVICE_ACTIONS_MAX actions at most");
}

pub(super) fn ignores_failure(context: &Context<'_, '_>, list: CommandList, index: u8) -> bool {
    context.command(list, index).is_some_and(|command| command.ignore_failure)
}

/// A board short of something for a moment: a full pool, EAGAIN, ENOMEM, ENFILE, EMFILE.
pub fn is_passing(error: SpawnError) -> bool {
    const PASSING: [Errno; 4] = [Errno(11), Errno(12), Errno(23), Errno(24)];
    error.stage == Stage::Slot || PASSING.contains(&error.errno)
}

/// How the end of a daemon is judged: four signals are ways to be asked to go.
pub(super) fn end_of_daemon(exit: Exit) -> UnitResult {
    match exit {
        Exit::Signal(signal) if CLEAN_SIGNALS.contains(&signal) => UnitResult::Success,
        Exit::Code(_) | Exit::Signal(_) | Exit::Core(_) => end_of_command(exit),
    }
}

/// How the end of a command is judged.
pub(super) const fn end_of_command(exit: Exit) -> UnitResult {
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
