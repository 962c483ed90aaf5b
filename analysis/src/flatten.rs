//! A rule list as one sequence of steps: chains that it jumps to laid out in place.
//!
//! A rule of a called chain sees only what the calling rule matched. What a `RETURN` takes out of a
//! chain is subtracted from what the chain's later rules see; where that makes more than
//! [`MAX_REGIONS`] pieces the list is marked incomplete and whoever uses it cannot tell.

use std::borrow::Cow;

use jiff::civil::Date;
use portvakt_model::{Action, Device, Rule, RulesetId};
use portvakt_space::{AddrSet, AtomSet, Family, StateSet, Traffic};
use rustc_hash::FxHashMap;

use crate::steps::{Certain, Known, Match, Sees, Steps};

/// Most pieces that the region of a chain may fall into, and deepest nesting of calls.
pub const MAX_REGIONS: usize = 512;
const MAX_DEPTH: usize = 32;
/// Most steps that a list may have beside one for each rule of its device.
const MAX_STEPS: usize = 4_000_000;

/// Packets that a list takes out of connection tracking on their way through its steps.
#[derive(Clone, Debug)]
pub struct Untracking {
    /// The number of steps before it: what they decide does not get to it.
    pub before: usize,
    /// What it takes at most.
    pub most: Traffic,
    /// How far that is certain.
    pub(crate) known: Known,
}

impl Untracking {
    /// How far what it takes is certain.
    pub fn certain(&self) -> Certain<'_> {
        self.known.certain()
    }
}

/// A flattened list. The last step is the default.
#[derive(Clone, Debug)]
pub struct FlatList<'a> {
    /// The list that was flattened.
    pub root: RulesetId,
    /// First match decides.
    pub steps: Steps<'a>,
    /// What is taken out of tracking, in order.
    pub untracking: Vec<Untracking>,
    /// Whether the steps are all of it; otherwise a budget ran out.
    pub complete: bool,
}

/// Lays out the list `root` of `device` as it is in force on `today`.
pub fn flatten(device: &Device, root: RulesetId, today: Date) -> FlatList<'_> {
    laid_out(Flatten::new(device, root, today), root, None)
}

/// What the list `root` of `device` says, on `today`, of packets of `within` that open a connection:
/// rules that no bare SYN matches are left out where they ask for other TCP flags.
pub fn flatten_openings<'a>(
    device: &'a Device,
    root: RulesetId,
    today: Date,
    within: &Traffic,
) -> FlatList<'a> {
    let within = Traffic { state: within.state.intersect(StateSet::NEW), ..within.clone() };
    let flat = Flatten { openings: true, ..Flatten::new(device, root, today) };
    laid_out(flat, root, Some(&within))
}

fn laid_out<'a>(mut flat: Flatten<'a>, root: RulesetId, within: Option<&Traffic>) -> FlatList<'a> {
    let all = match flat.device.rulesets[root.0 as usize].families[..] {
        [family] => Traffic::all(family),
        _ => Traffic::ANY,
    };
    let traffic = within.map_or_else(|| all.clone(), |within| within.intersect(&all));
    flat.list(root, vec![Region { traffic, certain: true, bare_syn: false }], 0);
    let Flatten { steps, untracking, complete, .. } = flat;
    FlatList { root, steps, untracking, complete }
}

/// Packets that reach a place in a chain.
#[derive(Clone)]
struct Region {
    traffic: Traffic,
    certain: bool,
    /// Whether they are there for being a bare SYN, for which their state stands.
    bare_syn: bool,
}

impl Region {
    /// A part of it.
    fn part(&self, traffic: Traffic) -> Self {
        Self { traffic, certain: self.certain, bare_syn: self.bare_syn }
    }
}

struct Flatten<'a> {
    device: &'a Device,
    today: Date,
    /// Whether only packets that open a connection are meant.
    openings: bool,
    /// Whether the list can tell by which interfaces packets come in, and leave.
    tells: (bool, bool),
    steps: Steps<'a>,
    untracking: Vec<Untracking>,
    /// Whether all rules for some hours only are for the same.
    same_hours: bool,
    /// Most steps.
    most: usize,
    complete: bool,
}

