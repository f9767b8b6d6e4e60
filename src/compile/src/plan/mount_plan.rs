//! Drafts of mounts to what the table holds.

use unit::{MOUNT_BIND, MOUNT_REMOUNT, Millis};

use super::Defaults;
use crate::draft;
use crate::grammar::MountOption;
use crate::names::Name;

/// How long a device may take to be there: DefaultDeviceTimeoutSec= of systemd.
const DEVICE_TIMEOUT: Millis = Millis(90_000);
/// What a bind mount has of its own without being mounted again.
const OF_A_BIND: u32 = MOUNT_BIND | unit::MOUNT_RECURSIVE;

/// [`unit::Mount`] and [`unit::MountSetup`] with text of their own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Mount` or `unit::MountSetup`")]
pub struct MountPlan {
    pub timeout_mount: Option<Millis>,
    pub timeout_unmount: Option<Millis>,
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
    let timeout = mount_timeout.or(defaults.timeout_start);
    let with_wait = timeout.zip(wait);
    MountPlan {
        timeout_mount: with_wait.map(|(time, wait)| Millis(time.0.saturating_add(wait.0))),
        timeout_unmount: timeout,
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
    }
}

/// Where a mount unit mounts.
pub(crate) fn place_of(mount: &draft::Mount, name: &Name) -> String {
    mount.place.value().cloned().unwrap_or_else(|| name.path())
}
