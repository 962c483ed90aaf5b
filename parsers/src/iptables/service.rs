//! Protocols, ports and ICMP messages of one rule.

use portvakt_space::{ICMP, ICMPV6, RangeSet, ServiceBox, ServiceSet, has_ports};

use crate::names;

const ALL: (u16, u16) = (0, u16::MAX);

/// Most ports or port ranges in one `-m multiport` (`XT_MULTI_PORTS`).
const MULTI_PORTS: usize = 15;

/// What the options of one rule say of its service.
#[derive(Default)]
pub(super) struct Draft {
    proto: Option<u8>,
    not_proto: bool,
    limits: Vec<Limit>,
    /// The most common limit, kept apart because a million rules have it.
    dport: Option<(u16, u16)>,
}

/// One narrowing within the protocol.
enum Limit {
    Source(RangeSet<u16>),
    Destination(RangeSet<u16>),
    /// Source or destination port (`--ports`).
    Either(RangeSet<u16>),
    /// Neither source nor destination port (`! --ports`).
    Neither(RangeSet<u16>),
    /// Types and codes, as the destination field of a service box holds them.
    Message(u8, RangeSet<u16>),
}

/// Which port an option speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
    Either,
}

impl Draft {
    /// `-p`. Returns whether the protocol is known.
    pub(super) fn protocol(&mut self, word: &str, negated: bool) -> bool {
        match word {
            "tcp" => self.proto = Some(6),
            "udp" => self.proto = Some(17),
            "all" | "0" => return !negated,
            _ => match names::protocol(word) {
                Some(number) => self.proto = Some(number),
                None => return false,
            },
        }
        self.not_proto = negated;
        true
    }

    /// Whether the rule is for this one protocol.
    pub(super) fn is_only(&self, proto: u8) -> bool {
        self.proto == Some(proto) && !self.not_proto
    }

    /// `--sport`, `--dports` and their like. Returns whether the ports are known.
    pub(super) fn ports(&mut self, side: Side, word: &str, negated: bool) -> bool {
        if side == Side::Destination && !negated && self.dport.is_none() && !word.contains(',') {
            self.dport = range(word);
            return self.dport.is_some();
        }
        let Some(set) = ports(word) else { return false };
        self.limits.push(match (side, negated) {
            (Side::Source, false) => Limit::Source(set),
            (Side::Source, true) => Limit::Source(set.complement()),
            (Side::Destination, false) => Limit::Destination(set),
            (Side::Destination, true) => Limit::Destination(set.complement()),
            (Side::Either, false) => Limit::Either(set),
            (Side::Either, true) => Limit::Neither(set),
        });
        true
    }

    /// `--icmp-type` and `--icmpv6-type`. Returns whether the message is known.
    pub(super) fn message(&mut self, proto: u8, word: &str, negated: bool) -> bool {
        if matches!(word, "any" | "255") {
            return !negated;
        }
        let Some((kind, code)) = message(proto, word) else { return false };
        let set = RangeSet::from_ranges([ServiceBox::icmp(proto, kind, code).dport]);
        self.limits.push(Limit::Message(proto, if negated { set.complement() } else { set }));
        true
    }

    /// The services, and whether every limit could be applied: ports need one protocol that has
    /// them.
    pub(super) fn finish(&self) -> (ServiceSet, bool) {
        let base = match (self.proto, self.not_proto) {
            (None, _) => ServiceSet::ANY,
            (Some(p), false) => ServiceBox::proto(p).into(),
            (Some(p), true) => ServiceSet::from(ServiceBox::proto(p)).complement(),
        };
        let Some(proto) = self.proto.filter(|_| !self.not_proto) else {
            return (base, self.dport.is_none() && self.limits.is_empty());
        };
        let base = match self.dport {
            Some((lo, hi)) => ServiceBox::to(proto, lo, hi).into(),
            None => base,
        };
        let all = self.dport.is_none() || has_ports(proto);
        self.limits.iter().fold((base, all), |(set, all), limit| match limit.services(proto) {
            Some(within) => (set.intersect(&within), all),
            None => (set, false),
        })
    }
}

impl Limit {
    /// The services of `proto` within the limit; `None` where it is no limit for `proto`.
    fn services(&self, proto: u8) -> Option<ServiceSet> {
        let message = matches!(self, Self::Message(p, _) if *p == proto);
        if !message && !has_ports(proto) || matches!(self, Self::Message(p, _) if *p != proto) {
            return None;
        }
        let one = (proto, proto);
        let source = |&sport: &(u16, u16)| ServiceBox { proto: one, sport, dport: ALL };
        let destination = |&dport: &(u16, u16)| ServiceBox { proto: one, sport: ALL, dport };
        Some(match self {
            Self::Source(set) => set.ranges().iter().map(source).collect(),
            Self::Destination(set) | Self::Message(_, set) => {
                set.ranges().iter().map(destination).collect()
            }
            Self::Either(set) => {
                set.ranges().iter().flat_map(|r| [source(r), destination(r)]).collect()
            }
            Self::Neither(set) => {
                let others = set.complement();
                let pairs = others
                    .ranges()
                    .iter()
                    .flat_map(|s| others.ranges().iter().map(move |d| (s, d)));
                pairs.map(|(&sport, &dport)| ServiceBox { proto: one, sport, dport }).collect()
            }
        })
    }
}

