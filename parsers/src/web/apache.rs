//! Apache httpd 2.4 (httpd.apache.org/docs/2.4, core, mod_ssl, mod_headers, mod_macro, mod_version).

use std::collections::BTreeMap;

use portvakt_model::{Device, LineState, Location, Message, Placed, TlsVersion};

use super::book::{Book, NOT_GIVEN};
use super::library::Meant;
use super::reasons;
use super::{Settings, hsts, version};
use crate::lines::{Line, Lines};
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "apache-httpd",
    name: "Apache httpd",
    reads: "httpd.conf, apache2.conf, a file of sites-available or conf.d, with what they include",
    understands: "TLS of each virtual host: protocols, ciphers (OpenSSL's strings), groups, certificates' paths, \
                  HSTS; what it has from the server as a whole; Define, macros, conditions; nothing else",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    let tls = ["<VirtualHost ", "SSLEngine ", "SSLProtocol ", "SSLCipherSuite "];
    let main = [
        "ServerRoot ",
        "DocumentRoot ",
        "IncludeOptional ",
        "HostnameLookups ",
        "AccessFileName ",
        "<Directory ",
    ];
    match (head.lines_starting(&tls), head.lines_starting(&main)) {
        (0, 0 | 1) => Score::NO,
        (0 | 1, _) => Score(80),
        _ => Score::SURE,
    }
}

/// Most bytes that macros may stand for in all.
const MOST_EXPANDED: usize = 32 << 20;
/// Longest value and statement, in bytes: each line could double the one before.
const LONGEST: usize = 4096;
/// Deepest that macros use each other.
const DEEPEST: usize = 16;

/// Said of a line that a condition decides about.
const UNDECIDED: &Message = &Message {
    sv: "ett villkor som konfigurationen inte avgör",
    en: "a condition that the configuration does not decide",
};

/// Said of a macro that is not followed to its end.
const ENDLESS: &Message =
    &Message { sv: "makron i makron utan slut", en: "macros within macros without end" };

/// A virtual host in the making, or the server as a whole.
#[derive(Clone, Debug)]
struct Host {
    at: Location,
    settings: Settings,
    /// The oldest and newest version that `SSLOpenSSLConfCmd` leaves.
    range: (Option<TlsVersion>, Option<TlsVersion>),
    name: Option<String>,
    engine: Option<bool>,
}

impl Host {
    fn new(at: Location) -> Self {
        let settings = Settings::default();
        Self { at, settings, range: (None, None), name: None, engine: None }
    }
}

/// A statement: a line with those that go on from it.
#[derive(Clone, Debug)]
struct Statement {
    text: String,
    at: Location,
    lines: u32,
}

#[derive(Clone, Debug, Default)]
struct Macro {
    parameters: Vec<String>,
    body: Vec<Statement>,
}

/// Whether the statements of a section are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    Unknown,
}

struct Reader<'b, 'l, 'a> {
    book: &'b mut Book<'l, 'a>,
    server: Host,
    host: Option<Host>,
    hosts: Vec<Host>,
    /// The open conditions, each with its own words.
    conditions: Vec<(Holds, String)>,
    defined: BTreeMap<String, String>,
    macros: BTreeMap<String, Macro>,
    /// The macro whose body is being read.
    defining: Option<(String, Macro)>,
    unread: Vec<Placed<String>>,
    /// Bytes that macros stood for so far.
    expanded: usize,
    depth: usize,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    super::alone(vec![super::whole(input, build)], build, read);
}

/// Reads a configuration.
pub(super) fn read(book: &mut Book<'_, '_>) -> Device {
    let root = book.root();
    let server = Host::new(book.at(1));
    let mut reader = Reader {
        book,
        server,
        host: None,
        hosts: Vec::new(),
        conditions: Vec::new(),
        defined: BTreeMap::new(),
        macros: BTreeMap::new(),
        defining: None,
        unread: Vec::new(),
        expanded: 0,
        depth: 0,
    };
    reader.file(root);
    reader.end_host();
    let Reader { server, hosts, unread, .. } = reader;
    let file = book.file();
    let mut device = Device::new(super::device_name(file.path), "apache-httpd", file.id);
    // A virtual host has what the server as a whole sets, wherever that stands.
    let with = hosts.into_iter().map(|host| host.below(&server)).collect::<Vec<_>>();
    let hosts = with.into_iter().chain([server]).filter(|host| host.engine == Some(true));
    device.tls_servers = hosts.map(Host::finish).collect();
    device.unread = unread;
    device
}

