//! `portvakt diff`: exactly which traffic two versions of a configuration decide otherwise.

mod html;
mod sarif;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::RuleKey;
use portvakt_analysis::diff::{self, DeviceDiff, ListChange, ListDiff, Names, OpenRule, Version};
use portvakt_model::{Coverage, Device, LineState, Ruleset, Source, SourceId};
use portvakt_space::{Effect, Side};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exit, lists, output};
use crate::answer::{BoxRow, LineRow, PacketRow, family, is_named, products};
use crate::inputs::{self, Failure, Inputs};
use crate::revision;
use crate::text::{self as words, Lang};

/// Arguments of `portvakt diff`.
///
/// Ends with 1 where traffic became permitted or may have, with 0 otherwise, and with 2 where
/// something could not be read.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The old version: a file, a folder, or REVISION:PATH of a git repository
    old: PathBuf,
    /// The new version, likewise
    new: PathBuf,
    /// Only this device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Only this list; a chain may be named without its table
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
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
    Html,
    Sarif,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-diff-1";

/// What two versions decide otherwise.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// The old version as it was asked for.
    old: String,
    /// The new version as it was asked for.
    new: String,
    /// The day whose schedules hold.
    today: String,
    /// Lists that packets meet first, with the chains that they call, and lists that nothing uses.
    rulesets: Vec<RulesetRow>,
    /// Devices whose address translation differs. What that changes is not compared.
    nat_changed: Vec<String>,
    /// Lines that only one version has and that were not recognised. What they change is not known.
    not_recognised: Vec<UnreadRow>,
    /// Files that could not be read, and why.
    failures: Vec<String>,
}

/// A list in two versions.
#[derive(Serialize, JsonSchema)]
struct RulesetRow {
    /// Name of the device.
    device: String,
    /// Name of the list.
    name: String,
    /// ipv4, ipv6 or both.
    family: &'static str,
    /// The version that alone has the list, old or new: what it decides can then not be compared.
    only_in: Option<&'static str>,
    /// Whether packets meet it elsewhere than before. What that changes is not compared.
    hooks_changed: bool,
    /// Whether the list with its chains was compared in full; if not, more may have changed.
    complete: bool,
    /// Traffic that was stopped and is let through.
    newly_permitted: Vec<ChangeRow>,
    /// Traffic that was let through and is stopped.
    newly_denied: Vec<ChangeRow>,
    /// Traffic that may now be let through: that hangs on matches which are not modelled.
    maybe_permitted: Vec<ChangeRow>,
    /// Traffic that may now be stopped, likewise.
    maybe_denied: Vec<ChangeRow>,
    /// Rules for whose packets the budget did not suffice.
    open: Vec<OpenRow>,
    /// Rules that only one version has, or has at another place, and that change no packet's fate.
    no_effect: Vec<IdleRow>,
}

/// Packets that fare otherwise.
#[derive(Serialize, JsonSchema)]
struct ChangeRow {
    #[serde(flatten)]
    packets: BoxRow,
    /// One of the packets.
    witness: PacketRow,
    /// Rules that decide them in the old version, that of the witness first.
    old: Vec<LineRow>,
    /// Rules that decide them in the new version, that of the witness first.
    new: Vec<LineRow>,
    /// As a person writes it, in either language.
    #[serde(skip)]
    said: [String; 2],
}

