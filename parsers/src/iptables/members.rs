//! Types and members of ipsets (ipset(8)).

use portvakt_space::{AddrSet, Family, ICMP, ICMPV6, ServiceBox, ServiceSet, TCP, Traffic, UDP};

use super::service;
use crate::{Dimension, IpsetContent, names, net};

/// A set in the making.
#[derive(Default)]
pub(super) struct Members {
    kind: Kind,
    family: Option<Family>,
    /// Prefix length that addresses are cut to before they are looked up.
    netmask: Option<u8>,
    /// Networks by prefix length, and whether they are excepted: the longest that holds an
    /// address decides.
    networks: Vec<(u8, bool, AddrSet)>,
    tuples: Vec<Traffic>,
    /// Names of member sets.
    lists: Vec<String>,
    /// Whether some member could not be read.
    lost: bool,
}

/// What the members of a set are.
#[derive(Default, PartialEq, Eq)]
enum Kind {
    #[default]
    NotModelled,
    List,
    Of(Vec<Dimension>),
}

impl Members {
    /// An empty set of a type (`hash:ip,port`) with its options (`family inet6 netmask 24`).
    pub(super) fn new<'a>(kind: &str, options: impl Iterator<Item = &'a str>) -> Self {
        let mut set = Self { kind: dimensions(kind), ..Self::default() };
        let mut before = "";
        for option in options {
            match before {
                "family" if option == "inet6" => set.family = Some(Family::V6),
                "netmask" => set.netmask = option.parse().ok(),
                _ => {}
            }
            before = option;
        }
        set
    }

    /// Whether sets of its type are modelled.
    pub(super) fn is_modelled(&self) -> bool {
        self.kind != Kind::NotModelled
    }

    /// Removes all members.
    pub(super) fn clear(&mut self) {
        self.networks.clear();
        self.tuples.clear();
        self.lists.clear();
        self.lost = false;
    }

    /// Adds a member; returns whether it is understood.
    pub(super) fn add(&mut self, text: &str, excepted: bool) -> bool {
        let added = self.try_add(text, excepted).is_some();
        self.lost |= !added;
        added
    }

    fn try_add(&mut self, text: &str, excepted: bool) -> Option<()> {
        match &self.kind {
            Kind::NotModelled => return None,
            Kind::List => self.lists.push(text.to_owned()),
            Kind::Of(parts) if *parts == [Dimension::Address] => {
                let (len, set) = addresses(text, self.netmask)?;
                self.networks.push((len, excepted, set));
            }
            Kind::Of(_) if excepted => return None,
            Kind::Of(parts) => {
                let tuple = tuple(text, parts, self.netmask)?;
                self.tuples.push(tuple);
            }
        }
        Some(())
    }

    /// Names of the sets that a list has as members; `None` for other types.
    pub(super) fn lists(&self) -> Option<&[String]> {
        (self.kind == Kind::List).then_some(&self.lists)
    }

    /// What the set holds; `None` where that is not known in full.
    pub(super) fn content(self) -> Option<IpsetContent> {
        match self.kind {
            _ if self.lost => None,
            Kind::NotModelled | Kind::List => None,
            Kind::Of(parts) if parts == [Dimension::Address] => {
                Some(IpsetContent::Addresses(longest_decides(self.networks)))
            }
            Kind::Of(dimensions) => Some(IpsetContent::Tuples { dimensions, members: self.tuples }),
        }
    }
}

fn dimensions(kind: &str) -> Kind {
    use Dimension::{Address, Port};
    Kind::Of(match kind {
        "list:set" => return Kind::List,
        "hash:ip" | "hash:net" | "bitmap:ip" => vec![Address],
        "bitmap:port" => vec![Port],
        "hash:net,net" => vec![Address, Address],
        "hash:ip,port" | "hash:net,port" => vec![Address, Port],
        "hash:ip,port,ip" | "hash:ip,port,net" | "hash:net,port,net" => {
            vec![Address, Port, Address]
        }
        _ => return Kind::NotModelled,
    })
}

/// The networks, longer prefixes deciding over shorter ones (`nomatch` excepts).
fn longest_decides(mut networks: Vec<(u8, bool, AddrSet)>) -> AddrSet {
    networks.sort_by_key(|(len, excepted, _)| (*len, *excepted));
    let same = |a: &(u8, bool, AddrSet), b: &(u8, bool, AddrSet)| (a.0, a.1) == (b.0, b.1);
    if networks.iter().all(|(_, excepted, _)| !excepted) {
        return AddrSet::union_all(networks.iter().map(|(.., set)| set));
    }
    networks.chunk_by(same).fold(AddrSet::NONE, |all, group| {
        let part = AddrSet::union_all(group.iter().map(|(.., set)| set));
        if group[0].1 { all.minus(&part) } else { all.union(&part) }
    })
}

