//! A standard stream to `pilot-log`: a connection that begins with whose output it is.
//!
//! The child makes it while it is still root, and before it executes anything: what a service can
//! write comes behind the header. It never waits: where nobody listens, or too many are waiting to
//! be accepted, the kernel's log has the lines.

use rustix::fd::{AsFd, OwnedFd, RawFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType, connect, send,
    shutdown, socket_with,
};

use super::Work;
use crate::features;
use crate::journal::STREAM_SOCKET;
use crate::journal::origin::Origin;
use crate::sys::{fd, file};

pub(super) fn put_stream(work: &Work, number: RawFd) -> Result<(), Errno> {
    if !features::LOG {
        bug!("no unit of this board has such a stream");
    }
    let Some(origin) = work.origin else { bug!("PID 1 has set it") };
    let stream = open(Origin { stream: number as u8, ..origin }).or_else(|_| open_kmsg());
    // A kernel without a log is no reason not to run: the stream stays on /dev/null.
    stream.map_or(Ok(()), |stream| fd::put(stream.as_fd(), number))
}

fn open(origin: Origin) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let stream = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&stream, &SocketAddrUnix::new(STREAM_SOCKET)?)?;
    shutdown(&stream, Shutdown::Read)?;
    send(&stream, &origin.to_bytes(), SendFlags::NOSIGNAL)?;
    rustix::fs::fcntl_setfl(&stream, OFlags::empty())?;
    Ok(stream)
}

fn open_kmsg() -> Result<OwnedFd, Errno> {
    file::open(c"/dev/kmsg", OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY)
}
