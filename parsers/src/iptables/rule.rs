//! Rule lines into rules.

use portvakt_model::{Device, Gap, Hits, NatRule, Reason, Rule, RuleNote, Undefined};
use portvakt_space::{AddrSet, AtomSet, Family, State, StateSet, Traffic};
use rustc_hash::{FxHashMap, FxHashSet};

use super::chains::Table;
use super::draft::{Draft, Interface};
use super::nat::{Translation, translates};
use super::reasons;
use super::sets::Sets;
use super::target::{Known, meaning};
use crate::Build;
use crate::lines::{Line, Word, Words};
use crate::secrets;

/// Reads the rule lines of one block.
pub(super) struct Reader<'r, 'a, 'c> {
    build: &'r mut Build<'c>,
    device: &'r mut Device,
    sets: &'r mut Sets<'c>,
    table: Table,
    family: Family,
    chains: FxHashMap<&'a str, u32>,
    /// The chain of the line before: most lines are for the same.
    last: Option<(&'a str, u32)>,
    /// Every address of the family.
    all: AddrSet,
    pub(super) pool: Pool,
    /// How many more rules may be made of lines whose match is a union of products.
    budget: usize,
    /// How many rules have been moved to make room for inserted ones.
    moved: usize,
    /// Whether an interface pattern or negation waits for [`resolve_patterns`].
    pub(super) patterns: bool,
}

/// Sets that rules name again and again, each once.
#[derive(Default)]
pub(super) struct Pool {
    /// Of addresses, where they do not stand inline.
    addresses: FxHashSet<AddrSet>,
    /// Of interfaces.
    atoms: FxHashSet<AtomSet>,
}

/// Most rules that are moved to make room for inserted ones, in one block.
const MOST_MOVED: usize = 20_000_000;

/// Most rules that are made of one line whose match is a union of products, and of one block of them.
const MOST_PARTS: usize = 1 << 12;
const MOST_MADE: usize = 1 << 18;

/// Where a rule goes in its chain.
#[derive(Clone, Copy)]
enum Place {
    End,
    /// Before the rule with this index.
    At(usize),
}

impl<'r, 'a, 'c> Reader<'r, 'a, 'c> {
    pub(super) fn new(
        build: &'r mut Build<'c>,
        device: &'r mut Device,
        sets: &'r mut Sets<'c>,
        (table, family): (Table, Family),
        chains: FxHashMap<&'a str, u32>,
    ) -> Self {
        let all = AddrSet::all(family);
        let (last, moved, patterns, budget) = (None, 0, false, MOST_MADE);
        Self {
            build,
            device,
            sets,
            table,
            family,
            chains,
            last,
            all,
            pool: Pool::default(),
            budget,
            moved,
            patterns,
        }
    }

    /// One line of the block. What is no rule was read with the frame.
    pub(super) fn line(&mut self, line: Line<'a>) {
        let mut words = line.words();
        let Some(mut word) = words.next() else { return };
        let hits = counters(word.text);
        if hits.is_some() {
            let Some(next) = words.next() else { return };
            word = next;
        }
        match word.text {
            "-A" | "--append" => self.rule(line, words, hits, false),
            "-I" | "--insert" => self.rule(line, words, hits, true),
            "-F" | "--flush" | "-X" | "--delete-chain" => self.emptied(line.number),
            "-Z" | "--zero" => self.build.neutral(line.number),
            "-D" | "--delete" | "-R" | "--replace" | "-E" | "--rename-chain" => {
                self.build.unsupported(line.number, reasons::RULES_CHANGED);
            }
            _ => {}
        }
    }

    /// Whether nothing was read as yet that is numbered or counted over the whole file.
    pub(super) fn is_apart(&self) -> bool {
        self.device.nat.is_empty() && self.sets.is_unused()
    }

    /// `-F` and `-X` before any rule do nothing.
    fn emptied(&mut self, line: u32) {
        if self.device.rulesets.iter().all(|r| r.rules.is_empty()) {
            self.build.neutral(line);
        } else {
            self.build.unsupported(line, reasons::RULES_REMOVED);
        }
    }

