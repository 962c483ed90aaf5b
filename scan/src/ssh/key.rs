//! Host keys as they are on the wire (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4).

use aws_lc_rs::digest::{SHA256, digest};
use nom::bytes::complete::{tag, take};
use nom::{IResult, Parser as _};
use portvakt_model::HostKey;

use super::wire::{mpint_bits, string};

/// The end of the name of a certificate's type (OpenSSH's PROTOCOL.certkeys).
const CERTIFICATE: &str = "-cert-v01@openssh.com";

/// Reads the key blob of a reply. A kind that is not known has 0 bits.
pub fn host_key(blob: &[u8]) -> Option<HostKey> {
    let (rest, kind) = string(blob).ok()?;
    let kind = kind.escape_ascii().to_string();
    let bits = bits(&kind, rest).map_or(0, |(_, bits)| bits);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, blob).as_ref());
    Some(HostKey { kind, bits, fingerprint })
}

fn bits<'a>(kind: &str, input: &'a [u8]) -> IResult<&'a [u8], u32> {
    let (kind, input) = match kind.strip_suffix(CERTIFICATE) {
        // A nonce comes before the key.
        Some(plain) => (plain, string(input)?.0),
        None => (kind, input),
    };
    match kind {
        // The exponent, then the modulus.
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => {
            let (input, _) = string(input)?;
            mpint_bits(input)
        }
        "ssh-dss" => mpint_bits(input),
        "ssh-ed25519" | "sk-ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => fixed(input, 32, 256),
        "ssh-ed448" => fixed(input, 57, 456),
        _ if kind.contains("ecdsa-sha2-nistp") => {
            let (input, (curve, point)) = (string, string).parse(input)?;
            let bits = curve_bits(curve);
            // Two coordinates behind a byte that says so (SEC 1 §2.3.3).
            let is_whole = point.len() == 1 + 2 * bits.div_ceil(8) as usize;
            Ok((input, if is_whole { bits } else { 0 }))
        }
        _ => Ok((input, 0)),
    }
}

/// A key of one length, whose size is that of its field.
fn fixed(input: &[u8], length: u32, bits: u32) -> IResult<&[u8], u32> {
    let (input, _) = (tag(&length.to_be_bytes()[..]), take(length)).parse(input)?;
    Ok((input, bits))
}

fn curve_bits(curve: &[u8]) -> u32 {
    match curve {
        b"nistp256" => 256,
        b"nistp384" => 384,
        b"nistp521" => 521,
        _ => 0,
    }
}

/// The kind of key behind a host key algorithm: the three of RSA sign with one key (RFC 8332 §3).
pub(super) fn kind_of(algorithm: &str) -> &str {
    match algorithm {
        "rsa-sha2-256" | "rsa-sha2-512" => "ssh-rsa",
        _ => algorithm,
    }
}

/// Whether the name of a kind leaves open how large its keys are.
pub(super) fn size_is_open(kind: &str) -> bool {
    !(kind.contains("ed25519") || kind.contains("ed448") || kind.contains("nistp"))
}

/// Whether an algorithm shows a certificate, whose key is mostly shown without one too.
pub(super) fn is_certificate(algorithm: &str) -> bool {
    algorithm.ends_with(CERTIFICATE)
}

#[cfg(test)]
mod tests {
    use super::super::wire::{put_mpint, put_string};
    use super::*;

    fn blob(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in parts {
            put_string(&mut bytes, part);
        }
        bytes
    }

    fn with_number(mut bytes: Vec<u8>, digits: &[u8]) -> Vec<u8> {
        put_mpint(&mut bytes, digits);
        bytes
    }

    #[test]
    fn sizes_are_exact() {
        // 2041 bits: the first byte of 256 is 1.
        let modulus: Vec<u8> = [vec![1], vec![0xff; 255]].concat();
        let rsa = with_number(blob(&[b"ssh-rsa", &[1, 0, 1]]), &modulus);
        let cases = [
            (rsa, 2041),
            (with_number(blob(&[b"ssh-dss"]), &[0xff; 128]), 1024),
            (blob(&[b"ssh-ed25519", &[7; 32]]), 256),
            (blob(&[b"ecdsa-sha2-nistp521", b"nistp521", &[4; 133]]), 521),
            (blob(&[b"ssh-ed25519-cert-v01@openssh.com", b"nonce", &[7; 32]]), 256),
            (blob(&[b"ecdsa-sha2-nistp521", b"nistp521", &[4; 66]]), 0),
            (blob(&[b"ecdsa-sha2-nistp521", b"nistp521"]), 0),
            (blob(&[b"ssh-new", b"x"]), 0),
            (blob(&[b"ssh-rsa"]), 0),
            (blob(&[b"ssh-ed25519", &[7; 31]]), 0),
        ];
        for (bytes, bits) in cases {
            assert_eq!(host_key(&bytes).unwrap().bits, bits, "{}", bytes.escape_ascii());
        }
        assert_eq!(host_key(b"\0\0\0\x09short"), None);
    }
}
