//! What is said of a rule, in words.

use std::fmt::Write as _;

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;
use portvakt_analysis::anomalies::fix::Keep;
use portvakt_analysis::anomalies::merge::Field;
use portvakt_model::{Action, Interfaces};
use portvakt_space::{AtomSet, Cause, Packet, State, Traffic, has_ports};

use super::judged::{Judged, List};
use crate::text::{self, Lang, addresses, service};

/// Lines that a sentence names.
const SHOWN: usize = 8;

/// The standing of a rule in one word.
pub(super) const fn status(standing: &Standing) -> &'static str {
    match standing {
        Standing::Live(_) => "live",
        Standing::Unreachable { .. } => "unreachable",
        Standing::Removable(_) => "removable",
        Standing::Unsure(_) | Standing::Undecided(..) => "undecided",
    }
}

/// IP versions of a list.
pub(super) fn family(list: &List<'_>) -> &'static str {
    match list.ruleset().families[..] {
        [portvakt_space::Family::V4] => "ipv4",
        [portvakt_space::Family::V6] => "ipv6",
        _ => "both",
    }
}

/// A sentence made for either language.
pub(super) fn say(lang: Lang, sv: String, en: String) -> String {
    match lang {
        Lang::Sv => sv,
        Lang::En => en,
    }
}

/// Rules by their lines: "line 4", "lines 4, 7 and the list's default".
pub(super) fn lines(judged: &Judged<'_>, rules: &[RuleKey], lang: Lang) -> String {
    let mut numbers: Vec<u32> = rules.iter().map(|key| judged.line(*key)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let implied = numbers.first() == Some(&0);
    numbers.retain(|line| *line > 0);
    let mut names: Vec<String> = numbers.iter().take(SHOWN).map(u32::to_string).collect();
    if numbers.len() > SHOWN {
        let more = numbers.len() - SHOWN;
        names.push(say(lang, format!("{more} till"), format!("{more} more")));
    }
    let said = match numbers.len() {
        0 => String::new(),
        1 => format!("{} {}", lang.of("rad", "line"), names[0]),
        _ => format!("{} {}", lang.of("raderna", "lines"), listed(&names, lang)),
    };
    match (implied, said.is_empty()) {
        (false, _) => said,
        (true, true) => lang.of("listans förval", "the list's default").to_owned(),
        (true, false) => {
            format!("{said} {}", lang.of("och listans förval", "and the list's default"))
        }
    }
}

/// "a, b and c".
fn listed(names: &[String], lang: Lang) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {} {last}", most.join(", "), lang.of("och", "and")),
    }
}

/// What there is to say of a rule.
pub(super) fn said(judged: &Judged<'_>, key: RuleKey, standing: &Standing, lang: Lang) -> String {
    match standing {
        Standing::Live(_) => live(judged, key, lang),
        Standing::Unreachable { cause, blockers, .. } => {
            unreachable(judged, key, *cause, blockers, lang)
        }
        Standing::Removable(why) => removable(judged, key, standing, &why.by, lang),
        Standing::Unsure(blockers) => {
            let by = lines(judged, blockers, lang);
            say(
                lang,
                format!("går inte att avgöra: nås inte om {by} matchar allt som kan vara menat"),
                format!("cannot tell: not reached if all that {by} may match is matched"),
            )
        }
        Standing::Undecided(proven, of) => say(
            lang,
            format!(
                "går inte att avgöra: {proven} av {of} delar är bevisat onåbara, sedan tog budgeten slut"
            ),
            format!(
                "cannot tell: {proven} of {of} parts are proven unreachable, then the budget ran out"
            ),
        ),
    }
}

fn live(judged: &Judged<'_>, key: RuleKey, lang: Lang) -> String {
    let share = judged.share(key);
    match share.known() {
        Some(share) if share >= 1.0 => lang.of("nås", "reached").to_owned(),
        Some(share) => {
            let share = percent(share, lang);
            say(
                lang,
                format!("nås, och avgör {share} av det som den säger"),
                format!("reached, and decides {share} of what it says"),
            )
        }
        None => {
            let (least, most) = (percent(share.least, lang), percent(share.most, lang));
            say(
                lang,
                format!("nås, och avgör mellan {least} och {most} av det som den säger"),
                format!("reached, and decides between {least} and {most} of what it says"),
            )
        }
    }
}

