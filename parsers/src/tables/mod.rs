//! The municipality's own tables: port-opening decisions, systems, the standard for wireless
//! networks, exceptions; as delimited text, workbook (XLSX, ODS), JSON or TOML.
//!
//! What a table is, is told by its columns or keys, never by its name. One file may hold several
//! tables: every parser here reads them all, and the file's format is that of most rows.

mod columns;
mod decisions;
mod delimited;
mod grid;
mod json;
mod ods;
mod others;
mod reader;
mod reasons;
mod record;
mod sheet;
mod spell;
mod toml_file;
mod tree;
mod values;
mod workbook;

use columns::Kind;
use reader::Reader;

use crate::{Build, Head, Input, Parser, Score};

/// Port-opening decisions.
pub(crate) static REGISTER: Parser = Parser {
    id: Kind::Register.id(),
    name: "Register of port-opening decisions",
    reads: "CSV (`;`, `,`, tab), XLSX, ODS, JSON, TOML",
    understands: "id, diary number, purpose, orderer, decider, contact, dates, systems, addresses, \
                  direction, services, firewall, rule, status; own column names by configuration",
    sniff: |head| sniff(head, Kind::Register),
    parse,
};

/// Systems and assets.
pub(crate) static SYSTEMS: Parser = Parser {
    id: Kind::Systems.id(),
    name: "Table of systems",
    reads: "CSV (`;`, `,`, tab), XLSX, ODS, JSON, TOML",
    understands: "name, owner, status, decommissioning, addresses, classes",
    sniff: |head| sniff(head, Kind::Systems),
    parse,
};

/// The standard for wireless networks.
pub(crate) static SSIDS: Parser = Parser {
    id: Kind::Ssids.id(),
    name: "Standard for wireless networks",
    reads: "CSV (`;`, `,`, tab), XLSX, ODS, JSON, TOML",
    understands: "SSID, VLAN, prefixes, zone, security, isolation",
    sniff: |head| sniff(head, Kind::Ssids),
    parse,
};

/// Exceptions.
pub(crate) static EXCEPTIONS: Parser = Parser {
    id: Kind::Exceptions.id(),
    name: "Exceptions (avsteg)",
    reads: "CSV (`;`, `,`, tab), XLSX, ODS, JSON, TOML",
    understands: "id, rules, device, objects, justification, approver, end date, evidence",
    sniff: |head| sniff(head, Kind::Exceptions),
    parse,
};

/// Whether some table has a column that is called `name`, in any spelling.
pub fn is_column(name: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.known(name).is_some())
}

fn sniff(head: &Head<'_>, kind: Kind) -> Score {
    if head.text.is_empty() {
        // What the sheets hold is known once they are read.
        let claims = kind == Kind::Register && workbook::is_workbook(head.bytes);
        return if claims { Score::SURE } else { Score::NO };
    }
    if toml_file::sniff(head.text) == Some(kind) {
        return Score(80);
    }
    let text = head.text.trim_start();
    let judged = if text.starts_with(['{', '[']) {
        json::sniff(text, head.context)
    } else {
        delimited::sniff(head.text, head.context)
    };
    judged.filter(|j| j.kind == kind).map_or(Score::NO, |j| Score(50 + j.share / 2))
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let mut reader = Reader::new(build);
    if !input.binary.is_empty() {
        workbook::read(input.binary, &mut reader);
    } else if toml_file::sniff(input.text).is_some() {
        toml_file::read(input.text, &mut reader);
    } else if input.text.trim_start().starts_with(['{', '[']) {
        json::read(input.text, &mut reader);
    } else {
        delimited::read(input.text, &mut reader);
    }
    reader.settle();
}
