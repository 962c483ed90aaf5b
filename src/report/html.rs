//! The report as a page that stands alone: to read, to print, to keep as evidence.

use std::collections::BTreeSet;
use std::io::{self, Write};

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portvakt_checks::Outcome;
use portvakt_model::{Location, Role, Severity, Verdict};
use sha2::{Digest as _, Sha256};

use super::chart::{Chart, chart};
use super::summary::{by_family, by_owner};
use super::text::{LONGEST, columns, heading, labelled, packet, place};
use super::{Report, ReportFinding, hex};
use crate::text::{self, Lang};

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let page = page(report, lang).render().map_err(io::Error::other)?;
    out.write_all(page.as_bytes())
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    words: Words,
    organisation: String,
    secrecy: String,
    today: String,
    version: &'static str,
    packs: Vec<String>,
    counts: Vec<Count>,
    cannot_tell: usize,
    excepted: usize,
    passed: usize,
    groups: Vec<Group>,
    charts: Vec<Chart>,
    /// Heads of the charts' tables.
    columns: Vec<&'static str>,
    /// What findings can be chosen by: owners, and ids and names of checks.
    owners: Vec<String>,
    checks: Vec<(&'static str, &'static str)>,
    files: Vec<FileRow>,
    /// Files with results of scans: path, what was read, digest.
    scans: Vec<(String, Vec<String>, String)>,
    failures: Vec<String>,
    not_read: Vec<String>,
    script: &'static str,
    /// Only the page's own script may run: nothing that stands in an export can.
    script_hash: String,
}

const SCRIPT: &str = include_str!("templates/report.js");

/// The page's own words.
#[derive(Clone, Copy)]
struct Words {
    lang: &'static str,
    title: &'static str,
    judged_for: &'static str,
    packs: &'static str,
    cannot_tell: &'static str,
    excepted: &'static str,
    passed: &'static str,
    none: &'static str,
    packet: &'static str,
    todo: &'static str,
    why: &'static str,
    source: &'static str,
    owner: &'static str,
    decision: &'static str,
    seen: &'static str,
    rule: &'static str,
    scans: &'static str,
    read: &'static str,
    files: &'static str,
    file: &'static str,
    format: &'static str,
    lines: &'static str,
    understood: &'static str,
    unsupported: &'static str,
    unknown: &'static str,
    failures: &'static str,
    interpretation: &'static str,
    made_by: &'static str,
    secrecy: &'static str,
    by_owner: &'static str,
    by_family: &'static str,
    nobody: &'static str,
    filter: &'static str,
    search: &'static str,
    kind: &'static str,
    check: &'static str,
    order: &'static str,
    place: &'static str,
    all: &'static str,
    reset: &'static str,
    sorted: &'static str,
    not_read: &'static str,
}

const SV: Words = Words {
    lang: "sv",
    title: "Granskning av nätverk och portöppningar",
    judged_for: "Bedömt för",
    packs: "Regelpaket",
    cannot_tell: "Kan inte avgöras",
    excepted: "Avsteg",
    passed: "Godkända kontroller",
    none: "Inga fynd.",
    packet: "Paket",
    todo: "Gör så här",
    why: "Varför",
    source: "Källa",
    owner: "Ägare",
    decision: "Beslut",
    seen: "Sett",
    rule: "Regel",
    scans: "Lästa skanningar",
    read: "Innehåll",
    files: "Lästa filer",
    file: "Fil",
    format: "Format",
    lines: "Rader",
    understood: "Förstådda",
    unsupported: "Stöds inte",
    unknown: "Okända",
    failures: "Kunde inte granskas",
    interpretation: "tolkning",
    made_by: "Framställd av portvakt",
    secrecy: "Sekretessmarkering:",
    by_owner: "Överträdelser per förvaltning",
    by_family: "Överträdelser per område",
    nobody: "utan ägare",
    filter: "Urval av fynd",
    search: "Sök",
    kind: "Allvar",
    check: "Kontroll",
    order: "Ordning",
    place: "Plats",
    all: "alla",
    reset: "Visa alla",
    sorted: "Fynd i vald ordning",
    not_read: "Inte lästa, dokument och bilder",
};

