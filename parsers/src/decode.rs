//! Bytes into text: encodings, terminal remains, line ends.
//!
//! Lines keep their numbers: cleaning happens inside a line, never across lines.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Largest file that is read, in bytes. Spans are 32 bits wide.
pub const MAX_BYTES: usize = 2 * 1024 * 1024 * 1024;

/// Why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// Larger than [`MAX_BYTES`].
    TooLarge,
    /// Binary data of a kind that no parser reads.
    Binary,
}

/// Text and, for workbooks, the raw bytes (then the text is empty).
pub fn decode(bytes: Vec<u8>) -> Result<(String, Vec<u8>), Undecodable> {
    if bytes.len() > MAX_BYTES {
        return Err(Undecodable::TooLarge);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok((String::new(), bytes));
    }
    let text = to_text(bytes)?;
    Ok((if needs_cleaning(&text) { clean(&text) } else { text }, Vec::new()))
}

/// The longest prefix of at most `max` bytes that ends between characters.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn to_text(bytes: Vec<u8>) -> Result<String, Undecodable> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(utf8_or_1252(rest.to_vec())),
        [0xff, 0xfe, ..] => Ok(UTF_16LE.decode(&bytes).0.into_owned()),
        [0xfe, 0xff, ..] => Ok(UTF_16BE.decode(&bytes).0.into_owned()),
        _ => match utf16_without_mark(&bytes) {
            Some(encoding) => Ok(encoding.decode_without_bom_handling(&bytes).0.into_owned()),
            None if is_binary(&bytes) => Err(Undecodable::Binary),
            None => Ok(utf8_or_1252(bytes)),
        },
    }
}

fn utf8_or_1252(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|e| WINDOWS_1252.decode_without_bom_handling(e.as_bytes()).0.into_owned())
}

/// UTF-16 without a byte order mark: nearly every second byte of Latin text is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let most = head.len() / 2 * 4 / 5;
    if head.len() < 16 {
        None
    } else if zeros(1) > most && zeros(0) < head.len() / 20 {
        Some(UTF_16LE)
    } else if zeros(0) > most && zeros(1) < head.len() / 20 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Control bytes that no text or terminal capture has, in more than one place of a hundred.
fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 * 1024)];
    let odd = |b: &&u8| matches!(b, 0 | 1..=2 | 4..=6 | 14..=26 | 28..=31);
    head.iter().filter(odd).count() * 100 > head.len()
}

fn needs_cleaning(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3(0x1b, 0x08, 0, bytes).is_some()
        || memchr::memchr_iter(b'\r', bytes).any(|i| bytes.get(i + 1) != Some(&b'\n'))
        || has_pager(bytes)
}

/// Whether a prompt of [`PAGERS`] is there. All have these letters, which exports seldom have.
fn has_pager(bytes: &[u8]) -> bool {
    const LETTERS: &str = "ore";
    let mut places = memchr::memmem::find_iter(bytes, LETTERS.as_bytes());
    places.any(|at| {
        PAGERS.iter().any(|pager| {
            let before = pager.find(LETTERS).unwrap_or_default();
            at.checked_sub(before).is_some_and(|from| bytes[from..].starts_with(pager.as_bytes()))
        })
    })
}

const PAGERS: [&str; 4] = ["--More--", "-- More --", "---(more", "<--- More --->"];

fn clean(text: &str) -> String {
    let only_cr = !text.contains('\n') && text.contains('\r');
    let text = if only_cr { text.replace('\r', "\n") } else { text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body.strip_suffix('\r').unwrap_or(body), "\n"),
            None => (line, ""),
        };
        clean_line(body, &mut out);
        out.push_str(end);
    }
    out
}

/// What a terminal would show of a line: escape sequences and pager prompts gone, backspaces and
/// carriage returns obeyed.
fn clean_line(line: &str, out: &mut String) {
    let mut shown: Vec<char> = Vec::with_capacity(line.len());
    let mut cursor = 0usize;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{8}' => cursor = cursor.saturating_sub(1),
            '\r' => cursor = 0,
            '\0' => {}
            _ => {
                if cursor < shown.len() {
                    shown[cursor] = c;
                } else {
                    shown.push(c);
                }
                cursor += 1;
            }
        }
    }
    let mut text: String = shown.into_iter().collect();
    if let Some(at) = PAGERS.iter().filter_map(|p| text.find(p)).min() {
        text = strip_pager(&text, at);
    }
    out.push_str(text.trim_end());
}

/// Control Sequence Introducer sequences of ECMA-48, and two-character escapes.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if chars.next_if_eq(&'[').is_none() {
        chars.next();
        return;
    }
    while chars.next_if(|c| !('\u{40}'..='\u{7e}').contains(c)).is_some() {}
    chars.next();
}

/// Removes a pager prompt that overprinting left in place, with what it says after (`(33%)`).
fn strip_pager(text: &str, at: usize) -> String {
    let tail = &text[at..];
    let end = PAGERS.iter().filter_map(|p| tail.strip_prefix(p)).map(|rest| {
        let rest = rest.strip_prefix(|c: char| c.is_ascii_digit()).unwrap_or(rest);
        rest.find(")---").map_or(rest, |i| &rest[i + 4..])
    });
    let rest = end.min_by_key(|r| r.len()).unwrap_or(tail);
    format!("{}{}", &text[..at], rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes.to_vec()).unwrap().0
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(text("åäö".as_bytes()), "åäö");
        assert_eq!(text(b"\xef\xbb\xbfhej"), "hej");
        assert_eq!(text(b"f\xf6rvaltning"), "förvaltning");
        let utf16: Vec<u8> =
            "interface vägg\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16), "interface vägg\r\n");
        assert_eq!(text(&[&[0xff, 0xfe][..], &utf16].concat()), "interface vägg\r\n");
    }

    #[test]
    fn a_terminal_capture_reads_as_it_was_shown() {
        assert_eq!(text(b"ab\x08c\n"), "ac\n");
        assert_eq!(text(b" --More-- \r         \r permit ip\nx\n"), " permit ip\nx\n");
        assert_eq!(text(b"\x1b[1mbold\x1b[0m\n"), "bold\n");
        assert_eq!(text(b"a\n--More--\x1b[K\nb"), "a\n\nb");
        assert_eq!(text(b"a\rb\rc"), "a\nb\nc");
    }

    #[test]
    fn binary_data_is_refused() {
        assert_eq!(decode(vec![0, 1, 2, 3, 0, 0, 7, 1]), Err(Undecodable::Binary));
    }
}
