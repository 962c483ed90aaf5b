//! Apache httpd 2.4 (httpd.apache.org/docs/2.4, mod_ssl, mod_headers).

use portvakt_model::{Device, Fact, TlsVersion};

use super::{Settings, hsts, version};
use crate::lines::Line;
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "apache-httpd",
    name: "Apache httpd",
    reads: "httpd.conf, apache2.conf, a file of sites-available or conf.d",
    understands: "TLS of each virtual host: protocols, ciphers (OpenSSL's strings), groups, certificates' paths, \
                  HSTS; settings of the server as a whole; nothing else",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    match head.lines_starting(&["<VirtualHost ", "SSLEngine ", "SSLProtocol ", "SSLCipherSuite "]) {
        0 => Score::NO,
        1 => Score(80),
        _ => Score::SURE,
    }
}

/// A virtual host in the making.
struct Host {
    line: u32,
    settings: Settings,
    name: Option<String>,
    engine: bool,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let mut device = Device::new(input.stem(), "apache-httpd", build.id);
    let mut server = Host { line: 1, settings: Settings::default(), name: None, engine: false };
    let mut host: Option<Host> = None;
    let mut statement: Vec<Line<'_>> = Vec::new();
    for line in input.lines() {
        let goes_on = line.text.ends_with('\\');
        statement.push(line);
        if goes_on {
            continue;
        }
        let first = statement[0];
        let text: String = statement.iter().map(|line| line.text.trim_end_matches('\\')).collect();
        let words: Vec<&str> =
            Line { text: &text, ..first }.words().map(|word| word.text).collect();
        let state = one(&words, first.number, &mut server, &mut host, &mut device);
        for line in std::mem::take(&mut statement) {
            match state {
                State::Used => build.used(line.number),
                State::Neutral => build.neutral(line.number),
                State::Unread => {
                    build.unsupported(line.number, "another file that is not read with this one");
                }
                State::Secret => {
                    build.neutral(line.number);
                    for word in line.words().skip(1) {
                        build.redact(word.span());
                    }
                }
                State::Unknown => {}
            }
        }
    }
    finish(host, &mut device);
    finish(Some(server), &mut device);
    build.devices.push(device);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Used,
    Neutral,
    Unread,
    Secret,
    Unknown,
}

fn finish(host: Option<Host>, device: &mut Device) {
    let Some(host) = host.filter(|host| host.engine) else { return };
    let name = host.name.unwrap_or_else(|| "_".to_owned());
    device.tls_servers.push(host.settings.server(name, host.line));
}

fn one(
    words: &[&str],
    line: u32,
    server: &mut Host,
    host: &mut Option<Host>,
    device: &mut Device,
) -> State {
    let Some((first, args)) = words.split_first() else { return State::Neutral };
    let name = first.to_ascii_lowercase();
    if name.starts_with('#') {
        return State::Neutral;
    }
    match name.as_str() {
        "<virtualhost" => {
            finish(host.take(), device);
            let settings = server.settings.clone();
            *host = Some(Host { line, settings, name: None, engine: server.engine });
            return State::Used;
        }
        "</virtualhost>" => {
            finish(host.take(), device);
            return State::Used;
        }
        _ => {}
    }
    directive(&name, args, line, host.as_mut().unwrap_or(server))
}

fn directive(name: &str, args: &[&str], line: u32, host: &mut Host) -> State {
    let one = |at: usize| args.get(at).map(|a| Fact::explicit((*a).to_owned(), line));
    match name {
        "servername" => host.name = args.first().map(|a| (*a).to_owned()),
        "sslengine" => {
            host.engine = args.first().is_some_and(|a| !a.eq_ignore_ascii_case("off"));
        }
        "sslprotocol" => {
            let versions = protocols(args);
            let known = versions.is_some();
            host.settings.versions = versions.map(|v| Fact::explicit(v, line));
            return if known { State::Used } else { State::Unknown };
        }
        // With two words the first says which protocol; that of TLS 1.3 cannot be made weak.
        "sslciphersuite" => match args {
            [_] => host.settings.ciphers = one(0),
            [kind, _] if kind.eq_ignore_ascii_case("ssl") => host.settings.ciphers = one(1),
            _ => {}
        },
        "sslopensslconfcmd" => match args.first().map(|a| a.to_ascii_lowercase()).as_deref() {
            Some("curves" | "groups") => host.settings.groups = one(1),
            Some("cipherstring") => host.settings.ciphers = one(1),
            Some("minprotocol" | "maxprotocol" | "protocol") => return State::Unknown,
            _ => return State::Neutral,
        },
        "sslcertificatefile" => host.settings.certificates.extend(one(0)),
        "header" if hsts(args).is_some() => {
            let value = hsts(args).unwrap_or_default().to_owned();
            host.settings.hsts = Some(Fact::explicit(value, line));
        }
        "include" | "includeoptional" => return State::Unread,
        "authldapbindpassword" | "sslpassphrasedialog" => return State::Secret,
        _ if is_neutral(name) => return State::Neutral,
        _ => return State::Unknown,
    }
    State::Used
}

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
    const BEGIN: [&str; 44] = [
        "<directory",
        "</directory",
        "<location",
        "</location",
        "<files",
        "</files",
        "<ifmodule",
        "</ifmodule",
        "<ifdefine",
        "</ifdefine",
        "<limit",
        "</limit",
        "<require",
        "</require",
        "<proxy",
        "</proxy",
        "<if",
        "</if",
        "<else",
        "</else",
        "accessfilename",
        "addtype",
        "allow",
        "alias",
        "auth",
        "custom",
        "deny",
        "directoryindex",
        "document",
        "error",
        "expires",
        "header",
        "keepalive",
        "listen",
        "load",
        "log",
        "max",
        "options",
        "order",
        "proxy",
        "redirect",
        "require",
        "rewrite",
        "server",
    ];
    const WHOLE: [&str; 22] = [
        "timeout",
        "user",
        "group",
        "pidfile",
        "mutex",
        "hostnamelookups",
        "setenvif",
        "setenv",
        "browsermatch",
        "requestheader",
        "protocols",
        "scriptalias",
        "sslhonorcipherorder",
        "sslcertificatekeyfile",
        "sslcertificatechainfile",
        "sslcompression",
        "sslsessiontickets",
        "sslsessioncache",
        "sslsessioncachetimeout",
        "sslusestapling",
        "sslstaplingcache",
        "ssloptions",
    ];
    WHOLE.contains(&name) || BEGIN.iter().any(|begin| name.starts_with(begin))
}