const EN: Words = Words {
    lang: "en",
    title: "Audit of networks and port openings",
    judged_for: "Judged for",
    packs: "Rule packs",
    cannot_tell: "Cannot tell",
    excepted: "Excepted",
    passed: "Checks passed",
    none: "No findings.",
    packet: "Packet",
    todo: "What to do",
    why: "Why",
    source: "Source",
    owner: "Owner",
    decision: "Decision",
    seen: "Seen",
    rule: "Rule",
    scans: "Scans read",
    read: "Contents",
    files: "Files read",
    file: "File",
    format: "Format",
    lines: "Lines",
    understood: "Understood",
    unsupported: "Unsupported",
    unknown: "Unknown",
    failures: "Could not be audited",
    interpretation: "interpretation",
    made_by: "Made by portvakt",
    secrecy: "Secrecy mark:",
    by_owner: "Violations by department",
    by_family: "Violations by area",
    nobody: "no owner",
    filter: "Choice of findings",
    search: "Search",
    kind: "Severity",
    check: "Check",
    order: "Order",
    place: "Place",
    all: "all",
    reset: "Show all",
    sorted: "Findings in the chosen order",
    not_read: "Not read, documents and pictures",
};

struct Count {
    class: &'static str,
    word: &'static str,
    number: usize,
}

struct Group {
    /// Its place among the groups: sorts, and names it in the page.
    order: usize,
    class: &'static str,
    heading: &'static str,
    findings: Vec<Row>,
}

struct Row {
    id: &'static str,
    name: &'static str,
    fingerprint: String,
    message: String,
    place: String,
    line: String,
    packet: String,
    decisions: Vec<String>,
    /// What was seen on the network, and the rules that it is beside.
    seen: Vec<String>,
    rules: Vec<String>,
    owner: String,
    exception: String,
    fix: &'static str,
    why: &'static str,
    citations: Vec<Cited>,
}

struct Cited {
    rule: String,
    source: String,
    section: String,
    quote: String,
    derived: bool,
}

struct FileRow {
    path: String,
    format: &'static str,
    lines: u32,
    understood: u32,
    unsupported: u32,
    unknown: u32,
    sha256: String,
}

fn page(report: &Report<'_>, lang: Lang) -> Page {
    let site = &report.case.site().site;
    let count = |s: &Severity| Count {
        class: s.name(),
        word: heading(Verdict::Violation, *s, lang),
        number: violations(report, *s).count(),
    };
    Page {
        words: lang.of(SV, EN),
        organisation: site.organisation.clone().unwrap_or_default(),
        secrecy: site.secrecy.clone().unwrap_or_default(),
        today: report.today.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        packs: packs(report, lang),
        counts: Severity::ALL.iter().map(count).collect(),
        cannot_tell: report.count(Verdict::CannotTell),
        excepted: report.count(Verdict::Excepted),
        passed: report.outcomes(Outcome::Pass),
        groups: groups(report, lang),
        charts: charts(report, lang),
        columns: columns(lang),
        owners: distinct(report.findings.iter().filter_map(|f| f.finding.owner.clone())),
        checks: distinct(report.findings.iter().map(|f| (f.check.id, f.check.name))),
        files: report.coverage.iter().map(file).collect(),
        scans: report
            .scans
            .iter()
            .map(|s| {
                (
                    s.path.clone(),
                    s.lines(lang),
                    s.digest.map(|digest| hex(&digest)).unwrap_or_default(),
                )
            })
            .collect(),
        failures: report
            .case
            .failures()
            .iter()
            .map(|f| format!("{}: {}", f.path, text::failure(&f.kind, lang)))
            .collect(),
        not_read: report.case.passed_over().to_vec(),
        script: SCRIPT,
        script_hash: BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes())),
    }
}

/// Each value once, in order.
fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}

fn charts(report: &Report<'_>, lang: Lang) -> Vec<Chart> {
    let words = lang.of(SV, EN);
    let owners = by_owner(report).into_iter();
    let owners = owners.map(|r| (r.owner.unwrap_or(words.nobody).to_owned(), r.counts));
    let families = by_family(report).into_iter();
    let families = families.map(|(f, counts)| (lang.pick(&f.title).to_owned(), counts));
    vec![
        chart("by-owner", words.by_owner, owners, lang),
        chart("by-family", words.by_family, families, lang),
    ]
}

fn violations<'r>(
    report: &'r Report<'_>,
    severity: Severity,
) -> impl Iterator<Item = &'r ReportFinding> {
    let is = move |f: &&ReportFinding| {
        f.finding.verdict == Verdict::Violation && f.finding.severity == severity
    };
    report.findings.iter().filter(is)
}

