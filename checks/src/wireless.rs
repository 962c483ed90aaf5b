//! Wireless networks: isolation, protection of the air, the municipality's standard.

mod management_frames_unprotected;
mod open_public_wlan;
mod open_wlan;
mod public_wlan_not_logged;
mod public_wlan_without_filter;
mod shared_wlan_passphrase;
mod standard_wlan_not_seen;
pub(crate) mod support;
mod surf;
mod weak_wlan_cipher;
mod wlan_differs_from_standard;
mod wlan_isolation_off;
mod wlan_isolation_per_access_point;

use crate::Check;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &wlan_isolation_off::CHECK,
    &wlan_isolation_per_access_point::CHECK,
    &open_wlan::CHECK,
    &weak_wlan_cipher::CHECK,
    &management_frames_unprotected::CHECK,
    &shared_wlan_passphrase::CHECK,
    &wlan_differs_from_standard::CHECK,
    &standard_wlan_not_seen::CHECK,
    &public_wlan_not_logged::CHECK,
    &public_wlan_without_filter::CHECK,
    &open_public_wlan::CHECK,
];
