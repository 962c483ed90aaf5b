//! Finds every suite of one version until TLS 1.2.
//!
//! Each answer names one suite; offered again without it, the server names its next. What it cannot
//! choose from, it refuses. That refusal must be understood: some servers choose a suite that they cannot
//! run and break off, which hides what else they have. A refusal that is no plain "nothing in common" is
//! therefore looked into: the suites are asked for in parts, until each part is refused plainly, or as
//! this server refuses what nobody has, or is known to make it break off.

use portvakt_model::registry::{KeyExchange, suite_name};
use portvakt_model::{Offered, SuiteOrder, TlsVersion};

use super::line::Line;
use super::offers::{self, SMALL};
use super::order::{self, Pick};
use super::refusal::Refusal;
use super::wire::Answer;

/// A search in one version.
pub(crate) struct Hunt<'a, 'b> {
    line: &'a Line<'b>,
    version: TlsVersion,
    /// Groups to offer: those not yet seen first, so that a server that lets the client decide shows
    /// another one with each suite.
    groups: Vec<u16>,
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
    /// In hellos of a size that every server bears.
    Small,
    /// Those that need finite-field parameters apart from the rest.
    Parts,
    /// Each key exchange alone.
    Exchange,
    /// Key exchanges that broke off in another version too.
    Dying,
}

impl<'a, 'b> Hunt<'a, 'b> {
    pub(crate) fn new(line: &'a Line<'b>, version: TlsVersion) -> Self {
        Self {
            line,
            version,
            groups: offers::groups(),
            segments: Vec::new(),
            picks: Vec::new(),
            complete: true,
            is_refused_as_a_whole: false,
        }
    }

    /// Searches, and writes down what was found.
    pub(crate) async fn run(mut self) -> Vec<u16> {
        let mut stack = self.pools();
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
        self.join().await;
        self.settle_order().await;
        self.write()
    }

    /// What to ask for first. What broke off in a newer version, or is rarely there, waits.
    fn pools(&self) -> Vec<Pool> {
        let dying = self.line.dying();
        let dies = |s: &u16| offers::exchange(*s).is_some_and(|e| dying.contains(&e));
        let all = offers::until_12(self.version);
        let (later, rest): (Vec<u16>, Vec<u16>) = all.into_iter().partition(dies);
        let (exotic, main): (Vec<u16>, Vec<u16>) =
            rest.into_iter().partition(|s| offers::is_exotic(*s));
        let pool = |suites, stage| Pool { suites, stage };
        let mut pools = vec![pool(main, Stage::Whole)];
        if self.line.facts().offered(TlsVersion::Tls12) == Offered::Yes
            && self.version != TlsVersion::Tls12
        {
            // They were refused plainly in TLS 1.2, or stand among those that die.
            pools[0].suites.extend(exotic);
        } else {
            pools.push(pool(exotic, Stage::Parts));
        }
        pools.push(pool(later, Stage::Dying));
        pools
    }

    /// Takes from a pool what the server has, and gives what must be asked for apart. An error ends all.
    async fn search(&mut self, mut pool: Pool) -> Result<Vec<Pool>, Refusal> {
        let Some(refusal) = self.drain(&mut pool.suites).await else { return Ok(Vec::new()) };
        if refusal.is_unasked() {
            return Err(refusal);
        }
        if refusal.is_clean() {
            // protocol_version, or an older one: no other suites would change that.
            let is_version = matches!(refusal, Refusal::Alert(70) | Refusal::Older);
            self.is_refused_as_a_whole = is_version && self.segments.concat().is_empty();
            return Ok(Vec::new());
        }
        if pool.stage <= Stage::Whole && !self.line.takes_large() && pool.suites.len() > SMALL {
            return Ok(split(&pool.suites, SMALL, Stage::Small));
        }
        if pool.stage <= Stage::Small {
            let (field, rest) = pool.suites.into_iter().partition(|s| offers::is_field(*s));
            return Ok(self.parts([rest, field], Stage::Parts));
        }
        if self.line.refuses_so(self.version, refusal).await {
            return Ok(Vec::new());
        }
        match pool.stage {
            Stage::Parts => self.by_exchange(&pool.suites, refusal).await,
            _ => self.dies(&pool.suites, refusal),
        }
        Ok(Vec::new())
    }

    fn parts(&self, lists: [Vec<u16>; 2], stage: Stage) -> Vec<Pool> {
        let pools = lists.into_iter().map(|suites| Pool { suites, stage });
        pools.filter(|p| !p.suites.is_empty()).collect()
    }

    /// Asks until a refusal; `None` when nothing is left to ask for.
    async fn drain(&mut self, suites: &mut Vec<u16>) -> Option<Refusal> {
        let mut segment = Vec::new();
        let mut refusal = None;
        while !suites.is_empty() && refusal.is_none() {
            let offered = self.turned(suites, &segment);
            match self.pick(offered).await {
                Ok(chosen) if segment.contains(&chosen) => {}
                Ok(chosen) => {
                    suites.retain(|s| *s != chosen);
                    segment.push(chosen);
                }
                Err(Broken::Suite(chosen)) => suites.retain(|s| *s != chosen),
                Err(Broken::Refused(why)) => refusal = Some(why),
            }
        }
        self.segments.push(segment);
        refusal
    }

