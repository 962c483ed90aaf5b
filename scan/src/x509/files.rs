//! Certificates in files: PEM, DER, PKCS#7, keystores of Java, and PKCS#12 as far as it is not encrypted or a
//! password is known.
//!
//! What a file is, is told by its bytes. Private keys are passed over: not decoded, not kept, and only
//! said to be there.

use std::fmt;

use super::{der, jks, parse, pem, pkcs};

/// Most bytes of a file. A list of all public roots takes some 250,000.
pub const MAX_FILE: usize = 16 << 20;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Certificates, in the order of the file.
    pub certificates: Vec<Held>,
    /// What else was met, in the order of the file.
    pub notes: Vec<Note>,
}

/// A certificate in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its DER. It need not be readable.
    pub der: Vec<u8>,
    /// The line it begins on, from 1; `None` in binary files.
    pub line: Option<u32>,
}

/// Something in a file that is not a certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1; `None` in binary files.
    pub line: Option<u32>,
    /// What it is.
    pub what: What,
}

/// What was met in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A private key, which was passed over.
    PrivateKey,
    /// A part that is encrypted, and was not read.
    Encrypted,
    /// A block of another kind, such as a request or a revocation list.
    Other(String),
    /// Something that ought to be a certificate, or a store of them, and cannot be understood.
    Broken,
    /// Larger than [`MAX_FILE`].
    TooLarge,
}

impl What {
    /// Whether certificates may have been missed by it.
    pub const fn hides_certificates(&self) -> bool {
        matches!(self, Self::Encrypted | Self::Broken | Self::TooLarge)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateKey => f.write_str("private key: passed over"),
            Self::Encrypted => f.write_str("encrypted: not read"),
            Self::Other(kind) => write!(f, "{kind}: passed over"),
            Self::Broken => f.write_str("cannot be understood"),
            Self::TooLarge => write!(f, "larger than {MAX_FILE} bytes: not read"),
        }
    }
}

/// Finds the certificates of a file; `None` when it is of no kind that holds any. The passwords are
/// tried on what is encrypted with one; private keys are not decrypted.
pub fn read(bytes: &[u8], passwords: &[&str]) -> Option<Contents> {
    if bytes.len() > MAX_FILE {
        return Some(Contents {
            notes: vec![Note { line: None, what: What::TooLarge }],
            ..Contents::default()
        });
    }
    let blocks = pem::blocks(bytes);
    if blocks.is_empty() {
        return binary(bytes, passwords);
    }
    let mut contents = Contents::default();
    for block in &blocks {
        read_block(block, passwords, &mut contents);
    }
    Some(contents)
}

fn read_block(block: &pem::Block<'_>, passwords: &[&str], contents: &mut Contents) {
    let line = Some(block.line);
    if block.is_private_key() {
        contents.notes.push(Note { line, what: What::PrivateKey });
        return;
    }
    let is_container = matches!(block.label, "PKCS7" | "CMS" | "PKCS12");
    if !is_container
        && !matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    {
        let kind = super::name::shown(block.label).to_ascii_lowercase();
        contents.notes.push(Note { line, what: What::Other(kind) });
        return;
    }
    match block.decoded() {
        None => contents.notes.push(Note { line, what: What::Broken }),
        Some(bytes) if is_container => match container(&bytes, passwords) {
            Some(held) => take(held, line, contents),
            None => contents.notes.push(Note { line, what: What::Broken }),
        },
        Some(bytes) => contents.certificates.push(Held { der: first(block.label, bytes), line }),
    }
}

/// OpenSSL's trusted certificates are followed by what they are trusted for.
fn first(label: &str, bytes: Vec<u8>) -> Vec<u8> {
    match der::element(&bytes) {
        Some((certificate, _)) if label == "TRUSTED CERTIFICATE" => certificate.whole.to_vec(),
        _ => bytes,
    }
}

/// A file without blocks.
fn binary(bytes: &[u8], passwords: &[&str]) -> Option<Contents> {
    let mut contents = Contents::default();
    let mut note = |what| contents.notes.push(Note { line: None, what });
    if parse(bytes).is_ok() {
        contents.certificates.push(Held { der: bytes.to_vec(), line: None });
    } else if let Some(held) = container(bytes, passwords) {
        take(held, None, &mut contents);
    } else if pkcs::is_private_key(bytes) {
        note(What::PrivateKey);
    } else if seems_certificate(bytes) {
        note(What::Broken);
    } else {
        return None;
    }
    Some(contents)
}

fn container(bytes: &[u8], passwords: &[&str]) -> Option<pkcs::Held> {
    let store = || pkcs::store(bytes, passwords);
    pkcs::signed_data(bytes).or_else(store).or_else(|| jks::keystore(bytes))
}

fn take(held: pkcs::Held, line: Option<u32>, contents: &mut Contents) {
    let found = held.certificates.into_iter().map(|der| Held { der, line });
    contents.certificates.extend(found);
    let met = [
        (held.keys, What::PrivateKey),
        (held.encrypted, What::Encrypted),
        (held.broken, What::Broken),
    ];
    let notes = met.into_iter().filter(|(is, _)| *is).map(|(_, what)| Note { line, what });
    contents.notes.extend(notes);
}

/// A sequence whose first part is a sequence that begins with a version in `[0]`: nothing else does.
fn seems_certificate(bytes: &[u8]) -> bool {
    let head = [der::SEQUENCE, der::SEQUENCE, der::TAGGED_0];
    let mut rest = bytes;
    head.into_iter().all(|tag| {
        let Some((&first, after)) = rest.split_first() else { return false };
        let skipped = match after.first() {
            Some(length @ 0x81..=0x84) => usize::from(length & 0x7f) + 1,
            _ => 1,
        };
        rest = after.get(skipped..).unwrap_or_default();
        first == tag
    })
}
