//! Listeners: opened, watched, held by a limit, broken, tried again.

use unit::control::UnitResult;
use unit::{Millis, RateLimit, UnitId};

use super::{Context, OpenFailure, Outcome, ServiceView, Socket, State, push};
use crate::engine::action::Action;
use crate::engine::event::Errno;
use crate::engine::time::Instant;
use crate::features;

/// First pause before a listener that could not be opened is tried again; it doubles each time.
const RETRY_MIN: Millis = Millis(1_000);
/// Longest such pause.
const RETRY_MAX: Millis = Millis(300_000);
/// A listener may break that often before its socket is left alone for a while.
const REOPEN_LIMIT: RateLimit = RateLimit { interval: Millis(10_000), burst: 5 };
/// ENODEV and EADDRNOTAVAIL: an interface or an address is not there yet.
const ABSENT: [Errno; 2] = [Errno(19), Errno(99)];

impl Socket {
    pub(super) fn on_opened(
        &mut self,
        context: &Context<'_, '_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Opening { again, .. } => {
                self.result = UnitResult::Success;
                if again {
                    self.settle(context, service, out);
                } else {
                    self.enter_start_post(context, 0, service, out);
                }
            }
            State::Dead
            | State::StartPre { .. }
            | State::StartPost { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => bug!("opening is answered before anything else happens"),
        }
    }

    pub(super) fn on_open_failed(&mut self, failure: OpenFailure, now: Instant) {
        match self.state {
            State::Opening { attempt, again } => {
                self.result = UnitResult::Resources;
                let pause = RETRY_MIN.0.saturating_mul(1 << attempt.min(9)).min(RETRY_MAX.0);
                let (at, attempt) = (now.after(Millis(pause)), attempt.saturating_add(1));
                self.state = State::Retrying { at, attempt, again, why: Some(failure) };
            }
            State::Dead
            | State::StartPre { .. }
            | State::StartPost { .. }
            | State::Listening
            | State::Running
            | State::Paused { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => bug!("opening is answered before anything else happens"),
        }
    }

    /// Perhaps the one that was missing: it is tried at once, and the pauses do not start over.
    pub(super) fn on_address_appeared(&mut self, now: Instant) {
        if !features::ADDRESSES {
            return;
        }
        match &mut self.state {
            State::Retrying { at, why: Some(OpenFailure { errno, .. }), .. }
                if ABSENT.contains(errno) =>
            {
                *at = now;
            }
            State::Retrying { .. }
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
            | State::Failed => {}
        }
    }

    pub(super) fn on_readable(&mut self, context: &Context<'_, '_>, out: &mut Outcome) {
        match self.state {
            State::Listening => {
                push(out, Action::Unwatch(context.unit));
                match self.triggers.take(context.config.trigger_limit, context.now) {
                    Ok(()) => {
                        self.triggered = self.triggered.saturating_add(1);
                        self.state = State::Running;
                        out.trigger = true;
                    }
                    Err(until) => self.pause(until),
                }
            }
            // Ignored: reported before it was no longer watched.
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
            | State::Failed => {}
        }
    }

    pub(super) fn on_trigger_limit_hit(&mut self, unit: UnitId, until: Instant, out: &mut Outcome) {
        match self.state {
            State::Listening => {
                push(out, Action::Unwatch(unit));
                self.pause(until);
            }
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
            | State::Failed => bug!("only a watched socket accepts"),
        }
    }

    pub(super) fn on_hung_up(&mut self, unit: UnitId, now: Instant, out: &mut Outcome) {
        match self.state {
            State::Listening | State::Running | State::Paused { .. } => {
                push(out, Action::CloseSocket(unit));
                match self.reopens.take(REOPEN_LIMIT, now) {
                    Ok(()) => self.open(unit, 0, true, out),
                    Err(at) => {
                        self.result = UnitResult::Resources;
                        self.state = State::Retrying { at, attempt: 1, again: true, why: None };
                    }
                }
            }
            // Ignored: reported before it was closed, or noticed again when it is watched.
            State::Dead
            | State::StartPre { .. }
            | State::Opening { .. }
            | State::StartPost { .. }
            | State::Retrying { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. }
            | State::Failed => {}
        }
    }

    pub(super) fn on_service_changed(
        &mut self,
        context: &Context<'_, '_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match (self.state, service) {
            (State::Listening, ServiceView::Busy) => {
                push(out, Action::Unwatch(context.unit));
                self.state = State::Running;
            }
            (State::Running, ServiceView::Idle | ServiceView::Barred(_)) => {
                self.settle(context, service, out);
            }
            (State::Running, ServiceView::Busy)
            | (State::Listening, ServiceView::Idle | ServiceView::Barred(_))
            | (
                State::Dead
                | State::StartPre { .. }
                | State::Opening { .. }
                | State::StartPost { .. }
                | State::Paused { .. }
                | State::Retrying { .. }
                | State::StopPre { .. }
                | State::StopPreSigterm { .. }
                | State::StopPreSigkill { .. }
                | State::StopPost { .. }
                | State::FinalSigterm { .. }
                | State::FinalSigkill { .. }
                | State::Failed,
                ServiceView::Idle | ServiceView::Busy | ServiceView::Barred(_),
            ) => {}
        }
    }

    pub(super) fn on_elapsed(
        &mut self,
        context: &Context<'_, '_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        match self.state {
            State::Paused { .. } => {
                self.result = UnitResult::Success;
                self.settle(context, service, out);
            }
            State::Retrying { attempt, again, .. } => {
                self.open(context.unit, attempt, again, out);
            }
            State::StartPre { .. }
            | State::StartPost { .. }
            | State::StopPre { .. }
            | State::StopPreSigterm { .. }
            | State::StopPreSigkill { .. }
            | State::StopPost { .. }
            | State::FinalSigterm { .. }
            | State::FinalSigkill { .. } => self.on_command_elapsed(context, out),
            State::Dead
            | State::Opening { .. }
            | State::Listening
            | State::Running
            | State::Failed => bug!("these states have no deadline"),
        }
    }

    pub(super) fn open(&mut self, unit: UnitId, attempt: u8, again: bool, out: &mut Outcome) {
        push(out, Action::OpenSocket(unit));
        self.state = State::Opening { attempt, again };
    }

    fn pause(&mut self, until: Instant) {
        self.result = UnitResult::TriggerLimitHit;
        self.state = State::Paused { until };
    }

    /// Open and not watched: the state that fits what the service does.
    pub(super) fn settle(
        &mut self,
        context: &Context<'_, '_>,
        service: ServiceView,
        out: &mut Outcome,
    ) {
        self.state = match service {
            ServiceView::Idle => {
                if features::FLUSH_PENDING && context.config.flush_pending {
                    push(out, Action::Flush(context.unit));
                }
                push(out, Action::Watch(context.unit));
                State::Listening
            }
            ServiceView::Busy => State::Running,
            ServiceView::Barred(until) => State::Paused { until },
        };
    }
}
