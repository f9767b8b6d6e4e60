//! `pilotc import`: the services of inetd and xinetd as units.
//!
//! ```text
//! inetd, xinetd   lines and blocks to entries, each line with its place
//! access          who may connect, as lists of networks
//! units           an entry to the text of a socket and of a service
//! mod             what the compiler says of them: what does not check is not imported
//! ```
//! Nothing is dropped in silence: what has no counterpart is told at its line, and an entry whose
//! access control cannot be kept is left out, unless the caller says otherwise.
//! "Read before editing": inetd(8), xinetd.conf(5), hosts_access(5).

mod access;
mod entry;
mod inetd;
mod services;
mod units;
mod xinetd;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use access::HostRules;
pub use entry::Entry;
pub use services::Services;

use crate::codes;
use crate::report::{Diagnostic, Report};
use crate::text;
use crate::{Source, check_sources};

/// What an import may look at besides the file itself.
pub struct Surroundings<'a> {
    /// Ports by name.
    pub services: Services,
    /// What tcpd and libwrap go by.
    pub hosts: HostRules,
    /// Reads a file (false) or the files of a folder (true) that xinetd.conf includes.
    pub include: &'a dyn Fn(&str, bool) -> io::Result<Vec<Source>>,
    /// What the caller decides.
    pub choices: Choices,
}

/// What the caller decides.
#[derive(Clone, Copy, Default, Debug)]
pub struct Choices {
    /// Imports a service although its access control cannot be kept.
    pub accept_open: bool,
    /// Starts through tcpd what was started through it, instead of what it would start.
    pub keep_tcpd: bool,
}

/// Which of the two wrote a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// One line a service.
    Inetd,
    /// Blocks.
    Xinetd,
}

/// What came of an import.
pub struct Imported {
    /// The units, in order of the entries.
    pub units: Vec<Source>,
    /// How many services they make.
    pub services: usize,
    /// How many entries were left out; a diagnostic says why.
    pub left_out: usize,
    /// What there is to say.
    pub diagnostics: Vec<Diagnostic>,
}

/// Who wrote the text, by its first line that is no comment.
pub fn origin(text: &str) -> Origin {
    let lines = text.lines().map(str::trim);
    let first = lines.filter(|line| !line.is_empty()).find(|line| !line.starts_with('#'));
    let words: Vec<&str> = first.unwrap_or_default().split_whitespace().collect();
    match (words.first().copied(), words.len()) {
        (Some("defaults"), 1..=2) | (Some("service" | "include" | "includedir"), 2..=3) => {
            Origin::Xinetd
        }
        _ => Origin::Inetd,
    }
}

/// Makes units of what stands in some files.
pub fn import(sources: &[Source], origin: Origin, around: &Surroundings<'_>) -> Imported {
    let mut report = Report::default();
    let mut reader = entry::Reader { around, report: &mut report, left_out: 0 };
    let mut entries = match origin {
        Origin::Inetd => inetd::read(sources, &mut reader),
        Origin::Xinetd => xinetd::read(sources, &mut reader),
    };
    let mut left_out = reader.left_out;
    entries.retain(|entry| {
        let keeps = units::keeps_access(entry, around.choices, &mut report);
        left_out += usize::from(!keeps);
        keeps
    });
    units::name_apart(&mut entries);
    let mut made: Vec<Made> =
        entries.into_iter().map(|entry| Made::new(entry, &mut report)).collect();
    let before = made.len();
    let warnings = settle(&mut made, &mut report);
    left_out += before - made.len();
    let mut diagnostics = report.finish();
    diagnostics.extend(warnings);
    let services = made.len();
    let units = made.into_iter().flat_map(|made| made.units).collect();
    Imported { units, services, left_out, diagnostics }
}

/// An entry with its units.
struct Made {
    entry: Entry,
    units: Vec<Source>,
}

impl Made {
    fn new(entry: Entry, report: &mut Report) -> Self {
        let units = units::write(&entry, report);
        Self { entry, units }
    }
}

/// Leaves out what the compiler refuses, until it refuses nothing; gives its warnings.
fn settle(made: &mut Vec<Made>, report: &mut Report) -> Vec<Diagnostic> {
    loop {
        let units: Vec<Source> = made.iter().flat_map(|made| made.units.iter().cloned()).collect();
        let failure = match check_sources(&units) {
            Ok(warnings) => return warnings,
            Err(failure) => failure,
        };
        let mut refused = BTreeSet::new();
        for error in failure.diagnostics.iter().filter(|each| each.is_error()) {
            let path = error.places.first().map(|(span, _)| span.file.path.as_str());
            let blamed = made
                .iter()
                .position(|made| made.units.iter().any(|unit| Some(unit.path.as_str()) == path));
            let Some(blamed) = blamed.or(made.len().checked_sub(1)) else { return Vec::new() };
            let entry = &made[blamed].entry;
            let message =
                format!("`{}` makes no units that compile: {}", entry.name, error.message);
            let label = error.places.first().map_or("", |(_, label)| label.as_str());
            let diagnostic = Diagnostic::new(codes::UNIT_REFUSED, message, &entry.place, label);
            report.push(diagnostic.hint_if(error.hint.clone()));
            refused.insert(blamed);
        }
        let mut index = 0;
        made.retain(|_| {
            index += 1;
            !refused.contains(&(index - 1))
        });
    }
}

/// Imports a file, or the files of a folder as xinetd reads it. `root` stands for `/` in what the
/// file names: `root/etc/services` and what it includes.
///
/// # Errors
/// If the file or folder cannot be read.
pub fn import_path(path: &Path, root: &Path, choices: Choices) -> io::Result<Imported> {
    let (sources, origin) = if path.is_dir() {
        (folder(path)?, Origin::Xinetd)
    } else {
        let source = source(path)?;
        let origin = origin(&String::from_utf8_lossy(&source.text));
        (vec![source], origin)
    };
    let optional = |name: &str| source(&root.join("etc").join(name)).ok();
    let include = |named: &str, is_folder: bool| {
        let beside = path.parent().unwrap_or(Path::new("")).join(named);
        let path = named.strip_prefix('/').map_or(beside, |inner| root.join(inner));
        if is_folder { folder(&path) } else { Ok(vec![source(&path)?]) }
    };
    let services = optional("services").or_else(|| source(Path::new("/etc/services")).ok());
    let hosts = HostRules { allow: optional("hosts.allow"), deny: optional("hosts.deny") };
    let around = Surroundings {
        services: services.map(|file| Services::read(&file)).unwrap_or_default(),
        hosts,
        include: &include,
        choices,
    };
    Ok(import(&sources, origin, &around))
}

/// The folder that holds the `etc` in which the file stands, or `/`.
pub fn root_of(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.into());
    let etc = path.ancestors().find(|each| each.file_name().is_some_and(|name| name == "etc"));
    etc.and_then(Path::parent).unwrap_or(Path::new("/")).into()
}

/// Reads a file, one byte more than is allowed at most.
fn source(path: &Path) -> io::Result<Source> {
    use std::io::Read;
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = Vec::new();
    let limit = text::FILE_BYTES_MAX as u64 + 1;
    fs::File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(Source { path: path.display().to_string(), text })
}

/// The files that xinetd reads in a folder: none with a dot in its name or a tilde at its end.
fn folder(path: &Path) -> io::Result<Vec<Source>> {
    let entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let is_read = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.contains('.') && !name.ends_with('~') && path.is_file()
    };
    paths.iter().filter(is_read).map(|path| source(path)).collect()
}
