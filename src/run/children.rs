//! Children: made, executed, reaped.
//!
//! PID 1 is the only one to reap its children, and until it has, a child's pid is nobody
//! else's: children are named by pid. The exit of all of them, strangers' orphans too, comes as
//! one signal.

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Resource, Rlimit, Signal, WaitOptions, WaitStatus};
use unit::control::{Exit, ShutdownKind};
use unit::{ServiceType, Stdio, UnitId};

use crate::engine::places::Places;
use crate::engine::{CommandRef, Event, Pid, Process, SpawnError, Special, Stage};
use crate::features;
use crate::log;
use crate::sys::cell::{Once, at_rest};
use crate::sys::child::{Failure, Memory, Pool, Slot};
use crate::sys::console;
use crate::sys::message::FDS_MAX;
use crate::sys::vectors::Full;
use crate::table::limits::{FDS_AT_REST, INSTANCES, SERVICES, SOCKETS, SPAWN_SLOTS, UNITS};

use super::invocation::Invocations;
use super::prepare::{self, Request};
use super::steps::{self, Work};
use super::watch::{Generation, Report, Source};
use super::{Pilot, REAPS_PER_TURN};
use crate::reason::Reason;

/// Descriptors that PID 1 keeps of a service once it has run: those of its control group, and
/// its own /dev/kmsg.
const FDS_PER_SERVICE: usize = 4;
/// Descriptors that come and go beside those at rest and the connections: control clients, the
/// pipes of Type=exec, pidfds, an open file or two.
const FDS_TRANSIENT: usize = 64;
/// RLIMIT_NOFILE of a service whose unit says nothing, as under systemd: few enough descriptors
/// for select(2), and leave to ask for more.
const SERVICE_NOFILE: (u64, u64) = (1024, 524_288);
/// What a wait status has set beside the signal if there is a core: wait(2), WCOREDUMP.
const WAIT_CORE: i32 = 0x80;
/// The first real-time signal the kernel has; C libraries keep the first two for themselves.
const SIGRTMIN: u8 = 34;

at_rest! {
    static SLOTS: Once<[Slot<Work>; SPAWN_SLOTS], 6> =
        Once::new([const { Slot::new(Work::EMPTY) }; SPAWN_SLOTS]);
    static KMSG: Once<[Option<OwnedFd>; UNITS], 10> = Once::new([const { None }; UNITS]);
    static PIPES: Once<[Option<ExecPipe>; UNITS], 7> = Once::new([const { None }; UNITS]);
}

/// The reading end of a pipe whose writing end execve(2) closes, and whose child has it.
struct ExecPipe {
    fd: OwnedFd,
    generation: Generation,
    pid: u32,
}

pub(super) struct Children {
    pub(super) pool: Pool<Work>,
    pipes: Places<'static, UnitId, Option<ExecPipe>>,
    /// /dev/kmsg for each service: the kernel limits what comes through one opening of it, so
    /// that one service's talk cannot cost the others theirs.
    kmsg: Places<'static, UnitId, Option<OwnedFd>>,
    invocations: Invocations,
    console_is_serial: bool,
}

impl Children {
    pub(super) fn new() -> Self {
        set_own_limit();
        Self {
            pool: Pool::new(SLOTS.take()),
            pipes: Places::new(PIPES.take()),
            kmsg: Places::new(KMSG.take()),
            invocations: Invocations::new(),
            console_is_serial: console::is_serial(),
        }
    }
}

/// Descriptors that the plan may need.
const NOFILE_NEEDED: u64 = {
    let running = if features::SOCKET_COMMANDS { SERVICES + SOCKETS } else { SERVICES };
    let received = if features::FD_STORE { FDS_MAX } else { 0 };
    let transient = FDS_TRANSIENT + received;
    (FDS_AT_REST + FDS_PER_SERVICE * running + INSTANCES + transient) as u64
};

/// What children are to have, if that is not what they inherit.
pub(super) const CHILDREN_NOFILE: Option<(u64, u64)> =
    if NOFILE_NEEDED > SERVICE_NOFILE.0 { Some(SERVICE_NOFILE) } else { None };

/// Lets PID 1 have as many descriptors as the plan may need.
fn set_own_limit() {
    let needed = NOFILE_NEEDED;
    let (soft, hard) = SERVICE_NOFILE;
    let set = |hard: u64| {
        let current = Some(soft.max(needed).min(hard));
        rustix::process::setrlimit(Resource::Nofile, Rlimit { current, maximum: Some(hard) })
    };
    // Without the privilege to raise the hard limit what is given must do.
    let given = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let enough = |errno| if given < needed { Err(errno) } else { Ok(()) };
    if let Err(errno) = set(hard.max(needed)).or_else(|errno| set(given).and(enough(errno))) {
        log::error!("{needed} descriptors: {}", Reason::of(errno));
    }
}

