//! How much of everything a board needs: the exact lengths of PID 1's arrays.

use unit::limits::{
    ENVIRONMENT_FILES_MAX, FILE_VARIABLE_MAX, FILE_VARIABLES_MAX, FIXED_FDS, USER_FIELD_MAX,
    USER_PATH_MAX,
};
use unit::{Limits, NotifyAccess, Stdio};

use super::{KindPlan, ManagerPlan, ServicePlan, UnitPlan};
use super::{features, log};
use crate::grammar::{Arg, Command, Piece};

/// Longest decimal number of 32 bits.
const NUMBER_MAX: usize = 10;
/// WATCHDOG_USEC: 49 days.
const MICROS_MAX: usize = 13;
/// INVOCATION_ID: 128 bits in hexadecimal.
const INVOCATION_ID_BYTES: usize = 32;
/// FDSTORE: 128.
const STORE_MAX: usize = 3;
/// REMOTE_ADDR: INET6_ADDRSTRLEN less its NUL.
const REMOTE_ADDR_MAX: usize = 45;
/// REMOTE_PORT: 65535.
const REMOTE_PORT_MAX: usize = 5;

/// Of a unit that has run: its control group's directory, cgroup.events and cgroup.procs.
const GROUP_FDS: usize = 3;

/// SERVICE_RESULT: `trigger-limit-hit`.
const RESULT_MAX: usize = 17;
/// EXIT_CODE: `exited`, `killed`, `dumped`.
const EXIT_CODE_MAX: usize = 6;
/// EXIT_STATUS: a number, or a signal's name such as `RTMIN+30`.
const EXIT_STATUS_MAX: usize = 8;

/// The sizes of a board; `table_bytes` is left at 0 for the emitter.
pub(super) fn limits(manager: &ManagerPlan, units: &[UnitPlan]) -> Limits {
    let mut limits = Limits { units: units.len(), ..Limits::default() };
    limits.extras = units.iter().filter(|unit| unit.edges.more.has_extra()).count();
    for unit in units {
        match &unit.kind {
            KindPlan::Target | KindPlan::Slice => {}
            KindPlan::Service(service) => {
                limits.services += 1;
                let names = fd_names(service, units, log::stored_name_max(unit));
                limits.stored_fds += usize::from(service.life.store_max);
                let passed = names.len() + service.more.files.len();
                limits.listen_fds = limits.listen_fds.max(passed);
                let monitored = service.life.monitored.map(usize::from);
                let monitored = monitored.map(|unit| units[unit].name.as_str());
                let (strings, pointers) = spawn(service, &names, monitored);
                limits.spawn_strings = limits.spawn_strings.max(strings);
                limits.spawn_pointers = limits.spawn_pointers.max(pointers);
            }
            KindPlan::Socket(socket) => {
                limits.sockets += 1;
                limits.listeners += socket.listeners.len();
                limits.instances += usize::from(socket.max_connections);
                if let Some(commands) = &socket.commands {
                    let passed = if commands.pass_fds { socket.listeners.len() } else { 0 };
                    let names = vec![socket.fd_name.clone(); passed];
                    limits.listen_fds = limits.listen_fds.max(names.len());
                    let (strings, pointers) = spawn(&commands.runner, &names, None);
                    limits.spawn_strings = limits.spawn_strings.max(strings);
                    limits.spawn_pointers = limits.spawn_pointers.max(pointers);
                }
            }
            KindPlan::Path(_) => limits.paths += 1,
            KindPlan::Timer(_) | KindPlan::Mount(_) => {}
        }
    }
    (limits.log_streams, limits.log_rings) = log::sizes(units);
    limits.fds_at_rest = FIXED_FDS + limits.listeners + limits.paths + limits.stored_fds;
    limits.fds_at_rest += kept_after_boot(manager.default_target, units);
    // The pipe that copies of PID 1 report into.
    let copied = |unit: &UnitPlan| unit.kind.service().is_some_and(|service| service.more.copied);
    limits.fds_at_rest += if units.iter().any(copied) { 2 } else { 0 };
    // The timer that tells of a clock that is set.
    limits.fds_at_rest += usize::from(features::use_calendars(units));
    limits.fds_at_rest += usize::from(manager.watchdog.is_some());
    limits
}

/// What is kept open for the units whose commands a boot runs.
fn kept_after_boot(default_target: u16, units: &[UnitPlan]) -> usize {
    let pulled = pulled(default_target, units);
    let started = units.iter().zip(pulled).filter_map(|(unit, pulled)| pulled.then_some(unit));
    let runners = started.filter_map(|unit| {
        let service = unit.kind.service().filter(|service| !service.per_connection);
        let commands = || Some(&unit.kind.socket()?.commands.as_ref()?.runner);
        service.or_else(commands)
    });
    let kmsg = |runner: &ServicePlan| [runner.stdout, runner.stderr].contains(&Stdio::Kmsg);
    runners.map(|runner| GROUP_FDS + usize::from(kmsg(runner))).sum()
}

