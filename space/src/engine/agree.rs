//! Whether some rules decide every packet of a region alike.

use std::collections::BTreeSet;
use std::ops::Range;

use super::cover::{Meter, Part};
use super::cuboid::{Cell, Region};
use super::index::{Item, class_of, mask};
use super::search::{Search, View};
use crate::Class;

/// The question: do the rules of a range, in their order, decide as `class` does?
pub(crate) struct Claim {
    pub(crate) class: Class,
    /// What these rules match is left out of the question.
    pub(crate) except: Range<u32>,
    /// The rules that decide.
    pub(crate) rules: Range<u32>,
    /// What happens to packets that none of them matches.
    pub(crate) default: Class,
    /// Whether no rule has unknown matches: what matches first is then what decides.
    pub(crate) exact: bool,
}

/// The answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Agreement<const D: usize> {
    /// Every packet is decided alike.
    Alike,
    /// This cell is, or may be, decided otherwise: by this rule, or by the default.
    Differs(Cell<D>, Option<u32>),
    /// The budget ran out.
    Unfinished,
}

/// What was seen on the way.
#[derive(Default)]
pub(crate) struct Takers<const D: usize> {
    /// Rules that decide alike; `None` is the default.
    pub(crate) rules: BTreeSet<Option<u32>>,
    /// The first cell that the question was about.
    pub(crate) hit: Option<Cell<D>>,
}

impl Claim {
    /// Answers for one part of a rule.
    pub(crate) fn check<const D: usize>(
        &self,
        part: &Part<D>,
        search: &mut Search<D>,
        meter: &mut Meter,
        takers: &mut Takers<D>,
    ) -> Agreement<D> {
        match part {
            Part::Solid(part) => self.check_region(part, search, meter, takers),
            Part::Shaped(part) => self.check_region(part, search, meter, takers),
        }
    }

    fn check_region<const D: usize, R: Region<D>>(
        &self,
        target: &R,
        search: &mut Search<D>,
        meter: &mut Meter,
        takers: &mut Takers<D>,
    ) -> Agreement<D> {
        let except = View::least(self.except.clone()).fresh();
        let mut stack = vec![target.clone()];
        while let Some(piece) = stack.pop() {
            if !meter.take(search) {
                return Agreement::Unfinished;
            }
            let cell = piece.corner();
            if let Some(pivot) = search.best_cover(&piece, &cell, &except) {
                piece.without(&pivot.cut, &mut stack);
                continue;
            }
            takers.hit.get_or_insert(cell);
            if let Err(rule) = self.settle(&piece, search, &mut stack, takers) {
                return Agreement::Differs(cell, rule);
            }
        }
        Agreement::Alike
    }

    /// Takes from `piece` what is decided as its corner is, or cuts it where a rival begins. Fails
    /// with the rule that decides the corner otherwise.
    fn settle<const D: usize, R: Region<D>>(
        &self,
        piece: &R,
        search: &mut Search<D>,
        stack: &mut Vec<R>,
        takers: &mut Takers<D>,
    ) -> Result<(), Option<u32>> {
        let cell = piece.corner();
        let decider = self.decider(&cell, search)?;
        let alike = decider.map_or_else(
            || piece.clone(),
            |item| piece.cut(&item, search.index.shape(&item), &cell),
        );
        let rule = decider.map(|item| item.rule);
        if let Some(theirs) = search.overlap(&alike, &self.rivals(rule)) {
            piece.without(&theirs, stack);
            stack.push(theirs);
        } else {
            takers.rules.insert(rule);
            piece.without(&alike, stack);
        }
        Ok(())
    }

    /// Whether `cell` is, or may be, decided otherwise.
    pub(crate) fn differs_at<const D: usize>(
        &self,
        cell: &Cell<D>,
        search: &mut Search<D>,
    ) -> bool {
        self.decider(cell, search).is_err()
    }

    /// What is sure to decide `cell`: an item, or `None` for the default. Fails with the rule, or
    /// the default, that does or may decide otherwise.
    fn decider<const D: usize>(
        &self,
        cell: &Cell<D>,
        search: &mut Search<'_, D>,
    ) -> Result<Option<Item<D>>, Option<u32>> {
        let first = search.first(cell, &View::least(self.rules.clone()));
        let rule = first.map(|item| item.rule);
        if !self.exact
            && let Some(rival) = search.first(cell, &self.rivals(rule))
        {
            return Err(Some(rival.rule));
        }
        let class = first.map_or(self.default, |item| class_of(item.mask));
        if differ(self.class, class) { Err(rule) } else { Ok(first) }
    }

    /// What decides otherwise, or may, before `rule` does.
    fn rivals(&self, rule: Option<u32>) -> View {
        View::most(self.rules.start..rule.unwrap_or(self.rules.end)).against(self.class)
    }
}

/// Whether two effects may differ.
fn differ(a: Class, b: Class) -> bool {
    mask::of(b) & mask::against(a) != 0
}
