//! Where packets to an address come out behind translation.

use portvakt_model::NatRule;
use portvakt_space::{Class, Family, FirstMatchList, ListedRule, Traffic};

use crate::audit::Audit;
use crate::book::{inbound_nat, translated};
use crate::shift::is_one;

/// All translations of destinations, indexed.
pub(super) struct Translations<'a> {
    rules: Vec<&'a NatRule>,
    index: FirstMatchList,
}

impl<'a> Translations<'a> {
    pub(super) fn new(audit: &Audit<'a>) -> Self {
        let rules: Vec<&NatRule> = audit.devices.iter().flat_map(inbound_nat).collect();
        let listed: Vec<Traffic> = rules
            .iter()
            .map(|rule| Traffic {
                dst: rule.matches.dst.clone(),
                service: rule.matches.service.clone(),
                ..Traffic::ANY
            })
            .collect();
        let each = listed.iter().map(std::slice::from_ref);
        let index = FirstMatchList::build(
            each.map(|matches| ListedRule::exact(Class::Permit, matches)),
            Class::Deny,
        );
        Self { rules, index }
    }

    /// Packets to one port of one host as they are behind translation: as they were where none is meant
    /// for them; `None` where they may become several things.
    pub(super) fn inside(&self, traffic: &Traffic) -> Option<Traffic> {
        let hits = self.index.meeting(traffic, usize::MAX);
        let mut all: Vec<Traffic> = Vec::new();
        for rule in hits.into_iter().map(|place| self.rules[place]) {
            if !is_for(rule, traffic) {
                continue;
            }
            let new = translated(traffic, rule).or_else(|| to_one(traffic, rule))?;
            if !all.contains(&new) {
                all.push(new);
            }
        }
        match all.as_slice() {
            [] => Some(traffic.clone()),
            [one] => Some(one.clone()),
            _ => None,
        }
    }
}

/// Whether a rule is about packets from there. One for every destination is about no host: it is a
/// proxy in the way.
fn is_for(rule: &NatRule, traffic: &Traffic) -> bool {
    let matches = &rule.matches;
    !Family::BOTH.into_iter().any(|f| matches.dst.is_all(f)) && matches.src.overlaps(&traffic.src)
}

/// Several outside addresses that all become one.
fn to_one(traffic: &Traffic, rule: &NatRule) -> Option<Traffic> {
    let dst = rule.to_dst.clone().filter(is_one)?;
    let own = || traffic.service.intersect(&rule.matches.service);
    let service = rule.to_service.clone().unwrap_or_else(own);
    Some(Traffic { dst, service, ..traffic.clone() })
}
