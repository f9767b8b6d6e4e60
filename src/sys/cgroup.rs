//! Control groups: cgroups(7), version 2. They know a unit's processes, whatever those do.
//!
//! Everything works without them, less exactly: by process groups.

use core::ffi::CStr;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::path::Path;
use super::{file, raw, signal};
use crate::text::pieces;

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);
/// Where the hierarchy is mounted.
const BASE: &CStr = c"/sys/fs/cgroup";
/// What is read of /proc/PID/cgroup.
pub const PROC_BYTES: usize = 1024;
/// SIGKILL is repeated this often over a group that keeps forking.
const KILL_PASSES: usize = 8;
const SIGKILL: u8 = 9;

/// The directory that holds a directory for each service.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
}

impl Root {
    /// Makes `pilot/` in the mounted hierarchy.
    ///
    /// # Errors
    /// ENOENT or EXDEV and the like where none is mounted.
    pub fn open() -> Result<Self, Errno> {
        let base = file::open(BASE, DIRECTORY)?;
        // Only version 2 has this file.
        raw::look_at(base.as_fd(), c"cgroup.controllers", AtFlags::empty())?;
        make_and_open(base.as_fd(), c"pilot").map(|fd| Self { fd })
    }

    /// The directory of one service.
    ///
    /// # Errors
    /// Those of mkdir(2) and open(2).
    pub fn group(&self, name: &str) -> Result<Group, Errno> {
        Group::new(directory(self.fd.as_fd(), name)?)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A group in another one, made if it is not there.
///
/// # Errors
/// Those of mkdir(2) and open(2).
pub fn directory(parent: BorrowedFd<'_>, name: &str) -> Result<OwnedFd, Errno> {
    make_and_open(parent, Path::new(name)?.as_c_str())
}

/// Lets the groups right below a group have a controller.
///
/// # Errors
/// ENOENT if the kernel has not got it, or EBUSY for a group with processes in it.
pub fn enable(group: BorrowedFd<'_>, controller: &str) -> Result<(), Errno> {
    let word = Path::format(format_args!("+{controller}"))?;
    write(group, c"cgroup.subtree_control", word.as_c_str().to_bytes())
}

/// The same below the root of all. In a container that is a group like others, and PID 1 is in it:
/// then it moves out of the way.
///
/// # Errors
/// As [`enable`].
pub fn enable_at_root(controller: &str) -> Result<(), Errno> {
    let base = file::open(BASE, DIRECTORY)?;
    match enable(base.as_fd(), controller) {
        Err(Errno::BUSY) => {
            move_self(make_and_open(base.as_fd(), c"init.scope")?.as_fd())?;
            enable(base.as_fd(), controller)
        }
        result => result,
    }
}

fn make_and_open(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    file::open_at(parent, name, DIRECTORY)
}

/// The control group of a service.
#[derive(Debug)]
pub struct Group {
    fd: OwnedFd,
    /// Its cgroup.events: asked at the end of each of its processes.
    events: OwnedFd,
    /// Its cgroup.procs. Kept also for the kernel's sake, which looks at that file's rights for
    /// every child that is born here, and would make an inode for it anew each time.
    procs: OwnedFd,
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Group {
    /// That of a directory.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn new(fd: OwnedFd) -> Result<Self, Errno> {
        let events = open_at(fd.as_fd(), c"cgroup.events")?;
        let procs = open_at(fd.as_fd(), c"cgroup.procs")?;
        Ok(Self { fd, events, procs })
    }

    /// Signals every process in it.
    ///
    /// Not through cgroup.kill: kernels (6.18 seen) compare its count with that of the parent's
    /// group, and kill at birth whatever CLONE_INTO_CGROUP puts into a group once killed.
    pub fn signal(&self, signal: u8) {
        if signal != SIGKILL {
            self.signal_each(signal);
            return;
        }
        for _ in 0..KILL_PASSES {
            if !self.signal_each(signal) {
                return;
            }
        }
    }

    /// Signals what cgroup.procs lists; false if that is nobody.
    fn signal_each(&self, signal: u8) -> bool {
        let mut any = false;
        self.each(|pid| {
            any = true;
            let _ = signal::kill(pid, signal);
        });
        any
    }

    /// Each process that cgroup.procs lists.
    pub fn each(&self, mut then: impl FnMut(u32)) {
        let mut chunk = [0u8; 512];
        let mut pid = 0u32;
        let mut offset = 0;
        while let Ok(length @ 1..) = rustix::io::pread(&self.procs, &mut chunk, offset) {
            offset += length as u64;
            for &byte in &chunk[..length] {
                if byte.is_ascii_digit() {
                    pid = pid.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
                    continue;
                }
                // 0 stands for a process outside our pid namespace.
                if pid > 1 {
                    then(pid);
                }
                pid = 0;
            }
        }
    }

    /// True if a process is in it, or in a group below it.
    pub fn is_populated(&self) -> bool {
        let mut text = [0u8; 128];
        let length = rustix::io::pread(&self.events, &mut text, 0).unwrap_or(0);
        pieces(&text[..length], b'\n').any(|line| line == b"populated 1")
    }

    /// A descriptor that reports EPOLLPRI when [`Group::is_populated`] may have changed.
    pub fn events(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

fn open_at(directory: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    file::open_at(directory, name, OFlags::RDONLY | OFlags::CLOEXEC)
}

/// Writes a file of a group.
///
/// # Errors
/// ENOENT if the kernel has not got it; what it says to the text.
pub fn write(group: BorrowedFd<'_>, file: &CStr, text: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = file::open_at(group, file, flags)?;
    rustix::io::write(&file, text).map(drop)
}

/// Moves the calling process there: for kernels on which it cannot be born there.
///
/// # Errors
/// Those of open(2) and write(2).
pub fn move_self(group: BorrowedFd<'_>) -> Result<(), Errno> {
    write(group, c"cgroup.procs", b"0")
}

/// The unit that the process is of, by name, as the kernel says.
pub fn unit_of(pid: u32, text: &mut [u8; PROC_BYTES]) -> Option<&str> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let path = Path::format(format_args!("/proc/{pid}/cgroup")).ok()?;
    let file = file::open(path.as_c_str(), flags).ok()?;
    let length = rustix::io::read(&file, &mut text[..]).ok()?;
    let mut lines = pieces(&text[..length], b'\n');
    let below = lines.find_map(|line| line.strip_prefix(b"0::/pilot/"))?;
    let mut parts = pieces(below, b'/');
    core::str::from_utf8(parts.find(|part| !part.ends_with(b".slice"))?).ok()
}

/// True if the process is in the group of the service of that name, as the kernel says.
pub fn holds(name: &str, pid: u32) -> bool {
    unit_of(pid, &mut [0; PROC_BYTES]) == Some(name)
}
