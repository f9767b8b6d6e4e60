//! The verbs: one row each. Parser, help and "did you mean" follow from the rows.

use core::ffi::CStr;
use core::fmt;

use unit::control::{Order, ShutdownKind};

use super::args::{Call, Misuse};
use super::session::{Outcome, Session};
use super::text::{is_in, joined};
use super::{exit, graph, jobs, list, log, names, power, query, show, status, timers};
use crate::features;
use crate::packed::Packed;

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
    help: Packed,
    run: Run,
}

/// Verb, names, help and what runs it.
macro_rules! packed_rows {
    ($($verb:literal $names:ident $help:literal $run:expr,)*) => {
        &[$(Row { verb: $verb, names: Names::$names, help: packed!($help), run: $run },)*]
    };
}

const COMMON: &[Row] = packed_rows!(
    "status" Any "State of units, or of the whole" status::run,
    "list-units" Any "Units, and live connections' instances" list::units,
    "list-sockets" Any "Listeners, ordered by address" list::sockets,
    "show" Any "Settings and state as NAME=VALUE" show::run,
    "is-active" Some "Whether units are active" query::is_active,
    "is-failed" Any "Whether units, or any, have failed" query::is_failed,
    "is-system-running" None "Whether all is well" query::is_system_running,
    "start" Some "Start units" |call, on| jobs::run(call, on, Order::Start),
    "stop" Some "Stop units" |call, on| jobs::run(call, on, Order::Stop),
    "restart" Some "Stop and start; sockets keep their queues"
        |call, on| jobs::run(call, on, Order::Restart),
    "try-restart" Some "Restart those that are up"
        |call, on| jobs::run(call, on, Order::TryRestart),
    "reload" Some "Have services read their configuration again"
        |call, on| jobs::run(call, on, Order::Reload),
    "reload-or-restart" Some "Reload if possible, else restart"
        |call, on| jobs::run(call, on, Order::ReloadOrRestart),
    "try-reload-or-restart" Some "Likewise, those that are up"
        |call, on| jobs::run(call, on, Order::TryReloadOrRestart),
    "isolate" Some "Start a unit, stop what it does not need" jobs::isolate,
    "default" None "Isolate what a boot starts" jobs::default,
    "list-jobs" Any "Jobs that have not ended" graph::jobs,
    "cancel" Any "End jobs; units stay as they are" jobs::cancel,
    "list-dependencies" Any "What a unit pulls in, as a tree" graph::dependencies,
    "is-enabled" Some "Whether something pulls units in" graph::is_enabled,
    "get-default" None "What a boot starts" graph::get_default,
    "kill" Some "Send a signal (-s) to processes of units" jobs::kill,
    "reset-failed" Any "Forget failures and start limits" jobs::reset_failed,
    "poweroff" None "Stop everything, power off"
        |call, on| power::end(call, on, ShutdownKind::Poweroff),
    "reboot" None "Stop everything, reboot"
        |call, on| power::end(call, on, ShutdownKind::Reboot),
    "halt" None "Stop everything, halt" |call, on| power::end(call, on, ShutdownKind::Halt),
    "kexec" None "Stop everything, start the kernel that is loaded"
        |call, on| power::end(call, on, ShutdownKind::Kexec),
    "help" None "This text" help,
);

/// Of boards with these targets only.
const RESCUE: &[Row] = if features::RESCUE_TARGETS {
    packed_rows!(
        "rescue" None "Isolate rescue.target"
            |call, on| jobs::isolate_unit(call, on, "rescue.target"),
        "emergency" None "Isolate emergency.target"
            |call, on| jobs::isolate_unit(call, on, "emergency.target"),
    )
} else {
    &[]
};

/// Of boards with timers only.
const TIMERS: &[Row] = if features::TIMERS {
    packed_rows!("list-timers" Any "Timers, ordered by when they elapse" timers::list,)
} else {
    &[]
};

/// Of boards that store descriptors only.
const STORE: &[Row] = if features::FD_STORE {
    packed_rows!(
        "clean" Some "Close what stopped services have stored (--what=fdstore)" jobs::clean,
    )
} else {
    &[]
};

