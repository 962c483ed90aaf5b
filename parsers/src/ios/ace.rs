//! One entry of an access list: what it matches and what about it is not modelled.

use std::net::{Ipv4Addr, Ipv6Addr};

use portvakt_model::Logging;
use portvakt_space::{
    AddrSet, Family, ICMP, ICMPV6, RangeSet, ServiceBox, ServiceSet, State, StateSet, TCP, Traffic,
};

use super::args::Args;
use super::objects::Groups;
use super::ports;
use crate::{names, net};

/// An entry after `permit` or `deny`.
pub(super) struct Entry<'a> {
    /// What it matches at most.
    pub(super) matches: Traffic,
    /// Conditions that narrow the match and are not modelled, as written.
    pub(super) gaps: Vec<String>,
    /// Whether one of them fails for some packets whatever else they are.
    pub(super) avoidable: bool,
    /// Whether words were among them that are not known at all.
    pub(super) odd: bool,
    /// Whether it logs.
    pub(super) logging: Logging,
    /// Name of its time range.
    pub(super) time_range: Option<&'a str>,
    /// Name of the reflexive list that it fills.
    pub(super) reflects: Option<&'a str>,
    /// Object groups that it names.
    pub(super) groups: Vec<&'a str>,
    /// Source as written.
    pub(super) source: String,
    /// Destination as written.
    pub(super) destination: String,
    /// Protocol and ports as written.
    pub(super) service: String,
}

impl Entry<'_> {
    fn all(family: Family) -> Self {
        Self {
            matches: Traffic::all(family),
            gaps: Vec::new(),
            avoidable: false,
            odd: false,
            logging: Logging::Off,
            time_range: None,
            reflects: None,
            groups: Vec::new(),
            source: String::new(),
            destination: String::new(),
            service: String::new(),
        }
    }

    /// Something narrows the match that is not understood.
    fn unknown(&mut self, text: String) {
        self.gaps.push(text);
        self.odd = true;
    }
}

/// An entry of a standard list: sources only. A lone address is a host.
pub(super) fn standard<'a>(words: &[&'a str]) -> Entry<'a> {
    let mut entry = Entry::all(Family::V4);
    let mut args = Args::new(words);
    match standard_source(&mut args) {
        Some(set) => entry.matches.src = set,
        None => entry.unknown(args.rest().join(" ")),
    }
    let read = words.len() - args.rest().len();
    entry.source = words[..read].join(" ");
    options(&mut args, &mut entry);
    entry
}

fn standard_source(args: &mut Args<'_, '_>) -> Option<AddrSet> {
    if args.eat("any") {
        return Some(AddrSet::all(Family::V4));
    }
    let lone = args.eat("host");
    let first = args.next()?;
    if let Some(network) = first.split_once('/').and_then(|_| net::network(first)) {
        return Some(network);
    }
    // `show access-lists` writes `10.1.0.0, wildcard bits 0.0.255.255`.
    let addr: Ipv4Addr = first.trim_end_matches(',').parse().ok()?;
    if args.eat("wildcard") {
        args.eat("bits");
    }
    match args.try_next(|w| w.trim_end_matches(',').parse::<Ipv4Addr>().ok()).filter(|_| !lone) {
        Some(mask) => net::wildcard(addr, mask),
        None => Some(AddrSet::host(addr.into())),
    }
}

/// An entry of an extended or IPv6 list.
pub(super) fn extended<'a>(words: &[&'a str], family: Family, groups: &Groups) -> Entry<'a> {
    let mut entry = Entry::all(family);
    let mut args = Args::new(words);
    let protocol = protocol(&mut args, &mut entry, family, groups);
    let from = side(&mut args, &mut entry, family, groups);
    let to = side(&mut args, &mut entry, family, groups);
    entry.matches.src = from.addresses;
    entry.matches.dst = to.addresses;
    entry.source = from.written;
    entry.destination = to.written;
    let named = [entry.service.as_str(), &from.ports_written, &to.ports_written];
    entry.service = named.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ");
    entry.matches.service = match protocol {
        Protocols::Group(set) => set,
        Protocols::Numbers(numbers) => {
            let service = ports::services(&numbers, from.ports.as_ref(), to.ports.as_ref());
            message(&mut args, &numbers, &mut entry).unwrap_or(service)
        }
    };
    options(&mut args, &mut entry);
    entry
}

