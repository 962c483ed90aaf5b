//! What becomes of some packets on a device: let through or stopped, by which rules.
//!
//! Packets pass the lists on every hook on their way, and the translations between them, in the
//! order in which the format evaluates them. Each list parts them further; what is left at the end
//! is exact. What hangs on something that is not modelled is neither let through nor stopped.

mod links;
mod pass;
mod translate;

pub use links::{Link, interface};

use portvakt_model::{Action, Device, Hook, NatKind, NatRule, Rule, Ruleset, RulesetId};
use portvakt_space::{AtomSet, Budget, Family, Packet, StateSet, Traffic, difference};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::audit::Audit;
use crate::flows::{hooked, own_addresses};
use crate::lists::{IndexedList, RuleKey};
use links::{Direction, groups};
use pass::outcomes;
use translate::{Stream, changes_destination};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The packets as they are on the wire; their interfaces are those of `iif` and `oif`.
    pub traffic: Traffic,
    /// The interface they come in by.
    pub iif: Link,
    /// The interface they leave by.
    pub oif: Link,
}

/// What becomes of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// They are let through.
    Permitted,
    /// They are stopped.
    Denied,
    /// That hangs on something that is not modelled, or the budget ran out.
    CannotTell,
}

/// Why a part cannot be told, where it is not for a rule's unknown match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// They are for the device itself, and none of its lists is asked about such packets.
    DeviceItself,
    /// Their new destination is not known.
    Redirected,
    /// They may be taken out of connection tracking: later lists then see another state than was asked.
    Untracked,
    /// The budget ran out; so many rules, at least, take packets from the part.
    Exceptions(usize),
}

/// A list that packets met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The rule, or default, that decided there.
    pub rule: RuleKey,
    /// The hooked list that it was met in.
    pub list: RulesetId,
    /// The part's witness as the list saw it.
    pub packet: Packet,
}

/// Packets that fare alike, by the same rules.
#[derive(Clone, Debug)]
pub struct Part {
    /// What becomes of them.
    pub verdict: Verdict,
    /// The packets on the wire.
    pub traffic: Traffic,
    /// One of them.
    pub witness: Packet,
    /// The lists they met, in order; empty where none is in the way.
    pub hops: Vec<Hop>,
    /// Whether they are for the device itself.
    pub local: bool,
    /// Translations on the way, as indices of the device.
    pub nat: Vec<u32>,
    /// Why it can't be told, where no rule says so.
    pub reason: Option<Reason>,
}

/// Asks a device. Fails with the interfaces that there are, when it has none of a name.
pub fn device(
    audit: &Audit<'_>,
    index: u32,
    question: &Question,
) -> Result<Vec<Part>, Vec<String>> {
    let translating = translating(&audit.devices[index as usize]);
    let asked = Asked::new(audit, index, translating.as_ref());
    let mut trails = Vec::new();
    for family in Family::BOTH {
        let traffic = question.traffic.only(family);
        if traffic.is_empty() {
            continue;
        }
        for (src, atoms) in question.iif.places(asked.model, &traffic.src)? {
            for iif in groups(asked.model, &atoms, Direction::In) {
                let entering = Traffic { src: src.clone(), iif, ..traffic.clone() };
                trails.extend(asked.through(entering, family, &question.oif)?);
            }
        }
    }
    Ok(parts(trails))
}

