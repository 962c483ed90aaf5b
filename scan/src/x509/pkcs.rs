//! Certificates inside PKCS#7 (RFC 2315, RFC 5652) and PKCS#12 (RFC 7292).

use super::der::{INTEGER, OCTET_STRING, OID, SEQUENCE, TAGGED_0, element, elements, expect};
use super::pbe;

/// What a container holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Certificates in DER.
    pub(super) certificates: Vec<Vec<u8>>,
    /// Whether a part of it is encrypted, and was not read.
    pub(super) encrypted: bool,
    /// Whether it holds private keys. They are passed over.
    pub(super) keys: bool,
    /// Whether a part of it could not be understood.
    pub(super) broken: bool,
}

/// 1.2.840.113549.1.7.1, .2 and .6: data, signedData and encryptedData.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
/// 1.2.840.113549.1.12.10.1: the kinds of bags; the last number tells which.
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];
/// 1.2.840.113549.1.9.22.1: a certificate of X.509.
const X509_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
/// Bags in bags that are followed. Nobody nests them; the standard permits it without end.
const DEEPEST: u32 = 4;

/// The certificates beside a signed message, which is how `.p7b` files carry them; `None` when it is none.
pub(super) fn signed_data(bytes: &[u8]) -> Option<Held> {
    let (outer, _) = expect(bytes, SEQUENCE)?;
    let (_, rest) = expect(outer, OID).filter(|(oid, _)| *oid == SIGNED_DATA)?;
    let mut held = Held::default();
    let body = expect(rest, TAGGED_0).and_then(|(tagged, _)| expect(tagged, SEQUENCE));
    held.broken = body.is_none();
    let parts = body.map_or(&[][..], |(body, _)| body);
    for set in elements(parts).filter(|e| e.tag == TAGGED_0) {
        let certificates = elements(set.content).filter(|e| e.tag == SEQUENCE);
        held.certificates.extend(certificates.map(|e| e.whole.to_vec()));
    }
    Some(held)
}

/// The certificates of a PKCS#12 store, as far as they are not encrypted, or one of the passwords opens
/// them; `None` when it is none.
pub(super) fn store(bytes: &[u8], passwords: &[&str]) -> Option<Held> {
    let (outer, _) = expect(bytes, SEQUENCE)?;
    let (_, rest) = expect(outer, INTEGER).filter(|(version, _)| *version == [3])?;
    let (content, _) = expect(rest, SEQUENCE)?;
    let mut held = Held::default();
    let safes = content_of(content, DATA).and_then(|(safes, _)| expect(safes, SEQUENCE));
    held.broken = safes.is_none();
    for safe in elements(safes.map_or(&[][..], |(safes, _)| safes)) {
        match content_of(safe.content, DATA) {
            Some((bags, _)) => read_bags(bags, &mut held, DEEPEST),
            None if is_encrypted(safe.content) => match decrypted(safe.content, passwords) {
                Some(bags) => read_bags(&bags, &mut held, DEEPEST),
                None => held.encrypted = true,
            },
            None => held.broken = true,
        }
    }
    Some(held)
}

/// The octets of a ContentInfo of a kind: `SEQUENCE { OID, [0] { OCTET STRING } }`, from inside.
fn content_of<'a>(info: &'a [u8], kind: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (_, rest) = expect(info, OID).filter(|(oid, _)| *oid == kind)?;
    let (tagged, _) = expect(rest, TAGGED_0)?;
    expect(tagged, OCTET_STRING)
}

/// Encrypted with a password, or to a key (envelopedData).
fn is_encrypted(info: &[u8]) -> bool {
    const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
    expect(info, OID).is_some_and(|(oid, _)| oid == ENCRYPTED_DATA || oid == ENVELOPED_DATA)
}

/// The SafeContents of an EncryptedData (RFC 5652 §8), when one of the passwords opens it.
fn decrypted(info: &[u8], passwords: &[&str]) -> Option<Vec<u8>> {
    /// `[0]`, primitive: the octets in place of an octet string.
    const OCTETS: u8 = 0x80;
    let (_, rest) = expect(info, OID).filter(|(oid, _)| *oid == ENCRYPTED_DATA)?;
    let data = expect(rest, TAGGED_0).and_then(|(tagged, _)| expect(tagged, SEQUENCE))?.0;
    let (_, rest) = expect(data, INTEGER)?;
    let (_, rest) = expect(rest, SEQUENCE).and_then(|(content, _)| expect(content, OID))?;
    let (algorithm, rest) = expect(rest, SEQUENCE)?;
    let (encrypted, _) = expect(rest, OCTETS)?;
    // A wrong password gives right padding once in 256 times, but no sequence.
    let open = |password: &&str| pbe::decrypt(algorithm, encrypted, password);
    passwords.iter().filter_map(open).find(|bags| expect(bags, SEQUENCE).is_some())
}

/// SafeContents: bags with keys, certificates, or bags.
fn read_bags(contents: &[u8], held: &mut Held, deeper: u32) {
    let Some((bags, _)) = expect(contents, SEQUENCE) else {
        held.broken = true;
        return;
    };
    for bag in elements(bags) {
        let kind = expect(bag.content, OID);
        let value = kind.and_then(|(_, rest)| expect(rest, TAGGED_0)).map(|(value, _)| value);
        let kind = kind.and_then(|(oid, _)| oid.strip_prefix(BAG));
        match (kind, value) {
            (Some([1 | 2]), _) => held.keys = true,
            (Some([3]), Some(value)) => match certificate(value) {
                Some(der) => held.certificates.push(der.to_vec()),
                None => held.broken = true,
            },
            (Some([6]), Some(value)) if deeper > 0 => read_bags(value, held, deeper - 1),
            // Revocation lists and secrets.
            (Some([4 | 5]), _) => {}
            _ => held.broken = true,
        }
    }
}

/// CertBag: `SEQUENCE { OID, [0] { OCTET STRING } }`.
fn certificate(value: &[u8]) -> Option<&[u8]> {
    let (bag, _) = expect(value, SEQUENCE)?;
    content_of(bag, X509_CERTIFICATE).map(|(der, _)| der)
}

/// Whether bytes are a private key in DER: PKCS#1 and SEC 1 begin with a number, and so does PKCS#8; the
/// encrypted form of PKCS#8 has an algorithm and octets.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    let Some((outer, _)) = expect(bytes, SEQUENCE) else { return false };
    let Some((first, rest)) = element(outer) else { return false };
    let second = element(rest).map(|(e, _)| e.tag);
    match first.tag {
        INTEGER => {
            matches!((first.content, second), ([0], _) | ([1], Some(OCTET_STRING | SEQUENCE)))
        }
        SEQUENCE => second == Some(OCTET_STRING),
        _ => false,
    }
}
