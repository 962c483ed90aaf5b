//! On which line of a file a host or a port of it stands.
//!
//! Files of every scanner are text, and name a host before or beside its ports. This only points at a
//! line for a reader; nothing is judged by it.

use std::net::{IpAddr, SocketAddr};

use portvakt_model::{Location, Observations, SourceId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::audit::{Audit, ObservedFile};

/// The lines of hosts, and of those ports of theirs that have a row.
#[derive(Default)]
pub(super) struct Lines {
    hosts: FxHashMap<(SourceId, IpAddr), u32>,
    ports: FxHashMap<(SourceId, IpAddr, u16), u32>,
}

impl Lines {
    pub(super) fn of(audit: &Audit<'_>, files: &[ObservedFile<'_>]) -> Self {
        let mut lines = Self::default();
        for file in files {
            let Some(source) = audit.sources.get(file.source.0 as usize) else { continue };
            let wanted = Wanted::of(file.observations);
            let mut host = None;
            for (number, line) in (1..).zip(source.text().lines()) {
                lines.read(file.source, number, line, &wanted, &mut host);
            }
        }
        lines
    }

    /// A line names a host, a port of the last host that was named, or both.
    fn read(
        &mut self,
        source: SourceId,
        number: u32,
        line: &str,
        wanted: &Wanted,
        host: &mut Option<IpAddr>,
    ) {
        let words = line.split(|c: char| !c.is_ascii_hexdigit() && !".:[]".contains(c));
        let mut ports = Vec::new();
        for word in words {
            let word = word.trim_end_matches(['.', ':']);
            if let Some((address, port)) = address(word).filter(|(a, _)| wanted.hosts.contains(a)) {
                *host = Some(address);
                self.hosts.entry((source, address)).or_insert(number);
                ports.extend(port);
            } else if word.len() <= 5 {
                ports.extend(word.parse::<u16>().ok());
            }
        }
        let Some(host) = *host else { return };
        for port in ports.into_iter().filter(|p| wanted.ports.contains(&(host, *p))) {
            if line.contains("port") || line.contains(':') {
                self.ports.entry((source, host, port)).or_insert(number);
            }
        }
    }

    /// The line of a port, of its host, or the whole file.
    pub(super) fn place(&self, source: SourceId, host: IpAddr, port: Option<u16>) -> Location {
        let port = port.and_then(|port| self.ports.get(&(source, host, port)));
        let line = port.or_else(|| self.hosts.get(&(source, host)));
        line.map_or(Location::Whole(source), |line| Location::line(source, *line))
    }
}

/// `10.1.2.3`, `10.1.2.3:443`, `[2001:db8::1]:443` or `2001:db8::1`.
fn address(word: &str) -> Option<(IpAddr, Option<u16>)> {
    if !word.contains(['.', ':']) {
        return None;
    }
    if let Ok(address) = word.trim_matches(['[', ']']).parse() {
        return Some((address, None));
    }
    let both: SocketAddr = word.parse().ok()?;
    Some((both.ip(), Some(both.port())))
}

/// What a file says something of.
#[derive(Default)]
struct Wanted {
    hosts: FxHashSet<IpAddr>,
    ports: FxHashSet<(IpAddr, u16)>,
}

impl Wanted {
    fn of(observations: &Observations) -> Self {
        let mut wanted = Self::default();
        for host in observations.runs.iter().flat_map(|run| &run.hosts) {
            wanted.hosts.insert(host.address);
            wanted.ports.extend(host.ports.iter().map(|port| (host.address, port.port)));
        }
        let tls = observations.tls.iter().filter_map(|e| e.address);
        for endpoint in tls.chain(observations.ssh.iter().filter_map(|e| e.address)) {
            wanted.hosts.insert(endpoint.ip());
            wanted.ports.insert((endpoint.ip(), endpoint.port()));
        }
        wanted
    }
}
