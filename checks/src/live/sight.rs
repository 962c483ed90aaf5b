//! What was seen, in one line: the label of an observation beside a finding.

use jiff::Timestamp;
use portvakt_analysis::Audit;
use portvakt_analysis::observed::{OpenPort, Run, UpHost};
use portvakt_model::{
    Arg, Certificate, Message, PortState, ServiceSeen, Told, recorded_in_swedish,
};

/// Most rules, and most decisions, that a finding points at.
pub(super) const MOST_RELATED: usize = 8;
/// Most characters that are shown of what a service said.
const SHOWN: usize = 80;

static OPEN: Message = Message { sv: "{port} öppen{why}{said}", en: "{port} open{why}{said}" };
static OPEN_WITH_TLS: Message = Message {
    sv: "{port} öppen{why}: {service} över TLS{said}",
    en: "{port} open{why}: {service} over TLS{said}",
};
static UP: Message = Message { sv: "{host} svarar{ports}", en: "{host} up{ports}" };
static SILENT: Message = Message { sv: "{seen} inget svar", en: "{seen} no answer" };
static CLOSED: Message = Message { sv: "{seen} stängd", en: "{seen} closed" };
static OFFERS: Message =
    Message { sv: "{time} {target} erbjuder {offered}", en: "{time} {target} offers {offered}" };
static SHOWS: Message = Message {
    sv: "{time} {target} certifikat {subject} till {end}",
    en: "{time} {target} certificate {subject} until {end}",
};
static IN_PART: Message = Message {
    sv: "{time} {target} är inte känd i sin helhet",
    en: "{time} {target} not known whole",
};

/// What an endpoint showed; `{time}` and `{target}` are those of the endpoint.
pub(super) struct Sight(&'static Message, Vec<(&'static str, String)>);

impl Sight {
    /// Something was offered.
    pub(super) fn offers(names: &[String]) -> Self {
        Self(&OFFERS, vec![("offered", names.join(", "))])
    }

    /// A certificate was shown.
    pub(super) fn shows(leaf: &Certificate) -> Self {
        let end = leaf.not_after.to_string();
        Self(&SHOWS, vec![("subject", subject(leaf).to_owned()), ("end", end)])
    }

    /// Not all that was asked was answered.
    pub(super) const fn in_part() -> Self {
        Self(&IN_PART, Vec::new())
    }

    /// The line, of an endpoint that was seen at a time.
    pub(super) fn at(self, time: &str, target: &str) -> Told {
        let Self(words, mut values) = self;
        values.extend([("time", time.to_owned()), ("target", target.to_owned())]);
        Told::Said(words, values)
    }
}

/// Nobody answered.
pub(super) fn silent(time: &str, tool: &str) -> Told {
    Told::Said(&SILENT, vec![("seen", format!("{time} {tool}"))])
}

/// A port was refused, or nothing came back.
pub(super) fn refused(time: &str, port: &str, state: PortState) -> Told {
    let words = if state == PortState::Closed { &CLOSED } else { &SILENT };
    Told::Said(words, vec![("seen", format!("{time} {port}"))])
}

/// Time, port, state, why, and what the service said.
pub(super) fn open(port: &OpenPort<'_>) -> Told {
    let time = port.at.map_or_else(String::new, |at| format!("{} ", minute(at)));
    let seen = format!("{time}{} {}", port.host.address, port_name(port));
    let reason = &port.port.reason;
    let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let mut values = vec![("port", seen), ("why", why)];
    let service = port.service.or(port.port.service.as_ref());
    let Some(service) = service.filter(|service| service.asked && service.tls) else {
        let said = service.map(said).filter(|said| !said.is_empty());
        values.push(("said", said.map(|said| format!(": {said}")).unwrap_or_default()));
        return Told::Said(&OPEN, values);
    };
    let evidence = beginning(service);
    let said = if evidence.is_empty() { evidence } else { format!(" {evidence}") };
    values.extend([("service", service.name.clone()), ("said", said)]);
    Told::Said(&OPEN_WITH_TLS, values)
}

/// The name of a service and the beginning of what it said.
fn said(service: &ServiceSeen) -> String {
    let name = if service.asked { service.name.clone() } else { String::new() };
    let parts = [name, beginning(service)].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn beginning(service: &ServiceSeen) -> String {
    let mut shown: String = service.evidence.chars().take(SHOWN).collect();
    if shown.len() < service.evidence.len() {
        shown.push('…');
    }
    shown
}

/// Time, address, and the open ports of a host.
pub(super) fn up(audit: &Audit<'_>, host: &UpHost<'_>) -> Told {
    let open = host.host.ports.iter().filter(|p| p.state == PortState::Open);
    let ports: Vec<String> = open
        .clone()
        .take(MOST_RELATED)
        .map(|p| format!(" {}/{}", p.protocol.name(), p.port))
        .collect();
    let more = if open.count() > MOST_RELATED { " …" } else { "" };
    let time = made(audit.observed().run(host.run));
    let seen = format!("{time} {}", host.host.address);
    Told::Said(&UP, vec![("host", seen), ("ports", format!("{}{more}", ports.concat()))])
}

/// Words of a record, in both languages. Names are the same in both.
pub(super) fn recorded(words: Vec<String>) -> Arg {
    let swedish: Vec<String> = words.iter().map(|text| recorded_in_swedish(text)).collect();
    if swedish == words {
        Arg::Names(words)
    } else {
        Arg::Either(swedish.join(", "), words.join(", "))
    }
}

/// The port as people write it.
pub(super) fn port_name(port: &OpenPort<'_>) -> String {
    format!("{}/{}", port.port.protocol.name(), port.port.port)
}

/// A time as people read it, in UTC, whatever zone the reader is in.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// When a run was made, as people read it.
pub(super) fn made(run: &Run<'_>) -> String {
    run.at.map_or_else(|| "?".to_owned(), minute)
}

/// The name that a certificate is for.
pub(super) fn subject(certificate: &Certificate) -> &str {
    let names = certificate.dns_names.iter().chain(&certificate.common_names);
    names.map(String::as_str).find(|n| !n.is_empty()).unwrap_or(&certificate.subject)
}
