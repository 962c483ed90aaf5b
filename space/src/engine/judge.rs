//! The verdict on one rule.

use super::Engine;
use super::agree::{Agreement, Claim, Takers};
use super::cover::{Cover, Meter, Part, Shares, excerpt, irredundant};
use super::cuboid::Cell;
use super::index::{Found, mask};
use super::search::{Search, View};
use crate::{Bound, Budget, Cause, Contrary, Doubt, Needed, Verdict};

/// Cells tried before a part is cut up: many rules show themselves live at one of them.
const TRIES: u64 = 5;
/// Rules looked at when one is sought that covers all alone.
const CANDIDATES: usize = 256;

/// One rule under judgement.
pub(super) struct Case<'e, 's, const D: usize> {
    engine: &'e Engine<D>,
    search: &'s mut Search<'e, D>,
    rule: u32,
    parts: Vec<Part<D>>,
    budget: Budget,
}

/// What covers a rule.
enum Reach<const D: usize> {
    /// Nothing does, at this cell.
    Open(Cell<D>),
    /// Rules with these shares do.
    Shut(Shares),
    /// The budget ran out after so many parts.
    Unknown(usize),
}

impl<'e, 's, const D: usize> Case<'e, 's, D> {
    pub(super) fn new(
        engine: &'e Engine<D>,
        search: &'s mut Search<'e, D>,
        rule: u32,
        budget: Budget,
    ) -> Self {
        let index = &engine.index;
        let parts = index.items_of(rule).map(|item| Part::of(&item, index.shape(&item))).collect();
        Self { engine, search, rule, parts, budget }
    }

    /// The case of a rule that was found in the index.
    pub(super) fn of(
        engine: &'e Engine<D>,
        search: &'s mut Search<'e, D>,
        found: &Found<D>,
        budget: Budget,
    ) -> Self {
        let rule = found.rule;
        match found.alone {
            Some(item) => {
                let parts = vec![Part::Solid(item.bounds)];
                Self { engine, search, rule, parts, budget }
            }
            None => Self::new(engine, search, rule, budget),
        }
    }

    pub(super) fn verdict(mut self) -> Verdict {
        if self.parts.is_empty() {
            return Verdict::UNMATCHABLE;
        }
        let may_block = View::most(0..self.rule).fresh();
        match self.reached(&may_block) {
            Reach::Open(cell) => self.live(cell),
            Reach::Unknown(proven) => unfinished(proven, self.parts.len()),
            Reach::Shut(shares) if self.engine.exact => self.unreachable(&shares),
            Reach::Shut(shares) => self.surely_shut(&shares),
        }
    }

    /// A cell of the rule that no item of `view` contains, if trying finds one.
    fn try_cells(&mut self, view: &View) -> Option<Cell<D>> {
        let Self { parts, search, .. } = self;
        let tried = |part: &Part<D>, search: &mut Search<D>| {
            std::iter::once(part.corner())
                .chain((0..TRIES).map(|seed| part.sample(seed)))
                .find(|cell| !search.any(cell, view))
        };
        parts.iter().find_map(|part| tried(part, search))
    }

    /// What covers the rule. Mostly no rule covers a corner, or one covers all: that is known at once.
    fn reached(&mut self, view: &View) -> Reach<D> {
        let once =
            Budget { pieces: self.budget.pieces.min(self.parts.len() as u32), ..self.budget };
        match self.reach(view, once) {
            Reach::Unknown(_) => match self.try_cells(view) {
                Some(cell) => Reach::Open(cell),
                None => self.reach(view, self.budget),
            },
            known => known,
        }
    }

    fn reach(&mut self, view: &View, budget: Budget) -> Reach<D> {
        let mut meter = Meter::start(budget, self.search);
        let mut shares = Shares::default();
        for (done, part) in self.parts.iter().enumerate() {
            match part.cover(self.search, view, &mut meter, &mut shares) {
                Cover::Full => {}
                Cover::Hole(cell) => return Reach::Open(cell),
                Cover::Unfinished => return Reach::Unknown(done),
            }
        }
        Reach::Shut(shares)
    }

