//! Which new connections pass from zone to zone, device by device, and by which rules.
//!
//! One device at a time: what its own lists let through between the zones attached to it. A packet
//! must be let through by a list on every hook it passes. What a list takes out of connection tracking
//! meets the later ones as UNTRACKED.

use portvakt_model::{Device, Hook, Interface, RulesetId, ZoneId, ZoneKind};
use portvakt_space::{
    AddrSet, AtomSet, Family, ICMPV6, ServiceBox, ServiceSet, State, StateSet, Traffic,
};

use crate::audit::Audit;
use crate::lists::{Permit, RuleKey};
use crate::zones::{Attachment, zones_of};

/// New connections from one zone to another that a device lets through.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Index of the device.
    pub device: u32,
    /// The zone they come from.
    pub from: ZoneId,
    /// The zone they go to; for the device itself, the zone it stands in.
    pub to: ZoneId,
    /// Whether they end at the device itself.
    pub local: bool,
    /// The rules that let them through, one for each list on the way; empty where there is no list.
    pub rules: Vec<RuleKey>,
    /// The packets, within the zones' addresses and interfaces.
    pub traffic: Traffic,
    /// Whether that is certain.
    pub certain: bool,
}

impl Flow {
    /// The rule to look at first: the most particular one, not a default where there is a choice.
    pub fn rule(&self) -> Option<RuleKey> {
        self.rules.iter().find(|r| r.rule.is_some()).or(self.rules.first()).copied()
    }
}

/// A way through a device: the interfaces it enters and leaves by, and the lists on it.
struct Way {
    iif: AtomSet,
    oif: AtomSet,
    lists: Vec<RulesetId>,
}

/// All flows through a device.
pub fn through(audit: &Audit<'_>, device: u32) -> Vec<Flow> {
    let facts = audit.zones_of_device(device);
    let ways = ways(&audit.devices[device as usize], facts);
    let mut flows = Vec::new();
    let model = &audit.devices[device as usize];
    let pairs = ways.iter().flat_map(|w| Family::BOTH.map(|f| (w, f)));
    for (way, family) in pairs.filter(|(w, f)| carries(model, w, *f)) {
        let region = Traffic {
            service: forwarded(family),
            iif: way.iif.clone(),
            oif: way.oif.clone(),
            state: StateSet::NEW,
            ..Traffic::all(family)
        };
        for passage in passages(audit, device, &way.lists, &region, family) {
            spread(audit, device, &passage, facts, &mut flows);
        }
    }
    flows
}

/// Whether packets of `family` come this way: some list of the device is about that version, and
/// the interface they enter by has an address of it, when it has addresses at all.
fn carries(device: &Device, way: &Way, family: Family) -> bool {
    let known = device.rulesets.is_empty() || is_filtered(device, family);
    let entered = match way.iif.ranges().ranges() {
        &[(lo, hi)] if lo == hi => device.interfaces.get(lo),
        _ => None,
    };
    let speaks = |i: &Interface| {
        i.addresses.is_empty() || i.addresses.iter().any(|p| Family::of(p.addr) == family)
    };
    known && entered.is_none_or(speaks)
}

/// Whether some list of the device is about that IP version.
fn is_filtered(device: &Device, family: Family) -> bool {
    device.rulesets.iter().any(|l| l.families.contains(&family))
}

/// The interfaces by which a host talks to itself.
fn loopback(device: &Device) -> AtomSet {
    ["lo", "lo0"].iter().filter_map(|name| device.interfaces.find(name)).collect()
}

/// Services that routers forward: not neighbour discovery, which stays on its link (RFC 4861 §11.2
/// asks for hop limit 255).
fn forwarded(family: Family) -> ServiceSet {
    match family {
        Family::V4 => ServiceSet::ANY,
        Family::V6 => {
            let discovery = (133..=137).map(|kind| ServiceBox::icmp(ICMPV6, kind, None));
            ServiceSet::from_boxes(discovery).complement()
        }
    }
}

