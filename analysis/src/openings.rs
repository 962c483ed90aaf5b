//! Permits across borders, compared with the decisions that document them, as exact sets.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::{Decision, ZoneId, ZoneKind};
use portvakt_space::{
    AddrSet, Budget, Class, Family, FirstMatchList, ListedRule, Traffic, difference,
};
use rayon::prelude::*;

use crate::audit::Audit;
use crate::book::Book;
use crate::flows::Flow;
use crate::lists::RuleKey;

/// All openings, and what became of the decisions.
#[derive(Debug, Default)]
pub struct Openings {
    /// One for each rule (or missing filter) that lets traffic across a border, ordered by device
    /// and rule.
    pub list: Vec<Opening>,
    /// For each decision, by its index among [`Audit::tables`]' decisions.
    pub decisions: Vec<Implementation>,
}

impl Openings {
    /// The openings of a rule: through the device, and to it.
    pub fn of(&self, device: u32, rule: RuleKey) -> &[Opening] {
        let key = |o: &Opening| (o.device, o.rule);
        let (wanted, all) = ((device, Some(rule)), &self.list);
        let from = all.partition_point(|o| key(o) < wanted);
        &all[from..from + all[from..].partition_point(|o| key(o) == wanted)]
    }
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
    /// It is about the outside, and rules let it through from or to the municipality's own addresses
    /// alone.
    InsideOnly,
    /// The devices on its way were read, and none lets any of it through.
    Missing,
    /// No device on its way was read, or the decision does not say enough.
    CannotTell,
    /// It is not in force.
    NotInForce,
}

/// Compares every opening with the register.
pub fn compare(audit: &Audit<'_>) -> Openings {
    let book = Book::new(audit);
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

fn opening(book: &Book<'_, '_>, (device, rule, _): Key, flows: &[&Flow]) -> Opening {
    let parts = |certain: bool| -> Vec<Traffic> {
        flows.iter().filter(|f| f.certain == certain).map(|f| f.traffic.clone()).collect()
    };
    let (permitted, unsure) = (parts(true), parts(false));
    let (excess, complete) = book.uncovered(&permitted);
    let (open, _) = book.uncovered(&unsure);
    let mut decisions = book.linked(device, rule);
    if decisions.is_empty() {
        decisions = book.alike(&whole(book.audit, device, rule, &permitted));
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
pub(crate) fn judge(book: &Book<'_, '_>, about: &[u32], excess: &[Traffic]) -> OpeningStanding {
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
pub(crate) fn covers(book: &Book<'_, '_>, decision: u32, excess: &[Traffic]) -> bool {
    let permits = &book.permits[decision as usize];
    !permits.is_empty() && difference(excess, permits, Budget::default()).is_empty()
}

/// What became of each decision.
fn implementations(audit: &Audit<'_>, book: &Book<'_, '_>) -> Vec<Implementation> {
    let flows = audit.flows().iter().map(|f| std::slice::from_ref(&f.traffic));
    let passing =
        FirstMatchList::build(flows.map(|f| ListedRule::exact(Class::Permit, f)), Class::Deny);
    let between = filtered_pairs(audit);
    let judge = |(decision, permits): (&&Decision, &Vec<Traffic>)| {
        if !decision.valid_on(audit.today) {
            return Implementation::NotInForce;
        }
        let seen = |p: &Traffic| !passing.meeting(p, 1).is_empty();
        if permits.iter().any(|p| seen(&outer(audit, p))) {
            Implementation::Seen
        } else if permits.iter().any(seen) {
            Implementation::InsideOnly
        } else if !decision.incomplete && permits.iter().any(|p| crosses(audit, &between, p)) {
            Implementation::Missing
        } else {
            Implementation::CannotTell
        }
    };
    book.decisions.par_iter().zip(&book.permits).map(judge).collect()
}

/// What a decision about "all addresses" is about: those beyond the municipality's own.
fn outer(audit: &Audit<'_>, permit: &Traffic) -> Traffic {
    let foreign = |kind: ZoneKind| matches!(kind, ZoneKind::Internet | ZoneKind::Other);
    let beyond = |set: &AddrSet| {
        if !Family::BOTH.into_iter().any(|f| set.is_all(f)) {
            return set.clone();
        }
        let zones = audit.site.zones.iter().zip(audit.zone_addresses());
        let own = zones.filter(|(zone, _)| !foreign(zone.kind)).map(|(_, addresses)| addresses);
        set.minus(&AddrSet::union_all(own.chain([&audit.site.own_prefixes])))
    };
    Traffic { src: beyond(&permit.src), dst: beyond(&permit.dst), ..permit.clone() }
}

/// The pairs of zones that some device was read between.
fn filtered_pairs(audit: &Audit<'_>) -> BTreeSet<(ZoneId, ZoneId)> {
    let mut pairs = BTreeSet::new();
    for (device, _) in audit.devices() {
        let attachments = (0..).map(ZoneId).zip(audit.zones_of_device(device));
        let known: Vec<ZoneId> =
            attachments.filter(|(_, a)| a.is_known()).map(|(id, _)| id).collect();
        pairs.extend(known.iter().flat_map(|f| known.iter().map(move |t| (*f, *t))));
    }
    pairs.retain(|(from, to)| from != to);
    pairs
}

/// Whether `traffic` goes from zone to zone of some pair.
fn crosses(audit: &Audit<'_>, pairs: &BTreeSet<(ZoneId, ZoneId)>, traffic: &Traffic) -> bool {
    let zones = |set: &AddrSet| -> Vec<ZoneId> {
        let addresses = audit.zone_addresses();
        let touched = |id: &ZoneId| addresses[id.0 as usize].overlaps(set);
        audit.site.zone_ids().map(|(id, _)| id).filter(touched).collect()
    };
    let (from, to) = (zones(&traffic.src), zones(&traffic.dst));
    from.iter().any(|f| to.iter().any(|t| pairs.contains(&(*f, *t))))
}
