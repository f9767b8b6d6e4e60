//! modules-load.d(5), sysctl.d(5) and tmpfiles.d(5) to the services that systemd has for them,
//! whose commands are the board's own modprobe(8), sysctl(8) and sh(1).
//!
//! Files count in the order of their names, whatever folder they are in; of two of one name the
//! first to be added counts. What is wrong is told at its line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::tmpfiles;
use crate::codes;
use crate::names::Name;
use crate::report::{Diagnostic, File, Report, Span};
use crate::text::{Document, Entry, Section, Value};

/// What a folder of such files is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Duty {
    Modules,
    Sysctl,
    Tmpfiles,
}

impl Duty {
    /// By the name of the folder.
    pub(super) fn of(folder: &str) -> Option<Self> {
        match folder {
            "modules-load.d" => Some(Self::Modules),
            "sysctl.d" => Some(Self::Sysctl),
            "tmpfiles.d" => Some(Self::Tmpfiles),
            _ => None,
        }
    }

    /// The service, and its description.
    fn service(self) -> (&'static str, &'static str) {
        match self {
            Self::Modules => (MODULES, "Load Kernel Modules"),
            Self::Sysctl => (SYSCTL, "Apply Kernel Variables"),
            Self::Tmpfiles => ("systemd-tmpfiles-setup.service", "Make and Remove Files"),
        }
    }

    /// What its service comes before or after, beside `sysinit.target`: always, or if another duty
    /// is there.
    fn order(self) -> (&'static str, &'static str, Option<Self>) {
        match self {
            // Variables of a module are there when it is.
            Self::Modules => ("Before", SYSCTL, Some(Self::Sysctl)),
            Self::Sysctl => ("After", MODULES, Some(Self::Modules)),
            Self::Tmpfiles => ("After", "local-fs.target", None),
        }
    }
}

const MODULES: &str = "systemd-modules-load.service";
const SYSCTL: &str = "systemd-sysctl.service";

/// What a line wants done at boot.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// What the first line that names it has alone: a path, and if that is a pattern.
    pub(super) only: Option<(bool, String)>,
    /// Those of a lower number come first, those of one number as they stand.
    pub(super) commands: Vec<((u8, isize), Entry)>,
}

impl Task {
    fn plain(entry: Entry) -> Self {
        Self { only: None, commands: vec![((0, 0), entry)] }
    }
}

/// The files of all kinds, each with its commands.
#[derive(Default, Debug)]
pub(super) struct Duties {
    files: BTreeMap<(Duty, String), Vec<Task>>,
}

impl Duties {
    /// Adds a file; what the service is now, unless nothing is to be done.
    pub(super) fn add(
        &mut self,
        duty: Duty,
        file_name: &str,
        file: &Arc<File>,
        report: &mut Report,
    ) -> Option<(Name, Document)> {
        let key = (duty, file_name.to_string());
        if self.files.contains_key(&key) {
            return None;
        }
        let tasks = match duty {
            Duty::Modules => modules(file, report).into_iter().map(Task::plain).collect(),
            Duty::Sysctl => variables(file, report).into_iter().map(Task::plain).collect(),
            Duty::Tmpfiles => tmpfiles::tasks(file, report),
        };
        self.files.insert(key, tasks);
        let commands = self.commands(duty);
        if commands.is_empty() {
            return None;
        }
        let (name, description) = duty.service();
        let head = Span::head(file);
        let said = |pairs: &[(&str, &str)]| -> Vec<Entry> {
            pairs.iter().map(|(key, value)| entry(key, &head, value)).collect()
        };
        let mut unit = said(&[
            ("Description", description),
            ("DefaultDependencies", "no"),
            ("Before", "sysinit.target"),
        ]);
        // Whichever comes second knows of the first.
        let (key, other, wanted) = duty.order();
        if wanted.is_none_or(|other| !self.commands(other).is_empty()) {
            unit.extend(said(&[(key, other)]));
        }
        let mut service =
            said(&[("Type", "oneshot"), ("RemainAfterExit", "yes"), ("StandardOutput", "null")]);
        service.extend(commands);
        let section =
            |name: &str, entries| Section { name: name.into(), span: head.clone(), entries };
        let sections = vec![section("Unit", unit), section("Service", service)];
        Some((Name::known(name), Document { file: file.clone(), sections }))
    }

