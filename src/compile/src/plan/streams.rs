//! Where the standard streams of a service lead, every default applied.

use unit::{LogSetup, RateLimit, Stdio, Terminal};

use super::Defaults;
use crate::draft;
use crate::grammar::Stream;

/// [`unit::Streams`] with text of its own.
#[derive(PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::Streams`")]
pub struct StreamsPlan {
    pub paths: [String; 3],
    pub writable: bool,
    pub data: Vec<u8>,
    pub terminal: String,
}

/// What becomes of the terminal.
pub(crate) fn terminal_of(exec: &draft::Exec) -> Terminal {
    Terminal {
        reset: exec.tty_reset.value,
        hang_up: exec.tty_hang_up.value,
        disallocate: exec.tty_disallocate.value,
        // 0 is the kernel's, as nothing is.
        rows: exec.tty_rows.value().copied().filter(|&rows| rows > 0),
        columns: exec.tty_columns.value().copied().filter(|&columns| columns > 0),
    }
}

/// What is said of the lines that go to `pilot-log`: [`unit::LogSetup`] with text of its own.
#[derive(PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each field is that of `unit::LogSetup`")]
pub struct LogPlan {
    pub identifier: String,
    pub priority: u8,
    pub level_prefix: bool,
    pub level_max: u8,
    pub rate: RateLimit,
    pub console: [bool; 2],
}

impl LogPlan {
    /// What a unit says, if any of its lines go there.
    pub(super) fn of(exec: &draft::Exec, streams: &Streams) -> Self {
        if !streams.to.contains(&Stdio::Log) {
            return Self::default();
        }
        Self {
            identifier: exec.syslog_identifier.value().cloned().unwrap_or_default(),
            priority: exec.syslog_facility.value << 3 | exec.syslog_level.value,
            level_prefix: exec.syslog_level_prefix.value,
            level_max: exec.log_level_max.value,
            rate: RateLimit {
                interval: exec.log_rate_interval.value,
                burst: exec.log_rate_burst.value,
            },
            console: streams.console,
        }
    }
}

impl Default for LogPlan {
    fn default() -> Self {
        let LogSetup { identifier, priority, level_prefix, level_max, rate, console } =
            LogSetup::DEFAULT;
        Self { identifier: identifier.into(), priority, level_prefix, level_max, rate, console }
    }
}

/// The standard streams of a service.
pub(super) struct Streams {
    /// Where they lead.
    pub(super) to: [Stdio; 3],
    /// What else is to be said of them.
    pub(super) more: StreamsPlan,
    /// Of the last two: the console has the lines, too.
    pub(super) console: [bool; 2],
}

impl StreamsPlan {
    /// The three streams; and again, with what else is to be said of them.
    pub(super) fn of(
        service: &draft::Service,
        exec: &draft::Exec,
        defaults: &Defaults,
    ) -> ([Stdio; 3], Streams) {
        let data = exec.input_data.cloned().concat();
        let mut stdin = service.standard_input.value.clone();
        if !data.is_empty() && service.standard_input.given.is_none() {
            stdin.to = Stdio::Data;
        }
        if stdin.to == Stdio::Data && data.is_empty() {
            stdin.to = Stdio::Null;
        }
        let stdout = match stdin.to {
            Stdio::Tty | Stdio::TtyForce | Stdio::TtyFail | Stdio::Socket => {
                Stream::plain(Stdio::Inherit)
            }
            Stdio::Null
            | Stdio::Kmsg
            | Stdio::Log
            | Stdio::File
            | Stdio::Append
            | Stdio::Truncate
            | Stdio::Data
            | Stdio::Named
            | Stdio::Inherit => defaults.standard_output.clone(),
        };
        let mut stdout = service.standard_output.value().cloned().unwrap_or(stdout);
        let stderr = service.standard_error.value().cloned();
        let mut stderr = stderr.unwrap_or(defaults.standard_error.clone());
        for stream in [&mut stdout, &mut stderr] {
            stream.to = stream.settle(defaults.has_log);
            stream.or_log = false;
        }
        // One file that is opened once has one place at which it is read and written; one stream
        // to pilot-log keeps the order of its lines.
        if (!stderr.path.is_empty() || stderr.to == Stdio::Log) && stderr == stdout {
            stderr = Stream::plain(Stdio::Inherit);
        }
        let writable = stdin.to == Stdio::File && (stdin == stdout || stdin == stderr);
        if writable && stdin == stdout {
            stdout = Stream::plain(Stdio::Inherit);
        }
        if stdin.to == Stdio::Data && stdout.to == Stdio::Inherit {
            stdout.to = Stdio::Null;
        }
        let terminal = exec.terminal.value().cloned().unwrap_or_default();
        let is_read = stdin.to == Stdio::Data;
        let to = [stdin.to, stdout.to, stderr.to];
        let is_used =
            to.iter().any(|to| to.is_terminal()) || terminal_of(exec) != Terminal::default();
        let plan = Self {
            paths: [stdin.path, stdout.path, stderr.path],
            writable,
            data: if is_read { data } else { Vec::new() },
            terminal: if is_used { terminal } else { String::new() },
        };
        (to, Streams { to, more: plan, console: [stdout.console, stderr.console] })
    }

    /// `TERM=`, if the terminal tells: a virtual console, or a serial line.
    pub(super) fn term(&self) -> Option<(String, String)> {
        let name = self.terminal.strip_prefix("/dev/").filter(|&name| name != "console")?;
        let number = name.strip_prefix("tty").unwrap_or_default();
        let is_virtual = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        Some(("TERM".into(), if is_virtual { "linux" } else { "vt220" }.into()))
    }
}
