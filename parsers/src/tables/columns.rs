//! Names of columns and keys, and what table they tell of.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::spell::words::fold;
use crate::Context;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Column {
    Id,
    Diary,
    Kind,
    Purpose,
    Orderer,
    OrdererRole,
    DecidedBy,
    DecidedOn,
    Contact,
    ValidFrom,
    ValidTo,
    InternalSystem,
    InternalAddress,
    InternalZone,
    ExternalSystem,
    ExternalParty,
    ExternalAddress,
    ExternalZone,
    Source,
    SourceZone,
    Destination,
    DestinationZone,
    SourcePort,
    Direction,
    Traffic,
    Protocol,
    Port,
    Encryption,
    Firewall,
    Rule,
    Status,
    Name,
    Owner,
    Department,
    Decommissioned,
    Address,
    Class,
    Ssid,
    Vlan,
    Prefix,
    Zone,
    Security,
    Isolation,
    Device,
    Object,
    Justification,
    Approver,
    Evidence,
    /// Known, and without bearing on what is judged.
    Noted,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// Port-opening decisions.
    Register,
    /// Systems and assets.
    Systems,
    /// The standard for wireless networks.
    Ssids,
    /// Exceptions.
    Exceptions,
}

impl Kind {
    pub(super) const ALL: [Self; 4] =
        [Self::Register, Self::Systems, Self::Ssids, Self::Exceptions];

    /// The format's id.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Systems => "systems",
            Self::Ssids => "ssid-table",
            Self::Exceptions => "exceptions",
        }
    }

    /// The kind that a list's key names (`[[decision]]`, `"systems": […]`).
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Some(match fold(key).as_str() {
            "decision" | "decisions" | "beslut" | "register" | "portoppning" | "portoppningar" => {
                Self::Register
            }
            "system" | "systems" | "tillgang" | "tillgangar" | "asset" | "assets" => Self::Systems,
            "ssid" | "ssids" => Self::Ssids,
            "exception" | "exceptions" | "avsteg" | "undantag" => Self::Exceptions,
            _ => return None,
        })
    }

    const fn names(self) -> Names {
        match self {
            Self::Register => REGISTER,
            Self::Systems => SYSTEMS,
            Self::Ssids => SSIDS,
            Self::Exceptions => EXCEPTIONS,
        }
    }

    /// Whether a table with these columns is of the kind at all.
    fn holds(self, columns: &[Column]) -> bool {
        let count = |of: &[Column]| of.iter().filter(|c| columns.contains(c)).count();
        match self {
            // An export of firewall rules has sources, services, actions and perhaps an end date
            // too: read as a register it would be its own decision.
            Self::Register => {
                count(DECIDING) > usize::from(columns.contains(&Column::Kind))
                    && count(OPENING) > 0
                    && columns.len() >= 4
            }
            Self::Systems => {
                count(&[Column::Name]) > 0
                    && count(&[
                        Column::Owner,
                        Column::Department,
                        Column::Decommissioned,
                        Column::Class,
                    ]) > 0
            }
            Self::Ssids => columns.contains(&Column::Ssid) && columns.len() >= 2,
            Self::Exceptions => {
                columns.contains(&Column::Rule)
                    && count(&[Column::Justification, Column::Approver, Column::Evidence]) > 0
                    && columns.len() >= 3
            }
        }
    }
}

/// Columns that only a register of decisions has.
const DECIDING: &[Column] = &[
    Column::Orderer,
    Column::DecidedBy,
    Column::DecidedOn,
    Column::ValidTo,
    Column::Contact,
    Column::Diary,
];

/// Columns that say what is opened.
const OPENING: &[Column] = &[
    Column::InternalSystem,
    Column::InternalAddress,
    Column::ExternalSystem,
    Column::ExternalParty,
    Column::ExternalAddress,
    Column::Source,
    Column::Destination,
    Column::Traffic,
    Column::Protocol,
    Column::Port,
];

/// How a header or a set of keys is understood.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// What the table is.
    pub(super) kind: Kind,
    /// How many of its different columns are known, in percent.
    pub(super) share: u32,
}

