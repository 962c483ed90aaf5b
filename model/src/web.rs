//! TLS as the configuration of a server sets it: nginx, Apache httpd, HAProxy.

use crate::{Location, TlsVersion};

/// A server, or a part of one, that takes TLS connections. `None` in a field means that what was read
/// does not set it: then [`TlsServer::unread`] decides where it is given, and the program's version where
/// it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsServer {
    /// The names it serves, or that of the frontend.
    pub name: String,
    /// Where it begins.
    pub at: Location,
    /// Versions that it offers.
    pub versions: Option<Placed<Vec<TlsVersion>>>,
    /// Suites that its list of ciphers stands for, by their IANA names. A keyword stands for what OpenSSL
    /// 3.0 takes it for, had it been built with all ciphers that it ever had.
    pub suites: Option<Placed<Vec<&'static str>>>,
    /// Words of that list that are not understood.
    pub strange: Vec<Placed<String>>,
    /// Key-exchange groups, by their IANA names where they have one.
    pub groups: Option<Placed<Vec<String>>>,
    /// Files with its certificates.
    pub certificates: Vec<Placed<String>>,
    /// The header `Strict-Transport-Security` that it adds.
    pub hsts: Option<Placed<String>>,
    /// A file that may set what is `None` here, and was not given.
    pub unread: Option<Placed<String>>,
    /// Another server that shares its socket and decides the versions there: its name, and its versions.
    pub decider: Option<(String, Placed<Vec<TlsVersion>>)>,
}

/// A setting with its place, which may be in another file than the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// What it is set to.
    pub value: T,
    /// Where it is set; the server's own place where it is not set.
    pub at: Location,
    /// The manual whose default it is, where it is not set.
    pub manual: Option<&'static str>,
}

impl<T> Placed<T> {
    /// A setting that stands somewhere.
    pub const fn new(value: T, at: Location) -> Self {
        Self { value, at, manual: None }
    }

    /// The same setting with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: change(self.value), at: self.at, manual: self.manual }
    }
}
