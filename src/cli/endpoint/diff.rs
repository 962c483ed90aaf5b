//! `portvakt tls diff` and `portvakt ssh diff`: what two runs say otherwise.
//!
//! What one of the runs did not reach or left incomplete is told as such: it is neither gone nor
//! mended.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

use portvakt_checks::crypto::Level;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Exit, output};
use super::document::Document;
use super::earlier::{self, Index};
use super::{FindingRow, Row};
use crate::text::Lang;

/// Arguments of the comparison.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The earlier answer as JSON
    old: PathBuf,
    /// The later answer as JSON
    new: PathBuf,
    #[command(flatten)]
    told: output::Comparison,
}

/// An endpoint that can be compared with an earlier look.
pub(crate) trait Compared: Row {
    /// Name and version of the schema of the comparison.
    const CHANGES: &'static str;

    /// Whether every question was answered.
    fn is_complete(&self) -> bool;
    /// Whether all that it offers was listed, so that what is not in the list is not offered.
    fn is_listed(&self) -> bool;
    /// Everything that it was seen to offer, in words that can be compared.
    fn offers(&self) -> BTreeSet<String>;
    /// Whether something is asked for by itself, so that it counts though not all was listed.
    fn is_asked_for_by_itself(name: &str) -> bool;
    /// Whether it was seen to refuse something.
    fn refuses(&self, name: &str) -> bool;
    /// By what it shows who it is.
    fn shown(&self) -> Shown;
}

/// By what an endpoint shows who it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Fingerprints of leaves.
    Certificates(Vec<String>),
    /// Fingerprints of host keys by their types. Which types are shown depends on what was asked.
    HostKeys(BTreeMap<String, String>),
}

/// What two answers say otherwise.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Changes {
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
    /// Where it was found by the later run.
    address: Option<String>,
    /// Levels before and after.
    level: [String; 2],
    /// Whether both looks were complete; otherwise what is gone was perhaps only not seen.
    complete: bool,
    /// What is offered now and was not: `TLS1.0`, `TLS1.2 TLS_…`, `group x25519`, `cipher aes128-ctr`.
    now_offered: Vec<String>,
    /// What was offered and is no longer, where the later look was whole.
    no_longer_offered: Vec<String>,
    /// What was offered and was not seen by a later look that was not whole.
    not_seen: Vec<String>,
    /// TLS: fingerprints of leaves before and after, where they differ.
    certificates: Option<[Vec<String>; 2]>,
    /// SSH: host keys that are others than before, as type and fingerprints before and after. Unless the
    /// server was set up anew, somebody stands between.
    host_keys: Vec<String>,
    /// Checks that are new or worse, with their levels.
    worse: Vec<String>,
    /// Checks that are gone or better, where the later look was whole.
    better: Vec<String>,
}

/// The schema of the answer as JSON.
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(Changes)
}

pub(crate) fn run<R: Compared + DeserializeOwned>(args: &Args) -> anyhow::Result<Exit> {
    let (old, new) = (earlier::read::<R>(&args.old)?, earlier::read::<R>(&args.new)?);
    let changes = compare(&old, &new);
    args.told.write(&changes, text)?;
    let is_worse = |c: &EndpointChange| !c.worse.is_empty() || !c.host_keys.is_empty();
    Ok(if changes.changed.iter().any(is_worse) { Exit::Findings } else { Exit::Clean })
}

fn compare<R: Compared>(old: &Document<R>, new: &Document<R>) -> Changes {
    let (before, after) = (Index::of(&old.endpoints), Index::of(&new.endpoints));
    let mut changes = Changes {
        schema: R::CHANGES,
        same_policy: old.policy.id == new.policy.id && old.policy.edition == new.policy.edition,
        added: Vec::new(),
        removed: Vec::new(),
        not_reached: Vec::new(),
        changed: Vec::new(),
        unchanged: 0,
    };
    let mut met = BTreeSet::new();
    for (name, endpoint) in super::names(&new.endpoints).into_iter().zip(&new.endpoints) {
        let target = endpoint.target();
        let is_alone = after.of_target(target).len() == 1;
        match before.find(target, endpoint.address(), is_alone) {
            Some(earlier) => {
                met.insert((target, earlier.address()));
                changes.take(name, earlier, endpoint);
            }
            // The name had addresses, and now it has none or this one is not reached.
            None if !endpoint.is_reached() && !before.of_target(target).is_empty() => {
                changes.not_reached.push(name);
            }
            None => changes.added.push(name),
        }
    }
    for (name, endpoint) in super::names(&old.endpoints).into_iter().zip(&old.endpoints) {
        let target = endpoint.target();
        if met.contains(&(target, endpoint.address())) {
            continue;
        }
        let has_no_address = |later: &&R| later.address().is_none();
        let is_lost = after.of_target(target).iter().any(has_no_address);
        let names = if is_lost { &mut changes.not_reached } else { &mut changes.removed };
        names.extend((!names.contains(&name)).then_some(name));
    }
    changes
}

