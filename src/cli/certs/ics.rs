//! The inventory as a calendar (RFC 5545): an event on the day that each certificate ends, with a
//! reminder before it. What has ended already is in it too; it is not hidden by being late.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::document::{CertificateRow, Document};
use super::text::seen;
use crate::text::Lang;

/// Most octets of a line, its end not counted (RFC 5545 §3.1).
const LINE: usize = 75;

/// A calendar of all certificates that are listed.
pub(super) fn calendar(document: &Document, lang: Lang) -> String {
    let mut out = Calendar::default();
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//portvakt//certs//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    for row in &document.certificates {
        event(&mut out, row, lang);
    }
    out.line("END:VCALENDAR");
    out.text
}

/// The UID stays the same for the same certificate, so that a calendar that is imported again holds each event
/// once; and so does the time stamp, which is the first second of its validity.
fn event(out: &mut Calendar, row: &CertificateRow, lang: Lang) {
    let end = date(row.ends);
    let summary = format!("{}: {}", lang.of("Certifikat går ut", "Certificate ends"), row.title());
    out.line("BEGIN:VEVENT");
    out.line(&format!("UID:{}@portvakt", row.identity()));
    out.line(&format!("DTSTAMP:{}", moment(row.begins)));
    out.line(&format!("DTSTART;VALUE=DATE:{}", compact(end)));
    if let Ok(next) = end.tomorrow() {
        out.line(&format!("DTEND;VALUE=DATE:{}", compact(next)));
    }
    out.property("SUMMARY", &summary);
    out.property("DESCRIPTION", &description(row, lang));
    out.line("TRANSP:TRANSPARENT");
    out.line("BEGIN:VALARM");
    out.line("ACTION:DISPLAY");
    out.line("TRIGGER:-P30D");
    out.property("DESCRIPTION", &summary);
    out.line("END:VALARM");
    out.line("END:VEVENT");
}

fn description(row: &CertificateRow, lang: Lang) -> String {
    let words = lang.of(
        ["Namn", "Innehavare", "Utfärdare", "Sett", "Går ut", "SHA-256"],
        ["Names", "Subject", "Issuer", "Seen", "Ends", "SHA-256"],
    );
    let values = [
        row.names.join(", "),
        row.subject.clone(),
        row.issuer.clone(),
        seen(&row.seen),
        row.not_after.clone(),
        row.fingerprint.clone().unwrap_or_default(),
    ];
    let lines = words.iter().zip(values).map(|(word, value)| format!("{word}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn compact(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn moment(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let time = at.time();
    format!("{}T{:02}{:02}{:02}Z", compact(at.date()), time.hour(), time.minute(), time.second())
}

/// Lines that end as RFC 5545 wants them, folded where they are long.
#[derive(Default)]
struct Calendar {
    text: String,
}

impl Calendar {
    /// A property whose value is text (§3.3.11): backslashes, semicolons, commas and line breaks are
    /// escaped.
    fn property(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                c if c.is_control() => {}
                c => line.push(c),
            }
        }
        self.line(&line);
    }

    /// A line of any length: after 75 octets it goes on in the next, after a space. No character is
    /// cut in two.
    fn line(&mut self, line: &str) {
        let mut used = 0;
        for c in line.chars() {
            if used + c.len_utf8() > LINE {
                self.text.push_str("\r\n ");
                used = 1;
            }
            self.text.push(c);
            used += c.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(line: &str) -> String {
        let mut calendar = Calendar::default();
        calendar.line(line);
        calendar.text
    }

    /// RFC 5545 §3.1: no line is longer than 75 octets, and unfolding gives back what was folded.
    #[test]
    fn long_lines_are_folded_between_characters() {
        let long = "ö".repeat(100);
        let text = folded(&long);
        assert!(text.ends_with("\r\n"));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE));
        assert_eq!(text.replace("\r\n ", "").trim_end(), long);
        let exact = "x".repeat(LINE);
        assert_eq!(folded(&exact), format!("{exact}\r\n"));
        assert_eq!(folded(&format!("{exact}y")), format!("{exact}\r\n y\r\n"));
    }

    #[test]
    fn text_is_escaped() {
        let mut calendar = Calendar::default();
        calendar.property("SUMMARY", "CN=a\\,b;c\nd\u{7}");
        assert_eq!(calendar.text, "SUMMARY:CN=a\\\\\\,b\\;c\\nd\r\n");
    }
}
