//! Certificates that endpoints showed, as earlier scans wrote them down.

use std::path::PathBuf;

use portvakt_model::{SourceId, TlsEndpoint};

use super::super::trust::TrustRow;
use super::document::{CertificateRow, NoteRow, SeenRow};
use super::inventory::Inventory;
use crate::observations;

/// Reads results of scans into the inventory.
pub(super) fn read(paths: &[PathBuf], inventory: &mut Inventory) {
    for path in paths {
        let shown = path.display().to_string();
        let read = observations::read(std::slice::from_ref(path), SourceId(0));
        inventory.failures.extend(read.faults.iter().map(ToString::to_string));
        let endpoints = &read.observations.tls;
        if endpoints.is_empty() && read.faults.is_empty() {
            inventory.failures.push(format!("{shown} tells of no TLS endpoint"));
        }
        for endpoint in endpoints {
            add(endpoint, &shown, inventory);
        }
        let bare = endpoints.iter().filter(|endpoint| endpoint.chains.is_empty()).count();
        inventory.notes.extend((bare > 0).then(|| NoteRow::without_certificate(&shown, bare)));
    }
}

/// The certificates of an endpoint; the leaf has what roots said of the chain.
fn add(endpoint: &TlsEndpoint, shown: &str, inventory: &mut Inventory) {
    for chain in &endpoint.chains {
        let trust = TrustRow::of([&chain.public, &chain.system, &chain.own]);
        for (index, certificate) in chain.certificates.iter().enumerate() {
            let mut row = CertificateRow::of(certificate);
            row.seen = vec![SeenRow {
                path: shown.to_owned(),
                line: None,
                endpoint: Some(endpoint.target.clone()),
                at: Some(endpoint.at.to_string()),
            }];
            row.trust = (index == 0).then(|| trust.clone());
            inventory.add(row);
        }
    }
    // What the record could not tell is a certificate less in the inventory.
    let lost = endpoint.doubts.iter().filter(|doubt| doubt.starts_with("the certificate \""));
    let unread = endpoint.chains.iter().flat_map(|chain| &chain.unread);
    let told = lost.chain(unread).map(|why| format!("{shown}: {}: {why}", endpoint.target));
    inventory.failures.extend(told);
}