    fn rule(&mut self, line: Line<'a>, mut words: Words<'a>, hits: Option<Hits>, insert: bool) {
        let Some(chain) = words.next() else { return };
        let place = if insert { Place::At(position(&mut words)) } else { Place::End };
        let mut draft = Draft::new(line, (self.table, self.family), &self.all);
        draft.hits = hits;
        draft.read(words, self.sets);
        if draft.only.is_some_and(|only| only != self.family) {
            return self.build.neutral(line.number);
        }
        let id = self.chain(chain.text, line.number);
        let (rule, parts) = self.finish(&mut draft, chain.text, id, line);
        let place = match place {
            Place::At(at) if self.budget < MOST_MADE => Place::At(self.index_of(id, at)),
            place => place,
        };
        match parts {
            None => self.put(id, place, rule),
            Some(parts) => self.put_parts(id, place, &rule, parts),
        }
    }

    /// The index of the rule with which a line begins, where some lines have made several.
    fn index_of(&mut self, chain: u32, line: usize) -> usize {
        let rules = &self.device.rulesets[chain as usize].rules;
        self.moved += rules.len();
        let begins = |at: &usize| *at == 0 || rules[*at].line != rules[*at - 1].line;
        (0..rules.len()).filter(begins).nth(line).unwrap_or(rules.len())
    }

    /// A rule for each product of a union; one that matches nothing where there is none.
    fn put_parts(&mut self, chain: u32, place: Place, rule: &Rule, mut parts: Vec<Traffic>) {
        self.budget = self.budget.saturating_sub(parts.len());
        if parts.is_empty() {
            parts.push(Traffic { src: AddrSet::NONE, ..rule.matches.clone() });
        }
        for matches in parts {
            let mut rule = Rule { matches, ..rule.clone() };
            if let Some(least) = rule.gap.as_mut().and_then(|gap| gap.least.as_mut()) {
                *least = least.intersect(&rule.matches);
            }
            self.put(chain, place, rule);
        }
    }

    /// The chain of a name. A built-in one exists without being declared.
    fn chain(&mut self, name: &'a str, line: u32) -> u32 {
        if let Some((last, id)) = self.last
            && last == name
        {
            return id;
        }
        let id = match self.chains.get(name) {
            Some(&id) => id,
            None => self.undeclared(name, line),
        };
        self.last = Some((name, id));
        id
    }

    fn undeclared(&mut self, name: &'a str, line: u32) -> u32 {
        let id = self.device.rulesets.len() as u32;
        self.device.rulesets.push(self.table.ruleset(name, self.family, 0));
        self.chains.insert(name, id);
        if self.table.hook(name).is_none() && !name.starts_with("ufw") {
            self.undefined(name, "chain", id, line);
        }
        id
    }

    fn undefined(&mut self, name: &str, kind: &'static str, chain: u32, line: u32) {
        let used_by = self.device.rulesets[chain as usize].name.clone();
        self.device.undefined.push(Undefined { name: name.to_owned(), kind, line, used_by });
    }

    fn put(&mut self, chain: u32, place: Place, mut rule: Rule) {
        let Traffic { src, dst, iif, oif, .. } = &mut rule.matches;
        for set in [src, dst].into_iter().filter(|set| !set.is_inline()) {
            share(&mut self.pool.addresses, set);
        }
        for set in [iif, oif].into_iter().filter(|set| !set.is_any()) {
            share(&mut self.pool.atoms, set);
        }
        let left = self.build.coverage.len().saturating_sub(rule.line as usize);
        let rules = &mut self.device.rulesets[chain as usize].rules;
        make_room(rules, left);
        match place {
            Place::At(at) if at < rules.len() && self.moved < MOST_MOVED => {
                self.moved += rules.len() - at;
                rules.insert(at, rule);
            }
            Place::At(at) if at < rules.len() => {
                self.build.unsupported(rule.line, reasons::TOO_MANY_INSERTED);
                rules.push(rule);
            }
            _ => rules.push(rule),
        }
    }

