use serde_json::json;

use super::*;

fn document(policy: &str, endpoints: &serde_json::Value) -> Document {
    let text = json!({
        "schema": "portvakt-tls-1",
        "tool": "portvakt",
        "policy": {"id": policy, "edition": "1", "read": true, "basis": ""},
        "today": "2026-11-29",
        "endpoints": endpoints,
    });
    serde_json::from_value(text).unwrap()
}

/// An endpoint: its target, whether it is known whole, TLS 1.0 and its groups.
fn endpoint(target: &str, whole: bool, tls10: Option<bool>, groups: &[&str]) -> serde_json::Value {
    let protocol = |offered: Option<bool>| json!({"offered": offered, "suites": [], "complete": whole, "order": "server"});
    let level = if tls10 == Some(true) { "insufficient" } else { "good" };
    let both = json!({"sv": "s", "en": "e"});
    json!({
        "target": target, "address": null, "server_name": null, "starttls": null, "at": "",
        "profile": "internal", "level": level, "connections": 1, "complete": whole,
        "enumerated": whole, "doubts": [],
        "protocols": {"TLS1.0": protocol(tls10), "TLS1.3": protocol(Some(true))},
        "groups": groups, "signature_schemes": [], "dh_bits": null, "traits": {}, "hsts": null,
        "certificates": [], "probes": [],
        "findings": [{
            "check": "tls-1-0-offered", "level": level, "severity": "high", "evidence": "tested",
            "subject": "TLS1.0", "observed": [], "source": "", "clause": "", "text": both,
            "remedy": null, "caveat": null,
        }],
    })
}

fn compared(old: &serde_json::Value, new: &serde_json::Value) -> Changes {
    compare(&document("p", &json!([old])), &document("p", &json!([new])))
}

#[test]
fn what_is_new_and_worse_is_told() {
    let changes = compared(
        &endpoint("a:443", true, Some(false), &["x25519"]),
        &endpoint("a:443", true, Some(true), &["x25519", "secp256r1"]),
    );
    let change = &changes.changed[0];
    assert_eq!(change.now_offered, ["TLS1.0", "group secp256r1"]);
    assert_eq!(change.worse, ["tls-1-0-offered TLS1.0: sufficient → insufficient"]);
    assert!(change.better.is_empty() && change.no_longer_offered.is_empty());
}

#[test]
fn what_a_whole_look_does_not_find_is_gone() {
    let changes = compared(
        &endpoint("a:443", true, Some(true), &["x25519", "secp256r1"]),
        &endpoint("a:443", true, Some(false), &["x25519"]),
    );
    let change = &changes.changed[0];
    assert_eq!(change.no_longer_offered, ["TLS1.0", "group secp256r1"]);
    assert_eq!(change.better, ["tls-1-0-offered TLS1.0: insufficient → sufficient"]);
}

#[test]
fn silence_is_not_mended() {
    let changes = compared(
        &endpoint("a:443", true, Some(true), &["x25519", "secp256r1"]),
        &endpoint("a:443", false, None, &["x25519"]),
    );
    let change = &changes.changed[0];
    assert_eq!(change.not_seen, ["TLS1.0"]);
    assert!(change.no_longer_offered.is_empty() && change.better.is_empty(), "{change:?}");
    assert!(!change.complete);
}

#[test]
fn endpoints_come_and_go_and_may_not_answer() {
    let calm = |target| endpoint(target, true, Some(false), &[]);
    let mut mute = calm("c:1");
    for version in ["TLS1.0", "TLS1.3"] {
        mute["protocols"][version]["offered"] = serde_json::Value::Null;
    }
    let old = document("p", &json!([calm("a:1"), calm("b:1"), calm("c:1")]));
    let new = document("q", &json!([calm("b:1"), mute, calm("d:1")]));
    let changes = compare(&old, &new);
    assert_eq!(changes.added, ["d:1"]);
    assert_eq!(changes.removed, ["a:1"]);
    assert_eq!(changes.not_reached, ["c:1"]);
    assert_eq!((changes.unchanged, changes.changed.len()), (1, 0));
    assert!(!changes.same_policy);
    let mut said = Vec::new();
    text(&changes, Lang::En, &mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("c:1: not reached by one of the runs"), "{said}");
    assert!(said.contains("different policies"), "{said}");
}
