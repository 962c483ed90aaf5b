//! The record of runs: who looked at what, by whose leave, when, and what was sent.
//!
//! A record is a file of lines, each of them JSON, that is only ever appended to. A run writes a line before its
//! first packet and one after its last. A run without the second line was killed.
//!
//! What a run has found stands in a file beside the record while it runs ([`part`]), and stays there when it was
//! stopped or killed: where it is gone on with.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::unistd::{Uid, User};
use portvakt_model::ScanCounts;
use serde::{Deserialize, Serialize};

use crate::scope::{FragileMode, MINUTES, Scope, Window};

/// Name and version of the form of a line.
pub const SCHEMA: &str = "portvakt-scan-record-1";

/// Longest line that is read: a scope and targets of some ten thousand prefixes.
const LONGEST: u64 = 1 << 24;

/// A line of a record: of the beginning of a run, or of its end.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// [`SCHEMA`].
    pub schema: String,
    /// The run's own name. Both of its lines have it.
    pub run: String,
    /// When the line was written.
    pub at: Timestamp,
    /// How it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Box<Begun>>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<Ended>>,
}

/// A run that begins.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    /// Program and version.
    pub tool: String,
    /// Who runs it.
    pub who: Who,
    /// Why it may.
    pub scope: ScopeRow,
    /// `syn`, `connect`, `udp`.
    pub method: String,
    /// What is asked, as it was written or as the scope has it.
    pub targets: Vec<String>,
    /// The ports, as it was written.
    pub ports: String,
    /// Packets per second at most, as they hold for this run: in total, to a subnet, to a host.
    pub rates: [u32; 3],
    /// The same in words, each with the reason.
    pub why_rates: Vec<String>,
    /// Probes that are planned.
    pub probes: u64,
    /// The run that is gone on with.
    pub resumes: Option<String>,
}

/// A run that has ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Whether everything was asked often enough.
    pub complete: bool,
    /// Why not.
    pub why: Option<String>,
    /// Probes sent.
    pub sent: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that were not.
    pub unanswered: u64,
    /// Answers that belong to no probe.
    pub unmatched: u64,
    /// Packets that the kernel dropped before they were read.
    pub dropped: u64,
    /// Ports whose state is not known.
    pub incomplete: u64,
    /// Open ports.
    pub open: u64,
}

/// Who runs a scan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Who {
    /// Login name of the process's user.
    pub user: String,
    /// Number of the process's user.
    pub uid: u32,
    /// Who became that user with sudo. Said by the environment, and no proof.
    pub sudo_user: Option<String>,
    /// Name of the machine.
    pub machine: String,
}

/// A scope, as it held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScopeRow {
    /// The file that it stands in.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
    /// Prefixes that may be scanned.
    pub allowed: Vec<String>,
    /// Prefixes that may not.
    pub excluded: Vec<String>,
    /// Who authorised it.
    pub authorised_by: String,
    /// The last day it holds.
    pub valid_until: String,
    /// Hours of the day.
    pub window: String,
    /// Packets per second that it allows: in total, to a subnet, to a host.
    pub rates: [u32; 3],
    /// Groups that are treated gently or left alone, with their prefixes.
    pub fragile: Vec<String>,
}

impl Who {
    /// Whoever runs this process.
    pub fn here() -> Self {
        let uid = Uid::current();
        let known = User::from_uid(uid).ok().flatten().map(|user| user.name);
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self {
            user: known.unwrap_or_else(|| uid.to_string()),
            uid: uid.as_raw(),
            sudo_user: std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty()),
            machine: machine.trim().to_owned(),
        }
    }
}

