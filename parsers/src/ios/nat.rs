//! Address translation.

use std::net::{IpAddr, Ipv4Addr};

use portvakt_model::{Action, NatKind, NatRule, ObjectKind, Prefix, Rule};
use portvakt_space::{AddrSet, AtomSet, Family, ServiceBox, ServiceSet, TCP, Traffic, UDP};
use rustc_hash::{FxHashMap, FxHashSet};

use super::args::Args;
use super::config::Command;
use super::reasons;
use super::{Ios, names, ports};
use crate::net;

/// Translations, resolved when interfaces and lists are known.
#[derive(Default)]
pub(super) struct Pending {
    rules: Vec<Translation>,
    pools: FxHashMap<String, (Option<AddrSet>, usize)>,
    /// What lists select.
    selected: FxHashMap<String, Traffic>,
    inside: Option<AtomSet>,
    outside: Option<AtomSet>,
}

struct Translation {
    line: u32,
    how: How,
}

enum How {
    /// `ip nat inside source list … pool|interface …`.
    Dynamic { list: Selector, to: Target, outside: bool },
    /// `ip nat inside destination list … pool …`.
    Balanced { list: String, pool: String },
    /// `ip nat inside|outside source static …`.
    Static { real: AddrSet, mapped: Mapped, ports: Option<Ports>, outside: bool },
}

enum Selector {
    List(String),
    RouteMap(String),
}

enum Target {
    Pool(String),
    Interface(String),
}

enum Mapped {
    Addresses(AddrSet),
    Interface(String),
}

struct Ports {
    proto: u8,
    real: u16,
    mapped: u16,
}

impl Pending {
    /// Route maps that select what is translated.
    pub(super) fn route_maps(&self) -> FxHashSet<String> {
        let map = |t: &Translation| match &t.how {
            How::Dynamic { list: Selector::RouteMap(map), .. } => Some(map.clone()),
            _ => None,
        };
        self.rules.iter().filter_map(map).collect()
    }
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["ip", "nat", rest @ ..] = command.words() else { return false };
    if command.no() {
        ios.neutral(command);
        return true;
    }
    let how = match rest {
        ["pool", name, rest @ ..] => {
            pool(ios, command, name, rest);
            return true;
        }
        ["translation" | "log" | "service" | "settings" | "route" | "switchover" | "scan", ..] => {
            ios.neutral(command);
            return true;
        }
        ["inside", "source", "static", rest @ ..] => fixed(rest, false),
        ["outside", "source", "static", rest @ ..] => fixed(rest, true),
        ["inside", "source", "list", list, rest @ ..] => {
            dynamic(Selector::List((*list).to_owned()), rest, false)
        }
        ["inside", "source", "route-map", map, rest @ ..] => {
            dynamic(Selector::RouteMap((*map).to_owned()), rest, false)
        }
        ["outside", "source", "list", list, rest @ ..] => {
            dynamic(Selector::List((*list).to_owned()), rest, true)
        }
        ["inside", "destination", "list", list, "pool", pool, ..] => {
            Some(How::Balanced { list: (*list).to_owned(), pool: (*pool).to_owned() })
        }
        _ => None,
    };
    match how {
        Some(how) => {
            ios.nat.rules.push(Translation { line: command.number(), how });
            ios.used(command);
        }
        None => ios.lost(command, reasons::TRANSLATION_FORM),
    }
    true
}

fn dynamic(list: Selector, words: &[&str], outside: bool) -> Option<How> {
    let to = match words {
        ["pool", name, ..] => Target::Pool((*name).to_owned()),
        ["interface", name @ ..] => Target::Interface(names::interface(name)?),
        _ => return None,
    };
    Some(How::Dynamic { list, to, outside })
}

