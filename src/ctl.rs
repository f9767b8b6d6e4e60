//! The role `pilotctl`: asks PID 1 and prints, with systemctl's verbs, shapes and exit codes.
//!
//! It carries the same table as PID 1, so it resolves names and prints settings by itself and
//! asks only for states. It holds no unit in memory: what it prints it decodes on the way. It
//! changes nothing but by asking PID 1, which decides who may.
//!
//! Read before editing: systemctl(1), and `unit::control` for the protocol.

mod address;
mod args;
mod graph;
mod group;
mod jobs;
mod list;
mod log;
mod more;
mod names;
mod options;
mod power;
mod property;
mod query;
mod session;
mod settings;
mod show;
mod socket;
mod status;
mod text;
mod timers;
mod verbs;
mod words;

use core::ffi::CStr;
use core::fmt::Write;

use rustix::fd::BorrowedFd;
use unit::Table;

pub use self::session::{Link, LogAccess, Unreachable};

use self::session::Session;
use self::socket::ControlSocket;
use self::text::LineWriter;

/// The names of this role: `argv[0]` without its folder.
pub const NAMES: [&str; 5] = ["pilotctl", "poweroff", "reboot", "halt", "shutdown"];

/// Exit codes, as systemctl(1) has them (after LSB).
pub mod exit {
    /// It went well; the unit is active.
    pub const SUCCESS: u8 = 0;
    /// It did not go well.
    pub const FAILURE: u8 = 1;
    /// `status`, `is-active`: the unit is not active.
    pub const NOT_RUNNING: u8 = 3;
    /// A job that this kind of unit does not know.
    pub const NOT_IMPLEMENTED: u8 = 3;
    /// `status`, `is-active`: there is no such unit.
    pub const NO_SUCH_UNIT: u8 = 4;
    /// Only root may.
    pub const NO_PERMISSION: u8 = 4;
    /// A job for a unit that there is not.
    pub const NOT_INSTALLED: u8 = 5;
}

/// Runs the role and returns the exit code. `name` is one of [`NAMES`], `args` what follows it.
pub fn main(
    name: &str,
    args: &mut dyn Iterator<Item = &CStr>,
    table: Table<'_>,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> u8 {
    let mut out = LineWriter::new(stdout);
    let mut err = LineWriter::new(stderr);
    let code = run(name, args, table, &mut ControlSocket::default(), &mut out, &mut err);
    err.flush();
    if out.flush() { code } else { code.max(exit::FAILURE) }
}

/// [`main`] on any link to PID 1 and any pair of outputs.
pub fn run(
    name: &str,
    args: &mut dyn Iterator<Item = &CStr>,
    table: Table<'_>,
    link: &mut dyn Link,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let mut session = Session::new(table, link, out, err);
    let outcome = if name == "shutdown" {
        power::shutdown(args, &mut session)
    } else {
        verbs::dispatch(name, args, &mut session)
    };
    let code = outcome.unwrap_or_else(|failure| {
        session.complain(packed!("Failed to ask PID 1: {}"), &[&failure]);
        failure.exit_code()
    });
    if session.out.has_failed() { code.max(exit::FAILURE) } else { code }
}
