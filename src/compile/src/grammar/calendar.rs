//! Calendar events: systemd.time(7), with the limits that systemd's own parser has.

use unit::Seq;
use unit::calendar::{Calendar, Steps, YEARS, Zone};

use super::{Context, zone};
use crate::codes;
use crate::text::Value;

/// A calendar event, its time zone resolved unless it is the board's.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::calendar::Calendar`")]
pub struct CalendarEvent {
    /// As in the unit file.
    pub text: String,
    pub weekdays: u8,
    pub years: Vec<u8>,
    pub months: u16,
    pub days: u32,
    pub from_end: bool,
    pub hours: u32,
    pub minutes: u64,
    pub seconds: Vec<Steps>,
    /// `None`: that of the board.
    pub zone: Option<Zone>,
}

impl CalendarEvent {
    /// Hands it over as the board has it.
    pub fn with<T>(&self, board: Zone, then: impl FnOnce(Calendar<'_>) -> T) -> T {
        let encode = |steps| postcard::to_extend(steps, Vec::new()).expect("a Vec takes all");
        let seconds: Vec<u8> = self.seconds.iter().flat_map(encode).collect();
        then(Calendar {
            weekdays: self.weekdays,
            years: &self.years,
            months: self.months,
            days: self.days,
            from_end: self.from_end,
            hours: self.hours,
            minutes: self.minutes,
            seconds: Seq::from_bytes(&seconds),
            zone: self.zone.unwrap_or(board),
        })
    }
}

/// Reads the value of an `OnCalendar=`.
pub(super) fn parse(text: &Value, cx: &mut Context<'_>) -> Option<CalendarEvent> {
    match event(&text.text) {
        Ok(event) => Some(event),
        Err(Wrong::Form(label)) => {
            let hint = "such as `daily`, `Mon..Fri 10:30` or `*-*-1 00:00:00`";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, Some(hint.into()));
            None
        }
        Err(Wrong::Zone(name, why)) => {
            let label = match why {
                zone::WrongZone::Unknown => {
                    format!("`{name}` is no part of a time, and no zone in this machine's zoneinfo")
                }
                zone::WrongZone::Irregular => format!("time zone `{name}`: {}", why.words()),
            };
            cx.refuse(codes::BAD_VALUE, &text.whole(), label);
            None
        }
    }
}

/// What is wrong with a calendar event.
#[derive(Debug)]
pub enum Wrong {
    /// Its form.
    Form(&'static str),
    /// Its time zone.
    Zone(String, zone::WrongZone),
}

/// One component: a number, a range, steps; microseconds for seconds.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: u32,
    to: Option<u32>,
    step: u32,
}

/// `None` is `*`.
type Chain = Option<Vec<Part>>;

const SECOND: u32 = 1_000_000;
const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// systemd's words, each with what it stands for.
const SHORTHANDS: [(&str, &str); 13] = [
    ("minutely", "*:*"),
    ("hourly", "*:0"),
    ("daily", "*-*-*"),
    ("weekly", "Mon"),
    ("monthly", "*-*-1"),
    ("quarterly", "*-1,4,7,10-1"),
    ("semiannually", "*-1,7-1"),
    ("semi-annually", "*-1,7-1"),
    ("biannually", "*-1,7-1"),
    ("bi-annually", "*-1,7-1"),
    ("annually", "*-1-1"),
    // An old slip that systemd keeps.
    ("anually", "*-1-1"),
    ("yearly", "*-1-1"),
];

