//! One rule of the language as the rules of the model that it amounts to.

use portvakt_model::{
    Action, Gap, Hits, Logging, Message, NatKind, NatRule, Reason, Rule as ModelRule, RuleNote,
    RulesetId,
};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, Traffic, has_ports};

use super::compare::{Compare, Part, TOO_MANY, without};
use super::contents::UNDEFINED;
use super::lower::{Ids, Lower, only_version};
use super::rule::LIMIT;
use super::syntax::{
    Data, Key, Match, Nat, NatStatement, Op, Rule, Side, Statement, Target, Value, Verdict,
};
use crate::secrets;

/// Most products that one rule is laid out into.
const MAX_BRANCHES: usize = 1 << 16;
const ELSEWHERE: &Message = &Message {
    sv: "vad som händer med avledda paket räknas inte in",
    en: "what becomes of diverted packets is not modelled",
};
const QUEUED: &Message = &Message {
    sv: "vad ett program bestämmer om köade paket är inte känt",
    en: "what a program decides about queued packets is not known",
};
const NOT_LISTED: &Message = &Message {
    sv: "vad en tabell innehåller är inte känt i sin helhet",
    en: "what a map holds is not all known",
};

/// A rule in the making.
struct Draft<'r, 'a> {
    rule: &'r Rule<'a>,
    table: usize,
    list: RulesetId,
    position: usize,
    /// Packets that have matched so far.
    branches: Vec<Part>,
    /// Why they are not known exactly.
    reasons: Vec<Reason>,
    /// What the line loses.
    lost: Option<&'static Message>,
    /// Whether something was not recognised.
    unknown: bool,
    /// Whether a rate or a count is among the reasons, for all that it decides.
    avoidable: bool,
    logging: Logging,
    note: RuleNote,
    /// What has been taken out of tracking, before anything is decided.
    untracked: Vec<Part>,
    /// What has been decided, in order.
    done: Vec<(u32, Action, Part)>,
}

impl<'x, 'a> Lower<'x, 'a, '_, '_> {
    /// Appends to `out` what a rule of `list` amounts to, and marks its lines.
    pub(super) fn rule(
        &mut self,
        table: usize,
        list: RulesetId,
        position: usize,
        rule: &'x Rule<'a>,
        ids: &Ids,
        out: &mut Vec<ModelRule>,
    ) {
        self.contents.place = (rule.line, list);
        let mut draft = Draft {
            rule,
            table,
            list,
            position,
            branches: vec![Part::exact(Traffic::ANY)],
            reasons: Vec::new(),
            lost: None,
            unknown: false,
            avoidable: false,
            logging: Logging::Off,
            note: note(rule),
            untracked: Vec::new(),
            done: Vec::new(),
        };
        for statement in &rule.statements {
            self.statement(&mut draft, statement, ids);
        }
        draft.finish();
        self.mark(&draft);
        out.extend(draft.into_rules());
    }

    fn statement(&mut self, draft: &mut Draft<'x, 'a>, statement: &'x Statement<'a>, ids: &Ids) {
        match statement {
            Statement::Match(m) => self.narrow(draft, m),
            Statement::Verdict(verdict) => self.decide(draft, verdict, ids),
            Statement::Vmap { keys, map, words } => {
                self.look_up(draft, keys, map, words, ids);
            }
            Statement::Nat(nat) => {
                self.translate(draft, nat);
                draft.decide(Action::Permit);
            }
            Statement::Log => draft.logging = Logging::On,
            Statement::Counter(count) => {
                draft.note.hits = Some(Hits { count: *count, last: None });
            }
            Statement::Narrow(words, why) => draft.unsure(words, why),
            Statement::Neutral => {}
            Statement::Untrack => draft.untracked.extend_from_slice(&draft.branches),
            Statement::Lost(why) => draft.lost = Some(why),
            Statement::Divert(words) => {
                draft.lost.get_or_insert(ELSEWHERE);
                draft.reason(words);
                draft.decide(Action::Unknown);
            }
            Statement::Unknown(words, verdict) => {
                draft.unknown = true;
                draft.reason(words);
                draft.branches.iter_mut().for_each(|b| b.least = None);
                match verdict {
                    Some(verdict) => self.decide(draft, verdict, ids),
                    None => draft.decide(Action::Unknown),
                }
            }
        }
    }

