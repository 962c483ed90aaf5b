//! Finds every suite of one version until TLS 1.2.
//!
//! Each answer names one suite; offered again without it, the server names its next. What it cannot
//! choose from, it refuses. That refusal must be understood: some servers choose a suite that they cannot
//! run and break off, which hides what else they have. A refusal that is no plain "nothing in common" is
//! therefore looked into: the suites are asked for in parts, until each part is refused plainly, or as
//! this server refuses what nobody has, or is known to make it break off.

mod joining;

use portvakt_model::registry::{KeyExchange, suite_name};
use portvakt_model::{Offered, SuiteOrder, TlsVersion};

use crate::tls::hello::Offer;
use crate::tls::line::{Line, Opening};
use crate::tls::offers::{self, SMALL};
use crate::tls::order::{self, Pick};
use crate::tls::refusal::Refusal;
use crate::tls::ride::{self, LeftOut, Ride};
use crate::tls::signatures::{self, Signer};
use crate::tls::wire::Answer;

/// A search in one version.
pub(crate) struct Hunt<'a, 'b> {
    line: &'a Line<'b>,
    version: TlsVersion,
    ride: Ride,
    /// What was taken while the curve of the key was left out, so that suites that want it were passed over.
    passing_over: Vec<u16>,
    /// A choice that may have been made for want of the curves that were left out.
    pending: Option<Pick>,
    /// What was found, in lists: within each in the order of the server's liking.
    segments: Vec<Vec<u16>>,
    picks: Vec<Pick>,
    complete: bool,
    /// Whether it was the version that was refused, not the suites.
    is_refused_as_a_whole: bool,
}

/// Suites that are asked for together.
struct Pool {
    suites: Vec<u16>,
    stage: Stage,
}

/// How far the suites of a pool were already told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// All together.
    Whole,
    /// Those that need finite-field parameters apart from the rest.
    Parts,
    /// What servers rarely have.
    Exotic,
    /// Key exchanges that broke off in another version too.
    Dying,
}

impl<'a, 'b> Hunt<'a, 'b> {
    pub(crate) fn new(line: &'a Line<'b>, version: TlsVersion) -> Self {
        let mut ride = Ride::new(version);
        if is_below_another(line, version) {
            // Its groups are those of that one.
            ride.end();
        }
        Self {
            line,
            version,
            ride,
            passing_over: Vec::new(),
            pending: None,
            segments: Vec::new(),
            picks: Vec::new(),
            complete: true,
            is_refused_as_a_whole: false,
        }
    }

    /// Searches, and writes down what was found.
    pub(crate) async fn run(mut self) -> Vec<u16> {
        let mut stack = self.pools().await;
        stack.reverse();
        while let Some(pool) = stack.pop() {
            match self.search(pool).await {
                Ok(_) if self.is_refused_as_a_whole => break,
                Ok(parts) => stack.extend(parts.into_iter().rev()),
                Err(refusal) => {
                    self.unclear(refusal, "the search could not be ended");
                    break;
                }
            }
        }
        self.segments.retain(|segment| !segment.is_empty());
        self.settle_order().await;
        self.join().await;
        self.line.facts().curves_told |= self.ride.curves_are_told();
        self.write()
    }

    /// What to ask for first. What broke off in a newer version waits. What is rarely there is asked for with the
    /// rest, unless it is known that this would hide something.
    async fn pools(&mut self) -> Vec<Pool> {
        let dying = self.line.dying();
        let dies = |s: &u16| offers::exchange(*s).is_some_and(|e| dying.contains(&e));
        let all = offers::until_12(self.version);
        let (later, main): (Vec<u16>, Vec<u16>) = all.into_iter().partition(dies);
        let is_apart = self.line.wants_field_apart();
        let mut pools = if is_apart || is_below_another(self.line, self.version) {
            self.apart(main, is_apart).await
        } else {
            vec![Pool { suites: main, stage: Stage::Whole }]
        };
        pools.push(Pool { suites: later, stage: Stage::Dying });
        pools
    }

