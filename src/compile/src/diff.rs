//! `pilotc diff`: what is different in another board, in the words of its unit files.
//!
//! Directives are compared by what they mean: `60` and `1min` are the same. Edges that follow
//! from rules, the order of the start and the sizes come from the compiled plans.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::draft::{Said, Setting};
use crate::plan::{KindPlan, Plan, UnitPlan};
use crate::{Image, Settings, emit, show};

/// A board that compiles.
#[derive(Debug)]
pub struct Side {
    /// What it says.
    pub settings: Settings,
    /// What became of it.
    pub image: Image,
}

/// What one directive, or one kind of edge, has on either side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The directive's name, or what kind of edge.
    pub what: String,
    /// A single value changed; otherwise items came and went.
    pub is_value: bool,
    /// Only on the first side.
    pub before: Vec<String>,
    /// Only on the second side.
    pub after: Vec<String>,
}

/// All that is different.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Difference {
    /// `board.conf`.
    pub board: Vec<Change>,
    /// Units that only the first board has.
    pub removed: Vec<String>,
    /// Units that only the second one has.
    pub added: Vec<String>,
    /// Units that both have and that are not the same.
    pub changed: Vec<(String, Vec<Change>)>,
    /// Units that both have and whose place in the start order is another.
    pub moved: Vec<String>,
    /// Sizes: name, before, after.
    pub sizes: Vec<(&'static str, u64, u64)>,
    /// The tables are different.
    pub table: bool,
}

impl Difference {
    /// True if there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two boards.
pub fn diff(one: &Side, other: &Side) -> Difference {
    let (old, new) = (by_name(&one.image.plan), by_name(&other.image.plan));
    let only = |units: &BTreeMap<&str, &UnitPlan>, others: &BTreeMap<&str, &UnitPlan>| {
        let names = units.keys().filter(|name| !others.contains_key(*name));
        names.map(|name| (*name).to_string()).collect()
    };
    let mut changed = Vec::new();
    for (name, unit) in &old {
        let Some(another) = new.get(name) else { continue };
        let changes = unit_changes(name, (one, unit), (other, another));
        if !changes.is_empty() {
            changed.push(((*name).to_string(), changes));
        }
    }
    let sizes = emit::fields(&one.image.limits).into_iter().zip(emit::fields(&other.image.limits));
    let sizes = sizes.map(|((name, before), (_, after))| (name, before as u64, after as u64));
    Difference {
        board: setting_changes(&one.settings.board, &other.settings.board),
        removed: only(&old, &new),
        added: only(&new, &old),
        changed,
        moved: moved(&one.image.plan, &other.image.plan),
        sizes: sizes.filter(|(_, before, after)| before != after).collect(),
        table: one.image.table != other.image.table,
    }
}

fn by_name(plan: &Plan) -> BTreeMap<&str, &UnitPlan> {
    plan.units.iter().map(|unit| (unit.name.as_str(), unit)).collect()
}

/// What is different in a unit that both have.
fn unit_changes(name: &str, one: (&Side, &UnitPlan), other: (&Side, &UnitPlan)) -> Vec<Change> {
    let settings =
        |(side, _): (&Side, &UnitPlan)| side.settings.units.get(name).cloned().unwrap_or_default();
    let mut changes = setting_changes(&settings(one), &settings(other));
    // Rows of several directives: they are told by what they say.
    changes.retain(|change| !change.what.starts_with("Listen") && change.what != "OnBootSec");
    let (old, new) = (listeners(one.1), listeners(other.1));
    changes.extend(items("listener", &old, &new));
    changes.extend(items("elapses", &elapses(one.1), &elapses(other.1)));
    let told = |change: &Change, name: &String| {
        change.before.contains(name) || change.after.contains(name)
    };
    let lists = show::edge_lists(&one.1.edges).zip(show::edge_lists(&other.1.edges));
    let mut edges = Vec::new();
    for ((kind, before), (_, after)) in lists {
        let names = |side: &Side, list: &BTreeSet<u16>| -> Vec<String> {
            let units = &side.image.plan.units;
            list.iter().map(|&unit| units[usize::from(unit)].name.clone()).collect()
        };
        let Some(mut change) = items(kind, &names(one.0, before), &names(other.0, after)) else {
            continue;
        };
        // What a directive of the unit says itself was told with it.
        let fresh = |name: &String| !changes.iter().any(|change| told(change, name));
        change.before.retain(fresh);
        change.after.retain(fresh);
        if !change.before.is_empty() || !change.after.is_empty() {
            edges.push(change);
        }
    }
    changes.extend(edges);
    changes
}

fn listeners(unit: &UnitPlan) -> Vec<String> {
    let listeners = unit.kind.socket().map_or(&[][..], |socket| &socket.listeners);
    listeners.iter().map(show::listener_text).collect()
}

fn elapses(unit: &UnitPlan) -> Vec<String> {
    match &unit.kind {
        KindPlan::Timer(timer) => show::elapses(timer),
        KindPlan::Mount(mount) => vec![show::mount_text(mount)],
        KindPlan::Path(path) => show::watched(path),
        KindPlan::Target | KindPlan::Slice | KindPlan::Service(_) | KindPlan::Socket(_) => {
            Vec::new()
        }
    }
}

/// Two lists of the same rows.
fn setting_changes(one: &[Setting], other: &[Setting]) -> Vec<Change> {
    one.iter().zip(other).filter_map(|(old, new)| setting_change(old, new)).collect()
}

fn setting_change(old: &Setting, new: &Setting) -> Option<Change> {
    let meanings = |setting: &Setting| -> Vec<String> {
        setting.said.iter().map(|said| said.meaning.clone()).collect()
    };
    if meanings(old) == meanings(new) {
        return None;
    }
    let what = old.names[0];
    if old.arity == "Many" {
        return said_items(what, &old.said, &new.said);
    }
    let words = |setting: &Setting| match setting.said.first() {
        Some(Said { words: Some(words), .. }) => words.clone(),
        Some(Said { words: None, .. }) | None => match setting.default {
            "" => "nothing".to_string(),
            default => format!("({default})"),
        },
    };
    let (before, after) = (words(old), words(new));
    Some(change(what, true, vec![before], vec![after]))
}

/// A change; one that does not show in the words comes of what a specifier stands for.
fn change(what: &str, is_value: bool, before: Vec<String>, mut after: Vec<String>) -> Change {
    if before == after {
        after.push("(its specifiers stand for something else)".into());
    }
    Change { what: what.into(), is_value, before, after }
}

fn said_items(what: &str, old: &[Said], new: &[Said]) -> Option<Change> {
    let only = |these: &[Said], others: &[Said]| -> Vec<String> {
        let fresh = these.iter().filter(|said| !others.iter().any(|o| o.meaning == said.meaning));
        fresh.map(|said| said.words.clone().unwrap_or_default()).collect()
    };
    let all = |these: &[Said]| {
        let words = these.iter().map(|said| said.words.clone().unwrap_or_default());
        vec![words.collect::<Vec<_>>().join(" ")]
    };
    let (before, after) = (only(old, new), only(new, old));
    let is_value = before.is_empty() && after.is_empty();
    // The same items in another order, or one of them more often.
    let (before, after) = if is_value { (all(old), all(new)) } else { (before, after) };
    Some(change(what, is_value, before, after))
}

fn items(what: &str, old: &[String], new: &[String]) -> Option<Change> {
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(|each| !others.contains(each)).cloned().collect()
    };
    let (before, after) = (only(old, new), only(new, old));
    let is_same = before.is_empty() && after.is_empty();
    (!is_same).then(|| change(what, false, before, after))
}

