//! The looking itself: which engine asks what, and what is told of it.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Scope};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{Timestamp, Zoned};
use portvakt_model::{
    HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanCounts, ScanRun,
};
use portvakt_scan::connect::{self, Ended, Scanned};
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::plan::{Plan, Range};
use portvakt_scan::scope::Refusal;
use portvakt_scan::syn::{self, How, SynError};
use portvakt_scan::{discover, udp};

use super::document::{self, Facts, moment, without};
use super::engine::Engine;
use super::result::{Answer, Found};
use super::wanted::Wanted;
use super::{Job, Method, progress, services};

/// Where no more addresses than this are asked, each is told of, whether it answers or not; and no host is
/// looked for first where a look at all ports costs little.
const FEW_HOSTS: u64 = 256;
const WORTH_A_LOOK: u64 = 1_024;

/// What was seen.
#[derive(Default)]
pub(super) struct Looked {
    hosts: Vec<HostSeen>,
    counts: ScanCounts,
    /// Why it is not complete.
    why: Option<String>,
    notes: Vec<String>,
    skipped: Vec<Range>,
}

/// All that is told.
pub(super) struct Told {
    facts: Facts,
    hosts: Vec<HostSeen>,
    silent: Vec<Range>,
    skipped: Vec<Range>,
}

impl Told {
    pub(super) fn found<'a>(&'a self, wanted: &'a Wanted) -> Found<'a> {
        let Self { facts, hosts, silent, skipped } = self;
        Found { facts, hosts, silent, skipped, wanted }
    }
}

