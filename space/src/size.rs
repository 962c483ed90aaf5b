//! How many packets a rule decides.

/// Packets of one IP version, counted by address, protocol, port, state and interface. Each protocol
/// counts as one that has ports; interfaces that no rule of the list names count as one.
///
/// These are numbers for people, rounded as floating-point numbers are; no verdict rests on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// What the rule is sure to decide.
    pub least: f64,
    /// What it may decide.
    pub most: f64,
    /// What it may match.
    pub whole: f64,
}

impl Size {
    /// No packets.
    pub const NONE: Self = Self { least: 0.0, most: 0.0, whole: 0.0 };

    /// A rule that decides all of so many packets.
    pub const fn all(whole: f64) -> Self {
        Self { least: whole, most: whole, whole }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            least: self.least + other.least,
            most: self.most + other.most,
            whole: self.whole + other.whole,
        }
    }
}

/// The sizes of some rules. There may be half a million: a sorted row takes half the room of a map.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Vec<(u32, Size)>);

impl Sizes {
    /// The size of a rule, where it is among them.
    pub fn get(&self, rule: u32) -> Option<Size> {
        self.0.binary_search_by_key(&rule, |(rule, _)| *rule).ok().map(|at| self.0[at].1)
    }

    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(rule, _)| *rule)
    }

    /// Adds a rule that comes after all that are there.
    pub(crate) fn add(&mut self, rule: u32, size: Size) {
        self.0.push((rule, size));
    }

    /// Both, which have no rule in common.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.sort_unstable_by_key(|(rule, _)| *rule);
        self
    }
}

impl FromIterator<(u32, Size)> for Sizes {
    fn from_iter<I: IntoIterator<Item = (u32, Size)>>(sizes: I) -> Self {
        let mut all: Vec<(u32, Size)> = sizes.into_iter().collect();
        all.sort_unstable_by_key(|(rule, _)| *rule);
        Self(all)
    }
}

/// A count as a floating-point number, rounded.
pub fn rounded(count: u128) -> f64 {
    let part = |at: u32| f64::from((count >> (32 * at)) as u32);
    (0..4).rev().fold(0.0, |sum, at| sum * 4_294_967_296.0 + part(at))
}
