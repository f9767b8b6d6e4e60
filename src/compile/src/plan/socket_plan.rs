//! Drafts of sockets to what the table holds: every default applied.
//!
//! Drafts are taken apart without `..`: a new row fails to build here until it is spent.

use std::collections::BTreeSet;

use unit::{BindIpv6Only, Emergency, Millis, Prefix, RateLimit, ServiceType};

use super::Defaults;
use super::life::FromElsewhere;
use super::options::{OptionPlan, Options};
use super::unit_plan::{self, ServicePlan, Shared};
use crate::draft::{self, Maybe, One};
use crate::grammar::{Address, Command, Listener, Time, Unsigned};
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
    pub fd_name: String,
    pub remove_on_stop: bool,
    pub flush_pending: bool,
    /// `None` if it runs none.
    pub commands: Option<CommandsPlan>,
    pub setup: SetupPlan,
}

impl SocketPlan {
    /// True if a listener needs an address or an interface that may not be there yet.
    pub(super) fn may_wait_for_address(&self) -> bool {
        const BIND_TO_DEVICE: (u16, u16) = (1, 25);
        const FREE_BIND: (u16, u16) = (0, 15);
        self.listeners.iter().zip(&self.options).any(|(listener, options)| {
            let has = |wanted| options.iter().any(|each| (each.level, each.name) == wanted);
            let special = match &listener.address {
                Address::V4(address, _) => !address.is_unspecified() && !address.is_loopback(),
                Address::V6(address, _, scope) => {
                    !scope.is_empty() || !address.is_unspecified() && !address.is_loopback()
                }
                Address::Port(_)
                | Address::Path(_)
                | Address::Abstract(_)
                | Address::Netlink(..)
                | Address::MessageQueue(_)
                | Address::Vsock(..) => false,
            };
            special && !has(FREE_BIND) || has(BIND_TO_DEVICE)
        })
    }
}

/// [`unit::SocketSetup`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::SocketSetup`")]
pub struct SetupPlan {
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
    pub user: String,
    pub group: String,
    pub mode: u16,
    pub directory_mode: u16,
}

impl SetupPlan {
    fn of(socket: &draft::Socket) -> Self {
        Self {
            backlog: socket.backlog.value,
            bind_ipv6_only: socket.bind_ipv6_only.value,
            reuse_port: socket.reuse_port.value,
            no_delay: socket.no_delay.value,
            keep_alive: socket.keep_alive.value,
            pipe_size: socket.pipe_size.value().copied().unwrap_or(0),
            protocol: socket.socket_protocol.value().copied().unwrap_or(0),
            writable: socket.writable.value,
            queue_messages: socket.queue_messages.value().copied().unwrap_or(0),
            queue_message_bytes: socket.queue_message_bytes.value().copied().unwrap_or(0),
            symlinks: socket.symlinks.items.iter().map(|link| link.value.clone()).collect(),
            user: socket.socket_user.value().cloned().unwrap_or_default(),
            group: socket.socket_group.value().cloned().unwrap_or_default(),
            mode: socket.socket_mode.value,
            directory_mode: socket.directory_mode.value,
        }
    }
}

/// [`unit::SocketCommands`] with text of its own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::SocketCommands`")]
pub struct CommandsPlan {
    pub timeout: Option<Millis>,
    pub pass_fds: bool,
    pub start_pre: Vec<Command>,
    pub start_post: Vec<Command>,
    pub stop_pre: Vec<Command>,
    pub stop_post: Vec<Command>,
    /// A service of which nothing is said, with all of the commands before its start: what they
    /// are given.
    pub runner: ServicePlan,
}

