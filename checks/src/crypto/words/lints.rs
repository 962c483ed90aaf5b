//! Faults in a certificate's bytes, by the names of the scanner's lints.

use super::{Words, words};

const REISSUE: [&str; 2] = [
    "Beställ ett nytt certifikat utan felet; rätta mallen om en egen CA utfärdar det.",
    "Order a new certificate without the fault; mend the template if your own CA issues it.",
];

pub(super) static WORDS: &[Words] = &[
    words(
        "basic-constraints-not-critical",
        ["basicConstraints är inte märkt kritisk", "basicConstraints is not marked critical"],
        REISSUE,
    ),
    words(
        "ca-key-usage-missing",
        ["Utfärdarens certifikat saknar keyUsage", "The authority's certificate has no keyUsage"],
        REISSUE,
    ),
    words(
        "ca-key-usage-not-critical",
        [
            "Utfärdarens keyUsage är inte märkt kritisk",
            "The authority's keyUsage is not marked critical",
        ],
        REISSUE,
    ),
    words(
        "authority-without-certificate-signing",
        [
            "Utfärdaren får inte signera certifikat enligt sin keyUsage",
            "The authority may not sign certificates by its keyUsage",
        ],
        REISSUE,
    ),
    words(
        "path-length-without-authority",
        [
            "pathLenConstraint i ett certifikat som inte är en utfärdares",
            "pathLenConstraint in a certificate that is no authority's",
        ],
        REISSUE,
    ),
    words(
        "path-length-without-certificate-signing",
        [
            "pathLenConstraint utan rätt att signera certifikat",
            "pathLenConstraint without the right to sign certificates",
        ],
        REISSUE,
    ),
    words(
        "name-constraints-not-critical",
        ["nameConstraints är inte märkt kritisk", "nameConstraints is not marked critical"],
        REISSUE,
    ),
    words(
        "name-constraints-on-no-authority",
        [
            "nameConstraints i ett certifikat som inte är en utfärdares",
            "nameConstraints in a certificate that is no authority's",
        ],
        REISSUE,
    ),
    words(
        "subject-key-identifier-missing",
        ["subjectKeyIdentifier saknas", "subjectKeyIdentifier is missing"],
        REISSUE,
    ),
    words(
        "authority-key-identifier-missing",
        ["authorityKeyIdentifier saknas", "authorityKeyIdentifier is missing"],
        REISSUE,
    ),
    words(
        "extension-given-twice",
        ["Ett tillägg står två gånger", "An extension is given twice"],
        REISSUE,
    ),
    words(
        "extension-unreadable",
        ["Ett tillägg går inte att tolka", "An extension cannot be read"],
        REISSUE,
    ),
    words(
        "unknown-critical-extension",
        [
            "Ett okänt tillägg är märkt kritiskt; klienter måste vägra",
            "An unknown extension is marked critical; clients must refuse",
        ],
        REISSUE,
    ),
    words(
        "serial-number-not-positive",
        ["Serienumret är inte positivt", "The serial number is not positive"],
        REISSUE,
    ),
    words(
        "serial-number-over-20-bytes",
        ["Serienumret är längre än 20 byte", "The serial number is longer than 20 bytes"],
        REISSUE,
    ),
    words(
        "not-version-3",
        ["Certifikatet är inte av version 3", "The certificate is not of version 3"],
        REISSUE,
    ),
    words(
        "extensions-without-version-3",
        [
            "Tillägg i ett certifikat som inte är av version 3",
            "Extensions in a certificate that is not of version 3",
        ],
        REISSUE,
    ),
    words(
        "country-not-two-letters",
        ["Landet i namnet är inte två bokstäver", "The country in the name is not two letters"],
        REISSUE,
    ),
    words(
        "rsa-modulus-not-whole-bytes",
        [
            "RSA-modulens längd går inte jämnt upp i byte",
            "The RSA modulus is no whole number of bytes",
        ],
        REISSUE,
    ),
    words(
        "rsa-modulus-even",
        ["RSA-modulen är jämn och därmed faktoriserad", "The RSA modulus is even, and so factored"],
        REISSUE,
    ),
    words(
        "rsa-small-factor",
        ["RSA-modulen har en liten faktor", "The RSA modulus has a small factor"],
        REISSUE,
    ),
    words(
        "rsa-close-primes",
        [
            "RSA-modulens primtal ligger så nära att de hittas (Fermat)",
            "The primes of the RSA modulus lie so close that they are found (Fermat)",
        ],
        REISSUE,
    ),
    words(
        "rsa-infineon-weak-key",
        [
            "RSA-nyckeln är av det svaga slag som ROCA bryter (CVE-2017-15361)",
            "The RSA key is of the weak kind that ROCA breaks (CVE-2017-15361)",
        ],
        REISSUE,
    ),
    words(
        "ec-curve-not-named",
        [
            "Kurvan är angiven med parametrar i stället för namn",
            "The curve is given by parameters instead of a name",
        ],
        REISSUE,
    ),
    words(
        "key-algorithm-not-permitted",
        [
            "Nyckeltypen får inte finnas i publika certifikat",
            "The kind of key is not permitted in public certificates",
        ],
        REISSUE,
    ),
    words(
        "common-name-not-among-names",
        [
            "CN finns inte bland namnen i subjectAltName",
            "The CN is not among the names of subjectAltName",
        ],
        REISSUE,
    ),
    words(
        "wildcard-not-whole-first-label",
        [
            "Jokertecknet är inte hela första leden i namnet",
            "The wildcard is not the whole first label of the name",
        ],
        REISSUE,
    ),
    words("underscore-in-name", ["Understreck i ett namn", "An underscore in a name"], REISSUE),
    words(
        "bad-character-in-name",
        ["Otillåtet tecken i ett namn", "A character that is not permitted in a name"],
        REISSUE,
    ),
    words("nul-in-name", ["NUL-tecken i ett namn", "A NUL character in a name"], REISSUE),
    words("empty-label-in-name", ["Tom led i ett namn", "An empty label in a name"], REISSUE),
    words(
        "label-over-63-bytes",
        ["En led i ett namn är längre än 63 byte", "A label of a name is longer than 63 bytes"],
        REISSUE,
    ),
    words(
        "name-over-253-bytes",
        ["Ett namn är längre än 253 byte", "A name is longer than 253 bytes"],
        REISSUE,
    ),
    words("name-given-twice", ["Ett namn står två gånger", "A name is given twice"], REISSUE),
    words(
        "address-of-wrong-length",
        [
            "En adress i subjectAltName har fel längd",
            "An address in subjectAltName is of the wrong length",
        ],
        REISSUE,
    ),
    words(
        "empty-subject-and-names-not-critical",
        [
            "Tomt subject utan att subjectAltName är kritisk",
            "An empty subject while subjectAltName is not critical",
        ],
        REISSUE,
    ),
    words(
        "name-directly-below-top-level",
        ["Namn direkt under en toppdomän", "A name directly below a top-level domain"],
        REISSUE,
    ),
    words(
        "reserved-name",
        [
            "Internt eller reserverat namn i ett publikt certifikat",
            "An internal or reserved name in a public certificate",
        ],
        REISSUE,
    ),
    words(
        "reserved-address",
        [
            "Intern eller reserverad adress i ett publikt certifikat",
            "An internal or reserved address in a public certificate",
        ],
        REISSUE,
    ),
    words(
        "onion-name-not-version-3",
        ["Onion-namnet är inte av version 3", "The onion name is not of version 3"],
        REISSUE,
    ),
    words(
        "too-few-embedded-timestamps",
        ["För få tidsstämplar från CT-loggar", "Too few timestamps of CT logs"],
        REISSUE,
    ),
    words(
        "begins-long-before-it-was-logged",
        [
            "Giltigheten börjar långt innan certifikatet loggades",
            "The validity begins long before the certificate was logged",
        ],
        REISSUE,
    ),
    words(
        "no-reserved-policy",
        [
            "Publikt certifikat utan någon av CA/B:s policyer",
            "A public certificate without a policy of the CA/B Forum",
        ],
        REISSUE,
    ),
    words(
        "organisational-unit-in-subject",
        [
            "organizationalUnitName i ett publikt certifikat",
            "organizationalUnitName in a public certificate",
        ],
        REISSUE,
    ),
    words(
        "issuer-address-not-http",
        ["Utfärdarens adress (AIA) är inte http", "The issuer's address (AIA) is not http"],
        REISSUE,
    ),
    words(
        "revocation-address-not-http",
        ["Spärrlistans adress är inte http", "The revocation list's address is not http"],
        REISSUE,
    ),
    words(
        "signature-algorithms-differ",
        [
            "De två uppgifterna om signaturalgoritm skiljer sig",
            "The two statements of the signature algorithm differ",
        ],
        REISSUE,
    ),
    words(
        "signature-algorithm-not-permitted",
        [
            "Signaturalgoritmen får inte finnas i publika certifikat",
            "The signature algorithm is not permitted in public certificates",
        ],
        REISSUE,
    ),
    words(
        "extended-key-usage-missing",
        ["extendedKeyUsage saknas", "extendedKeyUsage is missing"],
        REISSUE,
    ),
    words(
        "usable-for-anything",
        [
            "Certifikatet får användas till vad som helst (anyExtendedKeyUsage)",
            "The certificate may be used for anything (anyExtendedKeyUsage)",
        ],
        REISSUE,
    ),
    words(
        "usable-for-more-than-tls",
        [
            "Certifikatet får användas till mer än TLS",
            "The certificate may be used for more than TLS",
        ],
        REISSUE,
    ),
    words(
        "certificate-signing-by-no-authority",
        [
            "keyCertSign i ett certifikat som inte är en utfärdares",
            "keyCertSign in a certificate that is no authority's",
        ],
        REISSUE,
    ),
    words("key-usage-empty", ["keyUsage är tom", "keyUsage is empty"], REISSUE),
    words(
        "key-usage-contradicts-extended",
        [
            "keyUsage och extendedKeyUsage motsäger varandra",
            "keyUsage and extendedKeyUsage contradict each other",
        ],
        REISSUE,
    ),
    words(
        "key-usage-unfit-for-key",
        ["keyUsage passar inte nyckeltypen", "keyUsage does not fit the kind of key"],
        REISSUE,
    ),
    words(
        "validity-not-positive",
        ["Giltigheten slutar innan den börjar", "The validity ends before it begins"],
        REISSUE,
    ),
    words(
        "time-in-wrong-type",
        ["Tiden är kodad i fel typ", "The time is encoded in the wrong type"],
        REISSUE,
    ),
    words(
        "dsa-key",
        [
            "Nyckeln är av typen DSA, som är utdömd",
            "The key is of the kind DSA, which is deprecated",
        ],
        REISSUE,
    ),
    words(
        "ec-curve-deprecated",
        ["Nyckelns kurva är utdömd i TLS", "The key's curve is deprecated in TLS"],
        REISSUE,
    ),
    words(
        "ec-curve-under-224-bits",
        ["Nyckelns kurva har färre än 224 bitar", "The key's curve has less than 224 bits"],
        REISSUE,
    ),
    words("md5-signature", ["Det är signerat med MD5", "It is signed with MD5"], REISSUE),
    words(
        "no-subject-alternative-name",
        [
            "Det saknar namn i subjectAltName; klienter läser inte CN",
            "It has no name in subjectAltName; clients do not read the CN",
        ],
        REISSUE,
    ),
    words("not-for-servers", ["Det är inte för servrar", "It is not for servers"], REISSUE),
    words(
        "rsa-exponent-not-odd-above-1",
        ["RSA-nyckelns exponent är jämn eller 1", "The RSA key's exponent is even or 1"],
        REISSUE,
    ),
    words(
        "rsa-exponent-out-of-range",
        [
            "RSA-nyckelns exponent är mindre än 65537, eller för stor",
            "The RSA key's exponent is less than 65537, or too large",
        ],
        REISSUE,
    ),
    words(
        "rsa-modulus-under-2048-bits",
        ["RSA-nyckeln har färre än 2048 bitar", "The RSA key has less than 2048 bits"],
        REISSUE,
    ),
    words("sha1-signature", ["Det är signerat med SHA-1", "It is signed with SHA-1"], REISSUE),
    words(
        "validity-over-100-days",
        ["Det gäller längre än 100 dagar", "It is valid for over 100 days"],
        REISSUE,
    ),
    words(
        "validity-over-200-days",
        ["Det gäller längre än 200 dagar", "It is valid for over 200 days"],
        REISSUE,
    ),
    words(
        "validity-over-398-days",
        ["Det gäller längre än 398 dagar", "It is valid for over 398 days"],
        REISSUE,
    ),
    words(
        "validity-over-47-days",
        ["Det gäller längre än 47 dagar", "It is valid for over 47 days"],
        REISSUE,
    ),
    words(
        "validity-over-825-days",
        ["Det gäller längre än 825 dagar", "It is valid for over 825 days"],
        REISSUE,
    ),
    words(
        "hyphen-at-end-of-label",
        [
            "Ett led i ett namn börjar eller slutar med bindestreck",
            "A label of a name begins or ends with a hyphen",
        ],
        REISSUE,
    ),
    words(
        "address-as-dns-name",
        [
            "En IP-adress står som DNS-namn; klienter jämför den inte",
            "An IP address stands as a DNS name; clients do not compare it",
        ],
        REISSUE,
    ),
    words(
        "extension-wrongly-critical",
        [
            "Ett tillägg är märkt kritiskt som inte får vara det",
            "An extension is marked critical that must not be",
        ],
        REISSUE,
    ),
    words("issuer-empty", ["Utfärdarens namn är tomt", "The issuer's name is empty"], REISSUE),
    words(
        "no-revocation-address",
        [
            "Publikt certifikat utan adress till spärrlista eller OCSP",
            "A public certificate without the address of a revocation list or of OCSP",
        ],
        REISSUE,
    ),
];
