//! HAProxy (Configuration Manual 3.0, §3.1 `ssl-default-bind-…`, §5.1 bind options).

use portvakt_model::{Device, Fact, TlsVersion};

use super::{Settings, hsts, version};
use crate::lines::Line;
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "haproxy",
    name: "HAProxy",
    reads: "haproxy.cfg",
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
    line: u32,
}

#[derive(Clone, Debug, Default)]
struct Bind {
    settings: Settings,
    versions: Versions,
    line: u32,
}

#[derive(Default)]
struct Section {
    kind: String,
    name: String,
    binds: Vec<Bind>,
    hsts: Option<Fact<String>>,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let mut device = Device::new(input.stem(), "haproxy", build.id);
    let (mut standard, mut section) = (Bind::default(), Section::default());
    for line in input.lines() {
        let words: Vec<&str> = line.words().map(|word| word.text).collect();
        let Some((first, args)) = words.split_first().filter(|(first, _)| !first.starts_with('#'))
        else {
            build.neutral(line.number);
            continue;
        };
        if SECTIONS.contains(first) {
            finish(std::mem::take(&mut section), &mut device);
            (*first).clone_into(&mut section.kind);
            section.name = args.first().map(|a| (*a).to_owned()).unwrap_or_default();
            build.used(line.number);
            continue;
        }
        match one(first, args, line.number, &mut standard, &mut section) {
            State::Used => build.used(line.number),
            State::Neutral => build.neutral(line.number),
            State::Secret => secret(&line, build),
            State::Unknown => {}
        }
    }
    finish(section, &mut device);
    build.devices.push(device);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Used,
    Neutral,
    Secret,
    Unknown,
}

const SECTIONS: [&str; 14] = [
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
];

/// Passwords stand after the name of the user.
fn secret(line: &Line<'_>, build: &mut Build<'_>) {
    build.neutral(line.number);
    for word in line.words().skip(2) {
        build.redact(word.span());
    }
}

fn finish(section: Section, device: &mut Device) {
    for (at, bind) in section.binds.into_iter().enumerate() {
        let mut settings = bind.settings;
        settings.versions = bind.versions.offered();
        settings.hsts.clone_from(&section.hsts);
        let name =
            if at == 0 { section.name.clone() } else { format!("{} {}", section.name, at + 1) };
        device.tls_servers.push(settings.server(name, bind.line));
    }
}

fn one(first: &str, args: &[&str], line: u32, standard: &mut Bind, section: &mut Section) -> State {
    let value = || args.first().map(|a| Fact::explicit((*a).to_owned(), line));
    match first {
        "ssl-default-bind-ciphers" => standard.settings.ciphers = value(),
        "ssl-default-bind-curves" => standard.settings.groups = value(),
        "ssl-default-bind-options" => options(args, line, standard),
        "ssl-default-bind-ciphersuites" | "ssl-default-bind-sigalgs" => return State::Neutral,
        "bind" => {
            if args.contains(&"ssl") {
                let mut bind = Bind { line, ..standard.clone() };
                options(args, line, &mut bind);
                section.binds.push(bind);
            }
        }
        "http-response" | "http-after-response" => match hsts(args) {
            Some(hsts) => section.hsts = Some(Fact::explicit(hsts.to_owned(), line)),
            None => return State::Neutral,
        },
        "user" if section.kind == "userlist" => return State::Secret,
        "stats" if args.first() == Some(&"auth") => return State::Secret,
        _ if is_neutral(first) => return State::Neutral,
        _ => return State::Unknown,
    }
    State::Used
}

/// Options of a bind line, or those for all of them.
fn options(args: &[&str], line: u32, bind: &mut Bind) {
    let fact = |value: &&str| Fact::explicit((*value).to_owned(), line);
    let versions = &mut bind.versions;
    for (at, arg) in args.iter().enumerate() {
        let next = args.get(at + 1);
        match *arg {
            "ciphers" => bind.settings.ciphers = next.map(fact),
            "curves" | "ecdhe" => bind.settings.groups = next.map(fact),
            "crt" => bind.settings.certificates.extend(next.map(fact)),
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
        versions.line = line;
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
    fn offered(&self) -> Option<Fact<Vec<TlsVersion>>> {
        let without = |v: TlsVersion| self.without.contains(&v);
        let told = without(TlsVersion::Tls10) && without(TlsVersion::Tls11);
        let least = self.least.or_else(|| told.then_some(TlsVersion::Tls12))?;
        let most = self.most.unwrap_or(TlsVersion::Tls13);
        let range = TlsVersion::ALL.into_iter().filter(|v| (least..=most).contains(v));
        Some(Fact::explicit(range.filter(|v| !without(*v)).collect(), self.line))
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
