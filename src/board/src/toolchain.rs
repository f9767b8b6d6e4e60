//! The compiler for a board, and `pilot` built with it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::arch::{Arch, Need, facts};
use crate::fail::{self, Failure, OrFail, Result};
use crate::inspect;
use crate::provision;
use crate::say;
use crate::state::State;

/// The oldest compiler that will do, as in the workspace's `rust-version`.
const OLDEST: (u32, u32) = (1, 95);
/// Debian's compilers and their library sources, the fresher ones first.
const DEBIAN: [Need; 2] = [&["rustc-web", "rustc"], &["rust-web-src", "rust-src"]];
/// Where Debian installs its compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Flags for a static program at a fixed address. Nothing unwinds: the tables for it would be a
/// fifth of the program, and on ARM ask for the unwinder of a library that is not there.
const RUST_FLAGS: [&str; 2] = ["-Crelocation-model=static", "-Cforce-unwind-tables=no"];

/// Flags where the compiler is known, so that its unstable ones can be used. Without debug text of
/// values, which no message shows, pilot is a tenth smaller. Without the passes that keep
/// addresses and constants in registers across long functions it is a hundredth smaller: there
/// are too few registers, and what is kept is spilled. Sequences of instructions that stand in
/// many places become functions; for ARM that is not done unasked. What the library and the
/// compiler find wrong at run time (an index out of its bounds) becomes a wrong instruction, whose
/// address the epitaph tells: texts and places are a fourteenth of pilot.
const SOURCE_FLAGS: [&str; 7] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zfmt-debug=none",
    "-Cllvm-args=-disable-machine-licm",
    "-Cllvm-args=-disable-lsr",
    "-Cllvm-args=-disable-constant-hoisting",
    "-Cllvm-args=-enable-machine-outliner=always",
];

/// Flags for names and lines beside the same code. As settings of cargo's profile they would be
/// part of the crates' identities, and functions would come in another order.
const LINE_FLAGS: [&str; 2] = ["-Cdebuginfo=line-tables-only", "-Cstrip=none"];

/// A compiler that can build for one architecture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Toolchain {
    /// The compiler that cargo uses anyway has the target's library.
    Installed,
    /// Debian's compiler builds the library from its source.
    Source {
        /// The compiler.
        rustc: PathBuf,
    },
}

/// What must be installed before `pilot` can be built for `arch`. A compiler that is installed
/// and too old is among it.
pub fn missing(arch: Arch) -> Vec<Need> {
    let mut missing = provision::missing(facts(arch).build_needs);
    if !is_installed(arch) && Toolchain::from_debian().is_none() {
        missing.extend(DEBIAN);
    }
    missing
}

impl Toolchain {
    /// The first way that works: an installed target, else Debian's compiler.
    ///
    /// # Errors
    /// If there is neither.
    pub fn find(arch: Arch) -> Result<Self> {
        if is_installed(arch) {
            return Ok(Self::Installed);
        }
        Self::from_debian().ok_or_else(|| {
            let (major, minor) = OLDEST;
            Failure::new(
                format!("there is no Rust compiler for {}", arch.name()),
                format!(
                    "type `rustup target add {}`, or install a rustc package of {major}.{minor} or \
                     newer together with its library source",
                    facts(arch).triple
                ),
            )
        })
    }

    fn from_debian() -> Option<Self> {
        let rustc = PathBuf::from(DEBIAN_RUSTC);
        let version = said_by(Command::new(&rustc).arg("--version"))?;
        let library = sysroot(&rustc)?.join("lib/rustlib/src/rust/library/core/src/lib.rs");
        (is_new_enough(&version) && library.is_file()).then_some(Self::Source { rustc })
    }

    /// A folder of its own for each: two compilers would throw out each other's work.
    fn target_dir(&self) -> &'static str {
        match self {
            Self::Installed => "cargo",
            Self::Source { .. } => "cargo-source",
        }
    }

    fn apply(&self, cargo: &mut Command) {
        match self {
            Self::Installed => {}
            Self::Source { rustc } => {
                cargo.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
                cargo.arg("-Zbuild-std=core,compiler_builtins");
                cargo.arg("-Zbuild-std-features=compiler-builtins-mem,optimize_for_size");
            }
        }
    }

    /// All flags for one architecture.
    fn rust_flags(&self, arch: Arch) -> Vec<String> {
        let mut flags = [&RUST_FLAGS, facts(arch).rust_flags].concat();
        let rustc = match self {
            Self::Installed => &default_rustc(),
            Self::Source { rustc } => {
                flags.extend(SOURCE_FLAGS);
                rustc
            }
        };
        let shortened = shorter_paths(rustc);
        flags.into_iter().map(str::to_owned).chain(shortened).collect()
    }
}

