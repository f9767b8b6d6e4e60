//! What services store with PID 1: `FileDescriptorStoreMax=`. They send descriptors to the
//! notification socket and are passed them again at their next start.

use heapless::Vec;
use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use unit::limits::FD_NAME_MAX;
use unit::{Preserve, Table, UnitId};

use crate::engine::Storing;
use crate::engine::places::Places;
use crate::sys::cell::{Array, Once, at_rest};
use crate::sys::fd;
use crate::sys::message::FDS_MAX;
use crate::table::limits::{STORED_FDS, UNITS};
use crate::{features, log};

use super::Pilot;
use super::prepare::Request;
use super::watch::{Generation, Report, Source, Watch};

static SLOTS: Array<Option<Stored>, STORED_FDS, 27> = Array::new();
at_rest! {
    static NAMES: Once<[Name; STORED_FDS], 28> = Once::new([const { Name::new() }; STORED_FDS]);
    static TOLD: Once<[bool; TELLERS], 29> = Once::new([false; TELLERS]);
}

const TELLERS: usize = if features::FD_STORE { UNITS } else { 0 };

type Name = heapless::String<FD_NAME_MAX>;

/// One descriptor.
struct Stored {
    owner: UnitId,
    fd: OwnedFd,
    preserve: Preserve,
    /// [`Generation::NONE`] if it is not watched.
    generation: Generation,
}

pub(super) struct Store {
    /// Enough for all services together.
    slots: &'static mut [Option<Stored>],
    /// Beside the slots: who has none stored has touched no page of them.
    names: &'static mut [Name],
    /// Whether it was said that one of a service's could not be kept.
    told: Places<'static, UnitId, bool>,
}

impl Store {
    pub(super) fn new() -> Self {
        let slots = SLOTS.fill_with(|| None);
        Self { slots, names: NAMES.take(), told: Places::new(TOLD.take()) }
    }

    /// What a service has stored, with the names.
    pub(super) fn of(&self, unit: UnitId) -> impl Iterator<Item = (BorrowedFd<'_>, &str)> {
        let slots = self.slots.iter().zip(self.names.iter());
        let own = slots.filter_map(|(slot, name)| Some((slot.as_ref()?, name)));
        own.filter(move |(stored, _)| stored.owner == unit)
            .map(|(stored, name)| (stored.fd.as_fd(), name.as_str()))
    }

    /// Does what a service says of the descriptors that it has sent, and gives back those that it
    /// says nothing of.
    pub(super) fn heed(
        &mut self,
        unit: Option<UnitId>,
        storing: Option<Storing<'_>>,
        fds: Vec<OwnedFd, FDS_MAX>,
        table: &Table<'static>,
        watch: &mut Watch,
    ) -> Vec<OwnedFd, FDS_MAX> {
        let (Some(unit), Some(storing)) = (unit, storing) else { return fds };
        let more = features::more(&table.service(unit));
        match storing {
            Storing::Keep { name, polled } => {
                for fd in fds {
                    if self.of(unit).any(|(stored, _)| fd::is_same(stored, fd.as_fd())) {
                        continue;
                    }
                    let (preserve, generation) = (more.store_preserve, Generation::NONE);
                    let stored = Stored { owner: unit, fd, preserve, generation };
                    let has_room = self.of(unit).count() < more.store_max.into();
                    let is_kept = has_room && self.keep(stored, name, polled, watch);
                    if !is_kept && !core::mem::replace(self.told.at_mut(unit), true) {
                        let why = if has_room { "cannot be watched" } else { "is one too many" };
                        log::warn!("{}: a descriptor to store {why}", table.name(unit));
                    }
                }
            }
            Storing::Remove(name) => {
                for place in 0..self.slots.len() {
                    if self.is_of(place, unit) && self.names[place] == name {
                        self.release(place, watch);
                    }
                }
            }
        }
        Vec::new()
    }

    /// False if epoll(7) does not take it.
    fn keep(&mut self, mut stored: Stored, name: &str, polled: bool, watch: &mut Watch) -> bool {
        let Some(place) = self.slots.iter().position(Option::is_none) else {
            bug!("the compiler has counted them")
        };
        if polled {
            let source = Source::Stored(place as u16);
            match watch.add(stored.fd.as_fd(), source, EventFlags::empty()) {
                Ok(generation) => stored.generation = generation,
                // Files never hang up.
                Err(Errno::PERM) => {}
                Err(_) => return false,
            }
        }
        self.names[place].clear();
        let pushed = self.names[place].push_str(name);
        ensure!(pushed.is_ok(), "no longer name is taken for one");
        self.slots[place] = Some(stored);
        true
    }

    /// Closes all that a service has stored.
    pub(super) fn clean(&mut self, unit: UnitId, watch: &Watch) {
        if !features::FD_STORE {
            return;
        }
        for place in 0..self.slots.len() {
            if self.is_of(place, unit) {
                self.release(place, watch);
            }
        }
    }

    fn is_of(&self, place: usize, unit: UnitId) -> bool {
        self.slots[place].as_ref().is_some_and(|stored| stored.owner == unit)
    }

    fn release(&mut self, place: usize, watch: &Watch) {
        let Some(stored) = self.slots[place].take() else { return };
        *self.told.at_mut(stored.owner) = false;
        if stored.generation != Generation::NONE {
            watch.remove(stored.fd.as_fd());
        }
    }
}

impl Pilot {
    /// A descriptor has hung up: nobody can do anything with it any more.
    pub(super) fn on_stored_hung_up(&mut self, place: u16, report: &Report) {
        if !features::FD_STORE {
            return;
        }
        let slot = self.store.slots[usize::from(place)].as_ref();
        if slot.is_some_and(|stored| stored.generation == report.generation) {
            self.store.release(place.into(), &self.watch);
        }
    }

    /// Before a child of a service is made: `FileDescriptorStorePreserve=no` is none of the last
    /// start's.
    pub(super) fn renew_store(&mut self, request: &Request) {
        if !features::FD_STORE || !request.begins {
            return;
        }
        for place in 0..self.store.slots.len() {
            let slot = self.store.slots[place].as_ref();
            if slot.is_some_and(|stored| {
                stored.owner == request.unit && stored.preserve == Preserve::No
            }) {
                self.store.release(place, &self.watch);
            }
        }
    }

    /// Closes what those have stored that have stopped.
    pub(super) fn release_stored(&mut self) {
        if !features::FD_STORE {
            return;
        }
        for place in 0..self.store.slots.len() {
            let Some(stored) = &self.store.slots[place] else { continue };
            let has_stopped = match stored.preserve {
                Preserve::No => self.engine.has_stopped(stored.owner, false),
                Preserve::Restart => self.engine.has_stopped(stored.owner, true),
                Preserve::Yes => false,
            };
            if has_stopped {
                self.store.release(place, &self.watch);
            }
        }
    }
}
