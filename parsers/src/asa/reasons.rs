//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const CUT_THROUGH: &Message = &Message {
    sv: "inloggning för användare vars trafik passerar räknas inte in",
    en: "authentication of users whose traffic passes is not modelled",
};

pub(super) const ADMIN_CERTIFICATES: &Message = &Message {
    sv: "administratörers certifikat räknas inte in",
    en: "certificates of administrators are not modelled",
};

pub(super) const ADMIN_KEYS: &Message = &Message {
    sv: "administratörers publika nycklar räknas inte in",
    en: "public keys of administrators are not modelled",
};

pub(super) const TLS_GROUPS: &Message = &Message {
    sv: "valet av grupper för TLS räknas inte in",
    en: "the choice of TLS groups is not modelled",
};

pub(super) const OPENSSL_WORDS: &Message = &Message {
    sv: "ord i en OpenSSL-sträng som inte är kända",
    en: "words of an OpenSSL string that are not known",
};

pub(super) const POLICY_ROUTING: &Message = &Message {
    sv: "policystyrd routing räknas inte in",
    en: "policy-based routing is not modelled",
};

pub(super) const TRAFFIC_ZONES: &Message =
    &Message { sv: "trafikzoner räknas inte in", en: "traffic zones are not modelled" };

pub(super) const TRUSTSEC: &Message =
    &Message { sv: "TrustSec räknas inte in", en: "TrustSec is not modelled" };

pub(super) const TUNNELS: &Message =
    &Message { sv: "krypterade tunnlar räknas inte in", en: "encrypted tunnels are not modelled" };

pub(super) const NO_FORWARD: &Message = &Message {
    sv: "ett gränssnitt som inte får öppna förbindelser till ett annat",
    en: "an interface that may not start connections to another",
};

pub(super) const ETHERTYPE: &Message = &Message {
    sv: "filtrering på EtherType räknas inte in",
    en: "filtering by EtherType is not modelled",
};

pub(super) const TRANSLATION: &Message =
    &Message { sv: "översättningen förstås inte", en: "the translation is not understood" };

pub(super) const THREAT_DETECTION: &Message = &Message {
    sv: "utestängning av datorer som skannar räknas inte in",
    en: "shutting out scanning hosts is not modelled",
};

pub(super) const REVERSE_PATH: &Message = &Message {
    sv: "kontrollen av källadresser mot rutter räknas inte in",
    en: "the check of source addresses against routes is not modelled",
};

pub(super) const IP_AUDIT: &Message = &Message {
    sv: "de inbyggda intrångssignaturerna räknas inte in",
    en: "the built-in intrusion signatures are not modelled",
};

pub(super) const VPN_POOLS: &Message = &Message {
    sv: "adresser för VPN-användare på distans räknas inte in",
    en: "addresses of remote VPN users are not modelled",
};

pub(super) const CONTENT_FILTER: &Message = &Message {
    sv: "innehållsfiltrering räknas inte in",
    en: "content filtering is not modelled",
};

pub(super) const TUNNEL_BYPASS: &Message = &Message {
    sv: "trafik i tunnlar går förbi åtkomstlistorna, och det räknas inte in",
    en: "traffic in tunnels passes the access lists by, which is not modelled",
};

pub(super) const NAT_CONTROL: &Message = &Message {
    sv: "att det som ingen översättning träffar kastas räknas inte in",
    en: "dropping what no translation matches is not modelled",
};

pub(super) const DYNAMIC_ROUTING: &Message =
    &Message { sv: "dynamisk routing räknas inte in", en: "dynamic routing is not modelled" };

pub(super) const USER_IDENTITY: &Message = &Message {
    sv: "användares identitet räknas inte in",
    en: "identity of users is not modelled",
};

pub(super) const SHUN: &Message = &Message {
    sv: "utestängning av enskilda datorer räknas inte in",
    en: "shutting out single hosts is not modelled",
};

pub(super) const BOTNET_FILTER: &Message =
    &Message { sv: "filtret mot botnät räknas inte in", en: "the botnet filter is not modelled" };

pub(super) const SERVICE: &Message =
    &Message { sv: "den här tjänsten räknas inte in", en: "this service is not modelled" };

pub(super) const MOUNT: &Message = &Message {
    sv: "andra datorers filsystem räknas inte in",
    en: "file systems of other hosts are not modelled",
};

pub(super) const TUNNEL_MANAGEMENT: &Message = &Message {
    sv: "administration genom en tunnel räknas inte in",
    en: "management through a tunnel is not modelled",
};

pub(super) const REMOTE_VPN: &Message = &Message {
    sv: "åtkomst för VPN-användare på distans räknas inte in",
    en: "access of remote VPN users is not modelled",
};

