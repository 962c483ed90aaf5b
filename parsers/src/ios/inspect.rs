//! Zone-based policy firewall as rule lists.
//!
//! Cisco IOS Security Configuration Guide, Zone-Based Policy Firewall: between two zones only what a
//! zone pair's policy passes; within a zone, and between interfaces that are in none, everything;
//! between a zone and no zone nothing; to and from the device (`self`) everything unless a pair with
//! a policy says otherwise.

use portvakt_model::{Action, Default, DeviceZone, Hook, Logging, Rule, Ruleset, RulesetId};
use portvakt_space::{AtomSet, Family, RangeSet, ServiceSet, Traffic};
use rustc_hash::FxHashMap;

use super::Ios;
use super::classes::{ClassMap, Match};
use super::config::Command;
use super::reasons;

/// A zone pair.
pub(super) struct Pair {
    name: String,
    from: String,
    to: String,
    policy: Option<String>,
    line: u32,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    match command.words() {
        _ if command.no() => return false,
        ["zone", "security", name] => {
            let (name, line) = ((*name).to_owned(), command.number());
            let interfaces = Vec::new();
            ios.device.zones.push(DeviceZone { name, interfaces, intrazone: Some(true), line });
            ios.used(command);
            command.below().for_each(|c| ios.neutral(c));
        }
        ["zone-pair", "security", name, "source", from, "destination", to] => {
            pair(ios, command, name, from, to);
        }
        ["parameter-map", "type", "inspect" | "inspect-global" | "inspect-zone", ..] => {
            ios.neutral(command);
            command.below().for_each(|c| ios.neutral(c));
        }
        _ => return false,
    }
    true
}

fn pair(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, from: &str, to: &str) {
    let mut policy = None;
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["service-policy", "type", "inspect", name] => {
                policy = Some((*name).to_owned());
                ios.used(child);
            }
            ["description", ..] => ios.neutral(child),
            _ => ios.unknown(child),
        }
    }
    let (name, from, to) = (name.to_owned(), from.to_owned(), to.to_owned());
    ios.classes.pairs.push(Pair { name, from, to, policy, line: command.number() });
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    members(ios);
    let pairs = std::mem::take(&mut ios.classes.pairs);
    if ios.device.zones.is_empty() {
        return;
    }
    ios.device.stateful = true;
    let zones = sets(&ios.device.zones);
    let (helpers, ways) = (FxHashMap::default(), FxHashMap::default());
    let mut writer = Writer { ios, zones, helpers, ways };
    let forward = writer.forward(&pairs);
    let to_self = writer.own(&pairs, true);
    let from_self = writer.own(&pairs, false);
    ios.device.rulesets.extend([Some(forward), to_self, from_self].into_iter().flatten());
}

/// Puts interfaces into their zones.
fn members(ios: &mut Ios<'_, '_>) {
    let zones = ios.device.zones.iter().enumerate();
    let by_name: FxHashMap<String, usize> = zones.map(|(i, z)| (z.name.clone(), i)).collect();
    for (atom, name, line) in std::mem::take(&mut ios.interfaces.zones) {
        if let Some(&index) = by_name.get(&name) {
            ios.device.zones[index].interfaces.push(atom);
            super::interfaces::edit(ios, atom).zone = Some(index as u32);
        } else {
            let used_by = ios.device.interfaces.get(atom).map_or("", |i| &i.name).to_owned();
            ios.undefined("zone", &name, line, format!("interface {used_by}"));
        }
    }
}

/// Interfaces by zone. `default` holds those that are in no other, once it is defined.
fn sets(zones: &[DeviceZone]) -> FxHashMap<String, AtomSet> {
    let named = zones.iter().filter(|z| z.name != "default");
    let others: AtomSet = named.flat_map(|z| z.interfaces.iter().copied()).collect();
    let of = |z: &DeviceZone| match z.name.as_str() {
        "default" => others.complement(),
        _ => z.interfaces.iter().copied().collect(),
    };
    zones.iter().map(|z| (z.name.clone(), of(z))).collect()
}

/// One way for traffic to be in a class: all of this must hold.
#[derive(Clone)]
struct Conjunct {
    service: ServiceSet,
    lists: Vec<RulesetId>,
    gaps: Vec<String>,
}

