//! `config router static` and `static6`; dynamic routing is only recognised.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_model::{LineState, Message, Prefix, Route};

use super::interfaces::{Interfaces, prefix};
use super::keys::{Keys, mark_table};
use super::reasons;
use super::scope::Scope;
use super::tree::Node;
use crate::build::Build;

const OBJECT: &Message = &Message {
    sv: "rutter till namngivna objekt räknas inte in",
    en: "routes to named objects are not modelled",
};

const STATIC: Keys = Keys {
    used: &["dst", "gateway", "device", "status", "vrf", "blackhole"],
    neutral: &[
        "seq-num",
        "src",
        "distance",
        "weight",
        "priority",
        "dynamic-gateway",
        "sdwan",
        "sdwan-zone",
        "virtual-wan-link",
        "link-monitor-exempt",
        "bfd",
        "preferred-source",
        "tag",
        "devindex",
    ],
    lost: &[
        ("dstaddr", &[], OBJECT),
        ("internet-service", &["0"], OBJECT),
        ("internet-service-custom", &[], OBJECT),
    ],
};

/// Static routes of both versions.
pub(super) fn read(
    scope: &Scope<'_, '_>,
    interfaces: &mut Interfaces,
    build: &mut Build<'_>,
) -> Vec<Route> {
    let mut out = Vec::new();
    let tables: [(&str, IpAddr); 2] = [
        ("router static", Ipv4Addr::UNSPECIFIED.into()),
        ("router static6", Ipv6Addr::UNSPECIFIED.into()),
    ];
    for (path, any) in tables {
        for section in scope.sections(path) {
            mark_table(section, &STATIC, build);
            out.extend(section.children().filter_map(|entry| route(entry, any, interfaces)));
        }
    }
    for section in DYNAMIC.iter().flat_map(|path| scope.sections(path)) {
        mark_dynamic(section, build);
    }
    out
}

/// A route that is switched off, or leads to a named object, is none. Without a destination it is
/// the default route.
fn route(entry: Node<'_, '_>, any: IpAddr, interfaces: &mut Interfaces) -> Option<Route> {
    let named =
        entry.get("dstaddr").is_some() || entry.number("internet-service").is_some_and(|n| n != 0);
    if entry.is("status", "disable") || named {
        return None;
    }
    let to = match entry.setting("dst") {
        Some(setting) => prefix(setting)?,
        None => Prefix { addr: any, len: 0 },
    };
    let gateway = entry.get("gateway").and_then(|text| text.parse::<IpAddr>().ok());
    Some(Route {
        to,
        via: gateway.filter(|addr| !addr.is_unspecified()),
        interface: entry.get("device").map(|name| interfaces.declared.atom(name)),
        vrf: entry.get("vrf").filter(|v| *v != "0").map(str::to_owned),
        line: entry.line(),
    })
}

const DYNAMIC: [&str; 10] = [
    "router rip",
    "router ripng",
    "router ospf",
    "router ospf6",
    "router bgp",
    "router isis",
    "router multicast",
    "router multicast6",
    "router policy",
    "router policy6",
];

/// A routing protocol that talks to somebody is lost; one at its factory settings is nothing.
fn mark_dynamic(section: Node<'_, '_>, build: &mut Build<'_>) {
    const TALKS: [&str; 8] = [
        "neighbor",
        "neighbor-group",
        "area",
        "network",
        "ospf-interface",
        "ospf6-interface",
        "interface",
        "isis-interface",
    ];
    let inner = |name: &&str| section.entries_of(name).next().is_some();
    let policy = section.name().starts_with("router policy") && section.children().next().is_some();
    let state = if policy {
        LineState::Unsupported(reasons::POLICY_ROUTES)
    } else if TALKS.iter().any(inner) {
        LineState::Unsupported(reasons::LEARNED_ROUTES)
    } else {
        LineState::Neutral
    };
    section.mark_all(state, build);
}
