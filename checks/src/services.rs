//! Services that must not be open.

use crate::Check;

mod clear_text_service;
mod database_open_to_clients;
mod file_sharing_across_the_edge;
mod log_server_open_to_clients;
mod management_protocol_from_clients;
mod remote_access_application;
mod remote_access_not_approved;
mod support;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &clear_text_service::CHECK,
    &database_open_to_clients::CHECK,
    &remote_access_application::CHECK,
    &management_protocol_from_clients::CHECK,
    &file_sharing_across_the_edge::CHECK,
    &log_server_open_to_clients::CHECK,
    &remote_access_not_approved::CHECK,
];
