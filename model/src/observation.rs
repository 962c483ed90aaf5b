//! What was seen on a live network: hosts, ports and what speaks on them.
//!
//! Filled by our own scans and by what other scanners wrote; never by a configuration.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{Location, SshEndpoint, TlsEndpoint};

/// Everything that was observed, by all runs that are audited together.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// The runs, in the order they were read.
    pub runs: Vec<ScanRun>,
    /// TLS endpoints that were judged.
    pub tls: Vec<TlsEndpoint>,
    /// SSH endpoints that were judged.
    pub ssh: Vec<SshEndpoint>,
}

/// One run of a scanner from one place.
#[derive(Clone, Debug, Default)]
pub struct ScanRun {
    /// What made it: `portvakt 0.1.0`, `nmap 7.93`.
    pub tool: String,
    /// Name of the sensor or of its zone, where stated: what may be reached depends on where one stands.
    pub sensor: Option<String>,
    /// Source addresses of the probes, where stated.
    pub sources: Vec<IpAddr>,
    /// Who authorised it, where stated.
    pub authorised_by: Option<String>,
    /// When it began and ended; `None` when not stated, or when it was cut short.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Whether it went through to its end. Otherwise what it does not list was perhaps never asked.
    pub complete: bool,
    /// Where its record stands; `None` for a scan of this very run.
    pub at: Option<Location>,
    /// Addresses that were asked, as closed ranges; empty where the record does not say. Only then does
    /// silence of a host that it does not list mean anything.
    pub targets: Vec<(IpAddr, IpAddr)>,
    /// Addresses among the targets whose ports were not asked: nobody was found there, or it was stopped before.
    pub not_asked: Vec<(IpAddr, IpAddr)>,
    /// Ports that were asked, by protocol, as closed ranges in rising order; empty where the record does not say.
    pub ports: Vec<(PortProtocol, Vec<(u16, u16)>)>,
    /// What it found.
    pub hosts: Vec<HostSeen>,
    /// What it sent and got back.
    pub counts: ScanCounts,
}

/// Packets and answers of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Probes sent, retransmissions included.
    pub sent: u64,
    /// Probes that were answered.
    pub answered: u64,
    /// Answers that belong to no probe of ours: late, foreign or forged.
    pub unmatched: u64,
    /// Ports whose state is not known for certain: [`PortState::Incomplete`].
    pub incomplete: u64,
    /// Packets that the kernel dropped before we could read them.
    pub dropped: u64,
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSeen {
    /// Its address.
    pub address: IpAddr,
    /// Names that the scanner knew for it.
    pub names: Vec<String>,
    /// Hardware address, when it is on the sensor's own link.
    pub mac: Option<[u8; 6]>,
    /// Whether anything at all answered for it.
    pub up: bool,
    /// Ports that are told one by one: every open one, and what else was worth a row.
    pub ports: Vec<PortSeen>,
    /// All other ports that were asked, by state.
    pub rest: Vec<PortRanges>,
}

/// Ports of one protocol and one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortRanges {
    /// TCP or UDP.
    pub protocol: PortProtocol,
    /// Their common state.
    pub state: PortState,
    /// The ports, as closed ranges in rising order.
    pub ranges: Vec<(u16, u16)>,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortProtocol {
    /// RFC 9293.
    Tcp,
    /// RFC 768.
    Udp,
}

impl PortProtocol {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The IP protocol number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

/// What a port answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortState {
    /// A connection was accepted (SYN-ACK), or a datagram was answered.
    Open,
    /// Refused by the host itself (RST; for UDP ICMP port unreachable).
    Closed,
    /// Nothing came back though enough was sent to a host that answers, or something on the way said
    /// that it is prohibited.
    Filtered,
    /// A router said that host or network cannot be reached.
    Unreachable,
    /// UDP: nothing came back; open and filtered look the same.
    OpenOrFiltered,
    /// Not told: not asked often enough, or the host limits what it answers.
    Incomplete,
}

impl PortState {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Filtered => "filtered",
            Self::Unreachable => "unreachable",
            Self::OpenOrFiltered => "open|filtered",
            Self::Incomplete => "incomplete",
        }
    }
}

/// One port, and what speaks on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSeen {
    /// Its number.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: PortProtocol,
    /// What it answered.
    pub state: PortState,
    /// What showed the state: `syn-ack`, `reset`, `no-response`, `admin-prohibited`, …
    pub reason: String,
    /// When.
    pub at: Option<Timestamp>,
    /// How many probes it took.
    pub tries: u8,
    /// Round trip of the answer, in microseconds.
    pub rtt_us: Option<u32>,
    /// What speaks there, where it was asked.
    pub service: Option<ServiceSeen>,
}

/// What speaks on a port.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSeen {
    /// Its name in the words of IANA and nmap: `ssh`, `http`, `ms-wbt-server`, `microsoft-ds`, `mysql`, …
    pub name: String,
    /// Whether what it speaks is inside TLS.
    pub tls: bool,
    /// Whether TLS can be asked for inside the protocol (STARTTLS and its like).
    pub starttls: bool,
    /// Whether nobody asked for that: then `starttls` is no answer.
    pub starttls_unasked: bool,
    /// Product and version, when it says so.
    pub product: Option<String>,
    /// Page title or server name, when it has one.
    pub title: Option<String>,
    /// The first bytes of what it said, at most 256, with what cannot be printed escaped.
    pub evidence: String,
    /// Whether it was asked; otherwise the name is what the port number usually means.
    pub asked: bool,
}

impl ServiceSeen {
    /// Whether it was asked and said what it is. nmap calls `tcpwrapped` what hung up before a word was said.
    pub fn is_told(&self) -> bool {
        self.asked && !matches!(self.name.as_str(), "" | "unknown" | "tcpwrapped")
    }

    /// Whether nothing more is known of it than that it speaks TLS.
    pub fn is_bare_tls(&self) -> bool {
        self.tls && self.name == "ssl"
    }
}
