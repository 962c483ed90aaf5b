//! The rule lines of a table, read in a row or, where they are many, in pieces side by side.
//!
//! A piece can be read without those before it where each line adds a rule to the end of a chain that
//! is declared. What is counted over all lines (uses of sets, translating rules) needs them in a row.

use portvakt_model::{Device, Rule, Ruleset};
use portvakt_space::{AtomSet, Family};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::chains::Table;
use super::rule::{MARKS, Pool, Reader};
use super::sets::Sets;
use crate::lines::{Line, Lines};
use crate::{Build, Input};

/// Lines of a piece: enough to be worth a thread, few enough to be held twice for a moment.
const LINES: u32 = 1 << 13;

/// The lines of a table in one dump.
pub(super) struct RuleLines<'b, 'a> {
    pub(super) input: &'b Input<'a>,
    pub(super) table: Table,
    pub(super) family: Family,
    /// Its chains by name, as the device numbers its lists.
    pub(super) chains: FxHashMap<&'a str, u32>,
    /// From its first line on, to the end of the file.
    pub(super) lines: Lines<'a>,
    /// Number of its last line.
    pub(super) last: u32,
}

/// What a look at lines tells before they are read.
struct Survey {
    /// How many rules each list gets at least.
    rules: Vec<usize>,
    /// Whether pieces can be read without those before them, as far as first words show.
    apart: bool,
}

/// Where one thread reads, piece after piece.
struct Desk<'c> {
    device: Device,
    build: Build<'c>,
    pool: Pool,
    patterns: bool,
    /// Whether all that it read could be read without what came before.
    apart: bool,
}

impl<'a> RuleLines<'_, 'a> {
    /// Reads its lines; whether some rule names interfaces by pattern.
    pub(super) fn read<'c>(
        self,
        device: &mut Device,
        build: &mut Build<'c>,
        sets: &mut Sets<'c>,
    ) -> bool {
        let pieces = self.pieces();
        let lists = device.rulesets.len();
        let looked = pieces.par_iter().map(|piece| self.survey(piece, lists));
        let survey = looked.reduce(|| Survey::none(lists), Survey::join);
        if let Some(patterns) = self.read_apart(&pieces, &survey, device, build) {
            return patterns;
        }
        make_room(device, &survey.rules);
        let mut reader = Reader::new(build, device, sets, (self.table, self.family), self.chains);
        self.lines.take_while(|line| line.number <= self.last).for_each(|line| reader.line(line));
        reader.patterns
    }

    /// Where each piece begins.
    fn pieces(&self) -> Vec<Lines<'a>> {
        let (mut pieces, mut lines) = (Vec::new(), self.lines.clone());
        loop {
            let here = lines.clone();
            if lines.next().is_none_or(|line| line.number > self.last) {
                return pieces;
            }
            pieces.push(here);
            lines.pass(LINES - 1);
        }
    }

    /// Looks at the first words of each line of a piece; `lists` is the number of lists that the device has.
    fn survey(&self, piece: &Lines<'a>, lists: usize) -> Survey {
        let mut survey = Survey::none(lists);
        for line in self.lines_of(piece.clone()) {
            match chain(line).map(|name| self.chains.get(name)) {
                Some(Some(id)) => survey.rules[*id as usize] += 1,
                Some(None) => survey.apart = false,
                None => survey.apart &= !line.text.trim_start().starts_with(['-', '[']),
            }
        }
        survey
    }

    fn lines_of(&self, piece: Lines<'a>) -> impl Iterator<Item = Line<'a>> {
        piece.take(LINES as usize).take_while(|line| line.number <= self.last)
    }

    /// Reads them in pieces side by side where that can be done; then says what
    /// [`RuleLines::read`] does.
    fn read_apart(
        &self,
        pieces: &[Lines<'a>],
        survey: &Survey,
        device: &mut Device,
        build: &mut Build<'_>,
    ) -> Option<bool> {
        let threads = rayon::current_num_threads();
        if !survey.apart || pieces.len().min(threads) < 2 {
            return None;
        }
        let mut whole = blank(device);
        make_room(&mut whole, &survey.rules);
        let desk =
            || Desk::new(&whole, Build::new(build.id, build.format, self.last, build.context));
        let desks = || (0..threads).map(|_| desk()).collect::<Vec<Desk<'_>>>();
        let (mut desks, mut others) = (desks(), desks());
        for pieces in pieces.chunks(threads) {
            let read = |(desk, piece): (&mut Desk<'_>, &Lines<'a>)| desk.read(self, piece.clone());
            // What was read before is handed over meanwhile: that is one thread's work.
            rayon::join(
                || desks.par_iter_mut().zip(pieces).for_each(read),
                || others.iter_mut().for_each(|desk| hand_over(&mut desk.device, &mut whole)),
            );
            if desks.iter().any(|desk| !desk.apart) {
                return None;
            }
            std::mem::swap(&mut desks, &mut others);
        }
        for desk in &mut others {
            hand_over(&mut desk.device, &mut whole);
        }
        desks.append(&mut others);
        for desk in &mut desks {
            build.coverage.join(&desk.build.coverage);
            build.redactions.append(&mut desk.build.redactions);
        }
        device.interfaces = std::mem::take(&mut whole.interfaces);
        hand_over(&mut whole, device);
        Some(desks.iter().any(|desk| desk.patterns))
    }
}

impl Survey {
    /// Nothing was looked at.
    fn none(lists: usize) -> Self {
        Self { rules: vec![0; lists], apart: true }
    }

    fn join(mut self, other: Self) -> Self {
        self.rules.iter_mut().zip(other.rules).for_each(|(all, more)| *all += more);
        self.apart &= other.apart;
        self
    }
}

impl<'c> Desk<'c> {
    fn new(device: &Device, build: Build<'c>) -> Self {
        let (pool, patterns, apart) = (Pool::default(), false, true);
        Self { device: blank(device), build, pool, patterns, apart }
    }

    /// Reads a piece.
    fn read<'a>(&mut self, own: &RuleLines<'_, 'a>, piece: Lines<'a>) {
        let mut sets = Sets::new(None, own.input.path, self.build.context);
        let of = (own.table, own.family);
        let mut reader =
            Reader::new(&mut self.build, &mut self.device, &mut sets, of, own.chains.clone());
        reader.pool = std::mem::take(&mut self.pool);
        for line in own.lines_of(piece) {
            reader.line(line);
            self.apart &= reader.is_apart();
            if !self.apart {
                return;
            }
        }
        self.patterns |= reader.patterns;
        self.pool = reader.pool;
    }
}

