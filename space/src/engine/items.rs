//! From rules to the items of an index.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::axis::{Axes, FIELDS, Values};
use super::cuboid::{Cell, Cuboid, Product, Region, Spans};
use super::index::{Item, SOLID, Shape, mask};
use crate::RangeSet;

/// Boxes that one product may become. Above that the product is kept, in at most this many parts.
const MOST_BOXES: usize = 64;

/// The fields that a list cuts, in order, as dimensions of rank space.
#[derive(Clone, Debug)]
pub(crate) struct Frame<const D: usize> {
    pub(crate) axes: Axes,
    /// Field of each dimension; dimensions beyond the fields in use have one cell.
    dims: [Option<usize>; D],
}

impl<const D: usize> Frame<D> {
    /// The frame of axes of which at most `D` are cut.
    pub(crate) fn new(axes: Axes) -> Self {
        let mut used = (0..FIELDS).filter(|f| axes[*f].is_cut());
        let dims = std::array::from_fn(|_| used.next());
        Self { axes, dims }
    }

    /// The field of a dimension, if it is in use.
    pub(crate) fn field(&self, dim: usize) -> Option<usize> {
        self.dims[dim]
    }

    /// The ranks of a product of values that the axes were made for.
    fn ranks(&self, values: &Values, out: &mut [Vec<(u32, u32)>; D]) {
        for (dim, out) in self.dims.iter().zip(out) {
            out.clear();
            match dim {
                None => out.push((0, 0)),
                Some(field) => self.axes[*field].ranks(&values[*field], out),
            }
        }
    }

    /// The smallest product of cells around any product of values.
    pub(crate) fn around(&self, values: &Values) -> Product<D> {
        Product(self.dims.map(|dim| {
            Arc::new(match dim {
                None => RangeSet::one(0),
                Some(field) => self.axes[field].ranks_around(&values[field]),
            })
        }))
    }

    /// The same where it is one box, without a copy of anything.
    pub(crate) fn box_around(&self, values: &Values) -> Option<Cuboid<D>> {
        let mut bounds = Cuboid { lo: [0; D], hi: [0; D] };
        for (dim, field) in self.dims.iter().enumerate() {
            let Some(field) = *field else { continue };
            let [range] = values[field][..] else { return None };
            (bounds.lo[dim], bounds.hi[dim]) = self.axes[field].rank_range(range)?;
        }
        Some(bounds)
    }

    /// Some values of one cell: a range for each field.
    pub(crate) fn cell(&self, cell: &Cell<D>) -> [(u128, u128); FIELDS] {
        let mut values = std::array::from_fn(|field| self.axes[field].all_values());
        for (dim, rank) in self.dims.iter().zip(cell) {
            if let Some(field) = dim {
                values[*field] = self.axes[*field].some_values(*rank);
            }
        }
        values
    }

    /// The cell that a packet's values are in.
    pub(crate) fn cell_of(&self, values: &[u128; FIELDS]) -> Cell<D> {
        self.dims.map(|dim| dim.map_or(0, |field| self.axes[field].rank(values[field])))
    }

    /// The values of a product of cells.
    pub(crate) fn values(&self, product: &Product<D>) -> Values {
        let mut values: Values = std::array::from_fn(|field| vec![self.axes[field].all_values()]);
        for (dim, spans) in self.dims.iter().zip(&product.0) {
            if let Some(field) = dim {
                values[*field] = self.axes[*field].values(spans);
            }
        }
        values
    }
}

/// Items under construction.
pub(crate) struct Draft<'a, const D: usize> {
    frame: &'a Frame<D>,
    ranks: [Vec<(u32, u32)>; D],
    known: FxHashSet<Spans>,
    pub(crate) items: Vec<Item<D>>,
    pub(crate) shapes: Vec<Shape<D>>,
}

