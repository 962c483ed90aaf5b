//! What a port's state rests on, and what a scan leaves alone.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::date;
use portvakt_model::PortState;
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::discover;
use portvakt_scan::plan::{Planned, Range};
use portvakt_scan::scope::{Rate, Scope};
use portvakt_scan::syn::{Engine, How};

use crate::lab::{SCANNER, run};
use crate::{OPEN, all, compare, fast, lab, last, plan, scan};

#[test]
fn refused_dropped_prohibited_and_unreachable_are_told_apart() {
    const V4: &str = "ip daddr 10.77.1.0/24 tcp dport vmap { 23: drop,
        1001: jump v1001, 1002: jump v1002, 1003: jump v1003, 1004: jump v1004 };
        ip6 daddr 2001:db8:77::/64 tcp dport vmap { 23: drop,
        1001: jump w1001, 1002: jump w1002, 1003: jump w1003, 1004: jump w1004 };";
    lab::with(|lab| {
        lab.listen(&[22]);
        lab.filter("", "");
        let script = format!(
            "table inet lab {{
                chain v1001 {{ reject with icmp type admin-prohibited; }}
                chain v1002 {{ reject with icmp type host-unreachable; }}
                chain v1003 {{ reject with icmp type port-unreachable; }}
                chain v1004 {{ reject with tcp reset; }}
                chain w1001 {{ reject with icmpv6 type admin-prohibited; }}
                chain w1002 {{ reject with icmpv6 type addr-unreachable; }}
                chain w1003 {{ reject with icmpv6 type port-unreachable; }}
                chain w1004 {{ reject with tcp reset; }}
                chain input {{ type filter hook input priority 0; {V4} }}
            }}"
        );
        lab.target(|| run("nft", &["-f", "-"], &script));
        let plan = plan(&["10.77.1.0/28", "2001:db8:77::/124"], "22,23,24,1001-1004");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, port| match port {
            22 => PortState::Open,
            23 | 1001 | 1003 => PortState::Filtered,
            1002 => PortState::Unreachable,
            _ => PortState::Closed,
        });
    });
}

#[test]
fn a_host_that_blocks_us_midway_is_incomplete_not_filtered() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        // The first thousand are let through; then nothing is, as when an intrusion prevention system acts.
        lab.filter("tcp flags syn limit rate over 1/hour burst 1000 packets drop;", "");
        let plan = plan(&["10.77.0.1"], "1-4000");
        let rate = Rate { total: 4_000, subnet: 4_000, host: 4_000 };
        let run = scan(lab, &plan, &How { rate, ..How::default() });
        let states = all(&run);
        let count = |state| states.values().filter(|s| **s == state).count();
        assert_eq!(count(PortState::Filtered), 0);
        assert!(count(PortState::Incomplete) > 2_900, "{}", count(PortState::Incomplete));
        assert_eq!(count(PortState::Incomplete) as u64, run.counts.incomplete);
    });
}

#[test]
fn hosts_on_our_own_link_are_there_or_not() {
    lab::with(|lab| {
        lab.listen(&[80]);
        lab.target(|| {
            run("ip", &["addr", "add", "10.66.0.77/24", "dev", "tg0"], "");
            run("ip", &["addr", "add", "2001:db8:66::77/64", "dev", "tg0", "nodad"], "");
        });
        let plan = plan(&["10.66.0.0/24", "2001:db8:66::70-2001:db8:66::7f"], "80,81");
        let run = scan(lab, &plan, &fast());
        let there = |host: IpAddr| {
            matches!(last(host), 2 | 0x77) && host.is_ipv6()
                || matches!(last(host), 2 | 77) && host.is_ipv4()
        };
        let own = IpAddr::from(SCANNER);
        compare(&plan, &run, |address, port| match port {
            // Our own address is closed for want of a listener.
            _ if address == own => PortState::Closed,
            80 if there(address) => PortState::Open,
            81 if there(address) => PortState::Closed,
            _ => PortState::Unreachable,
        });
        for host in &run.hosts {
            assert_eq!(host.mac.is_some(), there(host.address), "{}", host.address);
        }
    });
}

#[test]
fn what_is_excluded_gets_no_packet() {
    lab::with(|lab| {
        lab.listen(&[80]);
        lab.filter("ip daddr { 10.77.1.0/24, 10.77.9.8 } counter name never;", "");
        let scope = "[scan]\nscope = [\"10.77.0.0/20\"]\nexclude = [\"10.77.1.0/24\", \"10.77.9.8\"]\n\
             authorised_by = \"it\"\nvalid_until = \"2026-12-31\"\nwindow = \"always\"\n";
        let scope = Scope::read(scope).unwrap().unwrap();
        let all: Range = ([10, 77, 0, 0].into(), [10, 77, 15, 255].into());
        let planned = Planned::new(&[all], &[80], &scope, date(2026, 6, 1).at(12, 0, 0, 0));
        let run = scan(lab, &planned.full, &fast());
        compare(&planned.full, &run, |_, _| PortState::Open);
        assert_eq!(run.hosts.len(), 4_096 - 257);
        assert_eq!(lab.counted(), 0);
    });
}

