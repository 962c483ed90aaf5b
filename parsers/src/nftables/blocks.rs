//! Chains, sets, maps and the other things that a table holds.

use std::borrow::Cow;

use super::keys;
use super::lexer::Token;
use super::reasons;
use super::script::Reader;
use super::syntax::{Base, Key, Listed, Text, Value};

impl<'a> Reader<'a, '_, '_> {
    /// What follows the name of a chain.
    pub(super) fn chain(&mut self, table: usize, name: &'a str) {
        let line = self.cursor.read_line();
        self.config.tables[table].chain(Cow::Borrowed(name), line);
        if self.cursor.sign("{") {
            self.build.used(line);
            self.block(|reader| reader.chain_item(table, name));
        }
    }

    fn chain_item(&mut self, table: usize, name: &'a str) -> Option<()> {
        if self.definition().is_some() {
            return Some(());
        }
        if self.is_chain_setting() {
            return self.chain_setting(table, name);
        }
        let rule = self.rule(table, name);
        self.config.tables[table].chain(Cow::Borrowed(name), rule.line).rules.push(rule);
        // The rule marks its lines when it has been given meaning.
        self.cursor.skip_statement();
        None
    }

    /// Whether the chain says something of itself here; otherwise a rule begins.
    fn is_chain_setting(&self) -> bool {
        let mut ahead = self.cursor;
        match ahead.next() {
            Token::Word("type") => matches!(ahead.next(), Token::Word("filter" | "nat" | "route")),
            Token::Word("policy" | "flags" | "devices" | "hook" | "device") => true,
            Token::Word("comment") => matches!(ahead.next(), Token::Quoted(_)) && ahead.at_end(),
            _ => false,
        }
    }

    fn chain_setting(&mut self, table: usize, name: &'a str) -> Option<()> {
        if self.cursor.is_word("type") {
            return self.base(table, name);
        }
        if self.cursor.is_word("policy") {
            return self.policy(table, name);
        }
        self.cursor.skip_statement();
        Some(())
    }

    /// `type filter hook input device eth0 priority filter + 10`.
    fn base(&mut self, table: usize, name: &'a str) -> Option<()> {
        let line = self.cursor.line();
        self.cursor.next();
        let kind = self.cursor.word()?;
        self.cursor.keyword("hook").then_some(())?;
        let hook = self.cursor.word()?;
        let mut devices = Vec::new();
        if self.cursor.one_of(&["device", "devices"]).is_some() {
            self.cursor.sign("=");
            words_of(&self.value()?, &mut devices);
        }
        let bridge = self.config.tables[table].family == super::syntax::TableFamily::Bridge;
        let priority = if self.cursor.keyword("priority") { self.priority(bridge)? } else { 0 };
        let base = Base { kind: kind.into(), hook: hook.into(), devices, priority, line };
        self.config.tables[table].chain(Cow::Borrowed(name), line).base = Some(base);
        Some(())
    }

    /// A number, a name, or a name with `+` or `-` and a number.
    fn priority(&mut self, bridge: bool) -> Option<i32> {
        if self.cursor.sign("-") {
            return Some(-self.cursor.word()?.parse::<i32>().ok()?);
        }
        let word = match self.cursor.peek() {
            Token::Sign("$") => self.atom()?.word()?.to_owned(),
            _ => self.cursor.word()?.to_owned(),
        };
        let base = match word.parse() {
            Ok(number) => number,
            Err(_) => named_priority(&word, bridge)?,
        };
        let sign = match self.cursor.peek() {
            Token::Sign("+") => 1,
            Token::Sign("-") => -1,
            _ => return Some(base),
        };
        self.cursor.next();
        base.checked_add(sign * self.cursor.word()?.parse::<i32>().ok()?)
    }

    fn policy(&mut self, table: usize, name: &'a str) -> Option<()> {
        let line = self.cursor.line();
        self.cursor.next();
        let drop = match self.name()? {
            "drop" => true,
            "accept" => false,
            _ => return None,
        };
        self.config.tables[table].chain(Cow::Borrowed(name), line).policy = Some((drop, line));
        Some(())
    }

    /// What follows the name of a set or map.
    pub(super) fn set(&mut self, table: usize, name: &'a str, is_map: bool) {
        let line = self.cursor.read_line();
        self.config.tables[table].set(Cow::Borrowed(name), line).is_map |= is_map;
        if self.cursor.sign("{") {
            self.build.used(line);
            self.block(|reader| reader.set_item(table, name));
        }
    }

    fn set_item(&mut self, table: usize, name: &'a str) -> Option<()> {
        let line = self.cursor.line();
        let Token::Word(word) = self.cursor.next() else { return None };
        match word {
            "type" => self.set_type(table, name),
            "typeof" => self.set_typeof(table, name),
            "flags" => self.set_flags(table, name),
            "elements" => {
                self.cursor.sign("=").then_some(())?;
                self.add_elements(table, name)?;
                self.mark_all_used(line);
                Some(())
            }
            "timeout" => {
                let set = self.config.tables[table].set(Cow::Borrowed(name), line);
                set.listed = Listed::Perhaps;
                self.cursor.word().map(drop)
            }
            "size" | "gc-interval" | "policy" | "comment" => self.name().map(drop),
            "auto-merge" => Some(()),
            "counter" | "last" | "limit" | "quota" | "ct" => {
                // Further statements may stand on the same line.
                if matches!(word, "limit" | "quota" | "ct") {
                    self.config.tables[table].set(Cow::Borrowed(name), line).listed =
                        Listed::Perhaps;
                }
                self.cursor.skip_statement();
                Some(())
            }
            _ => None,
        }
    }

