//! What only `board.conf` has.

use unit::{ListenKind, NODE_PATH_MAX};

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
        let path = cx.specifiers.expand(&text.text, &text.whole(), cx)?;
        match absolute_path(&path) {
            Ok(path) if path.len() > NODE_PATH_MAX => {
                let label = format!("longer than the {NODE_PATH_MAX} bytes of a node's path");
                cx.refuse(codes::BAD_VALUE, &text.whole(), label);
                None
            }
            Ok(path) => Some(path),
            Err(label) => {
                cx.refuse(codes::BAD_VALUE, &text.whole(), label);
                None
            }
        }
    }
}

/// Longest host name: HOST_NAME_MAX of limits.h(0p).
const HOST_NAME_MAX: usize = 64;

/// A host name: RFC 1123, and underscores.
#[derive(Debug)]
pub struct HostName;

impl Scalar for HostName {
    type Value = String;
    const FORM: &'static str = "letters, digits, hyphens, underscores and dots";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let label = |label: &str| {
            let inner =
                label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        let name = text.text.as_str();
        if !name.is_empty() && (name.len() > HOST_NAME_MAX || !name.split('.').all(label)) {
            cx.refuse(codes::BAD_NAME, &text.whole(), "not a host name");
            return None;
        }
        Some(name.into())
    }
}

/// The words of one assignment, kept together.
#[derive(Debug)]
pub struct WordLines;

impl List for WordLines {
    type Item = Vec<String>;
    const FORM: &'static str = "words that belong together";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Vec<String>>> {
        let words = Strings::parse(text, cx).into_iter().map(|word| word.value).collect();
        vec![Spanned { value: words, span: text.whole() }]
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
            ListenKind::Stream
            | ListenKind::SequentialPacket
            | ListenKind::Fifo
            | ListenKind::Special
            | ListenKind::Netlink
            | ListenKind::MessageQueue => Self::Tcp,
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
    /// What it is for.
    pub name: String,
    /// Of what it is.
    pub protocol: Protocol,
    /// The board's port.
    pub guest_port: u16,
}

/// `Forward=`.
#[derive(Debug)]
pub struct Forwards;

impl List for Forwards {
    type Item = Forward;
    const FORM: &'static str = "`NAME:tcp:PORT` or `NAME:udp:PORT`, several";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Forward>> {
        let mut items = Vec::new();
        for word in Strings::parse(text, cx) {
            match forward(&word.value) {
                Some(value) => items.push(Spanned { value, span: word.span }),
                None => {
                    let label = "neither `NAME:tcp:PORT` nor `NAME:udp:PORT`";
                    cx.refuse(codes::BAD_VALUE, &word.span, label);
                }
            }
        }
        items
    }
}

fn forward(word: &str) -> Option<Forward> {
    let (name, rest) = word.split_once(':')?;
    let (protocol, port) = rest.split_once(':')?;
    let protocol =
        [Protocol::Tcp, Protocol::Udp].into_iter().find(|each| each.name() == protocol)?;
    let guest_port = port.parse().ok().filter(|&port: &u16| port != 0)?;
    (!name.is_empty()).then(|| Forward { name: name.into(), protocol, guest_port })
}
