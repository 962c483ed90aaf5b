//! The steps of a list that is laid out: what each matches, how far that is certain, what it does.

use portvakt_model::{Action, Device, RulesetId};
use portvakt_space::{Bound, Traffic};

use crate::lists::RuleKey;

/// What a step does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decides {
    /// Lets it through.
    Permit,
    /// Drops it.
    Deny,
    /// One or the other: the target is not modelled.
    Unknown,
}

impl Decides {
    /// What an action decides; a call that leads nowhere may decide anything.
    pub(crate) const fn of(action: Action) -> Self {
        match action {
            Action::Permit => Self::Permit,
            Action::Deny | Action::Reject => Self::Deny,
            _ => Self::Unknown,
        }
    }
}

/// How far a match is known.
#[derive(Clone, Copy, Debug)]
pub enum Certain<'s> {
    /// It matches exactly what it matches at most.
    Exact,
    /// It matches for certain only this.
    Part(&'s Traffic),
    /// It may match nothing.
    Nothing,
}

/// One step of a list.
#[derive(Clone, Copy, Debug)]
pub struct Step<'s> {
    /// What it matches at most.
    pub most: &'s Traffic,
    /// How far that is certain.
    pub certain: Certain<'s>,
    /// What it does.
    pub decides: Decides,
    /// The list its rule stands in.
    pub ruleset: RulesetId,
    /// Index of the rule there; `None` for the default of a list.
    pub rule: Option<u32>,
    /// What is known of the packets that get to it, and of those that escape it.
    pub sees: Sees,
}

/// What is known of the packets that a step sees, beside their fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sees {
    /// Whether some escape it and all other such steps, whatever the model knows of them.
    pub avoidable: bool,
    /// Whether they all open a TCP connection, and their states stand for that.
    pub bare_syn: bool,
    /// Whether it is unknown which of them get there.
    pub perhaps: bool,
}

impl<'s> Step<'s> {
    /// What it matches for certain.
    pub fn least(&self) -> Option<&'s Traffic> {
        match self.certain {
            Certain::Exact => Some(self.most),
            Certain::Part(part) => Some(part),
            Certain::Nothing => None,
        }
    }

    /// Whether the step lets packets through, and which, when all that is unknown is resolved so that
    /// the list permits as much ([`Bound::Most`]) or as little ([`Bound::Least`]) as it may.
    pub fn resolved(&self, toward: Bound) -> (bool, Option<&'s Traffic>) {
        match (self.decides, toward) {
            (Decides::Permit | Decides::Unknown, Bound::Most) => (true, Some(self.most)),
            (Decides::Deny, Bound::Most) => (false, self.least()),
            (Decides::Permit, Bound::Least) => (true, self.least()),
            (Decides::Deny | Decides::Unknown, Bound::Least) => (false, Some(self.most)),
        }
    }
}

/// A match of its own, with how far it is certain.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// What it is at most; `None` is all that the rule says.
    most: Option<Traffic>,
    certain: Known,
    sees: Sees,
}

/// How far a match of its own is known.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Exact,
    Part(Traffic),
    Nothing,
}

impl Match {
    /// A match of its own.
    pub(crate) fn new(most: Traffic, certain: Known) -> Self {
        Self { most: Some(most), certain, sees: Sees::default() }
    }

    /// All that a rule says; `None` where that is exact, and nothing need be kept.
    pub(crate) fn whole(certain: Known) -> Option<Self> {
        (!matches!(certain, Known::Exact)).then_some(Self { certain, ..Self::SAID })
    }

    /// All that a rule says.
    pub(crate) const SAID: Self = Self {
        most: None,
        certain: Known::Exact,
        sees: Sees { avoidable: false, bare_syn: false, perhaps: false },
    };

    /// The same with what is known of the packets that it sees.
    pub(crate) fn with(self, sees: Sees) -> Self {
        Self { sees, ..self }
    }

    /// What it is at most, where it does not stand in a rule.
    fn most(&self) -> Option<&Traffic> {
        self.most.as_ref()
    }

    /// How far it is certain.
    fn certain(&self) -> Certain<'_> {
        self.certain.certain()
    }
}

