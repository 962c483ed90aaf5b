//! `portvakt parse`: what was understood of a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use portvakt_analysis::anomalies::called;
use portvakt_model::{
    Basis, Device, Fact, LineState, Management, Message, Rule, Ruleset, RulesetId, Source, SourceId,
};
use portvakt_parsers::{Context, Parsed};
use portvakt_space::Family;
use schemars::JsonSchema;
use serde::Serialize;

use super::Exit;
use crate::inputs;
use crate::text::{self, Lang};

/// Arguments of `portvakt parse`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Sets of addresses that its rules refer to (`ipset save`)
    #[arg(long, value_name = "FILE")]
    ipset: Vec<PathBuf>,
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

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-parse-1";

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut context = Context::default();
    for path in &args.ipset {
        let parsed = read(path, &Context::default(), args.lang)?;
        context.ipsets.extend(parsed.tables.ipsets);
    }
    let parsed = read(&args.file, &context, args.lang)?;
    let document = Document::of(&parsed);
    let mut out = anstream::stdout().lock();
    match args.format {
        Form::Json => {
            serde_json::to_writer_pretty(&mut out, &document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Form::Text => print(&document, args.lang, &mut out)?,
    }
    // The model of a large file takes longer to take apart than to print; the process ends here.
    std::mem::forget(parsed);
    Ok(Exit::Clean)
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}

fn read(path: &Path, context: &Context, lang: Lang) -> anyhow::Result<Parsed> {
    inputs::parse_one(SourceId(0), path, context)
        .map_err(|kind| anyhow!("{}: {}", path.display(), text::failure(&kind, lang)))
}

/// What was understood of one file.
#[derive(Serialize, JsonSchema)]
struct Document<'p> {
    /// Name and version of this schema. A new number means that a field changed its meaning or went away.
    schema: &'static str,
    /// Path of the file.
    path: &'p str,
    /// Id of the format.
    format: &'static str,
    /// Devices, or virtual parts of one.
    devices: Vec<DeviceRow<'p>>,
    /// Rows of the municipality's tables.
    tables: TableRow,
    /// States of all lines.
    coverage: CoverageRow,
    /// Lines that are not modelled, or not recognised.
    not_understood: Vec<LostRow>,
}

/// A device.
#[derive(Serialize, JsonSchema)]
struct DeviceRow<'p> {
    /// Its name.
    name: &'p str,
    /// Version of its software.
    version: Option<&'p str>,
    /// Lists of rules.
    rulesets: Vec<RulesetRow<'p>>,
    /// Named addresses, services, groups and schedules that the file defines.
    objects: usize,
    /// Interfaces that the file defines.
    interfaces: usize,
    /// Zones of interfaces.
    zones: usize,
    /// Rules of address translation.
    nat: usize,
    /// Static routes.
    routes: usize,
    /// Wireless networks.
    wlans: usize,
    /// References to what is not defined.
    undefined: usize,
    /// Secrets, which are hidden.
    secrets: usize,
    /// How it is administered, where the format says so.
    management: Option<ManagementRow<'p>>,
}

/// A list of rules.
#[derive(Serialize, JsonSchema)]
struct RulesetRow<'p> {
    /// Its name.
    name: &'p str,
    /// ipv4, ipv6 or both.
    family: &'static str,
    /// Its rules.
    rules: usize,
    /// Whether packets meet it.
    applied: bool,
    /// Line where it begins.
    line: u32,
}

/// Rows of the municipality's tables.
#[derive(Serialize, JsonSchema)]
struct TableRow {
    /// Port-opening decisions.
    decisions: usize,
    /// Systems.
    systems: usize,
    /// Wireless networks of the standard.
    ssids: usize,
    /// Exceptions.
    exceptions: usize,
    /// Sets of ipset.
    sets: usize,
}

/// States of all lines; each line has one.
#[derive(Serialize, JsonSchema)]
struct CoverageRow {
    /// All lines, or rows of a workbook.
    lines: u32,
    /// Lines whose meaning was used.
    used: u32,
    /// Lines without meaning for an audit.
    neutral: u32,
    /// Lines that are known and not modelled.
    unsupported: u32,
    /// Lines that were not recognised.
    unknown: u32,
}

/// A line that is not modelled, or not recognised.
#[derive(Serialize, JsonSchema)]
struct LostRow {
    /// Its number, from 1.
    line: u32,
    /// Its text, secrets hidden.
    text: String,
    /// Why.
    why: &'static str,
    /// The same in both languages.
    #[serde(skip)]
    words: &'static Message,
}

