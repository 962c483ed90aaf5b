//! Cipher strings of OpenSSL (openssl-ciphers(1)): which suites a list of names and keywords stands for.
//!
//! What a keyword means depends on the version. Here it means all that any version since 1.0.2 took it
//! for, so that nothing weak is missed. Suites that need a shared secret are left out: a web server has
//! none.

use portvakt_model::registry::{KeyExchange, Suite};

/// What a cipher string stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    /// Names of suites, in the order of the string.
    pub(super) suites: Vec<&'static str>,
    /// Words that are not understood.
    pub(super) strange: Vec<String>,
}

/// Expands a cipher string. Words are separated by colons, commas or blanks; `!` removes for good, `-`
/// removes, `+` before a word moves to the end, and between words means both.
pub(super) fn expand(text: &str) -> Expanded {
    let all: Vec<Suite> = Suite::all().filter(|suite| is_known(*suite)).collect();
    let (mut taken, mut dead, mut strange) = (Vec::<Suite>::new(), Vec::<Suite>::new(), Vec::new());
    for word in text.split(separates).filter(|w| !w.is_empty() && !w.starts_with('@')) {
        let bare = word.trim_start_matches(['!', '-', '+']);
        let Some(meant) = meant(bare, &all) else {
            strange.push(word.to_owned());
            continue;
        };
        match word.as_bytes()[0] {
            b'!' => {
                taken.retain(|suite| !meant.contains(suite));
                dead.extend(meant);
            }
            b'-' => taken.retain(|suite| !meant.contains(suite)),
            b'+' => {}
            _ => {
                let fresh = meant.into_iter().filter(|s| !taken.contains(s) && !dead.contains(s));
                let fresh: Vec<Suite> = fresh.collect();
                taken.extend(fresh);
            }
        }
    }
    Expanded { suites: taken.into_iter().map(|suite| suite.name).collect(), strange }
}

/// What stands between words: what OpenSSL takes for it, and the line ends that configurations add.
fn separates(c: char) -> bool {
    matches!(c, ':' | ',' | ';') || c.is_whitespace()
}

/// The suites that a word stands for: those that each of its parts stands for.
fn meant(word: &str, all: &[Suite]) -> Option<Vec<Suite>> {
    let mut meant = all.to_vec();
    for part in word.split('+') {
        if let Some(kind) = keyword(part) {
            meant.retain(|suite| kind(*suite));
        } else if all.iter().any(|suite| is_named(*suite, part)) {
            meant.retain(|suite| is_named(*suite, part));
        } else {
            return None;
        }
    }
    Some(meant)
}

fn is_named(suite: Suite, name: &str) -> bool {
    suite.name == name || openssl_name(suite).is_some_and(|known| known == name)
}

/// Whether OpenSSL has had the suite, and a web server can use it.
fn is_known(suite: Suite) -> bool {
    use KeyExchange::{DhAnonymous, Dhe, EcdhAnonymous, Ecdhe, Open, Rsa};
    let exchange =
        matches!(suite.exchange(), Rsa | Dhe | Ecdhe | DhAnonymous | EcdhAnonymous | Open);
    let foreign = ["SM4", "AEGIS", "_DRAFT", "FIPS", "TLS_SHA", "EXPORT1024", "TLS_NULL"];
    exchange && !foreign.iter().any(|part| suite.name.contains(part))
}

type Kind = fn(Suite) -> bool;

