//! The properties of services and sockets, one line each, for `show`.

use core::ffi::CStr;
use core::fmt::{self, Display};

use unit::control::{Exit, UnitStatus};
use unit::{Args, Command, ExecContext, Listener, RateLimit, Seq, Service, Socket, Word, Words};

use super::address::{self, Printed};
use super::show::List;
use super::text::Harmless;
use super::words;

/// waitid(2).
const CLD_EXITED: u8 = 1;
const CLD_KILLED: u8 = 2;
const CLD_DUMPED: u8 = 3;

pub(super) fn service(
    list: &mut List<'_>,
    service: &Service<'_>,
    status: &UnitStatus<'_>,
) -> fmt::Result {
    list.put("Result", &words::result(status.result))?;
    list.put("MainPID", &status.main_pid)?;
    list.put("ControlPID", &status.control_pid)?;
    let (code, number) = match status.exit {
        None => (0, 0),
        Some(Exit::Code(code)) => (CLD_EXITED, code),
        Some(Exit::Signal(signal)) => (CLD_KILLED, signal),
        Some(Exit::Core(signal)) => (CLD_DUMPED, signal),
    };
    list.put("ExecMainCode", &code)?;
    list.put("ExecMainStatus", &number)?;
    list.put("NRestarts", &status.restarts)?;
    list.put("StatusText", &Harmless(status.status_text))?;
    list.put("Type", &words::service_type(service.type_))?;
    list.put("Restart", &words::restart(service.restart))?;
    list.time("RestartUSec", Some(service.restart_delay))?;
    list.time("TimeoutStartUSec", service.timeout_start)?;
    list.time("TimeoutStopUSec", service.timeout_stop)?;
    list.put("KillMode", &words::kill_mode(service.kill_mode))?;
    list.put("KillSignal", &service.kill_signal)?;
    limit(list, ["StartLimitIntervalUSec", "StartLimitBurst"], service.start_limit)?;
    list.put("StartLimitAction", &words::emergency(service.start_limit_action))?;
    commands(list, "ExecStartPre", service.exec_start_pre)?;
    commands(list, "ExecStart", service.exec_start)?;
    commands(list, "ExecReload", service.exec_reload)?;
    commands(list, "ExecStop", service.exec_stop)
}

pub(super) fn context(list: &mut List<'_>, context: &ExecContext<'_>) -> fmt::Result {
    let directory = match (context.working_directory_home, context.working_directory) {
        (true, _) => "~",
        (false, "") => "/",
        (false, path) => path.trim_end_matches('\0'),
    };
    list.put("User", &context.user)?;
    list.put("Group", &context.group)?;
    list.put("WorkingDirectory", &directory)?;
    list.put("Environment", &Environment(context.environment))?;
    list.put("UMask", &Octal(context.umask))?;
    if let Some((soft, hard)) = context.limit_nofile {
        list.put("LimitNOFILE", &Limit(hard))?;
        list.put("LimitNOFILESoft", &Limit(soft))?;
    }
    list.put("StandardInput", &words::stdio(context.stdin))?;
    list.put("StandardOutput", &words::stdio(context.stdout))?;
    list.put("StandardError", &words::stdio(context.stderr))?;
    list.flag("NonBlocking", context.non_blocking)?;
    list.put("NotifyAccess", &if context.notify { "main" } else { "none" })
}

pub(super) fn socket(
    list: &mut List<'_>,
    socket: &Socket<'_>,
    status: &UnitStatus<'_>,
) -> fmt::Result {
    for listener in socket.listeners.iter() {
        list.put("Listen", &PrintedListener(listener))?;
    }
    list.put("Result", &words::result(status.result))?;
    list.put("NAccepted", &status.accepted)?;
    list.put("NConnections", &status.connections)?;
    list.put("NRefused", &status.refused)?;
    list.put("NTriggered", &status.triggered)?;
    list.flag("Accept", socket.accept)?;
    list.put("MaxConnections", &socket.max_connections)?;
    list.put("MaxConnectionsPerSource", &socket.max_connections_per_source)?;
    list.put("Backlog", &socket.backlog)?;
    list.put("BindIPv6Only", &words::bind_ipv6_only(socket.bind_ipv6_only))?;
    list.flag("ReusePort", socket.reuse_port)?;
    list.flag("NoDelay", socket.no_delay)?;
    list.flag("KeepAlive", socket.keep_alive)?;
    list.put("FileDescriptorName", &socket.fd_name)?;
    list.put("SocketUser", &socket.user)?;
    list.put("SocketGroup", &socket.group)?;
    list.put("SocketMode", &Octal(socket.mode))?;
    list.put("DirectoryMode", &Octal(socket.directory_mode))?;
    list.flag("RemoveOnStop", socket.remove_on_stop)?;
    limit(list, ["PollLimitIntervalUSec", "PollLimitBurst"], socket.poll_limit)?;
    limit(list, ["TriggerLimitIntervalUSec", "TriggerLimitBurst"], socket.trigger_limit)
}

fn limit(list: &mut List<'_>, [interval, burst]: [&str; 2], limit: RateLimit) -> fmt::Result {
    list.time(interval, Some(limit.interval))?;
    list.put(burst, &limit.burst)
}

fn commands(list: &mut List<'_>, name: &str, commands: Seq<'_, Command<'_>>) -> fmt::Result {
    commands.iter().try_for_each(|command| list.put(name, &PrintedCommand(command)))
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
        let path = self.0.path.trim_end_matches('\0');
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
                Word::Split(name) => write!(f, "${}", readable(name))?,
                Word::Expand(word) => expandable(readable(word), f)?,
            }
        }
        Ok(())
    }
}

/// Puts `${NAME}` back where the table has a variable's name between its two marks.
fn expandable(word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for piece in word.split_inclusive([Args::OPEN as char, Args::CLOSE as char]) {
        if let Some(text) = piece.strip_suffix(Args::OPEN as char) {
            write!(f, "{text}${{")?;
        } else if let Some(name) = piece.strip_suffix(Args::CLOSE as char) {
            write!(f, "{name}}}")?;
        } else {
            f.write_str(piece)?;
        }
    }
    Ok(())
}

fn readable(text: &CStr) -> &str {
    text.to_str().unwrap_or("?")
}

struct Environment<'t>(Words<'t>);

impl Display for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.0.iter().enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            let word = readable(word);
            let quote = if word.contains([' ', '\t']) { "\"" } else { "" };
            write!(f, "{quote}{word}{quote}")?;
        }
        Ok(())
    }
}

struct Octal(u16);

impl Display for Octal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

struct Limit(u64);

impl Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            u64::MAX => f.write_str("infinity"),
            number => write!(f, "{number}"),
        }
    }
}
