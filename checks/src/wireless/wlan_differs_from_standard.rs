//! A wireless network is not as the municipality's standard says.

use portvakt_analysis::Audit;
use portvakt_model::{
    Arg, Isolation, Message, Role, Severity, Ssid, SsidStandard, VlanRef, WlanAuth,
};
use portvakt_space::AddrSet;

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4107",
    name: "wlan-differs-from-standard",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-W1"],
    needs: &[Need::Device, Need::SsidStandard],
    parameters: &[],
    title: Message {
        sv: "Trådlöst nät avviker från standarden",
        en: "Wireless network differs from the standard",
    },
    why: Message {
        sv: "Säkerheten i trådlösa nät ska vara enhetlig och dokumenterad. Ett nät som inte står i tabellen, eller ser annorlunda ut, har ingen prövat.",
        en: "The security of wireless networks is to be uniform and documented. Nobody has examined a network that is not in the table, or looks different.",
    },
    fix: Message {
        sv: "Rätta nätet på kontrollern, stäng det, eller besluta om en ändring av standarden.",
        en: "Correct the network on the controller, close it, or decide on a change of the standard.",
    },
    messages: &[&MISSING, &DIFFERS, &VLAN_UNKNOWN],
    run,
};

static MISSING: Message = Message {
    sv: "{ssid} på {device} finns inte i standarden för trådlösa nät.",
    en: "{ssid} on {device} is not in the standard for wireless networks.",
};

static DIFFERS: Message = Message {
    sv: "{ssid} på {device} avviker från standarden: {differences}.",
    en: "{ssid} on {device} differs from the standard: {differences}.",
};

static VLAN_UNKNOWN: Message = Message {
    sv: "Om {ssid} på {device} ligger i VLAN {vlan}, som standarden säger, går inte att avgöra: konfigurationen säger inte vilket VLAN det är.",
    en: "Whether {ssid} on {device} is in VLAN {vlan}, as the standard says, cannot be told: the configuration does not state its VLAN.",
};

/// What differs, in Swedish and English.
type Difference = (String, String);

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        let rows: Vec<&SsidStandard> = support::standards(audit, ssid).collect();
        let all: Vec<Vec<Difference>> =
            rows.iter().map(|row| differences(audit, device, ssid, row)).collect();
        // Where the table has several rows for a network, following one of them is enough.
        let nearest = (0..rows.len()).min_by_key(|i| all[*i].len());
        let Some(nearest) = nearest else {
            support::fault(audit, findings, &MISSING, (device, ssid), None).push();
            continue;
        };
        let row = rows[nearest];
        let draft = if !all[nearest].is_empty() {
            let (sv, en): (Vec<_>, Vec<_>) = all[nearest].iter().cloned().unzip();
            let shown = Arg::Either(sv.join("; "), en.join("; "));
            support::fault(audit, findings, &DIFFERS, (device, ssid), None)
                .arg("differences", shown)
        } else if let (Some(vlan), true) = (row.vlan, is_vlan_unknown(ssid)) {
            support::unknown(audit, findings, &VLAN_UNKNOWN, (device, ssid), None)
                .number("vlan", vlan)
        } else {
            continue;
        };
        draft.related(Role::Definition, row.at.clone(), &row.ssid).push();
    }
}

const fn is_vlan_unknown(ssid: &Ssid) -> bool {
    matches!(ssid.vlan, VlanRef::Unknown | VlanRef::Name(_) | VlanRef::Dynamic)
}

fn differences(audit: &Audit<'_>, device: u32, ssid: &Ssid, row: &SsidStandard) -> Vec<Difference> {
    let found = [
        security(ssid, row),
        isolation(ssid, row),
        vlan(ssid, row),
        zone(audit, device, ssid, row),
        prefix(audit, device, ssid, row),
    ];
    found.into_iter().flatten().collect()
}

fn security(ssid: &Ssid, row: &SsidStandard) -> Option<Difference> {
    let offered = &ssid.security.auth;
    let allowed = |a: &WlanAuth| row.auth.contains(a);
    if row.auth.is_empty() || offered.iter().all(allowed) {
        return None;
    }
    let (is, wanted) = (support::ways_in(offered), support::ways_in(&row.auth));
    Some((
        format!("säkerheten är {is}, standarden säger {wanted}"),
        format!("security is {is}, the standard says {wanted}"),
    ))
}

/// Full isolation also meets a standard that asks for it within the access point.
fn isolation(ssid: &Ssid, row: &SsidStandard) -> Option<Difference> {
    let wanted = row.isolation?;
    let rank = |i: Isolation| match i {
        Isolation::Off => Some(0),
        Isolation::AccessPoint => Some(1),
        Isolation::Controller => Some(2),
        Isolation::Unknown => None,
    };
    let (is, asked) = (rank(ssid.isolation)?, rank(wanted)?);
    (is < asked).then(|| {
        let (sv, en) = extent(ssid.isolation);
        let (sv_asked, en_asked) = extent(wanted);
        (
            format!("klientisoleringen är {sv}, standarden säger {sv_asked}"),
            format!("client isolation is {en}, the standard says {en_asked}"),
        )
    })
}

const fn extent(isolation: Isolation) -> (&'static str, &'static str) {
    match isolation {
        Isolation::Off => ("av", "off"),
        Isolation::AccessPoint => ("på", "on"),
        Isolation::Controller => ("på i hela nätet", "on in the whole network"),
        Isolation::Unknown => ("okänd", "not known"),
    }
}

fn vlan(ssid: &Ssid, row: &SsidStandard) -> Option<Difference> {
    let wanted = row.vlan?;
    match ssid.vlan {
        VlanRef::Id(is) if is != wanted => Some((
            format!("VLAN är {is}, standarden säger {wanted}"),
            format!("the VLAN is {is}, the standard says {wanted}"),
        )),
        VlanRef::Routed => Some((
            format!("nätet har inget VLAN, standarden säger {wanted}"),
            format!("the network has no VLAN, the standard says {wanted}"),
        )),
        _ => None,
    }
}

fn zone(audit: &Audit<'_>, device: u32, ssid: &Ssid, row: &SsidStandard) -> Option<Difference> {
    let wanted = support::zone_of(audit, row)?;
    let is = support::zones(audit, device, ssid);
    if is.contains(&wanted) {
        return None;
    }
    let (is, wanted) = (audit.zone_names(is).join(", "), &audit.site.zone(wanted).name);
    Some((
        format!("det leder till {is}, standarden säger {wanted}"),
        format!("it leads to {is}, the standard says {wanted}"),
    ))
}

/// Addresses of the interface that clients come out at must lie in the prefixes of the standard.
fn prefix(audit: &Audit<'_>, device: u32, ssid: &Ssid, row: &SsidStandard) -> Option<Difference> {
    let wanted = row.prefixes.as_ref().filter(|p| !p.is_empty())?;
    let interfaces = &audit.devices[device as usize].interfaces;
    let outlets = support::outlets(audit, device, ssid);
    let addresses = outlets.iter().filter_map(|atom| interfaces.get(*atom));
    // A standard that names one IP version says nothing of the other.
    let outside = |network: &AddrSet| {
        let stated =
            network.ranges().iter().all(|(lo, _)| wanted.has(portvakt_space::Family::of(*lo)));
        stated && !network.is_subset(wanted)
    };
    let stray = addresses.flat_map(|i| &i.addresses).find(|p| outside(&p.network()))?;
    let is = format!("{}/{}", stray.addr, stray.len);
    Some((
        format!("gränssnittet har {is}, utanför standardens prefix"),
        format!("its interface has {is}, outside the standard's prefixes"),
    ))
}
