//! What a peer said, as it may be shown.

/// Bytes of evidence at most.
const MOST: usize = 256;

/// The first 256 bytes without the blanks at their end, with what is not printable ASCII escaped, and
/// the backslash, so that two different answers never look the same.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let shown = bytes.get(..MOST).unwrap_or(bytes).trim_ascii_end();
    let escaped = |byte: &u8| match byte {
        b'\'' | b'"' => char::from(*byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    };
    shown.iter().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_apart() {
        assert_eq!(escape(b"it's \"a\"\\\x1b[0m\xff\r\n"), r#"it's "a"\\\x1b[0m\xff"#);
        assert_eq!(escape(&[b'x'; 1000]).len(), MOST);
    }
}
