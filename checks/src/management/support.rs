//! What several checks of the management plane share.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use portvakt_analysis::Audit;
use portvakt_model::{
    Arg, Basis, Device, Fact, Location, Management, Message, MgmtProtocol, Role, Site, ZoneKind,
};

use crate::{Draft, Findings};

/// The devices whose export carries their management plane.
pub(super) fn managed<'a>(audit: &Audit<'a>) -> impl Iterator<Item = (u32, &'a Management)> {
    audit.devices().filter_map(|(index, device)| Some((index, device.management.as_ref()?)))
}

/// Where a setting stands: its line, or the whole export where the vendor's default applies.
pub(super) fn place<T>(audit: &Audit<'_>, device: u32, fact: &Fact<T>) -> Location {
    audit.at(device, fact.line().unwrap_or(0))
}

/// How a setting is known, to end a sentence with: nothing where it stands in the export.
pub(super) fn basis<T>(fact: &Fact<T>) -> Arg {
    match fact.basis {
        Basis::Line(_) => Arg::Text(String::new()),
        Basis::VendorDefault(manual) => Arg::Either(
            format!(" (inte angivet; tillverkarens förval enligt {manual})"),
            format!(" (not stated; the vendor's default by {manual})"),
        ),
    }
}

/// A number to compare with, and the document that sets it.
pub(super) struct Limit {
    /// The number.
    pub(super) value: i64,
    /// Where it comes from.
    pub(super) source: String,
}

/// The number of a parameter; where nothing sets it, the site as a whole is *cannot tell*.
pub(super) fn limit(audit: &Audit<'_>, findings: &mut Findings<'_>, name: &str) -> Option<Limit> {
    let value = audit.parameters.number(name);
    let Some(value) = value else {
        findings.judge_site();
        findings.cannot_tell(&UNSET, Location::Site).text("parameter", name).key(name).push();
        return None;
    };
    let source = audit.parameters.0.get(name).map_or_else(String::new, |p| p.source.clone());
    Some(Limit { value, source })
}

/// Said once when a parameter is unset.
pub(super) static UNSET: Message = Message {
    sv: "Parametern {parameter} är inte satt, varken av något regelpaket eller i portvakt.toml; \
         det finns inget att jämföra med.",
    en: "The parameter {parameter} is not set, neither by a rule pack nor in portvakt.toml; there \
         is nothing to compare with.",
};

/// Said of a device whose export does not tell what a check needs.
pub(super) static NOT_TOLD: Message = Message {
    sv: "Exporten från {device} visar inte {what}.",
    en: "The export of {device} does not tell {what}.",
};

/// A *cannot tell* on a device, because its export lacks `what`.
pub(super) fn not_told(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    device: u32,
    what: &'static Message,
) {
    findings
        .cannot_tell(&NOT_TOLD, audit.at(device, 0))
        .device(device)
        .arg("what", Arg::Phrase(what))
        .key("not told")
        .push();
}

/// What to say of a setting that is on or off.
pub(super) struct Switch {
    /// The value that is at fault.
    pub(super) faulty: bool,
    /// The sentence for it, with `{device}` and `{basis}`.
    pub(super) fault: &'static Message,
    /// What the export does not tell when the setting is unknown; `None` where a device without the
    /// setting has no such thing.
    pub(super) what: Option<&'static Message>,
}

impl Switch {
    /// Judges the setting of a device.
    pub(super) fn judge(
        &self,
        audit: &Audit<'_>,
        findings: &mut Findings<'_>,
        device: u32,
        fact: Option<&Fact<bool>>,
    ) {
        match (fact, self.what) {
            (Some(fact), _) => {
                findings.judge(device);
                if fact.value == self.faulty {
                    findings
                        .violation(self.fault, place(audit, device, fact))
                        .device(device)
                        .arg("basis", basis(fact))
                        .push();
                }
            }
            (None, Some(what)) => {
                findings.judge(device);
                not_told(audit, findings, device, what);
            }
            (None, None) => {}
        }
    }
}

