//! What servers answer: the messages of a handshake's first flight, read with nothing taken on trust.

use nom::bytes::complete::take;
use nom::combinator::all_consuming;
use nom::multi::{length_data, many0};
use nom::number::complete::{be_u8, be_u16, be_u24};
use nom::{IResult, Parser};
use portvakt_model::TlsVersion;
use portvakt_model::registry::{KeyExchange, Suite};

use super::hello::kind;

/// What a server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The version; `None` until a ServerHello was read.
    pub version: Option<TlsVersion>,
    /// The suite.
    pub suite: u16,
    /// The group of the key exchange, where one is named.
    pub group: Option<u16>,
    /// Size of the finite-field modulus in bits, where there is one.
    pub dh_bits: Option<u32>,
    /// With what the key exchange is signed (TLS 1.2).
    pub signature: Option<u16>,
    /// The compression method (RFC 3749); 0 is none.
    pub compression: u8,
    /// Numbers of the extensions in the ServerHello.
    pub extensions: Vec<u16>,
    /// The application protocol (RFC 7301), until TLS 1.2.
    pub alpn: Option<String>,
    /// Whether the random says that the server could do TLS 1.3 (RFC 8446 §4.1.3).
    pub could_do_13: bool,
    /// Certificates as they came, DER, the leaf first (until TLS 1.2).
    pub chain: Vec<Vec<u8>>,
    /// Whether a client certificate is asked for (until TLS 1.2).
    pub client_certificate: bool,
    /// Whether the flight came to its end: ServerHelloDone, or in TLS 1.3 the hello itself.
    pub whole: bool,
}

/// Reads the body of a ServerHello or HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4).
pub fn server_hello(body: &[u8]) -> Option<Chosen> {
    let (_, (version, random, _, suite, compression, extensions)) =
        all_consuming((be_u16, take(32usize), length_data(be_u8), be_u16, be_u8, extension_block))
            .parse(body)
            .ok()?;
    let of = |number| extensions.iter().find(|(n, _)| *n == number).map(|(_, data)| *data);
    let version = match of(kind::VERSIONS) {
        Some(data) => u16::from_be_bytes(data.try_into().ok()?),
        None => version,
    };
    let version = version_of(version)?;
    Some(Chosen {
        version: Some(version),
        suite,
        group: of(kind::KEY_SHARE).and_then(leading16),
        compression,
        extensions: extensions.iter().map(|(number, _)| *number).collect(),
        alpn: of(kind::ALPN).and_then(alpn),
        could_do_13: random.ends_with(b"DOWNGRD\x01"),
        whole: version == TlsVersion::Tls13,
        ..Chosen::default()
    })
}

/// The one name that a server answers with (RFC 7301 §3.1).
fn alpn(data: &[u8]) -> Option<String> {
    let list = opaque16(data).ok()?.1;
    let (name, length) = byte(list)?;
    (usize::from(length) == name.len()).then(|| name.escape_ascii().to_string())
}

/// The version of a code on the wire.
pub const fn version_of(code: u16) -> Option<TlsVersion> {
    match code {
        0x0300 => Some(TlsVersion::Ssl3),
        0x0301 => Some(TlsVersion::Tls10),
        0x0302 => Some(TlsVersion::Tls11),
        0x0303 => Some(TlsVersion::Tls12),
        0x0304 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// Reads the body of a Certificate message until TLS 1.2 (RFC 5246 §7.4.2). What stands there is not
/// looked into.
pub fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_, list) = all_consuming(opaque24).parse(body).ok()?;
    let (_, all) = all_consuming(many0(opaque24)).parse(list).ok()?;
    Some(all.into_iter().map(<[u8]>::to_vec).collect())
}

fn opaque24(bytes: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u24).parse(bytes)
}

fn opaque16(bytes: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u16).parse(bytes)
}

/// Reads what a ServerKeyExchange (RFC 5246 §7.4.3, RFC 8422 §5.4) says of the exchange that `chosen`
/// names, and adds it there. `None` when it cannot be read.
pub fn key_exchange(body: &[u8], chosen: &mut Chosen) -> Option<()> {
    let suite = Suite::of(chosen.suite)?;
    let parameters = match suite.exchange() {
        // A hint comes first (RFC 4279 §2, RFC 5489 §2).
        KeyExchange::Psk => opaque16(body).ok()?.0,
        _ => body,
    };
    let rest = match suite.exchange() {
        KeyExchange::Ecdhe | KeyExchange::EcdhAnonymous => curve(parameters, chosen)?,
        KeyExchange::Dhe | KeyExchange::DhAnonymous => field(parameters, chosen)?,
        KeyExchange::Psk if suite.name.contains("ECDHE") => curve(parameters, chosen)?,
        KeyExchange::Psk if suite.name.contains("DHE") => field(parameters, chosen)?,
        _ => return Some(()),
    };
    let signed = matches!(suite.exchange(), KeyExchange::Ecdhe | KeyExchange::Dhe);
    if signed && chosen.version == Some(TlsVersion::Tls12) {
        chosen.signature = Some(leading16(rest)?);
    }
    Some(())
}

