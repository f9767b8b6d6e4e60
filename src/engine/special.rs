//! What signals, keys and the kernel's command line ask for: systemd.special(7), systemd(1).

use unit::control::{JobKind, ShutdownKind};
use unit::{JobMode, Millis, RateLimit, UnitId};

use super::event::Special;
use super::job::Wish;
use super::manager::Engine;
use super::time::Instant;
use crate::features;

/// Ctrl-Alt-Del more often than that is meant seriously.
const PRESSES: RateLimit = RateLimit { interval: Millis(2_000), burst: 7 };

impl Engine<'_, '_> {
    pub(super) fn on_ctrl_alt_del(&mut self, now: Instant) {
        let manager = *self.table.manager();
        if self.presses.take(PRESSES, now).is_err() {
            return self.emergency(manager.ctrl_alt_del_burst, "", now);
        }
        if !self.start_special(Special::CtrlAltDel, now) {
            self.emergency(manager.ctrl_alt_del, "", now);
        }
    }

    pub(super) fn on_special(&mut self, special: Special, now: Instant) {
        if !self.start_special(special, now) && special == Special::PowerFailure {
            // Nothing else is known about it, and the battery does not wait.
            self.begin_shutdown(ShutdownKind::Poweroff, false, now);
        }
    }

    /// False if the board has no such unit.
    fn start_special(&mut self, special: Special, now: Instant) -> bool {
        if !features::SPECIAL_TARGETS && special != Special::Default {
            return false;
        }
        let manager = self.table.manager();
        let place = match special {
            Special::Rescue => 0,
            Special::Emergency => 1,
            Special::PowerFailure => 2,
            Special::KeyboardRequest => 3,
            Special::CtrlAltDel => 4,
            Special::Default => {
                let unit = manager.default_target;
                self.isolate_by_itself(unit, now);
                return true;
            }
        };
        let special_unit = manager.specials.iter().nth(place);
        let Some(unit) = special_unit.filter(|unit| unit.index() < self.units.len()) else {
            return false;
        };
        match special {
            Special::Rescue | Special::Emergency | Special::Default => {
                self.isolate_by_itself(unit, now);
            }
            Special::PowerFailure | Special::KeyboardRequest | Special::CtrlAltDel => {
                self.start_by_itself(unit, now);
            }
        }
        true
    }

    fn isolate_by_itself(&mut self, unit: UnitId, now: Instant) {
        let mode = if features::ISOLATE { JobMode::Isolate } else { JobMode::Replace };
        self.enqueue_by_itself(Wish { kind: JobKind::Start, unit, mode }, now);
    }

    /// Starts what a boot is for; if that cannot be, the shell for such cases, if there is one.
    pub(super) fn on_boot(&mut self, now: Instant) {
        let target = self.boot_target;
        self.start_by_itself(target, now);
        if self.units.at(target).job.is_none() {
            self.on_special(Special::Emergency, now);
        }
    }

    /// A unit that the kernel's command line names is not to start.
    pub(super) fn on_masked(&mut self, unit: UnitId) {
        if features::COMMAND_LINE {
            self.units.at_mut(unit).masked = true;
        }
    }
}
