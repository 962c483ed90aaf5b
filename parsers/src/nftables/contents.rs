//! What values hold: literals, variables, named sets.

use std::rc::Rc;

use portvakt_model::{Interfaces, Message, RulesetId};
use portvakt_space::{AddrSet, Family};
use rustc_hash::FxHashMap;

use super::domain::{self, Content, Numbers};
use super::early::Moments;
use super::syntax::{Config, Data, Key, Listed, Set, Side, Value};

const UNRESOLVED: &Message = &Message {
    sv: "ett namn eller värde som bara värden själv kan slå upp",
    en: "a name or value that only the host itself can resolve",
};
const CHANGING: &Message = &Message {
    sv: "innehållet i en mängd som ändras medan filtret kör är inte känt",
    en: "the content of a set that changes while the filter runs is not known",
};
pub(super) const UNDEFINED: &Message = &Message {
    sv: "ett namn som inget i filen definierar",
    en: "a name that nothing in the file defines",
};

/// Reads values, and remembers what named sets hold.
pub(super) struct Contents<'x, 'a> {
    config: &'x Config<'a>,
    cache: FxHashMap<(usize, usize, Key<'a>), Rc<Content>>,
    patterns: FxHashMap<String, Vec<(u128, u128)>>,
    /// Interfaces of the device, by name.
    pub(super) interfaces: Interfaces,
    /// What was lost since it was last asked.
    pub(super) lost: Option<&'static Message>,
    /// Whether a state stood for the flags of a bare SYN since that was last asked.
    pub(super) bare_syn: bool,
    /// Sets that nothing defines: name, line and list of the rule.
    pub(super) undefined: Vec<(String, u32, RulesetId)>,
    /// When packets meet the lists.
    pub(super) moments: Moments,
    /// Line of the rule that is read, and its list.
    pub(super) place: (u32, RulesetId),
}

/// A key of an element, with what it maps to.
#[derive(Clone, Copy)]
pub(super) struct Entry<'x, 'a> {
    pub(super) key: &'x Value<'a>,
    pub(super) data: Option<&'x Data<'a>>,
    pub(super) line: u32,
    /// Whether it is there for certain.
    pub(super) certain: bool,
}

/// The elements of a set, as far as they are known.
pub(super) struct Entries<'x, 'a> {
    pub(super) list: Vec<Entry<'x, 'a>>,
    /// Whether there may be more.
    pub(super) open: bool,
}

/// Ranges in the making.
#[derive(Default)]
struct Gathered {
    least: Vec<(u128, u128)>,
    most: Vec<(u128, u128)>,
    open: bool,
}

impl Gathered {
    fn add(&mut self, range: (u128, u128), certain: bool) {
        self.most.push(range);
        if certain {
            self.least.push(range);
        }
    }

    fn content(self, key: &Key<'_>) -> Content {
        let least = Numbers::from_ranges(self.least);
        let most = if self.open { domain::full(key) } else { Numbers::from_ranges(self.most) };
        Content { least, most }
    }
}

impl<'x, 'a> Contents<'x, 'a> {
    pub(super) fn new(config: &'x Config<'a>, interfaces: Interfaces) -> Self {
        Self {
            config,
            cache: FxHashMap::default(),
            patterns: FxHashMap::default(),
            interfaces,
            lost: None,
            bare_syn: false,
            undefined: Vec::new(),
            moments: Moments::default(),
            place: (0, RulesetId(0)),
        }
    }

    /// What `value` holds, compared with `key`.
    pub(super) fn of(&mut self, table: usize, key: &Key<'a>, value: &'x Value<'a>) -> Content {
        let mut gathered = Gathered::default();
        self.gather(table, key, value, true, &mut gathered);
        gathered.content(key)
    }

    fn gather(
        &mut self,
        table: usize,
        key: &Key<'a>,
        value: &'x Value<'a>,
        certain: bool,
        out: &mut Gathered,
    ) {
        let range = match value.resolved() {
            Value::Word(word) => return self.word(key, word, certain, out),
            Value::Set(elements) => {
                for e in elements.iter() {
                    self.gather(table, key, &e.key, certain && !e.fleeting, out);
                }
                return;
            }
            Value::List(items) => {
                return items.iter().for_each(|v| self.gather(table, key, v, certain, out));
            }
            Value::Named(name) => return self.reference(table, key, name, certain, out),
            Value::All => Some((0, domain::largest(key))),
            Value::Prefix(base, len) => prefix(key, base, *len),
            Value::Range(lo, hi) => range(key, lo, hi),
            Value::Concat(_) | Value::Shared(_) | Value::Opaque(_) => None,
        };
        self.known(range, certain, out);
    }

    fn known(&mut self, range: Option<(u128, u128)>, certain: bool, out: &mut Gathered) {
        if let Some(range) = range {
            return out.add(range, certain);
        }
        out.open = true;
        self.lost.get_or_insert(UNRESOLVED);
    }

    fn word(&mut self, key: &Key<'a>, word: &str, certain: bool, out: &mut Gathered) {
        match key {
            Key::Interface(_) => {
                for range in self.interface(word) {
                    out.add(range, certain);
                }
            }
            Key::State => match domain::states(word) {
                Some(found) => found.into_iter().for_each(|r| out.add(r, certain)),
                None => self.known(None, certain, out),
            },
            _ => self.known(domain::number(key, word).map(|n| (n, n)), certain, out),
        }
    }

