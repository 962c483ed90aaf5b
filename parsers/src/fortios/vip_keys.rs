//! What becomes of the settings of virtual IPs.

use portvakt_model::LineState;

use super::keys::{Keys, mark_table};
use super::reasons;
use super::tree::Node;
use crate::build::Build;

const VIP: Keys = Keys {
    used: &[
        "type",
        "extip",
        "mappedip",
        "extintf",
        "portforward",
        "protocol",
        "extport",
        "mappedport",
        "service",
        "src-filter",
        "status",
        "mapped-addr",
        "ipv6-mappedip",
    ],
    neutral: &[
        "arp-reply",
        "ndp-reply",
        "gratuitous-arp-interval",
        "dns-mapping-ttl",
        "ldb-method",
        "monitor",
        "persistence",
        "server-type",
        "max-embryonic-connections",
        "portmapping-type",
        "nat44",
        "weblogic-server",
        "websphere-server",
        "outlook-web-access",
        "add-nat46-route",
        "add-nat64-route",
        "embedded-ipv4-address",
        "user-agent-detect",
        "client-cert",
        "empty-cert-action",
        "extaddr",
    ],
    lost: &[
        ("srcintf-filter", &[], reasons::VIP_INTERFACES),
        ("nat-source-vip", &["disable"], reasons::VIP_SOURCE),
        ("nat46", &["disable"], reasons::NAT64),
        ("nat64", &["disable"], reasons::NAT64),
        ("ipv6-mappedport", &[], reasons::NAT64),
        ("nat66", &["enable"], reasons::NAT64),
    ],
};

const SERVER: Keys = Keys {
    used: &["ip", "port", "status"],
    neutral: &[
        "weight",
        "holddown-interval",
        "healthcheck",
        "http-host",
        "translate-host",
        "max-connections",
        "monitor",
        "client-ip",
        "type",
        "address",
        "health-check-proto",
    ],
    lost: &[],
};

/// What [`super::tls`] reads.
const JUDGED: [&str; 3] = ["ssl-algorithm", "ssl-max-version", "ssl-min-version"];

/// Marks a table of VIPs. Of a load balancer, HTTP and TLS settings decide how it talks, not with
/// whom.
pub(super) fn mark_vips(section: Node<'_, '_>, build: &mut Build<'_>) {
    mark_table(section, &VIP, build);
    for entry in section.children() {
        for setting in entry.settings() {
            let talk = ["http-", "https-", "ssl-", "h2-", "h3-"];
            if JUDGED.contains(&setting.key.as_ref()) {
                setting.mark(LineState::Used, build);
            } else if talk.iter().any(|stem| setting.key.starts_with(stem)) {
                setting.mark(LineState::Neutral, build);
            }
        }
        for block in entry.children() {
            match block.name() {
                "realservers" => mark_table(block, &SERVER, build),
                "ssl-cipher-suites" => block.mark_all(LineState::Used, build),
                "quic" | "ssl-server-cipher-suites" => {
                    block.mark_all(LineState::Neutral, build);
                }
                _ => {}
            }
        }
    }
}
