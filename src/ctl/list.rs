//! `list-units` and `list-sockets`: tables in columns.
//!
//! Without a heap no table is kept: it is walked once for the widths and once more to print. A
//! state that changes in between costs a crooked line, no more.

use core::fmt::{self, Display};

use unit::control::{ActiveState, FRAME_MAX, InstanceStatus, Peer, SubState};
use unit::{Address, Kind, Listener, UnitId};

use super::address::{Printed, PrintedPeer, SortKey};
use super::args::Call;
use super::names::Typed;
use super::session::{Failure, Outcome, Session};
use super::text::{cell, width};
use super::{exit, words};

/// Prints units and instances.
pub(super) fn units(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let mut widths =
        if call.no_legend { [0; 4] } else { ["UNIT", "LOAD", "ACTIVE", "SUB"].map(str::len) };
    walk(call, session, &mut |_, row| {
        let cells: [&dyn Display; 4] = row.cells();
        for (widest, cell) in widths.iter_mut().zip(cells) {
            *widest = (*widest).max(width(cell));
        }
        Ok(())
    })?;
    if !call.no_legend {
        let headings: [&dyn Display; 4] = [&"UNIT", &"LOAD", &"ACTIVE", &"SUB"];
        line(session, "  ", headings, widths, &"DESCRIPTION")?;
    }
    let mut count = 0u32;
    walk(call, session, &mut |session, row| {
        count += 1;
        let mark = if row.active == ActiveState::Failed { "● " } else { "  " };
        line(session, mark, row.cells(), widths, &row.description)
    })?;
    if !call.no_legend {
        let hint = if call.all { "" } else { " Pass --all to see inactive units, too." };
        writeln!(session.out, "\n{count} loaded units listed.{hint}")?;
    }
    Ok(exit::SUCCESS)
}

fn line<const N: usize>(
    session: &mut Session<'_, '_>,
    mark: &str,
    cells: [&dyn Display; N],
    widths: [usize; N],
    last: &dyn Display,
) -> Result<(), Failure> {
    session.out.write_str(mark)?;
    for (value, width) in cells.into_iter().zip(widths) {
        cell(session.out, value, width)?;
    }
    writeln!(session.out, "{last}")?;
    Ok(())
}

/// A line of `list-units`.
struct Row<'t> {
    name: Name<'t>,
    description: Description<'t>,
    active: ActiveState,
    active_word: &'static str,
    sub_word: &'static str,
}

