//! Text with blocks between `-----BEGIN X-----` and `-----END X-----` (RFC 7468).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    /// What stands after `BEGIN`.
    pub(super) label: &'a str,
    /// Line of its begin, from 1.
    pub(super) line: u32,
    /// The lines between, undecoded; `None` when it has no end.
    body: Option<&'a [u8]>,
}

/// The blocks of a text, whatever else stands in it.
pub(super) fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<(Block<'_>, usize)> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(text.split_inclusive(|b| *b == b'\n')) {
        let (start, end) = (at, at + line.len());
        at = end;
        if let Some(label) = label(line, "BEGIN ") {
            blocks.extend(open.take().map(|(block, _)| block));
            open = Some((Block { label, line: number, body: None }, end));
        } else if label(line, "END ").is_some()
            && let Some((mut block, from)) = open.take()
        {
            block.body = text.get(from..start);
            blocks.push(block);
        }
    }
    blocks.extend(open.map(|(block, _)| block));
    blocks
}

impl Block<'_> {
    /// The bytes that the block stands for; `None` when it has no end or is not base64.
    pub(super) fn decoded(&self) -> Option<Vec<u8>> {
        const CONFIG: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let body = self.body?.iter().copied().filter(|b| !b.is_ascii_whitespace());
        GeneralPurpose::new(&STANDARD, CONFIG).decode(body.collect::<Vec<u8>>()).ok()
    }

    /// Whether it holds a private key, whichever kind.
    pub(super) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }
}

/// What a line of dashes says after `word`.
fn label<'a>(line: &'a [u8], word: &str) -> Option<&'a str> {
    let line = std::str::from_utf8(line.trim_ascii()).ok()?;
    line.strip_prefix("-----")?.strip_suffix("-----")?.strip_prefix(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_in_the_midst_of_text() {
        let text = b"subject=x\r\n-----BEGIN CERTIFICATE-----\r\nAQID\r\nBA==\r\n-----END CERTIFICATE-----\r\n\
            -----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n\
            -----BEGIN CERTIFICATE-----\nAQI\n";
        let found = blocks(text);
        let shape: Vec<_> = found.iter().map(|b| (b.label, b.line, b.decoded())).collect();
        assert_eq!(shape[0], ("CERTIFICATE", 2, Some(vec![1, 2, 3, 4])));
        assert_eq!((shape[1].0, shape[1].1), ("EC PRIVATE KEY", 6));
        assert!(found[1].is_private_key() && !found[0].is_private_key());
        assert_eq!(shape[2], ("CERTIFICATE", 9, None), "it has no end");
    }

    #[test]
    fn what_is_not_base64_is_not_decoded() {
        let found = blocks(b"-----BEGIN X-----\nA*B=\n-----END X-----");
        assert_eq!(found[0].decoded(), None);
        assert_eq!(blocks(b"----BEGIN X----\n"), []);
    }
}
