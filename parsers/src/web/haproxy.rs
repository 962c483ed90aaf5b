//! HAProxy (Configuration Manual 3.0, §3.1 `ssl-default-bind-…`, §5.1 bind options).

use portvakt_model::{Device, LineState, Location, Placed, TlsServer, TlsVersion};

use super::book::{Book, NOT_GIVEN};
use super::library::Meant;
use super::reasons;
use super::{Settings, hsts, version};
use crate::lines::{Line, Lines};
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "haproxy",
    name: "HAProxy",
    reads: "haproxy.cfg, with its crt-lists and, where one has the section global, files beside it",
    understands: "TLS of each bind line: versions, ciphers (OpenSSL's strings), curves, certificates' paths, HSTS; \
                  the defaults of the section global; nothing else",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    let sections = head.lines_starting(&["frontend ", "backend ", "listen ", "defaults", "global"]);
    let words =
        head.lines_starting(&["bind ", "mode http", "mode tcp", "ssl-default-bind-", "server "]);
    match (sections, words) {
        (0 | 1, _) | (_, 0) => Score::NO,
        _ => Score(90),
    }
}

/// What decides the versions of a bind line.
#[derive(Clone, Debug, Default)]
struct Versions {
    least: Option<TlsVersion>,
    most: Option<TlsVersion>,
    without: Vec<TlsVersion>,
    at: Option<Location>,
}

/// TLS of a bind line, or what holds for all of them.
#[derive(Clone, Debug, Default)]
struct Tls {
    settings: Settings,
    versions: Versions,
}

/// A bind line with `ssl`, or an entry of a `crt-list` with options of its own.
struct Bind {
    /// The section's name, with a number from the second line on, and the entry's names.
    name: String,
    /// Number of the section that it is in.
    section: usize,
    at: Location,
    /// Its options, each list with its place: those of the line, then those of the entry.
    options: Vec<(Vec<String>, Location)>,
}

/// A section.
#[derive(Default)]
struct Section {
    kind: String,
    name: String,
    binds: u32,
    hsts: Option<Placed<String>>,
}

struct Reader<'b, 'l, 'a> {
    book: &'b mut Book<'l, 'a>,
    standard: Tls,
    sections: Vec<Section>,
    binds: Vec<Bind>,
    unread: Vec<Placed<String>>,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    super::alone(vec![super::whole(input, build)], build, read);
}

/// Reads a configuration: its file, and those beside it that belong to it.
pub(super) fn read(book: &mut Book<'_, '_>) -> Device {
    let root = book.root();
    let parts = parts(book);
    let mut reader = Reader {
        book,
        standard: Tls::default(),
        sections: Vec::new(),
        binds: Vec::new(),
        unread: Vec::new(),
    };
    [root].into_iter().chain(parts).for_each(|file| reader.file(file));
    let Reader { standard, sections, binds, unread, .. } = reader;
    let file = book.file();
    let mut device = Device::new(super::device_name(file.path), "haproxy", file.id);
    let servers = binds.into_iter().map(|bind| bind.server(&standard, &sections));
    device.tls_servers = servers.collect();
    device.unread = unread;
    device
}

/// The other files of a configuration that several `-f` or a folder make up (Management Guide §3): those of
/// the folder without a section `global`, where only one file has it.
fn parts(book: &Book<'_, '_>) -> Vec<usize> {
    let root = book.root();
    let mut beside = book.beside();
    beside.retain(|(file, text)| *file == root || section_lines(text).next().is_some());
    let has_global = |text: &str| section_lines(text).any(|kind| kind == "global");
    let mut main = beside.iter().filter(|(_, text)| has_global(text)).map(|(file, _)| *file);
    if main.next() != Some(root) || main.next().is_some() {
        return Vec::new();
    }
    beside.into_iter().map(|(file, _)| file).filter(|file| *file != root).collect()
}

/// The sections of a text, where its first statement begins one.
fn section_lines(text: &str) -> impl Iterator<Item = &str> {
    let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let mut statements =
        text.lines().map(first).filter(|w| !w.is_empty() && !w.starts_with(['#', '.']));
    let ours = statements.next().is_some_and(|word| SECTIONS.contains(&word.as_str()));
    let own = |line: &&str| line.starts_with(|c: char| !c.is_whitespace());
    let heads = text.lines().filter(own).filter_map(|line| line.split_whitespace().next());
    heads.take_while(move |_| ours).filter(|word| SECTIONS.contains(word))
}

const SECTIONS: [&str; 20] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "resolvers",
    "peers",
    "userlist",
    "mailers",
    "cache",
    "program",
    "http-errors",
    "ring",
    "crt-store",
    "fcgi-app",
    "log-forward",
    "log-profile",
    "traces",
    "acme",
    "namespace_list",
];

