//! Rule sets that are in use somewhere. They are not part of the project: where the folder is absent,
//! nothing is compared.

use std::path::Path;

use crate::case::Case;

const FORMATS: [&str; 3] = ["iptables-save", "nftables", "nftables-json"];

pub(crate) fn cases() -> Option<Vec<Case>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: {} is not there", corpus.display());
        return None;
    }
    let mut cases = Vec::new();
    for format in FORMATS {
        let entries = std::fs::read_dir(corpus.join(format)).into_iter().flatten();
        for path in entries.filter_map(Result::ok).map(|e| e.path()) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            cases.push(Case {
                name: name.clone(),
                path: name,
                text,
                script: None,
                sets: None,
                least_certain: 0,
            });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Some(cases)
}