fn unreachable(
    judged: &Judged<'_>,
    key: RuleKey,
    cause: Cause,
    blockers: &[RuleKey],
    lang: Lang,
) -> String {
    let mut said = covered(judged, key, cause, blockers, lang);
    if let Some((other, packet)) = judged.contrary(key) {
        said += &against(judged, other, &packet, blockers == [other], lang);
    }
    if let Some(original) = judged.original(key).filter(|original| blockers != [*original]) {
        let line = judged.line(original);
        said +=
            &say(lang, format!(" (samma som rad {line})"), format!(" (the same as line {line})"));
    }
    said
}

/// What takes all of an unreachable rule.
fn covered(
    judged: &Judged<'_>,
    key: RuleKey,
    cause: Cause,
    blockers: &[RuleKey],
    lang: Lang,
) -> String {
    let by = lines(judged, blockers, lang);
    let (sv, en) = match (judged.cause(key, cause), judged.original(key)) {
        ("undefined", _) => (
            "den nämner något som inte är definierat".into(),
            "it names what is not defined".into(),
        ),
        ("unmatchable", _) => ("inget paket matchar".into(), "no packet matches".into()),
        (_, Some(original)) if blockers == [original] => {
            (format!("säger samma sak som {by}"), format!("says the same as {by}"))
        }
        ("union", _) => {
            (format!("{by} tar tillsammans allt"), format!("{by} together take all of it"))
        }
        _ => (format!("{by} tar allt"), format!("{by} takes all of it")),
    };
    say(lang, format!("nås inte: {sv}"), format!("unreachable: {en}"))
}

/// What a rule with another outcome takes; `alone` when it is the one that takes all.
fn against(
    judged: &Judged<'_>,
    other: RuleKey,
    packet: &Packet,
    alone: bool,
    lang: Lang,
) -> String {
    let does = match judged.rule(other).map(|rule| rule.action) {
        Some(Action::Permit) => lang.of("tillåter", "permits"),
        Some(Action::Deny | Action::Reject) => lang.of("spärrar", "denies"),
        _ => lang.of("styr om", "diverts"),
    };
    let (line, packet) = (judged.line(other), self::packet(packet, &judged.device.interfaces));
    if alone {
        return say(
            lang,
            format!(" och {does} det: {packet}"),
            format!(" and {does} it: {packet}"),
        );
    }
    say(
        lang,
        format!("; rad {line} {does} en del av det: {packet}"),
        format!("; line {line} {does} a part of it: {packet}"),
    )
}

fn removable(
    judged: &Judged<'_>,
    key: RuleKey,
    standing: &Standing,
    by: &[RuleKey],
    lang: Lang,
) -> String {
    let by = if by.is_empty() {
        lang.of("listans förval", "the list's default").to_owned()
    } else {
        lines(judged, by, lang)
    };
    let mut said = say(
        lang,
        format!("kan tas bort: {by} gör detsamma"),
        format!("removable: {by} would do the same"),
    );
    if judged.loses_log(key, standing) {
        said += lang.of(", men loggar inte", ", but not log it");
    }
    said
}

/// A packet in short.
pub(super) fn packet(packet: &Packet, interfaces: &Interfaces) -> String {
    let port = |port| if has_ports(packet.proto) { format!(":{port}") } else { String::new() };
    let addr = |addr: std::net::IpAddr, at: u16| match (addr, has_ports(packet.proto)) {
        (std::net::IpAddr::V6(v6), true) => format!("[{v6}]{}", port(at)),
        (other, _) => format!("{other}{}", port(at)),
    };
    let mut said = format!(
        "{} {} → {}",
        text::protocol(packet.proto),
        addr(packet.src, packet.sport),
        addr(packet.dst, packet.dport),
    );
    for (word, atom) in [("in", packet.iif), ("out", packet.oif)] {
        if let Some(interface) = interfaces.get(atom) {
            let _ = write!(said, " {word} {}", interface.name);
        }
    }
    if packet.state != State::New {
        let _ = write!(said, " {}", packet.state.name());
    }
    said
}

