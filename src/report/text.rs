//! The report for a terminal: each finding with the line at fault, the packet that proves it, what
//! to do and the clause; then a summary.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use portvakt_checks::Outcome;
use portvakt_model::{Location, Related, Role, Severity, Verdict, Witness};

use super::summary::by_owner;
use super::{Detail, Report, ReportFinding};
use crate::text::{self, Lang};

/// Findings of one kind that are shown in full, and those that get a line each after them.
const IN_FULL: usize = 3;
const A_LINE_EACH: usize = 20;

pub(super) fn write(
    report: &Report<'_>,
    lang: Lang,
    detail: Detail,
    out: &mut dyn Write,
) -> io::Result<()> {
    heads(report, lang, out)?;
    let kind = |f: &ReportFinding| (f.finding.verdict, f.finding.severity, f.check.id);
    for group in report.findings.chunk_by(|a, b| kind(a) == kind(b)) {
        let full = if detail == Detail::Full { group.len() } else { in_full(group.len()) };
        let renderer = Renderer::styled();
        for row in &group[..full] {
            writeln!(out, "{}\n", renderer.render(&[finding(report, row, lang)]))?;
        }
        rest(report, &group[full..], lang, out)?;
    }
    failures(report, lang, out)?;
    coverage(report, lang, out)?;
    owners(report, lang, out)?;
    summary(report, lang, out)
}

/// One more than the limit is shown rather than announced.
const fn in_full(all: usize) -> usize {
    if all <= IN_FULL + 1 { all } else { IN_FULL }
}

/// What is audited, for when, by which rules.
fn heads(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let site = &report.case.site().site;
    if let Some(mark) = &site.secrecy {
        writeln!(out, "{mark}\n")?;
    }
    let packs: Vec<&str> = report.case.packs().list.iter().map(|p| p.id.as_str()).collect();
    let name = site.organisation.as_deref().map_or_else(String::new, |o| format!("{o} · "));
    let words = lang.of(["bedömt för", "regelpaket"], ["judged for", "rule packs"]);
    let (today, packs) = (report.today, packs.join(", "));
    writeln!(out, "{name}{} {today} · {} {packs}\n", words[0], words[1])
}

/// Findings of one kind after those in full: a line each, then how many more each file has.
fn rest(
    report: &Report<'_>,
    group: &[ReportFinding],
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let (kind, title) =
        (&first.check, heading(first.finding.verdict, first.finding.severity, lang));
    let more = lang.of("till av samma slag", "more of the same kind");
    writeln!(out, "{title}[{} {}]: {} {more}", kind.id, kind.name, group.len())?;
    let shown = group.len().min(A_LINE_EACH);
    for row in &group[..shown] {
        let message = text::message(&row.finding, lang);
        writeln!(out, "   {}: {message}", place(report, &row.finding.at, lang))?;
    }
    if shown < group.len() {
        let word = lang.of("och i", "and in");
        let all = lang.of("--full visar alla", "--full shows all");
        writeln!(out, "   {word} {} ({all})", by_file(report, &group[shown..]))?;
    }
    writeln!(out)
}

/// The files of findings, each with how many it has.
fn by_file(report: &Report<'_>, group: &[ReportFinding]) -> String {
    let mut files: Vec<(&str, usize)> = Vec::new();
    for row in group {
        let source = row.finding.at.source();
        let path = source.map_or("–", |id| report.case.sources()[id.0 as usize].path.as_str());
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, count)) => *count += 1,
            None => files.push((path, 1)),
        }
    }
    files.iter().map(|(path, count)| format!("{path} {count}")).collect::<Vec<_>>().join(", ")
}

fn finding<'r>(report: &'r Report<'_>, row: &'r ReportFinding, lang: Lang) -> Group<'r> {
    let f = &row.finding;
    let title = level(f.verdict, f.severity, lang)
        .primary_title(text::message(f, lang))
        .id(format!("{} {}", row.check.id, row.check.name));
    let mut group = Group::with_title(title);
    let at = snippet(report, &f.at, AnnotationKind::Primary, None);
    let is_shown = at.is_some();
    for snippet in at.into_iter().chain(snippets(report, row)) {
        group = group.element(snippet);
    }
    for (label, said) in notes(report, row, is_shown, lang) {
        group = group.element(Level::NOTE.with_name(Some(label)).message(said));
    }
    group
}

fn level(verdict: Verdict, severity: Severity, lang: Lang) -> Level<'static> {
    let level = match (verdict, severity) {
        (Verdict::Violation, Severity::Critical | Severity::High) => Level::ERROR,
        (Verdict::Violation, Severity::Medium | Severity::Low) => Level::WARNING,
        (Verdict::Violation, Severity::Info) => Level::INFO,
        (Verdict::CannotTell, _) => Level::HELP,
        (Verdict::Excepted, _) => Level::NOTE,
    };
    level.with_name(Some(heading(verdict, severity, lang)))
}

