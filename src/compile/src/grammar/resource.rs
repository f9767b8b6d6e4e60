//! What a control group may have: systemd.resource-control(5).

use super::names::unit_name;
use super::rlimit::bytes;
use super::{Context, List, Scalar, trailing_comment};
use crate::codes;
use crate::names::{Kind, Name};
use crate::report::Spanned;
use crate::text::Value;

/// Ten-thousandths in the whole.
const WHOLE: u32 = 10_000;
/// The least and the most that a weight can be.
const WEIGHTS: std::ops::RangeInclusive<u64> = 1..=10_000;

/// How much of something the board has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Any.
    Infinity,
    /// So much.
    Exactly(u64),
    /// So many ten-thousandths of what the board has.
    Share(u16),
}

/// `12.5%` in ten-thousandths.
fn percent(text: &str) -> Option<u32> {
    let (whole, fraction) = {
        let number = text.strip_suffix('%')?.trim_end();
        number.split_once('.').unwrap_or((number, "0"))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return None;
    }
    let hundredths: u32 = format!("{fraction:0<2}").parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(hundredths)
}

fn amount(
    text: &Value,
    cx: &mut Context<'_>,
    what: &str,
    number: fn(&str) -> Option<u64>,
) -> Option<Amount> {
    let word = text.text.as_str();
    if word == "infinity" {
        return Some(Amount::Infinity);
    }
    if let Some(share) = percent(word) {
        let share = u16::try_from(share).ok().filter(|&share| u32::from(share) <= WHOLE);
        if share.is_none() {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "more than 100%");
        }
        return share.map(Amount::Share);
    }
    let exact = number(word);
    if exact.is_none() {
        let label = format!("neither {what}, nor a percentage, nor `infinity`");
        cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
    }
    exact.map(Amount::Exactly)
}

/// True unless it is nothing at all.
fn is_some(amount: Amount, text: &Value, cx: &mut Context<'_>) -> bool {
    let is_none = matches!(amount, Amount::Exactly(0) | Amount::Share(0));
    if is_none {
        cx.refuse(codes::BAD_RANGE, &text.whole(), "nothing can run with that");
    }
    !is_none
}

/// `MemoryLow=` and its kin.
#[derive(Debug)]
pub struct MemoryAmount;

impl Scalar for MemoryAmount {
    type Value = Amount;
    const FORM: &'static str = "bytes, such as `64M`, `12.5%` or `infinity`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Amount> {
        amount(text, cx, "a number of bytes", bytes)
    }
}

/// `MemoryMax=` and its kin, which cannot be 0.
#[derive(Debug)]
pub struct MemoryLimit;

impl Scalar for MemoryLimit {
    type Value = Amount;
    const FORM: &'static str = MemoryAmount::FORM;

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Amount> {
        MemoryAmount::parse(text, cx).filter(|&amount| is_some(amount, text, cx))
    }
}

/// `TasksMax=`.
#[derive(Debug)]
pub struct TasksLimit;

impl Scalar for TasksLimit {
    type Value = Amount;
    const FORM: &'static str = "number, `12.5%` or `infinity`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Amount> {
        amount(text, cx, "a number", |text| text.parse::<u32>().ok().map(u64::from))
            .filter(|&amount| is_some(amount, text, cx))
    }
}

/// `CPUQuota=`: ten-thousandths of one processor.
#[derive(Debug)]
pub struct Percentage;

impl Scalar for Percentage {
    type Value = u32;
    const FORM: &'static str = "percentage, such as `20%`, or `250%` of several processors";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u32> {
        let share = percent(&text.text);
        match share {
            None => {
                let label = "not a percentage such as `20%`";
                cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
            }
            Some(0) => {
                cx.refuse(codes::BAD_RANGE, &text.whole(), "nothing can run with that");
            }
            Some(_) => {}
        }
        share.filter(|&share| share > 0)
    }
}

fn weight(text: &str) -> Option<u64> {
    text.parse().ok().filter(|weight| WEIGHTS.contains(weight))
}

