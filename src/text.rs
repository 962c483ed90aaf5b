//! Swedish and English: messages, values and places as a person reads them.

use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;

use jiff::civil::Date;
use portvakt_model::{Arg, Finding, Message, RuleRef, Shown, Told, filled, recorded_in_swedish};
use portvakt_space::{AddrSet, ICMP, ICMPV6, ServiceBox, ServiceSet, TCP, Traffic, UDP};
use schemars::JsonSchema;
use serde::Serialize;

use crate::inputs::FailureKind;

/// The language of a report. Ids, keys and logs are English whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl Lang {
    /// The sentence in this language.
    pub const fn pick(self, message: &'static Message) -> &'static str {
        self.of(message.sv, message.en)
    }

    /// The first in Swedish, the second in English.
    pub const fn of<T: Copy>(self, sv: T, en: T) -> T {
        match self {
            Self::Sv => sv,
            Self::En => en,
        }
    }
}

/// A finding's sentence with its values.
pub fn message(finding: &Finding, lang: Lang) -> String {
    let value = |name: &str| {
        finding.args.iter().find(|(n, _)| *n == name).map(|(_, value)| arg(value, lang))
    };
    capitalised(&filled(lang.pick(finding.message), value))
}

/// Words of ours that a value may begin with.
const SENTENCE_STARTS: [&str; 10] = [
    "regel",
    "regeln",
    "rule",
    "the",
    "listans",
    "adressgruppen",
    "tjänstgruppen",
    "gränssnittet",
    "rad",
    "line",
];

