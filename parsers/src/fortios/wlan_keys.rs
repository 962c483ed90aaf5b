//! What becomes of the settings of wireless networks and access point profiles.

use portvakt_model::{LineState, Message};

use super::keys::{Keys, mark, mark_table};
use super::reasons;
use super::tree::Node;
use crate::build::Build;

const TUNNEL: &Message = &Message {
    sv: "var delad eller fristående trafik kommer ut räknas inte in",
    en: "where split or standalone traffic comes out is not modelled",
};
const POOLING: &Message =
    &Message { sv: "pooler av VLAN räknas inte in", en: "pools of VLANs are not modelled" };

pub(super) const VAP: Keys = Keys {
    used: &[
        "ssid",
        "security",
        "encrypt",
        "pmf",
        "passphrase",
        "sae-password",
        "key",
        "broadcast-ssid",
        "local-bridging",
        "local-standalone",
        "vlanid",
        "dynamic-vlan",
        "intra-vap-privacy",
        "captive-portal",
        "external-web",
    ],
    neutral: &[
        "access-control-list",
        "acct-interim-interval",
        "additional-akms",
        "akm24-only",
        "alias",
        "antivirus-profile",
        "application-detection-engine",
        "application-dscp-marking",
        "application-list",
        "application-report-intv",
        "atf-weight",
        "auth",
        "auth-cert",
        "auth-portal-addr",
        "beacon-advertising",
        "beacon-protection",
        "broadcast-suppression",
        "bss-color-partial",
        "bstm-disassociation-imminent",
        "bstm-load-balancing-disassoc-timer",
        "bstm-rssi-disassoc-timer",
        "captive-portal-ac-name",
        "captive-portal-auth-timeout",
        "captive-portal-fw-accounting",
        "captive-portal-macauth-radius-server",
        "captive-portal-radius-server",
        "captive-portal-session-timeout-interval",
        "dhcp-address-enforcement",
        "dhcp-lease-time",
        "dhcp-option43-insertion",
        "dhcp-option82-circuit-id-insertion",
        "dhcp-option82-insertion",
        "dhcp-option82-remote-id-insertion",
        "eap-reauth",
        "eap-reauth-intv",
        "eapol-key-retries",
        "external-fast-roaming",
        "external-logout",
        "external-web-format",
        "fast-bss-transition",
        "fast-roaming",
        "ft-mobility-domain",
        "ft-over-ds",
        "ft-r0-key-lifetime",
        "gas-comeback-delay",
        "gas-fragmentation-limit",
        "gtk-rekey",
        "gtk-rekey-intv",
        "high-efficiency",
        "hotspot20-profile",
        "igmp-snooping",
        "ip",
        "ips-sensor",
        "ipv6-rules",
        "keyindex",
        "l3-roaming",
        "l3-roaming-mode",
        "ldpc",
        "local-authentication",
        "local-lan",
        "local-lan-partition",
        "local-standalone-dns",
        "local-standalone-dns-ip",
        "mac-called-station-delimiter",
        "mac-calling-station-delimiter",
        "mac-case",
        "mac-filter",
        "mac-filter-policy-other",
        "mac-password-delimiter",
        "mac-username-delimiter",
        "max-clients",
        "max-clients-ap",
        "mbo",
        "mbo-cell-data-conn-pref",
        "me-disable-thresh",
        "mesh-backhaul",
        "mpsk-concurrent-clients",
        "mu-mimo",
        "multicast-enhance",
        "multicast-rate",
        "nac",
        "nac-profile",
        "neighbor-report-dual-band",
        "n80211k",
        "n80211v",
        "okc",
        "osen",
        "owe-groups",
        "owe-transition",
        "owe-transition-ssid",
        "pmf-assoc-comeback-timeout",
        "pmf-sa-query-retry-timeout",
        "port-macauth",
        "port-macauth-reauth-timeout",
        "port-macauth-timeout",
        "portal-message-override-group",
        "portal-type",
        "primary-wag-profile",
        "probe-resp-suppression",
        "probe-resp-threshold",
        "ptk-rekey",
        "ptk-rekey-intv",
        "qos-profile",
        "quarantine",
        "radio-2g-threshold",
        "radio-5g-threshold",
        "radio-sensitivity",
        "radius-mac-auth-block-interval",
        "radius-mac-auth-server",
        "radius-mac-auth-usergroups",
        "radius-mac-mpsk-auth",
        "radius-mac-mpsk-timeout",
        "radius-server",
        "rates-11a",
        "rates-11ac-mcs-map",
        "rates-11ac-ss12",
        "rates-11ac-ss34",
        "rates-11ax-mcs-map",
        "rates-11ax-ss12",
        "rates-11ax-ss34",
        "rates-11be-mcs-map",
        "rates-11bg",
        "rates-11n-ss12",
        "rates-11n-ss34",
        "roaming-acct-interim-update",
        "sae-groups",
        "sae-h2e-only",
        "sae-hnp-only",
        "sae-pk",
        "scan-botnet-connections",
        "schedule",
        "secondary-wag-profile",
        "security-exempt-list",
        "security-obsolete-option",
        "security-redirect-url",
        "selected-usergroups",
        "sticky-client-remove",
        "sticky-client-threshold-2g",
        "sticky-client-threshold-5g",
        "sticky-client-threshold-6g",
        "target-wake-time",
        "tkip-counter-measure",
        "tunnel-echo-interval",
        "tunnel-fallback-interval",
        "usergroup",
        "utm-log",
        "utm-profile",
        "utm-status",
        "vdom",
        "vlan-auto",
        "voice-enterprise",
        "webfilter-profile",
    ],
    lost: &[
        ("split-tunneling", &["disable"], TUNNEL),
        ("local-standalone-nat", &["disable"], TUNNEL),
        ("vlan-pooling", &["disable"], POOLING),
        ("mpsk-profile", &[], reasons::DEVICE_KEYS),
        ("mpsk", &["disable"], reasons::DEVICE_KEYS),
        ("mac-auth-bypass", &["disable"], reasons::MAC_LOGIN),
        ("radius-mac-auth", &["disable"], reasons::MAC_LOGIN),
        ("address-group", &[], reasons::WLAN_ADDRESS_LIST),
        ("address-group-policy", &["disable"], reasons::WLAN_ADDRESS_LIST),
    ],
};

