//! Clear text on a port that is decided as encrypted.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::OpenPort;
use portvakt_model::{Decision, Message, PortProtocol, Severity};
use portvakt_space::{ServiceBox, ServiceSet};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8014",
    name: "clear-text-where-encryption-is-decided",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.10-1", "MALMO-8.3-1", "MALMO-13.4-3", "BASE-8.4"],
    needs: &[Need::Observations, Need::Register],
    parameters: &[],
    title: Message {
        sv: "Klartext där kryptering är beslutad",
        en: "Clear text where encryption is decided",
    },
    why: Message {
        sv: "Den som beslutade räknade med att ingen kan läsa trafiken. Skanningen visar att tjänsten talar i klartext.",
        en: "Whoever decided counted on nobody being able to read the traffic. The scan shows that the service speaks in clear text.",
    },
    fix: Message {
        sv: "Slå på TLS i tjänsten, eller rätta beslutet.",
        en: "Turn TLS on in the service, or correct the decision.",
    },
    messages: &[&MESSAGE, &UNASKED, &UNKNOWN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} talar {service} i klartext på {number} ({time}), fast {decision} säger krypterat.",
    en: "{host} speaks {service} in clear text on {number} ({time}), though {decision} says encrypted.",
};

static UNASKED: Message = Message {
    sv: "{host} talar {service} på {number} ({time}), fast {decision} säger krypterat. Om tjänsten kan gå över till TLS frågade skanningen inte.",
    en: "{host} speaks {service} on {number} ({time}), though {decision} says encrypted. Whether it can go over to TLS was not asked.",
};

static UNKNOWN: Message = Message {
    sv: "{host} svarar på {number} ({time}), där {decision} säger krypterat, men vad som talas där är inte känt.",
    en: "{host} answers on {number} ({time}), where {decision} says encrypted, but what speaks there is not known.",
};

/// Protocols that are readable where they are not inside TLS (IANA service names, and nmap's).
const READABLE: &[&str] = &[
    "amqp",
    "ftp",
    "http",
    "http-proxy",
    "imap",
    "ldap",
    "memcached",
    "mongodb",
    "mqtt",
    "mysql",
    "nfs",
    "pop3",
    "postgresql",
    "redis",
    "rtsp",
    "sip",
    "smtp",
    "submission",
    "syslog",
    "telnet",
    "tftp",
    "vnc",
];

/// Ports of services that are encrypted from the first byte (IANA service names: https, submissions,
/// ldaps, domain-s, ftps-data, ftps, telnets, imaps, pop3s, sip-tls, wsmans, syslog-tls, and secure-mqtt).
const ENCRYPTED: &[u16] = &[443, 465, 636, 853, 989, 990, 992, 993, 995, 5061, 5986, 6514, 8883];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let over_tls = support::OverTls::of(audit);
    for port in support::distinct(audit, support::open(audit, findings)) {
        let decisions = support::decided(audit, &port.decisions);
        let in_force = decisions.into_iter().filter(|d| d.valid_on(audit.today));
        let Some(decision) = in_force.into_iter().find(|d| demands(d, port)) else { continue };
        let heard = if over_tls.has(port) { Heard::Other } else { heard(port) };
        let at = support::place(audit, port);
        let (draft, service) = match heard {
            Heard::Clear(service) => (findings.violation(&MESSAGE, at), service),
            Heard::Upgradable(service) => (findings.cannot_tell(&UNASKED, at), service),
            Heard::Nothing => (findings.cannot_tell(&UNKNOWN, at), ""),
            Heard::Other => continue,
        };
        support::describe(audit, draft, port)
            .text("service", service)
            .text("decision", &decision.id)
            .push();
    }
}

/// What is known of what is spoken on a port.
enum Heard<'p> {
    /// A readable protocol, outside TLS, that does not offer to go over to it.
    Clear(&'p str),
    /// A readable protocol that may go over to TLS, and was not asked.
    Upgradable(&'p str),
    /// Nothing.
    Nothing,
    /// Something that is encrypted, or that says nothing of it.
    Other,
}

fn heard<'p>(port: &'p OpenPort<'_>) -> Heard<'p> {
    let Some(service) = port.service else { return Heard::Nothing };
    let name = service.name.as_str();
    if service.tls || service.starttls || !READABLE.contains(&name) {
        Heard::Other
    } else if support::may_go_over(service) {
        Heard::Upgradable(name)
    } else {
        Heard::Clear(name)
    }
}

/// Whether a decision says that what goes to the port is encrypted: by its column for that, or by a port
/// that is for nothing else.
fn demands(decision: &Decision, port: &OpenPort<'_>) -> bool {
    let number = port.port.port;
    if let Some(stated) = decision.encryption.as_ref().and_then(|field| states(&field.text)) {
        return stated && !sends_on(decision, number);
    }
    let names = |b: &ServiceBox| b.dport == (number, number);
    port.port.protocol == PortProtocol::Tcp
        && ENCRYPTED.contains(&number)
        && decision.service.iter().flat_map(ServiceSet::boxes).any(names)
}

/// What a cell about encryption says of the service itself; `None` where it can't be told. A tunnel
/// encrypts between its ends, and a scan may stand behind them.
fn states(text: &str) -> Option<bool> {
    const NO: &[&str] = &[
        "nej",
        "no",
        "not",
        "ej",
        "ingen",
        "inte",
        "utan",
        "saknas",
        "okrypterad",
        "okrypterat",
        "unencrypted",
        "without",
        "none",
        "klartext",
        "cleartext",
        "plaintext",
    ];
    const TUNNEL: &[&str] = &["ipsec", "vpn", "tunnel", "wireguard", "macsec", "ipsectunnel"];
    const YES: &[&str] = &[
        "ja",
        "yes",
        "krävs",
        "krypterad",
        "krypterat",
        "tls",
        "mtls",
        "ssl",
        "https",
        "ssh",
        "sftp",
        "required",
        "encrypted",
    ];
    let text = text.to_lowercase();
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    if words().any(|w| NO.contains(&w)) {
        return Some(false);
    }
    let only_between = words().any(|w| TUNNEL.contains(&w));
    (!only_between && words().any(|w| YES.contains(&w))).then_some(true)
}

/// Port 80 beside 443 is there to send browsers on to it.
fn sends_on(decision: &Decision, number: u16) -> bool {
    let https = |s: &ServiceSet| s.contains(portvakt_space::TCP, 0, 443);
    number == 80 && decision.service.as_ref().is_some_and(https)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_as_a_person_reads_it() {
        assert_eq!(states("Ja, TLS 1.2"), Some(true));
        assert_eq!(states("inte krypterad"), Some(false));
        assert_eq!(states("Ej krypterad"), Some(false));
        assert_eq!(states("Ja, VPN till leverantören"), None);
        assert_eq!(states("enligt avtal"), None);
    }
}
