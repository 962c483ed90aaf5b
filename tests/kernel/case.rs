//! One rule set: loaded, asked about, compared.

use std::fmt::Write as _;

use portvakt_model::{Device, SourceId};
use portvakt_parsers::{Context, Parsed, parse};
use portvakt_space::{Family, Packet, UDP};
use serde_json::Value;

use crate::LEAST_COMPARED;
use crate::frame::Connections;
use crate::lab::{Answer, Lab, Seen, Way, run};
use crate::ours::{Opinion, Ours};
use crate::points::{Points, Port, Sent};

/// A rule set to be compared.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Name of the file, for the parser.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The nft script that the kernel is given, where it is not the text.
    pub(crate) script: Option<String>,
    /// `ipset save` that goes with it.
    pub(crate) sets: Option<String>,
    /// Percent of the packets of which our verdict must be certain.
    pub(crate) least_certain: usize,
}

pub(crate) enum Outcome {
    /// It cannot be compared, and why.
    Refused(String),
    Compared {
        packets: usize,
        certain: usize,
        /// By the state that the kernel saw them in, in the order of [`State::ALL`].
        states: [usize; 5],
        wrong: usize,
        report: String,
    },
}

/// Disagreements that are shown of each rule set.
const MOST_SHOWN: usize = 8;
/// Interfaces that packets are sent by.
const MOST_PORTS: usize = 8;

impl Case {
    /// Runs in a thread of its own, which it takes to another network namespace.
    pub(crate) fn compare(&self) -> Outcome {
        let parsed = match self.read() {
            Ok(parsed) => parsed,
            Err(why) => return Outcome::Refused(why),
        };
        let [device] = &parsed.devices[..] else {
            return Outcome::Refused(format!("{} hosts in one file", parsed.devices.len()));
        };
        let ports = ports(device);
        let names: Vec<String> = ports.iter().map(|p| p.name.clone()).collect();
        let lab = Lab::new(&names);
        let ways = [Way::Forward, Way::Input].map(|way| (way, Ours::new(device, way)));
        let mut points: Vec<(Way, Points<'_, '_>)> = Vec::new();
        for (way, ours) in ways.iter().filter(|(_, ours)| !ours.lists.is_empty()) {
            points.push((*way, Points::new(ours, *way, &ports, seed(&self.name))));
        }
        let connections = connect(&lab, &mut points);
        if let Err(why) = self.load(&parsed, device) {
            return Outcome::Refused(format!("the kernel takes it not: {why}"));
        }
        if points.is_empty() {
            return Outcome::Refused("no list on the ways of packets".into());
        }
        let mut tally = Tally::default();
        for (way, points) in &mut points {
            self.ask(&lab, *way, points, (&connections, &ports), &mut tally);
        }
        if tally.certain * 100 < tally.packets * self.least_certain {
            tally.wrong += tally.packets - tally.certain;
            let _ = writeln!(
                tally.report,
                "not certain: {} packets, e.g. {}",
                tally.packets - tally.certain,
                tally.unsure
            );
        }
        if tally.wrong > 0 {
            tally.report = format!("--- {}\n{}{}\n", self.name, tally.report, self.shown());
        }
        let Tally { packets, certain, states, wrong, report, .. } = tally;
        Outcome::Compared { packets, certain, states, wrong, report }
    }

    /// Asks the kernel about one way until it has judged enough packets, or there are no more.
    fn ask(
        &self,
        lab: &Lab,
        way: Way,
        points: &mut Points<'_, '_>,
        (connections, ports): (&Connections, &[Port]),
        tally: &mut Tally,
    ) {
        const ROUNDS: usize = 6;
        let goal = tally.packets + LEAST_COMPARED;
        for _ in 0..ROUNDS {
            let wanted = goal.saturating_sub(tally.packets);
            if wanted == 0 {
                return;
            }
            let mut sent = points.take(wanted + wanted / 4 + 50);
            for (packet, ..) in &mut sent {
                packet.state = connections.state(packet);
            }
            for (sent, answer) in sent.iter().zip(lab.ask(&sent, way)) {
                tally.judge(self, points.ours(), ports, (way, *sent), answer);
            }
        }
    }

    fn read(&self) -> Result<Parsed, String> {
        let mut context = Context::default();
        if let Some(sets) = &self.sets {
            let path = format!("{}.ipset", self.path.rsplit_once('.').map_or(&*self.path, |p| p.0));
            let read = parse(SourceId(1), &path, sets.clone().into(), &context);
            context.ipsets.extend(read.map_err(|e| format!("{e:?}"))?.tables.ipsets);
        }
        parse(SourceId(0), &self.path, self.text.clone().into(), &context)
            .map_err(|e| format!("{e:?}"))
    }

