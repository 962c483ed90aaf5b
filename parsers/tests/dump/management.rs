//! The management plane.

use std::fmt::{Debug, Write};

use portvakt_model::{
    AccessLine, Account, Basis, Device, Fact, Location, Management, Placed, SnmpAccess, SourceId,
};
use portvakt_space::AddrSet;

use super::{line, sets};

pub(crate) fn dump(out: &mut String, d: &Device, m: &Management) {
    line!(out, "management{}", if m.services_complete { " services complete" } else { "" });
    for s in &m.services {
        let on = s.interface.map_or("*", |a| sets::interface_name(d, a));
        let from = sets::addresses(&s.sources);
        line!(out, "  service {} on {on} from {from} L{}", s.protocol.name(), s.line);
    }
    m.lines.iter().for_each(|l| access(out, l));
    m.accounts.iter().for_each(|a| account(out, a));
    m.snmp.iter().for_each(|s| snmp(out, s));
    for n in &m.ntp {
        let auth = if n.authenticated { " authenticated" } else { "" };
        line!(out, "  ntp {}{auth} L{}", n.server, n.line);
    }
    for t in &m.log_targets {
        line!(
            out,
            "  log {} level {:?} encrypted {:?} L{}",
            t.target,
            t.level,
            t.encrypted,
            t.line
        );
    }
    line!(out, "  known ntp {} logging {}", m.ntp_known, m.logging_known);
    facts(out, m);
}

fn facts(out: &mut String, m: &Management) {
    fact(out, "central aaa", m.central_aaa.as_ref());
    fact(out, "command log", m.command_log.as_ref());
    fact(out, "login success log", m.login_success_log.as_ref());
    fact(out, "login failure log", m.login_failure_log.as_ref());
    fact(out, "login attempts", m.login_attempts.as_ref());
    fact(out, "lockout seconds", m.lockout_seconds.as_ref());
    fact(out, "password length", m.password_policy.min_length.as_ref());
    fact(out, "password complexity", m.password_policy.complexity.as_ref());
    fact(out, "password age", m.password_policy.max_age_days.as_ref());
    fact(out, "password history", m.password_policy.history.as_ref());
    fact(out, "ssh versions", m.ssh_versions.as_ref());
    m.ssh_algorithms.iter().flatten().for_each(|a| fact(out, "ssh algorithm", Some(a)));
    m.vpn_algorithms.iter().for_each(|a| fact(out, "vpn algorithm", Some(a)));
    m.vpn_groups_unset.iter().for_each(|v| fact(out, "vpn without group", Some(v)));
    fact(out, "vpn default groups", m.vpn_default_groups.as_ref());
    fact(out, "own tls least", m.own_tls_least.as_ref());
    m.snmp_algorithms.iter().for_each(|a| fact(out, "snmp algorithm", Some(a)));
    fact(out, "tls versions", m.tls_versions.as_ref());
    m.tls_ciphers.iter().flatten().for_each(|c| fact(out, "tls cipher", Some(c)));
    fact(out, "strong crypto", m.strong_crypto.as_ref());
    fact(out, "banner", m.banner.as_ref());
    fact(out, "config backup", m.config_backup.as_ref());
    m.unneeded.iter().for_each(|u| fact(out, "unneeded", Some(u)));
}

/// Appends the parts of a device that take TLS connections.
pub(super) fn tls_servers(out: &mut String, d: &Device) {
    for server in &d.tls_servers {
        line!(out, "tls server {}{}", server.name, place(&server.at));
        placed(out, "tls versions", server.versions.as_ref());
        placed(out, "tls suites", server.suites.as_ref());
        server.strange.iter().for_each(|word| placed(out, "tls strange", Some(word)));
        placed(out, "tls groups", server.groups.as_ref());
        server.certificates.iter().for_each(|path| placed(out, "tls certificate", Some(path)));
        placed(out, "hsts", server.hsts.as_ref());
        placed(out, "tls unread", server.unread.as_ref());
        let decider = server.decider.as_ref();
        placed(out, "tls versions decided by", decider.map(|(_, versions)| versions));
    }
    d.unread.iter().for_each(|file| placed(out, "unread", Some(file)));
}

fn placed<T: Debug>(out: &mut String, name: &str, placed: Option<&Placed<T>>) {
    let Some(found) = placed else { return };
    let default = found.manual.map(|manual| format!(" by default ({manual})"));
    let default = default.unwrap_or_default();
    line!(out, "  {name} {:?}{default}{}", found.value, place(&found.at));
}

/// A line, with the number of its source where it is not the first one.
fn place(at: &Location) -> String {
    match at {
        Location::Line { source: SourceId(0), line, .. } => format!(" L{line}"),
        Location::Line { source, line, .. } => format!(" {}:L{line}", source.0),
        _ => String::new(),
    }
}

fn fact<T: Debug>(out: &mut String, name: &str, fact: Option<&Fact<T>>) {
    let Some(fact) = fact else { return };
    line!(out, "  {name} {}", value(fact));
}

fn value<T: Debug>(fact: &Fact<T>) -> String {
    match fact.basis {
        Basis::Line(line) => format!("{:?} L{line}", fact.value),
        Basis::VendorDefault(manual) => format!("{:?} by default ({manual})", fact.value),
    }
}

fn sources(set: Option<&AddrSet>) -> String {
    set.map_or(String::new(), |s| format!(" from {}", sets::addresses(s)))
}

fn access(out: &mut String, l: &AccessLine) {
    let idle = l.idle_seconds.as_ref().map_or("?".into(), value);
    let from = sources(l.sources.as_ref());
    let (kind, by, login) = (l.kind, &l.transports, l.login);
    line!(
        out,
        "  line {} {kind:?} by {by:?} idle {idle} login {login:?}{from} L{}",
        l.name,
        l.line
    );
}

fn account(out: &mut String, a: &Account) {
    let secret = a.secret.map_or("none".into(), |s| format!("{:?}", s.form()));
    let from = sources(a.trusted_hosts.as_ref());
    line!(
        out,
        "  account {} secret {secret} privileged {:?} remote {} strong {:?}{from} L{}",
        a.name,
        a.privileged,
        a.remote,
        a.strong_auth,
        a.line
    );
}

fn snmp(out: &mut String, s: &SnmpAccess) {
    let well_known = s.secret.is_some_and(|s| s.is_well_known());
    let from = sources(s.sources.as_ref());
    line!(
        out,
        "  snmp v{}{}{} privacy {:?}{from} L{}",
        s.version,
        if s.write { " write" } else { "" },
        if well_known { " well known" } else { "" },
        s.privacy,
        s.line
    );
}
