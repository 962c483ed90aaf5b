//! Virtual private networks, failover and other places where keys stand.
//!
//! Tunnels themselves are not modelled: traffic in them passes the interface lists by (`sysopt
//! connection permit-vpn` is the default). Their keys are.

use portvakt_model::{Fact, Message, SecretForm, SecretKind};

use super::Reader;
use super::reasons;
use super::text::{Cursor, Statement};
use crate::lines::Line;

const CERTIFICATES: &Message =
    &Message { sv: "certifikat räknas inte in", en: "certificates are not modelled" };

impl<'a> Reader<'a, '_, '_> {
    /// `crypto …`, and the `isakmp …` of PIX.
    pub(super) fn crypto(&mut self, statement: Statement<'_, 'a>) {
        let (line, mut words) = (statement.head, statement.words());
        words.eat("crypto");
        let first = words.next().unwrap_or_default();
        let second = words.peek().unwrap_or_default();
        match (first, second) {
            ("isakmp", "key") => {
                words.next();
                self.pre_shared(&mut words, line);
            }
            ("ca", "trustpoint") => {
                self.build.unsupported(line.number, CERTIFICATES);
                return self.trustpoint(statement.body);
            }
            ("ca", "trustpool") | ("key", _) => self.remark_line(line),
            ("ca", _) => {
                self.remark_line(line);
                return self.quiet(statement.body);
            }
            ("ipsec", "security-association") | ("isakmp", "identity" | "am-disable") => {
                self.remark_line(line);
            }
            (
                "ipsec" | "ikev1" | "ikev2" | "isakmp",
                "transform-set" | "policy" | "ikev2" | "ikev1",
            ) => {
                return self.algorithms(statement, words);
            }
            _ => {
                if words.skip_to("match") && words.eat("address") {
                    let list = words.next().unwrap_or_default();
                    self.list_use(list, format!("crypto {first} {second}"), line.number);
                }
                if words.skip_to("pfs") {
                    self.vpn_algorithms(&mut words, "", line.number);
                }
                self.lost(line, reasons::TUNNELS);
            }
        }
        self.body_lost(statement.body, reasons::TUNNELS);
    }

    /// Policies and transform sets: which algorithms tunnels may use.
    fn algorithms(&mut self, statement: Statement<'_, 'a>, mut words: Cursor<'a>) {
        let line = statement.head.number;
        // `crypto ipsec [ikev1] transform-set NAME ALGORITHM…`.
        if words.skip_to("transform-set") {
            words.next();
            self.vpn_algorithms(&mut words, "", line);
        }
        // PIX 6: `isakmp policy 10 encryption 3des`.
        if statement.words().eat_all(&["isakmp", "policy"]) {
            words.next();
            words.next();
            self.policy_line(words, statement.head);
        }
        self.build.used(line);
        let sealed = is_sealed(statement.body);
        for &inner in statement.body {
            if sealed && values(inner, "integrity").is_some_and(|names| names == ["null"]) {
                self.build.used(inner.number);
                continue;
            }
            self.policy_line(Cursor::new(inner), inner);
        }
    }

    /// `encryption 3des`, `hash md5`, `group 2`, `protocol esp encryption aes-256`.
    fn policy_line(&mut self, mut words: Cursor<'a>, line: Line<'a>) {
        words.eat_all(&["protocol", "esp"]);
        match words.next() {
            Some("group") => self.vpn_algorithms(&mut words, "group", line.number),
            Some("encryption" | "hash" | "integrity" | "prf") => {
                self.vpn_algorithms(&mut words, "", line.number);
            }
            Some("authentication" | "lifetime" | "exit" | "!" | "mode") | None => {
                return self.remark_line(line);
            }
            _ => return self.lost(line, reasons::TUNNELS),
        }
        self.build.used(line.number);
    }

    fn vpn_algorithms(&mut self, words: &mut Cursor<'a>, stem: &str, line: u32) {
        let names = std::iter::from_fn(|| words.next()).filter(|w| *w != "mode");
        let facts = names.map(|name| Fact::explicit(format!("{stem}{name}"), line));
        self.admin.model.vpn_algorithms.extend(facts);
    }

    /// `isakmp key KEY address PEER …`.
    fn pre_shared(&mut self, words: &mut Cursor<'a>, line: Line<'a>) {
        let mut ahead = words.clone();
        let peer = ahead.skip_to("address").then(|| ahead.next()).flatten().unwrap_or("isakmp key");
        self.found_secret(words, SecretKind::Vpn, peer, line);
        self.build.used(line.number);
    }

