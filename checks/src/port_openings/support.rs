//! What several checks of the register share.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Opening, OpeningStanding};
use portvakt_model::{Arg, Decision, Field, Location, Message, Role, RuleRef, Status};

use crate::{Draft, Findings, rules};
use portvakt_space::Traffic;

/// Decisions that must be whole: made, and not ended.
pub(super) fn standing<'a>(audit: &Audit<'a>) -> impl Iterator<Item = &'a Decision> {
    let today = audit.today;
    let all: Vec<&'a Decision> = audit.tables.decisions.clone().unwrap_or_default();
    all.into_iter().filter(move |d| d.status == Status::Decided && !d.ended_on(today))
}

/// The text of a field; empty when the field is.
pub(super) fn text(field: Option<&Field>) -> &str {
    field.map_or("", |f| f.text.trim())
}

/// The cell of a field, or its row.
pub(super) fn cell(field: Option<&Field>, decision: &Decision) -> Location {
    field.map_or_else(|| decision.at.clone(), |f| f.at.clone())
}

/// A violation about a decision.
pub(super) fn fault<'f, 'a>(
    findings: &'f mut Findings<'a>,
    message: &'static Message,
    decision: &Decision,
    at: Location,
) -> Draft<'f, 'a> {
    findings.violation(message, at).text("decision", &decision.id).key(&decision.id)
}

/// Reports each decision whose field is empty.
pub(super) fn require(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    message: &'static Message,
    field: fn(&Decision) -> Option<&Field>,
) {
    findings.judge_site();
    for decision in standing(audit).filter(|d| text(field(d)).is_empty()) {
        fault(findings, message, decision, cell(field(decision), decision)).push();
    }
}

/// Openings that stand so.
pub(super) fn openings<'o>(
    audit: &'o Audit<'_>,
    standing: OpeningStanding,
) -> impl Iterator<Item = &'o Opening> {
    audit.openings().list.iter().filter(move |o| o.standing == standing)
}

/// The openings that are about each decision, by its id.
pub(super) fn by_decision<'o>(audit: &'o Audit<'_>) -> BTreeMap<String, Vec<&'o Opening>> {
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let mut all: BTreeMap<String, Vec<&Opening>> = BTreeMap::new();
    for opening in &audit.openings().list {
        for index in &opening.decisions {
            all.entry(decisions[*index as usize].id.clone()).or_default().push(opening);
        }
    }
    all
}

/// Points at the rules of openings.
pub(super) fn name_openings<'f, 'a>(
    audit: &Audit<'_>,
    mut draft: Draft<'f, 'a>,
    openings: &[&Opening],
) -> Draft<'f, 'a> {
    for opening in openings.iter().take(MOST_RELATED) {
        let rule = rule_ref(audit, opening);
        let name = rule.id.clone().unwrap_or_else(|| rule.line.to_string());
        let device = &audit.devices[opening.device as usize].name;
        draft = draft.related(Role::Rule, place(audit, opening), format!("{device} {name}"));
    }
    draft
}

/// Every device with an opening is judged.
pub(super) fn judge_all(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for opening in &audit.openings().list {
        findings.judge(opening.device);
    }
}

/// Fills in what every finding about an opening says: rule, borders, traffic, proof, decisions.
pub(super) fn describe<'f, 'a>(
    audit: &Audit<'_>,
    opening: &Opening,
    draft: Draft<'f, 'a>,
) -> Draft<'f, 'a> {
    let from = audit.zone_names(opening.borders.iter().map(|b| b.0));
    let to = audit.zone_names(opening.borders.iter().map(|b| b.1));
    let excess = if opening.excess.is_empty() { &opening.unsure } else { &opening.excess };
    let witness = (!opening.excess.is_empty())
        .then(|| excess.first().and_then(|t| audit.witness(opening.device, t, opening.rule, true)));
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let about: Vec<&Decision> = opening.decisions.iter().map(|i| decisions[*i as usize]).collect();
    let owner = opening.borders.first().and_then(|b| audit.site.zone(b.1).owner.clone());
    let shown = match opening.standing {
        OpeningStanding::Wider => excess.clone(),
        _ => whole(audit, opening),
    };
    let mut draft = draft
        .rule(&rule_ref(audit, opening))
        .arg("from", Arg::Names(from))
        .arg("to", Arg::Names(to))
        .arg("traffic", Arg::Traffic(audit.shown(&shown)))
        .arg("decisions", Arg::Names(about.iter().map(|d| d.id.clone()).collect()))
        .residue(excess.clone())
        .witness(witness.flatten())
        .owner(owner)
        .key(key(audit, opening));
    for decision in about.into_iter().take(MOST_RELATED) {
        draft = draft.related(Role::Decision, decision.at.clone(), &decision.id);
    }
    draft
}

/// What the opening's rule says it matches: shorter to read than the parts that cross borders.
fn whole(audit: &Audit<'_>, opening: &Opening) -> Vec<Traffic> {
    let rule = opening
        .rule
        .and_then(|key| audit.ruleset(opening.device, key.ruleset).rules.get(key.rule? as usize));
    rule.map_or_else(|| opening.permitted.clone(), |r| vec![r.matches.clone()])
}

/// Most decisions or rules that a finding points at.
const MOST_RELATED: usize = 8;

/// The opening's rule, or the device's first list where nothing filters.
pub(super) fn rule_ref(audit: &Audit<'_>, opening: &Opening) -> RuleRef {
    match opening.rule {
        Some(rule) => audit.rule_ref(opening.device, rule.ruleset, rule.rule),
        None => RuleRef {
            device: opening.device,
            ruleset: portvakt_model::RulesetId(0),
            rule: None,
            id: None,
            line: 0,
        },
    }
}

/// The place of an opening.
pub(super) fn place(audit: &Audit<'_>, opening: &Opening) -> Location {
    match opening.rule {
        Some(_) => audit.rule_at(&rule_ref(audit, opening)),
        None => audit.at(opening.device, 0),
    }
}

/// Names the opening whatever line it stands on: its list, its id and the borders it crosses.
fn key(audit: &Audit<'_>, opening: &Opening) -> String {
    let list = opening.rule.map(|r| audit.ruleset(opening.device, r.ruleset).name.clone());
    let id = rule_ref(audit, opening).id;
    let first = opening.permitted.first().or(opening.unsure.first());
    let said = |traffic| rules::spelt(audit, opening.device, traffic);
    let stable = id.or_else(|| first.map(said)).unwrap_or_default();
    format!("{} {stable}", list.unwrap_or_default())
}
