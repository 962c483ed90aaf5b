//! Lists of rules of which the first that matches decides.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::engine::{Analysis, Take, analysis};
use crate::{Budget, Cause, Class, Difference, Doubt, Family, Packet, Sizes, Traffic, Verdict};

/// One rule of a [`FirstMatchList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListedRule<'a> {
    pub(crate) class: Class,
    /// What the rule is sure to match.
    pub(crate) least: &'a [Traffic],
    /// What it may match beside that.
    pub(crate) most: &'a [Traffic],
    exact: bool,
}

impl<'a> ListedRule<'a> {
    /// A rule that matches the union of `traffic`. An empty union stands for a rule that is
    /// disabled or can't match.
    pub const fn exact(class: Class, traffic: &'a [Traffic]) -> Self {
        Self { class, least: traffic, most: &[], exact: true }
    }

    /// A rule with matches that the model can't express: it matches all of `least`, and nothing
    /// outside the union of `least` and `most`.
    pub const fn between(class: Class, least: &'a [Traffic], most: &'a [Traffic]) -> Self {
        Self { class, least, most, exact: false }
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// Whether both its match and its effect are modelled.
    pub fn is_known(&self) -> bool {
        self.exact && self.class != Class::Other
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &'a Traffic> + use<'a> {
        self.least.iter().chain(self.most)
    }
}

/// Rules that one task prepares.
const CHUNK: usize = 4096;

/// Rules by their place.
pub(crate) struct Rules<'f, 'a> {
    pub(crate) len: usize,
    at: &'f (dyn Fn(usize) -> ListedRule<'a> + Sync),
}

impl<'f, 'a> Rules<'f, 'a> {
    pub(crate) fn new(len: usize, at: &'f (dyn Fn(usize) -> ListedRule<'a> + Sync)) -> Self {
        Self { len, at }
    }

    /// The rules of some places.
    pub(crate) fn of(&self, places: Range<usize>) -> impl Iterator<Item = ListedRule<'a>> {
        places.map(|place| (self.at)(place))
    }

    /// All places in runs, each for one task.
    pub(crate) fn runs(&self) -> impl IndexedParallelIterator<Item = Range<usize>> + use<> {
        let len = self.len;
        let run = move |n: usize| n * CHUNK..len.min((n + 1) * CHUNK);
        (0..len.div_ceil(CHUNK)).into_par_iter().map(run)
    }
}

/// Which of a rule's two sets is meant, where unknown matches make them differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// What is sure.
    Least,
    /// What is possible.
    Most,
}

/// An indexed list of rules of which the first that matches decides, with a default at its end.
/// Rules are named by their place, counted from 0.
#[derive(Debug)]
pub struct FirstMatchList {
    len: usize,
    default: Class,
    /// One for each IP version that some rule matches.
    families: [Option<Box<dyn Analysis>>; 2],
}

