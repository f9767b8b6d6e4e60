//! Calendar events: systemd.time(7), "Calendar Events", as the compiler leaves them, and when
//! they come next.
//!
//! Pure arithmetic on integers, with a bound to every search: the board computes with it, and so
//! do the compiler and the tests. Times are microseconds since 1970 in UTC.

use serde::{Deserialize, Serialize};

use crate::seq::Seq;

/// The years of which calendars tell, as in systemd.
pub const YEARS: core::ops::RangeInclusive<i32> = 1970..=2199;
/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;
const DAY_SECONDS: i64 = 86_400;
/// Changes of a zone's clock that one search looks behind: two a year, as long as calendars go.
const ROUNDS_MAX: usize = 512;
const EVERY_HOUR: u32 = (1 << 24) - 1;

/// Moments, by what a clock and a calendar on the wall show at them. In sets bit N is number N.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Calendar<'a> {
    /// Monday is bit 0.
    pub weekdays: u8,
    /// Bit 0 of the first byte is 1970, and so on; empty is every year.
    #[serde(borrow)]
    pub years: &'a [u8],
    /// From 1 on.
    pub months: u16,
    /// From 1 on.
    pub days: u32,
    /// Days count from the end of the month: 1 is its last.
    pub from_end: bool,
    /// From 0 on.
    pub hours: u32,
    /// From 0 on.
    pub minutes: u64,
    /// Seconds with their fractions.
    pub seconds: Seq<'a, Steps>,
    /// Whose clock.
    pub zone: Zone,
}

/// Microseconds of a minute: `from`, and every `step` from there on up to `to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Steps {
    /// The first.
    pub from: u32,
    /// None is behind it.
    pub to: u32,
    /// 0: only the first.
    pub step: u32,
}

/// The clock of a place: a rule as in `TZ`, environ(7) and POSIX.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Zone {
    /// Seconds that its clock is before that of UTC.
    pub offset: i32,
    /// What it does in summer.
    pub summer: Option<Summer>,
}

/// A time of the year with another clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Summer {
    /// As [`Zone::offset`], in that time.
    pub offset: i32,
    /// When it begins, by the clock before it.
    pub begin: Change,
    /// When it ends, by its own clock.
    pub end: Change,
}

/// When a clock is changed, every year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// On which day.
    pub day: YearDay,
    /// Seconds from its begin on.
    pub seconds: i32,
}

/// A day of every year.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum YearDay {
    /// `Jn`: from 1 on, February 29 is not counted.
    WithoutLeap(u16),
    /// `n`: from 0 on, February 29 is counted.
    WithLeap(u16),
    /// `Mm.w.d`: the `week`th such weekday of a month; the 5th is the last.
    Weekday {
        /// From 1 on.
        month: u8,
        /// From 1 to 5.
        week: u8,
        /// From Sunday, which is 0.
        weekday: u8,
    },
}

/// A time without a change of a zone's clock.
struct Span {
    offset: i64,
    /// When it began, and how far the clock was put back then.
    begin: Option<(i64, i64)>,
    end: Option<i64>,
}

impl Zone {
    /// That of UTC.
    pub const UTC: Self = Self { offset: 0, summer: None };

    /// Seconds that its clock is before that of UTC at a time in seconds since 1970.
    pub fn offset_at(&self, seconds: i64) -> i64 {
        self.span(seconds).offset
    }

    fn span(&self, now: i64) -> Span {
        let standard = i64::from(self.offset);
        let Some(summer) = self.summer else {
            return Span { offset: standard, begin: None, end: None };
        };
        let in_summer = i64::from(summer.offset);
        let (year, ..) = civil(now.div_euclid(DAY_SECONDS));
        let mut span = Span { offset: standard, begin: None, end: None };
        for year in year - 1..=year + 1 {
            for (change, before, after) in
                [(summer.begin, standard, in_summer), (summer.end, in_summer, standard)]
            {
                let at = change.in_year(year) - before;
                if at <= now && span.begin.is_none_or(|(begin, _)| begin <= at) {
                    span.offset = after;
                    span.begin = Some((at, before - after));
                } else if at > now && span.end.is_none_or(|end| at < end) {
                    span.end = Some(at);
                }
            }
        }
        span
    }
}

impl Change {
    /// Seconds since 1970 on the wall, in a year.
    fn in_year(&self, year: i32) -> i64 {
        let day = match self.day {
            YearDay::WithoutLeap(day) => {
                let leap = is_leap(year) && day >= 60;
                days(year, 1, 1) + i64::from(day) - 1 + i64::from(leap)
            }
            YearDay::WithLeap(day) => days(year, 1, 1) + i64::from(day),
            YearDay::Weekday { month, week, weekday } => {
                let (month, weekday) = (u32::from(month), i64::from(weekday));
                let first = days(year, month, 1);
                // 1970 began on a Thursday.
                let behind = (weekday - (first + 4)).rem_euclid(7);
                let day = behind + 7 * (i64::from(week) - 1);
                let last = i64::from(month_days(year, month)) - 1;
                first + if day > last { day - 7 } else { day }
            }
        };
        day * DAY_SECONDS + i64::from(self.seconds)
    }
}

