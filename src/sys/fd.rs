//! Descriptors: the table that a child copies is the table we keep in order.
//!
//! Invariants: 0, 1 and 2 are /dev/null and stay open over execve(2); every other descriptor of
//! PID 1 is close-on-exec; those from 3 up to what a service is passed at most are taken for
//! good, so that a descriptor to pass on never has a number that a child needs.

use core::ffi::CStr;

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{file, raw};

/// The first descriptor that a service finds its sockets at: SD_LISTEN_FDS_START.
pub const LISTEN_FDS_START: RawFd = 3;

/// A descriptor by its number.
///
/// Safe because a wrong number is an error (EBADF) or another file of this process, never
/// memory: what the numbers 0 to 2 and those in a child's own table are good for.
pub fn number(fd: RawFd) -> BorrowedFd<'static> {
    ensure!(fd >= 0, "-1 is no descriptor");
    // SAFETY: -1 is excluded; nothing is closed through a borrowed descriptor.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// dup2(2) onto a fixed number of this process's table; the copy stays open over execve(2).
///
/// # Errors
/// Those of dup2(2).
pub fn put(from: BorrowedFd<'_>, to: RawFd) -> Result<(), Errno> {
    ensure!(to >= 0 && from.as_raw_fd() != to, "dup2(2) would do nothing");
    // SAFETY: `to` names a slot of the table that nobody owns as an `OwnedFd`; what it held is
    // replaced, and forgetting the wrapper keeps the copy open.
    let mut target = core::mem::ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(to) });
    rustix::io::dup2(from, &mut target)
}

/// Whatever else we were started with is not for our services.
pub fn close_others_on_exec() {
    // A kernel without close_range(2) is one that starts its init with three descriptors.
    let _ = raw::close_range_on_exec(LISTEN_FDS_START as u32);
}

/// Closes all but the streams and the `kept`: for a child that may wait long, so that nothing of
/// PID 1's lives on in it.
pub fn close_others(kept: &mut [RawFd]) {
    kept.sort_unstable();
    let mut begin = LISTEN_FDS_START;
    for &mut keep in kept.iter_mut().filter(|keep| **keep >= LISTEN_FDS_START) {
        if keep > begin {
            close_between(begin, keep - 1);
        }
        begin = keep + 1;
    }
    close_between(begin, RawFd::MAX);
}

/// Both are closed, too.
fn close_between(first: RawFd, last: RawFd) {
    if raw::close_range(first as u32, last as u32, 0).is_ok() {
        return;
    }
    // Before Linux 5.9: one by one, as many as there may be.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let limit = limit.map_or(LISTEN_FDS_START, |limit| limit.min(1 << 20) as RawFd);
    for fd in first..=last.min(limit) {
        // SAFETY: this process is a copy that uses none of them any more.
        unsafe { rustix::io::close(fd) };
    }
}

/// Takes 0, 1 and 2 out of use where they are free: a kernel without a console starts its init
/// without descriptors, and the first ones that we open would be our services' streams.
pub fn occupy_streams() {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    while let Ok(root) = file::open(c"/", flags)
        && root.as_raw_fd() < LISTEN_FDS_START
    {
        core::mem::forget(root);
    }
}

/// Makes 0, 1 and 2 /dev/null, which it makes where there is none.
///
/// # Errors
/// There is no /dev/null, and none can be made. The streams are those of [`occupy_streams`] or
/// the kernel's then.
pub fn null_streams() -> Result<(), Errno> {
    let open = || file::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC);
    let null = match open() {
        Err(Errno::NOENT) => {
            let (kind, device) = (FileType::CharacterDevice, rustix::fs::makedev(1, 3));
            rustix::fs::mknodat(CWD, c"/dev/null", kind, Mode::from_raw_mode(0o666), device)?;
            // The umask took some of it.
            rustix::fs::chmod(c"/dev/null", Mode::from_raw_mode(0o666))?;
            open()?
        }
        opened => opened?,
    };
    ensure!(null.as_raw_fd() >= LISTEN_FDS_START, "the streams are occupied");
    (0..LISTEN_FDS_START).try_for_each(|stream| put(null.as_fd(), stream))
}

/// Opens a folder that the kernel closes when this child leaves our memory, by execve(2) or by its
/// end: its IN_CLOSE_NOWRITE tells whoever waits for that, and it costs nobody else anything.
pub fn hold_until_executed(folder: &CStr) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    core::mem::forget(file::open(folder, flags));
}

/// True if both are the same open file. Where the kernel cannot tell (it may have no kcmp(2)) two
/// descriptors of one socket are known by its inode; others count as different.
pub fn is_same(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let pid = rustix::process::getpid().as_raw_nonzero().get() as u32;
    if let Ok(is_same) = raw::same_file(pid, one, other) {
        return is_same;
    }
    let [one, other] = [one, other].map(|fd| raw::look_at(fd, c"", AtFlags::EMPTY_PATH));
    let (Ok(one), Ok(other)) = (one, other) else {
        return false;
    };
    one.kind == FileType::Socket && one.place == other.place
}

/// Takes the numbers below `LISTEN_FDS_START + passed_max` that are still free out of use.
///
/// # Errors
/// Those of fcntl(2), F_DUPFD.
pub fn reserve(passed_max: usize) -> Result<(), Errno> {
    let first_free = LISTEN_FDS_START + passed_max as RawFd;
    loop {
        let next = rustix::io::fcntl_dupfd_cloexec(number(0), LISTEN_FDS_START)?;
        if next.as_raw_fd() >= first_free {
            return Ok(());
        }
        core::mem::forget(next);
    }
}