impl<'a> Flatten<'a> {
    fn new(device: &'a Device, root: RulesetId, today: Date) -> Self {
        let ruleset = &device.rulesets[root.0 as usize];
        Self {
            device,
            today,
            openings: false,
            tells: (ruleset.knows_incoming(), ruleset.knows_outgoing()),
            steps: Steps::new(device, ruleset.rules.len() + 1),
            untracking: Vec::new(),
            same_hours: device.schedules.iter().filter(|schedule| schedule.recurring).count() == 1,
            most: MAX_STEPS + device.rulesets.iter().map(|list| list.rules.len()).sum::<usize>(),
            complete: true,
        }
    }

    /// A hooked list: its rules, then its default, which sees all that no rule decides.
    fn list(&mut self, id: RulesetId, regions: Vec<Region>, depth: usize) {
        self.chain(id, regions.clone(), depth, true);
        self.default(id, regions, depth);
    }

    fn default(&mut self, id: RulesetId, left: Vec<Region>, depth: usize) {
        let default = &self.device.rulesets[id.0 as usize].default;
        match default.action {
            Action::Goto(next) | Action::Jump(next) if self.may_enter(next, depth) => {
                self.list(next, left, depth + 1);
            }
            _ => {
                for Region { traffic, certain, bare_syn } in left {
                    let known = if certain { Known::Exact } else { Known::Nothing };
                    if self.has_room() {
                        let sees = Sees { bare_syn, perhaps: !certain, ..Sees::default() };
                        let own = Match::new(traffic, known).with(sees);
                        self.steps.push_default(id, own);
                    }
                }
            }
        }
    }

    /// The rules of a chain for the packets of `regions`.
    fn chain(&mut self, id: RulesetId, mut regions: Vec<Region>, depth: usize, base: bool) {
        let rules: &'a [Rule] = &self.device.rulesets[id.0 as usize].rules;
        let mut next_return = 0;
        for (index, rule) in (0..).zip(rules) {
            if !self.in_force(rule) || index < next_return {
                continue;
            }
            if rule.note.as_ref().is_some_and(|n| n.untracks) {
                for region in &regions {
                    self.untrack(region, rule);
                }
            }
            match rule.action {
                Action::Return if !base => {
                    let run = self.returns(&rules[index as usize..]);
                    next_return = index + run.len() as u32;
                    regions = self.without(regions, &as_one(run));
                    continue;
                }
                Action::Continue | Action::Return => {}
                Action::Jump(next) | Action::Goto(next) if self.may_enter(next, depth) => {
                    self.chain_call(next, &regions, rule, depth);
                }
                _ => {
                    for region in &regions {
                        self.rule_step(region, rule, id, index);
                    }
                    continue;
                }
            }
            match rule.action {
                // What leaves a hooked list goes to its default.
                Action::Return | Action::Goto(_) if base => {
                    self.default(id, self.taken(&regions, rule), depth);
                }
                Action::Goto(_) => regions = self.without(regions, rule),
                _ => {}
            }
        }
    }

