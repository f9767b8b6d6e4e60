//! What happens when time is over.

use unit::control::UnitResult;
use unit::{Restart, TimeoutMode};

use super::helpers::Helper;
use super::kill::{SIGKILL, Step};
use super::{Context, Deadline, LOOK_AGAIN, Main, Outcome, Service, State, push};
use crate::engine::action::{Action, Target};
use crate::engine::event::Pid;
use crate::engine::time::Bucket;
use crate::features;

impl Service {
    pub(super) fn on_elapsed(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        let passed = |at: Deadline| at.is_some_and(|at| at <= context.now);
        match self.state {
            State::Helper { helper, main, child, deadline, .. } if passed(deadline) => {
                self.on_helper_late(context, helper, main, child.pid(), out);
            }
            State::Helper { helper, main, index, child, deadline } if child.due().is_some() => {
                self.spawn_helper(context, helper, main, index, deadline, out);
            }
            State::Start { child, deadline, .. } if passed(deadline) => {
                self.on_start_late(context, child.main(), None, out);
            }
            State::Start { index, child, deadline } if child.due().is_some() => {
                self.spawn_main(context, index, deadline, out);
            }
            // Ignored: it is not late yet.
            State::Helper { .. } | State::Start { .. } => {}
            State::Forked { .. } if !features::FORKING => {}
            State::Forked { deadline, .. } if passed(deadline) => {
                self.on_start_late(context, None, None, out);
            }
            State::Forked { deadline, .. } => {
                let look_at = context.now.after(LOOK_AGAIN);
                self.state = State::Forked { look_at, deadline };
                push(out, Action::FindMain(context.unit));
            }
            State::Running { main } if features::WATCHDOG && passed(self.alive_by) => {
                self.bite(context, main, out);
            }
            State::Reloading { main, .. } if features::WATCHDOG && passed(self.alive_by) => {
                self.reload_result = UnitResult::Watchdog;
                self.bite(context, Some(main), out);
            }
            State::Running { .. } if !features::SERVICE_MORE => {}
            State::Running { main } => {
                self.fail(UnitResult::Timeout);
                self.run(context, Some(Helper::Stop), main, out);
            }
            State::Reloading { main, .. } => {
                self.reload_result = UnitResult::Timeout;
                self.state = State::Running { main: Some(main) };
            }
            State::Signaled { step, main, control, .. } => {
                self.on_step_late(context, step, main, control, out);
            }
            State::AutoRestart { .. } => {
                self.state = State::AutoRestart { at: None };
                out.start = true;
            }
            State::Failed { .. } => {
                self.state = State::Failed { until: None };
                out.start = context.config.restart != Restart::No && self.stop_asked.is_none();
            }
            State::Dead | State::Exited => bug!("these states have no deadline"),
        }
    }

    /// A start took too long: `TimeoutStartFailureMode=`.
    fn on_start_late(
        &mut self,
        context: &Context<'_, '_>,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        self.fail(UnitResult::Timeout);
        let step = match context.more().timeout_start_failure {
            TimeoutMode::Terminate => Step::Sigterm,
            TimeoutMode::Abort => Step::Watchdog,
            TimeoutMode::Kill => Step::Sigkill,
        };
        self.send(context, step, main, control, out);
    }

    fn on_helper_late(
        &mut self,
        context: &Context<'_, '_>,
        helper: Helper,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        if !features::HELPERS {
            return;
        }
        let mode = context.more().timeout_stop_failure;
        match helper {
            Helper::Condition | Helper::StartPre | Helper::StartPost => {
                self.on_start_late(context, main, control, out);
            }
            Helper::Reload | Helper::ReloadPost => {
                if let Some(pid) = control {
                    let target = Target::Child(pid);
                    push(out, Action::Kill { target, signal: SIGKILL });
                }
                self.reload_result = UnitResult::Timeout;
                let next = self.enter_up(context, main, out);
                self.run(context, next, main, out);
            }
            Helper::Stop => {
                self.fail(UnitResult::Timeout);
                let step = match mode {
                    TimeoutMode::Terminate => Step::Sigterm,
                    TimeoutMode::Abort => Step::Watchdog,
                    TimeoutMode::Kill => Step::Sigkill,
                };
                self.send(context, step, main, control, out);
            }
            Helper::StopPost => {
                self.fail(UnitResult::Timeout);
                let step = match mode {
                    TimeoutMode::Terminate => Step::FinalSigterm,
                    TimeoutMode::Abort => Step::FinalWatchdog,
                    TimeoutMode::Kill => Step::FinalSigkill,
                };
                self.send(context, step, None, control, out);
            }
        }
    }

    /// Whom the signal of a step has not ended gets the next one; whom the last one has not is
    /// stuck in the kernel, and given up, not waited for.
    fn on_step_late(
        &mut self,
        context: &Context<'_, '_>,
        step: Step,
        main: Option<Main>,
        control: Option<Pid>,
        out: &mut Outcome,
    ) {
        self.fail(UnitResult::Timeout);
        let more = context.more();
        let aborts = more.timeout_stop_failure == TimeoutMode::Abort;
        let next = match step {
            Step::Sigterm if aborts => Some(Step::Watchdog),
            Step::FinalSigterm if aborts => Some(Step::FinalWatchdog),
            Step::Sigterm | Step::Watchdog => more.send_sigkill.then_some(Step::Sigkill),
            Step::FinalSigterm | Step::FinalWatchdog => {
                more.send_sigkill.then_some(Step::FinalSigkill)
            }
            Step::Sigkill | Step::FinalSigkill => None,
        };
        match next {
            Some(next) => self.send(context, next, main, control, out),
            None => self.after_step(context, step, out),
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
            | State::Helper { .. }
            | State::Start { .. }
            | State::Forked { .. }
            | State::Running { .. }
            | State::Exited
            | State::Reloading { .. }
            | State::Signaled { .. }
            | State::AutoRestart { .. } => {}
        }
    }
}
