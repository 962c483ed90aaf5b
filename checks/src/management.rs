//! The management plane: how devices are administered.

use crate::Check;

mod admin_without_strong_authentication;
mod algorithms;
mod commands_not_logged;
mod configuration_not_backed_up;
mod exposure;
mod http_management_enabled;
mod line_without_own_account;
mod log_in_clear;
mod log_level_drops_events;
mod log_server_not_the_municipalitys;
mod login_attempts_unlimited_or_too_many;
mod logins_not_logged;
mod management_from_anywhere;
mod management_on_untrusted_interface;
mod management_on_user_interface;
mod no_central_login;
mod no_lockout;
mod no_login_banner;
mod no_remote_logging;
mod ntp_missing;
mod ntp_not_the_municipalitys;
mod ntp_unauthenticated;
mod password_policy_incomplete;
mod password_too_short;
mod reused_secret;
mod reversible_secret;
mod session_timeout_too_long;
mod shared_account;
mod snmp_without_encryption;
mod ssh_version_1;
mod support;
mod telnet_enabled;
mod unneeded_service;
mod weak_crypto_allowed;
mod weak_snmp_algorithm;
mod weak_ssh_algorithm;
mod weak_tls_cipher;
mod weak_tls_version;
mod weak_vpn_algorithm;
mod weak_web_server_tls;
mod well_known_secret;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &telnet_enabled::CHECK,
    &http_management_enabled::CHECK,
    &snmp_without_encryption::CHECK,
    &well_known_secret::CHECK,
    &ntp_missing::CHECK,
    &ntp_not_the_municipalitys::CHECK,
    &ntp_unauthenticated::CHECK,
    &no_remote_logging::CHECK,
    &log_server_not_the_municipalitys::CHECK,
    &log_level_drops_events::CHECK,
    &no_central_login::CHECK,
    &shared_account::CHECK,
    &line_without_own_account::CHECK,
    &login_attempts_unlimited_or_too_many::CHECK,
    &no_lockout::CHECK,
    &session_timeout_too_long::CHECK,
    &ssh_version_1::CHECK,
    &weak_ssh_algorithm::CHECK,
    &weak_tls_version::CHECK,
    &reversible_secret::CHECK,
    &reused_secret::CHECK,
    &no_login_banner::CHECK,
    &password_too_short::CHECK,
    &password_policy_incomplete::CHECK,
    &commands_not_logged::CHECK,
    &logins_not_logged::CHECK,
    &management_from_anywhere::CHECK,
    &admin_without_strong_authentication::CHECK,
    &configuration_not_backed_up::CHECK,
    &unneeded_service::CHECK,
    &management_on_untrusted_interface::CHECK,
    &weak_crypto_allowed::CHECK,
    &log_in_clear::CHECK,
    &weak_vpn_algorithm::CHECK,
    &weak_snmp_algorithm::CHECK,
    &management_on_user_interface::CHECK,
    &weak_web_server_tls::CHECK,
    &weak_tls_cipher::CHECK,
];
