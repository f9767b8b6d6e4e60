//! What the engine remembers of each unit and listener: as much memory as the plan says.

use unit::UnitId;
use unit::control::{ActiveState, Checked, SubState, UnitResult, WatchdogState};

use super::event::{Pid, Work};
use super::instance::{Instance, Template};
use super::job::{Follow, Job, Mark};
use super::mount::Mount;
use super::path::Path;
use super::service::Service;
use super::socket::{self, Socket};
use super::status::StatusText;
use super::time::{Bucket, Instant};
use super::timer::Timer;
use super::worker::Worker;
use crate::features;

/// One unit's place in memory.
#[derive(Clone, Copy, Debug)]
pub struct UnitState {
    pub(super) kind: KindState,
    pub(super) job: Option<Job>,
    /// Who looks at its conditions.
    pub(super) checker: Option<Worker>,
    /// How that last turned out.
    pub(super) checked: Checked,
    /// Its socket half must look at its service again.
    pub(super) dirty: bool,
    /// What a transaction that is being built wants of it.
    pub(super) mark: Mark,
    /// The kernel's command line says that it is never to start.
    pub(super) masked: bool,
    /// Whether it has relations that state changes are about.
    pub(super) related: bool,
    /// What others have not been told yet.
    pub(super) follow: Follow,
    pub(super) changed_at: Instant,
    pub(super) active_at: Instant,
    /// Services: the place of its status text. Sockets: its first instance slot.
    pub(super) first: u16,
    /// Sockets: how many instance slots it has.
    pub(super) slots: u16,
}

/// What a unit's kind remembers.
#[derive(Clone, Copy, Debug)]
pub(super) enum KindState {
    Target { reached: bool },
    Service(Service),
    Socket(Socket),
    Template(Template),
    Timer(Timer),
    Mount(Mount),
    Path(Path),
}

/// What a change of a unit is told by.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) active: ActiveState,
    pub(super) sub: SubState,
    pub(super) deadline: Option<Instant>,
}

/// What every unit of every board costs: what few of them need goes into [`Extra`].
const UNIT_BYTES_MAX: usize = 168;

const _: () = assert!(size_of::<UnitState>() <= UNIT_BYTES_MAX);

impl UnitState {
    /// A unit that nothing has happened to.
    pub const NEW: Self = Self {
        kind: KindState::Target { reached: false },
        job: None,
        checker: None,
        checked: Checked::Never,
        dirty: false,
        mark: Mark::NONE,
        masked: false,
        related: false,
        follow: Follow::NONE,
        changed_at: Instant::BOOT,
        active_at: Instant::BOOT,
        first: 0,
        slots: 0,
    };

