//! A web server or proxy is set to offer TLS that is too weak.

use portvakt_analysis::Audit;
use portvakt_model::{
    Arg, Device, Location, Message, Placed, Role, Severity, TlsServer, TlsVersion,
};

use crate::crypto::{self, Item};
use crate::{Check, Draft, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6037",
    name: "weak-web-server-tls",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Svag TLS i en webbserver", en: "Weak TLS in a web server" },
    why: Message {
        sv: "Gamla versioner, sviter utan framåtsekretess eller med brutna chiffer och svaga grupper \
             låter en angripare läsa eller ändra trafiken. Inställningarna bedöms efter samma policy som \
             portvakt tls bedömer servrar efter (portvakt-2026).",
        en: "Old versions, suites without forward secrecy or with broken ciphers, and weak groups let an \
             attacker read or change traffic. The settings are judged by the policy that portvakt tls judges \
             servers by (portvakt-2026).",
    },
    fix: Message {
        sv: "Tillåt bara TLS 1.2 och 1.3 med ECDHE och AES-GCM eller ChaCha20-Poly1305. nginx: \
             ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20. Apache: SSLProtocol -all \
             +TLSv1.2 +TLSv1.3. HAProxy: ssl-min-ver TLSv1.2. \
             FortiOS: set ssl-min-version tls-1.2, set ssl-algorithm high.",
        en: "Allow only TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305. nginx: ssl_protocols \
             TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20. Apache: SSLProtocol -all +TLSv1.2 \
             +TLSv1.3. HAProxy: ssl-min-ver TLSv1.2. FortiOS: set ssl-min-version tls-1.2, set ssl-algorithm \
             high.",
    },
    messages: &[&MESSAGE, &DECIDED_BY, &NOT_TOLD, &NOT_READ, &NOT_GIVEN, &NOT_UNDERSTOOD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device}: servern {server} är inställd att erbjuda {weak}{basis}.",
    en: "{device}: the server {server} is set to offer {weak}{basis}.",
};

static DECIDED_BY: Message = Message {
    sv: "{device}: namnen i {server} erbjuds {weak}, eftersom {decider} är förvald server på samma socket \
         och dess versioner gäller där.",
    en: "{device}: the names of {server} are offered {weak}, because {decider} is the default server of \
         their socket and its versions count there.",
};

static NOT_TOLD: Message = Message {
    sv: "{device}: konfigurationen säger inte vilka {what} servern {server} erbjuder; programmets version \
         avgör.",
    en: "{device}: the configuration does not tell which {what} the server {server} offers; the program's \
         version decides.",
};

static NOT_READ: Message = Message {
    sv: "{device}: det går inte att säga vilka {what} servern {server} erbjuder; vad {file} säger om det är \
         inte känt.",
    en: "{device}: it cannot be told which {what} the server {server} offers; what {file} says of it is not \
         known.",
};

static NOT_GIVEN: Message = Message {
    sv: "{device}: delar av konfigurationen har inte lämnats: {files}. Servrar och inställningar där är inte \
         bedömda.",
    en: "{device}: parts of the configuration were not given: {files}. Servers and settings there are not \
         judged.",
};

static NOT_UNDERSTOOD: Message = Message {
    sv: "{device}: det går inte att tolka {words} i listan över chiffer för servern {server}.",
    en: "{device}: {words} in the list of ciphers of the server {server} cannot be understood.",
};

static VERSIONS: Message = Message { sv: "TLS-versioner", en: "TLS versions" };
static SUITES: Message = Message { sv: "chiffer", en: "ciphers" };

/// Most weak things of a kind that a finding names; the rest are counted.
const NAMED: usize = 6;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let serves = |d: &Device| !(d.tls_servers.is_empty() && d.unread.is_empty());
    for (index, device) in audit.devices().filter(|(_, d)| serves(d)) {
        findings.judge(index);
        not_given(findings, index, &device.unread);
        for server in &device.tls_servers {
            judge(audit, findings, index, server);
        }
    }
}

fn judge(audit: &Audit<'_>, findings: &mut Findings<'_>, device: u32, server: &TlsServer) {
    let weak = weak(server, audit);
    let decided = decided(server, audit);
    if weak.is_empty() && decided.is_empty() {
        return not_decided(findings, device, server);
    }
    if let Some(first) = weak.first() {
        let draft = findings.violation(&MESSAGE, first.at.clone()).device(device);
        let draft = name_weak(draft, &weak).arg("basis", basis(&weak));
        draft.text("server", &server.name).key(&server.name).push();
    }
    if let (Some(first), Some((decider, _))) = (decided.first(), &server.decider) {
        let draft = findings.violation(&DECIDED_BY, server.at.clone()).device(device);
        let draft = draft.related(Role::Definition, first.at.clone(), decider);
        let draft = name_weak(draft, &decided).text("decider", decider);
        draft.text("server", &server.name).key(format!("{} by {decider}", server.name)).push();
    }
}

/// Something insufficient that a server is set to, with the document that says so.
struct Weak {
    words: String,
    at: Location,
    manual: Option<&'static str>,
}

