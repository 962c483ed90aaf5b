//! Source translation: by policies, `central-snat-map`, pools.

use portvakt_model::{NatKind, NatRule, Object, ObjectKind, Rule};
use portvakt_space::{
    AddrSet, AtomSet, Family, ServiceBox, ServiceSet, StateSet, TCP, Traffic, UDP,
};
use rustc_hash::FxHashMap;

use super::keys::{Keys, mark_table};
use super::reasons;
use super::rules::Objects;
use super::scope::Scope;
use super::tree::Node;
use crate::build::Build;
use crate::net;

const POOL: Keys = Keys {
    used: &["startip", "endip", "type"],
    neutral: &[
        "arp-intf",
        "arp-reply",
        "associated-interface",
        "block-size",
        "cgn-block-size",
        "cgn-client-endip",
        "cgn-client-ipv6shift",
        "cgn-client-startip",
        "cgn-fixedalloc",
        "cgn-overload",
        "cgn-port-end",
        "cgn-port-start",
        "cgn-spa",
        "endport",
        "exclude-ip",
        "icmp-session-quota",
        "nat46",
        "nat64",
        "add-nat46-route",
        "add-nat64-route",
        "num-blocks-per-user",
        "pba-interim-log",
        "pba-timeout",
        "permit-any-host",
        "port-per-user",
        "privileged-port-use-pba",
        "source-endip",
        "source-prefix6",
        "source-startip",
        "startport",
        "subnet-broadcast-in-ippool",
        "tcp-session-quota",
        "udp-session-quota",
        "utilization-alarm-clear",
        "utilization-alarm-raise",
        "client-prefix-length",
        "internal-prefix",
        "external-prefix",
    ],
    lost: &[],
};

const CENTRAL: Keys = Keys {
    used: &[
        "status",
        "srcintf",
        "dstintf",
        "orig-addr",
        "dst-addr",
        "orig-addr6",
        "dst-addr6",
        "nat-ippool",
        "nat-ippool6",
        "protocol",
        "orig-port",
        "dst-port",
        "nat",
        "type",
    ],
    neutral: &["nat-port", "port-preserve", "port-random", "fixedport"],
    lost: &[("nat46", &["disable"], reasons::NAT64), ("nat64", &["disable"], reasons::NAT64)],
};

