//! `RuntimeDirectory=` and its kin: folders that are made for a service, and removed after it.
//!
//! They are made and removed as root, below folders that may be the service's own: a link there
//! may be meant to lead astray. Only what is root's to write, `/run`, `/var/lib` and the like and
//! the first name below them, may be one.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use heapless::Vec;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use unit::{DirectoryKind, ExecContext, ExecDirectory, ExecMore, Preserve, decode};

use super::user::Identity;
use super::{At, Broken, Work, credentials, namespace, terminal};
use crate::engine::Stage;
use crate::features;
use crate::sys::child::{Birth, Failure};
use crate::sys::file;
use crate::sys::path::Path;
use crate::sys::start;

/// Of folders on the way.
const PARENT_MODE: u16 = 0o755;
/// Longest entry of getdents64(2): a name of 255 bytes and what stands before it.
const ENTRIES_BYTES: usize = 512;
/// How deep a tree may be that is removed.
const DEPTH_MAX: usize = 16;
/// How many of its entries are looked at: somebody may make new ones all the time.
const ENTRIES_MAX: u32 = 100_000;

/// Makes the folders of a unit.
pub(super) fn make(more: &ExecMore<'_>, identity: &Identity) -> Result<(), Broken> {
    if !features::DIRECTORIES {
        return Ok(());
    }
    for directory in more.directories.iter() {
        make_one(&directory, identity).at(stage(directory.kind))?;
    }
    Ok(())
}

const fn stage(kind: DirectoryKind) -> Stage {
    match kind {
        DirectoryKind::Runtime => Stage::RuntimeDirectory,
        DirectoryKind::State => Stage::StateDirectory,
        DirectoryKind::Cache => Stage::CacheDirectory,
        DirectoryKind::Logs => Stage::LogsDirectory,
        DirectoryKind::Configuration => Stage::ConfigurationDirectory,
    }
}

