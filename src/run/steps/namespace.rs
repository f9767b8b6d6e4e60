//! `PrivateTmp=`, `ProtectSystem=` and their kin: a view of the file system that the compiler has
//! worked out, and that is made here as it says or not at all.

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use unit::{ExecMore, Missing, Namespace, NamespaceStep, TREES_MAX, decode};

use super::Work;
use super::directories::{self, make_directory, parent};
use crate::features;
use crate::sys::path::Path;
use crate::sys::{file, namespace, socket};

/// A file that nobody can read, for what is hidden.
const NOTHING: &CStr = c"/run/pilot/nothing";
/// For a folder: nothing fits in it, and only root may enter it.
const NO_ROOM: &CStr = c"mode=0,size=4k,nr_inodes=1";
/// Of folders below [`Namespace::private_tmp`], as of /tmp.
const TMP_MODE: u16 = 0o1777;
/// Of a place that is made.
const PLACE_MODE: u16 = 0o755;
const FILE_MODE: u16 = 0o644;

/// The folder of `PrivateTmp=`, NUL-terminated.
pub(crate) fn private_tmp<'t>(more: &ExecMore<'t>) -> Option<&'t str> {
    of(more).map(|namespace| namespace.private_tmp).filter(|path| !path.is_empty())
}

/// `None` if the unit says nothing of it.
fn of<'t>(more: &ExecMore<'t>) -> Option<Namespace<'t>> {
    if features::NAMESPACES { decode::from_bytes(more.namespace) } else { None }
}

/// Gives a child what it is to have for itself.
pub(super) fn enter(work: &Work, more: &ExecMore<'_>) -> Result<(), Errno> {
    let Some(own) = of(more).filter(|_| !work.unconfined) else { return Ok(()) };
    namespace::unshare(&own)?;
    if own.has(Namespace::NETWORK) {
        socket::bring_loopback_up()?;
    }
    if own.has(Namespace::MOUNTS) { mount(work, &own) } else { Ok(()) }
}

fn mount(work: &Work, own: &Namespace<'_>) -> Result<(), Errno> {
    namespace::close_outwards()?;
    let nothing = open_nothing()?;
    let mut trees: heapless::Deque<Option<OwnedFd>, TREES_MAX> = heapless::Deque::new();
    for step in own.steps.iter() {
        match step {
            NamespaceStep::Take { path, flat, missing } => {
                let tree = take(file::path(path), flat, missing)?;
                trees.push_back(tree).map_err(|_| Errno::TOOBIG)?;
            }
            NamespaceStep::TakeTmp { name } => {
                let tree = match work.is_connection {
                    true => namespace::take_empty()?,
                    false => take_tmp(own.private_tmp, file::path(name))?,
                };
                trees.push_back(Some(tree)).map_err(|_| Errno::TOOBIG)?;
            }
            NamespaceStep::Make { path } => {
                if let Some(Some(tree)) = trees.back() {
                    make_place(tree, path)?;
                }
            }
            NamespaceStep::SealAll => namespace::seal_at(c"/", true)?,
            NamespaceStep::Put { path, read_only, make, optional } => {
                let Some(tree) = trees.pop_front().flatten() else { continue };
                if make {
                    make_place(&tree, path)?;
                }
                if read_only {
                    namespace::seal(&tree)?;
                }
                unless_missing(optional, namespace::put(&tree, file::path(path)))?;
            }
            NamespaceStep::Empty { path, options, optional } => {
                let empty = namespace::mount_empty(file::path(path), file::path(options));
                unless_missing(optional, empty)?;
            }
            NamespaceStep::Seal { path, optional } => {
                unless_missing(optional, namespace::seal_at(file::path(path), false))?;
            }
            NamespaceStep::Hide { path, optional } => hide(file::path(path), optional, &nothing)?,
        }
    }
    Ok(())
}

fn unless_missing(optional: bool, done: Result<(), Errno>) -> Result<(), Errno> {
    match done {
        Err(Errno::NOENT) if optional => Ok(()),
        done => done,
    }
}

fn take(path: &CStr, flat: bool, missing: Missing) -> Result<Option<OwnedFd>, Errno> {
    if missing == Missing::OrLinkIsFine && is_link(path) {
        return Ok(None);
    }
    match namespace::take(path, !flat) {
        Err(Errno::NOENT) if missing != Missing::Fails => Ok(None),
        taken => taken.map(Some),
    }
}

fn is_link(path: &CStr) -> bool {
    let stat = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

fn take_tmp(folder: &str, name: &CStr) -> Result<OwnedFd, Errno> {
    let (above, own) = parent(folder, directories::Missing::Make)?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    make_directory(&above, own.as_c_str(), 0o700)?;
    let own = rustix::fs::openat(&above, own.as_c_str(), flags, Mode::empty())?;
    if make_directory(&own, name, TMP_MODE)? {
        // The umask took some of it.
        rustix::fs::chmodat(&own, name, Mode::from_raw_mode(TMP_MODE.into()), AtFlags::empty())?;
    }
    let path = folder.strip_suffix('\0').unwrap_or(folder);
    let path = Path::format(format_args!("{path}/{}", name.to_str().unwrap_or_default()))?;
    namespace::take(path.as_c_str(), true)
}

/// What a tree can be put on: a folder for a folder, a file for anything else.
fn make_place(tree: &OwnedFd, path: &str) -> Result<(), Errno> {
    if rustix::fs::statat(CWD, file::path(path), AtFlags::empty()).is_ok() {
        return Ok(());
    }
    let (above, name) = parent(path, directories::Missing::Make)?;
    let stat = rustix::fs::fstat(tree)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return make_directory(&above, name.as_c_str(), PLACE_MODE).map(drop);
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(FILE_MODE.into());
    rustix::fs::openat(above, name.as_c_str(), flags, mode).map(drop)
}

/// Opened while it can be seen; made by the first who looks for it.
fn open_nothing() -> Result<OwnedFd, Errno> {
    let open = || file::open(NOTHING, OFlags::PATH | OFlags::CLOEXEC);
    match open() {
        Err(Errno::NOENT) => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
            rustix::fs::openat(CWD, NOTHING, flags, Mode::empty())?;
            open()
        }
        opened => opened,
    }
}

fn hide(path: &CStr, optional: bool, nothing: &OwnedFd) -> Result<(), Errno> {
    let stat = match rustix::fs::statat(CWD, path, AtFlags::empty()) {
        Err(Errno::NOENT) if optional => return Ok(()),
        stat => stat?,
    };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        namespace::mount_empty(path, NO_ROOM)?;
        return namespace::seal_at(path, false);
    }
    let nothing = namespace::take_opened(nothing)?;
    namespace::seal(&nothing)?;
    namespace::put(&nothing, path)
}
