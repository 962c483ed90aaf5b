//! What several checks of anomalies share.

use portvakt_analysis::anomalies::Standing;
pub(super) use portvakt_analysis::anomalies::is_final_deny;
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Arg, Message, Role, RuleRef, Severity};
use portvakt_space::{Cause, Packet, State};

use crate::{Draft, Findings, rules};

/// Every judged rule of every device, with what can be said of it.
pub(super) fn each<'o>(
    audit: &'o Audit<'_>,
    findings: &mut Findings<'_>,
) -> Vec<(u32, RuleKey, &'o Standing)> {
    let mut all = Vec::new();
    for (device, _) in audit.devices() {
        for list in audit.anomalies(device).iter().filter(|list| !list.rules.is_empty()) {
            findings.judge(device);
            all.extend(list.rules.iter().map(|(rule, standing)| (device, *rule, standing)));
        }
    }
    all
}

/// Reports the rules that earlier ones take everything from, for one cause: a hole where an earlier rule
/// does something else, else a rule too many.
pub(super) fn covered(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    wanted: Cause,
    (other_action, same_action): (&'static Message, &'static Message),
) {
    for (device, key, standing) in each(audit, findings) {
        let Standing::Unreachable { cause, blockers: by, contrary } = standing else { continue };
        if *cause != wanted {
            continue;
        }
        let against = contrary.as_deref().map(|(rule, packet)| (*rule, packet.unpacked()));
        let against = against.as_ref().filter(|c| starts_a_connection(c));
        let message = if against.is_some() { other_action } else { same_action };
        let draft = rules::fault(audit, findings, message, device, key);
        let draft = witness(audit, blockers(audit, draft, device, by), device, against);
        draft.severity(if against.is_some() { Severity::Medium } else { Severity::Low }).push();
    }
}

/// What a rule does, in words.
pub(super) const fn action(action: Action) -> &'static Message {
    match action {
        Action::Permit => &PERMITS,
        Action::Deny | Action::Reject => &DENIES,
        _ => &OTHER,
    }
}

static PERMITS: Message = Message { sv: "tillåter", en: "permits" };
static DENIES: Message = Message { sv: "spärrar", en: "denies" };
static OTHER: Message = Message { sv: "styr om", en: "diverts" };

/// Names the rules that take the traffic, as `{blockers}` and as related places.
pub(super) fn blockers<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    device: u32,
    rules: &[RuleKey],
) -> Draft<'f, 'a> {
    let refs: Vec<_> = rules.iter().map(|r| audit.rule_ref(device, r.ruleset, r.rule)).collect();
    let label = |r: &RuleRef| match (&r.id, is_rule(r)) {
        (_, false) => "listans förval".to_owned(),
        (Some(id), true) => format!("{id} (rad {})", r.line),
        (None, true) => format!("rad {}", r.line),
    };
    let english = |r: &RuleRef| match (&r.id, is_rule(r)) {
        (_, false) => "the default of the list".to_owned(),
        (Some(id), true) => format!("{id} (line {})", r.line),
        (None, true) => format!("line {}", r.line),
    };
    let shown = |name: &dyn Fn(&RuleRef) -> String| {
        refs.iter().take(MOST_SHOWN).map(name).collect::<Vec<_>>().join(", ")
    };
    let more = refs.len().saturating_sub(MOST_SHOWN);
    let (mut sv, mut en) = (shown(&label), shown(&english));
    if more > 0 {
        sv = format!("{sv} och {more} till");
        en = format!("{en} and {more} more");
    }
    let mut draft = draft.arg("blockers", Arg::Either(sv, en));
    for one in refs.iter().take(MOST_SHOWN) {
        let id = one.id.clone().unwrap_or_else(|| one.line.to_string());
        draft = draft.related(Role::Blocker, audit.rule_at(one), id);
    }
    draft
}

/// Whether a reference is to a rule that somebody wrote, not to a default.
const fn is_rule(rule: &RuleRef) -> bool {
    rule.rule.is_some() && rule.line > 0
}

/// Whether a key is of a rule that somebody wrote.
pub(super) fn is_written(audit: &Audit<'_>, device: u32, key: RuleKey) -> bool {
    is_rule(&audit.rule_ref(device, key.ruleset, key.rule))
}

/// Most rules that a sentence names.
const MOST_SHOWN: usize = 8;

/// Whether the packet that an earlier rule takes is a new connection: what becomes of broken or
/// answering packets is not what the later rule is for.
fn starts_a_connection((_, packet): &(RuleKey, Packet)) -> bool {
    packet.state == State::New
}

/// Adds the packet that an earlier rule with another outcome takes.
fn witness<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    device: u32,
    contrary: Option<&(RuleKey, Packet)>,
) -> Draft<'f, 'a> {
    let Some((key, packet)) = contrary else { return draft };
    let permitted = rules::find(audit, device, *key).is_some_and(|r| r.action == Action::Permit);
    draft.witness(Some(audit.witness_of(device, *packet, Some(*key), permitted)))
}
