//! Address translation before 8.3: `nat`, `global` and `static`, as PIX, FWSM and early ASA have it.
//!
//! Order of evaluation (ASA 8.2 CLI Configuration Guide, "Order of NAT Commands Used to Match Real
//! Addresses"): exemptions (`nat 0 access-list`), then statics as written, then `nat … access-list`
//! as written, then plain `nat`, of which the best match wins.

use std::rc::Rc;

use portvakt_model::{Action, Message, NatKind, NatRule};
use portvakt_space::{AddrSet, AtomSet, Family, RangeSet, TCP, Traffic, UDP};
use rustc_hash::FxHashMap;

use super::Reader;
use super::nat::blank;
use super::reasons;
use super::text::Cursor;
use super::value;
use crate::lines::Line;

const ALIAS: &Message = &Message {
    sv: "adressöversättning med alias räknas inte in",
    en: "address translation by alias is not modelled",
};

/// A `nat (if) ID …`.
struct Inside<'a> {
    line: Line<'a>,
    interface: &'a str,
    id: &'a str,
    what: What<'a>,
}

/// What is translated.
enum What<'a> {
    Network(AddrSet),
    List(&'a str),
}

/// A `static (real,mapped) …`.
struct Fixed<'a> {
    line: Line<'a>,
    real: &'a str,
    mapped: &'a str,
    protocol: Option<u8>,
    /// Mapped address; `None` is that of the mapped interface.
    outer: Option<AddrSet>,
    outer_port: Option<u16>,
    inner: What<'a>,
    inner_port: Option<u16>,
}

/// The translations of a configuration.
#[derive(Default)]
pub(super) struct Lines<'a> {
    inside: Vec<Inside<'a>>,
    fixed: Vec<Fixed<'a>>,
    /// Pools by their number: interface and addresses, `None` where the address is not known.
    pools: FxHashMap<&'a str, Vec<(&'a str, Option<AddrSet>)>>,
}

/// A static translation as access lists of its mapped interface see it.
pub(super) struct Shift {
    /// Atom of the mapped interface.
    pub(super) mapped: u32,
    pub(super) outer: AddrSet,
    pub(super) inner: AddrSet,
    /// Protocol, mapped port, real port.
    pub(super) port: Option<(u8, u16, u16)>,
    /// Whether it holds for some destinations only.
    pub(super) partly: bool,
}

impl<'a> Reader<'a, '_, '_> {
    /// `nat (if) …`, `global (if) …` or `static (real,mapped) …`.
    pub(super) fn old_nat_line(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let read = match words.next() {
            Some("nat") => self.old_inside(line, words),
            Some("global") => self.old_pool(words),
            _ => self.old_static(line, words),
        };
        match read {
            Some(()) => self.build.used(line.number),
            None => self.lost(line, reasons::TRANSLATION),
        }
    }

    /// `alias`, which translates in both directions at once.
    pub(super) fn old_alias(&mut self, line: Line<'a>) {
        self.lost(line, ALIAS);
    }

    fn old_inside(&mut self, line: Line<'a>, mut words: Cursor<'a>) -> Option<()> {
        let interface = words.next()?.trim_start_matches('(').trim_end_matches(')');
        let id = words.next()?;
        let what = if words.eat("access-list") {
            let list = words.next()?;
            self.list_use(list, format!("nat ({interface}) {id}"), line.number);
            What::List(list)
        } else {
            let first = words.next()?;
            let mask = words.peek().filter(|m| self.names.ip(m).is_some());
            let mask = mask.unwrap_or(if first == "0" { "0" } else { "255.255.255.255" });
            What::Network(self.names.masked(first, mask)?)
        };
        self.old.inside.push(Inside { line, interface, id, what });
        Some(())
    }

    fn old_pool(&mut self, mut words: Cursor<'a>) -> Option<()> {
        let interface = words.next()?.trim_start_matches('(').trim_end_matches(')');
        let id = words.next()?;
        let word = words.next()?;
        let pool = if word == "interface" {
            Some(self.interface_hosts(interface)).filter(|h| !h.is_empty())
        } else if let Some((lo, hi)) = word.split_once('-') {
            let (lo, hi) = (self.names.ip(lo)?, self.names.ip(hi)?);
            Some(AddrSet::range(lo, hi))
        } else {
            Some(AddrSet::host(self.names.ip(word)?))
        };
        self.old.pools.entry(id).or_default().push((interface, pool));
        Some(())
    }

