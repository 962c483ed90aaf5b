//! What an entry says of protocols and ports.

use portvakt_model::Message;
use portvakt_space::{ICMP, ICMPV6, RangeSet, SCTP, ServiceBox, ServiceSet, TCP, UDP, has_ports};

use super::Reader;
use super::draft::{Draft, Known, Ports, Transport, written};
use super::objects::{Space, Value, icmp_services};
use super::reasons;
use super::text::Cursor;
use super::value;

/// Most boxes that ports may cut services into.
const MAX_BOXES: usize = 1 << 14;

impl<'a> Reader<'a, '_, '_> {
    pub(super) fn protocol(&mut self, draft: &mut Draft<'a>, words: &mut Cursor<'a>) {
        let Some(word) = words.next() else { return draft.condition(reasons::CUT_OFF) };
        if !matches!(word, "object" | "object-group") {
            draft.services.push(word.to_owned());
            if let Some(protocols) = value::protocols(word) {
                draft.transport = Transport::Protocols(protocols);
            } else {
                draft.vague = true;
                draft.unread(format!("protocol {word}"));
            }
            return;
        }
        let Some(name) = words.next() else { return draft.condition(reasons::CUT_OFF) };
        draft.services.push(name.to_owned());
        let is_protocol = word == "object-group" && self.objects.has(Space::Protocol, name);
        let space = if is_protocol { Space::Protocol } else { Space::Service };
        let value = self.objects.used(space, name, draft.line, &draft.used_by);
        draft.transport = if is_protocol && value.is_exact() {
            Transport::Protocols(value.protocols.clone())
        } else {
            Transport::Services(value)
        };
    }

    /// Port words after an address. An `object-group` there may also be the next address: what it
    /// is defined as decides.
    pub(super) fn port_words(
        &mut self,
        draft: &mut Draft<'a>,
        words: &mut Cursor<'a>,
        source: bool,
    ) -> Option<Ports<'a>> {
        let before = words.rest().start;
        let found = if matches!(words.peek(), Some("object-group" | "object")) {
            let name = words.second().unwrap_or_default();
            if draft.is_icmp() || source && !self.is_port_group(name, words) {
                return None;
            }
            words.next();
            words.next();
            let value = self.objects.used(Space::Service, name, draft.line, &draft.used_by);
            Ports::Group(value)
        } else {
            if !value::has_ports(words) {
                return None;
            }
            let Some(ranges) = value::ports(words) else {
                draft.vague = true;
                draft.unread(format!("ports \"{}\"", written(words, before, self.text)));
                return None;
            };
            Ports::Ranges(ranges)
        };
        draft.services.push(written(words, before, self.text));
        Some(found)
    }

    fn is_port_group(&self, name: &str, words: &Cursor<'a>) -> bool {
        if self.objects.has(Space::Network, name) {
            return false;
        }
        if self.objects.has(Space::Service, name) {
            return true;
        }
        // Defined nowhere: a port group if an address still follows.
        let mut after = words.clone();
        after.next();
        after.next();
        match after.next() {
            Some("any" | "any4" | "any6" | "host" | "interface") => true,
            Some("object" | "object-group") => {
                after.next().is_some_and(|n| self.objects.has(Space::Network, n))
            }
            Some(word) => self.names.ip(word).is_some(),
            None => false,
        }
    }

    pub(super) fn service(
        &mut self,
        draft: &mut Draft<'a>,
        source: Option<Ports<'a>>,
        destination: Option<Ports<'a>>,
        words: &mut Cursor<'a>,
    ) -> Known<ServiceSet> {
        let transport = std::mem::replace(&mut draft.transport, Transport::Protocols(Vec::new()));
        let mut known = match transport {
            Transport::Services(value) => known_services(draft, &value),
            Transport::Protocols(protocols) => {
                if let [(one @ (ICMP | ICMPV6), _)] = protocols[..] {
                    return self.icmp_types(draft, one, words);
                }
                if let (Some(from), Some(to)) =
                    (ranges(source.as_ref()), ranges(destination.as_ref()))
                {
                    return ports_of(draft, protocols, &from, &to);
                }
                Known::exact(value::whole(&protocols))
            }
        };
        for (ports, is_source) in [(source, true), (destination, false)] {
            let Some(ports) = ports else { continue };
            let limit = limit(draft, &known.most, ports, is_source);
            known.most = known.most.intersect(&limit.most);
            known.least = known.least.intersect(&limit.least);
        }
        known
    }

    fn icmp_types(
        &mut self,
        draft: &mut Draft<'a>,
        protocol: u8,
        words: &mut Cursor<'a>,
    ) -> Known<ServiceSet> {
        let all: ServiceSet = ServiceBox::proto(protocol).into();
        let Some(word) = words.peek().filter(|w| !is_option(w)) else { return Known::exact(all) };
        words.next();
        let read = if word == "object-group" {
            let name = words.next().unwrap_or_default();
            draft.services.push(name.to_owned());
            let value = self.objects.used(Space::Icmp, name, draft.line, &draft.used_by);
            draft.reasons.extend_from_slice(&value.reasons);
            let known = icmp_services(protocol, &value.icmp);
            if !value.is_exact() {
                let least = known.unwrap_or_else(ServiceSet::none);
                return Known { most: all, least };
            }
            known
        } else {
            draft.services.push(word.to_owned());
            let code = words.peek().and_then(|c| c.parse().ok());
            if code.is_some() {
                words.next();
            }
            value::icmp(protocol, word)
                .map(|(kind, implied)| ServiceBox::icmp(protocol, kind, code.or(implied)).into())
        };
        let Some(set) = read else {
            draft.unread(format!("icmp type {word}"));
            return Known { most: all, least: ServiceSet::none() };
        };
        Known::exact(set)
    }
}

