//! Finds the suites and groups of TLS 1.3.
//!
//! The hellos bring no key share, so the server names suite and group in a HelloRetryRequest (RFC 8446
//! §4.1.4). Suite and group are chosen apart from each other there; each answer takes one of both off the
//! lists, and the longer list decides how many questions there are.

use portvakt_model::{Offered, SuiteOrder, TlsVersion};

use super::hello::Shares;
use super::line::Line;
use super::offers::{self, COMMON_13};
use super::order::{self, Pick, Place};
use super::refusal::Refusal;
use super::wire::Answer;

const VERSION: TlsVersion = TlsVersion::Tls13;

/// Asks for suites and groups of TLS 1.3, and gives suite and group of the answer.
///
/// A server that cannot do with an empty list of key shares is from then on sent some.
pub(crate) async fn ask(
    line: &Line<'_>,
    suites: &[u16],
    groups: &[u16],
) -> Result<(u16, Option<u16>), Refusal> {
    let offer = line.offer(VERSION, suites, groups);
    let refusal = match understood(&line.ask(&offer).await, suites) {
        Err(refusal) if offer.shares == Shares::Empty && finds_fault(refusal) => refusal,
        answered => return answered,
    };
    // What it answered without shares before shows that it is not for want of them.
    if line.facts().offered(VERSION) == Offered::Yes && !line.brings_shares() {
        return Err(refusal);
    }
    line.bring_shares();
    understood(&line.ask(&line.offer(VERSION, suites, groups)).await, suites)
}

/// illegal_parameter, decode_error, missing_extension: it found fault with the hello itself.
const fn finds_fault(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::Alert(47 | 50 | 109))
}

fn understood(answer: &Answer, suites: &[u16]) -> Result<(u16, Option<u16>), Refusal> {
    match answer {
        Answer::Refused(refusal) => Err(*refusal),
        // An older server finds none of its suites in the hello; one that answers all the same is in no order.
        Answer::Chosen(chosen) if chosen.version != Some(VERSION) => {
            Err(Refusal::Garbage("a version that was not offered"))
        }
        Answer::Chosen(chosen) if !suites.contains(&chosen.suite) => {
            Err(Refusal::Garbage("a suite that was not offered"))
        }
        Answer::Chosen(chosen) => Ok((chosen.suite, chosen.group)),
    }
}

/// Finds all suites and groups, and writes them down.
pub(crate) async fn enumerate(line: &Line<'_>) {
    let mut search = Search {
        line,
        groups: offers::groups(VERSION),
        seen: Vec::new(),
        found: Vec::new(),
        picks: Vec::new(),
        complete: true,
    };
    search.run().await;
    search.write();
}

struct Search<'a, 'b> {
    line: &'a Line<'b>,
    /// Groups that were not taken so far.
    groups: Vec<u16>,
    /// Groups that were.
    seen: Vec<u16>,
    found: Vec<u16>,
    picks: Vec<Pick>,
    complete: bool,
}

impl Search<'_, '_> {
    async fn run(&mut self) {
        if let Err(refusal) = self.pick(&offers::all_13()).await {
            return self.ended(refusal).await;
        }
        let mut common: Vec<u16> = COMMON_13.to_vec();
        let refusal = self.together(&mut common).await;
        let more_groups = self.more_groups().await;
        // Refused with groups that are not there at all, the suites were not asked for yet.
        if let Some(refusal) = refusal
            && (more_groups || self.groups.is_empty())
        {
            self.ended(refusal).await;
        } else {
            self.suites(common).await;
        }
        let before_rare = self.found.len();
        self.suites(offers::rare_13()).await;
        self.settle_order(before_rare).await;
    }

    /// Takes one suite and one group with each question. The refusal, if that ended it.
    async fn together(&mut self, suites: &mut Vec<u16>) -> Option<Refusal> {
        loop {
            suites.retain(|s| !self.found.contains(s));
            if suites.is_empty() || self.groups.is_empty() {
                return None;
            }
            if let Err(refusal) = self.pick(&self.turned(suites)).await {
                return Some(refusal);
            }
        }
    }

    /// After a first answer that was the client's first, the list is turned around once, with that answer
    /// at its end: it proves who decides, and if it is the client, shows another suite too.
    fn turned(&self, suites: &[u16]) -> Vec<u16> {
        match (self.found.as_slice(), self.picks.as_slice()) {
            ([COMMON_FIRST], [_]) => suites.iter().rev().copied().chain([COMMON_FIRST]).collect(),
            _ => suites.to_vec(),
        }
    }

