//! Work that may wait for a disk: done by a copy of PID 1, so that PID 1 does not wait.
//!
//! A copy (fork(2)), not a child in our memory as those that execute a program: it has as much
//! stack as the work takes, and cannot touch anything of ours. What it costs is a table of pages.

use rustix::io::Errno;
use unit::{Kind, MountSetup, SwapSetup, Table, UnitId};

use crate::engine::{Event, Pid, Stage, Work};
use crate::features;
use crate::sys::{attach, child, mount, stamp, swap};

use super::look::look;
use super::{Pilot, checks, prepare, switch_root};

impl Pilot {
    pub(super) fn work(&mut self, work: Work) {
        let table = &self.table;
        let process = work.process();
        let inotify = match work {
            Work::Look(unit) if features::PATHS => {
                self.paths.prepare(unit, &mut self.watch).map(Some)
            }
            Work::Look(_)
            | Work::Check(_)
            | Work::Mount(_)
            | Work::Unmount(_)
            | Work::ReadStamp(_)
            | Work::WriteStamp(_)
            | Work::LeaveAll
            | Work::LeaveInitramfs => Ok(None),
        };
        let stamp_us = match work {
            Work::WriteStamp(unit) if features::STAMPS => self.engine.stamp_of(unit),
            Work::WriteStamp(_)
            | Work::ReadStamp(_)
            | Work::Check(_)
            | Work::Mount(_)
            | Work::Unmount(_)
            | Work::Look(_)
            | Work::LeaveAll
            | Work::LeaveInitramfs => 0,
        };
        let work = || match work {
            Work::Check(unit) => checks::first_unmet(table.checks(unit)),
            Work::Mount(unit) => with_mount(table, unit, attach::mount, swap::on),
            Work::Unmount(unit) => with_mount(table, unit, attach::unmount, swap::off),
            Work::Look(unit) if features::PATHS => {
                let Kind::Path(path) = table.kind(unit) else { bug!("not a path unit") };
                look(&path.setup())
            }
            Work::Look(_) => 0,
            Work::ReadStamp(unit) => with_stamp(table, unit, stamp::fetch),
            Work::WriteStamp(unit) => with_stamp(table, unit, |path| stamp::keep(path, stamp_us)),
            Work::LeaveAll => {
                if features::SWAPS {
                    swap::leave_all();
                }
                mount::leave_all();
                0
            }
            Work::LeaveInitramfs => switch_root::leave_initramfs(),
        };
        let child = inotify.and_then(|inotify| child::fork(inotify, &work));
        match child {
            Ok(pid) => self.answer(Event::Spawned { process, pid: Pid(pid) }),
            Err(errno) => {
                let error = prepare::error(Stage::Clone, errno);
                self.answer(Event::SpawnFailed { process, error });
            }
        }
    }
}

/// What the child that read a stamp has left in /run.
pub(super) fn take_stamp(table: &Table<'_>, unit: UnitId) -> u64 {
    if !features::STAMPS {
        return 0;
    }
    let Kind::Timer(timer) = table.kind(unit) else { bug!("not a timer") };
    stamp::take(timer.setup().stamp)
}

/// Works at a timer's stamp; the error number, or 0.
fn with_stamp(table: &Table<'_>, unit: UnitId, work: impl FnOnce(&str) -> Result<(), Errno>) -> u8 {
    if !features::STAMPS {
        return 0;
    }
    let Kind::Timer(timer) = table.kind(unit) else { bug!("not a timer") };
    code(work(timer.setup().stamp))
}

fn code(done: Result<(), Errno>) -> u8 {
    done.map_or_else(|errno| errno.raw_os_error() as u8, |()| 0)
}

/// Works at a mount, or at a swap unit; the error number, or 0.
fn with_mount(
    table: &Table<'_>,
    unit: UnitId,
    work: fn(&MountSetup<'_>) -> Result<(), Errno>,
    swap: fn(&SwapSetup<'_>) -> Result<(), Errno>,
) -> u8 {
    if !features::MOUNTS {
        return 0;
    }
    let Kind::Mount(mount) = table.kind(unit) else { bug!("not a mount") };
    if let Some(setup) = mount.swap().filter(|_| features::SWAPS) {
        return code(swap(&setup));
    }
    let line = &mut [0; switch_root::LINE_BYTES];
    let setup = switch_root::root_setup(mount.setup(), line);
    code(setup.and_then(|setup| work(&setup)))
}
