//! `portvakt explain` and `portvakt catalogue`: the manual.

use std::io::Write;

use anyhow::anyhow;
use portvakt_checks::Packs;

use super::Exit;
use crate::catalogue;
use crate::text::Lang;

/// Arguments of `portvakt explain`.
#[derive(clap::Args)]
pub(super) struct Explain {
    /// Id or name of a rule
    rule: String,
    /// Language of the page
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

/// Arguments of `portvakt catalogue`.
#[derive(clap::Args)]
pub(super) struct Catalogue {
    /// Form of the catalogue
    #[arg(long, value_enum, default_value_t = Form::Md)]
    format: Form,
    /// Language of the catalogue
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
    /// List every rule of the municipalities' documents with the checks that cover it
    #[arg(long)]
    coverage: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Md,
    Html,
    Json,
}

pub(super) fn explain(args: &Explain) -> anyhow::Result<Exit> {
    let check = portvakt_checks::find(&args.rule).ok_or_else(|| super::unknown_rule(&args.rule))?;
    let packs = Packs::all().map_err(|e| anyhow!("{e:?}"))?;
    let mut out = anstream::stdout().lock();
    out.write_all(catalogue::page(check, &packs, args.lang).as_bytes())?;
    Ok(Exit::Clean)
}

pub(super) fn catalogue(args: &Catalogue) -> anyhow::Result<Exit> {
    let bad = |e: portvakt_checks::PackError| anyhow!("{e:?}");
    let text = match (args.coverage, args.format) {
        (true, Form::Json) => json(&catalogue::coverage().map_err(bad)?)?,
        (true, _) => return Err(anyhow!("--coverage is a JSON document: add --format json")),
        (false, Form::Json) => json(&catalogue::rows(args.lang))?,
        (false, Form::Md) => catalogue::markdown(args.lang).map_err(bad)?,
        (false, Form::Html) => crate::report::html_catalogue(args.lang)?,
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

fn json(document: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