impl Reader<'_, '_, '_> {
    fn file(&mut self, index: usize) {
        let file = self.book.enter(index);
        for line in Lines::new(file.text) {
            let words: Vec<&str> = line.words().map(|word| word.text).collect();
            // What stands behind a `#` is a comment.
            let end = words.iter().position(|word| word.starts_with('#')).unwrap_or(words.len());
            let state = match words[..end].split_first() {
                None => LineState::Neutral,
                Some((first, args)) if SECTIONS.contains(first) => {
                    self.begin(first, args);
                    LineState::Used
                }
                Some((first, args)) => self.one(first, args, &line),
            };
            self.book.mark(line.number, state);
        }
        self.book.leave();
    }

    fn begin(&mut self, kind: &str, args: &[&str]) {
        let name = args.first().map(|name| (*name).to_owned()).unwrap_or_default();
        self.sections.push(Section { kind: kind.to_owned(), name, ..Section::default() });
    }

    fn one(&mut self, first: &str, args: &[&str], line: &Line<'_>) -> LineState {
        let at = self.book.at(line.number);
        let value = || args.first().map(|a| Placed::new((*a).to_owned(), at.clone()));
        let kind = self.sections.last().map_or("", |section| section.kind.as_str());
        match first {
            "ssl-default-bind-ciphers" => self.standard.settings.ciphers = value(),
            "ssl-default-bind-curves" => self.standard.settings.groups = value(),
            "ssl-default-bind-options" => options(args, &at, &mut self.standard),
            "ssl-default-bind-ciphersuites"
            | "ssl-default-bind-sigalgs"
            | "ssl-default-bind-client-sigalgs" => return LineState::Neutral,
            "bind" if args.contains(&"ssl") => return self.bind(args, &at),
            "bind" => {}
            "http-response" | "http-after-response" => match (hsts(args), self.sections.last_mut())
            {
                (Some(hsts), Some(section)) => {
                    section.hsts = Some(Placed::new(hsts.to_owned(), at));
                }
                _ => return LineState::Neutral,
            },
            "user" if kind == "userlist" => return self.secret(line),
            "stats" if args.first() == Some(&"auth") => return self.secret(line),
            // Files of a section crt-store, each with options.
            "load" if kind == "crt-store" => return LineState::Neutral,
            _ if kind == "namespace_list" || kind == "traces" || kind == "acme" => {
                return LineState::Neutral;
            }
            ".if" | ".elif" => return LineState::Unsupported(reasons::TAKEN_AS_TRUE),
            _ if first.starts_with('.') || is_neutral(first) => return LineState::Neutral,
            _ => return LineState::Unknown,
        }
        LineState::Used
    }

    /// Passwords stand after the name of the user.
    fn secret(&mut self, line: &Line<'_>) -> LineState {
        line.words().skip(2).for_each(|word| self.book.redact(&word.span()));
        LineState::Neutral
    }

    fn bind(&mut self, args: &[&str], at: &Location) -> LineState {
        let Some(section) = self.sections.last_mut() else { return LineState::Unknown };
        section.binds += 1;
        let (name, section) = (section.numbered(), self.sections.len() - 1);
        let own: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
        let options = vec![(own, at.clone())];
        self.binds.push(Bind { name, section, at: at.clone(), options });
        let lists = args.windows(2).filter(|pair| pair[0] == "crt-list").map(|pair| pair[1]);
        let mut state = LineState::Used;
        for list in lists {
            match self.book.find(list) {
                Meant::Files(files) => files.into_iter().for_each(|file| self.list(file)),
                Meant::Unread => {
                    self.unread.push(Placed::new(list.to_owned(), at.clone()));
                    state = LineState::Unsupported(NOT_GIVEN);
                }
            }
        }
        state
    }

    /// The entries of a `crt-list`: a file, options in brackets, names (Configuration Manual §5.1,
    /// `crt-list`). One with options is a server of its own.
    fn list(&mut self, index: usize) {
        let file = self.book.enter(index);
        for line in Lines::new(file.text) {
            let at = self.book.at(line.number);
            let text = line.text.split('#').next().unwrap_or_default();
            let (head, rest) = text.split_once('[').unwrap_or((text, ""));
            let (inside, names) = rest.split_once(']').unwrap_or((rest, ""));
            let Some(path) = head.split_whitespace().next() else {
                self.book.mark(line.number, LineState::Neutral);
                continue;
            };
            self.book.mark(line.number, LineState::Used);
            let Some(bind) = self.binds.last().filter(|_| !rest.is_empty()) else { continue };
            let names: Vec<&str> = names.split_whitespace().collect();
            let called = if names.is_empty() { path.to_owned() } else { names.join(" ") };
            let mut own: Vec<String> = inside.split_whitespace().map(str::to_owned).collect();
            own.extend(["crt".to_owned(), path.to_owned()]);
            let mut options = vec![bind.options[0].clone()];
            options.push((own, at.clone()));
            let name = format!("{} {called}", self.sections[bind.section].name);
            self.binds.push(Bind { name, section: bind.section, at, options });
        }
        self.book.leave();
    }
}

