//! Public and unmanaged networks reach something that is not the internet.

use portvakt_analysis::{Audit, Flow};
use portvakt_model::{Message, Severity, ZoneKind};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4003",
    name: "unmanaged-reaches-inside",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.5-5", "MALMO-10.4-2", "BASE-4.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt eller ohanterat nät når annat än internet",
        en: "Public or unmanaged network reaches more than the internet",
    },
    why: Message {
        sv: "Datorer som kommunen inte har konfigurerat ska bara nå internet och det som uttryckligen är till för allmänheten.",
        en: "Computers that the municipality has not configured are to reach only the internet and what is expressly meant for the public.",
    },
    fix: Message {
        sv: "Begränsa regeln till internet. Ska tjänsten nås av alla, ange den under public_services i portvakt.toml.",
        en: "Limit the rule to the internet. If everybody is meant to reach the service, state it under public_services in portvakt.toml.",
    },
    messages: &[&MESSAGE, &UNSURE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{from} når {to} genom {device}: {rule} släpper igenom {traffic}, mer än internet och de uppräknade publika tjänsterna.",
    en: "{from} reaches {to} through {device}: {rule} lets {traffic} through, more than the internet and the stated public services.",
};

static UNSURE: Message = Message {
    sv: "Om {from} når {to} genom {device} går inte att avgöra: {rule} kan släppa igenom {traffic}, men är inte helt förstådd.",
    en: "Whether {from} reaches {to} through {device} cannot be told: {rule} may let {traffic} through, but is not wholly understood.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    let inside = |f: &Flow| {
        support::is_unmanaged(audit, f.from)
            && !support::is_administrative(audit, f.to)
            && audit.site.zone(f.to).kind != ZoneKind::Internet
    };
    for breach in support::breaches(audit, inside, &audit.site.public_services) {
        let public = breach.zones.iter().any(|z| audit.site.zone(z.0).kind == ZoneKind::PublicWlan);
        let unsafe_target = breach.zones.iter().any(|z| audit.site.zone(z.1).kind == ZoneKind::Ot);
        let severity = if public && unsafe_target { Severity::Critical } else { Severity::High };
        support::report(audit, findings, (&MESSAGE, &UNSURE), &breach).severity(severity).push();
    }
}
