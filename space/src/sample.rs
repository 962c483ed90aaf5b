//! Choosing a packet that people recognise as a packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::engine::axis::{
    DPORT, DST, FIELDS, IIF, OIF, PROTO, SPORT, SRC, STATE, Values, for_each_product,
};
use crate::{Family, ICMP, ICMPV6, Packet, State, TCP, Traffic, UDP, has_ports};

/// Values of each field, as inclusive ranges; none is empty.
pub(crate) struct Choice<'a> {
    pub(crate) family: Family,
    pub(crate) fields: [&'a [(u128, u128)]; FIELDS],
}

/// Addresses that stand for "anywhere": from the documentation ranges (RFC 5737, RFC 3849), then
/// from private ones (RFC 1918, RFC 4193), then any that may be used at all.
const V4_SRC: [u128; 5] = [
    v4(198, 51, 100, 10),
    v4(203, 0, 113, 10),
    v4(192, 0, 2, 10),
    v4(10, 0, 0, 10),
    v4(1, 0, 0, 10),
];
const V4_DST: [u128; 5] = [
    v4(203, 0, 113, 10),
    v4(198, 51, 100, 10),
    v4(192, 0, 2, 10),
    v4(10, 0, 0, 20),
    v4(1, 0, 0, 20),
];
const V6_SRC: [u128; 3] = [v6(0x2001, 0xdb8, 0x10), v6(0xfd00, 0, 0x10), v6(0x2000, 0, 0x10)];
const V6_DST: [u128; 3] = [v6(0x2001, 0xdb8, 0x20), v6(0xfd00, 0, 0x20), v6(0x2000, 0, 0x20)];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
    u32::from_be_bytes([a, b, c, d]) as u128
}

const fn v6(first: u128, second: u128, last: u128) -> u128 {
    first << 112 | second << 96 | last
}

/// A client's port: ephemeral on every common system (RFC 6056).
const CLIENT_PORT: u128 = 40_000;
/// Services for when any will do.
const SERVICES: [u128; 4] = [443, 80, 22, 53];

impl Choice<'_> {
    /// A packet from the choice: a usual protocol, a host rather than a network's own address, an
    /// unprivileged source port, a new connection, wherever the choice allows it.
    pub(crate) fn packet(&self) -> Packet {
        let proto = self.proto();
        let (sport, dport) = self.ports(proto);
        Packet {
            src: self.address(SRC, &V4_SRC, &V6_SRC),
            dst: self.address(DST, &V4_DST, &V6_DST),
            proto,
            sport,
            dport,
            iif: interface(self.fields[IIF]),
            oif: interface(self.fields[OIF]),
            state: self.state(),
        }
    }

    fn proto(&self) -> u8 {
        let icmp = if self.family == Family::V4 { ICMP } else { ICMPV6 };
        let usual = [TCP, UDP, icmp].map(u128::from);
        preferred(self.fields[PROTO], &usual).unwrap_or_else(|| lowest(self.fields[PROTO])) as u8
    }

    /// Source and destination port, or ICMP type and code in the latter.
    fn ports(&self, proto: u8) -> (u16, u16) {
        let (sport, dport) = match proto {
            ICMP => (0, echo_or_lowest(self.fields[DPORT], 8)),
            ICMPV6 => (0, echo_or_lowest(self.fields[DPORT], 128)),
            _ if has_ports(proto) => {
                (client_port(self.fields[SPORT]), service_port(self.fields[DPORT]))
            }
            _ => (0, 0),
        };
        (sport as u16, dport as u16)
    }

    fn address(&self, field: usize, usual_v4: &[u128], usual_v6: &[u128]) -> IpAddr {
        let ranges = self.fields[field];
        match self.family {
            Family::V4 => Ipv4Addr::from(host(ranges, usual_v4, 1 << 24) as u32).into(),
            Family::V6 => Ipv6Addr::from(host(ranges, usual_v6, 1 << 96)).into(),
        }
    }

    fn state(&self) -> State {
        let rank = preferred(self.fields[STATE], &[State::New as u128])
            .unwrap_or_else(|| lowest(self.fields[STATE])) as usize;
        State::ALL[rank.min(State::ALL.len() - 1)]
    }
}

impl Traffic {
    /// A packet of one IP version, unless the set has none.
    pub fn sample(&self, family: Family) -> Option<Packet> {
        let (mut scratch, mut found) = (Values::default(), None);
        for_each_product(self, family, &mut scratch, |values| {
            let fields = std::array::from_fn(|field| values[field].as_slice());
            found.get_or_insert_with(|| Choice { family, fields }.packet());
        });
        found
    }
}

fn lowest(ranges: &[(u128, u128)]) -> u128 {
    ranges.first().map_or(0, |r| r.0)
}

fn holds(ranges: &[(u128, u128)], value: u128) -> bool {
    ranges.iter().any(|r| r.0 <= value && value <= r.1)
}

/// The first of `usual` that is in the ranges.
fn preferred(ranges: &[(u128, u128)], usual: &[u128]) -> Option<u128> {
    usual.iter().copied().find(|value| holds(ranges, *value))
}

