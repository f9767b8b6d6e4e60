//! `pilotc`: checks unit files, shows plans, explains itself, imports what others wrote.

mod answer;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use answer::{Answer, Format};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Unit compiler of Pilotlight.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// For whom to print: `text` for people, `json` for programs (one object on stdout).
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
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
    /// Explain a diagnostic, with an example and its mended form.
    Explain {
        /// Its code, such as E301, or its name.
        code: String,
    },
    /// Print the manual's entry of one directive.
    Man {
        /// Its name, such as ListenStream.
        directive: String,
    },
    /// Print the manual of all directives as Markdown.
    Manual,
    /// Print a script that completes the words of this command in a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (name, answer) = match cli.verb {
        Verb::Check { paths } => ("check", verbs::check(&paths)),
        Verb::Plan { board } => ("plan", verbs::plan(&board)),
        Verb::Lint { board } => ("lint", verbs::lint(&board)),
        Verb::Explain { code } => ("explain", verbs::explain(&code)),
        Verb::Man { directive } => ("man", verbs::man(&directive)),
        Verb::Manual => ("manual", Ok(verbs::manual())),
        Verb::Completions { shell } => ("completions", Ok(completions(shell))),
    };
    ExitCode::from(answer::give(name, answer, cli.format))
}

fn completions(shell: Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pilotc", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Answer::new(script.clone(), script.into())
}
