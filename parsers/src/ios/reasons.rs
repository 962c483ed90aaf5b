//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const COA: &Message = &Message {
    sv: "ändrad behörighet genom RADIUS räknas inte in",
    en: "changes of authorisation by RADIUS are not modelled",
};

pub(super) const SESSION_AAA: &Message = &Message {
    sv: "behörighet och loggning för sessioner räknas inte in",
    en: "authorisation and accounting of sessions are not modelled",
};

pub(super) const LOGIN_DELAY: &Message = &Message {
    sv: "väntetid efter misslyckade inloggningar räknas inte in",
    en: "a delay after failed logins is not modelled",
};

pub(super) const COMMAND_LEVELS: &Message = &Message {
    sv: "kommandons behörighetsnivåer räknas inte in",
    en: "privilege levels of commands are not modelled",
};

pub(super) const TAG_LISTS: &Message = &Message {
    sv: "listor över etiketter och domännamn räknas inte in",
    en: "lists over tags and domain names are not modelled",
};

pub(super) const FRAME_LISTS: &Message = &Message {
    sv: "listor över MAC-adresser och ramtyper räknas inte in",
    en: "lists over MAC addresses and frame types are not modelled",
};

pub(super) const REMOVAL: &Message = &Message {
    sv: "att en rad tas bort räknas inte in",
    en: "removal of an entry is not modelled",
};

pub(super) const RULE_CONDITION: &Message = &Message {
    sv: "ett villkor i regeln räknas inte in",
    en: "a condition of this rule is not modelled",
};

pub(super) const LIVE_LISTS: &Message = &Message {
    sv: "listor som bara finns medan förbindelser finns räknas inte in",
    en: "lists that exist only while connections do are not modelled",
};

pub(super) const NO_SUCH_ENTRY: &Message = &Message {
    sv: "en rad som konfigurationen inte har",
    en: "entry that the configuration does not have",
};

pub(super) const CONTENT: &Message = &Message {
    sv: "inspektion av programs innehåll räknas inte in",
    en: "inspection of application content is not modelled",
};

pub(super) const CLASS_CONDITION: &Message = &Message {
    sv: "det här villkoret i en class-map räknas inte in",
    en: "this condition of a class map is not modelled",
};

pub(super) const CLASS_LIMITS: &Message = &Message {
    sv: "gränser och filter inom en klass räknas inte in",
    en: "limits and filters inside a class are not modelled",
};

pub(super) const POLICY_DROPS: &Message = &Message {
    sv: "en service-policy som kastar trafik räknas inte in",
    en: "a service policy that drops traffic is not modelled",
};

pub(super) const OTHER_OUTPUT: &Message = &Message {
    sv: "utskrift från ett kommando som inte läses",
    en: "output of a command that is not read",
};

pub(super) const SCRIPTED_INTERFACES: &Message = &Message {
    sv: "gränssnitt som ett skript tar bort eller ändrar i klump",
    en: "interfaces that a script removes or changes in bulk",
};

pub(super) const ASSIGNED: &Message = &Message {
    sv: "adressen delas ut utanför konfigurationen",
    en: "the address is assigned from outside the configuration",
};

pub(super) const ADDRESS_FORM: &Message = &Message {
    sv: "en adress i den här formen räknas inte in",
    en: "an address in this form is not modelled",
};

pub(super) const FILTER_FORM: &Message = &Message {
    sv: "ett filter i den här formen räknas inte in",
    en: "a filter in this form is not modelled",
};

pub(super) const LINE_LEVELS: &Message = &Message {
    sv: "linjers behörighetsnivåer räknas inte in",
    en: "privilege levels of lines are not modelled",
};

pub(super) const LOGGING_OFF: &Message = &Message {
    sv: "avstängd loggning räknas inte in",
    en: "logging that is switched off is not modelled",
};

pub(super) const TRANSLATION_FORM: &Message = &Message {
    sv: "en översättning i den här formen räknas inte in",
    en: "a translation in this form is not modelled",
};

