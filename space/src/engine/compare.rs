//! What two lists decide otherwise: see [`crate::changes`].
//!
//! Each product of a rule that only one list has is a *base*. It is taken apart at its lowest
//! cell: what an earlier base holds is left to that one; where both lists decide by the same rule
//! nothing changed; else the largest part is taken in which nothing decides otherwise, and cut
//! further where something does.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::axis::{Values, axes, for_each_product, to_traffic};
use super::cover::{Cover, Meter, Shares, cover};
use super::cuboid::{Cell, Cuboid, Product, Region};
use super::fates::Fates;
use super::index::{Index, Item, class_of, mask};
use super::items::{Draft, Frame};
use super::remainder::merge;
use super::search::{Search, View};
use super::{COUNTED, items_of, union_index};
use crate::list::Rules;
use crate::sample::Choice;
use crate::{Budget, Change, Class, Effect, Family, MergedRule, OpenChange, Packet, Side, Traffic};

/// Overlapping items looked at for each choice of where to cut.
const SCAN: usize = 64;

/// What was found in one IP version.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) changes: Vec<Change>,
    pub(crate) open: Vec<OpenChange>,
    /// Rules of one list only that decide a packet whose fate changed, or may.
    pub(crate) effective: BTreeSet<usize>,
}

/// Compares one IP version of two merged lists.
pub(crate) fn compare(rules: &[MergedRule], family: Family, budget: Budget) -> Found {
    let rule = |at: usize| rules[at].rule;
    let listed = Rules::new(rules.len(), &rule);
    let axes = axes(&listed, family);
    match axes.iter().filter(|axis| axis.is_cut()).count() {
        0..=3 => Pair::<3>::build(rules, &listed, family, Frame::new(axes), budget).run(),
        4 => Pair::<4>::build(rules, &listed, family, Frame::new(axes), budget).run(),
        5 => Pair::<5>::build(rules, &listed, family, Frame::new(axes), budget).run(),
        6 => Pair::<6>::build(rules, &listed, family, Frame::new(axes), budget).run(),
        _ => Pair::<8>::build(rules, &listed, family, Frame::new(axes), budget).run(),
    }
}

/// Whether an item of the index may share a packet with `region`.
pub(crate) fn meets<const D: usize>(
    frame: &Frame<D>,
    index: &Index<D>,
    region: &Traffic,
    family: Family,
) -> bool {
    thread_local! {
        static SCRATCH: RefCell<Values> = RefCell::default();
    }
    let (mut search, mut found) = (Search::new(index), false);
    let view = View::most(0..u32::MAX);
    SCRATCH.with_borrow_mut(|scratch| {
        for_each_product(region, family, scratch, |values| {
            found = found
                || match frame.box_around(values) {
                    Some(part) => search.overlap::<Cuboid<D>>(&part, &view).is_some(),
                    None => search.overlap(&frame.around(values), &view).is_some(),
                };
        });
    });
    found
}

/// Two lists in one rank space. Rules are numbered as in the merged list.
struct Pair<const D: usize> {
    family: Family,
    frame: Frame<D>,
    budget: Budget,
    sides: Vec<Side>,
    /// Whether no rule has unknown matches or effects.
    exact: bool,
    old: Index<D>,
    new: Index<D>,
    /// What the rules of one list only match, in their order.
    bases: Vec<(u32, Product<D>)>,
    /// An index of the bases, by their number.
    touched: Index<D>,
}

/// A part of a base that fares otherwise in the new list.
struct Piece<const D: usize> {
    product: Product<D>,
    effects: Vec<Effect>,
    /// Rules that decide it, or may, in the old and in the new list.
    by: [Vec<u32>; 2],
}

/// A decision that hangs on a match or an effect that is not known.
struct Unsure;

/// What became of one base.
struct Explored<const D: usize> {
    pieces: Vec<Piece<D>>,
    complete: bool,
}

