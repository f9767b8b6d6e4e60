//! `pilotc`: checks unit files, shows plans, prints the manual.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annotate_snippets::Renderer;
use clap::{Parser, Subcommand};
use compile::report::{Diagnostic, Failure, render_all};
use compile::{BOARD_CONF, check_paths, compile_board, lint_board, manual, show};

/// Unit compiler of Pilotlight.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what is wrong: of a board's folder, a folder of units, or some unit files together.
    Check {
        /// Boards, folders, unit files.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Show a board's units by number: start order, edges, listeners, sizes.
    Plan {
        /// The board's folder.
        board: PathBuf,
    },
    /// Say what is allowed in a board and yet not good practice, and rate how well the services
    /// that the network reaches are confined.
    Lint {
        /// The board's folder.
        board: PathBuf,
    },
    /// Print the manual of all directives as Markdown.
    Manual,
}

/// Exit codes: clean, errors in units, misuse (clap has the same 2).
const CLEAN: u8 = 0;
const ERRORS: u8 = 1;
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    let verdict = match Cli::parse().verb {
        Verb::Check { paths } => check(&paths),
        Verb::Plan { board } => plan(&board),
        Verb::Lint { board } => lint(&board),
        Verb::Manual => print(&manual::manual()),
    };
    ExitCode::from(verdict)
}

/// Writes to stdout; a reader that went away is no error.
fn print(text: &str) -> u8 {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    CLEAN
}

/// Writes diagnostics to stderr, in colour on a terminal.
fn tell(diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let _ = write!(std::io::stderr().lock(), "{}", render_all(diagnostics, &renderer));
}

fn verdict(result: Result<Vec<Diagnostic>, Failure>) -> u8 {
    match result {
        Ok(warnings) => {
            tell(&warnings);
            CLEAN
        }
        Err(failure) => {
            tell(&failure.diagnostics);
            ERRORS
        }
    }
}

fn plan(board: &Path) -> u8 {
    if !board.join(BOARD_CONF).is_file() {
        return misuse(&format!("{} is no board: it has no {BOARD_CONF}", board.display()));
    }
    verdict(compile_board(board).map(|(image, warnings)| {
        print(&show::show(&image));
        warnings
    }))
}

fn lint(board: &Path) -> u8 {
    if !board.join(BOARD_CONF).is_file() {
        return misuse(&format!("{} is no board: it has no {BOARD_CONF}", board.display()));
    }
    verdict(lint_board(board).map(|(ratings, warnings)| {
        ratings.iter().for_each(|rating| {
            print(&format!("{rating}\n"));
        });
        warnings
    }))
}

fn misuse(words: &str) -> u8 {
    let _ = writeln!(std::io::stderr().lock(), "pilotc: {words}");
    MISUSE
}

/// Each board on its own, everything else together.
fn check(paths: &[PathBuf]) -> u8 {
    let mut worst = CLEAN;
    let mut loose = Vec::new();
    for path in paths {
        let names_board = path.file_name().is_some_and(|name| name == BOARD_CONF);
        let path = if names_board { path.parent().unwrap_or(path) } else { path };
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if path.join(BOARD_CONF).is_file() {
            worst = worst.max(verdict(compile_board(path).map(|(_, warnings)| warnings)));
        } else if let Err(error) = fs::metadata(path) {
            return misuse(&format!("cannot read {}: {error}", path.display()));
        } else {
            loose.push(path.to_path_buf());
        }
    }
    if !loose.is_empty() {
        worst = worst.max(verdict(check_paths(&loose)));
    }
    worst
}
