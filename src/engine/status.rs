//! Requests, and the answers to them.

use unit::control::{
    ActiveState, Exit, InstanceStatus, KillWhom, ManagerStatus, Refusal, Reply, Request, Retry,
    SIGRTMAX, STATUS_TEXT_MAX, SystemState, UnitResult, UnitStatus, Verb,
};
use unit::{Kind, UnitId};

use super::action::{Action, Answer, Target};
use super::event::{ClientId, InstanceId, Pid};
use super::instance::SlotState;
use super::manager::Engine;
use super::service::{Input, Main};
use super::socket;
use super::state::{KindState, UnitState};
use super::time::Instant;
use super::{mount, path};
use crate::features;

/// What a service last said of itself, cut to [`STATUS_TEXT_MAX`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatusText {
    /// `ERRNO=`; 0 for none.
    pub(super) errno: u16,
    length: u8,
    bytes: [u8; STATUS_TEXT_MAX],
}

impl StatusText {
    /// Nothing said.
    pub const EMPTY: Self = Self { errno: 0, length: 0, bytes: [0; STATUS_TEXT_MAX] };

    /// Takes as many whole characters of the text as fit.
    pub fn set(&mut self, text: &str) {
        let fits = |&length: &usize| text.is_char_boundary(length);
        let longest = text.len().min(STATUS_TEXT_MAX);
        let length = (0..=longest).rev().find(fits).unwrap_or(0);
        self.bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.length = length as u8;
    }

    /// A new run says for itself. What was never used stays untouched.
    pub(super) const fn clear(&mut self) {
        if self.length > 0 || self.errno > 0 {
            (self.length, self.errno) = (0, 0);
        }
    }

    /// The text.
    pub fn get(&self) -> &str {
        let Ok(text) = core::str::from_utf8(&self.bytes[..usize::from(self.length)]) else {
            bug!("only whole characters are kept");
        };
        text
    }
}

impl Engine<'_, '_> {
    pub(super) fn on_requested(
        &mut self,
        client: ClientId,
        root: bool,
        request: Option<Request>,
        now: Instant,
    ) {
        let answer = match request {
            None => Some(Answer::Refused(Refusal::Malformed)),
            Some(request) if request.table != self.table.crc() => {
                Some(Answer::Refused(Refusal::OtherTable))
            }
            Some(request) => self.answer(client, root, request.verb, now),
        };
        if let Some(answer) = answer {
            self.push(Action::Reply { client, answer });
        }
    }

    /// The answer to a request, or `None` if the client waits for a job.
    fn answer(&mut self, client: ClientId, root: bool, verb: Verb, now: Instant) -> Option<Answer> {
        let (unit, changes) = match verb {
            Verb::Unit(unit) => (Some(unit), false),
            Verb::Instance(_) | Verb::Manager => (None, false),
            Verb::Job { unit, .. }
            | Verb::Kill { unit, .. }
            | Verb::Cancel(unit)
            | Verb::ResetFailed(unit)
            | Verb::CleanStored(unit) => (Some(unit), true),
            Verb::Shutdown { .. } => (None, true),
        };
        if changes && !root {
            return Some(Answer::Refused(Refusal::NotPermitted));
        }
        if unit.is_some_and(|unit| unit.index() >= self.units.len()) {
            return Some(Answer::Refused(Refusal::NoSuchUnit));
        }
        match verb {
            Verb::Unit(unit) => Some(Answer::Unit(unit)),
            Verb::Instance(from) => Some(self.instance_from(from)),
            Verb::Manager => Some(Answer::Manager),
            Verb::Job { order, unit, mode, wait } => {
                self.answer_job(client, (order, unit, mode), wait, now)
            }
            Verb::Cancel(unit) => Some(self.cancel_job(unit, now)),
            Verb::Kill { unit, signal, whom } => Some(self.answer_kill(unit, signal, whom)),
            Verb::ResetFailed(unit) => Some(self.reset_failed(unit, now)),
            Verb::CleanStored(unit) => Some(self.clean_stored(unit)),
            Verb::Shutdown { kind, force } => {
                self.begin_shutdown(kind, force, now);
                Some(Answer::Done)
            }
        }
    }

    fn instance_from(&self, from: u16) -> Answer {
        let behind = self.instances.iter().enumerate().skip(usize::from(from));
        let mut alive = behind.filter(|(_, slot)| match slot.state {
            SlotState::Free | SlotState::Accepting => false,
            SlotState::Spawning { .. } | SlotState::Running { .. } => true,
        });
        match alive.next() {
            Some((place, _)) => Answer::Instance(InstanceId(place as u16)),
            None => Answer::Done,
        }
    }

