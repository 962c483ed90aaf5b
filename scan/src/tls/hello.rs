//! The ClientHello: what we say first (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2).
//!
//! Written by hand, because a library writes only what it could go on with. Nothing here can be gone
//! on with: no key is ever made, the connection ends with the server's answer.

use portvakt_model::TlsVersion;
use portvakt_model::registry::SIGNATURE_SCHEMES;

/// What one hello offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The highest version; in TLS 1.3 the only one.
    pub version: TlsVersion,
    /// Suites, in the client's order.
    pub suites: Vec<u16>,
    /// Key-exchange groups, in the client's order.
    pub groups: Vec<u16>,
    /// Signature schemes, in the client's order.
    pub signatures: Vec<u16>,
    /// The name that is asked for (RFC 6066 §3).
    pub name: Option<String>,
    /// Key shares of TLS 1.3.
    pub shares: Shares,
    /// Application protocols (RFC 7301), in the client's order; none for no extension.
    pub alpn: &'static [&'static str],
}

/// The versions of HTTP that ALPN tells apart, the newer first (RFC 9113 §3.2).
pub const HTTP: [&str; 2] = ["h2", "http/1.1"];

/// Which key shares a hello of TLS 1.3 brings (RFC 8446 §4.2.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shares {
    /// None: the server must name the group that it wants in a HelloRetryRequest. Neither side
    /// computes anything, and a group can be seen whose arithmetic we do not have.
    #[default]
    Empty,
    /// Some for X25519 and P-256, where they are offered, for servers that do not bear an empty list.
    Classical,
}

/// Bytes that differ from hello to hello. Nothing secret rests on them.
#[derive(Clone, Copy, Debug)]
pub struct Randomness {
    /// The client's random.
    pub random: [u8; 32],
    /// The session id, which TLS 1.3 sends to look like a resumption (RFC 8446 §D.4).
    pub session: [u8; 32],
}

impl Randomness {
    /// New bytes.
    pub fn new() -> Self {
        let mut bytes = [0; 64];
        // Were there no entropy, a hello of zeros would ask the same.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        let mut made = Self { random: [0; 32], session: [0; 32] };
        made.random.copy_from_slice(&bytes[..32]);
        made.session.copy_from_slice(&bytes[32..]);
        made
    }
}

impl Default for Randomness {
    fn default() -> Self {
        Self::new()
    }
}

/// The hello as a record.
pub fn client_hello(offer: &Offer, bytes: &Randomness) -> Vec<u8> {
    let mut body = body(offer, bytes, 0);
    let length = body.len() + HANDSHAKE_HEADER;
    // Load balancers of one make hang on hellos of 256 to 511 bytes (RFC 7685 §1).
    if (256..512).contains(&length) && offer.version != TlsVersion::Ssl3 {
        // An extension has a header, so a hello just below the limit comes out a little above it.
        body = self::body(offer, bytes, (512 - length).max(HEADER));
    }
    let mut record = Vec::with_capacity(body.len() + 9);
    record.push(22);
    // Old servers refuse a record version that they do not know (RFC 8446 §5.1).
    let outer = if offer.version == TlsVersion::Ssl3 { 0x0300 } else { 0x0301 };
    put16(&mut record, outer);
    sized16(&mut record, |record| {
        record.push(1);
        record.push(0);
        sized16(record, |record| record.extend_from_slice(&body));
    });
    record
}

const HANDSHAKE_HEADER: usize = 4;

/// The code of a version on the wire; `None` for SSL 2.0, whose hello is of another kind.
pub const fn wire_version(version: TlsVersion) -> Option<u16> {
    match version {
        TlsVersion::Ssl2 => None,
        TlsVersion::Ssl3 => Some(0x0300),
        TlsVersion::Tls10 => Some(0x0301),
        TlsVersion::Tls11 => Some(0x0302),
        TlsVersion::Tls12 => Some(0x0303),
        TlsVersion::Tls13 => Some(0x0304),
    }
}

