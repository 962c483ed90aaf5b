//! A rule list as one sequence of steps: chains that it jumps to laid out in place.
//!
//! A rule of a called chain sees only what the calling rule matched. What a `RETURN` takes out of a
//! chain is subtracted from what the chain's later rules see; where that makes more than
//! [`MAX_REGIONS`] pieces the list is marked incomplete and whoever uses it cannot tell.

use std::borrow::Cow;

use jiff::civil::Date;
use portvakt_model::{Action, Device, Rule, RulesetId};
use portvakt_space::{AtomSet, Family, Traffic};

/// Most pieces that the region of a chain may fall into, and deepest nesting of calls.
pub const MAX_REGIONS: usize = 512;
const MAX_DEPTH: usize = 32;
/// Most steps that a list may have for each of its own rules.
const MAX_STEPS: usize = 4_000_000;

/// What a step does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decides {
    /// Lets it through.
    Permit,
    /// Drops it.
    Deny,
    /// One or the other: the target is not modelled.
    Unknown,
}

/// How far a step's match is known.
#[derive(Clone, Debug)]
pub enum Certain {
    /// It matches exactly what it matches at most.
    Exact,
    /// It matches for certain only this.
    Part(Box<Traffic>),
    /// It may match nothing.
    Nothing,
}

/// One step of a flattened list.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// What it matches at most.
    pub most: Cow<'a, Traffic>,
    /// How far that is certain.
    pub certain: Certain,
    /// What it does.
    pub decides: Decides,
    /// The list its rule stands in.
    pub ruleset: RulesetId,
    /// Index of the rule there; `None` for the default of a list.
    pub rule: Option<u32>,
}

impl Step<'_> {
    /// What it matches for certain.
    pub fn least(&self) -> Option<&Traffic> {
        match &self.certain {
            Certain::Exact => Some(&self.most),
            Certain::Part(part) => Some(part),
            Certain::Nothing => None,
        }
    }
}

/// Packets that a list takes out of connection tracking on their way through its steps.
#[derive(Clone, Debug)]
pub struct Untracking {
    /// The number of steps before it: what they decide does not get to it.
    pub before: usize,
    /// What it takes at most.
    pub most: Traffic,
    /// How far that is certain.
    pub certain: Certain,
}

/// A flattened list. The last step is the default.
#[derive(Clone, Debug)]
pub struct FlatList<'a> {
    /// The list that was flattened.
    pub root: RulesetId,
    /// First match decides.
    pub steps: Vec<Step<'a>>,
    /// What is taken out of tracking, in order.
    pub untracking: Vec<Untracking>,
    /// Whether the steps are all of it; otherwise a budget ran out.
    pub complete: bool,
}

/// Lays out the list `root` of `device` as it is in force on `today`.
pub fn flatten(device: &Device, root: RulesetId, today: Date) -> FlatList<'_> {
    let ruleset = &device.rulesets[root.0 as usize];
    let mut flat = Flatten {
        device,
        today,
        incoming: ruleset.knows_incoming(),
        outgoing: ruleset.knows_outgoing(),
        steps: Vec::new(),
        untracking: Vec::new(),
        complete: true,
    };
    let all = match ruleset.families[..] {
        [family] => Traffic::all(family),
        _ => Traffic::ANY,
    };
    flat.list(root, vec![Region { traffic: all, certain: true }], 0);
    let Flatten { steps, untracking, complete, .. } = flat;
    FlatList { root, steps, untracking, complete }
}

/// Packets that reach a place in a chain.
#[derive(Clone)]
struct Region {
    traffic: Traffic,
    certain: bool,
}

struct Flatten<'a> {
    device: &'a Device,
    today: Date,
    /// Whether the list can tell by which interfaces packets come in, and leave.
    incoming: bool,
    outgoing: bool,
    steps: Vec<Step<'a>>,
    untracking: Vec<Untracking>,
    complete: bool,
}

impl<'a> Flatten<'a> {
    /// A hooked list: its rules, then its default.
    fn list(&mut self, id: RulesetId, regions: Vec<Region>, depth: usize) {
        let left = self.chain(id, regions, depth, true);
        self.default(id, left, depth);
    }

    fn default(&mut self, id: RulesetId, left: Vec<Region>, depth: usize) {
        let default = &self.device.rulesets[id.0 as usize].default;
        match default.action {
            Action::Goto(next) | Action::Jump(next) if self.may_enter(next, depth) => {
                self.list(next, left, depth + 1);
            }
            action => {
                let decides = decides(action).unwrap_or(Decides::Unknown);
                for region in left {
                    self.push(region, None, decides, id, None);
                }
            }
        }
    }

