//! Which list filters which traffic.
//!
//! Order (ASA CLI Configuration Guide, "Access Rules"): the interface's list inbound, then the
//! global list, then an implicit deny. An interface with neither permits connections to interfaces
//! of a lower security level. Interfaces of the same level exchange nothing, whatever a list says,
//! unless `same-security-traffic permit inter-interface` is set. A global list takes the place of
//! the implicit permit.
//!
//! Traffic to the device itself does not meet these lists: the management commands (`ssh`, `http`,
//! `telnet`, `icmp`) decide, and `access-group … control-plane`, which is not modelled.

use portvakt_model::{
    Action, Default as Fallback, Hook, Message, Rule, Ruleset, RulesetId, Told, Undefined,
};
use portvakt_space::{AtomSet, Family, Traffic};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Reader;
use super::lists::{List, Lists, Shape};
use super::reasons;
use super::text::{Product, Statement};
use crate::secrets;

const PER_USER: &Message = &Message {
    sv: "åtkomstlistor för enskilda användare som går före den här",
    en: "access lists of single users that override this one",
};
const CONTROL_PLANE: &Message = &Message {
    sv: "filtrering av trafik till enheten själv räknas inte in",
    en: "filtering of traffic to the device itself is not modelled",
};

/// Where a list is applied.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place<'a> {
    In(&'a str),
    Out(&'a str),
    Global,
}

/// One `access-group`.
pub(super) struct Applied<'a> {
    list: &'a str,
    place: Place<'a>,
    line: u32,
}

impl<'a> Reader<'a, '_, '_> {
    /// `access-group LIST in|out interface NAME`, `access-group LIST global`.
    pub(super) fn access_group(&mut self, statement: Statement<'_, 'a>) {
        let (mut words, line) = (statement.words(), statement.head.number);
        words.next();
        let Some(list) = words.next() else { return };
        let place = match (words.next(), words.next(), words.next()) {
            (Some("in"), Some("interface"), Some(name)) => Place::In(name),
            (Some("out"), Some("interface"), Some(name)) => Place::Out(name),
            (Some("global"), ..) => Place::Global,
            _ => return self.unknown(statement.head),
        };
        match words.next() {
            Some("control-plane") => {
                self.list_use(list, statement.head.text.trim(), line);
                return self.build.unsupported(line, CONTROL_PLANE);
            }
            Some("per-user-override") => self.build.unsupported(line, PER_USER),
            _ => self.build.used(line),
        }
        self.applied.push(Applied { list, place, line });
    }

    /// Builds every rule list of the device, once all definitions are read.
    pub(super) fn build_lists(&mut self) {
        let lists = std::mem::take(&mut self.lists);
        let mut ids = FxHashMap::default();
        for list in &lists.all {
            if list.entries.iter().any(|e| e.shape != Shape::Foreign) {
                ids.insert(list.name, RulesetId(self.device.rulesets.len() as u32));
                let ruleset = self.ruleset(list);
                self.device.rulesets.push(ruleset);
            }
        }
        for used in &lists.uses {
            match ids.get(used.list) {
                Some(id) => {
                    self.device.rulesets[id.0 as usize].other_uses.push(used.by.clone());
                }
                None if lists.find(used.list).is_none() => {
                    self.undefined_list(used.list, used.line, &used.by);
                }
                None => {}
            }
        }
        for (name, line) in &lists.mentions {
            if let Some(id) = ids.get(name) {
                let uses = &mut self.device.rulesets[id.0 as usize].other_uses;
                uses.push(secrets::masked(line.text.trim()).into_owned());
            }
        }
        self.drop_replaced(&lists);
        self.hook_lists(&mut ids);
        self.list_ids = ids;
        self.lists = lists;
    }

    fn ruleset(&mut self, list: &List<'a>) -> Ruleset {
        let mut ruleset = Ruleset::new(list.name, list.line);
        let family = if list.only_v6 {
            Some(Family::V6)
        } else {
            Some(Family::V4).filter(|_| !self.dialect.any_is_both)
        };
        if list.only_v6 || self.split_families() {
            ruleset.families = family.into_iter().collect();
        }
        let mut remark: Option<String> = None;
        for entry in &list.entries {
            if entry.is_remark {
                let text = entry.words.rest();
                let text = secrets::kept(text.text, text.start, self.build);
                let text = rule_name(&text);
                match &mut remark {
                    Some(all) => {
                        all.push(' ');
                        all.push_str(text);
                    }
                    None => remark = Some(text.to_owned()),
                }
                self.build.used(entry.line.number);
            } else if entry.shape != Shape::Foreign {
                let mut rule = self.rule(list.name, family, entry);
                rule.note_mut().comment = remark.take();
                ruleset.rules.push(rule);
            }
        }
        ruleset
    }

    /// Whether IPv4 and IPv6 have lists of their own, and IPv6 is in use at all.
    fn split_families(&self) -> bool {
        !self.dialect.any_is_both && self.dialect.speaks_v6
    }

