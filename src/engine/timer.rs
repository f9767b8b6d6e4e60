//! One timer's life: systemd.timer(5), without a clock.
//!
//! A timer waits for the soonest of its moments, starts its unit, and waits again when that is
//! down. It may be late by `AccuracySec=`: the moment at which PID 1 is to be woken is chosen from
//! a grid that all timers of the board share, and whoever is due by then elapses with it.

use unit::control::{ActiveState, SubState};
use unit::{Since, TimerSetup};

use super::time::Instant;
use crate::features;

/// Between two elapses of one timer there is that much at least, in microseconds.
const PAUSE_MIN_US: u64 = 1_000;
/// A clock that shows less has never been set: 2026-01-01, in microseconds since 1970.
const CLOCK_IS_SET_US: u64 = 1_767_225_600_000_000;
/// The grids from which a moment to wake up is chosen, the coarsest first, in microseconds.
const GRIDS_US: [u64; 4] = [60_000_000, 10_000_000, 1_000_000, 250_000];

/// Where a timer is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not started.
    Dead,
    /// It elapses then.
    Waiting {
        /// Not before.
        at: Instant,
        /// PID 1 wakes up for it then, unless it is awake sooner.
        wake: Instant,
    },
    /// It has elapsed, and its unit is not down yet.
    Running,
    /// It will not elapse again, unless something happens to its unit.
    Elapsed,
}

/// What the unit that a timer starts is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// It is up, or on its way.
    pub is_up: bool,
    /// It may not be started before then.
    pub barred: Option<Instant>,
}

/// What happens to one timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A start job runs.
    Start,
    /// A stop job runs.
    Stop,
    /// Its time has come. False if it is about to be stopped.
    Elapsed(bool),
    /// Something happened to its unit.
    UnitChanged,
    /// Somebody set the clock on the wall, and perhaps something happened to its unit.
    ClockChanged,
}

/// What a step may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The timer's settings.
    pub setup: &'c TimerSetup<'c>,
    /// What its unit is doing.
    pub view: View,
    /// When PID 1 was started.
    pub startup: Instant,
    /// Microseconds that the clock on the wall is before that of `now`.
    pub wall_us: i64,
    /// What `RandomizedDelaySec=` adds this time, in microseconds.
    pub random_us: u64,
    /// Where the grids of this board begin, in microseconds.
    pub phase_us: u64,
    /// The time.
    pub now: Instant,
}

/// One timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timer {
    /// Where it is.
    pub state: State,
    /// When it last elapsed since it was started.
    pub elapsed_at: Option<Instant>,
    /// When it was started.
    pub started_at: Instant,
    /// What its calendars count from: its start, or when it last elapsed, on the wall.
    pub since_us: u64,
    /// Somebody set the clock, which it has not heard of yet.
    pub clock_changed: bool,
    /// When its unit last was down and began to start.
    pub unit_started_at: Option<Instant>,
    /// When its unit last went down.
    pub unit_ended_at: Option<Instant>,
    /// Its delays that are over for good, a bit each.
    pub spent: u32,
}

