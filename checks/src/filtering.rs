//! Filtering: what the rules let through as a whole, and how they are kept.

use crate::Check;

mod any_any_permit;
mod applied_list_missing;
mod breadth;
mod broad_destination;
mod broad_service;
mod broad_source;
mod default_permit;
mod denied_traffic_not_logged;
mod disabled_rule;
mod duplicate_object;
mod expired_rule;
mod inbound_without_intrusion_detection;
mod ipv6_weaker_than_ipv4;
mod list_not_applied;
mod never_hit_rule;
mod opening_not_logged;
mod rule_without_description;
mod stale_translation;
mod support;
mod undefined_object;
mod unfiltered_border;
mod unused_object;

/// The checks of the family, in the order of the manual.
pub(crate) static CHECKS: &[&Check] = &[
    &default_permit::CHECK,
    &any_any_permit::CHECK,
    &broad_source::CHECK,
    &broad_destination::CHECK,
    &broad_service::CHECK,
    &unfiltered_border::CHECK,
    &rule_without_description::CHECK,
    &disabled_rule::CHECK,
    &never_hit_rule::CHECK,
    &stale_translation::CHECK,
    &undefined_object::CHECK,
    &unused_object::CHECK,
    &list_not_applied::CHECK,
    &applied_list_missing::CHECK,
    &ipv6_weaker_than_ipv4::CHECK,
    &expired_rule::CHECK,
    &duplicate_object::CHECK,
    &denied_traffic_not_logged::CHECK,
    &inbound_without_intrusion_detection::CHECK,
    &opening_not_logged::CHECK,
];