impl CommandsPlan {
    fn of(socket: &draft::Socket, defaults: &Defaults) -> Option<Self> {
        let lists = [
            &socket.exec_start_pre,
            &socket.exec_start_post,
            &socket.exec_stop_pre,
            &socket.exec_stop_post,
        ];
        let lists = lists.map(|list| -> Vec<Command> {
            list.items.iter().map(|item| item.value.clone()).collect()
        });
        if lists.iter().all(Vec::is_empty) {
            return None;
        }
        let shared = Shared {
            name: String::new(),
            sockets: BTreeSet::new(),
            per_connection: false,
            start_limit: (RateLimit { interval: Millis(0), burst: 0 }, Emergency::None),
            life: FromElsewhere {
                failure_action: Emergency::None,
                success_action: Emergency::None,
                restart_delay: Millis(0),
            },
        };
        let exec_start_pre = lists.concat();
        let silent =
            unit_plan::service(draft::Service::fresh(), draft::Exec::fresh(), shared, defaults);
        let runner = ServicePlan { exec_start_pre, type_: ServiceType::Oneshot, ..silent };
        let [start_pre, start_post, stop_pre, stop_post] = lists;
        let timeout = socket.timeout.value().copied().unwrap_or(defaults.timeout_start);
        let pass_fds = socket.pass_fds_to_exec.value;
        Some(Self { timeout, pass_fds, start_pre, start_post, stop_pre, stop_post, runner })
    }
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

/// `PollLimit…=` and `TriggerLimit…=`.
fn limits(socket: &draft::Socket) -> (RateLimit, RateLimit) {
    let limit = |interval: &One<Time>, burst: &Maybe<Unsigned>, default| RateLimit {
        interval: interval.value,
        burst: burst.value().copied().unwrap_or(default),
    };
    let (poll, trigger) = match socket.accept.value {
        true => (POLL_BURST_ACCEPT, TRIGGER_BURST_ACCEPT),
        false => (POLL_BURST, TRIGGER_BURST),
    };
    (
        limit(&socket.poll_limit_interval, &socket.poll_limit_burst, poll),
        limit(&socket.trigger_limit_interval, &socket.trigger_limit_burst, trigger),
    )
}

/// `None` if the table cannot number so much.
pub(super) fn socket(
    socket: draft::Socket,
    name: &Name,
    service: u16,
    next: &mut Counters,
    defaults: &Defaults,
) -> Option<SocketPlan> {
    let options = Options::of(&socket);
    let commands = CommandsPlan::of(&socket, defaults);
    let setup = SetupPlan::of(&socket);
    let (poll_limit, trigger_limit) = limits(&socket);
    let draft::Socket {
        listeners,
        accept,
        service: _,
        // What the unit's `GroupPlan` has spent.
        slice: _,
        connection_rate: _,
        backlog: _,
        max_connections,
        max_connections_per_source,
        // What `limits` has spent.
        poll_limit_interval: _,
        poll_limit_burst: _,
        trigger_limit_interval: _,
        trigger_limit_burst: _,
        reuse_port: _,
        no_delay: _,
        keep_alive: _,
        bind_ipv6_only: _,
        // What `Options` has spent, and `SetupPlan`.
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
        pipe_size: _,
        socket_protocol: _,
        writable: _,
        queue_messages: _,
        queue_message_bytes: _,
        symlinks: _,
        ip_address_allow,
        ip_address_deny,
        fd_name,
        socket_user: _,
        socket_group: _,
        socket_mode: _,
        directory_mode: _,
        flush_pending,
        // What `CommandsPlan` has spent.
        exec_start_pre: _,
        exec_start_post: _,
        exec_stop_pre: _,
        exec_stop_post: _,
        timeout: _,
        pass_fds_to_exec: _,
        remove_on_stop,
    } = socket;
    let accept = accept.value;
    let either = |with_accept, without| if accept { with_accept } else { without };
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
        poll_limit,
        trigger_limit,
        allow: ip_address_allow.values(),
        deny: ip_address_deny.values(),
        fd_name: fd_name.or(fd_default),
        remove_on_stop: remove_on_stop.value,
        flush_pending: flush_pending.value && !accept,
        commands,
        setup,
    })
}
