//! Keystores of Java (JKS, JCEKS): the layout that `sun.security.provider.JavaKeyStore` writes.
//!
//! Their certificates are in the clear; what is encrypted is the private keys, which are passed over. Numbers are
//! big-endian, texts have their length in two bytes before them.

use super::pkcs::Held;

/// JKS and JCEKS.
const MAGIC: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];

/// What a keystore holds; `None` when it is none.
pub(super) fn keystore(bytes: &[u8]) -> Option<Held> {
    let (magic, rest) = bytes.split_first_chunk()?;
    if !MAGIC.contains(magic) {
        return None;
    }
    let mut held = Held::default();
    held.broken = entries(rest, &mut held).is_none();
    Some(held)
}

/// Version, number of entries, and the entries. `None` when they end too early, or one is of a kind whose
/// length is not told.
fn entries(bytes: &[u8], held: &mut Held) -> Option<()> {
    let (version, rest) = number(bytes)?;
    let (count, mut rest) = number(rest)?;
    for _ in 0..count {
        let (kind, after) = number(rest)?;
        let (_alias, after) = text(after)?;
        let (_date, after) = after.split_at_checked(8)?;
        rest = match kind {
            PRIVATE_KEY => {
                held.keys = true;
                let (_key, after) = sized(after)?;
                let (chain, mut after) = number(after)?;
                for _ in 0..chain {
                    after = certificate(after, version, held)?;
                }
                after
            }
            TRUSTED_CERTIFICATE => certificate(after, version, held)?,
            _ => return None,
        };
    }
    Some(())
}

const PRIVATE_KEY: u32 = 1;
const TRUSTED_CERTIFICATE: u32 = 2;

/// A certificate: since version 2 its type, then its bytes. What follows it.
fn certificate<'a>(bytes: &'a [u8], version: u32, held: &mut Held) -> Option<&'a [u8]> {
    let (kind, rest) = if version >= 2 { text(bytes)? } else { (&b"X.509"[..], bytes) };
    let (der, rest) = sized(rest)?;
    if kind == b"X.509" {
        held.certificates.push(der.to_vec());
    } else {
        held.broken = true;
    }
    Some(rest)
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(four, rest)| (u32::from_be_bytes(*four), rest))
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (two, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*two)))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> Vec<u8> {
        [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn sized_of(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
    }

    /// A trusted certificate, and a key with a chain of one.
    fn store() -> Vec<u8> {
        let trusted =
            [&[0, 0, 0, 2][..], &text_of("rot"), &[0; 8], &text_of("X.509"), &sized_of(b"abc")];
        let key = [&[0, 0, 0, 1][..], &text_of("web"), &[0; 8], &sized_of(b"secret")].concat();
        let chain = [&[0, 0, 0, 1][..], &text_of("X.509"), &sized_of(b"de")].concat();
        [
            &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 2],
            &trusted.concat()[..],
            &key,
            &chain,
            &[7; 20],
        ]
        .concat()
    }

    #[test]
    fn certificates_are_found_and_keys_passed_over() {
        let held = keystore(&store()).unwrap();
        assert_eq!(held.certificates, [b"abc".to_vec(), b"de".to_vec()]);
        assert!(held.keys && !held.broken && !held.encrypted);
    }

    #[test]
    fn what_is_cut_short_is_broken_and_keeps_what_stood_before() {
        let whole = store();
        for end in 12..whole.len() - 20 {
            let held = keystore(&whole[..end]).unwrap();
            assert!(held.broken, "{end}");
        }
        assert_eq!(keystore(&whole[..60]).unwrap().certificates, [b"abc".to_vec()]);
        assert_eq!(keystore(b"PK\x03\x04"), None);
    }
}
