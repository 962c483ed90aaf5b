//! What a scan weighs: a ring, what is known of the hosts of a stretch, and two bits for each probe.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portvakt_scan::control::{Control, Progress};
use portvakt_scan::syn::Engine;

use crate::{OPEN, fast, lab, plan};

/// Set in the process that is weighed: what to scan.
const CHILD: &str = "PORTVAKT_TEST_WEIGH";
/// Targets and ports.
const SCANS: [(&str, &str); 3] =
    [("10.77.0.0/16", "80"), ("10.77.0.1", "-"), ("10.77.4.0/24", "-")];
/// Bytes that an engine may have, beside two bits for each probe.
const MOST: u64 = 16_000_000;
/// Longer than this is asked only where `FULL` is set: by then all is there that ever will be.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

#[test]
fn an_engine_weighs_what_it_may() {
    if let Ok(number) = std::env::var(CHILD) {
        let (targets, ports) = SCANS[number.parse::<usize>().unwrap()];
        return lab::with(|lab| weigh(lab, targets, ports));
    }
    if lab::hindrance().is_some() {
        return;
    }
    for number in 0..SCANS.len() {
        let this = ["memory::an_engine_weighs_what_it_may", "--exact", "--nocapture"];
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(this).env(CHILD, number.to_string()).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        eprint!("{}", said(&output.stderr));
        assert!(output.status.success(), "{}", said(&output.stdout));
        assert!(said(&output.stdout).contains("1 passed"));
    }
}

fn weigh(lab: &lab::Lab, targets: &str, ports: &str) {
    lab.listen(&OPEN);
    let plan = plan(&[targets], ports);
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    progress.total.store(plan.probes(), Ordering::Relaxed);
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    let (before, most) = (resident(), AtomicU64::new(0));
    let run = std::thread::scope(|scope| {
        scope.spawn(|| watch(&stop, &progress, &most));
        lab.scanner(|| Engine::open().unwrap().scan(&plan, &fast(), control).unwrap())
    });
    let (grown, after) = (most.into_inner() - before, resident() - before);
    eprintln!(
        "{} probes, {} sent: {grown} bytes while it asks, {after} with {} hosts told of",
        plan.probes(),
        run.counts.sent,
        run.hosts.len()
    );
    assert!(grown <= MOST + plan.probes() / 4, "{grown} bytes");
}

/// Looks at what the process weighs until everything is asked.
fn watch(stop: &AtomicBool, progress: &Progress, most: &AtomicU64) {
    let began = Instant::now();
    let ended = || {
        let total = Progress::read(&progress.total);
        total > 0 && Progress::read(&progress.done) >= total
    };
    while !ended() {
        most.fetch_max(resident(), Ordering::Relaxed);
        if std::env::var_os("FULL").is_none() && began.elapsed() > LONG_ENOUGH {
            return stop.store(true, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Bytes of this process that are in memory, those shared with the kernel too.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
