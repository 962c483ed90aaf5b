//! The frame of a file: which lines belong to which table of which dump, and which chains there are.

use portvakt_model::Device;
use portvakt_space::Family;
use rustc_hash::FxHashMap;

use super::chains::{Table, policy};
use super::rule::{Reader, resolve_patterns};
use super::sets::Sets;
use super::{address, ipset};
use crate::lines::Line;
use crate::{Build, Input};

/// Reads a whole file: first its frame, then, with all chains known, its rules.
pub(super) fn read(input: &Input<'_>, build: &mut Build<'_>) {
    let mut frame = Frame::default();
    let mut own = ipset::Reading::default();
    for line in input.lines() {
        if line.text.starts_with('-') || !own.line(line, build) {
            frame.line(line, build);
        }
    }
    let placed = frame.place(input, build);
    let mut sets = Sets::new(own.finish(), input.path, build.context);
    rules(input, build, placed, &mut sets);
}

const FOREIGN_TABLE: &str = "a table that netfilter does not have";

/// A declared chain: its name, policy word and line.
type Declared<'a> = (&'a str, &'a str, u32);

/// The lines from `*table` to `COMMIT`.
struct Block<'a> {
    first: u32,
    last: u32,
    /// `None` where netfilter has no such table.
    table: Option<Table>,
    dump: usize,
    chains: Vec<Declared<'a>>,
}

/// What one run of `iptables-save` wrote: each table at most once, one IP version.
#[derive(Default)]
struct Dump {
    /// As the header says it.
    tool: Option<Family>,
    /// As the rules show it.
    seen: Option<Family>,
}

#[derive(Default)]
struct Frame<'a> {
    blocks: Vec<Block<'a>>,
    dumps: Vec<Dump>,
    /// Whether the last block is still open.
    open: bool,
    /// Version in the header that was read last.
    tool: Option<Family>,
}

impl<'a> Frame<'a> {
    fn line(&mut self, line: Line<'a>, build: &mut Build<'_>) {
        let text = line.text.trim();
        match text.as_bytes() {
            [] => build.neutral(line.number),
            [b'#', ..] => {
                self.header(text);
                build.neutral(line.number);
            }
            [b'*', ..] => self.table(&text[1..], line.number, build),
            [b':', ..] => self.declare(&text[1..], line.number, build),
            [b'-' | b'[', ..] => self.rule(text, line.number),
            b"COMMIT" => {
                self.open = false;
                build.used(line.number);
            }
            _ => {}
        }
        if let Some(block) = self.blocks.last_mut().filter(|_| self.open) {
            block.last = line.number;
        }
    }

    fn header(&mut self, text: &str) {
        if text.contains("ip6tables-save") {
            self.tool = Some(Family::V6);
        } else if text.contains("iptables-save v") {
            self.tool = Some(Family::V4);
        }
    }

    fn table(&mut self, name: &str, line: u32, build: &mut Build<'_>) {
        let table = Table::named(name);
        match table {
            Some(_) => build.used(line),
            None => build.unsupported(line, FOREIGN_TABLE),
        }
        self.start(table, line);
    }

    /// Opens a block. The same table once more, or another tool, is another dump.
    fn start(&mut self, table: Option<Table>, line: u32) {
        let now = self.dumps.len().wrapping_sub(1);
        let again =
            self.blocks.iter().rev().take_while(|b| b.dump == now).any(|b| b.table == table);
        let same_tool = self.dumps.last().is_some_and(|d| d.tool == self.tool);
        if again || !same_tool {
            self.dumps.push(Dump { tool: self.tool, seen: None });
        }
        let dump = self.dumps.len() - 1;
        self.blocks.push(Block { first: line, last: line, table, dump, chains: Vec::new() });
        self.open = true;
    }

    /// `:CHAIN POLICY [packets:bytes]`.
    fn declare(&mut self, text: &'a str, line: u32, build: &mut Build<'_>) {
        let mut words = text.split_ascii_whitespace();
        let (Some(name), Some(policy)) = (words.next(), words.next()) else { return };
        if let Some(block) = self.blocks.last_mut().filter(|_| self.open) {
            match block.table {
                Some(_) => build.used(line),
                None => build.unsupported(line, FOREIGN_TABLE),
            }
            block.chains.push((name, policy, line));
        }
    }

