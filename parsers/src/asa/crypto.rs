//! Versions, suites and algorithms of TLS and SSH: `ssl …`, and what the levels of `ssh cipher` hold.

use portvakt_model::{Fact, Management, MgmtProtocol};

use super::Reader;
use super::management::{Admin, MANUAL};
use super::reasons;
use super::text::{Cursor, Product, Version};
use crate::lines::Line;

/// A line `ssl cipher VERSION …`: for one version, or `default` for those without a line of their own.
pub(super) struct Choice<'a> {
    version: &'a str,
    /// Suites by their IANA names, or the level.
    names: Vec<String>,
    line: u32,
}

/// Versions that a choice of ciphers is for, and their names; TLS 1.3 has suites of its own.
const BEFORE_13: [(&str, &str); 4] =
    [("sslv3", "SSLv3"), ("tlsv1", "TLSv1.0"), ("tlsv1.1", "TLSv1.1"), ("tlsv1.2", "TLSv1.2")];
const LEVELS: [&str; 5] = ["all", "low", "medium", "fips", "high"];
const DATAGRAMS: [&str; 2] = ["dtlsv1", "dtlsv1.2"];

impl<'a> Reader<'a, '_, '_> {
    /// `ssl server-version …`, `ssl cipher …` and what is beside them.
    pub(super) fn ssl(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        match words.next() {
            Some("server-version") => {
                let least = words.next().unwrap_or_default();
                match tls_from(least) {
                    Some(versions) => {
                        let fact = Fact::explicit(versions, line.number);
                        self.admin.model.tls_versions = Some(fact);
                        self.build.used(line.number);
                    }
                    None => self.unknown(line),
                }
            }
            Some("encryption") => {
                let ciphers = self.admin.model.tls_ciphers.get_or_insert_default();
                while let Some(name) = words.next() {
                    ciphers.push(Fact::explicit(name.to_owned(), line.number));
                }
                self.build.used(line.number);
            }
            Some("cipher") => self.ssl_cipher(line, words),
            Some("dh-group" | "ecdh-group") => {
                self.lost(line, reasons::TLS_GROUPS);
            }
            Some("trust-point" | "client-version" | "certificate-authentication" | "clean-up") => {
                self.remark_line(line);
            }
            _ => self.unknown(line),
        }
    }

    /// `ssl cipher VERSION all|low|medium|fips|high|custom "STRING"` (ASA Command Reference, `ssl
    /// cipher`). Every suite of TLS 1.3 is modern (RFC 8446 §B.4), so a level chooses among good ones.
    fn ssl_cipher(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let version = words.next().unwrap_or_default();
        let is_13 = version == "tlsv1.3";
        let names = match words.next() {
            Some("custom") if is_13 => {
                let list = words.next().unwrap_or_default().split(':');
                list.filter(|n| !n.is_empty()).map(str::to_owned).collect()
            }
            Some("custom") => crate::web::ciphers(words.next().unwrap_or_default()),
            Some(level) if LEVELS.contains(&level) => {
                if is_13 {
                    Vec::new()
                } else {
                    vec![level.to_owned()]
                }
            }
            _ => return self.unknown(line),
        };
        let level = |name: &String| LEVELS.contains(&name.as_str());
        let strange = names.iter().any(|name| !name.starts_with("TLS_") && !level(name));
        self.admin.ciphers.push(Choice { version, names, line: line.number });
        if strange {
            return self.lost(line, reasons::OPENSSL_WORDS);
        }
        self.build.used(line.number);
    }

    /// What the `ssl` commands and the defaults come to. Suites of a version that is not accepted are
    /// chosen for nothing.
    pub(super) fn tls(&self, admin: &Admin<'a>, model: &mut Management) {
        let known =
            |from, to| self.complete && self.version.is_some_and(|v| is_between(v, from, to));
        // 9.3(2) made it `tlsv1`, with the versions after it (Command Reference, `ssl server-version`,
        // history); releases after 9.12 are not looked up.
        if model.tls_versions.is_none() && known((9, 4), (9, 12)) {
            model.tls_versions = tls_from("tlsv1").map(|v| Fact::default_of(v, MANUAL));
        }
        let versions = model.tls_versions.as_ref().map(|fact| fact.value.as_slice());
        let (chosen, all) = chosen(&admin.ciphers, versions);
        let facts = chosen.iter().flat_map(|choice| {
            choice.names.iter().map(|name| Fact::explicit(name.clone(), choice.line))
        });
        let mut facts: Vec<Fact<String>> = facts.collect();
        // `medium` for every version before TLS 1.3 (Command Reference, `ssl cipher`, defaults).
        let web = model.services.iter().any(|s| s.protocol == MgmtProtocol::Https);
        if !all && web && known((9, 4), (u16::MAX, 0)) {
            facts.push(Fact::default_of("medium".to_owned(), MANUAL));
        }
        if !facts.is_empty() || !admin.ciphers.is_empty() {
            model.tls_ciphers.get_or_insert_default().extend(facts);
        }
    }
}