    /// What it is before it is changed.
    #[inline(never)]
    pub(super) fn before(&self) -> Before {
        Before { active: self.active(), sub: self.sub(), deadline: self.deadline() }
    }

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match &self.kind {
            KindState::Target { reached: false } => ActiveState::Inactive,
            KindState::Target { reached: true } => ActiveState::Active,
            KindState::Service(service) => service.active(),
            KindState::Socket(socket) => socket.active(),
            KindState::Template(template) => template.active(),
            KindState::Timer(timer) if features::TIMERS => timer.active(),
            KindState::Mount(mount) if features::MOUNTS => mount.active(),
            KindState::Path(path) if features::PATHS => path.active(),
            KindState::Timer(_) | KindState::Mount(_) | KindState::Path(_) => ActiveState::Inactive,
        }
    }

    /// Its state in its kind's terms.
    pub const fn sub(&self) -> SubState {
        match &self.kind {
            KindState::Target { reached: false } => SubState::Dead,
            KindState::Target { reached: true } => SubState::Active,
            KindState::Service(service) => service.sub(),
            KindState::Socket(socket) => socket.sub(),
            KindState::Template(template) => template.sub(),
            KindState::Timer(timer) if features::TIMERS => timer.sub(),
            KindState::Mount(mount) if features::MOUNTS => mount.sub(),
            KindState::Path(path) if features::PATHS => path.sub(),
            KindState::Timer(_) | KindState::Mount(_) | KindState::Path(_) => SubState::Dead,
        }
    }

    /// How it last ended.
    #[inline(never)]
    pub const fn result(&self) -> UnitResult {
        match &self.kind {
            KindState::Service(service) => service.result,
            KindState::Socket(socket) => socket.result,
            KindState::Mount(mount) if features::MOUNTS => mount.result,
            KindState::Path(path) if features::PATHS => path.result,
            KindState::Target { .. }
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Mount(_)
            | KindState::Path(_) => UnitResult::Success,
        }
    }

    /// The machine of a service that runs by itself, if it is one.
    pub(super) const fn service(&self) -> Option<&Service> {
        if let KindState::Service(service) = &self.kind { Some(service) } else { None }
    }

    /// It is up and cannot be taken down.
    pub(super) const fn stays(&self) -> bool {
        match &self.kind {
            KindState::Mount(mount) => features::MOUNTS && mount.stays(),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Path(_) => false,
        }
    }

    /// The child that mounts, unmounts, looks at paths, or reads and writes stamps.
    pub(super) const fn worker(&self) -> Option<&Worker> {
        if !features::MOUNTS && !features::PATHS && !features::STAMPS {
            return None;
        }
        match &self.kind {
            KindState::Mount(mount) => mount.worker(),
            KindState::Path(path) => path.worker(),
            KindState::Timer(timer) => timer.worker(),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_) => None,
        }
    }

    /// Likewise.
    pub(super) const fn worker_mut(&mut self) -> Option<&mut Worker> {
        match &mut self.kind {
            KindState::Mount(mount) => mount.worker_mut(),
            KindState::Path(path) => path.worker_mut(),
            KindState::Timer(timer) => timer.worker_mut(),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_) => None,
        }
    }

    /// What it does.
    pub(super) fn work(&self, unit: UnitId) -> Work {
        match &self.kind {
            KindState::Mount(mount) => mount.work(unit),
            KindState::Path(_) => Work::Look(unit),
            KindState::Timer(timer) => timer.work(unit),
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_) => bug!("nobody works for these"),
        }
    }

    /// True if that is the child that looks at its conditions.
    pub(super) fn is_checked_by(&self, pid: Pid) -> bool {
        features::CONDITIONS && self.checker.is_some_and(|checker| checker.pid() == Some(pid))
    }

    /// When that child is to be asked for again, or is late.
    pub(super) fn checker_due(&self) -> Option<Instant> {
        self.checker.filter(|_| features::CONDITIONS).and_then(|checker| checker.due())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let own = match &self.kind {
            KindState::Target { .. } => None,
            KindState::Service(service) => service.deadline(),
            KindState::Socket(socket) => socket.deadline(),
            KindState::Template(template) => template.deadline(),
            KindState::Timer(timer) if features::TIMERS => timer.deadline(),
            KindState::Path(path) if features::PATHS => path.deadline(),
            KindState::Timer(_) | KindState::Path(_) | KindState::Mount(_) => None,
        };
        sooner(sooner(own, self.worker().and_then(Worker::due)), self.checker_due())
    }

    /// From when on what the deadline is for may be done: before it, if PID 1 is awake.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.kind {
            KindState::Timer(timer) if features::TIMERS => {
                let children = sooner(self.worker().and_then(Worker::due), self.checker_due());
                sooner(timer.due(), children)
            }
            KindState::Target { .. }
            | KindState::Service(_)
            | KindState::Socket(_)
            | KindState::Template(_)
            | KindState::Timer(_)
            | KindState::Path(_)
            | KindState::Mount(_) => self.deadline(),
        }
    }
}

fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// One listener's place in memory.
#[derive(Clone, Copy, Debug)]
pub struct ListenerState {
    pub(super) owner: UnitId,
    pub(super) limit: socket::Listener,
}

impl ListenerState {
    /// A listener that nothing has happened to.
    pub const NEW: Self = Self { owner: UnitId(0), limit: socket::Listener::NEW };
}

/// The engine's memory: as long as the plan says, owned by the caller.
#[derive(Debug)]
pub struct Storage<'s> {
    /// `Limits::units` of them.
    pub units: &'s mut [UnitState],
    /// `Limits::listeners` of them.
    pub listeners: &'s mut [ListenerState],
    /// `Limits::instances` of them.
    pub instances: &'s mut [Instance],
    /// `Limits::services` of them.
    pub status: &'s mut [StatusText],
    /// `Limits::extras` of them.
    pub extras: &'s mut [Extra],
}

/// What few units have: deadlines of their jobs, and a limit for what they do by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    pub(super) unit: UnitId,
    /// Starts and stops that nobody asked for.
    pub(super) by_itself: Bucket,
    /// When the limit lets it look again.
    pub(super) look_at: Option<Instant>,
    /// When its job must have ended.
    pub(super) job_due: Option<Instant>,
}

impl Extra {
    /// Nobody's.
    pub const NEW: Self =
        Self { unit: UnitId(0), by_itself: Bucket::NEW, look_at: None, job_due: None };

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.look_at.into_iter().chain(self.job_due).min()
    }
}

/// Figures about the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Children of nobody, reaped.
    pub strangers_reaped: u32,
    /// Notifications from nobody who may, or without sense.
    pub notifications_dropped: u32,
    /// Lines the console did not take in time; counted by the executor.
    pub console_lines_dropped: u32,
    /// Of the hardware watchdog, which the executor feeds.
    pub watchdog: WatchdogState,
    /// As the executor found it.
    pub reset_by_watchdog: bool,
}
