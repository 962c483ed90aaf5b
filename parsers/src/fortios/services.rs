//! `config firewall service custom` and `group`.

use portvakt_model::{Object, ObjectKind, Told, Undefined};
use portvakt_space::{ICMP, ICMPV6, SCTP, ServiceBox, ServiceSet, TCP, UDP};
use rustc_hash::FxHashMap;

use super::groups::{Definition, Extent, Set, resolve};
use super::keys::{Keys, mark_table};
use super::predefined;
use super::reasons;
use super::scope::Scope;
use super::tree::{Node, Verb};
use crate::build::Build;

/// Services by name.
pub(super) struct Services {
    by_name: FxHashMap<String, Extent<ServiceSet>>,
    /// Whether the export shows services at all: only then is a missing one undefined.
    shown: bool,
    pub(super) objects: Vec<Object>,
    pub(super) undefined: Vec<Undefined>,
}

const CUSTOM: Keys = Keys {
    used: &[
        "protocol",
        "protocol-number",
        "tcp-portrange",
        "udp-portrange",
        "sctp-portrange",
        "udplite-portrange",
        "icmptype",
        "icmpcode",
        "iprange",
        "fqdn",
        "app-service-type",
        "application",
        "app-category",
        "proxy",
        "explicit-proxy",
    ],
    neutral: &[
        "category",
        "helper",
        "check-reset-range",
        "tcp-halfclose-timer",
        "tcp-halfopen-timer",
        "tcp-timewait-timer",
        "tcp-rst-timer",
        "udp-idle-timer",
        "session-ttl",
        "uuid-idx",
    ],
    lost: &[],
};

const GROUP: Keys = Keys { used: &["member"], neutral: &["proxy", "explicit-proxy"], lost: &[] };

