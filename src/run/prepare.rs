//! Everything a child needs, put into its slot: argv, envp, descriptors.
//!
//! What a child sees is what systemd gives it: systemd.exec(5), "Environment variables in spawned
//! processes", and sd_listen_fds(3).

use core::ffi::CStr;
use core::fmt;

use unit::control::Peer;
use unit::{
    Command, ExecContext, Kind, NotifyAccess, Service, Stdio, Table, UnitId, Variables, decode,
};

use crate::address::{V4, V6};
use crate::engine::{
    CommandList, CommandRef, Engine, Errno, InstanceId, Pid, Process, SpawnError, Stage, access,
};
use crate::features;
use crate::journal::origin::Origin;
use crate::sys::start;
use crate::sys::vectors::Full;

use super::Pilot;
use super::invocation::Invocation;
use super::listeners::Listeners;
use super::steps::{Strings, Work};
use super::store::Store;

/// [`unit::EXEC_PATH`].
const PATH: &CStr = c"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// [`unit::limits::NOTIFY_SOCKET`].
const NOTIFY_SOCKET: &CStr = c"NOTIFY_SOCKET=/run/pilot/notify";
/// [`unit::limits::USER`].
const USER_ROOT: &CStr = c"USER=root";
const TERM_LINUX: &CStr = c"TERM=linux";
const TERM_SERIAL: &CStr = c"TERM=vt220";

/// The engine's form of an error number.
pub(super) fn number(errno: rustix::io::Errno) -> Errno {
    Errno(errno.raw_os_error() as u16)
}

/// A failed spawn.
pub(super) fn error(stage: Stage, errno: rustix::io::Errno) -> SpawnError {
    SpawnError { stage, errno: number(errno) }
}

/// A spawn that is being prepared.
pub(super) struct Request {
    pub(super) process: Process,
    pub(super) unit: UnitId,
    /// `None` for a socket's command.
    pub(super) service: Option<Service<'static>>,
    pub(super) context_bytes: &'static [u8],
    pub(super) context: ExecContext<'static>,
    /// The listeners are passed to it although it is no main process.
    pub(super) passes_sockets: bool,
    pub(super) command: Command<'static>,
    /// In which list its command stands.
    pub(super) list: CommandList,
    /// Where in the list.
    pub(super) index: u8,
    /// Its command is the first of a start.
    pub(super) begins: bool,
    pub(super) main_pid: Option<Pid>,
}

impl Pilot {
    pub(super) fn request(
        &self,
        process: Process,
        command: CommandRef,
        main_pid: Option<Pid>,
    ) -> Request {
        if self.engine.is_socket(command.unit) {
            return self.socket_request(process, command);
        }
        let service = self.table.service(command.unit);
        let list = command.list.of(&service);
        let begins = command.index == 0 && begins(&service, command.list);
        let kind = command.list;
        let (unit, index) = (command.unit, command.index);
        let command = list
            .get(command.index.into())
            .unwrap_or_else(|| bug!("the engine counts the commands"));
        Request {
            process,
            unit,
            context_bytes: service.context,
            context: service.exec_context(),
            service: Some(service),
            passes_sockets: false,
            command,
            list: kind,
            index,
            begins,
            main_pid,
        }
    }

    fn socket_request(&self, process: Process, command: CommandRef) -> Request {
        let commands =
            self.table.socket(command.unit).commands().filter(|_| features::SOCKET_COMMANDS);
        let Some(commands) = commands else { bug!("the engine runs what there is") };
        let first = if commands.start_pre.is_empty() {
            CommandList::StartPost
        } else {
            CommandList::StartPre
        };
        let Some(context) = decode::from_bytes(commands.context) else {
            bug!("the table was checked when it was opened")
        };
        let CommandRef { unit, list, index } = command;
        let Some(command) = list.of_socket(&commands).get(index.into()) else {
            bug!("the engine counts the commands")
        };
        Request {
            process,
            unit,
            service: None,
            context_bytes: commands.context,
            context,
            passes_sockets: commands.pass_fds,
            command,
            list,
            index,
            begins: (list, index) == (first, 0),
            main_pid: None,
        }
    }
}

/// True of the first list of a service that has commands.
fn begins(service: &Service<'static>, list: CommandList) -> bool {
    let lists = [CommandList::Condition, CommandList::StartPre, CommandList::Start];
    lists.into_iter().find(|list| !list.of(service).is_empty()) == Some(list)
}

/// `NotifyAccess=`.
fn is_listened_to(request: &Request) -> bool {
    match (request.process, &request.service) {
        (Process::Main(_), _) => true,
        (Process::Control(_), Some(service)) => {
            features::NOTIFY_ACCESS && access(service) >= NotifyAccess::Exec
        }
        (Process::Control(_), None)
        | (Process::Instance(_) | Process::Checker(_) | Process::Worker(_), _)
        | (Process::Finisher, _) => false,
    }
}