impl Job<'_> {
    /// What is known of the run before it begins.
    pub(super) fn facts(&self, run: &str, engine: &Engine) -> Facts {
        let planned = &self.wanted.planned;
        let rate = self.leave.scope.rate;
        let mut notes: Vec<String> =
            planned.refused.iter().map(|r| format!("left out: {r}")).collect();
        if let Engine::Connect(Some(why)) = engine {
            notes.push(why.clone());
        }
        Facts {
            schema: Facts::schema_name(),
            tool: super::tool(),
            run: run.to_owned(),
            user: self.who.user.clone(),
            sensor: self.args.sensor.clone(),
            scope: self.leave.row.file.clone(),
            authorised_by: self.leave.row.authorised_by.clone(),
            started: moment(Timestamp::now()),
            ended: None,
            complete: false,
            why_incomplete: None,
            method: engine.method().name().to_owned(),
            notes,
            targets: document::ends(&self.ranges()),
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

    /// Every address that is asked.
    fn ranges(&self) -> Vec<Range> {
        let planned = &self.wanted.planned;
        let mut ranges = [planned.full.ranges(), planned.gentle.ranges()].concat();
        ranges.sort_unstable();
        ranges
    }

    fn asked_ports(&self) -> &[u16] {
        let planned = &self.wanted.planned;
        if planned.full.is_empty() { planned.gentle.ports() } else { planned.full.ports() }
    }

    /// Asks everything that is not known yet, and then what speaks there.
    pub(super) fn look(
        &self,
        engine: Engine,
        stop: &AtomicBool,
        answer: &Answer,
    ) -> anyhow::Result<Looked> {
        let progress = Progress::default();
        let seen = |seen: Seen| {
            answer.found(seen);
            if answer.is_closed() {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let control = Control { stop, progress: &progress, seen: &seen };
        let closed = Mutex::new(None);
        let mut looked = Looked::default();
        thread::scope(|within| {
            let _line = progress::show(within, &progress, self.args.lang);
            let _watch = self.watch(within, stop, &closed);
            self.ports(engine, control, &mut looked)?;
            if !self.args.no_services {
                let gentle = |a: IpAddr| self.wanted.planned.gentle.host_index(a).is_some();
                services::identify(&mut looked.hosts, gentle, self.leave.scope.rate, stop)?;
            }
            anyhow::Ok(())
        })?;
        if let Some(refusal) = closed.into_inner().ok().flatten() {
            looked.why = Some(refusal.to_string());
        }
        Ok(looked)
    }

    /// Stops everything when the scope's window closes or its last day ends.
    fn watch<'s>(
        &'s self,
        within: &'s Scope<'s, '_>,
        stop: &'s AtomicBool,
        closed: &'s Mutex<Option<Refusal>>,
    ) -> mpsc::Sender<()> {
        let (end, ended) = mpsc::channel();
        let every = Duration::from_secs(1);
        within.spawn(move || {
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let Err(refusal) = self.leave.scope.open_at(Zoned::now().datetime()) else {
                    continue;
                };
                if let Ok(mut closed) = closed.lock() {
                    *closed = Some(refusal);
                }
                stop.store(true, Ordering::Relaxed);
                return;
            }
        });
        end
    }

    fn ports(&self, engine: Engine, control: Control<'_>, into: &mut Looked) -> anyhow::Result<()> {
        let planned = &self.wanted.planned;
        match engine {
            Engine::Syn(mut engine) => self.syn(&mut engine, control, into)?,
            Engine::Connect(_) => self.connect(&planned.full, control, into)?,
            Engine::Udp => self.udp(control, into)?,
        }
        if self.method != Method::Udp {
            self.connect(&planned.gentle, control, into)?;
        } else if !planned.gentle.is_empty() {
            into.notes.push("fragile hosts are not asked by UDP".to_owned());
            into.skipped.extend(planned.gentle.ranges());
        }
        into.hosts.sort_by_key(|host| host.address);
        Ok(())
    }

    /// Asks with packets of our own.
    fn syn(
        &self,
        engine: &mut syn::Engine,
        control: Control<'_>,
        into: &mut Looked,
    ) -> anyhow::Result<()> {
        let mut plan = self.wanted.planned.full.clone();
        if plan.is_empty() {
            return Ok(());
        }
        let how = How {
            rate: self.leave.scope.rate,
            tries: self.args.tries,
            known: self.earlier.hosts(),
            ..How::default()
        };
        let pays = plan.hosts() > WORTH_A_LOOK && plan.ports().len() > discover::MANY_PORTS;
        if pays && !self.args.no_discovery {
            let aside = Progress::default();
            let quietly = Control { progress: &aside, seen: &|_| {}, ..control };
            let there = into.run(discover::hosts(engine, &plan, &how, quietly))?;
            let up: Vec<IpAddr> = there.iter().filter(|h| h.up).map(|h| h.address).collect();
            let found = plan.only(&up);
            into.skipped = without(plan.ranges(), found.ranges());
            into.notes.push(format!(
                "{} addresses answered when hosts were looked for; the others were not asked for \
                 ports (--no-discovery asks them too)",
                up.len()
            ));
            plan = found;
        }
        if !plan.is_empty() {
            let hosts = into.run(engine.scan(&plan, &how, control))?;
            into.hosts.extend(hosts);
        }
        Ok(())
    }

    /// Asks the hosts of a plan by whole connections.
    fn connect(&self, plan: &Plan, control: Control<'_>, into: &mut Looked) -> anyhow::Result<()> {
        let scan = |known: &dyn Fn(u64) -> bool| {
            connect::scan(plan, &self.leave.scope, known, control)
                .context("cannot open connections")
        };
        self.past_known(plan, (PortProtocol::Tcp, PortState::Filtered), scan, into)
    }

    fn udp(&self, control: Control<'_>, into: &mut Looked) -> anyhow::Result<()> {
        let plan = &self.wanted.planned.full;
        let scan = |known: &dyn Fn(u64) -> bool| {
            udp::scan(plan, &self.leave.scope, known, control).context("cannot ask by UDP")
        };
        self.past_known(plan, (PortProtocol::Udp, PortState::OpenOrFiltered), scan, into)
    }

    /// Scans what is not known, and puts it beside what is.
    fn past_known(
        &self,
        plan: &Plan,
        silence: (PortProtocol, PortState),
        scan: impl FnOnce(&dyn Fn(u64) -> bool) -> anyhow::Result<Scanned>,
        into: &mut Looked,
    ) -> anyhow::Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let known = |probe| {
            let (address, port) = plan.probe(probe);
            self.earlier.knows(address, port)
        };
        let scanned = scan(&known)?;
        into.hosts.extend(self.earlier.join(scanned.hosts, plan, silence));
        into.add(&scanned.counts);
        if scanned.ended != Ended::Complete {
            into.why.get_or_insert(scanned.ended.to_string());
        }
        Ok(())
    }

    /// Puts everything together that is known at the end.
    pub(super) fn tell(&self, mut facts: Facts, looked: Looked) -> Told {
        let ranges = self.ranges();
        let asked: u64 = [&self.wanted.planned.full, &self.wanted.planned.gentle]
            .iter()
            .map(|plan| plan.hosts())
            .sum();
        let mut hosts = looked.hosts;
        if asked > FEW_HOSTS {
            hosts.retain(is_heard);
        }
        hosts.iter_mut().for_each(few_one_by_one);
        let mut elsewhere: Vec<Range> = hosts.iter().map(|h| (h.address, h.address)).collect();
        elsewhere.extend(&looked.skipped);
        elsewhere.sort_unstable();
        facts.count(&looked.counts, &hosts);
        facts.notes.extend(looked.notes);
        facts.ended = Some(moment(Timestamp::now()));
        facts.complete = looked.why.is_none();
        facts.why_incomplete = looked.why;
        Told { facts, hosts, silent: without(&ranges, &elsewhere), skipped: looked.skipped }
    }
}

