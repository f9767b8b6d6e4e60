//! Rules about one socket.

use std::sync::Arc;

use unit::ListenKind;

use super::Checked;
use crate::codes;
use crate::draft::{Draft, Maybe, Socket};
use crate::grammar::{Listener, Scalar};
use crate::report::{Diagnostic, Report, Span};

/// What kernels cap Backlog= to unless told otherwise: net.core.somaxconn since Linux 5.4.
const SOMAXCONN: u32 = 4096;
/// Connections that the table can number.
const MAX_CONNECTIONS: u32 = u16::MAX as u32;

pub(super) fn check(checked: &Checked, report: &mut Report) {
    for draft in &checked.units {
        let Some(socket) = draft.socket() else { continue };
        check_listens(draft, socket, report);
        check_accept_kinds(socket, report);
        check_ranges(socket, report);
        check_options_have_effect(socket, report);
        check_backlog(socket, report);
        check_reuse_port(socket, report);
        check_keep_alive_is_meant(draft, socket, report);
        check_access_is_ours(socket, report);
        check_links_lead_somewhere(socket, report);
    }
}

/// A link leads to one path.
fn check_links_lead_somewhere(socket: &Socket, report: &mut Report) {
    let Some(span) = &socket.symlinks.given else { return };
    let paths = socket.listeners.items.iter().filter(|listener| listener.value.has_path()).count();
    if paths != 1 && !socket.symlinks.items.is_empty() {
        let message = format!("Symlinks= needs one path to lead to, not {paths}");
        let diagnostic = Diagnostic::new(codes::LINK_TO_NOTHING, message, span, "");
        report.push(diagnostic.hint("give the listeners that are nodes units of their own"));
    }
}

/// Who accepts decides who gets in: without Accept=yes that is the service.
fn check_access_is_ours(socket: &Socket, report: &mut Report) {
    if socket.accept.value {
        return;
    }
    for given in [&socket.ip_address_allow.given, &socket.ip_address_deny.given] {
        let Some(span) = given else { continue };
        let message = "PID 1 looks at who connects only where it accepts";
        let diagnostic = Diagnostic::new(codes::ACCESS_WITHOUT_ACCEPT, message, span, "");
        report.push(diagnostic.hint("use Accept=yes, or let the service or a firewall decide"));
    }
}

/// Words of a comment that show what somebody expects of KeepAlive=.
const OF_LISTENERS: [&str; 6] = ["restart", "service", "crash", "stop", "exit", "listen"];

/// A listener is kept whatever its service does; KeepAlive= is about connections.
fn check_keep_alive_is_meant(draft: &Draft, socket: &Socket, report: &mut Report) {
    let Some(span) = &socket.keep_alive.given else { return };
    if !socket.keep_alive.value || !Arc::ptr_eq(&span.file, &draft.file) {
        return;
    }
    let above = &span.file.text[..span.range.start];
    let line = above.rfind('\n').map_or("", |end| &above[..end]);
    let start = line.rfind('\n').map_or(0, |end| end + 1);
    let comment = line[start..].trim();
    let lower = comment.to_lowercase();
    let is_comment = comment.starts_with(['#', ';']);
    if is_comment && OF_LISTENERS.iter().any(|word| lower.contains(word)) {
        let message = "KeepAlive= makes TCP look for dead peers; no listener needs it to stay";
        let at = start + (line[start..].len() - line[start..].trim_start().len());
        let place = Span { file: span.file.clone(), range: at..at + comment.len() };
        let diagnostic = Diagnostic::new(codes::KEEP_ALIVE_MISREAD, message, span, "TCP probes");
        let diagnostic = diagnostic.and(&place, "a listener is kept in any case");
        report.push(diagnostic.hint("leave it out, or say in the comment that it probes peers"));
    }
}

fn check_listens(draft: &Draft, socket: &Socket, report: &mut Report) {
    if socket.listeners.given.is_none() {
        let message = format!("`{}` listens to nothing", draft.name);
        let diagnostic =
            Diagnostic::new(codes::NO_LISTENER, message, &draft.head, "no Listen…= below");
        report.push(diagnostic.hint("add ListenStream=, or one of its kin"));
    }
}

