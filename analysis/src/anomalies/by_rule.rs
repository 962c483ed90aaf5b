//! Values for all rules of a device, side by side.

use portvakt_model::Device;

use super::{Anomalies, Standing};
use crate::lists::RuleKey;

/// A value for each rule of a device and for the default of each list. Long lists have a million rules:
/// a table by number takes a tenth of the room of a map by key.
pub(crate) struct ByRule<T> {
    /// Where the values of each list begin: its default's, then its rules'.
    starts: Vec<usize>,
    values: Vec<T>,
}

impl<T: Copy> ByRule<T> {
    pub(crate) fn new(device: &Device, value: T) -> Self {
        let mut starts = Vec::with_capacity(device.rulesets.len());
        let mut end = 0;
        for list in &device.rulesets {
            starts.push(end);
            end += list.rules.len() + 1;
        }
        Self { starts, values: vec![value; end] }
    }

    pub(crate) fn get(&self, key: RuleKey) -> T {
        self.values[self.at(key)]
    }

    pub(crate) fn set(&mut self, key: RuleKey, value: T) {
        let at = self.at(key);
        self.values[at] = value;
    }

    fn at(&self, key: RuleKey) -> usize {
        self.starts[key.ruleset.0 as usize] + key.rule.map_or(0, |rule| rule as usize + 1)
    }
}

/// What kind of standing a rule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It was not judged: switched off, or nothing that decides.
    None,
    Live,
    Removable,
    Unreachable,
    Undecided,
}

impl Kind {
    pub(crate) const fn of(standing: &Standing) -> Self {
        match standing {
            Standing::Live(_) => Self::Live,
            Standing::Removable(_) => Self::Removable,
            Standing::Unreachable { .. } => Self::Unreachable,
            Standing::Unsure(_) | Standing::Undecided(..) => Self::Undecided,
        }
    }
}

/// The kinds of all rules that stand in some of a device's lists.
pub(crate) fn kinds<'a>(
    device: &Device,
    lists: impl IntoIterator<Item = &'a Anomalies>,
) -> ByRule<Kind> {
    let mut kinds = ByRule::new(device, Kind::None);
    for (key, standing) in lists.into_iter().flat_map(|list| &list.rules) {
        kinds.set(*key, Kind::of(standing));
    }
    kinds
}
