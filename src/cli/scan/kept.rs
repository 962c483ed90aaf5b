//! What a run has found so far, on disk while it runs: where `--resume` goes on, whether it was stopped or killed.
//!
//! The file stands beside the record. It has the form of an answer as NDJSON, so that whatever reads results
//! reads it too, and it is only appended to, by a descriptor from before rights were given up. What ports
//! answered is written every [`EVERY`]; what silence means once a stretch of the plan is through. A line that is
//! cut short is passed over by whoever reads it: what it would have said is asked again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ServiceSeen};
use portvakt_scan::control::Seen;
use serde::Serialize;

use super::document::{Addresses, Facts, HostRow, port_ranges};
use super::earlier::Earlier;

/// How often what was found is written. So much of what ports answered is asked again at most after a kill.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// Answers that are written before that time, so that memory stays bounded: 24 MB.
pub(super) const MANY: usize = 1 << 20;

/// The file of a run.
pub(super) struct Kept {
    path: PathBuf,
    out: Mutex<Out>,
    /// What speaks on ports, as it was found out and is not written yet.
    services: Mutex<Vec<(IpAddr, u16, ServiceSeen)>>,
}

struct Out {
    file: File,
    /// Why something could not be written.
    failed: Option<io::Error>,
    /// Whether the last line may have been cut short.
    torn: bool,
}

/// Addresses of a stretch that is through.
#[derive(Serialize)]
struct Settled<'a> {
    schema: &'static str,
    #[serde(flatten)]
    addresses: &'a Addresses,
}

impl Kept {
    /// Makes the file. It is locked as long as this process lives, so that nobody goes on with a run that runs.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        // Where locks are not known nobody is kept from it.
        let _ = file.try_lock();
        let out = Out { file, failed: None, torn: false };
        Ok(Self { path, out: Mutex::new(out), services: Mutex::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is known before the first packet: the run, and what an earlier one found.
    pub(super) fn begin(&self, facts: &Facts, earlier: &Earlier) -> io::Result<()> {
        let mut lines = Vec::new();
        line(&mut lines, facts)?;
        add_hosts(&mut lines, &earlier.hosts())?;
        add_addresses(&mut lines, &earlier.addresses())?;
        self.out().write(&lines)
    }

    /// Keeps what was found out of a service until the next [`Kept::write`].
    pub(super) fn service(&self, address: IpAddr, port: u16, service: &ServiceSeen) {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        services.push((address, port, service.clone()));
    }

    /// Writes what ports have answered since the last time, and what speaks there.
    pub(super) fn write(&self, answers: Vec<Seen>) {
        let services =
            std::mem::take(&mut *self.services.lock().unwrap_or_else(PoisonError::into_inner));
        if answers.is_empty() && services.is_empty() {
            return;
        }
        self.append(|lines| add_hosts(lines, &by_host(answers, services)));
    }

    /// Writes what a stretch of the plan has come to.
    pub(super) fn settle<'h>(
        &self,
        hosts: impl IntoIterator<Item = &'h HostSeen>,
        addresses: &Addresses,
    ) {
        self.append(|lines| {
            add_hosts(lines, hosts)?;
            add_addresses(lines, addresses)
        });
    }

    /// Why something could not be written.
    pub(super) fn failure(&self) -> Option<String> {
        self.out().failed.as_ref().map(ToString::to_string)
    }

    fn append(&self, add: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) {
        let mut lines = Vec::new();
        let added = add(&mut lines);
        let mut out = self.out();
        if let Err(e) = added.and_then(|()| out.write(&lines)) {
            out.failed.get_or_insert(e);
        }
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    /// Writes lines, and returns when they are on the disk.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.write_all(b"\n")?;
        }
        self.torn = true;
        self.file.write_all(lines)?;
        self.torn = false;
        self.file.sync_data()
    }
}

fn line(lines: &mut Vec<u8>, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, record)?;
    lines.push(b'\n');
    Ok(())
}

fn add_hosts<'h>(
    lines: &mut Vec<u8>,
    hosts: impl IntoIterator<Item = &'h HostSeen>,
) -> io::Result<()> {
    let no_names = BTreeMap::new();
    hosts.into_iter().try_for_each(|host| line(lines, &HostRow::new(host, &no_names)))
}

fn add_addresses(lines: &mut Vec<u8>, addresses: &Addresses) -> io::Result<()> {
    if addresses.silent.is_empty() && addresses.skipped.is_empty() {
        return Ok(());
    }
    line(lines, &Settled { schema: Facts::schema_name(), addresses })
}

/// What was heard, as hosts.
fn by_host(answers: Vec<Seen>, services: Vec<(IpAddr, u16, ServiceSeen)>) -> Vec<HostSeen> {
    let mut closed: BTreeMap<(IpAddr, PortProtocol), Vec<u16>> = BTreeMap::new();
    let mut hosts: BTreeMap<IpAddr, HostSeen> = BTreeMap::new();
    let at = Timestamp::now();
    for seen in answers {
        match seen.state {
            PortState::Open => host(&mut hosts, seen.address).ports.push(open(seen, at, None)),
            _ => closed.entry((seen.address, seen.protocol)).or_default().push(seen.port),
        }
    }
    for ((address, protocol), ports) in closed {
        let ranges = port_ranges(&ports).iter().map(|[a, b]| (*a, *b)).collect();
        let rest = PortRanges { protocol, state: PortState::Closed, ranges };
        host(&mut hosts, address).rest.push(rest);
    }
    for (address, port, service) in services {
        let (protocol, state) = (PortProtocol::Tcp, PortState::Open);
        let seen = Seen { address, port, protocol, state };
        host(&mut hosts, address).ports.push(open(seen, at, Some(service)));
    }
    hosts.into_values().collect()
}

fn host(hosts: &mut BTreeMap<IpAddr, HostSeen>, address: IpAddr) -> &mut HostSeen {
    hosts.entry(address).or_insert_with(|| HostSeen {
        address,
        names: Vec::new(),
        mac: None,
        up: true,
        ports: Vec::new(),
        rest: Vec::new(),
    })
}

/// An open port. When it answered is known to [`EVERY`], and no more of it than that.
fn open(seen: Seen, at: Timestamp, service: Option<ServiceSeen>) -> PortSeen {
    let reason = match seen.protocol {
        PortProtocol::Tcp => "syn-ack",
        PortProtocol::Udp => "udp-response",
    };
    PortSeen {
        port: seen.port,
        protocol: seen.protocol,
        state: seen.state,
        reason: reason.to_owned(),
        at: Some(at),
        tries: 0,
        rtt_us: None,
        service,
    }
}
