//! Many hosts and many ports: none missed, none invented.

use std::sync::Once;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use portvakt_model::PortState;
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::syn::Engine;

use crate::{OPEN, compare, fast, lab, last, plan, scan};

const DROP_ALL_BUT_A_SIXTEENTH: &str = "ip daddr & 0.0.0.15 != 0.0.0.7 ip daddr 10.77.0.0/16 drop;";
const LOSE_ONE_OF_A_HUNDRED: &str =
    "tcp flags & (syn|ack|rst) != 0 numgen random mod 100 == 0 drop;";

#[test]
fn all_of_65536_hosts_answer() {
    lab::with(|lab| {
        lab.listen(&[80]);
        let plan = plan(&["10.77.0.0/16"], "80");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, _| PortState::Open);
        assert!(run.counts.sent < plan.probes() * 105 / 100, "{}", run.counts.sent);
    });
}

#[test]
fn one_of_sixteen_hosts_is_there() {
    lab::with(|lab| {
        lab.listen(&[80]);
        lab.filter(DROP_ALL_BUT_A_SIXTEENTH, "");
        let plan = plan(&["10.77.0.0/16"], "80");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |address, _| {
            if last(address) & 15 == 7 { PortState::Open } else { PortState::Filtered }
        });
        assert!(run.hosts.iter().all(|h| h.up == (last(h.address) & 15 == 7)));
    });
}

#[test]
fn half_of_the_hosts_have_a_firewall() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        lab.filter(
            "ip daddr & 0.0.0.1 == 0.0.0.1 ip daddr 10.77.0.0/16 tcp dport != 443 drop;",
            "",
        );
        let plan = plan(&["10.77.4.0/24"], "22,53,80,443,445,3389,5432,8000-8992");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |address, port| match (last(address) % 2, port) {
            (1, port) if port != 443 => PortState::Filtered,
            (_, port) if OPEN.contains(&port) => PortState::Open,
            _ => PortState::Closed,
        });
        let silent = 128 * 999;
        assert!(run.counts.sent >= plan.probes() + silent, "each silent port is asked twice");
    });
}

#[test]
fn one_packet_of_a_hundred_is_lost_each_way() {
    lab::with(|lab| {
        lab.listen(&[80]);
        lab.filter(LOSE_ONE_OF_A_HUNDRED, LOSE_ONE_OF_A_HUNDRED);
        let plan = plan(&["10.77.0.0/16"], "80");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, _| PortState::Open);
        assert!(run.counts.sent < plan.probes() * 105 / 100, "{}", run.counts.sent);
    });
}

#[test]
fn a_host_that_limits_what_it_answers_is_found_whole() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        lab.filter("tcp flags syn limit rate over 5000/second drop;", "");
        let plan = plan(&["10.77.0.1"], "-");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, port| {
            if OPEN.contains(&port) { PortState::Open } else { PortState::Closed }
        });
    });
}

#[test]
fn an_ipv6_prefix_is_scanned() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        let plan = plan(&["2001:db8:77::1:0/116"], "22,80,81");
        let run = scan(lab, &plan, &fast());
        compare(
            &plan,
            &run,
            |_, port| {
                if port == 81 { PortState::Closed } else { PortState::Open }
            },
        );
    });
}

#[test]
fn every_port_of_a_host() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        let plan = plan(&["10.77.0.1"], "-");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, |_, port| {
            if OPEN.contains(&port) { PortState::Open } else { PortState::Closed }
        });
    });
}

#[test]
fn what_the_ring_had_no_room_for_is_asked_again() {
    lab::with(|lab| {
        lab.listen(&[80]);
        let plan = plan(&["10.77.0.0/16"], "80,81");
        let (stop, progress, once) = (AtomicBool::new(false), Progress::default(), Once::new());
        // Whoever listens stands still until all is sent; the ring holds less than half of the answers.
        let seen = |_: Seen| {
            once.call_once(|| {
                let mut sent = 0;
                while Progress::read(&progress.sent) > sent {
                    sent = Progress::read(&progress.sent);
                    std::thread::sleep(Duration::from_millis(500));
                }
            });
        };
        let control = Control { stop: &stop, progress: &progress, seen: &seen };
        let run = lab.scanner(|| Engine::open().unwrap().scan(&plan, &fast(), control).unwrap());
        eprintln!("{:?}", run.counts);
        assert!(run.counts.dropped > 0);
        compare(
            &plan,
            &run,
            |_, port| {
                if port == 80 { PortState::Open } else { PortState::Closed }
            },
        );
    });
}
