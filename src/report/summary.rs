//! Findings counted: by who owns the zone they are about, and by family of checks.

use portvakt_checks::{FAMILIES, Family};
use portvakt_model::{Severity, Verdict};

use super::{Report, ReportFinding};

/// How many findings there are of each severity and verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counts {
    /// Violations, worst severity first, as in [`Severity::ALL`].
    pub(super) violations: [usize; 5],
    pub(super) cannot_tell: usize,
    pub(super) excepted: usize,
}

impl Counts {
    fn add(&mut self, row: &ReportFinding) {
        match row.finding.verdict {
            Verdict::Violation => {
                let place = Severity::ALL.iter().position(|s| *s == row.finding.severity);
                self.violations[place.unwrap_or_default()] += 1;
            }
            Verdict::CannotTell => self.cannot_tell += 1,
            Verdict::Excepted => self.excepted += 1,
        }
    }

    /// The number of violations, whatever their severity.
    pub(super) fn total(&self) -> usize {
        self.violations.iter().sum()
    }

    /// All columns of a table: violations by severity, cannot tell, excepted.
    pub(super) fn columns(&self) -> [usize; 7] {
        let mut columns = [0; 7];
        columns[..5].copy_from_slice(&self.violations);
        columns[5..].copy_from_slice(&[self.cannot_tell, self.excepted]);
        columns
    }
}

/// The findings of one owner, a department (*förvaltning*).
pub(super) struct OwnerRow<'r> {
    /// `None` for findings about what nobody is named to own.
    pub(super) owner: Option<&'r str>,
    pub(super) counts: Counts,
}

/// Counts by owner: the one with the worst findings first, no owner last.
pub(super) fn by_owner<'r>(report: &'r Report<'_>) -> Vec<OwnerRow<'r>> {
    let mut rows: Vec<OwnerRow<'r>> = Vec::new();
    for finding in &report.findings {
        let owner = finding.finding.owner.as_deref();
        let at = rows.iter().position(|r| r.owner == owner).unwrap_or_else(|| {
            rows.push(OwnerRow { owner, counts: Counts::default() });
            rows.len() - 1
        });
        rows[at].counts.add(finding);
    }
    rows.sort_by(|a, b| {
        let key = |r: &OwnerRow<'r>| (r.owner.is_none(), std::cmp::Reverse(r.counts), r.owner);
        key(a).cmp(&key(b))
    });
    rows
}

/// Counts by family of checks, in the order of the manual; families without findings are left out.
pub(super) fn by_family(report: &Report<'_>) -> Vec<(&'static Family, Counts)> {
    let count = |family: &'static Family| {
        let mut counts = Counts::default();
        let own = |f: &&ReportFinding| family.checks.iter().any(|c| c.id == f.check.id);
        report.findings.iter().filter(own).for_each(|f| counts.add(f));
        (family, counts)
    };
    let all = FAMILIES.iter().map(count);
    all.filter(|(_, counts)| *counts != Counts::default()).collect()
}
