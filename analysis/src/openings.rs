//! Permits across borders, compared with the decisions that document them, as exact sets.

use std::collections::BTreeMap;

use jiff::civil::Date;
use portvakt_model::{Decision, Device, EndDate, NatKind, NatRule, ZoneId};
use portvakt_space::{
    AddrSet, Bound, Budget, Class, Family, FirstMatchList, ListedRule, Traffic, difference,
};
use rayon::prelude::*;

use crate::audit::Audit;
use crate::flows::Flow;
use crate::lists::RuleKey;

/// All openings, and what became of the decisions.
#[derive(Debug, Default)]
pub struct Openings {
    /// One for each rule (or missing filter) that lets traffic across a border.
    pub list: Vec<Opening>,
    /// For each decision, by its index among [`Audit::tables`]' decisions.
    pub decisions: Vec<Implementation>,
}

/// What one rule lets across borders that need a decision.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Index of the device.
    pub device: u32,
    /// The rule; `None` where no list filters at all.
    pub rule: Option<RuleKey>,
    /// The borders it crosses.
    pub borders: Vec<(ZoneId, ZoneId)>,
    /// All that it certainly lets across.
    pub permitted: Vec<Traffic>,
    /// What it may let across; the configuration does not tell.
    pub unsure: Vec<Traffic>,
    /// What it certainly lets across and no decision in force covers.
    pub excess: Vec<Traffic>,
    /// How it stands.
    pub standing: OpeningStanding,
    /// Decisions that are about it, by index: linked by id, or alike in traffic.
    pub decisions: Vec<u32>,
}

/// How an opening stands to the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningStanding {
    /// Decisions in force cover all of it.
    Documented,
    /// No decision is about it.
    Undocumented,
    /// A decision in force is about it, and covers less.
    Wider,
    /// The decision about it has ended.
    Expired,
    /// The decision about it has not begun.
    NotYetValid,
    /// The decision about it was refused, withdrawn or never made.
    NotDecided,
    /// What it lets across, or what its decision says, is not known.
    CannotTell,
}

/// Whether a decision in force is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// Some rule lets some of it through.
    Seen,
    /// The devices on its way were read, and none lets any of it through.
    Missing,
    /// No device on its way was read, or the decision does not say enough.
    CannotTell,
    /// It is not in force.
    NotInForce,
}

/// Compares every opening with the register.
pub fn compare(audit: &Audit<'_>) -> Openings {
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let book = Book::new(audit, decisions);
    let groups = group(audit);
    let list = groups.into_par_iter().map(|(key, flows)| opening(&book, key, &flows)).collect();
    Openings { list, decisions: implementations(audit, &book) }
}

type Key = (u32, Option<RuleKey>, bool);

/// Flows across borders that need a decision, by the rule that lets them through. What is for the
/// device itself counts only for hosts: a firewall's own management is judged elsewhere.
fn group<'f>(audit: &'f Audit<'_>) -> Vec<(Key, Vec<&'f Flow>)> {
    let mut groups: BTreeMap<Key, Vec<&Flow>> = BTreeMap::new();
    for flow in audit.flows() {
        let needs = audit.site.border(flow.from, flow.to).is_some_and(|b| b.decision);
        let written =
            |r: &RuleKey| r.rule.is_some() && !audit.ruleset(flow.device, r.ruleset).implied;
        if !flow.rules.iter().any(written) {
            // A permitting default and a missing filter are judged as such, not as openings.
            continue;
        }
        let host = audit.devices[flow.device as usize].management.is_none();
        if needs && (!flow.local || host) {
            groups.entry((flow.device, flow.rule(), flow.local)).or_default().push(flow);
        }
    }
    groups.into_iter().collect()
}

/// The register as sets of packets.
struct Book<'b, 'a> {
    audit: &'b Audit<'a>,
    decisions: &'b [&'a Decision],
    /// What each decision permits, translated copies included.
    permits: Vec<Vec<Traffic>>,
    /// All that decisions in force permit.
    valid: FirstMatchList,
}

