//! What a port number usually means, and how one begins there.
//!
//! Names are those of IANA's Service Name and Port Number Registry, with nmap's where people know no
//! other.

use portvakt_model::PortProtocol::{self, Tcp, Udp};

use super::probe::Probe;

/// How to begin on a TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Not at all.
    LeaveAlone,
    /// Only listen.
    Listen,
    /// The server speaks first; if it does not, ask.
    Banner(Probe),
    /// The client speaks first.
    Ask(Probe),
    /// TLS from the first byte; `patience` where the server speaks first inside it.
    Tls { inner: Probe, patience: bool },
    /// Wait a moment, then ask what most servers answer.
    Unknown,
}

/// Ports that are never connected to: what is sent to them is printed (HP JetDirect, AppSocket).
pub const LEFT_ALONE: std::ops::RangeInclusive<u16> = 9100..=9107;

/// Controllers of machines and buildings: ISO-TSAP (S7), Modbus, IEC 60870-5-104, OPC UA, DNP3,
/// EtherNet/IP, BACnet, Fox, PC WORX, CODESYS, and line printers. A question in another protocol has made
/// some of them stop.
const LISTENED_TO: [u16; 14] =
    [102, 502, 515, 789, 1911, 1962, 2222, 2404, 2455, 4840, 4911, 20000, 44818, 47808];

pub(super) fn way(port: u16) -> Way {
    use Probe::{
        Ajp, Amqp, Cassandra, Dns, Http, Kerberos, Ldap, Memcached, Mongo, Mqtt, Msrpc, Mssql,
        Netbios, Nfs, Postgres, Rdp, Redis, Rmi, Rpcbind, Rtsp, Sip, Smb, Socks, Tns, Wsman,
    };
    if LEFT_ALONE.contains(&port) {
        return Way::LeaveAlone;
    }
    if LISTENED_TO.contains(&port) {
        return Way::Listen;
    }
    match port {
        21
        | 22
        | 23
        | 24
        | 25
        | 110
        | 119
        | 143
        | 587
        | 873
        | 2121
        | 2223
        | 2323
        | 2525
        | 3306
        | 3307
        | 4190
        | 5900..=5910 => Way::Banner(Http),
        53 => Way::Ask(Dns),
        80
        | 81
        | 631
        | 3000
        | 5000
        | 5601
        | 8000..=8008
        | 8010..=8090
        | 8888
        | 9000
        | 9090
        | 9200 => Way::Ask(Http),
        88 => Way::Ask(Kerberos),
        111 => Way::Ask(Rpcbind),
        135 => Way::Ask(Msrpc),
        139 => Way::Ask(Netbios),
        389 | 3268 => Way::Ask(Ldap),
        443 | 2376 | 4443 | 6443 | 8443 | 9443 | 10443 => Way::Tls { inner: Http, patience: false },
        445 => Way::Ask(Smb),
        465 | 563 | 990 | 992 | 993 | 995 => Way::Tls { inner: Http, patience: true },
        554 | 8554 => Way::Ask(Rtsp),
        636 | 3269 => Way::Tls { inner: Ldap, patience: false },
        1080 => Way::Ask(Socks),
        1099 => Way::Ask(Rmi),
        1433 | 1434 => Way::Ask(Mssql),
        1521..=1526 => Way::Ask(Tns),
        1883 => Way::Ask(Mqtt),
        2049 => Way::Ask(Nfs),
        3389 => Way::Ask(Rdp),
        5060 => Way::Ask(Sip),
        5061 => Way::Tls { inner: Sip, patience: false },
        5432 | 5433 => Way::Ask(Postgres),
        5671 => Way::Tls { inner: Amqp, patience: false },
        5672 => Way::Ask(Amqp),
        5985 => Way::Ask(Wsman),
        5986 => Way::Tls { inner: Wsman, patience: false },
        6379 | 6380 => Way::Ask(Redis),
        8009 => Way::Ask(Ajp),
        8883 => Way::Tls { inner: Mqtt, patience: false },
        9042 => Way::Ask(Cassandra),
        11211 => Way::Ask(Memcached),
        27017..=27019 => Way::Ask(Mongo),
        _ => Way::Unknown,
    }
}

/// The question for a port whose number was made from a known one by a digit before it, as 15432 is.
pub(super) fn moved(port: u16) -> Option<Probe> {
    match way(port % 10_000) {
        Way::Ask(probe) if port >= 10_000 && probe != Probe::Http => Some(probe),
        _ => None,
    }
}

/// The service that a port number usually means.
pub fn usual(port: u16, protocol: PortProtocol) -> Option<&'static str> {
    let find = |list: &[(u16, &'static str)]| {
        list.binary_search_by_key(&port, |(port, _)| *port).ok().map(|at| list[at].1)
    };
    let own = match protocol {
        Tcp => find(TCP),
        Udp => find(UDP),
    };
    own.or_else(|| (protocol == Tcp && LEFT_ALONE.contains(&port)).then_some("jetdirect"))
}

