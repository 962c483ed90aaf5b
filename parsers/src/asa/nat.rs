//! Address translation since 8.3: `nat` of objects and `nat … source …` (twice NAT).
//!
//! Order of evaluation (ASA Firewall CLI Configuration Guide, "NAT Rule Order"): section 1, twice
//! NAT as written; section 2, object NAT, static before dynamic, fewer addresses first, then the
//! lower address, then the name; section 3, twice NAT with `after-auto`.

use std::net::IpAddr;

use portvakt_model::{Message, NatKind, NatRule};
use portvakt_space::{AddrSet, AtomSet, Family, RangeSet, ServiceBox, ServiceSet, Traffic};

use super::Reader;
use super::objects::Space;
use super::text::Cursor;
use super::value;
use crate::lines::Line;

const NOT_READ: &Message = &Message {
    sv: "en del av översättningen förstås inte",
    en: "part of the translation is not understood",
};

/// A `nat` line that waits for the objects it names.
struct Pending<'a> {
    line: Line<'a>,
    /// What follows the interfaces.
    words: Cursor<'a>,
    sides: Sides<'a>,
    /// The object that it stands in.
    object: Option<&'a str>,
}

/// `(real,mapped)`; `None` is any interface.
#[derive(Clone, Copy, Default)]
struct Sides<'a> {
    real: Option<&'a str>,
    mapped: Option<&'a str>,
}

/// The `nat` lines of a configuration.
#[derive(Default)]
pub(super) struct Lines<'a> {
    first: Vec<Pending<'a>>,
    objects: Vec<Pending<'a>>,
    after: Vec<Pending<'a>>,
}

impl<'a> Reader<'a, '_, '_> {
    /// `nat [(real,mapped)] [after-auto] source …`, or the `nat (inside) 1 …` of old.
    pub(super) fn nat(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.next();
        if words.peek().is_some_and(|w| w.starts_with('(') && !w.contains(',')) {
            return self.old_nat_line(line);
        }
        let sides = sides(&mut words);
        let after = words.eat("after-auto");
        if words.peek().is_some_and(|w| w.parse::<u32>().is_ok()) {
            words.next();
        }
        if !words.eat("source") {
            return self.unknown(line);
        }
        self.build.used(line.number);
        let pending = Pending { line, words, sides, object: None };
        if after {
            self.nat.after.push(pending);
        } else {
            self.nat.first.push(pending);
        }
    }

    /// `nat …` inside `object network NAME`.
    pub(super) fn object_nat(&mut self, name: &'a str, line: Line<'a>, mut words: Cursor<'a>) {
        let sides = sides(&mut words);
        self.build.used(line.number);
        self.nat.objects.push(Pending { line, words, sides, object: Some(name) });
    }

    /// Every translation of the device in the order of evaluation.
    pub(super) fn build_nat(&mut self) {
        let lines = std::mem::take(&mut self.nat);
        for pending in lines.first {
            self.twice(pending);
        }
        let mut section: Vec<(NatRule, SortKey)> = Vec::new();
        for pending in lines.objects {
            let key = self.object_key(&pending);
            if let Some(rule) = self.auto(pending) {
                section.push((rule, key));
            }
        }
        section.sort_by(|a, b| a.1.cmp(&b.1));
        self.device.nat.extend(section.into_iter().map(|(rule, _)| rule));
        for pending in lines.after {
            self.twice(pending);
        }
    }

    fn object_key(&mut self, pending: &Pending<'a>) -> SortKey {
        let name = pending.object.unwrap_or_default();
        let real = self.objects.peek_addresses(name);
        let size = real.size(Family::V4).saturating_add(real.size(Family::V6));
        let lowest = real.ranges().first().map(|(lo, _)| *lo);
        (pending.words.peek() != Some("static"), size, lowest, name.to_owned())
    }

