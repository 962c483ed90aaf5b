//! Where a sender stands with one host.

use crate::bucket::Bucket;
use crate::raw::Hop;

/// How packets to a host leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) hop: Hop,
    /// Which of the templates: one for each source address.
    pub(crate) template: u32,
}

/// What a host is asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its silent ports.
    Asking,
    /// Nothing: what was asked again is being judged.
    Closing,
    /// What it is known to answer.
    Checking,
}

/// One host's turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) host: u32,
    pub(crate) subnet: u32,
    /// Place of its pace, or [`Turn::NO_PACE`].
    pub(crate) pace: u32,
    pub(crate) bucket: Bucket,
    /// Nanoseconds between its packets.
    pub(crate) gap: u32,
    /// Ports of this pass that are behind it.
    pub(crate) cursor: u32,
    /// When the pass began, and when the last packet went.
    pub(crate) began: u64,
    pub(crate) last: u64,
    /// Passes so far, and how many of them in a row were not disturbed.
    pub(crate) pass: u8,
    pub(crate) clean: u8,
    /// Ports that had answered when the pass began.
    pub(crate) answers: u32,
    /// Checks that failed.
    pub(crate) checks: u8,
    /// Whether it was slowed down in this pass.
    pub(crate) spoiled: bool,
    pub(crate) phase: Phase,
}

impl Turn {
    pub(crate) const NO_PACE: u32 = u32::MAX;

    pub(crate) fn new(host: u32, subnet: u32, gap: u32) -> Self {
        Self {
            host,
            subnet,
            pace: Self::NO_PACE,
            bucket: Bucket::default(),
            gap,
            cursor: 0,
            // After the zero at which nothing was spoiled yet.
            began: 1,
            last: 0,
            pass: 0,
            clean: 0,
            answers: 0,
            checks: 0,
            spoiled: false,
            phase: Phase::Asking,
        }
    }

    /// Begins another pass.
    pub(crate) fn again(&mut self, now: u64) {
        self.pass += 1;
        self.cursor = 0;
        self.began = now;
        self.spoiled = false;
        self.phase = Phase::Asking;
    }
}
