//! Transactions: a wish marks every unit it concerns until nothing new is marked; what
//! contradicts itself is settled; then the marks become jobs. As systemd does it, systemd(1).
//!
//! Marks are bits that are only ever added, so that the passes end. A job that is given up to
//! settle a contradiction is remembered as a mark, too, and everything is marked anew without it:
//! at most twice for each unit.

use unit::control::{ActiveState, JobKind, JobResult, Refusal, ShutdownKind};
use unit::{JobMode, Kind, UnitId};

use super::Job;
use crate::engine::manager::Engine;
use crate::engine::state::KindState;
use crate::engine::time::Instant;
use crate::engine::trace::Trace;
use crate::features;

/// What somebody wants of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) struct Wish {
    pub(in crate::engine) kind: JobKind,
    pub(in crate::engine) unit: UnitId,
    pub(in crate::engine) mode: JobMode,
}

impl Wish {
    /// One that takes the place of other jobs.
    pub(in crate::engine) const fn new(kind: JobKind, unit: UnitId) -> Self {
        Self { kind, unit, mode: JobMode::Replace }
    }
}

/// What a transaction that is being built wants of a unit. A set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) struct Mark(u16);

impl Mark {
    pub(in crate::engine) const NONE: Self = Self(0);
    const START: Self = Self(1);
    const RESTART: Self = Self(2);
    const STOP: Self = Self(4);
    const RELOAD: Self = Self(8);
    /// It is up already, and needed: an isolation leaves it alone.
    const KEEP: Self = Self(16);
    /// Without its start or restart what was wished for cannot be.
    const START_MATTERS: Self = Self(32);
    /// Nor without its stop.
    const STOP_MATTERS: Self = Self(64);
    /// A unit that is to start conflicts with it.
    const CONFLICTED: Self = Self(128);
    /// It is started again by itself: what requires it is restarted.
    const AGAIN: Self = Self(1024);
    /// Its start was given up.
    const NO_START: Self = Self(256);
    /// Its stop was given up.
    const NO_STOP: Self = Self(512);
    /// Either of the two.
    const UP: Self = Self(Self::START.0 | Self::RESTART.0);
    const GIVEN_UP: Self = Self(Self::NO_START.0 | Self::NO_STOP.0);

    const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// With `more` if `condition`.
    const fn with_if(self, more: Self, condition: bool) -> Self {
        if condition { self.with(more) } else { self }
    }

    const fn job(self) -> Option<JobKind> {
        if self.has(Self::STOP) {
            Some(JobKind::Stop)
        } else if self.has(Self::RESTART) {
            Some(JobKind::Restart)
        } else if self.has(Self::START) {
            Some(JobKind::Start)
        } else if self.has(Self::RELOAD) {
            Some(JobKind::Reload)
        } else {
            None
        }
    }

    /// That its job matters, if it does, for a job that it needs.
    const fn matters(self) -> Self {
        Self::NONE.with_if(Self::START_MATTERS, self.has(Self::START_MATTERS))
    }

    const fn stop_matters(self) -> Self {
        Self::NONE.with_if(Self::STOP_MATTERS, self.has(Self::STOP_MATTERS))
    }
}

impl Engine<'_, '_> {
    /// A start that nobody waits for: at boot, by traffic, after a failure.
    pub(in crate::engine) fn start_by_itself(&mut self, unit: UnitId, now: Instant) {
        self.enqueue_by_itself(Wish::new(JobKind::Start, unit), now);
        if let Some(job) = &mut self.units.at_mut(unit).job {
            job.auto = true;
        }
    }

    /// As [`Self::start_by_itself`], after an end: what requires the unit is restarted.
    pub(in crate::engine) fn restart_by_itself(&mut self, unit: UnitId, now: Instant) {
        self.units.at_mut(unit).mark = Mark::AGAIN;
        self.start_by_itself(unit, now);
    }

