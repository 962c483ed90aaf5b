//! Finding and reading the files that are audited together.

mod hashed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use portvakt_model::{Observations, Source, SourceId};
use portvakt_parsers::{Beside, Context, MAX_BYTES, Parsed, Undecodable, Unreadable};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::observations;
use crate::site::{self, ScanFile, SiteError, SiteFile};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The site file; its default where there is none.
    pub site: SiteFile,
    /// What each file says, in the order of the sources.
    pub parsed: Vec<Parsed>,
    /// Every source, the site file among them.
    pub sources: Vec<Source>,
    /// What could not be read.
    pub failures: Vec<Failure>,
    /// Documents and pictures that were found in a folder and left alone.
    pub passed_over: Vec<String>,
    /// Kinds of tables of which a named file could not be read.
    pub lost: Lost,
    /// The folders that were looked through, with or without files.
    pub folders: Vec<String>,
    /// What scans saw, file by file; `None` where no file was given, or nothing could be read of any.
    pub observations: Option<Vec<(SourceId, Observations)>>,
}

/// Kinds of tables that are not known whole: what needs one cannot tell, rather than take what a lost
/// file says for missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// A register of port-opening decisions.
    pub registers: bool,
    /// A table of systems.
    pub systems: bool,
    /// A standard for wireless networks.
    pub ssids: bool,
}

/// A file that could not be read. The rest of the run goes on, and its exit status is 2.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub path: String,
    /// What is wrong.
    pub kind: FailureKind,
}

/// Why a file could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The operating system says no: what kind of no, and its words.
    Io(std::io::ErrorKind, String),
    /// No parser knows the format.
    NotRecognised,
    /// Larger than [`MAX_BYTES`].
    TooLarge,
    /// Binary data.
    Binary,
    /// The site file is wrong.
    Site(SiteError),
    /// A result of a scan, or a part of one, cannot be read; the rest of it was.
    Scan(observations::Fault),
}

impl FailureKind {
    fn of_io(e: &std::io::Error) -> Self {
        Self::Io(e.kind(), e.to_string())
    }

    /// The walk says the path again; what is told with it is what the operating system said.
    fn of_walk(e: &ignore::Error) -> Self {
        let other = || Self::Io(std::io::ErrorKind::Other, e.to_string());
        e.io_error().map_or_else(other, Self::of_io)
    }
}

/// What is to be read.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// The site file; otherwise `portvakt.toml` in one of the folders is taken.
    pub site: Option<PathBuf>,
    /// Registers beside those of the site file.
    pub registers: Vec<PathBuf>,
    /// Results of scans beside those of the site file.
    pub observations: Vec<PathBuf>,
    /// Name of the zone that the sensor of those stood in, where it is known.
    pub sensor: Option<String>,
    /// Names of the parameters that the site file may set.
    pub parameters: Vec<String>,
}

/// Reads all that is asked for. `seen` is called with each path that is done.
pub fn read(request: &Request, seen: &(dyn Fn(&Path) + Sync)) -> Inputs {
    let mut inputs = Inputs::default();
    let files = list(request, &mut inputs);
    read_site(request, &files, &mut inputs);
    let scans = scans(request, &inputs.site);
    let real = |p: &Path| p.canonicalize().unwrap_or_else(|_| p.to_owned());
    let others: Vec<PathBuf> = scans.iter().map(|scan| real(&scan.path)).collect();
    let is_export = |p: &PathBuf| !is_site_file(p) && !others.contains(&real(p));
    let mut wanted: Vec<PathBuf> = files.into_iter().filter(is_export).collect();
    wanted.extend(inputs.site.tables().chain(&request.registers).cloned());
    let wanted = distinct(wanted);
    parse_all(wanted, &Store::Disk, &mut inputs, seen);
    inputs.lost = lost(request, &inputs);
    read_scans(&scans, &mut inputs, seen);
    inputs
}

/// The site file that an audit of some paths goes by, where it can be told without reading all of them.
pub fn site_file(paths: &[PathBuf], named: Option<&PathBuf>) -> Option<PathBuf> {
    let own = paths.iter().map(|p| if p.is_dir() { p.join(site::FILE_NAME) } else { p.clone() });
    let mut found = own.filter(|p| is_site_file(p) && p.exists());
    named.cloned().or_else(|| found.next())
}

