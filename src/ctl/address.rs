//! Listeners and peers as text, and the order in which `list-sockets` has them.

use core::fmt::{self, Display};

use unit::control::Peer;
use unit::{Address, ListenKind, Listener};

/// An address as systemd prints it.
pub(super) struct Printed<'a>(pub(super) Address<'a>);

impl Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Address::Port(port) => write!(f, "[::]:{port}"),
            Address::V4(address, port) => write!(f, "{address}:{port}"),
            Address::V6(address, port, "") => write!(f, "[{address}]:{port}"),
            Address::V6(address, port, device) => write!(f, "[{address}]:{port}%{device}"),
            Address::Path(path) => f.write_str(path),
            Address::Abstract(name) => write!(f, "@{name}"),
            Address::Netlink(family, groups) => write!(f, "netlink {family} {groups}"),
            Address::MessageQueue(name) => write!(f, "/{name}"),
        }
    }
}

/// Where a listener stands in `list-sockets`: IPv6, IPv4, paths, abstract names, each ascending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey<'a> {
    family: u8,
    address: [u8; 16],
    port: u16,
    text: &'a str,
    kind: u8,
}

impl<'a> SortKey<'a> {
    pub(super) fn of(listener: &Listener<'a>) -> Self {
        let (family, address, port, text) = match listener.address {
            Address::Port(port) => (0, [0; 16], port, ""),
            Address::V6(address, port, device) => (0, address.octets(), port, device),
            Address::V4(address, port) => (1, address.to_ipv6_mapped().octets(), port, ""),
            Address::Path(path) => (2, [0; 16], 0, path),
            Address::Abstract(name) => (3, [0; 16], 0, name),
            Address::Netlink(family, _) => (4, [0; 16], family, ""),
            Address::MessageQueue(name) => (5, [0; 16], 0, name),
        };
        Self { family, address, port, text, kind: listener.kind as u8 }
    }
}

/// The kind of a listener as `show` and `status` name it.
pub(super) const fn kind(kind: ListenKind) -> &'static str {
    match kind {
        ListenKind::Stream => "Stream",
        ListenKind::Datagram => "Datagram",
        ListenKind::SequentialPacket => "SequentialPacket",
        ListenKind::Fifo => "FIFO",
        ListenKind::Special => "Special",
        ListenKind::Netlink => "Netlink",
        ListenKind::MessageQueue => "MessageQueue",
    }
}

/// The other end of a connection; a unix client has no address.
pub(super) struct PrintedPeer(pub(super) Peer);

impl Display for PrintedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Peer::V4(address, port) => write!(f, "{}:{port}", core::net::Ipv4Addr::from(address)),
            Peer::V6(address, port) => write!(f, "[{}]:{port}", core::net::Ipv6Addr::from(address)),
            Peer::Unix { .. } => f.write_str("unix"),
        }
    }
}
