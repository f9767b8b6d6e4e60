//! Where the standard streams of a service lead, every default applied.

use unit::{Stdio, Terminal};

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

impl StreamsPlan {
    /// The three streams, and what else is to be said of them.
    pub(super) fn of(
        service: &draft::Service,
        exec: &draft::Exec,
        defaults: &Defaults,
    ) -> ([Stdio; 3], Self) {
        let data = exec.input_data.cloned().concat();
        let mut stdin = service.standard_input.value.clone();
        if !data.is_empty() && service.standard_input.given.is_none() {
            stdin.to = Stdio::Data;
        }
        if stdin.to == Stdio::Data && data.is_empty() {
            stdin.to = Stdio::Null;
        }
        let stdout = match stdin.to {
            Stdio::Tty | Stdio::TtyForce | Stdio::TtyFail | Stdio::Socket => Stdio::Inherit,
            Stdio::Null
            | Stdio::Kmsg
            | Stdio::File
            | Stdio::Append
            | Stdio::Truncate
            | Stdio::Data
            | Stdio::Named
            | Stdio::Inherit => defaults.standard_output,
        };
        let mut stdout = service.standard_output.value().cloned().unwrap_or(Stream::plain(stdout));
        let stderr = service.standard_error.value().cloned();
        let mut stderr = stderr.unwrap_or(Stream::plain(defaults.standard_error));
        // One file that is opened once has one place at which it is read and written.
        if !stderr.path.is_empty() && stderr == stdout {
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
        (to, plan)
    }

    /// `TERM=`, if the terminal tells: a virtual console, or a serial line.
    pub(super) fn term(&self) -> Option<(String, String)> {
        let name = self.terminal.strip_prefix("/dev/").filter(|&name| name != "console")?;
        let number = name.strip_prefix("tty").unwrap_or_default();
        let is_virtual = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        Some(("TERM".into(), if is_virtual { "linux" } else { "vt220" }.into()))
    }
}
