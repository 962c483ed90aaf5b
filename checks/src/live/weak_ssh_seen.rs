//! SSH endpoint that offers what must not be used: version 1, weak algorithms, small keys, Terrapin.

use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_analysis::observed::Endpointed;
use portvakt_model::{Message, Severity, SshEndpoint};

use super::sight::{Sight, recorded};
use super::support;
use crate::crypto::{Judgement, Level, Policy, Profile, judge_ssh, standard};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8024",
    name: "weak-ssh-seen",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "MALMO-13.4-3", "MALMO-8.3-1", "BASE-8.4", "BASE-5.6"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message {
        sv: "SSH-tjänst erbjuder något utdömt",
        en: "SSH endpoint that offers what is prohibited",
    },
    why: Message {
        sv: "Version 1, RC4, CBC, MD5, signaturer med SHA-1 och små nycklar skyddar inte inloggningen (RFC 4253, RFC 8758, RFC 9142, RFC 8332). Utan strikt nyckelutbyte kan den som står emellan ta bort meddelanden (Terrapin, CVE-2023-48795). Bedömt efter policyn portvakt-2026.",
        en: "Version 1, RC4, CBC, MD5, signatures with SHA-1 and small keys do not protect the login (RFC 4253, RFC 8758, RFC 9142, RFC 8332). Without strict key exchange whoever stands between can remove messages (Terrapin, CVE-2023-48795). Judged by the policy portvakt-2026.",
    },
    fix: Message {
        sv: "Stäng av det som nämns i tjänsten, eller uppdatera den; `portvakt ssh` säger vad som ska stå i stället.",
        en: "Turn what is named off in the service, or update it; `portvakt ssh` says what is to stand there instead.",
    },
    messages: &[&DECIDED, &MESSAGE, &NOT_WHOLE],
    run,
};

static DECIDED: Message = Message {
    sv: "{target}, som {decisions} öppnar, erbjuder {algorithms} ({time}).",
    en: "{target}, which {decisions} opens, offers {algorithms} ({time}).",
};

static MESSAGE: Message = Message {
    sv: "{target} erbjuder {algorithms} ({time}).",
    en: "{target} offers {algorithms} ({time}).",
};

static NOT_WHOLE: Message = Message {
    sv: "{target} är inte känd i sin helhet ({time}): {doubts}. Inget utdömt sågs, men det kan finnas.",
    en: "{target} is not known whole ({time}): {doubts}. Nothing prohibited was seen, but it may be there.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(policy) = standard() else { return };
    let observed = audit.observed();
    if !observed.ssh.is_empty() {
        findings.judge_site();
    }
    for endpoint in &observed.ssh {
        let endpoint = &told(endpoint);
        let faults = insufficient(endpoint.seen, policy, audit.today);
        if faults.is_empty() {
            not_whole(audit, findings, endpoint);
            continue;
        }
        let offered = support::few(faults.iter().flat_map(named).collect());
        let message = if endpoint.decisions.is_empty() { &MESSAGE } else { &DECIDED };
        let shown = Sight::offers(&offered);
        let draft = findings.violation(message, support::place_of(audit, endpoint));
        support::describe_endpoint(audit, draft, endpoint, shown)
            .arg("algorithms", recorded(offered))
            .severity(severity(&faults))
            .push();
    }
}

/// The last look that was told what the endpoint offers: one that met nobody unsays nothing.
fn told<'a>(endpoint: &Endpointed<'a, SshEndpoint>) -> Endpointed<'a, SshEndpoint> {
    let answered = endpoint.views().find(|view| !view.seen.kex.is_empty());
    answered.unwrap_or_else(|| endpoint.clone())
}

/// What the policy holds insufficient.
fn insufficient(endpoint: &SshEndpoint, policy: &Policy, today: Date) -> Vec<Judgement> {
    let judged = judge_ssh(endpoint, policy, Profile::Internal, today).into_iter();
    judged.filter(|judgement| judgement.level == Level::Insufficient).collect()
}

/// What is seen of Terrapin is a cipher that is sound by itself, so that it is told by its name.
fn named(judgement: &Judgement) -> Vec<String> {
    match judgement.check() {
        "ssh-terrapin" => vec![format!("Terrapin ({})", judgement.observed.join(", "))],
        _ => judgement.observed.clone(),
    }
}

/// What lets traffic be read or changed with little effort weighs more.
fn severity(faults: &[Judgement]) -> Severity {
    let is_worst = faults.iter().any(|judgement| judgement.severity == Severity::Critical);
    if is_worst { Severity::High } else { CHECK.severity }
}

/// An endpoint that answered as SSH, and of which not all is known, is not passed. One that did not
/// answer offers nothing that could be judged.
fn not_whole(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    endpoint: &Endpointed<'_, SshEndpoint>,
) {
    let seen = endpoint.seen;
    if seen.banner.is_empty() || seen.complete && seen.doubts.is_empty() {
        return;
    }
    let mut doubts = support::few(seen.doubts.clone());
    if doubts.is_empty() {
        doubts.push("not every question was answered".to_owned());
    }
    let draft = findings.cannot_tell(&NOT_WHOLE, support::place_of(audit, endpoint));
    support::describe_endpoint(audit, draft, endpoint, Sight::in_part())
        .arg("doubts", recorded(doubts))
        .push();
}