/// What only boards with `pilot-log` have.
const LOG: &[Row] = if features::LOG {
    packed_rows!("log" Any "Last lines of units (-u), as journalctl" log::run,)
} else {
    &[]
};
const LOG_HELP: Packed = if features::LOG {
    packed!(
        "
Options of 'log':
  -u, --unit=NAME          Only lines of that unit; several may be given
  -n, --lines=NUMBER       Only the last ones
  -f, --follow             The last 10, and those that come
  -p, --priority=LEVEL     Only lines of that level or worse
  -o, --output=SHAPE       short, short-monotonic or cat
"
    )
} else {
    packed!("")
};

const COUNT: usize = COMMON.len() + RESCUE.len() + TIMERS.len() + STORE.len() + LOG.len();

static ROWS: [Row; COUNT] = joined(&[COMMON, RESCUE, TIMERS, STORE, LOG]);

/// Verbs of systemctl(1) that mean nothing on a compiled board, as lists with commas, and what to
/// do instead.
const ELSEWHERE: &[(&str, Packed)] = &[
    (
        "enable,disable,set-default,reenable,preset,mask,unmask",
        packed!(
            "What a boot starts is decided when the image is built: see [Install] of the unit."
        ),
    ),
    (
        "link,revert,edit,cat,set-property,daemon-reload,daemon-reexec",
        packed!("Units are compiled into the image: change the unit file, build the image."),
    ),
    ("soft-reboot", packed!("Use 'pilotctl reboot'.")),
    ("list-unit-files", packed!("See 'pilotctl list-units --all'.")),
    // These are verbs where units have a use for them.
    ("rescue,emergency", packed!("No unit has that name.")),
    ("list-timers", packed!("No unit is a timer.")),
    ("log", packed!("No unit says StandardOutput=log.")),
];

const HEAD_HELP: Packed =
    packed!("pilotctl [OPTIONS] VERB [NAME...]\n\nAsk PID 1, or tell it what to do.\n\n");
const OPTIONS_HELP: Packed = packed!(
    "
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
"
);
const STORE_HELP: Packed = packed!(
    "      --what=fdstore       What 'clean' closes
"
);
const NAMES_HELP: Packed = packed!(
    "
NAME alone is NAME.service; * and ? stand for any text and any character.
"
);

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
            session.complain(packed!("'{}' takes no names, but '{}' was given."), &[&verb, extra]);
            Ok(exit::FAILURE)
        }
        (Names::Some, None) => {
            session.complain(
                packed!("'{}' wants the name of a unit. See 'pilotctl list-units --all'."),
                &[&verb],
            );
            Ok(exit::FAILURE)
        }
        (Names::None, None) | (Names::Any, _) | (Names::Some, Some(_)) => (row.run)(&call, session),
    }
}

fn complain_of_use(name: &str, misuse: Misuse<'_>, session: &mut Session<'_, '_>) {
    let (sentence, option, value) = match misuse {
        Misuse::NotText => (packed!("{}: an argument is not UTF-8."), "", ""),
        Misuse::Unknown(option) => {
            (packed!("{}: unrecognized option '{}'. See '{} --help'."), option, name)
        }
        Misuse::NoValue(option) => (packed!("{}: option '--{}' wants a value."), option, ""),
        Misuse::BadValue(option, value) => {
            (packed!("{}: option '--{}' does not take '{}'. See '{} --help'."), option, value)
        }
        Misuse::TooMany => (packed!("{}: too many names; use several calls."), "", ""),
    };
    session.complain(sentence, &[&name, &option, &value, &name]);
}

fn complain_of_verb(verb: &str, session: &mut Session<'_, '_>) {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| is_in(known, &verb)) {
        session.complain(packed!("There is no '{}' here. {}"), &[&verb, instead]);
        return;
    }
    let known = ROWS.iter().map(|row| row.verb);
    let meant = names::nearest(verb, known, |verb| verb);
    let sentence = match meant {
        Some(_) => packed!("Unknown command verb '{}', did you mean '{}'?"),
        None => packed!("Unknown command verb '{}'. See 'pilotctl --help'."),
    };
    session.complain(sentence, &[&verb, &meant.unwrap_or_default()]);
}

fn help(_: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let out = &mut session.out;
    out.tell(HEAD_HELP, &[]);
    for row in &ROWS {
        out.text("  ");
        out.cell(&Usage(row), 32);
        out.tell(row.help, &[]);
        out.text("\n");
    }
    out.tell(OPTIONS_HELP, &[]);
    if features::FD_STORE {
        out.tell(STORE_HELP, &[]);
    }
    out.tell(NAMES_HELP, &[]);
    out.tell(LOG_HELP, &[]);
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
