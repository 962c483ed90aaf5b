//! Clients of a wireless network are kept apart only within an access point.

use portvakt_analysis::Audit;
use portvakt_model::{Isolation, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4102",
    name: "wlan-isolation-per-access-point",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-W3", "MALMO-12.5-7", "BASE-4.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Klienter är åtskilda bara inom samma accesspunkt",
        en: "Clients are kept apart only within one access point",
    },
    why: Message {
        sv: "Där accesspunkten själv lägger ut trafiken i ett VLAN stoppar isoleringen bara klienter på samma accesspunkt. Genom VLAN:et når de dem på alla andra.",
        en: "Where the access point itself puts the traffic into a VLAN, isolation stops only clients of the same access point. Through the VLAN they reach those of every other.",
    },
    fix: Message {
        sv: "Låt trafiken gå genom kontrollern, eller skilj portarna åt i switcharna (privat VLAN, portisolering).",
        en: "Let the traffic go through the controller, or part the ports in the switches (private VLAN, port isolation).",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Klientisoleringen i {ssid} på {device} gäller bara inom samma accesspunkt: klienter på olika accesspunkter når varandra om nätet under inte skiljer dem åt.",
    en: "Client isolation in {ssid} on {device} holds only within one access point: clients of different access points reach each other unless the network beneath parts them.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        if ssid.isolation == Isolation::AccessPoint {
            let line = ssid.isolation_line;
            support::fault(audit, findings, &MESSAGE, (device, ssid), line).push();
        }
    }
}
