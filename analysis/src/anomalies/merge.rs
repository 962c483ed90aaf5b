//! Neighbours that one rule could replace.

use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use portvakt_model::{Action, Device, Rule, RulesetId};
use portvakt_space::Traffic;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::by_rule::{ByRule, Kind, kinds};
use crate::audit::Audit;
use crate::lists::{IndexedList, RuleKey};

/// Rules of one list that could be one: they do the same, differ in one field only, and no rule
/// between them matches a packet of theirs.
#[derive(Clone, Debug)]
pub struct Mergeable {
    /// The list that they stand in.
    pub ruleset: RulesetId,
    /// Their indices there, in order.
    pub rules: Box<[u32]>,
    /// The field in which they differ.
    pub field: Field,
}

impl Mergeable {
    /// The rules, in order.
    pub fn keys(&self) -> impl Iterator<Item = RuleKey> {
        self.rules.iter().map(|rule| RuleKey { ruleset: self.ruleset, rule: Some(*rule) })
    }

    /// What the one rule would match, on the device that the rules stand on.
    pub fn union(&self, device: &Device) -> Traffic {
        let rules = &device.rulesets[self.ruleset.0 as usize].rules;
        let mut all = self.rules.iter().map(|rule| &rules[*rule as usize].matches);
        let first = all.next().cloned().unwrap_or(Traffic::ANY);
        all.fold(first, |union, other| self.field.joined(&union, other))
    }
}

/// A field of a rule's match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Destination addresses.
    Destination,
    /// Source addresses.
    Source,
    /// Services.
    Service,
    /// Interfaces that packets come in by.
    In,
    /// Interfaces that packets leave by.
    Out,
    /// Connection states.
    State,
}

impl Field {
    /// Whether a rule needs no group for what it says in the field: it is one range.
    pub fn is_one_range(self, traffic: &Traffic) -> bool {
        match self {
            Self::Destination => traffic.dst.ranges().len() == 1,
            Self::Source => traffic.src.ranges().len() == 1,
            Self::Service => traffic.service.boxes().len() == 1,
            Self::In | Self::Out | Self::State => true,
        }
    }

    /// All fields, in the order in which rules are compared.
    const ALL: [Self; 6] =
        [Self::Destination, Self::Source, Self::Service, Self::In, Self::Out, Self::State];

    /// `all` with this field of both.
    fn joined(self, all: &Traffic, other: &Traffic) -> Traffic {
        let mut both = all.clone();
        match self {
            Self::Destination => both.dst = all.dst.union(&other.dst),
            Self::Source => both.src = all.src.union(&other.src),
            Self::Service => both.service = all.service.union(&other.service),
            Self::In => both.iif = all.iif.union(&other.iif),
            Self::Out => both.oif = all.oif.union(&other.oif),
            Self::State => both.state = all.state.union(other.state),
        }
        both
    }

    fn is_equal(self, a: &Traffic, b: &Traffic) -> bool {
        match self {
            Self::Destination => a.dst == b.dst,
            Self::Source => a.src == b.src,
            Self::Service => a.service == b.service,
            Self::In => a.iif == b.iif,
            Self::Out => a.oif == b.oif,
            Self::State => a.state == b.state,
        }
    }

    /// Whether `a` and `b` have all other fields in common.
    fn is_only_difference(self, a: &Traffic, b: &Traffic) -> bool {
        Self::ALL.into_iter().filter(|field| *field != self).all(|field| field.is_equal(a, b))
    }

    fn hash(self, traffic: &Traffic) -> u64 {
        let state = FxBuildHasher;
        let mixed = |value: u64| value.rotate_left(7 * self as u32).wrapping_mul(ODD);
        mixed(match self {
            Self::Destination => state.hash_one(&traffic.dst),
            Self::Source => state.hash_one(&traffic.src),
            Self::Service => state.hash_one(&traffic.service),
            Self::In => state.hash_one(&traffic.iif),
            Self::Out => state.hash_one(&traffic.oif),
            Self::State => state.hash_one(traffic.state),
        })
    }
}

/// The golden ratio's bits, which spread (Knuth, The Art of Computer Programming 6.4).
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
/// Most rules that are told to be one.
const MOST_RULES: usize = 64;