    /// The rules of a chain for the packets of `regions`; returns what falls out at its end.
    fn chain(
        &mut self,
        id: RulesetId,
        mut regions: Vec<Region>,
        depth: usize,
        base: bool,
    ) -> Vec<Region> {
        let rules: &'a [Rule] = &self.device.rulesets[id.0 as usize].rules;
        let mut returned = Vec::new();
        for (index, rule) in (0..).zip(rules) {
            if !self.in_force(rule) {
                continue;
            }
            if rule.note.as_ref().is_some_and(|n| n.untracks) {
                for region in &regions {
                    self.untrack(region, rule);
                }
            }
            match rule.action {
                Action::Continue => {}
                Action::Return if base => {
                    // A return from a hooked list goes to its default.
                    let hit = self.taken(&regions, rule);
                    self.default(id, hit, depth);
                }
                Action::Return => {
                    returned.extend(self.taken(&regions, rule));
                    regions = self.without(regions, rule);
                }
                Action::Jump(next) if self.may_enter(next, depth) => {
                    self.chain_call(next, &regions, rule, depth);
                }
                Action::Goto(next) if self.may_enter(next, depth) => {
                    let out = self.chain(next, self.taken(&regions, rule), depth + 1, false);
                    if base {
                        self.default(id, out, depth);
                    } else {
                        returned.extend(out);
                        regions = self.without(regions, rule);
                    }
                }
                action => {
                    let decides = decides(action).unwrap_or(Decides::Unknown);
                    for region in &regions {
                        self.rule_step(region, rule, decides, id, index);
                    }
                }
            }
        }
        regions.extend(returned);
        regions
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
        let (iif, oif) = (blind(self.incoming, &traffic.iif), blind(self.outgoing, &traffic.oif));
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
        let matches = self.seen(&rule.matches);
        let hit = |r: &Region| Region {
            traffic: r.traffic.intersect(&matches),
            certain: r.certain && rule.gap.is_none(),
        };
        regions.iter().map(hit).filter(|r| !r.traffic.is_empty()).collect()
    }

    fn may_enter(&mut self, next: RulesetId, depth: usize) -> bool {
        let ok = depth < MAX_DEPTH && (next.0 as usize) < self.device.rulesets.len();
        self.complete &= ok;
        ok
    }

    fn in_force(&self, rule: &Rule) -> bool {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        let schedule = schedule.and_then(|i| self.device.schedules.get(i as usize));
        rule.enabled && schedule.is_none_or(|s| s.covers(self.today))
    }

    /// What of `regions` a returning rule leaves. Where its match is not exact it takes nothing.
    fn without(&mut self, regions: Vec<Region>, rule: &Rule) -> Vec<Region> {
        let matches = self.seen(&rule.matches);
        if rule.gap.is_some() {
            let unsure =
                |r: Region| Region { certain: r.certain && !r.traffic.overlaps(&matches), ..r };
            return regions.into_iter().map(unsure).collect();
        }
        let mut left = Vec::with_capacity(regions.len());
        for region in &regions {
            let pieces = region.traffic.minus(&matches).into_iter();
            left.extend(pieces.map(|traffic| Region { traffic, certain: region.certain }));
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
            let certain = self.certainty(region, rule, false);
            self.untracking.push(Untracking { before: self.steps.len(), most, certain });
        }
    }

    fn rule_step(
        &mut self,
        region: &Region,
        rule: &'a Rule,
        decides: Decides,
        id: RulesetId,
        index: u32,
    ) {
        let whole = region.traffic == Traffic::ANY
            || Family::BOTH
                .iter()
                .any(|f| region.traffic == Traffic::all(*f) && !rule.matches.has(other(*f)));
        let matches = self.seen(&rule.matches);
        let most = if whole { matches } else { Cow::Owned(matches.intersect(&region.traffic)) };
        if most.is_empty() && !whole {
            return;
        }
        let certain = self.certainty(region, rule, whole);
        self.limited(Step { most, certain, decides, ruleset: id, rule: Some(index) });
    }

    fn certainty(&self, region: &Region, rule: &Rule, whole: bool) -> Certain {
        if !region.certain || self.is_recurring(rule) {
            return Certain::Nothing;
        }
        match &rule.gap {
            None => Certain::Exact,
            Some(gap) => match &gap.least {
                None => Certain::Nothing,
                Some(least) if whole => Certain::Part(Box::new(self.seen(least).into_owned())),
                Some(least) => Certain::Part(Box::new(self.seen(least).intersect(&region.traffic))),
            },
        }
    }

    /// A rule that holds only at some hours matches nothing for certain.
    fn is_recurring(&self, rule: &Rule) -> bool {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        schedule.and_then(|i| self.device.schedules.get(i as usize)).is_some_and(|s| s.recurring)
    }

    fn push(
        &mut self,
        region: Region,
        part: Option<Traffic>,
        decides: Decides,
        id: RulesetId,
        rule: Option<u32>,
    ) {
        let certain = if region.certain { Certain::Exact } else { Certain::Nothing };
        let most = Cow::Owned(part.unwrap_or(region.traffic));
        self.limited(Step { most, certain, decides, ruleset: id, rule });
    }

    fn limited(&mut self, step: Step<'a>) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(step);
        } else {
            self.complete = false;
        }
    }
}

fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    }
}

fn decides(action: Action) -> Option<Decides> {
    match action {
        Action::Permit => Some(Decides::Permit),
        Action::Deny | Action::Reject => Some(Decides::Deny),
        Action::Unknown => Some(Decides::Unknown),
        Action::Jump(_) | Action::Goto(_) | Action::Return | Action::Continue => None,
    }
}
