//! The way down: units in reverse order, then whoever is left, then the file systems.
//!
//! Each step has a deadline that nothing extends; what does not end in time is passed over.

use unit::control::ShutdownKind;
use unit::{Millis, UnitId};

use super::action::Action;
use super::event::{Pid, Work};
use super::manager::Engine;
use super::state::KindState;
use super::time::Instant;
use super::trace::{ShutdownStep, Trace};
use unit::control::ActiveState;

use crate::features;

/// How long processes have after the last SIGTERM.
const TERMINATE_TIMEOUT: Millis = Millis(5_000);
/// How long after the last SIGKILL.
const KILL_TIMEOUT: Millis = Millis(5_000);
/// How long syncing and unmounting may take.
const FINISH_TIMEOUT: Millis = Millis(30_000);
const SIGTERM: u8 = 15;
const SIGKILL: u8 = 9;

/// Where the board is between power-on and power-off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// It runs.
    Up,
    /// Units stop.
    StopUnits { kind: ShutdownKind, deadline: Instant },
    /// Everybody was sent SIGTERM.
    Terminate { kind: ShutdownKind, deadline: Instant },
    /// Everybody was sent SIGKILL.
    Kill { kind: ShutdownKind, deadline: Instant },
    /// The finisher works.
    Finish { kind: ShutdownKind, deadline: Instant, pid: Option<Pid> },
    /// reboot(2) was asked for.
    Off,
}

impl Phase {
    pub(super) const fn is_up(self) -> bool {
        matches!(self, Self::Up)
    }

    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Up | Self::Off => None,
            Self::StopUnits { deadline, .. }
            | Self::Terminate { deadline, .. }
            | Self::Kill { deadline, .. }
            | Self::Finish { deadline, .. } => Some(deadline),
        }
    }

    pub(super) const fn finisher(self) -> Option<Pid> {
        match self {
            Self::Finish { pid, .. } => pid,
            Self::Up
            | Self::StopUnits { .. }
            | Self::Terminate { .. }
            | Self::Kill { .. }
            | Self::Off => None,
        }
    }
}

