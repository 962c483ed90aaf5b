//! Access lists of old, which see mapped addresses, turned into real ones.
//!
//! Before 8.3 a list that filters inbound on the mapped side of a static translation names the
//! mapped destination; one that filters outbound there names the mapped source. Where statics are
//! one-to-one the real addresses are exact. Where they are not, the rule says so.

use portvakt_model::{Hook, Message, Rule, Ruleset};
use portvakt_space::{AddrSet, AtomSet, Family, RangeSet, ServiceBox, ServiceSet, Traffic};

use super::Reader;
use super::nat_old::Shift;

/// Most statics that one rule is taken through.
const MAX_SHIFTS: usize = 4096;

impl Reader<'_, '_, '_> {
    pub(super) fn see_real_addresses(
        &mut self,
        shifts: &[Shift],
        pools: &[(u32, Option<AddrSet>)],
    ) {
        for ruleset in &mut self.device.rulesets {
            let hooks = ruleset.hooks.clone();
            for hook in &hooks {
                match hook {
                    Hook::In(atoms) => Side::new(shifts, atoms).inbound(ruleset, hooks.len() > 1),
                    Hook::Out(atoms) => {
                        let pool = pools.iter().filter(|(atom, _)| atoms.contains(*atom));
                        let pool: Vec<AddrSet> = pool.filter_map(|(_, set)| set.clone()).collect();
                        let pool = AddrSet::union_all(&pool);
                        Side::new(shifts, atoms).outbound(ruleset, hooks.len() > 1, &pool);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The statics that a list on some interfaces sees the outside of.
struct Side<'s> {
    /// By lowest outside address.
    shifts: Vec<&'s Shift>,
    /// Highest outside address among the first n + 1 of them.
    reach: Vec<u32>,
    all: AddrSet,
    /// Whether each of them holds on all of the list's interfaces.
    uniform: bool,
}

impl<'s> Side<'s> {
    fn new(shifts: &'s [Shift], atoms: &AtomSet) -> Self {
        let mut mine: Vec<&Shift> = shifts.iter().filter(|s| atoms.contains(s.mapped)).collect();
        mine.sort_by_key(|s| bounds(&s.outer));
        let mut high = 0;
        let reach = mine.iter().map(|s| {
            high = high.max(bounds(&s.outer).1);
            high
        });
        let reach = reach.collect();
        let uniform = mine.iter().all(|s| *atoms == AtomSet::one(s.mapped));
        let all = AddrSet::union_all(mine.iter().map(|s| &s.outer));
        Self { shifts: mine, reach, all, uniform }
    }

    /// Statics whose outside meets `set`; `None` when they are too many.
    fn meeting(&self, set: &AddrSet) -> Option<Vec<&'s Shift>> {
        let mut found: Vec<&Shift> = Vec::new();
        for &(lo, hi) in set.v4().ranges() {
            let mut at = self.shifts.partition_point(|s| bounds(&s.outer).0 <= hi);
            while at > 0 && self.reach[at - 1] >= lo {
                at -= 1;
                if bounds(&self.shifts[at].outer).1 >= lo {
                    found.push(self.shifts[at]);
                }
                if found.len() > MAX_SHIFTS {
                    return None;
                }
            }
        }
        found.sort_by_key(|s| std::ptr::from_ref(*s) as usize);
        found.dedup_by(|a, b| std::ptr::eq(*a, *b));
        Some(found)
    }

    fn inbound(&self, ruleset: &mut Ruleset, shared: bool) {
        let exact = self.uniform && !shared;
        for rule in &mut ruleset.rules {
            let dst = &rule.matches.dst;
            if dst.is_any() || dst.is_all(Family::V4) || !dst.overlaps(&self.all) {
                continue;
            }
            let found = self.meeting(dst);
            let known = found.as_deref().filter(|_| exact);
            if !known.is_some_and(|f| change(rule, |t| to_real_destination(t, f))) {
                let inner = inside_of(found.as_deref());
                blur(rule, |t| t.dst = t.dst.union(&inner));
            }
        }
    }

    fn outbound(&self, ruleset: &mut Ruleset, shared: bool, pool: &AddrSet) {
        let exact = self.uniform && !shared;
        for rule in &mut ruleset.rules {
            let src = &rule.matches.src;
            if src.is_any() || src.is_all(Family::V4) {
                continue;
            }
            if src.overlaps(pool) {
                // Behind a pool anybody may stand.
                blur(rule, |t| t.src = AddrSet::ANY);
            } else if src.overlaps(&self.all) {
                let found = self.meeting(src);
                let plain = |f: &&[&Shift]| f.iter().all(|s| s.port.is_none() && !s.partly);
                let known = found.as_deref().filter(|_| exact).filter(plain);
                let real = |t: &Traffic, f| Some(Traffic { src: moved(&t.src, f), ..t.clone() });
                if !known.is_some_and(|f| change(rule, |t| real(t, f))) {
                    let inner = inside_of(found.as_deref());
                    blur(rule, |t| t.src = t.src.union(&inner));
                }
            }
        }
    }
}

/// Every real address behind the statics; any where they are too many to follow.
fn inside_of(found: Option<&[&Shift]>) -> AddrSet {
    found.map_or(AddrSet::ANY, |f| AddrSet::union_all(f.iter().map(|s| &s.inner)))
}

const REASON: &Message = &Message {
    sv: "listan anger adresser efter översättning, och de verkliga är inte exakta",
    en: "the list names addresses after translation, and the real ones are not exact",
};

/// Applies a change to both sides of what a rule matches, when it is exact.
fn change(rule: &mut Rule, to: impl Fn(&Traffic) -> Option<Traffic>) -> bool {
    let Some(most) = to(&rule.matches) else { return false };
    rule.matches = most;
    if let Some(gap) = &mut rule.gap {
        gap.least = gap.least.as_ref().and_then(to);
    }
    true
}

fn blur(rule: &mut Rule, widen: impl Fn(&mut Traffic)) {
    widen(&mut rule.matches);
    rule.matches.service = without_ports(&rule.matches.service);
    rule.narrowed_by(REASON);
}

/// The same protocols with any port: a redirection may change it.
fn without_ports(services: &ServiceSet) -> ServiceSet {
    let open = |b: &ServiceBox| ServiceBox { dport: (0, u16::MAX), ..*b };
    services.boxes().iter().map(open).collect()
}

/// The traffic after destination translation; `None` when it is no single product.
fn to_real_destination(traffic: &Traffic, found: &[&Shift]) -> Option<Traffic> {
    if found.iter().any(|s| s.partly) {
        return None;
    }
    let (ported, plain): (Vec<&Shift>, Vec<&Shift>) = found.iter().partition(|s| s.port.is_some());
    let hit: Vec<&Shift> = ported.into_iter().filter(|s| redirects(s, &traffic.service)).collect();
    if hit.is_empty() {
        return Some(Traffic { dst: moved(&traffic.dst, &plain), ..traffic.clone() });
    }
    if let ([one], []) = (&hit[..], &plain[..])
        && traffic.dst.is_subset(&one.outer)
    {
        let (protocol, outer, inner) = one.port?;
        let seen: ServiceSet = ServiceBox::to(protocol, outer, outer).into();
        let service = traffic.service.intersect(&seen);
        let shifted = service.boxes().iter().map(|b| ServiceBox { dport: (inner, inner), ..*b });
        let service = shifted.collect();
        return Some(Traffic { dst: one.inner.clone(), service, ..traffic.clone() });
    }
    // Several redirections that keep the port move addresses only, if the rule is for that port.
    let (protocol, port, _) = hit[0].port?;
    let same = hit.iter().all(|s| s.port == Some((protocol, port, port)));
    let only: ServiceSet = ServiceBox::to(protocol, port, port).into();
    (same && traffic.service.is_subset(&only)).then(|| {
        let all: Vec<&Shift> = plain.iter().chain(&hit).copied().collect();
        Traffic { dst: moved(&traffic.dst, &all), ..traffic.clone() }
    })
}

fn redirects(shift: &Shift, services: &ServiceSet) -> bool {
    shift.port.is_none_or(|(protocol, outer, _)| {
        services.overlaps(&ServiceBox::to(protocol, outer, outer).into())
    })
}

/// The set with outside addresses replaced by the real ones, each by its own.
fn moved(set: &AddrSet, shifts: &[&Shift]) -> AddrSet {
    let outer = AddrSet::union_all(shifts.iter().map(|s| &s.outer));
    let mut parts = vec![set.minus(&outer)];
    for shift in shifts {
        let (from, to) = (bounds(&shift.outer), bounds(&shift.inner));
        let hit = set.intersect(&shift.outer).v4();
        if from.1 - from.0 != to.1.saturating_sub(to.0) {
            parts.push(shift.inner.clone());
            continue;
        }
        let slide = |n: u32| to.0.saturating_add(n - from.0);
        let ranges = hit.ranges().iter().map(|&(lo, hi)| (slide(lo), slide(hi)));
        parts.push(AddrSet::from_parts(RangeSet::from_ranges(ranges), RangeSet::empty()));
    }
    AddrSet::union_all(&parts)
}

/// Lowest and highest IPv4 address of a set.
fn bounds(set: &AddrSet) -> (u32, u32) {
    let ranges = set.v4();
    let all = ranges.ranges();
    all.first().zip(all.last()).map_or((0, 0), |(lo, hi)| (lo.0, hi.1))
}
