//! The text of a configuration: parts, statements with their bodies, words, versions.

use crate::lines::{Line, Word, Words};

/// Words of a line, read from left to right.
#[derive(Clone)]
pub(super) struct Cursor<'a>(Words<'a>);

impl<'a> Cursor<'a> {
    /// The words of a line; a comment has none.
    pub(super) fn new(line: Line<'a>) -> Self {
        let is_comment = line.text.trim_start().starts_with('!');
        Self(if is_comment { Line { text: "", ..line }.words() } else { line.words() })
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.0.next().map(|w| w.text)
    }

    /// The next word with its place.
    pub(super) fn word(&mut self) -> Option<Word<'a>> {
        self.0.next()
    }

    /// The next word, not taken.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.0.clone().next().map(|w| w.text)
    }

    /// Takes the next word when it is `word`.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let hit = self.peek() == Some(word);
        if hit {
            self.0.next();
        }
        hit
    }

    /// Takes the next words when they are `words`.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        let hit = words.iter().all(|w| ahead.eat(w));
        if hit {
            *self = ahead;
        }
        hit
    }

    /// Moves past the first `word` in the rest, when there is one.
    pub(super) fn skip_to(&mut self, word: &str) -> bool {
        let mut ahead = self.clone();
        while let Some(next) = ahead.next() {
            if next == word {
                *self = ahead;
                return true;
            }
        }
        false
    }

    /// The word after the next one, not taken.
    pub(super) fn second(&self) -> Option<&'a str> {
        self.0.clone().nth(1).map(|w| w.text)
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> Word<'a> {
        self.0.rest()
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.peek().is_none()
    }
}

/// A top-level line with the lines that belong to it.
#[derive(Clone, Copy)]
pub(super) struct Statement<'s, 'a> {
    pub(super) head: Line<'a>,
    pub(super) body: &'s [Line<'a>],
}

impl<'a> Statement<'_, 'a> {
    pub(super) fn words(&self) -> Cursor<'a> {
        Cursor::new(self.head)
    }
}

/// Splits the lines of a part into statements: a line that is not indented, with the indented (or
/// blank) lines under it.
pub(super) fn statements<'s, 'a>(lines: &'s [Line<'a>]) -> impl Iterator<Item = Statement<'s, 'a>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = *lines.get(at)?;
        let from = at + 1;
        let kind = Block::of(head.text);
        let inside = |l: &Line<'_>| l.text.trim().is_empty() || l.indent() > 0 || kind.owns(l.text);
        let len = if is_filler(head.text) {
            0
        } else {
            lines[from..].iter().take_while(|l| inside(l)).count()
        };
        at = from + len;
        Some(Statement { head, body: &lines[from..at] })
    })
}

/// Whether a line says nothing: blank, `!` comment, or a `:` header.
pub(super) fn is_filler(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with(['!', ':', '#'])
}

/// Blocks whose lines are known also when a copy has lost the indentation.
#[derive(Clone, Copy)]
enum Block {
    Group,
    Object,
    Interface,
    Other,
}

impl Block {
    fn of(head: &str) -> Self {
        if head.starts_with("object-group ") {
            Self::Group
        } else if head.starts_with("object ") {
            Self::Object
        } else if head.starts_with("interface ") {
            Self::Interface
        } else {
            Self::Other
        }
    }

    fn owns(self, text: &str) -> bool {
        let stems: &[&str] = match self {
            Self::Group => &[
                "network-object ",
                "group-object ",
                "port-object ",
                "service-object ",
                "icmp-object ",
                "protocol-object ",
                "description ",
            ],
            Self::Object => &["host ", "subnet ", "range ", "fqdn ", "description "],
            Self::Interface => &[
                "description ",
                "security-level ",
                "management-only",
                "shutdown",
                "vlan ",
                "no nameif",
                "no security-level",
                "no ip address",
                "no shutdown",
            ],
            Self::Other => &[],
        };
        stems.iter().any(|s| text.starts_with(s)) || matches!(self, Self::Interface) && named(text)
    }
}

/// `nameif NAME` and `ip address ADDRESS` of an interface section: on PIX 6 both also are commands
/// of their own, with the interface as a word before.
fn named(text: &str) -> bool {
    if let Some(address) = text.strip_prefix("ip address ") {
        let first = address.split_whitespace().next().unwrap_or_default();
        return matches!(first, "dhcp" | "pppoe") || first.parse::<std::net::Ipv4Addr>().is_ok();
    }
    text.strip_prefix("nameif ").is_some_and(|name| !name.trim().contains(' '))
}

/// What the software calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Asa,
    Pix,
    Fwsm,
    /// Firepower Threat Defense, whose LINA part is an ASA of version 9.
    Ngfw,
}

