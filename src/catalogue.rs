//! The manual: every check with its clauses, made from the checks' own files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use portvakt_checks::{Check, FAMILIES, Pack, PackError, Packs, RuleKind, SourceRule};
use schemars::JsonSchema;
use serde::Serialize;

use crate::text::Lang;

/// One check's page, as Markdown.
pub fn page(check: &'static Check, packs: &Packs, lang: Lang) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "### {} · {}\n", check.id, check.name);
    let _ = writeln!(out, "**{}**\n", lang.pick(&check.title));
    let _ = writeln!(out, "{}\n", lang.pick(&check.why));
    let _ =
        writeln!(out, "{} {}\n", lang.of("*Gör så här:*", "*What to do:*"), lang.pick(&check.fix));
    let severity = check.severity.name();
    let _ = writeln!(out, "{}: `{severity}`", lang.of("Allvar", "Severity"));
    if !check.parameters.is_empty() {
        let names: Vec<String> = check.parameters.iter().map(|p| format!("`{p}`")).collect();
        let _ = writeln!(out, "· {}: {}", lang.of("parametrar", "parameters"), names.join(", "));
    }
    let _ = writeln!(out);
    for rule in rules(check, packs) {
        let derived = if rule.kind == RuleKind::Derived {
            lang.of(" (tolkning)", " (interpretation)")
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "- `{}` {} {}: ”{}”{derived}",
            rule.id, rule.source, rule.section, rule.quote
        );
    }
    out
}

fn rules<'p>(check: &Check, packs: &'p Packs) -> impl Iterator<Item = &'p SourceRule> {
    let all = packs.list.iter().flat_map(|p: &Pack| &p.rules);
    all.filter(move |r| check.serves.contains(&r.id.as_str()))
}

/// The whole manual, as Markdown.
pub fn markdown(lang: Lang) -> Result<String, PackError> {
    let packs = Packs::all()?;
    let mut out = format!("# {}\n", lang.of("Regelkatalog", "Rule catalogue"));
    let _ = writeln!(
        out,
        "\n{}",
        lang.of(
            "Framställd ur kontrollernas egna filer med `portvakt catalogue`. Exempel på varje kontroll finns i `fixtures/checks/`.",
            "Made from the checks' own files by `portvakt catalogue`. Examples of every check stand in `fixtures/checks/`."
        )
    );
    for family in FAMILIES {
        let _ = writeln!(out, "\n## {}\n", lang.pick(&family.title));
        for check in family.checks {
            out.push_str(&page(check, &packs, lang));
            out.push('\n');
        }
    }
    Ok(out.trim_end().to_owned() + "\n")
}

/// A check as JSON.
#[derive(Serialize)]
pub struct CheckRow {
    id: &'static str,
    name: &'static str,
    aliases: &'static [&'static str],
    family: &'static str,
    severity: &'static str,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
    serves: &'static [&'static str],
    parameters: &'static [&'static str],
}

/// Every check as JSON rows.
pub fn rows(lang: Lang) -> Vec<CheckRow> {
    let row = |family: &'static str, c: &'static Check| CheckRow {
        id: c.id,
        name: c.name,
        aliases: c.aliases,
        family,
        severity: c.severity.name(),
        title: lang.pick(&c.title),
        why: lang.pick(&c.why),
        fix: lang.pick(&c.fix),
        serves: c.serves,
        parameters: c.parameters,
    };
    FAMILIES.iter().flat_map(|f| f.checks.iter().map(|c| row(f.id, c))).collect()
}

/// What becomes of each rule of the municipalities' documents.
#[derive(Serialize, JsonSchema)]
pub struct CoverageDocument {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// Every source rule.
    rules: Vec<RuleRow>,
}

/// A source rule.
#[derive(Serialize, JsonSchema)]
struct RuleRow {
    /// Its id.
    id: String,
    /// The document it stands in.
    source: String,
    /// Its section there.
    section: String,
    /// direct (stated), derived (interpreted) or evidence (only a person can answer it).
    kind: &'static str,
    /// Ids of the checks that serve it.
    covered_by: Vec<&'static str>,
    /// covered, attestation or open.
    status: &'static str,
}

/// Each source rule with the checks that serve it. A rule that no check serves is answered by an
/// attestation when only a person can answer it, and is open otherwise.
pub fn coverage() -> Result<CoverageDocument, PackError> {
    let mut by_rule: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for check in portvakt_checks::ALL.iter() {
        for rule in check.serves {
            by_rule.entry(rule).or_default().push(check.id);
        }
    }
    let packs = Packs::all()?;
    let sources = packs.list.iter().filter(|p| p.id != "base").flat_map(|p| &p.rules);
    let rules = sources.map(|rule| rule_row(rule, by_rule.get(rule.id.as_str()))).collect();
    Ok(CoverageDocument { schema: "portvakt-coverage-1", rules })
}

fn rule_row(rule: &SourceRule, covered: Option<&Vec<&'static str>>) -> RuleRow {
    let covered_by = covered.cloned().unwrap_or_default();
    let status = match (covered_by.is_empty(), rule.kind) {
        (false, _) => "covered",
        (true, RuleKind::Evidence) => "attestation",
        (true, _) => "open",
    };
    RuleRow {
        id: rule.id.clone(),
        source: rule.source.clone(),
        section: rule.section.clone(),
        kind: match rule.kind {
            RuleKind::Direct => "direct",
            RuleKind::Derived => "derived",
            RuleKind::Evidence => "evidence",
        },
        covered_by,
        status,
    }
}
