//! Whether a packet with a foreign source can come in by an interface.
//!
//! A packet that comes in passes several lists; it is let through when each of them does so. Where
//! all that is unknown is resolved so that they permit as much as they may and no packet with a foreign
//! source passes, the interface is certified. Where they permit as little as they may and one passes,
//! that packet refutes it. Only packets that open a connection are looked at.

use std::collections::BTreeSet;

use jiff::civil::Date;
use portvakt_model::{Device, Hook, NatKind, Reason, RulesetId};
use portvakt_space::{
    AddrSet, AtomSet, Bound, Budget, Class, Family, FirstMatchList, ListedRule, Packet, ServiceSet,
    StateSet, Traffic,
};

use crate::flatten::{FlatList, flatten_openings};
use crate::replay;

/// What is said of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No packet with a foreign source is let through.
    Certified,
    /// This one is.
    Refuted(Packet),
    /// One may be, where matches that are not modelled apply, or where the budget ran out.
    CannotTell {
        /// A packet that may be let through, when one was found.
        packet: Option<Packet>,
        /// What it hangs on.
        why: Vec<Reason>,
    },
}

/// An interface, and what is asked of it.
pub struct Question<'a> {
    /// The device.
    pub device: &'a Device,
    /// The interface; `u32::MAX` is one that no rule names.
    pub interface: u32,
    /// The addresses behind it. All others are foreign.
    pub networks: &'a AddrSet,
    /// The only lists that are asked; otherwise all that packets which come in and are forwarded pass.
    pub only: Option<&'a [RulesetId]>,
    /// The day whose schedules hold.
    pub today: Date,
}

/// Interfaces that the lists on the way in, or these alone, ask for by name or stand on, and that are
/// not among those that the operator stated.
pub fn unstated(
    device: &Device,
    only: Option<&[RulesetId]>,
    stated: &[String],
    today: Date,
) -> Vec<String> {
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let on_the_way = all.filter(|(_, list)| list.hooks.iter().any(is_way_in)).map(|(id, _)| id);
    let lists = only.map_or_else(|| on_the_way.collect(), <[RulesetId]>::to_vec);
    let mut atoms = BTreeSet::new();
    for list in lists {
        for hook in &device.rulesets[list.0 as usize].hooks {
            if let Hook::In(set) = hook {
                atoms.extend(named(set));
            }
        }
        for step in flatten_openings(device, list, today, &Traffic::ANY).steps.iter() {
            atoms.extend(named(&step.most.iif));
        }
    }
    let name = |atom: u32| device.interfaces.get(atom).map(|i| i.name.clone());
    let names = atoms.into_iter().filter_map(name);
    names.filter(|name| !name.ends_with(['+', '*']) && !stated.contains(name)).collect()
}

/// The interfaces that a set names, or leaves out by name.
fn named(interfaces: &AtomSet) -> Vec<u32> {
    let own = interfaces.ranges();
    let named = if own.contains(u32::MAX) { own.complement() } else { own };
    named.ranges().iter().flat_map(|&(lo, hi)| lo..=hi).collect()
}

fn is_way_in(hook: &Hook) -> bool {
    matches!(hook, Hook::Prerouting(_) | Hook::In(_) | Hook::Forward(_))
}

/// Judges an interface; `None` where no list of the device is on the way in.
pub fn judge(question: &Question<'_>) -> Option<Verdict> {
    let families = families(question.device, question.only);
    families.into_iter().map(|family| question.of_family(family)).reduce(worse)
}

/// The IP versions that some list on the way in, or one of these alone, sees. Of another nothing is said.
pub fn families(device: &Device, only: Option<&[RulesetId]>) -> Vec<Family> {
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let meant = |(id, list): &(RulesetId, &portvakt_model::Ruleset)| {
        only.map_or_else(|| list.hooks.iter().any(is_way_in), |only| only.contains(id))
    };
    let seen: Vec<&[Family]> =
        all.filter(meant).map(|(_, list)| list.families.as_slice()).collect();
    Family::BOTH.into_iter().filter(|f| seen.iter().any(|list| list.contains(f))).collect()
}

fn worse(a: Verdict, b: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Refuted(_) => 0,
        Verdict::CannotTell { .. } => 1,
        Verdict::Certified => 2,
    };
    if rank(&b) < rank(&a) { b } else { a }
}

