//! Processes that PID 1 asked for or heard of, and the units they are of.

use unit::control::Exit;
use unit::{NotifyAccess, UnitId};

use crate::features;

use super::action::Action;
use super::event::{Errno, Pid, Process, SpawnError, Stage};
use super::manager::Engine;
use super::notify::{Notification, access};
use super::service::{self, Main, Service};
use super::state::KindState;
use super::time::Instant;
use super::trace::Trace;
use super::{socket, worker};

impl Engine<'_, '_> {
    pub(super) fn on_spawned(&mut self, process: Process, pid: Pid, now: Instant) {
        match process {
            Process::Main(unit) => {
                self.service_step(unit, service::Input::MainSpawned(pid), now);
            }
            Process::Control(unit) if features::SOCKET_COMMANDS && self.is_socket(unit) => {
                self.socket_step(unit, socket::Input::ControlSpawned(pid), now);
            }
            Process::Control(unit) => {
                self.service_step(unit, service::Input::ControlSpawned(pid), now);
            }
            Process::Instance(instance) => self.on_instance_spawned(instance, pid, now),
            Process::Checker(unit) => self.checker_step(unit, worker::Input::Spawned(pid), now),
            Process::Worker(unit) => self.worker_step(unit, worker::Input::Spawned(pid), now),
            Process::Finisher => self.on_finisher_spawned(pid),
        }
    }

    pub(super) fn on_spawn_failed(&mut self, process: Process, error: SpawnError, now: Instant) {
        match process {
            Process::Main(unit) | Process::Control(unit) => {
                self.note_spawn_failed(unit, error, now);
                if features::SOCKET_COMMANDS && self.is_socket(unit) {
                    self.socket_step(unit, socket::Input::SpawnFailed(error), now);
                } else {
                    self.service_step(unit, service::Input::SpawnFailed(error), now);
                }
            }
            Process::Instance(instance) => self.on_instance_spawn_failed(instance, error, now),
            Process::Checker(unit) => {
                self.note_spawn_failed(unit, error, now);
                self.checker_step(unit, worker::Input::SpawnFailed(error), now);
            }
            Process::Worker(unit) => {
                self.note_spawn_failed(unit, error, now);
                self.worker_step(unit, worker::Input::SpawnFailed(error), now);
            }
            Process::Finisher => self.on_finisher_gone(now),
        }
    }

    /// That others are before it in the queue for a slot is no failure.
    fn note_spawn_failed(&mut self, unit: UnitId, error: SpawnError, now: Instant) {
        if error.stage != Stage::Slot {
            self.note(Trace::SpawnFailed { unit, error }, now);
        }
    }

    /// Whoever lacks a child asks for it again: one at a time, as if its pause were over.
    pub(super) fn on_slot_freed(&mut self, now: Instant) {
        for state in self.units.iter_mut() {
            match &mut state.kind {
                KindState::Service(service) => service.hurry(now),
                KindState::Socket(socket) => socket.hurry(now),
                KindState::Target { .. }
                | KindState::Template(_)
                | KindState::Timer(_)
                | KindState::Path(_)
                | KindState::Mount(_) => {}
            }
        }
        for instance in self.instances.iter_mut() {
            instance.hurry(now);
        }
        self.note_deadline(Some(now));
    }

