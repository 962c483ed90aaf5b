//! What a comparison matches: a union of products, each at least and at most.

use portvakt_model::Message;
use std::net::Ipv4Addr;

use portvakt_space::{Family, ServiceSet, State, StateSet, Traffic};
use rustc_hash::FxHashMap;

use super::contents::Contents;
use super::domain::{self, Bound, Content, Numbers};
use super::keys::HEADER;
use super::syntax::{Key, Match, Op, Side, Value};
use crate::net;

pub(super) const TOO_MANY: &Message = &Message {
    sv: "en union av för många produkter av mängder läggs inte ut",
    en: "a union of too many products of sets is not laid out",
};
const ANY_PROTOCOL: &Message = &Message {
    sv: "portar oavsett protokoll räknas inte in",
    en: "ports of whatever protocol it is are not modelled",
};
const MASKED: &Message = &Message {
    sv: "ett villkor på enskilda bitar räknas inte in",
    en: "a condition on single bits is not modelled",
};
const FLAGS: &Message = &Message {
    sv: "ett villkor på andra TCP-flaggor än ensam SYN räknas inte in",
    en: "a condition on TCP flags other than a lone SYN is not modelled",
};
const BOTH_TIMES: &Message = &Message {
    sv: "ensam SYN i en kedja som paket möter både före och efter att de följs",
    en: "a lone SYN in a chain that packets meet both before and after they are tracked",
};

/// Most products that are cut out of one another for a negated concatenation.
const MAX_NEGATED: usize = 64;

/// A product of sets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Matched at most.
    pub(super) most: Traffic,
    /// Matched for certain.
    pub(super) least: Option<Traffic>,
}

impl Part {
    pub(super) fn exact(traffic: Traffic) -> Self {
        Self { least: Some(traffic.clone()), most: traffic }
    }

    pub(super) fn unsure(most: Traffic) -> Self {
        Self { most, least: None }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.least.as_ref() == Some(&self.most)
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let both = self.least.as_ref().zip(other.least.as_ref());
        Self {
            most: self.most.intersect(&other.most),
            least: both.map(|(a, b)| a.intersect(b)).filter(|t| !t.is_empty()),
        }
        .settled()
    }

    /// An empty set is exactly that.
    fn settled(self) -> Self {
        if self.most.is_empty() { Self::exact(self.most) } else { self }
    }
}

/// Reads comparisons of one table.
pub(super) struct Compare<'s, 'x, 'a> {
    pub(super) contents: &'s mut Contents<'x, 'a>,
    pub(super) table: usize,
    /// The IP version of the table.
    pub(super) only: Option<Family>,
}

