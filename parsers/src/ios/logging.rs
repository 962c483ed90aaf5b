//! Log receivers, time servers and saved configurations.

use std::net::IpAddr;

use portvakt_model::{Fact, LogTarget, NtpServer, SecretKind};

use super::Ios;
use super::args::{after, number_after};
use super::config::Command;
use super::reasons;
use super::secrets::form_of;

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    match command.words() {
        ["logging", rest @ ..] => logging(ios, command, rest),
        ["ntp" | "sntp", rest @ ..] => return ntp(ios, command, rest),
        ["archive"] => archive(ios, command),
        _ => return false,
    }
    ios.managed = true;
    true
}

fn logging(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, words: &[&str]) {
    match words {
        ["on"] if command.no() => ios.lost(command, reasons::LOGGING_OFF),
        _ if command.no() => ios.neutral(command),
        ["host", host, ..] => target(ios, command, host),
        [host] | [host, "vrf" | "transport", ..] if host.parse::<IpAddr>().is_ok() => {
            target(ios, command, host);
        }
        ["trap"] => {
            ios.services.log_level = Some(Fact::explicit(6, command.number()));
            ios.used(command);
        }
        ["trap", level] => match severity(level) {
            Some(level) => {
                ios.services.log_level = Some(Fact::explicit(level, command.number()));
                ios.used(command);
            }
            None => ios.unknown(command),
        },
        _ => ios.neutral(command),
    }
}

fn target(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, host: &str) {
    // Without `transport` messages go over UDP, in clear.
    let transport = after(command.words(), "transport").unwrap_or("udp");
    ios.management.log_targets.push(LogTarget {
        target: host.to_owned(),
        level: None,
        datagrams: Some(transport == "udp"),
        encrypted: Some(transport == "tls"),
        line: command.number(),
    });
    ios.used(command);
}

/// A severity of RFC 5424 by number or by IOS's name.
fn severity(word: &str) -> Option<u8> {
    const NAMES: [&str; 8] = [
        "emergencies",
        "alerts",
        "critical",
        "errors",
        "warnings",
        "notifications",
        "informational",
        "debugging",
    ];
    let named = || NAMES.iter().position(|n| *n == word).map(|n| n as u8);
    word.parse().ok().filter(|n| *n < 8).or_else(named)
}

fn ntp(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, words: &[&str]) -> bool {
    let line = command.number();
    match words {
        ["access-group", ..] => return false,
        _ if command.no() => ios.neutral(command),
        ["server" | "peer", rest @ ..] => {
            let Some(server) = ntp_server(rest) else { return false };
            let key = number_after(rest, "key");
            ios.services.ntp_keys.push(key);
            let server = server.to_owned();
            ios.management.ntp.push(NtpServer { server, authenticated: false, line });
            ios.used(command);
        }
        ["authenticate"] => {
            ios.services.ntp_authenticate = true;
            ios.used(command);
        }
        ["trusted-key", keys @ ..] => {
            for key in keys {
                let (lo, hi) = key.split_once('-').unwrap_or((key, key));
                if let (Ok(lo), Ok(hi)) = (lo.parse(), hi.parse()) {
                    ios.services.ntp_trusted.push((lo, hi));
                }
            }
            ios.used(command);
        }
        ["authentication-key", number, _, value, rest @ ..] => {
            let form = rest.first().and_then(|n| form_of(n));
            let form = form.unwrap_or(portvakt_model::SecretForm::Clear);
            let owner = format!("ntp key {number}");
            ios.secret(command, value, form, SecretKind::Protocol, owner);
            ios.used(command);
        }
        _ => ios.neutral(command),
    }
    ios.managed = true;
    true
}

/// The server's address or name, after `vrf X`, `ip` or `ipv6`.
fn ntp_server<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["vrf", _, rest @ ..] | ["ip" | "ipv6", rest @ ..] => ntp_server(rest),
        [server, ..] => Some(server),
        [] => None,
    }
}

/// Saved configurations, and the log of configuration commands.
fn archive(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    let (mut path, mut saves) = (None, false);
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["path", ..] if !child.no() => {
                path = Some(child.number());
                // The address of a server may hold a password.
                if let Some(at) = child.rest(1).find('@') {
                    ios.build.redact(child.span(&child.rest(1)[..at]));
                }
            }
            ["write-memory"] | ["time-period", ..] => saves = !child.no(),
            ["log", "config"] => {}
            ["logging", "enable"] if !child.no() => {
                let fact = Fact::explicit(true, child.number());
                ios.management.command_log.get_or_insert(fact);
            }
            _ => {
                ios.neutral(child);
                continue;
            }
        }
        ios.used(child);
    }
    if let Some(line) = path.filter(|_| saves) {
        ios.management.config_backup = Some(Fact::explicit(true, line));
    }
}

/// Levels and authentication hold for all receivers and servers.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    let informational = ios.default(6, "Cisco IOS Network Management Command Reference");
    let level = ios.services.log_level.take().or(informational);
    for target in &mut ios.management.log_targets {
        target.level.clone_from(&level);
    }
    let services = &ios.services;
    let trusted = |key: u32| services.ntp_trusted.iter().any(|(lo, hi)| (*lo..=*hi).contains(&key));
    for (server, key) in ios.management.ntp.iter_mut().zip(&services.ntp_keys) {
        server.authenticated = services.ntp_authenticate && key.is_some_and(trusted);
    }
    ios.management.ntp_known = ios.whole;
    ios.management.logging_known = ios.whole;
}
