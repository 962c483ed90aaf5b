//! How many packets a rule decides, of those that it matches.
//!
//! Two ways lead there. A rule that few others meet is cut up until nothing takes from what is
//! left, and that is counted. A wide rule that many others meet is counted as a whole, and what
//! each of them decides of it is taken off: mostly that is all that they decide, which is known.

use rayon::prelude::*;

use super::axis::{Axis, IIF, OIF};
use super::cover::Meter;
use super::cuboid::{Cuboid, Product, Region};
use super::index::mask;
use super::items::Frame;
use super::remainder::remainder;
use super::search::{Search, View};
use super::{Engine, JUDGED, union_index};
use crate::{Budget, Size};

/// Earlier items that meet a rule up to which it is cut up.
const FEW: usize = 24;
/// Overlapping items looked at for each choice of what to take away next.
const SCAN: usize = 64;

/// The number of values that the ranks of each dimension stand for.
pub(super) struct Scale<'e, const D: usize>([Option<Widths<'e>>; D]);

struct Widths<'e> {
    axis: &'e Axis,
    /// Everything from the last boundary on counts as one value: interfaces that no rule names.
    open: bool,
    /// Values of all ranks below each, where a rank is not one range.
    below: Option<Vec<u128>>,
}

impl<'e> Widths<'e> {
    fn of(field: usize, axis: &'e Axis) -> Self {
        let open = field == IIF || field == OIF;
        let below = axis.kind_widths(open).map(|widths| {
            let mut sum = 0u128;
            let sums = widths.into_iter().map(|width| {
                sum = sum.wrapping_add(width);
                sum
            });
            std::iter::once(0).chain(sums).collect()
        });
        Self { axis, open, below }
    }

    /// The values of a range of ranks. All of IPv6 is one more than the numbers hold, and wraps.
    fn count(&self, (lo, hi): (u32, u32)) -> f64 {
        let count = match &self.below {
            Some(below) => below[hi as usize + 1].wrapping_sub(below[lo as usize]),
            None => self.axis.width(lo, hi, self.open),
        };
        if count == 0 { 2f64.powi(128) } else { count as f64 }
    }
}

impl<'e, const D: usize> Scale<'e, D> {
    pub(super) fn of(frame: &'e Frame<D>) -> Self {
        Self(std::array::from_fn(|dim| {
            frame.field(dim).map(|field| Widths::of(field, &frame.axes[field]))
        }))
    }

    fn of_ranges<'r>(&self, ranges: impl Fn(usize) -> &'r [(u32, u32)]) -> f64 {
        let dims = self.0.iter().enumerate().filter_map(|(dim, w)| Some((dim, w.as_ref()?)));
        dims.map(|(dim, w)| ranges(dim).iter().map(|range| w.count(*range)).sum::<f64>()).product()
    }
}

/// A region whose packets can be counted.
trait Counted<const D: usize>: Region<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64;
}

impl<const D: usize> Counted<D> for Cuboid<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64 {
        let dims = scale.0.iter().enumerate().filter_map(|(dim, w)| Some((dim, w.as_ref()?)));
        dims.map(|(dim, w)| w.count((self.lo[dim], self.hi[dim]))).product()
    }
}

impl<const D: usize> Counted<D> for Product<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64 {
        scale.of_ranges(|dim| self.0[dim].ranges())
    }
}

/// Packets, as far as they could be counted: at least and at most so many.
type Count = (f64, f64);

/// The packets of `base` that no item of `view` has. Where the budget ends, what was not cut up yet
/// may be any number of packets.
fn left<const D: usize, R: Counted<D>>(
    search: &mut Search<D>,
    base: R,
    view: &View,
    scale: &Scale<'_, D>,
    meter: &mut Meter,
) -> Count {
    let (mut stack, mut sure) = (vec![base], 0.0);
    while let Some(piece) = stack.pop() {
        if !meter.take(search) {
            let open: f64 = stack.iter().map(|piece| piece.packets(scale)).sum();
            return (sure, sure + open + piece.packets(scale));
        }
        match search.best_overlap(&piece, view, SCAN) {
            Some(pivot) => piece.without(&pivot.cut, &mut stack),
            None => sure += piece.packets(scale),
        }
    }
    (sure, sure)
}

/// What is counted together: an engine's lists with the work that one rule may cost.
pub(super) struct Counting<'e, const D: usize> {
    engine: &'e Engine<D>,
    scale: Scale<'e, D>,
    /// Rules that decide nothing.
    dead: &'e [bool],
    budget: Budget,
}

impl<'e, const D: usize> Counting<'e, D> {
    pub(super) fn new(engine: &'e Engine<D>, dead: &'e [bool], budget: Budget) -> Self {
        Self { engine, scale: Scale::of(&engine.frame), dead, budget }
    }

