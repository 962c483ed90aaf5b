//! Cells of one field that no set of a list tells apart.
//!
//! The hundred hosts of a group, named nowhere else, are a hundred cells of one kind. Ranked by
//! kind instead of by cell the group is one rank.

use rustc_hash::{FxHashMap, FxHashSet};

/// Set boundaries in all up to which kinds are sought; beyond that cells stay their own kind.
const MOST_ENDS: usize = 1 << 18;

/// The kinds of the cells of a field, numbered by their first cell.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    /// The kind of each cell.
    of: Vec<u32>,
    /// The number of kinds that some cell before this one has; one more entry than cells.
    before: Vec<u32>,
    /// Cells of kind `k`: `cells[starts[k] .. starts[k + 1]]`.
    starts: Vec<u32>,
    cells: Vec<u32>,
}

/// A set of cells as inclusive ranges, sorted and disjoint.
pub(super) type CellSet = Vec<(u32, u32)>;

impl Kinds {
    /// The kinds that `sets` tell apart among `cells` cells, unless the sets are too many.
    pub(super) fn new(sets: &FxHashSet<CellSet>, cells: usize) -> Option<Self> {
        let ends: usize = sets.iter().map(|set| 2 * set.len()).sum();
        (ends <= MOST_ENDS).then(|| Self::from_kinds(kinds_by_sweep(sets, cells)))
    }

    fn from_kinds(of: Vec<u32>) -> Self {
        let mut before = vec![0u32];
        let mut starts: Vec<u32> = Vec::new();
        for &kind in &of {
            if kind as usize == starts.len() {
                starts.push(0);
            }
            starts[kind as usize] += 1;
            before.push(starts.len() as u32);
        }
        let mut end = 0;
        for start in &mut starts {
            (*start, end) = (end, end + *start);
        }
        starts.push(end);
        let (mut next, mut cells) = (starts.clone(), vec![0u32; of.len()]);
        for (cell, &kind) in of.iter().enumerate() {
            cells[next[kind as usize] as usize] = cell as u32;
            next[kind as usize] += 1;
        }
        Self { of, before, starts, cells }
    }

    /// The kind of a cell.
    pub(super) fn of(&self, cell: u32) -> u32 {
        self.of[cell as usize]
    }

    /// Kinds whose first cell is in a range of cells, as a range. Over all ranges of a set that
    /// the kinds were made for these are the kinds of all its cells: a kind is wholly in such a
    /// set or wholly outside.
    pub(super) fn first_in(&self, lo: u32, hi: u32) -> Option<(u32, u32)> {
        let (from, to) = (self.before[lo as usize], self.before[hi as usize + 1]);
        (from < to).then(|| (from, to - 1))
    }

    /// The cells of one kind, in order.
    pub(super) fn cells(&self, kind: u32) -> &[u32] {
        let at = kind as usize;
        &self.cells[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The number of kinds.
    pub(super) fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }
}

/// Walks the cells in order with the family of sets that contain the current one.
fn kinds_by_sweep(sets: &FxHashSet<CellSet>, cells: usize) -> Vec<u32> {
    let mut ends: Vec<(u32, u32)> = Vec::new();
    for (number, set) in (0..).zip(sets) {
        ends.extend(set.iter().flat_map(|(lo, hi)| [(*lo, number), (hi + 1, number)]));
    }
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    let mut families = Families::of(sets.len());
    let (mut current, mut known) = (Families::EMPTY, FxHashMap::default());
    (0..cells as u32)
        .map(|cell| {
            while let Some((_, number)) = ends.next_if(|end| end.0 == cell) {
                current = families.toggle(current, number);
            }
            let next = known.len() as u32;
            *known.entry(current).or_insert(next)
        })
        .collect()
}

/// Families of numbered sets as binary tries that share equal parts: equal families are equal
/// numbers, which makes the comparison exact where a checksum would only make it likely.
struct Families {
    levels: u32,
    parts: Vec<(u32, u32)>,
    numbers: FxHashMap<(u32, u32), u32>,
}

impl Families {
    /// The family without members; at the lowest level 0 and 1 stand for "out" and "in".
    const EMPTY: u32 = 0;

    /// Families of `sets` sets.
    fn of(sets: usize) -> Self {
        let levels = usize::BITS - sets.leading_zeros();
        Self { levels, parts: vec![(0, 0); 2], numbers: FxHashMap::default() }
    }

    /// The family with the member taken out if it is in, and put in if it is out.
    fn toggle(&mut self, family: u32, member: u32) -> u32 {
        self.toggle_below(family, member, self.levels)
    }

    fn toggle_below(&mut self, family: u32, member: u32, level: u32) -> u32 {
        let Some(below) = level.checked_sub(1) else { return 1 - family };
        let (low, high) = self.parts[family as usize];
        let parts = if member >> below & 1 == 0 {
            (self.toggle_below(low, member, below), high)
        } else {
            (low, self.toggle_below(high, member, below))
        };
        if parts == (Self::EMPTY, Self::EMPTY) {
            return Self::EMPTY;
        }
        let next = self.parts.len() as u32;
        let number = *self.numbers.entry(parts).or_insert(next);
        if number == next {
            self.parts.push(parts);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RangeSet;
    use proptest::prelude::*;

    const CELLS: u32 = 24;

    fn sets() -> impl Strategy<Value = Vec<CellSet>> {
        let set = prop::collection::vec((0..CELLS, 0..3u32), 1..4).prop_map(|ranges| {
            let ranges = ranges.into_iter().map(|(lo, len)| (lo, (lo + len).min(CELLS - 1)));
            RangeSet::from_ranges(ranges).ranges().to_vec()
        });
        prop::collection::vec(set, 0..6)
    }

    fn holds(set: &CellSet, cell: u32) -> bool {
        set.iter().any(|r| r.0 <= cell && cell <= r.1)
    }

    proptest! {
        #[test]
        fn cells_are_of_a_kind_when_no_set_parts_them(sets in sets()) {
            let distinct: FxHashSet<CellSet> = sets.iter().cloned().collect();
            let kinds = Kinds::new(&distinct, CELLS as usize).unwrap();
            for (a, b) in (0..CELLS).flat_map(|a| (0..CELLS).map(move |b| (a, b))) {
                let parted = sets.iter().any(|set| holds(set, a) != holds(set, b));
                prop_assert_eq!(kinds.of(a) == kinds.of(b), !parted);
            }
            for set in &sets {
                let ranks: RangeSet<u32> =
                    set.iter().filter_map(|r| kinds.first_in(r.0, r.1)).collect();
                for kind in 0..kinds.len() {
                    let inside = kinds.cells(kind).iter().filter(|c| holds(set, **c)).count();
                    let all = if ranks.contains(kind) { kinds.cells(kind).len() } else { 0 };
                    prop_assert_eq!(inside, all);
                }
            }
        }
    }

    #[test]
    fn a_group_named_nowhere_else_is_one_kind() {
        let group: CellSet = (0..10).map(|n| (2 * n + 1, 2 * n + 1)).collect();
        let all: CellSet = vec![(0, 40)];
        let kinds = Kinds::new(&[group, all].into_iter().collect(), 41).unwrap();
        assert_eq!(kinds.len(), 2);
        assert_eq!(kinds.cells(1), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    }
}
