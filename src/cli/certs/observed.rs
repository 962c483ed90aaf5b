//! Certificates that endpoints showed, as earlier scans wrote them down.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use portvakt_model::{SourceId, TlsEndpoint};
use serde::Deserialize;

use super::document::{CertificateRow, KeyRow, LintRow, SeenRow, State, TrustRow};
use super::inventory::Inventory;
use crate::observations;

/// Largest record that is read: some 10 kB for each of a hundred thousand endpoints.
const LARGEST: u64 = 1 << 30;

/// Reads results of scans into the inventory.
pub(super) fn read(paths: &[PathBuf], inventory: &mut Inventory) {
    for path in paths {
        if let Err(failure) = read_one(path, inventory) {
            inventory.failures.push(failure);
        }
    }
}

fn read_one(path: &Path, inventory: &mut Inventory) -> Result<(), String> {
    let shown = path.display().to_string();
    let cannot = |e: std::io::Error| format!("{shown} cannot be read: {e}");
    if std::fs::metadata(path).map_err(cannot)?.len() > LARGEST {
        return Err(format!("{shown} is larger than 1 GiB; split it"));
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    let Ok(answer) = serde_json::from_slice::<Answer>(&bytes) else {
        return read_other(path, &shown, inventory);
    };
    for endpoint in answer.endpoints {
        for leaf in endpoint.certificates {
            let at = endpoint.at.as_deref();
            add(leaf, &SeenRow::endpoint(&shown, &endpoint.target, at), inventory)?;
        }
    }
    Ok(())
}

impl SeenRow {
    fn endpoint(path: &str, target: &str, at: Option<&str>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            endpoint: Some(target.to_owned()),
            at: at.map(str::to_owned),
        }
    }
}

/// Results of other programs, as far as they tell of certificates.
fn read_other(path: &Path, shown: &str, inventory: &mut Inventory) -> Result<(), String> {
    let read = observations::read(&[path.to_owned()], SourceId(0));
    inventory.failures.extend(read.faults.iter().map(ToString::to_string));
    let before = inventory.failures.len();
    let mut any = false;
    for endpoint in &read.observations.tls {
        any |= add_endpoint(endpoint, shown, inventory);
    }
    if any || before > 0 {
        return Ok(());
    }
    Err(format!("{shown} tells of no certificate"))
}

fn add_endpoint(endpoint: &TlsEndpoint, shown: &str, inventory: &mut Inventory) -> bool {
    let at = endpoint.at.to_string();
    for chain in &endpoint.chains {
        for (index, certificate) in chain.certificates.iter().enumerate() {
            let mut row = CertificateRow::of(certificate);
            row.seen = vec![SeenRow::endpoint(shown, &endpoint.target, Some(&at))];
            let trust = || TrustRow::of([&chain.public, &chain.system, &chain.own]);
            row.trust = (index == 0).then(trust);
            inventory.add(row);
        }
    }
    !endpoint.chains.is_empty()
}

/// An answer of `portvakt tls`, as far as it is of use here. Keys that are not known are passed over.
#[derive(Deserialize)]
struct Answer {
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    target: String,
    at: Option<String>,
    #[serde(default)]
    certificates: Vec<Shown>,
}

#[derive(Deserialize)]
struct Shown {
    fingerprint: String,
    not_before: String,
    not_after: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    serial: String,
    #[serde(default)]
    key: Key,
    #[serde(default)]
    signature: String,
    trust: Option<Trusted>,
    #[serde(default)]
    lints: Vec<String>,
    #[serde(default)]
    chain: Vec<Self>,
}

#[derive(Default, Deserialize)]
struct Key {
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    bits: u32,
    curve: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct Trusted {
    public: Option<String>,
    system: Option<String>,
    own: Option<String>,
}

/// A leaf and what was sent above it.
fn add(leaf: Shown, seen: &SeenRow, inventory: &mut Inventory) -> Result<(), String> {
    let mut leaf = leaf;
    for above in std::mem::take(&mut leaf.chain) {
        inventory.add(above.row(seen)?);
    }
    inventory.add(leaf.row(seen)?);
    Ok(())
}

impl Shown {
    fn row(self, seen: &SeenRow) -> Result<CertificateRow, String> {
        let moment = |text: &str| {
            let why = |e| format!("{}: \"{text}\" is no time: {e}", seen.path);
            text.parse::<Timestamp>().map_err(why)
        };
        let is_digest =
            |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_digest(&self.fingerprint) {
            return Err(format!("{}: a fingerprint that is no SHA-256", seen.path));
        }
        let trust = |t: Trusted| TrustRow { public: t.public, system: t.system, own: t.own };
        Ok(CertificateRow {
            begins: moment(&self.not_before)?,
            ends: moment(&self.not_after)?,
            fingerprint: self.fingerprint.to_ascii_lowercase(),
            state: State::default(),
            days_left: 0,
            common_name: None,
            subject: self.subject,
            issuer: self.issuer,
            names: self.names,
            serial: self.serial,
            not_before: self.not_before,
            not_after: self.not_after,
            is_authority: None,
            key: KeyRow {
                algorithm: self.key.algorithm,
                bits: self.key.bits,
                curve: self.key.curve,
                fingerprint: self.key.fingerprint.filter(is_digest),
            },
            signature: self.signature,
            self_signed: None,
            lints: self.lints.iter().map(|name| LintRow::of(name)).collect(),
            trust: self.trust.map(trust),
            same_key: Vec::new(),
            seen: vec![seen.clone()],
        })
    }
}
