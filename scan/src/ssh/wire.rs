//! SSH's packets and what is in them (RFC 4253, RFC 4251 §5), read within limits.

use nom::bytes::complete::{tag, take};
use nom::bytes::streaming;
use nom::combinator::{map, verify};
use nom::multi::length_data;
use nom::number::complete::be_u32;
use nom::{IResult, Parser as _};

/// A packet that every implementation must be able to take (RFC 4253 §6.1); none before encryption is
/// longer.
const LONGEST_PACKET: u32 = 35_000;
/// Padding is at least four bytes, and the length of a packet without a MAC a multiple of eight (§6).
const LEAST_PADDING: usize = 4;
const BLOCK: usize = 8;

/// Message numbers (RFC 4253 §12, RFC 5656 §7.1, RFC 4419 §5).
pub(super) const DISCONNECT: u8 = 1;
pub(super) const IGNORE: u8 = 2;
pub(super) const UNIMPLEMENTED: u8 = 3;
pub(super) const DEBUG: u8 = 4;
pub(super) const KEXINIT: u8 = 20;
pub(super) const KEX_INIT: u8 = 30;
pub(super) const KEX_REPLY: u8 = 31;
pub(super) const GEX_GROUP: u8 = 31;
pub(super) const GEX_INIT: u8 = 32;
pub(super) const GEX_REPLY: u8 = 33;
pub(super) const GEX_REQUEST: u8 = 34;

/// SSH_DISCONNECT_BY_APPLICATION (RFC 4253 §11.1).
const BY_APPLICATION: u32 = 11;

/// The payload of the first packet. Incomplete until it is there; an error when its lengths cannot be
/// right.
pub fn packet(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let long_enough = |length: &u32| (LEAST_PADDING as u32 + 2..=LONGEST_PACKET).contains(length);
    let (input, length) = verify(nom::number::streaming::be_u32, long_enough).parse(input)?;
    let (input, body) = streaming::take(length)(input)?;
    let (_, payload) = unpadded(body)?;
    Ok((input, payload))
}

fn unpadded(body: &[u8]) -> IResult<&[u8], &[u8]> {
    let (rest, padding) = nom::number::complete::be_u8(body)?;
    match rest.len().checked_sub(usize::from(padding)) {
        Some(payload) if payload > 0 => take(payload)(rest),
        _ => Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Verify))),
    }
}

/// The bytes of a packet with that payload, before encryption.
pub(super) fn framed(payload: &[u8]) -> Vec<u8> {
    let whole = (4 + 1 + payload.len() + LEAST_PADDING).next_multiple_of(BLOCK);
    let padding = whole - 4 - 1 - payload.len();
    let mut bytes = Vec::with_capacity(whole);
    put_u32(&mut bytes, (whole - 4) as u32);
    bytes.push(padding as u8);
    bytes.extend_from_slice(payload);
    bytes.resize(whole, 0);
    bytes
}

/// What a side offers (RFC 4253 §7.1). The names are as they were on the wire; bytes that are not ASCII
/// are escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KexInit {
    /// Key exchange methods, and the markers that stand among them.
    pub kex: Vec<String>,
    /// Host key algorithms.
    pub host_keys: Vec<String>,
    /// Ciphers to the server and from it.
    pub ciphers: [Vec<String>; 2],
    /// MACs to the server and from it.
    pub macs: [Vec<String>; 2],
    /// Compression to the server and from it.
    pub compression: [Vec<String>; 2],
}

/// Reads the payload of SSH_MSG_KEXINIT.
pub fn kexinit(payload: &[u8]) -> IResult<&[u8], KexInit> {
    let (input, _) = (tag(&[KEXINIT][..]), take(16_usize)).parse(payload)?;
    let (input, kex) = name_list(input)?;
    let (input, host_keys) = name_list(input)?;
    let (input, ciphers) = (name_list, name_list).parse(input)?;
    let (input, macs) = (name_list, name_list).parse(input)?;
    let (input, compression) = (name_list, name_list).parse(input)?;
    // Languages, whether a guess follows, and a number that is reserved.
    let (input, _) = (name_list, name_list, take(1_usize), be_u32).parse(input)?;
    let found = KexInit {
        kex,
        host_keys,
        ciphers: ciphers.into(),
        macs: macs.into(),
        compression: compression.into(),
    };
    Ok((input, found))
}

impl KexInit {
    /// The payload with that cookie, without languages and without a guess.
    pub fn written(&self, cookie: [u8; 16]) -> Vec<u8> {
        let mut bytes = vec![KEXINIT];
        bytes.extend(cookie);
        let pairs = [&self.ciphers, &self.macs, &self.compression];
        let lists = [&self.kex, &self.host_keys].into_iter().chain(pairs.into_iter().flatten());
        for list in lists {
            put_string(&mut bytes, list.join(",").as_bytes());
        }
        bytes.resize(bytes.len() + 4 + 4 + 1 + 4, 0);
        bytes
    }
}

/// Names with commas between them (RFC 4251 §5).
fn name_list(input: &[u8]) -> IResult<&[u8], Vec<String>> {
    let (input, bytes) = string(input)?;
    let name = |name: &[u8]| name.escape_ascii().to_string();
    let names = bytes.split(|b| *b == b',').filter(|n| !n.is_empty()).map(name).collect();
    Ok((input, names))
}

