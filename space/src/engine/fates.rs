//! What may become of one packet in two lists at once, where matches are unknown.

use crate::{Class, Effect, Side};

/// What became of a packet in each of two lists, as far as rules were looked at: a set of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fates(u16);

/// Nothing yet, let through, stopped.
const FATES: [Option<Class>; 3] = [None, Some(Class::Permit), Some(Class::Deny)];

impl Fates {
    /// No rule was looked at.
    pub(crate) const START: Self = Self(1);

    fn pairs(self) -> impl Iterator<Item = (usize, usize)> {
        (0..9).filter(move |pair| self.0 >> pair & 1 == 1).map(|pair| (pair / 3, pair % 3))
    }

    fn with(self, (old, new): (usize, usize)) -> Self {
        Self(self.0 | 1 << (old * 3 + new))
    }

    /// After a rule that is sure to match, or may.
    pub(crate) fn after(self, side: Side, class: Class, sure: bool) -> Self {
        let ends: &[usize] = match class {
            Class::Permit => &[1],
            Class::Deny => &[2],
            Class::Other => &[1, 2],
        };
        let mut next = if sure { Self(0) } else { self };
        for (old, new) in self.pairs() {
            for end in ends {
                let decided = |fate: usize, other: Side| {
                    if fate == 0 && side != other { *end } else { fate }
                };
                next = next.with((decided(old, Side::New), decided(new, Side::Old)));
            }
        }
        next
    }

    /// What may have become of the packet; nothing where it fares the same in both. What no rule
    /// decides is stopped.
    pub(crate) fn effects(self) -> Vec<Effect> {
        let fate = |at: usize| FATES[at].unwrap_or(Class::Deny);
        let mut pairs: Vec<(Class, Class)> =
            self.pairs().map(|(old, new)| (fate(old), fate(new))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let sure = pairs.len() == 1;
        let effect = |pair: (Class, Class)| match pair {
            (Class::Deny, Class::Permit) if sure => Some(Effect::Permitted),
            (Class::Permit, Class::Deny) if sure => Some(Effect::Denied),
            (Class::Deny, Class::Permit) => Some(Effect::MaybePermitted),
            (Class::Permit, Class::Deny) => Some(Effect::MaybeDenied),
            _ => None,
        };
        pairs.into_iter().filter_map(effect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sure_match_decides_in_each_list() {
        let fates = Fates::START
            .after(Side::Old, Class::Deny, true)
            .after(Side::Both, Class::Permit, true)
            .after(Side::New, Class::Deny, true);
        assert_eq!(fates.effects(), [Effect::Permitted]);
    }

    #[test]
    fn an_unknown_match_of_both_lists_is_the_same_in_both() {
        let unknown = Fates::START.after(Side::Both, Class::Other, false);
        assert_eq!(unknown.effects(), []);
        let then = unknown.after(Side::Old, Class::Permit, true);
        assert_eq!(then.effects(), [Effect::MaybeDenied]);
    }

    #[test]
    fn an_unknown_match_of_one_list_may_change_either_way() {
        let fates = Fates::START.after(Side::New, Class::Other, true);
        assert_eq!(fates.effects(), [Effect::MaybePermitted]);
        let fates = Fates::START.after(Side::New, Class::Deny, false).after(
            Side::Both,
            Class::Permit,
            true,
        );
        assert_eq!(fates.effects(), [Effect::MaybeDenied]);
    }
}
