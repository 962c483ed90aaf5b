//! `iptables-save` and `ip6tables-save` (netfilter/iptables 1.4–1.8, legacy and nf_tables), the
//! rule files of ufw, and `iptables -S`.
//!
//! Each chain is a rule list `table/CHAIN`; a built-in chain is hooked with netfilter's priority.
//! Verdicts: ip-tables(8) and iptables-extensions(8).
//!
//! Two things are read as what they are for: `--syn` is a new TCP connection (see [`state`]), and
//! a rule that takes packets out of tracking (`NOTRACK`, `CT --notrack`) decides nothing and says
//! so in its gap: what it matches reaches later tables as UNTRACKED.

mod address;
mod chains;
mod draft;
pub(crate) mod ipset;
mod layout;
mod members;
mod names;
mod nat;
mod rule;
mod service;
mod sets;
mod state;
mod target;

use crate::{Head, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "iptables-save",
    name: "iptables",
    reads: "`iptables-save`, `ip6tables-save` (with or without `-c`), `iptables -S`, rule files of ufw",
    understands: "all tables, chains and jumps, addresses, ports, ICMP, connection states, ranges, \
                  sets, interfaces with patterns, address translation, counters, comments",
    sniff,
    parse: layout::read,
};

fn sniff(head: &Head<'_>) -> Score {
    let rules = head.lines_starting(&["-A ", "--append ", "-I ", "["]);
    let tables = TABLES.iter().any(|t| head.text.lines().any(|l| l.trim_end() == *t));
    let policies =
        head.lines_starting(&["-P INPUT ", "-P FORWARD ", "-P OUTPUT ", "-P PREROUTING "]);
    if head.text.contains("tables-save v") && tables {
        return Score::SURE;
    }
    match (tables, rules + head.lines_starting(&[":", "COMMIT"]), policies) {
        (true, 1.., _) => Score::SURE,
        (_, _, 2..) => Score::LIKELY,
        (false, _, _) if head.lines_starting(&["-A INPUT ", "-A FORWARD ", "-A OUTPUT "]) > 0 => {
            Score(40)
        }
        _ => Score::NO,
    }
}

const TABLES: [&str; 5] = ["*filter", "*nat", "*mangle", "*raw", "*security"];