fn ports(word: &str) -> Option<RangeSet<u16>> {
    let ranges: Option<Vec<_>> = word.split(',').take(MULTI_PORTS + 1).map(range).collect();
    ranges.filter(|r| r.len() <= MULTI_PORTS).map(RangeSet::from_ranges)
}

/// `80`, `ssh`, `1024:`, `:1023`, `80:90`.
pub(super) fn range(word: &str) -> Option<(u16, u16)> {
    let Some((lo, hi)) = word.split_once(':') else {
        return names::port(word).map(|port| (port, port));
    };
    let end = |text: &str, open| if text.is_empty() { Some(open) } else { names::port(text) };
    Some((end(lo, 0)?, end(hi, u16::MAX)?)).filter(|(lo, hi)| lo <= hi)
}

/// `8`, `3/1` or a name.
pub(super) fn message(proto: u8, word: &str) -> Option<(u8, Option<u8>)> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return match word.split_once('/') {
            Some((kind, code)) => Some((kind.parse().ok()?, Some(code.parse().ok()?))),
            None => Some((word.parse().ok()?, None)),
        };
    }
    match proto {
        ICMP => names::icmp(word),
        ICMPV6 => names::icmpv6(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portvakt_space::{TCP, UDP};

    fn tcp(fill: impl Fn(&mut Draft) -> bool) -> ServiceSet {
        let mut draft = Draft::default();
        assert!(draft.protocol("tcp", false) && fill(&mut draft));
        let (set, all) = draft.finish();
        assert!(all);
        set
    }

    #[test]
    fn either_port_is_two_boxes_and_neither_is_the_rest() {
        let either = tcp(|d| d.ports(Side::Either, "22,80:81", false));
        let neither = tcp(|d| d.ports(Side::Either, "22,80:81", true));
        for (s, d, inside) in [(22, 9, true), (9, 80, true), (9, 9, false), (81, 22, true)] {
            assert_eq!(either.contains(TCP, s, d), inside);
            assert_eq!(neither.contains(TCP, s, d), !inside);
        }
        assert!(!either.contains(UDP, 22, 22) && !neither.contains(UDP, 9, 9));
    }

    #[test]
    fn ports_narrow_each_other() {
        let set = tcp(|d| {
            d.ports(Side::Source, "1024:", false)
                && d.ports(Side::Destination, "ssh", true)
                && d.ports(Side::Destination, ":1023", false)
        });
        assert!(set.contains(TCP, 1024, 21) && !set.contains(TCP, 1024, 22));
        assert!(!set.contains(TCP, 1023, 21) && !set.contains(TCP, 1024, 1024));
    }

    #[test]
    fn ports_need_a_protocol_that_has_them() {
        let mut any = Draft::default();
        assert!(any.ports(Side::Destination, "80", false));
        assert_eq!(any.finish(), (ServiceSet::ANY, false));
        let mut gre = Draft::default();
        assert!(gre.protocol("gre", false) && gre.ports(Side::Source, "1", false));
        assert_eq!(gre.finish(), (ServiceBox::proto(47).into(), false));
        let mut not_tcp = Draft::default();
        assert!(not_tcp.protocol("tcp", true));
        let (set, all) = not_tcp.finish();
        assert!(
            all && !set.contains(TCP, 1, 1) && set.contains(UDP, 1, 1) && set.contains(0, 0, 0)
        );
    }

    #[test]
    fn more_ports_than_the_kernel_takes_are_refused() {
        let many = (1..=16).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert!(ports(&many).is_none());
        assert!(ports("1,2,3:4").is_some() && ports("4:3").is_none());
    }

    #[test]
    fn messages_by_number_and_name() {
        assert_eq!(message(ICMP, "3/1"), Some((3, Some(1))));
        assert_eq!(message(ICMP, "echo-request"), Some((8, None)));
        assert_eq!(message(ICMPV6, "neighbour-solicitation"), Some((135, None)));
        let mut draft = Draft::default();
        assert!(draft.protocol("icmp", false) && draft.message(ICMP, "8", true));
        let (set, all) = draft.finish();
        assert!(all && !set.contains(ICMP, 0, 0x800) && set.contains(ICMP, 0, 0x300));
    }
}
