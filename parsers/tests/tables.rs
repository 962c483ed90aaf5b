//! The municipality's tables as whole files: encodings, damage, bombs, secrets.

#![expect(clippy::expect_used, reason = "a test")]

use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portvakt_model::{EndDate, LineState, SourceId};
use portvakt_parsers::{Context, PARSERS, Parsed, parse, parse_as};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn read(bytes: impl Into<Vec<u8>>) -> Parsed {
    parse(SourceId(0), "table", bytes.into(), &Context::default()).expect("it is recognised")
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(path)
}

fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(fixture(path)).expect("the fixture can be read")
}

const TABLE: &str = "Beslut nr;Syfte;Beställare;Gäller t.o.m.;Källa;Mål;Port\r\n\
                     P-1;Förråd på Ön;Åsa Exempel;2027-12-31;10.1.1.1;10.1.2.0/24;443\r\n\
                     P-2;\"Två\r\nrader\";Åsa Exempel;tillsvidare;alla;10.1.2.9;tcp 22\r\n";

/// What matters of a register, without places.
fn gist(parsed: &Parsed) -> String {
    let mut out = parsed.format.to_owned();
    for d in &parsed.tables.register.decisions {
        let purpose = d.purpose.as_ref().map(|f| f.text.replace('\r', ""));
        let end = match &d.valid_to {
            EndDate::On(day, _) => day.to_string(),
            other => format!("{other:?}").chars().take_while(|c| c.is_alphabetic()).collect(),
        };
        let _ = write!(out, "\n{} {purpose:?} {end} {:?}", d.id, d.permits);
    }
    out
}

#[test]
fn a_table_reads_the_same_in_every_encoding_and_with_every_delimiter() {
    let want = gist(&read(TABLE));
    assert_eq!(read(TABLE).tables.register.decisions.len(), 2);
    let latin: Vec<u8> = TABLE.chars().map(|c| c as u8).collect();
    let utf16: Vec<u8> = TABLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for spelling in [
        format!("\u{feff}{TABLE}").into_bytes(),
        latin,
        [&[0xff, 0xfe][..], &utf16].concat(),
        TABLE.replace(';', ",").into_bytes(),
        TABLE.replace(';', "\t").into_bytes(),
        TABLE.replace("\r\n", "\n").into_bytes(),
        format!("sep=;\r\n{TABLE}").into_bytes(),
        format!("Register 2026\r\n\r\n{TABLE}").into_bytes(),
    ] {
        assert_eq!(gist(&read(spelling)), want);
    }
}

#[test]
fn each_line_of_a_record_has_its_state() {
    let parsed = read(TABLE);
    let used = parsed.coverage.count(|s| s == LineState::Used);
    assert_eq!((used, parsed.coverage.len()), (4, 4));
}

#[test]
fn a_quote_that_never_closes_is_told() {
    let parsed = read(TABLE.replace("rader\"", "rader"));
    assert_eq!(parsed.tables.register.decisions.len(), 1);
    assert_eq!(parsed.tables.register.problems.len(), 1);
    assert_eq!(parsed.coverage.count(|s| matches!(s, LineState::Unsupported(_))), 2);
}

#[test]
fn a_table_without_a_known_header_is_not_passed_over() {
    let register = PARSERS.iter().find(|p| p.id == "register").expect("it is there");
    let text = "alfa;beta\n1;2\n\n3;4\n".to_owned();
    let parsed = parse_as(register, SourceId(0), "x", text, &[], &Context::default());
    assert_eq!(parsed.coverage.count(|s| matches!(s, LineState::Unsupported(_))), 3);
    assert_eq!(parsed.coverage.count(|s| s == LineState::Neutral), 1);
}

#[test]
fn own_column_names_make_a_table_known() {
    let text =
        "Löpande;Varför;Vem;Slutar;Källa;Mål;Port\nP-1;Skäl;Anna;2027-01-01;alla;10.1.1.1;443\n";
    let context = |pairs: &[(&str, &str)]| Context {
        columns: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        ..Context::default()
    };
    let without = parse(SourceId(0), "x", text.into(), &Context::default());
    assert!(without.is_err());
    let own = [
        ("löpande", "beslut_id"),
        ("varför", "syfte"),
        ("vem", "beställare"),
        ("slutar", "giltig_till"),
    ];
    let parsed = parse(SourceId(0), "x", text.into(), &context(&own)).expect("it is recognised");
    let decision = &parsed.tables.register.decisions[0];
    assert_eq!(decision.id, "P-1");
    assert!(matches!(decision.valid_to, EndDate::On(..)));
}

