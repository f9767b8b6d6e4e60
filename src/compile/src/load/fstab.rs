//! fstab(5) to mount and swap units, each in its shape, as systemd-fstab-generator(8) makes them.
//!
//! What a unit is made of keeps its place in the file, so that whatever is wrong with it is told
//! there.

use std::ops::Range;
use std::sync::Arc;

use super::library::{Layer, Library, Pull};
use crate::check::{API, EdgeKind};
use crate::codes;
use crate::grammar::tagged;
use crate::names::{Name, escape_path};
use crate::report::{Diagnostic, File, Report, Span};
use crate::text::{Document, Entry, Section, Value};

/// How such a file is called.
pub(crate) const NAME: &str = "fstab";

/// Options of systemd that are directives of the unit.
const DIRECTIVES: &[(&str, &str, &[&str])] = &[
    ("x-systemd.requires", "Unit", &["Requires", "After"]),
    ("x-systemd.wants", "Unit", &["Wants", "After"]),
    ("x-systemd.before", "Unit", &["Before"]),
    ("x-systemd.after", "Unit", &["After"]),
    ("x-systemd.requires-mounts-for", "Unit", &["RequiresMountsFor"]),
    ("x-systemd.wants-mounts-for", "Unit", &["WantsMountsFor"]),
    ("x-systemd.mount-timeout", "Mount", &["TimeoutSec"]),
    ("x-systemd.rw-only", "Mount", &["ReadWriteOnly"]),
];

/// Options of systemd that nobody heeds here, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("x-systemd.automount", "it is mounted at boot: leave that out, and write nofail if it may"),
    ("x-systemd.makefs", "make the file system in a oneshot service that comes before"),
    ("x-systemd.growfs", "grow the file system in a oneshot service that comes after"),
    ("x-systemd.validatefs", "leave it out: nobody looks what a file system says of itself"),
    ("x-systemd.pcrfs", "leave it out: nothing is measured"),
    ("x-systemd.idle-timeout", "leave it out: what is mounted stays mounted"),
    ("x-systemd.device-bound", "leave it out: what is mounted stays mounted"),
];

/// Options that are for others, or that the grammar of `Options=` understands.
const PASSED: [&str; 3] =
    ["x-systemd.device-timeout", "x-systemd.wanted-by", "x-systemd.required-by"];

/// Those that mean nothing for a swap area.
const OF_MOUNTS: &[&str] = &["x-systemd.rw-only"];

/// A piece of a line: its text, and where it stands.
#[derive(Clone)]
struct Word {
    text: String,
    span: Span,
}

