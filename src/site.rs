//! The site file, `portvakt.toml`.

mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnetwork::IpNetwork;
use portvakt_model::{
    Border, Location, Message, Orderer, Parameter, Parameters, Relay, Scope, Site, Source,
    SourceId, Told, Value, Zone, ZoneId, ZoneKind,
};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, TCP, Traffic, UDP};
use serde::Deserialize;
use toml::Spanned;

/// Name of the site file.
pub const FILE_NAME: &str = "portvakt.toml";

/// The site file, read.
#[derive(Debug, Default)]
pub struct SiteFile {
    /// What it says of the site.
    pub site: Site,
    /// Its own parameters, which go before those of the packs.
    pub parameters: Parameters,
    /// Register files, resolved against the site file's folder.
    pub registers: Vec<PathBuf>,
    /// System tables.
    pub systems: Vec<PathBuf>,
    /// SSID tables.
    pub ssids: Vec<PathBuf>,
    /// Exception files.
    pub exceptions: Vec<PathBuf>,
    /// Results of scans.
    pub observations: Vec<ScanFile>,
    /// Own column names: lower-case name in the table → field.
    pub columns: BTreeMap<String, String>,
    /// The leave to scan, where it has one.
    pub scope: Option<portvakt_scan::scope::Scope>,
}

/// A file with what a scan saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanFile {
    /// The file.
    pub path: PathBuf,
    /// Name of the zone that the sensor stood in, where the site says so.
    pub from: Option<String>,
}

impl SiteFile {
    /// Every table that the site file names.
    pub fn tables(&self) -> impl Iterator<Item = &PathBuf> {
        self.registers.iter().chain(&self.systems).chain(&self.ssids).chain(&self.exceptions)
    }
}

/// Why the site file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path}:{line}:{column}: {message}")]
pub struct SiteError {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: Told,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    organisation: Option<String>,
    secrecy: Option<String>,
    device_owners: BTreeMap<String, String>,
    packs: Vec<String>,
    own_prefixes: Vec<Spanned<String>>,
    registers: Vec<PathBuf>,
    systems: Vec<PathBuf>,
    ssids: Vec<PathBuf>,
    exceptions: Vec<PathBuf>,
    observations: Vec<Spanned<toml::Value>>,
    ntp: Option<Vec<String>>,
    log_servers: Option<Vec<String>>,
    public_services: Vec<Spanned<String>>,
    approved_access: Option<Vec<Spanned<String>>>,
    approved_interconnections: Option<Vec<Spanned<String>>>,
    zone: Vec<RawZone>,
    border: Vec<RawBorder>,
    relay: Vec<RawRelay>,
    authorised: Option<RawAuthorised>,
    parameters: BTreeMap<String, Spanned<toml::Value>>,
    columns: BTreeMap<String, Spanned<String>>,
    /// Read by [`portvakt_scan::scope::Scope::read`].
    #[serde(rename = "scan")]
    _scan: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawZone {
    name: Spanned<String>,
    kind: Spanned<String>,
    owner: Option<String>,
    #[serde(default)]
    prefixes: Vec<Spanned<String>>,
    #[serde(default)]
    interfaces: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBorder {
    from: Vec<Spanned<String>>,
    to: Vec<Spanned<String>>,
    decision: Spanned<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRelay {
    host: Spanned<String>,
    #[serde(rename = "in")]
    inward: Vec<Spanned<String>>,
    #[serde(rename = "out")]
    outward: Vec<Spanned<String>>,
    decision: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawAuthorised {
    everything: Vec<Spanned<String>>,
    owner: BTreeMap<String, Vec<Spanned<String>>>,
    system: BTreeMap<String, Vec<Spanned<String>>>,
}

/// Reads a site file's text. `id` is the number it has among the sources.
pub fn read(source: &Source, id: SourceId, known: &[String]) -> Result<SiteFile, SiteError> {
    let raw: Raw = toml::from_str(source.text()).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start as u32);
        error(source, at, Told::Said(faults::TOML, vec![("said", e.message().to_owned())]))
    })?;
    Reader { source, id, known }.file(raw)
}

fn error(source: &Source, at: u32, message: Told) -> SiteError {
    let (line, column) = (source.line_of(at), source.column_of(at));
    SiteError { path: source.path.clone(), line, column, message }
}

struct Reader<'s> {
    source: &'s Source,
    id: SourceId,
    known: &'s [String],
}