/// In a range of `wide` addresses or more a usual one, else the first that no network has for itself.
fn host(ranges: &[(u128, u128)], usual: &[u128], wide: u128) -> u128 {
    let Some(&first) = ranges.first() else { return 0 };
    let familiar = if first.1 - first.0 >= wide { preferred(&[first], usual) } else { None };
    let inner = || ranges.iter().map(|r| first_host(*r)).find(|a| !matches!(a & 0xff, 0 | 0xff));
    familiar.or_else(inner).unwrap_or_else(|| first_host(first))
}

/// The first address of a range, or the next that can neither name a network of four addresses or
/// more nor be one's broadcast.
fn first_host((lo, hi): (u128, u128)) -> u128 {
    let skipped = match lo & 0xff {
        0xff => 2,
        low if low % 4 == 0 => 1,
        _ => 0,
    };
    lo.saturating_add(skipped).min(hi)
}

fn client_port(ranges: &[(u128, u128)]) -> u128 {
    let free = || ranges.iter().find(|r| r.1 >= 1024).map(|r| r.0.max(1024));
    preferred(ranges, &[CLIENT_PORT]).or_else(free).unwrap_or_else(|| lowest(ranges))
}

fn service_port(ranges: &[(u128, u128)]) -> u128 {
    match lowest(ranges) {
        0 => preferred(ranges, &SERVICES)
            .unwrap_or_else(|| ranges.iter().find(|r| r.1 > 0).map_or(0, |r| r.0.max(1))),
        exact => exact,
    }
}

fn echo_or_lowest(ranges: &[(u128, u128)], kind: u128) -> u128 {
    preferred(ranges, &[kind << 8]).unwrap_or_else(|| lowest(ranges))
}

/// The lowest atom, or where interfaces that no rule names will do, such a one.
fn interface(ranges: &[(u128, u128)]) -> u32 {
    preferred(ranges, &[u32::MAX.into()]).unwrap_or_else(|| lowest(ranges)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddrSet, AtomSet, ServiceBox, ServiceSet, StateSet};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn sample(traffic: &Traffic) -> Packet {
        traffic.sample(Family::V4).unwrap()
    }

    #[test]
    fn anything_is_a_web_request_between_documentation_addresses() {
        let packet = sample(&Traffic::ANY);
        assert_eq!((packet.src, packet.dst), (ip("198.51.100.10"), ip("203.0.113.10")));
        assert_eq!((packet.proto, packet.sport, packet.dport), (TCP, 40_000, 443));
        assert_eq!((packet.state, packet.iif), (State::New, u32::MAX));
        let v6 = Traffic::ANY.sample(Family::V6).unwrap();
        assert_eq!((v6.src, v6.dst), (ip("2001:db8::10"), ip("2001:db8::20")));
    }

    #[test]
    fn a_network_is_shown_by_its_first_host() {
        let net = Traffic { dst: AddrSet::prefix(ip("10.2.3.0"), 24), ..Traffic::ANY };
        assert_eq!(sample(&net).dst, ip("10.2.3.1"));
        let host = Traffic { dst: AddrSet::host(ip("10.2.3.0")), ..Traffic::ANY };
        assert_eq!(sample(&host).dst, ip("10.2.3.0"));
        let rest = AddrSet::prefix(ip("10.2.0.0"), 20).minus(&AddrSet::host(ip("10.2.0.1")));
        assert_eq!(sample(&Traffic { src: rest, ..Traffic::ANY }).src, ip("10.2.0.2"));
    }

    #[test]
    fn ports_are_exact_where_the_set_is() {
        let of = |service: ServiceBox| {
            let packet = sample(&Traffic { service: service.into(), ..Traffic::ANY });
            (packet.proto, packet.sport, packet.dport)
        };
        assert_eq!(of(ServiceBox::to(UDP, 161, 162)), (UDP, 40_000, 161));
        assert_eq!(of(ServiceBox::ports(TCP, (20, 20), (1024, 65_535))), (TCP, 20, 1024));
        assert_eq!(of(ServiceBox::ports(TCP, (500, 2_000), (0, 79))), (TCP, 1024, 22));
        assert_eq!(of(ServiceBox::proto(ICMP)), (ICMP, 0, 0x0800));
        assert_eq!(of(ServiceBox::icmp(ICMP, 3, Some(4))), (ICMP, 0, 0x0304));
        assert_eq!(of(ServiceBox::proto(47)), (47, 0, 0));
    }

    #[test]
    fn interfaces_and_states_are_of_the_set() {
        let set = Traffic {
            iif: AtomSet::one(4),
            oif: [2, 9].into_iter().collect(),
            state: StateSet::RETURN,
            ..Traffic::ANY
        };
        let packet = sample(&set);
        assert_eq!((packet.iif, packet.oif, packet.state), (4, 2, State::Established));
        assert_eq!(Traffic { service: ServiceSet::none(), ..set }.sample(Family::V4), None);
    }
}
