//! What `ssl-enum-ciphers` found on one port: versions, and the suites of each.
//!
//! A version that it does not list was refused, or not answered, or is one that this nmap does not know.

use portvakt_model::registry::suite_code;
use portvakt_model::{Offered, ProtocolSeen, SuiteOrder, TlsVersion};

/// Longest name of a suite that is kept, in bytes.
const MOST_NAME: usize = 128;

/// The versions that were found so far.
#[derive(Default)]
pub(super) struct Ciphers {
    found: Vec<ProtocolSeen>,
    /// The element that is being read: whose key, and its text.
    element: Option<(Element, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Suite,
    Order,
}

impl Ciphers {
    /// A table begins.
    pub(super) fn table(&mut self, key: &str) {
        self.found.extend(named(key).map(|version| ProtocolSeen {
            version,
            offered: Offered::Yes,
            suites: Vec::new(),
            complete: false,
            order: SuiteOrder::Unknown,
        }));
    }

    /// An element begins.
    pub(super) fn element(&mut self, key: &str) {
        let kind = match key {
            "name" => Element::Suite,
            "cipher preference" => Element::Order,
            _ => return,
        };
        self.element = Some((kind, String::new()));
    }

    pub(super) fn text(&mut self, text: &str) {
        let room = |known: &String| known.len() + text.len() <= MOST_NAME;
        if let Some((_, known)) = self.element.as_mut().filter(|(_, known)| room(known)) {
            known.push_str(text);
        }
    }

    /// The element ends.
    pub(super) fn end_element(&mut self) {
        let (Some((kind, text)), Some(last)) = (self.element.take(), self.found.last_mut()) else {
            return;
        };
        match (kind, text.trim()) {
            // Suites of TLS 1.3 name no key exchange (RFC 8446 §B.4); nmap gives them one.
            (Element::Suite, name) => {
                last.suites.extend(suite_code(&name.replace("_AKE_WITH_", "_")));
            }
            (Element::Order, "server") => last.order = SuiteOrder::Server,
            (Element::Order, "client") => last.order = SuiteOrder::Client,
            (Element::Order, _) => {}
        }
    }

    /// What was found.
    pub(super) fn end(self) -> Vec<ProtocolSeen> {
        self.found
    }
}

/// A version in nmap's words.
fn named(word: &str) -> Option<TlsVersion> {
    match word {
        "SSLv3" => Some(TlsVersion::Ssl3),
        "TLSv1.0" => Some(TlsVersion::Tls10),
        "TLSv1.1" => Some(TlsVersion::Tls11),
        "TLSv1.2" => Some(TlsVersion::Tls12),
        "TLSv1.3" => Some(TlsVersion::Tls13),
        _ => None,
    }
}
