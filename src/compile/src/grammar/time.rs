//! Time spans: systemd.time(7).

use unit::Millis;

use super::{Context, Scalar, trailing_comment};
use crate::codes;
use crate::report::did_you_mean;
use crate::text::Value;

const MICROS_PER_SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * MICROS_PER_SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
const CENTURY: u64 = 36_525 * DAY;

/// Units of time in microseconds. A month is 30.44 days, a year 365.25, as in systemd.
const UNITS: &[(&[&str], u64)] = &[
    (&["usec", "us", "µs", "μs"], 1),
    (&["msec", "ms"], 1000),
    (&["seconds", "second", "sec", "s", ""], MICROS_PER_SECOND),
    (&["minutes", "minute", "min", "m"], MINUTE),
    (&["hours", "hour", "hr", "h"], 60 * MINUTE),
    (&["days", "day", "d"], DAY),
    (&["weeks", "week", "w"], 7 * DAY),
    (&["months", "month", "M"], 2_629_800 * MICROS_PER_SECOND),
    (&["years", "year", "y"], 31_557_600 * MICROS_PER_SECOND),
];

/// A span of time in microseconds; without a unit it is seconds.
#[derive(Debug)]
pub struct LongTime;

impl Scalar for LongTime {
    type Value = u64;
    const FORM: &'static str = Time::FORM;

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u64> {
        if text.text == "infinity" {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "must be finite");
            return None;
        }
        let micros = match micros(&text.text) {
            Ok(micros) => micros,
            Err(unit) => {
                let names = UNITS.iter().flat_map(|(names, _)| names.iter().copied());
                let hint = trailing_comment(text)
                    .or_else(|| unit.and_then(|unit| did_you_mean(&unit, names)));
                let label = "not a span of time such as `5s` or `1min 30s`";
                cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, hint);
                return None;
            }
        };
        if micros > CENTURY {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "more than a hundred years");
            return None;
        }
        Some(micros)
    }
}

/// A span of time; without a unit it is seconds. At most 49 days.
#[derive(Debug)]
pub struct Time;

impl Scalar for Time {
    type Value = Millis;
    const FORM: &'static str = "time, such as `5s` or `1min 30s`; a bare number is seconds";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Millis> {
        let micros = LongTime::parse(text, cx)?;
        match u32::try_from(micros.div_ceil(1000)) {
            Ok(millis) => Some(Millis(millis)),
            Err(_) => {
                let hint = "write `infinity` where the directive takes it, or a shorter time";
                let label = "more than 49 days";
                cx.refuse_with(codes::BAD_RANGE, &text.whole(), label, Some(hint.into()));
                None
            }
        }
    }
}

/// A span of time after which something is given up; `None` is never.
#[derive(Debug)]
pub struct Timeout;

impl Scalar for Timeout {
    type Value = Option<Millis>;
    const FORM: &'static str = "time, or `infinity`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Option<Millis>> {
        if text.text == "infinity" {
            return Some(None);
        }
        Some(Some(Time::parse(text, cx)?).filter(|&time| time != Millis(0)))
    }
}

/// The time of a hardware watchdog in whole seconds; 0 leaves the driver's, `None` is none.
#[derive(Debug)]
pub struct WatchdogTime;

impl Scalar for WatchdogTime {
    type Value = Option<u32>;
    const FORM: &'static str = "time, `default` or `off`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Option<u32>> {
        match text.text.as_str() {
            "off" => Some(None),
            "default" => Some(Some(0)),
            _ => {
                let Millis(millis) = Time::parse(text, cx)?;
                Some(Some(millis.div_ceil(1000)).filter(|&seconds| seconds > 0))
            }
        }
    }
}

/// The same in nanoseconds, as far as what is measured so takes them.
const UNITS_IN_NANOS: &[(&[&str], u64)] = &[
    (&["nsec", "ns", ""], 1),
    (&["usec", "us", "µs", "μs"], 1000),
    (&["msec", "ms"], 1_000_000),
    (&["seconds", "second", "sec", "s"], 1_000_000_000),
    (&["minutes", "minute", "min", "m"], 60_000_000_000),
    (&["hours", "hour", "hr", "h"], 3_600_000_000_000),
];

/// The span in microseconds, saturating; else the unit that nobody knows, if it was that.
pub(super) fn micros(text: &str) -> Result<u64, Option<String>> {
    span(text, UNITS)
}

/// The same in nanoseconds, where a bare number is of those.
pub(super) fn nanos(text: &str) -> Result<u64, Option<String>> {
    span(text, UNITS_IN_NANOS)
}

fn span(text: &str, units: &[(&[&str], u64)]) -> Result<u64, Option<String>> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(None);
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = split_while(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, tail) =
            split_while(tail.trim_start(), |c| !c.is_ascii_digit() && !c.is_whitespace());
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(fraction) {
            return Err(None);
        }
        let known = units.iter().find(|(names, _)| names.contains(&unit));
        let scale = known.ok_or_else(|| Some(unit.to_string()))?.1;
        let whole: u64 = whole.parse().unwrap_or(u64::MAX);
        let mut micros = whole.saturating_mul(scale);
        let mut place = scale;
        for digit in fraction.bytes() {
            place /= 10;
            micros = micros.saturating_add(u64::from(digit - b'0') * place);
        }
        total = total.saturating_add(micros);
        rest = tail.trim_start();
    }
    Ok(total)
}

fn split_while(text: &str, holds: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !holds(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_add_up_and_bare_numbers_are_seconds() {
        for (text, expected) in [
            ("5", 5_000_000),
            ("5s", 5_000_000),
            ("5 s", 5_000_000),
            ("1min 30s", 90_000_000),
            ("1min30", 90_000_000),
            ("100ms", 100_000),
            ("1.5s", 1_500_000),
            ("0.25ms", 250),
            ("2h", 7_200_000_000),
            ("1y 12month", 63_115_200_000_000),
        ] {
            assert_eq!(micros(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "s", "5x", "-1", "1..2", "1,5s", "five", ".5s"] {
            assert!(micros(text).is_err(), "{text}");
        }
        assert_eq!(micros("99999999999999999999y"), Ok(u64::MAX));
    }
}
