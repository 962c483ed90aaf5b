//! Objects and object groups: what they are called, what they hold, who uses them.
//!
//! Groups stay sets: each is resolved once, through its members, and shared by every rule that
//! names it.

use std::rc::Rc;

use portvakt_model::{Object, ObjectKind, Reason, Told, Undefined};
use portvakt_space::{AddrSet, ICMP, ICMPV6, RangeSet, ServiceBox, ServiceSet};
use rustc_hash::FxHashMap;

use super::reasons;
use super::value;

/// Deepest nesting of groups that is followed. ASA itself is far below it.
const MAX_DEPTH: u32 = 64;

/// Most reasons that a value carries along.
const MAX_REASONS: usize = 8;

/// Name spaces: the place of a name in a command tells which it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Space {
    Network,
    Service,
    Protocol,
    Icmp,
    /// Users, security groups, network services: named by rules, not modelled.
    Other,
}

/// What kind of thing a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Group,
}

/// A member of an object or group.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Addresses(AddrSet),
    Services(ServiceSet),
    Ports(RangeSet<u16>),
    Protocols(Vec<(u8, u8)>),
    /// ICMP type as written: it means different things for the two versions.
    Icmp(&'a str),
    /// Another object or group.
    Member {
        name: &'a str,
        line: u32,
    },
    /// Something whose content is not known; at most `within`.
    Open {
        text: String,
        line: u32,
        within: AddrSet,
    },
}

/// What a definition holds, members resolved.
#[derive(Clone, Debug)]
pub(super) struct Value<'a> {
    pub(super) addresses: AddrSet,
    pub(super) services: ServiceSet,
    pub(super) ports: RangeSet<u16>,
    /// Protocols of a protocol group, or those that a group of ports is for.
    pub(super) protocols: Vec<(u8, u8)>,
    pub(super) icmp: Vec<&'a str>,
    /// What it may hold besides, because some of it is not known.
    pub(super) open: AddrSet,
    /// Why some of it is not known; empty when all is.
    pub(super) reasons: Vec<Reason>,
}

impl Value<'_> {
    fn empty() -> Self {
        Self {
            addresses: AddrSet::NONE,
            services: ServiceSet::none(),
            ports: RangeSet::empty(),
            protocols: Vec::new(),
            icmp: Vec::new(),
            open: AddrSet::NONE,
            reasons: Vec::new(),
        }
    }

    fn because(&mut self, what: Told, line: u32) {
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(Reason { what, line });
        }
    }

    /// Whether all it holds is known.
    pub(super) fn is_exact(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The addresses it holds at most.
    pub(super) fn most(&self) -> AddrSet {
        self.addresses.union(&self.open)
    }
}

struct Definition<'a> {
    name: &'a str,
    space: Space,
    kind: Kind,
    line: u32,
    items: Vec<Item<'a>>,
    /// Protocols that stand on the head line (`object-group service X tcp-udp`).
    transport: Vec<(u8, u8)>,
    uses: u32,
    value: Option<Rc<Value<'a>>>,
    busy: bool,
}

/// Every definition of a configuration.
#[derive(Default)]
pub(super) struct Objects<'a> {
    list: Vec<Definition<'a>>,
    by_name: FxHashMap<(Space, &'a str), usize>,
    pub(super) undefined: Vec<Undefined>,
    /// Whether the text is a fragment: then a name may well be defined elsewhere.
    pub(super) fragment: bool,
}

/// Index of a definition.
#[derive(Clone, Copy)]
pub(super) struct Handle(usize);

impl<'a> Objects<'a> {
    /// The definition of that name, begun when it is not there yet.
    pub(super) fn define(&mut self, space: Space, kind: Kind, name: &'a str, line: u32) -> Handle {
        let next = self.list.len();
        let at = *self.by_name.entry((space, name)).or_insert(next);
        if at == next {
            let (items, transport) = (Vec::new(), Vec::new());
            self.list.push(Definition {
                name,
                space,
                kind,
                line,
                items,
                transport,
                uses: 0,
                value: None,
                busy: false,
            });
        }
        Handle(at)
    }

    /// Sets the protocols of the head line.
    pub(super) fn transport(&mut self, of: Handle, protocols: Vec<(u8, u8)>) {
        self.list[of.0].transport = protocols;
    }

    /// Adds a member.
    pub(super) fn push(&mut self, to: Handle, item: Item<'a>) {
        self.list[to.0].items.push(item);
    }