impl Word {
    /// A word whose escapes are undone: `\040` is a blank.
    fn new(file: &Arc<File>, range: Range<usize>) -> Self {
        let mut bytes = Vec::new();
        let mut rest = &file.text.as_bytes()[range.clone()];
        while let [first, tail @ ..] = rest {
            let digits = tail.get(..3).and_then(|digits| str::from_utf8(digits).ok());
            let value = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
            match value.filter(|_| *first == b'\\') {
                Some(value) => {
                    bytes.push(value);
                    rest = &tail[3..];
                }
                None => {
                    bytes.push(*first);
                    rest = tail;
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { text, span: Span { file: file.clone(), range } }
    }

    fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.split(',').map(|word| word.split_once('=').unwrap_or((word, "")))
    }

    fn has(&self, option: &str) -> bool {
        self.options().any(|(name, _)| name == option)
    }
}

/// One line.
struct Line {
    what: Word,
    place: Word,
    fs_type: Word,
    options: Word,
}

impl Line {
    fn is_swap(&self) -> bool {
        self.fs_type.text == "swap"
    }
}

/// Adds what the lines of a file mean.
pub(super) fn add(layer: Layer, file: &Arc<File>, library: &mut Library, report: &mut Report) {
    let mut start = 0;
    for text in file.text.split_inclusive('\n') {
        let range = start..start + text.trim_end_matches(['\n', '\r']).len();
        start += text.len();
        let Some(line) = line(file, range, report) else { continue };
        if API.contains(&line.place.text.as_str()) && !line.is_swap() {
            continue;
        }
        if let Some((name, document)) = unit(&line, report) {
            pulls(&line, &name, library, report);
            library.add_document(layer, name, document, report);
        }
    }
}

fn refuse(span: &Span, message: impl Into<String>, hint: &str, report: &mut Report) {
    report.push(Diagnostic::new(codes::BAD_FSTAB, message, span, "").hint(hint));
}

/// The fields of a line, or nothing: it is empty, a comment, or wrong.
fn line(file: &Arc<File>, range: Range<usize>, report: &mut Report) -> Option<Line> {
    let mut fields = Vec::new();
    let mut at = range.start;
    for field in file.text[range.clone()].split([' ', '\t']) {
        if !field.is_empty() {
            fields.push(Word::new(file, at..at + field.len()));
        }
        at += field.len() + 1;
    }
    if fields.first().is_none_or(|first| first.text.starts_with('#')) {
        return None;
    }
    let span = Span { file: file.clone(), range: range.clone() };
    let comment = fields.iter().position(|field| field.text.starts_with('#'));
    fields.truncate(comment.unwrap_or(fields.len()));
    let mut fields = fields.into_iter();
    let (Some(what), Some(place), Some(fs_type)) = (fields.next(), fields.next(), fields.next())
    else {
        let hint = "a line has what, where, the type of file system, options, and two numbers";
        refuse(&span, "the line has fewer than three fields", hint, report);
        return None;
    };
    let end = fs_type.span.range.end;
    let none = Word { text: "defaults".into(), span: Span { file: file.clone(), range: end..end } };
    let options = fields.next().unwrap_or(none);
    let (_dump, pass) = (fields.next(), fields.next());
    if let Some(pass) = pass.filter(|pass| pass.text != "0") {
        let message = format!("nobody checks {} at boot", place.text);
        let diagnostic = Diagnostic::new(codes::UNCHECKED, message, &pass.span, "0 says so");
        let hint = "have a oneshot service with Before= the mount run fsck, if it needs that";
        report.push(diagnostic.hint(hint));
    }
    Some(Line { what, place, fs_type, options })
}

/// The unit that a line is.
fn unit(line: &Line, report: &mut Report) -> Option<(Name, Document)> {
    let Line { what, place, fs_type, options } = line;
    let (path, suffix, own) = match line.is_swap() {
        true => (tagged(&what.text).unwrap_or_else(|| what.text.clone()), "swap", "Swap"),
        false => (place.text.clone(), "mount", "Mount"),
    };
    let named = if line.is_swap() { what } else { place };
    if !path.starts_with('/') {
        let (hint, message) = match line.is_swap() {
            true => ("the first field is the path of a device or a file", "no path to swap to"),
            false => (
                "the second field is a path that begins with `/`",
                "nothing says where it is to be mounted",
            ),
        };
        refuse(&named.span, message, hint, report);
        return None;
    }
    let name = match Name::parse(&format!("{}.{suffix}", escape_path(&path))) {
        Ok(name) => name,
        Err(error) => {
            let message = format!("no unit can be named after {path}: {error}");
            refuse(&named.span, message, "use a shorter path", report);
            return None;
        }
    };
    let mut sections = [section("Unit", &named.span), section(own, &named.span)];
    let entries = &mut sections[1].entries;
    entries.push(entry("What", what, &what.text));
    if !line.is_swap() {
        entries.push(entry("Where", place, &place.text));
        entries.push(entry("Type", fs_type, &fs_type.text));
    }
    entries.push(entry("Options", options, &options.text));
    for (option, value) in options.options() {
        directive(line, option, value, &mut sections, report);
    }
    let file = place.span.file.clone();
    Some((name, Document { file, sections: sections.into() }))
}

/// What an option of systemd says beside `Options=`.
fn directive(
    line: &Line,
    option: &str,
    value: &str,
    sections: &mut [Section; 2],
    report: &mut Report,
) {
    let words = &line.options;
    if let Some((_, hint)) = REFUSED.iter().find(|(name, _)| *name == option) {
        refuse(&words.span, format!("{option} is not supported here"), hint, report);
    } else if line.is_swap() && OF_MOUNTS.contains(&option) {
        let hint = "leave that option out";
        refuse(&words.span, format!("{option} says nothing of a swap area"), hint, report);
    } else if let Some((_, name, keys)) = DIRECTIVES.iter().find(|(name, ..)| *name == option) {
        let [of_unit, own] = sections;
        let section = if *name == "Unit" { of_unit } else { own };
        let value = match *name {
            "Unit" if !option.ends_with("-mounts-for") => unit_of(value),
            _ if option == "x-systemd.rw-only" => "yes".into(),
            "Unit" => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
            _ => value.into(),
        };
        section.entries.extend(keys.iter().map(|key| entry(key, words, &value)));
    } else if option.starts_with("x-systemd.") && !PASSED.contains(&option) {
        let hint = "look for it in systemd.mount(5)";
        refuse(&words.span, format!("systemd has no option {option}"), hint, report);
    }
}

/// A unit by its name, or a mount by its path.
fn unit_of(value: &str) -> String {
    if value.starts_with('/') { format!("{}.mount", escape_path(value)) } else { value.into() }
}

/// Who starts the unit: what it names, or the target of all of its kind.
fn pulls(line: &Line, name: &Name, library: &mut Library, report: &mut Report) {
    let Line { place, options, .. } = line;
    let mut pull = |by: &str, kind| match Name::parse(by) {
        Ok(by) => {
            let span = place.span.clone();
            library.add_pull_of(Pull { by, kind, unit: name.clone(), span });
        }
        Err(error) => {
            let hint = "write a target, or leave that option out";
            refuse(&options.span, format!("`{by}` is no unit: {error}"), hint, report);
        }
    };
    let mut named = false;
    for (option, value) in options.options() {
        let kind = match option {
            "x-systemd.wanted-by" => EdgeKind::Wants,
            "x-systemd.required-by" => EdgeKind::Requires,
            _ => continue,
        };
        named = true;
        pull(value, kind);
    }
    // The root is there, whoever starts it: what is said of it always counts.
    if named || options.has("noauto") && place.text != "/" {
        return;
    }
    let kind = if options.has("nofail") { EdgeKind::Wants } else { EdgeKind::Requires };
    if line.is_swap() {
        pull("swap.target", kind);
    } else if options.has("_netdev") {
        pull("remote-fs.target", kind);
        let targets = ["multi-user.target", "remote-fs.target"].map(Name::parse);
        if let [Ok(by), Ok(unit)] = targets {
            let span = place.span.clone();
            library.add_pull_of(Pull { by, kind: EdgeKind::Wants, unit, span });
        }
    } else {
        pull("local-fs.target", kind);
    }
}

fn section(name: &str, span: &Span) -> Section {
    Section { name: name.into(), span: span.clone(), entries: Vec::new() }
}

/// An assignment that a word of the line means; `%` means nothing there.
fn entry(key: &str, word: &Word, value: &str) -> Entry {
    let value = Value::at(&word.span, &value.replace('%', "%%"));
    Entry { key: key.into(), key_span: word.span.clone(), value }
}
