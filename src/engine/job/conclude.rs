//! Jobs end.

use unit::UnitId;
use unit::control::{ActiveState, JobKind, JobResult, UnitResult};

use super::Job;
use crate::engine::manager::Engine;
use crate::engine::service::{self, Service};
use crate::engine::state::KindState;
use crate::engine::time::Instant;
use crate::engine::trace::Trace;
use crate::features;

impl Engine<'_, '_> {
    /// Ends the unit's running job if the unit has become what the job wanted, or cannot any
    /// more.
    pub(in crate::engine) fn conclude_job(&mut self, unit: UnitId, now: Instant) {
        let state = self.units.at(unit);
        let Some(job) = state.job.filter(|job| job.running) else { return };
        if state.checker.is_some() {
            // What the unit is now has nothing to do with the job yet.
            return;
        }
        let end = match job.kind {
            JobKind::Start => match state.active() {
                ActiveState::Active | ActiveState::Reloading => Some(JobResult::Done),
                ActiveState::Failed => Some(failure_of(state.result())),
                ActiveState::Inactive if !state.result().is_failure() => Some(JobResult::Done),
                ActiveState::Inactive => Some(failure_of(state.result())),
                ActiveState::Activating if self.is_waiting_for_restart(unit) => {
                    Some(failure_of(state.result()))
                }
                // Who waits for the board to be quiet keeps nobody waiting.
                ActiveState::Activating if self.waits_for_quiet(unit) => Some(JobResult::Done),
                ActiveState::Activating | ActiveState::Deactivating => None,
            },
            JobKind::Stop | JobKind::Restart => match state.active() {
                ActiveState::Inactive | ActiveState::Failed => Some(JobResult::Done),
                ActiveState::Active if state.stays() => Some(failure_of(state.result())),
                ActiveState::Active
                | ActiveState::Activating
                | ActiveState::Reloading
                | ActiveState::Deactivating => None,
            },
            JobKind::Reload => match state.active() {
                ActiveState::Reloading => None,
                ActiveState::Active
                | ActiveState::Inactive
                | ActiveState::Activating
                | ActiveState::Deactivating
                | ActiveState::Failed => Some(self.reload_end(unit)),
            },
        };
        let Some(result) = end else { return };
        if job.kind == JobKind::Restart && result == JobResult::Done {
            // The second half; whoever waits waits on.
            let job = Job { kind: JobKind::Start, running: false, ..job };
            self.units.at_mut(unit).job = Some(job);
            self.search_jobs_anew();
        } else {
            self.finish_job(unit, result, now);
        }
    }

    fn is_waiting_for_restart(&self, unit: UnitId) -> bool {
        self.units.at(unit).service().is_some_and(Service::waits_for_restart)
    }

    pub(super) fn waits_for_quiet(&self, unit: UnitId) -> bool {
        features::IDLE && self.units.at(unit).service().is_some_and(Service::waits_for_quiet)
    }

    fn reload_end(&self, unit: UnitId) -> JobResult {
        match &self.units.at(unit).kind {
            KindState::Service(service) if service.reload_result == UnitResult::Success => {
                JobResult::Done
            }
            KindState::Service(service) => failure_of(service.reload_result),
            KindState::Target { .. }
            | KindState::Socket(_)
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => JobResult::Skipped,
        }
    }

    /// A start that has not begun will not: what it needs has failed.
    pub(super) fn fail_start_of(&mut self, unit: UnitId) {
        if let Some(job) = &mut self.units.at_mut(unit).job {
            job.dependency_failed |= job.kind == JobKind::Start && !job.running;
        }
    }

    pub(in crate::engine) fn finish_job(&mut self, unit: UnitId, result: JobResult, now: Instant) {
        let Some(job) = self.units.at_mut(unit).job.take() else {
            bug!("a job ends once");
        };
        self.jobs_pending -= 1;
        self.end_deadline(unit);
        self.search_jobs_anew();
        self.stop_checking(unit);
        self.note(Trace::Job { unit, kind: job.kind, result }, now);
        self.answer_waiters(unit, result);
        self.follow_job(unit, job.kind, result);
        self.tell_of_job(unit);
        match result {
            JobResult::Done | JobResult::Skipped => return,
            JobResult::Canceled
            | JobResult::Failed
            | JobResult::Dependency
            | JobResult::Timeout
            | JobResult::Assert => {}
        }
        if job.kind == JobKind::Start {
            for other in self.table.edges(unit).required_by.iter() {
                self.fail_start_of(other);
            }
        }
        // It may have waited for its restart, and its sockets for it. A job of any kind may have
        // become that restart.
        if let KindState::Service(_) = self.units.at(unit).kind {
            self.service_step(unit, service::Input::StartRefused, now);
            self.let_sockets_look(unit);
        }
    }

    /// What the sockets of a service wait for is not coming.
    pub(in crate::engine) fn let_sockets_look(&mut self, service: UnitId) {
        for socket in self.table.service(service).sockets.iter() {
            self.mark_dirty(socket);
        }
    }
}

fn failure_of(result: UnitResult) -> JobResult {
    match result {
        UnitResult::Timeout => JobResult::Timeout,
        UnitResult::Success
        | UnitResult::Resources
        | UnitResult::Protocol
        | UnitResult::ExitCode
        | UnitResult::Signal
        | UnitResult::CoreDump
        | UnitResult::Watchdog
        | UnitResult::ExecCondition
        | UnitResult::StartLimitHit
        | UnitResult::TriggerLimitHit => JobResult::Failed,
    }
}
