//! Wireless networks: `wlan` blocks of Catalyst 9800 and `dot11 ssid` of autonomous access points.

use std::collections::BTreeMap;

use portvakt_model::{
    Forwarding, Isolation, Pmf, SecretKind, Ssid, VlanRef, WlanAuth, WlanCipher, WlanSecurity,
};

use super::config::Command;
use super::reasons;
use super::{Ios, names, secrets};

/// What a `wlan` block says, from its defaults on: WPA2 with 802.1X and AES, shut down, announced
/// (Cisco Catalyst 9800 Series Command Reference).
pub(super) struct Block {
    pub(super) ssid: Ssid,
    wpa: bool,
    versions: [bool; 3],
    wep: bool,
    keys: Vec<WlanAuth>,
    ciphers: Vec<WlanCipher>,
    /// Whether what peers may do is left to another device.
    pub(super) upstream: bool,
}

/// Empty record of a wireless network.
fn record(profile: &str, ssid: &str, line: u32) -> Ssid {
    Ssid {
        profile: profile.to_owned(),
        ssid: ssid.to_owned(),
        enabled: false,
        hidden: false,
        security: WlanSecurity::default(),
        forwarding: Forwarding::Unknown,
        vlan: VlanRef::Unknown,
        interface: None,
        isolation: Isolation::Off,
        portal: Some(false),
        line,
        isolation_line: None,
        security_line: None,
    }
}

/// `wlan NAME ID SSID`, where names and SSIDs may hold blanks; `wlan NAME` goes on with an earlier
/// one.
pub(super) fn block(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    if command.no() {
        ios.neutral(command);
        return true;
    }
    let Some((profile, ssid)) = header(command) else { return false };
    let next = ios.wireless.wlans.len();
    let index = *ios.wireless.by_profile.entry(profile.clone()).or_insert(next);
    if index == next {
        ios.wireless.wlans.push(Block {
            ssid: record(&profile, ssid.as_deref().unwrap_or(&profile), command.number()),
            wpa: true,
            versions: [false, true, false],
            wep: false,
            keys: vec![WlanAuth::Dot1x],
            ciphers: vec![WlanCipher::Ccmp],
            upstream: false,
        });
    }
    ios.used(command);
    for child in command.below() {
        setting(ios, child, index);
    }
    true
}

fn header(command: Command<'_, '_>) -> Option<(String, Option<String>)> {
    let line = command.line();
    let mut words = line.words();
    words.next();
    let mut name = words.next()?.value().into_owned();
    loop {
        let rest = words.rest();
        let Some(word) = words.next() else { return Some((name, None)) };
        if !word.quoted && word.text.parse::<u16>().is_ok() {
            let quoted = words.clone().next().filter(|w| w.quoted).map(|w| w.value().into_owned());
            let ssid = quoted.unwrap_or_else(|| words.rest().text.to_owned());
            return Some((name, Some(ssid).filter(|s| !s.is_empty())));
        }
        name = format!("{name} {}", rest.text.split(' ').next().unwrap_or_default());
    }
}

fn setting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, index: usize) {
    let (on, line) = (!command.no(), command.number());
    let wlan = &mut ios.wireless.wlans[index];
    match command.words() {
        ["security", "wpa", "psk", "set-key", ..] if on => {
            return passphrase(ios, command, 4, index);
        }
        ["security", rest @ ..] => {
            if !security(wlan, rest, on) {
                return other(ios, command);
            }
            wlan.ssid.security_line.get_or_insert(line);
            secrets::sweep(ios, command);
        }
        ["shutdown"] => wlan.ssid.enabled = !on,
        ["broadcast-ssid"] => wlan.ssid.hidden = !on,
        ["peer-blocking", how] => {
            wlan.ssid.isolation = match *how {
                "drop" if on => Isolation::Controller,
                _ if on => Isolation::Unknown,
                _ => Isolation::Off,
            };
            wlan.upstream = on && *how == "forward-upstream";
            wlan.ssid.isolation_line = Some(line);
        }
        ["ip", "access-group", ..] | ["ipv6", "traffic-filter", ..] => {
            return ios.lost(command, reasons::WLAN_FILTERS);
        }
        _ => return other(ios, command),
    }
    ios.used(command);
}

