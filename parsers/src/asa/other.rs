//! The rest of the language: what has no bearing, and what has but is not modelled.

use portvakt_model::{Message, MgmtProtocol, SecretKind};

use super::Reader;
use super::reasons;
use super::text::{Cursor, Prompt, Statement};
use crate::lines::Line;

/// Commands that have no bearing on filtering, separation or the management plane. The second word
/// narrows a command where only some of its forms are meant.
const NEUTRAL: &[(&str, &str)] = &[
    ("names", ""),
    ("pager", ""),
    ("mtu", ""),
    ("arp", ""),
    ("asdm", ""),
    ("boot", ""),
    ("ftp", "mode"),
    ("clock", ""),
    ("timeout", ""),
    ("prompt", ""),
    ("terminal", ""),
    ("domain-name", ""),
    ("dns", ""),
    ("dns-group", ""),
    ("dns-group-map", ""),
    ("dns-guard", ""),
    ("monitor-interface", ""),
    ("hw-module", ""),
    ("service-module", ""),
    ("module", ""),
    ("call-home", ""),
    ("license", ""),
    ("dynamic-access-policy-record", ""),
    ("user-identity", "default-domain"),
    ("threat-detection", "basic-threat"),
    ("threat-detection", "statistics"),
    ("threat-detection", "rate"),
    ("xlate", ""),
    ("mac-address", ""),
    ("mac-address-table", ""),
    ("sysopt", "noproxyarp"),
    ("sysopt", "nodnsalias"),
    ("sysopt", "route"),
    ("sysopt", "radius"),
    ("command-alias", ""),
    ("tftp-server", ""),
    ("smtp-server", ""),
    ("object-group-search", ""),
    ("jumbo-frame", ""),
    ("fragment", ""),
    ("fixup", ""),
    ("floodguard", ""),
    ("dhcpd", ""),
    ("dhcprelay", ""),
    ("asp", ""),
    ("cpu", ""),
    ("memory", ""),
    ("checkheaps", ""),
    ("coredump", ""),
    ("crashinfo", ""),
    ("firewall", "transparent"),
    ("multicast-routing", ""),
    ("mroute", ""),
    ("pim", ""),
    ("igmp", ""),
    ("track", ""),
    ("sla", ""),
    ("snmp-map", ""),
    ("service", "resetinbound"),
    ("service", "resetoutside"),
    ("service", "resetoutbound"),
    ("service", "call-home"),
    ("service", "internal"),
    ("service", "sw-reset-button"),
    ("service", "telemetry"),
    ("service", "password-recovery"),
    ("tcp-map", ""),
    ("port-channel", ""),
    ("lacp", ""),
    ("flow-export", ""),
    ("interface-policy", ""),
    ("priority-queue", ""),
    ("compression", ""),
    ("no-op", ""),
    ("imap4s", ""),
    ("pop3s", ""),
    ("smtps", ""),
    ("ip", "unreachables"),
    ("flow-offload", ""),
    ("quit", ""),
    ("exit", ""),
    ("end", ""),
    ("configure", ""),
    ("enable", ""),
    ("write", ""),
    ("show", ""),
    ("clear", ""),
    ("more", ""),
    ("vpn-addr-assign", ""),
    ("ssl", "trust-point"),
    ("snort", ""),
    ("app-agent", ""),
    ("bfd-template", ""),
    ("bfd", ""),
    ("ipv6", "unicast-routing"),
    ("ipv6", "icmp"),
    ("ipv6", "nd"),
    ("ldap", ""),
    ("migrate", ""),
    ("privileged", ""),
    ("zonelabs-integrity", ""),
    ("tunnel-group-map", ""),
    ("logout", ""),
    ("login-history", ""),
    ("eject", ""),
    ("snmp", ""),
    ("vlan", ""),
    ("virtual-service", ""),
    ("unified-communications", ""),
    ("gtp", ""),
    ("sctp-map", ""),
    ("Cryptochecksum", ""),
];