impl Section {
    fn numbered(&self) -> String {
        match self.binds {
            0 | 1 => self.name.clone(),
            n => format!("{} {n}", self.name),
        }
    }
}

impl Bind {
    /// What it offers, once the section `global` is known, wherever that stands.
    fn server(self, standard: &Tls, sections: &[Section]) -> TlsServer {
        let mut tls = standard.clone();
        for (own, at) in &self.options {
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            options(&own, at, &mut tls);
        }
        tls.settings.versions = tls.versions.offered(&self.at);
        tls.settings.hsts = sections.get(self.section).and_then(|s| s.hsts.clone());
        tls.settings.server(self.name, self.at, None)
    }
}

/// Options of a bind line, or those for all of them.
fn options(args: &[&str], at: &Location, tls: &mut Tls) {
    let placed = |value: &&str| Placed::new((*value).to_owned(), at.clone());
    let versions = &mut tls.versions;
    for (n, arg) in args.iter().enumerate() {
        let next = args.get(n + 1);
        match *arg {
            "ciphers" => tls.settings.ciphers = next.map(placed),
            "curves" | "ecdhe" => tls.settings.groups = next.map(placed),
            "crt" => tls.settings.certificates.extend(next.map(placed)),
            "ssl-min-ver" => versions.least = next.and_then(|v| version(v)),
            "ssl-max-ver" => versions.most = next.and_then(|v| version(v)),
            other => {
                let named = |prefix| other.strip_prefix(prefix).and_then(old_name);
                if let Some(version) = named("no-") {
                    versions.without.push(version);
                } else if let Some(version) = named("force-") {
                    (versions.least, versions.most) = (Some(version), Some(version));
                } else {
                    continue;
                }
            }
        }
        if arg.starts_with("ssl-m") || arg.starts_with("no-") || arg.starts_with("force-") {
            versions.at = Some(at.clone());
        }
    }
}

/// `no-tlsv10` and its like.
fn old_name(name: &str) -> Option<TlsVersion> {
    Some(match name {
        "sslv3" => TlsVersion::Ssl3,
        "tlsv10" => TlsVersion::Tls10,
        "tlsv11" => TlsVersion::Tls11,
        "tlsv12" => TlsVersion::Tls12,
        "tlsv13" => TlsVersion::Tls13,
        _ => return None,
    })
}

impl Versions {
    /// What is offered; `None` where the version of HAProxy decides the oldest (TLS 1.0 before 2.2).
    fn offered(&self, bind: &Location) -> Option<Placed<Vec<TlsVersion>>> {
        let without = |v: TlsVersion| self.without.contains(&v);
        let told = without(TlsVersion::Tls10) && without(TlsVersion::Tls11);
        let least = self.least.or_else(|| told.then_some(TlsVersion::Tls12))?;
        let most = self.most.unwrap_or(TlsVersion::Tls13);
        let range = TlsVersion::ALL.into_iter().filter(|v| (least..=most).contains(v));
        let offered = range.filter(|v| !without(*v)).collect();
        Some(Placed::new(offered, self.at.clone().unwrap_or_else(|| bind.clone())))
    }
}

/// Keywords that say nothing of how TLS is offered, by how they begin.
fn is_neutral(name: &str) -> bool {
    const BEGIN: [&str; 36] = [
        "acl",
        "balance",
        "ca-base",
        "capture",
        "chroot",
        "compression",
        "cookie",
        "crt-base",
        "daemon",
        "default",
        "description",
        "errorfile",
        "filter",
        "group",
        "hash",
        "hold",
        "http-",
        "log",
        "max",
        "mode",
        "monitor",
        "nameserver",
        "nbthread",
        "option",
        "peer",
        "pidfile",
        "redirect",
        "retries",
        "server",
        "stats",
        "stick",
        "tcp-",
        "timeout",
        "tune.",
        "use",
        "user",
    ];
    BEGIN.iter().any(|begin| name.starts_with(begin))
        || name.starts_with("ssl-default-server-")
        || matches!(
            name,
            "ssl-dh-param-file" | "ssl-server-verify" | "fullconn" | "resolve_retries" | "node"
        )
}
