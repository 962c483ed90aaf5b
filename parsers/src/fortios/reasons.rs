//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const FORTICLOUD_LOGIN: &Message = &Message {
    sv: "inloggning via FortiCloud räknas inte in",
    en: "login by FortiCloud is not modelled",
};

pub(super) const CERTIFICATE_LOGIN: &Message = &Message {
    sv: "inloggning med certifikat räknas inte in",
    en: "login by certificate is not modelled",
};

pub(super) const HTTP_KEPT: &Message = &Message {
    sv: "att HTTP inte styrs om räknas inte in",
    en: "that HTTP is not redirected is not modelled",
};

pub(super) const SCP: &Message = &Message {
    sv: "kopiering av konfigurationen med SCP räknas inte in",
    en: "copying the configuration by SCP is not modelled",
};

pub(super) const REPLAY: &Message = &Message {
    sv: "skydd mot återuppspelning räknas inte in",
    en: "replay checks are not modelled",
};

pub(super) const ONE_DIRECTION: &Message = &Message {
    sv: "sessioner som bara syns i ena riktningen räknas inte in",
    en: "sessions seen in one direction only are not modelled",
};

pub(super) const OVERLOAD: &Message = &Message {
    sv: "vad som händer när inspektionen är överbelastad räknas inte in",
    en: "what happens when inspection is overloaded is not modelled",
};

pub(super) const SECOND_FACTOR: &Message = &Message {
    sv: "att en andra faktor krävs räknas inte in",
    en: "that a second factor is mandatory is not modelled",
};

pub(super) const MULTICAST_PAST: &Message = &Message {
    sv: "multicast förbi reglerna räknas inte in",
    en: "multicast past the policies is not modelled",
};

pub(super) const DNS_PAST: &Message = &Message {
    sv: "DNS som passerar utan regel räknas inte in",
    en: "DNS that passes without a policy is not modelled",
};

pub(super) const SD_WAN: &Message = &Message {
    sv: "SD-WAN-regler som väljer utgång följs inte",
    en: "SD-WAN rules that choose the uplink are not followed",
};

pub(super) const EXPLICIT_PROXY: &Message = &Message {
    sv: "vad den angivna proxyn förmedlar följs inte",
    en: "what the explicit proxy relays is not followed",
};

pub(super) const VPN_LOGIN: &Message =
    &Message { sv: "inloggning till VPN räknas inte in", en: "login to the VPN is not modelled" };

pub(super) const SWITCH_PORTS: &Message = &Message {
    sv: "portar på styrda växlar räknas inte in",
    en: "ports of managed switches are not modelled",
};

pub(super) const UNSENT_KINDS: &Message = &Message {
    sv: "slag av meddelanden som inte skickas räknas inte in",
    en: "kinds of messages that are not sent are not modelled",
};

pub(super) const NAT64: &Message = &Message {
    sv: "översättning mellan IPv4 och IPv6 räknas inte in",
    en: "translation between IPv4 and IPv6 is not modelled",
};

pub(super) const POLICY_ROUTES: &Message =
    &Message { sv: "policystyrda rutter följs inte", en: "policy routes are not followed" };

pub(super) const LEARNED_ROUTES: &Message = &Message {
    sv: "rutter som ett protokoll lär sig är inte kända",
    en: "routes that a protocol learns are not known",
};

pub(super) const UDP_PINHOLES: &Message = &Message {
    sv: "hål som UDP-program öppnar räknas inte in",
    en: "pinholes of UDP applications are not modelled",
};

pub(super) const HOST_MAPPINGS: &Message = &Message {
    sv: "portöppningar som datorer själva begär räknas inte in",
    en: "port mappings that hosts ask for are not modelled",
};

pub(super) const PROXY_REDIRECTION: &Message = &Message {
    sv: "omdirigering till proxyn följs inte",
    en: "redirection to the proxy is not followed",
};

pub(super) const TUNNEL_NAT: &Message = &Message {
    sv: "källöversättning inne i en tunnel räknas inte in",
    en: "source translation inside a tunnel is not modelled",
};

pub(super) const INTERFACE_INSPECTION: &Message = &Message {
    sv: "inspektion per gränssnitt räknas inte in",
    en: "inspection per interface is not modelled",
};

pub(super) const ADDRESS_BINDING: &Message = &Message {
    sv: "bindning av adresser till maskinvara räknas inte in",
    en: "binding of addresses to hardware is not modelled",
};

pub(super) const MULTICAST_POLICIES: &Message = &Message {
    sv: "regler för multicast räknas inte in",
    en: "multicast policies are not modelled",
};

pub(super) const MIRRORED_INSPECTION: &Message = &Message {
    sv: "inspektion av speglad trafik räknas inte in",
    en: "inspection of mirrored traffic is not modelled",
};

pub(super) const TIME_TO_LIVE: &Message = &Message {
    sv: "gränser för paketens livslängd räknas inte in",
    en: "limits on time to live are not modelled",
};

pub(super) const MANAGEMENT_PORT: &Message = &Message {
    sv: "den särskilda administrationsporten räknas inte in",
    en: "the dedicated management port is not modelled",
};

pub(super) const PROXY_ARP: &Message = &Message {
    sv: "svar för andra datorers adresser räknas inte in",
    en: "answers for other hosts' addresses are not modelled",
};

pub(super) const SAML: &Message =
    &Message { sv: "inloggning med SAML räknas inte in", en: "login by SAML is not modelled" };

