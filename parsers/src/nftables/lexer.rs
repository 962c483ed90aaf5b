//! Words and signs of the nft language, each with its place.

use std::net::Ipv6Addr;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n};
use nom::character::complete::{anychar, char, satisfy};
use nom::combinator::{map, opt, recognize, verify};
use nom::multi::count;
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// A word or sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Keyword, name, number, address.
    Word(&'a str),
    /// What stands between double quotes.
    Quoted(&'a str),
    Sign(&'a str),
    Newline,
    End,
}

/// A place in a text, from which tokens are read. Copies are cheap: looking ahead is reading on a
/// copy.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// The next token, where it begins and ends, and its line.
    token: Token<'a>,
    start: usize,
    end: usize,
    line: u32,
    /// Where the token that was read last ends, and its line.
    read_end: usize,
    read_line: u32,
    remark: Option<Remark<'a>>,
}

/// A comment.
#[derive(Clone, Copy)]
pub(super) struct Remark<'a> {
    /// What follows the `#`.
    pub(super) text: &'a str,
    pub(super) line: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut cursor = Self {
            text,
            token: Token::End,
            start: 0,
            end: 0,
            line: 1,
            read_end: 0,
            read_line: 1,
            remark: None,
        };
        cursor.advance();
        cursor
    }

    /// The next token, left in place.
    pub(super) const fn peek(&self) -> Token<'a> {
        self.token
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Token<'a> {
        let token = self.token;
        (self.read_end, self.read_line) = (self.end, self.line);
        self.line += u32::from(token == Token::Newline);
        self.advance();
        token
    }

    /// Reads the token that begins behind the present one.
    fn advance(&mut self) {
        self.start = self.end;
        self.skip_blanks();
        let rest = &self.text[self.start..];
        let (after, token) = token(rest).unwrap_or((rest, Token::End));
        (self.token, self.end) = (token, self.text.len() - after.len());
    }

    /// Blanks, comments, joined lines, and what a shell puts before signs.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text.as_bytes()[self.start..];
            match rest {
                [b'\\', b'\n', ..] => self.join(2),
                [b'\\', b'\r', b'\n', ..] => self.join(3),
                [b' ' | b'\t' | b'\r' | b'\'' | b'\\', ..] => self.start += 1,
                [b'#', ..] if !self.at_extension() => self.skip_remark(),
                _ => return,
            }
        }
    }

    /// Whether the `#` here begins no comment.
    fn at_extension(&self) -> bool {
        let rest = &self.text[self.start + 1..];
        is_extension(&rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())])
    }

    fn join(&mut self, bytes: usize) {
        self.start += bytes;
        self.line += 1;
    }

    fn skip_remark(&mut self) {
        let rest = &self.text[self.start + 1..];
        let text = &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
        self.start += 1 + text.len();
        self.remark = Some(Remark { text: text.trim(), line: self.line });
    }

    /// The line of the next token, from 1.
    pub(super) const fn line(&self) -> u32 {
        self.line
    }

    /// The line of the token that was read last.
    pub(super) const fn read_line(&self) -> u32 {
        self.read_line
    }

    /// The byte offset of the next token.
    pub(super) const fn offset(&self) -> usize {
        self.start
    }

    /// What was read since `offset`.
    pub(super) fn since(&self, offset: usize) -> &'a str {
        self.text.get(offset..self.read_end).unwrap_or_default().trim()
    }

    /// The last comment before the next token.
    pub(super) const fn remark(&self) -> Option<Remark<'a>> {
        self.remark
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.peek() == Token::Sign(sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek() == Token::Word(word)
    }

    /// Reads `sign` if it comes next.
    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let hit = self.is_sign(sign);
        if hit {
            self.next();
        }
        hit
    }

    /// Reads the keyword `word` if it comes next.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let hit = self.is_word(word);
        if hit {
            self.next();
        }
        hit
    }

    /// Reads one of `words` if it comes next.
    pub(super) fn one_of(&mut self, words: &[&str]) -> Option<&'a str> {
        match self.peek() {
            Token::Word(word) if words.contains(&word) => {
                self.next();
                Some(word)
            }
            _ => None,
        }
    }

    /// Reads a word, quoted or not.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        match self.peek() {
            Token::Word(word) | Token::Quoted(word) => {
                self.next();
                Some(word)
            }
            _ => None,
        }
    }

    /// Whether a statement ends here.
    pub(super) fn at_end(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::End | Token::Sign(";" | "}"))
    }

    pub(super) fn skip_newlines(&mut self) {
        while self.peek() == Token::Newline {
            self.next();
        }
    }

    /// Skips line ends and semicolons.
    pub(super) fn skip_separators(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Sign(";")) {
            self.next();
        }
    }

    /// Skips the rest of a statement, blocks in it included.
    pub(super) fn skip_statement(&mut self) {
        let mut depth = 0u32;
        while depth > 0 || !self.at_end() {
            match self.next() {
                Token::Sign("{") => depth += 1,
                Token::Sign("}") => depth -= 1,
                Token::End => return,
                _ => {}
            }
        }
    }

    /// Skips to the end of a block whose `{` has been read.
    pub(super) fn skip_block(&mut self) {
        let mut depth = 1u32;
        while depth > 0 {
            match self.next() {
                Token::Sign("{") => depth += 1,
                Token::Sign("}") => depth -= 1,
                Token::End => return,
                _ => {}
            }
        }
    }
}

