//! The UDP scan through a network of its own, against a kernel that sends one ICMP error a second to each
//! peer: every closed port must be told as closed, and none that is silent.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

#[expect(dead_code, reason = "tests of other engines need more of it")]
mod lab;

use std::net::{IpAddr, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::thread;

use lab::{ROUTER, in_state};
use portvakt_model::PortState;
use portvakt_scan::connect::Ended;
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::Plan;
use portvakt_scan::scope::Scope;
use portvakt_scan::udp;

/// What Linux does unless told otherwise (`Documentation/networking/ip-sysctl.rst`).
const LIMITED: &[(&str, &str)] = &[
    ("net/ipv4/icmp_ratelimit", "1000"),
    ("net/ipv4/icmp_msgs_per_sec", "1000"),
    ("net/ipv4/icmp_msgs_burst", "50"),
];

#[test]
fn a_kernel_that_limits_its_errors_is_believed_only_when_it_is_asked_slowly() {
    lab::with(|lab| {
        lab.set(LIMITED);
        lab.filter("udp dport 161 drop\nudp dport 500 reject with icmpx type admin-prohibited", "");
        // One port answers as a clock does, one listens and never answers.
        let clock = lab.target(|| UdpSocket::bind((ROUTER, 123)).unwrap());
        let _silent = lab.target(|| UdpSocket::bind((ROUTER, 1812)).unwrap());
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
        let host: IpAddr = ROUTER.parse().unwrap();
        let plan = Plan::of(vec![(host, host)], &ports);
        let scope = "[scan]\nscope = ['10.66.0.0/24']\nauthorised_by = 'A'\n\
                 valid_until = '2999-12-31'\nwindow = 'always'\n";
        let scope = Scope::read(scope).unwrap().unwrap();
        let (stop, progress) = (AtomicBool::new(false), Progress::default());
        let scanned = lab.scanner(|| {
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
    });
}
