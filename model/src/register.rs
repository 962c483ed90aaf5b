//! The municipality's own tables: port-opening decisions, systems, SSID standard, exceptions.

use jiff::civil::Date;
use portvakt_space::{AddrSet, ServiceSet, Traffic};

use crate::{Isolation, Location, SourceId, WlanAuth};

/// All decisions of one table.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The decisions in table order.
    pub decisions: Vec<Decision>,
    /// Cells that could not be understood.
    pub problems: Vec<Problem>,
}

/// A text field with the cell it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Trimmed text; secrets redacted.
    pub text: String,
    /// The cell.
    pub at: Location,
}

/// A cell that could not be understood. Its row is kept; what depends on the cell is *cannot tell*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The cell.
    pub at: Location,
    /// Id of the row, or its number.
    pub row: String,
    /// Name of the column.
    pub column: String,
    /// What stands there; secrets redacted.
    pub text: String,
    /// Why it could not be read and what would be, in Swedish.
    pub why_sv: String,
    /// The same in English.
    pub why_en: String,
}

/// A decision to open a port (*beslut om portöppning*).
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its id in the register.
    pub id: String,
    /// Its row.
    pub at: Location,
    /// Registry number (*diarienummer*).
    pub diary: Option<Field>,
    /// Purpose of the service (*syfte*).
    pub purpose: Option<Field>,
    /// Who ordered it (*beställare*).
    pub orderer: Option<Field>,
    /// Who decided it (*beslutad av*).
    pub decided_by: Option<Field>,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// Contact person.
    pub contact: Option<Field>,
    /// First day it is valid; `None` is from the decision on.
    pub valid_from: Option<Date>,
    /// Until when it is valid.
    pub valid_to: EndDate,
    /// Internal system concerned.
    pub internal_system: Option<Field>,
    /// External system or party concerned.
    pub external_system: Option<Field>,
    /// Type of traffic as written (*trafiktyp*).
    pub traffic_text: Option<Field>,
    /// Services it permits; `None` when missing or not understood.
    pub service: Option<ServiceSet>,
    /// What it permits: one product for each direction or pair of address lists. Empty when the
    /// row does not say enough; then it documents nothing.
    pub permits: Vec<Traffic>,
    /// Whether and how the traffic is encrypted, as written (*kryptering*).
    pub encryption: Option<Field>,
    /// Firewall it is for, as written.
    pub firewall: Option<Field>,
    /// Id of the rule that implements it, as written.
    pub rule: Option<Field>,
    /// Where it is in its life.
    pub status: Status,
    /// Whether some cell of the row could not be understood.
    pub incomplete: bool,
}

impl Decision {
    /// Whether it is in force on `day`: decided, begun, not ended, not withdrawn.
    pub fn valid_on(&self, day: Date) -> bool {
        self.status == Status::Decided && self.begun_on(day) && !self.ended_on(day)
    }

    /// Whether its first day has come.
    pub fn begun_on(&self, day: Date) -> bool {
        self.valid_from.or(self.decided_on).is_none_or(|from| from <= day)
    }

    /// Whether its last day has passed.
    pub fn ended_on(&self, day: Date) -> bool {
        matches!(self.valid_to, EndDate::On(end, _) if end < day)
    }
}

/// Until when a decision is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndDate {
    /// Through this day.
    On(Date, Location),
    /// Until further notice (*tillsvidare*).
    Open(Location),
    /// The cell is empty or the column absent.
    Missing,
    /// The cell could not be understood.
    Unreadable(Location),
}

/// Where a decision is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Decided (also: implemented, verified, extended). The default where the table has no status.
    Decided,
    /// Asked for, not decided.
    Requested,
    /// Refused.
    Refused,
    /// Withdrawn, ended or removed.
    Ended,
    /// Ended because what it was for is decommissioned (*avvecklad*).
    Decommissioned,
}

/// A system or asset of the municipality.
#[derive(Clone, Debug)]
pub struct System {
    /// Its name.
    pub name: String,
    /// Owning department (*förvaltning*) or board (*nämnd*).
    pub owner: Option<Field>,
    /// Its addresses; `None` when the table does not tell.
    pub addresses: Option<AddrSet>,
    /// Whether it is decommissioned (*avvecklad*); `None` when the table does not tell.
    pub decommissioned: Option<bool>,
    /// Whether its status says that it is decommissioned already, whatever its day is.
    pub stated_gone: bool,
    /// Day it was decommissioned, or will be.
    pub decommissioned_on: Option<Date>,
    /// Highest of the classes for secrecy, correctness, traceability (1–4).
    pub class: Option<u8>,
    /// Its row.
    pub at: Location,
}

impl System {
    /// Whether it is known to be decommissioned on `day`: the table says so, and its day, where it has
    /// one, has come.
    pub fn is_gone_on(&self, day: Date) -> bool {
        self.decommissioned == Some(true) && self.decommissioned_on.is_none_or(|on| on <= day)
    }
}

/// A row of the municipality's standard for wireless networks.
#[derive(Clone, Debug)]
pub struct SsidStandard {
    /// The announced name.
    pub ssid: String,
    /// VLAN it must be in.
    pub vlan: Option<u16>,
    /// Prefixes of its clients.
    pub prefixes: Option<AddrSet>,
    /// Zone of the site file it belongs to.
    pub zone: Option<Field>,
    /// Ways in that are allowed.
    pub auth: Vec<WlanAuth>,
    /// Isolation it must have.
    pub isolation: Option<Isolation>,
    /// Its row.
    pub at: Location,
}

/// An exception (*avsteg*) from a rule.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its id.
    pub id: String,
    /// Checks (id or name) or source rules it is from; one of them must be the finding's.
    pub rules: Vec<Field>,
    /// Device it applies to.
    pub device: Option<Field>,
    /// What it applies to: the fingerprint of a finding, or names (interface, SSID, rule, decision,
    /// setting) that must all occur in it.
    pub object: Vec<String>,
    /// Why.
    pub justification: Option<Field>,
    /// Who approved it.
    pub approver: Option<Field>,
    /// Last day.
    pub valid_to: EndDate,
    /// Reference to the evidence.
    pub evidence: Option<Field>,
    /// Where it stands.
    pub at: Location,
    /// Source it stands in.
    pub source: SourceId,
}
