//! Policies and translated packets: what names a VIP matches only what the VIP has translated, what
//! doesn't matches only what no VIP has.
//!
//! After translation both kinds of packet look alike. Where it matters, a rule that denies is not
//! certain (Fortinet Community, "Deny policy for Virtual IP firewall policy").

use super::reasons;
use super::rules::MatchVip;
use portvakt_model::{Action, Rule, Ruleset, Told};
use portvakt_space::{AddrSet, Traffic};

/// Most pairs of rules that are compared; past it every rule in question is taken as uncertain.
const MAX_PAIRS: usize = 4_000_000;

/// Gives the deny rules of a list their gaps.
pub(super) fn settle(ruleset: &mut Ruleset, match_vip: &MatchVip) {
    let permits = |vip: bool| -> Vec<usize> {
        let chosen = |(_, r): &(usize, &Rule)| r.action == Action::Permit && is_vip(r) == vip;
        ruleset.rules.iter().enumerate().filter(chosen).map(|(i, _)| i).collect()
    };
    let (translated, plain) = (permits(true), permits(false));
    let all = ruleset.rules.iter().filter(|r| r.action.is_deny());
    let compared = |r: &&Rule| is_vip(r) || match_vip.of(r.line) != Some(true);
    let (vips, others): (Vec<&Rule>, Vec<&Rule>) = all.filter(compared).partition(|r| is_vip(r));
    let pairs = vips.len().saturating_mul(plain.len());
    let pairs = pairs.saturating_add(others.len().saturating_mul(translated.len()));
    let compare = pairs <= MAX_PAIRS;
    for index in 0..ruleset.rules.len() {
        let rule = &ruleset.rules[index];
        if !rule.action.is_deny() {
            continue;
        }
        let gap = if is_vip(rule) {
            vip_gap(ruleset, index, compare.then_some(&plain))
        } else if match_vip.of(rule.line) == Some(true) {
            None
        } else {
            plain_gap(ruleset, index, compare.then_some(&translated))
        };
        if let Some((least, why)) = gap {
            let rule = &mut ruleset.rules[index];
            let least = rule.least().and_then(|own| least.map(|l| own.intersect(&l)));
            rule.narrowed_by(why);
            if let Some(gap) = &mut rule.gap {
                gap.least = least.filter(|t| !t.is_empty());
            }
        }
    }
}

fn is_vip(rule: &Rule) -> bool {
    rule.note.as_ref().is_some_and(|note| !note.nat.is_empty())
}

/// What is certain of a rule, and why no more.
type Certain = (Option<Traffic>, Told);

/// A rule that denies VIPs lets packets pass that go to the mapped address directly. That only
/// shows where another rule permits those.
fn vip_gap(ruleset: &Ruleset, index: usize, plain: Option<&Vec<usize>>) -> Option<Certain> {
    let rule = &ruleset.rules[index];
    let met = plain.is_none_or(|plain| {
        plain.iter().any(|&other| ruleset.rules[other].matches.overlaps(&rule.matches))
    });
    let names = rule.note.as_ref().map(|n| n.destinations.join(" ")).unwrap_or_default();
    met.then(|| (None, Told::of(reasons::TRANSLATED_ONLY, names)))
}

/// A rule that denies plain addresses lets translated packets pass to a later rule that permits
/// the VIP.
fn plain_gap(ruleset: &Ruleset, index: usize, translated: Option<&Vec<usize>>) -> Option<Certain> {
    let rule = &ruleset.rules[index];
    let why = || Told::from(reasons::MATCH_VIP);
    let Some(translated) = translated else { return Some((None, why())) };
    let later = translated.iter().filter(|&&other| other > index).map(|&i| &ruleset.rules[i]);
    let cut: Vec<&AddrSet> = later
        .filter(|other| other.enabled && other.matches.overlaps(&rule.matches))
        .map(|other| &other.matches.dst)
        .collect();
    if cut.is_empty() {
        return None;
    }
    let dst = rule.matches.dst.minus(&AddrSet::union_all(cut));
    Some((Some(Traffic { dst, ..rule.matches.clone() }), why()))
}
