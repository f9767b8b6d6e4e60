//! Names to numbers, and what follows from them: the edges that are written and those implied.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Edge, EdgeKind, Why, mounts};
use crate::codes;
use crate::draft::{self, Draft, Many};
use crate::grammar::{MountOption, SwapOption, Units};
use crate::load::{self, BoardDraft, Library, Pull, Scope};
use crate::names::{Kind, Name};
use crate::pilot_log;
use crate::report::{Diagnostic, Report, Span, Spanned, did_you_mean};
use crate::slices;
use crate::targets;

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

/// Gives every unit a number, and every name the number of its unit.
pub(super) fn resolve(
    drafts: BTreeMap<Name, Draft>,
    library: &Library,
    board: &BoardDraft,
    scope: Scope,
    report: &mut Report,
) -> Checked {
    let has_slices = slices::are_there(&drafts, library);
    let numbers = drafts.keys().cloned().enumerate().map(|(number, name)| (name, number)).collect();
    let units: Vec<Draft> = drafts.into_values().collect();
    let at_shutdown = load::wanted_at_shutdown(units.iter(), library);
    let (edges, slices) = (Vec::new(), Vec::new());
    let mut resolver = Resolver {
        numbers,
        units: &units,
        library,
        board,
        scope,
        report,
        edges,
        slices,
        has_slices,
        at_shutdown,
    };
    for (number, draft) in units.iter().enumerate() {
        resolver.written(number, draft);
        resolver.implied(number, draft);
        resolver.lies_in(number, draft);
        resolver.kept(number, draft);
        let stamps = &board.manager.timer_stamps.value;
        mounts::edges(&units, number, stamps, &mut resolver.edges);
    }
    for pull in library.pulls() {
        resolver.pulled(pull);
    }
    let mut triggers = Vec::new();
    for (number, draft) in units.iter().enumerate() {
        triggers.extend(resolver.trigger(number, draft).map(|service| (number, service)));
    }
    let mut starts = Vec::new();
    for (number, draft) in units.iter().enumerate() {
        starts.extend(resolver.start(number, draft).map(|started| (number, started)));
    }
    let mut activated: Vec<_> =
        triggers.iter().map(|&(socket, service)| (service, socket)).collect();
    activated.sort_unstable();
    let default_target = resolver.default_target();
    let specials = SPECIALS.map(|name| resolver.named(name));
    let vital = resolver.resolve(&board.manager.watchdog_units, Need::Must);
    let masked = library.masked().map(Name::to_string).collect();
    let (mut edges, slices) = (resolver.edges, resolver.slices);
    edges.sort_by_key(Edge::place);
    let mut checked = Checked {
        units,
        edges,
        triggers,
        activated,
        starts,
        slices,
        default_target,
        specials,
        vital: vital.into_iter().map(|(unit, _)| unit).collect(),
        masked,
    };
    order_targets(&mut checked);
    checked.edges.sort_by_key(Edge::place);
    checked
}

/// Targets that signals and the kernel's command line start, in the order of
/// [`unit::Manager::specials`].
const SPECIALS: [&str; 5] = [
    "rescue.target",
    "emergency.target",
    "sigpwr.target",
    "kbrequest.target",
    "ctrl-alt-del.target",
];

