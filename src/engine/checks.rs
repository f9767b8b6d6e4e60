//! Conditions and asserts: looked at by a child when a start job runs, before anything of the
//! unit is touched. systemd.unit(5), "Conditions and Asserts".
//!
//! The unit stays what it is meanwhile, and its job runs. Whatever ends the job ends the child.

use unit::control::{Checked, Exit, JobResult};
use unit::{Kind, Millis, UnitId};

use super::action::{Action, Target};
use super::event::{Pid, SpawnError, Work};
use super::manager::Engine;
use super::service::{SPAWN_RETRY, is_passing};
use super::time::Instant;
use super::trace::Trace;
use crate::features;

/// How long a look may take: a disk may be slow, and a server of files gone.
const CHECK_TIMEOUT: Millis = Millis(90_000);
const SIGKILL: u8 = 9;

/// A look at the conditions of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Checking {
    /// There is none.
    Idle,
    /// The child is asked for; the answer comes before anything else happens.
    Asked,
    /// It could not be made; it is asked for again then.
    Lacking(Instant),
    /// It looks.
    Alive { pid: Pid, deadline: Instant },
}

impl Checking {
    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Idle | Self::Asked => None,
            Self::Lacking(at) => Some(at),
            Self::Alive { deadline, .. } => Some(deadline),
        }
    }

    pub(super) const fn pid(self) -> Option<Pid> {
        match self {
            Self::Idle | Self::Asked | Self::Lacking(_) => None,
            Self::Alive { pid, .. } => Some(pid),
        }
    }
}

impl Engine<'_, '_> {
    /// Whether there is something to look at before the unit starts.
    pub(super) fn must_check(&self, unit: UnitId) -> bool {
        features::CONDITIONS && !self.table.checks(unit).is_empty()
    }

    /// Looks. The start goes on when the child has ended.
    pub(super) fn check(&mut self, unit: UnitId) {
        self.set_checking(unit, Checking::Asked);
        self.push(Action::Work(Work::Check(unit)));
    }

    fn set_checking(&mut self, unit: UnitId, checking: Checking) {
        self.units.at_mut(unit).checking = checking;
        self.schedule.stale = true;
        self.note_deadline(checking.deadline());
    }

    pub(super) fn on_checker_spawned(&mut self, unit: UnitId, pid: Pid, now: Instant) {
        if !features::CONDITIONS {
            return;
        }
        ensure!(self.units.at(unit).checking == Checking::Asked, "one look at a time");
        let deadline = now.after(CHECK_TIMEOUT);
        self.set_checking(unit, Checking::Alive { pid, deadline });
    }

    pub(super) fn on_checker_spawn_failed(
        &mut self,
        unit: UnitId,
        error: SpawnError,
        now: Instant,
    ) {
        if !features::CONDITIONS {
            return;
        }
        self.note(Trace::SpawnFailed { unit, error }, now);
        if is_passing(error) {
            self.set_checking(unit, Checking::Lacking(now.after(SPAWN_RETRY)));
        } else {
            self.set_checking(unit, Checking::Idle);
            self.finish_job(unit, JobResult::Failed, now);
        }
    }

    pub(super) fn expire_check(&mut self, unit: UnitId, now: Instant) {
        if !features::CONDITIONS {
            return;
        }
        match self.units.at(unit).checking {
            Checking::Lacking(_) => self.check(unit),
            Checking::Alive { .. } => self.finish_job(unit, JobResult::Timeout, now),
            Checking::Idle | Checking::Asked => bug!("they have no deadline"),
        }
    }

    /// The job that asked for a look is over: nobody waits for what the child finds.
    pub(super) fn stop_checking(&mut self, unit: UnitId) {
        if !features::CONDITIONS {
            return;
        }
        if let Some(pid) = self.units.at(unit).checking.pid() {
            self.push(Action::Kill { target: Target::Child(pid), signal: SIGKILL });
        }
        if self.units.at(unit).checking != Checking::Idle {
            self.set_checking(unit, Checking::Idle);
        }
    }

    /// The child has ended; its exit code says what it found.
    pub(super) fn on_checked(&mut self, unit: UnitId, exit: Exit, now: Instant) {
        if !features::CONDITIONS {
            return;
        }
        self.set_checking(unit, Checking::Idle);
        let place = match exit {
            Exit::Code(0) => {
                self.units.at_mut(unit).checked = Checked::Met;
                let Some(job) = self.units.at(unit).job else {
                    bug!("what ends the job ends the look");
                };
                return self.start_unit(unit, job.auto, now);
            }
            Exit::Code(code) => code - 1,
            Exit::Signal(_) | Exit::Core(_) => {
                return self.finish_job(unit, JobResult::Failed, now);
            }
        };
        let Some(check) = self.table.checks(unit).get(place.into()) else {
            return self.finish_job(unit, JobResult::Failed, now);
        };
        self.units.at_mut(unit).checked = Checked::Unmet(place);
        self.note(Trace::Unmet { unit, check: place }, now);
        let result = if check.is_assert { JobResult::Assert } else { JobResult::Done };
        self.finish_job(unit, result, now);
        if let (false, Kind::Service(_)) = (check.is_assert, self.table.kind(unit)) {
            self.let_sockets_look(unit);
        }
    }
}
