//! Timers: systemd.timer(5).

use serde::{Deserialize, Serialize};

use super::UnitId;
use crate::calendar::Calendar;
use crate::decode;
use crate::seq::Seq;

/// `[Timer]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Timer<'a> {
    /// `Unit=`: what it starts.
    pub unit: UnitId,
    /// A [`TimerSetup`] in postcard form: decoded only where a timer does something.
    pub setup: &'a [u8],
}

impl<'a> Timer<'a> {
    /// When it elapses.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn setup(&self) -> TimerSetup<'a> {
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        setup
    }
}

/// When a timer elapses. Spans are microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimerSetup<'a> {
    /// `OnBootSec=` and its kin, in the order of the unit file; [`DELAYS_MAX`] at most.
    #[serde(borrow)]
    pub delays: Seq<'a, Delay>,
    /// `OnCalendar=`.
    pub calendars: Seq<'a, Calendar<'a>>,
    /// `OnClockChange=`: it elapses when somebody sets the clock.
    pub on_clock_change: bool,
    /// `DeferReactivation=`: calendars count from the end of what it starts.
    pub defers: bool,
    /// `AccuracySec=`: how late it may elapse, so that several elapse at once.
    pub accuracy_us: u64,
    /// `RandomizedDelaySec=`: added to each elapse, up to this.
    pub random_us: u64,
    /// `FixedRandomDelay=`: always the same on one board.
    pub random_is_fixed: bool,
    /// `RemainAfterElapse=`: it stays active when it will never elapse again.
    pub remains: bool,
    /// `Persistent=`: the file, with a NUL, whose time is that when it last elapsed; empty for
    /// none.
    pub stamp: &'a str,
}

/// Most delays of a timer: a bit each says whether it is over for good.
pub const DELAYS_MAX: usize = 32;

/// So long after something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delay {
    /// After what.
    pub since: Since,
    /// How long.
    pub micros: u64,
}

/// What a delay counts from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Since {
    /// `OnBootSec=`: the kernel's start.
    Boot,
    /// `OnStartupSec=`: PID 1's start.
    Startup,
    /// `OnActiveSec=`: the timer's own start.
    Active,
    /// `OnUnitActiveSec=`: the last start of what it starts.
    UnitActive,
    /// `OnUnitInactiveSec=`: the last end of what it starts.
    UnitInactive,
}
