//! Everything that can happen to PID 1. `run` makes these from what the kernel says.

use unit::control::{Exit, Peer, Request, ShutdownKind};
use unit::{ListenerId, UnitId};

use super::notify::Notification;

/// A process id: never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pid(pub u32);

/// An error number of the kernel, errno(3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub u16);

/// A slot for a per-connection instance, board-wide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InstanceId(pub u16);

/// A connection on the control socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientId(pub u8);

/// What PID 1 has a copy of itself do, because it may wait for a disk. The copy ends with an exit
/// code: 0 if all is well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Look at the conditions and asserts of a unit. The code is the place, counted from 1, of
    /// the first one that does not hold.
    Check(UnitId),
    /// Mount what a mount unit says, or swap to what a swap unit says. The code is an error
    /// number.
    Mount(UnitId),
    /// Unmount it, or swap to it no more, likewise.
    Unmount(UnitId),
    /// Watch what a path unit looks at, and look. The code is one of `path::LOOK_…`.
    Look(UnitId),
    /// Look when a timer last elapsed in an earlier boot, and leave that for
    /// [`super::Action::TakeStamp`]. The code is an error number; ENOENT if it never did.
    ReadStamp(UnitId),
    /// Keep when a timer last elapsed: what [`super::Engine::stamp_of`] says. The code is an error
    /// number.
    WriteStamp(UnitId),
    /// Sync, unmount and remount read-only.
    LeaveAll,
    /// Give back the memory of the initramfs, for a root that PID 1 can move on into. The code is
    /// an error number.
    LeaveInitramfs,
}

impl Work {
    /// Who does it.
    pub const fn process(self) -> Process {
        match self {
            Self::Check(unit) => Process::Checker(unit),
            Self::Mount(unit)
            | Self::Unmount(unit)
            | Self::Look(unit)
            | Self::ReadStamp(unit)
            | Self::WriteStamp(unit) => Process::Worker(unit),
            Self::LeaveAll | Self::LeaveInitramfs => Process::Finisher,
        }
    }
}

/// Which process of PID 1's is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Process {
    /// A service's main process: `ExecStart=`.
    Main(UnitId),
    /// A service's helper: a command around its program, such as `ExecStartPre=`. Or a socket's
    /// command.
    Control(UnitId),
    /// One connection's process.
    Instance(InstanceId),
    /// A copy of PID 1 that looks at a unit's conditions and asserts: [`Work::Check`].
    Checker(UnitId),
    /// One that mounts, unmounts, looks at paths, or reads and writes what timers keep:
    /// [`Work::Mount`] and what follows it there.
    Worker(UnitId),
    /// The copy of PID 1 that leaves the file systems at the very end: [`Work::LeaveAll`],
    /// [`Work::LeaveInitramfs`].
    Finisher,
}

/// Why a child could not be made, or ended before its program ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpawnError {
    /// The step that failed.
    pub stage: Stage,
    /// What the kernel said.
    pub errno: Errno,
}

/// The steps from a decision to a running program, in the order in which they are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Stage {
    /// A free place for the child's stack (errno EAGAIN).
    Slot = 1,
    /// Arguments and environment within their bounds (E2BIG).
    Arguments,
    /// `MemoryMax=` and `TasksMax=`, of the service or of a slice that it lies in.
    ControlGroup,
    /// clone3(2).
    Clone,
    /// setsid(2).
    Session,
    /// `StandardInput=`.
    Stdin,
    /// `StandardOutput=`.
    Stdout,
    /// `StandardError=`.
    Stderr,
    /// The sockets from descriptor 3 on.
    Sockets,
    /// `OOMScoreAdjust=`.
    OomScore,
    /// `Nice=`.
    Nice,
    /// `CPUSchedulingPolicy=`.
    Scheduler,
    /// `CPUAffinity=`.
    Affinity,
    /// `IOSchedulingClass=`.
    IoPriority,
    /// `TimerSlackNSec=`.
    TimerSlack,
    /// `Personality=`.
    Personality,
    /// `RuntimeDirectory=`.
    RuntimeDirectory,
    /// `StateDirectory=`.
    StateDirectory,
    /// `CacheDirectory=`.
    CacheDirectory,
    /// `LogsDirectory=`.
    LogsDirectory,
    /// `ConfigurationDirectory=`.
    ConfigurationDirectory,
    /// `OpenFile=`.
    OpenFile,
    /// `LoadCredential=` and `SetCredential=`.
    Credentials,
    /// `EnvironmentFile=`.
    EnvironmentFile,
    /// `Limit…=`.
    Limits,
    /// `Group=`, `SupplementaryGroups=` and the user's other groups.
    Group,
    /// `RootDirectory=`.
    Root,
    /// What it sees of the file system.
    Namespace,
    /// `CapabilityBoundingSet=`, `AmbientCapabilities=`.
    Capabilities,
    /// `User=`.
    User,
    /// `NoNewPrivileges=`.
    NoNewPrivileges,
    /// `WorkingDirectory=`.
    WorkingDirectory,
    /// The signal mask.
    Signals,
    /// execve(2).
    Exec,
}

