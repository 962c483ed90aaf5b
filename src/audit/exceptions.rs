//! Exceptions (*avsteg*): which findings they cover, and which cover none.
//!
//! Only a complete exception in force covers a violation; it stays visible as excepted. The faults
//! of the exceptions themselves are found by checks, which see what was matched here.

use portvakt_analysis::Audit;
use portvakt_checks::{CheckResult, Outcome, Packs, Selection, fingerprint};
use portvakt_model::{Arg, EndDate, Exception, Finding, Verdict};

/// Marks the violations that a valid exception covers.
pub(super) fn apply(
    audit: &Audit<'_>,
    packs: &Packs,
    _selection: &Selection,
    results: &mut [CheckResult],
) {
    for result in results.iter_mut() {
        let names = names(result, packs);
        for finding in result.findings.iter_mut().filter(|f| f.verdict == Verdict::Violation) {
            let hit = audit
                .tables
                .exceptions
                .iter()
                .find(|e| is_valid(e, audit) && covers(e, &names, finding));
            if let Some(exception) = hit {
                finding.verdict = Verdict::Excepted;
                finding.exception = Some(exception.id.clone());
            }
        }
        settle(audit, result);
    }
}

/// An outcome is excepted when nothing worse is left.
fn settle(audit: &Audit<'_>, result: &mut CheckResult) {
    for (subject, outcome) in &mut result.outcomes {
        let name = match subject {
            portvakt_checks::Subject::Device(d) => Some(audit.devices[*d as usize].name.as_str()),
            portvakt_checks::Subject::Site => None,
        };
        let mut own = result.findings.iter().filter(|f| f.device.as_deref() == name).peekable();
        if *outcome == Outcome::Violation && own.peek().is_some() {
            let worst = own.map(|f| f.verdict).min_by_key(|v| *v as u8);
            *outcome = match worst {
                Some(Verdict::CannotTell) => Outcome::CannotTell,
                Some(Verdict::Excepted) => Outcome::Excepted,
                _ => Outcome::Violation,
            };
        }
    }
}

/// What an exception may call a check: id, names, and the source rules it serves.
fn names(result: &CheckResult, packs: &Packs) -> Vec<String> {
    let check = result.check;
    let own = [check.id, check.name].into_iter().chain(check.aliases.iter().copied());
    let cited = packs.citations(check).into_iter().map(|c| c.rule);
    own.map(str::to_owned).chain(cited).collect()
}

/// Whether an exception says all it must and has not ended.
pub(crate) fn is_valid(exception: &Exception, audit: &Audit<'_>) -> bool {
    let said = [&exception.justification, &exception.approver, &exception.evidence];
    said.iter().all(|f| f.as_ref().is_some_and(|f| !f.text.trim().is_empty()))
        && !exception.rules.is_empty()
        && matches!(exception.valid_to, EndDate::On(end, _) if audit.today <= end)
}

/// Whether an exception is about a finding of a check with these names.
pub(crate) fn covers(exception: &Exception, names: &[String], finding: &Finding) -> bool {
    let rule =
        exception.rules.iter().any(|r| names.iter().any(|n| n.eq_ignore_ascii_case(&r.text)));
    let device = exception.device.as_ref().is_none_or(|d| {
        finding.device.as_deref().is_some_and(|name| {
            name.eq_ignore_ascii_case(&d.text) || name.split('/').next() == Some(d.text.as_str())
        })
    });
    let narrow = exception.device.is_some() || !exception.object.is_empty();
    rule && device && narrow && exception.object.iter().all(|o| mentions(finding, o))
}

/// Whether a finding names an object: its fingerprint, an argument or a related place.
fn mentions(finding: &Finding, object: &str) -> bool {
    let same = |text: &str| text.eq_ignore_ascii_case(object);
    let arg = |(_, arg): &(&str, Arg)| match arg {
        Arg::Text(text) => same(text),
        Arg::Names(names) => names.iter().any(|n| same(n)),
        Arg::Rule(rule) => rule.id.as_deref().is_some_and(same),
        _ => false,
    };
    same(&fingerprint(finding))
        || finding.args.iter().any(arg)
        || finding.related.iter().any(|r| same(&r.label))
}