    fn compare(&mut self, table: usize) -> Compare<'_, 'x, 'a> {
        let only = self.config.tables[table].family.only();
        Compare { contents: &mut self.contents, table, only }
    }

    fn narrow(&mut self, draft: &mut Draft<'x, 'a>, m: &'x Match<'a>) {
        self.contents.lost = None;
        let parts = self.compare(draft.table).matched(m);
        let lost = self.contents.lost.take();
        draft.note.bare_syn |= std::mem::take(&mut self.contents.bare_syn);
        written(m, &mut draft.note);
        if !parts.iter().all(Part::is_exact) {
            draft.reason(&m.words);
            // Ports without a protocol are exact once the protocol is known.
            draft.lost = draft.lost.or(lost);
        }
        let count = draft.branches.len().saturating_mul(parts.len());
        if count > MAX_BRANCHES || count > self.budget {
            return draft.unsure(&m.words, TOO_MANY);
        }
        if count > 1 {
            self.budget -= count;
        }
        let crossed = draft.branches.iter().flat_map(|b| parts.iter().map(move |p| b.intersect(p)));
        let crossed: Vec<Part> = crossed.collect();
        draft.branches = if crossed.is_empty() { vec![Part::exact(nothing())] } else { crossed };
    }

    fn decide(&mut self, draft: &mut Draft<'x, 'a>, verdict: &Verdict<'a>, ids: &Ids) {
        let action = self.action(draft, verdict, ids);
        match (action, verdict) {
            (Action::Continue, _) => return,
            (Action::Unknown, Verdict::Queue) => draft.lost = draft.lost.or(Some(QUEUED)),
            (Action::Unknown, _) => draft.lost = draft.lost.or(Some(UNDEFINED)),
            _ => {}
        }
        draft.decide(action);
    }

    fn action(&mut self, draft: &Draft<'x, 'a>, verdict: &Verdict<'a>, ids: &Ids) -> Action {
        let (name, goto) = match verdict {
            Verdict::Accept => return Action::Permit,
            Verdict::Drop => return Action::Deny,
            Verdict::Reject => return Action::Reject,
            Verdict::Queue => return Action::Unknown,
            Verdict::Continue => return Action::Continue,
            Verdict::Return => return Action::Return,
            Verdict::Jump(name) => (name, false),
            Verdict::Goto(name) => (name, true),
        };
        let table = &self.config.tables[draft.table];
        let chain = table.find_chain(name).and_then(|c| ids.get(&(draft.table, c)));
        match chain {
            Some(&id) if goto => Action::Goto(id),
            Some(&id) => Action::Jump(id),
            None => {
                self.undefined(name, "chain", draft.rule.line, draft.list);
                Action::Unknown
            }
        }
    }

    /// A verdict map: one rule for each element. A packet whose key is not in the map leaves the
    /// rule; one whose verdict is `continue` goes on in it.
    fn look_up(
        &mut self,
        draft: &mut Draft<'x, 'a>,
        keys: &[Key<'a>],
        map: &'x Value<'a>,
        words: &str,
        ids: &Ids,
    ) {
        self.contents.lost = None;
        let entries = self.contents.entries(draft.table, map);
        let mut found = Vec::with_capacity(entries.list.len());
        let mut rest = None;
        for (index, entry) in entries.list.iter().enumerate() {
            let verdict = match entry.data {
                Some(Data::Verdict(verdict)) => self.action(draft, verdict, ids),
                _ => Action::Unknown,
            };
            if matches!(entry.key.resolved(), Value::All) {
                rest = Some((entry.line, verdict));
                continue;
            }
            let neighbour = |i: usize| entries.list.get(i).is_some_and(|e| e.line == entry.line);
            let alone = !neighbour(index.wrapping_sub(1)) && !neighbour(index + 1);
            let line = if alone && entries.list.len() > 1 { entry.line } else { draft.rule.line };
            let part = self.compare(draft.table).of_entry(keys, entry.key, entry.certain);
            found.push((line, verdict, part));
        }
        let lost = self.contents.lost.take();
        if entries.open {
            // Whatever else it holds may decide either way.
            found.push((draft.rule.line, Action::Unknown, Part::unsure(Traffic::ANY)));
        }
        if found.iter().any(|(.., p)| !p.is_exact()) {
            draft.lost = draft.lost.or(lost).or(Some(NOT_LISTED));
            draft.reason(words);
        }
        self.settle(draft, found, rest, words);
    }

    /// Puts what a map decides in place of what had matched before it.
    fn settle(
        &mut self,
        draft: &mut Draft<'x, 'a>,
        mut found: Vec<(u32, Action, Part)>,
        rest: Option<(u32, Action)>,
        words: &str,
    ) {
        if let Some((line, action)) = rest {
            let parts: Vec<Part> = found.iter().map(|(.., p)| p.clone()).collect();
            match without(Traffic::ANY, &parts) {
                Some(left) => {
                    found.extend(left.into_iter().map(|t| (line, action, Part::exact(t))));
                }
                None => found.push((line, action, Part::unsure(Traffic::ANY))),
            }
        }
        let count = draft.branches.len().saturating_mul(found.len());
        if count > MAX_BRANCHES || count > self.budget {
            draft.unsure(words, TOO_MANY);
            return draft.decide(Action::Unknown);
        }
        self.budget -= count;
        let mut left = Vec::new();
        for (line, action, part) in &found {
            for branch in &draft.branches {
                let both = branch.intersect(part);
                match action {
                    Action::Continue => left.push(both),
                    _ => draft.done.push((*line, *action, both)),
                }
            }
        }
        draft.branches = left;
    }

    /// Records a translation for each product that has matched.
    fn translate(&mut self, draft: &Draft<'x, 'a>, nat: &'x Nat<'a>) {
        let targets = self.targets(draft, nat);
        let name = &self.device.rulesets[draft.list.0 as usize].name;
        let name = format!("{name} {}", draft.position);
        let source = matches!(nat.kind, NatStatement::Snat | NatStatement::Masquerade);
        let kind = if source { NatKind::Source } else { NatKind::Destination };
        for branch in &draft.branches {
            for (part, to, ports) in &targets {
                if self.budget == 0 {
                    return;
                }
                self.budget -= 1;
                let mut matches = branch.most.intersect(&part.most);
                if let Some(family) = to.as_ref().and_then(only_version)
                    && self.config.tables[draft.table].family.only().is_none()
                {
                    matches = matches.only(family);
                }
                let to_service = ports.filter(|_| !source).map(|p| ported(&matches.service, p));
                let (to_src, to_dst) = if source { (to, &None) } else { (&None, to) };
                self.device.nat.push(NatRule {
                    kind,
                    name: name.clone(),
                    enabled: true,
                    matches,
                    to_src: to_src.clone(),
                    to_dst: to_dst.clone(),
                    to_service,
                    line: draft.rule.line,
                    uses: None,
                });
            }
        }
    }

    /// What is translated to what: for each part of the traffic, addresses and ports.
    fn targets(&mut self, draft: &Draft<'x, 'a>, nat: &'x Nat<'a>) -> Vec<Translation> {
        let everything = || Part::exact(Traffic::ANY);
        let ports = nat.port.as_ref().and_then(|p| self.port_range(draft.table, p));
        match &nat.target {
            Target::None => vec![(everything(), None, ports)],
            Target::Address(value) => {
                let to = self.contents.addresses(draft.table, value).unwrap_or(AddrSet::ANY);
                vec![(everything(), Some(to), ports)]
            }
            Target::Map { keys, map } => {
                let entries = self.contents.entries(draft.table, map);
                let mut found = Vec::with_capacity(entries.list.len());
                for entry in &entries.list {
                    let part = self.compare(draft.table).of_entry(keys, entry.key, entry.certain);
                    let (to, own) = self.mapped(draft.table, entry.data);
                    found.push((part, Some(to), own.or(ports)));
                }
                if entries.open || found.is_empty() {
                    found.push((everything(), Some(AddrSet::ANY), ports));
                }
                found
            }
        }
    }

    /// `10.0.0.1` or `10.0.0.1 . 80` on the right side of a map.
    fn mapped(
        &mut self,
        table: usize,
        data: Option<&'x Data<'a>>,
    ) -> (AddrSet, Option<(u16, u16)>) {
        let Some(Data::Value(value)) = data else { return (AddrSet::ANY, None) };
        let (addr, port) = match value.resolved() {
            Value::Concat(items) => match &items[..] {
                [addr, port] => (addr, self.port_range(table, port)),
                _ => return (AddrSet::ANY, None),
            },
            _ => (value, None),
        };
        (self.contents.addresses(table, addr).unwrap_or(AddrSet::ANY), port)
    }

    fn port_range(&mut self, table: usize, value: &'x Value<'a>) -> Option<(u16, u16)> {
        let content = self.contents.of(table, &Key::Port(None, Side::Destination), value);
        match content.most.ranges() {
            [(lo, hi)] => Some((*lo as u16, *hi as u16)),
            _ => None,
        }
    }

    /// Gives the lines of a rule their state.
    fn mark(&mut self, draft: &Draft<'x, 'a>) {
        if draft.unknown {
            return;
        }
        (draft.rule.line..=draft.rule.last_line).for_each(|line| self.build.used(line));
        let decides = |(_, action, part): &(u32, Action, Part)| {
            *action != Action::Continue && (!part.is_exact() || *action == Action::Unknown)
        };
        let untracks = draft.untracked.iter().any(|p| !p.is_exact());
        let rewrites = draft.rule.statements.iter().any(|s| matches!(s, Statement::Lost(_)));
        if let Some(why) =
            draft.lost.filter(|_| rewrites || untracks || draft.done.iter().any(decides))
        {
            self.build.unsupported(draft.rule.line, why);
        }
    }
}