    /// Parts that hide nothing from each other: what is rarely there, and where wanted what needs finite fields.
    async fn apart(&mut self, suites: Vec<u16>, fields: bool) -> Vec<Pool> {
        let (mut exotic, mut main): (Vec<u16>, Vec<u16>) =
            suites.into_iter().partition(|s| offers::is_exotic(*s));
        let rare = self.ask_exotic(&exotic).await;
        match rare {
            Exotic::WithOthers => {
                main.append(&mut exotic);
                main.sort_unstable();
            }
            Exotic::Apart | Exotic::Unlikely => {}
            Exotic::NotThere => exotic.clear(),
        }
        let mut pools = if fields {
            let (mut field, rest): (Vec<u16>, Vec<u16>) =
                main.into_iter().partition(|s| offers::is_field(*s));
            if rare == Exotic::Unlikely {
                field.append(&mut exotic);
            }
            vec![(rest, Stage::Parts), (field, Stage::Parts)]
        } else {
            vec![(main, Stage::Whole)]
        };
        pools.push((exotic, Stage::Exotic));
        let pools = pools.into_iter().filter(|(suites, _)| !suites.is_empty());
        pools.map(|(suites, stage)| Pool { suites, stage }).collect()
    }

    /// How to go about what servers rarely have. In older versions that is known from the newest.
    async fn ask_exotic(&mut self, exotic: &[u16]) -> Exotic {
        if exotic.is_empty() {
            return Exotic::NotThere;
        }
        if is_below_another(self.line, self.version) {
            return match self.line.exotic() {
                Some(Exotic::NotThere) => Exotic::Unlikely,
                known => known.unwrap_or(Exotic::Apart),
            };
        }
        let found = self.ask_exotic_now(exotic).await;
        self.line.note_exotic(found);
        found
    }

    async fn ask_exotic_now(&mut self, exotic: &[u16]) -> Exotic {
        let answer = self.pick(exotic.to_vec()).await;
        let is_plain = match answer {
            Ok(_) => true,
            Err(Broken::Suite(_) | Broken::Less) => false,
            Err(Broken::Refused(refusal)) => refusal.is_clean(),
        };
        if is_plain {
            return Exotic::WithOthers;
        }
        match answer {
            Err(Broken::Refused(refusal)) if self.line.refuses_so(self.version, refusal).await => {
                Exotic::NotThere
            }
            _ => Exotic::Apart,
        }
    }

    /// Takes from a pool what the server has, and gives what must be asked for apart. An error ends all.
    async fn search(&mut self, mut pool: Pool) -> Result<Vec<Pool>, Refusal> {
        let refusal = self.drain(&mut pool.suites).await;
        if pool.stage == Stage::Parts && self.segments.last().is_some_and(|s| !s.is_empty()) {
            // They had been hidden by what is now asked for apart; so it will be in older versions.
            self.line.ask_field_apart();
        }
        let Some(refusal) = refusal else { return Ok(Vec::new()) };
        if refusal.is_final() {
            return Err(refusal);
        }
        if refusal.is_clean() {
            // protocol_version, or an older one: no other suites would change that.
            let is_version = matches!(refusal, Refusal::Alert(70) | Refusal::Older);
            self.is_refused_as_a_whole = is_version && self.segments.concat().is_empty();
            if pool.stage == Stage::Whole && !self.is_refused_as_a_whole {
                self.line.note_exotic(Exotic::WithOthers);
            }
            return Ok(Vec::new());
        }
        if pool.stage == Stage::Whole {
            if order::proven(&self.picks, &self.segments.concat()) != SuiteOrder::Server {
                // It will refuse so in older versions too. Where it has an order, parts would hide that.
                self.line.ask_field_apart();
            }
            return Ok(self.apart(pool.suites, true).await);
        }
        if pool.suites.len() > SMALL && !self.line.takes_large() {
            return Ok(split(&pool.suites, SMALL, Stage::Parts));
        }
        if self.line.refuses_so(self.version, refusal).await {
            return Ok(Vec::new());
        }
        if pool.stage == Stage::Dying {
            self.dies(&pool.suites, refusal);
        } else {
            self.by_exchange(&pool.suites, refusal).await;
        }
        Ok(Vec::new())
    }

