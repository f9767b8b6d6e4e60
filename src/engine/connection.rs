//! Connections of `Accept=yes` sockets, from the queue to the end of their process.

use core::net::Ipv4Addr;

use unit::control::{JobResult, Peer};
use unit::{ListenerId, Millis, Prefix, Seq, UnitId};

use super::action::{Action, CommandList, CommandRef, Target};
use super::event::{AcceptFailure, InstanceId, Pid, Process, SpawnError};
use super::instance::{INSTANCE_PATIENCE, Instance, SlotState, State, Template};
use super::manager::Engine;
use super::service::spawn_retry;
use super::socket::{self, Socket};
use super::state::{KindState, UnitState};
use super::time::Instant;
use super::trace::Trace;
use crate::features;

/// Pause of a listener when the board has no descriptor or memory for a connection.
const EXHAUSTED_PAUSE: Millis = Millis(250);
const SIGKILL: u8 = 9;
const SIGCONT: u8 = 18;

/// True of a socket that does not serve everybody.
pub(super) fn is_choosy(config: &unit::Socket<'_>) -> bool {
    let has_lists = !config.allow.is_empty() || !config.deny.is_empty();
    features::SOURCE_LIMITS && config.max_connections_per_source > 0
        || features::ACCESS_LISTS && has_lists
}

/// `IPAddressAllow=` before `IPAddressDeny=`, and what neither holds is let in:
/// systemd.resource-control(5). AF_UNIX and AF_VSOCK have no addresses to deny.
fn is_let_in(config: &unit::Socket<'_>, peer: Peer) -> bool {
    if !features::ACCESS_LISTS {
        return true;
    }
    let address = match peer {
        Peer::V4(address, _) => Ipv4Addr::from(address).to_ipv6_mapped().octets(),
        Peer::V6(address, _) => address,
        Peer::Unix { .. } | Peer::Vsock(..) => return true,
    };
    let held = |prefixes: Seq<'_, Prefix>| prefixes.iter().any(|prefix| prefix.holds(&address));
    held(config.allow) || !held(config.deny)
}

impl Engine<'_, '_> {
    pub(super) fn on_readable(&mut self, listener: ListenerId, now: Instant) {
        let unit = self.listeners.at(listener).owner;
        let config = self.table.socket(unit);
        if !self.socket(unit).is_watched() {
            // Ignored: reported before it was no longer watched.
            return;
        }
        let limit = &mut self.listeners.at_mut(listener).limit;
        if limit.paused_until.is_some_and(|until| until > now) {
            self.push(Action::UnwatchListener(listener));
            return;
        }
        if let Err(until) = limit.polls.take(config.poll_limit, now) {
            self.pause_listener(listener, until, now);
            return;
        }
        if config.accept {
            self.accept(unit, &config, listener, now);
        } else {
            self.note(Trace::Triggered { listener, unit: config.service }, now);
            self.socket_step(unit, socket::Input::Readable, now);
        }
    }

    pub(super) fn expire_listener(&mut self, listener: ListenerId) {
        let place = self.listeners.at_mut(listener);
        place.limit.paused_until = None;
        let unit = place.owner;
        if self.socket(unit).is_watched() {
            self.push(Action::WatchListener(listener));
        }
    }

    fn pause_listener(&mut self, listener: ListenerId, until: Instant, now: Instant) {
        let place = self.listeners.at_mut(listener);
        place.limit.paused_until = Some(until);
        let unit = place.owner;
        self.note_deadline(Some(until));
        self.note(Trace::Paused { unit, until }, now);
        self.push(Action::UnwatchListener(listener));
    }

    fn accept(
        &mut self,
        unit: UnitId,
        config: &unit::Socket<'_>,
        listener: ListenerId,
        now: Instant,
    ) {
        let template = self.template(config.service);
        let stopping = !matches!(template.state, State::Open);
        let socket = self.socket(unit);
        if let Err(until) = socket.triggers.take(config.trigger_limit, now) {
            self.socket_step(unit, socket::Input::TriggerLimitHit(until), now);
            return;
        }
        if stopping || socket.connections >= config.max_connections {
            self.count_refused(unit, now);
            self.push(Action::Refuse(listener));
            return;
        }
        socket.connections += 1;
        let (first, slots) = self.slots_of(unit);
        let Some(free) = slots.iter().position(|slot| slot.state == SlotState::Free) else {
            bug!("connections are counted");
        };
        let instance = InstanceId(first + free as u16);
        *self.instances.at_mut(instance) =
            Instance { state: SlotState::Accepting, socket: unit, ..Instance::FREE };
        self.push(Action::Accept { listener, instance });
    }