#[test]
fn no_secret_of_a_table_remains() {
    let parsed = read(bytes("secrets/register.csv"));
    assert_eq!(parsed.tables.register.decisions.len(), 5);
    assert!(!format!("{parsed:?}").contains("HEMLIG"));
    assert!(!parsed.source.text().contains("HEMLIG"));
    assert!(parsed.source.text().contains("SYNLIG-kontakt"));
    let header = "id;syfte;beställare;giltig_till;källa;mål;port;lösenord\n";
    let row =
        "P-1;Nyckel (PSK): HEMLIG-1;Anna;2027-01-01;HEMLIG-3 pw=HEMLIG-4;10.1.1.1;443;HEMLIG-2\n";
    let parsed = read(format!("{header}{row}"));
    let shown = format!("{:?}{}", parsed.tables, parsed.source.text());
    for hidden in ["HEMLIG-1", "HEMLIG-2", "HEMLIG-4"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

/// The parts of an archive, changed by `change`, in a new archive.
fn rebuilt(archive: Vec<u8>, mut change: impl FnMut(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut part = from.by_index(index).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).expect("it unpacks");
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let how = if name == "mimetype" { stored } else { SimpleFileOptions::default() };
        to.start_file(name.clone(), how).expect("a part begins");
        to.write_all(&change(&name, content)).expect("it is written");
    }
    to.finish().expect("the archive ends").into_inner()
}

fn replaced(path: &str, part: &str, from: &str, to: &str) -> Parsed {
    read(rebuilt(bytes(path), |name, content| {
        if name != part {
            return content;
        }
        let text = String::from_utf8(content).expect("XML is text");
        assert!(text.contains(from), "{text}");
        text.replace(from, to).into_bytes()
    }))
}

const XLSX: &str = "parsers/register/workbook/input.xlsx";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const ODS: &str = "parsers/register/opendocument/input.ods";
const CONTENT: &str = "content.xml";

fn is_told(parsed: &Parsed) -> bool {
    !parsed.tables.register.problems.is_empty()
        && parsed.coverage.states().any(|s| matches!(s, LineState::Unsupported(_)))
}

#[test]
fn a_damaged_workbook_is_told() {
    for part in [&b"PK\x03\x04 xl/workbook.xml"[..], &bytes(XLSX)[..3000]] {
        let parsed = read(part);
        assert!(is_told(&parsed) && parsed.tables.register.decisions.is_empty());
    }
    assert!(is_told(&replaced(XLSX, "xl/workbook.xml", "<sheets>", "<shoots>")));
    // The last row may be cut, so it is left out.
    let cut = replaced(XLSX, SHEET, "</sheetData>", "");
    assert!(is_told(&cut) && cut.tables.register.decisions.len() == 3);
    let odd = replaced(XLSX, SHEET, "r=\"A7\"", "r=\"A99999999999\"");
    assert!(is_told(&odd));
}

#[test]
fn a_document_that_is_cut_comes_to_an_end() {
    for end in ["</table:table>", "</table:table-row>", "</office:body>"] {
        let began = Instant::now();
        let parsed = read(rebuilt(bytes(ODS), |name, content| {
            let text = String::from_utf8(content).expect("text");
            let cut =
                if name == CONTENT { text.find(end).expect("it is there") } else { text.len() };
            text.as_bytes()[..cut].to_vec()
        }));
        assert!(is_told(&parsed), "{end}");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_far_cell_takes_no_memory_and_is_told() {
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>";
    let parsed = replaced(XLSX, SHEET, "</sheetData>", far);
    assert!(is_told(&parsed));
    assert!(parsed.coverage.len() < 100);
    assert_eq!(parsed.tables.register.decisions.len(), 4);
}

#[test]
fn a_cell_repeated_without_end_stops() {
    let many = "table:number-columns-repeated=\"9\"/><table:table-row table:number-rows-repeated=\"4000000000\"><table:table-cell \
                table:number-columns-repeated=\"4000000000\" office:value-type=\"float\" \
                office:value=\"1\"/></table:table-row>";
    let began = Instant::now();
    let parsed = replaced(ODS, CONTENT, "table:number-columns-repeated=\"9\"/>", many);
    assert!(is_told(&parsed));
    assert!(began.elapsed() < Duration::from_mins(2), "{:?}", began.elapsed());
}

#[test]
fn deep_and_broken_trees_are_told() {
    let deep = format!("{{\"beslut\": {}{} }}", "[".repeat(100_000), "]".repeat(100_000));
    let key = format!("[[decision]]\nid = \"x\"\n{}b = 1\n", "a.".repeat(100_000));
    let nested = format!("[[decision]]\nid = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let json = "{\"beslut\": [{\"id\": \"1\", \"syfte\": \"x\", \"kontakt\": \"y\", \"giltig_till\": 1, \"port\": 2";
    let register = PARSERS.iter().find(|p| p.id == "register").expect("it is there");
    for text in [deep, key, nested, json.to_owned()] {
        let parsed = parse_as(register, SourceId(0), "x", text, &[], &Context::default());
        let lost = parsed.coverage.count(|s| matches!(s, LineState::Unsupported(_)));
        assert!(lost > 0, "{:.60}", parsed.source.text());
    }
}

/// One way to spoil XML: a byte changed, a stretch cut out, a stretch repeated.
fn spoil(text: &mut Vec<u8>, how: u8, at: usize, byte: u8) {
    if text.is_empty() {
        return;
    }
    let at = at % text.len();
    let end = (at + usize::from(byte)).min(text.len());
    match how % 4 {
        0 => text[at] = byte,
        1 => drop(text.drain(at..end)),
        2 => text.truncate(at),
        _ => {
            let again = text[at..end].to_vec();
            text.splice(at..at, again);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_parts_of_workbooks_are_read_or_refused(
        ods in any::<bool>(),
        spoils in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>(), 0usize..8), 1..6),
    ) {
        let began = Instant::now();
        let mut index = 0;
        let spoiled = rebuilt(bytes(if ods { ODS } else { XLSX }), |name, mut content| {
            index += 1;
            for (how, at, byte, part) in &spoils {
                if name != "mimetype" && (index % 8 == *part || name == CONTENT) {
                    spoil(&mut content, *how, *at, *byte);
                }
            }
            content
        });
        let _ = parse(SourceId(0), "x", spoiled, &Context::default());
        prop_assert!(began.elapsed() < Duration::from_secs(30));
    }
}