/// Puts what one device has read behind what another has.
fn hand_over(from: &mut Device, to: &mut Device) {
    let names = from.interfaces.all().iter().map(|interface| interface.name.as_str());
    let atoms: Vec<u32> = names.map(|name| to.interfaces.atom(name)).collect();
    let same = (0..).zip(&atoms).all(|(own, atom)| own == *atom);
    for (list, own) in to.rulesets.iter_mut().zip(&mut from.rulesets) {
        if !same {
            own.rules.iter_mut().for_each(|rule| renumber(rule, &atoms));
        }
        if list.rules.capacity() == 0 {
            list.rules = std::mem::take(&mut own.rules);
        } else {
            list.rules.append(&mut own.rules);
        }
    }
    to.undefined.append(&mut from.undefined);
}

/// A device with the same interfaces and lists, without rules.
fn blank(device: &Device) -> Device {
    let mut blank = Device::new(String::new(), device.format, device.source);
    blank.interfaces = device.interfaces.clone();
    let lists = device.rulesets.iter().map(|list| Ruleset::new(list.name.clone(), list.line));
    blank.rulesets = lists.collect();
    blank
}

/// Makes room for so many rules: long lists would be moved again and again as they grow.
fn make_room(device: &mut Device, rules: &[usize]) {
    for (list, rules) in device.rulesets.iter_mut().zip(rules) {
        list.rules.reserve_exact(*rules);
    }
}

/// Gives the interfaces of a rule other numbers.
fn renumber(rule: &mut Rule, atoms: &[u32]) {
    let least = rule.gap.as_mut().and_then(|gap| gap.least.as_mut());
    for traffic in std::iter::once(&mut rule.matches).chain(least) {
        for set in [&mut traffic.iif, &mut traffic.oif] {
            if let Some(atom) = set.single() {
                *set = AtomSet::one(atom & MARKS | atoms[(atom & !MARKS) as usize]);
            }
        }
    }
}

/// The chain to which a line adds a rule.
fn chain(line: Line<'_>) -> Option<&str> {
    let text = match line.text.strip_prefix('[') {
        Some(counted) => counted.split_once("] ")?.1,
        None => line.text,
    };
    text.strip_prefix("-A ")?.split(' ').next()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use portvakt_model::SourceId;

    use super::LINES;
    use crate::{Context, Parsed, parse};

    fn read(text: &str, threads: usize) -> Parsed {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let bytes = text.as_bytes().to_vec();
        pool.install(|| parse(SourceId(0), "gw.rules", bytes, &Context::default()).unwrap())
    }

    /// Everything that a reader may see.
    fn seen(parsed: &Parsed) -> String {
        let device = &parsed.devices[0];
        let redacted: Vec<_> = (1..=parsed.source.line_count())
            .filter(|line| parsed.source.line(*line).contains("[redacted]"))
            .collect();
        format!("{device:?} {:?} {redacted:?}", parsed.coverage)
    }

    /// Three pieces with interfaces of their own, gaps, comments, secrets, jumps to nowhere.
    fn long(odd: &str) -> String {
        let mut text =
            String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:own - [0:0]\n");
        for n in 0..3 * LINES {
            let _ = match n % 7 {
                0 => writeln!(
                    text,
                    "-A FORWARD -i eth{} -s 10.{}.0.0/16 -j ACCEPT",
                    n / 9000,
                    n % 256
                ),
                1 => writeln!(
                    text,
                    "[5:300] -A own ! -o vlan{}+ -p tcp --dport {n} -j DROP",
                    n / 5000
                ),
                2 => writeln!(text, "-A INPUT -m limit --limit {n}/s -j nowhere"),
                3 => {
                    writeln!(text, "-A FORWARD -m comment --comment \"password: p{n}\" -j own")
                }
                4 => writeln!(text, "# {n}"),
                5 => writeln!(text, "-A INPUT -p tcp ! --syn -i wlan{} -j ACCEPT", n % 5),
                _ => writeln!(text, "-A own -s 2001:db8::{:x} -j RETURN", n % 9999),
            };
            if n == 2 * LINES {
                text.push_str(odd);
            }
        }
        text + "COMMIT\n"
    }

    #[test]
    fn pieces_say_what_the_whole_says() {
        for odd in [
            "",
            "-I FORWARD 3 -j DROP\n",
            "-A undeclared -j DROP\n",
            "-A FORWARD -m set --match-set hosts src -j DROP\n",
            "-F own\n",
            "  -A FORWARD -j DROP\n",
            "-A FORWARD -p tcp -j REDIRECT --to-ports 8080\n",
        ] {
            let text = long(odd);
            assert!(seen(&read(&text, 3)) == seen(&read(&text, 1)), "{odd}");
        }
    }
}
