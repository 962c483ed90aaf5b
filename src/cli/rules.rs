//! `portvakt rules`: what each rule of a list is good for, proven.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::anomalies::{Exceptions, Standing, exceptions};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Device, RulesetId};
use portvakt_space::{Cause, Family};
use schemars::JsonSchema;
use serde::Serialize;

use super::Exit;
use super::lists::PacketRow;
use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::report::csv::plain;
use crate::text::{self, Lang};

/// Arguments of `portvakt rules`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Exports, and folders of them
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only this device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Only this list
    #[arg(long, value_name = "NAME")]
    ruleset: Option<String>,
    /// The day whose schedules hold, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
    Csv,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-rules-1";

/// What each rule is good for.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// Lists that packets meet, chains that they call, and lists that nothing uses.
    rulesets: Vec<RulesetRow>,
}

/// A list of rules.
#[derive(Serialize, JsonSchema)]
struct RulesetRow {
    /// Name of the device.
    device: String,
    /// Path of the file.
    path: String,
    /// Name of the list.
    name: String,
    /// ipv4, ipv6 or both.
    family: &'static str,
    /// Its rules in order, but for those that are switched off or decide nothing.
    rules: Vec<RuleRow>,
    /// Lines of rules that are switched off.
    disabled: Vec<u32>,
}

/// A rule.
#[derive(Serialize, JsonSchema)]
struct RuleRow {
    /// Its line, from 1.
    line: u32,
    /// The vendor's id of it.
    id: Option<String>,
    /// live (a packet reaches it and it makes a difference), unreachable (no packet reaches it),
    /// removable (without it every packet is decided the same) or undecided.
    status: &'static str,
    /// Why it is unreachable: one (an earlier rule covers it), union (several do together),
    /// unmatchable (it matches nothing) or undefined (it names what is not defined).
    cause: Option<&'static str>,
    /// Unreachable: the earlier rules that take all of it, none of which can be left out. Removable:
    /// the later rules that would decide the same. Undecided: the rules that it hangs on.
    blockers: Vec<LineRow>,
    /// An earlier rule that decides otherwise, with a packet that it takes.
    contrary: Option<ContraryRow>,
    /// Later rules that decide otherwise a part of what this one takes.
    overlaps: Vec<LineRow>,
    /// A packet that reaches it.
    witness: Option<PacketRow>,
    /// Parts of it that are proven unreachable, of all that were looked at, where the budget ran out.
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

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let request = Request {
        paths: args.paths.clone(),
        parameters: crate::audit::parameter_names(),
        ..Request::default()
    };
    let inputs = inputs::read(&request, &|_| {});
    let case = Case::new(inputs).map_err(|e| super::audit::unusable_pack(&e))?;
    for failure in case.failures() {
        anstream::eprintln!("{}: {}", failure.path, text::failure(&failure.kind, args.lang));
    }
    let audit = case.audit(args.today.unwrap_or_else(|| Zoned::now().date()));
    let rulesets = rulesets(&audit, args);
    if rulesets.is_empty() && (args.device.is_some() || args.ruleset.is_some()) {
        let known = rulesets_of_all(&audit);
        bail!("no list is called so; there are {}", known.join(", "));
    }
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    match args.format {
        Form::Json => {
            // Long lists: no blanks between what a program reads.
            serde_json::to_writer(&mut out, &Document { schema: SCHEMA, rulesets })
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Form::Csv => csv(&rulesets, &mut out)?,
        Form::Text => print(&rulesets, args.lang, &mut out)?,
    }
    out.flush()?;
    Ok(if case.failures().is_empty() { Exit::Clean } else { Exit::NotAudited })
}

/// Every list with its device, as a person would name it.
fn rulesets_of_all(audit: &Audit<'_>) -> Vec<String> {
    let name = |d: &Device| d.rulesets.iter().map(|l| format!("{} {}", d.name, l.name)).collect();
    audit.devices().flat_map(|(_, d)| -> Vec<String> { name(d) }).collect()
}

fn rulesets(audit: &Audit<'_>, args: &Args) -> Vec<RulesetRow> {
    let is = |wanted: &Option<String>, name: &str| {
        wanted.as_ref().is_none_or(|w| w.eq_ignore_ascii_case(name))
    };
    let devices = audit.devices().filter(|(_, d)| is(&args.device, &d.name));
    let rows = devices.flat_map(|(index, device)| of_device(audit, index, device));
    rows.filter(|row| is(&args.ruleset, &row.name)).collect()
}

/// The lists of a device, each with what holds of its rules wherever they are called from.
fn of_device(audit: &Audit<'_>, index: u32, device: &Device) -> Vec<RulesetRow> {
    let judged = audit.anomalies(index).iter().flat_map(|list| &list.rules);
    let mut by_list: BTreeMap<RulesetId, Vec<(RuleKey, &Standing)>> = BTreeMap::new();
    for (key, standing) in judged.filter(|(key, _)| key.rule.is_some()) {
        by_list.entry(key.ruleset).or_default().push((*key, standing));
    }
    let overlaps = exceptions(audit, index);
    let row = |(id, mut rules): (RulesetId, Vec<(RuleKey, &Standing)>)| {
        rules.sort_by_key(|(key, _)| *key);
        let list = &device.rulesets[id.0 as usize];
        let disabled = list.rules.iter().filter(|r| !r.enabled && r.line > 0).map(|r| r.line);
        let rules = rules.into_iter().map(|(key, s)| rule(device, key, s, &overlaps));
        RulesetRow {
            device: device.name.clone(),
            path: audit.sources[device.source.0 as usize].path.clone(),
            name: list.name.clone(),
            family: match list.families[..] {
                [Family::V4] => "ipv4",
                [Family::V6] => "ipv6",
                _ => "both",
            },
            rules: rules.collect(),
            disabled: disabled.collect(),
        }
    };
    by_list.into_iter().map(row).collect()
}

fn rule(device: &Device, key: RuleKey, standing: &Standing, overlaps: &Exceptions) -> RuleRow {
    let lines = |keys: &[RuleKey]| keys.iter().map(|k| at(device, *k)).collect::<Vec<_>>();
    let (own, names) = (at(device, key), &device.interfaces);
    let opposed: Vec<RuleKey> =
        overlaps.rules.get(&key).map(|keys| keys.iter().copied().collect()).unwrap_or_default();
    let mut row = RuleRow {
        line: own.line,
        id: found(device, key).and_then(|r| r.id()).map(str::to_owned),
        status: "live",
        cause: None,
        blockers: Vec::new(),
        contrary: None,
        overlaps: lines(&opposed),
        witness: None,
        proven: None,
    };
    match standing {
        Standing::Live(witness) => row.witness = Some(PacketRow::new(witness, names)),
        Standing::Removable { witness, by, .. } => {
            row.status = "removable";
            row.blockers = lines(by);
            row.witness = Some(PacketRow::new(witness, names));
        }
        Standing::Unreachable { cause, blockers, contrary } => {
            row.status = "unreachable";
            row.cause = Some(word(*cause, device, own.line));
            row.blockers = lines(blockers);
            row.contrary = contrary.as_ref().map(|(key, taken)| ContraryRow {
                line: at(device, *key).line,
                packet: PacketRow::new(taken, names),
            });
        }
        Standing::Unsure(blockers) => {
            row.status = "undecided";
            row.blockers = lines(blockers);
        }
        Standing::Undecided(proven, of) => {
            row.status = "undecided";
            row.proven = Some([*proven, *of]);
        }
    }
    row
}

/// A rule that matches nothing because a name in it is not defined says so.
fn word(cause: Cause, device: &Device, line: u32) -> &'static str {
    match cause {
        Cause::One => "one",
        Cause::Union => "union",
        Cause::Unmatchable if device.undefined.iter().any(|u| u.line == line) => "undefined",
        Cause::Unmatchable => "unmatchable",
    }
}

