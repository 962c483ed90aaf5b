//! Decryption with a password (PBES2, RFC 8018 §6.2), for the certificates of PKCS#12 stores.
//!
//! Only what current programs write is known: PBKDF2 with HMAC of SHA-1 or SHA-2, and AES in CBC mode. RC2
//! and 3DES of older ones (RFC 7292 appendix B) are not.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;

use super::der::{INTEGER, OCTET_STRING, OID, SEQUENCE, expect};

/// Most rounds of PBKDF2. OWASP's advice of 2023 is 600,000; a file that asks for billions would be waited
/// for all day.
const MOST_ROUNDS: u32 = 2_000_000;

/// Decrypts what `algorithm`, the content of an AlgorithmIdentifier, has encrypted; `None` when the password
/// is not the right one, or the algorithm is not known.
pub(super) fn decrypt(algorithm: &[u8], encrypted: &[u8], password: &str) -> Option<Vec<u8>> {
    let parameters = named(algorithm, PBES2).and_then(|rest| expect(rest, SEQUENCE))?.0;
    let (derivation, rest) = expect(parameters, SEQUENCE)?;
    let (scheme, _) = expect(rest, SEQUENCE)?;
    let (cipher, length, iv) = cipher(scheme)?;
    let mut key = vec![0; length];
    derive(derivation, password, &mut key)?;
    let key =
        PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(cipher, &key).ok()?).ok()?;
    let mut clear = encrypted.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = key.decrypt(&mut clear, context).ok()?.len();
    clear.truncate(length);
    Some(clear)
}

/// 1.2.840.113549.1.5.13 and .12.
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// 1.2.840.113549.2: digest algorithms; 7, 9, 10 and 11 are HMAC with SHA-1, SHA-256, SHA-384 and SHA-512.
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
/// 2.16.840.1.101.3.4.1: AES; 2, 22 and 42 are CBC with keys of 128, 192 and 256 bits.
const AES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1];

/// What follows an OID, when it is this one.
fn named<'a>(algorithm: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    expect(algorithm, OID).filter(|(found, _)| *found == oid).map(|(_, rest)| rest)
}

/// The cipher, the length of its key in bytes, and the initialisation vector.
fn cipher(scheme: &[u8]) -> Option<(&'static Algorithm, usize, [u8; 16])> {
    let (oid, rest) = expect(scheme, OID)?;
    let (cipher, length) = match oid.strip_prefix(AES)? {
        [2] => (&AES_128, 16),
        [22] => (&AES_192, 24),
        [42] => (&AES_256, 32),
        _ => return None,
    };
    let (iv, _) = expect(rest, OCTET_STRING)?;
    Some((cipher, length, iv.try_into().ok()?))
}

/// PBKDF2-params (RFC 8018 appendix A.2): salt, rounds, perhaps the key's length, perhaps the function.
fn derive(derivation: &[u8], password: &str, key: &mut [u8]) -> Option<()> {
    let parameters = named(derivation, PBKDF2).and_then(|rest| expect(rest, SEQUENCE))?.0;
    let (salt, rest) = expect(parameters, OCTET_STRING)?;
    let (rounds, rest) = expect(rest, INTEGER)?;
    let rest = expect(rest, INTEGER).map_or(rest, |(_, rest)| rest);
    let function = match expect(rest, SEQUENCE) {
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some((function, _)) => match expect(function, OID)?.0.strip_prefix(HMAC)? {
            [7] => pbkdf2::PBKDF2_HMAC_SHA1,
            [9] => pbkdf2::PBKDF2_HMAC_SHA256,
            [10] => pbkdf2::PBKDF2_HMAC_SHA384,
            [11] => pbkdf2::PBKDF2_HMAC_SHA512,
            _ => return None,
        },
    };
    let is_small = rounds.len() <= 4;
    let rounds = rounds.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
    let rounds = NonZeroU32::new(rounds).filter(|n| is_small && n.get() <= MOST_ROUNDS)?;
    pbkdf2::derive(function, rounds, salt, password.as_bytes(), key);
    Some(())
}