/// Takes a calendar event apart.
///
/// # Errors
/// What is wrong with it.
pub fn event(text: &str) -> Result<CalendarEvent, Wrong> {
    let (rest, zone) = split_zone(text)?;
    let short = |(word, _): &&(&str, &str)| word.eq_ignore_ascii_case(rest);
    let mut rest = SHORTHANDS.iter().find(short).map_or(rest, |(_, meaning)| meaning);
    if rest.is_empty() {
        return Err(Wrong::Form("there is no time in it"));
    }
    if let Some(seconds) = rest.strip_prefix('@') {
        return moment(text, seconds);
    }
    let weekdays = weekdays(&mut rest)?;
    let date = date(&mut rest)?;
    let [hours, minutes, seconds] = time(rest)?;
    let chosen = date.years.is_some();
    let years = numbers(&date.years.map(short_years), *YEARS.start(), *YEARS.end(), false)?;
    let mut year_bits = Vec::new();
    for year in years.iter().filter(|_| chosen) {
        let bit = (year - YEARS.start()) as usize;
        year_bits.resize(year_bits.len().max(bit / 8 + 1), 0);
        year_bits[bit / 8] |= 1 << (bit % 8);
    }
    let last_day = if date.from_end { 28 } else { 31 };
    let days = match date.days {
        None => numbers(&None, 1, 31, false)?,
        days => numbers(&days, 1, last_day, date.from_end)?,
    };
    Ok(CalendarEvent {
        text: text.into(),
        weekdays,
        years: year_bits,
        months: bits(&numbers(&date.months, 1, 12, false)?) as u16,
        days: bits(&days) as u32,
        from_end: date.from_end,
        hours: bits(&numbers(&hours, 0, 23, false)?) as u32,
        minutes: bits(&numbers(&minutes, 0, 59, false)?),
        seconds: steps(seconds)?,
        zone,
    })
}

fn bits(numbers: &[i32]) -> u64 {
    numbers.iter().fold(0, |bits, number| bits | 1 << number)
}

/// `@SECONDS`: one moment.
fn moment(text: &str, seconds: &str) -> Result<CalendarEvent, Wrong> {
    let wrong = Wrong::Form("`@` wants the seconds since 1970, up to the year 2199");
    let Ok(seconds) = seconds.parse::<i64>() else { return Err(wrong) };
    let (year, month, day) = unit::calendar::civil(seconds.div_euclid(86_400));
    if !YEARS.contains(&year) {
        return Err(wrong);
    }
    let rest = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let plain = format!("{year}-{month}-{day} {hour}:{minute}:{second} UTC");
    Ok(CalendarEvent { text: text.into(), ..event(&plain)? })
}

/// The time zone behind the last blank, if that is one.
fn split_zone(text: &str) -> Result<(&str, Option<Zone>), Wrong> {
    let Some((rest, last)) = text.rsplit_once(' ') else { return Ok((text, None)) };
    if last.eq_ignore_ascii_case("UTC") {
        return Ok((rest, Some(Zone::UTC)));
    }
    let is_name = last.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_weekday = weekdays(&mut &*last).is_ok_and(|_| is_name && day_of(last).is_some());
    if !is_name || is_weekday {
        return Ok((text, None));
    }
    match zone::by_name(last) {
        Ok(zone) => Ok((rest, Some(zone))),
        Err(why) => Err(Wrong::Zone(last.into(), why)),
    }
}

/// The weekday that a text begins with, by its number and how long its name is.
fn day_of(text: &str) -> Option<(u8, usize)> {
    let begins = |name: &str| text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
    let whole = (0..).zip(WEEKDAYS).find(|(_, name)| begins(name));
    let short = || (0..).zip(WEEKDAYS).find(|(_, name)| begins(&name[..3]));
    whole.map(|(number, name)| (number, name.len())).or_else(|| short().map(|(n, _)| (n, 3)))
}

