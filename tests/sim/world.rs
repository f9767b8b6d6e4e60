//! A kernel made of tables: it does what the engine asks for, fails when the dice say so, and
//! lets time, clients and processes do as they like.

#[path = "invariants.rs"]
mod invariants;

use std::collections::{BTreeMap, BTreeSet};

use pilotlight::engine::path::{LOOK_AGAIN, LOOK_FAILED, LOOK_GOOD};
use pilotlight::engine::{
    AcceptFailure, Action, Answer, ClientId, Engine, Errno, Event, InstanceId, Instant,
    Notification, Pid, Ping, Process, SpawnError, Special, Stage, Target, Work,
};
use unit::control::{
    ActiveState, Exit, KillWhom, Order, Peer, Reply, Request, ShutdownKind, SubState, SystemState,
    UnitStatus, Verb,
};
use unit::{JobMode, KillMode, Kind, ListenerId, ServiceType, Table, UnitId};

use crate::prng::Prng;

const SIGKILL: u8 = 9;
const SIGCONT: u8 = 18;

const ORDERS: [Order; 7] = [
    Order::Start,
    Order::Stop,
    Order::Restart,
    Order::Reload,
    Order::TryRestart,
    Order::ReloadOrRestart,
    Order::TryReloadOrRestart,
];
/// All but that which keeps no order.
const MODES: [JobMode; 7] = [
    JobMode::Replace,
    JobMode::Replace,
    JobMode::ReplaceIrreversibly,
    JobMode::Fail,
    JobMode::Isolate,
    JobMode::Flush,
    JobMode::IgnoreRequirements,
];

/// A process that is not reaped.
#[derive(Clone, Copy)]
struct Proc {
    owner: Owner,
    /// It does not end on SIGTERM.
    stubborn: bool,
    /// It does not end at all: stuck in the kernel.
    stuck: bool,
    /// The last signal it was sent.
    asked: Option<u8>,
    /// It was sent a signal that ends it.
    dying: Option<u8>,
}

/// Whose a process is.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Known(Process),
    /// Left behind in a unit's group by its main process.
    Stray(UnitId),
}

/// What the kernel knows of a listener.
#[derive(Clone, Default)]
struct Listening {
    open: bool,
    watched: bool,
    /// Connections in its queue.
    queue: u32,
    broken: bool,
}

/// The world around an engine.
pub struct World<'t, 's> {
    pub engine: Engine<'t, 's>,
    pub now: Instant,
    pub prng: Prng,
    /// How far the clock on the wall is before ours.
    pub wall_us: i64,
    /// How often a system call fails, in percent.
    pub fault_percent: usize,
    table: Table<'t>,
    procs: BTreeMap<u32, Proc>,
    next_pid: u32,
    listeners: Vec<Listening>,
    /// Connections accepted and not yet handed over, by instance.
    held: BTreeMap<u16, ()>,
    watched_groups: Vec<UnitId>,
    masked: Option<UnitId>,
    watched_paths: BTreeSet<UnitId>,
    /// Services whose last spawn failed.
    lacking: BTreeSet<UnitId>,
    waiting_clients: Vec<ClientId>,
    /// How the board was asked to go down, once it was.
    pub over: Option<ShutdownKind>,
    log: Vec<String>,
    /// Of the engine's trace, what is in the log.
    seen: u32,
}

impl<'t, 's> World<'t, 's> {
    /// A world in which nothing runs.
    pub fn new(table: Table<'t>, engine: Engine<'t, 's>, listeners: usize, seed: u64) -> Self {
        Self {
            engine,
            now: Instant::at(1_000_000),
            prng: Prng::new(seed),
            wall_us: 0,
            fault_percent: 0,
            table,
            procs: BTreeMap::new(),
            next_pid: 100,
            listeners: vec![Listening::default(); listeners],
            held: BTreeMap::new(),
            watched_groups: Vec::new(),
            masked: None,
            watched_paths: BTreeSet::new(),
            lacking: BTreeSet::new(),
            waiting_clients: Vec::new(),
            over: None,
            log: Vec::new(),
            seen: 0,
        }
    }

