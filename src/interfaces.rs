//! The file that says which networks lie behind which interface.
//!
//! Each entry is a name and a list: `eth0 = [10.0.0.0/8, 192.168.1.0-192.168.1.9]`, or all but a list:
//! `eth1 = all_but_those_ips [10.0.0.0/8]`. The same may be written as TOML: quoted items,
//! `eth1 = { except = ["10.0.0.0/8"] }`, and tables with `networks` and `except`.

use std::fmt;
use std::net::IpAddr;

use ipnetwork::IpNetwork;
use portvakt_space::AddrSet;

/// An entry: an interface and the addresses behind it.
pub type Entry = (String, AddrSet);

/// What is wrong with a file, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Malformed {
    line: usize,
    column: usize,
    what: String,
}

/// Reads the entries of a file, in order.
pub fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(token) = reader.peek() {
        let entry = reader.entry()?;
        if entries.iter().any(|(name, _)| *name == entry.0) {
            return Err(token.malformed(format!("{} has an entry already", entry.0)));
        }
        entries.push(entry);
    }
    Ok(entries)
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    line: usize,
    column: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Sign(char),
    /// The end of the file.
    End,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Sign(sign) => write!(f, "\"{sign}\""),
            Self::End => f.write_str("the end of the file"),
        }
    }
}

impl Token {
    fn malformed(&self, what: impl Into<String>) -> Malformed {
        Malformed { line: self.line, column: self.column, what: what.into() }
    }

    fn expected(&self, what: &str) -> Malformed {
        self.malformed(format!("expected {what}, found {}", self.kind))
    }

    fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

const SIGNS: &str = "=[]{},";

/// The words and signs of a file; the last is its end.
fn tokens(text: &str) -> Result<Vec<Token>, Malformed> {
    let mut tokens = Vec::new();
    let mut last = 1;
    for (line, text) in (1..).zip(text.lines()) {
        line_tokens(text, line, &mut tokens)?;
        last = line;
    }
    tokens.push(Token { kind: Kind::End, line: last, column: 1 });
    Ok(tokens)
}

fn line_tokens(text: &str, line: usize, tokens: &mut Vec<Token>) -> Result<(), Malformed> {
    let mut left = (1..).zip(text.chars()).peekable();
    while let Some((column, c)) = left.next() {
        let mut push = |kind| tokens.push(Token { kind, line, column });
        match c {
            '#' => return Ok(()),
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match left.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, c)) => word.push(c),
                        None => {
                            let what = "a quote that is not closed on its line".to_owned();
                            return Err(Malformed { line, column, what });
                        }
                    }
                }
                push(Kind::Word(word));
            }
            _ if SIGNS.contains(c) => push(Kind::Sign(c)),
            _ if c.is_whitespace() => {}
            _ => {
                let mut word = String::from(c);
                let inside =
                    |c: char| !c.is_whitespace() && !SIGNS.contains(c) && !"#\"'".contains(c);
                while let Some((_, c)) = left.next_if(|(_, c)| inside(*c)) {
                    word.push(c);
                }
                push(Kind::Word(word));
            }
        }
    }
    Ok(())
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next token but for the end.
    fn peek(&self) -> Option<&'a Token> {
        Some(self.here()).filter(|token| token.kind != Kind::End)
    }

    fn here(&self) -> &'a Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> &'a Token {
        let token = self.here();
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: char) -> Result<(), Malformed> {
        let token = self.next();
        if token.is(sign) { Ok(()) } else { Err(token.expected(&format!("\"{sign}\""))) }
    }

    fn entry(&mut self) -> Result<Entry, Malformed> {
        if self.here().is('[') {
            return self.table();
        }
        let name = self.name()?;
        self.sign('=')?;
        Ok((name, self.value()?))
    }

    fn name(&mut self) -> Result<String, Malformed> {
        let token = self.next();
        match &token.kind {
            Kind::Word(name) if name.ends_with('+') => {
                Err(token.malformed(format!("{name} is a pattern; name each interface")))
            }
            Kind::Word(name) if !name.is_empty() => Ok(name.clone()),
            _ => Err(token.expected("the name of an interface")),
        }
    }

    fn value(&mut self) -> Result<AddrSet, Malformed> {
        let token = self.here();
        match &token.kind {
            Kind::Sign('{') => self.inline_table(),
            Kind::Sign('[') => self.list(),
            Kind::Word(word) if word == "all_but_those_ips" => {
                self.at += 1;
                Ok(self.list()?.complement())
            }
            _ => Err(token.expected("a list like [10.0.0.0/8]")),
        }
    }

    /// `[name]`, then `networks` and `except` on lines of their own.
    fn table(&mut self) -> Result<Entry, Malformed> {
        self.sign('[')?;
        let name = self.name()?;
        self.sign(']')?;
        let mut parts = Parts::default();
        while self.peek().is_some_and(|token| !token.is('[')) {
            self.part(&mut parts)?;
        }
        Ok((name, parts.addresses()))
    }

    fn inline_table(&mut self) -> Result<AddrSet, Malformed> {
        self.sign('{')?;
        let mut parts = Parts::default();
        while !self.here().is('}') {
            self.part(&mut parts)?;
            if !self.here().is('}') {
                self.sign(',')?;
            }
        }
        self.sign('}')?;
        Ok(parts.addresses())
    }

    fn part(&mut self, parts: &mut Parts) -> Result<(), Malformed> {
        let token = self.next();
        let part = match &token.kind {
            Kind::Word(word) if word == "networks" => &mut parts.networks,
            Kind::Word(word) if word == "except" => &mut parts.except,
            _ => return Err(token.expected("\"networks\" or \"except\"")),
        };
        if part.is_some() {
            return Err(token.malformed("stated twice"));
        }
        self.sign('=')?;
        *part = Some(self.list()?);
        Ok(())
    }

    fn list(&mut self) -> Result<AddrSet, Malformed> {
        self.sign('[')?;
        let mut sets = Vec::new();
        while !self.here().is(']') {
            sets.push(self.addresses()?);
            if !self.here().is(']') {
                self.sign(',')?;
            }
        }
        self.sign(']')?;
        Ok(AddrSet::union_all(&sets))
    }

    /// An address, a prefix or a range; blanks may stand around the hyphen.
    fn addresses(&mut self) -> Result<AddrSet, Malformed> {
        let first = self.here();
        let mut text = String::new();
        while let Kind::Word(word) = &self.here().kind {
            text.push_str(word);
            self.at += 1;
        }
        let wanted = "an address, a prefix like 10.0.0.0/8 or a range like 10.0.0.1-10.0.0.9";
        match addresses(&text) {
            Some(set) => Ok(set),
            None if text.is_empty() => Err(first.expected(wanted)),
            None => Err(first.malformed(format!("expected {wanted}, found \"{text}\""))),
        }
    }
}

