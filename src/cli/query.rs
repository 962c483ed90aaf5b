//! `portvakt query`: whether packets are let through, by which rules, and who can reach what.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_analysis::query::{self, Hop, Part, Question, Reason, Verdict};
use portvakt_model::{Device, RulesetId, Source};
use portvakt_space::{AddrSet, Family, Traffic};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exit, lists};
use crate::answer::{self, BoxRow, LineRow, PacketRow, is_named, products};
use crate::ask;
use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::text::{self, Lang};

/// Arguments of `portvakt query`.
///
/// Ends with 0 when the question was answered, whatever the answer, and with 2 when it could not
/// be; with `--expect` it ends with 1 when the answer is another, and with 2 when lines that were
/// not recognised may make it another.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Exports and folders of them, and last the question, such as
    /// 'src=10.1.0.0/16 dst=10.2.3.4 tcp/443'. Its words are src= dst= sport= in= out= state= and
    /// services; state is new where it is not said
    #[arg(required = true, value_name = "FILE… QUESTION")]
    words: Vec<String>,
    /// Ask who can reach an address and service instead: 10.2.3.4 tcp/443
    #[arg(long, num_args = 1.., value_name = "TARGET")]
    who_can_reach: Option<Vec<String>>,
    /// Only this device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// This list alone, whatever packets meet it; a chain may be named without its table
    #[arg(long, value_name = "NAME")]
    ruleset: Option<String>,
    /// End with 1 unless this is the answer
    #[arg(long, value_enum)]
    expect: Option<Expected>,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Expected {
    Permitted,
    Denied,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-query-1";

/// What becomes of the packets that were asked about.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// The question as it was asked.
    question: String,
    /// permitted, denied, partly (some are let through and some stopped) or cannot_tell.
    verdict: &'static str,
    /// Packets by what becomes of them and by which rules. For "who can reach" only those that are
    /// let through, or may be.
    parts: Vec<PartRow>,
    /// For "who can reach": ranges of sources that some device lets through, for certain.
    sources: Option<Vec<[String; 2]>>,
    /// For "who can reach": ranges of further sources that may be let through.
    maybe_sources: Option<Vec<[String; 2]>>,
    /// What was asked of each device.
    devices: Vec<DeviceRow>,
}

/// Packets that fare alike by the same rules.
#[derive(Serialize, JsonSchema)]
struct PartRow {
    /// Name of the device.
    device: String,
    /// permitted, denied or cannot_tell.
    verdict: &'static str,
    #[serde(flatten)]
    packets: BoxRow,
    /// One of the packets, as it is on the wire.
    witness: PacketRow,
    /// The rule that decided in each list on the way, in order; the last one stops what is denied.
    /// Empty where no list is in the way.
    rules: Vec<HopRow>,
    /// Whether the packets are for the device itself.
    local: bool,
    /// Lines of the translations on the way.
    nat: Vec<u32>,
    /// Why it cannot be told: unknown_match, device_itself, redirected, untracked (taken
    /// out of connection tracking before later lists) or unfinished.
    reason: Option<&'static str>,
    /// Where the budget ran out: rules that take packets from the part; at least so many.
    exceptions: Option<usize>,
    /// As a person writes it, in either language.
    #[serde(skip)]
    said: [String; 2],
}

/// A list on the way.
#[derive(Serialize, JsonSchema)]
struct HopRow {
    #[serde(flatten)]
    rule: LineRow,
    /// The list that packets met first, which may have called that of the rule.
    list: String,
    /// The witness as the list saw it.
    packet: PacketRow,
}