/// Results of scans that the request and the site file name, each once.
fn scans(request: &Request, site: &SiteFile) -> Vec<ScanFile> {
    let own = |path: &PathBuf| ScanFile { path: path.clone(), from: request.sensor.clone() };
    let mut scans: Vec<ScanFile> = site.observations.clone();
    scans.extend(request.observations.iter().map(own));
    let mut seen = std::collections::BTreeSet::new();
    scans.retain(|s| seen.insert(s.path.canonicalize().unwrap_or_else(|_| s.path.clone())));
    scans
}

/// Reads results of scans. Where it is stated from which zone one was made, that counts, and what the file
/// says of the sensor's name does not.
fn read_scans(scans: &[ScanFile], inputs: &mut Inputs, seen: &(dyn Fn(&Path) + Sync)) {
    let mut files = Vec::new();
    for scan in scans {
        let id = SourceId(inputs.sources.len() as u32);
        let read = observations::read(std::slice::from_ref(&scan.path), id);
        let mut found = read.observations;
        for run in found.runs.iter_mut().filter(|_| scan.from.is_some()) {
            run.sensor.clone_from(&scan.from);
        }
        inputs.sources.extend(read.sources);
        let failure = |fault: observations::Fault| Failure {
            path: fault.path.clone(),
            kind: FailureKind::Scan(fault),
        };
        inputs.failures.extend(read.faults.into_iter().map(failure));
        if !(found.runs.is_empty() && found.tls.is_empty() && found.ssh.is_empty()) {
            files.push((id, found));
        }
        seen(&scan.path);
    }
    inputs.observations = (!files.is_empty()).then_some(files);
}

/// Reads exports alone: no site file, and none of the tables that one names.
pub fn exports(paths: &[PathBuf]) -> Inputs {
    let mut inputs = Inputs::default();
    let request = Request { paths: paths.to_vec(), ..Request::default() };
    let files = list(&request, &mut inputs);
    let files = distinct(files.into_iter().filter(|p| !is_site_file(p)).collect());
    parse_all(files, &Store::Disk, &mut inputs, &|_| {});
    inputs
}

/// Reads exports that are already in memory, by their paths.
pub fn blobs(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Inputs {
    let mut inputs = Inputs::default();
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.into_iter().map(|(path, bytes)| (path.into(), bytes)).collect();
    let is_one = files.len() == 1;
    let paths = files.keys().filter(|p| !is_site_file(p) && (is_one || !is_beside(p)));
    let paths = paths.cloned().map(|path| Wanted { path, links: Vec::new() }).collect();
    parse_all(paths, &Store::Memory(files), &mut inputs, &|_| {});
    inputs
}

/// Where the bytes of a file are.
enum Store {
    Disk,
    Memory(BTreeMap<PathBuf, Vec<u8>>),
}

impl Store {
    /// The bytes of a file and their SHA-256.
    fn hashed(&self, path: &Path) -> Result<(Vec<u8>, [u8; 32]), FailureKind> {
        match self {
            Self::Disk => hashed(path),
            Self::Memory(files) => {
                let bytes = files.get(path).cloned().unwrap_or_default();
                let digest = Sha256::digest(&bytes).into();
                Ok((bytes, digest))
            }
        }
    }

    fn len(&self, path: &Path) -> u64 {
        match self {
            Self::Disk => std::fs::metadata(path).map_or(0, |m| m.len()),
            Self::Memory(files) => files.get(path).map_or(0, |bytes| bytes.len() as u64),
        }
    }

    fn may_be_ipset(&self, path: &Path) -> bool {
        match self {
            Self::Disk => may_be_ipset(path),
            Self::Memory(files) => files.get(path).is_some_and(|b| b.starts_with(b"create ")),
        }
    }
}

fn lost(request: &Request, inputs: &Inputs) -> Lost {
    let failed = |path: &PathBuf| {
        let shown = path.display().to_string();
        inputs.failures.iter().any(|f| f.path == shown)
    };
    let site = &inputs.site;
    Lost {
        registers: site.registers.iter().chain(&request.registers).any(failed),
        systems: site.systems.iter().any(failed),
        ssids: site.ssids.iter().any(failed),
    }
}

/// A file that is to be read.
struct Wanted {
    path: PathBuf,
    /// Other paths that lead to it.
    links: Vec<String>,
}

/// One copy of each file, however it was named, in a stable order.
fn distinct(paths: Vec<PathBuf>) -> Vec<Wanted> {
    let mut seen = BTreeMap::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let at = *seen.entry(real).or_insert(wanted.len());
        match wanted.get_mut(at) {
            Some(known) => known.links.push(path.display().to_string()),
            None => wanted.push(Wanted { path, links: Vec::new() }),
        }
    }
    wanted
}

