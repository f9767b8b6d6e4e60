//! What services say about themselves: sd_notify(3) datagrams become [`Event::Notified`].

use rustix::event::epoll::EventFlags;
use rustix::fd::AsFd;
use rustix::io::Errno;

use unit::{Table, UnitId};

use crate::engine::{Engine, Event, NOTIFICATION_MAX, Notification, Pid, Storing};
use crate::features;
use crate::log;
use crate::sys::cell::{Once, at_rest};
use crate::sys::cgroup;
use crate::sys::clock;
use crate::sys::message::{NotifySocket, Received, Sender};

use super::own::{self, Node};
use super::watch::{Source, Watch};
use super::{NOTIFICATIONS_PER_TURN, NOTIFY_PATH, Pilot};

at_rest! {
    /// One byte more than a message may have, so that a longer one is noticed.
    static BUFFER: Once<[u8; NOTIFICATION_MAX + 1], 9> = Once::new([0; NOTIFICATION_MAX + 1]);
}

pub(super) struct Notifications {
    /// `None` if it could not be bound: until it can, no service of Type=notify comes up.
    socket: Option<(NotifySocket, Node)>,
    buffer: &'static mut [u8; NOTIFICATION_MAX + 1],
}

impl Notifications {
    pub(super) fn open(watch: &mut Watch) -> Self {
        let tell = |errno: &Errno| {
            log::failed(log::Level::Error, "the notification socket", *errno);
        };
        Self { socket: bind(watch).inspect_err(tell).ok(), buffer: BUFFER.take() }
    }

    /// Opens it again if it is not open or not at its path. True if all is well then.
    pub(super) fn mend(&mut self, watch: &mut Watch) -> bool {
        if let Some((socket, _)) = self.socket.take_if(|(_, node)| !node.is_at(NOTIFY_PATH)) {
            watch.remove(socket.as_fd());
        }
        if self.socket.is_none() {
            self.socket = bind(watch).ok();
        }
        self.socket.is_some()
    }

    /// True if it was open and is not at its path any more.
    pub(super) fn is_lost(&self) -> bool {
        self.socket.as_ref().is_some_and(|(_, node)| !node.is_at(NOTIFY_PATH))
    }
}

fn bind(watch: &mut Watch) -> Result<(NotifySocket, Node), Errno> {
    own::make_directory()?;
    let socket = NotifySocket::bind(NOTIFY_PATH)?;
    watch.add(socket.as_fd(), Source::Notifications, EventFlags::IN)?;
    Ok((socket, Node::of(NOTIFY_PATH)))
}

/// The unit in whose control group the sender is, where it is none of those that PID 1 knows.
fn group_of(engine: &Engine<'_, '_>, table: &Table<'static>, sender: &Sender) -> Option<UnitId> {
    if !features::NOTIFY_ACCESS || engine.is_known(Pid(sender.pid)) {
        return None;
    }
    let unit = table.find(cgroup::unit_of(sender.pid, &mut [0; cgroup::PROC_BYTES])?);
    unit.filter(|_| sender.is_there())
}

impl Pilot {
    pub(super) fn read_notifications(&mut self) {
        for _ in 0..NOTIFICATIONS_PER_TURN {
            let Notifications { socket: Some((socket, _)), buffer } = &mut self.notifications
            else {
                return;
            };
            match socket.receive(&mut buffer[..]) {
                Received::Nothing => return,
                Received::Useless => self.engine.counters.notifications_dropped += 1,
                Received::Message { sender, bytes, fds } => {
                    let mut notification = Notification::parse(bytes);
                    if let Some(since) = &mut notification.since {
                        *since = since.later(clock::suspended_us());
                    }
                    let group = group_of(self.engine, &self.table, &sender);
                    let pid = Pid(sender.pid);
                    let fds = if features::FD_STORE {
                        let unit = self.engine.listened_to(pid, group);
                        self.store.heed(
                            unit,
                            Storing::parse(bytes),
                            fds,
                            &self.table,
                            &mut self.watch,
                        )
                    } else {
                        fds
                    };
                    let event = Event::Notified { pid, group, notification };
                    self.engine.step(event, self.now);
                    self.drain();
                    // BARRIER=1: whoever waits for these to be closed knows that we have acted.
                    drop(fds);
                }
            }
        }
    }
}
