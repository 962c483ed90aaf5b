//! Commands and blocks of a script or listing.

use std::borrow::Cow;
use std::rc::Rc;

use portvakt_model::Undefined;
use rustc_hash::FxHashMap;

use super::lexer::{Cursor, Token};
use super::reasons;
use super::syntax::{Config, Define, Shared, Table, TableFamily, Value};
use crate::build::Build;

/// Most values that variables may put in place, over a whole file: a few lines of variables that
/// hold each other could otherwise stand for any number.
const MAX_SUBSTITUTED: u32 = 1 << 22;
const MAX_VARIABLE_DEPTH: u8 = 16;

/// Reads a script.
pub(super) fn read<'a>(text: &'a str, build: &mut Build<'_>) -> Config<'a> {
    let mut reader = Reader {
        cursor: Cursor::new(text),
        text,
        config: Config::default(),
        build,
        scopes: vec![FxHashMap::default()],
        depth: 0,
        substituted: 0,
        table: 0,
    };
    reader.commands();
    reader.config
}

/// The state of reading.
pub(super) struct Reader<'a, 'b, 'c> {
    pub(super) cursor: Cursor<'a>,
    pub(super) text: &'a str,
    pub(super) config: Config<'a>,
    pub(super) build: &'b mut Build<'c>,
    /// Variables by name, as indices of [`Config::defines`]; the innermost block last.
    scopes: Vec<FxHashMap<&'a str, usize>>,
    /// How many braces and parentheses are open.
    pub(super) depth: u32,
    substituted: u32,
    /// The table that is read.
    pub(super) table: usize,
}

impl<'a> Reader<'a, '_, '_> {
    fn commands(&mut self) {
        loop {
            self.cursor.skip_separators();
            if self.cursor.peek() == Token::End {
                return;
            }
            let line = self.cursor.line();
            if self.command().is_none() {
                self.skip_unknown();
            } else if !self.cursor.at_end() {
                // Something follows that the command does not have.
                self.skip_unknown();
            } else {
                self.mark_used(line);
            }
        }
    }

    /// Leaves the lines of what comes next unknown. A stray `}` is passed.
    fn skip_unknown(&mut self) {
        self.cursor.skip_statement();
        self.cursor.sign("}");
    }

    /// Marks the line where something began and the one where it ended. What lies between has its
    /// own marks.
    pub(super) fn mark_used(&mut self, from: u32) {
        self.build.used(from);
        self.build.used(self.cursor.read_line());
    }

    /// Marks every line from `from` to the last that was read.
    pub(super) fn mark_all_used(&mut self, from: u32) {
        (from..=self.cursor.read_line()).for_each(|line| self.build.used(line));
    }

    /// One command; `None` when it is not one that is known.
    fn command(&mut self) -> Option<()> {
        while self.cursor.one_of(&["sudo", "nft", "/usr/sbin/nft", "/sbin/nft"]).is_some() {}
        let line = self.cursor.line();
        let Token::Word(word) = self.cursor.peek() else { return None };
        match word {
            "table" | "chain" | "rule" | "set" | "map" | "element" | "flowtable" => self.add(),
            "add" | "create" => {
                self.cursor.next();
                self.add()
            }
            "insert" | "replace" => {
                self.cursor.next();
                self.cursor.keyword("rule").then_some(())?;
                self.rule_command(word == "insert")
            }
            "delete" | "destroy" | "flush" => {
                self.cursor.next();
                self.remove(word == "flush", line)
            }
            "list" | "monitor" | "describe" | "export" | "reset" => {
                self.cursor.skip_statement();
                self.build.neutral(line);
                Some(())
            }
            _ => self.definition(),
        }
    }