impl FirstMatchList {
    /// Indexes a list of less than 2³⁰ rules. Nothing of the rules is kept but numbers.
    pub fn build<'a>(rules: impl IntoIterator<Item = ListedRule<'a>>, default: Class) -> Self {
        let rules: Vec<ListedRule> = rules.into_iter().collect();
        Self::of(rules.len(), |at| rules[at], default)
    }

    /// The same for rules that are made when asked for by their place: long lists take less room so.
    pub fn of<'a>(
        len: usize,
        rule: impl Fn(usize) -> ListedRule<'a> + Sync,
        default: Class,
    ) -> Self {
        let rules = Rules::new(len, &rule);
        let has_one = |run: Range<usize>, family: Family| {
            rules.of(run).any(|rule| rule.all().any(|t| t.has(family)))
        };
        let has = |family: Family| rules.runs().any(|run| has_one(run, family));
        let of = |family: Family| has(family).then(|| analysis(&rules, default, family));
        Self { len, default, families: Family::BOTH.map(of) }
    }

    /// The number of rules.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The verdict on every rule, in order. The budget is for each rule and IP version.
    pub fn verdicts(&self, budget: Budget) -> Vec<Verdict> {
        in_order(self.len, |take| self.judge(budget, take))
    }

    /// Judges every rule and hands the verdicts over, some at a time: in no order, and from several
    /// threads at once. Verdicts of a long list take more room than what is kept of them.
    pub fn judge(&self, budget: Budget, take: impl Fn(Vec<(usize, Verdict)>) + Sync) {
        match self.families.each_ref().map(Option::as_deref) {
            [Some(v4), Some(v6)] => {
                let all = |list: &dyn Analysis| in_order(self.len, |take| list.judge(budget, take));
                let both = all(v4).into_iter().zip(all(v6)).enumerate();
                let one = |(rule, (v4, v6))| (rule, self.of_both(rule, v4, v6, budget));
                take(both.map(one).collect());
            }
            [Some(one), None] | [None, Some(one)] => one.judge(budget, &take),
            [None, None] => take((0..self.len).map(|rule| (rule, Verdict::UNMATCHABLE)).collect()),
        }
    }

    /// The rules in an order in which questions about neighbours mostly read the same memory: for who asks
    /// one about each rule of a long list.
    pub fn tree_order(&self) -> Vec<u32> {
        let first = self.families.iter().flatten().next();
        first.map_or_else(|| (0..self.len as u32).collect(), |family| family.tree_order())
    }

    /// The verdict on one rule. A rule that isn't in the list can't match.
    pub fn verdict(&self, rule: usize, budget: Budget) -> Verdict {
        let both = self.families.iter().flatten().filter(|_| rule < self.len);
        both.map(|family| family.verdict(rule as u32, budget))
            .reduce(|v4, v6| self.of_both(rule, v4, v6, budget))
            .unwrap_or(Verdict::UNMATCHABLE)
    }

    fn of_both(&self, rule: usize, v4: Verdict, v6: Verdict, budget: Budget) -> Verdict {
        let found_apart = v4.blockers() != v6.blockers();
        let mut verdict = Verdict::of_both(v4, v6);
        if found_apart {
            self.tighten(rule, &mut verdict, budget);
        }
        verdict
    }

    /// Leaves out blockers of one IP version that those of the other can stand in for.
    fn tighten(&self, rule: usize, verdict: &mut Verdict, budget: Budget) {
        let (blockers, bound) = match verdict {
            Verdict::Unreachable { blockers, .. } => (blockers, Bound::Least),
            Verdict::Undecided(Doubt::MaybeUnreachable { blockers }) => (blockers, Bound::Most),
            _ => return,
        };
        if blockers.len() > 1
            && bound == Bound::Least
            && let Some(alone) = self.lone_blocker(rule, budget)
        {
            *blockers = vec![alone];
        }
        for at in (0..blockers.len()).rev() {
            let mut others: Vec<u32> = blockers.iter().map(|b| *b as u32).collect();
            others.remove(at);
            if self.is_covered_by(rule, &others, bound, budget) {
                blockers.remove(at);
            }
        }
        if let Verdict::Unreachable { cause: cause @ Cause::Union, blockers, .. } = verdict
            && blockers.len() == 1
        {
            *cause = Cause::One;
        }
    }

    fn is_covered_by(&self, rule: usize, rules: &[u32], bound: Bound, budget: Budget) -> bool {
        let mut families = self.families.iter().flatten();
        families.all(|family| family.is_covered_by(rule as u32, rules, bound, budget))
    }

    /// The first rule that alone is sure to match all of `rule`.
    fn lone_blocker(&self, rule: usize, budget: Budget) -> Option<usize> {
        let mut each = self.families.iter().flatten();
        let candidates = each.next()?.lone_blockers(rule as u32, budget);
        let others = each.next().map(|family| family.lone_blockers(rule as u32, budget));
        let alone = |r: &u32| others.as_ref().is_none_or(|others| others.contains(r));
        candidates.into_iter().find(alone).map(|r| r as usize)
    }

    /// The first rule that matches the packet: for sure, or possibly. `None` is the default.
    pub fn first(&self, packet: &Packet, bound: Bound) -> Option<usize> {
        let family = self.families[packet.family() as usize].as_ref()?;
        family.first(packet, bound).map(|rule| rule as usize)
    }

    /// Rules of a range that may match a packet that `rule` may match as well, in order. At most
    /// `most`: wide rules overlap with all others, so the full answer grows with the square of
    /// the list.
    pub fn overlapping(&self, rule: usize, among: Range<usize>, most: usize) -> Vec<usize> {
        let among = among.start as u32..among.end.min(self.len) as u32;
        let families = self.families.iter().flatten().filter(|_| rule < self.len);
        lowest(families.flat_map(|f| f.overlapping(rule as u32, among.clone(), most)), most)
    }

    /// Of the rules that [`FirstMatchList::overlapping`] gives, those of another class: their order
    /// matters. [`Class::Other`] differs from every class, itself too.
    pub fn opposed(&self, rule: usize, among: Range<usize>, most: usize) -> Vec<usize> {
        let among = among.start as u32..among.end.min(self.len) as u32;
        let families = self.families.iter().flatten().filter(|_| rule < self.len);
        lowest(families.flat_map(|f| f.opposed(rule as u32, among.clone(), most)), most)
    }

    /// For each `wanted` rule the later ones, wanted too, that [`FirstMatchList::opposed`] would give,
    /// without those that are known to be inside it or around it: the usual exceptions before their general
    /// rule. Few are left in lists whose networks nest. A rule of several parts is never known to be inside.
    ///
    /// Rules are in no order, later ones too, and a pair may be there more than once. Where there are more
    /// than `most` of one IP version, false stands beside some of them.
    pub fn crossings(
        &self,
        wanted: impl Fn(usize) -> bool + Sync,
        most: usize,
    ) -> (Vec<(u32, Vec<u32>)>, bool) {
        let mut all = (Vec::new(), true);
        for family in self.families.iter().flatten() {
            let (pairs, complete) = family.crossings(&|rule| wanted(rule as usize), most);
            all.0.extend(pairs);
            all.1 &= complete;
        }
        all
    }

    /// Rules that may match a packet of `region`, in order; at most `most`.
    pub fn meeting(&self, region: &Traffic, most: usize) -> Vec<usize> {
        lowest(self.families.iter().flatten().flat_map(|f| f.meeting(region, most)), most)
    }

    /// Whether some rule may match a packet of `region`.
    pub fn meets(&self, region: &Traffic) -> bool {
        self.families.iter().flatten().any(|f| f.meets(region))
    }

    /// The packets of `region` that a rule decides: its own without those of all rules before it.
    ///
    /// [`Bound::Most`] gives those that it may decide (its most without the others' least),
    /// [`Bound::Least`] those that it is sure to decide.
    pub fn effective(
        &self,
        rule: usize,
        region: &Traffic,
        bound: Bound,
        budget: Budget,
    ) -> Difference {
        let mut all = Difference::default();
        for family in self.families.iter().flatten().filter(|_| rule < self.len) {
            all.extend(family.effective(rule as u32, region, bound, budget));
        }
        all
    }

    /// The packets of `region` that no rule matches: possibly ([`Bound::Most`]) or for sure.
    pub fn unmatched(&self, region: &Traffic, bound: Bound, budget: Budget) -> Difference {
        let mut all = Difference::default();
        for (family, list) in Family::BOTH.into_iter().zip(&self.families) {
            match list {
                Some(list) => all.extend(list.unmatched(region, bound, budget)),
                None => all.parts.extend(Some(region.only(family)).filter(|part| !part.is_empty())),
            }
        }
        all
    }
}

