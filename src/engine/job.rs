//! Jobs: what a unit is asked to become, in which order, and who waits for it.
//!
//! A transaction marks every unit it concerns and then turns the marks into jobs, one a unit. A
//! job runs when no unit ordered before it has one; ids are in start order, so that one walk over
//! the units finds most jobs ready.

use unit::UnitId;
use unit::control::{ActiveState, JobKind, JobResult, UnitResult};

use super::action::{Action, Answer};
use super::event::ClientId;
use super::manager::Engine;
use super::state::KindState;
use super::time::Instant;
use super::trace::Trace;
use super::{service, socket};

/// A job of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Job {
    pub(super) kind: JobKind,
    /// It has begun: the unit is on its way.
    running: bool,
    /// Nobody asked for it: an automatic restart.
    auto: bool,
    /// A unit that this one requires has failed to start.
    dependency_failed: bool,
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
    const fn will_stop(self) -> bool {
        match self.kind {
            JobKind::Stop | JobKind::Restart => true,
            JobKind::Start | JobKind::Reload => false,
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
    /// A start that nobody waits for: at boot, by traffic, after a failure.
    pub(super) fn start_by_itself(&mut self, unit: UnitId, now: Instant) {
        if !self.phase.is_up() {
            return;
        }
        self.enqueue(JobKind::Start, unit, now);
        if let Some(job) = &mut self.units.at_mut(unit).job {
            job.auto = true;
        }
    }

    /// Turns a wish into jobs for the unit and everything it concerns.
    pub(super) fn enqueue(&mut self, kind: JobKind, unit: UnitId, now: Instant) {
        self.units.at_mut(unit).mark = Some(kind);
        while self.spread_marks() {}
        for unit in self.table.ids() {
            if let Some(kind) = self.units.at_mut(unit).mark.take() {
                self.set_job(unit, kind, now);
            }
        }
    }

    /// Marks for every unit to stop: the board goes down.
    pub(super) fn enqueue_stop_of_all(&mut self, now: Instant) {
        for unit in self.table.ids() {
            // What has failed may be waiting to be tried again: that must end too.
            let state = self.units.at(unit);
            if state.active() != ActiveState::Inactive || state.job.is_some() {
                self.set_job(unit, JobKind::Stop, now);
            }
        }
    }

    /// One pass over the marks: true if it has made new ones. Marks are never changed, so that
    /// the passes end, and what the transaction was asked for wins over what follows from it.
    fn spread_marks(&mut self) -> bool {
        let mut spread = false;
        for unit in self.table.ids() {
            // Most have none, and are not worth a look into the table.
            let Some(mark) = self.units.at(unit).mark else { continue };
            let edges = self.table.edges(unit);
            match mark {
                JobKind::Start => {
                    for other in edges.requires.iter().chain(edges.wants.iter()) {
                        spread |= !self.is_up(other) && self.mark(other, JobKind::Start);
                    }
                    for other in edges.conflicts.iter() {
                        spread |= self.is_concerned(other) && self.mark(other, JobKind::Stop);
                    }
                }
                JobKind::Stop => {
                    for other in edges.required_by.iter() {
                        spread |= self.is_concerned(other) && self.mark(other, JobKind::Stop);
                    }
                }
                JobKind::Restart => {
                    for other in edges.required_by.iter() {
                        spread |= self.is_up(other) && self.mark(other, JobKind::Restart);
                    }
                    for other in edges.requires.iter().chain(edges.wants.iter()) {
                        spread |= !self.is_up(other) && self.mark(other, JobKind::Start);
                    }
                }
                JobKind::Reload => {}
            }
        }
        spread
    }

    fn mark(&mut self, unit: UnitId, kind: JobKind) -> bool {
        let mark = &mut self.units.at_mut(unit).mark;
        if mark.is_some() {
            return false;
        }
        *mark = Some(kind);
        true
    }

    /// Up, or on its way up, and not about to be stopped.
    fn is_up(&self, unit: UnitId) -> bool {
        let state = self.units.at(unit);
        let stopping = state.job.is_some_and(|job| job.kind == JobKind::Stop);
        match state.active() {
            ActiveState::Active | ActiveState::Reloading | ActiveState::Activating => !stopping,
            ActiveState::Inactive | ActiveState::Deactivating | ActiveState::Failed => false,
        }
    }

    /// Up, on its way up, or about to be.
    fn is_concerned(&self, unit: UnitId) -> bool {
        let will_start = self.units.at(unit).job.is_some_and(Job::will_start);
        self.is_up(unit) || will_start
    }

    fn set_job(&mut self, unit: UnitId, kind: JobKind, now: Instant) {
        let state = self.units.at(unit);
        if let Some(old) = state.job {
            let merges = old.kind == kind
                || (kind == JobKind::Start && old.kind == JobKind::Restart)
                || (kind == JobKind::Reload && old.will_start());
            if merges {
                return;
            }
            self.finish_job(unit, JobResult::Canceled, now);
        }
        let job = Job { kind, running: false, auto: false, dependency_failed: false };
        self.units.at_mut(unit).job = Some(job);
        self.jobs_pending += 1;
        self.search_jobs_anew();
    }

    pub(super) fn search_jobs_anew(&mut self) {
        self.job_search.1 = self.units.len() as u16;
    }

    /// Begins one job that can run.
    pub(super) fn run_one_job(&mut self, now: Instant) -> bool {
        if self.jobs_pending == 0 {
            return false;
        }
        let count = self.units.len() as u16;
        while self.job_search.1 > 0 {
            let unit = UnitId(self.job_search.0 % count);
            self.job_search = ((self.job_search.0 + 1) % count, self.job_search.1 - 1);
            let Some(job) = self.units.at(unit).job else { continue };
            if !job.running && self.may_run(unit, job) {
                self.run_job(unit, job, now);
                return true;
            }
        }
        false
    }

    fn may_run(&self, unit: UnitId, job: Job) -> bool {
        if job.dependency_failed {
            return true;
        }
        let state = self.units.at(unit);
        let edges = self.table.edges(unit);
        let job_of = |other: UnitId| self.units.at(other).job;
        match job.kind {
            JobKind::Start => {
                state.active() != ActiveState::Deactivating
                    && edges
                        .after
                        .iter()
                        .all(|other| job_of(other).is_none_or(|job| job.kind == JobKind::Reload))
                    && edges.conflicts.iter().all(|other| {
                        job_of(other).is_none_or(|job| !job.will_stop())
                            && self.units.at(other).active() != ActiveState::Deactivating
                    })
            }
            JobKind::Stop | JobKind::Restart => {
                edges.before.iter().all(|other| job_of(other).is_none_or(|job| !job.will_stop()))
            }
            JobKind::Reload => true,
        }
    }

    fn run_job(&mut self, unit: UnitId, job: Job, now: Instant) {
        self.units.at_mut(unit).job = Some(Job { running: true, ..job });
        match job.kind {
            JobKind::Start if job.dependency_failed => {
                self.finish_job(unit, JobResult::Dependency, now);
            }
            JobKind::Start => self.run_start(unit, job.auto, now),
            JobKind::Stop | JobKind::Restart => self.run_stop(unit, now),
            JobKind::Reload => self.run_reload(unit, now),
        }
    }

    fn run_start(&mut self, unit: UnitId, auto: bool, now: Instant) {
        let before = *self.units.at(unit);
        match before.active() {
            ActiveState::Active | ActiveState::Reloading => {
                self.finish_job(unit, JobResult::Done, now);
                return;
            }
            ActiveState::Deactivating => bug!("a start waits for the end of a stop"),
            ActiveState::Inactive | ActiveState::Activating | ActiveState::Failed => {}
        }
        match before.kind {
            KindState::Target { .. } => {
                self.units.at_mut(unit).kind = KindState::Target { reached: true };
                self.changed(unit, &before, now);
            }
            KindState::Service(service) => {
                let waiting = matches!(service.state, service::State::AutoRestart { .. });
                if before.active() != ActiveState::Activating || waiting {
                    let auto = auto && waiting;
                    self.service_step(unit, service::Input::Start { auto }, now);
                }
            }
            KindState::Socket(_) => {
                if before.active() != ActiveState::Activating {
                    self.socket_step(unit, socket::Input::Start, now);
                }
            }
            KindState::Template(_) => self.finish_job(unit, JobResult::Skipped, now),
        }
    }

    fn run_stop(&mut self, unit: UnitId, now: Instant) {
        let before = *self.units.at(unit);
        match before.kind {
            KindState::Target { .. } => {
                self.units.at_mut(unit).kind = KindState::Target { reached: false };
                self.changed(unit, &before, now);
            }
            KindState::Service(_) => self.service_step(unit, service::Input::Stop, now),
            KindState::Socket(_) => self.socket_step(unit, socket::Input::Stop, now),
            KindState::Template(_) => self.stop_template(unit, now),
        }
        // What was down already has not changed.
        if self.units.at(unit).job.is_some_and(|job| job.running) {
            self.conclude_job(unit, now);
        }
    }

    fn run_reload(&mut self, unit: UnitId, now: Instant) {
        let state = self.units.at(unit);
        match (&state.kind, state.active()) {
            (KindState::Service(_), ActiveState::Active) => {
                self.service_step(unit, service::Input::Reload, now);
            }
            (
                KindState::Service(_)
                | KindState::Socket(_)
                | KindState::Target { .. }
                | KindState::Template(_),
                ActiveState::Active
                | ActiveState::Inactive
                | ActiveState::Activating
                | ActiveState::Reloading
                | ActiveState::Deactivating
                | ActiveState::Failed,
            ) => self.finish_job(unit, JobResult::Skipped, now),
        }
    }

    /// Ends the unit's running job if the unit has become what the job wanted, or cannot any
    /// more.
    pub(super) fn conclude_job(&mut self, unit: UnitId, now: Instant) {
        let state = self.units.at(unit);
        let Some(job) = state.job.filter(|job| job.running) else { return };
        let end = match job.kind {
            JobKind::Start => match state.active() {
                ActiveState::Active | ActiveState::Reloading => Some(JobResult::Done),
                ActiveState::Failed => Some(failure_of(state.result())),
                ActiveState::Inactive if state.result() == UnitResult::Success => {
                    Some(JobResult::Done)
                }
                ActiveState::Inactive => Some(failure_of(state.result())),
                ActiveState::Activating if self.is_waiting_for_restart(unit) => {
                    Some(failure_of(state.result()))
                }
                ActiveState::Activating | ActiveState::Deactivating => None,
            },
            JobKind::Stop | JobKind::Restart => match state.active() {
                ActiveState::Inactive | ActiveState::Failed => Some(JobResult::Done),
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
        if job.kind == JobKind::Restart {
            // The second half; whoever waits waits on.
            let job = Job { kind: JobKind::Start, running: false, ..job };
            self.units.at_mut(unit).job = Some(job);
            self.search_jobs_anew();
        } else {
            self.finish_job(unit, result, now);
        }
    }

    fn is_waiting_for_restart(&self, unit: UnitId) -> bool {
        match &self.units.at(unit).kind {
            KindState::Service(service) => {
                matches!(service.state, service::State::AutoRestart { .. })
            }
            KindState::Target { .. } | KindState::Socket(_) | KindState::Template(_) => false,
        }
    }

    fn reload_end(&self, unit: UnitId) -> JobResult {
        match &self.units.at(unit).kind {
            KindState::Service(service) if service.reload_result == UnitResult::Success => {
                JobResult::Done
            }
            KindState::Service(service) => failure_of(service.reload_result),
            KindState::Target { .. } | KindState::Socket(_) | KindState::Template(_) => {
                JobResult::Skipped
            }
        }
    }

    pub(super) fn finish_job(&mut self, unit: UnitId, result: JobResult, now: Instant) {
        let Some(job) = self.units.at_mut(unit).job.take() else {
            bug!("a job ends once");
        };
        self.jobs_pending -= 1;
        self.search_jobs_anew();
        self.note(Trace::Job { unit, kind: job.kind, result }, now);
        self.answer_waiters(unit, result);
        let failed = match result {
            JobResult::Done | JobResult::Skipped => false,
            JobResult::Canceled
            | JobResult::Failed
            | JobResult::Dependency
            | JobResult::Timeout => job.kind == JobKind::Start,
        };
        if !failed {
            return;
        }
        for other in self.table.edges(unit).required_by.iter() {
            if let Some(job) = &mut self.units.at_mut(other).job
                && job.kind == JobKind::Start
                && !job.running
            {
                job.dependency_failed = true;
            }
        }
        // It may have waited for its restart, and its sockets for it.
        if let KindState::Service(_) = self.units.at(unit).kind {
            self.service_step(unit, service::Input::StartRefused, now);
            for socket in self.service_config(unit).sockets.iter() {
                self.mark_dirty(socket);
            }
        }
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
            | JobResult::Skipped => Answer::Failed(result),
        };
        for place in 0..self.waiters.len() {
            if let Some(waiter) = self.waiters[place].filter(|waiter| waiter.unit == unit) {
                self.waiters[place] = None;
                self.push(Action::Reply { client: waiter.client, answer });
            }
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
        | UnitResult::StartLimitHit
        | UnitResult::TriggerLimitHit => JobResult::Failed,
    }
}