    /// A wish of nobody who could be told that it is refused.
    pub(in crate::engine) fn enqueue_by_itself(&mut self, wish: Wish, now: Instant) {
        if !self.phase.is_up() {
            self.units.at_mut(wish.unit).mark = Mark::NONE;
        } else if let Err(refusal) = self.enqueue(wish, now) {
            self.note(Trace::JobRefused { unit: wish.unit, kind: wish.kind, refusal }, now);
        }
    }

    /// Turns a wish into jobs for the unit and everything it concerns, or into none at all.
    pub(in crate::engine) fn enqueue(&mut self, wish: Wish, now: Instant) -> Result<(), Refusal> {
        let marked = self.mark_all(wish, false);
        let result = marked.and_then(|()| self.check_installed(wish.mode));
        if result.is_ok() {
            self.apply(wish, now);
        }
        self.clear_marks(Mark::NONE);
        result
    }

    /// Lets every unit stop but those that `target` needs on the way down.
    pub(in crate::engine) fn enqueue_stop_of_all(&mut self, target: Option<UnitId>, now: Instant) {
        self.clear_marks(Mark::NONE);
        if let Some(target) = target.filter(|_| features::SHUTDOWN_UNITS) {
            let wish = Wish::new(JobKind::Start, target);
            if self.mark_all(Wish { mode: JobMode::Isolate, ..wish }, true).is_err() {
                self.clear_marks(Mark::NONE);
            }
        }
        for unit in self.table.ids() {
            let state = self.units.at(unit);
            // What has failed may be waiting to be tried again: that must end too.
            let idle = state.active() == ActiveState::Inactive && state.job.is_none();
            let idle = idle || self.moves_along(unit);
            let kind = match state.mark.job() {
                Some(kind) => kind,
                None if idle || state.mark.has(Mark::KEEP) => continue,
                None => JobKind::Stop,
            };
            self.set_job(unit, kind, now);
        }
        self.clear_marks(Mark::NONE);
    }

    fn clear_marks(&mut self, but: Mark) {
        for unit in self.table.ids() {
            let mark = &mut self.units.at_mut(unit).mark;
            *mark = Mark(mark.0 & but.0);
        }
    }

    /// Marks until nothing contradicts itself.
    fn mark_all(&mut self, wish: Wish, all: bool) -> Result<(), Refusal> {
        loop {
            self.clear_marks(Mark::GIVEN_UP.with(Mark::AGAIN));
            let given_up = self.given_up();
            let mark = match wish.kind {
                JobKind::Start => Mark::START.with(Mark::START_MATTERS),
                JobKind::Restart => Mark::RESTART.with(Mark::START_MATTERS),
                JobKind::Stop => Mark::STOP.with(Mark::STOP_MATTERS),
                JobKind::Reload => Mark::RELOAD,
            };
            if !self.mark(wish.unit, mark) {
                return Err(Refusal::Contradiction);
            }
            match wish.mode {
                JobMode::IgnoreDependencies | JobMode::IgnoreRequirements => return Ok(()),
                JobMode::Isolate => {
                    self.spread_all(true);
                    self.mark_strangers(all);
                }
                JobMode::Replace
                | JobMode::ReplaceIrreversibly
                | JobMode::Fail
                | JobMode::Flush => {}
            }
            self.spread_all(false);
            if self.given_up() == given_up && self.settle_one(wish.mode)? {
                return Ok(());
            }
        }
    }

    fn given_up(&self) -> usize {
        if !features::RELATIONS && !features::COMMAND_LINE {
            return 0;
        }
        let bits = |mark: Mark| (mark.0 & Mark::GIVEN_UP.0).count_ones() as usize;
        self.units.iter().map(|state| bits(state.mark)).sum()
    }

    /// `keep`: what is up already is marked, too, if it is needed.
    fn spread_all(&mut self, keep: bool) {
        let keep = keep && (features::ISOLATE || features::SHUTDOWN_UNITS);
        while self.spread_marks(keep) || self.spread_stops_gracefully() {}
    }

