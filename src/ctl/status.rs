//! `status`: what a person wants to know of a unit, in systemctl's shape.

use core::fmt::{self, Display};

use unit::control::{
    ActiveState, Exit, FRAME_MAX, InstanceStatus, Peer, Retry, SubState, UnitResult, UnitStatus,
    WatchdogState,
};
use unit::{Kind, ListenerId, Mount, Service, Socket, Unit, UnitId};

use super::address::{self, PrintedPeer};
use super::args::Call;
use super::names::Typed;
use super::session::{Failure, Outcome, Session};
use super::settings::CommandLine;
use super::text::{Harmless, Output, SinceBoot, Span};
use super::{exit, group, log, show, words};
use crate::address::Printed;
use crate::features;
use crate::reason::Reason;

/// Columns of the words before the colons.
const LABEL_COLUMNS: usize = 11;

/// Prints the named units, or the whole. Exit code 0: all are active; 3: one is not; 4: there is
/// no such unit. The first that is not 0 counts.
pub(super) fn run(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let now = session.manager()?;
    if call.names.is_empty() {
        return overview(session, &now);
    }
    let table = session.table;
    let mut code = exit::SUCCESS;
    let mut is_first = true;
    for &name in &call.names {
        let name = Typed(name);
        let mut known = false;
        for unit in name.units(&table) {
            known = true;
            if !core::mem::take(&mut is_first) {
                session.out.text("\n");
            }
            let next = one(session, unit, now.now_us)?;
            code = if code == exit::SUCCESS { next } else { code };
        }
        if !known && name.is_masked(&table) {
            if !core::mem::take(&mut is_first) {
                session.out.text("\n");
            }
            writeln!(session.out, "○ {name}\n     Loaded: masked (Reason: Unit {name} is masked.)");
            session.out.text("     Active: inactive (dead)\n");
            code = if code == exit::SUCCESS { exit::NOT_RUNNING } else { code };
        } else if !known {
            session.complain_of_name(name, "");
            code = if code == exit::SUCCESS { exit::NO_SUCH_UNIT } else { code };
        }
    }
    Ok(code)
}

fn overview(session: &mut Session<'_, '_>, now: &unit::control::ManagerStatus) -> Outcome {
    let table = session.table;
    let hostname = table.manager().hostname;
    let out = &mut session.out;
    write!(
        out,
        "● {}
    State: {}
    Units: {} loaded (table {:08x})
     Jobs: {} queued
   Failed: {} units
       Up: {}
",
        if hostname.is_empty() { "board" } else { hostname },
        words::system(now.state),
        table.len(),
        table.crc(),
        now.jobs,
        now.failed,
        Span { us: now.now_us, parts: 2 },
    );
    if now.boot_finished_us > 0 {
        writeln!(out, "   Booted: {}", SinceBoot(now.boot_finished_us));
    }
    if features::HARDWARE_WATCHDOG && now.watchdog != WatchdogState::None {
        let reset = if now.reset_by_watchdog { "; it has reset the board" } else { "" };
        writeln!(out, " Watchdog: {}{reset}", words::watchdog(now.watchdog));
    }
    Ok(exit::SUCCESS)
}

fn one(session: &mut Session<'_, '_>, id: UnitId, now_us: u64) -> Outcome {
    let mut frame = [0; FRAME_MAX];
    let status = session.status(id, &mut frame)?;
    let unit = session.table.unit(id);
    head(session, &unit, &status, now_us);
    for (number, starter) in unit.edges.triggered_by.iter().enumerate() {
        relative(session, "TriggeredBy", number, starter)?;
    }
    match unit.kind {
        Kind::Target | Kind::Slice => {}
        Kind::Service(service) => of_service(session, &service, &status)?,
        Kind::Socket(socket) => of_socket(session, id, &socket, &status, now_us)?,
        Kind::Timer(timer) => relative(session, "Triggers", 0, timer.unit)?,
        Kind::Path(path) => relative(session, "Triggers", 0, path.unit)?,
        Kind::Mount(mount) => of_mount(session, &mount),
    }
    group::lines(session, id);
    log::tail(session, id);
    Ok(match status.active {
        ActiveState::Inactive | ActiveState::Failed => exit::NOT_RUNNING,
        ActiveState::Activating
        | ActiveState::Active
        | ActiveState::Reloading
        | ActiveState::Deactivating => exit::SUCCESS,
    })
}