    /// The returns that a chain begins with, as far as they differ in their sources alone.
    fn returns<'r>(&self, rules: &'r [Rule]) -> &'r [Rule] {
        let alike = |rule: &Rule| {
            let (first, other) = (&rules[0].matches, &rule.matches);
            rule.action == Action::Return
                && self.in_force(rule)
                && is_all_unknown(rule) == is_all_unknown(&rules[0])
                && (rule.gap.is_none() || is_all_unknown(rule))
                && *first == Traffic { src: first.src.clone(), ..other.clone() }
        };
        let others = rules[1..].iter().take_while(|rule| alike(rule)).count();
        &rules[..if alike(&rules[0]) { 1 + others } else { 1 }]
    }

    fn chain_call(&mut self, next: RulesetId, regions: &[Region], rule: &'a Rule, depth: usize) {
        let inside = self.taken(regions, rule);
        if !inside.is_empty() {
            self.chain(next, inside, depth + 1, false);
        }
    }

    /// What of `traffic` the list sees: where it cannot tell an interface, packets have one that no rule
    /// names.
    fn seen<'t>(&self, traffic: &'t Traffic) -> Cow<'t, Traffic> {
        let blind = |knows: bool, atoms: &AtomSet| !knows && !atoms.is_any();
        let (iif, oif) = (blind(self.tells.0, &traffic.iif), blind(self.tells.1, &traffic.oif));
        if !iif && !oif {
            return Cow::Borrowed(traffic);
        }
        let mut seen = traffic.clone();
        let either = |atoms: &AtomSet| {
            if atoms.contains(u32::MAX) { AtomSet::ANY } else { AtomSet::none() }
        };
        if iif {
            seen.iif = either(&traffic.iif);
        }
        if oif {
            seen.oif = either(&traffic.oif);
        }
        Cow::Owned(seen)
    }

    /// The part of `regions` that `rule` matches, at most.
    fn taken(&self, regions: &[Region], rule: &Rule) -> Vec<Region> {
        let sight = self.sight(rule);
        let met = regions.iter().filter(|region| sight.may_meet(&region.traffic));
        met.flat_map(|region| sight.hit(region)).collect()
    }

    fn sight<'r>(&self, rule: &'r Rule) -> Sight<'r> {
        Sight {
            most: self.seen(&rule.matches),
            least: rule.least().map(|least| self.seen(least)),
            exact: rule.gap.is_none(),
            bare_syn: rule.is_bare_syn(),
        }
    }

    fn may_enter(&mut self, next: RulesetId, depth: usize) -> bool {
        let ok = depth < MAX_DEPTH && (next.0 as usize) < self.device.rulesets.len();
        self.complete &= ok;
        ok
    }

    fn in_force(&self, rule: &Rule) -> bool {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        let schedule = schedule.and_then(|i| self.device.schedules.get(i as usize));
        rule.enabled
            && schedule.is_none_or(|s| s.covers(self.today))
            && (!self.openings || rule.sees_openings())
    }

    /// What of `regions` a returning rule leaves: what it is sure to match is gone, what it may match
    /// beside that is there perhaps.
    fn without(&mut self, regions: Vec<Region>, rule: &Rule) -> Vec<Region> {
        let sight = self.sight(rule);
        let mut left = Vec::with_capacity(regions.len());
        for region in &regions {
            let unknown = sight.least.is_none() && !region.certain;
            if !sight.may_meet(&region.traffic) || unknown {
                left.push(region.clone());
                continue;
            }
            let outside = region.traffic.minus(&sight.most).into_iter();
            left.extend(outside.map(|traffic| region.part(traffic)));
            left.extend(sight.perhaps(region));
        }
        if left.len() > regions.len() {
            left = merged(left);
        }
        if left.len() > MAX_REGIONS {
            self.complete = false;
            return regions.into_iter().map(|r| Region { certain: false, ..r }).collect();
        }
        left
    }

    fn untrack(&mut self, region: &Region, rule: &Rule) {
        let most = region.traffic.intersect(&self.seen(&rule.matches));
        if !most.is_empty() && self.untracking.len() < MAX_STEPS {
            let known = self.certainty(region, rule, false);
            self.untracking.push(Untracking { before: self.steps.len(), most, known });
        }
    }

    fn rule_step(&mut self, region: &Region, rule: &Rule, id: RulesetId, index: u32) {
        let whole = region.traffic == Traffic::ANY
            || Family::BOTH
                .iter()
                .any(|f| region.traffic == Traffic::all(*f) && !rule.matches.has(other(*f)));
        let sight = self.sight(rule);
        let own = match &sight.most {
            Cow::Borrowed(_) if whole => Match::whole(self.certainty(region, rule, whole)),
            Cow::Owned(most) if whole => {
                Some(Match::new(most.clone(), self.certainty(region, rule, whole)))
            }
            _ if !sight.may_meet(&region.traffic) => return,
            most => {
                let most = most.intersect(&region.traffic);
                if most.is_empty() {
                    return;
                }
                Some(Match::new(most, self.certainty(region, rule, whole)))
            }
        };
        if self.has_room() {
            let can_fail = rule.gap.as_ref().is_some_and(|gap| gap.avoidable)
                || self.same_hours && self.is_recurring(rule);
            let sees = Sees {
                avoidable: region.certain && can_fail,
                bare_syn: region.bare_syn || rule.is_bare_syn(),
                perhaps: !region.certain,
            };
            let own = own.or_else(|| sees.bare_syn.then_some(Match::SAID));
            self.steps.push_rule(id, index, own.map(|own| own.with(sees)));
        }
    }

    fn certainty(&self, region: &Region, rule: &Rule, whole: bool) -> Known {
        if !region.certain || self.is_recurring(rule) {
            return Known::Nothing;
        }
        match &rule.gap {
            None => Known::Exact,
            Some(gap) => match &gap.least {
                None => Known::Nothing,
                Some(least) if whole => Known::Part(self.seen(least).into_owned()),
                Some(least) => Known::Part(self.seen(least).intersect(&region.traffic)),
            },
        }
    }

    /// A rule that holds only at some hours matches nothing for certain.
    fn is_recurring(&self, rule: &Rule) -> bool {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        schedule.and_then(|i| self.device.schedules.get(i as usize)).is_some_and(|s| s.recurring)
    }

    /// Whether one more step may be added; the list is not whole where none may.
    fn has_room(&mut self) -> bool {
        let room = self.steps.len() < self.most;
        self.complete &= room;
        room
    }
}

fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    }
}

/// Whether nothing of a rule's match is certain.
fn is_all_unknown(rule: &Rule) -> bool {
    rule.gap.as_ref().is_some_and(|gap| gap.least.is_none())
}

/// Rules that differ in their sources alone as one.
fn as_one(rules: &[Rule]) -> Cow<'_, Rule> {
    if let [one] = rules {
        return Cow::Borrowed(one);
    }
    let mut whole = rules[0].clone();
    whole.matches.src = AddrSet::union_all(rules.iter().map(|rule| &rule.matches.src));
    Cow::Owned(whole)
}

/// What a rule matches as its list can see it.
struct Sight<'r> {
    most: Cow<'r, Traffic>,
    /// What it matches for certain; `None` is nothing.
    least: Option<Cow<'r, Traffic>>,
    exact: bool,
    bare_syn: bool,
}

impl Sight<'_> {
    /// The part of a region that the rule matches: for certain, and perhaps.
    fn hit(&self, region: &Region) -> Vec<Region> {
        let mut parts = self.perhaps(region);
        if let Some(least) = &self.least {
            let traffic = region.traffic.intersect(least);
            if !traffic.is_empty() {
                let bare_syn = region.bare_syn || self.bare_syn;
                parts.push(Region { bare_syn, ..region.part(traffic) });
            }
        }
        parts
    }

    /// The part of a region that the rule may match and is not sure to.
    fn perhaps(&self, region: &Region) -> Vec<Region> {
        if self.exact {
            return Vec::new();
        }
        let most = region.traffic.intersect(&self.most);
        let parts = match &self.least {
            Some(least) => most.minus(least),
            None if most.is_empty() => Vec::new(),
            None => vec![most],
        };
        let part = |traffic| Region { certain: false, ..region.part(traffic) };
        parts.into_iter().map(part).collect()
    }

    /// Whether the rule may match some of `traffic`; a quick look that answers most "no".
    fn may_meet(&self, traffic: &Traffic) -> bool {
        !traffic.state.intersect(self.most.state).is_empty()
            && traffic.service.overlaps(&self.most.service)
            && traffic.src.overlaps(&self.most.src)
            && traffic.dst.overlaps(&self.most.dst)
    }
}

/// Disjoint regions that differ in their sources alone, or their destinations alone, as one.
fn merged(regions: Vec<Region>) -> Vec<Region> {
    let by_source = unite(regions, |t| &mut t.src);
    unite(by_source, |t| &mut t.dst)
}

/// Regions that differ in one set of addresses alone as one.
fn unite(regions: Vec<Region>, field: fn(&mut Traffic) -> &mut AddrSet) -> Vec<Region> {
    let mut places: FxHashMap<(Traffic, bool, bool), usize> = FxHashMap::default();
    let mut parts: Vec<(Region, Vec<AddrSet>)> = Vec::new();
    for mut region in regions {
        let addresses = std::mem::take(field(&mut region.traffic));
        let alike = (region.traffic.clone(), region.certain, region.bare_syn);
        let place = *places.entry(alike).or_insert_with(|| {
            parts.push((region, Vec::new()));
            parts.len() - 1
        });
        parts[place].1.push(addresses);
    }
    let whole = |(mut region, addresses): (Region, Vec<AddrSet>)| {
        *field(&mut region.traffic) = AddrSet::union_all(&addresses);
        region
    };
    parts.into_iter().map(whole).collect()
}
