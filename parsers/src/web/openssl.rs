//! Cipher strings of OpenSSL (openssl-ciphers(1)): which suites a list of names and keywords stands for.
//!
//! What a keyword means depends on the version. Here it means what OpenSSL 3.0 takes it for, had it been
//! built with all ciphers that it ever had, so that nothing weak is missed. Suites that need a shared secret
//! are left out: a web server has none. A level of security counts where the string sets it (`@SECLEVEL`,
//! SSL_CTX_set_security_level(3)); that of the build does not.

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
/// removes, `+` before a word moves to the end, and between words means both; `DEFAULT` has a meaning at the
/// beginning only, and a name of Suite B there takes the place of the whole string.
pub(super) fn expand(text: &str) -> Expanded {
    let text =
        SUITE_B.iter().find(|(name, _)| text.starts_with(name)).map_or(text, |(_, list)| list);
    let all: Vec<Suite> = Suite::all().filter(|suite| is_known(*suite)).collect();
    let (mut taken, mut dead, mut strange) = (Vec::<Suite>::new(), Vec::<Suite>::new(), Vec::new());
    let mut level = 0;
    for (at, word) in text.split(separates).filter(|w| !w.is_empty()).enumerate() {
        if let Some(command) = word.strip_prefix('@') {
            let set = command.strip_prefix("SECLEVEL=").and_then(|n| n.parse::<u8>().ok());
            level = set.unwrap_or(level);
            continue;
        }
        let bare = word.trim_start_matches(['!', '-', '+']);
        let misplaced = bare == "DEFAULT" && (at > 0 || word != bare);
        let Some(meant) = meant(bare, &all).filter(|_| !misplaced) else {
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
                // It is made by removing all others for good.
                if word == "DEFAULT" {
                    dead.extend(all.iter().filter(|suite| !meant.contains(suite)));
                }
                let fresh = meant.into_iter().filter(|s| !taken.contains(s) && !dead.contains(s));
                let fresh: Vec<Suite> = fresh.collect();
                taken.extend(fresh);
            }
        }
    }
    taken.retain(|suite| is_within(*suite, level));
    Expanded { suites: taken.into_iter().map(|suite| suite.name).collect(), strange }
}