fn head(session: &mut Session<'_, '_>, unit: &Unit<'_>, status: &UnitStatus<'_>, now_us: u64) {
    let crc = session.table.crc();
    let out = &mut session.out;
    let is_named_twice = unit.description == unit.name;
    let (dash, description) = if is_named_twice { ("", "") } else { (" - ", unit.description) };
    write!(
        out,
        "{} {}{dash}{description}
     Loaded: loaded (table {crc:08x})
     Active: {}",
        words::dot(status.active),
        unit.name,
        words::active(status.active),
    );
    if !matches!(status.sub, SubState::Failed | SubState::Active | SubState::InUse) {
        write!(out, " ({})", words::sub(status.sub));
    }
    if status.result != UnitResult::Success {
        write!(out, " (Result: {})", status.result.name());
    }
    // Of what is up it is told how long it has been so, whatever it is doing.
    let since = match status.active {
        ActiveState::Active | ActiveState::Reloading => status.active_enter_us,
        ActiveState::Inactive
        | ActiveState::Activating
        | ActiveState::Deactivating
        | ActiveState::Failed => status.state_change_us,
    };
    if since > 0 {
        let ago = Span { us: now_us.saturating_sub(since), parts: 2 };
        write!(out, " since {}; {ago} ago", SinceBoot(since));
    }
    out.text("\n");
    if let Some(check) = show::unmet(unit, status.checked) {
        let kind = if check.is_assert { "     Assert" } else { "  Condition" };
        writeln!(out, "{kind}: {} was not met", check.text);
    }
    if let Some(job) = status.job {
        writeln!(out, "        Job: {}", job.word());
    }
}

/// Prints a word and a colon before the first of several lines, blanks before the others.
fn label(out: &mut Output<'_>, word: &str, number: usize) {
    if number > 0 {
        return out.blanks(LABEL_COLUMNS + 2);
    }
    out.blanks(LABEL_COLUMNS.saturating_sub(word.len()));
    write!(out, "{word}: ");
}

/// A line for a unit that has to do with this one.
fn relative(
    session: &mut Session<'_, '_>,
    word: &str,
    number: usize,
    unit: UnitId,
) -> Result<(), Failure> {
    if unit.index() >= session.table.len() {
        return Err(Failure::Confused);
    }
    let dot = words::dot(session.state(unit)?.active);
    label(&mut session.out, word, number);
    writeln!(session.out, "{dot} {}", session.table.name(unit));
    Ok(())
}

fn of_service(
    session: &mut Session<'_, '_>,
    service: &Service<'_>,
    status: &UnitStatus<'_>,
) -> Result<(), Failure> {
    for (number, socket) in service.sockets.iter().enumerate() {
        relative(session, "TriggeredBy", number, socket)?;
    }
    if let (0, Some(exit)) = (status.main_pid, status.exit) {
        let ended = Ended(exit);
        let count = service.exec_start.len();
        match service.exec_start.iter().last() {
            // PID 1 does not say which; all have ended well if the last has.
            Some(_) if count > 1 && exit != Exit::Code(0) => {
                writeln!(session.out, "    Process: one of {count} ExecStart= ({ended})");
            }
            command => {
                let line = CommandLine(
                    command.map_or(unit::Args::from_bytes(&[]), |command| command.args),
                );
                writeln!(session.out, "    Process: ExecStart={line} ({ended})");
            }
        }
    }
    process(session, "   Main PID", status.main_pid);
    process(session, "  Cntrl PID", status.control_pid);
    if status.status_errno != 0 {
        writeln!(session.out, "      Error: {}", Reason(status.status_errno));
    }
    if !status.status_text.is_empty() {
        writeln!(session.out, "     Status: \"{}\"", Harmless(status.status_text));
    }
    if features::FD_STORE && status.held > 0 {
        let limit = features::more(service).store_max;
        writeln!(session.out, "   FD Store: {} (limit: {limit})", status.held);
    }
    if status.restarts > 0 {
        writeln!(session.out, "   Restarts: {}", status.restarts);
    }
    Ok(())
}

