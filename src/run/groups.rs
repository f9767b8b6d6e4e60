//! All processes of a unit: by its control group, or without one by its process groups.

use rustix::event::PollFlags;
use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid as KernelPid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use unit::control::Exit;
use unit::{Table, UnitId};

use crate::engine::places::Places;
use crate::engine::{Event, Pid};
use crate::features;
use crate::log;
use crate::sys::cell::{Once, at_rest};
use crate::sys::cgroup::{self, Group, Root};
use crate::sys::poll;
use crate::sys::signal;
use crate::table::limits::UNITS;

use super::watch::{Generation, Report, Source};
use super::{Pilot, resources};

at_rest! {
    static PLACES: Once<[Place; UNITS], 8> = Once::new([const { Place::EMPTY }; UNITS]);
}

/// A watched descriptor.
struct Watched {
    fd: OwnedFd,
    generation: Generation,
}

/// A child that leads a process group, or has led one that still has members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leader {
    Nobody,
    Running(u32),
    Reaped(u32),
}

/// What is known of a unit's processes.
pub(super) struct Place {
    group: Option<Group>,
    /// [`Generation::NONE`] while nobody asks whether the group is empty.
    generation: Generation,
    /// Without a control group: it is asked whether the process groups are empty.
    asked: bool,
    /// Without a control group: the last leaders of process groups that may have members.
    leaders: [Leader; 2],
    /// The main process, where it is not the child we made.
    adopted: Option<(Watched, u32)>,
    /// A slice: its control group is there, with all that is to be in its files.
    pub(super) is_made: bool,
}

impl Place {
    /// That of a unit without processes.
    const EMPTY: Self = Self {
        group: None,
        generation: Generation::NONE,
        asked: false,
        leaders: [Leader::Nobody; 2],
        adopted: None,
        is_made: false,
    };
}

pub(super) struct Groups {
    /// `None`: no control groups here.
    root: Option<Root>,
    places: Places<'static, UnitId, Place>,
    /// How many places are asked about without a control group.
    asked: usize,
}

impl Groups {
    pub(super) fn new(table: &Table<'static>) -> Self {
        let root = Root::open().inspect_err(|errno| {
            log::failed(log::Level::Info, "no control groups", *errno);
        });
        if let Ok(root) = &root {
            resources::enable_at_root(root, table);
        }
        Self { root: root.ok(), places: Places::new(PLACES.take()), asked: 0 }
    }

    /// A unit's control group, made when it is first needed. `Err`: nothing may run in it.
    pub(super) fn directory(
        &mut self,
        unit: UnitId,
        table: &Table<'static>,
    ) -> Result<Option<BorrowedFd<'_>>, Errno> {
        if let (None, Some(root)) = (&self.places.at(unit).group, &self.root) {
            let made = if features::CONTROL_GROUPS {
                resources::make(unit, root, table, &mut self.places)?
            } else {
                root.group(table.name(unit)).ok()
            };
            self.places.at_mut(unit).group = made;
        }
        Ok(self.places.at(unit).group.as_ref().map(AsFd::as_fd))
    }

    /// A child of ours leads a process group of that unit.
    pub(super) fn note_leader(&mut self, unit: UnitId, pid: u32) {
        let place = self.places.at_mut(unit);
        if place.group.is_none() {
            place.leaders = [Leader::Running(pid), place.leaders[0]];
        }
    }

    /// A child was reaped. A process group can outlive its leader, and keeps its number for as
    /// long; when it has gone, the number may soon be another's.
    pub(super) fn note_reaped(&mut self, pid: u32) {
        for place in self.places.iter_mut().filter(|place| place.group.is_none()) {
            for leader in &mut place.leaders {
                if *leader == Leader::Running(pid) {
                    *leader = Leader::Reaped(pid);
                }
                if let Leader::Reaped(each) = *leader
                    && signal::kill_group(each, 0).is_err()
                {
                    *leader = Leader::Nobody;
                }
            }
        }
    }

    /// Signals all processes of a unit; `leaders` are those it is known to have.
    pub(super) fn kill(&self, unit: UnitId, leaders: &mut dyn Iterator<Item = Pid>, number: u8) {
        let place = self.places.at(unit);
        if let Some(group) = &place.group {
            group.signal(number);
            return;
        }
        for leader in leaders {
            let _ = signal::kill_group(leader.0, number);
        }
        for leader in &place.leaders {
            if let Leader::Reaped(pid) = *leader {
                let _ = signal::kill_group(pid, number);
            }
        }
    }

    pub(super) fn kill_adopted(&self, unit: UnitId, number: u8) {
        let adopted = &self.places.at(unit).adopted;
        if let (Some((watched, _)), Some(signal)) = (adopted, Signal::from_named_raw(number.into()))
        {
            let _ = pidfd_send_signal(&watched.fd, signal);
        }
    }

    /// A unit's control group, if there are control groups.
    pub(super) fn group(&self, unit: UnitId) -> Option<&Group> {
        self.places.at(unit).group.as_ref()
    }

    fn is_populated(&self, unit: UnitId) -> bool {
        let place = self.places.at(unit);
        match &place.group {
            Some(group) => group.is_populated(),
            None => place.leaders.iter().any(|leader| *leader != Leader::Nobody),
        }
    }
}

