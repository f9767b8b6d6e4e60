//! What `pilotctl` and PID 1 say to each other.
//!
//! One AF_UNIX SEQPACKET connection; one postcard frame a request, one a reply, in turn. A client
//! knows the names (it carries the same table) and PID 1 the states, so that no string but a
//! service's own `STATUS=` crosses the socket. PID 1 reads the client's uid from the kernel
//! (SO_PEERCRED): root may change, others look.

mod status;

use core::fmt;

use serde::{Deserialize, Serialize};

pub use self::status::{
    InstanceStatus, ManagerStatus, Peer, Retry, SystemState, UnitStatus, WatchdogState,
};
use crate::model::{JobMode, UnitId};
use crate::texts;

/// Where PID 1 listens.
pub const SOCKET_PATH: &str = "/run/pilot/control";
/// Longest frame in either direction, in bytes.
pub const FRAME_MAX: usize = 256;
/// Longest `STATUS=` text that is kept, in bytes.
pub const STATUS_TEXT_MAX: usize = 96;

/// A request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Checksum of the client's table: unit numbers mean nothing under another one.
    pub table: u32,
    /// What is asked.
    pub verb: Verb,
}

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verb {
    /// The state of a unit: [`Reply::Unit`].
    Unit(UnitId),
    /// The first live per-connection instance at or behind this slot: [`Reply::Instance`], or
    /// [`Reply::Done`] behind the last.
    Instance(u16),
    /// The state of the whole: [`Reply::Manager`].
    Manager,
    /// A job on a unit. Answered with [`Reply::Done`] or [`Reply::Failed`] when it has ended if
    /// `wait`, else at once.
    Job {
        /// What to do.
        order: Order,
        /// To whom.
        unit: UnitId,
        /// What becomes of other jobs.
        mode: JobMode,
        /// Whether the answer waits for the job's end.
        wait: bool,
    },
    /// Ends the job of a unit, which stays as it is.
    Cancel(UnitId),
    /// Sends a signal.
    Kill {
        /// To whom.
        unit: UnitId,
        /// signal(7) number.
        signal: u8,
        /// To which of its processes.
        whom: KillWhom,
    },
    /// Forgets failures: the unit becomes inactive, its start limit fresh.
    ResetFailed(UnitId),
    /// Closes what a service that is down has stored with PID 1.
    CleanStored(UnitId),
    /// Ends the board's run.
    Shutdown {
        /// How.
        kind: ShutdownKind,
        /// Without stopping units first.
        force: bool,
    },
}

/// What a client wants of a unit, as in systemctl(1). Its state decides which job that is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Order {
    /// A start.
    Start,
    /// A stop.
    Stop,
    /// A restart.
    Restart,
    /// A reload.
    Reload,
    /// A restart, if it is up.
    TryRestart,
    /// A reload if it knows how, else a restart; a start if it is down.
    ReloadOrRestart,
    /// Likewise, if it is up.
    TryReloadOrRestart,
}

/// Jobs, as in systemctl(1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobKind {
    /// Start it and what it requires and wants.
    Start,
    /// Stop it and what requires it.
    Stop,
    /// Stop, then start.
    Restart,
    /// Run `ExecReload=`.
    Reload,
}

/// `--kill-whom=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum KillWhom {
    /// The main process.
    Main,
    /// The process of a command around the program.
    Control,
    /// Every process of the unit.
    All,
}

/// How a board's run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ShutdownKind {
    /// Power off.
    Poweroff,
    /// Reboot.
    Reboot,
    /// Halt the processor, power on.
    Halt,
    /// Start the kernel that was loaded; reboot if there is none.
    Kexec,
    /// Not the board's, but the initramfs's: PID 1 moves on into the real root.
    SwitchRoot,
}

/// A reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// It is done, or there is no more.
    Done,
    /// The job ended otherwise.
    Failed(JobResult),
    /// It is not done, and why.
    Refused(Refusal),
    /// State of a unit.
    #[serde(borrow)]
    Unit(UnitStatus<'a>),
    /// A per-connection instance.
    Instance(InstanceStatus),
    /// State of the whole.
    Manager(ManagerStatus),
}

