//! A static tree over the boxes of a list, made for questions about the first match.
//!
//! Items are parted three ways along one field: wholly below a cut, wholly at or above it, and
//! across it; where no cut helps they are parted by rule number. Up to eight parts hang below a node,
//! up to eight items stand in a leaf, their corners side by side: the test of a whole node is a few
//! vector instructions and reads memory in a row. A node knows each part's tight bounds, lowest and
//! highest rule number and which kinds of items it holds, so that a search skips what can't matter.

use wide::i32x8;

use super::bundle::Bundles;
use super::cuboid::{Cell, Cuboid, Spans, span_at};
use super::split;
use crate::Class;

/// A product of rank sets, one for each field.
pub(crate) type Shape<const D: usize> = [Spans; D];

/// Item without a shape: all of its bounds.
pub(crate) const SOLID: u32 = u32::MAX;

/// Kinds of items as bits.
pub(crate) mod mask {
    use crate::Class;

    /// What a rule is sure to match, whatever its class.
    pub(crate) const LEAST: u8 = 0b000_111;
    /// What a rule may match, whatever its class.
    pub(crate) const MOST: u8 = 0b111_000;
    /// Not a copy of an item that comes before it.
    pub(crate) const FRESH: u8 = 0b1_000_000;
    /// Not all of its rule: one of several items, less than its bounds, or of one IP version of two.
    pub(crate) const PART: u8 = 0b1000_0000;

    /// Both bits of a class.
    pub(crate) const fn of(class: Class) -> u8 {
        0b001_001 << class as u8
    }

    /// Both bits of every class that doesn't decide as `class` does. [`Class::Other`] is unknown,
    /// so it agrees with nothing, not even with itself.
    pub(crate) const fn against(class: Class) -> u8 {
        match class {
            Class::Other => LEAST | MOST,
            _ => (LEAST | MOST) & !of(class),
        }
    }
}

/// A box of a rule, or the bounds of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<const D: usize> {
    pub(crate) bounds: Cuboid<D>,
    pub(crate) rule: u32,
    /// Number of its shape, or [`SOLID`].
    pub(crate) shape: u32,
    pub(crate) mask: u8,
}

/// Boxes side by side: what a node has below it, or a leaf in it.
pub(crate) const WIDE: usize = 8;

/// Corners of up to [`WIDE`] boxes, field by field, so that a few vector instructions try all of them.
/// Ranks are below 2³¹: a difference that is less than nothing shows in its sign.
#[derive(Clone, Debug)]
pub(crate) struct Lanes<const D: usize> {
    lo: [i32x8; D],
    hi: [i32x8; D],
}

impl<const D: usize> Lanes<D> {
    /// Lanes that meet nothing.
    const EMPTY: Self = Self { lo: [i32x8::splat(i32::MAX); D], hi: [i32x8::splat(-1); D] };

    fn set(&mut self, lane: usize, bounds: &Cuboid<D>) {
        for d in 0..D {
            self.lo[d].as_mut_array()[lane] = bounds.lo[d].cast_signed();
            self.hi[d].as_mut_array()[lane] = bounds.hi[d].cast_signed();
        }
    }

    pub(crate) fn get(&self, lane: usize) -> Cuboid<D> {
        let of =
            |side: &[i32x8; D]| side.each_ref().map(|all| all.as_array()[lane].cast_unsigned());
        Cuboid { lo: of(&self.lo), hi: of(&self.hi) }
    }

    /// One bit for each lane that meets `bounds`.
    #[inline]
    pub(crate) fn meeting(&self, bounds: &Cuboid<D>) -> u32 {
        let mut apart = i32x8::splat(0);
        for d in 0..D {
            let from = i32x8::splat(bounds.lo[d].cast_signed());
            let to = i32x8::splat(bounds.hi[d].cast_signed());
            apart |= (to - self.lo[d]) | (self.hi[d] - from);
        }
        !apart.to_bitmask() & 0xff
    }

