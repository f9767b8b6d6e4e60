//! The properties of services and sockets, one line each, for `show`.

use core::ffi::CStr;
use core::fmt::{self, Display, Write as _};
use core::net::Ipv6Addr;

use unit::control::{Exit, UnitStatus};
use unit::{
    Args, Command, ExecContext, ExitStatuses, Listener, Mount, PathUnit, Prefix, SWAP_DISCARD,
    SWAP_DISCARD_ONCE, SWAP_DISCARD_PAGES, SWAP_PREFER, SWAP_PRIORITY, Seq, Service, Since, Socket,
    SocketSetup, SwapSetup, TimerSetup, Word, Words,
};

use super::address;
use super::property::Property;
use super::show::List;
use super::text::{Harmless, Span};
use super::{more, options, timers, words};
use crate::address::{Printed, V4, V6};
use crate::features;

/// waitid(2).
const CLD_EXITED: u8 = 1;
const CLD_KILLED: u8 = 2;
const CLD_DUMPED: u8 = 3;

#[inline(never)]
pub(super) fn service(list: &mut List<'_, '_>, service: &Service<'_>, status: &UnitStatus<'_>) {
    let (code, number) = match status.exit {
        None => (0, 0),
        Some(Exit::Code(code)) => (CLD_EXITED, code),
        Some(Exit::Signal(signal)) => (CLD_KILLED, signal),
        Some(Exit::Core(signal)) => (CLD_DUMPED, signal),
    };
    list.text(Property::Result, status.result.name());
    list.number(Property::MainPID, status.main_pid);
    list.number(Property::ControlPID, status.control_pid);
    list.number(Property::ExecMainCode, code.into());
    list.number(Property::ExecMainStatus, number.into());
    list.number(Property::NRestarts, status.restarts);
    list.other(Property::StatusText, &Harmless(status.status_text));
    list.number(Property::StatusErrno, status.status_errno.into());
    list.text(Property::Type, service.type_.word());
    list.text(Property::Restart, service.restart.word());
    list.time(Property::RestartUSec, Some(service.restart_delay));
    list.time(Property::TimeoutStartUSec, service.timeout_start);
    list.time(Property::TimeoutStopUSec, service.timeout_stop);
    list.text(Property::KillMode, service.kill_mode.word());
    list.number(Property::KillSignal, service.kill_signal.into());
    life(list, service, status.held);
    list.time(Property::StartLimitIntervalUSec, Some(service.start_limit.interval));
    list.number(Property::StartLimitBurst, service.start_limit.burst);
    if features::EMERGENCY_ACTIONS {
        list.text(Property::StartLimitAction, service.start_limit_action.word());
    }
    for (is_used, name, commands) in [
        (features::HELPERS, Property::ExecStartPre, service.exec_start_pre),
        (true, Property::ExecStart, service.exec_start),
        (features::RELOADS, Property::ExecReload, service.exec_reload),
        (features::STOP_COMMANDS, Property::ExecStop, service.exec_stop),
    ] {
        if is_used {
            commands.iter().for_each(|command| list.other(name, &PrintedCommand(command)));
        }
    }
}