    /// All that is to be done for a duty, in order.
    fn commands(&self, duty: Duty) -> Vec<Entry> {
        let mut taken = BTreeSet::new();
        let own = self.files.iter().filter(|((of, _), _)| *of == duty);
        let tasks = own
            .flat_map(|(_, tasks)| tasks)
            .filter(|task| task.only.as_ref().is_none_or(|only| taken.insert(only)));
        let mut commands: Vec<_> = tasks.flat_map(|task| &task.commands).collect();
        commands.sort_by_key(|(order, _)| *order);
        commands.into_iter().map(|(_, entry)| entry.clone()).collect()
    }
}

/// The lines that say something, without blanks around, and where they stand.
pub(super) fn lines<'f>(
    file: &'f Arc<File>,
    comments: &'static [char],
) -> impl Iterator<Item = (&'f str, Span)> {
    let mut start = 0;
    let ranges = file.text.split_inclusive('\n').map(move |line| {
        let begin = start + (line.len() - line.trim_start().len());
        start += line.len();
        (line.trim(), begin)
    });
    let told = ranges.filter(move |(line, _)| !line.is_empty() && !line.starts_with(comments));
    told.map(|(line, begin)| (line, place(file, begin..begin + line.len())))
}

fn place(file: &Arc<File>, range: Range<usize>) -> Span {
    Span { file: file.clone(), range }
}

/// One command for all modules: it goes on behind one that is not there, and has failed then.
fn modules(file: &Arc<File>, report: &mut Report) -> Vec<Entry> {
    let mut names: Vec<(&str, Span)> = Vec::new();
    for (line, span) in lines(file, &['#', ';']) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
        if line.starts_with('-') || !line.chars().all(is_name) {
            refuse("no name of a module", &span, "write one name a line", report);
        } else {
            names.push((line, span));
        }
    }
    let words: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    let first = names.first().map(|(_, span)| span);
    let command = format!("/sbin/modprobe -a {}", words.join(" "));
    first.map(|span| entry("ExecStart", span, &command)).into_iter().collect()
}

/// One command for what must be, and one for what may fail.
fn variables(file: &Arc<File>, report: &mut Report) -> Vec<Entry> {
    let (mut must, mut may) = (Vec::new(), Vec::new());
    for (line, span) in lines(file, &['#', ';']) {
        let (line, list) = match line.strip_prefix('-') {
            Some(line) => (line, &mut may),
            None => (line, &mut must),
        };
        let Some((key, value)) = line.split_once('=') else {
            refuse("no value is assigned", &span, "write NAME = VALUE", report);
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || key.contains(['*', '?', '[']) || key.contains(char::is_whitespace) {
            let hint = "write a line for each variable: nobody looks for them on the board";
            refuse("no name of a variable", &span, hint, report);
            continue;
        }
        list.push((quoted(&format!("{key}={value}")), span));
    }
    let command = |prefix: &str, list: Vec<(String, Span)>| {
        let words: Vec<&str> = list.iter().map(|(word, _)| word.as_str()).collect();
        let line = format!("{prefix}/sbin/sysctl -w {}", words.join(" "));
        list.first().map(|(_, span)| entry("ExecStart", span, &line))
    };
    [command("", must), command("-", may)].into_iter().flatten().collect()
}

/// A word of a command that means itself.
pub(super) fn quoted(word: &str) -> String {
    let word = word.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", word.replace('%', "%%").replace('$', "$$"))
}

pub(super) fn refuse(message: &str, span: &Span, hint: &str, report: &mut Report) {
    report.push(Diagnostic::new(codes::BAD_DUTY, message, span, "").hint(hint));
}

pub(super) fn entry(key: &str, span: &Span, value: &str) -> Entry {
    Entry { key: key.into(), key_span: span.clone(), value: Value::at(span, value) }
}
