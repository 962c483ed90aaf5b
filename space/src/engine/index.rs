//! A static tree over the boxes of a list, made for questions about the first match.
//!
//! Each node splits its items three ways along one field: wholly below a cut, wholly at or above
//! it, and across it. Where no cut helps it splits by rule number. A node knows its tight bounds,
//! its lowest and highest rule number and which kinds of items it holds, so that a search skips
//! what can't matter.

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
#[derive(Clone, Debug)]
pub(crate) struct Item<const D: usize> {
    pub(crate) bounds: Cuboid<D>,
    pub(crate) rule: u32,
    /// Number of its shape, or [`SOLID`].
    pub(crate) shape: u32,
    pub(crate) mask: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct Node<const D: usize> {
    pub(crate) bounds: Cuboid<D>,
    /// Lowest and highest rule number.
    pub(crate) rules: (u32, u32),
    pub(crate) mask: u8,
    pub(crate) kids: Kids,
}

/// What is below a node.
#[derive(Clone, Debug)]
pub(crate) enum Kids {
    /// Items `.0 .. .1`.
    Leaf(u32, u32),
    /// Nodes, the one with the lowest rule number first; [`Kids::NONE`] fills up.
    Inner([u32; 3]),
}

impl Kids {
    pub(crate) const NONE: u32 = u32::MAX;
}

/// The tree with its items.
#[derive(Debug)]
pub(crate) struct Index<const D: usize> {
    /// The root comes first. Empty when there is no item.
    pub(crate) nodes: Vec<Node<D>>,
    /// In leaf order: neighbours in space are mostly neighbours here.
    pub(crate) items: Vec<Item<D>>,
    pub(crate) shapes: Vec<Shape<D>>,
    /// Items of rule `r`: `by_rule[starts[r] .. starts[r + 1]]`.
    starts: Vec<u32>,
    by_rule: Vec<u32>,
}

impl<const D: usize> Index<D> {
    /// The index of `rules` rules, whose items may come in any order.
    pub(crate) fn build(mut items: Vec<Item<D>>, shapes: Vec<Shape<D>>, rules: usize) -> Self {
        let nodes = split::tree(&mut items);
        let (starts, by_rule) = group_by_rule(&items, rules);
        Self { nodes, items, shapes, starts, by_rule }
    }

    /// The items of one rule.
    pub(crate) fn items_of(&self, rule: u32) -> impl Iterator<Item = &Item<D>> + Clone {
        let at = rule as usize;
        let of_rule = self.starts[at] as usize..self.starts[at + 1] as usize;
        self.by_rule[of_rule].iter().map(|&i| &self.items[i as usize])
    }

    /// Whether the rule is one item.
    pub(crate) fn is_single(&self, rule: u32) -> bool {
        self.starts[rule as usize + 1] - self.starts[rule as usize] == 1
    }

    /// Lets a rule's items take part in searches for what is sure to match, or in none. Nodes keep
    /// their masks, which then promise more than there is: searches stay right.
    pub(crate) fn enable(&mut self, rule: u32, enabled: bool) {
        let at = rule as usize;
        for number in self.starts[at] as usize..self.starts[at + 1] as usize {
            let item = &mut self.items[self.by_rule[number] as usize];
            item.mask = if enabled { mask::LEAST } else { 0 };
        }
    }

    /// The item's product, unless its bounds are all of it.
    pub(crate) fn shape(&self, item: &Item<D>) -> Option<&Shape<D>> {
        self.shapes.get(item.shape as usize)
    }

    pub(crate) fn contains(&self, item: &Item<D>, cell: &Cell<D>) -> bool {
        item.bounds.contains(cell)
            && self
                .shape(item)
                .is_none_or(|shape| (0..D).all(|d| span_at(&shape[d], cell[d]).is_some()))
    }
}

/// The class whose bits are in an item's mask.
pub(crate) fn class_of(mask: u8) -> Class {
    [Class::Permit, Class::Deny]
        .into_iter()
        .find(|class| mask & mask::of(*class) != 0)
        .unwrap_or(Class::Other)
}

/// Item numbers by rule, as a counting sort.
fn group_by_rule<const D: usize>(items: &[Item<D>], rules: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; rules + 1];
    for item in items {
        starts[item.rule as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let (mut next, mut by_rule) = (starts.clone(), vec![0u32; items.len()]);
    for (number, item) in items.iter().enumerate() {
        let slot = &mut next[item.rule as usize];
        by_rule[*slot as usize] = number as u32;
        *slot += 1;
    }
    (starts, by_rule)
}
