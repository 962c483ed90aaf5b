//! From what a ruleset says to what it does: chains become rule lists, sets become objects.

use portvakt_model::{
    Action, Default, Device, Hook, Interfaces, Message, Object, ObjectKind, Rule as ModelRule,
    Ruleset, RulesetId, Undefined,
};
use portvakt_space::{AddrSet, AtomSet, Family, Traffic};
use rustc_hash::FxHashMap;

use super::atoms;
use super::contents::Contents;
use super::domain;
use super::early::Moments;
use super::reasons;
use super::syntax::{Base, Chain, Config, Key, Set, Side, Table, TableFamily, Value};
use crate::build::Build;

/// Most rules that concatenations and verdict maps may be laid out into, in a whole file.
const MAX_EXPANDED: usize = 1 << 20;

/// Far outside the priorities that anyone uses.
const AT_DEVICE: i32 = 1 << 20;

const OTHER_PLANE: &Message = &Message {
    sv: "filtrering av ARP och av bryggade ramar räknas inte in",
    en: "filtering of ARP and of bridged frames is not modelled",
};

/// Puts the tables of `config` into a device of `build`.
pub(super) fn lower(config: &Config<'_>, name: &str, build: &mut Build<'_>) {
    let mut device = Device::new(name, build.format, build.id);
    device.version.clone_from(&config.version);
    device.undefined.clone_from(&config.undefined);
    let mut interfaces = Interfaces::default();
    atoms::collect(config, &mut interfaces);
    let contents = Contents::new(config, interfaces);
    let mut lower = Lower { contents, config, build, device, budget: MAX_EXPANDED };
    let ids = lower.declare();
    lower.contents.moments = Moments::new(config, &ids, &lower.device.rulesets);
    for table in 0..config.tables.len() {
        if config.tables[table].alive {
            lower.table(table, &ids);
        }
    }
    lower.objects();
    for (name, line, list) in std::mem::take(&mut lower.contents.undefined) {
        lower.undefined(&name, "set", line, list);
    }
    let Lower { mut device, contents, .. } = lower;
    device.interfaces = contents.interfaces;
    build.devices.push(device);
}

/// Index of the rule list of each chain that is in force, by table and chain.
pub(super) type Ids = FxHashMap<(usize, usize), RulesetId>;

pub(super) struct Lower<'x, 'a, 'b, 'c> {
    pub(super) config: &'x Config<'a>,
    pub(super) build: &'b mut Build<'c>,
    pub(super) device: Device,
    pub(super) contents: Contents<'x, 'a>,
    /// How many more rules may be made of rules that match several products of sets.
    pub(super) budget: usize,
}

impl<'x, 'a> Lower<'x, 'a, '_, '_> {
    /// Makes a rule list of every chain, so that jumps find theirs.
    fn declare(&mut self) -> Ids {
        let mut ids = Ids::default();
        for (t, table) in self.config.tables.iter().enumerate().filter(|(_, t)| t.alive) {
            for (c, chain) in table.chains.iter().enumerate().filter(|(_, c)| c.alive) {
                ids.insert((t, c), RulesetId(self.device.rulesets.len() as u32));
                let list = self.list(table, chain);
                self.device.rulesets.push(list);
            }
        }
        ids
    }

    fn list(&mut self, table: &Table<'a>, chain: &Chain<'a>) -> Ruleset {
        let name = format!("{} {}/{}", table.family.name(), table.name, chain.name);
        let mut list = Ruleset::new(name, chain.line);
        list.families = match (table.family, table.family.only()) {
            (TableFamily::Arp, _) => Vec::new(),
            (_, Some(family)) => vec![family],
            _ => Family::BOTH.to_vec(),
        };
        list.default = Default { action: Action::Return, line: None };
        if let Some(base) = &chain.base {
            let (drop, line) = chain.policy.map_or((false, None), |(drop, l)| (drop, Some(l)));
            let action = if drop { Action::Deny } else { Action::Permit };
            list.default = Default { action, line };
            self.apply(table, chain, base, &mut list);
        }
        list
    }