/// Bytes behind their length.
pub(super) fn string(input: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u32).parse(input)
}

/// The size of a number (`mpint`) in bits; a negative one has none.
pub(super) fn mpint_bits(input: &[u8]) -> IResult<&[u8], u32> {
    let size = |bytes: &[u8]| {
        let negative = bytes.first().is_some_and(|b| *b >= 0x80);
        let digits = without_zeros(bytes);
        let bits = |first: &u8| digits.len() as u32 * 8 - first.leading_zeros();
        digits.first().filter(|_| !negative).map_or(0, bits)
    };
    map(string, size).parse(input)
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    &bytes[zeros..]
}

/// Reason and words of SSH_MSG_DISCONNECT (RFC 4253 §11.1).
pub(super) fn disconnect(payload: &[u8]) -> IResult<&[u8], (u32, &[u8])> {
    let (input, _) = tag(&[DISCONNECT][..])(payload)?;
    (be_u32, string).parse(input)
}

/// SSH_MSG_DISCONNECT with which we leave.
pub(super) fn farewell() -> Vec<u8> {
    let mut bytes = vec![DISCONNECT];
    put_u32(&mut bytes, BY_APPLICATION);
    put_string(&mut bytes, b"done");
    put_string(&mut bytes, b"");
    bytes
}

pub(super) fn put_u32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_be_bytes());
}

pub(super) fn put_string(bytes: &mut Vec<u8>, value: &[u8]) {
    put_u32(bytes, value.len() as u32);
    bytes.extend_from_slice(value);
}

/// A positive number of any size (RFC 4251 §5).
pub(super) fn put_mpint(bytes: &mut Vec<u8>, digits: &[u8]) {
    let digits = without_zeros(digits);
    let sign = digits.first().is_some_and(|b| *b >= 0x80);
    put_u32(bytes, digits.len() as u32 + u32::from(sign));
    bytes.extend(sign.then_some(0));
    bytes.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_packet_by_the_letter() {
        // RFC 4253 §6: packet_length 12, padding_length 10, one byte of payload, padding.
        let bytes = [&[0, 0, 0, 12, 10, 21][..], &[0; 10], b"next"].concat();
        assert_eq!(packet(&bytes), Ok((&b"next"[..], &[21][..])));
        assert_eq!(framed(&[21]), bytes[..16]);
    }

    #[test]
    fn lengths_that_cannot_be_right() {
        assert!(packet(&[0, 0, 0]).unwrap_err().is_incomplete());
        assert!(packet(&[0, 0, 0, 12, 4, 21]).unwrap_err().is_incomplete());
        let over = (LONGEST_PACKET + 1).to_be_bytes();
        assert!(!packet(&over).unwrap_err().is_incomplete());
        assert!(!packet(b"HTTP/1.1 400").unwrap_err().is_incomplete());
        // More padding than there is, and no payload beside it.
        for padding in [11, 12, 255] {
            let bytes = [&[0, 0, 0, 12, padding, 21][..], &[0; 10]].concat();
            assert!(!packet(&bytes).unwrap_err().is_incomplete(), "{padding}");
        }
    }

    #[test]
    fn numbers_by_rfc_4251() {
        // The examples of RFC 4251 §5.
        let bits = |bytes: &[u8]| mpint_bits(bytes).unwrap().1;
        assert_eq!(bits(&[0, 0, 0, 0]), 0);
        assert_eq!(bits(&[0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]), 60);
        assert_eq!(bits(&[0, 0, 0, 2, 0, 0x80]), 8);
        assert_eq!(bits(&[0, 0, 0, 2, 0xed, 0xcc]), 0);
        let mut written = Vec::new();
        put_mpint(&mut written, &[0, 0x80]);
        assert_eq!(written, [0, 0, 0, 2, 0, 0x80]);
    }

    #[test]
    fn a_reason_for_leaving() {
        assert_eq!(disconnect(&farewell()).unwrap().1, (11, &b"done"[..]));
    }

    fn names() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[a-z0-9@.-]{1,40}", 0..9)
    }

    fn offers() -> impl Strategy<Value = KexInit> {
        let pair = || [names(), names()];
        (names(), names(), pair(), pair(), pair()).prop_map(
            |(kex, host_keys, ciphers, macs, compression)| KexInit {
                kex,
                host_keys,
                ciphers,
                macs,
                compression,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(offer in offers(), more in any::<Vec<u8>>()) {
            let bytes = [framed(&offer.written([7; 16])), more.clone()].concat();
            let (rest, payload) = packet(&bytes).unwrap();
            prop_assert_eq!(rest, &more[..]);
            prop_assert_eq!(kexinit(payload), Ok((&[][..], offer)));
        }

        #[test]
        fn half_of_it_is_an_error(offer in offers(), cut in any::<proptest::sample::Index>()) {
            let payload = offer.written([7; 16]);
            prop_assert!(kexinit(&payload[..cut.index(payload.len())]).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            let _ = packet(&bytes);
            let _ = kexinit(&[vec![KEXINIT], bytes].concat());
        }
    }
}
