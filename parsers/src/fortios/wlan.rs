//! `config wireless-controller vap`: wireless networks.

use portvakt_model::{
    Forwarding, Isolation, Pmf, Secret, Ssid, VlanRef, WlanAuth, WlanCipher, WlanSecurity,
};
use rustc_hash::FxHashMap;

use super::interfaces::Interfaces;
use super::keys::{mark, mark_table};
use super::scope::Scope;
use super::tree::Node;
use super::wlan_keys as keys;
use crate::build::Build;

/// The wireless networks; `secrets` are those already found, by line.
pub(super) fn read(
    scope: &Scope<'_, '_>,
    interfaces: &mut Interfaces,
    secrets: &FxHashMap<u32, Secret>,
    build: &mut Build<'_>,
) -> Vec<Ssid> {
    let mut out = Vec::new();
    for section in scope.sections("wireless-controller vap") {
        mark_table(section, &keys::VAP, build);
        for entry in section.children() {
            keys::mark_blocks(entry, build);
            out.push(vap(entry, scope, interfaces, secrets));
        }
    }
    for section in scope.sections("wireless-controller wtp-profile") {
        mark(section, &super::interface_keys::NONE, build);
        section.children().for_each(|entry| keys::mark_profile(entry, build));
    }
    out
}

fn vap(
    entry: Node<'_, '_>,
    scope: &Scope<'_, '_>,
    interfaces: &mut Interfaces,
    secrets: &FxHashMap<u32, Secret>,
) -> Ssid {
    let local = ["local-bridging", "local-standalone"].iter().any(|key| entry.is(key, "enable"));
    let line_of = |key: &str| entry.setting(key).map(|s| s.line);
    let security = entry.get("security").unwrap_or(DEFAULT_SECURITY);
    let portal = security.contains("captive-portal")
        || entry.is("captive-portal", "enable")
        || entry.get("external-web").is_some();
    Ssid {
        profile: entry.name().to_owned(),
        ssid: entry.get("ssid").unwrap_or(entry.name()).to_owned(),
        enabled: true,
        hidden: entry.is("broadcast-ssid", "disable"),
        security: protection(entry, security, secrets),
        forwarding: if local { Forwarding::Local } else { Forwarding::Central },
        vlan: vlan(entry, local),
        interface: (!local).then(|| interfaces.declared.atom(entry.name())),
        isolation: isolation(entry, local, scope),
        portal: Some(portal),
        line: entry.line(),
        isolation_line: line_of("intra-vap-privacy"),
        security_line: line_of("security"),
    }
}

/// FortiOS CLI Reference, `config wireless-controller vap`.
const DEFAULT_SECURITY: &str = "wpa2-only-personal";

fn vlan(entry: Node<'_, '_>, local: bool) -> VlanRef {
    if entry.is("dynamic-vlan", "enable") {
        return VlanRef::Dynamic;
    }
    match entry.number("vlanid").filter(|id| *id != 0) {
        Some(id) => VlanRef::Id(id as u16),
        // VLAN 0 of a bridged network is whatever the access point's port has as native VLAN.
        None if local => VlanRef::Unknown,
        None => VlanRef::Routed,
    }
}

/// Off unless set, up to FortiOS 7.6; later versions have no such setting.
fn isolation(entry: Node<'_, '_>, local: bool, scope: &Scope<'_, '_>) -> Isolation {
    match entry.get("intra-vap-privacy") {
        Some("enable") if local => Isolation::AccessPoint,
        Some("enable") => Isolation::Controller,
        None if scope.is_at_least((8, 0, 0)) == Some(true) => Isolation::Unknown,
        _ => Isolation::Off,
    }
}

fn protection(
    entry: Node<'_, '_>,
    security: &str,
    secrets: &FxHashMap<u32, Secret>,
) -> WlanSecurity {
    let auth = auth(security);
    let phrase = ["passphrase", "sae-password", "key"].iter().find_map(|key| entry.setting(key));
    WlanSecurity {
        ciphers: ciphers(entry, security),
        pmf: Some(pmf(entry, security)),
        passphrase: phrase.and_then(|s| secrets.get(&s.line)).copied(),
        auth,
    }
}

fn auth(security: &str) -> Vec<WlanAuth> {
    use WlanAuth::{Dot1x, Dot1xWpa3, Open, Owe, Psk, Sae, Wep};
    match security.split('+').next().unwrap_or(security) {
        "open" | "captive-portal" => vec![Open],
        "owe" => vec![Owe],
        "wep64" | "wep128" => vec![Wep],
        "wpa3-sae" => vec![Sae],
        "wpa3-sae-transition" => vec![Psk, Sae],
        "wpa3-enterprise" | "wpa3-only-enterprise" => vec![Dot1xWpa3],
        "wpa3-enterprise-transition" => vec![Dot1x, Dot1xWpa3],
        name if name.ends_with("personal") => vec![Psk],
        name if name.ends_with("enterprise") || name == "osen" => vec![Dot1x],
        _ => Vec::new(),
    }
}

/// `encrypt` counts for WPA and WPA2; WPA3 and OWE always have AES.
fn ciphers(entry: Node<'_, '_>, security: &str) -> Vec<WlanCipher> {
    use WlanCipher::{Ccmp, Tkip, Wep};
    if security.starts_with("wep") {
        return vec![Wep];
    }
    if security == "open" || security == "captive-portal" {
        return Vec::new();
    }
    match entry.get("encrypt") {
        Some("TKIP") if !security.starts_with("wpa3") => vec![Tkip],
        Some("TKIP-AES") if !security.starts_with("wpa3") => vec![Tkip, Ccmp],
        _ => vec![Ccmp],
    }
}

/// `disable` unless set. WPA3 and OWE demand it whatever is written (WPA3 Specification 3.1).
fn pmf(entry: Node<'_, '_>, security: &str) -> Pmf {
    let demanded = ["wpa3-sae", "owe", "wpa3-only-enterprise"].contains(&security);
    match entry.get("pmf") {
        Some("optional") if !demanded => Pmf::Optional,
        written if demanded || written == Some("enable") => Pmf::Required,
        None if security.starts_with("wpa3") => Pmf::Optional,
        _ => Pmf::Off,
    }
}
