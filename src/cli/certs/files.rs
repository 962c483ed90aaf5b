//! Certificates in files and folders.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use portvakt_model::Certificate;
use portvakt_scan::x509::files::{Contents, Held, MAX_FILE, read as contents_of};
use portvakt_scan::x509::{Roots, certificate, chain};
use rayon::prelude::*;

use super::super::trust::TrustRow;
use super::document::{CertificateRow, NoteRow, SeenRow};
use super::inventory::Inventory;

/// How a file came to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It was named.
    ByName,
    /// It lies in a folder, where most files hold no certificate.
    InFolder,
}

/// Reads files and folders into the inventory. The passwords are tried on encrypted stores.
pub(super) fn read(
    paths: &[PathBuf],
    passwords: &[&str],
    roots: &Roots,
    inventory: &mut Inventory,
) {
    let files = list(paths, inventory);
    let now = inventory.now();
    let read = |(path, asked): &(PathBuf, Asked)| {
        let contents = contents(path, *asked, passwords)?;
        let rows = rows(path, &contents, |certificate, sent| {
            is_for_servers(certificate).then(|| {
                let judged = chain(&sent, None, roots, now);
                TrustRow::of([&judged.public, &judged.system, &judged.own])
            })
        });
        Ok::<_, String>((contents, rows))
    };
    let results: Vec<_> = files.par_iter().map(read).collect();
    for ((path, _), result) in files.iter().zip(results) {
        match result {
            Err(failure) => inventory.failures.push(failure),
            Ok((contents, rows)) => take(path, &contents, rows, inventory),
        }
    }
}

/// The certificates of authorities in files, in DER.
pub(super) fn authorities(paths: &[PathBuf], inventory: &mut Inventory) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for path in paths {
        match contents(path, Asked::ByName, &[""]) {
            Err(failure) => inventory.failures.push(failure),
            Ok(contents) => {
                take(path, &contents, Vec::new(), inventory);
                found.extend(contents.certificates.into_iter().map(|held| held.der));
            }
        }
    }
    found
}

/// Files with how they were asked for: a folder's are those below it that are not hidden, sorted. Links are
/// followed, for that is how stores of certificates are laid out; each file is read once.
fn list(paths: &[PathBuf], inventory: &mut Inventory) -> Vec<(PathBuf, Asked)> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let asked = if path.is_dir() { Asked::InFolder } else { Asked::ByName };
        let mut walk = WalkBuilder::new(path);
        walk.git_ignore(false).git_global(false).git_exclude(false).ignore(false).parents(false);
        walk.follow_links(true).sort_by_file_path(Ord::cmp);
        for entry in walk.build() {
            match entry {
                Ok(e) if e.file_type().is_some_and(|t| t.is_file()) => {
                    let real = e.path().canonicalize().unwrap_or_else(|_| e.path().to_owned());
                    if seen.insert(real) {
                        files.push((e.into_path(), asked));
                    }
                }
                Ok(_) => {}
                Err(e) => inventory.failures.push(format!("{}: {e}", path.display())),
            }
        }
    }
    files
}

/// What a file holds. One in a folder that is of another kind holds nothing.
fn contents(path: &Path, asked: Asked, passwords: &[&str]) -> Result<Contents, String> {
    let cannot = |e: std::io::Error| format!("{} cannot be read: {e}", path.display());
    let mut file = File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    // One byte more tells that it is too large; devices and pipes end there too.
    file.by_ref().take(MAX_FILE as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    match contents_of(&bytes, passwords) {
        Some(_) if asked == Asked::InFolder && bytes.len() > MAX_FILE && !holds_block(&bytes) => {
            Ok(Contents::default())
        }
        Some(contents) => Ok(contents),
        None if asked == Asked::InFolder => Ok(Contents::default()),
        None => Err(format!("{} holds no certificate that is known", path.display())),
    }
}

/// Whether a file that is too large to read has certificates in text at all; an image of a disk has none.
fn holds_block(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// The certificates of a file as rows, or why one cannot be read.
fn rows(
    path: &Path,
    contents: &Contents,
    trust: impl Fn(&Certificate, Vec<Vec<u8>>) -> Option<TrustRow>,
) -> Vec<Result<CertificateRow, String>> {
    let row = |(index, held): (usize, &Held)| {
        let place = held.line.map(|line| format!(":{line}")).unwrap_or_default();
        let read = certificate(&held.der).map_err(|e| format!("{}{place}: {e}", path.display()))?;
        let mut row = CertificateRow::of(&read);
        row.trust = trust(&read, from(contents, index));
        row.seen = vec![SeenRow {
            path: path.display().to_string(),
            line: held.line,
            endpoint: None,
            at: None,
        }];
        Ok(row)
    };
    contents.certificates.iter().enumerate().map(row).collect()
}

/// A certificate of a file, and then all others of it.
fn from(contents: &Contents, index: usize) -> Vec<Vec<u8>> {
    let all = &contents.certificates;
    let first = all.iter().skip(index).take(1);
    let others = all.iter().take(index).chain(all.iter().skip(index + 1));
    first.chain(others).map(|held| held.der.clone()).collect()
}

/// Roots are asked of what a server may show; they say nothing of authorities and of persons.
fn is_for_servers(certificate: &Certificate) -> bool {
    let serves = |u: &String| u == "serverAuth" || u == "anyExtendedKeyUsage";
    certificate.is_ca != Some(true)
        && certificate.extended_key_usage.as_ref().is_none_or(|usages| usages.iter().any(serves))
}

fn take(
    path: &Path,
    contents: &Contents,
    rows: Vec<Result<CertificateRow, String>>,
    inventory: &mut Inventory,
) {
    let shown = path.display().to_string();
    for row in rows {
        match row {
            Ok(row) => inventory.add(row),
            Err(failure) => inventory.failures.push(failure),
        }
    }
    for note in &contents.notes {
        let row = NoteRow::new(&shown, note);
        if note.what.hides_certificates() {
            let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
            inventory.failures.push(format!("{shown}{line}: {}", row.note));
        } else {
            inventory.notes.push(row);
        }
    }
}
