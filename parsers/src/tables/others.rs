//! Rows of the other tables: systems, the standard for wireless networks, exceptions.

use portvakt_model::{Exception, Field, Isolation, SsidStandard, System, WlanAuth};

use super::columns::Column;
use super::record::{Row, Value};
use super::spell::Why;
use super::spell::words::{among, fold, is_nothing, yes_no};
use super::values;

/// A row of the table of systems. `None` when it names none.
pub(super) fn system(row: &mut Row<'_>) -> Option<System> {
    let name = named(row, Column::Name)?;
    let department = row.field(Column::Department);
    let Stage { gone, on, stated } = decommissioned(row);
    Some(System {
        name,
        owner: department.or_else(|| row.field(Column::Owner)),
        addresses: values::addresses(row, Column::Address),
        decommissioned: gone,
        decommissioned_on: on,
        stated_gone: stated,
        class: class(row),
        at: row.at(),
    })
}

fn named(row: &mut Row<'_>, column: Column) -> Option<String> {
    let name = row.field(column);
    if name.is_none() && !row.lost {
        row.lacks("namn", Why::new("raden saknar namn", "the row has no name"));
    }
    let name = name?.text;
    row.id.clone_from(&name);
    Some(name)
}

/// What a row says of the end of a system.
struct Stage {
    gone: Option<bool>,
    on: Option<jiff::civil::Date>,
    /// Whether its status says so.
    stated: bool,
}

/// A day in the column means that the system ends or ended then; an empty cell that it has not.
fn decommissioned(row: &mut Row<'_>) -> Stage {
    let by_status = row.read(Column::Status, |v| life(&v.text()));
    let stated = by_status == Some(true);
    if row.cell(Column::Decommissioned).is_none() {
        let told = row.has(Column::Decommissioned).then_some(false);
        return Stage { gone: by_status.or(told), on: None, stated };
    }
    match row.read(Column::Decommissioned, gone) {
        Some((gone, on)) => Stage { gone: Some(gone || stated), on, stated },
        None => Stage { gone: by_status, on: None, stated },
    }
}

fn gone(value: &Value) -> Result<(bool, Option<jiff::civil::Date>), Why> {
    let word = match value {
        Value::Number(_) | Value::Day(_) => None,
        _ => yes_no(&value.text()).or_else(|| life(&value.text()).ok()),
    };
    match word {
        Some(gone) => Ok((gone, None)),
        None => values::first_day(value).map(|day| (true, Some(day))),
    }
}

/// Whether a word for a stage of life means that the system is gone.
fn life(text: &str) -> Result<bool, Why> {
    const GONE: &str = "avvecklad avvecklat nedlagd nedlagt utfasad utfasat urdrift avstalld skrotad avslutad \
         avslutat decommissioned retired disposed scrapped";
    const ALIVE: &str = "drift idrift produktion iproduktion aktiv aktivt pilot test utveckling inforande \
         underinforande planerad planerat forvaltning underavveckling avvecklas active production \
         inproduction live planned development inuse inservice";
    match fold(text).as_str() {
        word if among(word, GONE) => Ok(true),
        word if among(word, ALIVE) => Ok(false),
        _ => Err(Why::new(
            "statusen förstås inte; skriv drift, under avveckling eller avvecklad",
            "the status is not understood; write production, planned or decommissioned",
        )),
    }
}

/// The highest class of all class columns (*K, R, T, S*): `3`, `K2 R3 T2`, `2-3-2`.
fn class(row: &mut Row<'_>) -> Option<u8> {
    let cells: Vec<_> = row.cells.iter().filter(|c| c.column == Column::Class).collect();
    let mut highest = None;
    for cell in cells {
        let text = cell.value.text();
        if is_nothing(&text) {
            continue;
        }
        let class = highest_class(&text);
        highest = highest.max(class);
        if class.is_none() {
            row.problem(cell, unclear_class());
            row.lost = true;
        }
    }
    highest
}

fn unclear_class() -> Why {
    Why::new(
        "klassen förstås inte; skriv 1–4, eller till exempel K2 R3 T2",
        "the class is not understood; write 1–4, or for example K2 R3 T2",
    )
}

fn highest_class(text: &str) -> Option<u8> {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let class = |n: &str| n.parse().ok().filter(|n| (1..=4).contains(n));
    numbers.map(class).collect::<Option<Vec<u8>>>()?.into_iter().max()
}

/// A row of the standard for wireless networks. `None` when it names no network.
pub(super) fn ssid(row: &mut Row<'_>) -> Option<SsidStandard> {
    let ssid = named(row, Column::Ssid)?;
    Some(SsidStandard {
        ssid,
        vlan: row.read(Column::Vlan, |v| vlan(&v.text())),
        prefixes: values::addresses(row, Column::Prefix),
        zone: row.field(Column::Zone),
        auth: row.read(Column::Security, |v| auth(&v.text())).unwrap_or_default(),
        isolation: row.read(Column::Isolation, |v| isolation(&v.text())),
        at: row.at(),
    })
}

/// `120`, `VLAN 120`, `vlan120` (IEEE 802.1Q: 1–4094).
fn vlan(text: &str) -> Result<u16, Why> {
    let word = fold(text);
    let number = word.strip_prefix("vlan").unwrap_or(&word).parse().ok();
    number.filter(|n| (1..=4094).contains(n)).ok_or_else(|| {
        Why::new(
            "VLAN förstås inte; skriv ett tal 1–4094",
            "the VLAN is not understood; write 1–4094",
        )
    })
}

