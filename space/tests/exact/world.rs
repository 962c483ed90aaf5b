//! A small world of packets, and lists of rules over it.
//!
//! Every boundary that a generated rule has lies among these packets' values, so that the world
//! has a packet for every cell that a list can tell apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_space::{
    AddrSet, AtomSet, Class, Family, ListedRule, Packet, RangeSet, ServiceBox, ServiceSet, State,
    StateSet, TCP, Traffic, UDP,
};
use proptest::prelude::*;

/// A protocol without ports.
const GRE: u8 = 47;
/// Addresses below this have boundaries of their own; it stands for all others.
const HOSTS: u8 = 5;
/// Likewise for ports and interfaces.
const PORTS: u16 = 3;
const LINKS: u32 = 2;

pub(crate) fn addr(family: Family, n: u8) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from(u32::from(n)).into(),
        Family::V6 => Ipv6Addr::from(u128::from(n)).into(),
    }
}

/// A rule as generated: what it surely matches, and what it may match beside.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) class: Class,
    pub(crate) least: Vec<Traffic>,
    pub(crate) most: Vec<Traffic>,
}

impl Sketch {
    pub(crate) fn listed(&self) -> ListedRule<'_> {
        if self.most.is_empty() {
            ListedRule::exact(self.class, &self.least)
        } else {
            ListedRule::between(self.class, &self.least, &self.most)
        }
    }

    pub(crate) fn surely(&self, packet: &Packet) -> bool {
        self.least.iter().any(|t| t.contains(packet))
    }

    pub(crate) fn possibly(&self, packet: &Packet) -> bool {
        self.surely(packet) || self.most.iter().any(|t| t.contains(packet))
    }
}

/// Every packet of the world.
pub(crate) fn world() -> Vec<Packet> {
    let mut all = Vec::new();
    for family in Family::BOTH {
        for (src, dst) in pairs(HOSTS + 1, HOSTS + 1) {
            for (iif, state) in pairs(LINKS + 1, 2) {
                for (proto, sport, dport) in services() {
                    all.push(Packet {
                        src: addr(family, src),
                        dst: addr(family, dst),
                        proto,
                        sport,
                        dport,
                        iif,
                        oif: 0,
                        state: State::ALL[state as usize],
                    });
                }
            }
        }
    }
    all
}

fn pairs<T>(a: T, b: T) -> impl Iterator<Item = (T, T)>
where
    std::ops::Range<T>: Iterator<Item = T>,
    T: Copy + From<u8>,
{
    (T::from(0)..a).flat_map(move |x| (T::from(0)..b).map(move |y| (x, y)))
}

fn services() -> impl Iterator<Item = (u8, u16, u16)> {
    let with_ports = [TCP, UDP]
        .into_iter()
        .flat_map(|p| pairs(PORTS + 1, PORTS + 1).map(move |(s, d)| (p, s, d)));
    let between = [2, 8, 20, GRE, 200];
    with_ports.chain(between.map(|p| (p, 0, 0)))
}

fn hosts() -> impl Strategy<Value = AddrSet> {
    let range = |family| {
        (0..HOSTS, 0..HOSTS)
            .prop_map(move |(a, b)| AddrSet::range(addr(family, a.min(b)), addr(family, a.max(b))))
    };
    let v4 = prop::collection::vec(range(Family::V4), 1..3).prop_map(AddrSet::from_iter);
    prop_oneof![
        4 => Just(AddrSet::ANY),
        1 => Just(AddrSet::all(Family::V4)),
        5 => v4.clone(),
        2 => v4.prop_map(|set| set.complement()),
        2 => (range(Family::V4), range(Family::V6)).prop_map(|(a, b)| a.union(&b)),
    ]
}

fn ports() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        1 => Just((0, u16::MAX)),
        2 => (0..PORTS, 0..PORTS).prop_map(|(a, b)| (a.min(b), a.max(b))),
        1 => (0..PORTS).prop_map(|a| (a, u16::MAX)),
    ]
}

fn service() -> impl Strategy<Value = ServiceSet> {
    let one = prop_oneof![
        4 => (prop_oneof![Just(TCP), Just(UDP)], ports(), ports())
            .prop_map(|(p, s, d)| ServiceBox::ports(p, s, d)),
        1 => Just(ServiceBox::proto(GRE)),
        1 => Just(ServiceBox { proto: (0, TCP), ..ServiceBox::ANY }),
    ];
    prop_oneof![
        2 => Just(ServiceSet::ANY),
        5 => prop::collection::vec(one, 1..4).prop_map(ServiceSet::from_boxes),
    ]
}

fn links() -> impl Strategy<Value = AtomSet> {
    prop_oneof![
        4 => Just(AtomSet::ANY),
        2 => (0..LINKS).prop_map(AtomSet::one),
        1 => (0..LINKS).prop_map(|a| AtomSet::one(a).complement()),
        1 => Just(AtomSet::from_ranges(RangeSet::empty())),
    ]
}

fn states() -> impl Strategy<Value = StateSet> {
    prop_oneof![
        6 => Just(StateSet::ANY),
        1 => Just(StateSet::one(State::Established)),
        1 => Just(StateSet::one(State::Established).complement()),
    ]
}

