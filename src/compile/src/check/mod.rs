//! Rules between units. Names become numbers; what contradicts is refused, every rule by a
//! function named after what it forbids.

mod address;
mod connection;
mod graph;
mod program;
mod service;
mod socket;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use service::type_of;

use crate::codes;
use crate::draft::{Draft, Many};
use crate::grammar::Units;
use crate::load::{self, BoardDraft, Library};
use crate::names::{Kind, Name};
use crate::report::{Diagnostic, Report, Span, Spanned, did_you_mean};
use crate::targets;

/// What an edge means; read as "`from` KIND `to`".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EdgeKind {
    /// `from` pulls in `to` and fails with it.
    Requires,
    /// `from` pulls in `to`.
    Wants,
    /// Not both.
    Conflicts,
    /// `from` starts after `to`.
    After,
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

/// Units with their names resolved.
#[derive(Debug)]
pub struct Checked {
    /// The units, in order of name.
    pub units: Vec<Draft>,
    /// Every dependency; one pair may have several of a kind.
    pub edges: Vec<Edge>,
    /// For each socket the service that it starts: (socket, service).
    pub triggers: Vec<(usize, usize)>,
    /// The unit that a boot starts.
    pub default_target: Option<usize>,
}

impl Checked {
    /// The service that a socket starts.
    pub fn service_of(&self, socket: usize) -> Option<usize> {
        self.triggers.iter().find(|(each, _)| *each == socket).map(|(_, service)| *service)
    }

    /// The sockets that start a service, in order of name.
    pub fn sockets_of(&self, service: usize) -> impl Iterator<Item = usize> {
        self.triggers.iter().filter(move |(_, each)| *each == service).map(|(socket, _)| *socket)
    }

    /// The first edge of a kind between two units.
    pub fn edge(&self, from: usize, to: usize, kind: EdgeKind) -> Option<&Edge> {
        self.edges.iter().find(|edge| (edge.from, edge.to, edge.kind) == (from, to, kind))
    }

    /// The conflict of two units, whoever wrote it.
    pub fn conflict(&self, one: usize, other: usize) -> Option<&Edge> {
        let conflict = |from, to| self.edge(from, to, EdgeKind::Conflicts);
        conflict(one, other).or_else(|| conflict(other, one))
    }

    /// A unit's name as text.
    pub fn name(&self, unit: usize) -> String {
        self.units[unit].name.to_string()
    }
}

/// How strict names are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// A board: every name must lead to a unit.
    Board,
    /// Some files: names that systemd defines may lead elsewhere.
    Loose,
}

/// Resolves names and applies every rule.
pub fn check(
    drafts: BTreeMap<Name, Draft>,
    library: &Library,
    board: &BoardDraft,
    scope: Scope,
    report: &mut Report,
) -> Checked {
    let numbers = drafts.keys().cloned().enumerate().map(|(number, name)| (name, number)).collect();
    let units: Vec<Draft> = drafts.into_values().collect();
    let mut resolver = Resolver { numbers, library, board, scope, report, edges: Vec::new() };
    for (number, draft) in units.iter().enumerate() {
        resolver.written(number, draft);
        resolver.implied(number, draft);
    }
    let mut triggers = Vec::new();
    for (number, draft) in units.iter().enumerate() {
        triggers.extend(resolver.trigger(number, draft).map(|service| (number, service)));
    }
    let default_target = resolver.default_target();
    let edges = resolver.edges;
    let mut checked = Checked { units, edges, triggers, default_target };
    order_targets(&mut checked);
    graph::check_no_contradiction(&checked, report);
    graph::check_no_conflict_at_boot(&checked, report);
    graph::check_no_cycle(&checked, report);
    check_spawn_slots(board, report);
    service::check(&checked, report);
    socket::check(&checked, report);
    connection::check(&checked, report);
    address::check_addresses_bound_once(&checked, report);
    program::check_known_programs(&checked, report);
    checked
}

struct Resolver<'a> {
    numbers: BTreeMap<Name, usize>,
    library: &'a Library,
    board: &'a BoardDraft,
    scope: Scope,
    report: &'a mut Report,
    edges: Vec<Edge>,
}

