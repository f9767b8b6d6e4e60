//! What a child has open: the standard streams, and the sockets from descriptor 3 on.

use rustix::fd::{AsFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use unit::{ExecContext, Stdio};

use super::{At, Broken, Work};
use crate::engine::Stage;
use crate::sys::child::Full;
use crate::sys::fd::{self, LISTEN_FDS_START};
use crate::sys::path::Path;

pub(super) fn set_streams(work: &Work, context: &ExecContext<'_>) -> Result<(), Broken> {
    let ExecContext { stdin, stdout, stderr, .. } = *context;
    set_stream(work, stdin, 0).at(Stage::Stdin)?;
    set_stream(work, stdout, 1).at(Stage::Stdout)?;
    set_stream(work, stderr, 2).at(Stage::Stderr)
}

/// Makes a standard stream lead where it should.
fn set_stream(work: &Work, stream: Stdio, number: RawFd) -> Result<(), Errno> {
    match stream {
        Stdio::Null => Ok(()),
        Stdio::Inherit if number == 0 => Ok(()),
        Stdio::Inherit => fd::put(fd::number(number - 1), number),
        Stdio::Socket => {
            let socket = work.sockets[..work.socket_count].first();
            let socket = socket.unwrap_or_else(|| bug!("the compiler has seen that there is one"));
            fd::put(fd::number(*socket), number)
        }
        Stdio::Kmsg if work.kmsg < 0 => Ok(()),
        Stdio::Kmsg => fd::put(fd::number(work.kmsg), number),
        Stdio::Tty => {
            let console = Path::new(work.console.unwrap_or_else(|| bug!("PID 1 has set it")))?;
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let tty = rustix::fs::open(console.as_c_str(), flags, Mode::empty())?;
            if number == 0 {
                rustix::process::ioctl_tiocsctty(&tty)?;
            }
            fd::put(tty.as_fd(), number)
        }
    }
}

/// The passed sockets become 3, 4, …: PID 1 keeps every descriptor that is passed above those
/// numbers. O_NONBLOCK is the listener's, not the descriptor's: it is set at every start.
pub(super) fn pass_sockets(
    work: &mut Work,
    context: &ExecContext<'_>,
    pid: i32,
) -> Result<(), Errno> {
    let sockets = &work.sockets[..work.socket_count];
    let flags = if context.non_blocking { OFlags::NONBLOCK } else { OFlags::empty() };
    for &socket in sockets {
        if !work.is_connection || context.non_blocking {
            rustix::fs::fcntl_setfl(fd::number(socket), flags)?;
        }
    }
    if !work.passes_sockets || sockets.is_empty() {
        return Ok(());
    }
    for (&socket, number) in sockets.iter().zip(LISTEN_FDS_START..) {
        fd::put(fd::number(socket), number)?;
    }
    let pushed = work.vectors.push_env("LISTEN_PID", format_args!("{pid}"));
    pushed.map_err(|Full| Errno::TOOBIG)
}
