//! Jobs: what a unit is asked to become, in which order, and who waits for it.
//!
//! - `transaction`: a wish becomes jobs, at most one a unit;
//! - `run`: jobs begin, in the order that edges ask for. Ids are in start order, so that one walk
//!   over the units finds most jobs ready;
//! - `request`: what a client may ask for;
//! - `pace`: how many begin at once, and by when they must have ended;
//! - `conclude`: a unit has become what its job wanted, or cannot any more;
//! - `follow`: what a change of one unit means for others.

mod conclude;
mod follow;
mod pace;
mod request;
mod run;
mod transaction;

use unit::UnitId;
use unit::control::{JobKind, JobResult};

use super::action::{Action, Answer};
use super::event::ClientId;
use super::manager::Engine;
use super::time::Instant;

pub(super) use follow::Follow;
pub(super) use transaction::{Mark, Wish};

/// A job of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Job {
    pub(super) kind: JobKind,
    /// It has begun: the unit is on its way.
    pub(super) running: bool,
    /// Nobody asked for it: an automatic restart.
    pub(super) auto: bool,
    /// A unit that this one requires has failed to start.
    dependency_failed: bool,
    /// Only a shutdown takes its place.
    irreversible: bool,
    /// It keeps no order.
    unordered: bool,
    /// A target started it with others: not too many at once.
    paced: bool,
}

impl Job {
    /// Whether the unit will be started by it.
    pub(super) const fn will_start(self) -> bool {
        match self.kind {
            JobKind::Start | JobKind::Restart => true,
            JobKind::Stop | JobKind::Reload => false,
        }
    }

    /// Whether the unit must stop first.
    pub(super) const fn will_stop(self) -> bool {
        match self.kind {
            JobKind::Stop | JobKind::Restart => true,
            JobKind::Start | JobKind::Reload => false,
        }
    }

    /// Whether it cannot become the other one without being canceled.
    const fn contradicts(self, kind: JobKind) -> bool {
        match (self.kind, kind) {
            (JobKind::Stop, JobKind::Stop) => false,
            (JobKind::Stop, JobKind::Start | JobKind::Restart | JobKind::Reload)
            | (JobKind::Start | JobKind::Restart | JobKind::Reload, JobKind::Stop) => true,
            (
                JobKind::Start | JobKind::Restart | JobKind::Reload,
                JobKind::Start | JobKind::Restart | JobKind::Reload,
            ) => false,
        }
    }

    /// What is left to do when `kind` is asked for, too.
    const fn merged(self, kind: JobKind) -> Self {
        match (self.kind, kind) {
            (JobKind::Stop, _)
            | (JobKind::Start, JobKind::Start | JobKind::Reload)
            | (JobKind::Restart, JobKind::Start | JobKind::Reload | JobKind::Restart)
            | (JobKind::Reload, JobKind::Start) => self,
            // What has begun begins again: the state that was asked for is a later one.
            (JobKind::Start, JobKind::Restart)
            | (JobKind::Reload, JobKind::Reload | JobKind::Restart)
            | (JobKind::Start | JobKind::Restart | JobKind::Reload, JobKind::Stop) => {
                Self { kind, running: false, ..self }
            }
        }
    }
}

/// A control client that waits for the end of a unit's job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Waiter {
    client: ClientId,
    unit: UnitId,
}

impl Engine<'_, '_> {
    /// Gives the unit a job. One that it has already becomes the new one, or is canceled.
    fn set_job(&mut self, unit: UnitId, kind: JobKind, now: Instant) {
        if let Some(old) = self.units.at(unit).job {
            if !old.contradicts(kind) {
                let job = old.merged(kind);
                self.units.at_mut(unit).job = Some(job);
                if !job.running {
                    // It begins anew, with a look of its own.
                    self.stop_checking(unit);
                }
                self.search_jobs_anew();
                return;
            }
            self.finish_job(unit, JobResult::Canceled, now);
        }
        self.units.at_mut(unit).job = Some(Job {
            kind,
            running: false,
            auto: false,
            dependency_failed: false,
            irreversible: false,
            unordered: false,
            paced: false,
        });
        self.begin_deadline(unit, |relations| relations.job_timeout, now);
        self.jobs_pending += 1;
        self.search_jobs_anew();
    }

    pub(super) fn search_jobs_anew(&mut self) {
        self.job_search.1 = self.units.len() as u16;
    }

    /// Lets a client wait for the end of the unit's job.
    pub(super) fn wait_for_job(&mut self, client: ClientId, unit: UnitId) {
        self.waiters[usize::from(client.0)] = Some(Waiter { client, unit });
    }

    pub(super) fn forget_waiters_of(&mut self, client: ClientId) {
        self.waiters[usize::from(client.0)] = None;
    }

    fn answer_waiters(&mut self, unit: UnitId, result: JobResult) {
        let answer = match result {
            JobResult::Done => Answer::Done,
            JobResult::Canceled
            | JobResult::Failed
            | JobResult::Dependency
            | JobResult::Timeout
            | JobResult::Skipped
            | JobResult::Assert => Answer::Failed(result),
        };
        for place in 0..self.waiters.len() {
            if let Some(waiter) = self.waiters[place].filter(|waiter| waiter.unit == unit) {
                self.waiters[place] = None;
                self.push(Action::Reply { client: waiter.client, answer });
            }
        }
    }
}
