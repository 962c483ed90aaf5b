//! Sets of services: IP protocol with ports, or with ICMP type and code.

use std::sync::Arc;

use crate::RangeSet;

/// ICMP for IPv4 (IANA protocol number).
pub const ICMP: u8 = 1;
/// TCP (IANA protocol number).
pub const TCP: u8 = 6;
/// UDP (IANA protocol number).
pub const UDP: u8 = 17;
/// ICMP for IPv6 (IANA protocol number).
pub const ICMPV6: u8 = 58;
/// SCTP (IANA protocol number).
pub const SCTP: u8 = 132;

/// Whether packets of `proto` carry ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub const fn has_ports(proto: u8) -> bool {
    matches!(proto, TCP | UDP | 33 | SCTP | 136)
}

/// Protocols × source ports × destination ports, all inclusive ranges.
///
/// For ICMP the destination field holds `type << 8 | code`. A box over protocols that have neither
/// carries full port ranges: the constructors see to it, so no packet exists twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceBox {
    /// IP protocol numbers.
    pub proto: (u8, u8),
    /// Source ports.
    pub sport: (u16, u16),
    /// Destination ports, or ICMP type and code.
    pub dport: (u16, u16),
}

const ALL_PORTS: (u16, u16) = (0, u16::MAX);

impl ServiceBox {
    /// Every service.
    pub const ANY: Self = Self { proto: (0, u8::MAX), sport: ALL_PORTS, dport: ALL_PORTS };

    /// Every packet of one protocol.
    pub const fn proto(proto: u8) -> Self {
        Self { proto: (proto, proto), sport: ALL_PORTS, dport: ALL_PORTS }
    }

    /// One protocol with source and destination ports. Ports are dropped where the protocol has none.
    pub const fn ports(proto: u8, sport: (u16, u16), dport: (u16, u16)) -> Self {
        if has_ports(proto) {
            Self { proto: (proto, proto), sport, dport }
        } else {
            Self::proto(proto)
        }
    }

    /// One protocol to destination ports.
    pub const fn to(proto: u8, lo: u16, hi: u16) -> Self {
        Self::ports(proto, ALL_PORTS, (lo, hi))
    }

    /// ICMP messages of one type: one code, or every code.
    pub const fn icmp(proto: u8, kind: u8, code: Option<u8>) -> Self {
        let base = (kind as u16) << 8;
        let dport = match code {
            Some(code) => (base | code as u16, base | code as u16),
            None => (base, base | 0xff),
        };
        Self { proto: (proto, proto), sport: ALL_PORTS, dport }
    }

    /// The box that both share.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Some(Self {
            proto: overlap(self.proto, other.proto)?,
            sport: overlap(self.sport, other.sport)?,
            dport: overlap(self.dport, other.dport)?,
        })
    }

    /// Whether the packet's service is in the box.
    pub fn contains(&self, proto: u8, sport: u16, dport: u16) -> bool {
        (self.proto.0..=self.proto.1).contains(&proto)
            && (self.sport.0..=self.sport.1).contains(&sport)
            && (self.dport.0..=self.dport.1).contains(&dport)
    }

    /// This box without the other: at most six disjoint boxes.
    fn minus(mut self, other: &Self, out: &mut Vec<Self>) {
        let Some(cut) = self.intersect(other) else {
            out.push(self);
            return;
        };
        if self.proto.0 < cut.proto.0 {
            out.push(Self { proto: (self.proto.0, cut.proto.0 - 1), ..self });
        }
        if cut.proto.1 < self.proto.1 {
            out.push(Self { proto: (cut.proto.1 + 1, self.proto.1), ..self });
        }
        self.proto = cut.proto;
        if self.sport.0 < cut.sport.0 {
            out.push(Self { sport: (self.sport.0, cut.sport.0 - 1), ..self });
        }
        if cut.sport.1 < self.sport.1 {
            out.push(Self { sport: (cut.sport.1 + 1, self.sport.1), ..self });
        }
        self.sport = cut.sport;
        if self.dport.0 < cut.dport.0 {
            out.push(Self { dport: (self.dport.0, cut.dport.0 - 1), ..self });
        }
        if cut.dport.1 < self.dport.1 {
            out.push(Self { dport: (cut.dport.1 + 1, self.dport.1), ..self });
        }
    }
}

fn overlap<T: Ord + Copy>(a: (T, T), b: (T, T)) -> Option<(T, T)> {
    let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
    (lo <= hi).then_some((lo, hi))
}

/// A union of [`ServiceBox`]es (16 bytes; one box stands inline). Boxes may overlap; adjacent
/// destination ports of the same protocol and source ports are merged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceSet(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    One(ServiceBox),
    /// Behind one word: a slice would make every rule a word longer.
    Many(Arc<Vec<ServiceBox>>),
}

