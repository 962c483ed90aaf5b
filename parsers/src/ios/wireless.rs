//! Policy profiles and tags of Catalyst 9800, and the wireless networks as they come out.

use portvakt_model::{Forwarding, Interface, Isolation, Ssid, VlanRef, WlanAuth, WlanCipher};
use rustc_hash::FxHashMap;

use super::config::Command;
use super::reasons;
use super::wlan::{self, Block, Radios};
use super::{Ios, names, secrets, switchports::VlanNames, uses};

/// Wireless settings, joined when everything is read.
#[derive(Default)]
pub(super) struct Pending {
    /// `wlan` blocks.
    pub(super) wlans: Vec<Block>,
    /// Their index by profile name.
    pub(super) by_profile: FxHashMap<String, usize>,
    /// `dot11 ssid` blocks.
    pub(super) dot11: Vec<Ssid>,
    /// Radios of an autonomous access point.
    pub(super) radios: Radios,
    /// VLAN ids by name.
    pub(super) vlans: VlanNames,
    policies: FxHashMap<String, Policy>,
    /// WLAN and policy profile of each line of a policy tag.
    tags: Vec<(String, String, u32)>,
}

#[derive(Default)]
struct Policy {
    vlan: Option<String>,
    local: bool,
    dynamic: bool,
    anchored: bool,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    match command.words() {
        ["wlan", "load-balance" | "accounting-list", ..] => return false,
        ["wlan", ..] => return wlan::block(ios, command),
        _ if command.no() => return false,
        ["wireless", "profile", "policy", name] => policy(ios, command, name),
        ["wireless", "tag", "policy", _] => tag(ios, command),
        ["dot11", "ssid", name] => wlan::dot11(ios, command, name),
        ["ap", _] => access_point(ios, command),
        ["ap" | "dot11" | "wireless", ..] => {
            ios.neutral(command);
            for child in command.below() {
                secrets::sweep(ios, child);
                ios.neutral(child);
            }
        }
        _ => return false,
    }
    true
}

fn policy(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    let mut policy = Policy::default();
    ios.used(command);
    for child in command.below() {
        let (on, line) = (!child.no(), child.number());
        match child.words() {
            ["vlan", vlan @ ..] if on => policy.vlan = Some(vlan.join(" ")),
            ["central", "switching"] => policy.local = !on,
            ["aaa-override"] => policy.dynamic = on,
            ["mobility", "anchor", ..] if on => policy.anchored = true,
            ["ipv4" | "ipv6", "acl", list] if on => {
                let by = format!("wireless profile policy {name}");
                uses::note(ios, list, None, line, by);
                ios.lost(child, reasons::WLAN_FILTERS);
                continue;
            }
            ["urlfilter" | "subscriber-policy-name" | "service-policy" | "nac" | "cts", ..]
                if on =>
            {
                ios.lost(child, reasons::POLICY_PROFILE);
                continue;
            }
            _ => {
                ios.neutral(child);
                continue;
            }
        }
        ios.used(child);
    }
    ios.wireless.policies.insert(name.to_owned(), policy);
}

fn tag(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    ios.used(command);
    for child in command.below() {
        let words: Vec<String> = child.line().words().map(|w| w.value().into_owned()).collect();
        match &words[..] {
            [wlan, name @ .., policy, profile] if wlan == "wlan" && policy == "policy" => {
                ios.wireless.tags.push((name.join(" "), profile.clone(), child.number()));
                ios.used(child);
            }
            _ => ios.neutral(child),
        }
    }
}

/// Which tags an access point has; that every policy tag is in use is assumed.
fn access_point(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["policy-tag" | "site-tag" | "rf-tag", _] => ios.used(child),
            _ => ios.neutral(child),
        }
    }
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    let blocks = std::mem::take(&mut ios.wireless.wlans);
    let mut profiles: FxHashMap<String, Vec<String>> = FxHashMap::default();
    for (wlan, profile, line) in std::mem::take(&mut ios.wireless.tags) {
        if !ios.wireless.policies.contains_key(&profile) && profile != "default-policy-profile" {
            ios.undefined("policy-profile", &profile, line, format!("wlan {wlan}"));
        }
        let list = profiles.entry(wlan).or_default();
        if list.last() != Some(&profile) {
            list.push(profile);
        }
    }
    for block in blocks {
        let upstream = block.upstream;
        let mut ssid = block.finish();
        if let Some(names) = profiles.get(&ssid.profile) {
            let known = names.iter().map(|name| ios.wireless.policies.get(name));
            if let Some(known) = known.collect::<Option<Vec<_>>>() {
                place(&mut ssid, &known, &ios.wireless.vlans);
            }
        }
        if upstream {
            ssid.isolation = Isolation::Unknown;
        }
        add(ios, ssid);
    }
    autonomous(ios);
}

