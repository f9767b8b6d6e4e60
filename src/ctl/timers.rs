//! Timers: `list-timers`, and what `show` tells of their moments, in systemctl's shapes.

use core::fmt::{self, Display};

use unit::calendar::{Calendar, Steps, YEARS, Zone, civil};
use unit::control::{ActiveState, FRAME_MAX, UnitStatus};
use unit::{Kind, TimerSetup, UnitId};

use super::args::Call;
use super::exit;
use super::list::Columns;
use super::names::Typed;
use super::property::Property;
use super::session::{Failure, Outcome, Session};
use super::show::List;
use super::text::{SinceBoot, Span};
use crate::features;

/// A clock that shows less has never been set: 2026-01-01, in microseconds since 1970.
const CLOCK_IS_SET_US: i64 = 1_767_225_600_000_000;

/// Prints timers, one a line, ordered by when they elapse.
pub(super) fn list(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    const HEADINGS: [&dyn Display; 6] =
        [&"NEXT", &"LEFT", &"LAST", &"PASSED", &"UNIT", &"ACTIVATES"];
    let mut columns = Columns::new(call, "", &HEADINGS);
    walk(call, session, &mut columns)?;
    if !call.no_legend {
        let hint = if call.all { "" } else { "Pass --all to see inactive timers, too.\n" };
        write!(session.out, "\n{} timers listed.\n{hint}", columns.count());
    }
    Ok(exit::SUCCESS)
}

fn walk(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    columns: &mut Columns<'_>,
) -> Result<(), Failure> {
    if !features::TIMERS {
        return Ok(());
    }
    let wall_us = session.link.wall_offset_us();
    let now_us = session.manager()?.now_us;
    while columns.next_walk(session) {
        let mut place = None;
        // As many as there can be, if one of them elapses just now and comes again.
        for _ in session.table.ids() {
            let Some(found) = next_timer(call, session, place)? else { break };
            let [next, last] =
                [found.next_us, found.last_us(wall_us)].map(|us| Moment { us, wall_us });
            let left =
                Distance { us: next.us.and_then(|us| us.checked_sub(now_us as i64)), end: "" };
            let passed = Distance { us: last.us.map(|us| now_us as i64 - us), end: " ago" };
            columns.row(
                session,
                "",
                &[&next, &left, &last, &passed, &found.name, &found.activates],
            );
            place = Some(found.place);
        }
    }
    Ok(())
}

/// Where a timer stands: by when it elapses, those that do not behind all others.
type Place = (u64, UnitId);

/// A line of `list-timers`.
struct Found<'t> {
    place: Place,
    next_us: Option<i64>,
    elapsed_us: u64,
    stamp_us: u64,
    name: &'t str,
    activates: &'t str,
}

impl Found<'_> {
    /// When it last elapsed, in microseconds since boot: before it, if that was in another one.
    fn last_us(&self, wall_us: i64) -> Option<i64> {
        match (self.elapsed_us, self.stamp_us) {
            (0, 0) => None,
            (0, stamp_us) => Some(stamp_us as i64 - wall_us),
            (elapsed_us, _) => Some(elapsed_us as i64),
        }
    }
}

/// The first timer behind `last`. Asked for one by one, all of them come in order.
fn next_timer<'t>(
    call: &Call<'_>,
    session: &mut Session<'_, 't>,
    last: Option<Place>,
) -> Result<Option<Found<'t>>, Failure> {
    let table = session.table;
    let mut nearest: Option<Found<'t>> = None;
    let mut frame = [0; FRAME_MAX];
    for id in table.ids() {
        let Kind::Timer(timer) = table.kind(id) else { continue };
        let name = table.name(id);
        if !call.names.is_empty() && !call.names.iter().any(|&typed| Typed(typed).is(name)) {
            continue;
        }
        let status = session.status(id, &mut frame)?;
        let UnitStatus { next_us, last_us, stamp_us, active, .. } = status;
        let place = (next_us.wrapping_sub(1), id);
        let is_shown = call.all || active != ActiveState::Inactive;
        let is_next = last.is_none_or(|last| last < place)
            && nearest.as_ref().is_none_or(|nearest| place < nearest.place);
        if is_shown && is_next {
            nearest = Some(Found {
                place,
                next_us: (next_us > 0).then_some(next_us as i64),
                elapsed_us: last_us,
                stamp_us,
                name,
                activates: table.name(timer.unit),
            });
        }
    }
    Ok(nearest)
}

/// A moment in microseconds since boot: by the clock on the wall, or since boot if that was never
/// set.
struct Moment {
    us: Option<i64>,
    wall_us: i64,
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let Some(us) = self.us else { return f.write_str("-") };
        let wall_us = us.saturating_add(self.wall_us);
        if wall_us < CLOCK_IS_SET_US {
            return Display::fmt(&SinceBoot(us.unsigned_abs()), f);
        }
        let seconds = wall_us / 1_000_000;
        let (day, second) = (seconds / 86_400, (seconds % 86_400) as u32);
        let (year, month, of_month) = civil(day);
        // 1970 began on a Thursday.
        let weekday = WEEKDAYS.get((day + 3) as usize % 7).copied().unwrap_or_default();
        write!(f, "{weekday} {year}-")?;
        two(month, f)?;
        f.write_str("-")?;
        two(of_month, f)?;
        for (mark, number) in [(" ", second / 3600), (":", second / 60 % 60), (":", second % 60)] {
            f.write_str(mark)?;
            two(number, f)?;
        }
        f.write_str(" UTC")
    }
}

