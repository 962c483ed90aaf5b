//! What a ruleset says, before it is given meaning. Scripts, listings and JSON all end up here, so
//! that the meaning exists once.

use std::borrow::Cow;
use std::rc::Rc;

use portvakt_model::{Message, Undefined};
use portvakt_space::Family;
use rustc_hash::FxHashMap;

/// Text of the source, or built from JSON.
pub(super) type Text<'a> = Cow<'a, str>;

/// All tables of a file.
#[derive(Default)]
pub(super) struct Config<'a> {
    /// In order of declaration; deleted ones stay, but are not alive.
    pub(super) tables: Vec<Table<'a>>,
    by_name: FxHashMap<(TableFamily, Text<'a>), usize>,
    /// Variables that the file defines.
    pub(super) defines: Vec<Define<'a>>,
    /// Names used and not defined that are already known when the text is read.
    pub(super) undefined: Vec<Undefined>,
    /// How often anything refers to a set, by table and name.
    pub(super) references: FxHashMap<(usize, Text<'a>), u32>,
    /// Version of nft, where the file states it.
    pub(super) version: Option<String>,
}

impl<'a> Config<'a> {
    /// The index of a table, which is added when there was none.
    pub(super) fn table(&mut self, family: TableFamily, name: Text<'a>) -> usize {
        let next = self.tables.len();
        let index = *self.by_name.entry((family, name.clone())).or_insert(next);
        if index == next {
            self.tables.push(Table::new(family, name));
        }
        index
    }

    /// Counts a use of a set.
    pub(super) fn refer(&mut self, table: usize, set: Text<'a>) {
        *self.references.entry((table, set)).or_insert(0) += 1;
    }

    /// Removes a table.
    pub(super) fn delete_table(&mut self, family: TableFamily, name: &str) {
        if let Some(index) = self.by_name.remove(&(family, Text::Owned(name.to_owned()))) {
            self.tables[index].alive = false;
        }
    }

    /// Removes every table, or every table of one family.
    pub(super) fn flush(&mut self, family: Option<TableFamily>) {
        let gone = |f: TableFamily| family.is_none_or(|only| only == f);
        self.by_name.retain(|(f, _), _| !gone(*f));
        self.tables.iter_mut().filter(|t| gone(t.family)).for_each(|t| t.alive = false);
    }
}

/// Address family of a table (nft(8), ADDRESS FAMILIES).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum TableFamily {
    Ip,
    Ip6,
    Inet,
    Arp,
    Bridge,
    Netdev,
}

impl TableFamily {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ip" => Self::Ip,
            "ip6" => Self::Ip6,
            "inet" => Self::Inet,
            "arp" => Self::Arp,
            "bridge" => Self::Bridge,
            "netdev" => Self::Netdev,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }

    /// The only IP version that its chains see; `None` where both come by.
    pub(super) const fn only(self) -> Option<Family> {
        match self {
            Self::Ip => Some(Family::V4),
            Self::Ip6 => Some(Family::V6),
            _ => None,
        }
    }

    /// Whether its chains see what is routed or terminated here, as the model has it.
    pub(super) const fn is_modelled(self) -> bool {
        !matches!(self, Self::Arp | Self::Bridge)
    }
}

/// A table.
pub(super) struct Table<'a> {
    pub(super) family: TableFamily,
    pub(super) name: Text<'a>,
    pub(super) alive: bool,
    /// `flags dormant`: its base chains are not in force.
    pub(super) dormant: bool,
    pub(super) chains: Vec<Chain<'a>>,
    pub(super) sets: Vec<Set<'a>>,
    chain_by_name: FxHashMap<Text<'a>, usize>,
    set_by_name: FxHashMap<Text<'a>, usize>,
}

impl<'a> Table<'a> {
    fn new(family: TableFamily, name: Text<'a>) -> Self {
        Self {
            family,
            name,
            alive: true,
            dormant: false,
            chains: Vec::new(),
            sets: Vec::new(),
            chain_by_name: FxHashMap::default(),
            set_by_name: FxHashMap::default(),
        }
    }

    /// The chain of that name, added when there was none.
    pub(super) fn chain(&mut self, name: Text<'a>, line: u32) -> &mut Chain<'a> {
        let next = self.chains.len();
        let index = *self.chain_by_name.entry(name.clone()).or_insert(next);
        if index == next {
            self.chains.push(Chain::new(name, line));
        }
        &mut self.chains[index]
    }

    /// The set or map of that name, added when there was none.
    pub(super) fn set(&mut self, name: Text<'a>, line: u32) -> &mut Set<'a> {
        let next = self.sets.len();
        let index = *self.set_by_name.entry(name.clone()).or_insert(next);
        if index == next {
            self.sets.push(Set { name, line, alive: true, ..Set::default() });
        }
        &mut self.sets[index]
    }

    pub(super) fn find_chain(&self, name: &str) -> Option<usize> {
        self.chain_by_name.get(name).copied()
    }

    pub(super) fn find_set(&self, name: &str) -> Option<usize> {
        self.set_by_name.get(name).copied()
    }

    pub(super) fn delete_chain(&mut self, name: &str) {
        if let Some(index) = self.chain_by_name.remove(name) {
            self.chains[index].alive = false;
        }
    }

    pub(super) fn delete_set(&mut self, name: &str) {
        if let Some(index) = self.set_by_name.remove(name) {
            self.sets[index].alive = false;
        }
    }
}

/// A chain.
pub(super) struct Chain<'a> {
    pub(super) name: Text<'a>,
    pub(super) line: u32,
    pub(super) alive: bool,
    pub(super) base: Option<Base<'a>>,
    /// Whether the policy is drop, and the line that states it.
    pub(super) policy: Option<(bool, u32)>,
    /// Rules put first, the last of them first.
    pub(super) inserted: Vec<Rule<'a>>,
    pub(super) rules: Vec<Rule<'a>>,
}

impl<'a> Chain<'a> {
    fn new(name: Text<'a>, line: u32) -> Self {
        Self {
            name,
            line,
            alive: true,
            base: None,
            policy: None,
            inserted: Vec::new(),
            rules: Vec::new(),
        }
    }