/// Asks one list of a device, whatever packets meet it. Interfaces are taken as they are named.
pub fn list(
    audit: &Audit<'_>,
    index: u32,
    id: RulesetId,
    question: &Question,
) -> Result<Vec<Part>, Vec<String>> {
    let asked = Asked::new(audit, index, None);
    let named = |link: &Link| match link {
        Link::Routed => Link::Any,
        other => other.clone(),
    };
    let mut trails = Vec::new();
    let families = &asked.model.rulesets[id.0 as usize].families;
    for family in Family::BOTH.into_iter().filter(|f| families.contains(f)) {
        let traffic = question.traffic.only(family);
        for (src, iif) in named(&question.iif).places(asked.model, &traffic.src)? {
            for (dst, oif) in named(&question.oif).places(asked.model, &traffic.dst)? {
                let (src, iif) = (src.clone(), iif.clone());
                let region = Traffic { src, dst, iif, oif, ..traffic.clone() };
                if !region.is_empty() {
                    let trail = Trail::new(Stream::new(region));
                    trails.extend(asked.pass(vec![trail], &[Stage::List(id)], family));
                }
            }
        }
    }
    Ok(parts(trails))
}

/// What stands on the way of packets.
#[derive(Clone, Copy, Debug)]
enum Stage {
    List(RulesetId),
    /// Destinations are translated.
    Destination,
    /// Sources are translated.
    Source,
}

/// When destinations are translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// By rules of lists (netfilter).
    ByRules,
    /// Before any list (ASA: Cisco ASA Series Firewall CLI Configuration Guide, "Access Rules":
    /// lists name real addresses).
    First,
    /// After lists for incoming packets (IOS: "NAT order of operation"; FortiOS: after the access
    /// control list, before policies).
    AfterIncoming,
}

impl Order {
    fn of(device: &Device) -> Self {
        match device.format {
            "cisco-asa" => Self::First,
            "cisco-ios" | "fortios" => Self::AfterIncoming,
            _ => Self::ByRules,
        }
    }
}

/// Packets with what they met so far.
#[derive(Clone)]
struct Trail {
    stream: Stream,
    verdict: Verdict,
    /// The lists, the rules that decided, and the packets as the lists saw them.
    hops: Vec<(RulesetId, RuleKey, u32)>,
    local: bool,
    reason: Option<Reason>,
}

impl Trail {
    fn new(stream: Stream) -> Self {
        Self { stream, verdict: Verdict::Permitted, hops: Vec::new(), local: false, reason: None }
    }

    fn unknown(mut self, reason: Reason) -> Self {
        self.verdict = self.verdict.and(Verdict::CannotTell);
        self.reason = self.reason.or(Some(reason));
        self
    }
}

impl Verdict {
    /// What becomes of packets that meet both.
    fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Denied, _) | (_, Self::Denied) => Self::Denied,
            (Self::CannotTell, _) | (_, Self::CannotTell) => Self::CannotTell,
            _ => Self::Permitted,
        }
    }
}

/// The lists before the routing decision with translations as decisions: in netfilter one ends its
/// chain. `None` where there are none that do not decide already.
fn translating(device: &Device) -> Option<Device> {
    let lines: FxHashSet<u32> =
        device.nat.iter().filter(|rule| changes_destination(rule)).map(|rule| rule.line).collect();
    let translates = |rule: &Rule| rule.action == Action::Continue && lines.contains(&rule.line);
    let any = device.rulesets.iter().any(|list| list.rules.iter().any(translates));
    if Order::of(device) != Order::ByRules || !any {
        return None;
    }
    let mut lists = Device::new(device.name.clone(), device.format, device.source);
    lists.schedules.clone_from(&device.schedules);
    let before = |hook: &Hook| matches!(hook, Hook::Prerouting(_));
    for list in &device.rulesets {
        // Packets come to chains, and to lists at this place; other lists are left empty.
        let needed = list.hooks.is_empty() || list.hooks.iter().any(before);
        let mut rules = if needed { list.rules.clone() } else { Vec::new() };
        for rule in rules.iter_mut().filter(|rule| translates(rule)) {
            rule.action = Action::Permit;
        }
        lists.rulesets.push(Ruleset {
            name: list.name.clone(),
            families: list.families.clone(),
            hooks: list.hooks.clone(),
            rules,
            default: list.default.clone(),
            line: list.line,
            implied: list.implied,
            other_uses: Vec::new(),
        });
    }
    Some(lists)
}

