//! The answer as JSON.

use std::io::{self, Write};

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;
use portvakt_analysis::anomalies::fix::{FixList, Keep, Proof};
use portvakt_analysis::anomalies::merge::Mergeable;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::value::{RawValue, to_raw_value};

use super::fix::{Going, going};
use super::judged::{Judged, List, Row};
use super::words;
use crate::answer::PacketRow;
use crate::text::Lang;

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-rules-1";

/// What each rule is good for.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'j> {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// Lists that packets meet, chains that they call, and lists that nothing uses.
    rulesets: Vec<RulesetRow<'j>>,
}

/// A list of rules.
#[derive(Serialize, JsonSchema)]
struct RulesetRow<'j> {
    /// Name of the device.
    device: &'j str,
    /// Path of the file.
    path: &'j str,
    /// Name of the list.
    name: &'j str,
    /// ipv4, ipv6 or both.
    family: &'static str,
    /// Its rules in order, but for those that are switched off or decide nothing.
    #[schemars(with = "Vec<RuleRow<'j>>")]
    rules: Rows<'j>,
    /// Lines of rules that are switched off.
    disabled: Vec<u32>,
    /// Rules that say again what an earlier rule of the list says.
    duplicates: Vec<DuplicateRow>,
    /// Rules that one rule could replace. Each rule is named once at most.
    mergeable: Vec<MergeableRow>,
    /// Whether all pairs of rules with different outcomes were looked at.
    overlaps_complete: bool,
    /// Rules that can go together, with `--fix-list`.
    fix_list: Option<FixRow<'j>>,
}

/// A rule.
#[derive(Serialize, JsonSchema)]
struct RuleRow<'j> {
    /// Its line, from 1.
    line: u32,
    /// The vendor's id of it, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'j str>,
    /// live (a packet reaches it and it makes a difference), unreachable (no packet reaches it),
    /// removable (without it every packet is decided the same) or undecided.
    status: &'static str,
    /// Why it is unreachable: one (an earlier rule covers it), union (several do together),
    /// unmatchable (it matches nothing) or undefined (it names what is not defined).
    cause: Option<&'static str>,
    /// Unreachable: the earlier rules that take all of it, none of which can be left out, and
    /// `contrary`. Removable: the later rules that would decide the same. Undecided: the rules that it
    /// hangs on.
    blockers: Vec<LineRow>,
    /// Unreachable: of the earlier rules that decide some of its packets otherwise the one that has
    /// most of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    contrary: Option<ContraryRow>,
    /// Share of what it says that it decides, 0–1: packets that no earlier rule takes, of all that it
    /// matches and that its list is given. Null where it is not known exactly.
    share: Option<f64>,
    /// Where `share` is not known: at least and at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_between: Option<[f64; 2]>,
    /// Later rules that decide otherwise a part of what this one takes: 32 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overlaps: Vec<LineRow>,
    /// How many more of them there are.
    #[serde(default, skip_serializing_if = "is_none")]
    overlaps_more: u32,
    /// Removable: whether it logs what would not be logged without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    loses_log: bool,
    /// A packet that reaches it.
    witness: Option<PacketRow>,
    /// Parts of it that are proven unreachable, of all that were looked at, where the budget ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<[u64; 2]>,
}

/// A line of the same file; 0 for a list's default and for what the vendor implies.
#[derive(Clone, Copy, Serialize, JsonSchema)]
struct LineRow {
    line: u32,
}

/// A rule that decides otherwise.
#[derive(Serialize, JsonSchema)]
struct ContraryRow {
    /// Its line.
    line: u32,
    /// A packet that it takes from the rule.
    packet: PacketRow,
}

/// A rule that says again what an earlier one says.
#[derive(Serialize, JsonSchema)]
struct DuplicateRow {
    /// Its line.
    line: u32,
    /// Line of the earlier rule.
    of: u32,
}

/// Rules that do the same, differ in one field only, and have no rule between them that matches a packet
/// of theirs.
#[derive(Serialize, JsonSchema)]
struct MergeableRow {
    /// Their lines.
    lines: Vec<u32>,
    /// The field in which they differ: dst, src, service, in, out or state.
    field: &'static str,
    /// The value of the field in the one rule.
    merged: String,
    /// Whether that is one range, which needs no group.
    one_range: bool,
}

