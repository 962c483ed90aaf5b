//! One rule in the making: its options, read in any order.

use std::rc::Rc;

use portvakt_model::{Hits, Message, Reason};
use portvakt_space::{AddrSet, Family, ICMP, ICMPV6, ServiceSet, StateSet, TCP, Traffic};

use super::chains::Table;
use super::reasons;
use super::service::{self, Side};
use super::sets::{Match, Product, Sets};
use super::{address, names, state};
use crate::lines::{Line, Word, Words};

/// A rule as its options say it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a line")]
pub(super) struct Draft<'a> {
    line: Line<'a>,
    table: Table,
    family: Family,
    /// What it matches at most; interfaces are in [`Draft::interfaces`] as yet.
    pub(super) matches: Traffic,
    service: service::Draft,
    /// Sets that are unions of products, each with the words that ask for it: the rule matches what is in
    /// one product of each.
    unions: Vec<(Reason, Rc<[Traffic]>)>,
    /// What narrows the match and is not modelled.
    pub(super) reasons: Vec<Reason>,
    /// Where the words of the reason that is being read stand in the line.
    gap: Option<(usize, usize)>,
    /// Whether `! --syn` is among the reasons.
    pub(super) not_syn: bool,
    /// Whether no bare SYN has the flags that it asks for.
    pub(super) never_syn: bool,
    /// The sets of TCP flags that pass, where it asks for others than a bare SYN.
    pub(super) flags: u64,
    /// The words that ask for a bare SYN. What they mean hangs on the state, which may come after them.
    syn: Option<&'a str>,
    /// Whether the state stands for a bare SYN.
    pub(super) bare_syn: bool,
    /// Whether a reason fails for some packets whatever else they are.
    pub(super) avoidable: bool,
    /// Whether the reason that is being read does.
    may_fail: bool,
    /// Whether an option asks for TCP.
    needs_tcp: bool,
    /// Whether a word of it is not known.
    pub(super) foreign: bool,
    pub(super) target: Option<Word<'a>>,
    pub(super) is_goto: bool,
    pub(super) comment: Option<Word<'a>>,
    pub(super) log_prefix: Option<Word<'a>>,
    pub(super) hits: Option<Hits>,
    /// Names of the sets that it matches, by side.
    pub(super) source_sets: Vec<&'a str>,
    pub(super) destination_sets: Vec<&'a str>,
    pub(super) undefined_sets: Vec<&'a str>,
    pub(super) interfaces: [Option<Interface<'a>>; 2],
    /// `--to-destination`, `--to-source`, `--to`, `--on-ip`.
    pub(super) to: Option<&'a str>,
    /// `--to-ports`, `--on-port`.
    pub(super) to_ports: Option<&'a str>,
    pub(super) notrack: bool,
    /// Version that `-4` or `-6` confines it to.
    pub(super) only: Option<Family>,
    region: Region,
}

/// An interface option.
#[derive(Clone, Copy)]
pub(super) struct Interface<'a> {
    pub(super) name: &'a str,
    pub(super) negated: bool,
}

/// Whose options are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Region {
    /// The rule's own, or those of a modelled module.
    Known,
    /// Those of a module that is not modelled.
    Module,
    /// Those of a target.
    Target,
}

/// An option with what follows it.
struct At<'a, 'w> {
    line: Line<'a>,
    /// Where it (or the `!` before it) begins in the line.
    start: usize,
    /// Where the last of its words that has been read ends.
    end: usize,
    name: &'a str,
    negated: bool,
    words: &'w mut Words<'a>,
}

impl<'a> At<'a, '_> {
    fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.next()?;
        self.end = end_of(word, self.line);
        Some(word)
    }

    /// The option's value; a `!` before it negates the option.
    fn value(&mut self) -> Option<Word<'a>> {
        let word = self.next()?;
        if word.text != "!" || word.quoted {
            return Some(word);
        }
        self.negated = !self.negated;
        self.next()
    }

    /// Passes over values: words up to the next option.
    fn skip_values(&mut self) {
        let mut ahead = self.words.clone();
        while let Some(word) = ahead.next() {
            if !word.quoted && (word.text.starts_with('-') || word.text == "!") {
                break;
            }
            self.end = end_of(word, self.line);
            *self.words = ahead.clone();
        }
    }

    /// It and its values, as written.
    fn text(&self) -> &'a str {
        self.line.text.get(self.start..self.end).unwrap_or(self.name)
    }
}

fn start_of(word: Word<'_>, line: Line<'_>) -> usize {
    (word.start - line.start) as usize - usize::from(word.quoted)
}

fn end_of(word: Word<'_>, line: Line<'_>) -> usize {
    let end = (word.start - line.start) as usize + word.text.len() + usize::from(word.quoted);
    end.min(line.text.len())
}

