//! Golden files: every diagnostic by its bad example, every good board by its plan, the manual.
//!
//! `BLESS=1 cargo test -p pilot-compile` writes what is said now; the change is reviewed as a diff.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::{diagnostics, entries, name};
use compile::report::render_all;
use compile::{BOARD_CONF, Source, codes, compile_board, compile_sources, show};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Compares with what stands in a file of the repository, or writes it there.
fn expect(file: &Path, said: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder for the file");
        fs::write(file, said).expect("a writable file");
        return Ok(());
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == said {
        return Ok(());
    }
    Err(format!("--- {} (BLESS=1 accepts it) says now:\n{said}", file.display()))
}

#[test]
fn every_bad_example_is_told_with_its_code_and_no_other() {
    let mut wrong = Vec::new();
    let root = root();
    for folder in entries(&root.join("tests/units/bad")) {
        let name = name(&folder);
        let diagnostics = diagnostics(&folder, name.starts_with('L'));
        let codes: BTreeSet<&str> = diagnostics.iter().map(|each| each.code.id).collect();
        let own = name.split('-').next().expect("a code before the name");
        if codes != BTreeSet::from([own]) {
            wrong.push(format!("--- {name} is told with {codes:?}"));
        }
        let said = render_all(&diagnostics, &annotate_snippets::Renderer::plain());
        let said = said.replace(&format!("{}/", folder.display()), "");
        let file = root.join(format!("tests/expect/diagnostics/{name}.txt"));
        wrong.extend(expect(&file, &said).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The examples of the tutorial that this project implements, as printed there. None compiles:
/// what they say is partly wrong, partly not supported yet.
#[test]
fn the_tutorials_examples_get_their_verdicts() {
    let root = root();
    let mut wrong = Vec::new();
    for folder in entries(&root.join("tests/units/reference")) {
        let said = render_all(&diagnostics(&folder, false), &annotate_snippets::Renderer::plain());
        let file = format!("tests/expect/diagnostics/reference-{}.txt", name(&folder));
        wrong.extend(expect(&root.join(file), &said).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes whose bad example cannot stand in a repository: made by tests of their own.
const MADE: &[&str] = &["E100", "E102"];

#[test]
fn every_code_has_a_bad_example_of_its_name() {
    let bad = entries(&root().join("tests/units/bad"));
    let examples: BTreeSet<String> = bad.iter().map(|folder| name(folder)).collect();
    for code in codes::ALL.iter().filter(|code| !MADE.contains(&code.id)) {
        let expected = format!("{}-{}", code.id, code.name);
        assert!(examples.contains(&expected), "tests/units/bad/{expected} is missing");
    }
}

#[test]
fn a_folder_without_board_conf_is_told_as_unreadable() {
    let failure = compile_board(Path::new("/nonexistent")).expect_err("no board");
    assert_eq!(failure.diagnostics[0].code, codes::UNREADABLE);
}

#[test]
fn long_lines_and_files_are_refused() {
    let compile = |text: String| {
        let conf = Source { path: BOARD_CONF.into(), text: Vec::new() };
        let unit = Source { path: "a.service".into(), text: text.into_bytes() };
        compile_sources(&conf, &[unit])
    };
    let unit = |blanks: usize, lines: usize| {
        let long = format!("Environment=A={}\n", "x".repeat(blanks));
        format!("[Service]\nExecStart=/a\n{}", long.repeat(lines))
    };
    assert!(compile(unit(60_000, 1)).is_ok());
    for text in [unit(70_000, 1), unit(60_000, 20)] {
        let failure = compile(text).expect_err("too long");
        assert_eq!(failure.diagnostics[0].code, codes::TOO_LONG);
    }
}

#[test]
fn good_boards_have_the_plan_that_was_reviewed() {
    let root = root();
    let mut wrong = Vec::new();
    let good = entries(&root.join("tests/units/good"));
    let is_board = |folder: &PathBuf| {
        let conf = fs::read_to_string(folder.join(BOARD_CONF)).unwrap_or_default();
        conf.contains("Architecture=")
    };
    for folder in good.into_iter().filter(is_board) {
        match compile_board(&folder) {
            Err(failure) => wrong.push(failure.to_string()),
            Ok((image, warnings)) => {
                assert_eq!(warnings, [], "a good board has no warnings");
                let file = root.join(format!("tests/expect/plans/{}.txt", name(&folder)));
                wrong.extend(expect(&file, &show::show(&image)).err());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_manual_is_fresh() {
    let stale = expect(&root().join("src/MANUAL.md"), &compile::manual::manual());
    assert!(stale.is_ok(), "src/MANUAL.md is stale: BLESS=1 writes it anew");
}