/// A rule that was not compared in full: some of its packets may fare otherwise.
#[derive(Serialize, JsonSchema)]
struct OpenRow {
    /// The version that has it, old or new.
    side: &'static str,
    /// The rule.
    rule: LineRow,
    /// What the packets are a part of.
    within: Vec<BoxRow>,
    /// Other rules of either version that share packets with it; at least so many.
    exceptions: usize,
    /// Packets that are known to fare otherwise, with what became of them: permitted, denied,
    /// maybe_permitted or maybe_denied.
    witnesses: Vec<(&'static str, PacketRow)>,
}

/// A line that was not recognised.
#[derive(Serialize, JsonSchema)]
struct UnreadRow {
    /// The version that has it, old or new.
    side: &'static str,
    /// Path of the file.
    path: String,
    /// The line, from 1.
    line: u32,
    /// What it says; secrets redacted.
    text: String,
}

/// A changed rule that makes no difference.
#[derive(Serialize, JsonSchema)]
struct IdleRow {
    /// The version that has it, old or new.
    side: &'static str,
    #[serde(flatten)]
    rule: LineRow,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let (old, new) = rayon::join(|| Export::read(&args.old), || Export::read(&args.new));
    let (old, new) = (old?, new?);
    let document = document(&old, &new, args);
    if document.rulesets.is_empty() && (args.device.is_some() || args.ruleset.is_some()) {
        return Err(lists::none_called(&known(&new)));
    }
    output::write(args.output.as_deref(), |out| match args.format {
        Form::Json => {
            serde_json::to_writer(&mut *out, &document)?;
            writeln!(out)
        }
        Form::Text => text::write(&document, args.lang, out),
        Form::Html => html::write(&document, args.lang, out),
        Form::Sarif => sarif::write(&document, args.lang, out),
    })?;
    for failure in &document.failures {
        anstream::eprintln!("{failure}");
    }
    Ok(exit(&document))
}

fn exit(document: &Document) -> Exit {
    if !document.failures.is_empty() {
        return Exit::NotAudited;
    }
    let unknown = !(document.nat_changed.is_empty() && document.not_recognised.is_empty());
    if unknown || document.rulesets.iter().any(RulesetRow::may_permit) {
        return Exit::Findings;
    }
    Exit::Clean
}

impl RulesetRow {
    /// Whether traffic became permitted, or that can't be ruled out.
    fn may_permit(&self) -> bool {
        let more = [self.newly_permitted.len(), self.maybe_permitted.len(), self.open.len()];
        let unknown = !self.complete || self.hooks_changed || self.only_in == Some("old");
        unknown || more.iter().any(|count| *count > 0)
    }

    fn is_unchanged(&self) -> bool {
        !self.may_permit()
            && self.newly_denied.is_empty()
            && self.maybe_denied.is_empty()
            && self.no_effect.is_empty()
            && self.only_in.is_none()
    }
}

/// One version: what was read of it.
struct Export {
    devices: Vec<Device>,
    sources: Vec<Source>,
    /// By source.
    coverage: BTreeMap<SourceId, Coverage>,
    failures: Vec<Failure>,
}

impl Export {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let named = path.to_str().filter(|text| !path.exists() && revision::is_one(text));
        let inputs = match named {
            Some(text) => inputs::blobs(revision::read(text)?),
            None => inputs::exports(&[path.to_owned()]),
        };
        let Inputs { parsed, sources, failures, .. } = inputs;
        let (mut devices, mut coverage) = (Vec::new(), BTreeMap::new());
        for mut file in parsed {
            devices.append(&mut file.devices);
            coverage.insert(file.id, file.coverage);
        }
        Ok(Self { devices, sources, coverage, failures })
    }

    /// Lines of some devices' exports that were not recognised.
    fn not_recognised(&self, devices: impl Iterator<Item = usize>) -> Vec<(SourceId, u32)> {
        let sources: BTreeSet<SourceId> = devices.map(|at| self.devices[at].source).collect();
        let covered = sources.iter().filter_map(|id| Some((*id, self.coverage.get(id)?)));
        let unknown = covered.flat_map(|(id, lines)| {
            let unknown = lines.not_understood().filter(|(_, state)| *state == LineState::Unknown);
            unknown.map(move |(line, _)| (id, line))
        });
        unknown.collect()
    }

    fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    fn version(&self, at: usize) -> Version<'_> {
        let device = &self.devices[at];
        Version { device, source: self.source(device.source) }
    }

    /// The name of a device's file, without folders.
    fn file(&self, device: &Device) -> &str {
        let path = self.source(device.source).path.as_str();
        path.rsplit(['/', '\\', ':']).next().unwrap_or(path)
    }

    fn line(&self, at: usize, key: RuleKey) -> LineRow {
        let Version { device, source } = self.version(at);
        LineRow::new(device, source, key)
    }
}

fn known(side: &Export) -> Vec<String> {
    let lists = side.devices.iter().flat_map(|d| d.rulesets.iter().map(move |l| (d, l)));
    lists.map(|(d, l)| format!("{} {}", d.name, l.name)).collect()
}

