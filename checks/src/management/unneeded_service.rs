//! A service that the device does not need.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Fact, Management, Message, MgmtProtocol, Severity};

use super::support::{Named, basis, first_line, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6030",
    name: "unneeded-service",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-13.1-7", "BASE-5.7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Tjänst som sällan behövs är på", en: "Rarely needed service is on" },
    why: Message {
        sv: "Varje tjänst som svarar är en möjlig väg in. Det som inte behövs för enhetens uppgift \
             ska vara avstängt.",
        en: "Each service that answers is a possible way in. What the device does not need for its \
             task must be off.",
    },
    fix: Message {
        sv: "Slå av tjänsterna, eller anteckna vad de behövs till.",
        en: "Turn the services off, or note what they are needed for.",
    },
    messages: &[&STATED, &BY_DEFAULT],
    run,
};

static STATED: Message = Message {
    sv: "{device} har påslagna tjänster som sällan behövs: {services}.",
    en: "{device} has services on that are rarely needed: {services}.",
};

static BY_DEFAULT: Message = Message {
    sv: "{device} har inte slagit av {services}{basis}.",
    en: "{device} has not turned off {services}{basis}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        findings.judge(device);
        stated(audit, device, management, findings);
        by_default(audit, device, management, findings);
    }
}

fn stated(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let settings = m.unneeded.iter().filter_map(|f| Some((f.line()?, f.value.clone())));
    let is_old = |p: MgmtProtocol| matches!(p, MgmtProtocol::Ftp | MgmtProtocol::Rsh);
    let servers = m.services.iter().filter(|s| is_old(s.protocol));
    let servers = servers.map(|s| (s.line, s.protocol.name().to_owned()));
    let all: Vec<Named> = settings.chain(servers).collect();
    if !all.is_empty() {
        let at = audit.at(device, first_line(&all));
        let draft = findings.violation(&STATED, at).device(device).key("stated");
        name_all(draft, audit, device, "services", &all).push();
    }
}

fn by_default(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let defaults: Vec<&Fact<String>> = m.unneeded.iter().filter(|f| f.line().is_none()).collect();
    if let Some(first) = defaults.first() {
        findings
            .violation(&BY_DEFAULT, audit.at(device, 0))
            .device(device)
            .severity(Severity::Info)
            .arg("services", Arg::Names(defaults.iter().map(|f| f.value.clone()).collect()))
            .arg("basis", basis(first))
            .key("default")
            .push();
    }
}
