//! The connect scan against servers of its own on 127.0.0.1.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portvakt_model::{HostSeen, PortState};
use portvakt_scan::connect::{self, Ended, Scanned};
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::plan::{Plan, parse_ports};
use portvakt_scan::scope::Scope;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn scope(more: &str) -> Scope {
    let text = format!(
        "[scan]\nscope = ['127.0.0.0/8']\nauthorised_by = 'A'\nvalid_until = '2999-12-31'\n\
         window = 'always'\n{more}"
    );
    Scope::read(&text).unwrap().unwrap()
}

const FAST: &str = "rate = 1000000\nhost_rate = 1000000\n";

/// Scans, and stops after so many ports were found.
fn scan(plan: &Plan, scope: &Scope, stop_after: usize) -> (Scanned, Progress) {
    let (stop, progress, seen) = (AtomicBool::new(false), Progress::default(), Mutex::new(0));
    let found = |_| {
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        stop.store(*seen >= stop_after, Ordering::Relaxed);
    };
    let control = Control { stop: &stop, progress: &progress, seen: &found };
    let scanned = connect::scan(plan, scope, &|_| false, control).unwrap();
    (scanned, progress)
}

fn all_of(ports: &[u16]) -> Plan {
    Plan::of(vec![(HOST, HOST)], ports)
}

fn in_state(host: &HostSeen, state: PortState) -> Vec<u16> {
    let told = host.ports.iter().filter(|p| p.state == state).map(|p| p.port);
    let rest = host.rest.iter().filter(|r| r.state == state);
    let mut ports: Vec<u16> =
        told.chain(rest.flat_map(|r| r.ranges.iter().flat_map(|(a, b)| *a..=*b))).collect();
    ports.sort_unstable();
    ports
}

