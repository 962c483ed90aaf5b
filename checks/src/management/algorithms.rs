//! Algorithms that are no longer strong enough, each with the norm that says so.

use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_model::{Arg, Fact, Management, Message, MgmtProtocol, TlsVersion, Transport};

use super::support::{self, Named, basis, first_line, managed, name_all};
use crate::Findings;
use crate::crypto::{self, Item};

/// How a check judges the algorithms of devices.
pub(super) struct Rule {
    /// What is said of a device with outdated ones: `{algorithms}` for their names and norms, `{basis}`.
    pub(super) message: &'static Message,
    /// Those of a device; `None` where its export does not tell.
    pub(super) set: fn(&Management) -> Option<&[Fact<String>]>,
    /// Why one is outdated.
    pub(super) outdated: fn(&str, Date) -> Option<&'static str>,
    /// What else there is to say, where that is known.
    pub(super) doubt: Option<Doubt>,
}

/// What is said where it cannot be told whether algorithms are outdated.
pub(super) struct Doubt {
    /// The service that they are for.
    pub(super) service: MgmtProtocol,
    /// What the export of a device that offers the service does not tell.
    pub(super) what: &'static Message,
    /// Whether a name can be judged.
    pub(super) known: fn(&str, Date) -> bool,
    /// What is said of names that cannot, `{algorithms}`.
    pub(super) unknown: &'static Message,
}

impl Rule {
    /// Judges the algorithms of each device.
    pub(super) fn report(&self, audit: &Audit<'_>, findings: &mut Findings<'_>) {
        for (device, management) in managed(audit) {
            if let Some(facts) = (self.set)(management) {
                self.judge(audit, findings, device, (management, facts));
            } else if let Some(doubt) = self.doubt.as_ref().filter(|d| d.offers(management)) {
                findings.judge(device);
                support::not_told(audit, findings, device, doubt.what);
            }
        }
    }

    /// What is so by default matters where the service is offered.
    fn judge(
        &self,
        audit: &Audit<'_>,
        findings: &mut Findings<'_>,
        device: u32,
        (management, facts): (&Management, &[Fact<String>]),
    ) {
        let offered = self.doubt.as_ref().is_none_or(|d| d.offers(management));
        let mut facts: Vec<&Fact<String>> =
            facts.iter().filter(|fact| offered || fact.line().is_some()).collect();
        if !offered && facts.is_empty() {
            return;
        }
        findings.judge(device);
        // What stands in the export is told before what is so by default.
        facts.sort_by_key(|fact| fact.line().is_none());
        let norm = |fact: &Fact<String>| {
            let norm = (self.outdated)(&fact.value, audit.today)?;
            Some((fact.line().unwrap_or(0), format!("{} ({norm})", fact.value)))
        };
        let weak: Vec<Named> = facts.iter().filter_map(|fact| norm(fact)).collect();
        if weak.is_empty() {
            return self.tell_unknown(audit, findings, device, &facts);
        }
        let first = facts.iter().find(|fact| norm(fact).is_some());
        let basis = first.map_or(Arg::Text(String::new()), |fact| basis(fact));
        let draft = findings.violation(self.message, audit.at(device, first_line(&weak)));
        let draft = draft.device(device).arg("basis", basis);
        name_all(draft, audit, device, "algorithms", &weak).push();
    }

    fn tell_unknown(
        &self,
        audit: &Audit<'_>,
        findings: &mut Findings<'_>,
        device: u32,
        facts: &[&Fact<String>],
    ) {
        let Some(doubt) = &self.doubt else { return };
        let unknown = facts.iter().filter(|fact| !(doubt.known)(&fact.value, audit.today));
        let unknown = unknown.map(|fact| (fact.line().unwrap_or(0), fact.value.clone()));
        let unknown: Vec<Named> = unknown.collect();
        if !unknown.is_empty() {
            let at = audit.at(device, first_line(&unknown));
            let draft = findings.cannot_tell(doubt.unknown, at).device(device).key("unknown");
            name_all(draft, audit, device, "algorithms", &unknown).push();
        }
    }
}

impl Doubt {
    fn offers(&self, management: &Management) -> bool {
        let by_line = || management.lines.iter().any(|l| l.transports.contains(&Transport::Ssh));
        management.services.iter().any(|s| s.protocol == self.service)
            || self.service == MgmtProtocol::Ssh && by_line()
    }
}

/// Why an SSH algorithm is outdated; `None` when it is not, or is not known. What the IANA registry or
/// OpenSSH names is judged by the policy that `portvakt ssh` judges servers by, in any case; vendors' own
/// words are listed here.
pub(super) fn ssh(name: &str, today: Date) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if let Some(bits) = name.strip_prefix("dh min size ") {
        return bits.trim().parse::<u32>().is_ok_and(|b| b < 2048).then_some("RFC 9142 §1.1");
    }
    // Names that begin with `ssh-` and end in a kind are switches of FortiOS (CLI Reference, `config
    // system global`); short ones are ASA's and IOS's.
    let reason = match name.as_str() {
        "rc4" => "RFC 8758",
        "des" | "3des" | "3des-ctr" => "NIST SP 800-131A r2",
        "rijndael-cbc" | "ssh-cbc-cipher" => "CVE-2008-5161",
        "md5" | "ssh-hmac-md5" | "ssh-mac-weak" => "RFC 6151",
        "dh-group1-sha1" | "group1" | "rsa1024-sha1" | "ssh-kex-sha1" => "RFC 9142 §3",
        _ if SOUND.contains(&name.as_str()) => return None,
        _ => return by_policy(&name, today),
    };
    Some(reason)
}

