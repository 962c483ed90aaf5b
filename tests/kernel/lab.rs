//! A network namespace of the test's own: a TAP device for each interface, and a recorder that says
//! of each packet how far it came.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use portvakt_space::{Packet, State};
use serde_json::Value;
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::frame::frame;
use crate::points::Sent;

/// Where the filter is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the host.
    Forward,
    /// To the host itself.
    Input,
}

/// What the kernel did with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It let it through all chains.
    Passed,
    /// A chain dropped it.
    Dropped,
    /// Routing did not bring it to the hook: nothing is said of the filter.
    Elsewhere,
}

/// The kernel's answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) seen: Seen,
    /// What tracking made of it, where it came to the hook.
    pub(crate) state: Option<State>,
}

/// A host with interfaces. The thread that makes it lives in its namespace from then on.
pub(crate) struct Lab {
    taps: Vec<(String, SyncDevice)>,
}

const SETTINGS: &[(&str, &str)] = &[
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/accept_local", "1"),
    ("net/ipv4/conf/all/route_localnet", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv4/icmp_echo_ignore_all", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv6/conf/default/forwarding", "1"),
    ("net/ipv6/conf/default/addr_gen_mode", "1"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/netfilter/nf_conntrack_checksum", "0"),
    ("net/netfilter/nf_conntrack_udp_timeout", "3600"),
    ("net/netfilter/nf_conntrack_udp_timeout_stream", "3600"),
];

/// Runs a program; its complaint when it fails.
pub(crate) fn run(program: &str, args: &[&str], input: &str) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{program}: {e}"))?;
    let mut stdin = child.stdin.take().unwrap();
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        let complaint = said(&output.stderr);
        Err(complaint.lines().next().unwrap_or("no words").to_owned())
    }
}

/// Whether there can be a namespace with a TAP device; the reason when not.
pub(crate) fn probe() -> Result<(), String> {
    leave_host()?;
    tap("probe0").map(drop).map_err(|e| format!("a TAP device: {e}"))
}

fn tap(name: &str) -> std::io::Result<SyncDevice> {
    DeviceBuilder::new().name(name).layer(Layer::L2).build_sync()
}

/// Leaves the host's network for an empty one; the reason when that may not be.
fn leave_host() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|e| format!("a network namespace: {e} (root is needed)"))
}

/// What `nft` says once a script has been loaded, in a namespace of its own.
pub(crate) fn listed(script: String, list: &'static [&str]) -> String {
    let list = move || {
        leave_host()?;
        run("nft", &["-f", "-"], &script)?;
        run("nft", list, "")
    };
    std::thread::spawn(list).join().unwrap().unwrap()
}

impl Lab {
    /// A host with these interfaces.
    pub(crate) fn new(interfaces: &[String]) -> Self {
        leave_host().unwrap();
        for (path, value) in SETTINGS {
            let path = format!("/proc/sys/{path}");
            std::fs::write(&path, value).unwrap_or_else(|e| panic!("{path}: {e}"));
        }
        let named = |name: &String| {
            let made = tap(name).unwrap_or_else(|e| panic!("interface {name}: {e}"));
            (name.clone(), made)
        };
        let taps: Vec<(String, SyncDevice)> = interfaces.iter().map(named).collect();
        let mut batch = String::from("link set lo up\n");
        for (index, name) in interfaces.iter().enumerate() {
            let mac = mac(index);
            let mac: Vec<String> = mac.iter().map(|b| format!("{b:02x}")).collect();
            let _ = write!(
                batch,
                "link set dev {name} address {}\nlink set dev {name} arp off up\n",
                mac.join(":")
            );
        }
        run("ip", &["-batch", "-"], &batch).unwrap();
        both_versions("route add local default dev lo table 77");
        Self { taps }
    }

