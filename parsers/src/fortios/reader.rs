//! Reads a text into the tree, line by line, and recovers where its nesting is broken.
//!
//! `rename`, `delete`, `move` and `clone` are carried out, as the device does.

mod follow;

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::tree::{Data, Header, ROOT, Setting, Tree, Verb};
use super::words::{Scanner, Value};
use crate::build::Build;
use crate::lines::Line;
use crate::secrets::redact_suspicious;

/// Blocks and entries inside each other; no real configuration has more than eight.
const MAX_DEPTH: usize = 64;
/// Steps that all `move`, `delete` and `rename` of a file may take together.
const MAX_SHIFTS: usize = 20_000_000;

/// Reads a text. Comments, blank lines and what a terminal adds get their state here; every
/// other line gets it from the reader of its section.
pub(super) fn read<'a>(text: &'a str, build: &mut Build<'_>) -> Tree<'a> {
    let tree = Tree {
        nodes: vec![Data::default()],
        index: FxHashMap::default(),
        header: Header::default(),
    };
    let mut reader = Reader { tree, stack: vec![ROOT], skipped: 0, shifts: MAX_SHIFTS, build };
    let mut scanner = Scanner::new(text);
    let mut number = 1;
    while !scanner.is_done() {
        let (start, shown) = (scanner.at as u32, scanner.line());
        let line = Line { number, start, text: shown };
        let trimmed = shown.trim_start_matches([' ', '\t']);
        if trimmed.is_empty() || trimmed.starts_with('#') {
            reader.comment(line, trimmed);
            scanner.skip_line();
        } else {
            let words = scanner.command();
            reader.command(line, words, scanner.passed);
        }
        number += 1 + scanner.passed;
    }
    reader.tree
}

struct Reader<'a, 'b, 'c> {
    tree: Tree<'a>,
    /// From the root to the block or entry that is open.
    stack: Vec<u32>,
    /// Blocks and entries that are open past [`MAX_DEPTH`].
    skipped: usize,
    shifts: usize,
    build: &'b mut Build<'c>,
}

impl<'a> Reader<'a, '_, '_> {
    fn comment(&mut self, line: Line<'a>, text: &'a str) {
        self.build.neutral(line.number);
        let body = text.trim_start_matches(['#', ' ']).trim_end();
        if let Some(rest) = body.strip_prefix("config-version=") {
            self.tree.header.whole = true;
            self.tree.header.version = version(rest);
            self.build.used(line.number);
        } else if let Some(name) = body.strip_prefix("Hostname:") {
            self.tree.header.hostname = Some(name.trim().to_owned());
            self.build.used(line.number);
        } else if let Some(at) = body.find("private-encryption-key=") {
            let from = line.start + (line.text.len() - text.len()) as u32;
            let from = from + (text.len() - text.trim_start_matches(['#', ' ']).len()) as u32;
            let from = from + (at + "private-encryption-key=".len()) as u32;
            self.build.redact(from..line.span().end);
        } else {
            redact_suspicious(line, self.build);
        }
    }

    fn command(&mut self, line: Line<'a>, words: Vec<Value<'a>>, passed: u32) {
        let Some(words) = without_prompt(words) else {
            self.build.neutral(line.number);
            return;
        };
        if self.apply(&words, line.number, passed) {
            return;
        }
        let verb = words.first().map_or("", |w| &w.text);
        if ["show", "get", "diagnose", "exit", "abort"].contains(&verb) {
            self.build.neutral(line.number);
        }
        redact_suspicious(line, self.build);
        if passed > 0 {
            self.hide(&words);
        }
    }

