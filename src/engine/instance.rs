//! One connection's process, and the template they all run from: `Accept=yes`.
//!
//! A slot is free as soon as its process is reaped, however it ended: nothing that a client does
//! can use slots up. All instances of a template stop together.

use unit::control::{ActiveState, Peer, SubState};
use unit::{Millis, UnitId};

use super::event::Pid;
use super::time::Instant;

/// How long a connection waits for a process that cannot be made for want of resources.
pub const INSTANCE_PATIENCE: Millis = Millis(10_000);

/// Where a slot is.
// The first variant is all zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SlotState {
    /// Nobody's.
    Free,
    /// A connection is being accepted for it.
    Accepting,
    /// The connection is there; its process was asked for.
    Spawning {
        /// It could not be made, and is asked for again then.
        retry_at: Option<Instant>,
        /// When the connection is closed instead.
        give_up_at: Instant,
    },
    /// Its process is there.
    Running {
        /// The process.
        pid: Pid,
    },
}

/// A slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Where it is.
    pub state: SlotState,
    /// The socket that accepted it.
    pub socket: UnitId,
    /// Its number, counted from 0 at boot.
    pub number: u32,
    /// Whom it serves.
    pub peer: Peer,
}

impl Instance {
    /// A slot that was never used. All zero: the slots lie in `.bss`, and cost no page before
    /// one of them is used.
    pub const FREE: Self =
        Self { state: SlotState::Free, socket: UnitId(0), number: 0, peer: Peer::V4([0; 4], 0) };

    /// Its process.
    pub const fn pid(&self) -> Option<Pid> {
        match self.state {
            SlotState::Running { pid } => Some(pid),
            SlotState::Free | SlotState::Accepting | SlotState::Spawning { .. } => None,
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            SlotState::Spawning { retry_at: Some(retry_at), give_up_at } => {
                Some(retry_at.min(give_up_at))
            }
            SlotState::Spawning { retry_at: None, .. }
            | SlotState::Free
            | SlotState::Accepting
            | SlotState::Running { .. } => None,
        }
    }

    /// A process that it lacks is due.
    pub const fn hurry(&mut self, now: Instant) {
        if let SlotState::Spawning { retry_at: Some(retry_at), .. } = &mut self.state {
            *retry_at = now;
        }
    }

    /// Whether it holds a connection of this source, in the sense of
    /// `MaxConnectionsPerSource=`: an address, a user, or a context.
    pub fn is_of_source(&self, peer: Peer) -> bool {
        match self.state {
            SlotState::Free | SlotState::Accepting => false,
            SlotState::Spawning { .. } | SlotState::Running { .. } => match (self.peer, peer) {
                (Peer::V4(one, _), Peer::V4(other, _)) => one == other,
                (Peer::V6(one, _), Peer::V6(other, _)) => one == other,
                (Peer::Unix { uid: one }, Peer::Unix { uid: other }) => one == other,
                (Peer::Vsock(one, _), Peer::Vsock(other, _)) => one == other,
                (Peer::V4(..) | Peer::V6(..) | Peer::Unix { .. } | Peer::Vsock(..), _) => false,
            },
        }
    }
}

/// Where a template is, with all its instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Instances come and go.
    Open,
    /// Those there are were sent `KillSignal=`.
    StopSigterm {
        /// When they are sent SIGKILL; `None` is never.
        deadline: Option<Instant>,
    },
    /// They were sent SIGKILL.
    StopSigkill {
        /// When they are given up; `None` is never.
        deadline: Option<Instant>,
    },
}

/// A template of an `Accept=yes` socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Template {
    /// Where it is.
    pub state: State,
    /// Instances with a process.
    pub alive: u16,
}

impl Template {
    /// A template without instances.
    pub const NEW: Self = Self { state: State::Open, alive: 0 };

    /// Its state in general terms.
    pub const fn active(&self) -> ActiveState {
        match self.state {
            State::Open if self.alive == 0 => ActiveState::Inactive,
            State::Open => ActiveState::Active,
            State::StopSigterm { .. } | State::StopSigkill { .. } => ActiveState::Deactivating,
        }
    }

    /// Its state in a service's terms.
    pub const fn sub(&self) -> SubState {
        match self.state {
            State::Open if self.alive == 0 => SubState::Dead,
            State::Open => SubState::Running,
            State::StopSigterm { .. } => SubState::StopSigterm,
            State::StopSigkill { .. } => SubState::StopSigkill,
        }
    }

    /// When something is due.
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Open => None,
            State::StopSigterm { deadline } | State::StopSigkill { deadline } => deadline,
        }
    }
}
