//! What a child has open: the standard streams, and the sockets from descriptor 3 on.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use unit::{ExecContext, ExecMore, Stdio, Streams, decode};

use super::files::open_or_connect;
use super::{At, Broken, Work, log, terminal};
use crate::engine::Stage;
use crate::features;
use crate::sys::fd::{self, LISTEN_FDS_START};
use crate::sys::vectors::Full;
use crate::sys::{self, file};
use crate::text::pieces;

pub(super) fn set_streams(
    work: &Work,
    context: &ExecContext<'_>,
    more: &ExecMore<'_>,
) -> Result<(), Broken> {
    let ExecContext { mut stdin, mut stdout, stderr, umask, .. } = *context;
    if stdin.is_terminal() && !work.takes_terminal {
        stdin = Stdio::Null;
        // It speaks where the main process does.
        stdout = if stdout == Stdio::Inherit { Stdio::Tty } else { stdout };
    }
    let more = of(more);
    let set = |stream, number| set_stream(work, stream, number, &more, umask);
    set(stdin, 0).at(Stage::Stdin)?;
    set(stdout, 1).at(Stage::Stdout)?;
    set(stderr, 2).at(Stage::Stderr)
}

/// What the unit says of files, data and its terminal.
pub(super) fn of<'a>(more: &ExecMore<'a>) -> Streams<'a> {
    if !features::STREAMS || more.streams.is_empty() {
        return Streams::default();
    }
    decode::from_bytes(more.streams).unwrap_or_else(|| bug!("the table was checked"))
}

/// Makes a standard stream lead where it should.
fn set_stream(
    work: &Work,
    stream: Stdio,
    number: RawFd,
    more: &Streams<'_>,
    umask: u16,
) -> Result<(), Errno> {
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
        Stdio::Log => log::put_stream(work, number),
        Stdio::Tty | Stdio::TtyForce | Stdio::TtyFail => {
            let path = terminal::path(work, more)?;
            let tty = match number {
                0 => terminal::take(work, stream, path.as_c_str())?,
                _ => sys::terminal::open(path.as_c_str(), OFlags::empty())?,
            };
            fd::put(tty.as_fd(), number)
        }
        Stdio::File | Stdio::Append | Stdio::Truncate | Stdio::Named | Stdio::Data
            if !features::STREAMS =>
        {
            bug!("no unit of this board has any")
        }
        Stdio::File | Stdio::Append | Stdio::Truncate => {
            fd::put(open_file(stream, number, more, umask)?.as_fd(), number)
        }
        // ExecStartPre= and its kin are passed none.
        Stdio::Named if !work.is_main => Ok(()),
        Stdio::Named => fd::put(named(work, more.paths[number as usize])?, number),
        Stdio::Data => fd::put(pipe_of(more.data)?.as_fd(), number),
    }
}

/// The passed socket with that name.
fn named(work: &Work, name: &str) -> Result<BorrowedFd<'static>, Errno> {
    let name = name.trim_end_matches('\0').as_bytes();
    let names = work.vectors.value(b"LISTEN_FDNAMES").ok_or(Errno::NOENT)?;
    let sockets = work.sockets[..work.socket_count].iter();
    let mut named = pieces(names, b':').zip(sockets);
    let (_, socket) = named.find(|(each, _)| *each == name).ok_or(Errno::NOENT)?;
    Ok(fd::number(*socket))
}

/// Opens a stream's file as root; what is not there is made as the unit's `UMask=` says.
fn open_file(
    stream: Stdio,
    number: RawFd,
    more: &Streams<'_>,
    umask: u16,
) -> Result<OwnedFd, Errno> {
    let how = match (stream, number, more.writable) {
        (Stdio::Append, ..) => OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE,
        (Stdio::Truncate, ..) => OFlags::WRONLY | OFlags::TRUNC | OFlags::CREATE,
        (_, 0, false) => OFlags::RDONLY,
        (_, 0, true) => OFlags::RDWR | OFlags::CREATE,
        _ => OFlags::WRONLY | OFlags::CREATE,
    };
    let path = file::path(more.paths[number as usize]);
    let before = rustix::process::umask(Mode::from_raw_mode(umask.into()));
    let opened = open_or_connect(path, how, Mode::from_raw_mode(0o666));
    rustix::process::umask(before);
    opened
}

/// The compiler has seen to it that all of it has room in a pipe.
fn pipe_of(data: &[u8]) -> Result<OwnedFd, Errno> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut rest = data;
    while !rest.is_empty() {
        let written = rustix::io::write(&writer, rest)?;
        rest = &rest[written..];
    }
    Ok(reader)
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
    // What was stored is as the service has left it.
    for &socket in &sockets[..sockets.len() - work.stored_count] {
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
    let pushed = work.vectors.push_env_number("LISTEN_PID", pid.unsigned_abs());
    pushed.map_err(|Full| Errno::TOOBIG)
}
