//! Drafts of sockets to what the table holds: every default applied.
//!
//! Drafts are taken apart without `..`: a new row fails to build here until it is spent.

use unit::{BindIpv6Only, Prefix, RateLimit};

use super::options::{OptionPlan, Options};
use crate::draft;
use crate::grammar::Listener;
use crate::names::Name;

/// [`unit::Socket`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Socket`")]
pub struct SocketPlan {
    pub service: u16,
    pub accept: bool,
    pub first_listener: u16,
    pub listeners: Vec<Listener>,
    /// Those of each listener, in the same order.
    pub options: Vec<Vec<OptionPlan>>,
    pub first_instance: u16,
    pub max_connections: u16,
    pub max_connections_per_source: u16,
    pub poll_limit: RateLimit,
    pub trigger_limit: RateLimit,
    pub allow: Vec<Prefix>,
    pub deny: Vec<Prefix>,
    pub backlog: u32,
    pub bind_ipv6_only: BindIpv6Only,
    pub reuse_port: bool,
    pub no_delay: bool,
    pub keep_alive: bool,
    pub pipe_size: u32,
    pub protocol: u16,
    pub writable: bool,
    pub queue_messages: u32,
    pub queue_message_bytes: u32,
    pub symlinks: Vec<String>,
    pub fd_name: String,
    pub user: String,
    pub group: String,
    pub mode: u16,
    pub directory_mode: u16,
    pub remove_on_stop: bool,
    pub flush_pending: bool,
}

/// The next free numbers of the board.
#[derive(Default)]
pub(super) struct Counters {
    listener: u16,
    instance: u16,
}

impl Counters {
    /// The first of so many listeners, and the first of so many instances.
    fn take(&mut self, listeners: usize, instances: u16) -> Option<(u16, u16)> {
        let first = (self.listener, self.instance);
        self.listener = self.listener.checked_add(u16::try_from(listeners).ok()?)?;
        self.instance = self.instance.checked_add(instances)?;
        Some(first)
    }
}

const MAX_CONNECTIONS: u32 = 64;
const POLL_BURST: u32 = 15;
const POLL_BURST_ACCEPT: u32 = 150;
const TRIGGER_BURST: u32 = 20;
const TRIGGER_BURST_ACCEPT: u32 = 200;

/// `None` if the table cannot number so much.
pub(super) fn socket(
    socket: draft::Socket,
    name: &Name,
    service: u16,
    next: &mut Counters,
) -> Option<SocketPlan> {
    let options = Options::of(&socket);
    let draft::Socket {
        listeners,
        accept,
        service: _,
        connection_rate: _,
        backlog,
        max_connections,
        max_connections_per_source,
        poll_limit_interval,
        poll_limit_burst,
        trigger_limit_interval,
        trigger_limit_burst,
        reuse_port,
        no_delay,
        keep_alive,
        bind_ipv6_only,
        // What `Options` has spent.
        keep_alive_time: _,
        keep_alive_interval: _,
        keep_alive_probes: _,
        defer_accept: _,
        receive_buffer: _,
        send_buffer: _,
        ip_tos: _,
        ip_ttl: _,
        mark: _,
        priority: _,
        broadcast: _,
        tcp_congestion: _,
        bind_to_device: _,
        free_bind: _,
        transparent: _,
        pass_credentials: _,
        pass_security: _,
        pass_packet_info: _,
        timestamping: _,
        pipe_size,
        socket_protocol,
        writable,
        queue_messages,
        queue_message_bytes,
        symlinks,
        ip_address_allow,
        ip_address_deny,
        fd_name,
        socket_user,
        socket_group,
        socket_mode,
        directory_mode,
        flush_pending,
        remove_on_stop,
    } = socket;
    let accept = accept.value;
    let either = |with_accept, without| if accept { with_accept } else { without };
    let limit = |interval, burst| RateLimit { interval, burst };
    let poll_burst = either(POLL_BURST_ACCEPT, POLL_BURST);
    let trigger_burst = either(TRIGGER_BURST_ACCEPT, TRIGGER_BURST);
    let max_connections = u16::try_from(either(max_connections.or(MAX_CONNECTIONS), 0)).ok()?;
    let listeners = listeners.values();
    let (first_listener, first_instance) = next.take(listeners.len(), max_connections)?;
    let fd_default = if accept { "connection".into() } else { name.to_string() };
    Some(SocketPlan {
        service,
        accept,
        first_listener,
        options: listeners.iter().map(|listener| options.on(listener)).collect(),
        listeners,
        first_instance,
        max_connections,
        max_connections_per_source: u16::try_from(max_connections_per_source.value).ok()?,
        poll_limit: limit(poll_limit_interval.value, poll_limit_burst.or(poll_burst)),
        trigger_limit: limit(trigger_limit_interval.value, trigger_limit_burst.or(trigger_burst)),
        allow: ip_address_allow.values(),
        deny: ip_address_deny.values(),
        backlog: backlog.value,
        bind_ipv6_only: bind_ipv6_only.value,
        reuse_port: reuse_port.value,
        no_delay: no_delay.value,
        keep_alive: keep_alive.value,
        pipe_size: pipe_size.or(0),
        protocol: socket_protocol.or(0),
        writable: writable.value,
        queue_messages: queue_messages.or(0),
        queue_message_bytes: queue_message_bytes.or(0),
        symlinks: symlinks.values(),
        fd_name: fd_name.or(fd_default),
        user: socket_user.or(String::new()),
        group: socket_group.or(String::new()),
        mode: socket_mode.value,
        directory_mode: directory_mode.value,
        remove_on_stop: remove_on_stop.value,
        flush_pending: flush_pending.value && !accept,
    })
}