    pub(super) fn on_accepted(&mut self, instance: InstanceId, peer: Peer, now: Instant) {
        let unit = self.instance(instance).socket;
        let is_asked = self.instance(instance).state == SlotState::Accepting;
        ensure!(is_asked, "an answer to accept(2) has a place");
        let Socket { service, is_choosy, .. } = *self.socket(unit);
        if is_choosy && self.is_unwelcome(unit, peer) {
            self.count_refused(unit, now);
            self.push(Action::Drop(instance));
            self.free(instance);
            return;
        }
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let socket = self.socket(unit);
        socket.accepted = socket.accepted.wrapping_add(1);
        let slot = self.instances.at_mut(instance);
        slot.peer = peer;
        slot.number = number;
        slot.state =
            SlotState::Spawning { retry_at: None, give_up_at: now.after(INSTANCE_PATIENCE) };
        self.note(Trace::Connected { unit, instance }, now);
        self.spawn_instance(service, instance);
    }

    /// True if it is not let in, or its source has as many connections as it may.
    fn is_unwelcome(&self, unit: UnitId, peer: Peer) -> bool {
        if !features::SOURCE_LIMITS && !features::ACCESS_LISTS {
            return false;
        }
        let config = self.table.socket(unit);
        let most = usize::from(config.max_connections_per_source);
        let (_, slots) = self.slots_of(unit);
        let count = || slots.iter().filter(|slot| slot.is_of_source(peer)).count();
        !is_let_in(&config, peer) || features::SOURCE_LIMITS && most > 0 && count() >= most
    }

    pub(super) fn on_accept_failed(
        &mut self,
        instance: Option<InstanceId>,
        listener: ListenerId,
        failure: AcceptFailure,
        now: Instant,
    ) {
        if let Some(instance) = instance {
            let is_asked = self.instance(instance).state == SlotState::Accepting;
            ensure!(is_asked, "an answer to accept(2) has a place");
            self.free(instance);
        }
        match failure {
            AcceptFailure::Gone => {}
            AcceptFailure::Exhausted(_) => {
                self.pause_listener(listener, now.after(EXHAUSTED_PAUSE), now);
            }
            AcceptFailure::Broken(_) => self.on_hung_up(listener, now),
        }
    }

    pub(super) fn on_instance_spawned(&mut self, instance: InstanceId, pid: Pid, now: Instant) {
        self.instances.at_mut(instance).state = SlotState::Running { pid };
        let template = self.template_of(instance);
        self.count_alive(template, 1, now);
        // The order to stop came while this one waited for its process: it belongs to it too.
        let signal = match self.template(template).state {
            State::Open => return,
            State::StopSigterm { .. } => self.table.service(template).kill_signal,
            State::StopSigkill { .. } => SIGKILL,
        };
        self.push(Action::Kill { target: Target::Child(pid), signal });
    }

    pub(super) fn on_instance_spawn_failed(
        &mut self,
        instance: InstanceId,
        error: SpawnError,
        now: Instant,
    ) {
        let template = self.template_of(instance);
        let slot = self.instances.at_mut(instance);
        match (&mut slot.state, spawn_retry(error)) {
            (SlotState::Spawning { retry_at, .. }, Some(pause)) => {
                *retry_at = Some(now.after(pause));
                let deadline = slot.deadline();
                self.note_deadline(deadline);
            }
            (SlotState::Spawning { .. }, None) => {
                self.note(Trace::SpawnFailed { unit: template, error }, now);
                self.give_up(instance, now);
            }
            (SlotState::Free | SlotState::Accepting | SlotState::Running { .. }, _) => {
                bug!("a spawn is answered before anything else happens")
            }
        }
    }

    pub(super) fn on_instance_exited(
        &mut self,
        instance: InstanceId,
        error: Option<SpawnError>,
        now: Instant,
    ) {
        let template = self.template_of(instance);
        if let Some(error) = error {
            self.note(Trace::SpawnFailed { unit: template, error }, now);
        }
        self.free(instance);
        self.count_alive(template, -1, now);
    }

