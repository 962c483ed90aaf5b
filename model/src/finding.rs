//! What a check found, with its proof.

use jiff::civil::Date;
use portvakt_space::{Packet, ServiceSet, Traffic};

use crate::{Location, RulesetId, Told};

/// How bad it is if the finding is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Documentation and hygiene.
    Low,
    /// A single control is missing.
    Medium,
    /// A decision, separation or strong authentication is missing.
    High,
    /// An open path from outside to what must be protected, or a bypass of the firewall.
    Critical,
}

impl Severity {
    /// The name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];
}

/// What is known about a rule. *Pass* and *not applicable* are counted, not listed as findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Refuted, with proof.
    Violation,
    /// Data is missing or not understood; the finding says which.
    CannotTell,
    /// A violation that a valid exception covers.
    Excepted,
}

impl Verdict {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::CannotTell => "cannot_tell",
            Self::Excepted => "excepted",
        }
    }
}

/// A sentence in both languages; `{name}` is replaced by the argument of that name.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Swedish.
    pub sv: &'static str,
    /// English.
    pub en: &'static str,
}

/// A value in a message, independent of language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A name or text as it is.
    Text(String),
    /// A number.
    Number(i64),
    /// A day.
    Date(Date),
    /// Traffic as a person writes it; the first few parts, then "and n more".
    Traffic(Vec<Shown>),
    /// Services as a person writes them.
    Service(ServiceSet),
    /// A rule: its id or line.
    Rule(RuleRef),
    /// Names, joined with commas.
    Names(Vec<String>),
    /// A phrase that differs between the languages.
    Phrase(&'static Message),
    /// A phrase made at run time, (Swedish, English).
    Either(String, String),
}

/// Traffic with the names that the site has for its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The packets.
    pub traffic: Traffic,
    /// Name of the zone whose addresses (of one IP version) the sources are, all of them.
    pub src: Option<String>,
    /// The same for the destinations.
    pub dst: Option<String>,
}

/// A rule of a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef {
    /// Index of the device in the audit.
    pub device: u32,
    /// Its list.
    pub ruleset: RulesetId,
    /// Index in the list; `None` is the list's default.
    pub rule: Option<u32>,
    /// The vendor's id, when it has one.
    pub id: Option<String>,
    /// Line, from 1; 0 when implied.
    pub line: u32,
}

/// A packet that proves a finding, with the names of its interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The packet.
    pub packet: Packet,
    /// Index of the device in the audit whose lists judge it.
    pub device: u32,
    /// What the device does with it, to be replayed: permitted (`true`) or dropped.
    pub permitted: bool,
    /// The rule that decides it; `None` when several lists share the decision.
    pub decided_by: Option<RuleRef>,
    /// Name of the interface it comes in by; `None` is any.
    pub in_name: Option<String>,
    /// Name of the interface it leaves by; `None` is any.
    pub out_name: Option<String>,
}

/// What a related place is to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A rule that takes the traffic first.
    Blocker,
    /// A rule on the other side of the comparison.
    Rule,
    /// A decision in the register.
    Decision,
    /// Where an object or zone is defined.
    Definition,
    /// A line that was not understood.
    NotUnderstood,
    /// An exception.
    Exception,
    /// What was seen on the network: the label has the time, the port and what it said.
    Observation,
}

impl Role {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Rule => "rule",
            Self::Decision => "decision",
            Self::Definition => "definition",
            Self::NotUnderstood => "not_understood",
            Self::Exception => "exception",
            Self::Observation => "observation",
        }
    }
}

/// Another place that a finding speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What it is to the finding.
    pub role: Role,
    /// Where.
    pub at: Location,
    /// Its name: rule id, decision id, object; of what was seen what it was.
    pub label: Told,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the check: `PV1001`.
    pub check: &'static str,
    /// Violation or cannot tell; an exception may turn the first into excepted.
    pub verdict: Verdict,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub message: &'static Message,
    /// Values for the message.
    pub args: Vec<(&'static str, Arg)>,
    /// The place at fault.
    pub at: Location,
    /// Other places.
    pub related: Vec<Related>,
    /// A packet that proves it.
    pub witness: Option<Witness>,
    /// All traffic concerned, as few parts.
    pub residue: Vec<Traffic>,
    /// Name of the device, when it is about one.
    pub device: Option<String>,
    /// Department that owns what is at fault.
    pub owner: Option<String>,
    /// The source rules of its check that this case falls under; empty is all of them.
    pub under: &'static [&'static str],
    /// What stays the same when lines move; the fingerprint is made of it, the check and the device.
    pub key: String,
    /// Id of the exception that covers it.
    pub exception: Option<String>,
}
