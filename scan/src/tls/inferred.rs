//! Known weaknesses that follow from what an endpoint offers. Nothing is sent for them.

use portvakt_model::registry::{KeyExchange, Suite};
use portvakt_model::{Evidence, Offered, TlsEndpoint, TlsVersion, VulnerabilityProbe};

/// What follows from the facts of an endpoint, one row for each weakness. `No` is said only where
/// everything was asked that could show it.
pub fn inferred(endpoint: &TlsEndpoint) -> Vec<VulnerabilityProbe> {
    let seen = Seen { endpoint };
    vec![
        seen.drown(),
        seen.poodle(),
        seen.beast(),
        seen.freak(),
        seen.logjam(),
        seen.sweet32(),
        seen.rc4(),
        seen.lucky13(),
        seen.raccoon(),
        seen.crime(),
    ]
}

struct Seen<'a> {
    endpoint: &'a TlsEndpoint,
}

/// Versions in which a suite of the kind would matter.
const SSL3: &[TlsVersion] = &[TlsVersion::Ssl3];
const UNTIL_TLS10: &[TlsVersion] = &[TlsVersion::Ssl3, TlsVersion::Tls10];
const UNTIL_TLS12: &[TlsVersion] =
    &[TlsVersion::Ssl3, TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12];
const ALL_TLS: &[TlsVersion] = &[TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12];

impl Seen<'_> {
    /// CVE-2016-0800: whoever speaks SSL 2.0 helps to break what other servers with its key encrypt.
    fn drown(&self) -> VulnerabilityProbe {
        let offered = self.offered(TlsVersion::Ssl2);
        row(
            "drown",
            offered,
            match offered {
                Offered::Yes => "SSLv2 is offered".to_owned(),
                Offered::No => {
                    "no SSLv2 here; another server with the same key may have it".to_owned()
                }
                Offered::Unknown => unsure(),
            },
        )
    }

    /// CVE-2014-3566: CBC in SSL 3.0, whose padding is not protected.
    fn poodle(&self) -> VulnerabilityProbe {
        self.by_suites("poodle", SSL3, Suite::is_cbc)
    }

    /// CVE-2011-3389: CBC in SSL 3.0 and TLS 1.0, whose vectors are known beforehand.
    fn beast(&self) -> VulnerabilityProbe {
        self.by_suites("beast", UNTIL_TLS10, Suite::is_cbc)
    }

    /// CVE-2015-0204: RSA keys of 512 bits.
    fn freak(&self) -> VulnerabilityProbe {
        let kind = |suite: Suite| suite.is_export() && suite.exchange() == KeyExchange::Rsa;
        self.by_suites("freak", UNTIL_TLS12, kind)
    }

    /// CVE-2015-4000: Diffie-Hellman in groups that can be broken, 512 bits for export and others below
    /// 1024. A group of 1024 bits is judged by policy.
    fn logjam(&self) -> VulnerabilityProbe {
        let ephemeral =
            |suite: Suite| matches!(suite.exchange(), KeyExchange::Dhe | KeyExchange::DhAnonymous);
        let export = self.by_suites("logjam", UNTIL_TLS12, |s| s.is_export() && ephemeral(s));
        match self.endpoint.dh_bits {
            Some((smallest, _)) if smallest < 1024 => {
                row("logjam", Offered::Yes, format!("a group of {smallest} bits"))
            }
            _ => export,
        }
    }

    /// CVE-2016-2183: ciphers with blocks of 64 bits.
    fn sweet32(&self) -> VulnerabilityProbe {
        let short = |suite: Suite| {
            ["_3DES_", "_DES_", "_DES40_", "_IDEA_", "_RC2_"].iter().any(|n| suite.name.contains(n))
        };
        self.by_suites("sweet32", UNTIL_TLS12, short)
    }

    /// CVE-2013-2566, CVE-2015-2808, and RFC 7465.
    fn rc4(&self) -> VulnerabilityProbe {
        self.by_suites("rc4", UNTIL_TLS12, |suite| suite.name.contains("_RC4_"))
    }

    /// CVE-2013-0169: whether CBC leaks by its timing depends on the implementation, and is not seen.
    fn lucky13(&self) -> VulnerabilityProbe {
        let found = self.by_suites("lucky13", ALL_TLS, Suite::is_cbc);
        depends(found, "is offered; whether its timing leaks is the implementation's affair")
    }

    /// CVE-2020-1968: a Diffie-Hellman key that is used again. One in the certificate always is.
    fn raccoon(&self) -> VulnerabilityProbe {
        let fixed = |suite: Suite| suite.exchange() == KeyExchange::Dh;
        let found = self.by_suites("raccoon", UNTIL_TLS12, fixed);
        if found.vulnerable != Offered::No {
            return found;
        }
        let ephemeral = |suite: Suite| suite.exchange() == KeyExchange::Dhe;
        let found = self.by_suites("raccoon", UNTIL_TLS12, ephemeral);
        depends(found, "is offered; whether its key is used again was not seen")
    }

    /// CVE-2012-4929.
    fn crime(&self) -> VulnerabilityProbe {
        let offered = self.endpoint.traits.compression;
        row(
            "crime",
            offered,
            match offered {
                Offered::Yes => "TLS compression is offered".to_owned(),
                Offered::No => "no TLS compression".to_owned(),
                Offered::Unknown => unsure(),
            },
        )
    }

    fn offered(&self, version: TlsVersion) -> Offered {
        let of = |p: &&portvakt_model::ProtocolSeen| p.version == version;
        self.endpoint.protocols.iter().find(of).map_or(Offered::Unknown, |p| p.offered)
    }

    /// Whether a suite of a kind is offered in one of the versions.
    fn by_suites(
        &self,
        name: &'static str,
        versions: &[TlsVersion],
        kind: impl Fn(Suite) -> bool,
    ) -> VulnerabilityProbe {
        let suites = |version: TlsVersion| {
            let of = self.endpoint.protocols.iter().filter(move |p| p.version == version);
            of.flat_map(|p| &p.suites).filter_map(|code| Suite::of(u16::try_from(*code).ok()?))
        };
        let all = versions.iter().flat_map(|v| suites(*v).map(|suite| (*v, suite)));
        if let Some((version, suite)) = all.into_iter().find(|(_, suite)| kind(*suite)) {
            return row(
                name,
                Offered::Yes,
                format!("{} in {} is offered", suite.name, version.name()),
            );
        }
        if versions.iter().all(|version| self.is_told(*version)) {
            return row(name, Offered::No, "no suite that it needs is offered".to_owned());
        }
        row(name, Offered::Unknown, unsure())
    }

    /// Whether all suites of a version are known, or that it has none.
    fn is_told(&self, version: TlsVersion) -> bool {
        let all = &self.endpoint.protocols;
        all.iter().any(|p| {
            p.version == version
                && (p.offered == Offered::No || p.offered == Offered::Yes && p.complete)
        })
    }
}

