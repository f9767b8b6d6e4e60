//! `pilotc coverage`: how much of a folder of unit files is understood, file by file and
//! directive by directive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use unit::unsupported::{self, Loss};

use crate::check_paths;
use crate::codes::{self, Code};
use crate::draft::ROWS;
use crate::folders;
use crate::names::Name;
use crate::report::{Diagnostic, Report};
use crate::text::{self, Entry, Section};

/// What becomes of a file, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// It compiles, and nothing is said of it.
    Clean,
    /// It compiles, and all that is said is which directives are ignored by design.
    Ignored,
    /// It compiles with warnings of other kinds.
    Warned,
    /// It is refused for nothing but what systemd knows and the manual lists as unsupported.
    Unsupported,
    /// It is refused for something that is wrong with it.
    Refused,
}

/// How a directive is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Support {
    /// It does here what it does under systemd, or the manual says what else.
    Implemented,
    /// It is left out by design: that changes nothing that matters.
    Ignored,
    /// Known to systemd, and refused with what to do instead.
    Unsupported,
    /// Begins with X-: for other programs.
    Private,
    /// Nobody knows it.
    Unknown,
}

/// A file and what is said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileCoverage {
    /// Its path below the folder.
    pub path: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What is said: code, and the directive if it is about one.
    pub said: BTreeSet<(&'static str, String)>,
}

/// A directive and its uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uses {
    /// How it is taken.
    pub support: Support,
    /// Files that have it.
    pub files: usize,
    /// Assignments.
    pub assignments: usize,
    /// Assignments that an error is about.
    pub refused: usize,
}

/// All of a folder.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Coverage {
    /// In order of path.
    pub files: Vec<FileCoverage>,
    /// By section and name.
    pub directives: BTreeMap<(String, String), Uses>,
}

impl Verdict {
    /// Every one, best first.
    pub const ALL: [Self; 5] =
        [Self::Clean, Self::Ignored, Self::Warned, Self::Unsupported, Self::Refused];

    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Ignored => "ignored",
            Self::Warned => "warned",
            Self::Unsupported => "unsupported",
            Self::Refused => "refused",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Clean => "compile clean",
            Self::Ignored => "compile with only directives that are ignored by design",
            Self::Warned => "compile with other warnings",
            Self::Unsupported => "refused for what the manual lists as unsupported",
            Self::Refused => "refused for what is wrong with them",
        }
    }

    /// Codes of what systemd knows, listed in the manual with what to do instead.
    const LISTED: [Code; 5] = [
        codes::UNSUPPORTED_KEY,
        codes::UNSUPPORTED_SECTION,
        codes::UNSUPPORTED_UNIT,
        codes::UNSUPPORTED_VALUE,
        codes::CONNECTION_TEMPLATE,
    ];

    fn of(diagnostics: &[&Diagnostic]) -> Self {
        let mut errors = diagnostics.iter().filter(|each| each.is_error()).peekable();
        if errors.peek().is_some() {
            let listed = errors.all(|each| Self::LISTED.contains(&each.code));
            return if listed { Self::Unsupported } else { Self::Refused };
        }
        match diagnostics.iter().all(|each| each.code == codes::COSMETIC_KEY) {
            true if diagnostics.is_empty() => Self::Clean,
            true => Self::Ignored,
            false => Self::Warned,
        }
    }
}

impl Support {
    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Ignored => "ignored",
            Self::Unsupported => "unsupported",
            Self::Private => "private",
            Self::Unknown => "unknown",
        }
    }

    /// How a directive is taken in a section.
    pub fn of(section: &str, key: &str) -> Self {
        let moved = section == "Service" && crate::load::MOVED_TO_UNIT.contains(&key);
        let is_row =
            |section: &str| ROWS.iter().any(|row| row.is_of(section) && row.names.contains(&key));
        if is_row(section) || moved && is_row("Unit") {
            return Self::Implemented;
        }
        match unsupported::find(section, key).map(|row| row.loss) {
            Some(Loss::Cosmetic) => Self::Ignored,
            Some(Loss::Behaviour) => Self::Unsupported,
            None if key.starts_with("X-") || section.starts_with("X-") => Self::Private,
            None => Self::Unknown,
        }
    }
}

/// Goes through all unit files and drop-ins below a folder, each on its own.
///
/// # Errors
/// If the folder cannot be read.
pub fn coverage(folder: &Path) -> std::io::Result<Coverage> {
    std::fs::read_dir(folder)?;
    let mut paths = Vec::new();
    folders::inputs(folder, &mut paths);
    paths.retain(|path| is_unit(path) && path.is_file());
    paths.sort();
    let mut coverage = Coverage::default();
    for path in paths {
        coverage.add(folder, &path);
    }
    Ok(coverage)
}