/// The choices in force among those of a device, and whether each version that it accepts has one.
fn chosen<'c, 'a>(
    choices: &'c [Choice<'a>],
    versions: Option<&[String]>,
) -> (Vec<&'c Choice<'a>>, bool) {
    let of = |word: &str| choices.iter().rfind(|c| c.version == word);
    let accepted = |name: &str| versions.is_none_or(|v| v.iter().any(|known| known == name));
    let streams = BEFORE_13.iter().filter(|(_, name)| accepted(name));
    let streams: Vec<_> = streams.map(|(word, _)| of(word).or_else(|| of("default"))).collect();
    let all = match versions {
        Some(_) => streams.iter().all(Option::is_some),
        None => streams.iter().any(Option::is_some),
    };
    let others = DATAGRAMS.iter().chain(&["tlsv1.3"]).map(|word| of(word));
    let mut found: Vec<&Choice<'_>> = streams.into_iter().chain(others).flatten().collect();
    found.sort_by_key(|choice| choice.line);
    found.dedup_by_key(|choice| choice.line);
    (found, all)
}

/// Whether it is ASA software from the one release to the other.
fn is_between(version: Version, from: (u16, u16), to: (u16, u16)) -> bool {
    version.product == Product::Asa && (from..=to).contains(&(version.major, version.minor))
}

/// Versions from the least on (`ssl server-version`).
fn tls_from(least: &str) -> Option<Vec<String>> {
    let all = ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let (from, to) = match least {
        "any" | "sslv3" => (0, 4),
        "sslv3-only" => (0, 1),
        "tlsv1" => (1, 4),
        "tlsv1-only" => (1, 2),
        "tlsv1.1" => (2, 4),
        "tlsv1.2" => (3, 4),
        "tlsv1.3" => (4, 5),
        _ => return None,
    };
    Some(all[from..to].iter().map(|&v| v.to_owned()).collect())
}

/// The key exchange by its name in SSH (RFC 4253, RFC 8268).
pub(super) fn key_exchange(name: &str) -> String {
    match name.strip_prefix("dh-group") {
        Some(group) => format!("diffie-hellman-group{group}"),
        None => name.to_owned(),
    }
}

/// Algorithms of `ssh cipher encryption|integrity LEVEL` (Command Reference, `ssh cipher`). The highest
/// level of integrity is another one since 9.13 (release notes: `hmac-sha2-256` only); of a release that is
/// not stated the level is told by its name.
pub(super) fn ssh_algorithms(
    kind: &str,
    words: &mut Cursor<'_>,
    version: Option<Version>,
) -> Vec<String> {
    let level = words.next().unwrap_or_default();
    let names = match (kind, level) {
        (_, "custom") => words.next().unwrap_or_default(),
        ("encryption", "all" | "low") => {
            "3des-cbc:aes128-cbc:aes192-cbc:aes256-cbc:aes128-ctr:aes192-ctr:aes256-ctr"
        }
        ("encryption", "medium") => {
            "aes128-cbc:aes192-cbc:aes256-cbc:aes128-ctr:aes192-ctr:aes256-ctr"
        }
        ("encryption", "fips") => "aes128-cbc:aes256-cbc",
        ("encryption", "high") => "aes256-cbc:aes256-ctr",
        ("integrity", "all" | "low") => "hmac-sha1:hmac-sha1-96:hmac-md5:hmac-md5-96",
        ("integrity", "medium") => "hmac-sha1:hmac-sha1-96",
        ("integrity", "fips") => "hmac-sha1",
        ("integrity", "high") => match version {
            Some(v) if v.is_asa_from(9, 13) => "hmac-sha2-256",
            Some(_) => "hmac-sha1",
            None => "integrity high",
        },
        _ => level,
    };
    names.split(':').filter(|n| !n.is_empty()).map(str::to_owned).collect()
}