enum Protocols {
    Numbers(Vec<u8>),
    Group(ServiceSet),
}

fn protocol<'a>(
    args: &mut Args<'_, 'a>,
    entry: &mut Entry<'a>,
    family: Family,
    groups: &Groups,
) -> Protocols {
    let word = args.next().unwrap_or_default();
    word.clone_into(&mut entry.service);
    match word {
        "object-group" => {
            let name = args.next().unwrap_or_default();
            entry.service = format!("object-group {name}");
            let set = groups.service(name);
            entry.groups.push(name);
            Protocols::Group(set.unwrap_or_else(|| {
                entry.unknown(format!("object-group {name}"));
                ServiceSet::ANY
            }))
        }
        "ip" | "ipv4" | "ipv6" => Protocols::Group(ServiceSet::ANY),
        "icmp" if family == Family::V6 => Protocols::Numbers(vec![ICMPV6]),
        "tcp-udp" => Protocols::Numbers(vec![TCP, portvakt_space::UDP]),
        _ => {
            if let Some(number) = names::protocol(word) {
                Protocols::Numbers(vec![number])
            } else {
                entry.unknown(word.to_owned());
                Protocols::Group(ServiceSet::ANY)
            }
        }
    }
}

struct Side {
    addresses: AddrSet,
    ports: Option<RangeSet<u16>>,
    written: String,
    ports_written: String,
}

fn side<'a>(
    args: &mut Args<'_, 'a>,
    entry: &mut Entry<'a>,
    family: Family,
    groups: &Groups,
) -> Side {
    let before = args.rest();
    let addresses = address(args, entry, family, groups).unwrap_or_else(|| {
        entry.unknown(before.first().map_or_else(String::new, |w| (*w).to_owned()));
        AddrSet::all(family)
    });
    let after = args.rest();
    let written = before[..before.len() - after.len()].join(" ");
    let ports = ports::operator(args).unwrap_or_else(|word| {
        entry.unknown(word.to_owned());
        None
    });
    let ports_written = after[..after.len() - args.rest().len()].join(" ");
    Side { addresses, ports, written, ports_written }
}

/// `any`, `host A`, `A wildcard`, `object-group G`, `prefix/length`.
fn address<'a>(
    args: &mut Args<'_, 'a>,
    entry: &mut Entry<'a>,
    family: Family,
    groups: &Groups,
) -> Option<AddrSet> {
    match args.next()? {
        "any" => Some(AddrSet::all(family)),
        "host" => args.next().and_then(host).map(|set| set.only(family)),
        "object-group" => {
            let name = args.next()?;
            entry.groups.push(name);
            let set = groups.network(name, family);
            if set.is_none() {
                entry.unknown(format!("object-group {name}"));
            }
            Some(set.cloned().unwrap_or(AddrSet::all(family)))
        }
        prefix if prefix.contains('/') => net::network(prefix).map(|set| set.only(family)),
        addr if family == Family::V6 => host(addr),
        addr => {
            let addr: Ipv4Addr = addr.parse().ok()?;
            match args.try_next(|w| w.parse::<Ipv4Addr>().ok()) {
                Some(mask) => net::wildcard(addr, mask),
                None => Some(AddrSet::host(addr.into())),
            }
        }
    }
}

fn host(word: &str) -> Option<AddrSet> {
    let v4 = word.parse::<Ipv4Addr>().map(|a| AddrSet::host(a.into()));
    v4.or_else(|_| word.parse::<Ipv6Addr>().map(|a| AddrSet::host(a.into()))).ok()
}