    pub(super) fn expire_instance(&mut self, instance: InstanceId, now: Instant) {
        let template = self.template_of(instance);
        let wanted = self.phase.is_up() && self.template(template).state == State::Open;
        match &mut self.instances.at_mut(instance).state {
            SlotState::Spawning { give_up_at, .. } if !wanted || *give_up_at <= now => {
                self.give_up(instance, now);
            }
            SlotState::Spawning { retry_at, .. } => {
                *retry_at = None;
                self.spawn_instance(template, instance);
            }
            SlotState::Free | SlotState::Accepting | SlotState::Running { .. } => {
                bug!("these states have no deadline")
            }
        }
    }

    pub(super) fn expire_template(&mut self, unit: UnitId, now: Instant) {
        let before = self.units.at(unit).before();
        let state = match self.template(unit).state {
            State::StopSigterm { .. } => {
                let timeout = self.table.service(unit).timeout_stop;
                let target = Target::Instances(unit);
                self.push(Action::Kill { target, signal: SIGKILL });
                State::StopSigkill { deadline: timeout.map(|timeout| now.after(timeout)) }
            }
            // What SIGKILL does not end is stuck in the kernel: it is given up, not waited for.
            State::StopSigkill { .. } => State::Open,
            State::Open => bug!("this state has no deadline"),
        };
        self.template(unit).state = state;
        self.changed(unit, before, now);
        if state == State::Open && self.units.at(unit).job.is_some() {
            self.finish_job(unit, JobResult::Timeout, now);
        }
    }

    /// The slots of a socket's instances, and the number of the first.
    pub(super) fn slots_of(&self, socket: UnitId) -> (u16, &[Instance]) {
        let UnitState { first, slots, .. } = *self.units.at(socket);
        let begin = usize::from(first);
        (first, &self.instances[begin..begin + usize::from(slots)])
    }

    /// The instance of this socket that has this process.
    pub(super) fn instance_of(&self, socket: UnitId, pid: Pid) -> Option<InstanceId> {
        let (first, slots) = self.slots_of(socket);
        let place = slots.iter().position(|slot| slot.pid() == Some(pid))?;
        Some(InstanceId(first + place as u16))
    }

    fn spawn_instance(&mut self, template: UnitId, instance: InstanceId) {
        self.push(Action::Spawn {
            process: Process::Instance(instance),
            command: CommandRef { unit: template, list: CommandList::Start, index: 0 },
            main_pid: None,
        });
    }

    fn give_up(&mut self, instance: InstanceId, now: Instant) {
        let unit = self.instance(instance).socket;
        self.push(Action::Drop(instance));
        self.count_refused(unit, now);
        self.free(instance);
    }

    fn free(&mut self, instance: InstanceId) {
        let slot = self.instances.at_mut(instance);
        ensure!(slot.state != SlotState::Free, "a slot is freed once");
        let unit = slot.socket;
        *slot = Instance::FREE;
        let socket = self.socket(unit);
        socket.connections -= 1;
    }

    fn count_refused(&mut self, unit: UnitId, now: Instant) {
        let socket = self.socket(unit);
        socket.refused = socket.refused.wrapping_add(1);
        self.note(Trace::Refused { unit }, now);
    }

    /// Stops every instance of a template.
    pub(super) fn stop_template(&mut self, unit: UnitId, now: Instant) {
        let before = self.units.at(unit).before();
        let config = self.table.service(unit);
        let template = self.template(unit);
        let open = match template.state {
            State::Open => true,
            State::StopSigterm { .. } | State::StopSigkill { .. } => false,
        };
        if open && template.alive > 0 {
            let deadline = config.timeout_stop.map(|timeout| now.after(timeout));
            let state = State::StopSigterm { deadline };
            template.state = state;
            let target = Target::Instances(unit);
            self.push(Action::Kill { target, signal: config.kill_signal });
            self.push(Action::Kill { target, signal: SIGCONT });
        }
        self.changed(unit, before, now);
    }

    fn count_alive(&mut self, unit: UnitId, change: i16, now: Instant) {
        let before = self.units.at(unit).before();
        let template = self.template(unit);
        template.alive = template
            .alive
            .checked_add_signed(change)
            .unwrap_or_else(|| bug!("an instance ends once"));
        if template.alive == 0 {
            template.state = State::Open;
        }
        self.changed(unit, before, now);
    }

    /// The service that an instance is of.
    fn template_of(&mut self, instance: InstanceId) -> UnitId {
        let unit = self.instance(instance).socket;
        self.socket(unit).service
    }

    pub(super) fn template(&mut self, unit: UnitId) -> &mut Template {
        let KindState::Template(template) = &mut self.units.at_mut(unit).kind else {
            bug!("not a per-connection service")
        };
        template
    }
}
