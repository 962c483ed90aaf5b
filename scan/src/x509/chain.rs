//! Whom a chain is trusted by, and why not.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use portvakt_model::{Certificate, Chain, Trust};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, VerifiedPath};
use x509_parser::certificate::X509Certificate;

use super::extensions::issuer_addresses;
use super::lints::{Place, Profile};
use super::reason::{Found, Reason};
use super::roots::{Roots, Set};
use super::signature::{Signed, content, signed};
use super::{MAX_CHAIN, facts, identity, linted, parse};

/// Most certificates with the same subject that a path is sought through. A peer that sends many would
/// make the search exponential; honest ones send two at most, when an authority has two certificates.
const MOST_OF_ONE_SUBJECT: usize = 4;

/// Judges a chain as it was sent, leaf first: for each set of roots whether a path is found at `now`,
/// with usage serverAuth, and if not, why; and whether the leaf is for `name`.
///
/// Revocation is not asked. What could not be read stands in [`Chain::unread`]; if that is the leaf,
/// `certificates` is empty and no roots are asked.
pub fn chain(
    sent: &[Vec<u8>],
    name: Option<&ServerName<'_>>,
    roots: &Roots,
    now: Timestamp,
) -> Chain {
    let mut chain = Chain::default();
    let mut links = Vec::new();
    for (number, der) in (1..).zip(sent.iter().take(MAX_CHAIN)) {
        match parse(der) {
            Ok(x509) => links.push(Link { certificate: facts(&x509), x509, der }),
            Err(why) => chain.unread.push(format!("certificate {number}: {why}")),
        }
        if links.is_empty() {
            return chain;
        }
    }
    if sent.len() > MAX_CHAIN {
        chain
            .unread
            .push(format!("{} certificates beyond the first {MAX_CHAIN}", sent.len() - MAX_CHAIN));
    }
    let Some(leaf) = links.first() else { return chain };
    chain.name_matches = name.map(|name| identity::is_for(&leaf.certificate, name));
    let sought = Sought { way: way(&links), intermediates: intermediates(&links), now };
    chain.public = sought.trust(roots.public.as_ref());
    chain.system = sought.trust(roots.system.as_ref());
    chain.own = sought.trust(roots.own.as_ref());
    let profile = match chain.public {
        Trust::Trusted => Profile::Public,
        _ => Profile::of(&leaf.certificate),
    };
    for (place, link) in places().zip(links) {
        chain.certificates.push(linted(link.certificate, &link.x509, place, profile));
    }
    chain
}

/// The place of each certificate of a chain.
fn places() -> impl Iterator<Item = Place> {
    std::iter::once(Place::Leaf).chain(std::iter::repeat(Place::Issuer))
}

/// A certificate that was sent.
struct Link<'a> {
    certificate: Certificate,
    x509: X509Certificate<'a>,
    der: &'a [u8],
}

impl Link<'_> {
    /// The content of its SubjectPublicKeyInfo.
    fn spki(&self) -> &[u8] {
        content(self.x509.public_key().raw)
    }
}

/// Each certificate but the leaf, once, and few of each subject.
fn intermediates<'a>(links: &[Link<'a>]) -> Vec<CertificateDer<'a>> {
    let mut seen: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    let mut kept = Vec::new();
    for link in links.iter().skip(1) {
        let same = seen.entry(link.x509.subject().as_raw()).or_default();
        if same.len() < MOST_OF_ONE_SUBJECT && !same.contains(&link.der) {
            same.push(link.der);
            kept.push(CertificateDer::from(link.der));
        }
    }
    kept
}