/// Flows to the device itself, from each zone: not over its loopback, which no other machine reaches,
/// nor in an IP version that none of its lists sees (the export of the other filter says). The zone
/// they go to is each that the device has an interface in.
pub fn local(audit: &Audit<'_>, device: u32) -> Vec<Flow> {
    let model = &audit.devices[device as usize];
    let facts = audit.zones_of_device(device);
    let lists: Vec<RulesetId> =
        hooked(model, |h| matches!(h, Hook::Prerouting(_) | Hook::Local(_)));
    if lists.is_empty() {
        return Vec::new();
    }
    let own: AddrSet = own_addresses(model);
    let dst = if own.is_empty() { AddrSet::ANY } else { own };
    // An address of the device is the municipality's, whatever is behind the interface.
    let own = |id: &ZoneId| audit.site.zone(*id).kind != ZoneKind::Internet;
    let stands_in: Vec<ZoneId> = standing(facts).into_iter().filter(own).collect();
    let mut flows = Vec::new();
    let outside = loopback(model).complement();
    for family in Family::BOTH.into_iter().filter(|f| is_filtered(model, *f)) {
        let region = Traffic {
            dst: dst.only(family),
            service: forwarded(family),
            iif: outside.clone(),
            state: StateSet::NEW,
            ..Traffic::all(family)
        };
        for passage in passages(audit, device, &lists, &region, family) {
            for to in &stands_in {
                local_flows(audit, device, &passage, *to, &mut flows);
            }
        }
    }
    flows
}

/// New connections of `region` that reach the device itself by one interface.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The packets.
    pub traffic: Traffic,
    /// The last rule that lets them through; `None` where no list is in the way.
    pub rule: Option<RuleKey>,
    /// Whether that is certain.
    pub certain: bool,
}

/// What of `region` the lists let through to the device itself, when it comes in by interface `iif`.
pub fn to_device(audit: &Audit<'_>, device: u32, iif: u32, region: &Traffic) -> Vec<Arrival> {
    let model = &audit.devices[device as usize];
    let lists = hooked(model, |hook| match hook {
        Hook::In(atoms) => model.lists_guard_device && atoms.contains(iif),
        Hook::Prerouting(_) | Hook::Local(_) => true,
        _ => false,
    });
    let iif = AtomSet::one(iif);
    let region = Traffic { iif, state: StateSet::NEW, ..region.clone() };
    let arrival = |p: Passage| Arrival {
        traffic: p.traffic,
        rule: p.rules.last().copied(),
        certain: p.certain,
    };
    let of = |family| passages(audit, device, &lists, &region.only(family), family);
    Family::BOTH.into_iter().flat_map(of).map(arrival).collect()
}

/// The device's own addresses.
pub(crate) fn own_addresses(device: &Device) -> AddrSet {
    let all = device.interfaces.all().iter().flat_map(|i| &i.addresses);
    all.map(|p| AddrSet::host(p.addr)).collect()
}

/// The zones that a device has an interface in.
pub fn standing(attachments: &[Attachment]) -> Vec<ZoneId> {
    let here = |a: &Attachment| !a.direct.is_empty();
    (0..).map(ZoneId).zip(attachments).filter(|(_, a)| here(a)).map(|(id, _)| id).collect()
}

/// A packet comes in by an interface that leads to its zone, where that is known.
fn local_flows(
    audit: &Audit<'_>,
    device: u32,
    passage: &Passage,
    to: ZoneId,
    flows: &mut Vec<Flow>,
) {
    let addresses = audit.zone_addresses();
    let attachments = audit.zones_of_device(device);
    for (from, _) in audit.site.zone_ids().filter(|(from, _)| *from != to) {
        let near = attachments[from.0 as usize].places(&addresses[from.0 as usize], true);
        for (src, iif) in near {
            let traffic = Traffic {
                src: passage.traffic.src.intersect(&src),
                dst: passage.traffic.dst.intersect(&addresses[to.0 as usize]),
                iif: passage.traffic.iif.intersect(&iif),
                ..passage.traffic.clone()
            };
            if !traffic.is_empty() {
                let Passage { rules, certain, .. } = passage.clone();
                flows.push(Flow { device, from, to, local: true, rules, traffic, certain });
            }
        }
    }
}

