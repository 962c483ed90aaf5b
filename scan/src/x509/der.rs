//! Just enough of DER (ITU-T X.690 §10) to walk over what the certificate library leaves as bytes.

/// One element: tag, content, and both with the length between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The identifier octet. Tags above 30, which take more octets, occur nowhere that we look.
    pub(super) tag: u8,
    /// Its value.
    pub(super) content: &'a [u8],
    /// All of it.
    pub(super) whole: &'a [u8],
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub(super) const TAGGED_0: u8 = 0xa0;

/// The first element and what follows it; `None` when it is none, is cut short or has no definite length.
pub(super) fn element(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    let (whole, _) = input.split_at_checked(input.len() - after.len())?;
    Some((Element { tag, content, whole }, after))
}

/// The first element, when it has this tag: its content, and what follows it.
pub(super) fn expect(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(input).filter(|(e, _)| e.tag == tag).map(|(e, rest)| (e.content, rest))
}

/// The octets of a bit string of whole octets.
pub(super) fn bits(input: &[u8]) -> Option<&[u8]> {
    const BIT_STRING: u8 = 0x03;
    let (content, _) = expect(input, BIT_STRING)?;
    content.strip_prefix(&[0])
}

/// The elements one after the other, up to the first that is malformed.
pub(super) fn elements(mut input: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let (found, rest) = element(input)?;
        input = rest;
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form() {
        assert_eq!(expect(&[0x04, 0x01, 0x07, 0x09], OCTET_STRING), Some((&[7][..], &[9][..])));
        let long = [&[0x30, 0x82, 0x01, 0x00][..], &[0; 256]].concat();
        assert_eq!(element(&long).map(|(e, rest)| (e.content.len(), rest.len())), Some((256, 0)));
    }

    #[test]
    fn what_is_cut_short_or_endless_is_none() {
        for bytes in [&[][..], &[0x30], &[0x30, 2, 0], &[0x30, 0x80, 0, 0], &[0x1f, 0x81, 1, 0]] {
            assert_eq!(element(bytes), None, "{bytes:x?}");
        }
        assert_eq!(element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(element(&[0x30, 0x85, 0, 0, 0, 0, 0]), None);
    }
}
