use std::net::IpAddr;

use portvakt_scan::scope::Scope;

use super::earlier::Index;
use super::leave::{MOST_ADDRESSES, Manner, ask, places, within};
use super::targets::{is_public, one, read};
use super::*;

fn wanted(host: &str, port: Option<u16>) -> Wanted {
    Wanted { host: host.to_owned(), port }
}

fn asked(targets: &[&str]) -> Asked {
    let targets: Vec<String> = targets.iter().map(|t| (*t).to_owned()).collect();
    read(&targets, None).unwrap()
}

#[test]
fn targets_are_read_in_every_spelling() {
    for (text, host, port) in [
        ("intra.example", "intra.example", None),
        ("intra.example:8443", "intra.example", Some(8443)),
        ("10.1.2.3:22", "10.1.2.3", Some(22)),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]:443", "2001:db8::1", Some(443)),
        ("[2001:db8::1]", "2001:db8::1", None),
    ] {
        assert_eq!(one(text).unwrap(), wanted(host, port), "{text}");
    }
    for wrong in ["", ":443", "a:b", "a:0", "a:70000", "[x]:1", "[::1]x", "[::1", "a b", "a/b"] {
        assert!(one(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn prefixes_and_lists_become_endpoints() {
    let all = asked(&["10.1.2.0/30", "10.1.2.1"]);
    assert_eq!(all.endpoints.len(), 4, "the one named twice counts once");
    assert!(all.swept);
    assert!(read(&["10.0.0.0/8".to_owned()], None).is_err());
    assert!(read(&["10.0.0.0/33".to_owned()], None).is_err());
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), "# servers\n\n10.1.2.3 # first\nintra.example:443\n").unwrap();
    let all = read(&[], Some(list.path())).unwrap();
    let hosts = [wanted("10.1.2.3", None), wanted("intra.example", Some(443))];
    assert_eq!(all.endpoints, hosts);
    std::fs::write(list.path(), "ok\nnot ok\n").unwrap();
    let e = format!("{:#}", read(&[], Some(list.path())).unwrap_err());
    assert!(e.contains(":2: \"not ok\" is no endpoint"), "{e}");
}

#[test]
fn the_profile_goes_by_the_address() {
    let public = |text: &str| is_public(text.parse::<IpAddr>().unwrap());
    for internal in
        ["10.1.2.3", "172.16.0.1", "192.168.0.1", "127.0.0.1", "100.64.0.1", "::1", "fd00::1"]
    {
        assert!(!public(internal), "{internal}");
    }
    for outside in ["9.9.9.9", "2a00::1", "172.32.0.1", "100.128.0.1"] {
        assert!(public(outside), "{outside}");
    }
}

const SCOPE: &str = "[scan]\nscope = [\"10.77.0.0/16\"]\nexclude = [\"10.77.9.0/24\"]\n\
    authorised_by = \"A\"\nvalid_until = \"9999-12-31\"\nwindow = \"always\"\n\
    [[scan.fragile]]\nname = \"OT\"\nprefixes = [\"10.77.8.0/24\"]\nmode = \"connect\"\n";

fn leave(targets: &[&str], scope: Option<&str>, probes: Probes) -> Result<Vec<bool>, String> {
    let scope = scope.map(|text| Scope::read(text).unwrap().unwrap());
    let allowed = ask(&asked(targets), scope.as_ref(), probes, |w| w.port.unwrap_or(443));
    let allowed = allowed.map_err(|e| format!("{e:#}"))?;
    Ok(allowed.iter().map(|a| a.manner == Manner::Gently).collect())
}

/// A name that has some addresses.
fn resolved(addresses: &[&str]) -> Vec<Place> {
    let all: Vec<IpAddr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
    places("intra.example", 443, |_| Ok(all.clone()))
}

#[test]
fn each_address_of_a_name_is_an_endpoint_and_those_beyond_the_most_are_told() {
    let both = resolved(&["10.77.1.1", "2001:db8::1", "10.77.1.1"]);
    let addresses: Vec<String> = both.iter().map(|p| p.address.unwrap().to_string()).collect();
    assert_eq!(addresses, ["10.77.1.1:443", "[2001:db8::1]:443"], "each once");
    assert!(both.iter().all(|p| p.target() == "intra.example:443" && p.manner == Manner::Usual));

    let many: Vec<String> = (1..=18).map(|n| format!("10.77.1.{n}")).collect();
    let many = resolved(&many.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(many.len(), MOST_ADDRESSES + 1);
    let rest = many.last().unwrap();
    assert_eq!(rest.address, None);
    let Manner::Not(why) = &rest.manner else { panic!("{rest:?}") };
    assert!(why.contains("10.77.1.17, 10.77.1.18"), "{why}");

    let none = places("intra.example", 443, |_| Err(io::Error::other("no such name")));
    let [Place { address: None, manner: Manner::Not(why), .. }] = none.as_slice() else {
        panic!("{none:?}")
    };
    assert!(why.contains("no address (no such name)"), "{why}");
    assert_eq!(
        places("2001:db8::1", 22, |_| unreachable!()).len(),
        1,
        "an address is not looked up"
    );
}

#[test]
fn a_scope_is_asked_for_each_address_of_a_name() {
    let scope = Scope::read(SCOPE).unwrap().unwrap();
    let asked = within(&scope, resolved(&["10.77.1.1", "10.78.1.1", "10.77.8.1"])).unwrap();
    let refused = Manner::Not("refused: 10.78.1.1 is outside the scope".to_owned());
    let manners: Vec<&Manner> = asked.iter().map(|p| &p.manner).collect();
    assert_eq!(manners, [&Manner::Usual, &refused, &Manner::Gently]);
    let e = within(&scope, resolved(&["10.78.1.1", "2001:db8::1"])).unwrap_err().to_string();
    assert_eq!(
        e, "intra.example is refused: 10.78.1.1 is outside the scope; nothing was sent",
        "no address of it may be looked at"
    );
    assert_eq!(within(&scope, resolved(&[])).unwrap().len(), 1, "a name without an address");
}

#[test]
fn a_scope_refuses_all_when_one_lies_outside() {
    let with = |targets: &[&str]| leave(targets, Some(SCOPE), Probes::Intrusive);
    assert_eq!(with(&["10.77.1.1", "10.77.8.1", "127.0.0.1"]), Ok(vec![false, true, false]));
    let e = with(&["10.77.1.1", "10.78.1.1"]).unwrap_err();
    assert_eq!(e, "10.78.1.1 is refused: 10.78.1.1 is outside the scope; nothing was sent");
    assert!(with(&["10.77.9.1"]).unwrap_err().contains("excluded by 10.77.9.0/24"));
    let ended = SCOPE.replace("9999-12-31", "2020-01-01");
    let e = leave(&["10.77.1.1"], Some(&ended), Probes::Polite).unwrap_err();
    assert!(e.contains("ended on 2020-01-01"), "{e}");
    assert!(leave(&["127.0.0.1"], Some(&ended), Probes::Polite).is_ok(), "loopback");
}

#[test]
fn without_a_scope_a_few_named_endpoints_may_be_asked_politely() {
    let without = |targets: &[&str], probes| leave(targets, None, probes);
    assert!(without(&["10.77.1.1"], Probes::Polite).is_ok());
    let ten: Vec<String> = (1..=10).map(|n| format!("10.77.1.{n}")).collect();
    let mut ten: Vec<&str> = ten.iter().map(String::as_str).collect();
    assert!(without(&ten, Probes::Polite).is_ok());
    ten.push("10.77.1.11");
    assert!(without(&ten, Probes::Polite).unwrap_err().contains("more than ten"));
    assert!(without(&["10.77.1.0/30"], Probes::Polite).unwrap_err().contains("a prefix"));
    assert!(without(&["10.77.1.1"], Probes::Intrusive).unwrap_err().contains("--intrusive"));
    assert!(without(&["127.0.0.1", "::1"], Probes::Intrusive).is_ok());
}

/// An endpoint of a test: where and with what it was found.
struct Sample(&'static str, Vec<FindingRow>);

/// An endpoint of a name.
struct At(Option<&'static str>);

impl Judged for At {
    fn target(&self) -> &'static str {
        "intra.example:443"
    }

    fn address(&self) -> Option<&str> {
        self.0
    }

    fn level(&self) -> Level {
        Level::Good
    }

    fn is_asked(&self) -> bool {
        true
    }

    fn is_reached(&self) -> bool {
        true
    }

    fn findings(&self) -> &[FindingRow] {
        &[]
    }

    fn findings_mut(&mut self) -> &mut Vec<FindingRow> {
        unreachable!()
    }

    fn offered(&self, _: Lang) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn an_endpoint_is_found_again_by_its_address_and_alone_also_at_another() {
    let (a, b, c) = (Some("192.0.2.1:443"), Some("192.0.2.2:443"), Some("192.0.2.3:443"));
    let find = |earlier: &[At], address, is_alone| {
        Index::of(earlier).find("intra.example:443", address, is_alone).map(|e| e.0)
    };
    assert_eq!(find(&[At(a), At(b)], b, false), Some(b));
    assert_eq!(find(&[At(a), At(b)], c, false), None, "which of the two moved is not known");
    assert_eq!(find(&[At(a)], c, true), Some(a), "the one address changed");
    assert_eq!(find(&[At(a)], c, false), None, "an address came");
    assert_eq!(names(&[At(a)]), ["intra.example:443"]);
    let both = ["intra.example:443 (192.0.2.1:443)", "intra.example:443 (192.0.2.2:443)"];
    assert_eq!(names(&[At(a), At(b)]), both);
}

impl Judged for Sample {
    fn target(&self) -> &str {
        self.0
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn level(&self) -> Level {
        self.1.iter().map(FindingRow::level).max().unwrap_or(Level::NotAssessed)
    }

    fn is_asked(&self) -> bool {
        true
    }

    fn is_reached(&self) -> bool {
        !self.1.is_empty()
    }

    fn findings(&self) -> &[FindingRow] {
        &self.1
    }

    fn findings_mut(&mut self) -> &mut Vec<FindingRow> {
        &mut self.1
    }

    fn offered(&self, _: Lang) -> Vec<String> {
        vec!["offered \u{1b}[31m".to_owned()]
    }
}

fn finding(check: &str, level: Level, observed: &[&str]) -> FindingRow {
    let both = || finding::Both { sv: "fel".to_owned(), en: "fault".to_owned() };
    FindingRow {
        check: check.to_owned(),
        level: level.name().to_owned(),
        severity: "high".to_owned(),
        evidence: "tested".to_owned(),
        subject: "TLS1.2".to_owned(),
        observed: observed.iter().map(|o| (*o).to_owned()).collect(),
        source: "RFC 7465".to_owned(),
        clause: "§2".to_owned(),
        text: both(),
        remedy: Some(both()),
        caveat: None,
        known: false,
    }
}

#[test]
fn what_the_baseline_has_fails_nothing_unless_more_is_seen() {
    let bad = |observed: &[&str]| finding("rc4-suite-offered", Level::Insufficient, observed);
    let exit_after = |before: FindingRow, now: FindingRow| {
        let mut endpoints = vec![Sample("a:1", vec![now])];
        earlier::mark(&mut endpoints, &[Sample("a:1", vec![before])]);
        exit(&endpoints, FailOn::Insufficient)
    };
    assert_eq!(exit_after(bad(&["x", "y"]), bad(&["x"])), Exit::Clean);
    assert_eq!(exit_after(bad(&["x"]), bad(&["x", "y"])), Exit::Findings);
    let mild = finding("rc4-suite-offered", Level::PhaseOut, &["x"]);
    assert_eq!(exit_after(mild, bad(&["x"])), Exit::Findings, "it has become worse");
    let other = finding("des-suite-offered", Level::Insufficient, &["x"]);
    assert_eq!(exit_after(other, bad(&["x"])), Exit::Findings);
}

#[test]
fn the_exit_tells_what_was_found_and_before_that_what_was_not_reached() {
    let of = |level, fail_on| exit(&[Sample("a:1", vec![finding("x", level, &[])])], fail_on);
    assert_eq!(of(Level::Insufficient, FailOn::Insufficient), Exit::Findings);
    assert_eq!(of(Level::PhaseOut, FailOn::Insufficient), Exit::Clean);
    assert_eq!(of(Level::PhaseOut, FailOn::PhaseOut), Exit::Findings);
    assert_eq!(of(Level::NotAssessed, FailOn::NotAssessed), Exit::Findings);
    assert_eq!(of(Level::Insufficient, FailOn::Never), Exit::Clean);
    let mute = [Sample("a:1", vec![finding("x", Level::Insufficient, &[])]), Sample("b:1", vec![])];
    assert_eq!(exit(&mute, FailOn::Never), Exit::NotAudited);
}

fn written(form: fn(&[Sample], &mut Vec<u8>) -> io::Result<()>) -> String {
    let row = finding("rc4-suite-offered", Level::Insufficient, &["=TLS_\u{1b}[2J", "y"]);
    let good = finding("tls-1-3-offered", Level::Good, &[]);
    let mut out = Vec::new();
    form(&[Sample("a:1", vec![row, good]), Sample("b:1", vec![])], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn text_of_peers_steers_neither_terminals_nor_spreadsheets() {
    let text = written(|endpoints, out| {
        let today = jiff::civil::date(2026, 1, 1);
        let head = Head { what: "x", policy: "p", unread: None, today };
        text::write(&head, endpoints, Lang::En, &mut anstream::StripStream::new(out))
    });
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("insufficient: fault [rc4-suite-offered]"), "{text}");
    assert!(text.contains("b:1: did not answer as asked"), "{text}");
    assert!(text.contains("good or sufficient: tls-1-3-offered"), "{text}");
    let table = written(|endpoints, out| csv::write(endpoints, Lang::Sv, out));
    assert!(table.starts_with("\u{feff}mål;adress;nivå"), "{table}");
    assert!(table.contains(";'=TLS_"), "{table}");
}

#[test]
fn sarif_tells_faults_and_open_questions_alone() {
    let sarif = written(|endpoints, out| sarif::write(endpoints, Lang::En, out));
    let log: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    assert_eq!(run["results"][0]["ruleId"], "rc4-suite-offered");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "rc4-suite-offered");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}