    /// `static|dynamic MAPPED …` of an object.
    fn auto(&mut self, pending: Pending<'a>) -> Option<NatRule> {
        let Pending { line, mut words, sides, object } = pending;
        let name = object.unwrap_or_default();
        let real = self.objects.used(Space::Network, name, line.number, "nat").most();
        let mut rule = blank(line, name);
        match words.next() {
            Some("static") => {
                let mapped = self.mapped(&mut words, &real, sides.mapped, line.number);
                let service = flags(&mut words, &mut rule);
                rule.kind = if mapped == real { NatKind::Identity } else { NatKind::Static };
                self.inbound(&mut rule, sides, real, mapped, service);
            }
            Some("dynamic") => {
                rule.to_src = self.pool(&mut words, sides.mapped, line.number);
                flags(&mut words, &mut rule);
                rule.matches.src = real;
                rule.matches.iif = self.side(sides.real);
                rule.matches.oif = self.side(sides.mapped);
            }
            _ => {
                self.unknown(line);
                return None;
            }
        }
        self.check_rest(&words, line.number);
        Some(rule)
    }

    /// Fills a rule that is seen from the mapped side: packets to the mapped address. `service` is
    /// the real one and the mapped one.
    fn inbound(
        &mut self,
        rule: &mut NatRule,
        sides: Sides<'a>,
        real: AddrSet,
        mapped: AddrSet,
        service: Option<(ServiceSet, ServiceSet)>,
    ) {
        rule.matches.iif = self.side(sides.mapped);
        rule.matches.dst = mapped;
        rule.to_dst = (rule.kind != NatKind::Identity).then_some(real);
        if let Some((inner, outer)) = service {
            rule.to_service = Some(inner).filter(|inner| *inner != outer);
            rule.matches.service = outer;
        }
    }

    fn side(&mut self, name: Option<&str>) -> AtomSet {
        name.map_or(AtomSet::ANY, |n| AtomSet::one(self.device.interfaces.atom(n)))
    }

    /// `source static|dynamic REAL MAPPED [interface] [destination static MAPPED REAL] [service …]`.
    fn twice(&mut self, pending: Pending<'a>) {
        let Pending { line, mut words, sides, .. } = pending;
        let n = line.number;
        let text = words.rest().text;
        let is_static = words.next() == Some("static");
        let (Some(real_name), Some(mapped_name)) = (words.next(), words.peek()) else {
            return self.unknown(line);
        };
        let real = self.nat_address(real_name, sides.real, n);
        let mut rule = blank(line, &title(text));
        let (mapped, pool) = if is_static {
            words.next();
            (self.nat_address(mapped_name, sides.mapped, n), None)
        } else {
            (AddrSet::ANY, self.pool(&mut words, sides.mapped, n))
        };
        let destination = words.eat_all(&["destination", "static"]).then(|| {
            let [seen, true_one] = [words.next(), words.next()].map(Option::unwrap_or_default);
            let seen = self.nat_address(seen, sides.real, n);
            (seen, self.nat_address(true_one, sides.mapped, n))
        });
        let service = if words.eat("service") {
            let [from, to] = [words.next(), words.next()].map(Option::unwrap_or_default);
            Some((self.nat_service(from, n), self.nat_service(to, n)))
        } else {
            None
        };
        let unidirectional = words.rest().text.split(' ').any(|w| w == "unidirectional");
        flags(&mut words, &mut rule);
        let same_source = is_static && (real_name == mapped_name || real == mapped);
        if is_static && !same_source && !unidirectional {
            self.both_ways(&mut rule, sides, (real, mapped), destination, service);
        } else {
            let to = if is_static { Some(mapped).filter(|_| !same_source) } else { pool };
            self.outbound(&mut rule, sides, real, to, destination, service);
            if same_source {
                let moved = rule.to_dst.is_some();
                rule.kind = if moved { NatKind::Destination } else { NatKind::Identity };
            }
        }
        self.check_rest(&words, n);
        self.device.nat.push(rule);
    }

