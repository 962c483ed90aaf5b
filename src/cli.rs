//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand};

use crate::refusals::told;
use crate::text::Lang;

mod audit;
mod certs;
mod diff;
mod endpoint;
mod explain;
mod formats;
mod init;
mod lists;
mod matrix;
mod output;
mod parse;
mod query;
mod rules;
pub(crate) mod scan;
mod schema;
mod spoof;
mod ssh;
mod tls;
mod trust;

/// Audits a municipality's firewalls, wireless networks and port-opening decisions against its own
/// rules, with proofs.
#[derive(Parser)]
#[command(name = "portvakt", version, disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Audit exports, registers and tables together
    Audit(audit::Args),
    /// Write a commented starter of portvakt.toml from what a folder holds
    Init(init::Args),
    /// Tell what was understood of a file
    Parse(parse::Args),
    /// Tell what each rule of a list is good for, proven
    ///
    /// A rule is unreachable when no packet gets to it, and removable when packets do and all of them are
    /// decided the same without it. For example: portvakt rules exports/fw.conf --ruleset FORWARD
    /// --fix-list. The exit status is 0 whatever is found, and 2 when something could not be read.
    Rules(rules::Args),
    /// Tell whether packets are let through, and by which rules
    ///
    /// For example: portvakt query exports/ 'src=10.1.0.0/16 dst=10.2.3.4 tcp/443', or portvakt query
    /// exports/ --who-can-reach 10.2.3.4 tcp/443. The exit status is 0 when the question was answered,
    /// whatever the answer, 1 when --expect names another, and 2 when it could not be answered.
    Query(query::Args),
    /// Tell which traffic two versions decide otherwise
    ///
    /// For example: portvakt diff old.conf new.conf, or portvakt diff HEAD~1:exports exports/. The exit status
    /// is 1 when traffic became permitted, or it cannot be told that it did not, 0 otherwise, and 2 when
    /// something could not be read.
    Diff(diff::Args),
    /// Tell which addresses may open connections of a service to which
    ///
    /// Two addresses are in one class when they have the same rights, as source towards all and as
    /// destination from all. Only packets that open a connection are looked at: state NEW, and for TCP a
    /// bare SYN. What is not modelled is taken to be let through: a rule that permits matches all that it
    /// may match, a rule that denies only what it is sure to match. So it is with interfaces too, unless
    /// --in or --out names one: a rule that permits by some interface permits, a rule that denies by
    /// some interface is left out. What --interfaces says to lie behind an interface narrows a match on
    /// it to those sources. --least is the other way round.
    Matrix(matrix::Args),
    /// Tell whether packets with a foreign source can come in by an interface
    ///
    /// Every address that is not among an interface's networks is foreign to it. An interface is certified
    /// when no packet with a foreign source that opens a connection is let through, whatever the matches
    /// that are not modelled do. It is refuted by a packet that is let through whatever they do. Otherwise
    /// it cannot be told, and the packet shown may be let through. The exit status is 1 when an
    /// interface is refuted and otherwise 0: as in an audit, what cannot be told is no violation.
    Spoof(spoof::Args),
    /// Tell which hosts and ports answer, within a written scope
    ///
    /// Nothing is sent without a scope: the table [scan] of portvakt.toml or of the file that --scope names.
    /// It says what may be scanned, who decided that and until when, at which hours and how fast. A
    /// target outside it is refused, and then nothing at all is sent. Every run is noted in a record.
    /// Ctrl-C stops at once and keeps what was found; --resume goes on from there. The exit status is 2
    /// when a run was refused or did not come to its end.
    Scan(scan::Args),
    /// Move the files of a scan that has given up the right to
    #[command(name = scan::mover::COMMAND, hide = true)]
    MoveFiles(scan::mover::Args),
    /// List certificates with when they end, where they were seen and what is wrong with them
    ///
    /// What ends first comes first. Each certificate is listed once, however often it was seen. Private keys in
    /// the files are passed over. The exit status is 2 when something could not be read, also when a part
    /// of a file is encrypted; otherwise 1 when a certificate has ended or ends within --fail-within days.
    Certs(certs::Args),
    /// Tell what TLS endpoints offer, judged by a named norm
    ///
    /// A verdict takes about nine connections for each endpoint: what the policy forbids is tried, not all that
    /// there may be. --full finds every suite, group and order, with a connection for nearly each of them.
    /// Where a scope is written ([scan] in portvakt.toml, or --scope) nothing outside it is asked. Without
    /// one, up to ten endpoints may be named; prefixes, longer lists and --intrusive need a scope. This
    /// machine itself may always be asked. Ctrl-C stops at once and keeps what was found. The exit status is 1
    /// when a finding reaches --fail-on, and 2 when an endpoint did not answer as asked or was not looked at.
    Tls(tls::Args),
    /// Tell what SSH servers offer, judged by a named norm
    ///
    /// Nobody logs in. One connection tells the algorithms and a host key, a second one a size that its
    /// name leaves open. What may be asked, and the exit status, are as for `portvakt tls`.
    Ssh(ssh::Args),
    /// Show the manual page of a rule
    Explain(explain::Explain),
    /// Print the catalogue of all rules
    Catalogue(explain::Catalogue),
    /// List the formats that are read
    Formats(formats::Args),
    /// Print the schema of an answer as JSON
    Schema(schema::Args),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page in roff
    Man,
}