    /// What happened, for a failure's report.
    pub fn log(&self) -> String {
        let skip = self.log.len().saturating_sub(400);
        let mut log = self.log[skip..].join("\n");
        for unit in self.table.ids() {
            let status = self.status(unit);
            let name = self.table.unit(unit).name;
            log += &format!("\n{unit:?} {name} {:?} job {:?}", status.sub, status.job);
        }
        log
    }

    /// Feeds an event and does everything that follows.
    pub fn feed(&mut self, event: Event<'_>) {
        assert!(self.over.is_none(), "nothing happens after reboot(2)");
        self.log.push(format!("{:>12} {event:?}", self.now.us()));
        self.engine.step(event, self.now);
        self.drain();
    }

    /// Lets the engine do what it has to do by now.
    pub fn drain(&mut self) {
        let mut budget = 20_000;
        self.note_trace();
        while let Some(action) = self.engine.next_action(self.now) {
            self.note_trace();
            self.log.push(format!("{:>12}     {action:?}", self.now.us()));
            self.execute(action);
            budget -= 1;
            assert!(budget > 0, "the engine never rests");
        }
        if self.over.is_none() {
            self.check();
        }
    }

    /// What the engine says of itself, among what happened.
    fn note_trace(&mut self) {
        for record in self.engine.trace().since(self.seen) {
            self.log.push(format!("{:>12}     = {:?}", self.now.us(), record.trace));
        }
        self.seen = self.engine.trace().written();
    }

    fn answer(&mut self, event: Event<'_>) {
        self.log.push(format!("{:>12}     -> {event:?}", self.now.us()));
        self.engine.step(event, self.now);
    }

    fn fails(&mut self) -> bool {
        let percent = self.fault_percent;
        self.prng.chance(percent)
    }

    fn execute(&mut self, action: Action) {
        match action {
            Action::OpenSocket(unit) => self.open_socket(unit),
            Action::CloseSocket(unit) => {
                for listener in self.listeners_of(unit) {
                    let place = &mut self.listeners[listener.index()];
                    assert!(place.open, "closed twice");
                    *place = Listening::default();
                }
            }
            Action::Flush(unit) => {
                for listener in self.listeners_of(unit) {
                    let place = &mut self.listeners[listener.index()];
                    assert!(place.open && !place.watched, "flushed before anybody looks");
                    place.queue = 0;
                }
            }
            Action::Watch(unit) => self.set_watched(unit, true),
            Action::Unwatch(unit) => self.set_watched(unit, false),
            Action::WatchListener(listener) => self.listeners[listener.index()].watched = true,
            Action::UnwatchListener(listener) => {
                self.listeners[listener.index()].watched = false;
            }
            Action::Accept { listener, instance } => self.accept(listener, instance),
            Action::Refuse(listener) => {
                let place = &mut self.listeners[listener.index()];
                assert!(place.open, "refused on a closed listener");
                place.queue = place.queue.saturating_sub(1);
            }
            Action::Drop(instance) => {
                assert!(self.held.remove(&instance.0).is_some(), "dropped what is not held");
            }
            Action::Spawn { process, command, .. } => {
                self.check_order(process, command);
                self.spawn(process, command.unit);
            }
            Action::Kill { target, signal } => self.kill(target, signal),
            Action::WatchGroup(unit) => {
                if self.group(unit).is_empty() {
                    self.answer(Event::GroupEmpty(unit));
                } else {
                    self.watched_groups.push(unit);
                    self.answer(Event::GroupPopulated(unit));
                }
            }
            Action::AdoptMain { unit, pid } => {
                let group = self.group(unit);
                if group.contains(&pid.0) {
                    self.answer(Event::MainAdopted { unit, pid });
                    self.note_adoption(unit, pid);
                }
            }
            Action::FindMain(unit) => self.find_main(unit),
            Action::RemovePidFile(_) => {}
            Action::WatchPath { unit, targets } => self.watch_path(unit, targets),
            Action::ReleaseStored(_) => {}
            Action::UnwatchPath(unit) => drop(self.watched_paths.remove(&unit)),
            Action::TakeStamp(unit) => self.take_stamp(unit),
            Action::Reply { client, answer } => {
                let _: Reply<'_> = self.engine.reply(answer, self.now);
                self.waiting_clients.retain(|waiting| *waiting != client);
            }
            Action::KillAll { signal } => {
                let everybody: Vec<u32> = self.procs.keys().copied().collect();
                for pid in everybody {
                    self.signal(pid, signal);
                }
                if self.procs.is_empty() {
                    self.answer(Event::ChildrenGone);
                }
            }
            Action::Work(work) => {
                let unit = match work {
                    Work::Check(unit) => {
                        self.check_after(unit);
                        unit
                    }
                    Work::Mount(unit) => {
                        if self.table.checks(unit).is_empty() {
                            self.check_after(unit);
                        }
                        unit
                    }
                    Work::Unmount(unit) | Work::ReadStamp(unit) | Work::WriteStamp(unit) => unit,
                    Work::Look(unit) => {
                        self.watched_paths.remove(&unit);
                        unit
                    }
                    Work::LeaveAll | Work::LeaveInitramfs => UnitId(0),
                };
                self.spawn(work.process(), unit);
            }
            Action::Shutdown(kind) => {
                assert!(self.over.is_none(), "reboot(2) twice");
                self.over = Some(kind);
            }
        }
    }