/// `A B`, `tcp A p B q`, `tcp A p interface X q`, `network A B mask`.
fn fixed(words: &[&str], outside: bool) -> Option<How> {
    let mut args = Args::new(words);
    let proto = args.try_next(|w| match w {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        _ => None,
    });
    let network = args.eat("network");
    let real: Ipv4Addr = args.next()?.parse().ok()?;
    let real_port = match proto {
        Some(_) => Some(ports::number(args.next()?)?),
        None => None,
    };
    let mapped = if args.eat("interface") {
        Mapped::Interface(args.try_next(|w| names::interface(&[w]))?)
    } else {
        Mapped::Addresses(AddrSet::host(args.next()?.parse::<Ipv4Addr>().ok()?.into()))
    };
    let ports = match (proto, real_port) {
        (Some(proto), Some(real)) => {
            Some(Ports { proto, real, mapped: ports::number(args.next()?)? })
        }
        _ => None,
    };
    let mut how = How::Static { real: AddrSet::host(real.into()), mapped, ports, outside };
    if network {
        widen(&mut how, real, args.next()?)?;
    }
    Some(how)
}

/// `network` translates a whole prefix; its mask comes last, as a mask or a length.
fn widen(how: &mut How, addr: Ipv4Addr, mask: &str) -> Option<()> {
    let len = match mask.strip_prefix('/') {
        Some(len) => len.parse().ok().filter(|len| *len <= 32)?,
        None => net::mask_len(mask.parse().ok()?)?,
    };
    let network = |addr: IpAddr| Prefix { addr, len }.network();
    if let How::Static { real, mapped: Mapped::Addresses(mapped), .. } = how {
        *real = network(addr.into());
        let first = mapped.ranges().first()?.0;
        *mapped = network(first);
    }
    Some(())
}

/// `NAME first last netmask M`, or ranges in the lines below.
fn pool(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, words: &[&str]) {
    let mut ranges = Vec::new();
    if let [first, last, ..] = words
        && let Some(set) = net::between(first, last)
    {
        ranges.push(set);
    }
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["address" | "range", first, last, ..] if net::between(first, last).is_some() => {
                ranges.extend(net::between(first, last));
                ios.used(child);
            }
            _ => ios.unknown(child),
        }
    }
    let set = (!ranges.is_empty()).then(|| AddrSet::union_all(&ranges));
    let object = ios.object(name, ObjectKind::Pool, command.number());
    ios.nat.pools.insert(name.to_owned(), (set, object));
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    for translation in std::mem::take(&mut ios.nat.rules) {
        let rule = match translation.how {
            How::Dynamic { list, to, outside } => {
                source(ios, &list, &to, outside, translation.line)
            }
            How::Balanced { list, pool } => balanced(ios, &list, &pool, translation.line),
            How::Static { real, mapped, ports, outside } => {
                one_to_one(ios, real, &mapped, ports.as_ref(), outside, translation.line)
            }
        };
        ios.device.nat.push(rule);
    }
}

fn source(
    ios: &mut Ios<'_, '_>,
    list: &Selector,
    to: &Target,
    outside: bool,
    line: u32,
) -> NatRule {
    let name = match list {
        Selector::List(name) | Selector::RouteMap(name) => name.clone(),
    };
    let mut matches = match list {
        Selector::List(name) => selected(ios, name, line),
        Selector::RouteMap(map) => by_route_map(ios, map),
    };
    (matches.iif, matches.oif) = sides(ios, outside);
    let to_src = match to {
        Target::Pool(pool) => pooled(ios, pool, line),
        Target::Interface(name) => own_address(ios, name),
    };
    NatRule { to_src, ..rule(NatKind::Source, name, matches, line) }
}

fn balanced(ios: &mut Ios<'_, '_>, list: &str, pool: &str, line: u32) -> NatRule {
    let chosen = selected(ios, list, line);
    let (oif, iif) = sides(ios, false);
    let v4 = Traffic::all(Family::V4);
    let matches = Traffic { dst: chosen.src, iif, oif, ..v4 };
    let to_dst = pooled(ios, pool, line);
    NatRule { to_dst, ..rule(NatKind::Destination, list.to_owned(), matches, line) }
}

