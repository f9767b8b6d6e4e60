//! Well-known programs that do not take a socket the way it is handed to them.

use super::Checked;
use crate::codes;
use crate::draft::Service;
use crate::grammar::{Arg, Command};
use crate::report::{Diagnostic, Report};

/// A program, when it fails, and what to do.
struct Trap {
    program: &'static str,
    /// True if the command falls into it.
    falls: fn(&Command) -> bool,
    message: &'static str,
    hint: &'static str,
}

const TRAPS: &[Trap] = &[
    Trap {
        program: "sshd",
        falls: |command| !has_flag(command, 'i'),
        message: "sshd ignores LISTEN_FDS: it would bind the port a second time",
        hint: "use Accept=yes with `sshd -i` and StandardInput=socket",
    },
    Trap {
        program: "redis-server",
        falls: |_| true,
        message: "redis-server cannot take a socket; --supervised only tells when it is ready",
        hint: "let a socket proxy start it",
    },
    Trap {
        program: "gunicorn",
        falls: |command| has(command, "systemd:"),
        message: "gunicorn finds the passed socket by itself and refuses `--bind systemd:`",
        hint: "leave --bind out",
    },
    Trap {
        program: "dropbear",
        falls: |command| !has_flag(command, 'i'),
        message: "dropbear ignores LISTEN_FDS: it would bind the port a second time",
        hint: "use Accept=yes with `dropbear -i` and StandardInput=socket",
    },
];

fn has(command: &Command, word: &str) -> bool {
    command.args.contains(&Arg::Literal(word.into()))
}

/// True for `-i`, alone or among other letters.
fn has_flag(command: &Command, letter: char) -> bool {
    let is_flag = |word: &str| word.starts_with('-') && !word.starts_with("--");
    command.args.iter().skip(1).any(|arg| match arg {
        Arg::Literal(word) => is_flag(word) && word.contains(letter),
        Arg::Expand(_) | Arg::Split(_) => false,
    })
}

/// Warns where a socket starts a program that is known not to take it.
pub(super) fn check_known_programs(checked: &Checked, report: &mut Report) {
    for (unit, draft) in checked.units.iter().enumerate() {
        let activated = checked.sockets_of(unit).next().is_some();
        let Some(service) = draft.service().filter(|_| activated) else { continue };
        check_program(service, report);
    }
}

fn check_program(service: &Service, report: &mut Report) {
    for command in &service.exec_start.items {
        let name = command.value.path.rsplit('/').next().unwrap_or_default();
        let falls = |trap: &&Trap| trap.program == name && (trap.falls)(&command.value);
        for trap in TRAPS.iter().filter(falls) {
            let diagnostic = Diagnostic::new(codes::KNOWN_PROGRAM, trap.message, &command.span, "");
            report.push(diagnostic.hint(trap.hint));
        }
    }
}
