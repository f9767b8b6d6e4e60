//! Resource limits: systemd.exec(5), "Process properties"; setrlimit(2).

use super::time::micros;
use super::{Context, Scalar, trailing_comment};
use crate::codes;
use crate::text::Value;

/// Soft and hard; `u64::MAX` is infinity.
type Pair = (u64, u64);

/// Nice levels are 20 less than what is limited: getrlimit(2).
const NICE_ZERO: u64 = 20;
const NICE_LIMIT_MAX: u64 = 40;

/// `both` or `soft:hard`, each in the form that `limit` reads.
fn pair(
    text: &Value,
    what: &str,
    limit: fn(&str) -> Option<u64>,
    cx: &mut Context<'_>,
) -> Option<Pair> {
    let (soft, hard) = text.text.split_once(':').unwrap_or((&text.text, &text.text));
    let limit = |text: &str| if text == "infinity" { Some(u64::MAX) } else { limit(text) };
    let (Some(soft), Some(hard)) = (limit(soft), limit(hard)) else {
        let label = format!("neither {what} nor `infinity`, nor two of them as `soft:hard`");
        cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        return None;
    };
    if soft > hard {
        cx.refuse(codes::BAD_RANGE, &text.whole(), "the soft limit is above the hard one");
        return None;
    }
    Some((soft, hard))
}

macro_rules! rlimits {
    ($($(#[$meta:meta])* $grammar:ident $what:literal $form:literal $limit:expr;)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug)]
            pub struct $grammar;

            impl Scalar for $grammar {
                type Value = Pair;
                const FORM: &'static str = $form;

                fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Pair> {
                    pair(text, $what, $limit, cx)
                }
            }
        )*
    };
}

rlimits! {
    /// A number.
    Rlimit "a number" "number or `infinity`, for both or as `soft:hard`" |text| text.parse().ok();
    /// Bytes.
    RlimitBytes "a number of bytes"
        "bytes, such as `64M`, or `infinity`, for both or as `soft:hard`" bytes;
    /// Seconds.
    RlimitSeconds "a time" "time or `infinity`, for both or as `soft:hard`"
        |text| Some(micros(text).ok()?.div_ceil(1_000_000));
    /// Microseconds.
    RlimitMicros "a time" "time or `infinity`, for both or as `soft:hard`"
        |text| text.parse().ok().or_else(|| micros(text).ok());
    /// A nice level.
    RlimitNice "a nice level with its sign or a number of 0 to 40"
        "nice level with its sign, or 0 to 40; for both or as `soft:hard`" nice;
}

pub(super) fn bytes(text: &str) -> Option<u64> {
    const SUFFIXES: &str = "BKMGTPE";
    let digits = text.trim_end_matches(|c: char| SUFFIXES.contains(c));
    let power = match &text[digits.len()..] {
        "" => 0,
        suffix => SUFFIXES.find(suffix)?,
    };
    let number: u64 = digits.trim_end().parse().ok()?;
    number.checked_mul(1 << (10 * power))
}

fn nice(text: &str) -> Option<u64> {
    let digits = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    let limit = match text.split_at_checked(1) {
        Some(("+", level)) => NICE_ZERO.checked_sub(digits(level)?).filter(|&limit| limit > 0),
        Some(("-", level)) => NICE_ZERO.checked_add(digits(level)?),
        _ => digits(text),
    };
    limit.filter(|&limit| limit <= NICE_LIMIT_MAX)
}