    /// `type ipv4_addr . inet_service : verdict`.
    fn set_type(&mut self, table: usize, name: &'a str) -> Option<()> {
        let mut found = Vec::new();
        loop {
            let word = self.cursor.word()?;
            found.push(keys::of_type(word, word.into()));
            if !self.cursor.sign(".") {
                break;
            }
        }
        self.set_keys(table, name, found);
        Some(())
    }

    /// `typeof ip saddr . tcp dport : verdict`.
    fn set_typeof(&mut self, table: usize, name: &'a str) -> Option<()> {
        let found = self.keys()?;
        self.set_keys(table, name, found);
        Some(())
    }

    fn set_keys(&mut self, table: usize, name: &'a str, found: Vec<Key<'a>>) {
        let line = self.cursor.read_line();
        let set = self.config.tables[table].set(Cow::Borrowed(name), line);
        set.keys = found;
        set.is_map |= self.cursor.is_sign(":");
        if self.cursor.is_sign(":") {
            self.cursor.skip_statement();
        }
    }

    fn set_flags(&mut self, table: usize, name: &'a str) -> Option<()> {
        loop {
            let word = self.cursor.word()?;
            let set = self.config.tables[table].set(Cow::Borrowed(name), 0);
            match word {
                "dynamic" => set.listed = Listed::Perhaps,
                "timeout" => set.listed = set.listed.max(Listed::AtLeast),
                "interval" | "constant" => {}
                _ => return None,
            }
            if !self.cursor.sign(",") {
                return Some(());
            }
        }
    }

    fn add_elements(&mut self, table: usize, name: &'a str) -> Option<()> {
        let value = self.value();
        let set = self.config.tables[table].set(Cow::Borrowed(name), 0);
        let Some(Value::Set(elements)) = value.as_ref().map(Value::resolved) else {
            // Whatever it was to hold is not known.
            set.listed = Listed::Perhaps;
            return None;
        };
        set.elements.extend(elements.iter().cloned());
        Some(())
    }

    /// `add element inet filter blocked { … }`. Once an element has been deleted, the content of the
    /// set counts as unknown.
    pub(super) fn element_command(&mut self, delete: bool) -> Option<()> {
        let line = self.cursor.read_line();
        let (table, name) = self.object()?;
        if delete {
            self.cursor.skip_statement();
            self.config.tables[table].set(Cow::Borrowed(name), line).listed = Listed::Perhaps;
            self.build.unsupported(line, reasons::ELEMENT_DELETION);
        } else {
            self.add_elements(table, name)?;
            self.mark_all_used(line);
        }
        Some(())
    }

    /// A flowtable takes known connections past the forward chains; new ones still meet them.
    pub(super) fn flowtable(&mut self) {
        self.settings_block(&["hook", "devices", "device", "counter", "flags", "priority"]);
    }

    /// Named counters, limits and the like: rules that use them say so themselves.
    pub(super) fn stateful_object(&mut self) {
        const SETTINGS: &[&str] = &[
            "packets",
            "bytes",
            "over",
            "until",
            "used",
            "rate",
            "burst",
            "mss",
            "wscale",
            "timestamp",
            "sack-perm",
            "protocol",
            "l3proto",
            "policy",
            "type",
            "dport",
            "timeout",
            "size",
            "comment",
            "id",
            "sport",
            "ttl",
            "tos",
            "ip",
            "ip6",
        ];
        self.settings_block(SETTINGS);
    }

    fn settings_block(&mut self, known: &'static [&str]) {
        if !self.cursor.sign("{") {
            // `add counter ip filter x` and `add counter … packets 0 bytes 0`.
            return self.cursor.skip_statement();
        }
        self.block(|reader| {
            let line = reader.cursor.line();
            let hit = matches!(reader.cursor.peek(), Token::Word(w) if known.contains(&w))
                || matches!(reader.cursor.peek(), Token::Quoted(_));
            reader.cursor.skip_statement();
            if hit {
                reader.mark_all_used(line);
            }
            hit.then_some(())
        });
    }
}

/// Every word of a value: names of devices.
fn words_of<'a>(value: &Value<'a>, out: &mut Vec<Text<'a>>) {
    match value.resolved() {
        Value::Word(word) => out.push(word.clone()),
        Value::Set(elements) => elements.iter().for_each(|e| words_of(&e.key, out)),
        Value::List(items) => items.iter().for_each(|v| words_of(v, out)),
        _ => {}
    }
}

/// Priorities by name (nft(8), table "Standard priority names").
pub(super) fn named_priority(name: &str, bridge: bool) -> Option<i32> {
    let table: &[(&str, i32)] = if bridge {
        &[("dstnat", -300), ("filter", -200), ("out", 100), ("srcnat", 300)]
    } else {
        &[
            ("raw", -300),
            ("mangle", -150),
            ("dstnat", -100),
            ("filter", 0),
            ("security", 50),
            ("srcnat", 100),
        ]
    };
    table.iter().find(|(n, _)| *n == name).map(|(_, priority)| *priority)
}
