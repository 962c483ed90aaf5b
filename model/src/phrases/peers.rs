//! What could not be found out of a server of TLS or SSH, and how it said no.

use crate::Message;

pub(super) const PHRASES: &[&Message] = &[
    &Message {
        sv: "bara namnets {most} första adresser undersöks, inte {others}; ange dem en och en",
        en: "only the first {most} addresses of the name are looked at, not {others}; name them one by one",
    },
    &Message {
        sv: "namnet har ingen adress ({why}); kontrollera stavningen och namnservern",
        en: "the name has no address ({why}); check its spelling and the name server",
    },
    &Message {
        sv: "namnet har ingen adress; kontrollera stavningen och namnservern",
        en: "the name has no address; check its spelling and the name server",
    },
    &Message {
        sv: "förlorad genom ett fel i portvakt; rapportera det gärna",
        en: "lost to a fault in portvakt; please report it",
    },
    &Message {
        sv: "körningen stoppades innan den här slutpunkten var känd",
        en: "the run was stopped before this endpoint was known",
    },
    &Message {
        sv: "namnet går inte att slå upp",
        en: "failed to lookup address information: Name or service not known",
    },
    &Message {
        sv: "namnet går inte att slå upp just nu",
        en: "failed to lookup address information: Temporary failure in name resolution",
    },
    &Message { sv: "förbindelsen stängdes", en: "connection closed" },
    &Message { sv: "förbindelsen bröts", en: "connection reset" },
    &Message { sv: "inget svar i tid", en: "no answer in time" },
    &Message { sv: "inget svar i tid efter: {said}", en: "no answer in time after: {said}" },
    &Message { sv: "avbrutet", en: "broken off" },
    &Message { sv: "TLS påbörjades inte", en: "TLS was not begun" },
    &Message { sv: "en äldre version togs", en: "an older version was taken" },
    &Message { sv: "ingen förbindelse", en: "no connection" },
    &Message { sv: "inte frågat: {which}", en: "not asked: {which}" },
    &Message { sv: "inte frågat", en: "not asked" },
    &Message { sv: "den känner inte till namnet", en: "it does not know the name" },
    &Message {
        sv: "den talar inget av de protokoll som den erbjöds",
        en: "it speaks none of the protocols that it was offered",
    },
    &Message { sv: "körningen är avslutad", en: "the run has ended" },
    &Message {
        sv: "tiden för en slutpunkt är slut", en: "the time for one endpoint has run out"
    },
    &Message {
        sv: "antalet förbindelser till en slutpunkt är nått",
        en: "the number of connections to one endpoint is reached",
    },
    &Message { sv: "något som inte erbjöds", en: "something that was not offered" },
    &Message { sv: "den tog det som inte erbjöds", en: "it took what was not offered" },
    &Message { sv: "en grupp som inte erbjöds", en: "a group that was not offered" },
    &Message { sv: "en svit som inte erbjöds", en: "a suite that was not offered" },
    &Message { sv: "en version som inte erbjöds", en: "a version not offered" },
    &Message { sv: "en version som inte erbjöds", en: "a version that was not offered" },
    &Message { sv: "fler byte än något svar har", en: "more bytes than any answer has" },
    &Message { sv: "byte som inte är TLS", en: "bytes that are not TLS" },
    &Message { sv: "byte som inte är SSL 2.0", en: "bytes that are not SSL 2.0" },
    &Message { sv: "ett felmeddelande i SSL 2.0", en: "an error of SSL 2.0" },
    &Message { sv: "en hälsning som inte går att läsa", en: "a hello that cannot be read" },
    &Message { sv: "en hälsning utan slumptal", en: "a hello without a random" },
    &Message {
        sv: "ett ServerHello som inte går att läsa",
        en: "a ServerHello that cannot be read",
    },
    &Message {
        sv: "en post som är längre än någon får vara",
        en: "a record longer than any may be",
    },
    &Message { sv: "en post av okänt slag", en: "a record of no kind" },
    &Message {
        sv: "en post som inte går att dekryptera", en: "a record that cannot be decrypted"
    },
    &Message {
        sv: "en post som inte hör till en handskakning",
        en: "a record that has no place in a handshake",
    },
    &Message {
        sv: "ett meddelande som är längre än något är", en: "a message longer than any is"
    },
    &Message { sv: "ett meddelande på fel plats", en: "a message out of place" },
    &Message { sv: "ett meddelande som inte går att läsa", en: "a message that cannot be read" },
    &Message {
        sv: "ett nyckelutbyte som inte går att läsa",
        en: "a key exchange that cannot be read",
    },
    &Message { sv: "varningar utan slut", en: "warnings without end" },
    &Message {
        sv: "den här maskinen kunde inte räkna ut det",
        en: "this machine could not compute it",
    },
    &Message { sv: "det är inte känt om det erbjuds", en: "not known whether it is offered" },
    &Message { sv: "om {versions} erbjuds", en: "whether {versions} is offered" },
    &Message { sv: "alla frågor besvarades inte", en: "not every question was answered" },
    &Message { sv: "ingen version godtogs", en: "no version was accepted" },
    &Message { sv: "inget certifikat sågs", en: "no certificate was seen" },
    &Message {
        sv: "servern valde {suite} och avbröt sedan",
        en: "the server chose {suite} and then broke off",
    },
    &Message {
        sv: "den har inte det namn som det frågades efter, eller kräver ett (alert 112)",
        en: "it does not serve the name that it was asked for, or wants one (alert 112)",
    },
    &Message {
        sv: "den slutade svara; det som den inte visade kan finnas ändå",
        en: "it stopped answering; what it did not show may be there all the same",
    },
    &Message {
        sv: "den tog en grupp som inte erbjöds; det kan finnas fler",
        en: "it took a group that was not offered; there may be more",
    },
    &Message {
        sv: "sökningen efter grupper gick inte att avsluta",
        en: "the search for groups could not be ended",
    },
    &Message { sv: "sökningen gick inte att avsluta", en: "the search could not be ended" },
    &Message {
        sv: "den avbröt när bara dessa erbjöds: {count} sviter, {first} med flera ({refusal})",
        en: "it broke off when only these were offered: {count} suites, {first} and others ({refusal})",
    },
    &Message {
        sv: "den avbröt när bara dessa erbjöds",
        en: "it broke off when only these were offered",
    },
    &Message {
        sv: "ordningen på sviterna är bara delvis känd",
        en: "the order of its suites is known only in part",
    },
    &Message {
        sv: "namnet har ingen adress; inget frågades",
        en: "the name was not resolved; nothing was asked",
    },
    &Message { sv: "TLS erbjuds inte: {said}", en: "TLS is not offered: {said}" },
    &Message { sv: "TLS nekas just nu: {said}", en: "TLS is refused for now: {said}" },
    &Message {
        sv: "detta är inte det protokoll som begärdes: {said}",
        en: "this is not the protocol that was asked for: {said}",
    },
    &Message { sv: "ett svar utan slut", en: "an answer without an end" },
    &Message { sv: "en lista utan slut", en: "a list without an end" },
    &Message {
        sv: "mer än svaret kom före TLS: {more}",
        en: "more than the answer came before TLS: {more}",
    },
    &Message { sv: "servern svarade N på SSLRequest", en: "the server answered N to SSLRequest" },
    &Message {
        sv: "servern svarade på SSLRequest med ett fel",
        en: "the server answered SSLRequest with an error",
    },
    &Message { sv: "{server} utan förmågan TLS", en: "{server} without the TLS capability" },
    &Message { sv: "bara RDP:s egen kryptering: {said}", en: "only RDP's own encryption: {said}" },
    &Message {
        sv: "förbindelsen stängdes efter: {said}",
        en: "the connection was closed after: {said}",
    },
    &Message {
        sv: "förbindelsen stängdes under handskakningen",
        en: "the connection was closed during the handshake",
    },
    &Message { sv: "förbindelsen stängdes", en: "the connection was closed" },
    &Message {
        sv: "den tar inget som den här klienten har: ”{why}”",
        en: "it takes nothing that this client has: {why}",
    },
    &Message { sv: "detta är inte TLS: ”{why}”", en: "this is not TLS: {why}" },
    &Message { sv: "handskakningen misslyckades: ”{why}”", en: "the handshake failed: {why}" },
    &Message {
        sv: "den sänder mer än en handskakning behöver",
        en: "it sends more than a handshake needs",
    },
    &Message { sv: "den sänder mer än vad som läses", en: "it sends more than is read" },
    &Message {
        sv: "körningen stoppades före de aktiva proven",
        en: "the run was stopped before the active probes",
    },
    &Message {
        sv: "{what} ”{name}” i filen är inte känt och utelämnades",
        en: "the {what} \"{name}\" in the file is not known, and was left out",
    },
    &Message {
        sv: "läst från {tool}, som inte säger vad det inte prövade",
        en: "read from {tool}, which does not say what it did not ask",
    },
    &Message { sv: "signaturschemat", en: "signature scheme" },
    &Message { sv: "ingen förbindelse: inget svar i tid", en: "no connection: no answer in time" },
    &Message {
        sv: "ingen förbindelse: nekad {code}",
        en: "no connection: Connection refused {code}",
    },
    &Message {
        sv: "ingen förbindelse: nätet nås inte {code}",
        en: "no connection: Network is unreachable {code}",
    },
    &Message {
        sv: "ingen förbindelse: ingen väg dit {code}",
        en: "no connection: No route to host {code}",
    },
    &Message { sv: "ingen förbindelse: ”{said}”", en: "no connection: {said}" },
    &Message { sv: "detta är inte SSH: {said}", en: "this is not SSH: {said}" },
    &Message { sv: "den bryter mot protokollet: {what}", en: "it breaks the protocol: {what}" },
    &Message {
        sv: "den avslutade förbindelsen: den känner inte till meddelandet",
        en: "it ended the connection: it does not know the message",
    },
    &Message {
        sv: "den avslutade förbindelsen: orsak {code}: {said}",
        en: "it ended the connection: reason {code}: {said}",
    },
    &Message { sv: "den avslutade förbindelsen: {why}", en: "it ended the connection: {why}" },
    &Message { sv: "utan orsak", en: "without a reason" },
    &Message { sv: "den känner inte till meddelandet", en: "it does not know the message" },
    &Message {
        sv: "den här maskinen har inga slumptal", en: "this machine has no random numbers"
    },
    &Message {
        sv: "den här maskinen har ingen nyckel på en kurva",
        en: "this machine has no key on a curve",
    },
    &Message { sv: "ett annat meddelande än det väntade", en: "another message than its turn" },
    &Message { sv: "meddelanden utan slut", en: "messages without end" },
    &Message { sv: "ett paket med omöjlig längd", en: "a packet of an impossible length" },
    &Message {
        sv: "fler byte än ett nyckelutbyte behöver",
        en: "more bytes than a key exchange needs",
    },
    &Message {
        sv: "bara version 1 av protokollet, vars listor inte läses",
        en: "only version 1 of the protocol, whose lists are not read",
    },
    &Message { sv: "listor som inte går att läsa", en: "lists that cannot be read" },
    &Message { sv: "en grupp utan modul", en: "a group without a modulus" },
    &Message { sv: "ett svar utan värdnyckel", en: "a reply without a host key" },
    &Message { sv: "namnet har ingen adress", en: "the name does not resolve" },
    &Message {
        sv: "inte frågat inom de förbindelser som tillåts",
        en: "not asked within the connections that are allowed",
    },
    &Message {
        sv: "värdnyckeln för {algorithm}: {why}", en: "the host key of {algorithm}: {why}"
    },
    &Message { sv: "gruppförhandlingen: {why}", en: "group exchange: {why}" },
    &Message {
        sv: "inget nyckelutbyte som den här klienten kan; ingen värdnyckel sågs",
        en: "no key exchange that this client knows; no host key was seen",
    },
    &Message { sv: "{count} sviter, {first} med flera", en: "{count} suites, {first} and others" },
    &Message { sv: "en hälsning utan slut", en: "a greeting without an end" },
    &Message { sv: "{what} bitar", en: "{what} bits" },
];