    /// One pass over the marks: true if it has made new ones.
    fn spread_marks(&mut self, keep: bool) -> bool {
        let mut spread = false;
        for unit in self.table.ids() {
            // Most have none, and are not worth a look into the table.
            let mark = self.units.at(unit).mark;
            if mark == Mark::NONE {
                continue;
            }
            let edges = self.table.edges(unit);
            // What belongs to the end of the run comes when that has begun.
            let is_end = features::SHUTDOWN_UNITS
                && self.phase.is_up()
                && !matches!(edges.relations().ends, None | Some(ShutdownKind::SwitchRoot));
            if mark.has(Mark::UP.with(Mark::KEEP)) && !is_end {
                for other in edges.requires.iter() {
                    spread |= self.pull(unit, other, keep);
                }
                for other in edges.wants.iter() {
                    spread |= self.want(mark, other, keep);
                }
            }
            if mark.has(Mark::STOP) {
                for other in edges.required_by.iter() {
                    spread |= self.stop_too(other, mark);
                }
            } else if mark.has(Mark::RESTART.with(Mark::AGAIN)) {
                for other in edges.required_by.iter() {
                    spread |= self.restart_too(other, mark);
                }
            }
            if !edges.more.is_empty() {
                spread |= self.spread_relations(unit, mark);
            }
        }
        spread
    }

    /// A start of `unit` asks for one of `other`, and cannot do without.
    fn pull(&mut self, unit: UnitId, other: UnitId, keep: bool) -> bool {
        let mark = self.units.at(unit).mark;
        let spread = self.want(mark, other, keep);
        let needed = mark.has(Mark::UP) && !self.is_up(other);
        if needed && !self.mark(other, mark.matters()) {
            return !mark.has(Mark::NO_START) && self.mark(unit, Mark::NO_START);
        }
        spread
    }

    /// A start asks for one of `other`.
    fn want(&mut self, by: Mark, other: UnitId, keep: bool) -> bool {
        let before = self.units.at(other).mark;
        if keep && self.is_concerned(other) {
            self.mark(other, Mark::KEEP);
        }
        if by.has(Mark::UP) && !self.is_up(other) {
            self.mark(other, Mark::START);
        }
        before != self.units.at(other).mark
    }

    fn stop_too(&mut self, other: UnitId, by: Mark) -> bool {
        let before = self.units.at(other).mark;
        if self.may_be_up(other) || before.has(Mark::UP) {
            self.mark(other, Mark::STOP.with(by.stop_matters()));
        }
        before != self.units.at(other).mark
    }

    fn restart_too(&mut self, other: UnitId, by: Mark) -> bool {
        let before = self.units.at(other).mark;
        if self.is_up(other) {
            self.mark(other, Mark::RESTART.with(by.matters()));
        }
        before != self.units.at(other).mark
    }

    /// The rarer relations of a marked unit.
    fn spread_relations(&mut self, unit: UnitId, mark: Mark) -> bool {
        if !features::RELATIONS {
            return false;
        }
        let mut spread = false;
        let relations = self.table.edges(unit).relations();
        if mark.has(Mark::UP) {
            let conflict = Mark::STOP.with(Mark::CONFLICTED);
            let conflict = conflict.with_if(Mark::STOP_MATTERS, mark.has(Mark::START_MATTERS));
            for other in relations.conflicts.iter() {
                let before = self.units.at(other).mark;
                let there = self.may_be_up(other) || before.has(Mark::UP);
                if there && !self.mark(other, conflict) {
                    self.mark(unit, Mark::NO_START);
                }
                spread |= before != self.units.at(other).mark;
            }
            for other in relations.conflicted_by.iter() {
                spread |= self.stop_too(other, Mark::NONE);
            }
            spread |= self.units.at(unit).mark != mark;
        }
        for other in relations.consists_of.iter() {
            if mark.has(Mark::STOP) {
                spread |= self.stop_too(other, mark);
            } else if mark.has(Mark::RESTART) {
                spread |= self.restart_too(other, mark);
            }
        }
        if mark.has(Mark::RELOAD) {
            for other in relations.reload_to.iter() {
                let before = self.units.at(other).mark;
                if self.is_up(other) && self.can_reload(other) {
                    self.mark(other, Mark::RELOAD);
                }
                spread |= before != self.units.at(other).mark;
            }
        }
        spread
    }

