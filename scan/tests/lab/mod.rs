//! Two network namespaces of the test's own and a cable between them. They vanish with the test.
//!
//! Needs root, `ip` and `nft`; where one is missing it says so and skips, and where `CI` is set it fails.

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};
use portvakt_model::{HostSeen, PortState};
use socket2::SockRef;

/// Where the scanner stands, and the router that it sees.
pub(crate) const SCANNER: [u8; 4] = [10, 66, 0, 1];
pub(crate) const ROUTER: &str = "10.66.0.2";
pub(crate) const ROUTER_V6: &str = "2001:db8:66::2";
const SETUP_SCANNER: &str = "link set lo up
link set sc0 up
addr add 10.66.0.1/24 dev sc0
addr add 2001:db8:66::1/64 dev sc0 nodad
route add 10.77.0.0/16 via 10.66.0.2
route add 2001:db8:77::/64 via 2001:db8:66::2
";
const SETUP_TARGET: &str = "link set lo up
link set tg0 up
addr add 10.66.0.2/24 dev tg0
addr add 2001:db8:66::2/64 dev tg0 nodad
route add local 10.77.0.0/16 dev lo
route add local 2001:db8:77::/64 dev lo
";
/// The kernel limits the errors that it sends; here each must come.
const SETTINGS: &[(&str, &str)] = &[
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_msgs_per_sec", "1000000"),
    ("net/ipv4/icmp_msgs_burst", "100000"),
    ("net/ipv6/icmp/ratelimit", "0"),
];

/// One after the other: they share the processors, and each tries to fill a cable.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) struct Lab {
    scanner: File,
    target: File,
    listeners: Mutex<Vec<TcpListener>>,
}

/// Why there can be no lab here. Where `CI` is set there must be.
pub(crate) fn hindrance() -> Option<String> {
    let missing = ["ip", "nft"].into_iter().find(|t| Command::new(t).arg("-V").output().is_err());
    let leaves = || unshare(CloneFlags::CLONE_NEWNET).map_err(|e| format!("a namespace: {e}"));
    let found = missing
        .map(|tool| format!("{tool} is missing"))
        .or_else(|| std::thread::spawn(leaves).join().unwrap().err())?;
    assert!(std::env::var_os("CI").is_none(), "nothing can be scanned: {found}");
    eprintln!("skipped: nothing can be scanned: {found}");
    Some(found)
}

/// Runs a test in a lab, or says why not.
pub(crate) fn with(test: impl FnOnce(&Lab)) {
    if hindrance().is_none() {
        let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        test(&Lab::new());
        drop(turn);
    }
}

impl Lab {
    fn new() -> Self {
        let (scanner, target) = std::thread::spawn(|| (leave(), leave())).join().unwrap();
        let lab = Self { scanner, target, listeners: Mutex::default() };
        lab.cable("sc0", "tg0");
        lab.set(SETTINGS);
        lab.target(|| run("ip", &["-batch", "-"], SETUP_TARGET));
        lab.scanner(|| run("ip", &["-batch", "-"], SETUP_SCANNER));
        lab
    }

    /// Lays a cable between an interface of the scanner and one of the hosts; both are down.
    pub(crate) fn cable(&self, own: &str, other: &str) {
        let there = format!("/proc/{}/fd/{}", std::process::id(), self.target.as_raw_fd());
        let words = ["link", "add", own, "type", "veth", "peer", "name", other, "netns", &there];
        self.scanner(|| run("ip", &words, ""));
    }

    /// Does something where the scanner stands.
    pub(crate) fn scanner<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        within(&self.scanner, what)
    }

    /// Does something where the hosts stand.
    pub(crate) fn target<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        within(&self.target, what)
    }

    /// Sets what the hosts' kernel does; what it does not know of, it is left without.
    pub(crate) fn set(&self, settings: &[(&str, &str)]) {
        self.target(|| {
            for (path, value) in settings {
                let _ = std::fs::write(format!("/proc/sys/{path}"), value);
            }
        });
    }

    /// Opens ports on every address of the hosts.
    pub(crate) fn listen(&self, ports: &[u16]) {
        self.listeners.lock().unwrap().extend(self.opened(ports));
    }

    /// Opens ports that reset each connection right after it was made, as wrappers and access lists of services do.
    pub(crate) fn reset(&self, ports: &[u16]) {
        for listener in self.opened(ports) {
            std::thread::spawn(move || {
                for peer in listener.incoming().flatten() {
                    let _ = SockRef::from(&peer).set_linger(Some(Duration::ZERO));
                }
            });
        }
    }

    fn opened(&self, ports: &[u16]) -> Vec<TcpListener> {
        self.target(|| {
            let any = ports.iter().map(|p| TcpListener::bind((IpAddr::from([0; 16]), *p)).unwrap());
            any.collect()
        })
    }

    /// Loads what the hosts' filter does with packets that come (`input`) and go (`output`).
    pub(crate) fn filter(&self, input: &str, output: &str) {
        let script = format!(
            "table inet lab {{
                counter never {{ }}
                chain input {{ type filter hook input priority 0; {input}
 }}
                chain output {{ type filter hook output priority 0; {output}
 }}
            }}"
        );
        self.target(|| run("nft", &["-f", "-"], &script));
    }

    /// Packets that the filter's counter has seen.
    pub(crate) fn counted(&self) -> u64 {
        let listed = self.target(|| run("nft", &["list", "counter", "inet", "lab", "never"], ""));
        let words: Vec<&str> = listed.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "packets").unwrap();
        words[at + 1].parse().unwrap()
    }
}

/// Leaves the namespace of this thread for a new one.
fn leave() -> File {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    File::open("/proc/thread-self/ns/net").unwrap()
}

fn within<T: Send>(namespace: &File, what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            what()
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs a program, and fails when it does.
pub(crate) fn run(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "{program} {args:?}: {}", said(&output.stderr));
    said(&output.stdout)
}

/// The state of every port of a host.
pub(crate) fn states(host: &HostSeen) -> Vec<(u16, PortState)> {
    let single = host.ports.iter().map(|p| (p.port, p.state));
    let ranges = host.rest.iter().flat_map(|r| r.ranges.iter().map(|range| (*range, r.state)));
    single
        .chain(ranges.flat_map(|((first, last), s)| (first..=last).map(move |p| (p, s))))
        .collect()
}

/// The ports of a host that are in a state, in rising order.
pub(crate) fn in_state(host: &HostSeen, wanted: PortState) -> Vec<u16> {
    let all = states(host).into_iter();
    let mut ports: Vec<u16> = all.filter(|(_, state)| *state == wanted).map(|(p, _)| p).collect();
    ports.sort_unstable();
    ports
}
