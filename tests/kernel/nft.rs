//! Generated nft rule sets: several base chains for each hook, sets, maps, verdict maps.

use std::fmt::Write as _;

use crate::case::Case;
use crate::dice::Dice;
use crate::lab;

const V4: [&str; 10] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3",
    "10.128.0.0/9",
    "192.0.2.0/24",
    "192.0.2.1",
    "198.51.100.64/26",
    "203.0.113.9",
    "10.1.2.3-10.1.3.7",
];
const V6: [&str; 8] = [
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:1:2::/64",
    "2001:db8:1:2::3",
    "fd00::/8",
    "fd00:1::5",
    "2001:db8:8000::/33",
    "2001:db8::1-2001:db8::ff",
];
const PORTS: [&str; 9] =
    ["22", "80", "443", "1024-65535", "0-1023", "53", "8000-8080", "65535", "http"];
const INTERFACES: [&str; 5] = ["\"lan0\"", "\"wan0\"", "\"dmz*\"", "\"eth1.96\"", "\"dmz1\""];
const STATES: [&str; 10] = [
    "!= new",
    "!= { new, established }",
    "! established,related",
    "new",
    "established,related",
    "invalid",
    "untracked",
    "new,untracked",
    "{ new, invalid }",
    "related",
];

/// The chains that others call; each calls only those after it.
const CHAINS: [&str; 4] = ["first", "second", "third", "last"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Ip,
    Ip6,
    Inet,
}

pub(crate) fn case(number: u64) -> Case {
    let table = [Table::Inet, Table::Ip, Table::Inet, Table::Ip6][number as usize % 4];
    let leases = number % 8 == 1;
    let unknown = number % 5 == 4;
    let mut make = Make { dice: Dice::new(1000 + number), table, leases, unknown };
    let text = make.text();
    let name = format!("nft-{number}");
    Case {
        path: format!("{name}.nft"),
        name,
        text,
        script: None,
        sets: None,
        least_certain: match (unknown, leases) {
            (true, _) => 20,
            (_, true) => 60,
            _ => 100,
        },
    }
}

/// The case of a number in the kernel's own words: as text, or as JSON.
pub(crate) fn listed(number: u64) -> Case {
    let case = case(number);
    let (form, list): (&str, &[&str]) = match number % 2 {
        0 => ("json", &["-j", "list", "ruleset"]),
        _ => ("nft", &["list", "ruleset"]),
    };
    let name = format!("listing-{number}");
    let (text, script) = (lab::listed(case.text.clone(), list), Some(case.text));
    Case { path: format!("{name}.{form}"), name, text, script, ..case }
}

struct Make {
    dice: Dice,
    table: Table,
    /// Whether rules ask for a set whose members expire.
    leases: bool,
    /// Whether some rules have conditions that are not modelled.
    unknown: bool,
}

impl Make {
    fn text(&mut self) -> String {
        let word = match self.table {
            Table::Ip => "ip",
            Table::Ip6 => "ip6",
            Table::Inet => "inet",
        };
        let mut out = format!("table {word} fw {{\n");
        self.sets(&mut out);
        for (index, chain) in CHAINS.iter().enumerate().rev() {
            let _ = writeln!(out, "  chain {chain} {{");
            for _ in 0..2 + self.dice.below(4) {
                self.rule(&mut out, true, index + 1);
            }
            out.push_str("  }\n");
        }
        if self.dice.one_in(2) {
            self.raw(&mut out);
        }
        for (hook, priority) in [
            ("forward", "filter"),
            ("input", "0"),
            ("forward", "filter + 10"),
            ("input", "-5"),
            ("prerouting", "mangle"),
        ] {
            let extra = priority != "filter" && priority != "0";
            if extra && self.dice.one_in(2) {
                continue;
            }
            self.base(&mut out, hook, priority, extra);
        }
        out.push_str("}\n");
        if self.dice.one_in(3) {
            self.other(word, &mut out);
        }
        out
    }