impl FirstMatchList {
    /// How many packets of each IP version those rules decide that do not decide all that they match.
    /// `dead` rules, known to be out of reach, are left out. The budget is for each rule and IP version.
    pub fn sizes(&self, dead: &[bool], budget: Budget) -> [Sizes; 2] {
        [&self.families[0], &self.families[1]]
            .map(|list| list.as_ref().map_or_else(Sizes::default, |list| list.sizes(dead, budget)))
    }

    /// How many packets of each IP version these rules may match.
    pub fn wholes(&self, rules: &[u32], budget: Budget) -> [Vec<f64>; 2] {
        [&self.families[0], &self.families[1]].map(|list| {
            list.as_ref().map_or_else(|| vec![0.0; rules.len()], |l| l.wholes(rules, budget))
        })
    }

    /// Whether the rules from number `from` on, and the default after them, are sure to decide every
    /// packet of `region` as `class` does: then no rule among them needs to be known better. `None`
    /// when the budget ran out.
    pub fn agrees(
        &self,
        region: &Traffic,
        class: Class,
        from: usize,
        budget: Budget,
    ) -> Option<bool> {
        let mut told = true;
        for (family, list) in Family::BOTH.into_iter().zip(&self.families) {
            let part = region.only(family);
            if part.is_empty() {
                continue;
            }
            let alike = match list {
                Some(list) => list.agrees(&part, class, from as u32, budget),
                None => Some(class == self.default && class != Class::Other),
            };
            match alike {
                Some(false) => return Some(false),
                Some(true) => {}
                None => told = false,
            }
        }
        told.then_some(true)
    }
}

/// The verdicts that `judge` hands over, in the order of their rules.
fn in_order(len: usize, judge: impl FnOnce(&Take<'_>)) -> Vec<Verdict> {
    let out = Mutex::new(vec![Verdict::UNMATCHABLE; len]);
    judge(&|judged| {
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        for (rule, verdict) in judged {
            out[rule] = verdict;
        }
    });
    out.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The lowest `most` of some rules' numbers, in order.
fn lowest(rules: impl Iterator<Item = u32>, most: usize) -> Vec<usize> {
    let mut rules: Vec<usize> = rules.map(|rule| rule as usize).collect();
    rules.sort_unstable();
    rules.dedup();
    rules.truncate(most);
    rules
}
