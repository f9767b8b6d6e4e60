//! The link of a real board: a SEQPACKET connection to PID 1, opened at the first question.
//!
//! Read before editing: unix(7), socket(7) (SO_RCVTIMEO).

use core::fmt::Display;
use core::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, inotify};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};
use unit::control::{FRAME_MAX, SOCKET_PATH};

use super::session::{Link, LogAccess, Unreachable};
use crate::features;
use crate::journal::RINGS;

/// PID 1 answers a question within microseconds; a client of a broken one shall not hang for ever.
const PATIENCE: Duration = Duration::from_secs(25);
/// `/proc/4294967295/comm` and its NUL.
const COMM_PATH_BYTES: usize = 22;
/// The mount point, the slices in one another, a unit's name and that of a file.
const GROUP_PATH_BYTES: usize = 64 + 512 + unit::UNIT_NAME_MAX;

/// The connection to PID 1, and the file of `pilot-log` with what tells of its changes.
#[derive(Default)]
pub(super) struct ControlSocket {
    connection: Option<OwnedFd>,
    log: Option<OwnedFd>,
    log_changes: Option<OwnedFd>,
}

impl ControlSocket {
    fn connected(&mut self) -> Result<&OwnedFd, Errno> {
        if self.connection.is_none() {
            let kind = SocketType::SEQPACKET;
            let fd = net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
            net::connect(&fd, &net::SocketAddrUnix::new(SOCKET_PATH)?)?;
            self.connection = Some(fd);
        }
        self.connection.as_ref().ok_or(Errno::NOTCONN)
    }

    fn transfer(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8],
    ) -> Result<usize, Errno> {
        let fd = self.connected()?;
        let patience = if patient { None } else { Some(PATIENCE) };
        sockopt::set_socket_timeout(fd, sockopt::Timeout::Recv, patience)?;
        net::send(fd, request, SendFlags::NOSIGNAL)?;
        loop {
            match net::recv(fd, &mut *reply, RecvFlags::empty()) {
                Ok((_, length)) => return Ok(length),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl Link for ControlSocket {
    fn exchange(
        &mut self,
        request: &[u8],
        patient: bool,
        reply: &mut [u8; FRAME_MAX],
    ) -> Result<usize, Unreachable> {
        match self.transfer(request, patient, reply) {
            Ok(0) => Err(Unreachable::Closed),
            Ok(length) => Ok(length),
            Err(Errno::NOENT) => Err(Unreachable::NoSocket),
            Err(Errno::CONNREFUSED) => Err(Unreachable::NobodyListens),
            Err(Errno::ACCESS | Errno::PERM) => Err(Unreachable::Denied),
            Err(Errno::AGAIN) => Err(Unreachable::Silent),
            Err(Errno::PIPE | Errno::CONNRESET) => Err(Unreachable::Closed),
            Err(errno) => Err(Unreachable::Errno(errno.raw_os_error())),
        }
    }

    fn process_name(&mut self, pid: u32, name: &mut [u8; 16]) -> usize {
        let mut path = heapless::String::<COMM_PATH_BYTES>::new();
        if core::fmt::write(&mut path, format_args!("/proc/{pid}/comm")).is_err() {
            return 0;
        }
        let length = read(&path, name);
        name.iter().take(length).take_while(|&&byte| byte != b'\n').count()
    }

    fn group_file(&mut self, group: &dyn Display, file: &str, content: &mut [u8]) -> usize {
        let mut path = heapless::String::<GROUP_PATH_BYTES>::new();
        let words = format_args!("/sys/fs/cgroup{group}/{file}");
        if !features::CONTROL_GROUPS || core::fmt::write(&mut path, words).is_err() {
            return 0;
        }
        read(&path, content)
    }

    fn open_log(&mut self) -> LogAccess {
        if !features::LOG {
            return LogAccess::Missing;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match rustix::fs::open(RINGS, flags, Mode::empty()) {
            Ok(file) => {
                self.log = Some(file);
                LogAccess::Open
            }
            Err(Errno::NOENT) => LogAccess::Missing,
            Err(_) => LogAccess::Denied,
        }
    }

    fn read_log(&mut self, at: u64, bytes: &mut [u8]) -> bool {
        let Some(log) = self.log.as_ref().filter(|_| features::LOG) else { return false };
        rustix::io::pread(log, &mut *bytes, at).is_ok_and(|length| length == bytes.len())
    }

    fn await_log(&mut self) -> bool {
        if !features::LOG {
            return false;
        }
        let Some(changes) = &self.log_changes else {
            // What came before there was a watch is looked for at once.
            self.log_changes = watch_log().ok();
            return self.log_changes.is_some();
        };
        let mut events = [0; 1024];
        match rustix::io::read(changes, &mut events) {
            Ok(_) | Err(Errno::INTR) => true,
            Err(_) => false,
        }
    }

    fn wall_offset_us(&mut self) -> i64 {
        if features::LOG { wall_offset_us() } else { 0 }
    }
}

/// inotify(7) of the file's changes.
fn watch_log() -> Result<OwnedFd, Errno> {
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    inotify::add_watch(&changes, RINGS, inotify::WatchFlags::MODIFY)?;
    Ok(changes)
}

#[cfg(feature = "pid1")]
fn wall_offset_us() -> i64 {
    crate::sys::clock::wall_offset_us()
}

/// Only a board has such a link.
#[cfg(not(feature = "pid1"))]
fn wall_offset_us() -> i64 {
    0
}

/// What a file begins with; nothing if it cannot be read.
fn read(path: &str, content: &mut [u8]) -> usize {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty());
    file.and_then(|fd| rustix::io::read(&fd, content)).unwrap_or(0)
}