    /// Another table, whose chains know nothing of the first.
    fn other(&mut self, word: &str, out: &mut String) {
        let _ = writeln!(out, "table {word} other {{");
        self.sets(out);
        out.push_str("  chain last {\n    accept\n  }\n  chain more {\n");
        out.push_str("    type filter hook forward priority security;\n");
        for _ in 0..4 {
            let matches = self.some_conditions(true, true).0;
            let verdict = self.dice.word(&["accept", "drop", "return", "jump last"]);
            let _ = writeln!(out, "    {matches}{verdict}");
        }
        out.push_str("  }\n}\n");
    }

    fn base(&mut self, out: &mut String, hook: &str, priority: &str, extra: bool) {
        let policy = if extra { "accept" } else { self.dice.word(&["accept", "drop", "drop"]) };
        let name = format!("{hook}_{}", priority.replace([' ', '+', '-'], ""));
        let _ = writeln!(out, "  chain {name} {{");
        let _ = writeln!(out, "    type filter hook {hook} priority {priority}; policy {policy};");
        for _ in 0..6 + self.dice.below(7) {
            self.rule(out, hook == "forward", 0);
        }
        out.push_str("  }\n");
    }

    fn raw(&mut self, out: &mut String) {
        out.push_str(
            "  chain early {\n    type filter hook prerouting priority raw; policy accept;\n",
        );
        for _ in 0..4 {
            let (matches, _) = self.some_conditions(false, false);
            let verdict = self.dice.word(&[
                "notrack",
                "notrack",
                "notrack accept",
                "accept",
                "return",
                "drop",
            ]);
            let _ = writeln!(out, "    {matches}{verdict}");
        }
        out.push_str("  }\n");
    }

    fn sets(&mut self, out: &mut String) {
        if self.table != Table::Ip6 {
            out.push_str("  set nets4 {\n    type ipv4_addr\n    flags interval\n    elements = { 10.1.0.0/16, 192.0.2.0-192.0.2.99, 203.0.113.9 }\n  }\n");
            out.push_str("  set leased4 {\n    type ipv4_addr\n    flags interval,timeout\n    elements = { 10.1.2.0/24 timeout 10h, 198.51.100.7 timeout 10h }\n  }\n");
            out.push_str("  set void4 {\n    type ipv4_addr\n  }\n");
            out.push_str("  set pairs4 {\n    type ipv4_addr . inet_service\n    flags interval\n    elements = { 10.1.2.0/24 . 80, 192.0.2.1 . 1000-2000, 10.0.0.0/8 . 22 }\n  }\n");
            out.push_str("  map fates4 {\n    type ipv4_addr : verdict\n    flags interval\n    elements = { 10.1.2.0/24 : jump last, 192.0.2.0/25 : accept, 203.0.113.9 : drop, 198.51.100.64/26 : goto last }\n  }\n");
        }
        if self.table != Table::Ip {
            out.push_str("  set nets6 {\n    type ipv6_addr\n    flags interval\n    elements = { 2001:db8:1::/48, fd00::-fd00:2:: }\n  }\n");
            out.push_str("  set pairs6 {\n    type ipv6_addr . inet_proto . inet_service\n    elements = { 2001:db8:1:2::3 . tcp . 443, fd00:1::5 . udp . 53 }\n  }\n");
            out.push_str("  map fates6 {\n    type ipv6_addr : verdict\n    flags interval\n    elements = { 2001:db8:1::/48 : jump last, fd00::/8 : drop }\n  }\n");
        }
        out.push_str("  set ports {\n    type inet_service\n    flags interval\n    elements = { 22, 80-90, 443 }\n  }\n");
        out.push_str("  map ways {\n    type ifname . inet_service : verdict\n    elements = { \"lan0\" . 22 : accept, \"wan0\" . 22 : drop, \"dmz1\" . 80 : jump last }\n  }\n");
    }