    /// Whatever a disk may have.
    fn take_stamp(&mut self, unit: UnitId) {
        let now_us = self.now.us().saturating_add_signed(self.wall_us);
        let day_us = 86_400_000_000;
        let stamps = [0, 1, now_us.saturating_sub(day_us), now_us + day_us, u64::MAX];
        let us = *self.prng.pick(&stamps);
        self.answer(Event::StampTaken { unit, us });
    }

    /// What a forking service has left behind, if the pidfile is there.
    fn find_main(&mut self, unit: UnitId) {
        let group = self.group(unit);
        let known = [self.status(unit).main_pid, self.status(unit).control_pid];
        let left = group.iter().find(|pid| !known.contains(pid)).copied();
        match left.filter(|_| !self.fails()) {
            Some(pid) => {
                self.answer(Event::MainAdopted { unit, pid: Pid(pid) });
                self.note_adoption(unit, Pid(pid));
            }
            None => self.answer(Event::MainMissing { unit, gone: group.is_empty() }),
        }
    }

    /// If the engine took it: who was the main process is one among others now.
    fn note_adoption(&mut self, unit: UnitId, pid: Pid) {
        let main = Owner::Known(Process::Main(unit));
        if self.status(unit).main_pid != pid.0 {
            return;
        }
        for proc in self.procs.values_mut().filter(|proc| proc.owner == main) {
            proc.owner = Owner::Stray(unit);
        }
        if let Some(proc) = self.procs.get_mut(&pid.0) {
            proc.owner = main;
        }
    }

    fn listeners_of(&self, unit: UnitId) -> Vec<ListenerId> {
        let Kind::Socket(config) = self.table.kind(unit) else { panic!("not a socket") };
        config.listener_ids().collect()
    }

    fn open_socket(&mut self, unit: UnitId) {
        let listeners = self.listeners_of(unit);
        if self.fails() {
            let listener = listeners[0];
            let errno = Errno(*self.prng.pick(&[98, 99]));
            return self.answer(Event::SocketOpenFailed { unit, listener, errno });
        }
        for listener in listeners {
            let place = &mut self.listeners[listener.index()];
            assert!(!place.open, "opened twice");
            *place = Listening { open: true, ..Listening::default() };
        }
        self.answer(Event::SocketOpened(unit));
    }

    fn set_watched(&mut self, unit: UnitId, watched: bool) {
        for listener in self.listeners_of(unit) {
            let place = &mut self.listeners[listener.index()];
            assert!(place.open, "a closed listener can be neither");
            place.watched = watched;
        }
    }

    fn accept(&mut self, listener: ListenerId, instance: InstanceId) {
        let failure = match self.prng.below(3) {
            0 => AcceptFailure::Gone,
            1 => AcceptFailure::Exhausted(Errno(24)),
            _ => AcceptFailure::Broken(Errno(22)),
        };
        let place = &mut self.listeners[listener.index()];
        assert!(place.open && place.watched, "accepted where nobody looks");
        let empty = place.queue == 0;
        if empty || self.fails() {
            let failure = if empty { AcceptFailure::Gone } else { failure };
            let instance = Some(instance);
            return self.answer(Event::AcceptFailed { instance, listener, failure });
        }
        self.listeners[listener.index()].queue -= 1;
        assert!(self.held.insert(instance.0, ()).is_none(), "a slot holds one connection");
        let peer = Peer::V4([10, 0, 0, self.prng.below(3) as u8], 4000);
        self.answer(Event::Accepted { instance, peer });
    }

