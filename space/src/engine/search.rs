//! Questions to an [`Index`]: who matches first, who covers most, who overlaps.

use std::ops::{ControlFlow, Range};

use super::cuboid::{Cell, Cuboid, Region};
use super::index::{Below, Index, Item, Kid, Leaf, Node, WIDE, mask};
use crate::Class;

/// Which items a question is about.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Rule numbers.
    pub(crate) rules: Range<u32>,
    /// Bits of [`mask`], of which an item must have one.
    pub(crate) kinds: u8,
    /// Bits of [`mask`] that an item must all have.
    pub(crate) bits: u8,
}

impl View {
    /// What the rules of a range are sure to match.
    pub(crate) fn least(rules: Range<u32>) -> Self {
        Self { rules, kinds: mask::LEAST, bits: 0 }
    }

    /// What the rules of a range may match.
    pub(crate) fn most(rules: Range<u32>) -> Self {
        Self { rules, kinds: mask::MOST, bits: 0 }
    }

    /// Only what may decide otherwise than `class`.
    pub(crate) fn against(self, class: Class) -> Self {
        Self { kinds: self.kinds & mask::against(class), ..self }
    }

    /// Without copies: enough for questions of cover, where a copy adds nothing.
    pub(crate) fn fresh(self) -> Self {
        Self { bits: mask::FRESH, ..self }
    }

    fn has<const D: usize>(&self, leaf: &Leaf<D>, lane: usize) -> bool {
        let mask = leaf.masks[lane];
        mask & self.kinds != 0
            && mask & self.bits == self.bits
            && self.rules.contains(&leaf.rules[lane])
    }

    fn may_have<const D: usize>(&self, node: &Node<D>, lane: usize) -> bool {
        let mask = node.masks[lane];
        mask & self.kinds != 0
            && mask & self.bits == self.bits
            && node.lowest[lane] < self.rules.end
            && self.rules.start <= node.highest[lane]
    }
}

/// A reader of an index. It keeps its work list between questions and counts the nodes it visits.
#[derive(Debug)]
pub(crate) struct Search<'a, const D: usize> {
    pub(crate) index: &'a Index<D>,
    /// Nodes visited in all.
    pub(crate) visits: u64,
    /// Parts to look at, with the lowest rule number in each.
    pending: Vec<(Kid, u32)>,
}

/// The piece that [`Search::best_cover`] found.
pub(crate) struct Pivot<R> {
    /// The rule that covers it.
    pub(crate) rule: u32,
    pub(crate) cut: R,
    pub(crate) volume: f64,
}

impl<'a, const D: usize> Search<'a, D> {
    pub(crate) fn new(index: &'a Index<D>) -> Self {
        Self { index, visits: 0, pending: Vec::new() }
    }

