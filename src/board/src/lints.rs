//! What a machine can say of the sources without running them: `cargo fmt` and `cargo clippy`.
//!
//! Both are components that a toolchain may lack. Nobody needs them to build a board: where one is
//! absent a line says so, and its check counts as skipped.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fail::{OrFail, Result};
use crate::say;
use crate::toolchain;

/// A check: the component, which is a command of cargo's as well, and what it is told.
struct Check {
    component: &'static str,
    command: &'static str,
    args: &'static [&'static str],
}

/// The last looks at what no test builds: the program of a board.
const CHECKS: [Check; 3] = [
    Check { component: "rustfmt", command: "fmt", args: &["--all", "--check"] },
    Check {
        component: "clippy",
        command: "clippy",
        args: &["--quiet", "--workspace", "--all-targets"],
    },
    Check {
        component: "clippy",
        command: "clippy",
        args: &["--quiet", "--package=pilotlight", "--features=pid1", "--lib", "--bin=pilot"],
    },
];

/// How many checks passed, failed and were left out.
///
/// # Errors
/// If cargo cannot be started.
pub fn run(cargo: &OsStr, workspace: &Path) -> Result<[u32; 3]> {
    let mut counts = [0; 3];
    for check in CHECKS {
        let Some(version) =
            toolchain::said_by(Command::new(cargo).args([check.command, "--version"]))
        else {
            println!(
                "{name} is not installed, its check is skipped (`rustup component add {name}`)",
                name = check.component
            );
            counts[2] += 1;
            continue;
        };
        say::step("Checking", format!("cargo {} {}", check.command, check.args.join(" ")));
        let mut cargo = Command::new(cargo);
        cargo.current_dir(workspace).arg(check.command).args(check.args).stdin(Stdio::null());
        // What a newer one warns of as well is shown, and is no failure: it would come overnight.
        if check.component == "clippy" && !toolchain::is_newer_clippy(&version) {
            cargo.args(["--", "--deny=warnings"]);
        }
        let what = || format!("run {}", check.component);
        let status = cargo.status().or_fail(what, "see that cargo runs")?;
        counts[usize::from(!status.success())] += 1;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_skipped() {
        let counts = |cargo: &str| run(OsStr::new(cargo), Path::new("/")).unwrap();
        assert_eq!(counts("false"), [0, 0, 3]);
        assert_eq!(counts("true"), [3, 0, 0]);
    }
}
