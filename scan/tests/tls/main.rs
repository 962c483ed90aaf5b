//! Looks at scripted servers on loopback: what they were told to offer must be found, all of it and
//! nothing else, with few connections; and hostile ones must be borne.

#![expect(clippy::unwrap_used, reason = "a test")]

mod enumerate;
mod hostile;
mod quirks;
mod server;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portvakt_model::{Chain, Offered, ProtocolSeen, TlsEndpoint, TlsVersion};
use portvakt_scan::tls::{Depth, How, Limits, Split, Target, look};

pub(crate) fn how(depth: Depth) -> How {
    let limits = Limits { answer: Duration::from_secs(3), ..Limits::default() };
    How { depth, split: Split::default(), limits, chain: Arc::new(|_, _| Chain::default()) }
}

pub(crate) fn target(address: SocketAddr) -> Target {
    let (host, port) = (address.ip().to_string(), address.port());
    Target { host, port, address: Some(address), starttls: None }
}

pub(crate) async fn seen(address: SocketAddr, depth: Depth) -> TlsEndpoint {
    look(&target(address), &how(depth)).await
}

pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(test)
}

pub(crate) fn protocol(endpoint: &TlsEndpoint, version: TlsVersion) -> &ProtocolSeen {
    endpoint.protocols.iter().find(|p| p.version == version).unwrap()
}

pub(crate) fn suites(endpoint: &TlsEndpoint, version: TlsVersion) -> Vec<u16> {
    let suites = &protocol(endpoint, version).suites;
    suites.iter().map(|s| u16::try_from(*s).unwrap()).collect()
}

pub(crate) fn groups(endpoint: &TlsEndpoint, version: TlsVersion) -> BTreeSet<u16> {
    endpoint.groups.iter().filter(|g| g.version == version).map(|g| g.group).collect()
}

pub(crate) fn offered(endpoint: &TlsEndpoint) -> Vec<TlsVersion> {
    let yes = endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    yes.map(|p| p.version).collect()
}
