//! The nouns of a network audit, independent of any vendor.
//!
//! No input or output, no clock, no serialisation: parsers fill these types, analysis and checks
//! read them. Whatever a value was read from stays with it as a line number or a cell.

mod crypto;
mod device;
mod finding;
mod management;
mod observation;
mod phrases;
mod register;
pub mod registry;
mod rule;
mod secret;
mod site;
mod source;
mod told;
mod web;
mod wlan;

pub use crypto::{
    Certificate, Chain, Evidence, GroupSeen, HostKey, Offered, ProtocolSeen, PublicKey, Revocation,
    SshEndpoint, Staple, StapledAnswer, SuiteOrder, TlsEndpoint, TlsTraits, TlsVersion, Trust,
    VulnerabilityProbe,
};
pub use device::{
    Device, DeviceZone, Interface, InterfaceKind, Interfaces, Object, ObjectKind, Prefix, Route,
    Undefined,
};
pub use finding::{
    Arg, Finding, Message, Related, Role, RuleRef, Severity, Shown, Verdict, Witness,
};
pub use management::{
    AccessLine, Account, Basis, Fact, LineKind, LogTarget, LoginKind, Management, MgmtProtocol,
    MgmtService, NtpServer, PasswordPolicy, SnmpAccess, Transport,
};
pub use observation::{
    HostSeen, Observations, PortProtocol, PortRanges, PortSeen, PortState, ScanCounts, ScanRun,
    ServiceSeen,
};
pub use phrases::{RECORDED, in_swedish, recorded_in_swedish};
pub use register::{
    Decision, EndDate, Exception, Field, Problem, Register, SsidStandard, Status, System,
};
pub use rule::{
    Action, Default, Gap, Hits, Hook, Inspection, Logging, NatKind, NatRule, Reason, Rule,
    RuleNote, Ruleset, RulesetId, Schedule,
};
pub use secret::{FoundSecret, Secret, SecretForm, SecretKind, SecretMark};
pub use site::{
    Border, Orderer, Parameter, Parameters, Relay, Scope, Site, Value, Zone, ZoneId, ZoneKind,
};
pub use source::{Coverage, LineState, Location, Source, SourceId, Span};
pub use told::{Told, filled};
pub use web::{Placed, TlsServer};
pub use wlan::{Forwarding, Isolation, Pmf, Ssid, VlanRef, WlanAuth, WlanCipher, WlanSecurity};
