//! Addresses to listen on: systemd.socket(5).

use std::net::{Ipv4Addr, Ipv6Addr};

use unit::{ListenKind, NODE_PATH_MAX, SUN_PATH_MAX, VSOCK_ANY};

use super::names::absolute_path;
use super::{Context, List};
use crate::codes;
use crate::report::{Span, Spanned};
use crate::text::Value;

/// Longest name of a network interface: netdevice(7).
pub(super) const INTERFACE_BYTES_MAX: usize = 15;

/// One `Listen…=`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Which of them.
    pub kind: ListenKind,
    /// Where.
    pub address: Address,
}

impl Listener {
    /// True if it has a port.
    pub fn is_ip(&self) -> bool {
        match self.address {
            Address::Port(_) | Address::V4(..) | Address::V6(..) => true,
            Address::Path(_)
            | Address::Abstract(_)
            | Address::Netlink(..)
            | Address::MessageQueue(_)
            | Address::Vsock(..) => false,
        }
    }

    /// True if it may be of IPv4. A bare port is where the kernel has no IPv6.
    pub fn is_v4(&self) -> bool {
        matches!(self.address, Address::Port(_) | Address::V4(..))
    }

    /// True if it is of IPv6, where the kernel has it.
    pub fn is_v6(&self) -> bool {
        matches!(self.address, Address::Port(_) | Address::V6(..))
    }

    /// True if TCP is spoken there.
    pub fn is_tcp(&self) -> bool {
        self.is_ip() && self.kind == ListenKind::Stream
    }

    /// True if UDP is.
    pub fn is_udp(&self) -> bool {
        self.is_ip() && self.kind == ListenKind::Datagram
    }

    /// True if it is a socket, not a file of another kind.
    pub fn is_socket(&self) -> bool {
        match self.kind {
            ListenKind::Stream
            | ListenKind::Datagram
            | ListenKind::SequentialPacket
            | ListenKind::Netlink => true,
            ListenKind::Fifo | ListenKind::Special | ListenKind::MessageQueue => false,
        }
    }

    /// True if it is a socket of AF_UNIX.
    pub fn is_unix(&self) -> bool {
        self.is_socket() && matches!(self.address, Address::Path(_) | Address::Abstract(_))
    }

    /// True if it is of AF_NETLINK.
    pub fn is_netlink(&self) -> bool {
        self.kind == ListenKind::Netlink
    }

    /// True if its messages can tell who sent them: sockets of AF_UNIX and of AF_NETLINK.
    pub fn knows_senders(&self) -> bool {
        self.is_unix() || self.is_netlink()
    }

    /// True if it is of AF_VSOCK.
    pub fn is_vsock(&self) -> bool {
        matches!(self.address, Address::Vsock(..))
    }

    /// True if it is a node in the file system, and PID 1 makes it.
    pub fn has_path(&self) -> bool {
        self.kind != ListenKind::Special && matches!(self.address, Address::Path(_))
    }

    /// True if connections are accepted there.
    pub fn has_queue(&self) -> bool {
        matches!(self.kind, ListenKind::Stream | ListenKind::SequentialPacket)
    }
}

/// Where a listener is; [`unit::Address`] with text of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// All addresses.
    Port(u16),
    /// IPv4.
    V4(Ipv4Addr, u16),
    /// IPv6, with an interface or nothing.
    V6(Ipv6Addr, u16, String),
    /// In the file system.
    Path(String),
    /// In the abstract namespace.
    Abstract(String),
    /// A family of netlink, and its groups.
    Netlink(u16, u32),
    /// A message queue.
    MessageQueue(String),
    /// A context and a port of AF_VSOCK.
    Vsock(u32, u32),
}

