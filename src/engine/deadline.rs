//! Deadlines: asked for, not armed. The soonest of all is the executor's only timer.

use unit::{ListenerId, UnitId};

use super::event::InstanceId;
use super::manager::Engine;
use super::state::KindState;
use super::time::Instant;
use super::worker::{self, Worker};
use super::{path, service, socket};
use crate::features;

/// What the engine knows of when something is due.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Schedule {
    /// No deadline is earlier than this one.
    pub(super) soonest: Option<Instant>,
    /// The deadline that was the soonest is none any more.
    pub(super) stale: bool,
    /// Where the search for passed deadlines goes on.
    search: Option<u16>,
}

impl Engine<'_, '_> {
    #[inline(never)]
    pub(super) fn note_deadline(&mut self, deadline: Option<Instant>) {
        if let Some(deadline) = deadline {
            self.schedule.soonest =
                Some(self.schedule.soonest.map_or(deadline, |soonest| soonest.min(deadline)));
        }
    }

    /// Handles one passed deadline. The search goes once around everything that can have one.
    pub(super) fn expire_one(&mut self, now: Instant) -> bool {
        if self.schedule.soonest.is_none_or(|soonest| soonest > now) {
            return false;
        }
        let first = usize::from(self.schedule.search.unwrap_or(0));
        for place in first..self.places() {
            if self.due(place).is_some_and(|deadline| deadline <= now) {
                self.schedule.search = Some(place as u16 + 1);
                self.expire(place, now);
                return true;
            }
        }
        self.schedule.search = None;
        self.find_soonest();
        // A step behind the search may have asked for this very moment: once more around.
        self.schedule.soonest.is_some_and(|soonest| soonest <= now)
    }

    /// Everything that can have a deadline: units, then listeners, then instances, then extras.
    fn places(&self) -> usize {
        self.units.len() + self.listeners.len() + self.instances.len() + self.extras.len()
    }

    /// As [`Engine::deadline_of`], and of timers from when on they may elapse.
    fn due(&self, place: usize) -> Option<Instant> {
        match self.units.get(place) {
            Some(state) => state.due(),
            None => self.deadline_of(place),
        }
    }

    fn deadline_of(&self, place: usize) -> Option<Instant> {
        if let Some(state) = self.units.get(place) {
            return state.deadline();
        }
        let place = place - self.units.len();
        if let Some(state) = self.listeners.get(place) {
            return state.limit.paused_until;
        }
        let place = place - self.listeners.len();
        if let Some(instance) = self.instances.get(place) {
            return instance.deadline();
        }
        self.extras[place - self.instances.len()].deadline()
    }

    fn expire(&mut self, place: usize, now: Instant) {
        if place < self.units.len() {
            return self.expire_unit(UnitId(place as u16), now);
        }
        let place = place - self.units.len();
        if place < self.listeners.len() {
            return self.expire_listener(ListenerId(place as u16));
        }
        let place = place - self.listeners.len();
        if place < self.instances.len() {
            return self.expire_instance(InstanceId(place as u16), now);
        }
        self.expire_extra(place - self.instances.len(), now);
    }

    fn expire_extra(&mut self, place: usize, now: Instant) {
        if !features::RELATIONS && !features::JOB_TIMEOUTS {
            return;
        }
        let extra = &mut self.extras[place];
        let unit = extra.unit;
        if extra.look_at.take_if(|at| *at <= now).is_some() {
            self.look_at_again(unit);
        }
        if self.extras[place].job_due.take_if(|due| *due <= now).is_some() {
            self.end_late_job(unit, now);
        }
    }

    pub(super) fn find_soonest(&mut self) {
        self.schedule.soonest =
            (0..self.places()).filter_map(|place| self.deadline_of(place)).min();
        self.schedule.stale = false;
    }

    fn expire_unit(&mut self, unit: UnitId, now: Instant) {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        let state = self.units.at(unit);
        if is_due(state.checker_due()) {
            return self.checker_step(unit, worker::Input::Elapsed, now);
        }
        if is_due(state.worker().and_then(Worker::due)) {
            return self.worker_step(unit, worker::Input::Elapsed, now);
        }
        match self.units.at(unit).kind {
            KindState::Service(_) => self.service_step(unit, service::Input::Elapsed, now),
            KindState::Socket(_) => {
                let view = self.service_view(unit);
                self.socket_step(unit, socket::Input::Elapsed(view), now);
            }
            KindState::Template(_) => self.expire_template(unit, now),
            KindState::Timer(_) => self.expire_timer(unit, now),
            KindState::Path(_) => self.path_step(unit, path::Input::Elapsed, now),
            KindState::Target { .. } | KindState::Mount(_) => bug!("these have no deadline"),
        }
    }
}