/// A sentence that begins with a value still begins with a capital, unless the value is a name
/// that is written otherwise.
fn capitalised(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    if !SENTENCE_STARTS.contains(&word) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Words of a parser or a reader.
pub fn words(words: &Told, lang: Lang) -> String {
    words.text(|message| lang.pick(message))
}

/// What a record or an answer says in English, as it is kept.
pub fn recorded(english: &str, lang: Lang) -> String {
    match lang {
        Lang::Sv => recorded_in_swedish(english),
        Lang::En => english.to_owned(),
    }
}

/// A value as a person writes it.
pub fn arg(value: &Arg, lang: Lang) -> String {
    match value {
        Arg::Text(text) => text.clone(),
        Arg::Number(n) => n.to_string(),
        Arg::Date(date) => date_text(*date),
        Arg::Traffic(parts) => traffic(parts, lang),
        Arg::Service(set) => service(set, lang),
        Arg::Rule(rule) => rule_text(rule, lang),
        Arg::Names(names) => names.join(", "),
        Arg::Phrase(message) => lang.pick(message).to_owned(),
        Arg::Either(sv, en) => lang.of(sv, en).clone(),
    }
}

fn date_text(date: Date) -> String {
    date.to_string()
}

fn rule_text(rule: &RuleRef, lang: Lang) -> String {
    match (&rule.id, rule.rule) {
        (Some(id), _) => lang.of("regel ", "rule ").to_owned() + id,
        (None, Some(_)) => {
            format!("{} {}", lang.of("regeln på rad", "the rule on line"), rule.line)
        }
        (None, None) => lang.of("listans förval", "the list's default").to_owned(),
    }
}

/// A number with what it counts: one, or several.
pub fn count(number: usize, [one, several]: [&str; 2]) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// The most parts of a set that a sentence names before it says how many more there are.
const SHOWN: usize = 3;

/// Traffic as a person writes it.
fn traffic(parts: &[Shown], lang: Lang) -> String {
    let shown = parts.iter().take(SHOWN).map(|t| one_traffic(t, lang));
    let mut text = shown.collect::<Vec<_>>().join("; ");
    more(&mut text, parts.len(), lang);
    text
}

fn more(text: &mut String, count: usize, lang: Lang) {
    if count > SHOWN {
        let _ = write!(text, " {} {}", lang.of("och ytterligare", "and"), count - SHOWN);
        text.push_str(lang.of("", " more"));
    }
}

fn one_traffic(shown: &Shown, lang: Lang) -> String {
    let t = &shown.traffic;
    let side =
        |name: &Option<String>, set: &AddrSet| name.clone().unwrap_or_else(|| addresses(set, lang));
    format!(
        "{} → {} {}",
        side(&shown.src, &t.src),
        side(&shown.dst, &t.dst),
        service(&t.service, lang)
    )
}

/// Addresses as prefixes and ranges.
pub fn addresses(set: &AddrSet, lang: Lang) -> String {
    if set.is_any() {
        return lang.of("alla adresser", "any address").to_owned();
    }
    let ranges = set.ranges();
    let shown = ranges.iter().take(SHOWN).map(|&(lo, hi)| range(lo, hi));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    more(&mut text, ranges.len(), lang);
    if text.is_empty() { lang.of("ingen adress", "no address").to_owned() } else { text }
}

/// A prefix where the range is one, else both ends.
pub fn range(lo: IpAddr, hi: IpAddr) -> String {
    if lo == hi {
        return lo.to_string();
    }
    let width = if lo.is_ipv4() { 32 } else { 128 };
    let exact = (0..width).rev().find(|len| AddrSet::prefix(lo, *len) == AddrSet::range(lo, hi));
    exact.map_or_else(|| format!("{lo}–{hi}"), |len| format!("{lo}/{len}"))
}

/// Services with protocol and ports.
pub fn service(set: &ServiceSet, lang: Lang) -> String {
    if set.boxes() == [ServiceBox::ANY] {
        return lang.of("alla tjänster", "every service").to_owned();
    }
    let boxes = set.boxes();
    let shown = boxes.iter().take(SHOWN).map(one_service);
    let mut text = shown.collect::<Vec<_>>().join(", ");
    more(&mut text, boxes.len(), lang);
    text
}

fn one_service(b: &ServiceBox) -> String {
    let proto = match b.proto {
        (lo, hi) if lo == hi => protocol(lo),
        (lo, hi) => format!("ip {lo}–{hi}"),
    };
    if matches!(b.proto, (ICMP | ICMPV6, _)) {
        return if b.dport == (0, u16::MAX) {
            proto
        } else {
            format!("{proto} {}", ports((b.dport.0 >> 8, b.dport.1 >> 8)))
        };
    }
    let mut text = proto;
    if b.dport != (0, u16::MAX) {
        let _ = write!(text, "/{}", ports(b.dport));
    }
    if b.sport != (0, u16::MAX) {
        let _ = write!(text, " (src {})", ports(b.sport));
    }
    text
}

/// The name of a protocol, or `ip n`.
pub fn protocol(number: u8) -> String {
    match number {
        ICMP => "icmp".to_owned(),
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        47 => "gre".to_owned(),
        50 => "esp".to_owned(),
        51 => "ah".to_owned(),
        ICMPV6 => "icmpv6".to_owned(),
        89 => "ospf".to_owned(),
        132 => "sctp".to_owned(),
        n => format!("ip {n}"),
    }
}

fn ports((lo, hi): (u16, u16)) -> String {
    if lo == hi { lo.to_string() } else { format!("{lo}–{hi}") }
}

/// A set of packets: every source with every destination and every service. All ranges are
/// inclusive.
#[derive(Serialize, JsonSchema)]
pub struct TrafficRow {
    /// Ranges of source addresses.
    src: Vec<[String; 2]>,
    /// Ranges of destination addresses.
    dst: Vec<[String; 2]>,
    /// Services.
    services: Vec<ServiceRow>,
}

/// Protocols with ports.
#[derive(Serialize, JsonSchema)]
struct ServiceRow {
    /// Range of IP protocol numbers.
    proto: (u8, u8),
    /// Range of source ports.
    sport: (u16, u16),
    /// Range of destination ports; for ICMP type × 256 + code.
    dport: (u16, u16),
}

/// Traffic for machines.
pub fn traffic_row(t: &Traffic) -> TrafficRow {
    let ends = |set: &AddrSet| {
        set.ranges().iter().map(|(lo, hi)| [lo.to_string(), hi.to_string()]).collect()
    };
    let service = |b: &ServiceBox| ServiceRow { proto: b.proto, sport: b.sport, dport: b.dport };
    TrafficRow {
        src: ends(&t.src),
        dst: ends(&t.dst),
        services: t.service.boxes().iter().map(service).collect(),
    }
}

/// The name of a cell as spreadsheets show it: row 7 of column 2 is `B7`.
pub fn cell_name(row: u32, column: u32) -> String {
    let (mut letters, mut n) = (Vec::new(), column.max(1));
    while n > 0 {
        n -= 1;
        letters.push(char::from(b'A' + (n % 26) as u8));
        n /= 26;
    }
    letters.iter().rev().chain(row.to_string().chars().collect::<Vec<_>>().iter()).collect()
}

/// What a person should know and do about a file that could not be read.
pub fn failure(kind: &FailureKind, lang: Lang) -> String {
    match kind {
        FailureKind::Io(kind, said) => words(&cannot_be_read(*kind, said), lang),
        FailureKind::NotRecognised => lang
            .of(
                "formatet känns inte igen; se `portvakt formats` för vad som läses",
                "the format is not recognised; see `portvakt formats` for what is read",
            )
            .to_owned(),
        FailureKind::TooLarge => {
            lang.of("är större än 2 GiB; dela filen", "is larger than 2 GiB; split it").to_owned()
        }
        FailureKind::Binary => lang
            .of(
                "är inte text; exportera konfigurationen som text",
                "is not text; export it as text",
            )
            .to_owned(),
        FailureKind::Site(e) => placed(Some((e.line, e.column)), &e.message, lang),
        FailureKind::Scan(fault) => placed(fault.at, &fault.message, lang),
    }
}

/// What is wrong at a line and column, or with a file as a whole.
fn placed(at: Option<(u32, u32)>, message: &Told, lang: Lang) -> String {
    let message = words(message, lang);
    let Some((line, column)) = at else { return message };
    let [row, character] = lang.of(["rad", "tecken"], ["line", "column"]);
    format!("{row} {line}, {character} {column}: {message}")
}

/// Why the operating system does not let a file be read; in its own words where they are rare.
pub fn cannot_be_read(kind: io::ErrorKind, said: &str) -> Told {
    let words: &Message = match kind {
        io::ErrorKind::NotFound => &Message {
            sv: "kan inte läsas: finns inte",
            en: "cannot be read: there is no such file",
        },
        io::ErrorKind::PermissionDenied => &Message {
            sv: "kan inte läsas: läsrätt saknas",
            en: "cannot be read: permission denied",
        },
        io::ErrorKind::IsADirectory => {
            &Message { sv: "kan inte läsas: är en mapp", en: "cannot be read: is a folder" }
        }
        io::ErrorKind::InvalidData => {
            &Message { sv: "kan inte läsas: är inte UTF-8", en: "cannot be read: is not UTF-8" }
        }
        _ => {
            return Told::of(
                &Message { sv: "kan inte läsas: ”{name}”", en: "cannot be read: {name}" },
                said,
            );
        }
    };
    words.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_in_a_spreadsheet() {
        assert_eq!(cell_name(7, 2), "B7");
        assert_eq!(cell_name(1, 28), "AB1");
    }

    #[test]
    fn sets_read_as_people_write_them() {
        let net = |t: &str, len| AddrSet::prefix(t.parse().unwrap(), len);
        assert_eq!(addresses(&net("10.1.0.0", 16), Lang::Sv), "10.1.0.0/16");
        assert_eq!(addresses(&net("2001:db8::", 32), Lang::En), "2001:db8::/32");
        assert_eq!(addresses(&AddrSet::ANY, Lang::Sv), "alla adresser");
        let odd = AddrSet::range("10.0.0.1".parse().unwrap(), "10.0.0.6".parse().unwrap());
        assert_eq!(addresses(&odd, Lang::En), "10.0.0.1–10.0.0.6");
        assert_eq!(service(&ServiceBox::to(TCP, 8000, 8010).into(), Lang::En), "tcp/8000–8010");
    }
}
