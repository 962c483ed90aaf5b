//! What the devices that were read do with packets from a sensor to a port.
//!
//! A packet from one zone to another passes a device that the one zone is directly behind, and one
//! that the other is directly behind. When every such device on either side stops it, it can't have
//! come through, whatever lies between. It gets there when every device that both zones are directly
//! behind lets it through, or, where there is none, every device at either end. All else is not known.

use portvakt_model::{Device, ZoneId};
use portvakt_space::{
    AddrSet, AtomSet, Budget, Class, FirstMatchList, ListedRule, Packet, StateSet, Traffic,
    difference,
};

use crate::audit::Audit;
use crate::flows::Flow;
use crate::lists::RuleKey;
use crate::query::{self, Link, Question, Verdict};

/// What stands between a sensor and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing: both are in one zone.
    SameZone,
    /// One of the zones is not known, or no device between them was read.
    Unknown,
    /// The devices at both ends let the packets through for certain, by these rules.
    Permitted(Vec<(u32, RuleKey)>),
    /// Whichever way they take, a device that was read stops them.
    Blocked(Vec<Stop>),
    /// Some devices let them through, or may; these are the rules.
    Unsure(Vec<(u32, RuleKey)>),
}

/// A device that stops packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its index.
    pub device: u32,
    /// The rule that stops them.
    pub rule: RuleKey,
    /// One of them.
    pub packet: Packet,
}

/// Most pairs of interfaces that a device is asked about for one port.
const MOST_PAIRS: usize = 64;

/// All flows, indexed.
pub(super) struct Ways<'b, 'a> {
    audit: &'b Audit<'a>,
    flows: FirstMatchList,
}

/// An end of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// The devices between two zones.
#[derive(Default)]
struct Between {
    /// Those that lead to both.
    all: Vec<u32>,
    /// Of those, the ones that packets come to first.
    first: Vec<u32>,
    /// And the ones that they come to last.
    last: Vec<u32>,
}

impl Between {
    /// The devices that packets are sure to pass where every gateway was read.
    fn nearest(&self) -> Vec<u32> {
        if self.first.is_empty() || self.last.is_empty() {
            return Vec::new();
        }
        let both: Vec<u32> =
            self.first.iter().copied().filter(|device| self.last.contains(device)).collect();
        if both.is_empty() { [self.first.as_slice(), &self.last].concat() } else { both }
    }
}

impl<'b, 'a> Ways<'b, 'a> {
    pub(super) fn new(audit: &'b Audit<'a>) -> Self {
        let flows = audit.flows().iter().map(|flow| std::slice::from_ref(&flow.traffic));
        let rules = flows.map(|flow| ListedRule::exact(Class::Permit, flow));
        Self { audit, flows: FirstMatchList::build(rules, Class::Deny) }
    }

    /// What becomes of `inside`, packets as they are behind translation; `wire` are the same before it.
    pub(super) fn of(&self, from: ZoneId, to: ZoneId, wire: &Traffic, inside: &Traffic) -> Way {
        if from == to {
            return Way::SameZone;
        }
        let between = self.between(from, to, inside);
        if between.all.is_empty() || self.is_of_a_device(inside) {
            return Way::Unknown;
        }
        let through = self.through(from, to, inside);
        let stops = |device: &u32| through.iter().all(|flow| flow.device != *device);
        let sides = [(End::First, &between.first), (End::Last, &between.last)];
        let shut = sides.into_iter().find(|(_, side)| !side.is_empty() && side.iter().all(stops));
        if let Some((end, side)) = shut {
            let stop = |device: &u32| self.stop(*device, end, (from, to), wire);
            let stops: Option<Vec<Stop>> = side.iter().map(stop).collect();
            return stops.map_or_else(|| Way::Unsure(rules(&through)), Way::Blocked);
        }
        let lets = |device: &u32| covers(&through, *device, inside);
        let nearest = between.nearest();
        if !nearest.is_empty() && nearest.iter().all(lets) {
            let own: Vec<&Flow> =
                through.into_iter().filter(|f| nearest.contains(&f.device)).collect();
            Way::Permitted(rules(&own))
        } else {
            Way::Unsure(rules(&through))
        }
    }

    /// The destinations to which some of `region` is let through for certain.
    pub(super) fn reached(&self, from: ZoneId, to: ZoneId, region: &Traffic) -> AddrSet {
        if from == to {
            return region.dst.clone();
        }
        let through = self.through(from, to, region);
        AddrSet::union_all(through.iter().filter(|flow| flow.certain).map(|flow| &flow.traffic.dst))
    }

    /// What is for a device itself is decided by more than its lists.
    fn is_of_a_device(&self, traffic: &Traffic) -> bool {
        let mut devices = 0..self.audit.devices.len() as u32;
        devices.any(|device| self.audit.own_addresses(device).overlaps(&traffic.dst))
    }

