//! Listeners and the connections accepted from them, by descriptor.

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use unit::control::Peer;
use unit::{
    Address, Kind, ListenKind, Listener, ListenerId, Socket, SocketOption, SocketSetup, Table,
    UnitId,
};

use crate::engine::places::Places;
use crate::engine::{AcceptFailure, Event, InstanceId};
use crate::features;
use crate::log;
use crate::sys::cell::{Array, Once, at_rest};
use crate::sys::path::Path;
use crate::sys::{message, socket};
use crate::table::limits::{INSTANCES, LISTENERS};

use super::Pilot;
use super::addresses::is_absence;
use super::watch::{Generation, Report, Source, Watch};
use crate::reason::Reason;

static PLACES: Array<Place, LISTENERS, 4> = Array::new();
at_rest! {
    static CONNECTIONS: Once<[Option<OwnedFd>; INSTANCES], 5> =
        Once::new([const { None }; INSTANCES]);
}

/// Connections or messages of a listener that FlushPending= drops at once.
const FLUSHED_MAX: usize = 1024;

/// One listener.
struct Place {
    owner: UnitId,
    fd: Option<OwnedFd>,
    /// [`Generation::NONE`] while it is not watched.
    generation: Generation,
    /// Its node in a file system: device and inode.
    node: Option<(u64, u64)>,
}

pub(super) struct Listeners {
    places: Places<'static, ListenerId, Place>,
    /// Accepted, and not yet handed to their processes.
    connections: Places<'static, InstanceId, Option<OwnedFd>>,
    /// Tells when a node changes: somebody may have removed it. `None`: the kernel has none.
    inotify: Option<OwnedFd>,
}

impl Listeners {
    pub(super) fn new(table: &Table<'_>, watch: &mut Watch) -> Self {
        let opened = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let inotify = opened
            .ok()
            .filter(|inotify| watch.add(inotify.as_fd(), Source::Nodes, EventFlags::IN).is_ok());
        let mut places = Places::new(PLACES.fill_with(|| Place {
            owner: UnitId(0),
            fd: None,
            generation: Generation::NONE,
            node: None,
        }));
        for owner in table.ids() {
            if let Kind::Socket(socket) = table.kind(owner) {
                for listener in socket.listener_ids() {
                    places.at_mut(listener).owner = owner;
                }
            }
        }
        Self { places, connections: Places::new(CONNECTIONS.take()), inotify }
    }

    /// The descriptor of an open listener.
    pub(super) fn fd(&self, listener: ListenerId) -> Option<BorrowedFd<'_>> {
        self.places.at(listener).fd.as_ref().map(AsFd::as_fd)
    }

    /// The connection accepted for an instance.
    pub(super) fn connection(&self, instance: InstanceId) -> Option<BorrowedFd<'_>> {
        self.connections.at(instance).as_ref().map(AsFd::as_fd)
    }

    /// Closes our copy of a connection.
    pub(super) fn drop_connection(&mut self, instance: InstanceId) {
        *self.connections.at_mut(instance) = None;
    }

    pub(super) fn unwatch(&mut self, listener: ListenerId, watch: &mut Watch) {
        let place = self.places.at_mut(listener);
        if place.generation != Generation::NONE {
            place.generation = Generation::NONE;
            let fd = place.fd.as_ref().unwrap_or_else(|| bug!("what is watched is open"));
            watch.remove(fd.as_fd());
        }
    }

    fn open(
        &mut self,
        id: ListenerId,
        name: &str,
        setup: &SocketSetup<'_>,
        config: &Listener<'_>,
    ) -> Result<(), Errno> {
        let fd = socket::open(setup, config, &mut |option, errno| {
            // A bare port has the options of both protocols.
            if errno != Errno::NOPROTOOPT {
                let SocketOption { level, name: number, .. } = option;
                log::warn!("{name}: socket option {level}/{number}: {}", Reason::of(errno));
            }
        })?;
        let place = self.places.at_mut(id);
        ensure!(place.fd.is_none(), "an open listener is not opened");
        place.fd = Some(fd);
        place.node = None;
        if let Address::Path(path) = config.address {
            place.node = socket::node(path);
            self.watch_node(path);
        }
        Ok(())
    }

    /// Has [`Source::Nodes`] reported when a node is changed, moved or removed.
    pub(super) fn watch_node(&self, path: &str) {
        if let Some(inotify) = &self.inotify {
            let flags = WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::DONT_FOLLOW;
            let _ = Path::new(path)
                .and_then(|path| inotify::add_watch(inotify, path.as_c_str(), flags));
        }
    }

    /// Has [`Source::Nodes`] reported, once, when a child leaves its slot.
    pub(super) fn watch_slots(&self) {
        if let Some(inotify) = &self.inotify {
            let flags = WatchFlags::CLOSE_NOWRITE | WatchFlags::ONESHOT;
            let _ = inotify::add_watch(inotify, super::RUN_DIRECTORY, flags);
        }
    }

    /// True if the path of a listener leads to something else than it, or to nothing.
    fn has_lost_its_node(&self, id: ListenerId, config: &Listener<'_>) -> bool {
        match config.address {
            Address::Path(path) => {
                let place = self.places.at(id);
                place.fd.is_some() && place.node != socket::node(path)
            }
            Address::Port(_)
            | Address::V4(..)
            | Address::V6(..)
            | Address::Abstract(_)
            | Address::Netlink(..)
            | Address::MessageQueue(_)
            | Address::Vsock(..) => false,
        }
    }

    fn close(&mut self, id: ListenerId, config: &Listener<'_>, remove: bool, watch: &mut Watch) {
        self.unwatch(id, watch);
        let remove = features::REMOVE_ON_STOP && remove;
        match config.address {
            Address::Path(path)
                if remove
                    && config.kind != ListenKind::Special
                    && !self.has_lost_its_node(id, config) =>
            {
                let _ = Path::new(path).and_then(|path| rustix::fs::unlink(path.as_c_str()));
            }
            Address::MessageQueue(name) if remove => socket::remove_message_queue(name),
            Address::Path(_)
            | Address::MessageQueue(_)
            | Address::Port(_)
            | Address::V4(..)
            | Address::V6(..)
            | Address::Abstract(_)
            | Address::Netlink(..)
            | Address::Vsock(..) => {}
        }
        self.places.at_mut(id).fd = None;
    }
}

