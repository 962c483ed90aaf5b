//! TLS, X.509 and SSH as a peer showed them: facts, not judgements.
//!
//! Code points are those of IANA's registries (TLS Parameters, SSH Parameters), kept as numbers or
//! names exactly as they were on the wire, known to us or not.

use std::net::SocketAddr;

use jiff::Timestamp;

/// A version of SSL or TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// SSL 2.0 (prohibited by RFC 6176).
    Ssl2,
    /// SSL 3.0 (RFC 6101, prohibited by RFC 7568).
    Ssl3,
    /// TLS 1.0 (RFC 2246, prohibited by RFC 8996).
    Tls10,
    /// TLS 1.1 (RFC 4346, prohibited by RFC 8996).
    Tls11,
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 6] =
        [Self::Ssl2, Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSLv2",
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLS1.0",
            Self::Tls11 => "TLS1.1",
            Self::Tls12 => "TLS1.2",
            Self::Tls13 => "TLS1.3",
        }
    }
}

/// How a fact was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The peer did it before our eyes.
    Tested,
    /// It follows from something else that the peer did.
    Inferred,
    /// The peer stopped answering, or a limit ended the asking: not proof of absence.
    Incomplete,
}

impl Evidence {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tested => "tested",
            Self::Inferred => "inferred",
            Self::Incomplete => "incomplete",
        }
    }
}

/// Whether a peer does something. Silence is not a no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offered {
    /// It does.
    Yes,
    /// It refused in so many words.
    No,
    /// Not asked, or the answer was unclear.
    #[default]
    Unknown,
}

impl Offered {
    /// `Some(true)` for yes, `Some(false)` for no.
    pub const fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

/// Who decides which suite is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuiteOrder {
    /// The server has its own order.
    Server,
    /// The server takes the client's first.
    Client,
    /// Not asked, or there is only one suite.
    #[default]
    Unknown,
}

impl SuiteOrder {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Unknown => "unknown",
        }
    }
}

/// One TLS endpoint as it was seen.
#[derive(Clone, Debug)]
pub struct TlsEndpoint {
    /// As it was asked for: `host:port`.
    pub target: String,
    /// Where it was found; `None` when the name did not resolve.
    pub address: Option<SocketAddr>,
    /// The name that was sent (SNI, RFC 6066 §3).
    pub server_name: Option<String>,
    /// The protocol that TLS was asked for in, `smtp` and so on; `None` for TLS from the first byte.
    pub starttls: Option<&'static str>,
    /// When.
    pub at: Timestamp,
    /// Connections that it took.
    pub connections: u32,
    /// Whether every question was answered. Otherwise `doubts` says what is not known.
    pub complete: bool,
    /// Whether every suite and group was sought (`--full`, or an unclean verdict).
    pub enumerated: bool,
    /// What could not be found out, and why, in English.
    pub doubts: Vec<String>,
    /// What is offered of each version, oldest first.
    pub protocols: Vec<ProtocolSeen>,
    /// Key-exchange groups (IANA TLS Supported Groups), in the server's order where it has one.
    pub groups: Vec<GroupSeen>,
    /// Signature schemes with which the server signed handshakes (IANA TLS SignatureScheme).
    pub signature_schemes: Vec<u16>,
    /// Whether there are no others: they were sought until the server refused what was left.
    pub signatures_complete: bool,
    /// Smallest and largest finite-field Diffie-Hellman modulus seen, in bits.
    pub dh_bits: Option<(u32, u32)>,
    /// Other properties.
    pub traits: TlsTraits,
    /// Certificate chains, one for each different leaf; the leaf comes first.
    pub chains: Vec<Chain>,
    /// Results of active probes, where they were permitted.
    pub probes: Vec<VulnerabilityProbe>,
    /// Header `Strict-Transport-Security`, where HTTP was asked; `Some(None)`: HTTP, without the header.
    pub hsts: Option<Option<String>>,
}

impl TlsEndpoint {
    /// One of which nothing is known yet.
    pub fn unknown(target: String, address: Option<SocketAddr>, at: Timestamp) -> Self {
        Self {
            target,
            address,
            server_name: None,
            starttls: None,
            at,
            connections: 0,
            complete: false,
            enumerated: false,
            doubts: Vec::new(),
            protocols: Vec::new(),
            groups: Vec::new(),
            signature_schemes: Vec::new(),
            signatures_complete: false,
            dh_bits: None,
            traits: TlsTraits::default(),
            chains: Vec::new(),
            probes: Vec::new(),
            hsts: None,
        }
    }
}