pub(super) const COMMAND_LEVELS: &Message = &Message {
    sv: "kommandons behörighetsnivåer räknas inte in",
    en: "privilege levels of commands are not modelled",
};

pub(super) const SESSION_QUOTA: &Message = &Message {
    sv: "gränser för administratörers sessioner räknas inte in",
    en: "limits on administrators' sessions are not modelled",
};

pub(super) const FIPS: &Message =
    &Message { sv: "FIPS-läge räknas inte in", en: "FIPS mode is not modelled" };

pub(super) const KEY_ENCRYPTION: &Message = &Message {
    sv: "kryptering av lagrade nycklar räknas inte in",
    en: "encryption of stored keys is not modelled",
};

pub(super) const WEB_REDIRECTION: &Message = &Message {
    sv: "omdirigering av webbtrafik räknas inte in",
    en: "redirection of web traffic is not modelled",
};

pub(super) const DYNAMIC_DNS: &Message =
    &Message { sv: "dynamisk DNS räknas inte in", en: "dynamic DNS is not modelled" };

pub(super) const AUTO_UPDATE: &Message = &Message {
    sv: "automatisk uppdatering räknas inte in",
    en: "automatic update is not modelled",
};

pub(super) const VXLAN: &Message =
    &Message { sv: "VXLAN räknas inte in", en: "VXLAN is not modelled" };

pub(super) const ESTABLISHED: &Message = &Message {
    sv: "återförbindelser som släpps in osedda räknas inte in",
    en: "connections back that are permitted unseen are not modelled",
};

pub(super) const CONDUITS: &Message = &Message {
    sv: "kommandot conduit släpper igenom trafik och räknas inte in",
    en: "conduits permit traffic and are not modelled",
};

pub(super) const OUTBOUND: &Message = &Message {
    sv: "utgående listor i PIX räknas inte in",
    en: "outbound lists of PIX are not modelled",
};

pub(super) const CONTEXTS: &Message = &Message {
    sv: "vad en säkerhetskontext består av räknas inte in",
    en: "what a security context is made of is not modelled",
};

pub(super) const CONTEXT_LIMITS: &Message = &Message {
    sv: "säkerhetskontexters gränser räknas inte in",
    en: "limits of security contexts are not modelled",
};

pub(super) const CLUSTER: &Message =
    &Message { sv: "klustring räknas inte in", en: "clustering is not modelled" };

pub(super) const LIST_COMMIT: &Message = &Message {
    sv: "uppskjutna ändringar av åtkomstlistor räknas inte in",
    en: "access-list commits are not modelled",
};

pub(super) const DOMAIN_GROUPS: &Message = &Message {
    sv: "objektgrupper efter domän räknas inte in",
    en: "object groups by domain are not modelled",
};

pub(super) const BRIDGING: &Message =
    &Message { sv: "bryggning räknas inte in", en: "bridging is not modelled" };

pub(super) const INSPECTION_DROPS: &Message = &Message {
    sv: "att inspektion kastar trafik räknas inte in",
    en: "dropping by inspection is not modelled",
};

pub(super) const INSPECTION_MODULE: &Message = &Message {
    sv: "inspektion i en modul räknas inte in",
    en: "inspection by a module is not modelled",
};

pub(super) const INSPECTION_SETTING: &Message = &Message {
    sv: "den här inställningen för inspektion räknas inte in",
    en: "this setting of an inspection is not modelled",
};

pub(super) const WEB_VPN: &Message = &Message {
    sv: "klientlös VPN och AnyConnect på det här gränssnittet räknas inte in",
    en: "clientless VPN and AnyConnect on this interface are not modelled",
};

pub(super) const UNDEFINED: &Message =
    &Message { sv: "{name} är inte definierat", en: "{name} is not defined" };

pub(super) const ENDLESS: &Message = &Message {
    sv: "{name} innehåller sig självt, eller är nästlat för djupt",
    en: "{name} contains itself, or is nested too deep",
};

pub(super) const SNORT: &Message = &Message {
    sv: "Snort inspekterar vad den här raden släpper igenom (access control policy)",
    en: "Snort inspects what this entry permits (access control policy)",
};

pub(super) const CUT_OFF: &Message =
    &Message { sv: "raden är avklippt", en: "the entry is cut off" };

pub(super) const INTERFACE_ADDRESS: &Message =
    &Message { sv: "adressen på gränssnittet {name}", en: "the address of interface {name}" };

pub(super) const EVERY_PROTOCOL: &Message =
    &Message { sv: "portar på alla protokoll", en: "ports on every protocol" };

pub(super) const OLD_COMMANDS: &Message = &Message {
    sv: "kommandona conduit, outbound eller established",
    en: "conduit, outbound or established commands",
};
