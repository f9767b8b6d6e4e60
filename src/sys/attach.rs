//! Mounting what a mount unit says, and unmounting it: mount(2), umount2(2), systemd.mount(5).
//!
//! For children of PID 1: all of this may wait for a disk.

use core::ffi::CStr;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};
use unit::{MOUNT_BIND, MOUNT_READ_ONLY, MOUNT_RECURSIVE, MOUNT_REMOUNT, MountSetup};

use super::mount::is_mount_point;
use super::{device, file};

/// What is read of /proc/filesystems.
const FILE_SYSTEMS_BYTES: usize = 2048;

/// Puts a file system into its place, unless there is one already.
///
/// # Errors
/// Those of mount(2); ENODEV if no file system that the kernel knows fits; ENOENT if the device
/// was waited for in vain.
pub fn mount(setup: &MountSetup<'_>) -> Result<(), Errno> {
    let target = file::path(setup.target);
    if setup.flags & MOUNT_REMOUNT != 0 {
        let flags = MountFlags::from_bits_retain(setup.flags & !MOUNT_REMOUNT);
        return rustix::mount::mount_remount(target, flags, file::path(setup.data));
    }
    if is_mount_point(target) {
        return Ok(());
    }
    device::wait_for(setup.what, setup.device_timeout)?;
    make_place(setup)?;
    if setup.flags & MOUNT_BIND != 0 {
        return bind(setup, target);
    }
    let mounted = mount_any_type(setup, setup.flags);
    match mounted {
        Err(Errno::ROFS | Errno::ACCESS)
            if !setup.read_write_only && setup.flags & MOUNT_READ_ONLY == 0 =>
        {
            mount_any_type(setup, setup.flags | MOUNT_READ_ONLY)?;
        }
        mounted => mounted?,
    }
    propagate(setup, target)
}

/// Takes a file system out of its place, if there is one.
///
/// # Errors
/// Those of umount2(2).
pub fn unmount(setup: &MountSetup<'_>) -> Result<(), Errno> {
    // The root stays until all others are gone.
    if setup.flags & MOUNT_REMOUNT != 0 {
        return Ok(());
    }
    let mut flags = UnmountFlags::NOFOLLOW;
    flags.set(UnmountFlags::DETACH, setup.lazy);
    flags.set(UnmountFlags::FORCE, setup.force);
    match rustix::mount::unmount(file::path(setup.target), flags) {
        // Nothing is mounted there, or nothing is there.
        Err(Errno::INVAL | Errno::NOENT) => Ok(()),
        unmounted => unmounted,
    }
}

/// Makes the folders that lead to the place, and the place: a folder, or a file for a file.
fn make_place(setup: &MountSetup<'_>) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(setup.directory_mode.into());
    let place = setup.target.trim_end_matches('\0');
    let is_bind = setup.flags & MOUNT_BIND != 0;
    let is_file = is_bind && file::regular(setup.what).is_some();
    let ends = place.match_indices('/').map(|(at, _)| at).skip(1).chain([place.len()]);
    for end in ends {
        let path = super::path::Path::new(&place[..end])?;
        let made = if is_file && end == place.len() {
            let flags = OFlags::CREATE | OFlags::CLOEXEC;
            let file = Mode::from_raw_mode(0o644);
            rustix::fs::openat(CWD, path.as_c_str(), flags, file).map(drop)
        } else {
            rustix::fs::mkdir(path.as_c_str(), mode)
        };
        match made {
            // Where it cannot be made mount(2) is the one to say so.
            Ok(()) | Err(Errno::EXIST | Errno::ROFS) => {}
            Err(_) if file::kind(setup.target).is_some() => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// A bind mount takes its other flags by being mounted anew.
fn bind(setup: &MountSetup<'_>, target: &CStr) -> Result<(), Errno> {
    let how = setup.flags & (MOUNT_BIND | MOUNT_RECURSIVE);
    call(setup, c"", how, c"")?;
    let other = setup.flags & !how;
    if other != 0 {
        let flags = MountFlags::from_bits_retain(other) | MountFlags::BIND;
        rustix::mount::mount_remount(target, flags, c"")?;
    }
    propagate(setup, target)
}

fn propagate(setup: &MountSetup<'_>, target: &CStr) -> Result<(), Errno> {
    match setup.propagation {
        0 => Ok(()),
        flags => {
            rustix::mount::mount_change(target, MountPropagationFlags::from_bits_retain(flags))
        }
    }
}

/// Tries, without `Type=`, each file system that the kernel knows and that lives on a device.
fn mount_any_type(setup: &MountSetup<'_>, flags: u32) -> Result<(), Errno> {
    let fs_type = file::path(setup.fs_type);
    let data = file::path(setup.data);
    if !fs_type.is_empty() {
        return call(setup, fs_type, flags, data);
    }
    let mut buffer = [0; FILE_SYSTEMS_BYTES];
    let known = file::read("/proc/filesystems\0", &mut buffer);
    for line in known.split(|&byte| byte == b'\n') {
        let Some(name) = line.strip_prefix(b"\t") else { continue };
        let name = core::str::from_utf8(name).unwrap_or_default();
        let name = super::path::Path::new(name)?;
        match call(setup, name.as_c_str(), flags, data) {
            // Not this one.
            Err(Errno::INVAL | Errno::NODEV | Errno::UCLEAN) => {}
            mounted => return mounted,
        }
    }
    Err(Errno::NODEV)
}

fn call(setup: &MountSetup<'_>, fs_type: &CStr, flags: u32, data: &CStr) -> Result<(), Errno> {
    let (what, target) = (file::path(setup.what), file::path(setup.target));
    let data = (!data.is_empty()).then_some(data);
    rustix::mount::mount(what, target, fs_type, MountFlags::from_bits_retain(flags), data)
}