    /// Hooks a base chain in.
    fn apply(&mut self, table: &Table<'a>, chain: &Chain<'a>, base: &Base<'a>, list: &mut Ruleset) {
        if !table.family.is_modelled() {
            list.other_uses.push(format!("{} {}", table.family.name(), base.hook));
            // A chain that lets everything through is understood on any plane.
            if list.default.action == Action::Deny || chain.in_order().next().is_some() {
                self.build.unsupported(base.line, OTHER_PLANE);
            }
            return;
        }
        if base.kind == "nat" {
            list.other_uses.push("nat".into());
        }
        let hook = match base.hook.as_ref() {
            "prerouting" => Hook::Prerouting(base.priority),
            "input" => Hook::Local(base.priority),
            "forward" => Hook::Forward(base.priority),
            "output" => Hook::Output(base.priority),
            "postrouting" => Hook::Postrouting(base.priority),
            // A network device sees packets before and after all else.
            "ingress" => Hook::Prerouting(base.priority.saturating_sub(AT_DEVICE)),
            "egress" => Hook::Postrouting(base.priority.saturating_add(AT_DEVICE)),
            _ => {
                self.build.unsupported(base.line, reasons::HOOK);
                return;
            }
        };
        if !table.dormant {
            list.hooks.push(hook);
        }
    }

    fn table(&mut self, t: usize, ids: &Ids) {
        let config = self.config;
        let table = &config.tables[t];
        for (c, chain) in table.chains.iter().enumerate() {
            let Some(&id) = ids.get(&(t, c)) else { continue };
            let mut rules = Vec::with_capacity(chain.rules.len());
            for (position, rule) in chain.in_order().enumerate() {
                if !table.family.is_modelled() {
                    self.build.unsupported(rule.line, OTHER_PLANE);
                }
                self.rule(t, id, position + 1, rule, ids, &mut rules);
            }
            self.device.rulesets[id.0 as usize].rules = rules;
            if let Some(base) = &chain.base {
                self.at_devices(base, id);
            }
        }
        self.unhook_translations(t, ids);
    }

    /// A chain at network devices holds for their packets alone, its policy as well.
    fn at_devices(&mut self, base: &Base<'a>, id: RulesetId) {
        let incoming = base.hook == "ingress";
        if !incoming && base.hook != "egress" || base.devices.is_empty() {
            return;
        }
        let interfaces = &mut self.contents.interfaces;
        let atoms: AtomSet = base.devices.iter().map(|d| interfaces.atom(d)).collect();
        let narrow = |t: &mut Traffic| {
            let side = if incoming { &mut t.iif } else { &mut t.oif };
            *side = side.intersect(&atoms);
        };
        let list = &mut self.device.rulesets[id.0 as usize];
        let policy = std::mem::replace(&mut list.default.action, Action::Permit);
        for rule in &mut list.rules {
            narrow(&mut rule.matches);
            rule.gap.iter_mut().filter_map(|g| g.least.as_mut()).for_each(narrow);
            if rule.action == Action::Return {
                rule.action = policy;
            }
        }
        if policy != Action::Permit {
            let line = list.default.line.take().unwrap_or(base.line);
            let mut rest = ModelRule::new(line, policy, Traffic::ANY);
            narrow(&mut rest.matches);
            list.rules.push(rest);
        }
    }