/// A part of the traffic, what its address becomes, and what its port becomes.
type Translation = (Part, Option<AddrSet>, Option<(u16, u16)>);

impl Draft<'_, '_> {
    fn reason(&mut self, words: &str) {
        let text = secrets::masked(&one_line(words)).into_owned();
        let reason = Reason { what: text.into(), line: self.rule.line };
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Something narrows the match that is not modelled.
    fn unsure(&mut self, words: &str, why: &'static Message) {
        self.lost.get_or_insert(why);
        self.reason(words);
        self.avoidable |= *why == *LIMIT && self.done.is_empty();
        self.branches.iter_mut().for_each(|b| b.least = None);
    }

    /// What has matched is decided.
    fn decide(&mut self, action: Action) {
        let line = self.rule.line;
        self.done.extend(self.branches.drain(..).map(|part| (line, action, part)));
    }

    /// What nothing has decided goes on to the next rule.
    fn finish(&mut self) {
        let idle = self.done.is_empty() && self.untracked.is_empty();
        if idle && self.branches.is_empty() {
            self.branches.push(Part::exact(nothing()));
        }
        if idle {
            self.decide(Action::Continue);
        }
    }

    /// Rules of the model: first those that take packets out of tracking and decide nothing.
    fn into_rules(self) -> impl Iterator<Item = ModelRule> {
        let Self { rule, reasons, avoidable, logging, note, untracked, done, .. } = self;
        let bare = is_bare(&note);
        let untracking = untracked.into_iter().map(|p| (true, (rule.line, Action::Continue, p)));
        let deciding = done.into_iter().map(|d| (false, d));
        untracking.chain(deciding).map(move |(untracks, (line, action, part))| {
            let mut rule = ModelRule::new(line, action, part.most);
            if part.least.as_ref() != Some(&rule.matches) {
                let (least, reasons) = (part.least, reasons.clone());
                rule.gap = Some(Box::new(Gap { least, reasons, avoidable, ..Gap::default() }));
            }
            rule.logging = logging;
            if !bare || untracks {
                rule.note = Some(Box::new(RuleNote { untracks, ..note.clone() }));
            }
            rule
        })
    }
}

fn is_bare(note: &RuleNote) -> bool {
    let plain = note.id.is_none() && note.comment.is_none() && note.hits.is_none();
    let unnamed =
        note.sources.is_empty() && note.destinations.is_empty() && note.services.is_empty();
    plain && unnamed && note.last_line == 0 && !note.bare_syn
}

fn note(rule: &Rule<'_>) -> RuleNote {
    RuleNote {
        id: rule.handle.as_ref().map(|h| h.clone().into_owned()),
        comment: rule.comment.as_ref().map(|c| secrets::masked(c).into_owned()),
        last_line: if rule.last_line > rule.line { rule.last_line } else { 0 },
        ..RuleNote::default()
    }
}

/// Notes addresses and services as the rule writes them.
fn written(m: &Match<'_>, note: &mut RuleNote) {
    let mut words = Vec::new();
    m.value.written(&mut words);
    let not = if matches!(m.op, Op::Ne | Op::Without) { "!= " } else { "" };
    match &m.keys[..] {
        [Key::Address(_, side)] => {
            let list = match side {
                Side::Source => &mut note.sources,
                Side::Destination => &mut note.destinations,
            };
            list.extend(words.into_iter().map(|w| format!("{not}{w}")));
        }
        [Key::Port(..) | Key::IcmpType(_) | Key::Protocol(_)] => {
            note.services.push(one_line(&m.words));
        }
        _ => {}
    }
}

/// Words with single blanks between them, cut where they go on and on.
fn one_line(words: &str) -> String {
    const LONGEST: usize = 200;
    let mut out = String::new();
    for word in words.split_whitespace() {
        if out.len() + word.len() > LONGEST {
            out.push_str(" …");
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn nothing() -> Traffic {
    Traffic { src: AddrSet::NONE, dst: AddrSet::NONE, ..Traffic::ANY }
}

/// The protocols of `service` to other ports.
fn ported(service: &ServiceSet, (lo, hi): (u16, u16)) -> ServiceSet {
    let carried = |p: u8| service.boxes().iter().any(|b| (b.proto.0..=b.proto.1).contains(&p));
    let protocols = (0..=u8::MAX).filter(|p| has_ports(*p) && carried(*p));
    protocols.map(|p| ServiceBox::to(p, lo, hi)).collect()
}