/// What was asked of a device.
#[derive(Serialize, JsonSchema)]
struct DeviceRow {
    /// Its name.
    device: String,
    /// way (all lists that the packets meet), ruleset (the list that was named), unapplied (each
    /// list, since none is in use) or nothing (it has no list).
    asked: &'static str,
    /// The lists, unless all that packets meet were asked.
    lists: Vec<String>,
    /// permitted, denied, partly or cannot_tell.
    verdict: &'static str,
    /// Lines of its export that were not recognised: what they do is not in the answer.
    not_recognised: u32,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let (paths, text, question) = read(args)?;
    let request =
        Request { paths, parameters: crate::audit::parameter_names(), ..Request::default() };
    let inputs = inputs::read(&request, &|_| {});
    let case = Case::new(inputs).map_err(|e| super::audit::unusable_pack(&e))?;
    for failure in case.failures() {
        anstream::eprintln!("{}: {}", failure.path, text::failure(&failure.kind, args.lang));
    }
    let audit = case.audit(args.today.unwrap_or_else(|| Zoned::now().date()));
    let asked = ask_all(&audit, &question, args)?;
    if asked.is_empty() {
        return Err(lists::none_called(&known(&audit)));
    }
    let document = document(&audit, &asked, text, args);
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    match args.format {
        Form::Json => {
            serde_json::to_writer(&mut out, &document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Form::Text => print(&document, args.lang, &mut out)?,
    }
    out.flush()?;
    Ok(exit(&document, args, case.failures().is_empty()))
}

/// The paths, the question's text and what it means.
fn read(args: &Args) -> anyhow::Result<(Vec<PathBuf>, String, Question)> {
    let mut words = args.words.clone();
    let (text, question) = if let Some(target) = &args.who_can_reach {
        let text = target.join(" ");
        let question = ask::target(&text);
        (text, question)
    } else {
        let text = words.pop().unwrap_or_default();
        let question = ask::question(&text);
        (text, question)
    };
    if question.is_err() && args.who_can_reach.is_none() && Path::new(&text).exists() {
        bail!(
            "the question is missing; it stands last, such as 'src=10.1.0.0/16 dst=10.2.3.4 tcp/443'"
        );
    }
    let question = question.map_err(|e| anyhow!("the question \"{text}\": {e}"))?;
    if words.is_empty() {
        bail!("name a file to ask before the question");
    }
    Ok((words.into_iter().map(PathBuf::from).collect(), text, question))
}

fn exit(document: &Document, args: &Args, all_read: bool) -> Exit {
    if !all_read || document.devices.iter().all(|device| device.asked == "nothing") {
        return Exit::NotAudited;
    }
    let wanted = args.expect.map(|expected| match expected {
        Expected::Permitted => "permitted",
        Expected::Denied => "denied",
    });
    if wanted.is_some_and(|wanted| wanted != document.verdict) {
        return Exit::Findings;
    }
    // What is expected is not so for certain where lines stand that nobody understood.
    if wanted.is_some() && document.devices.iter().any(|device| device.not_recognised > 0) {
        return Exit::NotAudited;
    }
    Exit::Clean
}

fn known(audit: &Audit<'_>) -> Vec<String> {
    let name = |d: &Device| d.rulesets.iter().map(|l| format!("{} {}", d.name, l.name)).collect();
    audit.devices().flat_map(|(_, d)| -> Vec<String> { name(d) }).collect()
}

/// What a device answered.
struct Answer {
    device: u32,
    asked: &'static str,
    lists: Vec<RulesetId>,
    parts: Vec<Part>,
}

/// Asks every device that is meant. Empty when a list was named that none has.
fn ask_all(audit: &Audit<'_>, question: &Question, args: &Args) -> anyhow::Result<Vec<Answer>> {
    let is = |d: &Device| args.device.as_ref().is_none_or(|n| n.eq_ignore_ascii_case(&d.name));
    let mut answers = Vec::new();
    if let Some(name) = args.device.as_ref().filter(|_| !audit.devices.iter().any(is)) {
        let names: Vec<&str> = audit.devices.iter().map(|d| d.name.as_str()).collect();
        bail!("no device is called {name}; there are {}", names.join(", "));
    }
    for (index, device) in audit.devices().filter(|(_, d)| is(d)) {
        let (asked, lists) = meant(device, args);
        let lacks = |names: Vec<String>| {
            anyhow!("{} has no such interface; there are {}", device.name, names.join(", "))
        };
        let mut parts = Vec::new();
        if asked == "way" {
            parts = query::device(audit, index, question).map_err(lacks)?;
        }
        for list in &lists {
            parts.extend(query::list(audit, index, *list, question).map_err(lacks)?);
        }
        if args.ruleset.is_none() || !lists.is_empty() {
            answers.push(Answer { device: index, asked, lists, parts });
        }
    }
    Ok(answers)
}

/// How a device is asked, and which of its lists.
fn meant(device: &Device, args: &Args) -> (&'static str, Vec<RulesetId>) {
    let all = || (0..).map(RulesetId).zip(&device.rulesets);
    if let Some(name) = &args.ruleset {
        let named: Vec<_> = all().filter(|(_, list)| is_named(&list.name, name)).collect();
        let exact = named.iter().any(|(_, list)| list.name.eq_ignore_ascii_case(name));
        let is_filter = |name: &str| name.starts_with("filter/");
        let filters = !exact && named.iter().any(|(_, list)| is_filter(&list.name));
        let kept = named.into_iter().filter(|(_, list)| {
            if exact {
                list.name.eq_ignore_ascii_case(name)
            } else {
                !filters || is_filter(&list.name)
            }
        });
        return ("ruleset", kept.map(|(id, _)| id).collect());
    }
    if device.rulesets.is_empty() {
        return ("nothing", Vec::new());
    }
    if device.rulesets.iter().any(|list| !list.hooks.is_empty()) {
        return ("way", Vec::new());
    }
    let called = portvakt_analysis::anomalies::called(device);
    let roots = all().map(|(id, _)| id).filter(|id| called.binary_search(id).is_err());
    ("unapplied", roots.collect())
}

/// The verdict on parts together.
fn verdict<'p>(parts: impl IntoIterator<Item = &'p Part>) -> &'static str {
    let seen: BTreeSet<Verdict> = parts.into_iter().map(|part| part.verdict).collect();
    let any = |verdict: Verdict| seen.contains(&verdict);
    match (any(Verdict::Permitted), any(Verdict::Denied), any(Verdict::CannotTell)) {
        (true, true, _) => "partly",
        (true, false, false) => "permitted",
        (false, true, false) => "denied",
        _ => "cannot_tell",
    }
}

