//! Puts what was found of a version in the order of the server's liking.

use portvakt_model::SuiteOrder;

use super::Hunt;
use crate::tls::order::{self, Place};
use crate::tls::ride;

impl Hunt<'_, '_> {
    /// Puts the lists together in the server's order, by asking how the last of one fares against another.
    /// Where the client decides there is nothing to put in order.
    pub(super) async fn join(&mut self) {
        if order::proven(&self.picks, &self.segments.concat()) != SuiteOrder::Server {
            return;
        }
        for segment in std::mem::take(&mut self.segments) {
            let segment = self.with_passed_over(segment).await;
            self.segments.push(segment);
        }
        let mut segments = self.segments.clone().into_iter();
        let mut joined = segments.next().unwrap_or_default();
        for next in segments {
            if self.is_before(&joined, &next).await {
                joined = [joined, next].concat();
            } else if self.is_before(&next, &joined).await {
                joined = [next, joined].concat();
            } else {
                joined = self.in_order(self.segments.concat()).await;
                break;
            }
        }
        self.segments = vec![joined];
    }

    /// Puts suites that want the curve of the key where they belong among those that were taken while it was left
    /// out. What was taken of everything stands before all that was taken after it.
    async fn with_passed_over(&mut self, found: Vec<u16>) -> Vec<u16> {
        let (mut ordered, mut from) = (Vec::with_capacity(found.len()), 0);
        for suite in found {
            let is_late = ride::is_bound(suite);
            let mut place = Place::new(if is_late { from } else { ordered.len() }, ordered.len());
            while let Some(at) = place.to_ask() {
                let is_before = self.is_before(&[suite], &ordered[at..=at]).await;
                place.told(is_before);
            }
            let at = place.found();
            ordered.insert(at, suite);
            if !self.passing_over.contains(&suite) {
                from = at + 1;
            }
        }
        ordered
    }

    /// Puts suites in the server's order by asking for all of them again, each time without the last
    /// answer: for lists that the server mixes.
    async fn in_order(&mut self, mut suites: Vec<u16>) -> Vec<u16> {
        let mut ordered = Vec::new();
        while suites.len() > 1 {
            let Ok(chosen) = self.pick(suites.clone()).await else {
                let version = self.version.name();
                let doubt = format!("{version}: the order of its suites is known only in part");
                self.line.facts().doubt(doubt);
                break;
            };
            suites.retain(|s| *s != chosen);
            ordered.push(chosen);
        }
        ordered.extend(suites);
        ordered
    }

    /// Whether the server likes the least of `one` better than all of `other`.
    async fn is_before(&mut self, one: &[u16], other: &[u16]) -> bool {
        let Some(last) = one.last().copied() else { return true };
        let offered = other.iter().copied().chain([last]).collect();
        self.pick(offered).await.is_ok_and(|chosen| chosen == last)
    }

    /// Asks once or twice more where the answers so far fit both: all turned around, and then with the one
    /// that was taken at the end.
    pub(super) async fn settle_order(&mut self) {
        let mut found = self.segments.concat();
        found.reverse();
        for _ in 0..2 {
            if found.len() < 2 || order::proven(&self.picks, &found) != SuiteOrder::Unknown {
                return;
            }
            let Ok(chosen) = self.pick(found.clone()).await else { return };
            found.retain(|s| *s != chosen);
            found.push(chosen);
        }
    }
}
