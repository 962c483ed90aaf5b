//! The answer as text: list by list, what is wrong first.

use std::io::{self, Write};

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;
use portvakt_analysis::anomalies::merge::Mergeable;
use portvakt_space::{Packet, State, Traffic};

use super::judged::{List, Row};
use super::words::{self, say, status};
use crate::text::Lang;

/// Rules that could be one, told of without `--all`.
const MERGEABLE: usize = 10;

pub(super) fn write(
    lists: &[List<'_>],
    all: bool,
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    for list in lists {
        writeln!(out, "{}", head(list, lang))?;
        let mut rules: Vec<Row<'_>> = list.rules.to_vec();
        rules.retain(|(_, standing)| all || !matches!(standing, Standing::Live(_)));
        rules.sort_by_key(|(key, standing)| weight(list, *key, standing));
        for (key, standing) in rules {
            rule(list, *key, standing, all, lang, out)?;
        }
        mergeable(list, all, lang, out)?;
    }
    Ok(())
}

/// What is wrong first: holes, then rules too many, then the rest.
fn weight(list: &List<'_>, key: RuleKey, standing: &Standing) -> u8 {
    match standing {
        Standing::Unreachable { .. } if list.judged.contrary(key).is_some_and(is_new) => 0,
        Standing::Unreachable { .. } => 1,
        Standing::Unsure(_) | Standing::Undecided(..) => 2,
        Standing::Removable(_) => 3,
        Standing::Live(_) => 4,
    }
}

fn is_new((_, packet): (RuleKey, Packet)) -> bool {
    packet.state == State::New
}

fn head(list: &List<'_>, lang: Lang) -> String {
    let count = |kind: &str| list.rules.iter().filter(|(_, s)| status(s) == kind).count();
    let words = lang.of(
        ["behövs", "nås inte", "kan tas bort", "inte avgjorda"],
        ["needed", "unreachable", "removable", "undecided"],
    );
    let kinds = ["live", "unreachable", "removable", "undecided"];
    let mut sums: Vec<String> =
        kinds.iter().zip(words).map(|(kind, word)| format!("{} {word}", count(kind))).collect();
    let live = list.rules.iter().filter(|(_, s)| matches!(s, Standing::Live(_)));
    let partly = live.filter(|(key, _)| list.judged.share(*key).least < 1.0).count();
    if partly > 0 {
        let words =
            lang.of("avgör bara en del av vad de säger", "decide only a part of what they say");
        sums.push(format!("{partly} {words}"));
    }
    let (device, name) = (&list.judged.device.name, &list.ruleset().name);
    format!("{device} {name} [{}]: {}", words::family(list), sums.join(" · "))
}

fn rule(
    list: &List<'_>,
    key: RuleKey,
    standing: &Standing,
    all: bool,
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    let judged = list.judged;
    let said = words::said(judged, key, standing, lang);
    write!(out, "  {}:{} {said}", judged.path(), judged.line(key))?;
    let (overlaps, more) = judged.overlaps(key);
    if all && !overlaps.is_empty() {
        let lines = words::lines(judged, overlaps, lang);
        let more = if more > 0 { format!(" (+{more})") } else { String::new() };
        write!(out, "{} {lines}{more}", lang.of("; undantag från", "; an exception to"))?;
    }
    writeln!(out)
}

/// Rules that could be one: those that need no group, and with `all` the others, too.
fn mergeable(list: &List<'_>, all: bool, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let judged = list.judged;
    let found = list.mergeable();
    let most = if all { found.len() } else { MERGEABLE };
    let with_union = found.iter().map(|one| (one, one.union(judged.device)));
    let plain = |one: &Mergeable, union: &Traffic| all || one.field.is_one_range(union);
    let shown: Vec<(&Mergeable, Traffic)> =
        with_union.filter(|(one, union)| plain(one, union)).take(most).collect();
    for (one, union) in &shown {
        let rules: Vec<RuleKey> = one.keys().collect();
        let lines = words::lines(judged, &rules, lang);
        let union = words::union(union, one.field, &judged.device.interfaces, lang);
        let field = words::field(one.field);
        let said = say(
            lang,
            format!("{lines} kan bli en regel: {field} {union}"),
            format!("{lines} could be one rule: {field} {union}"),
        );
        writeln!(out, "  {}:{} {said}", judged.path(), judged.line(rules[0]))?;
    }
    let more = found.len() - shown.len();
    if more > 0 {
        let said = say(
            lang,
            format!("… {more} grupper av regler till kan bli en regel var (--all)"),
            format!("… {more} more groups of rules could be one rule each (--all)"),
        );
        writeln!(out, "  {said}")?;
    }
    Ok(())
}
