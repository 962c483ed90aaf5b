//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const OPENSSL_VERSIONS: &Message =
    &Message { sv: "versioner i OpenSSL:s egna ord", en: "versions in OpenSSL's own words" };

pub(super) const TAKEN_AS_TRUE: &Message =
    &Message { sv: "ett villkor som antas vara uppfyllt", en: "a condition that is taken as true" };
