//! Building the tree of an [`Index`](super::index::Index).

use super::cuboid::Cuboid;
use super::index::{Item, Kids, Node, SOLID, mask};

/// Items in a leaf at most.
const LEAF: usize = 8;
/// Above this many items the parts of a node are built in parallel.
const PARALLEL: usize = 8192;
/// Items looked at for choosing a cut.
const SAMPLE: usize = 48;
/// A cut is worth a node when it leaves less than this percentage of a scan.
const WORTH: usize = 97;

/// Orders `items` by leaf and returns the nodes over them, the root first.
pub(super) fn tree<const D: usize>(items: &mut [Item<D>]) -> Vec<Node<D>> {
    if items.is_empty() { Vec::new() } else { subtree(items, 0) }
}

/// The nodes over `items`, which start at number `base` of all; child numbers count from the root.
fn subtree<const D: usize>(items: &mut [Item<D>], base: u32) -> Vec<Node<D>> {
    if items.len() > PARALLEL {
        return forked(items, base);
    }
    let mut nodes = Vec::with_capacity(items.len() / 2 + 1);
    grow(items, base, &mut nodes);
    nodes
}

/// A subtree whose parts are built in parallel.
fn forked<const D: usize>(items: &mut [Item<D>], base: u32) -> Vec<Node<D>> {
    let root = summary(items);
    let ends = divide(items, &root.bounds);
    let (low, rest) = items.split_at_mut(ends.0);
    let (high, across) = rest.split_at_mut(ends.1 - ends.0);
    let part = |items, offset: usize| non_empty(items, base + offset as u32);
    let (a, (b, c)) = rayon::join(
        || part(low, 0),
        || rayon::join(|| part(high, ends.0), || part(across, ends.1)),
    );
    let mut nodes = vec![root];
    let mut kids = Vec::with_capacity(3);
    for part in [a, b, c].into_iter().filter(|p| !p.is_empty()) {
        let offset = nodes.len() as u32;
        kids.push((part[0].rules.0, offset));
        nodes.extend(part.into_iter().map(|node| moved(node, offset)));
    }
    nodes[0].mask = kids.iter().fold(0, |bits, kid| bits | nodes[kid.1 as usize].mask);
    nodes[0].kids = inner(kids);
    nodes
}

fn non_empty<const D: usize>(items: &mut [Item<D>], base: u32) -> Vec<Node<D>> {
    if items.is_empty() { Vec::new() } else { subtree(items, base) }
}

fn moved<const D: usize>(mut node: Node<D>, offset: u32) -> Node<D> {
    if let Kids::Inner(kids) = &mut node.kids {
        kids.iter_mut().filter(|kid| **kid != Kids::NONE).for_each(|kid| *kid += offset);
    }
    node
}

/// Appends the nodes over `items` and returns the number of their root.
fn grow<const D: usize>(items: &mut [Item<D>], base: u32, nodes: &mut Vec<Node<D>>) -> u32 {
    let at = nodes.len();
    if items.len() <= LEAF {
        items.sort_unstable_by_key(|item| item.rule);
        mark_copies(items);
        nodes.push(Node { kids: Kids::Leaf(base, base + items.len() as u32), ..summary(items) });
        return at as u32;
    }
    nodes.push(summary(items));
    let (first, second) = divide(items, &nodes[at].bounds);
    let mut kids = Vec::with_capacity(3);
    for (from, to) in [(0, first), (first, second), (second, items.len())] {
        if from < to {
            let kid = grow(&mut items[from..to], base + from as u32, nodes);
            kids.push((nodes[kid as usize].rules.0, kid));
        }
    }
    // Copies are marked on the way down, after the node was summed up.
    let below = kids.iter().fold(0, |bits, kid| bits | nodes[kid.1 as usize].mask);
    nodes[at].mask = below;
    nodes[at].kids = inner(kids);
    at as u32
}

/// Children as a node keeps them; each comes with its lowest rule number.
fn inner(mut kids: Vec<(u32, u32)>) -> Kids {
    kids.sort_unstable();
    let mut out = [Kids::NONE; 3];
    for (slot, kid) in out.iter_mut().zip(kids) {
        *slot = kid.1;
    }
    Kids::Inner(out)
}

/// A node over `items` with nothing below it yet.
fn summary<const D: usize>(items: &[Item<D>]) -> Node<D> {
    let first = &items[0];
    let whole = Node {
        bounds: first.bounds,
        rules: (first.rule, first.rule),
        mask: 0,
        kids: Kids::Leaf(0, 0),
    };
    items.iter().fold(whole, |node, item| Node {
        bounds: node.bounds.join(&item.bounds),
        rules: (node.rules.0.min(item.rule), node.rules.1.max(item.rule)),
        mask: node.mask | item.mask,
        kids: node.kids,
    })
}

/// Orders `items` as low, high, across and returns where the first two end.
fn divide<const D: usize>(items: &mut [Item<D>], bounds: &Cuboid<D>) -> (usize, usize) {
    let Some((dim, cut)) = best_cut(items, bounds) else {
        return halve_by_rule(items);
    };
    let low = partition(items, |item| item.bounds.hi[dim] < cut);
    let high = partition(&mut items[low..], |item| item.bounds.lo[dim] >= cut);
    if low.max(high).max(items.len() - low - high) == items.len() {
        return halve_by_rule(items);
    }
    (low, low + high)
}

