//! The statements of a rule in a script.

use portvakt_model::Message;
use std::borrow::Cow;

use super::lexer::{Token, is_extension};
use super::reasons;
use super::script::Reader;
use super::syntax::{
    Key, Match, Nat, NatStatement, Op, Rule, Statement, Target, Text, Value, Verdict,
};
use super::value::{MAX_DEPTH, begins_statement};

pub(super) const LIMIT: &Message = &Message {
    sv: "en gräns för takt, mängd eller förbindelser räknas inte in",
    en: "a limit of rate, volume or connections is not modelled",
};
const EXTENSION: &Message = &Message {
    sv: "ett tillägg till iptables, vars val nft inte visar",
    en: "an extension of iptables, whose options nft does not show",
};
pub(super) const REWRITTEN: &Message = &Message {
    sv: "omskrivning av adresser eller portar räknas inte in",
    en: "the rewriting of addresses or ports is not modelled",
};

/// Comment lines before a rule that are taken as its description.
const MAX_REMARKS: usize = 5;

impl<'a> Reader<'a, '_, '_> {
    /// `[family] table chain [position] statements`, after `add rule` or `insert rule`.
    pub(super) fn rule_command(&mut self, first: bool) -> Option<()> {
        let line = self.cursor.read_line();
        let (table, chain) = self.object()?;
        if self.cursor.one_of(&["handle", "position", "index"]).is_some() {
            self.cursor.word()?;
            self.build.unsupported(line, reasons::PLACE);
        }
        let mut rule = self.rule(table, chain);
        rule.line = line;
        let chain = self.config.tables[table].chain(Cow::Borrowed(chain), line);
        if first {
            chain.inserted.push(rule);
        } else {
            chain.rules.push(rule);
        }
        Some(())
    }

    /// A rule up to the end of its statement.
    pub(super) fn rule(&mut self, table: usize, chain: &'a str) -> Rule<'a> {
        let (line, from) = (self.cursor.line(), self.cursor.offset());
        let mut rule =
            Rule { line, last_line: line, statements: Vec::new(), comment: None, handle: None };
        let mut own = true;
        while !self.cursor.at_end() {
            let (before, start) = (self.cursor, self.cursor.offset());
            let statement = self.statement(&mut rule, table, chain);
            let statement = statement.unwrap_or_else(|| {
                self.cursor = before;
                self.unknown(start)
            });
            // The lines of an anonymous chain belong to the rules in it.
            own &= !is_anonymous(&statement);
            if own {
                rule.last_line = self.cursor.read_line();
            }
            rule.statements.push(statement);
        }
        self.remarks(&mut rule, from);
        rule
    }

    /// What was not understood, to the end of the rule, with the verdict that ends it.
    fn unknown(&mut self, start: usize) -> Statement<'a> {
        let mut verdict = None;
        let mut depth = 0u32;
        while depth > 0 || !self.cursor.at_end() {
            if depth == 0
                && let Some(found) = self.verdict()
            {
                verdict = Some(found);
                continue;
            }
            match self.cursor.next() {
                Token::Sign("{") => depth += 1,
                Token::Sign("}") => depth -= 1,
                Token::End => break,
                _ => {}
            }
        }
        Statement::Unknown(self.cursor.since(start).into(), verdict)
    }

    /// Handle and comment of a rule from the comments beside and before it.
    fn remarks(&mut self, rule: &mut Rule<'a>, from: usize) {
        let beside = self.cursor.remark().filter(|r| r.line == self.cursor.read_line());
        if let Some(remark) = beside {
            if let Some(handle) = remark.text.strip_prefix("handle ") {
                rule.handle = Some(handle.trim().into());
            } else if rule.comment.is_none() {
                rule.comment = Some(remark.text.into());
            }
        }
        if rule.comment.is_none() {
            rule.comment = remarks_before(&self.text[..from]);
        }
    }