    /// One bit for each lane that is inside `bounds`.
    #[inline]
    pub(crate) fn inside(&self, bounds: &Cuboid<D>) -> u32 {
        let mut beyond = i32x8::splat(0);
        for d in 0..D {
            let from = i32x8::splat(bounds.lo[d].cast_signed());
            let to = i32x8::splat(bounds.hi[d].cast_signed());
            beyond |= (self.lo[d] - from) | (to - self.hi[d]);
        }
        !beyond.to_bitmask() & 0xff
    }

    /// One bit for each lane that `bounds` is inside of.
    #[inline]
    pub(crate) fn around(&self, bounds: &Cuboid<D>) -> u32 {
        let mut short = i32x8::splat(0);
        for d in 0..D {
            let from = i32x8::splat(bounds.lo[d].cast_signed());
            let to = i32x8::splat(bounds.hi[d].cast_signed());
            short |= (from - self.lo[d]) | (self.hi[d] - to);
        }
        !short.to_bitmask() & 0xff
    }
}

/// Up to [`WIDE`] parts of the tree, those with the lowest rule numbers first.
#[derive(Clone, Debug)]
pub(crate) struct Node<const D: usize> {
    pub(crate) boxes: Lanes<D>,
    pub(crate) lowest: [u32; WIDE],
    pub(crate) highest: [u32; WIDE],
    pub(crate) masks: [u8; WIDE],
    pub(crate) kids: [Kid; WIDE],
}

/// What is below a node, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kid(u32);

/// What a [`Kid`] is.
pub(crate) enum Below {
    /// The leaf of this number.
    Leaf(u32),
    /// The node of this number.
    Node(u32),
}

impl Kid {
    /// Numbers of parts are below it.
    const LEAF: u32 = 1 << 31;

    pub(crate) const fn leaf(number: u32) -> Self {
        Self(number | Self::LEAF)
    }

    pub(crate) const fn node(number: u32) -> Self {
        Self(number)
    }

    #[inline]
    pub(crate) const fn below(self) -> Below {
        match self.0 & Self::LEAF {
            0 => Below::Node(self.0),
            _ => Below::Leaf(self.0 & !Self::LEAF),
        }
    }
}

/// What a node or a leaf says of itself to the node above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary<const D: usize> {
    pub(crate) bounds: Cuboid<D>,
    pub(crate) lowest: u32,
    pub(crate) highest: u32,
    pub(crate) mask: u8,
    pub(crate) kid: Kid,
}

impl<const D: usize> Node<D> {
    /// A node over at most [`WIDE`] parts.
    pub(crate) fn over(mut parts: Vec<Summary<D>>) -> Self {
        parts.sort_unstable_by_key(|part| part.lowest);
        let mut node = Self {
            boxes: Lanes::EMPTY,
            lowest: [u32::MAX; WIDE],
            highest: [0; WIDE],
            masks: [0; WIDE],
            kids: [Kid::leaf(0); WIDE],
        };
        for (lane, part) in parts.iter().enumerate() {
            node.boxes.set(lane, &part.bounds);
            (node.lowest[lane], node.highest[lane]) = (part.lowest, part.highest);
            (node.masks[lane], node.kids[lane]) = (part.mask, part.kid);
        }
        node
    }
}

/// Up to [`WIDE`] items, in the order of their rules.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<const D: usize> {
    pub(crate) boxes: Lanes<D>,
    pub(crate) rules: [u32; WIDE],
    /// Numbers of their shapes; `None` when all are [`SOLID`], as nearly always.
    shapes: Option<Box<[u32; WIDE]>>,
    pub(crate) masks: [u8; WIDE],
    len: u8,
}

