//! Control clients: a fixed number, one frame a turn, never waited for.

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use unit::control::{FRAME_MAX, Refusal, Reply, Request};

use crate::engine::{Answer, CLIENTS, ClientId, Event, Instant};
use crate::sys::message;

use super::lines::Reason;
use super::watch::{Generation, Report, Source, Watch};
use super::{Pilot, prepare};

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

pub(super) struct Clients {
    /// `None` if it could not be bound: nobody can ask then.
    listener: Option<OwnedFd>,
    clients: [Option<Client>; CLIENTS],
}

impl Clients {
    pub(super) fn open(watch: &mut Watch) -> Self {
        let opened = message::control_socket(super::CONTROL_PATH).and_then(|listener| {
            watch.add(listener.as_fd(), Source::Control, EventFlags::IN)?;
            Ok(listener)
        });
        let tell = |errno: &Errno| {
            log::error!("the control socket: {}", Reason(prepare::number(*errno)));
        };
        let listener = opened.inspect_err(tell).ok();
        Self { listener, clients: [const { None }; CLIENTS] }
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

impl Pilot {
    /// Takes one new client.
    pub(super) fn on_control(&mut self) {
        let Some(listener) = &self.clients.listener else { return };
        let Ok((connection, root)) = message::accept_client(listener.as_fd()) else { return };
        let Some(place) = self.clients.place_for(root) else {
            let mut frame = [0; FRAME_MAX];
            let reply = Reply::Refused(Refusal::TooManyClients);
            if let Ok(frame) = postcard::to_slice(&reply, &mut frame) {
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
            Ok(length @ 1..) => postcard::from_bytes::<Request>(&frame[..length]).ok(),
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
        let reply = self.engine.reply(answer, self.now);
        let mut buffer = [0; FRAME_MAX];
        let Ok(frame) = postcard::to_slice(&reply, &mut buffer) else {
            panic!("FRAME_MAX is for the longest");
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
