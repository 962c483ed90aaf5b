//! Sets of named things: interfaces and connection states.

use std::sync::Arc;

use crate::RangeSet;

/// A set of atoms. An atom is a number that stands for one interface (or for "any other interface
/// that matches this pattern"); the device that gave it out knows the name. It takes one word: most
/// rules have two of them, and say nothing of either.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AtomSet(Option<Arc<Repr>>);

/// What is not every atom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    One(u32),
    Many(RangeSet<u32>),
}

impl AtomSet {
    /// Every atom, named or not.
    pub const ANY: Self = Self(None);

    /// One atom.
    pub fn one(atom: u32) -> Self {
        Self(Some(Arc::new(Repr::One(atom))))
    }

    /// No atom.
    pub fn none() -> Self {
        Self::from_ranges(RangeSet::empty())
    }

    /// The atoms of a range set.
    pub fn from_ranges(ranges: RangeSet<u32>) -> Self {
        match *ranges.ranges() {
            _ if ranges.is_full() => Self::ANY,
            [(lo, hi)] if lo == hi => Self::one(lo),
            _ => Self(Some(Arc::new(Repr::Many(ranges)))),
        }
    }

    /// The atoms as ranges.
    pub fn ranges(&self) -> RangeSet<u32> {
        match self.0.as_deref() {
            None => RangeSet::full(),
            Some(Repr::One(atom)) => RangeSet::one(*atom),
            Some(Repr::Many(many)) => many.clone(),
        }
    }

    /// Whether every atom is in the set.
    pub fn is_any(&self) -> bool {
        self.0.is_none()
    }

    /// Whether no atom is in the set.
    pub fn is_empty(&self) -> bool {
        matches!(self.0.as_deref(), Some(Repr::Many(many)) if many.is_empty())
    }

    /// The atom, when the set has exactly one.
    pub fn single(&self) -> Option<u32> {
        match self.0.as_deref() {
            Some(Repr::One(atom)) => Some(*atom),
            _ => None,
        }
    }

    /// Whether `atom` is in the set.
    pub fn contains(&self, atom: u32) -> bool {
        match self.0.as_deref() {
            None => true,
            Some(Repr::One(one)) => *one == atom,
            Some(Repr::Many(many)) => many.contains(atom),
        }
    }

    /// Atoms in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges().union(&other.ranges()))
    }

    /// Atoms in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (None, _) => other.clone(),
            (_, None) => self.clone(),
            _ if self == other => self.clone(),
            _ => Self::from_ranges(self.ranges().intersect(&other.ranges())),
        }
    }

    /// Atoms in this set and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges().minus(&other.ranges()))
    }

    /// Atoms not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::from_ranges(self.ranges().complement())
    }

    /// Whether every atom of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        other.is_any() || self.ranges().is_subset(&other.ranges())
    }

    /// Whether the sets share an atom.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.intersect(other).is_empty()
    }
}

impl FromIterator<u32> for AtomSet {
    fn from_iter<I: IntoIterator<Item = u32>>(iter: I) -> Self {
        Self::from_ranges(iter.into_iter().map(|atom| (atom, atom)).collect())
    }
}

/// What a packet is to the connections already known (conntrack's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// Belongs to a known connection. For a stateless filter: TCP with ACK or RST set.
    Established = 0,
    /// Starts a connection that a known one announced (FTP data, ICMP errors).
    Related = 1,
    /// Starts a connection. For a stateless filter: everything that is not TCP with ACK or RST.
    New = 2,
    /// Taken out of tracking.
    Untracked = 3,
    /// Belongs to nothing known and can't start anything.
    Invalid = 4,
}

impl State {
    /// All states in rank order: the usual rule `ESTABLISHED,RELATED` is one range.
    pub const ALL: [Self; 5] =
        [Self::Established, Self::Related, Self::New, Self::Untracked, Self::Invalid];

    /// The state's name as iptables writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::Related => "related",
            Self::New => "new",
            Self::Untracked => "untracked",
            Self::Invalid => "invalid",
        }
    }
}

/// A set of connection states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateSet(u8);

impl StateSet {
    /// Every state.
    pub const ANY: Self = Self(0b1_1111);
    /// No state.
    pub const NONE: Self = Self(0);
    /// Only packets that start a connection.
    pub const NEW: Self = Self::one(State::New);
    /// What the first packet of a connection is: NEW, or UNTRACKED where it is not followed.
    pub const OPENING: Self = Self(0b01100);
    /// Only packets of known or announced connections.
    pub const RETURN: Self = Self(0b00011);

    /// One state.
    pub const fn one(state: State) -> Self {
        Self(1 << state as u8)
    }

    /// States in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// States in both sets.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// States in this set and not in the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// States not in the set.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self::ANY.minus(self)
    }

    /// Whether no state is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every state is in the set.
    pub const fn is_any(self) -> bool {
        self.0 == Self::ANY.0
    }

    /// Whether every state of this set is in the other.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether `state` is in the set.
    pub const fn contains(self, state: State) -> bool {
        self.0 & (1 << state as u8) != 0
    }

    /// The states in rank order.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |s| self.contains(*s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_is_more_than_all_named_atoms() {
        let named: AtomSet = (0..10).collect();
        assert!(!named.is_any());
        assert!(AtomSet::ANY.minus(&named).contains(u32::MAX));
        assert_eq!(named.complement().complement(), named);
    }

    #[test]
    fn return_traffic_is_established_and_related() {
        let names: Vec<_> = StateSet::RETURN.iter().map(State::name).collect();
        assert_eq!(names, ["established", "related"]);
        assert!(!StateSet::RETURN.contains(State::New));
    }
}
