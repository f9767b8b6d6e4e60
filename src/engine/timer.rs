//! One timer's life: systemd.timer(5), without a clock.
//!
//! A timer waits for the soonest of its moments, starts its unit, and waits again when that is
//! down. It may be late by `AccuracySec=`: the moment at which PID 1 is to be woken is chosen from
//! a grid that all timers of the board share, and whoever is due by then elapses with it.
//!
//! What `Persistent=` keeps lies on a disk: a child reads it when the timer is first started, which
//! waits for that, and another writes it each time the timer has elapsed, for which nobody waits.

use unit::control::{ActiveState, Exit, SubState};
use unit::{Millis, Since, TimerSetup, UnitId};

use super::action::{Action, Target};
use super::event::Work;
use super::time::Instant;
use super::worker::Worker;
use crate::features;

/// Between two elapses of one timer there is that much at least, in microseconds.
const PAUSE_MIN_US: u64 = 1_000;
/// A clock that shows less has never been set: 2026-01-01, in microseconds since 1970.
const CLOCK_IS_SET_US: u64 = 1_767_225_600_000_000;
/// The grids from which a moment to wake up is chosen, the coarsest first, in microseconds.
const GRIDS_US: [u64; 4] = [60_000_000, 10_000_000, 1_000_000, 250_000];

/// What no calendar reaches: 2200-01-01, in microseconds since 1970.
const CALENDARS_END_US: u64 = 7_258_118_400_000_000;
/// How long reading or writing a stamp may take.
const STAMP_TIMEOUT: Millis = Millis(90_000);
const SIGKILL: u8 = 9;
/// errno(3): the exit code of who found no stamp.
pub const ENOENT: u8 = 2;

/// Where a timer is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not started.
    Dead,
    /// A child looks when it last elapsed in an earlier boot.
    Reading(Worker),
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

/// What a timer with `Persistent=` keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamp {
    /// Nobody has looked yet.
    Unread,
    /// There is none, and a clock that was never set has none to give.
    Missing,
    /// What the timer knows is kept, or cannot be.
    Kept,
    /// A child writes it.
    Writing(Worker),
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
    /// The child that reads or writes a stamp could not be made, or did not end in time.
    GaveUp,
    /// It ended: with an error number if it could not do its work.
    Exited(Exit),
    /// When it last elapsed in an earlier boot, on the wall; 0 if nobody knows.
    Stamp(u64),
}

/// What a step asks for.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Its unit is to be started.
    pub start: bool,
    /// To be executed.
    pub action: Option<Action>,
}

