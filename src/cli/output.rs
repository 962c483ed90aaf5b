//! Where an answer goes: standard output, or a file that is replaced whole or not at all.

use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::Path;

use anyhow::Context as _;
use tempfile::NamedTempFile;

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
