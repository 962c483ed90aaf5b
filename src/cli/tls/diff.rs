//! `portvakt tls diff`: what two runs say otherwise.
//!
//! What one of the runs did not reach or left incomplete is told as such: it is neither gone nor
//! mended.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Exit;
use super::super::endpoint::{FindingRow, Judged as _, baseline};
use super::super::output::{self, Compare, Form};
use super::document::{Document, EndpointRow};
use crate::text::Lang;

/// Arguments of `portvakt tls diff`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The earlier answer as JSON
    old: PathBuf,
    /// The later answer as JSON
    new: PathBuf,
    #[command(flatten)]
    answer: Compare,
}

/// What two answers say otherwise.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Changes {
    /// Name and version of this schema.
    schema: &'static str,
    /// Whether both were judged by the same policy; otherwise levels are not compared like with like.
    same_policy: bool,
    /// Endpoints of the later answer alone.
    added: Vec<String>,
    /// Endpoints of the earlier answer alone.
    removed: Vec<String>,
    /// Endpoints that one of the runs did not reach.
    not_reached: Vec<String>,
    /// Endpoints that changed.
    changed: Vec<EndpointChange>,
    /// Endpoints that are as they were.
    unchanged: usize,
}

/// How an endpoint changed.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct EndpointChange {
    /// As it was asked for.
    target: String,
    /// Levels before and after.
    level: [String; 2],
    /// Whether both looks were complete; otherwise what is gone was perhaps only not seen.
    complete: bool,
    /// What is offered now and was not: `TLS1.0`, `TLS1.2 TLS_…`, `group x25519`.
    now_offered: Vec<String>,
    /// What was offered and is no longer, where the later look was whole.
    no_longer_offered: Vec<String>,
    /// What was offered and was not seen by a later look that was not whole.
    not_seen: Vec<String>,
    /// Fingerprints of leaves before and after, where they differ.
    certificates: Option<[Vec<String>; 2]>,
    /// Checks that are new or worse, with their levels.
    worse: Vec<String>,
    /// Checks that are gone or better, where the later look was whole.
    better: Vec<String>,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Changes)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let changes = compare(&baseline::read(&args.old)?, &baseline::read(&args.new)?);
    let Compare { format, to } = &args.answer;
    output::write(to.output.as_deref(), |out| match format {
        Form::Text => text(&changes, to.lang, out),
        Form::Json => {
            serde_json::to_writer(&mut *out, &changes)?;
            writeln!(out)
        }
    })?;
    let worse = changes.changed.iter().any(|change| !change.worse.is_empty());
    Ok(if worse { Exit::Findings } else { Exit::Clean })
}

fn compare(old: &Document, new: &Document) -> Changes {
    let by_target = |document: &'_ Document| -> BTreeSet<String> {
        document.endpoints.iter().map(|e| e.target.clone()).collect()
    };
    let (before, after) = (by_target(old), by_target(new));
    let earlier: BTreeMap<&str, &EndpointRow> =
        old.endpoints.iter().map(|e| (e.target.as_str(), e)).collect();
    let mut changes = Changes {
        schema: "portvakt-tls-diff-1",
        same_policy: old.policy.id == new.policy.id && old.policy.edition == new.policy.edition,
        added: after.difference(&before).cloned().collect(),
        removed: before.difference(&after).cloned().collect(),
        not_reached: Vec::new(),
        changed: Vec::new(),
        unchanged: 0,
    };
    for endpoint in &new.endpoints {
        let Some(before) = earlier.get(endpoint.target.as_str()) else { continue };
        if !before.is_reached() || !endpoint.is_reached() {
            changes.not_reached.push(endpoint.target.clone());
        } else {
            match change(before, endpoint) {
                Some(change) => changes.changed.push(change),
                None => changes.unchanged += 1,
            }
        }
    }
    changes
}

fn change(old: &EndpointRow, new: &EndpointRow) -> Option<EndpointChange> {
    let (before, after) = (offers(old), offers(new));
    let less = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
    let gone: Vec<String> = less(&before, &after);
    // A verdict sees a few suites of those that it allows; which ones is chance.
    let whole = new.complete && new.enumerated;
    let listed = old.complete && old.enumerated;
    let leaves = |e: &EndpointRow| -> Vec<String> {
        e.certificates.iter().map(|c| c.fingerprint.clone()).collect()
    };
    let leaves = [leaves(old), leaves(new)];
    let (worse, better) = findings(old, new);
    let change = EndpointChange {
        target: new.target.clone(),
        level: [old.level.clone(), new.level.clone()],
        complete: old.complete && new.complete,
        now_offered: if listed {
            less(&after, &before)
        } else {
            protocols_alone(less(&after, &before))
        },
        no_longer_offered: if whole { gone.clone() } else { refused(&gone, new) },
        not_seen: if whole { Vec::new() } else { protocols_alone(unseen(gone, new)) },
        certificates: (leaves[0] != leaves[1]).then_some(leaves),
        worse,
        better: if new.complete { better } else { Vec::new() },
    };
    let same = change.now_offered.is_empty()
        && change.no_longer_offered.is_empty()
        && change.not_seen.is_empty()
        && change.certificates.is_none()
        && change.worse.is_empty()
        && change.better.is_empty();
    (!same).then_some(change)
}