impl<'a, const D: usize> Draft<'a, D> {
    /// An empty draft with room for so many items.
    pub(crate) fn new(frame: &'a Frame<D>, room: usize) -> Self {
        let ranks = std::array::from_fn(|_| Vec::new());
        let items = Vec::with_capacity(room);
        Self { frame, ranks, known: FxHashSet::default(), items, shapes: Vec::new() }
    }

    /// Adds a product of a rule: as boxes when those are few.
    pub(crate) fn add(&mut self, values: &Values, rule: u32, mask: u8) {
        let mut ranks = std::mem::replace(&mut self.ranks, std::array::from_fn(|_| Vec::new()));
        self.frame.ranks(values, &mut ranks);
        let boxes = ranks.iter().try_fold(1usize, |n, ranges| n.checked_mul(ranges.len()));
        if boxes.is_some_and(|n| n <= MOST_BOXES) {
            self.add_boxes(&ranks, rule, mask);
        } else {
            self.add_product(&ranks, rule, mask);
        }
        self.ranks = ranks;
    }

    /// Marks the items from `first` on, those of one rule, unless they are a single box and the rule has
    /// no `more`.
    pub(crate) fn mark_parts(&mut self, first: usize, more: bool) {
        let own = &mut self.items[first..];
        if more || own.len() > 1 || own.iter().any(|item| item.shape != SOLID) {
            for item in own {
                item.mask |= mask::PART;
            }
        }
    }

    fn add_boxes(&mut self, ranks: &[Vec<(u32, u32)>; D], rule: u32, mask: u8) {
        let mut at = [0usize; D];
        loop {
            let lo = std::array::from_fn(|d| ranks[d][at[d]].0);
            let hi = std::array::from_fn(|d| ranks[d][at[d]].1);
            self.items.push(Item { bounds: Cuboid { lo, hi }, rule, shape: SOLID, mask });
            let Some(d) = (0..D).rev().find(|&d| at[d] + 1 < ranks[d].len()) else { return };
            at[d] += 1;
            at[d + 1..].fill(0);
        }
    }

    /// Adds a product in parts along its most divided field, so that a scattered group doesn't
    /// claim all the room between its members.
    fn add_product(&mut self, ranks: &[Vec<(u32, u32)>; D], rule: u32, mask: u8) {
        let longest = (0..D).max_by_key(|&d| ranks[d].len()).unwrap_or(0);
        let whole: Shape<D> = std::array::from_fn(|d| self.share(&ranks[d]));
        for chunk in ranks[longest].chunks(ranks[longest].len().div_ceil(MOST_BOXES)) {
            let mut part = whole.clone();
            part[longest] = self.share(chunk);
            let product = Product(part);
            self.items.push(self.item(&product, rule, mask));
            self.shapes.push(product.0);
        }
    }

    /// The item of the product whose shape is pushed next.
    fn item(&self, product: &Product<D>, rule: u32, mask: u8) -> Item<D> {
        Item { bounds: product.bounds(), rule, shape: self.shapes.len() as u32, mask }
    }

    /// The set, one copy for all rules that have it.
    fn share(&mut self, ranges: &[(u32, u32)]) -> Spans {
        let set = RangeSet::from_ranges(ranges.iter().copied());
        if let Some(known) = self.known.get(&set) {
            return known.clone();
        }
        let spans = Arc::new(set);
        self.known.insert(spans.clone());
        spans
    }

    /// Everything of several drafts with the same frame, in order.
    pub(crate) fn joined(frame: &'a Frame<D>, drafts: Vec<Self>) -> Self {
        let mut all = Self::new(frame, drafts.iter().map(|draft| draft.items.len()).sum());
        for draft in drafts {
            let offset = all.shapes.len() as u32;
            all.items.extend(draft.items.into_iter().map(|item| match item.shape {
                SOLID => item,
                shape => Item { shape: shape + offset, ..item },
            }));
            all.shapes.extend(draft.shapes);
        }
        all
    }
}
