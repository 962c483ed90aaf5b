//! SSL 2.0 (draft-hickman-netscape-ssl-00), which must never be answered (RFC 6176).
//!
//! One hello suffices: the server lists every cipher kind that both sides have.

use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};
use portvakt_model::registry::SSL2_KINDS;

use super::refusal::Refusal;

/// What a server says to a hello of SSL 2.0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssl2Hello {
    /// Cipher kinds, three bytes each, as they came.
    pub kinds: Vec<u32>,
    /// Its certificate, DER; empty when it sent none.
    pub certificate: Vec<u8>,
}

/// The hello that offers every cipher kind.
pub fn client_hello(challenge: [u8; 16]) -> Vec<u8> {
    let kinds = SSL2_KINDS.iter().flat_map(|(kind, _)| kind.to_be_bytes().into_iter().skip(1));
    let kinds: Vec<u8> = kinds.collect();
    let mut body = vec![1, 0, 2];
    for length in [kinds.len(), 0, challenge.len()] {
        body.extend_from_slice(&(length as u16).to_be_bytes());
    }
    body.extend_from_slice(&kinds);
    body.extend_from_slice(&challenge);
    let mut record = (0x8000 | body.len() as u16).to_be_bytes().to_vec();
    record.extend_from_slice(&body);
    record
}

/// Reads what came back; `None` while more is needed. An alert of TLS, or bytes of another kind, say
/// that SSL 2.0 is not spoken.
pub fn server_hello(bytes: &[u8]) -> Option<Result<Ssl2Hello, Refusal>> {
    let head = bytes.first_chunk::<2>()?;
    if head[0] & 0x80 == 0 {
        return match bytes {
            [21, 3, ..] => Some(Err(Refusal::Alert(*bytes.get(6)?))),
            _ => Some(Err(Refusal::Garbage("bytes that are not SSL 2.0"))),
        };
    }
    let length = usize::from(u16::from_be_bytes([head[0] & 0x7F, head[1]]));
    let body = bytes.get(2..2 + length)?;
    Some(match body {
        [0, ..] => Err(Refusal::Garbage("an error of SSL 2.0")),
        [4, rest @ ..] => fields(rest).ok_or(Refusal::Garbage("a hello that cannot be read")),
        _ => Err(Refusal::Garbage("bytes that are not SSL 2.0")),
    })
}

fn fields(body: &[u8]) -> Option<Ssl2Hello> {
    let (rest, (_, _, version, certificate, kinds, _)) = sizes(body).ok()?;
    let (certificate, rest) = rest.split_at_checked(usize::from(certificate))?;
    let (kinds, _) = rest.split_at_checked(usize::from(kinds))?;
    let kind = |k: &[u8]| k.iter().fold(0, |kind, byte| kind << 8 | u32::from(*byte));
    let kinds = kinds.chunks_exact(3).map(kind).collect();
    (version == 2).then(|| Ssl2Hello { kinds, certificate: certificate.to_vec() })
}

/// Session id hit, certificate type, version; lengths of certificate, cipher kinds, connection id.
type Sizes = (u8, u8, u16, u16, u16, u16);

fn sizes(body: &[u8]) -> IResult<&[u8], Sizes> {
    (be_u8, be_u8, be_u16, be_u16, be_u16, be_u16).parse(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the draft, §2.6: no session hit, X.509, version 2, certificate of 3 bytes, two
    /// kinds, a connection id of 16 bytes.
    fn answer() -> Vec<u8> {
        let mut bytes = vec![0x80, 11 + 3 + 6 + 16, 4, 0, 1, 0, 2, 0, 3, 0, 6, 0, 16];
        bytes.extend_from_slice(&[0x30, 0x01, 0x00]);
        bytes.extend_from_slice(&[0x07, 0x00, 0xC0, 0x01, 0x00, 0x80]);
        bytes.extend_from_slice(&[9; 16]);
        bytes
    }

    #[test]
    fn reads_certificate_and_kinds() {
        let hello = server_hello(&answer()).unwrap().unwrap();
        assert_eq!(hello.kinds, [0x07_00C0, 0x01_0080]);
        assert_eq!(hello.certificate, [0x30, 1, 0]);
    }

    #[test]
    fn waits_for_the_whole_and_survives_every_cut() {
        let whole = answer();
        for cut in 0..whole.len() {
            assert_eq!(server_hello(&whole[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn an_alert_of_tls_is_a_refusal() {
        let alert = [21, 3, 1, 0, 2, 2, 70];
        assert_eq!(server_hello(&alert), Some(Err(Refusal::Alert(70))));
    }

    #[test]
    fn the_hello_says_how_long_it_is() {
        let hello = client_hello([7; 16]);
        assert_eq!(usize::from(hello[1]), hello.len() - 2);
        assert_eq!(hello[2..5], [1, 0, 2]);
        assert_eq!(usize::from(hello[6]), 3 * SSL2_KINDS.len());
    }
}
