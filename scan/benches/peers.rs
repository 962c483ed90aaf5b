//! The engines beside masscan, zmap, nmap and RustScan: the same work, the same hosts, one after the other.
//!
//! Everything runs in network namespaces of its own. What each finds is compared with what is open; a time with
//! ports missed is no time. `RUNS=5` says how often each is run; the median is told. `SLOW=1` runs nmap too where
//! it takes minutes, `TRIES=1` asks silent ports once, as masscan and zmap do, `OFFLOADS=1` leaves the offloads of the cable
//! on, with which masscan loses answers, and a word behind `--` picks the work whose name has it:
//!
//! ```sh
//! sudo -E RUNS=5 cargo bench -p portvakt-scan --bench peers -- limits
//! ```

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::print_stderr, reason = "what is missing is said")]

#[path = "../tests/lab/mod.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod lab;

use std::collections::BTreeSet;
use std::net::{IpAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lab::{Lab, run};
use portvakt_model::{HostSeen, PortState};
use portvakt_scan::connect;
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::{Plan, Target, parse_ports};
use portvakt_scan::scope::{Rate, Scope};
use portvakt_scan::syn::{Engine, How};

type Found = BTreeSet<(IpAddr, u16)>;

const OPEN: [u16; 12] = [22, 53, 80, 443, 445, 3389, 5432, 8080, 8443, 9100, 10_050, 62_078];
const LOSS: &str = "tcp flags & (syn|ack|rst) != 0 numgen random mod 100 == 0 drop;";
const THOUSAND: &str = "22,53,80,443,445,3389,5432,8000-8992";

/// The words of a command, for a piece of work and the router's hardware address.
type Words = fn(&Work, &str) -> String;

/// What the ports of the hosts do.
#[derive(Clone, Copy, PartialEq)]
enum Service {
    /// They listen.
    Listens,
    /// They reset each connection right after it was made.
    Resets,
}

/// How we ask.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Packets of our own.
    Syn,
    /// Whole connections.
    Connect,
}

/// One row of the table.
struct Work {
    name: &'static str,
    way: Way,
    service: Service,
    target: &'static str,
    ports: &'static str,
    input: &'static str,
    output: &'static str,
    is_open: fn(IpAddr, u16) -> bool,
    peers: &'static [(&'static str, Words)],
}

/// One open port of each of many hosts, with nothing in the way.
const HOSTS: Work = Work {
    name: "65,536 × 1, all answer",
    way: Way::Syn,
    service: Service::Listens,
    target: "10.77.0.0/16",
    ports: "80",
    input: "",
    output: "",
    is_open: |_, _| true,
    peers: &[("masscan", masscan), ("zmap", zmap), ("zmap -T2", zmap_of_two)],
};
/// Every port of one host.
const PORTS: Work = Work {
    name: "1 × 65,535",
    target: "10.77.0.1",
    ports: "1-65535",
    is_open: |_, port| OPEN.contains(&port),
    peers: &[("masscan", masscan), ("nmap", nmap)],
    ..HOSTS
};
/// The same by whole connections.
const CONNECTIONS: Work = Work {
    name: "1 × 65,535, connect",
    way: Way::Connect,
    peers: &[
        ("nmap -sT", nmap_connect),
        ("rustscan -b 1000", |work, _| rustscan(work, 1_000)),
        ("rustscan -b 4500", |work, _| rustscan(work, 4_500)),
        ("rustscan -b 15000", |work, _| rustscan(work, 15_000)),
    ],
    ..PORTS
};

const WORK: [Work; 8] = [
    HOSTS,
    Work {
        name: "65,536 × 1, a 16th alive",
        input: "ip daddr & 0.0.0.15 != 0.0.0.7 ip daddr 10.77.0.0/16 drop;",
        is_open: |address, _| octet(address) & 15 == 7,
        ..HOSTS
    },
    PORTS,
    CONNECTIONS,
    Work {
        name: "1 × 65,535, reset after accept, connect",
        service: Service::Resets,
        ..CONNECTIONS
    },
    Work {
        name: "256 × 1,000, half firewalled",
        target: "10.77.4.0/24",
        ports: THOUSAND,
        input: "ip daddr & 0.0.0.1 == 0.0.0.1 ip daddr 10.77.0.0/16 tcp dport != 443 drop;",
        is_open: |address, port| OPEN.contains(&port) && (octet(address) & 1 == 0 || port == 443),
        peers: &[("masscan", masscan), ("nmap (slow)", nmap)],
        ..HOSTS
    },
    Work {
        name: "65,536 × 1, 1 % loss each way",
        input: LOSS,
        output: LOSS,
        peers: &[("nmap", nmap)],
        ..HOSTS
    },
    Work {
        name: "1 × 65,535, limits SYN to 5,000/s",
        input: "tcp flags syn limit rate over 5000/second drop;",
        peers: &[("nmap", nmap)],
        ..PORTS
    },
];

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let runs = std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3);
    println!(
        "| work | tool | wall s | active s | SYN | missed | false |\n|---|---|---|---|---|---|---|"
    );
    for work in WORK.iter().filter(|work| work.name.contains(&wanted)) {
        lab::with(|lab| measure(lab, work, runs));
    }
}

