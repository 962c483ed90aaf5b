//! RSA's public operation on numbers of our choice. No library of ours takes a padding that is wrong,
//! and wrong paddings are what ROBOT is about. Nothing here is secret, so time need not be constant.

/// The longest modulus, in bytes. Beyond it an operation would take noticeable time.
const LONGEST: usize = 1024;
/// The largest exponent, in bits.
const LARGEST_EXPONENT: u32 = 32;

/// An RSA public key.
pub(super) struct PublicKey {
    /// Least significant first, with a spare digit.
    modulus: Vec<u64>,
    exponent: u64,
    /// Length of the modulus in bytes.
    pub(super) bytes: usize,
}

impl PublicKey {
    /// From big-endian numbers. `None` when they are of a size that no key has.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let modulus = without_zeros(modulus);
        let exponent = without_zeros(exponent);
        let value = exponent
            .iter()
            .try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)))?;
        let fits = (64..=LONGEST).contains(&modulus.len()) && value >> LARGEST_EXPONENT == 0;
        let is_odd = modulus.last().is_some_and(|byte| byte & 1 == 1);
        (fits && is_odd && value > 1).then(|| Self {
            modulus: digits(modulus, modulus.len() / 8 + 2),
            exponent: value,
            bytes: modulus.len(),
        })
    }

    /// `message ^ exponent mod modulus`, as many bytes as the modulus has. The message must be smaller.
    pub(super) fn raise(&self, message: &[u8]) -> Vec<u8> {
        let base = digits(message, self.modulus.len());
        let mut result = digits(&[1], self.modulus.len());
        for bit in (0..64 - self.exponent.leading_zeros()).rev() {
            result = self.product(&result, &result);
            if self.exponent >> bit & 1 == 1 {
                result = self.product(&result, &base);
            }
        }
        let all: Vec<u8> = result.iter().rev().flat_map(|digit| digit.to_be_bytes()).collect();
        all[all.len() - self.bytes..].to_vec()
    }

    /// A product, by doubling and adding: slow, and short.
    fn product(&self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let mut sum = vec![0; self.modulus.len()];
        for digit in a.iter().rev() {
            for bit in (0..64).rev() {
                let double = sum.clone();
                self.add(&mut sum, &double);
                if digit >> bit & 1 == 1 {
                    self.add(&mut sum, b);
                }
            }
        }
        sum
    }

    /// `sum += other`, both below the modulus, and so again. The spare digit takes the carry.
    fn add(&self, sum: &mut [u64], other: &[u64]) {
        let mut carry = false;
        for (digit, more) in sum.iter_mut().zip(other) {
            let (once, first) = digit.overflowing_add(*more);
            let (twice, second) = once.overflowing_add(u64::from(carry));
            (*digit, carry) = (twice, first || second);
        }
        if sum.iter().rev().ge(self.modulus.iter().rev()) {
            let mut borrow = false;
            for (digit, less) in sum.iter_mut().zip(&self.modulus) {
                let (once, first) = digit.overflowing_sub(*less);
                let (twice, second) = once.overflowing_sub(u64::from(borrow));
                (*digit, borrow) = (twice, first || second);
            }
        }
    }
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// Big-endian bytes as digits, the least significant first.
fn digits(bytes: &[u8], count: usize) -> Vec<u64> {
    let digit = |chunk: &[u8]| chunk.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let mut digits: Vec<u64> = bytes.rchunks(8).map(digit).collect();
    digits.resize(count, 0);
    digits
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::{KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
    use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
    use x509_parser::public_key::PublicKey as Parsed;

    use super::*;

    #[test]
    fn small_numbers_by_hand() {
        // Modulo 2^512 - 569, 3^3 is 27, and (2^512 - 570)^3 is (-1)^3, one less than the modulus.
        let mut modulus = vec![0xff; 64];
        modulus[62..].copy_from_slice(&[0xfd, 0xc7]);
        let key = PublicKey::new(&modulus, &[3]).unwrap();
        let mut cube = vec![0; 64];
        cube[63] = 27;
        assert_eq!(key.raise(&[3]), cube);
        let mut last = modulus;
        last[63] = 0xc6;
        assert_eq!(key.raise(&last), last);
    }

    #[test]
    fn what_is_encrypted_here_is_decrypted_elsewhere() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = private.public_key().as_der().unwrap();
        let (_, info) = SubjectPublicKeyInfo::from_der(der.as_ref()).unwrap();
        let Ok(Parsed::RSA(rsa)) = info.parsed() else { panic!("no RSA key") };
        let key = PublicKey::new(rsa.modulus, rsa.exponent).unwrap();
        // RFC 8017 §7.2.1: 00 02, padding without zeros, 00, the message.
        let message = [&[0, 2][..], &[0x5a; 256 - 3 - 5], &[0], b"hello"].concat();
        let decrypting = Pkcs1PrivateDecryptingKey::new(private).unwrap();
        let mut out = vec![0; 256];
        let clear = decrypting.decrypt(&key.raise(&message), &mut out).unwrap();
        assert_eq!(clear, b"hello");
    }

    #[test]
    fn keys_that_nobody_has_are_refused() {
        let odd = |length| vec![0xff_u8; length];
        assert!(PublicKey::new(&odd(63), &[3]).is_none());
        assert!(PublicKey::new(&odd(LONGEST + 1), &[3]).is_none());
        assert!(PublicKey::new(&odd(256), &[1; 5]).is_none());
        assert!(PublicKey::new(&odd(256), &[]).is_none());
        assert!(PublicKey::new(&[vec![0xff; 255], vec![0xfe]].concat(), &[3]).is_none());
    }
}
