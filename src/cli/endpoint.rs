//! What `portvakt tls` and `portvakt ssh` share: which endpoints, by whose leave, judged by which
//! policy, told in which form, compared with which earlier answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use anyhow::anyhow;
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_checks::crypto::{Level, Policy, Profile};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Exit, output};
use crate::text::Lang;

mod csv;
pub(super) mod diff;
pub(super) mod document;
mod earlier;
pub(super) mod finding;
pub(super) mod leave;
mod look;
pub(super) mod policy;
mod sarif;
pub(super) mod targets;
mod text;

use document::Document;
pub(super) use finding::FindingRow;
use leave::{Place, Probes};
use targets::{Asked, Wanted};

/// Arguments of both commands.
#[derive(clap::Args)]
pub(super) struct Common {
    /// HOST, HOST:PORT, [IPV6]:PORT, or a prefix (10.1.2.0/28), which needs a scope. A name is looked at
    /// at each of its addresses, 16 at most
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// File with one target on each line; what follows # is a comment
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
    /// The norm to judge by: a name, or a file of your own
    #[arg(long, value_name = "NAME|FILE", default_value = "portvakt-2026")]
    pub(super) policy: String,
    /// Judge by what this endpoint offers
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "policy")]
    pub(super) policy_from: Option<String>,
    /// Write the policy that --policy-from makes to a file, which --policy reads
    #[arg(long, value_name = "FILE", requires = "policy_from")]
    pub(super) save_policy: Option<PathBuf>,
    /// Whom the endpoints are for [default: public for public addresses, otherwise internal]
    #[arg(long, value_enum)]
    pub(super) profile: Option<ProfileArg>,
    /// File with the leave to scan, table [scan] [default: portvakt.toml in the working folder, if it has one]
    #[arg(long, value_name = "FILE")]
    pub(super) scope: Option<PathBuf>,
    /// An earlier answer as JSON: what it found already is marked as known and fails nothing
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// From which level on a finding fails the run
    #[arg(long, value_enum, default_value_t = FailOn::Insufficient)]
    pub(super) fail_on: FailOn,
    /// Seconds that an endpoint may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) timeout: Option<u64>,
    /// The day to judge for, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<Date>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub(super) format: Form,
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    pub(super) lang: Lang,
}

impl Common {
    /// The day to judge for.
    pub(super) fn day(&self) -> Date {
        self.today.unwrap_or_else(|| Zoned::now().date())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    Text,
    Json,
    Csv,
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ProfileArg {
    /// For anybody on the internet; limits of the CA/Browser Forum hold
    Public,
    /// For the organisation's own machines
    Internal,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::Public => Self::Public,
            ProfileArg::Internal => Self::Internal,
        }
    }
}

/// From which level on a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// To be replaced now
    Insufficient,
    /// To be replaced in time
    PhaseOut,
    /// Also what could not be assessed
    NotAssessed,
    Never,
}

impl FailOn {
    fn is_reached(self, level: Level) -> bool {
        match self {
            Self::Insufficient => level >= Level::Insufficient,
            Self::PhaseOut => level >= Level::PhaseOut,
            Self::NotAssessed => level >= Level::NotAssessed,
            Self::Never => false,
        }
    }
}

/// An endpoint that was judged, as the forms of the answer need it.
pub(crate) trait Judged {
    /// As it was asked for.
    fn target(&self) -> &str;
    /// Where it was found.
    fn address(&self) -> Option<&str>;
    /// Its overall level.
    fn level(&self) -> Level;
    /// Whether anything was sent to it.
    fn is_asked(&self) -> bool;
    /// Whether it answered at all.
    fn is_reached(&self) -> bool;
    /// What was found, the worst first.
    fn findings(&self) -> &[FindingRow];
    /// The same, to be marked as known.
    fn findings_mut(&mut self) -> &mut Vec<FindingRow>;
    /// What it offers, in lines for a person.
    fn offered(&self, lang: Lang) -> Vec<String>;
}

