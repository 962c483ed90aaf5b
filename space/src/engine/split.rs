//! Building the tree of an [`Index`](super::index::Index).

use rayon::prelude::*;

use super::bundle::{Bundles, SIZE};
use super::cuboid::Cuboid;
use super::index::{Below, Item, Kid, Leaf, Node, SOLID, Summary, Tree, WIDE, mask};

/// Items that a leaf is to have on average.
const FILL: usize = 6;
/// Items above which it is worth it to sum up halves side by side.
const MANY: usize = 1 << 16;
/// Items looked at for choosing a cut.
const SAMPLE: usize = 48;
/// A cut is worth a node when it leaves less than this percentage of a scan.
const WORTH: usize = 97;

/// The tree over `items`.
pub(super) fn tree<const D: usize>(mut items: Vec<Item<D>>) -> Tree<D> {
    let mut tree = Tree { root: None, nodes: Bundles::none(), leaves: Bundles::none() };
    if !items.is_empty() {
        tree.root = Some(joined(grow(&mut items), &mut tree).kid);
    }
    tree
}

/// What one thread makes; kids are named by their place in it.
struct Part<const D: usize> {
    nodes: Vec<Node<D>>,
    leaves: Vec<Leaf<D>>,
}

/// Parts that grew side by side.
enum Grown<const D: usize> {
    /// What one thread made, and what its top says of itself.
    Part(Summary<D>, Part<D>),
    /// What is to be below a node.
    Below(Vec<Self>),
}

/// Trees for the parts of `items`, large ones in parallel.
fn grow<const D: usize>(items: &mut [Item<D>]) -> Grown<D> {
    if items.len() <= SIZE {
        let mut part = Part { nodes: Vec::new(), leaves: Vec::new() };
        return Grown::Part(subtree(items, &mut part), part);
    }
    Grown::Below(parts(items).into_par_iter().map(grow).collect())
}

/// Puts together what grew side by side.
fn joined<const D: usize>(grown: Grown<D>, tree: &mut Tree<D>) -> Summary<D> {
    match grown {
        Grown::Part(top, part) => added(tree, top, part),
        Grown::Below(parts) => {
            let parts: Vec<Summary<D>> = parts.into_iter().map(|p| joined(p, tree)).collect();
            let all = summed(&parts);
            Summary { kid: Kid::node(tree.nodes.add(vec![Node::over(parts)])), ..all }
        }
    }
}

/// Adds what one thread made.
fn added<const D: usize>(tree: &mut Tree<D>, top: Summary<D>, mut part: Part<D>) -> Summary<D> {
    let leaves = tree.leaves.add(part.leaves);
    let nodes = tree.nodes.add(Vec::new());
    let moved = |kid: Kid| match kid.below() {
        Below::Leaf(at) => Kid::leaf(at + leaves),
        Below::Node(at) => Kid::node(at + nodes),
    };
    part.nodes.iter_mut().for_each(|node| node.kids = node.kids.map(moved));
    tree.nodes.fill(nodes, part.nodes);
    Summary { kid: moved(top.kid), ..top }
}

/// Appends what is needed for `items` and sums it up.
fn subtree<const D: usize>(items: &mut [Item<D>], own: &mut Part<D>) -> Summary<D> {
    if items.len() <= WIDE {
        return leaf(items, own);
    }
    let parts = parts(items).into_iter().map(|items| subtree(items, own)).collect();
    node(parts, own)
}

/// What is to be below one node.
fn parts<const D: usize>(items: &mut [Item<D>]) -> Vec<&mut [Item<D>]> {
    let lanes = items.len().div_ceil(FILL).min(WIDE);
    let mut parts = Vec::with_capacity(WIDE);
    part(items, lanes, &mut parts);
    parts
}

fn leaf<const D: usize>(items: &mut [Item<D>], own: &mut Part<D>) -> Summary<D> {
    items.sort_unstable_by_key(|item| item.rule);
    mark_copies(items);
    let kid = Kid::leaf(own.leaves.len() as u32);
    own.leaves.push(Leaf::of(items));
    Summary {
        bounds: bounds(items),
        lowest: items[0].rule,
        highest: items[items.len() - 1].rule,
        mask: items.iter().fold(0, |mask, item| mask | item.mask),
        kid,
    }
}

fn node<const D: usize>(parts: Vec<Summary<D>>, own: &mut Part<D>) -> Summary<D> {
    let all = summed(&parts);
    own.nodes.push(Node::over(parts));
    Summary { kid: Kid::node(own.nodes.len() as u32 - 1), ..all }
}