    /// Begins connections and answers each once, before there are any rules; says of which packets the
    /// kernel knows the connection then.
    pub(crate) fn connect(&self, packets: &[Sent]) -> Vec<bool> {
        assert!(packets.len() < 30_000);
        run("nft", &["-f", "-"], WITNESS).unwrap();
        let answers = packets.iter().map(|(p, incoming, outgoing)| {
            (
                Packet { src: p.dst, dst: p.src, sport: p.dport, dport: p.sport, ..*p },
                *outgoing,
                *incoming,
            )
        });
        self.send(packets, 1);
        self.send(&answers.collect::<Vec<Sent>>(), 30_001);
        let record = Record::read("portvakt_witness", "passed", 2 * packets.len());
        run("nft", &["delete", "table", "inet", "portvakt_witness"], "").unwrap();
        let both = |id| record.has("passed", id) && record.has("passed", id + 30_000);
        (1..=packets.len() as u64).map(both).collect()
    }

    /// Sends packets, each by the interface with its index there, and out by that with the other, and
    /// asks what became of them. At most 60,000 at a time.
    pub(crate) fn ask(&self, packets: &[Sent], way: Way) -> Vec<Answer> {
        assert!(packets.len() <= 60_000);
        run("nft", &["-f", "-"], RECORDER).unwrap();
        if way == Way::Input {
            make_local("add");
        }
        self.send(packets, 1);
        let record = Record::read("portvakt_recorder", "arrived", packets.len());
        if way == Way::Input {
            make_local("del");
        }
        (0..packets.len()).map(|index| record.answer(index as u64 + 1, way)).collect()
    }

    /// Sends packets with ids from `first` on.
    fn send(&self, packets: &[Sent], first: u16) {
        let mut by_out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (.., out)) in packets.iter().enumerate() {
            by_out.entry(*out).or_default().push(index);
        }
        for (out, indices) in by_out {
            self.lead_to(out);
            for index in indices {
                let (packet, tap, _) = &packets[index];
                let bytes = frame(packet, first + index as u16, mac(*tap));
                self.taps[*tap].1.send(&bytes).unwrap();
            }
        }
    }

    /// Sends what is forwarded out by a device.
    fn lead_to(&self, out: usize) {
        both_versions(&format!("route replace default dev {}", self.taps[out].0));
    }
}

/// Makes every address the host's own (`add`), or no longer (`del`).
fn make_local(verb: &str) {
    both_versions(&format!("rule {verb} pref 1 lookup 77"));
}

/// Runs a command of `ip` for IPv4 and for IPv6.
fn both_versions(command: &str) {
    for version in ["-4", "-6"] {
        let words: Vec<&str> = std::iter::once(version).chain(command.split(' ')).collect();
        run("ip", &words, "").unwrap();
    }
}

const fn mac(index: usize) -> [u8; 6] {
    [2, 0, 0, 0, 0, index as u8 + 1]
}

