//! `portvakt matrix` and `portvakt spoof`, as a person or a script runs them, against what a formally
//! verified analyser says of the same rules.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../benches/campus.rs"]
mod campus;
mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{here, portvakt, stdout};
use serde_json::Value;

/// Classes as ranges, and edges between the lowest addresses of classes.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    classes: BTreeSet<String>,
    edges: BTreeSet<(String, String)>,
}

fn run(args: &[&str]) -> (Option<i32>, Value) {
    let output = portvakt(args.iter().chain(&["--format", "json"]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{args:?}: {said}"));
    (output.status.code(), answer)
}

fn matrix(file: &str, more: &[&str]) -> Found {
    let fixed = ["matrix", file];
    found(&run(&[&fixed[..], more].concat()).1)
}

fn found(graph: &Value) -> Found {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let ranges = |class: &Value| {
        let range = |r: &Value| format!("{}-{}", text(&r[0]), text(&r[1]));
        class["ranges"].as_array().unwrap().iter().map(range).collect::<Vec<_>>()
    };
    let classes = graph["classes"].as_array().unwrap();
    let lowest = |name: &Value| {
        let class = classes.iter().find(|c| c["name"] == *name).unwrap();
        ranges(class)[0].split('-').next().unwrap().to_owned()
    };
    let edges = graph["edges"].as_array().unwrap().iter();
    Found {
        classes: classes.iter().map(|class| ranges(class).join(" ")).collect(),
        edges: edges.map(|e| (lowest(&e[0]), lowest(&e[1]))).collect(),
    }
}

fn expected(classes: &[&str], edges: &[(&str, &str)]) -> Found {
    Found {
        classes: classes.iter().map(|c| (*c).to_owned()).collect(),
        edges: edges.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

/// A list of FORWARD that denies what no rule decides.
fn forward(rules: &str) -> tempfile::NamedTempFile {
    file(&format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n{rules}COMMIT\n"
    ))
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

const BORDER: &str = "fixtures/matrix/border.iptables";

/// The analyser's own first example, with other names and addresses: 4 classes, 12 edges.
#[test]
fn an_office_servers_and_the_world() {
    let (office, servers, own, world) = ("192.0.2.0", "198.51.100.240", "127.0.0.0", "0.0.0.0");
    let classes = [
        "192.0.2.0-192.0.2.255",
        "198.51.100.240-198.51.100.255",
        "127.0.0.0-127.255.255.255",
        "0.0.0.0-126.255.255.255 128.0.0.0-192.0.1.255 192.0.3.0-198.51.100.239 \
         198.51.101.0-255.255.255.255",
    ];
    let mut edges = vec![(servers, servers), (servers, own), (servers, world), (world, servers)];
    for to in [office, servers, own, world] {
        edges.extend([(office, to), (own, to)]);
    }
    assert_eq!(edges.len(), 12);
    assert_eq!(matrix(BORDER, &["--service", "tcp/22"]), expected(&classes, &edges));
}

/// A chain for a network; in it all but a part is dropped, and returned from.
#[test]
fn chains_and_returns() {
    let low = "10.0.0.0-10.127.255.255";
    let dropped = forward(
        ":c - [0:0]\n-A FORWARD -s 10.0.0.0/8 -j c\n-A c ! -s 10.0.0.0/9 -j DROP\n-A c -p tcp -j ACCEPT\n",
    );
    let rest = "0.0.0.0-9.255.255.255 10.128.0.0-255.255.255.255";
    let both = [("10.0.0.0", "0.0.0.0"), ("10.0.0.0", "10.0.0.0")];
    assert_eq!(matrix(path(&dropped), &[]), expected(&[low, rest], &both));

    let returned = forward(
        ":c - [0:0]\n-A FORWARD -s 10.0.0.0/8 -j c\n-A c ! -s 10.0.0.0/9 -j RETURN\n\
         -A c -d 10.0.0.42/32 -p tcp -j ACCEPT\n",
    );
    let classes = ["10.0.0.42-10.0.0.42", "10.0.0.0-10.0.0.41 10.0.0.43-10.127.255.255", rest];
    let edges = [("10.0.0.42", "10.0.0.42"), ("10.0.0.0", "10.0.0.42")];
    assert_eq!(matrix(path(&returned), &[]), expected(&classes, &edges));
}

/// What a return may take out of a chain is dropped perhaps; what it can't is dropped for sure.
#[test]
fn an_unknown_match_of_a_return_counts_for_what_it_may_match_alone() {
    let list = forward(
        ":c - [0:0]\n-A FORWARD -j c\n-A FORWARD -j ACCEPT\n\
         -A c -s 10.0.0.0/8 -m recent --rcheck -j RETURN\n-A c -j DROP\n",
    );
    let ten = "10.0.0.0-10.255.255.255";
    let rest = "0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255";
    let edges = [("10.0.0.0", "0.0.0.0"), ("10.0.0.0", "10.0.0.0")];
    assert_eq!(matrix(path(&list), &[]), expected(&[ten, rest], &edges));
    let all = ["0.0.0.0-255.255.255.255"];
    assert_eq!(matrix(path(&list), &["--least"]), expected(&all, &[]));
}

/// A connection is opened by a bare SYN: rules for other flags don't see it.
#[test]
fn tcp_flags_of_a_new_connection() {
    let all = ["0.0.0.0-255.255.255.255"];
    let open = [("0.0.0.0", "0.0.0.0")];
    for (rules, edges) in [
        ("-A FORWARD -p tcp -m tcp ! --syn -j ACCEPT\n", &[][..]),
        (
            "-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK,FIN,RST RST -m limit --limit 1/s -j ACCEPT\n",
            &[],
        ),
        ("-A FORWARD -p tcp -m tcp --syn -j ACCEPT\n", &open),
        (
            "-A FORWARD -p tcp -m tcp ! --syn -m state --state NEW -j DROP\n-A FORWARD -j ACCEPT\n",
            &open,
        ),
    ] {
        assert_eq!(matrix(path(&forward(rules)), &[]), expected(&all, edges), "{rules}");
    }
}

#[test]
fn interfaces_are_unknown_unless_they_are_given() {
    let list = forward("-A FORWARD -i eth0 -s 10.0.0.0/8 -j DROP\n-A FORWARD -i eth1 -j ACCEPT\n");
    let all = ["0.0.0.0-255.255.255.255"];
    let open = [("0.0.0.0", "0.0.0.0")];
    assert_eq!(matrix(path(&list), &[]), expected(&all, &open));
    assert_eq!(matrix(path(&list), &["--in", "eth0"]), expected(&all, &[]));
    assert_eq!(matrix(path(&list), &["--in", "eth1"]), expected(&all, &open));
    assert_eq!(matrix(path(&list), &["--in", "eth7"]), expected(&all, &[]));
    let networks = file("eth0 = [10.0.0.0/8]\neth1 = [192.0.2.0/24]\n");
    let narrowed = matrix(path(&list), &["--interfaces", path(&networks)]);
    let rest = "0.0.0.0-192.0.1.255 192.0.3.0-255.255.255.255";
    let office = "192.0.2.0-192.0.2.255";
    let edges = [("192.0.2.0", "0.0.0.0"), ("192.0.2.0", "192.0.2.0")];
    assert_eq!(narrowed, expected(&[rest, office], &edges));
}

#[test]
fn both_ip_versions_of_one_list() {
    let list = file(
        "table inet filter {\n chain forward {\n  type filter hook forward priority 0; policy drop;\n\
           ip saddr 10.0.0.0/8 tcp dport 22 accept\n  ip6 daddr 2001:db8::/32 tcp dport 22 accept\n }\n}\n",
    );
    let answer = run(&["matrix", path(&list)]).1;
    let edges = [("10.0.0.0", "0.0.0.0"), ("10.0.0.0", "10.0.0.0")];
    let classes = ["10.0.0.0-10.255.255.255", "0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255"];
    assert_eq!(found(&answer), expected(&classes, &edges));
    let top = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let classes = [
        "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".to_owned(),
        format!("::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::-{top}"),
    ];
    let classes = classes.each_ref().map(String::as_str);
    let edges = [("::", "2001:db8::"), ("2001:db8::", "2001:db8::")];
    assert_eq!(found(&answer["ipv6"]), expected(&classes, &edges));
    assert_eq!(matrix(path(&list), &["--family", "6"]), expected(&classes, &edges));
}

#[test]
fn wrong_questions_are_2_and_say_what_is_wrong() {
    let malformed = file("eth0 = [10.0.0.0/8\n");
    for (args, word) in [
        (&["matrix", BORDER, "--ruleset", "ingen"][..], "filter/FORWARD"),
        (&["matrix", BORDER, "--service", "tcp"], "tcp/22"),
        (&["matrix", BORDER, "--family", "6"], "IP-version"),
        (&["matrix", BORDER, "--interfaces", path(&malformed)], ":1:1:"),
        (&["spoof", BORDER, "--interfaces", path(&malformed)], ":1:1:"),
        (&["spoof", BORDER, "--interfaces", BORDER], "väntade"),
        (&["spoof", BORDER], "--interfaces"),
    ] {
        let output = portvakt(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(word), "{args:?}: {said}");
    }
}

#[test]
fn a_table_and_a_drawing() {
    let text = stdout(&portvakt(["matrix", BORDER, "--lang", "en"]));
    assert!(text.contains("4 classes · 12 connections"), "{text}");
    assert!(
        text.lines()
            .any(|l| l.trim() == "c    192.0.2.0/24" || l.trim().ends_with(" 192.0.2.0/24"))
    );
    let grid: Vec<&str> = text.lines().filter(|l| l.contains('·') && l.contains('●')).collect();
    assert_eq!(grid.iter().map(|l| l.matches('●').count()).sum::<usize>(), 12 - 8, "{text}");
    let drawn = stdout(&portvakt(["matrix", BORDER, "--format", "svg"]));
    assert_eq!(drawn.matches("<line ").count(), 12);
    assert!(!drawn.contains("href=") && drawn.contains("prefers-color-scheme"));
}

/// Verdicts by interface, and the exit status.
fn spoof(list: &str, networks: &str, more: &[&str]) -> (Option<i32>, Vec<(String, String)>) {
    let networks = file(networks);
    let fixed = ["spoof", list, "--interfaces", path(&networks)];
    let (code, answer) = run(&[&fixed[..], more].concat());
    let verdict = |row: &Value| {
        let (name, verdict) = (row["name"].as_str().unwrap(), row["verdict"].as_str().unwrap());
        assert_eq!(row["witness"].is_null(), verdict == "certified", "{row}");
        (name.to_owned(), verdict.to_owned())
    };
    (code, answer["interfaces"].as_array().unwrap().iter().map(verdict).collect())
}

fn verdicts(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn certified_refuted_and_neither() {
    let list = forward(
        "-A FORWARD ! -s 10.0.0.0/8 -i eth0 -j DROP\n\
         -A FORWARD ! -s 192.0.2.0/24 -i eth1 -m recent --rcheck -j DROP\n-A FORWARD -j ACCEPT\n",
    );
    let networks = "eth0 = [10.0.0.0/8]\neth1 = [192.0.2.0/24]\neth2 = [198.51.100.0/24]\n";
    let all = [("eth0", "certified"), ("eth1", "cannot_tell"), ("eth2", "refuted")];
    assert_eq!(spoof(path(&list), networks, &[]), (Some(1), verdicts(&all)));
    let two = "eth0 = [10.0.0.0/8]\neth1 = [192.0.2.0/24]\n";
    assert_eq!(spoof(path(&list), two, &[]), (Some(0), verdicts(&all[..2])));
    let asked = file("eth0 = [10.0.0.0/8]\n");
    let (_, answer) = run(&["spoof", path(&list), "--interfaces", path(&asked)]);
    assert_eq!(answer["not_stated"], serde_json::json!(["eth1"]));
}

/// A line that nobody understood may let anything in, and IPv6 is not this file's to speak of.
#[test]
fn nothing_is_certified_that_was_not_understood() {
    let rule = "-A FORWARD ! -s 10.0.0.0/8 -i eth0 -j DROP\n";
    let asked = file("eth0 = [10.0.0.0/8]\n");
    let judged = |rules: &str| {
        let list = forward(rules);
        run(&["spoof", path(&list), "--interfaces", path(&asked)]).1
    };
    let known = judged(rule);
    assert_eq!(known["interfaces"][0]["verdict"], "certified");
    assert_eq!(known["not_filtered"], serde_json::json!(["ipv6"]));
    let strange = judged(&format!("{rule}frobnicate all\n"));
    let row = &strange["interfaces"][0];
    assert_eq!(
        (&row["verdict"], &row["why"][0]["text"]),
        (&"cannot_tell".into(), &"frobnicate all".into())
    );
}

/// What an earlier table drops never gets to the filter; asked alone, the filter lets it through.
#[test]
fn every_list_on_the_way_counts() {
    let list = file(
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING ! -s 10.0.0.0/8 -i eth+ -j DROP\nCOMMIT\n\
         *filter\n:FORWARD DROP [0:0]\n-A FORWARD -i eth0 -j ACCEPT\nCOMMIT\n",
    );
    let networks = "eth0 = [10.0.0.0/8]\neth7 = [10.0.0.0/8]\nwlan0 = []\n";
    let whole = [("eth0", "certified"), ("eth7", "certified"), ("wlan0", "certified")];
    assert_eq!(spoof(path(&list), networks, &[]), (Some(0), verdicts(&whole)));
    let filter = [("eth0", "refuted"), ("eth7", "certified"), ("wlan0", "certified")];
    assert_eq!(
        spoof(path(&list), networks, &["--ruleset", "FORWARD"]),
        (Some(1), verdicts(&filter))
    );
    let raw = [("eth0", "certified"), ("eth7", "certified"), ("wlan0", "refuted")];
    let alone = ["--ruleset", "raw/PREROUTING"];
    assert_eq!(spoof(path(&list), networks, &alone), (Some(1), verdicts(&raw)));
}

const CORPUS: &str = "../shared/corpus/iptables-save";

/// The filter lets through what is untracked, whatever its source: no certificate may hide that.
#[test]
fn what_is_untracked_gets_no_certificate() {
    let list = file(
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n\
        *filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT\nCOMMIT\n",
    );
    let (_, found) = spoof(path(&list), "eth0 = [10.1.0.0/16]\n", &[]);
    assert_eq!(found, verdicts(&[("eth0", "cannot_tell")]));
}

/// A real configuration, where they are.
fn corpus(name: &str) -> Option<String> {
    let path = format!("{CORPUS}/{name}");
    here(&path).exists().then_some(path)
}

/// What the verified analyser publishes of a storage device's own filter: its matrices for three ports.
#[test]
fn a_storage_device_as_the_verified_analyser_sees_it() {
    let Some(file) = corpus("netnet__synology_jun_2015_cleanup") else {
        eprintln!("skipped: {CORPUS} is not there");
        return;
    };
    let of = |service| matrix(&file, &["--ruleset", "INPUT", "--service", service]);
    let all = ["0.0.0.0-255.255.255.255"];
    assert_eq!(of("tcp/22"), expected(&all, &[("0.0.0.0", "0.0.0.0")]));
    let own = "127.0.0.0-127.255.255.255";
    let rest = "0.0.0.0-126.255.255.255 128.0.0.0-255.255.255.255";
    let edges = [("127.0.0.0", "0.0.0.0"), ("127.0.0.0", "127.0.0.0")];
    assert_eq!(of("tcp/80"), expected(&[own, rest], &edges));
    let near = "127.0.0.0-127.255.255.255 192.168.0.0-192.168.255.255";
    let far = "0.0.0.0-126.255.255.255 128.0.0.0-192.167.255.255 192.169.0.0-255.255.255.255";
    assert_eq!(of("tcp/8080"), expected(&[near, far], &edges));
}

/// What it publishes of a router's protection against forged sources.
#[test]
fn certificates_as_the_verified_analyser_gives_them() {
    let networks = "ldit = [10.13.42.136/29]\nlmd = [10.13.42.128/29]\nloben = [10.13.42.144/28]\n\
                    wg = [10.13.42.176/28]\nwt = [10.13.42.160/28]\n\
                    lup = all_but_those_ips [192.168.0.0/16,172.16.0.0/12,10.0.0.0/8]\n\
                    lo = [127.0.0.0/8]\nvpriv = [0.0.0.0/0]\nvshit = [0.0.0.0/0]\n\
                    vocb = [0.0.0.0/0]\nlua = [0.0.0.0/0]\n";
    let Some(file) = corpus("netnet__sqrl_shorewall_2015_spoof") else {
        eprintln!("skipped: {CORPUS} is not there");
        return;
    };
    let alone = ["--ruleset", "raw/PREROUTING"];
    let (_, found) = spoof(&file, networks, &alone);
    assert_eq!(found.len(), 11);
    for (name, verdict) in found {
        let expected = if name == "lo" { "refuted" } else { "certified" };
        assert_eq!(verdict, expected, "{name}");
    }
    let all = ["0.0.0.0-255.255.255.255"];
    assert_eq!(matrix(&file, &alone), expected(&all, &[("0.0.0.0", "0.0.0.0")]));
}

/// A router of 5,500 rules is answered, and the same each time.
#[test]
fn a_long_list_with_chains() {
    let text = campus::router(5_500);
    assert!((5_000..6_000).contains(&text.matches("\n-A ").count()));
    let list = file(&text);
    let (code, answer) = run(&["matrix", path(&list)]);
    assert_eq!(code, Some(0));
    assert_eq!(answer["complete"], true);
    let classes = answer["classes"].as_array().unwrap();
    let ranges = classes.iter().map(|class| class["ranges"].as_array().unwrap().len());
    assert!(classes.len() >= 4 && ranges.sum::<usize>() > 1_500);
    assert_eq!(run(&["matrix", path(&list)]).1, answer);
}