/// Tells from the names of columns what a table is; `None` when it is none of the kinds.
pub(super) fn judge<'n>(
    names: impl IntoIterator<Item = &'n str>,
    context: &Context,
) -> Option<Judged> {
    let names: Vec<&str> = names.into_iter().filter(|n| !n.trim().is_empty()).collect();
    // No kind is told by one column: most lines of what is no table end here.
    if names.len() < 2 {
        return None;
    }
    let mut best: Option<(usize, Kind)> = None;
    for kind in Kind::ALL {
        let mut known: Vec<Column> = names.iter().filter_map(|n| kind.column(n, context)).collect();
        let hits = known.len();
        known.sort_unstable();
        known.dedup();
        if kind.holds(&known) && best.is_none_or(|(most, _)| hits > most) {
            best = Some((hits, kind));
        }
    }
    let (hits, kind) = best?;
    let share = (hits * 100 / names.len()) as u32;
    (share >= 40 || hits >= 8).then_some(Judged { kind, share })
}

impl Kind {
    /// The column of a name as written. The site's own names go first.
    pub(super) fn column(self, name: &str, context: &Context) -> Option<Column> {
        let own = context.columns.get(&name.trim().to_lowercase());
        let (before, hint) = name.split_once('(').unwrap_or((name, ""));
        own.and_then(|own| self.known(own))
            .or_else(|| self.known(name))
            .or_else(|| self.known(before).filter(|_| !hint.is_empty()))
            .or_else(|| name.split('/').find_map(|part| self.known(part)))
    }

    /// The column of a known name.
    pub(super) fn known(self, name: &str) -> Option<Column> {
        NAMES[self as usize].get(fold(name).as_str()).copied()
    }
}

/// Whether a column that is not known may limit what a row says: then it must not be passed over.
pub(super) fn may_limit(name: &str) -> bool {
    const PARTS: &str = "port adress address protokoll protocol giltig valid galler datum date \
                         riktning direction kalla source destination zon tjanst service";
    let name = fold(name);
    name == "ip" || name == "mal" || PARTS.split(' ').any(|part| name.contains(part.trim()))
}

static NAMES: LazyLock<[FxHashMap<&'static str, Column>; 4]> = LazyLock::new(|| {
    Kind::ALL.map(|kind| {
        let rows = kind.names().iter();
        rows.flat_map(|(column, names)| names.split_whitespace().map(|n| (n, *column))).collect()
    })
});

type Names = &'static [(Column, &'static str)];

// All names are folded: lower case, accents off, letters and digits only; blanks between them.

