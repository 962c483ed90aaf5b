//! Rules that let the public and unmanaged networks out to the internet.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Rule, RuleRef, ZoneKind};

use crate::{Draft, rules};

/// A rule that lets such networks out, with what it lets out.
pub(super) struct Way<'f> {
    pub(super) device: u32,
    pub(super) key: RuleKey,
    pub(super) flows: Vec<&'f Flow>,
}

impl Way<'_> {
    pub(super) fn rule_ref(&self, audit: &Audit<'_>) -> RuleRef {
        audit.rule_ref(self.device, self.key.ruleset, self.key.rule)
    }

    /// Names of the networks.
    pub(super) fn from(&self, audit: &Audit<'_>) -> Vec<String> {
        audit.zone_names(self.flows.iter().map(|f| f.from))
    }

    /// Kinds of the networks.
    pub(super) fn kinds(&self, audit: &Audit<'_>) -> Vec<ZoneKind> {
        self.flows.iter().map(|f| audit.site.zone(f.from).kind).collect()
    }

    /// Every rule that the packets pass by, on any list of the device.
    pub(super) fn rules<'a>(&self, audit: &Audit<'a>) -> impl Iterator<Item = &'a Rule> {
        let keys = self.flows.iter().flat_map(|f| &f.rules);
        keys.filter_map(|k| audit.ruleset(self.device, k.ruleset).rules.get(k.rule? as usize))
    }
}

/// The rules that let them out, on the devices where the internet begins: farther in, another
/// device may log and filter.
pub(super) fn ways<'o>(audit: &'o Audit<'_>) -> Vec<Way<'o>> {
    let mut groups: BTreeMap<(u32, RuleKey), Vec<&Flow>> = BTreeMap::new();
    for flow in audit.flows().iter().filter(|f| !f.local && f.certain && goes_out(audit, f)) {
        if let Some(rule) = flow.rule().filter(|r| r.rule.is_some()) {
            groups.entry((flow.device, rule)).or_default().push(flow);
        }
    }
    groups.into_iter().map(|((device, key), flows)| Way { device, key, flows }).collect()
}

fn goes_out(audit: &Audit<'_>, flow: &Flow) -> bool {
    let kind = |id| audit.site.zone(id).kind;
    let internet = &audit.zones_of_device(flow.device)[flow.to.0 as usize];
    matches!(kind(flow.from), ZoneKind::PublicWlan | ZoneKind::Guest)
        && kind(flow.to) == ZoneKind::Internet
        && (internet.unknown || internet.direct.overlaps(&flow.traffic.oif))
}

/// Fills in the rule, its proof and what names it whatever line it stands on.
pub(super) fn describe<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    way: &Way<'_>,
) -> Draft<'f, 'a> {
    let first = way.flows.first();
    let witness = first.and_then(|f| audit.witness(way.device, &f.traffic, Some(way.key), true));
    rules::name(audit, draft, way.device, way.key)
        .witness(witness)
        .owner(first.and_then(|f| audit.site.zone(f.from).owner.clone()))
}