/// What a name of Suite B (RFC 6460) stands for; the longer names first.
const SUITE_B: [(&str, &str); 4] = [
    ("SUITEB128ONLY", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("SUITEB128C2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("SUITEB128", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("SUITEB192", "ECDHE-ECDSA-AES256-GCM-SHA384"),
];

/// Whether a level of security leaves a suite (SSL_CTX_set_security_level(3)).
fn is_within(suite: Suite, level: u8) -> bool {
    let anonymous = is_anonymous(suite) || suite.name.ends_with("_MD5");
    let bits = bits(suite);
    match level {
        0 => true,
        _ if anonymous => false,
        1 => bits >= 80,
        2 => bits >= 112 && !has(suite, &["_RC4_"]),
        _ if suite.exchange() == KeyExchange::Rsa => false,
        3 => bits >= 128 && !has(suite, &["_RC4_"]),
        4 => bits >= 192 && !suite.name.ends_with("_SHA"),
        _ => bits >= 256 && !suite.name.ends_with("_SHA"),
    }
}

/// Bits of security that OpenSSL counts for a cipher.
fn bits(suite: Suite) -> u16 {
    let cases: [(&[&str], u16); 5] = [
        (&["_NULL_"], 0),
        (&["_40_", "_DES40_", "_DES_"], 56),
        (&["_3DES_"], 112),
        (&["_256_", "CHACHA20"], 256),
        (&["_"], 128),
    ];
    cases.iter().find(|(parts, _)| has(suite, parts)).map_or(0, |(_, bits)| *bits)
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
    // It has ARIA in GCM only, and Camellia in CBC only.
    let mode =
        has(suite, &["_ARIA_"]) && suite.is_cbc() || has(suite, &["_CAMELLIA_"]) && suite.is_aead();
    exchange && !mode && !has(suite, &foreign)
}

type Kind = fn(Suite) -> bool;

/// What a keyword asks of a suite.
fn keyword(word: &str) -> Option<Kind> {
    use KeyExchange::{DhAnonymous, Dhe, EcdhAnonymous, Ecdhe, Rsa};
    Some(match word {
        "ALL" => |s| !s.is_clear() && !s.is_tls13(),
        "COMPLEMENTOFALL" => |s| s.is_clear() && !s.is_tls13(),
        "DEFAULT" => |s| is_default(s),
        "COMPLEMENTOFDEFAULT" => |s| !s.is_clear() && !s.is_tls13() && !is_default(s),
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
        "AES" => |s| has(s, &["_AES_"]) && !s.is_tls13(),
        "AES128" => |s| has(s, &["_AES_128_"]) && !s.is_tls13(),
        "AES256" => |s| has(s, &["_AES_256_"]) && !s.is_tls13(),
        "AESGCM" => |s| has(s, &["_AES_128_GCM", "_AES_256_GCM"]) && !s.is_tls13(),
        "AESCCM" => |s| has(s, &["_AES_128_CCM", "_AES_256_CCM"]) && !s.is_tls13(),
        "AESCCM8" => |s| has(s, &["_CCM_8"]) && !s.is_tls13(),
        "CHACHA20" => |s| has(s, &["CHACHA20"]) && !s.is_tls13(),
        "CAMELLIA" => |s| has(s, &["_CAMELLIA_"]),
        "CAMELLIA128" => |s| has(s, &["_CAMELLIA_128_"]),
        "CAMELLIA256" => |s| has(s, &["_CAMELLIA_256_"]),
        "ARIA" | "ARIAGCM" => |s| has(s, &["_ARIA_"]),
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
        "SHA256" => |s| s.name.ends_with("_SHA256") && !s.is_aead() && !s.is_tls13(),
        "SHA384" => |s| s.name.ends_with("_SHA384") && !s.is_aead() && !s.is_tls13(),
        "CBC" => Suite::is_cbc,
        "FIPS" => |s| has(s, &["_AES_", "_3DES_"]) && !has(s, &["_CCM"]) && !s.is_tls13(),
        "TLSv1.2" => Suite::needs_tls12,
        // Suites with elliptic curves came with TLS 1.0.
        "TLSv1" | "TLSv1.0" => |s| is_older(s) && matches!(s.exchange(), Ecdhe | EcdhAnonymous),
        "SSLv3" => |s| is_older(s) && !matches!(s.exchange(), Ecdhe | EcdhAnonymous),
        // Kinds that a web server has none of, which lists remove all the same.
        "PSK" | "kPSK" | "aPSK" | "SRP" | "kSRP" | "aSRP" | "kECDH" | "kDH" | "kDHr" | "kDHd"
        | "aDH" | "aECDH" | "KRB5" | "kGOST" | "aGOST" | "GOST94" | "SSLv2" | "kECDHr"
        | "kECDHe" | "kDHEPSK" | "kECDHEPSK" | "kRSAPSK" | "FZA" | "kFZA" => |_| false,
        _ => return None,
    })
}

/// The list that OpenSSL has by itself.
fn is_default(suite: Suite) -> bool {
    let cipher = has(suite, &["_AES_", "CHACHA20"]) && !has(suite, &["_CCM"]);
    cipher && !has(suite, &["_DSS_"]) && !is_anonymous(suite) && !suite.is_tls13()
}

/// Keys of at least 128 bits, and no cipher that a version counts as medium.
fn is_high(suite: Suite) -> bool {
    has(suite, &["_AES_", "_CAMELLIA_", "_ARIA_", "CHACHA20"]) && !suite.is_tls13()
}

fn is_older(suite: Suite) -> bool {
    !suite.needs_tls12() && !suite.is_tls13()
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

    /// The suites that the installed OpenSSL takes a string for; `None` where there is no OpenSSL.
    fn asked(list: &str) -> Option<Vec<String>> {
        let output = std::process::Command::new("openssl")
            .args(["ciphers", "-s", "-ciphersuites", "", "--", list])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).unwrap();
        let mut names: Vec<String> =
            text.trim().split(':').filter(|n| !n.is_empty()).map(str::to_owned).collect();
        names.sort_unstable();
        Some(names)
    }

    const WORDS: [&str; 54] = [
        "ALL",
        "HIGH",
        "MEDIUM",
        "LOW",
        "COMPLEMENTOFALL",
        "COMPLEMENTOFDEFAULT",
        "aNULL",
        "eNULL",
        "kRSA",
        "aRSA",
        "RSA",
        "aDSS",
        "aECDSA",
        "ECDSA",
        "kECDHE",
        "kEECDH",
        "ECDHE",
        "EECDH",
        "ECDH",
        "kDHE",
        "kEDH",
        "DHE",
        "EDH",
        "DH",
        "ADH",
        "AECDH",
        "AES",
        "AES128",
        "AES256",
        "AESGCM",
        "AESCCM",
        "AESCCM8",
        "CHACHA20",
        "CAMELLIA",
        "CAMELLIA128",
        "CAMELLIA256",
        "ARIA",
        "ARIA128",
        "ARIA256",
        "ARIAGCM",
        "MD5",
        "SHA",
        "SHA1",
        "SHA256",
        "SHA384",
        "TLSv1.2",
        "TLSv1",
        "SSLv3",
        "CBC",
        "PSK",
        "kSRP",
        "AES128-SHA",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-SHA256",
    ];

    fn random_list(next: &mut impl FnMut(usize) -> usize) -> String {
        let mut words = Vec::new();
        if next(4) == 0 {
            words.push("DEFAULT".to_owned());
        }
        for _ in 0..=next(6) {
            let sign = ["", "", "", "!", "-", "+"][next(6)];
            let mut parts: Vec<&str> = (0..=next(2)).map(|_| WORDS[next(WORDS.len())]).collect();
            // OpenSSL lets the name of one suite decide over the words beside it.
            if parts.len() > 1 {
                parts.retain(|part| !part.contains('-'));
            }
            if parts.is_empty() {
                parts.push("AES");
            }
            words.push(format!("{sign}{}", parts.join("+")));
        }
        if next(5) == 0 {
            words.push("@STRENGTH".to_owned());
        }
        words.push(format!("@SECLEVEL={}", next(6)));
        words.join([":", ":", " ", ","][next(4)])
    }

    /// Where OpenSSL is installed, it takes strings for the same suites, of those that it was built with.
    #[test]
    fn openssl_takes_random_strings_for_the_same() {
        let Some(built) = asked("ALL:COMPLEMENTOFALL:@SECLEVEL=0").filter(|all| !all.is_empty())
        else {
            assert!(std::env::var_os("CI").is_none(), "openssl must be there where CI is set");
            println!("skipped: no openssl");
            return;
        };
        let mut seed = 0x2026_u64;
        let mut next = |most: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % most
        };
        let mut filled = 0;
        for _ in 0..400 {
            let list = random_list(&mut next);
            let ours = expand(&list).suites.into_iter();
            let suites = ours.map(|name| Suite::all().find(|s| s.name == name).unwrap());
            let mut ours: Vec<String> =
                suites.filter_map(openssl_name).filter(|name| built.contains(name)).collect();
            ours.sort_unstable();
            assert_eq!(asked(&list).unwrap(), ours, "{list}");
            filled += u32::from(!ours.is_empty());
        }
        assert!(filled > 200, "only {filled} of the strings stood for anything");
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