    fn answer_kill(&mut self, unit: UnitId, signal: u8, whom: KillWhom) -> Answer {
        if !(1..=SIGRTMAX).contains(&signal) {
            return Answer::Refused(Refusal::NotSupported);
        }
        let target = match &self.units.at(unit).kind {
            KindState::Service(service) => match (whom, service.main(), service.control()) {
                // As in systemd: all of them are signalled, if there are none.
                (KillWhom::All, None, None) => return Answer::Done,
                (KillWhom::Control, _, control) => control.map(Target::Child),
                (KillWhom::All, main, control) => {
                    Some(Target::Group { unit, leaders: [main.map(Main::pid), control] })
                }
                (KillWhom::Main, Some(Main::Child(pid)), _) => Some(Target::Child(pid)),
                (KillWhom::Main, Some(Main::Adopted(_)), _) => Some(Target::Adopted(unit)),
                (KillWhom::Main, None, _) => None,
            },
            KindState::Template(template) => match (whom, template.alive) {
                (KillWhom::All, 0) => return Answer::Done,
                (KillWhom::Main, 0) | (KillWhom::Control, _) => None,
                (KillWhom::All | KillWhom::Main, _) => Some(Target::Instances(unit)),
            },
            KindState::Socket(socket) => match (whom, socket.control()) {
                (KillWhom::Main, _) => return Answer::Refused(Refusal::NotSupported),
                (KillWhom::Control, control) => control.map(Target::Child),
                (KillWhom::All, None) => return Answer::Done,
                (KillWhom::All, control) => Some(Target::Group { unit, leaders: [None, control] }),
            },
            KindState::Target { .. }
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => {
                return Answer::Refused(Refusal::NotSupported);
            }
        };
        match target {
            Some(target) => {
                self.push(Action::Kill { target, signal });
                Answer::Done
            }
            None => Answer::Refused(Refusal::NoProcess),
        }
    }

    fn reset_failed(&mut self, unit: UnitId, now: Instant) -> Answer {
        match self.units.at(unit).kind {
            KindState::Service(_) => self.service_step(unit, Input::ResetFailed, now),
            KindState::Socket(_) => self.socket_step(unit, socket::Input::ResetFailed, now),
            KindState::Mount(_) => self.mount_step(unit, mount::Input::ResetFailed, now),
            KindState::Path(_) => self.path_step(unit, path::Input::ResetFailed, now),
            KindState::Target { .. } | KindState::Template(_) | KindState::Timer(_) => {}
        }
        Answer::Done
    }

    /// As in systemd a failed unit is not down, and neither is one with a job.
    fn clean_stored(&mut self, unit: UnitId) -> Answer {
        if !features::FD_STORE {
            return Answer::Refused(Refusal::NotSupported);
        }
        let state = self.units.at(unit);
        let KindState::Service(_) = state.kind else {
            return Answer::Refused(Refusal::NotSupported);
        };
        if state.active() != ActiveState::Inactive || state.job.is_some() {
            return Answer::Refused(Refusal::Busy);
        }
        self.push(Action::ReleaseStored(unit));
        Answer::Done
    }

