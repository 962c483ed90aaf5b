//! `ipset save` and `ipset list`.

use rustc_hash::FxHashMap;

use super::members::Members;
use super::reasons;
use crate::lines::{Line, Words};
use crate::{Build, Head, Input, IpsetContent, IpsetFile, Parser, Score, secrets};

pub(crate) static PARSER: Parser = Parser {
    id: "ipset-save",
    name: "ipset",
    reads: "`ipset save`, `ipset list`",
    understands: "sets of addresses, networks and ports, exceptions, lists of sets; sets with MAC \
                  addresses, marks or interfaces are known by name only",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    let kinds = ["hash:", "bitmap:", "list:set"];
    let typed = |word: Option<&str>| word.is_some_and(|w| kinds.iter().any(|t| w.starts_with(t)));
    let saved = |l: &str| {
        let l = l.trim_start();
        let l = l.strip_prefix("ipset ").unwrap_or(l);
        l.starts_with("create ") && typed(l.split_ascii_whitespace().nth(2))
    };
    let listed = |l: &str| l.strip_prefix("Type: ").is_some_and(|t| typed(Some(t)));
    if head.text.contains("\n*filter") || head.text.starts_with("*filter") {
        return Score::NO;
    }
    if head.lines.iter().any(|l| saved(l) || listed(l)) { Score(95) } else { Score::NO }
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let mut reading = Reading::default();
    for line in input.lines() {
        if line.text.trim().is_empty() || line.text.starts_with('#') {
            build.neutral(line.number);
            reading.listing = Listing::Nothing;
        } else if !reading.line(line, build) {
            reading.listed(line, build);
        }
    }
    let (path, source) = (input.path.to_owned(), Some(build.id));
    build.tables.ipsets = reading.finish().map(|file| IpsetFile { path, source, ..file });
}

/// The sets of a file in the making.
#[derive(Default)]
pub(super) struct Reading<'a> {
    /// Name, line and members of each, in order.
    sets: Vec<(&'a str, u32, Members)>,
    places: FxHashMap<&'a str, usize>,
    listing: Listing<'a>,
}

