//! Names and kinds of TLS code points, as IANA's registry "Transport Layer Security (TLS) Parameters"
//! has them (RFC 8447, RFC 9847), and of SSL 2.0.

mod groups;
mod suites;

pub use groups::{GROUPS, SIGNATURE_SCHEMES};
pub use suites::{SSL2_KINDS, SUITES};

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3): a signal, not a suite.
pub const RENEGOTIATION_SCSV: u16 = 0x00FF;
/// `TLS_FALLBACK_SCSV` (RFC 7507): a signal, not a suite.
pub const FALLBACK_SCSV: u16 = 0x5600;

/// How the two sides come to a common secret, as the name of the suite says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyExchange {
    /// The client sends a secret under the server's RSA key: `TLS_RSA_…`.
    Rsa,
    /// Finite-field Diffie-Hellman with the key of the certificate: `TLS_DH_RSA_…`, `TLS_DH_DSS_…`.
    Dh,
    /// Ephemeral finite-field Diffie-Hellman: `TLS_DHE_…`.
    Dhe,
    /// The same without a certificate: `TLS_DH_anon_…`.
    DhAnonymous,
    /// Elliptic-curve Diffie-Hellman with the key of the certificate: `TLS_ECDH_RSA_…`, `TLS_ECDH_ECDSA_…`.
    Ecdh,
    /// Ephemeral elliptic-curve Diffie-Hellman: `TLS_ECDHE_…`.
    Ecdhe,
    /// The same without a certificate: `TLS_ECDH_anon_…`.
    EcdhAnonymous,
    /// A secret agreed on before (RFC 4279, RFC 5489), also together with one of the others.
    Psk,
    /// A password (RFC 5054).
    Srp,
    /// Kerberos (RFC 2712).
    Kerberos,
    /// GOST R 34.10 (RFC 9189).
    Gost,
    /// A password, by Dragonfly (RFC 8492).
    Dragonfly,
    /// TLS 1.3, whose suites leave it open.
    Open,
}

/// A cipher suite of SSL 3.0 to TLS 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suite {
    /// Its code point.
    pub code: u16,
    /// Its name.
    pub name: &'static str,
}

impl Suite {
    /// The suite with a code point; `None` when nobody registered it.
    pub fn of(code: u16) -> Option<Self> {
        found(SUITES, code).map(|name| Self { code, name })
    }

    /// Every suite, by code point.
    pub fn all() -> impl Iterator<Item = Self> {
        SUITES.iter().map(|&(code, name)| Self { code, name })
    }

    /// How the secret is agreed on.
    pub fn exchange(self) -> KeyExchange {
        if self.is_tls13() {
            return KeyExchange::Open;
        }
        let (_, name) = self.name.split_once('_').unwrap_or_default();
        if name.split("_WITH_").next().is_some_and(|exchange| exchange.contains("PSK")) {
            return KeyExchange::Psk;
        }
        let known = EXCHANGES.iter().find(|(start, _)| name.starts_with(start));
        known.map_or(KeyExchange::Rsa, |(_, exchange)| *exchange)
    }

    /// Whether it is one of TLS 1.3 (RFC 8446 §B.4, RFC 8998, RFC 9150, RFC 9367) and of no older version.
    pub const fn is_tls13(self) -> bool {
        matches!(self.code, 0x1301..=0x1307 | 0x00C6 | 0x00C7 | 0xC0B4 | 0xC0B5 | 0xC103..=0xC106)
    }

    /// Whether it encrypts and protects in one (RFC 5246 §6.2.3.3), which needs TLS 1.2.
    pub fn is_aead(self) -> bool {
        ["_GCM", "_CCM", "CHACHA20", "_AEGIS", "_MGM"].iter().any(|part| self.name.contains(part))
    }

    /// Whether it encrypts by chaining blocks.
    pub fn is_cbc(self) -> bool {
        self.name.contains("_CBC")
    }

    /// Whether it does not encrypt.
    pub fn is_clear(self) -> bool {
        self.name.contains("_NULL") || matches!(self.code, 0xC0B4 | 0xC0B5)
    }

    /// Whether its keys were cut down for export (40 or 56 bits).
    pub fn is_export(self) -> bool {
        self.name.contains("_EXPORT")
    }

    /// Whether a recording cannot be read later with the server's long-term key.
    pub fn is_forward_secret(self) -> bool {
        use KeyExchange::{DhAnonymous, Dhe, Dragonfly, EcdhAnonymous, Ecdhe, Open, Srp};
        let alone = matches!(
            self.exchange(),
            Dhe | DhAnonymous | Ecdhe | EcdhAnonymous | Open | Srp | Dragonfly
        );
        alone || self.exchange() == KeyExchange::Psk && self.name.contains("DHE")
    }

    /// Whether it can only be negotiated in TLS 1.2: an AEAD, or the hash of its name is that of the
    /// version's key derivation (RFC 5246 §5, RFC 5289 §3.1). A suite with a shared secret and SHA-256
    /// may be used in older versions too (RFC 5487 §3, RFC 5489 §3.2).
    pub fn needs_tls12(self) -> bool {
        let newer_hash = self.name.ends_with("_SHA256") || self.name.ends_with("_SHA384");
        !self.is_tls13() && (self.is_aead() || newer_hash && self.exchange() != KeyExchange::Psk)
    }
}

/// How the names of exchanges begin, after `TLS_` or `SSL_`. The first that fits counts.
const EXCHANGES: &[(&str, KeyExchange)] = &[
    ("SRP", KeyExchange::Srp),
    ("KRB5", KeyExchange::Kerberos),
    ("GOST", KeyExchange::Gost),
    ("ECCPWD", KeyExchange::Dragonfly),
    ("ECDH_anon", KeyExchange::EcdhAnonymous),
    ("ECDHE_", KeyExchange::Ecdhe),
    ("ECDH_", KeyExchange::Ecdh),
    ("DH_anon", KeyExchange::DhAnonymous),
    ("DHE_", KeyExchange::Dhe),
    ("DH_", KeyExchange::Dh),
];

