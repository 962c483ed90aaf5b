//! Expressions of a script: what is compared, and what it is compared with.

use std::rc::Rc;

use super::keys::{self, CHANCE, CONNECTION, HEADER, PACKET, ROUTING};
use super::lexer::Token;
use super::script::Reader;
use super::syntax::{Data, Element, Key, Value, Verdict};

/// Deepest nesting of braces and parentheses that is read.
pub(super) const MAX_DEPTH: u32 = 32;

/// `meta` keys that may stand without the word `meta`.
const BARE_META: &[&str] = &[
    "iif",
    "iifname",
    "iiftype",
    "iifgroup",
    "iifkind",
    "oif",
    "oifname",
    "oiftype",
    "oifgroup",
    "oifkind",
    "mark",
    "skuid",
    "skgid",
    "nftrace",
    "rtclassid",
    "ibriport",
    "obriport",
    "ibrname",
    "obrname",
    "ibridgename",
    "obridgename",
    "pkttype",
    "cpu",
    "cgroup",
    "time",
    "day",
    "hour",
];

/// Headers whose fields are compared.
const HEADERS: &[&str] = &[
    "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "igmp", "ah",
    "esp", "comp", "ether", "vlan", "arp", "gre", "geneve", "vxlan", "gretap", "8021q", "8021ad",
];

/// Fields of options and chunks; without one the option itself is meant.
const OPTION_FIELDS: &[&str] = &[
    "kind",
    "length",
    "left",
    "right",
    "count",
    "size",
    "tsval",
    "tsecr",
    "ptr",
    "value",
    "type",
    "addr",
    "flags",
    "tsn",
    "stream",
    "ssn",
    "ppid",
    "init-tag",
    "a-rwnd",
    "num-inbound-streams",
    "num-outbound-streams",
    "initial-tsn",
    "init-tsn",
    "cum-tsn-ack",
    "num-gap-ack-blocks",
    "num-dup-tsns",
    "lowest-tsn",
    "seqno",
    "new-cum-tsn",
];

/// Whether a statement of the language begins with `word`.
pub(super) fn begins_statement(word: &str) -> bool {
    const OTHERS: &[&str] = &["meta", "ct", "fib", "rt", "socket", "counter", "limit", "log"];
    BARE_META.contains(&word) || HEADERS.contains(&word) || OTHERS.contains(&word)
}