fn document(audit: &Audit<'_>, answers: &[Answer], question: String, args: &Args) -> Document {
    let reverse = args.who_can_reach.is_some();
    let all = answers.iter().flat_map(|answer| &answer.parts);
    let sources = |wanted: Verdict| {
        let own = all.clone().filter(|part| part.verdict == wanted);
        own.map(|part| part.traffic.src.clone()).collect::<AddrSet>()
    };
    let ranges = |set: &AddrSet| -> Vec<[String; 2]> {
        set.ranges().iter().map(|(lo, hi)| [lo.to_string(), hi.to_string()]).collect()
    };
    let certain = sources(Verdict::Permitted);
    let possible = sources(Verdict::CannotTell).minus(&certain);
    let device = |answer: &Answer| {
        let device = &audit.devices[answer.device as usize];
        let name = |id: &RulesetId| device.rulesets[id.0 as usize].name.clone();
        DeviceRow {
            device: device.name.clone(),
            asked: answer.asked,
            lists: answer.lists.iter().map(name).collect(),
            verdict: verdict(&answer.parts),
            not_recognised: lists::not_recognised(audit, device).len() as u32,
        }
    };
    let shown = |part: &&Part| !reverse || part.verdict != Verdict::Denied;
    let rows = answers.iter().flat_map(|answer| {
        let device = &audit.devices[answer.device as usize];
        let desk = Desk { device, source: &audit.sources[device.source.0 as usize] };
        answer.parts.iter().filter(shown).flat_map(move |part| desk.rows(part))
    });
    let mut parts: Vec<PartRow> = rows.collect();
    if reverse {
        parts.sort_by(|a, b| a.verdict.cmp(b.verdict).reverse());
    }
    Document {
        schema: SCHEMA,
        question,
        verdict: verdict(all),
        parts,
        sources: reverse.then(|| ranges(&certain)),
        maybe_sources: reverse.then(|| ranges(&possible)),
        devices: answers.iter().map(device).collect(),
    }
}

/// What rows of a device are written with.
#[derive(Clone, Copy)]
struct Desk<'a> {
    device: &'a Device,
    source: &'a Source,
}

impl Desk<'_> {
    fn name<'s>(&'s self) -> impl Fn(u32) -> Option<&'s str> + Copy {
        |atom| self.device.interfaces.get(atom).map(|i| i.name.as_str())
    }

    /// One row for each product that the part is made of.
    fn rows(self, part: &Part) -> Vec<PartRow> {
        products(&part.traffic).iter().map(|traffic| self.row(part, traffic)).collect()
    }

    fn row(self, part: &Part, traffic: &Traffic) -> PartRow {
        let name = self.name();
        let (reason, exceptions) = reason(part);
        let mut part = part.clone();
        let sample = || Family::BOTH.into_iter().find_map(|f| traffic.sample(f));
        if let Some(packet) = sample().filter(|_| !traffic.contains(&part.witness)) {
            part.witness = packet;
            if part.nat.is_empty() {
                part.hops.iter_mut().for_each(|hop| hop.packet = packet);
            }
        }
        PartRow {
            device: self.device.name.clone(),
            verdict: word(part.verdict),
            packets: BoxRow::new(traffic, name),
            witness: PacketRow::new(&part.witness, name),
            rules: part.hops.iter().map(|hop| self.hop(hop)).collect(),
            local: part.local,
            nat: part.nat.iter().map(|n| self.device.nat[*n as usize].line).collect(),
            reason,
            exceptions,
            said: [Lang::Sv, Lang::En].map(|lang| answer::said(traffic, name, lang)),
        }
    }

    fn hop(self, hop: &Hop) -> HopRow {
        HopRow {
            rule: LineRow::new(self.device, self.source, hop.rule),
            list: self.device.rulesets[hop.list.0 as usize].name.clone(),
            packet: PacketRow::new(&hop.packet, self.name()),
        }
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Permitted => "permitted",
        Verdict::Denied => "denied",
        Verdict::CannotTell => "cannot_tell",
    }
}