pub(super) const OTHER_GROUPS: &Message = &Message {
    sv: "grupper av etiketter, namn och länder räknas inte in",
    en: "groups of tags, names and countries are not modelled",
};

pub(super) const GROUP_MEMBER: &Message = &Message {
    sv: "en medlem i en objektgrupp som inte räknas in",
    en: "member of an object group that is not modelled",
};

pub(super) const ROUTE_FORM: &Message = &Message {
    sv: "en rutt i den här formen räknas inte in",
    en: "a route in this form is not modelled",
};

pub(super) const OTHER_ROUTE: &Message = &Message {
    sv: "rutten finns bara ibland, eller leder till en annan tabell",
    en: "the route is there only sometimes, or leads to another table",
};

pub(super) const VRF_EXCHANGE: &Message = &Message {
    sv: "utbyte av rutter mellan VRF:er räknas inte in",
    en: "exchange of routes between VRFs is not modelled",
};

pub(super) const ADMIN_KEYS: &Message = &Message {
    sv: "administratörers publika nycklar räknas inte in",
    en: "public keys of administrators are not modelled",
};

pub(super) const APPLICATIONS: &Message = &Message {
    sv: "program på enheten räknas inte in",
    en: "applications on the device are not modelled",
};

pub(super) const NEIGHBOURS: &Message =
    &Message { sv: "fasta grannar räknas inte in", en: "static neighbours are not modelled" };

pub(super) const BRIDGING: &Message = &Message {
    sv: "bryggning mellan gränssnitt räknas inte in",
    en: "bridging between interfaces is not modelled",
};

pub(super) const SECURITY_TAGS: &Message = &Message {
    sv: "åtkomstkontroll med säkerhetsetiketter räknas inte in",
    en: "access control by security tags is not modelled",
};

pub(super) const WIRED_NETWORKS: &Message = &Message {
    sv: "styrenhetens trådbundna nät räknas inte in",
    en: "wired networks of the controller are not modelled",
};

pub(super) const INTRUSION: &Message =
    &Message { sv: "intrångsskydd räknas inte in", en: "intrusion prevention is not modelled" };

pub(super) const MULTICAST: &Message =
    &Message { sv: "multicast räknas inte in", en: "multicast is not modelled" };

pub(super) const POLICY_ROUTING: &Message = &Message {
    sv: "policystyrd routing räknas inte in",
    en: "policy-based routing is not modelled",
};

pub(super) const MIRRORS: &Message =
    &Message { sv: "speglade portar räknas inte in", en: "mirrored ports are not modelled" };

pub(super) const VERSION_NAT: &Message = &Message {
    sv: "översättning mellan IP-versioner räknas inte in",
    en: "translation between IP versions is not modelled",
};

pub(super) const PREFIX_NAT: &Message = &Message {
    sv: "översättning mellan IPv6-nät räknas inte in",
    en: "translation between networks of IPv6 is not modelled",
};

pub(super) const SD_WAN_POLICY: &Message =
    &Message { sv: "regler för SD-WAN räknas inte in", en: "SD-WAN policy is not modelled" };

pub(super) const SD_WAN: &Message =
    &Message { sv: "SD-WAN räknas inte in", en: "SD-WAN is not modelled" };

pub(super) const WEB_REDIRECTION: &Message = &Message {
    sv: "omdirigering av webbtrafik räknas inte in",
    en: "redirection of web traffic is not modelled",
};

pub(super) const TLS_INSPECTION: &Message =
    &Message { sv: "inspektion av TLS räknas inte in", en: "inspection of TLS is not modelled" };

pub(super) const TELEMETRY: &Message = &Message {
    sv: "strömmande mätvärden räknas inte in",
    en: "streaming of telemetry is not modelled",
};

pub(super) const TRACKED_ROUTES: &Message = &Message {
    sv: "rutter som kommer och går räknas inte in",
    en: "routes that come and go are not modelled",
};

pub(super) const VLAN_FILTERS: &Message = &Message {
    sv: "filter inom ett VLAN räknas inte in",
    en: "filters inside a VLAN are not modelled",
};