/// The weekdays at the begin, a bit each; all if there are none.
fn weekdays(rest: &mut &str) -> Result<u8, Wrong> {
    let mut days = 0u8;
    let mut range_from: Option<u8> = None;
    while let Some((day, length)) = day_of(rest) {
        let from = range_from.map_or(day, |from| from + 1);
        if range_from.is_some() && from > day + 1 {
            return Err(Wrong::Form("a range of weekdays runs from Monday to Sunday"));
        }
        days |= (from..=day).fold(1 << day, |days, day| days | 1 << day);
        *rest = &rest[length..];
        let was_range = range_from.take().is_some();
        if let Some(tail) = rest.strip_prefix("..").or_else(|| rest.strip_prefix('-')) {
            if was_range {
                return Err(Wrong::Form("a range of weekdays has one begin and one end"));
            }
            (*rest, range_from) = (tail, Some(day));
        } else if let Some(tail) = rest.strip_prefix(',') {
            *rest = tail;
        } else if !rest.is_empty() && !rest.starts_with(' ') {
            return Err(Wrong::Form("a weekday is followed by a blank, `,` or `..`"));
        }
        if rest.is_empty() || rest.starts_with(' ') {
            *rest = rest.trim_start_matches(' ');
            return match range_from {
                None => Ok(days),
                Some(_) => Err(Wrong::Form("a range of weekdays has an end")),
            };
        }
    }
    if days != 0 { Err(Wrong::Form("a list of weekdays has nothing else in it")) } else { Ok(0x7f) }
}

struct Date {
    years: Chain,
    months: Chain,
    days: Chain,
    from_end: bool,
}

/// The date at the begin, if there is one.
fn date(rest: &mut &str) -> Result<Date, Wrong> {
    let mut date = Date { years: None, months: None, days: None, from_end: false };
    let wrong = || Wrong::Form("a date is `YEAR-MONTH-DAY` or `MONTH-DAY`, with `~` from the end");
    let mut tail = *rest;
    if tail.is_empty() {
        return Ok(date);
    }
    let first = chain(&mut tail, false)?;
    if tail.is_empty() || tail.starts_with(':') {
        return Ok(date);
    }
    let separator = |tail: &mut &str| -> Result<bool, Wrong> {
        let found = tail.strip_prefix(['-', '~']).ok_or_else(wrong)?;
        let from_end = tail.starts_with('~');
        *tail = found;
        Ok(from_end)
    };
    date.from_end = separator(&mut tail)?;
    let second = chain(&mut tail, false)?;
    if tail.is_empty() || tail.starts_with(' ') {
        (date.months, date.days) = (first, second);
    } else if date.from_end {
        return Err(wrong());
    } else {
        date.from_end = separator(&mut tail)?;
        (date.years, date.months, date.days) = (first, second, chain(&mut tail, false)?);
    }
    if !tail.is_empty() && !tail.starts_with(' ') {
        return Err(wrong());
    }
    *rest = tail.trim_start_matches(' ');
    Ok(date)
}

/// Hours, minutes and seconds: the whole of what is left.
fn time(mut rest: &str) -> Result<[Chain; 3], Wrong> {
    let zero = || Some(vec![Part { from: 0, to: None, step: 0 }]);
    let wrong = || Wrong::Form("a time is `HOUR:MINUTE` or `HOUR:MINUTE:SECOND`");
    if rest.is_empty() {
        return Ok([zero(), zero(), zero()]);
    }
    let hours = chain(&mut rest, false)?;
    rest = rest.strip_prefix(':').ok_or_else(wrong)?;
    let minutes = chain(&mut rest, false)?;
    if rest.is_empty() {
        return Ok([hours, minutes, zero()]);
    }
    rest = rest.strip_prefix(':').ok_or_else(wrong)?;
    let seconds = chain(&mut rest, true)?;
    if rest.is_empty() { Ok([hours, minutes, seconds]) } else { Err(wrong()) }
}

fn chain(rest: &mut &str, micros: bool) -> Result<Chain, Wrong> {
    if let Some(tail) = rest.strip_prefix('*') {
        *rest = tail;
        return Ok(None);
    }
    let mut parts = Vec::new();
    loop {
        let from = number(rest, micros)?;
        let (mut to, mut step) = (None, 0);
        if let Some(tail) = rest.strip_prefix("..") {
            *rest = tail;
            (to, step) = (Some(number(rest, micros)?), if micros { SECOND } else { 1 });
        }
        if let Some(tail) = rest.strip_prefix('/') {
            *rest = tail;
            step = number(rest, micros)?;
            if step == 0 {
                return Err(Wrong::Form("steps of nothing"));
            }
        }
        parts.push(Part { from, to, step });
        match rest.strip_prefix(',') {
            Some(tail) => *rest = tail,
            None => return Ok(Some(parts)),
        }
    }
}