const REGISTER: Names = &[
    (
        Column::Id,
        "beslutid beslutsid beslutnr beslutsnr beslutsnummer beslutnummer beslut id nr nummer \
         lopnr lopnummer portoppning portoppningsid ref decision decisionid decisionno requestid \
         no number",
    ),
    (
        Column::Diary,
        "diarienr diarienummer dnr arende arendenr arendenummer arendeid diary diarynumber \
         registrynumber ticket ticketid case caseid casenumber",
    ),
    (Column::Kind, "typ arendetyp andringstyp atgard type changetype action"),
    (
        Column::Purpose,
        "syfte andamal beskrivning motivering syftemedtjansten anledning purpose justification \
         description reason businessneed",
    ),
    (
        Column::Orderer,
        "bestallare behorigbestallare sokande begardav bestalldav requester requestor requestedby \
         orderer orderedby",
    ),
    (Column::OrdererRole, "bestallareroll bestallarroll bestallarensroll roll role requesterrole"),
    (
        Column::DecidedBy,
        "beslutadav beslutatav beslutsfattare godkandav godkannare beslutav decidedby approvedby \
         approver authorisedby authorizedby",
    ),
    (
        Column::DecidedOn,
        "beslutsdatum beslutdatum datumforbeslut beslutaddatum beslutad beslutat beslutsdag \
         godkanddatum decisiondate decidedon approvedon approvaldate dateapproved",
    ),
    (Column::Contact, "kontaktperson kontakt kontaktpersoner contact contactperson pointofcontact"),
    (
        Column::ValidFrom,
        "giltigfran giltigfrom giltigtfran gallerfran gallerfrom from startdatum fran validfrom \
         startdate effectivedate effectivefrom",
    ),
    (
        Column::ValidTo,
        "giltigtill giltigtom giltigttill giltigttom gallertill gallertom tom slutdatum utgar \
         upphor tidsbegransning giltighet giltighetstid till validto validuntil validthrough \
         until enddate expires expiry expirydate expirationdate",
    ),
    (
        Column::InternalSystem,
        "interntsystem internsystem systeminternt system berortsystem internalsystem \
         internaltsystem",
    ),
    (
        Column::InternalAddress,
        "internadress internaadresser internip internipadress ipinternt adressinternt \
         internaladdress internalip insideaddress",
    ),
    (Column::InternalZone, "internzon internalzone insidezone"),
    (Column::ExternalSystem, "externtsystem externsystem systemexternt externalsystem"),
    (
        Column::ExternalParty,
        "externpart motpart leverantor partner externalparty counterpart supplier vendor",
    ),
    (
        Column::ExternalAddress,
        "externadress externaadresser externip externipadress ipexternt adressexternt \
         externaladdress externalip outsideaddress",
    ),
    (Column::ExternalZone, "externzon externalzone outsidezone"),
    (
        Column::Source,
        "kalla kalladress kallaadress kallip kallaip kallipadress franip franadress avsandare \
         avsandaradress source sourceaddress sourceip sourceipaddress src srcip srcaddr \
         sourceaddresses fromip",
    ),
    (
        Column::Destination,
        "mal maladress malip malipadress tillip tilladress mottagare mottagaradress destination \
         destinationaddress destinationip destinationipaddress destinationaddresses destip dest \
         dst dstip dstaddr target toip",
    ),
    (Column::SourceZone, "kallzon franzon sourcezone srczone fromzone zonfran"),
    (Column::DestinationZone, "malzon tillzon destinationzone destzone dstzone tozone zontill"),
    (Column::SourcePort, "kallport kallportar sourceport sourceports srcport sport"),
    (Column::Direction, "riktning trafikriktning direction"),
    (
        Column::Traffic,
        "trafiktyp trafik tjanst tjanster typavtrafik applikation traffic traffictype service \
         services application",
    ),
    (Column::Protocol, "protokoll ipprotokoll protocol proto ipprotocol"),
    (
        Column::Port,
        "port portar portnr portnummer malport malportar destport destinationport \
         destinationports dstport dport ports portrange",
    ),
    (Column::Encryption, "kryptering krypterad krypterat encryption encrypted"),
    (Column::Firewall, "brandvagg brandvaggar firewall firewalls enhet device"),
    (
        Column::Rule,
        "regelid regel regelnr regelnummer rule ruleid rulename policy policyid regler rules",
    ),
    (Column::Status, "status lage tillstand state beslutsstatus"),
    (
        Column::Noted,
        "sekretess omprovningdatum omprovningsdatum omprovas omprovning reviewdate review \
         autentisering authentication klasss klassk klassr klasst klasssp \
         klass informationsklass riskanalysref riskanalys riskref risk avstegref avsteg infordav \
         inforddatum implementedby implementedon kommentar kommentarer anteckning anmarkning \
         notering ovrigt comment comments note notes remarks forvaltning namnd department \
         prioritet priority begarddatum begard requestdate requestedon created skapad andrad \
         updated lank bilaga url",
    ),
];

const SYSTEMS: Names = &[
    (
        Column::Name,
        "system systemnamn namn objekt tillgang applikation server servernamn vardnamn name \
         systemname asset assetname application hostname host",
    ),
    (
        Column::Owner,
        "agare systemagare informationsagare forvaltare systemforvaltare owner systemowner",
    ),
    (Column::Department, "forvaltning namnd avdelning department board organisation"),
    (Column::Status, "status lage livscykel state lifecycle"),
    (
        Column::Decommissioned,
        "avvecklad avvecklat avvecklingsdatum avveckladdatum avvecklas utfasad nedlagd \
         decommissioned decommissionedon retired endoflife",
    ),
    (
        Column::Address,
        "ip ipadress ipadresser adress adresser nat subnat address addresses ipaddress \
         ipaddresses subnet network",
    ),
    (
        Column::Class,
        "klass klassning informationsklass informationsklassning class classification k r t s sp \
         klassk klassr klasst klasss klasssp klassks konfidentialitet riktighet tillganglighet \
         sparbarhet sekretess confidentiality integrity availability traceability",
    ),
    (
        Column::Noted,
        "id systemid nr beskrivning description leverantor supplier vendor kommentar comment \
         version plats location kontaktperson contact typ type driftsatt idrift os operativsystem",
    ),
];

const SSIDS: Names = &[
    (Column::Ssid, "ssid natnamn natverksnamn tradlostnat networkname wlan essid"),
    (Column::Vlan, "vlan vlanid vlannr"),
    (Column::Prefix, "prefix nat subnat ipnat adresser network subnet prefixes ip"),
    (Column::Zone, "zon zone sakerhetszon"),
    (
        Column::Security,
        "sakerhet autentisering kryptering skydd security auth authentication encryption",
    ),
    (Column::Isolation, "isolering klientisolering isolation clientisolation"),
    (
        Column::Noted,
        "portal captiveportal inloggningsportal kommentar comment beskrivning description syfte \
         purpose agare owner id nr forvaltning malgrupp",
    ),
];

