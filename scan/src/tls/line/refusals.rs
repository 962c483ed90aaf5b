//! How an endpoint refuses what nobody has, and whether it still answers.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use portvakt_model::TlsVersion;

use super::Line;
use crate::tls::hello::Offer;
use crate::tls::offers;
use crate::tls::refusal::Refusal;
use crate::tls::wire::Answer;

/// How it refuses, in TLS 1.3 or before, once that was asked.
pub(super) type Fingerprints = tokio::sync::Mutex<HashMap<(bool, Of), Refusal>>;

/// What of an offer nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Of {
    Suites,
    Groups,
}

impl Line<'_> {
    /// Whether `refusal` is the way in which this server says that it shares nothing of an offer in
    /// `version`. A server that says it otherwise than by a plain alert is asked once for what nobody has.
    /// Were it gone or tired of us, nothing would follow from its no: [`Line::confirm`] sees to that.
    pub(crate) async fn refuses_so(&self, version: TlsVersion, refusal: Refusal) -> bool {
        let offer = self.offer(version, &offers::NOBODYS, &offers::groups(version));
        self.is_refusal(&offer, Of::Suites, refusal).await
    }

    /// The same where only groups are in question; `suites` are known to be there. Most servers refuse
    /// them as they refuse suites, which may be known, or will be of use.
    pub(crate) async fn refuses_groups_so(
        &self,
        version: TlsVersion,
        suites: &[u16],
        refusal: Refusal,
    ) -> bool {
        if self.refuses_so(version, refusal).await {
            return true;
        }
        let offer = self.offer(version, suites, &offers::NOBODYS);
        self.is_refusal(&offer, Of::Groups, refusal).await
    }

    async fn is_refusal(&self, nobodys: &Offer, of: Of, refusal: Refusal) -> bool {
        if refusal.is_clean() || refusal.is_final() {
            return refusal.is_clean();
        }
        let is_so = self.fingerprint(nobodys, of).await.is_like(refusal);
        self.relied.fetch_or(is_so, Ordering::Relaxed);
        is_so
    }

    /// Whether the endpoint still answers, when since the last time something was concluded from a refusal
    /// that a server gives for other reasons too.
    pub(crate) async fn confirm(&self) -> bool {
        if !self.relied.swap(false, Ordering::Relaxed) || self.still_answers().await {
            return true;
        }
        self.relied.store(true, Ordering::Relaxed);
        false
    }

    /// How it refuses what nobody has: asked once, whoever wants to know.
    async fn fingerprint(&self, nobodys: &Offer, of: Of) -> Refusal {
        let key = (nobodys.version == TlsVersion::Tls13, of);
        let mut known = self.fingerprints.lock().await;
        if let Some(refusal) = known.get(&key) {
            return *refusal;
        }
        let refusal = match self.ask_unnoted(nobodys).await {
            Answer::Refused(refusal) => refusal,
            Answer::Chosen(_) => Refusal::Garbage("something that was not offered"),
        };
        known.insert(key, refusal);
        refusal
    }

    async fn still_answers(&self) -> bool {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match good {
            Some(offer) => self.ask(&offer).await.chosen().is_some(),
            None => false,
        }
    }
}
