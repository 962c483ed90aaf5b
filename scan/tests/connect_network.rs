//! The connect scan through a network of its own: two namespaces, a link between them, and packet filters
//! that drop, refuse and lose. What is open there is known, so what is missed or invented is seen.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

#[expect(dead_code, reason = "tests of other engines need more of it")]
mod lab;

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;

use lab::{Lab, ROUTER, ROUTER_V6, in_state, run};
use portvakt_model::{HostSeen, PortState};
use portvakt_scan::connect::{self, Ended, Scanned};
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::{Plan, parse_ports};
use portvakt_scan::scope::Scope;

fn scan(lab: &Lab, host: &str, ports: &str) -> Scanned {
    let host: IpAddr = host.parse().unwrap();
    let plan = Plan::of(vec![(host, host)], &parse_ports(ports).unwrap());
    let scope = "[scan]\nscope = ['10.66.0.0/24', '10.77.0.0/16', '2001:db8::/32']\nauthorised_by = 'A'\n\
                 valid_until = '2999-12-31'\nwindow = 'always'\nrate = 1000000\n";
    let scope = Scope::read(scope).unwrap().unwrap();
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    lab.scanner(|| {
        let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
        connect::scan(&plan, &scope, &|_| false, control).unwrap()
    })
}

fn reason(host: &HostSeen, port: u16) -> &str {
    host.ports.iter().find(|p| p.port == port).map_or("", |p| &p.reason)
}

#[test]
fn a_refusal_of_the_host_is_told_from_one_on_the_way_and_from_silence() {
    lab::with(|lab| {
        lab.listen(&[22, 80, 1010]);
        lab.filter(
            "tcp dport 1000-1039 drop\n\
         tcp dport 2000 reject with icmp admin-prohibited\n\
         tcp dport 2001 reject with icmp port-unreachable\n\
         tcp dport 2002 reject with tcp reset\n\
         tcp dport 2003 reject with icmp host-unreachable",
            "",
        );
        // Our own filter, which is no word of the target's.
        let own = "table inet own { chain output { type filter hook output priority 0; tcp dport 3000 reject; }; }";
        lab.scanner(|| run("nft", &["-f", "-"], own));
        let scanned = scan(lab, ROUTER, "22,80,81,1000-1039,2000-2003,3000");
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
    });
}

#[test]
fn ipv6_is_told_as_exactly() {
    lab::with(|lab| {
        lab.listen(&[443]);
        lab.filter(
            "tcp dport 1000 drop\n\
         tcp dport 2000 reject with icmpv6 admin-prohibited\n\
         tcp dport 2001 reject with icmpv6 port-unreachable",
            "",
        );
        let scanned = scan(lab, ROUTER_V6, "443,444,1000,2000,2001");
        let host = &scanned.hosts[0];
        assert_eq!(in_state(host, PortState::Open), [443]);
        assert_eq!(in_state(host, PortState::Closed), [444]);
        assert_eq!(in_state(host, PortState::Filtered), [1000, 2000, 2001]);
        assert_eq!((reason(host, 2000), reason(host, 2001)), ("admin-prohibited", "port-unreach"));
    });
}

#[test]
fn where_packets_are_lost_nothing_is_missed() {
    lab::with(|lab| {
        let open: Vec<u16> = (5_000..5_300).collect();
        lab.listen(&open);
        let lose = "numgen random mod 100 < 1 drop;";
        lab.filter(lose, lose);
        let scanned = scan(lab, ROUTER, "5000-5499");
        let host = &scanned.hosts[0];
        assert_eq!(in_state(host, PortState::Open), open);
        assert_eq!(in_state(host, PortState::Closed), (5_300..5_500).collect::<Vec<_>>());
    });
}

#[test]
fn a_host_that_limits_what_it_answers_is_asked_until_it_has() {
    lab::with(|lab| {
        let open: Vec<u16> = (1..=12).map(|n| n * 400).collect();
        lab.listen(&open);
        lab.filter(
            "tcp flags & (syn | ack) == syn limit rate over 1000/second burst 5 packets drop;",
            "",
        );
        let scanned = scan(lab, ROUTER, "1-5000");
        let host = &scanned.hosts[0];
        assert_eq!(in_state(host, PortState::Open), open, "{:?}", scanned.counts);
        // What stayed silent at a host that answers late is not called filtered.
        assert!(in_state(host, PortState::Filtered).is_empty());
    });
}

#[test]
fn an_address_without_a_host_is_down_and_has_no_closed_ports() {
    lab::with(|lab| {
        let scanned = scan(lab, "10.66.0.77", "22,80");
        assert_eq!(scanned.ended, Ended::Complete);
        for host in &scanned.hosts {
            assert!(!host.up);
            assert!(in_state(host, PortState::Open).is_empty());
            assert!(in_state(host, PortState::Closed).is_empty());
        }
        assert_eq!(scanned.counts.answered, 0);
    });
}

#[test]
fn services_that_reset_what_they_accept_are_open() {
    const OPEN: [u16; 12] = [22, 53, 80, 443, 445, 3389, 5432, 8080, 8443, 9100, 10_050, 62_078];
    lab::with(|lab| {
        lab.reset(&OPEN);
        for host in ["10.77.3.9", ROUTER_V6] {
            let scanned = scan(lab, host, "1-12000,62078");
            assert_eq!(scanned.ended, Ended::Complete);
            let host = &scanned.hosts[0];
            assert_eq!(in_state(host, PortState::Open), OPEN, "{:?}", scanned.counts);
            assert_eq!(in_state(host, PortState::Closed).len(), 12_001 - OPEN.len());
        }
    });
}
