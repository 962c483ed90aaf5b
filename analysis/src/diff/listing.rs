//! A list as a sequence of rules that can be compared: the first match decides.

use std::hash::{Hash, Hasher};
use std::slice::from_ref;

use jiff::civil::Date;
use portvakt_model::{Action, Device, ObjectKind, Rule, Ruleset, RulesetId, Source};
use portvakt_space::{Class, Family, ListedRule, Traffic};
use rustc_hash::FxHasher;

use super::names::Renumbering;
use crate::flatten::flatten;
use crate::lists::{RuleKey, listed};
use crate::steps::Steps;

/// A device with the text that it was read from.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// The device.
    pub device: &'a Device,
    /// Its export.
    pub source: &'a Source,
}

/// The rules of a list as packets meet them, chains laid out; the last is the default.
pub(super) struct Listing<'a> {
    version: Version<'a>,
    root: RulesetId,
    form: Form<'a>,
    /// Whether the rules are all of it.
    pub(super) complete: bool,
    unknowns: Unknowns,
}

/// What stands for all that a version leaves unknown: once for each, since many lists may ask.
#[derive(Clone, Copy)]
pub(super) struct Unknowns {
    /// Contents of objects, and hours of schedules.
    objects: u64,
    /// Rules that call a chain, or return from one, under an unknown match.
    callers: u64,
}