/// Which units a unit pulls in, itself included.
pub(super) fn pulled(first: u16, units: &[UnitPlan]) -> Vec<bool> {
    let mut pulled = vec![false; units.len()];
    let mut queue = vec![first];
    while let Some(unit) = queue.pop().map(usize::from) {
        if !std::mem::replace(&mut pulled[unit], true) {
            queue.extend(units[unit].edges.requires.iter().chain(&units[unit].edges.wants));
        }
    }
    pulled
}

/// LISTEN_FDNAMES of a service, one name to a descriptor; of stored ones the longest there may be.
fn fd_names(service: &ServicePlan, units: &[UnitPlan], stored_max: usize) -> Vec<String> {
    let socket = |&socket: &u16| units[usize::from(socket)].kind.socket();
    let sockets = service.sockets.iter().filter_map(socket);
    if service.per_connection {
        let longest = sockets.map(|socket| socket.fd_name.clone()).max_by_key(String::len);
        return longest.into_iter().collect();
    }
    let stored = std::iter::repeat_n("n".repeat(stored_max), service.life.store_max.into());
    sockets
        .flat_map(|socket| std::iter::repeat_n(socket.fd_name.clone(), socket.listeners.len()))
        .chain(stored)
        .collect()
}

/// What a command is told of its service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    MainPid,
    MainPidAndEnd,
}

/// A variable that PID 1 adds at a spawn.
struct Dynamic {
    name: &'static str,
    /// Longest value in bytes.
    value_max: usize,
    /// Whether `NAME=value` is written at the spawn, or stands in the program.
    written: bool,
}

/// All variables that a spawn of `service` may add to those of `Environment=`.
///
/// | variable | when | longest value |
/// |---|---|---|
/// | PATH | always | in the program |
/// | USER | without User= | in the program |
/// | USER, LOGNAME; HOME, SHELL | with User= | [`USER_FIELD_MAX`]; [`USER_PATH_MAX`] |
/// | INVOCATION_ID, SYSTEMD_EXEC_PID | always | 32; 10 |
/// | LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES | with a socket or a store | 10; 10; the names |
/// | REMOTE_ADDR, REMOTE_PORT | Accept=yes | 45; 5 |
/// | NOTIFY_SOCKET | Type=notify, WatchdogSec=, NotifyAccess=, a store | in the program |
/// | FDSTORE | FileDescriptorStoreMax= | 3 |
/// | WATCHDOG_USEC, WATCHDOG_PID | WatchdogSec= | 13; 10 |
/// | MAINPID | all commands from ExecStartPost= on | 10 |
/// | PIDFILE | with PIDFile= | its path |
/// | SERVICE_RESULT, EXIT_CODE, EXIT_STATUS | ExecStop=, ExecStopPost= | 17; 6; 8 |
/// | MONITOR_UNIT, …, MONITOR_EXIT_STATUS | started by OnFailure= or OnSuccess= | its name; … |
/// | LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES | OpenFile= | again, with what it opens |
/// | TERM | StandardInput=tty | in the program |
fn dynamics(
    service: &ServicePlan,
    fd_names: &[String],
    monitored: Option<&str>,
    told: Told,
) -> Vec<Dynamic> {
    let written = |name, value_max| Dynamic { name, value_max, written: true };
    let literal = |name, value: &str| Dynamic { name, value_max: value.len(), written: false };
    let mut all = vec![
        literal("PATH", unit::EXEC_PATH),
        written("INVOCATION_ID", INVOCATION_ID_BYTES),
        written("SYSTEMD_EXEC_PID", NUMBER_MAX),
    ];
    if service.user.is_empty() {
        all.push(literal("USER", unit::limits::USER));
    } else {
        all.extend([
            written("USER", USER_FIELD_MAX),
            written("LOGNAME", USER_FIELD_MAX),
            written("HOME", USER_PATH_MAX),
            written("SHELL", USER_PATH_MAX),
        ]);
    }
    if !fd_names.is_empty() {
        all.extend([
            written("LISTEN_PID", NUMBER_MAX),
            written("LISTEN_FDS", NUMBER_MAX),
            written("LISTEN_FDNAMES", fd_names.join(":").len()),
        ]);
    }
    let opened: Vec<String> = service.more.files.iter().map(|file| file.name.clone()).collect();
    if !opened.is_empty() {
        all.extend([
            written("LISTEN_PID", NUMBER_MAX),
            written("LISTEN_FDS", NUMBER_MAX),
            written("LISTEN_FDNAMES", [fd_names, &opened].concat().join(":").len()),
        ]);
    }
    if service.per_connection {
        all.extend([
            written("REMOTE_ADDR", REMOTE_ADDR_MAX),
            written("REMOTE_PORT", REMOTE_PORT_MAX),
        ]);
    }
    if service.access() != NotifyAccess::None {
        all.push(literal("NOTIFY_SOCKET", unit::limits::NOTIFY_SOCKET));
    }
    if service.life.store_max > 0 {
        all.push(written("FDSTORE", STORE_MAX));
    }
    if service.life.watchdog.is_some() {
        all.extend([written("WATCHDOG_USEC", MICROS_MAX), written("WATCHDOG_PID", NUMBER_MAX)]);
    }
    if told != Told::Nothing {
        all.push(written("MAINPID", NUMBER_MAX));
    }
    if !service.life.pid_file.is_empty() {
        all.push(written("PIDFILE", service.life.pid_file.len()));
    }
    if let (Told::Nothing, Some(monitored)) = (told, monitored) {
        all.extend([
            written("MONITOR_UNIT", monitored.len()),
            written("MONITOR_INVOCATION_ID", INVOCATION_ID_BYTES),
            written("MONITOR_SERVICE_RESULT", RESULT_MAX),
            written("MONITOR_EXIT_CODE", EXIT_CODE_MAX),
            written("MONITOR_EXIT_STATUS", EXIT_STATUS_MAX),
        ]);
    }
    if told == Told::MainPidAndEnd {
        all.extend([
            written("SERVICE_RESULT", RESULT_MAX),
            written("EXIT_CODE", EXIT_CODE_MAX),
            written("EXIT_STATUS", EXIT_STATUS_MAX),
        ]);
    }
    if [service.stdin, service.stdout, service.stderr].into_iter().any(Stdio::is_terminal) {
        all.push(literal("TERM", unit::limits::TERM));
    }
    all
}