/// What is offered of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolSeen {
    /// The version.
    pub version: TlsVersion,
    /// Whether it is offered.
    pub offered: Offered,
    /// Suites (IANA TLS Cipher Suites; for SSLv2 three bytes), in the server's order where it has one.
    pub suites: Vec<u32>,
    /// Whether all suites that it offers are in the list.
    pub complete: bool,
    /// Who decides.
    pub order: SuiteOrder,
}

/// A key-exchange group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSeen {
    /// IANA TLS Supported Groups.
    pub group: u16,
    /// Version that it was seen in.
    pub version: TlsVersion,
}

/// Properties of an endpoint that are no list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsTraits {
    /// `renegotiation_info` (RFC 5746).
    pub secure_renegotiation: Offered,
    /// Whether a client may renegotiate.
    pub client_renegotiation: Offered,
    /// Extended master secret (RFC 7627).
    pub extended_master_secret: Offered,
    /// Encrypt-then-MAC (RFC 7366).
    pub encrypt_then_mac: Offered,
    /// TLS compression (RFC 3749).
    pub compression: Offered,
    /// Heartbeat extension (RFC 6520).
    pub heartbeat: Offered,
    /// Downgrade protection by `TLS_FALLBACK_SCSV` (RFC 7507).
    pub fallback_scsv: Offered,
    /// Session tickets (RFC 5077, RFC 8446 §4.6.1).
    pub tickets: Offered,
    /// Session tickets in TLS 1.2 and earlier (RFC 5077), which may carry the keys of past sessions.
    pub tickets_12: Offered,
    /// Whether a session was resumed.
    pub resumption: Offered,
    /// Early data, 0-RTT (RFC 8446 §2.3).
    pub early_data: Offered,
    /// Stapled OCSP answer (RFC 6066 §8).
    pub ocsp_staple: Offered,
    /// Whether a client certificate is asked for.
    pub client_certificate: Offered,
    /// Whether it answers without SNI.
    pub answers_without_sni: Offered,
    /// Protocols chosen by ALPN (RFC 7301), of those that were offered: HTTP/2 and HTTP/1.1.
    pub alpn: Vec<String>,
}

/// An active probe for a known weakness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VulnerabilityProbe {
    /// Its name: `heartbleed`, `ccs-injection`, `robot`, `ticketbleed`, …
    pub name: &'static str,
    /// Whether it is there.
    pub vulnerable: Offered,
    /// How that is known.
    pub evidence: Evidence,
    /// Bytes or words that show it, for a person.
    pub detail: String,
}

/// A chain as a peer sent it, or as a file holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Certificates in the order they came; empty when the leaf could not be read.
    pub certificates: Vec<Certificate>,
    /// Certificates that came and could not be read, and why, in English.
    pub unread: Vec<String>,
    /// Whether a path to a public root (Mozilla's) was found for the leaf.
    pub public: Trust,
    /// The same for the roots of the machine that we run on.
    pub system: Trust,
    /// The same for the municipality's own roots.
    pub own: Trust,
    /// Whether the leaf is valid for the name that was asked for; `None` when none was.
    pub name_matches: Option<bool>,
    /// What the stapled OCSP answer says of the leaf; `None` where none came. Revocation is not
    /// asked in any other way.
    pub staple: Option<Staple>,
}

/// An OCSP answer that a server stapled to its certificate (RFC 6066 §8, RFC 6960).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staple {
    /// It cannot be read, or is no answer about this certificate; why, in English.
    Unusable(String),
    /// It is about this certificate.
    Answer(StapledAnswer),
}

/// What a stapled OCSP answer says (RFC 6960 §4.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StapledAnswer {
    /// Whether the certificate is revoked.
    pub status: Revocation,
    /// When that was known to be right.
    pub this_update: Timestamp,
    /// When newer information will be there at the latest, where stated.
    pub next_update: Option<Timestamp>,
    /// When the answer was signed.
    pub produced_at: Timestamp,
    /// Whether the issuer, or a responder that the issuer named, signed it; unknown where the issuer's
    /// certificate was not sent, or the signature cannot be verified.
    pub signed: Offered,
}

/// What an authority says of a certificate (RFC 6960 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is not known to be revoked.
    Good,
    /// It was revoked at a time.
    Revoked(Timestamp),
    /// The responder does not know the certificate.
    Unknown,
}

impl Revocation {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked(_) => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether a path to a trusted root was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// These roots were not asked.
    #[default]
    NotAsked,
    /// A valid path was found.
    Trusted,
    /// None was; why, in English. The text begins with a word for the reason and a colon:
    /// `self-signed`, `missing-intermediate`, `unknown-root`, `expired`, `not-yet-valid`, `wrong-usage`,
    /// `authority-as-server`, `issuer-is-no-authority`, `constraint`, `bad-signature`, `not-verifiable`
    /// or `refused`.
    Untrusted(String),
}

