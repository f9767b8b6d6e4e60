//! `[Mount]` and `[Swap]`: systemd.mount(5), mount(8), systemd.swap(5), swapon(8).

use unit::{
    MOUNT_BIND, MOUNT_RECURSIVE, Millis, NODE_PATH_MAX, SWAP_DISCARD, SWAP_DISCARD_ONCE,
    SWAP_DISCARD_PAGES, SWAP_PRIORITY,
};

use super::{Context, List, Scalar, time};
use crate::codes;
use crate::report::{Spanned, did_you_mean};
use crate::text::Value;

/// Longest text of `Options=` that the kernel takes: a page less its NUL.
pub const MOUNT_DATA_MAX: usize = 4095;

/// `What=`.
#[derive(Debug)]
pub struct MountSource;

impl Scalar for MountSource {
    type Value = String;
    const FORM: &'static str = "path, name, or `UUID=`, `LABEL=`, `PARTUUID=`, `PARTLABEL=`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let source = cx.specifiers.expand(&text.text, &span, cx)?;
        let source = source.trim_matches('"');
        let source = match tagged(source) {
            Some(link) => link,
            None if source.starts_with('/') => match super::names::absolute_path(source) {
                Ok(path) => path,
                Err(label) => {
                    cx.refuse(codes::BAD_VALUE, &span, label);
                    return None;
                }
            },
            None => source.to_string(),
        };
        if source.len() > NODE_PATH_MAX {
            cx.refuse(codes::BAD_RANGE, &span, format!("longer than {NODE_PATH_MAX} bytes"));
            return None;
        }
        Some(source)
    }
}

/// The link that stands for `UUID=` and its like.
pub fn tagged(source: &str) -> Option<String> {
    let tags = [
        ("UUID=", "uuid"),
        ("LABEL=", "label"),
        ("PARTUUID=", "partuuid"),
        ("PARTLABEL=", "partlabel"),
    ];
    let (name, by) = tags.iter().find_map(|(tag, by)| Some((source.strip_prefix(tag)?, by)))?;
    let name = name.trim_matches('"').replace('/', "\\x2f").replace(' ', "\\x20");
    Some(format!("/dev/disk/by-{by}/{name}"))
}

/// `Type=` of `[Mount]`: empty if it is to be found out.
#[derive(Debug)]
pub struct FsType;

const HELPERS: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "glusterfs",
    "ceph",
    "sshfs",
    "davfs",
    "fuse",
    "fuseblk",
    "ntfs",
    "zfs",
];

impl Scalar for FsType {
    type Value = String;
    const FORM: &'static str = "name of a file system";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("nfs", "mount it from a oneshot service: a helper program finds the server"),
        ("fuse", "start the program that serves it"),
        ("swap", "write a .swap unit, or have the line in fstab"),
    ];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let name = cx.specifiers.expand(&text.text, &span, cx)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if HELPERS.contains(&name.as_str()) || name.starts_with("fuse.") || name == "swap" {
            let kin = if name.starts_with("fuse") { "fuse" } else { name.as_str() };
            let known = Self::REFUSED.iter().find(|(word, _)| *word == kin);
            let (_, hint) = known.unwrap_or(&Self::REFUSED[0]);
            let label = "a helper program of mount(8) is needed";
            cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, Some((*hint).into()));
            return None;
        }
        if name.is_empty() || !name.chars().all(plain) {
            cx.refuse(codes::BAD_VALUE, &span, "no name of a file system");
            return None;
        }
        Some(if name == "auto" || name == "none" { String::new() } else { name })
    }
}

/// What one word of `Options=` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MountOption {
    /// A flag of mount(2), on or off.
    Flag(u32, bool),
    /// A flag of a second mount(2).
    Propagation(u32),
    /// It needs the network.
    Network,
    /// What is to be there with all local file systems does not wait for it.
    NoFail,
    /// How long its device may take to be there; `None` waits for ever.
    DeviceTimeout(Option<Millis>),
    /// The file system's own.
    Data(String),
}