/// The word that a finding begins with: its severity, or its verdict when that is not violation.
pub(super) fn heading(verdict: Verdict, severity: Severity, lang: Lang) -> &'static str {
    match (verdict, severity) {
        (Verdict::Violation, Severity::Critical) => lang.of("kritisk", "critical"),
        (Verdict::Violation, Severity::High) => lang.of("hög", "high"),
        (Verdict::Violation, Severity::Medium) => lang.of("medel", "medium"),
        (Verdict::Violation, Severity::Low) => lang.of("låg", "low"),
        (Verdict::Violation, Severity::Info) => lang.of("upplysning", "info"),
        (Verdict::CannotTell, _) => lang.of("kan inte avgöras", "cannot tell"),
        (Verdict::Excepted, _) => lang.of("avsteg", "excepted"),
    }
}

/// Longest line that is shown, in bytes: a whole scan may stand on one.
pub(super) const LONGEST: usize = 400;

/// The lines of related places in texts.
fn snippets<'r>(
    report: &'r Report<'_>,
    row: &'r ReportFinding,
) -> Vec<Snippet<'r, annotate_snippets::Annotation<'r>>> {
    let in_text = |r: &&Related| !matches!(r.role, Role::Decision | Role::Observation);
    let related = row.finding.related.iter().filter(in_text);
    related
        .filter_map(|r| snippet(report, &r.at, AnnotationKind::Context, r.label.written()))
        .collect()
}

fn snippet<'r>(
    report: &'r Report<'_>,
    at: &Location,
    kind: AnnotationKind,
    label: Option<&'r str>,
) -> Option<Snippet<'r, annotate_snippets::Annotation<'r>>> {
    let Location::Line { source, line, .. } = at else { return None };
    let source = &report.case.sources()[source.0 as usize];
    let shown = source.line(*line).into_owned();
    if shown.len() > LONGEST || shown.trim().is_empty() {
        return None;
    }
    let start = shown.len() - shown.trim_start().len();
    let end = shown.trim_end().len().max(start);
    let mark = kind.span(start..end);
    let mark = if let Some(label) = label { mark.label(label) } else { mark };
    Some(
        Snippet::source(shown)
            .line_start(*line as usize)
            .path(source.path.as_str())
            .annotation(mark),
    )
}

/// What stands under the snippet: the place where no snippet shows it, packet, decisions, remedy, clauses.
fn notes(
    report: &Report<'_>,
    row: &ReportFinding,
    is_shown: bool,
    lang: Lang,
) -> Vec<(&'static str, String)> {
    let f = &row.finding;
    let mut notes = Vec::new();
    if !is_shown {
        notes.push((lang.of("var", "where"), place(report, &f.at, lang)));
    }
    if let Some(w) = &f.witness {
        notes.push((lang.of("paket", "packet"), packet(w, lang)));
    }
    for (role, word) in [
        (Role::Observation, lang.of("sett", "seen")),
        (Role::Decision, lang.of("beslut", "decision")),
    ] {
        let own = f.related.iter().filter(|r| r.role == role);
        notes.extend(own.map(|r| (word, labelled(report, r, lang))));
    }
    if let Some(owner) = &f.owner {
        notes.push((lang.of("ägare", "owner"), owner.clone()));
    }
    if let Some(id) = &f.exception {
        notes.push((lang.of("avsteg", "exception"), id.clone()));
    }
    notes.push((lang.of("gör så här", "what to do"), lang.pick(&row.check.fix).to_owned()));
    if let Some(c) = row.citations.first() {
        let more = row.citations.len() - 1;
        let also = if more == 0 { String::new() } else { format!(" (+{more})") };
        notes.push((
            lang.of("källa", "source"),
            format!("{} {} ”{}”{also}", c.rule, c.section, c.quote),
        ));
    }
    notes
}

/// A related place with its name.
pub(super) fn labelled(report: &Report<'_>, related: &Related, lang: Lang) -> String {
    let label = text::words(&related.label, lang);
    format!("{label} ({})", place(report, &related.at, lang))
}

/// A place in one line.
pub(super) fn place(report: &Report<'_>, at: &Location, lang: Lang) -> String {
    let path = |id: portvakt_model::SourceId| report.case.sources()[id.0 as usize].path.as_str();
    match at {
        Location::Line { source, line, .. } => format!("{}:{line}", path(*source)),
        Location::Cell { source, sheet, row, column } => {
            let cell = text::cell_name(*row, *column);
            match sheet {
                Some(sheet) => format!("{} {sheet}!{cell}", path(*source)),
                None => format!("{} {cell}", path(*source)),
            }
        }
        Location::Whole(source) => path(*source).to_owned(),
        Location::Site => lang.of("hela anläggningen", "the site as a whole").to_owned(),
    }
}

