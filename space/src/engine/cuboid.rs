//! Boxes of rank space, and the regions that the analyses cut up.

use std::sync::Arc;

use super::index::{Item, Shape};
use crate::RangeSet;

/// One cell of rank space: a rank for each field.
pub(crate) type Cell<const D: usize> = [u32; D];

/// A set of ranks of one field. Shared, since cutting one field leaves the others as they are.
pub(crate) type Spans = Arc<RangeSet<u32>>;

/// A box of rank space, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cuboid<const D: usize> {
    pub(crate) lo: Cell<D>,
    pub(crate) hi: Cell<D>,
}

impl<const D: usize> Cuboid<D> {
    /// One cell as a box.
    pub(crate) fn at(cell: &Cell<D>) -> Self {
        Self { lo: *cell, hi: *cell }
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        (0..D).all(|d| self.lo[d] <= other.hi[d] && other.lo[d] <= self.hi[d])
    }

    /// The smallest box around both.
    pub(crate) fn join(&self, other: &Self) -> Self {
        Self {
            lo: std::array::from_fn(|d| self.lo[d].min(other.lo[d])),
            hi: std::array::from_fn(|d| self.hi[d].max(other.hi[d])),
        }
    }

    /// The shared box of two that meet.
    pub(crate) fn clip(&self, other: &Self) -> Self {
        Self {
            lo: std::array::from_fn(|d| self.lo[d].max(other.lo[d])),
            hi: std::array::from_fn(|d| self.hi[d].min(other.hi[d])),
        }
    }
}

/// A part of rank space that the analyses take pieces from: one box, or a product of sets.
pub(crate) trait Region<const D: usize>: Clone + PartialEq {
    /// The smallest box around it.
    fn bounds(&self) -> Cuboid<D>;

    /// One of its cells, the lowest.
    fn corner(&self) -> Cell<D>;

    /// One of its cells, chosen by `seed`: 0 gives the highest.
    fn sample(&self, seed: u64) -> Cell<D>;

    /// A cell that it shares with `item`, if there is one.
    fn meeting(&self, item: &Item<D>, shape: Option<&Shape<D>>) -> Option<Cell<D>>;

    /// A part of what it shares with `item`, one that contains `cell`, which both contain.
    fn cut(&self, item: &Item<D>, shape: Option<&Shape<D>>, cell: &Cell<D>) -> Self;

    /// Appends disjoint regions that make up this one without `cut`, which is a part of it.
    /// Fields are cut in order, so that protocols part before their ports do.
    fn without(&self, cut: &Self, out: &mut Vec<Self>);

    /// The number of cells, for choosing between pieces; never for a proof.
    fn volume(&self) -> f64;
}

impl<const D: usize> Region<D> for Cuboid<D> {
    fn bounds(&self) -> Cuboid<D> {
        *self
    }

    fn corner(&self) -> Cell<D> {
        self.lo
    }

    fn sample(&self, seed: u64) -> Cell<D> {
        let mut state = seed;
        std::array::from_fn(|d| match seed {
            0 => self.hi[d],
            _ => self.lo[d] + below(&mut state, self.hi[d] - self.lo[d]),
        })
    }

    fn meeting(&self, item: &Item<D>, shape: Option<&Shape<D>>) -> Option<Cell<D>> {
        if !item.bounds.meets(self) {
            return None;
        }
        let shared = self.clip(&item.bounds);
        let Some(shape) = shape else { return Some(shared.lo) };
        each_field(|d| first_between(&shape[d], shared.lo[d], shared.hi[d]))
    }

    fn cut(&self, item: &Item<D>, shape: Option<&Shape<D>>, cell: &Cell<D>) -> Self {
        let Some(shape) = shape else { return self.clip(&item.bounds) };
        let around = |d: usize| span_at(&shape[d], cell[d]).unwrap_or((cell[d], cell[d]));
        Self {
            lo: std::array::from_fn(|d| self.lo[d].max(around(d).0)),
            hi: std::array::from_fn(|d| self.hi[d].min(around(d).1)),
        }
    }

    fn without(&self, cut: &Self, out: &mut Vec<Self>) {
        let mut rest = *self;
        for d in 0..D {
            if rest.lo[d] < cut.lo[d] {
                let mut piece = rest;
                piece.hi[d] = cut.lo[d] - 1;
                out.push(piece);
                rest.lo[d] = cut.lo[d];
            }
            if cut.hi[d] < rest.hi[d] {
                let mut piece = rest;
                piece.lo[d] = cut.hi[d] + 1;
                out.push(piece);
                rest.hi[d] = cut.hi[d];
            }
        }
    }

