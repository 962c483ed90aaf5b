//! nftables: `nft list ruleset`, scripts of nft(8), and `nft -j list ruleset`.
//!
//! Text and JSON become the same [`syntax`], which gets its meaning in [`lower`].

mod atoms;
mod blocks;
mod compare;
mod contents;
mod domain;
mod early;
mod expand;
mod json;
mod json_rule;
mod keys;
mod lexer;
mod lower;
mod reasons;
mod rule;
mod script;
mod syntax;
mod value;

use std::borrow::Cow;

use crate::build::{Build, Input};
use crate::lines::{Line, is_shell_prompt};
use crate::{Head, Parser, Score, secrets};

pub(crate) static PARSER: Parser = Parser {
    id: "nftables",
    name: "nftables",
    reads: "`nft list ruleset`, /etc/nftables.conf, scripts of nft commands",
    understands: "tables, base and user chains with hook and priority, sets, maps, verdict maps, concatenations, NAT, variables",
    sniff,
    parse,
};

pub(crate) static JSON: Parser = Parser {
    id: "nftables-json",
    name: "nftables (JSON)",
    reads: "`nft -j list ruleset`, JSON commands, arrays of statements",
    understands: "what the text form holds",
    sniff: sniff_json,
    parse: parse_json,
};

fn sniff_json(head: &Head<'_>) -> Score {
    let begins = |mark: &str| head.text.trim_start().starts_with(mark);
    let start = &head.text[..head.text.floor_char_boundary(200)];
    if begins("{") && start.contains("\"nftables\"") {
        return Score::SURE;
    }
    let statements = ["\"match\"", "\"left\"", "\"op\"", "\"right\""];
    let alike = statements.iter().all(|word| head.text.contains(word));
    if (begins("#") || begins("[")) && alike { Score::LIKELY } else { Score::NO }
}

fn sniff(head: &Head<'_>) -> Score {
    let first = head.text.lines().next().unwrap_or_default();
    if first.starts_with("#!") && first.contains("nft") {
        return Score::SURE;
    }
    if head.lines_starting(&["flush ruleset", "add table ", "nft add ", "nft -f"]) > 0 {
        return Score::SURE;
    }
    let table = head.lines.iter().any(|l| opens_table(l));
    // A brace tells a set of addresses from the `set` of other configuration languages.
    let opens = |l: &str| {
        ["chain ", "set ", "map ", "flowtable "].iter().any(|s| l.starts_with(s))
            && l.ends_with('{')
    };
    let blocks = head.lines.iter().filter(|l| opens(l.trim())).count();
    let inside = blocks as u32 + head.lines_starting(&["type filter hook"]);
    match (table, inside) {
        (true, 1..) => Score::SURE,
        (true, 0) => Score::WEAK,
        _ if head.lines_starting(&["add rule ", "add chain ", "add element "]) > 0 => Score::LIKELY,
        _ => Score::NO,
    }
}

/// `table inet filter {`. pf has tables in angle brackets, style sheets have selectors.
fn opens_table(line: &str) -> bool {
    let code = line.split_once('#').map_or(line, |(code, _)| code).trim();
    let Some((words, _)) = code.strip_prefix("table ").and_then(|rest| rest.split_once('{')) else {
        return false;
    };
    let named = |w: &str| w.chars().all(|c| c.is_alphanumeric() || "_-./\"".contains(c));
    matches!(words.split_whitespace().count(), 1..=2) && words.split_whitespace().all(named)
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let config = script::read(input.text, build);
    lower::lower(&config, input.stem(), build);
    finish(input, build);
}

fn parse_json(input: &Input<'_>, build: &mut Build<'_>) {
    let config = json::read(input.text, build);
    lower::lower(&config, input.stem(), build);
    finish(input, build);
}

/// Blank lines, comments, and secrets in what is free text.
fn finish(input: &Input<'_>, build: &mut Build<'_>) {
    for line in input.lines() {
        let text = line.text.trim_start();
        let is_remark = |rest| !lexer::is_extension(rest);
        let blank = text.is_empty() || text.strip_prefix('#').is_some_and(is_remark);
        if blank || is_shell_prompt(text) {
            build.neutral(line.number);
        }
        hide_remarks(line, build);
    }
}

/// Hides secrets in quoted words and comments, also of lines that are in the model.
fn hide_remarks(line: Line<'_>, build: &mut Build<'_>) {
    let bytes = line.text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'#', &bytes[at..]) {
        let from = at + found + 1;
        let rest = &line.text[from..];
        let length = if bytes[from - 1] == b'"' { quoted(rest) } else { rest.len() };
        if matches!(secrets::masked(&unescaped(&rest[..length])), Cow::Owned(_)) {
            build.redact(line.start + from as u32..line.start + (from + length) as u32);
        }
        at = (from + length + 1).min(line.text.len());
    }
}

