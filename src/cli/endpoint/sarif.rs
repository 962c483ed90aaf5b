//! Findings as SARIF 2.1.0 (OASIS). What is good or sufficient is no result; what was not assessed is
//! `kind: open`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use portvakt_checks::crypto::{Level, WORDS, Words};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{FindingRow, Judged};
use crate::report::sarif::SCHEMA;
use crate::text::Lang;

pub(super) fn write<T: Judged>(endpoints: &[T], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let names = super::names(endpoints);
    let each = || names.iter().zip(endpoints);
    let unreached = each().filter(|(_, e)| !e.is_reached());
    let notifications: Vec<Value> = unreached
        .map(|(name, e)| {
            let said = if e.is_asked() {
                lang.of("svarade inte", "did not answer")
            } else {
                lang.of("inte undersökt", "not looked at")
            };
            json!({"level": "error", "message": {"text": format!("{name}: {said}")}})
        })
        .collect();
    let of_endpoint = |(name, endpoint): (&String, &T)| {
        let told = endpoint.findings().iter().filter(|f| f.level() > Level::Sufficient);
        told.map(|f| result(name, endpoint.target(), f, lang)).collect::<Vec<_>>()
    };
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portvakt",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "language": lang.of("sv", "en"),
                "rules": rules(endpoints, lang),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": each().flat_map(of_endpoint).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The checks that results name, once each.
fn rules<T: Judged>(endpoints: &[T], lang: Lang) -> Vec<Value> {
    let words: BTreeMap<&str, &Words> =
        WORDS.iter().copied().flatten().map(|words| (words.check, words)).collect();
    let named =
        endpoints.iter().flat_map(Judged::findings).filter(|f| f.level() > Level::Sufficient);
    let used: BTreeMap<&str, &Words> = named
        .filter_map(|f| words.get_key_value(f.check.as_str()))
        .map(|(k, v)| (*k, *v))
        .collect();
    used.values()
        .map(|words| {
            json!({
                "id": words.check,
                "shortDescription": {"text": lang.pick(&words.title)},
                "help": {"text": lang.pick(&words.fix)},
            })
        })
        .collect()
}

/// The uri is of the target; the name tells addresses of it apart.
fn result(name: &str, target: &str, f: &FindingRow, lang: Lang) -> Value {
    let (kind, level) = match f.level() {
        Level::Insufficient => ("fail", "error"),
        Level::PhaseOut => ("fail", "warning"),
        _ => ("open", "none"),
    };
    let text = format!("{name}: {}: {} ({})", f.text.pick(lang), f.seen(lang), f.why(lang));
    let mut value = json!({
        "ruleId": f.check,
        "kind": kind,
        "level": level,
        "message": {"text": text},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": format!("tcp://{target}")}},
            "logicalLocations": [{"fullyQualifiedName": format!("{name}/{}", f.subject)}],
        }],
        "partialFingerprints": {"portvakt/v1": fingerprint(name, f)},
        "properties": {"severity": f.severity, "evidence": f.evidence},
    });
    if f.known {
        value["baselineState"] = json!("unchanged");
    }
    value
}

/// The same for the same check of the same thing, whatever else it shows on another day.
fn fingerprint(name: &str, f: &FindingRow) -> String {
    let mut hash = Sha256::new();
    for part in [name, &f.check, &f.subject] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    crate::report::hex(&hash.finalize()[..16])
}