#[derive(Default)]
struct Parts {
    networks: Option<AddrSet>,
    except: Option<AddrSet>,
}

impl Parts {
    /// The networks, or all there are when only exceptions are stated, without the exceptions.
    fn addresses(self) -> AddrSet {
        let stated = self.networks.is_some() || self.except.is_none();
        let networks = if stated { self.networks.unwrap_or_default() } else { AddrSet::ANY };
        networks.minus(&self.except.unwrap_or_default())
    }
}

fn addresses(text: &str) -> Option<AddrSet> {
    if let Some((lo, hi)) = text.split_once('-') {
        let (lo, hi): (IpAddr, IpAddr) = (lo.parse().ok()?, hi.parse().ok()?);
        return Some(AddrSet::range(lo, hi)).filter(|set| !set.is_empty());
    }
    let network: IpNetwork = text.parse().ok()?;
    Some(AddrSet::prefix(network.ip(), network.prefix()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: &[&str]) -> AddrSet {
        items.iter().map(|text| addresses(text).unwrap()).collect()
    }

    fn entry(name: &str, set: AddrSet) -> Entry {
        (name.to_owned(), set)
    }

    #[test]
    fn lists_ranges_and_all_but_a_list() {
        let text = "# behind the firewall\n\
                    eth0 = [10.0.0.0/8, 192.168.1.0-192.168.1.9]\n\n\
                    eth1.96=[10.7.0.3/25 , 2001:db8::/32]  # host bits are ignored\n\
                    eth2 = all_but_those_ips [\n  10.0.0.0/8,\n  192.0.2.1 - 192.0.2.9 ]\n\
                    none = []\n";
        let expected = [
            entry("eth0", set(&["10.0.0.0/8", "192.168.1.0-192.168.1.9"])),
            entry("eth1.96", set(&["10.7.0.0/25", "2001:db8::/32"])),
            entry("eth2", set(&["10.0.0.0/8", "192.0.2.1-192.0.2.9"]).complement()),
            entry("none", AddrSet::NONE),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn the_same_as_toml() {
        let text = "eth0 = [\"10.0.0.0/8\"]\n\
                    \"eth1.96\" = { except = [\"10.0.0.0/8\"] }\n\
                    eth2 = { networks = ['10.0.0.0/8'], except = ['10.1.0.0/16'] }\n\
                    [eth3]\nexcept = [\"192.0.2.0/24\"]\n[eth4]\nnetworks = [\"192.0.2.0/24\",]\n";
        let ten = set(&["10.0.0.0/8"]);
        let doc = set(&["192.0.2.0/24"]);
        let expected = [
            entry("eth0", ten.clone()),
            entry("eth1.96", ten.complement()),
            entry("eth2", ten.minus(&set(&["10.1.0.0/16"]))),
            entry("eth3", doc.complement()),
            entry("eth4", doc),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn faults_are_said_where_they_are() {
        for (text, said) in [
            ("eth0 [10.0.0.0/8]", "1:6: expected \"=\", found \"[\""),
            ("\neth0 = 10.0.0.0/8", "2:8: expected a list like [10.0.0.0/8], found \"10.0.0.0/8\""),
            ("eth0 = [10.0.0.0/33]", "1:9: expected an address"),
            ("eth0 = [10.0.0.9-10.0.0.1]", "1:9: expected an address"),
            ("eth0 = [10.0.0.0/8", "1:1: expected \",\", found the end of the file"),
            ("eth0 = [10.0.0.0/8,,]", "1:20: expected an address"),
            ("eth0 = [\"10.0.0.0/8]", "1:9: a quote that is not closed"),
            ("eth+ = []", "1:1: eth+ is a pattern"),
            ("a = []\na = []", "2:1: a has an entry already"),
            ("[a]\nb = []", "2:1: expected \"networks\" or \"except\""),
            ("åäö = x", "1:7: expected a list"),
        ] {
            let found = parse(text).unwrap_err().to_string();
            assert!(found.starts_with(said), "{text}: {found}");
        }
    }
}
