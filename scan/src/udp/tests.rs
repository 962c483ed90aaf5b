use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portvakt_model::{HostSeen, PortSeen, PortState};

use super::probe::Sight;
use super::*;
use crate::connect::Ended;
use crate::control::{Progress, Seen};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn scope() -> Scope {
    let text = "[scan]\nscope = [\"127.0.0.0/8\"]\nauthorised_by = \"test\"\n\
                valid_until = \"9999-12-31\"\nwindow = \"always\"\nhost_rate = 1000";
    Scope::read(text).unwrap().unwrap()
}

fn bound() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A port that answers whatever it is asked with the same words.
fn answering(words: &'static [u8]) -> u16 {
    let (socket, port) = bound();
    std::thread::spawn(move || {
        let mut bytes = [0; 2048];
        while let Ok((_, from)) = socket.recv_from(&mut bytes) {
            let _ = socket.send_to(words, from);
        }
    });
    port
}

/// Scans ports of this machine.
fn scanned(ports: &[u16], stop: bool) -> (Scanned, Vec<Seen>) {
    let (stop, progress) = (AtomicBool::new(stop), Progress::default());
    let found = Mutex::new(Vec::new());
    let seen = |port: Seen| found.lock().unwrap().push(port);
    let control = Control { stop: &stop, progress: &progress, seen: &seen };
    let plan = Plan::of(vec![(LOCAL, LOCAL)], ports);
    let scanned = scan(&plan, &scope(), &|_| false, control).unwrap();
    assert_eq!(progress.sent.load(Ordering::Relaxed), scanned.counts.sent);
    (scanned, found.into_inner().unwrap())
}

fn port(host: &HostSeen, number: u16) -> &PortSeen {
    host.ports.iter().find(|p| p.port == number).unwrap()
}

#[test]
fn open_closed_and_silent_are_told_apart() {
    let open = answering(b"hello\x07");
    let (_keep, silent) = bound();
    let (gone, closed) = bound();
    drop(gone);
    let (scanned, seen) = scanned(&[open, closed, silent], false);
    assert_eq!(scanned.ended, Ended::Complete);
    let [host] = scanned.hosts.as_slice() else { panic!("one host") };
    assert!(host.up);
    let told = |number| (port(host, number).state, port(host, number).reason.as_str());
    assert_eq!(told(open), (PortState::Open, "udp-response"));
    assert_eq!(told(closed), (PortState::Closed, "port-unreach"));
    assert_eq!(told(silent), (PortState::OpenOrFiltered, "no-response"));
    assert!(port(host, silent).tries >= 2);
    assert_eq!(scanned.counts.answered, 2);
    assert_eq!(scanned.counts.incomplete, 0);
    let service = port(host, open).service.as_ref().unwrap();
    assert_eq!((service.asked, service.evidence.as_str()), (false, "hello\\x07"));
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].port, open);
}

#[test]
fn what_was_stopped_is_incomplete() {
    let open = answering(b"x");
    let (scanned, _) = scanned(&[open], true);
    assert_eq!(scanned.ended, Ended::Stopped);
    assert_eq!(port(&scanned.hosts[0], open).state, PortState::Incomplete);
    assert_eq!((scanned.counts.sent, scanned.counts.incomplete), (0, 1));
}

#[test]
fn a_host_outside_the_scope_gets_nothing() {
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    let outside = "192.0.2.1".parse().unwrap();
    let plan = Plan::of(vec![(outside, outside)], &[53]);
    let scanned = scan(&plan, &scope(), &|_| false, control).unwrap();
    assert_eq!((scanned.counts.sent, scanned.hosts.len()), (0, 0));
}

#[test]
fn controllers_get_no_packet() {
    let (socket, _) = bound();
    socket.set_nonblocking(true).unwrap();
    let (scanned, _) = scanned(&[47808], false);
    assert_eq!(scanned.counts.sent, 0);
    assert_eq!(port(&scanned.hosts[0], 47808).state, PortState::Incomplete);
}

#[tokio::test]
async fn an_answer_of_somebody_else_is_none() {
    let (socket, number) = bound();
    let asker = tokio::spawn(async move {
        probe::ask(SocketAddr::new(LOCAL, number), b"?", Duration::from_millis(400)).await
    });
    let (from, stranger) = tokio::task::spawn_blocking(move || {
        let (_, from) = socket.recv_from(&mut [0; 16]).unwrap();
        (from, bound().0)
    })
    .await
    .unwrap();
    stranger.send_to(b"forged", from).unwrap();
    assert_eq!(asker.await.unwrap(), Sight::Silence);
}

#[test]
fn no_answer_makes_a_reader_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..200_000u32 {
        let number = PORTS[round as usize % PORTS.len()];
        let peer = SocketAddr::new(LOCAL, number);
        // Half of them begin as our own question does, so that they are not refused at once.
        let mut bytes = payload::question(peer, (round % 2) as u8);
        let length = next() as usize % 120;
        bytes.resize(length, 0);
        for _ in 0..=round % 4 {
            if let Some(byte) = bytes.get_mut(next() as usize % length.max(1)) {
                *byte = next() as u8;
            }
        }
        let _ = payload::read(number, &bytes);
    }
}