    /// The rule of a complete draft, and the products whose union it matches, where that is no product
    /// itself; marks its line.
    fn finish(
        &mut self,
        draft: &mut Draft<'a>,
        chain: &'a str,
        id: u32,
        line: Line<'a>,
    ) -> (Rule, Option<Vec<Traffic>>) {
        let target = draft.target.map(|w| w.text);
        let meaning = meaning(target, draft.is_goto, &self.chains);
        let [incoming, outgoing] = draft.interfaces;
        draft.matches.iif = incoming.map_or(AtomSet::ANY, |i| self.atoms(i));
        draft.matches.oif = outgoing.map_or(AtomSet::ANY, |i| self.atoms(i));
        if let Some(target) = target.filter(|t| translates(t)) {
            self.translate(draft, target, chain, id, line.number);
        }
        let parts = draft.alternatives(self.budget.min(MOST_PARTS));
        let matches = std::mem::replace(&mut draft.matches, Traffic::ANY);
        let mut rule = Rule::new(line.number, meaning.action, matches);
        rule.logging = meaning.logging;
        self.note(&mut rule, draft);
        if draft.notrack || target == Some("NOTRACK") {
            rule.note_mut().untracks = true;
        }
        if draft.bare_syn {
            rule.note_mut().bare_syn = true;
        }
        for name in std::mem::take(&mut draft.undefined_sets) {
            self.undefined(name, "ipset", id, line.number);
        }
        if meaning.known == Known::NoSuchChain {
            self.undefined(target.unwrap_or_default(), "chain", id, line.number);
        }
        self.mark(line, draft, meaning.known);
        rule.gap = gap(draft, &rule.matches);
        (rule, parts)
    }

    fn mark(&mut self, line: Line<'a>, draft: &Draft<'a>, known: Known) {
        if !draft.reasons.is_empty() {
            // Words of an unmodelled match may hold a secret (`-m string`).
            secrets::kept(line.text, line.start, self.build);
        }
        if known == Known::Ufw {
            self.build.unsupported(line.number, reasons::UFW_CHAIN);
        } else if known != Known::Yes {
            self.build.unsupported(line.number, reasons::TARGET);
        } else if draft.foreign {
            self.build.unsupported(line.number, reasons::WORDS);
        } else {
            self.build.used(line.number);
        }
    }

    /// The interfaces of an option. Patterns and negations wait until all names are known.
    fn atoms(&mut self, interface: Interface<'a>) -> AtomSet {
        if interface.name == "+" {
            return if interface.negated { AtomSet::none() } else { AtomSet::ANY };
        }
        let atom = self.device.interfaces.atom(interface.name);
        if !interface.negated && !interface.name.ends_with('+') {
            return AtomSet::one(atom);
        }
        self.patterns = true;
        AtomSet::one(PATTERN | if interface.negated { NEGATED } else { 0 } | atom)
    }

    fn note(&mut self, rule: &mut Rule, draft: &Draft<'a>) {
        if let Some(prefix) = draft.log_prefix {
            secrets::kept(prefix.text, prefix.start, self.build);
        }
        let comment = draft.comment.map(|word| self.comment(word));
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let (sources, destinations) = (names(&draft.source_sets), names(&draft.destination_sets));
        let plain = comment.is_none() && sources.is_empty() && destinations.is_empty();
        if !plain || draft.hits.is_some() {
            let hits = draft.hits;
            rule.note = Some(Box::new(RuleNote {
                comment,
                hits,
                sources,
                destinations,
                ..RuleNote::default()
            }));
        }
    }

    fn comment(&mut self, word: Word<'a>) -> String {
        let kept = secrets::kept(word.text, word.start, self.build);
        if word.quoted && word.text.contains('\\') {
            return secrets::masked(&word.value()).into_owned();
        }
        kept.into_owned()
    }

    fn translate(&mut self, draft: &mut Draft<'a>, target: &str, chain: &str, id: u32, line: u32) {
        let ruleset = &self.device.rulesets[id as usize];
        let name = format!("{} {}", ruleset.name, ruleset.rules.len() + 1);
        let (to, to_ports, family) = (draft.to, draft.to_ports, self.family);
        let translation = Translation { target, chain, to, to_ports, family };
        let (rule, understood): (NatRule, bool) =
            translation.rule(name, draft.matches.clone(), line);
        if !understood {
            let text = format!("{target} {}", draft.to.unwrap_or_default());
            draft.reasons.push(Reason { what: text.into(), line });
        }
        self.device.nat.push(rule);
    }
}

