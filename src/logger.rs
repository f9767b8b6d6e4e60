//! The role `pilot-log`: reads what services write, and keeps the last lines of each.
//!
//! It is a service like any other, started by its sockets, and reads nothing but what it is passed:
//! the listener for streams, that of syslog(3), and the streams that PID 1 has kept since its last
//! end. It holds no memory that grows: a line in the making for each stream, and the file of the
//! rings. Nobody waits for it but those who write faster than it reads.
//!
//! Read before editing: `journal`, sd_notify(3) (FDSTORE=), and "Decisions that surprise".

mod keeper;
mod streams;

use core::mem::MaybeUninit;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::time::Timespec;
use unit::{LogSetup, Table, UnitId};

use crate::journal::entry::{NO_UNIT, TEXT_MAX};
use crate::journal::origin::Origin;
use crate::journal::{context, ring_of, setup, syslog};
use crate::sys::message::{NotifySocket, Sender, accept_client};
use crate::sys::{cgroup, clock, passed};
use crate::{features, table};

use self::keeper::{Keeper, Said};
use self::streams::Streams;

/// The name of this role: `argv[0]` without its folder.
pub const NAME: &str = "pilot-log";

/// Connections and messages that are taken in a turn: between them others have theirs.
const TAKEN_PER_TURN: usize = 16;
/// Longest message of syslog(3); the rest of a longer one is lost.
const MESSAGE_BYTES: usize = TEXT_MAX + 128;
/// Events of a turn.
const EVENTS: usize = 32;
/// What the tags of events mean; a stream has its place.
const SYSLOG: u64 = u64::MAX;
const LISTENER: u64 = u64::MAX - 1;

/// A reason to give up; PID 1 starts the role again.
const FAILURE: u8 = 1;

struct Logger {
    epoll: OwnedFd,
    listener: Option<OwnedFd>,
    syslog: Option<NotifySocket>,
    streams: Streams,
    keeper: Keeper,
}

/// Runs the role. Comes back only to fail.
pub fn main() -> u8 {
    if !features::LOG {
        return FAILURE;
    }
    let table = table::open().unwrap_or_else(|error| panic!("the unit table {error}"));
    let Some(keeper) = Keeper::open(table) else { panic!("the rings cannot be opened") };
    let Ok(epoll) = epoll::create(CreateFlags::CLOEXEC) else { return FAILURE };
    let streams = Streams::new();
    let mut logger = Logger { epoll, listener: None, syslog: None, streams, keeper };
    if logger.take_passed().is_err() {
        return FAILURE;
    }
    loop {
        logger.turn();
    }
}

impl Logger {
    /// Sorts what PID 1 has passed.
    fn take_passed(&mut self) -> Result<(), Errno> {
        for (fd, name) in passed::descriptors() {
            if let Some((origin, place)) = Origin::from_name(name, self.keeper.table.crc()) {
                self.resume(fd, origin, place);
            } else if rustix::net::sockopt::socket_acceptconn(&fd).unwrap_or(false) {
                self.watch(fd.as_fd(), LISTENER)?;
                self.listener = Some(fd);
            } else {
                self.watch(fd.as_fd(), SYSLOG)?;
                self.syslog = Some(NotifySocket::from_bound(fd)?);
            }
        }
        Ok(())
    }

    /// Reads on from a stream that was stored.
    fn resume(&mut self, fd: OwnedFd, origin: Origin, place: usize) {
        let is_watched = self.watch(fd.as_fd(), place as u64).is_ok();
        if is_watched {
            self.streams.resume(fd, origin, place, &self.keeper);
        }
    }

    fn watch(&self, fd: BorrowedFd<'_>, tag: u64) -> Result<(), Errno> {
        epoll::add(&self.epoll, fd, EventData::new_u64(tag), EventFlags::IN)
    }

    /// Waits, and does what is to be done.
    fn turn(&mut self) {
        let timeout = self.keeper.due().map(|due_us| {
            let wait_us = due_us.saturating_sub(clock::boot_time_us());
            // Rounded up: what is due is due then.
            let wait_ms = wait_us / 1000 + 1;
            Timespec { tv_sec: (wait_ms / 1000) as _, tv_nsec: (wait_ms % 1000 * 1_000_000) as _ }
        });
        let mut events = [const { MaybeUninit::uninit() }; EVENTS];
        let ready = match epoll::wait(&self.epoll, &mut events[..], timeout.as_ref()) {
            Ok((ready, _)) => ready,
            Err(Errno::INTR) => &mut [],
            Err(errno) => panic!("epoll_wait(2): {errno}"),
        };
        for event in ready {
            // By value: the kernel's struct is packed on x86_64.
            let data = event.data;
            match data.u64() {
                LISTENER => self.accept(),
                SYSLOG => self.take_messages(),
                place => self.streams.read(place as usize, &mut self.keeper),
            }
        }
        self.keeper.settle();
    }

    fn accept(&mut self) {
        for _ in 0..TAKEN_PER_TURN {
            let Some(listener) = &self.listener else { return };
            let Ok((fd, is_root)) = accept_client(listener.as_fd()) else { return };
            // What others have to say they say at /dev/log.
            if !is_root {
                continue;
            }
            match self.streams.place() {
                Some(place) if self.watch(fd.as_fd(), place as u64).is_ok() => {
                    self.streams.add(fd, place);
                }
                _ => self.keeper.tell(format_args!("a stream is one too many, and is closed")),
            }
        }
    }

    fn take_messages(&mut self) {
        for _ in 0..TAKEN_PER_TURN {
            let Some(socket) = &self.syslog else { return };
            let mut buffer = [0; MESSAGE_BYTES];
            let Some((sender, bytes, is_cut)) = socket.receive_text(&mut buffer) else { return };
            let message = syslog::parse(bytes);
            if message.text.is_empty() {
                continue;
            }
            let table = &self.keeper.table;
            let unit = sender.as_ref().and_then(|sender| unit_of(table, sender));
            let context = unit.and_then(|unit| context(table, unit));
            let setup = context.map_or(LogSetup::DEFAULT, |context| setup(&context));
            if message.priority & 7 > setup.level_max {
                continue;
            }
            self.keeper.keep(&Said {
                ring: unit.map_or(0, |unit| ring_of(table, unit)),
                unit: unit.unwrap_or(NO_UNIT),
                pid: sender.map_or(0, |sender| sender.pid),
                priority: message.priority,
                limit: setup.rate,
                identifier: message.identifier,
                text: message.text,
                is_cut,
                on_console: false,
            });
        }
    }
}

/// Whose process has sent a message: known by its control group, if it has not ended meanwhile.
fn unit_of(table: &Table<'_>, sender: &Sender) -> Option<UnitId> {
    let unit = table.find(cgroup::unit_of(sender.pid, &mut [0; cgroup::PROC_BYTES])?);
    unit.filter(|_| sender.is_there())
}