impl<const D: usize> Leaf<D> {
    /// A leaf of at most [`WIDE`] items.
    pub(crate) fn of(items: &[Item<D>]) -> Self {
        let mut leaf = Self {
            boxes: Lanes::EMPTY,
            rules: [u32::MAX; WIDE],
            shapes: None,
            masks: [0; WIDE],
            len: items.len() as u8,
        };
        for (lane, item) in items.iter().enumerate() {
            leaf.boxes.set(lane, &item.bounds);
            (leaf.rules[lane], leaf.masks[lane]) = (item.rule, item.mask);
            if item.shape != SOLID {
                leaf.shapes.get_or_insert_with(|| Box::new([SOLID; WIDE]))[lane] = item.shape;
            }
        }
        leaf
    }

    pub(crate) fn item(&self, lane: usize) -> Item<D> {
        Item {
            bounds: self.boxes.get(lane),
            rule: self.rules[lane],
            shape: self.shape(lane),
            mask: self.masks[lane],
        }
    }

    fn shape(&self, lane: usize) -> u32 {
        self.shapes.as_ref().map_or(SOLID, |shapes| shapes[lane])
    }

    /// The rules of its items, each once: the items are in the order of their rules.
    fn own_rules(&self) -> impl Iterator<Item = u32> {
        let fresh = |lane: &usize| *lane == 0 || self.rules[lane - 1] != self.rules[*lane];
        (0..self.len()).filter(fresh).map(|lane| self.rules[lane])
    }

    /// The number of its items.
    pub(crate) fn len(&self) -> usize {
        self.len.into()
    }
}

/// The tree with its items.
#[derive(Debug)]
pub(crate) struct Index<const D: usize> {
    pub(crate) tree: Tree<D>,
    pub(crate) shapes: Vec<Shape<D>>,
    /// Leaves with items of rule `r`: `by_rule[starts[r] .. starts[r + 1]]`.
    starts: Vec<u32>,
    by_rule: Vec<u32>,
}

/// Leaves that follow each other.
pub(crate) struct Run<'i, const D: usize> {
    /// Number of the first.
    first: u32,
    leaves: &'i [Leaf<D>],
}

/// Leaves of a run: rules that one task looks at, few enough for hard ones to spread over all cores.
const RUN: usize = 40;

/// A rule of a run.
pub(crate) struct Found<const D: usize> {
    pub(crate) rule: u32,
    /// Its item, where that is a box and all of the rule.
    pub(crate) alone: Option<Item<D>>,
}

/// Nodes and leaves.
#[derive(Debug)]
pub(crate) struct Tree<const D: usize> {
    /// Where searches begin; `None` when there is no item.
    pub(crate) root: Option<Kid>,
    pub(crate) nodes: Bundles<Node<D>>,
    /// Neighbours in space are mostly neighbours here.
    pub(crate) leaves: Bundles<Leaf<D>>,
}

impl<const D: usize> Index<D> {
    /// The index of `rules` rules, whose items may come in any order.
    pub(crate) fn build(items: Vec<Item<D>>, shapes: Vec<Shape<D>>, rules: usize) -> Self {
        let tree = split::tree(items);
        let (starts, by_rule) = group_by_rule(&tree.leaves, rules);
        Self { tree, shapes, starts, by_rule }
    }

