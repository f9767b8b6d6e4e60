//! Drafts of services and sockets to what the table holds: every default applied.
//!
//! Drafts are taken apart without `..`: a new row fails to build here until it is spent.

use std::collections::BTreeSet;

use unit::{
    BindIpv6Only, Emergency, KillMode, Millis, Prefix, RateLimit, Restart, ServiceType, Stdio,
};

use super::Defaults;
use super::options::{OptionPlan, Options};
use crate::check::type_of;
use crate::draft;
use crate::grammar::{Command, Listener, WorkingDirectory};
use crate::names::Name;

/// [`unit::Service`] and [`unit::ExecContext`] with text of their own.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Service` or `unit::ExecContext`")]
pub struct ServicePlan {
    pub type_: ServiceType,
    pub restart: Restart,
    pub kill_mode: KillMode,
    pub kill_signal: u8,
    pub restart_delay: Millis,
    pub timeout_start: Option<Millis>,
    pub timeout_stop: Option<Millis>,
    pub start_limit: RateLimit,
    pub start_limit_action: Emergency,
    pub sockets: BTreeSet<u16>,
    pub per_connection: bool,
    pub exec_start_pre: Vec<Command>,
    pub exec_start: Vec<Command>,
    pub exec_reload: Vec<Command>,
    pub exec_stop: Vec<Command>,
    pub user: String,
    pub group: String,
    pub working_directory: WorkingDirectory,
    pub environment: Vec<(String, String)>,
    pub umask: u16,
    pub limit_nofile: Option<(u64, u64)>,
    pub stdin: Stdio,
    pub stdout: Stdio,
    pub stderr: Stdio,
    pub non_blocking: bool,
}

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
}

/// What a service has from elsewhere than its own section.
pub(super) struct Shared {
    pub(super) sockets: BTreeSet<u16>,
    pub(super) per_connection: bool,
    pub(super) start_limit: (RateLimit, Emergency),
}

/// One assignment to a name: the last value, in the place of the first.
pub(super) fn merge(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match merged.iter_mut().find(|(each, _)| *each == name) {
            Some((_, old)) => *old = value,
            None => merged.push((name, value)),
        }
    }
    merged
}

pub(super) fn service(service: draft::Service, shared: Shared, defaults: &Defaults) -> ServicePlan {
    let type_ = type_of(&service);
    let draft::Service {
        service_type: _,
        notify_access: _,
        sockets: _,
        start_time: _,
        exec_start,
        exec_start_pre,
        exec_reload,
        exec_stop,
        user,
        group,
        working_directory,
        environment,
        umask,
        limit_nofile,
        standard_input,
        standard_output,
        standard_error,
        non_blocking,
        restart,
        restart_delay,
        timeout_start,
        timeout_stop,
        timeout,
        kill_mode,
        kill_signal,
    } = service;
    let Shared { sockets, per_connection, start_limit: (start_limit, start_limit_action) } = shared;
    let both = timeout.given.map(|given| given.value);
    let timeout_start_default =
        if type_ == ServiceType::Oneshot { None } else { defaults.timeout_start };
    let stdin = standard_input.value;
    let stdout_default = match stdin {
        Stdio::Tty | Stdio::Socket => Stdio::Inherit,
        Stdio::Null | Stdio::Kmsg | Stdio::Inherit => defaults.standard_output,
    };
    let environment =
        merge(defaults.environment.iter().cloned().chain(environment.values()).collect());
    ServicePlan {
        type_,
        restart: restart.value,
        kill_mode: kill_mode.value,
        kill_signal: kill_signal.value,
        restart_delay: restart_delay.or(defaults.restart_delay),
        timeout_start: timeout_start.or(both.unwrap_or(timeout_start_default)),
        timeout_stop: timeout_stop.or(both.unwrap_or(defaults.timeout_stop)),
        start_limit,
        start_limit_action,
        sockets,
        per_connection,
        exec_start_pre: exec_start_pre.values(),
        exec_start: exec_start.values(),
        exec_reload: exec_reload.values(),
        exec_stop: exec_stop.values(),
        user: user.or(String::new()),
        group: group.or(String::new()),
        working_directory: working_directory.or(WorkingDirectory::default()),
        environment,
        umask: umask.value,
        limit_nofile: limit_nofile.given.map(|given| given.value).or(defaults.limit_nofile),
        stdin,
        stdout: standard_output.or(stdout_default),
        stderr: standard_error.or(defaults.standard_error),
        non_blocking: non_blocking.value,
    }
}

/// The next free numbers of the board.
#[derive(Default)]
pub(super) struct Counters {
    listener: u16,
    instance: u16,
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
        remove_on_stop,
    } = socket;
    let accept = accept.value;
    let either = |with_accept, without| if accept { with_accept } else { without };
    let limit = |interval, burst| RateLimit { interval, burst };
    let poll_burst = either(POLL_BURST_ACCEPT, POLL_BURST);
    let trigger_burst = either(TRIGGER_BURST_ACCEPT, TRIGGER_BURST);
    let (first_listener, first_instance) = (next.listener, next.instance);
    let max_connections = u16::try_from(either(max_connections.or(MAX_CONNECTIONS), 0)).ok()?;
    next.instance = next.instance.checked_add(max_connections)?;
    let listeners = listeners.values();
    next.listener = next.listener.checked_add(u16::try_from(listeners.len()).ok()?)?;
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
    })
}