fn packs(report: &Report<'_>, lang: Lang) -> Vec<String> {
    let one = |p: &portvakt_checks::Pack| {
        let title = lang.of(&p.title_sv, &p.title_en);
        let after = p.superseded_by.as_ref().map_or_else(String::new, |by| {
            format!(" ({} {by})", lang.of("ersatt av", "superseded by"))
        });
        format!("{title}{after}")
    };
    report.case.packs().list.iter().map(one).collect()
}

fn groups(report: &Report<'_>, lang: Lang) -> Vec<Group> {
    let mut groups: Vec<Group> = Severity::ALL
        .iter()
        .map(|s| Group {
            order: 0,
            class: s.name(),
            heading: heading(Verdict::Violation, *s, lang),
            findings: violations(report, *s).map(|f| row(report, f, lang)).collect(),
        })
        .collect();
    for verdict in [Verdict::CannotTell, Verdict::Excepted] {
        let of = report.findings.iter().filter(|f| f.finding.verdict == verdict);
        groups.push(Group {
            order: 0,
            class: verdict.name(),
            heading: heading(verdict, Severity::Info, lang),
            findings: of.map(|f| row(report, f, lang)).collect(),
        });
    }
    groups.retain(|g| !g.findings.is_empty());
    for (order, group) in groups.iter_mut().enumerate() {
        group.order = order;
    }
    groups
}

fn row(report: &Report<'_>, row: &ReportFinding, lang: Lang) -> Row {
    let f = &row.finding;
    let of = |roles: &[Role]| -> Vec<String> {
        let own = f.related.iter().filter(|r| roles.contains(&r.role));
        own.map(|r| labelled(report, r, lang)).collect()
    };
    let seen = of(&[Role::Observation]);
    let rules = if seen.is_empty() { Vec::new() } else { of(&[Role::Rule, Role::Blocker]) };
    let line = match &f.at {
        Location::Line { source, line, .. } => {
            let line = report.case.sources()[source.0 as usize].line(*line).trim().to_owned();
            if line.len() > LONGEST { String::new() } else { line }
        }
        _ => String::new(),
    };
    Row {
        id: row.check.id,
        name: row.check.name,
        fingerprint: row.fingerprint.clone(),
        message: text::message(f, lang),
        place: place(report, &f.at, lang),
        line,
        packet: f.witness.as_ref().map(|w| packet(w, lang)).unwrap_or_default(),
        decisions: of(&[Role::Decision]),
        seen,
        rules,
        owner: f.owner.clone().unwrap_or_default(),
        exception: f.exception.clone().unwrap_or_default(),
        fix: lang.pick(&row.check.fix),
        why: lang.pick(&row.check.why),
        citations: row
            .citations
            .iter()
            .map(|c| Cited {
                rule: c.rule.clone(),
                source: c.source.clone(),
                section: c.section.clone(),
                quote: c.quote.clone(),
                derived: c.derived,
            })
            .collect(),
    }
}

fn file(source: &super::SourceCoverage) -> FileRow {
    let [lines, used, neutral, unsupported, unknown] = source.counts;
    FileRow {
        path: source.path.clone(),
        format: source.format,
        lines,
        understood: used + neutral,
        unsupported,
        unknown,
        sha256: source.sha256().unwrap_or_default(),
    }
}

/// The catalogue as a page.
#[derive(Template)]
#[template(path = "catalogue.html")]
struct Catalogue {
    lang: &'static str,
    title: &'static str,
    todo: &'static str,
    families: Vec<FamilyRow>,
}

struct FamilyRow {
    title: &'static str,
    checks: Vec<&'static portvakt_checks::Check>,
    pick: Lang,
}

impl FamilyRow {
    fn say(&self, message: &'static portvakt_model::Message) -> &'static str {
        self.pick.pick(message)
    }
}

pub(super) fn catalogue(lang: Lang) -> Result<String, askama::Error> {
    let family = |f: &'static portvakt_checks::Family| FamilyRow {
        title: lang.pick(&f.title),
        checks: f.checks.to_vec(),
        pick: lang,
    };
    Catalogue {
        lang: lang.of("sv", "en"),
        title: lang.of("Regelkatalog", "Rule catalogue"),
        todo: lang.of("Gör så här", "What to do"),
        families: portvakt_checks::FAMILIES.iter().map(family).collect(),
    }
    .render()
}
