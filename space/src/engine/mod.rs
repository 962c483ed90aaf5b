//! The exact engine: rules become boxes of ranks, and one index answers who matches first.
//!
//! 1. [`axis`] compresses each field's values to ranks, IPv4 and IPv6 alike; [`kinds`] sees to it
//!    that a group's members share ranks where no rule tells them apart.
//! 2. [`items`] turns rules into boxes of ranks; rules with large groups stay products of sets.
//! 3. [`index`] and [`split`] hold the boxes in a tree, [`search`] asks it.
//! 4. [`cover`], [`agree`] and [`remainder`] cut regions up by what the tree answers; [`judge`]
//!    draws a verdict from that, [`measure`] counts packets.
//!
//! No floating-point number decides anything: volumes only choose where to cut.

pub(crate) mod axis;
pub(crate) mod compare;

mod agree;
mod bundle;
mod cover;
mod cuboid;
mod fates;
mod index;
mod items;
mod judge;
mod kinds;
mod measure;
mod remainder;
mod search;
mod split;

use std::ops::Range;

use rayon::prelude::*;

use crate::list::Rules;
use crate::sample::Choice;
use crate::{Bound, Budget, Class, Difference, Family, Open, Packet, Sizes, Traffic, Verdict};
use agree::{Agreement, Claim, Takers};
use axis::{Values, axes, for_each_product, to_traffic, values_of};
use cover::{Cover, Meter, Part, Shares, cover};
use cuboid::{Cell, Product, Region};
use index::{Found, Index, Item, Run, SOLID, mask};
use items::{Draft, Frame};
use judge::Case;
use measure::Counting;
use remainder::{merge, remainder};
use search::{Search, View, in_order};

/// Overlapping items looked at when exceptions are counted.
const COUNTED: usize = 10_000;

/// What is done with rules that were judged.
pub(crate) type Take<'t> = dyn Fn(Vec<(usize, Verdict)>) + Sync + 't;

/// Which rules a question is about.
pub(crate) type Wanted<'w> = dyn Fn(u32) -> bool + Sync + 'w;

/// Runs of leaves that are looked through before it is asked whether that was enough.
const TOGETHER: usize = 64;

