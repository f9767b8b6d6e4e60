//! Processors, priorities, capabilities: systemd.exec(5); sched(7), capabilities(7).

use super::time::nanos;
use super::{Architecture, Context, List, Scalar, Signed, keyword, trailing_comment};
use crate::codes;
use crate::report::{Spanned, did_you_mean};
use crate::text::Value;

/// Most processors that a mask has bits for, as in the C library's cpu_set_t.
const PROCESSORS_MAX: u16 = 1024;
/// linux/personality.h.
const PER_LINUX: u32 = 0;
const PER_LINUX32: u32 = 8;

/// `Nice=`.
#[derive(Debug)]
pub struct Niceness;

impl Scalar for Niceness {
    type Value = i32;
    const FORM: &'static str = "number, -20 to 19";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<i32> {
        let level = Signed::parse(text, cx)?;
        if !(-20..=19).contains(&level) {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "not between -20 and 19");
            return None;
        }
        Some(level)
    }
}

/// `OOMScoreAdjust=`.
#[derive(Debug)]
pub struct OomScore;

impl Scalar for OomScore {
    type Value = i32;
    const FORM: &'static str = "number, -1000 to 1000";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<i32> {
        let score = Signed::parse(text, cx)?;
        if !(-1000..=1000).contains(&score) {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "not between -1000 and 1000");
            return None;
        }
        Some(score)
    }
}

/// `CPUAffinity=`: processors, each by its number.
#[derive(Debug)]
pub struct Processors;

impl List for Processors {
    type Item = u16;
    const FORM: &'static str = "numbers and ranges such as `0 2-3`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<u16>> {
        let mut processors = Vec::new();
        let words = text.text.split(|c: char| c == ',' || c.is_ascii_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            match (first.parse::<u16>(), last.parse::<u16>()) {
                (Ok(first), Ok(last)) if first <= last && last < PROCESSORS_MAX => {
                    let span = text.whole();
                    let each = |value| Spanned { value, span: span.clone() };
                    processors.extend((first..=last).map(each));
                }
                _ if word == "numa" => {
                    let label = "known to systemd, not supported here";
                    let hint = Some("write the processors' numbers".into());
                    cx.refuse_with(codes::UNSUPPORTED_VALUE, &text.whole(), label, hint);
                }
                _ => {
                    let label = format!("`{word}` is no processor below 1024 and no range of them");
                    let hint = trailing_comment(text);
                    cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, hint);
                }
            }
        }
        processors
    }
}

/// `TimerSlackNSec=`.
#[derive(Debug)]
pub struct Nanoseconds;

impl Scalar for Nanoseconds {
    type Value = u64;
    const FORM: &'static str = "time, such as `50us`; a bare number is nanoseconds";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u64> {
        let time = nanos(&text.text).ok();
        if time.is_none() {
            let label = "not a span of time such as `50us`";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        }
        time
    }
}

/// `Personality=`: what the board's architecture has.
#[derive(Debug)]
pub struct PersonalityName;

impl Scalar for PersonalityName {
    type Value = u32;
    const FORM: &'static str =
        "`arm` `arm64` `x86` `x86-64` `riscv32` `riscv64`, as far as the board has it";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u32> {
        let known: &[(&str, u32)] = match cx.specifiers.architecture {
            Some(Architecture::Armv7) | None => &[("arm", PER_LINUX)],
            Some(Architecture::Aarch64) => &[("arm64", PER_LINUX), ("arm", PER_LINUX32)],
            Some(Architecture::X86_64) => &[("x86-64", PER_LINUX), ("x86", PER_LINUX32)],
            Some(Architecture::Riscv64) => &[("riscv64", PER_LINUX), ("riscv32", PER_LINUX32)],
        };
        keyword(text, cx, known, &[])
    }
}

/// What one assignment says of a set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CapabilityChange {
    /// None is left.
    Clear,
    /// These as well.
    Add(u64),
    /// Not these; alone all but these.
    Remove(u64),
}

impl CapabilityChange {
    /// A bit for each capability there is.
    pub const ALL: u64 = (1 << CAPABILITIES.len()) - 1;

    /// The set that several assignments say, as systemd adds them up; `None` if there is none.
    pub fn sum(changes: &[Self]) -> Option<u64> {
        changes.iter().fold(None, |set, change| match (*change, set) {
            (Self::Clear, _) => Some(0),
            (Self::Add(mask), set) => Some(set.unwrap_or(0) | mask),
            (Self::Remove(mask), None | Some(0)) => Some(Self::ALL & !mask),
            (Self::Remove(mask), Some(set)) => Some(set & !mask),
        })
    }
}

/// `CapabilityBoundingSet=` and its kin.
#[derive(Debug)]
pub struct Capabilities;

impl List for Capabilities {
    type Item = CapabilityChange;
    const FORM: &'static str = "names such as `CAP_NET_RAW`, perhaps with `~` in front of them";
    const EMPTY_IS_ITEM: bool = true;

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<CapabilityChange>> {
        let span = text.whole();
        let (removes, words) = match text.text.strip_prefix('~') {
            Some(words) => (true, words),
            None => (false, text.text.as_str()),
        };
        let mut mask = 0;
        for word in words.split_ascii_whitespace() {
            let name = word.to_ascii_lowercase();
            match CAPABILITIES.iter().position(|each| name.strip_prefix("cap_") == Some(each)) {
                Some(number) => mask |= 1 << number,
                None => {
                    let names = CAPABILITIES.iter().map(|each| format!("CAP_{each}"));
                    let names: Vec<String> = names.map(|name| name.to_uppercase()).collect();
                    let hint = did_you_mean(word, names.iter().map(String::as_str));
                    let label = format!("`{word}` is no capability");
                    cx.refuse_with(codes::BAD_VALUE, &span, label, hint);
                    return Vec::new();
                }
            }
        }
        let value = match (removes, words.is_empty()) {
            (false, true) => CapabilityChange::Clear,
            (false, false) => CapabilityChange::Add(mask),
            (true, _) => CapabilityChange::Remove(mask),
        };
        vec![Spanned { value, span }]
    }
}

/// capabilities(7), in the order of their numbers.
pub(super) const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];
