//! Files, as far as somebody only wants to know what they are: stat(2), getdents(2), glob(7).
//!
//! Paths end with a NUL. For children of PID 1: all of this may wait for a disk.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;
use unit::compare::{fits, is_pattern};

use super::path::Path;

/// Room for the entries of a folder that are read at once.
const ENTRIES_BYTES: usize = 1024;

/// Opens what is there: one open(2) for all whom no mode concerns.
///
/// # Errors
/// Those of open(2).
pub fn open(path: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    open_at(CWD, path, flags)
}

/// The same below a folder.
///
/// # Errors
/// Those of openat(2).
#[inline(never)]
pub fn open_at(folder: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(folder, path, flags, Mode::empty())
}

/// A path of the table for a system call.
pub fn path(path: &str) -> &CStr {
    CStr::from_bytes_with_nul(path.as_bytes()).unwrap_or_default()
}

/// What is at a path, links followed.
pub fn kind(at: &str) -> Option<FileType> {
    rustix::fs::stat(path(at)).ok().map(|stat| FileType::from_raw_mode(stat.st_mode))
}

/// True if a symbolic link is at the path.
pub fn is_link(at: &str) -> bool {
    let stat = rustix::fs::lstat(path(at));
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// An ordinary file, if there is one.
pub fn regular(at: &str) -> Option<Stat> {
    let stat = rustix::fs::stat(path(at)).ok()?;
    (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then_some(stat)
}

/// What a file begins with; nothing if it cannot be read.
pub fn read<'b>(at: &str, buffer: &'b mut [u8]) -> &'b [u8] {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(file) = open(path(at), flags) else { return &[] };
    let mut length = 0;
    while let Ok(more @ 1..) = rustix::io::read(&file, &mut buffer[length..]) {
        length += more;
    }
    &buffer[..length]
}

fn open_folder(folder: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open_at(folder, name, flags)
}

/// Calls `each` with the names in a folder until it returns true. Returns whether it did.
fn any_entry(folder: &OwnedFd, each: &mut dyn FnMut(&CStr) -> bool) -> bool {
    let mut buffer = [MaybeUninit::uninit(); ENTRIES_BYTES];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        if name != c"." && name != c".." && each(name) {
            return true;
        }
    }
    false
}

/// True for a folder that has something in it.
pub fn has_entries(at: &str) -> bool {
    let folder = open_folder(CWD, path(at), OFlags::RDONLY);
    folder.is_ok_and(|folder| any_entry(&folder, &mut |_| true))
}

/// True if there is something whose path the pattern fits: at most [`unit::GLOB_DEPTH_MAX`]
/// folders deep, each of which is a call deeper here.
pub fn exists_like(pattern: &str) -> bool {
    let pattern = pattern.trim_end_matches('\0').trim_start_matches('/');
    let root = open_folder(CWD, c"/", OFlags::PATH);
    root.is_ok_and(|root| exists_below(&root, pattern))
}

fn exists_below(folder: &OwnedFd, pattern: &str) -> bool {
    let (part, rest) = pattern.split_once('/').unwrap_or((pattern, ""));
    let there = |name: &CStr| {
        if rest.is_empty() {
            return rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        }
        let next = open_folder(rustix::fd::AsFd::as_fd(folder), name, OFlags::PATH);
        next.is_ok_and(|next| exists_below(&next, rest))
    };
    if !is_pattern(part.as_bytes()) {
        return Path::new(part).is_ok_and(|part| there(part.as_c_str()));
    }
    let hidden = part.starts_with('.');
    let entries = open_folder(rustix::fd::AsFd::as_fd(folder), c".", OFlags::RDONLY);
    entries.is_ok_and(|entries| {
        any_entry(&entries, &mut |name| {
            let bytes = name.to_bytes();
            (hidden || bytes[0] != b'.') && fits(part.as_bytes(), bytes) && there(name)
        })
    })
}
