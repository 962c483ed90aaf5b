//! Rows that answers of several commands are made of: packets, sets of packets, lines of exports.

use std::fmt::Write as _;
use std::net::IpAddr;

use portvakt_analysis::RuleKey;
use portvakt_model::{Action, Device, Interfaces, Source};
use portvakt_space::{AtomSet, Packet, RangeSet, ServiceBox, ServiceSet, State, Traffic};
use schemars::JsonSchema;
use serde::Serialize;

use crate::text::{self, Lang};

/// Stands among names of interfaces for those that no rule names.
const OTHERS: &str = "*";

/// A packet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PacketRow {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// IP protocol number.
    pub proto: u8,
    /// Source port; 0 where the protocol has none.
    pub sport: u16,
    /// Destination port; for ICMP type × 256 + code.
    pub dport: u16,
    /// The interface it comes in by; null for one that no rule names.
    #[serde(rename = "in")]
    pub iif: Option<String>,
    /// The interface it leaves by; null for one that no rule names.
    pub out: Option<String>,
    /// State of its connection.
    pub state: &'static str,
}

impl PacketRow {
    /// The packet with the names of its interfaces.
    pub fn new<'n>(packet: &Packet, name: impl Fn(u32) -> Option<&'n str>) -> Self {
        Self {
            src: packet.src,
            dst: packet.dst,
            proto: packet.proto,
            sport: packet.sport,
            dport: packet.dport,
            iif: name(packet.iif).map(str::to_owned),
            out: name(packet.oif).map(str::to_owned),
            state: packet.state.name(),
        }
    }

    /// The packet with the names of a device's interfaces.
    pub fn on(packet: &Packet, interfaces: &Interfaces) -> Self {
        Self::new(packet, |atom| interfaces.get(atom).map(|i| i.name.as_str()))
    }

    /// The packet as a person writes it.
    pub fn said(&self, lang: Lang) -> String {
        let service = if portvakt_space::has_ports(self.proto) {
            format!("{}/{}", text::protocol(self.proto), self.dport)
        } else if matches!(self.proto, portvakt_space::ICMP | portvakt_space::ICMPV6) {
            let (kind, code) = (self.dport >> 8, self.dport & 0xff);
            format!("{} {kind}/{code}", text::protocol(self.proto))
        } else {
            text::protocol(self.proto)
        };
        let mut said = format!("{} → {} {service}", self.src, self.dst);
        if portvakt_space::has_ports(self.proto) {
            let _ = write!(said, " ({} {})", lang.of("från port", "from port"), self.sport);
        }
        for (word, name) in [(lang.of("in", "in"), &self.iif), (lang.of("ut", "out"), &self.out)] {
            if let Some(name) = name {
                let _ = write!(said, ", {word} {name}");
            }
        }
        if self.state != State::New.name() {
            let _ = write!(said, ", {}", self.state);
        }
        said
    }
}

/// A set of packets: every combination of a value from each field. All ranges are inclusive.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BoxRow {
    /// Ranges of source addresses.
    pub src: Vec<[String; 2]>,
    /// Ranges of destination addresses.
    pub dst: Vec<[String; 2]>,
    /// Ranges of IP protocol numbers.
    pub proto: Vec<[u8; 2]>,
    /// Ranges of source ports.
    pub sport: Vec<[u16; 2]>,
    /// Ranges of destination ports; for ICMP type × 256 + code.
    pub dport: Vec<[u16; 2]>,
    /// Interfaces that packets come in by; null where any will do, `*` for those that no rule
    /// names.
    #[serde(rename = "in")]
    pub iif: Option<Vec<String>>,
    /// Interfaces that packets leave by, likewise.
    pub out: Option<Vec<String>>,
    /// States of their connections; null where any will do.
    pub state: Option<Vec<&'static str>>,
}

/// The products that traffic is made of: one, unless its services are no product.
pub fn products(traffic: &Traffic) -> Vec<Traffic> {
    let services = service_products(&traffic.service);
    services.into_iter().map(|service| Traffic { service, ..traffic.clone() }).collect()
}