    fn trustpoint(&mut self, body: &[Line<'a>]) {
        for &line in body {
            let mut words = Cursor::new(line);
            match words.next() {
                Some("password") => {
                    self.found_secret(&mut words, SecretKind::Password, "trustpoint", line);
                    self.build.used(line.number);
                }
                _ => self.remark_line(line),
            }
        }
    }

    /// Hexadecimal certificates and the like.
    fn quiet(&mut self, body: &[Line<'a>]) {
        for &line in body {
            self.remark_line(line);
        }
    }

    pub(super) fn body_lost(&mut self, body: &[Line<'a>], why: &'static Message) {
        for &line in body {
            match Cursor::new(line).next() {
                None | Some("!" | "exit" | "quit" | "description") => self.remark_line(line),
                _ => self.lost(line, why),
            }
        }
    }

    /// `tunnel-group NAME …`, with its pre-shared keys.
    pub(super) fn tunnel_group(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        words.next();
        let name = words.next().unwrap_or_default();
        self.lost(statement.head, reasons::TUNNELS);
        for &line in statement.body {
            let mut words = Cursor::new(line);
            if words.skip_to("pre-shared-key") {
                self.found_secret(&mut words, SecretKind::Vpn, name, line);
                self.build.used(line.number);
            } else {
                self.body_lost(&[line], reasons::REMOTE_VPN);
            }
        }
    }

    /// `group-policy NAME …`.
    pub(super) fn group_policy(&mut self, statement: Statement<'_, 'a>) {
        self.lost(statement.head, reasons::REMOTE_VPN);
        for &line in statement.body {
            self.vpn_attribute(line);
        }
    }

    /// An attribute of a group policy or of a user.
    pub(super) fn vpn_attribute(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let n = line.number;
        match words.next() {
            Some(
                "vpn-filter"
                | "ipv6-vpn-filter"
                | "split-tunnel-network-list"
                | "ipv6-split-tunnel-network-list",
            ) => {
                let kind = Cursor::new(line).next().unwrap_or_default();
                if words.eat("value") {
                    let list = words.next().unwrap_or_default();
                    self.list_use(list, kind, n);
                }
                self.lost(line, reasons::REMOTE_VPN);
            }
            Some(
                "banner"
                | "dns-server"
                | "wins-server"
                | "default-domain"
                | "split-dns"
                | "description"
                | "homepage"
                | "anyconnect"
                | "svc"
                | "customization"
                | "smartcard-removal-disconnect"
                | "backup-servers"
                | "address-pools"
                | "ipv6-address-pools"
                | "dhcp-network-scope"
                | "exit"
                | "!",
            )
            | None => self.remark_line(line),
            _ => self.lost(line, reasons::REMOTE_VPN),
        }
    }

    /// `webvpn`, with what stands under it.
    pub(super) fn webvpn(&mut self, statement: Statement<'_, 'a>) {
        self.lost(statement.head, reasons::REMOTE_VPN);
        for &line in statement.body {
            let mut words = Cursor::new(line);
            if words.eat("policy-server-secret") {
                self.found_secret(&mut words, SecretKind::Aaa, "sso-server", line);
                self.build.used(line.number);
            } else if words.peek() == Some("enable") {
                self.lost(line, reasons::WEB_VPN);
            } else {
                self.body_lost(&[line], reasons::REMOTE_VPN);
            }
        }
    }

    /// `vpdn …`, `vpnclient …`: user names and passwords towards others.
    pub(super) fn vpn_client(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        words.next();
        let owner = words.next().unwrap_or_default();
        if words.skip_to("password") {
            self.found_secret(&mut words, SecretKind::Vpn, owner, line);
            return self.build.used(line.number);
        }
        self.lost(line, reasons::REMOTE_VPN);
    }

    /// `failover …`.
    pub(super) fn failover(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let is_key = words.eat("key") || words.eat_all(&["ipsec", "pre-shared-key"]);
        if !is_key {
            return self.remark_line(line);
        }
        words.eat("hex");
        self.found_secret(&mut words, SecretKind::Protocol, "failover", line);
        self.build.used(line.number);
    }

    /// `key config-key password-encryption KEY`, `key chain NAME`.
    pub(super) fn key(&mut self, statement: Statement<'_, 'a>) {
        let (line, mut words) = (statement.head, statement.words());
        words.next();
        if words.eat_all(&["config-key", "password-encryption"]) {
            if let Some(word) = words.word() {
                self.keep_secret(word, SecretForm::Clear, SecretKind::Protocol, "config-key", line);
            }
            return self.build.used(line.number);
        }
        self.remark_line(line);
        self.keyed_body(statement.body, "key chain");
    }

    /// A block without bearing in which keys may stand.
    pub(super) fn keyed_body(&mut self, body: &[Line<'a>], owner: &str) {
        for &line in body {
            let mut words = Cursor::new(line);
            match words.next() {
                Some("key-string" | "key") if !words.clone().eat("chain") && !is_number(&words) => {
                    words.eat("0");
                    self.found_secret(&mut words, SecretKind::Protocol, owner, line);
                    self.build.used(line.number);
                }
                _ => self.remark_line(line),
            }
        }
    }

    /// `router …`: where packets go is not modelled beyond static routes; keys of neighbours are.
    pub(super) fn router(&mut self, statement: Statement<'_, 'a>) {
        let why = reasons::DYNAMIC_ROUTING;
        self.lost(statement.head, why);
        for &line in statement.body {
            let mut words = Cursor::new(line);
            let keyed = words.skip_to("md5")
                || words.skip_to("authentication-key")
                || words.skip_to("password");
            if keyed && !words.is_done() {
                self.found_secret(&mut words, SecretKind::Protocol, "routing", line);
                self.build.used(line.number);
                continue;
            }
            let mut words = Cursor::new(line);
            if words.skip_to("distribute-list") {
                let list = words.next().unwrap_or_default();
                if self.lists.find(list).is_some() {
                    self.list_use(list, "distribute-list", line.number);
                }
            }
            self.body_lost(&[line], why);
        }
    }
}

/// The values of `KEY …` or `protocol esp KEY …`.
fn values<'t>(line: Line<'t>, key: &'t str) -> Option<Vec<&'t str>> {
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let rest = words.strip_prefix(&["protocol", "esp"]).unwrap_or(&words);
    rest.strip_prefix(&[key]).map(<[&str]>::to_vec)
}

/// Whether every cipher of a proposal authenticates too, so that `integrity null` is as it must be (RFC
/// 5282 §8; ASA Command Reference, `integrity`).
fn is_sealed(body: &[Line<'_>]) -> bool {
    let mut ciphers =
        body.iter().filter_map(|line| values(*line, "encryption")).flatten().peekable();
    ciphers.peek().is_some() && ciphers.all(|name| name.starts_with("aes-gcm"))
}

fn is_number(words: &Cursor<'_>) -> bool {
    words.peek().is_some_and(|w| w.parse::<u32>().is_ok()) && words.second().is_none()
}
