//! Rule packs: what an organisation's documents demand, with the words they say it in.

use std::collections::BTreeMap;

use portvakt_model::{Parameter, Parameters, Severity, Value};
use serde::Deserialize;

use crate::Check;

/// The packs that ship with portvakt, by their files in `checks/packs/`.
pub static PACKS: &[(&str, &str)] = &[
    ("base", include_str!("../packs/base.toml")),
    ("kommun-2013", include_str!("../packs/kommun-2013.toml")),
    ("malmo-2019", include_str!("../packs/malmo-2019.toml")),
    ("malmo-followup", include_str!("../packs/malmo-followup.toml")),
    ("stockholm", include_str!("../packs/stockholm.toml")),
];

/// One organisation's rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Stable id, as `portvakt.toml` names it.
    pub id: String,
    /// Name in Swedish.
    pub title_sv: String,
    /// Name in English.
    pub title_en: String,
    /// Whether its documents are in force.
    pub standing: Standing,
    /// The document that replaced it.
    #[serde(default)]
    pub superseded_by: Option<String>,
    /// What the pack chose where its documents conflict or are silent, in English.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Numbers and lists that its documents set.
    #[serde(default)]
    pub parameters: BTreeMap<String, PackParameter>,
    /// Severities that differ from the checks' own, by check id.
    #[serde(default)]
    pub severities: BTreeMap<String, SeverityName>,
    /// The rules of its documents.
    #[serde(default, rename = "rule")]
    pub rules: Vec<SourceRule>,
}

/// Whether a pack's documents are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In force, as far as is known.
    Current,
    /// Replaced; the pack says by what.
    Superseded,
    /// A record of duties, not of technical rules.
    Record,
}

/// A parameter with the place that sets it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackParameter {
    value: PackValue,
    source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum PackValue {
    Flag(bool),
    Number(i64),
    List(Vec<String>),
}

/// A severity as packs write it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeverityName {
    /// [`Severity::Critical`].
    Critical,
    /// [`Severity::High`].
    High,
    /// [`Severity::Medium`].
    Medium,
    /// [`Severity::Low`].
    Low,
    /// [`Severity::Info`].
    Info,
}

impl From<SeverityName> for Severity {
    fn from(name: SeverityName) -> Self {
        match name {
            SeverityName::Critical => Self::Critical,
            SeverityName::High => Self::High,
            SeverityName::Medium => Self::Medium,
            SeverityName::Low => Self::Low,
            SeverityName::Info => Self::Info,
        }
    }
}

/// One rule of a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRule {
    /// Stable id: `MALMO-11.6-5`.
    pub id: String,
    /// The document.
    pub source: String,
    /// Section and paragraph.
    pub section: String,
    /// Whether a machine can decide it.
    pub kind: RuleKind,
    /// How bad a violation is by the catalogue.
    pub severity: SeverityName,
    /// The document's own words, in Swedish.
    pub quote: String,
}

/// Whether a machine can decide a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    /// The text states it and data decides it.
    Direct,
    /// Our reading of the text; findings say so.
    Derived,
    /// Only a person can answer; an attestation is asked for.
    Evidence,
}

/// What a finding cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Id of the source rule.
    pub rule: String,
    /// The document.
    pub source: String,
    /// Section and paragraph.
    pub section: String,
    /// The document's own words.
    pub quote: String,
    /// Whether the check is our reading of the words rather than their letter.
    pub derived: bool,
}

/// A pack that could not be used.
#[derive(Debug, PartialEq, Eq)]
pub enum PackError {
    /// No pack has this id.
    Unknown(String),
    /// A pack file is malformed: its id and what is wrong.
    Malformed(String, String),
}

/// The packs in force.
#[derive(Clone, Debug, Default)]
pub struct Packs {
    /// In the order of the site file, `base` first.
    pub list: Vec<Pack>,
}

impl Packs {
    /// The packs of these ids; `base` is always among them.
    pub fn load(ids: &[String]) -> Result<Self, PackError> {
        let mut wanted = vec!["base"];
        wanted.extend(ids.iter().map(String::as_str).filter(|id| *id != "base"));
        wanted.into_iter().map(read).collect::<Result<_, _>>().map(|list| Self { list })
    }

    /// Every pack that ships with portvakt.
    pub fn all() -> Result<Self, PackError> {
        PACKS.iter().map(|(id, _)| read(id)).collect::<Result<_, _>>().map(|list| Self { list })
    }

    /// Parameters of all packs, later ones on top.
    pub fn parameters(&self) -> Parameters {
        let each = self.list.iter().flat_map(|pack| &pack.parameters);
        Parameters(each.map(|(key, p)| (key.clone(), p.into())).collect())
    }

    /// The severity of a check.
    pub fn severity(&self, check: &Check) -> Severity {
        let set = self.list.iter().rev().find_map(|p| p.severities.get(check.id));
        set.map_or(check.severity, |name| (*name).into())
    }

    /// What a check cites: the rules it serves that are in force, the municipality's own first, and
    /// among those in the order in which the check names them.
    pub fn citations(&self, check: &Check) -> Vec<Citation> {
        let (base, own): (Vec<&Pack>, Vec<&Pack>) = self.list.iter().partition(|p| p.id == "base");
        let named = |packs: &[&Pack], id: &str| {
            let rules = packs.iter().flat_map(|pack| &pack.rules);
            rules.filter(|rule| rule.id == id).map(Citation::from).collect::<Vec<_>>()
        };
        let each = |packs: &[&Pack]| {
            check.serves.iter().flat_map(|id| named(packs, id)).collect::<Vec<_>>()
        };
        [each(&own), each(&base)].concat()
    }

    /// Whether a check serves a rule that is in force.
    pub fn enables(&self, check: &Check) -> bool {
        let mut rules = self.list.iter().flat_map(|pack| &pack.rules);
        rules.any(|rule| check.serves.contains(&rule.id.as_str()))
    }
}

fn read(id: &str) -> Result<Pack, PackError> {
    let found = PACKS.iter().find(|(known, _)| *known == id);
    let (_, text) = found.ok_or_else(|| PackError::Unknown(id.to_owned()))?;
    toml::from_str(text).map_err(|e| PackError::Malformed(id.to_owned(), e.to_string()))
}

impl From<&PackParameter> for Parameter {
    fn from(p: &PackParameter) -> Self {
        let value = match &p.value {
            PackValue::Flag(on) => Value::Flag(*on),
            PackValue::Number(n) => Value::Number(*n),
            PackValue::List(list) => Value::List(list.clone()),
        };
        Self { value, source: p.source.clone() }
    }
}

impl From<&SourceRule> for Citation {
    fn from(rule: &SourceRule) -> Self {
        Self {
            rule: rule.id.clone(),
            source: rule.source.clone(),
            section: rule.section.clone(),
            quote: rule.quote.clone(),
            derived: rule.kind == RuleKind::Derived,
        }
    }
}
