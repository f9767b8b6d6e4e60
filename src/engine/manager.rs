//! The whole: units with their jobs and deadlines, fed by [`Engine::step`].
//!
//! Every step touches one unit. What follows for others is written down (a job, a note to look
//! again) and done one piece at a time by [`Engine::next_action`]: no recursion, and no queue
//! whose length depends on the board.

use heapless::Deque;
use unit::control::{ActiveState, ShutdownKind};
use unit::{Emergency, Kind, ListenerId, Table, UnitId};

use crate::features;

use super::action::Action;
use super::connection;
use super::deadline::Schedule;
use super::event::{Event, InstanceId, Pid};
use super::instance::{Instance, Template};
use super::job::Waiter;
use super::mount::Mount;
use super::path::{self, Path};
use super::places::Places;
use super::service::{self, Service};
use super::shutdown::Phase;
use super::socket::{self, Socket};
use super::state::{Before, Counters, Extra, KindState, ListenerState, Storage, UnitState};
use super::status::StatusText;
use super::time::{Bucket, Instant};
use super::timer::Timer;
use super::trace::{Record, Ring, Trace};
use super::trigger::Luck;

/// Control clients at once.
pub const CLIENTS: usize = 8;
/// Actions that may be waiting to be executed: what one step asks for, and what the answers to
/// those ask for while they are executed.
const ACTIONS_MAX: usize = 64;

/// The engine.
#[derive(Debug)]
pub struct Engine<'t, 's> {
    pub(super) table: Table<'t>,
    pub(super) units: Places<'s, UnitId, UnitState>,
    pub(super) listeners: Places<'s, ListenerId, ListenerState>,
    pub(super) instances: Places<'s, InstanceId, Instance>,
    pub(super) status: &'s mut [StatusText],
    pub(super) extras: &'s mut [Extra],
    pub(super) waiters: [Option<Waiter>; CLIENTS],
    pub(super) phase: Phase,
    pub(super) jobs_pending: u16,
    /// Where the search for a job that can run goes on, and how many units it still has to see.
    pub(super) job_search: (u16, u16),
    /// Services of `Type=idle` may be waiting for the last job to end.
    idle_pending: bool,
    pub(super) reboot_argument: &'t str,
    pub(super) dirty_pending: u16,
    /// Units with something to follow.
    pub(super) follow_pending: u16,
    pub(super) next_number: u32,
    pub(super) boot_finished_at: Option<Instant>,
    /// What a boot starts.
    pub(super) boot_target: UnitId,
    /// How often Ctrl-Alt-Del was pressed lately.
    pub(super) presses: Bucket,
    /// When PID 1 was started.
    pub(super) startup: Instant,
    /// Microseconds that the clock on the wall is before that of [`Instant`].
    pub(super) wall_us: i64,
    pub(super) luck: Luck,
    /// Figures about the whole.
    pub counters: Counters,
    actions: Deque<Action, ACTIONS_MAX>,
    trace: Ring,
    pub(super) schedule: Schedule,
}