impl<'b, 'a> Book<'b, 'a> {
    fn new(audit: &'b Audit<'a>, decisions: &'b [&'a Decision]) -> Self {
        let nat: Vec<&NatRule> = audit.devices.iter().flat_map(inbound_nat).collect();
        let permits: Vec<Vec<Traffic>> =
            decisions.iter().map(|d| with_translations(&d.permits, &nat)).collect();
        let in_force = decisions.iter().zip(&permits).filter(|(d, _)| covers_on(d, audit.today));
        let rules: Vec<ListedRule<'_>> =
            in_force.map(|(_, p)| ListedRule::exact(Class::Permit, p)).collect();
        let valid = FirstMatchList::build(rules, Class::Deny);
        Self { audit, decisions, permits, valid }
    }

    /// What of `traffic` no decision in force covers, and whether that is all known.
    fn uncovered(&self, traffic: &[Traffic]) -> (Vec<Traffic>, bool) {
        let (mut parts, mut complete) = (Vec::new(), true);
        for part in traffic {
            let rest = self.valid.unmatched(part, Bound::Most, Budget::default());
            complete &= rest.is_complete();
            parts.extend(rest.parts);
            parts.extend(rest.open.into_iter().map(|o| o.within));
        }
        (parts, complete)
    }

    /// Decisions whose id stands in the rule's comment, or that name the rule's id themselves.
    fn linked(&self, device: u32, rule: Option<RuleKey>) -> Vec<u32> {
        let model = &self.audit.devices[device as usize];
        let Some(rule) =
            rule.and_then(|r| model.rulesets[r.ruleset.0 as usize].rules.get(r.rule? as usize))
        else {
            return Vec::new();
        };
        let comment = rule.comment().unwrap_or_default();
        let names = |d: &Decision| {
            let by_rule = d.rule.as_ref().is_some_and(|r| lists_id(&r.text, rule.id()))
                && d.firewall.as_ref().is_some_and(|f| f.text.eq_ignore_ascii_case(&model.name));
            by_rule || mentions(comment, &d.id)
        };
        (0..).zip(self.decisions).filter(|(_, d)| names(d)).map(|(i, _)| i).collect()
    }

    /// Decisions that differ from some part of `traffic` in at most one of source, destination
    /// and service, and share packets with it.
    fn alike(&self, traffic: &[Traffic]) -> Vec<u32> {
        let like =
            |permits: &Vec<Traffic>| permits.iter().any(|p| traffic.iter().any(|t| is_alike(t, p)));
        (0..).zip(&self.permits).filter(|(_, p)| like(p)).map(|(i, _)| i).collect()
    }

    fn any(&self, ids: &[u32], test: impl Fn(&Decision) -> bool) -> bool {
        ids.iter().any(|i| test(self.decisions[*i as usize]))
    }
}

/// Whether a decision counts: it is in force, and until when it is can be read.
fn covers_on(decision: &Decision, today: Date) -> bool {
    decision.valid_on(today) && !matches!(decision.valid_to, EndDate::Unreadable(_))
}

/// Whether a cell with one or more rule ids has this one.
fn lists_id(cell: &str, id: Option<&str>) -> bool {
    id.is_some_and(|id| cell.split([',', ';', ' ', '\n']).any(|part| part.trim() == id))
}

/// Whether `id` stands in `text` as a word of its own.
fn mentions(text: &str, id: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !id.is_empty()
        && text.match_indices(id).any(|(at, found)| {
            edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next())
        })
}