impl Host {
    fn below(mut self, server: &Self) -> Self {
        self.settings.inherit(&server.settings);
        self.range = (self.range.0.or(server.range.0), self.range.1.or(server.range.1));
        self.engine = self.engine.or(server.engine);
        self
    }

    fn finish(mut self) -> portvakt_model::TlsServer {
        let (least, most) = self.range;
        if let Some(versions) = &mut self.settings.versions {
            let within =
                |v: &TlsVersion| least.is_none_or(|l| *v >= l) && most.is_none_or(|m| *v <= m);
            versions.value.retain(within);
        }
        let mut list = self.settings.ciphers.take();
        // mod_ssl adds this to every list (ssl_engine_config.c).
        if let Some(list) = &mut list {
            list.value.push_str(":!aNULL:!eNULL:!EXP");
        }
        self.settings.ciphers = list;
        self.settings.server(self.name.unwrap_or_else(|| "_".to_owned()), self.at, None)
    }
}

impl Reader<'_, '_, '_> {
    fn file(&mut self, index: usize) {
        let file = self.book.enter(index);
        // A section cannot reach beyond its file.
        let outer = std::mem::take(&mut self.conditions);
        self.conditions.clone_from(&outer);
        let mut begun: Option<Statement> = None;
        for line in Lines::new(file.text) {
            self.hide(&line);
            let statement = begun.get_or_insert_with(|| Statement {
                text: String::new(),
                at: self.book.at(line.number),
                lines: 0,
            });
            statement.lines += 1;
            if let Some(text) = line.text.strip_suffix('\\') {
                statement.text.push_str(text);
                continue;
            }
            statement.text.push_str(line.text);
            if let Some(statement) = begun.take() {
                self.statement(&statement);
            }
        }
        if let Some(statement) = begun {
            self.statement(&statement);
        }
        self.conditions = outer;
        self.book.leave();
    }

    /// Hides the secrets of a line, whether it is in force or not.
    fn hide(&mut self, line: &Line<'_>) {
        let mut words = line.words();
        let name = words.next().map(|word| word.text.to_ascii_lowercase()).unwrap_or_default();
        if SECRET.contains(&name.as_str()) {
            words.for_each(|word| self.book.redact(&word.span()));
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let words = words(&statement.text);
        let Some((first, args)) = words.split_first().filter(|(first, _)| !first.starts_with('#'))
        else {
            return self.mark(statement, LineState::Neutral);
        };
        let name = first.to_ascii_lowercase();
        let state = match (&mut self.defining, name.as_str()) {
            (Some(_), "</macro>") => {
                self.macros.extend(self.defining.take());
                LineState::Used
            }
            (Some((_, body)), _) => {
                body.body.push(statement.clone());
                // It is neutral unless the macro is used.
                LineState::Neutral
            }
            (None, _) => {
                let args: Vec<String> = args.iter().map(|arg| self.filled_in(arg)).collect();
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                self.one(&name, &args, &statement.at)
            }
        };
        self.mark(statement, state);
    }

    fn mark(&mut self, statement: &Statement, state: LineState) {
        self.book.mark_at(&statement.at, statement.lines, state);
    }

    /// A word with `${NAME}` replaced where `Define` gave the name a value; others are of the environment,
    /// and stay.
    fn filled_in(&self, word: &str) -> String {
        let mut out = String::new();
        let mut rest = word;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else { break };
            out.push_str(before);
            match self.defined.get(name) {
                Some(value) => out.push_str(value),
                None => out.extend(["${", name, "}"]),
            }
            rest = tail;
        }
        out + rest
    }

    fn one(&mut self, name: &str, args: &[&str], at: &Location) -> LineState {
        if let Some(state) = self.section(name, args) {
            return state;
        }
        if self.conditions.iter().any(|(holds, _)| *holds == Holds::No) {
            return LineState::Neutral;
        }
        match name {
            "<virtualhost" => {
                self.end_host();
                self.host = Some(Host::new(at.clone()));
                LineState::Used
            }
            "</virtualhost>" => {
                self.end_host();
                LineState::Used
            }
            "<macro" => {
                let (called, parameters) = args.split_first().unwrap_or((&"", &[]));
                let called = called.trim_end_matches('>').to_ascii_lowercase();
                let parameters = parameters.iter().map(|p| p.trim_end_matches('>').to_owned());
                let parameters = parameters.filter(|p| !p.is_empty()).collect();
                self.defining = Some((called, Macro { parameters, body: Vec::new() }));
                LineState::Used
            }
            "use" => self.expand(args),
            // Whether it is defined then is not known either.
            "define" | "undefine" if self.condition().is_some() => {
                args.first().map(|name| self.defined.remove(*name));
                LineState::Unsupported(UNDECIDED)
            }
            "define" if args.iter().any(|arg| arg.len() > LONGEST) => LineState::Unknown,
            "define" => {
                let value = args.get(1).copied().unwrap_or_default();
                let names = args.first().map(|name| ((*name).to_owned(), value.to_owned()));
                self.defined.extend(names);
                LineState::Used
            }
            "undefine" => {
                args.first().map(|name| self.defined.remove(*name));
                LineState::Used
            }
            "undefmacro" => {
                args.first().map(|name| self.macros.remove(&name.to_ascii_lowercase()));
                LineState::Used
            }
            "include" | "includeoptional" => self.include(args, at),
            _ => self.setting(name, args, at),
        }
    }

    /// The beginning or end of a section with a condition.
    fn section(&mut self, name: &str, args: &[&str]) -> Option<LineState> {
        const KINDS: [&str; 6] =
            ["ifmodule", "ifdefine", "ifversion", "iffile", "ifdirective", "ifsection"];
        if let Some(kind) = name.strip_prefix("</") {
            KINDS.contains(&kind.trim_end_matches('>')).then(|| self.conditions.pop())?;
            return Some(LineState::Neutral);
        }
        let kind = name.strip_prefix('<').filter(|kind| KINDS.contains(kind))?;
        let condition = args.first().map_or("", |arg| arg.trim_end_matches('>'));
        let (asked, wanted) = match condition.strip_prefix('!') {
            Some(rest) => (rest, false),
            None => (condition, true),
        };
        let holds = match kind {
            // What is asked for TLS or headers is loaded, or there would be neither.
            "ifmodule" if wanted => Holds::Yes,
            "ifmodule" if asked.contains("ssl") || asked.contains("headers") => Holds::No,
            "ifdefine" if self.defined.contains_key(asked) == wanted && wanted => Holds::Yes,
            "ifdefine" if self.defined.contains_key(asked) => Holds::No,
            _ => Holds::Unknown,
        };
        self.conditions.push((holds, format!("<{kind} {}>", args.join(" ").trim_end_matches('>'))));
        Some(LineState::Neutral)
    }

    /// The open condition that is not decided.
    fn condition(&self) -> Option<String> {
        let open = self.conditions.iter().find(|(holds, _)| *holds == Holds::Unknown);
        open.map(|(_, words)| words.clone())
    }

    fn end_host(&mut self) {
        self.hosts.extend(self.host.take());
    }

    fn expand(&mut self, args: &[&str]) -> LineState {
        let Some((name, values)) = args.split_first() else { return LineState::Unknown };
        let Some(found) = self.macros.get(&name.to_ascii_lowercase()).cloned() else {
            return LineState::Unknown;
        };
        let long = values.iter().any(|value| value.len() > LONGEST);
        if long || self.depth >= DEEPEST || self.expanded > MOST_EXPANDED {
            return LineState::Unsupported(ENDLESS);
        }
        self.depth += 1;
        let mut pairs: Vec<_> = found.parameters.iter().zip(values).collect();
        // A name may begin with another one.
        pairs.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for statement in &found.body {
            if self.expanded > MOST_EXPANDED {
                self.depth -= 1;
                return LineState::Unsupported(ENDLESS);
            }
            let text = self.substituted(&statement.text, &pairs);
            self.statement(&Statement { text, ..statement.clone() });
        }
        self.depth -= 1;
        LineState::Used
    }

    /// A statement of a macro with values for its parameters.
    fn substituted(&mut self, text: &str, pairs: &[(&String, &&str)]) -> String {
        let mut text = text.to_owned();
        text.truncate(text.floor_char_boundary(LONGEST));
        for (name, value) in pairs {
            text = text.replace(name.as_str(), value);
            self.expanded += text.len() + 1;
            text.truncate(text.floor_char_boundary(LONGEST));
        }
        self.expanded += text.len() + 1;
        text
    }

    fn include(&mut self, args: &[&str], at: &Location) -> LineState {
        let Some(path) = args.first() else { return LineState::Unknown };
        match self.book.find(path) {
            Meant::Files(files) => {
                for file in files {
                    self.file(file);
                }
                LineState::Used
            }
            Meant::Unread if is_settled(path) => LineState::Neutral,
            Meant::Unread => {
                let unread = Placed::new((*path).to_owned(), at.clone());
                self.unread.push(unread.clone());
                // What stands later wins: it may change what was set so far.
                let host = self.host.as_mut().unwrap_or(&mut self.server);
                host.settings.forget(unread);
                LineState::Unsupported(NOT_GIVEN)
            }
        }
    }

    fn setting(&mut self, name: &str, args: &[&str], at: &Location) -> LineState {
        let condition = self.condition();
        let host = self.host.as_mut().unwrap_or(&mut self.server);
        let before = condition.is_some().then(|| host.clone());
        let state = directive(name, args, at, host);
        let (Some(condition), Some(before), LineState::Used) = (condition, before, state) else {
            return state;
        };
        let changed = host.settings.versions != before.settings.versions
            || host.settings.ciphers != before.settings.ciphers
            || host.settings.groups != before.settings.groups
            || host.range != before.range;
        if !changed {
            return state;
        }
        host.settings.forget(Placed::new(condition, at.clone()));
        LineState::Unsupported(UNDECIDED)
    }
}