    fn spawn(&mut self, process: Process, unit: UnitId) {
        // Whom SIGKILL did not end in time is given up, and KillMode=none never even tries.
        let given_up = |proc: &Proc| proc.asked == Some(SIGKILL);
        let twin =
            self.procs.values().any(|proc| proc.owner == Owner::Known(process) && !given_up(proc));
        assert!(!twin || self.leaves_processes(unit), "{process:?} is there already");
        if self.fails() {
            self.lacking.insert(unit);
            let (stage, errno) =
                *self.prng.pick(&[(Stage::Slot, 11), (Stage::Clone, 12), (Stage::ControlGroup, 2)]);
            let error = SpawnError { stage, errno: Errno(errno) };
            return self.answer(Event::SpawnFailed { process, error });
        }
        self.lacking.remove(&unit);
        let pid = self.new_proc(Owner::Known(process));
        match process {
            Process::Instance(instance) => {
                assert!(self.held.remove(&instance.0).is_some(), "no connection to hand over");
            }
            Process::Main(service) => {
                // The service takes what its listeners have for it.
                if self.prng.chance(80) {
                    self.serve(service);
                }
                let forks = self.service_type(service) == ServiceType::Forking;
                if self.prng.chance(if forks { 80 } else { 20 }) {
                    self.new_proc(Owner::Stray(service));
                }
            }
            Process::Control(_) | Process::Checker(_) | Process::Worker(_) | Process::Finisher => {}
        }
        self.answer(Event::Spawned { process, pid: Pid(pid) });
    }

    fn leaves_processes(&self, service: UnitId) -> bool {
        match self.table.unit(service).kind {
            Kind::Service(config) => {
                let more = config.more();
                config.kill_mode == KillMode::None
                    || !more.send_sigkill
                    || more.final_kill_signal != SIGKILL
            }
            Kind::Target
            | Kind::Slice
            | Kind::Socket(_)
            | Kind::Timer(_)
            | Kind::Path(_)
            | Kind::Mount(_) => false,
        }
    }

    fn serve(&mut self, service: UnitId) {
        let Kind::Service(config) = self.table.unit(service).kind else { return };
        for socket in config.sockets.iter() {
            for listener in self.listeners_of(socket) {
                self.listeners[listener.index()].queue = 0;
            }
        }
    }

    fn new_proc(&mut self, owner: Owner) -> u32 {
        let pid = self.next_pid;
        self.next_pid += 1;
        let (stubborn, stuck) = (self.prng.chance(10), self.prng.chance(1));
        self.procs.insert(pid, Proc { owner, stubborn, stuck, asked: None, dying: None });
        pid
    }

    /// A unit's processes, as its control group would list them.
    fn group(&self, unit: UnitId) -> Vec<u32> {
        let is_of = |proc: &Proc| match proc.owner {
            Owner::Known(Process::Main(owner) | Process::Control(owner)) | Owner::Stray(owner) => {
                owner == unit
            }
            Owner::Known(Process::Instance(instance)) => self.template_of(instance) == unit,
            Owner::Known(Process::Checker(_) | Process::Worker(_) | Process::Finisher) => false,
        };
        self.procs.iter().filter(|(_, proc)| is_of(proc)).map(|(pid, _)| *pid).collect()
    }

    fn template_of(&self, instance: InstanceId) -> UnitId {
        let Kind::Socket(config) = self.table.kind(self.engine.instance(instance).socket) else {
            panic!("an instance without a socket");
        };
        config.service
    }

    fn kill(&mut self, target: Target, signal: u8) {
        match target {
            Target::Child(pid) => {
                assert!(self.procs.contains_key(&pid.0), "{pid:?} was reaped and then signalled");
                self.signal(pid.0, signal);
            }
            Target::Adopted(unit) => {
                let pid = self.status(unit).main_pid;
                self.signal(pid, signal);
            }
            Target::Group { unit, leaders } => {
                for leader in leaders.into_iter().flatten() {
                    assert!(self.procs.contains_key(&leader.0), "{leader:?} was reaped");
                }
                for pid in self.group(unit) {
                    self.signal(pid, signal);
                }
            }
            Target::Instances(unit) => {
                let pids: Vec<Pid> = self.engine.instance_pids(unit).collect();
                for pid in pids {
                    assert!(self.procs.contains_key(&pid.0), "{pid:?} was reaped");
                    self.signal(pid.0, signal);
                }
            }
        }
    }