struct Resolver<'a> {
    numbers: BTreeMap<Name, usize>,
    units: &'a [Draft],
    library: &'a Library,
    board: &'a BoardDraft,
    scope: Scope,
    report: &'a mut Report,
    edges: Vec<Edge>,
    /// As [`Checked::slices`].
    slices: Vec<(usize, usize)>,
    has_slices: bool,
    /// Something is wanted on the way down.
    at_shutdown: bool,
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
        let there = targets::IS_THERE.contains(&text.as_str());
        if there || (self.scope == Scope::Loose && well_known) {
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
        let code = match (need, self.scope) {
            (Need::May, _) | (Need::Must | Need::Pulled, Scope::Loose) => codes::NOT_ON_BOARD,
            (Need::Pulled, Scope::Board) if well_known => codes::NOT_ON_BOARD,
            (Need::Pulled, Scope::Board) => codes::WANTED_BY_NOTHING,
            (Need::Must, Scope::Board) => codes::UNRESOLVED_NAME,
        };
        let message = format!("there is no unit `{name}`");
        let hint = if let Some(file) = self.library.mask(name) {
            Some(format!("{} masks it", file.path))
        } else if let Some(instead) = name.kind.instead() {
            let suffix = name.kind.suffix();
            Some(format!(".{suffix} units are not supported: {instead}"))
        } else if well_known {
            Some("systemd has it, this board has not: leave it out".into())
        } else if self.report.is_enough(&span.file, code.severity) {
            None
        } else {
            did_you_mean(&text, candidates)
        };
        let diagnostic = Diagnostic::new(code, message, span, "leads to nothing");
        self.report.push(diagnostic.hint_if(hint));
    }

    /// What the unit's own lines say.
    fn written(&mut self, unit: usize, draft: &Draft) {
        let own = &draft.unit;
        let forward = [
            (&own.requires, EdgeKind::Requires, Need::Must),
            (&own.wants, EdgeKind::Wants, Need::May),
            (&own.requisite, EdgeKind::Requisite, Need::Must),
            (&own.binds_to, EdgeKind::BindsTo, Need::Must),
            (&own.part_of, EdgeKind::PartOf, Need::May),
            (&own.upholds, EdgeKind::Upholds, Need::May),
            (&own.on_failure, EdgeKind::OnFailure, Need::May),
            (&own.on_success, EdgeKind::OnSuccess, Need::May),
            (&own.stop_to, EdgeKind::StopTo, Need::May),
            (&own.reload_to, EdgeKind::ReloadTo, Need::May),
            (&own.conflicts, EdgeKind::Conflicts, Need::May),
            (&own.after, EdgeKind::After, Need::May),
        ];
        let backward = [
            (&draft.install.required_by, EdgeKind::Requires, Need::Pulled),
            (&draft.install.wanted_by, EdgeKind::Wants, Need::Pulled),
            (&draft.install.upheld_by, EdgeKind::Upholds, Need::Pulled),
            (&own.stop_from, EdgeKind::StopTo, Need::May),
            (&own.reload_from, EdgeKind::ReloadTo, Need::May),
            (&own.before, EdgeKind::After, Need::May),
        ];
        self.resolve(&draft.install.also, Need::May);
        if let Some(service) = draft.service() {
            self.resolve(&service.sockets, Need::Must);
        }
        for (list, kind, need) in forward {
            for (to, span) in self.resolve(list, need) {
                if self.is_itself(unit, to, kind, &span) {
                    continue;
                }
                let at_end =
                    targets::AT_SHUTDOWN.contains(&self.units[to].name.to_string().as_str());
                // On the way down everything stops that is not wanted there.
                if kind != EdgeKind::Conflicts || !at_end {
                    self.edges.push(Edge { from: unit, to, kind, why: Why::Written(span) });
                }
            }
        }
        for (list, kind, need) in backward {
            if need == Need::Pulled {
                for item in &list.items {
                    self.check_not_at_shutdown(unit, &item.value, &item.span);
                }
            }
            for (from, span) in self.resolve(list, need) {
                if self.is_itself(unit, from, kind, &span) {
                    continue;
                }
                self.edges.push(Edge { from, to: unit, kind, why: Why::Written(span) });
            }
        }
    }

    /// As in systemd a unit's relation to itself is none. Orders and conflicts with itself are
    /// errors: other checks tell of them.
    fn is_itself(&mut self, unit: usize, other: usize, kind: EdgeKind, span: &Span) -> bool {
        let is_told_elsewhere = matches!(kind, EdgeKind::After | EdgeKind::Conflicts);
        if unit != other || is_told_elsewhere {
            return false;
        }
        let message = format!("`{}` names itself", self.units[unit].name);
        self.report.push(Diagnostic::new(codes::NO_EFFECT, message, span, "has no effect"));
        true
    }

    /// What is wanted on the way down must not be stopped there.
    fn check_not_at_shutdown(&mut self, unit: usize, by: &Name, span: &Span) {
        let draft = &self.units[unit];
        let is_then = targets::AT_SHUTDOWN.contains(&by.to_string().as_str());
        if is_then && draft.unit.default_dependencies.value && draft.name.kind != Kind::Target {
            let message = format!("`{by}` is to start `{}`, and stops it", draft.name);
            let diagnostic = Diagnostic::new(codes::WANTED_AT_SHUTDOWN, message, span, "");
            let hint = "add DefaultDependencies=no to its [Unit]";
            self.report.push(diagnostic.hint(hint));
        }
    }

    /// What a link in a `.wants` or `.requires` folder says.
    fn pulled(&mut self, pull: &Pull) {
        if let Some(unit) = self.number(&pull.unit) {
            self.check_not_at_shutdown(unit, &pull.by, &pull.span);
        }
        let kind = pull.kind;
        let by: Vec<usize> = match pull.by.is_template() {
            false => self.number(&pull.by).into_iter().collect(),
            true => {
                let instances = self.numbers.iter();
                let own = instances.filter(|(name, _)| name.template().as_ref() == Some(&pull.by));
                own.map(|(_, number)| *number).collect()
            }
        };
        let need = if kind.requires() { Need::Must } else { Need::May };
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
        self.number(&Name::known(target))
    }

    /// `DefaultDependencies=yes`: systemd.service(5) and systemd.socket(5).
    fn implied(&mut self, unit: usize, draft: &Draft) {
        if !draft.unit.default_dependencies.value || draft.name.kind == Kind::Target {
            return;
        }
        let why = Why::Implied("DefaultDependencies=yes");
        let own = Some(unit);
        if self.at_shutdown {
            self.edges.extend(ordering(self.named("shutdown.target"), own, &why));
        }
        if draft.name.kind == Kind::Slice {
            return;
        }
        if let Some(mount) = draft.mount() {
            let says = |option| mount.options.items.iter().any(|item| item.value == option);
            let network = says(MountOption::Network);
            let (behind, before) = match network {
                true => (["network.target", "network-online.target"], "remote-fs.target"),
                false => (["local-fs-pre.target"; 2], "local-fs.target"),
            };
            let behind = behind.map(|name| ordering(own, self.named(name), &why));
            self.edges.extend(behind.into_iter().flatten());
            if !says(MountOption::NoFail) {
                self.edges.extend(ordering(self.named(before), own, &why));
            }
            return;
        }
        if let Some(swap) = draft.swap() {
            return self.implied_by_swap(unit, swap, &why);
        }
        if let Some(sysinit) = self.named("sysinit.target") {
            let kind = EdgeKind::Requires;
            self.edges.push(Edge { from: unit, to: sysinit, kind, why: why.clone() });
            self.edges.extend(ordering(own, Some(sysinit), &why));
        }
        let implied = match draft.name.kind {
            Kind::Service => ordering(own, self.named("basic.target"), &why),
            Kind::Socket => ordering(self.named("sockets.target"), own, &why),
            Kind::Timer => ordering(self.named("timers.target"), own, &why),
            Kind::Path => ordering(self.named("paths.target"), own, &why),
            Kind::Target | Kind::Mount | Kind::Swap | Kind::Slice | Kind::Foreign(_) => None,
        };
        self.edges.extend(implied);
    }

    /// Areas are in use before the system is; boards without them have no such target.
    fn implied_by_swap(&mut self, unit: usize, swap: &draft::Swap, why: &Why) {
        let target = self.named("swap.target");
        if !swap.swap_options.items.iter().any(|item| item.value == SwapOption::NoFail) {
            self.edges.extend(ordering(target, Some(unit), why));
        }
        if let (Some(sysinit), Some(target)) = (self.named("sysinit.target"), target) {
            let kind = EdgeKind::Wants;
            self.edges.push(Edge { from: sysinit, to: target, kind, why: why.clone() });
            self.edges.extend(ordering(Some(sysinit), Some(target), why));
        }
    }

    /// The slice of a unit, which is always before it.
    fn lies_in(&mut self, unit: usize, draft: &Draft) {
        let Some(slice) = slices::of(draft).filter(|_| self.has_slices) else { return };
        let given = draft.slice().map(|given| given.span.clone());
        let span = given.clone().unwrap_or_else(|| draft.head.clone());
        let named = if draft.name.kind == Kind::Slice { &draft.name } else { &slice };
        if let Some(flaw) = slices::flaw(named) {
            let message = format!("`{named}` is not the name of a slice");
            self.report.push(Diagnostic::new(codes::SLICE_NAME, message, &span, flaw));
            return;
        }
        let Some(to) = self.number(&slice) else {
            self.unresolved(&slice, &span, Need::Must);
            return;
        };
        self.slices.push((unit, to));
        let why = given.map_or(Why::Implied("it lies in that slice"), Why::Written);
        for kind in [EdgeKind::Requires, EdgeKind::After] {
            self.edges.push(Edge { from: unit, to, kind, why: why.clone() });
        }
    }

    /// Whose output is kept pulls in `pilot-log`, begins after it and ends before it.
    fn kept(&mut self, unit: usize, draft: &Draft) {
        let sockets = [pilot_log::SOCKET, pilot_log::SYSLOG_SOCKET];
        if !pilot_log::is_kept(draft, self.board, self.named(sockets[0]).is_some()) {
            return;
        }
        let why = Why::Implied("its output goes to pilot-log");
        for name in sockets {
            let Some(socket) = self.named(name) else { continue };
            let kind = EdgeKind::Wants;
            self.edges.push(Edge { from: unit, to: socket, kind, why: why.clone() });
            self.edges.extend(ordering(Some(unit), Some(socket), &why));
        }
        self.edges.extend(ordering(Some(unit), self.named(pilot_log::SERVICE), &why));
    }

    /// The service of a socket; the socket is always before it.
    fn trigger(&mut self, unit: usize, draft: &Draft) -> Option<usize> {
        let socket = draft.socket()?;
        let name = load::service_of(&draft.name, socket);
        let Some(service) = self.number(&name) else {
            let elsewhere = targets::WELL_KNOWN.contains(&name.to_string().as_str());
            if (self.scope == Scope::Board || !elsewhere) && !socket.accept.refused {
                self.without_service(&name, draft);
            }
            return None;
        };
        let why = Why::Implied("a service comes after its socket");
        self.edges.extend(ordering(Some(service), Some(unit), &why));
        Some(service)
    }

    /// What a timer or a path unit starts; it is always before that.
    fn start(&mut self, unit: usize, draft: &Draft) -> Option<usize> {
        let name = load::triggered_by(draft)?;
        let given = draft.trigger().and_then(|trigger| trigger.given.as_ref());
        let span = given.map_or_else(|| draft.head.clone(), |given| given.span.clone());
        let starter = &draft.name;
        let diagnostic = |message| Diagnostic::new(codes::STARTS_NOTHING, message, &span, "");
        if name.is_template() || name.kind == starter.kind {
            let what = if name.is_template() { "template" } else { starter.kind.suffix() };
            let message = format!("`{starter}` cannot start `{name}`, which is a {what}");
            self.report.push(diagnostic(message));
            return None;
        }
        let Some(started) = self.number(&name) else {
            if self.scope == Scope::Board {
                let message = format!("there is no unit `{name}` for `{starter}` to start");
                self.report.push(diagnostic(message).hint_if(self.nearest(&name)));
            }
            return None;
        };
        let why = Why::Implied(if starter.kind == Kind::Path {
            "a unit comes after the path that starts it"
        } else {
            "a unit comes after the timer that starts it"
        });
        self.edges.extend(ordering(Some(started), Some(unit), &why));
        Some(started)
    }

    /// The unit that was probably meant.
    fn nearest(&self, name: &Name) -> Option<String> {
        let known: Vec<String> = self.numbers.keys().map(Name::to_string).collect();
        did_you_mean(&name.to_string(), known.iter().map(String::as_str))
    }

    /// A socket that starts nothing: both places are told where there is a second one.
    fn without_service(&mut self, name: &Name, draft: &Draft) {
        let near = self.nearest(name);
        let given = draft.socket().and_then(|socket| {
            let accept = socket.accept.given.clone().filter(|_| socket.accept.value);
            accept.or_else(|| socket.service.given.as_ref().map(|given| given.span.clone()))
        });
        let span = given.unwrap_or_else(|| draft.head.clone());
        let label = format!("wants `{name}`");
        let socket = &draft.name;
        if name.is_template() {
            let message =
                format!("there is no template `{name}` for the connections of `{socket}`");
            let diagnostic = Diagnostic::new(codes::ACCEPT_WITHOUT_TEMPLATE, message, &span, label);
            let plain = Name { instance: None, ..name.clone() };
            self.report.push(match self.numbers.get(&plain) {
                Some(&number) => diagnostic
                    .and(&self.units[number].head, "one service, not one for each connection")
                    .hint(format!("rename `{plain}`, or write Accept=no")),
                None => diagnostic.hint_if(near),
            });
            return;
        }
        let template = Name { instance: Some(String::new()), ..name.clone() };
        if let Some(place) = self.library.place(&template).filter(|_| name.instance.is_none()) {
            let message = format!("`{socket}` starts one service, and `{template}` is a template");
            let diagnostic = Diagnostic::new(codes::TEMPLATE_WITHOUT_ACCEPT, message, &span, label);
            let hint = "Accept=yes starts an instance for each connection; for one service take \
                        the `@` out of its name";
            self.report.push(diagnostic.and(&place, "a template").hint(hint));
            return;
        }
        let message = format!("there is no service `{name}` for `{socket}` to start");
        let diagnostic = Diagnostic::new(codes::SOCKET_WITHOUT_SERVICE, message, &span, label);
        self.report.push(diagnostic.hint_if(near));
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

/// A target comes after what it pulls in, unless the two are ordered already or one of them
/// has DefaultDependencies=no: systemd.target(5).
fn order_targets(checked: &mut Checked) {
    let defaults = |unit: usize| checked.units[unit].unit.default_dependencies.value;
    let target = |unit: usize| checked.units[unit].name.kind == Kind::Target;
    let after = checked.edges.iter().filter(|edge| edge.kind == EdgeKind::After);
    let ordered: BTreeSet<(usize, usize)> = after.map(|edge| (edge.from, edge.to)).collect();
    let mut added = Vec::new();
    for &Edge { from, to, kind, .. } in &checked.edges {
        let pulls = kind.pulls() || kind == EdgeKind::Requisite;
        let free = !ordered.contains(&(from, to)) && !ordered.contains(&(to, from));
        if pulls && target(from) && defaults(from) && defaults(to) && free {
            let why = Why::Implied("a target comes after what it pulls in");
            added.extend(ordering(Some(from), Some(to), &why));
        }
    }
    checked.edges.extend(added);
}

fn ordering(from: Option<usize>, to: Option<usize>, why: &Why) -> Option<Edge> {
    let (from, to) = (from?, to?);
    Some(Edge { from, to, kind: EdgeKind::After, why: why.clone() })
}

/// True if a name is another one with a letter or two wrong.
fn is_slip(name: &str, other: &str) -> bool {
    let (Some((stem, suffix)), Some((other, other_suffix))) =
        (name.rsplit_once('.'), other.rsplit_once('.'))
    else {
        return false;
    };
    if suffix != other_suffix || stem.len().abs_diff(other.len()) > 2 {
        return false;
    }
    let slips = strsim::damerau_levenshtein(stem, other);
    let long = stem.len().min(other.len()) >= 7;
    (slips == 1 || (slips == 2 && long)) && stem.len() > 3
}