/// Devices of both versions: by name, else by the name of their file, else the two that are alone.
fn pairs(old: &Export, new: &Export) -> Vec<(Option<usize>, Option<usize>)> {
    let mut free: Vec<bool> = vec![true; old.devices.len()];
    let mut found: Vec<Option<usize>> = vec![None; new.devices.len()];
    let by_name = |side: &Export, at: usize| side.devices[at].name.clone();
    let by_file = |side: &Export, at: usize| side.file(&side.devices[at]).to_owned();
    for name in [&by_name as &dyn Fn(&Export, usize) -> String, &by_file] {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for at in (0..old.devices.len()).rev().filter(|at| free[*at]) {
            places.entry(name(old, at)).or_default().push(at);
        }
        for at in (0..new.devices.len()).filter(|at| found[*at].is_none()).collect::<Vec<_>>() {
            found[at] = places.get_mut(&name(new, at)).and_then(Vec::pop);
            found[at].iter().for_each(|taken| free[*taken] = false);
        }
    }
    let alone = (old.devices.len(), new.devices.len()) == (1, 1);
    if alone && found[0].is_none() {
        return vec![(Some(0), Some(0))];
    }
    let both = found.into_iter().enumerate().map(|(at, before)| (before, Some(at)));
    both.chain((0..free.len()).filter(|at| free[*at]).map(|at| (Some(at), None))).collect()
}

fn document(old: &Export, new: &Export, args: &Args) -> Document {
    let today = args.today.unwrap_or_else(|| Zoned::now().date());
    let mut pairs = pairs(old, new);
    let is = |side: &Export, at: Option<usize>, wanted: &str| {
        at.is_some_and(|at| side.devices[at].name.eq_ignore_ascii_case(wanted))
    };
    if let Some(wanted) = &args.device {
        pairs.retain(|(a, b)| is(old, *a, wanted) || is(new, *b, wanted));
    }
    let not_recognised = not_recognised(old, new, &pairs);
    let found: Vec<_> =
        pairs.into_par_iter().map(|pair| rows(old, new, pair, args, today)).collect();
    let (rulesets, nat_changed): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let failures = old.failures.iter().chain(&new.failures);
    Document {
        schema: SCHEMA,
        old: args.old.display().to_string(),
        new: args.new.display().to_string(),
        today: today.to_string(),
        rulesets: rulesets.into_iter().flatten().collect(),
        nat_changed: nat_changed.into_iter().flatten().collect(),
        not_recognised,
        failures: failures
            .map(|f| format!("{}: {}", f.path, words::failure(&f.kind, args.lang)))
            .collect(),
    }
}

/// Lines that were not recognised and whose words the other version does not have as often.
fn not_recognised(
    old: &Export,
    new: &Export,
    pairs: &[(Option<usize>, Option<usize>)],
) -> Vec<UnreadRow> {
    let sides = [
        ("old", old, old.not_recognised(pairs.iter().filter_map(|pair| pair.0))),
        ("new", new, new.not_recognised(pairs.iter().filter_map(|pair| pair.1))),
    ];
    let text =
        |side: &Export, (id, line): (SourceId, u32)| side.source(id).line(line).trim().to_owned();
    let mut rows = Vec::new();
    for (at, (word, side, lines)) in sides.iter().enumerate() {
        let (_, other, others) = &sides[1 - at];
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for place in others {
            *known.entry(text(other, *place)).or_default() += 1;
        }
        for &(id, line) in lines {
            let text = text(side, (id, line));
            if let Some(left) = known.get_mut(&text).filter(|left| **left > 0) {
                *left -= 1;
            } else {
                let path = side.source(id).path.clone();
                rows.push(UnreadRow { side: word, path, line, text });
            }
        }
    }
    rows
}

/// The lists of one device in both versions, and its name where it translates addresses otherwise.
fn rows(
    old: &Export,
    new: &Export,
    pair: (Option<usize>, Option<usize>),
    args: &Args,
    today: Date,
) -> (Vec<RulesetRow>, Option<String>) {
    let wanted =
        |list: &Ruleset| args.ruleset.as_ref().is_none_or(|name| is_named(&list.name, name));
    let alone = |device, side| DeviceDiff {
        names: Names::default(),
        lists: diff::alone(device, side, &wanted),
        nat_changed: false,
    };
    let found = match pair {
        (Some(a), Some(b)) => diff::devices(old.version(a), new.version(b), today, &wanted),
        (Some(a), None) => alone(&old.devices[a], Side::Old),
        (_, Some(b)) => alone(&new.devices[b], Side::New),
        (None, None) => return (Vec::new(), None),
    };
    let name = pair.1.filter(|_| found.nat_changed).map(|at| new.devices[at].name.clone());
    let desk = Desk { old, new, pair, names: found.names };
    (found.lists.iter().map(|list| desk.row(list)).collect(), name)
}

