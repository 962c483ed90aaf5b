//! `config vpn ipsec`: the algorithms of tunnels. Their interfaces are read with the others.

use portvakt_model::{Fact, LineState, Management, Message};

use super::keys::{Keys, mark_table};
use super::reasons;
use super::scope::Scope;
use super::tree::Node;
use crate::build::Build;

const SELECTOR: &Message = &Message {
    sv: "urval som begränsar vad en tunnel bär räknas inte in",
    en: "selectors that limit what a tunnel carries are not modelled",
};
const PEER: &Message = &Message {
    sv: "vilka motparter en tunnel godtar räknas inte in",
    en: "which peers a tunnel admits is not modelled",
};

const TUNNEL: Keys = Keys {
    used: &["interface", "proposal", "dhgrp", "psksecret", "psksecret-remote"],
    neutral: &[
        "acct-verify",
        "add-gw-route",
        "add-route",
        "aggregate-member",
        "aggregate-weight",
        "assign-ip",
        "assign-ip-from",
        "auto-discovery-crossover",
        "auto-discovery-dialup-placeholder",
        "auto-discovery-forwarder",
        "auto-discovery-offer-interval",
        "auto-discovery-psk",
        "auto-discovery-receiver",
        "auto-discovery-sender",
        "auto-discovery-shortcuts",
        "auto-negotiate",
        "azure-ad-autoconnect",
        "backup-gateway",
        "banner",
        "cert-id-validation",
        "cert-trust-store",
        "certificate",
        "childless-ike",
        "client-auto-negotiate",
        "client-keep-alive",
        "client-resume",
        "client-resume-interval",
        "default-gw",
        "default-gw-priority",
        "dev-id",
        "dev-id-notification",
        "dhcp-ipsec",
        "dhcp-ra-giaddr",
        "dhcp6-ra-linkaddr",
        "digital-signature-auth",
        "distance",
        "dns-mode",
        "domain",
        "dpd",
        "dpd-retrycount",
        "dpd-retryinterval",
        "ems-sn-check",
        "encap-local-gw4",
        "encap-local-gw6",
        "encap-remote-gw4",
        "encap-remote-gw6",
        "encapsulation",
        "encapsulation-address",
        "encapsulate",
        "enforce-unique-id",
        "esn",
        "exchange-fgt-device-id",
        "exchange-interface-ip",
        "exchange-ip-addr4",
        "exchange-ip-addr6",
        "fallback-tcp-threshold",
        "fec-base",
        "fec-codec",
        "fec-egress",
        "fec-health-check",
        "fec-ingress",
        "fec-mapping-profile",
        "fec-receive-timeout",
        "fec-redundant",
        "fec-send-timeout",
        "fgsp-sync",
        "forticlient-enforcement",
        "fortinet-esp",
        "fragmentation",
        "fragmentation-mtu",
        "group-authentication",
        "ha-sync-esp-seqno",
        "idle-timeout",
        "idle-timeoutinterval",
        "ike-version",
        "inbound-dscp-copy",
        "include-local-lan",
        "initiator-ts-narrow",
        "interface-select-method",
        "internal-domain-list",
        "ip-delay-interval",
        "ip-fragmentation",
        "ip-version",
        "ipv4-dns-server1",
        "ipv4-dns-server2",
        "ipv4-dns-server3",
        "ipv4-end-ip",
        "ipv4-exclude-range",
        "ipv4-name",
        "ipv4-netmask",
        "ipv4-split-exclude",
        "ipv4-split-include",
        "ipv4-start-ip",
        "ipv4-wins-server1",
        "ipv4-wins-server2",
        "ipv6-dns-server1",
        "ipv6-dns-server2",
        "ipv6-dns-server3",
        "ipv6-end-ip",
        "ipv6-exclude-range",
        "ipv6-name",
        "ipv6-prefix",
        "ipv6-split-exclude",
        "ipv6-split-include",
        "ipv6-start-ip",
        "keepalive",
        "keylife",
        "keylife-type",
        "keylifekbs",
        "keylifeseconds",
        "kms",
        "l2tp",
        "link-cost",
        "local-gw",
        "local-gw6",
        "localid",
        "localid-type",
        "loopback-asymroute",
        "mesh-selector-type",
        "mode-cfg",
        "mode-cfg-allow-client-selector",
        "monitor",
        "monitor-hold-down-delay",
        "monitor-hold-down-time",
        "monitor-hold-down-type",
        "monitor-hold-down-weekday",
        "monitor-min",
        "nattraversal",
        "negotiate-timeout",
        "net-device",
        "network-id",
        "network-overlay",
        "npu-offload",
        "packet-redistribution",
        "passive-mode",
        "peerid",
        "phase1name",
        "pfs",
        "ppk",
        "ppk-identity",
        "priority",
        "qkd",
        "qkd-profile",
        "reauth",
        "rekey",
        "remote-gw",
        "remote-gw-country",
        "remote-gw-end-ip",
        "remote-gw-match",
        "remote-gw-start-ip",
        "remote-gw-subnet",
        "remote-gw6",
        "remotegw-ddns",
        "replay",
        "route-overlap",
        "rsa-signature-format",
        "rsa-signature-hash-override",
        "save-password",
        "send-cert-chain",
        "shared-idle-timeout",
        "signature-hash-alg",
        "single-source",
        "split-include-service",
        "src-port",
        "dst-port",
        "protocol",
        "suite-b",
        "transport",
        "tunnel-search",
        "type",
        "unity-support",
        "use-natip",
        "vni",
        "wizard-type",
        "auto-transport-threshold",
        "keepalive-interval",
        "src-addr-type",
        "dst-addr-type",
        "addke1",
        "addke2",
        "addke3",
    ],
    lost: &[
        ("mode", &["main"], reasons::AGGRESSIVE),
        ("authmethod", &["psk", "signature"], PEER),
        ("authmethod-remote", &["psk", "signature"], PEER),
        ("authusr", &[], PEER),
        ("authusrgrp", &[], PEER),
        ("eap", &["disable"], PEER),
        ("eap-identity", &["use-id-payload"], PEER),
        ("peer", &[], PEER),
        ("peergrp", &[], PEER),
        ("peertype", &["any"], PEER),
        ("usrgrp", &[], PEER),
        ("xauthtype", &["disable"], PEER),
        ("src-subnet", ANY, SELECTOR),
        ("dst-subnet", ANY, SELECTOR),
        ("src-subnet6", &["::/0"], SELECTOR),
        ("dst-subnet6", &["::/0"], SELECTOR),
        ("src-start-ip", ANY, SELECTOR),
        ("src-end-ip", ANY, SELECTOR),
        ("dst-start-ip", ANY, SELECTOR),
        ("dst-end-ip", ANY, SELECTOR),
        ("src-name", &["all"], SELECTOR),
        ("dst-name", &["all"], SELECTOR),
        ("src-name6", &["all"], SELECTOR),
        ("dst-name6", &["all"], SELECTOR),
    ],
};
const ANY: &[&str] = &["0.0.0.0", "0.0.0.0/0"];

