//! Who puts the files of a run in their place, and takes away what is no longer needed.
//!
//! A scan with packets of its own gives up its rights before it sends anything, and with them the right to change
//! a folder of root's. A second process keeps that right: it opens no socket, reads nothing but single words of
//! the first, and can only do what it was told when it was started.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};

use super::engine::Engine;
use crate::cli::Exit;
use crate::cli::output::Place;

/// Arguments of the second process.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The file that may be taken away
    part: PathBuf,
    /// A file that was written, and where it belongs
    #[arg(num_args = 2)]
    place: Vec<PathBuf>,
}

/// Name of the second process' command.
pub(in crate::cli) const COMMAND: &str = "move-files";

const PUT: &str = "put";
const REMOVE: &str = "remove";

/// Who moves files.
pub(super) enum Mover {
    /// This process.
    Own,
    /// A process that has kept the right to.
    Other(Box<Other>),
}

/// The second process. It ends when this one does.
pub(super) struct Other {
    _child: Child,
    orders: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Mover {
    /// This process, or another one where this one gives up its rights.
    pub(super) fn of(engine: &Engine, part: &Path, place: Option<&Place>) -> anyhow::Result<Self> {
        if engine.gives_up_rights() { Self::other(part, place) } else { Ok(Self::Own) }
    }

    /// Starts a second process that may take away `part` and put an answer in its place, and nothing else.
    fn other(part: &Path, place: Option<&Place>) -> anyhow::Result<Self> {
        let cannot =
            "nothing was sent: no process can be started that keeps the right to the files";
        let program = std::env::current_exe().context(cannot)?;
        let mut command = Command::new(program);
        command.arg(COMMAND).arg("--").arg(part);
        if let Some(Place::Whole { beside, path }) = place {
            command.arg(beside.path()).arg(path);
        }
        // Ctrl-C goes to the whole group of a terminal; this one must outlive it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context(cannot)?;
        let (Some(orders), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            bail!(cannot)
        };
        Ok(Self::Other(Box::new(Other { _child: child, orders, replies: BufReader::new(replies) })))
    }

    /// Puts an answer that was written in its place.
    pub(super) fn put(&mut self, place: Place) -> anyhow::Result<()> {
        if let (Self::Other(other), Place::Whole { path, .. }) = (self, &place) {
            return other.order(PUT).with_context(|| format!("cannot write {}", path.display()));
        }
        place.put()
    }

    /// Takes away what a run had found when it is told elsewhere.
    pub(super) fn remove(&mut self, part: &Path) -> io::Result<()> {
        match self {
            Self::Own => fs::remove_file(part),
            Self::Other(other) => other.order(REMOVE),
        }
    }
}

impl Other {
    fn order(&mut self, word: &str) -> io::Result<()> {
        writeln!(self.orders, "{word}")?;
        let mut reply = String::new();
        match (self.replies.read_line(&mut reply)?, reply.trim_end()) {
            (0, _) => Err(io::Error::other("the process that has the right to the files is gone")),
            (_, "") => Ok(()),
            (_, why) => Err(io::Error::other(why.to_owned())),
        }
    }
}

/// The second process: does as it is told until nobody is left to tell it.
pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = match args.place.as_slice() {
        [beside, path] => Some((beside, path)),
        _ => None,
    };
    for order in io::stdin().lines() {
        let done = match (order?.as_str(), place) {
            (PUT, Some((beside, path))) => fs::rename(beside, path),
            (REMOVE, _) => fs::remove_file(&args.part),
            _ => Err(io::Error::other("no such order")),
        };
        let reply = done.err().map(|e| e.to_string().replace('\n', " ")).unwrap_or_default();
        let mut out = io::stdout().lock();
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    // A run that was killed leaves no half-written answer. Once it is in its place this finds nothing.
    if let Some((beside, _)) = place {
        let _ = fs::remove_file(beside);
    }
    Ok(Exit::Clean)
}
