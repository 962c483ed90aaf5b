//! Running the checks and summing up what each could decide.

use std::fmt::Write as _;

use portvakt_analysis::Audit;
use portvakt_model::{Finding, LineState, Verdict};
use sha2::{Digest, Sha256};

use crate::{ALL, Check, Findings, Need, Packs, deviations, exceptions};

/// Which checks run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these ids; empty is all that the packs enable.
    pub only: Vec<&'static str>,
    /// Not these ids.
    pub skip: Vec<&'static str>,
}

/// What a check looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A device, by its index.
    Device(u32),
    /// The site as a whole.
    Site,
}

/// What a check could say of a subject. Ordered: the worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// There is nothing of what it is about, proven.
    NotApplicable,
    /// It looked, understood everything, and found no fault.
    Pass,
    /// Every violation is covered by a valid exception.
    Excepted,
    /// Data is missing or not understood.
    CannotTell,
    /// A fault, proven.
    Violation,
}

/// What a check could say, subject by subject.
pub struct CheckResult {
    /// The check.
    pub check: &'static Check,
    /// What it found.
    pub findings: Vec<Finding>,
    /// Its outcome for each subject that it judged.
    pub outcomes: Vec<(Subject, Outcome)>,
    /// The need that was not met, when it did not run.
    pub unmet: Option<Need>,
}

/// Runs every selected check that `packs` enables. Results are in the order of the manual.
///
/// Checks of the exceptions themselves run last: they need to know which of them some finding
/// matches. That is known only when every enabled check has run, whatever is selected.
pub fn run(audit: &Audit<'_>, packs: &Packs, selection: &Selection) -> Vec<CheckResult> {
    audit.prepare();
    let enabled = |c: &&&'static Check| packs.enables(c) || selection.only.contains(&c.id);
    let (last, first): (Vec<&'static Check>, Vec<&'static Check>) =
        ALL.iter().filter(enabled).copied().partition(|c| is_last(c));
    let wanted = |c: &&'static Check| is_wanted(c, selection);
    let orphans = last.iter().any(wanted);
    let runs = first.into_iter().filter(|c| orphans || wanted(c)).collect();
    let mut results = run_all(runs, audit, packs);
    let matched = exceptions::apply(audit, packs, &mut results);
    audit.facts.set_matched_exceptions(matched);
    results.retain(|r| wanted(&r.check));
    results.extend(run_all(last.into_iter().filter(wanted).collect(), audit, packs));
    results
}

/// Whether a check is about what became of the others' findings.
fn is_last(check: &Check) -> bool {
    deviations::CHECKS.iter().any(|c| c.id == check.id)
}

fn is_wanted(check: &Check, selection: &Selection) -> bool {
    (selection.only.is_empty() || selection.only.contains(&check.id))
        && !selection.skip.contains(&check.id)
}

fn run_all(checks: Vec<&'static Check>, audit: &Audit<'_>, packs: &Packs) -> Vec<CheckResult> {
    use rayon::prelude::*;
    checks.into_par_iter().map(|check| run_one(check, audit, packs)).collect()
}

fn run_one(check: &'static Check, audit: &Audit<'_>, packs: &Packs) -> CheckResult {
    if let Some(need) = check.needs.iter().copied().find(|need| !is_met(*need, audit)) {
        let outcomes = vec![(Subject::Site, Outcome::CannotTell)];
        return CheckResult { check, findings: Vec::new(), outcomes, unmet: Some(need) };
    }
    let mut findings = Findings::new(check, packs.severity(check), audit.devices);
    (check.run)(audit, &mut findings);
    let Findings { found, mut judged, .. } = findings;
    judged.sort_unstable();
    judged.dedup();
    let outcomes = judged.into_iter().map(|s| (s, outcome_of(s, &found, audit))).collect();
    CheckResult { check, findings: found, outcomes, unmet: None }
}

pub(crate) fn is_met(need: Need, audit: &Audit<'_>) -> bool {
    match need {
        Need::Device => !audit.devices.is_empty(),
        Need::Register => audit.tables.decisions.is_some(),
        Need::Zones => !audit.site.zones.is_empty(),
        Need::Borders => audit.site.borders.iter().any(|b| b.decision),
        Need::Systems => audit.tables.systems.is_some(),
        Need::SsidStandard => audit.tables.ssids.is_some(),
        Need::Orderers => audit.site.orderers_known,
        Need::Observations => audit.tables.observations.is_some(),
    }
}

pub(crate) fn outcome_of(subject: Subject, found: &[Finding], audit: &Audit<'_>) -> Outcome {
    let name = match subject {
        Subject::Device(index) => Some(audit.devices[index as usize].name.as_str()),
        Subject::Site => None,
    };
    let own = found.iter().filter(|f| f.device.as_deref() == name);
    let worst = own.map(|f| f.verdict).min_by_key(|v| match v {
        Verdict::Violation => 0,
        Verdict::CannotTell => 1,
        Verdict::Excepted => 2,
    });
    match worst {
        Some(Verdict::Violation) => Outcome::Violation,
        Some(Verdict::CannotTell) => Outcome::CannotTell,
        Some(Verdict::Excepted) => Outcome::Excepted,
        None if has_unknown_lines(subject, audit) => Outcome::CannotTell,
        None => Outcome::Pass,
    }
}

/// Lines that nobody understood may hold the fault: where there are any, nothing passes.
fn has_unknown_lines(subject: Subject, audit: &Audit<'_>) -> bool {
    let unknown = |index: u32| {
        let source = audit.devices[index as usize].source;
        audit.coverage[source.0 as usize].states().any(|s| s == LineState::Unknown)
    };
    match subject {
        Subject::Device(index) => unknown(index),
        Subject::Site => (0..audit.devices.len() as u32).any(unknown),
    }
}

/// What names a finding over time: check, device and what it is about, but no line numbers.
/// 32 hexadecimal digits.
pub fn fingerprint(finding: &Finding) -> String {
    let mut hash = Sha256::new();
    for part in [finding.check, finding.device.as_deref().unwrap_or_default(), &finding.key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