const SYNCHRONOUS: u32 = 1 << 4;
const NO_ATIME: u32 = 1 << 10;
const RELATIVE_ATIME: u32 = 1 << 21;
const STRICT_ATIME: u32 = 1 << 24;

/// linux/mount.h, by the words of mount(8).
const FLAGS: &[(&str, u32, bool)] = &[
    ("ro", 1, true),
    ("rw", 1, false),
    ("nosuid", 1 << 1, true),
    ("suid", 1 << 1, false),
    ("nodev", 1 << 2, true),
    ("dev", 1 << 2, false),
    ("noexec", 1 << 3, true),
    ("exec", 1 << 3, false),
    ("sync", SYNCHRONOUS, true),
    ("async", SYNCHRONOUS, false),
    ("mand", 1 << 6, true),
    ("nomand", 1 << 6, false),
    ("dirsync", 1 << 7, true),
    ("nosymfollow", 1 << 8, true),
    ("symfollow", 1 << 8, false),
    ("noatime", NO_ATIME, true),
    ("atime", NO_ATIME, false),
    ("nodiratime", 1 << 11, true),
    ("diratime", 1 << 11, false),
    ("bind", MOUNT_BIND, true),
    ("rbind", MOUNT_BIND | MOUNT_RECURSIVE, true),
    ("silent", 1 << 15, true),
    ("loud", 1 << 15, false),
    ("relatime", RELATIVE_ATIME, true),
    ("norelatime", RELATIVE_ATIME, false),
    ("iversion", 1 << 23, true),
    ("noiversion", 1 << 23, false),
    ("strictatime", STRICT_ATIME, true),
    ("nostrictatime", STRICT_ATIME, false),
    ("lazytime", 1 << 25, true),
    ("nolazytime", 1 << 25, false),
];

const PROPAGATIONS: &[(&str, u32)] =
    &[("unbindable", 1 << 17), ("private", 1 << 18), ("slave", 1 << 19), ("shared", 1 << 20)];

/// What mount(8) and fstab are told, and the kernel is not.
const NOTES: &[&str] = &["defaults", "auto", "noauto", "fail", "nouser", "x-mount.mkdir"];

/// Words that only mount(8) knows what to do with.
const REFUSED: &[(&str, &str)] = &[
    ("user", "nobody but PID 1 mounts here: write nosuid,nodev,noexec, which it means as well"),
    ("users", "nobody but PID 1 mounts here: write nosuid,nodev,noexec, which it means as well"),
    ("owner", "nobody but PID 1 mounts here: write nosuid,nodev, which it means as well"),
    ("group", "nobody but PID 1 mounts here: write nosuid,nodev, which it means as well"),
    ("loop", "set the loop device up in a oneshot service that comes before"),
    ("remount", "a mount unit mounts once: write what it is to be from the begin"),
    ("move", "mount it where it belongs"),
];

/// `Options=`: words between commas.
#[derive(Debug)]
pub struct MountOptions;

impl List for MountOptions {
    type Item = MountOption;
    const FORM: &'static str = "options of mount(8), a comma between them";
    const REFUSED: &'static [(&'static str, &'static str)] = REFUSED;

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<MountOption>> {
        let span = text.whole();
        let Some(words) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
        let mut options = Vec::new();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            let name = word.split('=').next().unwrap_or(word);
            if let Some((_, hint)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
                let label = format!("`{name}` is an option for mount(8)");
                cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, Some((*hint).into()));
            } else if name.starts_with("X-mount.") {
                let hint = did_you_mean(name, ["x-mount.mkdir"]);
                let label = format!("`{name}` is an option for mount(8)");
                cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, hint);
            } else if let Some(time) = word.strip_prefix("x-systemd.device-timeout=") {
                match device_timeout(time) {
                    Some(timeout) => options.push(MountOption::DeviceTimeout(timeout)),
                    None => cx.refuse(codes::BAD_VALUE, &span, format!("`{time}` is no time")),
                }
            } else {
                options.extend(option(word, name));
            }
        }
        options.into_iter().map(|value| Spanned { value, span: span.clone() }).collect()
    }
}

