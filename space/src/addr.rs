//! Sets of IPv4 and IPv6 addresses, small enough to stand inline in a million rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::RangeSet;

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 (RFC 791).
    V4,
    /// IPv6 (RFC 8200).
    V6,
}

impl Family {
    /// Both versions, IPv4 first.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The version of an address.
    pub fn of(addr: IpAddr) -> Self {
        if addr.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// A set of addresses of either version. The common forms are kept inline (16 bytes in all).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddrSet(Repr);

/// Each set has one representation, so that derived equality is set equality.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Repr {
    #[default]
    None,
    Any,
    V4(u32, u32),
    V6(Arc<(u128, u128)>),
    Mixed(Arc<Mixed>),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Mixed {
    v4: RangeSet<u32>,
    v6: RangeSet<u128>,
}

impl AddrSet {
    /// No address.
    pub const NONE: Self = Self(Repr::None);
    /// Every address of both versions.
    pub const ANY: Self = Self(Repr::Any);

    /// Every address of one version.
    pub fn all(family: Family) -> Self {
        match family {
            Family::V4 => Self(Repr::V4(0, u32::MAX)),
            Family::V6 => Self::v6_one(0, u128::MAX),
        }
    }

    /// The union of a set of IPv4 and a set of IPv6 addresses.
    pub fn from_parts(v4: RangeSet<u32>, v6: RangeSet<u128>) -> Self {
        Self(match (v4.ranges(), v6.ranges()) {
            ([], []) => Repr::None,
            (&[(lo, hi)], []) => Repr::V4(lo, hi),
            ([], &[(lo, hi)]) => Repr::V6(Arc::new((lo, hi))),
            _ if v4.is_full() && v6.is_full() => Repr::Any,
            _ => Repr::Mixed(Arc::new(Mixed { v4, v6 })),
        })
    }

    /// One address.
    pub fn host(addr: IpAddr) -> Self {
        Self::range(addr, addr)
    }

    /// The addresses from `lo` to `hi`, both included. Empty when the versions differ or `lo > hi`.
    pub fn range(lo: IpAddr, hi: IpAddr) -> Self {
        match (lo, hi) {
            (IpAddr::V4(a), IpAddr::V4(b)) if a <= b => Self(Repr::V4(a.into(), b.into())),
            (IpAddr::V6(a), IpAddr::V6(b)) if a <= b => Self::v6_one(a.into(), b.into()),
            _ => Self::NONE,
        }
    }

    /// The addresses of `addr/len`; host bits of `addr` are ignored. A length above the version's
    /// width is taken as the width.
    pub fn prefix(addr: IpAddr, len: u8) -> Self {
        match addr {
            IpAddr::V4(a) => {
                let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
                let base = u32::from(a) & !host;
                Self(Repr::V4(base, base | host))
            }
            IpAddr::V6(a) => {
                let host = u128::MAX.checked_shr(len.into()).unwrap_or(0);
                let base = u128::from(a) & !host;
                Self::v6_one(base, base | host)
            }
        }
    }

    fn v6_one(lo: u128, hi: u128) -> Self {
        Self(Repr::V6(Arc::new((lo, hi))))
    }

    /// Whether there is no address in the set.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Repr::None)
    }

    /// Whether the set takes no room beside its own: copies of others share theirs.
    pub fn is_inline(&self) -> bool {
        !matches!(self.0, Repr::V6(_) | Repr::Mixed(_))
    }

    /// Whether every address of both versions is in the set.
    pub fn is_any(&self) -> bool {
        matches!(self.0, Repr::Any)
    }

    /// Whether every address of `family` is in the set.
    pub fn is_all(&self, family: Family) -> bool {
        match (&self.0, family) {
            (Repr::Any, _) => true,
            (Repr::V4(lo, hi), Family::V4) => (*lo, *hi) == (0, u32::MAX),
            (Repr::V6(one), Family::V6) => **one == (0, u128::MAX),
            (Repr::Mixed(m), Family::V4) => m.v4.is_full(),
            (Repr::Mixed(m), Family::V6) => m.v6.is_full(),
            _ => false,
        }
    }

    /// Whether the set has an address of `family`.
    pub fn has(&self, family: Family) -> bool {
        match (&self.0, family) {
            (Repr::Any, _) | (Repr::V4(..), Family::V4) | (Repr::V6(_), Family::V6) => true,
            (Repr::Mixed(m), Family::V4) => !m.v4.is_empty(),
            (Repr::Mixed(m), Family::V6) => !m.v6.is_empty(),
            _ => false,
        }
    }

    /// The part of one version.
    #[must_use]
    pub fn only(&self, family: Family) -> Self {
        match (&self.0, family) {
            (Repr::Any, _) => Self::all(family),
            (Repr::V4(..), Family::V4) | (Repr::V6(_), Family::V6) => self.clone(),
            (Repr::Mixed(m), Family::V4) => Self::from_parts(m.v4.clone(), RangeSet::empty()),
            (Repr::Mixed(m), Family::V6) => Self::from_parts(RangeSet::empty(), m.v6.clone()),
            _ => Self::NONE,
        }
    }

    /// The IPv4 addresses as inclusive ranges, sorted.
    pub fn v4(&self) -> RangeSet<u32> {
        match &self.0 {
            Repr::None | Repr::V6(_) => RangeSet::empty(),
            Repr::Any => RangeSet::full(),
            Repr::V4(lo, hi) => RangeSet::range(*lo, *hi),
            Repr::Mixed(m) => m.v4.clone(),
        }
    }

    /// The IPv4 addresses when they are one range, without a copy.
    pub(crate) fn v4_range(&self) -> Option<(u32, u32)> {
        match self.0 {
            Repr::Any => Some((0, u32::MAX)),
            Repr::V4(lo, hi) => Some((lo, hi)),
            _ => None,
        }
    }

    /// The IPv6 addresses when they are one range, without a copy.
    pub(crate) fn v6_range(&self) -> Option<(u128, u128)> {
        match &self.0 {
            Repr::Any => Some((0, u128::MAX)),
            Repr::V6(one) => Some(**one),
            _ => None,
        }
    }

    /// The IPv6 addresses as inclusive ranges, sorted.
    pub fn v6(&self) -> RangeSet<u128> {
        match &self.0 {
            Repr::None | Repr::V4(..) => RangeSet::empty(),
            Repr::Any => RangeSet::full(),
            Repr::V6(one) => RangeSet::range(one.0, one.1),
            Repr::Mixed(m) => m.v6.clone(),
        }
    }

    /// Inclusive address ranges of both versions, IPv4 first.
    pub fn ranges(&self) -> Vec<(IpAddr, IpAddr)> {
        let v4 = self.v4();
        let v6 = self.v6();
        let low = v4.ranges().iter().map(|&(a, b)| (v4_addr(a), v4_addr(b)));
        let high = v6.ranges().iter().map(|&(a, b)| (v6_addr(a), v6_addr(b)));
        low.chain(high).collect()
    }

    /// The number of addresses of one version; `u128::MAX` stands for every IPv6 address.
    pub fn size(&self, family: Family) -> u128 {
        match family {
            Family::V4 => self.v4().ranges().iter().map(|&(a, b)| u128::from(b - a) + 1).sum(),
            Family::V6 => self
                .v6()
                .ranges()
                .iter()
                .fold(0u128, |n, &(a, b)| n.saturating_add((b - a).saturating_add(1))),
        }
    }

    /// Whether `addr` is in the set.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (&self.0, addr) {
            (Repr::Any, _) => true,
            (Repr::V4(lo, hi), IpAddr::V4(a)) => (*lo..=*hi).contains(&a.into()),
            (Repr::V6(one), IpAddr::V6(a)) => (one.0..=one.1).contains(&a.into()),
            (Repr::Mixed(m), IpAddr::V4(a)) => m.v4.contains(a.into()),
            (Repr::Mixed(m), IpAddr::V6(a)) => m.v6.contains(a.into()),
            _ => false,
        }
    }

    /// Addresses in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Any, _) | (_, Repr::None) => self.clone(),
            (_, Repr::Any) | (Repr::None, _) => other.clone(),
            _ => Self::from_parts(self.v4().union(&other.v4()), self.v6().union(&other.v6())),
        }
    }

    /// The union of many sets, in one pass.
    pub fn union_all<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            match &set.0 {
                Repr::None => {}
                Repr::Any => return Self::ANY,
                Repr::V4(lo, hi) => v4.push((*lo, *hi)),
                Repr::V6(one) => v6.push(**one),
                Repr::Mixed(m) => {
                    v4.extend_from_slice(m.v4.ranges());
                    v6.extend_from_slice(m.v6.ranges());
                }
            }
        }
        Self::from_parts(RangeSet::from_ranges(v4), RangeSet::from_ranges(v6))
    }

    /// Addresses in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Any, _) | (_, Repr::None) => other.clone(),
            (_, Repr::Any) | (Repr::None, _) => self.clone(),
            (Repr::V4(a, b), Repr::V4(c, d)) => {
                let (lo, hi) = (*a.max(c), *b.min(d));
                if lo <= hi { Self(Repr::V4(lo, hi)) } else { Self::NONE }
            }
            (Repr::V6(a), Repr::V6(b)) => {
                let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
                match (lo, hi) {
                    _ if lo > hi => Self::NONE,
                    both if both == **a => self.clone(),
                    _ => Self::v6_one(lo, hi),
                }
            }
            _ => {
                Self::from_parts(self.v4().intersect(&other.v4()), self.v6().intersect(&other.v6()))
            }
        }
    }

    /// Addresses of both versions that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::from_parts(self.v4().complement(), self.v6().complement())
    }

    /// Addresses in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        self.intersect(&other.complement())
    }

    /// Whether every address of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::None, _) | (_, Repr::Any) => true,
            (_, Repr::None) => false,
            (Repr::V4(a, b), Repr::V4(c, d)) => c <= a && b <= d,
            _ => self.v4().is_subset(&other.v4()) && self.v6().is_subset(&other.v6()),
        }
    }

    /// Whether the sets share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::None, _) | (_, Repr::None) => false,
            (Repr::Any, _) | (_, Repr::Any) => true,
            (Repr::V4(a, b), Repr::V4(c, d)) => a.max(c) <= b.min(d),
            _ => self.v4().overlaps(&other.v4()) || self.v6().overlaps(&other.v6()),
        }
    }
}

