//! Interconnections with others' networks that are not approved, or of which that cannot be told.

use portvakt_analysis::Audit;
use portvakt_analysis::flows::zones_at;
use portvakt_model::{Arg, Device, Interface, InterfaceKind, Message, Role, Severity, ZoneKind};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4008",
    name: "interconnection-not-approved",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Sammankopplingen med andras nät är inte godkänd",
        en: "Interconnection with others' networks is not approved",
    },
    why: Message {
        sv: "En tunnel eller förbindelse till en leverantör eller partner är en väg in. Varje sådan ska vara godkänd, och den som granskar måste kunna se av vem.",
        en: "A tunnel or link to a supplier or partner is a way in. Each is to be approved, and whoever audits must be able to see by whom.",
    },
    fix: Message {
        sv: "Ta fram godkännandet för varje uppräknad sammankoppling och skriv in den under approved_interconnections i portvakt.toml. Stäng dem som saknar.",
        en: "Produce the approval of every interconnection that is listed and enter it under approved_interconnections in portvakt.toml. Close those that have none.",
    },
    messages: &[&MESSAGE, &NO_LIST],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} är sammankopplad med andras nät genom {interfaces}, och ingen av dem står bland de godkända sammankopplingarna.",
    en: "{device} is interconnected with others' networks by {interfaces}, and none of them is among the approved interconnections.",
};

static NO_LIST: Message = Message {
    sv: "{device} är sammankopplad med andras nät genom {interfaces}. Om det är godkänt går inte att avgöra: ingen förteckning över godkända sammankopplingar är inläst.",
    en: "{device} is interconnected with others' networks by {interfaces}. Whether that is approved cannot be told: no list of approved interconnections was read.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices().filter(|(_, d)| !d.interfaces.all().is_empty()) {
        findings.judge(index);
        let approved = audit.site.approved_interconnections.as_deref();
        let mut found = interconnections(audit, index, device);
        found.retain(|i| !approved.unwrap_or_default().iter().any(|a| is_named(device, i, a)));
        let Some(first) = found.first() else { continue };
        let names = found.iter().map(|i| i.name.clone()).collect();
        let place = audit.at(index, first.line);
        let draft = match approved {
            Some(_) => findings.violation(&MESSAGE, place),
            None => findings.cannot_tell(&NO_LIST, place),
        };
        let mut draft =
            draft.device(index).arg("interfaces", Arg::Names(names)).key("interconnections");
        for interface in found.iter().skip(1) {
            draft =
                draft.related(Role::Definition, audit.at(index, interface.line), &interface.name);
        }
        draft.push();
    }
}

/// Whether the site file means this interface.
fn is_named(device: &Device, interface: &Interface, (host, name): &(String, String)) -> bool {
    portvakt_analysis::zones::is_named(device, host) && interface.name.eq_ignore_ascii_case(name)
}

/// Interfaces that lead to others' networks: to a zone of kind `other`, or tunnels to nobody knows
/// where.
fn interconnections<'a>(audit: &Audit<'_>, index: u32, device: &'a Device) -> Vec<&'a Interface> {
    let leads_out = |(atom, interface): &(u32, &Interface)| {
        let zones = zones_at(audit, index, *atom);
        let foreign = zones.iter().any(|id| audit.site.zone(*id).kind == ZoneKind::Other);
        foreign || zones.is_empty() && is_site_to_site(interface)
    };
    let all = (0..).zip(device.interfaces.all()).filter(|(_, i)| i.declared && i.enabled);
    all.filter(leads_out).map(|(_, interface)| interface).collect()
}

/// A tunnel that is not one of those that every FortiOS has, for remote users (`ssl.root`, `l2t.root`)
/// and for translated traffic (`naf.root`).
fn is_site_to_site(interface: &Interface) -> bool {
    let own = ["ssl.", "naf.", "l2t."].iter().any(|stem| interface.name.starts_with(stem));
    interface.kind == InterfaceKind::Tunnel && !own
}
