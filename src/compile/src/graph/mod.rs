//! `pilotc graph`: a board as a picture. What is on the left comes first; lines tell why.
//!
//! What every unit has (Requires=sysinit.target, the end at shutdown.target) and order that
//! follows from other order is left out: what is left is what somebody would draw by hand.

mod layout;
mod svg;

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::Listener;
use crate::plan::{Attached, KindPlan, Plan, UnitPlan};
use crate::{Image, show};
use layout::{Drawing, Link, Size};

pub use svg::{Theme, svg};

/// Every unit stops before it: drawn, it would be all there is to see.
const SHUTDOWN: &str = "shutdown.target";
/// Every unit requires it.
const SYSINIT: &str = "sysinit.target";

/// What a line says, weakest first: of several between two units the strongest is drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tie {
    /// The one comes first.
    Order,
    /// The other wants the one.
    Wants,
    /// The other requires the one.
    Requires,
    /// A socket starts a service.
    Trigger,
    /// Never both.
    Conflict,
}

impl Tie {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Order, Self::Wants, Self::Requires, Self::Trigger, Self::Conflict];

    /// As it is called in JSON and in the picture's style.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Wants => "wants",
            Self::Requires => "requires",
            Self::Trigger => "trigger",
            Self::Conflict => "conflict",
        }
    }
}

/// A unit in the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its full name.
    pub name: String,
    /// What it listens to or runs, in short.
    pub detail: String,
    /// Description=.
    pub description: String,
    /// A boot starts it.
    pub at_boot: bool,
    /// It runs once for each connection.
    pub per_connection: bool,
    /// A line leads to it or from it.
    pub tied: bool,
    /// Left, top, width, height.
    pub place: (f64, f64, f64, f64),
}

/// A line in the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What comes first, or the socket.
    pub from: usize,
    /// What comes then.
    pub to: usize,
    /// The strongest that it says.
    pub tie: Tie,
    /// The order of the two is kept, too.
    pub ordered: bool,
    /// Points at which it is level, from left to right.
    pub points: Vec<(f64, f64)>,
    /// `to` is on the left.
    pub backwards: bool,
}

/// A board as a picture without colours.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// The board, in a few words.
    pub title: String,
    /// How much of what it has.
    pub subtitle: String,
    /// The units, without shutdown.target.
    pub nodes: Vec<Node>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Size of all.
    pub size: (f64, f64),
}

/// Draws a board.
pub fn picture(image: &Image) -> Picture {
    let plan = &image.plan;
    let shown: Vec<usize> =
        (0..plan.units.len()).filter(|&unit| plan.units[unit].name != SHUTDOWN).collect();
    let numbers: BTreeMap<usize, usize> =
        shown.iter().enumerate().map(|(number, &unit)| (unit, number)).collect();
    let units: Vec<&UnitPlan> = shown.iter().map(|&unit| &plan.units[unit]).collect();
    let ties = ties(&units, &numbers);
    let (links, reversed) = links(units.len(), &ties);
    let boot = plan.at_boot();
    let mut lines_at = vec![(0, 0); units.len()];
    for link in &links {
        lines_at[link.from].0 += 1;
        lines_at[link.to].1 += 1;
    }
    let mut nodes: Vec<Node> = shown
        .iter()
        .map(|&unit| node(&plan.units[unit], boot[unit]))
        .zip(&lines_at)
        .map(|(node, &(out, into))| Node { tied: out + into > 0, ..node })
        .collect();
    let sizes: Vec<Size> = nodes
        .iter()
        .zip(&lines_at)
        .map(|(node, &(out, into))| {
            let (width, height) = svg::node_size(node);
            Size { width, height: height.max(layout::height_for(out.max(into))) }
        })
        .collect();
    let size = place(&mut nodes, &sizes, &links);
    let drawing = size.1;
    let lines = ties.into_iter().zip(reversed).zip(drawing.lines);
    let lines = lines.map(|((((from, to), (tie, ordered)), backwards), points)| Line {
        from,
        to,
        tie,
        ordered,
        points,
        backwards,
    });
    Picture {
        title: plan.manager.hostname.clone(),
        subtitle: subtitle(plan),
        nodes,
        lines: lines.collect(),
        size: size.0,
    }
}

fn subtitle(plan: &Plan) -> String {
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let limits = &plan.limits;
    let default = &plan.units[usize::from(plan.manager.default_target)].name;
    format!(
        "{}: {}, {}, {}; a boot starts {default}",
        count(limits.units, "unit"),
        count(limits.services, "service"),
        count(limits.sockets, "socket"),
        count(limits.listeners, "listener"),
    )
}

fn node(unit: &UnitPlan, at_boot: bool) -> Node {
    let (detail, per_connection) = match &unit.kind {
        KindPlan::Target | KindPlan::Slice => (String::new(), false),
        KindPlan::Service(service) => {
            let program = service.exec_start.first().map(|command| command.path.clone());
            let path = program.unwrap_or_default().trim_end_matches('\0').to_string();
            (path, service.per_connection)
        }
        KindPlan::Socket(socket) => {
            let all: Vec<String> = socket.listeners.iter().map(short).collect();
            (all.join(", "), false)
        }
        KindPlan::Mount(mount) => match &mount.setup {
            Attached::FileSystem(plan) => (plan.target.clone(), false),
            Attached::Swap(plan) => (plan.what.clone(), false),
        },
        KindPlan::Path(path) => (show::watched(path).join(", "), false),
        KindPlan::Timer(timer) => {
            let all = show::elapses(timer);
            (all.join(", "), false)
        }
    };
    Node {
        name: unit.name.clone(),
        detail,
        description: unit.description.clone(),
        at_boot,
        per_connection,
        tied: false,
        place: (0.0, 0.0, 0.0, 0.0),
    }
}