    /// One statement; `None` when it is not understood.
    fn statement(
        &mut self,
        rule: &mut Rule<'a>,
        table: usize,
        chain: &'a str,
    ) -> Option<Statement<'a>> {
        let start = self.cursor.offset();
        if let Some(found) = self.comparison() {
            return Some(found);
        }
        if let Some(verdict) = self.verdict() {
            rule.statements.extend(self.verdict_options(&verdict));
            return Some(Statement::Verdict(verdict));
        }
        let word = self.cursor.word()?;
        match word {
            "comment" => {
                rule.comment = Some(self.cursor.word()?.into());
                Some(Statement::Neutral)
            }
            "jump" | "goto" => self.anonymous_chain(word, table, chain),
            "counter" => self.counter(),
            "log" => {
                self.log_options();
                Some(Statement::Log)
            }
            "last" => {
                if self.cursor.keyword("used") {
                    self.cursor.word()?;
                }
                Some(Statement::Neutral)
            }
            "notrack" => Some(Statement::Untrack),
            "limit" | "quota" => {
                self.limit()?;
                Some(Statement::Narrow(self.cursor.since(start).into(), LIMIT))
            }
            "meter" => self.meter(start),
            "xt" => self.extension(start),
            "add" | "update" | "delete" | "set" => self.set_update(word, start),
            "masquerade" | "redirect" | "snat" | "dnat" => self.nat(word),
            "tproxy" | "dup" | "fwd" | "synproxy" | "flow" | "reset" => {
                self.other_action(word, start)
            }
            _ => None,
        }
    }

    /// Options that stand behind `reject` and `queue`; what they take for granted comes before the
    /// verdict.
    fn verdict_options(&mut self, verdict: &Verdict<'a>) -> Option<Statement<'a>> {
        match verdict {
            Verdict::Reject if self.cursor.keyword("with") => {
                let kind = self.cursor.one_of(&["icmp", "icmpv6", "icmpx", "tcp"]);
                self.cursor.keyword("type");
                self.cursor.word();
                return rejected_with(kind?);
            }
            Verdict::Queue => self.queue_options(),
            _ => {}
        }
        None
    }

    fn queue_options(&mut self) {
        loop {
            match self.cursor.one_of(&["flags", "num", "to", "bypass", "fanout"]) {
                Some("num" | "to") => {
                    let _ = self.assigned();
                }
                Some("flags") => {
                    let _ = self.value();
                }
                Some(_) => drop(self.cursor.sign(",")),
                None => return,
            }
        }
    }

    /// `jump { … }`: the block becomes a chain with a name that no script can give.
    fn anonymous_chain(
        &mut self,
        word: &str,
        table: usize,
        parent: &'a str,
    ) -> Option<Statement<'a>> {
        let line = self.cursor.read_line();
        if self.depth >= MAX_DEPTH || !self.cursor.sign("{") {
            return None;
        }
        let count = self.config.tables[table].chains.len();
        let name: Text<'a> = format!("{parent} {{{count}}}").into();
        self.config.tables[table].chain(name.clone(), line);
        self.depth += 1;
        self.block(|reader| {
            let rule = reader.rule(table, parent);
            reader.config.tables[table].chain(name.clone(), rule.line).rules.push(rule);
            None
        });
        self.depth -= 1;
        self.build.used(line);
        self.build.used(self.cursor.read_line());
        let verdict = if word == "jump" { Verdict::Jump(name) } else { Verdict::Goto(name) };
        Some(Statement::Verdict(verdict))
    }

    pub(super) fn counter(&mut self) -> Option<Statement<'a>> {
        if self.cursor.keyword("name") {
            self.assigned()?;
            return Some(Statement::Neutral);
        }
        if !self.cursor.keyword("packets") {
            return Some(Statement::Neutral);
        }
        let packets = self.cursor.word()?.parse().ok()?;
        self.cursor.keyword("bytes").then_some(())?;
        self.cursor.word()?;
        Some(Statement::Counter(packets))
    }

    fn log_options(&mut self) {
        const OPTIONS: &[&str] =
            &["prefix", "group", "level", "flags", "snaplen", "queue-threshold", "qthreshold"];
        while let Some(option) = self.cursor.one_of(OPTIONS) {
            if option == "flags" {
                self.log_flags();
            } else if self.cursor.sign("$") || !self.cursor.at_end() {
                self.cursor.word();
            }
        }
    }

    /// `all`, `ether`, `skuid`, `tcp sequence,options`, `ip options`.
    fn log_flags(&mut self) {
        loop {
            self.cursor.one_of(&["tcp", "ip"]);
            self.cursor.word();
            if !self.cursor.sign(",") {
                return;
            }
        }
    }

    /// What follows `limit` and `quota`.
    pub(super) fn limit(&mut self) -> Option<()> {
        if self.cursor.keyword("name") {
            return self.assigned();
        }
        self.cursor.keyword("rate");
        self.cursor.one_of(&["over", "until"]);
        self.cursor.word()?;
        self.rate_unit();
        if self.cursor.keyword("burst") {
            self.cursor.word()?;
            self.rate_unit();
        }
        if self.cursor.keyword("used") {
            self.cursor.word()?;
            self.rate_unit();
        }
        Some(())
    }

    /// `mbytes`, `/second`, `packets`.
    fn rate_unit(&mut self) {
        self.cursor.one_of(&["bytes", "kbytes", "mbytes", "gbytes", "packets"]);
        if self.cursor.sign("/") {
            self.cursor.word();
        }
    }

    /// `meter name [size n] { key statement }`: what it does per key is mostly a limit.
    fn meter(&mut self, start: usize) -> Option<Statement<'a>> {
        self.cursor.word()?;
        if self.cursor.keyword("size") {
            self.cursor.word()?;
        }
        self.cursor.sign("{").then_some(())?;
        self.cursor.skip_block();
        Some(Statement::Narrow(self.cursor.since(start).into(), LIMIT))
    }

    /// `update @seen { ip saddr timeout 1h limit rate over 3/minute }`: with a limit in it, what
    /// follows holds only while the limit does. An older form is `set add ip saddr @seen`.
    fn set_update(&mut self, word: &str, start: usize) -> Option<Statement<'a>> {
        if word == "set" {
            self.cursor.one_of(&["add", "update", "delete"])?;
            self.keys()?;
        }
        self.cursor.sign("@").then_some(())?;
        self.reference()?;
        if word == "set" {
            return Some(Statement::Neutral);
        }
        let body = self.cursor.offset();
        self.cursor.sign("{").then_some(())?;
        self.cursor.skip_block();
        let body = self.cursor.since(body);
        let limited = body.split_ascii_whitespace().any(|w| matches!(w, "limit" | "quota" | "ct"));
        let words = self.cursor.since(start);
        Some(if limited { Statement::Narrow(words.into(), LIMIT) } else { Statement::Neutral })
    }

    /// `xt match "recent"`, `xt target "MASQUERADE"`: extensions of iptables, without their
    /// options.
    fn extension(&mut self, start: usize) -> Option<Statement<'a>> {
        let kind = self.cursor.one_of(&["match", "target"])?;
        let name = self.cursor.word()?;
        let words = self.cursor.since(start).into();
        Some(match (kind, name) {
            ("match", "comment") => Statement::Neutral,
            ("match", _) => Statement::Narrow(words, EXTENSION),
            (_, "LOG" | "NFLOG" | "ULOG") => Statement::Log,
            (_, "MARK" | "CONNMARK" | "CT" | "TCPMSS" | "CHECKSUM" | "CLASSIFY" | "DSCP") => {
                Statement::Neutral
            }
            (_, "MASQUERADE") => {
                let kind = NatStatement::Masquerade;
                Statement::Nat(Nat { kind, target: Target::None, port: None })
            }
            _ => Statement::Divert(words),
        })
    }

    fn other_action(&mut self, word: &str, start: usize) -> Option<Statement<'a>> {
        match word {
            // Known connections pass by the later hooks; new ones do not.
            "flow" => {
                self.cursor.one_of(&["add", "offload"])?;
                self.cursor.sign("@").then_some(())?;
                self.name()?;
                Some(Statement::Neutral)
            }
            "reset" => {
                self.keys()?;
                Some(Statement::Neutral)
            }
            "synproxy" => {
                if self.cursor.keyword("name") {
                    self.assigned()?;
                }
                while self.cursor.one_of(SYNPROXY).is_some() {}
                Some(Statement::Divert(self.cursor.since(start).into()))
            }
            _ => {
                self.cursor.one_of(&["ip", "ip6"]);
                if self.cursor.keyword("to") {
                    self.translated()?;
                }
                if self.cursor.keyword("device") {
                    self.assigned()?;
                }
                let words = self.cursor.since(start).into();
                // A copy leaves the packet itself where it is.
                Some(if word == "dup" { Statement::Neutral } else { Statement::Divert(words) })
            }
        }
    }

    /// `dnat ip to 10.0.0.1:80`, `redirect to :3128`, `snat to ip saddr map @m`.
    fn nat(&mut self, word: &str) -> Option<Statement<'a>> {
        let kind = match word {
            "snat" => NatStatement::Snat,
            "dnat" => NatStatement::Dnat,
            "masquerade" => NatStatement::Masquerade,
            _ => NatStatement::Redirect,
        };
        self.cursor.one_of(&["ip", "ip6", "inet"]);
        if self.cursor.one_of(&["addr", "interval"]).is_some() && self.cursor.sign(".") {
            self.cursor.word()?;
        }
        self.cursor.keyword("prefix");
        let (mut target, mut port) = (Target::None, None);
        if self.cursor.keyword("to") {
            (target, port) = self.translated()?;
        }
        while self.cursor.one_of(&["random", "fully-random", "persistent"]).is_some() {
            self.cursor.sign(",");
        }
        Some(Statement::Nat(Nat { kind, target, port }))
    }

    /// An address, a port, both, or a map that gives them.
    fn translated(&mut self) -> Option<(Target<'a>, Option<Value<'a>>)> {
        let mut target = Target::None;
        if !self.cursor.is_sign(":") {
            target = match self.keys() {
                Some(keys) => {
                    self.cursor.keyword("map").then_some(())?;
                    Target::Map { keys, map: Self::as_map(self.value()?) }
                }
                None => Target::Address(self.range()?),
            };
        }
        let port = if self.cursor.sign(":") { Some(self.port_target()?) } else { None };
        Some((target, port))
    }

    /// A port, a range of them, or a map.
    fn port_target(&mut self) -> Option<Value<'a>> {
        let from = self.cursor.offset();
        if self.keys().is_some() {
            self.cursor.keyword("map").then_some(())?;
            self.value()?;
            return Some(Value::Opaque(self.cursor.since(from).into()));
        }
        self.range()
    }

    /// A comparison, a verdict map or a setting. Reads nothing when no key begins here.
    fn comparison(&mut self) -> Option<Statement<'a>> {
        let (before, start) = (self.cursor, self.cursor.offset());
        if let Some(found) = self.connection_count(start) {
            return Some(found);
        }
        let found = self.keys().and_then(|keys| self.compared(keys, start));
        if found.is_none() {
            self.cursor = before;
        }
        found
    }

    /// `ct count over 20`.
    fn connection_count(&mut self, start: usize) -> Option<Statement<'a>> {
        let mut ahead = self.cursor;
        (ahead.keyword("ct") && ahead.keyword("count")).then_some(())?;
        ahead.keyword("over");
        ahead.word()?;
        self.cursor = ahead;
        Some(Statement::Narrow(self.cursor.since(start).into(), LIMIT))
    }

    fn compared(&mut self, keys: Vec<Key<'a>>, start: usize) -> Option<Statement<'a>> {
        if self.cursor.keyword("set") {
            self.assigned()?;
            let rewrites = matches!(keys[0], Key::Address(..) | Key::Port(..));
            return Some(if rewrites { Statement::Lost(REWRITTEN) } else { Statement::Neutral });
        }
        if self.cursor.keyword("vmap") {
            let map = Self::as_map(self.value()?);
            return Some(Statement::Vmap { keys, map, words: self.cursor.since(start).into() });
        }
        let mut mask = self.mask()?;
        let op = self.operator();
        let value = self.value()?;
        if self.cursor.sign("/") {
            mask = Some(self.value()?);
        }
        let words = self.cursor.since(start).into();
        Some(Statement::Match(Match { keys, mask, op, value, words }))
    }

    /// `& mask` or other arithmetic on the left side; the outer `None` is a fault.
    #[expect(clippy::option_option, reason = "a fault is not the same as no mask")]
    fn mask(&mut self) -> Option<Option<Value<'a>>> {
        let mut mask = None;
        loop {
            let from = self.cursor.offset();
            let plain = match self.cursor.peek() {
                Token::Sign("&") | Token::Word("and") => mask.is_none(),
                Token::Sign("|" | "^" | "<<" | ">>")
                | Token::Word("or" | "xor" | "lshift" | "rshift") => false,
                _ => return Some(mask),
            };
            self.cursor.next();
            let operand = self.range()?;
            let opaque = || Value::Opaque(self.cursor.since(from).into());
            mask = Some(if plain { operand } else { opaque() });
        }
    }

    fn operator(&mut self) -> Op {
        let op = match self.cursor.peek() {
            Token::Sign("==") | Token::Word("eq") => Op::Eq,
            Token::Sign("!=") | Token::Word("ne") => Op::Ne,
            Token::Sign("<") | Token::Word("lt") => Op::Lt,
            Token::Sign(">") | Token::Word("gt") => Op::Gt,
            Token::Sign("<=") | Token::Word("le") => Op::Le,
            Token::Sign(">=") | Token::Word("ge") => Op::Ge,
            Token::Sign("!") => Op::Without,
            _ => return Op::Implicit,
        };
        self.cursor.next();
        op
    }

    /// What something is set to: values and keys with arithmetic, or a map.
    fn assigned(&mut self) -> Option<()> {
        const ARITHMETIC: &[&str] = &["and", "or", "xor", "lshift", "rshift", "map"];
        loop {
            if self.keys().is_none() {
                self.value()?;
            }
            // Traffic classes: `meta priority set 1:10`.
            if self.cursor.sign(":") {
                self.cursor.word()?;
            }
            match self.cursor.peek() {
                Token::Sign("|" | "^" | "&" | "<<" | ">>") => {}
                Token::Word(word) if ARITHMETIC.contains(&word) => {}
                _ => return Some(()),
            }
            self.cursor.next();
        }
    }
}