/// Whether what follows a `#` is still a rule. A listing of what iptables-nft has put in shows a
/// match that nft can't show as `# match-set blocked src counter packets 0 bytes 0 drop`.
pub(super) fn is_extension(line: &str) -> bool {
    let first = line.split_ascii_whitespace().next();
    memchr::memmem::find(line.as_bytes(), b" counter packets ").is_some()
        && first.is_some_and(|word| !super::value::begins_statement(word))
}

fn token(text: &str) -> IResult<&str, Token<'_>> {
    alt((
        map(char('\n'), |_| Token::Newline),
        map(quoted, Token::Quoted),
        map(alt((mac, ipv6, number, name)), Token::Word),
        map(sign, Token::Sign),
        map(recognize(anychar), Token::Word),
    ))
    .parse(text)
}

/// Up to the closing quote, or to the end of the line where it is missing. nft has no escapes, but
/// quotes that come from a shell carry a backslash.
fn quoted(text: &str) -> IResult<&str, &str> {
    let body = take_till(|c| matches!(c, '"' | '\n' | '\r'));
    let (rest, body) = delimited(char('"'), body, opt(char('"'))).parse(text)?;
    Ok((rest, body.strip_suffix('\\').unwrap_or(body)))
}

/// `00:53:00:00:00:01`.
fn mac(text: &str) -> IResult<&str, &str> {
    let octet = || take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    recognize(pair(count(terminated(octet(), char(':')), 5), octet())).parse(text)
}

/// An IPv6 address. A colon right behind it is not part of it.
fn ipv6(text: &str) -> IResult<&str, &str> {
    const LONGEST: usize = 45;
    let run = take_while_m_n(2, LONGEST, |c: char| c.is_ascii_hexdigit() || ":.".contains(c));
    let (_, run) = verify(run, |run: &str| run.contains(':')).parse(text)?;
    let trimmed = run.strip_suffix(':').filter(|r| !r.ends_with(':')).unwrap_or(run);
    let valid = trimmed.parse::<Ipv6Addr>().is_ok();
    let length = if valid { trimmed.len() } else { usize::MAX };
    nom::bytes::complete::take(length).parse(text)
}

/// Number, IPv4 address or time: ends before `-` and `/`, unlike a name.
fn number(text: &str) -> IResult<&str, &str> {
    let more = take_while(|c: char| c.is_alphanumeric() || c == '_');
    let dotted = recognize(preceded(char('.'), satisfy(|c| c.is_ascii_digit())));
    let first = recognize(pair(satisfy(|c| c.is_ascii_digit()), more));
    let rest = nom::multi::many0_count(pair(
        dotted,
        take_while(|c: char| c.is_alphanumeric() || c == '_'),
    ));
    recognize(pair(first, rest)).parse(text)
}

/// Keyword or name; `*` may end it, with or without a backslash before it.
fn name(text: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_alphabetic() || c == '_');
    let more = take_while(|c: char| c.is_alphanumeric() || "_-./*".contains(c));
    recognize((first, more)).parse(text)
}

fn sign(text: &str) -> IResult<&str, &str> {
    let long = alt((tag("=="), tag("!="), tag("<="), tag(">="), tag("<<"), tag(">>")));
    alt((long, recognize(satisfy(|c| c.is_ascii_punctuation())))).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut cursor = Cursor::new(text);
        let mut out = Vec::new();
        loop {
            match cursor.next() {
                Token::End => return out,
                Token::Newline => out.push("\n"),
                Token::Word(w) | Token::Quoted(w) | Token::Sign(w) => out.push(w),
            }
        }
    }

    #[test]
    fn addresses_ports_and_ranges_fall_apart_where_nft_does() {
        assert_eq!(words("10.0.0.1:80-90"), ["10.0.0.1", ":", "80", "-", "90"]);
        assert_eq!(words("2001:db8::/32"), ["2001:db8::", "/", "32"]);
        assert_eq!(words("[2001:db8::1]:80"), ["[", "2001:db8::1", "]", ":", "80"]);
        assert_eq!(words("25:accept"), ["25", ":", "accept"]);
        assert_eq!(words("::1: drop"), ["::1", ":", "drop"]);
        assert_eq!(words("fe80::"), ["fe80::"]);
        assert_eq!(words("00:53:00:00:00:01"), ["00:53:00:00:00:01"]);
        assert_eq!(words("fe00::1-fe22::"), ["fe00::1", "-", "fe22::"]);
        assert_eq!(words("ip saddr . tcp dport"), ["ip", "saddr", ".", "tcp", "dport"]);
        assert_eq!(words("eth0.100 eth*"), ["eth0.100", "eth*"]);
        assert_eq!(words("10/second"), ["10", "/", "second"]);
        assert_eq!(words("accept # a \"b"), ["accept"]);
        // A rule that someone has put out of force is a comment; an extension's match is not.
        assert_eq!(words("# tcp dport 22 counter packets 0 bytes 0 accept"), [""; 0]);
        assert_eq!(words("# match-set x counter packets 0 bytes 0 drop").len(), 9);
    }

    #[test]
    fn lines_are_counted_through_joined_ones() {
        let mut cursor = Cursor::new("a \\\n b\nc");
        assert_eq!((cursor.next(), cursor.read_line()), (Token::Word("a"), 1));
        assert_eq!((cursor.next(), cursor.read_line()), (Token::Word("b"), 2));
        cursor.next();
        assert_eq!((cursor.next(), cursor.read_line()), (Token::Word("c"), 3));
    }

    #[test]
    fn an_open_quote_ends_with_its_line() {
        assert_eq!(words("\"lo\nx"), ["lo", "\n", "x"]);
        assert_eq!(words("\\\"lo\\\" x"), ["lo", "x"]);
    }
}