    /// What may stand at any level: `define`, `include`.
    pub(super) fn definition(&mut self) -> Option<()> {
        let line = self.cursor.line();
        match self.cursor.one_of(&["define", "redefine", "undefine", "include"])? {
            "include" => {
                self.cursor.skip_statement();
                self.build.unsupported(line, reasons::INCLUDED);
            }
            "undefine" => {
                let name = self.cursor.word()?;
                self.scopes.iter_mut().for_each(|scope| {
                    scope.remove(name);
                });
            }
            _ => self.define(line)?,
        }
        Some(())
    }

    fn define(&mut self, line: u32) -> Option<()> {
        let name = self.cursor.word()?;
        self.cursor.sign("=").then_some(())?;
        let value = Rc::new(Shared::new(Cow::Borrowed(name), self.value()?));
        let index = self.config.defines.len();
        self.config.defines.push(Define { line, uses: 0, value });
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, index);
        }
        self.mark_all_used(line);
        Some(())
    }

    /// What the variable `name` stands for.
    pub(super) fn variable(&mut self, name: &'a str, line: u32) -> Value<'a> {
        let Some(&index) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) else {
            let used_by = format!("line {line}");
            let undefined = Undefined { name: name.to_owned(), kind: "variable", line, used_by };
            self.config.undefined.push(undefined);
            return Value::Opaque(format!("${name}").into());
        };
        let define = &mut self.config.defines[index];
        define.uses += 1;
        self.substituted = self.substituted.saturating_add(define.value.size);
        if self.substituted > MAX_SUBSTITUTED || define.value.depth >= MAX_VARIABLE_DEPTH {
            return Value::Opaque(format!("${name}").into());
        }
        Value::Shared(Rc::clone(&define.value))
    }

    /// `add` and its object; `add` itself may be left out.
    fn add(&mut self) -> Option<()> {
        match self.cursor.word()? {
            "table" => self.table_block(),
            "chain" => {
                let (table, name) = self.object()?;
                self.chain(table, name);
                Some(())
            }
            "rule" => self.rule_command(false),
            kind @ ("set" | "map") => {
                let (table, name) = self.object()?;
                self.set(table, name, kind == "map");
                Some(())
            }
            "element" => self.element_command(false),
            "flowtable" => self.object().map(|_| self.flowtable()),
            "counter" | "quota" | "limit" | "synproxy" | "secmark" | "tunnel" => {
                self.object().map(|_| self.stateful_object())
            }
            "ct" => {
                self.cursor.one_of(&["helper", "timeout", "expectation"])?;
                self.object().map(|_| self.stateful_object())
            }
            _ => None,
        }
    }

    /// `[family] table`.
    fn table_name(&mut self) -> Option<(TableFamily, &'a str)> {
        let family = match self.cursor.peek() {
            Token::Word(word) => TableFamily::named(word),
            _ => None,
        };
        // `table ip` alone would be a table of that name.
        let mut ahead = self.cursor;
        ahead.next();
        let has_name = matches!(ahead.peek(), Token::Word(_) | Token::Quoted(_));
        if has_name && family.is_some() {
            self.cursor.next();
        }
        let family = family.filter(|_| has_name).unwrap_or(TableFamily::Ip);
        Some((family, self.cursor.word()?))
    }

    /// `[family] table name`: the table, which is added when it was not known, and the name.
    pub(super) fn object(&mut self) -> Option<(usize, &'a str)> {
        let (family, table) = self.table_name()?;
        self.table = self.config.table(family, Cow::Borrowed(table));
        Some((self.table, self.name()?))
    }

    /// The name of a set, after its `@`.
    pub(super) fn reference(&mut self) -> Option<&'a str> {
        let name = self.name()?;
        self.config.refer(self.table, name.into());
        Some(name)
    }

    /// The name of something, written out or by variable.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        if !self.cursor.sign("$") {
            return self.cursor.word();
        }
        let line = self.cursor.read_line();
        let variable = self.cursor.word()?;
        match self.variable(variable, line).resolved() {
            Value::Word(Cow::Borrowed(name)) => Some(name),
            _ => None,
        }
    }

    fn table_block(&mut self) -> Option<()> {
        let line = self.cursor.read_line();
        let (family, name) = self.table_name()?;
        let table = self.config.table(family, Cow::Borrowed(name));
        if self.cursor.sign("{") {
            self.table = table;
            self.build.used(line);
            self.block(|reader| reader.table_item(table));
        }
        Some(())
    }

    /// The statements of a block whose `{` has been read, up to and with its `}`. Where `item`
    /// returns `None` the rest of the statement is skipped and its lines are left as they are.
    pub(super) fn block(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) {
        self.scopes.push(FxHashMap::default());
        loop {
            self.cursor.skip_separators();
            match self.cursor.peek() {
                Token::Sign("}") | Token::End => break,
                _ => {}
            }
            let line = self.cursor.line();
            if item(self).is_none() || !self.cursor.at_end() {
                self.cursor.skip_statement();
            } else {
                self.mark_used(line);
            }
        }
        self.cursor.sign("}");
        self.scopes.pop();
    }

    fn table_item(&mut self, table: usize) -> Option<()> {
        let Token::Word(word) = self.cursor.peek() else { return None };
        if self.definition().is_some() {
            return Some(());
        }
        self.cursor.next();
        match word {
            "chain" => self.name().map(|name| self.chain(table, name)),
            "set" | "map" => self.name().map(|name| self.set(table, name, word == "map")),
            "flowtable" => self.name().map(|_| self.flowtable()),
            "counter" | "quota" | "limit" | "synproxy" | "secmark" | "tunnel" => {
                self.name().map(|_| self.stateful_object())
            }
            "ct" => {
                self.cursor.one_of(&["helper", "timeout", "expectation"])?;
                self.name().map(|_| self.stateful_object())
            }
            "flags" => self.table_flags(table),
            "comment" => self.cursor.word().map(drop),
            _ => None,
        }
    }

    fn table_flags(&mut self, table: usize) -> Option<()> {
        loop {
            match self.cursor.word()? {
                "dormant" => self.config.tables[table].dormant = true,
                "owner" | "persist" => {}
                _ => return None,
            }
            if !self.cursor.sign(",") {
                return Some(());
            }
        }
    }

    /// `delete` and `flush`.
    fn remove(&mut self, flush: bool, line: u32) -> Option<()> {
        match self.cursor.word()? {
            "ruleset" if flush => {
                let family = self.cursor.one_of(&["ip", "ip6", "inet", "arp", "bridge", "netdev"]);
                self.config.flush(family.and_then(TableFamily::named));
            }
            "table" => self.remove_table(flush)?,
            "chain" => {
                let (table, name) = self.object()?;
                let table = &mut self.config.tables[table];
                if !flush {
                    table.delete_chain(name);
                } else if let Some(index) = table.find_chain(name) {
                    table.chains[index].flush();
                }
            }
            "set" | "map" => {
                let (table, name) = self.object()?;
                self.remove_set(table, name, flush);
            }
            "element" if !flush => return self.element_command(true),
            _ => {
                self.cursor.skip_statement();
                self.build.unsupported(line, reasons::DELETED);
            }
        }
        Some(())
    }

    fn remove_table(&mut self, flush: bool) -> Option<()> {
        if self.cursor.keyword("handle") {
            return None;
        }
        let (family, name) = self.table_name()?;
        if flush {
            let index = self.config.table(family, Cow::Borrowed(name));
            self.config.tables[index].chains.iter_mut().for_each(super::syntax::Chain::flush);
        } else {
            self.config.delete_table(family, name);
        }
        Some(())
    }

    fn remove_set(&mut self, table: usize, name: &str, flush: bool) {
        let table: &mut Table<'a> = &mut self.config.tables[table];
        if !flush {
            table.delete_set(name);
        } else if let Some(index) = table.find_set(name) {
            table.sets[index].elements.clear();
        }
    }
}
