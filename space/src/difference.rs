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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddrSet, Family, ServiceBox, ServiceSet, TCP};
    use std::net::IpAddr;
    use std::slice::from_ref;

    fn net(text: &str, len: u8) -> AddrSet {
        AddrSet::prefix(text.parse::<IpAddr>().unwrap(), len)
    }

    fn to(dst: AddrSet, lo: u16, hi: u16) -> Traffic {
        let service = ServiceBox::to(TCP, lo, hi).into();
        Traffic { dst, service, ..Traffic::all(Family::V4) }
    }

    #[test]
    fn what_a_decision_leaves_of_a_rule_reads_as_people_would_say_it() {
        let rule = to(net("10.0.0.0", 24), 1, 65_535);
        let decision = to(net("10.0.0.5", 32), 443, 443);
        let left = difference(from_ref(&rule), from_ref(&decision), Budget::default());
        assert!(left.is_complete());
        let others = to(rule.dst.minus(&decision.dst), 1, 65_535);
        let service: ServiceSet =
            [ServiceBox::to(TCP, 1, 442), ServiceBox::to(TCP, 444, 65_535)].into_iter().collect();
        let same = Traffic { service, ..decision };
        assert_eq!(left.parts.len(), 2);
        assert!(left.parts.contains(&others) && left.parts.contains(&same));
    }

    #[test]
    fn many_exceptions_of_one_field_leave_one_part() {
        let rule = to(net("10.0.0.0", 16), 22, 22);
        let decisions: Vec<Traffic> =
            (0..200).map(|n: u8| to(net(&format!("10.0.{n}.7"), 32), 22, 22)).collect();
        let left = difference(&[rule], &decisions, Budget::default());
        assert_eq!(left.parts.len(), 1);
        assert_eq!(left.parts[0].dst.size(Family::V4), (1 << 16) - 200);
    }

    #[test]
    fn decisions_that_cover_together_leave_nothing() {
        let rule = to(net("10.0.0.0", 24), 80, 443);
        let halves = [
            to(net("10.0.0.0", 25), 1, 65_535),
            to(net("10.0.0.128", 25), 80, 200),
            to(net("10.0.0.128", 25), 201, 500),
        ];
        assert!(difference(from_ref(&rule), &halves, Budget::default()).is_empty());
        assert!(!difference(&[rule], &halves[..2], Budget::default()).is_empty());
    }
}
