//! One `host` element: addresses, names, ports one by one and ports by the hundred.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use portvakt_model::{
    Chain, PortProtocol, PortRanges, PortSeen, PortState, ProtocolSeen, ServiceSeen, TlsEndpoint,
};
use portvakt_scan::tls::starttls::StartTls;
use quick_xml::events::BytesStart;

use super::super::run::{self, Hosts};
use super::super::{Reading, endpoints, faults};
use super::ciphers::Ciphers;
use super::{Asked, attribute, second};

/// A host while it is read.
#[derive(Default)]
pub(super) struct Host {
    address: Option<IpAddr>,
    mac: Option<[u8; 6]>,
    names: Vec<String>,
    up: bool,
    /// nmap gave up on it: ports that are not named were perhaps not asked.
    timed_out: bool,
    at: Option<Timestamp>,
    ports: Vec<PortSeen>,
    port: Option<PortSeen>,
    groups: Vec<Group>,
    /// The certificate that is being read.
    pem: Option<String>,
    /// Certificates by port, in PEM.
    pems: Vec<(u16, String)>,
    /// Versions and suites that are being read.
    ciphers: Option<Ciphers>,
    /// The same by port.
    enumerated: Vec<(u16, Vec<ProtocolSeen>)>,
}

/// Longest certificate in PEM that is kept, in bytes.
const MOST_PEM: usize = 64 * 1024;

/// Ports of one state that are counted, and perhaps listed.
struct Group {
    state: PortState,
    /// The lists, by protocol. nmap before 7.90 has none.
    listed: Vec<(PortProtocol, Vec<(u16, u16)>)>,
}

impl Host {
    pub(super) fn new(tag: &BytesStart<'_>) -> Self {
        let timed_out = attribute(tag, "timedout").is_some_and(|t| t == "true");
        Self { at: second(tag, "endtime"), timed_out, ..Self::default() }
    }

