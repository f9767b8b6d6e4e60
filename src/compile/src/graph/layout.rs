//! Where boxes and lines go: a layered drawing from left to right.
//!
//! Boxes stand in columns so that every line leads to the right; a line that passes a column
//! takes a place of its own in it, so no line crosses a box. The order in the columns has few
//! crossings (Sugiyama's method: barycentres, sweep by sweep); heights are the least squares that
//! keep boxes apart (pooling of those that touch). Nothing is random: a board has one picture.

use std::collections::{BTreeMap, VecDeque};

/// A box to be placed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A line between two boxes. Lines form no circle.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Link {
    /// The box on the left.
    pub from: usize,
    /// The box on the right.
    pub to: usize,
    /// How much the line should be straight.
    pub weight: f64,
}

/// The drawing.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    /// Each box: left, top, width, height.
    pub boxes: Vec<(f64, f64, f64, f64)>,
    /// Each line: points at which it is level, from left to right. Every second stretch, the
    /// first one included, is level itself.
    pub lines: Vec<Vec<(f64, f64)>>,
}

/// Space between two boxes, a box and a line, and two lines that pass.
const BOX_GAP: f64 = 14.0;
const LINE_GAP: f64 = 9.0;
/// Space between columns: at least, for each line in it, and at most.
const COLUMN_GAP: (f64, f64, f64) = (64.0, 3.0, 190.0);
/// Between lines that end at one side of a box.
const PORT_GAP: f64 = 7.0;
/// Rounds of the two loops.
const SWEEPS: usize = 24;
const ROUNDS: usize = 60;
/// Drawings with more places are not polished by swapping neighbours.
const SWAPPED_MAX: usize = 3000;
/// Drawings with more get fewer rounds.
const POLISHED_MAX: usize = 20_000;

/// A place in a column: a box, or a line that passes.
struct Place {
    column: usize,
    height: f64,
    /// The box.
    own: Option<usize>,
    /// Neighbours to the left and to the right, with the weight of the line.
    left: Vec<(usize, f64)>,
    right: Vec<(usize, f64)>,
}

/// Height that a box with so many lines at one side needs.
pub fn height_for(lines: usize) -> f64 {
    PORT_GAP * (lines as f64 + 1.0)
}

/// Draws boxes and lines.
pub fn draw(sizes: &[Size], links: &[Link]) -> Drawing {
    let columns = columns(sizes.len(), links);
    let (mut places, chains) = places(sizes, links, &columns);
    let order = order(&mut places);
    let middles = middles(&places, &order);
    let mut drawing = Drawing::default();
    let xs = column_places(sizes, &places, &order, &mut drawing);
    drawing.boxes = (0..sizes.len())
        .map(|own| {
            let (left, width) = xs[places[own].column];
            (left, middles[own] - sizes[own].height / 2.0, width, sizes[own].height)
        })
        .collect();
    let tops = drawing.boxes.iter().map(|each| each.1).chain(middles.iter().copied());
    let top = tops.fold(f64::INFINITY, f64::min);
    drawing.lines = lines(links, &chains, &places, &middles, &xs);
    for each in &mut drawing.boxes {
        each.1 -= top;
    }
    for point in drawing.lines.iter_mut().flatten() {
        point.1 -= top;
    }
    let bottoms = drawing.boxes.iter().map(|each| each.1 + each.3);
    let bottoms = bottoms.chain(drawing.lines.iter().flatten().map(|point| point.1));
    drawing.height = bottoms.fold(0.0, f64::max);
    drawing
}

