//! What probes for known weaknesses showed.

use crate::Message;

pub(super) const PHRASES: &[&Message] = &[
    &Message { sv: "SSLv2 erbjuds", en: "SSLv2 is offered" },
    &Message {
        sv: "inget SSLv2 här; en annan server med samma nyckel kan ha det",
        en: "no SSLv2 here; another server with the same key may have it",
    },
    &Message { sv: "en grupp på {bits} bitar", en: "a group of {bits} bits" },
    &Message {
        sv: "{suite} i {version} erbjuds; om tidsåtgången läcker beror på programmet",
        en: "{suite} in {version} is offered; whether its timing leaks is the implementation's affair",
    },
    &Message {
        sv: "{suite} i {version} erbjuds; om nyckeln återanvänds sågs inte",
        en: "{suite} in {version} is offered; whether its key is used again was not seen",
    },
    &Message { sv: "{suite} i {version} erbjuds", en: "{suite} in {version} is offered" },
    &Message { sv: "TLS-komprimering erbjuds", en: "TLS compression is offered" },
    &Message { sv: "ingen TLS-komprimering", en: "no TLS compression" },
    &Message { sv: "ingen svit som det kräver erbjuds", en: "no suite that it needs is offered" },
    &Message {
        sv: "allt som kunde visa det frågades inte",
        en: "not everything was asked that could show it",
    },
    &Message {
        sv: "ingen version före TLS 1.3 erbjuds",
        en: "no version before TLS 1.3 is offered",
    },
    &Message { sv: "ingen version före TLS 1.3 sågs", en: "no version before TLS 1.3 was seen" },
    &Message {
        sv: "ingen svit med RSA-nyckeltransport erbjuds",
        en: "no suite with RSA key transport is offered",
    },
    &Message {
        sv: "ingen svit med RSA-nyckeltransport sågs",
        en: "no suite with RSA key transport was seen",
    },
    &Message { sv: "inget nekades i tid", en: "nothing was refused in time" },
    &Message {
        sv: "ett för tidigt byte av chiffer godtogs: en post under nycklar ur ingen hemlighet gick förbi, en under andra nekades: {how}",
        en: "an early change of cipher was taken: a record under the keys of no secret was passed over, one under others refused: {how}",
    },
    &Message {
        sv: "ett för tidigt byte av chiffer godtogs: alert {code}",
        en: "an early change of cipher was taken: alert {code}",
    },
    &Message {
        sv: "den gick förbi bytet av chiffer bara en gång",
        en: "it passed the change of cipher over only once",
    },
    &Message { sv: "ett annat svar än en alert", en: "another answer than an alert" },
    &Message { sv: "ett annat svar än ett ServerHello", en: "another answer than a ServerHello" },
    &Message { sv: "servern har ingen heartbeat", en: "the server has no heartbeat" },
    &Message {
        sv: "{sent} byte sändes, {back} kom tillbaka",
        en: "{sent} bytes were sent, {back} came back",
    },
    &Message {
        sv: "en för kort heartbeat lämnas utan svar",
        en: "a heartbeat that is too short is passed over",
    },
    &Message {
        sv: "servern stänger ute den som avbryter för många handskakningar",
        en: "the server shuts out who breaks off too many handshakes",
    },
    &Message {
        sv: "inte prövat: ingen TLS 1.2 med ECDHE och AES-GCM sågs",
        en: "not tested: no TLS 1.2 with ECDHE and AES-GCM was seen",
    },
    &Message { sv: "bara TLS 1.3 erbjuds", en: "only TLS 1.3 is offered" },
    &Message { sv: "nekad efter {count}: {why}", en: "refused after {count}: {why}" },
    &Message { sv: "nekad", en: "refused" },
    &Message { sv: "{taken} av {asked} godtogs", en: "{taken} of {asked} were taken" },
    &Message { sv: "gamla klienter nekas: {why}", en: "old clients are refused: {why}" },
    &Message { sv: "en utan skydd godtogs", en: "one without protection was taken" },
    &Message {
        sv: "fem slags utfyllnad besvaras lika",
        en: "five kinds of padding are answered alike",
    },
    &Message {
        sv: "svaren skiljer sig åt, och inte alltid på samma sätt",
        en: "the answers differ, and not always in the same way",
    },
    &Message { sv: "den fortsatte", en: "it went on" },
    &Message { sv: "inget certifikat", en: "no certificate" },
    &Message { sv: "ingen RSA-nyckel som går att använda", en: "no RSA key that can be used" },
    &Message {
        sv: "TLS 1.2 med ECDHE och AES-GCM sågs inte, och inget annat prövas",
        en: "TLS 1.2 with ECDHE and AES-GCM was not seen, and no other is tried",
    },
    &Message { sv: "ingen sessionsbiljett ges", en: "no session ticket is given" },
    &Message {
        sv: "{sent} byte sessions-id kom tillbaka som {back}",
        en: "{sent} bytes of session id came back as {back}",
    },
    &Message { sv: "biljetten togs inte emot", en: "the ticket was not taken up" },
];