/// Why a request is refused: errno-like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The frame does not decode (EBADMSG).
    Malformed,
    /// The client was built with another table (ESTALE).
    OtherTable,
    /// Only root may (EPERM).
    NotPermitted,
    /// No such unit (ENOENT).
    NoSuchUnit,
    /// Not possible for this kind of unit (EOPNOTSUPP).
    NotSupported,
    /// Not possible in this state (EBUSY).
    Busy,
    /// The board is shutting down (ESHUTDOWN).
    ShuttingDown,
    /// The unit has no such process (ESRCH).
    NoProcess,
    /// Too many clients wait (EAGAIN).
    TooManyClients,
    /// What it needs and what it stops contradict each other (EDEADLK).
    Contradiction,
    /// Another job is in its way (EDEADLK).
    Destructive,
    /// `RefuseManualStart=` or `RefuseManualStop=` (EPERM).
    NotByHand,
    /// No `AllowIsolate=` (EPERM).
    NotIsolated,
    /// The unit has no job (ENOENT).
    NoJob,
    /// The kernel's command line masks it (ESHUTDOWN).
    Masked,
}

/// How a job ended, in systemd's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobResult {
    /// As it should.
    Done,
    /// Another job took its place.
    Canceled,
    /// The unit failed.
    Failed,
    /// A unit it requires failed.
    Dependency,
    /// Its deadline passed.
    Timeout,
    /// There was nothing to do.
    Skipped,
    /// An `Assert…=` of the unit does not hold.
    Assert,
}

/// `ActiveState`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ActiveState {
    /// Not there.
    Inactive,
    /// On its way up.
    Activating,
    /// Up.
    Active,
    /// Up, reading its configuration again.
    Reloading,
    /// On its way down.
    Deactivating,
    /// Ended in a way it should not have.
    Failed,
}

/// `SubState`, with systemd's names where it has one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum SubState {
    /// Nothing runs.
    Dead,
    /// Ended in a way it should not have.
    Failed,
    /// A target is reached.
    Active,
    /// `ExecCondition=` runs.
    Condition,
    /// `ExecStartPre=` runs.
    StartPre,
    /// The main process is there, the service not yet ready.
    Start,
    /// `ExecStartPost=` runs.
    StartPost,
    /// It runs.
    Running,
    /// It is there, and nothing of it runs: `RemainAfterExit=`.
    Exited,
    /// `ExecReload=` runs.
    Reload,
    /// `ReloadSignal=` was sent, and the service has not said RELOADING=1 yet.
    ReloadSignal,
    /// The service said RELOADING=1.
    ReloadNotify,
    /// `ExecReloadPost=` runs.
    ReloadPost,
    /// `ExecStop=` runs.
    Stop,
    /// `WatchdogSignal=` was sent.
    StopWatchdog,
    /// `KillSignal=` was sent.
    StopSigterm,
    /// `FinalKillSignal=` was sent.
    StopSigkill,
    /// `ExecStopPre=` of a socket runs.
    StopPre,
    /// A socket's command was sent SIGTERM.
    StopPreSigterm,
    /// A socket's command was sent SIGKILL.
    StopPreSigkill,
    /// `ExecStopPost=` runs.
    StopPost,
    /// As [`SubState::StopWatchdog`], after `ExecStopPost=`.
    FinalWatchdog,
    /// As [`SubState::StopSigterm`], after `ExecStopPost=`.
    FinalSigterm,
    /// As [`SubState::StopSigkill`], after `ExecStopPost=`.
    FinalSigkill,
    /// Waiting for `RestartSec=`.
    AutoRestart,
    /// Waiting for a limit to heal.
    Paused,
    /// A socket waits for traffic.
    Listening,
    /// A socket could not be opened and will be tried again.
    Retrying,
    /// mount(2) is at work, or its device is waited for.
    Mounting,
    /// A file system is in its place.
    Mounted,
    /// umount(2) is at work.
    Unmounting,
    /// swapon(2) is at work, or its device is waited for.
    Activating,
    /// A swap area is in use.
    InUse,
    /// swapoff(2) is at work.
    Deactivating,
    /// A timer waits for its time.
    Waiting,
    /// A timer will not elapse again.
    Elapsed,
}

/// `Result`, with systemd's names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum UnitResult {
    /// Nothing went wrong.
    Success,
    /// A resource was missing: memory, a descriptor, an address.
    Resources,
    /// READY=1 never came although the process ended.
    Protocol,
    /// A deadline passed.
    Timeout,
    /// A process ended with an unclean code.
    ExitCode,
    /// A process was killed by a signal.
    Signal,
    /// As [`UnitResult::Signal`], with a core.
    CoreDump,
    /// It did not say in time that it is well.
    Watchdog,
    /// `ExecCondition=` said no: not a failure.
    ExecCondition,
    /// `StartLimit…=` was hit.
    StartLimitHit,
    /// `TriggerLimit…=` was hit.
    TriggerLimitHit,
}

