//! What a peer said, as it may be shown and kept.

use std::fmt::Write as _;

/// Bytes of evidence at most.
pub(super) const MOST: usize = 256;

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
