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
use super::index::{Found, Index, Item, Run, mask};
use super::items::Frame;
use super::remainder::remainder;
use super::search::{Search, View};
use super::{Engine, union_index};
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

/// What takes from a piece of a region.
enum Next<R> {
    /// Something takes this part of it.
    Taken(R),
    /// Nothing does.
    Free,
    /// The budget has ended.
    Unknown,
}

/// The packets of `base` that `next` leaves. Where the budget ends, what was not cut up yet may be any
/// number of packets.
fn left<const D: usize, R: Countable<D>>(
    base: R,
    scale: &Scale<'_, D>,
    mut next: impl FnMut(&R) -> Next<R>,
) -> Count {
    let (mut stack, mut sure) = (vec![base], 0.0);
    while let Some(piece) = stack.pop() {
        match next(&piece) {
            Next::Taken(part) => piece.without(&part, &mut stack),
            Next::Free => sure += piece.packets(scale),
            Next::Unknown => {
                let open: f64 = stack.iter().map(|piece| piece.packets(scale)).sum();
                return (sure, sure + open + piece.packets(scale));
            }
        }
    }
    (sure, sure)
}

/// The largest part of a piece that one of a few items takes.
fn largest<const D: usize, R: Region<D>>(index: &Index<D>, piece: &R, few: &[Item<D>]) -> Next<R> {
    let mut best: Option<(f64, R)> = None;
    for item in few {
        let shape = index.shape(item);
        let Some(cell) = piece.meeting(item, shape) else { continue };
        let cut = piece.cut(item, shape, &cell);
        let volume = cut.volume();
        if cut == *piece {
            return Next::Taken(cut);
        }
        if best.as_ref().is_none_or(|best| best.0 < volume) {
            best = Some((volume, cut));
        }
    }
    best.map_or(Next::Free, |(_, cut)| Next::Taken(cut))
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
        let index = &self.engine.index;
        let of_run = |run: &Run<'_, D>| {
            let mut search = Search::new(index);
            let live = index.rules_of(run).filter(|found| !self.dead[found.rule as usize]);
            let counted = live.filter_map(|found| match self.of_rule(&found, &mut search) {
                Counted::Whole => None,
                Counted::Size(size) => Some(Either::Left((found.rule, size))),
                Counted::Wide => Some(Either::Right(found.rule)),
            });
            counted.collect::<Vec<_>>()
        };
        index.runs().par_iter().flat_map_iter(of_run).partition_map(|counted| counted)
    }

    fn of_rule(&self, found: &Found<D>, search: &mut Search<'e, D>) -> Counted {
        let rule = found.rule;
        match found.alone {
            Some(item) if self.engine.exact => {
                self.of_parts(rule, &[Part::Solid(item.bounds)], search)
            }
            _ if self.is_alone(rule, search) => Counted::Whole,
            _ if self.engine.exact => self.of_parts(rule, &self.bases(rule, mask::MOST), search),
            _ => {
                let (whole, sure) = (self.bases(rule, mask::MOST), self.bases(rule, mask::LEAST));
                let most = self.left_of(&whole, &View::least(0..rule).fresh(), search);
                let least = self.left_of(&sure, &View::most(0..rule).fresh(), search);
                self.counted(least.0, most.1, &whole)
            }
        }
    }

    /// The size of a rule that matches exactly these parts.
    fn of_parts(&self, rule: u32, whole: &[Part<D>], search: &mut Search<'e, D>) -> Counted {
        let before = View::least(0..rule).fresh();
        let near: Option<Vec<Vec<Item<D>>>> =
            whole.iter().map(|part| near(part, &before, search)).collect();
        let Some(near) = near else { return Counted::Wide };
        if near.iter().all(Vec::is_empty) {
            return Counted::Whole;
        }
        let left = whole.iter().zip(&near).map(|(part, few)| self.left_by(part, few));
        let (least, most) = left.fold((0.0, 0.0), plus);
        self.counted(least, most, whole)
    }

    fn counted(&self, least: f64, most: f64, whole: &[Part<D>]) -> Counted {
        Counted::Size(Size { least, most, whole: self.packets(whole) })
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
        let items = index.items_of(rule).filter(|item| item.mask & kinds != 0);
        let parts: Vec<Part<D>> = items.map(|item| Part::of(&item, index.shape(&item))).collect();
        if parts.len() < 2 {
            return parts;
        }
        let all: Vec<Product<D>> = parts.iter().map(product).collect();
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
        news.flatten().map(Part::from).collect()
    }

    fn packets(&self, parts: &[Part<D>]) -> f64 {
        let count = |part: &Part<D>| match part {
            Part::Solid(part) => part.packets(&self.scale),
            Part::Shaped(part) => part.packets(&self.scale),
        };
        parts.iter().map(count).sum()
    }

    /// The packets of some parts that no item of `view` has.
    fn left_of(&self, parts: &[Part<D>], view: &View, search: &mut Search<'e, D>) -> Count {
        let mut meter = Meter::start(self.budget, search);
        let left = parts.iter().map(|part| match near(part, view, search) {
            Some(few) => self.left_by(part, &few),
            None => self.left_in(part, view, search, &mut meter),
        });
        left.fold((0.0, 0.0), plus)
    }

    /// The packets of a part that none of a few items has.
    fn left_by(&self, part: &Part<D>, few: &[Item<D>]) -> Count {
        fn count<const D: usize, R: Countable<D>>(
            (index, scale): (&Index<D>, &Scale<'_, D>),
            base: &R,
            few: &[Item<D>],
            mut pieces: u32,
        ) -> Count {
            left(base.clone(), scale, |piece| {
                pieces = pieces.saturating_sub(1);
                if pieces == 0 { Next::Unknown } else { largest(index, piece, few) }
            })
        }
        let with = (&self.engine.index, &self.scale);
        match part {
            Part::Solid(part) => count(with, part, few, self.budget.pieces),
            Part::Shaped(part) => count(with, part, few, self.budget.pieces),
        }
    }

    /// The packets of a part that no item of `view` has, where these are many.
    fn left_in(
        &self,
        part: &Part<D>,
        view: &View,
        search: &mut Search<'e, D>,
        meter: &mut Meter,
    ) -> Count {
        fn count<const D: usize, R: Countable<D>>(
            search: &mut Search<D>,
            base: &R,
            view: &View,
            (scale, meter): (&Scale<'_, D>, &mut Meter),
        ) -> Count {
            left(base.clone(), scale, |piece| {
                if !meter.take(search) {
                    return Next::Unknown;
                }
                let pivot = search.best_overlap(piece, view, SCAN);
                pivot.map_or(Next::Free, |pivot| Next::Taken(pivot.cut))
            })
        }
        match part {
            Part::Solid(part) => count(search, part, view, (&self.scale, meter)),
            Part::Shaped(part) => count(search, part, view, (&self.scale, meter)),
        }
    }

    /// A rule that many others meet, with what each of them decides of it.
    fn wide_rule(&self, rule: u32, narrow: &Sizes, search: &mut Search<'e, D>) -> Wide {
        let parts = self.bases(rule, mask::MOST);
        let whole = self.packets(&parts);
        let mut wide = Wide { rule, whole, taken: (0.0, 0.0), swallowed: Vec::new() };
        let until = search.visits.saturating_add(self.budget.visits);
        for part in &parts {
            let most = self.budget.pieces as usize;
            let others = part.overlapping(search, &View::least(0..rule), most);
            if others.len() >= most {
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
        let shared: Vec<Part<D>> = theirs.iter().filter_map(|their| common(their, of)).collect();
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

fn meets<const D: usize>(part: &Part<D>, view: &View, search: &mut Search<'_, D>) -> bool {
    match part {
        Part::Solid(part) => search.overlap(part, view).is_some(),
        Part::Shaped(part) => search.overlap(part, view).is_some(),
    }
}

/// The items of a view that meet a part, unless they are more than [`FEW`].
fn near<const D: usize>(
    part: &Part<D>,
    view: &View,
    search: &mut Search<'_, D>,
) -> Option<Vec<Item<D>>> {
    match part {
        Part::Solid(part) => search.near(part, view, FEW),
        Part::Shaped(part) => search.near(part, view, FEW),
    }
}

fn plus(sum: Count, more: Count) -> Count {
    (sum.0 + more.0, sum.1 + more.1)
}

/// What two parts share.
fn common<const D: usize>(a: &Part<D>, b: &Part<D>) -> Option<Part<D>> {
    match (a, b) {
        (Part::Solid(a), Part::Solid(b)) => a.meets(b).then(|| Part::Solid(a.clip(b))),
        _ => product(a).intersect(&product(b)).map(Part::from),
    }
}

fn product<const D: usize>(part: &Part<D>) -> Product<D> {
    match part {
        Part::Solid(part) => Product::solid(part),
        Part::Shaped(part) => part.clone(),
    }
}
