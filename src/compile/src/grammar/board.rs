//! What only `board.conf` has.

use unit::ListenKind;

use super::names::{Strings, absolute_path};
use super::{Context, List, Scalar, keyword};
use crate::codes;
use crate::report::Spanned;
use crate::text::Value;

/// What a board runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Architecture {
    /// 32-bit ARM with hardware floating point.
    Armv7,
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit RISC-V.
    Riscv64,
    /// 64-bit x86.
    X86_64,
}

impl Architecture {
    /// The name, as in `Architecture=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Armv7 => "armv7",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// `Architecture=`.
#[derive(Debug)]
pub struct ArchitectureName;

impl Scalar for ArchitectureName {
    type Value = Architecture;
    const FORM: &'static str = "`armv7` `aarch64` `riscv64` `x86_64`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Architecture> {
        const ALL: [Architecture; 4] = [
            Architecture::Armv7,
            Architecture::Aarch64,
            Architecture::Riscv64,
            Architecture::X86_64,
        ];
        keyword(text, cx, &ALL.map(|each| (each.name(), each)), &[])
    }
}

/// One absolute path.
#[derive(Debug)]
pub struct AbsolutePath;

impl Scalar for AbsolutePath {
    type Value = String;
    const FORM: &'static str = "absolute path";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        match absolute_path(&text.text) {
            Ok(path) => Some(path),
            Err(label) => {
                cx.refuse(codes::BAD_VALUE, &text.whole(), label);
                None
            }
        }
    }
}

/// A file copied into the root file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileCopy {
    /// Relative to the board's folder.
    pub source: String,
    /// Absolute, on the board.
    pub destination: String,
    /// Its permission bits; those of the source if not given.
    pub mode: Option<u16>,
}

/// `Files=`.
#[derive(Debug)]
pub struct FileCopies;

impl List for FileCopies {
    type Item = FileCopy;
    const FORM: &'static str = "`source:/destination` or `source:/destination:mode`, several";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<FileCopy>> {
        each(text, cx, |word| {
            let (source, rest) = word.split_once(':')?;
            let (destination, mode) = match rest.rsplit_once(':') {
                Some((destination, mode)) => {
                    (destination, Some(u16::from_str_radix(mode, 8).ok()?))
                }
                None => (rest, None),
            };
            let good = !source.is_empty() && mode.is_none_or(|mode| mode <= 0o7777);
            let destination = absolute_path(destination).ok().filter(|_| good)?;
            Some(FileCopy { source: source.into(), destination, mode })
        })
    }
}

/// Of what a port is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// The kind of listener that has ports of this protocol.
    pub const fn of(kind: ListenKind) -> Self {
        match kind {
            ListenKind::Datagram => Self::Udp,
            ListenKind::Stream | ListenKind::SequentialPacket | ListenKind::Fifo => Self::Tcp,
        }
    }

    /// `tcp` or `udp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A port of the emulated board that the host reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forward {
    /// Of what it is.
    pub protocol: Protocol,
    /// The board's port.
    pub guest_port: u16,
    /// What the user is told it is.
    pub name: String,
}

/// `Forward=`.
#[derive(Debug)]
pub struct Forwards;

impl List for Forwards {
    type Item = Forward;
    const FORM: &'static str = "`tcp:PORT=name` or `udp:PORT=name`, several";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Forward>> {
        each(text, cx, |word| {
            let (protocol, rest) = word.split_once(':')?;
            let protocol = match protocol {
                "tcp" => Protocol::Tcp,
                "udp" => Protocol::Udp,
                _ => return None,
            };
            let (port, name) = rest.split_once('=')?;
            let guest_port = port.parse().ok().filter(|&port: &u16| port != 0)?;
            (!name.is_empty()).then(|| Forward { protocol, guest_port, name: name.into() })
        })
    }
}

/// Each word through `read`.
fn each<T>(
    text: &Value,
    cx: &mut Context<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<Spanned<T>> {
    let mut items = Vec::new();
    for word in Strings::parse(text, cx) {
        match read(&word.value) {
            Some(value) => items.push(Spanned { value, span: word.span }),
            None => {
                let label = match cx.key {
                    "Forward" => Forwards::FORM,
                    _ => FileCopies::FORM,
                };
                cx.refuse(codes::BAD_VALUE, &word.span, format!("not of the form {label}"));
            }
        }
    }
    items
}
