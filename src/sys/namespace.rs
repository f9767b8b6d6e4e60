//! Namespaces: unshare(2). Of mount namespaces trees of mounts that are taken, changed and put
//! elsewhere: open_tree(2), mount_setattr(2), move_mount(2), of Linux 5.12.

use core::ffi::CStr;

use linux_raw_sys::general::{
    __NR_mount_setattr, AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_RDONLY, mount_attr,
};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags,
};
use rustix::thread::UnshareFlags;

use super::raw;

/// The calling process gets such namespaces of its own.
///
/// # Errors
/// Those of unshare(2).
pub fn unshare(own: &unit::Namespace<'_>) -> Result<(), Errno> {
    let mut flags = UnshareFlags::empty();
    flags.set(UnshareFlags::NEWNS, own.has(unit::Namespace::MOUNTS));
    flags.set(UnshareFlags::NEWNET, own.has(unit::Namespace::NETWORK));
    flags.set(UnshareFlags::NEWUTS, own.has(unit::Namespace::HOST_NAME));
    flags.set(UnshareFlags::NEWIPC, own.has(unit::Namespace::IPC));
    // SAFETY: no descriptor table is unshared, and nobody shares this process's view of the
    // file system: it was cloned without CLONE_FS.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// What is mounted outside later comes in, and nothing that is mounted from now on goes out.
///
/// # Errors
/// Those of mount(2).
pub fn close_outwards() -> Result<(), Errno> {
    let to_slaves = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    rustix::mount::mount_change(c"/", to_slaves)
}

/// A copy of what is mounted at a path, and with `all` below it, that is mounted nowhere.
///
/// # Errors
/// Those of open_tree(2).
pub fn take(path: &CStr, all: bool) -> Result<OwnedFd, Errno> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    flags.set(OpenTreeFlags::AT_RECURSIVE, all);
    rustix::mount::open_tree(CWD, path, flags)
}

/// As [`take`], what is open.
///
/// # Errors
/// Those of open_tree(2).
pub fn take_opened(file: &OwnedFd) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    rustix::mount::open_tree(file.as_fd(), c"", flags)
}

/// An empty file system in memory that everybody may write to, mounted nowhere.
///
/// # Errors
/// Those of fsopen(2) and fsmount(2).
pub fn take_empty() -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), c"mode", c"1777")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Mounts there what was taken.
///
/// # Errors
/// Those of move_mount(2).
pub fn put(tree: &OwnedFd, path: &CStr) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(tree.as_fd(), c"", CWD, path, flags)
}

/// What was taken becomes read-only, all of it.
///
/// # Errors
/// Those of mount_setattr(2).
pub fn seal(tree: &OwnedFd) -> Result<(), Errno> {
    set_read_only(tree.as_fd(), c"", AT_EMPTY_PATH | AT_RECURSIVE)
}

/// What is mounted at a path becomes read-only, with `all` what is below it, too.
///
/// # Errors
/// Those of mount_setattr(2).
pub fn seal_at(path: &CStr, all: bool) -> Result<(), Errno> {
    set_read_only(CWD, path, if all { AT_RECURSIVE } else { 0 })
}

/// Mounts an empty file system in memory there.
///
/// # Errors
/// Those of mount(2).
pub fn mount_empty(path: &CStr, options: &CStr) -> Result<(), Errno> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount(c"tmpfs", path, c"tmpfs", flags, options)
}

fn set_read_only(at: BorrowedFd<'_>, path: &CStr, flags: u32) -> Result<(), Errno> {
    let attributes = mount_attr {
        attr_set: MOUNT_ATTR_RDONLY.into(),
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let arguments = [
        at.as_raw_fd() as usize,
        path.as_ptr() as usize,
        flags as usize,
        (&raw const attributes) as usize,
        size_of::<mount_attr>(),
        0,
    ];
    // SAFETY: the path and the attributes outlive the call, and are as mount_setattr(2) has them.
    let result = unsafe { raw::syscall(__NR_mount_setattr, arguments) };
    raw::checked(result).map(drop)
}
