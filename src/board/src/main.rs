//! `cargo board`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use pilot_board::conf::Board;
use pilot_board::fail::{Failure, OrFail, Result};
use pilot_board::state::State;
use pilot_board::{bench, image, namespace, new, place, run, say, size, test};

/// Builds, boots and tests boards.
#[derive(Parser)]
#[command(bin_name = "cargo board", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Boots a board; `poweroff` in it ends the run, as does Ctrl-A X.
    Run {
        /// A name under board/, or the path of a board's folder.
        #[arg(default_value = "qemu-armv7")]
        board: String,
    },
    /// Measures `pilot` beside the least that could do the same; needs root.
    Bench(bench::Options),
    /// Becomes PID 1 of a board in namespaces.
    #[command(name = namespace::ENTER, hide = true)]
    Enter {
        /// The root file system as it was built.
        template: PathBuf,
        /// An empty folder.
        work: PathBuf,
        /// The console.
        terminal: PathBuf,
    },
    /// Builds `pilot` with a board's units.
    Build {
        /// A name under board/, or the path of a board's folder.
        board: String,
        /// Where the program goes; `pilot` in the current folder if not said.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Builds the initramfs too.
        #[arg(long, value_name = "FILE")]
        image: Option<PathBuf>,
    },
    /// Makes a board that builds and boots at once.
    New {
        /// A folder that is not there yet.
        path: PathBuf,
    },
    /// Tells where in the source PID 1 gave up, by the address that it has told.
    Place {
        /// A name under board/, or the path of a board's folder.
        board: String,
        /// As PID 1 has told it: 0x and hexadecimal digits.
        address: String,
        /// The program that the board has; the one that is built now if not said.
        #[arg(short, long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Prints what PID 1 of a board costs.
    Size {
        /// A name under board/, or the path of a board's folder.
        board: String,
    },
    /// Sets everything up and runs every test.
    Test {
        /// Passed on to the tests: names, or options of the test runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Bench(options) => bench::main(&options),
        Verb::Run { board } => run::run(&board),
        Verb::Enter { template, work, terminal } => {
            Err(namespace::enter(&template, &work, &terminal))
        }
        Verb::Build { board, output, image } => build(&board, output, image),
        Verb::New { path } => new::new(&path),
        Verb::Place { board, address, program } => {
            place::place(&board, &address, program.as_deref())
        }
        Verb::Size { board } => size::size(&board),
        Verb::Test { args } => test::test(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn build(name: &str, output: Option<PathBuf>, image: Option<PathBuf>) -> Result<()> {
    let board = Board::find(name)?;
    let state = State::take()?;
    image::provide(&board, false)?;
    let pilot = image::pilot(&state, &board)?;
    copy(&pilot, &output.unwrap_or_else(|| PathBuf::from("pilot")))?;
    if let Some(to) = image {
        let built = image::build(&state, &board)?;
        if !built.rootfs.is_file() {
            return Err(Failure::new(
                format!("{name} runs in namespaces and has no initramfs"),
                format!("its files are in {}", built.rootfs.display()),
            ));
        }
        copy(&built.rootfs, &to)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::copy(from, to).or_file("write", to)?;
    println!("{}: {}", to.display(), say::bytes(bytes));
    Ok(())
}
