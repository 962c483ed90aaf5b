//! As much of ASN.1's basic encoding (ITU-T X.690) as LDAP and Kerberos need of us.

/// A tag, the length of what follows, and that.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            out.push(0x82);
            out.extend((long as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// Several of them, as one constructed value.
pub(crate) fn all(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(tag, &parts.concat())
}

/// The next value: its tag, its content, and what follows. Content that is cut is given as far as it came.
pub(crate) fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count)?;
            let length = digits.iter().fold(0usize, |sum, d| sum << 8 | usize::from(*d));
            (length, &rest[count..])
        }
        _ => return None,
    };
    let (content, tail) = rest.split_at(length.min(rest.len()));
    Some((tag, content, tail))
}

/// The values inside a constructed one.
pub(crate) fn parts(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = next(bytes)?;
        bytes = rest;
        Some((tag, content))
    })
}