    /// Asks until a refusal; `None` when nothing is left to ask for.
    async fn drain(&mut self, suites: &mut Vec<u16>) -> Option<Refusal> {
        let mut segment = self.opening(suites);
        let mut refusal = None;
        while !suites.is_empty() && refusal.is_none() {
            let offered = self.turned(suites, &segment);
            match self.pick(offered).await {
                Ok(chosen) if segment.contains(&chosen) => {}
                Ok(chosen) => {
                    suites.retain(|s| *s != chosen);
                    segment.push(chosen);
                }
                // Others of its kind may do so too: they are asked for apart.
                Err(Broken::Suite(chosen))
                    if offers::is_exotic(chosen) && self.line.exotic().is_none() =>
                {
                    refusal = Some(Refusal::BrokeOff);
                }
                Err(Broken::Suite(chosen)) => suites.retain(|s| *s != chosen),
                // What was taken meanwhile is asked for again, with more.
                Err(Broken::Less) => {
                    let doubtful = self.pending.take().map(|pick| pick.chosen);
                    segment.retain(|s| Some(*s) != doubtful);
                    suites.extend(doubtful);
                }
                Err(Broken::Refused(why)) => refusal = Some(why),
            }
        }
        self.ride.end();
        self.segments.push(segment);
        refusal
    }

    /// What the server took of everything when it was asked for its versions: the first of the first list.
    fn opening(&mut self, suites: &mut Vec<u16>) -> Vec<u16> {
        let known = self.line.opening(self.version).filter(|opening| {
            let all = |offered: &[u16]| suites.iter().all(|s| offered.contains(s));
            let chosen = opening.pick.chosen;
            self.segments.is_empty() && suites.contains(&chosen) && all(&opening.pick.offered)
        });
        let Some(Opening { pick, group }) = known else { return Vec::new() };
        let chosen = pick.chosen;
        suites.retain(|s| *s != chosen);
        self.ride.took(chosen, group, LeftOut::default());
        self.picks.push(pick);
        vec![chosen]
    }

    /// The list to offer. After a first answer that looks as if the client decided (lists begin with old
    /// suites, which few servers prefer), it is turned around once, with the first answer at its end:
    /// that proves who decides, and if it is the client, shows another suite too. A server that decides in a newer
    /// version will do so here, and then what follows proves it.
    fn turned(&self, suites: &[u16], segment: &[u16]) -> Vec<u16> {
        let elliptic = |s| offers::exchange(s) == Some(KeyExchange::Ecdhe);
        match (segment, self.picks.as_slice()) {
            ([first], [_]) if !elliptic(*first) && !self.line.decides() => {
                // Of those with finite fields one may be taken that the server cannot run.
                let turned = suites.iter().rev().copied();
                let (field, rest): (Vec<u16>, Vec<u16>) =
                    turned.partition(|s| offers::is_field(*s));
                [rest, field, vec![*first]].concat()
            }
            _ => suites.to_vec(),
        }
    }

    async fn pick(&mut self, offered: Vec<u16>) -> Result<u16, Broken> {
        let left = self.left_out();
        let offer = self.offer(&offered, left);
        let answer = if left.is_any() {
            self.line.ask_less(&offer).await
        } else {
            self.line.ask(&offer).await
        };
        let chosen = match answer {
            Answer::Refused(refusal) => return Err(self.refused(refusal, left)),
            Answer::Chosen(chosen) => chosen,
        };
        if !offered.contains(&chosen.suite) {
            return Err(Broken::Refused(Refusal::Garbage("a suite that was not offered")));
        }
        if chosen.version != Some(self.version) {
            let older = chosen.version < Some(self.version);
            let why =
                if older { Refusal::Older } else { Refusal::Garbage("a version not offered") };
            return Err(Broken::Refused(why));
        }
        if !chosen.whole {
            return Err(Broken::Suite(chosen.suite));
        }
        let is_awaited = self.pending.is_none() || ride::rides(chosen.suite);
        if !is_awaited || !Ride::fits(left, chosen.suite) {
            return self.misfit(offered, chosen.suite, left);
        }
        self.ride.took(chosen.suite, chosen.group, left);
        self.note_pick(offered, chosen.suite, left);
        Ok(chosen.suite)
    }

