//! Whether a service comes back, and when; and what becomes of the board.

use unit::control::{Exit, UnitResult};
use unit::{Emergency, Millis, Restart};

use super::ends::contains;
use super::{Context, Outcome, Service, State, push};
use crate::engine::action::Action;
use crate::features;

impl Service {
    /// Nothing of it is left.
    pub(super) fn enter_dead(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        if context.has_pid_file() {
            push(out, Action::RemovePidFile(context.unit));
        }
        if self.stop_asked.is_none() && wants_restart(context, self.result, self.exit) {
            let at = Some(context.now.after(delay(context, self.restarts)));
            self.state = State::AutoRestart { at };
            return;
        }
        self.enter_rest();
        if features::EMERGENCY_ACTIONS {
            let more = context.more();
            out.emergency =
                if self.result.is_failure() { more.failure_action } else { more.success_action };
        }
    }

    /// Dead or failed, as its result says.
    pub(super) fn enter_rest(&mut self) {
        self.state =
            if self.result.is_failure() { State::Failed { until: None } } else { State::Dead };
    }

    /// `StartLimitAction=`, or as it has failed `FailureAction=`.
    pub(super) fn over_limit(&self, context: &Context<'_, '_>, out: &mut Outcome) {
        if !features::EMERGENCY_ACTIONS {
            return;
        }
        out.emergency = context.config.start_limit_action;
        if out.emergency == Emergency::None {
            out.emergency = context.more().failure_action;
        }
    }
}

/// `RestartSec=`, or with `RestartSteps=` the next of the growing pauses, which the compiler has
/// worked out.
fn delay(context: &Context<'_, '_>, restarts: u32) -> Millis {
    if !features::SERVICE_MORE {
        return context.config.restart_delay;
    }
    let delays = context.more().restart_delays;
    let last = delays.len().saturating_sub(1);
    delays.get(last.min(restarts as usize)).unwrap_or(context.config.restart_delay)
}

/// `Restart…ExitStatus=`, then the table of `Restart=`: systemd.service(5).
fn wants_restart(context: &Context<'_, '_>, result: UnitResult, exit: Option<Exit>) -> bool {
    let more = context.more();
    if exit.is_some_and(|exit| contains(more.restart_prevent, exit)) {
        return false;
    }
    exit.is_some_and(|exit| contains(more.restart_force, exit))
        || restarts_after(context.config.restart, result)
}

/// The table itself, as systemd reads it.
const fn restarts_after(restart: Restart, result: UnitResult) -> bool {
    use Restart::{Always, OnAbnormal, OnAbort, OnFailure, OnSuccess, OnWatchdog};
    match result {
        UnitResult::Success => matches!(restart, Always | OnSuccess),
        UnitResult::ExitCode => matches!(restart, Always | OnFailure),
        UnitResult::Protocol | UnitResult::Resources | UnitResult::Timeout => {
            matches!(restart, Always | OnFailure | OnAbnormal)
        }
        UnitResult::Signal | UnitResult::CoreDump => {
            matches!(restart, Always | OnFailure | OnAbnormal | OnAbort)
        }
        UnitResult::Watchdog => matches!(restart, Always | OnFailure | OnAbnormal | OnWatchdog),
        UnitResult::ExecCondition | UnitResult::StartLimitHit | UnitResult::TriggerLimitHit => {
            false
        }
    }
}
