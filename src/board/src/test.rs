//! `cargo board test`: everything is set up, then every test runs.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::conf::{self, Board};
use crate::fail::{self, Result};
use crate::provision;
use crate::state::{self, State};
use crate::{image, say};

/// Builds every board, then runs the tests of the whole workspace, the ones that boot boards too.
///
/// # Errors
/// If a board does not build or a test fails.
pub fn test(args: &[String]) -> Result<()> {
    let workspace = state::workspace();
    for name in conf::names_in(&workspace.join("board")) {
        let board = Board::find(&name)?;
        let state = State::take()?;
        image::build(&state, &board)?;
    }
    say::step("Testing", "everything");
    let mut cargo = in_namespaces()?;
    cargo
        .current_dir(&workspace)
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(["--", "--include-ignored"])
        .args(args)
        .stdin(Stdio::null());
    fail::run(&mut cargo, "see the failed tests above; `cargo board test NAME` runs one alone")
}

/// Cargo, as root of a user namespace where this is not root: tests make namespaces of their own.
fn in_namespaces() -> Result<Command> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new(cargo));
    }
    if !Path::new("/usr/bin/newuidmap").exists() {
        provision::provide(&[&["uidmap"]])?;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--map-auto", "--"]).arg(cargo);
    Ok(unshare)
}