    /// Loads it into the kernel and switches translation off, so that packets meet the filter as they
    /// were sent.
    fn load(&self, parsed: &Parsed, device: &Device) -> Result<(), String> {
        if let Some(sets) = &self.sets {
            run("ipset", &["restore"], sets)?;
        }
        let six = device.rulesets.iter().all(|r| r.families == [Family::V6]);
        match parsed.format {
            _ if self.script.is_some() => {
                run("nft", &["-f", "-"], self.script.as_deref().unwrap_or_default())?
            }
            "iptables-save" if six => run("ip6tables-nft-restore", &[], &self.text)?,
            "iptables-save" => run("iptables-nft-restore", &[], &self.text)?,
            "nftables-json" => run("nft", &["-j", "-f", "-"], &self.text)?,
            _ => run("nft", &["-f", "-"], &self.text)?,
        };
        let listing = run("nft", &["-j", "list", "chains"], "")?;
        let listing: Value = serde_json::from_str(&listing).unwrap();
        for chain in listing["nftables"].as_array().unwrap().iter().filter_map(|o| o.get("chain")) {
            if chain["type"] == "nat" {
                let word = |key: &str| chain[key].as_str().unwrap().to_owned();
                run(
                    "nft",
                    &["flush", "chain", &word("family"), &word("table"), &word("name")],
                    "",
                )?;
            }
        }
        Ok(())
    }

    fn shown(&self) -> String {
        const LONGEST: usize = 20_000;
        let whole = format!("{}{}", self.sets.as_deref().unwrap_or_default(), self.text);
        if whole.len() > LONGEST { String::new() } else { whole }
    }
}

/// Begins connections with some of the packets that will be sent.
fn connect(lab: &Lab, points: &mut [(Way, Points<'_, '_>)]) -> Connections {
    const EACH: usize = 300;
    let mut sent: Vec<Sent> = Vec::new();
    for (_, points) in points {
        let some = points.take(6 * EACH);
        sent.extend(some.iter().filter(|(p, ..)| p.proto == UDP).take(EACH).copied());
        points.again(some);
    }
    let mut connections = Connections::default();
    let known = lab.connect(&sent);
    sent.iter().zip(known).filter(|(_, known)| *known).for_each(|((p, ..), _)| connections.add(p));
    connections
}

/// A seed from a name (FNV-1a).
fn seed(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[derive(Default)]
struct Tally {
    packets: usize,
    certain: usize,
    states: [usize; 5],
    wrong: usize,
    report: String,
    /// A packet whose verdict is not certain.
    unsure: String,
}

impl Tally {
    fn judge(
        &mut self,
        case: &Case,
        ours: &Ours<'_>,
        ports: &[Port],
        (way, sent): (Way, Sent),
        answer: Answer,
    ) {
        let passed = match answer.seen {
            Seen::Passed => true,
            Seen::Dropped => false,
            Seen::Elsewhere => return,
        };
        self.packets += 1;
        answer.state.iter().for_each(|s| self.states[*s as usize] += 1);
        let (packet, ..) = sent;
        let index = ours.by_index(&packet);
        let walked = ours.by_walking(&packet);
        let show = |opinion: &Opinion| {
            let said = opinion.passes.map_or("cannot tell", said);
            format!("{said} ({})", ours.shown(opinion.rule, &case.text))
        };
        if index.passes.is_some() {
            self.certain += 1;
        } else if self.unsure.is_empty() {
            self.unsure = format!("{}; {}", line(&packet, way, ports, sent), show(&walked));
        }
        let differs = |opinion: &Opinion| opinion.passes.is_some_and(|p| p != passed);
        let state = answer.state.zip(index.state).is_some_and(|(kernel, ours)| kernel != ours);
        if differs(&index) || differs(&walked) || state {
            self.wrong += 1;
            if self.wrong <= MOST_SHOWN {
                let _ = writeln!(
                    self.report,
                    "{}\n  kernel: {}, state {:?}\n  index: {}, state {:?}\n  walk: {}",
                    line(&packet, way, ports, sent),
                    said(passed),
                    answer.state,
                    show(&index),
                    index.state,
                    show(&walked),
                );
            }
        }
    }
}

fn said(passes: bool) -> &'static str {
    if passes { "passes" } else { "drops" }
}

fn line(packet: &Packet, way: Way, ports: &[Port], (_, incoming, outgoing): Sent) -> String {
    let Packet { src, dst, proto, sport, dport, .. } = packet;
    let (incoming, outgoing) = (&ports[incoming].name, &ports[outgoing].name);
    format!(
        "{way:?} {src} > {dst} proto {proto} {sport} > {dport} ({dport:#x}) in {incoming} out {outgoing}"
    )
}

/// The interfaces that the rules name, each pattern as one that nothing else names, and one of which no
/// rule speaks.
fn ports(device: &Device) -> Vec<Port> {
    let mut found = vec![Port { atom: u32::MAX, name: "unnamed0".into() }];
    for (atom, interface) in (0..).zip(device.interfaces.all()) {
        let name = match interface.name.strip_suffix(['+', '*']) {
            Some(stem) => format!("{stem}zz9"),
            None => interface.name.clone(),
        };
        let usable =
            !name.is_empty() && name.len() <= 15 && name != "lo" && !name.contains(['/', ':', ' ']);
        if usable && found.len() < MOST_PORTS && found.iter().all(|p| p.name != name) {
            found.push(Port { atom, name });
        }
    }
    found
}
