//! `portvakt query`: answers about real exports, each witness walked by the interpreter.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;

use common::{here, portvakt, stdout};
use jiff::civil::date;
use portvakt::ask;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt_analysis::query::{self, Verdict};
use portvakt_analysis::replay;
use serde_json::Value;

const HOST: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n\
-A PREROUTING -d 192.0.2.80/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.2.3.4:8443\n\
COMMIT\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:WEB - [0:0]\n\
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
-A FORWARD -s 10.1.9.0/24 -j DROP\n\
-A FORWARD -p tcp -m tcp --dport 8443 -j WEB\n\
-A FORWARD -s 10.1.0.0/16 -d 10.2.3.4/32 -p tcp -m tcp --dport 443 -j ACCEPT\n\
-A FORWARD -s 10.3.0.0/16 -p tcp -m tcp --dport 443 -m recent --rcheck --name OK --rsource -j ACCEPT\n\
-A WEB -s 10.1.0.0/24 -j RETURN\n\
-A WEB -d 10.2.3.4/32 -j ACCEPT\nCOMMIT\n";

const ROUTER: &str = "version 15.2\nhostname r-1\n\
interface Vlan16\n ip address 10.16.1.1 255.255.255.0\n ip access-group OFFICE in\n\
interface Vlan32\n ip address 10.32.1.1 255.255.255.0\n ip access-group TO-SERVERS out\n\
ip access-list extended OFFICE\n permit tcp 10.16.1.0 0.0.0.255 any eq 443\n deny ip any any\n\
ip access-list extended TO-SERVERS\n permit tcp any host 10.32.1.10 eq 443\n deny ip any any\nend\n";

const LOOSE: &str = "version 15.2\nhostname r-2\n\
ip access-list extended LOOSE\n permit tcp any host 10.32.1.10 eq 443\n deny ip any any\nend\n";

/// Exit status, answer and errors.
fn ask(text: &str, question: &[&str]) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fw.cfg");
    fs::write(&path, text).unwrap();
    let fixed = ["query", path.to_str().unwrap()];
    let output = portvakt(fixed.iter().chain(question).chain(&["--format", "json"]));
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code(), serde_json::from_str(&stdout(&output)).unwrap_or_default(), errors)
}