    /// What rides along. A server that lets the client decide shows another of each by itself.
    fn left_out(&self) -> LeftOut {
        let taken: Vec<u16> = self.picks.iter().map(|pick| pick.chosen).collect();
        if order::proven(&self.picks, &taken) == SuiteOrder::Client {
            return LeftOut::default();
        }
        self.ride.left_out(&self.line.facts().repeated)
    }

    fn offer(&self, suites: &[u16], left: LeftOut) -> Offer {
        let offer = self.line.offer(self.version, suites, &self.ride.groups(left));
        let seen = self.line.facts().signatures.clone();
        match left.signer() {
            Some(signer) => {
                Offer { signatures: signatures::without_seen(&seen, &[signer]), ..offer }
            }
            None => offer,
        }
    }

    fn refused(&mut self, refusal: Refusal, left: LeftOut) -> Broken {
        if !left.is_any() || refusal.is_final() {
            return Broken::Refused(refusal);
        }
        self.ride.refused(left);
        Broken::Less
    }

    /// A suite of DHE may well be the next after one of ECDHE: servers like both by turns. Whether it is, the next
    /// answer shows, when that brings another curve.
    fn misfit(&mut self, offered: Vec<u16>, chosen: u16, left: LeftOut) -> Result<u16, Broken> {
        let is_signed = Signer::of_suite(chosen).is_some();
        if left.is_curves() && is_signed && left.is_signed_by(chosen) && self.pending.is_none() {
            self.ride.conclude(chosen);
            self.pending = Some(Pick { offered: free_of_the_key(offered), chosen });
            return Ok(chosen);
        }
        self.ride.failed(left, chosen);
        Err(Broken::Less)
    }

    /// Takes note of an answer that tells of the order. Where curves were left out, suites may have been passed
    /// over that want the curve of their key.
    fn note_pick(&mut self, mut offered: Vec<u16>, chosen: u16, left: LeftOut) {
        if left.is_curves() && ride::rides(chosen) {
            offered = free_of_the_key(offered);
            self.passing_over.extend(self.pending.as_ref().map(|pick| pick.chosen));
            self.passing_over.push(chosen);
            self.picks.extend(self.pending.take());
        }
        self.picks.push(Pick { offered, chosen });
    }

    /// Asks for each key exchange alone. One that breaks off is asked for in halves, in case it is one
    /// suite that does it. Where several exchanges break off it is what they have in common, such as
    /// parameters that the server lacks, and halves would tell nothing.
    async fn by_exchange(&mut self, suites: &[u16], whole: Refusal) {
        let mut dying = Vec::new();
        for mut list in split_by_exchange(suites) {
            match self.drain(&mut list).await {
                Some(refusal) if refusal.is_unasked() => return self.unclear(refusal, "not asked"),
                Some(refusal) if !self.line.refuses_so(self.version, refusal).await => {
                    dying.push((list, refusal));
                }
                _ => {}
            }
        }
        match dying.as_slice() {
            [] => {}
            [(suites, refusal)] => self.halves(suites.clone(), *refusal).await,
            _ => dying.iter().for_each(|(suites, _)| self.dies(suites, whole)),
        }
    }

    /// Narrows down what breaks off, as long as one half does not.
    async fn halves(&mut self, mut suspects: Vec<u16>, mut refusal: Refusal) {
        while suspects.len() > 1 {
            let mut halves =
                [suspects[..suspects.len() / 2].to_vec(), suspects[suspects.len() / 2..].to_vec()];
            let mut bad = [None, None];
            for (half, bad) in halves.iter_mut().zip(&mut bad) {
                if let Some(why) = self.drain(half).await
                    && !self.line.refuses_so(self.version, why).await
                {
                    *bad = Some(why);
                }
            }
            let [first, second] = halves;
            (suspects, refusal) = match bad {
                [None, None] => return,
                [Some(why), None] => (first, why),
                [None, Some(why)] => (second, why),
                [Some(why), Some(_)] => {
                    let both: Vec<u16> = first.into_iter().chain(second).collect();
                    return self.dies(&both, why);
                }
            };
        }
        self.dies(&suspects, refusal);
    }

