//! Which rules two lists have in common, in the same order.

use rustc_hash::FxHashMap;

/// Products of lengths up to which the longest common subsequence is found exactly.
const SMALL: usize = 4096;
/// Deepest division of what lies between common rules.
const DEEPEST: u32 = 24;

/// Pairs of places with equal keys, rising on both sides: a common subsequence, long where two
/// lists differ here and there.
///
/// Ends that agree are taken first; then keys that stand once in each list hold the lists
/// together, and what lies between two of them is compared the same way. Rules that were moved
/// are not paired. Whatever is paired, a comparison of the lists is exact: pairs only save work.
pub fn align(old: &[u64], new: &[u64]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::with_capacity(old.len().min(new.len()));
    let whole = Gap { old: (0, old.len()), new: (0, new.len()), depth: 0 };
    let mut open = vec![whole];
    while let Some(gap) = open.pop() {
        let gap = gap.trim(old, new, &mut pairs);
        if gap.is_done() {
            continue;
        }
        if gap.size() <= SMALL {
            gap.longest(old, new, &mut pairs);
            continue;
        }
        let anchors = if gap.depth < DEEPEST { gap.anchors(old, new) } else { Vec::new() };
        if anchors.is_empty() {
            gap.greedy(old, new, &mut pairs);
        } else {
            gap.divide(&anchors, &mut pairs, &mut open);
        }
    }
    pairs.sort_unstable();
    pairs
}

/// A stretch of each list.
#[derive(Clone, Copy)]
struct Gap {
    old: (usize, usize),
    new: (usize, usize),
    depth: u32,
}

impl Gap {
    fn is_done(&self) -> bool {
        self.old.0 == self.old.1 || self.new.0 == self.new.1
    }

    fn size(&self) -> usize {
        (self.old.1 - self.old.0).saturating_mul(self.new.1 - self.new.0)
    }

    /// Pairs what is equal at both ends.
    fn trim(mut self, old: &[u64], new: &[u64], pairs: &mut Vec<(u32, u32)>) -> Self {
        while !self.is_done() && old[self.old.0] == new[self.new.0] {
            pairs.push((self.old.0 as u32, self.new.0 as u32));
            self.old.0 += 1;
            self.new.0 += 1;
        }
        while !self.is_done() && old[self.old.1 - 1] == new[self.new.1 - 1] {
            self.old.1 -= 1;
            self.new.1 -= 1;
            pairs.push((self.old.1 as u32, self.new.1 as u32));
        }
        self
    }