/// The leaf, its issuer, and so on, as far as they were sent. Of several with the same name the one
/// that signed is taken.
fn way<'s, 'a>(links: &'s [Link<'a>]) -> Vec<&'s Link<'a>> {
    let mut rest: Vec<&Link<'a>> = links.iter().collect();
    let mut way = Vec::new();
    let mut next = (!rest.is_empty()).then_some(0);
    while let Some(index) = next {
        let link = rest.remove(index);
        way.push(link);
        let issuer = link.x509.issuer().as_raw();
        let named = (0..rest.len()).filter(|i| rest[*i].x509.subject().as_raw() == issuer);
        let right = |i: &usize| signed(&link.x509, rest[*i].spki()) == Signed::No;
        next = named.take(MOST_OF_ONE_SUBJECT).min_by_key(right);
        next = next.filter(|_| !link.certificate.self_signed);
    }
    way
}

/// A chain for which a path is sought.
struct Sought<'s, 'a> {
    /// From the leaf upwards, as far as it was sent.
    way: Vec<&'s Link<'a>>,
    intermediates: Vec<CertificateDer<'a>>,
    now: Timestamp,
}

impl Sought<'_, '_> {
    fn trust(&self, set: Option<&Set>) -> Trust {
        let Some(set) = set else { return Trust::NotAsked };
        match self.path(set, &self.intermediates, self.now) {
            Ok(()) => Trust::Trusted,
            Err(error) => Trust::Untrusted(self.reasons(set, &error)),
        }
    }

