//! How long every rule of a list takes to judge, from its text to its verdicts.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]

mod lists;

use std::fs;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use jiff::civil::date;
use lists::{Kind, list};
use portvakt_analysis::lists::IndexedList;
use portvakt_model::{RulesetId, SourceId};
use portvakt_parsers::{Context, parse};
use portvakt_space::Budget;

const SIZES: &[(Kind, &str, usize)] = &[
    (Kind::V4, "v4", 1_000),
    (Kind::V4, "v4", 10_000),
    (Kind::V6, "v6", 10_000),
    (Kind::Random, "random", 1_000),
];

/// Lists that are written for timing the whole process.
const WRITTEN: &[(Kind, &str, usize)] = &[
    (Kind::V4, "v4", 10_000),
    (Kind::V4, "v4", 100_000),
    (Kind::V4, "v4", 1_000_000),
    (Kind::V4, "v4", 10_000_000),
    (Kind::V6, "v6", 1_000_000),
    (Kind::Random, "random", 10_000),
    (Kind::Random, "random", 100_000),
];

fn main() {
    if let Some(folder) = std::env::var_os("PORTVAKT_BENCH_OUT") {
        write(Path::new(&folder));
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("rules");
    for &(kind, name, rules) in SIZES {
        let text = list(kind, rules).into_bytes();
        group.throughput(Throughput::Elements(rules as u64));
        group.bench_function(BenchmarkId::new(name, rules), |b| b.iter(|| judged(text.clone())));
    }
    group.finish();
    criterion.final_summary();
}

fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for &(kind, name, rules) in WRITTEN {
        fs::write(folder.join(format!("{name}-{rules}.rules")), list(kind, rules)).unwrap();
    }
}

/// The number of rules that got a verdict.
fn judged(text: Vec<u8>) -> usize {
    let parsed = parse(SourceId(0), "list.rules", text, &Context::default()).unwrap();
    let device = &parsed.devices[0];
    let forward = device.rulesets.iter().position(|l| l.name.ends_with("FORWARD")).unwrap();
    let list = IndexedList::new(device, RulesetId(forward as u32), date(2026, 11, 20));
    list.index.verdicts(Budget::default()).len()
}
