//! `object …` and `object-group …`: from lines to definitions.

use portvakt_model::Message;
use portvakt_space::{AddrSet, Family, ICMP, ICMPV6, RangeSet, ServiceBox, ServiceSet};

use super::Reader;
use super::objects::{Handle, Item, Kind, Space};
use super::text::{Cursor, Statement};
use super::value;
use crate::lines::Line;

const USERS: &Message = &Message { sv: "vem användaren är", en: "who the user is" };
const SECURITY: &Message =
    &Message { sv: "säkerhetsgrupper i TrustSec", en: "TrustSec security groups" };
const WEB_NAMES: &Message = &Message {
    sv: "objekt av typen network-service, som namnger domäner och program",
    en: "network-service objects, which name domains and applications",
};
const NOT_READ: &Message = &Message {
    sv: "en medlem som inte förstås: objektet kan innehålla vad som helst",
    en: "a member that is not understood: the object may hold anything",
};

impl<'a> Reader<'a, '_, '_> {
    /// `object network|service NAME`, with what stands under it.
    pub(super) fn object(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        words.next();
        let (kind, name) = (words.next(), words.next());
        let line = statement.head.number;
        let space = match kind {
            Some("network") => Space::Network,
            Some("service") => Space::Service,
            _ => Space::Other,
        };
        let Some(name) = name else { return };
        let handle = self.objects.define(space, Kind::Object, name, line);
        let transport = words.next();
        self.build.used(line);
        if space == Space::Other {
            self.build.unsupported(line, WEB_NAMES);
        }
        for &inner in statement.body {
            match space {
                Space::Network => self.network_line(handle, name, inner),
                Space::Service => self.service_line(handle, transport, inner),
                _ => self.other_member(handle, inner, WEB_NAMES),
            }
        }
    }

