//! The directives of a socket that are one setsockopt(2) each, as numbers of the kernel.

use unit::Millis;

use crate::draft;
use crate::grammar::Listener;

/// Levels and names of linux/socket.h, in.h, in6.h, tcp.h, netlink.h (asm-generic).
const SOCKET: u16 = 1;
const IP: u16 = 0;
const IPV6: u16 = 41;
const TCP: u16 = 6;
const NETLINK: u16 = 270;

/// [`unit::SocketOption`] with text of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::SocketOption`")]
pub struct OptionPlan {
    pub level: u16,
    pub name: u16,
    pub required: bool,
    pub value: OptionText,
}

/// [`unit::OptionValue`] with text of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "as those of `unit::OptionValue`")]
pub enum OptionText {
    Number(i32),
    Text(String),
}

/// Which listeners an option is for.
type Of = fn(&Listener) -> bool;

/// What a socket asks for.
pub(super) struct Options {
    wanted: Vec<(OptionPlan, Of)>,
}

impl Options {
    pub(super) fn of(socket: &draft::Socket) -> Self {
        let mut options = Self { wanted: Vec::new() };
        options.of_tcp(socket);
        options.of_ip(socket);
        options.of_any(socket);
        options
    }

    /// Those of one listener.
    pub(super) fn on(&self, listener: &Listener) -> Vec<OptionPlan> {
        let its = |(option, of): &(OptionPlan, Of)| of(listener).then(|| option.clone());
        self.wanted.iter().filter_map(its).collect()
    }

    fn number(&mut self, level: u16, name: u16, value: i32, of: Of) {
        let value = OptionText::Number(value);
        self.wanted.push((OptionPlan { level, name, required: false, value }, of));
    }

    fn require(&mut self, level: u16, name: u16, value: OptionText, of: Of) {
        self.wanted.push((OptionPlan { level, name, required: true, value }, of));
    }

    fn of_tcp(&mut self, socket: &draft::Socket) {
        let times = [
            (4, &socket.keep_alive_time),
            (5, &socket.keep_alive_interval),
            (9, &socket.defer_accept),
        ];
        for (name, time) in times {
            if let Some(&time) = time.value() {
                self.number(TCP, name, whole_seconds(time), Listener::is_tcp);
            }
        }
        if let Some(&probes) = socket.keep_alive_probes.value() {
            self.number(TCP, 6, probes.min(i32::MAX as u32) as i32, Listener::is_tcp);
        }
        if let Some(algorithm) = socket.tcp_congestion.value() {
            let value = OptionText::Text(algorithm.clone());
            let option = OptionPlan { level: TCP, name: 13, required: false, value };
            self.wanted.push((option, Listener::is_tcp));
        }
    }

    fn of_ip(&mut self, socket: &draft::Socket) {
        if let Some(interface) = socket.bind_to_device.value() {
            self.require(SOCKET, 25, OptionText::Text(interface.clone()), Listener::is_ip);
        }
        // A socket of IPv6 takes the options of IPv4, too, so that a bare port needs only one.
        if socket.free_bind.value {
            self.require(IP, 15, OptionText::Number(1), Listener::is_ip);
        }
        if socket.transparent.value {
            self.require(IP, 19, OptionText::Number(1), Listener::is_v4);
            self.number(IPV6, 75, 1, Listener::is_v6);
        }
        if let Some(&service) = socket.ip_tos.value() {
            self.number(IP, 1, service.into(), Listener::is_ip);
            self.number(IPV6, 67, service.into(), Listener::is_v6);
        }
        if let Some(&hops) = socket.ip_ttl.value() {
            self.number(IP, 2, hops.into(), Listener::is_ip);
            self.number(IPV6, 16, hops.into(), Listener::is_v6);
        }
        if socket.pass_packet_info.value {
            self.number(IP, 8, 1, Listener::is_ip);
            self.number(IPV6, 49, 1, Listener::is_v6);
            self.number(NETLINK, 3, 1, Listener::is_netlink);
        }
        if socket.broadcast.value {
            self.number(SOCKET, 6, 1, Listener::is_udp);
        }
    }

    fn of_any(&mut self, socket: &draft::Socket) {
        if let Some(&mark) = socket.mark.value() {
            self.number(SOCKET, 36, mark as i32, Listener::is_socket);
        }
        if let Some(&priority) = socket.priority.value() {
            self.number(SOCKET, 12, priority, Listener::is_socket);
        }
        // The forms that only root may use: no sysctl caps them.
        if let Some(&bytes) = socket.receive_buffer.value() {
            self.number(SOCKET, 33, bytes as i32, Listener::is_socket);
        }
        if let Some(&bytes) = socket.send_buffer.value() {
            self.number(SOCKET, 32, bytes as i32, Listener::is_socket);
        }
        if socket.pass_credentials.value {
            self.number(SOCKET, 16, 1, Listener::knows_senders);
        }
        if socket.pass_security.value {
            self.number(SOCKET, 34, 1, Listener::knows_senders);
        }
        if let Some(name) = socket.timestamping.value {
            self.number(SOCKET, name, 1, Listener::is_socket);
        }
    }
}

/// The kernel counts these times in seconds; a part of one is one.
fn whole_seconds(Millis(millis): Millis) -> i32 {
    millis.div_ceil(1000).min(i32::MAX as u32) as i32
}
