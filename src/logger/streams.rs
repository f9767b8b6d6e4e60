//! The streams that are open: whose each is, and its line in the making.

use core::fmt::Write as _;
use core::mem::MaybeUninit;

use heapless::String;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, IoSlice};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, sendmsg_addr, socket_with,
};
use unit::{Command, Kind, LogSetup, UnitId};

use crate::engine::CommandList;
use crate::features;
use crate::journal::lines::{Partial, level};
use crate::journal::origin::{ORIGIN_BYTES, Origin, StoredName};
use crate::journal::{context, ring_of, setup};
use crate::sys::cell::{Array, Once};
use crate::sys::message;
use crate::table::limits::LOG_STREAMS;

use super::keeper::{Keeper, Said};

static SLOTS: Array<Option<Stream>, LOG_STREAMS, 14> = Array::new();
static PARTIALS: Once<[Partial; LOG_STREAMS], 15> =
    Once::new([const { Partial::EMPTY }; LOG_STREAMS]);

/// Read at once.
const READ_BYTES: usize = 4096;
/// `FDSTOREREMOVE=1`, `FDNAME=`, `FDPOLL=0` and the longest name.
const NOTE_BYTES: usize = 80;
/// Where PID 1 hears of descriptors to keep: [`unit::limits::NOTIFY_SOCKET`].
const NOTIFY_SOCKET: &core::ffi::CStr = c"/run/pilot/notify";

/// A connection.
struct Stream {
    fd: OwnedFd,
    pid: u32,
    /// What has come of its header.
    header: [u8; ORIGIN_BYTES],
    header_used: usize,
    source: Option<Source>,
}

/// Whose lines come through a stream, and what its unit says of them.
struct Source {
    origin: Origin,
    ring: usize,
    setup: LogSetup<'static>,
    identifier: &'static str,
}

pub(super) struct Streams {
    slots: &'static mut [Option<Stream>],
    /// Beside the slots: a stream that has written nothing has touched no page of them.
    partials: &'static mut [Partial],
}

impl Streams {
    pub(super) fn new() -> Self {
        Self { slots: SLOTS.fill_with(|| None), partials: PARTIALS.take() }
    }

    /// A place for a stream. If there is none, that of one which has not said whose it is.
    pub(super) fn place(&mut self) -> Option<usize> {
        let free = self.slots.iter().position(Option::is_none);
        free.or_else(|| {
            let is_nobodys =
                |slot: &Option<Stream>| slot.as_ref().is_some_and(|stream| stream.source.is_none());
            let place = self.slots.iter().position(is_nobodys)?;
            self.slots[place] = None;
            Some(place)
        })
    }

    /// Puts a new stream into its place.
    pub(super) fn add(&mut self, fd: OwnedFd, place: usize) {
        let pid = message::peer_pid(fd.as_fd()).unwrap_or(0);
        let header = [0; ORIGIN_BYTES];
        self.slots[place] = Some(Stream { fd, pid, header, header_used: 0, source: None });
    }

    /// Puts one back that was stored.
    pub(super) fn resume(&mut self, fd: OwnedFd, origin: Origin, place: usize, keeper: &Keeper) {
        let source = Source::of(origin, keeper);
        if let (Some(source), true) = (source, place < self.slots.len()) {
            self.add(fd, place);
            if let Some(stream) = &mut self.slots[place] {
                stream.source = Some(source);
            }
        }
    }

    /// Takes what has come through one.
    pub(super) fn read(&mut self, place: usize, keeper: &mut Keeper) {
        let Some(Some(stream)) = self.slots.get_mut(place) else { return };
        let mut buffer = [0; READ_BYTES];
        let length = match rustix::io::read(&stream.fd, &mut buffer) {
            Ok(length) => length,
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(_) => 0,
        };
        if length == 0 {
            return self.close(place, keeper);
        }
        let mut came = &buffer[..length];
        if stream.source.is_none() {
            let taken = came.len().min(ORIGIN_BYTES - stream.header_used);
            let (header, rest) = came.split_at(taken);
            stream.header[stream.header_used..][..taken].copy_from_slice(header);
            stream.header_used += taken;
            came = rest;
            if stream.header_used < ORIGIN_BYTES {
                return;
            }
            let origin = Origin::from_bytes(&stream.header);
            let origin = origin.filter(|origin| origin.table == keeper.table.crc());
            let Some(source) = origin.and_then(|origin| Source::of(origin, keeper)) else {
                return self.close(place, keeper);
            };
            store(stream.fd.as_fd(), StoredName(source.origin, place));
            stream.source = Some(source);
        }
        let Some(source) = &stream.source else { bug!("it is there now") };
        let pid = stream.pid;
        let mut then = |line: &[u8], is_cut| source.say(line, is_cut, pid, keeper);
        self.partials[place].feed(came, &mut then);
    }