/// The words of a statement, quotes stripped.
fn words(text: &str) -> Vec<String> {
    let line = Line { number: 1, start: 0, text };
    line.words().map(|word| word.value().into_owned()).collect()
}

/// Files that come with the program and say nothing of TLS.
pub(super) const STOCK: [&str; 3] = ["magic", "envvars", "mime.types"];

/// Whether a file that is included cannot touch TLS by what it is for: modules to load, ports to listen on.
fn is_settled(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".load").is_some() || name == "ports.conf" || path.contains("modules")
}

fn directive(name: &str, args: &[&str], at: &Location, host: &mut Host) -> LineState {
    let one = |n: usize| args.get(n).map(|a| Placed::new((*a).to_owned(), at.clone()));
    match name {
        "servername" => host.name = args.first().map(|a| (*a).to_owned()),
        "sslengine" => {
            host.engine = Some(args.first().is_some_and(|a| !a.eq_ignore_ascii_case("off")));
        }
        "sslprotocol" => {
            let versions = protocols(args);
            let known = versions.is_some();
            host.settings.versions = versions.map(|v| Placed::new(v, at.clone()));
            return if known { LineState::Used } else { LineState::Unknown };
        }
        // With two words the first says which protocol; that of TLS 1.3 cannot be made weak.
        "sslciphersuite" => match args {
            [_] => host.settings.ciphers = one(0),
            [kind, _] if kind.eq_ignore_ascii_case("ssl") => host.settings.ciphers = one(1),
            _ => {}
        },
        "sslopensslconfcmd" => return command(args, at, host),
        "sslcertificatefile" => host.settings.certificates.extend(one(0)),
        "header" if hsts(args).is_some() => {
            let value = hsts(args).unwrap_or_default().to_owned();
            host.settings.hsts = Some(Placed::new(value, at.clone()));
        }
        _ if SECRET.contains(&name) || is_neutral(name) => return LineState::Neutral,
        _ => return LineState::Unknown,
    }
    LineState::Used
}