/// An endpoint as a command's answer has it.
pub(crate) trait Row: Judged + Serialize {
    /// The command, as a person calls it.
    const COMMAND: &'static str;
    /// Name and version of the answer's schema.
    const SCHEMA: &'static str;
}

/// What a kind of endpoint has of its own.
pub(crate) trait Kind {
    /// An endpoint as it was seen.
    type Seen;
    /// The same with what the policy says of it.
    type Row: Row + DeserializeOwned;

    /// The port of an endpoint that names none.
    fn port(&self, wanted: &Wanted) -> u16;
    /// What is done to endpoints.
    fn probes(&self) -> Probes;
    /// Looks at places that may be looked at in the same manner, as far as a verdict by the policy needs, or
    /// wholly without one. Each is given to `done` with its index; what is given again counts.
    fn look(
        &self,
        places: &[&Place],
        policy: Option<&Policy>,
        done: &mut dyn FnMut(usize, Self::Seen),
    ) -> impl Future<Output = ()>;
    /// An endpoint that is not known, and why.
    fn unknown(place: &Place, why: String) -> Self::Seen;
    /// The policy that others offer what this one does, and nothing else.
    fn golden(seen: &Self::Seen) -> Option<Policy>;
    /// What is not known of it.
    fn doubts(seen: &Self::Seen) -> &[String];
    /// Judges it.
    fn judged(seen: &Self::Seen, by: &By<'_>) -> Self::Row;
    /// Adds what only shows when endpoints are put beside one another.
    fn beside(_: &mut [Self::Row]) {}
}

/// What endpoints are judged by.
pub(crate) struct By<'a> {
    pub(crate) policy: &'a Policy,
    /// The profile that was stated.
    profile: Option<Profile>,
    pub(crate) today: Date,
}

impl By<'_> {
    /// The profile that was stated, or that of the address.
    pub(super) fn profile(&self, address: Option<std::net::SocketAddr>) -> Profile {
        let is_public = address.is_some_and(|a| targets::is_public(a.ip()));
        self.profile.unwrap_or(if is_public { Profile::Public } else { Profile::Internal })
    }
}

/// Asks leave for all that is meant, looks at it, judges it and writes the answer.
pub(super) fn run<K: Kind>(kind: &K, common: &Common) -> anyhow::Result<Exit> {
    let scope = leave::scope(common.scope.as_deref())?;
    let ask = |asked: &Asked| leave::ask(asked, scope.as_ref(), kind.probes(), |w| kind.port(w));
    let places = ask(&targets::read(&common.targets, common.from.as_deref())?)?;
    // A file that cannot be read is told before anything is sent.
    let before = common.baseline.as_deref().map(earlier::read::<K::Row>).transpose()?;
    let policy = match &common.policy_from {
        None => policy::load(&common.policy)?,
        Some(name) => golden(kind, &ask(&Asked::one(name)?)?, name, common)?,
    };
    let looked = look::look(kind, &places, Some(&policy))?;
    let by = By { policy: &policy, profile: common.profile.map(Into::into), today: common.day() };
    let mut rows: Vec<K::Row> = looked.endpoints.iter().map(|e| K::judged(e, &by)).collect();
    K::beside(&mut rows);
    if let Some(before) = &before {
        earlier::mark(&mut rows, &before.endpoints);
    }
    worst_first(&mut rows);
    let exit = exit(&rows, common.fail_on);
    write(&Document::new(K::Row::SCHEMA, &policy, by.today, rows), &policy, &by, common)?;
    if let Some(open) = looked.stopped {
        let all = looked.endpoints.len();
        super::note(&format!("stopped; {open} of {all} endpoints are not known"), common.lang);
        return Ok(Exit::NotAudited);
    }
    Ok(exit)
}

