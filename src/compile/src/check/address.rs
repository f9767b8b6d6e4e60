//! No address is bound twice.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use unit::{BindIpv6Only, ListenKind, VSOCK_ANY};

use super::Checked;
use crate::codes;
use crate::draft::Socket;
use crate::grammar::{Address, Listener, Protocol};
use crate::report::{Diagnostic, Report, Spanned};

struct Bound<'a> {
    unit: usize,
    socket: &'a Socket,
    listener: &'a Spanned<Listener>,
}

/// Two listeners must not want the same address, unless their units never run together.
pub(super) fn check_addresses_bound_once(checked: &Checked, report: &mut Report) {
    let sockets = checked.units.iter().enumerate();
    let sockets = sockets.filter_map(|(unit, draft)| Some((unit, draft.socket()?)));
    let bound = sockets.flat_map(|(unit, socket)| {
        let listeners = socket.listeners.items.iter();
        listeners.map(move |listener| Bound { unit, socket, listener })
    });
    let mut places: BTreeMap<String, Rivals<'_>> = BTreeMap::new();
    for second in bound {
        let Some(place) = place(&second.listener.value) else { continue };
        let rivals = places.entry(place).or_default();
        // Each listener is told once: of one address a hundred times there are 4950 pairs.
        let first = rivals.of(&second).find(|first| {
            overlap(first, &second) && checked.conflict(first.unit, second.unit).is_none()
        });
        if let Some(first) = first {
            report.push(twice(checked, first, &second));
        }
        rivals.add(second);
    }
}

/// The listeners of one place, by what keeps them apart.
#[derive(Default)]
struct Rivals<'a> {
    /// Without a host, or at all of them.
    anywhere: Vec<Bound<'a>>,
    by_host: BTreeMap<IpAddr, Vec<Bound<'a>>>,
}

impl<'a> Rivals<'a> {
    /// Those that may be in the way of another.
    fn of(&self, other: &Bound<'_>) -> impl Iterator<Item = &Bound<'a>> {
        let hosts = match specific(other) {
            Some(host) => self.by_host.range(host..=host),
            None => self.by_host.range::<IpAddr, _>(..),
        };
        self.anywhere.iter().chain(hosts.flat_map(|(_, bound)| bound))
    }

    fn add(&mut self, bound: Bound<'a>) {
        match specific(&bound) {
            Some(host) => self.by_host.entry(host).or_default().push(bound),
            None => self.anywhere.push(bound),
        }
    }
}

/// The one host that a listener is bound to.
fn specific(bound: &Bound<'_>) -> Option<IpAddr> {
    host(bound).map(|host| host.address).filter(|address| !address.is_unspecified())
}

/// Only listeners of one place can be rivals: a port of a protocol, a path, a name. `None`: any
/// number of listeners may be there.
fn place(listener: &Listener) -> Option<String> {
    Some(match &listener.address {
        Address::Path(_) if listener.kind == ListenKind::Special => return None,
        Address::Netlink(..) => return None,
        Address::Path(path) => match path.strip_prefix("/var/run/") {
            // It is a link since the days of /run: hier(7).
            Some(rest) => format!("/run/{rest}"),
            None => path.clone(),
        },
        Address::Abstract(name) => format!("@{name}"),
        Address::MessageQueue(name) => format!("queue {name}"),
        Address::Vsock(_, VSOCK_ANY) => return None,
        Address::Vsock(_, port) => format!("vsock {:?} {port}", listener.kind),
        Address::Port(port) | Address::V4(_, port) | Address::V6(_, port, _) => {
            format!("{}:{port}", Protocol::of(listener.kind).name())
        }
    })
}

fn twice(checked: &Checked, first: &Bound<'_>, second: &Bound<'_>) -> Diagnostic {
    let reuse = first.socket.reuse_port.value && second.socket.reuse_port.value;
    let (one, two) = (checked.name(first.unit), checked.name(second.unit));
    let (first_span, second_span) = (&first.listener.span, &second.listener.span);
    let same = first.listener.value.address == second.listener.value.address;
    let hint = match &second.listener.value.address {
        _ if same => "leave one of the two out",
        Address::Path(_) => "/var/run is a link to /run: leave one of the two out",
        Address::Port(_)
        | Address::V4(..)
        | Address::V6(..)
        | Address::Abstract(_)
        | Address::Netlink(..)
        | Address::MessageQueue(_)
        | Address::Vsock(..) => {
            "a bare port and [::] take IPv4 too, unless BindIPv6Only=ipv6-only says otherwise"
        }
    };
    let (code, message) = match reuse {
        true => (codes::SHARED_ADDRESS, "two listeners share an address".to_string()),
        false if first.unit == second.unit => {
            (codes::ADDRESS_TWICE, format!("`{one}` binds an address twice"))
        }
        false => (codes::ADDRESS_TWICE, format!("`{one}` and `{two}` bind the same address")),
    };
    let diagnostic = Diagnostic::new(code, message, second_span, "the second time");
    diagnostic.and(first_span, "the first time").hint(hint)
}

/// Whether two listeners of one [`place`] are in each other's way.
fn overlap(first: &Bound<'_>, second: &Bound<'_>) -> bool {
    let (one, two) = (&first.listener.value.address, &second.listener.value.address);
    if let (Address::V6(a, _, scope), Address::V6(b, _, other)) = (one, two)
        && a == b
        && !scope.is_empty()
        && !other.is_empty()
    {
        return scope == other;
    }
    if let (Address::Vsock(a, _), Address::Vsock(b, _)) = (one, two) {
        return a == b || *a == VSOCK_ANY || *b == VSOCK_ANY;
    }
    match (host(first), host(second)) {
        (Some(one), Some(two)) => same_host(&one, &two),
        _ => true,
    }
}

struct Host {
    address: IpAddr,
    /// An IPv6 wildcard that takes IPv4 too.
    dual: bool,
}

/// `None` for what has no port.
fn host(bound: &Bound<'_>) -> Option<Host> {
    let only_v6 = bound.socket.bind_ipv6_only.value == BindIpv6Only::Ipv6Only;
    let address = match &bound.listener.value.address {
        Address::Port(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        Address::V4(address, _) => IpAddr::V4(*address),
        Address::V6(address, _, _) => IpAddr::V6(*address).to_canonical(),
        Address::Path(_)
        | Address::Abstract(_)
        | Address::Netlink(..)
        | Address::MessageQueue(_)
        | Address::Vsock(..) => return None,
    };
    let dual = !only_v6 && address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    Some(Host { address, dual })
}

fn same_host(a: &Host, b: &Host) -> bool {
    let takes = |a: &Host, b: &Host| match (a.address, b.address) {
        (IpAddr::V4(wild), IpAddr::V4(_)) => wild == Ipv4Addr::UNSPECIFIED,
        (IpAddr::V6(wild), IpAddr::V6(_)) => wild == Ipv6Addr::UNSPECIFIED,
        (IpAddr::V6(_), IpAddr::V4(_)) => a.dual,
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    };
    a.address == b.address || takes(a, b) || takes(b, a)
}