fn halve_by_rule<const D: usize>(items: &mut [Item<D>]) -> (usize, usize) {
    mark_copies(items);
    let half = items.len() / 2;
    items.select_nth_unstable_by_key(half, |item| item.rule);
    (half, items.len())
}

/// Takes the mark of freshness from every solid item whose box an earlier rule has as well.
///
/// Equal boxes go the same way at every cut, so they meet in a leaf or where rules are halved.
fn mark_copies<const D: usize>(items: &mut [Item<D>]) {
    let mut order: Vec<u32> =
        (0..items.len() as u32).filter(|&i| items[i as usize].shape == SOLID).collect();
    // What only may match comes last: it never stands for what is sure to match.
    order.sort_unstable_by_key(|&i| {
        let item = &items[i as usize];
        (item.bounds, item.mask & mask::LEAST == 0, item.rule)
    });
    let mut first: Option<(Cuboid<D>, u32)> = None;
    for item in order.into_iter().map(|i| i as usize) {
        let item = &mut items[item];
        match first {
            Some((bounds, rule)) if bounds == item.bounds && rule <= item.rule => {
                item.mask &= !mask::FRESH;
            }
            _ => first = Some((item.bounds, item.rule)),
        }
    }
}

/// The field and cut that leave the cheapest scan, if any is worth a node.
fn best_cut<const D: usize>(items: &[Item<D>], bounds: &Cuboid<D>) -> Option<(usize, u32)> {
    let step = items.len().div_ceil(SAMPLE);
    let sample: Vec<&Cuboid<D>> = items.iter().step_by(step).map(|item| &item.bounds).collect();
    let mut best = (sample.len().pow(2) * WORTH / 100, None);
    let mut ends: Vec<u32> = Vec::with_capacity(2 * sample.len());
    for dim in (0..D).filter(|&d| bounds.lo[d] < bounds.hi[d]) {
        ends.clear();
        ends.extend(sample.iter().flat_map(|b| [b.lo[dim], b.hi[dim].saturating_add(1)]));
        ends.retain(|&end| bounds.lo[dim] < end && end <= bounds.hi[dim]);
        ends.sort_unstable();
        for part in 1..4 {
            let Some(&cut) = ends.get(ends.len() * part / 4) else { continue };
            let cost = scan_cost(&sample, dim, cut);
            if cost < best.0 {
                best = (cost, Some((dim, cut)));
            }
        }
    }
    best.1
}

/// Items that a query for a random one of the sample looks at, for all of them together.
fn scan_cost<const D: usize>(sample: &[&Cuboid<D>], dim: usize, cut: u32) -> usize {
    let low = sample.iter().filter(|b| b.hi[dim] < cut).count();
    let high = sample.iter().filter(|b| b.lo[dim] >= cut).count();
    let all = sample.len();
    low * low + high * high + (all - low - high) * all
}

/// Moves the items that `first` accepts to the front and returns their number.
fn partition<T>(items: &mut [T], first: impl Fn(&T) -> bool) -> usize {
    let mut end = 0;
    for at in 0..items.len() {
        if first(&items[at]) {
            items.swap(at, end);
            end += 1;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::cuboid::Cell;
    use super::*;

    fn items(n: u32, copies: bool) -> Vec<Item<2>> {
        let side = |k: u32| (k.wrapping_mul(2_654_435_761) >> 20) % 900;
        (0..n)
            .map(|rule| {
                let k = if copies { rule % 7 } else { rule };
                let lo: Cell<2> = [side(k), side(k + 77)];
                let bounds = Cuboid { lo, hi: [lo[0] + k % 60, lo[1] + k % 11] };
                Item { bounds, rule, shape: SOLID, mask: mask::LEAST | mask::MOST | mask::FRESH }
            })
            .collect()
    }

    fn check(nodes: &[Node<2>], items: &[Item<2>], at: u32) -> usize {
        let node = &nodes[at as usize];
        match node.kids {
            Kids::Leaf(from, to) => {
                for item in &items[from as usize..to as usize] {
                    assert_eq!(node.bounds.join(&item.bounds), node.bounds);
                    assert!(node.rules.0 <= item.rule && item.rule <= node.rules.1);
                    assert_eq!(node.mask | item.mask, node.mask);
                }
                (to - from) as usize
            }
            Kids::Inner(kids) => kids
                .into_iter()
                .filter(|kid| *kid != Kids::NONE)
                .map(|kid| {
                    let below = &nodes[kid as usize];
                    assert_eq!(node.bounds.join(&below.bounds), node.bounds);
                    assert!(node.rules.0 <= below.rules.0 && below.rules.1 <= node.rules.1);
                    assert_eq!(node.mask | below.mask, node.mask);
                    check(nodes, items, kid)
                })
                .sum(),
        }
    }

    #[test]
    fn every_item_is_below_the_root_once() {
        for (n, copies) in [(1, false), (9, false), (3_000, false), (20_000, false), (20_000, true)]
        {
            let mut items = items(n, copies);
            let nodes = tree(&mut items);
            assert_eq!(check(&nodes, &items, 0), n as usize);
        }
    }

    #[test]
    fn of_equal_boxes_only_the_first_is_fresh() {
        let mut items = items(1_000, true);
        tree(&mut items);
        let fresh: Vec<u32> =
            items.iter().filter(|i| i.mask & mask::FRESH != 0).map(|i| i.rule).collect();
        assert_eq!(fresh.iter().copied().max(), Some(6));
        assert_eq!(fresh.len(), 7);
    }
}
