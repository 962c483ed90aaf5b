//! What nmap itself writes is read: of a run that went through, and of one that was killed.
//!
//! Needs `nmap`; where it is missing this says so and skips, and where `CI` is set it fails.

#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portvakt::observations::{Read, read};
use portvakt_model::{PortProtocol, PortState, SourceId};

/// nmap against this machine, without a look at names or whether it is there.
fn nmap(output: &Path, more: &[&str]) -> Option<Command> {
    let is_there = Command::new("nmap").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "nmap is not installed");
        eprintln!("skipped: nmap is not installed");
        return None;
    }
    let mut command = Command::new("nmap");
    command.args(["-sT", "-Pn", "-n", "-oX"]).arg(output).args(more).arg("127.0.0.1");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Some(command)
}

fn read_one(path: &Path) -> Read {
    read(&[path.to_owned()], SourceId(0))
}

#[test]
fn a_run_of_nmap_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.xml");
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let open_port = open.local_addr().unwrap().port();
    let Some(mut command) = nmap(&path, &["-p", &format!("{open_port},{closed}")]) else { return };
    assert!(command.status().unwrap().success());
    let found = read_one(&path);
    assert_eq!(found.faults, []);
    let [run] = found.observations.runs.as_slice() else { panic!("one run") };
    assert!(run.complete && run.tool.starts_with("nmap "), "{run:?}");
    let [host] = run.hosts.as_slice() else { panic!("one host") };
    assert!(host.up);
    let state = |wanted: u16| host.ports.iter().find(|p| p.port == wanted).map(|p| p.state);
    assert_eq!(state(open_port), Some(PortState::Open));
    assert_eq!(state(closed), Some(PortState::Closed));
}

#[test]
fn many_closed_ports_of_nmap_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.xml");
    let Some(mut command) = nmap(&path, &["-p", "1-2000"]) else { return };
    assert!(command.status().unwrap().success());
    let found = read_one(&path);
    assert_eq!(found.faults, []);
    let host = &found.observations.runs[0].hosts[0];
    let singles = host.ports.iter().filter(|p| p.protocol == PortProtocol::Tcp).count();
    let widths = host.rest.iter().flat_map(|r| &r.ranges).map(|(lo, hi)| usize::from(hi - lo) + 1);
    assert_eq!(singles + widths.sum::<usize>(), 2000, "every port that was asked is told once");
}

#[test]
fn a_run_of_nmap_that_was_killed_is_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.xml");
    let Some(mut command) = nmap(&path, &["-p", "1-65535", "--max-rate", "20"]) else { return };
    let mut child = command.spawn().unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    let begun = || std::fs::read_to_string(&path).is_ok_and(|text| text.contains("<scaninfo"));
    while !begun() {
        assert!(Instant::now() < end, "nmap does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let found = read_one(&path);
    let [run] = found.observations.runs.as_slice() else { panic!("one run") };
    assert!(!run.complete);
    assert_eq!(found.faults.len(), 1, "{:?}", found.faults);
}
