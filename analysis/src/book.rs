//! The register as sets of packets: what decisions permit, and which are about a rule.

use aho_corasick::AhoCorasick;
use jiff::civil::Date;
use portvakt_model::{Decision, Device, EndDate, NatKind, NatRule, Rule};
use portvakt_space::{AddrSet, Bound, Budget, Class, Family, FirstMatchList, ListedRule, Traffic};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::audit::Audit;
use crate::lists::RuleKey;
use crate::shift::{shift, shifted};

/// The decisions of an audit, with indexes from rules to those that are about them.
pub(crate) struct Book<'b, 'a> {
    pub(crate) audit: &'b Audit<'a>,
    pub(crate) decisions: &'b [&'a Decision],
    /// What each decision permits, translated copies included.
    pub(crate) permits: Vec<Vec<Traffic>>,
    /// All decisions; a decision's place is its index.
    pub(crate) all: FirstMatchList,
    /// All that decisions in force permit.
    pub(crate) valid: FirstMatchList,
    links: Links<'a>,
}

impl<'b, 'a> Book<'b, 'a> {
    pub(crate) fn new(audit: &'b Audit<'a>) -> Self {
        let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
        let nat: Vec<&NatRule> = audit.devices.iter().flat_map(inbound_nat).collect();
        let permits: Vec<Vec<Traffic>> =
            decisions.par_iter().map(|d| with_translations(&d.permits, &nat)).collect();
        let list = |test: &dyn Fn(&Decision) -> bool| {
            let chosen = decisions.iter().zip(&permits).filter(|(d, _)| test(d));
            FirstMatchList::build(
                chosen.map(|(_, p)| ListedRule::exact(Class::Permit, p)),
                Class::Deny,
            )
        };
        let (all, valid) = (list(&|_| true), list(&|d| covers_on(d, audit.today)));
        Self { audit, decisions, permits, all, valid, links: Links::new(decisions) }
    }

