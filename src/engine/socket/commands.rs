//! A socket's start and stop, and the commands that a few sockets run on the way: in the order
//! of systemd's own socket.c.
//!
//! ```text
//! start: ExecStartPre=, open, ExecStartPost=, listen
//! stop:  ExecStopPre=, close, ExecStopPost=, end what the commands have left behind
//! ```
//! A command that fails or takes longer than `TimeoutSec=` ends the socket. One that runs when
//! the socket is stopped is ended first, and that end counts as no failure.

use unit::control::{Exit, UnitResult};
use unit::{Command, SocketCommands};

use super::{Child, Context, Outcome, Running, ServiceView, Socket, State, push};
use crate::engine::action::{Action, CommandList, CommandRef, Target};
use crate::engine::event::{Pid, Process, SpawnError};
use crate::engine::service::{end_of_command, spawn_retry};
use crate::engine::time::{Bucket, Instant};
use crate::features;

const SIGKILL: u8 = 9;
const SIGTERM: u8 = 15;
const SIGCONT: u8 = 18;

impl Running {
    pub(super) const fn pid(&self) -> Option<Pid> {
        match self.child {
            Child::Asked | Child::Lacking(_) => None,
            Child::Alive(pid) => Some(pid),
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        if !features::SOCKET_COMMANDS {
            return None;
        }
        match self.child {
            Child::Lacking(at) => Some(self.deadline.map_or(at, |deadline| deadline.min(at))),
            Child::Asked | Child::Alive(_) => self.deadline,
        }
    }

    fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

impl<'t> Context<'_, 't> {
    fn commands(&self) -> Option<SocketCommands<'t>> {
        if !features::SOCKET_COMMANDS {
            return None;
        }
        self.config.commands()
    }

    fn command(&self, list: CommandList, index: u8) -> Option<Command<'t>> {
        let commands = self.commands()?;
        let list = list.of_socket(&commands);
        list.get(usize::from(index))
    }

    fn deadline(&self) -> Option<Instant> {
        let timeout = self.commands().and_then(|commands| commands.timeout);
        timeout.map(|timeout| self.now.after(timeout))
    }

    /// Asks for a command, if there is one at that place of the list.
    fn run(&self, list: CommandList, index: u8, out: &mut Outcome) -> Option<Running> {
        self.command(list, index)?;
        self.spawn(list, index, out);
        Some(Running { index, child: Child::Asked, deadline: self.deadline() })
    }

    fn spawn(&self, list: CommandList, index: u8, out: &mut Outcome) {
        let (unit, process) = (self.unit, Process::Control(self.unit));
        let command = CommandRef { unit, list, index };
        push(out, Action::Spawn { process, command, main_pid: None });
    }
}

/// Signals a command and whatever it has made.
fn end(context: &Context<'_, '_>, control: Option<Pid>, signal: u8, out: &mut Outcome) {
    let target = Target::Group { unit: context.unit, leaders: [None, control] };
    push(out, Action::Kill { target, signal });
    if signal != SIGKILL {
        push(out, Action::Kill { target, signal: SIGCONT });
    }
}

