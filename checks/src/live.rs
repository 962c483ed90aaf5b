//! What was seen on the network, against firewalls, register and assets.

use crate::Check;

mod certificate_ends_soon;
mod certificate_expired;
mod clear_text_login_seen;
mod clear_text_where_encryption_is_decided;
mod database_or_management_reachable;
mod decided_port_not_listening;
mod decommissioned_system_answers;
mod host_not_registered;
mod open_port_after_expiry;
mod open_port_undocumented;
mod open_though_blocked;
mod public_network_gets_answers;
mod scan_incomplete;
mod scan_sensor_unknown;
mod scan_too_old;
mod seen_host_without_zone;
mod sight;
mod support;
mod system_not_seen;
mod weak_ssh_seen;
mod weak_tls_seen;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &scan_sensor_unknown::CHECK,
    &scan_incomplete::CHECK,
    &scan_too_old::CHECK,
    &seen_host_without_zone::CHECK,
    &open_port_undocumented::CHECK,
    &open_port_after_expiry::CHECK,
    &open_though_blocked::CHECK,
    &decided_port_not_listening::CHECK,
    &clear_text_where_encryption_is_decided::CHECK,
    &clear_text_login_seen::CHECK,
    &database_or_management_reachable::CHECK,
    &public_network_gets_answers::CHECK,
    &weak_tls_seen::CHECK,
    &certificate_expired::CHECK,
    &certificate_ends_soon::CHECK,
    &host_not_registered::CHECK,
    &system_not_seen::CHECK,
    &decommissioned_system_answers::CHECK,
    &weak_ssh_seen::CHECK,
];