/// Everything that an endpoint was seen to offer, in words that can be compared.
fn offers(endpoint: &EndpointRow) -> BTreeSet<String> {
    let offered = endpoint.protocols.iter().filter(|(_, row)| row.offered == Some(true));
    let versions = offered.clone().map(|(name, _)| name.clone());
    let suites = offered
        .flat_map(|(name, row)| row.suites.iter().map(move |suite| format!("{name} {suite}")));
    let groups = endpoint.groups.iter().map(|group| format!("group {group}"));
    versions.chain(suites).chain(groups).collect()
}

fn protocols_alone(names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !name.contains(' ')).collect()
}

/// Versions that are gone and that the later look saw refused.
fn refused(gone: &[String], new: &EndpointRow) -> Vec<String> {
    let refused =
        |name: &&String| new.protocols.get(*name).is_some_and(|row| row.offered == Some(false));
    gone.iter().filter(refused).cloned().collect()
}

fn unseen(gone: Vec<String>, new: &EndpointRow) -> Vec<String> {
    let known = refused(&gone, new);
    gone.into_iter().filter(|name| !known.contains(name)).collect()
}

/// Checks that are worse and better, each with its level before and after.
fn findings(old: &EndpointRow, new: &EndpointRow) -> (Vec<String>, Vec<String>) {
    let table = |endpoint: &EndpointRow| -> BTreeMap<(String, String), FindingRow> {
        // The worst comes first; it is kept where a check has several rows for a subject.
        let rows = endpoint.findings.iter().rev();
        rows.map(|f| ((f.check.clone(), f.subject.clone()), f.clone())).collect()
    };
    let (before, after) = (table(old), table(new));
    let passes = portvakt_checks::crypto::Level::Sufficient;
    let level = |row: Option<&FindingRow>| row.map_or(passes, FindingRow::level).max(passes);
    let (mut worse, mut better) = (Vec::new(), Vec::new());
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (was, is) = (level(before.get(key)), level(after.get(key)));
        let said = format!("{} {}: {} → {}", key.0, key.1, was.name(), is.name());
        if is > was {
            worse.push(said);
        } else if is < was {
            better.push(said);
        }
    }
    (worse, better)
}

fn text(changes: &Changes, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    if !changes.same_policy {
        let said = lang.of(
            "De två svaren är bedömda efter olika policyer; nivåerna är inte jämförbara.",
            "The two answers were judged by different policies; levels cannot be compared.",
        );
        writeln!(out, "{said}")?;
    }
    for (names, word) in [
        (&changes.added, lang.of("ny", "new")),
        (&changes.removed, lang.of("borta", "gone")),
        (
            &changes.not_reached,
            lang.of("ej nådd i någon av körningarna", "not reached by one of the runs"),
        ),
    ] {
        for name in names {
            writeln!(out, "{name}: {word}")?;
        }
    }
    for change in &changes.changed {
        one(change, lang, out)?;
    }
    let words = lang.of(["ändrade", "oförändrade"], ["changed", "unchanged"]);
    writeln!(out, "{} {} · {} {}", changes.changed.len(), words[0], changes.unchanged, words[1])
}

fn one(change: &EndpointChange, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let [was, is] = &change.level;
    let doubt = if change.complete { "" } else { lang.of(" (ofullständigt)", " (incomplete)") };
    writeln!(out, "{}: {was} → {is}{doubt}", change.target)?;
    for (names, word) in [
        (&change.worse, lang.of("sämre", "worse")),
        (&change.better, lang.of("bättre", "better")),
        (&change.now_offered, lang.of("erbjuds nu", "now offered")),
        (&change.no_longer_offered, lang.of("erbjuds inte längre", "no longer offered")),
        (&change.not_seen, lang.of("sågs inte den här gången", "not seen this time")),
    ] {
        for name in names {
            writeln!(out, "  {word}: {name}")?;
        }
    }
    if let Some([was, is]) = &change.certificates {
        let word = lang.of("certifikat", "certificate");
        writeln!(out, "  {word}: {} → {}", was.join(", "), is.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