    /// Says that the server breaks off when it is offered these, whatever else it might have.
    fn dies(&mut self, suites: &[u16], refusal: Refusal) {
        let exchanges = suites.iter().filter_map(|s| offers::exchange(*s));
        if suites.len() > 1 {
            for exchange in exchanges {
                self.line.dies_with(exchange);
            }
        }
        let names = match suites {
            [one] => suite_name((*one).into()),
            many => format!("{} suites, {} and others", many.len(), suite_name(many[0].into())),
        };
        let what = format!("it broke off when only these were offered: {names}");
        self.unclear(refusal, &what);
    }

    fn unclear(&mut self, refusal: Refusal, what: &str) {
        self.complete = false;
        self.line.facts().doubt(format!("{}: {what} ({refusal})", self.version.name()));
    }

    fn write(self) -> Vec<u16> {
        let mut found = self.segments.concat();
        let order = order::proven(&self.picks, &found);
        if order == SuiteOrder::Server {
            self.line.note_that_it_decides();
        } else {
            found.sort_unstable();
        }
        let mut facts = self.line.facts();
        let protocol = facts.protocol(self.version);
        if found.is_empty() {
            protocol.complete = self.complete;
            if self.complete {
                facts.refused(self.version);
            }
            return found;
        }
        protocol.offered = Offered::Yes;
        let seen = std::mem::take(&mut protocol.suites);
        protocol.suites = found.iter().map(|s| u32::from(*s)).collect();
        protocol
            .suites
            .extend(seen.into_iter().filter(|s| !found.iter().any(|f| u32::from(*f) == *s)));
        protocol.complete = self.complete;
        protocol.order = order;
        found
    }
}

/// Whether a newer one, until TLS 1.2, is offered too. That was searched before.
fn is_below_another(line: &Line<'_>, version: TlsVersion) -> bool {
    let newer = |v: &&TlsVersion| **v > version && **v < TlsVersion::Tls13;
    let facts = line.facts();
    TlsVersion::ALL.iter().filter(newer).any(|v| facts.offered(*v) == Offered::Yes)
}

/// What becomes of suites that servers rarely have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exotic {
    /// The server takes one of them and goes on, or refuses them plainly: they hide nothing.
    WithOthers,
    /// It may be breaking off with them.
    Apart,
    /// It refuses them as it refuses what nobody has.
    NotThere,
    /// It did so in a newer version: they are asked for together with others that may make it break off.
    Unlikely,
}

/// Why an offer led to no suite.
enum Broken {
    /// The server chose one and broke off.
    Suite(u16),
    /// It chose none.
    Refused(Refusal),
    /// It chose none, or one that may have been taken for want of what was left out.
    Less,
}

/// Suites that could be taken while the curve of the key was left out.
fn free_of_the_key(mut suites: Vec<u16>) -> Vec<u16> {
    suites.retain(|suite| !ride::is_bound(*suite));
    suites
}

fn split(suites: &[u16], size: usize, stage: Stage) -> Vec<Pool> {
    suites.chunks(size).map(|part| Pool { suites: part.to_vec(), stage }).collect()
}

fn split_by_exchange(suites: &[u16]) -> Vec<Vec<u16>> {
    let mut lists: Vec<(KeyExchange, Vec<u16>)> = Vec::new();
    for suite in suites {
        let Some(exchange) = offers::exchange(*suite) else { continue };
        match lists.iter_mut().find(|(e, _)| *e == exchange) {
            Some((_, list)) => list.push(*suite),
            None => lists.push((exchange, vec![*suite])),
        }
    }
    lists.into_iter().map(|(_, list)| list).collect()
}