/// A setting with the line it stands on; the line is null for the vendor's default.
#[derive(Serialize, JsonSchema)]
struct FactRow<T> {
    /// Its value.
    value: T,
    /// Its line.
    line: Option<u32>,
}

/// How a device is administered.
#[derive(Serialize, JsonSchema)]
struct ManagementRow<'p> {
    /// Protocols that it answers to, each with its interface or `*`.
    services: Vec<String>,
    /// Console and terminal lines.
    lines: Vec<&'p str>,
    /// Local accounts.
    accounts: Vec<&'p str>,
    /// Versions of SNMP.
    snmp_versions: Vec<u8>,
    /// Time servers.
    ntp: Vec<&'p str>,
    /// Log servers.
    log_targets: Vec<&'p str>,
    /// Whether logins are checked centrally.
    central_aaa: Option<FactRow<bool>>,
    /// Whether commands are logged.
    command_log: Option<FactRow<bool>>,
    /// Attempts before a lockout.
    login_attempts: Option<FactRow<u32>>,
    /// Length of a lockout.
    lockout_seconds: Option<FactRow<u32>>,
    /// Least length of passwords.
    password_min_length: Option<FactRow<u32>>,
    /// Versions of SSH.
    ssh_versions: Option<FactRow<&'p [u8]>>,
    /// Versions of TLS of its own services.
    tls_versions: Option<FactRow<&'p [String]>>,
    /// Whether a text is shown before login.
    banner: Option<FactRow<bool>>,
    /// Whether the configuration is saved elsewhere.
    config_backup: Option<FactRow<bool>>,
}

impl<'p> Document<'p> {
    fn of(parsed: &'p Parsed) -> Self {
        let [lines, used, neutral, unsupported, unknown] = parsed.coverage.counts();
        Self {
            schema: SCHEMA,
            path: &parsed.source.path,
            format: parsed.format,
            devices: parsed.devices.iter().map(device).collect(),
            tables: TableRow {
                decisions: parsed.tables.register.decisions.len(),
                systems: parsed.tables.systems.len(),
                ssids: parsed.tables.ssids.len(),
                exceptions: parsed.tables.exceptions.len(),
                sets: parsed.tables.ipsets.as_ref().map_or(0, |f| f.sets.len()),
            },
            coverage: CoverageRow { lines, used, neutral, unsupported, unknown },
            not_understood: lost(parsed),
        }
    }
}

static NOT_RECOGNISED: Message = Message { sv: "känns inte igen", en: "not recognised" };

fn lost(parsed: &Parsed) -> Vec<LostRow> {
    let row = |(line, state): (u32, LineState)| {
        let words = match state {
            LineState::Unsupported(why) => why,
            _ => &NOT_RECOGNISED,
        };
        LostRow { line, text: line_text(&parsed.source, line), why: words.en, words }
    };
    parsed.coverage.not_understood().map(row).collect()
}

fn line_text(source: &Source, line: u32) -> String {
    source.line(line).trim().to_owned()
}

fn device(d: &Device) -> DeviceRow<'_> {
    DeviceRow {
        name: &d.name,
        version: d.version.as_deref(),
        rulesets: rulesets(d),
        objects: d.objects.len(),
        interfaces: d.interfaces.all().iter().filter(|i| i.declared).count(),
        zones: d.zones.len(),
        nat: translations(d),
        routes: d.routes.len(),
        wlans: d.wlans.len(),
        undefined: d.undefined.len(),
        secrets: d.secrets.len(),
        management: d.management.as_ref().map(|m| management(d, m)),
    }
}

fn rulesets(device: &Device) -> Vec<RulesetRow<'_>> {
    let called = called(device);
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    all.map(|(id, list)| ruleset(list, !list.hooks.is_empty() || called.contains(&id))).collect()
}

/// A chain is applied when another calls it.
fn ruleset(list: &Ruleset, applied: bool) -> RulesetRow<'_> {
    RulesetRow {
        name: &list.name,
        family: match list.families[..] {
            [Family::V4] => "ipv4",
            [Family::V6] => "ipv6",
            _ => "both",
        },
        rules: written(list),
        applied,
        line: list.line,
    }
}

/// Rules as somebody wrote them: none that a vendor implies, and one that the model takes apart (a
/// verdict map, a reflexive list) once.
fn written(list: &Ruleset) -> usize {
    let rules = || list.rules.iter().filter(|r| r.line != 0);
    let again = rules().zip(rules().skip(1)).filter(|(before, rule)| is_part_of(before, rule));
    rules().count() - again.count()
}