/// Ways in, all that are allowed: `wpa3-enterprise`, `WPA2-PSK eller WPA3-SAE`, `öppet`.
fn auth(text: &str) -> Result<Vec<WlanAuth>, Why> {
    let lower =
        text.to_lowercase().replace(" eller ", ",").replace(" or ", ",").replace(" och ", ",");
    let words = lower.split([',', ';', '\n', '+']).map(fold).filter(|w| !w.is_empty());
    words.map(|word| way_in(&word)).collect::<Result<Vec<_>, _>>()
}

fn way_in(word: &str) -> Result<WlanAuth, Why> {
    Ok(match word {
        "open" | "oppet" | "oppen" | "ingen" | "none" => WlanAuth::Open,
        "owe" | "enhancedopen" | "wpa3owe" => WlanAuth::Owe,
        "wep" => WlanAuth::Wep,
        "psk" | "wpapsk" | "wpa2psk" | "wpapersonal" | "wpa2personal" | "wpa2wpapsk" => {
            WlanAuth::Psk
        }
        "sae" | "wpa3sae" | "wpa3personal" | "wpa3psk" => WlanAuth::Sae,
        "8021x" | "dot1x" | "enterprise" | "wpaenterprise" | "wpa2enterprise" | "wpa28021x"
        | "eap" | "eaptls" | "peap" | "wpa2eap" | "wpa2eaptls" => WlanAuth::Dot1x,
        "wpa3enterprise" | "wpa38021x" | "wpa3eap" | "wpa3eaptls" => WlanAuth::Dot1xWpa3,
        _ => {
            return Err(Why::new(
                "säkerheten förstås inte; skriv öppet, owe, wpa2-psk, wpa3-sae, wpa2-enterprise eller \
                 wpa3-enterprise",
                "the security is not understood; write open, owe, wpa2-psk, wpa3-sae, \
                 wpa2-enterprise or wpa3-enterprise",
            ));
        }
    })
}

/// A bare yes asks that clients be kept apart and not how far: isolation at the access point meets
/// it.
fn isolation(text: &str) -> Result<Isolation, Why> {
    match (yes_no(text), fold(text).as_str()) {
        (Some(true), _)
        | (_, "ap" | "accesspunkt" | "accesspoint" | "peraccesspunkt" | "perap") => {
            Ok(Isolation::AccessPoint)
        }
        (Some(false), _) => Ok(Isolation::Off),
        (_, "full" | "fullstandig" | "helanatet" | "controller" | "kontroller" | "central") => {
            Ok(Isolation::Controller)
        }
        _ => Err(Why::new(
            "isoleringen förstås inte; skriv ja, nej, accesspunkt eller hela nätet",
            "the isolation is not understood; write yes, no, access point or full",
        )),
    }
}

/// A row of the table of exceptions.
pub(super) fn exception(row: &mut Row<'_>) -> Exception {
    let id = row.field(Column::Id);
    row.id = id.map_or_else(|| format!("#{}", row.number), |f| f.text);
    let object = row.field(Column::Object).map(|f| list(&f.text)).unwrap_or_default();
    Exception {
        id: row.id.clone(),
        rules: row.field(Column::Rule).as_ref().map(fields).unwrap_or_default(),
        device: row.field(Column::Device),
        object,
        justification: row.field(Column::Justification),
        approver: row.field(Column::Approver),
        valid_to: values::end_date(row, Column::ValidTo),
        evidence: row.field(Column::Evidence),
        at: row.at(),
        source: row.origin.source,
    }
}

fn fields(field: &Field) -> Vec<Field> {
    list(&field.text).into_iter().map(|text| Field { text, at: field.at.clone() }).collect()
}

fn list(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', '\n', '\r']).map(str::trim);
    parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_class_counts() {
        for (text, class) in [
            ("3", Some(3)),
            ("K2 R3 T2", Some(3)),
            ("2-3-2", Some(3)),
            ("K1R4T2S2", Some(4)),
            ("5", None),
            ("0", None),
            ("33", None),
            ("hög", None),
        ] {
            assert_eq!(highest_class(text), class, "{text}");
        }
    }

    #[test]
    fn ways_in_are_told_apart() {
        use WlanAuth::{Dot1x, Dot1xWpa3, Open, Owe, Psk, Sae};
        let cases: &[(&str, &[WlanAuth])] = &[
            ("wpa3-enterprise", &[Dot1xWpa3]),
            ("WPA2-Enterprise (802.1X)", &[]),
            ("802.1X", &[Dot1x]),
            ("WPA2-PSK eller WPA3-SAE", &[Psk, Sae]),
            ("öppet", &[Open]),
            ("OWE, öppet", &[Owe, Open]),
        ];
        for (text, want) in cases {
            assert_eq!(auth(text).unwrap_or_default(), *want, "{text}");
        }
    }

    #[test]
    fn vlans_are_numbers_of_the_standard() {
        assert_eq!(vlan("VLAN 120"), Ok(120));
        assert_eq!(vlan("770"), Ok(770));
        assert!(vlan("4095").is_err() && vlan("0").is_err() && vlan("gäst").is_err());
    }
}