/// Commands that matter and are not modelled, with what is lost.
const LOST: &[(&str, &str, &Message)] = &[
    ("threat-detection", "", reasons::THREAT_DETECTION),
    ("ip", "verify", reasons::REVERSE_PATH),
    ("ip", "audit", reasons::IP_AUDIT),
    ("ip", "local", reasons::VPN_POOLS),
    ("ipv6", "local", reasons::VPN_POOLS),
    ("filter", "", reasons::CONTENT_FILTER),
    ("url-server", "", reasons::CONTENT_FILTER),
    ("url-cache", "", reasons::CONTENT_FILTER),
    ("url-block", "", reasons::CONTENT_FILTER),
    ("sysopt", "connection", reasons::TUNNEL_BYPASS),
    ("nat-control", "", reasons::NAT_CONTROL),
    ("route-map", "", reasons::POLICY_ROUTING),
    ("policy-route", "", reasons::POLICY_ROUTING),
    ("prefix-list", "", reasons::DYNAMIC_ROUTING),
    ("policy-list", "", reasons::DYNAMIC_ROUTING),
    ("zone", "", reasons::TRAFFIC_ZONES),
    ("zone-member", "", reasons::TRAFFIC_ZONES),
    ("user-identity", "", reasons::USER_IDENTITY),
    ("cts", "", reasons::TRUSTSEC),
    ("shun", "", reasons::SHUN),
    ("dynamic-filter", "", reasons::BOTNET_FILTER),
    ("scansafe", "", reasons::CONTENT_FILTER),
    ("service", "", reasons::SERVICE),
    ("mount", "", reasons::MOUNT),
    ("management-access", "", reasons::TUNNEL_MANAGEMENT),
    ("auth-prompt", "", reasons::CUT_THROUGH),
    ("uauth", "", reasons::CUT_THROUGH),
    ("virtual", "", reasons::CUT_THROUGH),
    ("vpn-sessiondb", "", reasons::REMOTE_VPN),
    ("vpnsetup", "", reasons::REMOTE_VPN),
    ("vpn", "", reasons::REMOTE_VPN),
    ("vpn-simultaneous-logins", "", reasons::REMOTE_VPN),
    ("l2tp", "", reasons::TUNNELS),
    ("privilege", "", reasons::COMMAND_LEVELS),
    ("quota", "", reasons::SESSION_QUOTA),
    ("fips", "", reasons::FIPS),
    ("password", "encryption", reasons::KEY_ENCRYPTION),
    ("anyconnect-custom-attr", "", reasons::REMOTE_VPN),
    ("anyconnect-custom-data", "", reasons::REMOTE_VPN),
    ("dap", "", reasons::REMOTE_VPN),
    ("saml", "", reasons::REMOTE_VPN),
    ("wccp", "", reasons::WEB_REDIRECTION),
    ("ddns", "", reasons::DYNAMIC_DNS),
    ("auto-update", "", reasons::AUTO_UPDATE),
    ("nve", "", reasons::VXLAN),
    ("established", "", reasons::ESTABLISHED),
    ("conduit", "", reasons::CONDUITS),
    ("outbound", "", reasons::OUTBOUND),
    ("apply", "", reasons::OUTBOUND),
    ("admin-context", "", reasons::CONTEXTS),
    ("context", "", reasons::CONTEXTS),
    ("limit-resource", "", reasons::CONTEXT_LIMITS),
    ("class", "", reasons::CONTEXT_LIMITS),
    ("cluster", "", reasons::CLUSTER),
    ("access-list-commit", "", reasons::LIST_COMMIT),
    ("object-group-reclassification", "", reasons::DOMAIN_GROUPS),
    ("bridge-group", "", reasons::BRIDGING),
    ("ethertype", "", reasons::ETHERTYPE),
];

/// Commands beside those of the tables whose absence `no` states.
const SWITCHES: &[&str] = &[
    "aaa",
    "access-group",
    "access-list",
    "alias",
    "banner",
    "console",
    "crypto",
    "failover",
    "group-policy",
    "http",
    "icmp",
    "interface",
    "ip",
    "ipv6",
    "isakmp",
    "nat",
    "ntp",
    "object",
    "object-group",
    "password-policy",
    "policy-map",
    "route",
    "router",
    "same-security-traffic",
    "service-policy",
    "ssh",
    "ssl",
    "static",
    "sysopt",
    "telnet",
    "tunnel-group",
    "username",
    "vpdn",
    "webvpn",
];

