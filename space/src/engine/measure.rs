//! How many packets a rule decides, of those that it matches.
//!
//! Two ways lead there. A rule that few others meet is cut up until nothing takes from what is
//! left, and that is counted. A wide rule that many others meet is counted as a whole, and what
//! each of them decides of it is taken off: mostly that is all that they decide, which is known.

use rayon::iter::Either;
use rayon::prelude::*;

use super::axis::{Axis, IIF, OIF};
use super::cover::{Meter, Part};
use super::cuboid::{Cuboid, Product, Region};
use super::index::mask;
use super::items::Frame;
use super::remainder::remainder;
use super::search::{Search, View};
use super::{Engine, JUDGED, union_index};
use crate::{Budget, Size, Sizes, rounded};

/// Earlier items that meet a rule up to which it is cut up.
const FEW: usize = 24;
/// Overlapping items looked at for each choice of what to take away next.
const SCAN: usize = 64;
/// Wide rules that one task counts.
const TOGETHER: usize = 16;

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
        if count == 0 { 2f64.powi(128) } else { rounded(count) }
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
trait Countable<const D: usize>: Region<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64;
}

impl<const D: usize> Countable<D> for Cuboid<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64 {
        let dims = scale.0.iter().enumerate().filter_map(|(dim, w)| Some((dim, w.as_ref()?)));
        dims.map(|(dim, w)| w.count((self.lo[dim], self.hi[dim]))).product()
    }
}

impl<const D: usize> Countable<D> for Product<D> {
    fn packets(&self, scale: &Scale<'_, D>) -> f64 {
        scale.of_ranges(|dim| self.0[dim].ranges())
    }
}

/// Packets, as far as they could be counted: at least and at most so many.
type Count = (f64, f64);

/// The packets of `base` that no item of `view` has. Where the budget ends, what was not cut up yet
/// may be any number of packets.
fn left<const D: usize, R: Countable<D>>(
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

/// What is counted together, with the work that one rule may cost.
pub(super) struct Counting<'e, const D: usize> {
    engine: &'e Engine<D>,
    scale: Scale<'e, D>,
    /// Rules that decide nothing.
    dead: &'e [bool],
    budget: Budget,
}

/// What is known of a rule's size.
enum Counted {
    /// It decides all that it matches.
    Whole,
    Size(Size),
    /// Many others meet it.
    Wide,
}

impl<'e, const D: usize> Counting<'e, D> {
    pub(super) fn new(engine: &'e Engine<D>, dead: &'e [bool], budget: Budget) -> Self {
        Self { engine, scale: Scale::of(&engine.frame), dead, budget }
    }

    /// The sizes of rules that do not decide all that they match: first of those that can be cut up,
    /// then, in order, of those from which the others take.
    pub(super) fn sizes(&self) -> Sizes {
        let (narrow, mut wide) = self.narrow();
        wide.sort_unstable();
        let narrow: Sizes = narrow.into_iter().collect();
        let wide = in_order(self.wide(&wide, &narrow));
        narrow.and(wide)
    }

    /// Rules that many others meet, as far as the sizes of narrow ones tell.
    fn wide(&self, rules: &[u32], narrow: &Sizes) -> Vec<Wide> {
        let of_chunk = |rules: &[u32]| {
            let mut search = Search::new(&self.engine.index);
            rules.iter().map(|rule| self.wide_rule(*rule, narrow, &mut search)).collect::<Vec<_>>()
        };
        rules.par_chunks(TOGETHER).flat_map_iter(of_chunk).collect()
    }

    /// The packets that a rule may match.
    pub(super) fn whole(&self, rule: u32) -> f64 {
        self.packets(&self.bases(rule, mask::MOST))
    }