/// The policy of an endpoint that is as it should be. Of a name with several addresses it is that of the
/// first that is known whole.
fn golden<K: Kind>(
    kind: &K,
    places: &[Place],
    name: &str,
    common: &Common,
) -> anyhow::Result<Policy> {
    let looked = look::look(kind, places, None)?;
    if looked.stopped.is_some() {
        return Err(anyhow!("stopped before {name} was known; nothing was judged"));
    }
    let policy = looked.endpoints.iter().find_map(K::golden).ok_or_else(|| {
        let doubts: Vec<&str> =
            looked.endpoints.iter().flat_map(K::doubts).map(String::as_str).collect();
        let doubts = doubts.join("; ");
        anyhow!("{name} is not known whole, so that no policy can be made of it: {doubts}")
    })?;
    if let Some(path) = &common.save_policy {
        policy::save(&policy, path, common.day())?;
    }
    Ok(policy)
}

/// What stands above the endpoints of an answer.
struct Head<'a> {
    /// The command.
    what: &'static str,
    /// The policy's name.
    policy: &'a str,
    /// What the policy's rules were taken from, where its own text was not read.
    unread: Option<&'a str>,
    /// The day.
    today: Date,
}

fn write<R: Row>(
    document: &Document<R>,
    policy: &Policy,
    by: &By<'_>,
    common: &Common,
) -> anyhow::Result<()> {
    let (endpoints, lang) = (&document.endpoints, common.lang);
    let head = Head {
        what: R::COMMAND,
        policy: lang.of(&policy.title_sv, &policy.title_en),
        unread: (!policy.read).then_some(policy.basis.as_str()),
        today: by.today,
    };
    output::write(common.output.as_deref(), |out| match common.format {
        Form::Json => output::json(document, out),
        Form::Text if is_plain(common) => {
            let mut plain = anstream::StripStream::new(Vec::new());
            text::write(&head, endpoints, lang, &mut plain)?;
            out.write_all(&plain.into_inner())
        }
        Form::Text => text::write(&head, endpoints, lang, out),
        Form::Csv => csv::write(endpoints, lang, out),
        Form::Sarif => sarif::write(endpoints, lang, out),
    })
}

/// Whether the text goes where colours would be read as letters: into a file or a pipe.
fn is_plain(common: &Common) -> bool {
    let choice = anstream::AutoStream::choice(&io::stdout());
    common.output.is_some() || choice == anstream::ColorChoice::Never
}

/// How the run ended. What could not be reached weighs more than what was found: an answer that is not
/// whole must not look like one.
fn exit<T: Judged>(endpoints: &[T], fail_on: FailOn) -> Exit {
    let fails = |f: &FindingRow| !f.known && fail_on.is_reached(f.level());
    if endpoints.iter().any(|endpoint| !endpoint.is_reached()) {
        Exit::NotAudited
    } else if endpoints.iter().flat_map(Judged::findings).any(fails) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

/// Puts the worst endpoint first; equals stay in the order that they were asked for.
fn worst_first<T: Judged>(endpoints: &mut [T]) {
    endpoints.sort_by_key(|endpoint| (endpoint.is_reached(), std::cmp::Reverse(endpoint.level())));
}

/// A name for each endpoint that no other of the answer has: as it was asked for, with its address where
/// several have the same.
fn names<T: Judged>(endpoints: &[T]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for endpoint in endpoints {
        *counts.entry(endpoint.target()).or_default() += 1;
    }
    let name = |e: &T| match e.address() {
        Some(address) if counts.get(e.target()) > Some(&1) => format!("{} ({address})", e.target()),
        _ => e.target().to_owned(),
    };
    endpoints.iter().map(name).collect()
}

/// Each text once, in order.
pub(super) fn once(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    texts.into_iter().filter(|text| known.insert(text.clone())).collect()
}

/// A level in words for a person.
pub(super) const fn level_name(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::Good => lang.of("bra", "good"),
        Level::Sufficient => lang.of("tillräckligt", "sufficient"),
        Level::NotAssessed => lang.of("ej bedömt", "not assessed"),
        Level::PhaseOut => lang.of("fasas ut", "phase out"),
        Level::Insufficient => lang.of("otillräckligt", "insufficient"),
    }
}

/// A level of an answer in words for a person.
fn level_named(name: &str, lang: Lang) -> &'static str {
    level_name(finding::level_of(name), lang)
}

#[cfg(test)]
mod tests;
