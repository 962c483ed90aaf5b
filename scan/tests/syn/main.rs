//! The packet engine against real kernels: hosts and filters in a network namespace, each with the truth
//! written beside it. Nothing may be missed, and nothing claimed that is not so.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "what was scanned is said, and why something was not")]

mod hostile;
#[path = "../lab/mod.rs"]
#[expect(dead_code, reason = "tests of other engines need more of it")]
mod lab;
mod links;
mod memory;
mod privileges;
mod states;
mod truth;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use portvakt_model::{PortState, ScanRun};
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::plan::{Plan, Range, Target, parse_ports};
use portvakt_scan::scope::Rate;
use portvakt_scan::syn::{Engine, How};

/// As fast as it goes.
const UNBOUND: Rate = Rate { total: 10_000_000, subnet: 10_000_000, host: 10_000_000 };
/// What listens in the lab.
const OPEN: [u16; 12] = [22, 53, 80, 443, 445, 3389, 5432, 8080, 8443, 9100, 10_050, 62_078];

fn plan(targets: &[&str], ports: &str) -> Plan {
    let range = |text: &&str| -> Range {
        match text.parse().unwrap() {
            Target::Addresses(first, last) => (first, last),
            Target::Name(name) => panic!("{name}"),
        }
    };
    Plan::of(targets.iter().map(range).collect(), &parse_ports(ports).unwrap())
}

fn fast() -> How {
    How { rate: UNBOUND, ..How::default() }
}

/// A scan to its end, and what was told on the way.
fn scan(lab: &lab::Lab, plan: &Plan, how: &How) -> ScanRun {
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let told: Mutex<Vec<Seen>> = Mutex::default();
    let seen = |seen: Seen| told.lock().unwrap().push(seen);
    let control = Control { stop: &stop, progress: &progress, seen: &seen };
    let run = lab.scanner(|| Engine::open().unwrap().scan(plan, how, control).unwrap());
    assert!(run.complete);
    let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!(read(&progress.sent).max(run.counts.sent), read(&progress.sent));
    assert_eq!(read(&progress.done), plan.probes(), "progress ends at its end");
    let mut told: Vec<(IpAddr, u16)> =
        told.into_inner().unwrap().iter().map(|s| (s.address, s.port)).collect();
    told.sort_unstable();
    let listed = all(&run).into_iter().filter(|(_, state)| *state == PortState::Open);
    assert_eq!(told, listed.map(|(probe, _)| probe).collect::<Vec<_>>(), "told as it is listed");
    eprintln!("{:?}", run.counts);
    run
}

/// The state of every port of a run.
fn all(run: &ScanRun) -> BTreeMap<(IpAddr, u16), PortState> {
    let mut states = BTreeMap::new();
    for host in &run.hosts {
        for (port, state) in lab::states(host) {
            assert_eq!(states.insert((host.address, port), state), None, "{port} stands twice");
        }
    }
    states
}

/// Compares every port of a plan with the truth.
fn compare(plan: &Plan, run: &ScanRun, truth: impl Fn(IpAddr, u16) -> PortState) {
    let seen = all(run);
    assert_eq!(seen.len() as u64, plan.probes(), "every port has a state");
    let wrong: Vec<String> = seen
        .iter()
        .filter(|((address, port), state)| truth(*address, *port) != **state)
        .map(|((address, port), state)| {
            format!("{address}:{port} is {:?}, not {state:?}", truth(*address, *port))
        })
        .collect();
    let shown = &wrong[..wrong.len().min(10)];
    assert!(wrong.is_empty(), "{} of {} are wrong: {shown:#?}", wrong.len(), seen.len());
}

/// The last octet of an address.
fn last(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(v6) => v6.octets()[15],
    }
}
