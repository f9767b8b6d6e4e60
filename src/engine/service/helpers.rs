//! The commands around the program: `ExecCondition=` to `ExecStopPost=`, one list after the other.

use unit::Command;
use unit::control::{ActiveState, Exit, SubState, UnitResult};

use super::ends::end_of_command;
use super::{Child, Context, Deadline, Main, Outcome, Service, State, Step, push};
use crate::engine::action::{Action, CommandList, CommandRef};
use crate::engine::event::{Pid, Process};
use crate::features;

/// Which list of commands runs, besides `ExecStart=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Helper {
    /// `ExecCondition=`.
    Condition,
    /// `ExecStartPre=`.
    StartPre,
    /// `ExecStartPost=`.
    StartPost,
    /// `ExecReload=`.
    Reload,
    /// `ExecReloadPost=`.
    ReloadPost,
    /// `ExecStop=`.
    Stop,
    /// `ExecStopPost=`.
    StopPost,
}

impl Helper {
    pub(super) const fn list(self) -> CommandList {
        match self {
            Self::Condition => CommandList::Condition,
            Self::StartPre => CommandList::StartPre,
            Self::StartPost => CommandList::StartPost,
            Self::Reload => CommandList::Reload,
            Self::ReloadPost => CommandList::ReloadPost,
            Self::Stop => CommandList::Stop,
            Self::StopPost => CommandList::StopPost,
        }
    }

    pub(super) const fn active(self) -> ActiveState {
        match self {
            Self::Condition | Self::StartPre | Self::StartPost => ActiveState::Activating,
            Self::Reload | Self::ReloadPost => ActiveState::Reloading,
            Self::Stop | Self::StopPost => ActiveState::Deactivating,
        }
    }

    pub(super) const fn sub(self) -> SubState {
        match self {
            Self::Condition => SubState::Condition,
            Self::StartPre => SubState::StartPre,
            Self::StartPost => SubState::StartPost,
            Self::Reload => SubState::Reload,
            Self::ReloadPost => SubState::ReloadPost,
            Self::Stop => SubState::Stop,
            Self::StopPost => SubState::StopPost,
        }
    }

    fn deadline(self, context: &Context<'_, '_>) -> Deadline {
        match self.active() {
            ActiveState::Deactivating => context.stop_deadline(),
            ActiveState::Activating
            | ActiveState::Reloading
            | ActiveState::Inactive
            | ActiveState::Active
            | ActiveState::Failed => context.start_deadline(),
        }
    }
}

impl Service {
    /// Runs a list of commands, or if it is empty what follows; `None`: there is nothing more to
    /// run.
    pub(super) fn run(
        &mut self,
        context: &Context<'_, '_>,
        first: Option<Helper>,
        main: Option<Main>,
        out: &mut Outcome,
    ) {
        let mut next = first;
        while let Some(helper) = next {
            if features::HELPERS && context.command(helper.list(), 0).is_some() {
                let deadline = helper.deadline(context);
                return self.spawn_helper(context, helper, main, 0, deadline, out);
            }
            next = self.after(context, helper, main, out);
        }
    }

    /// What comes when a list's commands have ended well; the list to run then, if there is one.
    fn after(
        &mut self,
        context: &Context<'_, '_>,
        helper: Helper,
        main: Option<Main>,
        out: &mut Outcome,
    ) -> Option<Helper> {
        match helper {
            Helper::Condition => return Some(Helper::StartPre),
            Helper::StartPre => return self.begin_main(context, out),
            Helper::StartPost => return self.enter_up(context, main, out),
            Helper::Reload => return self.ask_to_reload(context, main, out),
            Helper::ReloadPost => {
                // A reload may have put another process in the place of the main one.
                if context.has_pid_file() {
                    push(out, Action::FindMain(context.unit));
                }
                return self.enter_up(context, main, out);
            }
            Helper::Stop => self.send(context, Step::Sigterm, main, None, out),
            Helper::StopPost => self.send(context, Step::FinalSigterm, None, None, out),
        }
        None
    }

    pub(super) fn spawn_helper(
        &mut self,
        context: &Context<'_, '_>,
        helper: Helper,
        main: Option<Main>,
        index: u8,
        deadline: Deadline,
        out: &mut Outcome,
    ) {
        if !features::HELPERS {
            return;
        }
        let command = CommandRef { unit: context.unit, list: helper.list(), index };
        let process = Process::Control(context.unit);
        push(out, Action::Spawn { process, command, main_pid: main.map(Main::pid) });
        self.state = State::Helper { helper, main, index, child: Child::Asked, deadline };
    }

    pub(super) fn on_control_spawned(&mut self, pid: Pid) {
        if !features::HELPERS {
            return;
        }
        match &mut self.state {
            State::Helper { child, .. } => {
                ensure!(*child == Child::Asked, "one control process at a time");
                *child = Child::Alive(pid);
            }
            State::Dead
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_control_exited(
        &mut self,
        context: &Context<'_, '_>,
        exit: Exit,
        out: &mut Outcome,
    ) {
        if !features::HELPERS {
            return;
        }
        match self.state {
            State::Helper { helper, main, index, deadline, .. } => {
                let end = end_of_helper(context, helper, index, exit);
                if end != UnitResult::Success {
                    self.on_helper_failed(context, helper, main, end, out);
                } else if context.command(helper.list(), index + 1).is_some() {
                    self.spawn_helper(context, helper, main, index + 1, deadline, out);
                } else {
                    let next = self.after(context, helper, main, out);
                    self.run(context, next, main, out);
                }
            }
            State::Signaled { step, main, deadline, .. } => {
                self.state = State::Signaled { step, main, control: None, deadline };
                self.settle(context, out);
            }
            State::Dead
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("these states have no control process"),
        }
    }

    /// A command has failed, or could not be made: the others of its list do not run.
    pub(super) fn on_helper_failed(
        &mut self,
        context: &Context<'_, '_>,
        helper: Helper,
        main: Option<Main>,
        end: UnitResult,
        out: &mut Outcome,
    ) {
        if !features::HELPERS {
            return;
        }
        match helper {
            Helper::Condition | Helper::StartPre | Helper::StartPost | Helper::Stop => {
                self.fail(end);
                self.send(context, Step::Sigterm, main, None, out);
            }
            Helper::Reload | Helper::ReloadPost => {
                self.reload_result = end;
                let next = self.enter_up(context, main, out);
                self.run(context, next, main, out);
            }
            Helper::StopPost => {
                self.fail(end);
                self.send(context, Step::FinalSigterm, None, None, out);
            }
        }
    }
}

/// How the end of a command is judged: that of a condition may say no without a failure.
fn end_of_helper(context: &Context<'_, '_>, helper: Helper, index: u8, exit: Exit) -> UnitResult {
    let ignored =
        context.command(helper.list(), index).is_some_and(|each| each.has(Command::IGNORE_FAILURE));
    match (helper, exit) {
        (_, _) if ignored => UnitResult::Success,
        (Helper::Condition, Exit::Code(1..=254)) => UnitResult::ExecCondition,
        (_, exit) => end_of_command(exit),
    }
}