#[test]
fn a_stopped_scan_keeps_what_it_found_and_goes_on_later() {
    lab::with(|lab| {
        lab.listen(&[80]);
        let plan = plan(&["10.77.0.0/22"], "80,81,82,83");
        let (stop, progress) = (AtomicBool::new(false), Progress::default());
        let seen = |_: Seen| {
            if progress.open.load(Ordering::Relaxed) >= 300 {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let control = Control { stop: &stop, progress: &progress, seen: &seen };
        let rate = Rate { total: 20_000, ..crate::UNBOUND };
        let how = How { rate, ..How::default() };
        let first = lab.scanner(|| Engine::open().unwrap().scan(&plan, &how, control).unwrap());
        assert!(!first.complete && first.ended.is_none());
        let states = all(&first);
        let open = states.values().filter(|s| **s == PortState::Open).count();
        assert!((300..1_024).contains(&open), "{open}");
        assert!(!states.values().any(|s| *s == PortState::Filtered), "silence proves nothing yet");

        let known = first.hosts.clone();
        let (stop, progress) = (AtomicBool::new(false), Progress::default());
        let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
        let how = How { rate: crate::UNBOUND, known, ..How::default() };
        let second = lab.scanner(|| Engine::open().unwrap().scan(&plan, &how, control).unwrap());
        assert!(second.complete);
        compare(
            &plan,
            &second,
            |_, port| {
                if port == 80 { PortState::Open } else { PortState::Closed }
            },
        );
        assert!(second.counts.sent < plan.probes() - open as u64, "what is known is not asked");
    });
}

#[test]
fn half_open_connections_are_torn_down() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        lab.filter("tcp flags & rst == rst counter name never;", "");
        let plan = plan(&["10.77.0.0/24"], "80,443,8080");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, _| PortState::Open);
        assert!(lab.counted() >= plan.probes(), "{} resets", lab.counted());
    });
}

#[test]
fn our_own_host_is_scanned_too() {
    lab::with(|lab| {
        let listener = lab.scanner(|| std::net::TcpListener::bind("127.0.0.1:8081").unwrap());
        let plan = plan(&["127.0.0.1"], "8080-8082");
        let run = scan(lab, &plan, &fast());
        compare(
            &plan,
            &run,
            |_, port| {
                if port == 8081 { PortState::Open } else { PortState::Closed }
            },
        );
        drop(listener);
    });
}

#[test]
fn an_address_without_a_route_is_unreachable() {
    lab::with(|lab| {
        let plan = plan(&["192.0.2.1"], "80");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, _| PortState::Unreachable);
        assert_eq!(run.counts.sent, 0);
    });
}

#[test]
fn hosts_are_discovered_by_echo_and_by_port() {
    lab::with(|lab| {
        lab.listen(&[443]);
        // Of each sixteen: one answers the echo alone, one port 443 alone, one refuses everything.
        let filter = "ip daddr & 0.0.0.15 == 0.0.0.1 icmp type echo-request accept;
            ip daddr & 0.0.0.15 == 0.0.0.2 tcp dport 443 accept;
            ip daddr & 0.0.0.15 == 0.0.0.3 tcp flags syn accept;
            ip6 daddr & ::f == ::1 icmpv6 type echo-request accept;
            meta l4proto ipv6-icmp accept; ip daddr 10.66.0.0/24 accept; drop;";
        lab.filter(
            &filter.replace(
                "ip6 daddr & ::f == ::1 icmpv6 type echo-request accept;",
                "ip6 daddr 2001:db8:77::/64 icmpv6 type echo-request ip6 daddr & ::f != ::1 drop;",
            ),
            "",
        );
        let plan = plan(&["10.77.0.0/22", "2001:db8:77::/120"], "1-1000");
        let (stop, progress) = (AtomicBool::new(false), Progress::default());
        let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
        let run = lab.scanner(|| {
            let mut engine = Engine::open().unwrap();
            discover::hosts(&mut engine, &plan, &fast(), control).unwrap()
        });
        let there = |host: IpAddr| {
            let kind = last(host) & 15;
            if host.is_ipv4() { (1..=3).contains(&kind) } else { kind == 1 }
        };
        let asked = all(&run);
        assert!(!asked.values().any(|s| *s == PortState::Incomplete));
        let found: Vec<IpAddr> = run.hosts.iter().filter(|h| h.up).map(|h| h.address).collect();
        let truth = (0..plan.hosts()).map(|h| plan.host(h)).filter(|h| there(*h));
        assert_eq!(found, truth.collect::<Vec<_>>());
        assert_eq!(plan.only(&found).hosts(), 192 + 16);
    });
}
