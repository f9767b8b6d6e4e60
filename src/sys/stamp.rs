//! Files whose time of change says when something last happened: utimensat(2).
//!
//! They lie on disks, so children of PID 1 read and write them; what one has read it leaves in /run
//! for PID 1, which does not wait there.

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;

use super::file;
use super::path::Path;

/// Folders on the way to a stamp.
const FOLDER: Mode = Mode::from_raw_mode(0o755);
const FILE: Mode = Mode::from_raw_mode(0o644);

/// Leaves the time of a stamp in /run.
///
/// # Errors
/// ENOENT if there is none.
pub fn fetch(stamp: &str) -> Result<(), Errno> {
    let time = micros(&file::regular(stamp).ok_or(Errno::NOENT)?);
    set(in_run(stamp)?.as_c_str(), time)
}

/// The time that [`fetch`] has left, in microseconds since 1970; 0 if it has not.
pub fn take(stamp: &str) -> u64 {
    let Ok(path) = in_run(stamp) else { return 0 };
    let time = rustix::fs::lstat(path.as_c_str()).map_or(0, |stat| micros(&stat));
    let _ = rustix::fs::unlink(path.as_c_str());
    time
}

/// Makes a stamp with that time, and the folders that lead to it.
///
/// # Errors
/// Those of mkdir(2), open(2) and utimensat(2).
pub fn keep(stamp: &str, time_us: u64) -> Result<(), Errno> {
    let path = stamp.trim_end_matches('\0');
    for (end, _) in path.match_indices('/').skip(1) {
        // What cannot be made is told of below.
        let _ = rustix::fs::mkdir(Path::new(&path[..end])?.as_c_str(), FOLDER);
    }
    set(file::path(stamp), time_us)
}

fn set(path: &CStr, time_us: u64) -> Result<(), Errno> {
    let flags = OFlags::WRONLY
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let file: OwnedFd = rustix::fs::openat(CWD, path, flags, FILE)?;
    let nanos = time_us % 1_000_000 * 1_000;
    let time = Timespec { tv_sec: (time_us / 1_000_000) as _, tv_nsec: nanos as _ };
    let never = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT as _ };
    rustix::fs::futimens(&file, &Timestamps { last_access: never, last_modification: time })?;
    // A board whose plug is pulled, or that what elapses has brought down, is not to do it again.
    rustix::fs::fsync(&file)
}

/// What a file says of its last change; 0 for a time that no clock shows.
fn micros(stat: &Stat) -> u64 {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0).min(u64::MAX >> 21);
    seconds * 1_000_000 + u64::from(stat.st_mtime_nsec as u32 / 1_000)
}

/// A place for a stamp in /run: by its file's name, which is the timer's.
fn in_run(stamp: &str) -> Result<Path, Errno> {
    let path = stamp.trim_end_matches('\0');
    let name = path.rsplit('/').next().unwrap_or_default();
    Path::format(format_args!("/run/pilot/{name}"))
}
