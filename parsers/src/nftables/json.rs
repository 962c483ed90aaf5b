//! `nft -j list ruleset` (libnftables-json(5)), and the arrays of statements that its tests have.
//!
//! The text is cut into elements without copying, so that each knows its lines; what an element
//! holds becomes the same syntax that a script becomes.

use portvakt_model::Message;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Map, Value as Json};

use super::json_rule::{Statements, verdict};
use super::keys;
use super::rule::rejected_with;
use super::syntax::{Base, Config, Key, Listed, Rule, Statement, TableFamily, Text};
use crate::build::Build;

const NOT_FOLLOWED: &Message = &Message {
    sv: "vad som ändras här via sitt handtag följs inte",
    en: "what is changed here by its handle is not followed",
};

/// Most places where a document may turn out not to be one before the rest is given up: each costs
/// the reading of all that follows.
const MAX_FAULTS: u32 = 16;

/// Reads a document, or several. Of one that is cut off, the elements that are whole.
pub(super) fn read<'a>(text: &'a str, build: &mut Build<'_>) -> Config<'a> {
    let mut reader = Reader { text, config: Config::default(), build, places: Places::new(text) };
    let (mut at, mut faults) = (0, 0);
    while let Some(start) = document(text, at) {
        let mut stream = Deserializer::from_str(&text[start..]).into_iter::<&RawValue>();
        if let Some(Ok(raw)) = stream.next() {
            reader.document(raw);
            at = start + stream.byte_offset().max(1);
            continue;
        }
        faults += 1;
        if faults > MAX_FAULTS {
            break;
        }
        at = inside(text, start).unwrap_or_else(|| line_end(text, start));
    }
    reader.config
}

/// Where the next array or object begins, past comments and words between documents.
fn document(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'[' | b'{' => return Some(at),
            b if b.is_ascii_whitespace() || b"]},".contains(&b) => at += 1,
            _ => at = line_end(text, at),
        }
    }
    None
}

/// Behind the `[` of a listing that begins at `start`.
fn inside(text: &str, start: usize) -> Option<usize> {
    let rest = text[start..].strip_prefix('{')?.trim_start().strip_prefix("\"nftables\"")?;
    let list = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('[')?;
    Some(text.len() - list.len())
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = &text.as_bytes()[from..];
    memchr::memchr(b'\n', rest).map_or(text.len(), |n| from + n + 1)
}

/// Lines of byte offsets, asked for in ascending order.
struct Places<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    fn line(&mut self, offset: usize) -> u32 {
        let upto = self.text.get(self.at..offset).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', upto).count() as u32;
        self.at = self.at.max(offset);
        self.line
    }
}

/// The outer object of a listing.
#[derive(Deserialize)]
struct Listing<'a> {
    #[serde(borrow)]
    nftables: Vec<&'a RawValue>,
}

struct Reader<'a, 'b, 'c> {
    text: &'a str,
    config: Config<'a>,
    build: &'b mut Build<'c>,
    places: Places<'a>,
}

impl<'a> Reader<'a, '_, '_> {
    fn offset(&self, raw: &RawValue) -> usize {
        raw.get().as_ptr() as usize - self.text.as_ptr() as usize
    }

    /// First and last line of an element.
    fn lines(&mut self, raw: &'a RawValue) -> (u32, u32) {
        let start = self.offset(raw);
        let first = self.places.line(start);
        (first, self.places.line(start + raw.get().len()))
    }

