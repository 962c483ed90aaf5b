//! Secrets, wherever a section keeps them.

use portvakt_model::{FoundSecret, LineState, Secret, SecretForm, SecretKind};
use rustc_hash::FxHashMap;

use super::tree::{Node, Setting, Verb};
use crate::build::Build;
use crate::secrets;

/// Secrets of one part of the tree.
#[derive(Default)]
pub(super) struct Secrets {
    /// By the line they stand on.
    pub(super) by_line: FxHashMap<u32, Secret>,
    pub(super) found: Vec<FoundSecret>,
}

/// Finds, hides and forgets the secrets under `part`, a node that holds sections. `skip`: inner
/// nodes that hold sections of their own. `encrypted`: whether `private-data-encryption` is on.
pub(super) fn find(
    part: Node<'_, '_>,
    skip: &[&str],
    encrypted: bool,
    build: &mut Build<'_>,
) -> Secrets {
    let mut out = Secrets::default();
    for section in part.children().filter(|s| !skip.contains(&s.name())) {
        let mut place = Place { section: section.name(), owner: section.name().to_owned() };
        walk(section, &mut place, encrypted, &mut out, build);
    }
    out
}

/// Where a walk is.
struct Place<'t> {
    section: &'t str,
    owner: String,
}

fn walk(
    node: Node<'_, '_>,
    place: &mut Place<'_>,
    encrypted: bool,
    out: &mut Secrets,
    build: &mut Build<'_>,
) {
    let factory = ["factory", "built-in", "bundle"].iter().any(|s| node.is("source", s));
    for setting in node.settings().iter().filter(|s| s.verb != Verb::Unset) {
        let Some((secret, kind)) = secret(setting, place.section, encrypted, build) else {
            continue;
        };
        setting.mark(LineState::Used, build);
        out.by_line.insert(setting.line, secret);
        // Keys that the vendor put there are nobody's choice.
        if !factory {
            let owner = place.owner.clone();
            out.found.push(FoundSecret { kind, secret, owner, line: setting.line });
        }
    }
    for child in node.children() {
        let numbered = child.name().bytes().all(|b| b.is_ascii_digit());
        let named = if numbered {
            format!("{} {}", node.name(), child.name())
        } else {
            child.name().to_owned()
        };
        let outer = std::mem::replace(&mut place.owner, named);
        walk(child, place, encrypted, out, build);
        place.owner = outer;
    }
}

fn secret(
    setting: &Setting<'_>,
    section: &str,
    encrypted: bool,
    build: &mut Build<'_>,
) -> Option<(Secret, SecretKind)> {
    let first = setting.values.first()?;
    let coded = first.text == "ENC" && setting.values.len() > 1;
    let pem = first.text.contains("PRIVATE KEY-----");
    if !coded && !pem && !is_secret(&setting.key, section, &first.text) {
        return None;
    }
    let value = if coded { &setting.values[1] } else { first };
    let from = value.span.start;
    let span = from..setting.span().map_or(value.span.end, |s| s.end);
    if secrets::is_placeholder(&value.text) {
        return None;
    }
    let form = match (coded, pem) {
        (true, _) => coded_form(&value.text, section, encrypted),
        (_, true) => pem_form(&value.text),
        _ => SecretForm::Clear,
    };
    Some((build.secret(&value.text, span, form), kind(&setting.key, section)))
}

/// Hashes of administrators' passwords begin with their kind: `SH2` is salted SHA-256, `PB2` is
/// PBKDF2 (FortiOS 7.4.8 Administration Guide, "Enhanced administrator password security"). All
/// else can be turned back with the built-in key, unless `private-data-encryption` is on.
fn coded_form(value: &str, section: &str, encrypted: bool) -> SecretForm {
    match value.get(..3) {
        Some("PB2") => SecretForm::StrongHash,
        Some("SH2" | "AK1") => SecretForm::WeakHash,
        _ if section == "system admin" => SecretForm::WeakHash,
        _ if encrypted => SecretForm::Encrypted,
        _ => SecretForm::Reversible,
    }
}

fn pem_form(value: &str) -> SecretForm {
    let locked = value.contains("ENCRYPTED PRIVATE KEY") || value.contains("4,ENCRYPTED");
    if locked { SecretForm::Encrypted } else { SecretForm::Clear }
}

/// Whether a key holds a secret, written in clear.
fn is_secret(key: &str, section: &str, value: &str) -> bool {
    const ENDS: [&str; 11] = [
        "-pwd",
        "api-key",
        "authentication-key",
        "passphrase",
        "passwd",
        "password",
        "private-key",
        "psksecret-remote",
        "secret",
        "secret-key",
        "server-key",
    ];
    const WHOLE: [&str; 15] = [
        "access-key",
        "auth-key",
        "auth-string",
        "authkey",
        "client-key",
        "ddns-key",
        "enc-key",
        "enckey",
        "key-string",
        "md5-key",
        "pin",
        "preshared-key",
        "psk",
        "secondary-key",
        "tertiary-key",
    ];
    const SWITCHES: [&str; 5] = ["enable", "disable", "yes", "no", "allow"];
    const PLAIN_KEY: [&str; 5] =
        ["system ntp", "system ha", "user tacacs+", "router ", "wireless-controller vap"];
    if SWITCHES.contains(&value) {
        return false;
    }
    let plain = key == "key" && PLAIN_KEY.iter().any(|stem| section.starts_with(stem));
    let community = key == "name" && section == "system snmp community";
    // `password2`, `passwd1` and the like.
    let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
    plain || community || WHOLE.contains(&key) || ENDS.iter().any(|end| stem.ends_with(end))
}

fn kind(key: &str, section: &str) -> SecretKind {
    if key.ends_with("private-key") {
        return SecretKind::PrivateKey;
    }
    let stems = [
        ("system snmp", SecretKind::Snmp),
        ("user local", SecretKind::Password),
        ("user ", SecretKind::Aaa),
        ("wireless-controller", SecretKind::Wlan),
        ("vpn certificate", SecretKind::PrivateKey),
        ("system certificate", SecretKind::PrivateKey),
        ("system ssh-config", SecretKind::PrivateKey),
        ("certificate ", SecretKind::PrivateKey),
        ("firewall ssh", SecretKind::PrivateKey),
        ("vpn ", SecretKind::Vpn),
        ("router ", SecretKind::Protocol),
        ("system ntp", SecretKind::Protocol),
        ("system ha", SecretKind::Protocol),
    ];
    stems.iter().find(|(stem, _)| section.starts_with(stem)).map_or(SecretKind::Password, |s| s.1)
}
