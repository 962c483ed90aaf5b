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
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} talar {service} i klartext på {number} ({time}), fast {decision} säger krypterat.",
    en: "{host} speaks {service} in clear text on {number} ({time}), though {decision} says encrypted.",
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
    for port in support::distinct(audit, support::open(audit, findings)) {
        let Some(service) = readable(port) else { continue };
        let decisions = support::decided(audit, &port.decisions);
        let in_force = decisions.into_iter().filter(|d| d.valid_on(audit.today));
        let Some(decision) = in_force.into_iter().find(|d| demands(d, port)) else { continue };
        let draft = findings.violation(&MESSAGE, support::place(audit, port));
        support::describe(audit, draft, port)
            .text("service", service)
            .text("decision", &decision.id)
            .push();
    }
}

/// The protocol that was spoken outside TLS, where the port was asked and does not offer to go over to it.
fn readable<'p>(port: &'p OpenPort<'_>) -> Option<&'p str> {
    let service = port.service?;
    let known = READABLE.contains(&service.name.as_str());
    (!service.tls && !service.starttls && known).then_some(&service.name)
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