/// What a step may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The timer.
    pub unit: UnitId,
    /// Its settings.
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
    /// What its calendars count from: its start, or when it last elapsed, on the wall. That is
    /// what a stamp keeps.
    pub since_us: u64,
    /// Somebody set the clock, which it has not heard of yet.
    pub clock_changed: bool,
    /// When its unit last was down and began to start.
    pub unit_started_at: Option<Instant>,
    /// When its unit last went down.
    pub unit_ended_at: Option<Instant>,
    /// Its delays that are over for good, a bit each.
    pub spent: u32,
    /// What it keeps.
    pub stamp: Stamp,
    /// While a child writes it: there is a newer one to be written. Here, where it costs nothing.
    pub writes_again: bool,
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
        stamp: Stamp::Unread,
        writes_again: false,
    };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Dead => ActiveState::Inactive,
            State::Reading(_) => ActiveState::Activating,
            State::Waiting { .. } | State::Running | State::Elapsed => ActiveState::Active,
        }
    }

    /// Its state in a timer's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Dead => SubState::Dead,
            State::Reading(_) => SubState::Start,
            State::Waiting { .. } => SubState::Waiting,
            State::Running => SubState::Running,
            State::Elapsed => SubState::Elapsed,
        }
    }

    /// When it must have [`Input::Elapsed`].
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { wake, .. } => Some(wake),
            State::Dead | State::Reading(_) | State::Running | State::Elapsed => None,
        }
    }

    /// From when on it may have [`Input::Elapsed`].
    pub const fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { at, .. } => Some(at),
            State::Dead | State::Reading(_) | State::Running | State::Elapsed => None,
        }
    }

    /// Who reads or writes its stamp.
    pub const fn worker(&self) -> Option<&Worker> {
        if !features::STAMPS {
            return None;
        }
        match (&self.state, &self.stamp) {
            (State::Reading(worker), _) | (_, Stamp::Writing(worker)) => Some(worker),
            (
                State::Dead | State::Waiting { .. } | State::Running | State::Elapsed,
                Stamp::Unread | Stamp::Missing | Stamp::Kept,
            ) => None,
        }
    }

    /// Likewise.
    pub const fn worker_mut(&mut self) -> Option<&mut Worker> {
        match (&mut self.state, &mut self.stamp) {
            (State::Reading(worker), _) | (_, Stamp::Writing(worker)) => Some(worker),
            (
                State::Dead | State::Waiting { .. } | State::Running | State::Elapsed,
                Stamp::Unread | Stamp::Missing | Stamp::Kept,
            ) => None,
        }
    }

    /// What they do.
    pub const fn work(&self, unit: UnitId) -> Work {
        match self.state {
            State::Reading(_) => Work::ReadStamp(unit),
            State::Dead | State::Waiting { .. } | State::Running | State::Elapsed => {
                Work::WriteStamp(unit)
            }
        }
    }

    /// Takes one step.
    pub fn step(&mut self, cx: &Context<'_>, input: Input) -> Outcome {
        match input {
            Input::Start => self.on_start(cx),
            Input::Stop => self.on_stop(),
            Input::Elapsed(may_start) => self.on_elapsed(cx, may_start),
            Input::UnitChanged => {
                self.on_unit_changed(cx);
                Outcome::default()
            }
            Input::ClockChanged => self.on_clock_changed(cx),
            Input::GaveUp | Input::Exited(_) | Input::Stamp(_) if !features::STAMPS => {
                Outcome::default()
            }
            Input::GaveUp => self.on_worker_gone(cx, None),
            Input::Exited(exit) => self.on_worker_gone(cx, Some(exit)),
            Input::Stamp(us) => self.on_stamp(cx, us),
        }
    }

    fn on_start(&mut self, cx: &Context<'_>) -> Outcome {
        match self.state {
            State::Dead => {
                // What it keeps it knows from before.
                let since_us = if self.knows() { self.since_us } else { cx.on_wall(cx.now) };
                let started_at = cx.now;
                *self = Self { elapsed_at: None, started_at, since_us, spent: 0, ..*self };
                match self.stamp {
                    Stamp::Unread if cx.keeps() => {
                        self.state = State::Reading(Worker::asked(Some(STAMP_TIMEOUT), cx.now));
                        Outcome::of(Action::Work(Work::ReadStamp(cx.unit)))
                    }
                    Stamp::Unread | Stamp::Missing | Stamp::Kept | Stamp::Writing(_) => {
                        self.begin(cx)
                    }
                }
            }
            State::Reading(_) | State::Waiting { .. } | State::Running | State::Elapsed => {
                bug!("a start job runs only on a timer that is not started")
            }
        }
    }

    fn on_stop(&mut self) -> Outcome {
        let before = core::mem::replace(&mut self.state, State::Dead);
        match before {
            // Nobody waits for it: a disk may hold it for long.
            State::Reading(worker) => Outcome {
                start: false,
                action: worker
                    .pid()
                    .map(|pid| Action::Kill { target: Target::Child(pid), signal: SIGKILL }),
            },
            State::Dead | State::Waiting { .. } | State::Running | State::Elapsed => {
                Outcome::default()
            }
        }
    }

    fn on_elapsed(&mut self, cx: &Context<'_>, may_start: bool) -> Outcome {
        match self.state {
            // If it is not stopped after all, it is asked to wait again.
            State::Waiting { .. } if !may_start => {
                self.state = State::Elapsed;
                Outcome::default()
            }
            State::Waiting { .. } => self.elapse(cx),
            State::Dead | State::Reading(_) | State::Running | State::Elapsed => {
                bug!("these states have no deadline")
            }
        }
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
            // Nothing waits for anything in these, or not yet.
            State::Running | State::Dead | State::Reading(_) => {}
        }
    }

    fn on_clock_changed(&mut self, cx: &Context<'_>) -> Outcome {
        let now_us = cx.on_wall(cx.now);
        // The clock was put back: what it shows again comes again. But a clock that was never set
        // says nothing of what a timer remembers from an earlier boot.
        let is_set = now_us >= CLOCK_IS_SET_US;
        if is_set && self.since_us < CLOCK_IS_SET_US {
            // From now on nothing is passed over.
            self.since_us = now_us;
        } else if is_set || !cx.keeps() {
            self.since_us = self.since_us.min(now_us);
        }
        match self.state {
            State::Waiting { .. } | State::Elapsed if cx.setup.on_clock_change => self.elapse(cx),
            State::Waiting { .. } | State::Elapsed | State::Running => {
                self.on_unit_changed(cx);
                self.keep_first(cx)
            }
            State::Reading(_) | State::Dead => Outcome::default(),
        }
    }

    fn elapse(&mut self, cx: &Context<'_>) -> Outcome {
        self.state = State::Running;
        self.elapsed_at = Some(cx.now);
        self.since_us = cx.on_wall(cx.now);
        Outcome { start: true, action: self.keep(cx) }
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
        let at = Instant::at(u64::try_from(next as i64 - cx.wall_us).unwrap_or(0));
        // What came while the board was off comes when it begins: so RandomizedDelaySec= counts.
        Some(at.max(cx.startup))
    }
}