/// A list without calls is read where it stands: a million rules need no copy.
enum Form<'a> {
    Plain { rules: &'a [Rule], in_force: Vec<u32>, whole: Traffic, default: Class },
    Steps(Steps<'a>),
}

impl<'a> Listing<'a> {
    pub(super) fn new(
        version: Version<'a>,
        root: RulesetId,
        (names, unknowns): &(Renumbering, Unknowns),
        today: Date,
    ) -> Self {
        let list = &version.device.rulesets[root.0 as usize];
        let plain = names.is_none().then(|| plain(version.device, list, today)).flatten();
        let (form, complete) = match plain {
            Some(form) => (form, true),
            None => laid_out(version.device, root, names, today),
        };
        Self { version, root, form, complete, unknowns: *unknowns }
    }

    pub(super) fn len(&self) -> usize {
        match &self.form {
            Form::Plain { in_force, .. } => in_force.len() + 1,
            Form::Steps(steps) => steps.len(),
        }
    }

    pub(super) fn rule(&self, at: usize) -> ListedRule<'_> {
        match &self.form {
            Form::Plain { whole, default, .. } => {
                let Some(rule) = self.plain_rule(at) else {
                    return ListedRule::exact(*default, from_ref(whole));
                };
                let class = class_of(rule.action).unwrap_or(Class::Other);
                match &rule.gap {
                    None => ListedRule::exact(class, from_ref(&rule.matches)),
                    Some(gap) => {
                        ListedRule::between(class, gap.least.as_slice(), from_ref(&rule.matches))
                    }
                }
            }
            Form::Steps(steps) => listed(steps.get(at)),
        }
    }

    fn plain_rule(&self, at: usize) -> Option<&'a Rule> {
        match &self.form {
            Form::Plain { rules, in_force, .. } => Some(&rules[*in_force.get(at)? as usize]),
            Form::Steps(_) => None,
        }
    }

    /// The rule, or default, that stands at a place.
    pub(super) fn key(&self, at: usize) -> RuleKey {
        match &self.form {
            Form::Plain { in_force, .. } => {
                RuleKey { ruleset: self.root, rule: in_force.get(at).copied() }
            }
            Form::Steps(steps) => {
                let step = steps.get(at);
                RuleKey { ruleset: step.ruleset, rule: step.rule }
            }
        }
    }

    fn rule_of(&self, key: RuleKey) -> Option<&'a Rule> {
        self.version.device.rulesets[key.ruleset.0 as usize].rules.get(key.rule? as usize)
    }

    /// A number that rules of the same meaning share.
    pub(super) fn hash(&self, at: usize) -> u64 {
        let mut hasher = FxHasher::default();
        let rule = self.rule(at);
        rule.hash(&mut hasher);
        if !rule.is_known() {
            self.doubt(at).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Whether the rule at a place means the same as one of another version.
    pub(super) fn same(&self, at: usize, other: &Self, there: usize) -> bool {
        let (rule, theirs) = (self.rule(at), other.rule(there));
        rule == theirs && (rule.is_known() || self.doubt(at) == other.doubt(there))
    }

    /// What is written of a rule whose match or effect is not modelled: only where all of that is
    /// alike do two such rules match the same packets.
    fn doubt(&self, at: usize) -> (String, u64, u64) {
        let Some(rule) = self.rule_of(self.key(at)) else {
            return (String::new(), self.unknowns.callers, 0);
        };
        let last = rule.note.as_ref().map_or(rule.line, |note| note.last_line.max(rule.line));
        let mut text = String::new();
        for line in rule.line..=last {
            text.push_str(without_counters(&self.version.source.line(line)));
            text.push('\n');
        }
        let called = if rule.gap.is_none() { self.unknowns.callers } else { 0 };
        (text, called, if names_objects(rule) { self.unknowns.objects } else { 0 })
    }
}

/// Whether a rule names something that only the device may know the contents of.
fn names_objects(rule: &Rule) -> bool {
    let Some(note) = &rule.note else { return false };
    let names = [&note.sources, &note.destinations, &note.services];
    note.schedule.is_some() || names.into_iter().any(|names| !names.is_empty())
}

impl Unknowns {
    pub(super) fn of(version: Version<'_>) -> Self {
        Self { objects: Self::objects(version), callers: Self::callers(version) }
    }

    /// The text of every rule that calls a chain, or returns from one, under an unknown match.
    fn callers(version: Version<'_>) -> u64 {
        let mut hasher = FxHasher::default();
        for rule in version.device.rulesets.iter().flat_map(|list| &list.rules) {
            let calls = matches!(rule.action, Action::Jump(_) | Action::Goto(_) | Action::Return);
            if calls && rule.gap.is_some() {
                without_counters(&version.source.line(rule.line)).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    /// The text of every object whose contents are not known, and of every schedule.
    fn objects(version: Version<'_>) -> u64 {
        let Version { device, source } = version;
        let unknown = |kind: &ObjectKind| {
            use ObjectKind::{Address, AddressGroup, Other, Service, ServiceGroup};
            matches!(
                kind,
                Address(None) | AddressGroup(None) | Service(None) | ServiceGroup(None) | Other
            )
        };
        let objects = device
            .objects
            .iter()
            .filter(|o| o.source.is_none() && unknown(&o.kind))
            .map(|o| o.line);
        let schedules = device.schedules.iter().filter(|s| s.recurring).map(|s| s.line);
        let mut hasher = FxHasher::default();
        for line in objects.chain(schedules).filter(|line| *line > 0) {
            block(source, line).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// A line and those below it that are set in further.
fn block(source: &Source, line: u32) -> String {
    let depth = |text: &str| text.len() - text.trim_start().len();
    let head = source.line(line);
    let mut text = head.trim().to_owned();
    for below in line + 1..=source.line_count() {
        let more = source.line(below);
        if depth(&more) <= depth(&head) {
            break;
        }
        text.push('\n');
        text.push_str(more.trim());
    }
    text
}

/// A rule's line without `[packets:bytes]` before it.
fn without_counters(line: &str) -> &str {
    let line = line.trim();
    let rest = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    rest.map_or(line, |(_, rest)| rest.trim_start())
}

fn class_of(action: Action) -> Option<Class> {
    match action {
        Action::Permit => Some(Class::Permit),
        Action::Deny | Action::Reject => Some(Class::Deny),
        Action::Unknown => Some(Class::Other),
        Action::Jump(_) | Action::Goto(_) | Action::Return | Action::Continue => None,
    }
}

/// The list read where it stands; `None` where it calls, returns, or keeps hours.
fn plain<'a>(device: &'a Device, list: &'a Ruleset, today: Date) -> Option<Form<'a>> {
    let default = class_of(list.default.action)?;
    let whole = match list.families[..] {
        [family] => Traffic::all(family),
        _ => Traffic::ANY,
    };
    let mut in_force = Vec::with_capacity(list.rules.len());
    for (index, rule) in (0u32..).zip(&list.rules) {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        let schedule = schedule.and_then(|i| device.schedules.get(i as usize));
        if !rule.enabled
            || rule.action == Action::Continue
            || schedule.is_some_and(|s| !s.covers(today))
        {
            continue;
        }
        let foreign = Family::BOTH.into_iter().any(|f| rule.matches.has(f) && !whole.has(f));
        if class_of(rule.action).is_none() || schedule.is_some_and(|s| s.recurring) || foreign {
            return None;
        }
        in_force.push(index);
    }
    in_force.shrink_to_fit();
    Some(Form::Plain { rules: &list.rules, in_force, whole, default })
}

fn laid_out<'a>(
    device: &'a Device,
    root: RulesetId,
    names: &Renumbering,
    today: Date,
) -> (Form<'a>, bool) {
    let mut flat = flatten(device, root, today);
    if !names.is_none() {
        let asks = |t: &Traffic| !(t.iif.is_any() && t.oif.is_any());
        flat.steps.rewrite(|traffic| asks(traffic).then(|| names.traffic(traffic)));
    }
    flat.steps.shrink_to_fit();
    (Form::Steps(flat.steps), flat.complete)
}