/// How far away a moment is.
struct Distance {
    us: Option<i64>,
    end: &'static str,
}

impl Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.us.and_then(|us| u64::try_from(us).ok()) {
            // Nobody needs parts of a second of what is far away.
            Some(us @ 1_000_000..) => {
                write!(f, "{}{}", Span { us: us / 1_000_000 * 1_000_000, parts: 2 }, self.end)
            }
            Some(us) => write!(f, "{}{}", Span { us: us / 1_000 * 1_000, parts: 1 }, self.end),
            None => f.write_str("-"),
        }
    }
}

/// `TimersCalendar` of `show`.
pub(super) fn calendars(list: &mut List<'_, '_>, setup: &TimerSetup<'_>) {
    if !features::CALENDARS {
        return;
    }
    for calendar in setup.calendars.iter() {
        list.other(
            Property::TimersCalendar,
            &format_args!("{{ OnCalendar={} }}", Written(calendar)),
        );
    }
    list.flag(Property::OnClockChange, setup.on_clock_change);
    list.flag(Property::DeferReactivation, setup.defers);
}

/// A calendar event as `OnCalendar=` has it, in the zone that the compiler found.
struct Written<'t>(Calendar<'t>);

impl Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let Self(calendar) = self;
        if calendar.weekdays & 0x7f != 0x7f {
            let name = |day: u32, f: &mut fmt::Formatter<'_>| {
                f.write_str(WEEKDAYS.get(day as usize).copied().unwrap_or_default())
            };
            set(&|day| calendar.weekdays >> day & 1 == 1, 0..7, &name, f)?;
            f.write_str(" ")?;
        }
        let count = 8 * calendar.years.len() as u32;
        let first = *YEARS.start() as u32;
        if count == 0 {
            f.write_str("*")?;
        }
        let has_year = |year: u32| {
            let byte = calendar.years.get(year as usize / 8).copied().unwrap_or(0);
            byte >> (year % 8) & 1 == 1
        };
        set(&has_year, 0..count, &|year, f| write!(f, "{}", first + year), f)?;
        f.write_str("-")?;
        numbers(calendar.months.into(), 1..13, f)?;
        f.write_str(if calendar.from_end { "~" } else { "-" })?;
        numbers(calendar.days.into(), 1..32, f)?;
        f.write_str(" ")?;
        numbers(calendar.hours.into(), 0..24, f)?;
        f.write_str(":")?;
        numbers(calendar.minutes, 0..60, f)?;
        for (number, steps) in calendar.seconds.iter().enumerate() {
            f.write_str(if number == 0 { ":" } else { "," })?;
            seconds(steps, f)?;
        }
        f.write_str(if calendar.zone == Zone::UTC { " UTC" } else { "" })
    }
}

/// `*`, or numbers of two digits.
fn numbers(bits: u64, range: core::ops::Range<u32>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if range.clone().all(|bit| bits >> bit & 1 == 1) {
        return f.write_str("*");
    }
    set(&|bit| bits >> bit & 1 == 1, range, &two, f)
}

/// Members of a set, with `..` in the place of those in a row.
fn set(
    has: &dyn Fn(u32) -> bool,
    range: core::ops::Range<u32>,
    print: &dyn Fn(u32, &mut fmt::Formatter<'_>) -> fmt::Result,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (mut at, mut comma) = (range.start, "");
    while at < range.end {
        if !has(at) {
            at += 1;
            continue;
        }
        let first = at;
        while at < range.end && has(at) {
            at += 1;
        }
        f.write_str(comma)?;
        print(first, f)?;
        if at - first > 1 {
            f.write_str("..")?;
            print(at - 1, f)?;
        }
        comma = ",";
    }
    Ok(())
}

fn seconds(steps: Steps, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Steps { from, to, step } = steps;
    fraction(from, f)?;
    if step == 0 {
        return Ok(());
    }
    if to < 59_000_000 {
        f.write_str("..")?;
        fraction(to, f)?;
    }
    f.write_str("/")?;
    fraction_of(step, "", f)
}

/// Seconds of two digits, and what is behind the point, of microseconds.
fn fraction(us: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fraction_of(us, if us < 10_000_000 { "0" } else { "" }, f)
}

fn fraction_of(us: u32, zero: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{zero}{}", us / 1_000_000)?;
    let mut rest = us % 1_000_000;
    if rest > 0 {
        f.write_str(".")?;
    }
    while rest > 0 {
        write!(f, "{}", rest / 100_000)?;
        rest = rest % 100_000 * 10;
    }
    Ok(())
}

/// A number of two digits.
fn two(number: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}{number}", if number < 10 { "0" } else { "" })
}
