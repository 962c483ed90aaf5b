//! Protocols of bytes: LDAP, PostgreSQL, MySQL and RDP.

use nom::IResult;
use nom::Parser as _;
use nom::bytes::complete::{tag, take, take_till};
use nom::combinator::rest;
use nom::number::complete::{be_u8, be_u16, le_u16, le_u24, le_u32};

use super::StartTlsError::{self, NotOffered, Refused, Unexpected};
use super::talk::Talk;
use crate::evidence::shown;

/// An LDAP answer to StartTLS has a code and two texts. This is ample.
const LONGEST_LDAP: usize = 4096;
/// A type, and a length of at most four bytes behind one that counts them.
const LONGEST_BER_HEAD: usize = 6;
/// A MySQL greeting has a version, a plugin's name and 42 bytes beside.
const LONGEST_GREETING: usize = 4096;
/// X.224 has one byte for its length.
const LONGEST_X224: usize = 4 + 1 + 255;

/// UnbindRequest, message 2 (RFC 4511 §4.3).
pub(super) const LDAP_UNBIND: &[u8] = &[0x30, 0x05, 0x02, 0x01, 0x02, 0x42, 0x00];
/// ExtendedRequest, message 1, with the name of StartTLS (RFC 4511 §4.12, §4.14.1).
const LDAP_START: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// RFC 4511 §4.14.
pub(super) async fn ldap(talk: &mut Talk) -> Result<(), StartTlsError> {
    talk.say(LDAP_START).await?;
    let message = talk.until(LONGEST_LDAP, ldap_length).await?;
    let Ok((_, code)) = ldap_result(&message) else {
        return Err(Unexpected(shown(&message)));
    };
    let text = format!("LDAP result {code}: {}", shown(&message));
    match code {
        0 => Ok(()),
        // protocolError: it does not know the operation; unwillingToPerform: it will not do it for
        // anyone. Unavailable (52) may pass (§4.14.2), though Active Directory says it without a key.
        2 | 53 => Err(NotOffered(text)),
        _ => Err(Refused(text)),
    }
}

/// The length of a BER message with its head, once the head is there. What cannot be one is taken as
/// it is, to be refused.
fn ldap_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.len().min(LONGEST_BER_HEAD);
    match (tag(&[0x30][..]), ber_length).parse(bytes) {
        Ok((left, (_, body))) => Some(bytes.len() - left.len() + body),
        Err(_) if head < LONGEST_BER_HEAD && bytes.first().is_none_or(|b| *b == 0x30) => None,
        Err(_) => Some(bytes.len()),
    }
}

fn ber_length(input: &[u8]) -> IResult<&[u8], usize> {
    let (input, first) = be_u8(input)?;
    match first {
        0..=0x7f => Ok((input, usize::from(first))),
        // More than four bytes of length would be more than anyone sends.
        0x81..=0x84 => {
            let (input, bytes) = take(first & 0x7f)(input)?;
            Ok((input, bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b))))
        }
        _ => Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))),
    }
}

/// The result code of an ExtendedResponse to message 1.
fn ldap_result(message: &[u8]) -> IResult<&[u8], u8> {
    let (input, _) = (tag(&[0x30][..]), ber_length).parse(message)?;
    let (input, _) = tag(&[0x02, 0x01, 0x01, 0x78][..])(input)?;
    let (input, _) = ber_length(input)?;
    let (input, _) = tag(&[0x0a, 0x01][..])(input)?;
    be_u8(input)
}

