//! Separation: public networks from the inside, departments from each other, others' networks.

use crate::Check;

mod departments_not_separated;
mod indirect_path_to_admin;
mod interconnection_not_approved;
mod public_wlan_reaches_admin;
mod shared_network;
mod support;
mod unmanaged_reaches_inside;
mod wireless_shares_vlan_with_admin;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &public_wlan_reaches_admin::CHECK,
    &indirect_path_to_admin::CHECK,
    &unmanaged_reaches_inside::CHECK,
    &departments_not_separated::CHECK,
    &shared_network::CHECK,
    &wireless_shares_vlan_with_admin::CHECK,
    &interconnection_not_approved::CHECK,
];
