//! The management plane: how devices are administered.

use crate::Check;

mod telnet_enabled;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[&telnet_enabled::CHECK];
