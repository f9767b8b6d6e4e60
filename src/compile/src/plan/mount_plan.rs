//! Drafts of mounts and swap units to what the table holds.

use unit::{MOUNT_BIND, MOUNT_REMOUNT, Millis, SWAP_PREFER};

use super::Defaults;
use crate::draft;
use crate::grammar::{MountOption, SwapOption};
use crate::names::Name;

/// How long a device may take to be there: DefaultDeviceTimeoutSec= of systemd.
const DEVICE_TIMEOUT: Millis = Millis(90_000);
/// What a bind mount has of its own without being mounted again.
const OF_A_BIND: u32 = MOUNT_BIND | unit::MOUNT_RECURSIVE;

/// [`unit::Mount`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Mount`")]
pub struct MountPlan {
    pub timeout_mount: Option<Millis>,
    pub timeout_unmount: Option<Millis>,
    pub setup: Attached,
}

/// What it is about.
#[derive(Debug)]
pub enum Attached {
    /// A mount.
    FileSystem(FileSystemPlan),
    /// A swap unit.
    Swap(SwapPlan),
}

/// [`unit::SwapSetup`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::SwapSetup`")]
pub struct SwapPlan {
    pub what: String,
    pub flags: u32,
    pub device_timeout: Millis,
}

/// [`unit::MountSetup`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::MountSetup`")]
pub struct FileSystemPlan {
    pub what: String,
    pub target: String,
    pub fs_type: String,
    pub flags: u32,
    pub propagation: u32,
    pub data: String,
    pub device_timeout: Millis,
    pub directory_mode: u16,
    pub read_write_only: bool,
    pub lazy: bool,
    pub force: bool,
}

pub(super) fn mount(mount: draft::Mount, name: &Name, defaults: &Defaults) -> MountPlan {
    let target = place_of(&mount, name);
    let draft::Mount {
        what,
        place: _,
        fs_type,
        options,
        lazy_unmount,
        force_unmount,
        read_write_only,
        mount_directory_mode,
        mount_timeout,
    } = mount;
    let (mut flags, mut propagation) = if target == "/" { (MOUNT_REMOUNT, 0) } else { (0, 0) };
    let mut wait = Some(DEVICE_TIMEOUT);
    let mut data: Vec<String> = Vec::new();
    for option in options.values() {
        match option {
            MountOption::Flag(flag, true) => flags |= flag,
            MountOption::Flag(flag, false) => flags &= !flag,
            MountOption::Propagation(flag) => propagation = flag,
            MountOption::Network | MountOption::NoFail => {}
            MountOption::DeviceTimeout(timeout) => wait = timeout,
            MountOption::Data(word) => data.push(word),
        }
    }
    let what = what.or(String::new());
    let waits = what.starts_with("/dev/") && flags & (OF_A_BIND | MOUNT_REMOUNT) == 0;
    let wait = if waits { wait } else { Some(Millis(0)) };
    let setup = Attached::FileSystem(FileSystemPlan {
        what,
        target,
        fs_type: fs_type.or(String::new()),
        flags,
        propagation,
        data: data.join(","),
        device_timeout: wait.unwrap_or(Millis(u32::MAX)),
        directory_mode: mount_directory_mode.value,
        read_write_only: read_write_only.value,
        lazy: lazy_unmount.value,
        force: force_unmount.value,
    });
    with_timeouts(mount_timeout.or(defaults.timeout_start), wait, setup)
}

pub(super) fn swap(swap: draft::Swap, defaults: &Defaults) -> MountPlan {
    let draft::Swap { swap_what, swap_priority, swap_options, swap_timeout } = swap;
    let mut priority = swap_priority.or(None);
    let mut flags = 0;
    let mut wait = Some(DEVICE_TIMEOUT);
    for option in swap_options.values() {
        match option {
            SwapOption::Discard(flag) => flags |= flag,
            SwapOption::Priority(number) => priority = Some(number),
            SwapOption::NoFail => {}
            SwapOption::DeviceTimeout(timeout) => wait = timeout,
        }
    }
    flags |= priority.map_or(0, |priority| SWAP_PREFER | u32::from(priority));
    let what = swap_what.or(String::new());
    let wait = if what.starts_with("/dev/") { wait } else { Some(Millis(0)) };
    let device_timeout = wait.unwrap_or(Millis(u32::MAX));
    let setup = Attached::Swap(SwapPlan { what, flags, device_timeout });
    with_timeouts(swap_timeout.or(defaults.timeout_start), wait, setup)
}

fn with_timeouts(timeout: Option<Millis>, wait: Option<Millis>, setup: Attached) -> MountPlan {
    let with_wait = timeout.zip(wait);
    MountPlan {
        timeout_mount: with_wait.map(|(time, wait)| Millis(time.0.saturating_add(wait.0))),
        timeout_unmount: timeout,
        setup,
    }
}

/// Where a mount unit mounts.
pub(crate) fn place_of(mount: &draft::Mount, name: &Name) -> String {
    mount.place.value().cloned().unwrap_or_else(|| name.path())
}