/// The fewest units that, put elsewhere, make one start order of the other.
fn moved(one: &Plan, other: &Plan) -> Vec<String> {
    let places: BTreeMap<&str, usize> =
        other.units.iter().enumerate().map(|(place, unit)| (unit.name.as_str(), place)).collect();
    let common: Vec<(&str, usize)> = one
        .units
        .iter()
        .filter_map(|unit| Some((unit.name.as_str(), *places.get(unit.name.as_str())?)))
        .collect();
    // What stays is the longest run that rises: `ends[n]` is where the best one of n + 1 ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (at, &(_, place)) in common.iter().enumerate() {
        let length = ends.partition_point(|&end| common[end].1 < place);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut stays = BTreeSet::new();
    let mut next = ends.last().copied();
    while let Some(at) = next {
        stays.insert(at);
        next = before[at];
    }
    let moves = common.iter().enumerate().filter(|(at, _)| !stays.contains(at));
    moves.map(|(_, (name, _))| (*name).to_string()).collect()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        if self.is_value {
            let (before, after) = (self.before.join(" "), self.after.join(" "));
            return writeln!(f, "    ~ {what:<22} {before} -> {after}");
        }
        let mut side = |sign: char, list: &[String]| {
            list.iter().try_for_each(|each| writeln!(f, "    {sign} {what:<22} {each}"))
        };
        side('-', &self.before)?;
        side('+', &self.after)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { board, removed, added, changed, moved, sizes, table } = self;
        let part = |f: &mut fmt::Formatter<'_>, head: &str, changes: &[Change]| {
            writeln!(f, "  {head}")?;
            changes.iter().try_for_each(|change| write!(f, "{change}"))
        };
        if !board.is_empty() {
            part(f, "board.conf", board)?;
        }
        removed.iter().try_for_each(|name| writeln!(f, "- {name}"))?;
        added.iter().try_for_each(|name| writeln!(f, "+ {name}"))?;
        changed.iter().try_for_each(|(name, changes)| part(f, name, changes))?;
        if !moved.is_empty() {
            writeln!(f, "  start order")?;
            moved.iter().try_for_each(|name| writeln!(f, "    ~ {name}"))?;
        }
        if !sizes.is_empty() {
            writeln!(f, "  sizes")?;
        }
        for (name, before, after) in sizes {
            let more = i128::from(*after) - i128::from(*before);
            writeln!(f, "    ~ {name:<22} {before} -> {after} ({more:+})")?;
        }
        let is_told = changed.len() + added.len() + removed.len() + board.len() > 0;
        if *table && !is_told {
            writeln!(f, "  the tables differ in what no directive of theirs says")?;
        }
        Ok(())
    }
}
