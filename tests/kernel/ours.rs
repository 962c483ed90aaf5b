//! What we say of a packet: by the engine's index of the laid out lists, and by the interpreter that
//! walks the rules as they were parsed.

use jiff::civil::Date;
use portvakt_analysis::flows::hooked;
use portvakt_analysis::lists::IndexedList;
use portvakt_analysis::steps::Decides;
use portvakt_analysis::{RuleKey, replay, tracking};
use portvakt_model::{Device, Hook, RulesetId};
use portvakt_space::{Bound, Packet, State, StateSet, Traffic};

use crate::lab::Way;

const TODAY: Date = jiff::civil::date(2026, 11, 20);

/// A verdict; `None` where a match on the way is not modelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opinion {
    pub(crate) passes: Option<bool>,
    /// The state in which the last list saw it.
    pub(crate) state: Option<State>,
    pub(crate) rule: Option<RuleKey>,
}

/// The lists on one way through a device.
pub(crate) struct Ours<'d> {
    pub(crate) device: &'d Device,
    pub(crate) lists: Vec<(RulesetId, IndexedList<'d>)>,
    /// What each list takes out of tracking, and whether that is certain.
    untracked: Vec<Vec<(Traffic, bool)>>,
}

impl<'d> Ours<'d> {
    pub(crate) fn new(device: &'d Device, way: Way) -> Self {
        let on_way = |hook: &Hook| match way {
            Way::Forward => matches!(hook, Hook::Prerouting(_) | Hook::Forward(_)),
            Way::Input => matches!(hook, Hook::Prerouting(_) | Hook::Local(_)),
        };
        // Translation is switched off: see `Case::load`.
        let filters = |id: &RulesetId| {
            let list = &device.rulesets[id.0 as usize];
            !list.name.starts_with("nat/") && !list.other_uses.iter().any(|u| u == "nat")
        };
        let ids = hooked(device, on_way).into_iter().filter(filters);
        let lists: Vec<_> = ids.map(|id| (id, IndexedList::new(device, id, TODAY))).collect();
        let untracked = lists.iter().map(|(_, list)| list.untracked(&Traffic::ANY)).collect();
        Self { device, lists, untracked }
    }

    /// The lists that see the packet's version.
    fn seeing<'s>(&'s self, packet: &Packet) -> impl Iterator<Item = usize> + use<'s, 'd> {
        let family = packet.family();
        (0..self.lists.len()).filter(move |at| {
            self.device.rulesets[self.lists[*at].0.0 as usize].families.contains(&family)
        })
    }

    /// By the engine. `packet` has the state that tracking gives it.
    pub(crate) fn by_index(&self, packet: &Packet) -> Opinion {
        let mut opinion = Opinion { passes: Some(true), state: Some(packet.state), rule: None };
        let mut states = vec![packet.state];
        for at in self.seeing(packet) {
            let list = &self.lists[at].1;
            let verdicts: Vec<_> = states.iter().map(|s| self.verdict(at, packet, *s)).collect();
            let step = verdicts[0].map(|(step, _)| step);
            opinion.rule = step.map(|s| list.rule(s)).or(opinion.rule);
            if verdicts.iter().all(|v| matches!(v, Some((_, false)))) {
                return Opinion { passes: Some(false), ..opinion };
            }
            if !verdicts.iter().all(|v| matches!(v, Some((_, true)))) {
                opinion.passes = None;
            }
            states = states.iter().flat_map(|s| self.states_after(at, packet, *s)).collect();
            states.dedup();
            opinion.state = if states.len() == 1 { Some(states[0]) } else { None };
        }
        opinion
    }

    /// The step of a list that decides, and whether it permits; `None` where that is not known.
    fn verdict(&self, at: usize, packet: &Packet, state: State) -> Option<(usize, bool)> {
        let (id, list) = &self.lists[at];
        let ruleset = &self.device.rulesets[id.0 as usize];
        let seen = Packet { state: tracking::seen(ruleset, state), ..*packet };
        let changes = seen.state == State::Invalid
            && list.asks_for_what_it_changes()
            && self.states_after(at, packet, state) != [state];
        decided(list, &seen).filter(|_| !changes)
    }

    /// The states that a packet may have when it leaves a list.
    fn states_after(&self, at: usize, packet: &Packet, state: State) -> Vec<State> {
        let taken = |(t, _): &&(Traffic, bool)| {
            Traffic { state: StateSet::ANY, ..t.clone() }.contains(packet)
        };
        match self.untracked[at].iter().find(taken) {
            Some((_, true)) => vec![State::Untracked],
            Some((_, false)) => vec![state, State::Untracked],
            None => vec![state],
        }
    }

    /// By walking the rules.
    pub(crate) fn by_walking(&self, packet: &Packet) -> Opinion {
        let ids: Vec<RulesetId> = self.seeing(packet).map(|at| self.lists[at].0).collect();
        let fates = replay::way(self.device, &ids, packet, TODAY);
        let dropped = fates.iter().any(|f| f.certain && f.permitted == Some(false));
        let passed = fates.iter().all(|f| f.certain && f.permitted == Some(true));
        Opinion {
            passes: (dropped || passed).then_some(passed),
            state: None,
            rule: fates.last().map(|f| f.rule),
        }
    }

    /// A rule as a person finds it.
    pub(crate) fn shown(&self, rule: Option<RuleKey>, text: &str) -> String {
        let Some(RuleKey { ruleset, rule }) = rule else { return "no list".into() };
        let list = &self.device.rulesets[ruleset.0 as usize];
        match rule.and_then(|i| list.rules.get(i as usize)) {
            Some(rule) => {
                let line = text.lines().nth(rule.line as usize - 1).unwrap_or_default();
                format!("{} line {}: {}", list.name, rule.line, line.trim())
            }
            None => format!("{}: its default", list.name),
        }
    }
}

/// The step that decides, and whether it permits; `None` when that hangs on what is not modelled.
fn decided(list: &IndexedList<'_>, packet: &Packet) -> Option<(usize, bool)> {
    let (sure, perhaps) =
        (list.index.first(packet, Bound::Least), list.index.first(packet, Bound::Most));
    let steps = &list.flat.steps;
    let (from, to) = (perhaps?, sure?);
    let decides = steps.get(to).decides;
    let same = (from..=to)
        .map(|at| steps.get(at))
        .filter(|s| s.most.contains(packet))
        .all(|s| s.decides == decides);
    let known = list.flat.complete && same && decides != Decides::Unknown;
    known.then_some((to, decides == Decides::Permit))
}
