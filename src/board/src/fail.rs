//! Failures that say what to do next.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::{Command, Output};

/// What went wrong, why, and what the user can do about it.
#[derive(Debug)]
pub struct Failure {
    what: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
    next: String,
}

/// What everything here that can fail returns.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure without a deeper cause.
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None, next: next.into() }
    }

    /// A failure that `cause` explains.
    pub fn because(
        cause: impl Into<Box<dyn Error + Send + Sync>>,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), cause: Some(cause.into()), next: next.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(cause) = &self.cause {
            write!(f, "\n  because: {cause}")?;
        }
        write!(f, "\n  next: {}", self.next)
    }
}

impl Error for Failure {}

/// Turns a lower error into a [`Failure`].
pub trait OrFail<T> {
    /// `what` could not be done; `next` is the way on.
    ///
    /// # Errors
    /// The failure, if `self` is an error.
    fn or_fail(self, what: impl FnOnce() -> String, next: &str) -> Result<T>;

    /// `verb` (as in "read") failed on the file at `path`.
    ///
    /// # Errors
    /// The failure, if `self` is an error.
    fn or_file(self, verb: &str, path: &Path) -> Result<T>
    where
        Self: Sized,
    {
        self.or_fail(
            || format!("cannot {verb} {}", path.display()),
            "see that the file is there, that its owner is you and that the disk is not full",
        )
    }
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrFail<T> for std::result::Result<T, E> {
    fn or_fail(self, what: impl FnOnce() -> String, next: &str) -> Result<T> {
        self.map_err(|cause| Failure::because(cause, what(), next))
    }
}

/// Runs a command whose output the user sees.
///
/// # Errors
/// If it cannot be started or ends with anything but 0.
pub fn run(command: &mut Command, next: &str) -> Result<()> {
    let status = command
        .status()
        .or_fail(|| format!("cannot start {}", command.get_program().display()), next)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}", spelled(command)), next))
}

/// Runs a command and returns what it wrote to standard output.
///
/// # Errors
/// If it cannot be started or ends with anything but 0; its standard error is the cause.
pub fn capture(command: &mut Command, next: &str) -> Result<Vec<u8>> {
    let Output { status, stdout, stderr } = command
        .output()
        .or_fail(|| format!("cannot start {}", command.get_program().display()), next)?;
    if status.success() {
        return Ok(stdout);
    }
    let said = String::from_utf8_lossy(&stderr).trim().to_owned();
    Err(Failure::because(said, format!("{} ended with {status}", spelled(command)), next))
}

/// [`capture`] for a command whose output is text.
///
/// # Errors
/// As [`capture`].
pub fn capture_text(command: &mut Command, next: &str) -> Result<String> {
    capture(command, next).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The command as one would type it, cut where it grows long.
fn spelled(command: &Command) -> String {
    let mut text = command.get_program().display().to_string();
    for arg in command.get_args() {
        if text.len() > 160 {
            return text + " …";
        }
        text = format!("{text} {}", arg.display());
    }
    text
}