pub(super) const NATIVE_TAGS: &Message = &Message {
    sv: "taggning av otaggade VLAN räknas inte in",
    en: "tagging of native VLANs is not modelled",
};

pub(super) const VLAN_GROUPS: &Message =
    &Message { sv: "grupper av VLAN räknas inte in", en: "groups of VLANs are not modelled" };

pub(super) const WIRELESS_DOMAIN: &Message = &Message {
    sv: "de äldre trådlösa domäntjänsterna räknas inte in",
    en: "the older wireless domain services are not modelled",
};

pub(super) const OVERLAYS: &Message =
    &Message { sv: "överlagrade nät räknas inte in", en: "overlay networks are not modelled" };

pub(super) const SIDELESS_NAT: &Message = &Message {
    sv: "översättning utan sidor räknas inte in",
    en: "translation without sides is not modelled",
};

pub(super) const REVERSE_PATH: &Message = &Message {
    sv: "kontroll av källadresser mot rutter räknas inte in",
    en: "checks of source addresses against routes are not modelled",
};

pub(super) const SEVERAL_VRFS: &Message = &Message {
    sv: "gränssnitt i flera VRF:er räknas inte in",
    en: "interfaces in several VRFs are not modelled",
};

pub(super) const BROADCAST_TIME: &Message = &Message {
    sv: "tid från broadcast räknas inte in",
    en: "time from broadcasts is not modelled",
};

pub(super) const TRAFFIC_LIMITS: &Message = &Message {
    sv: "gränser för trafik räknas inte in",
    en: "limits of traffic are not modelled",
};

pub(super) const ETHERNET_SERVICES: &Message =
    &Message { sv: "Ethernettjänster räknas inte in", en: "Ethernet services are not modelled" };

pub(super) const LINE_ACCOUNTING: &Message = &Message {
    sv: "loggning för en enskild linje räknas inte in",
    en: "accounting of one line is not modelled",
};

pub(super) const LINE_AUTHORISATION: &Message = &Message {
    sv: "behörighet för en enskild linje räknas inte in",
    en: "authorisation of one line is not modelled",
};

pub(super) const LINE_PORTS: &Message = &Message {
    sv: "fler portar för en linje räknas inte in",
    en: "further ports of a line are not modelled",
};

pub(super) const PORT_PROTECTION: &Message = &Message {
    sv: "skydd av växelportar räknas inte in",
    en: "protection of switched ports is not modelled",
};

pub(super) const NEGOTIATED_TRUNK: &Message = &Message {
    sv: "en trunk som förhandlas fram räknas inte in",
    en: "a trunk that is negotiated is not modelled",
};

pub(super) const VLAN_NAMES: &Message = &Message {
    sv: "VLAN angivna med namn räknas inte in på portar",
    en: "VLANs by name are not modelled on ports",
};

pub(super) const OTHER_TAGS: &Message = &Message {
    sv: "andra taggar än dem för en trunks VLAN räknas inte in",
    en: "other tags than those of a trunk's VLANs are not modelled",
};

pub(super) const PRIVATE_VLANS: &Message = &Message {
    sv: "privata och speglade VLAN räknas inte in",
    en: "private and mirrored VLANs are not modelled",
};

pub(super) const WLAN_FILTERS: &Message = &Message {
    sv: "ett trådlöst näts filter räknas inte in",
    en: "filters of a wireless network are not modelled",
};

pub(super) const POLICY_PROFILE: &Message = &Message {
    sv: "den här delen av en policyprofil räknas inte in",
    en: "this part of a policy profile is not modelled",
};

pub(super) const WLAN_PART: &Message = &Message {
    sv: "den här delen av ett trådlöst nät räknas inte in",
    en: "this part of a wireless network is not modelled",
};

pub(super) const TOO_MANY_CLASSES: &Message =
    &Message { sv: "fler klasser än som räknas in", en: "more classes than are modelled" };

pub(super) const CONTROL_PLANE: &Message = &Message {
    sv: "skydd av styrplanet räknas inte in",
    en: "control-plane policing is not modelled",
};
