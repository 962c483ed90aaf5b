//! Log receivers, SNMP and time.

use portvakt_model::{Fact, LogTarget, Management, NtpServer, Secret, SnmpAccess};
use portvakt_space::AddrSet;
use rustc_hash::FxHashMap;

use super::addresses::subnet;
use super::keys::{mark, mark_table};
use super::log_keys as keys;
use super::scope::Scope;
use super::tree::Node;
use crate::build::Build;

pub(super) fn read(
    scope: &Scope<'_, '_>,
    secrets: &FxHashMap<u32, Secret>,
    out: &mut Management,
    build: &mut Build<'_>,
) {
    time(scope, out, build);
    snmp(scope, secrets, out, build);
    receivers(scope, out, build);
    for section in scope.sections("log setting") {
        mark(section, &keys::LOG_SETTING, build);
    }
    events(scope, out, build);
}

/// `config system ntp`. Without `type custom` the vendor's servers are asked.
fn time(scope: &Scope<'_, '_>, out: &mut Management, build: &mut Build<'_>) {
    let Some(section) = scope.section("system ntp") else {
        out.ntp_known = scope.header.whole;
        return;
    };
    out.ntp_known = true;
    mark(section, &keys::NTP, build);
    if let Some(servers) = section.block("ntpserver") {
        mark_table(servers, &keys::NTP_SERVER, build);
    }
    if !section.is("ntpsync", "enable") {
        return;
    }
    if !section.is("type", "custom") {
        let line = section.setting("ntpsync").map_or(section.line(), |s| s.line);
        let server = "FortiGuard".to_owned();
        out.ntp.push(NtpServer { server, authenticated: false, line });
        return;
    }
    for entry in section.entries_of("ntpserver") {
        if let Some(setting) = entry.setting("server") {
            out.ntp.push(NtpServer {
                server: entry.get("server").unwrap_or_default().to_owned(),
                authenticated: entry.is("authentication", "enable"),
                line: setting.line,
            });
        }
    }
}

/// Communities and users, when the agent is on. A FortiGate can only be read by SNMP.
fn snmp(
    scope: &Scope<'_, '_>,
    secrets: &FxHashMap<u32, Secret>,
    out: &mut Management,
    build: &mut Build<'_>,
) {
    let agent = scope.section("system snmp sysinfo");
    if let Some(agent) = agent {
        mark(agent, &keys::SNMP_AGENT, build);
    }
    for section in scope.sections("system snmp community") {
        mark_table(section, &keys::COMMUNITY, build);
        for block in section.children().flat_map(Node::children) {
            mark_table(block, &keys::SNMP_HOST, build);
        }
    }
    for section in scope.sections("system snmp user") {
        mark_table(section, &keys::SNMP_USER, build);
    }
    if agent.map_or(scope.header.whole, |agent| !agent.is("status", "enable")) {
        return;
    }
    for entry in scope.entries("system snmp community").filter(|e| !e.is("status", "disable")) {
        out.snmp.extend(community(entry, secrets));
    }
    for entry in scope.entries("system snmp user").filter(|e| !e.is("status", "disable")) {
        let level = entry.get("security-level").unwrap_or("no-auth-no-priv");
        let key = entry.setting("auth-pwd").and_then(|s| secrets.get(&s.line));
        out.snmp.push(SnmpAccess {
            version: 3,
            secret: key.copied(),
            write: false,
            privacy: Some(level == "auth-priv"),
            sources: None,
            line: entry.line(),
        });
        out.snmp_algorithms.extend(
            ["auth-proto", "priv-proto"]
                .iter()
                .flat_map(|key| entry.list(key))
                .map(|(name, line)| Fact::explicit(name.to_owned(), line)),
        );
    }
}

/// One access for each version that may query (both are on unless switched off).
fn community(entry: Node<'_, '_>, secrets: &FxHashMap<u32, Secret>) -> Vec<SnmpAccess> {
    let hosts = |block: &str, key: &str| -> Vec<AddrSet> {
        entry.entries_of(block).filter_map(|h| h.setting(key).and_then(subnet)).collect()
    };
    let sets = [hosts("hosts", "ip"), hosts("hosts6", "ipv6")].concat();
    let sources = (!sets.is_empty()).then(|| AddrSet::union_all(&sets));
    let secret = entry.setting("name").and_then(|s| secrets.get(&s.line)).copied();
    [(1, "query-v1-status"), (2, "query-v2c-status")]
        .into_iter()
        .filter(|(_, key)| !entry.is(key, "disable"))
        .map(|(version, _)| SnmpAccess {
            version,
            secret,
            write: false,
            privacy: None,
            sources: sources.clone(),
            line: entry.setting("name").map_or(entry.line(), |s| s.line),
        })
        .collect()
}

