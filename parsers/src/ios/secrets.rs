//! Secrets by the words that introduce them.

use portvakt_model::{SecretForm, SecretKind};

use super::Ios;
use super::config::Command;

/// Takes the secret of a command whose own reader, if any, has no use for it, and hides whatever
/// else may be one.
pub(super) fn sweep(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    sweep_of(ios, command, None);
}

/// As [`sweep`], where the block that the command stands in says whose the secret is.
pub(super) fn sweep_of(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, owner: Option<&str>) {
    let words = command.words();
    if !command.no()
        && let Some((at, kind)) = introduced(words)
        && let Some((value, form)) = value(command, at)
    {
        let owner = owner.map_or_else(|| words[..at.min(3)].join(" "), str::to_owned);
        ios.secret(command, value, form, kind, owner);
    }
    if !names_routes(words) {
        crate::secrets::redact_suspicious(command.line(), ios.build);
    }
}

/// Takes the key of a routing protocol, where the command says nothing else.
pub(super) fn routing_key(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let is_key = matches!(
        command.words(),
        ["neighbor", _, "password", _, ..]
            | ["ip" | "ipv6", "ospf", "message-digest-key" | "authentication-key", _, ..]
            | ["authentication", "mode", _, _, ..]
    );
    let taken = is_key && !command.no();
    if taken {
        sweep(ios, command);
    }
    taken
}

/// BGP communities label routes and are no secrets.
fn names_routes(words: &[&str]) -> bool {
    matches!(
        words,
        ["ip", "community-list" | "extcommunity-list" | "bgp-community", ..]
            | ["set" | "match", "community" | "extcommunity", ..]
            | ["neighbor", _, "send-community" | "route-map" | "activate" | "remote-as", ..]
            | ["send-community", ..]
    )
}

/// The value at word `at`, after a type number or the word `clear`, `encrypted`, `ascii`, `hex`:
/// the rest of the line, with how it is stored.
pub(super) fn value<'a>(command: Command<'_, 'a>, mut at: usize) -> Option<(&'a str, SecretForm)> {
    let words = command.words();
    let mut form = SecretForm::Clear;
    while let Some(word) = words.get(at).filter(|_| at + 1 < words.len()) {
        match *word {
            "ascii" | "hex" | "clear" => {}
            "encrypted" => form = SecretForm::Unknown,
            _ => match form_of(word) {
                Some(known) => form = known,
                None => break,
            },
        }
        at += 1;
    }
    Some((command.rest(at), form)).filter(|(value, _)| !value.is_empty())
}

/// What the type number before a secret says (Cisco IOS Security Command Reference).
pub(super) fn form_of(number: &str) -> Option<SecretForm> {
    Some(match number {
        "0" => SecretForm::Clear,
        "4" | "5" => SecretForm::WeakHash,
        "6" => SecretForm::Encrypted,
        "7" => SecretForm::Reversible,
        "8" | "9" => SecretForm::StrongHash,
        _ => return None,
    })
}

/// Where a secret begins, and what it protects.
fn introduced(words: &[&str]) -> Option<(usize, SecretKind)> {
    if holds_none(words) {
        return None;
    }
    let after = |name: &str| words.iter().position(|w| *w == name).map(|i| i + 1);
    let protocol = |at| Some((at, SecretKind::Protocol));
    let found = match words {
        ["key-string" | "cak", ..] => protocol(1),
        // EIGRP in named mode; the algorithm stands where others have the type number.
        ["ip", "nhrp", "authentication", ..] | ["authentication", "mode", _, ..] => protocol(3),
        ["ntp", "authentication-key", _, _, ..] => protocol(4),
        // OSPFv3: one or two keys among the names of algorithms (RFC 4552); all of it is hidden.
        ["ospfv3" | "ipv6" | "area", ..] if words.windows(2).any(|w| w == ["ipsec", "spi"]) => {
            after("spi").and_then(|at| protocol(at + 1))
        }
        ["ip" | "ipv6", "ospf", "message-digest-key", _, _, ..] => protocol(5),
        ["area", ..] => after("md5").or_else(|| after("authentication-key")).and_then(protocol),
        ["standby" | "vrrp" | "glbp", _, "authentication", how @ ..] => match how {
            ["md5", "key-string", ..] => protocol(5),
            ["md5", ..] => None,
            ["text", ..] => protocol(4),
            _ => protocol(3),
        },
        ["tacacs-server" | "radius-server" | "server-private" | "client" | "server", ..] => {
            let at = after("key").or_else(|| after("server-key")).or_else(|| after("password"));
            at.map(|at| (at, SecretKind::Aaa))
        }
        ["key", ..] => Some((1, SecretKind::Aaa)),
        ["pre-shared-key", "local" | "remote", ..] => Some((2, SecretKind::Vpn)),
        ["pre-shared-key", ..] => Some((after("key").unwrap_or(1), SecretKind::Vpn)),
        ["wpa-psk", ..] => Some((1, SecretKind::Wlan)),
        ["security", "static-wep-key", "encryption", _, ..] => Some((4, SecretKind::Wlan)),
        _ => generic(words),
    };
    found.filter(|(at, _)| *at < words.len())
}

/// Commands that have a word for a secret and hold none.
fn holds_none(words: &[&str]) -> bool {
    match words {
        ["key", "chain" | "config-key", ..]
        | ["service", "password-encryption" | "password-recovery", ..]
        | ["security", "passwords", ..]
        | ["password", "encryption" | "logging", ..] => true,
        ["key", number] => number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

/// Words that introduce a secret wherever they stand.
fn generic(words: &[&str]) -> Option<(usize, SecretKind)> {
    words.iter().enumerate().find_map(|(i, word)| {
        let kind = match *word {
            "password" | "secret" | "passphrase" => SecretKind::Password,
            "authentication-key" | "message-digest-key" | "key-string" => SecretKind::Protocol,
            "server-key" | "shared-secret" => SecretKind::Aaa,
            "pre-shared-key" => SecretKind::Vpn,
            "set-key" => SecretKind::Wlan,
            _ => return None,
        };
        Some((i + 1, kind))
    })
}