    /// A value over several lines in a line that was not understood may be a key.
    fn hide(&mut self, words: &[Value<'a>]) {
        for word in words.iter().filter(|w| w.text.contains('\n')) {
            self.build.redact(word.span.clone());
        }
    }

    /// Carries out a command; `false` when it isn't one, or stands where it means nothing.
    fn apply(&mut self, words: &[Value<'a>], line: u32, passed: u32) -> bool {
        let arg = |n: usize| words.get(n).map(|w| w.text.clone());
        match (words[0].text.as_ref(), words.len()) {
            ("config", 2..) => self.open_block(&words[1..], line),
            ("edit", 2) => arg(1).is_some_and(|name| self.open_entry(name, line)),
            ("next", 1) => self.close_entry(line),
            ("end", 1) => self.close_block(line),
            ("set" | "append" | "select" | "unset" | "unselect", 2..) => {
                self.setting(words, line, passed)
            }
            ("delete" | "purge" | "rename" | "move" | "clone", _) => self.edit_table(words, line),
            _ => false,
        }
    }

    fn top(&self) -> u32 {
        self.stack.last().copied().unwrap_or(ROOT)
    }

    fn open_block(&mut self, path: &[Value<'a>], line: u32) -> bool {
        if is_outermost(path) {
            self.skipped = 0;
            self.close_to_scope(path);
        }
        let name = match path {
            [one] => one.text.clone(),
            _ => path.iter().map(|w| w.text.as_ref()).collect::<Vec<_>>().join(" ").into(),
        };
        self.open(name, false, line)
    }

    /// A section that only exists at the outermost level closes what damage left open. It may stand
    /// in `config global` and in an entry of `config vdom`; those two begin at the root.
    fn close_to_scope(&mut self, path: &[Value<'a>]) {
        let keep = match self.stack.get(1).map(|id| self.tree.nodes[*id as usize].name.as_ref()) {
            Some("global") if path.len() > 1 => 2,
            Some("vdom") if path.len() > 1 => 3,
            _ => 1,
        };
        self.stack.truncate(keep);
    }

    fn open_entry(&mut self, name: Cow<'a, str>, line: u32) -> bool {
        if self.skipped > 0 {
            self.skipped += 1;
            return false;
        }
        if self.stack.len() > 1 && self.tree.nodes[self.top() as usize].is_entry {
            self.stack.pop();
        }
        self.stack.len() > 1 && self.open(name, true, line)
    }

    fn open(&mut self, name: Cow<'a, str>, is_entry: bool, line: u32) -> bool {
        if self.skipped > 0 || self.stack.len() >= MAX_DEPTH {
            self.skipped += 1;
            return false;
        }
        let parent = self.top();
        let known = self.tree.child(parent, &name).filter(|_| !(is_entry && name == "0"));
        let id = known.unwrap_or_else(|| self.add(parent, name, is_entry, line));
        self.tree.nodes[id as usize].frame.push(line);
        self.stack.push(id);
        true
    }

    fn add(&mut self, parent: u32, name: Cow<'a, str>, is_entry: bool, line: u32) -> u32 {
        let id = self.tree.nodes.len() as u32;
        self.tree.nodes.push(Data { name: name.clone(), is_entry, line, ..Data::default() });
        self.tree.nodes[parent as usize].children.push(id);
        self.tree.index.insert((parent, name), id);
        id
    }

    fn close_entry(&mut self, line: u32) -> bool {
        if self.skipped > 0 {
            self.skipped -= 1;
            return false;
        }
        let top = self.top() as usize;
        let parent = self.stack.len().checked_sub(2).map(|n| self.stack[n] as usize);
        if self.tree.nodes[top].is_entry {
            self.tree.nodes[top].frame.push(line);
            self.stack.pop();
            return true;
        }
        // A block inside an entry whose `end` is missing: `next` ends both.
        if top != ROOT as usize && parent.is_some_and(|p| self.tree.nodes[p].is_entry) {
            self.tree.nodes[top].frame.push(line);
            self.stack.truncate(self.stack.len() - 2);
            return true;
        }
        false
    }

    fn close_block(&mut self, line: u32) -> bool {
        if self.skipped > 0 {
            self.skipped -= 1;
            return false;
        }
        if self.stack.len() == 1 {
            // One `end` more than blocks: exports of devices with VDOMs have it.
            self.build.neutral(line);
            return true;
        }
        if self.tree.nodes[self.top() as usize].is_entry {
            self.stack.pop();
        }
        let block = self.top() as usize;
        self.tree.nodes[block].frame.push(line);
        self.stack.pop();
        true
    }

    fn setting(&mut self, words: &[Value<'a>], line: u32, passed: u32) -> bool {
        if self.skipped > 0 || self.stack.len() == 1 {
            return false;
        }
        let verb = match words[0].text.as_ref() {
            "append" => Verb::Append,
            "unset" => Verb::Unset,
            "unselect" => Verb::Unselect,
            _ => Verb::Set,
        };
        let key = words[1].text.clone();
        let values = words[2..].to_vec();
        let top = self.top() as usize;
        let setting = Setting { verb, key, values, line, last: line + passed };
        self.tree.nodes[top].settings.push(setting);
        true
    }

    /// `delete a`, `purge`, `rename a to b`, `move a before|after b`, `clone a to b`.
    fn edit_table(&mut self, words: &[Value<'a>], line: u32) -> bool {
        let table = self.top();
        if self.skipped > 0 || table == ROOT || self.tree.nodes[table as usize].is_entry {
            return false;
        }
        let words: Vec<Cow<'a, str>> = words.iter().map(|w| w.text.clone()).collect();
        let texts: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let done = match texts[..] {
            ["delete", name] => self.delete(table, name),
            ["purge"] => self.purge(table),
            ["rename", from, "to", _] => self.rename(table, from, words[3].clone()),
            ["clone", from, "to", _] => self.copy(table, from, words[3].clone(), line),
            ["move", name, side @ ("before" | "after"), other] => {
                self.shift(table, name, other, side == "after")
            }
            _ => false,
        };
        if done {
            self.tree.nodes[table as usize].frame.push(line);
        }
        done
    }

    /// Pays for one pass over a table's entries.
    fn afford(&mut self, table: u32) -> bool {
        let cost = self.tree.nodes[table as usize].children.len();
        let left = self.shifts.checked_sub(cost);
        self.shifts = left.unwrap_or(self.shifts);
        left.is_some()
    }

    fn delete(&mut self, table: u32, name: &str) -> bool {
        if !self.afford(table) {
            return false;
        }
        let Some(id) = self.unlist(table, name) else { return false };
        self.tree.nodes[table as usize].children.retain(|c| *c != id);
        self.forget(id);
        true
    }

    /// Takes an entry's name out of the index.
    fn unlist(&mut self, table: u32, name: &str) -> Option<u32> {
        let id = self.tree.child(table, name)?;
        let name = self.tree.nodes[id as usize].name.clone();
        self.tree.index.remove(&(table, name))
    }

    fn purge(&mut self, table: u32) -> bool {
        for id in std::mem::take(&mut self.tree.nodes[table as usize].children) {
            let name = self.tree.nodes[id as usize].name.clone();
            self.tree.index.remove(&(table, name));
            self.forget(id);
        }
        true
    }

    /// What is deleted has no effect; its lines are understood.
    fn forget(&mut self, id: u32) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let node = std::mem::take(&mut self.tree.nodes[id as usize]);
            for line in node.frame {
                self.build.neutral(line);
            }
            for setting in node.settings {
                for line in setting.line..=setting.last {
                    self.build.neutral(line);
                }
                for value in setting.values {
                    self.build.redact(value.span);
                }
            }
            open.extend(node.children);
        }
    }

    fn rename(&mut self, table: u32, from: &str, to: Cow<'a, str>) -> bool {
        if self.tree.child(table, &to).is_some() {
            return false;
        }
        let Some(id) = self.unlist(table, from) else { return false };
        self.tree.nodes[id as usize].name.clone_from(&to);
        self.tree.index.insert((table, to), id);
        self.follow(table, from, id);
        true
    }

    fn copy(&mut self, table: u32, from: &str, to: Cow<'a, str>, line: u32) -> bool {
        let Some(id) = self.tree.child(table, from) else { return false };
        let source = &self.tree.nodes[id as usize];
        if self.tree.child(table, &to).is_some() || !source.children.is_empty() {
            return false;
        }
        let cost = source.settings.len();
        let Some(left) = self.shifts.checked_sub(cost) else { return false };
        self.shifts = left;
        let settings = source.settings.clone();
        let copy = self.add(table, to, true, line);
        self.tree.nodes[copy as usize].settings = settings;
        true
    }

    fn shift(&mut self, table: u32, name: &str, other: &str, after: bool) -> bool {
        let (Some(id), Some(anchor)) =
            (self.tree.child(table, name), self.tree.child(table, other))
        else {
            return false;
        };
        if id == anchor || !self.afford(table) {
            return false;
        }
        let children = &mut self.tree.nodes[table as usize].children;
        children.retain(|c| *c != id);
        let at = children.iter().position(|c| *c == anchor).unwrap_or(children.len());
        children.insert((at + usize::from(after)).min(children.len()), id);
        true
    }
}

/// Without the prompt of a terminal (`host (policy) # set …`); `None` when nothing else is there.
fn without_prompt(words: Vec<Value<'_>>) -> Option<Vec<Value<'_>>> {
    const VERBS: [&str; 5] = ["config", "edit", "set", "next", "end"];
    if VERBS.contains(&words.first()?.text.as_ref()) {
        return Some(words);
    }
    let prompt = |w: &Value<'_>| w.text == "#" || w.text == "$";
    match words.iter().take(4).position(prompt) {
        Some(n @ 1..) if n + 1 == words.len() => None,
        Some(n @ 1..) => Some(words[n + 1..].to_vec()),
        _ => Some(words),
    }
}

/// Whether a block with this path only exists outermost. The paths of inner blocks have one word,
/// or begin with another one.
fn is_outermost(path: &[Value<'_>]) -> bool {
    match path {
        [one] => matches!(one.text.as_ref(), "vdom" | "global"),
        [first, ..] => OUTERMOST.binary_search(&first.text.as_ref()).is_ok(),
        [] => false,
    }
}

/// First words of the sections, sorted.
const OUTERMOST: &[&str] = &[
    "alertemail",
    "antivirus",
    "application",
    "authentication",
    "automation",
    "casb",
    "certificate",
    "credential-store",
    "diameter-filter",
    "dlp",
    "dnsfilter",
    "dpdk",
    "emailfilter",
    "endpoint-control",
    "ethernet-oam",
    "extender",
    "extender-controller",
    "extension-controller",
    "file-filter",
    "firewall",
    "ftp-proxy",
    "gtp",
    "icap",
    "ips",
    "log",
    "monitoring",
    "nsxt",
    "pfcp",
    "report",
    "router",
    "rule",
    "sctp-filter",
    "spamfilter",
    "ssh-filter",
    "switch-controller",
    "system",
    "telemetry-controller",
    "user",
    "videofilter",
    "virtual-patch",
    "voip",
    "vpn",
    "waf",
    "wanopt",
    "web-proxy",
    "webfilter",
    "wireless-controller",
    "ztna",
];

/// `7.4.8` in `FGVM64-7.4.8-FW-build2795-250523:opmode=0:…`.
fn version(text: &str) -> Option<String> {
    let dotted = |part: &&str| {
        part.split('.').count() == 3 && part.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    text.split(['-', ':']).find(dotted).map(str::to_owned)
}
