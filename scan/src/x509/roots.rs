//! Whom to trust: public roots, those of this machine, and the organisation's own.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;
use x509_parser::x509::X509Name;

use super::signature::content;
use super::{facts, parse};

/// Three sets of roots, which are asked one by one.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    pub(super) public: Option<Set>,
    pub(super) system: Option<Set>,
    pub(super) own: Option<Set>,
    problems: Vec<String>,
}

/// One set of roots.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// First and last second of each; `None` where the list names a key without dates.
    validity: Vec<Option<(Timestamp, Timestamp)>>,
    /// Intermediates that are known, but that a server must send all the same.
    pub(super) known: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Mozilla's roots for servers, as they are built in (crate `webpki-roots`). Dates after which Mozilla
    /// distrusts what a root issues are not in that list.
    pub fn public() -> Self {
        let anchors = webpki_roots::TLS_SERVER_ROOTS.to_vec();
        let validity = vec![None; anchors.len()];
        Self { public: Some(Set { anchors, validity, known: Vec::new() }), ..Self::default() }
    }

    /// Reads the roots of this machine too. Where it has none they are not asked, and
    /// [`Roots::problems`] says so.
    #[must_use]
    pub fn with_system(mut self) -> Self {
        let loaded = rustls_native_certs::load_native_certs();
        self.problems.extend(loaded.errors.iter().map(|e| format!("roots of the system: {e}")));
        let mut set = Set::default();
        for der in &loaded.certs {
            // A store holds roots that nothing reads any more; a path that needs one is not found.
            let _ = set.add(der);
        }
        if set.anchors.is_empty() {
            self.problems.push("roots of the system: none were found".to_owned());
        } else {
            self.system = Some(set);
        }
        self
    }

    /// Trusts the organisation's own authorities too, each a certificate in DER. Those that others
    /// of them have issued are intermediates: a server must send them, but they are known.
    #[must_use]
    pub fn with_own(mut self, certificates: &[Vec<u8>]) -> Self {
        let mut set = Set::default();
        let subjects = subjects(certificates);
        for (number, der) in (1..).zip(certificates) {
            if is_intermediate(der, &subjects) {
                set.known.push(der.clone().into());
            } else if let Err(why) = set.add(&der.clone().into()) {
                self.problems.push(format!("own authority {number}: {why}"));
            }
        }
        self.own = Some(set);
        self
    }

    /// What could not be read, in English.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl Set {
    fn add(&mut self, der: &CertificateDer<'_>) -> Result<(), String> {
        let anchor = anchor_from_trusted_cert(der).map_err(|e| e.to_string())?;
        let certificate = facts(&parse(der).map_err(|e| e.to_string())?);
        self.anchors.push(anchor.to_owned());
        self.validity.push(Some((certificate.not_before, certificate.not_after)));
        Ok(())
    }

    /// The roots of this name.
    pub(super) fn named(&self, name: &X509Name<'_>) -> impl Iterator<Item = &TrustAnchor<'static>> {
        let subject = content(name.as_raw());
        self.anchors.iter().filter(move |a| a.subject.as_ref() == subject)
    }

    /// First and last second of a root; `None` where it is not known.
    pub(super) fn validity(&self, anchor: &TrustAnchor<'_>) -> Option<(Timestamp, Timestamp)> {
        let same = |a: &TrustAnchor<'_>| {
            a.subject == anchor.subject
                && a.subject_public_key_info == anchor.subject_public_key_info
        };
        // A root is renewed with the same key and name at times: the one that ends last counts.
        let found = self.anchors.iter().zip(&self.validity).filter(|(a, _)| same(a));
        found.filter_map(|(_, validity)| *validity).max_by_key(|(_, end)| *end)
    }
}

fn subjects(certificates: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let subject = |der: &Vec<u8>| parse(der).ok().map(|x| x.subject().as_raw().to_vec());
    certificates.iter().filter_map(subject).collect()
}

fn is_intermediate(der: &[u8], subjects: &[Vec<u8>]) -> bool {
    parse(der).is_ok_and(|x| {
        let issuer = x.issuer().as_raw();
        issuer != x.subject().as_raw() && subjects.iter().any(|s| s == issuer)
    })
}
