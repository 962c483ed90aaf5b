//! TLS settings of web servers and proxies: nginx, Apache httpd, HAProxy.
//!
//! Only what decides how TLS is offered is taken into the model; a setting that another file may add
//! (`include`) is said not to be read.

pub(crate) mod apache;
pub(crate) mod haproxy;
pub(crate) mod nginx;
mod openssl;
#[cfg(test)]
mod tests;

use portvakt_model::registry::group_code;
use portvakt_model::{Fact, TlsServer, TlsVersion};

/// TLS settings as they are in force at a place of a configuration.
#[derive(Clone, Debug, Default)]
struct Settings {
    versions: Option<Fact<Vec<TlsVersion>>>,
    ciphers: Option<Fact<String>>,
    groups: Option<Fact<String>>,
    certificates: Vec<Fact<String>>,
    hsts: Option<Fact<String>>,
}

impl Settings {
    /// The server that they are set for.
    fn server(self, name: String, line: u32) -> TlsServer {
        let expanded = self.ciphers.as_ref().map(|fact| openssl::expand(&fact.value));
        let at = self.ciphers.as_ref().and_then(Fact::line).unwrap_or(line);
        let (suites, strange) = expanded.map_or((None, Vec::new()), |e| {
            let strange = e.strange.into_iter().map(|word| Fact::explicit(word, at)).collect();
            (Some(Fact::explicit(e.suites, at)), strange)
        });
        let groups = self.groups.map(|fact| Fact { value: groups(&fact.value), basis: fact.basis });
        TlsServer {
            name,
            line,
            versions: self.versions,
            suites,
            strange,
            groups,
            certificates: self.certificates,
            hsts: self.hsts,
        }
    }
}

/// A version by the names that OpenSSL's programs give it: `TLSv1`, `TLSv1.2`, `SSLv3`.
fn version(name: &str) -> Option<TlsVersion> {
    Some(match name.to_ascii_lowercase().as_str() {
        "sslv2" => TlsVersion::Ssl2,
        "sslv3" => TlsVersion::Ssl3,
        "tlsv1" | "tlsv1.0" => TlsVersion::Tls10,
        "tlsv1.1" => TlsVersion::Tls11,
        "tlsv1.2" => TlsVersion::Tls12,
        "tlsv1.3" => TlsVersion::Tls13,
        _ => return None,
    })
}

/// Groups of a list such as `X25519:prime256v1:secp384r1` (SSL_CTX_set1_groups_list(3)), by their IANA
/// names; `auto` is no group.
fn groups(list: &str) -> Vec<String> {
    let names =
        list.split([':', ',', '/']).map(|n| n.trim_matches(['?', '*'])).filter(|n| !n.is_empty());
    names.filter(|n| *n != "auto").map(group).collect()
}

fn group(name: &str) -> String {
    let iana = match name {
        "prime256v1" | "P-256" => "secp256r1",
        "P-384" => "secp384r1",
        "P-521" => "secp521r1",
        "P-224" => "secp224r1",
        "X25519" => "x25519",
        "X448" => "x448",
        other => other,
    };
    if group_code(iana).is_some() { iana.to_owned() } else { name.to_owned() }
}

/// The value of `Strict-Transport-Security` in the words of a directive that sets a header.
fn hsts<'a>(words: &[&'a str]) -> Option<&'a str> {
    let at = words
        .iter()
        .position(|w| w.trim_end_matches(':').eq_ignore_ascii_case("strict-transport-security"))?;
    words.get(at + 1).copied()
}
