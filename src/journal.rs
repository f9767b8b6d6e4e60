//! What is kept of the output of services, and how: the pure half of the role `pilot-log`.
//!
//! ```text
//! a service's stdout -> lines  -> entry -> ring in /run/pilot/log/ring -> pilotctl log
//! /dev/log           -> syslog ->
//! ```
//! The rings are one file in memory (tmpfs): `pilot-log` writes it, `pilotctl log` reads it. So
//! they outlive a `pilot-log` that ends, and who reads costs it nothing. Nothing here knows a
//! descriptor: a file is a [`ring::Store`].

pub mod entry;
pub mod lines;
pub mod origin;
pub mod rate;
pub mod ring;
pub mod syslog;

use core::ffi::CStr;

use unit::limits::LOG_RINGS_MAX;
use unit::{ExecContext, ExecMore, Kind, LogSetup, Stdio, Table, UnitId, decode};

use crate::features;

/// Where `pilot-log` listens for the output of services.
pub const STREAM_SOCKET: &CStr = c"/run/pilot/log/stdout";
/// Where the rings are.
pub const RINGS: &CStr = c"/run/pilot/log/ring";

/// What a unit's processes are given, if it has any.
pub fn context<'t>(table: &Table<'t>, unit: UnitId) -> Option<ExecContext<'t>> {
    match table.kind(unit) {
        Kind::Service(service) => Some(service.exec_context()),
        Kind::Socket(socket) => {
            let commands = socket.commands().filter(|_| features::SOCKET_COMMANDS);
            commands.and_then(|commands| decode::from_bytes(commands.context))
        }
        Kind::Target | Kind::Timer(_) | Kind::Path(_) | Kind::Mount(_) | Kind::Slice => None,
    }
}

/// True if some of the output of these processes goes to `pilot-log`.
fn is_kept(context: &ExecContext<'_>) -> bool {
    [context.stdout, context.stderr].contains(&Stdio::Log)
}

/// What a unit says of its lines.
pub fn setup<'t>(context: &ExecContext<'t>) -> LogSetup<'t> {
    let more = if features::EXEC_MORE { context.more() } else { ExecMore::default() };
    let setup = Some(more.log).filter(|bytes| !bytes.is_empty()).and_then(decode::from_bytes);
    setup.unwrap_or(LogSetup::DEFAULT)
}

/// How many rings there are: none on a board without `pilot-log`.
pub fn rings(table: &Table<'_>) -> usize {
    if table.find("pilot-log.service").is_none() {
        return 0;
    }
    let is_kept = |&unit: &UnitId| context(table, unit).is_some_and(|context| is_kept(&context));
    (table.ids().filter(is_kept).count() + 1).min(LOG_RINGS_MAX)
}

/// The ring of a unit: each whose output is kept has one of its own, as far as there are that
/// many. The first is everybody else's.
pub fn ring_of(table: &Table<'_>, unit: UnitId) -> usize {
    let is_kept = |unit| context(table, unit).is_some_and(|context| is_kept(&context));
    if unit.index() >= table.len() || !is_kept(unit) {
        return 0;
    }
    let before = table.ids().take_while(|&each| each != unit).filter(|&each| is_kept(each));
    let ring = before.count() + 1;
    if ring < LOG_RINGS_MAX { ring } else { 0 }
}
