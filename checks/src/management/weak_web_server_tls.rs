//! A web server or proxy is set to offer TLS that is too weak.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Severity, TlsServer};

use super::support::{Named, first_line, name_all};
use crate::crypto::{self, Item};
use crate::{Check, Findings, Need};

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
             +TLSv1.2 +TLSv1.3. HAProxy: ssl-min-ver TLSv1.2.",
        en: "Allow only TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305. nginx: ssl_protocols \
             TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20. Apache: SSLProtocol -all +TLSv1.2 \
             +TLSv1.3. HAProxy: ssl-min-ver TLSv1.2.",
    },
    messages: &[&MESSAGE, &NOT_TOLD, &NOT_UNDERSTOOD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device}: servern {server} är inställd att erbjuda {weak}.",
    en: "{device}: the server {server} is set to offer {weak}.",
};

static NOT_TOLD: Message = Message {
    sv: "{device}: konfigurationen säger inte vilka {what} servern {server} erbjuder; programmets version \
         avgör.",
    en: "{device}: the configuration does not tell which {what} the server {server} offers; the program's \
         version decides.",
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
    for (index, device) in audit.devices().filter(|(_, d)| !d.tls_servers.is_empty()) {
        findings.judge(index);
        for server in &device.tls_servers {
            let weak = weak(server, audit);
            if weak.is_empty() {
                not_decided(audit, findings, index, server);
                continue;
            }
            let at = audit.at(index, first_line(&weak));
            let draft = findings.violation(&MESSAGE, at).device(index);
            let draft = name_all(draft, audit, index, "weak", &weak);
            draft.text("server", &server.name).key(&server.name).push();
        }
    }
}

/// What is insufficient of a server's settings, each with the document that says so.
fn weak(server: &TlsServer, audit: &Audit<'_>) -> Vec<Named> {
    let Some(policy) = crypto::standard() else { return Vec::new() };
    let mut weak = Vec::new();
    let mut add = |line: Option<u32>, names: Vec<(&str, Option<&str>)>| {
        let faulty: Vec<(&str, &str)> =
            names.into_iter().filter_map(|(name, source)| Some((name, source?))).collect();
        for (name, source) in faulty.iter().take(NAMED) {
            weak.push((line.unwrap_or(server.line), format!("{name} ({source})")));
        }
        if faulty.len() > NAMED {
            let more = faulty.len() - NAMED;
            weak.push((line.unwrap_or(server.line), format!("+{more}")));
        }
    };
    let fault = |item, name, version| policy.fault(item, name, version, audit.today);
    if let Some(fact) = &server.versions {
        let names =
            fact.value.iter().map(|v| (v.name(), fault(Item::Protocol, v.name(), Some(*v))));
        add(fact.line(), names.collect());
    }
    if let Some(fact) = &server.suites {
        let version = Some(portvakt_model::TlsVersion::Tls12);
        let names = fact.value.iter().map(|name| (*name, fault(Item::Suite, name, version)));
        add(fact.line(), names.collect());
    }
    if let Some(fact) = &server.groups {
        let names = fact.value.iter().map(|n| (n.as_str(), fault(Item::Group, n, None)));
        add(fact.line(), names.collect());
    }
    weak
}

/// What the configuration leaves open. A server with nothing but TLS 1.3 has no list of older suites.
fn not_decided(audit: &Audit<'_>, findings: &mut Findings<'_>, device: u32, server: &TlsServer) {
    let only_13 =
        server.versions.as_ref().is_some_and(|v| v.value == [portvakt_model::TlsVersion::Tls13]);
    for (open, what) in
        [(server.versions.is_none(), &VERSIONS), (server.suites.is_none() && !only_13, &SUITES)]
    {
        if open {
            findings
                .cannot_tell(&NOT_TOLD, audit.at(device, server.line))
                .device(device)
                .arg("what", Arg::Phrase(what))
                .text("server", &server.name)
                .key(format!("{} {}", server.name, what.en))
                .push();
        }
    }
    if !server.strange.is_empty() {
        let words = server.strange.iter().map(|fact| fact.value.clone()).collect();
        let line = server.strange[0].line().unwrap_or(server.line);
        findings
            .cannot_tell(&NOT_UNDERSTOOD, audit.at(device, line))
            .device(device)
            .arg("words", Arg::Names(words))
            .text("server", &server.name)
            .key(&server.name)
            .push();
    }
}
