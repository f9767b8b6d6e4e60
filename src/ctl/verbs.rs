//! The verbs: one row each. Parser, help and "did you mean" follow from the rows.

use core::ffi::CStr;
use core::fmt;

use unit::control::{Order, ShutdownKind};

use super::args::{Call, Misuse};
use super::session::{Outcome, Session};
use super::text::joined;
use super::{exit, graph, jobs, list, log, names, power, query, show, status, timers};
use crate::features;

/// How many names a verb takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    None,
    Any,
    Some,
}

/// Runs a verb.
type Run = fn(&Call<'_>, &mut Session<'_, '_>) -> Outcome;

#[derive(Clone, Copy)]
struct Row {
    verb: &'static str,
    names: Names,
    help: &'static str,
    run: Run,
}

const fn row(verb: &'static str, names: Names, help: &'static str, run: Run) -> Row {
    Row { verb, names, help, run }
}

const COMMON: &[Row] = &[
    row("status", Names::Any, "State of units, or of the whole", status::run),
    row("list-units", Names::Any, "Units, and live connections' instances", list::units),
    row("list-sockets", Names::Any, "Listeners, ordered by address", list::sockets),
    row("show", Names::Any, "Settings and state as NAME=VALUE", show::run),
    row("is-active", Names::Some, "Whether units are active", query::is_active),
    row("is-failed", Names::Any, "Whether units, or any, have failed", query::is_failed),
    row("is-system-running", Names::None, "Whether all is well", query::is_system_running),
    row("start", Names::Some, "Start units", |call, on| jobs::run(call, on, Order::Start)),
    row("stop", Names::Some, "Stop units", |call, on| jobs::run(call, on, Order::Stop)),
    row("restart", Names::Some, "Stop and start; sockets keep their queues", |call, on| {
        jobs::run(call, on, Order::Restart)
    }),
    row("try-restart", Names::Some, "Restart those that are up", |call, on| {
        jobs::run(call, on, Order::TryRestart)
    }),
    row("reload", Names::Some, "Have services read their configuration again", |call, on| {
        jobs::run(call, on, Order::Reload)
    }),
    row("reload-or-restart", Names::Some, "Reload if possible, else restart", |call, on| {
        jobs::run(call, on, Order::ReloadOrRestart)
    }),
    row("try-reload-or-restart", Names::Some, "Likewise, those that are up", |call, on| {
        jobs::run(call, on, Order::TryReloadOrRestart)
    }),
    row("isolate", Names::Some, "Start a unit, stop what it does not need", jobs::isolate),
    row("default", Names::None, "Isolate what a boot starts", jobs::default),
    row("rescue", Names::None, "Isolate rescue.target", |call, on| {
        jobs::isolate_unit(call, on, "rescue.target")
    }),
    row("emergency", Names::None, "Isolate emergency.target", |call, on| {
        jobs::isolate_unit(call, on, "emergency.target")
    }),
    row("list-jobs", Names::Any, "Jobs that have not ended", graph::jobs),
    row("cancel", Names::Any, "End jobs; units stay as they are", jobs::cancel),
    row("list-dependencies", Names::Any, "What a unit pulls in, as a tree", graph::dependencies),
    row("is-enabled", Names::Some, "Whether something pulls units in", graph::is_enabled),
    row("get-default", Names::None, "What a boot starts", graph::get_default),
    row("kill", Names::Some, "Send a signal (-s) to processes of units", jobs::kill),
    row("reset-failed", Names::Any, "Forget failures and start limits", jobs::reset_failed),
    row("poweroff", Names::None, "Stop everything, power off", |call, on| {
        power::end(call, on, ShutdownKind::Poweroff)
    }),
    row("reboot", Names::None, "Stop everything, reboot", |call, on| {
        power::end(call, on, ShutdownKind::Reboot)
    }),
    row("halt", Names::None, "Stop everything, halt", |call, on| {
        power::end(call, on, ShutdownKind::Halt)
    }),
    row("kexec", Names::None, "Stop everything, start the kernel that is loaded", |call, on| {
        power::end(call, on, ShutdownKind::Kexec)
    }),
    row("help", Names::None, "This text", help),
];

/// Of boards with timers only.
const TIMERS: &[Row] = if features::TIMERS {
    &[row("list-timers", Names::Any, "Timers, ordered by when they elapse", timers::list)]
} else {
    &[]
};

/// Of boards that store descriptors only.
const STORE: &[Row] = if features::FD_STORE {
    const HELP: &str = "Close what stopped services have stored (--what=fdstore)";
    &[row("clean", Names::Some, HELP, jobs::clean)]
} else {
    &[]
};

/// What only boards with `pilot-log` have.
const LOG: &[Row] = if features::LOG {
    &[row("log", Names::Any, "Last lines of units (-u), as journalctl", log::run)]
} else {
    &[]
};
const LOG_HELP: &str = if features::LOG {
    "
Options of 'log':
  -u, --unit=NAME          Only lines of that unit; several may be given
  -n, --lines=NUMBER       Only the last ones
  -f, --follow             The last 10, and those that come
  -p, --priority=LEVEL     Only lines of that level or worse
  -o, --output=SHAPE       short, short-monotonic or cat
"
} else {
    ""
};

const COUNT: usize = COMMON.len() + TIMERS.len() + STORE.len() + LOG.len();

static ROWS: [Row; COUNT] = joined(&[COMMON, TIMERS, STORE, LOG]);

/// Verbs of systemctl(1) that mean nothing on a compiled board, and what to do instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("enable", DECIDED_AT_BUILD),
    ("disable", DECIDED_AT_BUILD),
    ("set-default", DECIDED_AT_BUILD),
    ("reenable", DECIDED_AT_BUILD),
    ("preset", DECIDED_AT_BUILD),
    ("link", COMPILED),
    ("revert", COMPILED),
    ("mask", DECIDED_AT_BUILD),
    ("unmask", DECIDED_AT_BUILD),
    ("edit", COMPILED),
    ("cat", COMPILED),
    ("set-property", COMPILED),
    ("daemon-reload", COMPILED),
    ("daemon-reexec", COMPILED),
    ("soft-reboot", "Use 'pilotctl reboot'."),
    ("list-unit-files", "See 'pilotctl list-units --all'."),
];
const DECIDED_AT_BUILD: &str =
    "What a boot starts is decided when the image is built: see [Install] of the unit.";
