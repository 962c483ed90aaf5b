//! Where an answer goes: standard output, or a file that is replaced whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::text::Lang;

/// Arguments of every command whose answer may go into a file.
#[derive(clap::Args)]
pub(super) struct Where {
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    pub(super) lang: Lang,
}

/// How commands that compare two answers tell it.
#[derive(clap::Args)]
pub(super) struct Comparison {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    #[command(flatten)]
    to: Where,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

impl Comparison {
    /// The language of what is told.
    pub(super) const fn lang(&self) -> Lang {
        self.to.lang
    }

    /// Writes what was found: as it is, or in words.
    pub(super) fn write<T: Serialize>(
        &self,
        found: &T,
        words: impl FnOnce(&T, Lang, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        write(self.to.output.as_deref(), |out| match self.format {
            Form::Text => words(found, self.to.lang, out),
            Form::Json => json(found, out),
        })
    }
}

/// One JSON document on a line.
pub(super) fn json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document)?;
    writeln!(out)
}

/// Where an answer is written, opened before it is there: that it cannot be written is known at once.
pub(super) enum Place {
    /// Standard output.
    Stdout,
    /// A device or a pipe: it is written to as it is.
    Direct(File),
    /// A file: what is written comes into its place when it is whole.
    Whole { beside: NamedTempFile, path: PathBuf },
}

impl Place {
    /// Opens `path`, or standard output.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let cannot = || format!("cannot write {}", path.display());
        // A link stays a link: what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&path).ok();
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = OpenOptions::new().write(true).open(&path).with_context(cannot)?;
            return Ok(Self::Direct(file));
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let mode = there.map_or(0o666, |there| there.permissions().mode() & 0o777);
        let beside = tempfile::Builder::new()
            .prefix(".portvakt-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)
            .with_context(cannot)?;
        Ok(Self::Whole { beside, path })
    }

    /// Writes the whole answer. A file is not in its place yet: see [`Place::put`].
    pub(super) fn fill(
        &mut self,
        answer: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Stdout => Ok(buffered(io::stdout().lock(), answer)?),
            Self::Direct(file) => buffered(file, answer).context("cannot write the answer"),
            Self::Whole { beside, path } => {
                let file = beside.as_file_mut();
                // What the disk has no room for must not take the place of what was there.
                buffered(&mut *file, answer)
                    .and_then(|()| file.sync_all())
                    .with_context(|| format!("cannot write {}", path.display()))
            }
        }
    }

    /// Puts a file in its place.
    pub(super) fn put(self) -> anyhow::Result<()> {
        let Self::Whole { beside, path } = self else { return Ok(()) };
        beside.persist(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }
}

fn buffered(
    out: impl Write,
    answer: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    answer(&mut out)?;
    out.flush()
}

/// Writes an answer to `path`, or to standard output.
pub(super) fn write(
    path: Option<&Path>,
    answer: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut place = Place::open(path)?;
    place.fill(answer)?;
    place.put()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let broken = write(Some(&path), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no room"))
        });
        assert!(format!("{:#}", broken.unwrap_err()).contains("no room"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(Some(&path), |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(Some(&link), |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let null = Path::new("/dev/null");
        write(Some(null), |out| out.write_all(b"gone")).unwrap();
        assert!(!fs::metadata(null).unwrap().is_file());
    }
}
