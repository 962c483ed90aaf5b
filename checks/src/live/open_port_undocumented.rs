//! Port that answers across a border with no decision about it.

use portvakt_analysis::observed::{OpenPort, Way};
use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8010",
    name: "open-port-undocumented",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "BASE-8.1", "BASE-1.1"],
    needs: &[Need::Observations, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message { sv: "Port svarar utan beslut", en: "Port that answers without a decision" },
    why: Message {
        sv: "Skanningen visar att tjänsten verkligen nås över en gräns som kräver beslut. Ingen har beslutat om den, och ingen svarar för den.",
        en: "The scan shows that the service is really reached across a border that needs a decision. Nobody decided on it, and nobody answers for it.",
    },
    fix: Message {
        sv: "Stäng porten, eller låt behörig beställare fatta beslut och för in det i registret.",
        en: "Close the port, or have an authorised orderer decide on it and enter the decision in the register.",
    },
    messages: &[&MESSAGE, &NOT_IN_FORCE, &WIDER, &UNSURE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}), utan något beslut.",
    en: "{host} answers on {port} from {from} ({time}), with no decision.",
};

static NOT_IN_FORCE: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}), men {decisions} är inte beslutat eller har inte börjat gälla.",
    en: "{host} answers on {port} from {from} ({time}), but {decisions} is not decided or has not begun.",
};

static WIDER: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}), utöver det som {decisions} säger.",
    en: "{host} answers on {port} from {from} ({time}), beyond what {decisions} says.",
};

static UNSURE: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}). Om {decisions} omfattar det går inte att avgöra: beslutet eller sensorns adress är inte helt känd.",
    en: "{host} answers on {port} from {from} ({time}). Whether {decisions} covers that cannot be told: the decision or the sensor's address is not wholly known.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for port in support::open(audit, findings).iter().filter(|p| is_let_in(p)) {
        let message = match port.standing {
            Some(OpeningStanding::Undocumented) => &MESSAGE,
            Some(OpeningStanding::NotDecided | OpeningStanding::NotYetValid) => &NOT_IN_FORCE,
            Some(OpeningStanding::Wider) => &WIDER,
            Some(OpeningStanding::CannotTell) => &UNSURE,
            Some(OpeningStanding::Documented | OpeningStanding::Expired) | None => continue,
        };
        let at = support::place(audit, port);
        let draft = if port.standing == Some(OpeningStanding::CannotTell) {
            findings.cannot_tell(message, at)
        } else {
            findings.violation(message, at)
        };
        support::describe(audit, draft, port).push();
    }
}

/// What firewalls stop and is open all the same is another fault.
fn is_let_in(port: &OpenPort<'_>) -> bool {
    !matches!(port.way, Way::Blocked(_))
}
