//! What several checks of observations share.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use portvakt_analysis::observed::{Endpointed, OpenPort, Way};
use portvakt_analysis::{Audit, Observed, RuleKey};
use portvakt_model::{
    Arg, Decision, Location, Message, Offered, PortProtocol, Role, ServiceSeen, SshEndpoint,
    TlsEndpoint, ZoneId, ZoneKind,
};

use super::sight::{self, MOST_RELATED, Sight, minute, port_name};
use crate::{Draft, Findings};

/// A place that is not known, in a sentence.
static UNKNOWN_PLACE: Message = Message { sv: "okänd plats", en: "an unknown place" };

/// Open ports, when something was seen at all. The site as a whole is judged.
pub(super) fn open<'o, 'a>(
    audit: &'o Audit<'a>,
    findings: &mut Findings<'_>,
) -> &'o [OpenPort<'a>] {
    let observed = audit.observed();
    if observed.runs.iter().any(|run| !run.run.hosts.is_empty()) {
        findings.judge_site();
    }
    &observed.open
}

/// Each open port once: as it was seen from furthest outside, where it was seen from several zones.
pub(super) fn distinct<'o, 'a>(
    audit: &Audit<'_>,
    open: &'o [OpenPort<'a>],
) -> impl Iterator<Item = &'o OpenPort<'a>> {
    let same = |a: &OpenPort<'_>, b: &OpenPort<'_>| endpoint(a) == endpoint(b);
    let rank = |p: &&OpenPort<'_>| {
        let kind = p.from.map(|zone| audit.site.zone(zone).kind);
        (kind.is_some_and(is_outside), kind.is_some())
    };
    open.chunk_by(same).filter_map(move |seen| seen.iter().rev().max_by_key(rank))
}

/// Whether a zone is not the municipality's to trust.
pub(super) fn is_outside(kind: ZoneKind) -> bool {
    kind.is_untrusted() || kind == ZoneKind::Other
}

fn endpoint(port: &OpenPort<'_>) -> (IpAddr, PortProtocol, u16) {
    (port.host.address, port.port.protocol, port.port.port)
}

/// Where an open port stands in the result of its scan.
pub(super) fn place(audit: &Audit<'_>, port: &OpenPort<'_>) -> Location {
    let observed = audit.observed();
    let source = observed.run(port.run).source;
    observed.place(source, port.host.address, Some(port.port.port))
}

/// Host, port, service, the zone it was seen from, with the time; what was seen, the decisions and the
/// rules as other places; who answers for it; and what stays the same in later scans.
pub(super) fn describe<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    port: &OpenPort<'_>,
) -> Draft<'f, 'a> {
    let name = port_name(port);
    let shown = port.service.map_or_else(|| name.clone(), |s| format!("{name} ({})", s.name));
    let from =
        port.from.map_or(Arg::Phrase(&UNKNOWN_PLACE), |zone| Arg::Text(zone_name(audit, zone)));
    let zone = port.from.map(|zone| zone_name(audit, zone)).unwrap_or_default();
    let decisions = decided(audit, &port.decisions);
    let ids = decisions.iter().map(|d| d.id.clone()).collect();
    let draft = draft
        .text("host", host_name(audit, port))
        .text("port", shown)
        .text("number", &name)
        .arg("from", from)
        .text("time", port.at.map_or_else(|| "?".to_owned(), minute))
        .arg("decisions", Arg::Names(ids))
        .related(Role::Observation, place(audit, port), sight::open(port))
        .owner(owner(audit, port.system, port.to))
        .key(format!("{} {name} {zone}", port.host.address));
    with_rules(audit, with_decisions(draft, &decisions), &port.way)
}

/// The address, with the name that the scanner had for it, or else that of its system.
fn host_name(audit: &Audit<'_>, port: &OpenPort<'_>) -> String {
    let systems = audit.tables.systems.as_deref().unwrap_or_default();
    let system = port.system.map(|index| &systems[index as usize].name);
    match port.host.names.first().or(system) {
        Some(name) => format!("{} ({name})", port.host.address),
        None => port.host.address.to_string(),
    }
}

fn zone_name(audit: &Audit<'_>, zone: ZoneId) -> String {
    audit.site.zone(zone).name.clone()
}