/// The column of each box: behind all that lead to it, and near to where most of its lines go.
fn columns(count: usize, links: &[Link]) -> Vec<usize> {
    let mut waits = vec![0; count];
    let mut out: Vec<Vec<&Link>> = vec![Vec::new(); count];
    let mut pull = vec![0.0; count];
    for link in links {
        waits[link.to] += 1;
        out[link.from].push(link);
        pull[link.from] += link.weight;
        pull[link.to] -= link.weight;
    }
    let mut columns = vec![0; count];
    let mut ready: VecDeque<usize> = (0..count).filter(|&each| waits[each] == 0).collect();
    let mut sorted = Vec::new();
    while let Some(own) = ready.pop_front() {
        sorted.push(own);
        for link in &out[own] {
            columns[link.to] = columns[link.to].max(columns[own] + 1);
            waits[link.to] -= 1;
            if waits[link.to] == 0 {
                ready.push_back(link.to);
            }
        }
    }
    for &own in sorted.iter().rev().filter(|&&own| pull[own] > 0.0) {
        let nearest = out[own].iter().map(|link| columns[link.to]).min();
        columns[own] = nearest.map_or(columns[own], |nearest| nearest - 1);
    }
    let used: BTreeMap<usize, ()> = columns.iter().map(|&column| (column, ())).collect();
    let numbers: BTreeMap<usize, usize> =
        used.into_keys().enumerate().map(|(number, column)| (column, number)).collect();
    columns.into_iter().map(|column| numbers[&column]).collect()
}

/// A place for each box, then one for each column that a line passes; and each line's places.
fn places(sizes: &[Size], links: &[Link], columns: &[usize]) -> (Vec<Place>, Vec<Vec<usize>>) {
    let place =
        |column, height, own| Place { column, height, own, left: Vec::new(), right: Vec::new() };
    let boxes = sizes.iter().enumerate();
    let mut places: Vec<Place> =
        boxes.map(|(own, size)| place(columns[own], size.height, Some(own))).collect();
    let mut chains = Vec::new();
    for link in links {
        let mut chain = vec![link.from];
        for column in columns[link.from] + 1..columns[link.to] {
            chain.push(places.len());
            places.push(place(column, 0.0, None));
        }
        chain.push(link.to);
        for pair in chain.windows(2) {
            // Where a line passes it should not bend.
            let passing = pair.iter().filter(|&&each| places[each].own.is_none()).count();
            let weight = link.weight * [1.0, 2.0, 8.0][passing];
            places[pair[0]].right.push((pair[1], weight));
            places[pair[1]].left.push((pair[0], weight));
        }
        chains.push(chain);
    }
    (places, chains)
}

/// The order of the places in each column.
fn order(places: &mut [Place]) -> Vec<Vec<usize>> {
    let count = places.iter().map(|place| place.column + 1).max().unwrap_or(0);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (number, place) in places.iter().enumerate() {
        order[place.column].push(number);
    }
    let mut ranks = vec![0; places.len()];
    set_ranks(&order, &mut ranks);
    let mut best = (crossings(places, &order, &ranks), order.clone());
    for sweep in 0..rounds(SWEEPS, places.len()) {
        let rightwards = sweep % 2 == 0;
        for step in 0..count {
            let column = if rightwards { step } else { count - 1 - step };
            sort_by_neighbours(&mut order[column], places, &ranks, rightwards);
            for (rank, &place) in order[column].iter().enumerate() {
                ranks[place] = rank;
            }
        }
        if places.len() <= SWAPPED_MAX {
            order.iter_mut().for_each(|column| swap_neighbours(column, places, &mut ranks));
        }
        let crossed = crossings(places, &order, &ranks);
        if crossed < best.0 {
            best = (crossed, order.clone());
        }
    }
    best.1
}

fn rounds(wanted: usize, places: usize) -> usize {
    if places <= POLISHED_MAX { wanted } else { (wanted * POLISHED_MAX / places).max(2) }
}

fn set_ranks(order: &[Vec<usize>], ranks: &mut [usize]) {
    for column in order {
        for (rank, &place) in column.iter().enumerate() {
            ranks[place] = rank;
        }
    }
}

