//! The public wireless network or guests reach the administrative network.

use portvakt_analysis::{Audit, Flow};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4001",
    name: "public-wlan-reaches-admin",
    aliases: &[],
    severity: Severity::Critical,
    serves: &[
        "MALMO-11.6-W2a",
        "MALMO-10.4-2",
        "MALMO-12.5-5",
        "MALMO-12.5-7",
        "MALMO-11.6-2b",
        "BASE-4.1",
    ],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt nät når det administrativa nätet",
        en: "Public network reaches the administrative network",
    },
    why: Message {
        sv: "I publika och ohanterade nät finns vem som helst. Därifrån ska ingen väg leda till det administrativa nätet eller till utrustningens egna gränssnitt, varken i IPv4 eller IPv6.",
        en: "Anybody is in public and unmanaged networks. No path may lead from there to the administrative network or to the equipment's own interfaces, in IPv4 or IPv6.",
    },
    fix: Message {
        sv: "Ta bort regeln, eller begränsa den till internet: mål, utgående gränssnitt och båda IP-versionerna. Spärra de egna adresserna först i listan.",
        en: "Remove the rule, or limit it to the internet: destination, outgoing interface and both IP versions. Deny the municipality's own addresses first in the list.",
    },
    messages: &[&MESSAGE, &UNSURE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{from} når {to} genom {device}: {rule} släpper igenom {traffic}.",
    en: "{from} reaches {to} through {device}: {rule} lets {traffic} through.",
};

static UNSURE: Message = Message {
    sv: "Om {from} når {to} genom {device} går inte att avgöra: {rule} kan släppa igenom {traffic}, men är inte helt förstådd.",
    en: "Whether {from} reaches {to} through {device} cannot be told: {rule} may let {traffic} through, but is not wholly understood.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    let into_admin =
        |f: &Flow| support::is_unmanaged(audit, f.from) && support::is_administrative(audit, f.to);
    for breach in support::breaches(audit, into_admin, &audit.site.public_services) {
        support::report(audit, findings, (&MESSAGE, &UNSURE), &breach).push();
    }
}
