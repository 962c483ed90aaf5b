//! Of the rules that take packets from an unreachable one and decide otherwise, the heaviest.

use portvakt_model::RulesetId;
use portvakt_space::{
    AtomSet, Bound, Budget, Family, PackedPacket, Packet, ServiceBox, State, Traffic, rounded,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Standing;
use crate::audit::Audit;
use crate::lists::{IndexedList, RuleKey};

/// Earlier rules with another outcome that are weighed for one rule.
const WEIGHED: usize = 64;
/// Rules tried, the heaviest first, for one that decides a packet of the rule.
const TRIED: usize = 8;
/// Interfaces that "any" counts for: weights only choose which rule is named.
const INTERFACES: f64 = 16.0;

/// For unreachable rules that some earlier rule contradicts: the one that has most of their packets,
/// among those that decide one of them, with such a packet.
pub struct Contraries(Vec<Contrary>);

/// A rule with what contradicts it.
type Contrary = (RuleKey, (RuleKey, PackedPacket));

impl Contraries {
    /// What contradicts a rule, and a packet that it takes.
    pub fn of(&self, rule: RuleKey) -> Option<(RuleKey, Packet)> {
        let (_, (other, packet)) = &self.0[find(&self.0, rule)?];
        Some((*other, packet.unpacked()))
    }
}

fn find(all: &[Contrary], rule: RuleKey) -> Option<usize> {
    all.binary_search_by_key(&rule, |(rule, _)| *rule).ok()
}

/// What contradicts the unreachable rules of a device.
pub fn contraries(audit: &Audit<'_>, device: u32) -> Contraries {
    let judged = (0..).map(RulesetId).zip(audit.anomalies(device));
    let lists = judged.filter(|(_, list)| !list.rules.is_empty());
    let mut all: Vec<Contrary> =
        lists.flat_map(|(id, list)| of_list(audit.indexed(device, id), &list.rules)).collect();
    all.sort_by_key(|(rule, _)| *rule);
    Contraries(all)
}

fn of_list(list: &IndexedList<'_>, judged: &[(RuleKey, Standing)]) -> Vec<Contrary> {
    let (mut known, mut settled) = (Vec::new(), Vec::new());
    for (key, standing) in judged {
        if let Standing::Unreachable { contrary: Some(contrary), .. } = standing {
            known.push((*key, (**contrary).clone()));
            // A rule that takes all has the most.
            settled.push(is_taken_by_one_contrary(standing));
        }
    }
    let open = |place: &usize| find(&known, list.rule(*place)).is_some_and(|at| !settled[at]);
    let steps = 0..list.flat.steps.len();
    let open: Vec<bool> = steps.into_par_iter().map(|place| open(&place)).collect();
    let order = list.index.tree_order();
    let places = order.into_par_iter().map(|place| place as usize).filter(|place| open[*place]);
    let heaviest: Vec<(f64, Contrary)> = places.filter_map(|place| heaviest(list, place)).collect();
    let mut weights: FxHashMap<RuleKey, f64> = FxHashMap::default();
    for (weight, (rule, contrary)) in heaviest {
        let heavier = weights.get(&rule).is_none_or(|known| *known < weight);
        if let Some(at) = find(&known, rule).filter(|_| heavier) {
            weights.insert(rule, weight);
            known[at].1 = contrary;
        }
    }
    known
}

/// Whether one rule takes all of another and decides otherwise.
fn is_taken_by_one_contrary(standing: &Standing) -> bool {
    match standing {
        Standing::Unreachable { blockers, contrary: Some(contrary), .. } => {
            blockers[..] == [contrary.0]
        }
        _ => false,
    }
}

/// The heaviest for the rule in one place: its weight, the rule, the other, and the packet.
fn heaviest(list: &IndexedList<'_>, place: usize) -> Option<(f64, Contrary)> {
    let own = list.flat.steps.get(place).most;
    let opposed = list.index.opposed(place, 0..place, WEIGHED);
    let weigh = |other: usize| (weight(&list.flat.steps.get(other).most.intersect(own)), other);
    let mut weighed: Vec<(f64, usize)> = opposed.into_iter().map(weigh).collect();
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let decided = |other: usize| shown(list, own, other).or_else(|| sought(list, own, other));
    weighed.into_iter().take(TRIED).find_map(|(weight, other)| {
        let packet = decided(other)?.into();
        Some((weight, (list.rule(place), (list.rule(other), packet))))
    })
}

/// A usual packet of both, if the earlier rule is sure to decide it.
fn shown(list: &IndexedList<'_>, own: &Traffic, other: usize) -> Option<Packet> {
    let shared = list.flat.steps.get(other).most.intersect(own);
    let decides = |packet: &Packet| {
        let first = |bound| list.index.first(packet, bound);
        first(Bound::Most) == Some(other) && first(Bound::Least) == Some(other)
    };
    Family::BOTH.into_iter().filter_map(|family| shared.sample(family)).find(decides)
}

/// A packet of both among all that the earlier rule is sure to decide.
fn sought(list: &IndexedList<'_>, own: &Traffic, other: usize) -> Option<Packet> {
    let budget = Budget { pieces: 200, visits: 10_000 };
    let parts = list.index.effective(other, own, Bound::Least, budget).parts;
    let all = parts.iter().flat_map(|part| Family::BOTH.map(|family| part.sample(family)));
    // A packet that starts a connection says most.
    all.flatten().min_by_key(|packet| packet.state != State::New)
}

/// A measure of a set of packets. Services that overlap count twice.
fn weight(traffic: &Traffic) -> f64 {
    let pairs =
        |family: Family| rounded(traffic.src.size(family)) * rounded(traffic.dst.size(family));
    let span = |(lo, hi): (u16, u16)| f64::from(hi - lo) + 1.0;
    let service =
        |b: &ServiceBox| (f64::from(b.proto.1 - b.proto.0) + 1.0) * span(b.sport) * span(b.dport);
    let atoms = |set: &AtomSet| {
        let count = |(lo, hi): &(u32, u32)| f64::from(hi - lo) + 1.0;
        set.ranges().ranges().iter().map(count).sum::<f64>().min(INTERFACES)
    };
    Family::BOTH.into_iter().map(pairs).sum::<f64>()
        * traffic.service.boxes().iter().map(service).sum::<f64>()
        * atoms(&traffic.iif)
        * atoms(&traffic.oif)
        * f64::from(traffic.state.iter().count() as u32)
}
