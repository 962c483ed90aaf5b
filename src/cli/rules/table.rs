//! The answer as a table.

use std::io::{self, Write};

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;

use super::judged::{Judged, List};
use super::words;
use crate::report::csv::plain;

const HEADS: [&str; 11] = [
    "device",
    "ruleset",
    "family",
    "line",
    "id",
    "status",
    "cause",
    "blockers",
    "share",
    "duplicate_of",
    "fix",
];

pub(super) fn write(lists: &[List<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    table.write_record(HEADS).map_err(plain)?;
    for list in lists {
        for (key, standing) in list.rules {
            table.write_record(record(list, *key, standing)).map_err(plain)?;
        }
    }
    table.flush()
}

fn record(list: &List<'_>, key: RuleKey, standing: &Standing) -> [String; 11] {
    let judged = list.judged;
    let (cause, blockers) = match standing {
        Standing::Unreachable { cause, blockers, .. } => {
            (judged.cause(key, *cause), judged.blockers(key, blockers))
        }
        Standing::Removable(removable) => ("", removable.by.to_vec()),
        Standing::Unsure(blockers) => ("", blockers.to_vec()),
        Standing::Live(_) | Standing::Undecided(..) => ("", Vec::new()),
    };
    [
        judged.device.name.clone(),
        list.ruleset().name.clone(),
        words::family(list).to_owned(),
        judged.line(key).to_string(),
        judged.rule(key).and_then(|r| r.id()).unwrap_or_default().to_owned(),
        words::status(standing).to_owned(),
        cause.to_owned(),
        numbers(judged, &blockers),
        share(judged, key, standing),
        judged.original(key).map(|of| judged.line(of).to_string()).unwrap_or_default(),
        fix(list, key).to_owned(),
    ]
}

fn numbers(judged: &Judged<'_>, rules: &[RuleKey]) -> String {
    rules.iter().map(|key| judged.line(*key).to_string()).collect::<Vec<_>>().join(", ")
}

fn share(judged: &Judged<'_>, key: RuleKey, standing: &Standing) -> String {
    match standing {
        Standing::Live(_) | Standing::Removable(_) => {
            judged.share(key).known().map(|share| share.to_string()).unwrap_or_default()
        }
        Standing::Unreachable { .. } => "0".to_owned(),
        Standing::Unsure(_) | Standing::Undecided(..) => String::new(),
    }
}

/// Whether the rule can go, or why it stays.
fn fix(list: &List<'_>, key: RuleKey) -> &'static str {
    let Some(found) = list.fix_list() else { return "" };
    if found.gone.binary_search_by_key(&key, |(key, _)| *key).is_ok() {
        return "goes";
    }
    let kept = found.kept.binary_search_by_key(&key, |(key, _)| *key);
    kept.map_or("", |at| words::keep(found.kept[at].1))
}