    /// The verdict when earlier rules cover this one if they match all that they may.
    fn surely_shut(&mut self, maybe: &Shares) -> Verdict {
        let sure = View::least(0..self.rule).fresh();
        match self.reach(&sure, self.budget) {
            Reach::Shut(shares) => self.unreachable(&shares),
            Reach::Unknown(proven) => unfinished(proven, self.parts.len()),
            Reach::Open(_) => {
                let blockers = self.blockers(maybe, mask::MOST, None);
                Verdict::Undecided(Doubt::MaybeUnreachable { blockers })
            }
        }
    }

    fn unreachable(&mut self, shares: &Shares) -> Verdict {
        let contrary = self.contrary(shares);
        let keep = contrary.as_ref().map(|c| c.rule as u32);
        let mut blockers = self.blockers(shares, mask::LEAST, keep);
        if blockers.len() > 1
            && let Some(alone) = self.hidden_lone_blocker()
        {
            blockers = vec![alone as usize];
        }
        let cause = if blockers.len() == 1 { Cause::One } else { Cause::Union };
        Verdict::Unreachable { cause, blockers, contrary: contrary.map(Box::new) }
    }

    fn blockers(&self, shares: &Shares, kinds: u8, keep: Option<u32>) -> Vec<usize> {
        irredundant(&self.engine.index, &self.parts, shares, kinds, keep, self.budget)
            .into_iter()
            .map(|rule| rule as usize)
            .collect()
    }

    /// A rule that covers all parts alone, where taking the best item at each step may miss it: a
    /// single item that covers a single part is never missed.
    fn hidden_lone_blocker(&mut self) -> Option<u32> {
        let one_part = self.parts.len() == 1;
        let candidates = self.lone_candidates();
        let hidden = |rule: &u32| !(one_part && self.engine.index.is_single(*rule));
        candidates
            .into_iter()
            .filter(hidden)
            .find(|rule| self.is_covered_by(&[*rule], Bound::Least))
    }

    fn lone_candidates(&mut self) -> Vec<u32> {
        let corner = self.parts.first().map(Part::corner);
        let view = View::least(0..self.rule);
        corner.map_or_else(Vec::new, |cell| self.search.matching(&cell, &view, CANDIDATES))
    }

    /// Rules that cover all parts alone, in order.
    pub(super) fn lone_blockers(&mut self) -> Vec<u32> {
        let mut rules = self.lone_candidates();
        rules.retain(|rule| self.is_covered_by(&[*rule], Bound::Least));
        rules
    }

    /// Whether these rules alone cover all parts.
    pub(super) fn is_covered_by(&self, rules: &[u32], bound: Bound) -> bool {
        let kinds = match bound {
            Bound::Least => mask::LEAST,
            Bound::Most => mask::MOST,
        };
        let few = excerpt(&self.engine.index, rules, kinds);
        let (mut search, view) = (Search::new(&few), View::least(0..u32::MAX));
        let mut meter = Meter::start(self.budget, &search);
        self.parts.iter().all(|part| {
            part.cover(&mut search, &view, &mut meter, &mut Shares::default()) == Cover::Full
        })
    }

    /// A rule before this one that decides some of its packets otherwise: the one with the largest
    /// share when that is easily shown, else any.
    fn contrary(&mut self, shares: &Shares) -> Option<Contrary> {
        let (rule, cell) = self.heaviest_contrary(shares).or_else(|| self.any_contrary())?;
        Some(Contrary { rule: rule as usize, packet: self.engine.packet(&cell) })
    }