const COMPILED: &str = "Units are compiled into the image: change the unit file, build the image.";

const OPTIONS_HELP: &str = "
Options:
  -a, --all                Inactive units too
  -t, --type=TYPE,...      Only units of that kind
      --state=STATE,...    Only units in that state; --failed is --state=failed
  -p, --property=NAME,...  Only these properties
      --value              Without their names
  -s, --signal=SIGNAL      What 'kill' sends; SIGTERM by default
      --kill-whom=WHOM     main, control or all
      --no-block           Do not wait for the job's end
      --job-mode=MODE      What becomes of other jobs: replace, fail, isolate, flush,
                           replace-irreversibly, ignore-dependencies, ignore-requirements
      --reverse, --after, --before
                           Other ways for 'list-dependencies' to follow
  -f, --force              'poweroff' and its kin: do not stop units first
  -q, --quiet              Only the exit code
      --no-legend          No headings and sums
  -h, --help
      --version
";
const STORE_HELP: &str = "      --what=fdstore       What 'clean' closes
";
const NAMES_HELP: &str = "
NAME alone is NAME.service; * and ? stand for any text and any character.
";

/// Reads the command line of `name` and runs its verb.
pub(super) fn dispatch(
    name: &str,
    args: &mut dyn Iterator<Item = &CStr>,
    session: &mut Session<'_, '_>,
) -> Outcome {
    let is_verb = name != super::NAMES[0];
    let call = match Call::parse(args, is_verb) {
        Ok(call) => call,
        Err(misuse) => {
            complain_of_use(name, misuse, session);
            return Ok(exit::FAILURE);
        }
    };
    if call.help {
        return help(&call, session);
    }
    if call.version {
        let crc = session.table.crc();
        writeln!(session.out, "pilotctl {} (table {crc:08x})", env!("CARGO_PKG_VERSION"));
        return Ok(exit::SUCCESS);
    }
    // systemctl without a verb is list-units.
    let verb = if is_verb { name } else { call.verb.unwrap_or("list-units") };
    let Some(row) = ROWS.iter().find(|row| row.verb == verb) else {
        complain_of_verb(verb, session);
        return Ok(exit::FAILURE);
    };
    match (row.names, call.names.first()) {
        (Names::None, Some(extra)) => {
            session.complain(format_args!("'{verb}' takes no names, but '{extra}' was given."));
            Ok(exit::FAILURE)
        }
        (Names::Some, None) => {
            session.complain(format_args!(
                "'{verb}' wants the name of a unit. See 'pilotctl list-units --all'."
            ));
            Ok(exit::FAILURE)
        }
        (Names::None, None) | (Names::Any, _) | (Names::Some, Some(_)) => (row.run)(&call, session),
    }
}

fn complain_of_use(name: &str, misuse: Misuse<'_>, session: &mut Session<'_, '_>) {
    match misuse {
        Misuse::NotText => session.complain(format_args!("{name}: an argument is not UTF-8.")),
        Misuse::Unknown(option) => session
            .complain(format_args!("{name}: unrecognized option '{option}'. See '{name} --help'.")),
        Misuse::NoValue(option) => {
            session.complain(format_args!("{name}: option '--{option}' wants a value."));
        }
        Misuse::BadValue(option, value) => session.complain(format_args!(
            "{name}: option '--{option}' does not take '{value}'. See '{name} --help'."
        )),
        Misuse::TooMany => {
            session.complain(format_args!("{name}: too many names; use several calls."));
        }
    }
}

fn complain_of_verb(verb: &str, session: &mut Session<'_, '_>) {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == verb) {
        session.complain(format_args!("There is no '{verb}' here. {instead}"));
        return;
    }
    let known = ROWS.iter().map(|row| row.verb);
    match names::nearest(verb, known, |verb| verb) {
        Some(meant) => {
            session.complain(format_args!("Unknown command verb '{verb}', did you mean '{meant}'?"))
        }
        None => {
            session.complain(format_args!("Unknown command verb '{verb}'. See 'pilotctl --help'."));
        }
    }
}

fn help(_: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let out = &mut session.out;
    out.text("pilotctl [OPTIONS] VERB [NAME...]\n\nAsk PID 1, or tell it what to do.\n\n");
    for row in &ROWS {
        out.text("  ");
        out.cell(&Usage(row), 32);
        writeln!(out, "{}", row.help);
    }
    out.text(OPTIONS_HELP);
    if features::FD_STORE {
        out.text(STORE_HELP);
    }
    out.text(NAMES_HELP);
    out.text(LOG_HELP);
    Ok(exit::SUCCESS)
}

struct Usage(&'static Row);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.verb)?;
        f.write_str(match self.0.names {
            Names::None => "",
            Names::Any => " [NAME...]",
            Names::Some => " NAME...",
        })
    }
}
