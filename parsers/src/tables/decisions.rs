//! A row of the register into a decision.
//!
//! What a decision permits are the packets that open a connection and all that belong to it, so its
//! traffic has every state; what is compared with it is cut to new connections by the analysis.
//! A column of zones narrows nothing here, for zones are not known to parsers. Where the address
//! beside it is *every address*, the zone is all that limits the decision: then the row is refused.

use portvakt_model::{Decision, Field, Status};
use portvakt_space::{AddrSet, ServiceSet, Traffic};

use super::columns::Column;
use super::record::{Cell, Row, Value};
use super::spell::directions::{self, Direction};
use super::spell::{Why, addresses, services, words};
use super::values;

/// Reads a row. Every row gives a decision: what could not be read is missing from it and named in
/// the row's problems.
pub(super) fn read(row: &mut Row<'_>) -> Decision {
    let diary = row.field(Column::Diary);
    let id = row.field(Column::Id).or_else(|| diary.clone());
    row.id = id.map_or_else(|| format!("#{}", row.number), |f| f.text);
    let external = row.field(Column::ExternalSystem);
    let role = row.field(Column::OrdererRole);
    let mut decision = Decision {
        id: row.id.clone(),
        at: row.at(),
        diary,
        purpose: row.field(Column::Purpose),
        orderer: row.field(Column::Orderer).or(role),
        decided_by: row.field(Column::DecidedBy),
        decided_on: row.read(Column::DecidedOn, values::day),
        contact: row.field(Column::Contact),
        valid_from: row.read(Column::ValidFrom, values::first_day),
        valid_to: values::end_date(row, Column::ValidTo),
        internal_system: row.field(Column::InternalSystem),
        external_system: external.or_else(|| row.field(Column::ExternalParty)),
        traffic_text: traffic_text(row),
        service: service(row),
        permits: Vec::new(),
        encryption: row.field(Column::Encryption),
        firewall: row.field(Column::Firewall),
        rule: row.field(Column::Rule),
        status: Status::Decided,
        incomplete: false,
    };
    decision.status = status(row, &decision);
    decision.permits = permits(row, &decision);
    decision.incomplete = row.incomplete;
    decision
}

/// The traffic type as written, or what the port and protocol columns say.
fn traffic_text(row: &mut Row<'_>) -> Option<Field> {
    row.field(Column::Traffic).or_else(|| {
        let port = row.field(Column::Port);
        match (row.field(Column::Protocol), port) {
            (Some(protocol), Some(port)) => {
                Some(Field { text: format!("{} {}", protocol.text, port.text), at: port.at })
            }
            (protocol, port) => port.or(protocol),
        }
    })
}

/// Columns for protocol and port go before the traffic type, which then only names the application.
fn service(row: &mut Row<'_>) -> Option<ServiceSet> {
    if let Some(ports) = row.cell(Column::SourcePort)
        && services::read(&ports.value.text(), &[]) != Ok(ServiceSet::ANY)
    {
        row.problem(ports, source_ports());
        row.lost = true;
        return None;
    }
    let protocols = named_protocols(row);
    if row.cell(Column::Port).is_some() {
        return row.read(Column::Port, |v| service_of(v, &protocols));
    }
    if row.cell(Column::Protocol).is_some() && protocols.is_empty() {
        return row.read(Column::Protocol, |v| service_of(v, &[]));
    }
    if row.cell(Column::Traffic).is_some() {
        return row.read(Column::Traffic, |v| service_of(v, &protocols));
    }
    row.read(Column::Protocol, |v| service_of(v, &[]))
}

/// The protocols that the protocol column names or, without it, the traffic type.
fn named_protocols(row: &Row<'_>) -> Vec<u8> {
    let cell = row.cell(Column::Protocol).or_else(|| row.cell(Column::Traffic));
    cell.and_then(|c| services::protocols(&c.value.text())).unwrap_or_default()
}

fn service_of(value: &Value, protocols: &[u8]) -> Result<ServiceSet, Why> {
    match value {
        Value::Text(_) | Value::Number(_) => services::read(&value.text(), protocols),
        // A spreadsheet turns 10-12 into a day.
        _ => Err(Why::new(
            "cellen är ett datum eller en kryssruta; skriv portarna som text",
            "the cell is a date or a check box; write the ports as text",
        )),
    }
}

fn source_ports() -> Why {
    Why::new(
        "källportar prövas inte; lämna kolumnen tom eller skriv ”alla”",
        "source ports are not compared; leave the column empty or write \"any\"",
    )
}

/// A status that is not understood never counts as decided.
fn status(row: &mut Row<'_>, decision: &Decision) -> Status {
    let closing = row.cell(Column::Kind).is_some_and(|c| words::closes(&c.value.text()));
    if closing {
        return Status::Ended;
    }
    if row.cell(Column::Status).is_none() {
        return Status::Decided;
    }
    let decided = decision.decided_by.is_some() && decision.decided_on.is_some();
    row.read(Column::Status, |v| words::status(&v.text(), decided)).unwrap_or(Status::Requested)
}

