//! Denied traffic is not logged.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Hook, Logging, Message, Rule, Ruleset, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2018",
    name: "denied-traffic-not-logged",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.12-2", "MALMO-11.12-8", "MALMO25-TEK-1", "BASE-2.8"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Spärrad trafik loggas inte", en: "Denied traffic is not logged" },
    why: Message {
        sv: "Utan logg över det som spärras syns varken intrångsförsök eller fel.",
        en: "Without a log of what is denied neither intrusion attempts nor mistakes are seen.",
    },
    fix: Message {
        sv: "Avsluta listan med en regel som spärrar och loggar allt.",
        en: "End the list with a rule that denies and logs everything.",
    },
    messages: &[&MESSAGE, &SWITCH],
    run,
};

static SWITCH: Message = Message {
    sv: "{device} loggar inte det som ingen regel tillåter.",
    en: "{device} does not log what no rule permits.",
};

static MESSAGE: Message = Message {
    sv: "Det som {list} i {device} spärrar sist loggas inte.",
    en: "What {list} on {device} denies at its end is not logged.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    switched(audit, findings);
    for applied in support::applied(audit) {
        let list = applied.list;
        let guards =
            |h: &Hook| matches!(h, Hook::In(_) | Hook::Forward(_) | Hook::Local(_) | Hook::Out(_));
        let own_log =
            ["cisco-asa", "fortios"].contains(&audit.devices[applied.device as usize].format);
        if own_log || list.line == 0 || list.rules.is_empty() || !list.hooks.iter().any(guards) {
            // ASA logs every denied packet (106023); FortiOS has a switch of its own.
            continue;
        }
        findings.judge(applied.device);
        // Nothing is left to deny behind a rule that lets everything through.
        if list.rules.iter().any(|r| support::is_any_any(r) && r.matches.iif.is_any()) {
            continue;
        }
        let denies = list.default.action.is_deny() || list.rules.last().is_some_and(is_final);
        if denies && !logs_the_rest(audit, applied.device, list, DEEPEST) {
            let key = RuleKey { ruleset: applied.id, rule: None };
            rules::fault(audit, findings, &MESSAGE, applied.device, key).push();
        }
    }
}

/// Devices with a switch of their own for it.
fn switched(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        let Some(fact) = model.management.as_ref().and_then(|m| m.denied_log.as_ref()) else {
            continue;
        };
        findings.judge(device);
        if !fact.value {
            findings
                .violation(&SWITCH, audit.at(device, fact.line().unwrap_or(0)))
                .device(device)
                .key("implicit deny")
                .push();
        }
    }
}

/// Whether a rule sees everything that is left: it logs, counts or drops it.
fn is_final(rule: &Rule) -> bool {
    let m = &rule.matches;
    let logs_on = rule.action == Action::Continue || rule.action.is_deny();
    rule.enabled
        && logs_on
        && support::is_everywhere(&m.src)
        && support::is_everywhere(&m.dst)
        && m.service.is_any()
}

/// Deepest nesting of chains that is followed.
const DEEPEST: usize = 8;

/// Whether the list, or a chain that it sends everything to, logs what is left.
fn logs_the_rest(audit: &Audit<'_>, device: u32, list: &Ruleset, depth: usize) -> bool {
    let logs = |r: &Rule| is_final(r) && r.logging == Logging::On;
    let sends = |r: &Rule| match r.action {
        Action::Jump(id) | Action::Goto(id) if r.enabled && support::is_everything(&r.matches) => {
            depth > 0 && logs_the_rest(audit, device, audit.ruleset(device, id), depth - 1)
        }
        _ => false,
    };
    list.rules.iter().any(|r| logs(r) || sends(r))
}
