//! The looking itself: which engine asks what, and what is told of it.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{Timestamp, Zoned};
use portvakt_model::{HostSeen, PortProtocol, PortState, ScanCounts, ScanRun};
use portvakt_scan::connect::{self, Ended, FRAGILE_AT_ONCE, FRAGILE_RATE, Scanned};
use portvakt_scan::control::{Control, Progress, Seen};
use portvakt_scan::plan::{Plan, Range, addresses, without};
use portvakt_scan::scope::{Rate, Refusal};
use portvakt_scan::syn::{self, How, SynError};
use portvakt_scan::{discover, udp};

use super::document::{self, Addresses, Facts, moment};
use super::engine::Engine;
use super::kept::{self, Kept};
use super::result::Answer;
use super::told::{Looked, is_heard};
use super::{Job, Method, progress, services};

/// From so many hosts on they are looked for before many ports of each are asked. A connection to nobody holds a
/// socket for seconds where a SYN is sent and forgotten; a fragile host gets one connection at a time.
const MANY_BY_SYN: u64 = 1_024;
const MANY_BY_CONNECT: u64 = 64;
const MANY_FRAGILE: u64 = FRAGILE_AT_ONCE as u64;

/// What a run needs wherever it asks.
#[derive(Clone, Copy)]
struct Run<'r> {
    control: Control<'r>,
    kept: &'r Kept,
}

/// What an engine has told of a stretch of a plan.
#[derive(Default)]
struct Asked {
    hosts: Vec<HostSeen>,
    /// Addresses whose ports were not asked, since no host was found there.
    skipped: Vec<Range>,
    /// Whether all was asked often enough.
    complete: bool,
}