    /// The sizes of rules that can be cut up, where they do not decide all, and the other rules.
    fn narrow(&self) -> (Vec<(u32, Size)>, Vec<u32>) {
        let order = self.engine.index.leaf_order();
        let of_chunk = |rules: &[u32]| {
            let mut search = Search::new(&self.engine.index);
            let live = rules.iter().filter(|rule| !self.dead[**rule as usize]);
            let counted = live.filter_map(|rule| match self.of_rule(*rule, &mut search) {
                Counted::Whole => None,
                Counted::Size(size) => Some(Either::Left((*rule, size))),
                Counted::Wide => Some(Either::Right(*rule)),
            });
            counted.collect::<Vec<_>>()
        };
        order.par_chunks(JUDGED).flat_map_iter(of_chunk).partition_map(|counted| counted)
    }

    fn of_rule(&self, rule: u32, search: &mut Search<'e, D>) -> Counted {
        if self.is_alone(rule, search) {
            return Counted::Whole;
        }
        let (exact, before) = (self.engine.exact, View::least(0..rule).fresh());
        let whole = self.bases(rule, mask::MOST);
        let many = |part: &Part<D>, search: &mut Search<'e, D>| {
            met(part, &before, FEW + 1, search).len() > FEW
        };
        if exact && whole.iter().any(|part| many(part, search)) {
            return Counted::Wide;
        }
        let most = self.left_of(&whole, &before, search);
        let least = if exact {
            most
        } else {
            let sure = self.bases(rule, mask::LEAST);
            self.left_of(&sure, &View::most(0..rule).fresh(), search)
        };
        Counted::Size(Size { least: least.0, most: most.1, whole: self.packets(&whole) })
    }

    /// Whether the rule is sure to match all that it may, and no earlier one meets it.
    fn is_alone(&self, rule: u32, search: &mut Search<'e, D>) -> bool {
        let (index, view) = (&self.engine.index, View::most(0..rule).fresh());
        index.items_of(rule).all(|item| {
            item.mask & mask::LEAST != 0
                && !meets(&Part::of(&item, index.shape(&item)), &view, search)
        })
    }

    /// What a rule has of `kinds` as parts that share no packet.
    fn bases(&self, rule: u32, kinds: u8) -> Vec<Part<D>> {
        let index = &self.engine.index;
        let items = || index.items_of(rule).filter(|item| item.mask & kinds != 0);
        if index.is_single(rule) {
            return items().map(|item| Part::of(&item, index.shape(&item))).collect();
        }
        let all: Vec<Product<D>> =
            items().map(|item| Product::of(&item, index.shape(&item))).collect();
        let own = union_index(&all);
        let mut search = Search::new(&own);
        // A rule's own parts are few, and the whole must be right for any share to be.
        let mut meter = Meter::start(Budget::default(), &search);
        let news = (0..).zip(&all).map(|(number, base)| {
            let before = View::least(0..number);
            // Where the budget ends parts may meet: then too much is counted.
            remainder(&mut search, base.clone(), &before, &mut meter)
                .unwrap_or_else(|| vec![base.clone()])
        });
        news.flatten().map(part).collect()
    }

    fn packets(&self, parts: &[Part<D>]) -> f64 {
        let count = |part: &Part<D>| match part {
            Part::Solid(part) => part.packets(&self.scale),
            Part::Shaped(part) => part.packets(&self.scale),
        };
        parts.iter().map(count).sum()
    }

    fn left_of(&self, parts: &[Part<D>], view: &View, search: &mut Search<'e, D>) -> Count {
        let mut meter = Meter::start(self.budget, search);
        parts.iter().fold((0.0, 0.0), |sum, part| {
            let more = match part {
                Part::Solid(part) => left(search, *part, view, &self.scale, &mut meter),
                Part::Shaped(part) => left(search, part.clone(), view, &self.scale, &mut meter),
            };
            (sum.0 + more.0, sum.1 + more.1)
        })
    }

    /// A rule that many others meet, with what each of them decides of it.
    fn wide_rule(&self, rule: u32, narrow: &Sizes, search: &mut Search<'e, D>) -> Wide {
        let parts = self.bases(rule, mask::MOST);
        let whole = self.packets(&parts);
        let mut wide = Wide { rule, whole, taken: (0.0, 0.0), swallowed: Vec::new() };
        let until = search.visits.saturating_add(self.budget.visits);
        for part in &parts {
            let others = met(part, &View::least(0..rule), self.budget.pieces as usize, search);
            if others.len() >= self.budget.pieces as usize {
                wide.taken.1 = whole;
            }
            for other in others.into_iter().filter(|other| !self.dead[*other as usize]) {
                match self.taken_by(other, part, search) {
                    Taken::Part(count) => wide.take(count),
                    Taken::All(all) => match narrow.get(other) {
                        Some(size) => wide.take((size.least, size.most)),
                        None => wide.swallowed.push((other, all)),
                    },
                }
                if search.visits > until {
                    wide.taken.1 = whole;
                    break;
                }
            }
        }
        wide
    }

    /// What an earlier rule takes from a part of a later one.
    fn taken_by(&self, other: u32, of: &Part<D>, search: &mut Search<'e, D>) -> Taken {
        let theirs = self.bases(other, mask::MOST);
        let of = product(of);
        let shared: Vec<Part<D>> =
            theirs.iter().filter_map(|their| product(their).intersect(&of)).map(part).collect();
        let (all, common) = (self.packets(&theirs), self.packets(&shared));
        if common < all {
            return Taken::Part(self.left_of(&shared, &View::least(0..other).fresh(), search));
        }
        Taken::All(all)
    }
}

