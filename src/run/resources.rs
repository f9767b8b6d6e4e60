//! What control groups are to hold before a process is in them: the compiler has planned every
//! byte. "Read before editing": cgroups(7), Documentation/admin-guide/cgroup-v2.

use core::fmt::Write;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, major, minor};
use rustix::io::Errno;
use unit::{
    CONTROLLERS, ControlGroup, GroupSetting, GroupValue, SLICE_DEPTH_MAX, Seq, Table, UnitId,
};

use super::groups::Place;
use crate::engine::places::Places;
use crate::reason::Reason;
use crate::sys::cgroup::{self, Group, Root};
use crate::sys::file;
use crate::{features, log};

/// Room for what the board itself finds out: the number of a device and its limit, or a number.
type Text = heapless::String<64>;

/// Of a whole in ten-thousandths.
const WHOLE: u64 = 10_000;
/// What the kernel measures memory in.
const PAGE: u64 = 4096;

/// Lets the units' groups have the controllers that they need.
pub(super) fn enable_at_root(root: &Root, table: &Table<'static>) {
    if !features::CONTROL_GROUPS {
        return;
    }
    let groups = table.manager().control_groups();
    let bits = groups.controllers;
    for controller in controllers(bits) {
        if let Err(errno) = cgroup::enable_at_root(controller) {
            log::warn!("no control of {controller}: {}", Reason::of(errno));
        }
    }
    // What it is promised is promised to those in it: none of that must be.
    let _ = fill(root.as_fd(), groups.root, bits, "-.slice");
}

fn controllers(bits: u8) -> impl Iterator<Item = &'static str> {
    let named = CONTROLLERS.into_iter().enumerate();
    named.filter(move |(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| name)
}

/// That the kernel has not got one was told at boot; who cannot do without it hears of it.
fn enable(group: BorrowedFd<'_>, bits: u8) {
    for controller in controllers(bits) {
        let _ = cgroup::enable(group, controller);
    }
}

/// The control group of a unit, below those of its slices, which are made with it. `Err`: it would
/// lack a limit that it must not be without. `None`: it cannot be, and need not.
pub(super) fn make(
    unit: UnitId,
    root: &Root,
    table: &Table<'static>,
    places: &mut Places<'static, UnitId, Place>,
) -> Result<Option<Group>, Errno> {
    let groups = table.manager().control_groups();
    let mut chain = heapless::Vec::<ControlGroup<'_>, { SLICE_DEPTH_MAX + 1 }>::new();
    let mut next = groups.of(unit);
    while let Some(group) = next {
        let pushed = chain.push(group);
        ensure!(pushed.is_ok(), "the compiler counts the slices in one another");
        next = group.slice.and_then(|slice| groups.of(slice));
    }
    if chain.is_empty() {
        return Ok(root.group(table.name(unit)).ok());
    }
    let is_required = chain.iter().any(|group| group.settings.iter().any(|each| each.required));
    match nest(unit, root, &chain, table, places) {
        Ok(group) => Ok(Some(group)),
        Err(errno) if is_required => Err(errno),
        Err(_) => Ok(None),
    }
}

/// Makes the last group of a chain, whose first is the unit's own.
fn nest(
    unit: UnitId,
    root: &Root,
    chain: &[ControlGroup<'static>],
    table: &Table<'static>,
    places: &mut Places<'static, UnitId, Place>,
) -> Result<Group, Errno> {
    let mut last: Option<OwnedFd> = None;
    for group in chain.iter().rev() {
        // -.slice has all that there is: it needs no folder of its own.
        if group.slice.is_some() || group.unit == unit {
            let around = last.as_ref().map_or(root.as_fd(), AsFd::as_fd);
            last = Some(cgroup::directory(around, table.name(group.unit))?);
        }
        let place = places.at_mut(group.unit);
        if !place.is_made {
            let own = last.as_ref().map_or(root.as_fd(), AsFd::as_fd);
            fill(own, group.settings, group.controllers, table.name(group.unit))?;
            place.is_made = true;
        }
    }
    Group::new(last.unwrap_or_else(|| bug!("the unit's own is in the chain")))
}

/// Writes what is to be in the files of a group.
fn fill(
    own: BorrowedFd<'_>,
    settings: Seq<'static, GroupSetting<'static>>,
    controllers: u8,
    name: &str,
) -> Result<(), Errno> {
    for setting in settings.iter() {
        let Err(errno) = put(own, &setting) else { continue };
        let file = setting.file.trim_end_matches('\0');
        log::warn!("{name}: {file}: {}", Reason::of(errno));
        if setting.required {
            return Err(errno);
        }
    }
    enable(own, controllers);
    Ok(())
}

fn put(own: BorrowedFd<'_>, setting: &GroupSetting<'_>) -> Result<(), Errno> {
    let mut found = Text::new();
    let written = match setting.value {
        GroupValue::Text(text) => {
            return cgroup::write(own, file::path(setting.file), text.as_bytes());
        }
        GroupValue::MemoryShare(share) => {
            let memory = rustix::system::sysinfo();
            let bytes = memory.totalram as u64 * u64::from(memory.mem_unit);
            write!(found, "{}", bytes / WHOLE * u64::from(share) / PAGE * PAGE)
        }
        GroupValue::TasksShare(share) => {
            let tasks =
                number("/proc/sys/kernel/pid_max\0").min(number("/proc/sys/kernel/threads-max\0"));
            write!(found, "{}", (tasks * u64::from(share) / WHOLE).max(1))
        }
        GroupValue::Device(path, limit) => {
            let device = rustix::fs::stat(file::path(path))?;
            if FileType::from_raw_mode(device.st_mode) != FileType::BlockDevice {
                return Err(Errno::NOTBLK);
            }
            write!(found, "{}:{} {limit}", major(device.st_rdev), minor(device.st_rdev))
        }
    };
    written.map_err(|_| Errno::NAMETOOLONG)?;
    cgroup::write(own, file::path(setting.file), found.as_bytes())
}

/// The number in a file; none at all is no bound.
fn number(path: &str) -> u64 {
    let mut buffer = [0; 24];
    let text = file::read(path, &mut buffer).trim_ascii();
    core::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(u64::from(u32::MAX))
}