fn device_timeout(text: &str) -> Option<Option<Millis>> {
    if text == "infinity" {
        return Some(None);
    }
    let millis = u32::try_from(time::micros(text).ok()?.div_ceil(1000)).ok()?;
    Some(Some(Millis(millis)).filter(|&time| time != Millis(0)))
}

fn option(word: &str, name: &str) -> Option<MountOption> {
    if NOTES.contains(&word) || name.starts_with("x-") || name == "comment" {
        return None;
    }
    match word {
        "_netdev" => return Some(MountOption::Network),
        "nofail" => return Some(MountOption::NoFail),
        _ => {}
    }
    if let Some((_, flag, on)) = FLAGS.iter().find(|(flag, ..)| *flag == word) {
        return Some(MountOption::Flag(*flag, *on));
    }
    let recursive = word.strip_prefix('r');
    for &(propagation, flag) in PROPAGATIONS {
        if word == propagation {
            return Some(MountOption::Propagation(flag));
        } else if recursive == Some(propagation) {
            return Some(MountOption::Propagation(flag | MOUNT_RECURSIVE));
        }
    }
    Some(MountOption::Data(word.to_string()))
}

/// What one word of `Options=` of a swap unit says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SwapOption {
    /// Flags of swapon(2).
    Discard(u32),
    /// The kernel uses areas of a higher one first.
    Priority(u16),
    /// Nobody needs it.
    NoFail,
    /// How long its device may take to be there; `None` waits for ever.
    DeviceTimeout(Option<Millis>),
}

const DISCARDS: &[(&str, u32)] = &[
    ("discard", SWAP_DISCARD),
    ("discard=once", SWAP_DISCARD | SWAP_DISCARD_ONCE),
    ("discard=pages", SWAP_DISCARD | SWAP_DISCARD_PAGES),
];
/// What swapon(8) and fstab are told, and the kernel is not.
const SWAP_NOTES: &[&str] = &["defaults", "auto", "noauto", "sw", "_netdev"];

/// `Options=` of `[Swap]`: words between commas.
#[derive(Debug)]
pub struct SwapOptions;

impl List for SwapOptions {
    type Item = SwapOption;
    const FORM: &'static str = "options of swapon(8), a comma between them";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<SwapOption>> {
        let span = text.whole();
        let Some(words) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
        let mut options = Vec::new();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            let discard = DISCARDS.iter().find(|(each, _)| *each == word);
            let option = match (word.split_once('='), discard) {
                (_, Some((_, flags))) => Some(SwapOption::Discard(*flags)),
                (Some(("pri", number)), _) => priority(number).map(SwapOption::Priority),
                (Some(("x-systemd.device-timeout", time)), _) => {
                    device_timeout(time).map(SwapOption::DeviceTimeout)
                }
                _ if word == "nofail" => Some(SwapOption::NoFail),
                _ if SWAP_NOTES.contains(&word) || word.starts_with("x-") => continue,
                _ => None,
            };
            match option {
                Some(value) => options.push(Spanned { value, span: span.clone() }),
                None => {
                    let label = format!("`{word}` is no option of a swap area");
                    let known = DISCARDS.iter().map(|(each, _)| *each).chain(["pri=0", "nofail"]);
                    cx.refuse_with(codes::BAD_VALUE, &span, label, did_you_mean(word, known));
                }
            }
        }
        options
    }
}

fn priority(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&number: &u16| u32::from(number) <= SWAP_PRIORITY)
}

/// `Priority=`: nothing if the kernel chooses.
#[derive(Debug)]
pub struct SwapPriority;

impl Scalar for SwapPriority {
    type Value = Option<u16>;
    const FORM: &'static str = "number, -1 to 32767";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Option<u16>> {
        match (text.text.as_str(), priority(&text.text)) {
            ("-1", _) => Some(None),
            (_, Some(number)) => Some(Some(number)),
            (number, None) => {
                let is_number = number.parse::<i64>().is_ok();
                let code = if is_number { codes::BAD_RANGE } else { codes::BAD_VALUE };
                cx.refuse(code, &text.whole(), "not a number from -1 to 32767");
                None
            }
        }
    }
}
