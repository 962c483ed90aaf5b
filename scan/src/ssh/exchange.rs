//! The client's half of a key exchange, as far as the reply that shows the host key.
//!
//! No secret is agreed on and no signature is checked: the connection ends at the reply. So the public
//! value that is sent is any that a server takes for one, and only where servers look closely
//! (points on NIST's curves, ML-KEM keys) is a real key made.

use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::kem::{self, DecapsulationKey};
use aws_lc_rs::rand;
use nom::{IResult, Parser as _};

use super::line::Fault;
use super::wire::{
    GEX_INIT, GEX_REQUEST, KEX_INIT, mpint_bits, put_mpint, put_string, put_u32, string,
};

/// A key exchange that we can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// RFC 8731.
    Curve25519,
    /// RFC 8731.
    Curve448,
    /// RFC 5656, on the curve of that many bits.
    Nist(u32),
    /// ML-KEM-768 with X25519 (draft-ietf-sshm-mlkem-hybrid-kex).
    MlKem,
    /// Streamlined NTRU Prime with X25519 (draft-ietf-sshm-ntruprime-ssh).
    NtruPrime,
    /// RFC 4253 §8, RFC 8268: a group of that many bits.
    Group(u32),
    /// RFC 4419.
    GroupExchange,
}

/// Names with their methods, those that cost the server least first.
const METHODS: [(&str, Method); 18] = [
    ("curve25519-sha256", Method::Curve25519),
    ("curve25519-sha256@libssh.org", Method::Curve25519),
    ("ecdh-sha2-nistp256", Method::Nist(256)),
    ("ecdh-sha2-nistp384", Method::Nist(384)),
    ("ecdh-sha2-nistp521", Method::Nist(521)),
    ("mlkem768x25519-sha256", Method::MlKem),
    ("sntrup761x25519-sha512", Method::NtruPrime),
    ("sntrup761x25519-sha512@openssh.com", Method::NtruPrime),
    ("curve448-sha512", Method::Curve448),
    ("diffie-hellman-group14-sha256", Method::Group(2048)),
    ("diffie-hellman-group14-sha1", Method::Group(2048)),
    ("diffie-hellman-group15-sha512", Method::Group(3072)),
    ("diffie-hellman-group16-sha512", Method::Group(4096)),
    ("diffie-hellman-group17-sha512", Method::Group(6144)),
    ("diffie-hellman-group18-sha512", Method::Group(8192)),
    ("diffie-hellman-group1-sha1", Method::Group(1024)),
    ("diffie-hellman-group-exchange-sha256", Method::GroupExchange),
    ("diffie-hellman-group-exchange-sha1", Method::GroupExchange),
];

/// Sizes that a group is asked for: the least that will do, the wanted, the most (RFC 4419 §3). A server
/// gives the smallest that it has above the wanted. Below 512 bits none was ever made.
const SIZES: [u32; 3] = [512, 1024, 8192];
/// The longest number that a server's group may have, in bytes.
const LONGEST_GROUP: usize = 2048;

/// The method to take of those that a server offers. `groups`: group exchange, if there is one.
pub(super) fn choose(offered: &[String], groups: Groups) -> Option<(&'static str, Method)> {
    let is_offered = |name: &str| offered.iter().any(|offer| offer == name);
    let mut all = METHODS.iter().filter(|(name, _)| is_offered(name)).copied();
    let exchange = all.clone().find(|(_, method)| *method == Method::GroupExchange);
    match groups {
        Groups::Asked if exchange.is_some() => exchange,
        _ => all.next(),
    }
}

/// Whether the size of the groups of group exchange is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// No.
    #[default]
    Unasked,
    /// Yes, in place of a cheaper key exchange.
    Asked,
}

/// The first message of a method.
pub(super) fn init(method: Method) -> Result<Vec<u8>, Fault> {
    let mut message = vec![KEX_INIT];
    match method {
        Method::Curve25519 => put_string(&mut message, &random(32)?),
        Method::Curve448 => put_string(&mut message, &random(56)?),
        Method::Nist(bits) => put_string(&mut message, &point(bits)?),
        Method::MlKem => put_string(&mut message, &[encapsulation_key()?, random(32)?].concat()),
        // 1158 bytes of public key (Streamlined NTRU Prime, sntrup761), any of which decode.
        Method::NtruPrime => put_string(&mut message, &random(1158 + 32)?),
        Method::Group(bits) => put_mpint(&mut message, &element(bits as usize / 8)?),
        Method::GroupExchange => {
            message = vec![GEX_REQUEST];
            for size in SIZES {
                put_u32(&mut message, size);
            }
        }
    }
    Ok(message)
}

/// The message after the server's group, whose modulus has that many bits.
pub(super) fn group_init(bits: u32) -> Result<Vec<u8>, Fault> {
    let mut message = vec![GEX_INIT];
    put_mpint(&mut message, &element(bits as usize / 8)?);
    Ok(message)
}

/// The size of the modulus that a server gave, and nothing of its generator.
pub(super) fn group_bits(payload: &[u8]) -> IResult<&[u8], u32> {
    let (input, _) = nom::bytes::complete::take(1_usize)(payload)?;
    let (input, (bits, _)) = (mpint_bits, string).parse(input)?;
    Ok((input, bits))
}

/// The host key blob of a reply.
pub(super) fn reply(payload: &[u8]) -> IResult<&[u8], &[u8]> {
    let (input, _) = nom::bytes::complete::take(1_usize)(payload)?;
    string(input)
}

/// A number below every modulus of so many bytes, or of more.
fn element(bytes: usize) -> Result<Vec<u8>, Fault> {
    let mut digits = random(bytes.clamp(1, LONGEST_GROUP))?;
    digits[0] &= 0x3f;
    Ok(digits)
}

fn random(count: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![0; count];
    rand::fill(&mut bytes).map_err(|_| Fault::Own("no random numbers"))?;
    Ok(bytes)
}

fn point(bits: u32) -> Result<Vec<u8>, Fault> {
    let curve = match bits {
        256 => &agreement::ECDH_P256,
        384 => &agreement::ECDH_P384,
        _ => &agreement::ECDH_P521,
    };
    let key = PrivateKey::generate(curve).and_then(|key| key.compute_public_key());
    Ok(key.map_err(|_| Fault::Own("no key on a curve"))?.as_ref().to_vec())
}

fn encapsulation_key() -> Result<Vec<u8>, Fault> {
    let key = DecapsulationKey::generate(&kem::ML_KEM_768).and_then(|key| key.encapsulation_key());
    let bytes = key.and_then(|key| key.key_bytes().map(|bytes| bytes.as_ref().to_vec()));
    bytes.map_err(|_| Fault::Own("no ML-KEM key"))
}
