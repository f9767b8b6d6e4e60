//! `list-units` and `list-sockets`: tables in columns.
//!
//! Without a heap no table is kept: it is walked once for the widths and once more to print. A
//! state that changes in between costs a crooked line, no more.

use core::fmt::{self, Display};

use unit::control::{ActiveState, InstanceStatus, Peer, SubState};
use unit::{Kind, Table, UnitId};

use super::address::{PrintedPeer, SortKey};
use super::args::Call;
use super::session::{Failure, Outcome, Session};
use super::text::{is_in, width};
use super::{exit, words};
use crate::address::Printed;
use crate::packed::Packed;
use crate::text::cut;

/// Prints units and instances.
pub(super) fn units(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    const HEADINGS: [&dyn Display; 5] = [&"UNIT", &"LOAD", &"ACTIVE", &"SUB", &"DESCRIPTION"];
    let mut columns = Columns::new(call, "  ", &HEADINGS);
    while columns.next_walk(session) {
        walk(call, session, &mut |session, row| {
            let mark = if row.active == ActiveState::Failed { "● " } else { "  " };
            let active: &dyn Display = &row.active_word;
            columns.row(
                session,
                mark,
                &[&row.name, &"loaded", active, &row.sub_word, &row.description],
            );
        })?;
    }
    if !call.no_legend {
        let hint = if call.all { "" } else { " Pass --all to see inactive units, too." };
        writeln!(session.out, "\n{} loaded units listed.{hint}", columns.count);
    }
    Ok(exit::SUCCESS)
}

/// Most columns of a table.
const COLUMNS_MAX: usize = 6;

/// A table that is walked twice: for the widths of its columns, then to print it.
pub(super) struct Columns<'h> {
    headings: &'h [&'h dyn Display],
    mark: &'static str,
    widths: [usize; COLUMNS_MAX],
    walks: u8,
    /// Rows, without the headings.
    count: u32,
}

impl<'h> Columns<'h> {
    #[inline(never)]
    pub(super) fn new(
        call: &Call<'_>,
        mark: &'static str,
        headings: &'h [&'h dyn Display],
    ) -> Self {
        let headings = if call.no_legend { &[] } else { headings };
        Self { headings, mark, widths: [0; COLUMNS_MAX], walks: 0, count: 0 }
    }

    /// How many rows there are.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Begins the next walk; false behind the last.
    pub(super) fn next_walk(&mut self, session: &mut Session<'_, '_>) -> bool {
        self.walks += 1;
        if self.walks < 3 && !self.headings.is_empty() {
            self.row(session, self.mark, self.headings);
        }
        if self.walks < 3 {
            self.count = 0;
        }
        self.walks < 3
    }

    /// Measures or prints a row; its last column needs no width.
    #[inline(never)]
    pub(super) fn row(
        &mut self,
        session: &mut Session<'_, '_>,
        mark: &str,
        cells: &[&dyn Display],
    ) {
        self.count += 1;
        let Some((last, cells)) = cells.split_last() else { return };
        if self.walks > 1 {
            session.out.text(mark);
        }
        for (&value, widest) in cells.iter().zip(&mut self.widths) {
            if self.walks > 1 {
                session.out.cell(value, *widest);
            } else {
                *widest = (*widest).max(width(value));
            }
        }
        if self.walks > 1 {
            writeln!(session.out, "{last}");
        }
    }
}

/// A line of `list-units`.
struct Row<'t> {
    name: Name<'t>,
    description: Description<'t>,
    active: ActiveState,
    active_word: Packed,
    sub_word: Packed,
}

impl<'t> Row<'t> {
    fn new(
        name: &'t str,
        description: &'t str,
        instance: Option<InstanceStatus>,
        active: ActiveState,
        sub: SubState,
    ) -> Self {
        Self {
            name: Name(name, instance),
            description: Description(description, instance),
            active,
            active_word: words::active(active),
            sub_word: words::sub(sub),
        }
    }
}

/// A unit's name; an instance's as systemd makes it, without the local end: `echo@3-PEER.service`.
struct Name<'t>(&'t str, Option<InstanceStatus>);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.1, cut(self.0, b'@')) {
            (Some(instance), Some((stem, suffix))) => {
                write!(f, "{stem}@{}", instance.number)?;
                if !matches!(instance.peer, Peer::Unix { .. }) {
                    write!(f, "-{}", PrintedPeer(instance.peer))?;
                }
                f.write_str(suffix)
            }
            (_, None) | (None, Some(_)) => f.write_str(self.0),
        }
    }
}