/// A packet in one line.
pub(super) fn packet(w: &Witness, lang: Lang) -> String {
    let p = &w.packet;
    let (src, dst) = if portvakt_space::has_ports(p.proto) {
        (
            std::net::SocketAddr::new(p.src, p.sport).to_string(),
            std::net::SocketAddr::new(p.dst, p.dport).to_string(),
        )
    } else {
        (p.src.to_string(), p.dst.to_string())
    };
    let fate = if w.permitted {
        lang.of("släpps igenom", "is let through")
    } else {
        lang.of("spärras", "is dropped")
    };
    let by = |word: &'static str, name: &Option<String>| {
        name.as_ref().map_or_else(String::new, |n| format!(", {word} {n}"))
    };
    format!(
        "{} {src} → {dst}{}{} {fate}",
        text::protocol(p.proto),
        by(lang.of("in", "in"), &w.in_name),
        by(lang.of("ut", "out"), &w.out_name)
    )
}

fn failures(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    for failure in report.case.failures() {
        let word = lang.of("kunde inte granskas", "could not be audited");
        writeln!(out, "{}: {word}: {}", failure.path, text::failure(&failure.kind, lang))?;
    }
    Ok(())
}

fn coverage(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        lang.of("Lästa filer (förstådda rader av alla):", "Files read (lines understood of all):")
    )?;
    for source in &report.coverage {
        let [lines, used, neutral, unsupported, unknown] = source.counts;
        let understood = used + neutral;
        write!(out, "  {} [{}] {understood}/{lines}", source.path, source.format)?;
        if unsupported + unknown > 0 {
            let words = lang.of(["stöds inte", "okända"], ["unsupported", "unknown"]);
            write!(out, " ({unsupported} {}, {unknown} {})", words[0], words[1])?;
        }
        writeln!(out)?;
    }
    for scan in &report.scans {
        for line in scan.lines(lang) {
            writeln!(out, "  {} [{}] {line}", scan.path, lang.of("skanning", "scan"))?;
        }
    }
    let passed_over = report.case.passed_over();
    if !passed_over.is_empty() {
        let word = lang.of("Inte lästa, dokument och bilder", "Not read, documents and pictures");
        writeln!(out, "{word}: {}", passed_over.join(", "))?;
    }
    writeln!(out)
}

/// A table of findings by owner and severity. With one owner the sums below say the same.
fn owners(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let rows = by_owner(report);
    if rows.len() < 2 {
        return Ok(());
    }
    let nobody = lang.of("utan ägare", "no owner");
    let width = rows.iter().map(|r| r.owner.unwrap_or(nobody).chars().count()).max().unwrap_or(0);
    let heads = columns(lang);
    writeln!(out, "{}", lang.of("Fynd per förvaltning:", "Findings by department:"))?;
    writeln!(out, "  {:width$}  {}", "", heads.join("  "))?;
    for row in &rows {
        write!(out, "  {:width$}", row.owner.unwrap_or(nobody))?;
        for (head, count) in heads.iter().zip(row.counts.columns()) {
            write!(out, "  {count:>0$}", head.chars().count())?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

/// The heads of a table of [`Counts`](super::summary::Counts).
pub(super) fn columns(lang: Lang) -> Vec<&'static str> {
    let severities = Severity::ALL.iter().map(|s| heading(Verdict::Violation, *s, lang));
    let others = [Verdict::CannotTell, Verdict::Excepted];
    severities.chain(others.map(|v| heading(v, Severity::Info, lang))).collect()
}

fn summary(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let violations = report.findings.iter().filter(|f| f.finding.verdict == Verdict::Violation);
    let count =
        |severity: Severity| violations.clone().filter(|f| f.finding.severity == severity).count();
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .map(|s| (count(*s), heading(Verdict::Violation, *s, lang)))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    let total = report.count(Verdict::Violation);
    let detail = if by_severity.is_empty() {
        String::new()
    } else {
        format!(" ({})", by_severity.join(", "))
    };
    writeln!(
        out,
        "{}: {total}{detail} · {}: {} · {}: {} · {}: {}",
        lang.of("Överträdelser", "Violations"),
        lang.of("kan inte avgöras", "cannot tell"),
        report.count(Verdict::CannotTell),
        lang.of("avsteg", "excepted"),
        report.count(Verdict::Excepted),
        lang.of("godkända kontroller", "checks passed"),
        report.outcomes(Outcome::Pass),
    )
}