/// Each place at the mean of its neighbours in the column before; those without stay.
fn sort_by_neighbours(column: &mut [usize], places: &[Place], ranks: &[usize], rightwards: bool) {
    let mut keyed: Vec<(f64, usize)> = column
        .iter()
        .map(|&place| {
            let list = if rightwards { &places[place].left } else { &places[place].right };
            let weight: f64 = list.iter().map(|(_, weight)| weight).sum();
            let sum: f64 = list.iter().map(|&(other, weight)| ranks[other] as f64 * weight).sum();
            (if list.is_empty() { ranks[place] as f64 } else { sum / weight }, place)
        })
        .collect();
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
    column.iter_mut().zip(keyed).for_each(|(place, (_, other))| *place = other);
}

/// Swaps neighbours in a column as long as that takes crossings away.
fn swap_neighbours(column: &mut [usize], places: &[Place], ranks: &mut [usize]) {
    for _ in 0..column.len().min(8) {
        let mut swapped = false;
        for upper in 1..column.len() {
            let (one, other) = (column[upper - 1], column[upper]);
            let sides = [
                (&places[one].left, &places[other].left),
                (&places[one].right, &places[other].right),
            ];
            let crossed = |flip: bool| -> usize {
                let pairs = sides.iter().flat_map(|(above, below)| {
                    above.iter().flat_map(move |a| below.iter().map(move |b| (a.0, b.0)))
                });
                let is_crossed = |&(a, b): &(usize, usize)| match flip {
                    false => ranks[a] > ranks[b],
                    true => ranks[a] < ranks[b],
                };
                pairs.filter(is_crossed).count()
            };
            if crossed(true) < crossed(false) {
                column.swap(upper - 1, upper);
                (ranks[one], ranks[other]) = (ranks[other], ranks[one]);
                swapped = true;
            }
        }
        if !swapped {
            break;
        }
    }
}

/// How many lines cross: for each column, pairs in the wrong order, counted with a Fenwick tree.
fn crossings(places: &[Place], order: &[Vec<usize>], ranks: &[usize]) -> usize {
    let mut crossed = 0;
    for pair in order.windows(2) {
        let mut tree = vec![0usize; pair[1].len() + 1];
        let mut seen = 0;
        for &place in &pair[0] {
            let mut ends: Vec<usize> =
                places[place].right.iter().map(|&(other, _)| ranks[other]).collect();
            ends.sort_unstable();
            for &end in &ends {
                let mut at = end + 1;
                let mut above = 0;
                while at > 0 {
                    above += tree[at];
                    at &= at - 1;
                }
                crossed += seen - above;
            }
            for end in ends {
                seen += 1;
                let mut at = end + 1;
                while at < tree.len() {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
    }
    crossed
}

/// The height of the middle of each place.
fn middles(places: &[Place], order: &[Vec<usize>]) -> Vec<f64> {
    let mut middles = vec![0.0; places.len()];
    for column in order {
        let mut at = 0.0;
        for pair in 0..column.len() {
            if pair > 0 {
                at += apart(&places[column[pair - 1]], &places[column[pair]]);
            }
            middles[column[pair]] = at;
        }
        let half = at / 2.0;
        column.iter().for_each(|&place| middles[place] -= half);
    }
    for round in 0..rounds(ROUNDS, places.len()) {
        for step in 0..order.len() {
            let column = if round % 2 == 0 { step } else { order.len() - 1 - step };
            let wishes: Vec<(f64, f64)> =
                order[column].iter().map(|&place| wish(&places[place], place, &middles)).collect();
            settle(&order[column], places, &wishes, &mut middles);
        }
    }
    middles
}

/// Where a place would like to be, and how much.
fn wish(place: &Place, number: usize, middles: &[f64]) -> (f64, f64) {
    let all = place.left.iter().chain(&place.right);
    let (sum, weight) = all.fold((0.0, 0.0), |(sum, weight), &(other, more)| {
        (sum + middles[other] * more, weight + more)
    });
    if weight == 0.0 { (middles[number], 0.1) } else { (sum / weight, weight) }
}

/// How far the middles of two neighbours are apart at least.
fn apart(above: &Place, below: &Place) -> f64 {
    let gap = match (above.own, below.own) {
        (None, None) => LINE_GAP,
        (Some(_), Some(_)) => BOX_GAP,
        (Some(_), None) | (None, Some(_)) => BOX_GAP,
    };
    (above.height + below.height) / 2.0 + gap
}

/// Puts each place of a column where it wishes to be, as far as they do not touch: neighbours
/// that would are pooled and moved together (isotonic regression).
fn settle(column: &[usize], places: &[Place], wishes: &[(f64, f64)], middles: &mut [f64]) {
    // Offsets make "at least so far apart" to "not in the wrong order".
    let mut offsets = Vec::new();
    let mut offset = 0.0;
    for (at, &place) in column.iter().enumerate() {
        if at > 0 {
            offset += apart(&places[column[at - 1]], &places[place]);
        }
        offsets.push(offset);
    }
    // Pools: sum of wishes by weight, weight, how many.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (&(wish, weight), offset) in wishes.iter().zip(&offsets) {
        pools.push(((wish - offset) * weight, weight, 1));
        while let [.., above, below] = pools[..]
            && above.0 / above.1 > below.0 / below.1
        {
            pools.pop();
            let merged = (above.0 + below.0, above.1 + below.1, above.2 + below.2);
            *pools.last_mut().expect("two were there") = merged;
        }
    }
    let values = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.0 / pool.1, pool.2));
    for ((&place, offset), value) in column.iter().zip(offsets).zip(values) {
        middles[place] = value + offset;
    }
}