/// What a keyword asks of a suite.
fn keyword(word: &str) -> Option<Kind> {
    use KeyExchange::{DhAnonymous, Dhe, EcdhAnonymous, Ecdhe, Rsa};
    Some(match word {
        "ALL" | "COMPLEMENTOFALL" => |s| word_all(s),
        "DEFAULT" => |s| is_high(s) && !is_anonymous(s),
        "HIGH" => is_high,
        "MEDIUM" => |s| has(s, &["_RC4_128", "_SEED_", "_IDEA_", "_3DES_"]) && !s.is_export(),
        "LOW" => |s| has(s, &["_DES_CBC"]) && !s.is_export(),
        "EXP" | "EXPORT" | "EXPORT40" | "EXPORT56" => Suite::is_export,
        "aNULL" => is_anonymous,
        "eNULL" | "NULL" => Suite::is_clear,
        "kRSA" | "RSA" => |s| s.exchange() == Rsa,
        "aRSA" => |s| s.exchange() == Rsa || has(s, &["_RSA_WITH_", "_RSA_EXPORT"]),
        "aDSS" | "DSS" => |s| has(s, &["_DSS_"]),
        "aECDSA" | "ECDSA" => |s| has(s, &["_ECDSA_"]),
        "kECDHE" | "kEECDH" => |s| matches!(s.exchange(), Ecdhe | EcdhAnonymous),
        "ECDHE" | "EECDH" => |s| s.exchange() == Ecdhe,
        "kDHE" | "kEDH" => |s| matches!(s.exchange(), Dhe | DhAnonymous),
        "DHE" | "EDH" => |s| s.exchange() == Dhe,
        "DH" => |s| matches!(s.exchange(), Dhe | DhAnonymous),
        "ECDH" => |s| matches!(s.exchange(), Ecdhe | EcdhAnonymous),
        "ADH" => |s| s.exchange() == DhAnonymous,
        "AECDH" => |s| s.exchange() == EcdhAnonymous,
        "AES" => |s| has(s, &["_AES_"]),
        "AES128" => |s| has(s, &["_AES_128_"]),
        "AES256" => |s| has(s, &["_AES_256_"]),
        "AESGCM" => |s| has(s, &["_AES_128_GCM", "_AES_256_GCM"]),
        "AESCCM" => |s| has(s, &["_AES_128_CCM", "_AES_256_CCM"]),
        "AESCCM8" => |s| has(s, &["_CCM_8"]),
        "CHACHA20" => |s| has(s, &["CHACHA20"]),
        "CAMELLIA" => |s| has(s, &["_CAMELLIA_"]),
        "CAMELLIA128" => |s| has(s, &["_CAMELLIA_128_"]),
        "CAMELLIA256" => |s| has(s, &["_CAMELLIA_256_"]),
        "ARIA" => |s| has(s, &["_ARIA_"]),
        "ARIA128" => |s| has(s, &["_ARIA_128_"]),
        "ARIA256" => |s| has(s, &["_ARIA_256_"]),
        "3DES" => |s| has(s, &["_3DES_"]),
        "DES" => |s| has(s, &["_DES_CBC", "_DES40_"]),
        "RC4" => |s| has(s, &["_RC4_"]),
        "RC2" => |s| has(s, &["_RC2_"]),
        "IDEA" => |s| has(s, &["_IDEA_"]),
        "SEED" => |s| has(s, &["_SEED_"]),
        "MD5" => |s| s.name.ends_with("_MD5"),
        "SHA" | "SHA1" => |s| s.name.ends_with("_SHA"),
        "SHA256" => |s| s.name.ends_with("_SHA256") && s.is_cbc(),
        "SHA384" => |s| s.name.ends_with("_SHA384") && s.is_cbc(),
        "TLSv1.2" => Suite::needs_tls12,
        "SSLv3" | "TLSv1" | "TLSv1.0" => |s| !s.needs_tls12() && !s.is_tls13(),
        // Kinds that a web server has none of, which lists remove all the same.
        "PSK" | "kPSK" | "aPSK" | "SRP" | "kSRP" | "aSRP" | "kECDH" | "kDH" | "kDHr" | "kDHd"
        | "aDH" | "aECDH" | "KRB5" | "kGOST" | "aGOST" | "GOST94" | "SSLv2" | "kECDHr"
        | "kECDHe" | "kDHEPSK" | "kECDHEPSK" | "kRSAPSK" | "FZA" | "kFZA" => |_| false,
        _ => return None,
    })
}

fn word_all(suite: Suite) -> bool {
    !suite.is_clear() && !suite.is_tls13()
}

/// Keys of at least 128 bits, and no cipher that a version counts as medium.
fn is_high(suite: Suite) -> bool {
    has(suite, &["_AES_", "_CAMELLIA_", "_ARIA_", "CHACHA20"]) && !suite.is_tls13()
}

fn is_anonymous(suite: Suite) -> bool {
    matches!(suite.exchange(), KeyExchange::DhAnonymous | KeyExchange::EcdhAnonymous)
}

fn has(suite: Suite, parts: &[&str]) -> bool {
    parts.iter().any(|part| suite.name.contains(part))
}

