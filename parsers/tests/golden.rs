//! Every case of `fixtures/parsers`: what is read from it is what its `expect.txt` says.
//!
//! `UPDATE=1` rewrites the expectations; each is then read by a person against its input.
//! A case may hold `sets.ipset`, which is given as context, beside its `input.*`.

#![expect(clippy::expect_used, reason = "a test")]

mod dump;

use std::path::{Path, PathBuf};

use portvakt_model::SourceId;
use portvakt_parsers::{Context, Parsed};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/parsers")
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).map(|dir| dir.filter_map(Result::ok)).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn input(case: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(case).expect("the case can be read").filter_map(Result::ok);
    let input = entries.find(|e| e.file_name().to_string_lossy().starts_with("input."));
    input.unwrap_or_else(|| panic!("{} has no input.*", case.display())).path()
}

fn read(path: &Path, context: &Context) -> Parsed {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let bytes = std::fs::read(path).expect("the input can be read");
    portvakt_parsers::parse(SourceId(0), &name, bytes, context)
        .unwrap_or_else(|why| panic!("{}: {why:?}", path.display()))
}

fn context(case: &Path) -> Context {
    let sets = case.join("sets.ipset");
    let found = sets.exists().then(|| read(&sets, &Context::default()).tables.ipsets);
    Context { ipsets: found.flatten().into_iter().collect(), ..Context::default() }
}

#[test]
fn every_case_reads_as_a_person_has_checked() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for format in folders(&fixtures()) {
        for case in folders(&format) {
            let parsed = read(&input(&case), &context(&case));
            assert_eq!(
                Some(parsed.format),
                format.file_name().and_then(|n| n.to_str()),
                "{} is read as another format",
                case.display()
            );
            let (got, path) = (dump::dump(&parsed), case.join("expect.txt"));
            if update {
                std::fs::write(&path, &got).expect("the expectation can be written");
            }
            let want = std::fs::read_to_string(&path).unwrap_or_default();
            if got != want {
                wrong.push(format!("--- {}\n{}", path.display(), difference(&want, &got)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.concat());
}

/// Lines that only one of the texts has.
fn difference(want: &str, got: &str) -> String {
    let lost = want.lines().filter(|l| !got.lines().any(|g| g == *l)).map(|l| format!("- {l}\n"));
    let new = got.lines().filter(|l| !want.lines().any(|w| w == *l)).map(|l| format!("+ {l}\n"));
    lost.chain(new).collect()
}
