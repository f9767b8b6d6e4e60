//! What happened, in a fixed ring: one record serves the console, the epitaph and the tests.

use unit::control::{Exit, JobKind, JobResult, Refusal, ShutdownKind, SubState, UnitResult};
use unit::{ListenerId, UnitId};

use super::Instant;
use super::event::{Errno, InstanceId, Pid, SpawnError};

/// Records kept.
pub const TRACE_RECORDS: usize = 64;

/// Something worth telling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trace {
    /// A unit's state changed.
    State {
        /// The unit.
        unit: UnitId,
        /// Its new state.
        sub: SubState,
        /// How it ended, where the new state is an end.
        result: UnitResult,
    },
    /// A job ended.
    Job {
        /// The unit.
        unit: UnitId,
        /// The job.
        kind: JobKind,
        /// How.
        result: JobResult,
    },
    /// A job that nobody asked for could not be.
    JobRefused {
        /// The unit.
        unit: UnitId,
        /// The job.
        kind: JobKind,
        /// Why.
        refusal: Refusal,
    },
    /// A child could not do its work: mount or unmount, swap to or no more, read or write a stamp.
    WorkFailed {
        /// The unit.
        unit: UnitId,
        /// Why.
        errno: Errno,
    },
    /// A condition or an assert does not hold: the unit does not start.
    Unmet {
        /// The unit.
        unit: UnitId,
        /// Its place among the unit's checks.
        check: u8,
    },
    /// Traffic starts a service.
    Triggered {
        /// Where.
        listener: ListenerId,
        /// What it starts.
        unit: UnitId,
    },
    /// A service's process ended.
    Exited {
        /// The unit.
        unit: UnitId,
        /// The process.
        pid: Pid,
        /// How.
        exit: Exit,
    },
    /// A child could not be made, or did not reach its program.
    SpawnFailed {
        /// The service.
        unit: UnitId,
        /// Why.
        error: SpawnError,
    },
    /// A per-connection process began.
    Connected {
        /// The socket.
        unit: UnitId,
        /// The slot.
        instance: InstanceId,
    },
    /// A limit closed a connection.
    Refused {
        /// The socket.
        unit: UnitId,
    },
    /// A limit holds a unit for a while.
    Paused {
        /// The unit.
        unit: UnitId,
        /// Until then.
        until: Instant,
    },
    /// A listener could not be opened.
    OpenFailed {
        /// Which.
        listener: ListenerId,
        /// Of what.
        unit: UnitId,
        /// Why.
        errno: Errno,
    },
    /// A listener was shut down or unlinked by somebody, and is opened again.
    Reopened {
        /// Which.
        listener: ListenerId,
        /// Of what.
        unit: UnitId,
    },
    /// A service reports an error about itself: `ERRNO=`.
    ServiceErrno {
        /// The service.
        unit: UnitId,
        /// The error.
        errno: Errno,
    },
    /// The default target is reached.
    BootFinished,
    /// The board is going down.
    Shutdown {
        /// How.
        kind: ShutdownKind,
        /// How far.
        step: ShutdownStep,
    },
}

/// The steps of a shutdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShutdownStep {
    /// Units stop, in reverse order.
    StopUnits,
    /// What is left gets SIGTERM.
    Terminate,
    /// What is left gets SIGKILL.
    Kill,
    /// File systems are synced and unmounted.
    Finish,
    /// reboot(2).
    Off,
}

/// A record with its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// When.
    pub at: Instant,
    /// What.
    pub trace: Trace,
}

/// The last [`TRACE_RECORDS`] records.
#[derive(Debug)]
pub struct Ring {
    records: [Option<Record>; TRACE_RECORDS],
    written: u32,
}

impl Ring {
    /// An empty ring.
    pub const fn new() -> Self {
        Self { records: [None; TRACE_RECORDS], written: 0 }
    }

    /// Adds a record; the oldest makes room.
    pub fn push(&mut self, record: Record) {
        self.records[self.written as usize % TRACE_RECORDS] = Some(record);
        self.written = self.written.wrapping_add(1);
    }

    /// How many records have ever been written: a cursor for [`Ring::since`].
    pub const fn written(&self) -> u32 {
        self.written
    }

    /// The records behind a cursor, oldest first; what the ring has lost since is left out.
    pub fn since(&self, cursor: u32) -> impl Iterator<Item = Record> + '_ {
        let behind = self.written.wrapping_sub(cursor).min(TRACE_RECORDS as u32);
        let first = self.written.wrapping_sub(behind);
        (0..behind).filter_map(move |offset| {
            self.records[first.wrapping_add(offset) as usize % TRACE_RECORDS]
        })
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_and_gives_them_in_order() {
        let mut ring = Ring::new();
        for at in 0..TRACE_RECORDS as u64 + 3 {
            ring.push(Record { at: Instant::at(at), trace: Trace::BootFinished });
        }
        let first = ring.since(0).next().map(|record| record.at);
        assert_eq!(first, Some(Instant::at(3)));
        assert_eq!(ring.since(0).count(), TRACE_RECORDS);
        assert_eq!(ring.since(ring.written() - 2).count(), 2);
        assert_eq!(ring.since(ring.written()).count(), 0);
    }
}
