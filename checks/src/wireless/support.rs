//! What several checks of wireless networks share.

use portvakt_analysis::Audit;
use portvakt_analysis::flows::zones_at;
use portvakt_model::{
    InterfaceKind, Message, Ssid, SsidStandard, VlanRef, WlanAuth, WlanCipher, ZoneId,
};
use portvakt_space::AddrSet;

use crate::{Draft, Findings};

/// Wireless networks that are announced, with their devices.
pub(crate) fn announced<'a>(audit: &Audit<'a>) -> impl Iterator<Item = (u32, &'a Ssid)> {
    audit.devices().flat_map(|(device, model)| {
        model.wlans.iter().filter(|s| s.enabled).map(move |ssid| (device, ssid))
    })
}

/// Every device with a wireless network is judged.
pub(super) fn judge_all(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, _) in audit.devices().filter(|(_, model)| !model.wlans.is_empty()) {
        findings.judge(device);
    }
}

/// Begins a violation about a wireless network, at a line of its device or (0) where it begins.
pub(super) fn fault<'f, 'a>(
    audit: &Audit<'_>,
    findings: &'f mut Findings<'a>,
    message: &'static Message,
    (device, ssid): (u32, &Ssid),
    line: Option<u32>,
) -> Draft<'f, 'a> {
    let at = audit.at(device, line.unwrap_or(ssid.line));
    named(audit, findings.violation(message, at), device, ssid)
}

/// Begins a *cannot tell* about a wireless network.
pub(super) fn unknown<'f, 'a>(
    audit: &Audit<'_>,
    findings: &'f mut Findings<'a>,
    message: &'static Message,
    (device, ssid): (u32, &Ssid),
    line: Option<u32>,
) -> Draft<'f, 'a> {
    let at = audit.at(device, line.unwrap_or(ssid.line));
    named(audit, findings.cannot_tell(message, at), device, ssid)
}

fn named<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    device: u32,
    ssid: &Ssid,
) -> Draft<'f, 'a> {
    let zone = zones(audit, device, ssid).first().copied();
    draft
        .device(device)
        .text("ssid", &ssid.ssid)
        .owner(zone.and_then(|id| audit.site.zone(id).owner.clone()))
        .key(format!("{} {}", ssid.profile, ssid.ssid))
}

/// Whose machines a wireless network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The public, guests, or machines that the municipality does not look after.
    Outsiders,
    /// Staff, pupils or equipment.
    Insiders,
    /// Neither zones nor the table of wireless networks tell, nor how clients get in.
    Unknown,
}

/// Whom a wireless network is for: by its zone; failing that by how clients get in.
pub(crate) fn audience(audit: &Audit<'_>, device: u32, ssid: &Ssid) -> Audience {
    let zones = zones(audit, device, ssid);
    let untrusted = |id: &ZoneId| audit.site.zone(*id).kind.is_untrusted();
    let with_account = |a: &WlanAuth| matches!(a, WlanAuth::Dot1x | WlanAuth::Dot1xWpa3);
    if !zones.is_empty() {
        return if zones.iter().any(untrusted) { Audience::Outsiders } else { Audience::Insiders };
    }
    if ssid.portal == Some(true) || ssid.security.auth.contains(&WlanAuth::Owe) {
        Audience::Outsiders
    } else if ssid.security.auth.iter().any(with_account) {
        Audience::Insiders
    } else {
        Audience::Unknown
    }
}

