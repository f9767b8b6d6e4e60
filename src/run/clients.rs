//! Control clients: a fixed number, one frame a turn, never waited for.

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use unit::control::{FRAME_MAX, Refusal, Reply, Request};
use unit::{decode, encode};

use crate::engine::{Answer, CLIENTS, ClientId, Event, Instant};
use crate::sys::message;
use crate::{features, log};

use super::own::{self, Node};
use super::watch::{Generation, Report, Source, Watch};
use super::{CONTROL_PATH, Pilot};

/// Of the clients at once, those that need not be root: some places are always root's.
const UNPRIVILEGED_MAX: usize = CLIENTS / 2;

struct Client {
    connection: OwnedFd,
    generation: Generation,
    root: bool,
    /// Its request is not answered yet; until then it is not read.
    waiting: bool,
    /// While it waits for a job, only its hang-up is reported.
    muted: bool,
    heard_at: Instant,
}

struct Listener {
    fd: OwnedFd,
    generation: Generation,
    node: Node,
}

pub(super) struct Clients {
    /// `None` if it could not be bound: until it can, nobody can ask.
    listener: Option<Listener>,
    clients: [Option<Client>; CLIENTS],
}

impl Clients {
    pub(super) fn open(watch: &mut Watch) -> Self {
        let tell = |errno: &Errno| {
            log::failed(log::Level::Error, "the control socket", *errno);
        };
        let listener = bind(watch).inspect_err(tell).ok();
        Self { listener, clients: [const { None }; CLIENTS] }
    }

    /// Opens the listener again if it is not open or not at its path, and listens again if it
    /// was deaf. True if all is well then. Whoever is connected stays so.
    pub(super) fn mend(&mut self, watch: &mut Watch) -> bool {
        if let Some(lost) = self.listener.take_if(|listener| !listener.node.is_at(CONTROL_PATH)) {
            watch.remove(lost.fd.as_fd());
        }
        if self.listener.is_none() {
            self.listener = bind(watch).ok();
        }
        self.listen_for(watch, EventFlags::IN);
        self.listener.is_some()
    }

    /// True if the listener was open and is not at its path any more.
    pub(super) fn is_lost(&self) -> bool {
        self.listener.as_ref().is_some_and(|listener| !listener.node.is_at(CONTROL_PATH))
    }

    fn listen_for(&self, watch: &Watch, flags: EventFlags) {
        if let Some(Listener { fd, generation, .. }) = &self.listener {
            watch.modify(fd.as_fd(), Source::Control, *generation, flags);
        }
    }

    /// The place for a new client: a free one, or that of the one that has been silent longest
    /// and waits for nothing. An unprivileged client never takes root's place.
    fn place_for(&self, root: bool) -> Option<ClientId> {
        let unprivileged = self.clients.iter().flatten().filter(|client| !client.root).count();
        if root || unprivileged < UNPRIVILEGED_MAX {
            let free = self.clients.iter().position(Option::is_none);
            if let Some(free) = free {
                return Some(ClientId(free as u8));
            }
        }
        let idle = self.clients.iter().enumerate().filter_map(|(place, client)| {
            let client = client.as_ref()?;
            let may_go = !client.waiting && (root || !client.root);
            may_go.then_some((client.heard_at, place))
        });
        idle.min().map(|(_, place)| ClientId(place as u8))
    }

    fn get(&mut self, client: ClientId) -> Option<&mut Client> {
        self.clients[usize::from(client.0)].as_mut()
    }
}

fn bind(watch: &mut Watch) -> Result<Listener, Errno> {
    own::make_directory()?;
    let fd = message::control_socket(CONTROL_PATH)?;
    let generation = watch.add(fd.as_fd(), Source::Control, EventFlags::IN)?;
    Ok(Listener { fd, generation, node: Node::of(CONTROL_PATH) })
}

impl Pilot {
    /// Takes one new client.
    pub(super) fn on_control(&mut self) {
        let Some(listener) = &self.clients.listener else { return };
        let (connection, root) = match message::accept_client(listener.fd.as_fd()) {
            Ok(accepted) => accepted,
            Err(Errno::AGAIN | Errno::CONNABORTED) => return,
            // Want of descriptors or of memory: the client waits, and we do not ask all the time.
            Err(_) => {
                self.clients.listen_for(&self.watch, EventFlags::empty());
                self.mend_soon();
                return;
            }
        };
        let Some(place) = self.clients.place_for(root) else {
            let mut frame = [0; FRAME_MAX];
            let reply = Reply::Refused(Refusal::TooManyClients);
            if let Some(frame) = encode::to_slice(&reply, &mut frame) {
                let _ = message::send_frame(connection.as_fd(), frame);
            }
            return;
        };
        self.drop_client(place);
        self.drain();
        let source = Source::Client(place);
        if let Ok(generation) = self.watch.add(connection.as_fd(), source, EventFlags::IN) {
            let heard_at = self.now;
            self.clients.clients[usize::from(place.0)] = Some(Client {
                connection,
                generation,
                root,
                waiting: false,
                muted: false,
                heard_at,
            });
        }
    }

    /// Takes one frame, or notices that the client has gone.
    pub(super) fn on_client(&mut self, id: ClientId, report: &Report) {
        let now = self.now;
        let Some(client) = self.clients.get(id) else { return };
        if client.generation != report.generation {
            return;
        }
        if client.waiting {
            self.drop_client(id);
            self.drain();
            return;
        }
        let mut frame = [0; FRAME_MAX];
        let request = match message::receive_frame(client.connection.as_fd(), &mut frame) {
            Ok(length @ 1..) => decode::from_bytes::<Request>(&frame[..length]),
            Err(Errno::MSGSIZE) => None,
            Err(Errno::AGAIN) => return,
            Ok(0) | Err(_) => {
                self.drop_client(id);
                self.drain();
                return;
            }
        };
        client.heard_at = now;
        client.waiting = true;
        let root = client.root;
        self.feed(Event::Requested { client: id, root, request });
        // Still waiting: for a job. What it sends meanwhile stays in the kernel.
        if let Some(client) = self.clients.clients[usize::from(id.0)].as_mut()
            && client.waiting
        {
            client.muted = true;
            let (fd, generation) = (client.connection.as_fd(), client.generation);
            self.watch.modify(fd, Source::Client(id), generation, EventFlags::RDHUP);
        }
    }

    /// Answers a client; one that does not take its answer is dropped.
    pub(super) fn reply(&mut self, id: ClientId, answer: Answer) {
        let mut reply = self.engine.reply(answer, self.now);
        if features::FD_STORE
            && let Reply::Unit(status) = &mut reply
        {
            // Of a socket the engine has counted what it holds; it stores nothing.
            status.held += self.store.of(status.unit).count() as u32;
        }
        let mut buffer = [0; FRAME_MAX];
        let Some(frame) = encode::to_slice(&reply, &mut buffer) else {
            bug!("FRAME_MAX is for the longest");
        };
        let Some(client) = self.clients.clients[usize::from(id.0)].as_mut() else { return };
        let sent = message::send_frame(client.connection.as_fd(), frame);
        client.waiting = false;
        if core::mem::take(&mut client.muted) {
            let (fd, generation) = (client.connection.as_fd(), client.generation);
            self.watch.modify(fd, Source::Client(id), generation, EventFlags::IN);
        }
        if sent.is_err() {
            self.drop_client(id);
        }
    }

    fn drop_client(&mut self, id: ClientId) {
        if let Some(client) = self.clients.clients[usize::from(id.0)].take() {
            self.watch.remove(client.connection.as_fd());
            self.answer(Event::ClientGone(id));
        }
    }
}