impl<'a> Draft<'a> {
    pub(super) fn new(line: Line<'a>, (table, family): (Table, Family), all: &AddrSet) -> Self {
        Self {
            line,
            table,
            family,
            matches: Traffic { src: all.clone(), dst: all.clone(), ..Traffic::ANY },
            service: service::Draft::default(),
            unions: Vec::new(),
            reasons: Vec::new(),
            gap: None,
            not_syn: false,
            never_syn: false,
            flags: u64::MAX,
            syn: None,
            bare_syn: false,
            avoidable: false,
            may_fail: false,
            needs_tcp: false,
            foreign: false,
            target: None,
            is_goto: false,
            comment: None,
            log_prefix: None,
            hits: None,
            source_sets: Vec::new(),
            destination_sets: Vec::new(),
            undefined_sets: Vec::new(),
            interfaces: [None; 2],
            to: None,
            to_ports: None,
            notrack: false,
            only: None,
            region: Region::Known,
        }
    }

    /// Reads all options that follow.
    pub(super) fn read(&mut self, mut words: Words<'a>, sets: &mut Sets<'_>) {
        while let Some(word) = words.next() {
            let negated = word.text == "!" && !word.quoted;
            let option = if negated { words.next().unwrap_or(word) } else { word };
            let mut at = At {
                line: self.line,
                start: start_of(word, self.line),
                end: end_of(option, self.line),
                name: option.text,
                negated,
                words: &mut words,
            };
            if self.option(&mut at, sets) {
                self.close_gap();
            }
        }
        self.close_gap();
        self.apply_syn();
        self.apply_services();
    }

    /// One option; returns whether the words that are not modelled end before it.
    fn option(&mut self, at: &mut At<'a, '_>, sets: &mut Sets<'_>) -> bool {
        if self.narrows(at, sets) {
            return true;
        }
        match at.name {
            "-m" | "--match" => return self.module(at),
            "-j" | "--jump" => self.jump(at, false),
            "-g" | "--goto" => self.jump(at, true),
            "-4" | "--ipv4" => self.only = Some(Family::V4),
            "-6" | "--ipv6" => self.only = Some(Family::V6),
            "-c" | "--set-counters" => self.counters(at),
            "-w" | "--wait" | "-n" | "-v" | "-t" | "--table" => at.skip_values(),
            _ if self.region == Region::Target => self.target_option(at),
            _ => {
                self.unmodelled(at);
                return false;
            }
        }
        true
    }