/// The files of the request: a folder's are those below it that are not hidden, sorted.
fn list(request: &Request, inputs: &mut Inputs) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in &request.paths {
        let mut walk = WalkBuilder::new(path);
        walk.git_ignore(false).git_global(false).git_exclude(false).ignore(false).parents(false);
        walk.sort_by_file_path(Ord::cmp);
        let is_folder = path.is_dir();
        for entry in walk.build() {
            match entry {
                Ok(e) if e.file_type().is_some_and(|t| t.is_dir()) => {
                    inputs.folders.push(e.path().display().to_string());
                }
                Ok(e) if is_folder && is_beside(e.path()) => {
                    inputs.passed_over.push(e.path().display().to_string());
                }
                Ok(e) => files.push(e.into_path()),
                Err(e) => inputs.failures.push(Failure {
                    path: path.display().to_string(),
                    kind: FailureKind::of_walk(&e),
                }),
            }
        }
    }
    files
}

/// Documents that stand beside exports in a folder and are none. Named outright they are read.
fn is_beside(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == crate::cli::scan::RECORD) {
        return true;
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["md", "pdf", "docx", "png", "jpg", "svg", "html", "sarif"]
        .iter()
        .any(|e| e.eq_ignore_ascii_case(extension))
}

fn is_site_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == site::FILE_NAME)
}

fn read_site(request: &Request, files: &[PathBuf], inputs: &mut Inputs) {
    let found = files.iter().find(|p| is_site_file(p));
    let Some(path) = request.site.as_ref().or(found) else { return };
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            inputs.failures.push(Failure { path: shown, kind: FailureKind::of_io(&e) });
            return;
        }
    };
    let mut source = Source::new(shown.clone(), text);
    source.digest = Some(Sha256::digest(source.text().as_bytes()).into());
    match site::read(&source, SourceId(0), &request.parameters) {
        Ok(file) => inputs.site = file,
        Err(e) => inputs.failures.push(Failure { path: shown, kind: FailureKind::Site(e) }),
    }
    inputs.sources.push(source);
}

/// Parses in two rounds: sets that packet filters refer to first, then the rest. Configurations that stand
/// in several files are then read once more as one.
fn parse_all(
    wanted: Vec<Wanted>,
    store: &Store,
    inputs: &mut Inputs,
    seen: &(dyn Fn(&Path) + Sync),
) {
    let first = inputs.sources.len() as u32;
    let (paths, links): (Vec<PathBuf>, Vec<Vec<String>>) =
        wanted.into_iter().map(|w| (w.path, w.links)).unzip();
    let numbered: Vec<(SourceId, PathBuf)> = (first..).map(SourceId).zip(paths).collect();
    let (sets, mut rest): (Vec<_>, Vec<_>) =
        numbered.into_iter().partition(|(_, p)| store.may_be_ipset(p));
    // The largest first: one that is begun last keeps a single core at work while the others wait.
    rest.sort_by_key(|(_, p)| std::cmp::Reverse(store.len(p)));
    let mut context = Context { columns: inputs.site.columns.clone(), ..Context::default() };
    let mut results = parse_round(&sets, store, &context, seen);
    let found = results.iter().filter_map(|r| r.as_ref().ok()?.tables.ipsets.clone());
    context.ipsets.extend(found);
    results.extend(parse_round(&rest, store, &context, seen));
    let mut by_id: Vec<Read> = sets
        .into_iter()
        .chain(rest)
        .zip(results)
        .map(|((id, path), result)| (id, path.display().to_string(), result))
        .collect();
    by_id.sort_by_key(|(id, ..)| *id);
    join(&mut by_id, links, store, &inputs.folders, &context);
    for (_, path, result) in by_id {
        match result {
            Ok(mut parsed) => {
                let empty = Source::new(String::new(), String::new());
                inputs.sources.push(std::mem::replace(&mut parsed.source, empty));
                inputs.parsed.push(parsed);
            }
            Err(kind) => {
                inputs.sources.push(Source::new(path.clone(), String::new()));
                inputs.failures.push(Failure { path, kind });
            }
        }
    }
}