    fn undefined_list(&mut self, name: &str, line: u32, by: &str) {
        self.objects.undefined.push(Undefined {
            name: name.to_owned(),
            kind: "access-list",
            line,
            used_by: by.to_owned(),
        });
    }

    /// A place has one list (of each kind, before 9.0): a later `access-group` takes the place of an
    /// earlier one.
    fn drop_replaced(&mut self, lists: &Lists<'a>) {
        let mut seen = FxHashSet::default();
        let mut last: Vec<Applied<'a>> = Vec::with_capacity(self.applied.len());
        for applied in std::mem::take(&mut self.applied).into_iter().rev() {
            let only_v6 = lists.find(applied.list).is_some_and(|at| lists.all[at].only_v6);
            if seen.insert((applied.place, only_v6)) {
                last.push(applied);
            }
        }
        last.reverse();
        self.applied = last;
    }

    fn hook_lists(&mut self, ids: &mut FxHashMap<&'a str, RulesetId>) {
        let mut inbound = Inbound::default();
        let mut hooks: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        let mut global = None;
        for applied in std::mem::take(&mut self.applied) {
            let id = match ids.get(applied.list) {
                Some(&id) => id,
                None => self.missing_list(&applied),
            };
            ids.insert(applied.list, id);
            hooks.resize_with(self.device.rulesets.len(), Default::default);
            let (ins, outs) = &mut hooks[id.0 as usize];
            match applied.place {
                Place::In(name) => {
                    let atom = self.device.interfaces.atom(name);
                    inbound.add(atom, &self.device.rulesets[id.0 as usize].families);
                    ins.push(atom);
                }
                Place::Out(name) => outs.push(self.device.interfaces.atom(name)),
                Place::Global => global = Some(id),
            }
        }
        for (ruleset, (ins, outs)) in self.device.rulesets.iter_mut().zip(hooks) {
            let filled = |atoms: &Vec<u32>| !atoms.is_empty();
            let ins = Some(ins).filter(filled).map(|a| Hook::In(a.into_iter().collect()));
            let outs = Some(outs).filter(filled).map(|a| Hook::Out(a.into_iter().collect()));
            ruleset.hooks.extend(ins.into_iter().chain(outs));
        }
        match global {
            Some(id) => self.hook_global(id, &inbound),
            None => self.level_lists(&inbound),
        }
        self.same_level_list(&inbound, global.is_some());
    }

    /// A list that is applied and not defined: what it lets through is not known.
    fn missing_list(&mut self, applied: &Applied<'a>) -> RulesetId {
        let line = applied.line;
        self.undefined_list(applied.list, line, "access-group");
        let mut ruleset = Ruleset::new(applied.list, line);
        let mut rule = Rule::new(line, Action::Unknown, Traffic::ANY);
        rule.narrowed_by(Told::of(reasons::UNDEFINED, format!("access-list {}", applied.list)));
        ruleset.rules.push(rule);
        let id = RulesetId(self.device.rulesets.len() as u32);
        self.device.rulesets.push(ruleset);
        id
    }

    /// The global list sees what interface lists leave undecided, and all of the other interfaces.
    fn hook_global(&mut self, id: RulesetId, inbound: &Inbound) {
        let own: AtomSet = inbound.v4.union(&inbound.v6).copied().collect();
        for (at, ruleset) in self.device.rulesets.iter_mut().enumerate() {
            let is_inbound = ruleset.hooks.iter().any(|h| matches!(h, Hook::In(_)));
            if is_inbound && at != id.0 as usize {
                ruleset.default = Fallback { action: Action::Goto(id), line: None };
            }
        }
        self.device.rulesets[id.0 as usize].hooks.push(Hook::In(own.complement()));
    }

    /// The implicit rules of interfaces that no list filters inbound.
    fn level_lists(&mut self, inbound: &Inbound) {
        for at in 0..self.ports.len() {
            let Some((name, line)) = self.ports[at].name else { continue };
            let atom = self.device.interfaces.atom(name);
            let free = |f: &Family| !inbound.of(*f).contains(&atom);
            let families: Vec<Family> = Family::BOTH.into_iter().filter(free).collect();
            if families.is_empty() {
                continue;
            }
            let mut ruleset = Ruleset::new(format!("security-level ({name})"), line);
            ruleset.implied = true;
            ruleset.families = families;
            ruleset.hooks.push(Hook::In(AtomSet::one(atom)));
            ruleset.rules = self.level_rules(at, atom);
            self.device.rulesets.push(ruleset);
        }
    }