    fn signal(&mut self, pid: u32, signal: u8) {
        if signal == SIGCONT {
            return;
        }
        if let Some(proc) = self.procs.get_mut(&pid)
            && proc.asked != Some(SIGKILL)
        {
            proc.asked = Some(signal);
            if !proc.stuck && (signal == SIGKILL || !proc.stubborn) {
                proc.dying = Some(signal);
            }
        }
    }

    /// One thing that happens by itself.
    pub fn happen(&mut self) {
        match self.prng.below(15) {
            0..3 => self.client_connects(),
            3..5 => self.somebody_ends(),
            5 => self.somebody_speaks(),
            6 => self.wait(),
            7 => self.request(),
            8 => {
                let exit = Exit::Code(self.prng.below(256) as u8);
                let pid = Pid(90_000 + self.prng.below(9) as u32);
                self.feed(Event::Exited { pid, exit, error: None });
            }
            9 => self.listener_breaks(),
            10 if self.prng.chance(20) => self.feed(Event::AddressAppeared),
            10 if self.prng.chance(20) => self.feed(Event::SlotFreed),
            10 => {
                let micros = self.prng.below(400_000) as u64;
                self.pass(micros);
            }
            11 => self.clock_is_set(),
            12 => self.execs(),
            13 => {
                let changed = self.prng.chance(50);
                if let Some(unit) = self.watched_paths.first().copied() {
                    self.path_is_touched(unit, changed, false);
                }
            }
            _ => self.somebody_asks_from_outside(),
        }
        self.report_traffic();
    }

    fn watch_path(&mut self, unit: UnitId, targets: u8) {
        assert!(targets < 8 && self.watched_paths.insert(unit), "watched twice");
        if self.fails() {
            let changed = self.prng.chance(50);
            self.path_is_touched(unit, changed, true);
        }
    }

    /// Only those that are listened to tell of anything.
    fn path_is_touched(&mut self, unit: UnitId, changed: bool, at_once: bool) {
        let event = Event::PathTouched { unit, changed };
        if at_once { self.answer(event) } else { self.feed(event) }
    }

    /// Forward or back, by seconds or by years.
    fn clock_is_set(&mut self) {
        let by = *self.prng.pick(&[1_000, 30_000_000, 86_400_000_000, 3_000_000_000_000_000]);
        let back = self.prng.chance(50);
        self.wall_us += if back { -by } else { by };
        self.feed(Event::ClockChanged { wall_us: self.wall_us });
    }

    /// A key, a signal, another unit for the boot: what ends the run is rarer than the rest.
    fn somebody_asks_from_outside(&mut self) {
        let special = *self.prng.pick(&[
            Special::Rescue,
            Special::Emergency,
            Special::Default,
            Special::KeyboardRequest,
        ]);
        match self.prng.below(60) {
            0 => self.feed(Event::CtrlAltDel),
            1 => self.feed(Event::Special(Special::PowerFailure)),
            2 => self.feed(Event::ShutdownSignal(ShutdownKind::Reboot)),
            3..10 => self.feed(Event::Special(special)),
            _ => {}
        }
    }

    /// The kernel's command line, then the boot.
    pub fn boot(&mut self) {
        if self.prng.chance(15) {
            let unit = UnitId(self.prng.below(self.table.len()) as u16);
            self.masked = Some(unit);
            self.feed(Event::Masked(unit));
        }
        if self.prng.chance(10) {
            let unit = UnitId(self.prng.below(self.table.len()) as u16);
            self.feed(Event::BootTarget(unit));
        }
        self.feed(Event::Boot);
    }

    /// True on the way down.
    pub fn is_ending(&self) -> bool {
        let reply = self.engine.reply(Answer::Manager, self.now);
        matches!(reply, Reply::Manager(manager) if manager.state == SystemState::Stopping)
    }

    /// True if a unit has something to do.
    pub fn has_jobs(&self) -> bool {
        self.table.ids().any(|unit| self.status(unit).job.is_some())
    }