/// `[packets:bytes]`.
fn counters(word: &str) -> Option<Hits> {
    let packets = word.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?.0;
    Some(Hits { count: packets.parse().ok()?, last: None })
}

/// The index that `-I CHAIN n` asks for; without a number, the first.
fn position(words: &mut Words<'_>) -> usize {
    let mut ahead = words.clone();
    let Some(number) = ahead.next().and_then(|w| w.text.parse::<usize>().ok()) else { return 0 };
    *words = ahead;
    number.saturating_sub(1)
}

/// What is not known of the match.
fn gap(draft: &mut Draft<'_>, matches: &Traffic) -> Option<Box<Gap>> {
    if draft.reasons.is_empty() {
        return None;
    }
    // A packet of an established connection is no bare SYN.
    let established = matches.state.intersect(StateSet::one(State::Established));
    let only_not_syn = draft.not_syn && draft.reasons.len() == 1 && !established.is_empty();
    let least = only_not_syn.then(|| Traffic { state: established, ..matches.clone() });
    let reasons = std::mem::take(&mut draft.reasons);
    let never_syn = draft.never_syn;
    let flags = (draft.flags != u64::MAX).then_some(draft.flags);
    // A bare SYN has none of the flags that rules without it ask for.
    let avoidable = draft.avoidable || never_syn;
    Some(Box::new(Gap { least, reasons, never_syn, flags, avoidable }))
}

/// Marks an atom set that stands for the pattern (or negation) of an interface name.
const PATTERN: u32 = 1 << 31;
const NEGATED: u32 = 1 << 30;
/// Both.
pub(super) const MARKS: u32 = PATTERN | NEGATED;

/// One copy of a set for all rules that have it.
fn share<T: Clone + Eq + std::hash::Hash>(known: &mut FxHashSet<T>, set: &mut T) {
    match known.get(set) {
        Some(same) => *set = same.clone(),
        None => {
            known.insert(set.clone());
        }
    }
}

/// Puts the interfaces in place of patterns and negations, now that all names are known.
pub(super) fn resolve_patterns(device: &mut Device) {
    let mut known: FxHashMap<u32, AtomSet> = FxHashMap::default();
    let Device { interfaces, rulesets, nat, .. } = device;
    let mut resolve = |set: &mut AtomSet| {
        let Some(mark) = set.single().filter(|atom| atom & PATTERN != 0) else { return };
        let atoms = known.entry(mark).or_insert_with(|| {
            let atom = mark & !MARKS;
            let name = interfaces.get(atom).map_or("", |i| i.name.as_str());
            let set = match name.strip_suffix('+') {
                Some(stem) => interfaces.matching(stem),
                None => AtomSet::one(atom),
            };
            if mark & NEGATED == 0 { set } else { set.complement() }
        });
        *set = atoms.clone();
    };
    for rule in rulesets.iter_mut().flat_map(|r| &mut r.rules) {
        let least = rule.gap.as_mut().and_then(|gap| gap.least.as_mut());
        for traffic in std::iter::once(&mut rule.matches).chain(least) {
            resolve(&mut traffic.iif);
            resolve(&mut traffic.oif);
        }
    }
    for rule in nat {
        resolve(&mut rule.matches.iif);
        resolve(&mut rule.matches.oif);
    }
}

/// Makes room in a long chain that is full, for no more rules than there are lines `left`. Doubling
/// would touch twice the memory that the chain ends up with.
fn make_room(rules: &mut Vec<Rule>, left: usize) {
    const LONG: usize = 4096;
    if rules.len() == rules.capacity() && rules.len() >= LONG {
        rules.reserve_exact(left.min(16 * rules.len()) + 1);
    }
}

#[cfg(test)]
mod tests {
    use portvakt_model::{Device, SourceId};
    use portvakt_space::{Packet, State, TCP};