/// Rules that can go together without changing the fate of one packet.
#[derive(Serialize, JsonSchema)]
struct FixRow<'j> {
    /// What can go.
    lines: Vec<GoingRow<'j>>,
    /// What could go as far as packets are concerned, or might, and should stay.
    kept: Vec<KeptRow>,
    /// true (the list without the lines is proven to decide every packet as before), false or
    /// "cannot_tell".
    verified: Verified,
    /// Rules that are switched on.
    before: usize,
    /// Rules that are left of them.
    after: usize,
    /// Rules for which the budget did not suffice.
    not_tried: usize,
}

/// A line that can go.
#[derive(Serialize, JsonSchema)]
struct GoingRow<'j> {
    /// The line, from 1.
    line: u32,
    /// The last line of the rule.
    last_line: u32,
    /// The vendor's id of the rule.
    id: Option<&'j str>,
    /// duplicate, unreachable or removable.
    reason: &'static str,
    /// Rules that stay and would decide its packets instead.
    instead: Vec<LineRow>,
    /// Line of an earlier rule that decides otherwise: then the rule may be in the wrong place rather than
    /// too much.
    contrary: Option<u32>,
}

/// A line that should stay.
#[derive(Serialize, JsonSchema)]
struct KeptRow {
    /// The line, from 1.
    line: u32,
    /// logs, answers, treats (inspection, translation, hours), `says_default`, `meets_others` (rules that log,
    /// count or mark), `shares_line`, undefined, `was_hit`, needed (once the others have gone), `other_use`,
    /// `last_rule` or `not_tried`.
    reason: &'static str,
}

/// A proof's outcome.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Verified {
    Known(bool),
    Unknown(CannotTell),
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CannotTell {
    CannotTell,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

impl<'j> Document<'j> {
    pub(super) fn of(lists: Vec<List<'j>>) -> Self {
        Self { schema: SCHEMA, rulesets: lists.into_iter().map(ruleset).collect() }
    }

    /// Long lists: no blanks between what a program reads.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Joined))?;
        writeln!(out)
    }
}

fn ruleset(list: List<'_>) -> RulesetRow<'_> {
    let judged = list.judged;
    let own = list.ruleset();
    let duplicate = |(key, of)| DuplicateRow { line: judged.line(key), of: judged.line(of) };
    RulesetRow {
        device: &judged.device.name,
        path: judged.path(),
        name: &own.name,
        family: words::family(&list),
        rules: Rows(list),
        disabled: own.rules.iter().filter(|r| !r.enabled && r.line > 0).map(|r| r.line).collect(),
        duplicates: list.duplicates().map(duplicate).collect(),
        mergeable: list.mergeable().par_iter().map(|all| mergeable(judged, all)).collect(),
        overlaps_complete: list.overlaps_complete(),
        fix_list: list.is_fix_asked().then(|| fix(&list, list.fix_list())),
    }
}

/// Rules, made as they are written: not all are held at once. They are a sequence of batches, each an
/// array of rows: to be written by [`Joined`], which leaves out the brackets between them.
struct Rows<'j>(List<'j>);

/// Rows of a batch.
const BATCH: usize = 256;
/// Rows that are made before they are written.
const CHUNK: usize = 32 * BATCH;

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.rules.len()))?;
        let mut chunks = self.0.rules.chunks(CHUNK);
        let mut made = chunks.next().map(|chunk| self.made(chunk));
        while let Some(rows) = made.take() {
            let rows = rows.map_err(S::Error::custom)?;
            let mut write = || rows.iter().try_for_each(|batch| seq.serialize_element(batch));
            let Some(chunk) = chunks.next() else {
                write()?;
                break;
            };
            // Writing is one thread's work: the others make what comes next.
            if rayon::current_num_threads() > 1 {
                rayon::in_place_scope(|scope| {
                    scope.spawn(|_| made = Some(self.made(chunk)));
                    write()
                })?;
            } else {
                write()?;
                made = Some(self.made(chunk));
            }
        }
        seq.end()
    }
}

impl Rows<'_> {
    fn made(&self, chunk: &[Row<'_>]) -> serde_json::Result<Vec<Box<RawValue>>> {
        chunk.par_chunks(BATCH).map(|rows| to_raw_value(&Batch(self.0.judged, rows))).collect()
    }
}