/// An ICMP type with code, by numbers or by name.
fn message(args: &mut Args<'_, '_>, protocols: &[u8], entry: &mut Entry<'_>) -> Option<ServiceSet> {
    let &[proto @ (ICMP | ICMPV6)] = protocols else { return None };
    let before = args.rest();
    let (kind, code) = match args.try_next(|w| w.parse::<u8>().ok()) {
        Some(kind) => (kind, args.try_next(|w| w.parse::<u8>().ok())),
        None => args.try_next(|w| icmp_name(proto, w))?,
    };
    entry.service =
        format!("{} {}", entry.service, before[..before.len() - args.rest().len()].join(" "));
    Some(ServiceBox::icmp(proto, kind, code).into())
}

fn icmp_name(proto: u8, word: &str) -> Option<(u8, Option<u8>)> {
    if proto == ICMP { names::icmp(word) } else { names::icmpv6(word) }
}

/// What stands after the addresses.
fn options<'a>(args: &mut Args<'_, 'a>, entry: &mut Entry<'a>) {
    while let Some(word) = args.next() {
        match word {
            "log" | "log-input" => {
                entry.logging = Logging::On;
                // A correlation tag may follow.
                args.try_next(|w| (!is_option(w)).then_some(()));
            }
            "time-range" => {
                entry.time_range = args.next();
                args.try_next(|w| matches!(w, "(active)" | "(inactive)").then_some(()));
            }
            "established" => tcp_state(entry),
            "match-any" | "match-all" => flags(word, args, entry),
            "ack" | "rst" => {
                tcp_state(entry);
                entry.gaps.push(word.to_owned());
            }
            // A comment that somebody wrote behind the entry.
            word if word.starts_with('!') => return,
            "reflect" => entry.reflects = args.next(),
            "timeout" | "sequence" => {
                args.next();
            }
            _ => condition(word, args, entry),
        }
    }
}

fn is_option(word: &str) -> bool {
    matches!(word, "log" | "log-input" | "time-range" | "established" | "reflect" | "fragments")
        || value_count(word) > 0
}

/// TCP with ACK or RST set.
fn tcp_state(entry: &mut Entry<'_>) {
    entry.matches.state = StateSet::one(State::Established);
    let tcp = ServiceSet::from(ServiceBox::proto(TCP));
    entry.matches.service = entry.matches.service.intersect(&tcp);
}

/// `match-any +ack +rst` is what `established` means; anything else is narrower or something else.
fn flags(how: &str, args: &mut Args<'_, '_>, entry: &mut Entry<'_>) {
    let next = |args: &mut Args<'_, '_>| {
        args.try_next(|w| w.starts_with(['+', '-']).then(|| w.to_owned()))
    };
    let mut flags: Vec<String> = std::iter::from_fn(|| next(args)).collect();
    flags.sort_unstable();
    let answers = |f: &String| f == "+ack" || f == "+rst";
    let (all, any) = (flags.iter().all(answers), flags.iter().any(answers));
    if how == "match-any" && flags == ["+ack", "+rst"] {
        return tcp_state(entry);
    }
    if how == "match-all" && any || how == "match-any" && all && any {
        tcp_state(entry);
    }
    entry.gaps.push(format!("{how} {}", flags.join(" ")));
}

/// A condition that is not modelled, with its values.
fn condition(word: &str, args: &mut Args<'_, '_>, entry: &mut Entry<'_>) {
    let mut text = word.to_owned();
    let mut count = value_count(word);
    while count > 0 {
        let Some(value) = args.next() else { break };
        text.push(' ');
        text.push_str(value);
        // `ttl eq 255`, `ttl range 1 3`, `option any-options`.
        count = if matches!(value, "eq" | "lt" | "gt" | "neq") {
            1
        } else if value == "range" {
            2
        } else {
            count - 1
        };
    }
    entry.odd |= value_count(word) == 0 && !is_flag(word);
    entry.avoidable |= fails_for_some(&text);
    entry.gaps.push(text);
}