/// Rules of a device that could be one, list by list. Each rule is named once at most.
pub fn mergeable(audit: &Audit<'_>, device: u32) -> Vec<Mergeable> {
    let model = &audit.devices[device as usize];
    let judged = audit.anomalies(device);
    let kinds = kinds(model, judged);
    let lists = (0..).map(RulesetId).zip(judged);
    let roots: Vec<RulesetId> =
        lists.filter(|(_, list)| !list.rules.is_empty()).map(|(id, _)| id).collect();
    let ids = (0..model.rulesets.len() as u32).map(RulesetId);
    let of = |id: RulesetId| {
        let index = roots.contains(&id).then(|| audit.indexed(device, id));
        Neighbours::new(model, id, &kinds, index).runs()
    };
    ids.flat_map(of).collect()
}

/// One list, looked through for neighbours.
struct Neighbours<'a> {
    rules: &'a [Rule],
    id: RulesetId,
    /// Rules that may be merged, in order.
    plain: Vec<u32>,
    /// Rules that do anything but decide: nothing is moved past them.
    fixed: Vec<u32>,
    /// Fields in which some of them differ.
    varies: [bool; 6],
    /// The list as packets meet it.
    places: Option<Places<'a>>,
}

/// Where rules stand in a list as packets meet it.
struct Places<'a> {
    list: &'a IndexedList<'a>,
    /// The place of each rule, if it stands in one.
    of: Vec<u32>,
    /// For each place its turn where neighbours in space follow each other.
    turns: Vec<u32>,
}

impl<'a> Neighbours<'a> {
    fn new(
        device: &'a Device,
        id: RulesetId,
        kinds: &ByRule<Kind>,
        index: Option<&'a IndexedList<'a>>,
    ) -> Self {
        let rules: &[Rule] = &device.rulesets[id.0 as usize].rules;
        let key = |number| RuleKey { ruleset: id, rule: Some(number) };
        let of_kind = |wanted: fn(&Rule, Kind) -> bool| -> Vec<u32> {
            let enabled = (0..rules.len() as u32).into_par_iter();
            let enabled = enabled.filter(|number| rules[*number as usize].enabled);
            let kind = |number: u32| kinds.get(key(number));
            enabled.filter(|number| wanted(&rules[*number as usize], kind(*number))).collect()
        };
        let fixed = of_kind(|rule, _| !is_deciding(rule.action));
        let plain = of_kind(|rule, kind| {
            kind == Kind::Live && is_deciding(rule.action) && rule.line > 0 && rule.gap.is_none()
        });
        let places = index.map(|list| Places::new(list, id, rules.len()));
        let of = |number: &u32| &rules[*number as usize].matches;
        let differ =
            |field: Field| plain.par_windows(2).any(|w| !field.is_equal(of(&w[0]), of(&w[1])));
        let varies = Field::ALL.map(differ);
        Self { rules, id, plain, fixed, varies, places }
    }

    fn runs(&self) -> Vec<Mergeable> {
        let mut taken = vec![false; self.rules.len()];
        let runs = Field::ALL.into_iter().flat_map(|field| self.runs_in(field, &mut taken));
        let mut runs: Vec<Mergeable> = runs.collect();
        runs.sort_by_key(|run| run.rules[0]);
        runs
    }