/// A number, or seconds with up to six digits behind the point, in microseconds.
fn number(rest: &mut &str, micros: bool) -> Result<u32, Wrong> {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let wrong = Wrong::Form("there should be a number or `*`");
    let length = digits(rest);
    let Ok(whole) = rest[..length].parse::<u32>() else { return Err(wrong) };
    *rest = &rest[length..];
    if !micros {
        return Ok(whole);
    }
    let Some(mut value) = whole.checked_mul(SECOND) else { return Err(wrong) };
    if let Some(tail) = rest.strip_prefix('.').filter(|tail| digits(tail) > 0) {
        let length = digits(tail);
        let mut scale = SECOND;
        for digit in tail[..length].bytes().take(6) {
            scale /= 10;
            value += u32::from(digit - b'0') * scale;
        }
        // The seventh digit rounds.
        value += u32::from(tail.as_bytes()[..length].get(6) >= Some(&b'5'));
        *rest = &tail[length..];
    }
    Ok(value)
}

/// Years of two digits are those around 2000.
fn short_years(mut parts: Vec<Part>) -> Vec<Part> {
    let full = |year: u32| match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    };
    for part in &mut parts {
        (part.from, part.to) = (full(part.from), part.to.map(full));
    }
    parts
}

/// All numbers of a chain. From the end, steps lead to the last day: they go down.
fn numbers(chain: &Chain, least: i32, most: i32, down: bool) -> Result<Vec<i32>, Wrong> {
    let Some(parts) = chain else { return Ok((least..=most).collect()) };
    let wrong = Wrong::Form("a number is out of its range, or a range has nothing in it");
    let mut all = Vec::new();
    for part in parts {
        let Some((from, to, step)) = bounds(*part, least, most, down) else { return Err(wrong) };
        let mut next = from;
        while (from.min(to)..=from.max(to)).contains(&next) {
            all.push(next);
            if step == 0 {
                break;
            }
            next += if from <= to && !(down && part.to.is_none()) { step } else { -step };
        }
    }
    Ok(all)
}

/// Begin, end and step, if they are in their range and lead to two numbers at least.
fn bounds(part: Part, least: i32, most: i32, down: bool) -> Option<(i32, i32, i32)> {
    let (from, step) = (i32::try_from(part.from).ok()?, i32::try_from(part.step).ok()?);
    let to = part.to.map(i32::try_from).transpose().ok()?;
    let range = least..=most;
    let fits = range.contains(&from)
        && step <= most - least
        && match to {
            Some(to) => {
                range.contains(&to) && from.checked_add(step)? <= to.max(from + 1) && from <= to
            }
            None if down => from - step >= least,
            None => from.checked_add(step)? <= most,
        };
    let end = to.unwrap_or(if down { least } else { most });
    fits.then_some((from, end, step))
}

fn steps(chain: Chain) -> Result<Vec<Steps>, Wrong> {
    const LAST: u32 = 60 * SECOND - 1;
    let Some(parts) = chain else {
        return Ok(vec![Steps { from: 0, to: LAST, step: SECOND }]);
    };
    let mut all = Vec::new();
    for part in parts {
        let end = part.to.unwrap_or(LAST);
        let first_step = part.from.checked_add(part.step).filter(|&next| next <= end);
        if part.from > LAST || end > LAST || part.step > LAST || first_step.is_none() {
            return Err(Wrong::Form(
                "seconds are out of their range, or a range has nothing in it",
            ));
        }
        all.push(Steps { from: part.from, to: end, step: part.step });
    }
    Ok(all)
}