fn row(name: &'static str, vulnerable: Offered, detail: String) -> VulnerabilityProbe {
    let evidence = match vulnerable {
        Offered::Unknown => Evidence::Incomplete,
        Offered::Yes | Offered::No => Evidence::Inferred,
    };
    VulnerabilityProbe { name, vulnerable, evidence, detail }
}

fn unsure() -> String {
    "not everything was asked that could show it".to_owned()
}

/// Turns "it is offered" into "it may be".
fn depends(found: VulnerabilityProbe, why: &str) -> VulnerabilityProbe {
    if found.vulnerable != Offered::Yes {
        return found;
    }
    let detail = format!("{} {why}", found.detail);
    VulnerabilityProbe {
        vulnerable: Offered::Unknown,
        evidence: Evidence::Inferred,
        detail,
        ..found
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use portvakt_model::registry::suite_code;
    use portvakt_model::{ProtocolSeen, SuiteOrder, TlsTraits};

    use super::*;

    /// Every version is asked to the end; those named are offered with these suites.
    fn endpoint(offered: &[(TlsVersion, &[&str])]) -> TlsEndpoint {
        let protocol = |version| {
            let of = offered.iter().find(|(v, _)| *v == version);
            let suites = of.map_or(&[][..], |(_, names)| names);
            ProtocolSeen {
                version,
                offered: if of.is_some() { Offered::Yes } else { Offered::No },
                suites: suites.iter().map(|name| suite_code(name).unwrap()).collect(),
                complete: true,
                order: SuiteOrder::Unknown,
            }
        };
        TlsEndpoint {
            target: "www.example:443".to_owned(),
            address: None,
            server_name: None,
            starttls: None,
            at: Timestamp::UNIX_EPOCH,
            connections: 0,
            complete: true,
            enumerated: true,
            doubts: Vec::new(),
            protocols: TlsVersion::ALL.map(protocol).to_vec(),
            groups: Vec::new(),
            signature_schemes: Vec::new(),
            signatures_complete: true,
            dh_bits: None,
            traits: TlsTraits { compression: Offered::No, ..TlsTraits::default() },
            chains: Vec::new(),
            probes: Vec::new(),
            hsts: None,
        }
    }

    fn verdict(endpoint: &TlsEndpoint, name: &str) -> (Offered, Evidence) {
        let row = inferred(endpoint).into_iter().find(|row| row.name == name).unwrap();
        (row.vulnerable, row.evidence)
    }

    const YES: (Offered, Evidence) = (Offered::Yes, Evidence::Inferred);
    const NO: (Offered, Evidence) = (Offered::No, Evidence::Inferred);
    const MAYBE: (Offered, Evidence) = (Offered::Unknown, Evidence::Inferred);
    const UNASKED: (Offered, Evidence) = (Offered::Unknown, Evidence::Incomplete);

    #[test]
    fn a_modern_endpoint_has_none() {
        let modern = endpoint(&[
            (TlsVersion::Tls12, &["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]),
            (TlsVersion::Tls13, &["TLS_AES_128_GCM_SHA256"]),
        ]);
        for row in inferred(&modern) {
            assert_eq!((row.vulnerable, row.evidence), NO, "{}: {}", row.name, row.detail);
        }
    }

    #[test]
    fn each_follows_from_its_own_suites_and_versions() {
        use TlsVersion::{Ssl2, Ssl3, Tls10, Tls12};
        let cbc = "TLS_RSA_WITH_AES_128_CBC_SHA";
        let cases: [(&str, TlsVersion, &str, _); 12] = [
            ("drown", Ssl2, cbc, YES),
            ("poodle", Ssl3, cbc, YES),
            ("poodle", Tls10, cbc, NO),
            ("beast", Tls10, cbc, YES),
            ("beast", Tls12, cbc, NO),
            ("freak", Ssl3, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", YES),
            ("logjam", Tls10, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", YES),
            ("sweet32", Tls12, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", YES),
            ("rc4", Tls12, "TLS_RSA_WITH_RC4_128_SHA", YES),
            ("lucky13", Tls12, cbc, MAYBE),
            ("raccoon", Tls12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", MAYBE),
            ("raccoon", Tls12, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", YES),
        ];
        for (name, version, suite, expected) in cases {
            let seen = endpoint(&[(version, &[suite])]);
            assert_eq!(verdict(&seen, name), expected, "{name} by {suite} in {version:?}");
        }
    }

    #[test]
    fn what_was_not_asked_is_not_denied() {
        let mut seen = endpoint(&[(TlsVersion::Tls12, &["TLS_RSA_WITH_AES_128_GCM_SHA256"])]);
        seen.protocols.iter_mut().for_each(|p| p.complete = false);
        seen.traits.compression = Offered::Unknown;
        for name in ["freak", "sweet32", "rc4", "lucky13", "raccoon", "crime"] {
            assert_eq!(verdict(&seen, name), UNASKED, "{name}");
        }
        // These need versions that were refused.
        assert_eq!(verdict(&seen, "poodle"), NO);
        assert_eq!(verdict(&seen, "beast"), NO);
        seen.protocols.clear();
        assert_eq!(verdict(&seen, "drown"), UNASKED);
    }

    #[test]
    fn a_small_group_is_enough_for_logjam() {
        let mut seen = endpoint(&[(TlsVersion::Tls12, &["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"])]);
        seen.dh_bits = Some((768, 2048));
        assert_eq!(verdict(&seen, "logjam"), YES);
        seen.dh_bits = Some((1024, 2048));
        assert_eq!(verdict(&seen, "logjam"), NO);
    }
}
