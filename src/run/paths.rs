//! Watches of path units: inotify(7), one for each unit.
//!
//! The child that looks sets the watches, in an inotify that PID 1 has made and reads: setting one
//! may wait for a disk. Each look has a new one; what the one before it told meanwhile is heard
//! when the new one takes its place.

use core::mem::MaybeUninit;

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader};
use rustix::io::Errno;
use unit::compare::fits;
use unit::{Kind, PathSetup, Table, UnitId, When};

use crate::engine::Event;
use crate::features;
use crate::sys::cell::Array;
use crate::table::limits::PATHS;

use super::Pilot;
use super::watch::{Generation, Report, Source, Watch};

static PLACES: Array<Place, PATHS, 26> = Array::new();

/// Events taken of one unit in a turn.
const EVENTS_PER_TURN: usize = 64;
/// Room for one event with the longest name, and for its alignment.
const EVENT_BYTES: usize = 2 * (16 + 256);

/// The watches of one look.
struct Watches {
    inotify: OwnedFd,
    /// The watches up to this one are those of the paths that are watched for changes.
    targets: u8,
}

/// One path unit.
struct Place {
    owner: UnitId,
    /// In the set of what is waited for, with their registration.
    heard: Option<(Watches, Generation)>,
    /// Those before, while a child looks.
    former: Option<Watches>,
    /// Those that it sets.
    next: Option<OwnedFd>,
}

pub(super) struct Paths {
    places: &'static mut [Place],
}

/// What watches tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// Something on the way to a path.
    Touched,
    /// A change that is waited for.
    Changed,
}

impl Paths {
    pub(super) fn new(table: &Table<'_>) -> Self {
        let is_path = |unit: &UnitId| features::PATHS && matches!(table.kind(*unit), Kind::Path(_));
        let mut owners = table.ids().filter(is_path);
        let places = PLACES.fill_with(|| Place {
            owner: owners.next().unwrap_or_else(|| bug!("a place to each path unit")),
            heard: None,
            former: None,
            next: None,
        });
        Self { places }
    }

    fn place(&mut self, unit: UnitId) -> &mut Place {
        let place = self.places.iter_mut().find(|place| place.owner == unit);
        place.unwrap_or_else(|| bug!("every path unit has a place"))
    }

    /// An inotify for the watches that a child is about to set.
    pub(super) fn prepare(
        &mut self,
        unit: UnitId,
        watch: &mut Watch,
    ) -> Result<BorrowedFd<'_>, Errno> {
        let fresh = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let place = self.place(unit);
        place.unlisten(watch);
        let fresh: &OwnedFd = place.next.insert(fresh);
        Ok(fresh.as_fd())
    }
}

impl Place {
    /// Hears its watches no more, but keeps what they tell.
    fn unlisten(&mut self, watch: &mut Watch) {
        if let Some((watches, _)) = self.heard.take() {
            watch.remove(watches.inotify.as_fd());
            self.former = Some(watches);
        }
    }
}

impl Pilot {
    pub(super) fn watch_path(&mut self, unit: UnitId, targets: u8) {
        if !features::PATHS {
            return;
        }
        let setup = self.path_setup(unit);
        let place = self.paths.place(unit);
        let Some(inotify) = place.next.take() else { bug!("a look was asked for before") };
        let former = place.former.take().map(|former| former.told(&setup));
        let added = self.watch.add(inotify.as_fd(), Source::Path(unit), EventFlags::IN);
        let is_deaf = added.is_err();
        place.heard = added.ok().map(|generation| (Watches { inotify, targets }, generation));
        // Without a place in the set the paths have to be looked at again and again.
        if is_deaf || former == Some(Told::Changed) {
            let changed = former == Some(Told::Changed);
            self.answer(Event::PathTouched { unit, changed });
        }
    }

    pub(super) fn unwatch_path(&mut self, unit: UnitId) {
        if !features::PATHS {
            return;
        }
        let place = self.paths.place(unit);
        place.unlisten(&mut self.watch);
        place.former = None;
        place.next = None;
    }

    pub(super) fn on_path_touched(&mut self, unit: UnitId, report: &Report) {
        if !features::PATHS {
            return;
        }
        let setup = self.path_setup(unit);
        let told = match &self.paths.place(unit).heard {
            Some((watches, generation)) if *generation == report.generation => watches.told(&setup),
            Some(_) | None => Told::Nothing,
        };
        match told {
            Told::Nothing => {}
            Told::Touched => self.feed(Event::PathTouched { unit, changed: false }),
            Told::Changed => self.feed(Event::PathTouched { unit, changed: true }),
        }
    }

    fn path_setup(&self, unit: UnitId) -> PathSetup<'static> {
        let Kind::Path(path) = self.table.kind(unit) else { bug!("not a path unit") };
        path.setup()
    }
}

impl Watches {
    /// Reads what they tell, as far as it matters: no more than fits into a turn, the rest is
    /// reported again.
    fn told(&self, setup: &PathSetup<'_>) -> Told {
        let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        let mut told = Told::Nothing;
        for _ in 0..EVENTS_PER_TURN {
            let Ok(event) = events.next() else { return told };
            let is_lost = event.events().contains(ReadFlags::QUEUE_OVERFLOW);
            if is_lost && self.targets > 0 || (1..=i32::from(self.targets)).contains(&event.wd()) {
                return Told::Changed;
            }
            // That a folder with the watch went away was told before.
            let is_end = event.events().contains(ReadFlags::IGNORED);
            let name = event.file_name().map(core::ffi::CStr::to_bytes);
            if !is_end && name.is_none_or(|name| concerns(setup, name)) {
                told = Told::Touched;
            }
        }
        told
    }
}

/// Whether a name in some folder on the way may be a part of one of the paths.
fn concerns(setup: &PathSetup<'_>, name: &[u8]) -> bool {
    setup.watched.iter().any(|watched| {
        let mut parts = watched.path.trim_end_matches('\0').split('/').map(str::as_bytes);
        match watched.when {
            When::NotEmpty => true,
            When::ExistsGlob => parts.any(|part| fits(part, name)),
            When::Exists | When::Changed | When::Modified => parts.any(|part| part == name),
        }
    })
}
