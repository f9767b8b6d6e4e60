//! One service of a super-server, whichever wrote it, and what both readers need.

use std::ops::Range;
use std::sync::Arc;

use super::Surroundings;
use super::access::Access;
use crate::codes::{self, Code};
use crate::report::{Diagnostic, File, Report, Span};

/// A word and its place.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Cuts some bytes of a file at blanks.
pub fn words(file: &Arc<File>, range: Range<usize>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = range.start;
    for piece in file.text[range].split_inclusive(char::is_whitespace) {
        let text = piece.trim_end();
        if !text.is_empty() {
            let span = Span { file: file.clone(), range: at..at + text.len() };
            words.push(Word { text: text.into(), span });
        }
        at += piece.len();
    }
    words
}

/// The lines of a file, without their ends: where each begins and ends.
pub fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..start + line.trim_end_matches(['\n', '\r']).len()
    })
}

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Connections.
    Stream,
    /// Datagrams.
    Datagram,
    /// Connections that keep packets apart.
    SequentialPacket,
}

/// Which of the two units a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// `[Socket]`.
    Socket,
    /// `[Service]`.
    Service,
}

/// A line that the units should have, if the compiler knows the directive.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where.
    pub half: Half,
    /// The directive.
    pub key: &'static str,
    /// Its value, as it stands in the unit.
    pub value: String,
    /// What asks for it.
    pub span: Span,
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Absolute path.
    pub path: String,
    /// Everything from argv\[0\] on.
    pub args: Vec<String>,
}

/// A service: what is listened to, what is run, and for whom.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As its units are called.
    pub name: String,
    /// What is appended to the name if another entry has it.
    pub kind: String,
    /// The words to blame.
    pub place: Span,
    /// What it carries.
    pub flow: Flow,
    /// Where it listens, as `ListenStream=` has it.
    pub addresses: Vec<String>,
    /// Whether an IPv6 address takes IPv4 clients, where that matters.
    pub ipv6_only: Option<bool>,
    /// One process is passed the listener, instead of one for each connection.
    pub wait: bool,
    /// What is run.
    pub program: Program,
    /// True if tcpd was taken away.
    pub unwrapped: bool,
    /// Other lines of the units.
    pub wishes: Vec<Wish>,
    /// Who may connect.
    pub access: Access,
}

impl Entry {
    /// Adds a line.
    pub fn wish(&mut self, half: Half, key: &'static str, value: impl Into<String>, span: &Span) {
        self.wishes.push(Wish { half, key, value: value.into(), span: span.clone() });
    }
}

/// What the two readers share.
pub struct Reader<'a> {
    /// What may be looked at.
    pub around: &'a Surroundings<'a>,
    /// Where complaints go.
    pub report: &'a mut Report,
    /// Entries that came to nothing.
    pub left_out: usize,
}

impl Reader<'_> {
    /// Says that something is wrong there.
    pub fn say(&mut self, code: Code, span: &Span, message: impl Into<String>, hint: &str) {
        let diagnostic = Diagnostic::new(code, message, span, "");
        let hint = Some(hint.to_string()).filter(|hint| !hint.is_empty());
        self.report.push(diagnostic.hint_if(hint));
    }

    /// Says that a line has no counterpart.
    pub fn not_mapped(&mut self, span: &Span, what: &str, hint: &str) {
        let message = format!("{what} has no counterpart here and is left out");
        self.say(codes::NOT_MAPPED, span, message, hint);
    }

    /// The port of a service.
    pub fn port(&mut self, name: &Word, protocol: &str) -> Option<u16> {
        match self.around.services.port(&name.text, protocol) {
            Ok(port) => Some(port),
            Err(hint) => {
                let message = format!("nobody knows the {protocol} port of `{}`", name.text);
                let hint = hint.unwrap_or_default();
                self.say(codes::UNKNOWN_SERVICE, &name.span, message, &hint);
                None
            }
        }
    }

    /// What stands in for a service that the super-server itself provides.
    pub fn internal(&mut self, name: &Word, flow: Flow) -> Option<Internal> {
        let cat = |output| Internal { path: "/bin/cat", standard_output: output };
        let found = match (name.text.as_str(), flow) {
            ("echo", Flow::Stream) => cat(None),
            ("discard", Flow::Stream | Flow::Datagram) => cat(Some("null")),
            ("daytime", Flow::Stream) => Internal { path: "/bin/date", standard_output: None },
            (other, _) => {
                let message = format!("`{other}` is a service of the super-server itself");
                self.say(codes::NO_COUNTERPART, &name.span, message, internal_hint(other, flow));
                return None;
            }
        };
        let message =
            format!("`{}` was answered by the super-server, here by {}", name.text, found.path);
        let hint = "the program must be on the board; it runs as nobody";
        self.say(codes::MAPPED_OTHERWISE, &name.span, message, hint);
        Some(found)
    }
}

/// A program for an internal service.
pub struct Internal {
    /// Its path.
    pub path: &'static str,
    /// `StandardOutput=`, if not the socket.
    pub standard_output: Option<&'static str>,
}

fn internal_hint(name: &str, flow: Flow) -> &'static str {
    match (name, flow) {
        ("time", _) => "nobody sets a clock by it any more: run an NTP client and leave it out",
        ("chargen" | "echo" | "daytime", Flow::Datagram) => {
            "answers to datagrams with a forged sender are attacks on somebody else: leave it out"
        }
        ("chargen", _) => "it sends without end: leave it out, or write a unit with `socat -u - …`",
        ("servers" | "services" | "xadmin", _) => {
            "`pilotctl list-units` and `pilotctl list-sockets` tell that, on the board only"
        }
        ("tcpmux", _) => "give each of its services a port of its own",
        _ => "name a program that does it",
    }
}
