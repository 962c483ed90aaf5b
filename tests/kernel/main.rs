//! The Linux kernel as an oracle: rule sets are loaded into a network namespace of the test's own, real
//! packets go through it, and what becomes of each is compared with what we say of it.
//!
//! Every packet belongs to no known connection and none is ever confirmed, so that what tracking says of
//! it is known beforehand (see [`frame::nature`]). Translation is switched off after loading: what is
//! compared is the filter.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "what was compared is said, and why something was not")]

mod case;
mod corpus;
mod dice;
mod frame;
mod iptables;
mod lab;
mod nft;
mod ours;
mod points;

use std::process::Command;

use case::{Case, Outcome};

/// Packets that the kernel must have judged in each rule set.
const LEAST_COMPARED: usize = 2000;
const TOOLS: [&str; 5] = ["ip", "nft", "iptables-nft-restore", "ip6tables-nft-restore", "ipset"];

/// Why the kernel cannot be asked here. Where `CI` is set it must be.
fn hindrance() -> Option<String> {
    let is_missing = |name: &str| Command::new(name).arg("-V").output().is_err();
    let missing = TOOLS.into_iter().find(|t| is_missing(t)).map(|t| format!("{t} is missing"));
    let found = missing.or_else(|| std::thread::spawn(lab::probe).join().unwrap().err())?;
    assert!(std::env::var_os("CI").is_none(), "the kernel cannot be asked: {found}");
    eprintln!("skipped: the kernel cannot be asked: {found}");
    Some(found)
}

/// Asks the kernel about each case, in a namespace of its own; returns how many it took.
fn compare_all(cases: Vec<Case>) -> usize {
    let (mut taken, mut wrong) = (0, Vec::new());
    for case in cases {
        let name = case.name.clone();
        let outcome = std::thread::spawn(move || case.compare()).join().unwrap();
        match outcome {
            Outcome::Refused(why) => eprintln!("{name}: left out: {why}"),
            Outcome::Compared { packets, certain, states, wrong: found, report } => {
                let [established, _, new, untracked, invalid] = states;
                eprintln!(
                    "{name}: {packets} packets, {certain} certain; at the filter {new} new, \
                     {established} established, {untracked} untracked, {invalid} invalid"
                );
                assert!(
                    packets >= LEAST_COMPARED,
                    "{name}: only {packets} packets came to the filter"
                );
                taken += 1;
                if found > 0 {
                    eprintln!("{report}");
                    wrong.push(format!("{name}: {found} of {packets}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the kernel says otherwise:\n{}", wrong.join("\n"));
    taken
}

/// Numbers of generated rule sets: others when `SEED` says where they begin.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let first = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    first..first + count
}

#[test]
fn iptables_rule_sets_decide_as_in_the_kernel() {
    if hindrance().is_none() {
        assert_eq!(compare_all(seeds(20).map(iptables::case).collect()), 20);
    }
}

#[test]
fn nft_rule_sets_decide_as_in_the_kernel() {
    if hindrance().is_none() {
        assert_eq!(compare_all(seeds(16).map(nft::case).collect()), 16);
    }
}

#[test]
fn listings_decide_as_in_the_kernel() {
    if hindrance().is_none() {
        assert_eq!(compare_all(seeds(10).map(nft::listed).collect()), 10);
    }
}

#[test]
fn real_rule_sets_decide_as_in_the_kernel() {
    if hindrance().is_none()
        && let Some(cases) = corpus::cases()
    {
        assert!(compare_all(cases) > 0);
    }
}