/// Readers of the three indices, and where to go on.
struct Desk<'a, const D: usize> {
    old: Search<'a, D>,
    new: Search<'a, D>,
    touched: Search<'a, D>,
    stack: Vec<Product<D>>,
    pieces: Vec<Piece<D>>,
}

impl<const D: usize> Pair<D> {
    fn build(
        rules: &[MergedRule],
        listed: &Rules,
        family: Family,
        frame: Frame<D>,
        budget: Budget,
    ) -> Self {
        let sides: Vec<Side> = rules.iter().map(|merged| merged.side).collect();
        let made = listed.runs().map(|run| items_of(&frame, listed, run, family));
        let made: Vec<Draft<D>> = made.collect();
        let all = Draft::joined(&frame, made);
        let (items, shapes) = (all.items, all.shapes);
        let of = |other: Side| -> Index<D> {
            let own = items.iter().filter(|item| sides[item.rule as usize] != other);
            Index::build(own.copied().collect(), shapes.clone(), rules.len())
        };
        let (old, new) = rayon::join(|| of(Side::New), || of(Side::Old));
        let changed = items.iter().filter(|item| sides[item.rule as usize] != Side::Both);
        let product = |item: &Item<D>| Product::of(item, shapes.get(item.shape as usize));
        let bases: Vec<(u32, Product<D>)> = changed.map(|i| (i.rule, product(i))).collect();
        let touched: Vec<Product<D>> = bases.iter().map(|base| base.1.clone()).collect();
        let exact = listed.of(0..listed.len).all(|r| r.is_exact() && r.class != Class::Other);
        let touched = union_index(&touched);
        Self { family, frame, budget, sides, exact, old, new, bases, touched }
    }

    fn run(&self) -> Found {
        let numbers = 0..self.bases.len() as u32;
        let explored: Vec<Explored<D>> =
            numbers.into_par_iter().map(|base| self.explore(base)).collect();
        let mut found = Found::default();
        let mut pieces: Vec<Piece<D>> = Vec::new();
        for (number, explored) in (0..).zip(explored) {
            if explored.complete {
                pieces.extend(explored.pieces);
            } else {
                found.open.push(self.open(number, &explored.pieces));
            }
        }
        self.note_effective(&pieces, &mut found);
        let effects =
            [Effect::Permitted, Effect::Denied, Effect::MaybePermitted, Effect::MaybeDenied];
        let of_each = effects.map(|effect| self.gather(&pieces, effect));
        found.changes = of_each.into_iter().flatten().collect();
        found
    }