/// What a kind of rejection takes for granted: an ICMP error is of its own version, and only TCP is
/// reset. A listing leaves conditions out that say no more (`stmt_evaluate_reject`, nftables
/// src/evaluate.c).
pub(super) fn rejected_with<'a>(kind: &str) -> Option<Statement<'a>> {
    let (key, value, words) = match kind {
        "icmp" => (Key::Version, "ipv4", "meta nfproto ipv4"),
        "icmpv6" => (Key::Version, "ipv6", "meta nfproto ipv6"),
        "tcp" | "tcp reset" => (Key::Protocol(None), "tcp", "meta l4proto tcp"),
        _ => return None,
    };
    let value = Value::Word(value.into());
    let (keys, words) = (vec![key], words.into());
    Some(Statement::Match(Match { keys, mask: None, op: Op::Implicit, value, words }))
}

const SYNPROXY: &[&str] = &["mss", "wscale", "timestamp", "sack-perm"];

/// Whether a statement goes to an anonymous chain: only their names are made up here.
fn is_anonymous(statement: &Statement<'_>) -> bool {
    matches!(
        statement,
        Statement::Verdict(Verdict::Jump(Cow::Owned(_)) | Verdict::Goto(Cow::Owned(_)))
    )
}

/// Whether a comment is a rule that someone has put out of force.
fn is_rule(remark: &str) -> bool {
    let mut words = remark.split_ascii_whitespace();
    words.next().is_some_and(begins_statement)
        && words.any(|w| matches!(w, "accept" | "drop" | "reject" | "jump" | "goto" | "return"))
}

/// The comment lines right before a rule, without a blank line between.
fn remarks_before(text: &str) -> Option<Text<'_>> {
    const NEAR: usize = 1000;
    let text = &text[text.floor_char_boundary(text.len().saturating_sub(NEAR))..];
    // The line that the rule itself begins on comes first.
    let lines = text.rsplit('\n').skip(1).map(str::trim).take(MAX_REMARKS);
    let remarks = lines.map_while(|l| l.strip_prefix('#')).take_while(|l| !is_extension(l));
    let mut found: Vec<&str> = remarks.map(str::trim).collect();
    found.retain(|l| !l.is_empty() && !is_rule(l));
    match found[..] {
        [] => None,
        [one] => Some(one.into()),
        _ => {
            found.reverse();
            Some(found.join(" ").into())
        }
    }
}
