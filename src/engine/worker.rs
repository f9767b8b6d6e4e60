//! Mounts, path units, and the children that work at them.

use unit::control::{Exit, JobKind, SubState};
use unit::{Kind, UnitId};

use super::event::{Errno, Pid, SpawnError};
use super::manager::Engine;
use super::mount;
use super::path::{self, Path};
use super::state::KindState;
use super::time::Instant;
use super::trace::Trace;
use crate::features;

impl Engine<'_, '_> {
    pub(super) fn mount_step(&mut self, unit: UnitId, input: mount::Input, now: Instant) {
        if !features::MOUNTS {
            return;
        }
        let Kind::Mount(config) = self.table.kind(unit) else { bug!("not a mount") };
        let before = *self.units.at(unit);
        let KindState::Mount(mount) = &mut self.units.at_mut(unit).kind else {
            bug!("not a mount");
        };
        for action in mount.step(unit, &config, input, now) {
            self.push(action);
        }
        self.changed(unit, &before, now);
    }

    pub(super) fn path_step(&mut self, unit: UnitId, input: path::Input, now: Instant) {
        if !features::PATHS {
            return;
        }
        let Kind::Path(config) = self.table.kind(unit) else { bug!("not a path unit") };
        let view = self.view(config.unit);
        let job = self.units.at(unit).job;
        let may_start = job.is_none_or(|job| job.kind != JobKind::Stop);
        let cx = path::Context { unit, config: &config, view, may_start, now };
        let before = *self.units.at(unit);
        let KindState::Path(path) = &mut self.units.at_mut(unit).kind else {
            bug!("not a path unit");
        };
        let outcome = path.step(&cx, input);
        for action in outcome.actions {
            self.push(action);
        }
        if outcome.start {
            self.start_by_itself(config.unit, now);
            // If it may not be started just now, nobody will tell of its end.
            if !self.view(config.unit).is_up {
                self.mark_dirty(unit);
            }
        }
        if let KindState::Path(Path { state: path::State::Paused { until, .. }, .. }) =
            self.units.at(unit).kind
            && before.sub() != SubState::Paused
        {
            self.note(Trace::Paused { unit, until }, now);
        }
        self.changed(unit, &before, now);
    }

    fn is_path(&self, unit: UnitId) -> bool {
        features::PATHS && matches!(self.units.at(unit).kind, KindState::Path(_))
    }

    pub(super) fn on_worker_spawned(&mut self, unit: UnitId, pid: Pid, now: Instant) {
        if self.is_path(unit) {
            self.path_step(unit, path::Input::Spawned(pid), now);
        } else {
            self.mount_step(unit, mount::Input::Spawned(pid), now);
        }
    }

    pub(super) fn on_worker_spawn_failed(&mut self, unit: UnitId, error: SpawnError, now: Instant) {
        if self.is_path(unit) {
            self.path_step(unit, path::Input::SpawnFailed(error), now);
        } else {
            self.mount_step(unit, mount::Input::SpawnFailed(error), now);
        }
    }

    pub(super) fn on_worker_exited(&mut self, unit: UnitId, exit: Exit, now: Instant) {
        if let Exit::Code(code @ 1..) = exit {
            self.note(Trace::MountFailed { unit, errno: Errno(code.into()) }, now);
        }
        self.mount_step(unit, mount::Input::Exited(exit), now);
    }
}
