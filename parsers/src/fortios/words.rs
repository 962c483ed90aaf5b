//! Words of the FortiOS command line: quoted values may span lines, `\` escapes.

use std::borrow::Cow;

use portvakt_model::Span;

/// A value as the device takes it: quotes and escapes undone.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    /// Its text.
    pub(super) text: Cow<'a, str>,
    /// Where it stands, quotes around a wholly quoted value left out.
    pub(super) span: Span,
}

/// Reads the words of one command after another.
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// Byte offset of what is read next.
    pub(super) at: usize,
    /// Lines that have been passed since the command began.
    pub(super) passed: u32,
    /// From here on no double quote closes: known from an earlier search.
    hopeless: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, passed: 0, hopeless: usize::MAX }
    }

    /// Whether everything has been read.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The physical line that is read next, without its end.
    pub(super) fn line(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        rest[..end].trim_end_matches('\r')
    }

    /// Goes to the next physical line.
    pub(super) fn skip_line(&mut self) {
        self.passed = 0;
        let rest = &self.text.as_bytes()[self.at..];
        self.at += memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
    }

    /// The words of the command that begins here; [`Scanner::passed`] then tells how many line ends
    /// stand inside its quotes.
    pub(super) fn command(&mut self) -> Vec<Value<'a>> {
        self.passed = 0;
        let mut words = Vec::new();
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') => {
                    self.at += 1;
                    return words;
                }
                Some(_) => words.push(self.word()),
                None => return words,
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// A word: adjoining bare, quoted and escaped parts.
    fn word(&mut self) -> Value<'a> {
        let start = self.at;
        let mut parts: Vec<(Cow<'a, str>, usize, usize)> = Vec::new();
        while let Some(byte) = self.byte() {
            let part = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => break,
                b'"' => self.double_quoted(),
                b'\'' => self.single_quoted(),
                b'\\' => self.escaped(),
                _ => self.bare(),
            };
            parts.push(part);
        }
        if parts.len() == 1
            && let Some((text, from, to)) = parts.pop()
        {
            return Value { text, span: from as u32..to as u32 };
        }
        let text: String = parts.into_iter().map(|(text, ..)| text).collect();
        Value { text: text.into(), span: start as u32..self.at as u32 }
    }

    fn bare(&mut self) -> (Cow<'a, str>, usize, usize) {
        let (from, bytes) = (self.at, self.text.as_bytes());
        let stop = |b: &u8| b" \t\r\n\"'\\".contains(b);
        self.at = bytes[from..].iter().position(stop).map_or(bytes.len(), |n| from + n);
        (self.text[from..self.at].into(), from, self.at)
    }

    /// A backslash takes the next character as it is; before a line end it is only itself.
    fn escaped(&mut self) -> (Cow<'a, str>, usize, usize) {
        let from = self.at;
        let next = self.text[from + 1..].chars().next().filter(|c| !matches!(c, '\n' | '\r'));
        self.at += 1 + next.map_or(0, char::len_utf8);
        let body = if next.is_some() { from + 1 } else { from };
        (self.text[body..self.at].into(), from, self.at)
    }

    /// Between single quotes nothing is special. One that does not close on its line is a letter.
    fn single_quoted(&mut self) -> (Cow<'a, str>, usize, usize) {
        let from = self.at + 1;
        let rest = &self.text.as_bytes()[from..];
        match memchr::memchr2(b'\'', b'\n', rest) {
            Some(n) if rest[n] == b'\'' => {
                self.at = from + n + 1;
                (self.text[from..from + n].into(), from, from + n)
            }
            _ => {
                self.at = from;
                (self.text[from - 1..from].into(), from - 1, from)
            }
        }
    }

    /// Up to the closing quote, on this line or a later one. When none closes, the quote ends with
    /// its line: a damaged line must not swallow the rest of the file.
    fn double_quoted(&mut self) -> (Cow<'a, str>, usize, usize) {
        let from = self.at + 1;
        let end = self.closing(from).unwrap_or_else(|| {
            let rest = &self.text[from..];
            let line = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            from + rest[..line].trim_end_matches('\r').len()
        });
        let body = &self.text[from..end];
        self.passed += memchr::memchr_iter(b'\n', body.as_bytes()).count() as u32;
        self.at = if self.text.as_bytes().get(end) == Some(&b'"') { end + 1 } else { end };
        (unescaped(body), from, end)
    }

    /// The closing quote of what begins at `from`. On a later line it counts only when the value
    /// ends there: a quote right before a word opens the next value of a damaged text.
    fn closing(&mut self, from: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (mut at, mut lines) = (from, 0u32);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' if from >= self.hopeless => return None,
                b'\n' => lines += 1,
                b'"' => {
                    let ends = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
                    return (lines == 0 || ends).then_some(at);
                }
                _ => {}
            }
            at += 1;
        }
        self.hopeless = self.hopeless.min(from);
        None
    }
}

fn unescaped(body: &str) -> Cow<'_, str> {
    if !body.contains('\\') {
        return body.into();
    }
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<(Vec<String>, u32)> {
        let mut scanner = Scanner::new(text);
        let mut out = Vec::new();
        while !scanner.is_done() {
            let words = scanner.command().into_iter().map(|w| w.text.into_owned()).collect();
            out.push((words, scanner.passed));
        }
        out
    }

    #[test]
    fn quotes_escapes_and_joined_parts() {
        let text = "set a \"x \\\"y\\\" z\" 'p \"q' r\\ s \"new\"_name it's\r\nset b\n";
        let got = commands(text);
        assert_eq!(got[0].0, ["set", "a", "x \"y\" z", "p \"q", "r s", "new_name", "it's"]);
        assert_eq!(got[1].0, ["set", "b"]);
    }

    #[test]
    fn a_quoted_value_spans_lines() {
        let got = commands("set key \"-----BEGIN\nAA==\n-----END\"\nnext\n");
        assert_eq!(
            got[0],
            (vec!["set".into(), "key".into(), "-----BEGIN\nAA==\n-----END".into()], 2)
        );
        assert_eq!(got[1].0, ["next"]);
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_file() {
        let got = commands("set comment \"broken\nset name \"x\"\nend\n");
        assert_eq!(got[0].0, ["set", "comment", "broken"]);
        assert_eq!(got[1].0, ["set", "name", "x"]);
        let got = commands("set comment \"broken\nend\n");
        assert_eq!((got.len(), got[1].0[0].as_str()), (2, "end"));
    }
}
