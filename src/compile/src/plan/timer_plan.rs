//! Drafts of timers to what the table holds.

use unit::Delay;
use unit::calendar::Zone;

use crate::draft;
use crate::grammar::{CalendarEvent, Elapse};
use crate::names::Name;

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
    /// Empty, or a path without a NUL.
    pub stamp: String,
}

pub(super) fn timer(
    timer: draft::Timer,
    name: &Name,
    unit: u16,
    zone: Zone,
    stamps: &str,
) -> TimerPlan {
    let keeps = keeps(&timer);
    let draft::Timer {
        elapses,
        accuracy,
        on_clock_change,
        defer_reactivation,
        randomized_delay,
        fixed_random_delay,
        remain_after_elapse,
        persistent: _,
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
        stamp: if keeps {
            format!("{}/stamp-{name}", stamps.trim_end_matches('/'))
        } else {
            String::new()
        },
    }
}

/// Whether a timer remembers over reboots when it last elapsed.
pub(crate) fn keeps(timer: &draft::Timer) -> bool {
    let mut elapses = timer.elapses.items.iter();
    timer.persistent.value && elapses.any(|item| matches!(item.value, Elapse::Calendar(_)))
}
