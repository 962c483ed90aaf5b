//! Services that every FortiGate has from the factory (Fortinet, FortiOS 6.4 to 7.6 factory
//! configuration, `config firewall service custom`). An export shows them; a part of one may not.

use portvakt_space::{ICMP, ICMPV6, ServiceBox, ServiceSet, TCP, UDP};

/// The predefined service of this name.
pub(super) fn service(name: &str) -> Option<ServiceSet> {
    let at = SERVICES.binary_search_by_key(&name, |(n, _)| n).ok()?;
    Some(SERVICES[at].1.iter().map(Part::boxed).collect())
}

/// Members of the predefined service group of this name.
pub(super) fn service_group(name: &str) -> Option<&'static [&'static str]> {
    GROUPS.iter().find(|(n, _)| *n == name).map(|(_, members)| *members)
}

/// Whether an address object of this name comes from the factory.
pub(super) fn is_address(name: &str) -> bool {
    ADDRESSES.contains(&name)
}

/// Whether a service or service group of this name comes from the factory.
pub(super) fn is_service(name: &str) -> bool {
    SERVICES.binary_search_by_key(&name, |(n, _)| n).is_ok() || service_group(name).is_some()
}

/// Address objects and groups of the factory configuration.
const ADDRESSES: &[&str] = &[
    "EMS_ALL_UNKNOWN_CLIENTS",
    "EMS_ALL_UNMANAGEABLE_CLIENTS",
    "FABRIC_DEVICE",
    "FCTEMS_ALL_FORTICLOUD_SERVERS",
    "FIREWALL_AUTH_PORTAL_ADDRESS",
    "G Suite",
    "Microsoft Office 365",
    "SSLVPN_TUNNEL_ADDR1",
    "SSLVPN_TUNNEL_IPv6_ADDR1",
    "all",
    "gmail.com",
    "login.microsoft.com",
    "login.microsoftonline.com",
    "login.windows.net",
    "none",
    "wildcard.dropbox.com",
    "wildcard.google.com",
];

enum Part {
    Tcp(u16, u16),
    Udp(u16, u16),
    /// Destination port with a range of source ports.
    TcpFrom(u16, (u16, u16)),
    Icmp(u8),
    Icmp6(u8),
    Proto(u8),
    Any,
}

impl Part {
    const fn boxed(&self) -> ServiceBox {
        match *self {
            Self::Tcp(lo, hi) => ServiceBox::to(TCP, lo, hi),
            Self::Udp(lo, hi) => ServiceBox::to(UDP, lo, hi),
            Self::TcpFrom(port, from) => ServiceBox::ports(TCP, from, (port, port)),
            Self::Icmp(kind) => ServiceBox::icmp(ICMP, kind, None),
            Self::Icmp6(kind) => ServiceBox::icmp(ICMPV6, kind, None),
            Self::Proto(number) => ServiceBox::proto(number),
            Self::Any => ServiceBox::ANY,
        }
    }
}

use Part::{Any, Icmp, Icmp6, Proto, Tcp, TcpFrom, Udp};

