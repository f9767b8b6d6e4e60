//! `cargo board test`: everything is set up, then every test runs.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::conf::{self, Board};
use crate::fail::{Failure, OrFail, Result};
use crate::state::{self, State};
use crate::{image, lints, namespace, say};

/// Boards that the simulation makes up and boots, where nobody asks for another number.
const SEEDS: &str = "20000";
const NEXT: &str = "see what failed above; `cargo board test NAME` runs one test alone";

/// Builds every board, then runs the tests of the whole workspace, the ones that boot boards too;
/// unless `args` name some, what there is of lints first.
///
/// # Errors
/// If a board does not build or a test or a lint fails.
pub fn test(args: &[String]) -> Result<()> {
    let workspace = state::workspace();
    for name in conf::names_in(&workspace.join("board")) {
        let board = Board::find(&name)?;
        let state = State::take()?;
        image::build(&state, &board)?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let linted = if args.is_empty() { lints::run(&cargo, &workspace)? } else { [0; 3] };
    say::step("Testing", "everything");
    let mut all = in_namespaces(&cargo)?;
    all.current_dir(&workspace)
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(["--", "--include-ignored"])
        .args(args)
        .env("PILOT_SEEDS", std::env::var("PILOT_SEEDS").unwrap_or(SEEDS.into()))
        .stdin(Stdio::null());
    let mut sum = linted;
    let mut failures = Vec::new();
    let passed = run_and_count(&mut all, &mut sum, &mut failures)?;
    // `sys` and `run` are only in a program that has a board's units.
    let mut own = Command::new(cargo);
    own.current_dir(&workspace)
        .args(["test", "--package", "pilotlight", "--lib", "--features", "pid1", "--"])
        .args(args)
        .env("PILOT_BOARD", workspace.join("tests/pid1"))
        .stdin(Stdio::null());
    let passed = run_and_count(&mut own, &mut sum, &mut failures)? && passed;
    for name in failures {
        println!("failed: {name}");
    }
    let [done, failed, skipped] = sum;
    println!("{done} passed, {failed} failed, {skipped} skipped");
    if passed && failed == 0 { Ok(()) } else { Err(Failure::new("a test or a lint failed", NEXT)) }
}

/// Each of cargo's test programs ends with a summary of its own: they are added to `sum`, the
/// names of what failed to `failures`. True if cargo says that all is well.
fn run_and_count(
    cargo: &mut Command,
    sum: &mut [u32; 3],
    failures: &mut Vec<String>,
) -> Result<bool> {
    let what = || "run the tests".to_owned();
    let mut child = cargo.stdout(Stdio::piped()).spawn().or_fail(what, NEXT)?;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line.or_fail(what, NEXT)?;
        println!("{line}");
        failures.extend(failed(&line).map(str::to_owned));
        for (sum, count) in sum.iter_mut().zip(counts(&line).unwrap_or_default()) {
            *sum += count;
        }
    }
    Ok(child.wait().or_fail(what, NEXT)?.success())
}

/// The test that a line of the test harness says has failed: `test NAME ... FAILED`.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// Reads how many passed, failed and were ignored from a line of the test harness:
/// `test result: ok. 7 passed; 0 failed; 0 ignored; …`.
fn counts(line: &str) -> Option<[u32; 3]> {
    let summary = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut counts = summary.split("; ").map(|part| part.split(' ').next()?.parse().ok());
    Some([counts.next()??, counts.next()??, counts.next()??])
}

/// Cargo, as root of a user namespace where this is not root: tests make namespaces of their own.
fn in_namespaces(cargo: &OsString) -> Result<Command> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(cargo));
    }
    let mut command = namespace::as_root()?;
    command.arg(cargo);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harness_s_summary_is_read() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 2 filtered out";
        assert_eq!(counts(line), Some([12, 3, 1]));
        assert_eq!(counts("test a_name ... ok"), None);
        assert_eq!(counts("test result: ok. many passed"), None);
        assert_eq!(failed("test ports::tests::odd ... FAILED"), Some("ports::tests::odd"));
        assert_eq!(failed("test ports::tests::odd ... ok"), None);
        assert_eq!(failed(line), None);
    }
}