    fn old_static(&mut self, line: Line<'a>, mut words: Cursor<'a>) -> Option<()> {
        let pair = words.next()?.trim_start_matches('(');
        let (real, mapped) = match pair.trim_end_matches(')').split_once(',')? {
            (real, "") => (real, words.next()?.trim_end_matches(')')),
            both => both,
        };
        let protocol = match words.peek()? {
            "tcp" => Some(TCP),
            "udp" => Some(UDP),
            _ => None,
        };
        if protocol.is_some() {
            words.next();
        }
        let outer = match words.next()? {
            "interface" => None,
            word => Some(self.names.ip(word)?),
        };
        let outer_port = match protocol {
            Some(_) => Some(value::port(words.next()?)?),
            None => None,
        };
        let (inner, inner_port, size) = if words.eat("access-list") {
            let list = words.next()?;
            self.list_use(list, format!("static ({real},{mapped})"), line.number);
            (What::List(list), None, None)
        } else {
            let address = words.next()?;
            let port = match protocol {
                Some(_) => Some(value::port(words.next()?)?),
                None => None,
            };
            let mask = if words.eat("netmask") { words.next()? } else { "255.255.255.255" };
            // A redirected port is of one address, whatever the mask says.
            let mask = if protocol.is_some() { "255.255.255.255" } else { mask };
            (What::Network(self.names.masked(address, mask)?), port, Some(mask))
        };
        let outer = match (outer, size) {
            (Some(ip), Some(mask)) => Some(self.names.masked(&ip.to_string(), mask)?),
            (Some(ip), None) => Some(AddrSet::host(ip)),
            (None, _) => None,
        };
        let fixed = Fixed { line, real, mapped, protocol, outer, outer_port, inner, inner_port };
        self.old.fixed.push(fixed);
        Some(())
    }

