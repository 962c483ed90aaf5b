//! Why a certificate is not trusted, could not be read, or is not known to be revoked.

use crate::Message;

pub(super) const PHRASES: &[&Message] = &[
    &Message {
        sv: "certifikatet är signerat med sin egen nyckel och är ingen av rötterna",
        en: "the certificate is signed with its own key and is none of the roots",
    },
    &Message {
        sv: "utfärdaren av ”{of}”, ”{issuer}”, sändes inte med och är ingen av rötterna; den finns bland de egna CA-filerna, och med den är kedjan hel",
        en: "the issuer of \"{of}\", \"{issuer}\", was not sent and is none of the roots; it is among the own CA files, and with it the chain is complete",
    },
    &Message {
        sv: "utfärdaren av ”{of}”, ”{issuer}”, sändes inte med och är ingen av rötterna; den sägs finnas på {address}, som inte har hämtats",
        en: "the issuer of \"{of}\", \"{issuer}\", was not sent and is none of the roots; it is said to be at {address}, which was not fetched",
    },
    &Message {
        sv: "utfärdaren av ”{of}”, ”{issuer}”, sändes inte med och är ingen av rötterna",
        en: "the issuer of \"{of}\", \"{issuer}\", was not sent and is none of the roots",
    },
    &Message {
        sv: "kedjan slutar i ”{root}”, som inte är någon av rötterna",
        en: "the chain ends in \"{root}\", which is none of the roots",
    },
    &Message {
        sv: "”{subject}” gick ut {end}; {more}", en: "\"{subject}\" ended {end}; {more}"
    },
    &Message { sv: "”{subject}” gick ut {end}", en: "\"{subject}\" ended {end}" },
    &Message { sv: "”{subject}” börjar gälla {begin}", en: "\"{subject}\" begins {begin}" },
    &Message {
        sv: "ett certifikat på vägen är inte till för serverAuth",
        en: "a certificate on the way is not for serverAuth",
    },
    &Message {
        sv: "certifikatet är till för {usages}, inte för serverAuth",
        en: "the certificate is for {usages}, not for serverAuth",
    },
    &Message {
        sv: "serverns certifikat är en utfärdares (basicConstraints CA:TRUE)",
        en: "the server's certificate is an authority's (basicConstraints CA:TRUE)",
    },
    &Message {
        sv: "ett certifikat som inte är en utfärdares har utfärdat ett annat",
        en: "a certificate that is no authority's has issued another",
    },
    &Message {
        sv: "en utfärdares namnbegränsning förbjuder det",
        en: "an authority's name constraint forbids it",
    },
    &Message {
        sv: "en utfärdares gräns för kedjans längd förbjuder det",
        en: "an authority's path length forbids it",
    },
    &Message {
        sv: "signaturen på ”{subject}” är inte gjord med utfärdarens nyckel",
        en: "the signature of \"{subject}\" is not that of its issuer's key",
    },
    &Message {
        sv: "signaturen på ”{subject}”, algoritm {oid} med en nyckel {algorithm} på {bits} bitar, kan inte kontrolleras här",
        en: "the signature of \"{subject}\", algorithm {oid} with a key {algorithm} of {bits} bits, cannot be verified here",
    },
    &Message {
        sv: "signaturen från ”{issuer}” kan inte kontrolleras här",
        en: "the signature by \"{issuer}\" cannot be verified here",
    },
    &Message { sv: "kontrollen svarar {word}", en: "the verifier says {word}" },
    &Message { sv: "certifikat {number}", en: "certificate {number}" },
    &Message {
        sv: "{count} certifikat utöver de {most} första",
        en: "{count} certificates beyond the first {most}",
    },
    &Message {
        sv: "ett certifikat på {bytes} byte; högst {most} läses",
        en: "a certificate of {bytes} bytes; no more than {most} are read",
    },
    &Message { sv: "inget certifikat i DER: ”{why}”", en: "not a certificate in DER: {why}" },
    &Message {
        sv: "{bytes} byte följer efter certifikatet",
        en: "{bytes} bytes follow the certificate",
    },
    &Message {
        sv: "det finns inget certifikat som det handlar om",
        en: "there is no certificate that it is about",
    },
    &Message {
        sv: "certifikatet som det handlar om går inte att läsa",
        en: "the certificate that it is about cannot be read",
    },
    &Message {
        sv: "det handlar inte om det här certifikatet",
        en: "it is not about this certificate",
    },
    &Message { sv: "det är inte vad RFC 6960 beskriver", en: "it is not what RFC 6960 describes" },
    &Message {
        sv: "svararen säger: felaktig fråga", en: "the responder says: malformed request"
    },
    &Message { sv: "svararen säger: internt fel", en: "the responder says: internal error" },
    &Message { sv: "svararen säger: försök senare", en: "the responder says: try later" },
    &Message {
        sv: "svararen säger: frågan måste vara signerad",
        en: "the responder says: the request must be signed",
    },
    &Message { sv: "svararen säger: obehörig", en: "the responder says: unauthorised" },
    &Message {
        sv: "det är av ett slag som inte är känt", en: "it is of a kind that is not known"
    },
    &Message {
        sv: "det är inte signerat av utfärdaren eller dess svarare",
        en: "its signature is not by the issuer or its responder",
    },
    &Message {
        sv: "svararen känner inte till certifikatet",
        en: "the responder does not know the certificate",
    },
    &Message {
        sv: "spärrat {day}, enligt det häftade svaret från {answered}",
        en: "revoked {day}, by the stapled answer of {answered}",
    },
    &Message {
        sv: "inte spärrat enligt det häftade svaret från {answered}, vars signatur inte kunde kontrolleras",
        en: "good by the stapled answer of {answered}, whose signature could not be verified",
    },
    &Message {
        sv: "enligt det häftade svaret från {answered}",
        en: "by the stapled answer of {answered}",
    },
    &Message { sv: "{answered}, gällde till {next}", en: "{answered}, good until {next}" },
    &Message {
        sv: "certifikatet har status_request i TLS Feature",
        en: "the certificate has status_request in TLS Feature",
    },
    &Message { sv: "en väg till en rot hittades", en: "a path to a root was found" },
    &Message { sv: "inga rötter prövades", en: "no roots were asked" },
    &Message { sv: "{count} dagar, till {last}", en: "{count} days, until {last}" },
    &Message { sv: "{count} dagar: {first}", en: "{count} days: {first}" },
    &Message { sv: "privat nyckel: lämnad orörd", en: "private key: passed over" },
    &Message { sv: "krypterat: inte läst", en: "encrypted: not read" },
    &Message { sv: "går inte att förstå", en: "cannot be understood" },
    &Message {
        sv: "större än {most} byte: inte läst", en: "larger than {most} bytes: not read"
    },
    &Message { sv: "{kind}: lämnad orörd", en: "{kind}: passed over" },
    &Message {
        sv: "TLS-tjänster utan certifikat: {count}",
        en: "endpoints without a certificate: {count}",
    },
    &Message { sv: "systemets rötter: inga hittades", en: "roots of the system: none were found" },
    &Message { sv: "systemets rötter: ”{why}”", en: "roots of the system: {why}" },
    &Message { sv: "egen utfärdare {number}: {why}", en: "own authority {number}: {why}" },
];