/// The lists hooked where `test` says, in the order packets meet them.
pub fn hooked(device: &Device, test: impl Fn(&Hook) -> bool) -> Vec<RulesetId> {
    let mut found: Vec<((u8, i32), RulesetId)> = Vec::new();
    for (id, list) in (0..).map(RulesetId).zip(&device.rulesets) {
        found.extend(list.hooks.iter().filter(|h| test(h)).map(|h| (order(h), id)));
    }
    found.sort_unstable();
    found.dedup_by_key(|(_, id)| *id);
    found.into_iter().map(|(_, id)| id).collect()
}

const fn order(hook: &Hook) -> (u8, i32) {
    match hook {
        Hook::In(_) => (0, 0),
        Hook::Prerouting(p) => (1, *p),
        Hook::Forward(p) | Hook::Local(p) => (2, *p),
        Hook::Output(p) => (3, *p),
        Hook::Postrouting(p) => (4, *p),
        Hook::Out(_) => (5, 0),
    }
}

/// Ways through a device. Where lists hang on interfaces there is one for each pair of interfaces
/// with a zone; otherwise one way stands for all.
fn ways(device: &Device, zones: &[Attachment]) -> Vec<Way> {
    let middle = hooked(device, |h| {
        matches!(h, Hook::Prerouting(_) | Hook::Forward(_) | Hook::Postrouting(_))
    });
    let bound = |h: &Hook| matches!(h, Hook::In(_) | Hook::Out(_));
    let on_interfaces = device.rulesets.iter().any(|l| l.hooks.iter().any(bound));
    if !on_interfaces && !middle.is_empty() {
        return vec![Way { iif: AtomSet::ANY, oif: AtomSet::ANY, lists: middle }];
    }
    let atoms = attached(device, zones);
    let pairs = atoms.iter().flat_map(|i| atoms.iter().map(move |e| (*i, *e)));
    let vrf = |atom: u32| device.interfaces.get(atom).and_then(|i| i.vrf.as_deref());
    pairs
        .filter(|(i, e)| i != e && vrf(*i) == vrf(*e))
        .map(|(i, e)| way(device, i, e, &middle))
        .collect()
}

fn way(device: &Device, iif: u32, oif: u32, middle: &[RulesetId]) -> Way {
    let mut lists = hooked(device, |h| matches!(h, Hook::In(atoms) if atoms.contains(iif)));
    lists.extend_from_slice(middle);
    lists.extend(hooked(device, |h| matches!(h, Hook::Out(atoms) if atoms.contains(oif))));
    Way { iif: AtomSet::one(iif), oif: AtomSet::one(oif), lists }
}

/// Interfaces that some zone is attached to.
fn attached(device: &Device, zones: &[Attachment]) -> Vec<u32> {
    let leads =
        |atom: &u32| zones.iter().any(|z| z.direct.contains(*atom) || z.routed.contains(*atom));
    (0..device.interfaces.all().len() as u32).filter(leads).collect()
}

/// Packets that every list of a way lets through.
#[derive(Clone)]
struct Passage {
    rules: Vec<RuleKey>,
    traffic: Traffic,
    certain: bool,
}

/// Lists that see only the other IP version let packets of this one by.
fn passages(
    audit: &Audit<'_>,
    device: u32,
    lists: &[RulesetId],
    region: &Traffic,
    family: Family,
) -> Vec<Passage> {
    let mut found = vec![Passage { rules: Vec::new(), traffic: region.clone(), certain: true }];
    found.retain(|p| !p.traffic.is_empty());
    for list in lists.iter().filter(|id| audit.ruleset(device, **id).families.contains(&family)) {
        found = found.iter().flat_map(|p| through_list(audit, device, *list, p)).collect();
    }
    found
}