/// By port, for a search by halves.
const TCP: &[(u16, &str)] = &[
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (24, "lmtp"),
    (25, "smtp"),
    (49, "tacacs"),
    (53, "domain"),
    (79, "finger"),
    (80, "http"),
    (88, "kerberos-sec"),
    (102, "iso-tsap"),
    (110, "pop3"),
    (111, "rpcbind"),
    (113, "ident"),
    (119, "nntp"),
    (135, "msrpc"),
    (139, "netbios-ssn"),
    (143, "imap"),
    (161, "snmp"),
    (179, "bgp"),
    (389, "ldap"),
    (443, "https"),
    (445, "microsoft-ds"),
    (464, "kpasswd5"),
    (465, "smtps"),
    (502, "modbus"),
    (512, "exec"),
    (513, "login"),
    (514, "shell"),
    (515, "printer"),
    (548, "afp"),
    (554, "rtsp"),
    (563, "nntps"),
    (587, "submission"),
    (593, "http-rpc-epmap"),
    (623, "asf-rmcp"),
    (631, "ipp"),
    (636, "ldaps"),
    (853, "domain-s"),
    (873, "rsync"),
    (902, "vmware-auth"),
    (990, "ftps"),
    (992, "telnets"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1099, "rmiregistry"),
    (1194, "openvpn"),
    (1433, "ms-sql-s"),
    (1521, "oracle-tns"),
    (1723, "pptp"),
    (1883, "mqtt"),
    (2000, "cisco-sccp"),
    (2049, "nfs"),
    (2375, "docker"),
    (2376, "docker-s"),
    (2379, "etcd-client"),
    (2404, "iec-104"),
    (3128, "squid-http"),
    (3260, "iscsi"),
    (3268, "ldap"),
    (3269, "ldaps"),
    (3306, "mysql"),
    (3389, "ms-wbt-server"),
    (4190, "sieve"),
    (4786, "smart-install"),
    (4840, "opcua-tcp"),
    (5060, "sip"),
    (5061, "sips"),
    (5222, "xmpp-client"),
    (5269, "xmpp-server"),
    (5432, "postgresql"),
    (5601, "kibana"),
    (5666, "nrpe"),
    (5671, "amqps"),
    (5672, "amqp"),
    (5900, "vnc"),
    (5901, "vnc-1"),
    (5985, "wsman"),
    (5986, "wsmans"),
    (6379, "redis"),
    (6443, "kubernetes"),
    (8000, "http-alt"),
    (8008, "http"),
    (8009, "ajp13"),
    (8080, "http-proxy"),
    (8291, "mikrotik-winbox"),
    (8443, "https-alt"),
    (8883, "secure-mqtt"),
    (9042, "cassandra"),
    (9090, "http"),
    (9200, "elasticsearch"),
    (10000, "ndmp"),
    (10050, "zabbix-agent"),
    (10051, "zabbix-trapper"),
    (11211, "memcache"),
    (20000, "dnp"),
    (27017, "mongodb"),
    (44818, "EtherNetIP-2"),
    (47808, "bacnet"),
];

const UDP: &[(u16, &str)] = &[
    (53, "domain"),
    (67, "dhcps"),
    (68, "dhcpc"),
    (69, "tftp"),
    (88, "kerberos-sec"),
    (111, "rpcbind"),
    (123, "ntp"),
    (137, "netbios-ns"),
    (138, "netbios-dgm"),
    (161, "snmp"),
    (162, "snmptrap"),
    (177, "xdmcp"),
    (389, "ldap"),
    (427, "svrloc"),
    (443, "quic"),
    (500, "isakmp"),
    (514, "syslog"),
    (520, "route"),
    (623, "asf-rmcp"),
    (853, "domain-s"),
    (1194, "openvpn"),
    (1434, "ms-sql-m"),
    (1645, "radius"),
    (1646, "radacct"),
    (1701, "l2tp"),
    (1812, "radius"),
    (1813, "radacct"),
    (1900, "upnp"),
    (2049, "nfs"),
    (3391, "ms-rdgateway"),
    (3702, "ws-discovery"),
    (4500, "nat-t-ike"),
    (5060, "sip"),
    (5246, "capwap-control"),
    (5353, "mdns"),
    (5355, "llmnr"),
    (5683, "coap"),
    (5684, "coaps"),
    (10161, "snmptls"),
    (11211, "memcache"),
    (47808, "bacnet"),
    (51820, "wireguard"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        for list in [TCP, UDP] {
            assert!(list.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    #[test]
    fn a_number_with_a_digit_before_it_is_asked_alike() {
        assert_eq!(moved(15432), Some(Probe::Postgres));
        assert_eq!(moved(13389), Some(Probe::Rdp));
        assert_eq!((moved(5432), moved(18080), moved(19100)), (None, None, None));
    }

    #[test]
    fn what_prints_is_left_alone_and_controllers_are_only_listened_to() {
        assert!((9100..=9107).all(|port| way(port) == Way::LeaveAlone));
        assert!(LISTENED_TO.iter().all(|port| way(*port) == Way::Listen));
        assert_eq!(usual(9100, Tcp), Some("jetdirect"));
        assert_eq!(usual(502, Tcp), Some("modbus"));
    }
}
