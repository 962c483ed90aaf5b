//! What was seen on a network: results in files, and the words of peers.

use std::collections::BTreeSet;

use portvakt::observations::understand;
use portvakt_model::{Source, SourceId};
use portvakt_scan::{service, udp};

/// Reads bytes as what a scanner wrote. Faults have places inside the text, hosts and ports come once.
pub fn results(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Source::new("any".to_owned(), text);
    let (found, faults) = understand(&source, SourceId(0));
    for fault in &faults {
        assert!(fault.at.is_none_or(|(line, _)| line <= source.line_count() + 1), "{fault}");
    }
    for run in &found.runs {
        assert!(!run.complete || faults.is_empty(), "{faults:?}");
        let addresses: BTreeSet<_> = run.hosts.iter().map(|host| host.address).collect();
        assert_eq!(addresses.len(), run.hosts.len());
        for host in &run.hosts {
            let ports: BTreeSet<_> = host.ports.iter().map(|p| (p.protocol, p.port)).collect();
            assert_eq!(ports.len(), host.ports.len());
            let rising = |r: &[(u16, u16)]| r.windows(2).all(|pair| pair[0].1 < pair[1].0);
            assert!(host.rest.iter().all(|rest| rising(&rest.ranges)));
        }
    }
}

/// Takes the first two bytes as a port, and the rest as what somebody says there.
pub fn answers(bytes: &[u8]) {
    let Some((port, said)) = bytes.split_first_chunk::<2>() else { return };
    let port = u16::from_be_bytes(*port);
    let tcp = service::recognise(said, port);
    let udp = udp::recognise(udp::PORTS[usize::from(port) % udp::PORTS.len()], said);
    for known in [tcp, udp].into_iter().flatten() {
        assert!(!known.name.is_empty());
    }
}
