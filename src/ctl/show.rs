//! `show`: settings and state as NAME=VALUE, named and formed as systemctl(1) has them.

use core::fmt::{self, Display};

use unit::control::{Checked, FRAME_MAX};
use unit::{Check, Edges, Ids, Kind, Millis, Table, Unit, UnitId};

use crate::features;
use crate::text::cut;

use super::args::Call;
use super::names::Typed;
use super::property::Property;
use super::session::{Failure, Outcome, Session};
use super::text::{Output, Span, is_in};
use super::{exit, group, settings, words};

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
            separate(session, &mut is_first);
            one(call, session, unit)?;
        }
        if !known {
            separate(session, &mut is_first);
            stranger(call, session, name);
        }
    }
    Ok(exit::SUCCESS)
}

fn separate(session: &mut Session<'_, '_>, is_first: &mut bool) {
    if !core::mem::take(is_first) {
        session.out.text("\n");
    }
}

/// A unit that there is not has properties that say so: scripts ask for `LoadState`.
fn stranger(call: &Call<'_>, session: &mut Session<'_, '_>, name: Typed<'_>) {
    let load = if name.is_masked(&session.table) { "masked" } else { "not-found" };
    let mut list = List::new(call, &mut session.out);
    list.other(Property::Id, &name);
    list.text(Property::LoadState, load);
    list.text(Property::ActiveState, "inactive");
    list.text(Property::SubState, "dead");
}

fn manager(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let status = session.manager()?;
    let table = session.table;
    let target = table.manager().default_target;
    let target = if target.index() < table.len() { table.name(target) } else { "" };
    let mut list = List::new(call, &mut session.out);
    list.text(Property::Version, env!("CARGO_PKG_VERSION"));
    list.other(Property::SystemState, &words::system(status.state));
    list.other(Property::NNames, &table.len());
    list.number(Property::NFailedUnits, status.failed.into());
    list.number(Property::NJobs, status.jobs.into());
    list.other(Property::FinishTimestampMonotonic, &status.boot_finished_us);
    list.other(Property::TableChecksum, &format_args!("{:08x}", table.crc()));
    list.text(Property::DefaultTarget, target);
    list.number(Property::StrangersReaped, status.strangers_reaped);
    list.number(Property::NotificationsDropped, status.notifications_dropped);
    list.number(Property::ConsoleLinesDropped, status.console_lines_dropped);
    if let (true, Some(watchdog)) = (features::HARDWARE_WATCHDOG, table.manager().watchdog()) {
        list.text(Property::WatchdogDevice, watchdog.device.trim_end_matches('\0'));
        list.seconds(Property::RuntimeWatchdogUSec, watchdog.timeout_s);
        list.other(Property::WatchdogState, &words::watchdog(status.watchdog));
        list.flag(Property::ResetByWatchdog, status.reset_by_watchdog);
    }
    Ok(exit::SUCCESS)
}

/// Prints those properties that were asked for.
pub(super) struct List<'l, 'o> {
    call: &'l Call<'l>,
    out: &'l mut Output<'o>,
    /// Whether the property that was begun is one of them.
    is_asked: bool,
}

/// One call a property: each must cost few bytes, because there are many.
impl<'l, 'o> List<'l, 'o> {
    pub(super) fn new(call: &'l Call<'l>, out: &'l mut Output<'o>) -> Self {
        Self { call, out, is_asked: false }
    }

    #[inline(never)]
    pub(super) fn text(&mut self, name: Property, value: &str) {
        self.other(name, &value);
    }

    #[inline(never)]
    pub(super) fn number(&mut self, name: Property, value: u32) {
        self.other(name, &value);
    }

    pub(super) fn flag(&mut self, name: Property, value: bool) {
        self.text(name, if value { "yes" } else { "no" });
    }

    #[inline(never)]
    pub(super) fn time(&mut self, name: Property, value: Option<Millis>) {
        match value {
            None => self.text(name, "infinity"),
            Some(Millis(ms)) => {
                self.span(name, u64::from(ms) * 1000);
            }
        }
    }

