//! What speaks on the ports that were found open.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use portvakt_model::{HostSeen, PortProtocol, PortSeen, PortState, ServiceSeen};
use portvakt_scan::connect::FRAGILE_AT_ONCE;
use portvakt_scan::scope::Rate;
use portvakt_scan::service::{Limits, Manner, identify_all};

use super::kept::Kept;

/// How fragile hosts are asked: not at all. What they say by themselves is taken, one connection at
/// a time.
fn gentle() -> Limits {
    Limits { manner: Manner::Listen, per_host: 1, at_once: FRAGILE_AT_ONCE, ..Limits::default() }
}

/// Asks every open TCP port of the hosts; `is_gentle` tells those that are fragile. What is known goes to `kept` at
/// once.
pub(super) fn identify(
    hosts: &mut [HostSeen],
    is_gentle: impl Fn(IpAddr) -> bool,
    rate: Rate,
    stop: &AtomicBool,
    kept: &Kept,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot ask services")?;
    let mut found: BTreeMap<(IpAddr, u16), ServiceSeen> = BTreeMap::new();
    let open = |host: &HostSeen| {
        let address = host.address;
        let ports: Vec<(IpAddr, u16)> =
            host.ports.iter().filter(|p| is_asked(p)).map(|p| (address, p.port)).collect();
        ports
    };
    let (careful, others): (Vec<_>, Vec<_>) =
        hosts.iter().flat_map(open).partition(|(address, _)| is_gentle(*address));
    runtime.block_on(async {
        for (targets, limits) in [(others, Limits::default()), (careful, gentle())] {
            let note = |address, port, service: ServiceSeen| {
                if service.asked {
                    kept.service(address, port, &service);
                }
                found.insert((address, port), service);
            };
            identify_all(targets, &limits, rate, stop, note).await;
        }
    });
    for host in hosts {
        for port in host.ports.iter_mut().filter(|p| is_asked(p)) {
            port.service = found.remove(&(host.address, port.port));
        }
    }
    Ok(())
}

/// What an earlier run was told is not asked again.
fn is_asked(port: &PortSeen) -> bool {
    port.state == PortState::Open
        && port.protocol == PortProtocol::Tcp
        && port.service.as_ref().is_none_or(|service| !service.asked)
}
