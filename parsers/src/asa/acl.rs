//! One access-list entry into one rule.
//!
//! Addresses are network and mask, never wildcard. What an entry says that is not modelled (users,
//! security groups, FQDN objects, names that are not defined) makes the rule's set two sets.

use portvakt_model::{Action, Gap, Logging, Message, Rule, Told, Undefined};
use portvakt_space::{AddrSet, AtomSet, Family, ServiceSet, Traffic};

use super::Reader;
use super::draft::{Draft, Known, Transport, written};
use super::lists::{Entry, Shape};
use super::objects::Space;
use super::reasons;
use super::text::Cursor;
use super::value;
use crate::secrets;

const NOT_READ: &Message =
    &Message { sv: "en del av raden förstås inte", en: "part of the entry is not understood" };

impl<'a> Reader<'a, '_, '_> {
    /// The rule of an entry. One that says neither permit nor deny may do either.
    pub(super) fn rule(&mut self, list: &str, family: Option<Family>, entry: &Entry<'a>) -> Rule {
        let mut words = entry.words.clone();
        let action = match words.next() {
            Some("permit" | "trust") => Action::Permit,
            Some("deny") => Action::Deny,
            _ => return self.unknown_rule(entry),
        };
        let snort = entry.shape == Shape::Advanced && entry.words.peek() == Some("permit");
        let mut draft = Draft {
            line: entry.line.number,
            used_by: format!("access-list {list}"),
            family,
            reasons: Vec::new(),
            vague: false,
            unread: false,
            iif: AtomSet::ANY,
            oif: AtomSet::ANY,
            sources: Vec::new(),
            destinations: Vec::new(),
            services: Vec::new(),
            transport: Transport::Protocols(vec![(0, u8::MAX)]),
        };
        let mut rule = if entry.shape == Shape::Standard {
            self.standard(&mut draft, action, &mut words)
        } else {
            self.extended(&mut draft, action, &mut words)
        };
        if snort {
            draft.condition(reasons::SNORT);
        }
        self.options(&mut draft, &mut rule, words);
        self.finish_rule(draft, rule, entry)
    }

    fn unknown_rule(&mut self, entry: &Entry<'a>) -> Rule {
        let mut rule = Rule::new(entry.line.number, Action::Unknown, Traffic::ANY);
        rule.narrowed_by(secrets::masked(entry.words.rest().text).into_owned());
        self.lost(entry.line, NOT_READ);
        rule
    }

    fn extended(&mut self, draft: &mut Draft<'a>, action: Action, words: &mut Cursor<'a>) -> Rule {
        self.protocol(draft, words);
        self.identity(draft, words);
        draft.iif = self.entry_side(draft, words);
        let before = words.rest().start;
        let src = self.address(draft, words);
        draft.sources.push(written(words, before, self.text));
        let source_ports = self.port_words(draft, words, true);
        self.identity(draft, words);
        draft.oif = self.entry_side(draft, words);
        let before = words.rest().start;
        let dst = self.address(draft, words);
        draft.destinations.push(written(words, before, self.text));
        let destination_ports = self.port_words(draft, words, false);
        let service = self.service(draft, source_ports, destination_ports, words);
        let most = draft.traffic(src.most, dst.most, service.most);
        let least = draft.traffic(src.least, dst.least, service.least);
        let mut rule = Rule::new(draft.line, action, most);
        rule.gap = Some(Box::new(Gap { least: Some(least), ..Gap::default() }));
        rule
    }

    /// `standard permit ADDRESS`: the address is the destination.
    fn standard(&mut self, draft: &mut Draft<'a>, action: Action, words: &mut Cursor<'a>) -> Rule {
        let before = words.rest().start;
        let dst = self.address(draft, words);
        draft.destinations.push(written(words, before, self.text));
        let service = ServiceSet::ANY;
        let least = draft.traffic(AddrSet::ANY, dst.least, service.clone());
        let most = draft.traffic(AddrSet::ANY, dst.most, service);
        let mut rule = Rule::new(draft.line, action, most);
        rule.gap = Some(Box::new(Gap { least: Some(least), ..Gap::default() }));
        rule
    }

    fn finish_rule(&mut self, draft: Draft<'a>, mut rule: Rule, entry: &Entry<'a>) -> Rule {
        let least = rule.gap.take().and_then(|g| g.least).filter(|t| !draft.vague && !t.is_empty());
        if draft.unread {
            self.build.unsupported(draft.line, NOT_READ);
        }
        self.build.used(draft.line);
        if !draft.reasons.is_empty() {
            rule.gap = Some(Box::new(Gap { least, reasons: draft.reasons, ..Gap::default() }));
        }
        let note = rule.note_mut();
        if let Some(number) = entry.number.filter(|_| note.id.is_none()) {
            note.id = Some(number.to_string());
        }
        note.hits = entry.hits;
        note.sources = draft.sources;
        note.destinations = draft.destinations;
        note.services = draft.services;
        note.last_line = draft.line;
        rule
    }

    /// Users and security groups, which narrow the match.
    fn identity(&mut self, draft: &mut Draft<'a>, words: &mut Cursor<'a>) {
        while let Some(word) = words.peek() {
            let len = match word {
                "user" | "user-group" | "object-group-user" | "object-group-security" => 2,
                "security-group" => 3,
                _ => return,
            };
            let text: Vec<&'a str> = (0..len).map_while(|_| words.next()).collect();
            if let &[kind, name] = &text[..]
                && kind.starts_with("object-group-")
            {
                self.objects.used(Space::Other, name, draft.line, &draft.used_by);
            }
            if text != ["user", "any"] {
                draft.condition(text.join(" "));
            }
        }
    }