impl ServiceSet {
    /// Every service.
    pub const ANY: Self = Self(Repr::One(ServiceBox::ANY));

    /// No service.
    pub fn none() -> Self {
        Self(Repr::Many(Arc::new(Vec::new())))
    }

    /// The union of boxes.
    pub fn from_boxes(boxes: impl IntoIterator<Item = ServiceBox>) -> Self {
        let mut all: Vec<ServiceBox> = boxes.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut merged: Vec<ServiceBox> = Vec::with_capacity(all.len());
        for group in all.chunk_by(|a, b| (a.proto, a.sport) == (b.proto, b.sport)) {
            let dports = RangeSet::from_ranges(group.iter().map(|b| b.dport));
            merged.extend(dports.ranges().iter().map(|&dport| ServiceBox { dport, ..group[0] }));
        }
        match merged[..] {
            _ if merged.contains(&ServiceBox::ANY) => Self::ANY,
            [one] => Self(Repr::One(one)),
            _ => Self(Repr::Many(Arc::new(merged))),
        }
    }

    /// The boxes.
    pub fn boxes(&self) -> &[ServiceBox] {
        match &self.0 {
            Repr::One(one) => std::slice::from_ref(one),
            Repr::Many(many) => many,
        }
    }

    /// Whether there is no service in the set.
    pub fn is_empty(&self) -> bool {
        self.boxes().is_empty()
    }

    /// Whether every service is in the set.
    pub fn is_any(&self) -> bool {
        self.boxes() == [ServiceBox::ANY] || self.complement().is_empty()
    }

    /// Whether the packet's service is in the set.
    pub fn contains(&self, proto: u8, sport: u16, dport: u16) -> bool {
        self.boxes().iter().any(|b| b.contains(proto, sport, dport))
    }

    /// Services in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_boxes(self.boxes().iter().chain(other.boxes()).copied())
    }

    /// Services in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if other == &Self::ANY {
            return self.clone();
        }
        let pairs = self.boxes().iter().flat_map(|a| other.boxes().iter().map(move |b| (a, b)));
        Self::from_boxes(pairs.filter_map(|(a, b)| a.intersect(b)))
    }

    /// Services in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = self.boxes().to_vec();
        for cut in other.boxes() {
            let mut next = Vec::with_capacity(rest.len());
            for piece in rest {
                piece.minus(cut, &mut next);
            }
            rest = next;
        }
        Self::from_boxes(rest)
    }

    /// Services not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::ANY.minus(self)
    }

    /// Whether every service of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        other.boxes() == [ServiceBox::ANY] || self.minus(other).is_empty()
    }

    /// Whether the sets share a service.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.boxes().iter().any(|a| other.boxes().iter().any(|b| a.intersect(b).is_some()))
    }
}

impl From<ServiceBox> for ServiceSet {
    fn from(one: ServiceBox) -> Self {
        Self(Repr::One(one))
    }
}

impl FromIterator<ServiceBox> for ServiceSet {
    fn from_iter<I: IntoIterator<Item = ServiceBox>>(iter: I) -> Self {
        Self::from_boxes(iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_set() -> impl Strategy<Value = ServiceSet> {
        let one =
            (0u8..3, 0u8..3, 0u16..4, 0u16..4, 0u16..4, 0u16..4).prop_map(|(p, q, a, b, c, d)| {
                ServiceBox {
                    proto: (p.min(q), p.max(q)),
                    sport: (a.min(b), a.max(b)),
                    dport: (c.min(d), c.max(d)),
                }
            });
        prop::collection::vec(one, 0..5).prop_map(ServiceSet::from_boxes)
    }

    proptest! {
        #[test]
        fn algebra_agrees_with_membership(a in any_set(), b in any_set()) {
            for p in 0..3u8 { for s in 0..4u16 { for d in 0..4u16 {
                let (x, y) = (a.contains(p, s, d), b.contains(p, s, d));
                prop_assert_eq!(a.union(&b).contains(p, s, d), x || y);
                prop_assert_eq!(a.intersect(&b).contains(p, s, d), x && y);
                prop_assert_eq!(a.minus(&b).contains(p, s, d), x && !y);
                prop_assert_eq!(a.complement().contains(p, s, d), !x);
            }}}
            prop_assert_eq!(a.is_subset(&b), a.minus(&b).is_empty());
            prop_assert_eq!(a.overlaps(&b), !a.intersect(&b).is_empty());
        }
    }

    #[test]
    fn a_set_is_at_most_sixteen_bytes() {
        assert!(size_of::<ServiceSet>() <= 16);
    }

    #[test]
    fn ports_exist_only_where_the_protocol_has_them() {
        let gre = ServiceBox::ports(47, (80, 80), (80, 80));
        assert_eq!(gre, ServiceBox::proto(47));
        assert_eq!(ServiceBox::icmp(ICMP, 8, Some(0)).dport, (0x800, 0x800));
    }
}