/// What few units say.
fn life(list: &mut List<'_, '_>, service: &Service<'_>, held: u32) {
    if !features::SERVICE_MORE {
        return;
    }
    let more = service.more();
    let restart_signal = more.restart_kill_signal.unwrap_or(service.kill_signal);
    list.number(Property::RestartKillSignal, restart_signal.into());
    list.number(Property::FinalKillSignal, more.final_kill_signal.into());
    list.time(Property::WatchdogUSec, Some(more.watchdog.unwrap_or(unit::Millis(0))));
    list.number(Property::WatchdogSignal, more.watchdog_signal.into());
    list.flag(Property::SendSIGKILL, more.send_sigkill);
    list.flag(Property::SendSIGHUP, more.send_sighup);
    list.time(Property::TimeoutAbortUSec, more.timeout_abort.unwrap_or(service.timeout_stop));
    list.text(Property::TimeoutStartFailureMode, more.timeout_start_failure.word());
    list.text(Property::TimeoutStopFailureMode, more.timeout_stop_failure.word());
    list.time(Property::RuntimeMaxUSec, more.runtime_max);
    list.time(Property::RuntimeRandomizedExtraUSec, Some(more.runtime_extra));
    list.flag(Property::RemainAfterExit, more.remain_after_exit);
    list.text(Property::PIDFile, more.pid_file.strip_suffix('\0').unwrap_or_default());
    let access = more.notify_access.unwrap_or(service.type_.notify_access());
    list.text(Property::NotifyAccess, access.word());
    if features::FD_STORE {
        list.number(Property::FileDescriptorStoreMax, more.store_max.into());
        list.number(Property::NFileDescriptorStore, held);
        list.text(Property::FileDescriptorStorePreserve, more.store_preserve.word());
    }
    list.flag(Property::GuessMainPID, more.guess_main_pid);
    list.number(Property::ReloadSignal, more.reload_signal.into());
    list.other(Property::SuccessExitStatus, &Statuses(more.success));
    list.other(Property::RestartPreventExitStatus, &Statuses(more.restart_prevent));
    list.other(Property::RestartForceExitStatus, &Statuses(more.restart_force));
    list.number(Property::RestartSteps, (more.restart_delays.len().saturating_sub(1)) as u32);
    if let Some(longest) = more.restart_delays.iter().last() {
        list.time(Property::RestartMaxDelayUSec, Some(longest));
    }
    if features::EMERGENCY_ACTIONS {
        list.text(Property::FailureAction, more.failure_action.word());
        list.text(Property::SuccessAction, more.success_action.word());
    }
    for (name, commands) in [
        (Property::ExecCondition, more.exec_condition),
        (Property::ExecStartPost, more.exec_start_post),
        (Property::ExecReloadPost, more.exec_reload_post),
        (Property::ExecStopPost, more.exec_stop_post),
    ] {
        for command in commands.iter() {
            list.other(name, &PrintedCommand(command));
        }
    }
}

/// Exit codes, then signals by name.
struct Statuses<'t>(ExitStatuses<'t>);

impl Display for Statuses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let codes = self.0.codes.iter().map(|&code| Exit::Code(code));
        for exit in codes.chain(self.0.signals.iter().map(|&signal| Exit::Signal(signal))) {
            write!(f, "{separator}{}", exit.status())?;
            separator = " ";
        }
        Ok(())
    }
}

#[inline(never)]
pub(super) fn context(list: &mut List<'_, '_>, context: &ExecContext<'_>) {
    let directory = match (context.working_directory_home, context.working_directory) {
        (true, _) => "~",
        (false, "") => "/",
        (false, path) => path.strip_suffix('\0').unwrap_or_default(),
    };
    list.text(Property::User, context.user);
    if features::GROUPS {
        list.text(Property::Group, context.group);
    }
    list.text(Property::WorkingDirectory, directory);
    list.other(Property::Environment, &PrintedWords(context.environment));
    list.mode(Property::UMask, context.umask);
    if features::LIMIT_NOFILE
        && let Some((soft, hard)) = context.limit_nofile
    {
        list.limit(Property::LimitNOFILE, hard);
        list.limit(Property::LimitNOFILESoft, soft);
    }
    list.other(Property::StandardInput, &words::stdio(context.stdin));
    list.other(Property::StandardOutput, &words::stdio(context.stdout));
    list.other(Property::StandardError, &words::stdio(context.stderr));
    list.flag(Property::NonBlocking, context.non_blocking);
    if features::EXEC_MORE && !context.more.is_empty() {
        more::more(list, &context.more());
    }
}

#[inline(never)]
pub(super) fn socket(list: &mut List<'_, '_>, socket: &Socket<'_>, status: &UnitStatus<'_>) {
    for listener in socket.listeners.iter() {
        list.other(Property::Listen, &PrintedListener(listener));
    }
    list.text(Property::Result, status.result.name());
    list.number(Property::ControlPID, status.control_pid);
    list.number(Property::NAccepted, status.accepted);
    list.number(Property::NConnections, status.held);
    list.number(Property::NRefused, status.refused);
    list.number(Property::NTriggered, status.triggered);
    list.flag(Property::Accept, socket.accept);
    list.number(Property::MaxConnections, socket.max_connections.into());
    if features::SOURCE_LIMITS {
        list.number(Property::MaxConnectionsPerSource, socket.max_connections_per_source.into());
    }
    let setup = socket.setup();
    list.number(Property::Backlog, setup.backlog);
    if features::INET_OPTIONS {
        list.text(Property::BindIPv6Only, setup.bind_ipv6_only.word());
        list.flag(Property::ReusePort, setup.reuse_port);
        list.flag(Property::NoDelay, setup.no_delay);
        list.flag(Property::KeepAlive, setup.keep_alive);
    }
    list.text(Property::FileDescriptorName, socket.fd_name);
    if features::SOCKET_OWNERS {
        list.text(Property::SocketUser, setup.user);
        list.text(Property::SocketGroup, setup.group);
    }
    list.mode(Property::SocketMode, setup.mode);
    list.mode(Property::DirectoryMode, setup.directory_mode);
    if features::REMOVE_ON_STOP {
        list.flag(Property::RemoveOnStop, socket.remove_on_stop);
    }
    if features::FLUSH_PENDING {
        list.flag(Property::FlushPending, socket.flush_pending);
    }
    commands(list, socket);
    rare_setup(list, &setup);
    if features::ACCESS_LISTS {
        list.other(Property::IPAddressAllow, &Prefixes(socket.allow));
        list.other(Property::IPAddressDeny, &Prefixes(socket.deny));
    }
    options::print(list, socket);
    list.time(Property::PollLimitIntervalUSec, Some(socket.poll_limit.interval));
    list.number(Property::PollLimitBurst, socket.poll_limit.burst);
    list.time(Property::TriggerLimitIntervalUSec, Some(socket.trigger_limit.interval));
    list.number(Property::TriggerLimitBurst, socket.trigger_limit.burst);
}