    /// The list to offer. After a first answer that looks as if the client decided (lists begin with old
    /// suites, which few servers prefer), it is turned around once, with the first answer at its end:
    /// that proves who decides, and if it is the client, shows another suite too.
    fn turned(&self, suites: &[u16], segment: &[u16]) -> Vec<u16> {
        let elliptic = |s| offers::exchange(s) == Some(KeyExchange::Ecdhe);
        match (segment, self.picks.as_slice()) {
            ([first], [_]) if !elliptic(*first) => {
                suites.iter().rev().copied().chain([*first]).collect()
            }
            _ => suites.to_vec(),
        }
    }

    async fn pick(&mut self, offered: Vec<u16>) -> Result<u16, Broken> {
        let offer = self.line.offer(self.version, &offered, &self.groups);
        let chosen = match self.line.ask(&offer).await {
            Answer::Refused(refusal) => return Err(Broken::Refused(refusal)),
            Answer::Chosen(chosen) => chosen,
        };
        if chosen.version != Some(self.version) {
            let older = chosen.version < Some(self.version);
            let why =
                if older { Refusal::Older } else { Refusal::Garbage("a version not offered") };
            return Err(Broken::Refused(why));
        }
        if !offered.contains(&chosen.suite) {
            return Err(Broken::Refused(Refusal::Garbage("a suite that was not offered")));
        }
        if !chosen.whole {
            return Err(Broken::Suite(chosen.suite));
        }
        if let Some(group) = chosen.group.filter(|g| self.groups.contains(g)) {
            self.groups.retain(|g| *g != group);
            self.groups.push(group);
        }
        self.picks.push(Pick { offered, chosen: chosen.suite });
        Ok(chosen.suite)
    }

    /// Asks for each key exchange alone. One that breaks off is asked for in halves, in case it is one
    /// suite that does it. Where several exchanges break off it is what they have in common, such as
    /// parameters that the server lacks, and halves would tell nothing.
    async fn by_exchange(&mut self, suites: &[u16], whole: Refusal) {
        let mut dying = Vec::new();
        for mut pool in split_by_exchange(suites) {
            match self.drain(&mut pool.suites).await {
                Some(refusal) if refusal.is_unasked() => return self.unclear(refusal, "not asked"),
                Some(refusal) if !self.line.refuses_so(self.version, refusal).await => {
                    dying.push((pool.suites, refusal));
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
        let exchanges: Vec<KeyExchange> = {
            let mut all: Vec<_> = suites.iter().filter_map(|s| offers::exchange(*s)).collect();
            all.dedup();
            all
        };
        if suites.len() > 1 {
            exchanges.iter().for_each(|e| self.line.dies_with(*e));
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

    /// Puts the lists together in the server's order, by asking how the last of one fares against another.
    async fn join(&mut self) {
        let mut segments = std::mem::take(&mut self.segments).into_iter().filter(|s| !s.is_empty());
        let mut joined = segments.next().unwrap_or_default();
        for next in segments {
            // Who decides is known by now, and where it is the client there is nothing to put in order.
            if order::proven(&self.picks, &joined) == SuiteOrder::Client {
                joined.extend(next);
                continue;
            }
            let before = self.is_before(&joined, &next).await;
            let after = !before && self.is_before(&next, &joined).await;
            joined = if after { [next, joined].concat() } else { [joined, next].concat() };
            if !before && !after {
                let version = self.version.name();
                let doubt = format!("{version}: the order of its suites is known only in part");
                self.line.facts().doubt(doubt);
            }
        }
        self.segments = vec![joined];
    }

    /// Whether the server likes the least of `one` better than all of `other`.
    async fn is_before(&mut self, one: &[u16], other: &[u16]) -> bool {
        let Some(last) = one.last().copied() else { return true };
        let offered = other.iter().copied().chain([last]).collect();
        self.pick(offered).await.is_ok_and(|chosen| chosen == last)
    }

    /// Asks once more where the answers so far fit both.
    async fn settle_order(&mut self) {
        let found = self.segments.concat();
        if found.len() > 1 && order::proven(&self.picks, &found) == SuiteOrder::Unknown {
            let _ = self.pick(found.iter().rev().copied().collect()).await;
        }
    }

    fn write(self) -> Vec<u16> {
        let mut found = self.segments.concat();
        let order = order::proven(&self.picks, &found);
        if order != SuiteOrder::Server {
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

/// Why an offer led to no suite.
enum Broken {
    /// The server chose one and broke off.
    Suite(u16),
    /// It chose none.
    Refused(Refusal),
}

fn split(suites: &[u16], size: usize, stage: Stage) -> Vec<Pool> {
    suites.chunks(size).map(|part| Pool { suites: part.to_vec(), stage }).collect()
}

fn split_by_exchange(suites: &[u16]) -> Vec<Pool> {
    let mut pools: Vec<(KeyExchange, Pool)> = Vec::new();
    for suite in suites {
        let Some(exchange) = offers::exchange(*suite) else { continue };
        match pools.iter_mut().find(|(e, _)| *e == exchange) {
            Some((_, pool)) => pool.suites.push(*suite),
            None => {
                pools.push((exchange, Pool { suites: vec![*suite], stage: Stage::Exchange }));
            }
        }
    }
    pools.into_iter().map(|(_, pool)| pool).collect()
}