/// What the silence of a port means that was asked often enough.
type Silence = (PortProtocol, PortState);
const BY_TCP: Silence = (PortProtocol::Tcp, PortState::Filtered);
const BY_UDP: Silence = (PortProtocol::Udp, PortState::OpenOrFiltered);

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
            sensor: self.args.sensor.clone().or_else(|| self.earlier.sensor.clone()),
            scope: self.leave.row.file.clone(),
            authorised_by: self.leave.row.authorised_by.clone(),
            started: moment(Timestamp::now()),
            ended: None,
            complete: false,
            why_incomplete: None,
            method: engine.method().name().to_owned(),
            notes,
            targets: document::ends(&self.ranges()),
            asked_ports: document::port_ranges(planned.ports()),
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
    pub(super) fn ranges(&self) -> Vec<Range> {
        let planned = &self.wanted.planned;
        let mut ranges = [planned.full.ranges(), planned.gentle.ranges()].concat();
        ranges.sort_unstable();
        ranges
    }

    /// Asks everything that is not known yet, and then what speaks there.
    pub(super) fn look(
        &self,
        engine: Engine,
        stop: &AtomicBool,
        answer: &Answer,
        kept: &Kept,
    ) -> anyhow::Result<Looked> {
        let progress = Progress::keeping();
        let planned = &self.wanted.planned;
        Progress::add(
            &progress.total,
            planned.full.probes().saturating_add(planned.gentle.probes()),
        );
        let seen = |seen: Seen| {
            answer.found(seen);
            if answer.is_closed() {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let control = Control { stop, progress: &progress, seen: &seen };
        let closed = Mutex::new(None);
        let mut looked = Looked::default();
        let done = thread::scope(|within| {
            let _line = progress::show(within, &progress, self.args.to.lang);
            let _watch = self.watch(within, Run { control, kept }, &closed);
            self.ports(engine, Run { control, kept }, &mut looked)?;
            if !self.args.no_services {
                let gentle = |a: IpAddr| planned.gentle.host_index(a).is_some();
                let rate = self.leave.scope.rate;
                services::identify(&mut looked.hosts, gentle, rate, stop, kept)?;
            }
            anyhow::Ok(())
        });
        kept.write(progress.take());
        done?;
        if let Some(refusal) = closed.into_inner().ok().flatten() {
            looked.why = Some(refusal.to_string());
        }
        Ok(looked)
    }

    /// Looks once a second whether the scope's window closes or its last day ends, and then stops everything; and
    /// now and then writes what was found until now.
    fn watch<'s>(
        &'s self,
        within: &'s Scope<'s, '_>,
        run: Run<'s>,
        closed: &'s Mutex<Option<Refusal>>,
    ) -> mpsc::Sender<()> {
        let (end, ended) = mpsc::channel();
        let every = Duration::from_secs(1);
        within.spawn(move || {
            let mut written = Instant::now();
            while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let progress = run.control.progress;
                if written.elapsed() >= kept::EVERY || progress.waiting() >= kept::MANY {
                    run.kept.write(progress.take());
                    written = Instant::now();
                }
                if let Err(refusal) = self.leave.scope.open_at(Zoned::now().datetime())
                    && let Ok(mut closed) = closed.lock()
                {
                    *closed = Some(refusal);
                    run.control.stop.store(true, Ordering::Relaxed);
                }
            }
        });
        end
    }

    fn ports(&self, engine: Engine, run: Run<'_>, into: &mut Looked) -> anyhow::Result<()> {
        let planned = &self.wanted.planned;
        let (full, rate) = (&planned.full, self.leave.scope.rate);
        match engine {
            Engine::Syn(mut engine) => {
                let looks = self.looks_for_hosts(full, MANY_BY_SYN);
                self.in_stretches(full, rate, BY_TCP, run, into, &mut |left, into| {
                    self.syn(&mut engine, left, looks, run.control, into)
                })?;
            }
            Engine::Connect(_) => self.connect(full, rate, MANY_BY_CONNECT, run, into)?,
            Engine::Udp => {
                self.in_stretches(full, rate, BY_UDP, run, into, &mut |left, into| {
                    let scan = udp::scan(left, &self.leave.scope, &self.known(left), run.control);
                    Ok(into.scanned(scan.context("cannot ask by UDP")?))
                })?;
            }
        }
        if self.method == Method::Udp {
            if !planned.gentle.is_empty() {
                into.notes.push("fragile hosts are not asked by UDP".to_owned());
                into.skipped.extend(planned.gentle.ranges());
                Progress::add(&run.control.progress.done, planned.gentle.probes());
            }
        } else {
            let all = u32::try_from(FRAGILE_AT_ONCE).unwrap_or(1).saturating_mul(FRAGILE_RATE);
            let gently = Rate { total: all, subnet: all, host: FRAGILE_RATE };
            self.connect(&planned.gentle, gently, MANY_FRAGILE, run, into)?;
        }
        into.hosts.sort_by_key(|host| host.address);
        into.note_looked_for();
        Ok(())
    }

    /// Whether hosts are looked for first among those that may be asked by any means, and among fragile ones.
    pub(super) fn looks(&self) -> [bool; 2] {
        let planned = &self.wanted.planned;
        let many = match self.method {
            Method::Syn => MANY_BY_SYN,
            Method::Connect => MANY_BY_CONNECT,
            Method::Udp => return [false; 2],
        };
        [(&planned.full, many), (&planned.gentle, MANY_FRAGILE)]
            .map(|(plan, many)| self.looks_for_hosts(plan, many))
    }

    /// Whether hosts are looked for first: where it pays, for many ports of more than `many` hosts.
    fn looks_for_hosts(&self, plan: &Plan, many: u64) -> bool {
        let pays = plan.hosts() > many && plan.ports().len() > discover::MANY_PORTS;
        pays && !self.args.no_discovery
    }

    /// Asks a plan stretch by stretch, each past what is known, and settles what each has come to.
    fn in_stretches(
        &self,
        plan: &Plan,
        rate: Rate,
        silence: Silence,
        run: Run<'_>,
        into: &mut Looked,
        ask: &mut dyn FnMut(&Plan, &mut Looked) -> anyhow::Result<Asked>,
    ) -> anyhow::Result<()> {
        let hosts = plan.stretch_hosts(rate);
        let mut first = 0;
        while first < plan.hosts() {
            let stopped = into.why.is_some() || run.control.stopped();
            // What is left after a stop is settled as a whole: nothing of it was asked.
            let stretch = plan.stretch(first, if stopped { u64::MAX } else { hosts });
            first += stretch.hosts();
            let skipped =
                if self.args.no_discovery { Vec::new() } else { self.earlier.skipped(&stretch) };
            let left = self.earlier.left(&stretch, &skipped);
            let mut asked = Asked { complete: !stopped, ..Asked::default() };
            if stopped {
                into.why.get_or_insert_with(|| Ended::Stopped.to_string());
            } else if !left.is_empty() {
                asked = ask(&left, into)?;
            }
            asked.skipped.extend(skipped);
            let is_last = first >= plan.hosts() && self.wanted.planned.gentle.is_empty();
            self.settle(&stretch, asked, silence, (run, is_last), into);
        }
        Ok(())
    }

    /// Puts what was told of a stretch beside what was known of it, and keeps it.
    fn settle(
        &self,
        stretch: &Plan,
        asked: Asked,
        (protocol, silence): Silence,
        (run, is_last): (Run<'_>, bool),
        into: &mut Looked,
    ) {
        let Asked { hosts, skipped, complete } = asked;
        let silence = if complete { silence } else { PortState::Incomplete };
        let hosts = self.earlier.join(hosts, stretch, (protocol, silence));
        let heard = hosts.iter().filter(|host| is_heard(host));
        let mut told: Vec<Range> = heard.clone().map(|host| (host.address, host.address)).collect();
        told.extend(&skipped);
        told.sort_unstable();
        let unsure = |host: &&HostSeen| !is_heard(host) && is_unsure(host);
        let unsure: Vec<Range> =
            hosts.iter().filter(unsure).map(|host| (host.address, host.address)).collect();
        let rest = without(stretch.ranges(), &told);
        let mut silent =
            if complete { without(&rest, &unsure) } else { self.earlier.silent(stretch) };
        let mut not_known = without(&rest, &silent);
        // At its end the answer tells it all.
        if !complete || !is_last {
            run.kept.settle(heard, &Addresses::of(&silent, &skipped, &not_known));
            drop(run.control.progress.take());
        }
        into.silent.append(&mut silent);
        into.not_known.append(&mut not_known);
        into.skipped.extend(skipped);
        into.hosts.extend(hosts);
    }

    /// Which probes of a plan need not be sent.
    fn known<'p>(&'p self, plan: &'p Plan) -> impl Fn(u64) -> bool + 'p {
        move |probe| {
            let (address, port) = plan.probe(probe);
            self.earlier.knows(address, port)
        }
    }

    /// Asks with packets of our own.
    fn syn(
        &self,
        engine: &mut syn::Engine,
        plan: &Plan,
        looks: bool,
        control: Control<'_>,
        into: &mut Looked,
    ) -> anyhow::Result<Asked> {
        let known = self.earlier.hosts_of(plan);
        let how =
            How { rate: self.leave.scope.rate, tries: self.args.tries, known, ..How::default() };
        let mut there = None;
        if looks {
            let quietly = Control { progress: &Progress::default(), seen: &|_| {}, ..control };
            let found = discover::hosts(engine, plan, &how, quietly);
            let (hosts, complete) = into.run(found)?;
            if !complete {
                return Ok(Asked::default());
            }
            there = Some(hosts.iter().filter(|h| h.up).map(|h| h.address).collect());
        }
        let (plan, skipped) = self.of_those(plan, there, control, into);
        if plan.is_empty() {
            return Ok(Asked { skipped, complete: true, ..Asked::default() });
        }
        let (hosts, complete) = into.run(engine.scan(&plan, &how, control))?;
        Ok(Asked { hosts, skipped, complete })
    }

    /// Asks a plan by whole connections.
    fn connect(
        &self,
        plan: &Plan,
        rate: Rate,
        many: u64,
        run: Run<'_>,
        into: &mut Looked,
    ) -> anyhow::Result<()> {
        let looks = self.looks_for_hosts(plan, many);
        self.in_stretches(plan, rate, BY_TCP, run, into, &mut |left, into| {
            self.connect_to(left, looks, run.control, into).context("cannot open connections")
        })
    }

    fn connect_to(
        &self,
        plan: &Plan,
        looks: bool,
        control: Control<'_>,
        into: &mut Looked,
    ) -> anyhow::Result<Asked> {
        let scope = &self.leave.scope;
        let mut there = None;
        if looks {
            let quietly = Control { progress: &Progress::default(), seen: &|_| {}, ..control };
            let found = connect::hosts(plan, scope, quietly)?;
            into.add(&found.counts);
            if !into.went_through(&found.ended) {
                return Ok(Asked::default());
            }
            there = Some(found.hosts);
        }
        let (plan, skipped) = self.of_those(plan, there, control, into);
        if plan.is_empty() {
            return Ok(Asked { skipped, complete: true, ..Asked::default() });
        }
        let scanned = connect::scan(&plan, scope, &self.known(&plan), control)?;
        Ok(Asked { skipped, ..into.scanned(scanned) })
    }

    /// The plan of the hosts that are there, where they were looked for, and the addresses that are left out then. A
    /// host that an earlier run heard of is there.
    fn of_those(
        &self,
        plan: &Plan,
        there: Option<Vec<IpAddr>>,
        control: Control<'_>,
        into: &mut Looked,
    ) -> (Plan, Vec<Range>) {
        let Some(mut there) = there else { return (plan.clone(), Vec::new()) };
        there.extend(self.earlier.hosts_of(plan).iter().map(|host| host.address));
        let found = plan.only(&there);
        let skipped = without(plan.ranges(), found.ranges());
        *into.there.get_or_insert(0) += found.hosts();
        let ports = plan.ports().len() as u64;
        Progress::add(&control.progress.done, addresses(&skipped).saturating_mul(ports));
        (found, skipped)
    }
}

fn is_unsure(host: &HostSeen) -> bool {
    host.ports.iter().any(|p| p.state == PortState::Incomplete)
        || host.rest.iter().any(|r| r.state == PortState::Incomplete)
}

impl Looked {
    /// Takes over the counts of a run, and why it broke off; gives its hosts, and whether it went through.
    fn run(&mut self, run: Result<ScanRun, SynError>) -> anyhow::Result<(Vec<HostSeen>, bool)> {
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
        Ok((run.hosts, run.complete))
    }

    fn scanned(&mut self, scanned: Scanned) -> Asked {
        self.add(&scanned.counts);
        let complete = self.went_through(&scanned.ended);
        Asked { hosts: scanned.hosts, complete, ..Asked::default() }
    }

    /// Whether everything was asked; otherwise why not is noted.
    fn went_through(&mut self, ended: &Ended) -> bool {
        let complete = *ended == Ended::Complete;
        if !complete {
            self.why.get_or_insert(ended.to_string());
        }
        complete
    }

    fn add(&mut self, counts: &ScanCounts) {
        self.counts.sent += counts.sent;
        self.counts.answered += counts.answered;
        self.counts.unmatched += counts.unmatched;
        self.counts.dropped += counts.dropped;
    }
}
