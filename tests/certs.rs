//! `portvakt certs` on the certificates of an invented municipality.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;

use common::{here, portvakt, stdout};
use serde_json::Value;

const FILES: &str = "fixtures/certs/files";
const ROOT: &str = "fixtures/certs/root.pem";
const DAY: [&str; 2] = ["--today", "2026-11-20"];

/// The status and what was written, for arguments after the fixed ones.
fn certs(more: &[&str]) -> (Option<i32>, String, String) {
    let output = portvakt(["certs"].iter().chain(&DAY).chain(more));
    (output.status.code(), stdout(&output), String::from_utf8(output.stderr).unwrap())
}

fn json(more: &[&str]) -> Value {
    serde_json::from_str(&certs(&[&["--format", "json"], more].concat()).1).unwrap()
}

/// A field of each certificate, in the order of the answer.
fn field(document: &Value, name: &str) -> Vec<String> {
    let rows = document["certificates"].as_array().unwrap().iter();
    rows.map(|row| row[name].to_string().trim_matches('"').to_owned()).collect()
}

/// The certificate that ends on a day.
fn ending<'a>(document: &'a Value, day: &str) -> &'a Value {
    let mut rows = document["certificates"].as_array().unwrap().iter();
    rows.find(|row| row["not_after"].as_str().unwrap().starts_with(day)).unwrap()
}

#[test]
fn each_certificate_once_and_the_first_to_end_first() {
    let found = json(&[FILES]);
    assert_eq!(field(&found, "state"), ["expired", "ends_soon", "not_yet_valid", "valid", "valid"]);
    assert_eq!(field(&found, "days_left")[..2], ["-172", "20"]);
    let counts = &found["counts"];
    assert_eq!((&counts["certificates"], &counts["expired"]), (&5.into(), &1.into()));
    assert_eq!((&counts["shared_keys"], &counts["not_yet_valid"]), (&2.into(), &1.into()));
    assert_eq!(found["failures"], Value::Array(vec![]));
}

#[test]
fn a_renewed_certificate_with_the_same_key_is_told() {
    let found = json(&[FILES]);
    let (old, new) = (ending(&found, "2026-06-01"), ending(&found, "2026-12-10"));
    assert_eq!(old["same_key"][0], new["fingerprint"]);
    assert_eq!(new["same_key"][0], old["fingerprint"]);
}

#[test]
fn private_keys_are_passed_over_and_said_to_be_there() {
    let (_, text, _) = certs(&[FILES, "--lang", "en"]);
    assert!(text.contains("e-tjanst.pem:1: private key: passed over"), "{text}");
    let (_, text, _) = certs(&[FILES]);
    assert!(text.contains("e-tjanst.pem:1: privat nyckel: lämnad orörd"), "{text}");
    assert!(!text.contains("bm90IGEga2V5"));
}

#[test]
fn the_own_authority_is_asked_when_it_is_named() {
    let found = json(&[FILES, "--own-ca", ROOT]);
    let trust = &ending(&found, "2026-12-10")["trust"];
    assert_eq!(trust["own"], "trusted");
    assert!(trust["public"].as_str().unwrap().starts_with("untrusted: missing-intermediate: "));
    assert_eq!(ending(&json(&[FILES]), "2026-12-10")["trust"]["own"], Value::Null);
}

/// What a server sends counts: it left out what the file beside it holds.
#[test]
fn results_of_scans_are_seen_too() {
    let found = json(&[FILES, "--own-ca", ROOT, "--observations", "fixtures/certs/tls.json"]);
    let www = ending(&found, "2026-12-10");
    let seen: Vec<&Value> =
        www["seen"].as_array().unwrap().iter().map(|s| &s["endpoint"]).collect();
    assert_eq!(seen, [&Value::Null, &"10.64.20.15:443".into()]);
    assert!(www["trust"]["own"].as_str().unwrap().starts_with("untrusted: missing-intermediate"));
    let firewall = ending(&found, "2026-11-30");
    assert_eq!(firewall["lints"][0]["name"], "no-subject-alternative-name");
    assert_eq!(firewall["state"], "ends_soon");
}

#[test]
fn the_exit_status_tells_what_ends() {
    let www = "fixtures/certs/files/www.pem";
    assert_eq!(certs(&[www]).0, Some(0));
    assert_eq!(certs(&[www, "--fail-within", "19"]).0, Some(0));
    assert_eq!(certs(&[www, "--fail-within", "20"]).0, Some(1));
    assert_eq!(certs(&[FILES]).0, Some(1), "one has ended");
}

#[test]
fn what_cannot_be_read_is_never_passed_over_in_silence() {
    let (status, _, errors) = certs(&["fixtures/certs/locked.p12"]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("locked.p12: krypterat: inte läst"), "{errors}");
    let (status, _, errors) = certs(&["fixtures/certs/files/sw-1.cfg"]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("innehåller inget certifikat"), "{errors}");
    assert_eq!(certs(&["fixtures/certs/nowhere.pem"]).0, Some(2));
    assert_eq!(certs(&["--observations", "fixtures/observations/nmap.xml"]).0, Some(2));
    assert_eq!(certs(&[]).0, Some(2));
}

#[test]
fn a_password_opens_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "hemligt\n").unwrap();
    let password = ["--password-file", file.to_str().unwrap()];
    let (status, text, errors) = certs(&[&["fixtures/certs/locked.p12"], &password[..]].concat());
    assert_eq!(status, Some(0), "{errors}");
    assert!(text.contains("www.exempelkommun.example") && !text.contains("hemligt"));
}