impl Socket {
    pub(super) fn on_start(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Dead | State::Retrying { .. } | State::Failed => {
                self.result = UnitResult::Success;
                self.enter_start_pre(context, 0, out);
            }
            State::StartPre { .. }
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
            | State::FinalSigkill { .. } => {
                bug!("a start job runs only on a socket that is not open")
            }
        }
    }

    pub(super) fn on_stop(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::StartPre { command } => self.interrupt(context, command, false, out),
            State::StartPost { command } => self.interrupt(context, command, true, out),
            State::Listening | State::Running | State::Paused { .. } => {
                self.result = UnitResult::Success;
                self.enter_stop_pre(context, 0, true, out);
            }
            State::Retrying { .. } => {
                self.result = UnitResult::Success;
                self.enter_stop_pre(context, 0, false, out);
            }
            State::Opening { .. } => bug!("opening is answered before anything else happens"),
            State::Dead
            | State::Failed
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. } => {}
        }
    }

    /// A command of the start must end before the stop can go on.
    fn interrupt(
        &mut self,
        context: &Context<'_, '_>,
        command: Running,
        open: bool,
        out: &mut Outcome,
    ) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        match command.pid() {
            Some(control) => {
                end(context, Some(control), SIGTERM, out);
                let deadline = context.deadline();
                self.state = State::StopPreSigterm { control, deadline, open };
            }
            None => self.enter_stop_post(context, open, out),
        }
    }

    fn enter_start_pre(&mut self, context: &Context<'_, '_>, index: u8, out: &mut Outcome) {
        match context.run(CommandList::StartPre, index, out) {
            Some(command) => self.state = State::StartPre { command },
            None => self.open(context.unit, 0, false, out),
        }
    }

    pub(super) fn enter_start_post(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match context.run(CommandList::StartPost, index, out) {
            Some(command) => self.state = State::StartPost { command },
            None => self.settle(context, service, out),
        }
    }

    fn enter_stop_pre(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        open: bool,
        out: &mut Outcome,
    ) {
        match context.run(CommandList::StopPre, index, out) {
            Some(command) => {
                if open && index == 0 {
                    push(out, Action::Unwatch(context.unit));
                }
                self.state = State::StopPre { command, open };
            }
            None => self.enter_stop_post(context, open, out),
        }
    }

    fn enter_stop_post(&mut self, context: &Context<'_, '_>, open: bool, out: &mut Outcome) {
        if open {
            push(out, Action::CloseSocket(context.unit));
        }
        self.run_stop_post(context, 0, out);
    }

    fn run_stop_post(&mut self, context: &Context<'_, '_>, index: u8, out: &mut Outcome) {
        match context.run(CommandList::StopPost, index, out) {
            Some(command) => self.state = State::StopPost { command },
            None => self.enter_final(context, out),
        }
    }

    /// Looks for what the commands have left behind, if there were any.
    fn enter_final(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if context.commands().is_none() {
            self.enter_rest();
            return;
        }
        self.state = State::FinalSigterm { control: None, deadline: context.deadline() };
        push(out, Action::WatchGroup(context.unit));
    }

    fn enter_final_sigterm(
        &mut self,
        context: &Context<'_, '_>,
        command: Running,
        out: &mut Outcome,
    ) {
        let Some(control) = command.pid() else { return self.enter_final(context, out) };
        end(context, Some(control), SIGTERM, out);
        let deadline = context.deadline();
        self.state = State::FinalSigterm { control: Some(control), deadline };
    }

    fn enter_rest(&mut self) {
        let well = self.result == UnitResult::Success;
        self.state = if well { State::Dead } else { State::Failed };
    }

    /// The first thing that goes wrong is the result.
    fn fail(&mut self, result: UnitResult) {
        if self.result == UnitResult::Success {
            self.result = result;
        }
    }

    /// A child that it lacks is due.
    pub(in crate::engine) fn hurry(&mut self, now: Instant) {
        if features::SOCKET_COMMANDS
            && let State::StartPre { command }
            | State::StartPost { command }
            | State::StopPre { command, .. }
            | State::StopPost { command } = &mut self.state
            && let Child::Lacking(at) = &mut command.child
        {
            *at = now;
        }
    }

    fn running_mut(&mut self) -> &mut Running {
        match &mut self.state {
            State::StartPre { command }
            | State::StartPost { command }
            | State::StopPre { command, .. }
            | State::StopPost { command } => command,
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_control_spawned(&mut self, pid: Pid) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        let command = self.running_mut();
        ensure!(command.child == Child::Asked, "one command at a time");
        command.child = Child::Alive(pid);
    }

    /// As with a service, a passing lack of resources is waited out.
    pub(super) fn on_spawn_failed(
        &mut self,
        context: &Context<'_, '_>,
        error: SpawnError,
        out: &mut Outcome,
    ) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        let command = self.running_mut();
        if let Some(pause) = spawn_retry(error) {
            command.child = Child::Lacking(context.now.after(pause));
        } else {
            self.on_command_failed(context, UnitResult::Resources, out);
        }
    }

    pub(super) fn on_control_exited(
        &mut self,
        context: &Context<'_, '_>,
        exit: Exit,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        match self.state {
            State::StartPre { command } => {
                match failure(context, CommandList::StartPre, command, exit) {
                    None => self.enter_start_pre(context, command.index + 1, out),
                    Some(result) => self.on_command_failed(context, result, out),
                }
            }
            State::StartPost { command } => {
                match failure(context, CommandList::StartPost, command, exit) {
                    None => {
                        self.enter_start_post(context, command.index + 1, service, out);
                    }
                    Some(result) => self.on_command_failed(context, result, out),
                }
            }
            State::StopPre { command, open } => {
                match failure(context, CommandList::StopPre, command, exit) {
                    None => {
                        self.enter_stop_pre(context, command.index + 1, open, out);
                    }
                    Some(result) => self.on_command_failed(context, result, out),
                }
            }
            State::StopPost { command } => {
                match failure(context, CommandList::StopPost, command, exit) {
                    None => self.run_stop_post(context, command.index + 1, out),
                    Some(result) => self.on_command_failed(context, result, out),
                }
            }
            State::StopPreSigterm { open, .. } | State::StopPreSigkill { open, .. } => {
                self.enter_stop_post(context, open, out);
            }
            State::FinalSigterm { deadline, .. } => {
                self.state = State::FinalSigterm { control: None, deadline };
                push(out, Action::WatchGroup(context.unit));
            }
            State::FinalSigkill { deadline, .. } => {
                self.state = State::FinalSigkill { control: None, deadline };
                push(out, Action::WatchGroup(context.unit));
            }
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::Failed => bug!("these states have no control process"),
        }
    }

    /// The command that the state waits for is no more, and was to no avail.
    fn on_command_failed(
        &mut self,
        context: &Context<'_, '_>,
        result: UnitResult,
        out: &mut Outcome,
    ) {
        self.fail(result);
        match self.state {
            State::StartPre { .. } | State::StopPost { .. } => self.enter_final(context, out),
            State::StartPost { .. } => self.enter_stop_pre(context, 0, true, out),
            State::StopPre { open, .. } => self.enter_stop_post(context, open, out),
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => bug!("these states wait for no command"),
        }
    }

    pub(super) fn on_command_elapsed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        match self.state {
            State::StartPre { command } if command.is_late(context.now) => {
                self.fail(UnitResult::Timeout);
                self.enter_final_sigterm(context, command, out);
            }
            State::StartPost { command } if command.is_late(context.now) => {
                self.fail(UnitResult::Timeout);
                if let Some(pid) = command.pid() {
                    push(out, Action::Kill { target: Target::Child(pid), signal: SIGKILL });
                }
                self.enter_stop_pre(context, 0, true, out);
            }
            State::StopPre { command, open } if command.is_late(context.now) => {
                self.fail(UnitResult::Timeout);
                self.interrupt(context, command, open, out);
            }
            State::StopPost { command } if command.is_late(context.now) => {
                self.fail(UnitResult::Timeout);
                self.enter_final_sigterm(context, command, out);
            }
            State::StartPre { .. } => self.try_again(context, CommandList::StartPre, out),
            State::StartPost { .. } => self.try_again(context, CommandList::StartPost, out),
            State::StopPre { .. } => self.try_again(context, CommandList::StopPre, out),
            State::StopPost { .. } => self.try_again(context, CommandList::StopPost, out),
            State::StopPreSigterm { control, open, .. } => {
                self.fail(UnitResult::Timeout);
                end(context, Some(control), SIGKILL, out);
                let deadline = context.deadline();
                self.state = State::StopPreSigkill { control, deadline, open };
            }
            // What SIGKILL does not end is stuck in the kernel: it is given up, not waited for.
            State::StopPreSigkill { open, .. } => self.enter_stop_post(context, open, out),
            State::FinalSigterm { control, .. } => {
                self.fail(UnitResult::Timeout);
                end(context, control, SIGKILL, out);
                let deadline = context.deadline();
                self.state = State::FinalSigkill { control, deadline };
            }
            State::FinalSigkill { .. } => self.enter_rest(),
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::Failed => bug!("these states wait for no command"),
        }
    }

    /// Its process could not be made a moment ago.
    fn try_again(&mut self, context: &Context<'_, '_>, list: CommandList, out: &mut Outcome) {
        let command = self.running_mut();
        command.child = Child::Asked;
        context.spawn(list, command.index, out);
    }

    pub(super) fn on_group_empty(&mut self) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        match self.state {
            State::FinalSigterm { control: None, .. }
            | State::FinalSigkill { control: None, .. } => self.enter_rest(),
            // Ignored: an answer to a question of an earlier state.
            State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::StartPost { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::Failed => {}
        }
    }

    pub(super) fn on_group_populated(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if !features::SOCKET_COMMANDS {
            return;
        }
        match self.state {
            State::FinalSigterm { .. } => end(context, None, SIGTERM, out),
            State::FinalSigkill { .. } => end(context, None, SIGKILL, out),
            State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::StartPost { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::Failed => bug!("the answer comes before anything else happens"),
        }
    }

    pub(super) fn on_reset_failed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        self.triggers = Bucket::NEW;
        self.reopens = Bucket::NEW;
        match self.state {
            State::Retrying { .. } => {
                self.result = UnitResult::Success;
                self.enter_stop_pre(context, 0, false, out);
            }
            State::Failed => {
                self.result = UnitResult::Success;
                self.state = State::Dead;
            }
            State::Dead
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
            | State::FinalSigkill { .. } => {}
        }
    }
}

/// What went wrong, if its command does not say that it does not matter.
fn failure(
    context: &Context<'_, '_>,
    list: CommandList,
    command: Running,
    exit: Exit,
) -> Option<UnitResult> {
    let ignored =
        context.command(list, command.index).is_some_and(|each| each.has(Command::IGNORE_FAILURE));
    let end = end_of_command(exit);
    (!ignored && end != UnitResult::Success).then_some(end)
}