/// Left edge and width of each column; the width of the whole is noted.
fn column_places(
    sizes: &[Size],
    places: &[Place],
    order: &[Vec<usize>],
    drawing: &mut Drawing,
) -> Vec<(f64, f64)> {
    let (least, each, most) = COLUMN_GAP;
    let mut x = 0.0;
    let mut found = Vec::new();
    for column in order {
        let widths = column.iter().filter_map(|&place| places[place].own);
        let width = widths.map(|own| sizes[own].width).fold(0.0, f64::max);
        found.push((x, width));
        let lines: usize = column.iter().map(|&place| places[place].right.len()).sum();
        drawing.width = x + width;
        x += width + (least + each * lines as f64).min(most);
    }
    found
}

/// The points of each line.
fn lines(
    links: &[Link],
    chains: &[Vec<usize>],
    places: &[Place],
    middles: &[f64],
    xs: &[(f64, f64)],
) -> Vec<Vec<(f64, f64)>> {
    let leaving = ports(places, middles, chains, false);
    let coming = ports(places, middles, chains, true);
    let mut lines = Vec::new();
    for (number, (link, chain)) in links.iter().zip(chains).enumerate() {
        let (first, last) = (xs[places[link.from].column], xs[places[link.to].column]);
        let start = middles[link.from] + leaving[number];
        let mut points = vec![(first.0 + first.1, start), (first.0 + first.1, start)];
        for &place in &chain[1..chain.len() - 1] {
            let (left, width) = xs[places[place].column];
            points.extend([(left, middles[place]), (left + width, middles[place])]);
        }
        let end = middles[link.to] + coming[number];
        points.extend([(last.0, end), (last.0, end)]);
        lines.push(points);
    }
    lines
}

/// How far from the middle of its box each line begins, or ends: in the order of where it goes.
fn ports(places: &[Place], middles: &[f64], chains: &[Vec<usize>], at_end: bool) -> Vec<f64> {
    let mut ends: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
    for (number, chain) in chains.iter().enumerate() {
        let (own, next) = match at_end {
            false => (chain[0], chain[1]),
            true => (chain[chain.len() - 1], chain[chain.len() - 2]),
        };
        ends.entry(own).or_default().push((middles[next], number));
    }
    let mut ports = vec![0.0; chains.len()];
    for (own, mut list) in ends {
        list.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let count = list.len() as f64;
        let gap = PORT_GAP.min(places[own].height / (count + 1.0));
        for (at, (_, number)) in list.into_iter().enumerate() {
            ports[number] = (at as f64 - (count - 1.0) / 2.0) * gap;
        }
    }
    ports
}