/// Rules that one thread makes rows of.
struct Batch<'j>(&'j Judged<'j>, &'j [Row<'j>]);

impl Serialize for Batch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(judged, rows) = self;
        serializer.collect_seq(rows.iter().map(|(key, standing)| rule(judged, *key, standing)))
    }
}

/// JSON without blanks in which every raw array stands for its elements: [`Rows`] are the only raw values.
struct Joined;

impl Formatter for Joined {
    fn write_raw_fragment<W: Write + ?Sized>(&mut self, out: &mut W, raw: &str) -> io::Result<()> {
        let elements = raw.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        out.write_all(elements.unwrap_or(raw).as_bytes())
    }
}

fn rule<'j>(judged: &'j Judged<'_>, key: RuleKey, standing: &Standing) -> RuleRow<'j> {
    let lines = |keys: &[RuleKey]| {
        keys.iter().map(|key| LineRow { line: judged.line(*key) }).collect::<Vec<_>>()
    };
    let names = &judged.device.interfaces;
    let (overlaps, overlaps_more) = judged.overlaps(key);
    let mut row = RuleRow {
        line: judged.line(key),
        id: judged.rule(key).and_then(|r| r.id()),
        status: words::status(standing),
        cause: None,
        blockers: Vec::new(),
        contrary: None,
        share: None,
        share_between: None,
        overlaps: lines(overlaps),
        overlaps_more,
        loses_log: judged.loses_log(key, standing),
        witness: None,
        proven: None,
    };
    match standing {
        Standing::Live(_) | Standing::Removable(_) => {
            let share = judged.share(key);
            row.share = share.known();
            row.share_between = row.share.is_none().then_some([share.least, share.most]);
            row.witness = standing.witness().map(|witness| PacketRow::on(&witness, names));
            if let Standing::Removable(removable) = standing {
                row.blockers = lines(&removable.by);
            }
        }
        Standing::Unreachable { cause, blockers, .. } => {
            let contrary = judged.contrary(key);
            row.cause = Some(judged.cause(key, *cause));
            row.share = Some(0.0);
            row.blockers = lines(&judged.blockers(key, blockers));
            row.contrary = contrary.map(|(key, taken)| ContraryRow {
                line: judged.line(key),
                packet: PacketRow::on(&taken, names),
            });
        }
        Standing::Unsure(blockers) => row.blockers = lines(blockers),
        Standing::Undecided(proven, of) => row.proven = Some([*proven, *of]),
    }
    row
}

fn mergeable(judged: &Judged<'_>, all: &Mergeable) -> MergeableRow {
    let union = all.union(judged.device);
    MergeableRow {
        lines: all.keys().map(|key| judged.line(key)).collect(),
        field: words::field(all.field),
        merged: words::union(&union, all.field, &judged.device.interfaces, Lang::En),
        one_range: all.field.is_one_range(&union),
    }
}

fn fix<'j>(list: &List<'j>, found: Option<&'j FixList>) -> FixRow<'j> {
    let judged = list.judged;
    let on = list.ruleset().rules.iter().filter(|rule| rule.enabled).count();
    let Some(found) = found else {
        let verified = Verified::Known(true);
        let (lines, kept) = (Vec::new(), Vec::new());
        return FixRow { lines, kept, verified, before: on, after: on, not_tried: 0 };
    };
    let row = |going: Going<'j>| GoingRow {
        line: going.lines.0,
        last_line: going.lines.1,
        id: going.rule.id(),
        reason: going.reason,
        instead: going.takers.iter().map(|key| LineRow { line: judged.line(*key) }).collect(),
        contrary: going.contrary.map(|(other, _)| judged.line(other)),
    };
    let kept = |(key, why): &(RuleKey, Keep)| KeptRow {
        line: judged.line(*key),
        reason: words::keep(*why),
    };
    FixRow {
        lines: going(list, found).into_iter().map(row).collect(),
        kept: found.kept.iter().map(kept).collect(),
        verified: match found.proof {
            Proof::Proven => Verified::Known(true),
            Proof::Refuted => Verified::Known(false),
            Proof::Unknown => Verified::Unknown(CannotTell::CannotTell),
        },
        before: found.sizes.0,
        after: found.sizes.1,
        not_tried: found.kept.iter().filter(|(_, why)| *why == Keep::NotTried).count(),
    }
}