fn permits(row: &mut Row<'_>, decision: &Decision) -> Vec<Traffic> {
    let Some(service) = &decision.service else {
        // The addresses are read all the same, so that each cell that cannot be is named.
        pairs(row);
        return Vec::new();
    };
    let traffic = |(src, dst)| Traffic { src, dst, service: service.clone(), ..Traffic::ANY };
    let all: Vec<Traffic> = pairs(row).into_iter().map(traffic).collect();
    if all.iter().any(Traffic::is_empty) {
        row.lacks(
            "adress",
            Why::new(
                "de båda sidornas adresser har ingen IP-version gemensam",
                "the addresses of the two sides have no IP version in common",
            ),
        );
        return Vec::new();
    }
    all
}

/// Sources and destinations: as the table gives them, or the internal and external side by
/// direction.
fn pairs(row: &mut Row<'_>) -> Vec<(AddrSet, AddrSet)> {
    let direct = row.cell(Column::Source).is_some() || row.cell(Column::Destination).is_some();
    let (first, second) = if direct { DIRECT } else { SIDES };
    let (one, other) = (side(row, &first), side(row, &second));
    let way = row.read(Column::Direction, |v| directions::read(&v.text()));
    let (Some(one), Some(other)) = (one, other) else { return Vec::new() };
    match way {
        Some(Direction::Both) => vec![(one.clone(), other.clone()), (other, one)],
        _ if direct => vec![(one, other)],
        Some(Direction::In) => vec![(other, one)],
        Some(Direction::Out) => vec![(one, other)],
        None if row.cell(Column::Direction).is_some() => Vec::new(),
        None => {
            row.lacks(
                "riktning",
                Why::new(
                    "riktningen saknas; skriv inkommande, utgående eller båda",
                    "the direction is missing; write inbound, outbound or both",
                ),
            );
            Vec::new()
        }
    }
}

/// The columns of one side.
struct Side {
    address: Column,
    zone: Column,
    /// Columns that may hold the address when there is none of its own.
    systems: &'static [Column],
}

const DIRECT: (Side, Side) = (
    Side { address: Column::Source, zone: Column::SourceZone, systems: &[] },
    Side { address: Column::Destination, zone: Column::DestinationZone, systems: &[] },
);

/// Internal first: outbound is from the first to the second.
const SIDES: (Side, Side) = (
    Side {
        address: Column::InternalAddress,
        zone: Column::InternalZone,
        systems: &[Column::InternalSystem],
    },
    Side {
        address: Column::ExternalAddress,
        zone: Column::ExternalZone,
        systems: &[Column::ExternalSystem, Column::ExternalParty],
    },
);

fn side(row: &mut Row<'_>, side: &Side) -> Option<AddrSet> {
    let set = match row.cell(side.address) {
        Some(_) => values::addresses(row, side.address)?,
        None => side.systems.iter().find_map(|c| row.cell(*c).and_then(in_system))?,
    };
    let zone = row.cell(side.zone).filter(|_| set.is_any());
    match zone.filter(|z| !words::is_everywhere(&z.value.text())) {
        None => Some(set),
        Some(zone) => {
            row.problem(zone, limited_by_zone());
            row.lost = true;
            None
        }
    }
}

/// Addresses that stand in the cell of a system: `Internet`, `srv-web1 (10.1.2.3)`.
fn in_system(cell: &Cell) -> Option<AddrSet> {
    let found = addresses::read(&cell.value.text()).ok()?;
    found.rest.is_none().then_some(found.set)
}

fn limited_by_zone() -> Why {
    Why::new(
        "adressen är ”alla” men zonen begränsar beslutet; skriv zonens adresser",
        "the address is \"any\" but the zone limits the decision; write the addresses of the zone",
    )
}

#[cfg(test)]
mod tests {
    use portvakt_model::SourceId;

    use super::*;
    use crate::tables::columns::Kind;
    use crate::tables::record::{Origin, Place};

    /// A decision from names of columns and texts, with the texts of the cells that are problems.
    fn decide(cells: &[(&str, &str)]) -> (Decision, Vec<String>) {
        let origin = Origin { source: SourceId(0), sheet: None };
        let cells: Vec<Cell> = (1..)
            .zip(cells)
            .map(|(at, (name, text))| {
                let column = Kind::Register.known(name).unwrap();
                let value = Value::Text((*text).to_owned());
                Cell::new(column, (*name).to_owned(), value, Place::Cell(2, at))
            })
            .collect();
        let mut row = Row::new(&origin, Place::Cell(2, 1), 2, &cells);
        let decision = read(&mut row);
        (decision, row.problems.into_iter().map(|p| p.column).collect())
    }

    fn net(text: &str) -> AddrSet {
        crate::net::network(text).unwrap()
    }

    const IN: &str = "10.1.1.1";
    const EX: &str = "192.0.2.1";

    fn sides(direction: &str) -> Vec<(AddrSet, AddrSet)> {
        let (decision, _) = decide(&[
            ("intern_adress", IN),
            ("extern_adress", EX),
            ("riktning", direction),
            ("port", "443"),
        ]);
        decision.permits.into_iter().map(|t| (t.src, t.dst)).collect()
    }

