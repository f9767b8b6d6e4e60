//! Rules between units. Names become numbers; what contradicts is refused, every rule by a
//! function named after what it forbids.

mod address;
mod condition;
mod connection;
mod exec;
mod graph;
mod life;
mod log;
mod mounts;
mod namespace;
mod notify;
mod path;
mod program;
mod resolve;
mod root;
mod service;
mod socket;
mod timer;

use std::collections::BTreeMap;

pub(crate) use connection::REFUSED as REFUSED_FOR_CONNECTIONS;
pub(crate) use mounts::API;
pub(crate) use service::type_of;

use crate::codes;
use crate::draft::Draft;
use crate::load::{BoardDraft, Library, Scope};
use crate::names::Name;
use crate::pilot_log;
use crate::report::{Diagnostic, Report, Span};

/// What an edge means; read as "`from` KIND `to`".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EdgeKind {
    /// `from` pulls in `to` and fails with it.
    Requires,
    /// `from` pulls in `to`.
    Wants,
    /// `from` needs `to` to be up already.
    Requisite,
    /// As `Requires`, and `from` goes down with `to`.
    BindsTo,
    /// `from` is stopped and restarted with `to`.
    PartOf,
    /// As `Wants`, and for as long as `from` is up.
    Upholds,
    /// A stop of `from` stops `to`.
    StopTo,
    /// A reload of `from` reloads `to`.
    ReloadTo,
    /// When `from` fails, `to` is started.
    OnFailure,
    /// When `from` has ended well, `to` is started.
    OnSuccess,
    /// Not both.
    Conflicts,
    /// `from` starts after `to`.
    After,
}

impl EdgeKind {
    /// A start of `from` starts `to`.
    pub const fn pulls(self) -> bool {
        self.requires() || matches!(self, Self::Wants | Self::Upholds)
    }

    /// `from` is not up without `to`.
    pub const fn requires(self) -> bool {
        matches!(self, Self::Requires | Self::BindsTo)
    }
}

/// Why there is an edge.
#[derive(Clone, Debug)]
pub enum Why {
    /// Somebody wrote it.
    Written(Span),
    /// It follows from a rule.
    Implied(&'static str),
}

/// A dependency between two units, by number.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Whose dependency it is.
    pub from: usize,
    /// On whom.
    pub to: usize,
    /// Of what kind.
    pub kind: EdgeKind,
    /// Why.
    pub why: Why,
}

impl Edge {
    /// Where it stands among the others.
    pub(super) fn place(&self) -> (usize, usize, EdgeKind) {
        (self.from, self.to, self.kind)
    }
}

/// Units with their names resolved.
#[derive(Debug)]
pub struct Checked {
    /// The units, in order of name.
    pub units: Vec<Draft>,
    /// Every dependency, in the order of [`Edge::place`]; one pair may have several of a kind.
    pub edges: Vec<Edge>,
    /// For each socket the service that it starts: (socket, service), in order.
    pub triggers: Vec<(usize, usize)>,
    /// The same from the other side: (service, socket), in order.
    pub activated: Vec<(usize, usize)>,
    /// What each timer and path unit starts: (starter, unit), in order.
    pub starts: Vec<(usize, usize)>,
    /// The slice that each unit lies in: (unit, slice), in order. None on a board without slices.
    pub slices: Vec<(usize, usize)>,
    /// The unit that a boot starts.
    pub default_target: Option<usize>,
    /// Those of [`unit::Manager::specials`].
    pub specials: [Option<usize>; 5],
    /// Those of `WatchdogUnits=`.
    pub vital: Vec<usize>,
    /// The names that are masked, in order.
    pub masked: Vec<String>,
}

impl Checked {
    /// The service that a socket starts.
    pub fn service_of(&self, socket: usize) -> Option<usize> {
        let at = self.triggers.binary_search_by_key(&socket, |(socket, _)| *socket).ok()?;
        Some(self.triggers[at].1)
    }