/// What only listeners of some kinds have.
fn rare_setup(list: &mut List<'_, '_>, setup: &SocketSetup<'_>) {
    if features::SPECIAL_FILES {
        list.flag(Property::Writable, setup.writable);
    }
    if features::FIFOS {
        list.number(Property::PipeSize, setup.pipe_size);
    }
    if features::MESSAGE_QUEUES {
        list.number(Property::MessageQueueMaxMessages, setup.queue_messages);
        list.number(Property::MessageQueueMessageSize, setup.queue_message_bytes);
    }
    if features::INET_OPTIONS {
        list.text(Property::SocketProtocol, words::protocol(setup.protocol));
    }
    if features::SYMLINKS {
        list.other(Property::Symlinks, &PrintedWords(setup.symlinks));
    }
}

#[inline(never)]
pub(super) fn timer(
    list: &mut List<'_, '_>,
    triggers: &str,
    setup: &TimerSetup<'_>,
    status: &UnitStatus<'_>,
) {
    if !features::TIMERS {
        return;
    }
    list.text(Property::Triggers, triggers);
    list.span(Property::AccuracyUSec, setup.accuracy_us);
    list.span(Property::RandomizedDelayUSec, setup.random_us);
    list.flag(Property::FixedRandomDelay, setup.random_is_fixed);
    list.flag(Property::RemainAfterElapse, setup.remains);
    list.flag(Property::Persistent, !setup.stamp.is_empty());
    list.other(Property::NextElapseUSecMonotonic, &status.next_us);
    list.other(Property::LastTriggerUSecMonotonic, &status.last_us);
    timers::calendars(list, setup);
    for delay in setup.delays.iter() {
        let name = match delay.since {
            Since::Boot => "OnBootUSec",
            Since::Startup => "OnStartupUSec",
            Since::Active => "OnActiveUSec",
            Since::UnitActive => "OnUnitActiveUSec",
            Since::UnitInactive => "OnUnitInactiveUSec",
        };
        let span = Span { us: delay.micros, parts: usize::MAX };
        list.other(Property::TimersMonotonic, &format_args!("{{ {name}={span} }}"));
    }
}

#[inline(never)]
pub(super) fn path(list: &mut List<'_, '_>, triggers: &str, path: &PathUnit<'_>) {
    if !features::PATHS {
        return;
    }
    let setup = path.setup();
    list.text(Property::Triggers, triggers);
    for watched in setup.watched.iter() {
        let (name, path) = (watched.when.name(), watched.path.trim_end_matches('\0'));
        list.other(Property::Paths, &format_args!("{path} ({name})"));
    }
    list.flag(Property::MakeDirectory, setup.make.is_some());
    list.time(Property::TriggerLimitIntervalUSec, Some(path.trigger_limit.interval));
    list.number(Property::TriggerLimitBurst, path.trigger_limit.burst);
}

fn commands(list: &mut List<'_, '_>, socket: &Socket<'_>) {
    if !features::SOCKET_COMMANDS {
        return;
    }
    let Some(commands) = socket.commands() else { return };
    list.time(Property::TimeoutUSec, commands.timeout);
    list.flag(Property::PassFileDescriptorsToExec, commands.pass_fds);
    for (name, commands) in [
        (Property::ExecStartPre, commands.start_pre),
        (Property::ExecStartPost, commands.start_post),
        (Property::ExecStopPre, commands.stop_pre),
        (Property::ExecStopPost, commands.stop_post),
    ] {
        for command in commands.iter() {
            list.other(name, &PrintedCommand(command));
        }
    }
}