/// Conditions on one value of a field that is not modelled: packets may have another. Not flags, of which
/// all packets of a connection have one or the other.
fn fails_for_some(condition: &str) -> bool {
    let one = ["dscp ", "precedence ", "tos ", "option ", "flow-label ", "sgt ", "ttl eq "];
    condition == "fragments" || one.iter().any(|word| condition.starts_with(word))
}

/// Conditions without a value: what a fragment is, flags of TCP, headers of IPv6.
fn is_flag(word: &str) -> bool {
    matches!(
        word,
        "fragments"
            | "syn"
            | "fin"
            | "psh"
            | "urg"
            | "auth"
            | "dest-option"
            | "hbh"
            | "mobility"
            | "routing"
            | "undetermined-transport"
    )
}

fn value_count(word: &str) -> u32 {
    match word {
        "dscp" | "precedence" | "tos" | "ttl" | "option" | "flow-label" | "dest-option-type"
        | "mobility-type" | "routing-type" | "sgt" | "dynamic" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry<'_> {
        let words: Vec<&str> = text.split(' ').collect();
        extended(&words, Family::V4, &Groups::default())
    }

    #[test]
    fn established_is_tcp_with_ack_or_rst() {
        for text in ["tcp any any established", "tcp any any match-any +rst +ack"] {
            let e = entry(text);
            assert_eq!(e.matches.state, StateSet::one(State::Established));
            assert!(e.gaps.is_empty(), "{text}");
        }
        for text in
            ["tcp any any ack", "tcp any any match-all +ack -fin", "tcp any any match-any +ack"]
        {
            let e = entry(text);
            assert_eq!(e.matches.state, StateSet::one(State::Established), "{text}");
            assert_eq!(e.gaps.len(), 1, "{text}");
        }
        for text in [
            "tcp any any syn",
            "tcp any any match-all +syn -ack",
            "tcp any any match-any +syn +ack",
        ] {
            assert!(entry(text).matches.state.is_any() && entry(text).gaps.len() == 1, "{text}");
        }
    }

    #[test]
    fn conditions_keep_their_values_together() {
        assert_eq!(entry("ip any any dscp ef log").gaps, ["dscp ef"]);
        assert_eq!(entry("tcp any any eq bgp ttl eq 255").gaps, ["ttl eq 255"]);
        assert_eq!(
            entry("udp any any ttl range 1 3 fragments").gaps,
            ["ttl range 1 3", "fragments"]
        );
        assert_eq!(entry("frob any any").gaps, ["frob"]);
        assert_eq!(entry("tcp any any eq mlag").gaps, ["mlag"]);
        assert_eq!(entry("ip any any log TAG").gaps, [""; 0]);
    }

    #[test]
    fn ports_stand_on_both_sides() {
        let e = entry("tcp 10.0.0.0 0.0.0.255 gt 1023 host 192.0.2.1 eq 80 www 443");
        assert!(e.matches.service.contains(TCP, 1024, 443));
        assert!(!e.matches.service.contains(TCP, 1023, 443));
        assert!(!e.matches.service.contains(TCP, 1024, 22));
        assert!(e.gaps.is_empty());
    }

    #[test]
    fn a_standard_entry_is_a_host_without_a_wildcard() {
        let src = |text: &str| standard(&text.split(' ').collect::<Vec<_>>()).matches.src;
        assert_eq!(Some(src("10.0.0.1 log")), net::network("10.0.0.1/32"));
        assert_eq!(Some(src("0.0.0.0")), net::network("0.0.0.0/32"));
        assert_eq!(Some(src("10.0.0.0, wildcard bits 0.0.0.255")), net::network("10.0.0.0/24"));
        assert!(src("any").is_all(Family::V4));
    }
}