impl Calendar<'_> {
    /// The first moment behind `after`, both in microseconds since 1970.
    ///
    /// A moment is one at which the zone's clock shows what the calendar says. What it skips does
    /// not come on that day; what it shows twice comes the first time, unless the calendar has
    /// every hour.
    pub fn next(&self, after: u64) -> Option<u64> {
        let summer = self.zone.summer.map_or(self.zone.offset, |summer| summer.offset);
        let furthest = i64::from(self.zone.offset.max(summer)) * SECOND_US;
        let mut from = i64::try_from(after).ok()?.checked_add(1)?;
        for _ in 0..ROUNDS_MAX {
            let span = self.zone.span(from.div_euclid(SECOND_US));
            if let Some((begin, back)) = span.begin
                && self.hours != EVERY_HOUR
            {
                from = from.max((begin + back.max(0)) * SECOND_US);
            }
            let offset = span.offset * SECOND_US;
            let wall = self.find(from.checked_add(offset)?)?;
            let found = wall - offset;
            match span.end {
                Some(end) if found >= end * SECOND_US => {
                    // No clock of the zone shows it sooner.
                    from = (end * SECOND_US).max(wall - furthest - DAY_US);
                }
                Some(_) | None => return u64::try_from(found).ok(),
            }
        }
        None
    }

    /// The first match at or behind `from`, both on the wall.
    fn find(&self, from: i64) -> Option<i64> {
        let from = from.max(0);
        let (mut year, mut month, mut day) = civil(from.div_euclid(DAY_US));
        let mut micros = from.rem_euclid(DAY_US);
        while YEARS.contains(&year) {
            let found =
                if self.has_year(year) { next_bit(self.months.into(), month) } else { None };
            let Some(found) = found else {
                (year, month, day, micros) = (year + 1, 1, 1, 0);
                continue;
            };
            if found > month {
                (month, day, micros) = (found, 1, 0);
            }
            let Some(found) = next_bit(self.days_of(year, month).into(), day) else {
                (month, day, micros) = (month + 1, 1, 0);
                continue;
            };
            if found > day {
                (day, micros) = (found, 0);
            }
            let number = days(year, month, day);
            let weekday = (number + 3).rem_euclid(7);
            let time = if self.weekdays >> weekday & 1 == 1 { self.time(micros) } else { None };
            match time {
                Some(time) => return Some(number * DAY_US + time),
                None => (day, micros) = (day + 1, 0),
            }
        }
        None
    }

    fn has_year(&self, year: i32) -> bool {
        let bit = (year - YEARS.start()) as usize;
        let byte = self.years.get(bit / 8).copied().unwrap_or(0);
        self.years.is_empty() || byte >> (bit % 8) & 1 == 1
    }

    /// Its days in a month, from 1 on.
    fn days_of(&self, year: i32, month: u32) -> u32 {
        let last = month_days(year, month);
        if !self.from_end {
            return self.days & ((2u64 << last) - 1) as u32;
        }
        // Day D of N from the end is day N + 1 - D.
        (u64::from(self.days).reverse_bits() >> (62 - last)) as u32
    }

    /// Its first time of a day at or behind one, in microseconds.
    fn time(&self, micros: i64) -> Option<i64> {
        let mut hour = (micros / HOUR_US) as u32;
        let mut minute = (micros % HOUR_US / MINUTE_US) as u32;
        let mut rest = (micros % MINUTE_US) as u32;
        loop {
            let found = next_bit(self.hours.into(), hour)?;
            if found > hour {
                (hour, minute, rest) = (found, 0, 0);
            }
            let Some(found) = next_bit(self.minutes, minute) else {
                (hour, minute, rest) = (hour + 1, 0, 0);
                continue;
            };
            if found > minute {
                (minute, rest) = (found, 0);
            }
            match self.seconds.iter().filter_map(|steps| steps.find(rest)).min() {
                Some(found) => {
                    let whole = i64::from(hour) * HOUR_US + i64::from(minute) * MINUTE_US;
                    return Some(whole + i64::from(found));
                }
                None => (minute, rest) = (minute + 1, 0),
            }
        }
    }
}

impl Steps {
    /// The first at or behind `from`.
    fn find(self, from: u32) -> Option<u32> {
        let behind = from.saturating_sub(self.from);
        let found = match (behind, self.step) {
            (0, _) => self.from,
            (_, 0) => return None,
            (_, step) => self.from.checked_add(behind.div_ceil(step).checked_mul(step)?)?,
        };
        (found <= self.to).then_some(found)
    }
}

/// The first bit that is set, from number `from` on.
fn next_bit(bits: u64, from: u32) -> Option<u32> {
    let rest = bits.checked_shr(from).filter(|&rest| rest != 0)?;
    Some(from + rest.trailing_zeros())
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn month_days(year: i32, month: u32) -> u32 {
    match month {
        2 => 28 + is_leap(year) as u32,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date. Years begin in March here, so that the leap day is their last.
pub fn days(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let month = i64::from((month + 9) % 12);
    let in_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year
        - 719_468
}

/// The date of a day since 1970: the reverse of [`days`].
pub fn civil(day: i64) -> (i32, u32, u32) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day = day.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let in_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}