fn body(offer: &Offer, bytes: &Randomness, padding: usize) -> Vec<u8> {
    let is_13 = offer.version == TlsVersion::Tls13;
    let mut out = Vec::with_capacity(600 + 2 * offer.suites.len());
    let legacy = if is_13 { TlsVersion::Tls12 } else { offer.version };
    put16(&mut out, wire_version(legacy).unwrap_or(0x0300));
    out.extend_from_slice(&bytes.random);
    sized8(&mut out, |out| {
        if is_13 {
            out.extend_from_slice(&bytes.session);
        }
    });
    sized16(&mut out, |out| offer.suites.iter().for_each(|suite| put16(out, *suite)));
    // TLS 1.3 forbids to offer compression (RFC 8446 §4.1.2).
    let compressions: &[u8] = if is_13 { &[0] } else { &[DEFLATE, 0] };
    sized8(&mut out, |out| out.extend_from_slice(compressions));
    // SSL 3.0 knows no extensions, and some of its servers do not pass them over.
    if offer.version != TlsVersion::Ssl3 {
        sized16(&mut out, |out| extensions(out, offer, padding));
    }
    out
}

/// RFC 3749 §2.
const DEFLATE: u8 = 1;

fn extensions(out: &mut Vec<u8>, offer: &Offer, padding: usize) {
    if let Some(name) = &offer.name {
        extension(out, kind::SERVER_NAME, |out| {
            sized16(out, |out| {
                out.push(0);
                sized16(out, |out| out.extend_from_slice(name.as_bytes()));
            });
        });
    }
    extension(out, kind::STATUS_REQUEST, |out| out.extend_from_slice(&[1, 0, 0, 0, 0]));
    if offer.version == TlsVersion::Tls13 {
        extensions_of_13(out, offer);
    } else {
        extensions_until_12(out);
    }
    if !offer.groups.is_empty() {
        extension(out, kind::GROUPS, |out| list16(out, &offer.groups));
    }
    if offer.version >= TlsVersion::Tls12 {
        extension(out, kind::SIGNATURES, |out| list16(out, &offer.signatures));
        // What is left out there is meant for handshakes alone, not for chains.
        if offer.signatures.len() < SIGNATURE_SCHEMES.len() {
            extension(out, kind::SIGNATURES_OF_CERTIFICATES, |out| {
                sized16(out, |out| SIGNATURE_SCHEMES.iter().for_each(|(s, _)| put16(out, *s)));
            });
        }
    }
    if !offer.alpn.is_empty() {
        extension(out, kind::ALPN, |out| {
            sized16(out, |out| {
                let names = offer.alpn.iter().map(|name| name.as_bytes());
                names.for_each(|name| sized8(out, |out| out.extend_from_slice(name)));
            });
        });
    }
    if padding >= HEADER {
        extension(out, kind::PADDING, |out| out.resize(out.len() + padding - HEADER, 0));
    }
}

/// Type and length of an extension.
const HEADER: usize = 4;

fn extensions_until_12(out: &mut Vec<u8>) {
    extension(out, kind::EXTENDED_MASTER_SECRET, |_| ());
    extension(out, kind::ENCRYPT_THEN_MAC, |_| ());
    extension(out, kind::SESSION_TICKET, |_| ());
    extension(out, kind::RENEGOTIATION_INFO, |out| out.push(0));
    // "peer allowed to send": the server says whether it speaks heartbeat at all. None is ever sent.
    extension(out, kind::HEARTBEAT, |out| out.push(1));
    // Uncompressed points only (RFC 8422 §5.1.2).
    extension(out, kind::POINT_FORMATS, |out| out.extend_from_slice(&[1, 0]));
}

fn extensions_of_13(out: &mut Vec<u8>, offer: &Offer) {
    extension(out, kind::VERSIONS, |out| out.extend_from_slice(&[2, 3, 4]));
    // psk_dhe_ke, without which a server gives no ticket (RFC 8446 §4.2.9).
    extension(out, kind::PSK_MODES, |out| out.extend_from_slice(&[1, 1]));
    extension(out, kind::KEY_SHARE, |out| {
        sized16(out, |out| {
            // In the order of the groups (RFC 8446 §4.2.8).
            let shares = offer.groups.iter().filter_map(|g| CLASSICAL.iter().find(|(c, _)| c == g));
            if offer.shares == Shares::Classical {
                shares.for_each(|(group, key)| {
                    put16(out, *group);
                    sized16(out, |out| out.extend_from_slice(key));
                });
            }
        });
    });
}

