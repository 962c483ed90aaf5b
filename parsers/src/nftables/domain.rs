//! Values as sets of numbers, and sets of numbers as traffic.
//!
//! Everything that can be compared is a number from 0 to some largest one: an address, a port, a
//! state, the atom of an interface. A value holds a set of them at least and a set at most.

use std::net::{Ipv4Addr, Ipv6Addr};

use portvakt_space::{
    AddrSet, AtomSet, Family, ICMP, ICMPV6, RangeSet, ServiceBox, ServiceSet, State, StateSet,
    Traffic, has_ports,
};

use super::keys;
use super::syntax::{Key, Side};
use crate::names;

/// Numbers.
pub(super) type Numbers = RangeSet<u128>;

/// What a value holds.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) least: Numbers,
    pub(super) most: Numbers,
}

impl Content {
    /// Anything or nothing.
    pub(super) fn unknown(key: &Key<'_>) -> Self {
        Self { least: Numbers::empty(), most: full(key) }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.least == self.most
    }

    /// What it does not hold.
    pub(super) fn complement(&self, key: &Key<'_>) -> Self {
        let all = full(key);
        Self { least: all.minus(&self.most), most: all.minus(&self.least) }
    }
}

/// Which of the two sets of a [`Content`] is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Least,
    Most,
}

/// The largest number of a key.
pub(super) const fn largest(key: &Key<'_>) -> u128 {
    match key {
        Key::Address(Family::V4, _) | Key::Interface(_) => u32::MAX as u128,
        Key::Address(Family::V6, _) => u128::MAX,
        Key::Port(..) | Key::EtherType => u16::MAX as u128,
        Key::State => State::ALL.len() as u128 - 1,
        _ => u8::MAX as u128,
    }
}

pub(super) fn full(key: &Key<'_>) -> Numbers {
    Numbers::range(0, largest(key))
}

/// Bits of a number of the key, where prefixes make sense.
pub(super) const fn width(key: &Key<'_>) -> Option<u8> {
    match key {
        Key::Address(Family::V4, _) => Some(32),
        Key::Address(Family::V6, _) => Some(128),
        _ => None,
    }
}

/// The number of a word. Interfaces and states are not read here.
pub(super) fn number(key: &Key<'_>, word: &str) -> Option<u128> {
    let found = match key {
        Key::Address(Family::V4, _) => u128::from(u32::from(word.parse::<Ipv4Addr>().ok()?)),
        Key::Address(Family::V6, _) => u128::from(word.parse::<Ipv6Addr>().ok()?),
        Key::Port(..) => plain(word).or_else(|| names::port(word).map(u128::from))?,
        Key::Protocol(_) => plain(word).or_else(|| keys::protocol_number(word).map(u128::from))?,
        Key::Version => plain(word).or_else(|| version(word))?,
        Key::EtherType => plain(word).or_else(|| ether_type(word))?,
        Key::IcmpType(family) => plain(word).or_else(|| icmp_type(*family, word))?,
        Key::IcmpCode(family) => plain(word).or_else(|| icmp_code(*family, word))?,
        _ => return None,
    };
    (found <= largest(key)).then_some(found)
}