    pub(super) fn open(&mut self, tag: &BytesStart<'_>, at: usize, reading: &mut Reading<'_>) {
        match tag.local_name().as_ref() {
            "status" => self.status(tag),
            "address" => self.address(tag, at, reading),
            "hostname" => {
                self.names.extend(attribute(tag, "name").map(|name| run::clean(&name)));
            }
            "extraports" => self.groups.push(Group {
                state: run::state(&attribute(tag, "state").unwrap_or_default()),
                listed: Vec::new(),
            }),
            "extrareasons" => self.reasons(tag),
            "port" => self.port(tag, at, reading),
            "state" => self.state(tag),
            "service" => self.service(tag),
            "script" => self.script(tag),
            "table" | "elem" => self.inside_script(tag),
            _ => {}
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        match name {
            "port" => self.ports.extend(self.port.take()),
            "elem" => {
                let number = self.port.as_ref().map(|port| port.port);
                self.pems.extend(number.zip(self.pem.take()));
                self.ciphers.iter_mut().for_each(Ciphers::end_element);
            }
            "script" => {
                let number = self.port.as_ref().map(|port| port.port);
                let found = self.ciphers.take().map(Ciphers::end).filter(|f| !f.is_empty());
                self.enumerated.extend(number.zip(found));
            }
            _ => {}
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some(pem) = self.pem.as_mut().filter(|pem| pem.len() + text.len() <= MOST_PEM) {
            pem.push_str(text);
        }
        if let Some(ciphers) = &mut self.ciphers {
            ciphers.text(text);
        }
    }

    /// A part of what a script found.
    fn inside_script(&mut self, tag: &BytesStart<'_>) {
        let key = attribute(tag, "key").unwrap_or_default();
        let is_table = tag.local_name().as_ref() == "table";
        match &mut self.ciphers {
            Some(ciphers) if is_table => ciphers.table(&key),
            Some(ciphers) => ciphers.element(&key),
            None if !is_table && key == "pem" => self.pem = Some(String::new()),
            None => {}
        }
    }

    /// Endpoints of which the certificate, or the versions and suites, or both are known.
    pub(super) fn endpoints(&self) -> Vec<TlsEndpoint> {
        let Some((address, at)) = self.address.zip(self.at) else { return Vec::new() };
        let mut found: BTreeMap<u16, (Vec<ProtocolSeen>, Vec<Chain>)> = BTreeMap::new();
        for (port, pem) in &self.pems {
            let chain = endpoints::chain(pem);
            found.entry(*port).or_default().1.extend(chain);
        }
        for (port, protocols) in &self.enumerated {
            let known = &mut found.entry(*port).or_default().0;
            if known.is_empty() {
                known.clone_from(protocols);
            }
        }
        let told = found
            .into_iter()
            .filter(|(_, (protocols, chains))| !protocols.is_empty() || !chains.is_empty());
        let endpoint = |(port, (protocols, chains))| {
            let peer = SocketAddr::new(address, port);
            TlsEndpoint {
                starttls: StartTls::of_port(port).map(StartTls::name),
                protocols,
                chains,
                ..endpoints::partial(peer.to_string(), Some(peer), at, "nmap")
            }
        };
        told.map(endpoint).collect()
    }

    /// `user-set` is what `-Pn` says of every address: nothing answered for it.
    fn status(&mut self, tag: &BytesStart<'_>) {
        let is = |name: &str, value: &str| attribute(tag, name).is_some_and(|v| v == value);
        self.up = is("state", "up") && !is("reason", "user-set");
    }

    fn address(&mut self, tag: &BytesStart<'_>, at: usize, reading: &mut Reading<'_>) {
        let text = attribute(tag, "addr").unwrap_or_default();
        if attribute(tag, "addrtype").is_some_and(|kind| kind == "mac") {
            self.mac = run::mac(&text);
            return;
        }
        match text.trim().parse() {
            Ok(address) => self.address = Some(address),
            Err(_) => reading.fault(at, faults::HOST_ADDRESS),
        }
    }

    fn reasons(&mut self, tag: &BytesStart<'_>) {
        let protocol = attribute(tag, "proto").and_then(|p| run::protocol(&p));
        let ports = attribute(tag, "ports").and_then(|p| run::port_list(&p));
        if let (Some(group), Some(listed)) = (self.groups.last_mut(), protocol.zip(ports)) {
            group.listed.push(listed);
        }
    }

    fn port(&mut self, tag: &BytesStart<'_>, at: usize, reading: &mut Reading<'_>) {
        let word = attribute(tag, "protocol").unwrap_or_default();
        let Some(protocol) = run::protocol(&word) else { return };
        let number = attribute(tag, "portid").and_then(|n| n.trim().parse().ok());
        match number {
            Some(number) => {
                let mut port = run::port(number, protocol, PortState::Incomplete);
                port.at = self.at;
                self.port = Some(port);
            }
            None => reading.fault(at, faults::PORT),
        }
    }

    fn state(&mut self, tag: &BytesStart<'_>) {
        if let Some(port) = &mut self.port {
            port.state = run::state(&attribute(tag, "state").unwrap_or_default());
            port.reason = run::clean(&attribute(tag, "reason").unwrap_or_default());
        }
    }

    /// `method="table"` is what the port number usually means.
    fn service(&mut self, tag: &BytesStart<'_>) {
        let Some(port) = &mut self.port else { return };
        let asked = attribute(tag, "method").is_some_and(|method| method == "probed");
        let mut seen = run::service(&attribute(tag, "name").unwrap_or_default(), asked);
        seen.tls = attribute(tag, "tunnel").is_some_and(|tunnel| tunnel == "ssl");
        let words = ["product", "version", "extrainfo"].map(|name| attribute(tag, name));
        let words: Vec<String> = words.into_iter().flatten().collect();
        seen.product = run::said(Some(&words.join(" ")));
        seen.starttls_unasked = !seen.tls;
        port.service = Some(seen);
    }

    fn script(&mut self, tag: &BytesStart<'_>) {
        let Some(port) = &mut self.port else { return };
        let output = attribute(tag, "output").unwrap_or_default();
        let id = attribute(tag, "id");
        self.ciphers =
            id.as_ref().filter(|id| *id == "ssl-enum-ciphers").map(|_| Ciphers::default());
        let is_starttls = StartTls::of_port(port.port).is_some();
        let service = port.service.get_or_insert_with(ServiceSeen::default);
        match id.as_deref() {
            Some("http-title") => {
                service.title = run::said(output.lines().next());
            }
            Some("banner") => service.evidence = run::clean(&output),
            // A certificate on such a port does not mean that all that is said there is inside TLS.
            Some("ssl-cert" | "ssl-enum-ciphers") if is_starttls => service.starttls = true,
            Some("ssl-cert" | "ssl-enum-ciphers") => service.tls = true,
            Some("smtp-commands" | "imap-capabilities" | "pop3-capabilities") => {
                let offers = |word: &str| output.contains(word);
                service.starttls |= offers("STARTTLS") || offers("STLS");
                service.starttls_unasked = false;
            }
            _ => {}
        }
    }

    /// Hands over what was read.
    pub(super) fn give(mut self, asked: &Asked, hosts: &mut Hosts) {
        self.ports.extend(self.port.take());
        let Some(address) = self.address else { return };
        let rest = self.rest(asked);
        let host = hosts.host(address);
        host.up |= self.up;
        host.mac = host.mac.or(self.mac);
        host.names.append(&mut self.names);
        host.ports.append(&mut self.ports);
        host.rest.extend(rest);
    }

    /// Ports that are only counted. Where nmap lists none, they are all that it asked and did not
    /// tell one by one, if there is one group alone; of several, none can be told from another.
    fn rest(&self, asked: &Asked) -> Vec<PortRanges> {
        let listed = self.groups.iter().flat_map(|group| {
            let of = |(protocol, ranges): &(PortProtocol, Vec<_>)| PortRanges {
                protocol: *protocol,
                state: group.state,
                ranges: ranges.clone(),
            };
            group.listed.iter().map(of)
        });
        let mut rest: Vec<PortRanges> = listed.collect();
        let unlisted: Vec<&Group> = self.groups.iter().filter(|g| g.listed.is_empty()).collect();
        let state = match unlisted.as_slice() {
            [] => return rest,
            [group] => group.state,
            _ => PortState::Incomplete,
        };
        for protocol in [PortProtocol::Tcp, PortProtocol::Udp] {
            let own = self.ports.iter().filter(|p| p.protocol == protocol);
            let mut told: Vec<(u16, u16)> = own.map(|p| (p.port, p.port)).collect();
            let same = rest.iter().filter(|r| r.protocol == protocol);
            told.extend(same.flat_map(|r| r.ranges.iter().copied()));
            let ranges = run::without(asked.of(protocol), &run::joined(told));
            if !ranges.is_empty() {
                let state = if self.timed_out { PortState::Incomplete } else { state };
                rest.push(PortRanges { protocol, state, ranges });
            }
        }
        rest
    }
}