/// `ServerECDHParams`: named curves, and the explicit ones that RFC 8422 took away.
fn curve<'a>(bytes: &'a [u8], chosen: &mut Chosen) -> Option<&'a [u8]> {
    let (rest, form) = byte(bytes)?;
    match form {
        1 => chosen.group = Some(0xFF01),
        2 => chosen.group = Some(0xFF02),
        3 => {
            let (rest, (group, _)) = named_curve(rest).ok()?;
            chosen.group = Some(group);
            return Some(rest);
        }
        _ => return None,
    }
    Some(&[])
}

fn named_curve(bytes: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    (be_u16, length_data(be_u8)).parse(bytes)
}

/// `ServerDHParams`: modulus, generator, public value.
fn field<'a>(bytes: &'a [u8], chosen: &mut Chosen) -> Option<&'a [u8]> {
    let (rest, (modulus, _, _)) = dh_params(bytes).ok()?;
    let start = modulus.iter().position(|b| *b != 0).unwrap_or(modulus.len());
    let modulus = &modulus[start..];
    let bits = modulus.first().map_or(0, |top| modulus.len() as u32 * 8 - top.leading_zeros());
    chosen.dh_bits = Some(bits);
    chosen.group = registered_field(modulus);
    Some(rest)
}

type Three<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn dh_params(bytes: &[u8]) -> IResult<&[u8], Three<'_>> {
    (opaque16, opaque16, opaque16).parse(bytes)
}

/// Which of the groups of RFC 7919 a modulus is. They alone carry the digits of e after 64 ones.
fn registered_field(modulus: &[u8]) -> Option<u16> {
    const START: [u8; 16] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xAD, 0xF8, 0x54, 0x58, 0xA2, 0xBB, 0x4A,
        0x9A,
    ];
    let sizes = [(256, 256), (384, 257), (512, 258), (768, 259), (1024, 260)];
    let size = sizes.iter().find(|(bytes, _)| *bytes == modulus.len());
    size.filter(|_| modulus.starts_with(&START)).map(|(_, group)| *group)
}

/// The extensions at the end of a hello; there may be none (RFC 5246 §7.4.1.2).
fn extension_block(bytes: &[u8]) -> IResult<&[u8], Vec<(u16, &[u8])>> {
    if bytes.is_empty() {
        return Ok((bytes, Vec::new()));
    }
    let (rest, block) = opaque16(bytes)?;
    let (_, all) = all_consuming(many0((be_u16, opaque16))).parse(block)?;
    Ok((rest, all))
}

fn leading16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