/// `SSLOpenSSLConfCmd` (SSL_CONF_cmd(3)).
fn command(args: &[&str], at: &Location, host: &mut Host) -> LineState {
    let [command, value] = args else { return LineState::Unknown };
    let set = || Some(Placed::new((*value).to_owned(), at.clone()));
    match command.to_ascii_lowercase().as_str() {
        "curves" | "groups" => host.settings.groups = set(),
        "cipherstring" => host.settings.ciphers = set(),
        "minprotocol" | "maxprotocol" if version(value).is_none() => return LineState::Unknown,
        "minprotocol" => host.range.0 = version(value),
        "maxprotocol" => host.range.1 = version(value),
        // It changes what SSLProtocol leaves in ways of its own.
        "protocol" => {
            host.settings.forget(Placed::new("SSLOpenSSLConfCmd Protocol".to_owned(), at.clone()));
            return LineState::Unsupported(reasons::OPENSSL_VERSIONS);
        }
        _ => return LineState::Neutral,
    }
    LineState::Used
}

/// Directives whose words are secrets.
const SECRET: [&str; 4] =
    ["authldapbindpassword", "sslpassphrasedialog", "sessioncryptopassphrase", "dbdparams"];

/// `SSLProtocol`: `+` adds, `-` takes away, and a bare name replaces all before it (mod_ssl, "overrides
/// already set parameter(s)"). `all` holds SSL 3.0 where OpenSSL has it.
fn protocols(args: &[&str]) -> Option<Vec<TlsVersion>> {
    let mut set: Vec<TlsVersion> = Vec::new();
    for arg in args {
        let bare = arg.trim_start_matches(['+', '-']);
        let meant = if bare.eq_ignore_ascii_case("all") {
            TlsVersion::ALL.into_iter().filter(|v| *v != TlsVersion::Ssl2).collect()
        } else {
            vec![version(bare)?]
        };
        match arg.as_bytes().first() {
            Some(b'-') => set.retain(|v| !meant.contains(v)),
            Some(b'+') => set.extend(meant),
            _ => set = meant,
        }
    }
    set.sort_unstable();
    set.dedup();
    Some(set)
}

