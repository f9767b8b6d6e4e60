//! Well-known programs that do not take a socket the way it is handed to them.

use unit::Stdio;

use super::Checked;
use crate::codes;
use crate::draft::Service;
use crate::grammar::{Arg, Command};
use crate::report::{Diagnostic, Report, Span};

/// How a socket starts a service.
struct Activation {
    /// One process for each connection.
    accept: bool,
    /// The connection or listener is standard input.
    stdin: bool,
}

/// A program, when it fails, and what to do.
struct Trap {
    programs: &'static [&'static str],
    /// True if the command falls into it.
    falls: fn(&Command, &Activation) -> bool,
    message: &'static str,
    hint: &'static str,
}

/// Servers that open their own sockets, and have `-i` for one connection on standard input.
const WITH_I: &[&str] = &["sshd", "dropbear", "telnetd", "httpd"];
/// Programs that speak to one connection on standard input, always.
const INETD: &[&str] = &["ftpd", "in.ftpd", "in.telnetd", "in.fingerd", "in.rshd", "tinysshd"];
/// Servers that open their own sockets, whatever they are started with.
const OWN_SOCKETS: &[&str] = &[
    "nginx",
    "mosquitto",
    "dnsmasq",
    "memcached",
    "postgres",
    "proftpd",
    "squid",
    "smbd",
    "named",
    "unbound",
    "snmpd",
    "uhttpd",
    "thttpd",
    "boa",
];

const TRAPS: &[Trap] = &[
    Trap {
        programs: WITH_I,
        falls: |command, _| !has_flag(command, 'i') && !has_flag(command, 'I'),
        message: "it ignores LISTEN_FDS: it would bind the port a second time",
        hint: "use Accept=yes, StandardInput=socket and the option -i, unless the distribution's \
               program is patched",
    },
    Trap {
        programs: WITH_I,
        falls: |command, how| has_flag(command, 'i') && !how.accept,
        message: "with -i it serves one connection, and here it is passed the listener",
        hint: "use Accept=yes and a template",
    },
    Trap {
        programs: WITH_I,
        falls: |command, how| has_flag(command, 'i') && how.accept && !how.stdin,
        message: "with -i the connection is its standard input, and here it is /dev/null",
        hint: "add StandardInput=socket",
    },
    Trap {
        programs: INETD,
        falls: |_, how| !how.stdin || !how.accept,
        message: "it serves one connection on its standard input",
        hint: "use Accept=yes, a template and StandardInput=socket",
    },
    Trap {
        programs: OWN_SOCKETS,
        falls: |_, _| true,
        message: "it opens its own sockets and cannot be passed one",
        hint: "let a boot start it, or a socket proxy that the socket starts",
    },
    Trap {
        programs: &["redis-server", "valkey-server"],
        falls: |command, _| !has_option(command, "--port", "0"),
        message: "it cannot be passed a socket; --supervised only tells when it is ready",
        hint: "let a socket proxy start it",
    },
    Trap {
        programs: &["redis-server", "valkey-server"],
        falls: |command, _| has_option(command, "--port", "0"),
        message: "with --port 0 it listens to nothing, and it cannot be passed a socket",
        hint: "let it listen to a path with --unixsocket, and let a socket proxy start it",
    },
    Trap {
        programs: &["gunicorn", "gunicorn3"],
        falls: |command, _| {
            has_option(command, "--bind", "systemd:") || has_option(command, "-b", "systemd:")
        },
        message: "it finds the passed socket by itself and refuses `--bind systemd:`",
        hint: "leave --bind out",
    },
];

/// The words that are known when the board is built.
fn words(command: &Command) -> impl Iterator<Item = &str> {
    command.args.iter().filter_map(|arg| match arg {
        Arg::Literal(word) => Some(word.as_str()),
        Arg::Expand(_) | Arg::Split(_) => None,
    })
}

/// True for `--option value` and `--option=value`.
fn has_option(command: &Command, option: &str, value: &str) -> bool {
    let joined = format!("{option}={value}");
    let pairs = words(command).zip(words(command).skip(1));
    let mut pairs = pairs.filter(|pair| *pair == (option, value));
    pairs.next().is_some() || words(command).any(|word| word == joined)
}

/// True for `-i`, alone or among other letters.
fn has_flag(command: &Command, letter: char) -> bool {
    let is_flag = |word: &str| word.starts_with('-') && !word.starts_with("--");
    words(command).skip(1).any(|word| is_flag(word) && word.contains(letter))
}

/// What the command is known as: its file's name, or the applet of a busybox.
fn name(command: &Command) -> &str {
    let own = command.path.rsplit('/').next().unwrap_or_default();
    if own == "busybox" { words(command).nth(1).unwrap_or(own) } else { own }
}

/// Warns where a socket starts a program that is known not to take it.
pub(super) fn check_known_programs(checked: &Checked, report: &mut Report) {
    for (unit, draft) in checked.units.iter().enumerate() {
        let Some(socket) = checked.sockets_of(unit).next() else { continue };
        let (Some(service), Some(socket)) = (draft.service(), checked.units[socket].socket())
        else {
            continue;
        };
        let stdin = service.standard_input.value.to == Stdio::Socket;
        let how = Activation { accept: socket.accept.value, stdin };
        let listener = socket.listeners.items.first().map(|listener| &listener.span);
        check_program(service, &how, listener, report);
    }
}

fn check_program(
    service: &Service,
    how: &Activation,
    listener: Option<&Span>,
    report: &mut Report,
) {
    for command in &service.exec_start.items {
        let name = name(&command.value);
        let falls =
            |trap: &&Trap| trap.programs.contains(&name) && (trap.falls)(&command.value, how);
        for trap in TRAPS.iter().filter(falls) {
            let message = format!("`{name}` with a socket: {}", trap.message);
            let mut diagnostic =
                Diagnostic::new(codes::KNOWN_PROGRAM, message, &command.span, "this program");
            if let Some(listener) = listener {
                diagnostic = diagnostic.and(listener, "is started for this");
            }
            report.push(diagnostic.hint(trap.hint));
        }
    }
}