    /// The contents of an answer, at the moment at which it is sent.
    pub fn reply(&self, answer: Answer, now: Instant) -> Reply<'_> {
        match answer {
            Answer::Done => Reply::Done,
            Answer::Failed(result) => Reply::Failed(result),
            Answer::Refused(refusal) => Reply::Refused(refusal),
            Answer::Unit(unit) => Reply::Unit(self.unit_status(unit)),
            Answer::Instance(instance) => {
                let slot = self.instance(instance);
                Reply::Instance(InstanceStatus {
                    slot: instance.0,
                    socket: slot.socket,
                    number: slot.number,
                    pid: slot.pid().map_or(0, |pid| pid.0),
                    peer: slot.peer,
                })
            }
            Answer::Manager => Reply::Manager(self.manager_status(now)),
        }
    }

    fn unit_status(&self, unit: UnitId) -> UnitStatus<'_> {
        let state = self.units.at(unit);
        let mut status = UnitStatus {
            unit,
            active: state.active(),
            sub: state.sub(),
            result: state.result(),
            job: state.job.map(|job| job.kind),
            checked: state.checked,
            job_running: state.job.is_some_and(|job| job.running),
            state_change_us: state.changed_at.us(),
            active_enter_us: state.active_at.us(),
            main_pid: 0,
            control_pid: 0,
            exit: None,
            restarts: 0,
            triggered: 0,
            accepted: 0,
            held: 0,
            refused: 0,
            next_us: 0,
            last_us: 0,
            stamp_us: 0,
            retry: None,
            status_errno: 0,
            status_text: "",
        };
        match &state.kind {
            KindState::Target { .. } | KindState::Path(_) | KindState::Mount(_) => {}
            KindState::Timer(_) if !features::TIMERS => {}
            KindState::Timer(timer) => {
                status.next_us = timer.due().map_or(0, |at| at.us());
                status.last_us = timer.elapsed_at.map_or(0, |at| at.us());
                status.stamp_us = timer.elapsed_before_us(self.wall_us);
            }
            KindState::Service(service) => {
                status.main_pid = service.main().map_or(0, |main| main.pid().0);
                status.control_pid = service.control().map_or(0, |Pid(pid)| pid);
                status.exit = service.exit;
                status.restarts = service.restarts;
                let said = &self.status[usize::from(state.first)];
                (status.status_text, status.status_errno) = (said.get(), said.errno);
            }
            KindState::Socket(socket) => {
                status.triggered = socket.triggered;
                status.accepted = socket.accepted;
                status.held = u32::from(socket.connections);
                status.refused = socket.refused;
                status.control_pid = socket.control().map_or(0, |Pid(pid)| pid);
                status.retry = socket.retry().map(|(why, at)| Retry {
                    listener: why.listener,
                    errno: why.errno.0,
                    at_us: at.us(),
                });
            }
            KindState::Template(template) => status.held = u32::from(template.alive),
        }
        status
    }

    fn manager_status(&self, now: Instant) -> ManagerStatus {
        let failed =
            self.units.iter().filter(|state| state.active() == ActiveState::Failed).count();
        let state = if !self.phase.is_up() {
            SystemState::Stopping
        } else if self.boot_finished_at.is_none() {
            SystemState::Starting
        } else if failed > 0 {
            SystemState::Degraded
        } else {
            SystemState::Running
        };
        ManagerStatus {
            state,
            failed: failed as u16,
            jobs: self.jobs_pending,
            now_us: now.us(),
            boot_finished_us: self.boot_finished_at.map_or(0, |at| at.us()),
            strangers_reaped: self.counters.strangers_reaped,
            notifications_dropped: self.counters.notifications_dropped,
            console_lines_dropped: self.counters.console_lines_dropped,
            watchdog: self.counters.watchdog,
            reset_by_watchdog: self.counters.reset_by_watchdog,
        }
    }

    /// The first of some units that has failed.
    pub fn first_failed(&self, units: unit::Ids<'_>) -> Option<UnitId> {
        units.iter().find(|&unit| self.units.at(unit).active() == ActiveState::Failed)
    }

    /// True once the board's run is to end.
    pub const fn is_ending(&self) -> bool {
        !self.phase.is_up()
    }

    /// True of the main or control process of a service.
    pub fn is_known(&self, pid: Pid) -> bool {
        self.units.iter().filter_map(UnitState::service).any(|service| {
            let main = service.main().map(Main::pid);
            main == Some(pid) || service.control() == Some(pid)
        })
    }

    /// How a service last ended: its result, and the end of its main process.
    pub fn ending(&self, unit: UnitId) -> (UnitResult, Option<Exit>) {
        let service = self.units.at(unit).service();
        service.map_or((UnitResult::Success, None), |service| (service.result, service.exit))
    }

    /// The sockets whose listeners a service's main process is passed, with each of them open.
    pub fn passed_sockets(&self, service: UnitId) -> impl Iterator<Item = UnitId> + '_ {
        let sockets = match self.table.kind(service) {
            Kind::Service(config) => config.sockets,
            Kind::Target
            | Kind::Slice
            | Kind::Socket(_)
            | Kind::Timer(_)
            | Kind::Path(_)
            | Kind::Mount(_) => unit::Ids::EMPTY,
        };
        // A socket's own commands may be passed its listeners, too.
        let own = Some(service).filter(|&unit| self.is_socket(unit));
        sockets.iter().chain(own).filter(|&socket| match &self.units.at(socket).kind {
            KindState::Socket(socket) => socket.is_open(),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_status_is_cut_between_characters() {
        let mut text = StatusText::EMPTY;
        text.set("well");
        assert_eq!(text.get(), "well");
        text.set(core::str::from_utf8(&[0xc3, 0xa9].repeat(STATUS_TEXT_MAX)).unwrap());
        assert_eq!(text.get().len(), STATUS_TEXT_MAX);
        text.set(core::str::from_utf8(&[0xe2, 0x82, 0xac].repeat(33)).unwrap());
        assert_eq!(text.get().chars().count(), STATUS_TEXT_MAX / 3);
    }
}