fn numbered<'t>(unit: &Socket<'t>) -> impl Iterator<Item = (ListenerId, Listener<'t>)> + use<'t> {
    unit.listener_ids().zip(unit.listeners.iter())
}

impl Pilot {
    /// A listener of that service which an earlier run of it has shut down: nobody would be
    /// told, for a service that is restarted at once leaves no time to watch it.
    pub(super) fn dead_listener(&self, service: UnitId) -> Option<ListenerId> {
        self.engine.passed_sockets(service).find_map(|unit| {
            let unit = self.table.socket(unit);
            let mut connected = numbered(&unit).filter(|(_, config)| match config.kind {
                ListenKind::Stream | ListenKind::SequentialPacket => true,
                ListenKind::Datagram
                | ListenKind::Fifo
                | ListenKind::Special
                | ListenKind::Netlink
                | ListenKind::MessageQueue => false,
            });
            let dead = connected
                .find(|(id, _)| self.listeners.fd(*id).is_some_and(|fd| !socket::is_listening(fd)));
            dead.map(|(id, _)| id)
        })
    }

    /// All of its listeners, or none.
    fn open_listeners(
        &mut self,
        unit: &Socket<'_>,
        setup: &SocketSetup<'_>,
        name: &str,
    ) -> Result<(), (ListenerId, Errno)> {
        for (listener, config) in numbered(unit) {
            if let Err(errno) = self.listeners.open(listener, name, setup, &config) {
                for (opened, config) in numbered(unit).take_while(|(each, _)| *each < listener) {
                    self.listeners.close(opened, &config, unit.remove_on_stop, &mut self.watch);
                }
                return Err((listener, errno));
            }
        }
        Ok(())
    }

    pub(super) fn open_socket(&mut self, id: UnitId) {
        let unit = self.table.socket(id);
        let (name, setup) = (self.table.name(id), unit.setup());
        let mut opened = self.open_listeners(&unit, &setup, name);
        if let Err((_, errno)) = opened
            && is_absence(errno)
            && self.await_addresses()
        {
            opened = self.open_listeners(&unit, &setup, name);
        }
        if let Err((listener, errno)) = opened {
            let errno = super::prepare::number(errno);
            self.answer(Event::SocketOpenFailed { unit: id, listener, errno });
            return;
        }
        for (_, config) in numbered(&unit) {
            let Address::Path(path) = config.address else { continue };
            for link in setup.symlinks.iter() {
                if let Err(errno) = socket::link(&setup, path, link) {
                    let (link, reason) = (link.to_str().unwrap_or_default(), Reason::of(errno));
                    log::warn!("{name}: no link {link}: {reason}");
                }
            }
        }
        self.answer(Event::SocketOpened(id));
    }

    pub(super) fn close_socket(&mut self, id: UnitId) {
        let unit = self.table.socket(id);
        for (listener, config) in numbered(&unit) {
            self.listeners.close(listener, &config, unit.remove_on_stop, &mut self.watch);
        }
        if features::REMOVE_ON_STOP && unit.remove_on_stop {
            for link in unit.setup().symlinks.iter() {
                let _ = socket::remove_link(link);
            }
        }
    }

    /// Drops what is queued, up to a bound: somebody may send faster than we drop.
    pub(super) fn flush(&mut self, id: UnitId) {
        if !features::FLUSH_PENDING {
            return;
        }
        for (listener, config) in numbered(&self.table.socket(id)) {
            if let Some(fd) = self.listeners.fd(listener) {
                // A service that was passed this listener may have made it blocking.
                let _ = rustix::fs::fcntl_setfl(fd, OFlags::NONBLOCK)
                    .and_then(|()| socket::flush(config.kind, fd, FLUSHED_MAX));
            }
        }
    }

    pub(super) fn watch_listener(&mut self, id: ListenerId) {
        let (_, config) = self.listener(id);
        if self.listeners.has_lost_its_node(id, &config) {
            self.answer(Event::HungUp(id));
            return;
        }
        let place = self.listeners.places.at_mut(id);
        let Some(fd) = &place.fd else { return };
        if place.generation != Generation::NONE {
            return;
        }
        match self.watch.add(fd.as_fd(), Source::Listener(id), EventFlags::IN) {
            Ok(generation) => place.generation = generation,
            // ENOSPC, ENOMEM: of no more use than a broken one, and tried again like one.
            Err(_) => self.answer(Event::HungUp(id)),
        }
    }

    pub(super) fn on_listener(&mut self, id: ListenerId, report: &Report) {
        if self.listeners.places.at(id).generation != report.generation {
            return;
        }
        if report.flags.contains(EventFlags::HUP) {
            self.feed(Event::HungUp(id));
            return;
        }
        if report.flags.contains(EventFlags::ERR)
            && let Some(fd) = self.listeners.fd(id)
        {
            // Reading the error takes it away; the listener itself is still good.
            let _ = rustix::net::sockopt::socket_error(fd);
        }
        if report.flags.contains(EventFlags::IN) {
            self.feed(Event::Readable(id));
        }
    }

    /// Some node of ours was changed, moved or removed, or a slot is free.
    pub(super) fn on_nodes_changed(&mut self) {
        let Some(inotify) = &self.listeners.inotify else { return };
        let mut buffer = [0u8; 256];
        // Which one does not matter: what matters is where the paths lead now.
        while let Ok(1..) = rustix::io::read(inotify, &mut buffer) {}
        for index in 0..LISTENERS {
            let id = ListenerId(index as u16);
            if self.listeners.places.at(id).generation == Generation::NONE {
                continue;
            }
            let (_, config) = self.listener(id);
            if self.listeners.has_lost_its_node(id, &config) {
                self.feed(Event::HungUp(id));
            }
        }
        if self.notifications.is_lost() || self.clients.is_lost() {
            self.mend_soon();
        }
        self.feed(Event::SlotFreed);
    }

    pub(super) fn accept(&mut self, listener: ListenerId, instance: InstanceId) {
        let Some(fd) = self.listeners.fd(listener) else {
            bug!("the engine accepts from open listeners only")
        };
        match socket::accept(fd) {
            Ok((connection, peer)) => {
                let peer = peer.unwrap_or_else(|| self.unix_peer(listener, connection.as_fd()));
                *self.listeners.connections.at_mut(instance) = Some(connection);
                self.answer(Event::Accepted { instance, peer });
            }
            Err(errno) => {
                let failure = accept_failure(errno);
                self.answer(Event::AcceptFailed { instance: Some(instance), listener, failure });
            }
        }
    }

    /// The peer of an AF_UNIX connection; who it is costs a call, and is asked where it matters.
    fn unix_peer(&self, listener: ListenerId, connection: BorrowedFd<'_>) -> Peer {
        let unit = self.listeners.places.at(listener).owner;
        let matters =
            features::SOURCE_LIMITS && self.table.socket(unit).max_connections_per_source > 0;
        let uid = if matters { message::peer_uid(connection).unwrap_or(u32::MAX) } else { 0 };
        Peer::Unix { uid }
    }

    pub(super) fn refuse(&mut self, listener: ListenerId) {
        let Some(fd) = self.listeners.fd(listener) else {
            bug!("the engine refuses at open listeners only")
        };
        // A service that was passed this listener may have made it blocking.
        let refused =
            rustix::fs::fcntl_setfl(fd, OFlags::NONBLOCK).and_then(|()| socket::accept(fd));
        if let Err(errno) = refused {
            let failure = accept_failure(errno);
            self.answer(Event::AcceptFailed { instance: None, listener, failure });
        }
    }

    /// A listener's unit and settings.
    fn listener(&self, id: ListenerId) -> (UnitId, Listener<'static>) {
        let unit = self.listeners.places.at(id).owner;
        let config = self.table.socket(unit);
        let place = usize::from(id.0 - config.first_listener.0);
        (unit, config.listeners.get(place).unwrap_or_else(|| bug!("a listener of its owner")))
    }
}

/// What accept(2) says about one connection, about the board, or about the listener.
fn accept_failure(errno: Errno) -> AcceptFailure {
    match errno {
        Errno::AGAIN
        | Errno::INTR
        | Errno::CONNABORTED
        | Errno::PERM
        | Errno::NETDOWN
        | Errno::PROTO
        | Errno::NOPROTOOPT
        | Errno::HOSTDOWN
        | Errno::NONET
        | Errno::HOSTUNREACH
        | Errno::OPNOTSUPP
        | Errno::NETUNREACH => AcceptFailure::Gone,
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => {
            AcceptFailure::Exhausted(super::prepare::number(errno))
        }
        _ => AcceptFailure::Broken(super::prepare::number(errno)),
    }
}
