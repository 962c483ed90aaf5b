//! Access lists: numbered and named, standard, extended and IPv6.

use portvakt_model::{Action, Hits, Logging, Message, Rule, RuleNote, Ruleset, RulesetId};
use portvakt_space::{AddrSet, Family, ICMPV6, ServiceBox, ServiceSet, TCP, Traffic, UDP};
use rustc_hash::FxHashMap;

use super::Ios;
use super::ace::{self, Entry};
use super::config::{Command, Config};
use super::reasons;
use crate::secrets;

/// The access lists of a device.
#[derive(Default)]
pub(super) struct Lists {
    all: Vec<List>,
    by_name: FxHashMap<(Family, String), usize>,
    /// What fills a reflexive list.
    reflected: FxHashMap<String, Vec<Traffic>>,
}

struct List {
    name: String,
    family: Family,
    standard: bool,
    line: u32,
    entries: Vec<(u32, Rule)>,
    /// The highest sequence number so far.
    highest: u32,
    /// Index of each entry's first rule.
    rules: Vec<u32>,
    /// Remarks that wait for their rule.
    remark: String,
    ruleset: Option<RulesetId>,
}

impl Lists {
    /// The list's index in the device. `None`: nothing defines it, or it is empty.
    pub(super) fn find(&self, family: Family, name: &str) -> Option<RulesetId> {
        let list = &self.all[*self.by_name.get(&(family, name.to_owned()))?];
        list.ruleset.filter(|_| !list.entries.is_empty())
    }

    /// The list even if it is empty.
    pub(super) fn declared(&self, family: Family, name: &str) -> Option<RulesetId> {
        self.all[*self.by_name.get(&(family, name.to_owned()))?].ruleset
    }

    /// The index in its list of the rule with a sequence number. Lists are the first rule lists of
    /// the device, in the same order, and their entries are sorted.
    fn rule(&self, ruleset: RulesetId, number: u32) -> Option<usize> {
        let list = self.all.get(ruleset.0 as usize)?;
        let at = list.entries.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        list.rules.get(at).map(|rule| *rule as usize)
    }

    fn open(&mut self, family: Family, name: &str, standard: bool, line: u32) -> usize {
        let next = self.all.len();
        let index = *self.by_name.entry((family, name.to_owned())).or_insert(next);
        if index == next {
            let name = name.to_owned();
            let (entries, remark) = (Vec::new(), String::new());
            let (highest, rules, ruleset) = (0, Vec::new(), None);
            self.all.push(List {
                name,
                family,
                standard,
                line,
                entries,
                highest,
                rules,
                remark,
                ruleset,
            });
        }
        index
    }
}

/// Reads every access list of a configuration.
pub(super) fn read(ios: &mut Ios<'_, '_>, config: &Config<'_>) {
    for command in config.top() {
        match command.words() {
            ["ip" | "ipv6", "access-list", ..] | ["access-list", ..] if command.no() => {
                ios.neutral(command);
            }
            ["ip", "access-list", "standard", name] => {
                block(ios, command, Family::V4, name, true);
            }
            ["ip", "access-list", "extended", name] => {
                block(ios, command, Family::V4, name, false);
            }
            ["ip", "access-list", name] => {
                block(ios, command, Family::V4, name, is_standard(name));
            }
            ["ipv6", "access-list", name] => block(ios, command, Family::V6, name, false),
            ["ip", "access-list", "role-based" | "fqdn", _] => {
                ios.lost_block(command, reasons::TAG_LISTS);
            }
            ["access-list", name, rest @ ..] => numbered(ios, command, name, rest),
            _ => {}
        }
    }
    finish(ios);
}

/// Standard lists are 1–99 and 1300–1999.
fn is_standard(name: &str) -> bool {
    name.parse::<u32>().is_ok_and(|n| (1..=99).contains(&n) || (1300..=1999).contains(&n))
}