/// A device that is asked.
struct Asked<'a, 'b> {
    audit: &'b Audit<'a>,
    index: u32,
    model: &'a Device,
    order: Order,
    /// Translations by the line of the rule that states them.
    by_line: FxHashMap<u32, Vec<u32>>,
    /// Lists in which translations decide, see [`translating`].
    translating: FxHashMap<RulesetId, IndexedList<'b>>,
}

impl<'a, 'b> Asked<'a, 'b> {
    fn new(audit: &'b Audit<'a>, index: u32, lists: Option<&'b Device>) -> Self {
        let model = &audit.devices[index as usize];
        let mut by_line: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (number, rule) in (0..).zip(&model.nat) {
            by_line.entry(rule.line).or_default().push(number);
        }
        let early = |device| hooked(device, |h| matches!(h, Hook::Prerouting(_)));
        let indexed = |device: &'b Device| {
            let one = move |id| (id, IndexedList::new(device, id, audit.today));
            early(device).into_iter().map(one).collect()
        };
        let translating = lists.map(indexed).unwrap_or_default();
        Self { audit, index, model, order: Order::of(model), by_line, translating }
    }

    /// Packets that come in by interfaces which meet the same lists.
    fn through(
        &self,
        entering: Traffic,
        family: Family,
        oif: &Link,
    ) -> Result<Vec<Trail>, Vec<String>> {
        let iif = entering.iif.clone();
        let ins = hooked(self.model, |h| matches!(h, Hook::In(a) if a.overlaps(&iif)));
        let early = hooked(self.model, |h| matches!(h, Hook::Prerouting(_)));
        let lists = |ids: &[RulesetId]| ids.iter().copied().map(Stage::List).collect::<Vec<_>>();
        let incoming = [lists(&ins), lists(&early)].concat();
        let before = match self.order {
            Order::First => vec![Stage::Destination],
            Order::AfterIncoming => [incoming.clone(), vec![Stage::Destination]].concat(),
            Order::ByRules => incoming.clone(),
        };
        let late = if self.order == Order::First { incoming } else { Vec::new() };
        let mut done = Vec::new();
        for trail in self.pass(vec![Trail::new(Stream::new(entering))], &before, family) {
            if trail.verdict == Verdict::Denied || trail.reason.is_some() {
                done.push(trail);
                continue;
            }
            done.extend(self.local(&trail, family));
            done.extend(self.forwarded(&trail, &late, family, oif)?);
        }
        Ok(done)
    }

    /// The packets of a trail that are for the device itself.
    fn local(&self, trail: &Trail, family: Family) -> Vec<Trail> {
        let own = own_addresses(self.model);
        let seen = &trail.stream.seen;
        let dst = seen.dst.intersect(&own);
        if dst.is_empty() {
            return Vec::new();
        }
        let mut here = trail.clone();
        here.local = true;
        here.stream = trail.stream.narrowed(Traffic { dst, ..seen.clone() });
        let lists = hooked(self.model, |h| matches!(h, Hook::Local(_)));
        let about = |id: &RulesetId| self.audit.ruleset(self.index, *id).families.contains(&family);
        let guarded = self.model.lists_guard_device && !here.hops.is_empty();
        if !guarded && !lists.iter().any(about) {
            return vec![here.unknown(Reason::DeviceItself)];
        }
        let stages: Vec<Stage> = lists.into_iter().map(Stage::List).collect();
        self.pass(vec![here], &stages, family)
    }

    /// The packets of a trail that are forwarded.
    fn forwarded(
        &self,
        trail: &Trail,
        late: &[Stage],
        family: Family,
        oif: &Link,
    ) -> Result<Vec<Trail>, Vec<String>> {
        let seen = &trail.stream.seen;
        let dst = seen.dst.minus(&own_addresses(self.model));
        if dst.is_empty() {
            return Ok(Vec::new());
        }
        let mut done = Vec::new();
        for (dst, atoms) in oif.places(self.model, &dst)? {
            for oif in groups(self.model, &atoms, Direction::Out) {
                let mut leaving = trail.clone();
                let traffic = Traffic { dst: dst.clone(), oif: oif.clone(), ..seen.clone() };
                leaving.stream = trail.stream.narrowed(traffic);
                let stages = self.onwards(late, &oif);
                done.extend(self.pass(vec![leaving], &stages, family));
            }
        }
        Ok(done)
    }

    /// The lists on the way from the routing decision on.
    fn onwards(&self, late: &[Stage], oif: &AtomSet) -> Vec<Stage> {
        let mut stages = late.to_vec();
        let middle = hooked(self.model, |h| matches!(h, Hook::Forward(_) | Hook::Postrouting(_)));
        stages.extend(middle.into_iter().map(Stage::List));
        let outs = hooked(self.model, |h| matches!(h, Hook::Out(a) if a.overlaps(oif)));
        if !outs.is_empty() && self.model.format == "cisco-ios" {
            stages.push(Stage::Source);
        }
        stages.extend(outs.into_iter().map(Stage::List));
        stages
    }

    fn pass(&self, trails: Vec<Trail>, stages: &[Stage], family: Family) -> Vec<Trail> {
        stages.iter().fold(trails, |trails, stage| {
            trails.into_iter().flat_map(|trail| self.stage(trail, *stage, family)).collect()
        })
    }

    fn stage(&self, trail: Trail, stage: Stage, family: Family) -> Vec<Trail> {
        if trail.verdict == Verdict::Denied {
            return vec![trail];
        }
        match stage {
            Stage::List(id) if !self.audit.ruleset(self.index, id).families.contains(&family) => {
                vec![trail]
            }
            Stage::List(id) => self.list(&trail, id),
            Stage::Destination => self.translate(&trail, changes_destination),
            Stage::Source => {
                self.translate(&trail, |rule| rule.kind == NatKind::Source && rule.enabled)
            }
        }
    }

    fn list(&self, trail: &Trail, id: RulesetId) -> Vec<Trail> {
        let mut next = Vec::new();
        let list = self.translating.get(&id).unwrap_or_else(|| self.audit.indexed(self.index, id));
        let found = outcomes(list, &trail.stream.seen);
        let asked = Traffic { state: StateSet::ANY, ..trail.stream.seen.clone() };
        let untracks = list.flat.untracking.iter().any(|taken| taken.most.overlaps(&asked));
        for outcome in found {
            let stream = trail.stream.narrowed(outcome.traffic);
            let mut on = Trail { stream, ..trail.clone() };
            on.hops.push((id, outcome.rule, trail.stream.nat.len() as u32));
            on.verdict = on.verdict.and(outcome.verdict);
            if let Some(exceptions) = outcome.exceptions {
                on.reason = on.reason.or(Some(Reason::Exceptions(exceptions)));
            }
            if outcome.verdict == Verdict::Denied {
                next.push(on);
            } else if untracks {
                next.push(on.unknown(Reason::Untracked));
            } else {
                next.extend(self.by_rule(on, outcome.rule));
            }
        }
        next
    }

    /// Applies the translations that a rule of netfilter states.
    fn by_rule(&self, trail: Trail, key: RuleKey) -> Vec<Trail> {
        let rule = key
            .rule
            .map(|index| &self.model.rulesets[key.ruleset.0 as usize].rules[index as usize]);
        let numbers = rule.filter(|rule| self.order == Order::ByRules && rule.line > 0);
        let numbers = numbers.and_then(|rule| self.by_line.get(&rule.line));
        match numbers {
            Some(numbers) => self.apply(&trail, numbers, changes_destination),
            None => vec![trail],
        }
    }

    fn translate(&self, trail: &Trail, applies: fn(&NatRule) -> bool) -> Vec<Trail> {
        let all: Vec<u32> = (0..self.model.nat.len() as u32).collect();
        self.apply(trail, &all, applies)
    }

    /// The first of some translations that matches changes a packet.
    fn apply(&self, trail: &Trail, numbers: &[u32], applies: fn(&NatRule) -> bool) -> Vec<Trail> {
        let (mut left, mut done) = (vec![trail.stream.seen.clone()], Vec::new());
        for number in numbers {
            let rule = &self.model.nat[*number as usize];
            if !(applies(rule) || rule.kind == NatKind::Identity && rule.enabled) {
                continue;
            }
            for part in &left {
                let hit = part.intersect(&rule.matches);
                if !hit.is_empty() {
                    let stream = trail.stream.narrowed(hit);
                    done.push(translated(Trail { stream, ..trail.clone() }, rule, *number));
                }
            }
            left = left.iter().flat_map(|part| part.minus(&rule.matches)).collect();
        }
        let rest = left.into_iter().map(|part| {
            let stream = trail.stream.narrowed(part);
            Trail { stream, ..trail.clone() }
        });
        done.extend(rest);
        done
    }
}

