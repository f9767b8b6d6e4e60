//! The units of `tests/checks`, each of which checks itself, on the kernels of boards.
//!
//! These need an emulator: `cargo board test` runs them.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;
#[path = "../../../tests/checks/verdict.rs"]
mod verdict;

use std::path::Path;

use pilot_board::state::workspace;
use support::Session;

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn armv7() {
    run_checks("checks-armv7");
}

#[test]
#[ignore = "boots a machine; `cargo board test` runs it"]
fn riscv64() {
    run_checks("checks-riscv64");
}

/// Questions before a check that has not ended by then counts as one that never will.
const QUESTIONS_MAX: usize = 30;

fn run_checks(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let checks = workspace().join("tests/checks");
    let mut board = Session::boot(&folder.to_string_lossy());
    board.expect("the board is up");
    board.type_line("pilotctl start checks.target; echo started-$((1 + 1))");
    board.expect("started-2");
    let [verb, properties, pattern] = verdict::QUESTION;
    for question in 1..=QUESTIONS_MAX {
        let line = format!("pilotctl {verb} {properties} '{pattern}'; echo answer-$((1 + 1))");
        board.type_line(&line);
        let answer = board.expect("answer-2");
        let verdict = verdict::judge(&checks, &answer);
        assert!(verdict.wrong.is_empty(), "{}\n{answer}", verdict.wrong.join("\n"));
        if verdict.waiting.is_empty() {
            break;
        }
        assert!(question < QUESTIONS_MAX, "never ran: {:?}\n{answer}", verdict.waiting);
    }
    board.type_line("poweroff");
    board.expect("power-off: now");
    board.ends_orderly();
}