/// The name of a suite; of three bytes for SSL 2.0. `0xABCD` when it has none.
pub fn suite_name(code: u32) -> String {
    let ssl2 = || found(SSL2_KINDS, code);
    match u16::try_from(code) {
        Ok(code) => named(SUITES, code),
        Err(_) => ssl2().map_or_else(|| format!("0x{code:06X}"), str::to_owned),
    }
}

/// The code point of a suite, by its name.
pub fn suite_code(name: &str) -> Option<u32> {
    let tls = SUITES.iter().find(|(_, n)| *n == name).map(|(code, _)| u32::from(*code));
    tls.or_else(|| SSL2_KINDS.iter().find(|(_, n)| *n == name).map(|(code, _)| *code))
}

/// The name of a key-exchange group; `0xABCD` when it has none.
pub fn group_name(code: u16) -> String {
    named(GROUPS, code)
}

/// The code point of a key-exchange group, by its name.
pub fn group_code(name: &str) -> Option<u16> {
    GROUPS.iter().find(|(_, n)| *n == name).map(|(code, _)| *code)
}

/// Whether a group joins a classical exchange with one that a quantum computer does not break
/// (RFC 10024, and the drafts before it).
pub const fn is_hybrid(group: u16) -> bool {
    matches!(group, 0x11EB..=0x11EE | 0x6399 | 0x639A)
}

/// The name of a signature scheme; `0xABCD` when it has none.
pub fn signature_name(code: u16) -> String {
    named(SIGNATURE_SCHEMES, code)
}

/// The code point of a signature scheme, by its name.
pub fn signature_code(name: &str) -> Option<u16> {
    SIGNATURE_SCHEMES.iter().find(|(_, n)| *n == name).map(|(code, _)| *code)
}

fn named(table: &[(u16, &str)], code: u16) -> String {
    found(table, code).map_or_else(|| format!("0x{code:04X}"), str::to_owned)
}

fn found<'a, T: Ord + Copy>(table: &[(T, &'a str)], code: T) -> Option<&'a str> {
    table.binary_search_by_key(&code, |(c, _)| *c).ok().map(|at| table[at].1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn rising<T: Ord + Copy>(table: &[(T, &str)]) -> bool {
        let names: BTreeSet<_> = table.iter().map(|(_, name)| name).collect();
        table.is_sorted_by(|a, b| a.0 < b.0) && names.len() == table.len()
    }

    #[test]
    fn tables_are_sorted_and_name_nothing_twice() {
        assert!(rising(SUITES));
        assert!(rising(SSL2_KINDS));
        assert!(rising(GROUPS));
        assert!(rising(SIGNATURE_SCHEMES));
    }

    #[test]
    fn names_and_code_points_are_those_of_the_rfcs() {
        for (code, name) in [
            (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
            (0x1301, "TLS_AES_128_GCM_SHA256"),
            (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            (0xC0B4, "TLS_SHA256_SHA256"),
            (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0x07_00C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
        ] {
            assert_eq!(suite_name(code), name);
            assert_eq!(suite_code(name), Some(code));
        }
        assert_eq!(suite_name(0x4242), "0x4242");
        assert_eq!(group_name(0x11EC), "X25519MLKEM768");
        assert_eq!(group_code("x25519"), Some(29));
        assert_eq!(signature_name(0x0804), "rsa_pss_rsae_sha256");
    }

    #[test]
    fn a_name_tells_how_the_secret_is_agreed_on() {
        let exchange = |name| {
            let code = u16::try_from(suite_code(name).unwrap()).unwrap();
            Suite::of(code).unwrap().exchange()
        };
        for (name, expected) in [
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", KeyExchange::Rsa),
            ("SSL_RSA_FIPS_WITH_DES_CBC_SHA", KeyExchange::Rsa),
            ("TLS_DH_DSS_WITH_AES_128_CBC_SHA", KeyExchange::Dh),
            ("TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", KeyExchange::DhAnonymous),
            ("TLS_ECDH_anon_WITH_NULL_SHA", KeyExchange::EcdhAnonymous),
            ("TLS_ECDH_RSA_WITH_NULL_SHA", KeyExchange::Ecdh),
            ("TLS_PSK_DHE_WITH_AES_128_CCM_8", KeyExchange::Psk),
            ("TLS_RSA_PSK_WITH_NULL_SHA", KeyExchange::Psk),
            ("TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA", KeyExchange::Srp),
            ("TLS_KRB5_EXPORT_WITH_RC4_40_SHA", KeyExchange::Kerberos),
            ("TLS_ECCPWD_WITH_AES_128_GCM_SHA256", KeyExchange::Dragonfly),
            ("TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", KeyExchange::Gost),
            ("TLS_SHA384_SHA384", KeyExchange::Open),
            ("TLS_SM4_GCM_SM3", KeyExchange::Open),
        ] {
            assert_eq!(exchange(name), expected, "{name}");
        }
    }

    #[test]
    fn what_tls_1_1_cannot_negotiate_is_known() {
        let needs = |name: &str| Suite::all().find(|s| s.name == name).unwrap().needs_tls12();
        assert!(needs("TLS_RSA_WITH_AES_128_CBC_SHA256"));
        assert!(needs("TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"));
        assert!(!needs("TLS_RSA_WITH_AES_128_CBC_SHA"));
        assert!(!needs("TLS_PSK_WITH_AES_128_CBC_SHA256"));
        assert!(!needs("TLS_RSA_WITH_RC4_128_MD5"));
    }
}