impl ScopeRow {
    /// A scope that stands in a file.
    pub fn new(scope: &Scope, file: &str, sha256: String) -> Self {
        let texts = |list: &[ipnetwork::IpNetwork]| list.iter().map(ToString::to_string).collect();
        let fragile = scope.fragile.iter().map(|group| {
            let mode = match group.mode {
                FragileMode::Connect => "connect",
                FragileMode::None => "none",
            };
            let prefixes: Vec<String> = texts(&group.prefixes);
            format!("{} ({mode}): {}", group.name, prefixes.join(", "))
        });
        Self {
            file: file.to_owned(),
            sha256,
            allowed: texts(&scope.allowed),
            excluded: texts(&scope.excluded),
            authorised_by: scope.authorised_by.clone(),
            valid_until: scope.valid_until.to_string(),
            window: match scope.window {
                Window::Always => "always".to_owned(),
                Window::Between(from, to) => {
                    format!("{}-{}", from.strftime(MINUTES), to.strftime(MINUTES))
                }
            },
            rates: [scope.rate.total, scope.rate.subnet, scope.rate.host],
            fragile: fragile.collect(),
        }
    }
}

impl Ended {
    /// An end with its counts.
    pub fn new(counts: &ScanCounts, open: u64, why: Option<String>) -> Self {
        Self {
            complete: why.is_none(),
            why,
            sent: counts.sent,
            answered: counts.answered,
            unanswered: counts.sent.saturating_sub(counts.answered),
            unmatched: counts.unmatched,
            dropped: counts.dropped,
            incomplete: counts.incomplete,
            open,
        }
    }
}

/// A record that is open for appending.
#[derive(Debug)]
pub struct Record {
    file: File,
    run: String,
}

impl Record {
    /// Opens a record, or begins one, for a run with a name of its own. What is written goes to the
    /// disk before a call returns.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        end_line(&mut file)?;
        let now = Timestamp::now();
        let run = format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), std::process::id());
        Ok(Self { file, run })
    }

    /// The name of this run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Notes that the run begins.
    pub fn begin(&mut self, begun: Begun) -> io::Result<()> {
        self.append(Some(Box::new(begun)), None)
    }

    /// Notes how the run ended.
    pub fn end(&mut self, ended: Ended) -> io::Result<()> {
        self.append(None, Some(Box::new(ended)))
    }

    /// Appends a line in one write, so that two programs never mix theirs.
    fn append(&mut self, begun: Option<Box<Begun>>, ended: Option<Box<Ended>>) -> io::Result<()> {
        let schema = SCHEMA.to_owned();
        let entry = Entry { schema, run: self.run.clone(), at: Timestamp::now(), begun, ended };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}

/// Ends a line that was cut short when the machine went down, so that the next one stands alone.
fn end_line(file: &mut File) -> io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// A run that has not come to its end.
#[derive(Debug)]
pub struct Unfinished {
    /// Its name.
    pub run: String,
    /// How it began.
    pub begun: Begun,
    /// Whether it could say that it ended; otherwise it was killed, or still runs.
    pub ended: bool,
}

/// Where what a run has found stands while it runs, and after it when there is more to ask.
pub fn part(record: &Path, run: &str) -> PathBuf {
    let mut name = record.as_os_str().to_owned();
    name.push(format!(".{run}.part"));
    name.into()
}

/// Why a record does not tell where to go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is none of ours.
    #[error("line {0} is no line of a scan's record: {1}")]
    Foreign(u64, serde_json::Error),
    /// Its last run went through to its end.
    #[error(
        "the last run, {0}, went through to its end; nothing is left to go on with. Leave --resume out"
    )]
    Complete(String),
    /// It has no run.
    #[error("no run stands in it; leave --resume out to begin one")]
    Empty,
}