/// What came of it, parts by the same rules as one.
fn parts(trails: Vec<Trail>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut alike: FxHashMap<_, Vec<Trail>> = FxHashMap::default();
    let mut order = Vec::new();
    for mut trail in trails {
        if !trail.stream.sure {
            // Given another of several new addresses a packet may fare otherwise.
            trail.verdict = Verdict::CannotTell;
        }
        if !trail.stream.nat.is_empty() {
            parts.extend(part(&trail));
            continue;
        }
        let key = (trail.verdict, trail.hops.clone(), trail.local, trail.reason);
        let known = alike.entry(key.clone()).or_default();
        if known.is_empty() {
            order.push(key);
        }
        known.push(trail);
    }
    for trails in order.iter().filter_map(|key| alike.remove(key)) {
        parts.extend(together(&trails));
    }
    parts.sort_by(|a, b| {
        let rules = |p: &Part| p.hops.iter().map(|hop| hop.rule).collect::<Vec<_>>();
        a.verdict.cmp(&b.verdict).then_with(|| rules(a).cmp(&rules(b)))
    });
    parts
}

fn translated(mut trail: Trail, rule: &NatRule, number: u32) -> Trail {
    match rule.kind {
        NatKind::Identity => {}
        NatKind::Source => trail.stream = trail.stream.to_source(rule, number),
        NatKind::Destination if rule.to_dst.is_none() => {
            trail.stream.nat.push(number);
            return trail.unknown(Reason::Redirected);
        }
        NatKind::Destination | NatKind::Static => {
            trail.stream = trail.stream.to_destination(rule, number);
        }
    }
    trail
}

/// Parts that fare alike, in as few products as merging gives.
fn together(trails: &[Trail]) -> Vec<Part> {
    let all: Vec<Traffic> = trails.iter().map(|trail| trail.stream.wire.clone()).collect();
    let merged = difference(&all, &[], Budget::default());
    if !merged.is_complete() {
        return trails.iter().filter_map(part).collect();
    }
    let one = |traffic: Traffic| {
        let stream = Stream::new(traffic);
        part(&Trail { stream, ..trails[0].clone() })
    };
    merged.parts.into_iter().filter_map(one).collect()
}

fn part(trail: &Trail) -> Option<Part> {
    let (wire, seen) = trail.stream.sample()?;
    let hops = trail.hops.iter().map(|(list, rule, translations)| Hop {
        rule: *rule,
        list: *list,
        packet: if *translations > 0 { seen } else { wire },
    });
    Some(Part {
        verdict: trail.verdict,
        traffic: trail.stream.wire.clone(),
        witness: wire,
        hops: hops.collect(),
        local: trail.local,
        nat: trail.stream.nat.clone(),
        reason: trail.reason,
    })
}

#[cfg(test)]
mod tests;
