//! What several checks of separation share: the rules that let some traffic through, each with all
//! of it.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Arg, Location, Message, RuleRef, ZoneId, ZoneKind};
use portvakt_space::{
    Bound, Budget, Class, Family, FirstMatchList, ListedRule, ServiceSet, Traffic,
};

use crate::{Draft, Findings, rules};

/// Traffic that must not pass, and the rule of one device that lets it.
pub(super) struct Breach {
    pub(super) device: u32,
    /// The rule; `None` where nothing filters.
    pub(super) rule: Option<RuleKey>,
    /// Zones it comes from and goes to.
    pub(super) zones: Vec<(ZoneId, ZoneId)>,
    /// What passes.
    pub(super) traffic: Vec<Traffic>,
    /// Whether that is certain.
    pub(super) certain: bool,
}

/// Flows that `test` picks less what `allowed` permits, rule by rule. Where a rule lets something
/// through for certain, that is what counts.
pub(super) fn breaches(
    audit: &Audit<'_>,
    test: impl Fn(&Flow) -> bool,
    allowed: &[Traffic],
) -> Vec<Breach> {
    let mut groups: BTreeMap<(u32, Option<RuleKey>, bool), Breach> = BTreeMap::new();
    let allowed = FirstMatchList::build([ListedRule::exact(Class::Permit, allowed)], Class::Deny);
    for flow in audit.flows().iter().filter(|f| is_for_here(audit, f) && test(f)) {
        let rest = allowed.unmatched(&flow.traffic, Bound::Most, Budget::default());
        let certain = flow.certain && !rest.parts.is_empty();
        let parts = rest.parts.into_iter().chain(rest.open.into_iter().map(|o| o.within));
        let traffic: Vec<Traffic> = parts.collect();
        if traffic.is_empty() {
            continue;
        }
        let (device, rule) = (flow.device, flow.rule());
        let zones = (flow.from, flow.to);
        let empty = || Breach { device, rule, zones: Vec::new(), traffic: Vec::new(), certain };
        let group = groups.entry((device, rule, !certain)).or_insert_with(empty);
        group.traffic.extend(traffic);
        group.zones.push(zones);
    }
    let mut found: Vec<Breach> = groups.into_values().collect();
    // In order, a certain breach stands before what the same rule may let through.
    found.dedup_by(|later, first| (later.device, later.rule) == (first.device, first.rule));
    found.iter_mut().for_each(Breach::tidy);
    found
}

/// Whether a flow is one that this device's rules answer for: through it, or to a host that filters
/// for itself. Without any list it must also end next to the device: farther on somebody else may
/// filter. By a default, both zones must be known to be attached to it. A firewall's own management
/// is judged elsewhere.
fn is_for_here(audit: &Audit<'_>, flow: &Flow) -> bool {
    if flow.local {
        return audit.devices[flow.device as usize].management.is_none();
    }
    let zones = audit.zones_of_device(flow.device);
    let (from, to) = (&zones[flow.from.0 as usize], &zones[flow.to.0 as usize]);
    match flow.rule() {
        None => to.direct.overlaps(&flow.traffic.oif),
        // A default says nothing of what is on either side; a rule that names addresses does.
        Some(RuleKey { rule: None, .. }) => from.is_known() && to.is_known(),
        Some(_) => true,
    }
}

impl Breach {
    fn tidy(&mut self) {
        self.zones.sort_unstable();
        self.zones.dedup();
    }

    /// The rule, or the device's first list where nothing filters.
    fn rule_ref(&self, audit: &Audit<'_>) -> Option<RuleRef> {
        self.rule.map(|r| audit.rule_ref(self.device, r.ruleset, r.rule))
    }

    /// The rule's line; where nothing filters, the interface the traffic enters by.
    pub(super) fn place(&self, audit: &Audit<'_>) -> Location {
        if let Some(rule) = self.rule_ref(audit) {
            return audit.rule_at(&rule);
        }
        let atom = self.traffic.first().and_then(|t| t.iif.ranges().first());
        let interfaces = &audit.devices[self.device as usize].interfaces;
        let line = atom.and_then(|a| interfaces.get(a)).map_or(0, |i| i.line);
        audit.at(self.device, line)
    }

    /// The rule as it is named in a message.
    pub(super) fn named(&self, audit: &Audit<'_>) -> Arg {
        self.rule_ref(audit).map_or(Arg::Phrase(&NO_FILTER), Arg::Rule)
    }