fn measure(lab: &Lab, work: &Work, runs: usize) {
    match work.service {
        Service::Listens => lab.listen(&OPEN),
        Service::Resets => lab.reset(&OPEN),
    }
    lab.filter(work.input, work.output);
    if std::env::var_os("OFFLOADS").is_none() {
        without_offloads(lab);
    }
    let truth = truth(work);
    if work.way == Way::Connect {
        report(work, "portvakt", &truth, runs, || ours(lab, || by_connect(work)));
    } else {
        report(work, "portvakt, 1 thread", &truth, runs, || ours(lab, || by_syn(work, 1)));
    }
    if work.way == Way::Syn && !work.name.starts_with("1 ") {
        report(work, "portvakt, 2 threads", &truth, runs, || ours(lab, || by_syn(work, 2)));
    }
    for (tool, command) in work.peers {
        if tool.contains("slow") && std::env::var_os("SLOW").is_none() {
            continue;
        }
        let program = tool.split(' ').next().unwrap_or_default();
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("{program} is missing");
            continue;
        }
        report(work, tool, &truth, runs, || peer(lab, work, *command));
    }
}

/// With offloads libpcap takes every packet for one of 64 KB, and masscan's ring has room for 32.
fn without_offloads(lab: &Lab) {
    let off = |interface| {
        let names = ["tx", "sg", "tso", "gso", "gro"];
        let words = names.iter().flat_map(|name| [*name, "off"]);
        let args: Vec<&str> = ["-K", interface].into_iter().chain(words).collect();
        if let Err(error) = Command::new("ethtool").args(args).output() {
            eprintln!("ethtool: {error}; offloads stay on");
        }
    };
    lab.scanner(|| off("sc0"));
    lab.target(|| off("tg0"));
}

/// What one run took and found.
struct Measured {
    wall: Duration,
    active: Duration,
    sent: u64,
    found: Found,
}

fn report(work: &Work, tool: &str, truth: &Found, runs: usize, once: impl Fn() -> Measured) {
    let mut all: Vec<Measured> = (0..runs.max(1)).map(|_| once()).collect();
    let missed = all.iter().map(|m| truth.difference(&m.found).count()).max().unwrap();
    let wrong = all.iter().map(|m| m.found.difference(truth).count()).max().unwrap();
    all.sort_by_key(|m| m.active);
    let active = all[all.len() / 2].active.as_secs_f64();
    all.sort_by_key(|m| m.wall);
    let Measured { wall, sent, .. } = &all[all.len() / 2];
    println!(
        "| {} | {tool} | {:.2} | {active:.2} | {sent} | {missed} | {wrong} |",
        work.name,
        wall.as_secs_f64()
    );
}

fn truth(work: &Work) -> Found {
    let plan = plan(work);
    let all = (0..plan.probes()).map(|probe| plan.probe(probe));
    all.filter(|(address, port)| (work.is_open)(*address, *port)).collect()
}

fn plan(work: &Work) -> Plan {
    let Ok(Target::Addresses(first, last)) = work.target.parse() else { panic!("{}", work.target) };
    Plan::of(vec![(first, last)], &parse_ports(work.ports).unwrap())
}

/// One of our engines, from its opening on: the process itself starts in a few milliseconds.
fn ours(lab: &Lab, hosts: impl FnOnce() -> Vec<HostSeen> + Send) -> Measured {
    watched(lab, || {
        let hosts = hosts();
        let open = hosts.iter().flat_map(|host| {
            let open = host.ports.iter().filter(|p| p.state == PortState::Open);
            open.map(|p| (host.address, p.port))
        });
        open.collect()
    })
}

fn by_syn(work: &Work, senders: u8) -> Vec<HostSeen> {
    let tries = std::env::var("TRIES").map_or(How::default().tries, |n| n.parse().unwrap());
    let rate = Rate { total: 10_000_000, subnet: 10_000_000, host: 10_000_000 };
    let how = How { rate, senders: Some(senders), tries, ..How::default() };
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    Engine::open().unwrap().scan(&plan(work), &how, control).unwrap().hosts
}

