//! Exceptions (*avsteg*): which findings they cover, and which cover none.
//!
//! Only a complete exception in force covers a violation, and the finding stays visible as
//! excepted. One that matches a finding but is incomplete or has ended covers nothing; that is a
//! finding of its own.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, EndDate, Exception, Finding, Location, Verdict};

use crate::run::outcome_of;
use crate::{CheckResult, Outcome, Packs, fingerprint};

/// Marks the violations that a valid exception covers. Returns, for each exception, whether some
/// violation is what it is about.
pub(crate) fn apply(audit: &Audit<'_>, packs: &Packs, results: &mut [CheckResult]) -> Vec<bool> {
    let mut matched = vec![false; audit.tables.exceptions.len()];
    for result in results.iter_mut() {
        let names = names(result, packs);
        for finding in result.findings.iter_mut().filter(|f| f.verdict == Verdict::Violation) {
            for (index, exception) in audit.tables.exceptions.iter().enumerate() {
                if covers(audit, exception, &names, finding) {
                    matched[index] = true;
                    if is_valid(exception, audit) && finding.verdict == Verdict::Violation {
                        finding.verdict = Verdict::Excepted;
                        finding.exception = Some(exception.id.clone());
                    }
                }
            }
        }
        // Only a violation can have become excepted: what could not be told still cannot.
        let violated = result.outcomes.iter_mut().filter(|(_, o)| *o == Outcome::Violation);
        for (subject, outcome) in violated {
            *outcome = outcome_of(*subject, &result.findings, audit);
        }
    }
    matched
}

/// What an exception may call a check: id, names, and the source rules it cites.
fn names(result: &CheckResult, packs: &Packs) -> Vec<String> {
    let check = result.check;
    let own = [check.id, check.name].into_iter().chain(check.aliases.iter().copied());
    let cited = packs.citations(check).into_iter().map(|c| c.rule);
    own.map(str::to_owned).chain(cited).collect()
}

/// Whether an exception says all it must and has not ended.
fn is_valid(exception: &Exception, audit: &Audit<'_>) -> bool {
    missing(exception).is_empty()
        && matches!(exception.valid_to, EndDate::On(end, _) if audit.today <= end)
}

/// The parts that an exception must have and lacks, as (Swedish, English).
pub(crate) fn missing(exception: &Exception) -> Vec<(&'static str, &'static str)> {
    let said =
        |f: &Option<portvakt_model::Field>| f.as_ref().is_some_and(|f| !f.text.trim().is_empty());
    let dated = matches!(exception.valid_to, EndDate::On(..));
    let parts = [
        (said(&exception.justification), ("motivering", "justification")),
        (said(&exception.approver), ("godkännare", "approver")),
        (said(&exception.evidence), ("underlag", "evidence")),
        (dated, ("slutdatum", "end date")),
        (!exception.rules.is_empty(), ("regel", "rule")),
        (is_bounded(exception), ("enhet eller objekt", "device or object")),
    ];
    parts.into_iter().filter(|(there, _)| !there).map(|(_, name)| name).collect()
}

/// An exception from a rule everywhere would hide whatever comes: it must name what it is for.
fn is_bounded(exception: &Exception) -> bool {
    exception.device.is_some() || !exception.object.is_empty()
}

/// Whether an exception is about a finding of a check with these names.
fn covers(audit: &Audit<'_>, exception: &Exception, names: &[String], finding: &Finding) -> bool {
    let rule =
        exception.rules.iter().any(|r| names.iter().any(|n| n.eq_ignore_ascii_case(&r.text)));
    let device = exception.device.as_ref().is_none_or(|d| {
        finding.device.as_deref().is_some_and(|name| {
            let host = name.split('/').next().unwrap_or_default();
            name.eq_ignore_ascii_case(&d.text) || host.eq_ignore_ascii_case(&d.text)
        })
    });
    rule && device
        && is_bounded(exception)
        && exception.object.iter().all(|o| mentions(finding, o) || stands_at(audit, finding, o))
}

/// Whether a finding names an object: by its fingerprint, key, an argument or a related place.
fn mentions(finding: &Finding, object: &str) -> bool {
    let same = |text: &str| text.trim().eq_ignore_ascii_case(object.trim());
    let arg = |(_, arg): &(&str, Arg)| match arg {
        Arg::Text(text) => same(text),
        Arg::Either(sv, en) => same(sv) || same(en),
        Arg::Names(names) => names.iter().any(|n| same(n)),
        Arg::Rule(rule) => rule.id.as_deref().is_some_and(same),
        _ => false,
    };
    same(&fingerprint(finding))
        || same(&finding.key)
        || finding.args.iter().any(arg)
        || finding.related.iter().any(|r| r.label.written().is_some_and(same))
}

/// Whether an object (a setting, an interface) is a word of the line at fault.
fn stands_at(audit: &Audit<'_>, finding: &Finding, object: &str) -> bool {
    let Location::Line { source, line, .. } = finding.at else { return false };
    let text = audit.line(source, line);
    let mut words = text.split([' ', '\t', '"', ',', '=']);
    words.any(|word| word.eq_ignore_ascii_case(object.trim()))
}