pub(crate) fn traffic() -> impl Strategy<Value = Traffic> {
    (hosts(), hosts(), service(), links(), states()).prop_map(|(src, dst, service, iif, state)| {
        Traffic { src, dst, service, iif, oif: AtomSet::ANY, state }
    })
}

pub(crate) fn traffics(most: usize) -> impl Strategy<Value = Vec<Traffic>> {
    prop::collection::vec(traffic(), 0..=most)
}

pub(crate) fn class() -> impl Strategy<Value = Class> {
    prop_oneof![4 => Just(Class::Permit), 4 => Just(Class::Deny), 1 => Just(Class::Other)]
}

pub(crate) fn exact_rule() -> impl Strategy<Value = Sketch> {
    (class(), traffics(3)).prop_map(|(class, least)| Sketch { class, least, most: Vec::new() })
}

pub(crate) fn any_rule() -> impl Strategy<Value = Sketch> {
    (class(), traffics(2), prop_oneof![2 => Just(Vec::new()), 1 => traffics(2)])
        .prop_map(|(class, least, most)| Sketch { class, least, most })
}

/// Packets between 13 sources and 13 destinations (the last stands for all others) to 9 ports.
pub(crate) fn group_world() -> Vec<Packet> {
    let hosts = || 0..=12u8;
    let packet = |src, dst, dport| Packet {
        src: addr(Family::V4, src),
        dst: addr(Family::V4, dst),
        proto: TCP,
        sport: 40_000,
        dport,
        iif: 0,
        oif: 0,
        state: State::New,
    };
    hosts()
        .flat_map(|src| hosts().map(move |dst| (src, dst)))
        .flat_map(|(src, dst)| (0..=8u16).map(move |dport| packet(src, dst, dport)))
        .collect()
}

/// Every second member of a range or two: groups that take more boxes than a rule is given.
fn scattered(top: u32) -> impl Strategy<Value = RangeSet<u32>> {
    let bits = move |bits: u32| (0..top).filter(|n| bits >> n & 1 == 1).map(|n| (n, n)).collect();
    prop_oneof![
        3 => prop::sample::select(vec![0x555, 0xaaa, 0x955, 0x2aa, 0x155]).prop_map(bits),
        3 => any::<u32>().prop_map(bits),
        1 => Just(RangeSet::full()),
    ]
}

fn grouped_traffic() -> impl Strategy<Value = Traffic> {
    (scattered(12), scattered(12), scattered(8)).prop_map(|(src, dst, ports)| {
        let address = |set| AddrSet::from_parts(set, RangeSet::empty());
        let port = |(lo, hi): &(u32, u32)| {
            ServiceBox::to(TCP, *lo as u16, (*hi).min(u32::from(u16::MAX)) as u16)
        };
        let service = ports.ranges().iter().map(port).collect();
        Traffic { src: address(src), dst: address(dst), service, ..Traffic::ANY }
    })
}

/// A rule over groups, exact or not.
pub(crate) fn grouped_rule() -> impl Strategy<Value = Sketch> {
    let some = |most| prop::collection::vec(grouped_traffic(), 0..=most);
    (class(), some(2), prop_oneof![3 => Just(Vec::new()), 1 => some(1)])
        .prop_map(|(class, least, most)| Sketch { class, least, most })
}

/// Packets of either version between 5 sources and 5 destinations.
pub(crate) fn tile_world() -> Vec<Packet> {
    let tile = |family, n: u8| Packet {
        src: addr(family, n % 5),
        dst: addr(family, n / 5),
        proto: TCP,
        sport: 40_000,
        dport: 443,
        iif: 0,
        oif: 0,
        state: State::New,
    };
    Family::BOTH.into_iter().flat_map(|family| (0..25).map(move |n| tile(family, n))).collect()
}

/// A rectangle of tiles, of one version or of both. Few corners, so that many are alike.
fn tile() -> impl Strategy<Value = Traffic> {
    let side = || (0..4u8, 0..4u8).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let families =
        prop::sample::select(vec![&Family::BOTH[..], &Family::BOTH[..1], &Family::BOTH[1..]]);
    (side(), side(), families).prop_map(|(src, dst, families)| {
        let range = |(lo, hi)| {
            families.iter().map(|f| AddrSet::range(addr(*f, lo), addr(*f, hi))).collect()
        };
        Traffic { src: range(src), dst: range(dst), ..Traffic::ANY }
    })
}

/// Rules of a tile or some, which often lie over each other: rarely with unknown matches.
pub(crate) fn tile_rule() -> impl Strategy<Value = Sketch> {
    let some = |least, most| prop::collection::vec(tile(), least..=most);
    (class(), some(0, 3), prop_oneof![5 => Just(Vec::new()), 1 => some(1, 2)])
        .prop_map(|(class, least, most)| Sketch { class, least, most })
}

/// Whether two effects may differ: an unmodelled one differs from all.
pub(crate) fn differ(a: Class, b: Class) -> bool {
    a == Class::Other || b == Class::Other || a != b
}