    pub(super) fn has(&self, space: Space, name: &str) -> bool {
        self.by_name.contains_key(&(space, name))
    }

    /// What `name` holds, counted as one use. A name that nothing defines may hold anything.
    pub(super) fn used(
        &mut self,
        space: Space,
        name: &'a str,
        line: u32,
        used_by: &str,
    ) -> Rc<Value<'a>> {
        if let Some(&at) = self.by_name.get(&(space, name)) {
            self.list[at].uses += 1;
            return self.resolve(at, 0);
        }
        if let Some(services) = predefined(name).filter(|_| space == Space::Service) {
            return Rc::new(Value { services, ..Value::empty() });
        }
        if !self.fragment {
            self.undefined.push(Undefined {
                name: name.to_owned(),
                kind: match space {
                    Space::Network => "address",
                    Space::Service | Space::Protocol | Space::Icmp => "service",
                    Space::Other => "object-group",
                },
                line,
                used_by: used_by.to_owned(),
            });
        }
        let mut value = Value { open: AddrSet::ANY, ..Value::empty() };
        value.because(Told::of(reasons::UNDEFINED, name), line);
        Rc::new(value)
    }

    /// Counts a use of whatever bears the name, by a command that is not modelled.
    pub(super) fn mention(&mut self, name: &str) {
        for space in [Space::Network, Space::Service, Space::Protocol, Space::Icmp, Space::Other] {
            if let Some(&at) = self.by_name.get(&(space, name)) {
                self.list[at].uses += 1;
            }
        }
    }

    /// The addresses of an object, not counted as a use: it is its own translation that asks.
    pub(super) fn peek_addresses(&mut self, name: &str) -> AddrSet {
        let at = self.by_name.get(&(Space::Network, name)).copied();
        at.map_or(AddrSet::ANY, |at| self.resolve(at, 0).most())
    }

    /// Resolves everything, so that members are counted as used whether rules name the group or not.
    pub(super) fn resolve_all(&mut self) {
        for at in 0..self.list.len() {
            self.resolve(at, 0);
        }
    }

    fn resolve(&mut self, at: usize, depth: u32) -> Rc<Value<'a>> {
        if let Some(value) = &self.list[at].value {
            return Rc::clone(value);
        }
        let (name, line, space) = (self.list[at].name, self.list[at].line, self.list[at].space);
        if self.list[at].busy || depth > MAX_DEPTH {
            let mut value = Value { open: AddrSet::ANY, ..Value::empty() };
            value.because(Told::of(reasons::ENDLESS, name), line);
            return Rc::new(value);
        }
        self.list[at].busy = true;
        let items = std::mem::take(&mut self.list[at].items);
        let mut sum = Sum::default();
        for item in &items {
            match item {
                Item::Member { name: member, line } => {
                    let value = self.member(space, member, *line, name, depth);
                    sum.absorb(&value);
                }
                item => sum.add(item),
            }
        }
        let mut value = sum.total();
        if !self.list[at].transport.is_empty() {
            value.protocols.clone_from(&self.list[at].transport);
        }
        let value = Rc::new(value);
        let slot = &mut self.list[at];
        slot.busy = false;
        slot.items = items;
        slot.value = Some(Rc::clone(&value));
        value
    }

    fn member(
        &mut self,
        space: Space,
        name: &'a str,
        line: u32,
        group: &str,
        depth: u32,
    ) -> Rc<Value<'a>> {
        match self.by_name.get(&(space, name)) {
            Some(&at) => {
                self.list[at].uses += 1;
                self.resolve(at, depth + 1)
            }
            None => self.used(space, name, line, &format!("object-group {group}")),
        }
    }

    /// Every definition as the model has it, in the order of the file.
    pub(super) fn finish(self) -> (Vec<Object>, Vec<Undefined>) {
        let objects = self.list.iter().map(|d| Object {
            name: d.name.to_owned(),
            kind: d.model_kind(),
            line: d.line,
            uses: d.uses,
            source: None,
            predefined: false,
        });
        (objects.collect(), self.undefined)
    }
}

