//! `show`: settings and state as NAME=VALUE, named and formed as systemctl(1) has them.

use core::fmt::{self, Display};

use unit::control::FRAME_MAX;
use unit::{Edges, Ids, Kind, Millis, Table, UnitId};

use super::args::Call;
use super::names::Typed;
use super::session::{Failure, Outcome, Session};
use super::text::Span;
use super::{exit, settings, words};

/// Prints the properties of the named units, or of PID 1 itself.
pub(super) fn run(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    if call.names.is_empty() {
        return manager(call, session);
    }
    let table = session.table;
    let mut is_first = true;
    for &name in &call.names {
        let name = Typed(name);
        let mut known = name.is_pattern();
        for unit in name.units(&table) {
            known = true;
            separate(session, &mut is_first)?;
            one(call, session, unit)?;
        }
        if !known {
            separate(session, &mut is_first)?;
            stranger(call, session, name)?;
        }
    }
    Ok(exit::SUCCESS)
}

fn separate(session: &mut Session<'_, '_>, is_first: &mut bool) -> fmt::Result {
    if core::mem::take(is_first) { Ok(()) } else { session.out.write_str("\n") }
}

/// A unit that there is not has properties that say so: scripts ask for `LoadState`.
fn stranger(call: &Call<'_>, session: &mut Session<'_, '_>, name: Typed<'_>) -> fmt::Result {
    let mut list = List { call, out: &mut *session.out };
    list.put("Id", &name)?;
    list.put("LoadState", &"not-found")?;
    list.put("ActiveState", &"inactive")?;
    list.put("SubState", &"dead")
}

fn manager(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let status = session.manager()?;
    let table = session.table;
    let settings = table.manager();
    let mut list = List { call, out: &mut *session.out };
    list.put("Version", &env!("CARGO_PKG_VERSION"))?;
    list.put("SystemState", &words::system(status.state))?;
    list.put("NNames", &table.len())?;
    list.put("NFailedUnits", &status.failed)?;
    list.put("NJobs", &status.jobs)?;
    list.put("FinishTimestampMonotonic", &status.boot_finished_us)?;
    list.put("TableChecksum", &Checksum(table.crc()))?;
    if settings.default_target.index() < table.len() {
        list.put("DefaultTarget", &table.unit(settings.default_target).name)?;
    }
    list.put("StrangersReaped", &status.strangers_reaped)?;
    list.put("NotificationsDropped", &status.notifications_dropped)?;
    list.put("ConsoleLinesDropped", &status.console_lines_dropped)?;
    Ok(exit::SUCCESS)
}

struct Checksum(u32);

impl Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// Prints those properties that were asked for.
pub(super) struct List<'l> {
    call: &'l Call<'l>,
    out: &'l mut dyn fmt::Write,
}

impl List<'_> {
    pub(super) fn put(&mut self, name: &str, value: &dyn Display) -> fmt::Result {
        let mut asked = self.call.properties.iter().flat_map(|list| list.split(','));
        if !self.call.properties.is_empty() && !asked.any(|each| each == name) {
            return Ok(());
        }
        if !self.call.value {
            write!(self.out, "{name}=")?;
        }
        writeln!(self.out, "{value}")
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) -> fmt::Result {
        self.put(name, &if value { "yes" } else { "no" })
    }

    pub(super) fn time(&mut self, name: &str, value: Option<Millis>) -> fmt::Result {
        match value {
            Some(Millis(ms)) => {
                self.put(name, &Span { us: u64::from(ms) * 1000, parts: usize::MAX })
            }
            None => self.put(name, &"infinity"),
        }
    }
}

fn one(call: &Call<'_>, session: &mut Session<'_, '_>, id: UnitId) -> Result<(), Failure> {
    let mut frame = [0; FRAME_MAX];
    let status = session.status(id, &mut frame)?;
    let table = session.table;
    let unit = table.unit(id);
    let mut list = List { call, out: &mut *session.out };
    list.put("Id", &unit.name)?;
    list.put("Description", &unit.description)?;
    list.put("LoadState", &"loaded")?;
    list.put("ActiveState", &words::active(status.active))?;
    list.put("SubState", &words::sub(status.sub))?;
    if let Some(job) = status.job {
        list.put("Job", &words::job(job))?;
    }
    list.put("StateChangeTimestampMonotonic", &status.state_change_us)?;
    list.put("ActiveEnterTimestampMonotonic", &status.active_enter_us)?;
    let Edges { requires, wants, conflicts, after, before, required_by } = unit.edges;
    for (name, ids) in [
        ("Requires", requires),
        ("RequiredBy", required_by),
        ("Wants", wants),
        ("Conflicts", conflicts),
        ("Before", before),
        ("After", after),
    ] {
        list.put(name, &Units(&table, ids))?;
    }
    match unit.kind {
        Kind::Target => {}
        Kind::Service(service) => {
            list.put("TriggeredBy", &Units(&table, service.sockets))?;
            settings::service(&mut list, &service, &status)?;
            settings::context(&mut list, &service.exec_context())?;
        }
        Kind::Socket(socket) => {
            list.put("Triggers", &table.unit(socket.service).name)?;
            settings::socket(&mut list, &socket, &status)?;
        }
    }
    Ok(())
}

/// Names of units, a blank between them.
struct Units<'t>(&'t Table<'t>, Ids<'t>);

impl Display for Units<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.1.iter().filter(|unit| unit.index() < self.0.len());
        for (number, unit) in known.enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            f.write_str(self.0.unit(unit).name)?;
        }
        Ok(())
    }
}
