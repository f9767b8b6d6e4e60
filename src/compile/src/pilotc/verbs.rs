//! What each verb does: paths and names in, an answer out.

use std::fs;
use std::path::{Path, PathBuf};

use compile::draft::ROWS;
use compile::report::{Diagnostic, Failure};
use compile::{
    BOARD_CONF, Image, check_paths, compile_board, coverage, diff, graph, import, json, lint_board,
    manual, settings, show,
};
use compile::{codes, explain as explanations};
use serde_json::json;

use crate::answer::{Answer, DIFFERENT, Misuse, TROUBLE};

type Result = std::result::Result<Answer, Misuse>;

/// The folder of boards that have a name, in the one where this is called.
const BOARDS: &str = "board";

/// Each board on its own, everything else together.
pub fn check(paths: &[PathBuf]) -> Result {
    let mut answer = Answer::default();
    let mut loose = Vec::new();
    for path in paths {
        let names_board = path.file_name().is_some_and(|name| name == BOARD_CONF);
        let path = &board_named(path);
        let path = if names_board { path.parent().unwrap_or(path) } else { path };
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if path.join(BOARD_CONF).is_file() {
            answer.diagnostics.extend(told(compile_board(path).map(|(_, warnings)| warnings)));
        } else if let Err(error) = fs::metadata(path) {
            return Err(Misuse(format!("cannot read {}: {error}", path.display())));
        } else {
            loose.push(path.to_path_buf());
        }
    }
    if !loose.is_empty() {
        answer.diagnostics.extend(told(check_paths(&loose)));
    }
    Ok(answer)
}

fn told(result: std::result::Result<Vec<Diagnostic>, Failure>) -> Vec<Diagnostic> {
    result.unwrap_or_else(|failure| failure.diagnostics)
}

/// Where the board is that the user names: by its path, or by its name in the folder of boards, as
/// for `cargo board`.
fn board_named(path: &Path) -> PathBuf {
    let in_boards = Path::new(BOARDS).join(path);
    let is_name = path.file_name() == Some(path.as_os_str());
    if is_name && in_boards.join(BOARD_CONF).is_file() { in_boards } else { path.to_owned() }
}

fn find_board(path: &Path) -> std::result::Result<PathBuf, Misuse> {
    let folder = board_named(path);
    if folder.join(BOARD_CONF).is_file() {
        return Ok(folder);
    }
    let (name, conf) = (folder.display(), BOARD_CONF);
    Err(Misuse(if folder.is_dir() {
        format!("{name} is no board: it has no {conf}")
    } else {
        format!(
            "there is no board {name}: name a folder with a {conf}, or one in {BOARDS}/ of here"
        )
    }))
}

/// Compiles a board; what there is to say of it is in the answer.
fn compile(board: &Path, answer: &mut Answer) -> Option<Image> {
    match compile_board(board) {
        Ok((image, warnings)) => {
            answer.diagnostics.extend(warnings);
            Some(image)
        }
        Err(failure) => {
            answer.diagnostics.extend(failure.diagnostics);
            None
        }
    }
}

/// The expansion of a board.
pub fn plan(board: &Path) -> Result {
    let mut answer = Answer::default();
    if let Some(image) = compile(&find_board(board)?, &mut answer) {
        answer.text = show::show(&image);
        answer.result = json::plan(&image);
    }
    Ok(answer)
}

/// What is different in another board.
pub fn diff(one: &Path, other: &Path) -> Result {
    let mut answer = Answer::default();
    let (old, new) = (side(one, &mut answer)?, side(other, &mut answer)?);
    answer.exit = Some(TROUBLE);
    if let (Some(old), Some(new)) = (old, new) {
        let difference = diff::diff(&old, &new);
        answer.exit = Some(if difference.is_none() { 0 } else { DIFFERENT });
        answer.text = difference.to_string();
        answer.result = json::difference(&difference);
    }
    // Warnings are for `check`.
    answer.diagnostics.retain(Diagnostic::is_error);
    Ok(answer)
}

fn side(board: &Path, answer: &mut Answer) -> std::result::Result<Option<diff::Side>, Misuse> {
    let board = find_board(board)?;
    let Some(image) = compile(&board, answer) else { return Ok(None) };
    Ok(settings(&board).map(|settings| diff::Side { settings, image }))
}

