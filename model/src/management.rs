//! The management plane: how a device is administered, and by whom.

use portvakt_space::AddrSet;

use crate::Secret;

/// A setting with its basis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What it is set to.
    pub value: T,
    /// How that is known.
    pub basis: Basis,
}

impl<T> Fact<T> {
    /// A setting that stands on `line` (from 1).
    pub const fn explicit(value: T, line: u32) -> Self {
        Self { value, basis: Basis::Line(line) }
    }

    /// A setting that is absent, so that the vendor's default of `manual` applies.
    pub const fn default_of(value: T, manual: &'static str) -> Self {
        Self { value, basis: Basis::VendorDefault(manual) }
    }

    /// The line it stands on.
    pub const fn line(&self) -> Option<u32> {
        match self.basis {
            Basis::Line(line) => Some(line),
            Basis::VendorDefault(_) => None,
        }
    }
}

/// How a setting is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It stands on this line, from 1.
    Line(u32),
    /// It is absent; the text names the manual and version whose default applies.
    VendorDefault(&'static str),
}

/// How a device is administered. `None` in a field means that the export does not tell: a rule on
/// it is then *cannot tell*, never *pass*.
#[derive(Clone, Debug, Default)]
pub struct Management {
    /// Whether a browser that comes by HTTP is sent on to HTTPS; `None` where the device has no such
    /// setting or the export does not tell.
    pub http_redirect: Option<Fact<bool>>,
    /// Protocols that the device answers on.
    pub services: Vec<MgmtService>,
    /// Whether [`Management::services`] is the whole list: then a protocol not in it is off.
    pub services_complete: bool,
    /// Console, auxiliary and virtual lines, and the web interface.
    pub lines: Vec<AccessLine>,
    /// Local accounts.
    pub accounts: Vec<Account>,
    /// SNMP access by community or user.
    pub snmp: Vec<SnmpAccess>,
    /// Time servers.
    pub ntp: Vec<NtpServer>,
    /// Whether the export would show time servers.
    pub ntp_known: bool,
    /// Receivers of log messages.
    pub log_targets: Vec<LogTarget>,
    /// Whether the export would show log receivers.
    pub logging_known: bool,
    /// Whether logins are checked by a central AAA server.
    pub central_aaa: Option<Fact<bool>>,
    /// Whether administrators' commands are logged or accounted for.
    pub command_log: Option<Fact<bool>>,
    /// Whether traffic that no rule permits is logged, where a setting decides it for the device.
    pub denied_log: Option<Fact<bool>>,
    /// Whether successful logins are logged.
    pub login_success_log: Option<Fact<bool>>,
    /// Whether failed logins are logged.
    pub login_failure_log: Option<Fact<bool>>,
    /// Failed logins before lockout; 0 is no limit.
    pub login_attempts: Option<Fact<u32>>,
    /// Length of the lockout in seconds; 0 is none.
    pub lockout_seconds: Option<Fact<u32>>,
    /// Rules for local passwords.
    pub password_policy: PasswordPolicy,
    /// SSH protocol versions offered: 1, 2 or both.
    pub ssh_versions: Option<Fact<Vec<u8>>>,
    /// SSH algorithms that are set, by their names; `None` where the export does not tell which ones
    /// apply.
    pub ssh_algorithms: Option<Vec<Fact<String>>>,
    /// Algorithms of IKE and IPsec that are set for VPNs, as the vendor writes them (`3des-sha1`,
    /// `group2`).
    pub vpn_algorithms: Vec<Fact<String>>,
    /// VPNs that set no Diffie-Hellman group, by their names: [`Management::vpn_default_groups`] apply.
    pub vpn_groups_unset: Vec<Fact<String>>,
    /// The groups of a VPN that sets none; `None` where the default of the release is not known.
    pub vpn_default_groups: Option<Fact<Vec<String>>>,
    /// Algorithms of SNMP version 3 that are set, as the vendor writes them (`md5`, `des`).
    pub snmp_algorithms: Vec<Fact<String>>,
    /// TLS versions of the web interface, by their names (`TLSv1.2`).
    pub tls_versions: Option<Fact<Vec<String>>>,
    /// TLS ciphers of the web interface: suites by their IANA names where a list is OpenSSL's, the
    /// vendor's words elsewhere (`rc4-128-sha`, `low`); `None` where the export does not tell which ones
    /// apply.
    pub tls_ciphers: Option<Vec<Fact<String>>>,
    /// Whether weak ciphers are refused everywhere (FortiOS `strong-crypto`).
    pub strong_crypto: Option<Fact<bool>>,
    /// The oldest TLS version in connections that the device itself opens, where that is set.
    pub own_tls_least: Option<Fact<String>>,
    /// Whether a text is shown before login.
    pub banner: Option<Fact<bool>>,
    /// Whether the configuration is saved or sent somewhere by itself.
    pub config_backup: Option<Fact<bool>>,
    /// Services that are on and rarely needed (`ip source-route`, `service pad`, `ip finger`).
    pub unneeded: Vec<Fact<String>>,
}

