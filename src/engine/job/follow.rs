//! What a change of one unit means for others: it is written down as bits of the unit, and done
//! by [`Engine::follow_one`], one unit at a time.

use unit::control::{ActiveState, JobKind, JobResult, SubState};
use unit::{Millis, RateLimit, UnitId};

use super::Wish;
use crate::engine::manager::Engine;
use crate::engine::state::Before;
use crate::engine::time::Instant;
use crate::features;

/// Starts of an upheld unit, and stops of an unneeded one, that nobody asked for: as systemd has
/// it. One more waits for the end of the window.
const BY_ITSELF: RateLimit = RateLimit { interval: Millis(10_000), burst: 16 };

/// What has happened to a unit that its relations are about. A set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) struct Follow(u8);

impl Follow {
    pub(in crate::engine) const NONE: Self = Self(0);
    /// It has failed, or its start was refused for what it needs.
    const FAILED: Self = Self(1);
    /// It has ended, and not failed.
    const ENDED: Self = Self(2);
    /// It goes down, and nobody said so.
    const DOWN: Self = Self(4);
    /// Its state is another one, or its job is over.
    const CHANGED: Self = Self(8);

    const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    const fn with_if(self, more: Self, condition: bool) -> Self {
        if condition { Self(self.0 | more.0) } else { self }
    }
}

const fn is_up(state: ActiveState) -> bool {
    match state {
        ActiveState::Active | ActiveState::Reloading | ActiveState::Activating => true,
        ActiveState::Inactive | ActiveState::Deactivating | ActiveState::Failed => false,
    }
}

const fn is_down(state: ActiveState) -> bool {
    match state {
        ActiveState::Inactive | ActiveState::Failed => true,
        ActiveState::Active
        | ActiveState::Reloading
        | ActiveState::Activating
        | ActiveState::Deactivating => false,
    }
}

impl Engine<'_, '_> {
    /// Writes down what a new state means for others.
    pub(in crate::engine) fn follow_state(&mut self, unit: UnitId, before: Before) {
        if !features::RELATIONS {
            return;
        }
        let state = self.units.at(unit);
        if !state.related {
            return;
        }
        // A service that is started again was down in between.
        let again = state.sub() == SubState::AutoRestart && before.sub != SubState::AutoRestart;
        let (was, is) = (before.active, state.active());
        let well = !state.result().is_failure();
        let told = state.job.is_some_and(super::Job::will_stop);
        let follow = Follow::CHANGED
            .with_if(Follow::FAILED, is == ActiveState::Failed && was != is || again && !well)
            .with_if(Follow::ENDED, is == ActiveState::Inactive && !is_down(was) || again && well)
            .with_if(Follow::DOWN, !told && is_up(was) && (!is_up(is) || again));
        self.follow(unit, follow);
    }

    /// Writes down what the end of a job means for others.
    pub(super) fn follow_job(&mut self, unit: UnitId, kind: JobKind, result: JobResult) {
        if !features::RELATIONS || !self.units.at(unit).related {
            return;
        }
        let refused = match result {
            JobResult::Timeout | JobResult::Dependency => kind == JobKind::Start,
            JobResult::Done
            | JobResult::Canceled
            | JobResult::Failed
            | JobResult::Skipped
            | JobResult::Assert => false,
        };
        self.follow(unit, Follow::CHANGED.with_if(Follow::FAILED, refused));
        let relations = self.table.edges(unit).relations();
        if kind == JobKind::Stop && result == JobResult::Canceled {
            // It stays up: who conflicts with it cannot start.
            for other in relations.conflicted_by.iter() {
                self.fail_start_of(other);
            }
        }
        let is_gone = self.units.at(unit).active() == ActiveState::Inactive;
        if kind == JobKind::Start && result == JobResult::Done && is_gone {
            // A requisite that is over already is none.
            for other in self.table.edges(unit).required_by.iter() {
                if self.table.edges(other).relations().requisite.contains(unit) {
                    self.fail_start_of(other);
                }
            }
        }
    }