/// Lines of a `policy-map` that inspect, count or shape, and drop nothing a list permits.
const INSPECTION: &[&str] = &[
    "user-statistics",
    "inspect",
    "class",
    "parameters",
    "match",
    "message-length",
    "no",
    "description",
    "set",
    "police",
    "priority",
    "shape",
    "log",
    "exit",
    "protocol-enforcement",
    "nat-rewrite",
    "dns-guard",
    "id-randomization",
    "id-mismatch",
    "tsig",
    "tcp-inspection",
    "permit",
    "permit-errors",
    "eool",
    "nop",
    "router-alert",
    "timeout",
    "flow-export",
    "max-forwards-validation",
    "state-checking",
    "rtp-conformance",
    "im",
    "ip-address-privacy",
    "allow-tls",
    "special-character",
    "mail-relay",
    "body-match-maximum",
    "traffic-non-sip",
    "software-version",
    "strict-header-validation",
    "uri-non-sip",
    "default",
    "router-header-type",
    "verify-header",
];

impl<'a> Reader<'a, '_, '_> {
    /// Commands of the management plane and of tunnels, and whatever is left.
    pub(super) fn further(&mut self, statement: Statement<'_, 'a>) {
        let head = statement.head;
        let mut words = statement.words();
        let first = words.next().unwrap_or_default();
        match first {
            "telnet" => self.remote(MgmtProtocol::Telnet, head),
            "ssh" => self.remote(MgmtProtocol::Ssh, head),
            "http" => self.remote(MgmtProtocol::Https, head),
            "console" => self.console(head, words),
            "icmp" => self.icmp(head, words),
            "ipv6" if words.eat("icmp") => self.icmp(head, words),
            "aaa" => self.aaa(head, words),
            "enable" if words.peek() == Some("password") => {
                self.shared_password("enable", head, words);
            }
            "passwd" | "password" if words.peek() != Some("encryption") => {
                self.shared_password("passwd", head, words);
            }
            "password-policy" => self.password_policy(head, words),
            "ssl" => self.ssl(head, words),
            "banner" => self.banner(head, words),
            "logging" => self.logging(head, words),
            "snmp-server" => self.snmp_server(head, words),
            "ntp" => self.ntp(head, words),
            "failover" => self.failover(head, words),
            "vpdn" | "vpnclient" => self.vpn_client(head, words),
            "alias" => self.old_alias(head),
            "no" | "clear" => return self.negated(statement, words),
            _ => return self.block(statement),
        }
        self.strays(statement.body);
    }

    /// Commands that have a body of their own.
    fn block(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        match words.next().unwrap_or_default() {
            "username" => self.username(statement),
            "aaa-server" => self.aaa_server(statement),
            "crypto" | "isakmp" => self.crypto(statement),
            "tunnel-group" => self.tunnel_group(statement),
            "group-policy" => self.group_policy(statement),
            "webvpn" => self.webvpn(statement),
            "key" => self.key(statement),
            "router" => self.router(statement),
            "class-map" => self.class_map(statement),
            "policy-map" => self.policy_map(statement),
            "service-policy" | "capture" => {
                self.remark_line(statement.head);
                self.strays(statement.body);
            }
            _ => self.by_table(statement),
        }
    }

    fn by_table(&mut self, statement: Statement<'_, 'a>) {
        let head = statement.head;
        let mut words = statement.words();
        let (first, second) = (words.next().unwrap_or_default(), words.peek().unwrap_or_default());
        if NEUTRAL.iter().any(|(a, b)| is_command(a, b, first, second)) || is_noise(head) {
            self.remark_line(head);
            return self.keyed_body(statement.body, first);
        }
        let lost = LOST.iter().find(|(a, b, _)| is_command(a, b, first, second));
        let Some((_, _, why)) = lost else {
            self.unknown(head);
            return self.strays(statement.body);
        };
        if matches!(first, "conduit" | "outbound" | "established") {
            self.vague.get_or_insert(head.number);
        }
        if words.skip_to("password") {
            self.found_secret(&mut words, SecretKind::Password, first, head);
        }
        self.credentials(head);
        self.lost(head, why);
        self.lost_body(statement.body, first, why);
    }