impl Definition<'_> {
    fn model_kind(&self) -> ObjectKind {
        let exact = self.value.as_deref().filter(|v| v.is_exact());
        match (self.space, self.kind) {
            (Space::Network, Kind::Object) => {
                ObjectKind::Address(exact.map(|v| v.addresses.clone()))
            }
            (Space::Network, Kind::Group) => {
                ObjectKind::AddressGroup(exact.map(|v| v.addresses.clone()))
            }
            (Space::Service, Kind::Object) => {
                ObjectKind::Service(exact.map(|v| v.services.clone()))
            }
            (Space::Service | Space::Protocol | Space::Icmp, _) => {
                ObjectKind::ServiceGroup(exact.and_then(|v| v.as_services(self.space)))
            }
            (Space::Other, _) => ObjectKind::Other,
        }
    }
}

impl Value<'_> {
    /// The services of any kind of service group; `None` when they are too many boxes or a word is
    /// not known.
    fn as_services(&self, space: Space) -> Option<ServiceSet> {
        match space {
            Space::Icmp => icmp_services(ICMP, &self.icmp),
            Space::Protocol => Some(value::whole(&self.protocols)),
            _ => self.with_ports(),
        }
    }

    /// The services, and those to the ports of a group that is made for tcp, udp or both.
    pub(super) fn with_ports(&self) -> Option<ServiceSet> {
        let ports = value::services(&self.protocols, &RangeSet::full(), &self.ports)?;
        Some(self.services.union(&ports))
    }
}

/// The messages of ICMP types as written.
pub(super) fn icmp_services(protocol: u8, types: &[&str]) -> Option<ServiceSet> {
    let one = |text: &&str| {
        let (kind, code) = value::icmp(protocol, text)?;
        Some(ServiceBox::icmp(protocol, kind, code))
    };
    types.iter().map(one).collect::<Option<Vec<_>>>().map(ServiceSet::from_boxes)
}

/// Service objects that the system has without a definition: a protocol's name, `icmp-echo`,
/// `tcp-https`.
fn predefined(name: &str) -> Option<ServiceSet> {
    for (stem, protocol) in [("icmp-", ICMP), ("icmp6-", ICMPV6)] {
        if let Some(message) = name.strip_prefix(stem) {
            return icmp_services(protocol, &[message]);
        }
    }
    for stem in ["tcp-udp", "tcp", "udp"] {
        let port = name.strip_prefix(stem).and_then(|n| n.strip_prefix('-')).and_then(value::port);
        if let Some(port) = port {
            let protocols = value::protocols(stem)?;
            return value::services(&protocols, &RangeSet::full(), &RangeSet::one(port));
        }
    }
    value::protocols(name).map(|p| value::whole(&p))
}

/// Members of a definition, added up.
#[derive(Default)]
struct Sum<'a> {
    addresses: Vec<AddrSet>,
    services: Vec<ServiceBox>,
    ports: Vec<(u16, u16)>,
    protocols: Vec<(u8, u8)>,
    icmp: Vec<&'a str>,
    open: Vec<AddrSet>,
    reasons: Vec<Reason>,
}

impl<'a> Sum<'a> {
    fn add(&mut self, item: &Item<'a>) {
        match item {
            Item::Addresses(set) => self.addresses.push(set.clone()),
            Item::Services(set) => self.services.extend_from_slice(set.boxes()),
            Item::Ports(ranges) => self.ports.extend_from_slice(ranges.ranges()),
            Item::Protocols(list) => self.protocols.extend_from_slice(list),
            Item::Icmp(text) => self.icmp.push(text),
            Item::Open { text, line, within } => {
                self.open.push(within.clone());
                self.reasons.push(Reason { what: text.as_str().into(), line: *line });
            }
            Item::Member { .. } => {}
        }
    }

    fn absorb(&mut self, value: &Value<'a>) {
        self.addresses.push(value.addresses.clone());
        self.services.extend_from_slice(value.services.boxes());
        self.ports.extend_from_slice(value.ports.ranges());
        self.protocols.extend_from_slice(&value.protocols);
        self.icmp.extend_from_slice(&value.icmp);
        self.open.push(value.open.clone());
        self.reasons.extend_from_slice(&value.reasons);
    }

    fn total(mut self) -> Value<'a> {
        self.protocols.sort_unstable();
        self.protocols.dedup();
        self.icmp.sort_unstable();
        self.icmp.dedup();
        self.reasons.truncate(MAX_REASONS);
        Value {
            addresses: AddrSet::union_all(&self.addresses),
            services: ServiceSet::from_boxes(self.services),
            ports: RangeSet::from_ranges(self.ports),
            protocols: self.protocols,
            icmp: self.icmp,
            open: AddrSet::union_all(&self.open),
            reasons: self.reasons,
        }
    }
}