impl Address {
    /// The address as the board has it.
    pub fn borrow(&self) -> unit::Address<'_> {
        match self {
            Self::Port(port) => unit::Address::Port(*port),
            Self::V4(address, port) => unit::Address::V4(*address, *port),
            Self::V6(address, port, scope) => unit::Address::V6(*address, *port, scope),
            Self::Path(path) => unit::Address::Path(path),
            Self::Abstract(name) => unit::Address::Abstract(name),
            Self::Netlink(family, groups) => unit::Address::Netlink(*family, *groups),
            Self::MessageQueue(name) => unit::Address::MessageQueue(name),
            Self::Vsock(context, port) => unit::Address::Vsock(*context, *port),
        }
    }
}

/// `ListenStream=`, `ListenDatagram=`, `ListenSequentialPacket=`, `ListenFIFO=`.
#[derive(Debug)]
pub struct Listeners;

impl List for Listeners {
    type Item = Listener;
    const FORM: &'static str = "address";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Listener>> {
        let kind = match cx.key {
            "ListenDatagram" => ListenKind::Datagram,
            "ListenSequentialPacket" => ListenKind::SequentialPacket,
            "ListenFIFO" => ListenKind::Fifo,
            "ListenSpecial" => ListenKind::Special,
            "ListenNetlink" => ListenKind::Netlink,
            "ListenMessageQueue" => ListenKind::MessageQueue,
            _ => ListenKind::Stream,
        };
        let span = text.whole();
        let Some(words) = cx.specifiers.expand(&text.text, &span, cx) else {
            return Vec::new();
        };
        match address(&words, kind) {
            Ok(address) => vec![Spanned { value: Listener { kind, address }, span }],
            Err((label, hint)) => {
                refuse(&span, label, hint, text, cx);
                Vec::new()
            }
        }
    }
}

type Refusal = (String, Option<&'static str>);

fn refuse(span: &Span, label: String, hint: Option<&str>, text: &Value, cx: &mut Context<'_>) {
    let hint = super::trailing_comment(text).or(hint.map(str::to_string));
    cx.refuse_with(codes::BAD_ADDRESS, span, label, hint);
}

/// The families of netlink(7), as systemd names them.
const NETLINK_FAMILIES: &[(&str, u16)] = &[
    ("route", 0),
    ("firewall", 3),
    ("inet-diag", 4),
    ("nflog", 5),
    ("xfrm", 6),
    ("selinux", 7),
    ("iscsi", 8),
    ("audit", 9),
    ("fib-lookup", 10),
    ("connector", 11),
    ("netfilter", 12),
    ("ip6-fw", 13),
    ("dnrtmsg", 14),
    ("kobject-uevent", 15),
    ("generic", 16),
    ("scsitransport", 18),
    ("ecryptfs", 19),
    ("rdma", 20),
];

/// A family by its name.
pub fn netlink_family(number: u16) -> &'static str {
    let known = NETLINK_FAMILIES.iter().find(|(_, family)| *family == number);
    known.map_or("netlink", |(name, _)| *name)
}

fn netlink(text: &str) -> Result<Address, Refusal> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let Some((_, family)) = NETLINK_FAMILIES.iter().find(|(known, _)| *known == name) else {
        let hint = "write a family and its groups, such as `kobject-uevent 1`";
        return Err((format!("`{name}` is no family of netlink"), Some(hint)));
    };
    let groups = words.next().map_or(Ok(0), str::parse);
    match (groups, words.next()) {
        (Ok(groups), None) => Ok(Address::Netlink(*family, groups)),
        _ => Err(("the groups are one number".into(), None)),
    }
}

fn message_queue(text: &str) -> Result<Address, Refusal> {
    match text.strip_prefix('/') {
        Some(name) if !name.is_empty() && !name.contains('/') && name.len() <= NODE_PATH_MAX => {
            Ok(Address::MessageQueue(name.into()))
        }
        _ => Err(("a message queue has a name such as `/events`: mq_overview(7)".into(), None)),
    }
}

