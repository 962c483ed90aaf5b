//! Inputs: what was not understood or not given, so that nothing passes unseen.

use crate::Check;

mod host_without_zone;
mod input_missing;
mod lines_not_modelled;
mod lines_not_recognised;
mod unreadable_cell;
mod zone_without_device;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &lines_not_recognised::CHECK,
    &lines_not_modelled::CHECK,
    &unreadable_cell::CHECK,
    &input_missing::CHECK,
    &zone_without_device::CHECK,
    &host_without_zone::CHECK,
];
