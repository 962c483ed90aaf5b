//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod audit;

/// Audits a municipality's firewalls, wireless networks and port-opening decisions against its own
/// rules, with proofs.
#[derive(Parser)]
#[command(name = "portvakt", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Audit exports, registers and tables together
    Audit(audit::Args),
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { Exit::NotAudited as u8 } else { 0 });
        }
    };
    let result = std::panic::catch_unwind(|| run(cli));
    ExitCode::from(result.unwrap_or(Exit::Bug) as u8)
}

fn run(cli: Cli) -> Exit {
    let result = match cli.command {
        Command::Audit(args) => audit::run(&args),
    };
    result.unwrap_or_else(|e| {
        anstream::eprintln!("portvakt: {e:#}");
        Exit::NotAudited
    })
}