/// Whether two rules in a row are parts of what was written as one.
fn is_part_of(before: &Rule, rule: &Rule) -> bool {
    before.line == rule.line && before.id() == rule.id() && named(before) == named(rule)
}

/// Translations as somebody wrote them: one by a list of several networks is several in the model. A
/// file of JSON may be one line, so that lines tell nothing.
fn translations(device: &Device) -> usize {
    let mut lines: Vec<u32> = device.nat.iter().map(|n| n.line).collect();
    if device.format != "nftables-json" {
        lines.sort_unstable();
        lines.dedup();
    }
    lines.len()
}

/// What a rule names, as written: two rules on one line seldom name the same.
fn named(rule: &Rule) -> impl PartialEq {
    rule.note.as_deref().map(|n| (&n.sources, &n.destinations, &n.services))
}

fn management<'p>(device: &'p Device, m: &'p Management) -> ManagementRow<'p> {
    let on = |atom: Option<u32>| {
        let name = atom.and_then(|a| device.interfaces.get(a)).map_or("*", |i| i.name.as_str());
        name.to_owned()
    };
    let mut snmp_versions: Vec<u8> = m.snmp.iter().map(|s| s.version).collect();
    snmp_versions.sort_unstable();
    snmp_versions.dedup();
    ManagementRow {
        services: m
            .services
            .iter()
            .map(|s| format!("{} {}", s.protocol.name(), on(s.interface)))
            .collect(),
        lines: m.lines.iter().map(|l| l.name.as_str()).collect(),
        accounts: m.accounts.iter().map(|a| a.name.as_str()).collect(),
        snmp_versions,
        ntp: m.ntp.iter().map(|n| n.server.as_str()).collect(),
        log_targets: m.log_targets.iter().map(|t| t.target.as_str()).collect(),
        central_aaa: fact(m.central_aaa.as_ref()),
        command_log: fact(m.command_log.as_ref()),
        login_attempts: fact(m.login_attempts.as_ref()),
        lockout_seconds: fact(m.lockout_seconds.as_ref()),
        password_min_length: fact(m.password_policy.min_length.as_ref()),
        ssh_versions: m
            .ssh_versions
            .as_ref()
            .map(|f| FactRow { value: f.value.as_slice(), line: f.line() }),
        tls_versions: m
            .tls_versions
            .as_ref()
            .map(|f| FactRow { value: f.value.as_slice(), line: f.line() }),
        banner: fact(m.banner.as_ref()),
        config_backup: fact(m.config_backup.as_ref()),
    }
}

fn fact<T: Copy>(fact: Option<&Fact<T>>) -> Option<FactRow<T>> {
    let line = |basis: Basis| match basis {
        Basis::Line(line) => Some(line),
        Basis::VendorDefault(_) => None,
    };
    fact.map(|f| FactRow { value: f.value, line: line(f.basis) })
}

/// Most lines that the text form names; the JSON form names all.
const MOST_LINES: usize = 20;

fn print(d: &Document<'_>, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}: {}", d.path, d.format)?;
    for device in &d.devices {
        writeln!(
            out,
            "  {} · {} {} · {} {} · {} {} · {} NAT · {} WLAN",
            device.name,
            device.interfaces,
            lang.of("gränssnitt", "interfaces"),
            device.zones,
            lang.of("zoner", "zones"),
            device.objects,
            lang.of("objekt", "objects"),
            device.nat,
            device.wlans,
        )?;
        for list in &device.rulesets {
            let applied =
                if list.applied { "" } else { lang.of(" (ej tillämpad)", " (not applied)") };
            let word = lang.of("regler", "rules");
            writeln!(out, "    {} [{}] {} {word}{applied}", list.name, list.family, list.rules)?;
        }
    }
    let c = &d.coverage;
    let words = lang.of(
        ["rader", "använda", "utan betydelse", "stöds inte", "okända"],
        ["lines", "used", "neutral", "unsupported", "unknown"],
    );
    let counts = [c.lines, c.used, c.neutral, c.unsupported, c.unknown];
    let all: Vec<String> = counts.iter().zip(words).map(|(n, w)| format!("{n} {w}")).collect();
    writeln!(out, "  {}", all.join(" · "))?;
    for row in d.not_understood.iter().take(MOST_LINES) {
        writeln!(out, "  {}:{} {} — {}", d.path, row.line, row.text, lang.pick(row.words))?;
    }
    if d.not_understood.len() > MOST_LINES {
        let more = d.not_understood.len() - MOST_LINES;
        writeln!(
            out,
            "  … {more} {}",
            lang.of("till; se --format json", "more; see --format json")
        )?;
    }
    Ok(())
}
