//! `pilotc lint`: what is allowed and yet not good practice. Each lint is a function with a code
//! that begins with L; `[Lint]` of `board.conf` takes back what is meant.

use std::fmt;
use std::path::Path;

use unit::{KillMode, ListenKind, Millis};

use crate::check::{Checked, EdgeKind, Why};
use crate::codes;
use crate::draft::{Draft, Service, Socket};
use crate::grammar::{Address, Listener, System};
use crate::load::{BoardDraft, FSTAB};
use crate::report::{Diagnostic, Report, Span};
use crate::targets;

/// What kernels cap a queue at unless told otherwise: net.core.somaxconn since Linux 5.4.
const SOMAXCONN: u64 = 4096;
/// Points below which a service is told to be hardly confined.
const POINTS_ENOUGH: u32 = 5;
/// All points there are.
pub const POINTS_MAX: u32 = 12;

/// How well a service that the network reaches is confined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hardening {
    /// The service.
    pub service: String,
    /// Of [`POINTS_MAX`].
    pub points: u32,
    /// What would give more, with the points it gives.
    pub missing: Vec<(u32, &'static str)>,
}

impl fmt::Display for Hardening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, points, missing } = self;
        write!(f, "{points:>2} of {POINTS_MAX} {service}")?;
        missing.iter().try_for_each(|(more, what)| write!(f, "\n    +{more} {what}"))
    }
}

/// Applies every lint, and rates the services that the network reaches.
pub(crate) fn lint(checked: &Checked, board: &BoardDraft, report: &mut Report) -> Vec<Hardening> {
    let mut ratings = Vec::new();
    for (unit, draft) in checked.units.iter().enumerate() {
        if draft.file.path.starts_with(targets::FOLDER) {
            continue;
        }
        check_description(draft, report);
        if let Some(socket) = draft.socket() {
            check_both_families(socket, report);
            check_node_is_closed(socket, report);
            check_backlog(checked, unit, socket, board, report);
        }
        if let Some(service) = draft.service() {
            check_kill_mode(service, report);
        }
        if let (Some(service), Some(socket)) = (draft.service(), from_network(checked, unit)) {
            check_documentation(draft, report);
            check_limits(draft, service, socket, board, report);
            let rating = hardening(draft, service, socket);
            check_hardening(draft, &rating, report);
            ratings.push(rating);
        }
    }
    check_requires_have_order(checked, report);
    ratings
}

/// The socket that lets the network reach a service.
fn from_network(checked: &Checked, service: usize) -> Option<&Socket> {
    let sockets = checked.sockets_of(service).filter_map(|socket| checked.units[socket].socket());
    let reaches = |socket: &&Socket| {
        socket.listeners.items.iter().any(|listener| is_from_network(&listener.value))
    };
    sockets.into_iter().find(reaches)
}

fn is_from_network(listener: &Listener) -> bool {
    match &listener.address {
        Address::Port(_) => true,
        Address::V4(address, _) => !address.is_loopback(),
        Address::V6(address, _, _) => !address.is_loopback(),
        Address::Path(_)
        | Address::Abstract(_)
        | Address::Netlink(..)
        | Address::MessageQueue(_)
        | Address::Vsock(..) => false,
    }
}

fn check_description(draft: &Draft, report: &mut Report) {
    // A line of fstab has no place for one.
    if Path::new(&draft.head.file.path).ends_with(FSTAB) {
        return;
    }
    let Some(given) = &draft.unit.description.given else {
        let message = format!("`{}` says nothing of what it is for", draft.name);
        let diagnostic =
            Diagnostic::new(codes::NO_DESCRIPTION, message, &draft.head, "no Description= above");
        report.push(diagnostic.hint("Description= is what status and boot messages show"));
        return;
    };
    if [draft.name.to_string(), draft.name.stem()].contains(&given.value) {
        let message = format!("the description of `{}` is its name once more", draft.name);
        let diagnostic = Diagnostic::new(codes::NO_DESCRIPTION, message, &given.span, "");
        report.push(diagnostic.hint("say what it is for"));
    }
}

/// Who finds a service on the network wants to know how it is set up.
fn check_documentation(draft: &Draft, report: &mut Report) {
    if draft.unit.documentation.given.is_none() {
        let message = format!("`{}` says nowhere how it is set up", draft.name);
        let diagnostic = Diagnostic::new(codes::NO_DOCUMENTATION, message, &draft.head, "");
        report.push(diagnostic.hint("Documentation=man:NAME(8), or the address of a page"));
    }
}

