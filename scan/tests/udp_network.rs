//! The UDP scan through a network of its own, against a kernel that sends one ICMP error a second to each
//! peer: every closed port must be told as closed, and none that is silent.
//!
//! Needs root, `ip` and `nft`; where one is missing it says so and skips, and where `CI` is set it fails.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread;

use nix::sched::{CloneFlags, setns};
use portvakt_model::{HostSeen, PortState};
use portvakt_scan::connect::Ended;
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::Plan;
use portvakt_scan::scope::Scope;
use portvakt_scan::udp;

/// Two namespaces with a link; they go away with it.
struct Lab {
    scanner: String,
    target: String,
}

impl Lab {
    fn new() -> Option<Self> {
        let name = |role: &str| format!("pv-service-{}{role}", std::process::id());
        let lab = Self { scanner: name("s"), target: name("t") };
        if let Err(why) = lab.set_up() {
            assert!(std::env::var_os("CI").is_none(), "no network can be made: {why}");
            eprintln!("skipped: no network can be made: {why}");
            return None;
        }
        Some(lab)
    }

    fn set_up(&self) -> Result<(), String> {
        let (s, t) = (&self.scanner, &self.target);
        let lines = format!(
            "netns add {s}\nnetns add {t}\n-n {s} link add sc0 type veth peer name tg0 netns {t}\n\
             -n {s} addr add 10.66.0.1/24 dev sc0\n-n {t} addr add 10.66.0.2/24 dev tg0\n\
             -n {s} link set sc0 up\n-n {t} link set tg0 up\n-n {t} link set lo up"
        );
        for line in lines.lines() {
            run("ip", &line.split_whitespace().collect::<Vec<_>>(), "")?;
        }
        let rules = "table inet t {\nchain i {\ntype filter hook input priority 0;\n\
                     udp dport 161 drop\nudp dport 500 reject with icmpx type admin-prohibited\n}\n}\n";
        run("ip", &["netns", "exec", t, "nft", "-f", "-"], rules)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in [&self.scanner, &self.target] {
            let _ = run("ip", &["netns", "del", name], "");
        }
    }
}

/// Does something in a namespace, on a thread of its own.
fn within<T: Send>(namespace: &str, act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            let handle = File::open(format!("/run/netns/{namespace}")).unwrap();
            setns(handle, CloneFlags::CLONE_NEWNET).unwrap();
            act()
        });
        inside.join().unwrap()
    })
}

fn run(program: &str, args: &[&str], input: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("{program}: {e}"))?;
    // A program that does not read its input ends before it is written; its status tells.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().map_err(|e| format!("{program}: {e}"))?;
    let said = || format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(()) } else { Err(said()) }
}

fn in_state(host: &HostSeen, state: PortState) -> Vec<u16> {
    let told = host.ports.iter().filter(|p| p.state == state).map(|p| p.port);
    let rest = host.rest.iter().filter(|r| r.state == state);
    let mut ports: Vec<u16> =
        told.chain(rest.flat_map(|r| r.ranges.iter().flat_map(|(a, b)| *a..=*b))).collect();
    ports.sort_unstable();
    ports
}

#[test]
fn a_kernel_that_limits_its_errors_is_believed_only_when_it_is_asked_slowly() {
    let Some(lab) = Lab::new() else { return };
    // One port answers as a clock does, one listens and never answers.
    let clock = within(&lab.target, || UdpSocket::bind("10.66.0.2:123").unwrap());
    let _silent = within(&lab.target, || UdpSocket::bind("10.66.0.2:1812").unwrap());
    thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((count, from)) = clock.recv_from(&mut bytes) {
            let mut answer = vec![0x24, 2];
            answer.resize(48, 0);
            answer[24..32].copy_from_slice(&bytes[count - 8..count]);
            let _ = clock.send_to(&answer, from);
        }
    });
    let closed =
        [53u16, 69, 111, 137, 177, 389, 623, 1194, 1434, 1701, 1900, 2049, 5060, 5353, 5683];
    let mut ports = vec![123, 161, 500, 1812];
    ports.extend(closed);
    let host: IpAddr = "10.66.0.2".parse().unwrap();
    let plan = Plan::of(vec![(host, host)], &ports);
    let scope = "[scan]\nscope = ['10.66.0.0/24']\nauthorised_by = 'A'\n\
                 valid_until = '2999-12-31'\nwindow = 'always'\n";
    let scope = Scope::read(scope).unwrap().unwrap();
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let scanned = within(&lab.scanner, || {
        let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
        udp::scan(&plan, &scope, &|_| false, control).unwrap()
    });
    assert_eq!(scanned.ended, Ended::Complete);
    let [host] = scanned.hosts.as_slice() else { panic!("one host") };
    assert_eq!(in_state(host, PortState::Closed), closed, "{host:?}");
    assert_eq!(in_state(host, PortState::Open), [123]);
    assert_eq!(in_state(host, PortState::Filtered), [500]);
    assert_eq!(in_state(host, PortState::OpenOrFiltered), [161, 1812]);
    assert_eq!(scanned.counts.incomplete, 0);
    let service = host.ports.iter().find(|p| p.port == 123).unwrap().service.as_ref().unwrap();
    assert_eq!((service.name.as_str(), service.asked), ("ntp", true));
    assert_eq!(service.product.as_deref(), Some("version 4, stratum 2"));
}