fn by_connect(work: &Work) -> Vec<HostSeen> {
    let scope = "[scan]\nscope = ['10.77.0.0/16']\nauthorised_by = 'A'\n\
                 valid_until = '2999-12-31'\nwindow = 'always'\nrate = 10000000\n";
    let scope = Scope::read(scope).unwrap().unwrap();
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    connect::scan(&plan(work), &scope, &|_| false, control).unwrap().hosts
}

fn peer(lab: &Lab, work: &Work, command: Words) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("found");
    let mac = lab.target(|| run("ip", &["-br", "link", "show", "tg0"], ""));
    let mac = mac.split_whitespace().nth(2).unwrap().to_owned();
    let command = command(work, &mac).replace("FILE", &file.to_string_lossy());
    let words: Vec<&str> = command.split_whitespace().collect();
    watched(lab, || {
        let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&file);
        read(&text.unwrap_or_else(|_| String::from_utf8(output.stdout).unwrap()), words[0])
    })
}

/// Runs something where the scanner stands, and watches the cable meanwhile.
fn watched(lab: &Lab, what: impl FnOnce() -> Found + Send) -> Measured {
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| lab.scanner(|| watch(&end)));
        // On a silent cable masscan's receiver never wakes up to see that its time is over.
        let trickling = scope.spawn(|| lab.target(|| trickle(&end)));
        std::thread::sleep(Duration::from_millis(50));
        let (found, wall) = lab.scanner(|| {
            let began = Instant::now();
            let found = what();
            (found, began.elapsed())
        });
        end.store(true, Ordering::Relaxed);
        trickling.join().unwrap();
        let (active, sent) = watching.join().unwrap();
        Measured { wall, active, sent, found }
    })
}

fn trickle(end: &AtomicBool) {
    let socket = UdpSocket::bind("10.66.0.2:0").unwrap();
    while !end.load(Ordering::Relaxed) {
        let _ = socket.send_to(b"portvakt", "10.66.0.1:9");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How long the middle 96 of 100 packets took to leave, and how many left.
fn watch(end: &AtomicBool) -> (Duration, u64) {
    let first = packets();
    let mut samples = vec![(Instant::now(), 0)];
    while !end.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(5));
        samples.push((Instant::now(), packets() - first));
    }
    let total = samples.last().unwrap().1;
    let at = |percent: u64| samples.iter().find(|s| s.1 * 100 >= total * percent).unwrap().0;
    (at(98) - at(2), total)
}

fn packets() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with("sc0:")).unwrap();
    line.split_whitespace().nth(10).unwrap().parse().unwrap()
}

fn masscan(work: &Work, mac: &str) -> String {
    format!(
        "masscan {} -p{} --rate 1000000 --wait 1 -e sc0 --adapter-ip 10.66.0.1 --router-mac {mac} -oL FILE",
        work.target, work.ports
    )
}

fn zmap(work: &Work, mac: &str) -> String {
    format!(
        "zmap -C /dev/null -b /dev/null -i sc0 -S 10.66.0.1 -G {mac} -p {} -r 1000000 -T 1 -c 1 -q -o FILE {}",
        work.ports, work.target
    )
}

fn zmap_of_two(work: &Work, mac: &str) -> String {
    zmap(work, mac).replace("-T 1", "-T 2")
}

fn nmap(work: &Work, _: &str) -> String {
    format!("nmap -sS -n -Pn -T4 -p{} {} -oG FILE", work.ports, work.target)
}

fn nmap_connect(work: &Work, mac: &str) -> String {
    nmap(work, mac).replace("-sS", "-sT")
}

fn rustscan(work: &Work, batch: u16) -> String {
    format!(
        "rustscan --no-config --no-banner --greppable --scripts none --ulimit 20000 -a {} -r {} -b {batch}",
        work.target, work.ports
    )
}

/// What a tool wrote.
fn read(text: &str, tool: &str) -> Found {
    let mut found = Found::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (tool, &words[..]) {
            ("masscan", ["open", "tcp", port, address, ..]) => {
                found.insert((address.parse().unwrap(), port.parse().unwrap()));
            }
            ("zmap", [address]) => {
                if let Ok(address) = address.parse() {
                    found.insert((address, 80));
                }
            }
            ("nmap", ["Host:", address, ..]) => {
                let ports = line.split("Ports: ").nth(1).unwrap_or_default();
                let open = ports.split(", ").filter(|p| p.contains("/open/"));
                for port in open.filter_map(|p| p.trim().split('/').next()) {
                    found.insert((address.parse().unwrap(), port.parse().unwrap()));
                }
            }
            ("rustscan", [address, "->", ports]) => {
                let ports = ports.trim_matches(['[', ']']).split(',');
                let address = address.parse().unwrap();
                found.extend(ports.map(|port| (address, port.parse().unwrap())));
            }
            _ => {}
        }
    }
    found
}

fn octet(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(v6) => v6.octets()[15],
    }
}