    #[test]
    fn direction_says_which_side_opens() {
        assert_eq!(sides("inkommande"), [(net(EX), net(IN))]);
        assert_eq!(sides("utgående"), [(net(IN), net(EX))]);
        assert_eq!(sides("båda"), [(net(IN), net(EX)), (net(EX), net(IN))]);
    }

    #[test]
    fn without_direction_nothing_is_permitted() {
        assert_eq!(sides(""), []);
        let (decision, problems) =
            decide(&[("intern_adress", IN), ("extern_adress", EX), ("port", "443")]);
        assert!(decision.permits.is_empty() && decision.incomplete);
        assert_eq!(problems, ["riktning"]);
        assert_eq!(decide(&[("källa", IN), ("mål", EX), ("port", "443")]).0.permits.len(), 1);
    }

    #[test]
    fn protocol_and_port_columns_go_before_the_traffic_type() {
        let service = |cells: &[(&str, &str)]| decide(cells).0.service;
        let udp = services::read("udp 53", &[]).ok();
        assert_eq!(service(&[("protokoll", "UDP"), ("port", "53"), ("trafiktyp", "https")]), udp);
        assert_eq!(service(&[("trafiktyp", "udp"), ("port", "53")]), udp);
        assert_eq!(service(&[("protokoll", "udp"), ("trafiktyp", "53")]), udp);
        let tcp = services::read("tcp 53", &[]).ok();
        assert_eq!(service(&[("trafiktyp", "namnuppslagning"), ("port", "53")]), tcp);
        assert_eq!(service(&[("protokoll", "gre")]), services::read("gre", &[]).ok());
        assert_eq!(service(&[("protokoll", "tcp")]), None);
        assert_eq!(service(&[("port", "53"), ("källport", "1024-65535")]), None);
        assert_eq!(service(&[("port", "53"), ("källport", "alla")]), tcp);
    }

    #[test]
    fn everywhere_is_limited_by_its_zone() {
        let row = |zone| {
            let row = [
                ("intern_adress", IN),
                ("extern_adress", "alla"),
                ("extern_zon", zone),
                ("riktning", "in"),
                ("port", "443"),
            ];
            decide(&row)
        };
        assert_eq!(row("internet").0.permits[0].src, AddrSet::ANY);
        assert_eq!(row("").0.permits[0].src, AddrSet::ANY);
        let (decision, problems) = row("Partner");
        assert!(decision.permits.is_empty() && decision.incomplete);
        assert_eq!(problems, ["extern_zon"]);
    }

    #[test]
    fn an_address_may_stand_with_its_system() {
        let row = [
            ("internt_system", "srv-web1 (10.1.1.1)"),
            ("externt_system", "Internet"),
            ("riktning", "in"),
            ("port", "443"),
        ];
        let (decision, problems) = decide(&row);
        assert_eq!(decision.permits[0].src, AddrSet::ANY);
        assert_eq!(decision.permits[0].dst, net(IN));
        assert_eq!(problems, [""; 0]);
        let (decision, problems) = decide(&[("internt_system", "Lön"), ("port", "443")]);
        assert!(decision.permits.is_empty() && !decision.incomplete);
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn only_a_known_status_counts_as_decided() {
        let status = |cells: &[(&str, &str)]| decide(cells).0.status;
        assert_eq!(status(&[("syfte", "x")]), Status::Decided);
        assert_eq!(status(&[("status", "kanske")]), Status::Requested);
        assert_eq!(status(&[("status", "införd"), ("typ", "borttag")]), Status::Ended);
        assert_eq!(status(&[("status", "akut")]), Status::Requested);
        let decided = [("status", "akut"), ("beslutad_av", "A"), ("beslutsdatum", "2025-03-01")];
        assert_eq!(status(&decided), Status::Decided);
    }

    #[test]
    fn a_month_begins_with_its_first_day_and_ends_with_its_last() {
        use jiff::civil::date;
        use portvakt_model::EndDate;
        let (decision, problems) = decide(&[
            ("giltig_från", "mars 2025"),
            ("giltig_till", "februari 2028"),
            ("beslutsdatum", "mars 2025"),
        ]);
        assert_eq!(decision.valid_from, Some(date(2025, 3, 1)));
        assert!(matches!(decision.valid_to, EndDate::On(day, _) if day == date(2028, 2, 29)));
        assert_eq!((decision.decided_on, problems), (None, vec!["beslutsdatum".to_owned()]));
    }

    #[test]
    fn a_role_or_a_party_stands_in_for_a_missing_name() {
        let (decision, _) = decide(&[
            ("ärendenummer", "KS-1"),
            ("beställare", "-"),
            ("beställare_roll", "systemägare"),
            ("extern_part", "Banken"),
        ]);
        assert_eq!(decision.id, "KS-1");
        assert_eq!(decision.orderer.map(|f| f.text), Some("systemägare".into()));
        assert_eq!(decision.external_system.map(|f| f.text), Some("Banken".into()));
    }
}
