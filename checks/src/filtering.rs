//! Filtering: what the rules let through as a whole, and how they are kept.

use crate::Check;

mod any_any_permit;
mod broad_destination;
mod broad_service;
mod broad_source;
mod default_permit;
mod support;
mod unfiltered_border;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &default_permit::CHECK,
    &any_any_permit::CHECK,
    &broad_source::CHECK,
    &broad_destination::CHECK,
    &broad_service::CHECK,
    &unfiltered_border::CHECK,
];
