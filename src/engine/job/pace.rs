//! How many starts run at once, and how long a job may take.

use unit::control::{JobKind, JobResult};
use unit::{Millis, Relations, UnitId};

use crate::engine::manager::Engine;
use crate::engine::state::KindState;
use crate::engine::time::Instant;
use crate::features;

impl Engine<'_, '_> {
    /// Whether as many services as `ParallelStarts=` allows are starting for targets now. Others
    /// (by traffic, by hand) are neither held nor counted: somebody waits for them, who may
    /// himself be one that is starting.
    pub(super) fn starts_are_many(&self) -> bool {
        if !features::PARALLEL_STARTS {
            return false;
        }
        let starts = self.units.iter().filter(|state| {
            let job = state.job.filter(|job| job.paced && job.running);
            matches!(state.kind, KindState::Service(_))
                && job.is_some_and(|job| job.kind == JobKind::Start)
        });
        starts.count() >= usize::from(self.table.manager().parallel_starts)
    }

    /// Sets a job's deadline, unless there is an earlier one.
    pub(super) fn begin_deadline(
        &mut self,
        unit: UnitId,
        of: fn(&Relations<'_>) -> Option<Millis>,
        now: Instant,
    ) {
        if !features::JOB_TIMEOUTS || !self.units.at(unit).related {
            return;
        }
        let Some(timeout) = of(&self.table.edges(unit).relations()) else { return };
        if let Some(extra) = self.extras.iter_mut().find(|extra| extra.unit == unit) {
            let due = now.after(timeout);
            extra.job_due = Some(extra.job_due.map_or(due, |other| other.min(due)));
            self.note_deadline(Some(due));
        }
    }

    pub(super) fn end_deadline(&mut self, unit: UnitId) {
        if !features::JOB_TIMEOUTS || !self.units.at(unit).related {
            return;
        }
        if let Some(extra) = self.extras.iter_mut().find(|extra| extra.unit == unit)
            && extra.job_due.take().is_some()
        {
            self.schedule.stale = true;
        }
    }

    /// A job has not ended in time: it ends so, and the unit goes on with what it is doing.
    pub(in crate::engine) fn end_late_job(&mut self, unit: UnitId, now: Instant) {
        if self.units.at(unit).job.is_some() {
            self.finish_job(unit, JobResult::Timeout, now);
            let relations = self.table.edges(unit).relations();
            let argument = relations.job_timeout_reboot_argument;
            self.emergency(relations.job_timeout_action, argument, now);
        }
    }
}