impl Timer {
    /// A timer that has never been started.
    pub const NEW: Self = Self {
        state: State::Dead,
        elapsed_at: None,
        started_at: Instant::BOOT,
        since_us: 0,
        clock_changed: false,
        unit_started_at: None,
        unit_ended_at: None,
        spent: 0,
    };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Waiting { .. } | State::Running | State::Elapsed => ActiveState::Active,
        }
    }

    /// Its state in a timer's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Waiting { .. } => SubState::Waiting,
            State::Running => SubState::Running,
            State::Elapsed => SubState::Elapsed,
        }
    }

    /// When it must have [`Input::Elapsed`].
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { wake, .. } => Some(wake),
            State::Dead | State::Running | State::Elapsed => None,
        }
    }

    /// From when on it may have [`Input::Elapsed`].
    pub const fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { at, .. } => Some(at),
            State::Dead | State::Running | State::Elapsed => None,
        }
    }

    /// Takes one step. True if its unit is to be started.
    #[must_use]
    pub fn step(&mut self, cx: &Context<'_>, input: Input) -> bool {
        match input {
            Input::Start => self.on_start(cx),
            Input::Stop => self.state = State::Dead,
            Input::Elapsed(may_start) => return self.on_elapsed(cx, may_start),
            Input::UnitChanged => self.on_unit_changed(cx),
            Input::ClockChanged => return self.on_clock_changed(cx),
        }
        false
    }

    fn on_start(&mut self, cx: &Context<'_>) {
        match self.state {
            State::Dead => {
                let (started_at, since_us) = (cx.now, cx.on_wall(cx.now));
                *self = Self { elapsed_at: None, started_at, since_us, spent: 0, ..*self };
                self.wait(cx, cx.now);
            }
            State::Waiting { .. } | State::Running | State::Elapsed => {
                bug!("a start job runs only on a timer that is not started")
            }
        }
    }

    fn on_elapsed(&mut self, cx: &Context<'_>, may_start: bool) -> bool {
        match self.state {
            // If it is not stopped after all, it is asked to wait again.
            State::Waiting { .. } if !may_start => self.state = State::Elapsed,
            State::Waiting { .. } => {
                self.elapse(cx);
                return true;
            }
            State::Dead | State::Running | State::Elapsed => {
                bug!("these states have no deadline")
            }
        }
        false
    }

    fn on_unit_changed(&mut self, cx: &Context<'_>) {
        match self.state {
            // What is due already stays so.
            State::Waiting { .. } | State::Elapsed => {
                self.wait(cx, self.elapsed_at.unwrap_or_default());
            }
            State::Running if !cx.view.is_up => {
                if cx.setup.defers {
                    self.since_us = cx.on_wall(cx.now);
                }
                self.wait(cx, cx.now);
            }
            // Nothing waits for anything in these.
            State::Running | State::Dead => {}
        }
    }

    fn on_clock_changed(&mut self, cx: &Context<'_>) -> bool {
        // The clock was put back: what it shows again comes again.
        self.since_us = self.since_us.min(cx.on_wall(cx.now));
        match self.state {
            State::Waiting { .. } | State::Elapsed if cx.setup.on_clock_change => {
                self.elapse(cx);
                true
            }
            State::Waiting { .. } | State::Elapsed | State::Running | State::Dead => {
                self.on_unit_changed(cx);
                false
            }
        }
    }

    fn elapse(&mut self, cx: &Context<'_>) {
        self.state = State::Running;
        self.elapsed_at = Some(cx.now);
        self.since_us = cx.on_wall(cx.now);
    }

    /// Waits for the soonest of its moments. Delays that ended up to `over` are over.
    fn wait(&mut self, cx: &Context<'_>, over: Instant) {
        let (next, mut follows) = self.next_delay(cx, over);
        let next = [next, self.next_event(cx)].into_iter().flatten().min();
        follows |= cx.setup.on_clock_change;
        self.state = match next {
            Some(at) => {
                let barred_until = cx.view.barred.unwrap_or_default();
                let pause_ends = self.elapsed_at.map_or(Instant::BOOT, |at| at.later(PAUSE_MIN_US));
                let at = at.later(cx.random_us).max(barred_until).max(pause_ends);
                State::Waiting { at, wake: wake(at, cx) }
            }
            None if cx.setup.remains || follows => State::Elapsed,
            None => State::Dead,
        };
    }

    /// The soonest end of its delays, and whether one of them counts from what its unit does.
    fn next_delay(&mut self, cx: &Context<'_>, over: Instant) -> (Option<Instant>, bool) {
        let mut next: Option<Instant> = None;
        let mut follows_unit = false;
        for (number, delay) in cx.setup.delays.iter().enumerate() {
            let bit = 1u32 << number;
            let (since, is_once) = match delay.since {
                Since::Boot => (Some(Instant::BOOT), true),
                Since::Startup => (Some(cx.startup), true),
                Since::Active => (Some(self.started_at), true),
                Since::UnitActive => (self.unit_started_at.max(self.elapsed_at), false),
                Since::UnitInactive => (self.unit_ended_at.max(self.elapsed_at), false),
            };
            follows_unit |= !is_once;
            let Some(since) = since.filter(|_| self.spent & bit == 0) else { continue };
            let at = since.later(delay.micros);
            // What passed while the unit was up is over: it was up.
            if is_once && self.elapsed_at.is_some() && at <= over {
                self.spent |= bit;
                continue;
            }
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        (next, follows_unit)
    }
}

impl Timer {
    /// The soonest event of its calendars.
    fn next_event(&self, cx: &Context<'_>) -> Option<Instant> {
        if !features::CALENDARS {
            return None;
        }
        let now_us = cx.on_wall(cx.now);
        // What a clock passes over when it is set for the first time is not made up for.
        let since_us = if self.since_us < CLOCK_IS_SET_US { now_us } else { self.since_us };
        let events = cx.setup.calendars.iter();
        let next = events.filter_map(|calendar| calendar.next(since_us)).min()?;
        Some(Instant::at(u64::try_from(next as i64 - cx.wall_us).unwrap_or(0)))
    }
}

impl Context<'_> {
    /// What the clock on the wall shows at a moment, in microseconds since 1970.
    fn on_wall(&self, at: Instant) -> u64 {
        u64::try_from(at.us() as i64 + self.wall_us).unwrap_or(0)
    }
}

/// When PID 1 is to be woken for a timer that is due at `at`: at a point of the coarsest grid that
/// has one within the accuracy, so that timers whose times fit together share it.
fn wake(at: Instant, cx: &Context<'_>) -> Instant {
    let latest = at.later(cx.setup.accuracy_us);
    if at <= cx.now {
        return at;
    }
    for grid_us in GRIDS_US {
        let phase_us = cx.phase_us % grid_us;
        let point = latest.us().saturating_sub(phase_us) / grid_us * grid_us + phase_us;
        if (at.us()..=latest.us()).contains(&point) {
            return Instant::at(point);
        }
    }
    latest
}
