//! Unit text to lines: sections, assignments, comments, continuations; systemd.syntax(7).
//!
//! Nothing is understood here but the shape. Every piece of text keeps its place in the file.

use std::ops::Range;
use std::sync::Arc;

use crate::codes;
use crate::report::{Diagnostic, File, Report, Span};

/// Longest file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Longest line, with all that continues it.
pub const LINE_BYTES_MAX: usize = 1 << 16;

/// May stand at the head of a file, and nowhere else.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// What systemd takes for blank; other blanks of Unicode are letters like any other.
const BLANKS: [char; 2] = [' ', '\t'];

/// A file in its shape.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: Arc<File>,
    /// Its sections, in order; one name may come up several times.
    pub sections: Vec<Section>,
}

/// `[Name]` and the assignments below it.
#[derive(Clone, Debug)]
pub struct Section {
    /// The name, without brackets.
    pub name: String,
    /// The line `[Name]`.
    pub span: Span,
    /// What is assigned.
    pub entries: Vec<Entry>,
}

/// `Key=value`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

/// The right side of an assignment, continued lines joined, blanks at both ends removed.
#[derive(Clone, Debug)]
pub struct Value {
    /// The text.
    pub text: String,
    file: Arc<File>,
    /// Where pieces of `text` come from: (offset in `text`, offset in the file).
    pieces: Vec<(usize, usize)>,
}

impl Value {
    /// The place of some bytes of [`Value::text`].
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.place(range.start);
        let end = if range.end > range.start { self.place(range.end - 1) + 1 } else { start };
        let mut end = end.clamp(start, self.file.text.len());
        while !self.file.text.is_char_boundary(end) {
            end += 1;
        }
        Span { file: self.file.clone(), range: start..end }
    }

    /// The place of the whole value.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    fn place(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|&(at, _)| at <= offset);
        let (at, place) = self.pieces[after.saturating_sub(1)];
        place + (offset - at)
    }

    /// A value that a place of a file means, though it may not stand there in these words.
    pub fn at(span: &Span, text: &str) -> Self {
        let (start, file) = (span.range.start, span.file.clone());
        let written = file.text.get(span.range.clone()) == Some(text);
        let pieces = match written {
            true => vec![(0, start)],
            // Whatever is told of it is told of all that stands there.
            false => {
                let characters = file.text.get(span.range.clone()).unwrap_or_default();
                let last = characters.char_indices().last().map_or(start, |(at, _)| start + at);
                let inner = text.len().saturating_sub(1);
                (0..inner).map(|at| (at, start)).chain([(inner, last)]).collect()
            }
        };
        Self { text: text.into(), file, pieces }
    }

    /// A value that stands in no file: a default, or a test's.
    pub fn loose(path: &str, text: &str) -> Self {
        let file = Arc::new(File { path: path.into(), text: text.into() });
        Self { text: trim(text).into(), pieces: vec![(0, leading(text))], file }
    }
}

/// Takes the bytes of a file, if they are text at all.
pub fn open(path: &str, bytes: &[u8], report: &mut Report) -> Option<Arc<File>> {
    let refuse = |code, message: String, shown: &str, at: usize, report: &mut Report| {
        let file = Arc::new(File { path: path.into(), text: shown.into() });
        let end = shown[at..].chars().next().map_or(at, |first| at + first.len_utf8());
        report.push(Diagnostic::new(code, message, &Span { file, range: at..end }, ""));
        None
    };
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, {FILE_BYTES_MAX} is the limit", bytes.len());
        return refuse(codes::TOO_LONG, message, "", 0, report);
    }
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let shown = String::from_utf8_lossy(bytes);
            let message = format!("byte {at} of the file is not UTF-8 text");
            return refuse(codes::NOT_TEXT, message, &shown, at, report);
        }
    };
    if let Some(at) = text.char_indices().skip(1).find(|(_, c)| *c == BYTE_ORDER_MARK) {
        let message = format!("byte {} of the file is a byte order mark", at.0);
        let shown = text.replace(BYTE_ORDER_MARK, "\u{fffd}");
        return refuse(codes::NOT_TEXT, message, &shown, at.0, report);
    }
    if let Some(at) = text.find('\0') {
        let shown = text.replace('\0', "\u{2400}");
        let message = format!("byte {at} of the file is a NUL");
        return refuse(codes::NOT_TEXT, message, &shown, at, report);
    }
    if text.trim_start_matches(BYTE_ORDER_MARK).trim_start().starts_with('<') {
        let message = "the file is XML or its like, no unit".into();
        let at = text.find('<').unwrap_or_default();
        return refuse(codes::NO_ASSIGNMENT, message, text, at, report);
    }
    Some(Arc::new(File { path: path.into(), text: text.into() }))
}

/// Cuts a file into sections and assignments.
pub fn parse(file: &Arc<File>, report: &mut Report) -> Document {
    let mut sections: Vec<Section> = Vec::new();
    let mark = if file.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let mut lines = Lines { file, at: mark };
    while let Some(line) = lines.next_logical(report) {
        if line.text.len() > LINE_BYTES_MAX {
            let message =
                format!("the line has {} bytes, {LINE_BYTES_MAX} is the limit", line.text.len());
            report.push(Diagnostic::new(codes::TOO_LONG, message, &line.span(0..1), "this line"));
        } else if line.text.starts_with('[') {
            sections.extend(section(&line, report));
        } else {
            assignment(&line, sections.last_mut(), report);
        }
    }
    Document { file: file.clone(), sections }
}

