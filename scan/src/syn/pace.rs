//! How much a host bears, measured by asking again what is known.
//!
//! Silence has two reasons: a filter, or too many packets. A port that has answered before tells them apart:
//! when it, too, falls silent, packets are lost. So now and then one is asked again among the others.
//! When it is not answered, the host is asked more slowly, and what was silent meanwhile is asked
//! once more.

/// Known ports that are asked again before it is judged.
const WINDOW: u32 = 32;
/// One of so many packets asks again what is known.
const EVERY: u32 = 32;
/// The same while losses are looked into.
const EVERY_CLOSELY: u32 = 4;
/// Lost at least of a window, for the host to be slowed down: more than chance does where one of fifty is
/// lost.
const LOST: u32 = 4;
/// Rates are cut to no less than this share at once, however little came back.
const DEEPEST_CUT: u64 = 4;
/// At this many nanoseconds between packets no host is overrun: who does not answer then will not.
const SLOW: u64 = 10_000_000;

/// What the last window showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It is not over.
    Open,
    /// So many were asked, and so many lost: no more than chance.
    Clean {
        /// Known ports asked again.
        asked: u32,
        /// Of which so many did not answer.
        lost: u32,
    },
    /// One packet in so many nanoseconds is what it bears.
    Slower(u32),
    /// Nothing came back though it was asked slowly.
    Dead,
}

/// The measuring of one host, or of everything together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every: u32,
    /// Packets since the last that asked again.
    since: u32,
    /// Packets in this window, when it began and ended.
    packets: u32,
    begun: u64,
    ended: Option<u64>,
    asked: u32,
    /// Answers that had come before this window.
    before: u32,
}

impl Pace {
    /// Begins a window at `now`; `answers` have come so far.
    pub(crate) fn new(now: u64, answers: u32) -> Self {
        Self {
            every: EVERY,
            since: 0,
            packets: 0,
            begun: now,
            ended: None,
            asked: 0,
            before: answers,
        }
    }

    /// Counts a packet.
    pub(crate) fn sent(&mut self) {
        self.since += 1;
        self.packets += u32::from(self.ended.is_none());
    }

    /// Whether the next packet should ask again what is known.
    pub(crate) fn is_due(&self) -> bool {
        self.ended.is_none() && self.since >= self.every
    }

    /// Counts a packet that asked again.
    pub(crate) fn asked(&mut self, now: u64) {
        self.asked += 1;
        self.packets += 1;
        self.since = 0;
        if self.asked >= WINDOW {
            self.ended = Some(now);
        }
    }

    /// How many were asked again in this window.
    pub(crate) fn count(&self) -> u32 {
        self.asked
    }

    /// Ends the window early.
    pub(crate) fn close(&mut self, now: u64) {
        self.ended.get_or_insert(now);
    }

    /// Ends the window early, when anything was asked in it.
    pub(crate) fn close_if_any(&mut self, now: u64) {
        if self.asked > 0 {
            self.close(now);
        }
    }

    /// Whether nothing more is asked in this window.
    pub(crate) fn is_closed(&self) -> bool {
        self.ended.is_some()
    }

    /// Judges the window once everything that came until `looked` is known and answers had `patience` to
    /// come; `answers` is their number so far, `meant` the nanoseconds that were meant to lie between packets. A
    /// window that was judged is followed by a new one.
    pub(crate) fn rule(&mut self, looked: u64, patience: u64, answers: u32, meant: u32) -> Ruling {
        let Some(ended) = self.ended.filter(|ended| looked >= ended + patience) else {
            return Ruling::Open;
        };
        let came = answers.wrapping_sub(self.before).min(self.asked);
        let lost = self.asked - came;
        let measured = (ended - self.begun) / u64::from(self.packets.max(1));
        // A busy machine sends less than it means to, in fits; a rate that was never tried, far less.
        let meant = u64::from(meant);
        let gap = if measured <= 2 * meant { meant } else { measured };
        let overrun = (lost >= LOST && lost * 8 >= self.asked) || (lost > 0 && came == 0);
        let asked = self.asked;
        *self = Self::new(looked, answers);
        if !overrun {
            return Ruling::Clean { asked, lost };
        }
        self.every = EVERY_CLOSELY;
        if came == 0 && gap >= SLOW {
            return Ruling::Dead;
        }
        // What came back is what it bears; a twentieth less keeps clear of the edge.
        let borne = gap.max(1) * u64::from(asked) * 20 / (u64::from(came.max(1)) * 19);
        let slower = borne.clamp(gap + 1, gap.max(1_000) * DEEPEST_CUT);
        Ruling::Slower(u32::try_from(slower).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A host that answers `limit` packets a second and drops the others, asked as fast as we may. Returns how
    /// many were sent a second, and answered, in the second half of the time.
    fn settle(limit: u64, seconds: u64) -> (u64, u64) {
        let (mut sent, mut served) = (0, 0);
        let (mut gap, mut now, mut answers) = (5_000, 0, 0);
        let (mut pace, mut tokens, mut last) = (Pace::new(0, 0), 5 * 1_000_000_000, 0);
        while now < seconds * 1_000 * MS {
            now += gap;
            tokens = (tokens + (now - last) * limit).min(5 * 1_000_000_000);
            last = now;
            let answered = tokens >= 1_000_000_000;
            if answered {
                tokens -= 1_000_000_000;
            }
            if now > seconds * 500 * MS {
                (sent, served) = (sent + 1, served + u64::from(answered));
            }
            if pace.is_due() {
                pace.asked(now);
                answers += u32::from(answered);
            } else {
                pace.sent();
            }
            match pace.rule(now, 50 * MS, answers, gap as u32) {
                Ruling::Slower(slower) => gap = u64::from(slower),
                Ruling::Clean { .. } => gap = (gap - gap / 8).max(5_000),
                Ruling::Open => {}
                Ruling::Dead => panic!("it answers"),
            }
        }
        (2 * sent / seconds, 2 * served / seconds)
    }

    #[test]
    fn it_settles_near_what_a_host_bears() {
        for limit in [100, 1_000, 5_000, 20_000] {
            let (sent, served) = settle(limit, 60);
            assert!(sent <= limit * 5 / 4, "{limit}: {sent} sent");
            assert!(served >= limit * 4 / 5, "{limit}: {served} answered");
        }
    }

    #[test]
    fn who_never_answers_again_is_given_up() {
        let (mut pace, mut now, mut gap) = (Pace::new(0, 7), 0, 1_000);
        for _ in 0..1_000_000 {
            now += gap;
            if pace.is_due() {
                pace.asked(now);
            } else {
                pace.sent();
            }
            match pace.rule(now, 50 * MS, 7, gap as u32) {
                Ruling::Slower(slower) => gap = u64::from(slower),
                Ruling::Dead => return,
                Ruling::Open => {}
                Ruling::Clean { .. } => panic!("nothing came"),
            }
        }
        panic!("asked for ever");
    }

    #[test]
    fn chance_slows_nobody_down() {
        let mut pace = Pace::new(0, 0);
        for now in 0..u64::from(WINDOW) {
            pace.asked(now);
        }
        assert_eq!(pace.rule(10, 100, 0, 1), Ruling::Open, "answers may still be on their way");
        assert_eq!(pace.rule(1_000, 100, 30, 1), Ruling::Clean { asked: 32, lost: 2 });
    }
}
