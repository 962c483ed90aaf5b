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
    /// Whether the random says that the server could do TLS 1.3 (RFC 8446 §4.1.3).
    pub could_do_13: bool,
    /// Certificates as they came, DER, the leaf first (until TLS 1.2).
    pub chain: Vec<Vec<u8>>,
    /// Whether a certificate status came (RFC 6066 §8).
    pub staple: bool,
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
        could_do_13: random.ends_with(b"DOWNGRD\x01"),
        whole: version == TlsVersion::Tls13,
        ..Chosen::default()
    })
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

fn dh_params(bytes: &[u8]) -> IResult<&[u8], (&[u8], &[u8], &[u8])> {
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
