//! A policy: its rules as data, from our packs or an organisation's own file.

use std::sync::LazyLock;

use jiff::civil::Date;
use portvakt_model::TlsVersion;
use portvakt_model::registry::{GROUPS, Suite};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::rule::{About, Rule};
use super::seen::{Context, Seen};
use super::{Item, Level, Profile, words};

/// The policies that ship with portvakt, by their files in `checks/packs/`.
pub static POLICIES: &[(&str, &str)] = &[
    ("portvakt-2026", include_str!("../../packs/crypto-portvakt-2026.toml")),
    ("rfc9325", include_str!("../../packs/crypto-rfc9325.toml")),
    ("mozilla-intermediate", include_str!("../../packs/crypto-mozilla-intermediate.toml")),
    ("mozilla-modern", include_str!("../../packs/crypto-mozilla-modern.toml")),
    ("ncsc-nl-2025-05", include_str!("../../packs/crypto-ncsc-nl-2025-05.toml")),
    ("nist-800-52r2", include_str!("../../packs/crypto-nist-800-52r2.toml")),
    ("bsi-tr-02102-2", include_str!("../../packs/crypto-bsi-tr-02102-2.toml")),
];

/// What holds by any norm, after the rules of each.
const BASE: &str = include_str!("../../packs/crypto-base.toml");

/// Levels for what an endpoint offers, by one norm.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Stable id.
    pub id: String,
    /// Name in Swedish.
    pub title_sv: String,
    /// Name in English.
    pub title_en: String,
    /// The edition that its rules follow.
    pub edition: String,
    /// Whether the norm's own text was read. Otherwise none of its rules gives a pass.
    pub read: bool,
    /// What its rules were taken from, in English.
    pub basis: String,
    pub(super) rules: Vec<Rule>,
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for PolicyError {}

/// What a scanner asks about to tell in few connections whether an endpoint keeps a policy: first
/// what is forbidden alone, then what is allowed alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Suites of TLS 1.2 and earlier that are good or sufficient, by code point.
    pub allowed_suites: Vec<u16>,
    /// All other suites of TLS 1.2 and earlier.
    pub forbidden_suites: Vec<u16>,
    /// Suites of TLS 1.3 that are good or sufficient.
    pub allowed_suites_13: Vec<u16>,
    /// All other suites of TLS 1.3.
    pub forbidden_suites_13: Vec<u16>,
    /// Groups that are good or sufficient.
    pub allowed_groups: Vec<u16>,
    /// All other groups.
    pub forbidden_groups: Vec<u16>,
}

/// The policy of a name that ships with portvakt.
pub fn policy(name: &str) -> Option<Result<Policy, PolicyError>> {
    let (_, text) = POLICIES.iter().find(|(known, _)| *known == name)?;
    Some(Policy::read(text))
}

/// Our own policy, which settings in configurations are judged by; `None` if its file were faulty,
/// which a test would tell.
pub(crate) fn standard() -> Option<&'static Policy> {
    static STANDARD: LazyLock<Option<Policy>> =
        LazyLock::new(|| policy("portvakt-2026").and_then(Result::ok));
    STANDARD.as_ref()
}

impl Policy {
    /// What is insufficient of a name by itself: the document and clause that say so.
    pub(crate) fn fault(
        &self,
        item: Item,
        name: &str,
        version: Option<TlsVersion>,
        today: Date,
    ) -> Option<&str> {
        let seen = Seen { version, ..Seen::named(item, name) };
        let profile = Profile::Internal;
        let context = Context { today, profile, offered: &TlsVersion::ALL, traits: &[] };
        let rule = self.rules.iter().find(|rule| rule.matches(&seen, &context))?;
        (rule.level == Level::Insufficient).then_some(rule.source.as_str())
    }

    /// Whether it says anything of a name by itself.
    pub(crate) fn assesses(
        &self,
        item: Item,
        name: &str,
        version: Option<TlsVersion>,
        today: Date,
    ) -> bool {
        let seen = Seen { version, ..Seen::named(item, name) };
        let profile = Profile::Internal;
        let context = Context { today, profile, offered: &TlsVersion::ALL, traits: &[] };
        let rule = self.rules.iter().find(|rule| rule.matches(&seen, &context));
        rule.is_some_and(|rule| rule.level != Level::NotAssessed)
    }