/// Bytes up to the closing quote, or to the end. JSON escapes with `\\`.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let closes = |b: u8| {
        let end = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        end
    };
    text.bytes().position(closes).unwrap_or(text.len())
}

/// A string of JSON as it is meant; anything else as it stands.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    serde_json::from_str(&format!("\"{text}\"")).map_or(text.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use portvakt_model::{Action, Device, SourceId};
    use portvakt_space::{Family, StateSet};

    use super::*;
    use crate::Context;

    fn read_as(parser: &Parser, text: &str) -> Device {
        let context = Context::default();
        let mut build = Build::new(SourceId(0), parser.id, text.lines().count() as u32, &context);
        (parser.parse)(&Input { path: "fw.nft", text, binary: &[] }, &mut build);
        build.devices.remove(0)
    }

    /// The rules of one chain of an `inet` table with an empty set and a chain to jump to.
    fn rules(rules: &str) -> Vec<portvakt_model::Rule> {
        let text = format!(
            "table inet t {{\n chain other {{\n }}\n set s {{ type ipv4_addr; }}\n chain c {{\n{rules}\n}}\n}}\n"
        );
        read_as(&PARSER, &text).rulesets.remove(1).rules
    }

    fn rule(text: &str) -> portvakt_model::Rule {
        let mut all = rules(text);
        assert_eq!(all.len(), 1, "{text}");
        all.remove(0)
    }

    #[test]
    fn a_match_takes_its_protocol_and_version_for_granted() {
        assert_eq!(
            rule("tcp dport != 22 accept").matches,
            rule("meta l4proto tcp tcp dport { 0-21, 23-65535 } accept").matches
        );
        assert!(!rule("ip saddr != 10.0.0.0/8 accept").matches.has(Family::V6));
        assert!(rule("icmp type echo-request ip6 saddr ::1 accept").matches.is_empty());
        assert_eq!(
            rule("meta protocol ip6 accept").matches,
            rule("meta nfproto ipv6 accept").matches
        );
    }

    #[test]
    fn a_rejection_takes_its_version_or_protocol_for_granted() {
        let same = |a: &str, b: &str| assert_eq!(rule(a).matches, rule(b).matches, "{a}");
        same("reject with icmp type host-unreachable", "meta nfproto ipv4 reject");
        same("reject with icmpv6 port-unreachable", "meta nfproto ipv6 reject");
        same("reject with tcp reset", "meta l4proto tcp reject");
        assert_eq!(rule("reject with icmpx type no-route").matches, portvakt_space::Traffic::ANY);
        let json = r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "a"}}, {"reject": {"type": "icmp", "expr": "port-unreachable"}}]"#;
        let found = &read_as(&JSON, json).rulesets[0].rules[0];
        assert!(found.matches.has(Family::V4) && !found.matches.has(Family::V6));
    }

    #[test]
    fn ports_of_any_protocol_are_exact_once_the_protocol_is_known() {
        assert!(rule("th dport 53 accept").gap.is_some());
        assert!(rule("th dport 53 meta l4proto { tcp, udp } accept").gap.is_none());
        assert!(rule("meta l4proto tcp th sport != 1-1023 accept").gap.is_none());
    }

    #[test]
    fn states_in_every_spelling() {
        let two = StateSet::RETURN;
        for text in
            ["established,related", "{ established, related }", "6", "established | related"]
        {
            assert_eq!(rule(&format!("ct state {text} accept")).matches.state, two, "{text}");
        }
        let others = two.complement();
        for text in [
            "ct state != { established, related }",
            "ct state ! established,related",
            "ct state & (established | related) == 0",
        ] {
            assert_eq!(rule(&format!("{text} drop")).matches.state, others, "{text}");
        }
        // The kernel compares the state with both bits at once; people mean neither of them.
        let unsure = rule("ct state != established,related drop");
        assert!(unsure.matches.state.is_any());
        assert_eq!(unsure.least().map(|t| t.state), Some(others));
    }

    #[test]
    fn a_lone_syn_opens_a_connection() {
        for text in ["tcp flags & (fin|syn|rst|ack) == syn", "tcp flags syn / fin,syn,rst,ack"] {
            let found = rule(&format!("{text} drop"));
            assert_eq!(found.matches.state, StateSet::OPENING, "{text}");
            assert!(found.gap.is_none() && found.is_bare_syn());
        }
        assert!(!rule("tcp dport 22 drop").is_bare_syn());
        // Its opposite is not "no new connections": packets of other states may carry anything.
        assert!(rule("tcp flags & (fin|syn|rst|ack) != syn ct state new drop").least().is_none());
    }

    #[test]
    fn a_verdict_map_is_a_rule_for_each_element() {
        let found = rules("tcp dport vmap { 22 : accept, 80-90 : drop, 99 : continue } reject");
        let actions: Vec<Action> = found.iter().map(|r| r.action).collect();
        assert_eq!(actions, [Action::Permit, Action::Deny, Action::Reject]);
        assert_eq!(found[2].matches, rule("tcp dport 99 reject").matches);
        let all = rules("iif vmap { \"a\" : accept, * : drop }");
        assert!(!all[0].matches.overlaps(&all[1].matches));
        assert_eq!(all[0].matches.iif.union(&all[1].matches.iif), portvakt_space::AtomSet::ANY);
    }

    #[test]
    fn what_is_not_recognised_takes_all_certainty() {
        for text in ["gizmo 3 accept", "tcp dport 22 gizmo { a b } accept", "tcp gizmo 3 accept"] {
            let found = rule(text);
            assert_eq!((found.action, found.least().is_none()), (Action::Permit, true), "{text}");
        }
        // What follows may be a part of what is not known: it narrows nothing.
        assert!(rule("gizmo 3 tcp dport 22 accept").matches.service.is_any());
        assert_eq!(rule("tcp dport 22 gizmo").action, Action::Unknown);
    }

    #[test]
    fn json_and_text_say_the_same() {
        let text = "table ip t {\n chain c {\n ip saddr 10.0.0.0/8 tcp dport { 22, 80-90 } accept\n ct state vmap { new : drop }\n tcp sport != 53 jump c\n }\n}\n";
        let json = r#"{"nftables": [{"chain": {"family": "ip", "table": "t", "name": "c"}},
            {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [
                {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}},
                {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [80, 90]}]}}},
                {"accept": null}]}},
            {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [
                {"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["new", {"drop": null}]]}}}]}},
            {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [
                {"match": {"op": "!=", "left": {"payload": {"protocol": "tcp", "field": "sport"}}, "right": 53}},
                {"jump": {"target": "c"}}]}}]}"#;
        let gist = |d: Device| -> Vec<_> {
            d.rulesets[0]
                .rules
                .iter()
                .map(|r| (r.action, r.matches.clone(), r.gap.is_some()))
                .collect()
        };
        assert_eq!(gist(read_as(&PARSER, text)), gist(read_as(&JSON, json)));
    }

    #[test]
    fn a_listing_that_is_cut_off_gives_what_is_whole() {
        let json = r#"{"nftables": [{"chain": {"family": "ip", "table": "t", "name": "c"}}, {"rule": {"fam"#;
        assert_eq!(read_as(&JSON, json).rulesets.len(), 1);
    }

    #[test]
    fn planted_secrets_are_gone_and_what_stands_beside_them_is_not() {
        for name in ["nftables.nft", "nftables.json"] {
            let path = format!("{}/../fixtures/secrets/{name}", env!("CARGO_MANIFEST_DIR"));
            let bytes = std::fs::read(path).unwrap();
            let parsed = crate::parse(SourceId(0), name, bytes, &Context::default()).unwrap();
            let shown = format!("{:?}{}", parsed.devices, parsed.source.text());
            assert!(!shown.contains("HEMLIG"), "{name}");
            assert!(parsed.source.text().contains("SYNLIG-drift"), "{name}");
        }
    }

    #[test]
    fn hostile_input_ends_soon() {
        let start = Instant::now();
        let doubled = |n: u32| format!("define a{n} = {{ $a{m}, $a{m} }}\n", m = n - 1);
        let doubling: String = (1..60).map(doubled).collect();
        let first = "define a0 = { 1, 2 }\n";
        read_as(&PARSER, &format!("{first}{doubling}add rule t c tcp dport $a59 accept"));
        read_as(&PARSER, &"{ ".repeat(200_000));
        read_as(&PARSER, &format!("add rule t c tcp dport {}", "{".repeat(200_000)));
        read_as(&PARSER, &format!("table t {{ chain c {{ {}", "jump { ".repeat(100_000)));
        read_as(&PARSER, &"accept;".repeat(100_000));
        read_as(&JSON, &"[\n".repeat(200_000));
        let square = format!("ip saddr . tcp dport {{ {} }} ", "10.0.0.1 . 22,".repeat(3000));
        read_as(&PARSER, &format!("add rule t c {square}{square} accept"));
        assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
    }
}