    fn volume(&self) -> f64 {
        (0..D).map(|d| f64::from(self.hi[d] - self.lo[d]) + 1.0).product()
    }
}

/// A product of rank sets: none of them empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product<const D: usize>(pub(crate) Shape<D>);

impl<const D: usize> Product<D> {
    /// The whole of an item.
    pub(crate) fn of(item: &Item<D>, shape: Option<&Shape<D>>) -> Self {
        Self(shape.cloned().unwrap_or_else(|| shape_of(&item.bounds)))
    }

    /// The product that a box is.
    pub(crate) fn solid(bounds: &Cuboid<D>) -> Self {
        Self(shape_of(bounds))
    }

    /// The part that both share.
    pub(crate) fn intersect(&self, other: &Self) -> Option<Self> {
        let fields = std::array::from_fn(|d| shared(&self.0[d], &other.0[d]));
        Self::new(fields)
    }

    /// The product of the sets, unless one of them is empty.
    pub(crate) fn new(fields: Shape<D>) -> Option<Self> {
        fields.iter().all(|f| !f.is_empty()).then_some(Self(fields))
    }

    /// The box that it is, when every field is one range.
    pub(crate) fn as_cuboid(&self) -> Option<Cuboid<D>> {
        self.0.iter().all(|f| f.ranges().len() == 1).then(|| self.bounds())
    }
}

impl<const D: usize> Region<D> for Product<D> {
    fn bounds(&self) -> Cuboid<D> {
        Cuboid {
            lo: self.corner(),
            hi: std::array::from_fn(|d| self.0[d].ranges().last().map_or(0, |r| r.1)),
        }
    }

    fn corner(&self) -> Cell<D> {
        std::array::from_fn(|d| self.0[d].first().unwrap_or(0))
    }

    fn sample(&self, seed: u64) -> Cell<D> {
        let mut state = seed;
        std::array::from_fn(|d| {
            let ranges = self.0[d].ranges();
            if seed == 0 {
                return ranges.last().map_or(0, |r| r.1);
            }
            let (lo, hi) = ranges[below(&mut state, ranges.len() as u32 - 1) as usize];
            lo + below(&mut state, hi - lo)
        })
    }

    fn meeting(&self, item: &Item<D>, shape: Option<&Shape<D>>) -> Option<Cell<D>> {
        each_field(|d| match shape {
            Some(shape) => first_common(&self.0[d], &shape[d]),
            None => first_between(&self.0[d], item.bounds.lo[d], item.bounds.hi[d]),
        })
    }

    fn cut(&self, item: &Item<D>, shape: Option<&Shape<D>>, _: &Cell<D>) -> Self {
        Self(match shape {
            Some(shape) => std::array::from_fn(|d| shared(&self.0[d], &shape[d])),
            None => std::array::from_fn(|d| {
                shared_range(&self.0[d], item.bounds.lo[d], item.bounds.hi[d])
            }),
        })
    }

    fn without(&self, cut: &Self, out: &mut Vec<Self>) {
        let mut rest = self.clone();
        for d in 0..D {
            if rest.0[d] == cut.0[d] {
                continue;
            }
            let mut piece = rest.clone();
            piece.0[d] = Arc::new(rest.0[d].minus(&cut.0[d]));
            out.push(piece);
            rest.0[d] = cut.0[d].clone();
        }
    }

    fn volume(&self) -> f64 {
        let count = |f: &Spans| -> f64 {
            f.ranges().iter().map(|&(lo, hi)| f64::from(hi - lo) + 1.0).sum()
        };
        self.0.iter().map(count).product()
    }
}

/// A box as a product of one-range sets.
pub(crate) fn shape_of<const D: usize>(bounds: &Cuboid<D>) -> Shape<D> {
    std::array::from_fn(|d| Arc::new(RangeSet::range(bounds.lo[d], bounds.hi[d])))
}

/// The intersection, without a copy when it is the first set itself.
fn shared(a: &Spans, b: &Spans) -> Spans {
    if Arc::ptr_eq(a, b) || a.is_subset(b) { a.clone() } else { Arc::new(a.intersect(b)) }
}

fn shared_range(a: &Spans, lo: u32, hi: u32) -> Spans {
    let inside = |r: &[(u32, u32)]| r.first().is_some_and(|f| lo <= f.0 && r[r.len() - 1].1 <= hi);
    if inside(a.ranges()) { a.clone() } else { Arc::new(a.intersect(&RangeSet::range(lo, hi))) }
}

