//! A set of packets as a product of value sets.

use crate::{AddrSet, AtomSet, Family, Packet, ServiceSet, StateSet};

/// Sources × destinations × services × interfaces × states. Groups stay sets: nothing is expanded.
///
/// The two address sets are paired within one IP version only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// Source addresses.
    pub src: AddrSet,
    /// Destination addresses.
    pub dst: AddrSet,
    /// Services.
    pub service: ServiceSet,
    /// Interfaces that packets come in by.
    pub iif: AtomSet,
    /// Interfaces that packets leave by.
    pub oif: AtomSet,
    /// Connection states.
    pub state: StateSet,
}

impl Traffic {
    /// Every packet of both IP versions.
    pub const ANY: Self = Self {
        src: AddrSet::ANY,
        dst: AddrSet::ANY,
        service: ServiceSet::ANY,
        iif: AtomSet::ANY,
        oif: AtomSet::ANY,
        state: StateSet::ANY,
    };

    /// Every packet of one IP version.
    pub fn all(family: Family) -> Self {
        Self { src: AddrSet::all(family), dst: AddrSet::all(family), ..Self::ANY }
    }

    /// The part of one IP version.
    #[must_use]
    pub fn only(&self, family: Family) -> Self {
        Self { src: self.src.only(family), dst: self.dst.only(family), ..self.clone() }
    }

    /// Whether some packet of `family` is in the set.
    pub fn has(&self, family: Family) -> bool {
        self.src.has(family)
            && self.dst.has(family)
            && !self.service.is_empty()
            && !self.iif.is_empty()
            && !self.oif.is_empty()
            && !self.state.is_empty()
    }

    /// Whether no packet is in the set.
    pub fn is_empty(&self) -> bool {
        !self.has(Family::V4) && !self.has(Family::V6)
    }

    /// Whether the packet is in the set.
    pub fn contains(&self, packet: &Packet) -> bool {
        self.src.contains(packet.src)
            && self.dst.contains(packet.dst)
            && self.service.contains(packet.proto, packet.sport, packet.dport)
            && self.iif.contains(packet.iif)
            && self.oif.contains(packet.oif)
            && self.state.contains(packet.state)
    }

    /// Packets in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            src: self.src.intersect(&other.src),
            dst: self.dst.intersect(&other.dst),
            service: self.service.intersect(&other.service),
            iif: self.iif.intersect(&other.iif),
            oif: self.oif.intersect(&other.oif),
            state: self.state.intersect(other.state),
        }
    }

    /// Whether the sets share a packet.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.intersect(other).is_empty()
    }

    /// Whether every packet of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        Family::BOTH.into_iter().filter(|f| self.has(*f)).all(|f| {
            self.src.only(f).is_subset(&other.src)
                && self.dst.only(f).is_subset(&other.dst)
                && self.service.is_subset(&other.service)
                && self.iif.is_subset(&other.iif)
                && self.oif.is_subset(&other.oif)
                && self.state.is_subset(other.state)
        })
    }

    /// Packets in this set and not in the other: disjoint products, at most six for each IP version.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        if !self.overlaps(other) {
            return if self.is_empty() { Vec::new() } else { vec![self.clone()] };
        }
        let mut out = Vec::new();
        for family in Family::BOTH {
            self.only(family).minus_within(&other.only(family), &mut out);
        }
        out
    }

    /// [`Traffic::minus`] for sets of one IP version: cut off one field at a time.
    fn minus_within(mut self, other: &Self, out: &mut Vec<Self>) {
        let mut keep = |piece: Self| {
            if !piece.is_empty() {
                out.push(piece);
            }
        };
        keep(Self { src: self.src.minus(&other.src), ..self.clone() });
        self.src = self.src.intersect(&other.src);
        keep(Self { dst: self.dst.minus(&other.dst), ..self.clone() });
        self.dst = self.dst.intersect(&other.dst);
        keep(Self { service: self.service.minus(&other.service), ..self.clone() });
        self.service = self.service.intersect(&other.service);
        keep(Self { iif: self.iif.minus(&other.iif), ..self.clone() });
        self.iif = self.iif.intersect(&other.iif);
        keep(Self { oif: self.oif.minus(&other.oif), ..self.clone() });
        self.oif = self.oif.intersect(&other.oif);
        keep(Self { state: self.state.minus(other.state), ..self.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ServiceBox, State, TCP};
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    fn addr(family: Family, n: u8) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::from(u32::from(n)).into(),
            Family::V6 => Ipv6Addr::from(u128::from(n)).into(),
        }
    }

    fn addrs() -> impl Strategy<Value = AddrSet> {
        let one = (any::<bool>(), 0u8..4, 0u8..4).prop_map(|(v6, a, b)| {
            let family = if v6 { Family::V6 } else { Family::V4 };
            AddrSet::range(addr(family, a.min(b)), addr(family, a.max(b)))
        });
        prop::collection::vec(one, 1..3).prop_map(AddrSet::from_iter)
    }

    fn traffic() -> impl Strategy<Value = Traffic> {
        (addrs(), addrs(), 0u16..3, 0u16..3, 0u32..3, 0u8..32).prop_map(
            |(src, dst, lo, hi, iif, state)| Traffic {
                src,
                dst,
                service: ServiceBox::to(TCP, lo.min(hi), lo.max(hi)).into(),
                iif: if iif == 2 { AtomSet::ANY } else { AtomSet::one(iif) },
                oif: AtomSet::ANY,
                state: State::ALL
                    .into_iter()
                    .filter(|s| state & (1 << *s as u8) != 0)
                    .fold(StateSet::NONE, |set, s| set.union(StateSet::one(s))),
            },
        )
    }

    fn packets() -> impl Iterator<Item = Packet> {
        Family::BOTH.into_iter().flat_map(|f| {
            (0..4 * 4 * 3 * 3 * 5u32).map(move |n| Packet {
                src: addr(f, (n % 4) as u8),
                dst: addr(f, (n / 4 % 4) as u8),
                proto: TCP,
                sport: 1,
                dport: (n / 16 % 3) as u16,
                iif: n / 48 % 3,
                oif: 0,
                state: State::ALL[(n / 144) as usize],
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn algebra_agrees_with_membership(a in traffic(), b in traffic()) {
            let rest = a.minus(&b);
            for p in packets() {
                let (x, y) = (a.contains(&p), b.contains(&p));
                prop_assert_eq!(a.intersect(&b).contains(&p), x && y);
                prop_assert_eq!(rest.iter().filter(|t| t.contains(&p)).count(), usize::from(x && !y));
            }
            prop_assert_eq!(a.is_subset(&b), rest.is_empty());
        }
    }

    #[test]
    fn a_product_stays_small() {
        assert!(size_of::<Traffic>() <= 96, "{}", size_of::<Traffic>());
    }
}