    /// `PropagatesStopTo=` comes last: a unit that is to start anyway is restarted instead.
    fn spread_stops_gracefully(&mut self) -> bool {
        if !features::RELATIONS {
            return false;
        }
        for unit in self.table.ids() {
            let mark = self.units.at(unit).mark;
            if !mark.has(Mark::STOP.with(Mark::RESTART)) {
                continue;
            }
            for other in self.table.edges(unit).relations().stop_to.iter() {
                let before = self.units.at(other).mark;
                if before.has(Mark::STOP.with(Mark::RESTART)) || !self.may_be_up(other) {
                    continue;
                }
                let kind = if before.has(Mark::START) { Mark::RESTART } else { Mark::STOP };
                self.mark(other, kind.with(mark.stop_matters()));
                if before != self.units.at(other).mark {
                    return true;
                }
            }
        }
        false
    }

    /// Lets everything stop that is not marked: `isolate`. `all`: whatever it says of that.
    fn mark_strangers(&mut self, all: bool) {
        if !features::ISOLATE && !features::SHUTDOWN_UNITS {
            return;
        }
        for unit in self.table.ids() {
            let state = self.units.at(unit);
            let kept = |other: UnitId| {
                self.units.at(other).mark.has(Mark::UP.with(Mark::KEEP))
                    && self.triggered_by(other) == Some(unit)
            };
            let stays = self.table.ids().any(kept);
            let ignores = self.table.edges(unit).relations().ignore_on_isolate;
            if !all && (stays || ignores) || state.mark.has(Mark(!Mark::GIVEN_UP.0)) {
                continue;
            }
            if self.may_be_up(unit) || state.job.is_some() {
                self.mark(unit, Mark::STOP.with(Mark::STOP_MATTERS));
            }
        }
    }

    /// The unit that a unit is there to start.
    fn triggered_by(&self, unit: UnitId) -> Option<UnitId> {
        match self.table.kind(unit) {
            Kind::Socket(socket) => Some(socket.service),
            Kind::Timer(timer) => Some(timer.unit),
            Kind::Path(path) => Some(path.unit),
            Kind::Target | Kind::Slice | Kind::Service(_) | Kind::Mount(_) => None,
        }
    }

    /// Gives up one job that contradicts another of the same unit. `Ok(true)`: there is none.
    fn settle_one(&mut self, mode: JobMode) -> Result<bool, Refusal> {
        if !features::RELATIONS {
            return Ok(true);
        }
        for unit in self.table.ids() {
            let mark = self.units.at(unit).mark;
            let stop_matters = mark.has(Mark::STOP_MATTERS);
            let give_up = match (mark.has(Mark::UP), mark.has(Mark::STOP)) {
                (true, true) if !mark.has(Mark::START_MATTERS) => {
                    let start = stop_matters || mark.has(Mark::CONFLICTED);
                    if start { Mark::NO_START } else { Mark::NO_STOP }
                }
                (true, true) if stop_matters => return Err(Refusal::Contradiction),
                (true, true) => Mark::NO_STOP,
                // What was asked for politely ends nothing that it need not.
                (false, true) if mode == JobMode::Fail && !stop_matters && self.is_up(unit) => {
                    Mark::NO_STOP
                }
                (false, _) | (_, false) => continue,
            };
            self.mark(unit, give_up);
            return Ok(false);
        }
        Ok(true)
    }

