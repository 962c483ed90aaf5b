//! The connect scan through a network of its own: two namespaces, a link between them, and packet filters
//! that drop, refuse and lose. What is open there is known, so what is missed or invented is seen.
//!
//! Needs root, `ip` and `nft`; where one is missing it says so and skips, and where `CI` is set it fails.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use nix::sched::{CloneFlags, setns};
use portvakt_model::{HostSeen, PortState};
use portvakt_scan::connect::{self, Ended, Scanned};
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::{Plan, parse_ports};
use portvakt_scan::scope::Scope;

const TARGET: &str = "10.66.0.2";
const TARGET_V6: &str = "fd66::2";

/// Two hosts and a link. Both namespaces go away with it.
struct Lab {
    scanner: String,
    target: String,
}

impl Lab {
    /// Sets the network up; `None`, with a word about it, where that cannot be done.
    fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |role: &str| format!("pv-scan-{}-{number}{role}", std::process::id());
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
             -n {s} addr add 10.66.0.1/24 dev sc0\n-n {t} addr add {TARGET}/24 dev tg0\n\
             -n {s} addr add fd66::1/64 dev sc0 nodad\n-n {t} addr add {TARGET_V6}/64 dev tg0 nodad\n\
             -n {s} link set sc0 up\n-n {t} link set tg0 up\n-n {s} link set lo up\n-n {t} link set lo up"
        );
        lines.lines().try_for_each(|line| {
            let args: Vec<&str> = line.split_whitespace().collect();
            run("ip", &args, "")
        })?;
        // The kernel sends few ICMP errors to one host unless told otherwise.
        let sysctl = "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit";
        run("ip", &["netns", "exec", t, "sh", "-c", sysctl], "")?;
        Self::filter(&self.target, "")
    }

    /// Loads chains into a namespace.
    fn filter(namespace: &str, rules: &str) -> Result<(), String> {
        let table = format!("table inet t {{\n{rules}\n}}\n");
        run("ip", &["netns", "exec", namespace, "nft", "-f", "-"], &table)
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

    /// Listens on ports of the target as long as the test runs.
    fn listen(&self, host: &str, ports: &[u16]) {
        let host: IpAddr = host.parse().unwrap();
        for &port in ports {
            let listener = Self::within(&self.target, || {
                TcpListener::bind(SocketAddr::new(host, port)).unwrap()
            });
            thread::spawn(move || listener.incoming().flatten().for_each(drop));
        }
    }

    fn scan(&self, host: &str, ports: &str) -> Scanned {
        let host: IpAddr = host.parse().unwrap();
        let plan = Plan::of(vec![(host, host)], &parse_ports(ports).unwrap());
        let scope = "[scan]\nscope = ['10.66.0.0/24', 'fd66::/64']\nauthorised_by = 'A'\n\
                     valid_until = '2999-12-31'\nwindow = 'always'\nrate = 1000000\n";
        let scope = Scope::read(scope).unwrap().unwrap();
        let (stop, progress) = (AtomicBool::new(false), Progress::default());
        Self::within(&self.scanner, || {
            let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
            connect::scan(&plan, &scope, &|_| false, control).unwrap()
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for name in [&self.scanner, &self.target] {
            let _ = run("ip", &["netns", "del", name], "");
        }
    }
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

fn reason(host: &HostSeen, port: u16) -> &str {
    host.ports.iter().find(|p| p.port == port).map_or("", |p| &p.reason)
}

#[test]
fn a_refusal_of_the_host_is_told_from_one_on_the_way_and_from_silence() {
    let Some(lab) = Lab::new() else { return };
    lab.listen(TARGET, &[22, 80, 1010]);
    Lab::filter(
        &lab.target,
        "chain input { type filter hook input priority 0;\n\
         tcp dport 1000-1039 drop\n\
         tcp dport 2000 reject with icmp admin-prohibited\n\
         tcp dport 2001 reject with icmp port-unreachable\n\
         tcp dport 2002 reject with tcp reset\n\
         tcp dport 2003 reject with icmp host-unreachable\n}",
    )
    .unwrap();
    // Our own filter, which is no word of the target's.
    Lab::filter(
        &lab.scanner,
        "chain output { type filter hook output priority 0; tcp dport 3000 reject; }",
    )
    .unwrap();
    let scanned = lab.scan(TARGET, "22,80,81,1000-1039,2000-2003,3000");
    assert_eq!(scanned.ended, Ended::Complete);
    let host = &scanned.hosts[0];
    assert!(host.up);
    assert_eq!(in_state(host, PortState::Open), [22, 80]);
    assert_eq!(in_state(host, PortState::Closed), [81, 2002]);
    let filtered: Vec<u16> = (1000..=1039).chain([2000, 2001]).collect();
    assert_eq!(in_state(host, PortState::Filtered), filtered);
    assert_eq!(in_state(host, PortState::Unreachable), [2003]);
    assert_eq!((reason(host, 2000), reason(host, 2001)), ("admin-prohibited", "port-unreach"));
    assert_eq!(in_state(host, PortState::Incomplete), [3000], "it was never sent");
    assert_eq!(scanned.counts.incomplete, 1);
}

#[test]
fn ipv6_is_told_as_exactly() {
    let Some(lab) = Lab::new() else { return };
    lab.listen(TARGET_V6, &[443]);
    Lab::filter(
        &lab.target,
        "chain input { type filter hook input priority 0;\n\
         tcp dport 1000 drop\n\
         tcp dport 2000 reject with icmpv6 admin-prohibited\n\
         tcp dport 2001 reject with icmpv6 port-unreachable\n}",
    )
    .unwrap();
    let scanned = lab.scan(TARGET_V6, "443,444,1000,2000,2001");
    let host = &scanned.hosts[0];
    assert_eq!(in_state(host, PortState::Open), [443]);
    assert_eq!(in_state(host, PortState::Closed), [444]);
    assert_eq!(in_state(host, PortState::Filtered), [1000, 2000, 2001]);
    assert_eq!((reason(host, 2000), reason(host, 2001)), ("admin-prohibited", "port-unreach"));
}

#[test]
fn where_packets_are_lost_nothing_is_missed() {
    let Some(lab) = Lab::new() else { return };
    let open: Vec<u16> = (5_000..5_300).collect();
    lab.listen(TARGET, &open);
    let lose = "numgen random mod 100 < 1 drop";
    Lab::filter(
        &lab.target,
        &format!(
            "chain input {{ type filter hook input priority 0; {lose}; }}\n\
             chain output {{ type filter hook output priority 0; {lose}; }}"
        ),
    )
    .unwrap();
    let scanned = lab.scan(TARGET, "5000-5499");
    let host = &scanned.hosts[0];
    assert_eq!(in_state(host, PortState::Open), open);
    assert_eq!(in_state(host, PortState::Closed), (5_300..5_500).collect::<Vec<_>>());
}

#[test]
fn a_host_that_limits_what_it_answers_is_asked_until_it_has() {
    let Some(lab) = Lab::new() else { return };
    let open: Vec<u16> = (1..=12).map(|n| n * 400).collect();
    lab.listen(TARGET, &open);
    Lab::filter(
        &lab.target,
        "chain input { type filter hook input priority 0;\n\
         tcp flags & (syn | ack) == syn limit rate over 1000/second burst 5 packets drop; }",
    )
    .unwrap();
    let scanned = lab.scan(TARGET, "1-5000");
    let host = &scanned.hosts[0];
    assert_eq!(in_state(host, PortState::Open), open, "{:?}", scanned.counts);
    // What stayed silent at a host that answers late is not called filtered.
    assert!(in_state(host, PortState::Filtered).is_empty());
}

#[test]
fn an_address_without_a_host_is_down_and_has_no_closed_ports() {
    let Some(lab) = Lab::new() else { return };
    let scanned = lab.scan("10.66.0.77", "22,80");
    assert_eq!(scanned.ended, Ended::Complete);
    for host in &scanned.hosts {
        assert!(!host.up);
        assert!(in_state(host, PortState::Open).is_empty());
        assert!(in_state(host, PortState::Closed).is_empty());
    }
    assert_eq!(scanned.counts.answered, 0);
}