    /// What names the rule whatever line it stands on.
    pub(super) fn key(&self, audit: &Audit<'_>) -> String {
        let list = self.rule.map(|r| audit.ruleset(self.device, r.ruleset));
        let name = list.map_or("", |l| l.name.as_str());
        let id = self.rule_ref(audit).and_then(|r| r.id);
        let rule = self.rule.and_then(|r| list?.rules.get(r.rule? as usize));
        let matched = rule.map(|r| rules::spelt(audit, self.device, &r.matches));
        let zones = || audit.zone_names(self.zones.iter().map(|z| z.0)).join(" ");
        format!("{name} {}", id.or(matched).unwrap_or_else(zones))
    }

    /// The traffic to show, one for each IP version: the addresses that are at fault, and the services
    /// as the rule has them, which is shorter to read than the exact parts.
    fn shown(&self, audit: &Audit<'_>) -> Arg {
        let rule = self
            .rule
            .and_then(|r| audit.ruleset(self.device, r.ruleset).rules.get(r.rule? as usize));
        let families = Family::BOTH.into_iter().filter(|f| self.traffic.iter().any(|t| t.has(*f)));
        let parts = families.filter_map(|f| {
            let mut all = self.traffic.iter().filter(|t| t.has(f)).map(|t| t.only(f));
            let first = all.next()?;
            let sum = all.fold(first, |sum, t| Traffic {
                src: sum.src.union(&t.src),
                dst: sum.dst.union(&t.dst),
                ..sum
            });
            let service = rule.map_or(ServiceSet::ANY, |r| r.matches.service.clone());
            Some(Traffic { service, ..sum })
        });
        Arg::Traffic(audit.shown(&parts.collect::<Vec<_>>()))
    }
}

static NO_FILTER: Message =
    Message { sv: "en väg utan regellista", en: "a way without any rule list" };

/// Begins a finding about a breach: a violation, or where it is not certain what passes, a *cannot
/// tell*. Fills in device, rule, zones, traffic, proof and key.
pub(super) fn report<'f, 'a>(
    audit: &Audit<'_>,
    findings: &'f mut Findings<'a>,
    (sure, unsure): (&'static Message, &'static Message),
    breach: &Breach,
) -> Draft<'f, 'a> {
    let at = breach.place(audit);
    let draft = if breach.certain {
        findings.violation(sure, at)
    } else {
        findings.cannot_tell(unsure, at)
    };
    let first = breach.traffic.first().filter(|_| breach.certain);
    let witness = first.and_then(|t| audit.witness(breach.device, t, breach.rule, true));
    let owner = breach.zones.first().and_then(|z| audit.site.zone(z.1).owner.clone());
    draft
        .device(breach.device)
        .arg("rule", breach.named(audit))
        .arg("from", Arg::Names(audit.zone_names(breach.zones.iter().map(|z| z.0))))
        .arg("to", Arg::Names(audit.zone_names(breach.zones.iter().map(|z| z.1))))
        .arg("traffic", breach.shown(audit))
        .witness(witness)
        .residue(breach.traffic.clone())
        .owner(owner)
        .key(breach.key(audit))
}

/// Every device that some traffic between zones passes is judged.
pub(super) fn judge_all(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut last = None;
    for flow in audit.flows() {
        if last.replace(flow.device) != Some(flow.device) {
            findings.judge(flow.device);
        }
    }
}

/// Whether a zone is of the public or of machines that the municipality does not look after.
pub(super) fn is_unmanaged(audit: &Audit<'_>, zone: ZoneId) -> bool {
    matches!(audit.site.zone(zone).kind, ZoneKind::PublicWlan | ZoneKind::Guest)
}

/// Whether a zone is the administrative network or holds the equipment's own interfaces.
pub(super) fn is_administrative(audit: &Audit<'_>, zone: ZoneId) -> bool {
    matches!(audit.site.zone(zone).kind, ZoneKind::Admin | ZoneKind::Management)
}

/// Owners of two zones, where both are known and differ.
pub(super) fn owners<'a>(audit: &Audit<'a>, a: ZoneId, b: ZoneId) -> Option<(&'a str, &'a str)> {
    let owner = |id| audit.site.zone(id).owner.as_deref();
    let (one, other) = (owner(a)?, owner(b)?);
    (!one.eq_ignore_ascii_case(other)).then_some((one, other))
}
