//! The catalogue is whole: every file is listed, every id and name is unique, every message says
//! the same in both languages, every citation exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use portvakt_checks::{ALL, FAMILIES, Packs};
use portvakt_model::Message;

#[test]
fn every_check_file_is_listed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for family in FAMILIES {
        let listed: BTreeSet<String> =
            family.checks.iter().map(|c| c.name.replace('-', "_")).collect();
        let folder = src.join(family.id.replace('-', "_"));
        let mut on_disk = BTreeSet::new();
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if fs::read_to_string(&path).unwrap().contains("static CHECK: Check") {
                on_disk.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
            }
        }
        assert_eq!(listed, on_disk, "the list of {} and its files differ", family.id);
    }
}

#[test]
fn ids_and_names_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for check in ALL.iter() {
        assert!(check.id.len() == 6 && check.id.starts_with("PV"), "{}", check.id);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(check.name.chars().all(plain), "{}", check.name);
        for name in [check.id, check.name].iter().chain(check.aliases) {
            assert!(seen.insert(name.to_lowercase()), "{name} is used twice");
        }
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn both_languages_take_the_same_values() {
    for check in ALL.iter() {
        let fixed = [&check.title, &check.why, &check.fix];
        let all: Vec<&Message> = fixed.into_iter().chain(check.messages.iter().copied()).collect();
        for m in all {
            assert_eq!(placeholders(m.sv), placeholders(m.en), "{}: {}", check.id, m.en);
            assert!(!m.sv.trim().is_empty() && !m.en.trim().is_empty(), "{}", check.id);
        }
        assert!(!check.messages.is_empty(), "{} can say nothing", check.id);
    }
}

#[test]
fn every_citation_exists_and_every_check_has_one() {
    let packs = Packs::all().unwrap();
    let known: BTreeSet<&str> =
        packs.list.iter().flat_map(|p| &p.rules).map(|r| r.id.as_str()).collect();
    for check in ALL.iter() {
        assert!(!check.serves.is_empty(), "{} serves no rule", check.id);
        for rule in check.serves {
            assert!(known.contains(rule), "{} cites {rule}, which no pack has", check.id);
        }
    }
}

#[test]
fn every_pack_reads_and_has_its_304_rules_together() {
    let packs = Packs::all().unwrap();
    let rules: Vec<&str> = packs
        .list
        .iter()
        .filter(|p| p.id != "base")
        .flat_map(|p| &p.rules)
        .map(|r| r.id.as_str())
        .collect();
    assert_eq!(rules.len(), 304);
    assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), 304);
}