fn other(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    match command.words() {
        ["mac-filtering" | "client" | "mdns-sd", ..] if !command.no() => {
            ios.lost(command, reasons::WLAN_PART);
        }
        [
            "security" | "radio" | "band-select" | "assisted-roaming" | "bss-transition" | "dtim"
            | "load-balance" | "ccx" | "chd" | "channel-scan" | "exclusionlist" | "media-stream"
            | "multicast" | "uapsd" | "wmm" | "dot11ax" | "dot11be" | "wifi-direct"
            | "device-analytics" | "local-auth" | "scheduler" | "exit" | "dot11v" | "static-ip"
            | "session-timeout" | "mac-filtering" | "universal-admin" | "peer-blocking"
            | "accounting-list" | "wgb" | "diag-channel" | "nac" | "qos" | "service-policy"
            | "description" | "mdns-sd",
            ..,
        ] => ios.neutral(command),
        _ => ios.unknown(command),
    }
}

fn security(wlan: &mut Block, words: &[&str], on: bool) -> bool {
    match words {
        ["wpa"] => wlan.wpa = on,
        ["wpa", "wpa1" | "wpa2" | "wpa3"] => {
            let version = words[1].as_bytes()[3] - b'1';
            wlan.versions[usize::from(version)] = on;
            wlan.wpa |= on;
        }
        ["wpa", "wpa1" | "wpa2" | "wpa3", "ciphers", names @ ..] => {
            for name in names {
                toggle(&mut wlan.ciphers, cipher(name), on);
            }
        }
        ["wpa", "akm", "ft", kind] | ["wpa", "akm", kind, ..] => {
            let Some(auth) = key_management(kind) else { return false };
            toggle(&mut wlan.keys, Some(auth), on);
        }
        ["static-wep-key", ..] => wlan.wep = on,
        ["pmf", how @ ("mandatory" | "optional")] => {
            let pmf = if *how == "mandatory" { Pmf::Required } else { Pmf::Optional };
            wlan.ssid.security.pmf = Some(if on { pmf } else { Pmf::Off });
        }
        ["pmf"] if !on => wlan.ssid.security.pmf = Some(Pmf::Off),
        ["web-auth"] => wlan.ssid.portal = Some(on),
        ["web-auth", ..] => wlan.ssid.portal = Some(on || wlan.ssid.portal == Some(true)),
        ["dot1x", "authentication-list", ..] | ["ft", ..] => {}
        _ => return false,
    }
    true
}

fn toggle<T: PartialEq>(list: &mut Vec<T>, item: Option<T>, on: bool) {
    let Some(item) = item else { return };
    let at = list.iter().position(|x| *x == item);
    match (at, on) {
        (Some(at), false) => drop(list.remove(at)),
        (None, true) => list.push(item),
        _ => {}
    }
}

fn cipher(name: &str) -> Option<WlanCipher> {
    Some(match name {
        "aes" | "ccmp" | "ccmp128" | "ccmp256" | "aes-ccm" => WlanCipher::Ccmp,
        "tkip" => WlanCipher::Tkip,
        "gcmp128" | "gcmp256" => WlanCipher::Gcmp,
        "wep128" | "wep40" => WlanCipher::Wep,
        _ => return None,
    })
}

fn key_management(kind: &str) -> Option<WlanAuth> {
    Some(match kind {
        "dot1x" | "dot1x-sha256" | "cckm" => WlanAuth::Dot1x,
        "psk" | "psk-sha256" => WlanAuth::Psk,
        "sae" => WlanAuth::Sae,
        "owe" => WlanAuth::Owe,
        "suiteb-1x" | "suiteb192-1x" => WlanAuth::Dot1xWpa3,
        _ => return None,
    })
}

fn passphrase(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, at: usize, index: usize) {
    let Some((value, form)) = psk(command, at) else { return ios.unknown(command) };
    let owner = ios.wireless.wlans[index].ssid.ssid.clone();
    let secret = ios.secret(command, value, form, SecretKind::Wlan, owner);
    ios.wireless.wlans[index].ssid.security.passphrase = Some(secret);
    ios.used(command);
}

/// A passphrase; on a controller type 8 is encrypted with AES, not a hash.
fn psk<'a>(command: Command<'_, 'a>, at: usize) -> Option<(&'a str, portvakt_model::SecretForm)> {
    use portvakt_model::SecretForm::{Encrypted, StrongHash};
    let (value, form) = secrets::value(command, at)?;
    Some((value, if form == StrongHash { Encrypted } else { form }))
}

impl Block {
    /// The record, once all lines are read.
    pub(super) fn finish(mut self) -> Ssid {
        let [wpa1, wpa2, wpa3] = self.versions;
        let protected = self.wpa && (wpa1 || wpa2 || wpa3);
        let old = wpa1 || wpa2;
        let security = &mut self.ssid.security;
        if !protected {
            security.auth = vec![if self.wep { WlanAuth::Wep } else { WlanAuth::Open }];
            security.ciphers = if self.wep { vec![WlanCipher::Wep] } else { Vec::new() };
            return self.ssid;
        }
        for key in self.keys {
            match key {
                WlanAuth::Dot1x if wpa3 && old => {
                    security.auth.extend([WlanAuth::Dot1x, WlanAuth::Dot1xWpa3]);
                }
                WlanAuth::Dot1x if wpa3 => security.auth.push(WlanAuth::Dot1xWpa3),
                key => security.auth.push(key),
            }
        }
        security.ciphers = self.ciphers;
        if !wpa3 {
            security.pmf.get_or_insert(Pmf::Off);
        }
        self.ssid
    }
}