    fn rule(&mut self, out: &mut String, forward: bool, later: usize) {
        let (matches, about) = self.some_conditions(forward, true);
        let end = self.end(about, later);
        let _ = writeln!(out, "    {matches}{end}");
    }

    fn end(&mut self, about: About, later: usize) -> String {
        let call = |make: &mut Self| CHAINS[later + make.dice.below(CHAINS.len() - later)];
        match self.dice.below(14) {
            0..3 => "accept".into(),
            3 | 4 => "drop".into(),
            5 => "reject".into(),
            6 => "counter log prefix \"seen\"".into(),
            7 => "return".into(),
            8 => "counter".into(),
            _ if later >= CHAINS.len() => "accept".into(),
            9 if about.six => "ip6 saddr vmap @fates6".into(),
            9 => "ip saddr vmap @fates4".into(),
            10 if about.may_be("tcp") => self
                .dice
                .word(&[
                    "tcp dport vmap { 22 : accept, 80-90 : drop, 443 : jump last }",
                    "iifname . tcp dport vmap @ways",
                ])
                .into(),
            10 | 11 => self
                .dice
                .word(&[
                    "meta l4proto vmap { tcp : goto last, udp : continue, sctp : accept } drop",
                    "ct state vmap { established : accept, invalid : drop, new : jump last }",
                    "ct state vmap { new : continue, untracked : accept } jump last",
                ])
                .into(),
            12 => format!("goto {}", call(self)),
            _ => format!("jump {}", call(self)),
        }
    }

    /// At least one condition.
    fn some_conditions(&mut self, forward: bool, tracked: bool) -> (String, About) {
        loop {
            let found = self.conditions(forward, tracked);
            if !found.0.is_empty() {
                return found;
            }
        }
    }

    fn conditions(&mut self, forward: bool, tracked: bool) -> (String, About) {
        let six = self.table == Table::Ip6 || self.table == Table::Inet && self.dice.one_in(2);
        let icmp = if six { "icmpv6" } else { "icmp" };
        let proto = self.dice.word(&["", "", "tcp", "tcp", "udp", "sctp", "th", icmp]);
        let mut out = String::new();
        let about = self.service(About { six, proto }, &mut out);
        if self.dice.one_in(2) {
            self.address(about, &mut out);
        }
        if self.dice.one_in(3) {
            let (op, name) = (self.dice.word(&OPERATORS), self.dice.word(&INTERFACES));
            let key = if forward && self.dice.one_in(2) { "oifname" } else { "iifname" };
            let _ = if self.dice.one_in(4) {
                write!(out, "{key} {op}{{ \"lan0\", \"dmz1\" }} ")
            } else {
                write!(out, "{key} {op}{name} ")
            };
        }
        if self.unknown && self.dice.one_in(8) {
            let one = self.dice.word(&UNKNOWN);
            let fits = about.may_be("tcp") || !one.starts_with("tcp");
            let _ = write!(out, "{} ", if fits { one } else { "meta mark 0x0" });
        }
        if (tracked || self.unknown) && self.dice.one_in(5) {
            let state = self.dice.word(&STATES);
            let _ = write!(out, "ct state {state} ");
        }
        (out, about)
    }