    /// `ifc NAME` before an address (LINA).
    fn entry_side(&mut self, draft: &mut Draft<'a>, words: &mut Cursor<'a>) -> AtomSet {
        if !words.eat("ifc") {
            return AtomSet::ANY;
        }
        match words.next() {
            Some("any") => AtomSet::ANY,
            Some(name) => AtomSet::one(self.device.interfaces.atom(name)),
            None => {
                draft.condition(reasons::CUT_OFF);
                AtomSet::ANY
            }
        }
    }

    fn address(&mut self, draft: &mut Draft<'a>, words: &mut Cursor<'a>) -> Known<AddrSet> {
        let known = match words.peek() {
            Some("any") => Some(value::any(draft.family)),
            Some("any4") => Some(value::any(Some(Family::V4))),
            Some("any6") => Some(value::any(Some(Family::V6))),
            Some("object" | "object-group" | "object-group-network-service") => {
                return self.named_address(draft, words);
            }
            Some("interface") => return self.interface_address(draft, words),
            Some("host") => words.second().and_then(|w| self.names.ip(w)).map(AddrSet::host),
            Some("range") => {
                let mut ahead = words.clone();
                ahead.next();
                self.names.range(&mut ahead)
            }
            _ => self.names.network(&mut words.clone()),
        };
        let before = words.rest().start;
        take_address(words);
        let Some(set) = known else {
            draft.unread(format!("address {}", written(words, before, self.text)));
            return Known { most: AddrSet::ANY, least: AddrSet::NONE };
        };
        Known::exact(set)
    }

    fn named_address(&mut self, draft: &mut Draft<'a>, words: &mut Cursor<'a>) -> Known<AddrSet> {
        let kind = words.next();
        let Some(name) = words.next() else {
            draft.condition(reasons::CUT_OFF);
            return Known { most: AddrSet::ANY, least: AddrSet::NONE };
        };
        let space = if kind == Some("object-group-network-service") {
            Space::Other
        } else {
            Space::Network
        };
        let value = self.objects.used(space, name, draft.line, &draft.used_by);
        if space == Space::Other {
            draft.condition(format!("object-group-network-service {name}"));
            return Known { most: AddrSet::ANY, least: AddrSet::NONE };
        }
        draft.reasons.extend_from_slice(&value.reasons);
        Known { most: value.most(), least: value.addresses.clone() }
    }

    /// `interface NAME`: the address that the interface has.
    fn interface_address(
        &mut self,
        draft: &mut Draft<'a>,
        words: &mut Cursor<'a>,
    ) -> Known<AddrSet> {
        words.next();
        let name = words.next().unwrap_or_default();
        let hosts = self.interface_hosts(name);
        if hosts.is_empty() {
            draft.because(Told::of(reasons::INTERFACE_ADDRESS, name));
            return Known { most: AddrSet::ANY, least: AddrSet::NONE };
        }
        Known::exact(hosts)
    }

    /// What follows the match: logging, schedule, state, counters.
    fn options(&mut self, draft: &mut Draft<'a>, rule: &mut Rule, mut words: Cursor<'a>) {
        // Denied packets are logged as message 106023 also without the keyword; permitted
        // connections are logged or not by settings outside the list.
        rule.logging = if rule.action.is_deny() { Logging::On } else { Logging::Unknown };
        while let Some(word) = words.next() {
            match word {
                "log" => rule.logging = logging(&mut words),
                "inactive" => rule.enabled = false,
                "time-range" => self.rule_schedule(draft, rule, &mut words),
                "rule-id" => rule.note_mut().id = words.next().map(str::to_owned),
                "event-log" => {
                    words.next();
                    rule.logging = Logging::On;
                }
                _ if word.starts_with(['(', '!']) || word.starts_with("0x") => {}
                _ => {
                    let rest = words.rest().text;
                    draft.vague = true;
                    draft.unread(format!("{word} {rest}").trim().to_owned());
                    return;
                }
            }
        }
    }

    fn rule_schedule(&mut self, draft: &mut Draft<'a>, rule: &mut Rule, words: &mut Cursor<'a>) {
        let name = words.next().unwrap_or_default();
        if let Some(at) = self.schedule(name) {
            rule.note_mut().schedule = Some(at);
            return;
        }
        draft.condition(Told::of(reasons::UNDEFINED, format!("time-range {name}")));
        self.objects.undefined.push(Undefined {
            name: name.to_owned(),
            kind: "time-range",
            line: draft.line,
            used_by: draft.used_by.clone(),
        });
    }
}

/// Moves past an address that is not a named one, and past what `show access-list` says of it.
fn take_address(words: &mut Cursor<'_>) {
    match words.next() {
        Some("host") => {
            words.next();
        }
        Some("range") => {
            words.next();
            words.next();
        }
        Some("any" | "any4" | "any6") => {}
        Some(word) if word.contains([':', '/']) => {}
        _ => {
            words.next();
        }
    }
    if words.peek().is_some_and(|w| w.starts_with('(') && !w.starts_with("(hitcnt")) {
        words.next();
    }
}

fn logging(words: &mut Cursor<'_>) -> Logging {
    let mut logging = Logging::On;
    while let Some(word) = words.peek() {
        match word {
            "disable" => logging = Logging::Off,
            "interval" => {
                words.next();
            }
            "default" | "emergencies" | "alerts" | "critical" | "errors" | "warnings"
            | "notifications" | "informational" | "debugging" => {}
            _ if word.parse::<u8>().is_ok_and(|n| n <= 7) => {}
            _ => break,
        }
        words.next();
    }
    logging
}