/// Flags that cut down the source paths which panics tell: where this machine keeps its crates is
/// no business of a board's, and costs bytes.
fn shorter_paths(rustc: &Path) -> impl Iterator<Item = String> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let registries = cargo_home.and_then(|home| home.join("registry/src").read_dir().ok());
    let registries = registries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let library = sysroot(rustc).map(|sysroot| sysroot.join("lib/rustlib/src/rust"));
    let folders = registries.chain(library);
    folders.map(|folder| format!("--remap-path-prefix={}/=", folder.display()))
}

/// Builds `pilot` with the units of the board in `board_dir`; gives the ELF file.
///
/// The file stands until the next one of the same architecture is built.
///
/// # Errors
/// If there is no compiler, or the units or the program do not compile.
pub fn build_pilot(state: &State, arch: Arch, board_dir: &Path) -> Result<PathBuf> {
    let elf = build(state, arch, board_dir, "", &[])?;
    let bytes = std::fs::read(&elf).or_file("read", &elf)?;
    let complaints = inspect::complaints(&bytes, arch);
    if !complaints.is_empty() {
        return Err(Failure::new(
            format!(
                "the pilot for {} is not fit for PID 1: {}",
                arch.name(),
                complaints.join("; ")
            ),
            "this is a defect of pilot or of the compiler's flags, not of the board",
        ));
    }
    Ok(elf)
}

/// The same, with names and line tables in the file; in a folder of its own, for cargo builds all
/// anew when flags change.
///
/// # Errors
/// As [`build_pilot`].
pub fn build_with_lines(state: &State, arch: Arch, board_dir: &Path) -> Result<PathBuf> {
    build(state, arch, board_dir, "-lines", &LINE_FLAGS)
}

fn build(
    state: &State,
    arch: Arch,
    board_dir: &Path,
    dir_suffix: &str,
    more_flags: &[&str],
) -> Result<PathBuf> {
    let toolchain = Toolchain::find(arch)?;
    let known = facts(arch);
    let target_dir = state.dir(toolchain.target_dir().to_owned() + dir_suffix)?;
    say::step(
        "Building",
        format!("pilot for {} with the units of {}", arch.name(), board_dir.display()),
    );
    let mut flags = toolchain.rust_flags(arch);
    flags.extend(more_flags.iter().map(|&flag| flag.to_owned()));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(state.workspace())
        .args(["build", "--release", "--package", "pilotlight", "--bin", "pilot"])
        .args(["--features", "pid1", "--target", known.triple, "--target-dir"])
        .arg(&target_dir)
        .env("PILOT_BOARD", board_dir)
        .env(env_name(arch, "LINKER"), known.linker)
        // It goes before every other variable with flags.
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .stdin(Stdio::null());
    toolchain.apply(&mut cargo);
    fail::run(&mut cargo, "mend what the compiler says above and try again")?;
    Ok(target_dir.join(known.triple).join("release/pilot"))
}

/// Cargo's variable for a setting of one target.
fn env_name(arch: Arch, setting: &str) -> String {
    let triple = facts(arch).triple.to_uppercase().replace('-', "_");
    format!("CARGO_TARGET_{triple}_{setting}")
}

/// True if the compiler that cargo would use has the library of `arch`.
fn is_installed(arch: Arch) -> bool {
    let Some(sysroot) = sysroot(&default_rustc()) else {
        return false;
    };
    let library = sysroot.join("lib/rustlib").join(facts(arch).triple).join("lib");
    library.read_dir().is_ok_and(|mut files| {
        files.any(|file| {
            file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
        })
    })
}

/// The compiler that cargo uses unless it is told of another.
fn default_rustc() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    said_by(Command::new(rustc).args(["--print", "sysroot"])).map(|said| said.trim().into())
}

pub(crate) fn said_by(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Reads `rustc 1.96.0 (…)`.
fn is_new_enough(version: &str) -> bool {
    let [major, minor, _] = numbers(version);
    (major, minor) >= OLDEST
}

/// Reads `clippy 0.1.96 (…)`: true if it may warn of what the oldest compiler's knows nothing of.
pub(crate) fn is_newer_clippy(version: &str) -> bool {
    let [_, major, minor] = numbers(version);
    (major, minor) > OLDEST
}

/// The version in `NAME 1.96.0 (…)`.
fn numbers(version: &str) -> [u32; 3] {
    let number = version.split(' ').nth(1).unwrap_or_default();
    let mut parts = number.split('.').map_while(|part| part.parse().ok());
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(is_new_enough("rustc 1.96.0 (ac68faa20 2026-05-25)"));
        assert!(is_new_enough("rustc 1.100.0"));
        assert!(!is_new_enough("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!is_new_enough("gcc"));
        assert!(!is_newer_clippy("clippy 0.1.95 (59807616e1 2026-04-14)"));
        assert!(is_newer_clippy("clippy 0.1.96 (ac68faa205 2026-05-25)"));
    }

    #[test]
    fn cargo_spells_a_target_in_capitals() {
        assert_eq!(
            env_name(Arch::Armv7, "LINKER"),
            "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"
        );
    }
}