    /// Every translation in the order of evaluation, then the lists that see mapped addresses.
    pub(super) fn build_old_nat(&mut self) {
        let lines = std::mem::take(&mut self.old);
        let pools: FxHashMap<&str, Rc<Pool>> =
            lines.pools.iter().map(|(id, parts)| (*id, Rc::new(self.pool_of(parts)))).collect();
        let order = |i: &Inside<'_>| match (&i.what, i.id) {
            (What::List(_), "0") => 0,
            (What::List(_), _) => 1,
            (What::Network(_), _) => 2,
        };
        for inside in lines.inside.iter().filter(|i| order(i) == 0) {
            self.exempt(inside);
        }
        let shifts: Vec<Shift> =
            lines.fixed.iter().filter_map(|fixed| self.fixed_rule(fixed)).collect();
        for rank in 1..=2 {
            for inside in lines.inside.iter().filter(|i| order(i) == rank) {
                self.dynamic(inside, pools.get(inside.id));
            }
        }
        if self.dialect.old_nat {
            let mapped = lines.pools.values().flatten();
            let pooled = mapped.map(|(name, set)| (self.device.interfaces.atom(name), set.clone()));
            let pooled: Vec<_> = pooled.collect();
            self.see_real_addresses(&shifts, &pooled);
        }
    }

    fn pool_of(&mut self, parts: &[(&'a str, Option<AddrSet>)]) -> Pool {
        let oif = parts.iter().map(|(name, _)| self.device.interfaces.atom(name)).collect();
        let known = parts.iter().map(|(_, set)| set.clone()).collect::<Option<Vec<_>>>();
        Pool { oif, addresses: known.map(|sets| AddrSet::union_all(&sets)) }
    }

    /// What a list permits, as traffic that comes in by an interface.
    fn permits(&mut self, list: &str, interface: &str) -> Vec<Traffic> {
        let iif = AtomSet::one(self.device.interfaces.atom(interface));
        let id = self.list_ids.get(list);
        let ruleset = id.and_then(|id| self.device.rulesets.get(id.0 as usize));
        let rules = ruleset.into_iter().flat_map(|r| &r.rules);
        rules
            .filter(|r| r.enabled && r.action == Action::Permit)
            .map(|r| Traffic { iif: iif.clone(), ..r.matches.clone() })
            .collect()
    }

    fn exempt(&mut self, inside: &Inside<'a>) {
        let What::List(list) = inside.what else { return };
        for matches in self.permits(list, inside.interface) {
            let mut rule = blank(inside.line, list);
            rule.kind = NatKind::Identity;
            rule.matches = matches;
            self.device.nat.push(rule);
        }
    }

    fn dynamic(&mut self, inside: &Inside<'a>, pool: Option<&Rc<Pool>>) {
        let (name, sources) = match &inside.what {
            What::List(list) => (*list, self.permits(list, inside.interface)),
            What::Network(set) => {
                let iif = AtomSet::one(self.device.interfaces.atom(inside.interface));
                let dst = AddrSet::all(Family::V4);
                let traffic = Traffic { src: set.clone(), dst, iif, ..Traffic::ANY };
                (inside.interface, vec![traffic])
            }
        };
        let is_identity = inside.id == "0";
        for matches in sources {
            let mut rule = blank(inside.line, &format!("{name} {}", inside.id));
            rule.matches = matches;
            if is_identity {
                rule.kind = NatKind::Identity;
            } else if let Some(pool) = pool {
                rule.matches.oif = pool.oif.clone();
                rule.to_src.clone_from(&pool.addresses);
            } else {
                // Without a pool of that number there is nowhere to translate to.
                rule.enabled = false;
            }
            self.device.nat.push(rule);
        }
    }

    fn fixed_rule(&mut self, fixed: &Fixed<'a>) -> Option<Shift> {
        let mapped = self.device.interfaces.atom(fixed.mapped);
        let own = self.interface_hosts(fixed.mapped).only(Family::V4);
        let known_outer = fixed.outer.clone().or(Some(own).filter(|o| !o.is_empty()));
        let (inner, inner_port, partly) = match &fixed.inner {
            What::Network(set) => (set.clone(), fixed.inner_port, false),
            What::List(list) => self.policy(list, fixed.real)?,
        };
        let outer = known_outer.clone().map(|o| fit(o, &inner));
        let mut rule: NatRule = blank(fixed.line, &format!("({},{})", fixed.real, fixed.mapped));
        let same = outer.as_ref() == Some(&inner) && fixed.outer_port == inner_port;
        rule.kind = if same { NatKind::Identity } else { NatKind::Static };
        rule.matches.iif = AtomSet::one(mapped);
        rule.matches.dst = outer.clone().unwrap_or(AddrSet::all(Family::V4));
        let port = |p: u16| {
            let protocol = fixed.protocol.unwrap_or(TCP);
            value::services(&[(protocol, protocol)], &RangeSet::full(), &RangeSet::one(p))
        };
        if let Some(service) = fixed.outer_port.and_then(port) {
            rule.matches.service = service;
        }
        let inner_port = inner_port.or(fixed.outer_port);
        if inner_port != fixed.outer_port {
            rule.to_service = inner_port.and_then(port);
        }
        rule.to_dst = (!same).then(|| inner.clone());
        self.device.nat.push(rule);
        let port = fixed.protocol.and_then(|p| Some((p, fixed.outer_port?, inner_port?)));
        let outer = outer.filter(|_| !same)?;
        Some(Shift { mapped, outer, inner, port, partly })
    }

    /// Real address and port of a static that an access list describes, and whether it holds for
    /// some destinations only.
    fn policy(&mut self, list: &str, real: &str) -> Option<(AddrSet, Option<u16>, bool)> {
        let permits = self.permits(list, real);
        let first = permits.first()?;
        let everywhere = first.dst.is_all(Family::V4) || first.dst.is_any();
        let port = match first.service.boxes() {
            [only] if only.sport.0 == only.sport.1 => Some(only.sport.0),
            _ => None,
        };
        let src = AddrSet::union_all(permits.iter().map(|p| &p.src));
        Some((src, port, permits.len() > 1 || !everywhere))
    }
}

/// Pool of mapped sources.
struct Pool {
    oif: AtomSet,
    addresses: Option<AddrSet>,
}

/// A mapped address stands for as many addresses as the real ones are, when they are one range.
fn fit(outer: AddrSet, inner: &AddrSet) -> AddrSet {
    let (from, to) = (outer.v4(), inner.v4());
    match (from.ranges(), to.ranges()) {
        (&[(lo, hi)], &[(first, last)]) if lo == hi && first < last => AddrSet::from_parts(
            RangeSet::range(lo, lo.saturating_add(last - first)),
            RangeSet::empty(),
        ),
        _ => outer,
    }
}