fn section(line: &Value, report: &mut Report) -> Option<Section> {
    let Some(name) = line.text[1..].strip_suffix(']') else {
        let message = "a section's name ends with `]`, alone on its line";
        let diagnostic = Diagnostic::new(codes::NO_ASSIGNMENT, message, &line.whole(), "this line");
        report.push(diagnostic);
        return None;
    };
    Some(Section { name: name.into(), span: line.whole(), entries: Vec::new() })
}

fn assignment(line: &Value, section: Option<&mut Section>, report: &mut Report) {
    let Some((key, value)) = line.text.split_once('=') else {
        let message = "the line is no section, no assignment and no comment";
        let diagnostic =
            Diagnostic::new(codes::NO_ASSIGNMENT, message, &line.whole(), "no `=` here");
        report.push(diagnostic.hint("a comment begins with # or ; at the start of its line"));
        return;
    };
    let key = key.trim_end_matches(BLANKS);
    if key.is_empty() {
        let (message, label) = ("the line assigns to nothing", "no name before it");
        report.push(Diagnostic::new(codes::NO_ASSIGNMENT, message, &line.span(0..1), label));
        return;
    }
    let key_span = line.span(0..key.len());
    let Some(section) = section else {
        let message = "the assignment stands before the first section";
        report.push(
            Diagnostic::new(codes::NO_SECTION, message, &key_span, "in no section")
                .hint("put a line such as `[Unit]` above it, or `[Board]` in a board.conf"),
        );
        return;
    };
    let start = line.text.len() - value.trim_start_matches(BLANKS).len();
    let value = line.tail(start);
    section.entries.push(Entry { key: key.into(), key_span, value });
}

impl Value {
    /// What is left from `start` on.
    fn tail(&self, start: usize) -> Self {
        let first = (0, self.place(start));
        let later = self.pieces.iter().filter(|(at, _)| *at > start);
        let pieces =
            std::iter::once(first).chain(later.map(|(at, place)| (at - start, *place))).collect();
        let text = self.text[start..].trim_end_matches(BLANKS).into();
        Self { text, file: self.file.clone(), pieces }
    }
}

/// Walks a file line by line.
struct Lines<'a> {
    file: &'a Arc<File>,
    at: usize,
}

impl<'a> Lines<'a> {
    /// The next line that is not blank and no comment, joined with those that continue it.
    fn next_logical(&mut self, report: &mut Report) -> Option<Value> {
        let mut joined = Value { text: String::new(), file: self.file.clone(), pieces: vec![] };
        while let Some((place, line)) = self.next_physical() {
            let blanks = leading(line);
            let (place, line) = (place + blanks, &line[blanks..]);
            if line.starts_with(['#', ';']) {
                continue;
            }
            if !joined.text.is_empty() && self.is_swallowed(&joined, place, line, report) {
                self.at = place;
                break;
            }
            joined.pieces.push((joined.text.len(), place));
            if ends_escaped(line) {
                joined.text.push_str(&line[..line.len() - 1]);
                joined.text.push(' ');
                continue;
            }
            self.check_blanks_after_backslash(place, line, report);
            joined.text.push_str(line);
            joined.text.truncate(joined.text.trim_end_matches(BLANKS).len());
            if !joined.text.is_empty() {
                return Some(joined);
            }
            joined.pieces.clear();
        }
        joined.text.truncate(joined.text.trim_end_matches(BLANKS).len());
        (!joined.text.is_empty()).then_some(joined)
    }

    /// A line that continues another must not be a section of its own; here it is one.
    fn is_swallowed(&self, joined: &Value, place: usize, line: &str, report: &mut Report) -> bool {
        let name = line.trim_end_matches(BLANKS).strip_prefix('[').and_then(|line| {
            line.strip_suffix(']').filter(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            })
        });
        if let Some(name) = name {
            let message = format!("the line above swallows the section `[{name}]`");
            let span = self.span(place..place + name.len() + 2);
            let above = joined.span(0..joined.text.trim_end_matches(BLANKS).len());
            let diagnostic = Diagnostic::new(codes::SWALLOWED, message, &span, "continues it");
            let hint = "take away the backslash at the end of the line before";
            report.push(diagnostic.and(&above, "this line goes on").hint(hint));
        }
        name.is_some()
    }

    /// A backslash before blanks looks as if the line went on, and it does not.
    fn check_blanks_after_backslash(&self, place: usize, line: &str, report: &mut Report) {
        let text = line.trim_end_matches(BLANKS);
        if text.len() < line.len() && ends_escaped(text) {
            let message = "blanks stand behind the backslash: the line does not go on";
            let span = self.span(place + text.len() - 1..place + line.len());
            let diagnostic = Diagnostic::new(codes::BLANK_AFTER_BACKSLASH, message, &span, "");
            report.push(diagnostic.hint("take the blanks away, or the backslash"));
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file.clone(), range }
    }

    /// A line without its end: LF, CR, or both.
    fn next_physical(&mut self) -> Option<(usize, &'a str)> {
        let rest = &self.file.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let place = self.at;
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let end = match rest[length..].get(..2) {
            Some("\r\n" | "\n\r") => 2,
            _ => usize::from(length < rest.len()),
        };
        self.at += length + end;
        Some((place, &rest[..length]))
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches(BLANKS)
}

fn leading(text: &str) -> usize {
    text.len() - text.trim_start_matches(BLANKS).len()
}

/// True if the line ends with a backslash that no other one escapes.
fn ends_escaped(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}