fn numbered(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, rest: &[&str]) {
    let Ok(number) = name.parse::<u32>() else { return };
    let (standard, words) = match (number, rest) {
        (700..=799 | 1100..=1199 | 200..=299, _) => {
            return ios.lost(command, reasons::FRAME_LISTS);
        }
        _ if is_standard(name) => (true, rest),
        (100..=199 | 2000..=2699, ["dynamic", ..] | _) => (false, rest),
        _ => return,
    };
    let list = ios.lists.open(Family::V4, name, standard, command.number());
    entry(ios, command, list, words);
}

fn block(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, family: Family, name: &str, std: bool) {
    let list = ios.lists.open(family, name, std, command.number());
    ios.used(command);
    for child in command.below() {
        entry(ios, child, list, child.words());
    }
}

/// One line of a list: an entry or a remark.
fn entry(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, list: usize, words: &[&str]) {
    let (sequence, words) = sequence(words);
    if command.no() {
        return ios.lost(command, reasons::REMOVAL);
    }
    match words {
        ["remark", ..] => remark(ios, command, list, words.len()),
        ["permit", rest @ ..] => rule(ios, command, list, sequence, Action::Permit, rest),
        ["deny", rest @ ..] => rule(ios, command, list, sequence, Action::Deny, rest),
        ["dynamic", _, rest @ ..] => dynamic(ios, command, list, sequence, rest),
        ["evaluate", name] => evaluate(ios, command, list, sequence, name),
        ["exit" | "statistics" | "counters", ..] | ["hardware", "statistics"] => {
            ios.neutral(command);
        }
        _ => ios.unknown(command),
    }
}

/// `10 permit …`, `sequence 10 permit …` and, in `show ipv6 access-list`, `permit … sequence 10`.
fn sequence<'w, 'a>(words: &'w [&'a str]) -> (Option<u32>, &'w [&'a str]) {
    match words {
        [rest @ .., "sequence", n] if n.parse::<u32>().is_ok() && !rest.is_empty() => {
            (n.parse().ok(), rest)
        }
        ["sequence", n, rest @ ..] | [n, rest @ ..] if n.parse::<u32>().is_ok() => {
            (n.parse().ok(), rest)
        }
        _ => (None, words),
    }
}

/// Remarks describe the rule that follows them.
fn remark(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, list: usize, words: usize) {
    let text = command.rest(command.words().len() + 1 - words);
    let text = secrets::kept(text, command.span(text).start, ios.build);
    let waiting = &mut ios.lists.all[list].remark;
    if !waiting.is_empty() {
        waiting.push_str("; ");
    }
    waiting.push_str(&text);
    ios.used(command);
}

fn rule(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    list: usize,
    sequence: Option<u32>,
    action: Action,
    words: &[&str],
) {
    let (words, hits) = hits(words);
    let of = &ios.lists.all[list];
    let parsed = if of.standard && !looks_extended(words) {
        ace::standard(words)
    } else {
        ace::extended(words, of.family, &ios.groups)
    };
    let mut rule = Rule::new(command.number(), action, parsed.matches.clone());
    rule.logging = parsed.logging;
    describe(&mut rule, &parsed);
    rule.note_mut().hits = hits;
    for gap in &parsed.gaps {
        rule.narrowed_by(gap.clone());
    }
    if let Some(gap) = rule.gap.as_mut() {
        gap.avoidable = parsed.avoidable;
    }
    if let Some(name) = parsed.reflects {
        ios.lists.reflected.entry(name.to_owned()).or_default().push(parsed.matches.clone());
    }
    schedule(ios, command, &mut rule, parsed.time_range);
    for name in parsed.groups {
        use_group(ios, name, command.number(), list);
    }
    if parsed.odd {
        ios.lost(command, reasons::RULE_CONDITION);
    } else {
        ios.used(command);
    }
    push(ios, list, sequence, rule);
}

/// An extended entry that a capture shows under a standard list.
fn looks_extended(words: &[&str]) -> bool {
    words.first().is_some_and(|w| matches!(*w, "ip" | "tcp" | "udp" | "icmp"))
}

