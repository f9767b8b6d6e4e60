//! What a verb has found out, and how it is printed: for people or, with `--format json`, as one
//! object on stdout.

use std::io::{IsTerminal, Write};

use annotate_snippets::Renderer;
use clap::ValueEnum;
use compile::json;
use compile::report::{Diagnostic, render_all};
use serde_json::Value;

/// For whom is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object for programs.
    Json,
}

/// Exit codes: clean, errors in what was read, misuse (clap has the same 2).
const CLEAN: u8 = 0;
const ERRORS: u8 = 1;
const MISUSE: u8 = 2;
/// Those of diff(1): the boards are different, and they cannot be compared.
pub const DIFFERENT: u8 = 1;
/// See [`DIFFERENT`].
pub const TROUBLE: u8 = 2;

/// What a verb has found out.
#[derive(Default)]
pub struct Answer {
    /// For stdout.
    pub text: String,
    /// The same for programs.
    pub result: Value,
    /// For stderr. An error among them is a failure.
    pub diagnostics: Vec<Diagnostic>,
    /// The exit code, where the diagnostics do not say it.
    pub exit: Option<u8>,
}

/// The verb was not used as it is meant; why.
pub struct Misuse(pub String);

impl Answer {
    /// A text and the same for programs.
    pub fn new(text: impl Into<String>, result: Value) -> Self {
        Self { text: text.into(), result, ..Self::default() }
    }
}

/// Prints the answer. A reader that went away is no error.
pub fn give(verb: &str, answer: Result<Answer, Misuse>, format: Format) -> u8 {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Misuse(words)) => {
            let _ = writeln!(std::io::stderr().lock(), "pilotc: {words}");
            return MISUSE;
        }
    };
    let errors = answer.diagnostics.iter().filter(|each| each.is_error()).count();
    match format {
        Format::Text => {
            tell(&answer.diagnostics);
            let _ = std::io::stdout().lock().write_all(answer.text.as_bytes());
        }
        Format::Json => {
            let value = serde_json::json!({
                "version": 1,
                "verb": verb,
                "errors": errors,
                "warnings": answer.diagnostics.len() - errors,
                "diagnostics": answer.diagnostics.iter().map(json::diagnostic).collect::<Vec<_>>(),
                "result": answer.result,
            });
            let _ = writeln!(std::io::stdout().lock(), "{value:#}");
        }
    }
    let usual = if errors == 0 { CLEAN } else { ERRORS };
    answer.exit.unwrap_or(usual)
}

/// Writes diagnostics to stderr, in colour on a terminal.
fn tell(diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let _ = write!(std::io::stderr().lock(), "{}", render_all(diagnostics, &renderer));
}