/// Puts a network where its policy profiles say; where they differ, it cannot be told.
fn place(ssid: &mut Ssid, profiles: &[&Policy], vlans: &VlanNames) {
    let Some(first) = profiles.first() else { return };
    let same = |test: fn(&Policy, &Policy) -> bool| profiles.iter().all(|p| test(p, first));
    if same(|a, b| a.local == b.local && !a.anchored) {
        ssid.forwarding = if first.local { Forwarding::Local } else { Forwarding::Central };
    }
    if same(|a, b| a.vlan == b.vlan && a.dynamic == b.dynamic) {
        ssid.vlan = match &first.vlan {
            _ if first.dynamic => VlanRef::Dynamic,
            Some(vlan) => vlan_ref(vlan, vlans),
            None => VlanRef::Unknown,
        };
    }
    // The controller blocks only what passes through it.
    if ssid.isolation == Isolation::Controller && profiles.iter().any(|p| p.local) {
        ssid.isolation = Isolation::AccessPoint;
    }
}

fn vlan_ref(vlan: &str, vlans: &VlanNames) -> VlanRef {
    match names::vlan(vlan).or_else(|| vlans.get(vlan).copied()) {
        Some(id) => VlanRef::Id(id),
        None => VlanRef::Name(vlan.to_owned()),
    }
}

fn add(ios: &mut Ios<'_, '_>, mut ssid: Ssid) {
    if let VlanRef::Id(id) = ssid.vlan {
        ssid.interface = ios.device.interfaces.find(&format!("Vlan{id}"));
    }
    ios.device.wlans.push(ssid);
}

/// Networks of an autonomous access point, with what their radios say.
fn autonomous(ios: &mut Ios<'_, '_>) {
    let radios = std::mem::take(&mut ios.wireless.radios);
    let subs = subinterfaces(ios);
    let mut carriers: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    for (name, atom) in &radios.carried {
        carriers.entry(name).or_default().push(*atom);
    }
    for mut ssid in std::mem::take(&mut ios.wireless.dot11) {
        let atoms = carriers.get(ssid.profile.as_str()).map_or(&[][..], Vec::as_slice);
        let up = |atom: &u32| ios.device.interfaces.get(*atom).is_some_and(|i| i.enabled);
        ssid.enabled = atoms.iter().any(up);
        let vlan = match ssid.vlan {
            VlanRef::Id(id) => Some(id),
            _ => None,
        };
        let ciphers = radios.ciphers.get(&vlan).cloned().unwrap_or_default();
        if ssid.security.auth == [WlanAuth::Open] && ciphers.contains(&WlanCipher::Wep) {
            ssid.security.auth = vec![WlanAuth::Wep];
        }
        ssid.security.ciphers = ciphers;
        // A network with a VLAN is bridged by the radio's sub-interface for it, if there is one.
        let bridge =
            |atom: &u32| vlan.and_then(|v| subs.get(&(*atom, v)).copied()).unwrap_or(*atom);
        let isolated = atoms.iter().map(|atom| radios.isolated.get(&bridge(atom)).copied());
        if let Some(&line) =
            isolated.collect::<Option<Vec<u32>>>().as_deref().and_then(<[u32]>::first)
        {
            ssid.isolation = Isolation::AccessPoint;
            ssid.isolation_line = Some(line);
        }
        add(ios, ssid);
    }
}

/// Sub-interfaces of radios by radio and VLAN.
fn subinterfaces(ios: &Ios<'_, '_>) -> FxHashMap<(u32, u16), u32> {
    let of = |(atom, i): (u32, &Interface)| {
        let (radio, _) = i.name.split_once('.').filter(|(n, _)| n.starts_with("Dot11Radio"))?;
        Some(((ios.device.interfaces.find(radio)?, i.vlan?), atom))
    };
    (0..).zip(ios.device.interfaces.all()).filter_map(of).collect()
}
