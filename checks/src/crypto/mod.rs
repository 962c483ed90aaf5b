//! What TLS, X.509 and SSH are worth by a named norm.
//!
//! A [`Policy`] is data: rules that give each protocol, suite, group, key and property a [`Level`],
//! with the document and clause that says so. The judges turn what was seen
//! ([`portvakt_model::TlsEndpoint`], [`portvakt_model::SshEndpoint`]) into [`Judgement`]s. What no
//! rule names is *not assessed*: neither a pass nor a violation. A norm whose own text was not read
//! gives no pass either.

mod certificate;
mod golden;
mod policy;
mod rule;
mod seen;
mod ssh;
mod tls;
mod words;

pub use certificate::{judge_certificate, judge_chain};
pub use golden::{golden_ssh, golden_tls};
pub(crate) use policy::standard;
pub use policy::{POLICIES, Policy, PolicyError, Split, policy};
pub use rule::Item;
pub use ssh::judge_ssh;
pub use tls::judge_tls;
pub(crate) use tls::unknown_offer;
pub use words::{WORDS, Words, find as words_of};

use portvakt_model::{Evidence, Message, Severity};
use serde::{Deserialize, Serialize};

/// How good something is. The order is that of a report: the worst is greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing to do.
    Good,
    /// Good enough for now.
    Sufficient,
    /// No rule says, the rule's text was not read, or the facts are incomplete. Never a pass.
    NotAssessed,
    /// To be replaced in time.
    PhaseOut,
    /// To be replaced now.
    Insufficient,
}

impl Level {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Sufficient => "sufficient",
            Self::NotAssessed => "not_assessed",
            Self::PhaseOut => "phase_out",
            Self::Insufficient => "insufficient",
        }
    }

    /// Worst first.
    pub const ALL: [Self; 5] =
        [Self::Insufficient, Self::PhaseOut, Self::NotAssessed, Self::Sufficient, Self::Good];
}

/// Whom an endpoint is for. Limits of the CA/Browser Forum bind public certificates only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// For anybody on the internet.
    Public,
    /// For the organisation's own machines, with its own CA.
    Internal,
}

impl Profile {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }
}

/// What one rule says of one endpoint.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The check: its stable id, and what it says.
    pub words: &'static Words,
    /// How good it is.
    pub level: Level,
    /// How bad it is if nothing is done.
    pub severity: Severity,
    /// How the facts are known.
    pub evidence: Evidence,
    /// What it is about: a protocol version, a certificate's subject, a kind of algorithm.
    pub subject: String,
    /// What was seen: names, with their code points where they have one, and numbers.
    pub observed: Vec<String>,
    /// The document that the level is from.
    pub source: String,
    /// Its clause.
    pub clause: String,
    /// What a reader must know of the level: why it was withheld.
    pub caveat: Option<&'static Message>,
}

impl Judgement {
    /// Stable id of the check.
    pub fn check(&self) -> &'static str {
        self.words.check
    }
}

/// The level of an endpoint: the worst that was found. Where nothing bad was found but something
/// could not be assessed, it is *not assessed*: incomplete facts give no pass.
pub fn overall(judgements: &[Judgement]) -> Level {
    judgements.iter().map(|j| j.level).max().unwrap_or(Level::NotAssessed)
}

/// The rule's level rests on what others wrote of its document.
const NOT_READ: Message = Message {
    sv: "Normens egen text har inte lästs; nivån följer en andrahandskälla och kan därför inte ge godkänt.",
    en: "The norm's own text was not read; the level follows a second-hand source and so cannot give a pass.",
};
/// No rule of the policy names it.
const NOT_LISTED: Message = Message {
    sv: "Policyn säger inget om detta. Att saknas i en lista är varken godkänt eller en överträdelse.",
    en: "The policy says nothing of this. To be absent from a list is neither a pass nor a violation.",
};
/// The peer did not answer the question.
const NOT_KNOWN: Message = Message {
    sv: "Det gick inte att få veta. Ett uteblivet svar är inget nej.",
    en: "It could not be found out. No answer is not a no.",
};

#[cfg(test)]
mod tests;
