//! Sockets, timers and paths among the other units: what they are told of the units that they
//! start, and what timers ask for.

use unit::control::{ActiveState, JobKind, SubState};
use unit::{Kind, ListenerId, UnitId};

use super::manager::Engine;
use super::socket::ServiceView;
use super::state::KindState;
use super::time::Instant;
use super::timer::{Context, Input, Timer, View};
use super::trace::Trace;
use super::{path, prng, service, socket};
use crate::features;

/// What differs from board to board, and from boot to boot.
#[derive(Clone, Copy, Default, Debug)]
pub struct Luck {
    /// Another number at every boot.
    pub boot: u64,
    /// A number that a board keeps.
    pub board: u64,
}

impl Engine<'_, '_> {
    /// Says what chance has to say, before anything else happens.
    pub const fn set_luck(&mut self, luck: Luck) {
        self.luck = luck;
    }

    pub(super) fn mark_dirty(&mut self, unit: UnitId) {
        let state = self.units.at_mut(unit);
        if !state.dirty {
            state.dirty = true;
            self.dirty_pending += 1;
        }
    }

    pub(super) fn socket_step(&mut self, unit: UnitId, input: socket::Input, now: Instant) {
        let config = self.table.socket(unit);
        let before = self.units.at(unit).before();
        let outcome = self.socket(unit).step(unit, &config, input, now);
        for action in outcome.actions {
            self.push(action);
        }
        if outcome.trigger {
            self.start_by_itself(config.service, now);
            // If it may not be started just now, the connection must not be forgotten: it is
            // looked for again, and the trigger limit holds that in bounds.
            if self.service_view(unit) == ServiceView::Idle {
                self.mark_dirty(unit);
            }
        }
        if let socket::State::Paused { until } = self.socket(unit).state
            && before.sub != SubState::Paused
        {
            self.note(Trace::Paused { unit, until }, now);
        }
        self.changed(unit, before, now);
    }

    /// Whatever may have waited for it is due now.
    pub(super) fn on_address_appeared(&mut self, now: Instant) {
        if !features::ADDRESSES {
            return;
        }
        for unit in self.table.ids() {
            if let KindState::Socket(socket) = &self.units.at(unit).kind
                && socket.retry().is_some()
            {
                self.socket_step(unit, socket::Input::AddressAppeared, now);
            }
        }
    }

    pub(super) fn on_hung_up(&mut self, listener: ListenerId, now: Instant) {
        let unit = self.listeners.at(listener).owner;
        if self.socket(unit).is_open() {
            self.note(Trace::Reopened { listener, unit }, now);
        }
        self.socket_step(unit, socket::Input::HungUp, now);
    }

    /// What the service behind a socket is doing.
    pub(super) fn service_view(&mut self, socket: UnitId) -> ServiceView {
        let service = self.socket(socket).service;
        let state = self.units.at(service);
        match &state.kind {
            KindState::Template(_) => ServiceView::Idle,
            KindState::Service(service) => {
                let start_pending = state.job.is_some_and(|job| job.will_start());
                match service.state {
                    service::State::Failed { until: Some(until) } => ServiceView::Barred(until),
                    service::State::Dead
                    | service::State::Failed { until: None }
                    | service::State::AutoRestart { .. }
                        if !start_pending =>
                    {
                        ServiceView::Idle
                    }
                    service::State::Dead
                    | service::State::Failed { until: None }
                    | service::State::AutoRestart { .. }
                    | service::State::Helper { .. }
                    | service::State::Start { .. }
                    | service::State::Forked { .. }
                    | service::State::Running { .. }
                    | service::State::Exited
                    | service::State::Reloading { .. }
                    | service::State::Signaled { .. } => ServiceView::Busy,
                }
            }
            KindState::Target { .. }
            | KindState::Socket(_)
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => {
                bug!("a socket starts a service")
            }
        }
    }

    /// Lets one of those that start others look again at what it starts.
    pub(super) fn look_again_at_one(&mut self, now: Instant) -> bool {
        if self.dirty_pending == 0 {
            return false;
        }
        let Some(index) = self.units.iter().position(|state| state.dirty) else {
            bug!("dirty units are counted");
        };
        let unit = UnitId(index as u16);
        self.units.at_mut(unit).dirty = false;
        self.dirty_pending -= 1;
        match self.units.at(unit).kind {
            KindState::Timer(timer) => {
                let told = timer.clock_changed;
                self.timer(unit).clock_changed = false;
                let input = if told { Input::ClockChanged } else { Input::UnitChanged };
                self.timer_step(unit, input, now);
            }
            KindState::Socket(_) => {
                let view = self.service_view(unit);
                self.socket_step(unit, socket::Input::ServiceChanged(view), now);
            }
            KindState::Path(_) => self.path_step(unit, path::Input::UnitChanged, now),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Template(_)
            | KindState::Mount(_) => {
                bug!("only who starts others looks again")
            }
        }
        true
    }

    pub(super) fn timer(&mut self, unit: UnitId) -> &mut Timer {
        let KindState::Timer(timer) = &mut self.units.at_mut(unit).kind else {
            bug!("not a timer")
        };
        timer
    }

