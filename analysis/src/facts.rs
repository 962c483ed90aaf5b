//! Facts computed when first asked for, and once.

use std::sync::OnceLock;

use portvakt_model::RulesetId;
use portvakt_space::{AddrSet, State, Traffic};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::anomalies::{self, Anomalies};
use crate::audit::Audit;
use crate::flows::{self, Flow};
use crate::lists::{IndexedList, Permit, RuleKey};
use crate::observed::{self, Observed};
use crate::openings::{self, Openings};
use crate::zones::{self, Attachment};

/// Caches of what follows from an audit's input.
#[derive(Default)]
pub struct Facts<'a> {
    addresses: OnceLock<Vec<AddrSet>>,
    own: OnceLock<Vec<AddrSet>>,
    attachments: OnceLock<Vec<Vec<Attachment>>>,
    lists: OnceLock<Vec<Vec<ListFacts<'a>>>>,
    flows: OnceLock<Vec<Flow>>,
    flows_by_rule: OnceLock<FxHashMap<(u32, RuleKey), Vec<u32>>>,
    openings: OnceLock<Openings>,
    anomalies: OnceLock<Vec<Vec<Anomalies>>>,
    places: OnceLock<Vec<Places>>,
    matched_exceptions: OnceLock<Vec<bool>>,
    observed: OnceLock<Observed<'a>>,
}

impl Facts<'_> {
    /// Which exceptions some finding is about; `None` until that is known.
    pub fn matched_exceptions(&self) -> Option<&[bool]> {
        self.matched_exceptions.get().map(Vec::as_slice)
    }

    /// Notes which exceptions some finding is about. The first call counts.
    pub fn set_matched_exceptions(&self, matched: Vec<bool>) {
        let _ = self.matched_exceptions.set(matched);
    }
}

/// Where the rules of a device stand in the lists that packets meet first: the list and the step.
type Places = FxHashMap<RuleKey, Vec<(RulesetId, usize)>>;

/// What is known of one list, each part computed when first asked for.
#[derive(Default)]
struct ListFacts<'a> {
    indexed: OnceLock<IndexedList<'a>>,
    permits: OnceLock<Vec<Permit>>,
}

impl<'a> Audit<'a> {
    /// Computes every fact, in an order in which no fact waits for itself.
    ///
    /// Facts are computed on all cores, and so are checks. A thread that waits for a part of a fact takes
    /// up other work meanwhile: if that were a check that asks for the same fact, neither would end. So
    /// whoever runs checks side by side calls this first.
    pub fn prepare(&self) {
        if self.devices.is_empty() {
            self.observed();
            return;
        }
        self.zones_of_device(0);
        self.own_addresses(0);
        self.list_facts();
        // Each list is asked for by one task only.
        (0..self.devices.len() as u32).into_par_iter().for_each(|d| self.prepare_lists(d));
        self.places();
        self.flows_by_rule();
        self.openings();
        self.anomalies(0);
        self.observed();
    }

    fn prepare_lists(&self, device: u32) {
        let model = &self.devices[device as usize];
        let called = anomalies::called(model);
        for (id, list) in (0..).map(RulesetId).zip(&model.rulesets) {
            if !list.hooks.is_empty() {
                self.permits(device, id);
            } else if !called.contains(&id) {
                self.indexed(device, id);
            }
        }
    }

    /// The addresses of each zone; the index is the zone's id.
    pub fn zone_addresses(&self) -> &[AddrSet] {
        self.facts.addresses.get_or_init(|| zones::addresses(self.site))
    }

    /// A device's own addresses.
    pub fn own_addresses(&self, device: u32) -> &AddrSet {
        let all =
            self.facts.own.get_or_init(|| self.devices.iter().map(flows::own_addresses).collect());
        &all[device as usize]
    }

    /// How each zone is attached to a device; the index is the zone's id.
    pub fn zones_of_device(&self, device: u32) -> &[Attachment] {
        let all = self.facts.attachments.get_or_init(|| {
            let addresses = self.zone_addresses();
            self.devices.iter().map(|d| zones::attachments(self.site, addresses, d)).collect()
        });
        &all[device as usize]
    }