/// The zones that clients of a wireless network land in: those of the interface or VLAN they come
/// out at; failing that the zone of the municipality's table.
pub(crate) fn zones(audit: &Audit<'_>, device: u32, ssid: &Ssid) -> Vec<ZoneId> {
    let mut seen: Vec<ZoneId> = outlets(audit, device, ssid)
        .into_iter()
        .flat_map(|atom| zones_at(audit, device, atom))
        .collect();
    if seen.is_empty() {
        seen = standards(audit, ssid).filter_map(|row| zone_of(audit, row)).collect();
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Interfaces of the device that clients come out at.
pub(crate) fn outlets(audit: &Audit<'_>, device: u32, ssid: &Ssid) -> Vec<u32> {
    let interfaces = (0..).zip(audit.devices[device as usize].interfaces.all());
    match (&ssid.vlan, ssid.interface) {
        (_, Some(atom)) => vec![atom],
        (VlanRef::Id(id), None) => interfaces
            .filter(|(_, i)| i.vlan == Some(*id) && i.kind != InterfaceKind::Switchport)
            .map(|(atom, _)| atom)
            .collect(),
        _ => Vec::new(),
    }
}

/// Rows of the municipality's standard that name the network.
pub(crate) fn standards<'a>(
    audit: &Audit<'a>,
    ssid: &Ssid,
) -> impl Iterator<Item = &'a SsidStandard> {
    let rows: Vec<&'a SsidStandard> = audit.tables.ssids.clone().unwrap_or_default();
    let name = ssid.ssid.clone();
    rows.into_iter().filter(move |row| row.ssid == name)
}

/// The zone of a row: the one it names; failing that the one its addresses lie in.
pub(crate) fn zone_of(audit: &Audit<'_>, row: &SsidStandard) -> Option<ZoneId> {
    let all = || audit.site.zone_ids();
    if let Some(field) = &row.zone {
        let found = all().find(|(_, zone)| zone.name.eq_ignore_ascii_case(field.text.trim()));
        return found.map(|(id, _)| id);
    }
    let prefixes = row.prefixes.as_ref().filter(|p| !p.is_empty())?;
    let holds = |addresses: &AddrSet| prefixes.is_subset(addresses);
    all().map(|(id, _)| id).find(|id| holds(&audit.zone_addresses()[id.0 as usize]))
}

/// The name of a way in, as the field writes it in either language.
pub(super) const fn way_in(auth: WlanAuth) -> &'static str {
    match auth {
        WlanAuth::Open => "open",
        WlanAuth::Owe => "OWE",
        WlanAuth::Wep => "WEP",
        WlanAuth::Psk => "WPA/WPA2-PSK",
        WlanAuth::Sae => "WPA3-SAE",
        WlanAuth::Dot1x => "WPA/WPA2-Enterprise",
        WlanAuth::Dot1xWpa3 => "WPA3-Enterprise",
    }
}

/// Names of ways in, joined.
pub(super) fn ways_in(auth: &[WlanAuth]) -> String {
    auth.iter().map(|a| way_in(*a)).collect::<Vec<_>>().join(" + ")
}

/// Weak ciphers that a network offers.
pub(super) fn weak_ciphers(ssid: &Ssid) -> Vec<&'static str> {
    let security = &ssid.security;
    let wep = security.auth.contains(&WlanAuth::Wep) || security.ciphers.contains(&WlanCipher::Wep);
    let tkip = security.ciphers.contains(&WlanCipher::Tkip);
    [(wep, "WEP"), (tkip, "TKIP")].into_iter().filter(|(on, _)| *on).map(|(_, n)| n).collect()
}

/// Whether the network has an encryption that management frames can be protected with: neither open
/// nor WEP, and not TKIP alone (IEEE 802.11 §12.2.4).
pub(super) fn can_protect_frames(ssid: &Ssid) -> bool {
    let security = &ssid.security;
    let keyed = |a: &WlanAuth| !matches!(a, WlanAuth::Open | WlanAuth::Wep);
    let modern = |c: &WlanCipher| !matches!(c, WlanCipher::Wep | WlanCipher::Tkip);
    security.auth.iter().any(keyed)
        && (security.ciphers.is_empty() || security.ciphers.iter().any(modern))
}

/// Whether the way in demands protected management frames (WPA3 Specification 3.1 §2.1, RFC 8110).
pub(super) fn demands_protected_frames(ssid: &Ssid) -> bool {
    let modern = |a: &WlanAuth| matches!(a, WlanAuth::Sae | WlanAuth::Owe | WlanAuth::Dot1xWpa3);
    !ssid.security.auth.is_empty() && ssid.security.auth.iter().all(modern)
}