/// Decimal or hexadecimal.
pub(super) fn plain(word: &str) -> Option<u128> {
    match word.strip_prefix("0x") {
        Some(hex) => u128::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

/// NFPROTO_IPV4 and NFPROTO_IPV6 (linux/netfilter.h).
const NFPROTO: [(&str, u128); 2] = [("ipv4", 2), ("ipv6", 10)];
/// EtherTypes of IPv4 and IPv6 (IEEE 802 numbers).
const ETHERTYPES: [u128; 2] = [0x0800, 0x86dd];

fn version(word: &str) -> Option<u128> {
    NFPROTO.iter().find(|(name, _)| *name == word).map(|(_, n)| *n)
}

fn ether_type(word: &str) -> Option<u128> {
    Some(match word {
        "ip" | "ip4" => ETHERTYPES[0],
        "ip6" => ETHERTYPES[1],
        "arp" => 0x0806,
        "vlan" | "8021q" => 0x8100,
        "8021ad" => 0x88a8,
        _ => return None,
    })
}

/// Types by the names of `nft describe icmp type`, which imply no code.
fn icmp_type(family: Family, word: &str) -> Option<u128> {
    let (kind, code) = match (family, word) {
        (Family::V6, "ind-neighbor-solicit") => (141, None),
        (Family::V6, "ind-neighbor-advert") => (142, None),
        (Family::V4, _) => names::icmp(word)?,
        (Family::V6, _) => names::icmpv6(word)?,
    };
    code.is_none().then_some(kind.into())
}

/// Codes by the names of `nft describe icmp code`.
fn icmp_code(family: Family, word: &str) -> Option<u128> {
    Some(match (family, word) {
        (Family::V4, "net-unreachable") | (Family::V6, "no-route") => 0,
        (Family::V4, "host-unreachable") | (Family::V6, "admin-prohibited") => 1,
        (Family::V4, "prot-unreachable") => 2,
        (Family::V4, "port-unreachable") | (Family::V6, "addr-unreachable") => 3,
        (Family::V4, "frag-needed") | (Family::V6, "port-unreachable") => 4,
        (Family::V6, "policy-fail") => 5,
        (Family::V6, "reject-route") => 6,
        (Family::V4, "net-prohibited") => 9,
        (Family::V4, "host-prohibited") => 10,
        (Family::V4, "admin-prohibited") => 13,
        _ => return None,
    })
}

/// States by name, or by the bits that conntrack has for them (NF_CT_STATE_BIT,
/// linux/netfilter/nf_conntrack_common.h).
pub(super) fn states(word: &str) -> Option<Vec<(u128, u128)>> {
    const BITS: [(State, u128); 5] = [
        (State::Invalid, 1),
        (State::Established, 2),
        (State::Related, 4),
        (State::New, 8),
        (State::Untracked, 64),
    ];
    let rank = |s: State| (s as u128, s as u128);
    if let Some(bits) = plain(word) {
        let held = BITS.iter().filter(|(_, bit)| bits & bit != 0);
        return Some(held.map(|(s, _)| rank(*s)).collect());
    }
    State::ALL.into_iter().find(|s| s.name() == word).map(|s| vec![rank(s)])
}

/// Packets whose key is one of `numbers`, with what the key takes for granted: `tcp dport` sees
/// TCP alone, `ip saddr` IPv4 alone. `only` is the IP version of the table.
///
/// `th dport` reads its bytes whatever the protocol is: with [`Bound::Most`] protocols without
/// ports are in the set.
pub(super) fn traffic(
    key: &Key<'_>,
    numbers: &Numbers,
    only: Option<Family>,
    bound: Bound,
) -> Traffic {
    match key {
        Key::Address(family, side) => with_addresses(addresses(*family, numbers), *side),
        Key::Protocol(family) => {
            Traffic { service: protocols(numbers), ..version_of(*family, only) }
        }
        Key::Version => versions(numbers, NFPROTO.map(|(_, n)| n), only),
        Key::EtherType => versions(numbers, ETHERTYPES, only),
        Key::Port(None, side) if bound == Bound::Most && !numbers.is_empty() => {
            let service = ports(None, *side, numbers).union(&without_ports());
            Traffic { service, ..Traffic::ANY }
        }
        Key::Port(protocol, side) => {
            Traffic { service: ports(*protocol, *side, numbers), ..Traffic::ANY }
        }
        Key::IcmpType(family) => {
            let boxes =
                numbers.ranges().iter().map(|&(lo, hi)| message(*family, lo << 8, hi << 8 | 0xff));
            Traffic { service: boxes.collect(), ..version_of(Some(*family), only) }
        }
        Key::IcmpCode(family) => {
            Traffic { service: codes(*family, numbers), ..version_of(Some(*family), only) }
        }
        Key::State => Traffic { state: state_set(numbers), ..Traffic::ANY },
        Key::Interface(Side::Source) => Traffic { iif: atoms(numbers), ..Traffic::ANY },
        Key::Interface(Side::Destination) => Traffic { oif: atoms(numbers), ..Traffic::ANY },
        Key::TcpFlags => service_of(Some(portvakt_space::TCP), Traffic::ANY),
        Key::Other { family, protocol, .. } => service_of(*protocol, version_of(*family, only)),
    }
}

fn service_of(protocol: Option<u8>, traffic: Traffic) -> Traffic {
    let service = protocol.map_or(ServiceSet::ANY, |p| ServiceBox::proto(p).into());
    Traffic { service, ..traffic }
}

/// Packets of a version; every packet where the table has no others.
fn version_of(family: Option<Family>, only: Option<Family>) -> Traffic {
    match family {
        Some(family) if only != Some(family) => Traffic::all(family),
        _ => Traffic::ANY,
    }
}

fn versions(numbers: &Numbers, of: [u128; 2], only: Option<Family>) -> Traffic {
    match of.map(|n| numbers.contains(n)) {
        [true, true] => Traffic::ANY,
        [true, false] => version_of(Some(Family::V4), only),
        [false, true] => version_of(Some(Family::V6), only),
        [false, false] => Traffic { src: AddrSet::NONE, dst: AddrSet::NONE, ..Traffic::ANY },
    }
}

/// Numbers as addresses.
pub(super) fn addresses(family: Family, numbers: &Numbers) -> AddrSet {
    match family {
        Family::V4 => {
            let ranges = numbers.ranges().iter().map(|&(lo, hi)| (lo as u32, hi as u32));
            AddrSet::from_parts(ranges.collect(), RangeSet::empty())
        }
        Family::V6 => AddrSet::from_parts(RangeSet::empty(), numbers.clone()),
    }
}

fn with_addresses(set: AddrSet, side: Side) -> Traffic {
    match side {
        Side::Source => Traffic { src: set, ..Traffic::ANY },
        Side::Destination => Traffic { dst: set, ..Traffic::ANY },
    }
}

fn protocols(numbers: &Numbers) -> ServiceSet {
    let one =
        |&(lo, hi): &(u128, u128)| ServiceBox { proto: (lo as u8, hi as u8), ..ServiceBox::ANY };
    numbers.ranges().iter().map(one).collect()
}

/// Ports of one protocol, or of every protocol that has them.
pub(super) fn ports(protocol: Option<u8>, side: Side, numbers: &Numbers) -> ServiceSet {
    let (first, last) = protocol.map_or((0, u8::MAX), |only| (only, only));
    let boxes = (first..=last).filter(|p| has_ports(*p)).flat_map(|p| {
        numbers.ranges().iter().map(move |&(lo, hi)| {
            let ports = (lo as u16, hi as u16);
            match side {
                Side::Source => ServiceBox::ports(p, ports, (0, u16::MAX)),
                Side::Destination => ServiceBox::ports(p, (0, u16::MAX), ports),
            }
        })
    });
    boxes.collect()
}

/// Protocols of which [`has_ports`] is not true.
const NO_PORTS: [(u8, u8); 6] = [(0, 5), (7, 16), (18, 32), (34, 131), (133, 135), (137, u8::MAX)];

fn without_ports() -> ServiceSet {
    NO_PORTS.iter().map(|&proto| ServiceBox { proto, ..ServiceBox::ANY }).collect()
}

fn message(family: Family, lo: u128, hi: u128) -> ServiceBox {
    let proto = if family == Family::V4 { ICMP } else { ICMPV6 };
    ServiceBox { dport: (lo as u16, hi as u16), ..ServiceBox::proto(proto) }
}

/// A code of whatever type.
fn codes(family: Family, numbers: &Numbers) -> ServiceSet {
    let of_type = |kind: u128| {
        numbers
            .ranges()
            .iter()
            .map(move |&(lo, hi)| message(family, kind << 8 | lo, kind << 8 | hi))
    };
    (0..=u128::from(u8::MAX)).flat_map(of_type).collect()
}

fn state_set(numbers: &Numbers) -> StateSet {
    let held = State::ALL.into_iter().filter(|s| numbers.contains(*s as u128));
    held.fold(StateSet::NONE, |set, s| set.union(StateSet::one(s)))
}

fn atoms(numbers: &Numbers) -> AtomSet {
    let ranges = numbers.ranges().iter().map(|&(lo, hi)| (lo as u32, hi as u32));
    AtomSet::from_ranges(ranges.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_without_ports_are_all_others() {
        for proto in 0..=u8::MAX {
            let listed = NO_PORTS.iter().any(|(lo, hi)| (*lo..=*hi).contains(&proto));
            assert_ne!(listed, has_ports(proto), "protocol {proto}");
        }
    }

    #[test]
    fn names_are_read_for_what_they_are_compared_with() {
        let port = Key::Port(None, Side::Destination);
        assert_eq!(number(&port, "https"), Some(443));
        assert_eq!(number(&port, "65536"), None);
        assert_eq!(number(&Key::Protocol(None), "ipv6-icmp"), Some(58));
        assert_eq!(number(&Key::IcmpType(Family::V6), "nd-router-advert"), Some(134));
        // iptables has names for a type with a code; nft has not.
        assert_eq!(number(&Key::IcmpType(Family::V4), "port-unreachable"), None);
        assert_eq!(number(&Key::IcmpCode(Family::V4), "port-unreachable"), Some(3));
        assert_eq!(number(&Key::Address(Family::V4, Side::Source), "2001:db8::1"), None);
    }

    #[test]
    fn a_state_may_be_written_as_bits() {
        assert_eq!(states("8"), states("new"));
        assert_eq!(states("6").map(|s| s.len()), Some(2));
        assert_eq!(states("x"), None);
    }
}