    /// Options that narrow the match and are modelled.
    fn narrows(&mut self, at: &mut At<'a, '_>, sets: &mut Sets<'_>) -> bool {
        match at.name {
            "-s" | "--source" | "--src" => self.address(at, address::list, true),
            "-d" | "--destination" | "--dst" => self.address(at, address::list, false),
            "-p" | "--protocol" => self.value(at, |d, w, neg| d.service.protocol(w.text, neg)),
            "--proto" if self.region != Region::Module => {
                self.value(at, |d, w, neg| d.service.protocol(w.text, neg));
            }
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
                self.ports(at, Side::Destination);
            }
            "--sport" | "--source-port" | "--sports" | "--source-ports" => {
                self.ports(at, Side::Source);
            }
            "--ports" | "--port" => self.ports(at, Side::Either),
            "-i" | "--in-interface" => self.interface(at, 0),
            "-o" | "--out-interface" => self.interface(at, 1),
            "--ctstate" | "--state" => self.value(at, |d, w, neg| d.states(w.text, neg)),
            "--comment" => self.value(at, |d, w, _| d.comment.replace(w).is_none()),
            "--icmp-type" => self.message(at, ICMP),
            "--icmpv6-type" => self.message(at, ICMPV6),
            "--syn" => self.syn(at),
            "--tcp-flags" => self.tcp_flags(at),
            "--src-range" => self.address(at, address::range, true),
            "--dst-range" => self.address(at, address::range, false),
            "--src-type" => self.value(at, |d, w, neg| d.address_type(w.text, neg, true)),
            "--dst-type" => self.value(at, |d, w, neg| d.address_type(w.text, neg, false)),
            "--match-set" => self.set(at, sets),
            "--set" if self.region == Region::Known => self.set(at, sets),
            "--ctproto" => self.value(at, |d, w, neg| d.connection_protocol(w.text, neg)),
            _ => return false,
        }
        true
    }

    /// Reads a value and applies it; what can't be applied is a reason.
    fn value(
        &mut self,
        at: &mut At<'a, '_>,
        apply: impl FnOnce(&mut Self, Word<'a>, bool) -> bool,
    ) {
        let applied = at.value().is_some_and(|word| apply(self, word, at.negated));
        if !applied {
            self.lost(at);
        }
    }

    fn address(
        &mut self,
        at: &mut At<'a, '_>,
        read: fn(&str, Family) -> Option<AddrSet>,
        source: bool,
    ) {
        self.value(at, |d, word, negated| {
            let set = read(word.text, d.family);
            set.map(|set| d.narrow_address(&set, negated, source)).is_some()
        });
    }

    fn narrow_address(&mut self, set: &AddrSet, negated: bool, source: bool) {
        let other = match self.family {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        };
        let field = if source { &mut self.matches.src } else { &mut self.matches.dst };
        *field = match negated {
            true => field.minus(set),
            // Shares the set instead of walking it: a list of many addresses may be named often.
            false if field.is_all(self.family) && !set.has(other) => set.clone(),
            false => field.intersect(set),
        };
    }

    /// Of the address types only MULTICAST does not depend on the routes of the host.
    fn address_type(&mut self, text: &str, negated: bool, source: bool) -> bool {
        if text != "MULTICAST" {
            return false;
        }
        self.narrow_address(&address::multicast(self.family), negated, source);
        true
    }

    fn ports(&mut self, at: &mut At<'a, '_>, side: Side) {
        self.value(at, |d, word, negated| d.service.ports(side, word.text, negated));
    }

    fn message(&mut self, at: &mut At<'a, '_>, proto: u8) {
        self.value(at, |d, word, negated| d.service.message(proto, word.text, negated));
    }

    fn interface(&mut self, at: &mut At<'a, '_>, way: usize) {
        self.value(at, |d, word, negated| {
            d.interfaces[way].replace(Interface { name: word.text, negated }).is_none()
        });
    }

    fn states(&mut self, text: &str, negated: bool) -> bool {
        let (set, exact) = state::at_most(text, negated);
        self.matches.state = self.matches.state.intersect(set);
        exact
    }

    /// For a packet that starts a connection, the connection's protocol is its own. For an ICMP
    /// error about a known one it is not.
    fn connection_protocol(&mut self, text: &str, negated: bool) -> bool {
        let only_new = self.matches.state.is_subset(StateSet::NEW);
        only_new && !negated && self.service.protocol(text, false)
    }

    fn syn(&mut self, at: &At<'a, '_>) {
        self.needs_tcp = true;
        if at.negated {
            self.not_syn = true;
            self.never_syn = true;
            self.flags &= state::flag_sets("FIN,SYN,RST,ACK", "SYN", true);
            self.lost(at);
        } else {
            self.syn = Some(at.text());
        }
    }

    /// Narrows to a bare SYN, once the states are known.
    fn apply_syn(&mut self) {
        let Some(text) = self.syn.take() else { return };
        let opening = self.matches.state.intersect(state::of_syn(self.table));
        if opening.is_empty() {
            // A bare SYN that conntrack sees as something else.
            self.because(text);
        } else {
            self.matches.state = opening;
            self.bare_syn = true;
        }
    }

    /// `--tcp-flags mask set`.
    fn tcp_flags(&mut self, at: &mut At<'a, '_>) {
        self.needs_tcp = true;
        match (at.value(), at.next()) {
            (Some(mask), Some(set)) if state::is_syn(mask.text, set.text) => self.syn(at),
            (Some(mask), Some(set)) => {
                self.never_syn |= state::never_syn(mask.text, set.text, at.negated);
                self.flags &= state::flag_sets(mask.text, set.text, at.negated);
                self.lost(at);
            }
            _ => self.lost(at),
        }
    }

    /// `--match-set NAME src,dst`.
    fn set(&mut self, at: &mut At<'a, '_>, sets: &mut Sets<'_>) {
        let (Some(name), Some(flags)) = (at.value(), at.next()) else { return self.lost(at) };
        let from = flags.text.starts_with("src");
        let named = if from { &mut self.source_sets } else { &mut self.destination_sets };
        named.push(name.text);
        let found = sets.find(name.text, flags.text);
        if let Match::Undefined = found {
            self.undefined_sets.push(name.text);
        }
        let Match::Product(product) = found else { return self.lost(at) };
        match product.complement() {
            Some(outside) if at.negated => self.narrow_product(&outside),
            None if at.negated => match product.without(&self.all()) {
                Some(outside) => self.unions.push((self.reason(at.text()), outside)),
                None => self.lost(at),
            },
            _ => {
                self.narrow_product(&product);
                if !product.exact {
                    self.unions.push((self.reason(at.text()), product.parts));
                }
            }
        }
    }

    fn narrow_product(&mut self, product: &Product) {
        product.src.iter().for_each(|set| self.narrow_address(set, false, true));
        product.dst.iter().for_each(|set| self.narrow_address(set, false, false));
        product.service.iter().for_each(|set| self.narrow_service(set));
    }

    /// Every packet of the version.
    fn all(&self) -> Traffic {
        Traffic::all(self.family)
    }

    /// The products that the rule matches the union of; `None` where it matches [`Draft::matches`]. A
    /// union that would make more than `most` of them is a reason instead.
    pub(super) fn alternatives(&mut self, most: usize) -> Option<Vec<Traffic>> {
        let mut found: Option<Vec<Traffic>> = None;
        for (reason, parts) in std::mem::take(&mut self.unions) {
            let now = found.as_deref().unwrap_or(std::slice::from_ref(&self.matches));
            if now.len().saturating_mul(parts.len()) > most {
                self.reasons.push(reason);
                continue;
            }
            let pairs = now.iter().flat_map(|t| parts.iter().map(|p| p.intersect(t)));
            found = Some(pairs.filter(|t| !t.is_empty()).collect());
        }
        found
    }

    fn narrow_service(&mut self, set: &ServiceSet) {
        self.matches.service = self.matches.service.intersect(set);
    }

    /// `-m NAME`; returns whether the words that are not modelled end before it.
    fn module(&mut self, at: &mut At<'a, '_>) -> bool {
        let Some(name) = at.value() else {
            self.lost(at);
            return true;
        };
        if names::narrows_only_by_options(name.text) {
            self.region = Region::Known;
            return true;
        }
        self.close_gap();
        self.foreign |= !names::is_known_module(name.text);
        self.region = Region::Module;
        self.gap = Some((at.start, at.end));
        self.may_fail = !at.negated && names::fails_for_some(name.text);
        false
    }

    fn jump(&mut self, at: &mut At<'a, '_>, is_goto: bool) {
        self.value(at, |d, word, negated| d.target.replace(word).is_none() && !negated);
        (self.is_goto, self.region) = (is_goto, Region::Target);
    }

    /// `-c packets bytes`.
    fn counters(&mut self, at: &mut At<'a, '_>) {
        let packets = at.next().and_then(|w| w.text.parse().ok());
        at.next();
        self.hits = packets.map(|count| Hits { count, last: None });
    }

    /// An option of a target. Only those of translation and tracking have a bearing.
    fn target_option(&mut self, at: &mut At<'a, '_>) {
        match at.name {
            "--to-destination" | "--to-source" | "--to" | "--on-ip" => {
                self.to = at.next().map(|w| w.text);
            }
            "--to-ports" | "--to-port" | "--on-port" => self.to_ports = at.next().map(|w| w.text),
            "--notrack" => self.notrack = true,
            "--log-prefix" | "--nflog-prefix" | "--ulog-prefix" => self.log_prefix = at.next(),
            name => {
                self.foreign |= !name.starts_with('-');
                at.skip_values();
            }
        }
    }

    /// An option that is not modelled: its words become part of a reason.
    fn unmodelled(&mut self, at: &mut At<'a, '_>) {
        let strange = self.region == Region::Known && !names::is_known_option(at.name);
        self.foreign |= strange || !at.name.starts_with('-');
        self.may_fail |= matches!(at.name, "-f" | "--fragment");
        self.may_fail &= !at.negated && !names::always_holds(at.name);
        at.skip_values();
        let start = self.gap.map_or(at.start, |(start, _)| start);
        self.gap = Some((start, at.end));
    }

    fn close_gap(&mut self) {
        if let Some((start, end)) = self.gap.take() {
            self.avoidable |= self.may_fail;
            self.because(self.line.text.get(start..end).unwrap_or_default());
        }
        self.may_fail = false;
    }

    /// The option is not applied.
    fn lost(&mut self, at: &At<'a, '_>) {
        self.because(at.text());
    }

    fn because(&mut self, text: &str) {
        let reason = self.reason(text);
        self.reasons.push(reason);
    }

    fn reason(&self, text: &str) -> Reason {
        let text = crate::secrets::masked(text).into_owned();
        Reason { what: text.into(), line: self.line.number }
    }

    fn told(&mut self, words: &'static Message) {
        self.reasons.push(Reason { what: words.into(), line: self.line.number });
    }

    /// Protocol and ports narrow together, once all are known.
    fn apply_services(&mut self) {
        let (service, all) = self.service.finish();
        if !all {
            self.told(reasons::NO_PROTOCOL);
        }
        if self.needs_tcp && !self.service.is_only(TCP) {
            self.told(reasons::NO_TCP);
        }
        if self.matches.service == ServiceSet::ANY {
            self.matches.service = service;
        } else {
            self.narrow_service(&service);
        }
    }
}