/// All commands that may be run for a service, and what each is told of it.
fn told_commands(service: &ServicePlan) -> impl Iterator<Item = (&Command, Told)> {
    let life = &service.life;
    let lists = [
        (&life.exec_condition, Told::Nothing),
        (&service.exec_start_pre, Told::Nothing),
        (&service.exec_start, Told::Nothing),
        (&life.exec_start_post, Told::MainPid),
        (&service.exec_reload, Told::MainPid),
        (&life.exec_reload_post, Told::MainPid),
        (&service.exec_stop, Told::MainPidAndEnd),
        (&life.exec_stop_post, Told::MainPidAndEnd),
    ];
    lists.into_iter().flat_map(|(list, told)| list.iter().map(move |command| (command, told)))
}

/// All commands that may be run for a service.
pub(super) fn commands(service: &ServicePlan) -> impl Iterator<Item = &Command> {
    told_commands(service).map(|(command, _)| command)
}

/// Bytes and pointers that one spawn of the service's hungriest command writes at most.
fn spawn(service: &ServicePlan, fd_names: &[String], monitored: Option<&str>) -> (usize, usize) {
    told_commands(service).fold((0, 0), |(strings, pointers), (command, told)| {
        let dynamics = dynamics(service, fd_names, monitored, told);
        let (more_strings, more_pointers) = spawn_command(service, &dynamics, command);
        (strings.max(more_strings), pointers.max(more_pointers))
    })
}

fn spawn_command(service: &ServicePlan, dynamics: &[Dynamic], command: &Command) -> (usize, usize) {
    const NUL: usize = 1;
    let entry = |dynamic: &Dynamic| dynamic.name.len() + 1 + dynamic.value_max + NUL;
    let mut strings: usize = dynamics.iter().filter(|dynamic| dynamic.written).map(entry).sum();
    let has_files = !service.more.variables.files.is_empty();
    strings += if has_files { ENVIRONMENT_FILES_MAX } else { 0 };
    let mut pointers = service.environment.len() + dynamics.len() + NUL + NUL;
    let passed = &service.more.variables.pass;
    pointers += passed.len() + if has_files { FILE_VARIABLES_MAX } else { 0 };
    let longest = |name: &str| {
        let own = service.environment.iter().filter(|(each, _)| each == name);
        let own = own.map(|(_, value)| value.len());
        let dynamic = dynamics.iter().filter(|each| each.name == name).map(|each| each.value_max);
        let is_foreign = has_files || passed.iter().any(|each| each == name);
        let foreign = is_foreign.then(|| FILE_VARIABLE_MAX.saturating_sub(name.len() + 1));
        own.chain(dynamic).chain(foreign).max().unwrap_or(0)
    };
    for arg in &command.args {
        match arg {
            Arg::Literal(_) => pointers += 1,
            Arg::Expand(pieces) => {
                pointers += 1;
                let bytes = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Variable(name) => longest(name),
                });
                strings += bytes.sum::<usize>() + NUL;
            }
            Arg::Split(name) => {
                // Words of one byte between single blanks are the most there can be.
                pointers += longest(name) / 2 + 1;
                strings += longest(name) + NUL;
            }
        }
    }
    (strings, pointers)
}
