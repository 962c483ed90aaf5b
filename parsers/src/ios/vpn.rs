//! VPNs: algorithms and keys. Where their tunnels lead is not modelled.

use portvakt_model::{Fact, Message, SecretForm, SecretKind};

use super::config::Command;
use super::secrets::form_of;
use super::{Ios, uses};

const WHY: &Message = &Message { sv: "VPN räknas inte in", en: "VPN is not modelled" };

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    if command.no() {
        return false;
    }
    match command.words() {
        ["crypto", "map" | "dynamic-map", ..] => crypto_map(ios, command),
        ["crypto", "isakmp", "key", number, key, "address" | "hostname", ..] => {
            let form = form_of(number).unwrap_or(SecretForm::Unknown);
            peer_key(ios, command, key, form);
        }
        ["crypto", "isakmp", "key", key, ..] => peer_key(ios, command, key, SecretForm::Clear),
        ["crypto", "isakmp", "policy", ..] | ["crypto", "ikev2", "proposal", ..] => {
            ios.used(command);
            command.below().for_each(|child| proposal(ios, child));
        }
        ["crypto", "ipsec", "transform-set", _, algorithms @ ..] => {
            for algorithm in algorithms.iter().filter(|a| !a.bytes().all(|b| b.is_ascii_digit())) {
                note(ios, command, (*algorithm).to_owned());
            }
            ios.used(command);
            command.below().for_each(|child| ios.neutral(child));
        }
        ["crypto", "ipsec", "profile", ..] => {
            ios.lost(command, WHY);
            command.below().for_each(|child| tunnel(ios, child));
        }
        // Their keys are taken, the rest is not modelled.
        ["crypto", "ikev2" | "isakmp" | "keyring", ..] => ios.lost_block(command, WHY),
        _ => return false,
    }
    true
}

/// One line of a proposal for key exchange.
fn proposal(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    match command.words() {
        ["encr" | "encryption" | "hash" | "integrity" | "prf", names @ ..] => {
            for name in names.iter().filter(|n| !n.bytes().all(|b| b.is_ascii_digit())) {
                note(ios, command, (*name).to_owned());
            }
        }
        ["group", numbers @ ..] => {
            for number in numbers {
                note(ios, command, format!("group{number}"));
            }
        }
        _ => return ios.neutral(command),
    }
    ios.used(command);
}

fn note(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, algorithm: String) {
    let fact = Fact::explicit(algorithm, command.number());
    ios.management.vpn_algorithms.push(fact);
    ios.managed = true;
}

fn peer_key(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, key: &str, form: SecretForm) {
    ios.secret(command, key, form, SecretKind::Vpn, "crypto isakmp key");
    ios.build.unsupported(command.number(), WHY);
}

fn crypto_map(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    let by = command.words().iter().take(3).copied().collect::<Vec<_>>().join(" ");
    ios.lost(command, WHY);
    for child in command.below() {
        if let ["match", "address", list] = child.words() {
            uses::note(ios, list, None, child.number(), by.clone());
        }
        tunnel(ios, child);
    }
}

/// A line of a crypto map or an IPsec profile: where a tunnel leads is not modelled.
fn tunnel(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    match command.words() {
        ["set", "pfs", group] if !command.no() => {
            note(ios, command, (*group).to_owned());
            ios.used(command);
        }
        ["description", ..] | ["set", "security-association", ..] => ios.neutral(command),
        _ => ios.lost(command, WHY),
    }
}