/// Words of ASA and of IOS that are not outdated.
const SOUND: [&str; 4] = ["dh-group14-sha1", "dh-group14-sha256", "aes128-gcm", "aes256-gcm"];

/// Whether an SSH algorithm can be judged.
pub(super) fn ssh_is_known(name: &str, today: Date) -> bool {
    let name = name.to_ascii_lowercase();
    let size = name.strip_prefix("dh min size ");
    let sound = SOUND.contains(&name.as_str());
    sound || size.is_some_and(|bits| bits.trim().parse::<u32>().is_ok()) || {
        let assessed = |policy: &crypto::Policy| {
            SSH.into_iter().any(|item| policy.assesses(item, &name, None, today))
        };
        crypto::standard().is_some_and(assessed)
    }
}

/// Kinds of SSH algorithms: a setting does not always say which it is, and no name is of two kinds
/// but `none`, which is a fault of a cipher.
const SSH: [Item; 4] = [Item::SshCipher, Item::SshMac, Item::SshKex, Item::SshHostKey];

fn by_policy(name: &str, today: Date) -> Option<&'static str> {
    let policy = crypto::standard()?;
    // A rule for key exchanges on SHA-1 would fit a MAC's name as well, and say what does not hold of it.
    let is_mac = ["hmac-", "umac-"].iter().any(|start| name.starts_with(start));
    let mut kinds = SSH.into_iter().filter(|item| !is_mac || *item == Item::SshMac);
    kinds.find_map(|item| policy.fault(item, name, None, today))
}

/// Why a TLS cipher of a web interface is outdated. Suites are judged by the policy that `portvakt tls` judges
/// servers by; vendors' own words are turned into them, or listed here.
pub(super) fn tls(name: &str, today: Date) -> Option<&'static str> {
    let reason = match name {
        // FortiOS: suites that send the key under the server's own (CLI Reference, `config system global`).
        // ASA's `medium` has them too: it is all but NULL, DES and RC4 (Command Reference, `ssl cipher`).
        "ssl-static-key-ciphers" | "medium" => "RFC 9325 §4.1",
        // ASA: all ciphers that it has, with or without those that do not encrypt (Command Reference, `ssl
        // cipher`).
        "all" | "low" => "RFC 9325 §4.1, RFC 7465",
        _ => {
            let suite = suite(name);
            let suite = suite.as_deref().unwrap_or(name);
            return crypto::standard()?.fault(Item::Suite, suite, Some(version(suite)), today);
        }
    };
    Some(reason)
}

/// Whether a TLS cipher can be judged. ASA's `fips` and `high` are told by words in its manual, and what they
/// come to differs between releases.
pub(super) fn tls_is_known(name: &str, today: Date) -> bool {
    let suite = suite(name);
    let suite = suite.as_deref().unwrap_or(name);
    let assesses = |p: &crypto::Policy| p.assesses(Item::Suite, suite, Some(version(suite)), today);
    crypto::standard().is_some_and(assesses)
}

/// Suites of TLS 1.3 name no key exchange (RFC 8446 §B.4).
fn version(suite: &str) -> TlsVersion {
    if suite.contains("_WITH_") { TlsVersion::Tls12 } else { TlsVersion::Tls13 }
}

/// The suite that a word of IOS (`ip http secure-ciphersuite`) or of old ASA (`ssl encryption`) stands for,
/// by its IANA name. `sha2` is the hash that goes with the cipher.
fn suite(name: &str) -> Option<String> {
    let modern = match name {
        "tls13-aes128-gcm-sha256" => Some("TLS_AES_128_GCM_SHA256"),
        "tls13-aes256-gcm-sha384" => Some("TLS_AES_256_GCM_SHA384"),
        "tls13-chacha20-poly1305-sha256" => Some("TLS_CHACHA20_POLY1305_SHA256"),
        _ => None,
    };
    if let Some(modern) = modern {
        return Some(modern.to_owned());
    }
    let exchanges = [
        ("ecdhe-ecdsa-", "ECDHE_ECDSA"),
        ("ecdhe-rsa-", "ECDHE_RSA"),
        ("dhe-rsa-", "DHE_RSA"),
        ("dhe-", "DHE_RSA"),
        ("rsa-", "RSA"),
        ("", "RSA"),
    ];
    let (rest, exchange) =
        exchanges.iter().find_map(|(stem, iana)| Some((name.strip_prefix(stem)?, iana)))?;
    let cipher = match rest {
        "aes-128-cbc-sha" | "aes128-sha1" | "aes128-sha" => "AES_128_CBC_SHA",
        "aes-256-cbc-sha" | "aes256-sha1" | "aes256-sha" => "AES_256_CBC_SHA",
        "aes-cbc-sha2" => "AES_128_CBC_SHA256",
        "aes-gcm-sha2" => "AES_128_GCM_SHA256",
        "3des-ede-cbc-sha" | "3des-sha1" => "3DES_EDE_CBC_SHA",
        "des-cbc-sha" | "des-sha1" => "DES_CBC_SHA",
        "rc4-128-md5" | "rc4-md5" => "RC4_128_MD5",
        "rc4-128-sha" | "rc4-sha1" => "RC4_128_SHA",
        "null-md5" => "NULL_MD5",
        "null-sha" | "null-sha1" => "NULL_SHA",
        _ => return None,
    };
    Some(format!("TLS_{exchange}_WITH_{cipher}"))
}