    fn between(&self, from: ZoneId, to: ZoneId, traffic: &Traffic) -> Between {
        let mut between = Between::default();
        for (device, _) in
            self.audit.devices().filter(|(device, _)| self.is_about(*device, traffic))
        {
            let zones = self.audit.zones_of_device(device);
            let (near, far) = (&zones[from.0 as usize], &zones[to.0 as usize]);
            if !near.is_known() || !far.is_known() {
                continue;
            }
            between.all.push(device);
            between.first.extend((!near.direct.is_empty()).then_some(device));
            between.last.extend((!far.direct.is_empty()).then_some(device));
        }
        between
    }

    /// Whether what was read of a device is about the packets' version of IP. One export of a host may hold
    /// its lists of IPv4 and another those of IPv6: the one says nothing of the other's packets.
    fn is_about(&self, device: u32, traffic: &Traffic) -> bool {
        let devices = &self.audit.devices;
        let lists = |device: &Device| {
            let families = || device.rulesets.iter().flat_map(|list| &list.families);
            families().any(|family| traffic.dst.has(*family))
        };
        let own = &devices[device as usize];
        let is_other_half = |other: &Device| other.name == own.name && lists(other);
        own.rulesets.is_empty() || lists(own) || !devices.iter().any(is_other_half)
    }

    fn through(&self, from: ZoneId, to: ZoneId, traffic: &Traffic) -> Vec<&'b Flow> {
        let anywhere = Traffic {
            iif: AtomSet::ANY,
            oif: AtomSet::ANY,
            state: StateSet::ANY,
            ..traffic.clone()
        };
        let met = self.flows.meeting(&anywhere, usize::MAX).into_iter();
        let flows = met.map(|index| &self.audit.flows()[index]);
        flows.filter(|flow| !flow.local && flow.from == from && flow.to == to).collect()
    }

    /// The rule by which a device stops all of `wire` between two zones, asked in another way than flows
    /// are found; `None` where that does not agree. At the end where it stands, packets pass the interfaces
    /// that the zone is directly behind.
    fn stop(
        &self,
        device: u32,
        end: End,
        (from, to): (ZoneId, ZoneId),
        wire: &Traffic,
    ) -> Option<Stop> {
        let all = &self.audit.zone_addresses()[to.0 as usize];
        let ins = self.links(device, from, &wire.src, end == End::First)?;
        let outs = self.links(device, to, all, end == End::Last)?;
        let pairs = ins.iter().flat_map(|i| outs.iter().map(move |o| (i, o)));
        let mut stop = None;
        for (iif, oif) in pairs.filter(|(i, o)| i != o || **i == Link::Any) {
            let traffic = Traffic { state: StateSet::NEW, ..wire.clone() };
            let question = Question { traffic, iif: iif.clone(), oif: oif.clone() };
            for part in query::device(self.audit, device, &question).ok()? {
                if part.verdict != Verdict::Denied {
                    return None;
                }
                let hop = part.hops.last()?;
                stop = stop.or(Some(Stop { device, rule: hop.rule, packet: hop.packet }));
            }
        }
        stop
    }

    /// The interfaces that lead to some addresses of a zone, by name; any, where one without a name may.
    fn links(
        &self,
        device: u32,
        zone: ZoneId,
        addresses: &AddrSet,
        direct: bool,
    ) -> Option<Vec<Link>> {
        let own = &self.audit.zone_addresses()[zone.0 as usize];
        let attachment = &self.audit.zones_of_device(device)[zone.0 as usize];
        let places = attachment.places(own, !direct);
        let near = places.iter().filter(|(part, _)| part.overlaps(addresses));
        let atoms = near.fold(AtomSet::none(), |all, (_, atoms)| all.union(atoms));
        if atoms.is_empty() {
            return None;
        }
        let interfaces = self.audit.devices[device as usize].interfaces.all();
        let known: AtomSet = (0..interfaces.len() as u32).collect();
        if !atoms.minus(&known).is_empty() {
            return Some(vec![Link::Any]);
        }
        let own = (0..).zip(interfaces).filter(|(atom, _)| atoms.contains(*atom));
        let names: Vec<Link> = own.map(|(_, i)| Link::Named(i.name.clone())).collect();
        (names.len() * names.len() <= MOST_PAIRS).then_some(names)
    }
}

/// Whether what a device is sure to let through holds all of `traffic`.
fn covers(flows: &[&Flow], device: u32, traffic: &Traffic) -> bool {
    let own = flows.iter().filter(|flow| flow.device == device && flow.certain);
    let parts: Vec<Traffic> = own
        .map(|flow| Traffic {
            iif: AtomSet::ANY,
            oif: AtomSet::ANY,
            state: StateSet::ANY,
            ..flow.traffic.clone()
        })
        .collect();
    !parts.is_empty()
        && difference(std::slice::from_ref(traffic), &parts, Budget::default()).is_empty()
}

/// The rule of each flow to look at, once.
fn rules(flows: &[&Flow]) -> Vec<(u32, RuleKey)> {
    let mut rules: Vec<(u32, RuleKey)> =
        flows.iter().filter_map(|flow| Some((flow.device, flow.rule()?))).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