    /// Adds to a unit's marks. False if the job was given up.
    fn mark(&mut self, unit: UnitId, more: Mark) -> bool {
        let state = self.units.at_mut(unit);
        let (mark, masked) = (&mut state.mark, features::COMMAND_LINE && state.masked);
        let starts = Mark::UP.with(Mark::START_MATTERS);
        if more.has(starts) && (masked || mark.has(Mark::NO_START))
            || more.has(Mark::STOP) && mark.has(Mark::NO_STOP)
        {
            return false;
        }
        *mark = mark.with(more);
        true
    }

    /// Whether jobs that are there already let the marks become jobs.
    fn check_installed(&self, mode: JobMode) -> Result<(), Refusal> {
        let contradicted = |job: Job, mark: Mark| {
            let polite = mode == JobMode::Fail;
            (polite || job.irreversible) && mark.job().is_some_and(|kind| job.contradicts(kind))
        };
        let mut jobs = self.units.iter().filter_map(|state| Some((state.job?, state.mark)));
        match jobs.any(|(job, mark)| contradicted(job, mark)) {
            true => Err(Refusal::Destructive),
            false => Ok(()),
        }
    }

    fn apply(&mut self, wish: Wish, now: Instant) {
        let mode = wish.mode;
        let paced = matches!(self.units.at(wish.unit).kind, KindState::Target { .. });
        for unit in self.table.ids() {
            let state = self.units.at(unit);
            let Some(kind) = state.mark.job() else {
                let flushed = state.job.is_some_and(|job| !job.irreversible);
                if features::RELATIONS && mode == JobMode::Flush && flushed {
                    self.finish_job(unit, JobResult::Canceled, now);
                }
                continue;
            };
            self.set_job(unit, kind, now);
            if let Some(job) = &mut self.units.at_mut(unit).job {
                job.paced |= features::PARALLEL_STARTS && paced && job.kind == JobKind::Start;
                job.irreversible |= mode == JobMode::ReplaceIrreversibly;
                job.unordered |= mode == JobMode::IgnoreDependencies;
            }
        }
        if features::RELATIONS {
            self.fail_without_requisites();
        }
    }

    /// `Requisite=`: a start whose requisite is not up, nor will be, fails.
    fn fail_without_requisites(&mut self) {
        for unit in self.table.ids() {
            if !self.units.at(unit).mark.has(Mark::UP) {
                continue;
            }
            let requisite = self.table.edges(unit).relations().requisite;
            if requisite.iter().all(|other| self.is_concerned(other)) {
                continue;
            }
            if let Some(job) = &mut self.units.at_mut(unit).job {
                job.dependency_failed |= job.kind == JobKind::Start;
            }
        }
    }

    /// Up, or on its way up, and not about to be stopped.
    pub(in crate::engine) fn is_up(&self, unit: UnitId) -> bool {
        let state = self.units.at(unit);
        let stopping = state.job.is_some_and(|job| job.kind == JobKind::Stop);
        match state.active() {
            ActiveState::Active | ActiveState::Reloading | ActiveState::Activating => !stopping,
            ActiveState::Inactive | ActiveState::Deactivating | ActiveState::Failed => false,
        }
    }

    /// Up, on its way up, or about to be.
    pub(in crate::engine) fn is_concerned(&self, unit: UnitId) -> bool {
        let will_start = self.units.at(unit).job.is_some_and(Job::will_start);
        self.is_up(unit) || will_start
    }

    /// As [`Self::is_concerned`]; and who ends without having been asked to, who may come back.
    fn may_be_up(&self, unit: UnitId) -> bool {
        let state = self.units.at(unit);
        let ends_by_itself = state.active() == ActiveState::Deactivating && state.job.is_none();
        ends_by_itself || self.is_concerned(unit)
    }
}
