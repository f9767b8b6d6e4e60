//! `pilotc`: checks unit files, shows plans, explains itself, imports what others wrote.

mod answer;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use answer::{Answer, Format};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use compile::graph;
use compile::import::Choices;

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

/// [`graph::Theme`] as a word of the command line.
#[derive(Clone, Copy, ValueEnum)]
enum Theme {
    Auto,
    Light,
    Dark,
}

impl From<Theme> for graph::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Auto => Self::Auto,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
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
        /// The board's folder, or its name under `board/`.
        board: PathBuf,
    },
    /// Say what is different in another board: units, directives, edges, sizes. The exit code is
    /// 0 if nothing is, 1 if something is, 2 if they cannot be compared.
    Diff {
        /// A board's folder, or its name under `board/`.
        board: PathBuf,
        /// Another one.
        other: PathBuf,
    },
    /// Draw a board as an SVG picture: what comes first, what starts what, what requires what.
    Graph {
        /// The board's folder, or its name under `board/`.
        board: PathBuf,
        /// The file to write; without it the picture goes to stdout.
        #[arg(short, long)]
        output: Option<PathBuf>,
        /// In which colours; auto is as the reader's screen has it.
        #[arg(long, value_enum, default_value_t = Theme::Auto)]
        theme: Theme,
    },
    /// Tell how much of some unit files is understood, by file and by directive.
    Coverage {
        /// The folder; every unit and drop-in below it is looked at on its own.
        folder: PathBuf,
    },
    /// Say what is allowed in a board and yet not good practice, and rate how well the services
    /// that the network reaches are confined.
    Lint {
        /// The board's folder, or its name under `board/`.
        board: PathBuf,
    },
    /// Make units of what inetd or xinetd is told, and say what they cannot keep.
    ///
    /// `tcp` in inetd.conf is IPv4, as BusyBox has it; `tcp46` is both. What tcpd reads,
    /// etc/hosts.allow and etc/hosts.deny, is looked for below --root.
    Import {
        /// inetd.conf, xinetd.conf, or a folder such as xinetd.d.
        path: PathBuf,
        /// The folder to write the units into; it is made if need be.
        #[arg(short, long)]
        output: PathBuf,
        /// What stands for / in the file: the folder above its etc if there is one, else /.
        #[arg(long)]
        root: Option<PathBuf>,
        /// Write over files that are there.
        #[arg(long)]
        force: bool,
        /// Import services whose access control cannot be kept: they are open afterwards.
        #[arg(long)]
        accept_open: bool,
        /// Start through tcpd what was started through it: it must be on the board.
        #[arg(long)]
        keep_tcpd: bool,
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
        Verb::Diff { board, other } => ("diff", verbs::diff(&board, &other)),
        Verb::Graph { board, output, theme } => {
            ("graph", verbs::graph(&board, output.as_deref(), theme.into()))
        }
        Verb::Coverage { folder } => ("coverage", verbs::coverage(&folder)),
        Verb::Lint { board } => ("lint", verbs::lint(&board)),
        Verb::Import { path, output, root, force, accept_open, keep_tcpd } => {
            let choices = Choices { accept_open, keep_tcpd };
            ("import", verbs::import(&path, &output, root.as_deref(), force, choices))
        }
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
