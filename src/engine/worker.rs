//! Mounts and the children that work at them.

use unit::control::Exit;
use unit::{Kind, UnitId};

use super::event::Errno;
use super::manager::Engine;
use super::mount;
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

    pub(super) fn on_worker_exited(&mut self, unit: UnitId, exit: Exit, now: Instant) {
        if let Exit::Code(code @ 1..) = exit {
            self.note(Trace::MountFailed { unit, errno: Errno(code.into()) }, now);
        }
        self.mount_step(unit, mount::Input::Exited(exit), now);
    }
}