/// `show access-lists` ends an entry with `(12 matches)`.
fn hits<'w, 'a>(words: &'w [&'a str]) -> (&'w [&'a str], Option<Hits>) {
    let Some(at) = words.iter().position(|w| w.starts_with('(') && w[1..].parse::<u64>().is_ok())
    else {
        return (words, None);
    };
    let count = words[at][1..].parse().unwrap_or(0);
    (&words[..at], Some(Hits { count, last: None }))
}

fn describe(rule: &mut Rule, entry: &Entry<'_>) {
    let note = rule.note_mut();
    let part = |text: &String| if text.is_empty() { Vec::new() } else { vec![text.clone()] };
    note.sources = part(&entry.source);
    note.destinations = part(&entry.destination);
    note.services = part(&entry.service);
}

fn schedule(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, rule: &mut Rule, name: Option<&str>) {
    let Some(name) = name else { return };
    if let Some(index) = ios.groups.schedule(name) {
        rule.note_mut().schedule = Some(index);
    } else {
        rule.narrowed_by(format!("time-range {name}"));
        let line = command.number();
        ios.undefined("time-range", name, line, format!("line {line}"));
    }
}

fn use_group(ios: &mut Ios<'_, '_>, name: &str, line: u32, list: usize) {
    if let Some(object) = ios.groups.object(name) {
        ios.device.objects[object].uses += 1;
    } else {
        let used_by = format!("access-list {}", ios.lists.all[list].name);
        ios.undefined("object-group", name, line, used_by);
    }
}

/// Lock-and-key: matches only after somebody has logged in.
fn dynamic(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    list: usize,
    sequence: Option<u32>,
    words: &[&str],
) {
    let words = match words {
        ["timeout", _, rest @ ..] => rest,
        _ => words,
    };
    let (action, rest) = match words {
        ["permit", rest @ ..] => (Action::Permit, rest),
        ["deny", rest @ ..] => (Action::Deny, rest),
        _ => return ios.unknown(command),
    };
    rule(ios, command, list, sequence, action, rest);
    if let Some((_, rule)) = ios.lists.all[list].entries.last_mut() {
        rule.narrowed_by("dynamic");
        rule.gap.get_or_insert_default().avoidable = true;
    }
}

/// `evaluate NAME` permits answers to what filled the reflexive list: at most everything, until all
/// lists are known. Then its line gets its state too.
fn evaluate(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    list: usize,
    sequence: Option<u32>,
    name: &str,
) {
    let family = ios.lists.all[list].family;
    let mut rule = Rule::new(command.number(), Action::Permit, Traffic::all(family));
    rule.narrowed_by(format!("evaluate {name}"));
    rule.logging = Logging::Off;
    push(ios, list, sequence, rule);
}

/// An entry without a number comes ten after the highest.
fn push(ios: &mut Ios<'_, '_>, list: usize, sequence: Option<u32>, mut rule: Rule) {
    let list = &mut ios.lists.all[list];
    let number = sequence.unwrap_or(list.highest.saturating_add(10));
    list.highest = list.highest.max(number);
    let note = rule.note_mut();
    note.id = sequence.map(|n| n.to_string());
    if !list.remark.is_empty() {
        note.comment = Some(std::mem::take(&mut list.remark));
    }
    if note_is_empty(note) {
        rule.note = None;
    }
    list.entries.push((number, rule));
}

fn note_is_empty(note: &RuleNote) -> bool {
    note.id.is_none() && note.comment.is_none() && note.sources.is_empty()
}