impl Pilot {
    pub(super) fn spawn(&mut self, process: Process, command: CommandRef, main_pid: Option<Pid>) {
        if let Process::Main(unit) = process
            && let Some(listener) = self.dead_listener(unit)
        {
            // Opened anew first; the engine asks again.
            let error = prepare::error(Stage::Sockets, Errno::AGAIN);
            self.answer(Event::SpawnFailed { process, error });
            self.answer(Event::HungUp(listener));
            return;
        }
        let request = self.request(process, command, main_pid);
        self.renew_store(&request);
        let spawned = self.await_leavings(&request).and_then(|()| self.try_spawn(&request));
        match spawned {
            Ok(pid) => {
                match process {
                    Process::Instance(instance) => self.listeners.drop_connection(instance),
                    Process::Main(unit) | Process::Control(unit) => {
                        self.groups.note_leader(unit, pid);
                    }
                    Process::Checker(_) | Process::Worker(_) | Process::Finisher => {}
                }
                self.answer(Event::Spawned { process, pid: Pid(pid) });
            }
            Err(error) => self.answer(Event::SpawnFailed { process, error }),
        }
    }

    fn try_spawn(&mut self, request: &Request) -> Result<u32, SpawnError> {
        let id = self.children.invocations.of(request.unit, request.begins);
        let service = request.service.as_ref();
        let monitored = service.and_then(|service| features::more(service).monitored);
        let monitored = monitored.map(|unit| (unit, self.children.invocations.of(unit, false)));
        let filled = prepare::Sources {
            table: &self.table,
            engine: self.engine,
            listeners: &self.listeners,
            store: &self.store,
            console_is_serial: self.children.console_is_serial,
        };
        let is_copy = features::COPIES && request.context.more().copied;
        let reports = if is_copy { Some(self.children.pool.reports()) } else { None };
        let reports = reports.transpose().map_err(|errno| prepare::error(Stage::Clone, errno))?;
        let free_slots = self.children.pool.count_free();
        if free_slots == 0 {
            self.listeners.watch_slots();
        }
        // One may have been freed before it was watched.
        let prepared = self.children.pool.prepare();
        let (slot, work) = prepared.ok_or(prepare::error(Stage::Slot, Errno::AGAIN))?;
        filled
            .fill(request, id, monitored, work)
            .map_err(|Full| prepare::error(Stage::Arguments, Errno::TOOBIG))?;
        let group = self
            .groups
            .directory(request.unit, &self.table)
            .map_err(|errno| prepare::error(Stage::ControlGroup, errno))?;
        work.cgroup = group.map_or(-1, |group| group.as_raw_fd());
        if [request.context.stdout, request.context.stderr].contains(&Stdio::Kmsg) {
            let kmsg = self.children.kmsg.at_mut(request.unit);
            // A kernel without it is no reason not to run: the stream stays on /dev/null.
            *kmsg = kmsg.take().or_else(console::open_kmsg);
            work.kmsg = kmsg.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        }
        let is_exec = request.service.is_some_and(|service| service.type_ == ServiceType::Exec);
        let pipe = match (request.process, is_exec) {
            (Process::Main(_), true) if features::EXEC_TYPE => Some(
                pipe_with(PipeFlags::CLOEXEC)
                    .map_err(|errno| prepare::error(Stage::Clone, errno))?,
            ),
            (
                Process::Main(_)
                | Process::Control(_)
                | Process::Instance(_)
                | Process::Checker(_)
                | Process::Worker(_)
                | Process::Finisher,
                _,
            ) => None,
        };
        work.takes_last_slot = free_slots <= 1;
        work.exec_pipe = pipe.as_ref().map_or(-1, |(_, writer)| writer.as_raw_fd());
        work.reports = reports.unwrap_or(-1);
        let memory = reports.map_or(Memory::Shared, Memory::Copied);
        let started = self.children.pool.start(slot, steps::run, group, memory);
        let pid = started.map_err(|errno| prepare::error(Stage::Clone, errno))?;
        if let Some((fd, _writing_end_closes_here)) = pipe {
            self.watch_exec(request.unit, pid, fd);
        }
        Ok(pid)
    }

    fn watch_exec(&mut self, unit: UnitId, pid: u32, fd: OwnedFd) {
        self.forget_exec(unit);
        let flags = EventFlags::empty();
        if let Ok(generation) = self.watch.add(fd.as_fd(), Source::Executed(unit), flags) {
            *self.children.pipes.at_mut(unit) = Some(ExecPipe { fd, generation, pid });
        }
    }

    fn forget_exec(&mut self, unit: UnitId) {
        if let Some(pipe) = self.children.pipes.at_mut(unit).take() {
            self.watch.remove(pipe.fd.as_fd());
        }
    }

    /// The last writing end of a pipe is closed: the child has executed its program, or ended.
    pub(super) fn on_executed(&mut self, unit: UnitId, report: &Report) {
        if !features::EXEC_TYPE {
            return;
        }
        let Some(pipe) = self.children.pipes.at(unit) else { return };
        if pipe.generation != report.generation {
            return;
        }
        let pid = pipe.pid;
        self.forget_exec(unit);
        if !self.children.pool.has_failed(pid) {
            self.feed(Event::Executed(unit));
        }
    }

