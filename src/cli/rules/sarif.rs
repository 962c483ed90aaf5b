//! The answer as SARIF 2.1.0 (OASIS), by the ids of the checks that find the same.

use std::io::{self, Write};

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;
use portvakt_checks::Check;
use portvakt_model::Severity;
use portvakt_space::{Cause, State};
use serde_json::{Value, json};

use super::judged::List;
use super::words;
use crate::audit::Case;
use crate::report::sarif::{Log, level, place};
use crate::text::Lang;

/// Places that a result names besides its own.
const RELATED: usize = 32;

/// The checks whose ids stand for what is told of rules.
fn checks() -> Vec<&'static Check> {
    let ids = ["PV3001", "PV3002", "PV3003", "PV3004", "PV3005", "PV3006"];
    portvakt_checks::ALL.iter().copied().filter(|check| ids.contains(&check.id)).collect()
}

pub(super) fn write(
    lists: &[List<'_>],
    case: &Case,
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    let of_list = |list: &List<'_>| {
        let rules = list.rules.iter();
        rules.flat_map(|(key, standing)| results(list, *key, standing, lang)).collect::<Vec<_>>()
    };
    let results = lists.iter().flat_map(of_list).collect();
    Log { checks: checks(), failures: case.failures(), results }.write(lang, out)
}

/// What is told of one rule: its standing, and what it is an exception to.
fn results(list: &List<'_>, key: RuleKey, standing: &Standing, lang: Lang) -> Vec<Value> {
    let judged = list.judged;
    let said = words::said(judged, key, standing, lang);
    let mut out = Vec::new();
    let (id, severity, related): (_, _, Vec<RuleKey>) = match standing {
        Standing::Live(_) => return exception(list, key, lang).into_iter().collect(),
        Standing::Unreachable { cause, blockers, .. } => {
            let id = match cause {
                Cause::One => "PV3001",
                Cause::Union => "PV3002",
                Cause::Unmatchable => "PV3003",
            };
            let contrary = judged.contrary(key).is_some_and(|(_, p)| p.state == State::New);
            let severity = if contrary { Severity::Medium } else { Severity::Low };
            (id, Some(severity), judged.blockers(key, blockers))
        }
        Standing::Removable(removable) => ("PV3004", Some(Severity::Low), removable.by.to_vec()),
        Standing::Unsure(blockers) => ("PV3006", None, blockers.to_vec()),
        Standing::Undecided(..) => ("PV3006", None, Vec::new()),
    };
    out.push(result(list, key, id, severity, &said, &related));
    out.extend(exception(list, key, lang));
    out
}

/// What a rule is an exception to, if to anything.
fn exception(list: &List<'_>, key: RuleKey, lang: Lang) -> Option<Value> {
    let (overlaps, more) = list.judged.overlaps(key);
    if overlaps.is_empty() {
        return None;
    }
    let lines = words::lines(list.judged, overlaps, lang);
    let more = if more > 0 { format!(" (+{more})") } else { String::new() };
    let said = format!("{} {lines}{more}", lang.of("undantag från", "an exception to"));
    Some(result(list, key, "PV3005", Some(Severity::Info), &said, overlaps))
}

/// One result; without a severity it is open.
fn result(
    list: &List<'_>,
    key: RuleKey,
    id: &str,
    severity: Option<Severity>,
    said: &str,
    related: &[RuleKey],
) -> Value {
    let judged = list.judged;
    let at = |key: RuleKey| place(judged.path(), judged.line(key), 1);
    let others = related.iter().filter(|key| judged.line(**key) > 0).take(RELATED);
    let (device, name) = (&judged.device.name, &list.ruleset().name);
    let mut properties = json!({"device": device, "ruleset": name});
    if let Some(original) = judged.original(key).filter(|_| id != "PV3005") {
        properties["duplicateOf"] = json!(judged.line(original));
    }
    json!({
        "ruleId": id,
        "kind": if severity.is_some() { "fail" } else { "open" },
        "level": severity.map_or("none", level),
        "message": {"text": format!("{device} {name}: {said}")},
        "locations": [at(key)],
        "relatedLocations": others.map(|key| at(*key)).collect::<Vec<_>>(),
        "properties": properties,
    })
}
