//! What is left of a process's rights once the sockets are open.

use std::process::Command;
use std::sync::atomic::AtomicBool;

use portvakt_model::PortState;
use portvakt_scan::control::{Control, Progress};
use portvakt_scan::privileges::drop_privileges;
use portvakt_scan::syn::{Engine, SynError};

use crate::{compare, fast, lab, plan};

/// Set in the process that gives up its rights; they are those of a whole process.
const CHILD: &str = "PORTVAKT_TEST_DROP";

#[test]
fn sockets_outlive_the_rights_to_open_them() {
    if std::env::var_os(CHILD).is_some() {
        return lab::with(|lab| lab.scanner(give_up));
    }
    if lab::hindrance().is_some() {
        return;
    }
    let this = ["privileges::sockets_outlive_the_rights_to_open_them", "--exact", "--nocapture"];
    let child = Command::new(std::env::current_exe().unwrap()).args(this).env(CHILD, "1").output();
    let child = child.unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(child.status.success(), "{}{}", said(&child.stdout), said(&child.stderr));
    assert!(said(&child.stdout).contains("1 passed"));
}

fn give_up() {
    let mut engine = Engine::open().unwrap();
    let user = drop_privileges().unwrap();
    assert_ne!(user, 0);
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    for name in ["CapPrm", "CapEff", "CapInh"] {
        assert!(status.contains(&format!("{name}:\t0000000000000000")), "{status}");
    }
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(matches!(Engine::open(), Err(SynError::Privileges)));

    let listener = std::net::TcpListener::bind("127.0.0.1:8081").unwrap();
    let (stop, progress) = (AtomicBool::new(false), Progress::default());
    let control = Control { stop: &stop, progress: &progress, seen: &|_| {} };
    let plan = plan(&["127.0.0.1", "10.66.0.2"], "8081");
    let run = engine.scan(&plan, &fast(), control).unwrap();
    compare(
        &plan,
        &run,
        |address, _| {
            if address.is_loopback() { PortState::Open } else { PortState::Closed }
        },
    );
    drop(listener);
}