/// What parts say together.
fn summed<const D: usize>(parts: &[Summary<D>]) -> Summary<D> {
    parts.iter().fold(parts[0], |all, part| Summary {
        bounds: all.bounds.join(&part.bounds),
        lowest: all.lowest.min(part.lowest),
        highest: all.highest.max(part.highest),
        mask: all.mask | part.mask,
        kid: all.kid,
    })
}

/// The smallest box around items, of which there is one at least.
fn bounds<const D: usize>(items: &[Item<D>]) -> Cuboid<D> {
    if items.len() > MANY {
        let (first, second) = items.split_at(items.len() / 2);
        let (first, second) = rayon::join(|| bounds(first), || bounds(second));
        return first.join(&second);
    }
    items.iter().fold(items[0].bounds, |all, item| all.join(&item.bounds))
}

/// Parts `items` into at most `lanes` runs, the larger ones more often.
fn part<'i, const D: usize>(
    items: &'i mut [Item<D>],
    lanes: usize,
    out: &mut Vec<&'i mut [Item<D>]>,
) {
    if items.len() <= WIDE || lanes < 2 {
        out.push(items);
        return;
    }
    let (low, high) = divide(items, &bounds(items));
    if lanes == 2 && low > 0 && low < high && high < items.len() {
        let (first, second) = items.split_at_mut(low);
        out.extend([first, second]);
        return;
    }
    let (first, rest) = items.split_at_mut(low);
    let (second, third) = rest.split_at_mut(high - low);
    let shares = shares([first.len(), second.len(), third.len()], lanes);
    for (run, lanes) in [first, second, third].into_iter().zip(shares) {
        if !run.is_empty() {
            part(run, lanes, out);
        }
    }
}

/// How many of `lanes` each run gets: one at least, unless it is empty, and then the longest.
fn shares(lens: [usize; 3], lanes: usize) -> [usize; 3] {
    let mut shares = lens.map(|len| usize::from(len > 0));
    for _ in shares.iter().sum::<usize>()..lanes {
        let wanting = (0..3).filter(|&i| lens[i] > WIDE * shares[i]);
        let Some(most) = wanting.max_by_key(|&i| lens[i] / shares[i]) else { break };
        shares[most] += 1;
    }
    shares
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

    /// The number of items below a part, which is as its summary says.
    fn check(tree: &Tree<2>, part: &Summary<2>) -> usize {
        match part.kid.below() {
            Below::Leaf(at) => {
                let leaf = tree.leaves.get(at);
                for item in (0..leaf.len()).map(|lane| leaf.item(lane)) {
                    assert_eq!(part.bounds.join(&item.bounds), part.bounds);
                    assert!(part.lowest <= item.rule && item.rule <= part.highest);
                    assert_eq!(part.mask | item.mask, part.mask);
                }
                leaf.len()
            }
            Below::Node(at) => below(tree.nodes.get(at))
                .map(|other| {
                    assert_eq!(part.bounds.join(&other.bounds), part.bounds);
                    assert!(part.lowest <= other.lowest && other.highest <= part.highest);
                    assert_eq!(part.mask | other.mask, part.mask);
                    check(tree, &other)
                })
                .sum(),
        }
    }

    fn below(node: &Node<2>) -> impl Iterator<Item = Summary<2>> {
        (0..WIDE).filter(|lane| node.lowest[*lane] != u32::MAX).map(|lane| Summary {
            bounds: node.boxes.get(lane),
            lowest: node.lowest[lane],
            highest: node.highest[lane],
            mask: node.masks[lane],
            kid: node.kids[lane],
        })
    }

    #[test]
    fn every_item_is_below_the_root_once() {
        for (n, copies) in [(1, false), (9, false), (3_000, false), (20_000, false), (20_000, true)]
        {
            let mut tree = tree(Vec::new());
            let top = joined(grow(&mut items(n, copies)), &mut tree);
            assert_eq!(check(&tree, &top), n as usize);
        }
    }

    #[test]
    fn of_equal_boxes_only_the_first_is_fresh() {
        let tree = tree(items(1_000, true));
        let items = tree.leaves.iter().flat_map(|(_, l)| (0..l.len()).map(|lane| l.item(lane)));
        let fresh: Vec<u32> = items.filter(|i| i.mask & mask::FRESH != 0).map(|i| i.rule).collect();
        assert_eq!(fresh.iter().copied().max(), Some(6));
        assert_eq!(fresh.len(), 7);
    }
}