fn check_accept_kinds(socket: &Socket, report: &mut Report) {
    let (true, Some(accept)) = (socket.accept.value, &socket.accept.given) else { return };
    for listener in &socket.listeners.items {
        let what = match listener.value.kind {
            ListenKind::Stream | ListenKind::SequentialPacket => continue,
            ListenKind::Datagram => "datagrams have no connections to accept",
            ListenKind::Fifo => "a FIFO has no connections to accept",
            ListenKind::Special => "a file has no connections to accept",
            ListenKind::Netlink => "netlink has no connections to accept",
            ListenKind::MessageQueue => "a message queue has no connections to accept",
        };
        let diagnostic = Diagnostic::new(codes::ACCEPT_KIND, what, &listener.span, "here");
        report.push(diagnostic.and(accept, "Accept=yes").hint("use Accept=no"));
    }
    if let Some(service) = &socket.service.given {
        let message = "Accept=yes starts instances of the socket's own template";
        let diagnostic = Diagnostic::new(codes::ACCEPT_KIND, message, &service.span, "Service=");
        report.push(diagnostic.and(accept, "Accept=yes").hint("leave Service= out"));
    }
}

fn check_ranges(socket: &Socket, report: &mut Report) {
    let mut range = |name: &str, value: u32, span: Option<&Span>, least: u32| {
        let Some(span) = span else { return };
        if !(least..=MAX_CONNECTIONS).contains(&value) {
            let message = format!("`{name}=` must be {least} to {MAX_CONNECTIONS}");
            report.push(Diagnostic::new(codes::BAD_RANGE, message, span, ""));
        }
    };
    if let Some(given) = &socket.max_connections.given {
        range("MaxConnections", given.value, Some(&given.span), 1);
    }
    let per_source = &socket.max_connections_per_source;
    range("MaxConnectionsPerSource", per_source.value, per_source.given.as_ref(), 0);
}

/// Where a directive was given.
fn place<G: Scalar>(directive: &Maybe<G>) -> Option<Span> {
    directive.given.as_ref().map(|given| given.span.clone())
}

