//! Jobs that a client asks for: what is refused, and which job an order is.

use unit::control::{ActiveState, JobKind, JobResult, Order, Refusal};
use unit::{JobMode, ServiceType, UnitId};

use super::Wish;
use crate::engine::action::Answer;
use crate::engine::event::ClientId;
use crate::engine::manager::Engine;
use crate::engine::state::KindState;
use crate::engine::time::Instant;
use crate::features;

impl Engine<'_, '_> {
    /// The answer, or `None` if the client waits for the job.
    pub(in crate::engine) fn answer_job(
        &mut self,
        client: ClientId,
        (order, unit, mode): (Order, UnitId, JobMode),
        wait: bool,
        now: Instant,
    ) -> Option<Answer> {
        if !self.phase.is_up() {
            return Some(Answer::Refused(Refusal::ShuttingDown));
        }
        let asked = self
            .check_order(order, unit)
            .and_then(|()| self.check_by_hand(order, unit, mode))
            .and_then(|()| match self.job_of_order(order, unit) {
                None => Ok(false),
                Some(kind) => self.enqueue(Wish { kind, unit, mode }, now).map(|()| true),
            });
        match asked {
            Err(refusal) => Some(Answer::Refused(refusal)),
            // There is nothing to do, or a job that was there already has just ended by it.
            Ok(false) => Some(Answer::Done),
            Ok(true) if wait => {
                self.wait_for_job(client, unit);
                None
            }
            Ok(true) => Some(Answer::Done),
        }
    }

    /// Which job it is, as the unit is now; `None`: there is nothing to do.
    fn job_of_order(&self, order: Order, unit: UnitId) -> Option<JobKind> {
        let down = match self.units.at(unit).active() {
            ActiveState::Inactive | ActiveState::Deactivating | ActiveState::Failed => true,
            ActiveState::Active | ActiveState::Activating | ActiveState::Reloading => false,
        };
        let reload = if self.can_reload(unit) { JobKind::Reload } else { JobKind::Restart };
        match order {
            Order::Start => Some(JobKind::Start),
            Order::Stop => Some(JobKind::Stop),
            Order::Restart => Some(JobKind::Restart),
            Order::Reload => Some(JobKind::Reload),
            Order::TryRestart => (!down).then_some(JobKind::Restart),
            Order::ReloadOrRestart => Some(if down { JobKind::Start } else { reload }),
            Order::TryReloadOrRestart => (!down).then_some(reload),
        }
    }

    /// Whether the unit's kind can do that at all.
    fn check_order(&self, order: Order, unit: UnitId) -> Result<(), Refusal> {
        let state = self.units.at(unit);
        let is_template = matches!(state.kind, KindState::Template(_));
        if state.masked && order != Order::Stop {
            return Err(Refusal::Masked);
        }
        match order {
            Order::Reload if !self.can_reload(unit) => Err(Refusal::NotSupported),
            Order::Reload => match state.active() {
                ActiveState::Active | ActiveState::Reloading => Ok(()),
                ActiveState::Inactive
                | ActiveState::Activating
                | ActiveState::Deactivating
                | ActiveState::Failed => Err(Refusal::Busy),
            },
            Order::Start
            | Order::Restart
            | Order::TryRestart
            | Order::ReloadOrRestart
            | Order::TryReloadOrRestart
                if is_template =>
            {
                Err(Refusal::NotSupported)
            }
            Order::Start
            | Order::Stop
            | Order::Restart
            | Order::TryRestart
            | Order::ReloadOrRestart
            | Order::TryReloadOrRestart => Ok(()),
        }
    }

    /// `RefuseManualStart=`, `RefuseManualStop=`, `AllowIsolate=`.
    fn check_by_hand(&self, order: Order, unit: UnitId, mode: JobMode) -> Result<(), Refusal> {
        if mode == JobMode::Isolate && order != Order::Start {
            return Err(Refusal::NotSupported);
        }
        if mode == JobMode::Isolate && !features::ISOLATE {
            return Err(Refusal::NotIsolated);
        }
        if !features::ISOLATE && !features::MANUAL_REFUSALS {
            return Ok(());
        }
        let relations = self.table.edges(unit).relations();
        if mode == JobMode::Isolate && !relations.allow_isolate {
            return Err(Refusal::NotIsolated);
        }
        let (start, stop) = (relations.refuse_manual_start, relations.refuse_manual_stop);
        let refused = match order {
            Order::Start => start,
            Order::Stop => stop,
            Order::Restart | Order::TryRestart => start || stop,
            Order::ReloadOrRestart | Order::TryReloadOrRestart if self.can_reload(unit) => {
                start && self.job_of_order(order, unit) == Some(JobKind::Start)
            }
            Order::ReloadOrRestart | Order::TryReloadOrRestart => start || stop,
            Order::Reload => false,
        };
        if refused { Err(Refusal::NotByHand) } else { Ok(()) }
    }

    pub(in crate::engine) fn can_reload(&self, unit: UnitId) -> bool {
        if !features::RELOADS || !matches!(self.units.at(unit).kind, KindState::Service(_)) {
            return false;
        }
        let config = self.table.service(unit);
        !config.exec_reload.is_empty() || config.type_ == ServiceType::NotifyReload
    }

    /// Ends a job; the unit goes on with what it is doing.
    pub(in crate::engine) fn cancel_job(&mut self, unit: UnitId, now: Instant) -> Answer {
        if self.units.at(unit).job.is_none() {
            return Answer::Refused(Refusal::NoJob);
        }
        if !self.phase.is_up() {
            return Answer::Refused(Refusal::ShuttingDown);
        }
        self.finish_job(unit, JobResult::Canceled, now);
        Answer::Done
    }
}
