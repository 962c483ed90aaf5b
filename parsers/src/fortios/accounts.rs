//! `config system admin`, `api-user` and `sso-admin`: who may administer, from where.

use portvakt_model::{Account, Secret};
use portvakt_space::{AddrSet, Family};
use rustc_hash::FxHashMap;

use super::addresses::subnet;
use super::global_keys::{ADMIN, API_USER, TRUSTHOST};
use super::keys::{mark, mark_table};
use super::scope::Scope;
use super::tree::Node;
use crate::build::Build;

/// Accounts that may administer this VDOM. `v6`: whether the device is managed over IPv6 at all.
pub(super) fn read(
    scope: &Scope<'_, '_>,
    v6: bool,
    secrets: &FxHashMap<u32, Secret>,
    build: &mut Build<'_>,
) -> Vec<Account> {
    let mut out = Vec::new();
    for section in scope.sections("system admin") {
        mark_table(section, &ADMIN, build);
        for entry in section.children().filter(|e| belongs(*e, scope)) {
            out.push(administrator(entry, v6, secrets));
            for block in entry.children() {
                block.mark_all(portvakt_model::LineState::Neutral, build);
            }
        }
    }
    for section in scope.sections("system api-user") {
        mark_table(section, &API_USER, build);
        for entry in section.children().filter(|e| belongs(*e, scope)) {
            if let Some(hosts) = entry.block("trusthost") {
                mark_table(hosts, &TRUSTHOST, build);
            }
            out.push(api_user(entry, v6, secrets));
        }
    }
    for section in scope.sections("system sso-admin") {
        mark_table(section, &ADMIN, build);
        for entry in section.children().filter(|e| belongs(*e, scope)) {
            out.push(Account { remote: true, secret: None, ..administrator(entry, v6, secrets) });
        }
    }
    out
}

/// Whether the logins of administrators are checked elsewhere, and the line that says so.
pub(super) fn remote_login(scope: &Scope<'_, '_>) -> Option<u32> {
    let remote = scope.entries("system admin").find(|e| e.is("remote-auth", "enable"))?;
    remote.setting("remote-auth").map(|s| s.line)
}

fn belongs(entry: Node<'_, '_>, scope: &Scope<'_, '_>) -> bool {
    let vdoms = entry.list("vdom");
    match scope.vdom {
        Some(own) if !vdoms.is_empty() => vdoms.iter().any(|(name, _)| *name == own),
        Some(_) => scope.first,
        None => true,
    }
}

fn administrator(entry: Node<'_, '_>, v6: bool, secrets: &FxHashMap<u32, Secret>) -> Account {
    let remote = entry.is("remote-auth", "enable");
    let second = entry.get("two-factor").is_some_and(|kind| kind != "disable");
    let strong = second || entry.is("peer-auth", "enable");
    let password = entry.setting("password").and_then(|s| secrets.get(&s.line));
    Account {
        name: entry.name().to_owned(),
        secret: password.copied(),
        privileged: entry.get("accprofile").map(|profile| profile == "super_admin"),
        remote,
        // A remote server may ask for a second factor itself.
        strong_auth: if strong { Some(true) } else { (!remote).then_some(false) },
        trusted_hosts: trusted_hosts(entry, v6),
        line: entry.line(),
    }
}

/// `trusthost1` … `trusthost10` and `ip6-trusthost1` …: each version by itself is unlimited when it
/// has none (FortiOS CLI Reference, `config system admin`).
fn trusted_hosts(entry: Node<'_, '_>, v6: bool) -> Option<AddrSet> {
    let side = |stem: &str, family: Family| -> Option<AddrSet> {
        let keys = (1..=10).map(|n| format!("{stem}{n}"));
        let set: AddrSet = keys.filter_map(|key| entry.setting(&key).and_then(subnet)).collect();
        (!set.is_empty() && !set.is_all(family)).then_some(set)
    };
    limited(side("trusthost", Family::V4), side("ip6-trusthost", Family::V6), v6)
}

fn limited(v4: Option<AddrSet>, other: Option<AddrSet>, v6: bool) -> Option<AddrSet> {
    match (v4, other) {
        (None, None) => None,
        (Some(v4), Some(v6)) => Some(v4.union(&v6)),
        (Some(v4), None) if v6 => Some(v4.union(&AddrSet::all(Family::V6))),
        (Some(v4), None) => Some(v4),
        (None, Some(v6)) => Some(v6.union(&AddrSet::all(Family::V4))),
    }
}

fn api_user(entry: Node<'_, '_>, v6: bool, secrets: &FxHashMap<u32, Secret>) -> Account {
    let hosts = |key: &str, family: Family| -> Option<AddrSet> {
        let set: AddrSet = entry
            .entries_of("trusthost")
            .filter_map(|host| host.setting(key).and_then(subnet))
            .map(|set| set.only(family))
            .collect();
        (!set.is_empty() && !set.is_all(family)).then_some(set)
    };
    let key = entry.setting("api-key").and_then(|s| secrets.get(&s.line));
    Account {
        name: entry.name().to_owned(),
        secret: key.copied(),
        privileged: entry.get("accprofile").map(|profile| profile == "super_admin"),
        remote: false,
        strong_auth: entry.is("peer-auth", "enable").then_some(true),
        trusted_hosts: limited(
            hosts("ipv4-trusthost", Family::V4),
            hosts("ipv6-trusthost", Family::V6),
            v6,
        ),
        line: entry.line(),
    }
}

/// Marks the profiles of rights: only `super_admin`, which is never shown, may do everything.
pub(super) fn mark_profiles(scope: &Scope<'_, '_>, build: &mut Build<'_>) {
    for section in scope.sections("system accprofile") {
        mark(section, &super::interface_keys::NONE, build);
        for entry in section.children() {
            entry.mark_all(portvakt_model::LineState::Neutral, build);
        }
    }
}
