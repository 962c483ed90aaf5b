//! What policies of cryptography say of the clauses that they rest on. Words of a German norm stay.

use crate::Message;

pub(super) const PHRASES: &[&Message] = &[
    &Message { sv: "112 bitars säkerhet", en: "112 bits of security" },
    &Message { sv: "128 bitars säkerhet", en: "128 bits of security" },
    &Message { sv: "minst {bits} bitars säkerhet", en: "at least {bits} bits of security" },
    &Message {
        sv: "2048 bitar ger 112 bitars säkerhet",
        en: "2048 bits give 112 bits of security",
    },
    &Message {
        sv: "2048 bitar ger en styrka på ungefär 92 bitar",
        en: "2048 bits would yield about 92 bits of strength",
    },
    &Message {
        sv: "RFC 9325 §4.5 anger ungefär 92 bitar för 2048",
        en: "RFC 9325 §4.5 gives about 92 bits for 2048",
    },
    &Message { sv: "224 bitar är det minsta", en: "224 bits are the least" },
    &Message { sv: "3DES räknas som 112", en: "3DES counts 112" },
    &Message {
        sv: "3DES har 112 och block på 64 bitar", en: "3DES has 112 and blocks of 64 bits"
    },
    &Message {
        sv: "block på 64 bitar (CVE-2016-2183), borttaget ur TLS 1.2 genom RFC 5469",
        en: "blocks of 64 bits (CVE-2016-2183), removed from TLS 1.2 by RFC 5469",
    },
    &Message { sv: "block på 64 bitar", en: "blocks of 64 bits" },
    &Message {
        sv: "en tagg på 64 bitar, för små enheter",
        en: "a tag of 64 bits, for constrained devices",
    },
    &Message { sv: "SHA-1 eller en tagg på 64 bitar", en: "SHA-1 or a tag of 64 bits" },
    &Message { sv: "en tagg på 64 bitar", en: "a tag of 64 bits" },
    &Message {
        sv: "bilagorna C och D, som inte har lästs",
        en: "Appendices C and D, which were not read",
    },
    &Message { sv: "bilaga B, ur §3.3.3 och §3.3.4", en: "appendix B, from §3.3.3 and §3.3.4" },
    &Message { sv: "bilaga A.1", en: "appendix A.1" },
    &Message { sv: "bilaga B", en: "appendix B" },
    &Message {
        sv: "CBC BÖR INTE användas om inte encrypt_then_mac förhandlas",
        en: "CBC SHOULD NOT be used unless encrypt_then_mac is negotiated",
    },
    &Message {
        sv: "CBC BÖR INTE användas utan encrypt_then_mac",
        en: "CBC SHOULD NOT be used without encrypt_then_mac",
    },
    &Message {
        sv: "CBC i SSH låter klartext återskapas",
        en: "CBC in SSH lets plaintext be recovered",
    },
    &Message {
        sv: "CBC med HMAC-SHA1 behövs bara för klienter från före TLS 1.2",
        en: "CBC with HMAC-SHA1 only serves clients of before TLS 1.2",
    },
    &Message {
        sv: "DSA är inte längre godkänt för signering",
        en: "DSA is no longer approved for making signatures",
    },
    &Message { sv: "DSA är inte längre godkänt", en: "DSA is no longer approved" },
    &Message {
        sv: "Empfohlene Cipher-Suiten, bara där framåtsekretess inte är möjlig",
        en: "Empfohlene Cipher-Suiten, only where forward secrecy is not possible",
    },
    &Message {
        sv: "HMAC-MD5 bör inte användas i nya konstruktioner",
        en: "HMAC-MD5 should not be used in new designs",
    },
    &Message { sv: "MD5 och SHA-1 FÅR INTE användas", en: "MD5 and SHA-1 MUST NOT be used" },
    &Message {
        sv: "FÅR INTE användas om det inte begärs särskilt",
        en: "MUST NOT be used unless specifically requested",
    },
    &Message {
        sv: "FÅR INTE förhandla sviter med RC4",
        en: "MUST NOT negotiate RC4 cipher suites",
    },
    &Message {
        sv: "FÅR INTE förhandla SSL version {number}",
        en: "MUST NOT negotiate SSL version {number}",
    },
    &Message {
        sv: "FÅR INTE förhandla TLS version {number}",
        en: "MUST NOT negotiate TLS version {number}",
    },
    &Message {
        sv: "FÅR INTE förhandla mindre än {bits} bitars säkerhet",
        en: "MUST NOT negotiate less than {bits} bits of security",
    },
    &Message {
        sv: "FÅR INTE förhandla sviter med NULL-kryptering",
        en: "MUST NOT negotiate the cipher suites with NULL encryption",
    },
    &Message { sv: "FÅR INTE enligt RFC 10015", en: "MUST NOT by RFC 10015" },
    &Message {
        sv: "MÅSTE visa sin identitet med en modul på minst 2048 bitar",
        en: "MUST authenticate with at least a 2048-bit modulus",
    },
    &Message {
        sv: "MÅSTE ha TLS_AES_128_GCM_SHA256", en: "MUST implement TLS_AES_128_GCM_SHA256"
    },
    &Message { sv: "MÅSTE ha renegotiation_info", en: "MUST implement renegotiation_info" },
    &Message { sv: "MÅSTE finnas", en: "MUST implement" },
    &Message { sv: "MÅSTE stödja TLS 1.2", en: "MUST support TLS 1.2" },
    &Message {
        sv: "MÅSTE stödja extended_master_secret",
        en: "MUST support extended_master_secret",
    },
    &Message {
        sv: "NIST tillåter inte nycklar kortare än 2048 bitar",
        en: "NIST disallows keys shorter than 2048 bits",
    },
    &Message { sv: "NIST SP 800-57 del 1", en: "NIST SP 800-57 part 1" },
    &Message { sv: "OpenSSH 10.0, versionsnoter", en: "OpenSSH 10.0 release notes" },
    &Message { sv: "P-256 och P-384", en: "P-256 and P-384" },
    &Message { sv: "P-256 eller P-384 bör användas", en: "P-256 or P-384 should be used" },
    &Message { sv: "P-256 är REKOMMENDERAT", en: "P-256 is RECOMMENDED" },
    &Message { sv: "SHA-256 är REKOMMENDERAT", en: "SHA-256 is RECOMMENDED" },
    &Message { sv: "RC4 FÅR INTE användas", en: "RC4 MUST NOT be used" },
    &Message {
        sv: "RFC 5280, RFC 9525 och publicerade svagheter.",
        en: "RFC 5280, RFC 9525 and published weaknesses.",
    },
    &Message { sv: "RFC 8996 gör den överspelad", en: "RFC 8996 obsoletes it" },
    &Message { sv: "RFC 9325 nämner dem inte", en: "RFC 9325 does not name them" },
    &Message {
        sv: "RSA med 2048 bitar till utgången av 2030",
        en: "RSA with 2048 bits until the end of 2030",
    },
    &Message {
        sv: "SHA-1 ska ersättas, grupp 1 BÖR INTE användas",
        en: "SHA-1 is to be replaced, group 1 SHOULD NOT be used",
    },
    &Message { sv: "SHA-1 och MD5 FÅR INTE användas", en: "SHA-1 or MD5 MUST NOT be used" },
    &Message {
        sv: "BÖR INTE förhandla tillfällig DH över ändlig kropp",
        en: "SHOULD NOT negotiate ephemeral finite-field DH",
    },
    &Message {
        sv: "BÖR INTE förhandla DH över ändlig kropp i TLS 1.2",
        en: "SHOULD NOT negotiate finite-field DH in TLS 1.2",
    },
    &Message {
        sv: "BÖR INTE förhandla mindre än {bits} bitars säkerhet",
        en: "SHOULD NOT negotiate less than {bits} bits of security",
    },
    &Message {
        sv: "BÖR INTE förhandla fast (EC)DH",
        en: "SHOULD NOT negotiate non-ephemeral (EC)DH",
    },
    &Message { sv: "BÖR INTE förhandla statisk RSA", en: "SHOULD NOT negotiate static RSA" },
    &Message {
        sv: "BÖR INTE stödja komprimering i TLS",
        en: "SHOULD NOT support TLS-level compression",
    },
    &Message { sv: "BÖR finnas", en: "SHOULD implement" },
    &Message { sv: "BÖR eller FÅR", en: "SHOULD or MAY" },
    &Message { sv: "BÖR stödja P-256 och X25519", en: "SHOULD support P-256 and X25519" },
    &Message { sv: "BÖR stödja TLS 1.3", en: "SHOULD support TLS 1.3" },
    &Message { sv: "BÖR använda HSTS", en: "SHOULD use HSTS" },
    &Message { sv: "webbservrar BÖR använda HSTS", en: "web servers SHOULD use HSTS" },
    &Message { sv: "TLS {number} FÅR INTE användas", en: "TLS {number} MUST NOT be used" },
    &Message { sv: "TLS 1.2 till utgången av 2031", en: "TLS 1.2 until the end of 2031" },
    &Message {
        sv: "enligt 2026-01 till utgången av {year}",
        en: "by 2026-01 until the end of {year}",
    },
    &Message { sv: "till utgången av {year}", en: "until the end of {year}" },
    &Message { sv: "RFC:ns egen text, §3.2 till §4.6", en: "The RFC's own text, §3.2 to §4.6" },
    &Message {
        sv: "en klient kan få servern att arbeta", en: "a client can make the server work"
    },
    &Message {
        sv: "en klient går inte vidare där en egenskap i certifikatets TLS Feature inte ges",
        en: "a client does not go on where a feature of the certificate's TLS Feature is not given",
    },
    &Message { sv: "en väg från en betrodd rot", en: "a path from a trust anchor" },
    &Message {
        sv: "en publicerad svaghet som går att utnyttja",
        en: "a published weakness that can be used",
    },
    &Message {
        sv: "en publicerad svaghet som är svår att utnyttja",
        en: "a published weakness that is hard to use",
    },
    &Message { sv: "publicerade svagheter", en: "published weaknesses" },
    &Message {
        sv: "en innehavares certifikat är ingen CA",
        en: "a subscriber certificate is no CA",
    },
    &Message {
        sv: "alla andra komprimeringsmetoder ska vara avstängda",
        en: "all other compression methods shall be disabled",
    },
    &Message { sv: "alla andra sviter", en: "all other suites" },
    &Message {
        sv: "ett tillägg som ingen behöver över TCP",
        en: "an extension that nobody needs over TCP",
    },
    &Message {
        sv: "ett tillägg som ingen behöver över TCP ({source})",
        en: "an extension that nobody needs over TCP ({source})",
    },
    &Message { sv: "minst 2048 bitar KRÄVS", en: "at least 2048 bits are REQUIRED" },
    &Message { sv: "minst {bits} bitar", en: "at least {bits} bits" },
    &Message { sv: "en modul på minst 2048 bitar", en: "at least a 2048-bit modulus" },
    &Message { sv: "minst ett halvår", en: "at least half a year" },
    &Message { sv: "ett halvår", en: "half a year" },
    &Message {
        sv: "högst {days} dagar från en intern CA",
        en: "at most {days} days from an internal CA",
    },
    &Message { sv: "högst {days} dagar från {day}", en: "at most {days} days from {day}" },
    &Message { sv: "högst {days} dagar före {day}", en: "at most {days} days before {day}" },
    &Message { sv: "autentiserad kryptering", en: "authenticated encryption" },
    &Message {
        sv: "undvik 0-RTT om inte tillämpningens specifikation tillåter det",
        en: "avoid 0-RTT unless the application's specification allows it",
    },
    &Message { sv: "börja före utgången av 2026", en: "begin by the end of 2026" },
    &Message { sv: "under 1024 knäckt av Logjam", en: "below 1024 broken by Logjam" },
    &Message { sv: "under 224 bitar FÅR INTE användas", en: "below 224 bits MUST NOT be used" },
    &Message { sv: "klienter använder inte CN", en: "clients do not use the CN" },
    &Message {
        sv: "kurvor på mindre än 224 bitar FÅR INTE användas",
        en: "curves of less than 224 bits MUST NOT be used",
    },
    &Message {
        sv: "tls-attacker/TLS-Scanner, server-guidelines/bsi.xml i 629a85c; datum från 2026-01 enligt der-windows-papst.de 2026-03-02. Riktlinjens egen text har inte lästs.",
        en: "tls-attacker/TLS-Scanner, server-guidelines/bsi.xml at 629a85c; dates of 2026-01 as reported on der-windows-papst.de 2026-03-02. The guideline's own text was not read.",
    },
    &Message { sv: "utdömda kurvor", en: "deprecated curves" },
    &Message { sv: "utdömt", en: "deprecated" },
    &Message { sv: "e ligger mellan 3 och n - 1", en: "e is between 3 and n - 1" },
    &Message { sv: "bara ecdsa", en: "ecdsa alone" },
    &Message {
        sv: "extended master secret ska stödjas",
        en: "extended master secret shall be supported",
    },
    &Message { sv: "framåtsekretess med AEAD", en: "forward secrecy with AEAD" },
    &Message { sv: "avråds i allmänhet", en: "generally discouraged" },
    &Message {
        sv: "hybridgrupper på väg att bli standard",
        en: "hybrid groups on the standards track",
    },
    &Message {
        sv: "osäker omförhandling är otillräcklig",
        en: "insecure renegotiation is insufficient",
    },
    &Message {
        sv: "internetstandards/Internet.nl, checks/tasks/tls/tls_constants.py i 119fbdc. Riktlinjens egen text har inte lästs.",
        en: "internetstandards/Internet.nl, checks/tasks/tls/tls_constants.py at 119fbdc. The guideline's own text was not read.",
    },
    &Message { sv: "dess sammanfattning har lästs", en: "its abstract was read" },
    &Message { sv: "dess titel har lästs", en: "its title was read" },
    &Message { sv: "bedöm efter användningen", en: "judge by its use" },
    &Message { sv: "mindre än 30 dagar återstår", en: "less than 30 days are left" },
    &Message { sv: "mindre än en vecka återstår", en: "less than a week is left" },
    &Message { sv: "angrepp av en mellanhand", en: "man-in-the-middle attacks" },
    &Message { sv: "mlkem768x25519-sha256 som förval", en: "mlkem768x25519-sha256 by default" },
    &Message {
        sv: "mer än tre år från en intern CA",
        en: "more than three years from an internal CA",
    },
    &Message {
        sv: "mozilla/ssl-config-generator, src/static/guidelines/6.0.json i 8debe30.",
        en: "mozilla/ssl-config-generator, src/static/guidelines/6.0.json at 8debe30.",
    },
    &Message {
        sv: "behövs bara där äldre versioner är på",
        en: "needed only where older versions are on",
    },
    &Message {
        sv: "kräver en hemlighet som båda sidor har, eller en nationell algoritm",
        en: "needs a secret that both sides hold, or a national algorithm",
    },
    &Message { sv: "inget angrepp på HMAC-SHA1 är känt", en: "no attack on HMAC-SHA1 is known" },
    &Message { sv: "ingen publik CA utfärdar det", en: "no public CA issues it" },
    &Message { sv: "none är INTE REKOMMENDERAT", en: "none is NOT RECOMMENDED" },
    &Message {
        sv: "inte bland de rekommenderade sviterna",
        en: "not among the recommended suites",
    },
    &Message { sv: "inte i konfigurationen", en: "not in the configuration" },
    &Message { sv: "inte ensam utan i en hybrid", en: "not standalone but in a hybrid" },
    &Message { sv: "not 51", en: "note 51" },
    &Message {
        sv: "övriga som SP 800-56A, bilaga D, räknar upp",
        en: "others listed in SP 800-56A, Appendix D",
    },
    &Message {
        sv: "portvakts egna nivåer. En regel vars dokument bara har lästs delvis, eller genom andra, säger det i sitt ställe.",
        en: "portvakt's own levels. A rule whose document was read only in part, or through others, says so in its clause.",
    },
    &Message { sv: "portvakts kryptopolicy 2026", en: "portvakt's crypto policy 2026" },
    &Message { sv: "ger ingen sekretess", en: "provides no confidentiality" },
    &Message { sv: "publika CA får utelämna OCSP", en: "public CAs may leave OCSP out" },
    &Message { sv: "läst genom andra", en: "read through others" },
    &Message { sv: "ersätter utkasten med Kyber", en: "replaces the drafts with Kyber" },
    &Message {
        sv: "säker omförhandling från klienten utan gräns ska fasas ut",
        en: "secure renegotiation by the client without a limit is to be phased out",
    },
    &Message {
        sv: "servrar FÅR INTE förhandla SSL 2.0", en: "servers MUST NOT negotiate SSL 2.0"
    },
    &Message {
        sv: "servrar FÅR INTE välja en svit med RC4",
        en: "servers MUST NOT select an RC4 cipher suite",
    },
    &Message {
        sv: "ska vara signerat med SHA-224 eller en starkare hashfunktion",
        en: "shall be signed using SHA-224 or a stronger hashing algorithm",
    },
    &Message {
        sv: "SHA-224 eller en starkare hashfunktion",
        en: "SHA-224 or a stronger hashing algorithm",
    },
    &Message {
        sv: "ska inte tillåta SSL 2.0 eller SSL 3.0",
        en: "shall not allow the use of SSL 2.0 or SSL 3.0",
    },
    &Message { sv: "ska stödja TLS 1.2", en: "shall support TLS 1.2" },
    &Message {
        sv: "ska stödja TLS 1.3 senast den 1 januari 2024",
        en: "shall support TLS 1.3 by January 1, 2024",
    },
    &Message {
        sv: "ska stödja tillägget för omförhandling",
        en: "shall support the renegotiation extension",
    },
    &Message { sv: "bör vara högst 3 år", en: "should be 3 years or less" },
    &Message { sv: "bör inte behandla early data", en: "should not process early data" },
    &Message { sv: "signaturer med SHA-2 eller EdDSA", en: "signatures with SHA-2 or EdDSA" },
    &Message { sv: "Ed25519 eller ECDSA", en: "Ed25519 or ECDSA" },
    &Message { sv: "ssh-dss har 1024 bitar", en: "ssh-dss has 1024 bits" },
    &Message { sv: "ssh-rsa signerar med SHA-1", en: "ssh-rsa signs with SHA-1" },
    &Message { sv: "strikt nyckelutbyte", en: "strict key exchange" },
    &Message { sv: "subjectAltName MÅSTE finnas", en: "subjectAltName MUST be present" },
    &Message {
        sv: "sviter som inte står i det här avsnittet, bilaga C eller bilaga D ska inte användas",
        en: "suites that do not appear in this section, Appendix C, or Appendix D shall not be used",
    },
    &Message {
        sv: "certifikatet är inte spärrat vid den aktuella tiden",
        en: "the certificate is not revoked at the current time",
    },
    &Message {
        sv: "de visade namnen måste stämma med det sökta",
        en: "the presented identifiers must match the reference",
    },
    &Message {
        sv: "giltighetstiden omfattar den aktuella tiden",
        en: "the validity period includes the current time",
    },
    &Message {
        sv: "tls-attacker/TLS-Scanner, server-guidelines/nist.xml i 629a85c. Publikationens egen text har inte lästs.",
        en: "tls-attacker/TLS-Scanner, server-guidelines/nist.xml at 629a85c. The publication's own text was not read.",
    },
    &Message { sv: "två år som Mozilla 6.0", en: "two years as Mozilla 6.0" },
    &Message { sv: "version 1.99 tar även version 1", en: "version 1.99 takes version 1 too" },
    &Message { sv: "svaga sviter ska fasas ut", en: "weak suites are to be phased out" },
    &Message {
        sv: "det som en klient måste kunna godta ett svar efter",
        en: "what a client must be able to accept an answer by",
    },
    &Message {
        sv: "inom gränsen för utfärdandedagen", en: "within the limit of the day of issue"
    },
    &Message {
        sv: "§2 ersätter utkastet med andra kodpunkter",
        en: "§2 replaces the draft with other code points",
    },
    &Message {
        sv: "§3.1.1 som den citeras ordagrant i tls-attacker/TLS-Scanner, server-guidelines/rfc9325.xml i 5aa68ff.",
        en: "§3.1.1 as quoted word by word in tls-attacker/TLS-Scanner, server-guidelines/rfc9325.xml at 5aa68ff.",
    },
    &Message { sv: "§4 tabell 12", en: "§4 table 12" },
    &Message { sv: "§3.3.2 och §3.3.5", en: "§3.3.2 and §3.3.5" },
    &Message { sv: "§7.1.2.7.2 till §7.1.2.7.5", en: "§7.1.2.7.2 to §7.1.2.7.5" },
    &Message {
        sv: "§4.3, som hänvisar till RFC 8446 §9.1",
        en: "§4.3, which refers to RFC 8446 §9.1",
    },
    &Message { sv: "{days} dagar från {day}", en: "{days} days from {day}" },
];