/// Directives and sections that say nothing of how TLS is offered, by how they begin.
fn is_neutral(name: &str) -> bool {
    WHOLE.split(' ').any(|whole| whole == name)
        || BEGIN.split(' ').any(|begin| name.starts_with(begin))
}

const BEGIN: &str = "\
    </directory </else </files </if </limit </location </proxy </require <directory <else <files \
    <if <limit <location <proxy <require accept accessfilename action add alias allow anonymous \
    auth balancer brotli browser buffer cache charset check chroot content cookie custom dav dbd \
    default deflate deny directory document dump enable error etag expires ext fcgid file filter \
    force graceful h2 header heartbeat identity index input keepalive keptbodysize language ldap \
    listen load log lua max md memcache mime min mod namevirtualhost options order output \
    passenger php protocol proxy qualify readme receive redirect reflector regex \
    registerhttpmethod remoteip remove request require rewrite rlimit satisfy scoreboard script \
    sec send server session set ssi sslocsp sslproxy sslstapling start substitute suexec \
    suppress thread timeout trace transfer types unset userdir vhost virtualdocument \
    virtualscript watchdog wsgi xbit xml";

const WHOLE: &str = "\
    group hostnamelookups mutex pidfile sslcacertificatefile sslcacertificatepath \
    sslcadnrequestfile sslcadnrequestpath sslcarevocationcheck sslcarevocationfile \
    sslcarevocationpath sslcertificatechainfile sslcertificatekeyfile sslcompression \
    sslcryptodevice sslhonorcipherorder ssloptions sslpassphrasedialog sslrandomseed \
    sslrenegbuffersize sslrequire sslrequiressl sslsessioncache sslsessioncachetimeout \
    sslsessiontickets sslstrictsnivhostcheck sslusername sslusestapling sslverifyclient \
    sslverifydepth user";
