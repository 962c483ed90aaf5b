//! What is told of certificates, in both languages: faults, reasons and what lies beside them.

use crate::text::Lang;

/// A fault in a sentence; its name where there is none.
pub(super) fn fault(name: &str, lang: Lang) -> &str {
    match FAULTS.iter().find(|(known, ..)| *known == name) {
        Some((_, sv, en)) => lang.of(sv, en),
        None => name,
    }
}

/// A reason for not trusting in a few words: the first of what `Trust` tells.
pub(super) fn reason(text: &str, lang: Lang) -> &str {
    let kind = text.split(':').next().unwrap_or(text);
    match REASONS.iter().find(|(known, ..)| *known == kind) {
        Some((_, sv, en)) => lang.of(sv, en),
        None => kind,
    }
}

const REASONS: &[(&str, &str, &str)] = &[
    ("self-signed", "signerat med sin egen nyckel", "signed with its own key"),
    ("missing-intermediate", "mellanliggande certifikat saknas", "an intermediate is missing"),
    ("unknown-root", "kedjan slutar i en okänd rot", "the chain ends in an unknown root"),
    ("expired", "har gått ut", "expired"),
    ("not-yet-valid", "gäller inte än", "not valid yet"),
    ("wrong-usage", "är inte för servrar", "not for servers"),
    ("authority-as-server", "är ett CA-certifikat", "is an authority's certificate"),
    ("issuer-is-no-authority", "utfärdaren är ingen CA", "the issuer is no authority"),
    ("constraint", "en CA:s begränsning förbjuder det", "an authority's constraint forbids it"),
    ("bad-signature", "fel signatur", "wrong signature"),
    ("not-verifiable", "signaturen kan inte prövas", "the signature cannot be verified"),
    ("refused", "godtas inte", "refused"),
];

