//! Destination is too wide.

use portvakt_analysis::{Audit, Flow};
use portvakt_model::{Message, Severity, ZoneKind};

use super::breadth::Side;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2004",
    name: "broad-destination",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-2-2", "MALMO-11.6-2b", "MALMO-11.6-2c", "STHLM-PRI-2", "BASE-2.3"],
    needs: &[Need::Device, Need::Zones],
    parameters: &["broad_prefix_v4", "broad_prefix_v6"],
    title: Message { sv: "Målet är för vitt", en: "Destination is too wide" },
    why: Message {
        sv: "En regel ska inte vara vidare än sitt ändamål. Varje adress och port som den släpper igenom i onödan är en väg in som ingen bevakar.",
        en: "A rule should not be wider than its purpose. Every address and port that it lets through needlessly is a way in that nobody watches.",
    },
    fix: Message {
        sv: "Begränsa målet till de system som tjänsten gäller.",
        en: "Limit the destination to the systems that the service is on.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper trafik från {from} till {target}; det är vidare än ett /{limit}.",
    en: "{rule} on {device} ({list}) lets traffic through from {from} to {target}; that is wider than a /{limit}.",
};

static UNSET: Message = Message {
    sv: "Parametern {parameter} är inte satt; det går inte att avgöra vilka mål som är för vida.",
    en: "The parameter {parameter} is not set; cannot tell which destinations are too wide.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let side = Side {
        of: |traffic| &traffic.dst,
        name: "target",
        messages: (&MESSAGE, &UNSET),
        counts: is_from_outside,
        meant: |_, _, _| false,
    };
    side.judge(audit, findings);
}

/// Only what outsiders or unmanaged devices reach of the municipality's own. What a host lets in to
/// itself goes to one machine, whatever its rule says.
fn is_from_outside(audit: &Audit<'_>, flow: &Flow) -> bool {
    let (from, to) = (audit.site.zone(flow.from).kind, audit.site.zone(flow.to).kind);
    !flow.local && (from.is_untrusted() || from == ZoneKind::Other) && to != ZoneKind::Internet
}
