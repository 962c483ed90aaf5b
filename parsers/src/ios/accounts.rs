//! Local accounts, enable passwords and keys.

use portvakt_model::{Account, Secret, SecretForm, SecretKind};

use super::Ios;
use super::config::Command;
use super::reasons;
use super::secrets::{form_of, value};

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    match command.words() {
        _ if command.no() => return false,
        ["username", name, ..] => username(ios, command, name),
        ["enable", "secret" | "password", ..] => enable(ios, command),
        ["banner", ..] => ios.used(command),
        ["privilege", ..] | ["parser", "view", ..] => {
            ios.lost_block(command, reasons::COMMAND_LEVELS);
        }
        ["key", "chain", name, ..] => key_chain(ios, command, name),
        ["password", "encryption", "aes"] | ["key", "config-key", ..] => ios.neutral(command),
        _ => return false,
    }
    ios.managed = true;
    true
}

fn username(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    let index = account(ios, name, command.number());
    attributes(ios, command, 2, index, name);
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["secret" | "password" | "privilege", ..] => {
                attributes(ios, child, 0, index, name);
                ios.used(child);
            }
            ["description" | "exit", ..] => ios.neutral(child),
            _ => ios.unknown(child),
        }
    }
}

fn account(ios: &mut Ios<'_, '_>, name: &str, line: u32) -> usize {
    let next = ios.management.accounts.len();
    let index = *ios.aaa.accounts.entry(name.to_owned()).or_insert(next);
    if index == next {
        // An account without a level has level 1: it may look, not change.
        ios.management.accounts.push(Account {
            name: name.to_owned(),
            secret: None,
            privileged: Some(false),
            remote: false,
            strong_auth: None,
            trusted_hosts: None,
            line,
        });
    }
    index
}

/// Reads `privilege 15`, `secret 9 …` and their like from word `at` on.
fn attributes(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    mut at: usize,
    account: usize,
    name: &str,
) {
    let words = command.words();
    while let Some(word) = words.get(at) {
        at += 1;
        match *word {
            "privilege" => {
                let level = words.get(at).and_then(|w| w.parse::<u8>().ok());
                ios.aaa.levels.insert(account);
                ios.management.accounts[account].privileged = level.map(|l| l >= 15);
                at += 1;
            }
            "secret" | "password" => {
                let secret = take(ios, command, at, &format!("username {name}"));
                ios.management.accounts[account].secret = secret;
                return;
            }
            "access-class" => {
                if let Some(list) = words.get(at) {
                    let by = format!("username {name}");
                    super::uses::note(ios, list, None, command.number(), by);
                }
                at += 1;
            }
            _ => {}
        }
    }
    crate::secrets::redact_suspicious(command.line(), ios.build);
}

/// The secret from word `at` on: the rest of the line.
fn take(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, at: usize, owner: &str) -> Option<Secret> {
    let (text, form) = value(command, at)?;
    let numbered =
        command.words().get(at).is_some_and(|w| form_of(w).is_some() || *w == "encrypted");
    // Other numbers are types that IOS does not document.
    let odd = !numbered && command.words().len() > at + 1 && command.words()[at].len() == 1;
    let form = if odd { SecretForm::Unknown } else { form };
    Some(ios.secret(command, text, form, SecretKind::Password, owner))
}

fn enable(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    let words = command.words();
    let at = if words.get(2) == Some(&"level") { 4 } else { 2 };
    take(ios, command, at, &words[..2].join(" "));
    ios.used(command);
}

/// Keys for routing and time protocols.
fn key_chain(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["key-string", ..] => {
                if let Some((text, form)) = value(child, 1) {
                    let owner = format!("key chain {name}");
                    ios.secret(child, text, form, SecretKind::Protocol, owner);
                }
                ios.used(child);
            }
            _ => ios.neutral(child),
        }
    }
}
