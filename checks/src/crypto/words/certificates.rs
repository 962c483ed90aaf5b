//! Certificates and chains.

use super::{Words, words};

const NONE: [&str; 2] = ["", ""];
const REISSUE: [&str; 2] = [
    "Beställ ett nytt certifikat utan felet, och byt.",
    "Order a new certificate without the fault, and replace it.",
];
const NEW_KEY: [&str; 2] = [
    "Skapa en ny nyckel (EC P-256, eller RSA med minst 3072 bitar) och beställ ett nytt certifikat.",
    "Make a new key (EC P-256, or RSA of at least 3072 bits) and order a new certificate.",
];

pub(super) static WORDS: &[Words] = &[
    words("certificate-key", ["Certifikatets nyckel", "The certificate's key"], NONE),
    words(
        "certificate-key-too-small",
        ["Certifikatets nyckel är för liten", "The certificate's key is too small"],
        NEW_KEY,
    ),
    words(
        "certificate-key-aging",
        ["Certifikatets nyckel bör bytas ut", "The certificate's key is to be replaced"],
        NEW_KEY,
    ),
    words(
        "certificate-key-deprecated",
        ["Certifikatets nyckeltyp är utdömd", "The certificate's kind of key is deprecated"],
        NEW_KEY,
    ),
    words(
        "rsa-exponent-too-small",
        ["RSA-nyckelns exponent är för liten", "The RSA key's exponent is too small"],
        NEW_KEY,
    ),
    words("certificate-signature", ["Certifikatets signatur", "The certificate's signature"], NONE),
    words(
        "certificate-signature-weak",
        [
            "Certifikatet är signerat med en utdömd hashfunktion",
            "The certificate is signed with a deprecated hash",
        ],
        REISSUE,
    ),
    words("certificate-validity", ["Certifikatets giltighet", "The certificate's validity"], NONE),
    words(
        "certificate-valid-too-long",
        ["Certifikatet gäller för länge", "The certificate is valid for too long"],
        [
            "Beställ certifikat med kortare giltighet, och förnya dem automatiskt (ACME).",
            "Order certificates of shorter validity, and renew them automatically (ACME).",
        ],
    ),
    words(
        "certificate-expires-soon",
        ["Certifikatet går snart ut", "The certificate expires soon"],
        ["Förnya det nu.", "Renew it now."],
    ),
    words(
        "certificate-expired",
        ["Certifikatet har gått ut", "The certificate has expired"],
        ["Byt det nu.", "Replace it now."],
    ),
    words(
        "certificate-not-yet-valid",
        ["Certifikatet gäller inte än", "The certificate is not valid yet"],
        [
            "Kontrollera klockorna, eller vänta med att ta det i bruk.",
            "Check the clocks, or wait to put it to use.",
        ],
    ),
    words("certificate-fault", ["Fel i certifikatet", "Fault in the certificate"], REISSUE),
    words(
        "certificate-unreadable",
        ["Ett certifikat gick inte att läsa", "A certificate could not be read"],
        REISSUE,
    ),
    words(
        "certificate-name-mismatch",
        ["Certifikatet gäller inte för namnet", "The certificate is not valid for the name"],
        [
            "Beställ ett certifikat med namnet i subjectAltName.",
            "Order a certificate with the name in subjectAltName.",
        ],
    ),
    words(
        "certificate-self-signed",
        [
            "Certifikatet är signerat med sin egen nyckel",
            "The certificate is signed with its own key",
        ],
        [
            "Beställ ett certifikat från kommunens egen CA eller en publik.",
            "Order a certificate from the municipality's own CA or a public one.",
        ],
    ),
    words(
        "certificate-not-trusted",
        ["Ingen väg till en betrodd rot", "No path to a trusted root"],
        [
            "Sänd mellanliggande certifikat med, eller ange kommunens egen CA med --own-ca.",
            "Send the intermediate certificates too, or name the municipality's own CA with --own-ca.",
        ],
    ),
    words(
        "certificate-trusted",
        ["Kedjan leder till en betrodd rot", "The chain leads to a trusted root"],
        NONE,
    ),
    words(
        "certificate-trust-not-asked",
        ["Ingen rot prövades", "No roots were tried"],
        ["Ange vilka rötter som gäller.", "Say which roots count."],
    ),
    words(
        "certificate-without-alternative-name",
        ["Certifikatet saknar subjectAltName", "The certificate has no subjectAltName"],
        [
            "Beställ ett certifikat med namnet i subjectAltName; klienter läser inte CN.",
            "Order a certificate with the name in subjectAltName; clients do not read the CN.",
        ],
    ),
    words(
        "ca-certificate-as-leaf",
        [
            "Servern visar ett CA-certifikat som sitt eget",
            "The server shows a CA certificate as its own",
        ],
        REISSUE,
    ),
    words(
        "certificate-not-for-servers",
        [
            "Certifikatet får inte användas av servrar (EKU)",
            "The certificate may not be used by servers (EKU)",
        ],
        REISSUE,
    ),
    words(
        "certificate-revoked",
        ["Certifikatet är spärrat av sin utfärdare", "The certificate was revoked by its issuer"],
        ["Byt certifikat och nyckel nu.", "Replace the certificate and its key now."],
    ),
    words(
        "certificate-not-revoked",
        [
            "Certifikatet var inte spärrat enligt det OCSP-svar som servern häftar vid",
            "The certificate was not revoked by the OCSP answer that the server staples",
        ],
        NONE,
    ),
    words(
        "promised-staple-missing",
        [
            "Certifikatet kräver ett häftat OCSP-svar (must-staple), men servern sänder inget",
            "The certificate demands a stapled OCSP answer (must-staple), and the server sends none",
        ],
        [
            "Slå på OCSP-häftning i servern, eller beställ ett certifikat utan must-staple.",
            "Turn OCSP stapling on in the server, or order a certificate without must-staple.",
        ],
    ),
    words(
        "staple-unusable",
        [
            "Servern häftar vid ett OCSP-svar som klienter måste vägra",
            "The server staples an OCSP answer that clients must refuse",
        ],
        [
            "Låt servern hämta ett nytt OCSP-svar, eller stäng av häftningen.",
            "Let the server fetch a new OCSP answer, or turn stapling off.",
        ],
    ),
];