    /// The atoms of an interface's name or pattern.
    fn interface(&mut self, word: &str) -> Vec<(u128, u128)> {
        let Some(stem) = word.strip_suffix('*') else {
            let atom = u128::from(self.interfaces.atom(word));
            return vec![(atom, atom)];
        };
        if let Some(known) = self.patterns.get(stem) {
            return known.clone();
        }
        let atoms = self.interfaces.matching(stem).ranges();
        let found: Vec<_> = atoms.ranges().iter().map(|&(lo, hi)| (lo.into(), hi.into())).collect();
        self.patterns.insert(stem.to_owned(), found.clone());
        found
    }

    fn reference(
        &mut self,
        table: usize,
        key: &Key<'a>,
        name: &str,
        certain: bool,
        out: &mut Gathered,
    ) {
        let Some(set) = self.refer(table, name) else {
            out.open = true;
            return;
        };
        let content = self.named(table, set, key);
        let ranges = |n: &Numbers| n.ranges().to_vec();
        out.most.extend(ranges(&content.most));
        if certain {
            out.least.extend(ranges(&content.least));
        }
        if !content.is_exact() {
            let set = &self.config.tables[table].sets[set];
            self.lost.get_or_insert(if changes(set) { CHANGING } else { UNRESOLVED });
        }
    }

    /// The set of that name; where there is none it is noted as undefined.
    fn refer(&mut self, table: usize, name: &str) -> Option<usize> {
        let found = self.config.tables.get(table).and_then(|t| t.find_set(name));
        if found.is_none() {
            self.lost.get_or_insert(UNDEFINED);
            let (line, list) = self.place;
            self.undefined.push((name.to_owned(), line, list));
        }
        found
    }

    /// What a named set holds, compared with `key`.
    pub(super) fn named(&mut self, table: usize, set: usize, key: &Key<'a>) -> Rc<Content> {
        let place = (table, set, key.clone());
        if let Some(known) = self.cache.get(&place) {
            return Rc::clone(known);
        }
        // A set can't hold another; should one say so, it ends here.
        self.cache.insert(place.clone(), Rc::new(Content::unknown(key)));
        let of = &self.config.tables[table].sets[set];
        let mut out = Gathered { open: changes(of), ..Gathered::default() };
        for e in &of.elements {
            self.gather(table, key, &e.key, lasting(of) && !e.fleeting, &mut out);
        }
        let content = Rc::new(out.content(key));
        self.cache.insert(place, Rc::clone(&content));
        content
    }

    /// The elements of a set or map; a value that is none is its own only element.
    pub(super) fn entries(&mut self, table: usize, value: &'x Value<'a>) -> Entries<'x, 'a> {
        let mut found = Entries { list: Vec::new(), open: false };
        self.list(table, value, true, &mut found);
        found
    }

    fn list(
        &mut self,
        table: usize,
        value: &'x Value<'a>,
        certain: bool,
        out: &mut Entries<'x, 'a>,
    ) {
        let config = self.config;
        let (elements, certain) = match value.resolved() {
            Value::Set(elements) => (&elements[..], certain),
            Value::Named(name) => {
                let Some(set) = self.refer(table, name) else {
                    out.open = true;
                    return;
                };
                let set = &config.tables[table].sets[set];
                if changes(set) {
                    out.open = true;
                    self.lost.get_or_insert(CHANGING);
                }
                (&set.elements[..], certain && lasting(set))
            }
            _ => return out.list.push(Entry { key: value, data: None, line: 0, certain }),
        };
        for e in elements {
            let certain = certain && !e.fleeting;
            match e.key.resolved() {
                Value::Set(_) if e.data.is_none() => self.list(table, &e.key, certain, out),
                _ => out.list.push(Entry {
                    key: &e.key,
                    data: e.data.as_ref(),
                    line: e.line,
                    certain,
                }),
            }
        }
    }

    /// A value as addresses of one version, where it is nothing else.
    pub(super) fn addresses(&mut self, table: usize, value: &'x Value<'a>) -> Option<AddrSet> {
        let lost = self.lost;
        let found = Family::BOTH.into_iter().find_map(|family| {
            let content = self.of(table, &Key::Address(family, Side::Source), value);
            let known = content.is_exact() && !content.most.is_empty();
            known.then(|| domain::addresses(family, &content.most))
        });
        // That it was not of the one version is nothing lost.
        self.lost = lost;
        found
    }
}

/// Whether a set may hold more than the file lists.
fn changes(set: &Set<'_>) -> bool {
    set.listed != Listed::All
}

/// Whether what the file lists is there for certain.
fn lasting(set: &Set<'_>) -> bool {
    set.listed != Listed::Perhaps
}

fn prefix(key: &Key<'_>, base: &Value<'_>, len: u8) -> Option<(u128, u128)> {
    let free = domain::width(key)?.checked_sub(len)?;
    let host = if free == 128 { u128::MAX } else { (1 << free) - 1 };
    let base = domain::number(key, base.word()?)? & !host;
    Some((base, base | host))
}

fn range(key: &Key<'_>, lo: &Value<'_>, hi: &Value<'_>) -> Option<(u128, u128)> {
    let (lo, hi) = (domain::number(key, lo.word()?)?, domain::number(key, hi.word()?)?);
    (lo <= hi).then_some((lo, hi))
}