    /// A static translation, seen from the mapped side.
    fn both_ways(
        &mut self,
        rule: &mut NatRule,
        sides: Sides<'a>,
        (real, mapped): (AddrSet, AddrSet),
        destination: Option<(AddrSet, AddrSet)>,
        service: Option<(ServiceSet, ServiceSet)>,
    ) {
        rule.kind = NatKind::Static;
        let back = service.map(|(real, mapped)| (reversed(&real), reversed(&mapped)));
        self.inbound(rule, sides, real, mapped, back);
        if let Some((seen, true_one)) = destination {
            rule.to_src = Some(seen).filter(|s| *s != true_one);
            rule.matches.src = true_one;
        }
    }

    /// A translation that is seen from the real side.
    fn outbound(
        &mut self,
        rule: &mut NatRule,
        sides: Sides<'a>,
        real: AddrSet,
        to: Option<AddrSet>,
        destination: Option<(AddrSet, AddrSet)>,
        service: Option<(ServiceSet, ServiceSet)>,
    ) {
        rule.matches.src = real;
        rule.matches.iif = self.side(sides.real);
        rule.matches.oif = self.side(sides.mapped);
        rule.to_src = to;
        if let Some((seen, true_one)) = destination {
            rule.to_dst = Some(true_one).filter(|t| *t != seen);
            rule.matches.dst = seen;
        }
        if let Some((from, to)) = service {
            rule.to_service = Some(to).filter(|to| *to != from);
            rule.matches.service = from;
        }
    }

    /// An address of a twice NAT: a name, `any`, `interface` or a literal.
    fn nat_address(&mut self, word: &'a str, side: Option<&str>, line: u32) -> AddrSet {
        match word {
            "any" => AddrSet::ANY,
            "any4" => AddrSet::all(Family::V4),
            "any6" => AddrSet::all(Family::V6),
            "interface" => self.own_address(side),
            _ if self.objects.has(Space::Network, word) => {
                self.objects.used(Space::Network, word, line, "nat").most()
            }
            _ => match self.names.ip(word) {
                Some(ip) => AddrSet::host(ip),
                None => self.objects.used(Space::Network, word, line, "nat").most(),
            },
        }
    }

    /// The address of an interface; any IPv4 address where it is given out by another.
    fn own_address(&self, side: Option<&str>) -> AddrSet {
        let hosts = side.map(|name| self.interface_hosts(name).only(Family::V4));
        hosts.filter(|h| !h.is_empty()).unwrap_or(AddrSet::all(Family::V4))
    }

    /// The mapped addresses of a static object NAT. A literal stands for as many addresses as the
    /// object has.
    fn mapped(
        &mut self,
        words: &mut Cursor<'a>,
        real: &AddrSet,
        side: Option<&str>,
        line: u32,
    ) -> AddrSet {
        let Some(word) = words.next() else { return AddrSet::ANY };
        if word == "interface" {
            words.eat("ipv6");
            return self.own_address(side);
        }
        let is_name = self.objects.has(Space::Network, word);
        match self.names.ip(word).filter(|_| !is_name) {
            Some(first) => as_many(first, real),
            None => self.nat_address(word, side, line),
        }
    }

    /// What a dynamic translation may put in place of the source.
    fn pool(&mut self, words: &mut Cursor<'a>, side: Option<&str>, line: u32) -> Option<AddrSet> {
        let mut pool = AddrSet::NONE;
        let mut known = true;
        if !matches!(words.peek(), Some("pat-pool" | "interface")) {
            let word = words.next()?;
            pool = self.nat_address(word, side, line);
        }
        if words.eat("pat-pool") {
            let word = words.next()?;
            pool = pool.union(&self.nat_address(word, side, line));
        }
        // After the pool stand its options, then `interface` as the last resort.
        while let Some(
            "extended" | "flat" | "include-reserve" | "block-allocation" | "round-robin",
        ) = words.peek()
        {
            words.next();
        }
        if words.eat("interface") {
            words.eat("ipv6");
            let own = side.map(|name| self.interface_hosts(name)).unwrap_or_default();
            known = !own.is_empty();
            pool = pool.union(&own);
        }
        Some(pool).filter(|_| known)
    }

