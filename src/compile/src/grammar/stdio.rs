//! Where the standard streams lead.

use unit::Stdio;

use super::credential::unescaped;
use super::names::{absolute_path, fd_name};
use super::{Context, List, Scalar, Unsigned, keyword};
use crate::codes;
use crate::report::Spanned;
use crate::text::Value;

const CONSOLE: &str = "use journal+console, or tty for the console";
const BOTH: &str = "a service can have its own file";
const SOCKETS: &str = "socket is the only listener";

/// Where a stream leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    /// What it is.
    pub to: Stdio,
    /// Of a file, or the name of a listener; else empty.
    pub path: String,
    /// It is `pilot-log` instead, where the board has that.
    pub or_log: bool,
    /// What goes to `pilot-log` is written to the console, too.
    pub console: bool,
}

impl Stream {
    /// One that leads to no file.
    pub const fn plain(to: Stdio) -> Self {
        Self { to, path: String::new(), or_log: false, console: false }
    }

    /// Where it leads on a board that has `pilot-log`, or has not.
    pub const fn settle(&self, has_log: bool) -> Stdio {
        if self.or_log && has_log { Stdio::Log } else { self.to }
    }
}

/// `StandardInput=`.
#[derive(Debug)]
pub struct InputName;

impl Scalar for InputName {
    type Value = Stream;
    const FORM: &'static str = "`null` `tty` `tty-force` `tty-fail` `socket` `data` `fd:NAME` \
                                `file:/path`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stream> {
        let words = [
            ("null", Stdio::Null),
            ("tty", Stdio::Tty),
            ("tty-force", Stdio::TtyForce),
            ("tty-fail", Stdio::TtyFail),
            ("socket", Stdio::Socket),
            ("data", Stdio::Data),
        ];
        const FILES: [(&str, Stdio); 2] = [("file:", Stdio::File), ("fd:", Stdio::Named)];
        match file(text, cx, &FILES) {
            Some(stream) => stream,
            None => keyword(&before_colon(text), cx, &words, &[]).map(Stream::plain),
        }
    }
}

/// `StandardOutput=` and `StandardError=`.
#[derive(Debug)]
pub struct OutputStream;

impl Scalar for OutputStream {
    type Value = Stream;
    const FORM: &'static str = "`inherit` `null` `tty` `socket` `kmsg` `log` `journal` \
                                `syslog` `journal+console` `syslog+console` `fd:NAME` \
                                `file:/path` `append:/path` `truncate:/path`";
    const REFUSED: &'static [(&'static str, &'static str)] = &[("kmsg+console", CONSOLE)];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stream> {
        const FILES: [(&str, Stdio); 4] = [
            ("file:", Stdio::File),
            ("append:", Stdio::Append),
            ("truncate:", Stdio::Truncate),
            ("fd:", Stdio::Named),
        ];
        match file(text, cx, &FILES) {
            Some(stream) => stream,
            None => OutputName::parse(text, cx),
        }
    }
}

/// `DefaultStandardOutput=` and `DefaultStandardError=`.
#[derive(Debug)]
pub struct OutputName;

impl Scalar for OutputName {
    type Value = Stream;
    const FORM: &'static str = "`inherit` `null` `tty` `socket` `kmsg` `log` `journal` \
                                `syslog` `journal+console` `syslog+console`";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("kmsg+console", CONSOLE),
        ("file:", BOTH),
        ("append:", BOTH),
        ("truncate:", BOTH),
        ("fd:", SOCKETS),
    ];

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Stream> {
        // Where it leads, instead of what, and whether the console has it, too.
        const WORDS: [(&str, (Stdio, bool, bool)); 10] = [
            ("inherit", (Stdio::Inherit, false, false)),
            ("null", (Stdio::Null, false, false)),
            ("tty", (Stdio::Tty, false, false)),
            ("socket", (Stdio::Socket, false, false)),
            ("kmsg", (Stdio::Kmsg, false, false)),
            ("log", (Stdio::Log, false, false)),
            ("journal", (Stdio::Kmsg, true, false)),
            ("syslog", (Stdio::Kmsg, true, false)),
            ("journal+console", (Stdio::Log, false, true)),
            ("syslog+console", (Stdio::Log, false, true)),
        ];
        let (to, or_log, console) = keyword(&before_colon(text), cx, &WORDS, Self::REFUSED)?;
        Some(Stream { or_log, console, ..Stream::plain(to) })
    }
}

/// A file behind one of the prefixes; `Some(None)` after a complaint.
fn file(text: &Value, cx: &mut Context<'_>, prefixes: &[(&str, Stdio)]) -> Option<Option<Stream>> {
    let found =
        prefixes.iter().find_map(|(prefix, to)| Some((text.text.strip_prefix(prefix)?, to)));
    let (path, &to) = found?;
    let span = text.whole();
    let Some(path) = cx.specifiers.expand(path, &span, cx) else { return Some(None) };
    if to == Stdio::Named {
        let named = fd_name(path, &span, cx).map(|path| Stream { path, ..Stream::plain(to) });
        return Some(named);
    }
    match absolute_path(&path) {
        Ok(path) => Some(Some(Stream { path, ..Stream::plain(to) })),
        Err(label) => {
            cx.refuse(codes::BAD_VALUE, &span, label);
            Some(None)
        }
    }
}

/// `file:/path` is known by its `file:`.
fn before_colon(text: &Value) -> Value {
    let mut text = text.clone();
    if let Some(colon) = text.text.find(':') {
        text.text.truncate(colon + 1);
    }
    text
}

/// `TTYRows=` and `TTYColumns=`.
#[derive(Debug)]
pub struct TerminalSize;

impl Scalar for TerminalSize {
    type Value = u16;
    const FORM: &'static str = "number";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u16> {
        let size = Unsigned::parse(text, cx)?;
        let fitting = u16::try_from(size).ok();
        if fitting.is_none() {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "not between 0 and 65535");
        }
        fitting
    }
}

/// `StandardInputText=` and `StandardInputData=`: both add to the same bytes.
#[derive(Debug)]
pub struct InputData;

impl List for InputData {
    type Item = Vec<u8>;
    const FORM: &'static str = "text, or bytes in base64";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Vec<u8>>> {
        let span = text.whole();
        let (bytes, label) = if cx.key == "StandardInputData" {
            (base64(&text.text), "not base64")
        } else {
            let Some(text) = cx.specifiers.expand(&text.text, &span, cx) else {
                return Vec::new();
            };
            let line = unescaped(&text).map(|mut line| {
                line.push(b'\n');
                line
            });
            (line, "an escape that nobody knows")
        };
        if bytes.is_none() {
            cx.refuse(codes::BAD_VALUE, &span, label);
        }
        bytes.map(|value| Spanned { value, span }).into_iter().collect()
    }
}

/// RFC 4648, section 4; blanks are passed over.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !letters.len().is_multiple_of(4) {
        return None;
    }
    let padding = letters.iter().rev().take_while(|&&byte| byte == b'=').count();
    let digits = &letters[..letters.len() - padding];
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for digit in digits {
        let value = DIGITS.iter().position(|each| each == digit)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    (padding <= 2).then_some(bytes)
}