fn byte(bytes: &[u8]) -> Option<(&[u8], u8)> {
    bytes.split_first().map(|(first, rest)| (rest, *first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ServerHello of TLS 1.2 by RFC 5246 §7.4.1.3, with `extensions` after the compression method.
    fn hello(version: [u8; 2], random: [u8; 32], suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_vec();
        body.extend(random);
        body.extend([4, 1, 2, 3, 4]);
        body.extend(suite);
        body.push(1);
        if !extensions.is_empty() {
            body.extend((extensions.len() as u16).to_be_bytes());
            body.extend(extensions);
        }
        body
    }

    #[test]
    fn a_hello_of_tls_1_2_tells_suite_compression_and_extensions() {
        let extensions = [0xFF, 0x01, 0, 1, 0, 0, 15, 0, 1, 1];
        let seen = server_hello(&hello([3, 3], [7; 32], [0xC0, 0x2F], &extensions)).unwrap();
        assert_eq!(seen.version, Some(TlsVersion::Tls12));
        assert_eq!((seen.suite, seen.compression, seen.whole), (0xC02F, 1, false));
        assert_eq!(seen.extensions, [0xFF01, 15]);
        let bare = server_hello(&hello([3, 0], [7; 32], [0, 5], &[])).unwrap();
        assert_eq!((bare.version, bare.suite), (Some(TlsVersion::Ssl3), 5));
    }

    #[test]
    fn a_hello_tells_the_one_protocol_that_was_chosen() {
        let of = |extension: &[u8]| {
            server_hello(&hello([3, 3], [7; 32], [0xC0, 0x2F], extension)).unwrap().alpn
        };
        assert_eq!(of(b"\0\x10\0\x05\0\x03\x02h2").as_deref(), Some("h2"));
        assert_eq!(of(b"\0\x10\0\x08\0\x06\x02h2\x02h3"), None, "two are no choice");
        assert_eq!(of(b"\0\x10\0\0"), None);
    }

    #[test]
    fn a_hello_retry_request_tells_version_and_group() {
        let extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0x11, 0xEC];
        let seen = server_hello(&hello([3, 3], [0xCF; 32], [0x13, 0x02], &extensions)).unwrap();
        assert_eq!(seen.version, Some(TlsVersion::Tls13));
        assert_eq!((seen.suite, seen.group, seen.whole), (0x1302, Some(0x11EC), true));
    }

    #[test]
    fn the_mark_of_a_server_that_could_do_tls_1_3_is_seen() {
        let mut random = [7; 32];
        random[24..].copy_from_slice(b"DOWNGRD\x01");
        assert!(server_hello(&hello([3, 3], random, [0xC0, 0x2F], &[])).unwrap().could_do_13);
        random[31] = 0;
        assert!(!server_hello(&hello([3, 1], random, [0, 0x2F], &[])).unwrap().could_do_13);
    }

    #[test]
    fn what_is_cut_or_has_bytes_too_many_is_refused() {
        let whole = hello([3, 3], [7; 32], [0xC0, 0x2F], &[0, 15, 0, 1, 1]);
        // Cut after the compression method it is a hello without extensions, which is whole.
        let bare = whole.len() - 7;
        for cut in (0..whole.len()).filter(|cut| *cut != bare) {
            assert_eq!(server_hello(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(server_hello(&[whole, vec![0]].concat()), None);
    }

    fn chose(suite: u16) -> Chosen {
        Chosen { version: Some(TlsVersion::Tls12), suite, ..Chosen::default() }
    }

    #[test]
    fn a_key_exchange_on_a_curve_tells_group_and_signature() {
        let mut chosen = chose(0xC02F);
        key_exchange(&[3, 0, 29, 3, 9, 9, 9, 8, 4, 0, 1, 5], &mut chosen).unwrap();
        assert_eq!((chosen.group, chosen.signature), (Some(29), Some(0x0804)));
        assert_eq!(key_exchange(&[3, 0, 29, 3, 9, 9], &mut chosen), None);
        let mut with_hint = chose(0xC035);
        key_exchange(&[0, 1, b'x', 3, 0, 23, 1, 9], &mut with_hint).unwrap();
        assert_eq!((with_hint.group, with_hint.signature), (Some(23), None));
    }

    #[test]
    fn a_modulus_is_measured_without_leading_zeros() {
        let mut chosen = chose(0x0034);
        let mut body = vec![0, 66, 0, 0x01];
        body.extend([0xAA; 64]);
        body.extend([0, 1, 2, 0, 1, 3]);
        key_exchange(&body, &mut chosen).unwrap();
        assert_eq!((chosen.dh_bits, chosen.group), (Some(513), None));
    }

    #[test]
    fn the_groups_of_rfc_7919_are_known_by_their_modulus() {
        let mut modulus = vec![0xFF; 256];
        modulus[8..16].copy_from_slice(&[0xAD, 0xF8, 0x54, 0x58, 0xA2, 0xBB, 0x4A, 0x9A]);
        let body = [vec![1, 0], modulus, vec![0, 1, 2, 0, 1, 3, 4, 1, 0, 0]].concat();
        let mut chosen = chose(0x009E);
        key_exchange(&body, &mut chosen).unwrap();
        assert_eq!(
            (chosen.group, chosen.dh_bits, chosen.signature),
            (Some(256), Some(2048), Some(0x0401))
        );
    }

    #[test]
    fn a_chain_is_taken_apart() {
        let chain = certificates(&[0, 0, 9, 0, 0, 2, 1, 2, 0, 0, 1, 3]).unwrap();
        assert_eq!(chain, [vec![1, 2], vec![3]]);
        assert_eq!(certificates(&[0, 0, 9, 0, 0, 2, 1, 2, 0, 0, 2, 3]), None);
        assert_eq!(certificates(&[]), None);
    }
}