/// Puts the lists into the device, in order of evaluation, with what IOS implies.
fn finish(ios: &mut Ios<'_, '_>) {
    let Lists { all, reflected, .. } = &mut ios.lists;
    for list in all.iter_mut().filter(|l| l.ruleset.is_none()) {
        list.entries.sort_by_key(|(number, _)| *number);
        let mut ruleset = Ruleset::new(list.name.clone(), list.line);
        ruleset.families = vec![list.family];
        for (_, rule) in &list.entries {
            list.rules.push(ruleset.rules.len() as u32);
            if let Some(answers) = reflexive(rule, reflected) {
                ios.build.used(rule.line);
                ruleset.rules.extend(answers);
                continue;
            }
            if is_evaluate(rule) {
                ios.build.unsupported(rule.line, UNFILLED);
            }
            ruleset.rules.push(rule.clone());
        }
        if list.family == Family::V6 && !list.entries.is_empty() {
            ruleset.rules.extend(neighbour_discovery());
        }
        list.ruleset = Some(RulesetId(ios.device.rulesets.len() as u32));
        ios.device.rulesets.push(ruleset);
    }
}

const UNFILLED: &Message = &Message {
    sv: "en reflexiv lista som inget fyller räknas inte in",
    en: "a reflexive list that nothing fills is not modelled",
};

fn is_evaluate(rule: &Rule) -> bool {
    let reasons = rule.gap.as_ref().map_or(&[][..], |gap| &gap.reasons);
    reasons.iter().any(|r| r.what.written().is_some_and(|text| text.starts_with("evaluate ")))
}

/// The answers that an `evaluate` can let through: the mirror of what fills its list.
fn reflexive(rule: &Rule, reflected: &FxHashMap<String, Vec<Traffic>>) -> Option<Vec<Rule>> {
    let reason = rule.gap.as_ref()?.reasons.first()?.what.written()?;
    let filled = reflected.get(reason.strip_prefix("evaluate ")?)?;
    let mirror = |t: &Traffic| {
        let swap = |b: &ServiceBox| {
            if portvakt_space::has_ports(b.proto.0) {
                ServiceBox { sport: b.dport, dport: b.sport, ..*b }
            } else {
                ServiceBox { dport: (0, u16::MAX), ..*b }
            }
        };
        let service = t.service.boxes().iter().map(swap).collect();
        let matches = Traffic { src: t.dst.clone(), dst: t.src.clone(), service, ..Traffic::ANY };
        Rule { matches, ..rule.clone() }
    };
    Some(filled.iter().map(mirror).collect())
}

/// Every IPv6 list ends with `permit icmp any any nd-na`, `permit icmp any any nd-ns` before its
/// implicit deny (Cisco IOS IPv6 Command Reference, `ipv6 access-list`).
fn neighbour_discovery() -> [Rule; 2] {
    [136, 135].map(|kind| {
        let service = ServiceSet::from(ServiceBox::icmp(ICMPV6, kind, None));
        Rule::new(0, Action::Permit, Traffic { service, ..Traffic::all(Family::V6) })
    })
}

/// Entries of `show access-lists`: counters of a list that the configuration has, or else the list.
pub(super) fn shown(ios: &mut Ios<'_, '_>, config: &Config<'_>) {
    for command in config.top() {
        let (family, name, standard) = match command.words() {
            ["Standard", "IP", "access", "list", name, ..] => (Family::V4, name, true),
            ["Extended", "IP", "access", "list", name, ..] => (Family::V4, name, false),
            ["IPv6", "access", "list", name, ..] => (Family::V6, name, false),
            ["Reflexive" | "Role-based", ..] => {
                ios.lost_block(command, reasons::LIVE_LISTS);
                continue;
            }
            _ => continue,
        };
        match ios.lists.find(family, name) {
            Some(ruleset) => counters(ios, command, ruleset),
            None => block(ios, command, family, name, standard),
        }
    }
    finish(ios);
}

fn counters(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, ruleset: RulesetId) {
    ios.used(command);
    for child in command.below() {
        let (number, words) = sequence(child.words());
        let hits = hits(words).1.unwrap_or(Hits { count: 0, last: None });
        match number.and_then(|number| ios.lists.rule(ruleset, number)) {
            Some(rule) => {
                let rules = &mut ios.device.rulesets[ruleset.0 as usize].rules;
                rules[rule].note_mut().hits = Some(hits);
                ios.used(child);
            }
            None => ios.lost(child, reasons::NO_SUCH_ENTRY),
        }
    }
}

