//! OCSP answers that servers staple to their certificates (RFC 6066 §8, RFC 6960): what they say, and
//! whether they may say it. Nothing is fetched.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use portvakt_model::{Offered, Revocation, Staple, StapledAnswer};
use x509_parser::certificate::X509Certificate;

use super::der::{self, OCTET_STRING, OID, SEQUENCE, TAGGED_0, element, elements, expect};
use super::signature::{Signed, content, signed, verified};
use super::{facts, parse};

const ENUMERATED: u8 = 0x0a;
const GENERALIZED_TIME: u8 = 0x18;
/// `[1]`, constructed.
const TAGGED_1: u8 = 0xa1;
/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1.
const BASIC: [u8; 9] = [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

/// Most answers about single certificates, and most certificates of responders, that are looked through.
/// A staple has one of each.
const MOST: usize = 16;

/// What a stapled answer says of the leaf of a chain as it was sent.
pub fn staple(sent: &[Vec<u8>], response: &[u8]) -> Staple {
    read(sent, response).map_or_else(|why| Staple::Unusable(why.to_owned()), Staple::Answer)
}

fn read(sent: &[Vec<u8>], response: &[u8]) -> Result<StapledAnswer, &'static str> {
    let [leaf, above @ ..] = sent else { return Err("there is no certificate that it is about") };
    let leaf = parse(leaf).map_err(|_| "the certificate that it is about cannot be read")?;
    let above: Vec<_> = above.iter().take(MOST).filter_map(|der| parse(der).ok()).collect();
    let issuer = above.iter().find(|c| {
        c.subject().as_raw() == leaf.issuer().as_raw() && signed(&leaf, spki(c)) != Signed::No
    });
    let basic = basic(response)?;
    let single = basic.single(&leaf, issuer).ok_or("it is not about this certificate")?;
    Ok(StapledAnswer {
        status: single.status,
        this_update: single.this_update,
        next_update: single.next_update,
        produced_at: basic.produced_at,
        signed: issuer.map_or(Offered::Unknown, |issuer| basic.signed_for(issuer)),
    })
}

/// A basic answer (RFC 6960 §4.2.1), cut into what is looked at.
struct Basic<'a> {
    /// What is signed.
    data: &'a [u8],
    produced_at: Timestamp,
    singles: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// Certificates of responders.
    responders: &'a [u8],
}

/// What it says of one certificate.
struct Single {
    status: Revocation,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

const MALFORMED: &str = "it is not what RFC 6960 describes";

fn basic(response: &[u8]) -> Result<Basic<'_>, &'static str> {
    let (status, rest) = expect(content(response), ENUMERATED).ok_or(MALFORMED)?;
    match status {
        [0] => {}
        // RFC 6960 §4.2.1; what a responder refuses with is not signed and says nothing.
        [1] => return Err("the responder says: malformed request"),
        [2] => return Err("the responder says: internal error"),
        [3] => return Err("the responder says: try later"),
        [5] => return Err("the responder says: the request must be signed"),
        [6] => return Err("the responder says: unauthorised"),
        _ => return Err(MALFORMED),
    }
    let (bytes, _) = expect(rest, TAGGED_0).ok_or(MALFORMED)?;
    let (kind, rest) = expect(content(bytes), OID).ok_or(MALFORMED)?;
    if kind != BASIC {
        return Err("it is of a kind that is not known");
    }
    let (answer, _) = expect(rest, OCTET_STRING).ok_or(MALFORMED)?;
    parts(content(answer)).ok_or(MALFORMED)
}

fn parts(answer: &[u8]) -> Option<Basic<'_>> {
    let (data, rest) = element(answer)?;
    let (algorithm, rest) = expect(rest, SEQUENCE)?;
    let (signature, rest) = element(rest)?;
    let responders = expect(rest, TAGGED_0).map_or(&[][..], |(all, _)| content(all));
    // The version is the first and only one where it is not written.
    let inside = expect(data.content, TAGGED_0).map_or(data.content, |(_, rest)| rest);
    let (_responder, rest) = element(inside)?;
    let (produced_at, rest) = time(rest)?;
    let (singles, _) = expect(rest, SEQUENCE)?;
    let signature = der::bits(signature.whole)?;
    Some(Basic { data: data.whole, produced_at, singles, algorithm, signature, responders })
}

