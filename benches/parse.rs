//! How fast each format is read.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(dead_code, reason = "the generator also makes whole sites")]

mod generate;

use criterion::{BatchSize, Criterion, Throughput};
use portvakt_model::SourceId;
use portvakt_parsers::{Context, parse};

const RULES: usize = 5000;
/// Rules of the list that is written for timing the whole process.
const MANY: usize = 1_000_000;

fn main() {
    if let Some(path) = std::env::var_os("PORTVAKT_BENCH_OUT") {
        std::fs::write(path, generate::list(MANY).text).unwrap();
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("parse");
    for file in generate::devices(4, RULES) {
        let bytes = file.text.into_bytes();
        let read = |bytes| parse(SourceId(0), &file.name, bytes, &Context::default()).unwrap();
        let format = read(bytes.clone()).format;
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format, |b| {
            b.iter_batched(|| bytes.clone(), read, BatchSize::LargeInput);
        });
    }
    group.finish();
    criterion.final_summary();
}