#[test]
fn within_shows_only_what_ends_by_then() {
    let found = json(&[FILES, "--within", "20"]);
    assert_eq!(field(&found, "state"), ["expired", "ends_soon"]);
    assert_eq!(found["counts"]["certificates"], 5);
    let (_, text, _) = certs(&[FILES, "--within", "10", "--lang", "en"]);
    assert!(text.contains("showing 1, that end within 10 days"), "{text}");
}

/// RFC 5545: lines end in CRLF and are 75 octets at most; each event has a UID, a time stamp and a
/// day, and reminds 30 days before it.
#[test]
fn a_calendar_that_stays_the_same_for_the_same_certificates() {
    let (_, calendar, _) = certs(&[FILES, "--format", "ics"]);
    assert!(calendar.ends_with("\r\nEND:VCALENDAR\r\n"));
    assert!(calendar.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')));
    let unfolded = calendar.replace("\r\n ", "");
    let count = |line: &str| unfolded.matches(line).count();
    assert_eq!([count("BEGIN:VEVENT"), count("TRIGGER:-P30D"), count("UID:")], [5, 5, 5]);
    assert!(unfolded.contains("DTSTART;VALUE=DATE:20261210\r\nDTEND;VALUE=DATE:20261211\r\n"));
    assert!(unfolded.contains("SUMMARY:Certifikat går ut: www.exempelkommun.example\r\n"));
    let later = portvakt(["certs", FILES, "--format", "ics", "--today", "2026-11-25"]);
    assert_eq!(stdout(&later), calendar, "another day changes nothing");
}

#[test]
fn a_table_for_a_spreadsheet() {
    let (_, table, _) = certs(&[FILES, "--format", "csv", "--lang", "en"]);
    assert!(table.starts_with("\u{feff}state;ends;days left;"));
    assert_eq!(table.lines().count(), 6);
    assert!(table.contains("ends soon;2026-12-10T11:59:59Z;20;"), "{table}");
}

/// Faults are told in words, by name and by clause, in both languages.
#[test]
fn faults_are_told_in_words() {
    let printer = "fixtures/certs/files/skrivare.cer";
    let (_, swedish, _) = certs(&[printer]);
    assert!(
        swedish.contains("fel: RSA-nyckeln har färre än 2048 bitar (rsa-modulus-under-2048-bits, ")
    );
    assert!(swedish.contains("nej, signerat med sin egen nyckel ("), "{swedish}");
    let (_, english, _) = certs(&[printer, "--lang", "en"]);
    assert!(english.contains("fault: It is signed with SHA-1 (sha1-signature, "), "{english}");
}

/// A record that tells too little of a certificate makes the inventory incomplete.
#[test]
fn a_certificate_that_a_record_does_not_tell_is_missed() {
    let record = fs::read_to_string(here("fixtures/certs/tls.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tls.json");
    fs::write(&file, record.replace("2026-11-30T00:00:00Z", "soon")).unwrap();
    let (status, _, errors) = certs(&["--observations", file.to_str().unwrap()]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("tls.json"), "{errors}");
}

/// A record is anybody's text: what would steer a terminal is not written to it.
#[test]
fn a_record_cannot_steer_the_terminal() {
    let record = fs::read_to_string(here("fixtures/certs/tls.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tls.json");
    fs::write(&file, record.replace("CN=fw-edge", "CN=\\u001b[2Jfw-edge")).unwrap();
    let (status, text, _) = certs(&["--observations", file.to_str().unwrap()]);
    assert_eq!(status, Some(0));
    assert!(text.contains("fw-edge") && !text.contains('\u{1b}'));
}

/// tlsx tells a certificate in a few words where it was not asked for the certificate itself: what it leaves
/// out makes no two of them one.
#[test]
fn certificates_that_a_scanner_only_describes_stay_apart() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str, hash: &str| {
        format!(
            r#"{{"timestamp":"2026-11-18T20:10:00Z","host":"{name}","ip":"198.51.100.20","port":"443","probe_status":true,"tls_version":"tls12","not_before":"2025-12-05T00:00:00Z","not_after":"2026-12-05T00:00:00Z","subject_cn":"{name}","subject_an":["{name}"],"issuer_cn":"CA"{hash}}}"#
        )
    };
    let hash = format!(r#","fingerprint_hash":{{"sha256":"{}"}}"#, "ab".repeat(32));
    let records = [record("a.example", ""), record("b.example", ""), record("c.example", &hash)];
    let path = folder.path().join("tlsx.jsonl");
    fs::write(&path, records.join("\n")).unwrap();
    let path = path.to_str().unwrap();
    let output =
        portvakt(["certs", "--observations", path, "--today", "2026-11-20", "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = answer["certificates"].as_array().unwrap();
    let mut told: Vec<(&str, Option<&str>)> = rows
        .iter()
        .map(|row| (row["common_name"].as_str().unwrap(), row["fingerprint"].as_str()))
        .collect();
    told.sort_unstable();
    let known = "ab".repeat(32);
    assert_eq!(told, [("a.example", None), ("b.example", None), ("c.example", Some(&*known))]);
    assert!(rows.iter().all(|row| row["same_key"] == serde_json::json!([])));
}
