//! `list-dependencies`, `list-jobs`, `is-enabled`, `get-default`: units among each other.

use core::fmt::Display;

use heapless::Vec;
use unit::{Kind, Table, UnitId};

use super::args::{Call, Direction};
use super::list::Columns;
use super::names::Typed;
use super::session::{Outcome, Session};
use super::{exit, words};
use crate::features;

/// Targets within targets that are followed.
const DEPTH_MAX: usize = 16;

/// Prints what the named units, or the default target, pull in.
pub(super) fn dependencies(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let table = session.table;
    let default = [table.name(table.manager().default_target)];
    let names = if call.names.is_empty() { &default[..] } else { &call.names[..] };
    let mut code = exit::SUCCESS;
    for &name in names {
        let mut known = false;
        for unit in Typed(name).units(&table) {
            known = true;
            writeln!(session.out, "{}", table.name(unit));
            tree(call, session, unit)?;
        }
        if !known {
            session.complain_of_name(Typed(name), "list");
            code = exit::FAILURE;
        }
    }
    Ok(code)
}

/// A unit whose dependencies are being printed, and those that are: (unit, how many).
type Trail = Vec<(UnitId, usize), DEPTH_MAX>;

/// As systemctl does: a target within is followed, others with `--all`.
fn tree(
    call: &Call<'_>,
    session: &mut Session<'_, '_>,
    unit: UnitId,
) -> Result<(), super::session::Failure> {
    let table = session.table;
    let mut trail = Trail::new();
    let _ = trail.push((unit, 0));
    while let Some(&mut (parent, ref mut place)) = trail.last_mut() {
        let Some(child) = nth(&table, call.direction, parent, *place) else {
            trail.pop();
            continue;
        };
        *place += 1;
        let state = session.state(child)?.active;
        write!(session.out, "{} ", words::dot(state));
        for &(parent, place) in &trail[..trail.len() - 1] {
            let more = nth(&table, call.direction, parent, place).is_some();
            session.out.text(if more { "│ " } else { "  " });
        }
        let (parent, place) = trail[trail.len() - 1];
        let more = nth(&table, call.direction, parent, place).is_some();
        let branch = if more { "├─" } else { "└─" };
        writeln!(session.out, "{branch}{}", table.name(child));
        let is_followed = call.all || matches!(table.kind(child), Kind::Target);
        if is_followed && trail.iter().all(|(unit, _)| *unit != child) {
            // Deeper than that nobody reads.
            let _ = trail.push((child, 0));
        }
    }
    Ok(())
}

/// Dependency number `place` of a unit: targets behind all others, else in start order.
fn nth(table: &Table<'_>, direction: Direction, parent: UnitId, place: usize) -> Option<UnitId> {
    let mut before = place;
    for wants_target in [false, true] {
        for unit in table.ids() {
            let is_target = matches!(table.kind(unit), Kind::Target);
            if is_target != wants_target || !is_dependency(table, direction, parent, unit) {
                continue;
            }
            if before == 0 {
                return Some(unit);
            }
            before -= 1;
        }
    }
    None
}

fn is_dependency(table: &Table<'_>, direction: Direction, parent: UnitId, unit: UnitId) -> bool {
    let pulls = |parent: UnitId, unit: UnitId| {
        let edges = table.edges(parent);
        edges.requires.contains(unit)
            || edges.wants.contains(unit)
            || features::RELATIONS && edges.relations().requisite.contains(unit)
    };
    match direction {
        Direction::Needs => pulls(parent, unit),
        Direction::NeededBy => pulls(unit, parent),
        Direction::After => table.edges(parent).after.contains(unit),
        Direction::Before => table.edges(parent).before.contains(unit),
    }
}

/// Prints the jobs that have not ended; a job goes by the number of its unit.
pub(super) fn jobs(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    const HEADINGS: [&dyn Display; 4] = [&"JOB", &"UNIT", &"TYPE", &"STATE"];
    let table = session.table;
    let mut columns = Columns::new(call, "", &HEADINGS);
    if session.manager()?.jobs == 0 {
        session.out.text("No jobs running.\n");
        return Ok(exit::SUCCESS);
    }
    while columns.next_walk(session) {
        for unit in table.ids() {
            let name = table.name(unit);
            let state = session.state(unit)?;
            let Some(job) = state.job.filter(|_| call.selects(name)) else { continue };
            let progress = if state.job_running { "running" } else { "waiting" };
            columns.row(session, "", &[&unit.0, &name, &job.word(), &progress]);
        }
    }
    if !call.no_legend {
        writeln!(session.out, "\n{} jobs listed.", columns.count());
    }
    Ok(exit::SUCCESS)
}

/// Succeeds if something pulls each of the units in, which is what being enabled comes to when
/// everything is decided at build, or if its file has nothing to say of that.
pub(super) fn is_enabled(call: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let table = session.table;
    let mut code = exit::SUCCESS;
    for &name in &call.names {
        let mut known = false;
        for unit in Typed(name).units(&table) {
            known = true;
            let is_pulled = nth(&table, Direction::NeededBy, unit, 0).is_some();
            let enabled = is_pulled || unit == table.manager().default_target;
            let word = match (table.manager().unit_files().is_installable(unit), enabled) {
                (false, _) => "static\n",
                (true, true) => "enabled\n",
                (true, false) => {
                    code = exit::FAILURE;
                    "disabled\n"
                }
            };
            if !call.quiet {
                session.out.text(word);
            }
        }
        if !known && Typed(name).is_masked(&table) {
            code = exit::FAILURE;
            if !call.quiet {
                session.out.text("masked\n");
            }
        } else if !known {
            session.complain_of_name(Typed(name), "look for");
            code = exit::NO_SUCH_UNIT;
        }
    }
    Ok(code)
}

/// Prints what a boot starts.
pub(super) fn get_default(_: &Call<'_>, session: &mut Session<'_, '_>) -> Outcome {
    let table = session.table;
    writeln!(session.out, "{}", table.name(table.manager().default_target));
    Ok(exit::SUCCESS)
}
