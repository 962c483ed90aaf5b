//! The fields of the report as JSON. Their schema is published in `docs/schema/audit.json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Rows;
use crate::text::TrafficRow;

/// One audit.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'r> {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    pub(super) schema: &'static str,
    /// Version of portvakt.
    pub(super) version: &'static str,
    /// The day that was judged, YYYY-MM-DD.
    pub(super) today: String,
    /// Name of the organisation, from the site file.
    pub(super) organisation: Option<&'r str>,
    /// What the report is marked with when it is kept secret, from the site file.
    pub(super) secrecy: Option<&'r str>,
    /// Rule packs in force.
    pub(super) packs: Vec<PackRow<'r>>,
    /// Numbers of the whole audit.
    pub(super) summary: Summary,
    /// Findings by who owns what they are about, the worst first.
    pub(super) owners: Vec<OwnerCounts<'r>>,
    /// All findings, worst first.
    #[schemars(with = "Vec<FindingRow<'r>>")]
    pub(super) findings: Rows<'r>,
    /// What each check that ran could say.
    pub(super) checks: Vec<CheckRow<'r>>,
    /// What was understood of each file.
    pub(super) coverage: Vec<CoverageRow<'r>>,
    /// What was read of each file with results of scans.
    pub(super) scans: Vec<ScanRow<'r>>,
    /// Files that could not be audited.
    pub(super) failures: Vec<FailureRow>,
    /// Documents and pictures that were found in a folder and left alone.
    pub(super) not_read: &'r [String],
}

/// A rule pack.
#[derive(Serialize, JsonSchema)]
pub(super) struct PackRow<'r> {
    /// Its id.
    pub(super) id: &'r str,
    /// The document that has taken its place.
    pub(super) superseded_by: Option<&'r str>,
}

/// Numbers of the whole audit.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    /// Violations.
    pub(super) violation: usize,
    /// Findings that could not be decided.
    pub(super) cannot_tell: usize,
    /// Violations that a valid exception covers.
    pub(super) excepted: usize,
    /// Pairs of check and device (or site) that passed.
    pub(super) pass: usize,
    /// Pairs of check and device (or site) where there is nothing of what the check is about.
    pub(super) not_applicable: usize,
    /// Devices.
    pub(super) devices: usize,
    /// The worst severity among violations.
    pub(super) worst: Option<&'static str>,
}

/// Findings about what one owner answers for.
#[derive(Serialize, JsonSchema)]
pub(super) struct OwnerCounts<'r> {
    /// The department (*förvaltning*); null for findings that nobody is named for.
    pub(super) owner: Option<&'r str>,
    /// Critical violations.
    pub(super) critical: usize,
    /// High violations.
    pub(super) high: usize,
    /// Medium violations.
    pub(super) medium: usize,
    /// Low violations.
    pub(super) low: usize,
    /// Violations for information.
    pub(super) info: usize,
    /// Findings that could not be decided.
    pub(super) cannot_tell: usize,
    /// Violations that a valid exception covers.
    pub(super) excepted: usize,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct FindingRow<'r> {
    /// Id of the check, PV and four digits.
    pub(super) check: &'static str,
    /// Name of the check; it states the fault.
    pub(super) name: &'static str,
    /// violation, cannot_tell or excepted.
    pub(super) verdict: &'static str,
    /// critical, high, medium, low or info.
    pub(super) severity: &'static str,
    /// What the check is about.
    pub(super) title: &'static str,
    /// What was found, in one sentence.
    pub(super) message: String,
    /// What to do.
    pub(super) fix: &'static str,
    /// The line, row or file at fault.
    pub(super) location: Place,
    /// Other places that have to do with it.
    pub(super) related: Vec<RelatedRow>,
    /// A packet that proves it.
    pub(super) witness: Option<WitnessRow<'r>>,
    /// The packets that it is about, as products of inclusive ranges.
    pub(super) traffic: Vec<TrafficRow>,
    /// The clauses that it breaks.
    pub(super) citations: Vec<CitationRow<'r>>,
    /// Name of the device.
    pub(super) device: Option<&'r str>,
    /// Who owns what it is about.
    pub(super) owner: Option<&'r str>,
    /// Id of the exception that covers it.
    pub(super) exception: Option<&'r str>,
    /// The same for the same fault in every audit, also when lines have moved.
    pub(super) fingerprint: &'r str,
}

/// A place in a source.
#[derive(Serialize, JsonSchema)]
pub(super) struct Place {
    /// Path of the file; empty for the site as a whole.
    pub(super) path: String,
    /// Line, or row of a sheet, from 1.
    pub(super) line: u32,
    /// Column, from 1.
    pub(super) column: u32,
    /// Name of the sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sheet: Option<String>,
    /// Name of the cell, as B7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cell: Option<String>,
}

