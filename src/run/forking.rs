//! `Type=forking`: who is the main process of what has put itself into the background.
//!
//! PID 1 reads the pidfile itself, which it may because the compiler lets none lie elsewhere than
//! below /run, and what is opened there is a regular file of that very file system. Whatever it
//! says is believed only of a process that the kernel says is the unit's own.

use unit::UnitId;

use crate::engine::{Event, Pid};
use crate::features;
use crate::sys::cgroup;
use crate::sys::pidfile;

use super::Pilot;

impl Pilot {
    /// Looks for the main process of a forking service.
    pub(super) fn find_main(&mut self, unit: UnitId) {
        if !features::FORKING {
            return;
        }
        let more = features::more(&self.table.service(unit));
        let pid = if !more.pid_file.is_empty() {
            pidfile::read(more.pid_file)
        } else if more.guess_main_pid {
            self.only_child(unit)
        } else {
            None
        };
        if pid.is_some_and(|pid| self.adopt_if(unit, Pid(pid), |pilot| pilot.is_own(unit, pid))) {
            return;
        }
        let gone = self.groups.group(unit).is_some_and(|group| !group.is_populated());
        self.answer(Event::MainMissing { unit, gone });
    }

    /// True of a process in the unit's control group. Without control groups: of a child of ours
    /// that is no other unit's.
    fn is_own(&self, unit: UnitId, pid: u32) -> bool {
        if self.groups.group(unit).is_some() {
            return cgroup::holds(self.table.name(unit), pid);
        }
        pidfile::is_own_child(pid) && !self.engine.is_known(Pid(pid))
    }

    /// The only process of a unit whose parent is PID 1, if there is one and no other.
    fn only_child(&self, unit: UnitId) -> Option<u32> {
        let mut only = None;
        let mut is_only = true;
        self.groups.group(unit)?.each(|pid| {
            if is_only && pidfile::is_own_child(pid) {
                is_only = only.is_none();
                only = Some(pid);
            }
        });
        only.filter(|_| is_only)
    }

    /// Unlinks the pidfile of a service that has ended, and could not do it itself.
    pub(super) fn remove_pid_file(&mut self, unit: UnitId) {
        if features::FORKING {
            pidfile::remove(features::more(&self.table.service(unit)).pid_file);
        }
    }
}