/// Numbers of extensions (IANA TLS ExtensionType Values).
pub(crate) mod kind {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const STATUS_REQUEST: u16 = 5;
    pub(crate) const GROUPS: u16 = 10;
    pub(crate) const POINT_FORMATS: u16 = 11;
    pub(crate) const SIGNATURES: u16 = 13;
    pub(crate) const HEARTBEAT: u16 = 15;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const PADDING: u16 = 21;
    pub(crate) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(crate) const SESSION_TICKET: u16 = 35;
    pub(crate) const VERSIONS: u16 = 43;
    pub(crate) const PSK_MODES: u16 = 45;
    pub(crate) const SIGNATURES_OF_CERTIFICATES: u16 = 50;
    pub(crate) const KEY_SHARE: u16 = 51;
    pub(crate) const RENEGOTIATION_INFO: u16 = 0xFF01;
}

/// Public keys that are valid and whose private half is known to everybody: the base points of
/// X25519 (RFC 7748 §4.1) and of P-256 (SEC 2 §2.4.2). No secret is ever made with them.
static CLASSICAL: [(u16, &[u8]); 2] = [(29, &X25519_BASE), (23, &P256_BASE)];

const X25519_BASE: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

const P256_BASE: [u8; 65] = [
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40,
    0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2,
    0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E,
    0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51,
    0xF5,
];

pub(crate) fn extension(out: &mut Vec<u8>, number: u16, data: impl FnOnce(&mut Vec<u8>)) {
    put16(out, number);
    sized16(out, data);
}

pub(crate) fn list16(out: &mut Vec<u8>, values: &[u16]) {
    sized16(out, |out| values.iter().for_each(|value| put16(out, *value)));
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// What is written by `data`, with its length before it. All registries together fit in 16 bits.
pub(crate) fn sized16(out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    data(out);
    let length = (out.len() - at - 2) as u16;
    out[at..at + 2].copy_from_slice(&length.to_be_bytes());
}

pub(crate) fn sized8(out: &mut Vec<u8>, data: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    data(out);
    out[at] = (out.len() - at - 1) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(version: TlsVersion) -> Offer {
        Offer {
            version,
            suites: vec![0x1301, 0xC02F],
            groups: vec![29, 23],
            signatures: vec![0x0804],
            name: Some("www.example.se".to_owned()),
            shares: Shares::Empty,
            alpn: &[],
        }
    }

    fn fixed() -> Randomness {
        Randomness { random: [0xAA; 32], session: [0xBB; 32] }
    }

    #[test]
    fn lengths_add_up_and_versions_stand_where_rfc_8446_puts_them() {
        let hello = client_hello(&offer(TlsVersion::Tls13), &fixed());
        assert_eq!(hello[..3], [22, 3, 1]);
        assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
        assert_eq!(hello[5], 1);
        assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
        assert_eq!(hello[9..11], [3, 3]);
        assert_eq!(hello[43], 32);
        let versions = [0, 43, 0, 3, 2, 3, 4];
        assert!(hello.windows(7).any(|w| w == versions));
        let empty_share = [0, 51, 0, 2, 0, 0];
        assert!(hello.windows(6).any(|w| w == empty_share));
    }

    #[test]
    fn protocols_stand_as_rfc_7301_wants_them() {
        let asked = Offer { alpn: &HTTP, ..offer(TlsVersion::Tls12) };
        let hello = client_hello(&asked, &fixed());
        let list = b"\0\x10\0\x0E\0\x0C\x02h2\x08http/1.1";
        assert!(hello.windows(list.len()).any(|w| w == list));
    }

    #[test]
    fn no_hello_is_as_long_as_those_that_load_balancers_drop() {
        for suites in 0..300 {
            let wide = Offer { suites: vec![0xC02F; suites], ..offer(TlsVersion::Tls12) };
            let message = client_hello(&wide, &fixed()).len() - 5;
            assert!(!(256..512).contains(&message), "{suites} suites: {message}");
        }
    }

    #[test]
    fn ssl_3_sends_no_extensions() {
        let hello = client_hello(&offer(TlsVersion::Ssl3), &fixed());
        assert_eq!(hello[..3], [22, 3, 0]);
        assert_eq!(hello[9..11], [3, 0]);
        assert_eq!(hello[hello.len() - 3..], [2, 1, 0]);
    }
}
