//! What is waited for: one epoll set, epoll(7), whose tags say what a descriptor is to us.

use core::mem::MaybeUninit;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use unit::{ListenerId, UnitId};

use crate::engine::ClientId;
use crate::sys;

/// Reports taken in a turn.
const REPORTS_PER_TURN: usize = 32;

/// What a descriptor is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Notifications,
    Signals,
    Control,
    /// The inotify of the nodes that sockets have in file systems.
    Nodes,
    Listener(ListenerId),
    /// The pipe that execve(2) closes.
    Executed(UnitId),
    /// The pidfd of a main process that is not our child.
    Adopted(UnitId),
    /// cgroup.events.
    Group(UnitId),
    Client(ClientId),
    /// The rtnetlink(7) socket that tells of new addresses.
    Addresses,
    /// A descriptor that is kept for a service, by its place.
    Stored(u16),
    /// The timer that is canceled when somebody sets the clock.
    Wall,
    /// The watches of a path unit.
    Path(UnitId),
}

impl Source {
    const fn encode(self) -> (u8, u16) {
        match self {
            Self::Notifications => (0, 0),
            Self::Signals => (1, 0),
            Self::Control => (2, 0),
            Self::Nodes => (3, 0),
            Self::Listener(listener) => (4, listener.0),
            Self::Executed(unit) => (5, unit.0),
            Self::Adopted(unit) => (6, unit.0),
            Self::Group(unit) => (7, unit.0),
            Self::Client(client) => (8, client.0 as u16),
            Self::Addresses => (9, 0),
            Self::Wall => (10, 0),
            Self::Path(unit) => (11, unit.0),
            Self::Stored(place) => (12, place),
        }
    }

    fn decode(kind: u8, index: u16) -> Self {
        match kind {
            0 => Self::Notifications,
            1 => Self::Signals,
            2 => Self::Control,
            3 => Self::Nodes,
            4 => Self::Listener(ListenerId(index)),
            5 => Self::Executed(UnitId(index)),
            6 => Self::Adopted(UnitId(index)),
            7 => Self::Group(UnitId(index)),
            8 => Self::Client(ClientId(index as u8)),
            9 => Self::Addresses,
            10 => Self::Wall,
            11 => Self::Path(UnitId(index)),
            12 => Self::Stored(index),
            _ => bug!("a tag we did not make"),
        }
    }
}

/// Which registration it was: reports of an older one are stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Generation(u32);

impl Generation {
    /// That of no registration.
    pub(super) const NONE: Self = Self(0);
}

/// One report: what is ready, for which registration, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) source: Source,
    pub(super) generation: Generation,
    pub(super) flags: EventFlags,
}

/// What is ready in this turn.
pub(super) type Ready = heapless::Vec<Report, REPORTS_PER_TURN>;

/// The set.
pub(super) struct Watch {
    epoll: OwnedFd,
    registrations: u32,
}

impl Watch {
    pub(super) fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, registrations: 0 })
    }

    /// Reports `fd` from now on, level-triggered; hang-up and error are always reported.
    pub(super) fn add(
        &mut self,
        fd: BorrowedFd<'_>,
        source: Source,
        flags: EventFlags,
    ) -> Result<Generation, Errno> {
        let generation = self.registrations.wrapping_add(1).max(1);
        epoll::add(&self.epoll, fd, tag(source, generation), flags)?;
        self.registrations = generation;
        Ok(Generation(generation))
    }

    /// Changes what is reported of `fd`.
    pub(super) fn modify(
        &self,
        fd: BorrowedFd<'_>,
        source: Source,
        generation: Generation,
        flags: EventFlags,
    ) {
        let changed = epoll::modify(&self.epoll, fd, tag(source, generation.0), flags);
        ensure!(changed.is_ok(), "it was added");
    }

    /// Reports `fd` no more. To be called before it is closed: the set holds on to the open
    /// file, of which a child that is about to execute its program has a copy.
    pub(super) fn remove(&self, fd: BorrowedFd<'_>) {
        let removed = epoll::delete(&self.epoll, fd);
        ensure!(removed.is_ok(), "it was added");
    }

    /// Waits until something is ready, at most `timeout_ms`; `None` is for ever.
    pub(super) fn wait(&self, timeout_ms: Option<u64>, into: &mut Ready) {
        let mut events = [const { MaybeUninit::uninit() }; REPORTS_PER_TURN];
        let ready = match sys::poll::wait(self.epoll.as_fd(), &mut events, timeout_ms) {
            Ok(ready) => ready,
            Err(Errno::INTR) => &[],
            Err(errno) => super::broken("epoll_wait(2)", errno),
        };
        into.extend(ready.iter().map(report));
    }
}

fn tag(source: Source, generation: u32) -> EventData {
    let (kind, index) = source.encode();
    EventData::new_u64(u64::from(generation) << 32 | u64::from(kind) << 16 | u64::from(index))
}

fn report(event: &epoll::Event) -> Report {
    // By value: the kernel's struct is packed on x86_64.
    let (data, flags) = (event.data, event.flags);
    let tag = data.u64();
    let source = Source::decode((tag >> 16) as u8, tag as u16);
    Report { source, generation: Generation((tag >> 32) as u32), flags }
}