fn verdict(text: &str, question: &[&str]) -> String {
    let (code, answer, errors) = ask(text, question);
    assert_eq!(code, Some(0), "{question:?}: {errors}");
    answer["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn a_chain_an_exception_and_a_translation_are_seen() {
    for (question, expected) in [
        ("src=10.1.2.0/24 dst=10.2.3.4 tcp/443", "permitted"),
        ("src=10.1.0.0/16 dst=10.2.3.4 tcp/443", "partly"),
        ("src=10.1.9.0/24 dst=10.2.3.4 tcp/443", "denied"),
        ("src=10.3.0.5 dst=10.2.3.4 tcp/443", "cannot_tell"),
        ("src=10.4.0.5 dst=192.0.2.80 tcp/443", "permitted"),
        ("src=10.1.0.5 dst=192.0.2.80 tcp/443", "denied"),
        ("src=10.4.0.5 dst=192.0.2.80 tcp/80", "denied"),
    ] {
        assert_eq!(verdict(HOST, &[question]), expected, "{question}");
    }
}

#[test]
fn parts_tell_the_sets_the_rules_and_a_packet() {
    let (_, answer, _) = ask(HOST, &["src=10.4.0.0/16 dst=192.0.2.80 tcp/443"]);
    let [part] = &answer["parts"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(part["src"], serde_json::json!([["10.4.0.0", "10.4.255.255"]]));
    assert_eq!(part["dst"], serde_json::json!([["192.0.2.80", "192.0.2.80"]]));
    assert_eq!((&part["dport"], &part["nat"]), (&serde_json::json!([[443, 443]]), &[3].into()));
    assert_eq!(part["witness"]["dst"], "192.0.2.80");
    let last = part["rules"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["ruleset"], &last["list"]), (&"filter/WEB".into(), &"filter/FORWARD".into()));
    assert_eq!((&last["line"], &last["packet"]["dport"]), (&15.into(), &8443.into()));
}

#[test]
fn one_list_may_be_asked_and_one_that_nothing_uses_is() {
    assert_eq!(verdict(HOST, &["tcp/22", "--ruleset", "INPUT"]), "permitted");
    assert_eq!(verdict(HOST, &["tcp/23", "--ruleset", "filter/INPUT"]), "denied");
    let (code, answer, _) = ask(LOOSE, &["dst=10.32.1.10 tcp/443"]);
    assert_eq!((code, &answer["verdict"]), (Some(0), &"permitted".into()));
    assert_eq!(answer["devices"][0]["asked"], "unapplied");
    assert_eq!(answer["devices"][0]["lists"], serde_json::json!(["LOOSE"]));
    let (code, _, errors) = ask(HOST, &["tcp/22", "--ruleset", "nothing"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("filter/INPUT"), "{errors}");
}

#[test]
fn a_router_asks_the_lists_of_the_interfaces_that_lead_there() {
    assert_eq!(verdict(ROUTER, &["src=10.16.1.9 dst=10.32.1.10 tcp/443"]), "permitted");
    assert_eq!(verdict(ROUTER, &["src=10.16.1.9 dst=10.32.1.11 tcp/443"]), "denied");
    assert_eq!(verdict(ROUTER, &["src=10.16.1.9 dst=10.32.1.10 tcp/22"]), "denied");
    assert_eq!(verdict(ROUTER, &["src=10.32.1.10 dst=10.16.1.9 tcp/22"]), "permitted");
    let spoofed = "src=10.16.1.9 dst=10.32.1.10 tcp/22 in=Vlan32 out=Vlan16";
    assert_eq!(verdict(ROUTER, &[spoofed]), "permitted", "no list at either");
    let (code, _, errors) = ask(ROUTER, &["tcp/22 in=Vlan99"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("Vlan16"), "{errors}");
}

#[test]
fn who_can_reach_gives_sources_for_certain_and_perhaps() {
    for target in
        [&["--who-can-reach", "10.2.3.4", "tcp/443"][..], &["--who-can-reach", "10.2.3.4 tcp/443"]]
    {
        let (code, answer, _) = ask(HOST, target);
        assert_eq!(code, Some(0));
        let sure = serde_json::json!([["10.1.0.0", "10.1.8.255"], ["10.1.10.0", "10.1.255.255"]]);
        assert_eq!(answer["sources"], sure);
        assert_eq!(answer["maybe_sources"], serde_json::json!([["10.3.0.0", "10.3.255.255"]]));
        let parts = answer["parts"].as_array().unwrap();
        assert!(parts.iter().all(|part| part["verdict"] != "denied"));
        assert_eq!(parts[0]["rules"].as_array().unwrap().last().unwrap()["line"], 12);
    }
}

#[test]
fn an_expectation_decides_the_exit_status() {
    let asked =
        |expected: &str| ask(HOST, &["src=10.1.9.5 dst=10.2.3.4 tcp/443", "--expect", expected]).0;
    assert_eq!(asked("denied"), Some(0));
    assert_eq!(asked("permitted"), Some(1));
    let unsure = ask(HOST, &["src=10.3.0.5 dst=10.2.3.4 tcp/443", "--expect", "denied"]);
    assert_eq!(unsure.0, Some(1), "what cannot be told is not what was expected");
}

#[test]
fn a_wrong_question_is_2_and_says_where() {
    let (code, _, errors) = ask(HOST, &["src=10.1.0.0/16 tpc/443"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("tecken 17"), "{errors}");
    assert_eq!(portvakt(["query", "tcp/443"]).status.code(), Some(2));
}

/// The interpreter sees every hop of every answer about the sample and our own cases.
#[test]
fn every_witness_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("host.rules", HOST), ("r-1.cfg", ROUTER), ("r-2.cfg", LOOSE)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let request = Request {
        paths: vec![here("fixtures/exempelkommun"), folder.path().to_owned()],
        parameters: parameter_names(),
        ..Request::default()
    };
    let case = Case::new(read(&request, &|_| {})).unwrap();
    let today = date(2026, 11, 20);
    let audit = case.audit(today);
    let mut replayed = 0;
    for question in
        ["", "tcp/443", "udp/53 icmp", "src=10.0.0.0/8 tcp/22,3389", "state=established"]
    {
        let question = ask::question(question).unwrap();
        for (index, device) in audit.devices() {
            for part in query::device(&audit, index, &question).unwrap() {
                assert!(part.traffic.contains(&part.witness), "{part:?}");
                for (at, hop) in part.hops.iter().enumerate() {
                    let seen = replay::list(device, hop.list, &hop.packet, today);
                    let last = at + 1 == part.hops.len();
                    let expected = !(last && part.verdict == Verdict::Denied);
                    if seen.certain && part.verdict != Verdict::CannotTell {
                        assert_eq!(seen.permitted, Some(expected), "{}: {part:?}", device.name);
                        replayed += 1;
                    }
                }
            }
        }
    }
    assert!(replayed > 100, "only {replayed} hops were replayed");
}

/// A rule for NEW says nothing of packets that were taken out of tracking before they met it.
#[test]
fn what_may_be_untracked_is_not_told() {
    let text = "*raw\n:PREROUTING ACCEPT [0:0]\n\
        -A PREROUTING -p udp -m udp --dport 53 -j NOTRACK\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n\
        -A FORWARD -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n";
    let verdict = |service: &str| {
        let question = format!("src=10.1.0.1 dst=10.2.3.4 {service}");
        ask(text, &[&question]).1["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!((verdict("udp/53"), verdict("tcp/53")), ("cannot_tell".into(), "permitted".into()));
}

#[test]
fn lines_that_nobody_understood_are_told_and_fulfil_no_expectation() {
    let strange = HOST.replace("-A WEB -d", "frobnicate all\n-A WEB -d");
    let question = "src=10.1.9.9 dst=10.2.3.4 tcp/22";
    let (code, answer, errors) = ask(&strange, &[question]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(
        (&answer["verdict"], &answer["devices"][0]["not_recognised"]),
        (&"denied".into(), &1.into())
    );
    assert_eq!(ask(&strange, &[question, "--expect", "denied"]).0, Some(2));
    assert_eq!(ask(HOST, &[question, "--expect", "denied"]).0, Some(0));
}

#[test]
fn a_device_that_is_not_there_is_told_with_those_that_are() {
    let (code, _, errors) = ask(HOST, &["src=10.1.9.9", "--device", "fw-9"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("ingen enhet heter fw-9; det finns fw"), "{errors}");
}
