//! What each event means in each state: nested, so that a new state or event fails to compile
//! until every place has decided.

use unit::control::{Exit, UnitResult};
use unit::{KillMode, Restart, ServiceType};

use super::moves::{end_of_command, ignores_failure, is_passing, push, push_end};
use super::{Child, Context, Deadline, Main, Outcome, SIGKILL, SPAWN_RETRY, Service, State};
use crate::engine::action::{Action, CommandList, Target};
use crate::engine::event::{Pid, SpawnError};
use crate::engine::notify::Notification;
use crate::engine::time::Bucket;

impl Service {
    pub(super) fn on_start(&mut self, context: &Context<'_, '_>, auto: bool, out: &mut Outcome) {
        match self.state {
            State::Dead | State::AutoRestart { .. } | State::Failed { .. } => {}
            State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. } => bug!("a start job runs only when nothing else does"),
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

    /// What waited for its restart waits in vain.
    pub(super) fn on_start_refused(&mut self) {
        match self.state {
            State::AutoRestart { at: None } => self.enter_rest(),
            State::AutoRestart { at: Some(_) }
            | State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::Failed { .. } => {}
        }
    }

    pub(super) fn on_stop(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        self.stop_asked = true;
        match self.state {
            State::Dead | State::Failed { .. } => {}
            State::AutoRestart { .. } => self.state = State::Dead,
            State::StartPre { child, .. } => {
                self.enter_sigterm(context, None, child.pid(), out);
            }
            State::Start { child, .. } => {
                self.enter_sigterm(context, child.main(), None, out);
            }
            State::Running { main, .. } => self.enter_stop(context, Some(main), out),
            State::Reload { main, child, .. } => {
                self.enter_sigterm(context, Some(main), child.pid(), out);
            }
            State::Stop { .. } | State::StopSigterm { .. } | State::StopSigkill { .. } => {}
        }
    }

    pub(super) fn on_reload(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
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
            | State::Failed { .. } => bug!("a reload job runs only on a running service"),
        }
    }

    pub(super) fn on_main_spawned(&mut self, context: &Context<'_, '_>, pid: Pid) {
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
            State::Start {
                child: Child::Alive(_) | Child::Adopted(_) | Child::Lacking(_), ..
            }
            | State::Dead
            | State::StartPre { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_control_spawned(&mut self, pid: Pid) {
        match &mut self.state {
            State::StartPre { child, .. }
            | State::Reload { child, .. }
            | State::Stop { child, .. } => {
                ensure!(*child == Child::Asked, "one control process at a time");
                *child = Child::Alive(pid);
            }
            State::Dead
            | State::Start { .. }
            | State::Running { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }

    /// A passing lack of resources is waited out, under the state's own deadline and without
    /// costing the service a start; anything else is a failure.
    pub(super) fn on_spawn_failed(
        &mut self,
        context: &Context<'_, '_>,
        error: SpawnError,
        out: &mut Outcome,
    ) {
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
            | State::Failed { .. } => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_executed(&mut self, context: &Context<'_, '_>) {
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

    pub(super) fn on_main_exited(
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
            | State::Failed { .. } => bug!("these states have no main process"),
        }
    }

    pub(super) fn on_oneshot_exited(
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

    pub(super) fn on_control_exited(
        &mut self,
        context: &Context<'_, '_>,
        exit: Exit,
        out: &mut Outcome,
    ) {
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
            | State::Failed { .. } => bug!("these states have no control process"),
        }
    }

    pub(super) fn on_notified(&mut self, context: &Context<'_, '_>, said: Notification<'_>) {
        match self.state {
            State::Start { child, .. } => {
                if said.ready
                    && context.config.type_ == ServiceType::Notify
                    && let Some(main) = child.main()
                {
                    self.state = State::Running { main, reloading: false };
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
            State::Dead
            | State::StartPre { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    pub(super) fn on_main_adopted(&mut self, context: &Context<'_, '_>, pid: Pid) {
        // A helper is PID 1's own to wait for, whatever the service says of it.
        if self.control() == Some(pid) {
            return;
        }
        match &mut self.state {
            State::Running { main, .. } | State::Reload { main, .. } => {
                *main = Main::Adopted(pid);
            }
            State::Start { child: child @ (Child::Alive(_) | Child::Adopted(_)), .. }
                if context.config.type_ == ServiceType::Notify =>
            {
                *child = Child::Adopted(pid);
            }
            // Ignored: but for Type=notify a start is the matter of the process that was started,
            // and on the way down another one would escape the signals already sent.
            State::Start { .. }
            | State::Dead
            | State::StartPre { .. }
            | State::Stop { .. }
            | State::StopSigterm { .. }
            | State::StopSigkill { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => {}
        }
    }

    pub(super) fn on_group_empty(&mut self, context: &Context<'_, '_>) {
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

    pub(super) fn on_group_populated(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        let target = Target::Group { unit: context.unit, leaders: [None, None] };
        match self.state {
            State::StopSigterm { main, control, .. } => match context.config.kill_mode {
                KillMode::ControlGroup => {
                    push_end(out, target, context.config.kill_signal);
                }
                KillMode::Mixed => {
                    push(out, Action::Kill { target, signal: SIGKILL });
                    let deadline = context.stop_deadline();
                    self.state = State::StopSigkill { main, control, deadline };
                }
                KillMode::Process | KillMode::None => bug!("nobody asked who is left"),
            },
            State::StopSigkill { .. } => push(out, Action::Kill { target, signal: SIGKILL }),
            State::Dead
            | State::StartPre { .. }
            | State::Start { .. }
            | State::Running { .. }
            | State::Reload { .. }
            | State::Stop { .. }
            | State::AutoRestart { .. }
            | State::Failed { .. } => bug!("the answer comes before anything else happens"),
        }
    }

    pub(super) fn on_elapsed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
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
                    self.enter_sigterm(context, child.main(), None, out);
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
            State::AutoRestart { .. } => {
                self.state = State::AutoRestart { at: None };
                out.start = true;
            }
            State::Failed { .. } => {
                self.state = State::Failed { until: None };
                out.start = context.config.restart != Restart::No && !self.stop_asked;
            }
            State::Dead | State::Running { .. } => bug!("these states have no deadline"),
        }
    }

    pub(super) fn on_reset_failed(&mut self) {
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
}
