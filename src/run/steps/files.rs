//! `OpenFile=`: what is open for a program that may not open it itself.

use core::ffi::CStr;
use core::fmt::Write;

use rustix::fd::{AsFd, OwnedFd, RawFd};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use unit::{ExecMore, OpenFile, OpenMode};

use super::{Work, arguments};
use crate::features;
use crate::sys::fd::{self, LISTEN_FDS_START};
use crate::sys::file;
use crate::sys::vectors::Full;

/// What may listen at a path, the most likely first.
const SOCKET_TYPES: [SocketType; 3] =
    [SocketType::STREAM, SocketType::DGRAM, SocketType::SEQPACKET];

/// Opens the files of a unit, behind its sockets. PID 1 keeps these numbers free.
pub(super) fn open(work: &mut Work, more: &ExecMore<'_>, pid: i32) -> Result<(), Errno> {
    if !features::OPEN_FILES || !work.is_main || more.files.is_empty() {
        return Ok(());
    }
    let sockets = if work.passes_sockets { work.socket_count } else { 0 };
    let begin = work.vectors.text_used();
    let opened = open_all(work, more, sockets)?;
    if opened == 0 {
        return Ok(());
    }
    tell(work, begin, sockets + opened, pid).map_err(|Full| Errno::TOOBIG)
}

/// Opens them behind so many sockets, and writes LISTEN_FDNAMES. How many there are.
fn open_all(work: &mut Work, more: &ExecMore<'_>, sockets: usize) -> Result<usize, Errno> {
    const NAMES: &str = "LISTEN_FDNAMES";
    let full = |Full| Errno::TOOBIG;
    let strings = &mut work.vectors;
    strings.push_text(NAMES.as_bytes()).and_then(|()| strings.push_text(b"=")).map_err(full)?;
    if sockets > 0 {
        arguments::push_value(strings, NAMES.as_bytes(), 0, usize::MAX).map_err(full)?;
    }
    let mut count = sockets;
    for file in more.files.iter() {
        let opened = match open_one(&file) {
            Err(_) if file.graceful => continue,
            opened => opened?,
        };
        fd::put(opened.as_fd(), LISTEN_FDS_START + count as RawFd)?;
        if count > 0 {
            strings.push_text(b":").map_err(full)?;
        }
        strings.push_text(file.name.as_bytes()).map_err(full)?;
        count += 1;
    }
    Ok(count - sockets)
}

/// Tells the program: the names stand in the text since `begin`.
fn tell(work: &mut Work, begin: usize, count: usize, pid: i32) -> Result<(), Full> {
    let strings = &mut work.vectors;
    strings.set_env_text(begin)?;
    let begin = strings.text_used();
    write!(strings, "LISTEN_FDS={count}")?;
    strings.set_env_text(begin)?;
    strings.push_env_number("LISTEN_PID", pid.unsigned_abs())
}

fn open_one(file: &OpenFile<'_>) -> Result<OwnedFd, Errno> {
    let flags = match file.mode {
        OpenMode::ReadWrite => OFlags::RDWR,
        OpenMode::ReadOnly => OFlags::RDONLY,
        OpenMode::Append => OFlags::RDWR | OFlags::APPEND,
        OpenMode::Truncate => OFlags::RDWR | OFlags::TRUNC,
    };
    open_or_connect(file::path(file.path), flags, Mode::empty())
}

/// Opens what is at a path: if that is a socket, by connecting to it.
pub(super) fn open_or_connect(path: &CStr, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    match rustix::fs::open(path, flags | OFlags::NOCTTY | OFlags::CLOEXEC, mode) {
        Err(Errno::NXIO) => {}
        opened => return opened,
    }
    let stat = rustix::fs::stat(path)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
        return Err(Errno::NXIO);
    }
    let address = SocketAddrUnix::new(path)?;
    let mut error = Errno::PROTOTYPE;
    for kind in SOCKET_TYPES {
        let flags = SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, flags, None)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => return Ok(socket),
            Err(Errno::PROTOTYPE) => {}
            Err(errno) => error = errno,
        }
    }
    Err(error)
}