/// Lists of a device that packets pass which come in by an interface and are forwarded, in the order
/// that they meet them.
pub fn way_in(device: &Device, interface: u32) -> Vec<RulesetId> {
    let place = |hook: &Hook| match hook {
        Hook::Prerouting(priority) => Some((0, *priority)),
        Hook::In(atoms) if atoms.contains(interface) => Some((1, 0)),
        Hook::Forward(priority) => Some((2, *priority)),
        _ => None,
    };
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let mut lists: Vec<((u8, i32), RulesetId)> = all
        .filter_map(|(id, list)| Some((list.hooks.iter().filter_map(place).min()?, id)))
        .collect();
    lists.sort_unstable();
    lists.into_iter().map(|(_, id)| id).collect()
}

impl<'a> Question<'a> {
    fn lists(&self) -> Vec<RulesetId> {
        self.only.map_or_else(|| way_in(self.device, self.interface), <[RulesetId]>::to_vec)
    }

    /// Packets with a foreign source that open a connection.
    fn foreign(&self, family: Family) -> Traffic {
        Traffic {
            src: self.networks.complement().only(family),
            iif: AtomSet::one(self.interface),
            state: StateSet::NEW,
            ..Traffic::all(family)
        }
    }

    fn of_family(&self, family: Family) -> Verdict {
        let foreign = self.foreign(family);
        if foreign.is_empty() {
            return Verdict::Certified;
        }
        let sees = |id: &RulesetId| self.device.rulesets[id.0 as usize].families.contains(&family);
        let lists = self.lists().into_iter().filter(sees);
        let mut flat: Vec<FlatList<'a>> =
            lists.map(|id| flatten_openings(self.device, id, self.today, &foreign)).collect();
        // Later lists see what is taken out of tracking in another state than is judged here.
        let before_last = flat.len().saturating_sub(1);
        let mut taken = flat[..before_last].iter().flat_map(|list| &list.untracking);
        if let Some(packet) = taken.find_map(|taken| taken.most.sample(family)) {
            return Verdict::CannotTell { packet: Some(packet), why: self.untracking_rules() };
        }
        flat.retain(may_deny);
        if let Some(packet) = self.passing(&flat, Bound::Least, &foreign).packet
            && self.is_let_through(&flat, &packet)
        {
            return Verdict::Refuted(packet);
        }
        let most = self.passing(&flat, Bound::Most, &foreign);
        if most.is_nothing() && flat.iter().all(|list| list.complete) {
            return Verdict::Certified;
        }
        let why = most.packet.iter().flat_map(|packet| self.reasons(&flat, packet)).collect();
        Verdict::CannotTell { packet: most.packet, why }
    }

    fn untracking_rules(&self) -> Vec<Reason> {
        let rules = self.device.rulesets.iter().flat_map(|list| &list.rules);
        let untracking = rules.filter(|rule| rule.note.as_ref().is_some_and(|note| note.untracks));
        let reason =
            |rule: &portvakt_model::Rule| Reason { what: "NOTRACK".into(), line: rule.line };
        untracking.map(reason).take(MOST_REASONS).collect()
    }

