//! Rules about the graph as a whole.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Checked, Edge, EdgeKind, Why};
use crate::codes;
use crate::report::{Diagnostic, Report, Span};

/// A unit must not need two units that conflict, nor one that conflicts with itself.
pub(super) fn check_no_contradiction(checked: &Checked, report: &mut Report) {
    let mut told = BTreeSet::new();
    let mut requires: Vec<Vec<&Edge>> = vec![Vec::new(); checked.units.len()];
    for edge in checked.edges.iter().filter(|edge| edge.kind.requires()) {
        requires[edge.from].push(edge);
    }
    let conflicts = checked.edges.iter().filter(|edge| edge.kind == EdgeKind::Conflicts);
    let conflicts: Vec<&Edge> = conflicts.collect();
    let units = if conflicts.is_empty() { 0..0 } else { 0..checked.units.len() };
    for unit in units {
        let needed = required(&requires, unit);
        for &edge in &conflicts {
            let both = needed.contains_key(&edge.from) && needed.contains_key(&edge.to);
            if both && told.insert((edge.from.min(edge.to), edge.from.max(edge.to))) {
                report.push(contradiction(checked, unit, &needed, edge));
            }
        }
    }
    for &(socket, service) in &checked.triggers {
        let pair = (socket.min(service), socket.max(service));
        let accept = checked.units[socket].socket().is_some_and(|socket| socket.accept.value);
        let between = |edge: &&&Edge| (edge.from.min(edge.to), edge.from.max(edge.to)) == pair;
        if let Some(Edge { why: Why::Written(span), .. }) = conflicts.iter().find(between)
            && !accept
            && told.insert(pair)
        {
            let (socket, service) = (checked.name(socket), checked.name(service));
            let message = format!("`{socket}` conflicts with `{service}`, which it starts");
            let diagnostic = Diagnostic::new(codes::CONTRADICTION, message, span, "");
            report.push(diagnostic.hint("leave Conflicts= out, or use Accept=yes"));
        }
    }
}

/// What `unit` requires, itself included, each with the edge that leads to it.
fn required<'a>(requires: &[Vec<&'a Edge>], unit: usize) -> BTreeMap<usize, Option<&'a Edge>> {
    let mut found = BTreeMap::from([(unit, None)]);
    let mut queue = VecDeque::from([unit]);
    while let Some(from) = queue.pop_front() {
        for &edge in &requires[from] {
            if let std::collections::btree_map::Entry::Vacant(place) = found.entry(edge.to) {
                place.insert(Some(edge));
                queue.push_back(edge.to);
            }
        }
    }
    found
}

/// A boot should not start two units that stop each other.
pub(super) fn check_no_conflict_at_boot(checked: &Checked, report: &mut Report) {
    let mut pulled = vec![false; checked.units.len()];
    let mut queue: Vec<usize> = checked.default_target.into_iter().collect();
    let mut pulls: Vec<Vec<usize>> = vec![Vec::new(); checked.units.len()];
    for edge in &checked.edges {
        if edge.kind.pulls() {
            pulls[edge.from].push(edge.to);
        }
    }
    while let Some(unit) = queue.pop() {
        if !std::mem::replace(&mut pulled[unit], true) {
            queue.extend(&pulls[unit]);
        }
    }
    for edge in checked.edges.iter().filter(|edge| edge.kind == EdgeKind::Conflicts) {
        if let (true, true, Some(span)) = (pulled[edge.from], pulled[edge.to], place(edge)) {
            let (one, other) = (checked.name(edge.from), checked.name(edge.to));
            let message = format!("a boot starts both `{one}` and `{other}`, which conflict");
            let diagnostic = Diagnostic::new(codes::CONFLICT_AT_BOOT, message, &span, "");
            report.push(diagnostic.hint("take WantedBy= out of one of the two"));
        }
    }
}

