//! Kinds of listeners and peers as text, and the order in which `list-sockets` has them.

use core::fmt::{self, Display};

use unit::control::Peer;
use unit::{Address, ListenKind, Listener, text_of};

use crate::address::{V4, V6};
use crate::features;

/// Where a listener stands in `list-sockets`: IPv6, IPv4, paths, abstract names, each ascending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey<'a> {
    family: u8,
    address: [u8; 16],
    port: u32,
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
            Address::Vsock(context, number) => {
                return Self::numbered(6, context, number, listener.kind);
            }
        };
        Self { family, address, port: port.into(), text, kind: listener.kind as u8 }
    }
}

impl SortKey<'_> {
    /// Of an address that is two numbers.
    fn numbered(family: u8, first: u32, second: u32, kind: ListenKind) -> Self {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&first.to_be_bytes());
        Self { family, address, port: second, text: "", kind: kind as u8 }
    }
}

/// The kind of a listener as `show` and `status` name it.
pub(super) fn kind(kind: ListenKind) -> &'static str {
    text_of!(kind, ListenKind {
        Stream => "Stream",
        Datagram => "Datagram",
        SequentialPacket => "SequentialPacket",
        Fifo => "FIFO",
        Special => "Special",
        Netlink => "Netlink",
        MessageQueue => "MessageQueue",
    })
}

/// The other end of a connection; a unix client has no address.
pub(super) struct PrintedPeer(pub(super) Peer);

impl Display for PrintedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Peer::V4(address, port) => write!(f, "{}:{port}", V4(address.into())),
            Peer::V6(address, port) => write!(f, "[{}]:{port}", V6(address.into())),
            Peer::Unix { .. } => f.write_str("unix"),
            Peer::Vsock(..) if !features::VSOCK => Ok(()),
            Peer::Vsock(context, port) => write!(f, "vsock:{context}:{port}"),
        }
    }
}