    fn is_let_through(&self, flat: &[FlatList<'_>], packet: &Packet) -> bool {
        flat.iter().all(|list| {
            replay::opening(self.device, list.root, packet, self.today).permitted == Some(true)
        })
    }

    /// Packets of `foreign` that every list lets through.
    fn passing(&self, flat: &[FlatList<'_>], toward: Bound, foreign: &Traffic) -> Found {
        let lists: Vec<Resolved> = flat.iter().map(|list| Resolved::new(list, toward)).collect();
        let mut search = Search { question: self, lists: &lists, toward, found: Found::default() };
        search.from(0, foreign);
        search.found
    }

    /// What is not modelled about the rules that a packet may meet.
    fn reasons(&self, flat: &[FlatList<'_>], packet: &Packet) -> Vec<Reason> {
        let mut why: Vec<Reason> = Vec::new();
        for step in flat.iter().flat_map(|list| list.steps.iter()) {
            let rules = &self.device.rulesets[step.ruleset.0 as usize].rules;
            let rule = step.rule.and_then(|index| rules.get(index as usize));
            let gap = rule.and_then(|rule| rule.gap.as_ref());
            if step.most.contains(packet) {
                why.extend(gap.into_iter().flat_map(|gap| gap.reasons.iter().cloned()));
            }
            if why.len() >= MOST_REASONS {
                break;
            }
        }
        why
    }

    /// Packets as later lists see them: the destination may have been translated in between.
    fn translated(&self, from: RulesetId, traffic: Traffic, toward: Bound) -> Vec<Traffic> {
        let before = self.device.rulesets[from.0 as usize].hooks.iter().any(is_before_translation);
        let changes = |kind| matches!(kind, NatKind::Destination | NatKind::Static);
        let rules = self.device.nat.iter().filter(|nat| nat.enabled && changes(nat.kind));
        let hit: Vec<_> = rules.filter(|nat| nat.matches.overlaps(&traffic)).collect();
        if !before || hit.is_empty() {
            return vec![traffic];
        }
        match toward {
            Bound::Most => {
                vec![Traffic { dst: AddrSet::ANY, service: ServiceSet::ANY, ..traffic }]
            }
            Bound::Least => hit.into_iter().fold(vec![traffic], |left, nat| {
                left.iter().flat_map(|part| part.minus(&nat.matches)).collect()
            }),
        }
    }
}

/// Most reasons that a verdict names.
const MOST_REASONS: usize = 4;

fn is_before_translation(hook: &Hook) -> bool {
    matches!(hook, Hook::Prerouting(priority) if *priority < DESTINATION_TRANSLATION)
}

/// Priority of netfilter's translation of destinations (`NF_IP_PRI_NAT_DST`).
const DESTINATION_TRANSLATION: i32 = -100;

/// Whether a list does more than let everything through.
fn may_deny(list: &FlatList<'_>) -> bool {
    !list.complete
        || list.steps.iter().any(|step| step.resolved(Bound::Least) != (true, Some(step.most)))
}

/// A list without unknowns.
struct Resolved {
    root: RulesetId,
    index: FirstMatchList,
    /// Places of the rules that let packets through, and what they match.
    permits: Vec<(usize, Traffic)>,
}

impl Resolved {
    fn new(list: &FlatList<'_>, toward: Bound) -> Self {
        let nothing: &[Traffic] = &[];
        let resolved = || list.steps.iter().map(|step| step.resolved(toward));
        let rules = resolved().map(|(permits, traffic)| {
            let class = if permits { Class::Permit } else { Class::Deny };
            ListedRule::exact(class, traffic.map_or(nothing, std::slice::from_ref))
        });
        let permits = resolved().enumerate();
        let permits = permits.filter_map(|(place, (permits, traffic))| {
            traffic.filter(|_| permits).map(|traffic| (place, traffic.clone()))
        });
        Self {
            root: list.root,
            index: FirstMatchList::build(rules, Class::Deny),
            permits: permits.collect(),
        }
    }
}

/// What a search found.
#[derive(Default)]
struct Found {
    /// A packet that passes.
    packet: Option<Packet>,
    /// Whether the budget ran out somewhere.
    unfinished: bool,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.packet.is_none() && !self.unfinished
    }
}

struct Search<'a> {
    question: &'a Question<'a>,
    lists: &'a [Resolved],
    toward: Bound,
    found: Found,
}

impl Search<'_> {
    /// Looks for a packet of `traffic` that passes the lists from `at` on.
    fn from(&mut self, at: usize, traffic: &Traffic) {
        let Some(list) = self.lists.get(at) else {
            self.found.packet = Family::BOTH.into_iter().find_map(|f| traffic.sample(f));
            return;
        };
        for (place, matches) in &list.permits {
            if self.found.packet.is_some() {
                return;
            }
            let region = matches.intersect(traffic);
            if !region.is_empty() {
                self.step(at, *place, &region);
            }
        }
    }

    fn step(&mut self, at: usize, place: usize, region: &Traffic) {
        let list = &self.lists[at];
        let decided = list.index.effective(place, region, Bound::Most, Budget::default());
        self.found.unfinished |= !decided.is_complete();
        for part in decided.parts {
            for part in self.question.translated(list.root, part, self.toward) {
                if self.found.packet.is_some() {
                    return;
                }
                self.from(at + 1, &part);
            }
        }
    }
}
