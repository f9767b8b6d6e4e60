//! Mounts, path units, and the children that work at them and at timers.

use unit::control::{Exit, JobKind, SubState};
use unit::{Kind, UnitId};

use super::action::{Action, Target};
use super::event::Errno;
use super::manager::Engine;
use super::path::{self, Path};
use super::state::KindState;
use super::time::Instant;
use super::trace::Trace;
use super::worker::{self, Next};
use super::{checks::SIGKILL, mount, timer};
use crate::features;

impl Engine<'_, '_> {
    pub(super) fn mount_step(&mut self, unit: UnitId, input: mount::Input, now: Instant) {
        if !features::MOUNTS {
            return;
        }
        let Kind::Mount(config) = self.table.kind(unit) else { bug!("not a mount") };
        let before = self.units.at(unit).before();
        let KindState::Mount(mount) = &mut self.units.at_mut(unit).kind else {
            bug!("not a mount");
        };
        for action in mount.step(unit, &config, input, now) {
            self.push(action);
        }
        self.changed(unit, before, now);
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
        let before = self.units.at(unit).before();
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
            && before.sub != SubState::Paused
        {
            self.note(Trace::Paused { unit, until }, now);
        }
        self.changed(unit, before, now);
    }

    /// What comes of a worker's step.
    pub(super) fn worker_step(&mut self, unit: UnitId, input: worker::Input, now: Instant) {
        if !features::MOUNTS && !features::PATHS && !features::STAMPS {
            return;
        }
        let before = self.units.at(unit).before();
        let Some(worker) = self.units.at_mut(unit).worker_mut() else {
            bug!("nobody works for it");
        };
        let next = worker.step(input, now);
        let pid = worker.pid();
        match next {
            Next::Wait => self.changed(unit, before, now),
            Next::Ask => {
                let work = self.units.at(unit).work(unit);
                self.push(Action::Work(work));
                self.changed(unit, before, now);
            }
            Next::Over(result) => {
                if let Some(pid) = pid {
                    self.push(Action::Kill { target: Target::Child(pid), signal: SIGKILL });
                }
                if self.is_path(unit) {
                    self.path_step(unit, path::Input::GaveUp(result), now);
                } else if self.is_timer(unit) {
                    self.timer_step(unit, timer::Input::GaveUp, now);
                } else {
                    self.mount_step(unit, mount::Input::GaveUp(result), now);
                }
            }
        }
    }

    fn is_path(&self, unit: UnitId) -> bool {
        features::PATHS && matches!(self.units.at(unit).kind, KindState::Path(_))
    }

    fn is_timer(&self, unit: UnitId) -> bool {
        features::STAMPS && matches!(self.units.at(unit).kind, KindState::Timer(_))
    }

    pub(super) fn on_worker_exited(&mut self, unit: UnitId, exit: Exit, now: Instant) {
        if self.is_path(unit) {
            return self.path_step(unit, path::Input::Exited(exit), now);
        }
        let is_timer = self.is_timer(unit);
        match exit {
            // It has never elapsed.
            Exit::Code(timer::ENOENT) if is_timer && self.timer(unit).is_reading() => {}
            Exit::Code(code @ 1..) => {
                self.note(Trace::WorkFailed { unit, errno: Errno(code.into()) }, now);
            }
            Exit::Code(0) | Exit::Signal(_) | Exit::Core(_) => {}
        }
        if is_timer {
            return self.timer_step(unit, timer::Input::Exited(exit), now);
        }
        self.mount_step(unit, mount::Input::Exited(exit), now);
    }
}
