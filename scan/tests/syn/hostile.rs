//! Peers that lie.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};

use pnet::datalink::{self, Channel};
use portvakt_model::PortState;
use portvakt_scan::syn::Engine;

use crate::{OPEN, compare, fast, lab, last, plan, scan};

/// A segment from a host to the ports that probes come from, with whatever it acknowledges.
fn segment(from: Ipv4Addr, to_port: u16, flags: u8, acknowledged: u32) -> Vec<u8> {
    let mut bytes = vec![0u8; 40];
    bytes[..4].copy_from_slice(&[0x45, 0, 0, 40]);
    (bytes[8], bytes[9]) = (64, 6);
    bytes[12..16].copy_from_slice(&from.octets());
    bytes[16..20].copy_from_slice(&lab::SCANNER);
    let sum: u32 = bytes[..20].chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum();
    let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes[20..22].copy_from_slice(&80u16.to_be_bytes());
    bytes[22..24].copy_from_slice(&to_port.to_be_bytes());
    bytes[28..32].copy_from_slice(&acknowledged.to_be_bytes());
    (bytes[32], bytes[33]) = (0x50, flags);
    bytes
}

/// Floods the scanner from every address of 10.77.0.0/20 until told to end; returns how many were sent.
fn flood(end: &AtomicBool) -> u64 {
    let interfaces = datalink::interfaces();
    let cable = interfaces.iter().find(|i| i.name == "tg0").unwrap();
    let Ok(Channel::Ethernet(mut out, _)) = datalink::channel(cable, datalink::Config::default())
    else {
        panic!("no channel");
    };
    let mut sent = 0u32;
    while !end.load(Ordering::Relaxed) {
        let from = Ipv4Addr::from_bits(0x0a4d_0000 + sent % 4_096);
        let flags = if sent.is_multiple_of(3) { 0x14 } else { 0x12 };
        let packet =
            segment(from, 61_440 + (sent % 8) as u16, flags, sent.wrapping_mul(0x9e37_79b1));
        // To everybody on the cable: the scanner's own address is not known here.
        let frame = [&[0xff; 6][..], &[2, 0, 0, 0, 0, 9], &[8, 0], &packet].concat();
        out.send_to(&frame, None);
        sent += 1;
    }
    sent.into()
}

#[test]
fn forged_answers_are_not_believed() {
    lab::with(|lab| {
        lab.listen(&[80]);
        lab.filter("ip daddr & 0.0.0.15 != 0.0.0.7 ip daddr 10.77.0.0/16 drop;", "");
        let plan = plan(&["10.77.0.0/20"], "80");
        let end = AtomicBool::new(false);
        let (run, forged) = std::thread::scope(|scope| {
            let flooding = scope.spawn(|| lab.target(|| flood(&end)));
            let run = scan(lab, &plan, &fast());
            end.store(true, Ordering::Relaxed);
            (run, flooding.join().unwrap())
        });
        compare(&plan, &run, |address, _| {
            if last(address) & 15 == 7 { PortState::Open } else { PortState::Filtered }
        });
        eprintln!("{forged} forged");
        assert!(run.counts.unmatched > 100, "{} of {forged} were seen", run.counts.unmatched);
    });
}

#[test]
fn a_host_with_every_port_open_is_told_in_bounds() {
    lab::with(|lab| {
        // Every port is one that listens.
        lab.listen(&[80]);
        let script = "table ip lab { chain nat { type nat hook prerouting priority -100;
            ip daddr 10.77.0.1 tcp dport != 80 redirect to :80; }; }\n";
        lab.target(|| lab::run("nft", &["-f", "-"], script));
        let plan = plan(&["10.77.0.1"], "-");
        let run = scan(lab, &plan, &fast());
        let [host] = &run.hosts[..] else { panic!("{}", run.hosts.len()) };
        assert!(host.ports.len() <= 4_096);
        compare(&plan, &run, |_, _| PortState::Open);
    });
}

#[test]
fn two_scans_at_once_do_not_mix() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        let (even, odd) = (plan(&["10.77.0.0/20"], "80,81"), plan(&["10.77.16.0/20"], "443,444"));
        let (one, other) = lab.scanner(|| (Engine::open().unwrap(), Engine::open().unwrap()));
        assert_ne!(one.own_ports(), other.own_ports());
        drop((one, other));
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| scan(lab, &even, &fast()));
            (scan(lab, &odd, &fast()), first.join().unwrap())
        });
        let truth = |_: IpAddr, port: u16| {
            if OPEN.contains(&port) { PortState::Open } else { PortState::Closed }
        };
        compare(&odd, &first, truth);
        compare(&even, &second, truth);
    });
}