/// A management protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MgmtProtocol {
    /// Telnet, tcp/23.
    Telnet,
    /// HTTP in clear.
    Http,
    /// HTTPS.
    Https,
    /// SSH.
    Ssh,
    /// SNMP of any version.
    Snmp,
    /// ICMP echo to the device.
    Ping,
    /// TFTP or FTP server on the device.
    Ftp,
    /// The vendor's own management (FortiManager, Security Fabric, CAPWAP).
    Vendor,
    /// Remote shell (rsh, rcp).
    Rsh,
}

impl MgmtProtocol {
    /// The protocol's name as the field writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Telnet => "Telnet",
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Ssh => "SSH",
            Self::Snmp => "SNMP",
            Self::Ping => "ping",
            Self::Ftp => "FTP",
            Self::Vendor => "vendor management",
            Self::Rsh => "rsh",
        }
    }

    /// Whether credentials or configuration cross the network readable.
    pub const fn is_clear_text(self) -> bool {
        matches!(self, Self::Telnet | Self::Http | Self::Ftp | Self::Rsh)
    }
}

/// A protocol that the device answers on.
#[derive(Clone, Debug)]
pub struct MgmtService {
    /// Which.
    pub protocol: MgmtProtocol,
    /// Atom of the interface it answers on; `None` is every one.
    pub interface: Option<u32>,
    /// Addresses it answers to.
    pub sources: AddrSet,
    /// Line, from 1; 0 for the vendor's default.
    pub line: u32,
}

/// A way in: console, auxiliary port, virtual line, web interface.
#[derive(Clone, Debug)]
pub struct AccessLine {
    /// As the configuration names it: `vty 0 4`, `console 0`, `ssh`.
    pub name: String,
    /// What it is.
    pub kind: LineKind,
    /// Protocols it takes; empty is none.
    pub transports: Vec<Transport>,
    /// Seconds of idleness before logout; 0 is never.
    pub idle_seconds: Option<Fact<u32>>,
    /// What is asked at login.
    pub login: LoginKind,
    /// Source addresses that may use it; `None` is no limit.
    pub sources: Option<AddrSet>,
    /// Line, from 1.
    pub line: u32,
}

/// Kind of a way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Serial console.
    Console,
    /// Auxiliary port.
    Auxiliary,
    /// Over the network, by terminal.
    Remote,
    /// Over the network, by browser.
    Web,
}

/// Protocol of a virtual line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Telnet.
    Telnet,
    /// SSH.
    Ssh,
    /// Anything else, old and unencrypted (LAT, PAD, rlogin).
    Other,
}

/// What is asked at login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginKind {
    /// Nothing.
    Nothing,
    /// One password for everybody.
    LinePassword,
    /// A local account.
    LocalAccount,
    /// An account of a central server.
    CentralAaa,
    /// The export does not tell.
    Unknown,
}

/// A local account.
#[derive(Clone, Debug)]
pub struct Account {
    /// User name.
    pub name: String,
    /// Its password, when one is set.
    pub secret: Option<Secret>,
    /// Whether it may change everything.
    pub privileged: Option<bool>,
    /// Whether the password is checked elsewhere (RADIUS, LDAP, SAML).
    pub remote: bool,
    /// Whether a second factor or a certificate is asked for.
    pub strong_auth: Option<bool>,
    /// Addresses it may log in from; `None` is no limit.
    pub trusted_hosts: Option<AddrSet>,
    /// Line, from 1.
    pub line: u32,
}

/// SNMP access.
#[derive(Clone, Debug)]
pub struct SnmpAccess {
    /// 1, 2 (for 2c) or 3.
    pub version: u8,
    /// Community, or the user's key.
    pub secret: Option<Secret>,
    /// Whether it may write.
    pub write: bool,
    /// For version 3: whether messages are encrypted.
    pub privacy: Option<bool>,
    /// Addresses it answers to; `None` is no limit.
    pub sources: Option<AddrSet>,
    /// Line, from 1.
    pub line: u32,
}

/// A time server.
#[derive(Clone, Debug)]
pub struct NtpServer {
    /// Address or name as written.
    pub server: String,
    /// Whether its answers are authenticated.
    pub authenticated: bool,
    /// Line, from 1.
    pub line: u32,
}

/// A receiver of log messages.
#[derive(Clone, Debug)]
pub struct LogTarget {
    /// Address or name as written.
    pub target: String,
    /// Syslog severity 0–7 (RFC 5424) up to which messages are sent; `None` when not stated.
    pub level: Option<Fact<u8>>,
    /// Whether messages go as datagrams (UDP, RFC 5426), which can be lost and forged unseen; `None`
    /// when not stated.
    pub datagrams: Option<bool>,
    /// Whether the transport is encrypted; `None` when not stated.
    pub encrypted: Option<bool>,
    /// Line, from 1.
    pub line: u32,
}

/// Rules for local passwords.
#[derive(Clone, Debug, Default)]
pub struct PasswordPolicy {
    /// Shortest length, in characters.
    pub min_length: Option<Fact<u32>>,
    /// Whether lower case, upper case, digits and special characters are each asked for.
    pub complexity: Option<Fact<bool>>,
    /// Days until a new one is asked for; 0 is never.
    pub max_age_days: Option<Fact<u32>>,
    /// How many old ones are refused.
    pub history: Option<Fact<u32>>,
}