/// True of a process that nobody has reaped yet, too.
fn has_ended(pidfd: &OwnedFd) -> bool {
    poll::now(pidfd.as_fd(), PollFlags::IN) != Ok(PollFlags::empty())
}

impl Pilot {
    pub(super) fn watch_group(&mut self, unit: UnitId) {
        if !self.groups.is_populated(unit) {
            self.answer(Event::GroupEmpty(unit));
            return;
        }
        self.watch_events(unit);
        // It may have become empty before it was watched.
        if self.groups.is_populated(unit) {
            self.answer(Event::GroupPopulated(unit));
        } else {
            self.forget_events(unit);
            self.answer(Event::GroupEmpty(unit));
        }
    }

    fn watch_events(&mut self, unit: UnitId) {
        let place = self.groups.places.at_mut(unit);
        let Some(group) = &place.group else {
            self.groups.asked += usize::from(!place.asked);
            place.asked = true;
            return;
        };
        if place.generation != Generation::NONE {
            return;
        }
        let source = Source::Group(unit);
        if let Ok(generation) = self.watch.add(group.events(), source, EventFlags::PRI) {
            place.generation = generation;
        }
    }

    fn forget_events(&mut self, unit: UnitId) {
        let place = self.groups.places.at_mut(unit);
        if let (Some(group), true) = (&place.group, place.generation != Generation::NONE) {
            place.generation = Generation::NONE;
            self.watch.remove(group.events());
        }
        self.groups.asked -= usize::from(core::mem::take(&mut place.asked));
    }

    pub(super) fn on_group_changed(&mut self, unit: UnitId, report: &Report) {
        let watched = self.groups.places.at(unit).generation == report.generation;
        if watched && !self.groups.is_populated(unit) {
            self.forget_events(unit);
            self.feed(Event::GroupEmpty(unit));
        }
    }

    /// Without control groups nobody tells when a process group is empty: asked after each reap.
    pub(super) fn check_groups_left(&mut self) {
        if self.groups.asked == 0 {
            return;
        }
        for unit in self.table.ids() {
            if self.groups.places.at(unit).asked && !self.groups.is_populated(unit) {
                self.forget_events(unit);
                self.feed(Event::GroupEmpty(unit));
            }
        }
    }

    /// A service named its main process: believed if it is one of the unit's, and alive.
    pub(super) fn adopt(&mut self, unit: UnitId, pid: Pid) {
        let holds = |pilot: &Self| cgroup::holds(pilot.table.name(unit), pid.0);
        self.adopt_if(unit, pid, holds);
    }

    /// True if it is the main process from now on: it is alive, and what `is_own` says is so.
    pub(super) fn adopt_if(
        &mut self,
        unit: UnitId,
        pid: Pid,
        is_own: impl FnOnce(&Self) -> bool,
    ) -> bool {
        let Some(kernel_pid) = KernelPid::from_raw(pid.0 as i32) else { return false };
        let Ok(fd) = pidfd_open(kernel_pid, PidfdFlags::empty()) else { return false };
        // In this order: what the kernel's files say is of the process that the pidfd names.
        if !is_own(self) || has_ended(&fd) {
            return false;
        }
        let Ok(generation) = self.watch.add(fd.as_fd(), Source::Adopted(unit), EventFlags::IN)
        else {
            return false;
        };
        self.drop_adopted(unit);
        let watched = Watched { fd, generation };
        self.groups.places.at_mut(unit).adopted = Some((watched, pid.0));
        self.answer(Event::MainAdopted { unit, pid });
        true
    }

    fn drop_adopted(&mut self, unit: UnitId) -> Option<u32> {
        let (watched, pid) = self.groups.places.at_mut(unit).adopted.take()?;
        self.watch.remove(watched.fd.as_fd());
        Some(pid)
    }

    /// An adopted process has ended. If it has become our child, reaping tells how; if it has
    /// another parent, nobody tells us, and it counts as a clean exit.
    pub(super) fn on_adopted_ended(&mut self, unit: UnitId, report: &Report) {
        let Some((watched, pid)) = &self.groups.places.at(unit).adopted else { return };
        if watched.generation != report.generation {
            return;
        }
        let pid = *pid;
        let status = rustix::process::waitpid(
            KernelPid::from_raw(pid as i32),
            rustix::process::WaitOptions::NOHANG,
        );
        let exit = match status {
            Ok(Some((_, status))) => super::children::exit(status),
            Ok(None) | Err(_) => Exit::Code(0),
        };
        self.drop_adopted(unit);
        self.feed(Event::Exited { pid: Pid(pid), exit, error: None });
    }

    /// That process was reaped: its pidfd has told all it can tell.
    pub(super) fn forget_adopted(&mut self, pid: u32) {
        for unit in self.table.ids() {
            let adopted = &self.groups.places.at(unit).adopted;
            if adopted.as_ref().is_some_and(|(_, adopted)| *adopted == pid) {
                self.drop_adopted(unit);
            }
        }
    }
}
