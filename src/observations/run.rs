//! Putting a run together from records in any order.

use std::fmt::Write as _;
use std::net::IpAddr;

use ipnetwork::IpNetwork;
use portvakt_model::{
    HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanRun, ServiceSeen,
};
use rustc_hash::FxHashMap;

/// Longest text that is kept of what a peer or a scanner said, in characters: 256 bytes, each
/// escaped by four.
const MAX_TEXT: usize = 1024;

/// Hosts as they come: several records may speak of one.
#[derive(Default)]
pub(super) struct Hosts {
    places: FxHashMap<IpAddr, usize>,
    hosts: Vec<HostSeen>,
}

impl Hosts {
    /// The host at an address.
    pub(super) fn host(&mut self, address: IpAddr) -> &mut HostSeen {
        let next = self.hosts.len();
        let place = *self.places.entry(address).or_insert(next);
        if place == next {
            self.hosts.push(HostSeen {
                address,
                names: Vec::new(),
                mac: None,
                up: false,
                ports: Vec::new(),
                rest: Vec::new(),
            });
        }
        &mut self.hosts[place]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Gives a run its hosts, by address, each port once.
    pub(super) fn finish(mut self, run: &mut ScanRun) {
        for host in &mut self.hosts {
            settle(host);
        }
        self.hosts.sort_by_key(|host| host.address);
        let unsure = |host: &HostSeen| {
            let single = host.ports.iter().filter(|p| p.state == PortState::Incomplete).count();
            let rest = host.rest.iter().filter(|r| r.state == PortState::Incomplete);
            single as u64 + rest.flat_map(|r| &r.ranges).map(|r| width(*r)).sum::<u64>()
        };
        run.counts.incomplete = run.counts.incomplete.max(self.hosts.iter().map(unsure).sum());
        run.hosts = self.hosts;
    }
}

fn width((lo, hi): (u16, u16)) -> u64 {
    u64::from(hi - lo) + 1
}

/// Each port once, the names once, and a host with a port that answered is up.
fn settle(host: &mut HostSeen) {
    host.names.sort();
    host.names.dedup();
    host.ports.sort_by_key(|p| (p.protocol, p.port));
    let mut ports: Vec<PortSeen> = Vec::with_capacity(host.ports.len());
    for port in host.ports.drain(..) {
        match ports.last_mut() {
            Some(last) if (last.protocol, last.port) == (port.protocol, port.port) => {
                unite(last, port);
            }
            _ => ports.push(port),
        }
    }
    host.ports = ports;
    unite_rest(&mut host.rest);
    let answered = |state| matches!(state, PortState::Open | PortState::Closed);
    host.up |= host.ports.iter().any(|p| answered(p.state));
    host.up |= host.rest.iter().any(|r| answered(r.state) && !r.ranges.is_empty());
}

/// Two records of one port: the state that says most, and the service that was asked.
fn unite(port: &mut PortSeen, other: PortSeen) {
    let service = match (port.service.take(), other.service.clone()) {
        (Some(a), Some(b)) if b.asked && !a.asked => Some(b),
        (a, b) => a.or(b),
    };
    if other.state < port.state {
        *port = other;
    }
    port.service = service;
}

fn unite_rest(rest: &mut Vec<PortRanges>) {
    rest.sort_by_key(|r| (r.protocol, r.state));
    let mut all: Vec<PortRanges> = Vec::with_capacity(rest.len());
    for part in rest.drain(..) {
        match all.last_mut() {
            Some(last) if (last.protocol, last.state) == (part.protocol, part.state) => {
                last.ranges.extend(part.ranges);
            }
            _ => all.push(part),
        }
    }
    for part in &mut all {
        part.ranges = joined(std::mem::take(&mut part.ranges));
    }
    *rest = all;
}

/// `10.1.2.3`, `10.1.2.0/24` or `10.1.2.3-10.1.2.9`, as first and last address.
pub(super) fn addresses(text: &str) -> Option<(IpAddr, IpAddr)> {
    if let Some((lo, hi)) = text.split_once('-') {
        let (lo, hi): (IpAddr, IpAddr) = (lo.trim().parse().ok()?, hi.trim().parse().ok()?);
        return (lo.is_ipv4() == hi.is_ipv4() && lo <= hi).then_some((lo, hi));
    }
    let network: IpNetwork = text.trim().parse().ok()?;
    let last = match network {
        IpNetwork::V4(network) => network.broadcast().into(),
        IpNetwork::V6(network) => network.broadcast().into(),
    };
    Some((network.network(), last))
}

/// Ranges in rising order, those that touch made one.
pub(super) fn joined(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.retain(|(lo, hi)| lo <= hi);
    ranges.sort_unstable();
    let mut all: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (lo, hi) in ranges {
        match all.last_mut() {
            Some(last) if u32::from(lo) <= u32::from(last.1) + 1 => last.1 = last.1.max(hi),
            _ => all.push((lo, hi)),
        }
    }
    all
}

/// Ports as nmap writes them: `1,3-4,9`. What is no port is left out, and `None` says that.
pub(super) fn port_list(text: &str) -> Option<Vec<(u16, u16)>> {
    let one = |part: &str| {
        let (lo, hi) = part.split_once('-').unwrap_or((part, part));
        Some((lo.trim().parse().ok()?, hi.trim().parse().ok()?))
    };
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    parts.map(one).collect::<Option<Vec<_>>>().map(joined)
}

/// Ports of `all` that are not among `some`.
pub(super) fn without(all: &[(u16, u16)], some: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut left = Vec::new();
    let mut cuts = some.iter().peekable();
    for &(lo, hi) in all {
        let mut from = u32::from(lo);
        while let Some(&&(cut, end)) = cuts.peek() {
            if u32::from(end) < from {
                cuts.next();
                continue;
            }
            if cut > hi {
                break;
            }
            if u32::from(cut) > from {
                left.push((from as u16, cut - 1));
            }
            from = u32::from(end) + 1;
            if end >= hi {
                break;
            }
            cuts.next();
        }
        if from <= u32::from(hi) {
            left.push((from as u16, hi));
        }
    }
    left
}

/// A port of which nothing but its state is known.
pub(super) fn port(port: u16, protocol: PortProtocol, state: PortState) -> PortSeen {
    PortSeen {
        port,
        protocol,
        state,
        reason: String::new(),
        at: None,
        tries: 0,
        rtt_us: None,
        service: None,
    }
}

/// A state in nmap's words or ours. One that says neither open nor closed is no answer.
pub(super) fn state(word: &str) -> PortState {
    match word {
        "open" => PortState::Open,
        "closed" => PortState::Closed,
        "filtered" => PortState::Filtered,
        "unreachable" => PortState::Unreachable,
        "open|filtered" => PortState::OpenOrFiltered,
        _ => PortState::Incomplete,
    }
}

/// TCP or UDP; other transports have no place in an audit of ports.
pub(super) fn protocol(word: &str) -> Option<PortProtocol> {
    if word.eq_ignore_ascii_case("tcp") {
        Some(PortProtocol::Tcp)
    } else if word.eq_ignore_ascii_case("udp") {
        Some(PortProtocol::Udp)
    } else {
        None
    }
}

/// A hardware address: six bytes with colons or hyphens.
pub(super) fn mac(text: &str) -> Option<[u8; 6]> {
    let bytes = text.split([':', '-']).map(|b| u8::from_str_radix(b, 16).ok());
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// Text of a peer or a scanner: of bounded length, and with what steers a terminal escaped.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::new();
    for char in text.trim().chars().take(MAX_TEXT) {
        if char.is_control() || is_bidi(char) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

/// Characters that turn the direction of text around and can make it read as something else.
fn is_bidi(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A service of which only the name is known.
pub(super) fn service(name: &str, asked: bool) -> ServiceSeen {
    ServiceSeen { name: clean(name), asked, ..ServiceSeen::default() }
}

/// Text that is there and not empty, cleaned.
pub(super) fn said(text: Option<&str>) -> Option<String> {
    text.map(clean).filter(|text| !text.is_empty())
}