fn process(session: &mut Session<'_, '_>, label: &str, pid: u32) {
    if pid == 0 {
        return;
    }
    let mut name = [0; 16];
    let length = session.link.process_name(pid, &mut name);
    let name = name.get(..length).and_then(|name| core::str::from_utf8(name).ok());
    match name {
        None | Some("") => writeln!(session.out, "{label}: {pid}"),
        Some(name) => writeln!(session.out, "{label}: {pid} ({name})"),
    }
}

/// How a process ended.
struct Ended(Exit);

impl Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, signal) = match self.0 {
            Exit::Code(code) => {
                write!(f, "code=exited, status={code}")?;
                let name = words::exit_code(code);
                return if name.0.is_empty() { Ok(()) } else { write!(f, "/{name}") };
            }
            Exit::Signal(signal) => ("killed", signal),
            Exit::Core(signal) => ("dumped", signal),
        };
        write!(f, "code={how}, signal={}", words::signal_name(signal))
    }
}

/// Why a socket is not open, and when it will be tried again.
fn retry(session: &mut Session<'_, '_>, socket: &Socket<'_>, retry: Retry, now_us: u64) {
    let Retry { listener: ListenerId(number), errno, at_us } = retry;
    let place = number.checked_sub(socket.first_listener.0);
    let Some(listener) = place.and_then(|place| socket.listeners.get(place.into())) else { return };
    label(&mut session.out, "Retry", 0);
    let left = Span { us: at_us.saturating_sub(now_us), parts: 1 };
    let reason = Reason(errno);
    writeln!(session.out, "{}: {reason}; again in {left}", Printed(listener.address));
}

fn of_socket(
    session: &mut Session<'_, '_>,
    id: UnitId,
    socket: &Socket<'_>,
    status: &UnitStatus<'_>,
    now_us: u64,
) -> Result<(), Failure> {
    if let Some(why) = status.retry {
        retry(session, socket, why, now_us);
    }
    process(session, "  Cntrl PID", status.control_pid);
    relative(session, "Triggers", 0, socket.service)?;
    for (number, listener) in socket.listeners.iter().enumerate() {
        label(&mut session.out, "Listen", number);
        let kind = address::kind(listener.kind);
        writeln!(session.out, "{} ({kind})", Printed(listener.address));
    }
    if !socket.accept {
        label(&mut session.out, "Triggered", 0);
        writeln!(session.out, "{}", status.triggered);
        return Ok(());
    }
    let UnitStatus { accepted, held, refused, .. } = *status;
    write!(session.out, "   Accepted: {accepted}; Connected: {held};");
    if refused > 0 {
        write!(session.out, "  Refused: {refused}");
    }
    session.out.text("\n");
    let mut number = 0;
    session.instances(&mut |session, instance| {
        if instance.socket == id {
            label(&mut session.out, "Instances", number);
            number += 1;
            writeln!(session.out, "{}", Connection(instance));
        }
        Ok(())
    })
}

fn of_mount(session: &mut Session<'_, '_>, mount: &Mount<'_>) {
    if !features::MOUNTS {
        return;
    }
    let swap = mount.swap().filter(|_| features::SWAPS);
    let what = match swap {
        Some(setup) => setup.what,
        None => {
            let setup = mount.setup();
            writeln!(session.out, "      Where: {}", setup.target.trim_end_matches('\0'));
            setup.what
        }
    };
    writeln!(session.out, "       What: {}", what.trim_end_matches('\0'));
}

/// A live connection: its process, and whom it serves.
struct Connection(InstanceStatus);

impl Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0.number)?;
        if !matches!(self.0.peer, Peer::Unix { .. }) {
            write!(f, " {}", PrintedPeer(self.0.peer))?;
        }
        match self.0.pid {
            0 => Ok(()),
            pid => write!(f, " (pid {pid})"),
        }
    }
}
