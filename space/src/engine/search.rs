//! Questions to an [`Index`]: who matches first, who covers most, who overlaps.

use std::ops::{ControlFlow, Range};

use super::cuboid::{Cell, Region};
use super::index::{Index, Item, Kids, Node, mask};
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

    fn has<const D: usize>(&self, item: &Item<D>) -> bool {
        item.mask & self.kinds != 0
            && item.mask & self.bits == self.bits
            && self.rules.contains(&item.rule)
    }

    fn may_have<const D: usize>(&self, node: &Node<D>) -> bool {
        node.mask & self.kinds != 0
            && node.mask & self.bits == self.bits
            && node.rules.0 < self.rules.end
            && self.rules.start <= node.rules.1
    }
}

/// A reader of an index. It keeps its work list between questions and counts the nodes it visits.
#[derive(Debug)]
pub(crate) struct Search<'a, const D: usize> {
    pub(crate) index: &'a Index<D>,
    /// Nodes visited in all.
    pub(crate) visits: u64,
    pending: Vec<u32>,
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
    pub(crate) fn first(&mut self, cell: &Cell<D>, view: &View) -> Option<&'a Item<D>> {
        let mut best: Option<&'a Item<D>> = None;
        let beats = |best: Option<&Item<D>>, rule: u32| best.is_none_or(|b| rule < b.rule);
        self.walk(
            &mut best,
            |best, node| {
                view.may_have(node) && beats(*best, node.rules.0) && node.bounds.contains(cell)
            },
            |best, index, item| {
                if view.has(item) && beats(*best, item.rule) && index.contains(item, cell) {
                    *best = Some(item);
                }
                ControlFlow::Continue(())
            },
        );
        best
    }

    /// Whether an item of the view contains the cell.
    pub(crate) fn any(&mut self, cell: &Cell<D>, view: &View) -> bool {
        let mut found = false;
        self.walk(
            &mut found,
            |_, node| view.may_have(node) && node.bounds.contains(cell),
            |found, index, item| {
                *found = view.has(item) && index.contains(item, cell);
                if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
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
        self.walk(
            &mut best,
            |_, node| view.may_have(node) && node.bounds.contains(cell),
            |best, index, item| {
                if view.has(item) && index.contains(item, cell) {
                    let cut = region.cut(item, index.shape(item), cell);
                    return keep_larger(best, item.rule, cut, region);
                }
                ControlFlow::Continue(())
            },
        );
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
        let bounds = region.bounds();
        let mut state = (None, 0usize);
        self.walk(
            &mut state,
            |_, node| view.may_have(node) && node.bounds.meets(&bounds),
            |(best, seen), index, item| {
                let shape = index.shape(item);
                if !view.has(item) {
                    return ControlFlow::Continue(());
                }
                let Some(cell) = region.meeting(item, shape) else {
                    return ControlFlow::Continue(());
                };
                let cut = region.cut(item, shape, &cell);
                *seen += 1;
                let flow = keep_larger(best, item.rule, cut, region);
                if *seen >= scan { ControlFlow::Break(()) } else { flow }
            },
        );
        state.0
    }

    /// The part of `region` that it shares with some item of the view.
    pub(crate) fn overlap<R: Region<D>>(&mut self, region: &R, view: &View) -> Option<R> {
        let bounds = region.bounds();
        let mut found = None;
        self.walk(
            &mut found,
            |_, node| view.may_have(node) && node.bounds.meets(&bounds),
            |found, index, item| {
                if view.has(item) {
                    let shape = index.shape(item);
                    *found = region.meeting(item, shape).map(|cell| region.cut(item, shape, &cell));
                }
                if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        found
    }

    /// What `region` shares with some item of the view of which `test` holds, given that part.
    pub(crate) fn overlap_where<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        test: impl Fn(&Item<D>, &R) -> bool,
    ) -> Option<R> {
        let bounds = region.bounds();
        let mut found = None;
        self.walk(
            &mut found,
            |_, node| view.may_have(node) && node.bounds.meets(&bounds),
            |found, index, item| {
                if view.has(item) {
                    let shape = index.shape(item);
                    let cut = region.meeting(item, shape).map(|c| region.cut(item, shape, &c));
                    *found = cut.filter(|cut| test(item, cut));
                }
                if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        found
    }

    /// The items of the view that contain `cell`, in the order of their rules.
    pub(crate) fn items_at(&mut self, cell: &Cell<D>, view: &View) -> Vec<&'a Item<D>> {
        let mut found: Vec<&'a Item<D>> = Vec::new();
        self.walk(
            &mut found,
            |_, node| view.may_have(node) && node.bounds.contains(cell),
            |found, index, item| {
                if view.has(item) && index.contains(item, cell) {
                    found.push(item);
                }
                ControlFlow::Continue(())
            },
        );
        found.sort_by_key(|item| item.rule);
        found
    }

    /// Rules of the view that share a cell with `region`, in order: those of the first `most`
    /// items that do.
    pub(crate) fn overlapping<R: Region<D>>(
        &mut self,
        region: &R,
        view: &View,
        most: usize,
    ) -> Vec<u32> {
        let bounds = region.bounds();
        let mut rules = Vec::new();
        self.walk(
            &mut rules,
            |_, node| view.may_have(node) && node.bounds.meets(&bounds),
            |rules, index, item| {
                if view.has(item) && region.meeting(item, index.shape(item)).is_some() {
                    rules.push(item.rule);
                }
                if rules.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        );
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// Rules of the view that match the cell, in order: at most `most`.
    pub(crate) fn matching(&mut self, cell: &Cell<D>, view: &View, most: usize) -> Vec<u32> {
        let mut rules = Vec::new();
        self.walk(
            &mut rules,
            |_, node| view.may_have(node) && node.bounds.contains(cell),
            |rules, index, item| {
                if view.has(item) && index.contains(item, cell) {
                    rules.push(item.rule);
                }
                if rules.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        );
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// Looks at the items below every node that `enter` accepts, lowest rule numbers first,
    /// until `visit` breaks.
    fn walk<S>(
        &mut self,
        state: &mut S,
        enter: impl Fn(&S, &Node<D>) -> bool,
        mut visit: impl FnMut(&mut S, &'a Index<D>, &'a Item<D>) -> ControlFlow<()>,
    ) {
        let index = self.index;
        self.pending.clear();
        self.pending.extend((!index.nodes.is_empty()).then_some(0));
        while let Some(at) = self.pending.pop() {
            let node = &index.nodes[at as usize];
            self.visits += 1;
            if !enter(state, node) {
                continue;
            }
            match node.kids {
                Kids::Inner(kids) => {
                    self.pending.extend(kids.into_iter().rev().filter(|kid| *kid != Kids::NONE));
                }
                Kids::Leaf(from, to) => {
                    for item in &index.items[from as usize..to as usize] {
                        if visit(state, index, item).is_break() {
                            return;
                        }
                    }
                }
            }
        }
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