/// Why an algorithm of IKE or IPsec is outdated. A proposal joins several by `-` (`3des-sha1`).
pub(super) fn vpn(name: &str, _: Date) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let words: Vec<&str> = words.collect();
    words.iter().find_map(|word| cipher(word)).or_else(|| group(&words))
}

fn cipher(word: &str) -> Option<&'static str> {
    match word {
        "des" | "null" | "md5" => Some("RFC 8247 §2, RFC 9395"),
        "3des" => Some("NIST SP 800-131A r2"),
        _ => None,
    }
}

/// Diffie-Hellman groups of less than 2048 bits, and those of unknown origin.
fn group(words: &[&str]) -> Option<&'static str> {
    let number = match words {
        ["group" | "dhgrp" | "dh", number] | [number] => number.trim_start_matches("group"),
        _ => return None,
    };
    matches!(number, "1" | "2" | "5" | "22" | "23" | "24").then_some("RFC 8247 §2.4")
}

/// Why an algorithm of SNMP version 3 is outdated.
pub(super) fn snmp(name: &str, _: Date) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "md5" | "hmac-md5" | "hmac-md5-96" => Some("RFC 6151"),
        "des" | "des56" | "3des" | "3-des" => Some("NIST SP 800-131A r2"),
        _ => None,
    }
}

/// Whether a TLS version is insufficient by the policy that `portvakt tls` judges servers by, whatever
/// form its name has: `TLSv1.1`, `tlsv1-1`, `SSLv3`. `None` when the name is not understood.
pub(super) fn tls_is_old(name: &str, today: Date) -> Option<bool> {
    let version = tls_version(name)?;
    let fault = crypto::standard()?.fault(Item::Protocol, version.name(), Some(version), today);
    Some(fault.is_some())
}

fn tls_version(name: &str) -> Option<TlsVersion> {
    let name = name.to_ascii_lowercase();
    let digits = |rest: &str| -> String { rest.chars().filter(char::is_ascii_digit).collect() };
    if let Some(rest) = name.strip_prefix("ssl") {
        return Some(if digits(rest) == "2" { TlsVersion::Ssl2 } else { TlsVersion::Ssl3 });
    }
    match digits(name.strip_prefix("tls")?).as_str() {
        "1" | "10" => Some(TlsVersion::Tls10),
        "11" => Some(TlsVersion::Tls11),
        "12" => Some(TlsVersion::Tls12),
        "13" => Some(TlsVersion::Tls13),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 29);

    #[test]
    fn every_vendors_name_of_a_tls_version_is_known() {
        for old in ["TLSv1.0", "tlsv1-1", "tlsv1", "SSLv3", "tls1.1"] {
            assert_eq!(tls_is_old(old, TODAY), Some(true), "{old}");
        }
        for new in ["TLSv1.2", "tlsv1-3", "tls1.3"] {
            assert_eq!(tls_is_old(new, TODAY), Some(false), "{new}");
        }
        assert_eq!(tls_is_old("dtls", TODAY), None);
    }

    #[test]
    fn a_proposal_is_as_weak_as_its_weakest_part() {
        assert!(vpn("3des-sha256", TODAY).is_some());
        assert!(vpn("aes256-md5", TODAY).is_some());
        assert!(vpn("group2", TODAY).is_some() && vpn("dhgrp 5", TODAY).is_some());
        for strong in ["aes256-sha256", "group14", "dhgrp 21", "aes128gcm-prfsha256"] {
            assert_eq!(vpn(strong, TODAY), None, "{strong}");
        }
    }

    #[test]
    fn modern_ssh_algorithms_are_left_alone() {
        for strong in [
            "chacha20-poly1305@openssh.com",
            "aes256-ctr",
            "aes128-gcm@openssh.com",
            "hmac-sha2-256-etm@openssh.com",
            "diffie-hellman-group14-sha256",
            "curve25519-sha256",
            "rsa-sha2-512",
            "dh min size 4096",
        ] {
            assert_eq!(ssh(strong, TODAY), None, "{strong}");
        }
        for weak in ["3des-cbc", "hmac-md5-etm@openssh.com", "dh min size 1024", "ARCFOUR", "none"]
        {
            assert!(ssh(weak, TODAY).is_some(), "{weak}");
        }
    }
}
