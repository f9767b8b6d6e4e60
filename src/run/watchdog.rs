//! The hardware watchdog: fed from the moment its device is there, before anything else that a
//! turn does and between the actions of a long one, and only while the board is of use.
//!
//! A PID 1 that does not come round feeds nobody: then the board is reset. So it is when a unit
//! of `WatchdogUnits=` has failed and stays so. On the way down it is fed whoever has failed.

use unit::control::WatchdogState;
use unit::{HardwareWatchdog, Manager, Millis, UnitId};

use rustix::io::Errno;

use super::Pilot;
use crate::engine::Instant;
use crate::features;
use crate::log;
use crate::reason::Reason;
use crate::sys::clock;
use crate::sys::watchdog::{self, Watchdog};

/// Between two looks for a device that is not there, and most between two for units that have
/// failed.
const LOOK: Millis = Millis(1000);
/// Between two feeds where the driver does not tell its time-out, and no other is set.
const UNKNOWN: Millis = Millis(1000);

/// Who feeds it.
pub(super) struct Feeder {
    /// `None` on boards that feed none, and once it was stopped.
    setup: Option<HardwareWatchdog<'static>>,
    watchdog: Option<Watchdog>,
    /// Why it could not be opened.
    error: Option<Errno>,
    due: Instant,
    /// Half of its time-out.
    interval: Millis,
    /// For this unit's sake it is not fed.
    withheld: Option<UnitId>,
    /// The time-out is that of the way down.
    ending: bool,
    /// It is why the board was started.
    has_reset: bool,
    /// The console does not know yet how it is.
    untold: bool,
}

impl Feeder {
    /// Opens the watchdog, which feeds it for the first time. Nothing is said: there may be no
    /// console yet.
    pub(super) fn new(manager: &Manager<'static>) -> Self {
        let mut feeder = Self {
            setup: if features::HARDWARE_WATCHDOG { manager.watchdog() } else { None },
            watchdog: None,
            error: None,
            due: Instant::BOOT,
            interval: UNKNOWN,
            withheld: None,
            ending: false,
            has_reset: false,
            untold: true,
        };
        if features::HARDWARE_WATCHDOG {
            feeder.open();
        }
        feeder
    }

    /// When it wants to be fed, or looked for.
    pub(super) fn due(&self) -> Option<Instant> {
        (features::HARDWARE_WATCHDOG && self.setup.is_some()).then_some(self.due)
    }

    fn open(&mut self) {
        let Some(setup) = &self.setup else { return };
        match Watchdog::open(setup.device) {
            Ok(watchdog) => {
                let timeout_s = setup.timeout_s;
                self.watchdog = Some(watchdog);
                self.has_reset = watchdog.has_reset_the_board();
                self.error = None;
                self.untold = true;
                self.set_timeout(timeout_s);
            }
            Err(errno) => {
                self.untold |= self.error != Some(errno);
                self.error = Some(errno);
            }
        }
    }

    /// 0 leaves what is set. What the driver makes of it counts: it may have other bounds.
    fn set_timeout(&mut self, seconds: u32) {
        let Some(watchdog) = &self.watchdog else { return };
        if seconds > 0 {
            let _ = watchdog.set_timeout_s(seconds);
        }
        let seconds = watchdog.timeout_s().unwrap_or(seconds);
        if seconds > 0 {
            self.interval = Millis(seconds.saturating_mul(1000) / 2);
        }
    }

    /// Says how it is, if that is news.
    fn tell(&mut self) {
        let Some(setup) = &self.setup else { return };
        if !core::mem::take(&mut self.untold) {
            return;
        }
        let device = setup.device.trim_end_matches('\0');
        match (&self.watchdog, self.error) {
            (Some(_), _) => {
                log::info!("watchdog: {device}, fed every {} ms", self.interval.0);
                if self.has_reset {
                    log::warn!("watchdog: it has reset the board");
                }
            }
            (None, Some(errno)) => log::error!("watchdog: {device}: {}", Reason::of(errno)),
            (None, None) => {}
        }
    }
}

impl Pilot {
    /// Feeds the hardware watchdog, if it is time and the board is well.
    pub(super) fn feed_watchdog(&mut self) {
        if !features::HARDWARE_WATCHDOG {
            return;
        }
        let Some(setup) = self.feeder.setup else { return };
        let now = Instant::at(clock::boot_time_us());
        if now < self.feeder.due {
            return;
        }
        let ending = self.engine.is_ending();
        let feeder = &mut self.feeder;
        if feeder.watchdog.is_none() {
            feeder.open();
        }
        if ending && !core::mem::replace(&mut feeder.ending, true) {
            match setup.shutdown_timeout_s {
                Some(seconds) => feeder.set_timeout(seconds),
                None => {
                    watchdog::stop();
                    feeder.setup = None;
                    self.engine.counters.watchdog = WatchdogState::None;
                    return;
                }
            }
        }
        feeder.tell();
        let failed = if ending { None } else { self.engine.first_failed(setup.units) };
        if feeder.withheld != failed {
            match failed {
                Some(unit) => {
                    log::error!("watchdog: not fed, {} has failed", self.table.name(unit))
                }
                None => log::info!("watchdog: fed again"),
            }
        }
        feeder.withheld = failed;
        let (state, pause) = match (&feeder.watchdog, failed) {
            (None, _) => (WatchdogState::Missing, LOOK),
            // Whoever starts the unit just in time must not be too late.
            (Some(_), Some(_)) => {
                (WatchdogState::Withheld, Millis(feeder.interval.0 / 4).min(LOOK))
            }
            (Some(watchdog), None) => {
                let _ = watchdog.feed();
                (WatchdogState::Fed, feeder.interval)
            }
        };
        feeder.due = now.after(pause);
        self.engine.counters.watchdog = state;
        self.engine.counters.reset_by_watchdog = feeder.has_reset;
    }
}
