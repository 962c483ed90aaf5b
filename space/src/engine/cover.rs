//! Whether the union of some items covers a region, and which of them are needed for it.

use rustc_hash::FxHashMap;

use super::cuboid::{Cell, Cuboid, Product, Region};
use super::index::{Index, Item, SOLID, Shape, mask};
use super::search::{Search, View};
use crate::Budget;

/// What is left of a budget.
pub(crate) struct Meter {
    pieces: u32,
    until: u64,
}

impl Meter {
    /// A full budget, for a search that has already made some visits.
    pub(crate) fn start<const D: usize>(budget: Budget, search: &Search<D>) -> Self {
        Self { pieces: budget.pieces, until: search.visits.saturating_add(budget.visits) }
    }

    /// Takes one piece off; false when nothing is left.
    pub(crate) fn take<const D: usize>(&mut self, search: &Search<D>) -> bool {
        let left = self.pieces > 0 && search.visits < self.until;
        self.pieces = self.pieces.saturating_sub(1);
        left
    }
}

/// Whether a region is covered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cover<const D: usize> {
    /// By the rules that were noted.
    Full,
    /// Not at this cell.
    Hole(Cell<D>),
    /// The budget ran out.
    Unfinished,
}

/// Rules with the volume that was taken from a region on account of each.
pub(crate) type Shares = FxHashMap<u32, f64>;

/// Whether the items of `view` cover `target`: exactly, by taking away what they cover piece by
/// piece until nothing or an uncovered cell is left.
pub(crate) fn cover<const D: usize, R: Region<D>>(
    search: &mut Search<D>,
    target: &R,
    view: &View,
    meter: &mut Meter,
    shares: &mut Shares,
) -> Cover<D> {
    let mut stack = vec![target.clone()];
    while let Some(piece) = stack.pop() {
        if !meter.take(search) {
            return Cover::Unfinished;
        }
        let cell = piece.corner();
        let Some(pivot) = search.best_cover(&piece, &cell, view) else {
            return Cover::Hole(cell);
        };
        *shares.entry(pivot.rule).or_default() += pivot.volume;
        piece.without(&pivot.cut, &mut stack);
    }
    Cover::Full
}

/// A part of a rule: boxes go a faster way than products.
#[derive(Clone, Debug)]
pub(crate) enum Part<const D: usize> {
    Solid(Cuboid<D>),
    Shaped(Product<D>),
}

impl<const D: usize> From<Product<D>> for Part<D> {
    fn from(product: Product<D>) -> Self {
        product.as_cuboid().map_or(Self::Shaped(product), Self::Solid)
    }
}

impl<const D: usize> Part<D> {
    pub(crate) fn of(item: &Item<D>, shape: Option<&Shape<D>>) -> Self {
        match shape {
            None => Self::Solid(item.bounds),
            Some(shape) => Self::Shaped(Product(shape.clone())),
        }
    }

    /// The rules of the first `most` items of the view that share a cell with it.
    pub(crate) fn met(&self, search: &mut Search<'_, D>, view: &View, most: usize) -> Vec<u32> {
        match self {
            Self::Solid(part) => search.meeting(part, view, most),
            Self::Shaped(part) => search.meeting(part, view, most),
        }
    }

    /// The same in order, each once.
    pub(crate) fn overlapping(
        &self,
        search: &mut Search<'_, D>,
        view: &View,
        most: usize,
    ) -> Vec<u32> {
        match self {
            Self::Solid(part) => search.overlapping(part, view, most),
            Self::Shaped(part) => search.overlapping(part, view, most),
        }
    }

    pub(crate) fn sample(&self, seed: u64) -> Cell<D> {
        match self {
            Self::Solid(part) => part.sample(seed),
            Self::Shaped(part) => part.sample(seed),
        }
    }

    pub(crate) fn corner(&self) -> Cell<D> {
        match self {
            Self::Solid(part) => part.corner(),
            Self::Shaped(part) => part.corner(),
        }
    }