/// A unit's description; an instance's as systemd makes it: with the peer.
struct Description<'t>(&'t str, Option<InstanceStatus>);

impl Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        self.1.map_or(Ok(()), |instance| write!(f, " ({})", PrintedPeer(instance.peer)))
    }
}

/// Hands every row that is to be shown to `each`.
fn walk(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    each: &mut dyn FnMut(&mut Session<'_, '_>, &Row<'_>),
) -> Result<(), Failure> {
    let table = session.table;
    for id in table.ids() {
        let unit = table.unit(id);
        if !chosen(call, unit.name, &unit.kind) {
            continue;
        }
        let state = session.state(id)?;
        let idle = state.active == ActiveState::Inactive && state.job.is_none();
        let row = Row::new(unit.name, unit.description, None, state.active, state.sub);
        let shown = match call.states {
            Some(states) => is_in(states, &row.active_word) || is_in(states, &row.sub_word),
            None => call.all || !idle,
        };
        if shown {
            each(session, &row);
        }
    }
    session.instances(&mut |session, instance| {
        let (active, sub) = (ActiveState::Active, SubState::Running);
        let Some(template) = template_of(session, instance.socket) else {
            return Err(Failure::Confused);
        };
        let unit = table.unit(template);
        let row = Row::new(unit.name, unit.description, Some(instance), active, sub);
        let shown = chosen(call, unit.name, &unit.kind)
            && call
                .states
                .is_none_or(|states| is_in(states, &"active") || is_in(states, &"running"));
        if shown {
            each(session, &row);
        }
        Ok(())
    })
}

/// The service whose instances a socket starts.
fn template_of(session: &Session<'_, '_>, socket: UnitId) -> Option<UnitId> {
    let known = |unit: &UnitId| unit.index() < session.table.len();
    let Kind::Socket(socket) = session.table.kind(Some(socket).filter(known)?) else {
        return None;
    };
    Some(socket.service).filter(known)
}

fn chosen(call: &Call<'_>, name: &str, kind: &Kind<'_>) -> bool {
    let kind = match kind {
        Kind::Target => "target",
        Kind::Slice => "slice",
        Kind::Service(_) => "service",
        Kind::Socket(_) => "socket",
        Kind::Timer(_) => "timer",
        Kind::Mount(mount) if mount.is_swap => "swap",
        Kind::Mount(_) => "mount",
        Kind::Path(_) => "path",
    };
    call.types.is_none_or(|types| is_in(types, &kind)) && call.selects(name)
}

/// Prints listeners, one a line, ordered by address.
pub(super) fn sockets(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    const HEADINGS: [&dyn Display; 3] = [&"LISTEN", &"UNIT", &"ACTIVATES"];
    let table = session.table;
    let mut columns = Columns::new(call, "", &HEADINGS);
    while columns.next_walk(session) {
        let mut last = None;
        while let Some(place) = next_listener(&table, last.as_ref()) {
            let (_, id, number) = place;
            last = Some(place);
            let Kind::Socket(socket) = table.kind(id) else { continue };
            let Some(listener) = socket.listeners.get(number) else { continue };
            let unit = table.name(id);
            let is_shown = call.selects(unit)
                && (call.all || session.state(id)?.active != ActiveState::Inactive);
            if is_shown {
                let (address, activates) = (Printed(listener.address), table.name(socket.service));
                columns.row(session, "", &[&address, &unit, &activates]);
            }
        }
    }
    if !call.no_legend {
        let hint = if call.all { "" } else { "Pass --all to see inactive sockets, too.\n" };
        write!(session.out, "\n{} sockets listed.\n{hint}", columns.count);
    }
    Ok(exit::SUCCESS)
}

/// Where a listener stands: by its address, then by where it is in the table.
type Place<'t> = (SortKey<'t>, UnitId, usize);

#[inline(never)]
fn precedes(one: &Place<'_>, other: &Place<'_>) -> bool {
    one < other
}

/// The first listener behind `last`. Asked for one by one, all of them come in order, in as many
/// walks over the table as there are listeners.
fn next_listener<'t>(table: &Table<'t>, last: Option<&Place<'t>>) -> Option<Place<'t>> {
    let mut next: Option<Place<'t>> = None;
    for id in table.ids() {
        let Kind::Socket(socket) = table.kind(id) else { continue };
        for (number, listener) in socket.listeners.iter().enumerate() {
            let place = (SortKey::of(&listener), id, number);
            let is_behind = last.is_none_or(|last| precedes(last, &place));
            if is_behind && next.as_ref().is_none_or(|nearest| precedes(&place, nearest)) {
                next = Some(place);
            }
        }
    }
    next
}