/// Decisions by their indices.
pub(super) fn decided<'a>(audit: &Audit<'a>, indices: &[u32]) -> Vec<&'a Decision> {
    let all = audit.tables.decisions.as_deref().unwrap_or_default();
    indices.iter().map(|index| all[*index as usize]).collect()
}

/// Points at decisions.
pub(super) fn with_decisions<'f, 'a>(
    draft: Draft<'f, 'a>,
    decisions: &[&Decision],
) -> Draft<'f, 'a> {
    let each = decisions.iter().take(MOST_RELATED);
    each.fold(draft, |draft, d| draft.related(Role::Decision, d.at.clone(), &d.id))
}

/// Points at the rules that let packets through, or that stop them.
fn with_rules<'f, 'a>(audit: &Audit<'_>, draft: Draft<'f, 'a>, way: &Way) -> Draft<'f, 'a> {
    let rules: Vec<(u32, RuleKey)> = match way {
        Way::Permitted(rules) | Way::Unsure(rules) => rules.clone(),
        Way::Blocked(stops) => stops.iter().map(|stop| (stop.device, stop.rule)).collect(),
        Way::SameZone | Way::Unknown => Vec::new(),
    };
    let part = if matches!(way, Way::Blocked(_)) { Role::Blocker } else { Role::Rule };
    rules.into_iter().take(MOST_RELATED).fold(draft, |draft, (device, key)| {
        let rule = audit.rule_ref(device, key.ruleset, key.rule);
        draft.related(part, audit.rule_at(&rule), rule_name(audit, device, key))
    })
}

/// A rule as `device rule`: by its id, or by its list and line where it has none, or by its list where it
/// is the default.
pub(super) fn rule_name(audit: &Audit<'_>, device: u32, key: RuleKey) -> String {
    let rule = audit.rule_ref(device, key.ruleset, key.rule);
    let list = &audit.ruleset(device, key.ruleset).name;
    let name = match (rule.id, key.rule) {
        (Some(id), _) => id,
        (None, Some(_)) => format!("{list}:{}", rule.line),
        (None, None) => list.clone(),
    };
    format!("{} {name}", audit.devices[device as usize].name)
}

/// Who answers for a host: the owner of its system, or else of its zone.
pub(super) fn owner(
    audit: &Audit<'_>,
    system: Option<u32>,
    zone: Option<ZoneId>,
) -> Option<String> {
    let systems = audit.tables.systems.as_deref().unwrap_or_default();
    let own = system.and_then(|index| systems[index as usize].owner.as_ref());
    own.map(|owner| owner.text.clone())
        .or_else(|| zone.and_then(|zone| audit.site.zone(zone).owner.clone()))
}

/// An endpoint of TLS or SSH.
pub(super) trait Endpoint {
    /// As it was asked for.
    fn asked(&self) -> &str;
    fn address(&self) -> Option<SocketAddr>;
    /// The name that it was asked by, where that was no address.
    fn name(&self) -> Option<&str>;
    fn at(&self) -> Timestamp;
}

impl Endpoint for TlsEndpoint {
    fn asked(&self) -> &str {
        &self.target
    }

    fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    fn name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Endpoint for SshEndpoint {
    fn asked(&self) -> &str {
        &self.target
    }

    fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    fn name(&self) -> Option<&str> {
        let (host, _) = self.target.rsplit_once(':')?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_err().then_some(host)
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

/// Begins to describe an endpoint: its address, when it was seen, its decisions with the rules that
/// implement them, and its owner.
pub(super) fn describe_endpoint<'f, 'a, T: Endpoint>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    endpoint: &Endpointed<'_, T>,
    sight: Sight,
) -> Draft<'f, 'a> {
    let decisions = decided(audit, &endpoint.decisions);
    let ids = decisions.iter().map(|d| d.id.clone()).collect();
    let address = endpoint.seen.address().map(|a| a.ip());
    let zone = address.and_then(|a| audit.zone_of(a));
    let name = target(endpoint.seen);
    let time = minute(endpoint.seen.at());
    let draft = draft
        .text("target", &name)
        .text("time", &time)
        .arg("decisions", Arg::Names(ids))
        .related(Role::Observation, place_of(audit, endpoint), sight.at(&time, &name))
        .owner(owner(audit, endpoint.system, zone))
        .key(name);
    let draft = with_decisions(draft, &decisions);
    decisions.iter().fold(draft, |draft, decision| with_openings(audit, draft, decision))
}

/// Where an endpoint stands in the result of its scan.
pub(super) fn place_of<T: Endpoint>(audit: &Audit<'_>, endpoint: &Endpointed<'_, T>) -> Location {
    endpoint.seen.address().map_or(Location::Whole(endpoint.source), |a| {
        audit.observed().place(endpoint.source, a.ip(), Some(a.port()))
    })
}

/// Name, address and port of an endpoint.
fn target<T: Endpoint>(endpoint: &T) -> String {
    let address = endpoint.address().map(|a| a.to_string());
    match (endpoint.name(), address) {
        (Some(name), Some(address)) => format!("{address} ({name})"),
        (None, Some(address)) => address,
        (_, None) => endpoint.asked().to_owned(),
    }
}

/// Most things that a sentence names.
const NAMED: usize = 4;

/// The first of some names, and that there are more.
pub(super) fn few(mut names: Vec<String>) -> Vec<String> {
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…".to_owned());
    }
    names
}

/// TLS endpoints, when some were seen. The site as a whole is judged.
pub(super) fn tls<'o, 'a>(
    audit: &'o Audit<'a>,
    findings: &mut Findings<'_>,
) -> &'o [Endpointed<'a, TlsEndpoint>] {
    let observed: &Observed<'a> = audit.observed();
    if !observed.tls.is_empty() {
        findings.judge_site();
    }
    &observed.tls
}

/// The last look at an endpoint that showed a certificate, unless a later one got every answer; the last of
/// all where none did.
pub(super) fn showing<'a>(endpoint: &Endpointed<'a, TlsEndpoint>) -> Endpointed<'a, TlsEndpoint> {
    let shows = |view: &Endpointed<'_, TlsEndpoint>| {
        view.seen.complete || view.seen.chains.iter().any(|chain| !chain.certificates.is_empty())
    };
    endpoint.views().find(shows).unwrap_or_else(|| endpoint.clone())
}

/// Where TLS was met, from the first byte or inside a protocol, whatever the scan of ports says.
pub(super) struct OverTls(HashSet<SocketAddr>);

impl OverTls {
    pub(super) fn of(audit: &Audit<'_>) -> Self {
        let met = |seen: &TlsEndpoint| seen.protocols.iter().any(|p| p.offered == Offered::Yes);
        let ever = |endpoint: &&Endpointed<'_, TlsEndpoint>| {
            met(endpoint.seen) || endpoint.earlier.iter().any(|(_, seen)| met(seen))
        };
        let endpoints = audit.observed().tls.iter().filter(ever);
        Self(endpoints.filter_map(|endpoint| endpoint.seen.address).collect())
    }

    /// Whether it was on a port.
    pub(super) fn has(&self, port: &OpenPort<'_>) -> bool {
        let here = SocketAddr::new(port.host.address, port.port.port);
        port.port.protocol == PortProtocol::Tcp && self.0.contains(&here)
    }
}

/// Protocols that can go over to TLS when they are asked to (IANA service names, and nmap's).
const UPGRADABLE: &[&str] =
    &["ftp", "imap", "ldap", "mysql", "pop3", "postgresql", "smtp", "submission", "vnc"];

/// Whether a service that was heard in clear text may go over to TLS, which it was not asked.
pub(super) fn may_go_over(service: &ServiceSeen) -> bool {
    service.starttls_unasked && UPGRADABLE.contains(&service.name.as_str())
}

/// Whether the host is the sensor itself: what a machine answers to itself says nothing of the network.
pub(super) fn is_sensor(audit: &Audit<'_>, port: &OpenPort<'_>) -> bool {
    let run = audit.observed().run(port.run).run;
    port.host.address.is_loopback() || run.sources.contains(&port.host.address)
}

/// Points at the rules that implement a decision.
pub(super) fn with_openings<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    decision: &Decision,
) -> Draft<'f, 'a> {
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let is = |index: &u32| decisions[*index as usize].at == decision.at;
    let about = audit.openings().list.iter().filter(|o| o.decisions.iter().any(is));
    let rules = about.filter_map(|o| Some((o.device, o.rule?))).take(MOST_RELATED);
    with_rules(audit, draft, &Way::Permitted(rules.collect()))
}
