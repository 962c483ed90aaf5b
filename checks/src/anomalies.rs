//! Anomalies of rule lists: what can never be hit, what could go, what depends on order.

use crate::Check;

mod overlap_with_other_action;
mod removable_rule;
mod rule_covered_by_one;
mod rule_covered_by_several;
mod rule_matches_nothing;
mod rule_not_decidable;
mod support;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &rule_covered_by_one::CHECK,
    &rule_covered_by_several::CHECK,
    &rule_matches_nothing::CHECK,
    &removable_rule::CHECK,
    &overlap_with_other_action::CHECK,
    &rule_not_decidable::CHECK,
];