/// The source addresses that a list permits at most: what limits a management service.
pub(super) fn permitted_sources(rules: &[Rule]) -> AddrSet {
    decided(rules).0
}

/// Permitted and wholly denied sources of a run of rules. Halves are joined, so that long lists of
/// alternating rules stay cheap.
fn decided(rules: &[Rule]) -> (AddrSet, AddrSet) {
    match rules {
        [rule] if rule.action.is_deny() => {
            let from = &rule.matches;
            let all = Family::BOTH.iter().any(|f| from.dst.is_all(*f) && !from.src.has(other(*f)));
            let always =
                rule.gap.is_none() && rule.note.as_ref().is_none_or(|n| n.schedule.is_none());
            let whole = always && all && from.service.is_any() && from.state.is_any();
            (AddrSet::NONE, if whole { from.src.clone() } else { AddrSet::NONE })
        }
        [rule] if connects(rule) => (rule.matches.src.clone(), AddrSet::NONE),
        [] | [_] => (AddrSet::NONE, AddrSet::NONE),
        _ => {
            let (first, second) = rules.split_at(rules.len() / 2);
            let (a, b) = (decided(first), decided(second));
            (a.0.union(&b.0.minus(&a.1)), a.1.union(&b.1))
        }
    }
}

/// Whether an entry is about sessions: one for ICMP alone lets nobody in.
fn connects(rule: &Rule) -> bool {
    let sessions = [TCP, UDP].map(ServiceBox::proto);
    rule.matches.service.overlaps(&ServiceSet::from_boxes(sessions))
}

const fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net;
    use proptest::prelude::*;

    fn rule(permit: bool, src: &str) -> Rule {
        let action = if permit { Action::Permit } else { Action::Deny };
        let src = net::network(src).unwrap();
        Rule::new(1, action, Traffic { src, ..Traffic::all(Family::V4) })
    }

    #[test]
    fn only_whole_denies_take_sources_away() {
        let mut web = rule(false, "10.0.0.0/24");
        web.matches.service = ServiceBox::to(TCP, 80, 80).into();
        let all = [web, rule(false, "10.0.1.0/24"), rule(true, "10.0.0.0/16")];
        let left =
            net::network("10.0.0.0/16").unwrap().minus(&net::network("10.0.1.0/24").unwrap());
        assert_eq!(permitted_sources(&all), left);
    }

    #[test]
    fn entries_for_icmp_let_nobody_in() {
        let [advertisement, _] = neighbour_discovery();
        assert!(permitted_sources(&[advertisement]).is_empty());
    }

    #[test]
    fn sequence_numbers_stand_in_three_places() {
        assert_eq!(sequence(&["10", "permit", "ip"]), (Some(10), &["permit", "ip"][..]));
        assert_eq!(sequence(&["sequence", "10", "deny"]), (Some(10), &["deny"][..]));
        assert_eq!(
            sequence(&["permit", "tcp", "sequence", "10"]),
            (Some(10), &["permit", "tcp"][..])
        );
        assert_eq!(sequence(&["remark", "x"]), (None, &["remark", "x"][..]));
    }

    proptest! {
        #[test]
        fn permitted_sources_are_what_the_first_match_says(
            rules in prop::collection::vec((any::<bool>(), 0u8..8, 29u8..=32), 0..12),
            host in 0u8..8,
        ) {
            let list: Vec<Rule> =
                rules.iter().map(|(p, a, len)| rule(*p, &format!("10.0.0.{a}/{len}"))).collect();
            let addr = format!("10.0.0.{host}").parse().unwrap();
            let first = list.iter().find(|r| r.matches.src.contains(addr));
            let want = first.is_some_and(|r| r.action == Action::Permit);
            prop_assert_eq!(permitted_sources(&list).contains(addr), want);
        }
    }
}