    pub(super) fn flush(&mut self) {
        self.inserted.clear();
        self.rules.clear();
    }

    /// Its rules in order of evaluation.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Rule<'a>> {
        self.inserted.iter().rev().chain(&self.rules)
    }
}

/// Where a base chain is hooked in.
pub(super) struct Base<'a> {
    /// `filter`, `nat` or `route`.
    pub(super) kind: Text<'a>,
    pub(super) hook: Text<'a>,
    pub(super) devices: Vec<Text<'a>>,
    pub(super) priority: i32,
    /// Line, from 1.
    pub(super) line: u32,
}

/// A named set or map.
#[derive(Default)]
pub(super) struct Set<'a> {
    pub(super) name: Text<'a>,
    pub(super) line: u32,
    pub(super) alive: bool,
    /// What its keys are made of.
    pub(super) keys: Vec<Key<'a>>,
    /// Whether it maps to something.
    pub(super) is_map: bool,
    /// How far its elements are what it holds.
    pub(super) listed: Listed,
    pub(super) elements: Vec<Element<'a>>,
}

/// How far the elements that a file lists for a set are what the set holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    /// They are all of it.
    #[default]
    All,
    /// `flags timeout`: others put elements in while it runs.
    AtLeast,
    /// `flags dynamic`, a timeout for all, a limit in the set, or elements deleted: they may be
    /// there or not, and others too.
    Perhaps,
}

/// A rule.
pub(super) struct Rule<'a> {
    /// First line, from 1.
    pub(super) line: u32,
    /// Last line of its own words.
    pub(super) last_line: u32,
    pub(super) statements: Vec<Statement<'a>>,
    pub(super) comment: Option<Text<'a>>,
    pub(super) handle: Option<Text<'a>>,
}

