//! `cargo board`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use pilot_board::arch::facts;
use pilot_board::conf::Board;
use pilot_board::fail::{self, OrFail, Result};
use pilot_board::state::State;
use pilot_board::{bench, image, ports, qemu, say};

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
    /// Builds `pilot` with a board's units.
    Build {
        /// A name under board/, or the path of a board's folder.
        board: String,
        /// Where the program goes; `pilot` in the current folder if not said.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Run { board } => run(&board),
        Verb::Bench(options) => bench::main(&options),
        Verb::Build { board, output } => build(&board, output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str) -> Result<()> {
    let board = Board::find(name)?;
    let state = State::take()?;
    let image = image::build(&state, &board)?;
    drop(state);
    let ports = ports::choose(&board.conf.forward, true)?;
    let Some(machine) = facts(board.arch).machine else {
        return Ok(());
    };
    say::step("Booting", format!("{}; these lead to its services:", board.name));
    eprint!("{}", ports::lines(&ports, &image.ssh_key));
    fail::run(&mut qemu::command(&machine, &image, &ports)?, "see the console's last lines above")
}

fn build(name: &str, output: Option<PathBuf>) -> Result<()> {
    let board = Board::find(name)?;
    let state = State::take()?;
    image::provide(&board, false)?;
    let pilot = image::pilot(&state, &board)?;
    let output = output.unwrap_or_else(|| PathBuf::from("pilot"));
    let bytes = fs::copy(&pilot, &output).or_file("write", &output)?;
    println!("{}: {}", output.display(), say::bytes(bytes));
    Ok(())
}
