//! Folders with units, file by file into a [`Library`]: units, links, drop-ins, `.wants`,
//! `.requires`, presets. systemd.unit(5), section "Unit File Load Path".

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::codes;
use crate::load::{Library, Link, PULLS};
use crate::report::{Diagnostic, Report};

/// A folder with units, or an fstab.
pub(crate) struct UnitFolder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Which less important ones it hides on purpose, by their places in the order.
    pub(crate) hides: Vec<usize>,
}

/// What stands in some folders, given in order of importance.
pub(crate) fn library(folders: &[UnitFolder], report: &mut Report) -> Library {
    let mut library = Library::default();
    for (layer, folder) in folders.iter().enumerate() {
        for &other in &folder.hides {
            library.include(layer, other);
        }
        if folder.path.is_dir() && folder.path.to_string_lossy().ends_with(".d") {
            add_drop_ins(layer, &folder.path, &mut library, report);
        } else if folder.path.is_dir() {
            add_folder(layer, &folder.path, &mut library, report);
        } else {
            add_file(layer, &folder.path, &mut library, report);
        }
    }
    library
}

/// Files and folders that belong to no board, and beside each file what belongs to it.
pub(crate) fn loose(paths: &[PathBuf], report: &mut Report) -> Library {
    let mut library = Library::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            add_folder(0, path, &mut library, report);
            seen.extend(entries(path, report));
        }
    }
    let mut queue: Vec<PathBuf> =
        paths.iter().rev().filter(|path| !path.is_dir()).cloned().collect();
    while let Some(path) = queue.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Some(bytes) = read(&path, report) else { continue };
        let name = file_name(&path);
        library.add_file(0, &path.display().to_string(), &bytes, report);
        let drop_ins = path.with_file_name(format!("{name}.d"));
        if drop_ins.is_dir() {
            queue.extend(entries(&drop_ins, report).into_iter().rev());
        }
        let beside = companions(&name, &String::from_utf8_lossy(&bytes));
        let beside = beside.into_iter().map(|name| path.with_file_name(name));
        queue.extend(beside.filter(|path| path.is_file()));
    }
    library
}

/// The names of files that a socket, a service or a drop-in is nothing without.
fn companions(name: &str, text: &str) -> Vec<String> {
    if let Some(stem) = name.strip_suffix(".socket") {
        let named = text.lines().filter_map(|line| line.trim().strip_prefix("Service="));
        let own = [format!("{stem}.service"), format!("{stem}@.service")];
        return named.map(|name| name.trim().to_string()).chain(own).collect();
    }
    let Some(stem) = name.strip_suffix(".service") else { return Vec::new() };
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("Sockets="));
    let named = named.flat_map(str::split_whitespace).map(str::to_string);
    named.chain([format!("{}.socket", stem.trim_end_matches('@'))]).collect()
}

/// Everything below a folder with units, itself last.
pub(crate) fn inputs(folder: &Path, found: &mut Vec<PathBuf>) {
    if !folder.is_dir() {
        found.push(folder.into());
        return;
    }
    for path in entries(folder, &mut Report::default()) {
        if path.is_dir() {
            inputs(&path, found);
        } else {
            found.push(path);
        }
    }
    found.push(folder.into());
}

/// What stands in a file.
pub(crate) fn read(path: &Path, report: &mut Report) -> Option<Vec<u8>> {
    fs::read(path).map_err(|error| report.push(unreadable(path, &error))).ok()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot read {}: {error}", path.display());
    Diagnostic::without_place(codes::UNREADABLE, message)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a folder, hidden files aside, in order of name.
fn entries(folder: &Path, report: &mut Report) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|error| report.push(unreadable(folder, &error)));
    let paths = listed.unwrap_or_default().into_iter().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| !file_name(path).starts_with('.')).collect();
    paths.sort();
    paths
}

/// Where a link leads, if the path is one.
fn link(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}

fn add_folder(layer: usize, folder: &Path, library: &mut Library, report: &mut Report) {
    for path in entries(folder, report) {
        let shown = path.display().to_string();
        if let Some(target) = link(&path).filter(|_| !path.is_dir()) {
            add_link(layer, &path, &target, library, report);
        } else if !path.is_dir() {
            add_file(layer, &path, library, report);
        } else if shown.ends_with(".d") {
            add_drop_ins(layer, &path, library, report);
        } else if PULLS.iter().any(|(suffix, _)| shown.ends_with(suffix)) {
            add_pulls(&path, library, report);
        } else {
            let message = format!("the folder {shown} has no meaning here");
            let hint = "a folder of units has NAME.d, NAME.wants, NAME.requires and NAME.upholds \
                        below it";
            let diagnostic = Diagnostic::without_place(codes::UNKNOWN_FOLDER, message);
            report.push(diagnostic.hint(hint));
        }
    }
}

fn add_file(layer: usize, path: &Path, library: &mut Library, report: &mut Report) {
    if let Some(bytes) = read(path, report) {
        library.add_file(layer, &path.display().to_string(), &bytes, report);
    }
}

/// A link to a file of the same name stands for that file; what a link to an absolute path leads
/// to is on the board and not on this machine, so only the name counts.
fn add_link(layer: usize, path: &Path, target: &Path, library: &mut Library, report: &mut Report) {
    let shown = path.display().to_string();
    let name = file_name(target);
    if target == Path::new("/dev/null") {
        library.add_link(layer, &shown, &Link::Mask, report);
    } else if target.is_relative() && name == file_name(path) {
        add_file(layer, path, library, report);
    } else {
        library.add_link(layer, &shown, &Link::To(name), report);
    }
}

fn add_drop_ins(layer: usize, folder: &Path, library: &mut Library, report: &mut Report) {
    for path in entries(folder, report) {
        let shown = path.display().to_string();
        if link(&path).is_some_and(|target| target == Path::new("/dev/null")) {
            library.add_file(layer, &shown, b"", report);
        } else if shown.ends_with(".conf") && !path.is_dir() {
            add_file(layer, &path, library, report);
        } else {
            let message = format!("{shown} is no drop-in: its name does not end with .conf");
            report.push(Diagnostic::without_place(codes::NOT_A_UNIT, message));
        }
    }
}

fn add_pulls(folder: &Path, library: &mut Library, report: &mut Report) {
    for path in entries(folder, report) {
        let shown = path.display().to_string();
        match link(&path) {
            Some(target) => library.add_pull(&shown, target == Path::new("/dev/null"), report),
            None => {
                let message = format!("{shown} is no link, and only its name could count");
                let diagnostic = Diagnostic::without_place(codes::NOT_A_UNIT, message);
                report.push(diagnostic.hint("make it a link to the unit's file"));
            }
        }
    }
}