    /// The lowest matching item of a view.
    pub(crate) fn first(&mut self, cell: &Cell<D>, view: &View) -> Option<Item<D>> {
        let mut best: Option<(u32, &'a Leaf<D>, usize)> = None;
        self.walk(
            &Cuboid::at(cell),
            view,
            &mut best,
            |best, rule| best.is_some_and(|b| b.0 <= rule),
            |best, index, leaf, lane| {
                if index.contains(leaf, lane, cell) {
                    *best = Some((leaf.rules[lane], leaf, lane));
                }
                ControlFlow::Continue(())
            },
        );
        best.map(|(_, leaf, lane)| leaf.item(lane))
    }

    /// Whether an item of the view contains the cell.
    pub(crate) fn any(&mut self, cell: &Cell<D>, view: &View) -> bool {
        let mut found = false;
        self.walk(&Cuboid::at(cell), view, &mut found, never, |found, index, leaf, lane| {
            *found = index.contains(leaf, lane, cell);
            if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    /// Of the items that contain `cell`, one that covers all of `region`, or else the one that
    /// covers most of it.
    pub(crate) fn best_cover<R: Region<D>>(
        &mut self,
        region: &R,
        cell: &Cell<D>,
        view: &View,
    ) -> Option<Pivot<R>> {
        let mut best: Option<Pivot<R>> = None;
        self.walk(&Cuboid::at(cell), view, &mut best, never, |best, index, leaf, lane| {
            if !index.contains(leaf, lane, cell) {
                return ControlFlow::Continue(());
            }
            let item = leaf.item(lane);
            keep_larger(best, item.rule, region.cut(&item, index.shape(&item), cell), region)
        });
        best
    }

    /// Of the first `scan` items of the view that share a cell with `region`, one that covers
    /// all of it, or else the one that covers most of it.
    pub(crate) fn best_overlap<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        scan: usize,
    ) -> Option<Pivot<R>> {
        let mut state = (None, 0usize);
        self.walk(&region.bounds(), view, &mut state, never, |state, index, leaf, lane| {
            let (best, seen) = state;
            let item = leaf.item(lane);
            let shape = index.shape(&item);
            let Some(cell) = region.meeting(&item, shape) else {
                return ControlFlow::Continue(());
            };
            let cut = region.cut(&item, shape, &cell);
            *seen += 1;
            let flow = keep_larger(best, item.rule, cut, region);
            if *seen >= scan { ControlFlow::Break(()) } else { flow }
        });
        state.0
    }

    /// The part of `region` that it shares with some item of the view.
    pub(crate) fn overlap<R: Region<D>>(&mut self, region: &R, view: &View) -> Option<R> {
        let mut found = None;
        self.walk(&region.bounds(), view, &mut found, never, |found, index, leaf, lane| {
            let item = leaf.item(lane);
            let shape = index.shape(&item);
            *found = region.meeting(&item, shape).map(|cell| region.cut(&item, shape, &cell));
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    /// What `region` shares with some item of the view of which `test` holds, given that part.
    pub(crate) fn overlap_where<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        test: impl Fn(&Item<D>, &R) -> bool,
    ) -> Option<R> {
        let mut found = None;
        self.walk(&region.bounds(), view, &mut found, never, |found, index, leaf, lane| {
            let item = leaf.item(lane);
            let shape = index.shape(&item);
            let cut = region.meeting(&item, shape).map(|c| region.cut(&item, shape, &c));
            *found = cut.filter(|cut| test(&item, cut));
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    /// The items of the view that contain `cell`, in the order of their rules.
    pub(crate) fn items_at(&mut self, cell: &Cell<D>, view: &View) -> Vec<Item<D>> {
        let mut found = Vec::new();
        self.walk(&Cuboid::at(cell), view, &mut found, never, |found, index, leaf, lane| {
            if index.contains(leaf, lane, cell) {
                found.push(leaf.item(lane));
            }
            ControlFlow::Continue(())
        });
        found.sort_by_key(|item: &Item<D>| item.rule);
        found
    }

    /// The items of the view that share a cell with `region`, unless they are more than `most`.
    pub(crate) fn near<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        most: usize,
    ) -> Option<Vec<Item<D>>> {
        let mut found = Vec::new();
        self.walk(&region.bounds(), view, &mut found, never, |found, index, leaf, lane| {
            let item = leaf.item(lane);
            if region.meeting(&item, index.shape(&item)).is_some() {
                found.push(item);
            }
            if found.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (found.len() <= most).then_some(found)
    }

    /// Rules of the view that share a cell with `region`, in order: those of the first `most`
    /// items that do.
    pub(crate) fn overlapping<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        most: usize,
    ) -> Vec<u32> {
        in_order(self.meeting(region, view, most))
    }

    /// The rules of the first `most` items of the view that share a cell with `region`.
    pub(crate) fn meeting<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        most: usize,
    ) -> Vec<u32> {
        self.rules(&region.bounds(), view, most, |index, leaf, lane| {
            let item = leaf.item(lane);
            region.meeting(&item, index.shape(&item)).is_some()
        })
    }

    /// The rules of `most` items of the view that meet a box, but for those known to be inside it and
    /// those that it is inside of: parts of the tree that hold nothing else are not looked at.
    pub(crate) fn crossing(&mut self, own: &Cuboid<D>, view: &View, most: usize) -> Vec<u32> {
        let mut rules = Vec::new();
        let inside = |node: &Node<D>| node.boxes.inside(own) & !parts(node.masks);
        let nested =
            |leaf: &Leaf<D>| (leaf.boxes.inside(own) | leaf.boxes.around(own)) & !parts(leaf.masks);
        self.walk_but(
            own,
            view,
            &(inside, nested),
            &mut rules,
            never,
            |rules, index, leaf, lane| {
                let item = leaf.item(lane);
                if own.meeting(&item, index.shape(&item)).is_some() {
                    rules.push(item.rule);
                }
                if rules.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        );
        rules
    }

    /// Rules of the view that match the cell, in order: at most `most`.
    pub(crate) fn matching(&mut self, cell: &Cell<D>, view: &View, most: usize) -> Vec<u32> {
        in_order(self.rules(&Cuboid::at(cell), view, most, |index, leaf, lane| {
            index.contains(leaf, lane, cell)
        }))
    }

    /// Rules of the first `most` items of the view whose bounds meet a box and that `test` accepts.
    fn rules(
        &mut self,
        around: &Cuboid<D>,
        view: &View,
        most: usize,
        test: impl Fn(&Index<D>, &Leaf<D>, usize) -> bool,
    ) -> Vec<u32> {
        let mut rules = Vec::new();
        self.walk(around, view, &mut rules, never, |rules, index, leaf, lane| {
            if test(index, leaf, lane) {
                rules.push(leaf.rules[lane]);
            }
            if rules.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        rules
    }

    /// Looks at the items of the view whose bounds meet a box, parts with the lowest rule numbers
    /// first, until `visit` breaks. What begins at a rule that is too `late` is passed over.
    #[inline]
    fn walk<S>(
        &mut self,
        around: &Cuboid<D>,
        view: &View,
        state: &mut S,
        late: impl Fn(&S, u32) -> bool,
        visit: impl FnMut(&mut S, &'a Index<D>, &'a Leaf<D>, usize) -> ControlFlow<()>,
    ) {
        self.walk_but(around, view, &(|_: &_| 0, |_: &_| 0), state, late, visit);
    }

    /// [`Search::walk`] without the lanes that are left out of nodes and of leaves.
    #[inline]
    fn walk_but<S>(
        &mut self,
        around: &Cuboid<D>,
        view: &View,
        but: &(impl Fn(&Node<D>) -> u32, impl Fn(&Leaf<D>) -> u32),
        state: &mut S,
        late: impl Fn(&S, u32) -> bool,
        mut visit: impl FnMut(&mut S, &'a Index<D>, &'a Leaf<D>, usize) -> ControlFlow<()>,
    ) {
        let (index, tree) = (self.index, &self.index.tree);
        self.pending.clear();
        self.pending.extend(tree.root.map(|root| (root, 0)));
        while let Some((kid, lowest)) = self.pending.pop() {
            if late(state, lowest) {
                continue;
            }
            self.visits += 1;
            match kid.below() {
                Below::Node(at) => {
                    let node = tree.nodes.get(at);
                    let parts = Lit(node.boxes.meeting(around) & !but.0(node));
                    // The first lane last, since the last one in is the first out.
                    for lane in parts.rev().filter(|lane| view.may_have(node, *lane)) {
                        self.pending.push((node.kids[lane], node.lowest[lane]));
                    }
                }
                Below::Leaf(at) => {
                    let leaf = tree.leaves.get(at);
                    let items = Lit(leaf.boxes.meeting(around) & !but.1(leaf));
                    for lane in items.filter(|lane| view.has(leaf, *lane)) {
                        let late = late(state, leaf.rules[lane]);
                        if !late && visit(state, index, leaf, lane).is_break() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// For searches whose answer does not hang on the order of rules.
fn never<S>(_: &S, _: u32) -> bool {
    false
}

/// Rules in order, each once.
pub(crate) fn in_order(mut rules: Vec<u32>) -> Vec<u32> {
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// The lanes that hold what is not all of its rule.
fn parts(masks: [u8; WIDE]) -> u32 {
    const EACH: u64 = u64::from_ne_bytes([mask::PART; WIDE]);
    // The highest bits of eight bytes, moved next to each other.
    ((u64::from_le_bytes(masks) & EACH).wrapping_mul(0x0002_0408_1020_4081) >> 56) as u32
}

/// The lanes whose bits are set, lowest first.
struct Lit(u32);

impl Iterator for Lit {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let lane = self.0.trailing_zeros();
        (self.0 != 0).then(|| {
            self.0 ^= 1 << lane;
            lane as usize
        })
    }
}

impl DoubleEndedIterator for Lit {
    #[inline]
    fn next_back(&mut self) -> Option<usize> {
        let lane = self.0.checked_ilog2()?;
        self.0 ^= 1 << lane;
        Some(lane as usize)
    }
}

/// Keeps the larger piece; breaks when it is the whole region.
fn keep_larger<const D: usize, R: Region<D>>(
    best: &mut Option<Pivot<R>>,
    rule: u32,
    cut: R,
    region: &R,
) -> ControlFlow<()> {
    let whole = cut == *region;
    let volume = cut.volume();
    if whole || best.as_ref().is_none_or(|b| b.volume < volume) {
        *best = Some(Pivot { rule, cut, volume });
    }
    if whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
