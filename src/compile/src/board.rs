//! A board's folder: `board.conf`, `units/`, and the folders it includes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::check;
use crate::codes;
use crate::draft::{self, Setting};
use crate::emit;
use crate::folders::{self, UnitFolder};
use crate::grammar::{Architecture, Forward, LintNames};
use crate::lint::{self, Hardening};
use crate::load::{self, BoardDraft, Library, Scope};
use crate::names;
use crate::plan::{Plan, plan};
use crate::report::{Diagnostic, Failure, File, Report, Span, Spanned};
use crate::text::{self, Document};

/// A file that is in memory already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// How it is called; the part behind the last slash is the unit's name.
    pub path: String,
    /// What stands in it.
    pub text: Vec<u8>,
}

/// What is built into `pilot`.
#[derive(Debug)]
pub struct Image {
    /// The table, as in [`unit::wire`].
    pub table: Vec<u8>,
    /// Its sizes.
    pub limits: unit::Limits,
    /// The same as Rust source.
    pub limits_rs: String,
    /// What the table was made of, for printing.
    pub plan: Plan,
}

/// `[Board]`: what the image around `pilot` is made of.
#[derive(Clone, Debug)]
pub struct BoardConf {
    /// Every folder that takes part, the board's own first, then in order of importance.
    pub folders: Vec<PathBuf>,
    /// `Architecture=`.
    pub architecture: Architecture,
    /// `Hostname=`.
    pub hostname: String,
    /// `Console=`.
    pub console: String,
    /// `DefaultTarget=`.
    pub default_target: String,
    /// `Packages=`.
    pub packages: Vec<String>,
    /// `Programs=`.
    pub programs: Vec<String>,
    /// `Links=`: one line each, the program first.
    pub links: Vec<Vec<String>>,
    /// `Files=`, each below the folder whose `board.conf` names it.
    pub files: Vec<PathBuf>,
    /// `Modules=`.
    pub modules: Vec<String>,
    /// `Forward=`.
    pub forward: Vec<Forward>,
}

/// The file with a board's settings.
pub const BOARD_CONF: &str = "board.conf";
/// The folder with a board's own units.
pub const UNITS: &str = "units";

/// Compiles the board in `folder`. With the image come the warnings.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn compile_board(folder: &Path) -> Result<(Image, Vec<Diagnostic>), Failure> {
    let mut report = Report::default();
    let Some((board, library)) = read_all(folder, &mut report) else { return fail(report) };
    compile(board, library, report)
}

/// What `board.conf` says, and every file of units.
fn read_all(folder: &Path, report: &mut Report) -> Option<(BoardDraft, Library)> {
    let (board, folders) = read_board(folder, report)?;
    check_architecture(&board, report);
    check_files(&board, report);
    let library = folders::library(&folders.unit_folders(&board), report);
    Some((board, library))
}

/// What a board says line by line, before defaults are applied: for comparing boards.
#[derive(Debug)]
pub struct Settings {
    /// `board.conf`.
    pub board: Vec<Setting>,
    /// Each unit, by name.
    pub units: BTreeMap<String, Vec<Setting>>,
}

/// Reads a board's settings. What is wrong with them [`compile_board`] says.
pub fn settings(folder: &Path) -> Option<Settings> {
    let mut report = Report::default();
    let (board, mut library) = read_all(folder, &mut report)?;
    let drafts = load::drafts(&mut library, &board, Scope::Board, &mut report);
    let unit = |(name, draft): (names::Name, draft::Draft)| (name.to_string(), draft.settings());
    Some(Settings { board: board.settings(), units: drafts.into_iter().map(unit).collect() })
}

/// Compiles units that are in memory, as if they stood in a board's `units` folder.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn compile_sources(
    board_conf: &Source,
    units: &[Source],
) -> Result<(Image, Vec<Diagnostic>), Failure> {
    let mut report = Report::default();
    let Some(file) = text::open(&board_conf.path, &board_conf.text, &mut report) else {
        return fail(report);
    };
    let mut board = BoardDraft::fresh(&file);
    board.read(&text::parse(&file, &mut report), &mut report);
    let mut library = Library::default();
    for unit in units {
        library.add_file(0, &unit.path, &unit.text, &mut report);
    }
    compile(board, library, report)
}

