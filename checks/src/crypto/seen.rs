//! What was seen, one thing at a time, and how rules are laid upon it.

use jiff::civil::Date;
use portvakt_model::{Evidence, TlsVersion};

use super::Item;
use super::rule::Rule;
use super::{Judgement, Level, NOT_KNOWN, NOT_LISTED, Policy, Profile, words};

/// One thing that was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) item: Item,
    /// Its name, that rules match.
    pub(super) name: String,
    /// Its number, where it has one.
    pub(super) number: Option<i64>,
    /// The version that it was offered in.
    pub(super) version: Option<TlsVersion>,
    /// The day its certificate was issued.
    pub(super) issued: Option<Date>,
    /// How a person reads it.
    pub(super) shown: String,
    /// How it is known.
    pub(super) evidence: Evidence,
}

impl Seen {
    pub(super) fn named(item: Item, name: impl Into<String>) -> Self {
        let name = name.into();
        let shown = name.clone();
        let evidence = Evidence::Tested;
        Self { item, name, number: None, version: None, issued: None, shown, evidence }
    }

    pub(super) fn number(item: Item, number: i64, shown: String) -> Self {
        Self { number: Some(number), shown, ..Self::named(item, "") }
    }
}

/// What else decides whether a rule holds.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) today: Date,
    pub(super) profile: Profile,
    /// Versions that are offered.
    pub(super) offered: &'a [TlsVersion],
    /// Properties that it has.
    pub(super) traits: &'a [&'static str],
}

impl Context<'_> {
    pub(super) fn offers(&self, version: TlsVersion) -> bool {
        self.offered.contains(&version)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.traits.contains(&name)
    }
}

/// Lays the rules of a policy upon what was seen of one subject: a judgement for each rule and
/// version, and one for what no rule names of a kind.
pub(super) fn judged(
    policy: &Policy,
    context: &Context<'_>,
    subject: &str,
    seen: &[Seen],
) -> Vec<Judgement> {
    let mut grouped: Vec<(Group<'_>, Vec<&Seen>)> = Vec::new();
    for one in seen {
        let rule = policy.rules.iter().find(|rule| rule.matches(one, context));
        if rule.is_none() && !one.item.is_told_unlisted() {
            continue;
        }
        let group = Group { rule, item: one.item, version: one.version };
        match grouped.iter_mut().find(|(known, _)| known.is(&group)) {
            Some((_, list)) => list.push(one),
            None => grouped.push((group, vec![one])),
        }
    }
    grouped.iter().map(|(group, list)| group.judgement(policy, subject, list)).collect()
}

/// What is told in one judgement.
struct Group<'a> {
    rule: Option<&'a Rule>,
    item: Item,
    version: Option<TlsVersion>,
}

impl Group<'_> {
    fn is(&self, other: &Self) -> bool {
        let same_rule = match (self.rule, other.rule) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (None, None) => self.item == other.item,
            _ => false,
        };
        same_rule && self.version == other.version
    }

    fn judgement(&self, policy: &Policy, subject: &str, list: &[&Seen]) -> Judgement {
        let subject = self.version.map_or_else(|| subject.to_owned(), |v| v.name().to_owned());
        let observed = list.iter().map(|seen| seen.shown.clone()).collect();
        let evidence = list.iter().map(|seen| seen.evidence).max().unwrap_or(Evidence::Tested);
        let judgement = match self.rule {
            Some(rule) => rule.judgement(subject, observed),
            None => unlisted(policy, self.item, subject, observed),
        };
        Judgement { evidence, ..judgement }
    }
}

fn unlisted(policy: &Policy, item: Item, subject: String, observed: Vec<String>) -> Judgement {
    Judgement {
        words: words::of(item.check()),
        level: Level::NotAssessed,
        severity: super::rule::severity(Level::NotAssessed, false),
        evidence: Evidence::Tested,
        subject,
        observed,
        source: policy.title_en.clone(),
        clause: String::new(),
        caveat: Some(&NOT_LISTED),
    }
}

/// A judgement that what was asked is not known whole.
pub(super) fn incomplete(policy: &Policy, subject: &str, doubts: &[String]) -> Judgement {
    Judgement {
        words: words::of("endpoint-incomplete"),
        evidence: Evidence::Incomplete,
        caveat: Some(&NOT_KNOWN),
        ..unlisted(policy, Item::Protocol, subject.to_owned(), doubts.to_vec())
    }
}
