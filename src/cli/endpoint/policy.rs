//! The policy of a run, by name or from a file.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::civil::Date;
use portvakt_checks::crypto::{self, POLICIES, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::output;

/// A policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PolicyRow {
    /// Stable id.
    pub(crate) id: String,
    /// The edition that its rules follow.
    pub(crate) edition: String,
    /// Whether the norm's own text was read. Otherwise it gives no pass.
    pub(crate) read: bool,
    /// What its rules were taken from.
    pub(crate) basis: String,
}

impl PolicyRow {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            id: policy.id.clone(),
            edition: policy.edition.clone(),
            read: policy.read,
            basis: policy.basis.clone(),
        }
    }
}

/// The largest policy file that is read; ours have some 30 kB.
const LARGEST: u64 = 4 << 20;

/// One of ours, or a file. A name that is neither is told with the names that there are.
pub(crate) fn load(name: &str) -> anyhow::Result<Policy> {
    if let Some(policy) = crypto::policy(name) {
        return policy.map_err(|e| anyhow!("the policy {name} is malformed: {e}"));
    }
    let path = Path::new(name);
    let size = std::fs::metadata(path).map(|m| m.len());
    let Ok(size) = size else {
        let known: Vec<&str> = POLICIES.iter().map(|(name, _)| *name).collect();
        return Err(anyhow!(
            "no policy and no file is called \"{name}\"; there are {}",
            known.join(", ")
        ));
    };
    anyhow::ensure!(size <= LARGEST, "{name} is larger than 4 MiB");
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    Policy::read(&text).map_err(|e| anyhow!("{name}:{e}"))
}

/// Writes a policy to a file that [`load`] reads again; the file is replaced whole or not at all.
pub(super) fn save(policy: &Policy, path: &Path, today: Date) -> anyhow::Result<()> {
    let rules = policy.written().context("the policy cannot be written")?;
    output::write(Some(path), |out| {
        writeln!(out, "# portvakt {}: {}, {today}.", env!("CARGO_PKG_VERSION"), policy.basis)?;
        writeln!(
            out,
            "# Of the rules of one item the first that matches decides. Change what you will."
        )?;
        out.write_all(rules.as_bytes())
    })
}
