//! What can be said of one rule in a first-match list.

use crate::Packet;

/// What a rule does to the packets that it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Lets them through.
    Permit = 0,
    /// Stops them.
    Deny = 1,
    /// Ends the list with an effect that isn't modelled. It is taken to differ from every effect,
    /// that of another such rule included.
    Other = 2,
}

/// The verdict on one rule. Rules are named by their place in the list, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No earlier rule keeps the witness from this rule, and the rule isn't known to be removable.
    Live {
        /// A packet that reaches the rule. When the need is proven, one that proves it.
        witness: Packet,
        /// Whether the list would decide otherwise without the rule.
        needed: Needed,
    },
    /// Packets reach the rule, yet the list decides every packet the same without it.
    ///
    /// That is so for one rule at a time: two removable rules may each be needed without the other.
    Removable {
        /// A packet that reaches the rule.
        witness: Packet,
        /// Later rules that decide its packets the same when it is gone, in order.
        by: Vec<usize>,
        /// Whether the end of the list takes over packets as well.
        by_default: bool,
    },
    /// No packet reaches the rule.
    Unreachable {
        /// Why.
        cause: Cause,
        /// Earlier rules that together match all its packets, in order. None can be left out
        /// (unless the budget ran out while trying).
        blockers: Vec<usize>,
        /// An earlier rule that takes packets from it and decides otherwise, if there is one.
        contrary: Option<Box<Contrary>>,
    },
    /// The analysis can't tell.
    Undecided(Doubt),
}

/// Whether a reachable rule makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Without the rule the witness is decided otherwise.
    Proven,
    /// That depends on matches which the model can't express.
    UnknownMatch,
    /// The budget ran out first.
    Unfinished,
}

/// Why no packet reaches a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// One earlier rule matches all that it matches.
    One,
    /// Several earlier rules do so together, and no single one.
    Union,
    /// It matches nothing: disabled, or its sets are empty.
    Unmatchable,
}

/// A rule that takes packets from a later one and decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contrary {
    /// The earlier rule.
    pub rule: usize,
    /// A packet that both match and the earlier one decides.
    pub packet: Packet,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The rule is unreachable if some of these earlier rules match as much as they may.
    MaybeUnreachable {
        /// Earlier rules that together may match all its packets, in order.
        blockers: Vec<usize>,
    },
    /// The budget ran out.
    Unfinished {
        /// Parts of the rule proven unreachable.
        proven: usize,
        /// Parts of the rule in all.
        of: usize,
    },
}

/// How much work one rule may cost. Where it ends the result says so; nothing is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Pieces that a rule may be cut into.
    pub pieces: u32,
    /// Nodes of the index that may be visited.
    pub visits: u64,
}

impl Default for Budget {
    /// Far above what real lists need (a few pieces for most rules, some hundred at most).
    fn default() -> Self {
        Self { pieces: 20_000, visits: 20_000_000 }
    }
}

impl Verdict {
    /// The verdict on a rule that matches nothing.
    pub(crate) const UNMATCHABLE: Self =
        Self::Unreachable { cause: Cause::Unmatchable, blockers: Vec::new(), contrary: None };

    /// The rules that block, or may block, this one.
    pub(crate) fn blockers(&self) -> &[usize] {
        match self {
            Self::Unreachable { blockers, .. }
            | Self::Undecided(Doubt::MaybeUnreachable { blockers }) => blockers,
            _ => &[],
        }
    }

    /// The verdict on a rule from those on its IPv4 and its IPv6 part.
    pub(crate) fn of_both(v4: Self, v6: Self) -> Self {
        use Doubt::MaybeUnreachable;
        use Verdict::{Live, Removable, Undecided, Unreachable};
        let nothing = |v: &Self| matches!(v, Unreachable { cause: Cause::Unmatchable, .. });
        match (v4, v6) {
            (one, none) | (none, one) if nothing(&none) => one,
            (Live { witness, needed: Needed::Proven }, _)
            | (_, Live { witness, needed: Needed::Proven }) => {
                Live { witness, needed: Needed::Proven }
            }
            (live @ Live { .. }, _) | (_, live @ Live { .. }) => live,
            (Undecided(doubt), Removable { witness, .. })
            | (Removable { witness, .. }, Undecided(doubt)) => {
                Live { witness, needed: doubt.of_need() }
            }
            (
                Undecided(MaybeUnreachable { blockers }),
                other @ (Undecided(MaybeUnreachable { .. }) | Unreachable { .. }),
            )
            | (other @ Unreachable { .. }, Undecided(MaybeUnreachable { blockers })) => {
                let blockers = merged(blockers, other.blockers().to_vec());
                Undecided(MaybeUnreachable { blockers })
            }
            (doubt @ Undecided(_), _) | (_, doubt @ Undecided(_)) => doubt,
            (
                Removable { witness, by, by_default },
                Removable { by: more, by_default: end, .. },
            ) => Removable { witness, by: merged(by, more), by_default: by_default || end },
            (found @ Removable { .. }, _) | (_, found @ Removable { .. }) => found,
            (
                Unreachable { blockers, contrary, .. },
                Unreachable { blockers: more, contrary: other, .. },
            ) => {
                let blockers = merged(blockers, more);
                let cause = if blockers.len() == 1 { Cause::One } else { Cause::Union };
                Unreachable { cause, blockers, contrary: contrary.or(other) }
            }
        }
    }
}

impl Doubt {
    /// What the doubt about reach means for the need of a rule that is reached elsewhere.
    fn of_need(&self) -> Needed {
        match self {
            Self::MaybeUnreachable { .. } => Needed::UnknownMatch,
            Self::Unfinished { .. } => Needed::Unfinished,
        }
    }
}

fn merged(mut a: Vec<usize>, b: Vec<usize>) -> Vec<usize> {
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    a
}