/// One IP version of a first-match list, whatever the number of its dimensions.
pub(crate) trait Analysis: Send + Sync + std::fmt::Debug {
    /// Judges every rule, some at a time, and hands each batch over: in no order, from any thread.
    fn judge(&self, budget: Budget, take: &Take<'_>);
    fn verdict(&self, rule: u32, budget: Budget) -> Verdict;
    /// The rules as the tree holds them: neighbours ask for the same parts of it.
    fn tree_order(&self) -> Vec<u32>;
    /// Rules of which each alone is sure to match all of `rule`, in order (not all, if many).
    fn lone_blockers(&self, rule: u32, budget: Budget) -> Vec<u32>;
    /// Whether these rules together match all of `rule`.
    fn is_covered_by(&self, rule: u32, rules: &[u32], bound: Bound, budget: Budget) -> bool;
    fn first(&self, packet: &Packet, bound: Bound) -> Option<u32>;
    /// Rules of a range that may share a packet with `rule`, in order: those of `most` items.
    fn overlapping(&self, rule: u32, among: Range<u32>, most: usize) -> Vec<u32>;
    /// Those of them that may decide it otherwise.
    fn opposed(&self, rule: u32, among: Range<u32>, most: usize) -> Vec<u32>;
    /// For rules that are `wanted` those later ones, wanted too, that may decide a packet of theirs
    /// otherwise: without those known to be inside or around. They are in no order, may be there more
    /// than once, and are those of some rules only, with false, where they are more than `most` in all.
    fn crossings(&self, wanted: &Wanted<'_>, most: usize) -> (Vec<(u32, Vec<u32>)>, bool);
    /// Rules that may match a packet of `region`, in order: those of `most` items.
    fn meeting(&self, region: &Traffic, most: usize) -> Vec<u32>;
    /// Whether some rule may match a packet of `region`.
    fn meets(&self, region: &Traffic) -> bool;
    fn effective(&self, rule: u32, region: &Traffic, bound: Bound, budget: Budget) -> Difference;
    fn unmatched(&self, region: &Traffic, bound: Bound, budget: Budget) -> Difference;
    /// How many packets rules decide that do not decide all that they match; `dead` ones are left out.
    fn sizes(&self, dead: &[bool], budget: Budget) -> Sizes;
    /// How many packets these rules may match.
    fn wholes(&self, rules: &[u32], budget: Budget) -> Vec<f64>;
    /// Whether the rules from `from` on decide all of `region` as `class` does; `None` when that
    /// can't be told.
    fn agrees(&self, region: &Traffic, class: Class, from: u32, budget: Budget) -> Option<bool>;
}

/// The analysis of one IP version, with as many dimensions as the rules tell packets apart by.
pub(crate) fn analysis(rules: &Rules, default: Class, family: Family) -> Box<dyn Analysis> {
    let axes = axes(rules, family);
    match axes.iter().filter(|axis| axis.is_cut()).count() {
        0..=3 => Box::new(Engine::<3>::build(rules, default, family, axes)),
        4 => Box::new(Engine::<4>::build(rules, default, family, axes)),
        5 => Box::new(Engine::<5>::build(rules, default, family, axes)),
        6 => Box::new(Engine::<6>::build(rules, default, family, axes)),
        _ => Box::new(Engine::<8>::build(rules, default, family, axes)),
    }
}

/// One IP version of a list in rank space.
#[derive(Debug)]
struct Engine<const D: usize> {
    family: Family,
    frame: Frame<D>,
    index: Index<D>,
    classes: Vec<Class>,
    default: Class,
    /// Whether no rule has unknown matches.
    exact: bool,
}

impl<const D: usize> Engine<D> {
    fn build(rules: &Rules, default: Class, family: Family, axes: axis::Axes) -> Self {
        let frame = Frame::new(axes);
        let made = rules.runs().map(|run| items_of(&frame, rules, run, family));
        let made: Vec<Draft<D>> = made.collect();
        let all = Draft::joined(&frame, made);
        let index = Index::build(all.items, all.shapes, rules.len);
        let runs = rules.runs().flat_map_iter(|run| rules.of(run).map(|rule| rule.class));
        let classes = runs.collect();
        let exact = rules.runs().all(|run| rules.of(run).all(|rule| rule.is_exact()));
        Self { family, frame, index, classes, default, exact }
    }

    /// A packet of the cell.
    fn packet(&self, cell: &Cell<D>) -> Packet {
        let values = self.frame.cell(cell);
        let fields = std::array::from_fn(|field| std::slice::from_ref(&values[field]));
        Choice { family: self.family, fields }.packet()
    }

    /// What `region` has in common with the cells of this list, and perhaps a little more.
    fn around(&self, region: &Traffic) -> Vec<Product<D>> {
        let (mut scratch, mut products) = (Values::default(), Vec::new());
        for_each_product(region, self.family, &mut scratch, |values| {
            products.push(self.frame.around(values));
        });
        products
    }

    /// The same as parts.
    fn parts_around(&self, region: &Traffic) -> impl Iterator<Item = Part<D>> + use<D> {
        self.around(region).into_iter().map(Part::from)
    }

    /// What a rule may match.
    fn parts(&self, rule: u32) -> impl Iterator<Item = Part<D>> + use<'_, D> {
        self.index.items_of(rule).map(|item| Part::of(&item, self.index.shape(&item)))
    }

    /// Rules of the view that share a cell with one of `parts`, in order: those of `most` items for each
    /// part.
    fn overlapping_any(
        &self,
        parts: impl IntoIterator<Item = Part<D>>,
        view: &View,
        most: usize,
    ) -> Vec<u32> {
        let mut search = Search::new(&self.index);
        let found = parts.into_iter().flat_map(|part| part.met(&mut search, view, most));
        in_order(found.collect())
    }

    /// The union of `bases` without the items of `view` and without what isn't in `region`.
    fn without(
        &self,
        bases: &[Product<D>],
        view: &View,
        region: &Traffic,
        budget: Budget,
    ) -> Difference {
        let own = union_index(bases);
        let (mut search, mut own_search) = (Search::new(&self.index), Search::new(&own));
        let mut meter = Meter::start(budget, &search);
        let mut own_meter = Meter::start(budget, &own_search);
        let (mut left, mut open) = (Vec::new(), Vec::new());
        for (number, base) in bases.iter().enumerate() {
            let before = View::least(0..number as u32);
            let parts = remainder(&mut own_search, base.clone(), &before, &mut own_meter)
                .and_then(|news| all_without(&mut search, news, view, &mut meter));
            match parts {
                Some(parts) => left.extend(parts),
                None => open.extend(self.open(base, view, region, budget)),
            }
        }
        let parts = merge(left).into_iter().filter_map(|part| self.traffic(&part, region));
        Difference { parts: parts.collect(), open }
    }

    /// What is known of `base` without the items of `view` when the budget has run out.
    fn open(
        &self,
        base: &Product<D>,
        view: &View,
        region: &Traffic,
        budget: Budget,
    ) -> Option<Open> {
        let within = self.traffic(base, region)?;
        let mut search = Search::new(&self.index);
        let exceptions = search.overlapping(base, view, COUNTED).len();
        let mut meter = Meter::start(budget, &search);
        let witness = match cover(&mut search, base, view, &mut meter, &mut Shares::default()) {
            Cover::Hole(cell) => Some(self.packet(&cell)).filter(|packet| within.contains(packet)),
            Cover::Full | Cover::Unfinished => None,
        };
        Some(Open { within, exceptions, witness })
    }

    /// What wanted rules of a run cross, wanted or not; each more than `most` items if it crosses so many.
    fn crossings_of(
        &self,
        run: &Run<'_, D>,
        wanted: &Wanted<'_>,
        most: usize,
    ) -> Vec<(u32, Vec<u32>)> {
        let mut search = Search::new(&self.index);
        let rules = self.index.rules_of(run).filter(|found| wanted(found.rule));
        let crossed = rules.filter_map(|Found { rule, alone }| {
            let view = View::most(rule + 1..u32::MAX).against(self.classes[rule as usize]);
            let later: Vec<u32> = if let Some(item) = alone {
                search.crossing(&item.bounds, &view, most + 1)
            } else {
                let parts = self.parts(rule);
                parts.flat_map(|part| part.met(&mut search, &view, most + 1)).collect()
            };
            (!later.is_empty()).then_some((rule, later))
        });
        crossed.collect()
    }

    /// The part of a product that is in `region`.
    fn traffic(&self, product: &Product<D>, region: &Traffic) -> Option<Traffic> {
        let part = to_traffic(&self.frame.values(product), self.family).intersect(region);
        (!part.is_empty()).then_some(part)
    }
}

impl<const D: usize> Analysis for Engine<D> {
    fn judge(&self, budget: Budget, take: &Take<'_>) {
        self.index.runs().par_iter().for_each(|run| {
            let mut search = Search::new(&self.index);
            let judged = self.index.rules_of(run).map(|found| {
                let verdict = Case::of(self, &mut search, &found, budget).verdict();
                (found.rule as usize, verdict)
            });
            take(judged.collect());
        });
        let nothing = self.index.rules_of_nothing();
        take(nothing.map(|rule| (rule as usize, Verdict::UNMATCHABLE)).collect());
    }

