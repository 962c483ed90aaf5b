//! How long two versions of a list take to compare, from parsed inputs on.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(dead_code, reason = "the generator also makes whole sites")]

mod generate;

use std::fs;
use std::path::Path;

use criterion::{BenchmarkId, Criterion};
use jiff::civil::date;
use portvakt::inputs::{Inputs, blobs};
use portvakt_analysis::diff::{Version, devices};

const RULES: &[usize] = &[1_000, 10_000];
/// What is written to disk for the whole process.
const WRITTEN: &[usize] = &[10_000, 100_000, 1_000_000];

fn main() {
    if let Some(folder) = std::env::var_os("PORTVAKT_BENCH_OUT") {
        for rules in WRITTEN {
            write(*rules, Path::new(&folder));
        }
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("diff");
    for &rules in RULES {
        let both =
            generate::versions(rules).map(|file| blobs([(file.name, file.text.into_bytes())]));
        let [old, new] = both.each_ref().map(version);
        group.bench_function(BenchmarkId::from_parameter(rules), |b| {
            b.iter(|| devices(old, new, date(2026, 11, 20), &|_| true).lists.len());
        });
    }
    group.finish();
    criterion.final_summary();
}

fn version(inputs: &Inputs) -> Version<'_> {
    Version { device: &inputs.parsed[0].devices[0], source: &inputs.sources[0] }
}

fn write(rules: usize, folder: &Path) {
    let folder = folder.join(rules.to_string());
    fs::create_dir_all(&folder).unwrap();
    for file in generate::versions(rules) {
        fs::write(folder.join(file.name), file.text).unwrap();
    }
}
