//! Source is too wide.

use portvakt_analysis::{Audit, Flow};
use portvakt_model::{Message, Severity, ZoneKind};
use portvakt_space::AddrSet;

use super::breadth::Side;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2003",
    name: "broad-source",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-2-2", "MALMO-11.6-2b", "STHLM-PRI-2", "BASE-2.3"],
    needs: &[Need::Device, Need::Zones],
    parameters: &["broad_prefix_v4", "broad_prefix_v6"],
    title: Message { sv: "Källan är för vid", en: "Source is too wide" },
    why: Message {
        sv: "En regel ska inte vara vidare än sitt ändamål. Varje adress och port som den släpper igenom i onödan är en väg in som ingen bevakar.",
        en: "A rule should not be wider than its purpose. Every address and port that it lets through needlessly is a way in that nobody watches.",
    },
    fix: Message {
        sv: "Begränsa källan till de nät som behöver tjänsten.",
        en: "Limit the source to the networks that need the service.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper in {source} till {to}; det är vidare än ett /{limit}.",
    en: "{rule} on {device} ({list}) lets {source} in to {to}; that is wider than a /{limit}.",
};

static UNSET: Message = Message {
    sv: "Parametern {parameter} är inte satt; det går inte att avgöra vilka källor som är för vida.",
    en: "The parameter {parameter} is not set; cannot tell which sources are too wide.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let side = Side {
        of: |traffic| &traffic.src,
        name: "source",
        messages: (&MESSAGE, &UNSET),
        counts: |audit, flow| is_protected(audit.site.zone(flow.to).kind),
        meant: is_meant,
    };
    side.judge(audit, findings);
}

/// What is open to the internet has no narrower source, and is judged by its decision. A list of whole
/// zones is meant; what no zone claims is not.
fn is_meant(audit: &Audit<'_>, source: &AddrSet, flows: &[&Flow]) -> bool {
    let zones = AddrSet::union_all(audit.zone_addresses());
    flows.iter().any(|f| audit.site.zone(f.from).kind == ZoneKind::Internet)
        || source.is_subset(&zones)
}

/// Zones whose services are for some, not for everybody.
const fn is_protected(kind: ZoneKind) -> bool {
    matches!(kind, ZoneKind::Admin | ZoneKind::Management | ZoneKind::Ot | ZoneKind::Server)
}