    /// A list laid out and indexed.
    pub fn indexed(&self, device: u32, list: RulesetId) -> &IndexedList<'a> {
        let model = &self.devices[device as usize];
        let facts = &self.list_facts()[device as usize][list.0 as usize];
        facts.indexed.get_or_init(|| IndexedList::new(model, list, self.today))
    }

    /// Gives back the room of all lists laid out and indexed; one that is asked for again is made anew.
    pub fn forget_lists(&mut self) {
        self.facts.lists.take();
    }

    /// New connections that a list lets through, rule by rule.
    pub fn permits(&self, device: u32, list: RulesetId) -> &[Permit] {
        let facts = &self.list_facts()[device as usize][list.0 as usize];
        facts.permits.get_or_init(|| self.indexed(device, list).permits(&Traffic::ANY, State::New))
    }

    /// Room for what is known of each list; the indices are those of the device and of the list.
    fn list_facts(&self) -> &[Vec<ListFacts<'a>>] {
        self.facts.lists.get_or_init(|| {
            let empty = |d: &portvakt_model::Device| {
                d.rulesets.iter().map(|_| ListFacts::default()).collect()
            };
            self.devices.iter().map(empty).collect()
        })
    }

    /// What a rule matches of the packets that its list is given: less than it says where a chain is
    /// called for some only. One for each call; earlier rules are not taken off.
    pub fn met(&self, device: u32, rule: RuleKey) -> impl Iterator<Item = &Traffic> {
        let own = self.places()[device as usize].get(&rule).map_or(&[][..], Vec::as_slice);
        own.iter().map(move |(list, step)| self.indexed(device, *list).flat.steps.get(*step).most)
    }

    fn places(&self) -> &[Places] {
        self.facts.places.get_or_init(|| {
            (0..self.devices.len() as u32).into_par_iter().map(|d| self.places_on(d)).collect()
        })
    }

    fn places_on(&self, device: u32) -> Places {
        let mut places = Places::default();
        for (id, list) in (0..).map(RulesetId).zip(&self.devices[device as usize].rulesets) {
            if list.hooks.is_empty() {
                continue;
            }
            let indexed = self.indexed(device, id);
            for step in 0..indexed.flat.steps.len() {
                places.entry(indexed.rule(step)).or_default().push((id, step));
            }
        }
        places
    }

    /// All flows between zones, through every device and to hosts that only filter for themselves.
    pub fn flows(&self) -> &[Flow] {
        self.facts.flows.get_or_init(|| {
            let each = (0..self.devices.len() as u32).into_par_iter();
            each.flat_map_iter(|d| flows::through(self, d).into_iter().chain(flows::local(self, d)))
                .collect()
        })
    }

    /// The flows through a device that a rule lets through, alone or with others.
    pub fn flows_of(&self, device: u32, rule: RuleKey) -> impl Iterator<Item = &Flow> {
        let own = self.flows_by_rule().get(&(device, rule)).map_or(&[][..], Vec::as_slice);
        own.iter().map(|index| &self.flows()[*index as usize])
    }

    fn flows_by_rule(&self) -> &FxHashMap<(u32, RuleKey), Vec<u32>> {
        self.facts.flows_by_rule.get_or_init(|| {
            let mut by_rule: FxHashMap<(u32, RuleKey), Vec<u32>> = FxHashMap::default();
            for (index, flow) in (0..).zip(self.flows()) {
                for key in &flow.rules {
                    by_rule.entry((flow.device, *key)).or_default().push(index);
                }
            }
            by_rule
        })
    }

    /// The permits across borders that need a decision, compared with the register.
    pub fn openings(&self) -> &Openings {
        self.facts.openings.get_or_init(|| openings::compare(self))
    }

    /// What was seen on the network, beside what firewalls, register and assets say of it.
    pub fn observed(&self) -> &Observed<'a> {
        self.facts.observed.get_or_init(|| observed::join(self))
    }

    /// What can be said of the rules of each list that packets meet first; the indices are those of
    /// the device and of the list.
    pub fn anomalies(&self, device: u32) -> &[Anomalies] {
        let all = self.facts.anomalies.get_or_init(|| {
            (0..self.devices.len() as u32).into_par_iter().map(|d| anomalies::of(self, d)).collect()
        });
        &all[device as usize]
    }
}
