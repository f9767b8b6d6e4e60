//! A board's folder: `board.conf`, `units/`, and the folders it includes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{Scope, check};
use crate::codes;
use crate::draft;
use crate::emit;
use crate::grammar::{Architecture, Forward};
use crate::load::{self, BoardDraft, Library};
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
    let Some((board, folders)) = read_board(folder, &mut report) else { return fail(report) };
    check_architecture(&board, &mut report);
    let mut library = Library::default();
    for units in unit_folders(&folders) {
        add_folder(&units, &mut library, &mut report);
    }
    compile(board, &library, report)
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
        add_file(&unit.path, &unit.text, &mut library, &mut report);
    }
    compile(board, &library, report)
}

/// Checks files on their own: names that systemd defines may lead elsewhere.
///
/// # Errors
/// Every diagnostic of the run if one of them is an error.
pub fn check_sources(units: &[Source]) -> Result<Vec<Diagnostic>, Failure> {
    let mut report = Report::default();
    let mut library = Library::default();
    for unit in units {
        add_file(&unit.path, &unit.text, &mut library, &mut report);
    }
    let file = Arc::new(File { path: BOARD_CONF.into(), text: String::new() });
    let board = BoardDraft::fresh(&file);
    let drafts = load::drafts(&library, &board, &mut report);
    check(drafts, &library, &board, Scope::Loose, &mut report);
    report.verdict()
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
        folders,
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
    let Some((_, folders)) = read_board(folder, &mut report) else {
        return vec![folder.join(BOARD_CONF)];
    };
    let mut inputs: Vec<PathBuf> =
        folders.iter().map(|folder| folder.join(BOARD_CONF)).filter(|path| path.exists()).collect();
    for units in unit_folders(&folders) {
        inputs.extend(entries(&units, &mut report));
        inputs.push(units);
    }
    inputs
}

fn fail<T>(report: Report) -> Result<T, Failure> {
    Err(Failure { diagnostics: report.finish() })
}

fn compile(
    board: BoardDraft,
    library: &Library,
    mut report: Report,
) -> Result<(Image, Vec<Diagnostic>), Failure> {
    let drafts = load::drafts(library, &board, &mut report);
    let checked = check(drafts, library, &board, Scope::Board, &mut report);
    if report.has_errors() {
        return fail(report);
    }
    let plan = plan(checked, board, &mut report);
    let (Some(plan), false) = (plan, report.has_errors()) else { return fail(report) };
    let (table, limits) = emit::table(&plan);
    let limits_rs = emit::limits_rs(&limits, plan.manager.spawn_slots);
    Ok((Image { table, limits, limits_rs, plan }, report.finish()))
}

/// A folder that takes part in a board, with its `board.conf` if it has one.
type Found = (PathBuf, Option<Document>);

/// Reads `board.conf` and those it includes, and tells which folders take part.
fn read_board(folder: &Path, report: &mut Report) -> Option<(BoardDraft, Vec<PathBuf>)> {
    let mut found: Vec<Found> = Vec::new();
    gather(folder, &mut Vec::new(), &mut found, report)?;
    let (_, own) = found.first()?;
    let mut board = BoardDraft::fresh(&own.as_ref()?.file);
    for document in found.iter().rev().filter_map(|(_, document)| document.as_ref()) {
        board.read(document, report);
    }
    Some((board, found.into_iter().map(|(folder, _)| folder).collect()))
}

/// The folder and all that it includes, in order of importance, each once.
fn gather(
    folder: &Path,
    trail: &mut Vec<PathBuf>,
    found: &mut Vec<Found>,
    report: &mut Report,
) -> Option<()> {
    let path = folder.join(BOARD_CONF);
    if !trail.is_empty() && !path.exists() {
        found.push((folder.into(), None));
        return Some(());
    }
    let bytes = read(&path, report)?;
    let file = text::open(&path.display().to_string(), &bytes, report)?;
    let document = text::parse(&file, report);
    let mut alone = BoardDraft::fresh(&file);
    // What it says is reported when all of them are read in order.
    alone.read(&document, &mut Report::default());
    found.push((folder.into(), Some(document)));
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
        } else if !found.iter().any(|(folder, _)| real(folder) == real(&included)) {
            gather(&included, trail, found, report)?;
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

fn check_architecture(board: &BoardDraft, report: &mut Report) {
    if board.board.architecture.given.is_none() && !report.has_errors() {
        let message = "the board does not say what it runs on";
        let span = Span::head(&board.file);
        let diagnostic = Diagnostic::new(codes::NO_ARCHITECTURE, message, &span, "");
        report.push(diagnostic.hint("add Architecture= to [Board]"));
    }
}

/// The folders with units, in order of importance.
fn unit_folders(folders: &[PathBuf]) -> Vec<PathBuf> {
    folders.iter().map(|folder| folder.join(UNITS)).filter(|units| units.is_dir()).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot read {}: {error}", path.display());
    Diagnostic::without_place(codes::UNREADABLE, message)
}

fn read(path: &Path, report: &mut Report) -> Option<Vec<u8>> {
    fs::read(path).map_err(|error| report.push(unreadable(path, &error))).ok()
}

/// What is in a folder, hidden files aside, in order of name.
fn entries(folder: &Path, report: &mut Report) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|error| report.push(unreadable(folder, &error)));
    let hidden = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    let paths = listed.unwrap_or_default().into_iter().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| !hidden(path)).collect();
    paths.sort();
    paths
}

/// Adds the units of a folder.
fn add_folder(folder: &Path, library: &mut Library, report: &mut Report) {
    for path in entries(folder, report) {
        if path.is_dir() {
            report.push(unsupported_folder(&path));
        } else if let Some(bytes) = read(&path, report) {
            add_file(&path.display().to_string(), &bytes, library, report);
        }
    }
}

fn unsupported_folder(path: &Path) -> Diagnostic {
    let message = format!("the folder {} is not read", path.display());
    let hint = "drop-ins and .wants or .requires links are not supported: edit the unit, or put \
                a file of the same name into the board's own units";
    Diagnostic::without_place(codes::UNSUPPORTED_FOLDER, message).hint(hint)
}

fn add_file(path: &str, bytes: &[u8], library: &mut Library, report: &mut Report) {
    let Some(name) = load::unit_name_of(path, report) else { return };
    if let Some(file) = text::open(path, bytes, report) {
        library.add(name, &file, report);
    }
}