    fn desk(&self) -> Desk<'_, D> {
        Desk {
            old: Search::new(&self.old),
            new: Search::new(&self.new),
            touched: Search::new(&self.touched),
            stack: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Takes a base apart.
    fn explore(&self, number: u32) -> Explored<D> {
        let mut desk = self.desk();
        let mut meters = [
            Meter::start(self.budget, &desk.touched),
            Meter::start(self.budget, &desk.old),
            Meter::start(self.budget, &desk.new),
        ];
        desk.stack.push(self.bases[number as usize].1.clone());
        while let Some(piece) = desk.stack.pop() {
            let [touched, old, new] = &mut meters;
            if !(touched.take(&desk.touched) && old.take(&desk.old) && new.take(&desk.new)) {
                return Explored { pieces: desk.pieces, complete: false };
            }
            self.settle(&mut desk, &piece, number);
        }
        Explored { pieces: desk.pieces, complete: true }
    }

    /// Takes from a piece the part around its lowest cell that fares alike.
    fn settle(&self, desk: &mut Desk<'_, D>, piece: &Product<D>, number: u32) {
        let cell = piece.corner();
        let earlier = View::least(0..number);
        if let Some(pivot) = desk.touched.best_cover(piece, &cell, &earlier) {
            piece.without(&pivot.cut, &mut desk.stack);
            return;
        }
        let (old, new) = (self.decider(&mut desk.old, &cell), self.decider(&mut desk.new, &cell));
        let (Ok(old), Ok(new)) = (old, new) else {
            return self.settle_unsure(desk, piece, number);
        };
        let around = |part: &Product<D>, index: &Index<D>, item: Option<Item<D>>| {
            item.map_or_else(|| part.clone(), |item| part.cut(&item, index.shape(&item), &cell))
        };
        let part = around(&around(piece, &self.old, old), &self.new, new);
        let rule = |item: Option<Item<D>>| item.map(|item| item.rule);
        if rule(old) == rule(new) {
            // Whatever else matches here first is of both lists, or in an earlier base.
            return piece.without(&part, &mut desk.stack);
        }
        let class = |item: Option<Item<D>>| item.map_or(Class::Deny, |item| class_of(item.mask));
        let classes = (class(old), class(new));
        let cut = rival(&mut desk.old, &part, rule(old), classes.0, self.exact)
            .or_else(|| rival(&mut desk.new, &part, rule(new), classes.1, self.exact));
        let effects = match classes {
            (Class::Deny, Class::Permit) => vec![Effect::Permitted],
            (Class::Permit, Class::Deny) => vec![Effect::Denied],
            _ => Vec::new(),
        };
        let by = [rule(old).into_iter().collect(), rule(new).into_iter().collect()];
        take(desk, piece, Piece { product: part, effects, by }, cut, number);
    }

    /// What is sure to decide a cell, an item or nothing; fails where it is not sure.
    fn decider(
        &self,
        search: &mut Search<'_, D>,
        cell: &Cell<D>,
    ) -> Result<Option<Item<D>>, Unsure> {
        let sure = search.first(cell, &View::least(0..u32::MAX));
        if self.exact {
            return Ok(sure);
        }
        let possible = search.first(cell, &View::most(0..u32::MAX));
        let same = sure.map(|item| item.rule) == possible.map(|item| item.rule);
        let known = sure.is_none_or(|item| class_of(item.mask) != Class::Other);
        if same && known { Ok(sure) } else { Err(Unsure) }
    }

    /// [`Pair::settle`] where unknown matches or effects have a say: the part in which the same
    /// rules match, or may.
    fn settle_unsure(&self, desk: &mut Desk<'_, D>, piece: &Product<D>, number: u32) {
        let cell = piece.corner();
        let old = Seen::at(&mut desk.old, &cell);
        let new = Seen::at(&mut desk.new, &cell);
        let part = new.cut(&self.new, &old.cut(&self.old, piece, &cell), &cell);
        let cut = old.other(&mut desk.old, &part).or_else(|| new.other(&mut desk.new, &part));
        let effects = self.fates(&old, &new).effects();
        let by = [old.rules(), new.rules()];
        take(desk, piece, Piece { product: part, effects, by }, cut, number);
    }

    fn fates(&self, old: &Seen<D>, new: &Seen<D>) -> Fates {
        let all: BTreeMap<u32, (Class, bool)> = old.matches().chain(new.matches()).collect();
        let step = |fates: Fates, (rule, (class, sure)): (&u32, &(Class, bool))| {
            fates.after(self.sides[*rule as usize], *class, *sure)
        };
        all.iter().fold(Fates::START, step)
    }

    /// What is known of a base for which the budget ran out.
    fn open(&self, number: u32, pieces: &[Piece<D>]) -> OpenChange {
        let (rule, base) = &self.bases[number as usize];
        let mut witnesses: Vec<(Effect, Packet)> = Vec::new();
        for piece in pieces {
            for effect in &piece.effects {
                if witnesses.iter().all(|known| known.0 != *effect) {
                    witnesses.push((*effect, self.packet(&piece.product.corner())));
                }
            }
        }
        let mut rules: BTreeSet<u32> = BTreeSet::new();
        for index in [&self.old, &self.new] {
            let mut search = Search::new(index);
            rules.extend(search.overlapping(base, &View::most(0..u32::MAX), COUNTED));
        }
        rules.remove(rule);
        let within = self.traffic(base);
        OpenChange { rule: *rule as usize, within, exceptions: rules.len(), witnesses }
    }

    /// The pieces of one effect in as few products as merging gives, with those who decide them.
    fn gather(&self, pieces: &[Piece<D>], effect: Effect) -> Vec<Change> {
        let own: Vec<&Piece<D>> = pieces.iter().filter(|p| p.effects.contains(&effect)).collect();
        let merged = merge(own.iter().map(|piece| piece.product.clone()).collect());
        let index = union_index(&merged);
        let mut by: Vec<[BTreeSet<u32>; 2]> = vec![Default::default(); merged.len()];
        let mut search = Search::new(&index);
        for piece in own {
            let home = search.first(&piece.product.corner(), &View::least(0..u32::MAX));
            let Some(home) = home else { continue };
            for (all, more) in by[home.rule as usize].iter_mut().zip(&piece.by) {
                all.extend(more);
            }
        }
        merged.iter().zip(&by).map(|(product, by)| self.change(product, effect, by)).collect()
    }

    fn change(&self, product: &Product<D>, effect: Effect, by: &[BTreeSet<u32>; 2]) -> Change {
        let cell = product.corner();
        let deciders = |index: &Index<D>, others: &BTreeSet<u32>| {
            let mut rules: Vec<u32> = Seen::at(&mut Search::new(index), &cell).rules();
            rules.extend(others.iter().filter(|rule| !rules.contains(rule)).collect::<Vec<_>>());
            rules.into_iter().map(|rule| rule as usize).collect::<Vec<usize>>()
        };
        Change {
            effect,
            traffic: self.traffic(product),
            witness: self.packet(&cell),
            old: deciders(&self.old, &by[0]),
            new: deciders(&self.new, &by[1]),
        }
    }

    /// Notes every rule of one list only that decides, or may decide, a packet of `pieces`, and
    /// every one of which that can't be told.
    fn note_effective(&self, pieces: &[Piece<D>], found: &mut Found) {
        let only = |rule: &u32| self.sides[*rule as usize] != Side::Both;
        let seen = pieces.iter().flat_map(|piece| piece.by.iter().flatten());
        let seen: BTreeSet<u32> = seen.copied().filter(only).collect();
        let products: Vec<Product<D>> = pieces.iter().map(|piece| piece.product.clone()).collect();
        let index = union_index(&products);
        let open: Vec<&Product<D>> = found
            .open
            .iter()
            .flat_map(|open| self.bases.iter().filter(|b| b.0 as usize == open.rule))
            .map(|base| &base.1)
            .collect();
        let others = self.bases.par_iter().filter(|base| !seen.contains(&base.0));
        let decides = |(rule, base): &(u32, Product<D>)| {
            let unknown = open.iter().any(|open| open.intersect(base).is_some());
            unknown || self.decides_some(*rule, base, &index, &products)
        };
        let more: Vec<u32> = others.filter(|base| decides(base)).map(|base| base.0).collect();
        found.effective.extend(seen.into_iter().chain(more).map(|rule| rule as usize));
    }

    /// Whether a rule decides, or may decide, a packet of some pieces in its own list.
    fn decides_some(
        &self,
        rule: u32,
        base: &Product<D>,
        index: &Index<D>,
        pieces: &[Product<D>],
    ) -> bool {
        let own = if self.sides[rule as usize] == Side::Old { &self.old } else { &self.new };
        let mut search = Search::new(own);
        let mut meter = Meter::start(self.budget, &search);
        let before = View::least(0..rule).fresh();
        let near = Search::new(index).overlapping(base, &View::least(0..u32::MAX), usize::MAX);
        near.into_iter().filter_map(|piece| base.intersect(&pieces[piece as usize])).any(|part| {
            let found = cover(&mut search, &part, &before, &mut meter, &mut Shares::default());
            found != Cover::Full
        })
    }

    fn packet(&self, cell: &Cell<D>) -> Packet {
        let values = self.frame.cell(cell);
        let fields = std::array::from_fn(|field| std::slice::from_ref(&values[field]));
        Choice { family: self.family, fields }.packet()
    }

    fn traffic(&self, product: &Product<D>) -> Traffic {
        to_traffic(&self.frame.values(product), self.family)
    }
}

/// Takes a part that fares alike, or cuts the piece where something in it does not.
fn take<const D: usize>(
    desk: &mut Desk<'_, D>,
    piece: &Product<D>,
    part: Piece<D>,
    cut: Option<Product<D>>,
    number: u32,
) {
    let changes = !part.effects.is_empty();
    let taken = |desk: &mut Desk<'_, D>| {
        let earlier = View::least(0..number);
        desk.touched.best_overlap(&part.product, &earlier, SCAN).map(|pivot| pivot.cut)
    };
    if let Some(cut) = cut {
        piece.without(&cut, &mut desk.stack);
        desk.stack.push(cut);
    } else if let Some(cut) = changes.then(|| taken(desk)).flatten() {
        piece.without(&cut, &mut desk.stack);
    } else {
        piece.without(&part.product, &mut desk.stack);
        desk.pieces.extend(changes.then_some(part));
    }
}