/// Each lint in a sentence.
pub(super) const FAULTS: &[(&str, &str, &str)] = &[
    ("validity-not-positive", "Det slutar innan det börjar", "It ends before it begins"),
    ("validity-over-825-days", "Det gäller längre än 825 dagar", "It is valid for over 825 days"),
    ("validity-over-398-days", "Det gäller längre än 398 dagar", "It is valid for over 398 days"),
    ("validity-over-200-days", "Det gäller längre än 200 dagar", "It is valid for over 200 days"),
    ("validity-over-100-days", "Det gäller längre än 100 dagar", "It is valid for over 100 days"),
    ("validity-over-47-days", "Det gäller längre än 47 dagar", "It is valid for over 47 days"),
    ("time-in-wrong-type", "En tid är skriven i fel typ", "A time is written in the wrong type"),
    (
        "rsa-modulus-under-2048-bits",
        "RSA-nyckeln har färre än 2048 bitar",
        "The RSA key has less than 2048 bits",
    ),
    (
        "rsa-modulus-not-whole-bytes",
        "RSA-nyckelns bitar är inte jämnt delbara med 8",
        "The RSA key's bits are no multiple of 8",
    ),
    ("rsa-modulus-even", "RSA-nyckeln är ett jämnt tal", "The RSA key is an even number"),
    (
        "rsa-exponent-not-odd-above-1",
        "RSA-nyckelns exponent är jämn eller 1",
        "The RSA key's exponent is even or 1",
    ),
    (
        "rsa-exponent-out-of-range",
        "RSA-nyckelns exponent är mindre än 65537, eller för stor",
        "The RSA key's exponent is less than 65537, or too large",
    ),
    ("rsa-small-factor", "RSA-nyckeln har en liten faktor", "The RSA key has a small factor"),
    (
        "rsa-close-primes",
        "RSA-nyckelns primtal ligger så nära varandra att nyckeln kan räknas ut",
        "The RSA key's primes are so close that the key can be computed",
    ),
    (
        "rsa-infineon-weak-key",
        "RSA-nyckeln är gjord av ett bibliotek vars nycklar kan räknas ut (ROCA)",
        "The RSA key was made by a library whose keys can be computed (ROCA)",
    ),
    (
        "dsa-key",
        "Nyckeln är av typen DSA, som är utdömd",
        "The key is of the kind DSA, which is deprecated",
    ),
    (
        "ec-curve-under-224-bits",
        "Nyckelns kurva har färre än 224 bitar",
        "The key's curve has less than 224 bits",
    ),
    (
        "ec-curve-deprecated",
        "Nyckelns kurva är utdömd i TLS",
        "The key's curve is deprecated in TLS",
    ),
    (
        "ec-curve-not-named",
        "Nyckelns kurva är beskriven i siffror i stället för med sitt namn",
        "The key's curve is described in numbers and not named",
    ),
    (
        "key-algorithm-not-permitted",
        "Nyckeltypen är inte tillåten i publika certifikat",
        "The kind of key is not permitted in public certificates",
    ),
    ("md5-signature", "Det är signerat med MD5", "It is signed with MD5"),
    ("sha1-signature", "Det är signerat med SHA-1", "It is signed with SHA-1"),
    (
        "signature-algorithms-differ",
        "Det anger två olika signaturalgoritmer",
        "It names two different signature algorithms",
    ),
    (
        "signature-algorithm-not-permitted",
        "Signaturalgoritmen är inte tillåten i publika certifikat",
        "The signature algorithm is not permitted in public certificates",
    ),
    (
        "no-subject-alternative-name",
        "Det saknar namn i subjectAltName; klienter läser inte CN",
        "It has no name in subjectAltName; clients do not read the CN",
    ),
    (
        "common-name-not-among-names",
        "Namnet i CN finns inte i subjectAltName",
        "The name in the CN is not in subjectAltName",
    ),
    (
        "wildcard-not-whole-first-label",
        "En stjärna är inte hela det första ledet i namnet",
        "A star is not the whole first label of a name",
    ),
    ("underscore-in-name", "Ett namn har ett understreck", "A name has an underscore"),
    (
        "bad-character-in-name",
        "Ett namn har ett otillåtet tecken",
        "A name has a character that is not allowed",
    ),
    ("nul-in-name", "Ett namn har ett nolltecken", "A name has a NUL character"),
    ("empty-label-in-name", "Ett namn har ett tomt led", "A name has an empty label"),
    (
        "label-over-63-bytes",
        "Ett led i ett namn är längre än 63 byte",
        "A label of a name is over 63 bytes",
    ),
    ("name-over-253-bytes", "Ett namn är längre än 253 byte", "A name is over 253 bytes"),
    ("name-given-twice", "Ett namn står två gånger", "A name is given twice"),
    ("address-of-wrong-length", "En IP-adress har fel längd", "An IP address has the wrong length"),
    (
        "empty-subject-and-names-not-critical",
        "Innehavaren är tom och subjectAltName är inte markerad som kritisk",
        "The subject is empty, and subjectAltName is not marked critical",
    ),
    (
        "name-directly-below-top-level",
        "Ett namn eller en stjärna står direkt under en toppdomän",
        "A name or a star stands directly below a top-level domain",
    ),
    ("reserved-name", "Ett namn är reserverat för lokalt bruk", "A name is reserved for local use"),
    ("reserved-address", "En IP-adress är inte publik", "An IP address is not public"),
    (
        "onion-name-not-version-3",
        "Ett onion-namn är inte av version 3",
        "An onion name is not of version 3",
    ),
    (
        "ca-certificate-as-leaf",
        "Servern visar ett CA-certifikat som sitt eget",
        "The server shows an authority's certificate as its own",
    ),
    ("not-for-servers", "Det är inte för servrar", "It is not for servers"),
    (
        "extended-key-usage-missing",
        "Det säger inte vad det är till för (extendedKeyUsage)",
        "It does not say what it is for (extendedKeyUsage)",
    ),
    ("usable-for-anything", "Det får användas till vad som helst", "It may be used for anything"),
    (
        "usable-for-more-than-tls",
        "Det får användas till mer än TLS",
        "It may be used for more than TLS",
    ),
    (
        "certificate-signing-by-no-authority",
        "Det får signera certifikat utan att vara en CA:s",
        "It may sign certificates and is no authority's",
    ),
    (
        "key-usage-empty",
        "Nyckelns användning (keyUsage) är tom",
        "The key's usage (keyUsage) is empty",
    ),
    (
        "key-usage-contradicts-extended",
        "Nyckelns användning (keyUsage) passar inte för servrar",
        "The key's usage (keyUsage) does not fit servers",
    ),
    (
        "key-usage-unfit-for-key",
        "Nyckelns användning (keyUsage) passar inte nyckelns typ",
        "The key's usage (keyUsage) does not fit its kind",
    ),
    (
        "basic-constraints-not-critical",
        "basicConstraints är inte markerad som kritisk",
        "basicConstraints is not marked critical",
    ),
    (
        "ca-key-usage-missing",
        "CA-certifikatet saknar keyUsage",
        "The authority's certificate has no keyUsage",
    ),
    (
        "ca-key-usage-not-critical",
        "CA-certifikatets keyUsage är inte markerad som kritisk",
        "The authority's keyUsage is not marked critical",
    ),
    (
        "authority-without-certificate-signing",
        "CA-certifikatet får inte signera certifikat",
        "The authority's certificate may not sign certificates",
    ),
    (
        "path-length-without-authority",
        "Det begränsar en kedja utan att vara en CA:s",
        "It limits a chain and is no authority's",
    ),
    (
        "path-length-without-certificate-signing",
        "Det begränsar en kedja men får inte signera certifikat",
        "It limits a chain and may not sign certificates",
    ),
    (
        "name-constraints-not-critical",
        "Namnbegränsningen är inte markerad som kritisk",
        "The name constraint is not marked critical",
    ),
    (
        "name-constraints-on-no-authority",
        "Det har en namnbegränsning utan att vara en CA:s",
        "It has a name constraint and is no authority's",
    ),
    (
        "subject-key-identifier-missing",
        "CA-certifikatet saknar nyckelns beteckning (subjectKeyIdentifier)",
        "The authority's certificate has no subjectKeyIdentifier",
    ),
    (
        "authority-key-identifier-missing",
        "Det säger inte vilken nyckel som signerade det (authorityKeyIdentifier)",
        "It does not say which key signed it (authorityKeyIdentifier)",
    ),
    ("extension-given-twice", "Ett tillägg står två gånger", "An extension is given twice"),
    ("extension-unreadable", "Ett tillägg kan inte läsas", "An extension cannot be read"),
    (
        "unknown-critical-extension",
        "Ett kritiskt tillägg är okänt",
        "A critical extension is unknown",
    ),
    (
        "serial-number-not-positive",
        "Serienumret är inte positivt",
        "The serial number is not positive",
    ),
    (
        "serial-number-over-20-bytes",
        "Serienumret är längre än 20 byte",
        "The serial number is over 20 bytes",
    ),
    ("not-version-3", "Det är inte av version 3", "It is not of version 3"),
    (
        "extensions-without-version-3",
        "Det har tillägg utan att vara av version 3",
        "It has extensions and is not of version 3",
    ),
    ("country-not-two-letters", "Landet är inte två bokstäver", "The country is not two letters"),
    (
        "too-few-embedded-timestamps",
        "Det har för få stämplar från CT-loggar inbäddade; webbläsare kan neka det",
        "It has too few timestamps of CT logs embedded; browsers may refuse it",
    ),
    (
        "begins-long-before-it-was-logged",
        "Det börjar mer än 48 timmar innan det loggades",
        "It begins more than 48 hours before it was logged",
    ),
    (
        "no-reserved-policy",
        "Det anger ingen av de policyer som publika certifikat har",
        "It names none of the policies that public certificates have",
    ),
    (
        "organisational-unit-in-subject",
        "Innehavaren anger en avdelning (OU)",
        "The subject names an organisational unit (OU)",
    ),
    (
        "issuer-address-not-http",
        "En adress till utfärdaren är inte http",
        "An address of the issuer is not http",
    ),
    (
        "revocation-address-not-http",
        "En adress till en spärrlista är inte http",
        "An address of a revocation list is not http",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portvakt_scan::x509::lints::LINTS;

    use super::*;

    #[test]
    fn every_lint_has_words_and_none_else() {
        let said: BTreeSet<&str> = FAULTS.iter().map(|(name, ..)| *name).collect();
        let known: BTreeSet<&str> = LINTS.iter().copied().flatten().map(|l| l.name).collect();
        assert_eq!(said, known);
        assert_eq!(FAULTS.len(), said.len(), "a lint has words twice");
    }

    #[test]
    fn reasons_by_their_first_word() {
        assert_eq!(reason("expired: \"CN=x\" ended", Lang::En), "expired");
        assert_eq!(reason("bad-signature: of x", Lang::Sv), "fel signatur");
    }
}
