//! Conditions and asserts: looked at by a child when a start job runs, before anything of the
//! unit is touched. systemd.unit(5), "Conditions and Asserts".
//!
//! The unit stays what it is meanwhile, and its job runs. Whatever ends the job ends the child.

use unit::control::{Checked, Exit, JobResult, UnitResult};
use unit::{Kind, Millis, UnitId};

use super::action::{Action, Target};
use super::event::Work;
use super::manager::Engine;
use super::time::Instant;
use super::trace::Trace;
use super::worker::{Input, Next, Worker};
use crate::features;

/// How long a look may take: a disk may be slow, and a server of files gone.
const CHECK_TIMEOUT: Millis = Millis(90_000);
pub(super) const SIGKILL: u8 = 9;

impl Engine<'_, '_> {
    /// Whether there is something to look at before the unit starts.
    pub(super) fn must_check(&self, unit: UnitId) -> bool {
        features::CONDITIONS && !self.table.checks(unit).is_empty()
    }

    /// Looks. The start goes on when the child has ended.
    pub(super) fn check(&mut self, unit: UnitId, now: Instant) {
        self.set_checker(unit, Some(Worker::asked(Some(CHECK_TIMEOUT), now)));
        self.push(Action::Work(Work::Check(unit)));
    }

    fn set_checker(&mut self, unit: UnitId, checker: Option<Worker>) {
        self.units.at_mut(unit).checker = checker;
        self.schedule.stale = true;
        self.note_deadline(checker.and_then(|checker| checker.due()));
    }

    pub(super) fn checker_step(&mut self, unit: UnitId, input: Input, now: Instant) {
        if !features::CONDITIONS {
            return;
        }
        let Some(mut checker) = self.units.at(unit).checker else { bug!("nobody looks") };
        let next = checker.step(input, now);
        self.set_checker(unit, Some(checker));
        match next {
            Next::Wait => {}
            Next::Ask => self.push(Action::Work(Work::Check(unit))),
            Next::Over(UnitResult::Timeout) => self.finish_job(unit, JobResult::Timeout, now),
            Next::Over(_) => self.finish_job(unit, JobResult::Failed, now),
        }
    }

    /// The job that asked for a look is over: nobody waits for what the child finds.
    pub(super) fn stop_checking(&mut self, unit: UnitId) {
        if !features::CONDITIONS {
            return;
        }
        if let Some(checker) = self.units.at(unit).checker {
            if let Some(pid) = checker.pid() {
                self.push(Action::Kill { target: Target::Child(pid), signal: SIGKILL });
            }
            self.set_checker(unit, None);
        }
    }

    /// The child has ended; its exit code says what it found.
    pub(super) fn on_checked(&mut self, unit: UnitId, exit: Exit, now: Instant) {
        if !features::CONDITIONS {
            return;
        }
        self.set_checker(unit, None);
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
