//! A public wireless network is in the administrative network's VLAN.

use portvakt_analysis::Audit;
use portvakt_analysis::flows::zones_at;
use portvakt_model::{Arg, Message, Role, Severity, Ssid, VlanRef, ZoneId};

use super::support;
use crate::wireless::support::{Audience, announced, audience, outlets, standards, zone_of};
use crate::{Check, Draft, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4006",
    name: "wireless-shares-vlan-with-admin",
    aliases: &[],
    severity: Severity::Critical,
    serves: &["MALMO-11.6-W2a", "MALMO-12.5-5", "MALMO-12.5-7", "BASE-4.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt trådlöst nät ligger i det administrativa nätets VLAN",
        en: "Public wireless network is in the administrative network's VLAN",
    },
    why: Message {
        sv: "I samma VLAN finns inget filter mellan besökarna och det administrativa nätet.",
        en: "Within one VLAN no filter stands between the visitors and the administrative network.",
    },
    fix: Message {
        sv: "Ge det publika trådlösa nätet ett eget VLAN som bara leder till brandväggen.",
        en: "Give the public wireless network a VLAN of its own that leads only to the firewall.",
    },
    messages: &[&SAME, &ELSEWHERE, &UNKNOWN],
    run,
};

static SAME: Message = Message {
    sv: "{ssid} på {device} är till för besökare men kommer ut i {interface}, som leder till {zone}.",
    en: "{ssid} on {device} is for visitors but comes out at {interface}, which leads to {zone}.",
};

static ELSEWHERE: Message = Message {
    sv: "{ssid} på {device} är till för besökare och ligger i VLAN {vlan}. {other} har ett VLAN med samma nummer, {interface}, som leder till {zone}; om det är samma nät går inte att avgöra.",
    en: "{ssid} on {device} is for visitors and in VLAN {vlan}. {other} has a VLAN of the same number, {interface}, which leads to {zone}; whether it is the same network cannot be told.",
};

static UNKNOWN: Message = Message {
    sv: "Om {ssid} på {device}, som är till för besökare, är skilt från det administrativa nätet går inte att avgöra: konfigurationen säger inte vilket VLAN det kommer ut i.",
    en: "Whether {ssid} on {device}, which is for visitors, is kept apart from the administrative network cannot be told: the configuration does not state the VLAN it comes out in.",
};

/// An interface that leads to the administrative network.
struct Leak {
    device: u32,
    atom: u32,
    zone: ZoneId,
}

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let vlans = administrative_vlans(audit);
    for (device, ssid) in announced(audit) {
        findings.judge(device);
        if is_for_visitors(audit, device, ssid) {
            judge(audit, device, ssid, &vlans, findings);
        }
    }
}

/// The municipality's table goes before what the interface leads to: that is what is in doubt.
fn is_for_visitors(audit: &Audit<'_>, device: u32, ssid: &Ssid) -> bool {
    let mut stated = standards(audit, ssid).filter_map(|row| zone_of(audit, row)).peekable();
    if stated.peek().is_some() {
        return stated.any(|id| audit.site.zone(id).kind.is_untrusted());
    }
    ssid.portal == Some(true) || audience(audit, device, ssid) == Audience::Outsiders
}

fn judge(
    audit: &Audit<'_>,
    device: u32,
    ssid: &Ssid,
    vlans: &[(u16, Leak)],
    findings: &mut Findings<'_>,
) {
    let outlets = outlets(audit, device, ssid);
    let leads = |atom: &u32| leak(audit, device, *atom);
    if let Some(leak) = outlets.iter().find_map(leads) {
        let draft = findings.violation(&SAME, audit.at(device, ssid.line));
        describe(audit, draft, device, ssid, &leak).push();
        return;
    }
    match ssid.vlan {
        VlanRef::Id(vlan) if outlets.is_empty() => {
            if let Some((_, leak)) = vlans.iter().find(|(v, l)| *v == vlan && l.device != device) {
                let draft = findings.cannot_tell(&ELSEWHERE, audit.at(device, ssid.line));
                let other = &audit.devices[leak.device as usize].name;
                describe(audit, draft, device, ssid, leak)
                    .number("vlan", vlan)
                    .text("other", other)
                    .push();
            }
        }
        VlanRef::Unknown | VlanRef::Name(_) | VlanRef::Dynamic if outlets.is_empty() => {
            findings
                .cannot_tell(&UNKNOWN, audit.at(device, ssid.line))
                .device(device)
                .text("ssid", &ssid.ssid)
                .key(&ssid.ssid)
                .push();
        }
        _ => {}
    }
}

fn describe<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    device: u32,
    ssid: &Ssid,
    leak: &Leak,
) -> Draft<'f, 'a> {
    let interface = audit.devices[leak.device as usize].interfaces.get(leak.atom);
    let name = interface.map_or("*", |i| i.name.as_str());
    let line = interface.map_or(0, |i| i.line);
    draft
        .device(device)
        .text("ssid", &ssid.ssid)
        .text("interface", name)
        .arg("zone", Arg::Names(audit.zone_names([leak.zone])))
        .related(Role::Definition, audit.at(leak.device, line), name)
        .owner(audit.site.zone(leak.zone).owner.clone())
        .key(format!("{} {}", ssid.profile, ssid.ssid))
}

fn leak(audit: &Audit<'_>, device: u32, atom: u32) -> Option<Leak> {
    let zones = zones_at(audit, device, atom);
    let zone = zones.into_iter().find(|id| support::is_administrative(audit, *id))?;
    Some(Leak { device, atom, zone })
}

/// Every VLAN with an interface that leads to the administrative network.
fn administrative_vlans(audit: &Audit<'_>) -> Vec<(u16, Leak)> {
    let mut found = Vec::new();
    for (device, model) in audit.devices() {
        for (atom, interface) in (0..).zip(model.interfaces.all()) {
            let leak = || leak(audit, device, atom);
            found.extend(interface.vlan.and_then(|vlan| leak().map(|l| (vlan, l))));
        }
    }
    found
}