/// What rows of a device are written with.
struct Desk<'a> {
    old: &'a Export,
    new: &'a Export,
    pair: (Option<usize>, Option<usize>),
    names: Names,
}

impl Desk<'_> {
    fn row(&self, list: &ListDiff) -> RulesetRow {
        let device =
            |side: &'_ Export, at: Option<usize>| at.map(|at| side.devices[at].name.clone());
        let found = |side: &'_ Export, at: Option<usize>, id: Option<portvakt_model::RulesetId>| {
            let list = &side.devices[at?].rulesets[id?.0 as usize];
            Some((list.name.clone(), family(&list.families)))
        };
        let own = found(self.new, self.pair.1, list.new);
        let (name, family) =
            own.or_else(|| found(self.old, self.pair.0, list.old)).unwrap_or_default();
        let of = |effect: Effect| {
            let own = list.changes.iter().filter(|change| change.effect == effect);
            own.flat_map(|change| self.change(change)).collect::<Vec<_>>()
        };
        let idle = |side, keys: &[RuleKey]| -> Vec<IdleRow> {
            let row = |key: &RuleKey| IdleRow { side: word(side), rule: self.line(side, *key) };
            keys.iter().map(row).collect()
        };
        let mut no_effect = idle(Side::Old, &list.no_effect_old);
        no_effect.extend(idle(Side::New, &list.no_effect_new));
        let both = list.old.is_some() && list.new.is_some();
        RulesetRow {
            device: device(self.new, self.pair.1)
                .or_else(|| device(self.old, self.pair.0))
                .unwrap_or_default(),
            name,
            family,
            only_in: (!both).then(|| if list.old.is_some() { "old" } else { "new" }),
            hooks_changed: both && !list.same_hooks,
            complete: list.complete,
            newly_permitted: of(Effect::Permitted),
            newly_denied: of(Effect::Denied),
            maybe_permitted: of(Effect::MaybePermitted),
            maybe_denied: of(Effect::MaybeDenied),
            open: list.open.iter().map(|open| self.open(open)).collect(),
            no_effect,
        }
    }

    fn name<'s>(&'s self) -> impl Fn(u32) -> Option<&'s str> + Copy {
        |atom| self.names.get(atom)
    }

    /// One row for each product that the traffic is made of.
    fn change(&self, change: &ListChange) -> Vec<ChangeRow> {
        let parts = products(&change.traffic);
        let alone = parts.len() == 1;
        let row = |part: &portvakt_space::Traffic| {
            let sample = || portvakt_space::Family::BOTH.into_iter().find_map(|f| part.sample(f));
            let witness = if alone { Some(change.witness) } else { sample() };
            ChangeRow {
                packets: BoxRow::new(part, self.name()),
                witness: PacketRow::new(&witness.unwrap_or(change.witness), self.name()),
                old: change.old.iter().map(|key| self.line(Side::Old, *key)).collect(),
                new: change.new.iter().map(|key| self.line(Side::New, *key)).collect(),
                said: [Lang::Sv, Lang::En].map(|lang| crate::answer::said(part, self.name(), lang)),
            }
        };
        parts.iter().map(row).collect()
    }

    fn open(&self, open: &OpenRule) -> OpenRow {
        let row = |t| BoxRow::new(&t, self.name());
        let effect = |effect: Effect| match effect {
            Effect::Permitted => "permitted",
            Effect::Denied => "denied",
            Effect::MaybePermitted => "maybe_permitted",
            Effect::MaybeDenied => "maybe_denied",
        };
        OpenRow {
            side: word(open.side),
            rule: self.line(open.side, open.rule),
            within: products(&open.within).into_iter().map(row).collect(),
            exceptions: open.exceptions,
            witnesses: open
                .witnesses
                .iter()
                .map(|(e, packet)| (effect(*e), PacketRow::new(packet, self.name())))
                .collect(),
        }
    }

    fn line(&self, side: Side, key: RuleKey) -> LineRow {
        match side {
            Side::Old => self.old.line(self.pair.0.unwrap_or(0), key),
            _ => self.new.line(self.pair.1.unwrap_or(0), key),
        }
    }
}

const fn word(side: Side) -> &'static str {
    match side {
        Side::Old => "old",
        _ => "new",
    }
}