/// One of the two fields that agree must say something: a decision for every destination and every
/// service is not about each rule that has some.
fn is_alike(opening: &Traffic, decision: &Traffic) -> bool {
    let every = |set: &AddrSet| Family::BOTH.into_iter().any(|f| set.is_all(f));
    let fields = [
        (opening.src.is_subset(&decision.src), !every(&decision.src)),
        (opening.dst.is_subset(&decision.dst), !every(&decision.dst)),
        (opening.service.is_subset(&decision.service), !decision.service.is_any()),
    ];
    fields.iter().filter(|(inside, _)| *inside).count() >= 2
        && fields.contains(&(true, true))
        && opening.overlaps(decision)
}

fn opening(book: &Book<'_, '_>, (device, rule, _): Key, flows: &[&Flow]) -> Opening {
    let parts = |certain: bool| -> Vec<Traffic> {
        flows.iter().filter(|f| f.certain == certain).map(|f| f.traffic.clone()).collect()
    };
    let (permitted, unsure) = (parts(true), parts(false));
    let (excess, complete) = book.uncovered(&permitted);
    let (open, _) = book.uncovered(&unsure);
    let mut decisions = book.linked(device, rule);
    if decisions.is_empty() {
        decisions = book.alike(&[whole(book.audit, device, rule, &permitted)]);
    }
    let standing = if !excess.is_empty() && complete {
        judge(book, &decisions, &excess)
    } else if open.is_empty() && complete {
        OpeningStanding::Documented
    } else {
        OpeningStanding::CannotTell
    };
    let mut borders: Vec<(ZoneId, ZoneId)> = flows.iter().map(|f| (f.from, f.to)).collect();
    borders.sort_unstable();
    borders.dedup();
    Opening { device, rule, borders, permitted, unsure: open, excess, standing, decisions }
}

/// What the rule says it matches; where none filters, all that passes.
fn whole(audit: &Audit<'_>, device: u32, rule: Option<RuleKey>, permitted: &[Traffic]) -> Traffic {
    let found =
        rule.and_then(|key| audit.ruleset(device, key.ruleset).rules.get(key.rule? as usize));
    found.map(|r| r.matches.clone()).or_else(|| permitted.first().cloned()).unwrap_or(Traffic::ANY)
}

/// Why `excess` is not covered, by the decisions that are about the opening.
fn judge(book: &Book<'_, '_>, about: &[u32], excess: &[Traffic]) -> OpeningStanding {
    let today = book.audit.today;
    let decided = |d: &Decision| d.status == portvakt_model::Status::Decided;
    let covering: Vec<u32> = about.iter().copied().filter(|i| covers(book, *i, excess)).collect();
    if book.any(about, |d| d.valid_on(today) && d.incomplete) {
        OpeningStanding::CannotTell
    } else if book.any(&covering, |d| decided(d) && d.ended_on(today)) {
        OpeningStanding::Expired
    } else if book.any(&covering, |d| decided(d) && !d.begun_on(today)) {
        OpeningStanding::NotYetValid
    } else if book.any(about, |d| d.valid_on(today)) {
        OpeningStanding::Wider
    } else if book.any(&covering, |d| !decided(d)) {
        OpeningStanding::NotDecided
    } else if book.any(about, |d| decided(d) && d.ended_on(today)) {
        OpeningStanding::Expired
    } else {
        OpeningStanding::Undocumented
    }
}

/// Whether a decision would cover all of `excess` if it were in force.
fn covers(book: &Book<'_, '_>, decision: u32, excess: &[Traffic]) -> bool {
    let permits = &book.permits[decision as usize];
    !permits.is_empty() && difference(excess, permits, Budget::default()).is_empty()
}