/// Listeners whose connections are treated by `serve`, as long as the test runs.
fn serve(count: usize, serve: fn(std::net::TcpStream)) -> Vec<u16> {
    let mut ports: Vec<u16> = (0..count)
        .map(|_| {
            let listener = TcpListener::bind((HOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            thread::spawn(move || listener.incoming().flatten().for_each(serve));
            port
        })
        .collect();
    ports.sort_unstable();
    ports
}

/// Tells apart what tests that run at the same time have opened: those ports are theirs.
fn opened_by_us(host: &HostSeen, ours: &[u16]) -> Vec<u16> {
    in_state(host, PortState::Open).into_iter().filter(|p| ours.contains(p)).collect()
}

#[test]
fn services_that_reset_after_the_handshake_are_all_found() {
    let ours = serve(12, |peer| {
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    });
    for _ in 0..20 {
        let (scanned, _) = scan(&all_of(&ours), &scope(FAST), usize::MAX);
        assert_eq!(scanned.ended, Ended::Complete);
        assert_eq!(in_state(&scanned.hosts[0], PortState::Open), ours);
    }
}

#[test]
fn tarpits_and_endless_banners_hold_nobody_up() {
    let mut ours = serve(3, |peer| {
        thread::spawn(move || {
            thread::sleep(Duration::from_mins(1));
            drop(peer);
        });
    });
    ours.extend(serve(3, |mut peer| {
        thread::spawn(move || while peer.write_all(&[b'x'; 4_096]).is_ok() {});
    }));
    ours.sort_unstable();
    let (scanned, _) = scan(&all_of(&ours), &scope(FAST), usize::MAX);
    assert_eq!(in_state(&scanned.hosts[0], PortState::Open), ours);
}

#[test]
fn all_ports_of_a_host_get_a_state_and_none_is_invented() {
    let ours = serve(12, drop);
    let every: Vec<u16> = parse_ports("-").unwrap();
    let before = Instant::now();
    let (scanned, progress) = scan(&all_of(&every), &scope(FAST), usize::MAX);
    println!("65,535 ports: {:?}", before.elapsed());
    let host = &scanned.hosts[0];
    assert!(host.up);
    assert_eq!(opened_by_us(host, &ours), ours);
    let (open, closed) = (in_state(host, PortState::Open), in_state(host, PortState::Closed));
    assert_eq!(open.len() + closed.len(), 65_535, "each port once");
    // Servers of this and other tests, and whatever else runs here, do accept connections.
    for port in open.iter().filter(|p| !ours.contains(p)) {
        let other = SocketAddr::new(HOST, *port);
        println!("also open: {other}");
    }
    assert_eq!(scanned.counts.incomplete, 0);
    assert_eq!(scanned.counts.answered, 65_535);
    assert_eq!(Progress::read(&progress.done), 65_535);
}

#[test]
fn what_was_not_asked_before_a_stop_is_incomplete() {
    let ours = serve(2, drop);
    let every: Vec<u16> = parse_ports("-").unwrap();
    let (scanned, _) = scan(&all_of(&every), &scope(FAST), 1);
    assert_eq!(scanned.ended, Ended::Stopped);
    let host = &scanned.hosts[0];
    assert!(!in_state(host, PortState::Open).is_empty() && !ours.is_empty());
    let incomplete = in_state(host, PortState::Incomplete);
    assert_eq!(incomplete.len() as u64, scanned.counts.incomplete);
    let told: usize = [PortState::Open, PortState::Closed, PortState::Incomplete]
        .map(|state| in_state(host, state).len())
        .iter()
        .sum();
    assert_eq!(told, 65_535);
}

#[test]
fn what_is_known_is_not_asked_again() {
    let ports = serve(3, drop);
    let plan = all_of(&ports);
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    let known = plan.index(HOST, ports[1]).unwrap();
    let scanned = connect::scan(&plan, &scope(FAST), &|p| p == known, control).unwrap();
    assert_eq!(scanned.counts.sent, 2);
    assert_eq!(in_state(&scanned.hosts[0], PortState::Open), [ports[0], ports[2]]);
}

#[test]
fn nothing_goes_outside_the_scope_whatever_the_plan_says() {
    let ports = serve(1, drop);
    let outside = all_of(&ports);
    let elsewhere = "[scan]\nscope = ['10.77.0.0/16']\nauthorised_by = 'A'\n\
                     valid_until = '2999-12-31'\nwindow = 'always'\n";
    let scope = Scope::read(elsewhere).unwrap().unwrap();
    let (scanned, _) = scan(&outside, &scope, usize::MAX);
    assert_eq!(scanned.counts.sent, 0);
    assert_eq!(scanned.counts.incomplete, 1);
}

#[test]
fn the_ceiling_of_a_host_is_kept() {
    let ports = serve(21, drop);
    let began = Instant::now();
    let (scanned, _) = scan(&all_of(&ports), &scope("rate = 1000\nhost_rate = 20\n"), usize::MAX);
    assert_eq!(in_state(&scanned.hosts[0], PortState::Open), ports);
    // A lower bound holds however slow the machine is.
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
}

#[test]
fn fragile_hosts_get_five_a_second_whatever_the_rates() {
    let ports = serve(6, drop);
    let fragile = format!(
        "{FAST}[[scan.fragile]]\nname = 'OT'\nprefixes = ['127.0.0.0/8']\nmode = 'connect'\n"
    );
    let began = Instant::now();
    let (scanned, _) = scan(&all_of(&ports), &scope(&fragile), usize::MAX);
    assert_eq!(in_state(&scanned.hosts[0], PortState::Open), ports);
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
}

#[test]
fn an_ended_leave_ends_the_scan() {
    let ports = serve(40, drop);
    let text = "[scan]\nscope = ['127.0.0.0/8']\nauthorised_by = 'A'\nvalid_until = '2020-01-01'\n\
                host_rate = 20\n";
    let (scanned, _) = scan(&all_of(&ports), &Scope::read(text).unwrap().unwrap(), usize::MAX);
    assert!(matches!(scanned.ended, Ended::Closed(_)), "{:?}", scanned.ended);
    assert!(scanned.counts.incomplete > 0);
}

#[test]
fn a_host_that_refuses_is_there_and_is_asked_no_more() {
    let range = (HOST, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 64)));
    let plan = Plan::of(vec![range], &parse_ports("-").unwrap());
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    // At 20 a second for each host its second port is not asked before the first has answered.
    let slow = scope("rate = 1000000\nhost_rate = 20\n");
    let there = connect::hosts(&plan, &slow, control).unwrap();
    assert_eq!((there.hosts.len(), there.ended), (64, Ended::Complete));
    assert_eq!((there.hosts[0], there.counts.sent), (HOST, 64));
    stop.store(true, Ordering::Relaxed);
    let none = connect::hosts(&plan, &slow, control).unwrap();
    assert_eq!((none.hosts.len(), none.ended), (0, Ended::Stopped));
}

#[test]
fn what_answered_can_be_taken_while_it_runs() {
    let ours = serve(3, drop);
    let closed = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap().port();
    let plan = all_of(&[ours.clone(), vec![closed]].concat());
    let (stop, progress) = (AtomicBool::new(false), Progress::keeping());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    connect::scan(&plan, &scope(FAST), &|_| false, control).unwrap();
    assert_eq!(progress.waiting(), 4);
    let mut taken: Vec<_> = progress.take().iter().map(|seen| (seen.state, seen.port)).collect();
    taken.sort_unstable();
    let mut wanted: Vec<_> = ours.iter().map(|port| (PortState::Open, *port)).collect();
    wanted.push((PortState::Closed, closed));
    assert_eq!(taken, wanted);
    assert!(progress.take().is_empty());
}