fn reason(part: &Part) -> (Option<&'static str>, Option<usize>) {
    match (part.verdict, part.reason) {
        (Verdict::CannotTell, Some(Reason::DeviceItself)) => (Some("device_itself"), None),
        (Verdict::CannotTell, Some(Reason::Redirected)) => (Some("redirected"), None),
        (Verdict::CannotTell, Some(Reason::Untracked)) => (Some("untracked"), None),
        (Verdict::CannotTell, Some(Reason::Exceptions(n))) => (Some("unfinished"), Some(n)),
        (Verdict::CannotTell, None) => (Some("unknown_match"), None),
        _ => (None, None),
    }
}

fn print(document: &Document, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}: {}", document.question, verdict_said(document.verdict, lang))?;
    for device in &document.devices {
        if device.asked == "unapplied" {
            let text = lang.of(
                "ingen lista är i bruk; varje lista tillfrågas för sig:",
                "no list is in use; each list is asked by itself:",
            );
            writeln!(out, "{}: {text} {}", device.device, device.lists.join(", "))?;
        }
        if device.asked == "nothing" {
            let text = lang.of("har ingen lista att fråga", "has no list to ask");
            writeln!(out, "{} {text}", device.device)?;
        }
        if device.not_recognised > 0 {
            writeln!(
                out,
                "{}: {}",
                device.device,
                lists::not_recognised_said(lang, device.not_recognised)
            )?;
        }
    }
    for (head, ranges) in [
        (lang.of("Når fram", "Can reach"), &document.sources),
        (lang.of("Når kanske fram", "May reach"), &document.maybe_sources),
    ] {
        let Some(ranges) = ranges.as_ref().filter(|ranges| !ranges.is_empty()) else { continue };
        let span =
            |[lo, hi]: &[String; 2]| if lo == hi { lo.clone() } else { format!("{lo}–{hi}") };
        writeln!(out, "{head}: {}", ranges.iter().map(span).collect::<Vec<_>>().join(", "))?;
    }
    for part in &document.parts {
        print_part(part, lang, out)?;
    }
    Ok(())
}

fn print_part(part: &PartRow, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    let said = lang.of(&part.said[0], &part.said[1]);
    writeln!(out, "\n  {} {}: {said}", part.device, verdict_said(part.verdict, lang))?;
    if let Some(text) = part.reason.map(|reason| reason_said(reason, lang)) {
        let count = part.exceptions.map(|n| format!(" ({n})")).unwrap_or_default();
        writeln!(out, "    {text}{count}")?;
    }
    writeln!(out, "    {}: {}", lang.of("paket", "packet"), part.witness.said(lang))?;
    for line in &part.nat {
        writeln!(out, "    {} {line}", lang.of("översätts enligt rad", "translated by line"))?;
    }
    if part.rules.is_empty() {
        writeln!(out, "    {}", lang.of("ingen lista i vägen", "no list in the way"))?;
    }
    // Lists that let everything else through say nothing that a person asks for.
    let by_default = |hop: &&HopRow| hop.rule.is_default && hop.rule.action == "permit";
    let telling: Vec<&HopRow> = part.rules.iter().filter(|hop| !by_default(hop)).collect();
    let shown = if telling.is_empty() { part.rules.iter().collect() } else { telling };
    for hop in shown {
        writeln!(out, "    {}: {}", hop.list, hop.rule.said(lang))?;
    }
    Ok(())
}

fn verdict_said(verdict: &str, lang: Lang) -> &'static str {
    match verdict {
        "permitted" => lang.of("släpps igenom", "permitted"),
        "denied" => lang.of("spärras", "denied"),
        "partly" => lang.of("släpps delvis igenom", "partly permitted"),
        _ => lang.of("går inte att avgöra", "cannot tell"),
    }
}

fn reason_said(reason: &str, lang: Lang) -> &'static str {
    match reason {
        "device_itself" => lang.of(
            "paketen är till enheten själv, och ingen av dess listor gäller sådana",
            "the packets are for the device itself, and none of its lists is about such",
        ),
        "redirected" => {
            lang.of("den nya adressen är inte känd", "the new destination is not known")
        }
        "untracked" => lang.of(
            "paketen kan tas ur anslutningsspårningen, och senare listor ser då ett annat tillstånd",
            "the packets may be taken out of connection tracking, and later lists then see another state",
        ),
        "unfinished" => lang.of(
            "inte avgjort i sin helhet; minst så många regler tar paket ur delen",
            "not decided in full; at least so many rules take packets from the part",
        ),
        _ => lang.of(
            "beror på en matchning som inte är modellerad",
            "hangs on a match that is not modelled",
        ),
    }
}
