//! TLS as the configuration of a server sets it: nginx, Apache httpd, HAProxy.

use crate::{Fact, TlsVersion};

/// A server, or a part of one, that takes TLS connections. `None` in a field means that the
/// configuration does not set it, so that the program's version decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsServer {
    /// The names it serves, or that of the frontend.
    pub name: String,
    /// Line that it begins on, from 1.
    pub line: u32,
    /// Versions that it offers.
    pub versions: Option<Fact<Vec<TlsVersion>>>,
    /// Suites that its list of ciphers stands for, by their IANA names. A keyword stands for all that any
    /// version of OpenSSL took it for.
    pub suites: Option<Fact<Vec<&'static str>>>,
    /// Words of that list that are not understood.
    pub strange: Vec<Fact<String>>,
    /// Key-exchange groups, by their IANA names where they have one.
    pub groups: Option<Fact<Vec<String>>>,
    /// Files with its certificates.
    pub certificates: Vec<Fact<String>>,
    /// The header `Strict-Transport-Security` that it adds.
    pub hsts: Option<Fact<String>>,
}
