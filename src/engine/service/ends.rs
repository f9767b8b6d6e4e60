//! How the end of each process is judged, and what follows from that of the main one.

use unit::control::{Exit, UnitResult};
use unit::{Command, ExitStatuses, ServiceType};

use super::helpers::Helper;
use super::kill::Step;
use super::{Context, Deadline, Outcome, Service, State, push};
use crate::engine::action::{Action, CommandList};
use crate::engine::event::SpawnError;
use crate::features;

/// Signals that count as a clean end of a daemon: HUP, INT, PIPE, TERM. systemd.service(5).
const CLEAN_SIGNALS: [u8; 4] = [1, 2, 13, 15];

impl Service {
    pub(super) fn on_main_exited(
        &mut self,
        context: &Context<'_, '_>,
        exit: Exit,
        error: Option<SpawnError>,
        out: &mut Outcome,
    ) {
        self.exit = Some(exit);
        match self.state {
            State::Start { index, deadline, .. } => {
                self.on_start_exited(context, index, deadline, exit, error, out);
            }
            State::Running { .. } if error.is_none() && context.has_pid_file() => {
                self.state = State::Running { main: None };
                push(out, Action::FindMain(context.unit));
            }
            State::Running { .. } => {
                self.note_main_end(context, exit);
                self.on_ended(context, error, out);
            }
            State::Reloading { .. } => {
                self.note_main_end(context, exit);
                self.reload_result = UnitResult::ExitCode;
                self.on_ended(context, None, out);
            }
            State::Helper { helper: Helper::Reload | Helper::ReloadPost, child, .. }
                if features::HELPERS =>
            {
                self.note_main_end(context, exit);
                self.reload_result = UnitResult::ExitCode;
                self.send(context, Step::Sigterm, None, child.pid(), out);
            }
            State::Helper {
                helper: helper @ (Helper::StartPost | Helper::Stop),
                index,
                child,
                deadline,
                ..
            } if features::HELPERS => {
                self.note_main_end(context, exit);
                self.state = State::Helper { helper, main: None, index, child, deadline };
            }
            State::Signaled { step, control, deadline, .. } => {
                self.note_main_end(context, exit);
                self.state = State::Signaled { step, main: None, control, deadline };
                self.settle(context, out);
            }
            State::Helper { .. }
            | State::Dead
            | State::Forked { .. }
            | State::Exited
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("these states have no main process"),
        }
    }

    /// What `ExecStart=` started has ended before the service counted as started.
    fn on_start_exited(
        &mut self,
        context: &Context<'_, '_>,
        index: u8,
        deadline: Deadline,
        exit: Exit,
        error: Option<SpawnError>,
        out: &mut Outcome,
    ) {
        match context.config.type_ {
            ServiceType::Oneshot => {
                let end = self.end_of_start(context, index, exit);
                if end != UnitResult::Success {
                    self.fail(end);
                    self.send(context, Step::Sigterm, None, None, out);
                } else if context.command(CommandList::Start, index + 1).is_some() {
                    self.spawn_main(context, index + 1, deadline, out);
                } else {
                    self.run(context, Some(Helper::StartPost), None, out);
                }
            }
            ServiceType::Notify | ServiceType::NotifyReload => {
                self.note_main_end(context, exit);
                self.fail(UnitResult::Protocol);
                self.send(context, Step::Sigterm, None, None, out);
            }
            ServiceType::Forking if features::FORKING => {
                // It was not the main process, which has not ended yet.
                self.exit = None;
                let end = self.end_of_start(context, index, exit);
                if end == UnitResult::Success {
                    self.enter_forked(context, deadline, out);
                } else {
                    self.fail(end);
                    self.send(context, Step::Sigterm, None, None, out);
                }
            }
            // A Type=exec whose program ran was started, however short its life was; the news
            // of its execve is still on its way.
            ServiceType::Simple | ServiceType::Idle | ServiceType::Exec | ServiceType::Forking => {
                self.note_main_end(context, exit);
                if error.is_none() {
                    self.run(context, Some(Helper::StartPost), None, out);
                } else {
                    self.on_ended(context, error, out);
                }
            }
        }
    }

    /// The main process of a started service has ended.
    fn on_ended(
        &mut self,
        context: &Context<'_, '_>,
        error: Option<SpawnError>,
        out: &mut Outcome,
    ) {
        if error.is_some() {
            self.send(context, Step::Sigterm, None, None, out);
        } else {
            let next = self.enter_exited(context);
            self.run(context, next, None, out);
        }
    }

    /// How the end of an `ExecStart=` is judged that is to end.
    fn end_of_start(&self, context: &Context<'_, '_>, index: u8, exit: Exit) -> UnitResult {
        let ignored = context
            .command(CommandList::Start, index)
            .is_some_and(|each| each.has(Command::IGNORE_FAILURE));
        let is_main = context.config.type_ == ServiceType::Oneshot;
        if ignored || is_main && contains(context.more().success, exit) {
            return UnitResult::Success;
        }
        end_of_command(exit)
    }

    pub(super) fn note_main_end(&mut self, context: &Context<'_, '_>, exit: Exit) {
        let end = match context.config.type_ {
            ServiceType::Oneshot => self.end_of_start(context, 0, exit),
            ServiceType::Simple
            | ServiceType::Exec
            | ServiceType::Idle
            | ServiceType::Forking
            | ServiceType::Notify
            | ServiceType::NotifyReload => end_of_daemon(context, exit),
        };
        if end != UnitResult::Success {
            self.fail(end);
        }
    }
}

/// How the end of a daemon is judged: four signals are ways to be asked to go.
fn end_of_daemon(context: &Context<'_, '_>, exit: Exit) -> UnitResult {
    let clean = match exit {
        Exit::Signal(signal) => CLEAN_SIGNALS.contains(&signal),
        Exit::Code(_) | Exit::Core(_) => false,
    };
    let ignored = context
        .command(CommandList::Start, 0)
        .is_some_and(|each| each.has(Command::IGNORE_FAILURE));
    if clean || ignored || contains(context.more().success, exit) {
        return UnitResult::Success;
    }
    end_of_command(exit)
}

/// How the end of a command is judged.
pub const fn end_of_command(exit: Exit) -> UnitResult {
    match exit {
        Exit::Code(0) => UnitResult::Success,
        Exit::Code(_) => UnitResult::ExitCode,
        Exit::Signal(_) => UnitResult::Signal,
        Exit::Core(_) => UnitResult::CoreDump,
    }
}

/// Whether a list of exit codes and signals has that end.
pub(super) fn contains(statuses: ExitStatuses<'_>, exit: Exit) -> bool {
    match exit {
        Exit::Code(code) => statuses.codes.contains(&code),
        Exit::Signal(signal) | Exit::Core(signal) => statuses.signals.contains(&signal),
    }
}