    fn network_line(&mut self, handle: Handle, name: &'a str, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let read = match words.next() {
            Some("host") => words.next().and_then(|w| self.names.ip(w)).map(AddrSet::host),
            Some("subnet") => self.names.network(&mut words),
            Some("range") => self.names.range(&mut words),
            Some("fqdn") => return self.fqdn(handle, line, words),
            Some("nat") => return self.object_nat(name, line, words),
            _ => return self.plain_member(line),
        };
        let item = read.map(Item::Addresses);
        self.member(handle, line, item);
    }

    fn fqdn(&mut self, handle: Handle, line: Line<'a>, mut words: Cursor<'a>) {
        let family = match words.peek() {
            Some("v4") => Some(Family::V4),
            Some("v6") => Some(Family::V6),
            _ => None,
        };
        if family.is_some() {
            words.next();
        }
        let text = format!("fqdn {}", words.rest().text);
        let open = Item::Open { text, line: line.number, within: value::any(family) };
        self.member(handle, line, Some(open));
    }

    fn service_line(&mut self, handle: Handle, transport: Option<&'a str>, line: Line<'a>) {
        let mut words = Cursor::new(line);
        if !words.eat("service") {
            return self.plain_member(line);
        }
        let headless = matches!(words.peek(), Some("source" | "destination"));
        let services = match transport.filter(|_| headless) {
            Some(transport) => service_of(transport, &mut words),
            None => service(&mut words),
        };
        self.member(handle, line, services.map(Item::Services));
    }

    /// `object-group KIND NAME [tcp|udp|tcp-udp]`, with what stands under it.
    pub(super) fn object_group(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        words.next();
        words.eat("group");
        let (kind, name) = (words.next(), words.next());
        let line = statement.head.number;
        let (space, lost) = match kind {
            Some("network") => (Space::Network, None),
            Some("service") => (Space::Service, None),
            Some("protocol") => (Space::Protocol, None),
            Some("icmp-type") => (Space::Icmp, None),
            Some("user") => (Space::Other, Some(USERS)),
            Some("security") => (Space::Other, Some(SECURITY)),
            Some("network-service") => (Space::Other, Some(WEB_NAMES)),
            _ => return,
        };
        let Some(name) = name else { return };
        let handle = self.objects.define(space, Kind::Group, name, line);
        if let Some(transport) = words.next().and_then(value::protocols) {
            self.objects.transport(handle, transport);
        }
        self.build.used(line);
        if let Some(lost) = lost {
            self.build.unsupported(line, lost);
        }
        for &inner in statement.body {
            match lost {
                Some(lost) => self.other_member(handle, inner, lost),
                None => self.group_member(handle, inner),
            }
        }
    }

    fn group_member(&mut self, handle: Handle, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let item = match words.next() {
            Some("network-object") => self.network_object(&mut words, line.number),
            Some("port-object") => value::ports(&mut words).map(Item::Ports),
            Some("service-object") => service_object(&mut words, line.number),
            Some("protocol-object") => words.next().and_then(value::protocols).map(Item::Protocols),
            Some("icmp-object") => words
                .next()
                .filter(|t| value::icmp(ICMP, t).or_else(|| value::icmp(ICMPV6, t)).is_some())
                .map(Item::Icmp),
            Some("group-object") => {
                words.next().map(|name| Item::Member { name, line: line.number })
            }
            _ => return self.plain_member(line),
        };
        self.member(handle, line, item);
    }

    fn network_object(&self, words: &mut Cursor<'a>, line: u32) -> Option<Item<'a>> {
        if words.eat("object") {
            return words.next().map(|name| Item::Member { name, line });
        }
        if words.eat("host") {
            return words
                .next()
                .and_then(|w| self.names.ip(w))
                .map(AddrSet::host)
                .map(Item::Addresses);
        }
        self.names.network(words).map(Item::Addresses)
    }

    /// A member that was read, or one that was not: then the object may hold anything.
    fn member(&mut self, handle: Handle, line: Line<'a>, item: Option<Item<'a>>) {
        if let Some(item) = item {
            self.objects.push(handle, item);
            self.build.used(line.number);
        } else {
            let text = line.text.trim().to_owned();
            let open = Item::Open { text, line: line.number, within: AddrSet::ANY };
            self.objects.push(handle, open);
            self.build.unsupported(line.number, NOT_READ);
        }
    }

    fn plain_member(&mut self, line: Line<'a>) {
        match Cursor::new(line).next() {
            None | Some("description" | "description:" | "exit" | "quit" | "!") => {
                self.remark_line(line);
            }
            _ => self.unknown(line),
        }
    }

    fn other_member(&mut self, handle: Handle, line: Line<'a>, lost: &'static Message) {
        let mut words = Cursor::new(line);
        match words.next() {
            None | Some("description" | "exit") => return self.remark_line(line),
            Some("group-object") => {
                if let Some(name) = words.next() {
                    self.objects.push(handle, Item::Member { name, line: line.number });
                }
            }
            _ => {}
        }
        self.build.unsupported(line.number, lost);
    }
}

fn service_object<'a>(words: &mut Cursor<'a>, line: u32) -> Option<Item<'a>> {
    if words.eat("object") {
        return words.next().map(|name| Item::Member { name, line });
    }
    service(words).map(Item::Services)
}

/// `tcp [source OP] [destination OP]`, `icmp [type [code]]`, or a protocol.
fn service(words: &mut Cursor<'_>) -> Option<ServiceSet> {
    let protocol = words.next()?;
    service_of(protocol, words)
}

fn service_of(protocol: &str, words: &mut Cursor<'_>) -> Option<ServiceSet> {
    let protocols = value::protocols(protocol)?;
    if let [(one @ (ICMP | ICMPV6), _)] = protocols[..] {
        return icmp(one, words);
    }
    let source = if words.eat("source") { value::ports(words)? } else { RangeSet::full() };
    // On entry `destination` may be left out, also after a source.
    words.eat("destination");
    let destination = if value::has_ports(words) { value::ports(words)? } else { RangeSet::full() };
    words.peek().is_none_or(|w| w.starts_with('!')).then_some(())?;
    value::services(&protocols, &source, &destination)
}

fn icmp(protocol: u8, words: &mut Cursor<'_>) -> Option<ServiceSet> {
    let Some(kind) = words.next() else { return Some(ServiceBox::proto(protocol).into()) };
    let (kind, implied) = value::icmp(protocol, kind)?;
    let code = match words.next() {
        Some(code) => Some(code.parse().ok()?),
        None => implied,
    };
    Some(ServiceBox::icmp(protocol, kind, code).into())
}
