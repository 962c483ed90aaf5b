//! Sets of integers as sorted, disjoint, non-adjacent inclusive ranges.

use std::fmt::Debug;
use std::hash::Hash;

/// An unsigned integer that ranges are made of.
pub trait Point: Copy + Ord + Hash + Debug + Send + Sync + 'static {
    /// The smallest value.
    const MIN: Self;
    /// The largest value.
    const MAX: Self;
    /// The value after this one, or `None` after [`Point::MAX`].
    fn next(self) -> Option<Self>;
    /// The value before this one, or `None` before [`Point::MIN`].
    fn prev(self) -> Option<Self>;
}

macro_rules! point {
    ($($t:ty),*) => {$(
        impl Point for $t {
            const MIN: Self = <$t>::MIN;
            const MAX: Self = <$t>::MAX;
            fn next(self) -> Option<Self> { self.checked_add(1) }
            fn prev(self) -> Option<Self> { self.checked_sub(1) }
        }
    )*};
}
point!(u8, u16, u32, u64, u128);

/// A set of integers: inclusive ranges, sorted, disjoint and not adjacent, so equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeSet<T>(Vec<(T, T)>);

impl<T: Point> RangeSet<T> {
    /// The empty set.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Every value.
    pub fn full() -> Self {
        Self(vec![(T::MIN, T::MAX)])
    }

    /// The values from `lo` to `hi`, both included; empty when `lo > hi`.
    pub fn range(lo: T, hi: T) -> Self {
        if lo > hi { Self::empty() } else { Self(vec![(lo, hi)]) }
    }

    /// One value.
    pub fn one(value: T) -> Self {
        Self::range(value, value)
    }

    /// The union of inclusive ranges in any order; a range with `lo > hi` adds nothing.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut all: Vec<(T, T)> = ranges.into_iter().filter(|(lo, hi)| lo <= hi).collect();
        all.sort_unstable();
        let mut out: Vec<(T, T)> = Vec::with_capacity(all.len());
        for (lo, hi) in all {
            match out.last_mut() {
                Some(last) if last.1.next().is_none_or(|after| lo <= after) => {
                    last.1 = last.1.max(hi);
                }
                _ => out.push((lo, hi)),
            }
        }
        Self(out)
    }

    /// The ranges, sorted.
    pub fn ranges(&self) -> &[(T, T)] {
        &self.0
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is in the set.
    pub fn is_full(&self) -> bool {
        self.0.as_slice() == [(T::MIN, T::MAX)]
    }

    /// Whether `value` is in the set.
    pub fn contains(&self, value: T) -> bool {
        let after = self.0.partition_point(|(lo, _)| *lo <= value);
        after > 0 && value <= self.0[after - 1].1
    }

    /// Values in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.0.iter().chain(&other.0).copied())
    }

    /// Values in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut i, mut j, mut out) = (0, 0, Vec::new());
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
            if lo <= hi {
                out.push((lo, hi));
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        Self(out)
    }

    /// Values not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let (mut out, mut from) = (Vec::with_capacity(self.0.len() + 1), Some(T::MIN));
        for &(lo, hi) in &self.0 {
            if let (Some(start), Some(end)) = (from, lo.prev())
                && start <= end
            {
                out.push((start, end));
            }
            from = hi.next();
        }
        out.extend(from.map(|start| (start, T::MAX)));
        Self(out)
    }

    /// Values in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    /// Whether every value of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let mut j = 0;
        self.0.iter().all(|&(lo, hi)| {
            while other.0.get(j).is_some_and(|b| b.1 < lo) {
                j += 1;
            }
            other.0.get(j).is_some_and(|b| b.0 <= lo && hi <= b.1)
        })
    }

    /// Whether the sets share a value.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            if a.0.max(b.0) <= a.1.min(b.1) {
                return true;
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        false
    }

    /// The smallest value.
    pub fn first(&self) -> Option<T> {
        self.0.first().map(|r| r.0)
    }
}

impl<T: Point> FromIterator<(T, T)> for RangeSet<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(iter: I) -> Self {
        Self::from_ranges(iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_set() -> impl Strategy<Value = RangeSet<u8>> {
        prop::collection::vec((any::<u8>(), any::<u8>()), 0..6).prop_map(RangeSet::from_ranges)
    }

    proptest! {
        #[test]
        fn algebra_agrees_with_membership(a in any_set(), b in any_set()) {
            for v in 0..=u8::MAX {
                let (x, y) = (a.contains(v), b.contains(v));
                prop_assert_eq!(a.union(&b).contains(v), x || y);
                prop_assert_eq!(a.intersect(&b).contains(v), x && y);
                prop_assert_eq!(a.minus(&b).contains(v), x && !y);
                prop_assert_eq!(a.complement().contains(v), !x);
            }
            prop_assert_eq!(a.is_subset(&b), a.minus(&b).is_empty());
            prop_assert_eq!(a.overlaps(&b), !a.intersect(&b).is_empty());
        }

        #[test]
        fn ranges_are_sorted_disjoint_and_not_adjacent(a in any_set()) {
            for pair in a.ranges().windows(2) {
                prop_assert!(u16::from(pair[0].1) + 1 < u16::from(pair[1].0));
            }
        }
    }

    #[test]
    fn full_width_values_have_no_neighbour() {
        assert!(RangeSet::<u128>::full().complement().is_empty());
        assert!(RangeSet::range(0u16, 9).union(&RangeSet::range(10, u16::MAX)).is_full());
    }
}
