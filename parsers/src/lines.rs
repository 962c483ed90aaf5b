//! Lines and words with their places.

use portvakt_model::Span;

/// A line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u32,
    /// Byte offset of its first character.
    pub(crate) start: u32,
    /// Without its line end.
    pub(crate) text: &'a str,
}

impl<'a> Line<'a> {
    /// How many blanks (a tab is one) it begins with.
    pub(crate) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '\t']).len()
    }

    /// Its words: separated by blanks, quotes (`"` or `'`) kept together with their content and
    /// stripped, `\` escaping the next character inside double quotes.
    pub(crate) fn words(&self) -> Words<'a> {
        Words { text: self.text, at: 0, start: self.start }
    }

    /// The byte range of the whole line.
    pub(crate) fn span(&self) -> Span {
        self.start..self.start + self.text.len() as u32
    }
}

/// Iterator over the lines of a text.
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: u32,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 0 }
    }

    /// Passes over the lines before the one with this number.
    pub(crate) fn skip_to(&mut self, number: u32) {
        self.pass(number.saturating_sub(self.number + 1));
    }

    /// Passes over so many lines, or to the end.
    pub(crate) fn pass(&mut self, lines: u32) {
        let Some(last) = lines.checked_sub(1) else { return };
        let rest = &self.text.as_bytes()[self.at..];
        match memchr::memchr_iter(b'\n', rest).nth(last as usize) {
            Some(end) => (self.at, self.number) = (self.at + end + 1, self.number + lines),
            None => while self.next().is_some() {},
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let len = memchr::memchr(b'\n', rest.as_bytes());
        let body = &rest[..len.unwrap_or(rest.len())];
        let start = self.at as u32;
        self.at += len.map_or(rest.len(), |n| n + 1);
        self.number += 1;
        Some(Line { number: self.number, start, text: body.strip_suffix('\r').unwrap_or(body) })
    }
}

/// A word of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Without the quotes around it. Escapes inside are left as they stand: see [`Word::value`].
    pub(crate) text: &'a str,
    /// Byte offset of its first character (inside the quotes).
    pub(crate) start: u32,
    /// Whether it was quoted.
    pub(crate) quoted: bool,
}

impl<'a> Word<'a> {
    /// Its byte range, quotes left out.
    pub(crate) fn span(&self) -> Span {
        self.start..self.start + self.text.len() as u32
    }

    /// Its text with `\x` inside double quotes turned into `x`.
    pub(crate) fn value(&self) -> std::borrow::Cow<'a, str> {
        if !self.quoted || !self.text.contains('\\') {
            return self.text.into();
        }
        let mut out = String::with_capacity(self.text.len());
        let mut chars = self.text.chars();
        while let Some(c) = chars.next() {
            out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
        }
        out.into()
    }
}

/// Iterator over the words of a line.
#[derive(Clone)]
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
    start: u32,
}

impl<'a> Words<'a> {
    /// What has not been read yet, without blanks before it.
    pub(crate) fn rest(&self) -> Word<'a> {
        let tail = &self.text[self.at..];
        let body = tail.trim_start_matches([' ', '\t']);
        let start = self.start + (self.at + tail.len() - body.len()) as u32;
        Word { text: body.trim_end(), start, quoted: false }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let first = *bytes.get(self.at)?;
        let quoted = matches!(first, b'"' | b'\'');
        let from = self.at + usize::from(quoted);
        let end = if quoted { closing(bytes, from, first) } else { blank(bytes, from) };
        self.at = (end + usize::from(quoted)).min(bytes.len());
        Some(Word { text: &self.text[from..end], start: self.start + from as u32, quoted })
    }
}

fn blank(bytes: &[u8], from: usize) -> usize {
    // Words are short: a plain loop is faster than setting up a vector search.
    let blank = bytes[from..].iter().position(|b| matches!(b, b' ' | b'\t'));
    blank.map_or(bytes.len(), |n| from + n)
}

fn closing(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' if quote == b'"' => at += 1,
            _ if b == quote => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a line of a terminal capture is a shell's prompt, with or without a command after it:
/// `root@srv:~# nft list ruleset`, `[admin@srv ~]$`.
pub(crate) fn is_shell_prompt(text: &str) -> bool {
    let text = text.trim();
    let head = text.find(['#', '$']).map_or("", |end| &text[..end]);
    let Some((user, rest)) = head.trim_start_matches('[').split_once('@') else { return false };
    let named =
        |w: &str| !w.is_empty() && w.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    let host = rest.split([':', ' ', ']']).next().unwrap_or_default();
    named(user) && named(host) && rest.len() > host.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_carry_number_and_offset() {
        let all: Vec<_> = Lines::new("a\r\n\nåb").map(|l| (l.number, l.start, l.text)).collect();
        assert_eq!(all, [(1, 0, "a"), (2, 3, ""), (3, 4, "åb")]);
    }

    #[test]
    fn words_keep_quotes_together() {
        let line = Line { number: 1, start: 10, text: r#" set  name "a \"b\" c" 'x y' z"# };
        let words: Vec<_> = line.words().map(|w| (w.value().into_owned(), w.start)).collect();
        let want = [("set", 11), ("name", 16), ("a \"b\" c", 22), ("x y", 34), ("z", 39)];
        assert_eq!(words, want.map(|(t, n)| (t.to_owned(), n)));
    }

    #[test]
    fn an_open_quote_runs_to_the_end() {
        let line = Line { number: 1, start: 0, text: "a \"b c" };
        assert_eq!(line.words().last().map(|w| w.text), Some("b c"));
        assert_eq!(Line { number: 1, start: 0, text: "\"\\" }.words().count(), 1);
    }

    #[test]
    fn the_rest_is_what_follows() {
        let mut words = Line { number: 1, start: 0, text: "description  a b " }.words();
        words.next();
        assert_eq!(words.rest().text, "a b");
        assert_eq!(words.rest().start, 13);
    }
}
