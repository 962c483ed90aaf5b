//! Sets as a person writes them.

use std::net::IpAddr;

use portvakt_model::Device;
use portvakt_space::{
    AddrSet, AtomSet, Family, ICMP, ICMPV6, SCTP, ServiceBox, ServiceSet, State, StateSet, TCP,
    Traffic, UDP,
};

/// Most parts of a set that are written out.
const PARTS: usize = 16;

pub(crate) fn addresses(set: &AddrSet) -> String {
    if set.is_any() {
        return "any".into();
    }
    let all = |f: Family, name: &str| set.is_all(f).then(|| name.to_owned());
    let v4 = all(Family::V4, "any4").map_or_else(|| ranges(&set.only(Family::V4)), |a| vec![a]);
    let v6 = all(Family::V6, "any6").map_or_else(|| ranges(&set.only(Family::V6)), |a| vec![a]);
    joined(&[v4, v6].concat())
}

fn ranges(set: &AddrSet) -> Vec<String> {
    set.ranges().into_iter().map(|(lo, hi)| range(lo, hi)).collect()
}

fn range(lo: IpAddr, hi: IpAddr) -> String {
    if lo == hi {
        return lo.to_string();
    }
    let (a, b, width) = match (lo, hi) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
        _ => unreachable!("a range is within one version"),
    };
    let host = a ^ b;
    if host & host.wrapping_add(1) == 0 && a & host == 0 {
        return format!("{lo}/{}", width - host.count_ones());
    }
    format!("{lo}-{hi}")
}

fn joined(parts: &[String]) -> String {
    match parts.len() {
        0 => "none".into(),
        n if n > PARTS => format!("{},+{}", parts[..PARTS].join(","), n - PARTS),
        _ => parts.join(","),
    }
}

pub(crate) fn services(set: &ServiceSet) -> String {
    if set.is_any() {
        return "any".into();
    }
    joined(&set.boxes().iter().map(service).collect::<Vec<_>>())
}

fn service(b: &ServiceBox) -> String {
    let proto = match b.proto {
        (lo, hi) if lo < hi => format!("proto {lo}-{hi}"),
        (ICMP, _) => "icmp".into(),
        (ICMPV6, _) => "icmpv6".into(),
        (TCP, _) => "tcp".into(),
        (UDP, _) => "udp".into(),
        (SCTP, _) => "sctp".into(),
        (n, _) => format!("proto {n}"),
    };
    if matches!(b.proto, (ICMP, ICMP) | (ICMPV6, ICMPV6)) {
        return format!("{proto}{}", messages(b.dport));
    }
    let source = if full(b.sport) { String::new() } else { format!("{}→", ports(b.sport)) };
    match (source.is_empty(), full(b.dport)) {
        (true, true) => proto,
        (_, true) => format!("{proto}/{source}any"),
        _ => format!("{proto}/{source}{}", ports(b.dport)),
    }
}

fn full(range: (u16, u16)) -> bool {
    range == (0, u16::MAX)
}

fn ports((lo, hi): (u16, u16)) -> String {
    if lo == hi { lo.to_string() } else { format!("{lo}-{hi}") }
}

/// ICMP types and codes.
fn messages((lo, hi): (u16, u16)) -> String {
    match (lo >> 8, hi >> 8, lo & 0xff, hi & 0xff) {
        (0, 255, 0, 255) => String::new(),
        (a, b, 0, 255) if a == b => format!("/{a}"),
        (a, b, 0, 255) => format!("/{a}-{b}"),
        (a, b, c, d) if (a, c) == (b, d) => format!("/{a}.{c}"),
        (a, b, c, d) => format!("/{a}.{c}-{b}.{d}"),
    }
}

pub(crate) fn interface_name(device: &Device, atom: u32) -> &str {
    device.interfaces.get(atom).map_or("?", |i| &i.name)
}

/// Names of interfaces; `!` before those that are left out.
pub(crate) fn atoms(device: &Device, set: &AtomSet) -> String {
    let negated = set.contains(u32::MAX);
    let known = 0..device.interfaces.all().len() as u32;
    let listed = known.filter(|a| set.contains(*a) != negated);
    let names: Vec<&str> = listed.map(|a| interface_name(device, a)).collect();
    match (negated, names.is_empty()) {
        (_, true) => if negated { "any" } else { "none" }.into(),
        (true, _) => format!("!{}", names.join(",")),
        _ => names.join(","),
    }
}

pub(crate) fn states(set: StateSet) -> String {
    set.iter().map(State::name).collect::<Vec<_>>().join(",")
}

/// A product: only what narrows it is written after the addresses.
pub(crate) fn traffic(device: &Device, t: &Traffic) -> String {
    let mut parts =
        vec![format!("{}→{}", addresses(&t.src), addresses(&t.dst)), services(&t.service)];
    if !t.iif.is_any() {
        parts.push(format!("in {}", atoms(device, &t.iif)));
    }
    if !t.oif.is_any() {
        parts.push(format!("out {}", atoms(device, &t.oif)));
    }
    if !t.state.is_any() {
        parts.push(states(t.state));
    }
    parts.join(" ")
}