impl BoxRow {
    /// A product as a row. The services must be one, as [`products`] gives them.
    pub fn new<'n>(t: &Traffic, name: impl Fn(u32) -> Option<&'n str> + Copy) -> Self {
        let ends = |set: &portvakt_space::AddrSet| {
            set.ranges().iter().map(|(lo, hi)| [lo.to_string(), hi.to_string()]).collect()
        };
        let boxes = t.service.boxes();
        Self {
            src: ends(&t.src),
            dst: ends(&t.dst),
            proto: ranges(&boxes.iter().map(|b| b.proto).collect()),
            sport: ranges(&boxes.iter().map(|b| b.sport).collect()),
            dport: ranges(&boxes.iter().map(|b| b.dport).collect()),
            iif: names(&t.iif, name),
            out: names(&t.oif, name),
            state: (!t.state.is_any()).then(|| t.state.iter().map(State::name).collect()),
        }
    }
}

/// Traffic as a person writes it, with interfaces and states where they matter.
pub fn said<'n>(t: &Traffic, name: impl Fn(u32) -> Option<&'n str> + Copy, lang: Lang) -> String {
    let (src, dst) = (text::addresses(&t.src, lang), text::addresses(&t.dst, lang));
    let mut said = format!("{src} → {dst} {}", text::service(&t.service, lang));
    for (word, atoms) in [(lang.of("in", "in"), &t.iif), (lang.of("ut", "out"), &t.oif)] {
        if let Some(names) = names(atoms, name) {
            let _ = write!(said, ", {word} {}", names.join("/"));
        }
    }
    if !t.state.is_any() && t.state != portvakt_space::StateSet::NEW {
        let states: Vec<&str> = t.state.iter().map(State::name).collect();
        let _ = write!(said, ", {}", states.join("/"));
    }
    said
}

fn ranges<T: portvakt_space::Point>(set: &RangeSet<T>) -> Vec<[T; 2]> {
    set.ranges().iter().map(|&(lo, hi)| [lo, hi]).collect()
}

fn names<'n>(atoms: &AtomSet, name: impl Fn(u32) -> Option<&'n str>) -> Option<Vec<String>> {
    if atoms.is_any() {
        return None;
    }
    let mut all = Vec::new();
    for &(lo, hi) in atoms.ranges().ranges() {
        all.extend((lo..=hi).map_while(&name).map(str::to_owned));
    }
    if atoms.contains(u32::MAX) {
        all.push(OTHERS.to_owned());
    }
    Some(all)
}

/// A set of services as products of protocols, source ports and destination ports.
fn service_products(services: &ServiceSet) -> Vec<ServiceSet> {
    type Part = (RangeSet<u8>, RangeSet<u16>, RangeSet<u16>);
    let one = |b: &ServiceBox| -> Part {
        let set = |(lo, hi)| RangeSet::range(lo, hi);
        (RangeSet::range(b.proto.0, b.proto.1), set(b.sport), set(b.dport))
    };
    let mut parts: Vec<Part> = Vec::new();
    for next in services.boxes().iter().map(one) {
        let same = |p: &&mut Part| (&p.0, &p.1) == (&next.0, &next.1);
        match parts.iter_mut().find(same) {
            Some(part) => part.2 = part.2.union(&next.2),
            None => parts.push(next),
        }
    }
    let mut joined: Vec<Part> = Vec::new();
    for next in parts {
        let same = |p: &&mut Part| (&p.1, &p.2) == (&next.1, &next.2);
        match joined.iter_mut().find(same) {
            Some(part) => part.0 = part.0.union(&next.0),
            None => joined.push(next),
        }
    }
    joined.iter().map(product_of).collect()
}

fn product_of(
    (protos, sports, dports): &(RangeSet<u8>, RangeSet<u16>, RangeSet<u16>),
) -> ServiceSet {
    let ports = sports.ranges().iter().flat_map(|s| dports.ranges().iter().map(move |d| (*s, *d)));
    let boxes = ports.flat_map(|(sport, dport)| {
        protos.ranges().iter().map(move |&proto| ServiceBox { proto, sport, dport })
    });
    boxes.collect()
}

