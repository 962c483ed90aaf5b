//! Addresses, masks, ports and protocols as ASA writes them.

use std::net::{IpAddr, Ipv4Addr};

use portvakt_model::Prefix;
use portvakt_space::{AddrSet, Family, ICMPV6, RangeSet, ServiceBox, ServiceSet, TCP, UDP};
use rustc_hash::FxHashMap;

use super::text::Cursor;
use crate::{names, net};

/// `name` aliases, which may stand wherever an address may.
#[derive(Default)]
pub(super) struct Names<'a>(FxHashMap<&'a str, IpAddr>);

impl<'a> Names<'a> {
    pub(super) fn define(&mut self, name: &'a str, addr: IpAddr) {
        self.0.insert(name, addr);
    }

    /// An address, or the alias of one. A lone `0` is 0.0.0.0, as PIX lets one write.
    pub(super) fn ip(&self, text: &str) -> Option<IpAddr> {
        text.parse()
            .ok()
            .or_else(|| self.0.get(text).copied())
            .or_else(|| (text == "0").then_some(Ipv4Addr::UNSPECIFIED.into()))
    }

    fn ip4(&self, text: &str) -> Option<Ipv4Addr> {
        match self.ip(text)? {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        }
    }

    /// An address and its network mask: one bits must match. Masks with holes are allowed.
    pub(super) fn masked(&self, addr: &str, mask: &str) -> Option<AddrSet> {
        let (addr, mask) = (self.ip4(addr)?, self.ip4(mask)?);
        match net::mask_len(mask) {
            Some(len) => Some(AddrSet::prefix(addr.into(), len)),
            None => net::wildcard(addr, !mask),
        }
    }

    /// `addr mask` or `addr/len`, host bits kept.
    pub(super) fn prefix(&self, words: &mut Cursor<'a>) -> Option<Prefix> {
        let first = words.next()?;
        if first.contains('/') {
            return net::prefix(first);
        }
        let addr = self.ip(first)?;
        if addr.is_ipv6() {
            return Some(Prefix { addr, len: 128 });
        }
        let len = net::mask_len(self.ip4(words.next()?)?)?;
        Some(Prefix { addr, len })
    }

    /// `addr mask`, `addr/len` or, for IPv6, a lone address.
    pub(super) fn network(&self, words: &mut Cursor<'a>) -> Option<AddrSet> {
        let first = words.next()?;
        if first.contains('/') {
            return net::network(first);
        }
        match self.ip(first)? {
            addr @ IpAddr::V6(_) => Some(AddrSet::host(addr)),
            IpAddr::V4(_) => self.masked(first, words.next()?),
        }
    }

    /// `a b`, both included.
    pub(super) fn range(&self, words: &mut Cursor<'a>) -> Option<AddrSet> {
        let (lo, hi) = (self.ip(words.next()?)?, self.ip(words.next()?)?);
        Some(AddrSet::range(lo, hi)).filter(|set| !set.is_empty())
    }
}

/// Ports whose names mean something else here than elsewhere (ASA CLI Configuration Guide,
/// "TCP and UDP Ports"). `dns` is what the manuals warn of: it is not `domain`.
const PORTS: &[(&str, u16)] = &[
    ("dns", 195),
    ("kerberos", 750),
    ("radius", 1645),
    ("radius-acct", 1646),
    ("rpc", 111),
    ("vxlan", 4789),
];

/// A port by number or by ASA's name for it.
pub(super) fn port(text: &str) -> Option<u16> {
    PORTS.iter().find(|(n, _)| *n == text).map(|(_, p)| *p).or_else(|| names::port(text))
}

/// The protocols of a word: `tcp-udp` is two, `ip` is all.
pub(super) fn protocols(text: &str) -> Option<Vec<(u8, u8)>> {
    let one = |n| vec![(n, n)];
    match text {
        "ip" | "0" => Some(vec![(0, u8::MAX)]),
        "tcp-udp" => Some(vec![(TCP, TCP), (UDP, UDP)]),
        "ipsec" => Some(one(50)),
        _ => names::protocol(text).map(one),
    }
}

pub(super) const ALL_PORTS: (u16, u16) = (0, u16::MAX);

/// Whether the next word is `eq`, `lt`, `gt`, `neq` or `range`.
pub(super) fn has_ports(words: &Cursor<'_>) -> bool {
    matches!(words.peek(), Some("eq" | "lt" | "gt" | "neq" | "range"))
}