    fn lost_body(&mut self, body: &[Line<'a>], first: &'a str, why: &'static Message) {
        for &line in body {
            let mut words = Cursor::new(line);
            if words.eat("key") && first == "cluster" {
                self.found_secret(&mut words, SecretKind::Protocol, "cluster", line);
                self.build.used(line.number);
                continue;
            }
            if words.eat_all(&["match", "ip", "address"]) && words.peek() != Some("prefix-list") {
                while let Some(list) = words.next() {
                    self.list_use(list, "route-map", line.number);
                }
            }
            self.credentials(line);
            self.body_lost(&[line], why);
        }
    }

    /// User and password in a URL (`https://user:password@host`).
    fn credentials(&mut self, line: Line<'a>) {
        let Some((before, tail)) = line.text.split_once("://") else { return };
        let authority = tail.split(['/', ' ']).next().unwrap_or_default();
        let Some((login, _)) = authority.rsplit_once('@') else { return };
        let Some((user, password)) = login.split_once(':') else { return };
        let start = line.start + (before.len() + "://".len() + user.len() + 1) as u32;
        let word = crate::lines::Word { text: password, start, quoted: false };
        let form = portvakt_model::SecretForm::Clear;
        self.keep_secret(word, form, SecretKind::Password, user, line);
    }

    /// `no …`: switches off something, most often what is off by default.
    fn negated(&mut self, statement: Statement<'_, 'a>, mut words: Cursor<'a>) {
        let head = statement.head;
        self.strays(statement.body);
        let is_clear = statement.words().next() == Some("clear");
        let (first, second) = (words.next().unwrap_or_default(), words.peek().unwrap_or_default());
        let known = NEUTRAL.iter().any(|(a, b)| is_command(a, b, first, second))
            || LOST.iter().any(|(a, b, _)| is_command(a, b, first, second))
            || SWITCHES.contains(&first);
        match first {
            "logging" => self.no_logging(head, words),
            "snmp-server" => self.no_snmp_server(head, words),
            _ if is_clear || known => self.remark_line(head),
            _ => self.unknown(head),
        }
    }

    /// `class-map NAME`: what an inspection or a limit applies to.
    fn class_map(&mut self, statement: Statement<'_, 'a>) {
        self.remark_line(statement.head);
        for &line in statement.body {
            self.remark_line(line);
        }
    }

    /// `policy-map NAME`: inspection follows connections; actions that drop are not modelled.
    fn policy_map(&mut self, statement: Statement<'_, 'a>) {
        let drops = reasons::INSPECTION_DROPS;
        self.remark_line(statement.head);
        for &line in statement.body {
            let mut words = Cursor::new(line);
            match words.next() {
                Some("drop" | "drop-connection" | "reset" | "mask") => self.lost(line, drops),
                Some("ips" | "cxsc" | "sfr" | "csc") => {
                    self.lost(line, reasons::INSPECTION_MODULE);
                }
                None => self.remark_line(line),
                Some(word) if INSPECTION.contains(&word) => self.remark_line(line),
                _ => self.lost(line, reasons::INSPECTION_SETTING),
            }
        }
    }
}

fn is_command(first: &str, second: &str, is_first: &str, is_second: &str) -> bool {
    first == is_first && (second.is_empty() || second == is_second)
}

/// Prompts, checksums and headings of a capture.
fn is_noise(line: Line<'_>) -> bool {
    let text = line.text.trim();
    Prompt::read(text).is_some()
        || text.starts_with("Cryptochecksum:")
        || text.starts_with("Type help or '?'")
        || text.starts_with("User Access Verification")
        || super::text::Version::read(text).is_some()
}