    /// Reads a policy. `extends = "NAME"` puts the rules of one of ours after its own.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let raw: Raw = toml::from_str(text).map_err(|e| {
            fault(text, e.span().map_or(0, |span| span.start), e.message().to_owned())
        })?;
        let mut policy = raw.understood(text)?;
        policy.rules.extend(base());
        Ok(policy)
    }

    /// Makes a policy of rules.
    pub(super) fn of(id: &str, titles: [String; 2], basis: String, rules: Vec<Rule>) -> Self {
        let [title_sv, title_en] = titles;
        let rules = rules.into_iter().chain(base()).collect();
        let (id, edition) = (id.to_owned(), String::new());
        Self { id, title_sv, title_en, edition, read: true, basis, rules }
    }

    /// The text that [`Policy::read`] makes the same policy of.
    ///
    /// # Errors
    ///
    /// When a text of the policy cannot be written as TOML; none that was read is so.
    pub fn written(&self) -> Result<String, toml::ser::Error> {
        // The rules of the base are added to whatever is read.
        let own = self.rules.len().saturating_sub(base().len());
        toml::to_string(&Raw {
            id: self.id.clone(),
            title_sv: self.title_sv.clone(),
            title_en: self.title_en.clone(),
            edition: self.edition.clone(),
            read: self.read,
            basis: self.basis.clone(),
            extends: None,
            rules: self.rules.iter().take(own).map(RawRule::of).collect(),
        })
    }

    /// What it allows and forbids on a day.
    pub fn split(&self, profile: Profile, today: Date) -> Split {
        let mut split = Split::default();
        for suite in Suite::all() {
            let is_13 = suite.is_tls13();
            let version = if is_13 { TlsVersion::Tls13 } else { TlsVersion::Tls12 };
            let (allowed, forbidden) = if is_13 {
                (&mut split.allowed_suites_13, &mut split.forbidden_suites_13)
            } else {
                (&mut split.allowed_suites, &mut split.forbidden_suites)
            };
            let level = self.level(Item::Suite, suite.name, version, profile, today);
            if level <= Level::Sufficient { allowed } else { forbidden }.push(suite.code);
        }
        for (code, name) in GROUPS {
            let level = self.level(Item::Group, name, TlsVersion::Tls13, profile, today);
            let (allowed, forbidden) = (&mut split.allowed_groups, &mut split.forbidden_groups);
            if level <= Level::Sufficient { allowed } else { forbidden }.push(*code);
        }
        split
    }

    /// The level of a name by itself, whether its rule's text was read or not.
    pub fn level(
        &self,
        item: Item,
        name: &str,
        version: TlsVersion,
        profile: Profile,
        today: Date,
    ) -> Level {
        let seen = Seen { version: Some(version), ..Seen::named(item, name) };
        let context = Context { today, profile, offered: &TlsVersion::ALL, traits: &[] };
        let rule = self.rules.iter().find(|rule| rule.matches(&seen, &context));
        rule.map_or(Level::NotAssessed, |rule| rule.level)
    }
}

/// The rules of [`BASE`]. A test reads the file, so that it is never empty.
fn base() -> Vec<Rule> {
    let raw = toml::from_str::<Raw>(BASE).ok();
    raw.and_then(|raw| raw.understood(BASE).ok()).map(|base| base.rules).unwrap_or_default()
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: String,
    title_sv: String,
    title_en: String,
    #[serde(default)]
    edition: String,
    #[serde(default = "yes")]
    read: bool,
    #[serde(default)]
    basis: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<Spanned<String>>,
    #[serde(default, rename = "rule")]
    rules: Vec<RawRule>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    item: Item,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(default, skip_serializing_if = "is_no")]
    absent: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    versions: Vec<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    when: Vec<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unless: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_from: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    level: Level,
    #[serde(default, skip_serializing_if = "is_no")]
    critical: bool,
    #[serde(default, skip_serializing_if = "is_no")]
    optional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    clause: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Spanned<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

const fn yes() -> bool {
    true
}