    /// A rule line: its chains when it declares one, and the IP version as long as it isn't known.
    /// Rules before any table are those of `iptables -S`, which shows the filter table.
    fn rule(&mut self, text: &'a str, line: u32) {
        if self.blocks.is_empty() {
            self.start(Some(Table::Filter), line);
        }
        let Some(block) = self.blocks.last_mut().filter(|_| self.open) else { return };
        let dump = &mut self.dumps[block.dump];
        if dump.tool.is_none() && dump.seen.is_none() {
            dump.seen = address::version_shown(text);
        }
        if text.starts_with("-A") {
            return;
        }
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("-N" | "--new-chain" | "--new"), Some(name)) => {
                block.chains.push((name, "-", line));
            }
            (Some("-P" | "--policy"), Some(name)) => {
                block.chains.push((name, words.next().unwrap_or_default(), line));
            }
            _ => {}
        }
    }

    /// Gives each block its device: the first dump of a version and those of the other version
    /// describe one host; what repeats a table is another host (or another time).
    fn place(self, input: &Input<'_>, build: &Build<'_>) -> Vec<Placed<'a>> {
        let hint = version_in_name(input.path);
        let family = |d: &Dump| d.tool.or(d.seen).or(hint).unwrap_or(Family::V4);
        let families: Vec<Family> = self.dumps.iter().map(family).collect();
        let mut placed: Vec<Placed<'a>> = Vec::new();
        for block in self.blocks {
            let family = families[block.dump];
            let new = placed.last().is_none_or(|host| host.has(block.dump, block.table, family));
            if new {
                placed.push(Placed::new(input, placed.len(), build));
            }
            if let Some(host) = placed.last_mut() {
                host.blocks.push((family, block));
            }
        }
        placed
    }
}

/// A file name may say what the rules do not: `ip6tables.rules`, `rules.v6`, `user6.rules`.
fn version_in_name(path: &str) -> Option<Family> {
    let name = path.rsplit(['/', '\\']).next()?;
    let six = name.contains("ip6") || name.contains("v6") || name.contains("ipv6");
    let ends = name.split('.').any(|part| part.ends_with('6'));
    (six || ends).then_some(Family::V6)
}

/// A host with the blocks that describe it.
struct Placed<'a> {
    device: Device,
    blocks: Vec<(Family, Block<'a>)>,
    /// Whether some rule names interfaces by pattern or negation.
    patterns: bool,
}

impl<'a> Placed<'a> {
    fn new(input: &Input<'_>, number: usize, build: &Build<'_>) -> Self {
        let name = match number {
            0 => input.stem().to_owned(),
            n => format!("{}/{}", input.stem(), n + 1),
        };
        Self {
            device: Device::new(name, build.format, build.id),
            blocks: Vec::new(),
            patterns: false,
        }
    }

    /// Whether another dump has already given it this table for this version.
    fn has(&self, dump: usize, table: Option<Table>, family: Family) -> bool {
        self.blocks.iter().any(|(f, b)| *f == family && b.table == table && b.dump != dump)
    }

    /// Makes the chains of a block; returns them by name, numbered as in the device.
    fn declare(&mut self, at: usize, build: &mut Build<'_>) -> FxHashMap<&'a str, u32> {
        let mut ids = FxHashMap::default();
        let (family, block) = &self.blocks[at];
        let Some(table) = block.table else { return ids };
        for &(name, word, line) in &block.chains {
            let id = *ids.entry(name).or_insert_with(|| {
                self.device.rulesets.push(table.ruleset(name, *family, line));
                self.device.rulesets.len() as u32 - 1
            });
            build.used(line);
            if let Some(action) = policy(word) {
                self.device.rulesets[id as usize].default =
                    portvakt_model::Default { action, line: Some(line) };
            }
        }
        ids
    }
}

/// Reads the rules of every block.
fn rules<'c>(
    input: &Input<'_>,
    build: &mut Build<'c>,
    mut placed: Vec<Placed<'_>>,
    sets: &mut Sets<'c>,
) {
    let mut lines = input.lines().peekable();
    for host in &mut placed {
        for at in 0..host.blocks.len() {
            let chains = host.declare(at, build);
            let (family, first, last, table) = {
                let (family, block) = &host.blocks[at];
                (*family, block.first, block.last, block.table)
            };
            while lines.next_if(|l| l.number < first).is_some() {}
            let Some(table) = table else { continue };
            let mut reader = Reader::new(build, &mut host.device, sets, (table, family), chains);
            while let Some(line) = lines.next_if(|l| l.number <= last) {
                reader.line(line);
            }
            host.patterns |= reader.patterns;
        }
    }
    for (number, host) in placed.into_iter().enumerate() {
        let mut device = host.device;
        if host.patterns {
            resolve_patterns(&mut device);
        }
        if number == 0 {
            sets.declare(&mut device);
        }
        device.rulesets.iter_mut().for_each(|r| r.rules.shrink_to_fit());
        build.devices.push(device);
    }
}
