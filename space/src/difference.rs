//! Exact differences of sets of packets.

use crate::{Bound, Budget, Class, FirstMatchList, ListedRule, Packet, Traffic};

/// A set of packets as disjoint products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Products that share no packet with each other, each with at least one.
    pub parts: Vec<Traffic>,
    /// What the budget didn't suffice for. Empty when the parts are all there is.
    pub open: Vec<Open>,
}

/// A set that is known only as "this, minus exceptions".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// What the set is a part of.
    pub within: Traffic,
    /// Rules that may take packets from it (counted up to a limit, so at least so many).
    pub exceptions: usize,
    /// A packet that is in the set, when one was found.
    pub witness: Option<Packet>,
}

impl Difference {
    /// Whether the parts are all there is.
    pub fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether it is proven that no packet is in the set.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.open.is_empty()
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.parts.extend(other.parts);
        self.open.extend(other.open);
    }
}

/// Packets that are in one of `base` and in none of `cover`.
///
/// To compare many sets with the same cover, build a [`FirstMatchList`] of the cover and ask for
/// [`FirstMatchList::unmatched`].
pub fn difference(base: &[Traffic], cover: &[Traffic], budget: Budget) -> Difference {
    let rules = [ListedRule::exact(Class::Deny, cover), ListedRule::exact(Class::Permit, base)];
    let list = FirstMatchList::build(rules, Class::Deny);
    list.effective(1, &Traffic::ANY, Bound::Most, budget)
}