    pub(super) fn timer_step(&mut self, unit: UnitId, input: Input, now: Instant) {
        if !features::TIMERS {
            return;
        }
        let Kind::Timer(config) = self.table.kind(unit) else { bug!("not a timer") };
        let setup = &config.setup();
        let random_us = self.random_delay(unit, setup);
        let view = self.view(config.unit);
        let (startup, phase_us) = (self.startup, self.luck.board);
        let wall_us = self.wall_us;
        let cx = Context { unit, setup, view, startup, wall_us, random_us, phase_us, now };
        let before = self.units.at(unit).before();
        let outcome = self.timer(unit).step(&cx, input);
        if let Some(action) = outcome.action.filter(|_| features::STAMPS) {
            self.push(action);
        }
        if outcome.start {
            self.start_by_itself(config.unit, now);
        }
        self.changed(unit, before, now);
    }

    pub(super) fn on_stamp_taken(&mut self, unit: UnitId, us: u64, now: Instant) {
        if features::STAMPS {
            self.timer_step(unit, Input::Stamp(us), now);
        }
    }

    /// The clock on the wall shows another time now: all timers look again.
    pub(super) fn on_clock_changed(&mut self, wall_us: i64) {
        if !features::CALENDARS {
            return;
        }
        self.wall_us = wall_us;
        for unit in self.table.ids() {
            if matches!(self.units.at(unit).kind, KindState::Timer(_)) {
                self.timer(unit).clock_changed = true;
                self.mark_dirty(unit);
            }
        }
    }

    /// A timer's time has come.
    pub(super) fn expire_timer(&mut self, unit: UnitId, now: Instant) {
        let job = self.units.at(unit).job;
        let may_start = job.is_none_or(|job| job.kind != JobKind::Stop);
        self.timer_step(unit, Input::Elapsed(may_start), now);
    }

    /// What a timer keeps: when it last elapsed, on the wall, in microseconds since 1970.
    pub fn stamp_of(&self, unit: UnitId) -> u64 {
        match &self.units.at(unit).kind {
            KindState::Timer(timer) => timer.since_us,
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_)
            | KindState::Path(_)
            | KindState::Mount(_) => 0,
        }
    }

    fn random_delay(&mut self, unit: UnitId, setup: &unit::TimerSetup<'_>) -> u64 {
        if setup.random_us == 0 {
            return 0;
        }
        let random = if setup.random_is_fixed {
            let name = unit::wire::crc32(self.table.name(unit).as_bytes());
            prng::mix(self.luck.board ^ u64::from(name))
        } else {
            self.luck.boot = prng::next(self.luck.boot);
            prng::mix(self.luck.boot)
        };
        random % (setup.random_us + 1)
    }

    /// What a unit is doing, as far as it concerns who starts it.
    pub(super) fn view(&self, unit: UnitId) -> View {
        let state = self.units.at(unit);
        let is_up = !is_down(state.active()) || state.job.is_some_and(|job| job.will_start());
        let barred = match &state.kind {
            KindState::Service(service) => match service.state {
                service::State::Failed { until } => until,
                service::State::Dead
                | service::State::Helper { .. }
                | service::State::Start { .. }
                | service::State::Forked { .. }
                | service::State::Running { .. }
                | service::State::Exited
                | service::State::Reloading { .. }
                | service::State::Signaled { .. }
                | service::State::AutoRestart { .. } => None,
            },
            KindState::Target { .. }
            | KindState::Socket(_)
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => None,
        };
        View { is_up, barred }
    }

    /// A unit has changed its state: those that start it look again.
    pub(super) fn tell_starters(&mut self, unit: UnitId, before: ActiveState, now: Instant) {
        if !features::TIMERS && !features::PATHS {
            return;
        }
        let (was_down, is_down) = (is_down(before), is_down(self.units.at(unit).active()));
        for starter in self.table.edges(unit).triggered_by.iter() {
            self.mark_dirty(starter);
            let KindState::Timer(timer) = &mut self.units.at_mut(starter).kind else { continue };
            if was_down && !is_down {
                timer.unit_started_at = Some(now);
            } else if !was_down && is_down {
                timer.unit_ended_at = Some(now);
            }
        }
    }

    /// A job has ended: those that start the unit look again, and a timer or path that is not
    /// stopped after all waits on.
    pub(super) fn tell_of_job(&mut self, unit: UnitId) {
        if !features::TIMERS && !features::PATHS {
            return;
        }
        if matches!(self.units.at(unit).kind, KindState::Timer(_) | KindState::Path(_)) {
            self.mark_dirty(unit);
        }
        for starter in self.table.edges(unit).triggered_by.iter() {
            self.mark_dirty(starter);
        }
    }
}

const fn is_down(state: ActiveState) -> bool {
    match state {
        ActiveState::Inactive | ActiveState::Failed => true,
        ActiveState::Activating
        | ActiveState::Active
        | ActiveState::Reloading
        | ActiveState::Deactivating => false,
    }
}
