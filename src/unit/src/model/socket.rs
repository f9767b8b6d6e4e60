//! Sockets, their listeners and addresses: systemd.socket(5).

use core::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{Command, ListenerId, Millis, RateLimit, UnitId};
use crate::decode::{self, octets};
use crate::seq::{Seq, Words};

/// `[Socket]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Socket<'a> {
    /// The service it starts, or whose instances it starts.
    pub service: UnitId,
    /// `Accept=`.
    pub accept: bool,
    /// Its first listener; the others follow.
    pub first_listener: ListenerId,
    /// The listeners, in the order of the unit file.
    #[serde(borrow)]
    pub listeners: Seq<'a, Listener<'a>>,
    /// How many listeners there are.
    pub listener_count: u16,
    /// The first of its [`Socket::max_connections`] instance slots (`Accept=yes`).
    pub first_instance: u16,
    /// `MaxConnections=`; 0 without `Accept=yes`.
    pub max_connections: u16,
    /// `MaxConnectionsPerSource=`; 0 is no limit.
    pub max_connections_per_source: u16,
    /// `PollLimitIntervalSec=` and `PollLimitBurst=`, per listener.
    pub poll_limit: RateLimit,
    /// `TriggerLimitIntervalSec=` and `TriggerLimitBurst=`, per socket unit.
    pub trigger_limit: RateLimit,
    /// `IPAddressAllow=`: connections from there are taken whatever [`Socket::deny`] says.
    pub allow: Seq<'a, Prefix>,
    /// `IPAddressDeny=`: other connections from there are closed.
    pub deny: Seq<'a, Prefix>,
    /// `FileDescriptorName=`; the unit's name where it gives none.
    pub fd_name: &'a str,
    /// `RemoveOnStop=`: nodes are unlinked when the socket stops.
    pub remove_on_stop: bool,
    /// `FlushPending=`: what is queued when it begins to listen is dropped.
    pub flush_pending: bool,
    /// A [`SocketCommands`] in postcard form; empty where it runs none.
    pub commands: &'a [u8],
    /// A [`SocketSetup`] in postcard form: decoded only where a listener is opened.
    pub setup: &'a [u8],
}

impl<'a> Socket<'a> {
    /// How its listeners are opened.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn setup(&self) -> SocketSetup<'a> {
        let Some(setup) = decode::from_bytes(self.setup) else {
            panic!("the table was checked when it was opened");
        };
        setup
    }

    /// What it runs before and after, if anything.
    ///
    /// # Panics
    /// Never on a table that [`crate::Table::open`] accepted.
    pub fn commands(&self) -> Option<SocketCommands<'a>> {
        if self.commands.is_empty() {
            return None;
        }
        let commands = decode::from_bytes(self.commands);
        assert!(commands.is_some(), "the table was checked when it was opened");
        commands
    }
}

/// What a `[Socket]` runs before and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SocketCommands<'a> {
    /// `TimeoutSec=`, for each command; `None` waits for ever.
    pub timeout: Option<Millis>,
    /// `PassFileDescriptorsToExec=`.
    pub pass_fds: bool,
    /// `ExecStartPre=`.
    #[serde(borrow)]
    pub start_pre: Seq<'a, Command<'a>>,
    /// `ExecStartPost=`.
    pub start_post: Seq<'a, Command<'a>>,
    /// `ExecStopPre=`.
    pub stop_pre: Seq<'a, Command<'a>>,
    /// `ExecStopPost=`.
    pub stop_post: Seq<'a, Command<'a>>,
    /// An [`super::ExecContext`] in postcard form: that of a service whose unit says nothing.
    pub context: &'a [u8],
}

/// How the listeners of a `[Socket]` are opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SocketSetup<'a> {
    /// `Backlog=`, for listen(2).
    pub backlog: u32,
    /// `BindIPv6Only=`.
    pub bind_ipv6_only: BindIpv6Only,
    /// `ReusePort=`: SO_REUSEPORT.
    pub reuse_port: bool,
    /// `NoDelay=`: TCP_NODELAY.
    pub no_delay: bool,
    /// `KeepAlive=`: SO_KEEPALIVE.
    pub keep_alive: bool,
    /// `PipeSize=`, in bytes: F_SETPIPE_SZ of fcntl(2); 0 leaves the kernel's.
    pub pipe_size: u32,
    /// `SocketProtocol=`: the number of /etc/protocols; 0 is the one that goes with the kind.
    pub protocol: u16,
    /// `Writable=`: ListenSpecial= opens for writing as well.
    pub writable: bool,
    /// `MessageQueueMaxMessages=` and `MessageQueueMessageSize=`; 0 are the kernel's.
    pub queue_messages: u32,
    /// See `queue_messages`; in bytes.
    pub queue_message_bytes: u32,
    /// `Symlinks=`: links to the one path that is listened at, each NUL-terminated.
    pub symlinks: Words<'a>,
    /// `SocketUser=`, for nodes in the file system: a name or a number; empty is root.
    pub user: &'a str,
    /// `SocketGroup=`; empty is the user's own group.
    pub group: &'a str,
    /// `SocketMode=`.
    pub mode: u16,
    /// `DirectoryMode=`, for directories made on the way to a node.
    pub directory_mode: u16,
}

