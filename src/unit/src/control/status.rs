//! What PID 1 says of units, of connections and of itself.

use serde::{Deserialize, Serialize};

use super::{ActiveState, Checked, Exit, JobKind, SubState, UnitResult};
use crate::decode::octets;
use crate::model::{ListenerId, UnitId};

/// State of a unit. Times are microseconds since boot, 0 for never.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnitStatus<'a> {
    /// Which.
    pub unit: UnitId,
    /// Its state, in general terms.
    pub active: ActiveState,
    /// Its state, in the terms of its kind.
    pub sub: SubState,
    /// How it last ended.
    pub result: UnitResult,
    /// The job it waits for or is busy with.
    pub job: Option<JobKind>,
    /// How its conditions and asserts turned out.
    pub checked: Checked,
    /// Whether that has begun.
    pub job_running: bool,
    /// When its state last changed.
    pub state_change_us: u64,
    /// When it last became active.
    pub active_enter_us: u64,
    /// The main process; 0 for none.
    pub main_pid: u32,
    /// The process of a command around the program, such as `ExecStartPre=`, or of a socket's; 0
    /// for none.
    pub control_pid: u32,
    /// How the main process last ended.
    pub exit: Option<Exit>,
    /// Automatic restarts since it was last started by hand.
    pub restarts: u32,
    /// Sockets: how often they started their service.
    pub triggered: u32,
    /// Sockets: connections accepted (`Accept=yes`).
    pub accepted: u32,
    /// What it holds now: a socket instances (`Accept=yes`), a service descriptors with PID 1.
    pub held: u32,
    /// Sockets: connections closed because of a limit.
    pub refused: u32,
    /// Timers: when it elapses next.
    pub next_us: u64,
    /// Timers: when it last elapsed in this boot.
    pub last_us: u64,
    /// Timers: when it last elapsed in an earlier boot, in microseconds since 1970.
    pub stamp_us: u64,
    /// Sockets that could not be opened: why, and what comes of it.
    pub retry: Option<Retry>,
    /// The service's own `ERRNO=`; 0 for none.
    pub status_errno: u16,
    /// The service's own `STATUS=`.
    pub status_text: &'a str,
}

/// A listener that could not be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Retry {
    /// Which.
    pub listener: ListenerId,
    /// Why: errno(3).
    pub errno: u16,
    /// When it is tried again, in microseconds since boot.
    pub at_us: u64,
}

/// A live per-connection instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its slot: ask for the next one from `slot + 1`.
    pub slot: u16,
    /// Its socket.
    pub socket: UnitId,
    /// Its number, counted from 0 at boot.
    pub number: u32,
    /// Its process; 0 while it waits for one.
    pub pid: u32,
    /// Whom it serves.
    pub peer: Peer,
}

/// The other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Peer {
    /// AF_INET, or AF_INET6 with an address that maps one.
    V4(#[serde(deserialize_with = "octets")] [u8; 4], u16),
    /// AF_INET6.
    V6(#[serde(deserialize_with = "octets")] [u8; 16], u16),
    /// AF_UNIX: who connected. The uid is only read where `MaxConnectionsPerSource=` asks.
    Unix {
        /// The peer's uid.
        uid: u32,
    },
    /// AF_VSOCK: a context and a port.
    Vsock(u32, u32),
}

/// State of the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ManagerStatus {
    /// `SystemState`.
    pub state: SystemState,
    /// Units in the state failed.
    pub failed: u16,
    /// Jobs not yet ended.
    pub jobs: u16,
    /// Now, in microseconds since boot.
    pub now_us: u64,
    /// When the default target was reached, in microseconds since boot; 0 for not yet.
    pub boot_finished_us: u64,
    /// Children that belong to no unit, reaped.
    pub strangers_reaped: u32,
    /// Notifications that were dropped: malformed, or from nobody who may.
    pub notifications_dropped: u32,
    /// Lines that the console did not take in time.
    pub console_lines_dropped: u32,
    /// How it is with the hardware watchdog.
    pub watchdog: WatchdogState,
    /// It was the hardware watchdog that started this boot, as far as its driver knows.
    pub reset_by_watchdog: bool,
}

/// How it is with the hardware watchdog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum WatchdogState {
    /// None is fed: `RuntimeWatchdogSec=off`.
    #[default]
    None,
    /// Its device is not there, or cannot be opened.
    Missing,
    /// It is fed.
    Fed,
    /// It is not fed, because a unit of `WatchdogUnits=` has failed.
    Withheld,
}

/// `SystemState`, as `systemctl is-system-running` names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SystemState {
    /// The default target is not reached yet.
    Starting,
    /// All is well.
    Running,
    /// A unit has failed.
    Degraded,
    /// The board is shutting down.
    Stopping,
}