/// Where in the output of `ipset list` a line stands.
#[derive(Clone, Copy, Default)]
enum Listing<'a> {
    #[default]
    Nothing,
    /// After `Name:`, whose line it is.
    Name(&'a str, u32),
    /// After `Type:`.
    Type(&'a str, u32, &'a str),
    Header(&'a str),
    Members(&'a str),
}

impl<'a> Reading<'a> {
    /// Reads a line of `ipset save`; returns whether it is one.
    pub(super) fn line(&mut self, line: Line<'a>, build: &mut Build<'_>) -> bool {
        if !matches!(
            line.text.trim_start().as_bytes(),
            [b'a' | b'c' | b'f' | b'd' | b's' | b'i', ..]
        ) {
            return false;
        }
        let mut words = line.words();
        let mut verb = words.next().map(|w| w.text);
        if verb == Some("ipset") {
            verb = words.next().map(|w| w.text);
        }
        match (verb, words.next().map(|w| w.text)) {
            (Some("create"), Some(name)) => self.create(name, words, line.number, build),
            (Some("add"), Some(name)) => self.add(name, words, line, build),
            (Some("flush"), Some(name)) if self.places.contains_key(name) => {
                self.set(name).map(Members::clear);
                build.used(line.number);
            }
            (Some("destroy" | "swap" | "rename" | "del"), Some(name))
                if self.places.contains_key(name) =>
            {
                build.unsupported(line.number, reasons::SET_CHANGED);
            }
            _ => return false,
        }
        true
    }

    fn create(&mut self, name: &'a str, mut words: Words<'a>, line: u32, build: &mut Build<'_>) {
        let kind = words.next().map_or("", |w| w.text);
        self.declare(name, Members::new(kind, words.map(|w| w.text)), line, build);
    }

    fn declare(&mut self, name: &'a str, set: Members, line: u32, build: &mut Build<'_>) {
        if set.is_modelled() {
            build.used(line);
        } else {
            build.unsupported(line, reasons::SET_TYPE);
        }
        self.places.insert(name, self.sets.len());
        self.sets.push((name, line, set));
    }

    fn add(&mut self, name: &str, mut words: Words<'a>, line: Line<'a>, build: &mut Build<'_>) {
        let Some(member) = words.next() else { return };
        self.member(name, member.text, words, line, build);
    }

    fn member(
        &mut self,
        name: &str,
        member: &str,
        options: Words<'a>,
        line: Line<'a>,
        build: &mut Build<'_>,
    ) {
        let mut excepted = false;
        let mut is_comment = false;
        for word in options {
            excepted |= word.text == "nomatch" && !word.quoted;
            if is_comment {
                secrets::kept(word.text, word.start, build);
            }
            is_comment = word.text == "comment" && !word.quoted;
        }
        let Some(set) = self.set(name) else {
            return build.unsupported(line.number, reasons::NO_SET);
        };
        if set.add(member, excepted) {
            build.used(line.number);
        } else if set.is_modelled() {
            build.unsupported(line.number, reasons::MEMBER);
        } else {
            build.unsupported(line.number, reasons::SET_TYPE);
        }
    }

    fn set(&mut self, name: &str) -> Option<&mut Members> {
        let place = *self.places.get(name)?;
        self.sets.get_mut(place).map(|(.., set)| set)
    }

    /// Reads a line of `ipset list`.
    fn listed(&mut self, line: Line<'a>, build: &mut Build<'_>) {
        let (key, value) = line.text.split_once(": ").unwrap_or((line.text.trim_end(), ""));
        let value = value.trim();
        match (key, self.listing) {
            ("Name", _) => {
                self.listing = Listing::Name(value, line.number);
                build.used(line.number);
            }
            ("Type", Listing::Name(name, at)) => {
                self.listing = Listing::Type(name, at, value);
                build.used(line.number);
            }
            ("Header", Listing::Type(name, at, kind)) => {
                let set = Members::new(kind, value.split_ascii_whitespace());
                self.declare(name, set, at, build);
                self.listing = Listing::Header(name);
                build.used(line.number);
            }
            ("Revision" | "Size in memory" | "References" | "Number of entries", _) => {
                build.neutral(line.number);
            }
            ("Members:", Listing::Header(name)) => {
                self.listing = Listing::Members(name);
                build.used(line.number);
            }
            (_, Listing::Members(name)) => self.add(name, line.words(), line, build),
            _ => {}
        }
    }

    /// The sets; `None` when there are none.
    pub(super) fn finish(self) -> Option<IpsetFile> {
        if self.sets.is_empty() {
            return None;
        }
        let lines = self.sets.iter().map(|(name, line, _)| ((*name).to_owned(), *line)).collect();
        let (mut sets, mut lists) = (FxHashMap::default(), Vec::new());
        for (name, _, members) in self.sets {
            match members.lists() {
                Some(names) => lists.push((name, names.to_vec())),
                None => drop(sets.insert(name.to_owned(), members.content())),
            }
        }
        for (name, members) in lists {
            let union = list(&members, &sets);
            sets.insert(name.to_owned(), union);
        }
        Some(IpsetFile { path: String::new(), source: None, sets, lines })
    }
}

/// A list of sets holds what one of its sets holds; the kernel keeps lists out of lists.
fn list(
    members: &[String],
    sets: &FxHashMap<String, Option<IpsetContent>>,
) -> Option<IpsetContent> {
    let addresses = members.iter().map(|name| match sets.get(name) {
        Some(Some(IpsetContent::Addresses(set))) => Some(set.clone()),
        _ => None,
    });
    addresses.collect::<Option<_>>().map(IpsetContent::Addresses)
}
