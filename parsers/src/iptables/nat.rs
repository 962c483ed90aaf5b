//! Address translation: DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP, TPROXY.
//!
//! A translation has no gap of its own: where its rule has one, what it applies to is what the
//! rule matches at most. Conditions of the rules that jump to its chain are not repeated in it.

use portvakt_model::{NatKind, NatRule};
use portvakt_space::{AddrSet, Family, ServiceBox, ServiceSet, Traffic, has_ports};

use super::address;
use crate::net;

/// Whether a target translates addresses.
pub(super) fn translates(target: &str) -> bool {
    matches!(target, "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" | "NETMAP" | "TPROXY" | "SAME")
}

/// One translating rule as written.
pub(super) struct Translation<'a> {
    pub(super) target: &'a str,
    /// Name of its chain.
    pub(super) chain: &'a str,
    pub(super) to: Option<&'a str>,
    pub(super) to_ports: Option<&'a str>,
    pub(super) family: Family,
}

impl Translation<'_> {
    /// The translation of what `matches`, and whether its new address is understood.
    pub(super) fn rule(&self, name: String, matches: Traffic, line: u32) -> (NatRule, bool) {
        let outgoing = matches!(self.chain, "POSTROUTING" | "INPUT");
        let kind = match self.target {
            "SNAT" | "MASQUERADE" | "SAME" => NatKind::Source,
            "NETMAP" if outgoing => NatKind::Source,
            "NETMAP" if !matches!(self.chain, "PREROUTING" | "OUTPUT") => NatKind::Static,
            _ => NatKind::Destination,
        };
        let (address, ports) = self.split();
        let set = address.filter(|a| !a.is_empty()).map(|text| self.addresses(text));
        let understood = set.as_ref().is_none_or(Option::is_some);
        let set = set.flatten();
        let ports = ports.or(self.to_ports).and_then(range);
        let is_source = kind == NatKind::Source;
        let to_service = ports.filter(|_| !is_source).map(|p| service(&matches.service, p));
        let (to_src, to_dst) = if is_source { (set, None) } else { (None, set) };
        let rule = NatRule {
            kind,
            name,
            enabled: true,
            matches,
            to_src,
            to_dst,
            to_service,
            line,
            uses: None,
        };
        (rule, understood)
    }

    /// Address and ports of `192.0.2.1-192.0.2.9:80-90` or `[2001:db8::1]:80`.
    fn split(&self) -> (Option<&str>, Option<&str>) {
        let Some(to) = self.to else { return (None, None) };
        if let Some((address, ports)) = to.strip_prefix('[').and_then(|t| t.rsplit_once(']')) {
            return (Some(address), ports.strip_prefix(':'));
        }
        match to.split_once(':') {
            Some((address, ports)) if self.family == Family::V4 => (Some(address), Some(ports)),
            _ => (Some(to), None),
        }
    }

    fn addresses(&self, text: &str) -> Option<AddrSet> {
        if self.target == "NETMAP" {
            return net::network(text);
        }
        address::range(text, self.family)
    }
}

/// `80` or `80-90`, also with a base port after `/`.
fn range(text: &str) -> Option<(u16, u16)> {
    let text = text.split('/').next()?;
    let (lo, hi) = text.split_once('-').unwrap_or((text, text));
    Some((lo.parse().ok()?, hi.parse().ok()?))
}

/// The new ports with each protocol that is translated.
fn service(before: &ServiceSet, (lo, hi): (u16, u16)) -> ServiceSet {
    let protos = before.boxes().iter().map(|b| b.proto).filter(|p| p.0 == p.1 && has_ports(p.0));
    protos.map(|(proto, _)| ServiceBox::to(proto, lo, hi)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use portvakt_space::TCP;

    fn read(target: &str, chain: &str, to: Option<&str>, ports: Option<&str>) -> (NatRule, bool) {
        let family = if to.is_some_and(|t| t.contains("::")) { Family::V6 } else { Family::V4 };
        let matches =
            Traffic { service: ServiceBox::to(TCP, 8080, 8080).into(), ..Traffic::all(family) };
        Translation { target, chain, to, to_ports: ports, family }.rule("x".into(), matches, 1)
    }

    #[test]
    fn destinations_with_and_without_ports() {
        let (rule, ok) = read("DNAT", "PREROUTING", Some("192.0.2.7:80"), None);
        assert!(ok && rule.kind == NatKind::Destination);
        assert_eq!(rule.to_dst, net::network("192.0.2.7"));
        assert_eq!(rule.to_service, Some(ServiceBox::to(TCP, 80, 80).into()));
        let (rule, _) = read("DNAT", "DOCKER", Some("192.0.2.7-192.0.2.9"), None);
        assert_eq!((rule.to_dst, rule.to_service), (net::range("192.0.2.7-192.0.2.9"), None));
        let (rule, _) = read("DNAT", "PREROUTING", Some("[2001:db8::7]:80"), None);
        assert_eq!(rule.to_dst, net::network("2001:db8::7"));
        assert!(rule.to_service.is_some());
        let (rule, _) = read("DNAT", "PREROUTING", Some("2001:db8::7"), None);
        assert_eq!((rule.to_dst, rule.to_service), (net::network("2001:db8::7"), None));
    }

    #[test]
    fn sources_redirections_and_maps() {
        let (rule, _) = read("SNAT", "POSTROUTING", Some("198.51.100.1:1024-2048"), None);
        assert_eq!((rule.to_src, rule.to_dst), (net::network("198.51.100.1"), None));
        let (rule, _) = read("REDIRECT", "PREROUTING", None, Some("443"));
        assert_eq!(rule.to_service, Some(ServiceBox::to(TCP, 443, 443).into()));
        let (rule, _) = read("NETMAP", "POSTROUTING", Some("198.51.100.0/24"), None);
        assert_eq!((rule.kind, rule.to_src), (NatKind::Source, net::network("198.51.100.0/24")));
        let (_, ok) = read("DNAT", "PREROUTING", Some("host.example"), None);
        assert!(!ok);
    }
}