    fn address(&mut self, about: About, out: &mut String) {
        let (word, all): (&str, &[&'static str]) =
            if about.six { ("ip6", &V6) } else { ("ip", &V4) };
        let sets: &[&'static str] = match (about.six, self.leases) {
            (true, _) => &["@nets6"],
            (false, false) => &["@nets4", "@void4"],
            (false, true) => &["@nets4", "@leased4", "@void4"],
        };
        let other = if about.six { "fe00::/16" } else { "172.16.0.0/12" };
        let side = self.dice.word(&["saddr", "daddr"]);
        let op = self.dice.word(&OPERATORS);
        let one = self.dice.word(all);
        let _ = match self.dice.below(7) {
            0 => write!(out, "{word} {side} {op}{} ", self.dice.word(sets)),
            1 => write!(out, "{word} {side} {op}{{ {one}, {other} }} "),
            2 if about.six && about.proto.is_empty() => {
                write!(out, "ip6 {side} . meta l4proto . th dport {op}@pairs6 ")
            }
            2 if !about.six && about.may_be("tcp") => {
                write!(out, "ip {side} . tcp dport {op}@pairs4 ")
            }
            3 if !about.six => write!(out, "ip {side} & 255.0.255.0 == 10.0.2.0 "),
            4 => {
                let (first, second) = (one, self.dice.word(all));
                write!(out, "{word} saddr . {word} daddr {op}{{ {first} . {second} }} ")
            }
            _ => write!(out, "{word} {side} {op}{one} "),
        };
    }

    /// A condition on the service, and what may stand beside it.
    fn service(&mut self, about: About, out: &mut String) -> About {
        let op = self.dice.word(&OPERATORS);
        let side = self.dice.word(&["dport", "dport", "sport"]);
        let port = self.dice.word(&PORTS);
        let About { six, proto } = about;
        let kinds: &[&'static str] = if six {
            &["echo-request", "nd-neighbor-solicit", "128", "{ packet-too-big, 129 }"]
        } else {
            &["echo-request", "{ echo-reply, 3 }", "8", "time-exceeded"]
        };
        let _ = match (proto, self.dice.below(7)) {
            ("", 0 | 1) => {
                let names = ["tcp", "udp", "47", "icmp", "ipv6-icmp", "{ tcp, udp }"];
                write!(out, "meta l4proto {op}{} ", self.dice.word(&names))
            }
            ("", 4) if self.table == Table::Inet => {
                write!(out, "meta nfproto {} ", if six { "ipv6" } else { "ipv4" })
            }
            ("", 2) if six => write!(out, "ip6 nexthdr {op}udp "),
            ("", 2 | 3) if !six => {
                write!(out, "ip protocol {op}{} ", self.dice.word(&["tcp", "icmp", "89"]))
            }
            ("", _) => Ok(()),
            ("th", _) => write!(out, "meta l4proto {{ tcp, udp }} th {side} {op}{port} "),
            ("icmp" | "icmpv6", _) => write!(out, "{proto} type {op}{} ", self.dice.word(kinds)),
            ("tcp", 0) => write!(out, "tcp flags & (fin|syn|rst|ack) == syn "),
            ("tcp", 1) => write!(out, "tcp flags syn / fin,syn,rst,ack "),
            (_, 2) => write!(out, "{proto} {side} {op}@ports "),
            (_, 3) => write!(out, "{proto} {side} {op}{{ 53, 1000-2000, 65535 }} "),
            (_, 4) => {
                write!(out, "{proto} {side} {} 1024 ", self.dice.word(&["<", ">=", ">", "<="]))
            }
            _ => write!(out, "{proto} {side} {op}{port} "),
        };
        let settled = proto.is_empty() && !out.is_empty();
        About { proto: if settled { "other" } else { proto }, ..about }
    }
}

/// Conditions that are not modelled, of which the kernel makes something.
const UNKNOWN: [&str; 7] = [
    "meta mark 0x1",
    "limit rate 3/second",
    "meta length < 41",
    "fib daddr type local",
    "ether saddr 02:00:00:00:01:00",
    "ct direction original",
    "tcp flags & ack == 0",
];

const OPERATORS: [&str; 3] = ["", "", "!= "];

/// The version and the protocol that a rule asks for; empty for any.
#[derive(Clone, Copy)]
struct About {
    six: bool,
    proto: &'static str,
}

impl About {
    fn may_be(self, proto: &str) -> bool {
        self.proto.is_empty() || self.proto == proto
    }
}