fn is_unit(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    Name::parse(&name).is_ok() || name.ends_with(".conf") && parent.ends_with(".d")
}

impl Coverage {
    fn add(&mut self, folder: &Path, path: &PathBuf) {
        let shown = path.display().to_string();
        let diagnostics = match check_paths(std::slice::from_ref(path)) {
            Ok(warnings) => warnings,
            Err(failure) => failure.diagnostics,
        };
        // What stands beside a file was looked at for its sake, and is told of its own file.
        let own = |each: &&Diagnostic| {
            each.places.first().is_none_or(|(span, _)| span.file.path == shown)
        };
        let own: Vec<&Diagnostic> = diagnostics.iter().filter(own).collect();
        let entries = entries(path);
        let about = |diagnostic: &Diagnostic| {
            let (span, _) = diagnostic.places.first()?;
            entries.iter().position(|(_, entry)| holds(entry, span.range.start))
        };
        let mut seen = BTreeSet::new();
        let mut refused = BTreeSet::new();
        let mut said = BTreeSet::new();
        for diagnostic in &own {
            let entry = about(diagnostic);
            let key = entry.map(|entry| entries[entry].1.key.clone()).unwrap_or_default();
            said.insert((diagnostic.code.id, key));
            refused.extend(entry.filter(|_| diagnostic.is_error()));
        }
        for (at, (section, entry)) in entries.iter().enumerate() {
            let name = (section.name.clone(), entry.key.clone());
            let support = Support::of(&section.name, &entry.key);
            let fresh = Uses { support, files: 0, assignments: 0, refused: 0 };
            let uses = self.directives.entry(name.clone()).or_insert(fresh);
            uses.assignments += 1;
            uses.files += usize::from(seen.insert(name));
            uses.refused += usize::from(refused.contains(&at));
        }
        let below = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        self.files.push(FileCoverage { path: below, verdict: Verdict::of(&own), said });
    }

    /// Files with this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.files.iter().filter(|file| file.verdict == verdict).count()
    }

    /// The two rates, in percent: files that compile clean, and those with at most directives
    /// that are ignored by design.
    pub fn rates(&self) -> (f64, f64) {
        let percent = |count: usize| 100.0 * count as f64 / self.files.len().max(1) as f64;
        let clean = self.count(Verdict::Clean);
        (percent(clean), percent(clean + self.count(Verdict::Ignored)))
    }
}

/// The assignments of a file, each with its section.
fn entries(path: &Path) -> Vec<(Section, Entry)> {
    let mut quiet = Report::default();
    let bytes = folders::read(path, &mut quiet).unwrap_or_default();
    let Some(file) = text::open(&path.display().to_string(), &bytes, &mut quiet) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for mut section in text::parse(&file, &mut quiet).sections {
        let entries = std::mem::take(&mut section.entries);
        found.extend(entries.into_iter().map(|entry| (section.clone(), entry)));
    }
    found
}

fn holds(entry: &Entry, place: usize) -> bool {
    (entry.key_span.range.start..=entry.value.whole().range.end).contains(&place)
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "files  uses  refused  directive")?;
        let mut directives: Vec<_> = self.directives.iter().collect();
        directives.sort_by_key(|(_, uses)| (uses.support, std::cmp::Reverse(uses.files)));
        for ((section, key), Uses { support, files, assignments, refused }) in directives {
            let support = support.word();
            writeln!(
                f,
                "{files:>5} {assignments:>5}  {refused:>7}  {support:<11} [{section}] {key}="
            )?;
        }
        writeln!(f)?;
        for FileCoverage { path, verdict, said } in &self.files {
            let said = said.iter().map(|(code, key)| match key.as_str() {
                "" => (*code).to_string(),
                key => format!("{code} {key}="),
            });
            let said = said.collect::<Vec<_>>().join(", ");
            writeln!(f, "{}", format!("{:<11} {path}  {said}", verdict.word()).trim_end())?;
        }
        writeln!(f, "\n{:>5} files", self.files.len())?;
        for verdict in Verdict::ALL {
            writeln!(f, "{:>5} {}", self.count(verdict), verdict.sentence())?;
        }
        let (clean, ignored) = self.rates();
        writeln!(f, "\n{clean:5.1} % compile clean")?;
        writeln!(f, "{ignored:5.1} % compile with at most directives that are ignored by design")
    }
}
