//! Seeded lists of any length: one like real access lists, one made to be hard.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_space::{AddrSet, Class, Family, RangeSet, ServiceBox, ServiceSet, TCP, Traffic, UDP};

/// `SplitMix64`: the same numbers everywhere, for ever.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> 64) as u64
    }

    /// A number below `end`, low ones more often.
    fn skewed(&mut self, end: u64) -> usize {
        let (a, b) = (self.below(1 << 20), self.below(1 << 20));
        ((((a * b) >> 20) * end) >> 20) as usize
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

/// A rule of one product.
pub(crate) type Line = (Class, Traffic);

const PORTS: [u16; 38] = [
    20, 21, 22, 23, 25, 53, 67, 69, 80, 88, 110, 111, 119, 123, 135, 137, 138, 139, 143, 161, 162,
    179, 389, 443, 445, 465, 514, 587, 636, 993, 995, 1433, 1521, 3306, 3389, 5060, 8080, 8443,
];

/// A list like those of access lists: nested prefixes used again and again, well-known ports, a
/// few wide rules, one rule in a hundred that only earlier parts together cover, and a final
/// "deny any".
pub(crate) fn access_list(rules: usize, family: Family, seed: u64) -> Vec<Line> {
    let mut dice = Dice(seed);
    let pools = [pool(rules / 4 + 8, family, &mut dice), pool(rules / 3 + 8, family, &mut dice)];
    let mut list: Vec<Line> = Vec::with_capacity(rules + 12);
    while list.len() + 1 < rules {
        if dice.percent(1) {
            plant_union(&mut list, &pools, &mut dice);
        } else {
            list.push((class(&mut dice), line(&pools, family, &mut dice)));
        }
    }
    list.truncate(rules.saturating_sub(1));
    list.push((Class::Deny, Traffic::all(family)));
    list
}

fn class(dice: &mut Dice) -> Class {
    if dice.percent(70) { Class::Permit } else { Class::Deny }
}

fn prefix(base: u128, len: u8, family: Family) -> AddrSet {
    let addr: IpAddr = match family {
        Family::V4 => Ipv4Addr::from(base as u32).into(),
        Family::V6 => Ipv6Addr::from(base).into(),
    };
    AddrSet::prefix(addr, len)
}

/// Prefixes of which many lie within earlier ones.
fn pool(size: usize, family: Family, dice: &mut Dice) -> Vec<(u128, u8)> {
    let (width, first): (u8, u8) = if family == Family::V4 { (32, 16) } else { (128, 48) };
    let mut all: Vec<(u128, u8)> = Vec::with_capacity(size);
    for _ in 0..size {
        let parent = if all.is_empty() || dice.percent(30) {
            (u128::from(dice.roll()) << 64 | u128::from(dice.roll())) >> (128 - u32::from(width))
        } else {
            all[dice.skewed(all.len() as u64)].0
        };
        let len = match dice.below(100) {
            0 => first,
            1..=5 => first + 2 + dice.below(6) as u8,
            6..=30 => width - 8,
            _ => width,
        };
        let low = (u128::from(dice.roll()) << 64 | u128::from(dice.roll())) >> 112;
        let host = u128::MAX.checked_shr(128 - u32::from(width) + u32::from(len)).unwrap_or(0);
        let base = (parent & !0xffff | low) & !host;
        all.push((base, len));
    }
    all
}

fn line(pools: &[Vec<(u128, u8)>; 2], family: Family, dice: &mut Dice) -> Traffic {
    let mut side = |n: usize| {
        let (base, len) = pools[n][dice.skewed(pools[n].len() as u64)];
        prefix(base, len, family)
    };
    let (mut src, dst) = (side(0), side(1));
    if dice.percent(4) {
        src = AddrSet::all(family);
    }
    Traffic { src, dst, service: service(dice), ..Traffic::ANY }
}

fn service(dice: &mut Dice) -> ServiceSet {
    let proto = if dice.percent(75) { TCP } else { UDP };
    let port = PORTS[dice.skewed(PORTS.len() as u64)];
    match dice.below(100) {
        0..=84 => ServiceBox::to(proto, port, port).into(),
        85..=90 => ServiceBox::to(proto, 1024, u16::MAX).into(),
        91..=96 => ServiceBox::ports(proto, (port, port), (1024, u16::MAX)).into(),
        97..=98 => ServiceBox::proto(proto).into(),
        _ => ServiceSet::ANY,
    }
}

/// Appends parts of a box with other services left alone, and then the box: no part covers it.
fn plant_union(list: &mut Vec<Line>, pools: &[Vec<(u128, u8)>; 2], dice: &mut Dice) {
    let whole = line(pools, family_of(list, pools), dice);
    let parts = 2 + dice.below(11) as u16;
    let step = u16::MAX / parts;
    for part in 0..parts {
        let lo = if part == 0 { 0 } else { part * step };
        let hi = if part + 1 == parts { u16::MAX } else { (part + 1) * step - 1 };
        let service = ServiceBox::to(TCP, lo, hi).into();
        list.push((class(dice), Traffic { service, ..whole.clone() }));
    }
    let port = dice.below(60_000) as u16;
    let service = ServiceBox::to(TCP, port, port + parts * 400).into();
    list.push((class(dice), Traffic { service, ..whole }));
}

fn family_of(list: &[Line], pools: &[Vec<(u128, u8)>; 2]) -> Family {
    let v6 = list.iter().any(|l| l.1.has(Family::V6)) || pools[0].iter().any(|p| p.1 > 32);
    if v6 { Family::V6 } else { Family::V4 }
}

/// A list of random boxes over addresses and ports. `side` is their length in each field as a
/// percentage; 0 gives two random ends.
pub(crate) fn boxes(rules: usize, side: u64, seed: u64) -> Vec<Line> {
    let mut dice = Dice(seed);
    let mut ends = |top: u64| {
        if side == 0 {
            let (a, b) = (dice.below(top), dice.below(top));
            return (a.min(b), a.max(b));
        }
        let length = top * side / 100;
        let lo = dice.below(top - length);
        (lo, lo + length)
    };
    let mut one = |n: usize| {
        let mut addrs = || {
            let (lo, hi) = ends(1 << 32);
            AddrSet::from_parts(RangeSet::range(lo as u32, hi as u32), RangeSet::empty())
        };
        let (src, dst) = (addrs(), addrs());
        let mut ports = || {
            let (lo, hi) = ends(1 << 16);
            (lo as u16, hi as u16)
        };
        let (sport, dport) = (ports(), ports());
        let class = if n.is_multiple_of(2) { Class::Permit } else { Class::Deny };
        (
            class,
            Traffic {
                src,
                dst,
                service: ServiceBox { proto: (TCP, TCP), sport, dport }.into(),
                ..Traffic::ANY
            },
        )
    };
    (0..rules).map(&mut one).collect()
}