fn one_to_one(
    ios: &mut Ios<'_, '_>,
    real: AddrSet,
    mapped: &Mapped,
    ports: Option<&Ports>,
    outside: bool,
    line: u32,
) -> NatRule {
    let (inside, out) = sides(ios, outside);
    let mapped = match mapped {
        Mapped::Addresses(set) => set.clone(),
        // An address that the configuration does not tell may be any.
        Mapped::Interface(name) => own_address(ios, name).unwrap_or(AddrSet::all(Family::V4)),
    };
    let service = |port| ServiceSet::from(ServiceBox::to(port_proto(ports), port, port));
    let v4 = Traffic::all(Family::V4);
    let matches = Traffic {
        dst: mapped,
        service: ports.map_or(ServiceSet::ANY, |p| service(p.mapped)),
        iif: out,
        oif: inside,
        ..v4
    };
    let kind = if ports.is_some() { NatKind::Destination } else { NatKind::Static };
    let to_service = ports.map(|p| service(p.real));
    let name = format!("static {line}");
    NatRule { to_dst: Some(real), to_service, ..rule(kind, name, matches, line) }
}

fn port_proto(ports: Option<&Ports>) -> u8 {
    ports.map_or(TCP, |p| p.proto)
}

fn rule(kind: NatKind, name: String, matches: Traffic, line: u32) -> NatRule {
    NatRule {
        kind,
        name,
        enabled: true,
        matches,
        to_src: None,
        to_dst: None,
        to_service: None,
        line,
        uses: None,
    }
}

/// Where translated packets come in and leave: the two sides, exchanged for `ip nat outside`.
fn sides(ios: &mut Ios<'_, '_>, outside: bool) -> (AtomSet, AtomSet) {
    let set = |atoms: &Vec<u32>| atoms.iter().copied().collect::<AtomSet>();
    let inner = ios.nat.inside.get_or_insert_with(|| set(&ios.interfaces.inside)).clone();
    let outer = ios.nat.outside.get_or_insert_with(|| set(&ios.interfaces.outside)).clone();
    if outside { (outer, inner) } else { (inner, outer) }
}

/// What a list selects, at most. A list that nothing defines selects nothing.
fn selected(ios: &mut Ios<'_, '_>, list: &str, line: u32) -> Traffic {
    if let Some(known) = ios.nat.selected.get(list) {
        return known.clone();
    }
    let v4 = Traffic::all(Family::V4);
    let Some(id) = ios.lists.find(Family::V4, list) else {
        ios.undefined("access-list", list, line, "nat");
        return Traffic { src: AddrSet::NONE, ..v4 };
    };
    let ruleset = &mut ios.device.rulesets[id.0 as usize];
    ruleset.other_uses.push("nat".to_owned());
    let permits: Vec<&Rule> = ruleset.rules.iter().filter(|r| r.action == Action::Permit).collect();
    let traffic = match permits[..] {
        [only] if ruleset.rules.len() == 1 => only.matches.clone(),
        _ => {
            let dst = AddrSet::union_all(permits.iter().map(|r| &r.matches.dst));
            Traffic { src: super::acl::permitted_sources(&ruleset.rules), dst, ..v4 }
        }
    };
    ios.nat.selected.insert(list.to_owned(), traffic.clone());
    traffic
}

/// What a route map selects, at most.
fn by_route_map(ios: &mut Ios<'_, '_>, map: &str) -> Traffic {
    let v4 = Traffic::all(Family::V4);
    let lists = ios.classes.route_map_lists(map);
    let sources: Vec<AddrSet> =
        lists.iter().filter_map(|list| ios.sources(Family::V4, list)).collect();
    if lists.is_empty() || sources.len() < lists.len() {
        v4
    } else {
        Traffic { src: AddrSet::union_all(&sources), ..v4 }
    }
}

fn pooled(ios: &mut Ios<'_, '_>, pool: &str, line: u32) -> Option<AddrSet> {
    if let Some((set, object)) = ios.nat.pools.get(pool) {
        ios.device.objects[*object].uses += 1;
        set.clone()
    } else {
        ios.undefined("pool", pool, line, "nat");
        None
    }
}

fn own_address(ios: &Ios<'_, '_>, name: &str) -> Option<AddrSet> {
    let atom = ios.device.interfaces.find(name)?;
    let addresses = &ios.device.interfaces.get(atom)?.addresses;
    addresses.iter().find(|p| p.addr.is_ipv4()).map(|p| AddrSet::host(p.addr))
}