impl Reader<'_> {
    fn file(&self, raw: Raw) -> Result<SiteFile, SiteError> {
        let folder = Path::new(&self.source.path).parent().unwrap_or(Path::new(""));
        let resolve = |list: Vec<PathBuf>| list.into_iter().map(|p| folder.join(p)).collect();
        let zones = raw.zone.iter().map(|z| self.zone(z)).collect::<Result<Vec<_>, _>>()?;
        self.tell_apart(&raw.zone)?;
        let borders =
            raw.border.iter().map(|b| self.border(b, &zones)).collect::<Result<_, _>>()?;
        let observations = raw
            .observations
            .iter()
            .map(|v| self.scan_file(v, folder, &zones))
            .collect::<Result<_, _>>()?;
        let site = Site {
            organisation: raw.organisation.filter(|name| !name.trim().is_empty()),
            secrecy: raw.secrecy.filter(|mark| !mark.trim().is_empty()),
            device_owners: raw
                .device_owners
                .into_iter()
                .map(|(device, owner)| (device.to_lowercase(), owner))
                .collect(),
            packs: raw.packs,
            borders,
            orderers_known: raw.authorised.is_some(),
            orderers: raw.authorised.as_ref().map_or_else(Vec::new, |a| self.orderers(a)),
            ntp_servers: raw.ntp,
            log_servers: raw.log_servers,
            own_prefixes: self.addresses(&raw.own_prefixes)?,
            public_services: self.each(&raw.public_services, traffic)?,
            approved_access: self.stated(raw.approved_access.as_deref(), traffic)?,
            approved_interconnections: self
                .stated(raw.approved_interconnections.as_deref(), interface)?,
            relays: raw.relay.iter().map(|r| self.relay(r)).collect::<Result<_, _>>()?,
            zones,
            source: Some(self.id),
        };
        Ok(SiteFile {
            site,
            parameters: self.parameters(&raw.parameters)?,
            registers: resolve(raw.registers),
            systems: resolve(raw.systems),
            ssids: resolve(raw.ssids),
            exceptions: resolve(raw.exceptions),
            observations,
            columns: self.columns(&raw.columns)?,
            scope: self.scope()?,
        })
    }

    fn scope(&self) -> Result<Option<portvakt_scan::scope::Scope>, SiteError> {
        portvakt_scan::scope::Scope::read(self.source.text()).map_err(|e| SiteError {
            path: self.source.path.clone(),
            line: e.line,
            column: e.column,
            message: e.message,
        })
    }

    fn fail<T>(&self, at: &Spanned<T>, message: impl Into<Told>) -> SiteError {
        error(self.source, at.span().start as u32, message.into())
    }

    fn at<T>(&self, value: &Spanned<T>) -> Location {
        let offset = value.span().start as u32;
        let (line, column) = (self.source.line_of(offset), self.source.column_of(offset));
        Location::Line { source: self.id, line, column }
    }

    /// Reads each text with `read`, or says which one cannot be read and what can.
    fn each<T>(
        &self,
        texts: &[Spanned<String>],
        read: fn(&str) -> Result<T, &'static Message>,
    ) -> Result<Vec<T>, SiteError> {
        let one = |t: &Spanned<String>| {
            read(t.get_ref()).map_err(|fault| self.fail(t, Told::of(fault, t.get_ref().as_str())))
        };
        texts.iter().map(one).collect()
    }

    /// [`Reader::each`] for a list that need not be there.
    fn stated<T>(
        &self,
        texts: Option<&[Spanned<String>]>,
        read: fn(&str) -> Result<T, &'static Message>,
    ) -> Result<Option<Vec<T>>, SiteError> {
        texts.map(|list| self.each(list, read)).transpose()
    }

    fn addresses(&self, texts: &[Spanned<String>]) -> Result<AddrSet, SiteError> {
        self.each(texts, network).map(AddrSet::from_iter)
    }

    fn zone(&self, raw: &RawZone) -> Result<Zone, SiteError> {
        let kind = ZoneKind::ALL.into_iter().find(|k| k.name() == raw.kind.get_ref());
        let kind = kind.ok_or_else(|| {
            let all: Vec<_> = ZoneKind::ALL.iter().map(|k| k.name()).collect();
            self.fail(&raw.kind, among(faults::KIND, raw.kind.get_ref(), all.join(", ")))
        })?;
        Ok(Zone {
            name: raw.name.get_ref().clone(),
            kind,
            owner: raw.owner.clone(),
            prefixes: self.addresses(&raw.prefixes)?,
            interfaces: self.each(&raw.interfaces, interface)?,
            at: self.at(&raw.name),
        })
    }

    /// No two zones have one name: which of them is meant could not be told.
    fn tell_apart(&self, zones: &[RawZone]) -> Result<(), SiteError> {
        let mut names = BTreeSet::new();
        for zone in zones {
            let name = zone.name.get_ref();
            if !names.insert(name.to_lowercase()) {
                return Err(self.fail(&zone.name, Told::of(faults::SAME_NAME, name.as_str())));
            }
        }
        Ok(())
    }

    /// `"scan.json"`, or `{ file = "scan.xml", from = "zone" }`.
    fn scan_file(
        &self,
        raw: &Spanned<toml::Value>,
        folder: &Path,
        zones: &[Zone],
    ) -> Result<ScanFile, SiteError> {
        let form = || self.fail(raw, faults::OBSERVATION);
        let text = |value: &toml::Value| value.as_str().map(str::to_owned);
        let (file, from) = match raw.get_ref() {
            toml::Value::Table(table) if table.keys().all(|k| k == "file" || k == "from") => {
                let from = table.get("from").map(|v| text(v).ok_or_else(form));
                (table.get("file").and_then(text), from.transpose()?)
            }
            other => (text(other), None),
        };
        let file = file.ok_or_else(form)?;
        if let Some(name) = from.as_ref().filter(|f| !zones.iter().any(|z| z.is_called(f))) {
            return Err(self.fail(raw, Told::of(faults::NO_ZONE, name.as_str())));
        }
        Ok(ScanFile { path: folder.join(file), from })
    }

    fn border(&self, raw: &RawBorder, zones: &[Zone]) -> Result<Border, SiteError> {
        Ok(Border {
            from: self.members(&raw.from, zones)?,
            to: self.members(&raw.to, zones)?,
            decision: *raw.decision.get_ref(),
            at: self.at(&raw.decision),
        })
    }

    /// The zones that a list of names, kinds and `*` means.
    fn members(&self, names: &[Spanned<String>], zones: &[Zone]) -> Result<Vec<ZoneId>, SiteError> {
        let mut ids = Vec::new();
        for name in names {
            let text = name.get_ref().as_str();
            let is = |z: &Zone| text == "*" || z.name == text || z.kind.name() == text;
            let before = ids.len();
            ids.extend((0..).map(ZoneId).zip(zones).filter(|(_, z)| is(z)).map(|(id, _)| id));
            if ids.len() == before && !ZoneKind::ALL.iter().any(|k| k.name() == text) {
                return Err(self.fail(name, Told::of(faults::NO_ZONE_OR_KIND, text)));
            }
        }
        Ok(ids)
    }

    fn relay(&self, raw: &RawRelay) -> Result<Relay, SiteError> {
        let inward = self.each(&raw.inward, service)?;
        Ok(Relay {
            host: self.addresses(std::slice::from_ref(&raw.host))?,
            inward: inward.iter().fold(ServiceSet::none(), |all, s| all.union(s)),
            outward: self.each(&raw.outward, traffic)?,
            decision: raw.decision.clone(),
            at: self.at(&raw.host),
        })
    }

    fn orderers(&self, raw: &RawAuthorised) -> Vec<Orderer> {
        let one = |who: &Spanned<String>, scope: Scope| Orderer {
            who: who.get_ref().clone(),
            scope,
            at: self.at(who),
        };
        let general = raw.everything.iter().map(|who| one(who, Scope::Everything));
        let owners = raw
            .owner
            .iter()
            .flat_map(|(name, list)| list.iter().map(|who| one(who, Scope::Owner(name.clone()))));
        let systems = raw
            .system
            .iter()
            .flat_map(|(name, list)| list.iter().map(|who| one(who, Scope::System(name.clone()))));
        general.chain(owners).chain(systems).collect()
    }

    fn parameters(
        &self,
        raw: &BTreeMap<String, Spanned<toml::Value>>,
    ) -> Result<Parameters, SiteError> {
        let one = |(key, value): (&String, &Spanned<toml::Value>)| {
            if !self.known.contains(key) {
                let known = self.known.join(", ");
                return Err(self.fail(value, among(faults::PARAMETER, key, known)));
            }
            let value = parameter(value.get_ref())
                .ok_or_else(|| self.fail(value, faults::PARAMETER_VALUE))?;
            Ok((key.clone(), Parameter { value, source: FILE_NAME.to_owned() }))
        };
        raw.iter().map(one).collect::<Result<_, _>>().map(Parameters)
    }
    /// Own names of columns, in small letters, with the fields that they stand for.
    fn columns(
        &self,
        raw: &BTreeMap<String, Spanned<String>>,
    ) -> Result<BTreeMap<String, String>, SiteError> {
        let one = |(field, name): (&String, &Spanned<String>)| {
            if portvakt_parsers::is_column(field) {
                return Ok((name.get_ref().trim().to_lowercase(), field.clone()));
            }
            Err(self.fail(name, Told::of(faults::COLUMN, field.as_str())))
        };
        raw.iter().map(one).collect()
    }
}