    /// The items of one rule.
    pub(crate) fn items_of(&self, rule: u32) -> impl Iterator<Item = Item<D>> + Clone + use<'_, D> {
        self.places_of(rule).map(|(leaf, lane)| self.tree.leaves.get(leaf).item(lane))
    }

    /// The leaves and lanes of its items.
    fn places_of(&self, rule: u32) -> impl Iterator<Item = (u32, usize)> + Clone + use<'_, D> {
        self.leaves_of(rule).iter().flat_map(move |number| {
            let leaf = self.tree.leaves.get(*number);
            let own = move |lane: &usize| leaf.rules[*lane] == rule;
            (0..leaf.len()).filter(own).map(|lane| (*number, lane))
        })
    }

    fn leaves_of(&self, rule: u32) -> &[u32] {
        let at = rule as usize;
        &self.by_rule[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The leaves in runs: neighbours ask for the same nodes.
    pub(crate) fn runs(&self) -> Vec<Run<'_, D>> {
        self.tree
            .leaves
            .runs(RUN)
            .into_iter()
            .map(|(first, leaves)| Run { first, leaves })
            .collect()
    }

    /// The rules whose first item stands in a run. What items say of being all of their rule must be so.
    pub(crate) fn rules_of<'r>(&'r self, run: &Run<'r, D>) -> impl Iterator<Item = Found<D>> + 'r {
        let numbered = (run.first..).zip(run.leaves);
        let lanes = numbered
            .flat_map(|(number, leaf)| (0..leaf.len()).map(move |lane| (number, leaf, lane)));
        lanes.filter_map(|(number, leaf, lane)| {
            let rule = leaf.rules[lane];
            if leaf.masks[lane] & mask::PART == 0 {
                return Some(Found { rule, alone: Some(leaf.item(lane)) });
            }
            let again = lane > 0 && leaf.rules[lane - 1] == rule;
            let first = self.leaves_of(rule)[0] == number && !again;
            first.then_some(Found { rule, alone: None })
        })
    }

    /// Rules without items.
    pub(crate) fn rules_of_nothing(&self) -> impl Iterator<Item = u32> {
        let rules = (0..).zip(self.starts.windows(2));
        rules.filter(|(_, ends)| ends[0] == ends[1]).map(|(rule, _)| rule)
    }

    /// All rules: those with items in the order of the leaves.
    pub(crate) fn leaf_order(&self) -> Vec<u32> {
        let runs = self.runs();
        let found = runs.iter().flat_map(|run| self.rules_of(run)).map(|found| found.rule);
        found.chain(self.rules_of_nothing()).collect()
    }

    /// Whether the rule is one item.
    pub(crate) fn is_single(&self, rule: u32) -> bool {
        self.leaves_of(rule).len() == 1 && self.places_of(rule).nth(1).is_none()
    }

    /// Lets a rule's items take part in searches for what is sure to match, or in none. Nodes keep
    /// their masks, which then promise more than there is: searches stay right.
    pub(crate) fn enable(&mut self, rule: u32, enabled: bool) {
        let places: Vec<(u32, usize)> = self.places_of(rule).collect();
        for (leaf, lane) in places {
            self.tree.leaves.get_mut(leaf).masks[lane] = if enabled { mask::LEAST } else { 0 };
        }
    }

    /// The item's product, unless its bounds are all of it.
    pub(crate) fn shape(&self, item: &Item<D>) -> Option<&Shape<D>> {
        self.shapes.get(item.shape as usize)
    }

    /// Whether an item whose bounds contain the cell contains it.
    pub(crate) fn contains(&self, leaf: &Leaf<D>, lane: usize, cell: &Cell<D>) -> bool {
        let shape = self.shapes.get(leaf.shape(lane) as usize);
        shape.is_none_or(|shape| (0..D).all(|d| span_at(&shape[d], cell[d]).is_some()))
    }
}

/// The class whose bits are in an item's mask.
pub(crate) fn class_of(mask: u8) -> Class {
    [Class::Permit, Class::Deny]
        .into_iter()
        .find(|class| mask & mask::of(*class) != 0)
        .unwrap_or(Class::Other)
}

/// Leaves of items by rule, as a counting sort.
fn group_by_rule<const D: usize>(leaves: &Bundles<Leaf<D>>, rules: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; rules + 1];
    for (_, leaf) in leaves.iter() {
        leaf.own_rules().for_each(|rule| starts[rule as usize + 1] += 1);
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let all = starts.last().copied().unwrap_or(0) as usize;
    let (mut next, mut by_rule) = (starts.clone(), vec![0u32; all]);
    for (number, leaf) in leaves.iter() {
        for rule in leaf.own_rules() {
            let slot = &mut next[rule as usize];
            by_rule[*slot as usize] = number;
            *slot += 1;
        }
    }
    (starts, by_rule)
}