/// Sorted by name, in byte order.
const SERVICES: &[(&str, &[Part])] = &[
    ("AFS3", &[Tcp(7000, 7009), Udp(7000, 7009)]),
    ("AH", &[Proto(51)]),
    ("ALL", &[Any]),
    ("ALL_ICMP", &[Proto(ICMP)]),
    ("ALL_ICMP6", &[Proto(ICMPV6)]),
    ("ALL_TCP", &[Tcp(1, 65535)]),
    ("ALL_UDP", &[Udp(1, 65535)]),
    ("AOL", &[Tcp(5190, 5194)]),
    ("BGP", &[Tcp(179, 179)]),
    ("CVSPSERVER", &[Tcp(2401, 2401), Udp(2401, 2401)]),
    ("DCE-RPC", &[Tcp(135, 135), Udp(135, 135)]),
    ("DHCP", &[Udp(67, 68)]),
    ("DHCP6", &[Udp(546, 547)]),
    ("DNS", &[Tcp(53, 53), Udp(53, 53)]),
    ("ESP", &[Proto(50)]),
    ("FINGER", &[Tcp(79, 79)]),
    ("FTP", &[Tcp(21, 21)]),
    ("FTP_GET", &[Tcp(21, 21)]),
    ("FTP_PUT", &[Tcp(21, 21)]),
    ("GOPHER", &[Tcp(70, 70)]),
    ("GRE", &[Proto(47)]),
    ("GTP", &[Tcp(3386, 3386), Udp(2123, 2123), Udp(2152, 2152), Udp(3386, 3386)]),
    ("H323", &[Tcp(1503, 1503), Tcp(1720, 1720), Udp(1719, 1719)]),
    ("HTTP", &[Tcp(80, 80)]),
    ("HTTPS", &[Tcp(443, 443)]),
    ("IKE", &[Udp(500, 500), Udp(4500, 4500)]),
    ("IMAP", &[Tcp(143, 143)]),
    ("IMAPS", &[Tcp(993, 993)]),
    ("INFO_ADDRESS", &[Icmp(17)]),
    ("INFO_REQUEST", &[Icmp(15)]),
    ("IRC", &[Tcp(6660, 6669)]),
    ("Internet-Locator-Service", &[Tcp(389, 389)]),
    ("KERBEROS", &[Tcp(88, 88), Tcp(464, 464), Udp(88, 88), Udp(464, 464)]),
    ("L2TP", &[Tcp(1701, 1701), Udp(1701, 1701)]),
    ("LDAP", &[Tcp(389, 389)]),
    ("LDAP_UDP", &[Udp(389, 389)]),
    ("MGCP", &[Udp(2427, 2427), Udp(2727, 2727)]),
    ("MMS", &[Tcp(1755, 1755), Udp(1024, 5000)]),
    ("MS-SQL", &[Tcp(1433, 1434)]),
    ("MYSQL", &[Tcp(3306, 3306)]),
    ("NFS", &[Tcp(111, 111), Tcp(2049, 2049), Udp(111, 111), Udp(2049, 2049)]),
    ("NNTP", &[Tcp(119, 119)]),
    ("NONE", &[Tcp(0, 0)]),
    ("NTP", &[Tcp(123, 123), Udp(123, 123)]),
    ("NetMeeting", &[Tcp(1720, 1720)]),
    ("ONC-RPC", &[Tcp(111, 111), Udp(111, 111)]),
    ("OSPF", &[Proto(89)]),
    ("PC-Anywhere", &[Tcp(5631, 5631), Udp(5632, 5632)]),
    ("PING", &[Icmp(8)]),
    ("PING6", &[Icmp6(128)]),
    ("POP3", &[Tcp(110, 110)]),
    ("POP3S", &[Tcp(995, 995)]),
    ("PPTP", &[Tcp(1723, 1723)]),
    ("QUAKE", &[Udp(26000, 26000), Udp(27000, 27000), Udp(27910, 27910), Udp(27960, 27960)]),
    ("RADIUS", &[Udp(1812, 1813)]),
    ("RADIUS-OLD", &[Udp(1645, 1646)]),
    ("RAUDIO", &[Udp(7070, 7070)]),
    ("RDP", &[Tcp(3389, 3389)]),
    ("REXEC", &[Tcp(512, 512)]),
    ("RIP", &[Udp(520, 520)]),
    ("RLOGIN", &[TcpFrom(513, (512, 1023))]),
    ("RSH", &[TcpFrom(514, (512, 1023))]),
    ("RTSP", &[Tcp(554, 554), Tcp(7070, 7070), Tcp(8554, 8554), Udp(554, 554)]),
    ("SAMBA", &[Tcp(139, 139)]),
    ("SCCP", &[Tcp(2000, 2000)]),
    ("SIP", &[Tcp(5060, 5060), Udp(5060, 5060)]),
    ("SIP-MSNmessenger", &[Tcp(1863, 1863)]),
    ("SMB", &[Tcp(445, 445)]),
    ("SMTP", &[Tcp(25, 25)]),
    ("SMTPS", &[Tcp(465, 465)]),
    ("SNMP", &[Tcp(161, 162), Udp(161, 162)]),
    ("SOCKS", &[Tcp(1080, 1080), Udp(1080, 1080)]),
    ("SQUID", &[Tcp(3128, 3128)]),
    ("SSH", &[Tcp(22, 22)]),
    ("SYSLOG", &[Udp(514, 514)]),
    ("TALK", &[Udp(517, 518)]),
    ("TELNET", &[Tcp(23, 23)]),
    ("TFTP", &[Udp(69, 69)]),
    ("TIMESTAMP", &[Icmp(13)]),
    ("TRACEROUTE", &[Udp(33434, 33535)]),
    ("UUCP", &[Tcp(540, 540)]),
    ("VDOLIVE", &[Tcp(7000, 7010)]),
    ("VNC", &[Tcp(5900, 5900)]),
    ("WAIS", &[Tcp(210, 210)]),
    ("WINFRAME", &[Tcp(1494, 1494), Tcp(2598, 2598)]),
    ("WINS", &[Tcp(1512, 1512), Udp(1512, 1512)]),
    ("X-WINDOWS", &[Tcp(6000, 6063)]),
    ("webproxy", &[Tcp(0, 65535)]),
];

const GROUPS: &[(&str, &[&str])] = &[
    ("Email Access", &["DNS", "IMAP", "IMAPS", "POP3", "POP3S", "SMTP", "SMTPS"]),
    ("Exchange Server", &["DCE-RPC", "DNS", "HTTPS"]),
    ("Web Access", &["DNS", "HTTP", "HTTPS"]),
    ("Windows AD", &["DCE-RPC", "DNS", "KERBEROS", "LDAP", "LDAP_UDP", "SAMBA", "SMB"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(SERVICES.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn members_of_groups_exist() {
        assert!(GROUPS.iter().flat_map(|(_, m)| *m).all(|name| service(name).is_some()));
    }
}