impl<'t> Row<'t> {
    const fn new(
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

    const fn cells(&self) -> [&dyn Display; 4] {
        [&self.name, &"loaded", &self.active_word, &self.sub_word]
    }
}

/// A unit's name; an instance's as systemd makes it, without the local end: `echo@3-PEER.service`.
struct Name<'t>(&'t str, Option<InstanceStatus>);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.1, self.0.split_once('@')) {
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
    each: &mut dyn FnMut(&mut Session<'_, '_>, &Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let table = session.table;
    let mut frame = [0; FRAME_MAX];
    for id in table.ids() {
        let unit = table.unit(id);
        if !chosen(call, unit.name, &unit.kind) {
            continue;
        }
        let status = session.status(id, &mut frame)?;
        let idle = status.active == ActiveState::Inactive && status.job.is_none();
        let row = Row::new(unit.name, unit.description, None, status.active, status.sub);
        let shown = match call.states {
            Some(states) => is_in(states, row.active_word) || is_in(states, row.sub_word),
            None => call.all || !idle,
        };
        if shown {
            each(session, &row)?;
        }
    }
    session.instances(|session, instance| {
        let (active, sub) = (ActiveState::Active, SubState::Running);
        let Some(template) = template_of(session, instance.socket) else {
            return Err(Failure::Confused);
        };
        let unit = table.unit(template);
        let row = Row::new(unit.name, unit.description, Some(instance), active, sub);
        let shown = chosen(call, unit.name, &unit.kind)
            && call.states.is_none_or(|states| is_in(states, "active") || is_in(states, "running"));
        if shown { each(session, &row) } else { Ok(()) }
    })
}

/// The service whose instances a socket starts.
fn template_of(session: &Session<'_, '_>, socket: UnitId) -> Option<UnitId> {
    let known = |unit: &UnitId| unit.index() < session.table.len();
    let Kind::Socket(socket) = session.table.unit(Some(socket).filter(known)?).kind else {
        return None;
    };
    Some(socket.service).filter(known)
}

fn chosen(call: &Call<'_>, name: &str, kind: &Kind<'_>) -> bool {
    let kind = match kind {
        Kind::Target => "target",
        Kind::Service(_) => "service",
        Kind::Socket(_) => "socket",
    };
    call.types.is_none_or(|types| is_in(types, kind))
        && (call.names.is_empty() || call.names.iter().any(|&typed| Typed(typed).is(name)))
}

fn is_in(list: &str, word: &str) -> bool {
    list.split(',').any(|each| each == word)
}

/// Prints listeners, one a line, ordered by address.
pub(super) fn sockets(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let mut widths = if call.no_legend { [0; 2] } else { ["LISTEN", "UNIT"].map(str::len) };
    let mut last = None;
    while let Some(found) = next_listener(session, last) {
        last = Some(found.place);
        if found.is_shown(call, session)? {
            let cells: [&dyn Display; 2] = [&Printed(found.address), &found.unit];
            for (widest, cell) in widths.iter_mut().zip(cells) {
                *widest = (*widest).max(width(cell));
            }
        }
    }
    if !call.no_legend {
        line(session, "", [&"LISTEN", &"UNIT"], widths, &"ACTIVATES")?;
    }
    let mut count = 0u32;
    last = None;
    while let Some(found) = next_listener(session, last) {
        last = Some(found.place);
        if found.is_shown(call, session)? {
            count += 1;
            let cells: [&dyn Display; 2] = [&Printed(found.address), &found.unit];
            line(session, "", cells, widths, &found.activates)?;
        }
    }
    if !call.no_legend {
        let hint = if call.all { "" } else { "Pass --all to see inactive sockets, too.\n" };
        write!(session.out, "\n{count} sockets listed.\n{hint}")?;
    }
    Ok(exit::SUCCESS)
}

/// Where a listener stands: by its address, then by where it is in the table.
type Place<'t> = (SortKey<'t>, UnitId, usize);

/// A line of `list-sockets`.
struct Found<'t> {
    place: Place<'t>,
    address: Address<'t>,
    unit: &'t str,
    activates: &'t str,
}

impl Found<'_> {
    fn is_shown(&self, call: &Call<'_>, session: &mut Session<'_, '_>) -> Result<bool, Failure> {
        let named = call.names.iter().any(|&typed| Typed(typed).is(self.unit));
        if !call.names.is_empty() && !named {
            return Ok(false);
        }
        let mut frame = [0; FRAME_MAX];
        Ok(call.all || session.status(self.place.1, &mut frame)?.active != ActiveState::Inactive)
    }
}

/// The first listener behind `last`. Asked for one by one, all of them come in order, in as many
/// walks over the table as there are listeners.
fn next_listener<'t>(session: &Session<'_, 't>, last: Option<Place<'t>>) -> Option<Found<'t>> {
    let table = session.table;
    let mut next: Option<(Place<'t>, Listener<'t>, UnitId)> = None;
    for id in table.ids() {
        let Kind::Socket(socket) = table.unit(id).kind else { continue };
        for (number, listener) in socket.listeners.iter().enumerate() {
            let place = (SortKey::of(&listener), id, number);
            let is_behind = last.is_none_or(|last| place > last);
            if is_behind && next.as_ref().is_none_or(|(nearest, ..)| place < *nearest) {
                next = Some((place, listener, socket.service));
            }
        }
    }
    next.map(|(place, listener, service)| Found {
        place,
        address: listener.address,
        unit: table.unit(place.1).name,
        activates: table.unit(service).name,
    })
}