/// What radios of an autonomous access point say of the networks they carry.
#[derive(Default)]
pub(super) struct Radios {
    /// Networks and the radio that announces them.
    pub(super) carried: Vec<(String, u32)>,
    /// Ciphers by VLAN; `None` is for networks without one.
    pub(super) ciphers: BTreeMap<Option<u16>, Vec<WlanCipher>>,
    /// Radios whose clients can't reach each other, with the line.
    pub(super) isolated: BTreeMap<u32, u32>,
}

/// `dot11 ssid NAME`.
pub(super) fn dot11(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    let line = command.number();
    let mut ssid = record(name, name, line);
    ssid.hidden = true;
    ssid.forwarding = Forwarding::Local;
    ios.used(command);
    let (mut wpa, mut eap) = (false, false);
    for child in command.below() {
        match child.words() {
            ["vlan", id] if names::vlan(id).is_some() => {
                ssid.vlan = names::vlan(id).map_or(VlanRef::Unknown, VlanRef::Id);
            }
            ["vlan", name] => ssid.vlan = VlanRef::Name((*name).to_owned()),
            ["guest-mode" | "mbssid", ..] => ssid.hidden = child.no(),
            ["authentication", "key-management", "wpa" | "cckm", ..] => {
                wpa = true;
                ssid.security_line = Some(child.number());
            }
            ["authentication", "open" | "network-eap" | "shared", rest @ ..] => {
                eap |= rest.contains(&"eap") || child.words()[1] == "network-eap";
            }
            ["wpa-psk", ..] => {
                if let Some((value, form)) = psk(child, 1) {
                    let secret = ios.secret(child, value, form, SecretKind::Wlan, name);
                    ssid.security.passphrase = Some(secret);
                }
            }
            [
                "accounting"
                | "max-associations"
                | "information-element"
                | "ids"
                | "exit"
                | "admit-traffic",
                ..,
            ] => {
                ios.neutral(child);
                continue;
            }
            _ => {
                ios.unknown(child);
                continue;
            }
        }
        ios.used(child);
    }
    ssid.security.auth = vec![match (wpa, eap) {
        (true, false) => WlanAuth::Psk,
        (_, true) => WlanAuth::Dot1x,
        (false, false) => WlanAuth::Open,
    }];
    ios.wireless.dot11.push(ssid);
}

/// Settings of a radio interface.
pub(super) fn radio(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) -> bool {
    let is_radio =
        ios.device.interfaces.get(atom).is_some_and(|i| i.name.starts_with("Dot11Radio"));
    if !is_radio || command.no() {
        return false;
    }
    match command.words() {
        ["ssid", name] => {
            ios.wireless.radios.carried.push(((*name).to_owned(), atom));
            if command.below().next().is_some() {
                dot11(ios, command, name);
            }
        }
        ["encryption", "vlan", id, "mode", how @ ..] => ciphers(ios, names::vlan(id), how),
        ["encryption", "mode", how @ ..] => ciphers(ios, None, how),
        ["encryption", rest @ ..] => {
            let at = rest.iter().position(|w| *w == "size").map(|at| at + 3);
            let Some(value) = at.and_then(|at| rest.get(at)) else { return false };
            let form = portvakt_model::SecretForm::Reversible;
            ios.secret(command, value, form, SecretKind::Wlan, "wep key");
        }
        ["bridge-group", _, "port-protected"] => {
            ios.wireless.radios.isolated.insert(atom, command.number());
        }
        ["bridge-group", ..] => {
            ios.neutral(command);
            return true;
        }
        _ => return false,
    }
    ios.used(command);
    true
}

/// `ciphers aes-ccm tkip` or `wep mandatory`.
fn ciphers(ios: &mut Ios<'_, '_>, vlan: Option<u16>, how: &[&str]) {
    let list: Vec<WlanCipher> = match how {
        ["ciphers", names @ ..] => names.iter().filter_map(|n| cipher(n)).collect(),
        ["wep", ..] => vec![WlanCipher::Wep],
        _ => Vec::new(),
    };
    ios.wireless.radios.ciphers.insert(vlan, list);
}