/// How a run ended. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// Something could not be audited.
    NotAudited = 2,
    /// A bug in portvakt.
    Bug = 3,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        let lang = lang(&matches).or_else(of_surroundings).unwrap_or_default();
        Ok((Cli::from_arg_matches(&matches)?, lang))
    });
    let (cli, lang) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { Exit::NotAudited as u8 } else { 0 });
        }
    };
    match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let result = std::panic::catch_unwind(|| run(cli.command, lang));
    ExitCode::from(result.unwrap_or(Exit::Bug) as u8)
}

/// The language that was asked for, where the command knows any.
fn lang(matches: &clap::ArgMatches) -> Option<Lang> {
    let of_command = matches.subcommand().and_then(|(_, command)| lang(command));
    of_command.or_else(|| matches.try_get_one("lang").ok().flatten().copied())
}

/// The language that commands without one of their own refuse in.
fn of_surroundings() -> Option<Lang> {
    let named = std::env::var("PORTVAKT_LANG").ok()?;
    <Lang as clap::ValueEnum>::from_str(&named, true).ok()
}

fn run(command: Command, lang: Lang) -> Exit {
    let result = match command {
        Command::Audit(args) => audit::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Parse(args) => parse::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Query(args) => query::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Matrix(args) => matrix::run(&args),
        Command::Spoof(args) => spoof::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::MoveFiles(args) => scan::mover::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Tls(args) => tls::run(&args),
        Command::Ssh(args) => ssh::run(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Catalogue(args) => explain::catalogue(&args),
        Command::Formats(args) => formats::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions { shell } => {
            let mut out = anstream::stdout().lock();
            clap_complete::generate(shell, &mut Cli::command(), "portvakt", &mut out);
            Ok(Exit::Clean)
        }
        Command::Man => man(),
    };
    result.unwrap_or_else(|e| ended(&e, lang))
}

/// A reader that went away (`| head`) is no fault; anything else is told.
fn ended(e: &anyhow::Error, lang: Lang) -> Exit {
    if is_closed(e) {
        return Exit::Clean;
    }
    let causes: Vec<String> = e.chain().map(|cause| told(&cause.to_string(), lang)).collect();
    anstream::eprintln!("portvakt: {}", causes.join(": "));
    Exit::NotAudited
}

/// Tells something beside the answer.
fn note(english: &str, lang: Lang) {
    anstream::eprintln!("portvakt: {}", told(english, lang));
}

/// Whether whoever reads the answer has gone away.
fn is_closed(e: &anyhow::Error) -> bool {
    let closed = |io: &std::io::Error| io.kind() == std::io::ErrorKind::BrokenPipe;
    e.downcast_ref::<std::io::Error>().is_some_and(closed)
}

fn man() -> anyhow::Result<Exit> {
    clap_mangen::Man::new(Cli::command()).render(&mut anstream::stdout().lock())?;
    Ok(Exit::Clean)
}

/// The error for a rule that does not exist, with the closest one that does.
fn unknown_rule(name: &str) -> anyhow::Error {
    let close = portvakt_checks::ALL.iter().find(|c| c.name.contains(name));
    let hint = close.map(|c| format!("; did you mean {}?", c.name)).unwrap_or_default();
    anyhow::anyhow!("no rule is called \"{name}\"{hint}")
}