    /// The sockets that start a service, in order of name.
    pub fn sockets_of(&self, service: usize) -> impl Iterator<Item = usize> {
        let first = self.activated.partition_point(|(each, _)| *each < service);
        let own = self.activated[first..].iter().take_while(move |(each, _)| *each == service);
        own.map(|(_, socket)| *socket)
    }

    /// The unit that a timer starts.
    pub fn started_by(&self, timer: usize) -> Option<usize> {
        let at = self.starts.binary_search_by_key(&timer, |(timer, _)| *timer).ok()?;
        Some(self.starts[at].1)
    }

    /// The first edge of a kind between two units.
    pub fn edge(&self, from: usize, to: usize, kind: EdgeKind) -> Option<&Edge> {
        let wanted = (from, to, kind);
        let at = self.edges.partition_point(|edge| edge.place() < wanted);
        self.edges.get(at).filter(|edge| edge.place() == wanted)
    }

    /// The conflict of two units, whoever wrote it.
    pub fn conflict(&self, one: usize, other: usize) -> Option<&Edge> {
        let conflict = |from, to| self.edge(from, to, EdgeKind::Conflicts);
        conflict(one, other).or_else(|| conflict(other, one))
    }

    /// The unit of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.units.iter().position(|draft| draft.name.to_string() == name)
    }

    /// True if `pilot-log` is on the board.
    pub fn has_log(&self) -> bool {
        self.find(pilot_log::SOCKET).is_some()
    }

    /// A unit's name as text.
    pub fn name(&self, unit: usize) -> String {
        self.units[unit].name.to_string()
    }
}

/// Resolves names and applies every rule.
pub fn check(
    drafts: BTreeMap<Name, Draft>,
    library: &Library,
    board: &BoardDraft,
    scope: Scope,
    report: &mut Report,
) -> Checked {
    let checked = resolve::resolve(drafts, library, board, scope, report);
    graph::check_no_contradiction(&checked, report);
    if scope == Scope::Board {
        graph::check_no_conflict_at_boot(&checked, report);
    }
    graph::check_no_cycle(&checked, report);
    check_spawn_slots(board, report);
    check_watchdog(board, report);
    service::check(&checked, report);
    exec::check(&checked, report);
    log::check(&checked, board, scope, report);
    namespace::check(&checked, report);
    root::check(&checked, report);
    life::check(&checked, board, report);
    socket::check(&checked, report);
    connection::check(&checked, report);
    timer::check(&checked, report);
    path::check(&checked, report);
    address::check_addresses_bound_once(&checked, report);
    mounts::check(&checked, report);
    notify::check(&checked, report);
    condition::check(&checked, report);
    program::check_known_programs(&checked, report);
    checked
}

/// Most stacks for children that PID 1 keeps: `SpawnSlots=`.
pub(crate) const SPAWN_SLOTS_MAX: u32 = 64;

fn check_spawn_slots(board: &BoardDraft, report: &mut Report) {
    let slots = &board.manager.spawn_slots;
    if let (false, Some(span)) = ((1..=SPAWN_SLOTS_MAX).contains(&slots.value), &slots.given) {
        let message = format!("`SpawnSlots=` must be 1 to {SPAWN_SLOTS_MAX}");
        report.push(Diagnostic::new(codes::BAD_RANGE, message, span, ""));
    }
}

/// What is said of a watchdog that nobody feeds.
fn check_watchdog(board: &BoardDraft, report: &mut Report) {
    let manager = &board.manager;
    if manager.runtime_watchdog.value.is_some() {
        return;
    }
    let given = [
        manager.reboot_watchdog.given.as_ref().filter(|_| manager.reboot_watchdog.value.is_some()),
        manager.watchdog_device.given.as_ref(),
        manager.watchdog_units.items.first().map(|item| &item.span),
    ];
    for span in given.into_iter().flatten() {
        let message = "without `RuntimeWatchdogSec=` no hardware watchdog is fed";
        report.push(Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect"));
    }
}
