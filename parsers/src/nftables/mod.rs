//! nftables: `nft list ruleset`, scripts of nft(8), and `nft -j list ruleset`.
//!
//! Text and JSON become the same [`syntax`], which gets its meaning in [`lower`].

mod atoms;
mod blocks;
mod compare;
mod contents;
mod domain;
mod expand;
mod keys;
mod lexer;
mod lower;
mod rule;
mod script;
mod syntax;
mod value;

use crate::build::{Build, Input};
use crate::lines::Line;
use crate::{Head, Parser, Score, secrets};

pub(crate) static PARSER: Parser = Parser {
    id: "nftables",
    name: "nftables",
    reads: "`nft list ruleset`, /etc/nftables.conf, scripts of nft commands",
    understands: "tables, base and user chains with hook and priority, sets, maps, verdict maps, concatenations, NAT, variables",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    let first = head.text.lines().next().unwrap_or_default();
    if first.starts_with("#!") && first.contains("nft") {
        return Score::SURE;
    }
    if head.lines_starting(&["flush ruleset", "add table ", "nft add ", "nft -f"]) > 0 {
        return Score::SURE;
    }
    let table = head.text.lines().take(2000).any(opens_table);
    let inside = head.lines_starting(&["chain ", "set ", "map ", "flowtable ", "type filter hook"]);
    match (table, inside) {
        (true, 1..) => Score::SURE,
        (true, 0) => Score::WEAK,
        _ if head.lines_starting(&["add rule ", "add chain ", "add element "]) > 0 => Score::LIKELY,
        _ => Score::NO,
    }
}

/// `table inet filter {`. pf has tables in angle brackets.
fn opens_table(line: &str) -> bool {
    let code = line.split_once('#').map_or(line, |(code, _)| code).trim();
    let name = code.strip_prefix("table ").and_then(|rest| rest.split_once('{'));
    name.is_some_and(|(name, _)| !name.trim().is_empty() && !name.contains('<'))
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let config = script::read(input.text, build);
    lower::lower(&config, input.stem(), build);
    for line in input.lines() {
        let text = line.text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            build.neutral(line.number);
        }
        hide_remarks(line, build);
    }
}

/// Hides secrets in quoted words and comments, also of lines that are in the model.
fn hide_remarks(line: Line<'_>, build: &mut Build<'_>) {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'#', &line.text.as_bytes()[at..]) {
        let from = at + found + 1;
        let rest = &line.text[from..];
        let quoted = line.text.as_bytes()[from - 1] == b'"';
        let length = if quoted { rest.find('"').unwrap_or(rest.len()) } else { rest.len() };
        if matches!(secrets::masked(&rest[..length]), std::borrow::Cow::Owned(_)) {
            build.redact(line.start + from as u32..line.start + (from + length) as u32);
        }
        at = (from + length + 1).min(line.text.len());
    }
}