/// Checks files that are in memory on their own: names may lead to units that stand elsewhere.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn check_sources(units: &[Source]) -> Result<Vec<Diagnostic>, Failure> {
    let mut report = Report::default();
    let mut library = Library::default();
    for unit in units {
        library.add_file(0, &unit.path, &unit.text, &mut report);
    }
    check_loose(library, report)
}

/// Checks unit files and folders of them together, and beside each file what belongs to it: its
/// drop-ins, the service of a socket, the socket of a service.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn check_paths(paths: &[PathBuf]) -> Result<Vec<Diagnostic>, Failure> {
    let mut report = Report::default();
    let library = folders::loose(paths, &mut report);
    check_loose(library, report)
}

fn check_loose(mut library: Library, mut report: Report) -> Result<Vec<Diagnostic>, Failure> {
    let file = Arc::new(File { path: BOARD_CONF.into(), text: String::new() });
    let mut board = BoardDraft::fresh(&file);
    // Some board will have a name, and an architecture.
    board.board.hostname.value = "board".into();
    let span = Span::head(&file);
    board.board.architecture.given = Some(Spanned { value: Architecture::Armv7, span });
    let drafts = load::drafts(&mut library, &board, Scope::Loose, &mut report);
    check(drafts, &library, &board, Scope::Loose, &mut report);
    report.verdict()
}

/// What `pilotc lint` finds in a board: how well its services are confined, and every warning.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn lint_board(folder: &Path) -> Result<(Vec<Hardening>, Vec<Diagnostic>), Failure> {
    let mut report = Report::default();
    let Some((board, mut library)) = read_all(folder, &mut report) else { return fail(report) };
    let drafts = load::drafts(&mut library, &board, Scope::Board, &mut report);
    let checked = check(drafts, &library, &board, Scope::Board, &mut report);
    let hardening = lint::lint(&checked, &board, &mut report);
    set_levels(&board, &mut report);
    Ok((hardening, report.verdict()?))
}

/// What `[Lint]` says.
fn set_levels(board: &BoardDraft, report: &mut Report) {
    let draft::Lint { allow, deny } = &board.lint;
    let means = |list: &draft::Many<LintNames>, diagnostic: &Diagnostic| {
        list.items.iter().any(|lint| lint.value.covers(diagnostic))
    };
    report.set_levels(|each| means(allow, each), |each| means(deny, each));
}

/// Reads `board.conf` alone, for those who build the image around `pilot`.
///
/// # Errors
/// Every diagnostic of the file if one of them is an error.
pub fn read_board_conf(folder: &Path) -> Result<BoardConf, Failure> {
    let mut report = Report::default();
    let Some((board, folders)) = read_board(folder, &mut report) else { return fail(report) };
    check_architecture(&board, &mut report);
    let (Some(architecture), false) =
        (board.board.architecture.value().copied(), report.has_errors())
    else {
        return fail(report);
    };
    let draft::Board {
        architecture: _,
        include: _,
        time_zone: _,
        hostname,
        console,
        default_target,
        packages,
        programs,
        links,
        files,
        modules,
        forward,
    } = board.board;
    let beside = |path: &Spanned<String>| beside(&path.span.file, &path.value);
    Ok(BoardConf {
        folders: folders.paths,
        architecture,
        hostname: hostname.value,
        console: console.value,
        default_target: default_target.value.to_string(),
        packages: packages.values(),
        programs: programs.values(),
        links: links.values(),
        files: files.items.iter().map(beside).collect(),
        modules: modules.values(),
        forward: forward.values(),
    })
}