/// A board as a picture, into a file or to stdout.
pub fn graph(board: &Path, output: Option<&Path>, theme: graph::Theme) -> Result {
    let mut answer = Answer::default();
    let Some(image) = compile(&find_board(board)?, &mut answer) else { return Ok(answer) };
    answer.diagnostics.clear();
    let picture = graph::picture(&image);
    let svg = graph::svg(&picture, theme);
    answer.result = json::picture(&picture, &svg);
    match output {
        None => answer.text = svg,
        Some(path) => fs::write(path, svg)
            .map_err(|error| Misuse(format!("cannot write {}: {error}", path.display())))?,
    }
    Ok(answer)
}

/// How much of a folder is understood.
pub fn coverage(folder: &Path) -> Result {
    let coverage = coverage::coverage(folder)
        .map_err(|error| Misuse(format!("cannot read {}: {error}", folder.display())))?;
    Ok(Answer::new(coverage.to_string(), json::coverage(&coverage)))
}

/// Good practice, and how well services are confined.
pub fn lint(board: &Path) -> Result {
    let (ratings, diagnostics) = match lint_board(&find_board(board)?) {
        Ok(found) => found,
        Err(failure) => (Vec::new(), failure.diagnostics),
    };
    let mut text: String = ratings.iter().map(|rating| format!("{rating}\n")).collect();
    if diagnostics.iter().any(|each| !each.is_error()) {
        text += "\n[Lint] of board.conf takes back what is meant: Allow=CODE, or Allow=CODE:UNIT\n";
    }
    let result = ratings.iter().map(json::rating).collect();
    Ok(Answer { diagnostics, ..Answer::new(text, result) })
}

/// Units of what inetd or xinetd is told, written into a folder.
pub fn import(
    path: &Path,
    output: &Path,
    root: Option<&Path>,
    force: bool,
    choices: import::Choices,
) -> Result {
    let root = root.map_or_else(|| import::root_of(path), Path::to_path_buf);
    let imported = import::import_path(path, &root, choices)
        .map_err(|error| Misuse(format!("cannot read {}: {error}", path.display())))?;
    let paths: Vec<_> = imported.units.iter().map(|unit| output.join(&unit.path)).collect();
    if let Some(there) = paths.iter().find(|path| !force && path.exists()) {
        let words = format!("{} is there already: --force writes over it", there.display());
        return Err(Misuse(words));
    }
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(output)?;
        let files = paths.iter().zip(&imported.units);
        files.into_iter().try_for_each(|(path, unit)| fs::write(path, &unit.text))
    };
    write().map_err(|error| Misuse(format!("cannot write to {}: {error}", output.display())))?;
    let mut text: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    let import::Imported { services, left_out, .. } = imported;
    text.push_str(&format!("{services} imported, {left_out} left out\n"));
    let written: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let result = json!({ "written": written, "imported": services, "left_out": left_out });
    Ok(Answer { diagnostics: imported.diagnostics, ..Answer::new(text, result) })
}

/// The long of a code.
pub fn explain(id: &str) -> Result {
    let Some(code) = explanations::find(id) else {
        return Err(unknown("code", id, explanations::nearest(id)));
    };
    let codes::Code { id, name, severity: _, meaning, explanation } = code;
    let result =
        json!({ "code": id, "name": name, "meaning": meaning, "explanation": explanation });
    Ok(Answer::new(explanations::text(code), result))
}

/// The manual's entry of a directive.
pub fn man(name: &str) -> Result {
    let found = manual::find(name);
    if found.rows.is_empty() && found.reasons.is_empty() {
        return Err(unknown("directive", name, manual::nearest(name)));
    }
    let rows = found.rows.iter().map(|row| json::row(row));
    let reasons = found.reasons.iter().map(|(sections, row)| {
        json!({
            "sections": sections,
            "names": [row.name],
            "supported": false,
            "instead": row.instead,
        })
    });
    Ok(Answer::new(manual::entry(&found), rows.chain(reasons).collect()))
}

fn unknown(what: &str, name: &str, near: Option<String>) -> Misuse {
    let near = near.map(|near| format!("; {near}")).unwrap_or_default();
    Misuse(format!("there is no {what} `{name}`{near}"))
}

/// The whole manual.
pub fn manual() -> Answer {
    Answer::new(manual::manual(), ROWS.iter().map(json::row).collect())
}