/// The last run of a record, if there is more of it to do.
pub fn unfinished(path: &Path) -> Result<Unfinished, ResumeError> {
    let mut last: Option<(String, Begun, Option<Ended>)> = None;
    let mut reader = BufReader::new(File::open(path)?);
    for number in 1_u64.. {
        let mut line = Vec::new();
        if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let entry = match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) => entry,
            // A line of ours that was being written when the machine went down.
            Err(_) if line.starts_with(START) => continue,
            Err(e) => return Err(ResumeError::Foreign(number, e)),
        };
        if let Some(begun) = entry.begun {
            last = Some((entry.run, *begun, None));
        } else if let Some((run, _, ended)) = &mut last
            && *run == entry.run
        {
            *ended = entry.ended.map(|e| *e);
        }
    }
    match last {
        None => Err(ResumeError::Empty),
        Some((run, _, Some(Ended { complete: true, .. }))) => Err(ResumeError::Complete(run)),
        Some((run, begun, ended)) => Ok(Unfinished { run, begun, ended: ended.is_some() }),
    }
}

/// How each line of ours starts.
const START: &[u8] = br#"{"schema":"portvakt-scan-record-"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Begun {
        Begun {
            tool: "portvakt 0.1.0".to_owned(),
            who: Who {
                user: "anna".to_owned(),
                uid: 1000,
                sudo_user: None,
                machine: "sensor-1".to_owned(),
            },
            scope: ScopeRow {
                file: "portvakt.toml".to_owned(),
                sha256: "00".to_owned(),
                allowed: vec!["10.77.0.0/16".to_owned()],
                excluded: Vec::new(),
                authorised_by: "A".to_owned(),
                valid_until: "2026-12-31".to_owned(),
                window: "always".to_owned(),
                rates: [1_000, 1_000, 40],
                fragile: Vec::new(),
            },
            method: "connect".to_owned(),
            targets: vec!["10.77.0.1".to_owned()],
            ports: "22".to_owned(),
            rates: [1_000, 1_000, 40],
            why_rates: Vec::new(),
            probes: 1,
            resumes: None,
        }
    }

    fn ended(why: Option<&str>) -> Ended {
        let counts = ScanCounts { sent: 9, answered: 7, ..ScanCounts::default() };
        let end = Ended::new(&counts, 1, why.map(str::to_owned));
        assert_eq!(end.unanswered, 2);
        end
    }

    #[test]
    fn a_run_that_was_stopped_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans.jsonl");
        let mut record = Record::open(&path).unwrap();
        record.begin(begun()).unwrap();
        assert!(!unfinished(&path).unwrap().ended, "as if it had been killed");
        record.end(ended(Some("stopped"))).unwrap();
        let found = unfinished(&path).unwrap();
        assert!(found.ended);
        assert_eq!(
            (found.run.as_str(), found.begun.targets),
            (record.run(), vec!["10.77.0.1".to_owned()])
        );
        assert_eq!(
            part(&path, "r1"),
            folder.path().join("scans.jsonl.r1.part"),
            "what it saw stands beside the record"
        );
        record.begin(begun()).unwrap();
        record.end(ended(None)).unwrap();
        assert!(matches!(unfinished(&path), Err(ResumeError::Complete(_))));
    }

    #[test]
    fn what_was_there_is_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans.jsonl");
        Record::open(&path).unwrap().begin(begun()).unwrap();
        let before = std::fs::read(&path).unwrap();
        Record::open(&path).unwrap().begin(begun()).unwrap();
        let after = std::fs::read(&path).unwrap();
        assert!(after.starts_with(&before) && after.len() > before.len());
    }

    #[test]
    fn half_a_line_at_the_end_is_left_out_and_foreign_lines_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans.jsonl");
        Record::open(&path).unwrap().begin(begun()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], &whole[..40]].concat()).unwrap();
        assert!(unfinished(&path).is_ok());
        let mut next = Record::open(&path).unwrap();
        next.begin(begun()).unwrap();
        assert_eq!(unfinished(&path).unwrap().run, next.run(), "the next line stands alone");
        std::fs::write(&path, [&whole[..], b"hosts: none\n"].concat()).unwrap();
        assert!(matches!(unfinished(&path), Err(ResumeError::Foreign(2, _))));
        std::fs::write(&path, "").unwrap();
        assert!(matches!(unfinished(&path), Err(ResumeError::Empty)));
    }
}
