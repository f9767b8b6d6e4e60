//! No address is bound twice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use unit::BindIpv6Only;

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
    let bound: Vec<Bound<'_>> = sockets
        .flat_map(|(unit, socket)| {
            let listeners = socket.listeners.items.iter();
            listeners.map(move |listener| Bound { unit, socket, listener })
        })
        .collect();
    for (number, second) in bound.iter().enumerate() {
        for first in &bound[..number] {
            if overlap(first, second) && checked.conflict(first.unit, second.unit).is_none() {
                report.push(twice(checked, first, second));
            }
        }
    }
}

fn twice(checked: &Checked, first: &Bound<'_>, second: &Bound<'_>) -> Diagnostic {
    let reuse = first.socket.reuse_port.value && second.socket.reuse_port.value;
    let (one, two) = (checked.name(first.unit), checked.name(second.unit));
    let (first_span, second_span) = (&first.listener.span, &second.listener.span);
    let both_stacks = first.listener.value != second.listener.value;
    let hint = match both_stacks {
        true => "a bare port and [::] take IPv4 too, unless BindIPv6Only=ipv6-only says otherwise",
        false => "leave one of the two out",
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

fn overlap(first: &Bound<'_>, second: &Bound<'_>) -> bool {
    let (one, two) = (&first.listener.value, &second.listener.value);
    match (&one.address, &two.address) {
        (Address::Path(one), Address::Path(two)) => one == two,
        (Address::Abstract(one), Address::Abstract(two)) => one == two,
        (Address::V6(a, _, scope), Address::V6(b, _, other))
            if a == b && !scope.is_empty() && !other.is_empty() && scope != other =>
        {
            false
        }
        _ => match (endpoint(first), endpoint(second)) {
            (Some(a), Some(b)) => a.port == b.port && a.protocol == b.protocol && same_host(&a, &b),
            _ => false,
        },
    }
}

struct Endpoint {
    protocol: &'static str,
    port: u16,
    host: IpAddr,
    /// An IPv6 wildcard that takes IPv4 too.
    dual: bool,
}

fn endpoint(bound: &Bound<'_>) -> Option<Endpoint> {
    let protocol = Protocol::of(bound.listener.value.kind).name();
    let only_v6 = bound.socket.bind_ipv6_only.value == BindIpv6Only::Ipv6Only;
    let (host, port) = match &bound.listener.value.address {
        Address::Port(port) => (IpAddr::V6(Ipv6Addr::UNSPECIFIED), *port),
        Address::V4(host, port) => (IpAddr::V4(*host), *port),
        Address::V6(host, port, _) => (IpAddr::V6(*host).to_canonical(), *port),
        Address::Path(_) | Address::Abstract(_) => return None,
    };
    let dual = !only_v6 && host == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    Some(Endpoint { protocol, port, host, dual })
}

fn same_host(a: &Endpoint, b: &Endpoint) -> bool {
    let takes = |a: &Endpoint, b: &Endpoint| match (a.host, b.host) {
        (IpAddr::V4(wild), IpAddr::V4(_)) => wild == Ipv4Addr::UNSPECIFIED,
        (IpAddr::V6(wild), IpAddr::V6(_)) => wild == Ipv6Addr::UNSPECIFIED,
        (IpAddr::V6(_), IpAddr::V4(_)) => a.dual,
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    };
    a.host == b.host || takes(a, b) || takes(b, a)
}