/// How many descriptors the service may store.
fn push_store_max(strings: &mut Strings, request: &Request) -> Result<(), Full> {
    if !features::FD_STORE {
        return Ok(());
    }
    match request.service.as_ref().map(|service| features::more(service).store_max) {
        None | Some(0) => Ok(()),
        Some(max) => strings.push_env_number("FDSTORE", max.into()),
    }
}

/// What a child's work is put together from.
pub(super) struct Sources<'p> {
    pub(super) table: &'p Table<'static>,
    pub(super) engine: &'p Engine<'static, 'static>,
    pub(super) listeners: &'p Listeners,
    pub(super) store: &'p Store,
    pub(super) console_is_serial: bool,
}

impl Sources<'_> {
    /// Fills the slot's [`Work`], but for the control group.
    pub(super) fn fill(
        &self,
        request: &Request,
        id: Invocation,
        monitored: Option<(UnitId, Invocation)>,
        work: &mut Work,
    ) -> Result<(), Full> {
        let Request { process, unit, context, command, main_pid, .. } = request;
        work.vectors.clear();
        work.args = Some(command.args);
        work.context = Some(request.context_bytes);
        work.console = Some(self.table.manager().console);
        work.privileged = command.has(Command::PRIVILEGED);
        work.unconfined = command.has(Command::UNCONFINED);
        let streams = [context.stdin, context.stdout, context.stderr];
        let on_streams = streams.contains(&Stdio::Socket);
        let is_control = matches!(process, Process::Control(_));
        work.passes_sockets = !on_streams && (!is_control || request.passes_sockets);
        work.begins = request.begins;
        work.is_start = request.list == CommandList::Start;
        work.takes_terminal = matches!(
            request.list,
            CommandList::Condition
                | CommandList::StartPre
                | CommandList::Start
                | CommandList::StopPost
        );
        work.is_main = !is_control;
        work.is_connection = matches!(process, Process::Instance(_));
        work.socket_count = 0;
        work.stored_count = 0;
        work.has_watchdog = false;
        if features::LOG {
            let (table, list) = (self.table.crc(), request.list as u8);
            work.origin =
                Some(Origin { table, unit: *unit, list, index: request.index, stream: 1 });
        }

        let strings = &mut work.vectors;
        for variable in context.environment.iter() {
            strings.push_env_literal(variable)?;
        }
        push_passed(strings, context)?;
        strings.push_env_default(PATH)?;
        if context.user.is_empty() {
            strings.push_env_default(USER_ROOT)?;
        }
        strings.push_env("INVOCATION_ID", &id.digits())?;
        if context.notify && is_listened_to(request) {
            strings.push_env_default(NOTIFY_SOCKET)?;
            push_store_max(strings, request)?;
        }
        if let Some(Pid(pid)) = main_pid {
            strings.push_env_number("MAINPID", *pid)?;
        }
        if let Some(service) = &request.service {
            self.push_life(request, service, monitored, work)?;
        }
        let strings = &mut work.vectors;
        if streams.into_iter().any(Stdio::is_terminal) {
            let serial = self.console_is_serial;
            strings.push_env_default(if serial { TERM_SERIAL } else { TERM_LINUX })?;
        }
        match process {
            Process::Instance(instance) => self.push_connection(*instance, work)?,
            Process::Main(_) => self.push_listeners(*unit, true, work)?,
            Process::Control(_) if on_streams || request.passes_sockets => {
                self.push_listeners(*unit, false, work)?;
            }
            Process::Control(_) | Process::Checker(_) | Process::Worker(_) | Process::Finisher => {}
        }
        Ok(())
    }

    /// What a service's commands are told of its life: where its pidfile is, how it ended, and how
    /// the one did for whose end it is started.
    fn push_life(
        &self,
        request: &Request,
        service: &Service<'static>,
        monitored: Option<(UnitId, Invocation)>,
        work: &mut Work,
    ) -> Result<(), Full> {
        if features::WATCHDOG
            && request.list == CommandList::Start
            && let Some(limit) = features::more(service).watchdog
        {
            work.has_watchdog = true;
            let micros = u64::from(limit.0) * 1000;
            work.vectors.push_env_display("WATCHDOG_USEC", format_args!("{micros}"))?;
        }
        let strings = &mut work.vectors;
        if features::FORKING
            && let Some(path) = features::more(service).pid_file.strip_suffix('\0')
        {
            strings.push_env("PIDFILE", path.as_bytes())?;
        }
        match request.list {
            CommandList::Stop | CommandList::StopPost if features::STOP_COMMANDS => {
                let names = ["SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"];
                self.push_ending(request.unit, names, strings)
            }
            CommandList::Condition | CommandList::StartPre | CommandList::Start => {
                let Some((unit, id)) = monitored.filter(|_| features::SERVICE_MORE) else {
                    return Ok(());
                };
                strings.push_env("MONITOR_UNIT", self.table.name(unit).as_bytes())?;
                strings.push_env("MONITOR_INVOCATION_ID", &id.digits())?;
                let names = ["MONITOR_SERVICE_RESULT", "MONITOR_EXIT_CODE", "MONITOR_EXIT_STATUS"];
                self.push_ending(unit, names, strings)
            }
            CommandList::Stop
            | CommandList::StopPre
            | CommandList::StopPost
            | CommandList::StartPost
            | CommandList::Reload
            | CommandList::ReloadPost => Ok(()),
        }
    }

    /// How a service ended, under these names.
    fn push_ending(
        &self,
        unit: UnitId,
        names: [&'static str; 3],
        strings: &mut Strings,
    ) -> Result<(), Full> {
        let (result, exit) = self.engine.ending(unit);
        strings.push_env(names[0], result.name().as_bytes())?;
        let Some(exit) = exit else { return Ok(()) };
        strings.push_env(names[1], exit.code_name().as_bytes())?;
        strings.push_env_display(names[2], format_args!("{}", exit.status()))
    }

    /// The connection of an instance, and whom it connects: `Accept=yes`.
    fn push_connection(&self, instance: InstanceId, work: &mut Work) -> Result<(), Full> {
        let fd = self
            .listeners
            .connection(instance)
            .unwrap_or_else(|| bug!("accepted before it is served"));
        work.push_socket(fd);
        let strings = &mut work.vectors;
        match self.engine.instance(instance).peer {
            Peer::V4(address, port) => {
                strings.push_env_display("REMOTE_ADDR", format_args!("{}", V4(address.into())))?;
                strings.push_env_number("REMOTE_PORT", port.into())?;
            }
            Peer::V6(address, port) => {
                strings.push_env_display("REMOTE_ADDR", format_args!("{}", V6(address.into())))?;
                strings.push_env_number("REMOTE_PORT", port.into())?;
            }
            Peer::Vsock(context, port) if features::VSOCK => {
                strings.push_env_number("REMOTE_ADDR", context)?;
                strings.push_env_number("REMOTE_PORT", port)?;
            }
            Peer::Unix { .. } | Peer::Vsock(..) => {}
        }
        if work.passes_sockets {
            strings.push_env("LISTEN_FDS", b"1")?;
            let socket = self.engine.instance(instance).socket;
            strings.push_env("LISTEN_FDNAMES", self.connection_name(socket).as_bytes())?;
        }
        Ok(())
    }

    /// `FileDescriptorName=` of a connection: "connection" where the unit gives none.
    fn connection_name(&self, socket: UnitId) -> &'static str {
        match self.table.kind(socket) {
            Kind::Socket(config) if config.fd_name != self.table.name(socket) => config.fd_name,
            Kind::Socket(_)
            | Kind::Target
            | Kind::Slice
            | Kind::Service(_)
            | Kind::Timer(_)
            | Kind::Path(_)
            | Kind::Mount(_) => "connection",
        }
    }

    /// All open listeners of a service's sockets, in the order of the units and of their files; for
    /// its main process what is stored behind them.
    fn push_listeners(&self, unit: UnitId, is_main: bool, work: &mut Work) -> Result<(), Full> {
        for socket in self.engine.passed_sockets(unit) {
            for listener in self.table.socket(socket).listener_ids() {
                let Some(fd) = self.listeners.fd(listener) else { continue };
                work.push_socket(fd);
            }
        }
        let with_stored = features::FD_STORE && is_main && work.passes_sockets;
        if with_stored {
            for (fd, _) in self.store.of(unit) {
                work.push_socket(fd);
                work.stored_count += 1;
            }
        }
        if !work.passes_sockets || work.socket_count == 0 {
            return Ok(());
        }
        let count = work.socket_count;
        work.vectors.push_env_number("LISTEN_FDS", count as u32)?;
        let names = ListenerNames { sources: self, unit, with_stored };
        work.vectors.push_env_display("LISTEN_FDNAMES", format_args!("{names}"))
    }
}