/// Interfaces that a device answers to a protocol on, each with the first line that says so; the name
/// `None` is every interface.
pub(super) fn offered(device: &Device, protocol: MgmtProtocol) -> BTreeMap<Option<&str>, u32> {
    let mut found = BTreeMap::new();
    let services = device.management.iter().flat_map(|m| &m.services);
    for service in services.filter(|s| s.protocol == protocol) {
        let interface = service.interface.and_then(|atom| device.interfaces.get(atom));
        found.entry(interface.map(|i| i.name.as_str())).or_insert(service.line);
    }
    found
}

/// Something that a finding names, with its line.
pub(super) type Named = (u32, String);

/// The names as a value of the message, and each place but the first as a related one.
pub(super) fn name_all<'f, 'a>(
    mut draft: Draft<'f, 'a>,
    audit: &Audit<'_>,
    device: u32,
    key: &'static str,
    all: &[Named],
) -> Draft<'f, 'a> {
    let mut seen = BTreeSet::new();
    let names = all.iter().map(|(_, name)| name).filter(|n| seen.insert(*n)).cloned().collect();
    let first = first_line(all);
    for (line, name) in all.iter().filter(|(line, _)| *line != first) {
        draft = draft.related(Role::Definition, audit.at(device, *line), name);
    }
    draft.arg(key, Arg::Names(names))
}

/// The first line of what a finding names.
pub(super) fn first_line(all: &[Named]) -> u32 {
    all.first().map_or(0, |(line, _)| *line)
}

/// Servers that devices name, to compare with those that the site file states.
pub(super) struct Servers {
    /// Those of a device, with their lines.
    pub(super) of: fn(&Management) -> Vec<Named>,
    /// Those of the municipality; `None` where the site file states none.
    pub(super) own: fn(&Site) -> Option<&[String]>,
    /// The site file's key for them.
    pub(super) key: &'static str,
    /// What is said of a device, with `{servers}`, and of a site file that states none.
    pub(super) messages: (&'static Message, &'static Message),
}

impl Servers {
    /// Reports the devices that name others than the municipality's.
    pub(super) fn judge(&self, audit: &Audit<'_>, findings: &mut Findings<'_>) {
        let naming =
            || managed(audit).map(|(d, m)| (d, (self.of)(m))).filter(|(_, s)| !s.is_empty());
        let Some(own) = (self.own)(audit.site) else {
            if naming().next().is_some() {
                findings.judge_site();
                findings.cannot_tell(self.messages.1, Location::Site).key(self.key).push();
            }
            return;
        };
        for (device, named) in naming() {
            findings.judge(device);
            let foreign: Vec<Named> =
                named.into_iter().filter(|(_, server)| !is_listed(server, own)).collect();
            if !foreign.is_empty() {
                let at = audit.at(device, first_line(&foreign));
                let draft = findings.violation(self.messages.0, at).device(device);
                name_all(draft, audit, device, "servers", &foreign).key("foreign").push();
            }
        }
    }
}

/// Whether a server as a device names it is in a list: by address, or by name in any case.
pub(super) fn is_listed(server: &str, list: &[String]) -> bool {
    let address = |text: &str| text.trim().parse::<IpAddr>().ok();
    list.iter().any(|known| match (address(server), address(known)) {
        (Some(a), Some(b)) => a == b,
        _ => known.trim().eq_ignore_ascii_case(server.trim()),
    })
}

/// Whether an account is for emergencies, by its name.
pub(super) fn is_break_glass(name: &str) -> bool {
    const STEMS: [&str; 7] =
        ["reserv", "nod-", "nöd", "nodkonto", "emergency", "breakglass", "break-glass"];
    let name = name.to_lowercase();
    STEMS.iter().any(|stem| name.starts_with(stem))
}

/// Zones that administrators or their tools stand in.
pub(super) const fn is_for_administration(kind: ZoneKind) -> bool {
    matches!(kind, ZoneKind::Admin | ZoneKind::Management | ZoneKind::Server)
}

#[cfg(test)]
mod tests {
    use super::is_listed;

    #[test]
    fn addresses_are_compared_as_addresses() {
        let list = ["10.0.0.1".to_owned(), "2001:db8::1".to_owned(), "ntp.example".to_owned()];
        assert!(is_listed("2001:0DB8:0::1", &list));
        assert!(is_listed("NTP.example", &list));
        assert!(!is_listed("10.0.0.10", &list));
    }
}
