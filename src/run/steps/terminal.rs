//! The terminal of a service: taken as `StandardInput=` says, and put in order before it is used
//! and after it was: `TTYReset=` and its kin.

use core::ffi::CStr;

use rustix::fd::{OwnedFd, RawFd};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use unit::{ExecContext, ExecMore, Stdio, Streams, Terminal, decode};

use super::user::Identity;
use super::{Work, streams};
use crate::features;
use crate::sys::fd;
use crate::sys::path::Path;
use crate::sys::terminal::{self, Claim};
use crate::table::limits::LISTEN_FDS;

/// Whoever has a terminal may be written to by the group.
const MODE: u32 = 0o620;
/// That of terminals nobody has, as /dev/pts is mounted.
const GROUP: u32 = 5;

/// `TTYPath=`, or the console.
pub(super) fn path(work: &Work, streams: &Streams<'_>) -> Result<Path, Errno> {
    let console = work.console.unwrap_or_else(|| bug!("PID 1 has set it"));
    Path::new(streams.terminal.strip_suffix('\0').unwrap_or(console))
}

/// Makes it the controlling terminal.
pub(super) fn take(work: &Work, stream: Stdio, path: &CStr) -> Result<OwnedFd, Errno> {
    if stream == Stdio::TtyForce || !features::TERMINALS {
        let claim = if stream == Stdio::TtyForce { Claim::Force } else { Claim::Try };
        return terminal::acquire(path, claim, &mut []);
    }
    // What a child has yet to use of PID 1's when it has the terminal.
    let mut kept = heapless::Vec::<RawFd, { LISTEN_FDS + 3 }>::new();
    let _ = kept.extend_from_slice(&work.sockets[..work.socket_count]);
    let _ = kept.extend_from_slice(&[work.kmsg, work.exec_pipe, work.reports]);
    let wait = Claim::Wait { passed_max: LISTEN_FDS };
    let claim = if stream == Stdio::Tty { wait } else { Claim::Try };
    terminal::acquire(path, claim, &mut kept)
}

fn settings(more: &ExecMore<'_>) -> Option<Terminal> {
    decode::from_bytes(more.terminal).filter(|_| features::TERMINALS)
}

/// Before it is used. As under systemd, what cannot be done is passed over.
pub(super) fn settle(work: &Work, more: &ExecMore<'_>) {
    if let Some(settings) = settings(more).filter(|_| work.takes_terminal)
        && let Ok(path) = path(work, &streams::of(more))
    {
        put_in_order(path.as_c_str(), &settings);
    }
}

fn put_in_order(path: &CStr, settings: &Terminal) {
    if settings.hang_up {
        let _ = terminal::hang_up(path);
    }
    if settings.reset {
        let _ = terminal::reset(path);
    }
    if settings.rows.is_some() || settings.columns.is_some() {
        let _ = terminal::set_size(path, settings.rows, settings.columns);
    }
    if settings.disallocate {
        let _ = terminal::disallocate(path);
    }
}

/// A terminal as standard input is its user's.
pub(super) fn give(
    work: &Work,
    context: &ExecContext<'_>,
    identity: &Identity,
) -> Result<(), Errno> {
    let is_own = context.stdin.is_terminal() && work.takes_terminal;
    if !features::TERMINALS || !is_own || context.user.is_empty() {
        return Ok(());
    }
    let (user, _) = identity.numbers();
    rustix::fs::fchown(fd::number(0), Some(Uid::from_raw(user)), None)?;
    rustix::fs::fchmod(fd::number(0), Mode::from_raw_mode(MODE))
}

/// After the service has stopped: the terminal is nobody's.
pub(super) fn leave(work: &Work, context: &ExecContext<'_>, more: &ExecMore<'_>) {
    if !features::TERMINALS {
        return;
    }
    let Ok(path) = path(work, &streams::of(more)) else { return };
    put_in_order(path.as_c_str(), &settings(more).unwrap_or_default());
    if context.stdin.is_terminal() && !context.user.is_empty() {
        let (root, group) = (Some(Uid::ROOT), Some(Gid::from_raw(GROUP)));
        let _ = rustix::fs::chown(path.as_c_str(), root, group);
        let _ = rustix::fs::chmod(path.as_c_str(), Mode::from_raw_mode(MODE));
    }
}