fn check_options_have_effect(socket: &Socket, report: &mut Report) {
    let listeners = &socket.listeners.items;
    let any = |test: fn(&Listener) -> bool| {
        listeners.is_empty() || listeners.iter().any(|listener| test(&listener.value))
    };
    let accept = socket.accept.value;
    let (on_path, on_ip) = (any(Listener::has_path), any(Listener::is_ip));
    let (on_tcp, on_v6) = (any(Listener::is_tcp), any(Listener::is_v6));
    let (has_senders, on_udp) = (any(Listener::knows_senders), any(Listener::is_udp));
    let tells_place = on_ip || any(Listener::is_netlink);
    let on_socket = any(Listener::is_socket);
    let of = |kind: ListenKind| {
        listeners.is_empty() || listeners.iter().any(|listener| listener.value.kind == kind)
    };
    let on_fifo = of(ListenKind::Fifo);
    let on_queue = any(Listener::has_queue);
    let (on_file, on_messages) = (of(ListenKind::Special), of(ListenKind::MessageQueue));
    let commands = [
        &socket.exec_start_pre,
        &socket.exec_start_post,
        &socket.exec_stop_pre,
        &socket.exec_stop_post,
    ];
    let commands = commands.iter().any(|list| !list.items.is_empty());
    let flushed = !accept && (on_socket || on_fifo);
    let node = "only nodes in the file system have owners and modes";
    let local = "no listener is an AF_UNIX or AF_NETLINK socket";
    let options = [
        (place(&socket.socket_user), on_path, node),
        (place(&socket.socket_group), on_path, node),
        (socket.socket_mode.given.clone(), on_path, node),
        (socket.directory_mode.given.clone(), on_path, "no node in the file system is made"),
        (socket.remove_on_stop.given.clone(), on_path, "no node in the file system is made"),
        (socket.no_delay.given.clone(), on_tcp, "no listener is TCP"),
        (socket.keep_alive.given.clone(), on_tcp, "no listener is TCP"),
        (place(&socket.keep_alive_time), on_tcp, "no listener is TCP"),
        (place(&socket.keep_alive_interval), on_tcp, "no listener is TCP"),
        (place(&socket.keep_alive_probes), on_tcp, "no listener is TCP"),
        (place(&socket.defer_accept), on_tcp, "no listener is TCP"),
        (place(&socket.tcp_congestion), on_tcp, "no listener is TCP"),
        (socket.broadcast.given.clone(), on_udp, "no listener is UDP"),
        (place(&socket.bind_to_device), on_ip, "no listener has a port"),
        (socket.free_bind.given.clone(), on_ip, "no listener has a port"),
        (socket.transparent.given.clone(), on_ip, "no listener has a port"),
        (place(&socket.ip_tos), on_ip, "no listener has a port"),
        (place(&socket.ip_ttl), on_ip, "no listener has a port"),
        (socket.pass_packet_info.given.clone(), tells_place, "no listener has a port or groups"),
        (socket.pass_credentials.given.clone(), has_senders, local),
        (socket.pass_security.given.clone(), has_senders, local),
        (place(&socket.mark), on_socket, "no listener is a socket"),
        (place(&socket.priority), on_socket, "no listener is a socket"),
        (place(&socket.receive_buffer), on_socket, "no listener is a socket"),
        (place(&socket.send_buffer), on_socket, "no listener is a socket"),
        (socket.timestamping.given.clone(), on_socket, "no listener is a socket"),
        (place(&socket.socket_protocol), on_ip, "no listener has a port"),
        (socket.writable.given.clone(), on_file, "there is no ListenSpecial="),
        (place(&socket.queue_messages), on_messages, "there is no ListenMessageQueue="),
        (place(&socket.queue_message_bytes), on_messages, "there is no ListenMessageQueue="),
        (place(&socket.pipe_size), on_fifo, "no listener is a FIFO"),
        (socket.reuse_port.given.clone(), on_ip, "no listener has a port"),
        (socket.bind_ipv6_only.given.clone(), on_v6, "no listener is IPv6"),
        (socket.backlog.given.clone(), on_queue, "no listener has a queue of connections"),
        (place(&socket.timeout), commands, "the socket runs no commands"),
        (socket.pass_fds_to_exec.given.clone(), commands, "the socket runs no commands"),
        (socket.flush_pending.given.clone(), flushed, "nothing is queued that could be dropped"),
        (place(&socket.max_connections), accept, "PID 1 accepts no connections without Accept=yes"),
        (
            socket.max_connections_per_source.given.clone(),
            accept,
            "PID 1 accepts no connections without Accept=yes",
        ),
    ];
    for (given, has_effect, reason) in options {
        if let Some(span) = given.filter(|_| !has_effect) {
            let message = format!("this has no effect: {reason}");
            report.push(Diagnostic::new(codes::NO_EFFECT, message, &span, ""));
        }
    }
}

fn check_backlog(socket: &Socket, report: &mut Report) {
    let Some(span) = &socket.backlog.given else { return };
    let value = socket.backlog.value;
    if value > SOMAXCONN && value != u32::MAX {
        let message = format!("kernels cap the queue at {SOMAXCONN} unless told otherwise");
        let diagnostic = Diagnostic::new(codes::BACKLOG_CAPPED, message, span, "above the cap");
        report.push(diagnostic.hint("net.core.somaxconn raises the cap"));
    }
}

fn check_reuse_port(socket: &Socket, report: &mut Report) {
    let Some(span) = &socket.reuse_port.given else { return };
    let has_port = socket.listeners.items.iter().any(|listener| listener.value.is_ip());
    if socket.reuse_port.value && !socket.accept.value && has_port {
        let message = "one instance takes all connections: there is nobody to share the port with";
        let diagnostic = Diagnostic::new(codes::REUSE_PORT_ALONE, message, span, "");
        report.push(diagnostic.hint(
            "leave it out, unless the service binds the port once more; then connections that \
             the kernel gives to the other socket wait there while the service is down",
        ));
    }
}