const MPSK: Keys = Keys {
    used: &["passphrase"],
    neutral: &["concurrent-clients", "key-name", "mpsk-schedules", "name"],
    lost: &[],
};

/// Inner blocks of a wireless network.
pub(super) fn mark_blocks(vap: Node<'_, '_>, build: &mut Build<'_>) {
    for block in vap.children() {
        match block.name() {
            "mpsk-key" => mark_table(block, &MPSK, build),
            "vlan-pool" | "vlan-name" => block.mark_all(LineState::Unsupported(POOLING), build),
            "mac-filter-list" | "portal-message-overrides" => {
                block.mark_all(LineState::Neutral, build);
            }
            _ => {}
        }
    }
}

const PROFILE: Keys = Keys {
    used: &["login-passwd", "login-passwd-change"],
    neutral: &[],
    lost: &[
        ("allowaccess", &[], reasons::ACCESS_POINTS),
        ("split-tunneling-acl-local-ap-subnet", &["disable"], TUNNEL),
    ],
};

/// A profile of access points: radio settings, and a little that matters.
pub(super) fn mark_profile(profile: Node<'_, '_>, build: &mut Build<'_>) {
    mark(profile, &PROFILE, build);
    for setting in profile.settings() {
        let handled = PROFILE.used.contains(&setting.key.as_ref())
            || PROFILE.lost.iter().any(|(key, ..)| *key == setting.key);
        if !handled {
            setting.mark(LineState::Neutral, build);
        }
    }
    for block in profile.children() {
        let acl = block.name() == "split-tunneling-acl" && block.children().next().is_some();
        let state = if acl { LineState::Unsupported(TUNNEL) } else { LineState::Neutral };
        block.mark_all(state, build);
    }
}