/// Whether a host has a word of its own, or ports that may still have one.
fn is_heard(host: &HostSeen) -> bool {
    let speaks =
        |state| matches!(state, PortState::Open | PortState::Closed | PortState::Incomplete);
    host.up
        || host.ports.iter().any(|p| speaks(p.state))
        || host.rest.iter().any(|r| speaks(r.state))
}

/// Ports of one state that are told one by one, as nmap does; more are told as ranges.
const FEW_PORTS: usize = 25;

/// Tells the ports of a state one by one where they are few, whatever the engine.
fn few_one_by_one(host: &mut HostSeen) {
    let count =
        |r: &PortRanges| r.ranges.iter().map(|(a, b)| usize::from(b - a) + 1).sum::<usize>();
    let (few, rest): (Vec<_>, Vec<_>) =
        std::mem::take(&mut host.rest).into_iter().partition(|r| count(r) <= FEW_PORTS);
    host.rest = rest;
    for part in few {
        let ports = part.ranges.iter().flat_map(|(first, last)| *first..=*last);
        host.ports.extend(ports.map(|port| PortSeen {
            port,
            protocol: part.protocol,
            state: part.state,
            reason: reason(part.state).to_owned(),
            at: None,
            tries: 0,
            rtt_us: None,
            service: None,
        }));
    }
    host.ports.sort_by_key(|p| (p.protocol, p.port));
}

/// What shows a state where an engine tells no more.
const fn reason(state: PortState) -> &'static str {
    match state {
        PortState::Open => "syn-ack",
        PortState::Closed => "reset",
        PortState::Filtered => "no-response-or-prohibited",
        PortState::Unreachable => "unreachable",
        PortState::OpenOrFiltered => "no-response",
        PortState::Incomplete => "not-certain",
    }
}

impl Looked {
    /// Takes over the counts of a run, and why it broke off; gives its hosts.
    fn run(&mut self, run: Result<ScanRun, SynError>) -> anyhow::Result<Vec<HostSeen>> {
        let run = match run {
            Ok(run) => run,
            Err(SynError::Broken { cause, run }) => {
                self.why.get_or_insert(format!("the scan broke off: {cause}"));
                *run
            }
            Err(e) => return Err(e.into()),
        };
        if !run.complete {
            self.why.get_or_insert(Ended::Stopped.to_string());
        }
        self.add(&run.counts);
        Ok(run.hosts)
    }

    fn add(&mut self, counts: &ScanCounts) {
        self.counts.sent += counts.sent;
        self.counts.answered += counts.answered;
        self.counts.unmatched += counts.unmatched;
        self.counts.incomplete += counts.incomplete;
        self.counts.dropped += counts.dropped;
    }
}