/// A share of 1, never rounded to none or all.
pub(super) fn percent(share: f64, lang: Lang) -> String {
    let shown = match share * 100.0 {
        none if none <= 0.0 => "0".to_owned(),
        all if all >= 100.0 => "100".to_owned(),
        little if little < 0.1 => "<0.1".to_owned(),
        much if much > 99.9 => ">99.9".to_owned(),
        some => format!("{some:.1}"),
    };
    let shown = if lang == Lang::Sv { shown.replace('.', ",") } else { shown };
    format!("{shown} %")
}

/// The name of a field that rules differ in.
pub(super) const fn field(field: Field) -> &'static str {
    match field {
        Field::Destination => "dst",
        Field::Source => "src",
        Field::Service => "service",
        Field::In => "in",
        Field::Out => "out",
        Field::State => "state",
    }
}

/// What one rule would have in a field.
pub(super) fn union(all: &Traffic, of: Field, interfaces: &Interfaces, lang: Lang) -> String {
    let names = |atoms: &AtomSet| {
        if atoms.is_any() {
            return lang.of("alla gränssnitt", "any interface").to_owned();
        }
        let all = (0..).zip(interfaces.all());
        let named = all.filter(|(atom, _)| atoms.contains(*atom));
        named.map(|(_, interface)| interface.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match of {
        Field::Destination => addresses(&all.dst, lang),
        Field::Source => addresses(&all.src, lang),
        Field::Service => service(&all.service, lang),
        Field::In => names(&all.iif),
        Field::Out => names(&all.oif),
        Field::State => all.state.iter().map(State::name).collect::<Vec<_>>().join(", "),
    }
}

/// Why a rule stays, as programs read it.
pub(super) const fn keep(why: Keep) -> &'static str {
    match why {
        Keep::Logs => "logs",
        Keep::Answers => "answers",
        Keep::Treats => "treats",
        Keep::SaysDefault => "says_default",
        Keep::MeetsOthers => "meets_others",
        Keep::SharesLine => "shares_line",
        Keep::Undefined => "undefined",
        Keep::WasHit => "was_hit",
        Keep::Needed => "needed",
        Keep::OtherUse => "other_use",
        Keep::LastRule => "last_rule",
        Keep::NotTried => "not_tried",
    }
}

/// Why a rule stays, as people read it.
pub(super) const fn kept(why: Keep, lang: Lang) -> &'static str {
    match why {
        Keep::Logs => lang.of("loggas annorlunda utan den", "logged otherwise without it"),
        Keep::Answers => lang.of(
            "svarar avsändaren annorlunda än det som annars avgör",
            "answers the sender otherwise than what would decide instead",
        ),
        Keep::Treats => lang.of(
            "inspekterar, översätter eller gäller annorlunda än det som annars avgör",
            "inspects, translates or is scheduled otherwise than what would decide instead",
        ),
        Keep::SaysDefault => lang.of("skriver ut listans förval", "spells out the list's default"),
        Keep::MeetsOthers => lang.of(
            "dess paket skulle möta en regel som loggar, räknar eller märker",
            "its packets would meet a rule that logs, counts or marks",
        ),
        Keep::SharesLine => lang.of(
            "raden står också för en regel som behövs",
            "its line also stands for a rule that is needed",
        ),
        Keep::Undefined => lang.of(
            "nämner något som inte är definierat: rätta namnet i stället",
            "names what is not defined: mend the name instead",
        ),
        Keep::WasHit => lang.of(
            "räknaren visar träffar: nollställ den och se efter",
            "its counter shows hits: clear it and look again",
        ),
        Keep::Needed => lang.of("behövs när de andra är borta", "needed once the others have gone"),
        Keep::OtherUse => lang.of(
            "listan används till mer än att filtrera",
            "its list is used for more than to filter",
        ),
        Keep::LastRule => lang.of("listan skulle bli tom", "its list would be empty"),
        Keep::NotTried => lang.of("inte bevisat", "not proven"),
    }
}
