//! Jobs begin.

use unit::UnitId;
use unit::control::{ActiveState, JobKind, JobResult};

use super::Job;
use crate::engine::manager::Engine;
use crate::engine::service::StopAsked;
use crate::engine::state::KindState;
use crate::engine::time::Instant;
use crate::engine::{mount, path, service, socket, timer};
use crate::features;

impl Engine<'_, '_> {
    /// Begins one job that can run.
    pub(in crate::engine) fn run_one_job(&mut self, now: Instant) -> bool {
        if self.jobs_pending == 0 {
            return false;
        }
        let count = self.units.len() as u16;
        let crowded = self.starts_are_many();
        while self.job_search.1 > 0 {
            let unit = UnitId(self.job_search.0 % count);
            self.job_search = ((self.job_search.0 + 1) % count, self.job_search.1 - 1);
            let Some(job) = self.units.at(unit).job else { continue };
            let waits = crowded && job.paced && job.kind == JobKind::Start;
            if !job.running && !waits && self.may_run(unit, job) {
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
        let active = self.units.at(unit).active();
        let job_of = |other: UnitId| self.units.at(other).job.filter(|job| !job.unordered);
        let stops = |other: UnitId| job_of(other).is_some_and(Job::will_stop);
        let edges = self.table.edges(unit);
        match job.kind {
            JobKind::Start => {
                let waits = |other| job_of(other).is_some_and(|job| job.kind != JobKind::Reload);
                active != ActiveState::Deactivating
                    && (job.unordered
                        || !edges.after.iter().any(waits) && !edges.before.iter().any(stops))
                    && !(features::RELATIONS && self.waits_for_conflicting(unit))
            }
            JobKind::Stop | JobKind::Restart => job.unordered || !edges.before.iter().any(stops),
            // It asked for a later state than the reload that is under way.
            JobKind::Reload => active != ActiveState::Reloading,
        }
    }

    /// Whether a unit that must be down first is not.
    fn waits_for_conflicting(&self, unit: UnitId) -> bool {
        let relations = self.table.edges(unit).relations();
        relations.conflicts.iter().chain(relations.conflicted_by.iter()).any(|other| {
            let state = self.units.at(other);
            state.job.is_some_and(Job::will_stop) || state.active() == ActiveState::Deactivating
        })
    }

    fn run_job(&mut self, unit: UnitId, job: Job, now: Instant) {
        self.units.at_mut(unit).job = Some(Job { running: true, ..job });
        self.begin_deadline(unit, |relations| relations.job_running_timeout, now);
        match job.kind {
            JobKind::Start if job.dependency_failed || self.lacks_what_it_binds_to(unit) => {
                self.finish_job(unit, JobResult::Dependency, now);
            }
            JobKind::Start => self.run_start(unit, job.auto, now),
            JobKind::Stop => self.run_stop(unit, StopAsked::Stop, now),
            JobKind::Restart => self.run_stop(unit, StopAsked::Restart, now),
            JobKind::Reload => self.run_reload(unit, now),
        }
    }

    /// `BindsTo=` with `After=`: a unit that is not up now, or not any more.
    fn lacks_what_it_binds_to(&self, unit: UnitId) -> bool {
        if !features::RELATIONS {
            return false;
        }
        let edges = self.table.edges(unit);
        let is_down = |other: UnitId| match self.units.at(other).active() {
            ActiveState::Active | ActiveState::Reloading => false,
            // Who waits for the board to be quiet keeps nobody waiting.
            ActiveState::Activating => !self.waits_for_quiet(other),
            ActiveState::Inactive | ActiveState::Deactivating | ActiveState::Failed => true,
        };
        edges.relations().binds_to.iter().any(|other| edges.after.contains(other) && is_down(other))
    }

    /// `reboot.target` and its kin: true if the way down begins with it.
    fn begins_end(&mut self, unit: UnitId, now: Instant) -> bool {
        if !features::SHUTDOWN_UNITS || !self.phase.is_up() {
            return false;
        }
        let Some(kind) = self.table.edges(unit).relations().ends else { return false };
        self.finish_job(unit, JobResult::Done, now);
        self.begin_shutdown(kind, false, now);
        true
    }

    fn run_start(&mut self, unit: UnitId, auto: bool, now: Instant) {
        match self.units.at(unit).active() {
            ActiveState::Inactive | ActiveState::Failed if self.must_check(unit) => {
                self.check(unit, now);
            }
            ActiveState::Inactive
            | ActiveState::Failed
            | ActiveState::Active
            | ActiveState::Reloading
            | ActiveState::Activating
            | ActiveState::Deactivating => self.start_unit(unit, auto, now),
        }
    }

    /// Starts what may start.
    pub(in crate::engine) fn start_unit(&mut self, unit: UnitId, auto: bool, now: Instant) {
        let before = self.units.at(unit).before();
        match before.active {
            ActiveState::Active | ActiveState::Reloading => {
                self.finish_job(unit, JobResult::Done, now);
                return;
            }
            ActiveState::Deactivating => bug!("a start waits for the end of a stop"),
            ActiveState::Inactive | ActiveState::Activating | ActiveState::Failed => {}
        }
        match &self.units.at(unit).kind {
            KindState::Target { .. } => {
                if !self.begins_end(unit, now) {
                    self.units.at_mut(unit).kind = KindState::Target { reached: true };
                    self.changed(unit, before, now);
                }
            }
            KindState::Service(service) => {
                let waiting = service.waits_for_restart();
                if before.active != ActiveState::Activating || waiting {
                    let auto = auto && waiting;
                    let place = usize::from(self.units.at(unit).first);
                    self.status[place].clear();
                    self.service_step(unit, service::Input::Start { auto }, now);
                } else {
                    self.conclude_job(unit, now);
                }
            }
            KindState::Socket(_) => {
                if before.active != ActiveState::Activating {
                    self.socket_step(unit, socket::Input::Start, now);
                }
            }
            KindState::Template(_) => self.finish_job(unit, JobResult::Skipped, now),
            KindState::Timer(_) => {
                if before.active != ActiveState::Activating {
                    self.timer_step(unit, timer::Input::Start, now);
                }
            }
            KindState::Mount(_) => {
                if before.active != ActiveState::Activating {
                    self.mount_step(unit, mount::Input::Start, now);
                }
            }
            KindState::Path(_) => {
                if before.active != ActiveState::Activating {
                    self.path_step(unit, path::Input::Start, now);
                }
            }
        }
    }

    fn run_stop(&mut self, unit: UnitId, why: StopAsked, now: Instant) {
        let before = self.units.at(unit).before();
        match &self.units.at(unit).kind {
            KindState::Target { .. } => {
                self.units.at_mut(unit).kind = KindState::Target { reached: false };
                self.changed(unit, before, now);
            }
            KindState::Service(_) => self.service_step(unit, service::Input::Stop(why), now),
            KindState::Socket(_) => self.socket_step(unit, socket::Input::Stop, now),
            KindState::Template(_) => self.stop_template(unit, now),
            KindState::Timer(_) => self.timer_step(unit, timer::Input::Stop, now),
            KindState::Mount(_) => self.mount_step(unit, mount::Input::Stop, now),
            KindState::Path(_) => self.path_step(unit, path::Input::Stop, now),
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
                | KindState::Template(_)
                | KindState::Timer(_)
                | KindState::Path(_)
                | KindState::Mount(_),
                ActiveState::Active
                | ActiveState::Inactive
                | ActiveState::Activating
                | ActiveState::Reloading
                | ActiveState::Deactivating
                | ActiveState::Failed,
            ) => self.finish_job(unit, JobResult::Skipped, now),
        }
    }
}
