//! Certificates from all sides, each once.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::super::trust::{Prefer, TrustRow};
use super::document::{CertificateRow, Counts, Document, NOT_ASSESSED, NoteRow, SCHEMA, State};

/// What ends within so many days ends soon, where nothing else is asked for. Whoever orders certificates by
/// hand needs that long.
pub(super) const SOON: u16 = 30;

/// Most certificates of the same key that are named with each of them. A firewall that makes certificates for all
/// sites has thousands, and each with all others would be millions.
const MOST_OF_ONE_KEY: usize = 20;

/// The moment that is judged for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    pub(super) now: Timestamp,
    /// Its date in UTC.
    pub(super) date: Date,
    /// Within how many days an end is soon.
    pub(super) soon: u16,
}

/// What was found.
pub(super) struct Inventory {
    day: Day,
    rows: BTreeMap<String, CertificateRow>,
    pub(super) notes: Vec<NoteRow>,
    pub(super) failures: Vec<String>,
}

impl Inventory {
    pub(super) const fn new(day: Day) -> Self {
        Self { day, rows: BTreeMap::new(), notes: Vec::new(), failures: Vec::new() }
    }

    /// The moment that is judged for.
    pub(super) const fn now(&self) -> Timestamp {
        self.day.now
    }

    /// Adds a certificate that was seen somewhere. One that is known already is seen in one more
    /// place; what was not known of it is taken over.
    pub(super) fn add(&mut self, mut row: CertificateRow) {
        row.days_left = self.day.until(row.ends);
        row.state = self.day.state(&row);
        let identity = row.identity();
        let Some(known) = self.rows.get_mut(&identity) else {
            self.rows.insert(identity, row);
            return;
        };
        known.trust = trust(known, &row);
        for seen in row.seen {
            if !known.seen.contains(&seen) {
                known.seen.push(seen);
            }
        }
        known.is_authority = known.is_authority.or(row.is_authority);
        known.self_signed = known.self_signed.or(row.self_signed);
    }

    /// Whether a certificate has ended, or ends within so many days.
    pub(super) fn ends_within(&self, days: u16) -> bool {
        let ends =
            |row: &CertificateRow| row.state == State::Expired || row.days_left <= i64::from(days);
        // Zero days is none: what ends later today has not ended.
        let has_ended = |row: &CertificateRow| row.state == State::Expired;
        if days == 0 { self.rows.values().any(has_ended) } else { self.rows.values().any(ends) }
    }

    /// The answer: all certificates, or those that end within so many days.
    pub(super) fn document(self, within: Option<u16>) -> Document {
        let keys = self.keys();
        let mut rows: Vec<CertificateRow> = self.rows.into_values().collect();
        for row in &mut rows {
            let same = row.key.fingerprint.as_ref().and_then(|key| keys.get(key));
            let own = row.fingerprint.as_ref();
            let others = same.into_iter().flatten().filter(|other| Some(*other) != own);
            row.same_key = others.take(MOST_OF_ONE_KEY).cloned().collect();
        }
        let counts = counts(&rows);
        rows.retain(|row| {
            within
                .is_none_or(|days| row.state == State::Expired || row.days_left <= i64::from(days))
        });
        rows.sort_by(|a, b| (a.ends, &a.fingerprint).cmp(&(b.ends, &b.fingerprint)));
        Document {
            schema: SCHEMA,
            tool: concat!("portvakt ", env!("CARGO_PKG_VERSION")),
            today: self.day.date.to_string(),
            within,
            counts,
            certificates: rows,
            notes: self.notes,
            failures: self.failures,
            not_assessed: NOT_ASSESSED,
        }
    }

    /// The certificates of each key.
    fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in self.rows.values() {
            if let (Some(key), Some(own)) = (&row.key.fingerprint, &row.fingerprint) {
                keys.entry(key.clone()).or_default().push(own.clone());
            }
        }
        keys
    }
}

/// What is said of roots when a certificate is seen once more. What a server sends counts before what a file
/// holds; of several servers one that sends too little counts, of several files one that holds enough.
fn trust(known: &CertificateRow, new: &CertificateRow) -> Option<TrustRow> {
    let was_sent = |row: &CertificateRow| row.seen.iter().any(|seen| seen.endpoint.is_some());
    let (Some(a), Some(b)) = (&known.trust, &new.trust) else {
        return known.trust.clone().or_else(|| new.trust.clone());
    };
    match (was_sent(known), was_sent(new)) {
        (true, false) => Some(a.clone()),
        (false, true) => Some(b.clone()),
        (both, _) => Some(a.joined(b, if both { Prefer::Untrusted } else { Prefer::Trusted })),
    }
}

impl Day {
    /// Days until the day of a moment, in UTC.
    fn until(self, end: Timestamp) -> i64 {
        let day = end.to_zoned(TimeZone::UTC).date();
        self.date.until((Unit::Day, day)).map_or(0, |span| i64::from(span.get_days()))
    }

    fn state(self, row: &CertificateRow) -> State {
        if row.ends < self.now {
            State::Expired
        } else if row.begins > self.now {
            State::NotYetValid
        } else if row.days_left <= i64::from(self.soon) {
            State::EndsSoon
        } else {
            State::Valid
        }
    }
}

fn counts(rows: &[CertificateRow]) -> Counts {
    let of = |state| rows.iter().filter(|row| row.state == state).count();
    Counts {
        certificates: rows.len(),
        expired: of(State::Expired),
        ends_soon: of(State::EndsSoon),
        not_yet_valid: of(State::NotYetValid),
        shared_keys: rows.iter().filter(|row| !row.same_key.is_empty()).count(),
    }
}