    /// Whether there is a path to one of the roots at a time.
    fn path(
        &self,
        set: &Set,
        intermediates: &[CertificateDer<'_>],
        at: Timestamp,
    ) -> Result<(), Error> {
        let leaf = CertificateDer::from(self.way.first().map_or(&[][..], |l| l.der));
        let leaf = EndEntityCert::try_from(&leaf)?;
        let time = unix(at);
        let is_alive = |path: &VerifiedPath<'_>| match set.validity(path.anchor()) {
            Some((_, end)) if end < at => Err(Error::CertExpired { time, not_after: unix(end) }),
            _ => Ok(()),
        };
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &set.anchors,
            intermediates,
            time,
            KeyUsage::server_auth(),
            None,
            Some(&is_alive),
        )
        .map(|_| ())
    }

    /// Why there is none. Time hides every other reason, so what is expired is asked again at
    /// the end of its validity.
    fn reasons(&self, set: &Set, error: &Error) -> String {
        let first = self.reason(set, error);
        if let (Reason::Expired(..), Some(leaf)) = (&first, self.way.first())
            && let Err(error) = self.path(set, &self.intermediates, leaf.certificate.not_after)
        {
            let second = self.reason(set, &error);
            if !matches!(second, Reason::Expired(..) | Reason::NotYetValid(..)) {
                return format!("{first}; {second}");
            }
        }
        first.to_string()
    }

    fn reason(&self, set: &Set, error: &Error) -> Reason {
        let leaf = self.way.first().map(|l| &l.certificate);
        match error {
            Error::CertExpired { not_after, .. } => self.expired(timestamp(*not_after)),
            Error::CertNotValidYet { not_before, .. } => self.not_yet(timestamp(*not_before)),
            _ if leaf.is_some_and(|l| l.self_signed) && !self.is_root(set) => Reason::SelfSigned,
            Error::UnknownIssuer => self.unknown(set),
            Error::InvalidSignatureForPublicKey => self.unsigned(set),
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
            | Error::SignatureAlgorithmMismatch => self.not_verifiable(),
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
                Reason::WrongUsage(leaf.map_or_else(Vec::new, wrong_usages))
            }
            Error::CaUsedAsEndEntity => Reason::AuthorityAsServer,
            Error::EndEntityUsedAsCa => Reason::IssuerIsNoAuthority,
            Error::NameConstraintViolation => Reason::Constraint("name constraint"),
            Error::PathLenConstraintViolated => Reason::Constraint("path length"),
            other => Reason::Other(word(other)),
        }
    }

    /// Whether the leaf itself is one of the roots.
    fn is_root(&self, set: &Set) -> bool {
        self.way.first().is_some_and(|leaf| {
            let spki = leaf.spki();
            set.named(leaf.x509.subject()).any(|a| a.subject_public_key_info.as_ref() == spki)
        })
    }

    fn expired(&self, end: Timestamp) -> Reason {
        let ended = self.way.iter().find(|l| l.certificate.not_after < self.now);
        match ended {
            Some(link) => {
                Reason::Expired(link.certificate.subject.clone(), link.certificate.not_after)
            }
            None => Reason::Expired(self.top_issuer(), end),
        }
    }

    fn not_yet(&self, begin: Timestamp) -> Reason {
        let early = self.way.iter().find(|l| l.certificate.not_before > self.now);
        let subject = early.map_or_else(|| self.top_issuer(), |l| l.certificate.subject.clone());
        Reason::NotYetValid(subject, early.map_or(begin, |l| l.certificate.not_before))
    }

    /// Nobody knows the issuer of the last certificate.
    fn unknown(&self, set: &Set) -> Reason {
        let Some(top) = self.way.iter().last() else { return Reason::SelfSigned };
        if top.certificate.self_signed {
            return Reason::UnknownRoot(top.certificate.subject.clone());
        }
        let all = [self.intermediates.as_slice(), set.known.as_slice()].concat();
        let address = issuer_addresses(&top.x509).into_iter().next();
        let found = match address {
            _ if !set.known.is_empty() && self.path(set, &all, self.now).is_ok() => Found::Own,
            Some(address) => Found::At(address),
            None => Found::Nowhere,
        };
        Reason::MissingIntermediate {
            of: top.certificate.subject.clone(),
            issuer: top.certificate.issuer.clone(),
            found,
        }
    }

    /// A signature is wrong, or made with a key of a size that is not verified.
    fn unsigned(&self, set: &Set) -> Reason {
        let wrong = self.pairs().find(|(of, by)| signed(&of.x509, by.spki()) == Signed::No);
        if let Some((of, _)) = wrong {
            return Reason::BadSignature(of.certificate.subject.clone());
        }
        let Some(top) = self.way.last() else { return self.not_verifiable() };
        let mut roots = set.named(top.x509.issuer());
        if roots.any(|a| signed(&top.x509, &a.subject_public_key_info) == Signed::No) {
            return Reason::BadSignature(top.certificate.subject.clone());
        }
        self.not_verifiable()
    }

    fn not_verifiable(&self) -> Reason {
        let of = self.pairs().find(|(of, by)| signed(&of.x509, by.spki()) == Signed::NotVerifiable);
        let text = match of {
            Some((of, by)) => {
                let (of, key) = (&of.certificate, &by.certificate.key);
                let hash = of.signature_hash.map(|h| format!(" ({h})")).unwrap_or_default();
                format!(
                    "the signature of \"{}\", algorithm {}{hash} with a key {} of {} bits, cannot be verified here",
                    of.subject, of.signature_oid, key.algorithm, key.bits
                )
            }
            None => format!("the signature by \"{}\" cannot be verified here", self.top_issuer()),
        };
        Reason::NotVerifiable(text)
    }

    fn top_issuer(&self) -> String {
        self.way.iter().last().map(|l| l.certificate.issuer.clone()).unwrap_or_default()
    }

    /// Each certificate on the way up with its issuer, as far as both were sent.
    fn pairs(&self) -> impl Iterator<Item = (&Link<'_>, &Link<'_>)> {
        self.way.iter().zip(self.way.iter().skip(1)).map(|(of, by)| (*of, *by))
    }
}

/// What the leaf is for, where that is the reason.
fn wrong_usages(leaf: &Certificate) -> Vec<String> {
    let usages = leaf.extended_key_usage.clone().unwrap_or_default();
    if usages.iter().any(|u| u == "serverAuth") { Vec::new() } else { usages }
}

/// The name of an error without what it carries.
fn word(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}

/// No certificate is verified at a time before 1970: none begins earlier.
fn unix(time: Timestamp) -> UnixTime {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn timestamp(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
