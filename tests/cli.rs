//! The program's edges: exit statuses, selection, files it writes.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;
use std::path::Path;

use common::{portvakt, stdout};
use serde_json::Value;

/// The day that the sample is judged for.
const TODAY: &str = "2026-11-20";
const SAMPLE: &str = "fixtures/exempelkommun";

/// A firewall with nothing to complain of, and one with Telnet on.
const CALM: &str = "version 15.2\nhostname sw-1\nline vty 0 15\n transport input ssh\nend\n";
const LOUD: &str = "version 15.2\nhostname sw-2\nline vty 0 4\n transport input telnet\nend\n";

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn audit(path: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let fixed = ["audit", path.to_str().unwrap(), "--today", TODAY];
    let output = portvakt(fixed.iter().chain(more));
    (output.status.code(), stdout(&output), String::from_utf8(output.stderr).unwrap())
}

/// The ids of the checks that found something.
fn ids(json: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(json).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut ids: Vec<String> = findings.map(|f| f["check"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[test]
fn nothing_found_is_0_and_something_found_is_1() {
    let calm = folder(&[("sw-1.cfg", CALM.as_bytes())]);
    let only = ["--only", "telnet-enabled"];
    assert_eq!(audit(calm.path(), &only).0, Some(0));
    let loud = folder(&[("sw-2.cfg", LOUD.as_bytes())]);
    assert_eq!(audit(loud.path(), &only).0, Some(1));
}

#[test]
fn the_severity_that_fails_a_run_can_be_chosen() {
    let loud = folder(&[("sw-2.cfg", LOUD.as_bytes())]);
    let at = |level| audit(loud.path(), &["--only", "PV6001", "--fail-on", level]).0;
    assert_eq!(at("medium"), Some(1));
    assert_eq!(at("high"), Some(1), "Telnet is of high severity");
    assert_eq!(at("critical"), Some(0));
    assert_eq!(at("never"), Some(0));
}

#[test]
fn wrong_usage_is_2_and_says_what_is_wrong() {
    for (args, word) in [
        (&["audit"][..], "PATHS"),
        (&["audit", SAMPLE, "--today", "2026-13-45"], "--today"),
        (&["audit", SAMPLE, "--only", "no-such-rule"], "no-such-rule"),
        (&["explain", "telnet"], "menades telnet-enabled?"),
        (&["no-such-command"], "no-such-command"),
    ] {
        let output = portvakt(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(word), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_2_and_is_named() {
    let folder = folder(&[]);
    let missing = folder.path().join("fw-9.conf");
    let (code, report, errors) = audit(&missing, &[]);
    assert_eq!(code, Some(2));
    assert!((report + &errors).contains("fw-9.conf"));
}

#[test]
fn a_file_that_is_not_recognised_is_2_and_the_rest_is_still_reported() {
    let both = folder(&[
        ("sw-2.cfg", LOUD.as_bytes()),
        ("notes.txt", b"ring drift om porten\n"),
        ("dump.bin", &[0, 159, 146, 150, 0, 0, 1, 2]),
    ]);
    let (code, report, _) = audit(both.path(), &["--format", "json", "--only", "PV6001"]);
    assert_eq!(code, Some(2));
    assert_eq!(ids(&report), ["PV6001"]);
    assert!(report.contains("notes.txt") && report.contains("dump.bin"));
    let (_, text, errors) = audit(both.path(), &["--lang", "en", "--only", "PV6001"]);
    assert!((text + &errors).contains("not recognised"));
}

#[test]
fn a_lost_register_makes_no_opening_undocumented() {
    let site = "registers = ['a.csv', 'b.csv']\n[[zone]]\nname = 'I'\nkind = 'internet'\n[[zone]]\nname = 'S'\nkind = 'server'\nprefixes = ['10.1.0.0/16']\n[[border]]\nfrom = ['*']\nto = ['*']\ndecision = true\n";
    let rules = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 10.1.0.1/32 -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n";
    let register = "beslut_id;beställare;giltig_till;extern_adress;intern_adress;riktning;trafiktyp\nP-1;a;2027-01-01;alla;10.2.0.1;in;tcp 443\n";
    let files: [(&str, &[u8]); 3] = [
        ("portvakt.toml", site.as_bytes()),
        ("fw.rules", rules.as_bytes()),
        ("a.csv", register.as_bytes()),
    ];
    let folder = folder(&files);
    let json = |more: &[&str]| {
        audit(
            folder.path(),
            &[&["--format", "json", "--only", "undocumented-opening"], more].concat(),
        )
    };
    let (code, out, _) = json(&[]);
    assert_eq!((code, ids(&out)), (Some(2), Vec::new()), "b.csv may hold the decision");
    fs::write(folder.path().join("b.csv"), register).unwrap();
    let (code, out, _) = json(&[]);
    assert_eq!((code, ids(&out)), (Some(1), vec!["PV1001".to_owned()]));
}

#[test]
fn a_wrong_site_file_is_2_and_never_an_audit_without_it() {
    let wrong = folder(&[("sw-1.cfg", CALM.as_bytes()), ("portvakt.toml", b"zoner = 1\n")]);
    let (code, report, errors) = audit(wrong.path(), &[]);
    assert_eq!(code, Some(2));
    assert!((report + &errors).contains("portvakt.toml"));
}

#[test]
fn checks_are_chosen_and_left_out_by_id_and_by_name() {
    let sample = Path::new(SAMPLE);
    let json = |more: &[&str]| ids(&audit(sample, &[&["--format", "json"], more].concat()).1);
    let all = json(&[]);
    assert!(all.len() > 5, "{all:?}");
    assert_eq!(json(&["--only", "PV6001"]), ["PV6001"]);
    assert_eq!(json(&["--only", "telnet-enabled"]), ["PV6001"]);
    assert_eq!(json(&["--only", "PV6001,undocumented-opening"]), ["PV1001", "PV6001"]);
    let rest: Vec<&String> = all.iter().filter(|id| *id != "PV6001" && *id != "PV1001").collect();
    let skipped = json(&["--skip", "telnet-enabled", "--skip", "PV1001"]);
    assert_eq!(skipped.iter().collect::<Vec<_>>(), rest);
}

#[test]
fn a_report_replaces_the_file_whole_or_not_at_all() {
    let folder = folder(&[]);
    let target = folder.path().join("report.json");
    fs::write(&target, "old").unwrap();
    let to = ["--format", "json", "--output", target.to_str().unwrap()];
    let (code, said, _) = audit(Path::new(SAMPLE), &to);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(!ids(&fs::read_to_string(&target).unwrap()).is_empty());
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["report.json"], "no partial file is left");

    let nowhere = folder.path().join("missing/report.json");
    let to = ["--output", nowhere.to_str().unwrap()];
    let (code, _, errors) = audit(Path::new(SAMPLE), &to);
    assert_eq!(code, Some(2));
    assert!(errors.contains("missing"), "{errors}");
}

#[test]
fn a_starter_is_a_valid_site_file_and_is_not_overwritten() {
    let site = folder(&[]);
    for name in ["fw-edge.conf", "core-sw.cfg", "register.xlsx", "system.csv", "ssid.csv"] {
        fs::copy(common::here(SAMPLE).join(name), site.path().join(name)).unwrap();
    }
    let init = |more: &[&str]| {
        let path = site.path().to_str().unwrap();
        portvakt(["init", path].iter().chain(more)).status.code()
    };
    fs::write(site.path().join("bild.bin"), b"\0\x01\x02").unwrap();
    let first = portvakt(["init", site.path().to_str().unwrap()]);
    assert_eq!(first.status.code(), Some(0));
    assert!(
        String::from_utf8(first.stderr).unwrap().contains("bild.bin"),
        "what is not read is told"
    );
    fs::remove_file(site.path().join("bild.bin")).unwrap();
    let starter = fs::read_to_string(site.path().join("portvakt.toml")).unwrap();
    assert!(starter.contains("register.xlsx") && starter.contains("core-sw:Vlan640"));
    assert_eq!(starter.matches("kind = \"internet\"").count(), 1, "{starter}");
    assert!(starter.contains("kind = \"admin\""), "{starter}");
    let (code, _, errors) = audit(site.path(), &[]);
    assert_eq!(code, Some(1), "it is read without complaint: {errors}");
    assert_eq!(init(&[]), Some(2), "it is not overwritten unasked");
    assert_eq!(init(&["--force"]), Some(0));
}

/// Line, status, cause and blockers of the rules that are not live.
fn verdicts(path: &str) -> Vec<(u64, String, Option<String>, Vec<u64>)> {
    let output = portvakt(["rules", path, "--format", "json", "--today", TODAY]);
    assert_eq!(output.status.code(), Some(0), "{path}");
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let lists = document["rulesets"].as_array().unwrap().iter();
    let rules = lists.flat_map(|list| list["rules"].as_array().unwrap());
    let row = |rule: &Value| {
        let lines = rule["blockers"].as_array().unwrap().iter();
        (
            rule["line"].as_u64().unwrap(),
            rule["status"].as_str().unwrap().to_owned(),
            rule["cause"].as_str().map(str::to_owned),
            lines.map(|b| b["line"].as_u64().unwrap()).collect(),
        )
    };
    rules.filter(|rule| rule["status"] != "live").map(row).collect()
}

/// Long answers are made in parts while others are written.
#[test]
fn a_long_answer_about_rules_is_whole_and_in_order() {
    const RULES: u32 = 9_000;
    let rule =
        |n: u32| format!("-A FORWARD -d 10.{}.{}.{}/32 -j ACCEPT\n", n / 2500, n / 50 % 50, n % 50);
    let rules: String = (0..RULES).map(rule).collect();
    let text = format!("*filter\n:FORWARD DROP [0:0]\n{rules}COMMIT\n");
    let folder = folder(&[("fw.rules", text.as_bytes())]);
    let path = folder.path().join("fw.rules");
    let output = portvakt(["rules", path.to_str().unwrap(), "--format", "json"]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let rows = document["rulesets"][0]["rules"].as_array().unwrap();
    let lines: Vec<u64> = rows.iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (3..3 + u64::from(RULES)).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row["status"] == "live" && row["witness"].is_object()));
}

#[test]
fn rules_are_told_apart_by_what_they_are_good_for() {
    let found = verdicts("fixtures/exempelkommun/fw-edge.conf");
    let [one, union, undefined] = ["one", "union", "undefined"].map(|cause| Some(cause.to_owned()));
    assert_eq!(
        found,
        [
            (607, "removable".into(), None, vec![635]),
            (749, "unreachable".into(), union, vec![715, 732]),
            (760, "removable".into(), None, vec![808]),
            (902, "unreachable".into(), undefined, vec![]),
            (1077, "unreachable".into(), one, vec![1065]),
        ]
    );
}

#[test]
fn a_list_that_is_not_there_is_named_with_those_that_are() {
    let run = ["rules", "fixtures/exempelkommun/fw-edge.conf", "--ruleset", "ingen"];
    let output = portvakt(run);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("fw-edge policy"), "{said}");
}

/// What Batfish's documentation says of its example network: two lines that are never reached, each
/// blocked by one with another action.
#[test]
fn lines_that_another_analyser_finds_unreachable_are_so() {
    let path = "../shared/corpus/cisco-ios/batfish__example_as2dept1.cfg";
    let Ok(text) = fs::read_to_string(common::here(path)) else {
        eprintln!("skipped: {path} is not there");
        return;
    };
    let line = |rule: &str, list: &str| {
        let after = text.lines().position(|l| l.ends_with(list)).unwrap();
        let found = text.lines().skip(after).position(|l| l.trim() == rule).unwrap();
        (after + found + 1) as u64
    };
    let found = verdicts(path);
    for (list, blocked, by) in [
        (
            "RESTRICT_HOST_TRAFFIC_OUT",
            "deny   ip 1.128.0.0 0.0.255.255 2.128.0.0 0.0.255.255",
            "permit ip any 2.128.0.0 0.0.255.255",
        ),
        ("RESTRICT_HOST_TRAFFIC_IN", "permit icmp any any", "deny   ip any any"),
    ] {
        let expected = (
            line(blocked, list),
            "unreachable".to_owned(),
            Some("one".to_owned()),
            vec![line(by, list)],
        );
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
}

/// What `portvakt rules` says of a file in the form of programs.
fn rules_of(name: &str, text: &str, more: &[&str]) -> Value {
    let site = folder(&[(name, text.as_bytes())]);
    let path = site.path().join(name);
    let fixed = ["rules", path.to_str().unwrap(), "--format", "json", "--today", TODAY];
    let output = portvakt(fixed.iter().chain(more));
    assert_eq!(output.status.code(), Some(0), "{text}");
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn numbers(value: &Value, key: &str) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|row| row[key].as_u64().unwrap()).collect()
}

/// The five cases in which Batfish's document on unreachable lines says which lines it blames: those that
/// cover the line, and with them the one that has most of it among those with another action.
#[test]
fn lines_are_blamed_as_another_analyser_blames_them() {
    let many: Vec<String> = (1..=255).map(|n| format!("deny ip host 192.0.2.{n} any")).collect();
    let mut flood: Vec<&str> = many.iter().map(String::as_str).collect();
    flood.extend(["permit ospf any any", "permit ospf any host 224.0.0.6"]);
    let cases: [(&[&str], &[u64]); 5] = [
        (&flood, &[1, 256]),
        (
            &[
                "permit ip any 203.0.113.0 0.0.0.127",
                "deny ip any 203.0.113.128 0.0.0.127",
                "permit ip any 203.0.113.0 0.0.0.255",
            ],
            &[1, 2],
        ),
        (
            &[
                "permit ip any host 203.0.113.4",
                "deny tcp any any",
                "permit tcp any host 203.0.113.4",
            ],
            &[1],
        ),
        (
            &[
                "deny tcp any host 203.0.113.4 neq 80",
                "permit tcp any any",
                "permit tcp any host 203.0.113.4",
            ],
            &[1, 2],
        ),
        (
            &[
                "permit tcp any any established",
                "deny tcp any host 203.0.113.4",
                "permit tcp any host 203.0.113.4 eq 80",
            ],
            &[2],
        ),
    ];
    for (lines, blamed) in cases {
        let text = format!(
            "version 15.2\nhostname r1\nip access-list extended L\n {}\nend\n",
            lines.join("\n ")
        );
        let found = rules_of("r1.cfg", &text, &[]);
        let last = found["rulesets"][0]["rules"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["status"], "unreachable", "{text}");
        let blockers: Vec<u64> = numbers(&last["blockers"], "line").iter().map(|l| l - 3).collect();
        assert_eq!(blockers, blamed, "{text}");
    }
}

const CROWDED: &str = "*filter
:FORWARD DROP [0:0]
-A FORWARD -s 10.1.0.0/16 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -s 10.1.1.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -s 10.2.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -s 10.1.1.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
-A FORWARD -s 10.3.0.0/16 -j DROP
-A FORWARD -s 10.2.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT
-A FORWARD -s 10.4.0.0/25 -p udp -m udp --dport 53 -j ACCEPT
-A FORWARD -s 10.4.0.128/25 -p udp -m udp --dport 53 -j ACCEPT
COMMIT
";

#[test]
fn shares_copies_and_neighbours_are_told() {
    let found = rules_of("fw.rules", CROWDED, &[]);
    let list = &found["rulesets"][0];
    let rules = list["rules"].as_array().unwrap();
    let share = |line: u64| rules.iter().find(|r| r["line"] == line).unwrap()["share"].clone();
    assert_eq!(share(3), 1.0);
    assert_eq!(share(8), 255.0 / 256.0, "a /24 of its /16 is taken by line 5");
    assert_eq!(share(4), 0.0, "nothing reaches it");
    assert_eq!(list["duplicates"], serde_json::json!([{"line": 6, "of": 4}]));
    let merged = serde_json::json!(
        [{"lines": [9, 10], "field": "src", "merged": "10.4.0.0/24", "one_range": true}]
    );
    assert_eq!(list["mergeable"], merged);
    assert!(list["fix_list"].is_null(), "nobody asked");
}

#[test]
fn what_can_go_together_is_told_with_a_proof() {
    let found = rules_of("fw.rules", CROWDED, &["--fix-list"]);
    let fix = &found["rulesets"][0]["fix_list"];
    assert_eq!(numbers(&fix["lines"], "line"), [4, 5, 6, 7]);
    let reasons: Vec<&str> = fix["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["unreachable", "removable", "duplicate", "removable"]);
    assert_eq!(numbers(&fix["lines"][1]["instead"], "line"), [8]);
    let sums = serde_json::json!([true, 8, 4, 0]);
    assert_eq!(
        serde_json::json!([fix["verified"], fix["before"], fix["after"], fix["not_tried"]]),
        sums
    );
}

/// A rule stays whose going would be felt, although every packet would get where it gets now.
#[test]
fn what_would_be_missed_stays() {
    let logs = "version 15.2
hostname r1
ip access-list extended L
 deny ip host 10.0.0.1 any log
 permit ip 10.1.0.0 0.0.255.255 any
end
";
    let meets = "*filter
:FORWARD DROP [0:0]
-A FORWARD -s 10.1.0.0/24 -j ACCEPT
-A FORWARD -j LOG
-A FORWARD -s 10.1.0.0/16 -j ACCEPT
-A FORWARD -s 10.2.0.0/16 -j REJECT
COMMIT
";
    let empty = "version 15.2
hostname r1
ip access-list extended L
 deny ip host 10.0.0.1 any
 deny ip host 10.0.0.2 any
end
";
    for (name, text, kept, gone) in [
        ("r1.cfg", logs, vec![(4, "logs")], vec![]),
        ("fw.rules", meets, vec![(3, "meets_others"), (6, "answers")], vec![]),
        ("r1.cfg", empty, vec![(4, "last_rule")], vec![5]),
    ] {
        let found = rules_of(name, text, &["--fix-list"]);
        let fix = &found["rulesets"][0]["fix_list"];
        let rows = fix["kept"].as_array().unwrap().iter();
        let rows: Vec<(u64, &str)> = rows
            .map(|row| (row["line"].as_u64().unwrap(), row["reason"].as_str().unwrap()))
            .collect();
        assert_eq!(rows, kept, "{text}");
        assert_eq!(numbers(&fix["lines"], "line"), gone, "{text}");
        assert_eq!(fix["verified"], true);
    }
    let found = rules_of("r1.cfg", logs, &[]);
    assert_eq!(found["rulesets"][0]["rules"][0]["loses_log"], true);
}

#[test]
fn text_of_rules_is_short_and_in_both_languages() {
    let site = folder(&[("fw.rules", CROWDED.as_bytes())]);
    let path = site.path().join("fw.rules");
    let said = |more: &[&str]| {
        let fixed = ["rules", path.to_str().unwrap(), "--today", TODAY];
        stdout(&portvakt(fixed.iter().chain(more)))
    };
    let (sv, en) = (said(&[]), said(&["--lang", "en"]));
    for (text, expected) in [
        (&sv, "fw.rules:4 nås inte: rad 3 tar allt"),
        (&en, "fw.rules:6 unreachable: line 3 takes all of it (the same as line 4)"),
        (&en, "fw.rules:5 removable: line 8 would do the same"),
        (&en, "fw.rules:9 lines 9 and 10 could be one rule: src 10.4.0.0/24"),
        (&en, "4 needed · 2 unreachable · 2 removable · 0 undecided · 1 decide only a part"),
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!en.contains("fw.rules:8 "), "nothing is wrong with it: {en}");
    assert!(said(&["--lang", "en", "--all"]).contains("decides 99.6 % of what it says"));
    let fix = said(&["--fix-list"]);
    assert!(fix.contains("4 av 8 regler kan tas bort tillsammans · bevisat"), "{fix}");
}

/// SARIF 2.1.0: §3.27.9 ties `level` to `kind`, §3.30.5 begins lines at 1, and a rule that is named must
/// be described.
#[test]
fn rules_as_sarif_name_the_checks_that_find_the_same() {
    let run = ["rules", SAMPLE, "--format", "sarif", "--today", TODAY];
    let log: Value = serde_json::from_str(&stdout(&portvakt(run))).unwrap();
    let run = &log["runs"][0];
    let known: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    let count = |id: &str| results.iter().filter(|r| r["ruleId"] == id).count();
    assert!(count("PV3001") > 0 && count("PV3002") > 0 && count("PV3004") > 0);
    for result in results {
        assert!(known.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        assert_eq!(result["kind"] == "fail", result["level"] != "none", "{result}");
        let places = ["locations", "relatedLocations"].map(|key| result[key].as_array().unwrap());
        for at in places.into_iter().flatten() {
            assert!(at["physicalLocation"]["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let audit = |form: &'static str| vec!["audit", SAMPLE, "--today", TODAY, "--format", form];
    let runs = [
        audit("text"),
        audit("json"),
        audit("csv"),
        audit("sarif"),
        audit("html"),
        audit("junit"),
        vec!["rules", SAMPLE, "--format", "json"],
        vec!["rules", SAMPLE, "--format", "csv"],
        vec!["rules", SAMPLE, "--format", "sarif"],
        vec!["rules", SAMPLE, "--fix-list"],
        vec!["catalogue"],
    ];
    for run in runs {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_portvakt"))
            .current_dir(common::here("."))
            .args(&run)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{run:?}: {said}");
    }
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let output = portvakt(["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("catalogue"), "{shell}");
    }
    let manual = stdout(&portvakt(["man"]));
    assert!(manual.contains(".TH portvakt") && manual.contains("audit"), "{manual}");
}

#[test]
fn reports_and_pages_come_in_both_languages() {
    let text = |lang| audit(Path::new(SAMPLE), &["--lang", lang, "--only", "PV6001"]).1;
    assert!(text("en").contains("accepts Telnet on"));
    assert!(text("sv").contains("tar emot Telnet på"));
    let page = |lang| stdout(&portvakt(["explain", "PV6001", "--lang", lang]));
    assert!(page("en").contains("Telnet is enabled"));
    assert!(page("sv").contains("Telnet är påslaget"));
    assert_eq!(page("sv"), stdout(&portvakt(["explain", "telnet-enabled"])));
}
