//! Time zones: the host's zoneinfo, tzfile(5), or a rule as in `TZ`; both become a rule.

use std::path::Path;

use unit::calendar::{Change, Summer, YearDay, Zone};

use super::{Context, Scalar};
use crate::codes;
use crate::text::Value;

/// Where hosts have their time zones.
const ZONEINFO: &str = "/usr/share/zoneinfo";
/// 2026-01-01: what clocks did before is no board's business.
const SINCE: i64 = 1_767_225_600;
const DAY: i32 = 86_400;

/// Why a time zone is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WrongZone {
    /// Nobody knows it.
    Unknown,
    /// Its clock is changed without a rule.
    Irregular,
}

impl WrongZone {
    /// As a part of a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "this machine's zoneinfo has none of that name",
            Self::Irregular => "its clock is changed by no rule that holds for every year",
        }
    }
}

/// `TimeZone=`.
#[derive(Debug)]
pub struct TimeZone;

impl Scalar for TimeZone {
    type Value = Zone;
    const FORM: &'static str = "time zone, such as `Europe/Berlin` or `CET-1CEST,M3.5.0,M10.5.0/3`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Zone> {
        let found = match rule(&text.text) {
            Some(zone) => Ok(zone),
            None => by_name(&text.text),
        };
        if let Err(why) = found {
            cx.refuse(codes::BAD_VALUE, &text.whole(), why.words());
        }
        found.ok()
    }
}

/// The rule that the file of a zone ends with.
///
/// # Errors
/// There is no such file, or its rule does not hold.
pub fn by_name(name: &str) -> Result<Zone, WrongZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Ok(Zone::UTC);
    }
    let odd = |c: char| !(c.is_ascii_alphanumeric() || "/_+-".contains(c));
    if name.is_empty() || name.contains(odd) || name.starts_with('/') {
        return Err(WrongZone::Unknown);
    }
    let file = std::fs::read(Path::new(ZONEINFO).join(name)).map_err(|_| WrongZone::Unknown)?;
    let (changes, footer) = read(&file).ok_or(WrongZone::Unknown)?;
    let zone = rule(footer).ok_or(WrongZone::Irregular)?;
    let keeps = |&(at, offset): &(i64, i64)| at < SINCE || zone.offset_at(at) == offset;
    if changes.iter().all(keeps) { Ok(zone) } else { Err(WrongZone::Irregular) }
}

/// The changes of a clock that a file lists, and the rule behind them.
fn read(file: &[u8]) -> Option<(Vec<(i64, i64)>, &str)> {
    let word = |bytes: &[u8], at: usize| -> Option<usize> {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(word)).ok()
    };
    let counts = |block: &[u8]| -> Option<[usize; 6]> {
        let mut counts = [0; 6];
        for (number, count) in counts.iter_mut().enumerate() {
            *count = word(block, 20 + 4 * number)?;
        }
        Some(counts)
    };
    const HEADER: usize = 44;
    if !file.starts_with(b"TZif") || *file.get(4)? < b'2' {
        return None;
    }
    // The first block is for readers of 32 bits.
    let [utc, std, leap, times, types, chars] = counts(file)?;
    let block = file.get(HEADER + 5 * times + 6 * types + chars + 8 * leap + std + utc..)?;
    let [utc, std, leap, times, types, chars] = counts(block)?;
    let body = block.get(HEADER..)?;
    let mut changes = Vec::new();
    for number in 0..times {
        let at = i64::from_be_bytes(body.get(8 * number..8 * number + 8)?.try_into().ok()?);
        let kind = usize::from(*body.get(8 * times + number)?);
        let offset = word(body, 9 * times + 6 * kind)? as u32 as i32;
        changes.push((at, i64::from(offset)));
    }
    let footer = body.get(9 * times + 6 * types + chars + 12 * leap + std + utc..)?;
    Some((changes, std::str::from_utf8(footer).ok()?.trim_matches('\n')))
}

/// A rule as in `TZ`: `CET-1CEST,M3.5.0,M10.5.0/3`.
fn rule(text: &str) -> Option<Zone> {
    let mut rest = text;
    name(&mut rest)?;
    let offset = -clock(&mut rest)?;
    if rest.is_empty() {
        return Some(Zone { offset, summer: None });
    }
    name(&mut rest)?;
    let in_summer = if rest.starts_with(',') { offset + 3_600 } else { -clock(&mut rest)? };
    let begin = change(&mut rest)?;
    let end = change(&mut rest)?;
    let summer = Some(Summer { offset: in_summer, begin, end });
    rest.is_empty().then_some(Zone { offset, summer })
}

/// Steps over the name of a clock: letters, or anything in angle brackets.
fn name(rest: &mut &str) -> Option<()> {
    let (name, tail) = match rest.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = tail;
    (name.len() >= 3).then_some(())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn clock(rest: &mut &str) -> Option<i32> {
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    *rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let mut seconds = number(rest)? * 3_600;
    for scale in [60, 1] {
        if let Some(tail) = rest.strip_prefix(':') {
            *rest = tail;
            seconds += number(rest)? * scale;
        }
    }
    (seconds <= 167 * 3_600).then_some(sign * seconds)
}

fn number(rest: &mut &str) -> Option<i32> {
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest.get(..length)?.parse().ok().filter(|&number| number <= DAY)?;
    *rest = &rest[length..];
    Some(number)
}

/// `,date[/time]`.
fn change(rest: &mut &str) -> Option<Change> {
    *rest = rest.strip_prefix(',')?;
    let day = if let Some(tail) = rest.strip_prefix('M') {
        *rest = tail;
        let month = number(rest).filter(|month| (1..=12).contains(month))?;
        *rest = rest.strip_prefix('.')?;
        let week = number(rest).filter(|week| (1..=5).contains(week))?;
        *rest = rest.strip_prefix('.')?;
        let weekday = number(rest).filter(|&weekday| weekday <= 6)?;
        YearDay::Weekday { month: month as u8, week: week as u8, weekday: weekday as u8 }
    } else if let Some(tail) = rest.strip_prefix('J') {
        *rest = tail;
        YearDay::WithoutLeap(number(rest).filter(|day| (1..=365).contains(day))? as u16)
    } else {
        YearDay::WithLeap(number(rest).filter(|&day| day <= 365)? as u16)
    };
    let seconds = match rest.strip_prefix('/') {
        Some(tail) => {
            *rest = tail;
            clock(rest)?
        }
        None => 2 * 3_600,
    };
    Some(Change { day, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-03-01, 2028-02-29 and 2028-03-01, each 00:00 UTC.
    const DAYS: [i64; 3] = [1_803_859_200, 1_835_395_200, 1_835_481_600];

    /// The days on which a clock goes from standard to summer time.
    fn begins(text: &str) -> [bool; 3] {
        let zone = rule(text).expect("a rule");
        DAYS.map(|day| (zone.offset_at(day - 1), zone.offset_at(day)) == (0, 3_600))
    }

    #[test]
    fn a_day_of_a_year_counts_the_leap_day_or_does_not() {
        assert_eq!(begins("AAA0BBB,J60/0,J300"), [true, false, true]);
        assert_eq!(begins("AAA0BBB,59/0,299"), [true, true, false]);
        assert_eq!(begins("AAA0BBB,M3.1.1/0,M10.5.0"), [true, false, false]);
        for wrong in ["AAA0BBB,J0,J300", "AAA0BBB,J366,J300", "AAA0BBB,366,1", "AAA0BBB,J60"] {
            assert_eq!(rule(wrong), None, "{wrong}");
        }
    }
}