fn known_services(draft: &mut Draft<'_>, value: &Value<'_>) -> Known<ServiceSet> {
    draft.reasons.extend_from_slice(&value.reasons);
    let Some(least) = value.with_ports() else {
        draft.because(TOO_MANY);
        return Known { most: ServiceSet::ANY, least: ServiceSet::none() };
    };
    let most = if value.is_exact() { least.clone() } else { ServiceSet::ANY };
    Known { most, least }
}

/// Ports as ranges; `None` for a group that holds more than known ports.
fn ranges(ports: Option<&Ports<'_>>) -> Option<RangeSet<u16>> {
    match ports {
        None => Some(RangeSet::full()),
        Some(Ports::Ranges(ranges)) => Some(ranges.clone()),
        Some(Ports::Group(value)) => {
            (value.is_exact() && value.services.is_empty()).then(|| value.ports.clone())
        }
    }
}

fn ports_of(
    draft: &mut Draft<'_>,
    mut protocols: Vec<(u8, u8)>,
    source: &RangeSet<u16>,
    destination: &RangeSet<u16>,
) -> Known<ServiceSet> {
    let limited = !source.is_full() || !destination.is_full();
    if limited && protocols.contains(&(0, u8::MAX)) {
        draft.condition(reasons::EVERY_PROTOCOL);
        protocols = vec![(TCP, TCP), (UDP, UDP), (SCTP, SCTP)];
    }
    let Some(set) = value::services(&protocols, source, destination) else {
        draft.because(TOO_MANY);
        return Known { most: value::whole(&protocols), least: ServiceSet::none() };
    };
    Known::exact(set)
}

const TOO_MANY: &Message = &Message {
    sv: "fler kombinationer av portar än som räknas in",
    en: "more combinations of ports than are modelled",
};

/// What port words leave of services: ports for the protocols that have them, or a group's own
/// services.
fn limit(
    draft: &mut Draft<'_>,
    of: &ServiceSet,
    ports: Ports<'_>,
    is_source: bool,
) -> Known<ServiceSet> {
    let (ranges, services, exact) = match ports {
        Ports::Ranges(ranges) => (ranges, ServiceSet::none(), true),
        Ports::Group(value) => {
            draft.reasons.extend_from_slice(&value.reasons);
            (value.ports.clone(), value.services.clone(), value.is_exact())
        }
    };
    if of.boxes().len().saturating_mul(ranges.ranges().len()) > MAX_BOXES {
        draft.because(TOO_MANY);
        return Known { most: of.clone(), least: ServiceSet::none() };
    }
    let narrow = |b: &ServiceBox, r: (u16, u16)| {
        // Protocols without ports are not narrowed by them.
        let has = b.proto.0 == b.proto.1 && has_ports(b.proto.0);
        match (has, is_source) {
            (false, _) => *b,
            (true, true) => ServiceBox { sport: r, dport: value::ALL_PORTS, ..*b },
            (true, false) => ServiceBox { sport: value::ALL_PORTS, dport: r, ..*b },
        }
    };
    let pairs = of.boxes().iter().flat_map(|b| ranges.ranges().iter().map(move |r| (b, *r)));
    let limit = services.union(&pairs.map(|(b, r)| narrow(b, r)).collect());
    Known { most: if exact { limit.clone() } else { ServiceSet::ANY }, least: limit }
}

/// Whether a word begins what follows the match.
pub(super) fn is_option(word: &str) -> bool {
    matches!(word, "log" | "inactive" | "time-range" | "rule-id" | "event-log")
        || word.starts_with(['(', '!'])
        || word.starts_with("0x")
}
