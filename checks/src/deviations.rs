//! Deviations: exceptions from rules must themselves be in order.

use crate::Check;

mod exception_expired;
mod exception_incomplete;
mod exception_orphan;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] =
    &[&exception_incomplete::CHECK, &exception_expired::CHECK, &exception_orphan::CHECK];
