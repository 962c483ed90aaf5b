//! Port openings: permits across borders, and the decisions in the register.

use crate::Check;

mod decision_by_unauthorised;
mod decision_ends_soon;
mod decision_for_decommissioned_system;
mod decision_never_implemented;
mod decision_valid_too_long;
mod decision_without_contact;
mod decision_without_end_date;
mod decision_without_orderer;
mod decision_without_purpose;
mod decision_without_system;
mod decision_without_traffic;
mod opening_after_expiry;
mod opening_before_validity;
mod opening_not_decidable;
mod opening_not_decided;
mod opening_to_decommissioned_system;
mod opening_wider_than_decision;
mod register_rows_contradict;
mod support;
mod undocumented_opening;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &undocumented_opening::CHECK,
    &opening_wider_than_decision::CHECK,
    &opening_after_expiry::CHECK,
    &opening_before_validity::CHECK,
    &opening_not_decided::CHECK,
    &opening_not_decidable::CHECK,
    &decision_for_decommissioned_system::CHECK,
    &decision_without_purpose::CHECK,
    &decision_without_orderer::CHECK,
    &decision_without_end_date::CHECK,
    &decision_without_contact::CHECK,
    &decision_without_system::CHECK,
    &decision_without_traffic::CHECK,
    &decision_ends_soon::CHECK,
    &decision_never_implemented::CHECK,
    &decision_valid_too_long::CHECK,
    &decision_by_unauthorised::CHECK,
    &opening_to_decommissioned_system::CHECK,
    &register_rows_contradict::CHECK,
];