/// The part of a product that a rule before `rule` decides otherwise than `class`, or may.
fn rival<const D: usize>(
    search: &mut Search<'_, D>,
    part: &Product<D>,
    rule: Option<u32>,
    class: Class,
    exact: bool,
) -> Option<Product<D>> {
    let before = View::most(0..rule.unwrap_or(u32::MAX));
    let against = before.clone().against(class);
    let contrary = search.best_overlap(part, &against, SCAN).map(|pivot| pivot.cut);
    let unsure = |item: &Item<D>, _: &Product<D>| item.mask & mask::LEAST == 0;
    contrary.or_else(|| (!exact).then(|| search.overlap_where(part, &before, unsure)).flatten())
}

/// What matches a cell in one list, or may, up to the first that is sure to.
struct Seen<const D: usize> {
    /// One item for each rule, that which is sure to match if it has one.
    items: Vec<Item<D>>,
    /// The last of the rules when it is sure to match.
    end: Option<u32>,
}

impl<const D: usize> Seen<D> {
    fn at(search: &mut Search<'_, D>, cell: &Cell<D>) -> Self {
        let end = search.first(cell, &View::least(0..u32::MAX)).map(|item| item.rule);
        let upto = end.map_or(u32::MAX, |rule| rule + 1);
        let mut items = search.items_at(cell, &View::most(0..upto));
        // Items of a rule follow each other; one that is sure stands for all.
        items.sort_by_key(|item| (item.rule, item.mask & mask::LEAST == 0));
        items.dedup_by_key(|item| item.rule);
        Self { items, end }
    }

    /// The part of a region around the cell where all of them match, or may.
    fn cut(&self, index: &Index<D>, region: &Product<D>, cell: &Cell<D>) -> Product<D> {
        let take = |part: Product<D>, item: &Item<D>| part.cut(item, index.shape(item), cell);
        self.items.iter().fold(region.clone(), take)
    }

    /// A part of `part` where something else matches, or may, before the end.
    fn other(&self, search: &mut Search<'_, D>, part: &Product<D>) -> Option<Product<D>> {
        let sure: BTreeSet<u32> = self.matches().filter(|m| m.1.1).map(|m| m.0).collect();
        let view = View::most(0..self.end.unwrap_or(u32::MAX));
        let differs = |item: &Item<D>, cut: &Product<D>| cut != part && !sure.contains(&item.rule);
        search.overlap_where(part, &view, differs)
    }

    /// Each rule with its class and whether it is sure to match.
    fn matches(&self) -> impl Iterator<Item = (u32, (Class, bool))> {
        self.items.iter().map(|i| (i.rule, (class_of(i.mask), i.mask & mask::LEAST != 0)))
    }

    fn rules(&self) -> Vec<u32> {
        self.items.iter().map(|item| item.rule).collect()
    }
}