    /// Whether there were groups that had not been seen yet.
    async fn more_groups(&mut self) -> bool {
        let mut any = false;
        while !self.groups.is_empty() {
            let left = self.groups.len();
            let found = self.found.clone();
            match self.pick(&found).await {
                Ok(()) if self.groups.len() < left => any = true,
                Ok(()) => {
                    self.unclear("it took a group that was not offered; there may be more");
                    break;
                }
                Err(refusal) => {
                    // Where shares are wanted, groups for which we have none cannot be asked for.
                    let is_unasked = self.line.brings_shares() && finds_fault(refusal);
                    if is_unasked || !self.line.refuses_groups_so(VERSION, &found, refusal).await {
                        self.unclear(&format!(
                            "the search for groups could not be ended ({refusal})"
                        ));
                    }
                    break;
                }
            }
        }
        any
    }

    /// Asks for suites with groups that are known to be there, until none is taken.
    async fn suites(&mut self, mut suites: Vec<u16>) {
        loop {
            suites.retain(|s| !self.found.contains(s));
            if suites.is_empty() {
                return;
            }
            let seen = self.seen.clone();
            if let Err(refusal) = self.pick_with(&suites, &seen).await {
                return self.ended(refusal).await;
            }
        }
    }

    async fn pick(&mut self, suites: &[u16]) -> Result<(), Refusal> {
        let groups = self.groups.clone();
        self.pick_with(suites, &groups).await
    }

    async fn pick_with(&mut self, suites: &[u16], groups: &[u16]) -> Result<(), Refusal> {
        let (suite, group) = ask(self.line, suites, groups).await?;
        if !self.found.contains(&suite) {
            self.found.push(suite);
        }
        if let Some(group) = group {
            self.groups.retain(|g| *g != group);
            if !self.seen.contains(&group) {
                self.seen.push(group);
            }
        }
        self.picks.push(Pick { offered: suites.to_vec(), chosen: suite });
        Ok(())
    }

    async fn ended(&mut self, refusal: Refusal) {
        if !self.line.refuses_so(VERSION, refusal).await {
            self.unclear(&format!("the search could not be ended ({refusal})"));
        }
    }

    fn unclear(&mut self, what: &str) {
        self.complete = false;
        self.line.facts().doubt(format!("{}: {what}", VERSION.name()));
    }

    /// Asks once more where the answers so far fit both; and where suites were asked for apart, those after
    /// the first `together`, which of them the server likes better.
    async fn settle_order(&mut self, together: usize) {
        let seen = self.seen.clone();
        let mut turned: Vec<u16> = self.found.iter().rev().copied().collect();
        for _ in 0..2 {
            if turned.len() < 2 || order::proven(&self.picks, &self.found) != SuiteOrder::Unknown {
                break;
            }
            if self.pick_with(&turned, &seen).await.is_err() {
                break;
            }
            let chosen = self.picks[self.picks.len() - 1].chosen;
            turned.retain(|s| *s != chosen);
            turned.push(chosen);
        }
        if order::proven(&self.picks, &self.found) == SuiteOrder::Server {
            self.in_order(together).await;
        }
    }

    /// Puts what was asked for apart, which is in order among itself, where it belongs among the first `together`.
    /// The very first answer was given to an offer of everything: nothing belongs before it.
    async fn in_order(&mut self, together: usize) {
        let apart = self.found.split_off(together);
        let (mut ordered, mut from) = (self.found.clone(), 1);
        for suite in apart {
            let mut place = Place::new(from, ordered.len());
            while let Some(at) = place.to_ask() {
                let answer = ask(self.line, &[ordered[at], suite], &self.seen).await;
                place.told(answer.is_ok_and(|(chosen, _)| chosen == suite));
            }
            let at = place.found();
            ordered.insert(at, suite);
            from = at + 1;
        }
        self.found = ordered;
    }

    fn write(mut self) {
        let mut facts = self.line.facts();
        if self.found.is_empty() {
            facts.protocol(VERSION).complete = self.complete;
            if self.complete {
                facts.refused(VERSION);
            }
            return;
        }
        let order = order::proven(&self.picks, &self.found);
        if order != SuiteOrder::Server {
            self.found.sort_unstable();
        }
        self.seen.iter().for_each(|group| facts.group(*group, VERSION));
        let protocol = facts.protocol(VERSION);
        let seen = std::mem::take(&mut protocol.suites);
        protocol.suites = self.found.iter().map(|s| u32::from(*s)).collect();
        protocol
            .suites
            .extend(seen.into_iter().filter(|s| !self.found.iter().any(|f| u32::from(*f) == *s)));
        protocol.complete = self.complete;
        protocol.order = order;
    }
}

/// The first of the common suites.
const COMMON_FIRST: u16 = COMMON_13[0];
