//! A way in that asks for no account.

use portvakt_analysis::Audit;
use portvakt_model::{AccessLine, LineKind, LoginKind, Management, Message, Severity};

use super::support::{Named, first_line, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6013",
    name: "line-without-own-account",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.12-1", "MALMO-12.2-1", "MALMO-12.6-3", "K001-BEH-3", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Inloggning utan eget konto", en: "Login without an own account" },
    why: Message {
        sv: "Ett lösenord som hör till linjen och inte till en person kan ingen stå till svars \
             för, och det går inte att spärra för en enda person.",
        en: "Nobody answers for a password that belongs to the line and not to a person, and it \
             cannot be blocked for one person alone.",
    },
    fix: Message {
        sv: "Kräv konto på varje linje. Cisco IOS: aaa new-model, eller login local.",
        en: "Ask for an account on each line. Cisco IOS: aaa new-model, or login local.",
    },
    messages: &[&BY_PASSWORD, &BY_NOTHING],
    run,
};

static BY_PASSWORD: Message = Message {
    sv: "{device} släpper in den som kan ett gemensamt lösenord på {lines}; inget konto krävs.",
    en: "{device} lets in whoever knows a shared password on {lines}; no account is asked for.",
};

static BY_NOTHING: Message = Message {
    sv: "{device} kräver ingen inloggning på {lines}.",
    en: "{device} asks for no login on {lines}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| !m.lines.is_empty()) {
        findings.judge(device);
        report(audit, device, management, LoginKind::LinePassword, findings);
        report(audit, device, management, LoginKind::Nothing, findings);
    }
}

fn report(
    audit: &Audit<'_>,
    device: u32,
    management: &Management,
    login: LoginKind,
    findings: &mut Findings<'_>,
) {
    let open: Vec<&AccessLine> =
        management.lines.iter().filter(|l| l.login == login && is_open(l)).collect();
    let named: Vec<Named> = open.iter().map(|l| (l.line, l.name.clone())).collect();
    if named.is_empty() {
        return;
    }
    let (message, key) = match login {
        LoginKind::Nothing => (&BY_NOTHING, "nothing"),
        _ => (&BY_PASSWORD, "password"),
    };
    let at = audit.at(device, first_line(&named));
    let mut draft = findings.violation(message, at).device(device).key(key);
    if open.iter().all(|l| matches!(l.kind, LineKind::Console | LineKind::Auxiliary)) {
        draft = draft.severity(Severity::Medium);
    }
    name_all(draft, audit, device, "lines", &named).push();
}

/// Whether anybody can come in that way: a virtual line that takes no protocol is shut.
fn is_open(line: &AccessLine) -> bool {
    line.kind != LineKind::Remote || !line.transports.is_empty()
}
