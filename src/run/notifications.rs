//! What services say about themselves: sd_notify(3) datagrams become [`Event::Notified`].

use rustix::event::epoll::EventFlags;
use rustix::fd::AsFd;
use rustix::io::Errno;

use crate::engine::{Event, NOTIFICATION_MAX, Notification, Pid};
use crate::sys::cell::Once;
use crate::sys::message::{NotifySocket, Received};

use super::lines::Reason;
use super::watch::{Source, Watch};
use super::{NOTIFICATIONS_PER_TURN, Pilot, prepare};

/// One byte more than a message may have, so that a longer one is noticed.
static BUFFER: Once<[u8; NOTIFICATION_MAX + 1], 9> = Once::new([0; NOTIFICATION_MAX + 1]);

pub(super) struct Notifications {
    /// `None` if it could not be bound: no service of Type=notify will then come up.
    socket: Option<NotifySocket>,
    buffer: &'static mut [u8; NOTIFICATION_MAX + 1],
}

impl Notifications {
    pub(super) fn open(watch: &mut Watch) -> Self {
        let mode = rustix::fs::Mode::from_raw_mode(0o755);
        let made = match rustix::fs::mkdir(super::RUN_DIRECTORY, mode) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno),
        };
        let opened =
            made.and_then(|()| NotifySocket::bind(super::NOTIFY_PATH)).and_then(|socket| {
                watch.add(socket.as_fd(), Source::Notifications, EventFlags::IN)?;
                Ok(socket)
            });
        let tell = |errno: &Errno| {
            log::error!("the notification socket: {}", Reason(prepare::number(*errno)));
        };
        let socket = opened.inspect_err(tell).ok();
        Self { socket, buffer: BUFFER.take() }
    }
}

impl Pilot {
    pub(super) fn read_notifications(&mut self) {
        for _ in 0..NOTIFICATIONS_PER_TURN {
            let Notifications { socket: Some(socket), buffer } = &mut self.notifications else {
                return;
            };
            match socket.receive(&mut buffer[..]) {
                Received::Nothing => return,
                Received::Useless => self.engine.counters.notifications_dropped += 1,
                Received::Message { sender, bytes, fds } => {
                    let notification = Notification::parse(bytes);
                    let event = Event::Notified { pid: Pid(sender), notification };
                    self.engine.step(event, self.now);
                    self.drain();
                    // BARRIER=1: whoever waits for these to be closed knows that we have acted.
                    drop(fds);
                }
            }
        }
    }
}