/// What a certificate says (RFC 5280).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its DER.
    pub fingerprint: [u8; 32],
    /// Subject, RFC 4514.
    pub subject: String,
    /// Common names in the subject.
    pub common_names: Vec<String>,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// Serial number, as hexadecimal.
    pub serial: String,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// DNS names of subjectAltName.
    pub dns_names: Vec<String>,
    /// IP addresses of subjectAltName, as text.
    pub ip_names: Vec<String>,
    /// Whether subjectAltName is there at all.
    pub has_san: bool,
    /// The key.
    pub key: PublicKey,
    /// Signature algorithm: its dotted OID.
    pub signature_oid: String,
    /// Hash of the signature: `sha256`, `sha1`, `md5`; `None` where it has none of its own (Ed25519) or it is not known.
    pub signature_hash: Option<&'static str>,
    /// basicConstraints: whether it is a CA; `None` without the extension.
    pub is_ca: Option<bool>,
    /// Bits of keyUsage by name (`digitalSignature`, …); `None` without the extension.
    pub key_usage: Option<Vec<&'static str>>,
    /// extendedKeyUsage: names (`serverAuth`, …) or OIDs; `None` without the extension.
    pub extended_key_usage: Option<Vec<String>>,
    /// Whether it is signed with its own key.
    pub self_signed: bool,
    /// Embedded signed certificate timestamps (RFC 6962).
    pub sct_count: usize,
    /// TLS feature `status_request` (RFC 7633), must-staple.
    pub must_staple: bool,
    /// OCSP addresses (AIA).
    pub ocsp: Vec<String>,
    /// CRL addresses.
    pub crl: Vec<String>,
    /// Certificate policies, as OIDs.
    pub policies: Vec<String>,
    /// Names of the faults that can only be seen in its bytes and extensions; each is a lint of ours.
    pub lints: Vec<&'static str>,
}

/// A public key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKey {
    /// `rsa`, `ec`, `ed25519`, `ed448`, `dsa`, `rsa-pss`, `ml-dsa`, or the OID.
    pub algorithm: String,
    /// Exact size in bits; for EC that of the field.
    pub bits: u32,
    /// Name of the curve: `P-256`, `secp256k1`, …
    pub curve: Option<String>,
    /// RSA's public exponent, where it fits.
    pub exponent: Option<u64>,
    /// SHA-256 of the SubjectPublicKeyInfo: equal for the same key.
    pub fingerprint: [u8; 32],
}

/// One SSH endpoint as it was seen.
#[derive(Clone, Debug)]
pub struct SshEndpoint {
    /// As it was asked for: `host:port`.
    pub target: String,
    /// Where it was found.
    pub address: Option<SocketAddr>,
    /// When.
    pub at: Timestamp,
    /// Connections that it took.
    pub connections: u32,
    /// Whether every question was answered.
    pub complete: bool,
    /// What could not be found out, in English.
    pub doubts: Vec<String>,
    /// Identification string (RFC 4253 §4.2).
    pub banner: String,
    /// Key exchange methods, in the server's order.
    pub kex: Vec<String>,
    /// Host key algorithms.
    pub host_key_algorithms: Vec<String>,
    /// Ciphers to the server and from it.
    pub ciphers: [Vec<String>; 2],
    /// MACs to the server and from it.
    pub macs: [Vec<String>; 2],
    /// Compression to the server and from it.
    pub compression: [Vec<String>; 2],
    /// Host keys that were shown.
    pub host_keys: Vec<HostKey>,
    /// Smallest modulus that group exchange gave, in bits.
    pub gex_bits: Option<u32>,
}

impl SshEndpoint {
    /// One of which nothing is known yet.
    pub fn unknown(target: String, address: Option<SocketAddr>, at: Timestamp) -> Self {
        Self {
            target,
            address,
            at,
            connections: 0,
            complete: false,
            doubts: Vec::new(),
            banner: String::new(),
            kex: Vec::new(),
            host_key_algorithms: Vec::new(),
            ciphers: Default::default(),
            macs: Default::default(),
            compression: Default::default(),
            host_keys: Vec::new(),
            gex_bits: None,
        }
    }
}

/// A host key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// Its type: `ssh-ed25519`, `ssh-rsa`, …
    pub kind: String,
    /// Size in bits.
    pub bits: u32,
    /// SHA-256 of the key blob.
    pub fingerprint: [u8; 32],
}