    fn heaviest_contrary(&mut self, shares: &Shares) -> Option<(u32, Cell<D>)> {
        let mut heavy: Vec<(u32, f64)> =
            shares.iter().map(|(rule, share)| (*rule, *share)).collect();
        heavy.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let class = self.engine.classes[self.rule as usize];
        heavy.truncate(TRIES as usize);
        heavy.into_iter().find_map(|(rule, _)| {
            if mask::of(self.engine.classes[rule as usize]) & mask::against(class) == 0 {
                return None;
            }
            let cells = self.cells_shared_with(rule);
            let first = View::most(0..self.rule);
            cells
                .into_iter()
                .find(|cell| self.search.first(cell, &first).is_some_and(|item| item.rule == rule))
                .map(|cell| (rule, cell))
        })
    }

    /// Corners of what the rule shares with an earlier one.
    fn cells_shared_with(&self, rule: u32) -> Vec<Cell<D>> {
        let index = &self.engine.index;
        let items = index.items_of(rule).take(TRIES as usize);
        items
            .flat_map(|item| {
                let shape = index.shape(&item);
                let parts = self.parts.iter().take(TRIES as usize);
                parts.filter_map(move |part| part.shared(&item, shape))
            })
            .flat_map(|shared| [shared.corner(), shared.sample(0)])
            .collect()
    }

    fn any_contrary(&mut self) -> Option<(u32, Cell<D>)> {
        let claim = Claim {
            class: self.engine.classes[self.rule as usize],
            except: 0..0,
            rules: 0..self.rule,
            default: self.engine.classes[self.rule as usize],
            exact: self.engine.exact,
        };
        match self.ask(&claim, &mut Takers::default()) {
            Agreement::Differs(cell, Some(rule)) => Some((rule, cell)),
            _ => None,
        }
    }

    /// The verdict on a rule that `cell` reaches.
    fn live(&mut self, cell: Cell<D>) -> Verdict {
        let claim = Claim {
            class: self.engine.classes[self.rule as usize],
            except: 0..self.rule,
            rules: self.rule + 1..u32::MAX,
            default: self.engine.default,
            exact: self.engine.exact,
        };
        if claim.differs_at(&cell, self.search) {
            return self.live_with(cell, cell);
        }
        let mut takers = Takers::default();
        match self.ask(&claim, &mut takers) {
            Agreement::Differs(other, _) => self.live_with(cell, other),
            Agreement::Unfinished => {
                Verdict::Live { witness: self.engine.packet(&cell), needed: Needed::Unfinished }
            }
            Agreement::Alike => Verdict::Removable {
                witness: self.engine.packet(&cell),
                by_default: takers.rules.contains(&None),
                by: takers.rules.into_iter().flatten().map(|rule| rule as usize).collect(),
            },
        }
    }

    /// The verdict on a rule that `cell` reaches, when without the rule `other` is decided
    /// otherwise, or may be.
    fn live_with(&mut self, cell: Cell<D>, other: Cell<D>) -> Verdict {
        let proven = self.engine.exact || self.is_sure_at(&other);
        let (cell, needed) =
            if proven { (other, Needed::Proven) } else { (cell, Needed::UnknownMatch) };
        Verdict::Live { witness: self.engine.packet(&cell), needed }
    }

    /// Whether no unknown match plays a part in who decides `cell`, with the rule and without it.
    fn is_sure_at(&mut self, cell: &Cell<D>) -> bool {
        let after = self.rule + 1..u32::MAX;
        let mut first = |view: View| self.search.first(cell, &view).map(|item| item.rule);
        first(View::least(self.rule..self.rule + 1)).is_some()
            && first(View::most(0..self.rule)).is_none()
            && first(View::most(after.clone())) == first(View::least(after))
    }

    fn ask(&mut self, claim: &Claim, takers: &mut Takers<D>) -> Agreement<D> {
        let mut meter = Meter::start(self.budget, self.search);
        for part in &self.parts {
            let answer = claim.check(part, self.search, &mut meter, takers);
            if answer != Agreement::Alike {
                return answer;
            }
        }
        Agreement::Alike
    }
}

fn unfinished(proven: usize, of: usize) -> Verdict {
    Verdict::Undecided(Doubt::Unfinished { proven, of })
}