    use crate::{Context, Parsed, parse};

    fn read(text: &str) -> Parsed {
        parse(SourceId(0), "gw.rules", text.as_bytes().to_vec(), &Context::default()).unwrap()
    }

    fn device(rules: &str) -> Device {
        read(&format!("*filter\n:FORWARD DROP [0:0]\n{rules}\nCOMMIT\n")).devices.remove(0)
    }

    /// A new TCP connection by the named interface, or by one that no rule names.
    fn packet(device: &Device, iif: &str) -> Packet {
        Packet {
            src: "192.0.2.1".parse().unwrap(),
            dst: "198.51.100.1".parse().unwrap(),
            proto: TCP,
            sport: 40_000,
            dport: 443,
            iif: device.interfaces.find(iif).unwrap_or(u32::MAX),
            oif: u32::MAX,
            state: State::New,
        }
    }

    #[test]
    fn a_pattern_holds_names_that_come_after_it() {
        let d = device(
            "-A FORWARD -i eth+ -j ACCEPT\n-A FORWARD -i eth7 -j DROP\n-A FORWARD ! -i eth7 -j DROP",
        );
        let hits = |rule: usize, iif| d.rulesets[0].rules[rule].matches.contains(&packet(&d, iif));
        assert!(hits(0, "eth7") && hits(0, "eth+"), "a named one, and one nobody named");
        assert!(!hits(0, "wlan0"));
        assert!(hits(1, "eth7") && !hits(1, "eth+"));
        assert!(!hits(2, "eth7") && hits(2, "eth+") && hits(2, "wlan0"));
    }

    #[test]
    fn not_syn_is_certain_only_for_established_packets() {
        let d = device("-A FORWARD -p tcp ! --syn -j ACCEPT");
        let rule = &d.rulesets[0].rules[0];
        let new = packet(&d, "eth0");
        assert!(rule.matches.contains(&new), "conntrack may take any packet for a new one");
        let least = rule.least().unwrap();
        assert!(!least.contains(&new));
        assert!(least.contains(&Packet { state: State::Established, ..new }));
    }

    /// What a bare SYN is hangs on the state, wherever in the line that stands.
    #[test]
    fn the_order_of_state_and_flags_is_nothing() {
        for text in ["--syn -m state --state INVALID", "-m state --state INVALID --syn"] {
            let d = device(&format!("-A FORWARD -p tcp {text} -j DROP"));
            let rule = &d.rulesets[0].rules[0];
            assert!(rule.matches.contains(&Packet { state: State::Invalid, ..packet(&d, "eth0") }));
            assert!(rule.least().is_none() && !rule.is_bare_syn(), "{text}");
        }
    }

    /// A packet that raw takes out of tracking meets the filter as UNTRACKED.
    #[test]
    fn untracked_packets_meet_the_rules_for_them() {
        let d = read(
            "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 443 -j CT --notrack\nCOMMIT\n\
             *filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT\nCOMMIT\n",
        )
        .devices
        .remove(0);
        let untracked = Packet { state: State::Untracked, ..packet(&d, "eth0") };
        assert!(d.rulesets[1].rules[0].matches.contains(&untracked));
        let raw = &d.rulesets[0].rules[0];
        assert!(raw.gap.is_none() && raw.note.as_ref().unwrap().untracks);
    }

    #[test]
    fn inserted_rules_come_in_the_order_of_the_kernel() {
        let d = device(
            "-A FORWARD -j DROP\n-I FORWARD -i a -j DROP\n-I FORWARD 2 -i b -j DROP\n-I FORWARD 9 -i c -j DROP",
        );
        let lines: Vec<u32> = d.rulesets[0].rules.iter().map(|r| r.line).collect();
        assert_eq!(lines, [4, 5, 3, 6]);
    }

    #[test]
    fn a_million_ports_or_negations_stay_small() {
        let many = "1,".repeat(50_000);
        let d = device(&format!("-A FORWARD -p tcp -m multiport ! --ports {many} -j DROP"));
        assert!(d.rulesets[0].rules[0].gap.is_some());
    }
}