/// What of a passage a list lets through: as it came, or taken out of tracking.
fn through_list(
    audit: &Audit<'_>,
    device: u32,
    list: RulesetId,
    passage: &Passage,
) -> Vec<Passage> {
    if passage.traffic.state == StateSet::one(State::Untracked) {
        let permits = audit.indexed(device, list).permits(&passage.traffic, State::Untracked);
        return permits.iter().filter_map(|q| narrow(passage, q)).collect();
    }
    let permits = audit.permits(device, list);
    let untracked = audit.indexed(device, list).untracked(&passage.traffic);
    let passed = permits.iter().filter_map(|q| narrow(passage, q));
    passed.flat_map(|p| split(p, &untracked)).collect()
}

/// A passage as the parts of it that stay tracked and those that do not.
fn split(passage: Passage, untracked: &[(Traffic, bool)]) -> Vec<Passage> {
    if untracked.is_empty() {
        return vec![passage];
    }
    let part = |traffic, certain| Passage { traffic, certain, rules: passage.rules.clone() };
    let mut tracked = vec![passage.traffic.clone()];
    let mut found = Vec::new();
    for (taken, certain) in untracked {
        let both = passage.traffic.intersect(&Traffic { state: StateSet::ANY, ..taken.clone() });
        if both.is_empty() {
            continue;
        }
        tracked = tracked.iter().flat_map(|t| t.minus(&both)).collect();
        let certain = passage.certain && *certain;
        if !certain {
            found.push(part(both.clone(), false));
        }
        found.push(part(Traffic { state: StateSet::one(State::Untracked), ..both }, certain));
    }
    found.extend(tracked.into_iter().map(|t| part(t, passage.certain)));
    found
}

fn narrow(passage: &Passage, permit: &Permit) -> Option<Passage> {
    let traffic = passage.traffic.intersect(&permit.traffic);
    if traffic.is_empty() {
        return None;
    }
    let mut rules = passage.rules.clone();
    rules.push(permit.rule);
    Some(Passage { rules, traffic, certain: passage.certain && permit.certain })
}

/// Splits a passage by the zones it comes from and goes to.
fn spread(
    audit: &Audit<'_>,
    device: u32,
    passage: &Passage,
    zones: &[Attachment],
    out: &mut Vec<Flow>,
) {
    let addresses = audit.zone_addresses();
    // A router that has no list for what comes from behind a next hop leaves it to that one.
    let judges = audit.devices[device as usize].stateful || !passage.rules.is_empty();
    let side =
        |set: &AddrSet, atoms: &AtomSet, routed_too: bool| -> Vec<(ZoneId, AddrSet, AtomSet)> {
            let each = audit.site.zone_ids().flat_map(|(id, _)| {
                let places = zones[id.0 as usize].places(&addresses[id.0 as usize], routed_too);
                places.into_iter().map(move |(own, near)| (id, own, near))
            });
            let seen = each.map(|(id, own, near)| (id, set.intersect(&own), near.intersect(atoms)));
            seen.filter(|(_, part, near)| !part.is_empty() && !near.is_empty()).collect()
        };
    let sources = side(&passage.traffic.src, &passage.traffic.iif, judges);
    let targets = side(&passage.traffic.dst, &passage.traffic.oif, true);
    for (from, src, iif) in &sources {
        for (to, dst, oif) in targets.iter().filter(|(to, ..)| to != from) {
            if is_one(iif) && iif == oif {
                continue;
            }
            let traffic = Traffic {
                src: src.clone(),
                dst: dst.clone(),
                iif: iif.clone(),
                oif: oif.clone(),
                ..passage.traffic.clone()
            };
            if !traffic.is_empty() {
                let Passage { rules, certain, .. } = passage.clone();
                out.push(Flow {
                    device,
                    from: *from,
                    to: *to,
                    local: false,
                    rules,
                    traffic,
                    certain,
                });
            }
        }
    }
}

/// Whether the set is one interface: what comes in and leaves by the same one need not pass here.
fn is_one(atoms: &AtomSet) -> bool {
    matches!(atoms.ranges().ranges(), [(lo, hi)] if lo == hi)
}

/// The zones that `atom` of a device leads to directly.
pub fn zones_at(audit: &Audit<'_>, device: u32, atom: u32) -> Vec<ZoneId> {
    zones_of(atom, audit.zones_of_device(device))
}