impl Services {
    pub(super) fn read(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> Self {
        let mut definitions = FxHashMap::default();
        let (mut objects, mut undefined) = (Vec::new(), Vec::new());
        for section in scope.sections("firewall service custom") {
            mark_table(section, &CUSTOM, build);
            for entry in section.children() {
                definitions.insert(entry.name().to_owned(), Definition::Is(custom(entry)));
                objects.push(object(entry, false));
            }
        }
        let mut groups: Vec<(Node<'_, '_>, Vec<(&str, u32)>)> = Vec::new();
        for section in scope.sections("firewall service group") {
            mark_table(section, &GROUP, build);
            groups.extend(section.children().map(|g| (g, g.list("member"))));
        }
        for (entry, members) in &groups {
            let members = members.iter().map(|(m, _)| (*m).to_owned()).collect();
            let group = Definition::Group { members, exclude: Vec::new() };
            definitions.insert(entry.name().to_owned(), group);
            objects.push(object(*entry, true));
        }
        for (entry, (member, line)) in
            groups.iter().flat_map(|(e, members)| members.iter().map(move |m| (e, m)))
        {
            add_predefined(member, &mut definitions);
            if !definitions.contains_key(*member) {
                let used_by = format!("service group {}", entry.name());
                let name = (*member).to_owned();
                undefined.push(Undefined { name, kind: "service", line: *line, used_by });
            }
        }
        let by_name: FxHashMap<String, Extent<ServiceSet>> = resolve(&definitions, ServiceSet::ANY)
            .into_iter()
            .map(|(name, extent)| (name.to_owned(), extent))
            .collect();
        for object in &mut objects {
            let set = by_name.get(&object.name).and_then(Extent::known);
            object.kind = match object.kind {
                ObjectKind::ServiceGroup(_) => ObjectKind::ServiceGroup(set),
                _ => ObjectKind::Service(set),
            };
        }
        let shown = scope.header.whole || !objects.is_empty();
        Self { by_name, shown, objects, undefined }
    }

    /// What several names match together. A name that nothing defines may be anything.
    pub(super) fn extent(
        &self,
        names: &[(&str, u32)],
        user: &str,
        undefined: &mut Vec<Undefined>,
    ) -> Extent<ServiceSet> {
        let parts: Vec<Extent<ServiceSet>> =
            names.iter().map(|(name, line)| self.one(name, *line, user, undefined)).collect();
        Extent::join(&parts.iter().collect::<Vec<_>>())
    }

    fn one(
        &self,
        name: &str,
        line: u32,
        user: &str,
        undefined: &mut Vec<Undefined>,
    ) -> Extent<ServiceSet> {
        if let Some(extent) = self.by_name.get(name) {
            return extent.clone();
        }
        if let Some(set) = predefined_set(name) {
            return Extent::exact(set);
        }
        if self.shown {
            let (name, used_by) = (name.to_owned(), user.to_owned());
            undefined.push(Undefined { name, kind: "service", line, used_by });
        }
        let words =
            if self.shown { reasons::UNDEFINED_SERVICE } else { reasons::SERVICE_ELSEWHERE };
        Extent::unknown(ServiceSet::ANY, Told::of(words, name))
    }
}

/// Everything that `extent` does not match. Past some thousand port ranges it is not computed.
pub(super) fn negated(extent: &Extent<ServiceSet>) -> Extent<ServiceSet> {
    const MAX_BOXES: usize = 2_000;
    if extent.most.size() > MAX_BOXES {
        return Extent::unknown(ServiceSet::ANY, reasons::NEGATED_SERVICE);
    }
    Extent::exact(ServiceSet::ANY).without(extent)
}

fn predefined_set(name: &str) -> Option<ServiceSet> {
    predefined::service(name).or_else(|| {
        let members = predefined::service_group(name)?;
        let sets: Vec<ServiceSet> = members.iter().filter_map(|m| predefined::service(m)).collect();
        Some(ServiceSet::join(&sets.iter().collect::<Vec<_>>()))
    })
}

fn add_predefined(name: &str, definitions: &mut FxHashMap<String, Definition<ServiceSet>>) {
    if !definitions.contains_key(name)
        && let Some(set) = predefined_set(name)
    {
        definitions.insert(name.to_owned(), Definition::Is(Extent::exact(set)));
    }
}

fn object(entry: Node<'_, '_>, group: bool) -> Object {
    let kind = if group { ObjectKind::ServiceGroup(None) } else { ObjectKind::Service(None) };
    let name = entry.name().to_owned();
    let predefined = predefined::is_service(&name);
    Object { name, kind, line: entry.line(), uses: 0, source: None, predefined }
}

/// The settings of a service in the order they were made: setting another protocol, or unsetting
/// the ICMP type, clears what depended on it.
#[derive(Default)]
struct Custom<'t> {
    protocol: Option<&'t str>,
    number: Option<&'t str>,
    icmp: (Option<&'t str>, Option<&'t str>),
    ports: Vec<(u8, &'t str)>,
    narrowed: Option<String>,
}

fn custom(entry: Node<'_, '_>) -> Extent<ServiceSet> {
    let mut service = Custom::default();
    for setting in entry.settings() {
        let key = setting.key.as_ref();
        let on = setting.verb != Verb::Unset;
        let value = setting.values.first().filter(|_| on).map(|v| v.text.as_ref());
        let value = value.filter(|v| !v.is_empty());
        match key {
            "protocol" if value != service.protocol => {
                service = Custom { protocol: value, ..Custom::default() };
            }
            "protocol-number" => service.number = value,
            "icmptype" => service.icmp = (value, service.icmp.1.filter(|_| value.is_some())),
            "icmpcode" => service.icmp.1 = value,
            "iprange" | "fqdn" | "application" | "app-category" => {
                let unset = value.is_none_or(|v| v == "0.0.0.0");
                service.narrowed = (!unset).then(|| format!("{key} {}", value.unwrap_or_default()));
            }
            _ => {
                if let Some(proto) = port_protocol(key) {
                    service.ports.retain(|(p, _)| *p != proto);
                    let values = setting.values.iter().filter(|_| on);
                    service.ports.extend(values.map(|v| (proto, v.text.as_ref())));
                }
            }
        }
    }
    let set = service.set();
    let name = entry.name();
    match (set, service.narrowed) {
        (Some(set), None) => Extent::exact(set),
        (Some(set), Some(how)) => Extent::unknown(set, format!("service \"{name}\": {how}")),
        (None, _) => Extent::unknown(ServiceSet::ANY, Told::of(reasons::SERVICE, name)),
    }
}

fn port_protocol(key: &str) -> Option<u8> {
    match key {
        "tcp-portrange" => Some(TCP),
        "udp-portrange" => Some(UDP),
        "sctp-portrange" => Some(SCTP),
        "udplite-portrange" => Some(136),
        _ => None,
    }
}

impl Custom<'_> {
    /// What it matches; `None` when a value is not of the form that the manual gives.
    fn set(&self) -> Option<ServiceSet> {
        match self.protocol.unwrap_or("TCP/UDP/SCTP") {
            "ICMP" => self.icmp_set(ICMP),
            "ICMP6" => self.icmp_set(ICMPV6),
            "IP" => match self.number.map(str::parse::<u8>) {
                None | Some(Ok(0)) => Some(ServiceSet::ANY),
                Some(Ok(number)) => Some(ServiceBox::proto(number).into()),
                Some(Err(_)) => None,
            },
            // A service of the web proxy (`ALL`, `HTTP`, `CONNECT`, …) has TCP ports like any other.
            _ => {
                let ranges = self.ports.iter().flat_map(|(proto, text)| {
                    text.split_ascii_whitespace().map(|range| port_range(*proto, range))
                });
                ranges.collect::<Option<Vec<ServiceBox>>>().map(ServiceSet::from_boxes)
            }
        }
    }

    fn icmp_set(&self, proto: u8) -> Option<ServiceSet> {
        let number = |text: Option<&str>| text.map(str::parse::<u8>).transpose().ok();
        let (kind, code) = (number(self.icmp.0)?, number(self.icmp.1)?);
        let all = ServiceBox::proto(proto);
        Some(kind.map_or(all, |kind| ServiceBox::icmp(proto, kind, code)).into())
    }
}

/// `80`, `8000-8010`, `514:512-1023`: destination ports, then source ports.
fn port_range(proto: u8, text: &str) -> Option<ServiceBox> {
    let (to, from) = text.split_once(':').map_or((text, None), |(to, from)| (to, Some(from)));
    let to = span(to)?;
    let from = from.map_or(Some((0, u16::MAX)), span)?;
    Some(ServiceBox::ports(proto, from, to))
}

fn span(text: &str) -> Option<(u16, u16)> {
    let (lo, hi) = text.split_once('-').unwrap_or((text, text));
    let (lo, hi) = (lo.parse().ok()?, hi.parse().ok()?);
    (lo <= hi).then_some((lo, hi))
}