/// A fault about a name, with those that are known.
fn among(fault: &'static Message, name: &str, known: String) -> Told {
    Told::Said(fault, vec![("name", name.to_owned()), ("known", known)])
}

fn parameter(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::Integer(n) => Some(Value::Number(*n)),
        toml::Value::Boolean(on) => Some(Value::Flag(*on)),
        toml::Value::Array(list) => {
            let texts = list.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Option<_>>();
            texts.map(Value::List)
        }
        _ => None,
    }
}

fn network(text: &str) -> Result<AddrSet, &'static Message> {
    let network: IpNetwork = text.parse().map_err(|_| faults::ADDRESS)?;
    Ok(AddrSet::prefix(network.ip(), network.prefix()))
}

fn interface(text: &str) -> Result<(String, String), &'static Message> {
    let (device, name) = text.split_once(':').ok_or(faults::INTERFACE)?;
    Ok((device.trim().to_owned(), name.trim().to_owned()))
}

/// `tcp 443`, `udp 53`, `tcp 8000-8010`, `icmp`.
fn service(text: &str) -> Result<ServiceSet, &'static Message> {
    let mut words = text.split_whitespace();
    let proto = match words.next() {
        Some("tcp") => TCP,
        Some("udp") => UDP,
        Some("icmp") => return Ok(ServiceBox::proto(portvakt_space::ICMP).into()),
        _ => return Err(faults::SERVICE),
    };
    let Some(ports) = words.next() else { return Ok(ServiceBox::proto(proto).into()) };
    let (lo, hi) = ports.split_once('-').unwrap_or((ports, ports));
    match (lo.parse(), hi.parse(), words.next()) {
        (Ok(lo), Ok(hi), None) if lo <= hi => Ok(ServiceBox::to(proto, lo, hi).into()),
        _ => Err(faults::SERVICE),
    }
}

