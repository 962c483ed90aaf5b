//! What a peer said, as it may be shown and kept.

use std::fmt::Write as _;

/// Bytes of evidence at most.
pub(crate) const MOST: usize = 256;

/// The first [`MOST`] bytes, with what is not printable ASCII escaped, and the backslash, so that two
/// different answers never look the same.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes.iter().take(MOST) {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out
}

/// The same of a line, without the blanks and line ends behind it.
pub(crate) fn shown(line: &[u8]) -> String {
    escape(line.get(..MOST).unwrap_or(line).trim_ascii_end())
}

/// A text of the peer's: one line of bounded length, without anything that steers a terminal or turns
/// the direction of text.
pub(crate) fn text(text: &str) -> String {
    let steers = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| if steers(&c) { '\u{fffd}' } else { c }));
        if out.len() > MOST {
            break;
        }
    }
    out.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_apart() {
        assert_eq!(shown(b"it's \"a\"\\\x1b[0m\xff\r\n"), r#"it's "a"\\\x1b[0m\xff"#);
        assert_eq!(escape(&[b'x'; 1000]).len(), MOST);
    }
}
