//! The properties of services and sockets, one line each, for `show`.

use core::ffi::CStr;
use core::fmt::{self, Display, Write as _};
use core::net::Ipv6Addr;

use unit::control::{Exit, UnitStatus};
use unit::{
    Args, Command, ExecContext, ExitStatuses, Listener, Mount, PathUnit, Prefix, SWAP_DISCARD,
    SWAP_DISCARD_ONCE, SWAP_DISCARD_PAGES, SWAP_PREFER, SWAP_PRIORITY, Seq, Service, Since, Socket,
    SwapSetup, TimerSetup, Word, Words,
};

use super::address;
use super::show::List;
use super::text::{Harmless, Span};
use super::{more, options, timers, words};
use crate::address::Printed;
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
    list.text("Result", status.result.name());
    list.number("MainPID", status.main_pid);
    list.number("ControlPID", status.control_pid);
    list.number("ExecMainCode", code.into());
    list.number("ExecMainStatus", number.into());
    list.number("NRestarts", status.restarts);
    list.other("StatusText", &Harmless(status.status_text));
    list.number("StatusErrno", status.status_errno.into());
    list.text("Type", service.type_.word());
    list.text("Restart", service.restart.word());
    list.time("RestartUSec", Some(service.restart_delay));
    list.time("TimeoutStartUSec", service.timeout_start);
    list.time("TimeoutStopUSec", service.timeout_stop);
    list.text("KillMode", service.kill_mode.word());
    list.number("KillSignal", service.kill_signal.into());
    life(list, service, status.held);
    list.time("StartLimitIntervalUSec", Some(service.start_limit.interval));
    list.number("StartLimitBurst", service.start_limit.burst);
    list.text("StartLimitAction", service.start_limit_action.word());
    for (name, commands) in [
        ("ExecStartPre", service.exec_start_pre),
        ("ExecStart", service.exec_start),
        ("ExecReload", service.exec_reload),
        ("ExecStop", service.exec_stop),
    ] {
        for command in commands.iter() {
            list.other(name, &PrintedCommand(command));
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
    list.number("RestartKillSignal", restart_signal.into());
    list.number("FinalKillSignal", more.final_kill_signal.into());
    list.time("WatchdogUSec", Some(more.watchdog.unwrap_or(unit::Millis(0))));
    list.number("WatchdogSignal", more.watchdog_signal.into());
    list.flag("SendSIGKILL", more.send_sigkill);
    list.flag("SendSIGHUP", more.send_sighup);
    list.time("TimeoutAbortUSec", more.timeout_abort.unwrap_or(service.timeout_stop));
    list.text("TimeoutStartFailureMode", more.timeout_start_failure.word());
    list.text("TimeoutStopFailureMode", more.timeout_stop_failure.word());
    list.time("RuntimeMaxUSec", more.runtime_max);
    list.time("RuntimeRandomizedExtraUSec", Some(more.runtime_extra));
    list.flag("RemainAfterExit", more.remain_after_exit);
    list.text("PIDFile", more.pid_file.strip_suffix('\0').unwrap_or_default());
    let access = more.notify_access.unwrap_or(service.type_.notify_access());
    list.text("NotifyAccess", access.word());
    if features::FD_STORE {
        list.number("FileDescriptorStoreMax", more.store_max.into());
        list.number("NFileDescriptorStore", held);
        list.text("FileDescriptorStorePreserve", more.store_preserve.word());
    }
    list.flag("GuessMainPID", more.guess_main_pid);
    list.number("ReloadSignal", more.reload_signal.into());
    list.other("SuccessExitStatus", &Statuses(more.success));
    list.other("RestartPreventExitStatus", &Statuses(more.restart_prevent));
    list.other("RestartForceExitStatus", &Statuses(more.restart_force));
    list.number("RestartSteps", (more.restart_delays.len().saturating_sub(1)) as u32);
    if let Some(longest) = more.restart_delays.iter().last() {
        list.time("RestartMaxDelayUSec", Some(longest));
    }
    list.text("FailureAction", more.failure_action.word());
    list.text("SuccessAction", more.success_action.word());
    for (name, commands) in [
        ("ExecCondition", more.exec_condition),
        ("ExecStartPost", more.exec_start_post),
        ("ExecReloadPost", more.exec_reload_post),
        ("ExecStopPost", more.exec_stop_post),
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
    list.text("User", context.user);
    list.text("Group", context.group);
    list.text("WorkingDirectory", directory);
    list.other("Environment", &PrintedWords(context.environment));
    list.mode("UMask", context.umask);
    if let Some((soft, hard)) = context.limit_nofile {
        list.limit("LimitNOFILE", hard);
        list.limit("LimitNOFILESoft", soft);
    }
    list.text("StandardInput", words::stdio(context.stdin));
    list.text("StandardOutput", words::stdio(context.stdout));
    list.text("StandardError", words::stdio(context.stderr));
    list.flag("NonBlocking", context.non_blocking);
    if features::EXEC_MORE && !context.more.is_empty() {
        more::more(list, &context.more());
    }
}

#[inline(never)]
pub(super) fn socket(list: &mut List<'_, '_>, socket: &Socket<'_>, status: &UnitStatus<'_>) {
    for listener in socket.listeners.iter() {
        list.other("Listen", &PrintedListener(listener));
    }
    list.text("Result", status.result.name());
    list.number("ControlPID", status.control_pid);
    list.number("NAccepted", status.accepted);
    list.number("NConnections", status.held);
    list.number("NRefused", status.refused);
    list.number("NTriggered", status.triggered);
    list.flag("Accept", socket.accept);
    list.number("MaxConnections", socket.max_connections.into());
    list.number("MaxConnectionsPerSource", socket.max_connections_per_source.into());
    let setup = socket.setup();
    list.number("Backlog", setup.backlog);
    list.text("BindIPv6Only", setup.bind_ipv6_only.word());
    list.flag("ReusePort", setup.reuse_port);
    list.flag("NoDelay", setup.no_delay);
    list.flag("KeepAlive", setup.keep_alive);
    list.text("FileDescriptorName", socket.fd_name);
    list.text("SocketUser", setup.user);
    list.text("SocketGroup", setup.group);
    list.mode("SocketMode", setup.mode);
    list.mode("DirectoryMode", setup.directory_mode);
    list.flag("RemoveOnStop", socket.remove_on_stop);
    list.flag("FlushPending", socket.flush_pending);
    commands(list, socket);
    list.flag("Writable", setup.writable);
    list.number("PipeSize", setup.pipe_size);
    list.number("MessageQueueMaxMessages", setup.queue_messages);
    list.number("MessageQueueMessageSize", setup.queue_message_bytes);
    list.text("SocketProtocol", words::protocol(setup.protocol));
    list.other("Symlinks", &PrintedWords(setup.symlinks));
    list.other("IPAddressAllow", &Prefixes(socket.allow));
    list.other("IPAddressDeny", &Prefixes(socket.deny));
    options::print(list, socket);
    list.time("PollLimitIntervalUSec", Some(socket.poll_limit.interval));
    list.number("PollLimitBurst", socket.poll_limit.burst);
    list.time("TriggerLimitIntervalUSec", Some(socket.trigger_limit.interval));
    list.number("TriggerLimitBurst", socket.trigger_limit.burst);
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
    list.text("Triggers", triggers);
    list.span("AccuracyUSec", setup.accuracy_us);
    list.span("RandomizedDelayUSec", setup.random_us);
    list.flag("FixedRandomDelay", setup.random_is_fixed);
    list.flag("RemainAfterElapse", setup.remains);
    list.flag("Persistent", !setup.stamp.is_empty());
    list.other("NextElapseUSecMonotonic", &status.next_us);
    list.other("LastTriggerUSecMonotonic", &status.last_us);
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
        list.other("TimersMonotonic", &format_args!("{{ {name}={span} }}"));
    }
}

#[inline(never)]
pub(super) fn path(list: &mut List<'_, '_>, triggers: &str, path: &PathUnit<'_>) {
    if !features::PATHS {
        return;
    }
    let setup = path.setup();
    list.text("Triggers", triggers);
    for watched in setup.watched.iter() {
        let (name, path) = (watched.when.name(), watched.path.trim_end_matches('\0'));
        list.other("Paths", &format_args!("{path} ({name})"));
    }
    list.flag("MakeDirectory", setup.make.is_some());
    list.time("TriggerLimitIntervalUSec", Some(path.trigger_limit.interval));
    list.number("TriggerLimitBurst", path.trigger_limit.burst);
}

fn commands(list: &mut List<'_, '_>, socket: &Socket<'_>) {
    if !features::SOCKET_COMMANDS {
        return;
    }
    let Some(commands) = socket.commands() else { return };
    list.time("TimeoutUSec", commands.timeout);
    list.flag("PassFileDescriptorsToExec", commands.pass_fds);
    for (name, commands) in [
        ("ExecStartPre", commands.start_pre),
        ("ExecStartPost", commands.start_post),
        ("ExecStopPre", commands.stop_pre),
        ("ExecStopPost", commands.stop_post),
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
        ("Where", setup.target),
        ("What", setup.what),
        ("Type", setup.fs_type),
        ("Options", setup.data),
    ] {
        list.text(name, text.trim_end_matches('\0'));
    }
    list.other("MountFlags", &format_args!("{:#x}", setup.flags | setup.propagation));
    list.mode("DirectoryMode", setup.directory_mode);
    list.flag("LazyUnmount", setup.lazy);
    list.flag("ForceUnmount", setup.force);
    list.flag("ReadWriteOnly", setup.read_write_only);
    list.time("TimeoutUSec", mount.timeout_unmount);
    list.time("DeviceTimeoutUSec", Some(setup.device_timeout));
}

#[inline(never)]
fn swap(list: &mut List<'_, '_>, mount: &Mount<'_>, setup: &SwapSetup<'_>) {
    list.text("What", setup.what.trim_end_matches('\0'));
    let given = setup.flags & SWAP_PREFER != 0;
    let priority = if given { (setup.flags & SWAP_PRIORITY) as i32 } else { -1 };
    list.other("Priority", &priority);
    let discard = [
        (SWAP_DISCARD_ONCE, "discard=once"),
        (SWAP_DISCARD_PAGES, "discard=pages"),
        (SWAP_DISCARD, "discard"),
    ];
    let options = discard.into_iter().find(|(flag, _)| setup.flags & flag != 0);
    list.text("Options", options.map_or("", |(_, word)| word));
    list.time("TimeoutUSec", mount.timeout_unmount);
    list.time("DeviceTimeoutUSec", Some(setup.device_timeout));
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
        let ignore = if self.0.ignore_failure { "yes" } else { "no" };
        let path = self.0.path.strip_suffix('\0').unwrap_or_default();
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
                Some(old) => write!(f, "{old}/{}", bits.saturating_sub(96))?,
                None => write!(f, "{address}/{bits}")?,
            }
        }
        Ok(())
    }
}