    fn client_connects(&mut self) {
        if self.listeners.is_empty() {
            return;
        }
        let count = self.listeners.len();
        let place = self.prng.below(count);
        if self.listeners[place].open {
            self.listeners[place].queue += 1;
        }
    }

    /// Level-triggered: what is watched and has something is reported, once a turn.
    pub fn report_traffic(&mut self) {
        for place in 0..self.listeners.len() {
            let listener = ListenerId(place as u16);
            let state = &self.listeners[place];
            if self.over.is_some() || !state.watched {
                continue;
            }
            if state.broken {
                self.feed(Event::HungUp(listener));
            } else if state.queue > 0 {
                self.feed(Event::Readable(listener));
            }
        }
    }

    fn listener_breaks(&mut self) {
        if !self.listeners.is_empty() && self.fails() {
            let count = self.listeners.len();
            let place = self.prng.below(count);
            if self.listeners[place].open {
                self.listeners[place].broken = true;
            }
        }
    }

    fn somebody_ends(&mut self) {
        let dying: Vec<u32> =
            self.procs.iter().filter(|(_, p)| p.dying.is_some()).map(|(pid, _)| *pid).collect();
        let everybody: Vec<u32> =
            self.procs.iter().filter(|(_, p)| !p.stuck).map(|(pid, _)| *pid).collect();
        let candidates = if dying.is_empty() { everybody } else { dying };
        if !candidates.is_empty() {
            let pid = *self.prng.pick(&candidates);
            self.reap(pid);
        }
    }

    /// Everybody who was told to go goes.
    pub fn the_dying_end(&mut self) {
        let dying: Vec<u32> =
            self.procs.iter().filter(|(_, p)| p.dying.is_some()).map(|(pid, _)| *pid).collect();
        for pid in dying {
            if self.over.is_none() && self.procs.contains_key(&pid) {
                self.reap(pid);
            }
        }
    }

    /// Every process does what it should: helpers and commands end well, services get ready.
    pub fn go_well(&mut self) {
        // Who forks has a daemon by the time that it ends.
        let is_starting = |unit: &UnitId| self.status(*unit).sub == SubState::Start;
        let starting: BTreeSet<UnitId> = self.table.ids().filter(is_starting).collect();
        for proc in self.procs.values_mut() {
            proc.stuck = false;
            // Whom nobody tells to go goes some day; a stop without a deadline waits for it.
            let is_left = matches!(proc.owner, Owner::Stray(unit) if !starting.contains(&unit));
            let left_behind = is_left.then_some(15);
            proc.dying = proc.asked.or(left_behind);
        }
        self.the_dying_end();
        let known: Vec<(u32, Process)> = self
            .procs
            .iter()
            .filter_map(|(pid, proc)| match proc.owner {
                Owner::Known(process) if !proc.stuck => Some((*pid, process)),
                Owner::Known(_) | Owner::Stray(_) => None,
            })
            .collect();
        if self.over.is_some() {
            return;
        }
        for unit in self.table.ids() {
            let status = self.status(unit);
            if status.main_pid != 0 || status.sub == SubState::Running {
                self.serve(unit);
            }
        }
        for (pid, process) in known {
            if self.over.is_some() || !self.procs.contains_key(&pid) {
                continue;
            }
            match process {
                // It has said that it stops.
                Process::Main(unit) if self.status(unit).active == ActiveState::Deactivating => {
                    self.reap_as(pid, Exit::Code(0), None);
                }
                Process::Main(unit) => match self.service_type(unit) {
                    ServiceType::Simple | ServiceType::Idle => {}
                    ServiceType::Exec => self.feed(Event::Executed(unit)),
                    ServiceType::Oneshot => self.reap_as(pid, Exit::Code(0), None),
                    ServiceType::Forking => {
                        if self.status(unit).sub == SubState::Start {
                            self.reap_as(pid, Exit::Code(0), None);
                        }
                    }
                    ServiceType::Notify | ServiceType::NotifyReload => {
                        let since = Some(self.now);
                        let reloading = self.status(unit).sub == SubState::ReloadSignal;
                        let notification = Notification {
                            ready: true,
                            reloading,
                            since,
                            ..Notification::default()
                        };
                        self.feed(Event::Notified { pid: Pid(pid), group: None, notification });
                    }
                },
                Process::Control(_)
                | Process::Instance(_)
                | Process::Checker(_)
                | Process::Worker(_)
                | Process::Finisher => {
                    self.reap_as(pid, Exit::Code(0), None);
                }
            }
        }
    }