    /// The sizes of all rules: first those that can be cut up, then, in order, those of which the
    /// others take.
    pub(super) fn sizes(&self) -> Vec<Size> {
        let mut sizes = vec![Size::NONE; self.engine.classes.len()];
        let mut wide = Vec::new();
        for (rule, size) in self.narrow() {
            match size {
                Some(size) => sizes[rule as usize] = size,
                None => wide.push(rule),
            }
        }
        wide.sort_unstable();
        let mut search = Search::new(&self.engine.index);
        for rule in wide {
            sizes[rule as usize] = self.wide(rule, &sizes, &mut search);
        }
        sizes
    }

    /// The sizes of rules that few others meet; `None` for those that many do.
    fn narrow(&self) -> Vec<(u32, Option<Size>)> {
        let order = self.engine.leaf_order();
        let of_chunk = |rules: &[u32]| {
            let mut search = Search::new(&self.engine.index);
            let live = rules.iter().filter(|rule| !self.dead[**rule as usize]);
            live.map(|rule| (*rule, self.of_rule(*rule, &mut search))).collect::<Vec<_>>()
        };
        order.par_chunks(JUDGED).flat_map_iter(of_chunk).collect()
    }

    fn of_rule(&self, rule: u32, search: &mut Search<'e, D>) -> Option<Size> {
        let whole = self.bases(rule, mask::MOST);
        let least_before = View::least(0..rule).fresh();
        let exact = self.engine.exact;
        if exact && whole.iter().any(|base| self.met_by_many(base, &least_before, search)) {
            return None;
        }
        let size = self.packets(&whole);
        let most = self.left_of(&whole, &least_before, search);
        let least = if exact {
            most
        } else {
            let sure = self.bases(rule, mask::LEAST);
            self.left_of(&sure, &View::most(0..rule).fresh(), search)
        };
        Some(Size { least: least.0, most: most.1, whole: size })
    }

    fn met_by_many(&self, base: &Product<D>, view: &View, search: &mut Search<'e, D>) -> bool {
        let met = match base.as_cuboid() {
            Some(cuboid) => search.overlapping(&cuboid, view, FEW + 1),
            None => search.overlapping(base, view, FEW + 1),
        };
        met.len() > FEW
    }

    /// What a rule has of `kinds` as products that share no packet.
    fn bases(&self, rule: u32, kinds: u8) -> Vec<Product<D>> {
        let index = &self.engine.index;
        let items = index.items_of(rule).filter(|item| item.mask & kinds != 0);
        let all: Vec<Product<D>> = items.map(|item| Product::of(item, index.shape(item))).collect();
        if all.len() < 2 {
            return all;
        }
        let own = union_index(&all);
        let mut search = Search::new(&own);
        let mut meter = Meter::start(self.budget, &search);
        let news = (0..).zip(&all).map(|(number, base)| {
            let before = View::least(0..number);
            // Parts that meet are a fault of counting only: too much is counted, never too little.
            remainder(&mut search, base.clone(), &before, &mut meter)
                .unwrap_or_else(|| vec![base.clone()])
        });
        news.flatten().collect()
    }

    fn packets(&self, bases: &[Product<D>]) -> f64 {
        bases.iter().map(|base| base.packets(&self.scale)).sum()
    }

    fn left_of(&self, bases: &[Product<D>], view: &View, search: &mut Search<'e, D>) -> Count {
        let mut meter = Meter::start(self.budget, search);
        bases.iter().fold((0.0, 0.0), |sum, base| {
            let more = match base.as_cuboid() {
                Some(cuboid) => left(search, cuboid, view, &self.scale, &mut meter),
                None => left(search, base.clone(), view, &self.scale, &mut meter),
            };
            (sum.0 + more.0, sum.1 + more.1)
        })
    }

    /// The size of a rule that many others meet, from what each of them decides of it.
    fn wide(&self, rule: u32, known: &[Size], search: &mut Search<'e, D>) -> Size {
        let whole = self.bases(rule, mask::MOST);
        let size = self.packets(&whole);
        let until = search.visits.saturating_add(self.budget.visits);
        let mut taken = (0.0, 0.0);
        for base in &whole {
            let view = View::least(0..rule);
            for other in search.overlapping(base, &view, self.budget.pieces as usize) {
                let more = self.taken_by(other, base, known, search);
                taken = (taken.0 + more.0, taken.1 + more.1);
                if search.visits > until {
                    taken.1 = size;
                    break;
                }
            }
        }
        Size { least: (size - taken.1).max(0.0), most: size - taken.0, whole: size }
    }

    /// What an earlier rule decides of `base`.
    fn taken_by(
        &self,
        other: u32,
        base: &Product<D>,
        known: &[Size],
        search: &mut Search<'e, D>,
    ) -> Count {
        if self.dead[other as usize] {
            return (0.0, 0.0);
        }
        let theirs = self.bases(other, mask::MOST);
        let shared: Vec<Product<D>> = theirs.iter().filter_map(|t| t.intersect(base)).collect();
        if shared == theirs {
            let all = known[other as usize];
            return (all.least, all.most);
        }
        self.left_of(&shared, &View::least(0..other).fresh(), search)
    }
}
