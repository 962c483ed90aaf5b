//! The rules: one file each, from facts to findings.
//!
//! A check is pure: it reads an [`Audit`] and writes [`Findings`]; no input or output, no clock.
//! What it is called, whom it serves, what it says in both languages stands in its own file.

mod anomalies;
mod catalogue;
pub mod crypto;
mod deviations;
mod exceptions;
mod filtering;
mod findings;
mod inputs;
mod live;
mod management;
mod pack;
mod port_openings;
mod rules;
mod run;
mod separation;
mod services;
mod wireless;

pub use catalogue::{ALL, FAMILIES, find};
pub use findings::{Draft, Findings};
pub use pack::{Citation, PACKS, Pack, PackError, Packs, RuleKind, SourceRule, Standing};
pub use run::{CheckResult, Outcome, Selection, Subject, fingerprint, run};

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

/// A check: one rule, its manual page and its code.
pub struct Check {
    /// Stable id: `PV1001`. Never used again for something else.
    pub id: &'static str,
    /// Stable name that states the fault: `undocumented-opening`.
    pub name: &'static str,
    /// Earlier names, still accepted.
    pub aliases: &'static [&'static str],
    /// How bad a violation is where nothing says otherwise.
    pub severity: Severity,
    /// Ids of the source rules that it decides, or decides a part of.
    pub serves: &'static [&'static str],
    /// What it must have to decide anything.
    pub needs: &'static [Need],
    /// Parameters it compares with.
    pub parameters: &'static [&'static str],
    /// One line: what the fault is.
    pub title: Message,
    /// Why it matters, for the manual.
    pub why: Message,
    /// What to do about it.
    pub fix: Message,
    /// Every sentence that a finding of it may say.
    pub messages: &'static [&'static Message],
    /// Finds the faults.
    pub run: fn(&Audit<'_>, &mut Findings<'_>),
}

/// What a check must have to decide anything. Where it is missing the check does not run, and its
/// result is *cannot tell* (or *not applicable* for what a device has no notion of).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// At least one device was read.
    Device,
    /// A register of port-opening decisions.
    Register,
    /// Zones with prefixes or interfaces in the site file.
    Zones,
    /// Zone borders that need a decision.
    Borders,
    /// A table of systems.
    Systems,
    /// A standard for wireless networks.
    SsidStandard,
    /// A list of authorised orderers.
    Orderers,
    /// Results of scans.
    Observations,
}

impl Need {
    /// Every need.
    pub const ALL: [Self; 8] = [
        Self::Device,
        Self::Register,
        Self::Zones,
        Self::Borders,
        Self::Systems,
        Self::SsidStandard,
        Self::Orderers,
        Self::Observations,
    ];

    /// What it is, as the beginning of a sentence.
    pub const fn name(self) -> &'static Message {
        match self {
            Self::Device => {
                &Message { sv: "Konfiguration av utrustning", en: "Any device configuration" }
            }
            Self::Register => {
                &Message { sv: "Register över portöppningar", en: "A register of port openings" }
            }
            Self::Zones => &Message { sv: "Zoner i portvakt.toml", en: "Zones in portvakt.toml" },
            Self::Borders => &Message {
                sv: "Gränser som kräver beslut i portvakt.toml",
                en: "Borders that need a decision in portvakt.toml",
            },
            Self::Systems => &Message { sv: "Systemförteckning", en: "A system register" },
            Self::SsidStandard => &Message {
                sv: "Standard för trådlösa nät",
                en: "A standard for wireless networks",
            },
            Self::Orderers => &Message {
                sv: "Behöriga beställare i portvakt.toml",
                en: "Authorised orderers in portvakt.toml",
            },
            Self::Observations => &Message { sv: "Resultat av skanningar", en: "Results of scans" },
        }
    }
}

/// A family of checks: a chapter of the manual.
pub struct Family {
    /// Stable id.
    pub id: &'static str,
    /// Heading.
    pub title: Message,
    /// Its checks.
    pub checks: &'static [&'static Check],
}