    fn service_type(&self, service: UnitId) -> ServiceType {
        let Kind::Service(config) = self.table.kind(service) else { panic!("not a service") };
        config.type_
    }

    /// The finisher has done its work.
    pub fn finisher_ends(&mut self) {
        let finisher = Owner::Known(Process::Finisher);
        let pid = self.procs.iter().find(|(_, proc)| proc.owner == finisher).map(|(pid, _)| *pid);
        if let Some(pid) = pid {
            self.reap(pid);
        }
    }

    fn reap(&mut self, pid: u32) {
        let proc = self.procs[&pid];
        let exit = match proc.dying {
            Some(signal) => Exit::Signal(signal),
            None => match self.prng.below(4) {
                0 | 1 => Exit::Code(0),
                2 => Exit::Code(1),
                _ => Exit::Core(11),
            },
        };
        let exit = match (exit, proc.owner) {
            (Exit::Code(_), Owner::Known(Process::Worker(unit))) if self.is_path(unit) => {
                Exit::Code(*self.prng.pick(&[0, 1, 1, 3, LOOK_AGAIN, LOOK_GOOD, LOOK_FAILED]))
            }
            (exit, _) => exit,
        };
        let checker = matches!(proc.owner, Owner::Known(Process::Checker(_) | Process::Worker(_)));
        let fails = self.fails() && proc.dying.is_none() && !checker;
        let error = fails.then_some(SpawnError { stage: Stage::Exec, errno: Errno(2) });
        let exit = if fails { Exit::Code(203) } else { exit };
        self.reap_as(pid, exit, error);
    }

    fn reap_as(&mut self, pid: u32, exit: Exit, error: Option<SpawnError>) {
        self.procs.remove(&pid).expect("only who is there ends");
        self.feed(Event::Exited { pid: Pid(pid), exit, error });
        if self.over.is_none() && self.procs.is_empty() {
            self.feed(Event::ChildrenGone);
        }
        for unit in core::mem::take(&mut self.watched_groups) {
            if !self.group(unit).is_empty() {
                self.watched_groups.push(unit);
            } else if self.over.is_none() {
                self.feed(Event::GroupEmpty(unit));
            }
        }
    }

    fn somebody_speaks(&mut self) {
        let everybody: Vec<(u32, UnitId)> =
            self.procs
                .iter()
                .filter_map(|(pid, proc)| match proc.owner {
                    Owner::Known(Process::Main(unit) | Process::Control(unit))
                    | Owner::Stray(unit) => Some((*pid, unit)),
                    Owner::Known(_) => None,
                })
                .collect();
        if everybody.is_empty() {
            return;
        }
        let (pid, unit) = *self.prng.pick(&everybody);
        let mut notification = Notification::default();
        match self.prng.below(11) {
            8 => {
                let ping = [Ping::Alive, Ping::Alive, Ping::Trigger];
                notification.watchdog = Some(*self.prng.pick(&ping));
            }
            9 => notification.watchdog_us = Some(self.prng.below(5_000_000) as u64),
            10 => notification.extend_us = Some(self.prng.below(9_000_000) as u64),
            0..4 => notification.ready = true,
            4 => {
                notification.reloading = true;
                notification.since = self.prng.chance(70).then_some(self.now);
            }
            5 => notification.status = Some("as well as can be"),
            6 => notification.stopping = true,
            _ => {
                let group = self.group(unit);
                notification.main_pid = Some(Pid(*self.prng.pick(&group)));
            }
        }
        let pid = if self.prng.chance(10) { Pid(77_777) } else { Pid(pid) };
        let group = self.prng.chance(70).then_some(unit);
        self.feed(Event::Notified { pid, group, notification });
    }

    /// Execve happens some time after clone.
    fn execs(&mut self) {
        let mains: Vec<UnitId> = self
            .procs
            .values()
            .filter_map(|proc| match proc.owner {
                Owner::Known(Process::Main(unit)) => Some(unit),
                Owner::Known(_) | Owner::Stray(_) => None,
            })
            .collect();
        if !mains.is_empty() {
            let unit = *self.prng.pick(&mains);
            self.feed(Event::Executed(unit));
        }
    }

