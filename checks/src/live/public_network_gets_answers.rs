//! Host of the municipality that answers a public or unmanaged network.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::OpenPort;
use portvakt_model::{Message, Severity, ZoneKind};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8017",
    name: "public-network-gets-answers",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-10.4-2", "MALMO-12.5-5", "BASE-4.1"],
    needs: &[Need::Observations, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt nät får svar inifrån",
        en: "Public network that gets answers from inside",
    },
    why: Message {
        sv: "Från publika och ohanterade nät ska bara det nås som är till för allmänheten. En sensor där fick svar av något annat.",
        en: "From public and unmanaged networks only what is meant for the public is to be reached. A sensor there was answered by something else.",
    },
    fix: Message {
        sv: "Spärra trafiken. Ska tjänsten nås av alla, ange den under public_services i portvakt.toml.",
        en: "Block the traffic. If everybody is meant to reach the service, state it under public_services in portvakt.toml.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} i {to} svarar på {port} när {from} frågar ({time}).",
    en: "{host} in {to} answers on {port} when {from} asks ({time}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for port in support::open(audit, findings) {
        let (Some(from), Some(to)) = (port.from, port.to) else { continue };
        let unmanaged =
            matches!(audit.site.zone(from).kind, ZoneKind::PublicWlan | ZoneKind::Guest);
        let target = audit.site.zone(to);
        if !unmanaged || from == to || target.kind == ZoneKind::Internet || is_public(audit, port) {
            continue;
        }
        let grave = matches!(target.kind, ZoneKind::Admin | ZoneKind::Management | ZoneKind::Ot);
        let severity = if grave { Severity::Critical } else { Severity::High };
        let draft = findings.violation(&MESSAGE, support::place(audit, port));
        support::describe(audit, draft, port).text("to", &target.name).severity(severity).push();
    }
}

fn is_public(audit: &Audit<'_>, port: &OpenPort<'_>) -> bool {
    // The site file may name the outside address or the inside one.
    let names = [Some(&port.traffic), port.inside.as_ref()];
    let holds = |t: &portvakt_space::Traffic| {
        let is = |seen: &&portvakt_space::Traffic| {
            seen.dst.is_subset(&t.dst) && seen.service.is_subset(&t.service)
        };
        names.iter().flatten().any(is)
    };
    audit.site.public_services.iter().any(holds)
}