impl UnitResult {
    /// True if the unit is failed with it.
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Success | Self::ExecCondition)
    }

    /// systemd's name of it, in `Result` and `$SERVICE_RESULT`.
    pub fn name(self) -> &'static str {
        text_of!(self, UnitResult {
            Success => "success",
            Resources => "resources",
            Protocol => "protocol",
            Timeout => "timeout",
            ExitCode => "exit-code",
            Signal => "signal",
            CoreDump => "core-dump",
            Watchdog => "watchdog",
            ExecCondition => "exec-condition",
            StartLimitHit => "start-limit-hit",
            TriggerLimitHit => "trigger-limit-hit",
        })
    }
}

/// How the conditions and asserts of a unit turned out at its last start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Checked {
    /// They were not looked at yet, or there are none.
    Never,
    /// All hold.
    Met,
    /// The one at this place in their list does not.
    Unmet(u8),
}

/// How a process ended: waitid(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Exit {
    /// exit(2) with this code.
    Code(u8),
    /// Killed by this signal.
    Signal(u8),
    /// Killed by this signal, which left a core.
    Core(u8),
}

impl Exit {
    /// As in `$EXIT_CODE`.
    pub const fn code_name(self) -> &'static str {
        match self {
            Self::Code(_) => "exited",
            Self::Signal(_) => "killed",
            Self::Core(_) => "dumped",
        }
    }

    /// As in `$EXIT_STATUS`: the number, or the signal's name.
    pub const fn status(self) -> ExitStatus {
        ExitStatus(self)
    }
}

/// Prints an [`Exit`] as `$EXIT_STATUS` has it.
#[derive(Clone, Copy, Debug)]
pub struct ExitStatus(Exit);

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Exit::Code(code) => write!(f, "{code}"),
            Exit::Signal(number) | Exit::Core(number) => match signal_name(number) {
                "" => write!(f, "RTMIN+{}", number.saturating_sub(SIGRTMIN)),
                name => f.write_str(name),
            },
        }
    }
}

/// signal(7), from number 1 on: the same numbers on every architecture that boards have here.
pub const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The first real-time signal that a C library leaves to programs.
pub const SIGRTMIN: u8 = 34;
/// The last one.
pub const SIGRTMAX: u8 = 64;

/// The number of a signal that is named, with or without `SIG`; not of the real-time ones.
pub fn signal_number(name: &str) -> Option<u8> {
    let name = name.strip_prefix("SIG").unwrap_or(name);
    (1..SIGRTMIN).find(|&number| !name.is_empty() && signal_name(number) == name)
}

/// The name of a signal, without `SIG`; empty for the real-time ones.
pub fn signal_name(number: u8) -> &'static str {
    const NUMBERED: [(u8, &str); SIGNALS.len()] = texts::numbered(&SIGNALS);
    static PACKED: [u8; texts::packed_length(&NUMBERED)] = texts::packed(&NUMBERED);
    texts::find(&PACKED, number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ListenerId;

    #[test]
    fn the_longest_reply_fits_a_frame() {
        let text = [b'x'; STATUS_TEXT_MAX];
        let reply = Reply::Unit(UnitStatus {
            unit: UnitId(u16::MAX),
            active: ActiveState::Failed,
            sub: SubState::Retrying,
            result: UnitResult::TriggerLimitHit,
            job: Some(JobKind::Reload),
            checked: Checked::Unmet(u8::MAX),
            job_running: true,
            state_change_us: u64::MAX,
            active_enter_us: u64::MAX,
            main_pid: u32::MAX,
            control_pid: u32::MAX,
            exit: Some(Exit::Core(u8::MAX)),
            restarts: u32::MAX,
            triggered: u32::MAX,
            accepted: u32::MAX,
            held: u32::MAX,
            refused: u32::MAX,
            next_us: u64::MAX,
            last_us: u64::MAX,
            stamp_us: u64::MAX,
            retry: Some(Retry { listener: ListenerId(u16::MAX), errno: u16::MAX, at_us: u64::MAX }),
            status_errno: u16::MAX,
            status_text: core::str::from_utf8(&text).unwrap(),
        });
        let mut frame = [0; FRAME_MAX];
        assert!(crate::encode::to_slice(&reply, &mut frame).is_some());
    }
}