fn address(text: &str, kind: ListenKind) -> Result<Address, Refusal> {
    match kind {
        ListenKind::Netlink => return netlink(text),
        ListenKind::MessageQueue => return message_queue(text),
        ListenKind::Stream
        | ListenKind::Datagram
        | ListenKind::SequentialPacket
        | ListenKind::Fifo
        | ListenKind::Special => {}
    }
    if text.starts_with('/') {
        let path = absolute_path(text).map_err(|label| (label.to_string(), None))?;
        let (most, whose) = match kind {
            ListenKind::Fifo => (NODE_PATH_MAX, "FIFO"),
            ListenKind::Special => (NODE_PATH_MAX, "file"),
            ListenKind::Stream
            | ListenKind::Datagram
            | ListenKind::SequentialPacket
            | ListenKind::Netlink
            | ListenKind::MessageQueue => (SUN_PATH_MAX, "socket"),
        };
        if path.len() > most {
            let label = format!("longer than the {most} bytes of a {whose}'s path");
            return Err((label, None));
        }
        return Ok(Address::Path(path));
    }
    if kind == ListenKind::Fifo {
        return Err(("a FIFO is at an absolute path".into(), None));
    }
    if kind == ListenKind::Special {
        return Err(("a file is at an absolute path".into(), None));
    }
    if let Some(name) = text.strip_prefix('@') {
        if name.is_empty() || name.len() > SUN_PATH_MAX {
            return Err((format!("an abstract name has 1 to {SUN_PATH_MAX} bytes"), None));
        }
        return Ok(Address::Abstract(name.into()));
    }
    if let Some(rest) = text.strip_prefix("vsock") {
        return vsock(rest, kind);
    }
    if kind == ListenKind::SequentialPacket {
        let label = "sequential packets are for AF_UNIX and AF_VSOCK: an absolute path, `@name` \
                     or vsock:CID:PORT";
        return Err((label.into(), None));
    }
    internet(text)
}

/// What follows `vsock`: `:CID:PORT`, or the kind of socket before it, which must be the one that
/// the directive says.
fn vsock(rest: &str, kind: ListenKind) -> Result<Address, Refusal> {
    let (named, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let (own, directive) = match kind {
        ListenKind::Datagram => ("-dgram", "ListenDatagram="),
        ListenKind::SequentialPacket => ("-seqpacket", "ListenSequentialPacket="),
        ListenKind::Stream
        | ListenKind::Fifo
        | ListenKind::Special
        | ListenKind::Netlink
        | ListenKind::MessageQueue => ("-stream", "ListenStream="),
    };
    if !named.is_empty() && named != own {
        let label = format!("`vsock{named}` is none of {directive}, which takes vsock:CID:PORT");
        return Err((label, Some("the directive says which kind of socket it is")));
    }
    let (context, port) = rest.split_once(':').unwrap_or((rest, ""));
    let context = match context {
        "" | "any" => Some(VSOCK_ANY),
        "hypervisor" => Some(0),
        "local" => Some(1),
        "host" => Some(2),
        number => number.parse().ok(),
    };
    let port = match port {
        "any" => Some(VSOCK_ANY),
        number => number.parse().ok(),
    };
    match (context, port) {
        (Some(context), Some(port)) => Ok(Address::Vsock(context, port)),
        _ => Err(("AF_VSOCK wants two numbers: vsock:CID:PORT, or vsock::PORT".into(), None)),
    }
}

fn internet(text: &str) -> Result<Address, Refusal> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Address::Port(port(text)?));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return v6(rest);
    }
    let unknown = || {
        let label = "none of PORT, a.b.c.d:PORT, [v6]:PORT, /path, @name and vsock:CID:PORT";
        (label.to_string(), Some("names are not looked up: write the address itself"))
    };
    let (host, port_text) = text.rsplit_once(':').ok_or_else(unknown)?;
    if host.contains(':') {
        return Err(("an IPv6 address stands in brackets: [::1]:80".into(), None));
    }
    let host: Ipv4Addr = host.parse().map_err(|_| unknown())?;
    Ok(Address::V4(host, port(port_text)?))
}