/// The names of what is weak, and each place but the first as a related one.
fn name_weak<'f, 'a>(mut draft: Draft<'f, 'a>, weak: &[Weak]) -> Draft<'f, 'a> {
    for place in weak.chunk_by(|a, b| a.at == b.at).skip(1) {
        let words: Vec<&str> = place.iter().map(|w| w.words.as_str()).collect();
        draft = draft.related(Role::Definition, place[0].at.clone(), words.join(", "));
    }
    draft.arg("weak", Arg::Names(weak.iter().map(|w| w.words.clone()).collect()))
}

/// Where some of it stands nowhere, the manual whose default it is.
fn basis(weak: &[Weak]) -> Arg {
    match weak.iter().find_map(|w| w.manual) {
        None => Arg::Text(String::new()),
        Some(manual) => Arg::Either(
            format!(" (inte angivet; förval enligt {manual})"),
            format!(" (not stated; default by {manual})"),
        ),
    }
}

/// What is insufficient of a setting: the first few by name, the rest counted.
fn faults<'n, T>(
    setting: &Placed<T>,
    judged: impl Iterator<Item = (&'n str, Option<&'n str>)>,
) -> Vec<Weak> {
    let faulty: Vec<String> =
        judged.filter_map(|(name, source)| Some(format!("{name} ({})", source?))).collect();
    let more = faulty.len().saturating_sub(NAMED);
    let rest = (more > 0).then(|| format!("+{more}"));
    let named = faulty.into_iter().take(NAMED).chain(rest);
    let weak = |words| Weak { words, at: setting.at.clone(), manual: setting.manual };
    named.map(weak).collect()
}

/// What is insufficient of a server's own settings.
fn weak(server: &TlsServer, audit: &Audit<'_>) -> Vec<Weak> {
    let Some(policy) = crypto::standard() else { return Vec::new() };
    let fault = |item, name, version| policy.fault(item, name, version, audit.today);
    let mut weak = Vec::new();
    weak.extend(server.versions.iter().flat_map(|set| old(set, audit)));
    if let Some(set) = server.suites.as_ref().filter(|_| !only_13(server)) {
        let names = set.value.iter();
        let names = names.map(|n| (*n, fault(Item::Suite, n, Some(TlsVersion::Tls12))));
        weak.extend(faults(set, names));
    }
    if let Some(set) = &server.groups {
        weak.extend(faults(
            set,
            set.value.iter().map(|n| (n.as_str(), fault(Item::Group, n, None))),
        ));
    }
    weak
}

/// What is insufficient of the versions that another server of the socket decides.
fn decided(server: &TlsServer, audit: &Audit<'_>) -> Vec<Weak> {
    server.decider.iter().flat_map(|(_, versions)| old(versions, audit)).collect()
}

fn old(versions: &Placed<Vec<TlsVersion>>, audit: &Audit<'_>) -> Vec<Weak> {
    let Some(policy) = crypto::standard() else { return Vec::new() };
    let fault = |v: &TlsVersion| policy.fault(Item::Protocol, v.name(), Some(*v), audit.today);
    faults(versions, versions.value.iter().map(|v| (v.name(), fault(v))))
}

/// A server with nothing but TLS 1.3 uses no list of older suites.
fn only_13(server: &TlsServer) -> bool {
    server.versions.as_ref().is_some_and(|v| v.value == [TlsVersion::Tls13])
}

/// The files that were not given.
fn not_given(findings: &mut Findings<'_>, device: u32, unread: &[Placed<String>]) {
    let Some(first) = unread.first() else { return };
    let mut draft = findings.cannot_tell(&NOT_GIVEN, first.at.clone()).device(device);
    for other in &unread[1..] {
        draft = draft.related(Role::Definition, other.at.clone(), &other.value);
    }
    let files = unread.iter().map(|file| file.value.clone()).collect();
    draft.arg("files", Arg::Names(files)).key("not given").push();
}

/// What the configuration leaves open.
fn not_decided(findings: &mut Findings<'_>, device: u32, server: &TlsServer) {
    let open = [
        (server.versions.is_none(), &VERSIONS),
        (server.suites.is_none() && !only_13(server), &SUITES),
    ];
    for (_, what) in open.into_iter().filter(|(open, _)| *open) {
        let draft = match &server.unread {
            None => findings.cannot_tell(&NOT_TOLD, server.at.clone()),
            Some(file) => findings
                .cannot_tell(&NOT_READ, server.at.clone())
                .related(Role::Definition, file.at.clone(), &file.value)
                .text("file", &file.value),
        };
        let draft = draft.device(device).arg("what", Arg::Phrase(what));
        draft.text("server", &server.name).key(format!("{} {}", server.name, what.en)).push();
    }
    if let Some(first) = server.strange.first() {
        let words = server.strange.iter().map(|word| word.value.clone()).collect();
        let draft = findings.cannot_tell(&NOT_UNDERSTOOD, first.at.clone()).device(device);
        let draft = draft.arg("words", Arg::Names(words)).text("server", &server.name);
        draft.key(&server.name).push();
    }
}