const SYSLOG: [&str; 4] = ["log syslogd", "log syslogd2", "log syslogd3", "log syslogd4"];
const ANALYZER: [&str; 4] =
    ["log fortianalyzer", "log fortianalyzer2", "log fortianalyzer3", "log fortianalyzer-cloud"];

fn receivers(scope: &Scope<'_, '_>, out: &mut Management, build: &mut Build<'_>) {
    out.logging_known = scope.header.whole;
    if let Some(section) = scope.section("log setting")
        && let Some(setting) = section.setting("fwpolicy-implicit-log")
    {
        let on = section.is("fwpolicy-implicit-log", "enable");
        out.denied_log = Some(Fact::explicit(on, setting.line));
    }
    for stem in SYSLOG.iter().chain(&ANALYZER) {
        let syslog = SYSLOG.contains(stem);
        let filter = scope.section(&format!("{stem} filter"));
        if let Some(filter) = filter {
            mark(filter, &keys::LOG_FILTER, build);
        }
        for kind in ["setting", "override-setting"] {
            let Some(section) = scope.section(&format!("{stem} {kind}")) else { continue };
            mark(section, if syslog { &keys::SYSLOG } else { &keys::ANALYZER }, build);
            out.logging_known = true;
            if section.is("status", "enable") {
                out.log_targets.push(target(section, filter, syslog));
            }
        }
    }
}

/// A receiver. FortiAnalyzer is spoken to with TLS unless `enc-algorithm disable`; syslog only over
/// TCP and when set.
fn target(section: Node<'_, '_>, filter: Option<Node<'_, '_>>, syslog: bool) -> LogTarget {
    let cipher = section.get("enc-algorithm");
    let reliable = section.is("mode", "reliable") || section.is("reliable", "enable");
    let encrypted = if syslog {
        reliable && cipher.is_some_and(|c| c != "disable")
    } else {
        cipher != Some("disable")
    };
    let cloud = section.name().contains("cloud");
    let server = section.get("server").unwrap_or(if cloud { "FortiAnalyzer Cloud" } else { "" });
    LogTarget {
        target: server.to_owned(),
        level: severity(filter),
        datagrams: syslog.then_some(!reliable),
        encrypted: Some(encrypted),
        line: section.setting("server").map_or(section.line(), |s| s.line),
    }
}

/// `information` unless the receiver's filter says otherwise (FortiOS CLI Reference, `config log
/// syslogd filter`).
fn severity(filter: Option<Node<'_, '_>>) -> Option<Fact<u8>> {
    match filter.and_then(|f| f.setting("severity")) {
        Some(setting) => {
            let name = setting.values.first()?;
            Some(Fact::explicit(level(&name.text)?, setting.line))
        }
        None => Some(Fact::default_of(6, MANUAL)),
    }
}

/// RFC 5424, by the names that FortiOS has.
fn level(name: &str) -> Option<u8> {
    const NAMES: [&str; 8] = [
        "emergency",
        "alert",
        "critical",
        "error",
        "warning",
        "notification",
        "information",
        "debug",
    ];
    NAMES.iter().position(|n| *n == name).map(|n| n as u8)
}

/// Logins are system events, which are logged unless switched off.
fn events(scope: &Scope<'_, '_>, out: &mut Management, build: &mut Build<'_>) {
    let section = scope.section("log eventfilter");
    let fact = match section {
        Some(section) => {
            mark(section, &keys::EVENTS, build);
            let off = |key: &str| section.setting(key).filter(|_| section.is(key, "disable"));
            match off("event").or_else(|| off("system")) {
                Some(setting) => Some(Fact::explicit(false, setting.line)),
                None => Some(Fact::default_of(true, MANUAL)),
            }
        }
        None => scope.header.whole.then(|| Fact::default_of(true, MANUAL)),
    };
    out.login_success_log.clone_from(&fact);
    out.login_failure_log = fact;
}

const MANUAL: &str = "FortiOS 7.4 CLI Reference";