/// What follows the opening bracket.
fn v6(rest: &str) -> Result<Address, Refusal> {
    let (host, tail) = rest.split_once(']').ok_or(("the bracket is never closed".into(), None))?;
    let (tail_port, tail_scope) = tail.split_once('%').unwrap_or((tail, ""));
    let (host, scope) = host.split_once('%').unwrap_or((host, tail_scope));
    let host: Ipv6Addr =
        host.parse().map_err(|_| ("not an IPv6 address in these brackets".to_string(), None))?;
    let port_text =
        tail_port.strip_prefix(':').ok_or(("no port after the bracket: [::]:80".into(), None))?;
    let clean = scope.chars().all(|c| c.is_ascii_graphic() && c != '/' && c != ':');
    if scope.len() > INTERFACE_BYTES_MAX || !clean {
        return Err(("not the name of a network interface after `%`".into(), None));
    }
    Ok(Address::V6(host, port(port_text)?, scope.into()))
}

fn port(text: &str) -> Result<u16, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|&port: &u16| digits && port != 0);
    number.ok_or((format!("`{text}` is no port: 1 to 65535"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_understood() {
        let any = Ipv4Addr::UNSPECIFIED;
        for (text, expected) in [
            ("80", Address::Port(80)),
            ("0.0.0.0:80", Address::V4(any, 80)),
            ("[::]:80", Address::V6(Ipv6Addr::UNSPECIFIED, 80, String::new())),
            ("[::1%eth0]:80", Address::V6(Ipv6Addr::LOCALHOST, 80, "eth0".into())),
            ("[::1]:80%eth0", Address::V6(Ipv6Addr::LOCALHOST, 80, "eth0".into())),
            ("/run//x/./y", Address::Path("/run/x/y".into())),
            ("@x", Address::Abstract("x".into())),
            ("vsock:3:1024", Address::Vsock(3, 1024)),
            ("vsock::1024", Address::Vsock(VSOCK_ANY, 1024)),
            ("vsock-stream:host:any", Address::Vsock(2, VSOCK_ANY)),
        ] {
            assert_eq!(address(text, ListenKind::Stream), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("/{}", "x".repeat(SUN_PATH_MAX));
        for text in [
            "0",
            "65536",
            "",
            "localhost:80",
            "::1:80",
            "[::1]",
            "[::1]:0",
            "[x]:1",
            "1.2.3:4",
            "run/x",
            "/run/../x",
            "@",
            "vsock:1",
            "vsock:1:",
            "vsock:x:2",
            "vsock:1:2:3",
            "vsock-dgram:1:2",
            "vsock",
            "1.2.3.4:",
            "[::1",
            &long,
        ] {
            assert!(address(text, ListenKind::Stream).is_err(), "{text}");
        }
        assert!(address(&long, ListenKind::Fifo).is_ok());
        let netlink = address("kobject-uevent 1", ListenKind::Netlink);
        assert_eq!(netlink, Ok(Address::Netlink(15, 1)));
        assert_eq!(address("route", ListenKind::Netlink), Ok(Address::Netlink(0, 0)));
        for text in ["kobject", "route x", "route 1 2", ""] {
            assert!(address(text, ListenKind::Netlink).is_err(), "{text}");
        }
        let queue = address("/x", ListenKind::MessageQueue);
        assert_eq!(queue, Ok(Address::MessageQueue("x".into())));
        for text in ["x", "/", "/a/b", "80"] {
            assert!(address(text, ListenKind::MessageQueue).is_err(), "{text}");
        }
        assert!(address("dev/x", ListenKind::Special).is_err());
        let longer = format!("/{}", "x".repeat(NODE_PATH_MAX));
        assert!(address(&longer, ListenKind::Fifo).is_err());
        assert!(address("@x", ListenKind::Fifo).is_err());
        assert!(address("80", ListenKind::SequentialPacket).is_err());
        let packets = address("vsock::7", ListenKind::SequentialPacket);
        assert_eq!(packets, Ok(Address::Vsock(VSOCK_ANY, 7)));
    }
}