    /// A chain of type `nat` decides nothing as a filter unless something in its table drops: it
    /// then only translates, and stays out of the way of what packets must pass.
    fn unhook_translations(&mut self, t: usize, ids: &Ids) {
        let chains = &self.config.tables[t].chains;
        let is_nat = |c: &Chain<'_>| c.base.as_ref().is_some_and(|b| b.kind == "nat");
        let rulesets = &self.device.rulesets;
        let drops = |r: &ModelRule| r.action.is_deny() || r.action == Action::Unknown;
        let may_drop = |(c, chain): (usize, &Chain<'_>)| {
            let list = ids.get(&(t, c)).map(|id| &rulesets[id.0 as usize]);
            (chain.base.is_none() || is_nat(chain))
                && list.is_some_and(|l| l.rules.iter().any(drops))
        };
        if chains.iter().enumerate().any(may_drop) {
            return;
        }
        for (c, chain) in chains.iter().enumerate().filter(|(_, c)| is_nat(c)) {
            let drops = chain.policy.is_some_and(|(drop, _)| drop);
            if let Some(id) = ids.get(&(t, c)).filter(|_| !drops) {
                self.device.rulesets[id.0 as usize].hooks.clear();
            }
        }
    }

    /// Sets, maps and variables as objects.
    fn objects(&mut self) {
        for (t, table) in self.config.tables.iter().enumerate().filter(|(_, t)| t.alive) {
            for (s, set) in table.sets.iter().enumerate().filter(|(_, s)| s.alive) {
                let uses = self.config.references.get(&(t, set.name.clone()));
                let kind = self.set_kind(t, s, set);
                let name = format!("{} {}/{}", table.family.name(), table.name, set.name);
                let object = Object {
                    name,
                    kind,
                    line: set.line,
                    uses: uses.copied().unwrap_or(0),
                    source: None,
                    predefined: false,
                };
                self.device.objects.push(object);
            }
        }
        for define in &self.config.defines {
            let kind = self.value_kind(&define.value.value);
            let (name, line, uses) = (format!("${}", define.value.name), define.line, define.uses);
            self.device.objects.push(Object {
                name,
                kind,
                line,
                uses,
                source: None,
                predefined: false,
            });
        }
    }

    fn set_kind(&mut self, t: usize, s: usize, set: &'x Set<'a>) -> ObjectKind {
        match set.keys[..] {
            _ if set.is_map => ObjectKind::Other,
            [Key::Address(family, _)] => {
                let key = Key::Address(family, Side::Source);
                let content = self.contents.named(t, s, &key);
                let known = content.is_exact().then(|| domain::addresses(family, &content.most));
                ObjectKind::AddressGroup(known)
            }
            [Key::Port(protocol, _)] => {
                let key = Key::Port(None, Side::Destination);
                let content = self.contents.named(t, s, &key);
                let ports = || domain::ports(protocol, Side::Destination, &content.most);
                ObjectKind::ServiceGroup(content.is_exact().then(ports))
            }
            _ => ObjectKind::Other,
        }
    }

    /// What a variable names: addresses, ports, or something else.
    fn value_kind(&mut self, value: &'x Value<'a>) -> ObjectKind {
        if matches!(value, Value::Named(_)) {
            return ObjectKind::Other;
        }
        if let Some(set) = self.contents.addresses(0, value) {
            return ObjectKind::AddressGroup(Some(set));
        }
        let key = Key::Port(None, Side::Destination);
        let content = self.contents.of(0, &key, value);
        if content.is_exact() && !content.most.is_empty() {
            let ports = domain::ports(None, Side::Destination, &content.most);
            return ObjectKind::ServiceGroup(Some(ports));
        }
        ObjectKind::Other
    }

    pub(super) fn undefined(&mut self, name: &str, kind: &'static str, line: u32, by: RulesetId) {
        let used_by = self.device.rulesets[by.0 as usize].name.clone();
        self.device.undefined.push(Undefined { name: name.to_owned(), kind, line, used_by });
    }
}

/// Addresses of one version only: which one.
pub(super) fn only_version(set: &AddrSet) -> Option<Family> {
    match (set.has(Family::V4), set.has(Family::V6)) {
        (true, false) => Some(Family::V4),
        (false, true) => Some(Family::V6),
        _ => None,
    }
}
