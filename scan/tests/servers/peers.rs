//! What other scanners find, beside what we find.
//!
//! What two of them agree on we must have found, and what we say none of them may have missed, unless the
//! server's configuration has it. They are not the truth by themselves. Of these servers and others that
//! were compared by hand (sslscan 2.0.7, nmap 7.93, sslyze 6.3.1):
//!
//! - sslyze does not know the anonymous Camellia suites with SHA-256, nor any with shared secrets.
//! - nmap finds no suite with an RSA-PSS key, none with a key on secp256k1 or brainpool, and none whose
//!   groups are all rare: it offers few signature schemes and groups. So do sslscan and sslyze for curves.
//! - nmap and sslscan leave suites out when a server is slow, and say nothing of it.
//! - Only the curve of the key is seen by sslyze, and none by sslscan, with an ECDSA key in TLS 1.2.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use portvakt_model::registry::{group_name, suite_code, suite_name};
use portvakt_model::{SuiteOrder, TlsEndpoint, TlsVersion};
use portvakt_scan::tls::Depth;

use crate::lab::keys::{ec, rsa};
use crate::lab::tls::{gnutls, jsse, nginx, openssl};
use crate::lab::{Server, find};
use crate::lists::{EVERYTHING, names, order, seen};

/// What one scanner saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) suites: BTreeMap<TlsVersion, BTreeSet<String>>,
    groups: BTreeSet<String>,
    orders: BTreeMap<TlsVersion, SuiteOrder>,
}

pub(crate) const VERSIONS: [(&str, TlsVersion); 5] = [
    ("SSLv3", TlsVersion::Ssl3),
    ("TLSv1.0", TlsVersion::Tls10),
    ("TLSv1.1", TlsVersion::Tls11),
    ("TLSv1.2", TlsVersion::Tls12),
    ("TLSv1.3", TlsVersion::Tls13),
];

fn version(name: &str) -> Option<TlsVersion> {
    VERSIONS.iter().find(|(known, _)| *known == name).map(|(_, version)| *version)
}