impl Known {
    /// The same, lent.
    pub(crate) const fn certain(&self) -> Certain<'_> {
        match self {
            Self::Exact => Certain::Exact,
            Self::Part(part) => Certain::Part(part),
            Self::Nothing => Certain::Nothing,
        }
    }
}

/// Steps in order. Long lists have a million whose rules say all there is to say of them: two words
/// are kept of each, and a [`Step`] is told when asked for.
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    device: &'a Device,
    laid: Vec<Laid>,
}

#[derive(Clone, Debug)]
struct Laid {
    ruleset: RulesetId,
    /// Index of the rule, or [`DEFAULT`].
    rule: u32,
    /// What the step matches, where it is not all that its rule says, exactly.
    own: Option<Box<Match>>,
}

/// Stands for the default of a list.
const DEFAULT: u32 = u32::MAX;

impl<'a> Steps<'a> {
    pub(crate) fn new(device: &'a Device, room: usize) -> Self {
        Self { device, laid: Vec::with_capacity(room) }
    }

    /// Adds a step of a rule; `own` is what it matches, where that is not all that the rule says.
    pub(crate) fn push_rule(&mut self, ruleset: RulesetId, rule: u32, own: Option<Match>) {
        self.laid.push(Laid { ruleset, rule, own: own.map(Box::new) });
    }

    /// Adds a step of a list's default.
    pub(crate) fn push_default(&mut self, ruleset: RulesetId, own: Match) {
        self.laid.push(Laid { ruleset, rule: DEFAULT, own: Some(Box::new(own)) });
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.laid.shrink_to_fit();
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.laid.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.laid.is_empty()
    }

    /// The step of a place, counted from 0.
    ///
    /// # Panics
    ///
    /// When there is no such place.
    pub fn get(&self, place: usize) -> Step<'_> {
        let Laid { ruleset, rule, own } = &self.laid[place];
        let list = &self.device.rulesets[ruleset.0 as usize];
        let written = list.rules.get(*rule as usize);
        let said = written.map_or(&Traffic::ANY, |rule| &rule.matches);
        Step {
            most: own.as_ref().and_then(|own| own.most()).unwrap_or(said),
            certain: own.as_ref().map_or(Certain::Exact, |own| own.certain()),
            decides: Decides::of(written.map_or(list.default.action, |rule| rule.action)),
            ruleset: *ruleset,
            rule: written.map(|_| *rule),
            sees: own.as_ref().map_or(Sees::default(), |own| own.sees),
        }
    }

    /// The rule of a place, without a look at what it says: that mostly is far away in memory.
    ///
    /// # Panics
    ///
    /// When there is no such place.
    pub fn rule(&self, place: usize) -> RuleKey {
        let Laid { ruleset, rule, .. } = self.laid[place];
        RuleKey { ruleset, rule: (rule != DEFAULT).then_some(rule) }
    }

    /// The rules of all places, in order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = RuleKey> {
        (0..self.len()).map(|place| self.rule(place))
    }

    /// The steps in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Step<'_>> {
        (0..self.len()).map(|place| self.get(place))
    }

    /// Whether some step sees only packets for whose flags a state stands.
    pub(crate) fn has_bare_syn(&self) -> bool {
        self.laid.iter().any(|laid| laid.own.as_ref().is_some_and(|own| own.sees.bare_syn))
    }

    /// Puts what `change` makes of them in place of the sets that it changes.
    pub(crate) fn rewrite(&mut self, change: impl Fn(&Traffic) -> Option<Traffic>) {
        for place in 0..self.len() {
            let most = change(self.get(place).most);
            let own = &mut self.laid[place].own;
            if let Some(Match { certain: Known::Part(least), .. }) = own.as_deref_mut()
                && let Some(changed) = change(least)
            {
                *least = changed;
            }
            match (own.as_deref_mut(), most) {
                (Some(own), Some(most)) => own.most = Some(most),
                (None, Some(most)) => *own = Some(Box::new(Match::new(most, Known::Exact))),
                (_, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_two_words() {
        assert_eq!(size_of::<Laid>(), 16);
    }
}