/// Ways that a class may be matched, at most; beyond it the class is not modelled.
const MAX_WAYS: usize = 1024;
/// Class maps within class maps, and access lists that must all permit, at most.
const MAX_DEPTH: usize = 16;
/// Rules of all policies together, at most; what is beyond is not modelled.
const MAX_RULES: usize = 1 << 17;

struct Writer<'i, 'b, 'c> {
    ios: &'i mut Ios<'b, 'c>,
    zones: FxHashMap<String, AtomSet>,
    /// Lists that turn an access list into a condition.
    helpers: FxHashMap<(Vec<RulesetId>, bool, bool), RulesetId>,
    /// Ways by class map.
    ways: FxHashMap<String, Vec<Conjunct>>,
}

impl Writer<'_, '_, '_> {
    fn forward(&mut self, pairs: &[Pair]) -> Ruleset {
        let mut list = Ruleset::new("zone-policy", 0);
        list.hooks = vec![Hook::Forward(0)];
        let through = |p: &&Pair| p.from != "self" && p.to != "self";
        for pair in pairs.iter().filter(through) {
            let (Some(iif), Some(oif)) = (self.zone(pair, &pair.from), self.zone(pair, &pair.to))
            else {
                continue;
            };
            let scope = Traffic { iif, oif, ..Traffic::ANY };
            self.policy(pair, &scope, &mut list.rules);
            if pair.from == pair.to {
                list.rules.push(Rule::new(0, Action::Deny, scope));
            }
        }
        self.implied(&mut list.rules);
        list
    }

    /// Within a zone, and outside of all zones, traffic passes.
    fn implied(&self, rules: &mut Vec<Rule>) {
        let zones = self.ios.device.zones.iter().filter_map(|z| self.zones.get(&z.name));
        let members = zones.clone().flat_map(|set| set.ranges().ranges().to_vec());
        let none = AtomSet::from_ranges(RangeSet::from_ranges(members)).complement();
        for set in zones.chain([&none]).filter(|set| !set.is_empty()) {
            let matches = Traffic { iif: set.clone(), oif: set.clone(), ..Traffic::ANY };
            rules.push(Rule::new(0, Action::Permit, matches));
        }
    }

    /// The list for traffic to or from the device, when a zone pair with `self` has a policy.
    fn own(&mut self, pairs: &[Pair], inwards: bool) -> Option<Ruleset> {
        let (name, hook) = if inwards {
            ("zone-policy to self", Hook::Local(0))
        } else {
            ("zone-policy from self", Hook::Output(0))
        };
        let mut list = Ruleset::new(name, 0);
        list.hooks = vec![hook];
        list.default = Default { action: Action::Permit, line: None };
        for pair in pairs.iter().filter(|p| p.policy.is_some()) {
            let other = match (pair.from.as_str(), pair.to.as_str()) {
                (from, "self") if inwards => from,
                ("self", to) if !inwards => to,
                _ => continue,
            };
            let Some(zone) = self.zone(pair, other) else { continue };
            let scope = if inwards {
                Traffic { iif: zone, ..Traffic::ANY }
            } else {
                Traffic { oif: zone, ..Traffic::ANY }
            };
            self.policy(pair, &scope, &mut list.rules);
            list.rules.push(Rule::new(0, Action::Deny, scope));
        }
        (!list.rules.is_empty()).then_some(list)
    }

    /// Interfaces of a zone that a pair names.
    fn zone(&mut self, pair: &Pair, name: &str) -> Option<AtomSet> {
        let set = self.zones.get(name).cloned();
        if set.is_none() {
            self.ios.undefined("zone", name, pair.line, format!("zone-pair {}", pair.name));
        }
        set
    }

    /// The rules of a pair's policy. What no class takes is dropped by whatever follows.
    fn policy(&mut self, pair: &Pair, scope: &Traffic, rules: &mut Vec<Rule>) {
        let Some(name) = &pair.policy else { return };
        let Some(classes) = self.ios.classes.policies.remove(name) else {
            let by = format!("zone-pair {}", pair.name);
            return self.ios.undefined("policy-map", name, pair.line, by);
        };
        for class in &classes {
            let ways = match &class.class {
                None => vec![everything()],
                Some(name) => self.ways(name, class.line, 0),
            };
            if rules.len() + ways.len() > MAX_RULES {
                let mut rest = Rule::new(class.line, Action::Unknown, scope.clone());
                rest.narrowed_by(reasons::TOO_MANY_CLASSES);
                rules.push(rest);
                break;
            }
            for way in ways {
                let matches = Traffic { service: way.service, ..scope.clone() };
                let action = self.action(&way.lists, class.action, class.logging);
                let mut rule = Rule::new(class.line, action, matches);
                rule.logging = class.logging;
                let class = class.class.as_deref().unwrap_or("class-default");
                rule.note_mut().comment = Some(format!("{} {class}", pair.name));
                way.gaps.into_iter().for_each(|gap| rule.narrowed_by(gap));
                rules.push(rule);
            }
        }
        self.ios.classes.policies.insert(name.clone(), classes);
    }

    /// The ways in which traffic is in a class. A class within itself, and what is beyond the
    /// limits, is not modelled.
    fn ways(&mut self, class: &str, line: u32, depth: usize) -> Vec<Conjunct> {
        if let Some(known) = self.ways.get(class) {
            return known.clone();
        }
        let unknown = vec![Conjunct { gaps: vec![format!("class-map {class}")], ..everything() }];
        let Some(ClassMap { any, matches }) = self.ios.classes.inspect.get(class) else {
            self.ios.undefined("class-map", class, line, "policy-map");
            return unknown;
        };
        let (any, matches) = (*any, matches.clone());
        self.ways.insert(class.to_owned(), unknown.clone());
        if depth > MAX_DEPTH {
            return unknown;
        }
        let mut ways = if any { Vec::new() } else { vec![everything()] };
        for condition in &matches {
            let mut new = self.condition(condition, line, depth);
            if any {
                ways.append(&mut new);
            } else {
                ways = product(&ways, &new);
            }
            if ways.len() > MAX_WAYS || ways.iter().any(|w| w.lists.len() > MAX_DEPTH) {
                return unknown;
            }
        }
        self.ways.insert(class.to_owned(), ways.clone());
        ways
    }

    fn condition(&mut self, condition: &Match, line: u32, depth: usize) -> Vec<Conjunct> {
        let mut way = everything();
        match condition {
            Match::Class(name) => return self.ways(name, line, depth + 1),
            Match::List(name) => match self.list(name) {
                Some(id) => way.lists.push(id),
                None => way.gaps.push(format!("access-group {name}")),
            },
            Match::Protocol(name) => match self.ios.classes.protocol(name) {
                Some(service) => way.service = service,
                None => way.gaps.push(format!("protocol {name}")),
            },
            Match::Other(text) => way.gaps.push(text.clone()),
        }
        vec![way]
    }

    fn list(&self, name: &str) -> Option<RulesetId> {
        Family::BOTH.into_iter().find_map(|f| self.ios.lists.find(f, name))
    }

    /// The action of a class, or a jump to a list that takes it for what all `lists` permit.
    fn action(&mut self, lists: &[RulesetId], action: Action, logging: Logging) -> Action {
        let [first, rest @ ..] = lists else { return action };
        let key = (lists.to_vec(), action == Action::Permit, logging == Logging::On);
        if let Some(id) = self.helpers.get(&key) {
            return Action::Jump(*id);
        }
        let then = self.action(rest, action, logging);
        let of = &self.ios.device.rulesets[first.0 as usize];
        let mut list = Ruleset::new(format!("class {}", of.name), of.line);
        list.families.clone_from(&of.families);
        list.default = Default { action: Action::Return, line: None };
        let implied = |r: &&Rule| r.line != 0;
        for rule in of.rules.iter().filter(implied) {
            let action = if rule.action == Action::Permit { then } else { Action::Return };
            let logging = if logging == Logging::On { logging } else { rule.logging };
            list.rules.push(Rule { action, logging, ..rule.clone() });
        }
        let id = RulesetId(self.ios.device.rulesets.len() as u32);
        self.ios.device.rulesets.push(list);
        self.helpers.insert(key, id);
        Action::Jump(id)
    }
}

fn everything() -> Conjunct {
    Conjunct { service: ServiceSet::ANY, lists: Vec::new(), gaps: Vec::new() }
}

/// Both conditions at once, way by way.
fn product(a: &[Conjunct], b: &[Conjunct]) -> Vec<Conjunct> {
    let join = |x: &Conjunct, y: &Conjunct| Conjunct {
        service: x.service.intersect(&y.service),
        lists: [x.lists.as_slice(), &y.lists].concat(),
        gaps: [x.gaps.as_slice(), &y.gaps].concat(),
    };
    a.iter().flat_map(|x| b.iter().map(move |y| join(x, y))).take(MAX_WAYS + 1).collect()
}
