use serde_json::json;

use super::super::super::{ssh, tls};
use super::*;

type Tls = tls::document::EndpointRow;
type Ssh = ssh::document::EndpointRow;

fn document(policy: &str, endpoints: &serde_json::Value) -> Document<Tls> {
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
    compare::<Tls>(&document("p", &json!([old])), &document("p", &json!([new])))
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

/// An SSH endpoint: where it is, its ciphers, and its host keys by type.
fn ssh(address: &str, ciphers: &[&str], keys: &[(&str, &str)]) -> serde_json::Value {
    let keys: Vec<_> = keys
        .iter()
        .map(|(kind, key)| json!({"kind": kind, "bits": 256, "fingerprint": key}))
        .collect();
    json!({
        "target": "sw.example:22", "address": address, "at": "", "profile": "internal",
        "level": "good", "connections": 1, "complete": true, "doubts": [],
        "banner": "SSH-2.0-Exempel", "kex": ["curve25519-sha256"],
        "host_key_algorithms": ["ssh-ed25519"], "ciphers": [ciphers, ciphers],
        "macs": [[], []], "compression": [["none"], ["none"]], "host_keys": keys,
        "gex_bits": null, "findings": [],
    })
}

fn ssh_document(endpoints: &[serde_json::Value]) -> Document<Ssh> {
    let text = json!({
        "schema": "portvakt-ssh-1",
        "tool": "portvakt",
        "policy": {"id": "p", "edition": "1", "read": true, "basis": ""},
        "today": "2026-11-29",
        "endpoints": endpoints,
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn lists_of_ssh_are_whole_and_a_host_key_is_compared_by_its_type() {
    let old = ssh("192.0.2.1:22", &["aes256-ctr", "3des-cbc"], &[("ssh-ed25519", "aa")]);
    let keys = [("ssh-ed25519", "bb"), ("ssh-rsa", "cc")];
    let new = ssh("192.0.2.1:22", &["aes256-ctr", "aes256-gcm@openssh.com"], &keys);
    let changes = compare(&ssh_document(&[old]), &ssh_document(&[new]));
    assert_eq!(changes.schema, "portvakt-ssh-diff-1");
    let change = &changes.changed[0];
    assert_eq!(change.now_offered, ["cipher aes256-gcm@openssh.com"]);
    assert_eq!(change.no_longer_offered, ["cipher 3des-cbc"]);
    assert_eq!(change.host_keys, ["ssh-ed25519: aa → bb"]);
    assert_eq!(change.certificates, None);
}

#[test]
fn each_address_of_a_name_is_compared_with_itself() {
    let at = |address| ssh(address, &["aes256-ctr"], &[("ssh-ed25519", "aa")]);
    let (a, b, c) = (at("192.0.2.1:22"), at("192.0.2.2:22"), at("192.0.2.3:22"));
    let changes = compare(&ssh_document(&[a.clone(), b.clone()]), &ssh_document(&[b, c.clone()]));
    assert_eq!(changes.added, ["sw.example:22 (192.0.2.3:22)"]);
    assert_eq!(changes.removed, ["sw.example:22 (192.0.2.1:22)"]);
    assert_eq!(changes.unchanged, 1);
    // The one address of a name is another now, and the endpoint is the same.
    let changes =
        compare(&ssh_document(std::slice::from_ref(&a)), &ssh_document(std::slice::from_ref(&c)));
    assert_eq!((changes.unchanged, changes.added.len(), changes.removed.len()), (1, 0, 0));
    // It has no address today: what was there is not gone.
    let mut lost = at("");
    lost["address"] = serde_json::Value::Null;
    lost["kex"] = json!([]);
    let changes = compare(&ssh_document(&[a, c]), &ssh_document(&[lost]));
    assert!(changes.added.is_empty() && changes.removed.is_empty(), "{changes:?}");
    assert_eq!(changes.not_reached.len(), 3, "{changes:?}");
}
