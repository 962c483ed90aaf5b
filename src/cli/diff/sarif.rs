//! As SARIF 2.1.0 (OASIS), for code review: what became permitted, at the lines of the new version.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{ChangeRow, Document, RulesetRow};
use crate::answer::LineRow;
use crate::report::sarif::{SCHEMA, uri};
use crate::text::Lang;

/// Kinds of results: id, Swedish, English, level.
const RULES: [(&str, &str, &str, &str); 3] = [
    ("newly-permitted", "Trafik släpps nu igenom", "Traffic is newly permitted", "error"),
    (
        "maybe-permitted",
        "Trafik släpps kanske nu igenom",
        "Traffic may be newly permitted",
        "warning",
    ),
    (
        "not-compared",
        "Det går inte att avgöra vad som nu släpps igenom",
        "What is newly permitted cannot be told",
        "warning",
    ),
];

pub(super) fn write(document: &Document, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let rule = |(id, sv, en, level): &(&str, &str, &str, &str)| {
        json!({
            "id": id,
            "shortDescription": {"text": lang.of(*sv, *en)},
            "defaultConfiguration": {"level": level},
        })
    };
    let notification =
        |text: &String| json!({"level": "error", "message": {"text": text.as_str()}});
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portvakt",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "language": lang.of("sv", "en"),
                "rules": RULES.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": document.failures.is_empty(),
                "toolExecutionNotifications":
                    document.failures.iter().map(notification).collect::<Vec<_>>(),
            }],
            "results": all(document, lang),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn all(document: &Document, lang: Lang) -> Vec<Value> {
    let lists = document.rulesets.iter().flat_map(|list| results(list, lang));
    let nat = document
        .nat_changed
        .iter()
        .map(|device| not_compared(&format!("{device}: {}", super::text::nat_changed(lang)), None));
    let lines = document.not_recognised.iter().map(|line| {
        let at = (line.side == "new").then(|| place(&line.path, line.line));
        not_compared(&super::text::not_recognised(line, lang), at)
    });
    lists.chain(nat).chain(lines).collect()
}

/// What is about no list.
fn not_compared(text: &str, at: Option<Value>) -> Value {
    let (id, _, _, level) = RULES[2];
    json!({
        "ruleId": id,
        "level": level,
        "message": {"text": text},
        "locations": at.into_iter().collect::<Vec<_>>(),
    })
}

fn place(path: &str, line: u32) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(path)},
        "region": {"startLine": line.max(1)},
    }})
}

fn results(list: &RulesetRow, lang: Lang) -> Vec<Value> {
    let of = |kind: usize, changes: &[ChangeRow]| -> Vec<Value> {
        changes.iter().map(|change| changed(list, kind, change, lang)).collect()
    };
    let mut all = of(0, &list.newly_permitted);
    all.extend(of(1, &list.maybe_permitted));
    all.extend(list.open.iter().map(|open| {
        let text = super::text::open_said(open, lang);
        let at = (open.side == "new").then_some(&open.rule);
        result(list, 2, &text, at, &[])
    }));
    if list.only_in == Some("old") || list.hooks_changed || !list.complete {
        all.push(result(list, 2, &super::text::summary(list, lang), None, &[]));
    }
    all
}

fn changed(list: &RulesetRow, kind: usize, change: &ChangeRow, lang: Lang) -> Value {
    let (_, sv, en, _) = RULES[kind];
    let text = format!(
        "{}: {}; {} {}",
        lang.of(sv, en),
        lang.of(&change.said[0], &change.said[1]),
        lang.of("paket", "packet"),
        change.witness.said(lang)
    );
    result(list, kind, &text, change.new.first(), &change.old)
}

fn result(
    list: &RulesetRow,
    kind: usize,
    text: &str,
    at: Option<&LineRow>,
    related: &[LineRow],
) -> Value {
    let (id, _, _, level) = RULES[kind];
    let place = |line: &LineRow| place(&line.path, line.line);
    json!({
        "ruleId": id,
        "level": level,
        "message": {"text": format!("{} {}: {text}", list.device, list.name)},
        "locations": at.into_iter().map(place).collect::<Vec<_>>(),
        "relatedLocations": related.iter().map(place).collect::<Vec<_>>(),
        "properties": {"device": list.device, "ruleset": list.name},
    })
}