/// "SSL Session Encryption" of the frontend/backend protocol: a message of 8 bytes, and one byte back.
pub(super) async fn postgres(talk: &mut Talk) -> Result<(), StartTlsError> {
    talk.say(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
    match talk.exactly(1).await?[..] {
        [b'S'] => Ok(()),
        [b'N'] => Err(NotOffered("the server answered N to SSLRequest".to_owned())),
        // Servers before 7.0 answer with an error; newer ones when they are full.
        [b'E'] => Err(Refused("the server answered SSLRequest with an error".to_owned())),
        ref other => Err(Unexpected(shown(other))),
    }
}

/// Capabilities of a MySQL client that asks for TLS: protocol 4.1, TLS, and a 20-byte scramble.
const CLIENT_PROTOCOL_41: u32 = 0x0200;
const CLIENT_SSL: u32 = 0x0800;
const CLIENT_SECURE_CONNECTION: u32 = 0x8000;

/// The server greets; a flag in its greeting says whether it has TLS.
pub(super) async fn mysql(talk: &mut Talk) -> Result<(), StartTlsError> {
    let head = talk.exactly(4).await?;
    let length = le_u24::<_, nom::error::Error<&[u8]>>(&head[..]).map_or(0, |(_, n)| n as usize);
    if length == 0 || length > LONGEST_GREETING || head[3] != 0 {
        return Err(Unexpected(shown(&head)));
    }
    let greeting = talk.exactly(length).await?;
    if greeting.first() == Some(&0xff) {
        return Err(Refused(shown(&greeting)));
    }
    let Ok((_, (version, capabilities))) = mysql_greeting(&greeting) else {
        return Err(Unexpected(shown(&greeting)));
    };
    if u32::from(capabilities) & CLIENT_SSL == 0 {
        return Err(NotOffered(format!("{} without the TLS capability", shown(version))));
    }
    talk.say(&mysql_request()).await
}

/// Version, thread, 8 bytes of scramble, a filler, and the lower half of the capabilities.
fn mysql_greeting(input: &[u8]) -> IResult<&[u8], (&[u8], u16)> {
    let (input, (_, version, _)) =
        (tag(&[10][..]), take_till(|b| b == 0), tag(&[0][..])).parse(input)?;
    let (input, (_, _, _, capabilities)) =
        (le_u32, take(8_usize), tag(&[0][..]), le_u16).parse(input)?;
    Ok((input, (version, capabilities)))
}

/// SSLRequest: 32 bytes, the second packet of the exchange.
fn mysql_request() -> Vec<u8> {
    let capabilities = CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION;
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(capabilities.to_le_bytes());
    packet.extend(0x0100_0000_u32.to_le_bytes());
    // utf8mb4_general_ci, and 23 bytes reserved.
    packet.push(45);
    packet.resize(4 + 32, 0);
    packet
}

/// TPKT, X.224 connection request, RDP_NEG_REQ for TLS or CredSSP over TLS (MS-RDPBCGR §2.2.1.1).
const RDP_REQUEST: &[u8] = &[
    0x03, 0x00, 0x00, 0x13, 0x0e, 0xe0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x03,
    0x00, 0x00, 0x00,
];

/// MS-RDPBCGR §2.2.1.2.
pub(super) async fn rdp(talk: &mut Talk) -> Result<(), StartTlsError> {
    talk.say(RDP_REQUEST).await?;
    let packet = talk.until(LONGEST_X224, tpkt_length).await?;
    let shown = || shown(&packet);
    match rdp_confirm(&packet) {
        Ok((_, Some((0x02, 1 | 2)))) => Ok(()),
        Ok((_, Some((0x02, 0)) | None)) => {
            Err(NotOffered(format!("only RDP's own encryption: {}", shown())))
        }
        // SSL_NOT_ALLOWED_BY_SERVER, SSL_CERT_NOT_ON_SERVER.
        Ok((_, Some((0x03, 2 | 3)))) => Err(NotOffered(shown())),
        Ok((_, Some((0x03, _)))) => Err(Refused(shown())),
        _ => Err(Unexpected(shown())),
    }
}

/// The length of a TPKT packet (RFC 1006 §6), once its head is there.
fn tpkt_length(bytes: &[u8]) -> Option<usize> {
    if *bytes.first()? != 3 {
        return Some(bytes.len());
    }
    Some(usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])))
}

/// Type and value of the negotiation in an X.224 connection confirm, when there is one.
fn rdp_confirm(packet: &[u8]) -> IResult<&[u8], Option<(u8, u32)>> {
    let (input, _) = (tag(&[3][..]), be_u8, be_u16).parse(packet)?;
    let (input, (_, code, _, negotiation)) = (be_u8, be_u8, take(5_usize), rest).parse(input)?;
    if code & 0xf0 != 0xd0 {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Tag)));
    }
    if negotiation.is_empty() {
        return Ok((input, None));
    }
    let (input, (kind, _, _, value)) = (be_u8, be_u8, le_u16, le_u32).parse(negotiation)?;
    Ok((input, Some((kind, value))))
}