/// Marks the pools and lists them as objects.
pub(super) fn pools(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> Vec<Object> {
    let mut out = Vec::new();
    for section in POOLS.iter().flat_map(|path| scope.sections(path)) {
        mark_table(section, &POOL, build);
        out.extend(section.children().map(|entry| Object {
            name: entry.name().to_owned(),
            kind: ObjectKind::Pool,
            line: entry.line(),
            uses: 0,
            source: None,
            predefined: false,
        }));
    }
    out
}

const POOLS: [&str; 2] = ["firewall ippool", "firewall ippool6"];

/// The addresses of pools.
fn pool_set(names: &[(&str, u32)], pools: &FxHashMap<String, AddrSet>) -> Option<AddrSet> {
    let set: AddrSet = names.iter().filter_map(|(name, _)| pools.get(*name).cloned()).collect();
    (!set.is_empty()).then_some(set)
}

/// Pools by name.
pub(super) fn pool_sets(scope: &Scope<'_, '_>) -> FxHashMap<String, AddrSet> {
    let entries = POOLS.iter().flat_map(|path| scope.entries(path));
    let read = |entry: Node<'_, '_>| {
        let set = net::between(entry.get("startip")?, entry.get("endip")?)?;
        Some((entry.name().to_owned(), set))
    };
    entries.filter_map(read).collect()
}

/// `set nat enable` of a policy: to the pool's addresses, else to that of the outgoing interface.
pub(super) fn by_policy(
    entry: Node<'_, '_>,
    rule: &Rule,
    user: &str,
    objects: &Objects,
) -> Option<NatRule> {
    if !entry.is("nat", "enable") || rule.action.is_deny() {
        return None;
    }
    let pooled = entry.is("ippool", "enable");
    let names = if pooled { entry.list("poolname") } else { Vec::new() };
    let names6 = if pooled { entry.list("poolname6") } else { Vec::new() };
    let pool = pool_set(&names, &objects.pools).into_iter();
    let pool: AddrSet = pool.chain(pool_set(&names6, &objects.pools)).collect();
    let to_src = if pool.is_empty() { outgoing(&rule.matches, objects) } else { Some(pool) };
    Some(NatRule {
        kind: NatKind::Source,
        name: user.to_owned(),
        enabled: rule.enabled,
        matches: rule.matches.clone(),
        to_src,
        to_dst: None,
        to_service: None,
        line: entry.setting("nat").map_or(entry.line(), |s| s.line),
        uses: None,
    })
}

/// The addresses of the interfaces that packets leave by, as far as they are known.
fn outgoing(traffic: &Traffic, objects: &Objects) -> Option<AddrSet> {
    if traffic.oif.is_any() {
        return None;
    }
    let all = &objects.interfaces.declared;
    let ranges = traffic.oif.ranges();
    let atoms = ranges.ranges().iter().flat_map(|&(lo, hi)| lo..=hi);
    let out: AddrSet = atoms
        .filter_map(|atom| all.get(atom))
        .flat_map(|interface| &interface.addresses)
        .filter(|prefix| traffic.src.has(Family::of(prefix.addr)))
        .map(|prefix| AddrSet::host(prefix.addr))
        .collect();
    (!out.is_empty()).then_some(out)
}

/// `config firewall central-snat-map`.
pub(super) fn central(
    scope: &Scope<'_, '_>,
    objects: &mut Objects,
    build: &mut Build<'_>,
) -> Vec<NatRule> {
    let mut out = Vec::new();
    for section in scope.sections("firewall central-snat-map") {
        mark_table(section, &CENTRAL, build);
        for entry in section.children() {
            out.push(central_rule(entry, objects));
        }
    }
    out
}

fn central_rule(entry: Node<'_, '_>, objects: &mut Objects) -> NatRule {
    let user = format!("central-snat-map {}", entry.name());
    let mut atoms = |key: &str| match entry.list(key).as_slice() {
        [] => AtomSet::ANY,
        names => objects.interfaces.atoms(names, &user, &mut objects.undefined),
    };
    let (iif, oif) = (atoms("srcintf"), atoms("dstintf"));
    let src = addresses(entry, "orig-addr", "orig-addr6", &user, objects);
    let dst = addresses(entry, "dst-addr", "dst-addr6", &user, objects);
    let pools = [entry.list("nat-ippool"), entry.list("nat-ippool6")].concat();
    let matches =
        Traffic { src, dst, service: central_service(entry), iif, oif, state: StateSet::ANY };
    let to_src = pool_set(&pools, &objects.pools).or_else(|| outgoing(&matches, objects));
    let identity = entry.is("nat", "disable");
    NatRule {
        kind: if identity { NatKind::Identity } else { NatKind::Source },
        name: user,
        enabled: !entry.is("status", "disable"),
        matches,
        to_src: to_src.filter(|_| !identity),
        to_dst: None,
        to_service: None,
        line: entry.line(),
        uses: None,
    }
}

fn addresses(
    entry: Node<'_, '_>,
    key: &str,
    key6: &str,
    user: &str,
    objects: &mut Objects,
) -> AddrSet {
    let mut sets = Vec::new();
    for (key, table) in [(key, &objects.v4), (key6, &objects.v6)] {
        for (name, line) in entry.list(key) {
            let extent = table
                .find(name)
                .unwrap_or_else(|| table.missing(name, line, user, &mut objects.undefined));
            sets.push(extent.most);
        }
    }
    AddrSet::union_all(&sets)
}

/// Protocol and original ports; 0 is any.
fn central_service(entry: Node<'_, '_>) -> ServiceSet {
    let span = |key: &str| {
        let text = entry.get(key).filter(|text| *text != "0")?;
        let (lo, hi) = text.split_once('-').unwrap_or((text, text));
        Some((lo.parse::<u16>().ok()?, hi.parse::<u16>().ok()?))
    };
    let (from, to) = (span("orig-port"), span("dst-port"));
    let all = (0, u16::MAX);
    let boxed = |proto| ServiceBox::ports(proto, from.unwrap_or(all), to.unwrap_or(all));
    match entry.number("protocol").and_then(|n| u8::try_from(n).ok()).filter(|n| *n != 0) {
        Some(proto) => boxed(proto).into(),
        None if from.is_none() && to.is_none() => ServiceSet::ANY,
        None => [boxed(TCP), boxed(UDP)].into_iter().collect(),
    }
}