    /// What it shares with an item.
    pub(crate) fn shared(&self, item: &Item<D>, shape: Option<&Shape<D>>) -> Option<Self> {
        match (self, shape) {
            (Self::Solid(part), None) => {
                let cell = part.meeting(item, None)?;
                Some(Self::Solid(part.cut(item, None, &cell)))
            }
            (Self::Solid(part), Some(_)) => {
                let product = Product::of(&Item { bounds: *part, ..*item }, None);
                Self::Shaped(product).shared(item, shape)
            }
            (Self::Shaped(part), _) => {
                Some(Self::Shaped(part.intersect(&Product::of(item, shape))?))
            }
        }
    }

    /// [`cover`] of this part.
    pub(crate) fn cover(
        &self,
        search: &mut Search<D>,
        view: &View,
        meter: &mut Meter,
        shares: &mut Shares,
    ) -> Cover<D> {
        match self {
            Self::Solid(part) => cover(search, part, view, meter, shares),
            Self::Shaped(part) => cover(search, part, view, meter, shares),
        }
    }
}

/// Of rules whose items of `kinds` cover `parts`, those that are left when every one that can go
/// without leaving a hole has gone. Small shares go first, and `keep` last of all.
///
/// A rule can go when the others cover what it shares with the parts, so each trial is local.
/// When the budget ends the rules not yet tried stay.
pub(crate) fn irredundant<const D: usize>(
    index: &Index<D>,
    parts: &[Part<D>],
    shares: &Shares,
    kinds: u8,
    keep: Option<u32>,
    budget: Budget,
) -> Vec<u32> {
    let mut rules: Vec<u32> = shares.keys().copied().collect();
    rules.sort_unstable();
    if rules.len() < 2 {
        return rules;
    }
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |i: usize| (keep == Some(rules[i]), shares[&rules[i]]);
        let ((keep_a, share_a), (keep_b, share_b)) = (key(a), key(b));
        keep_a.cmp(&keep_b).then(share_a.total_cmp(&share_b)).then(b.cmp(&a))
    });
    let mut few = excerpt(index, &rules, kinds);
    let (mut spent, mut gone) = (0u64, vec![false; rules.len()]);
    for at in order {
        few.enable(at as u32, false);
        let mut search = Search::new(&few);
        let left = Budget { visits: budget.visits.saturating_sub(spent), ..budget };
        let mut meter = Meter::start(left, &search);
        gone[at] = spare(&mut search, parts, at as u32, &mut meter);
        spent += search.visits;
        few.enable(at as u32, !gone[at]);
    }
    rules.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(rule, _)| rule).collect()
}

/// Whether the enabled rules cover what `rule` shares with the parts.
fn spare<const D: usize>(
    search: &mut Search<D>,
    parts: &[Part<D>],
    rule: u32,
    meter: &mut Meter,
) -> bool {
    let index = search.index;
    let view = View::least(0..u32::MAX);
    let mut ignored = Shares::default();
    parts.iter().all(|part| {
        index.items_of(rule).all(|item| {
            part.shared(&item, index.shape(&item)).is_none_or(|shared| {
                shared.cover(search, &view, meter, &mut ignored) == Cover::Full
            })
        })
    })
}

/// An index of a few rules, renumbered in order, each matching what it has of `kinds`.
pub(crate) fn excerpt<const D: usize>(index: &Index<D>, rules: &[u32], kinds: u8) -> Index<D> {
    let (mut items, mut shapes) = (Vec::new(), Vec::new());
    for (number, rule) in rules.iter().enumerate() {
        for item in index.items_of(*rule).filter(|item| item.mask & kinds != 0) {
            let shape = index.shape(&item).map_or(SOLID, |shape| {
                shapes.push(shape.clone());
                shapes.len() as u32 - 1
            });
            let bounds = item.bounds;
            items.push(Item { bounds, rule: number as u32, shape, mask: mask::LEAST });
        }
    }
    Index::build(items, shapes, rules.len())
}
