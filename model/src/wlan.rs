//! Wireless networks.

use crate::Secret;

/// One wireless network as a controller or access point announces it.
#[derive(Clone, Debug)]
pub struct Ssid {
    /// The configuration's own name for it.
    pub profile: String,
    /// The announced name.
    pub ssid: String,
    /// Whether it is announced at all.
    pub enabled: bool,
    /// Whether the name is hidden.
    pub hidden: bool,
    /// Protection of the air.
    pub security: WlanSecurity,
    /// Where clients come out.
    pub forwarding: Forwarding,
    /// The VLAN clients land in.
    pub vlan: VlanRef,
    /// Atom of the interface that rules use for it.
    pub interface: Option<u32>,
    /// Whether clients can reach each other.
    pub isolation: Isolation,
    /// Whether a portal asks for something first; `None` when not known.
    pub portal: Option<bool>,
    /// Line, from 1.
    pub line: u32,
    /// Line of the isolation setting; `None` when it is absent.
    pub isolation_line: Option<u32>,
    /// Line of the security setting; `None` when it is absent.
    pub security_line: Option<u32>,
}

/// Protection of the air. `None` in a field means that the export does not tell.
#[derive(Clone, Debug, Default)]
pub struct WlanSecurity {
    /// Ways to get in, all that are offered.
    pub auth: Vec<WlanAuth>,
    /// Pairwise ciphers, all that are offered.
    pub ciphers: Vec<WlanCipher>,
    /// Protected management frames (IEEE 802.11w).
    pub pmf: Option<Pmf>,
    /// The passphrase, when one is set.
    pub passphrase: Option<Secret>,
}

/// How a client gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WlanAuth {
    /// Nothing is asked and the air is clear.
    Open,
    /// Nothing is asked, the air is encrypted (RFC 8110).
    Owe,
    /// Static WEP keys.
    Wep,
    /// WPA or WPA2 with a passphrase.
    Psk,
    /// WPA3 with a passphrase.
    Sae,
    /// IEEE 802.1X, WPA or WPA2.
    Dot1x,
    /// IEEE 802.1X with WPA3.
    Dot1xWpa3,
}

/// Cipher of the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WlanCipher {
    /// RC4 with static keys.
    Wep,
    /// RC4 with per-packet keys.
    Tkip,
    /// AES-CCMP-128.
    Ccmp,
    /// AES-GCMP.
    Gcmp,
}

/// Protected management frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pmf {
    /// Not offered.
    Off,
    /// Offered, not required.
    Optional,
    /// Required.
    Required,
}

/// Where a client's traffic comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// At the controller.
    Central,
    /// At the access point.
    Local,
    /// The export does not tell.
    Unknown,
}

/// The VLAN that clients land in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VlanRef {
    /// This one.
    Id(u16),
    /// A name that the export does not resolve.
    Name(String),
    /// The AAA server decides.
    Dynamic,
    /// None: the wireless network is a routed interface of its own.
    Routed,
    /// The export does not tell.
    Unknown,
}

/// Whether clients of one wireless network can reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// They can.
    Off,
    /// Not through the same access point; through another they may.
    AccessPoint,
    /// Not anywhere the controller forwards.
    Controller,
    /// The export does not tell.
    Unknown,
}