impl Resolver<'_> {
    fn number(&self, name: &Name) -> Option<usize> {
        let name = load::canonical(name.clone(), self.library, self.board);
        self.numbers.get(&name).copied()
    }

    /// The units of a list; those that lead to nothing are reported. A masked one is as if it
    /// were not mentioned, unless it is `needed`.
    fn resolve(&mut self, list: &Many<Units>, needed: bool) -> Vec<(usize, Span)> {
        let mut found = Vec::new();
        for Spanned { value: name, span } in &list.items {
            match self.number(name) {
                Some(_) if name.is_template() => self.report.push(Diagnostic::new(
                    codes::UNRESOLVED_NAME,
                    format!("`{name}` is a template, not a unit"),
                    span,
                    "an instance has a name between `@` and the suffix",
                )),
                Some(number) => found.push((number, span.clone())),
                None if self.library.is_masked(name) && !needed => {}
                None => self.unresolved(name, span),
            }
        }
        found
    }

    fn unresolved(&mut self, name: &Name, span: &Span) {
        let text = name.to_string();
        if self.scope == Scope::Loose && targets::WELL_KNOWN.contains(&text.as_str()) {
            return;
        }
        let known: Vec<String> = self.numbers.keys().map(Name::to_string).collect();
        let built_in = targets::BUILT_IN.iter().map(|(name, _)| *name);
        let near = did_you_mean(&text, known.iter().map(String::as_str).chain(built_in));
        let message = format!("there is no unit `{name}`");
        let hint = if self.library.is_masked(name) {
            Some("an empty file of that name masks it".into())
        } else if targets::WELL_KNOWN.contains(&text.as_str()) {
            Some("systemd has it, this board has not: leave it out".into())
        } else {
            near
        };
        let diagnostic = Diagnostic::new(codes::UNRESOLVED_NAME, message, span, "leads to nothing");
        self.report.push(diagnostic.hint_if(hint));
    }

    /// What the unit's own lines say.
    fn written(&mut self, unit: usize, draft: &Draft) {
        let forward = [
            (&draft.unit.requires, EdgeKind::Requires),
            (&draft.unit.wants, EdgeKind::Wants),
            (&draft.unit.conflicts, EdgeKind::Conflicts),
            (&draft.unit.after, EdgeKind::After),
        ];
        let backward = [
            (&draft.install.required_by, EdgeKind::Requires),
            (&draft.install.wanted_by, EdgeKind::Wants),
            (&draft.unit.before, EdgeKind::After),
        ];
        for (list, kind) in forward {
            for (to, span) in self.resolve(list, kind == EdgeKind::Requires) {
                self.edges.push(Edge { from: unit, to, kind, why: Why::Written(span) });
            }
        }
        for (list, kind) in backward {
            for (from, span) in self.resolve(list, kind == EdgeKind::Requires) {
                self.edges.push(Edge { from, to: unit, kind, why: Why::Written(span) });
            }
        }
    }

    fn named(&self, target: &str) -> Option<usize> {
        Name::parse(target).ok().and_then(|name| self.number(&name))
    }

    /// `DefaultDependencies=yes`: systemd.service(5) and systemd.socket(5).
    fn implied(&mut self, unit: usize, draft: &Draft) {
        if !draft.unit.default_dependencies.value || draft.name.kind == Kind::Target {
            return;
        }
        let why = Why::Implied("DefaultDependencies=yes");
        let own = Some(unit);
        if let Some(sysinit) = self.named("sysinit.target") {
            let kind = EdgeKind::Requires;
            self.edges.push(Edge { from: unit, to: sysinit, kind, why: why.clone() });
            self.edges.extend(ordering(own, Some(sysinit), &why));
        }
        let implied = match draft.name.kind {
            Kind::Service => ordering(own, self.named("basic.target"), &why),
            Kind::Socket => ordering(self.named("sockets.target"), own, &why),
            Kind::Target => None,
        };
        self.edges.extend(implied);
    }

    /// The service of a socket; the socket is always before it.
    fn trigger(&mut self, unit: usize, draft: &Draft) -> Option<usize> {
        let socket = draft.socket()?;
        let name = load::service_of(&draft.name, socket);
        let Some(service) = self.number(&name) else {
            self.without_service(&name, draft);
            return None;
        };
        let why = Why::Implied("a service comes after its socket");
        self.edges.extend(ordering(Some(service), Some(unit), &why));
        Some(service)
    }

    fn without_service(&mut self, name: &Name, draft: &Draft) {
        let known: Vec<String> = self.numbers.keys().map(Name::to_string).collect();
        let near = did_you_mean(&name.to_string(), known.iter().map(String::as_str));
        let socket = draft.socket().and_then(|socket| {
            let accept = socket.accept.given.clone().filter(|_| socket.accept.value);
            accept.or_else(|| socket.service.given.as_ref().map(|given| given.span.clone()))
        });
        let span = socket.unwrap_or_else(|| draft.head.clone());
        let template = name.is_template();
        let (code, message) = match template {
            true => (
                codes::ACCEPT_WITHOUT_TEMPLATE,
                format!("there is no template `{name}` for the connections of `{}`", draft.name),
            ),
            false => (
                codes::SOCKET_WITHOUT_SERVICE,
                format!("there is no service `{name}` for `{}` to start", draft.name),
            ),
        };
        let plain = Name { instance: None, ..name.clone() };
        let hint = match template && self.numbers.contains_key(&plain) {
            true => Some(format!("`{plain}` is there: rename it, or write Accept=no")),
            false => near,
        };
        let diagnostic = Diagnostic::new(code, message, &span, format!("wants `{name}`"));
        self.report.push(diagnostic.hint_if(hint));
    }

    fn default_target(&mut self) -> Option<usize> {
        let name = &self.board.board.default_target;
        let found = self.number(&name.value);
        if found.is_none() {
            let span = name.given.clone().unwrap_or_else(|| Span::head(&self.board.file));
            self.unresolved(&name.value, &span);
        }
        found
    }
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

fn ordering(from: Option<usize>, to: Option<usize>, why: &Why) -> Option<Edge> {
    let (from, to) = (from?, to?);
    Some(Edge { from, to, kind: EdgeKind::After, why: why.clone() })
}

/// A target comes after what it pulls in, unless the two are ordered already or one of them
/// has DefaultDependencies=no: systemd.target(5).
fn order_targets(checked: &mut Checked) {
    let defaults = |unit: usize| checked.units[unit].unit.default_dependencies.value;
    let target = |unit: usize| checked.units[unit].name.kind == Kind::Target;
    let after = checked.edges.iter().filter(|edge| edge.kind == EdgeKind::After);
    let ordered: BTreeSet<(usize, usize)> = after.map(|edge| (edge.from, edge.to)).collect();
    let mut added = Vec::new();
    for &Edge { from, to, kind, .. } in &checked.edges {
        let pulls = matches!(kind, EdgeKind::Requires | EdgeKind::Wants);
        let free = !ordered.contains(&(from, to)) && !ordered.contains(&(to, from));
        if pulls && target(from) && defaults(from) && defaults(to) && free {
            let why = Why::Implied("a target comes after what it pulls in");
            added.extend(ordering(Some(from), Some(to), &why));
        }
    }
    checked.edges.extend(added);
}
