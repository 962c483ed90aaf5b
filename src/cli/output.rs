//! Where an answer goes: standard output, or a file that is replaced whole or not at all.

use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::text::Lang;

/// How commands that compare two answers tell it.
#[derive(clap::Args)]
pub(super) struct Comparison {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

impl Comparison {
    /// Writes what was found: as it is, or in words.
    pub(super) fn write<T: Serialize>(
        &self,
        found: &T,
        words: impl FnOnce(&T, Lang, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        write(self.output.as_deref(), |out| match self.format {
            Form::Text => words(found, self.lang, out),
            Form::Json => json(found, out),
        })
    }
}

/// One JSON document on a line.
pub(super) fn json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}

/// Writes an answer to `path`, or to standard output.
pub(super) fn write(
    path: Option<&Path>,
    answer: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = path else {
        let mut out = BufWriter::new(io::stdout().lock());
        answer(&mut out)?;
        return Ok(out.flush()?);
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
    let cannot = || format!("cannot write in {}", folder.display());
    let mut file = BufWriter::new(NamedTempFile::new_in(folder).with_context(cannot)?);
    answer(&mut file)?;
    let file = file.into_inner().map_err(IntoInnerError::into_error).with_context(cannot)?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
