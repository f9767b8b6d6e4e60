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
use crate::load::{self, BoardDraft, Library, Pull, Scope};
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

/// How badly a unit needs a name to lead somewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Need {
    /// It is as if the name were not there: After= and its kin.
    May,
    /// Nothing starts the unit: WantedBy= and its kin.
    Pulled,
    /// It cannot start: Requires=.
    Must,
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
    for pull in library.pulls() {
        resolver.pulled(pull);
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
    if scope == Scope::Board {
        graph::check_no_conflict_at_boot(&checked, report);
    }
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

    /// The units of a list; those that lead to nothing are reported, as an error if the unit
    /// cannot do without. A masked one is as if it were not mentioned, unless it is needed.
    fn resolve(&mut self, list: &Many<Units>, need: Need) -> Vec<(usize, Span)> {
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
                None if self.library.mask(name).is_some() && need != Need::Must => {}
                None => self.unresolved(name, span, need),
            }
        }
        found
    }

    fn unresolved(&mut self, name: &Name, span: &Span, need: Need) {
        let text = name.to_string();
        let well_known = targets::WELL_KNOWN.contains(&text.as_str());
        if targets::IS_THERE.contains(&text.as_str()) || (self.scope == Scope::Loose && well_known)
        {
            return;
        }
        let known: Vec<String> = self.numbers.keys().map(Name::to_string).collect();
        let built_in = targets::BUILT_IN.iter().map(|(name, _)| *name);
        let candidates = known.iter().map(String::as_str).chain(built_in);
        let slip = candidates.clone().any(|each| is_slip(&text, each));
        if self.scope == Scope::Loose && !slip && self.library.mask(name).is_none() {
            // It may well stand elsewhere.
            return;
        }
        let near = did_you_mean(&text, candidates);
        let message = format!("there is no unit `{name}`");
        let hint = if let Some(file) = self.library.mask(name) {
            Some(format!("{} masks it", file.path))
        } else if let Some(instead) = name.kind.instead() {
            let suffix = name.kind.suffix();
            Some(format!(".{suffix} units are not supported: {instead}"))
        } else if well_known {
            Some("systemd has it, this board has not: leave it out".into())
        } else {
            near
        };
        let code = match (need, self.scope) {
            (Need::May, _) | (Need::Must | Need::Pulled, Scope::Loose) => codes::NOT_ON_BOARD,
            (Need::Pulled, Scope::Board) if well_known => codes::NOT_ON_BOARD,
            (Need::Pulled, Scope::Board) => codes::WANTED_BY_NOTHING,
            (Need::Must, Scope::Board) => codes::UNRESOLVED_NAME,
        };
        let diagnostic = Diagnostic::new(code, message, span, "leads to nothing");
        self.report.push(diagnostic.hint_if(hint));
    }

    /// What the unit's own lines say.
    fn written(&mut self, unit: usize, draft: &Draft) {
        let forward = [
            (&draft.unit.requires, EdgeKind::Requires, Need::Must),
            (&draft.unit.wants, EdgeKind::Wants, Need::May),
            (&draft.unit.conflicts, EdgeKind::Conflicts, Need::May),
            (&draft.unit.after, EdgeKind::After, Need::May),
        ];
        let backward = [
            (&draft.install.required_by, EdgeKind::Requires, Need::Pulled),
            (&draft.install.wanted_by, EdgeKind::Wants, Need::Pulled),
            (&draft.unit.before, EdgeKind::After, Need::May),
        ];
        self.resolve(&draft.install.also, Need::May);
        for (list, kind, need) in forward {
            for (to, span) in self.resolve(list, need) {
                self.edges.push(Edge { from: unit, to, kind, why: Why::Written(span) });
            }
        }
        for (list, kind, need) in backward {
            for (from, span) in self.resolve(list, need) {
                self.edges.push(Edge { from, to: unit, kind, why: Why::Written(span) });
            }
        }
    }

    /// What a link in a `.wants` or `.requires` folder says.
    fn pulled(&mut self, pull: &Pull) {
        let kind = if pull.requires { EdgeKind::Requires } else { EdgeKind::Wants };
        let by: Vec<usize> = match pull.by.is_template() {
            false => self.number(&pull.by).into_iter().collect(),
            true => {
                let instances = self.numbers.iter();
                let own = instances.filter(|(name, _)| name.template().as_ref() == Some(&pull.by));
                own.map(|(_, number)| *number).collect()
            }
        };
        let need = if pull.requires { Need::Must } else { Need::May };
        match self.number(&pull.unit) {
            None if self.library.mask(&pull.unit).is_some() && need != Need::Must => {}
            None => self.unresolved(&pull.unit, &pull.span, need),
            Some(_) if by.is_empty() => {
                if self.library.mask(&pull.by).is_none() {
                    self.unresolved(&pull.by, &pull.span, Need::Pulled);
                }
            }
            Some(to) => {
                let why = Why::Written(pull.span.clone());
                let edge = |from| Edge { from, to, kind, why: why.clone() };
                self.edges.extend(by.into_iter().map(edge));
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
            Kind::Target | Kind::Foreign(_) => None,
        };
        self.edges.extend(implied);
    }

    /// The service of a socket; the socket is always before it.
    fn trigger(&mut self, unit: usize, draft: &Draft) -> Option<usize> {
        let socket = draft.socket()?;
        let name = load::service_of(&draft.name, socket);
        let Some(service) = self.number(&name) else {
            let elsewhere = targets::WELL_KNOWN.contains(&name.to_string().as_str());
            if self.scope == Scope::Board || !elsewhere {
                self.without_service(&name, draft);
            }
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
        let name = load::default_target(self.library, self.board);
        let found = self.number(&name);
        if found.is_none() {
            let given = self.board.board.default_target.given.clone();
            let span = given.unwrap_or_else(|| Span::head(&self.board.file));
            self.unresolved(&name, &span, Need::Must);
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

/// True if a name is another one with a letter or two wrong.
fn is_slip(name: &str, other: &str) -> bool {
    let (Some((stem, suffix)), Some((other, other_suffix))) =
        (name.rsplit_once('.'), other.rsplit_once('.'))
    else {
        return false;
    };
    let slips = strsim::damerau_levenshtein(stem, other);
    let long = stem.len().min(other.len()) >= 7;
    suffix == other_suffix && (slips == 1 || (slips == 2 && long)) && stem.len() > 3
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