    /// A time in whole seconds.
    pub(super) fn seconds(&mut self, name: Property, value: u32) {
        self.span(name, u64::from(value) * 1_000_000);
    }

    /// A span of time in microseconds.
    #[inline(never)]
    pub(super) fn span(&mut self, name: Property, us: u64) {
        self.other(name, &Span { us, parts: usize::MAX });
    }

    /// A file mode, whose three bits a digit are spread to the four that are printed elsewhere.
    #[inline(never)]
    pub(super) fn mode(&mut self, name: Property, value: u16) {
        let digit = |place: u32| u32::from(value) >> (3 * place) & 7;
        let digits = (0..4).rev().fold(0, |digits, place| digits << 4 | digit(place));
        self.other(name, &format_args!("{digits:04x}"));
    }

    /// A resource limit: setrlimit(2).
    pub(super) fn limit(&mut self, name: Property, value: u64) {
        match value {
            u64::MAX => self.text(name, "infinity"),
            number => self.other(name, &number),
        }
    }

    #[inline(never)]
    pub(super) fn other(&mut self, name: Property, value: &dyn Display) {
        self.begin(name);
        if self.is_asked {
            writeln!(self.out, "{value}");
        }
    }

    /// A property that the table has, name and all: `NAME=value`.
    pub(super) fn said(&mut self, text: &str) {
        if let Some((name, value)) = cut(text, b'=') {
            self.begin_named(&name);
            if self.is_asked {
                writeln!(self.out, "{value}");
            }
        }
    }

    /// Prints the name, unless the property is not asked for.
    #[inline(never)]
    fn begin(&mut self, name: Property) {
        self.begin_named(&name.name());
    }

    fn begin_named(&mut self, name: &dyn Display) {
        let Call { properties, value, .. } = self.call;
        self.is_asked = properties.is_empty() || properties.iter().any(|list| is_in(list, &name));
        if self.is_asked && !value {
            write!(self.out, "{name}=");
        }
    }
}

fn one(call: &Call<'_>, session: &mut Session<'_, '_>, id: UnitId) -> Result<(), Failure> {
    let mut frame = [0; FRAME_MAX];
    let status = session.status(id, &mut frame)?;
    let table = session.table;
    let unit = table.unit(id);
    let Edges { requires, wants, after, before, required_by, triggered_by, more: _ } = unit.edges;
    let mut list = List::new(call, &mut session.out);
    list.text(Property::Id, unit.name);
    list.text(Property::Description, unit.description);
    list.text(Property::LoadState, "loaded");
    list.other(Property::ActiveState, &words::active(status.active));
    list.other(Property::SubState, &words::sub(status.sub));
    if let Some(job) = status.job {
        list.text(Property::Job, job.word());
    }
    if features::CONDITIONS && !unit.checks.is_empty() {
        let unmet = unmet(&unit, status.checked);
        list.flag(Property::ConditionResult, unmet.is_none_or(|check| check.is_assert));
        list.flag(Property::AssertResult, unmet.is_none_or(|check| !check.is_assert));
        for check in unit.checks.iter() {
            list.text(
                if check.is_assert { Property::Asserts } else { Property::Conditions },
                check.text,
            );
        }
    }
    list.other(Property::StateChangeTimestampMonotonic, &status.state_change_us);
    list.other(Property::ActiveEnterTimestampMonotonic, &status.active_enter_us);
    list.other(Property::Requires, &Units(&table, requires));
    list.other(Property::RequiredBy, &Units(&table, required_by));
    list.other(Property::Wants, &Units(&table, wants));
    list.other(Property::Before, &Units(&table, before));
    list.other(Property::After, &Units(&table, after));
    relations(&mut list, &table, &unit.edges);
    let sockets = match &unit.kind {
        Kind::Service(service) => service.sockets,
        Kind::Target
        | Kind::Slice
        | Kind::Socket(_)
        | Kind::Timer(_)
        | Kind::Path(_)
        | Kind::Mount(_) => Ids::EMPTY,
    };
    let blank = if sockets.is_empty() || triggered_by.is_empty() { "" } else { " " };
    let (sockets, others) = (Units(&table, sockets), Units(&table, triggered_by));
    list.other(Property::TriggeredBy, &format_args!("{sockets}{blank}{others}"));
    match &unit.kind {
        Kind::Target | Kind::Slice => {}
        Kind::Service(service) => {
            settings::service(&mut list, service, &status);
            settings::context(&mut list, &service.exec_context());
        }
        Kind::Socket(socket) => {
            list.text(Property::Triggers, table.name(socket.service));
            settings::socket(&mut list, socket, &status);
        }
        Kind::Mount(mount) => settings::mount(&mut list, mount),
        Kind::Path(path) => settings::path(&mut list, table.name(path.unit), path),
        Kind::Timer(timer) => {
            let setup = timer.setup();
            settings::timer(&mut list, table.name(timer.unit), &setup, &status);
        }
    }
    group::properties(session, call, id);
    Ok(())
}