    fn follow(&mut self, unit: UnitId, more: Follow) {
        let follow = &mut self.units.at_mut(unit).follow;
        self.follow_pending += u16::from(*follow == Follow::NONE);
        *follow = Follow(follow.0 | more.0);
    }

    /// Does what follows from the changes of one unit.
    pub(in crate::engine) fn follow_one(&mut self, now: Instant) -> bool {
        if !features::RELATIONS || self.follow_pending == 0 {
            return false;
        }
        let Some(index) = self.units.iter().position(|state| state.follow != Follow::NONE) else {
            bug!("units with something to follow are counted");
        };
        let unit = UnitId(index as u16);
        let follow = core::mem::replace(&mut self.units.at_mut(unit).follow, Follow::NONE);
        self.follow_pending -= 1;
        let relations = self.table.edges(unit).relations();
        if follow.has(Follow::DOWN) {
            for other in relations.bound_by.iter().chain(relations.stop_to.iter()) {
                if self.is_concerned(other) {
                    self.enqueue_by_itself(Wish::new(JobKind::Stop, other), now);
                }
            }
        }
        for (happened, list, mode) in [
            (Follow::FAILED, relations.on_failure, relations.on_failure_mode),
            (Follow::ENDED, relations.on_success, relations.on_success_mode),
        ] {
            for other in list.iter().filter(|_| follow.has(happened)) {
                self.enqueue_by_itself(Wish { kind: JobKind::Start, unit: other, mode }, now);
            }
        }
        if follow.has(Follow::CHANGED) {
            self.look_at(unit, now);
            for other in relations.releases.iter().chain(relations.upholds.iter()) {
                self.look_at(other, now);
            }
            for other in relations.bound_by.iter() {
                self.look_at(other, now);
            }
        }
        true
    }

    /// Stops the unit if it should not be up, starts it if it should.
    fn look_at(&mut self, unit: UnitId, now: Instant) {
        let kind = if self.is_unneeded(unit) || self.is_bound_to_nothing(unit) {
            JobKind::Stop
        } else if self.is_upheld(unit) {
            JobKind::Start
        } else {
            return;
        };
        if let Some(extra) = self.extras.iter_mut().find(|extra| extra.unit == unit)
            && let Err(until) = extra.by_itself.take(BY_ITSELF, now)
        {
            extra.look_at = Some(until);
            self.note_deadline(Some(until));
            return;
        }
        self.enqueue_by_itself(Wish::new(kind, unit), now);
    }

    /// The moment for another look has come.
    pub(in crate::engine) fn look_at_again(&mut self, unit: UnitId) {
        self.follow(unit, Follow::CHANGED);
    }

    fn is_steady(&self, unit: UnitId, active: bool) -> bool {
        let state = self.units.at(unit);
        let fits = match state.active() {
            ActiveState::Active | ActiveState::Reloading => active,
            ActiveState::Inactive | ActiveState::Failed => !active,
            ActiveState::Activating | ActiveState::Deactivating => false,
        };
        fits && state.job.is_none()
    }

    fn is_unneeded(&self, unit: UnitId) -> bool {
        let relations = self.table.edges(unit).relations();
        relations.stop_when_unneeded
            && self.is_steady(unit, true)
            && relations.needed_by.iter().all(|other| self.is_steady(other, false))
    }

    fn is_bound_to_nothing(&self, unit: UnitId) -> bool {
        let binds_to = self.table.edges(unit).relations().binds_to;
        self.is_steady(unit, true) && binds_to.iter().any(|other| self.is_steady(other, false))
    }

    fn is_upheld(&self, unit: UnitId) -> bool {
        let upheld_by = self.table.edges(unit).relations().upheld_by;
        self.is_steady(unit, false) && upheld_by.iter().any(|other| self.is_steady(other, true))
    }
}