fn port(server: &Server) -> String {
    server.address.port().to_string()
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The value of an attribute in one line of XML.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn code(line: &str) -> Option<u16> {
    u16::from_str_radix(attribute(line, "id")?.strip_prefix("0x")?, 16).ok()
}

pub(crate) fn sslscan(server: &Server) -> Option<Seen> {
    let text = said(
        Command::new(find("sslscan")?)
            .args(["--no-colour", "--no-heartbleed", "--xml=-"])
            .arg(server.address.to_string()),
    );
    let mut seen = Seen::default();
    for line in text.lines().map(str::trim_start) {
        let (Some(version), Some(code)) =
            (attribute(line, "sslversion").and_then(version), code(line))
        else {
            continue;
        };
        if line.starts_with("<cipher ") {
            seen.suites.entry(version).or_default().insert(suite_name(code.into()));
        } else if line.starts_with("<group ") {
            seen.groups.insert(group_name(code));
        }
    }
    Some(seen)
}

fn nmap(server: &Server) -> Option<Seen> {
    let text = said(
        Command::new(find("nmap")?)
            .args(["-Pn", "-n", "-p", &port(server), "--script", "+ssl-enum-ciphers", "-oX", "-"])
            .arg("127.0.0.1"),
    );
    let mut seen = Seen::default();
    let mut at = None;
    for line in text.lines() {
        let value = |key: &str| {
            let (_, rest) = line.split_once(&format!("<elem key=\"{key}\">"))?;
            rest.split_once('<').map(|(value, _)| value)
        };
        at = attribute(line, "key").and_then(version).or(at);
        let Some(version) = at else { continue };
        if let Some(name) = value("name") {
            let name = name.replace("TLS_AKE_WITH_", "TLS_");
            seen.suites.entry(version).or_default().insert(name);
        }
        match value("cipher preference") {
            Some("server") => seen.orders.insert(version, SuiteOrder::Server),
            Some("client") => seen.orders.insert(version, SuiteOrder::Client),
            _ => None,
        };
    }
    Some(seen)
}

fn sslyze(server: &Server) -> Option<Seen> {
    let text = said(
        Command::new(find("sslyze")?)
            .args(["--json_out", "-", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"])
            .args(["--elliptic_curves", &server.address.to_string()]),
    );
    let start = text.find("{\n").unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(&text[start..]).unwrap_or_default();
    let results = &json["server_scan_results"][0]["scan_result"];
    let mut seen = Seen::default();
    for (name, version) in VERSIONS {
        let key = name.replace("SSLv3", "ssl_3_0").replace("TLSv", "tls_").replace('.', "_");
        let accepted = &results[format!("{key}_cipher_suites")]["result"]["accepted_cipher_suites"];
        let suites = accepted.as_array().into_iter().flatten();
        let suites = suites.filter_map(|s| s["cipher_suite"]["name"].as_str().map(str::to_owned));
        seen.suites.entry(version).or_default().extend(suites);
    }
    let curves = results["elliptic_curves"]["result"]["supported_curves"].as_array();
    let curves = curves.into_iter().flatten().filter_map(|curve| curve["name"].as_str());
    seen.groups.extend(curves.map(str::to_lowercase));
    Some(seen)
}

/// Suites that OpenSSL takes a list for, in all versions.
pub(crate) fn configured(list: &str) -> BTreeSet<String> {
    let text = said(Command::new("openssl").args(["ciphers", "-stdname", list]));
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Asks them all, and us.
pub(crate) fn compare(server: &Server, configured: &BTreeSet<String>) {
    let Some(peers) = [sslscan(server), nmap(server), sslyze(server)].into_iter().collect() else {
        return;
    };
    let peers: Vec<Seen> = peers;
    let ours = seen(server.address, Depth::Full, None);
    for (name, version) in VERSIONS {
        let found: BTreeSet<String> = names(&ours, version).into_iter().collect();
        let by = |suite: &String| {
            peers
                .iter()
                .filter(|p| p.suites.get(&version).is_some_and(|s| s.contains(suite)))
                .count()
        };
        let theirs: BTreeSet<&String> =
            peers.iter().filter_map(|p| p.suites.get(&version)).flatten().collect();
        let known = |suite: &&&String| suite_code(suite).is_some();
        let missed: Vec<_> =
            theirs.iter().filter(known).filter(|s| by(s) > 1 && !found.contains(**s)).collect();
        assert!(missed.is_empty(), "{name}: two of them agree on {missed:?}");
        let alone: Vec<_> =
            found.iter().filter(|s| by(s) == 0 && !configured.contains(*s)).collect();
        assert!(alone.is_empty(), "{name}: only we say {alone:?}\n{}", server.log());
        for theirs in peers.iter().filter_map(|p| p.orders.get(&version)) {
            assert_eq!(order(&ours, version), *theirs, "{name}");
        }
    }
    let groups = all_groups(&ours);
    for peer in &peers {
        assert!(peer.groups.is_subset(&groups), "{:?} of {groups:?}", peer.groups);
    }
}

fn all_groups(endpoint: &TlsEndpoint) -> BTreeSet<String> {
    endpoint.groups.iter().map(|group| group_name(group.group)).collect()
}

#[test]
fn of_openssl_with_everything() {
    let options = ["-cipher", EVERYTHING, "-serverpref", "-min_protocol", "TLSv1"];
    let Some(server) = openssl(&rsa(), &options) else { return };
    compare(&server, &configured(EVERYTHING));
}

#[test]
fn of_openssl_with_two_keys() {
    let other = ec();
    let (certificate, key) = (other.leaf(), other.key());
    let options = ["-serverpref", "-dcert", &certificate, "-dkey", &key];
    let Some(server) = openssl(&rsa(), &options) else { return };
    compare(&server, &configured("ALL"));
}

#[test]
fn of_nginx_with_the_clients_order() {
    let block = "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off;";
    let Some(server) = nginx(&rsa(), block) else { return };
    compare(&server, &configured("HIGH"));
}

#[test]
fn of_gnutls_with_a_key_on_a_curve() {
    let Some(server) = gnutls(&ec(), "NORMAL:%SERVER_PRECEDENCE") else { return };
    compare(&server, &BTreeSet::new());
}

#[test]
fn of_java_with_everything() {
    let Some(server) = jsse(&rsa()) else { return };
    compare(&server, &BTreeSet::new());
}