/// `eq p`, `lt p`, `gt p`, `neq p`, `range a b`. `None` when it is not understood.
pub(super) fn ports(words: &mut Cursor<'_>) -> Option<RangeSet<u16>> {
    let operator = words.next()?;
    let first = words.next().and_then(port);
    if operator == "range" {
        let last = words.next().and_then(port);
        let both = first.zip(last).filter(|(lo, hi)| lo <= hi);
        return both.map(|(lo, hi)| RangeSet::range(lo, hi));
    }
    let first = first?;
    match operator {
        "eq" => Some(RangeSet::one(first)),
        "neq" => Some(RangeSet::one(first).complement()),
        "lt" => Some(first.checked_sub(1).map_or(RangeSet::empty(), |hi| RangeSet::range(0, hi))),
        "gt" => {
            let above = first.checked_add(1);
            Some(above.map_or(RangeSet::empty(), |lo| RangeSet::range(lo, u16::MAX)))
        }
        _ => None,
    }
}

/// An ICMP type (and code where the name implies one) by number or name, for ICMP or ICMPv6.
pub(super) fn icmp(protocol: u8, text: &str) -> Option<(u8, Option<u8>)> {
    if let Ok(kind) = text.parse() {
        return Some((kind, None));
    }
    if protocol == ICMPV6 { names::icmpv6(text) } else { names::icmp(text) }
}

/// Most boxes that one service may make; beyond it the ports are left open and the rule says so.
const MAX_BOXES: usize = 1 << 14;

/// Protocols × source ports × destination ports. `None` when that makes too many boxes.
pub(super) fn services(
    protocols: &[(u8, u8)],
    source: &RangeSet<u16>,
    destination: &RangeSet<u16>,
) -> Option<ServiceSet> {
    let (sources, destinations) = (source.ranges(), destination.ranges());
    if protocols.len() * sources.len() * destinations.len() > MAX_BOXES {
        return None;
    }
    let mut boxes = Vec::new();
    for &proto in protocols {
        for &sport in sources {
            boxes.extend(destinations.iter().map(|&dport| sized(proto, sport, dport)));
        }
    }
    Some(ServiceSet::from_boxes(boxes))
}

/// A box whose ports are dropped where the protocol has none.
fn sized(proto: (u8, u8), sport: (u16, u16), dport: (u16, u16)) -> ServiceBox {
    match proto {
        (one, last) if one == last => ServiceBox::ports(one, sport, dport),
        _ => ServiceBox { proto, sport, dport },
    }
}

/// The services of protocols without any limit on ports.
pub(super) fn whole(protocols: &[(u8, u8)]) -> ServiceSet {
    protocols.iter().map(|&proto| sized(proto, ALL_PORTS, ALL_PORTS)).collect()
}

/// Addresses of one family, or of both when there is none given.
pub(super) fn any(family: Option<Family>) -> AddrSet {
    family.map_or(AddrSet::ANY, AddrSet::all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Line;

    fn cursor(text: &str) -> Cursor<'_> {
        Cursor::new(Line { number: 1, start: 0, text })
    }

    #[test]
    fn masks_are_network_masks() {
        let names = Names::default();
        let read = |t| names.network(&mut cursor(t));
        assert_eq!(read("10.1.2.3 255.255.255.0"), net::network("10.1.2.0/24"));
        assert_eq!(read("10.1.2.3 255.255.255.255"), net::network("10.1.2.3/32"));
        assert_eq!(read("0 0"), net::network("0.0.0.0/0"));
        assert_eq!(read("10.0.7.9 255.0.255.0").unwrap().ranges().len(), 256);
        assert_eq!(read("10.1.2.3 0.0.0.255"), None);
        assert_eq!(read("2001:db8::/32"), net::network("2001:db8::/32"));
    }

    #[test]
    fn port_operators() {
        let read = |t| ports(&mut cursor(t)).map(|r| r.ranges().to_vec());
        assert_eq!(read("lt 1024"), Some(vec![(0, 1023)]));
        assert_eq!(read("gt 65535"), Some(vec![]));
        assert_eq!(read("neq www"), Some(vec![(0, 79), (81, 65535)]));
        assert_eq!(read("range 20 ftp"), Some(vec![(20, 21)]));
        assert_eq!(read("range 21 20"), None);
        assert_eq!(read("eq nonsense"), None);
        assert!(!has_ports(&cursor("any eq 1")));
    }

    #[test]
    fn names_that_differ_from_other_vendors() {
        let got =
            ["kerberos", "radius", "radius-acct", "sqlnet", "citrix-ica", "lotusnotes", "aol"]
                .map(port);
        assert_eq!(got, [750, 1645, 1646, 1521, 1494, 1352, 5190].map(Some));
        assert_eq!(
            ["pcanywhere-data", "secureid-udp", "nfs"].map(port),
            [5631, 5510, 2049].map(Some)
        );
        assert_eq!(protocols("ip"), Some(vec![(0, 255)]));
        assert_eq!(protocols("ah"), Some(vec![(51, 51)]));
        assert_eq!(protocols("nosuch"), None);
    }
}