    /// The runs of rules that differ in `field` only.
    fn runs_in(&self, field: Field, taken: &mut [bool]) -> Vec<Mergeable> {
        if !self.varies[field as usize] {
            return Vec::new();
        }
        let free = (0..self.plain.len() as u32).into_par_iter();
        let free = free.filter(|at| !taken[self.plain[*at as usize] as usize]);
        let mut keyed: Vec<(u64, u32)> =
            free.map(|at| (self.key(at as usize, field), self.plain[at as usize])).collect();
        keyed.par_sort_unstable();
        let mut alike: Vec<&[(u64, u32)]> =
            keyed.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1).collect();
        if let Some(places) = &self.places {
            alike.par_sort_by_key(|alike| places.near(alike[0].1));
        }
        let found = alike.into_par_iter().flat_map_iter(|alike| self.runs_of(alike, field));
        let found: Vec<Mergeable> = found.collect();
        for number in found.iter().flat_map(|one| &one.rules) {
            taken[*number as usize] = true;
        }
        found
    }

    /// The runs among rules that have all other fields in common.
    fn runs_of(&self, alike: &[(u64, u32)], field: Field) -> Vec<Mergeable> {
        let (mut found, mut run) = (Vec::new(), vec![alike[0].1]);
        for (_, number) in &alike[1..] {
            if self.may_join(&run, *number, field) {
                run.push(*number);
            } else {
                found.extend(self.merged(std::mem::replace(&mut run, vec![*number]), field));
            }
        }
        found.extend(self.merged(run, field));
        found
    }

    /// One rule for several.
    fn merged(&self, run: Vec<u32>, field: Field) -> Option<Mergeable> {
        (run.len() > 1).then(|| Mergeable { ruleset: self.id, rules: run.into(), field })
    }

    /// What two rules must have in common to differ in `field` only.
    fn key(&self, at: usize, field: Field) -> u64 {
        let rule = &self.rules[self.plain[at] as usize];
        let others = Field::ALL.into_iter().filter(|other| *other != field);
        let fields = others.map(|other| other.hash(&rule.matches)).fold(0, u64::wrapping_add);
        let stretch = self.fixed.partition_point(|fixed| *fixed < self.plain[at]);
        FxBuildHasher.hash_one((fields, rule.action, rule.logging, stretch))
    }

    /// Whether a rule may move up to the run's first: it does the same, and matches no packet of the
    /// rules between.
    fn may_join(&self, run: &[u32], number: u32, field: Field) -> bool {
        let (first, rule) = (&self.rules[run[0] as usize], &self.rules[number as usize]);
        run.len() < MOST_RULES
            && is_treated_alike(first, rule)
            && first.line != rule.line
            && field.is_only_difference(&first.matches, &rule.matches)
            && self.passes_others(run, number)
    }

    fn passes_others(&self, run: &[u32], number: u32) -> bool {
        let own = |rule: &u32| run.contains(rule);
        let mut others = (run[0] + 1..number).filter(|n| self.rules[*n as usize].enabled);
        if run.len() as u32 == number - run[0] || others.all(|n| own(&n)) {
            return true;
        }
        let Some(places) = &self.places else { return false };
        let (Some(from), Some(to)) = (places.of(run[0]), places.of(number)) else { return false };
        let among: Range<usize> = from + 1..to;
        let met = places.list.index.overlapping(to, among, run.len());
        let of_run = |place: &usize| {
            let RuleKey { ruleset, rule } = places.list.rule(*place);
            ruleset == self.id && rule.is_some_and(|rule| own(&rule))
        };
        met.len() < run.len() && met.iter().all(of_run)
    }
}

/// Stands for the place of a rule that has none among the steps, or several.
const NOWHERE: u32 = u32::MAX;

impl<'a> Places<'a> {
    /// The places of the rules of one list, of which there are so many.
    fn new(list: &'a IndexedList<'a>, id: RulesetId, rules: usize) -> Self {
        let (mut of, mut twice) = (vec![NOWHERE; rules], Vec::new());
        let own = (0..).zip(list.flat.steps.rules()).filter(|(_, key)| key.ruleset == id);
        for (place, key) in own {
            if let Some(rule) = key.rule
                && std::mem::replace(&mut of[rule as usize], place) != NOWHERE
            {
                twice.push(rule);
            }
        }
        for rule in twice {
            of[rule as usize] = NOWHERE;
        }
        let mut turns = vec![0; list.flat.steps.len()];
        for (turn, place) in (0..).zip(list.index.tree_order()) {
            turns[place as usize] = turn;
        }
        Self { list, of, turns }
    }

    /// The one place of a rule.
    fn of(&self, rule: u32) -> Option<usize> {
        Some(self.of[rule as usize]).filter(|place| *place != NOWHERE).map(|place| place as usize)
    }

    /// Its turn; all rules without a place have the same.
    fn near(&self, rule: u32) -> u32 {
        self.of(rule).map_or(0, |place| self.turns[place])
    }
}

fn is_deciding(action: Action) -> bool {
    action == Action::Permit || action.is_deny()
}

/// Whether the same outcome comes with the same logging, hours, inspection and translation.
fn is_treated_alike(a: &Rule, b: &Rule) -> bool {
    let extras = |rule: &Rule| {
        rule.note.as_ref().map(|n| (n.schedule, n.inspection, n.nat.clone())).unwrap_or_default()
    };
    a.action == b.action && a.logging == b.logging && extras(a) == extras(b)
}
