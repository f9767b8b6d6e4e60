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
    an_area_that_comes_late_is_swapped_to(&mut board);
    who_sets_the_clock_passes_over_no_moment(&mut board);
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

/// It is in use still when the board ends.
fn an_area_that_comes_late_is_swapped_to(board: &mut Session) {
    board.type_line("pilotctl start --no-block dev-area.swap; pilotctl start brd.service");
    board.type_line("busybox mkswap /dev/ram0; echo made-$((1 + 1))");
    board.expect("made-2");
    board.type_line("pilotctl is-active dev-area.swap; echo asked-$((1 + 1))");
    let said = board.expect("asked-2");
    assert!(said.contains("\nactivating"), "{said}");
    board.type_line("ln -s ram0 /dev/area");
    board.expect("dev-area.swap: in use");
    for (line, areas) in
        [("", 1), ("pilotctl stop dev-area.swap; ", 0), ("pilotctl start dev-area.swap; ", 1)]
    {
        board.type_line(&format!("{line}cat /proc/swaps; echo areas-$((1 + 1))"));
        let said = board.expect("areas-2");
        assert_eq!(said.matches("\n/dev/ram0 ").count(), areas, "{line}{said}");
    }
}

/// A clock that is put forward over a moment, then back before it, and on.
fn who_sets_the_clock_passes_over_no_moment(board: &mut Session) {
    board.type_line("pilotctl start noon.timer; date -s '2030-06-01 10:00:00'");
    board.type_line("pilotctl is-active noon.service; echo asked-$((1 + 1))");
    let said = board.expect("asked-2");
    assert!(said.contains("\ninactive"), "{said}");
    board.type_line("date -s '2030-06-01 13:30:00'");
    board.expect("noon-at-13:30");
    board.type_line("pilotctl stop noon.service; date -s '2030-06-01 11:59:58'");
    board.expect("noon-at-12:00");
}