/// What only few units have is left out where there is nothing of it.
fn relations(list: &mut List<'_, '_>, table: &Table<'_>, edges: &Edges<'_>) {
    if !features::RELATIONS && !features::ISOLATE && !features::JOB_TIMEOUTS {
        return;
    }
    let relations = edges.relations();
    for (name, units) in [
        (Property::Conflicts, relations.conflicts),
        (Property::ConflictedBy, relations.conflicted_by),
        (Property::Requisite, relations.requisite),
        (Property::BindsTo, relations.binds_to),
        (Property::BoundBy, relations.bound_by),
        (Property::ConsistsOf, relations.consists_of),
        (Property::PropagatesStopTo, relations.stop_to),
        (Property::PropagatesReloadTo, relations.reload_to),
        (Property::Upholds, relations.upholds),
        (Property::UpheldBy, relations.upheld_by),
        (Property::OnFailure, relations.on_failure),
        (Property::OnSuccess, relations.on_success),
    ] {
        if !units.is_empty() {
            list.other(name, &Units(table, units));
        }
    }
    list.flag(Property::CanIsolate, relations.allow_isolate);
    list.flag(Property::RefuseManualStart, relations.refuse_manual_start);
    list.flag(Property::RefuseManualStop, relations.refuse_manual_stop);
    list.flag(Property::StopWhenUnneeded, relations.stop_when_unneeded);
    list.flag(Property::IgnoreOnIsolate, relations.ignore_on_isolate);
    list.time(Property::JobTimeoutUSec, relations.job_timeout);
    list.time(Property::JobRunningTimeoutUSec, relations.job_running_timeout);
    list.text(Property::JobTimeoutAction, relations.job_timeout_action.word());
    if features::REBOOT_ARGUMENTS {
        for (name, argument) in [
            (Property::JobTimeoutRebootArgument, relations.job_timeout_reboot_argument),
            (Property::RebootArgument, relations.reboot_argument),
        ] {
            list.text(name, argument.trim_end_matches('\0'));
        }
    }
}

/// The condition or assert that did not hold at the last start.
pub(super) fn unmet<'t>(unit: &Unit<'t>, checked: Checked) -> Option<Check<'t>> {
    if !features::CONDITIONS {
        return None;
    }
    match checked {
        Checked::Never | Checked::Met => None,
        Checked::Unmet(place) => unit.checks.get(place.into()),
    }
}

/// Names of units, a blank between them.
struct Units<'t>(&'t Table<'t>, Ids<'t>);

impl Display for Units<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.1.iter().filter(|unit| unit.index() < self.0.len());
        for (number, unit) in known.enumerate() {
            f.write_str(if number > 0 { " " } else { "" })?;
            f.write_str(self.0.name(unit))?;
        }
        Ok(())
    }
}
