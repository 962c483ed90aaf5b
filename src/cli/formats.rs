//! `portvakt formats`: what is read.

use std::io::Write;

use super::Exit;
use crate::text::Lang;

/// Arguments of `portvakt formats`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Language of the headings
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    anstream::stdout().lock().write_all(table(args.lang).as_bytes())?;
    Ok(Exit::Clean)
}

/// The formats as a Markdown table, made from the parsers' own files.
pub(crate) fn table(lang: Lang) -> String {
    let head = lang.of(
        "| format | läser | förstår |\n|---|---|---|\n",
        "| format | reads | understands |\n|---|---|---|\n",
    );
    let rows = portvakt_parsers::PARSERS
        .iter()
        .map(|p| format!("| {} (`{}`) | {} | {} |\n", p.name, p.id, p.reads, p.understands));
    head.to_owned() + &rows.collect::<String>()
}
