//! Audits with what a network shows: results of scans, and a scan of this very machine.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;

use common::{portvakt, stdout};
use serde_json::Value;

/// The day that is judged.
const TODAY: &str = "2026-11-20";

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// The ids of the checks that found something.
fn ids(json: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(json).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|f| f["check"].as_str().unwrap().to_owned()).collect()
}

/// A scan from the internet that finds a port which nobody decided on.
const SCAN: &str = "{\"tool\": \"portvakt 0.1.0\", \"sensor\": \"I\", \"ended\": \"2026-11-19T20:00:00Z\", \"complete\": true,\n\"hosts\": [{\"address\": \"10.1.0.9\", \"up\": true,\n\"ports\": [{\"port\": 23, \"protocol\": \"tcp\", \"state\": \"open\", \"service\": {\"name\": \"telnet\", \"asked\": true}}]}]}\n";

#[test]
fn a_broken_scan_is_told_and_the_others_are_still_used() {
    let site = "[[zone]]\nname = 'I'\nkind = 'internet'\n[[zone]]\nname = 'S'\nkind = 'server'\nprefixes = ['10.1.0.0/16']\n";
    let files: [(&str, &[u8]); 4] = [
        ("portvakt.toml", site.as_bytes()),
        ("good.json", SCAN.as_bytes()),
        ("cut.json", &SCAN.as_bytes()[..150]),
        ("other.txt", b"ring drift om porten\n"),
    ];
    let folder = folder(&files);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let site = path("portvakt.toml");
    let run = |scans: &[String]| {
        let fixed = ["audit", &site, "--site", &site, "--today", TODAY, "--format", "json"];
        let scans = scans.iter().map(String::as_str);
        let output = portvakt(fixed.into_iter().chain(["--observations"]).chain(scans));
        (output.status.code(), stdout(&output))
    };
    let (code, report) = run(&[path("good.json")]);
    assert_eq!(code, Some(1), "{report}");
    assert!(ids(&report).contains(&"PV8015".to_owned()), "{report}");
    let (code, report) =
        run(&[path("cut.json"), path("other.txt"), path("good.json"), path("none.json")]);
    assert_eq!(code, Some(2), "{report}");
    assert!(ids(&report).contains(&"PV8015".to_owned()), "what can be read is used: {report}");
    let json: Value = serde_json::from_str(&report).unwrap();
    let failed: Vec<&str> =
        json["failures"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    for name in ["cut.json", "other.txt", "none.json"] {
        assert!(failed.iter().any(|path| path.ends_with(name)), "{name}: {failed:?}");
    }
    assert!(
        json["scans"].as_array().unwrap().iter().any(|s| s["runs"][0]["open"] == 1),
        "{report}"
    );
    let (_, report) = run(&[path("none.json")]);
    assert!(!ids(&report).contains(&"PV8015".to_owned()));
    let json: Value = serde_json::from_str(&report).unwrap();
    let live = |c: &&Value| c["check"].as_str().unwrap().starts_with("PV80");
    for check in json["checks"].as_array().unwrap().iter().filter(live) {
        assert_eq!(check["unmet"], "observations", "a lost scan passes nothing: {check}");
    }
}

/// A port of this machine that the scan asks, and a scope of this machine alone.
#[test]
fn an_audit_scans_first_where_it_is_asked_to() {
    let site = "[[zone]]\nname = 'S'\nkind = 'server'\nprefixes = ['127.0.0.0/8']\n[scan]\nscope = ['127.0.0.1/32']\nauthorised_by = 'NN'\nvalid_until = '2999-01-01'\nwindow = 'always'\nrate = 100000\nhost_rate = 100000\n";
    let folder = folder(&[("portvakt.toml", site.as_bytes())]);
    let kept = folder.path().join("live.json");
    fs::write(&kept, "what an earlier scan left").unwrap();
    let live = format!("--live={}", kept.display());
    let args =
        ["audit", folder.path().to_str().unwrap(), &live, "--sensor", "S", "--format", "json"];
    let output = portvakt(args);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let run = &report["scans"][0]["runs"][0];
    assert_eq!(run["from"], "S", "{report}");
    assert!(run["hosts"].as_u64().unwrap() == 1 && run["ports"].as_u64().unwrap() > 100, "{run}");
    assert!(report["failures"].as_array().unwrap().is_empty(), "{report}");
    let refused = ["audit", "fixtures/exempelkommun", &live, "--format", "json"];
    let output = portvakt(refused);
    assert_eq!(output.status.code(), Some(2), "without a scope nothing is scanned");
    assert!(!kept.exists(), "and an earlier result is not taken for a new one");
}