impl FromIterator<AddrSet> for AddrSet {
    fn from_iter<I: IntoIterator<Item = AddrSet>>(iter: I) -> Self {
        let sets: Vec<AddrSet> = iter.into_iter().collect();
        Self::union_all(&sets)
    }
}

fn v4_addr(bits: u32) -> IpAddr {
    Ipv4Addr::from(bits).into()
}

fn v6_addr(bits: u128) -> IpAddr {
    Ipv6Addr::from(bits).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_is_sixteen_bytes() {
        assert_eq!(size_of::<AddrSet>(), 16);
    }

    #[test]
    fn prefixes_cover_their_addresses_and_no_more() {
        let net = AddrSet::prefix(ip("10.1.2.3"), 24);
        assert_eq!(net.ranges(), [(ip("10.1.2.0"), ip("10.1.2.255"))]);
        assert_eq!(AddrSet::prefix(ip("::1"), 0), AddrSet::all(Family::V6));
        assert_eq!(AddrSet::prefix(ip("10.0.0.1"), 32), AddrSet::host(ip("10.0.0.1")));
    }

    #[test]
    fn equal_sets_are_equal_values() {
        let halves = AddrSet::prefix(ip("0.0.0.0"), 1).union(&AddrSet::prefix(ip("128.0.0.0"), 1));
        assert_eq!(halves, AddrSet::all(Family::V4));
        assert_eq!(halves.union(&AddrSet::all(Family::V6)), AddrSet::ANY);
        assert_eq!(AddrSet::ANY.minus(&AddrSet::all(Family::V6)), halves);
    }

    #[test]
    fn versions_never_mix() {
        let v6 = AddrSet::prefix(ip("2001:db8::"), 32);
        assert!(!v6.overlaps(&AddrSet::all(Family::V4)));
        assert!(v6.is_subset(&AddrSet::ANY));
        assert!(AddrSet::range(ip("10.0.0.1"), ip("2001:db8::1")).is_empty());
    }
}