impl<'x, 'a> Compare<'_, 'x, 'a> {
    /// What a comparison matches. What it loses is left in [`Contents::lost`].
    pub(super) fn matched(&mut self, m: &'x Match<'a>) -> Vec<Part> {
        match &m.keys[..] {
            [Key::TcpFlags] => vec![self.tcp_flags(m)],
            [key @ Key::Other { why, .. }] => {
                self.lose(why);
                vec![Part::unsure(self.implied(key))]
            }
            [key] if m.mask.is_some() => vec![self.masked(key, m)],
            [key] => vec![self.single(key, m)],
            keys => self.concatenated(keys, m),
        }
    }

    fn lose(&mut self, why: &'static Message) {
        self.contents.lost.get_or_insert(why);
    }

    fn implied(&self, key: &Key<'a>) -> Traffic {
        domain::traffic(key, &domain::full(key), self.only, Bound::Most)
    }

    fn part(&mut self, key: &Key<'a>, content: &Content) -> Part {
        let least = domain::traffic(key, &content.least, self.only, Bound::Least);
        let part = Part {
            most: domain::traffic(key, &content.most, self.only, Bound::Most),
            least: Some(least).filter(|t| !t.is_empty()),
        }
        .settled();
        if !part.is_exact() {
            // Should a later comparison settle the protocol, nothing is lost after all.
            self.lose(ANY_PROTOCOL);
        }
        part
    }

    fn single(&mut self, key: &Key<'a>, m: &'x Match<'a>) -> Part {
        let mut content = self.contents.of(self.table, key, &m.value);
        let flags = matches!((key, m.value.resolved()), (Key::State, Value::List(items)) if items.len() > 1);
        match m.op {
            // One state never equals two: the kernel compares all bits, people mean any of them.
            Op::Eq if flags => {
                self.lose(MASKED);
                content.least = Numbers::empty();
            }
            Op::Ne if flags => {
                self.lose(MASKED);
                content = content.complement(key);
                content.most = domain::full(key);
            }
            Op::Implicit | Op::Eq => {}
            Op::Ne => content = content.complement(key),
            Op::Without if *key == Key::State => content = content.complement(key),
            Op::Without => content = self.unknown(key),
            Op::Lt | Op::Gt | Op::Le | Op::Ge => content = self.ordered(key, m),
        }
        self.part(key, &content)
    }

    fn unknown(&mut self, key: &Key<'a>) -> Content {
        self.lose(MASKED);
        Content::unknown(key)
    }

    /// `<`, `>`, `<=` and `>=`.
    fn ordered(&mut self, key: &Key<'a>, m: &Match<'a>) -> Content {
        let Some(value) = m.value.word().and_then(|w| domain::number(key, w)) else {
            return self.unknown(key);
        };
        let last = domain::largest(key);
        let numbers = match m.op {
            Op::Lt => value.checked_sub(1).map_or_else(Numbers::empty, |hi| Numbers::range(0, hi)),
            Op::Le => Numbers::range(0, value),
            Op::Gt if value == last => Numbers::empty(),
            Op::Gt => Numbers::range(value + 1, last),
            _ => Numbers::range(value, last),
        };
        Content { least: numbers.clone(), most: numbers }
    }

    /// Masks that select whole sets: `ip saddr & 255.0.0.255 == 10.0.0.1`, `ct state & new != 0`.
    fn masked(&mut self, key: &Key<'a>, m: &'x Match<'a>) -> Part {
        if let Key::Address(Family::V4, side) = key
            && let Some(part) = self.wildcard(*side, m)
        {
            return part;
        }
        if *key == Key::State
            && let Some(mask) = &m.mask
            && m.value.word().and_then(domain::plain) == Some(0)
        {
            let content = self.contents.of(self.table, key, mask);
            return match m.op {
                Op::Ne => self.part(key, &content),
                _ => self.part(key, &content.complement(key)),
            };
        }
        self.lose(MASKED);
        Part::unsure(self.implied(key))
    }

    fn wildcard(&self, side: Side, m: &Match<'a>) -> Option<Part> {
        let key = Key::Address(Family::V4, side);
        let bits = |v: &Value<'a>| {
            let word = v.word()?;
            domain::number(&key, word)
                .or_else(|| domain::plain(word))
                .and_then(|n| u32::try_from(n).ok())
        };
        let (mask, value) = (bits(m.mask.as_ref()?)?, bits(&m.value)?);
        let equal = match m.op {
            Op::Implicit | Op::Eq => true,
            Op::Ne => false,
            _ => return None,
        };
        let held = match value & !mask {
            0 => net::wildcard(Ipv4Addr::from(value), Ipv4Addr::from(!mask))?.v4(),
            _ => portvakt_space::RangeSet::empty(),
        };
        let held = if equal { held } else { held.complement() };
        let numbers: Numbers =
            held.ranges().iter().map(|&(lo, hi)| (u128::from(lo), u128::from(hi))).collect();
        Some(Part::exact(domain::traffic(&key, &numbers, self.only, Bound::Most)))
    }

    /// Packets that open a TCP connection, whether they are tracked, not yet tracked or not at all.
    fn opening(&self, tcp: &Traffic) -> Part {
        let (list, moments) = (self.contents.place.1, &self.contents.moments);
        let tracked = Traffic { state: StateSet::OPENING, ..tcp.clone() };
        if !moments.before(list) {
            return Part::exact(tracked);
        }
        let invalid = StateSet::one(State::Invalid);
        let any = Traffic { state: StateSet::OPENING.union(invalid), ..tcp.clone() };
        if moments.after(list) {
            return Part { most: any, least: Some(tracked) };
        }
        Part::exact(any)
    }

    /// The state tells a lone SYN from all else: `tcp flags & (fin | syn | rst | ack) == syn` are
    /// packets that open a connection.
    fn tcp_flags(&mut self, m: &Match<'a>) -> Part {
        let tcp = self.implied(&Key::TcpFlags);
        let opening = self.opening(&tcp);
        let value = flags(&m.value);
        let mask = m.mask.as_ref().and_then(flags);
        match (m.op, mask, value) {
            (Op::Implicit | Op::Eq, Some(OPENING_MASK | ALL_MASK), Some(SYN)) => {
                if !opening.is_exact() {
                    self.lose(BOTH_TIMES);
                }
                self.contents.bare_syn = true;
                return opening;
            }
            // Any of the flags: a SYN may also carry an ACK.
            (Op::Implicit, None, Some(SYN)) if m.mask.is_none() => {
                self.lose(FLAGS);
                return Part { most: tcp, least: opening.least };
            }
            _ => self.lose(FLAGS),
        }
        Part::unsure(tcp)
    }

    fn concatenated(&mut self, keys: &[Key<'a>], m: &'x Match<'a>) -> Vec<Part> {
        let entries = self.contents.entries(self.table, &m.value);
        let mut parts = Vec::with_capacity(entries.list.len());
        for entry in &entries.list {
            let part = self.of_entry(keys, entry.key, entry.certain);
            parts.push(part);
        }
        let whole = keys.iter().fold(Traffic::ANY, |t, k| t.intersect(&self.implied(k)));
        if entries.open || m.mask.is_some() {
            self.lose(HEADER);
            return vec![Part::unsure(whole)];
        }
        match m.op {
            Op::Implicit | Op::Eq => merged(parts),
            Op::Ne => self.negated(whole, &parts),
            _ => {
                self.lose(MASKED);
                vec![Part::unsure(whole)]
            }
        }
    }

    /// What matches one element.
    pub(super) fn of_entry(
        &mut self,
        keys: &[Key<'a>],
        value: &'x Value<'a>,
        certain: bool,
    ) -> Part {
        let whole = Part::exact(Traffic::ANY);
        let mut part = match (keys, value.resolved()) {
            ([key], _) => self.component(key, value),
            (_, Value::All) => whole,
            (_, Value::Concat(items)) if items.len() == keys.len() => {
                let each = keys.iter().zip(items);
                each.fold(whole, |part, (key, item)| part.intersect(&self.component(key, item)))
            }
            _ => {
                self.lose(HEADER);
                Part::unsure(Traffic::ANY)
            }
        };
        for key in keys {
            part.most = part.most.intersect(&self.implied(key));
        }
        if !certain {
            part.least = None;
        }
        part.settled()
    }

    fn component(&mut self, key: &Key<'a>, value: &'x Value<'a>) -> Part {
        match key {
            Key::Other { why, .. } => {
                self.lose(why);
                Part::unsure(self.implied(key))
            }
            Key::TcpFlags => {
                self.lose(FLAGS);
                Part::unsure(self.implied(key))
            }
            _ => {
                let content = self.contents.of(self.table, key, value);
                self.part(key, &content)
            }
        }
    }

    /// `whole` without any of `parts`.
    fn negated(&mut self, whole: Traffic, parts: &[Part]) -> Vec<Part> {
        let exact = parts.iter().all(Part::is_exact);
        if parts.len() > MAX_NEGATED || !exact {
            self.lose(if exact { TOO_MANY } else { HEADER });
            return vec![Part::unsure(whole)];
        }
        if let Some(left) = without(whole.clone(), parts) {
            return left.into_iter().map(Part::exact).collect();
        }
        self.lose(TOO_MANY);
        vec![Part::unsure(whole)]
    }
}

/// `whole` without what `parts` match at most; `None` when too many products are left.
pub(super) fn without(whole: Traffic, parts: &[Part]) -> Option<Vec<Traffic>> {
    const MAX_LEFT: usize = 512;
    let mut left = vec![whole];
    for part in parts {
        left = left.iter().flat_map(|t| t.minus(&part.most)).collect();
        if left.len() > MAX_LEFT {
            return None;
        }
    }
    Some(left)
}

/// Products that differ in their service alone become one. Elements that differ in what is not
/// modelled alone stand near each other.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    const NEAR: usize = 8;
    let mut found: Vec<Part> = Vec::with_capacity(parts.len());
    let mut services: Vec<Vec<ServiceSet>> = Vec::new();
    let mut at: FxHashMap<Traffic, usize> = FxHashMap::default();
    for part in parts {
        if !part.is_exact() {
            if !found.iter().rev().take(NEAR).any(|p| *p == part) {
                found.push(part);
                services.push(Vec::new());
            }
            continue;
        }
        let rest = Traffic { service: ServiceSet::ANY, ..part.most.clone() };
        let index = *at.entry(rest).or_insert(found.len());
        if index == found.len() {
            services.push(Vec::new());
            found.push(part);
        } else {
            services[index].push(part.most.service);
        }
    }
    for (part, more) in found.iter_mut().zip(&services).filter(|(_, more)| !more.is_empty()) {
        let boxes =
            more.iter().flat_map(ServiceSet::boxes).chain(part.most.service.boxes()).copied();
        let service: ServiceSet = boxes.collect();
        *part = Part::exact(Traffic { service, ..part.most.clone() });
    }
    found
}

const SYN: u8 = 2;
/// FIN, SYN, RST and ACK.
const OPENING_MASK: u8 = 1 | 2 | 4 | 16;
/// The six flags of RFC 9293 without ECE and CWR.
const ALL_MASK: u8 = 0x3f;

/// TCP flags by name or number (RFC 9293, section 3.1).
fn flags(value: &Value<'_>) -> Option<u8> {
    match value.resolved() {
        Value::Word(word) => Some(match word.as_ref() {
            "fin" => 1,
            "syn" => SYN,
            "rst" => 4,
            "psh" => 8,
            "ack" => 16,
            "urg" => 32,
            "ecn" => 64,
            "cwr" => 128,
            other => u8::try_from(domain::plain(other)?).ok()?,
        }),
        Value::List(items) => items.iter().try_fold(0, |all, v| Some(all | flags(v)?)),
        _ => None,
    }
}