/// The range of `set` that contains `rank`.
pub(crate) fn span_at(set: &RangeSet<u32>, rank: u32) -> Option<(u32, u32)> {
    let ranges = set.ranges();
    let after = ranges.partition_point(|r| r.0 <= rank);
    after.checked_sub(1).map(|at| ranges[at]).filter(|r| rank <= r.1)
}

/// The lowest rank of `set` from `lo` to `hi`.
fn first_between(set: &RangeSet<u32>, lo: u32, hi: u32) -> Option<u32> {
    let ranges = set.ranges();
    let at = ranges.get(ranges.partition_point(|r| r.1 < lo))?;
    (at.0 <= hi).then_some(at.0.max(lo))
}

/// The lowest rank of both sets. The shorter one leads.
fn first_common(a: &RangeSet<u32>, b: &RangeSet<u32>) -> Option<u32> {
    let (short, long) = if a.ranges().len() <= b.ranges().len() { (a, b) } else { (b, a) };
    short.ranges().iter().find_map(|&(lo, hi)| first_between(long, lo, hi))
}

/// A cell from a rank of each field, if each has one.
fn each_field<const D: usize>(rank: impl Fn(usize) -> Option<u32>) -> Option<Cell<D>> {
    let mut cell = [0; D];
    for (d, slot) in cell.iter_mut().enumerate() {
        *slot = rank(d)?;
    }
    Some(cell)
}

/// A pseudo-random number from 0 to `most` (`SplitMix64`): repeatable, so that results are.
fn below(state: &mut u64, most: u32) -> u32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((((z ^ (z >> 31)) >> 32) * (u64::from(most) + 1)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIDE: u32 = 5;

    fn cells() -> impl Iterator<Item = Cell<3>> {
        (0..SIDE.pow(3)).map(|n| [n % SIDE, n / SIDE % SIDE, n / SIDE / SIDE])
    }

    fn product() -> impl Strategy<Value = Product<3>> {
        let field = || {
            prop::collection::vec((0..SIDE, 0..SIDE), 1..3).prop_filter_map("empty", |ranges| {
                let set =
                    RangeSet::from_ranges(ranges.into_iter().map(|(a, b)| (a.min(b), a.max(b))));
                (!set.is_empty()).then(|| Arc::new(set))
            })
        };
        (field(), field(), field()).prop_map(|(a, b, c)| Product([a, b, c]))
    }

    fn has(p: &Product<3>, cell: &Cell<3>) -> bool {
        (0..3).all(|d| p.0[d].contains(cell[d]))
    }

    fn item(p: &Product<3>) -> Item<3> {
        Item { bounds: p.bounds(), rule: 0, shape: 0, mask: 0 }
    }

    proptest! {
        #[test]
        fn products_are_cut_into_disjoint_pieces(a in product(), b in product()) {
            let whole = item(&b);
            let common = a.meeting(&whole, Some(&b.0));
            prop_assert_eq!(common, cells().find(|c| has(&a, c) && has(&b, c)));
            let Some(cut) = a.intersect(&b) else { return Ok(()) };
            prop_assert_eq!(&a.cut(&whole, Some(&b.0), &cut.corner()), &cut);
            let mut pieces = Vec::new();
            a.without(&cut, &mut pieces);
            for c in cells() {
                let count = pieces.iter().filter(|p| has(p, &c)).count();
                prop_assert_eq!(count, usize::from(has(&a, &c) && !has(&b, &c)));
            }
        }

        #[test]
        fn boxes_are_cut_into_disjoint_pieces(a in product(), b in product(), seed in 0u64..9) {
            let (target, whole) = (a.bounds(), item(&b));
            let shape = Some(&b.0);
            prop_assert!(target.meets(&Cuboid::at(&target.sample(seed))));
            prop_assert!(has(&a, &a.sample(seed)));
            let common = cells().find(|c| target.meets(&Cuboid::at(c)) && has(&b, c));
            prop_assert_eq!(target.meeting(&whole, shape), common);
            for at in cells().filter(|c| target.meets(&Cuboid::at(c)) && has(&b, c)) {
                let cut = target.cut(&whole, shape, &at);
                prop_assert!(cut.meets(&Cuboid::at(&at)));
                let mut pieces = Vec::new();
                target.without(&cut, &mut pieces);
                for c in cells() {
                    prop_assert!(!cut.meets(&Cuboid::at(&c)) || (target.meets(&Cuboid::at(&c)) && has(&b, &c)));
                    let count = pieces.iter().filter(|p| p.meets(&Cuboid::at(&c))).count();
                    prop_assert_eq!(count, usize::from(target.meets(&Cuboid::at(&c)) && !cut.meets(&Cuboid::at(&c))));
                }
            }
        }
    }
}