/// Why no connection came out of accept4(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AcceptFailure {
    /// It was gone before it was taken: EAGAIN, ECONNABORTED and what accept(2) lists with them.
    Gone,
    /// The board has run out of something: EMFILE, ENFILE, ENOBUFS, ENOMEM.
    Exhausted(Errno),
    /// The listener is broken.
    Broken(Errno),
}

/// Targets that signals ask for, in the order of [`unit::Manager::specials`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is the target of that name")]
pub enum Special {
    Rescue,
    Emergency,
    PowerFailure,
    KeyboardRequest,
    CtrlAltDel,
    /// What a boot starts.
    Default,
}

/// Everything that can happen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event<'e> {
    /// The kernel's file systems are mounted, signals are collected: begin.
    Boot,
    /// All listeners of a socket unit are bound (and listening).
    SocketOpened(UnitId),
    /// One listener of a socket unit could not be bound; none of them is open now.
    SocketOpenFailed {
        /// The socket unit.
        unit: UnitId,
        /// Which of its listeners.
        listener: ListenerId,
        /// What the kernel said.
        errno: Errno,
    },
    /// An interface or an address has appeared.
    AddressAppeared,
    /// A watched listener has something to accept or to read.
    Readable(ListenerId),
    /// A watched listener was shut down, or its node is gone: it must be opened again.
    HungUp(ListenerId),
    /// The connection asked for by [`super::Action::Accept`].
    Accepted {
        /// The slot it was asked for.
        instance: InstanceId,
        /// Who it is.
        peer: Peer,
    },
    /// There was none.
    AcceptFailed {
        /// The slot it was asked for; `None` after [`super::Action::Refuse`].
        instance: Option<InstanceId>,
        /// Where.
        listener: ListenerId,
        /// Why.
        failure: AcceptFailure,
    },
    /// The watches of a path unit tell of something.
    PathTouched {
        /// The path unit.
        unit: UnitId,
        /// It is a change that is waited for; otherwise the paths have to be looked at again.
        changed: bool,
    },
    /// A child exists.
    Spawned {
        /// Which.
        process: Process,
        /// Its id.
        pid: Pid,
    },
    /// No child came to be. Nothing will exit.
    SpawnFailed {
        /// Which.
        process: Process,
        /// Why.
        error: SpawnError,
    },
    /// Children that could not be made for want of a place ([`Stage::Slot`]) may be by now.
    SlotFreed,
    /// The main process of a `Type=exec` service runs its program.
    Executed(UnitId),
    /// A child ended and is reaped: any child, strangers too.
    Exited {
        /// Its id, which may be used again from now on.
        pid: Pid,
        /// How.
        exit: Exit,
        /// If it ended before its program ran: why.
        error: Option<SpawnError>,
    },
    /// No child is left at all.
    ChildrenGone,
    /// Answer to [`super::Action::WatchGroup`], at once or later: no process of the unit is left.
    GroupEmpty(UnitId),
    /// Answer to [`super::Action::WatchGroup`], at once: there are some.
    GroupPopulated(UnitId),
    /// A datagram on the notification socket.
    Notified {
        /// The sender, as the kernel says.
        pid: Pid,
        /// In whose control group it is, if it is no child of ours and that counts.
        group: Option<UnitId>,
        /// What it said.
        notification: Notification<'e>,
    },
    /// Answer to [`super::Action::AdoptMain`]: that process is the unit's, and is watched.
    MainAdopted {
        /// The unit.
        unit: UnitId,
        /// Its new main process.
        pid: Pid,
    },
    /// Answer to [`super::Action::FindMain`]: there is none yet, or it cannot be told.
    MainMissing {
        /// The unit.
        unit: UnitId,
        /// No process of the unit is left.
        gone: bool,
    },
    /// A request on the control socket.
    Requested {
        /// Who asks.
        client: ClientId,
        /// Whether the client is root.
        root: bool,
        /// What is asked; `None` if the frame did not decode.
        request: Option<Request>,
    },
    /// A control connection is closed; its number may be used again.
    ClientGone(ClientId),
    /// Before [`Event::Boot`]: the kernel's command line names another target than the board's.
    BootTarget(UnitId),
    /// Before [`Event::Boot`]: it masks a unit, which is never started then.
    Masked(UnitId),
    /// When a timer last elapsed in an earlier boot.
    StampTaken {
        /// The timer.
        unit: UnitId,
        /// On the wall, in microseconds since 1970; 0 if nobody knows.
        us: u64,
    },
    /// The clock on the wall was set, or is told for the first time.
    ClockChanged {
        /// Microseconds that it is before the clock of [`super::Instant`].
        wall_us: i64,
    },
    /// Somebody pressed Ctrl-Alt-Del.
    CtrlAltDel,
    /// A signal asks for a target.
    Special(Special),
    /// A signal asked for the end: [`ShutdownKind`] as signal(7) and init(1) conventions map it.
    ShutdownSignal(ShutdownKind),
}