/// Addresses that begin alike: `10.0.0.0/8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prefix {
    /// IPv6, or IPv4 as `::ffff:a.b.c.d`.
    #[serde(deserialize_with = "octets")]
    pub address: [u8; 16],
    /// How many leading bits count: 0 to 128.
    pub bits: u8,
}

impl Prefix {
    /// Bits in which all addresses of IPv4 are alike.
    const OF_IPV4: u8 = 96;

    /// True if the address, in the form of [`Prefix::address`], begins as this does. No prefix
    /// of IPv6 holds IPv4, not even the one of no bits.
    pub fn holds(&self, address: &[u8; 16]) -> bool {
        if self.bits < Self::OF_IPV4 && Ipv6Addr::from(*address).to_ipv4_mapped().is_some() {
            return false;
        }
        let (own, other) = (u128::from_be_bytes(self.address), u128::from_be_bytes(*address));
        let rest = 128 - u32::from(self.bits);
        (own ^ other).checked_shr(rest).unwrap_or(0) == 0
    }
}

impl Socket<'_> {
    /// The board-wide numbers of its listeners.
    pub fn listener_ids(&self) -> impl Iterator<Item = ListenerId> + use<> {
        (self.first_listener.0..self.first_listener.0 + self.listener_count).map(ListenerId)
    }
}

/// One `Listen…=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listener<'a> {
    /// Which of the `Listen…=` it was.
    pub kind: ListenKind,
    /// Where it is.
    #[serde(borrow)]
    pub address: Address<'a>,
    /// What is set before it is bound, beside what [`SocketSetup`] says.
    pub options: Seq<'a, SocketOption<'a>>,
}

/// A directive that is one setsockopt(2), as the kernel's headers number it. The numbers are
/// those of asm-generic, which all architectures here have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SocketOption<'a> {
    /// SOL_SOCKET and the like.
    pub level: u16,
    /// The option.
    pub name: u16,
    /// Without it the listener is not opened; otherwise a failure is only told.
    pub required: bool,
    /// What it is set to.
    #[serde(borrow)]
    pub value: OptionValue<'a>,
}

/// The value of a [`SocketOption`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OptionValue<'a> {
    /// An `int`.
    Number(i32),
    /// Text without a NUL.
    Text(&'a str),
}

/// What a listener is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ListenKind {
    /// `ListenStream=`: SOCK_STREAM.
    Stream,
    /// `ListenDatagram=`: SOCK_DGRAM.
    Datagram,
    /// `ListenSequentialPacket=`: SOCK_SEQPACKET of AF_UNIX or AF_VSOCK.
    SequentialPacket,
    /// `ListenFIFO=`.
    Fifo,
    /// `ListenSpecial=`: a device or a file of /proc or /sys.
    Special,
    /// `ListenNetlink=`: SOCK_RAW of AF_NETLINK.
    Netlink,
    /// `ListenMessageQueue=`: mq_overview(7).
    MessageQueue,
}

/// Where a listener is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Address<'a> {
    /// A bare port: the IPv6 wildcard, or the IPv4 wildcard on a kernel without IPv6.
    Port(u16),
    /// An IPv4 address and port.
    V4(#[serde(deserialize_with = "octets")] Ipv4Addr, u16),
    /// An IPv6 address, port and the interface after `%` (empty: none).
    V6(#[serde(deserialize_with = "octets")] Ipv6Addr, u16, &'a str),
    /// A path in the file system (AF_UNIX or a FIFO).
    Path(&'a str),
    /// A name in the abstract AF_UNIX namespace, without its leading `@`.
    Abstract(&'a str),
    /// A family of netlink(7), and its multicast groups as bits.
    Netlink(u16, u32),
    /// The name of a message queue, without its leading `/`.
    MessageQueue(&'a str),
    /// A context and a port of vsock(7); [`VSOCK_ANY`] is any.
    Vsock(u32, u32),
}

/// VMADDR_CID_ANY and VMADDR_PORT_ANY.
pub const VSOCK_ANY: u32 = u32::MAX;

/// `BindIPv6Only=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BindIpv6Only {
    /// As /proc/sys/net/ipv6/bindv6only says.
    Default,
    /// IPv4 too.
    Both,
    /// IPv6 only.
    Ipv6Only,
}