/// Both ways of writing a tunnel, and both phases.
const TABLES: [&str; 4] = [
    "vpn ipsec phase1-interface",
    "vpn ipsec phase2-interface",
    "vpn ipsec phase1",
    "vpn ipsec phase2",
];

/// Marks the tunnels and adds their algorithms.
pub(super) fn read(scope: &Scope<'_, '_>, out: Option<&mut Management>, build: &mut Build<'_>) {
    let (mut found, mut unset) = (Vec::new(), Vec::new());
    for section in TABLES.iter().flat_map(|path| scope.sections(path)) {
        mark_table(section, &TUNNEL, build);
        for entry in section.children() {
            found.extend(algorithms(entry));
            unset.extend(without_group(entry));
            for block in entry.children() {
                block.mark_all(LineState::Neutral, build);
            }
        }
    }
    if let Some(management) = out {
        management.vpn_algorithms = found;
        management.vpn_default_groups = if unset.is_empty() { None } else { default_groups(scope) };
        management.vpn_groups_unset = unset;
    }
}

/// A phase that takes the groups of the release. Phase 2 takes none without forward secrecy of its own.
fn without_group(entry: Node<'_, '_>) -> Option<Fact<String>> {
    let takes_one = entry.list("dhgrp").is_empty() && !entry.is("pfs", "disable");
    takes_one.then(|| Fact::explicit(entry.name().to_owned(), entry.line()))
}

/// 14 and 5 since 5.2 ("Prioritizing DH Group Configuration" in What's New for FortiOS 5.2). Later releases
/// have others; which one has them first was not found.
fn default_groups(scope: &Scope<'_, '_>) -> Option<Fact<Vec<String>>> {
    let since = scope.is_at_least((5, 2, 0)) == Some(true);
    let before = scope.is_at_least((7, 4, 0)) == Some(false);
    let groups = || ["group14", "group5"].map(str::to_owned).to_vec();
    (since && before).then(|| Fact::default_of(groups(), "What's New for FortiOS 5.2"))
}

/// Proposals as written, Diffie-Hellman groups as `group14`.
fn algorithms(entry: Node<'_, '_>) -> impl Iterator<Item = Fact<String>> {
    let proposals = entry.list("proposal").into_iter().map(|(text, line)| (text.to_owned(), line));
    let groups =
        entry.list("dhgrp").into_iter().map(|(number, line)| (format!("group{number}"), line));
    proposals.chain(groups).map(|(text, line)| Fact::explicit(text, line))
}