impl Changes {
    fn take<R: Compared>(&mut self, name: String, old: &R, new: &R) {
        if !old.is_reached() || !new.is_reached() {
            self.not_reached.push(name);
        } else {
            match change(old, new) {
                Some(change) => self.changed.push(change),
                None => self.unchanged += 1,
            }
        }
    }
}

fn change<R: Compared>(old: &R, new: &R) -> Option<EndpointChange> {
    let (before, after) = (old.offers(), new.offers());
    let less = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
    let (gone, come): (Vec<String>, Vec<String>) = (less(&before, &after), less(&after, &before));
    let by_itself = |names: Vec<String>| -> Vec<String> {
        names.into_iter().filter(|name| R::is_asked_for_by_itself(name)).collect()
    };
    let (refused, unseen): (Vec<String>, Vec<String>) =
        gone.into_iter().partition(|name| new.is_listed() || new.refuses(name));
    let (worse, better) = findings(old, new);
    let (certificates, host_keys) = identities(&old.shown(), &new.shown());
    let change = EndpointChange {
        target: new.target().to_owned(),
        address: new.address().map(str::to_owned),
        level: [old, new].map(|e| e.level().name().to_owned()),
        complete: old.is_complete() && new.is_complete(),
        now_offered: if old.is_listed() { come } else { by_itself(come) },
        no_longer_offered: refused,
        not_seen: by_itself(unseen),
        certificates,
        host_keys,
        worse,
        better: if new.is_complete() { better } else { Vec::new() },
    };
    (!change.is_empty()).then_some(change)
}

impl EndpointChange {
    fn is_empty(&self) -> bool {
        let lists = [
            &self.now_offered,
            &self.no_longer_offered,
            &self.not_seen,
            &self.host_keys,
            &self.worse,
            &self.better,
        ];
        self.certificates.is_none() && lists.into_iter().all(Vec::is_empty)
    }
}

/// Certificates, or host keys, that are others than before.
fn identities(old: &Shown, new: &Shown) -> (Option<[Vec<String>; 2]>, Vec<String>) {
    match (old, new) {
        (Shown::Certificates(old), Shown::Certificates(new)) => {
            ((old != new).then(|| [old.clone(), new.clone()]), Vec::new())
        }
        (Shown::HostKeys(old), Shown::HostKeys(new)) => {
            let both = new.iter().filter_map(|(kind, key)| Some((kind, old.get(kind)?, key)));
            let others = both.filter(|(_, old, new)| old != new);
            (None, others.map(|(kind, old, new)| format!("{kind}: {old} → {new}")).collect())
        }
        _ => (None, Vec::new()),
    }
}

/// Checks that are worse and better, each with its level before and after.
fn findings<R: Compared>(old: &R, new: &R) -> (Vec<String>, Vec<String>) {
    let table = |endpoint: &R| -> BTreeMap<(String, String), FindingRow> {
        // The worst comes first; it is kept where a check has several rows for a subject.
        let rows = endpoint.findings().iter().rev();
        rows.map(|f| ((f.check.clone(), f.subject.clone()), f.clone())).collect()
    };
    let (before, after) = (table(old), table(new));
    let passes = Level::Sufficient;
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
            writeln!(out, "{}: {word}", super::text::shown(name))?;
        }
    }
    for change in &changes.changed {
        one(change, lang, out)?;
    }
    let words = lang.of(["ändrade", "oförändrade"], ["changed", "unchanged"]);
    writeln!(out, "{} {} · {} {}", changes.changed.len(), words[0], changes.unchanged, words[1])
}

fn one(change: &EndpointChange, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let [was, is] = change.level.each_ref().map(|level| super::level_named(level, lang));
    let doubt = if change.complete { "" } else { lang.of(" (ofullständigt)", " (incomplete)") };
    let address = change.address.as_ref().filter(|a| **a != change.target);
    let address = address.map(|a| format!(" ({a})")).unwrap_or_default();
    let name = super::text::shown(&format!("{}{address}", change.target));
    writeln!(out, "{name}: {was} → {is}{doubt}")?;
    for (names, word) in [
        (&change.worse, lang.of("sämre", "worse")),
        (&change.better, lang.of("bättre", "better")),
        (&change.now_offered, lang.of("erbjuds nu", "now offered")),
        (&change.no_longer_offered, lang.of("erbjuds inte längre", "no longer offered")),
        (&change.not_seen, lang.of("sågs inte den här gången", "not seen this time")),
        (
            &change.host_keys,
            lang.of(
                "annan värdnyckel (har servern satts upp på nytt, eller står någon emellan?)",
                "another host key (was the server set up anew, or does somebody stand between?)",
            ),
        ),
    ] {
        for name in names {
            writeln!(out, "  {word}: {}", super::text::shown(name))?;
        }
    }
    if let Some([was, is]) = &change.certificates {
        let word = lang.of("certifikat", "certificate");
        writeln!(out, "  {word}: {} → {}", was.join(", "), is.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
