//! Service with login that speaks in clear text, seen on the network.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::OpenPort;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8015",
    name: "clear-text-login-seen",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.1-5", "MALMO-8.3-1", "MALMO-11.10-1", "BASE-8.4", "BASE-5.1"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message {
        sv: "Klartexttjänst med inloggning svarar",
        en: "Clear-text service with login answers",
    },
    why: Message {
        sv: "Användarnamn och lösenord går läsbara över nätet. Skanningen visar att tjänsten är i gång.",
        en: "User names and passwords cross the network readable. The scan shows that the service runs.",
    },
    fix: Message {
        sv: "Byt till en krypterad tjänst (SSH, SFTP, IMAPS) och stäng av den här.",
        en: "Change to an encrypted service (SSH, SFTP, IMAPS) and turn this one off.",
    },
    messages: &[&MESSAGE, &GUESSED, &UNASKED],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} talar {service} i klartext på {number}, sett från {from} ({time}).",
    en: "{host} speaks {service} in clear text on {number}, seen from {from} ({time}).",
};

static GUESSED: Message = Message {
    sv: "{host} svarar på {number}, sett från {from} ({time}). Det brukar vara {service} i klartext, men vad som talas där är inte känt.",
    en: "{host} answers on {number}, seen from {from} ({time}). That is usually {service} in clear text, but what speaks there is not known.",
};

static UNASKED: Message = Message {
    sv: "{host} talar {service} på {number}, sett från {from} ({time}). Om tjänsten kan gå över till TLS frågade skanningen inte.",
    en: "{host} speaks {service} on {number}, seen from {from} ({time}). Whether it can go over to TLS was not asked.",
};

/// Protocols that ask for a login and are readable outside TLS (IANA service names, and nmap's), with the
/// port that they usually have.
const SERVICES: &[(&str, &str, u16)] = &[
    ("ftp", "FTP", 21),
    ("telnet", "Telnet", 23),
    ("tftp", "TFTP", 69),
    ("pop3", "POP3", 110),
    ("imap", "IMAP", 143),
    ("exec", "rexec", 512),
    ("login", "rlogin", 513),
    ("shell", "rsh", 514),
    ("vnc", "VNC", 5900),
];

/// Of those, the ones that have no way to encrypt: an open port alone is enough to ask.
const NEVER_ENCRYPTED: &[u16] = &[23, 513];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let over_tls = support::OverTls::of(audit);
    for port in support::distinct(audit, support::open(audit, findings)) {
        let at = support::place(audit, port);
        let heard = if over_tls.has(port) { Spoken::Other } else { spoken(port) };
        let (draft, name) = match heard {
            Spoken::Clear(name) => (findings.violation(&MESSAGE, at), name),
            Spoken::Unasked(name) => (findings.cannot_tell(&UNASKED, at), name),
            Spoken::Perhaps(name) => (findings.cannot_tell(&GUESSED, at), name),
            Spoken::Other => continue,
        };
        let outside = port.from.is_some_and(|zone| support::is_outside(audit.site.zone(zone).kind));
        let severity = if outside { Severity::Critical } else { Severity::High };
        support::describe(audit, draft, port).text("service", name).severity(severity).push();
    }
}

/// What is known of what is spoken on a port.
enum Spoken {
    Clear(&'static str),
    /// In clear text, and may go over to TLS.
    Unasked(&'static str),
    /// By its number.
    Perhaps(&'static str),
    Other,
}

fn spoken(port: &OpenPort<'_>) -> Spoken {
    if let Some(service) = port.service {
        let readable = !service.tls && !service.starttls;
        let found = SERVICES.iter().find(|(id, ..)| *id == service.name && readable);
        let spoken = if support::may_go_over(service) { Spoken::Unasked } else { Spoken::Clear };
        return found.map_or(Spoken::Other, |(_, name, _)| spoken(name));
    }
    let number = port.port.port;
    let found = SERVICES.iter().find(|(.., usual)| *usual == number);
    match found.filter(|_| NEVER_ENCRYPTED.contains(&number)) {
        Some((_, name, _)) => Spoken::Perhaps(name),
        None => Spoken::Other,
    }
}
