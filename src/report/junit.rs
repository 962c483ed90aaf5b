//! The report as JUnit XML, for continuous integration: a suite for each check, a case for each
//! device it judged. A violation is a failure, *cannot tell* and excepted are skipped with words.

use std::io::{self, Write};

use portvakt_checks::{Outcome, Subject};
use portvakt_model::Finding;
use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::text::place;
use super::{Judgement, Report};
use crate::text::{self, Lang};

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let mut junit = Junit::new("portvakt");
    for judgement in &report.judgements {
        junit.add_test_suite(suite(report, judgement, lang));
    }
    out.write_all(junit.to_string().map_err(io::Error::other)?.as_bytes())
}

fn suite(report: &Report<'_>, judgement: &Judgement, lang: Lang) -> TestSuite {
    let check = judgement.check;
    let found: Vec<&Finding> =
        report.findings.iter().filter(|f| f.check.id == check.id).map(|f| &f.finding).collect();
    let mut suite = TestSuite::new(format!("{} {}", check.id, check.name));
    for (subject, outcome) in &judgement.outcomes {
        let name = match subject {
            Subject::Device(d) => report.case.devices()[*d as usize].name.as_str(),
            Subject::Site => "site",
        };
        let device = matches!(subject, Subject::Device(_)).then_some(name);
        let own = found.iter().filter(|f| f.device.as_deref() == device);
        let said: Vec<String> = own.map(|f| line(report, f, lang)).collect();
        let mut case = TestCase::new(name, status(*outcome, &said, lang));
        case.set_classname(check.id);
        suite.add_test_case(case);
    }
    suite
}

fn line(report: &Report<'_>, finding: &Finding, lang: Lang) -> String {
    format!("{}: {}", place(report, &finding.at, lang), text::message(finding, lang))
}

fn status(outcome: Outcome, said: &[String], lang: Lang) -> TestCaseStatus {
    let text = said.join("\n");
    match outcome {
        Outcome::Pass | Outcome::NotApplicable => TestCaseStatus::success(),
        Outcome::Violation => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(said.first().cloned().unwrap_or_default()).set_description(text);
            status
        }
        Outcome::CannotTell | Outcome::Excepted => {
            let mut status = TestCaseStatus::skipped();
            let word = lang.of(["kan inte avgöras", "avsteg"], ["cannot tell", "excepted"]);
            status
                .set_message(word[usize::from(outcome == Outcome::Excepted)])
                .set_description(text);
            status
        }
    }
}
