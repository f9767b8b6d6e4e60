//! What the kernel and pidfiles say of processes: proc_pid_stat(5).

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::file;
use super::path::Path;
use crate::text::pieces;

/// Longest pidfile that is one: a number and blanks.
const PID_FILE_BYTES: usize = 64;
/// Where pidfiles are.
const RUN: &CStr = c"/run";

/// The process that a pidfile below /run names: its path there, NUL-terminated. A process is never
/// 0 or 1.
pub fn read(path: &str) -> Option<u32> {
    let mut text = [0u8; PID_FILE_BYTES];
    let file = open(path).ok()?;
    let length = rustix::io::read(&file, &mut text).ok()?;
    let text = core::str::from_utf8(&text[..length]).ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|&pid| pid > 1)
}

/// Opens it without ever waiting for a disk, a pipe or a server: no link is followed and no mount
/// entered, and what is no regular file is not read. Kernels before 5.6 look at the last name only.
fn open(path: &str) -> Result<OwnedFd, Errno> {
    let path = below_run(path)?;
    let directory = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let run = file::open(RUN, directory)?;
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
    let file = match rustix::fs::openat2(&run, path, flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS) => rustix::fs::openat(&run, path, flags, Mode::empty()),
        opened => opened,
    }?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    if kind == FileType::RegularFile { Ok(file) } else { Err(Errno::INVAL) }
}

/// The part of a pidfile's path behind /run/.
fn below_run(path: &str) -> Result<&CStr, Errno> {
    let path = path.strip_prefix("/run/").unwrap_or_default();
    CStr::from_bytes_with_nul(path.as_bytes()).map_err(|_| Errno::INVAL)
}

/// Removes a pidfile. /run is memory: it is not waited for.
pub fn remove(path: &str) {
    let directory = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if let (Ok(path), Ok(run)) = (below_run(path), file::open(RUN, directory)) {
        let _ = rustix::fs::unlinkat(&run, path, AtFlags::empty());
    }
}

/// True of a process whose parent is PID 1, and that has not ended.
pub fn is_own_child(pid: u32) -> bool {
    let mut text = [0u8; 512];
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let read = Path::format(format_args!("/proc/{pid}/stat"))
        .and_then(|path| file::open(path.as_c_str(), flags))
        .and_then(|file| rustix::io::read(&file, &mut text));
    read.is_ok_and(|length| is_child_of_init(&text[..length]))
}

/// The line is `PID (NAME) STATE PPID …`, where the name may hold anything.
fn is_child_of_init(line: &[u8]) -> bool {
    let Some(end) = line.iter().rposition(|&byte| byte == b')') else { return false };
    let mut fields = pieces(&line[end + 1..], b' ').filter(|word| !word.is_empty());
    let state = fields.next();
    !matches!(state, None | Some(b"Z" | b"X")) && fields.next() == Some(b"1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_behind_whatever_the_name_is() {
        assert!(is_child_of_init(b"77 (d) S 1 77 77 0"));
        assert!(is_child_of_init(b"77 (a) Z 9 (b)) S 1 77"));
        assert!(!is_child_of_init(b"77 (d) S 12 77"));
        assert!(!is_child_of_init(b"77 (d) Z 1 77"));
        assert!(!is_child_of_init(b"77 (d"));
        assert!(!is_child_of_init(b""));
    }

    #[test]
    fn only_what_lies_below_run_is_opened() {
        assert_eq!(below_run("/run/a/b.pid\0"), Ok(c"a/b.pid"));
        assert_eq!(below_run("/etc/passwd\0"), Err(Errno::INVAL));
        assert_eq!(below_run("/run/a.pid"), Err(Errno::INVAL));
        assert_eq!(below_run(""), Err(Errno::INVAL));
    }
}
