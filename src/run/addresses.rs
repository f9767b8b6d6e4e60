//! News of interfaces and addresses, for as long as a listener waits for one: rtnetlink(7).

use rustix::event::epoll::EventFlags;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;

use super::Pilot;
use super::watch::{Generation, Report, Source};
use crate::engine::Event;
use crate::features;
use crate::sys::socket;

/// Where the news come from, while somebody waits for them.
#[derive(Default)]
pub(super) struct Addresses(Option<(OwnedFd, Option<Generation>)>);

/// True if an interface or an address was missing.
pub(super) fn is_absence(errno: Errno) -> bool {
    features::ADDRESSES && matches!(errno, Errno::ADDRNOTAVAIL | Errno::NODEV)
}

impl Pilot {
    /// Has [`Event::AddressAppeared`] fed when there is news. True if that has only just begun:
    /// what is waited for may have come a moment before.
    pub(super) fn await_addresses(&mut self) -> bool {
        if self.addresses.0.is_some() {
            return false;
        }
        // Without it the pauses between two tries must do.
        let Ok(news) = socket::address_news() else { return false };
        let watched = self.watch.add(news.as_fd(), Source::Addresses, EventFlags::IN);
        self.addresses.0 = Some((news, watched.ok()));
        true
    }

    /// Whoever still waits then asks for the next news.
    pub(super) fn on_addresses_changed(&mut self, report: &Report) {
        if !features::ADDRESSES {
            return;
        }
        let current = |(_, generation): &mut (OwnedFd, _)| *generation == Some(report.generation);
        if let Some((news, _)) = self.addresses.0.take_if(current) {
            self.watch.remove(news.as_fd());
            self.feed(Event::AddressAppeared);
        }
    }
}