    fn verdict(&self, rule: u32, budget: Budget) -> Verdict {
        Case::new(self, &mut Search::new(&self.index), rule, budget).verdict()
    }

    fn tree_order(&self) -> Vec<u32> {
        self.index.leaf_order()
    }

    fn lone_blockers(&self, rule: u32, budget: Budget) -> Vec<u32> {
        Case::new(self, &mut Search::new(&self.index), rule, budget).lone_blockers()
    }

    fn is_covered_by(&self, rule: u32, rules: &[u32], bound: Bound, budget: Budget) -> bool {
        Case::new(self, &mut Search::new(&self.index), rule, budget).is_covered_by(rules, bound)
    }

    fn first(&self, packet: &Packet, bound: Bound) -> Option<u32> {
        let cell = self.frame.cell_of(&values_of(packet));
        let view = bound.view(0..u32::MAX);
        Search::new(&self.index).first(&cell, &view).map(|item| item.rule)
    }

    fn overlapping(&self, rule: u32, among: Range<u32>, most: usize) -> Vec<u32> {
        self.overlapping_any(self.parts(rule), &View::most(among), most)
    }

    fn opposed(&self, rule: u32, among: Range<u32>, most: usize) -> Vec<u32> {
        let view = View::most(among).against(self.classes[rule as usize]);
        self.overlapping_any(self.parts(rule), &view, most)
    }

    fn crossings(&self, wanted: &Wanted<'_>, most: usize) -> (Vec<(u32, Vec<u32>)>, bool) {
        let (mut all, mut left) = (Vec::new(), most);
        // So many at a time: where to stop must not hang on which thread was faster.
        for runs in self.index.runs().chunks(TOGETHER) {
            let of_run = |run| self.crossings_of(run, wanted, left);
            let found: Vec<(u32, Vec<u32>)> = runs.par_iter().flat_map_iter(of_run).collect();
            let pairs: usize = found.iter().map(|(_, later)| later.len()).sum();
            if pairs > left {
                return (all, false);
            }
            left -= pairs;
            all.extend(found.into_iter().filter_map(|(rule, mut later)| {
                later.retain(|other| wanted(*other));
                (!later.is_empty()).then_some((rule, later))
            }));
        }
        (all, true)
    }