/// What outlives a stop holds ports and files that the next start wants.
fn check_kill_mode(service: &Service, report: &mut Report) {
    let (Some(span), KillMode::None) = (&service.kill_mode.given, service.kill_mode.value) else {
        return;
    };
    let message = "a stop ends nobody: what runs goes on, and nobody looks after it";
    let diagnostic = Diagnostic::new(codes::NEVER_KILLED, message, span, "");
    report.push(diagnostic.hint("KillMode=mixed lets the main process end the others"));
}

/// A port on one family is told, unless the other family has it too.
fn check_both_families(socket: &Socket, report: &mut Report) {
    let has = |v4: bool, kind: ListenKind, port: u16| {
        socket.listeners.items.iter().any(|each| {
            each.value.kind == kind
                && match each.value.address {
                    Address::Port(other) => other == port,
                    Address::V4(_, other) => v4 && other == port,
                    Address::V6(_, other, _) => !v4 && other == port,
                    Address::Path(_)
                    | Address::Abstract(_)
                    | Address::Netlink(..)
                    | Address::MessageQueue(_)
                    | Address::Vsock(..) => false,
                }
        })
    };
    for listener in &socket.listeners.items {
        let Listener { kind, address } = &listener.value;
        let (one, other, there) = match address {
            Address::V4(_, port) => ("IPv4", "IPv6", has(false, *kind, *port)),
            // The wildcard takes IPv4 too.
            Address::V6(address, _, _) if address.is_unspecified() => continue,
            Address::V6(_, port, _) => ("IPv6", "IPv4", has(true, *kind, *port)),
            Address::Port(_)
            | Address::Path(_)
            | Address::Abstract(_)
            | Address::Netlink(..)
            | Address::MessageQueue(_)
            | Address::Vsock(..) => continue,
        };
        if !there {
            let message = format!("this listens to {one} and not to {other}");
            let diagnostic = Diagnostic::new(codes::ONE_FAMILY, message, &listener.span, "");
            report.push(diagnostic.hint("a port alone listens to both"));
        }
    }
}

fn check_node_is_closed(socket: &Socket, report: &mut Report) {
    let node = socket
        .listeners
        .items
        .iter()
        .find(|listener| matches!(listener.value.address, Address::Path(_)));
    if let (Some(listener), None) = (node, &socket.socket_mode.given) {
        let message = "everybody on the board may connect to this";
        let diagnostic = Diagnostic::new(codes::OPEN_NODE, message, &listener.span, "mode 0666");
        report.push(diagnostic.hint("say so with SocketMode=0666, or close it with 0660"));
    }
}

/// Connections wait in the queue from the end of a service to the start of its next run.
fn check_backlog(
    checked: &Checked,
    unit: usize,
    socket: &Socket,
    board: &BoardDraft,
    report: &mut Report,
) {
    let Some(rate) = &socket.connection_rate.given else { return };
    let service = checked.service_of(unit).and_then(|service| checked.units[service].service());
    let (Some(service), false) = (service, socket.accept.value) else { return };
    let Some(start) = &service.start_time.given else { return };
    let pause = service.restart_delay.value().copied();
    let Millis(pause) = pause.unwrap_or(board.manager.default_restart_delay.value);
    let millis = u64::from(pause) + u64::from(start.value.0);
    let waiting = (u64::from(rate.value) * millis).div_ceil(1000);
    let room = u64::from(socket.backlog.value).min(SOMAXCONN);
    if waiting > room {
        let message = format!("{waiting} connections may wait while the service restarts");
        let place = socket.backlog.given.as_ref().unwrap_or(&rate.span);
        let label = format!("room for {room}");
        let diagnostic = Diagnostic::new(codes::SHORT_BACKLOG, message, place, label);
        let hint = "make the start or RestartSec= shorter, or the queue longer; above 4096 it \
                    takes net.core.somaxconn too";
        report.push(diagnostic.and(&start.span, "until it takes them").hint(hint));
    }
}

