//! Distinguished names as text (RFC 4514), and text that is safe to show.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A name, the most specific part first, as RFC 4514 §2.1 has it.
pub(super) fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|rdn| rdn.iter().map(attribute).collect::<Vec<_>>().join("+"))
        .collect();
    parts.reverse();
    parts.join(",")
}

/// The values of one kind of attribute (a dotted OID), as text.
pub(super) fn values(name: &X509Name<'_>, oid: &str) -> Vec<String> {
    let wanted = |a: &&AttributeTypeAndValue<'_>| a.attr_type().to_id_string() == oid;
    let value = |a: &AttributeTypeAndValue<'_>| decoded(a.attr_value()).map(|text| shown(&text));
    name.iter_attributes().filter(wanted).filter_map(value).collect()
}

/// `commonName`.
pub(super) const COMMON_NAME: &str = "2.5.4.3";
/// `countryName`.
pub(super) const COUNTRY: &str = "2.5.4.6";
/// `organizationalUnitName`.
pub(super) const ORGANISATIONAL_UNIT: &str = "2.5.4.11";

/// Short names: the table of RFC 4514 §3, and what else is common (RFC 4519, RFC 5280 appendix A).
const SHORT: &[(&str, &str)] = &[
    (COMMON_NAME, "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    (ORGANISATIONAL_UNIT, "OU"),
    (COUNTRY, "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.4", "SN"),
    ("2.5.4.42", "givenName"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

fn attribute(a: &AttributeTypeAndValue<'_>) -> String {
    let oid = a.attr_type().to_id_string();
    let kind = SHORT.iter().find(|(o, _)| *o == oid).map_or(oid.as_str(), |(_, name)| name);
    match decoded(a.attr_value()) {
        Some(text) => format!("{kind}={}", escaped(&text)),
        None => format!("{kind}=#{}", hex(a.attr_value().data)),
    }
}

/// The characters of a string of any of the types that names are made of.
fn decoded(value: &Any<'_>) -> Option<String> {
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        // Nobody writes T.61; what bears its tag is Latin-1.
        Tag::T61String => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        Tag::BmpString => {
            let (units, odd) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|u| u16::from_be_bytes(*u)).collect();
            odd.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
        }
        Tag::UniversalString => {
            let (units, odd) = bytes.as_chunks::<4>();
            let chars = units.iter().map(|u| char::from_u32(u32::from_be_bytes(*u)));
            odd.is_empty().then(|| chars.collect()).flatten()
        }
        _ => None,
    }
}

/// Escapes a value (RFC 4514 §2.4).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        let edge = c == ' ' && (i == 0 || i == last) || c == '#' && i == 0;
        if edge || "\"+,;<>\\".contains(c) {
            out.push('\\');
        }
        push(&mut out, c);
    }
    out
}

/// Text from a peer, fit to be shown: what moves a terminal's cursor or turns the direction of
/// writing is written as `\XX` for each of its bytes.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

fn push(out: &mut String, c: char) {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !c.is_control() && !turns {
        out.push(c);
        return;
    }
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\{byte:02X}");
    }
}

/// Bytes as hexadecimal, small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer as _;

    /// A name of one attribute with a value of this type.
    fn name(oid: &[u8], tag: u8, value: &[u8]) -> String {
        let wrap = |tag: u8, c: &[u8]| [&[tag, c.len() as u8], c].concat();
        let pair = [wrap(0x06, oid), wrap(tag, value)].concat();
        let der = wrap(0x30, &wrap(0x31, &wrap(0x30, &pair)));
        distinguished(&X509Name::from_der(&der).unwrap().1)
    }

    const CN: &[u8] = &[0x55, 4, 3];

    /// The examples of RFC 4514 §4, and the escapes of §2.4.
    #[test]
    fn values_are_escaped() {
        assert_eq!(name(CN, 0x0c, b"James \"Jim\" Smith, III"), r#"CN=James \"Jim\" Smith\, III"#);
        assert_eq!(name(CN, 0x0c, b"Before\rAfter"), r"CN=Before\0DAfter");
        assert_eq!(name(CN, 0x0c, b" # "), r"CN=\ #\ ");
        assert_eq!(name(CN, 0x0c, b"#1"), r"CN=\#1");
        assert_eq!(name(&[0x55, 4, 10], 0x0c, "Åby; AB".as_bytes()), r"O=Åby\; AB");
    }

    #[test]
    fn every_type_of_string_is_read() {
        assert_eq!(name(CN, 0x1e, &[0, b'A', 0, 0xe5]), "CN=Aå");
        assert_eq!(name(CN, 0x14, &[b'A', 0xe5]), "CN=Aå");
        assert_eq!(name(CN, 0x1c, &[0, 0, 0, b'A']), "CN=A");
        assert_eq!(name(CN, 0x04, &[1, 2]), "CN=#0102");
        assert_eq!(name(&[0x2a, 3], 0x13, b"x"), "1.2.3=x");
    }

    #[test]
    fn what_steers_a_terminal_is_not_shown_as_it_is() {
        assert_eq!(shown("a\u{1b}[2Jb\u{0}"), r"a\1B[2Jb\00");
        assert_eq!(shown("a\u{202e}b"), r"a\E2\80\AEb");
    }
}