fn implementations(audit: &Audit<'_>, book: &Book<'_, '_>) -> Vec<Implementation> {
    let flows: Vec<ListedRule<'_>> = audit
        .flows()
        .iter()
        .map(|f| ListedRule::exact(Class::Permit, std::slice::from_ref(&f.traffic)))
        .collect();
    let passing = FirstMatchList::build(flows, Class::Deny);
    let judge = |(decision, permits): (&&Decision, &Vec<Traffic>)| {
        if !decision.valid_on(audit.today) {
            return Implementation::NotInForce;
        }
        let new =
            permits.iter().map(|p| Traffic { state: portvakt_space::StateSet::NEW, ..p.clone() });
        let seen = |region: &Traffic| {
            let rest = passing.unmatched(region, Bound::Most, Budget::default());
            !difference(std::slice::from_ref(region), &rest.parts, Budget::default()).is_empty()
        };
        let regions: Vec<Traffic> = new.collect();
        if regions.iter().any(seen) {
            Implementation::Seen
        } else if !decision.incomplete && regions.iter().any(|r| is_on_a_way(audit, r)) {
            Implementation::Missing
        } else {
            Implementation::CannotTell
        }
    };
    book.decisions.iter().zip(&book.permits).map(judge).collect()
}

/// Whether some device that was read stands between the zones that `traffic` goes from and to.
fn is_on_a_way(audit: &Audit<'_>, traffic: &Traffic) -> bool {
    let zones = |set: &AddrSet| -> Vec<ZoneId> {
        let addresses = audit.zone_addresses();
        let touched = |id: &ZoneId| addresses[id.0 as usize].overlaps(set);
        audit.site.zone_ids().map(|(id, _)| id).filter(touched).collect()
    };
    let (from, to) = (zones(&traffic.src), zones(&traffic.dst));
    (0..audit.devices.len() as u32).any(|device| {
        let attachments = audit.zones_of_device(device);
        let known = |id: &ZoneId| attachments[id.0 as usize].is_known();
        from.iter().any(|f| known(f) && to.iter().any(|t| f != t && known(t)))
    })
}

fn inbound_nat(device: &Device) -> impl Iterator<Item = &NatRule> {
    let inbound = |n: &&NatRule| {
        n.enabled && n.to_dst.is_some() && matches!(n.kind, NatKind::Destination | NatKind::Static)
    };
    device.nat.iter().filter(inbound)
}

/// Decisions name the outside or the inside address of what is translated; filters see the inside
/// one. A permit to an outside address holds for what it is translated to.
fn with_translations(permits: &[Traffic], nat: &[&NatRule]) -> Vec<Traffic> {
    let mut all = permits.to_vec();
    for permit in permits {
        all.extend(nat.iter().filter_map(|rule| translated(permit, rule)));
    }
    all
}

/// `permit` after translation, when it names the outside addresses of `rule` alone and not by way
/// of "any".
fn translated(permit: &Traffic, rule: &NatRule) -> Option<Traffic> {
    let outside = &rule.matches.dst;
    let real = rule.to_dst.as_ref()?;
    let hit = permit.dst.intersect(outside);
    let service = permit.service.intersect(&rule.matches.service);
    if hit.is_empty() || service.is_empty() || permit.dst.is_any() {
        return None;
    }
    let dst =
        if outside.is_subset(&permit.dst) { real.clone() } else { shifted(&hit, outside, real)? };
    let service = rule.to_service.clone().unwrap_or(service);
    Some(Traffic { dst, service, ..permit.clone() })
}

/// The part of a one-to-one block translation that `hit` means.
fn shifted(hit: &AddrSet, outside: &AddrSet, real: &AddrSet) -> Option<AddrSet> {
    let (from, to, hit) = (outside.v4(), real.v4(), hit.v4());
    let (&[(f_lo, f_hi)], &[(t_lo, t_hi)]) = (from.ranges(), to.ranges()) else { return None };
    if f_hi - f_lo != t_hi - t_lo {
        return None;
    }
    let moved = hit.ranges().iter().map(|&(lo, hi)| (lo - f_lo + t_lo, hi - f_lo + t_lo));
    Some(AddrSet::from_parts(moved.collect(), portvakt_space::RangeSet::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_linked_only_as_a_word() {
        assert!(mentions("P-2026-01: webb", "P-2026-01"));
        assert!(!mentions("P-2026-011", "P-2026-01"));
        assert!(!mentions("allt", ""));
    }
}
