//! Booleans, numbers, modes, limits, signals.

use unit::control::{SIGNALS, SIGRTMAX, SIGRTMIN, signal_number};

use super::{Context, Scalar, trailing_comment};
use crate::codes;
use crate::report::did_you_mean;
use crate::text::Value;

/// `yes` or `no`, in systemd's spellings.
#[derive(Debug)]
pub struct Boolean;

impl Scalar for Boolean {
    type Value = bool;
    const FORM: &'static str = "yes or no";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<bool> {
        let value = truth(&text.text);
        if value.is_none() {
            let words = ["yes", "no", "true", "false", "on", "off"];
            let hint = trailing_comment(text).or_else(|| did_you_mean(&text.text, words));
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), "neither yes nor no", hint);
        }
        value
    }
}

/// What a word says, in any of systemd's spellings.
pub fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// A number of 32 bits.
#[derive(Debug)]
pub struct Unsigned;

impl Scalar for Unsigned {
    type Value = u32;
    const FORM: &'static str = "number";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u32> {
        let digits = !text.text.is_empty() && text.text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            let hint = trailing_comment(text);
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), "not a whole number", hint);
            return None;
        }
        let number = text.text.parse().ok();
        if number.is_none() {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "more than 4294967295");
        }
        number
    }
}

/// Permission bits in octal.
#[derive(Debug)]
pub struct Mode;

impl Scalar for Mode {
    type Value = u16;
    const FORM: &'static str = "octal mode";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u16> {
        let octal = text.text.bytes().all(|byte| byte.is_ascii_digit());
        match u16::from_str_radix(&text.text, 8) {
            Ok(mode) if octal && mode <= 0o7777 => Some(mode),
            Ok(_) if octal => {
                cx.refuse(codes::BAD_RANGE, &text.whole(), "more than 07777");
                None
            }
            _ => {
                let label = "not an octal mode such as 0660";
                cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
                None
            }
        }
    }
}

/// The number of a signal that is named.
pub(super) fn signal(word: &str) -> Option<u8> {
    let real_time = || {
        let name = word.strip_prefix("SIG").unwrap_or(word);
        let offset: u8 = match name.strip_prefix("RTMIN")? {
            "" => 0,
            offset => offset.strip_prefix('+')?.parse().ok()?,
        };
        SIGRTMIN.checked_add(offset)
    };
    signal_number(word).or_else(real_time).filter(|number| *number <= SIGRTMAX)
}

/// The nearest name of a signal.
pub(super) fn signal_like(word: &str) -> Option<String> {
    let name = word.strip_prefix("SIG").unwrap_or(word);
    did_you_mean(name, SIGNALS)
}

/// A signal, by name or number.
#[derive(Debug)]
pub struct Signal;

impl Scalar for Signal {
    type Value = u8;
    const FORM: &'static str = "signal, such as `SIGTERM`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u8> {
        match signal(&text.text).or_else(|| text.text.parse().ok()) {
            Some(number) if (1..=SIGRTMAX).contains(&number) => Some(number),
            _ => {
                let hint = signal_like(&text.text);
                cx.refuse_with(codes::BAD_VALUE, &text.whole(), "not a signal", hint);
                None
            }
        }
    }
}