    fn meeting(&self, region: &Traffic, most: usize) -> Vec<u32> {
        self.overlapping_any(self.parts_around(region), &View::most(0..u32::MAX), most)
    }

    fn meets(&self, region: &Traffic) -> bool {
        compare::meets(&self.frame, &self.index, region, self.family)
    }

    fn effective(&self, rule: u32, region: &Traffic, bound: Bound, budget: Budget) -> Difference {
        let (own, view) = match bound {
            Bound::Least => (mask::LEAST, View::most(0..rule)),
            Bound::Most => (mask::MOST, View::least(0..rule)),
        };
        let region_parts = self.around(region);
        let items = self.index.items_of(rule).filter(|item| item.mask & own != 0);
        let bases: Vec<Product<D>> = items
            .map(|item| Product::of(&item, self.index.shape(&item)))
            .flat_map(|part| region_parts.iter().filter_map(move |r| part.intersect(r)))
            .collect();
        self.without(&bases, &view.fresh(), region, budget)
    }

    fn unmatched(&self, region: &Traffic, bound: Bound, budget: Budget) -> Difference {
        let view = match bound {
            Bound::Least => View::most(0..u32::MAX),
            Bound::Most => View::least(0..u32::MAX),
        };
        self.without(&self.around(region), &view.fresh(), region, budget)
    }

    fn sizes(&self, dead: &[bool], budget: Budget) -> Sizes {
        Counting::new(self, dead, budget).sizes()
    }

    fn wholes(&self, rules: &[u32], budget: Budget) -> Vec<f64> {
        let counting = Counting::new(self, &[], budget);
        rules.iter().map(|rule| counting.whole(*rule)).collect()
    }

    fn agrees(&self, region: &Traffic, class: Class, from: u32, budget: Budget) -> Option<bool> {
        let (default, exact) = (self.default, self.exact);
        let claim = Claim { class, except: 0..0, rules: from..u32::MAX, default, exact };
        let mut search = Search::new(&self.index);
        let mut meter = Meter::start(budget, &search);
        for part in self.parts_around(region) {
            match claim.check(&part, &mut search, &mut meter, &mut Takers::default()) {
                Agreement::Alike => {}
                Agreement::Differs(..) => return Some(false),
                Agreement::Unfinished => return None,
            }
        }
        Some(true)
    }
}

impl Bound {
    fn view(self, rules: Range<u32>) -> View {
        match self {
            Self::Least => View::least(rules),
            Self::Most => View::most(rules),
        }
    }
}

/// The items of the rules in a run of places.
fn items_of<'f, const D: usize>(
    frame: &'f Frame<D>,
    rules: &Rules,
    run: Range<usize>,
    family: Family,
) -> Draft<'f, D> {
    let (mut items, mut scratch) = (Draft::new(frame, run.len()), Values::default());
    for (number, rule) in (run.start as u32..).zip(rules.of(run)) {
        let bits = mask::of(rule.class) | mask::FRESH;
        let first = items.items.len();
        for (traffic, kinds) in [(rule.least, mask::LEAST | mask::MOST), (rule.most, mask::MOST)] {
            for traffic in traffic {
                for_each_product(traffic, family, &mut scratch, |values| {
                    items.add(values, number, bits & (kinds | mask::FRESH));
                });
            }
        }
        let other = Family::BOTH[1 - family as usize];
        items.mark_parts(first, rule.all().any(|traffic| traffic.has(other)));
    }
    items
}

/// An index of products, numbered as rules in their order.
fn union_index<const D: usize>(products: &[Product<D>]) -> Index<D> {
    let item = |(number, product): (usize, &Product<D>)| {
        let shape = if product.as_cuboid().is_some() { SOLID } else { number as u32 };
        let kinds = mask::LEAST | mask::MOST;
        Item { bounds: product.bounds(), rule: number as u32, shape, mask: kinds }
    };
    let items = products.iter().enumerate().map(item).collect();
    let shapes = products.iter().map(|product| product.0.clone()).collect();
    Index::build(items, shapes, products.len())
}

/// What is left of all products; `None` when the budget ran out.
fn all_without<const D: usize>(
    search: &mut Search<D>,
    products: Vec<Product<D>>,
    view: &View,
    meter: &mut Meter,
) -> Option<Vec<Product<D>>> {
    let mut left = Vec::new();
    for product in products {
        left.extend(remainder(search, product, view, meter)?);
    }
    Some(left)
}