    /// What an interface permits by its level alone. One that is `management-only` forwards nothing.
    fn level_rules(&self, at: usize, atom: u32) -> Vec<Rule> {
        let port = &self.ports[at];
        if port.management_only {
            return Vec::new();
        }
        let iif = AtomSet::one(atom);
        let rule = |line: u32, action: Action, oif: AtomSet| {
            Rule::new(line, action, Traffic { iif: iif.clone(), oif, ..Traffic::ANY })
        };
        let mut rules = Vec::new();
        if let Some(line) = self.vague {
            let mut unknown = rule(line, Action::Unknown, AtomSet::ANY);
            unknown.narrowed_by(reasons::OLD_COMMANDS);
            rules.push(unknown);
        }
        let level = port.level();
        let lower = self.levels.below(level);
        if !lower.is_empty() {
            rules.push(rule(port.level_line(), Action::Permit, lower));
        }
        rules.extend(self.same_level.intra.map(|line| rule(line, Action::Permit, iif.clone())));
        let same = self.levels.at(level);
        if let Some(line) = self.same_level.inter.filter(|_| same != iif) {
            if self.same_level.intra.is_none() {
                rules.push(rule(port.level_line(), Action::Deny, iif.clone()));
            }
            rules.push(rule(line, Action::Permit, same));
        }
        rules
    }

    /// Interfaces of one level exchange nothing without `same-security-traffic permit
    /// inter-interface`, also where a list permits it.
    fn same_level_list(&mut self, inbound: &Inbound, global: bool) {
        // Threat Defense gives all its interfaces level 0 and lets them reach each other.
        let is_ngfw = self.version.is_some_and(|v| v.product == Product::Ngfw);
        if self.same_level.inter.is_some() || is_ngfw {
            return;
        }
        let mut ruleset = Ruleset::new("same-security-traffic", 0);
        ruleset.implied = true;
        let mut hooked = Vec::new();
        for port in &self.ports {
            let Some(atom) = port.name.and_then(|(n, _)| self.device.interfaces.find(n)) else {
                continue;
            };
            let (iif, oif) = (AtomSet::one(atom), self.levels.at(port.level()));
            let listed = global || inbound.v4.contains(&atom) || inbound.v6.contains(&atom);
            if !listed || oif.is_empty() || oif == iif {
                continue;
            }
            hooked.push(atom);
            let within = Traffic { iif: iif.clone(), oif: iif.clone(), ..Traffic::ANY };
            let permit = |line| Rule::new(line, Action::Permit, within);
            ruleset.rules.extend(self.same_level.intra.map(permit));
            let matches = Traffic { iif, oif, ..Traffic::ANY };
            ruleset.rules.push(Rule::new(port.level_line(), Action::Deny, matches));
        }
        if hooked.is_empty() {
            return;
        }
        ruleset.hooks.push(Hook::In(hooked.into_iter().collect()));
        // This list only takes away: what else passes is for the other lists to say.
        ruleset.default = Fallback { action: Action::Permit, line: None };
        self.device.rulesets.push(ruleset);
    }

    /// Sorts the interfaces that forward by their levels.
    pub(super) fn rank_levels(&mut self) {
        let mut atoms = vec![Vec::new(); 101];
        for port in &self.ports {
            if let Some((name, _)) = port.name.filter(|_| !port.management_only) {
                let atom = self.device.interfaces.atom(name);
                atoms[usize::from(port.level().min(100))].push(atom);
            }
        }
        self.levels = Levels::of(&atoms);
    }
}

/// A remark without the number that LINA puts before it (`rule-id 268434434: L7 RULE: Web`).
fn rule_name(remark: &str) -> &str {
    let tail = remark.strip_prefix("rule-id ").and_then(|r| r.split_once(": "));
    tail.filter(|(id, _)| id.bytes().all(|b| b.is_ascii_digit())).map_or(remark, |(_, name)| name)
}

/// Interfaces that a list filters inbound, for each IP version.
#[derive(Default)]
struct Inbound {
    v4: FxHashSet<u32>,
    v6: FxHashSet<u32>,
}

impl Inbound {
    fn add(&mut self, atom: u32, families: &[Family]) {
        if families.contains(&Family::V4) {
            self.v4.insert(atom);
        }
        if families.contains(&Family::V6) {
            self.v6.insert(atom);
        }
    }

    fn of(&self, family: Family) -> &FxHashSet<u32> {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

/// Interfaces of each security level, and below it.
#[derive(Default)]
pub(super) struct Levels {
    at: Vec<AtomSet>,
    below: Vec<AtomSet>,
}

impl Levels {
    fn of(atoms: &[Vec<u32>]) -> Self {
        let all = |list: &[Vec<u32>]| list.iter().flatten().copied().collect();
        let levels = 0..atoms.len();
        Self {
            at: levels.clone().map(|n| all(&atoms[n..=n])).collect(),
            below: levels.map(|n| all(&atoms[..n])).collect(),
        }
    }

    fn at(&self, level: u8) -> AtomSet {
        self.at.get(usize::from(level)).cloned().unwrap_or_else(AtomSet::none)
    }

    fn below(&self, level: u8) -> AtomSet {
        self.below.get(usize::from(level)).cloned().unwrap_or_else(AtomSet::none)
    }
}

/// `same-security-traffic permit …`, with its line.
#[derive(Default)]
pub(super) struct SameLevel {
    pub(super) inter: Option<u32>,
    pub(super) intra: Option<u32>,
}