/// Software version; the numbers are the product's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) product: Product,
    pub(super) major: u16,
    pub(super) minor: u16,
}

impl Version {
    /// Reads `ASA Version 9.12(4)67`, also with the colon that some archives put before it.
    pub(super) fn read(line: &str) -> Option<(Self, &str)> {
        let line = line.trim_start_matches([':', ' ']).trim_end();
        let (product, rest) =
            PRODUCTS.iter().find_map(|(p, s)| Some((*p, line.strip_prefix(s)?)))?;
        let text = rest.split_whitespace().next()?;
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some((Self { product, major, minor }, text))
    }

    /// Whether it is ASA software (or LINA) of at least this version.
    pub(super) fn is_asa_from(self, major: u16, minor: u16) -> bool {
        match self.product {
            Product::Ngfw => true,
            Product::Asa => (self.major, self.minor) >= (major, minor),
            Product::Pix | Product::Fwsm => false,
        }
    }
}

pub(super) const PRODUCTS: [(Product, &str); 4] = [
    (Product::Asa, "ASA Version "),
    (Product::Pix, "PIX Version "),
    (Product::Fwsm, "FWSM Version "),
    (Product::Ngfw, "NGFW Version "),
];

/// One configuration of a capture.
#[derive(Default)]
pub(super) struct Part<'a> {
    /// Host name of the prompt or of the system context before it.
    pub(super) host: Option<&'a str>,
    /// Security context that it was taken in.
    pub(super) context: Option<&'a str>,
    pub(super) lines: Vec<Line<'a>>,
}

/// Splits a capture where another configuration begins: at the second version header and at each
/// change of security context.
pub(super) fn parts<'a>(lines: impl Iterator<Item = Line<'a>> + Clone) -> Vec<Part<'a>> {
    let mut parts = vec![Part::default()];
    let mut versioned = false;
    let margin = lines.clone().filter(|l| !l.text.trim().is_empty()).map(|l| l.indent()).min();
    for line in lines.map(|l| without_margin(l, margin.unwrap_or(0))) {
        let prompt = Prompt::read(line.text);
        let changed = prompt.and_then(|p| p.command).and_then(Change::read);
        let is_version = Version::read(line.text).is_some();
        let is_change = changed.is_some();
        if is_change || is_version && versioned {
            let before = parts.last();
            let host = before.and_then(|p| p.host);
            let context = match changed {
                Some(Change::Context(name)) => Some(name),
                Some(Change::System) => None,
                None => before.and_then(|p| p.context),
            };
            parts.push(Part { host, context, lines: Vec::new() });
            versioned = false;
        }
        versioned |= is_version;
        if let Some(part) = parts.last_mut() {
            if let Some(p) = prompt.filter(|p| !p.host.is_empty()) {
                part.host = Some(p.host);
                // A prompt before the change still names the old context.
                part.context = p.context.filter(|_| !is_change).or(part.context);
            }
            part.lines.push(line);
        }
    }
    parts
}

/// A line without the blanks that every line of a pasted text begins with.
fn without_margin(line: Line<'_>, margin: usize) -> Line<'_> {
    let cut = margin.min(line.indent());
    Line { start: line.start + cut as u32, text: &line.text[cut..], ..line }
}

/// A change of security context.
enum Change<'a> {
    Context(&'a str),
    System,
}

impl<'a> Change<'a> {
    /// `changeto context X` or `changeto system`.
    fn read(command: &'a str) -> Option<Self> {
        let mut words = command.split_whitespace();
        let is_change = words.next().is_some_and(|w| w.len() >= 6 && "changeto".starts_with(w));
        match words.next().filter(|_| is_change)? {
            "context" => words.next().map(Self::Context),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}

/// A command at a prompt: `fw/ctx/act(config)# show running-config`.
#[derive(Clone, Copy)]
pub(super) struct Prompt<'a> {
    host: &'a str,
    context: Option<&'a str>,
    pub(super) command: Option<&'a str>,
}

impl<'a> Prompt<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with("changeto ") {
            return Some(Self { host: "", context: None, command: Some(text) });
        }
        let end = text.find(['#', '>'])?;
        let (name, command) = (&text[..end], text[end + 1..].trim());
        let named = |c: char| c.is_ascii_alphanumeric() || "-_./()".contains(c);
        if name.is_empty() || !name.chars().all(named) {
            return None;
        }
        let name = name.split('(').next().unwrap_or(name);
        let mut levels = name.split('/');
        let host = levels.next().unwrap_or(name);
        // Failover state words stand where a context may stand.
        let state = |l: &&str| !matches!(*l, "act" | "stby" | "pri" | "sec" | "actNoFailover");
        Some(Self {
            host,
            context: levels.find(state),
            command: Some(command).filter(|c| !c.is_empty()),
        })
    }
}
