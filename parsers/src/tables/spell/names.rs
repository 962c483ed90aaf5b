//! What a name of a service stands for in a decision.
//!
//! A name gives the ports that the service listens on by default, with the protocols that it needs
//! (IANA registry; Microsoft's *Service overview and network port requirements*). It never gives
//! more: what a product opens besides must be written out.

use portvakt_space::{ICMP, ICMPV6, SCTP, ServiceBox, ServiceSet, TCP, UDP};

/// The services of a name in lower case.
pub(super) fn service(name: &str) -> Option<ServiceSet> {
    if let Some(protos) = portless(name) {
        return Some(ServiceSet::from_boxes(protos.iter().copied().map(ServiceBox::proto)));
    }
    if matches!(name, "ping" | "echo-request") {
        let echo = [ServiceBox::icmp(ICMP, 8, Some(0)), ServiceBox::icmp(ICMPV6, 128, Some(0))];
        return Some(ServiceSet::from_boxes(echo));
    }
    if name == "ipsec" {
        return Some(ipsec());
    }
    let (_, protos, ports) = SERVICES.iter().find(|(names, ..)| names.contains(&name))?;
    let pairs =
        protos.iter().flat_map(|p| ports.iter().map(|&(lo, hi)| ServiceBox::to(*p, lo, hi)));
    Some(ServiceSet::from_boxes(pairs))
}

/// The protocols of a word for a protocol with ports.
pub(super) fn with_ports(word: &str) -> Option<&'static [u8]> {
    match word {
        "tcp" => Some(&[TCP]),
        "udp" => Some(&[UDP]),
        "sctp" => Some(&[SCTP]),
        _ => None,
    }
}

/// The protocols of a word for a protocol without ports. `icmp` is that of both IP versions: the
/// addresses tell which.
pub(super) fn portless(word: &str) -> Option<&'static [u8]> {
    match word {
        "icmp" => Some(&[ICMP, ICMPV6]),
        "icmpv4" => Some(&[ICMP]),
        "icmpv6" | "icmp6" => Some(&[ICMPV6]),
        "igmp" => Some(&[2]),
        "gre" => Some(&[47]),
        "esp" => Some(&[50]),
        "ah" => Some(&[51]),
        "ospf" => Some(&[89]),
        "pim" => Some(&[103]),
        "vrrp" => Some(&[112]),
        _ => None,
    }
}

/// IKE, NAT traversal and ESP (RFC 7296, RFC 3948, RFC 4303).
fn ipsec() -> ServiceSet {
    ServiceSet::from_boxes([
        ServiceBox::to(UDP, 500, 500),
        ServiceBox::to(UDP, 4500, 4500),
        ServiceBox::proto(50),
    ])
}

type Entry = (&'static [&'static str], &'static [u8], &'static [(u16, u16)]);

const SERVICES: &[Entry] = &[
    (&["ftp"], &[TCP], &[(21, 21)]),
    (&["ssh", "sftp", "scp"], &[TCP], &[(22, 22)]),
    (&["telnet"], &[TCP], &[(23, 23)]),
    (&["smtp"], &[TCP], &[(25, 25)]),
    (&["tacacs", "tacacs+"], &[TCP], &[(49, 49)]),
    (&["dns", "domain"], &[TCP, UDP], &[(53, 53)]),
    (&["dhcp"], &[UDP], &[(67, 68)]),
    (&["tftp"], &[UDP], &[(69, 69)]),
    (&["http", "www"], &[TCP], &[(80, 80)]),
    (&["kerberos"], &[TCP, UDP], &[(88, 88)]),
    (&["pop3"], &[TCP], &[(110, 110)]),
    (&["ntp"], &[UDP], &[(123, 123)]),
    (&["rpc-epmap", "msrpc"], &[TCP], &[(135, 135)]),
    (&["netbios-ns"], &[UDP], &[(137, 137)]),
    (&["netbios-dgm"], &[UDP], &[(138, 138)]),
    (&["netbios-ssn"], &[TCP], &[(139, 139)]),
    (&["imap"], &[TCP], &[(143, 143)]),
    (&["snmp"], &[UDP], &[(161, 161)]),
    (&["snmptrap", "snmp-trap"], &[UDP], &[(162, 162)]),
    (&["bgp"], &[TCP], &[(179, 179)]),
    (&["ldap"], &[TCP], &[(389, 389)]),
    (&["https", "ssl", "tls"], &[TCP], &[(443, 443)]),
    (&["quic", "http3"], &[UDP], &[(443, 443)]),
    (&["smb", "cifs", "microsoft-ds"], &[TCP], &[(445, 445)]),
    (&["smtps"], &[TCP], &[(465, 465)]),
    (&["ike", "isakmp"], &[UDP], &[(500, 500)]),
    (&["syslog"], &[UDP], &[(514, 514)]),
    (&["submission"], &[TCP], &[(587, 587)]),
    (&["ipp"], &[TCP], &[(631, 631)]),
    (&["ldaps"], &[TCP], &[(636, 636)]),
    (&["ftps"], &[TCP], &[(990, 990)]),
    (&["imaps"], &[TCP], &[(993, 993)]),
    (&["pop3s"], &[TCP], &[(995, 995)]),
    (&["openvpn"], &[UDP], &[(1194, 1194)]),
    (&["sql", "mssql", "ms-sql", "sqlserver", "ms-sql-s"], &[TCP], &[(1433, 1433)]),
    (&["oracle", "sqlnet"], &[TCP], &[(1521, 1521)]),
    (&["l2tp"], &[UDP], &[(1701, 1701)]),
    (&["pptp"], &[TCP], &[(1723, 1723)]),
    (&["radius"], &[UDP], &[(1812, 1813)]),
    (&["nfs"], &[TCP, UDP], &[(2049, 2049)]),
    (&["mysql", "mariadb"], &[TCP], &[(3306, 3306)]),
    (&["rdp", "ms-wbt-server"], &[TCP], &[(3389, 3389)]),
    (&["nat-t", "ipsec-nat-t"], &[UDP], &[(4500, 4500)]),
    (&["sip"], &[TCP, UDP], &[(5060, 5060)]),
    (&["sips", "sip-tls"], &[TCP], &[(5061, 5061)]),
    (&["postgres", "postgresql"], &[TCP], &[(5432, 5432)]),
    (&["amqps"], &[TCP], &[(5671, 5671)]),
    (&["vnc"], &[TCP], &[(5900, 5900)]),
    (&["winrm"], &[TCP], &[(5985, 5986)]),
    (&["syslog-tls"], &[TCP], &[(6514, 6514)]),
    (&["mqtts"], &[TCP], &[(8883, 8883)]),
    (&["jetdirect"], &[TCP], &[(9100, 9100)]),
    (&["mongodb"], &[TCP], &[(27017, 27017)]),
    (&["wireguard"], &[UDP], &[(51820, 51820)]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once() {
        let mut names: Vec<_> = SERVICES.iter().flat_map(|(names, ..)| names.iter()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn names_agree_with_the_registry() {
        for (names, _, ports) in SERVICES {
            for name in *names {
                // The registry has another service by these names.
                if let Some(port) = crate::names::port(name).filter(|_| *name != "cifs") {
                    assert_eq!(ports[0].0, port, "{name}");
                }
            }
        }
    }
}