/// What an earlier rule takes from a later one.
enum Taken {
    /// So many packets.
    Part(Count),
    /// All that it decides; it matches so many.
    All(f64),
}

/// A rule that many others meet.
struct Wide {
    rule: u32,
    whole: f64,
    /// What others decide of it that is known by now.
    taken: Count,
    /// Other rules that decide only what it matches, with what they match. They may be wide themselves.
    swallowed: Vec<(u32, f64)>,
}

impl Wide {
    fn take(&mut self, more: Count) {
        self.taken = (self.taken.0 + more.0, self.taken.1 + more.1);
    }

    /// Its size, once those of all earlier rules are known. One of no known size decides all it matches.
    fn size(&self, known: &Sizes) -> Size {
        let (mut least, mut most) = self.taken;
        for (other, all) in &self.swallowed {
            let size = known.get(*other).unwrap_or(Size::all(*all));
            (least, most) = (least + size.least, most + size.most);
        }
        Size { least: (self.whole - most).max(0.0), most: self.whole - least, whole: self.whole }
    }
}

/// The sizes of wide rules, given in order: each may hang on those before it.
fn in_order(wide: Vec<Wide>) -> Sizes {
    let mut known = Sizes::default();
    for rule in wide {
        known.add(rule.rule, rule.size(&known));
    }
    known
}

/// Rules of a view that meet a part, at most so many items of them.
fn met<const D: usize>(
    part: &Part<D>,
    view: &View,
    most: usize,
    search: &mut Search<'_, D>,
) -> Vec<u32> {
    match part {
        Part::Solid(part) => search.overlapping(part, view, most),
        Part::Shaped(part) => search.overlapping(part, view, most),
    }
}

fn meets<const D: usize>(part: &Part<D>, view: &View, search: &mut Search<'_, D>) -> bool {
    match part {
        Part::Solid(part) => search.overlap(part, view).is_some(),
        Part::Shaped(part) => search.overlap(part, view).is_some(),
    }
}

fn part<const D: usize>(product: Product<D>) -> Part<D> {
    product.as_cuboid().map_or(Part::Shaped(product), Part::Solid)
}

fn product<const D: usize>(part: &Part<D>) -> Product<D> {
    match part {
        Part::Solid(part) => Product::solid(part),
        Part::Shaped(part) => part.clone(),
    }
}
