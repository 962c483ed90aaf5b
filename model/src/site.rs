//! The audited site as its own file (`portvakt.toml`) describes it.

use std::collections::BTreeMap;

use portvakt_space::{AddrSet, ServiceSet, Traffic};

use crate::{Location, SourceId};

/// Index of a zone in [`Site::zones`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(pub u32);

/// What the site file says.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Name of the organisation.
    pub organisation: Option<String>,
    /// Who answers for each device, by its name in small letters; `*` for the others.
    pub device_owners: BTreeMap<String, String>,
    /// What reports are marked with when they are kept secret (*sekretessmarkering*).
    pub secrecy: Option<String>,
    /// Ids of the rule packs in force.
    pub packs: Vec<String>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// Zone borders, the first that matches counts.
    pub borders: Vec<Border>,
    /// Who may order port openings.
    pub orderers: Vec<Orderer>,
    /// Whether the site file lists orderers at all; otherwise their authority cannot be told.
    pub orderers_known: bool,
    /// Time servers of the municipality; `None` when not stated.
    pub ntp_servers: Option<Vec<String>>,
    /// Log servers of the municipality; `None` when not stated.
    pub log_servers: Option<Vec<String>>,
    /// All addresses of the municipality, also those that no zone claims: never internet.
    pub own_prefixes: AddrSet,
    /// What public and unmanaged networks may reach of the municipality's own addresses.
    pub public_services: Vec<Traffic>,
    /// What the approved solutions for access from outside let people reach; `None` when not stated.
    pub approved_access: Option<Vec<Traffic>>,
    /// Approved interconnections with others' networks, as device and interface; `None` when not
    /// stated.
    pub approved_interconnections: Option<Vec<(String, String)>>,
    /// Hosts that are decided to link two services and are no detour.
    pub relays: Vec<Relay>,
    /// The source the site file was read as; `None` when there is none.
    pub source: Option<SourceId>,
}

impl Site {
    /// Who answers for a device: a virtual part has the owner of its host.
    pub fn device_owner(&self, device: &str) -> Option<&str> {
        let name = device.to_lowercase();
        let host = name.split('/').next().unwrap_or_default();
        let owner = [name.as_str(), host, "*"].iter().find_map(|n| self.device_owners.get(*n));
        owner.map(String::as_str)
    }

    /// The zone of an id.
    pub fn zone(&self, id: ZoneId) -> &Zone {
        &self.zones[id.0 as usize]
    }

    /// Zones with their ids.
    pub fn zone_ids(&self) -> impl Iterator<Item = (ZoneId, &Zone)> {
        (0..).map(ZoneId).zip(&self.zones)
    }

    /// The border from one zone to another; `None` when the site file states nothing about it.
    pub fn border(&self, from: ZoneId, to: ZoneId) -> Option<&Border> {
        self.borders.iter().find(|b| b.from.contains(&from) && b.to.contains(&to))
    }
}

/// A zone: networks with one purpose and one owner.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: ZoneKind,
    /// Owning department (*förvaltning*) or company.
    pub owner: Option<String>,
    /// Its addresses. For the internet zone without prefixes: all that no other zone has.
    pub prefixes: AddrSet,
    /// Interfaces that lead to it, as (device, interface) names.
    pub interfaces: Vec<(String, String)>,
    /// Where it stands in the site file.
    pub at: Location,
}

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneKind {
    /// The administrative network.
    Admin,
    /// Staff or pupils of a department.
    Users,
    /// Guests and unmanaged devices.
    Guest,
    /// Public wireless network.
    PublicWlan,
    /// Servers that only insiders reach.
    Server,
    /// Servers that outsiders reach.
    Dmz,
    /// Everything that is not the municipality's.
    Internet,
    /// Management interfaces of devices.
    Management,
    /// Operational technology.
    Ot,
    /// Anything else: partners, suppliers.
    Other,
}

impl Zone {
    /// Whether a name that somebody wrote is this zone's: case and blanks around it do not count.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.trim().to_lowercase()
    }
}

impl ZoneKind {
    /// Whether devices there are not the municipality's to trust.
    pub const fn is_untrusted(self) -> bool {
        matches!(self, Self::Guest | Self::PublicWlan | Self::Internet)
    }

    /// Whether people's own machines are there.
    pub const fn is_client(self) -> bool {
        matches!(self, Self::Users | Self::Guest | Self::PublicWlan)
    }

    /// The name in `portvakt.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Users => "users",
            Self::Guest => "guest",
            Self::PublicWlan => "public-wlan",
            Self::Server => "server",
            Self::Dmz => "dmz",
            Self::Internet => "internet",
            Self::Management => "management",
            Self::Ot => "ot",
            Self::Other => "other",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Admin,
        Self::Users,
        Self::Guest,
        Self::PublicWlan,
        Self::Server,
        Self::Dmz,
        Self::Internet,
        Self::Management,
        Self::Ot,
        Self::Other,
    ];
}

/// What the site file demands of traffic from some zones to others.
#[derive(Clone, Debug)]
pub struct Border {
    /// Zones it comes from.
    pub from: Vec<ZoneId>,
    /// Zones it goes to.
    pub to: Vec<ZoneId>,
    /// Whether each opening needs a decision.
    pub decision: bool,
    /// Where it stands.
    pub at: Location,
}

/// A host that is decided to link two services (a reverse proxy, a jump host).
#[derive(Clone, Debug)]
pub struct Relay {
    /// Its addresses.
    pub host: AddrSet,
    /// What it may be asked.
    pub inward: ServiceSet,
    /// What it may ask.
    pub outward: Vec<Traffic>,
    /// Id of the decision.
    pub decision: Option<String>,
    /// Where it stands.
    pub at: Location,
}

/// Somebody who may decide port openings.
#[derive(Clone, Debug)]
pub struct Orderer {
    /// Name, role or address as it stands in the register.
    pub who: String,
    /// What it holds for.
    pub scope: Scope,
    /// Where it stands.
    pub at: Location,
}

/// What an authority holds for. A system's own list goes before its owner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every system.
    Everything,
    /// The systems of this owner.
    Owner(String),
    /// This system.
    System(String),
}

/// Numbers and lists that rules compare with, each with the source it comes from.
#[derive(Clone, Debug, Default)]
pub struct Parameters(pub BTreeMap<String, Parameter>);

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its value.
    pub value: Value,
    /// Pack, document and section, or `portvakt.toml`.
    pub source: String,
}

/// Value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number: attempts, days, minutes, characters.
    Number(i64),
    /// A switch.
    Flag(bool),
    /// Texts.
    List(Vec<String>),
}

impl Parameters {
    /// A number; `None` when unset: then the rule that needs it cannot tell.
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.0.get(key)?.value {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// A switch; `None` when unset.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key)?.value {
            Value::Flag(on) => Some(on),
            _ => None,
        }
    }

    /// Texts; `None` when unset.
    pub fn list(&self, key: &str) -> Option<&[String]> {
        match &self.0.get(key)?.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}