/// Every file and folder that the board's table is made of: for `cargo:rerun-if-changed`.
pub fn inputs(folder: &Path) -> Vec<PathBuf> {
    let mut report = Report::default();
    let Some((board, folders)) = read_board(folder, &mut report) else {
        return vec![folder.join(BOARD_CONF)];
    };
    let conf = folders.paths.iter().map(|folder| folder.join(BOARD_CONF));
    let mut inputs: Vec<PathBuf> = conf.filter(|path| path.exists()).collect();
    for units in folders.unit_folders(&board) {
        folders::inputs(&units.path, &mut inputs);
    }
    inputs
}

fn fail<T>(report: Report) -> Result<T, Failure> {
    Err(Failure { diagnostics: report.finish() })
}

fn compile(
    board: BoardDraft,
    mut library: Library,
    mut report: Report,
) -> Result<(Image, Vec<Diagnostic>), Failure> {
    let drafts = load::drafts(&mut library, &board, Scope::Board, &mut report);
    let checked = check(drafts, &library, &board, Scope::Board, &mut report);
    set_levels(&board, &mut report);
    if report.has_errors() {
        return fail(report);
    }
    let plan = plan(checked, board, &mut report);
    let (Some(plan), false) = (plan, report.has_errors()) else { return fail(report) };
    let (table, limits) = emit::table(&plan);
    let limits_rs = emit::limits_rs(&limits, plan.manager.spawn_slots);
    Ok((Image { table, limits, limits_rs, plan }, report.finish()))
}

/// The folders that take part in a board.
struct Folders {
    /// In order of importance, the board's own first.
    paths: Vec<PathBuf>,
    /// Which of them includes which, directly or by others: (one, another).
    includes: BTreeSet<(usize, usize)>,
}

/// Where units stand below a folder that is laid over the root file system: systemd.unit(5).
const ROOT_UNITS: [&str; 8] = [
    "etc/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
    "etc/systemd/system-preset",
    "usr/local/lib/systemd/system-preset",
    "usr/lib/systemd/system-preset",
    "lib/systemd/system-preset",
];

/// What is to be done at boot, there: modules-load.d(5), sysctl.d(5), tmpfiles.d(5).
const ROOT_DUTIES: [&str; 6] = [
    "etc/modules-load.d",
    "etc/sysctl.d",
    "etc/tmpfiles.d",
    "usr/lib/modules-load.d",
    "usr/lib/sysctl.d",
    "usr/lib/tmpfiles.d",
];

/// The list of file systems below such a folder: fstab(5).
const ROOT_FSTAB: &str = "etc/fstab";

impl Folders {
    /// The folders with units: those of the boards, then those that `Files=` brings along.
    fn unit_folders(&self, board: &BoardDraft) -> Vec<UnitFolder> {
        let own = self.paths.iter().map(|folder| folder.join(UNITS)).enumerate();
        let mut found: Vec<(usize, PathBuf)> = own.collect();
        let behind = self.paths.len();
        for files in &board.board.files.items {
            let root = beside(&files.span.file, &files.value);
            let places = ROOT_UNITS.map(|place| root.join(place));
            found.extend(places.into_iter().map(|place| (behind, place)));
            found.push((behind, root.join(ROOT_FSTAB)));
            let duties = ROOT_DUTIES.map(|place| root.join(place));
            found.extend(duties.into_iter().map(|place| (behind, place)));
        }
        found.retain(|(_, units)| units.is_dir() || units.ends_with(ROOT_FSTAB) && units.exists());
        let hides = |number: usize, other: usize| {
            let (one, another) = (found[number].0, found[other].0);
            another == behind || self.includes.contains(&(one, another))
        };
        let folders = found.iter().enumerate().map(|(number, (_, path))| UnitFolder {
            path: path.clone(),
            hides: (0..found.len()).filter(|&other| hides(number, other)).collect(),
        });
        folders.collect()
    }
}

/// A folder that takes part in a board, with its `board.conf` if it has one.
type Found = (PathBuf, Option<Document>);