/// Another place that has to do with a finding.
#[derive(Serialize, JsonSchema)]
pub(super) struct RelatedRow {
    /// What it is to the finding.
    pub(super) role: &'static str,
    /// Its name.
    pub(super) label: String,
    /// Where it stands.
    pub(super) location: Place,
}

/// A packet.
#[derive(Serialize, JsonSchema)]
pub(super) struct WitnessRow<'r> {
    /// Source address.
    pub(super) src: String,
    /// Destination address.
    pub(super) dst: String,
    /// IP protocol number.
    pub(super) proto: u8,
    /// Source port; 0 where the protocol has none.
    pub(super) sport: u16,
    /// Destination port; for ICMP type × 256 + code.
    pub(super) dport: u16,
    /// The interface it comes in by.
    #[serde(rename = "in")]
    pub(super) iif: Option<&'r str>,
    /// The interface it leaves by.
    pub(super) out: Option<&'r str>,
    /// State of its connection.
    pub(super) state: &'static str,
    /// Whether the device lets it through.
    pub(super) permitted: bool,
}

/// A clause.
#[derive(Serialize, JsonSchema)]
pub(super) struct CitationRow<'r> {
    /// Id of the source rule.
    pub(super) rule: &'r str,
    /// The document.
    pub(super) source: &'r str,
    /// Its section.
    pub(super) section: &'r str,
    /// Its words.
    pub(super) quote: &'r str,
    /// Whether the rule is an interpretation of those words.
    pub(super) derived: bool,
}

/// What a check could say.
#[derive(Serialize, JsonSchema)]
pub(super) struct CheckRow<'r> {
    /// Id of the check.
    pub(super) check: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Its outcome for each device or the site.
    pub(super) outcomes: Vec<OutcomeRow<'r>>,
    /// What it needs and was not given.
    pub(super) unmet: Option<String>,
}

/// The outcome of a check for a device, or for the site.
#[derive(Serialize, JsonSchema)]
pub(super) struct OutcomeRow<'r> {
    /// Name of the device; null for the site as a whole.
    pub(super) device: Option<&'r str>,
    /// pass, violation, cannot_tell, not_applicable or excepted.
    pub(super) outcome: &'static str,
}

/// What was understood of a file. Every line is in one of the four last numbers.
#[derive(Serialize, JsonSchema)]
pub(super) struct CoverageRow<'r> {
    /// Path of the file.
    pub(super) path: &'r str,
    /// Id of the format that it was read as.
    pub(super) format: &'static str,
    /// SHA-256 of the file as it was read.
    pub(super) sha256: Option<String>,
    /// Lines, or rows of a workbook.
    pub(super) lines: u32,
    /// Lines whose meaning was used.
    pub(super) used: u32,
    /// Lines without meaning for an audit.
    pub(super) neutral: u32,
    /// Lines that are known and not modelled.
    pub(super) unsupported: u32,
    /// Lines that were not recognised.
    pub(super) unknown: u32,
}

/// What was read of a file with results of scans.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScanRow<'r> {
    /// Path of the file.
    pub(super) path: &'r str,
    /// SHA-256 of the file as it was read.
    pub(super) sha256: Option<String>,
    /// Its runs.
    pub(super) runs: Vec<RunRow<'r>>,
    /// TLS endpoints.
    pub(super) tls: usize,
    /// SSH endpoints.
    pub(super) ssh: usize,
}

/// A run of a scanner.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunRow<'r> {
    /// What made it.
    pub(super) tool: &'r str,
    /// Name of the zone that its sensor stood in; null where that is not known.
    pub(super) from: Option<&'r str>,
    /// When it was made; null where that is not stated.
    pub(super) at: Option<&'r str>,
    /// Whether it went through to its end.
    pub(super) complete: bool,
    /// Whether it is recent enough to be used.
    pub(super) used: bool,
    /// Hosts that it tells of.
    pub(super) hosts: usize,
    /// Hosts that answered.
    pub(super) up: usize,
    /// Ports whose state it tells.
    pub(super) ports: u64,
    /// Ports that were open.
    pub(super) open: u64,
    /// Ports whose state could not be told.
    pub(super) incomplete: u64,
}

/// A file that could not be audited.
#[derive(Serialize, JsonSchema)]
pub(super) struct FailureRow {
    /// Its path.
    pub(super) path: String,
    /// What is wrong and what to do.
    pub(super) error: String,
}
