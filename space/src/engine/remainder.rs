//! What is left of a product when items are taken away.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cover::Meter;
use super::cuboid::{Product, Region, Spans};
use super::index::Shape;
use super::search::{Search, View};
use crate::RangeSet;

/// Overlapping items looked at for each choice of what to take away next.
const SCAN: usize = 64;

/// `base` without the items of `view`, as disjoint products; `None` when the budget ran out.
pub(crate) fn remainder<const D: usize>(
    search: &mut Search<D>,
    base: Product<D>,
    view: &View,
    meter: &mut Meter,
) -> Option<Vec<Product<D>>> {
    let (mut stack, mut left) = (vec![base], Vec::new());
    while let Some(piece) = stack.pop() {
        if !meter.take(search) {
            return None;
        }
        match search.best_overlap(&piece, view, SCAN) {
            Some(pivot) => piece.without(&pivot.cut, &mut stack),
            None => left.push(piece),
        }
    }
    Some(left)
}

/// The same set in fewer products: those that differ in one field only become one.
pub(crate) fn merge<const D: usize>(mut products: Vec<Product<D>>) -> Vec<Product<D>> {
    loop {
        let before = products.len();
        share_equal_sets(&mut products);
        for dim in 0..D {
            products = merge_along(products, dim);
        }
        if products.len() == before {
            return products;
        }
    }
}

/// Makes equal sets one and the same, so that they compare by address.
fn share_equal_sets<const D: usize>(products: &mut [Product<D>]) {
    let mut known: FxHashSet<Spans> = FxHashSet::default();
    for field in products.iter_mut().flat_map(|product| product.0.iter_mut()) {
        match known.get(field.as_ref()) {
            Some(same) => *field = same.clone(),
            None => {
                known.insert(field.clone());
            }
        }
    }
}

fn merge_along<const D: usize>(products: Vec<Product<D>>, dim: usize) -> Vec<Product<D>> {
    let mut groups: FxHashMap<[usize; D], usize> = FxHashMap::default();
    let mut merged: Vec<(Shape<D>, Vec<Spans>)> = Vec::with_capacity(products.len());
    for Product(shape) in products {
        let key = std::array::from_fn(|d| if d == dim { 0 } else { Arc::as_ptr(&shape[d]).addr() });
        let at = *groups.entry(key).or_insert(merged.len());
        let set = shape[dim].clone();
        if at == merged.len() {
            merged.push((shape, Vec::new()));
        }
        merged[at].1.push(set);
    }
    merged.into_iter().map(|(shape, sets)| joined(shape, dim, &sets)).collect()
}

fn joined<const D: usize>(mut shape: Shape<D>, dim: usize, sets: &[Spans]) -> Product<D> {
    if sets.len() > 1 {
        let ranges = sets.iter().flat_map(|set| set.ranges().iter().copied());
        shape[dim] = Arc::new(RangeSet::from_ranges(ranges));
    }
    Product(shape)
}