impl<'t, 's> Engine<'t, 's> {
    /// An engine at rest.
    ///
    /// # Panics
    /// If the storage is not as long as the table asks for.
    pub fn new(table: Table<'t>, storage: Storage<'s>) -> Self {
        let Storage { units, listeners, instances, status, extras } = storage;
        let (mut units, mut listeners) = (Places::new(units), Places::new(listeners));
        ensure!(units.len() == table.len(), "one place per unit");
        let mut next_status = 0;
        let mut next_extra = 0;
        for id in table.ids() {
            let state = units.at_mut(id);
            *state = UnitState::NEW;
            let edges = table.edges(id);
            state.related = !edges.more.is_empty();
            // Who has neither has no such settings either.
            let may_have_extra = features::RELATIONS || features::JOB_TIMEOUTS;
            if may_have_extra && edges.relations().has_extra() {
                extras[next_extra].unit = id;
                next_extra += 1;
            }
            match table.kind(id) {
                Kind::Service(config) if config.per_connection => {
                    state.kind = KindState::Template(Template::NEW);
                }
                Kind::Service(_) => {
                    state.kind = KindState::Service(Service::NEW);
                    state.first = next_status;
                    next_status += 1;
                }
                Kind::Socket(config) => {
                    let service = config.service;
                    let is_choosy = connection::is_choosy(&config);
                    state.kind = KindState::Socket(Socket { service, is_choosy, ..Socket::NEW });
                    state.first = config.first_instance;
                    state.slots = config.max_connections;
                    let last = usize::from(config.first_instance + config.max_connections);
                    ensure!(last <= instances.len(), "a place per connection");
                    for listener in config.listener_ids() {
                        *listeners.at_mut(listener) =
                            ListenerState { owner: id, ..ListenerState::NEW };
                    }
                }
                Kind::Timer(_) if features::TIMERS => state.kind = KindState::Timer(Timer::NEW),
                Kind::Mount(config) if features::MOUNTS => {
                    state.kind = KindState::Mount(Mount::new(config.is_swap));
                }
                Kind::Path(_) if features::PATHS => state.kind = KindState::Path(Path::NEW),
                Kind::Target | Kind::Slice | Kind::Timer(_) | Kind::Mount(_) | Kind::Path(_) => {}
            }
        }
        ensure!(usize::from(next_status) <= status.len(), "a place per status text");
        Self {
            table,
            units,
            listeners,
            instances: Places::new(instances),
            status,
            extras,
            waiters: [None; CLIENTS],
            phase: Phase::Up,
            jobs_pending: 0,
            job_search: (0, 0),
            idle_pending: false,
            reboot_argument: "",
            dirty_pending: 0,
            follow_pending: 0,
            next_number: 0,
            boot_finished_at: None,
            boot_target: table.manager().default_target,
            presses: Bucket::NEW,
            startup: Instant::BOOT,
            wall_us: 0,
            luck: Luck::default(),
            counters: Counters::default(),
            actions: Deque::new(),
            trace: Ring::new(),
            schedule: Schedule::default(),
        }
    }

    /// Takes in one thing that happened.
    pub fn step(&mut self, event: Event<'_>, now: Instant) {
        match event {
            Event::Boot => {
                self.startup = now;
                self.on_boot(now);
            }
            Event::BootTarget(unit) => self.boot_target = unit,
            Event::Masked(unit) => self.on_masked(unit),
            Event::SocketOpened(unit) => {
                let view = self.service_view(unit);
                self.socket_step(unit, socket::Input::Opened(view), now);
            }
            Event::SocketOpenFailed { unit, listener, errno } => {
                self.note(Trace::OpenFailed { listener, unit, errno }, now);
                let failure = socket::OpenFailure { listener, errno };
                self.socket_step(unit, socket::Input::OpenFailed(failure), now);
            }
            Event::AddressAppeared => self.on_address_appeared(now),
            Event::Readable(listener) => self.on_readable(listener, now),
            Event::HungUp(listener) => self.on_hung_up(listener, now),
            Event::Accepted { instance, peer } => self.on_accepted(instance, peer, now),
            Event::AcceptFailed { instance, listener, failure } => {
                self.on_accept_failed(instance, listener, failure, now);
            }
            Event::PathTouched { unit, changed } => {
                self.path_step(unit, path::Input::Touched { changed }, now);
            }
            Event::Spawned { process, pid } => self.on_spawned(process, pid, now),
            Event::SpawnFailed { process, error } => self.on_spawn_failed(process, error, now),
            Event::SlotFreed => self.on_slot_freed(now),
            Event::Executed(unit) => self.service_step(unit, service::Input::Executed, now),
            Event::Exited { pid, exit, error } => {
                self.on_exited(pid, exit, error, now);
            }
            Event::ChildrenGone => self.on_children_gone(now),
            Event::GroupEmpty(unit) if features::SOCKET_COMMANDS && self.is_socket(unit) => {
                self.socket_step(unit, socket::Input::GroupEmpty, now);
            }
            Event::GroupEmpty(unit) => {
                self.service_step(unit, service::Input::GroupEmpty, now);
            }
            Event::GroupPopulated(unit) if features::SOCKET_COMMANDS && self.is_socket(unit) => {
                self.socket_step(unit, socket::Input::GroupPopulated, now);
            }
            Event::GroupPopulated(unit) => {
                self.service_step(unit, service::Input::GroupPopulated, now);
            }
            Event::Notified { pid, group, notification } => {
                self.on_notified(pid, group, notification, now);
            }
            Event::MainAdopted { unit, pid } => {
                self.service_step(unit, service::Input::MainAdopted(pid), now);
            }
            Event::MainMissing { unit, gone } => {
                self.service_step(unit, service::Input::MainMissing { gone }, now);
            }
            Event::Requested { client, root, request } => {
                self.on_requested(client, root, request, now);
            }
            Event::ClientGone(client) => self.forget_waiters_of(client),
            Event::StampTaken { unit, us } => self.on_stamp_taken(unit, us, now),
            Event::ClockChanged { wall_us } => self.on_clock_changed(wall_us),
            Event::CtrlAltDel => self.on_ctrl_alt_del(now),
            Event::Special(special) => self.on_special(special, now),
            Event::ShutdownSignal(kind) => self.begin_shutdown(kind, false, now),
        }
    }