/// A rule of an export.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LineRow {
    /// Path of the file.
    pub path: String,
    /// Its line, from 1; 0 for a list's default that no line states, and for what the vendor implies.
    pub line: u32,
    /// Name of the list that it stands in.
    pub ruleset: String,
    /// The vendor's id of it.
    pub id: Option<String>,
    /// permit, deny or unknown.
    pub action: &'static str,
    /// The line as it is written; secrets redacted. Empty for a line 0.
    pub text: String,
    /// Whether it is the list's default.
    pub is_default: bool,
}

impl LineRow {
    /// The row of a rule, or of a list's default.
    pub fn new(device: &Device, source: &Source, key: RuleKey) -> Self {
        let list = &device.rulesets[key.ruleset.0 as usize];
        let rule = key.rule.and_then(|index| list.rules.get(index as usize));
        let line = rule.map_or(list.default.line.unwrap_or(0), |rule| rule.line);
        let action = rule.map_or(list.default.action, |rule| rule.action);
        let text = if line == 0 { String::new() } else { source.line(line).trim().to_owned() };
        Self {
            path: source.path.clone(),
            line,
            ruleset: list.name.clone(),
            id: rule.and_then(|rule| rule.id()).map(str::to_owned),
            action: match action {
                Action::Permit => "permit",
                Action::Deny | Action::Reject => "deny",
                _ => "unknown",
            },
            text,
            is_default: rule.is_none(),
        }
    }

    /// The place and the words, as a person looks them up.
    pub fn said(&self, lang: Lang) -> String {
        let what = match (&self.id, self.is_default) {
            (_, true) => format!("{} ", lang.of("listans förval", "the list's default")),
            (Some(id), _) => format!("{} {id} ", lang.of("regel", "rule")),
            (None, _) if self.line == 0 => {
                format!("{} ", lang.of("underförstådd regel", "implied rule"))
            }
            _ => String::new(),
        };
        let action = match self.action {
            "permit" => lang.of("släpper igenom", "permits"),
            "deny" => lang.of("spärrar", "denies"),
            _ => lang.of("går inte att avgöra", "cannot tell"),
        };
        let place = if self.line == 0 {
            format!("{} {}", self.path, self.ruleset)
        } else {
            format!("{}:{} {}", self.path, self.line, self.text)
        };
        format!("{what}{action}: {place}")
    }
}

/// The word for IP versions.
pub fn family(families: &[portvakt_space::Family]) -> &'static str {
    match families {
        [portvakt_space::Family::V4] => "ipv4",
        [portvakt_space::Family::V6] => "ipv6",
        _ => "both",
    }
}

/// Whether a list is meant by a name: its own, or that of a chain without its table.
pub fn is_named(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
        || name.rsplit_once(['/', ' ']).is_some_and(|(_, chain)| chain.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portvakt_space::{TCP, UDP};

    #[test]
    fn services_that_are_a_product_stay_one() {
        let web: ServiceSet = [TCP, UDP]
            .into_iter()
            .flat_map(|p| [53, 443].map(|n| ServiceBox::to(p, n, n)))
            .collect();
        assert_eq!(service_products(&web).len(), 1);
        let odd: ServiceSet =
            [ServiceBox::to(TCP, 443, 443), ServiceBox::to(UDP, 53, 53)].into_iter().collect();
        assert_eq!(service_products(&odd).len(), 2);
        for set in [web, odd] {
            let parts = service_products(&set);
            assert!(parts.iter().all(|part| part.is_subset(&set)));
            assert!(set.is_subset(&parts.iter().fold(ServiceSet::none(), |a, b| a.union(b))));
        }
    }

    #[test]
    fn a_chain_is_named_with_or_without_its_table() {
        assert!(
            is_named("filter/FORWARD", "forward") && is_named("filter/FORWARD", "filter/FORWARD")
        );
        assert!(!is_named("filter/FORWARD", "WARD"));
    }
}