impl Raw {
    fn understood(self, text: &str) -> Result<Policy, PolicyError> {
        let context = RuleContext { text, title: &self.title_en, read: self.read };
        let mut rules = self
            .rules
            .into_iter()
            .map(|rule| rule.understood(&context))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(name) = &self.extends {
            let base = POLICIES.iter().find(|(known, _)| *known == name.get_ref());
            let known = || POLICIES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let why =
                || format!("no policy is called \"{}\"; there are {}", name.get_ref(), known());
            let (_, base) = base.ok_or_else(|| fault(text, name.span().start, why()))?;
            rules.extend(Policy::read(base)?.rules);
        }
        Ok(Policy {
            id: self.id,
            title_sv: self.title_sv,
            title_en: self.title_en,
            edition: self.edition,
            read: self.read,
            basis: self.basis,
            rules,
        })
    }
}

/// What a rule takes from its policy.
struct RuleContext<'a> {
    text: &'a str,
    title: &'a str,
    read: bool,
}

impl RawRule {
    /// A rule as a file says it; where it stood in one is not kept.
    fn of(rule: &Rule) -> Self {
        let placed = |text: String| Spanned::new(0..0, text);
        let versions =
            |list: &[TlsVersion]| list.iter().map(|v| placed(v.name().to_owned())).collect();
        let day = |day: Option<Date>| day.map(|day| placed(day.to_string()));
        Self {
            item: rule.item,
            names: rule.names.clone(),
            absent: rule.about == About::Absence,
            versions: versions(&rule.versions),
            when: versions(&rule.when),
            unless: rule.unless.clone(),
            from: rule.from,
            to: rule.to,
            issued_from: day(rule.issued_from),
            profile: rule.profile,
            level: rule.level,
            critical: rule.critical,
            optional: rule.optional,
            check: Some(placed(rule.words.check.to_owned())),
            source: Some(rule.source.clone()),
            clause: rule.clause.clone(),
            valid_from: day(rule.valid_from),
            valid_to: day(rule.valid_to),
            read: Some(rule.read),
        }
    }

    fn understood(self, context: &RuleContext<'_>) -> Result<Rule, PolicyError> {
        let text = context.text;
        let check = match &self.check {
            None => words::of(self.item.check()),
            Some(name) => words::find(name.get_ref()).ok_or_else(|| {
                let why = format!("no check is called \"{}\"; leave it out", name.get_ref());
                fault(text, name.span().start, why)
            })?,
        };
        let days = |day: Option<Spanned<String>>| day.map(|day| date(text, &day)).transpose();
        let versions = |list: &[Spanned<String>]| {
            list.iter().map(|name| version(text, name)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Rule {
            item: self.item,
            names: self.names,
            about: if self.absent { About::Absence } else { About::Seen },
            versions: versions(&self.versions)?,
            when: versions(&self.when)?,
            unless: self.unless,
            from: self.from,
            to: self.to,
            issued_from: days(self.issued_from)?,
            profile: self.profile,
            level: self.level,
            critical: self.critical,
            optional: self.optional,
            words: check,
            source: self.source.unwrap_or_else(|| context.title.to_owned()),
            clause: self.clause,
            valid_from: days(self.valid_from)?,
            valid_to: days(self.valid_to)?,
            read: self.read.unwrap_or(context.read),
        })
    }
}

fn date(text: &str, written: &Spanned<String>) -> Result<Date, PolicyError> {
    let why = || format!("\"{}\" is no day; write it as 2026-12-31", written.get_ref());
    written.get_ref().parse().map_err(|_| fault(text, written.span().start, why()))
}

fn version(text: &str, written: &Spanned<String>) -> Result<TlsVersion, PolicyError> {
    let known = TlsVersion::ALL.into_iter().find(|v| v.name() == written.get_ref());
    let names = TlsVersion::ALL.map(TlsVersion::name).join(", ");
    let why = || format!("\"{}\" is no version; there are {names}", written.get_ref());
    known.ok_or_else(|| fault(text, written.span().start, why()))
}

/// A fault at a byte of the text.
fn fault(text: &str, at: usize, message: String) -> PolicyError {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    let line = before.matches('\n').count() as u32 + 1;
    PolicyError { line, column: before[start..].chars().count() as u32 + 1, message }
}