impl Basic<'_> {
    /// What it says of the leaf.
    fn single(
        &self,
        leaf: &X509Certificate<'_>,
        issuer: Option<&X509Certificate<'_>>,
    ) -> Option<Single> {
        let mut about = elements(self.singles).take(MOST).filter_map(|single| {
            let (id, rest) = expect(single.content, SEQUENCE)?;
            is_about(id, leaf, issuer).then_some(rest)
        });
        about.find_map(single)
    }

    /// Whether the issuer signed it, or a responder to which the issuer gave a certificate for that
    /// (RFC 6960 §4.2.2.2).
    fn signed_for(&self, issuer: &X509Certificate<'_>) -> Offered {
        let by = |key: &[u8]| verified(self.data, self.algorithm, self.signature, key);
        let own = by(spki(issuer));
        if own == Signed::Yes {
            return Offered::Yes;
        }
        let ders = elements(self.responders).take(MOST).map(|e| e.whole);
        let responders: Vec<_> = ders.filter_map(|der| parse(der).ok()).collect();
        let named = responders.iter().filter(|r| self.is_responder(r));
        let mut results = named.map(|r| match (signed(r, spki(issuer)), by(spki(r))) {
            (Signed::Yes, Signed::Yes) => Offered::Yes,
            (Signed::No, _) | (_, Signed::No) => Offered::No,
            _ => Offered::Unknown,
        });
        let unverifiable = own == Signed::NotVerifiable;
        match results.by_ref().find(|result| *result != Offered::No) {
            Some(result) => result,
            None if unverifiable => Offered::Unknown,
            None => Offered::No,
        }
    }

    /// Whether a certificate is one for signing such answers, valid when this one was made.
    fn is_responder(&self, certificate: &X509Certificate<'_>) -> bool {
        let facts = facts(certificate);
        let usages = facts.extended_key_usage.unwrap_or_default();
        usages.iter().any(|usage| usage == "OCSPSigning")
            && (facts.not_before..=facts.not_after).contains(&self.produced_at)
    }
}

/// Whether a CertID (RFC 6960 §4.1.1) names the leaf: by its serial number, the hash of its issuer's name,
/// and that of the issuer's key, where the issuer was sent.
fn is_about(id: &[u8], leaf: &X509Certificate<'_>, issuer: Option<&X509Certificate<'_>>) -> bool {
    let told = || {
        let (algorithm, rest) = expect(id, SEQUENCE)?;
        let (oid, _) = expect(algorithm, OID)?;
        let (name, rest) = expect(rest, OCTET_STRING)?;
        let (key, rest) = expect(rest, OCTET_STRING)?;
        let (serial, _) = expect(rest, der::INTEGER)?;
        Some((hash(oid)?, name, key, serial))
    };
    let Some((hash, name, key, serial)) = told() else { return false };
    let is = |bytes: &[u8], told: &[u8]| digest::digest(hash, bytes).as_ref() == told;
    let has_key =
        |issuer: &X509Certificate<'_>| is(&issuer.public_key().subject_public_key.data, key);
    serial == leaf.raw_serial() && is(leaf.issuer().as_raw(), name) && issuer.is_none_or(has_key)
}

/// A hash by its OID (RFC 3279 §2.2.1, RFC 5754 §2).
fn hash(oid: &[u8]) -> Option<&'static digest::Algorithm> {
    const SHA2: [u8; 8] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];
    match (oid, oid.strip_prefix(&SHA2)) {
        ([0x2b, 0x0e, 3, 2, 0x1a], _) => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        (_, Some([1])) => Some(&SHA256),
        (_, Some([2])) => Some(&SHA384),
        (_, Some([3])) => Some(&SHA512),
        _ => None,
    }
}

/// What follows the CertID: the status and the times.
fn single(rest: &[u8]) -> Option<Single> {
    const GOOD: u8 = 0x80;
    const UNKNOWN: u8 = 0x82;
    let (status, rest) = element(rest)?;
    let status = match status.tag {
        GOOD => Revocation::Good,
        UNKNOWN => Revocation::Unknown,
        TAGGED_1 => Revocation::Revoked(time(status.content)?.0),
        _ => return None,
    };
    let (this_update, rest) = time(rest)?;
    let next = match expect(rest, TAGGED_0) {
        Some((next, _)) => Some(time(next)?.0),
        None => None,
    };
    Some(Single { status, this_update, next_update: next })
}

/// `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2), and what follows it.
fn time(input: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest) = expect(input, GENERALIZED_TIME)?;
    let digits = text.strip_suffix(b"Z").filter(|d| d.len() == 14)?;
    let number = |from: usize, to: usize| -> Option<i16> {
        std::str::from_utf8(digits.get(from..to)?).ok()?.parse().ok()
    };
    let part = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let is_digits = digits.iter().all(u8::is_ascii_digit);
    let day = Date::new(number(0, 4)?, part(4)?, part(6)?).ok().filter(|_| is_digits)?;
    let clock = Time::new(part(8)?, part(10)?, part(12)?, 0).ok()?;
    Some((Offset::UTC.to_timestamp(day.to_datetime(clock)).ok()?, rest))
}

fn spki<'a>(certificate: &'a X509Certificate<'_>) -> &'a [u8] {
    content(certificate.public_key().raw)
}