    pub(super) fn on_exited(
        &mut self,
        pid: Pid,
        exit: Exit,
        error: Option<SpawnError>,
        now: Instant,
    ) {
        if self.phase.finisher() == Some(pid) {
            self.on_finisher_gone(now);
            return;
        }
        for (place, state) in self.units.iter().enumerate() {
            let unit = UnitId(place as u16);
            if state.is_checked_by(pid) {
                return self.on_checked(unit, exit, now);
            }
            if state.worker().is_some_and(|worker| worker.pid() == Some(pid)) {
                return self.on_worker_exited(unit, exit, now);
            }
            match &state.kind {
                KindState::Service(service) => {
                    let is_main = service.main().is_some_and(|main| main.pid() == pid);
                    if !is_main && service.control() != Some(pid) {
                        continue;
                    }
                    if let Some(error) = error {
                        self.note(Trace::SpawnFailed { unit, error }, now);
                    }
                    self.note(Trace::Exited { unit, pid, exit }, now);
                    let input = if is_main {
                        service::Input::MainExited(exit, error)
                    } else {
                        service::Input::ControlExited(exit)
                    };
                    self.service_step(unit, input, now);
                    return;
                }
                KindState::Socket(socket)
                    if features::SOCKET_COMMANDS && socket.control() == Some(pid) =>
                {
                    if let Some(error) = error {
                        self.note(Trace::SpawnFailed { unit, error }, now);
                    }
                    self.note(Trace::Exited { unit, pid, exit }, now);
                    let input = socket::Input::ControlExited(exit, self.service_view(unit));
                    self.socket_step(unit, input, now);
                    return;
                }
                KindState::Socket(socket) if socket.connections > 0 => {
                    if let Some(instance) = self.instance_of(unit, pid) {
                        self.on_instance_exited(instance, error, now);
                        return;
                    }
                }
                KindState::Socket(_)
                | KindState::Target { .. }
                | KindState::Template(_)
                | KindState::Timer(_)
                | KindState::Path(_)
                | KindState::Mount(_) => {}
            }
        }
        self.counters.strangers_reaped = self.counters.strangers_reaped.wrapping_add(1);
    }

    /// Which unit the sender of a message is of, if it is listened to.
    pub fn listened_to(&self, pid: Pid, group: Option<UnitId>) -> Option<UnitId> {
        let ours = self.table.ids().find_map(|unit| {
            let service = self.service_state(unit)?;
            if service.main().is_some_and(|main| main.pid() == pid) {
                return Some((unit, NotifyAccess::Main));
            }
            let is_control = features::NOTIFY_ACCESS && service.control() == Some(pid);
            is_control.then_some((unit, NotifyAccess::Exec))
        });
        let other = group.filter(|&unit| self.service_state(unit).is_some());
        let (unit, least) = ours.or(other.map(|unit| (unit, NotifyAccess::All)))?;
        let config = self.table.service(unit);
        (access(&config) >= least).then_some(unit)
    }

    /// True of a service that has stopped: with `for_good` only if nothing is to become of it.
    pub fn has_stopped(&self, unit: UnitId, for_good: bool) -> bool {
        if for_good {
            return self.is_down(unit) && self.units.at(unit).job.is_none();
        }
        self.is_down(unit) || self.service_state(unit).is_some_and(Service::waits_for_restart)
    }

    fn service_state(&self, unit: UnitId) -> Option<&Service> {
        self.units.at(unit).service()
    }

    pub(super) fn on_notified(
        &mut self,
        pid: Pid,
        group: Option<UnitId>,
        notification: Notification<'_>,
        now: Instant,
    ) {
        let Some(unit) = self.listened_to(pid, group) else {
            self.counters.notifications_dropped =
                self.counters.notifications_dropped.wrapping_add(1);
            return;
        };
        if let Some(text) = notification.status {
            let place = usize::from(self.units.at(unit).first);
            self.status[place].set(text);
        }
        if let Some(errno) = notification.errno {
            let place = usize::from(self.units.at(unit).first);
            self.status[place].errno = errno.0;
        }
        if let Some(errno @ Errno(1..)) = notification.errno {
            self.note(Trace::ServiceErrno { unit, errno }, now);
        }
        if let Some(main_pid) = notification.main_pid
            && self.service_state(unit).and_then(Service::main).map(Main::pid) != Some(main_pid)
        {
            self.push(Action::AdoptMain { unit, pid: main_pid });
        }
        self.service_step(unit, service::Input::Notified(notification), now);
    }
}