pub(super) const CLUSTER_DIFFERENCES: &Message = &Message {
    sv: "inställningar som skiljer inom ett kluster räknas inte in",
    en: "settings that differ in a cluster are not modelled",
};

pub(super) const PORT_PAIRS: &Message = &Message {
    sv: "par av transparenta portar räknas inte in",
    en: "pairs of transparent ports are not modelled",
};

pub(super) const TUNNEL_ADDRESSES: &Message = &Message {
    sv: "tunnlars inre adresser räknas inte in",
    en: "inner addresses of tunnels are not modelled",
};

pub(super) const LAYER_2_TUNNELS: &Message = &Message {
    sv: "lager 2 genom tunnlar räknas inte in",
    en: "layer 2 over tunnels is not modelled",
};

pub(super) const SOFTWARE_SWITCHES: &Message = &Message {
    sv: "medlemmar i mjukvaruväxlar räknas inte in",
    en: "members of software switches are not modelled",
};

pub(super) const USER_GROUPS: &Message = &Message {
    sv: "varifrån användargrupper kommer räknas inte in",
    en: "where user groups come from is not modelled",
};

pub(super) const VIP_INTERFACES: &Message = &Message {
    sv: "gränssnitten som en VIP är begränsad till räknas inte in",
    en: "the interfaces that a VIP is limited to are not modelled",
};

pub(super) const VIP_SOURCE: &Message = &Message {
    sv: "källöversättning genom en VIP räknas inte in",
    en: "source translation by a VIP is not modelled",
};

pub(super) const AGGRESSIVE: &Message =
    &Message { sv: "aggressive mode räknas inte in", en: "aggressive mode is not modelled" };

pub(super) const DEVICE_KEYS: &Message =
    &Message { sv: "nycklar per enhet skiljs inte åt", en: "keys per device are not told apart" };

pub(super) const MAC_LOGIN: &Message = &Message {
    sv: "inloggning med maskinvaruadress räknas inte in",
    en: "login by hardware address is not modelled",
};

pub(super) const WLAN_ADDRESS_LIST: &Message = &Message {
    sv: "ett trådlöst näts adresslista räknas inte in",
    en: "the address list of a wireless network is not modelled",
};

pub(super) const ACCESS_POINTS: &Message = &Message {
    sv: "administration av accesspunkter räknas inte in",
    en: "management of access points is not modelled",
};

pub(super) const UNDEFINED: &Message =
    &Message { sv: "”{name}” är inte definierat", en: "\"{name}\" is not defined" };

pub(super) const TOO_LARGE: &Message =
    &Message { sv: "gruppen ”{name}” är för stor", en: "group \"{name}\" is too large" };

pub(super) const ENDLESS: &Message = &Message {
    sv: "gruppen ”{name}” innehåller sig själv genom ”{member}”",
    en: "group \"{name}\" contains itself through \"{member}\"",
};

pub(super) const UNDEFINED_MEMBER: &Message = &Message {
    sv: "gruppen ”{name}” har den odefinierade medlemmen ”{member}”",
    en: "group \"{name}\" has undefined member \"{member}\"",
};

pub(super) const UNDEFINED_ADDRESS: &Message = &Message {
    sv: "adressen ”{name}” är inte definierad",
    en: "address \"{name}\" is not defined",
};

pub(super) const ADDRESS_ELSEWHERE: &Message = &Message {
    sv: "adressen ”{name}” finns inte i exporten",
    en: "address \"{name}\" is not in the export",
};

pub(super) const ADDRESS: &Message = &Message {
    sv: "adressen ”{name}” förstås inte",
    en: "address \"{name}\" is not understood",
};

pub(super) const FEED: &Message =
    &Message { sv: "den externa listan ”{name}”", en: "external list \"{name}\"" };

pub(super) const UNDEFINED_SERVICE: &Message = &Message {
    sv: "tjänsten ”{name}” är inte definierad",
    en: "service \"{name}\" is not defined",
};

pub(super) const SERVICE_ELSEWHERE: &Message = &Message {
    sv: "tjänsten ”{name}” finns inte i exporten",
    en: "service \"{name}\" is not in the export",
};

pub(super) const SERVICE: &Message = &Message {
    sv: "tjänsten ”{name}” förstås inte",
    en: "service \"{name}\" is not understood",
};

pub(super) const NEGATED_SERVICE: &Message = &Message {
    sv: "service-negate med för många portar",
    en: "service-negate with too many ports",
};

pub(super) const NOT_SET: &Message =
    &Message { sv: "{name} är inte angivet", en: "{name} is not set" };

pub(super) const NEGATED_VIP: &Message =
    &Message { sv: "VIP ”{name}” omvänd", en: "VIP \"{name}\" negated" };

pub(super) const INTERNET_PORTS: &Message =
    &Message { sv: "internettjänstens portar", en: "ports of the internet service" };

pub(super) const UNDEFINED_SCHEDULE: &Message = &Message {
    sv: "schemat ”{name}” är inte definierat",
    en: "schedule \"{name}\" is not defined",
};

pub(super) const TRANSLATED_ONLY: &Message = &Message {
    sv: "VIP {name} träffar bara översatta paket",
    en: "VIP {name} matches translated packets only",
};

pub(super) const MATCH_VIP: &Message = &Message {
    sv: "match-vip: paket som en VIP har översatt kan passera",
    en: "match-vip: packets that a VIP has translated may pass",
};

pub(super) const MAPPED_NOT_SHOWN: &Message = &Message {
    sv: "VIP ”{name}”: den översatta adressen visas inte",
    en: "VIP \"{name}\": mapped address not shown",
};