/// Far outside what rule sets use as priorities. The low half of an IPv6 flow label stands where the
/// header begins. Where every address is the host's own, what it sends itself (REJECT) comes back by its
/// loopback, and is no packet of ours.
const RECORDER: &str = "
table inet portvakt_recorder
delete table inet portvakt_recorder
table inet portvakt_recorder {
  set arrived { typeof ip id; flags dynamic; size 65536; }
  set routed { typeof ip id; flags dynamic; size 65536; }
  set forward_first { typeof ip id; flags dynamic; size 65536; }
  set forward_last { typeof ip id; flags dynamic; size 65536; }
  set input_first { typeof ip id; flags dynamic; size 65536; }
  set input_last { typeof ip id; flags dynamic; size 65536; }
  set new { typeof ip id; flags dynamic; size 65536; }
  set invalid { typeof ip id; flags dynamic; size 65536; }
  set untracked { typeof ip id; flags dynamic; size 65536; }
  set established { typeof ip id; flags dynamic; size 65536; }
  set related { typeof ip id; flags dynamic; size 65536; }
  chain states {
    ct state new add @new { ip id }
    ct state new meta nfproto ipv6 add @new { @nh,16,16 }
    ct state invalid add @invalid { ip id }
    ct state invalid meta nfproto ipv6 add @invalid { @nh,16,16 }
    ct state untracked add @untracked { ip id }
    ct state untracked meta nfproto ipv6 add @untracked { @nh,16,16 }
    ct state established add @established { ip id }
    ct state established meta nfproto ipv6 add @established { @nh,16,16 }
    ct state related add @related { ip id }
  }
  chain a {
    type filter hook prerouting priority -1000000; policy accept;
    iifname lo drop
    add @arrived { ip id }
    meta nfproto ipv6 add @arrived { @nh,16,16 }
  }
  chain b {
    type filter hook prerouting priority 1000000; policy accept;
    add @routed { ip id }
    meta nfproto ipv6 add @routed { @nh,16,16 }
  }
  chain c {
    type filter hook forward priority -1000000; policy accept;
    add @forward_first { ip id }
    meta nfproto ipv6 add @forward_first { @nh,16,16 }
    jump states
  }
  chain d {
    type filter hook forward priority 1000000; policy accept;
    add @forward_last { ip id }
    meta nfproto ipv6 add @forward_last { @nh,16,16 }
    drop
  }
  chain e {
    type filter hook input priority -1000000; policy accept;
    add @input_first { ip id }
    meta nfproto ipv6 add @input_first { @nh,16,16 }
    jump states
  }
  chain f {
    type filter hook input priority 1000000; policy accept;
    add @input_last { ip id }
    meta nfproto ipv6 add @input_last { @nh,16,16 }
    drop
  }
}
";

/// Says which packets are let go on their way, and makes the kernel track them.
const WITNESS: &str = "
table inet portvakt_witness {
  set passed { typeof ip id; flags dynamic; size 65536; }
  chain c {
    type filter hook postrouting priority 1000000; policy accept;
    ct state new,established add @passed { ip id }
    ct state new,established meta nfproto ipv6 add @passed { @nh,16,16 }
  }
}
";

/// Members of a table's sets.
struct Record(BTreeMap<String, BTreeSet<u64>>);

impl Record {
    /// Waits until all packets that were sent have been seen; those that the kernel does not even take
    /// in keep it waiting for a moment.
    fn read(table: &str, set: &str, expected: usize) -> Self {
        let patience = Instant::now() + Duration::from_millis(200);
        loop {
            let text = run("nft", &["-j", "list", "table", "inet", table], "").unwrap();
            let record = Self::of(&serde_json::from_str(&text).unwrap());
            if record.0[set].len() >= expected || Instant::now() > patience {
                return record;
            }
        }
    }

    fn of(listing: &Value) -> Self {
        let sets = listing["nftables"].as_array().unwrap().iter().filter_map(|o| o.get("set"));
        let members = |set: &Value| -> BTreeSet<u64> {
            let each = set["elem"].as_array().into_iter().flatten();
            each.map(|e| e.as_u64().or(e["elem"]["val"].as_u64()).unwrap()).collect()
        };
        Self(sets.map(|s| (s["name"].as_str().unwrap().to_owned(), members(s))).collect())
    }

    fn has(&self, set: &str, id: u64) -> bool {
        self.0[set].contains(&id)
    }

    fn answer(&self, id: u64, way: Way) -> Answer {
        let (first, last) = match way {
            Way::Forward => ("forward_first", "forward_last"),
            Way::Input => ("input_first", "input_last"),
        };
        let seen = if self.has(last, id) {
            Seen::Passed
        } else if self.has(first, id) || self.has("arrived", id) && !self.has("routed", id) {
            Seen::Dropped
        } else {
            Seen::Elsewhere
        };
        let state = State::ALL.into_iter().find(|s| self.has(s.name(), id));
        Answer { seen, state: state.filter(|_| self.has(first, id)) }
    }
}