fn contradiction(
    checked: &Checked,
    unit: usize,
    needed: &BTreeMap<usize, Option<&Edge>>,
    conflict: &Edge,
) -> Diagnostic {
    let (one, other) = (checked.name(conflict.from), checked.name(conflict.to));
    let unit_name = checked.name(unit);
    let message = format!("`{unit_name}` can never start: it needs units that conflict");
    let head = Span::head(&checked.units[conflict.from].file);
    let at = place(conflict).unwrap_or(head);
    let label = format!("`{one}` and `{other}` are never active at once");
    let mut diagnostic = Diagnostic::new(codes::CONTRADICTION, message, &at, label);
    for needed in [conflict.from, conflict.to].iter().filter_map(|unit| needed[unit]) {
        if let Some(span) = place(needed) {
            let (from, to) = (checked.name(needed.from), checked.name(needed.to));
            diagnostic = diagnostic.and(&span, format!("`{from}` requires `{to}`"));
        }
    }
    diagnostic.hint("leave out one of the two")
}

fn place(edge: &Edge) -> Option<Span> {
    match &edge.why {
        Why::Written(span) => Some(span.clone()),
        Why::Implied(_) => None,
    }
}

/// Units must not wait for each other in a circle. Each circle is told whole, once.
pub(super) fn check_no_cycle(checked: &Checked, report: &mut Report) {
    let mut after: Vec<BTreeMap<usize, &Edge>> = vec![BTreeMap::new(); checked.units.len()];
    for edge in checked.edges.iter().filter(|edge| edge.kind == EdgeKind::After) {
        let known = after[edge.from].entry(edge.to).or_insert(edge);
        if place(known).is_none() {
            *known = edge;
        }
    }
    let mut settled = BTreeSet::new();
    for start in unordered(&after) {
        if settled.contains(&start) {
            continue;
        }
        if let Some(path) = shortest_circle(&after, start) {
            settled.extend(path.iter().map(|edge| edge.from));
            report.push(cycle(checked, &path));
        }
    }
}

/// Units that are in a circle, or wait for one that is.
fn unordered(after: &[BTreeMap<usize, &Edge>]) -> Vec<usize> {
    let mut waits: Vec<usize> = after.iter().map(BTreeMap::len).collect();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); after.len()];
    for edge in after.iter().flat_map(BTreeMap::values) {
        before[edge.to].push(edge.from);
    }
    let mut ready: Vec<usize> = (0..after.len()).filter(|&unit| waits[unit] == 0).collect();
    while let Some(unit) = ready.pop() {
        for &next in &before[unit] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    (0..after.len()).filter(|&unit| waits[unit] > 0).collect()
}

/// The shortest way from `start` back to it.
fn shortest_circle<'a>(after: &[BTreeMap<usize, &'a Edge>], start: usize) -> Option<Vec<&'a Edge>> {
    let mut came_by: BTreeMap<usize, &Edge> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(unit) = queue.pop_front() {
        for (&next, &edge) in &after[unit] {
            if came_by.contains_key(&next) {
                continue;
            }
            came_by.insert(next, edge);
            if next == start {
                let mut path = vec![edge];
                while path.last().is_some_and(|edge| edge.from != start) {
                    let from = path.last().map_or(start, |edge| edge.from);
                    path.push(came_by[&from]);
                }
                path.reverse();
                return Some(path);
            }
            queue.push_back(next);
        }
    }
    None
}

fn cycle(checked: &Checked, path: &[&Edge]) -> Diagnostic {
    let names = path.iter().map(|edge| checked.name(edge.from));
    let mut circle: Vec<String> = names.collect();
    circle.extend(circle.first().cloned());
    let message = match path {
        [only] => format!("`{}` is ordered after itself", checked.name(only.from)),
        _ => format!("units wait for each other: {}", circle.join(" after ")),
    };
    let mut diagnostic = Diagnostic::without_place(codes::ORDERING_CYCLE, message);
    let mut implied = Vec::new();
    for edge in path {
        let (from, to) = (checked.name(edge.from), checked.name(edge.to));
        match &edge.why {
            Why::Written(span) => {
                diagnostic = diagnostic.and(span, format!("`{from}` starts after `{to}`"));
            }
            Why::Implied(reason) => implied.push(format!("`{from}` after `{to}`: {reason}")),
        }
    }
    match implied.is_empty() {
        true => diagnostic.hint("take one of these orderings out"),
        false => diagnostic.hint(format!("not written, but implied: {}", implied.join("; "))),
    }
}
