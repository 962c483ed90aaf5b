//! Failed logins are counted, but nothing is locked.

use portvakt_analysis::Audit;
use portvakt_model::{Management, Message, Severity};

use super::support::{basis, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6015",
    name: "no-lockout",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.6-4", "MALMO-12.3-6", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Ingen spärr efter misslyckade inloggningar",
        en: "No lockout after failed logins",
    },
    why: Message {
        sv: "En gräns för antalet försök skyddar bara om kontot sedan är spärrat en tid.",
        en: "A limit on attempts protects only if the account is then locked for a time.",
    },
    fix: Message {
        sv: "Ange hur länge kontot ska vara spärrat. FortiOS: admin-lockout-duration. Junos: \
             lockout-period.",
        en: "Set how long the account stays locked. FortiOS: admin-lockout-duration. Junos: \
             lockout-period.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} spärrar inte kontot efter {attempts} misslyckade inloggningar: spärrtiden är \
         noll{basis}.",
    en: "{device} does not lock the account after {attempts} failed logins: the lockout time \
         is zero{basis}.",
};

/// Without a limit on attempts there is nothing to lock after: that is another check's.
fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        let Management { login_attempts, lockout_seconds, .. } = management;
        let (Some(attempts), Some(lockout)) = (login_attempts, lockout_seconds) else { continue };
        findings.judge(device);
        if attempts.value > 0 && lockout.value == 0 {
            findings
                .violation(&MESSAGE, place(audit, device, lockout))
                .device(device)
                .number("attempts", attempts.value)
                .arg("basis", basis(lockout))
                .push();
        }
    }
}