/// An address, network or range, with its prefix length.
fn addresses(text: &str, netmask: Option<u8>) -> Option<(u8, AddrSet)> {
    if text.contains('-') {
        return net::range(text).map(|set| (u8::MAX, set));
    }
    let prefix = net::prefix(text)?;
    let len = if text.contains('/') { prefix.len } else { netmask.unwrap_or(prefix.len) };
    Some((len, AddrSet::prefix(prefix.addr, len)))
}

fn tuple(text: &str, parts: &[Dimension], netmask: Option<u8>) -> Option<Traffic> {
    let (mut sides, mut service) = (Vec::with_capacity(2), ServiceSet::ANY);
    let mut words = text.split(',');
    for part in parts {
        let word = words.next()?;
        match part {
            Dimension::Address => sides.push(addresses(word, netmask)?.1),
            Dimension::Port => service = port(word, parts.len() == 1)?,
        }
    }
    let mut sides = sides.into_iter();
    let mut side = || sides.next().unwrap_or(AddrSet::ANY);
    let traffic = Traffic { src: side(), dst: side(), service, ..Traffic::ANY };
    words.next().is_none().then_some(traffic)
}

/// `80`, `tcp:80-90`, `icmp:8/0`, `gre:0`. Without a protocol it is TCP; in a `bitmap:port`, which
/// knows no protocol, TCP or UDP.
fn port(text: &str, any_protocol: bool) -> Option<ServiceSet> {
    let (proto, ports) = match text.split_once(':') {
        Some((proto, ports)) => (names::protocol(proto)?, ports),
        None => (TCP, text),
    };
    if matches!(proto, ICMP | ICMPV6) {
        let (kind, code) = service::message(proto, ports)?;
        return Some(ServiceBox::icmp(proto, kind, code).into());
    }
    let (lo, hi) = ports.split_once('-').unwrap_or((ports, ports));
    let (lo, hi) = (names::port(lo)?, names::port(hi)?);
    if any_protocol {
        return Some([TCP, UDP].into_iter().map(|p| ServiceBox::to(p, lo, hi)).collect());
    }
    Some(ServiceBox::to(proto, lo, hi).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(kind: &str, options: &str, members: &[(&str, bool)]) -> Option<IpsetContent> {
        let mut set = Members::new(kind, options.split(' '));
        for (text, excepted) in members {
            set.add(text, *excepted);
        }
        set.content()
    }

    fn network(text: &str) -> AddrSet {
        net::network(text).unwrap()
    }

    #[test]
    fn an_exception_holds_for_what_is_not_named_more_closely() {
        let members = [("10.0.0.0/8", false), ("10.1.0.0/16", true), ("10.1.2.0/24", false)];
        let want =
            network("10.0.0.0/8").minus(&network("10.1.0.0/16")).union(&network("10.1.2.0/24"));
        assert_eq!(content("hash:net", "", &members), Some(IpsetContent::Addresses(want)));
    }

    #[test]
    fn a_netmask_widens_addresses() {
        let got = content("hash:ip", "family inet netmask 24", &[("192.0.2.7", false)]);
        assert_eq!(got, Some(IpsetContent::Addresses(network("192.0.2.0/24"))));
    }

    #[test]
    fn ports_have_a_protocol() {
        let got = |text: &str| port(text, false).unwrap().boxes().to_vec();
        assert_eq!(got("80"), [ServiceBox::to(TCP, 80, 80)]);
        assert_eq!(got("udp:53-60"), [ServiceBox::to(UDP, 53, 60)]);
        assert_eq!(got("icmp:8/0"), [ServiceBox::icmp(ICMP, 8, Some(0))]);
        assert_eq!(got("gre:0"), [ServiceBox::proto(47)]);
        assert_eq!(port("80", true).unwrap().boxes().len(), 2);
    }

    #[test]
    fn what_cannot_be_read_makes_the_set_unknown() {
        assert_eq!(content("hash:ip", "", &[("host.example", false)]), None);
        assert_eq!(content("hash:net,iface", "", &[("10.0.0.0/8,eth0", false)]), None);
        assert_eq!(content("hash:ip,port", "", &[("10.0.0.1,80,90", false)]), None);
    }
}
