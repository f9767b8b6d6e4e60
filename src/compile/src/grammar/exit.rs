//! How processes end, and where they say who they are: `SuccessExitStatus=` and its kin,
//! `PIDFile=`.

use super::names::absolute_path;
use super::number::{signal, signal_like};
use super::{Context, List, Scalar, words};
use crate::codes;
use crate::report::Spanned;
use crate::text::Value;

/// An end of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Its exit code.
    Code(u8),
    /// The signal that ended it.
    Signal(u8),
}

/// systemd.exec(5), "Process Exit Codes": those of the C library, of LSB, of BSD and of systemd.
#[rustfmt::skip]
const NAMES: &[(&str, u8)] = &[
    ("SUCCESS", 0), ("FAILURE", 1), ("INVALIDARGUMENT", 2), ("NOTIMPLEMENTED", 3),
    ("NOPERMISSION", 4), ("NOTINSTALLED", 5), ("NOTCONFIGURED", 6), ("NOTRUNNING", 7),
    ("USAGE", 64), ("DATAERR", 65), ("NOINPUT", 66), ("NOUSER", 67), ("NOHOST", 68),
    ("UNAVAILABLE", 69), ("SOFTWARE", 70), ("OSERR", 71), ("OSFILE", 72), ("CANTCREAT", 73),
    ("IOERR", 74), ("TEMPFAIL", 75), ("PROTOCOL", 76), ("NOPERM", 77), ("CONFIG", 78),
    ("CHDIR", 200), ("NICE", 201), ("FDS", 202), ("EXEC", 203), ("MEMORY", 204), ("LIMITS", 205),
    ("OOM_ADJUST", 206), ("SIGNAL_MASK", 207), ("STDIN", 208), ("STDOUT", 209), ("CHROOT", 210),
    ("IOPRIO", 211), ("TIMERSLACK", 212), ("SECUREBITS", 213), ("SETSCHEDULER", 214),
    ("CPUAFFINITY", 215), ("GROUP", 216), ("USER", 217), ("CAPABILITIES", 218), ("CGROUP", 219),
    ("SETSID", 220), ("CONFIRM", 221), ("STDERR", 222), ("PAM", 224), ("NETWORK", 225),
    ("NAMESPACE", 226), ("NO_NEW_PRIVILEGES", 227), ("SECCOMP", 228), ("SELINUX_CONTEXT", 229),
    ("PERSONALITY", 230), ("APPARMOR", 231), ("ADDRESS_FAMILIES", 232),
    ("RUNTIME_DIRECTORY", 233), ("CHOWN", 235), ("SMACK_PROCESS_LABEL", 236), ("KEYRING", 237),
    ("STATE_DIRECTORY", 238), ("CACHE_DIRECTORY", 239), ("LOGS_DIRECTORY", 240),
    ("CONFIGURATION_DIRECTORY", 241), ("NUMA_POLICY", 242), ("CREDENTIALS", 243),
];

/// Exit codes by number or name, and signals by name.
#[derive(Debug)]
pub struct ExitStatusNames;

impl List for ExitStatusNames {
    type Item = Status;
    const FORM: &'static str =
        "exit codes 0 to 255, their names such as `TEMPFAIL`, signals such as `SIGKILL`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Status>> {
        let Some(words) = words::split(text, 0, codes::BAD_VALUE, cx) else { return Vec::new() };
        let mut statuses = Vec::new();
        for word in words {
            let span = text.span(word.range.clone());
            if let Some(value) = status(&word.text) {
                statuses.push(Spanned { value, span });
            } else if word.text.bytes().all(|byte| byte.is_ascii_digit()) {
                cx.refuse(codes::BAD_RANGE, &span, "exit codes go from 0 to 255");
            } else {
                let hint = signal_like(&word.text);
                let label = "neither an exit code nor a signal";
                cx.refuse_with(codes::BAD_VALUE, &span, label, hint);
            }
        }
        statuses
    }
}

fn status(word: &str) -> Option<Status> {
    let named = || NAMES.iter().find(|(name, _)| *name == word).map(|(_, code)| *code);
    let code = word.parse().ok().or_else(named).map(Status::Code);
    code.or_else(|| signal(word).map(Status::Signal))
}

/// A path below /run, or relative to it.
#[derive(Debug)]
pub struct PidFile;

impl Scalar for PidFile {
    type Value = String;
    const FORM: &'static str = "path below /run, or relative to it";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        let span = text.whole();
        let path = cx.specifiers.expand(&text.text, &span, cx)?;
        let path = match path.strip_prefix("/var/run/") {
            Some(rest) => format!("/run/{rest}"),
            None if path.starts_with('/') => path,
            None => format!("/run/{path}"),
        };
        match absolute_path(&path) {
            Ok(path) if path.len() > "/run/".len() && path.starts_with("/run/") => Some(path),
            Ok(_) => {
                let label = "not below /run: PID 1 reads it, and must never wait for a disk";
                let hint = Some("let the program write it to /run".into());
                cx.refuse_with(codes::UNSUPPORTED_VALUE, &span, label, hint);
                None
            }
            Err(label) => {
                cx.refuse(codes::BAD_VALUE, &span, label);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_numbers_and_names() {
        for (word, expected) in [
            ("0", Some(Status::Code(0))),
            ("255", Some(Status::Code(255))),
            ("256", None),
            ("TEMPFAIL", Some(Status::Code(75))),
            ("EXEC", Some(Status::Code(203))),
            ("SIGKILL", Some(Status::Signal(9))),
            ("KILL", Some(Status::Signal(9))),
            ("RTMIN+1", Some(Status::Signal(35))),
            ("RTMIN+99", None),
            ("tempfail", None),
        ] {
            assert_eq!(status(word), expected, "{word}");
        }
    }
}