/// Reads `board.conf` and those it includes, and tells which folders take part.
fn read_board(folder: &Path, report: &mut Report) -> Option<(BoardDraft, Folders)> {
    let mut gathered = Gathered::default();
    gather(folder, &mut Vec::new(), &mut gathered, report)?;
    let Gathered { found, includes } = gathered;
    let (_, own) = found.first()?;
    let mut board = BoardDraft::fresh(&own.as_ref()?.file);
    for document in found.iter().rev().filter_map(|(_, document)| document.as_ref()) {
        board.read(document, report);
    }
    let paths: Vec<PathBuf> = found.into_iter().map(|(folder, _)| folder).collect();
    let number = |path: &PathBuf| paths.iter().position(|folder| real(folder) == *path);
    let direct = includes.iter().filter_map(|(one, other)| Some((number(one)?, number(other)?)));
    let includes = closure(direct.collect());
    Some((board, Folders { paths, includes }))
}

/// What follows from pairs when they are chained.
fn closure(mut pairs: BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    loop {
        let chained = pairs.iter().flat_map(|&(one, middle)| {
            let next = pairs.iter().filter(move |(from, _)| *from == middle);
            next.map(move |&(_, other)| (one, other))
        });
        let more: BTreeSet<_> = chained.filter(|pair| !pairs.contains(pair)).collect();
        if more.is_empty() {
            return pairs;
        }
        pairs.extend(more);
    }
}

#[derive(Default)]
struct Gathered {
    found: Vec<Found>,
    /// Folders without links and dots: (one, another that it includes).
    includes: BTreeSet<(PathBuf, PathBuf)>,
}

/// The folder and all that it includes, in order of importance, each once.
fn gather(
    folder: &Path,
    trail: &mut Vec<PathBuf>,
    gathered: &mut Gathered,
    report: &mut Report,
) -> Option<()> {
    let path = folder.join(BOARD_CONF);
    if !trail.is_empty() && !path.exists() {
        gathered.found.push((folder.into(), None));
        return Some(());
    }
    let bytes = folders::read(&path, report)?;
    let file = text::open(&path.display().to_string(), &bytes, report)?;
    let document = text::parse(&file, report);
    let mut alone = BoardDraft::fresh(&file);
    // What it says is reported when all of them are read in order.
    alone.read(&document, &mut Report::default());
    gathered.found.push((folder.into(), Some(document)));
    trail.push(real(folder));
    for include in &alone.board.include.items {
        let included = beside(&file, &include.value);
        let mut refuse = |message: String| {
            report.push(Diagnostic::new(codes::INCLUDE, message, &include.span, ""));
        };
        if !included.is_dir() {
            refuse(format!("there is no folder {}", included.display()));
        } else if trail.contains(&real(&included)) {
            refuse(format!("{} includes itself", included.display()));
        } else {
            gathered.includes.insert((real(folder), real(&included)));
            if !gathered.found.iter().any(|(folder, _)| real(folder) == real(&included)) {
                gather(&included, trail, gathered, report)?;
            }
        }
    }
    trail.pop();
    Some(())
}

/// The folder without links and dots, to know it again.
fn real(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.into())
}

/// A path relative to the folder of the file that names it.
fn beside(file: &File, path: &str) -> PathBuf {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    folder.join(path)
}

/// A folder that is not there would be one without units.
fn check_files(board: &BoardDraft, report: &mut Report) {
    for files in &board.board.files.items {
        let root = beside(&files.span.file, &files.value);
        if !root.is_dir() {
            let message = format!("there is no folder {}", root.display());
            report.push(Diagnostic::new(codes::UNREADABLE, message, &files.span, ""));
        }
    }
}

fn check_architecture(board: &BoardDraft, report: &mut Report) {
    if board.board.architecture.given.is_none() && !report.has_errors() {
        let message = "the board does not say what it runs on";
        let span = Span::head(&board.file);
        let diagnostic = Diagnostic::new(codes::NO_ARCHITECTURE, message, &span, "");
        report.push(diagnostic.hint("add Architecture= to [Board]"));
    }
}