#[inline(never)]
pub(super) fn mount(list: &mut List<'_, '_>, mount: &Mount<'_>) {
    if !features::MOUNTS {
        return;
    }
    if features::SWAPS
        && let Some(setup) = mount.swap()
    {
        return swap(list, mount, &setup);
    }
    let setup = mount.setup();
    for (name, text) in [
        (Property::Where, setup.target),
        (Property::What, setup.what),
        (Property::Type, setup.fs_type),
        (Property::Options, setup.data),
    ] {
        list.text(name, text.trim_end_matches('\0'));
    }
    list.other(Property::MountFlags, &format_args!("{:#x}", setup.flags | setup.propagation));
    list.mode(Property::DirectoryMode, setup.directory_mode);
    list.flag(Property::LazyUnmount, setup.lazy);
    list.flag(Property::ForceUnmount, setup.force);
    list.flag(Property::ReadWriteOnly, setup.read_write_only);
    list.time(Property::TimeoutUSec, mount.timeout_unmount);
    list.time(Property::DeviceTimeoutUSec, Some(setup.device_timeout));
}

#[inline(never)]
fn swap(list: &mut List<'_, '_>, mount: &Mount<'_>, setup: &SwapSetup<'_>) {
    list.text(Property::What, setup.what.trim_end_matches('\0'));
    let given = setup.flags & SWAP_PREFER != 0;
    let priority = if given { (setup.flags & SWAP_PRIORITY) as i32 } else { -1 };
    list.other(Property::Priority, &priority);
    let discard = [
        (SWAP_DISCARD_ONCE, "discard=once"),
        (SWAP_DISCARD_PAGES, "discard=pages"),
        (SWAP_DISCARD, "discard"),
    ];
    let options = discard.into_iter().find(|(flag, _)| setup.flags & flag != 0);
    list.text(Property::Options, options.map_or("", |(_, word)| word));
    list.time(Property::TimeoutUSec, mount.timeout_unmount);
    list.time(Property::DeviceTimeoutUSec, Some(setup.device_timeout));
}

struct PrintedListener<'t>(Listener<'t>);

impl Display for PrintedListener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", Printed(self.0.address), address::kind(self.0.kind))
    }
}

struct PrintedCommand<'t>(Command<'t>);

impl Display for PrintedCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ignore = if self.0.has(Command::IGNORE_FAILURE) { "yes" } else { "no" };
        let path = self.0.args.program().map_or("", readable);
        let argv = CommandLine(self.0.args);
        write!(f, "{{ path={path} ; argv[]={argv} ; ignore_errors={ignore} }}")
    }
}

/// A command line as it stands in the unit file, less its quotes.
pub(super) struct CommandLine<'t>(pub(super) Args<'t>);

impl Display for CommandLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            match word {
                Word::Literal(word) => f.write_str(readable(word))?,
                Word::Split(name) if features::EXPANSION => write!(f, "${}", readable(name))?,
                Word::Expand(word) if features::EXPANSION => expandable(readable(word), f)?,
                Word::Split(_) | Word::Expand(_) => {}
            }
        }
        Ok(())
    }
}

/// Puts `${NAME}` back where the table has a variable's name between its two marks.
fn expandable(word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const OPEN: char = Args::OPEN as char;
    const CLOSE: char = Args::CLOSE as char;
    word.chars().try_for_each(|character| match character {
        OPEN => f.write_str("${"),
        CLOSE => f.write_str("}"),
        other => f.write_char(other),
    })
}

fn readable(text: &CStr) -> &str {
    text.to_str().unwrap_or("?")
}

/// Words with a blank between them.
struct PrintedWords<'t>(Words<'t>);

impl Display for PrintedWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            let word = readable(word);
            let quote =
                if word.bytes().any(|byte| matches!(byte, b' ' | b'\t')) { "\"" } else { "" };
            write!(f, "{quote}{word}{quote}")?;
        }
        Ok(())
    }
}

/// `IPAddressAllow=` and its kin.
struct Prefixes<'t>(Seq<'t, Prefix>);

impl Display for Prefixes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !features::ACCESS_LISTS {
            return Ok(());
        }
        for (number, Prefix { address, bits }) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            let address = Ipv6Addr::from(address);
            match address.to_ipv4_mapped() {
                Some(old) => write!(f, "{}/{}", V4(old), bits.saturating_sub(96))?,
                None => write!(f, "{}/{bits}", V6(address))?,
            }
        }
        Ok(())
    }
}