fn found(device: &Device, key: RuleKey) -> Option<&portvakt_model::Rule> {
    device.rulesets[key.ruleset.0 as usize].rules.get(key.rule? as usize)
}

fn at(device: &Device, key: RuleKey) -> LineRow {
    let default = device.rulesets[key.ruleset.0 as usize].default.line.unwrap_or(0);
    LineRow { line: found(device, key).map_or(default, |r| r.line) }
}

fn csv(lists: &[RulesetRow], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut table = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    let heads = ["device", "ruleset", "family", "line", "id", "status", "cause", "blockers"];
    table.write_record(heads).map_err(plain)?;
    for (list, rule) in lists.iter().flat_map(|l| l.rules.iter().map(move |r| (l, r))) {
        let id = rule.id.clone().unwrap_or_default();
        let line = rule.line.to_string();
        let blockers = numbers(&rule.blockers);
        let cause = rule.cause.unwrap_or_default();
        let row =
            [&list.device, &list.name, list.family, &line, &id, rule.status, cause, &blockers];
        table.write_record(row).map_err(plain)?;
    }
    Ok(table.flush()?)
}

fn numbers(lines: &[LineRow]) -> String {
    lines.iter().map(|l| l.line.to_string()).collect::<Vec<_>>().join(", ")
}

/// Lines as a person reads them: what has none is the list's default.
fn named(lines: &[LineRow], lang: Lang) -> String {
    let default = lang.of("listans förval", "the list's default");
    let name = |l: &LineRow| if l.line == 0 { default.to_owned() } else { l.line.to_string() };
    lines.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn print(lists: &[RulesetRow], lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    for list in lists {
        let count = |status: &str| list.rules.iter().filter(|r| r.status == status).count();
        let words = lang.of(
            ["levande", "nås inte", "kan tas bort", "inte avgjorda"],
            ["live", "unreachable", "removable", "undecided"],
        );
        let kinds = ["live", "unreachable", "removable", "undecided"];
        let sums: Vec<String> =
            kinds.iter().zip(words).map(|(kind, word)| format!("{} {word}", count(kind))).collect();
        writeln!(out, "{} {} [{}]: {}", list.device, list.name, list.family, sums.join(" · "))?;
        for rule in list.rules.iter().filter(|r| r.status != "live") {
            writeln!(out, "  {}:{} {}", list.path, rule.line, said(rule, lang))?;
        }
    }
    Ok(())
}

/// What is to be said of a rule that is not live.
fn said(rule: &RuleRow, lang: Lang) -> String {
    let lines = named(&rule.blockers, lang);
    match (rule.status, rule.cause) {
        ("removable", _) if lines.is_empty() => lang
            .of("kan tas bort: förvalet gör detsamma", "removable: the default does the same")
            .to_owned(),
        ("removable", _) => {
            format!("{} {lines}", lang.of("kan tas bort, lika med", "removable, the same as"))
        }
        (_, Some("undefined")) => lang
            .of("nås inte: ett namn är inte definierat", "unreachable: a name is not defined")
            .to_owned(),
        (_, Some("unmatchable")) => {
            lang.of("nås inte: matchar inget paket", "unreachable: no packet matches").to_owned()
        }
        ("unreachable", _) => {
            format!("{} {lines}", lang.of("nås inte, tas av", "unreachable, taken by"))
        }
        _ => match rule.proven {
            Some([proven, of]) => {
                format!("{}: {proven}/{of}", lang.of("inte avgjord, bevisat", "undecided, proven"))
            }
            None => format!("{} {lines}", lang.of("inte avgjord, beror på", "undecided, hangs on")),
        },
    }
}
