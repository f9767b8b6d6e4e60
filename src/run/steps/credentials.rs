//! `LoadCredential=` and `SetCredential=`: files that nobody but the service's user can read.
//!
//! They lie in a file system of their own, in memory that is never swapped out, which is made
//! read-only when all are written: not even their owner can change them.

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{Gid, Uid};
use unit::{Credential, Credentials, ExecMore, decode};

use super::Work;
use super::user::Identity;
use crate::features;
use crate::sys::file;
use crate::sys::path::Path;

/// The folder above those of the services.
const ALL: &CStr = c"/run/credentials";
/// Where a source without a path is looked for.
const STORES: [&str; 4] =
    ["/etc/credstore", "/run/credstore", "/usr/local/lib/credstore", "/usr/lib/credstore"];
/// What a service's credentials may take together.
const BYTES_MAX: usize = 1 << 20;
/// Bytes that are copied at a time.
const CHUNK_BYTES: usize = 512;
const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);

/// What the unit says of it; `None` if that is nothing.
fn of<'a>(more: &ExecMore<'a>) -> Option<Credentials<'a>> {
    if !features::CREDENTIALS {
        return None;
    }
    decode::from_bytes(more.credentials)
}

/// Writes them anew at the begin of each start.
pub(super) fn make(work: &Work, more: &ExecMore<'_>, identity: &Identity) -> Result<(), Errno> {
    let Some(credentials) = of(more).filter(|_| work.begins) else { return Ok(()) };
    let folder = file::path(credentials.directory);
    make_folder(ALL, Mode::from_raw_mode(0o755))?;
    make_folder(folder, Mode::empty())?;
    unmount_all(folder)?;
    rustix::mount::mount(c"ramfs", folder, c"ramfs", SAFE, Some(c"mode=0700"))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let place = file::open(folder, flags)?;
    let mut left = BYTES_MAX;
    for credential in credentials.items.iter() {
        write_one(&place, &credential, identity, &mut left)?;
    }
    give(&place, identity, Mode::RUSR | Mode::XUSR)?;
    rustix::mount::mount_remount(folder, SAFE | MountFlags::RDONLY, c"")
}

fn make_folder(path: &CStr, mode: Mode) -> Result<(), Errno> {
    match rustix::fs::mkdir(path, mode) {
        Err(Errno::EXIST) => Ok(()),
        made => made,
    }
}

/// Nothing is mounted there any more.
fn unmount_all(folder: &CStr) -> Result<(), Errno> {
    loop {
        match rustix::mount::unmount(folder, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
            Ok(()) => {}
            Err(Errno::INVAL) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
}

fn give(file: &OwnedFd, identity: &Identity, mode: Mode) -> Result<(), Errno> {
    let (uid, gid) = identity.numbers();
    rustix::fs::fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    rustix::fs::fchmod(file, mode)
}

fn write_one(
    place: &OwnedFd,
    credential: &Credential<'_>,
    identity: &Identity,
    left: &mut usize,
) -> Result<(), Errno> {
    let source = source(credential)?;
    if source.is_none() && credential.value.is_none() {
        return Ok(());
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let id = file::path(credential.id);
    let target = rustix::fs::openat(place, id, flags, Mode::empty())?;
    match source {
        Some(source) => {
            let mut chunk = [0; CHUNK_BYTES];
            while let length @ 1.. = rustix::io::read(&source, &mut chunk)? {
                write_all(&target, &chunk[..length], left)?;
            }
        }
        None => write_all(&target, credential.value.unwrap_or_default(), left)?,
    }
    give(&target, identity, Mode::RUSR)
}

/// What it is read from; `None` if that is nothing, and need not be anything.
fn source(credential: &Credential<'_>) -> Result<Option<OwnedFd>, Errno> {
    let open = |path: &CStr| file::open(path, OFlags::RDONLY | OFlags::CLOEXEC);
    if credential.source.starts_with('/') {
        return match open(file::path(credential.source)) {
            Err(Errno::NOENT) if credential.value.is_some() => Ok(None),
            opened => opened.map(Some),
        };
    }
    let Some(name) = credential.source.strip_suffix('\0') else { return Ok(None) };
    for store in STORES {
        let path = Path::format(format_args!("{store}/{name}"))?;
        match open(path.as_c_str()) {
            Err(Errno::NOENT) => {}
            opened => return opened.map(Some),
        }
    }
    Ok(None)
}

fn write_all(target: &OwnedFd, bytes: &[u8], left: &mut usize) -> Result<(), Errno> {
    *left = left.checked_sub(bytes.len()).ok_or(Errno::TOOBIG)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = rustix::io::write(target, rest)?;
        rest = &rest[written..];
    }
    Ok(())
}

/// Takes them away.
pub(super) fn remove(more: &ExecMore<'_>) -> Result<(), Errno> {
    let Some(credentials) = of(more) else { return Ok(()) };
    let folder = file::path(credentials.directory);
    let removed = unmount_all(folder).and_then(|()| rustix::fs::rmdir(folder));
    match removed {
        Err(Errno::NOENT) => Ok(()),
        removed => removed,
    }
}
