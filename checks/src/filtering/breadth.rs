//! Addresses of one side of a rule that are more than a prefix of a length holds.

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Arg, Location, Message, Rule};
use portvakt_space::{AddrSet, Family, ICMP, ICMPV6, ServiceBox, ServiceSet, Traffic};

use super::support::{self, Applied};
use crate::{Findings, rules};

/// One side of a rule, and when its breadth is a fault.
pub(super) struct Side {
    /// The addresses of that side.
    pub(super) of: fn(&Traffic) -> &AddrSet,
    /// What the message calls them.
    pub(super) name: &'static str,
    /// What is said of a rule, and of a parameter that nothing sets.
    pub(super) messages: (&'static Message, &'static Message),
    /// Whether a flow is one that a narrower side would keep out.
    pub(super) counts: fn(&Audit<'_>, &Flow) -> bool,
    /// Whether the breadth is what the rule is for.
    pub(super) meant: fn(&Audit<'_>, &AddrSet, &[&Flow]) -> bool,
}

impl Side {
    /// Reports the rules whose side is wider than the parameters allow.
    pub(super) fn judge(&self, audit: &Audit<'_>, findings: &mut Findings<'_>) {
        let Some(limits) = prefix_limits(audit, findings, self.messages.1) else { return };
        for applied in support::applied(audit) {
            findings.judge(applied.device);
            for (key, rule) in support::rules(&applied) {
                self.report(audit, &applied, (key, rule), limits, findings);
            }
        }
    }

    fn report(
        &self,
        audit: &Audit<'_>,
        applied: &Applied<'_>,
        (key, rule): (RuleKey, &Rule),
        limits: Limits,
        findings: &mut Findings<'_>,
    ) {
        if !rule.enabled || support::is_any_any(rule) || is_icmp(rule) {
            return;
        }
        let wide: AddrSet = AddrSet::union_all(audit.met(applied.device, key).map(self.of));
        let Some(limit) = limits.exceeded(&wide) else { return };
        let counts = |f: &&Flow| f.certain && (self.counts)(audit, f);
        let flows: Vec<&Flow> = audit.flows_of(applied.device, key).filter(counts).collect();
        let Some(first) = flows.first().filter(|_| !(self.meant)(audit, &wide, &flows)) else {
            return;
        };
        let draft = rules::fault(audit, findings, self.messages.0, applied.device, key)
            .arg(self.name, addresses(&wide))
            .number("limit", limit)
            .witness(audit.witness(applied.device, &first.traffic, Some(key), true));
        support::zones(audit, draft, &flows).push();
    }
}

/// Whether a rule is for ICMP alone: routers anywhere on the way send its errors, and to every host
/// (RFC 1812 §4.3.2, RFC 4890 §4.3).
fn is_icmp(rule: &Rule) -> bool {
    let icmp = ServiceSet::from_boxes([ServiceBox::proto(ICMP), ServiceBox::proto(ICMPV6)]);
    rule.matches.service.is_subset(&icmp)
}

/// Shortest prefixes that are not yet too wide, by IP version.
#[derive(Clone, Copy)]
struct Limits {
    v4: u8,
    v6: u8,
}

impl Limits {
    /// The limit that a set exceeds: it has more addresses than a prefix of that length.
    fn exceeded(self, set: &AddrSet) -> Option<u8> {
        let wider = |family: Family, len: u8, width: u8| {
            let most = 1u128.checked_shl(u32::from(width.saturating_sub(len))).unwrap_or(u128::MAX);
            (set.size(family) > most).then_some(len)
        };
        wider(Family::V4, self.v4, 32).or_else(|| wider(Family::V6, self.v6, 128))
    }
}

/// The limits that the parameters set; where one is unset, that is said once.
fn prefix_limits(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    unset: &'static Message,
) -> Option<Limits> {
    let mut limit = |key: &str| {
        let found = audit.parameters.number(key).and_then(|n| u8::try_from(n).ok());
        if found.is_none() {
            findings.cannot_tell(unset, Location::Site).text("parameter", key).key(key).push();
        }
        found
    };
    Some(Limits { v4: limit("broad_prefix_v4")?, v6: limit("broad_prefix_v6")? })
}

/// Addresses as a message value.
fn addresses(set: &AddrSet) -> Arg {
    if Family::BOTH.into_iter().any(|f| set.is_all(f)) {
        return Arg::Phrase(&EVERYWHERE);
    }
    let shown = set.ranges().into_iter().take(3).map(|(lo, hi)| format!("{lo}–{hi}"));
    Arg::Names(shown.collect())
}

static EVERYWHERE: Message = Message { sv: "alla adresser", en: "every address" };