    /// The longest common subsequence, by dynamic programming.
    fn longest(&self, old: &[u64], new: &[u64], pairs: &mut Vec<(u32, u32)>) {
        let (a, b) = (&old[self.old.0..self.old.1], &new[self.new.0..self.new.1]);
        let width = b.len() + 1;
        let mut best = vec![0u16; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                best[i * width + j] = if a[i] == b[j] {
                    best[(i + 1) * width + j + 1] + 1
                } else {
                    best[(i + 1) * width + j].max(best[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                pairs.push(((self.old.0 + i) as u32, (self.new.0 + j) as u32));
                i += 1;
                j += 1;
            } else if best[(i + 1) * width + j] >= best[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// Keys that stand once on each side, as many as rise on both.
    fn anchors(&self, old: &[u64], new: &[u64]) -> Vec<(usize, usize)> {
        /// More than one place.
        const SEVERAL: u32 = u32::MAX;
        let mut places: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        for (at, key) in within(old, self.old) {
            let known = places.entry(*key).or_insert((0, 0));
            known.0 = if known.0 == 0 { at as u32 + 1 } else { SEVERAL };
        }
        for (at, key) in within(new, self.new) {
            if let Some(known) = places.get_mut(key) {
                known.1 = if known.1 == 0 { at as u32 + 1 } else { SEVERAL };
            }
        }
        let once = |place: u32| place != 0 && place != SEVERAL;
        let of = |key: &u64| places.get(key).filter(|p| once(p.0) && once(p.1));
        let both =
            within(old, self.old).filter_map(|(at, key)| Some((at, of(key)?.1 as usize - 1)));
        rising(&both.collect::<Vec<_>>())
    }

    /// Pairs each rule with the next equal one that is free.
    fn greedy(&self, old: &[u64], new: &[u64], pairs: &mut Vec<(u32, u32)>) {
        let mut places: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for at in (self.new.0..self.new.1).rev() {
            places.entry(new[at]).or_default().push(at);
        }
        // A pair may not leap over more than its share, or one would leave nothing for the rest.
        let (mut from, most) = (self.new.0, (self.new.1 - self.new.0) / 64 + 64);
        for (at, key) in within(old, self.old) {
            let Some(free) = places.get_mut(key) else { continue };
            while free.last().is_some_and(|place| *place < from) {
                free.pop();
            }
            if let Some(place) = free.last().copied().filter(|place| place - from <= most) {
                pairs.push((at as u32, place as u32));
                from = place + 1;
            }
        }
    }

    fn divide(
        &self,
        anchors: &[(usize, usize)],
        pairs: &mut Vec<(u32, u32)>,
        open: &mut Vec<Self>,
    ) {
        let (mut old, mut new) = (self.old.0, self.new.0);
        let depth = self.depth + 1;
        for &(a, b) in anchors {
            pairs.push((a as u32, b as u32));
            open.push(Self { old: (old, a), new: (new, b), depth });
            (old, new) = (a + 1, b + 1);
        }
        open.push(Self { old: (old, self.old.1), new: (new, self.new.1), depth });
    }
}

/// The keys of a stretch with their places.
fn within(keys: &[u64], (from, to): (usize, usize)) -> impl Iterator<Item = (usize, &u64)> {
    (from..).zip(&keys[from..to])
}

/// A longest run of pairs, given in the order of their first places, whose second places rise
/// (patience sorting).
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tops: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (number, pair) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|top| pairs[*top].1 < pair.1);
        before.push(pile.checked_sub(1).map(|below| tops[below]));
        match tops.get_mut(pile) {
            Some(top) => *top = number,
            None => tops.push(number),
        }
    }
    let mut run = Vec::with_capacity(tops.len());
    let mut at = tops.last().copied();
    while let Some(number) = at {
        run.push(pairs[number]);
        at = before[number];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(old: &[u64], new: &[u64]) -> Vec<(u32, u32)> {
        let pairs = align(old, new);
        assert!(pairs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1), "{pairs:?}");
        assert!(pairs.iter().all(|&(a, b)| old[a as usize] == new[b as usize]));
        pairs
    }

    proptest! {
        #[test]
        fn pairs_are_a_common_subsequence(
            old in prop::collection::vec(0u64..40, 0..300),
            new in prop::collection::vec(0u64..40, 0..300),
        ) {
            check(&old, &new);
        }

        #[test]
        fn what_was_not_touched_is_paired(
            edits in prop::collection::vec((0usize..5_000, any::<bool>()), 0..40),
        ) {
            let old: Vec<u64> = (0..5_000).collect();
            let mut new = old.clone();
            for (number, (at, insert)) in edits.iter().enumerate() {
                if *insert {
                    new.insert(*at % new.len(), 10_000 + number as u64);
                } else {
                    new.remove(*at % new.len());
                }
            }
            let kept = new.iter().filter(|key| **key < 5_000).count();
            prop_assert_eq!(check(&old, &new).len(), kept);
        }
    }

    #[test]
    fn repeated_rules_are_paired_too() {
        let old: Vec<u64> = (0..3_000).map(|n| n % 7).collect();
        let mut new = old.clone();
        new.remove(1_500);
        new.insert(400, 99);
        assert!(check(&old, &new).len() > 2_900);
    }

    #[test]
    fn a_moved_rule_is_not_paired() {
        let pairs = check(&[1, 2, 3, 4, 5], &[5, 1, 2, 3, 4]);
        assert_eq!(pairs, [(0, 1), (1, 2), (2, 3), (3, 4)]);
    }
}