/// A listener in a word or two.
fn short(listener: &Listener) -> String {
    let text = show::listener_text(listener);
    let (key, address) = text.split_once('=').unwrap_or(("", &text));
    match key.trim_start_matches("Listen") {
        _ if address.starts_with(['/', '@']) => address.into(),
        "Stream" => format!("tcp {address}"),
        "Datagram" => format!("udp {address}"),
        kind => format!("{} {address}", kind.to_lowercase()),
    }
}

/// What ties units: by (first, then) the strongest, and whether it is an order as well.
type Ties = BTreeMap<(usize, usize), (Tie, bool)>;

fn ties(units: &[&UnitPlan], numbers: &BTreeMap<usize, usize>) -> Ties {
    let mut ties = Ties::new();
    let mut add = |from: usize, to: usize, tie: Tie| {
        let held = ties.entry((from, to)).or_insert((tie, false));
        held.0 = held.0.max(tie);
        held.1 |= tie == Tie::Order;
    };
    let known = |unit: &u16| numbers.get(&usize::from(*unit)).copied();
    for (own, unit) in units.iter().enumerate() {
        let edges = &unit.edges;
        for (kind, list) in show::edge_lists(edges) {
            let others = list.iter().filter_map(known);
            match kind {
                "after" => others.for_each(|first| add(first, own, Tie::Order)),
                "wants" | "upholds" => others.for_each(|first| add(first, own, Tie::Wants)),
                "requires" | "requisite" | "binds-to" => {
                    others.for_each(|first| add(first, own, Tie::Requires));
                }
                "on-failure" | "on-success" => {
                    others.for_each(|then| add(own, then, Tie::Trigger));
                }
                "conflicts" => {
                    others.for_each(|other| add(own.min(other), own.max(other), Tie::Conflict));
                }
                // What goes from one to another while both run is not drawn.
                _ => {}
            }
        }
        let started = match &unit.kind {
            KindPlan::Target | KindPlan::Slice | KindPlan::Service(_) | KindPlan::Mount(_) => None,
            KindPlan::Socket(socket) => known(&socket.service),
            KindPlan::Timer(timer) => known(&timer.unit),
            KindPlan::Path(path) => known(&path.unit),
        };
        started.into_iter().for_each(|started| add(own, started, Tie::Trigger));
    }
    leave_out(units, ties)
}

/// Leaves out what is told by the rest, and what every unit has.
fn leave_out(units: &[&UnitPlan], ties: Ties) -> Ties {
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); units.len()];
    for (&(from, to), _) in ties.iter().filter(|(_, (_, ordered))| *ordered) {
        next[from].insert(to);
    }
    let told =
        |from: usize, to: usize| next[from].iter().any(|&via| via != to && leads(&next, via, to));
    let is_needed = |&((from, to), (tie, ordered)): &((usize, usize), (Tie, bool))| match tie {
        Tie::Order => !told(from, to),
        // Every unit requires sysinit.target and starts after it.
        Tie::Requires => !(ordered && units[from].name == SYSINIT && told(from, to)),
        Tie::Wants | Tie::Trigger | Tie::Conflict => true,
    };
    ties.into_iter().filter(is_needed).collect()
}

/// True if a way leads from one unit to another.
fn leads(next: &[BTreeSet<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; next.len()];
    let mut queue = vec![from];
    while let Some(at) = queue.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            queue.extend(&next[at]);
        }
    }
    false
}

/// Lines that all lead to the right: those that cannot are turned round.
fn links(count: usize, ties: &Ties) -> (Vec<Link>, Vec<bool>) {
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
    for (&(from, to), _) in ties.iter().filter(|(_, (_, ordered))| *ordered) {
        next[from].insert(to);
    }
    let link = |(&(from, to), &(tie, ordered)): (&(usize, usize), &(Tie, bool))| {
        let turned = !ordered && leads(&next, to, from);
        let (from, to) = if turned { (to, from) } else { (from, to) };
        next[from].insert(to);
        let weight = match tie {
            Tie::Trigger => 3.0,
            Tie::Requires => 1.5,
            Tie::Order | Tie::Wants => 1.0,
            Tie::Conflict => 0.5,
        };
        (Link { from, to, weight }, turned)
    };
    ties.iter().map(link).unzip()
}

/// Units that nothing is tied to stand below the others, side by side.
fn place(nodes: &mut [Node], sizes: &[Size], links: &[Link]) -> ((f64, f64), Drawing) {
    const GAP: f64 = 16.0;
    const WIDTH_LEAST: f64 = 900.0;
    let tied: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].tied).collect();
    let number = |node: usize| tied.binary_search(&node).expect("a line leads to it");
    let links: Vec<Link> = links
        .iter()
        .map(|link| Link { from: number(link.from), to: number(link.to), ..*link })
        .collect();
    let own: Vec<Size> = tied.iter().map(|&node| sizes[node]).collect();
    let drawing = layout::draw(&own, &links);
    for (&node, &place) in tied.iter().zip(&drawing.boxes) {
        nodes[node].place = place;
    }
    let (mut width, right) = (drawing.width, drawing.width.max(WIDTH_LEAST));
    let (mut x, mut y, mut bottom) = (0.0, drawing.height + 3.0 * GAP, drawing.height);
    for (node, size) in nodes.iter_mut().zip(sizes).filter(|(node, _)| !node.tied) {
        if x > 0.0 && x + size.width > right {
            (x, y) = (0.0, bottom + GAP);
        }
        node.place = (x, y, size.width, size.height);
        x += size.width + GAP;
        bottom = f64::max(bottom, y + size.height);
        width = f64::max(width, x - GAP);
    }
    ((width, bottom), drawing)
}