fn check_limits(
    draft: &Draft,
    service: &Service,
    socket: &Socket,
    board: &BoardDraft,
    report: &mut Report,
) {
    let files = service.limit_nofile.given.is_some();
    if !files && board.manager.default_limit_nofile.given.is_none() {
        let message = format!("`{}` may open as many files as it likes", draft.name);
        let diagnostic =
            Diagnostic::new(codes::NO_LIMIT, message, &draft.head, "no LimitNOFILE= below");
        report.push(diagnostic.hint("DefaultLimitNOFILE= of board.conf is for all services"));
    }
    let per_source = &socket.max_connections_per_source;
    if let (true, Some(accept), 0) = (socket.accept.value, &socket.accept.given, per_source.value) {
        let message = "one address may take all connections there are";
        let diagnostic = Diagnostic::new(codes::NO_LIMIT, message, accept, "an instance for each");
        report.push(diagnostic.hint("MaxConnectionsPerSource= leaves some for others"));
    }
}

/// What confines a service, and the points it gives.
type Measure = (u32, fn(&Draft, &Service, &Socket) -> bool, &'static str);

const MEASURES: &[Measure] = &[
    (3, |_, service, _| !is_root(service), "User= other than root"),
    (1, |draft, _, _| draft.exec.no_new_privileges.value, "NoNewPrivileges=yes"),
    (
        1,
        |draft, _, _| draft.exec.bounding_set.given.is_some(),
        "CapabilityBoundingSet= with what it needs, perhaps none",
    ),
    (1, |draft, _, _| draft.exec.protect_system.value != System::Open, "ProtectSystem=strict"),
    (1, |draft, _, _| draft.exec.private_tmp.value, "PrivateTmp=yes"),
    (
        1,
        |_, service, _| {
            let lists = [&service.exec_start_pre, &service.exec_start, &service.exec_stop];
            lists.iter().all(|list| list.items.iter().all(|command| !command.value.privileged))
        },
        "no command with `+` or `!`",
    ),
    (1, |_, service, _| service.umask.value & 0o027 == 0o027, "UMask=0027 or stricter"),
    (1, |_, service, _| service.limit_nofile.given.is_some(), "LimitNOFILE="),
    (
        1,
        |_, service, _| service.kill_mode.value == KillMode::ControlGroup,
        "KillMode=control-group: nothing outlives a stop",
    ),
    (
        1,
        |_, _, socket| !socket.accept.value || socket.max_connections_per_source.value != 0,
        "MaxConnectionsPerSource= for an instance per connection",
    ),
];

fn is_root(service: &Service) -> bool {
    service.user.value().is_none_or(|user| user == "root" || user == "0")
}

fn hardening(draft: &Draft, service: &Service, socket: &Socket) -> Hardening {
    let (held, lacking): (Vec<&Measure>, Vec<&Measure>) =
        MEASURES.iter().partition(|(_, holds, _)| holds(draft, service, socket));
    Hardening {
        service: draft.name.to_string(),
        points: held.iter().map(|(points, _, _)| points).sum(),
        missing: lacking.iter().map(|(points, _, what)| (*points, *what)).collect(),
    }
}

fn check_hardening(draft: &Draft, rating: &Hardening, report: &mut Report) {
    if rating.points < POINTS_ENOUGH {
        let Hardening { service, points, missing } = rating;
        let message = format!("`{service}` has {points} of {POINTS_MAX} points for its hardening");
        let label = "the network reaches it";
        let diagnostic = Diagnostic::new(codes::WEAK_HARDENING, message, &draft.head, label);
        let missing: Vec<&str> = missing.iter().map(|(_, what)| *what).collect();
        report.push(diagnostic.hint(format!("what it lacks: {}", missing.join("; "))));
    }
}

/// Requires= alone starts both at once.
fn check_requires_have_order(checked: &Checked, report: &mut Report) {
    for edge in checked.edges.iter().filter(|edge| edge.kind == EdgeKind::Requires) {
        let ordered = |from, to| checked.edge(from, to, EdgeKind::After).is_some();
        let Why::Written(span) = &edge.why else { continue };
        let target = checked.units[edge.from].file.path.starts_with(targets::FOLDER);
        if target || ordered(edge.from, edge.to) || ordered(edge.to, edge.from) {
            continue;
        }
        let (from, to) = (checked.name(edge.from), checked.name(edge.to));
        let message = format!("`{from}` requires `{to}` and does not wait for it");
        let diagnostic =
            Diagnostic::new(codes::REQUIRES_WITHOUT_AFTER, message, span, "both start at once");
        let diagnostic = diagnostic.and(&head(checked, edge.to), "starts at the same time");
        report.push(diagnostic.hint(format!("add After={to}")));
    }
}

fn head(checked: &Checked, unit: usize) -> Span {
    checked.units[unit].head.clone()
}