    /// What of `traffic` no decision in force covers, and whether that is all known.
    pub(crate) fn uncovered(&self, traffic: &[Traffic]) -> (Vec<Traffic>, bool) {
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
    pub(crate) fn linked(&self, device: u32, rule: Option<RuleKey>) -> Vec<u32> {
        let model = &self.audit.devices[device as usize];
        let rules = |r: RuleKey| model.rulesets[r.ruleset.0 as usize].rules.get(r.rule? as usize);
        rule.and_then(rules).map_or_else(Vec::new, |rule| self.links.of(model, rule))
    }

    /// Decisions that differ from `traffic` in at most one of source, destination and service, and
    /// share packets with it.
    pub(crate) fn alike(&self, traffic: &Traffic) -> Vec<u32> {
        let like = |i: &usize| self.permits[*i].iter().any(|p| is_alike(traffic, p));
        let near = self.all.meeting(traffic, usize::MAX).into_iter();
        near.filter(like).map(|i| i as u32).collect()
    }

    /// Whether one of some decisions is so.
    pub(crate) fn any(&self, ids: &[u32], test: impl Fn(&Decision) -> bool) -> bool {
        ids.iter().any(|i| test(self.decisions[*i as usize]))
    }
}

/// Whether a decision counts: it is in force, and until when it is can be read.
fn covers_on(decision: &Decision, today: Date) -> bool {
    decision.valid_on(today) && !matches!(decision.valid_to, EndDate::Unreadable(_))
}

/// From what is written in rules and decisions to the decisions meant.
struct Links<'a> {
    /// By the name of the firewall in small letters, and the id of the rule.
    by_rule: FxHashMap<(String, &'a str), Vec<u32>>,
    /// Finds every decision's id in a text; `None` when there is none, or they are too many.
    finder: Option<AhoCorasick>,
    /// The decisions of each of the finder's patterns.
    by_id: Vec<(&'a str, Vec<u32>)>,
}

impl<'a> Links<'a> {
    fn new(decisions: &[&'a Decision]) -> Self {
        let mut by_rule: FxHashMap<(String, &'a str), Vec<u32>> = FxHashMap::default();
        let mut ids: Vec<(&'a str, u32)> = Vec::new();
        for (index, decision) in (0..).zip(decisions) {
            if let (Some(rule), Some(firewall)) = (&decision.rule, &decision.firewall) {
                let name = firewall.text.to_ascii_lowercase();
                for id in listed_ids(&rule.text) {
                    by_rule.entry((name.clone(), id)).or_default().push(index);
                }
            }
            if !decision.id.is_empty() {
                ids.push((&decision.id, index));
            }
        }
        ids.sort_unstable();
        let same = ids.chunk_by(|a, b| a.0 == b.0);
        let by_id: Vec<(&str, Vec<u32>)> =
            same.map(|c| (c[0].0, c.iter().map(|(_, index)| *index).collect())).collect();
        let finder = AhoCorasick::new(by_id.iter().map(|(id, _)| id)).ok();
        Self { by_rule, finder, by_id }
    }

    fn of(&self, device: &Device, rule: &Rule) -> Vec<u32> {
        let name = device.name.to_ascii_lowercase();
        let named = rule.id().and_then(|id| self.by_rule.get(&(name, id)));
        let mut found: Vec<u32> = named.into_iter().flatten().copied().collect();
        found.extend(self.mentioned(rule.comment().unwrap_or_default()));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Decisions whose id stands in `text` as a word of its own.
    fn mentioned(&self, text: &str) -> Vec<u32> {
        let finder = self.finder.iter().filter(|_| !text.is_empty());
        let found = finder.flat_map(|f| f.find_overlapping_iter(text));
        let words = found.filter(|m| is_word(text, m.start(), m.end()));
        words.flat_map(|m| &self.by_id[m.pattern().as_usize()].1).copied().collect()
    }
}

/// The rule ids of a cell that holds one or more.
fn listed_ids(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([',', ';', ' ', '\n']).map(str::trim).filter(|id| !id.is_empty())
}

/// Whether no letter or digit touches `text[start..end]`.
fn is_word(text: &str, start: usize, end: usize) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    edge(text[..start].chars().next_back()) && edge(text[end..].chars().next())
}

/// Whether an opening lies inside a decision in two of source, destination and service, and they
/// share packets. One of the two must say something: a decision for every destination and every
/// service is not about each rule that has some.
fn is_alike(opening: &Traffic, decision: &Traffic) -> bool {
    let every = |set: &AddrSet| Family::BOTH.into_iter().any(|f| set.is_all(f));
    let src = opening.src.is_subset(&decision.src);
    let dst = opening.dst.is_subset(&decision.dst);
    if !src && !dst {
        return false;
    }
    let service = opening.service.is_subset(&decision.service);
    let telling = src && !every(&decision.src)
        || dst && !every(&decision.dst)
        || service && !decision.service.is_any();
    [src, dst, service].into_iter().filter(|inside| *inside).count() >= 2
        && telling
        && opening.overlaps(decision)
}

pub(crate) fn inbound_nat(device: &Device) -> impl Iterator<Item = &NatRule> {
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
pub(crate) fn translated(permit: &Traffic, rule: &NatRule) -> Option<Traffic> {
    let outside = &rule.matches.dst;
    let real = rule.to_dst.as_ref()?;
    if !permit.dst.overlaps(outside) || permit.dst.is_any() {
        return None;
    }
    let hit = permit.dst.intersect(outside);
    let service = permit.service.intersect(&rule.matches.service);
    if service.is_empty() {
        return None;
    }
    let whole = outside.is_subset(&permit.dst);
    let dst = if whole { real.clone() } else { shifted(&hit, shift(outside, real)?) };
    let service = rule.to_service.clone().unwrap_or(service);
    Some(Traffic { dst, service, ..permit.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_linked_only_as_a_word() {
        let text = "P-2026-01: webb";
        assert!(is_word(text, 0, 9));
        assert!(!is_word("P-2026-011", 0, 9));
        assert!(!is_word("XP-2026-01", 1, 10));
        assert!(is_word("(åP-1) P-1", 8, 11));
    }
}