/// A destination: `10.0.0.1`, `10.0.0.0/24`, or either with a service after it.
fn traffic(text: &str) -> Result<Traffic, &'static Message> {
    let (host, rest) = text.split_once(' ').unwrap_or((text, ""));
    let dst = network(host)?;
    let service = if rest.trim().is_empty() { ServiceSet::ANY } else { service(rest)? };
    Ok(Traffic { dst, service, ..Traffic::ANY })
}

/// Whether `text` names the host `addr` or a name; used where lists hold either.
pub fn same_host(text: &str, other: &str) -> bool {
    match (text.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => text.eq_ignore_ascii_case(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SiteFile, SiteError> {
        let source = Source::new("x/portvakt.toml".into(), text.into());
        read(&source, SourceId(0), &["soon_days".to_owned()])
    }

    #[test]
    fn zones_borders_and_files_are_read() {
        let file = parse(
            "registers = ['r.csv']\n[[zone]]\nname = 'A'\nkind = 'admin'\nprefixes = ['10.1.0.0/16']\n\
             interfaces = ['fw:port1']\n[[zone]]\nname = 'I'\nkind = 'internet'\n\
             [[border]]\nfrom = ['*']\nto = ['admin']\ndecision = true\n[parameters]\nsoon_days = 9\n",
        )
        .unwrap();
        assert_eq!(file.registers, [PathBuf::from("x/r.csv")]);
        assert_eq!(file.site.zones[0].interfaces, [("fw".to_owned(), "port1".to_owned())]);
        assert!(file.site.border(ZoneId(1), ZoneId(0)).unwrap().decision);
        assert!(file.site.border(ZoneId(0), ZoneId(1)).is_none());
        assert_eq!(file.parameters.number("soon_days"), Some(9));
    }

    #[test]
    fn faults_name_their_place() {
        let cases = [
            ("[[zone]]\nname = 'A'\nkind = 'x'\n", 3, "unknown kind"),
            (
                "[[zone]]\nname = 'A'\nkind = 'ot'\nprefixes = ['10.0.0.0/99']\n",
                4,
                "not an address",
            ),
            ("[[border]]\nfrom = ['B']\nto = []\ndecision = true\n", 2, "no zone is named"),
            ("[parameters]\nsoon_day = 1\n", 2, "unknown parameter"),
            ("organisation = 3\n", 1, "invalid type"),
            ("colour = 'red'\n", 1, "unknown field"),
            ("observations = [\n'a.json',\n3]\n", 3, "an observation is a file"),
            ("observations = [{ file = 'a', from = 'X' }]\n", 1, "no zone is named"),
            (
                "[[zone]]\nname = 'A'\nkind = 'ot'\n[[zone]]\nname = 'a'\nkind = 'ot'\n",
                5,
                "two zones",
            ),
            ("[columns]\nsyfte = 'Varför'\ngiltigtil = 'Slut'\n", 3, "no table has a field"),
        ];
        for (text, line, message) in cases {
            let e = parse(text).unwrap_err();
            assert_eq!(e.line, line, "{text}: {e}");
            assert!(e.message.to_string().contains(message), "{e}");
        }
    }

    #[test]
    fn the_leave_to_scan_stands_beside_the_rest() {
        let scan = "[scan]\nscope = ['10.77.0.0/16']\nauthorised_by = 'A'\nvalid_until = ";
        let file = parse(&format!("organisation = 'K'\n{scan}'2026-12-31'\n")).unwrap();
        assert_eq!(file.scope.unwrap().authorised_by, "A");
        assert!(parse("").unwrap().scope.is_none());
        let e = parse(&format!("organisation = 'K'\n{scan}'soon'\n")).unwrap_err();
        assert_eq!((e.line, e.message.to_string().contains("no day")), (5, true), "{e}");
    }

    #[test]
    fn services_and_hosts() {
        assert_eq!(service("tcp 443").unwrap(), ServiceBox::to(TCP, 443, 443).into());
        assert!(service("tcp x").is_err());
        assert!(traffic("10.0.0.1 tcp 443").is_ok());
        assert!(same_host("2001:db8::1", "2001:db8:0::1"));
    }
}
