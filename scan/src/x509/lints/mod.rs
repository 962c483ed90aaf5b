//! Faults that can be seen in a certificate's bytes alone.
//!
//! One table for each part of a certificate; a lint is a name that states the fault, the clause that forbids it,
//! and a small function that finds it. A rule that came into force on a day is asked of certificates that
//! begin on that day or later, never of older ones. What a lint means in words, and what is to be
//! done, is said where certificates are judged.
//!
//! Not looked for: keys of Debian's broken generator (CVE-2008-0166), whose list is too large to carry;
//! whether timestamps of CT logs are signed by a log; faults of revocation lists, which are not fetched.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use portvakt_model::Certificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::X509Extension;

mod authority;
mod encoding;
mod key;
mod names;
mod public;
mod signature;
mod usage;
mod validity;

/// Every lint, by the part of a certificate that it looks at.
pub static LINTS: &[&[Lint]] = &[
    validity::LINTS,
    key::LINTS,
    signature::LINTS,
    names::LINTS,
    usage::LINTS,
    authority::LINTS,
    encoding::LINTS,
    public::LINTS,
];

/// A fault that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// Its name, which states the fault; stable.
    pub name: &'static str,
    /// Whose certificates it is asked of.
    pub on: On,
    /// For which certificates.
    pub profile: Profile,
    /// How bad it is where no policy says otherwise.
    pub level: Level,
    /// Document and section.
    pub source: &'static str,
    /// Asked of certificates that begin on this day or later.
    pub from: Option<Date>,
    /// Asked of certificates that begin before this day.
    pub until: Option<Date>,
    finds: fn(&Facts<'_>) -> bool,
}

/// Whom a lint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Every certificate, also one from an organisation's own authority.
    Internal,
    /// Certificates of public authorities alone, which are bound by the CA/Browser Forum.
    Public,
}

impl Profile {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }

    /// What a certificate says of itself: it is public when it claims one of the policies that the
    /// CA/Browser Forum reserves (BR §7.1.6.1), or carries timestamps of CT logs (RFC 6962). A chain that leads to
    /// a public root is public whatever it says.
    pub fn of(certificate: &Certificate) -> Self {
        let claims = certificate.policies.iter().any(|p| RESERVED_POLICIES.contains(&p.as_str()));
        if claims || certificate.sct_count > 0 { Self::Public } else { Self::Internal }
    }
}

/// Extended, domain, organisation and individual validated (BR §7.1.6.1).
const RESERVED_POLICIES: [&str; 4] =
    ["2.23.140.1.1", "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3"];

/// Whose certificates a lint is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Any.
    Any,
    /// Those of servers: the leaf of a chain; by itself, one that is no authority's and is not for something else
    /// alone.
    Server,
    /// Those of authorities: basicConstraints says CA:TRUE.
    Authority,
}

/// How bad a fault is, in the words of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A blemish: nothing fails and nobody is let in by it.
    Sufficient,
    /// To be gone when the certificate is renewed.
    PhaseOut,
    /// To be replaced.
    Insufficient,
}

impl Level {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sufficient => "sufficient",
            Self::PhaseOut => "phase_out",
            Self::Insufficient => "insufficient",
        }
    }
}

/// The lint of a name.
pub fn named(name: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().flatten().find(|lint| lint.name == name)
}

/// Where a certificate was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As the leaf of a chain.
    Leaf,
    /// Above the leaf.
    Issuer,
    /// By itself.
    Alone,
}

/// What lints look at.
struct Facts<'a> {
    certificate: &'a Certificate,
    x509: &'a X509Certificate<'a>,
    place: Place,
    begins: Date,
}

/// The names of the lints that find a fault, in the order of the table.
pub(super) fn found(
    certificate: &Certificate,
    x509: &X509Certificate<'_>,
    place: Place,
    profile: Profile,
) -> Vec<&'static str> {
    let begins = certificate.not_before.to_zoned(TimeZone::UTC).date();
    let facts = Facts { certificate, x509, place, begins };
    let profile = profile.max(Profile::of(certificate));
    let asked =
        LINTS.iter().copied().flatten().filter(|l| l.profile <= profile && l.concerns(&facts));
    asked.filter(|lint| (lint.finds)(&facts)).map(|lint| lint.name).collect()
}

impl Lint {
    /// A lint for every certificate of a kind, whenever it began.
    const fn new(
        name: &'static str,
        on: On,
        level: Level,
        source: &'static str,
        finds: fn(&Facts<'_>) -> bool,
    ) -> Self {
        let profile = Profile::Internal;
        Self { name, on, profile, level, source, from: None, until: None, finds }
    }

    /// The same for public certificates alone.
    const fn public(mut self) -> Self {
        self.profile = Profile::Public;
        self
    }

    /// The same for certificates that begin on a day or later.
    const fn from(mut self, year: i16, month: i8, day: i8) -> Self {
        self.from = Some(Date::constant(year, month, day));
        self
    }

    /// The same for certificates that begin before a day.
    const fn until(mut self, year: i16, month: i8, day: i8) -> Self {
        self.until = Some(Date::constant(year, month, day));
        self
    }

    fn concerns(&self, facts: &Facts<'_>) -> bool {
        let on = match self.on {
            On::Any => true,
            On::Server => facts.is_server(),
            On::Authority => facts.is_authority(),
        };
        on && self.from.is_none_or(|day| day <= facts.begins)
            && self.until.is_none_or(|day| facts.begins < day)
    }
}

impl<'a> Facts<'a> {
    fn is_authority(&self) -> bool {
        self.place != Place::Leaf && self.certificate.is_ca == Some(true)
    }

    /// A leaf is a server's whatever it says: a server showed it.
    fn is_server(&self) -> bool {
        match self.place {
            Place::Leaf => true,
            Place::Issuer => false,
            Place::Alone => self.certificate.is_ca != Some(true) && self.may_serve(),
        }
    }

    /// Whether extendedKeyUsage permits a server (RFC 5280 §4.2.1.12).
    fn may_serve(&self) -> bool {
        let serves = |u: &String| u == "serverAuth" || u == "anyExtendedKeyUsage";
        self.certificate.extended_key_usage.as_ref().is_none_or(|usages| usages.iter().any(serves))
    }

    /// An extension by its dotted OID.
    fn extension(&self, oid: &str) -> Option<&'a X509Extension<'a>> {
        self.x509.extensions().iter().find(|e| e.oid.to_id_string() == oid)
    }

    /// Whether an extension is there and is not marked critical.
    fn is_not_critical(&self, oid: &str) -> bool {
        self.extension(oid).is_some_and(|e| !e.critical)
    }

    /// Whether keyUsage has a bit; `None` without the extension.
    fn has_usage(&self, bit: &str) -> Option<bool> {
        self.certificate.key_usage.as_ref().map(|bits| bits.contains(&bit))
    }
}