const EXCEPTIONS: Names = &[
    (
        Column::Id,
        "id avstegid avsteg avstegsid avstegnr avstegsnr nr nummer exception exceptionid number",
    ),
    (Column::Rule, "regel regler regelid krav kontroll rule rules ruleid check checks"),
    (Column::Device, "enhet brandvagg utrustning device firewall host"),
    (Column::Object, "objekt galler avser object objects fingerprint fingeravtryck subject"),
    (Column::Justification, "motivering skal orsak justification reason why"),
    (
        Column::Approver,
        "godkandav beslutadav beslutatav beslutsfattare approver approvedby decidedby",
    ),
    (
        Column::ValidTo,
        "giltigtill giltigtom gallertill gallertom tom slutdatum upphor validto validuntil until \
         expires enddate expiry",
    ),
    (Column::Evidence, "underlag bevis dnr diarienr diarienummer evidence evidenceref reference"),
    (
        Column::Noted,
        "risk riskanalys riskbedomning kommentar comment beslutsdatum decidedon approvedon \
         giltigfran validfrom status agare owner title rubrik",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(header: &str) -> Option<Kind> {
        judge(header.split(';'), &Context::default()).map(|j| j.kind)
    }

    #[test]
    fn names_are_folded_and_unique_within_a_kind() {
        for kind in Kind::ALL {
            let mut seen = Vec::new();
            for name in kind.names().iter().flat_map(|(_, names)| names.split_whitespace()) {
                assert_eq!(fold(name), name);
                seen.push(name);
            }
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), all, "{kind:?}");
        }
    }

    #[test]
    fn each_table_is_told_by_its_header() {
        let swedish = "beslut_id;diarienr;syfte;beställare;beslutad_av;beslutsdatum;kontaktperson;giltig_till;internt_system;intern_adress;extern_adress;riktning;trafiktyp;status";
        assert_eq!(kind(swedish), Some(Kind::Register));
        let english = "Id;Purpose;Requester;Approved by;Valid from;Valid to;Source;Destination;Service;Port;Protocol;Comment";
        assert_eq!(kind(english), Some(Kind::Register));
        let spaced = "Beslut nr;Ändamål;Beställare;Gäller t.o.m.;Käll-IP;Mål-IP;Port;Protokoll";
        assert_eq!(kind(spaced), Some(Kind::Register));
        assert_eq!(kind("system;ägare;status;adresser;klass_s"), Some(Kind::Systems));
        assert_eq!(kind("Namn;Förvaltning;IP-adress;K;R;T"), Some(Kind::Systems));
        assert_eq!(kind("ssid;vlan;prefix;zon;säkerhet;isolering;portal"), Some(Kind::Ssids));
        let exceptions = "id;regel;objekt;motivering;godkänd_av;giltig_till;underlag";
        assert_eq!(kind(exceptions), Some(Kind::Exceptions));
    }

    #[test]
    fn other_tables_are_none_of_ours() {
        for header in [
            "Name;Source;Destination;Service;Action;Comments",
            "Rule ID;Name;Source Zone;Source Address;Destination Address;Application;Service;Action;Description",
            "Source;Destination;Port;Protocol;Status",
            "Name;Source;Destination;Service;Action;Expires",
            "name;ip;mac",
            "date;amount;account",
            "id;name",
            "",
        ] {
            assert_eq!(kind(header), None, "{header}");
        }
    }

    #[test]
    fn own_names_go_first() {
        let mut context = Context::default();
        context.columns.insert("slutar gälla".into(), "giltig_till".into());
        context.columns.insert("syfte".into(), "kommentar".into());
        let of = |name| Kind::Register.column(name, &context);
        assert_eq!(of("Slutar gälla"), Some(Column::ValidTo));
        assert_eq!(of("Syfte"), Some(Column::Noted));
        assert_eq!(of("Giltig till (ÅÅÅÅ-MM-DD)"), Some(Column::ValidTo));
        assert_eq!(of("Källa / Source"), Some(Column::Source));
        assert_eq!(of("Port(ar)"), Some(Column::Port));
        assert_eq!(of("Favoritfärg"), None);
    }
}
