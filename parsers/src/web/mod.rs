//! TLS settings of web servers and proxies: nginx, Apache httpd, HAProxy.
//!
//! Only what decides how TLS is offered is taken into the model. A configuration may stand in several
//! files, which are read as one ([`join`]); a file that was not given is told, and what it may set is not
//! known.

pub(crate) mod apache;
mod book;
pub(crate) mod haproxy;
mod join;
mod library;
pub(crate) mod nginx;
mod openssl;
mod reasons;
#[cfg(test)]
mod tests;

pub(crate) use join::{KINDS, join};
use portvakt_model::registry::group_code;
use portvakt_model::{Device, Location, Placed, TlsServer, TlsVersion};

use self::book::{Book, Part};
use self::library::{File, Library};
use crate::{Build, Input};

/// Reads the configuration that begins with the root of a book.
type Read = fn(&mut Book<'_, '_>) -> Device;

/// Reads a configuration that is alone; its parts are all of one source.
fn alone(files: Vec<File<'_>>, build: &mut Build<'_>, read: Read) {
    let library = Library::new(files);
    let mut book = Book::new(&library, 0);
    let mut device = read(&mut book);
    device.source = build.id;
    for part in std::mem::take(&mut book.parts).into_values() {
        build.take(part);
    }
    build.devices.push(device);
}

impl Build<'_> {
    /// Takes what is known of the lines of the source.
    fn take(&mut self, part: Part) {
        for (line, state) in (1..).zip(part.coverage.states()) {
            self.coverage.mark(line, state);
        }
        self.redactions.extend(part.redactions);
    }
}

/// What a cipher string of OpenSSL stands for: suites by their IANA names, and words not understood as they
/// are.
pub(crate) fn ciphers(list: &str) -> Vec<String> {
    let openssl::Expanded { suites, strange } = openssl::expand(list);
    suites.into_iter().map(str::to_owned).chain(strange).collect()
}

/// The one file of an input.
fn whole<'a>(input: &Input<'a>, build: &Build<'_>) -> File<'a> {
    File { id: build.id, path: input.path, text: input.text, before: (0, 0) }
}

/// A name for the device: that of the file, or, where all servers call it that, of the folder which is not
/// so either.
fn device_name(path: &str) -> &str {
    const COMMON: [&str; 8] =
        ["nginx", "apache2", "httpd", "haproxy", "etc", "conf", "local", "usr"];
    let mut parts: Vec<&str> = path.split(['/', '\\']).filter(|p| !p.is_empty()).collect();
    let last = parts.pop().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let own = |part: &&str| !COMMON.contains(part) && !part.starts_with('.');
    if COMMON.contains(&stem) { parts.into_iter().rev().find(own).unwrap_or(stem) } else { stem }
}

/// TLS settings as they are in force at a place of a configuration.
#[derive(Clone, Debug, Default)]
struct Settings {
    versions: Option<Placed<Vec<TlsVersion>>>,
    ciphers: Option<Placed<String>>,
    groups: Option<Placed<String>>,
    certificates: Vec<Placed<String>>,
    hsts: Option<Placed<String>>,
    /// Whether this level adds headers of its own, so that those above do not count.
    headers: bool,
    /// A file that may set what is unset here, and was not given.
    unread: Option<Placed<String>>,
}

impl Settings {
    /// Takes what is unset here from the level above, unless something unread may set it.
    fn inherit(&mut self, above: &Self) {
        if self.certificates.is_empty() {
            self.certificates.clone_from(&above.certificates);
        }
        if !self.headers {
            self.hsts = self.hsts.take().or_else(|| above.hsts.clone());
        }
        if self.unread.is_some() {
            return;
        }
        self.versions = self.versions.take().or_else(|| above.versions.clone());
        self.ciphers = self.ciphers.take().or_else(|| above.ciphers.clone());
        self.groups = self.groups.take().or_else(|| above.groups.clone());
        self.unread.clone_from(&above.unread);
    }

    /// Something unread may have changed what is set so far.
    fn forget(&mut self, unread: Placed<String>) {
        (self.versions, self.ciphers, self.groups) = (None, None, None);
        self.unread = Some(unread);
    }

    /// The server that they are set for. `default` is the list of ciphers of one that sets none, with the
    /// manual that says so.
    fn server(
        mut self,
        name: String,
        at: Location,
        default: Option<(&str, &'static str)>,
    ) -> TlsServer {
        if let (None, None, Some((list, manual))) = (&self.ciphers, &self.unread, default) {
            let list = list.to_owned();
            self.ciphers = Some(Placed { value: list, at: at.clone(), manual: Some(manual) });
        }
        let expanded = self.ciphers.map(|list| list.map(|text| openssl::expand(&text)));
        let strange = expanded.iter().flat_map(|e| {
            e.value.strange.iter().map(|word| Placed::new(word.clone(), e.at.clone()))
        });
        TlsServer {
            name,
            at,
            versions: self.versions,
            strange: strange.collect(),
            suites: expanded.map(|e| e.map(|expanded| expanded.suites)),
            groups: self.groups.map(|list| list.map(|text| groups(&text))),
            certificates: self.certificates,
            hsts: self.hsts,
            unread: self.unread,
            decider: None,
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