/// What became of a file.
type Read = (SourceId, String, Result<Parsed, FailureKind>);

/// Largest file that may be a part of a configuration in several files.
const MOST_JOINED: u64 = 1 << 20;

/// Reads configurations that stand in several files as one; their parts need not be known by themselves.
fn join(
    files: &mut [Read],
    links: Vec<Vec<String>>,
    store: &Store,
    folders: &[String],
    context: &Context,
) {
    let format = |result: &Result<Parsed, FailureKind>| match result {
        Ok(parsed) => portvakt_parsers::joins(parsed.format).then_some(Some(parsed.format)),
        Err(FailureKind::NotRecognised) => Some(None),
        Err(_) => None,
    };
    if !files.iter().any(|(.., result)| matches!(format(result), Some(Some(_)))) {
        return;
    }
    let (mut beside, mut digests) = (Vec::new(), Vec::new());
    for ((at, (id, path, result)), links) in files.iter().enumerate().zip(links) {
        let Some(format) = format(result) else { continue };
        let Some((text, digest)) = text_of(Path::new(path), store) else { continue };
        digests.push((*id, at, digest));
        beside.push(Beside { id: *id, path: path.clone(), links, text, format });
    }
    for mut parsed in portvakt_parsers::join(beside, folders, context) {
        let found = digests.binary_search_by_key(&parsed.id, |(id, ..)| *id);
        let Ok((_, at, digest)) = found.map(|n| digests[n]) else { continue };
        parsed.source.digest = Some(digest);
        files[at].2 = Ok(parsed);
    }
}

/// The text of a file that is not too large, with its digest.
fn text_of(path: &Path, store: &Store) -> Option<(String, [u8; 32])> {
    let (bytes, digest) = (store.len(path) <= MOST_JOINED).then(|| store.hashed(path).ok())??;
    let (text, binary) = portvakt_parsers::decode(bytes).ok()?;
    binary.is_empty().then_some((text, digest))
}

fn may_be_ipset(path: &Path) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let mut head = [0u8; 7];
    std::io::Read::read(&mut file, &mut head).is_ok_and(|n| head[..n].starts_with(b"create "))
}

fn parse_round(
    files: &[(SourceId, PathBuf)],
    store: &Store,
    context: &Context,
    seen: &(dyn Fn(&Path) + Sync),
) -> Vec<Result<Parsed, FailureKind>> {
    let one = |(id, path): &(SourceId, PathBuf)| {
        let result = store.hashed(path).and_then(|(bytes, digest)| {
            let mut parsed = parse_bytes(*id, path, bytes, context)?;
            parsed.source.digest = Some(digest);
            Ok(parsed)
        });
        seen(path);
        result
    };
    files.par_iter().map(one).collect()
}

/// Reads and parses one file.
pub fn parse_one(id: SourceId, path: &Path, context: &Context) -> Result<Parsed, FailureKind> {
    parse_bytes(id, path, hashed(path)?.0, context)
}

fn hashed(path: &Path) -> Result<(Vec<u8>, [u8; 32]), FailureKind> {
    let read = hashed::read(path, MAX_BYTES).map_err(|e| FailureKind::of_io(&e))?;
    read.ok_or(FailureKind::TooLarge)
}

fn parse_bytes(
    id: SourceId,
    path: &Path,
    bytes: Vec<u8>,
    context: &Context,
) -> Result<Parsed, FailureKind> {
    portvakt_parsers::parse(id, &path.display().to_string(), bytes, context).map_err(|e| match e {
        Unreadable::NotRecognised => FailureKind::NotRecognised,
        Unreadable::Undecodable(Undecodable::TooLarge) => FailureKind::TooLarge,
        Unreadable::Undecodable(Undecodable::Binary) => FailureKind::Binary,
    })
}
