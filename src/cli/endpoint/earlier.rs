//! Answers that were given before: read, and put beside those of today.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::document::Document;
use super::{FindingRow, Judged, Row};

/// The largest answer that is read: some 10 kB for each of a hundred thousand endpoints.
const LARGEST: u64 = 1 << 30;

/// Reads an answer of a command.
pub(crate) fn read<R: Row + DeserializeOwned>(path: &Path) -> anyhow::Result<Document<R>> {
    let shown = path.display();
    let cannot = || format!("{shown} cannot be read");
    let size = std::fs::metadata(path).with_context(cannot)?.len();
    anyhow::ensure!(size <= LARGEST, "{shown} is larger than 1 GiB");
    let bytes = std::fs::read(path).with_context(cannot)?;
    // The error of the reader names line and column.
    let document: Document<R> = serde_json::from_slice(&bytes)
        .with_context(|| format!("{shown} is no answer of `{} --format json`", R::COMMAND))?;
    let (theirs, ours) = (&document.schema, R::SCHEMA);
    anyhow::ensure!(
        theirs == ours,
        "{shown} has the schema {theirs}, and only {ours} is read: it is of another command or version"
    );
    Ok(document)
}

/// Endpoints of one answer, to be found by those of another.
pub(super) struct Index<'a, T>(BTreeMap<&'a str, Vec<&'a T>>);

impl<'a, T: Judged> Index<'a, T> {
    pub(super) fn of(endpoints: &'a [T]) -> Self {
        let mut of_target: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
        for endpoint in endpoints {
            of_target.entry(endpoint.target()).or_default().push(endpoint);
        }
        Self(of_target)
    }

    /// The endpoints of a target, one for each address.
    pub(super) fn of_target(&self, target: &str) -> &[&'a T] {
        self.0.get(target).map_or(&[], Vec::as_slice)
    }

    /// The same endpoint: at the same address, or at another where the name has one in both answers.
    pub(super) fn find(
        &self,
        target: &str,
        address: Option<&str>,
        is_alone: bool,
    ) -> Option<&'a T> {
        let all = self.of_target(target);
        let exact = all.iter().find(|e| e.address() == address);
        let moved = || all.first().filter(|_| is_alone && all.len() == 1);
        exact.or_else(moved).copied()
    }
}

/// Marks what the earlier endpoints have too: the same check of the same subject with nothing more
/// observed, at a level that was no better.
pub(super) fn mark<T: Judged>(endpoints: &mut [T], earlier: &[T]) {
    let earlier = Index::of(earlier);
    let known: Vec<&[FindingRow]> = {
        let own = Index::of(endpoints);
        let before = |e: &T| {
            let is_alone = own.of_target(e.target()).len() == 1;
            earlier.find(e.target(), e.address(), is_alone)
        };
        endpoints.iter().map(|e| before(e).map_or(&[][..], Judged::findings)).collect()
    };
    for (endpoint, before) in endpoints.iter_mut().zip(known) {
        for finding in endpoint.findings_mut() {
            finding.known = before.iter().any(|old| covers(old, finding));
        }
    }
}

fn covers(old: &FindingRow, new: &FindingRow) -> bool {
    let seen: BTreeSet<&String> = old.observed.iter().collect();
    old.check == new.check
        && old.subject == new.subject
        && old.level() >= new.level()
        && new.observed.iter().all(|name| seen.contains(name))
}