    fn nat_service(&mut self, word: &'a str, line: u32) -> ServiceSet {
        if word == "any" {
            return ServiceSet::ANY;
        }
        let value = self.objects.used(Space::Service, word, line, "nat");
        value.with_ports().filter(|_| value.is_exact()).unwrap_or(ServiceSet::ANY)
    }

    fn check_rest(&mut self, words: &Cursor<'a>, line: u32) {
        if !words.is_done() {
            self.build.unsupported(line, NOT_READ);
        }
    }
}

pub(super) fn blank(line: Line<'_>, name: &str) -> NatRule {
    NatRule {
        kind: NatKind::Source,
        name: name.to_owned(),
        enabled: true,
        matches: Traffic::ANY,
        to_src: None,
        to_dst: None,
        to_service: None,
        line: line.number,
        uses: None,
    }
}

/// Static before dynamic, fewer addresses, lower address, name.
type SortKey = (bool, u128, Option<IpAddr>, String);

/// `(real,mapped)`, if it is there.
fn sides<'a>(words: &mut Cursor<'a>) -> Sides<'a> {
    let Some(pair) = words.peek().and_then(|w| w.strip_prefix('(')) else {
        return Sides::default();
    };
    words.next();
    // `(inside, outside)` may have a blank.
    let (real, mapped) = match pair.trim_end_matches(')').split_once(',') {
        Some((real, "")) => (real, words.next().unwrap_or_default().trim_end_matches(')')),
        Some(both) => both,
        None => (pair, ""),
    };
    let named = |n: &'a str| Some(n.trim()).filter(|n| !n.is_empty() && *n != "any");
    Sides { real: named(real), mapped: named(mapped) }
}

/// Words after the addresses; gives the services of a `service tcp REAL MAPPED`, (real, mapped).
fn flags(words: &mut Cursor<'_>, rule: &mut NatRule) -> Option<(ServiceSet, ServiceSet)> {
    let mut service = None;
    while let Some(word) = words.peek() {
        match word {
            "dns" | "no-proxy-arp" | "route-lookup" | "unidirectional" | "net-to-net"
            | "extended" | "flat" | "include-reserve" | "block-allocation" | "round-robin"
            | "ipv6" => {}
            "inactive" => rule.enabled = false,
            "description" => while words.next().is_some() {},
            "service" => {
                let mut ahead = words.clone();
                ahead.next();
                let Some(pair) = port_pair(&mut ahead) else { return service };
                service = Some(pair);
                *words = ahead;
                continue;
            }
            _ => return service,
        }
        words.next();
    }
    service
}

fn port_pair(words: &mut Cursor<'_>) -> Option<(ServiceSet, ServiceSet)> {
    let protocols = value::protocols(words.next()?)?;
    let mut one = || {
        let port = value::port(words.next()?)?;
        value::services(&protocols, &RangeSet::full(), &RangeSet::one(port))
    };
    Some((one()?, one()?))
}

/// As many addresses from `first` on as `real` has, when it is one range.
fn as_many(first: IpAddr, real: &AddrSet) -> AddrSet {
    let (v4, v6) = (real.v4(), real.v6());
    match (first, v4.ranges(), v6.ranges()) {
        (IpAddr::V4(ip), &[(lo, hi)], []) => {
            let last = u32::from(ip).saturating_add(hi - lo);
            AddrSet::range(first, std::net::Ipv4Addr::from(last).into())
        }
        (IpAddr::V6(ip), [], &[(lo, hi)]) => {
            let last = u128::from(ip).saturating_add(hi - lo);
            AddrSet::range(first, std::net::Ipv6Addr::from(last).into())
        }
        _ => AddrSet::host(first),
    }
}

/// Services of packets that go the other way.
fn reversed(services: &ServiceSet) -> ServiceSet {
    let swap = |b: &ServiceBox| ServiceBox { sport: b.dport, dport: b.sport, ..*b };
    services.boxes().iter().map(swap).collect()
}

/// The words that tell one twice NAT from another.
fn title(text: &str) -> String {
    text.split(" description ").next().unwrap_or(text).trim().to_owned()
}