/// A part of a rule.
pub(super) enum Statement<'a> {
    Match(Match<'a>),
    Verdict(Verdict<'a>),
    /// A verdict looked up by key.
    Vmap {
        keys: Vec<Key<'a>>,
        map: Value<'a>,
        words: Text<'a>,
    },
    Nat(Nat<'a>),
    Log,
    /// Packets counted.
    Counter(u64),
    /// A condition that is not modelled: the words, and what is lost.
    Narrow(Text<'a>, &'static Message),
    /// Neither matches nor decides: marks, counts, helpers.
    Neutral,
    /// Takes what has matched out of connection tracking.
    Untrack,
    /// Neither matches nor decides, but what it does is lost.
    Lost(&'static Message),
    /// Takes packets elsewhere: whether they get through is not decided here.
    Divert(Text<'a>),
    /// Not recognised, to the end of the rule; with the verdict that seems to end it.
    Unknown(Text<'a>, Option<Verdict<'a>>),
}

/// A comparison.
pub(super) struct Match<'a> {
    /// Several where they are concatenated.
    pub(super) keys: Vec<Key<'a>>,
    /// `& mask` on the left side; other arithmetic is [`Value::Opaque`].
    pub(super) mask: Option<Value<'a>>,
    pub(super) op: Op,
    pub(super) value: Value<'a>,
    /// As written.
    pub(super) words: Text<'a>,
}

/// How a key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// No operator: equal, in the set, or any of the flags.
    Implicit,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    /// `!`: none of the flags.
    Without,
}

/// Source or destination, incoming or outgoing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Source,
    Destination,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Address(Family, Side),
    /// `meta l4proto`, or `ip protocol` and `ip6 nexthdr`, which see one version.
    Protocol(Option<Family>),
    /// `meta nfproto`.
    Version,
    /// `meta protocol`, `ether type`.
    EtherType,
    /// Port of a protocol; `None` is the transport header, whatever it is.
    Port(Option<u8>, Side),
    IcmpType(Family),
    IcmpCode(Family),
    /// `ct state`.
    State,
    /// Interface that packets come in by (source) or leave by.
    Interface(Side),
    TcpFlags,
    /// What the model has no field for.
    Other {
        words: Text<'a>,
        /// The IP version that it takes for granted.
        family: Option<Family>,
        /// The protocol that it takes for granted.
        protocol: Option<u8>,
        /// What is lost.
        why: &'static Message,
    },
}

/// A right-hand side.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// Number, address or name.
    Word(Text<'a>),
    Prefix(Box<Value<'a>>, u8),
    Range(Box<Value<'a>>, Box<Value<'a>>),
    Set(Rc<[Element<'a>]>),
    /// `@name`.
    Named(Text<'a>),
    /// `a,b` or `a | b`.
    List(Vec<Value<'a>>),
    Concat(Vec<Value<'a>>),
    /// `*`, all that no other element holds.
    All,
    /// What a variable stands for.
    Shared(Rc<Shared<'a>>),
    /// Not a constant, or not understood.
    Opaque(Text<'a>),
}

impl Value<'_> {
    /// Itself, or what the variable stands for.
    pub(super) fn resolved(&self) -> &Self {
        let mut value = self;
        while let Self::Shared(inner) = value {
            value = &inner.value;
        }
        value
    }

    /// Its word, where it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match self.resolved() {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    /// As the configuration would write it; a set by its elements.
    pub(super) fn written(&self, out: &mut Vec<String>) {
        const MOST: usize = 100;
        match self {
            _ if out.len() >= MOST => {}
            Self::Set(elements) => elements.iter().take(MOST).for_each(|e| e.key.written(out)),
            Self::List(items) => items.iter().take(MOST).for_each(|v| v.written(out)),
            other => out.push(other.flat()),
        }
    }

    /// As the configuration would write it, in one piece.
    fn flat(&self) -> String {
        let joined =
            |items: &[Self], by: &str| items.iter().map(Self::flat).collect::<Vec<_>>().join(by);
        match self {
            Self::Word(text) | Self::Opaque(text) => text.clone().into_owned(),
            Self::Named(name) => format!("@{name}"),
            Self::Prefix(addr, len) => format!("{}/{len}", addr.flat()),
            Self::Range(lo, hi) => format!("{}-{}", lo.flat(), hi.flat()),
            Self::Concat(items) => joined(items, " . "),
            Self::List(items) => joined(items, ","),
            Self::Set(elements) => format!("{{ {} elements }}", elements.len()),
            Self::Shared(variable) => format!("${}", variable.name),
            Self::All => "*".into(),
        }
    }
}

/// What a variable stands for, and how much it is.
pub(super) struct Shared<'a> {
    pub(super) name: Text<'a>,
    pub(super) value: Value<'a>,
    /// Number of values in it, those of other variables included.
    pub(super) size: u32,
    /// How many variables lie inside each other.
    pub(super) depth: u8,
}

impl<'a> Shared<'a> {
    pub(super) fn new(name: Text<'a>, value: Value<'a>) -> Self {
        let (size, depth) = extent(&value);
        Self { name, value, size, depth }
    }
}

/// Number of values in a value, and how many variables lie inside each other.
fn extent(value: &Value<'_>) -> (u32, u8) {
    let all = |items: &mut dyn Iterator<Item = (u32, u8)>| {
        items.fold((1u32, 0), |(n, deep), (m, d)| (n.saturating_add(m), d.max(deep)))
    };
    match value {
        Value::Shared(s) => (s.size.saturating_add(1), s.depth.saturating_add(1)),
        Value::Set(elements) => all(&mut elements.iter().map(|e| extent(&e.key))),
        Value::List(items) | Value::Concat(items) => all(&mut items.iter().map(extent)),
        Value::Range(lo, hi) => all(&mut [extent(lo), extent(hi)].into_iter()),
        Value::Prefix(base, _) => extent(base),
        _ => (1, 0),
    }
}

/// An element of a set or map.
#[derive(Clone)]
pub(super) struct Element<'a> {
    pub(super) key: Value<'a>,
    /// What it maps to.
    pub(super) data: Option<Data<'a>>,
    /// Whether it goes away by itself, or matches only up to a limit.
    pub(super) fleeting: bool,
    pub(super) line: u32,
}

/// What an element maps to.
#[derive(Clone)]
pub(super) enum Data<'a> {
    Verdict(Verdict<'a>),
    Value(Value<'a>),
}

/// A verdict.
#[derive(Clone)]
pub(super) enum Verdict<'a> {
    Accept,
    Drop,
    Reject,
    Queue,
    Continue,
    Return,
    Jump(Text<'a>),
    Goto(Text<'a>),
}

/// A translation.
pub(super) struct Nat<'a> {
    pub(super) kind: NatStatement,
    pub(super) target: Target<'a>,
    /// Translated ports, `lo` or `lo-hi`.
    pub(super) port: Option<Value<'a>>,
}

/// Which translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NatStatement {
    Snat,
    Dnat,
    Masquerade,
    Redirect,
}

/// What addresses are translated to.
pub(super) enum Target<'a> {
    /// Unchanged, or the address of the interface.
    None,
    Address(Value<'a>),
    /// Looked up by key.
    Map {
        keys: Vec<Key<'a>>,
        map: Value<'a>,
    },
}

/// A variable.
pub(super) struct Define<'a> {
    pub(super) line: u32,
    pub(super) uses: u32,
    pub(super) value: Rc<Shared<'a>>,
}
