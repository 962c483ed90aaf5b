//! A judgement as answers have it.

use portvakt_checks::crypto::{Judgement, Level};
use portvakt_model::Message;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Lang, recorded};

/// What one rule of the policy says of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FindingRow {
    /// Stable id of the check.
    pub(crate) check: String,
    /// good, sufficient, phase_out, insufficient or not_assessed.
    pub(crate) level: String,
    /// critical, high, medium, low or info.
    pub(crate) severity: String,
    /// tested: it happened; inferred: it follows from something else; incomplete: not all is known.
    pub(crate) evidence: String,
    /// What it is about: a version, a certificate, the endpoint.
    pub(crate) subject: String,
    /// Names that were seen, with code points, and numbers; of what is not known why, in English.
    pub(crate) observed: Vec<String>,
    /// The document that the level rests on.
    pub(crate) source: String,
    /// Its clause.
    pub(crate) clause: String,
    /// What it is.
    pub(crate) text: Both,
    /// What to do, where there is something to do.
    pub(crate) remedy: Option<Both>,
    /// What must be known of the level: why it was withheld.
    pub(crate) caveat: Option<Both>,
    /// Whether the baseline has it too.
    #[serde(default)]
    pub(crate) known: bool,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Both {
    /// Swedish.
    pub(crate) sv: String,
    /// English.
    pub(crate) en: String,
}

impl Both {
    pub(crate) fn of(message: &Message) -> Self {
        Self { sv: message.sv.to_owned(), en: message.en.to_owned() }
    }

    pub(crate) fn pick(&self, lang: Lang) -> &str {
        lang.of(&self.sv, &self.en)
    }
}

impl FindingRow {
    pub(crate) fn of(judgement: &Judgement) -> Self {
        let words = judgement.words;
        let to_do = judgement.level > Level::Sufficient && !words.fix.en.is_empty();
        Self {
            check: words.check.to_owned(),
            level: judgement.level.name().to_owned(),
            severity: judgement.severity.name().to_owned(),
            evidence: judgement.evidence.name().to_owned(),
            subject: judgement.subject.clone(),
            observed: judgement.observed.clone(),
            source: judgement.source.clone(),
            clause: judgement.clause.clone(),
            text: Both::of(&words.title),
            remedy: to_do.then(|| Both::of(&words.fix)),
            caveat: judgement.caveat.map(Both::of),
            known: false,
        }
    }

    /// What was seen, in a line.
    pub(crate) fn seen(&self, lang: Lang) -> String {
        let told: Vec<String> = self.observed.iter().map(|text| recorded(text, lang)).collect();
        told.join(", ")
    }

    /// Its level; one that is not known is not assessed.
    pub(crate) fn level(&self) -> Level {
        level_of(&self.level)
    }

    /// What it rests on, in a line.
    pub(crate) fn why(&self, lang: Lang) -> String {
        let [source, clause] = [&self.source, &self.clause].map(|text| recorded(text, lang));
        if clause.is_empty() { source } else { format!("{source} {clause}") }
    }
}

/// The level of a name.
pub(crate) fn level_of(name: &str) -> Level {
    Level::ALL.into_iter().find(|level| level.name() == name).unwrap_or(Level::NotAssessed)
}
