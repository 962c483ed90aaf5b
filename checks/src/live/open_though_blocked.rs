//! Port that answers though every firewall on its way stops such packets.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::{Stop, Way};
use portvakt_model::{Arg, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8012",
    name: "open-though-blocked",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-1", "MALMO-11.6-2b", "BASE-8.1", "BASE-2.2"],
    needs: &[Need::Observations, Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Port svarar fast brandväggen ska spärra",
        en: "Port that answers though the firewall must block it",
    },
    why: Message {
        sv: "Den inlästa konfigurationen släpper inte igenom det som skanningen ändå kom fram till. Antingen gäller en annan konfiguration, eller så har den ändrats efter skanningen, eller så finns en väg förbi brandväggen.",
        en: "The configuration that was read does not let through what the scan got through all the same. Either another configuration is in force, or it was changed after the scan, or there is a way around the firewall.",
    },
    fix: Message {
        sv: "Kontrollera att exporten är den som gäller i brandväggen. Har den ändrats efter skanningen, skanna på nytt; sök annars vägen som skanningen tog.",
        en: "See that the export is what is in force on the firewall. If it was changed after the scan, scan anew; otherwise look for the way that the scan took.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}), fast {rules} spärrar det.",
    en: "{host} answers on {port} from {from} ({time}), though {rules} blocks it.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for port in support::open(audit, findings) {
        let Way::Blocked(stops) = &port.way else { continue };
        let name = |s: &Stop| support::rule_name(audit, s.device, s.rule);
        let witness =
            stops.first().map(|s| audit.witness_of(s.device, s.packet, Some(s.rule), false));
        let draft = findings.violation(&MESSAGE, support::place(audit, port));
        support::describe(audit, draft, port)
            .arg("rules", Arg::Names(stops.iter().map(name).collect()))
            .witness(witness)
            .residue(vec![port.traffic.clone()])
            .push();
    }
}