impl<'t> Engine<'t, '_> {
    /// Begins the way down. `force` passes over the units. On the way already, only `force`
    /// makes a difference: the first word about the kind holds.
    pub(super) fn begin_shutdown(&mut self, kind: ShutdownKind, force: bool, now: Instant) {
        match self.phase {
            Phase::Up if force => self.enter_terminate(kind, now),
            Phase::Up => {
                let deadline = now.after(self.table.manager().shutdown_timeout);
                self.phase = Phase::StopUnits { kind, deadline };
                self.note(Trace::Shutdown { kind, step: ShutdownStep::StopUnits }, now);
                self.enqueue_stop_of_all(self.target_of_end(kind), now);
            }
            Phase::StopUnits { kind, .. } if force => self.enter_terminate(kind, now),
            Phase::StopUnits { .. }
            | Phase::Terminate { .. }
            | Phase::Kill { .. }
            | Phase::Finish { .. }
            | Phase::Off => {}
        }
    }

    /// What the kernel is told by the reboot, with its NUL: `RebootArgument=`. Empty for nothing.
    pub fn reboot_argument(&self) -> &'t str {
        if features::REBOOT_ARGUMENTS { self.reboot_argument } else { "" }
    }

    /// No step at all: `…-immediate`.
    pub(super) fn shut_down_now(&mut self, kind: ShutdownKind, now: Instant) {
        self.note(Trace::Shutdown { kind, step: ShutdownStep::Off }, now);
        self.phase = Phase::Off;
        self.push(Action::Shutdown(kind));
    }

    /// Takes the next step down if the present one is over. True if it did.
    pub(super) fn advance_shutdown(&mut self, now: Instant) -> bool {
        let over = self.phase.deadline().is_some_and(|deadline| deadline <= now);
        match self.phase {
            Phase::StopUnits { kind, .. } if over || self.all_units_are_down(kind) => {
                self.enter_terminate(kind, now);
            }
            Phase::Terminate { kind, .. } if over => self.enter_kill(kind, now),
            Phase::Kill { kind, .. } if over => self.enter_finish(kind, now),
            Phase::Finish { kind, .. } if over => self.shut_down_now(kind, now),
            Phase::Up
            | Phase::StopUnits { .. }
            | Phase::Terminate { .. }
            | Phase::Kill { .. }
            | Phase::Finish { .. }
            | Phase::Off => return false,
        }
        true
    }

    pub(super) fn on_children_gone(&mut self, now: Instant) {
        match self.phase {
            Phase::Terminate { kind, .. } | Phase::Kill { kind, .. } => {
                self.enter_finish(kind, now);
            }
            // Nothing follows from it: a board may have no children.
            Phase::Up | Phase::StopUnits { .. } | Phase::Finish { .. } | Phase::Off => {}
        }
    }

    pub(super) fn on_finisher_spawned(&mut self, child: Pid) {
        match &mut self.phase {
            Phase::Finish { pid, .. } => *pid = Some(child),
            Phase::Up
            | Phase::StopUnits { .. }
            | Phase::Terminate { .. }
            | Phase::Kill { .. }
            | Phase::Off => bug!("a spawn is answered before anything else happens"),
        }
    }

    pub(super) fn on_finisher_gone(&mut self, now: Instant) {
        match self.phase {
            Phase::Finish { kind, .. } => self.shut_down_now(kind, now),
            Phase::Up
            | Phase::StopUnits { .. }
            | Phase::Terminate { .. }
            | Phase::Kill { .. }
            | Phase::Off => bug!("only one phase has a finisher"),
        }
    }

    /// The target that is reached on the way down, with what it starts there.
    fn target_of_end(&self, kind: ShutdownKind) -> Option<UnitId> {
        if !features::SHUTDOWN_UNITS || kind == ShutdownKind::SwitchRoot {
            return None;
        }
        let mut related = self.table.ids().filter(|&unit| self.units.at(unit).related);
        related.find(|&unit| self.table.edges(unit).relations().ends == Some(kind))
    }

    fn all_units_are_down(&self, kind: ShutdownKind) -> bool {
        self.jobs_pending == 0
            && (self.target_of_end(kind).is_some()
                || self.table.ids().all(|unit| {
                    let state = self.units.at(unit);
                    if state.stays() || self.moves_along(unit) {
                        return true;
                    }
                    match state.active() {
                        ActiveState::Inactive | ActiveState::Failed => true,
                        ActiveState::Activating
                        | ActiveState::Active
                        | ActiveState::Reloading
                        | ActiveState::Deactivating => false,
                    }
                }))
    }

    /// A mount that stays where it is when PID 1 moves on: the real root, and what is below it.
    pub(super) fn moves_along(&self, unit: UnitId) -> bool {
        if !features::SWITCH_ROOT {
            return false;
        }
        let (Phase::StopUnits { kind: ShutdownKind::SwitchRoot, .. }, KindState::Mount(_)) =
            (self.phase, &self.units.at(unit).kind)
        else {
            return false;
        };
        let rest = self.table.name(unit).strip_prefix("sysroot");
        rest.is_some_and(|rest| rest.starts_with(['.', '-']))
    }

    fn enter_terminate(&mut self, kind: ShutdownKind, now: Instant) {
        self.phase = Phase::Terminate { kind, deadline: now.after(TERMINATE_TIMEOUT) };
        self.note(Trace::Shutdown { kind, step: ShutdownStep::Terminate }, now);
        self.push(Action::KillAll { signal: SIGTERM });
    }

    fn enter_kill(&mut self, kind: ShutdownKind, now: Instant) {
        self.phase = Phase::Kill { kind, deadline: now.after(KILL_TIMEOUT) };
        self.note(Trace::Shutdown { kind, step: ShutdownStep::Kill }, now);
        self.push(Action::KillAll { signal: SIGKILL });
    }

    fn enter_finish(&mut self, kind: ShutdownKind, now: Instant) {
        let deadline = now.after(FINISH_TIMEOUT);
        self.phase = Phase::Finish { kind, deadline, pid: None };
        self.note(Trace::Shutdown { kind, step: ShutdownStep::Finish }, now);
        self.push(Action::Work(match kind {
            ShutdownKind::SwitchRoot => Work::LeaveInitramfs,
            ShutdownKind::Poweroff
            | ShutdownKind::Reboot
            | ShutdownKind::Halt
            | ShutdownKind::Kexec => Work::LeaveAll,
        }));
    }
}
