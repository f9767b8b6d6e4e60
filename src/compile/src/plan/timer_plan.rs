//! Drafts of timers to what the table holds.

use unit::Delay;
use unit::calendar::Zone;

use crate::draft;
use crate::grammar::{CalendarEvent, Elapse};

/// [`unit::Timer`] and [`unit::TimerSetup`] with lists of their own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Timer` or `unit::TimerSetup`")]
pub struct TimerPlan {
    pub unit: u16,
    pub delays: Vec<Delay>,
    pub calendars: Vec<CalendarEvent>,
    /// That of the board.
    pub zone: Zone,
    pub on_clock_change: bool,
    pub defers: bool,
    pub accuracy_us: u64,
    pub random_us: u64,
    pub random_is_fixed: bool,
    pub remains: bool,
}

pub(super) fn timer(timer: draft::Timer, unit: u16, zone: Zone) -> TimerPlan {
    let draft::Timer {
        elapses,
        accuracy,
        on_clock_change,
        defer_reactivation,
        randomized_delay,
        fixed_random_delay,
        remain_after_elapse,
        trigger: _,
    } = timer;
    let (mut delays, mut calendars) = (Vec::new(), Vec::new());
    for elapse in elapses.values() {
        match elapse {
            Elapse::Delay(delay) => delays.push(delay),
            Elapse::Calendar(event) => calendars.push(event),
        }
    }
    TimerPlan {
        unit,
        delays,
        calendars,
        zone,
        on_clock_change: on_clock_change.value,
        defers: defer_reactivation.value,
        accuracy_us: accuracy.value,
        random_us: randomized_delay.value,
        random_is_fixed: fixed_random_delay.value,
        remains: remain_after_elapse.value,
    }
}
