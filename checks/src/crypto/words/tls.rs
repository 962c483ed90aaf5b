//! Protocols, suites, groups and properties of TLS.

use super::{Words, words};

const NONE: [&str; 2] = ["", ""];
const OLD_VERSION: [&str; 2] = [
    "Stäng av versionen på servern och tillåt bara TLS 1.2 och 1.3.",
    "Turn the version off on the server, and allow only TLS 1.2 and 1.3.",
];
const WEAK_SUITE: [&str; 2] = [
    "Ta bort sviterna ur serverns lista; behåll ECDHE med AES-GCM eller ChaCha20-Poly1305.",
    "Remove the suites from the server's list; keep ECDHE with AES-GCM or ChaCha20-Poly1305.",
];
const WEAK_GROUP: [&str; 2] = [
    "Tillåt bara X25519MLKEM768, x25519, secp256r1 och secp384r1.",
    "Allow only X25519MLKEM768, x25519, secp256r1 and secp384r1.",
];
const PATCH: [&str; 2] = [
    "Uppdatera TLS-biblioteket, starta om tjänsten och byt nyckel om den kan ha läckt.",
    "Update the TLS library, restart the service, and change the key if it may have leaked.",
];

pub(super) static WORDS: &[Words] = &[
    words("protocol-offered", ["Protokollversion", "Protocol version"], OLD_VERSION),
    words("tls-1-3-offered", ["TLS 1.3 erbjuds", "TLS 1.3 is offered"], NONE),
    words(
        "tls-1-2-offered",
        ["TLS 1.2 erbjuds", "TLS 1.2 is offered"],
        ["Planera för enbart TLS 1.3.", "Plan for TLS 1.3 alone."],
    ),
    words(
        "tls-1-3-not-offered",
        ["TLS 1.3 erbjuds inte", "TLS 1.3 is not offered"],
        ["Slå på TLS 1.3.", "Turn TLS 1.3 on."],
    ),
    words(
        "tls-1-2-not-offered",
        ["TLS 1.2 erbjuds inte", "TLS 1.2 is not offered"],
        [
            "Normen kräver TLS 1.2 vid sidan av 1.3; slå på det om klienter behöver det.",
            "The norm demands TLS 1.2 beside 1.3; turn it on where clients need it.",
        ],
    ),
    words("tls-1-1-offered", ["TLS 1.1 erbjuds", "TLS 1.1 is offered"], OLD_VERSION),
    words("tls-1-0-offered", ["TLS 1.0 erbjuds", "TLS 1.0 is offered"], OLD_VERSION),
    words("ssl-3-offered", ["SSL 3.0 erbjuds", "SSL 3.0 is offered"], OLD_VERSION),
    words("ssl-2-offered", ["SSL 2.0 erbjuds", "SSL 2.0 is offered"], OLD_VERSION),
    words("suite-offered", ["Svit", "Cipher suite"], WEAK_SUITE),
    words("aead-suite-offered", ["Modern svit (AEAD)", "Modern suite (AEAD)"], NONE),
    words(
        "null-suite-offered",
        ["Svit utan kryptering (NULL)", "Suite without encryption (NULL)"],
        WEAK_SUITE,
    ),
    words(
        "anonymous-suite-offered",
        [
            "Svit där servern inte visar vem den är (anon)",
            "Suite in which the server does not show who it is (anon)",
        ],
        WEAK_SUITE,
    ),
    words(
        "export-suite-offered",
        ["Svit med exportkryptering på 40–56 bitar", "Suite with export encryption of 40–56 bits"],
        WEAK_SUITE,
    ),
    words("rc4-suite-offered", ["Svit med RC4", "Suite with RC4"], WEAK_SUITE),
    words("des-suite-offered", ["Svit med DES", "Suite with DES"], WEAK_SUITE),
    words(
        "triple-des-suite-offered",
        ["Svit med 3DES (64-bitars block)", "Suite with 3DES (64-bit blocks)"],
        WEAK_SUITE,
    ),
    words(
        "small-block-suite-offered",
        ["Svit med IDEA eller RC2 (64-bitars block)", "Suite with IDEA or RC2 (64-bit blocks)"],
        WEAK_SUITE,
    ),
    words(
        "static-rsa-suite-offered",
        [
            "Svit utan framåtsekretess: nyckeln sänds under serverns RSA-nyckel",
            "Suite without forward secrecy: the key is sent under the server's RSA key",
        ],
        WEAK_SUITE,
    ),
    words(
        "static-dh-suite-offered",
        [
            "Svit utan framåtsekretess: fast Diffie-Hellman",
            "Suite without forward secrecy: static Diffie-Hellman",
        ],
        WEAK_SUITE,
    ),
    words(
        "dhe-suite-offered",
        [
            "Svit med Diffie-Hellman över ändlig kropp (DHE)",
            "Suite with finite-field Diffie-Hellman (DHE)",
        ],
        WEAK_SUITE,
    ),
    words("cbc-suite-offered", ["Svit i CBC-läge", "Suite in CBC mode"], WEAK_SUITE),
    words(
        "cbc-sha1-suite-offered",
        ["Svit i CBC-läge med SHA-1", "Suite in CBC mode with SHA-1"],
        WEAK_SUITE,
    ),
    words(
        "short-tag-suite-offered",
        ["Svit med förkortad kontrollsumma (CCM_8)", "Suite with a shortened tag (CCM_8)"],
        WEAK_SUITE,
    ),
    words(
        "uncommon-cipher-suite-offered",
        ["Svit med ARIA, Camellia eller SEED", "Suite with ARIA, Camellia or SEED"],
        WEAK_SUITE,
    ),
    words(
        "integrity-only-suite-offered",
        [
            "Svit i TLS 1.3 som inte krypterar (RFC 9150)",
            "Suite of TLS 1.3 that does not encrypt (RFC 9150)",
        ],
        WEAK_SUITE,
    ),
    words(
        "shared-secret-suite-offered",
        [
            "Svit med delad hemlighet, lösenord eller Kerberos",
            "Suite with a shared secret, a password or Kerberos",
        ],
        [
            "Behåll dem bara där någon behöver dem; en webbserver gör det inte.",
            "Keep them only where somebody needs them; a web server does not.",
        ],
    ),
    words(
        "configuration-not-followed",
        [
            "Erbjuds utanför den rekommenderade konfigurationen",
            "Offered outside the recommended configuration",
        ],
        [
            "Ställ in servern efter konfigurationen, eller välj en annan policy.",
            "Set the server up by the configuration, or choose another policy.",
        ],
    ),
    words("group-offered", ["Nyckelutbytesgrupp", "Key-exchange group"], WEAK_GROUP),
    words(
        "hybrid-group-offered",
        ["Kvantsäkert hybridutbyte erbjuds", "Quantum-safe hybrid exchange is offered"],
        NONE,
    ),
    words(
        "no-hybrid-group",
        ["Inget kvantsäkert hybridutbyte erbjuds", "No quantum-safe hybrid exchange is offered"],
        [
            "Slå på X25519MLKEM768 (OpenSSL 3.5 eller senare).",
            "Turn X25519MLKEM768 on (OpenSSL 3.5 or later).",
        ],
    ),
    words("weak-group-offered", ["Svag grupp", "Weak group"], WEAK_GROUP),
    words(
        "finite-field-group-offered",
        ["Diffie-Hellman-grupp över ändlig kropp", "Finite-field Diffie-Hellman group"],
        WEAK_GROUP,
    ),
    words(
        "draft-group-offered",
        ["Grupp ur ett utkast som har ersatts", "Group of a draft that was replaced"],
        WEAK_GROUP,
    ),
    words(
        "pure-post-quantum-group-offered",
        ["Kvantsäkert utbyte utan klassisk del", "Quantum-safe exchange without a classical part"],
        WEAK_GROUP,
    ),
    words("dh-modulus", ["Diffie-Hellmans modul", "Diffie-Hellman modulus"], NONE),
    words(
        "dh-modulus-too-small",
        ["Diffie-Hellmans modul är för liten", "The Diffie-Hellman modulus is too small"],
        [
            "Ta bort DHE-sviterna, eller använd ffdhe3072 eller större.",
            "Remove the DHE suites, or use ffdhe3072 or larger.",
        ],
    ),
    words("handshake-signature", ["Signatur i handskakningen", "Signature in the handshake"], NONE),
    words(
        "handshake-signature-weak",
        [
            "Servern signerar handskakningen med en utdömd hashfunktion",
            "The server signs the handshake with a deprecated hash",
        ],
        [
            "Tillåt bara signaturer med SHA-256, SHA-384, SHA-512 eller EdDSA.",
            "Allow only signatures with SHA-256, SHA-384, SHA-512 or EdDSA.",
        ],
    ),
    words("tls-property", ["Egenskap", "Property"], NONE),
    words(
        "no-secure-renegotiation",
        ["Säker omförhandling saknas (RFC 5746)", "Secure renegotiation is missing (RFC 5746)"],
        PATCH,
    ),
    words(
        "client-renegotiation",
        ["Klienten får omförhandla", "The client may renegotiate"],
        [
            "Stäng av omförhandling från klienten; den kan användas för överlastning.",
            "Turn off renegotiation by the client; it can be used to overload the server.",
        ],
    ),
    words(
        "no-extended-master-secret",
        [
            "Extended master secret saknas (RFC 7627)",
            "Extended master secret is missing (RFC 7627)",
        ],
        PATCH,
    ),
    words(
        "no-encrypt-then-mac",
        [
            "Encrypt-then-MAC saknas fast CBC-sviter erbjuds (RFC 7366)",
            "Encrypt-then-MAC is missing though CBC suites are offered (RFC 7366)",
        ],
        WEAK_SUITE,
    ),
    words(
        "compression",
        ["TLS-komprimering är på (CRIME)", "TLS compression is on (CRIME)"],
        ["Stäng av TLS-komprimering.", "Turn TLS compression off."],
    ),
    words(
        "heartbeat",
        ["Heartbeat är på", "Heartbeat is on"],
        [
            "Stäng av tillägget; nästan ingen använder det, och Heartbleed satt där.",
            "Turn the extension off; hardly anybody uses it, and Heartbleed sat in it.",
        ],
    ),
    words(
        "no-fallback-scsv",
        [
            "Skydd mot nedgradering saknas (RFC 7507)",
            "Protection against downgrade is missing (RFC 7507)",
        ],
        OLD_VERSION,
    ),
    words(
        "early-data",
        ["0-RTT är på", "0-RTT is on"],
        [
            "Stäng av early data, eller låt det bara bära frågor som tål att upprepas.",
            "Turn early data off, or let it carry only requests that may be repeated.",
        ],
    ),
    words(
        "no-ocsp-staple",
        ["Ingen häftad OCSP-status", "No stapled OCSP status"],
        ["Slå på OCSP-häftning.", "Turn OCSP stapling on."],
    ),
    words("hsts", ["HSTS", "HSTS"], NONE),
    words(
        "hsts-missing",
        [
            "Webbplatsen kräver inte HTTPS (HSTS saknas)",
            "The site does not demand HTTPS (HSTS is missing)",
        ],
        [
            "Sänd Strict-Transport-Security: max-age=63072000; includeSubDomains.",
            "Send Strict-Transport-Security: max-age=63072000; includeSubDomains.",
        ],
    ),
    words(
        "hsts-too-short",
        ["HSTS gäller för kort tid", "HSTS holds for too short a time"],
        [
            "Sänd Strict-Transport-Security: max-age=63072000; includeSubDomains.",
            "Send Strict-Transport-Security: max-age=63072000; includeSubDomains.",
        ],
    ),
    words("known-weakness", ["Känd sårbarhet", "Known weakness"], PATCH),
    words(
        "endpoint-incomplete",
        ["Allt gick inte att ta reda på", "Not everything could be found out"],
        [
            "Kör om, långsammare eller närmare servern; bedöm inte på detta underlag.",
            "Run again, slower or closer to the server; do not judge by this.",
        ],
    ),
    words(
        "differs-from-golden",
        ["Avviker från förlagan", "Differs from the golden endpoint"],
        [
            "Ställ in servern som förlagan, eller ta en ny förlaga.",
            "Set the server up like the golden one, or take a new golden one.",
        ],
    ),
    words("as-golden", ["Som förlagan", "As the golden endpoint"], NONE),
];