    /// The next thing to do; `None` when all is done that can be done now. To be called until
    /// then after each [`Engine::step`].
    pub fn next_action(&mut self, now: Instant) -> Option<Action> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            // What a failure means for others comes before what waited for it goes on.
            let went_on = self.expire_one(now)
                || self.follow_one(now)
                || self.run_one_job(now)
                || self.start_one_idle(now)
                || self.look_again_at_one(now)
                || self.advance_shutdown(now);
            if !went_on {
                if self.schedule.stale {
                    self.find_soonest();
                }
                return None;
            }
        }
    }

    /// When [`Engine::next_action`] has something to do although nothing happened.
    pub fn next_deadline(&self) -> Option<Instant> {
        match (self.schedule.soonest, self.phase.deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// What happened lately.
    pub const fn trace(&self) -> &Ring {
        &self.trace
    }

    /// The table it runs.
    pub const fn table(&self) -> &Table<'t> {
        &self.table
    }

    /// What this boot starts: the default target, unless the command line says another unit.
    pub const fn boot_target(&self) -> UnitId {
        self.boot_target
    }

    /// True if a unit has stopped, or never was started.
    pub fn is_down(&self, unit: UnitId) -> bool {
        matches!(self.units.at(unit).active(), ActiveState::Inactive | ActiveState::Failed)
    }

    /// True for a socket unit: known without a look into the table.
    pub fn is_socket(&self, unit: UnitId) -> bool {
        matches!(self.units.at(unit).kind, KindState::Socket(_))
    }

    /// True for a socket, timer or path.
    pub fn starts_others(&self, unit: UnitId) -> bool {
        matches!(
            self.units.at(unit).kind,
            KindState::Socket(_) | KindState::Timer(_) | KindState::Path(_)
        )
    }

    /// A per-connection slot.
    pub fn instance(&self, instance: InstanceId) -> &Instance {
        self.instances.at(instance)
    }

    /// The processes of all instances of a per-connection service.
    pub fn instance_pids(&self, template: UnitId) -> impl Iterator<Item = Pid> + '_ {
        let config = self.table.service(template);
        config
            .sockets
            .iter()
            .flat_map(|socket| self.slots_of(socket).1.iter().filter_map(Instance::pid))
    }

    #[inline(never)]
    pub(super) fn push(&mut self, action: Action) {
        let pushed = self.actions.push_back(action);
        ensure!(pushed.is_ok(), "ACTIONS_MAX is what steps can ask for");
    }

    #[inline(never)]
    pub(super) fn note(&mut self, trace: Trace, now: Instant) {
        self.trace.push(Record { at: now, trace });
    }

    pub(super) fn service(&mut self, unit: UnitId) -> &mut Service {
        let KindState::Service(service) = &mut self.units.at_mut(unit).kind else {
            bug!("not a service that runs by itself")
        };
        service
    }

    pub(super) fn socket(&mut self, unit: UnitId) -> &mut Socket {
        let KindState::Socket(socket) = &mut self.units.at_mut(unit).kind else {
            bug!("not a socket")
        };
        socket
    }

    pub(super) fn service_step(&mut self, unit: UnitId, input: service::Input<'_>, now: Instant) {
        let config = self.table.service(unit);
        let before = self.units.at(unit).before();
        let outcome = self.service(unit).step(unit, &config, input, now);
        for action in outcome.actions {
            self.push(action);
        }
        if outcome.start {
            self.restart_by_itself(unit, now);
        }
        self.idle_pending |= features::IDLE && self.service(unit).waits_for_quiet();
        self.changed(unit, before, now);
        if !features::EMERGENCY_ACTIONS {
            return;
        }
        let argument = if features::REBOOT_ARGUMENTS && outcome.emergency != Emergency::None {
            self.table.edges(unit).relations().reboot_argument
        } else {
            ""
        };
        self.emergency(outcome.emergency, argument, now);
    }

    /// Draws the conclusions from a step: trace, times, deadlines, jobs, and who must look again.
    pub(super) fn changed(&mut self, unit: UnitId, before: Before, now: Instant) {
        let after = self.units.at(unit);
        let (old, new) = (before.deadline, after.deadline());
        let is_another = after.sub() != before.sub;
        self.schedule.stale |= old.is_some() && old != new && old == self.schedule.soonest;
        self.note_deadline(new);
        if is_another {
            self.tell_change(unit, before, now);
        }
        self.conclude_job(unit, now);
    }

    fn tell_change(&mut self, unit: UnitId, before: Before, now: Instant) {
        // A job may have waited for the end of what this unit was doing.
        self.search_jobs_anew();
        self.follow_state(unit, before);
        let state = self.units.at_mut(unit);
        state.changed_at = now;
        let reached = state.active() == ActiveState::Active && before.active != ActiveState::Active;
        if reached {
            state.active_at = now;
        }
        let (sub, result) = (state.sub(), state.result());
        // A template comes and goes with every connection: too often to be told. Its socket listens
        // whatever it does, and nothing else starts it.
        if !matches!(state.kind, KindState::Template(_)) {
            let is_service = state.service().is_some();
            self.note(Trace::State { unit, sub, result }, now);
            if is_service {
                self.let_sockets_look(unit);
            }
            self.tell_starters(unit, before.active, now);
        }
        if reached && unit == self.boot_target && self.boot_finished_at.is_none() {
            self.boot_finished_at = Some(now);
            self.note(Trace::BootFinished, now);
        }
    }

    /// No job is left: who has waited for that begins.
    fn start_one_idle(&mut self, now: Instant) -> bool {
        if !features::IDLE || !self.idle_pending || self.jobs_pending > 0 {
            return false;
        }
        let waits = |state: &UnitState| state.service().is_some_and(Service::waits_for_quiet);
        let waiting = self.units.iter().position(waits);
        self.idle_pending = waiting.is_some();
        if let Some(index) = waiting {
            self.service_step(UnitId(index as u16), service::Input::Quiet, now);
        }
        self.idle_pending
    }

    /// What a unit, a key or a late job has the board do. `argument` is for the kernel, if that is
    /// a reboot and the board is not on its way down already.
    pub(super) fn emergency(&mut self, emergency: Emergency, argument: &'t str, now: Instant) {
        if features::REBOOT_ARGUMENTS && emergency != Emergency::None && self.phase.is_up() {
            self.reboot_argument = argument;
        }
        match emergency {
            Emergency::None => {}
            Emergency::Reboot => self.begin_shutdown(ShutdownKind::Reboot, false, now),
            Emergency::RebootForce => self.begin_shutdown(ShutdownKind::Reboot, true, now),
            Emergency::RebootImmediate => self.shut_down_now(ShutdownKind::Reboot, now),
            Emergency::Poweroff => self.begin_shutdown(ShutdownKind::Poweroff, false, now),
            Emergency::PoweroffForce => self.begin_shutdown(ShutdownKind::Poweroff, true, now),
            Emergency::PoweroffImmediate => self.shut_down_now(ShutdownKind::Poweroff, now),
            Emergency::Halt => self.begin_shutdown(ShutdownKind::Halt, false, now),
            Emergency::HaltForce => self.begin_shutdown(ShutdownKind::Halt, true, now),
            Emergency::HaltImmediate => self.shut_down_now(ShutdownKind::Halt, now),
        }
    }
}
