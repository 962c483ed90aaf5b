//! The looking itself: which engine asks what.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context as _;
use jiff::Timestamp;
use portvakt_model::{HostSeen, ScanCounts};
use portvakt_scan::connect::{self, Ended};
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::plan::Plan;
use portvakt_scan::record::{self, Record};
use serde_json::value::RawValue;

use super::document::{self, Facts, moment};
use super::result::{Answer, document};
use super::{Job, progress};

/// What was seen.
#[derive(Default)]
pub(super) struct Looked {
    hosts: Vec<HostSeen>,
    counts: ScanCounts,
    /// Why it is not complete.
    why: Option<String>,
    method: String,
    notes: Vec<String>,
}

impl Job<'_> {
    /// What is known of the run before it begins.
    pub(super) fn facts(&self, run: &str) -> Facts {
        let planned = &self.wanted.planned;
        let mut targets: Vec<_> = [&planned.full, &planned.gentle]
            .iter()
            .flat_map(|p| p.ranges())
            .map(|(a, b)| [*a, *b])
            .collect();
        targets.sort_unstable();
        let rate = self.leave.scope.rate;
        Facts {
            schema: Facts::schema_name(),
            tool: super::tool(),
            run: run.to_owned(),
            user: record::Who::here().user,
            sensor: self.args.sensor.clone(),
            scope: self.leave.row.file.clone(),
            authorised_by: self.leave.row.authorised_by.clone(),
            started: moment(Timestamp::now()),
            ended: None,
            complete: false,
            why_incomplete: None,
            method: self.args.method().to_owned(),
            notes: self.left_out(),
            targets,
            asked_ports: document::port_ranges(self.asked_ports()),
            rates: [rate.total, rate.subnet, rate.host],
            sent: 0,
            answered: 0,
            unmatched: 0,
            dropped: 0,
            incomplete: 0,
            open: 0,
        }
    }

    fn asked_ports(&self) -> &[u16] {
        let planned = &self.wanted.planned;
        if planned.full.is_empty() { planned.gentle.ports() } else { planned.full.ports() }
    }

    fn left_out(&self) -> Vec<String> {
        self.wanted.planned.refused.iter().map(|r| format!("left out: {r}")).collect()
    }

    /// Asks everything that is not known yet.
    pub(super) fn look(&self, stop: &AtomicBool, answer: &Answer) -> anyhow::Result<Looked> {
        let progress = Progress::default();
        let seen = |seen: Seen| {
            answer.found(seen);
            if answer.is_closed() {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let control = Control { stop, progress: &progress, seen: &seen };
        thread::scope(|within| {
            let _line = progress::show(within, &progress, self.args.lang);
            let mut looked = Looked { method: "connect".to_owned(), ..Looked::default() };
            self.connect(&self.wanted.planned.full, control, &mut looked)?;
            self.connect(&self.wanted.planned.gentle, control, &mut looked)?;
            Ok(looked)
        })
    }

    /// Asks the hosts of a plan by whole connections.
    fn connect(&self, plan: &Plan, control: Control<'_>, into: &mut Looked) -> anyhow::Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let known = |probe| {
            let (address, port) = plan.probe(probe);
            self.earlier.knows(address, port)
        };
        let scanned = connect::scan(plan, &self.leave.scope, &known, control)
            .context("cannot open connections")?;
        into.hosts.extend(scanned.hosts);
        into.add(&scanned.counts);
        if scanned.ended != Ended::Complete {
            into.why.get_or_insert(scanned.ended.to_string());
        }
        Ok(())
    }

    /// Puts everything together that is known at the end.
    pub(super) fn tell(&mut self, mut facts: Facts, looked: Looked) -> (Facts, Vec<HostSeen>) {
        let earlier = std::mem::take(&mut self.earlier);
        let hosts = earlier.join(looked.hosts, self.asked_ports());
        facts.count(&looked.counts, &hosts);
        facts.method = looked.method;
        facts.notes.extend(looked.notes);
        facts.ended = Some(moment(Timestamp::now()));
        facts.complete = looked.why.is_none();
        facts.why_incomplete = looked.why;
        (facts, hosts)
    }

    /// Notes the end, with what was found when there is more to ask.
    pub(super) fn end(
        &self,
        record: &mut Record,
        facts: &Facts,
        hosts: &[HostSeen],
    ) -> anyhow::Result<()> {
        let counts = ScanCounts {
            sent: facts.sent,
            answered: facts.answered,
            unmatched: facts.unmatched,
            incomplete: facts.incomplete,
            dropped: facts.dropped,
        };
        let mut ended = record::Ended::new(&counts, facts.open, facts.why_incomplete.clone());
        if !ended.complete {
            let result = serde_json::to_string(&document(facts, hosts, &self.wanted))?;
            ended.result = Some(RawValue::from_string(result)?);
        }
        record.end(ended).context("the record cannot be kept up to date")
    }
}

impl Looked {
    fn add(&mut self, counts: &ScanCounts) {
        self.counts.sent += counts.sent;
        self.counts.answered += counts.answered;
        self.counts.unmatched += counts.unmatched;
        self.counts.incomplete += counts.incomplete;
        self.counts.dropped += counts.dropped;
    }
}