/// The name that OpenSSL has for a suite: `ECDHE-RSA-AES128-GCM-SHA256`. It follows from that of IANA.
fn openssl_name(suite: Suite) -> Option<String> {
    if suite.is_tls13() {
        return Some(suite.name.to_owned());
    }
    let (exchange, cipher) = suite.name.strip_prefix("TLS_")?.split_once("_WITH_")?;
    let export = exchange.contains("_EXPORT");
    let exchange = exchange.trim_end_matches("_EXPORT");
    let prefix = match exchange {
        "RSA" => String::new(),
        "DH_anon" => "ADH-".to_owned(),
        "ECDH_anon" => "AECDH-".to_owned(),
        // A name of 1.1.1 leaves RSA out.
        "ECDHE_RSA" if cipher.starts_with("ARIA") => "ECDHE-".to_owned(),
        "DHE_RSA" if export || cipher.starts_with("DES_") || cipher.starts_with("3DES") => {
            if export { "EDH-RSA-".to_owned() } else { "DHE-RSA-".to_owned() }
        }
        other => format!("{}-", other.replace('_', "-")),
    };
    let cipher = cipher
        .replace("3DES_EDE_CBC", "DES-CBC3")
        .replace("CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305")
        .replace("AES_", "AES")
        .replace("CAMELLIA_", "CAMELLIA")
        .replace("ARIA_", "ARIA");
    // CBC is left unsaid where the cipher is AES, Camellia or SEED.
    let unsaid = ["AES", "CAMELLIA", "SEED"].iter().any(|c| cipher.starts_with(c));
    let cipher = if unsaid { cipher.replace("_CBC_", "_") } else { cipher };
    let cipher = match cipher.as_str() {
        "RC4_128_MD5" | "RC4_40_MD5" => "RC4-MD5".to_owned(),
        "RC4_128_SHA" => "RC4-SHA".to_owned(),
        "DES40_CBC_SHA" => "DES-CBC-SHA".to_owned(),
        "RC2_CBC_40_MD5" => "RC2-CBC-MD5".to_owned(),
        other => other.replace('_', "-"),
    };
    // Hashes with SHA-256 under CAMELLIA in CBC keep their number; CCM_8 becomes CCM8.
    let cipher = cipher.replace("CCM-8", "CCM8");
    let export = if export { "EXP-" } else { "" };
    Some(format!("{export}{prefix}{cipher}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_openssl() {
        // openssl-ciphers(1), "CIPHER SUITE NAMES".
        for (iana, openssl) in [
            ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384"),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"),
            ("TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"),
            ("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "DHE-RSA-DES-CBC3-SHA"),
            ("TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305"),
            ("TLS_RSA_WITH_RC4_128_MD5", "RC4-MD5"),
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "EXP-RC4-MD5"),
            ("TLS_DH_anon_WITH_AES_256_CBC_SHA", "ADH-AES256-SHA"),
            ("TLS_ECDH_anon_WITH_NULL_SHA", "AECDH-NULL-SHA"),
            ("TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256"),
            ("TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", "ECDHE-RSA-CAMELLIA128-SHA256"),
            ("TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", "ECDHE-ARIA128-GCM-SHA256"),
            ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8"),
            ("TLS_RSA_WITH_SEED_CBC_SHA", "SEED-SHA"),
            ("TLS_RSA_WITH_IDEA_CBC_SHA", "IDEA-CBC-SHA"),
        ] {
            let suite = Suite::all().find(|s| s.name == iana).unwrap();
            assert_eq!(openssl_name(suite).as_deref(), Some(openssl), "{iana}");
        }
    }

    #[test]
    fn a_list_is_what_its_words_leave() {
        let one = expand("ECDHE-RSA-AES128-GCM-SHA256:ECDHE+CHACHA20:!aNULL");
        assert_eq!(
            one.suites,
            [
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            ]
        );
        assert!(one.strange.is_empty());
        // What is killed does not come back; what is taken away may.
        assert!(expand("!RC4:RC4-SHA").suites.is_empty());
        assert_eq!(expand("RC4-SHA:-RC4:RC4-SHA").suites, ["TLS_RSA_WITH_RC4_128_SHA"]);
        let high = expand("HIGH:!aNULL:!MD5").suites;
        assert!(high.contains(&"TLS_RSA_WITH_AES_128_CBC_SHA"));
        assert!(
            !high.iter().any(|s| s.contains("anon") || s.contains("RC4") || s.contains("NULL"))
        );
        let all = expand("ALL:@SECLEVEL=0").suites;
        assert!(
            all.iter().any(|s| s.contains("anon")) && !all.iter().any(|s| s.contains("_NULL_"))
        );
        assert_eq!(expand("PROFILE=SYSTEM:AESGCM+ECDSA").strange, ["PROFILE=SYSTEM"]);
    }

    /// Where OpenSSL is installed, each of its names is one of ours for the same suite.
    #[test]
    fn openssl_agrees() {
        let output = std::process::Command::new("openssl")
            .args(["ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
            .output();
        let Ok(output) = output.map_err(|e| e.to_string()) else {
            assert!(std::env::var_os("CI").is_none(), "openssl must be there where CI is set");
            println!("skipped: no openssl");
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let mut compared = 0;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, "-", iana, "-", openssl, ..] = words[..] else { continue };
            let Some(suite) = Suite::all().find(|s| s.name == iana && is_known(*s)) else {
                continue;
            };
            assert_eq!(openssl_name(suite).as_deref(), Some(openssl), "{iana}");
            compared += 1;
        }
        assert!(compared > 60, "only {compared} suites were compared");
    }
}
