//! What `portvakt tls` and `portvakt ssh` share: which endpoints, by whose leave, judged by which
//! policy, told in which form.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use jiff::Zoned;
use jiff::civil::Date;
use portvakt_checks::crypto::{Level, Profile};

use super::Exit;
use crate::text::Lang;

pub(super) mod baseline;
mod csv;
pub(super) mod finding;
pub(super) mod leave;
pub(super) mod policy;
mod sarif;
pub(super) mod targets;
mod text;

pub(super) use finding::FindingRow;

/// Arguments of both commands.
#[derive(clap::Args)]
pub(super) struct Common {
    /// HOST, HOST:PORT, [IPV6]:PORT, or a prefix (10.1.2.0/28), which needs a scope
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
pub(super) trait Judged {
    /// As it was asked for.
    fn target(&self) -> &str;
    /// Where it was found.
    fn address(&self) -> Option<&str>;
    /// Its overall level.
    fn level(&self) -> Level;
    /// Whether it answered at all.
    fn is_reached(&self) -> bool;
    /// What was found, the worst first.
    fn findings(&self) -> &[FindingRow];
    /// The same, to be marked as known.
    fn findings_mut(&mut self) -> &mut Vec<FindingRow>;
    /// What it offers, in lines for a person.
    fn offered(&self, lang: Lang) -> Vec<String>;
}

/// What stands above the endpoints of an answer.
pub(super) struct Head<'a> {
    /// `portvakt tls`, in a sentence.
    pub(super) what: &'static str,
    /// Id of the policy.
    pub(super) policy: &'a str,
    /// What the policy's rules were taken from, where its own text was not read.
    pub(super) unread: Option<&'a str>,
    /// The day.
    pub(super) today: Date,
}

/// Writes the answer in a form; JSON is the command's own.
pub(super) fn write<T: Judged>(
    head: &Head<'_>,
    endpoints: &[T],
    common: &Common,
    json: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    super::output::write(common.output.as_deref(), |out| match common.format {
        Form::Json => json(out),
        Form::Text if is_plain(common) => {
            let mut plain = anstream::StripStream::new(Vec::new());
            text::write(head, endpoints, common.lang, &mut plain)?;
            out.write_all(&plain.into_inner())
        }
        Form::Text => text::write(head, endpoints, common.lang, out),
        Form::Csv => csv::write(endpoints, common.lang, out),
        Form::Sarif => sarif::write(endpoints, common.lang, out),
    })
}

/// Whether the text goes where colours would be read as letters: into a file or a pipe.
fn is_plain(common: &Common) -> bool {
    let choice = anstream::AutoStream::choice(&io::stdout());
    common.output.is_some() || choice == anstream::ColorChoice::Never
}

/// How the run ended. What could not be reached weighs more than what was found: an answer that is not
/// whole must not look like one.
pub(super) fn exit<T: Judged>(endpoints: &[T], fail_on: FailOn) -> Exit {
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
pub(super) fn worst_first<T: Judged>(endpoints: &mut [T]) {
    endpoints.sort_by_key(|endpoint| (endpoint.is_reached(), std::cmp::Reverse(endpoint.level())));
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

#[cfg(test)]
mod tests;