/// `IOWeight=`.
#[derive(Debug)]
pub struct Weight;

impl Scalar for Weight {
    type Value = u64;
    const FORM: &'static str = "1 to 10000";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u64> {
        let weight = weight(&text.text);
        if weight.is_none() {
            let hint = trailing_comment(text);
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), "not between 1 and 10000", hint);
        }
        weight
    }
}

/// `CPUWeight=`: `None` is idle.
#[derive(Debug)]
pub struct CpuWeight;

impl Scalar for CpuWeight {
    type Value = Option<u64>;
    const FORM: &'static str = "1 to 10000, or `idle`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Option<u64>> {
        if text.text == "idle" { Some(None) } else { Weight::parse(text, cx).map(Some) }
    }
}

/// A device, and what it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfDevice {
    /// Its node in /dev.
    pub path: String,
    /// As the kernel has it.
    pub text: String,
}

/// A device and a value, as far as there is one that `value` reads.
fn of_device(
    text: &Value,
    cx: &mut Context<'_>,
    value: impl Fn(&str) -> Option<String>,
    form: &str,
) -> Vec<Spanned<OfDevice>> {
    let span = text.whole();
    let Some(words) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
    let parts = words.split_once(char::is_whitespace);
    let is_node = |path: &str| {
        let name = path.strip_prefix("/dev/").unwrap_or_default();
        name.split('/').all(|part| !part.is_empty() && part != "..")
    };
    let parts = parts.filter(|(path, _)| is_node(path));
    let parts = parts.and_then(|(path, word)| Some((path, value(word.trim_start())?)));
    let Some((path, text)) = parts else {
        let label = format!("not a block device in /dev and {form}");
        cx.refuse_with(codes::BAD_VALUE, &span, label, trailing_comment(text));
        return Vec::new();
    };
    vec![Spanned { value: OfDevice { path: path.into(), text }, span }]
}

/// `IODeviceWeight=`.
#[derive(Debug)]
pub struct DeviceWeights;

impl List for DeviceWeights {
    type Item = OfDevice;
    const FORM: &'static str = "block device in /dev and 1 to 10000";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<OfDevice>> {
        of_device(text, cx, |word| weight(word).map(|weight| weight.to_string()), "1 to 10000")
    }
}

/// `IOReadBandwidthMax=` and its kin.
#[derive(Debug)]
pub struct DeviceLimits;

impl List for DeviceLimits {
    type Item = OfDevice;
    const FORM: &'static str = "block device in /dev and a number, with K, M or G of 1000, or \
                                `infinity`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<OfDevice>> {
        let key = match cx.key {
            "IOReadBandwidthMax" => "rbps",
            "IOWriteBandwidthMax" => "wbps",
            "IOReadIOPSMax" => "riops",
            _ => "wiops",
        };
        let limit = |word: &str| match word {
            "infinity" => Some(format!("{key}=max")),
            word => {
                thousands(word).filter(|&limit| limit > 0).map(|limit| format!("{key}={limit}"))
            }
        };
        of_device(text, cx, limit, "a number, or `infinity`")
    }
}

/// A number with a suffix of 1000.
fn thousands(text: &str) -> Option<u64> {
    const SUFFIXES: &str = "KMGT";
    let digits = text.trim_end_matches(|c: char| SUFFIXES.contains(c));
    let power = match &text[digits.len()..] {
        "" => 0,
        suffix => 1 + u32::try_from(SUFFIXES.find(suffix)?).ok()?,
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(1000u64.pow(power))
}

/// `Slice=`.
#[derive(Debug)]
pub struct SliceName;

impl Scalar for SliceName {
    type Value = Name;
    const FORM: &'static str = "name of a slice";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Name> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        let name = unit_name(&name, &span, cx)?;
        if name.kind != Kind::Slice {
            let stem = name.stem();
            let hint = Some(format!("`{stem}.slice`, perhaps"));
            cx.refuse_with(codes::BAD_VALUE, &span, "not a slice", hint);
            return None;
        }
        Some(name)
    }
}