/// The names of what [`Pilot::push_listeners`] pushes, between colons.
struct ListenerNames<'p> {
    sources: &'p Sources<'p>,
    unit: UnitId,
    with_stored: bool,
}

impl fmt::Display for ListenerNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let Sources { table, engine, listeners, .. } = self.sources;
        for socket in engine.passed_sockets(self.unit) {
            let config = table.socket(socket);
            for _ in config.listener_ids().filter(|&id| listeners.fd(id).is_some()) {
                write!(f, "{separator}{}", config.fd_name)?;
                separator = ":";
            }
        }
        if self.with_stored {
            for (_, name) in self.sources.store.of(self.unit) {
                write!(f, "{separator}{name}")?;
                separator = ":";
            }
        }
        Ok(())
    }
}

/// What PID 1 was started with and `PassEnvironment=` names, unless the unit sets it.
fn push_passed(strings: &mut Strings, context: &ExecContext<'static>) -> Result<(), Full> {
    if !features::VARIABLES {
        return Ok(());
    }
    let Some(variables) = decode::from_bytes::<Variables<'_>>(context.more().variables) else {
        return Ok(());
    };
    for name in variables.pass.iter() {
        if let Some(variable) = start::variable(name.to_bytes()) {
            strings.push_env_default(variable)?;
        }
    }
    Ok(())
}
