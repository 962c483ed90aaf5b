//! What an earlier answer found already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::{FindingRow, Judged};

/// The largest answer that is read: some 10 kB for each of a hundred thousand endpoints.
const LARGEST: u64 = 1 << 30;

/// Reads an answer of ours.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let cannot = || format!("{} cannot be read", path.display());
    let size = std::fs::metadata(path).with_context(cannot)?.len();
    anyhow::ensure!(size <= LARGEST, "{} is larger than 1 GiB", path.display());
    let bytes = std::fs::read(path).with_context(cannot)?;
    // The error of the reader names line and column.
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no answer of this command as JSON", path.display()))
}

/// Marks what the earlier endpoints have too: the same check of the same subject with nothing more
/// observed, at a level that was no better.
pub(crate) fn mark<T: Judged>(endpoints: &mut [T], earlier: &[T]) {
    let earlier: BTreeMap<&str, &[FindingRow]> =
        earlier.iter().map(|e| (e.target(), e.findings())).collect();
    for endpoint in endpoints {
        let Some(before) = earlier.get(endpoint.target()) else { continue };
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