    pub(super) fn read_signals(&mut self) {
        let mut end = None;
        let mut now = None;
        let mut key = 0;
        let mut special = None;
        let mut level = None;
        let mut child = false;
        self.signals.read(|signal| match meaning(signal) {
            Meaning::Child => child = true,
            Meaning::CtrlAltDel => key += 1,
            Meaning::Special(target) => special = Some(target),
            Meaning::LogLevel(wanted) => level = Some(wanted),
            Meaning::Now(kind) => now = Some(kind),
            Meaning::Shutdown(kind) => end = Some(kind),
            Meaning::Nothing => {}
        });
        self.reaping |= child;
        if let Some(level) = level {
            log::set_level(level.unwrap_or(self.table.manager().log_level));
        }
        if let Some(kind) = now {
            self.shut_down(kind);
        }
        for _ in 0..key {
            self.feed(Event::CtrlAltDel);
        }
        if let Some(special) = special {
            self.feed(Event::Special(special));
        }
        if let Some(kind) = end {
            self.feed(Event::ShutdownSignal(kind));
        }
    }

    /// Reaps what has ended, up to the turn's bound.
    pub(super) fn reap(&mut self) {
        for _ in 0..REAPS_PER_TURN {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    let pid = pid.as_raw_nonzero().get() as u32;
                    // Who has failed before its program ran has a code that says so.
                    let is_well = status.exit_status() == Some(0);
                    let failure = if is_well { None } else { self.children.pool.reaped(pid) };
                    if self.note_removed(pid, is_well) {
                        self.feed(Event::SlotFreed);
                        continue;
                    }
                    self.forget_adopted(pid);
                    self.groups.note_reaped(pid);
                    let error = failure.map(spawn_error);
                    self.feed(Event::Exited { pid: Pid(pid), exit: exit(status), error });
                    self.check_groups_left();
                }
                Ok(None) => return,
                Err(_) => {
                    self.feed(Event::ChildrenGone);
                    return;
                }
            }
        }
        self.reaping = true;
    }
}

/// How a process ended, as wait(2) encodes it.
pub(super) fn exit(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code as u8),
        (None, Some(signal)) if status.as_raw() & WAIT_CORE != 0 => Exit::Core(signal as u8),
        (None, signal) => Exit::Signal(signal.unwrap_or_default() as u8),
    }
}

fn spawn_error(failure: Failure) -> SpawnError {
    let stage = steps::STAGES.into_iter().find(|stage| *stage as u8 == failure.stage);
    SpawnError {
        stage: stage.unwrap_or_else(|| bug!("a child writes its own stages")),
        errno: crate::engine::Errno(failure.errno),
    }
}

/// What a signal to PID 1 means.
enum Meaning {
    Child,
    CtrlAltDel,
    Special(Special),
    Shutdown(ShutdownKind),
    /// Without stopping anything.
    Now(ShutdownKind),
    /// `None`: the board's.
    LogLevel(Option<u8>),
    Nothing,
}

/// Every signal has a meaning, if only to mean nothing. Those of BusyBox's init, and the
/// real-time ones of systemd(1).
fn meaning(signal: u8) -> Meaning {
    let is = |known: Signal| known.as_raw() == i32::from(signal);
    if is(Signal::CHILD) {
        Meaning::Child
    } else if is(Signal::INT) {
        Meaning::CtrlAltDel
    } else if is(Signal::TERM) {
        Meaning::Shutdown(ShutdownKind::Reboot)
    } else if is(Signal::USR1) {
        Meaning::Shutdown(ShutdownKind::Halt)
    } else if is(Signal::USR2) {
        Meaning::Shutdown(ShutdownKind::Poweroff)
    } else if is(Signal::POWER) {
        Meaning::Special(Special::PowerFailure)
    } else if is(Signal::WINCH) {
        Meaning::Special(Special::KeyboardRequest)
    } else {
        match signal.checked_sub(SIGRTMIN) {
            Some(0) => Meaning::Special(Special::Default),
            Some(1) => Meaning::Special(Special::Rescue),
            Some(2) => Meaning::Special(Special::Emergency),
            Some(3) => Meaning::Shutdown(ShutdownKind::Halt),
            Some(4) => Meaning::Shutdown(ShutdownKind::Poweroff),
            Some(5) => Meaning::Shutdown(ShutdownKind::Reboot),
            Some(6) => Meaning::Shutdown(ShutdownKind::Kexec),
            Some(13) => Meaning::Now(ShutdownKind::Halt),
            Some(14) => Meaning::Now(ShutdownKind::Poweroff),
            Some(15) => Meaning::Now(ShutdownKind::Reboot),
            Some(16) => Meaning::Now(ShutdownKind::Kexec),
            Some(22) => Meaning::LogLevel(Some(7)),
            Some(23) => Meaning::LogLevel(None),
            Some(_) | None => Meaning::Nothing,
        }
    }
}
