//! How long a site takes from what was read to its findings.

#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(dead_code, reason = "the generator also makes single lists")]

mod campus;
mod departments;
mod generate;

use std::fs;
use std::path::Path;

use criterion::{BenchmarkId, Criterion};
use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt_checks::Selection;

/// Devices, and rules on each.
const SITES: &[(usize, usize)] = &[(4, 100), (20, 200)];

fn main() {
    if let Some(folder) = std::env::var_os("PORTVAKT_BENCH_OUT") {
        write(200, 250, Path::new(&folder));
        // Beside the site, not in it: a list of its own.
        fs::write(Path::new(&folder).with_extension("iptables"), campus::router(5_500)).unwrap();
        write_files(
            &departments::site(100, 200),
            &Path::new(&folder).with_extension("departments"),
        );
        return;
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("audit");
    for &(devices, rules) in SITES {
        let case = case(devices, rules);
        let all = Selection::default();
        group.bench_function(BenchmarkId::new(devices.to_string(), rules), |b| {
            b.iter(|| case.report(date(2026, 11, 20), &all).findings.len());
        });
    }
    group.finish();
    // Every pair of zones: what each filter lets through between them.
    let between = read_case(&departments::site(40, 50));
    criterion.bench_function("flows/40 departments", |b| {
        b.iter(|| between.audit(date(2026, 11, 20)).flows().len());
    });
    criterion.final_summary();
}

fn write(devices: usize, rules: usize, folder: &Path) {
    write_files(&site(devices, rules), folder);
}

fn site(devices: usize, rules: usize) -> Vec<(String, String)> {
    generate::site(devices, rules).into_iter().map(|file| (file.name, file.text)).collect()
}

fn write_files(files: &[(String, String)], folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn case(devices: usize, rules: usize) -> Case {
    read_case(&site(devices, rules))
}

fn read_case(files: &[(String, String)]) -> Case {
    let folder = tempfile::tempdir().unwrap();
    write_files(files, folder.path());
    let request = Request {
        paths: vec![folder.path().to_owned()],
        parameters: parameter_names(),
        ..Request::default()
    };
    let inputs = read(&request, &|_| {});
    assert_eq!(inputs.failures, []);
    Case::new(inputs).unwrap()
}