impl<'a> Reader<'a, '_, '_> {
    /// One key, or several joined by dots. Reads nothing when no key begins here.
    pub(super) fn keys(&mut self) -> Option<Vec<Key<'a>>> {
        let mut found = vec![self.key()?];
        while self.cursor.sign(".") {
            self.cursor.skip_newlines();
            let from = self.cursor.offset();
            if let Some(key) = self.key() {
                found.push(key);
            } else {
                // A constant in a concatenation: no key of the packet.
                self.atom()?;
                found.push(keys::unmodelled(self.cursor.since(from).into(), PACKET));
            }
        }
        Some(found)
    }

    fn key(&mut self) -> Option<Key<'a>> {
        let from = self.cursor.offset();
        let word = match self.cursor.peek() {
            Token::Word(word) => word,
            Token::Sign("@") => return self.raw_payload(),
            _ => return None,
        };
        if BARE_META.contains(&word) {
            self.cursor.next();
            return Some(keys::meta(word, word.into()));
        }
        if HEADERS.contains(&word) {
            self.cursor.next();
            return self.header(word, from);
        }
        let why = match word {
            "meta" => {
                self.cursor.next();
                let key = self.cursor.word()?;
                return Some(keys::meta(key, self.cursor.since(from).into()));
            }
            "ct" => {
                self.cursor.next();
                return self.conntrack(from);
            }
            "fib" | "rt" | "socket" | "osf" | "ipsec" | "tunnel" => ROUTING,
            "numgen" | "jhash" | "symhash" => CHANCE,
            "exthdr" | "frag" | "hbh" | "mh" | "dst" | "srh" => HEADER,
            _ => return None,
        };
        self.cursor.next();
        self.key_words(word)?;
        Some(keys::unmodelled(self.cursor.since(from).into(), why))
    }

    /// `@th,16,16`. An `@` before anything else is a named set.
    fn raw_payload(&mut self) -> Option<Key<'a>> {
        let from = self.cursor.offset();
        let mut ahead = self.cursor;
        ahead.next();
        ahead.one_of(&["ll", "nh", "th", "ih"])?;
        (ahead.sign(",") && ahead.word().is_some()).then_some(())?;
        (ahead.sign(",") && ahead.word().is_some()).then_some(())?;
        self.cursor = ahead;
        Some(keys::unmodelled(ahead.since(from).into(), HEADER))
    }

    /// What follows the name of a header.
    fn header(&mut self, protocol: &'a str, from: usize) -> Option<Key<'a>> {
        let field = self.cursor.word()?;
        let nested = matches!(field, "option" | "chunk")
            || matches!(protocol, "vxlan" | "geneve" | "gre" | "gretap")
                && HEADERS.contains(&field);
        if !nested {
            return Some(keys::payload(protocol, field, self.cursor.since(from).into()));
        }
        if field == "option" && self.cursor.is_sign("@") {
            self.raw_option()?;
        } else {
            self.cursor.word()?;
            self.cursor.one_of(OPTION_FIELDS);
        }
        Some(keys::other_payload(protocol, self.cursor.since(from).into()))
    }

    /// `@kind,offset,length`.
    fn raw_option(&mut self) -> Option<()> {
        self.cursor.next();
        self.cursor.word()?;
        while self.cursor.sign(",") {
            self.cursor.word()?;
        }
        Some(())
    }

    fn conntrack(&mut self, from: usize) -> Option<Key<'a>> {
        let directed = self.cursor.one_of(&["original", "reply"]).is_some();
        if self.cursor.one_of(&["ip", "ip6"]).is_some() || directed {
            self.cursor.word()?;
        } else if self.cursor.keyword("state") {
            return Some(Key::State);
        } else {
            self.cursor.word()?;
        }
        Some(keys::unmodelled(self.cursor.since(from).into(), CONNECTION))
    }

    /// The words of a key that the model has nothing for, after its first.
    fn key_words(&mut self, first: &str) -> Option<()> {
        match first {
            "fib" => {
                self.cursor.word()?;
                while self.cursor.sign(".") {
                    self.cursor.word()?;
                }
                self.cursor.word()?;
            }
            "rt" => {
                self.cursor.one_of(&["ip", "ip6"]);
                self.cursor.word()?;
            }
            "socket" => {
                if self.cursor.word()? == "cgroupv2" {
                    self.cursor.word()?;
                    self.cursor.word()?;
                }
            }
            "osf" => {
                if self.cursor.keyword("ttl") {
                    self.cursor.word()?;
                }
                self.cursor.word()?;
            }
            "ipsec" => {
                self.cursor.word()?;
                if self.cursor.keyword("spnum") {
                    self.cursor.word()?;
                }
                self.cursor.one_of(&["ip", "ip6"]);
                self.cursor.word()?;
            }
            "numgen" | "jhash" | "symhash" => self.generator(first)?,
            _ => {
                self.cursor.word()?;
            }
        }
        Some(())
    }

    /// `numgen inc mod 2 offset 10`, `jhash ip saddr . tcp dport mod 2 seed 0xabcd`.
    fn generator(&mut self, first: &str) -> Option<()> {
        match first {
            "numgen" => drop(self.cursor.word()?),
            "jhash" => {
                self.depth += 1;
                let keys = (self.depth < MAX_DEPTH).then(|| self.keys()).flatten();
                self.depth -= 1;
                keys?;
            }
            _ => {}
        }
        while self.cursor.one_of(&["mod", "offset", "seed"]).is_some() {
            self.cursor.word()?;
        }
        Some(())
    }

    /// A right-hand side; a comma goes on with a list of flags.
    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        let first = self.alternatives()?;
        if !self.cursor.is_sign(",") {
            return Some(first);
        }
        let mut items = vec![first];
        while self.cursor.sign(",") {
            self.cursor.skip_newlines();
            items.push(self.alternatives()?);
        }
        Some(Value::List(items))
    }

    /// Values joined by `|`; other arithmetic makes what can't be known here.
    fn alternatives(&mut self) -> Option<Value<'a>> {
        let from = self.cursor.offset();
        let first = self.concatenation()?;
        let mut items = vec![first];
        let mut opaque = false;
        loop {
            match self.cursor.peek() {
                Token::Sign("|") => {}
                Token::Sign("<<" | ">>" | "^" | "&") => opaque = true,
                _ => break,
            }
            self.cursor.next();
            items.push(self.concatenation()?);
        }
        Some(match items.len() {
            _ if opaque => Value::Opaque(self.cursor.since(from).into()),
            1 => items.remove(0),
            _ => Value::List(items),
        })
    }

    fn concatenation(&mut self) -> Option<Value<'a>> {
        let first = self.range()?;
        if !self.cursor.is_sign(".") {
            return Some(first);
        }
        let mut items = vec![first];
        while self.cursor.sign(".") {
            self.cursor.skip_newlines();
            items.push(self.range()?);
        }
        Some(Value::Concat(items))
    }

    /// A value, a prefix or a range.
    pub(super) fn range(&mut self) -> Option<Value<'a>> {
        let first = self.atom()?;
        let mut ahead = self.cursor;
        match ahead.next() {
            Token::Sign("/") => {
                // `fin,syn / fin,syn` is a mask, which belongs to the comparison.
                let Token::Word(word) = ahead.next() else { return Some(first) };
                let Ok(len) = word.parse() else { return Some(first) };
                self.cursor = ahead;
                Some(Value::Prefix(Box::new(first), len))
            }
            Token::Sign("-") => {
                self.cursor = ahead;
                Some(Value::Range(Box::new(first), Box::new(self.atom()?)))
            }
            _ => Some(first),
        }
    }

    pub(super) fn atom(&mut self) -> Option<Value<'a>> {
        let from = self.cursor.offset();
        match self.cursor.peek() {
            Token::Word("ct" | "meta" | "numgen" | "jhash" | "symhash" | "fib") => {
                self.key()?;
                Some(Value::Opaque(self.cursor.since(from).into()))
            }
            Token::Word(word) | Token::Quoted(word) => {
                self.cursor.next();
                Some(Value::Word(word.into()))
            }
            Token::Sign(sign) => self.signed(sign),
            Token::Newline | Token::End => None,
        }
    }

    fn signed(&mut self, sign: &str) -> Option<Value<'a>> {
        match sign {
            "$" => {
                self.cursor.next();
                let line = self.cursor.read_line();
                let name = self.cursor.word()?;
                Some(self.variable(name, line))
            }
            "@" => {
                self.cursor.next();
                Some(Value::Named(self.reference()?.into()))
            }
            "*" => {
                self.cursor.next();
                Some(Value::All)
            }
            "-" => {
                let from = self.cursor.offset();
                self.cursor.next();
                self.cursor.word()?;
                Some(Value::Word(self.cursor.since(from).into()))
            }
            "{" | "(" | "[" => self.nested(sign),
            _ => None,
        }
    }

    fn nested(&mut self, sign: &str) -> Option<Value<'a>> {
        self.cursor.next();
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = match sign {
            "{" => self.elements().map(|found| Value::Set(found.into())),
            "(" => self.value().filter(|_| self.cursor.sign(")")),
            _ => self.value().filter(|_| self.cursor.sign("]")),
        };
        self.depth -= 1;
        found
    }

    /// The elements of a set whose `{` has been read, up to and with its `}`.
    fn elements(&mut self) -> Option<Vec<Element<'a>>> {
        let mut found = Vec::new();
        loop {
            self.cursor.skip_newlines();
            match self.cursor.peek() {
                Token::Sign("}") => {
                    self.cursor.next();
                    return Some(found);
                }
                Token::Sign(",") => {
                    self.cursor.next();
                }
                _ => found.push(self.element()?),
            }
        }
    }

    fn element(&mut self) -> Option<Element<'a>> {
        let line = self.cursor.line();
        let key = self.alternatives()?;
        let mut fleeting = self.element_options()?;
        let mut data = None;
        if self.cursor.sign(":") {
            self.cursor.skip_newlines();
            data = Some(self.data()?);
            fleeting |= self.element_options()?;
        }
        Some(Element { key, data, fleeting, line })
    }

    /// What stands behind a key: whether it makes the element come and go.
    fn element_options(&mut self) -> Option<bool> {
        let mut fleeting = false;
        loop {
            self.cursor.skip_newlines();
            match self.cursor.peek() {
                Token::Sign("}" | "," | ":") => return Some(fleeting),
                Token::Word(word) => {
                    self.cursor.next();
                    fleeting |= self.element_option(word)?;
                }
                _ => return None,
            }
        }
    }

    fn element_option(&mut self, word: &str) -> Option<bool> {
        match word {
            "comment" => self.cursor.word().map(|_| false),
            "counter" => self.counter().map(|_| false),
            "timeout" | "expires" => self.cursor.word().map(|_| true),
            "last" => {
                if self.cursor.keyword("used") {
                    self.cursor.word()?;
                }
                Some(false)
            }
            "limit" | "quota" => self.limit().map(|()| true),
            "ct" => {
                self.cursor.keyword("count").then_some(())?;
                self.cursor.keyword("over");
                self.cursor.word().map(|_| true)
            }
            _ => None,
        }
    }

    fn data(&mut self) -> Option<Data<'a>> {
        match self.verdict() {
            Some(verdict) => Some(Data::Verdict(verdict)),
            None => self.alternatives().map(Data::Value),
        }
    }

    /// A verdict that names no anonymous chain. Reads nothing when none begins here.
    pub(super) fn verdict(&mut self) -> Option<Verdict<'a>> {
        const WORDS: &[&str] =
            &["accept", "drop", "continue", "return", "reject", "queue", "jump", "goto"];
        let mut ahead = self.cursor;
        let word = ahead.one_of(WORDS)?;
        if matches!(word, "jump" | "goto") && ahead.is_sign("{") {
            return None;
        }
        self.cursor = ahead;
        Some(match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "reject" => Verdict::Reject,
            "queue" => Verdict::Queue,
            "jump" => Verdict::Jump(self.name().unwrap_or_default().into()),
            _ => Verdict::Goto(self.name().unwrap_or_default().into()),
        })
    }

    /// A set of nothing but `value`, where a set is wanted.
    pub(super) fn as_map(value: Value<'a>) -> Value<'a> {
        match value {
            Value::Set(_) | Value::Named(_) | Value::Shared(_) => value,
            _ => Value::Set(Rc::new([])),
        }
    }
}
