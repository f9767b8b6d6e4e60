//! `%i` and its kin: systemd.unit(5), section "Specifiers". All that is known is put in at build.

use super::{Architecture, Context};
use crate::codes::{self, Code};
use crate::names::{Name, unescape};
use crate::report::Span;

/// What stands between `@` and the suffix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instance {
    /// Nothing: the unit is no instance.
    None,
    /// A name known at build time.
    Of(String),
    /// A connection's, which only the board will know.
    Connection,
}

/// What `%` stands for in a unit.
#[derive(Clone, Debug)]
pub struct Specifiers {
    /// The unit; `None` in `board.conf`.
    pub name: Option<Name>,
    /// Its instance.
    pub instance: Instance,
    /// `Hostname=` of the board.
    pub hostname: String,
    /// `Architecture=` of the board.
    pub architecture: Option<Architecture>,
}

/// Where each service has a folder for its credentials.
pub(crate) const CREDENTIALS: &str = "/run/credentials";
/// Specifiers that are the same in every unit of a system's manager.
const FIXED: &[(char, &str)] = &[
    ('%', "%"),
    ('t', "/run"),
    ('S', "/var/lib"),
    ('C', "/var/cache"),
    ('L', "/var/log"),
    ('E', "/etc"),
    ('T', "/tmp"),
    ('V', "/var/tmp"),
    ('h', "/root"),
    ('u', "root"),
    ('U', "0"),
    ('g', "root"),
    ('G', "0"),
    ('s', "/bin/sh"),
];
/// Specifiers of systemd whose meaning is not known before the board runs.
const LATE: &[(char, &str, &str)] = &[
    ('b', "the boot", BY_PROGRAM),
    ('m', "the machine", BY_PROGRAM),
    ('v', "the kernel's release", OF_IMAGE),
    ('q', "the pretty host name", BY_PROGRAM),
    ('o', "the image's ID=", OF_IMAGE),
    ('w', "its VERSION_ID=", OF_IMAGE),
    ('W', "its VARIANT_ID=", OF_IMAGE),
    ('B', "its BUILD_ID=", OF_IMAGE),
    ('A', "its IMAGE_VERSION=", OF_IMAGE),
    ('M', "its IMAGE_ID=", OF_IMAGE),
    ('D', "what users share", BY_PATH),
    ('y', "the unit file's path", BY_PATH),
    ('Y', "its folder", BY_PATH),
];
const BY_PROGRAM: &str = "let the program find it out";
const OF_IMAGE: &str = "write what it is in this image, or let the program find it out";
const BY_PATH: &str = "write the path";

/// What the manual says of specifiers, as Markdown.
pub fn manual() -> String {
    let known = FIXED.iter().map(|(letter, meaning)| format!("`%{letter}` is `{meaning}`"));
    let late =
        LATE.iter().map(|(letter, what, instead)| format!("`%{letter}`, {what} ({instead})"));
    format!(
        "`%n %N %p %P %j %J %i %I %f` are parts of the unit's name, `%H` and `%l` what Hostname= \
         says, `%a` what Architecture= says, `%d` what $CREDENTIALS_DIRECTORY says. {}. Refused, \
         because nobody knows them when a board is built: {}.",
        known.collect::<Vec<_>>().join(", "),
        late.collect::<Vec<_>>().join("; "),
    )
}

/// What systemd calls an architecture: systemd.unit(5), ConditionArchitecture=.
const fn systemd_name(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Armv7 => "arm",
        Architecture::Aarch64 => "arm64",
        Architecture::Riscv64 => "riscv64",
        Architecture::X86_64 => "x86-64",
    }
}

impl Specifiers {
    /// What is known of `board.conf` itself: nothing.
    pub fn none() -> Self {
        let (hostname, architecture) = (String::new(), None);
        Self { name: None, instance: Instance::None, hostname, architecture }
    }

    /// Replaces every specifier in `text`, which stands at `span`.
    pub fn expand(&self, text: &str, span: &Span, cx: &mut Context<'_>) -> Option<String> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            expanded.push_str(&rest[..at]);
            let Some(letter) = rest[at + 1..].chars().next() else {
                let hint = Some("write `%%` for a percent sign".into());
                let label = "a specifier is cut off at the end";
                cx.refuse_with(codes::BAD_SPECIFIER, span, label, hint);
                return None;
            };
            expanded.push_str(&self.meaning(letter, span, cx)?);
            rest = &rest[at + 1 + letter.len_utf8()..];
        }
        expanded.push_str(rest);
        Some(expanded)
    }

    fn meaning(&self, letter: char, span: &Span, cx: &mut Context<'_>) -> Option<String> {
        if let Some((_, fixed)) = FIXED.iter().find(|(each, _)| *each == letter) {
            return Some((*fixed).to_string());
        }
        let of_unit = self.name.as_ref().and_then(|name| match letter {
            'n' => Some(name.to_string()),
            'N' => Some(name.stem()),
            'd' => Some(format!("{CREDENTIALS}/{name}")),
            'p' => Some(name.prefix.clone()),
            'P' => Some(unescape(&name.prefix)),
            'j' => name.prefix.rsplit('-').next().map(str::to_string),
            'J' => name.prefix.rsplit('-').next().map(unescape),
            'i' | 'I' | 'f' => self.of_instance(letter, name),
            _ => None,
        });
        match letter {
            'a' => {
                if let Some(architecture) = self.architecture {
                    return Some(systemd_name(architecture).into());
                }
            }
            'H' if !self.hostname.is_empty() => return Some(self.hostname.clone()),
            'l' if !self.hostname.is_empty() => {
                return self.hostname.split('.').next().map(str::to_string);
            }
            _ => {}
        }
        if of_unit.is_none() {
            let (code, label, hint) = self.complaint(letter);
            cx.refuse_with(code, span, label, Some(hint.into()));
        }
        of_unit
    }

    fn of_instance(&self, letter: char, name: &Name) -> Option<String> {
        let instance = match &self.instance {
            Instance::None => "",
            Instance::Of(instance) => instance,
            Instance::Connection => return None,
        };
        Some(match (letter, instance) {
            ('i', _) => instance.to_string(),
            ('I', _) => unescape(instance),
            (_, "") => format!("/{}", unescape(&name.prefix)),
            (_, _) => format!("/{}", unescape(instance)),
        })
    }

    fn complaint(&self, letter: char) -> (Code, String, &'static str) {
        if "nNdpPjJiIf".contains(letter) && self.instance == Instance::Connection {
            let label = format!("the name that `%{letter}` stands for is made for each connection");
            let hint = "$REMOTE_ADDR and $REMOTE_PORT tell who it is";
            return (codes::BAD_SPECIFIER, label, hint);
        }
        let unknown = format!("`%{letter}` is not known when the board is built");
        if let Some((_, _, instead)) = LATE.iter().find(|(each, ..)| *each == letter) {
            return (codes::UNSUPPORTED_VALUE, unknown, instead);
        }
        let hint = match letter {
            'H' | 'l' => "Hostname= of board.conf says it",
            'a' => "Architecture= of board.conf says it",
            'n' | 'N' | 'd' | 'p' | 'P' | 'j' | 'J' | 'i' | 'I' | 'f' => "board.conf is no unit",
            _ => {
                let label = format!("`%{letter}` is no specifier");
                return (codes::BAD_SPECIFIER, label, "write `%%` for a percent sign");
            }
        };
        (codes::BAD_SPECIFIER, unknown, hint)
    }
}