/// `Persistent=`.
impl Timer {
    /// Waits for the first time after a start: calendars count from what is known.
    fn begin(&mut self, cx: &Context<'_>) -> Outcome {
        let now_us = cx.on_wall(cx.now);
        if now_us >= CLOCK_IS_SET_US {
            // A stamp that is to come yet is none.
            self.since_us = self.since_us.min(now_us);
        }
        self.wait(cx, cx.now);
        self.keep_first(cx)
    }

    /// A timer that never has elapsed counts from its first start, over reboots, too.
    fn keep_first(&mut self, cx: &Context<'_>) -> Outcome {
        let action = if self.stamp == Stamp::Missing { self.keep(cx) } else { None };
        Outcome { start: false, action }
    }

    /// Keeps what its calendars count from.
    fn keep(&mut self, cx: &Context<'_>) -> Option<Action> {
        let now_us = cx.on_wall(cx.now);
        if !cx.keeps() || now_us < CLOCK_IS_SET_US {
            return None;
        }
        match self.stamp {
            Stamp::Writing(_) => {
                self.writes_again = true;
                None
            }
            Stamp::Unread | Stamp::Missing | Stamp::Kept => Some(self.write(cx)),
        }
    }

    fn write(&mut self, cx: &Context<'_>) -> Action {
        let worker = Worker::asked(Some(STAMP_TIMEOUT), cx.now);
        (self.stamp, self.writes_again) = (Stamp::Writing(worker), false);
        Action::Work(Work::WriteStamp(cx.unit))
    }

    /// Who reads or writes has ended; or will not, for nobody waits any more.
    fn on_worker_gone(&mut self, cx: &Context<'_>, exit: Option<Exit>) -> Outcome {
        match (self.state, self.stamp) {
            (State::Reading(worker), _) => match exit {
                Some(Exit::Code(0)) => {
                    self.state = State::Reading(worker.another());
                    Outcome::of(Action::TakeStamp(cx.unit))
                }
                Some(Exit::Code(ENOENT)) => self.on_stamp(cx, 0),
                // What is there may be good: it is not written over.
                Some(_) | None => {
                    self.stamp = Stamp::Kept;
                    self.begin(cx)
                }
            },
            (_, Stamp::Writing(_)) if self.writes_again => Outcome::of(self.write(cx)),
            (_, Stamp::Writing(_)) => {
                self.stamp = Stamp::Kept;
                Outcome::default()
            }
            (
                State::Dead | State::Waiting { .. } | State::Running | State::Elapsed,
                Stamp::Unread | Stamp::Missing | Stamp::Kept,
            ) => bug!("nobody is at work"),
        }
    }

    fn on_stamp(&mut self, cx: &Context<'_>, us: u64) -> Outcome {
        match self.state {
            State::Reading(_) => {
                // Else a clock left it that had never been set, or it is none of ours.
                let is_good = (CLOCK_IS_SET_US..CALENDARS_END_US).contains(&us);
                self.stamp = if is_good { Stamp::Kept } else { Stamp::Missing };
                self.since_us = if is_good { us } else { self.since_us };
                self.begin(cx)
            }
            State::Dead | State::Waiting { .. } | State::Running | State::Elapsed => {
                bug!("the answer comes before anything else happens")
            }
        }
    }

    /// A child looks for its stamp.
    pub const fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    /// What it keeps is known.
    const fn knows(&self) -> bool {
        match self.stamp {
            Stamp::Unread | Stamp::Missing => false,
            Stamp::Kept | Stamp::Writing(_) => true,
        }
    }

    /// When it last elapsed, if that was in an earlier boot; 0 for unknown.
    pub fn elapsed_before_us(&self, wall_us: i64) -> u64 {
        let start_us = (self.started_at.us() as i64).saturating_add(wall_us);
        let is_before = self.elapsed_at.is_none() && (self.since_us as i64) < start_us;
        if self.knows() && is_before { self.since_us } else { 0 }
    }
}

impl Outcome {
    const fn of(action: Action) -> Self {
        Self { start: false, action: Some(action) }
    }
}

impl Context<'_> {
    fn keeps(&self) -> bool {
        features::STAMPS && !self.setup.stamp.is_empty()
    }

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