    fn request(&mut self) {
        let client = ClientId(self.prng.below(8) as u8);
        if self.waiting_clients.contains(&client) {
            self.waiting_clients.retain(|waiting| *waiting != client);
            return self.feed(Event::ClientGone(client));
        }
        let unit = UnitId(self.prng.below(self.table.len() + 1) as u16);
        let order = *self.prng.pick(&ORDERS);
        let mode = *self.prng.pick(&MODES);
        let wait = self.prng.chance(50);
        let verb = match self.prng.below(10) {
            0 => Verb::Unit(unit),
            1 => Verb::Instance(0),
            2 => Verb::Kill { unit, signal: 15, whom: KillWhom::All },
            3 => Verb::ResetFailed(unit),
            4 => Verb::Cancel(unit),
            5 => Verb::CleanStored(unit),
            _ => Verb::Job { order, unit, mode, wait },
        };
        let table = if self.prng.chance(95) { self.table.crc() } else { 0 };
        let request = Some(Request { table, verb });
        self.waiting_clients.push(client);
        let root = self.prng.chance(80);
        self.feed(Event::Requested { client, root, request });
    }

    fn is_path(&self, unit: UnitId) -> bool {
        matches!(self.table.unit(unit).kind, Kind::Path(_))
    }

    /// Somebody stops every timer and path unit.
    pub fn stop_timers(&mut self) {
        for unit in self.table.ids() {
            let kind = self.table.unit(unit).kind;
            if self.over.is_none() && matches!(kind, Kind::Timer(_) | Kind::Path(_)) {
                let verb =
                    Verb::Job { order: Order::Stop, unit, mode: JobMode::Replace, wait: false };
                let request = Some(Request { table: self.table.crc(), verb });
                self.feed(Event::Requested { client: ClientId(0), root: true, request });
            }
        }
    }

    /// Time passes, at least until the next deadline.
    pub fn wait(&mut self) {
        if let Some(deadline) = self.engine.next_deadline() {
            self.now = self.now.max(deadline);
            self.drain();
        }
    }

    fn pass(&mut self, micros: u64) {
        self.now = self.now.later(micros);
        self.drain();
    }

    /// A unit's state as `pilotctl` would see it.
    pub fn status(&self, unit: UnitId) -> UnitStatus<'_> {
        let Reply::Unit(status) = self.engine.reply(Answer::Unit(unit), self.now) else {
            panic!("a status is answered with a status");
        };
        status
    }

    /// Connections that wait on listeners that are open, for a service that nothing keeps down.
    pub fn waiting_connections(&self) -> u32 {
        let sockets = self.table.ids().filter(|&unit| match self.table.unit(unit).kind {
            Kind::Socket(config) => !self.is_kept_down(config.service),
            Kind::Target
            | Kind::Slice
            | Kind::Service(_)
            | Kind::Timer(_)
            | Kind::Path(_)
            | Kind::Mount(_) => false,
        });
        let listeners = sockets.flat_map(|socket| self.listeners_of(socket));
        listeners.map(|listener| self.listeners[listener.index()].queue).sum()
    }

    /// Whether other units decide if the service may be up.
    fn is_kept_down(&self, service: UnitId) -> bool {
        let is_bound = |unit: UnitId| {
            let relations = self.table.edges(unit).relations();
            // None stays up that stops what somebody else starts again each time, such as
            // for clients of its own.
            let mut rivals = relations.conflicts.iter().chain(relations.conflicted_by.iter());
            let is_upheld = |unit| {
                let edges = self.table.edges(unit);
                !edges.relations().upheld_by.is_empty() || !edges.required_by.is_empty()
            };
            !relations.requisite.is_empty()
                || !relations.binds_to.is_empty()
                || rivals.any(is_upheld)
        };
        let mut needed = vec![service];
        let mut at = 0;
        while at < needed.len() {
            if is_bound(needed[at]) || self.masked == Some(needed[at]) {
                return true;
            }
            for other in self.table.edges(needed[at]).requires.iter() {
                if !needed.contains(&other) {
                    needed.push(other);
                }
            }
            at += 1;
        }
        false
    }
}