    /// Nobody writes to it any more.
    fn close(&mut self, place: usize, keeper: &mut Keeper) {
        let Some(stream) = self.slots[place].take() else { return };
        let Some(source) = &stream.source else { return };
        let mut then = |line: &[u8], is_cut| source.say(line, is_cut, stream.pid, keeper);
        self.partials[place].end(&mut then);
        forget(StoredName(source.origin, place));
    }
}

impl Source {
    fn of(origin: Origin, keeper: &Keeper) -> Option<Self> {
        let table = &keeper.table;
        let is_known = origin.unit.index() < table.len() && matches!(origin.stream, 1 | 2);
        let context = is_known.then(|| context(table, origin.unit))??;
        let setup = setup(&context);
        let identifier = match setup.identifier {
            "" => program(keeper, origin)?,
            own => own,
        };
        Some(Self { origin, ring: ring_of(table, origin.unit), setup, identifier })
    }

    fn say(&self, line: &[u8], is_cut: bool, pid: u32, keeper: &mut Keeper) {
        let LogSetup { priority, level_prefix, level_max, rate, console, .. } = self.setup;
        let (level, text) = match level(line).filter(|_| level_prefix) {
            Some((level, text)) => (level, text),
            None => (priority & 7, line),
        };
        if level > level_max || text.is_empty() {
            return;
        }
        keeper.keep(&Said {
            ring: self.ring,
            unit: self.origin.unit,
            pid,
            priority: priority & !7 | level,
            limit: rate,
            identifier: self.identifier.as_bytes(),
            text,
            is_cut,
            on_console: console[usize::from(self.origin.stream) - 1],
        });
    }
}

/// The name of the program that a stream is of.
fn program(keeper: &Keeper, origin: Origin) -> Option<&'static str> {
    let command = command(keeper, origin.unit, origin.list, origin.index)?;
    command.args.program()?.to_str().ok()?.rsplit('/').next()
}

fn command(keeper: &Keeper, unit: UnitId, list: u8, index: u8) -> Option<Command<'static>> {
    let list = CommandList::from_number(list)?;
    let commands = match keeper.table.kind(unit) {
        Kind::Service(service) => list.of(&service),
        Kind::Socket(socket) if features::SOCKET_COMMANDS => list.of_socket(&socket.commands()?),
        Kind::Socket(_)
        | Kind::Target
        | Kind::Timer(_)
        | Kind::Path(_)
        | Kind::Mount(_)
        | Kind::Slice => {
            return None;
        }
    };
    commands.get(index.into())
}

/// Has PID 1 keep a stream until it is read to its end: it outlives this process.
fn store(stream: BorrowedFd<'_>, name: StoredName) {
    let mut note = String::<NOTE_BYTES>::new();
    if write!(note, "FDSTORE=1\nFDPOLL=0\nFDNAME={name}").is_ok() {
        notify(&note, &[stream]);
    }
}

fn forget(name: StoredName) {
    let mut note = String::<NOTE_BYTES>::new();
    if write!(note, "FDSTOREREMOVE=1\nFDNAME={name}").is_ok() {
        notify(&note, &[]);
    }
}

/// Tells PID 1, which waits for nobody: so it may be waited for.
fn notify(note: &str, fds: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None);
    let (Ok(socket), Ok(address)) = (socket, SocketAddrUnix::new(NOTIFY_SOCKET)) else { return };
    let part = [IoSlice::new(note.as_bytes())];
    // A stream that is not kept there ends with this process: that is all there is to lose.
    let _ = sendmsg_addr(&socket, &address, &part, &mut control, SendFlags::NOSIGNAL);
}