    fn document(&mut self, raw: &'a RawValue) {
        if raw.get().starts_with('[') {
            return self.fragment(raw);
        }
        let Ok(listing) = serde_json::from_str::<Listing<'_>>(raw.get()) else {
            return self.element(raw);
        };
        let first = self.places.line(self.offset(raw));
        for element in listing.nftables {
            self.element(element);
        }
        // Lines that hold nothing but brackets and the name of the list.
        for (line, text) in (first..).zip(raw.get().lines()) {
            if text.replace("\"nftables\"", "").chars().all(|c| "[]{}:, \t\r".contains(c)) {
                self.build.used(line);
            }
        }
    }

    fn used(&mut self, (first, last): (u32, u32)) {
        (first..=last).for_each(|line| self.build.used(line));
    }

    /// An array of statements without a chain: a rule of a chain that nothing applies.
    fn fragment(&mut self, raw: &'a RawValue) {
        let lines = self.lines(raw);
        let Ok(Json::Array(statements)) = serde_json::from_str(raw.get()) else { return };
        let table = self.config.table(TableFamily::Inet, "fragments".into());
        let rule = self.rule(table, &statements, lines);
        self.config.tables[table].chain("rules".into(), lines.0).rules.push(rule);
    }

    fn rule(&mut self, table: usize, statements: &[Json], lines: (u32, u32)) -> Rule<'a> {
        let mut read = Statements { config: &mut self.config, table, line: lines.0 };
        let mut found = Vec::with_capacity(statements.len());
        for (index, json) in statements.iter().enumerate() {
            let statement = read.statement(json);
            if let Statement::Unknown(words, _) = statement {
                // What follows may depend on it: only the verdict is taken from there.
                let verdict = statements[index + 1..].iter().find_map(verdict);
                found.push(Statement::Unknown(words, verdict));
                break;
            }
            let kind = json.get("reject").and_then(|r| r.get("type")).and_then(Json::as_str);
            found.extend(kind.and_then(rejected_with));
            found.push(statement);
        }
        let (line, last_line) = lines;
        Rule { line, last_line, statements: found, comment: None, handle: None }
    }

    /// An object of a listing, or a command with one.
    fn element(&mut self, raw: &'a RawValue) {
        let lines = self.lines(raw);
        let Ok(Json::Object(outer)) = serde_json::from_str(raw.get()) else { return };
        let Some((word, body)) = outer.into_iter().next() else { return };
        let command = matches!(
            word.as_str(),
            "add"
                | "create"
                | "insert"
                | "replace"
                | "delete"
                | "destroy"
                | "flush"
                | "list"
                | "reset"
                | "rename"
        );
        if !command {
            return self.add(&word, &body, lines, false);
        }
        let Some((kind, body)) = body.as_object().and_then(|o| o.iter().next()) else {
            return;
        };
        match word.as_str() {
            "add" | "create" => self.add(kind, body, lines, false),
            "insert" => self.add(kind, body, lines, true),
            "list" | "reset" => (lines.0..=lines.1).for_each(|line| self.build.neutral(line)),
            "delete" | "destroy" | "flush" => self.remove(kind, body, word == "flush", lines),
            _ => self.build.unsupported(lines.0, NOT_FOLLOWED),
        }
    }

    fn remove(&mut self, kind: &str, body: &Json, flush: bool, lines: (u32, u32)) {
        let name = string(body, "name").unwrap_or_default();
        match (kind, flush) {
            ("ruleset", true) => self.config.flush(family(body)),
            ("table", false) => {
                self.config.delete_table(family(body).unwrap_or(TableFamily::Ip), &name);
            }
            ("chain", _) => {
                let Some(table) = self.table_of(body) else { return };
                let table = &mut self.config.tables[table];
                match table.find_chain(&name) {
                    Some(chain) if flush => table.chains[chain].flush(),
                    _ => table.delete_chain(&name),
                }
            }
            _ => return self.build.unsupported(lines.0, NOT_FOLLOWED),
        }
        self.used(lines);
    }

    /// The table that an object belongs to.
    fn table_of(&mut self, body: &Json) -> Option<usize> {
        let name = string(body, "table")?;
        Some(self.config.table(family(body).unwrap_or(TableFamily::Ip), name.into()))
    }

    fn add(&mut self, kind: &str, body: &Json, lines: (u32, u32), first: bool) {
        let done = match kind {
            "metainfo" => {
                self.config.version = string(body, "version");
                Some(())
            }
            "table" => self.table(body),
            "chain" => self.chain(body, lines.0),
            "rule" => return self.add_rule(body, lines, first),
            "set" | "map" => self.set(body, kind == "map", lines.0),
            "element" => self.elements(body, lines.0),
            "flowtable" | "counter" | "quota" | "limit" | "synproxy" | "secmark" | "tunnel"
            | "ct helper" | "ct timeout" | "ct expectation" => Some(()),
            _ => None,
        };
        if done.is_some() {
            self.used(lines);
        }
    }

    fn table(&mut self, body: &Json) -> Option<()> {
        let name = string(body, "name")?;
        let table = self.config.table(family(body)?, name.into());
        let dormant = strings(body.get("flags")).iter().any(|f| f == "dormant");
        self.config.tables[table].dormant |= dormant;
        Some(())
    }

    fn chain(&mut self, body: &Json, line: u32) -> Option<()> {
        let (table, name) = (self.table_of(body)?, string(body, "name")?);
        let chain = self.config.tables[table].chain(name.into(), line);
        let Some(hook) = string(body, "hook") else { return Some(()) };
        chain.base = Some(Base {
            kind: string(body, "type").unwrap_or_default().into(),
            hook: hook.into(),
            devices: strings(body.get("dev")).into_iter().map(Text::from).collect(),
            priority: i32::try_from(body.get("prio").and_then(Json::as_i64)?).ok()?,
            line,
        });
        chain.policy = string(body, "policy").map(|p| (p == "drop", line));
        Some(())
    }

    fn add_rule(&mut self, body: &Json, lines: (u32, u32), first: bool) {
        let (Some(table), Some(chain)) = (self.table_of(body), string(body, "chain")) else {
            return;
        };
        let empty = Vec::new();
        let statements = body.get("expr").and_then(Json::as_array).unwrap_or(&empty);
        let mut rule = self.rule(table, statements, lines);
        rule.comment = string(body, "comment").map(Text::from);
        rule.handle = body.get("handle").and_then(Json::as_u64).map(|h| h.to_string().into());
        let chain = self.config.tables[table].chain(chain.into(), lines.0);
        if first {
            chain.inserted.push(rule);
        } else {
            chain.rules.push(rule);
        }
    }

    fn set(&mut self, body: &Json, is_map: bool, line: u32) -> Option<()> {
        let (table, name) = (self.table_of(body)?, string(body, "name")?);
        let flags = strings(body.get("flags"));
        let has = |flag: &str| flags.iter().any(|f| f == flag);
        let limited = body.get("stmt").is_some_and(|s| {
            let text = s.to_string();
            ["\"limit\"", "\"quota\"", "\"ct count\""].iter().any(|w| text.contains(w))
        });
        let listed = match () {
            () if has("dynamic") || body.get("timeout").is_some() || limited => Listed::Perhaps,
            () if has("timeout") => Listed::AtLeast,
            () => Listed::All,
        };
        let keys = set_keys(body.get("type"));
        let set = self.config.tables[table].set(name.clone().into(), line);
        set.is_map |= is_map;
        set.listed = set.listed.max(listed);
        if !keys.is_empty() {
            set.keys = keys;
        }
        self.fill(table, name, body.get("elem"), is_map, line);
        Some(())
    }

    fn elements(&mut self, body: &Json, line: u32) -> Option<()> {
        let (table, name) = (self.table_of(body)?, string(body, "name")?);
        let is_map = self.config.tables[table].set(name.clone().into(), line).is_map;
        self.fill(table, name, body.get("elem"), is_map, line);
        Some(())
    }

    fn fill(&mut self, table: usize, name: String, elem: Option<&Json>, is_map: bool, line: u32) {
        let mut read = Statements { config: &mut self.config, table, line };
        let found: Vec<_> = match elem {
            Some(Json::Array(all)) => all.iter().map(|e| read.element(e, is_map)).collect(),
            Some(one) => vec![read.element(one, is_map)],
            None => return,
        };
        self.config.tables[table].set(name.into(), line).elements.extend(found);
    }
}

/// `"ipv4_addr"`, `["ipv4_addr", "inet_service"]` or `{ "typeof": … }`.
fn set_keys<'a>(of: Option<&Json>) -> Vec<Key<'a>> {
    match of {
        Some(Json::Object(object)) => typeof_keys(object),
        of => strings(of).into_iter().map(|t| keys::of_type(&t, t.clone().into())).collect(),
    }
}

fn typeof_keys<'a>(object: &Map<String, Json>) -> Vec<Key<'a>> {
    match object.get("typeof") {
        Some(Json::Object(inner)) if inner.contains_key("concat") => {
            let parts = inner.get("concat").and_then(Json::as_array);
            parts.into_iter().flatten().map(super::json_rule::key).collect()
        }
        Some(one) => vec![super::json_rule::key(one)],
        None => Vec::new(),
    }
}

fn family(body: &Json) -> Option<TableFamily> {
    TableFamily::named(body.get("family")?.as_str()?)
}

fn string(body: &Json, name: &str) -> Option<String> {
    Some(body.get(name)?.as_str()?.to_owned())
}

/// A string, or the strings of a list.
fn strings(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::String(one)) => vec![one.clone()],
        Some(Json::Array(all)) => all.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