fn make_one(directory: &ExecDirectory<'_>, identity: &Identity) -> Result<(), Errno> {
    let (parent, name) = parent(directory.path, Missing::Make)?;
    let is_new = make_directory(&parent, name.as_c_str(), directory.mode)?;
    let made = rustix::fs::openat(&parent, name.as_c_str(), flags(directory.path), Mode::empty())?;
    if directory.kind == DirectoryKind::Configuration && !is_new {
        // Who may write it is not the service's business.
        return Ok(());
    }
    let (uid, gid) = match directory.kind {
        DirectoryKind::Configuration => (0, 0),
        DirectoryKind::Runtime
        | DirectoryKind::State
        | DirectoryKind::Cache
        | DirectoryKind::Logs => identity.numbers(),
    };
    let stat = rustix::fs::fstat(&made)?;
    if (stat.st_uid, stat.st_gid) != (uid, gid) {
        rustix::fs::fchown(&made, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    if stat.st_mode as u16 & 0o7777 != directory.mode {
        rustix::fs::fchmod(&made, Mode::from_raw_mode(directory.mode.into()))?;
    }
    Ok(())
}

/// What becomes of a folder on the way that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Make,
    Fail,
}

/// The folder above the last name of a path, and that name.
pub(super) fn parent(path: &str, missing: Missing) -> Result<(OwnedFd, Path), Errno> {
    let path = path.strip_suffix('\0').unwrap_or(path);
    let (above, name) = path.rsplit_once('/').ok_or(Errno::INVAL)?;
    let mut folder = file::open(c"/", OFlags::PATH | OFlags::CLOEXEC)?;
    for (depth, part) in above.split('/').skip(1).enumerate() {
        let part = Path::new(part)?;
        if missing == Missing::Make {
            make_directory(&folder, part.as_c_str(), PARENT_MODE)?;
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | links(path, depth);
        folder = rustix::fs::openat(&folder, part.as_c_str(), flags, Mode::empty())?;
    }
    Ok((folder, Path::new(name)?))
}

/// Whether the name at that depth may be a link.
fn links(path: &str, depth: usize) -> OFlags {
    let own_depth = if path.starts_with("/var/") { 2 } else { 1 };
    if depth <= own_depth { OFlags::empty() } else { OFlags::NOFOLLOW }
}

fn flags(path: &str) -> OFlags {
    let depth = path.matches('/').count() - 1;
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | links(path, depth)
}

/// True if there was none.
pub(super) fn make_directory(at: &OwnedFd, name: &CStr, mode: u16) -> Result<bool, Errno> {
    match rustix::fs::mkdirat(at, name, Mode::from_raw_mode(mode.into())) {
        Err(Errno::EXIST) => Ok(false),
        made => made.map(|()| true),
    }
}

/// A child of its own: removes what is left of a unit and ends.
pub(crate) fn remove(work: &mut Work, _: Birth) -> Failure {
    let context = work.context.and_then(decode::from_bytes::<ExecContext<'_>>);
    let context = context.unwrap_or_else(|| bug!("PID 1 has decoded it before"));
    let more = context.more();
    terminal::leave(work, &context, &more);
    let mut failed = credentials::remove(&more).is_err();
    let goes = more.preserve != Preserve::Yes;
    let is_runtime = |each: &ExecDirectory<'_>| each.kind == DirectoryKind::Runtime;
    let runtime = more.directories.iter().filter(|each| goes && is_runtime(each));
    let own = namespace::private_tmp(&more);
    for path in runtime.map(|directory| directory.path).chain(own) {
        failed |= !matches!(remove_one(path), Ok(()) | Err(Errno::NOENT));
    }
    start::exit(failed.into())
}

fn remove_one(path: &str) -> Result<(), Errno> {
    let (parent, name) = parent(path, Missing::Fail)?;
    remove_tree(&parent, name.as_c_str())
}

/// Removes what has the name in a folder, and what is below it. Ends at another file system.
pub(crate) fn remove_tree(parent: &OwnedFd, name: &CStr) -> Result<(), Errno> {
    let mut open: Vec<OwnedFd, DEPTH_MAX> = Vec::new();
    for _ in 0..ENTRIES_MAX {
        let folder = open.last().unwrap_or(parent);
        let mut entries = [MaybeUninit::uninit(); ENTRIES_BYTES];
        let inner = match open.is_empty() {
            true => try_remove(folder, name)?,
            false => {
                // What was removed is not there any more: the first one is always the next.
                rustix::fs::seek(folder, SeekFrom::Start(0))?;
                let mut entries = RawDir::new(folder, &mut entries);
                loop {
                    let Some(entry) = entries.next() else { break Step::Empty };
                    let entry = entry?;
                    if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                        break try_remove(folder, entry.file_name())?;
                    }
                }
            }
        };
        match inner {
            Step::Removed if open.is_empty() => return Ok(()),
            Step::Removed => {}
            // The folder above looks at it again and removes it.
            Step::Empty => drop(open.pop()),
            Step::Full(folder) => open.push(folder).map_err(|_| Errno::LOOP)?,
        }
    }
    Err(Errno::BUSY)
}

enum Step {
    Removed,
    /// There is nothing in the folder.
    Empty,
    /// There is something in this folder.
    Full(OwnedFd),
}

fn try_remove(at: impl AsFd, name: &CStr) -> Result<Step, Errno> {
    match rustix::fs::unlinkat(&at, name, AtFlags::empty()) {
        Ok(()) => return Ok(Step::Removed),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno),
    }
    match rustix::fs::unlinkat(&at, name, AtFlags::REMOVEDIR) {
        Ok(()) => Ok(Step::Removed),
        Err(Errno::NOTEMPTY | Errno::EXIST) => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            rustix::fs::openat(&at, name, flags, Mode::empty()).map(Step::Full)
        }
        Err(errno) => Err(errno),
    }
}
