//! From what a user types to units: `web` is `web.service`, `*.socket` is every socket.

use core::fmt::{self, Display};

use unit::{Table, UnitId};

use crate::features;

const SUFFIXES: [&str; 8] =
    [".service", ".socket", ".target", ".timer", ".path", ".mount", ".swap", ".slice"];

/// True if units have such a kind.
pub(super) fn is_kind(word: &[u8]) -> bool {
    SUFFIXES.iter().any(|suffix| suffix.as_bytes().strip_prefix(b".") == Some(word))
}

/// Longer names get no suggestion.
const SUGGEST_BYTES_MAX: usize = 64;

/// A name as it was typed.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a>(pub(super) &'a str);

impl Typed<'_> {
    /// True if it stands for any number of units.
    pub(super) fn is_pattern(self) -> bool {
        self.0.bytes().any(|byte| matches!(byte, b'*' | b'?'))
    }

    fn has_suffix(self) -> bool {
        SUFFIXES.iter().any(|suffix| self.0.ends_with(suffix))
    }

    /// True if it stands for the unit of that name.
    pub(super) fn is(self, name: &str) -> bool {
        if self.is_pattern() {
            return matches(self.0.as_bytes(), name.as_bytes());
        }
        if self.0.starts_with('/') {
            return features::MOUNTS && is_of_path(self.0.as_bytes(), name.as_bytes());
        }
        name == self.0 || !self.has_suffix() && name.strip_suffix(".service") == Some(self.0)
    }

    /// The units it stands for, in the order of the table.
    pub(super) fn units<'t>(self, table: &Table<'t>) -> impl Iterator<Item = UnitId> {
        table.ids().filter(move |&unit| self.is(table.name(unit)))
    }

    /// True if the image masks it.
    pub(super) fn is_masked(self, table: &Table<'_>) -> bool {
        let is = |name: &core::ffi::CStr| name.to_str().is_ok_and(|name| self.is(name));
        features::MASKS && !self.is_pattern() && table.manager().unit_files().masked.iter().any(is)
    }

    /// The name that is most like it, if one is.
    pub(super) fn suggestion<'t>(self, table: &Table<'t>) -> Option<&'t str> {
        let names = table.ids().map(|unit| table.name(unit));
        let stem = |name: &'t str| {
            if self.has_suffix() { name } else { name.strip_suffix(".service").unwrap_or(name) }
        };
        nearest(self.0, names, stem)
    }
}

impl Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        let is_whole = self.has_suffix() || self.is_pattern() || self.0.starts_with('/');
        f.write_str(if is_whole { "" } else { ".service" })
    }
}

/// True if that is the name of the mount unit for a path, or of the swap unit: systemd.unit(5),
/// "String Escaping for Inclusion in Unit Names". Slashes at the end do not count.
fn is_of_path(path: &[u8], name: &[u8]) -> bool {
    let stem = name.strip_suffix(b".mount").or_else(|| name.strip_suffix(b".swap"));
    let Some(mut stem) = stem else { return false };
    if stem == b"-" {
        stem = b"";
    }
    let mut path = path;
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    path = path.strip_prefix(b"/").unwrap_or(path);
    for &byte in path {
        let escape = [b'\\', b'x', hex(byte >> 4), hex(byte & 15)];
        let plain = [if byte == b'/' { b'-' } else { byte }];
        let is_plain = !matches!(byte, b'-' | b'\\');
        let rest = stem.strip_prefix(&plain).filter(|_| is_plain);
        let Some(rest) = rest.or_else(|| stem.strip_prefix(&escape)) else { return false };
        stem = rest;
    }
    stem.is_empty()
}

const fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

/// fnmatch(3) for `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on if what follows the last `*` does not fit here.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, name) {
            ([b'*', rest @ ..], _) => {
                retry = Some((pattern, name));
                pattern = rest;
            }
            ([wanted, rest @ ..], [got, tail @ ..]) if *wanted == b'?' || wanted == got => {
                (pattern, name) = (rest, tail);
            }
            ([], []) => return true,
            _ => match retry {
                Some((star, [_, tail @ ..])) => {
                    retry = None;
                    (pattern, name) = (star, tail);
                }
                Some((_, [])) | None => return false,
            },
        }
    }
}

/// The candidate that is most like `typed`, if it is alike enough to be meant: what follows a dot,
/// which all units have, makes nothing alike. `seen` is what of a candidate is compared.
pub(super) fn nearest<'n>(
    typed: &str,
    candidates: impl Iterator<Item = &'n str>,
    seen: impl Fn(&'n str) -> &'n str,
) -> Option<&'n str> {
    let length = typed.bytes().take_while(|&byte| byte != b'.').count();
    candidates
        .map(|candidate| (distance(typed.as_bytes(), seen(candidate).as_bytes()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= length / 3 + 1)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: how many characters must be changed, added or dropped.
fn distance(from: &[u8], to: &[u8]) -> usize {
    if from.len() > SUGGEST_BYTES_MAX || to.len() > SUGGEST_BYTES_MAX {
        return usize::MAX;
    }
    // One row of the classic matrix without its first column, which is the row's number.
    let mut row: [u8; SUGGEST_BYTES_MAX] = core::array::from_fn(|column| column as u8 + 1);
    let mut end = to.len() as u8;
    for (number, &left) in (0..).zip(from) {
        let mut diagonal = number;
        let mut last = number + 1;
        for (cell, &right) in row.iter_mut().zip(to) {
            let changed = diagonal + u8::from(left != right);
            diagonal = *cell;
            last = changed.min(last + 1).min(*cell + 1);
            *cell = last;
        }
        end = last;
    }
    usize::from(end)
}
