//! Questions, each with the reader of its answer.

use std::net::SocketAddr;

use super::Known;
use super::spoken::Rest;
use super::{binary, databases, http, smb};

/// A question that tells a protocol by its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    Ajp,
    Amqp,
    Cassandra,
    Dns,
    Http,
    Kerberos,
    Ldap,
    Memcached,
    Mongo,
    Mqtt,
    Msrpc,
    Mssql,
    Netbios,
    Nfs,
    Postgres,
    Rdp,
    Redis,
    Rmi,
    Rpcbind,
    Rtsp,
    Sip,
    Smb,
    Smb1,
    Socks,
    Tns,
    Wsman,
}

/// ONC RPC's numbers of programs and versions (IANA, "Remote Procedure Call (RPC) Credential/Program
/// Numbers").
const PORTMAPPER: (u32, u32) = (100_000, 2);
const NFS: (u32, u32) = (100_003, 3);

impl Probe {
    /// The bytes that are sent.
    pub(super) fn question(self, peer: SocketAddr) -> Vec<u8> {
        match self {
            Self::Ajp => binary::AJP.to_vec(),
            Self::Amqp => binary::AMQP.to_vec(),
            Self::Cassandra => vec![4, 0, 0, 0, 5, 0, 0, 0, 0],
            Self::Dns => binary::DNS.to_vec(),
            Self::Http => http_question(peer, "/"),
            Self::Wsman => http_question(peer, "/wsman"),
            Self::Kerberos => binary::kerberos_question(),
            Self::Ldap => binary::ldap_question(),
            Self::Memcached => b"version\r\n".to_vec(),
            Self::Mongo => mongo_question(),
            Self::Mqtt => binary::MQTT.to_vec(),
            Self::Msrpc => binary::MSRPC.to_vec(),
            Self::Mssql => mssql_question(),
            Self::Netbios => binary::netbios_question(),
            Self::Nfs => binary::rpc_question(NFS.0, NFS.1),
            Self::Rpcbind => binary::rpc_question(PORTMAPPER.0, PORTMAPPER.1),
            Self::Postgres => vec![0, 0, 0, 8, 4, 210, 22, 47],
            Self::Rdp => binary::RDP.to_vec(),
            Self::Redis => b"PING\r\n".to_vec(),
            Self::Rmi => binary::RMI.to_vec(),
            Self::Rtsp => b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".to_vec(),
            Self::Sip => sip_question(peer, "TCP"),
            Self::Smb => smb::question(),
            Self::Smb1 => smb::question_1(),
            Self::Socks => binary::SOCKS.to_vec(),
            Self::Tns => tns_question(),
        }
    }

    /// What an answer shows; `None` when it is another's, or not yet told in full.
    pub(super) fn answer(self, bytes: &[u8], rest: Rest) -> Option<Known> {
        match self {
            Self::Ajp => binary::ajp(bytes),
            Self::Amqp => binary::amqp(bytes),
            Self::Cassandra => databases::cassandra(bytes),
            Self::Dns => binary::dns(bytes),
            Self::Http => http::answer(bytes, rest),
            Self::Wsman => http::answer(bytes, rest).map(wsman),
            Self::Kerberos => binary::kerberos(bytes),
            Self::Ldap => binary::ldap(bytes, rest == Rest::Ended),
            Self::Memcached => databases::memcached(bytes),
            Self::Mongo => databases::mongo(bytes),
            Self::Mqtt => binary::mqtt(bytes),
            Self::Msrpc => binary::msrpc(bytes),
            Self::Mssql => databases::mssql(bytes),
            Self::Netbios => binary::netbios(bytes),
            Self::Nfs => binary::rpc(bytes, "nfs"),
            Self::Rpcbind => binary::rpc(bytes, "rpcbind"),
            Self::Postgres => databases::postgres(bytes),
            Self::Rdp => binary::rdp(bytes),
            Self::Redis => databases::redis(bytes),
            Self::Rmi => binary::rmi(bytes),
            Self::Rtsp => http::alike(bytes, "RTSP/", "rtsp", rest),
            Self::Sip => http::alike(bytes, "SIP/2.0 ", "sip", rest),
            Self::Smb => smb::answer(bytes),
            Self::Smb1 => smb::answer_1(bytes),
            Self::Socks => binary::socks(bytes),
            Self::Tns => databases::tns(bytes),
        }
        .or_else(|| by_the_way(bytes))
    }

    /// What is said before hanging up, where the protocol wants it.
    pub(super) const fn farewell(self) -> Option<&'static [u8]> {
        match self {
            Self::Mqtt => Some(&[0xe0, 0]),
            _ => None,
        }
    }
}

/// Answers that are told from all others without knowing what was asked.
pub(super) fn any_answer(bytes: &[u8]) -> Option<Known> {
    const ALL: [Probe; 17] = [
        Probe::Ajp,
        Probe::Amqp,
        Probe::Cassandra,
        Probe::Http,
        Probe::Kerberos,
        Probe::Ldap,
        Probe::Memcached,
        Probe::Mongo,
        Probe::Mqtt,
        Probe::Mssql,
        Probe::Netbios,
        Probe::Rdp,
        Probe::Rpcbind,
        Probe::Rtsp,
        Probe::Sip,
        Probe::Smb,
        Probe::Tns,
    ];
    ALL.iter().find_map(|probe| probe.answer(bytes, Rest::Ended))
}

/// Services that answer a question that was not theirs in a way of their own.
fn by_the_way(bytes: &[u8]) -> Option<Known> {
    let memcached = || bytes.starts_with(b"ERROR\r\n").then(|| Known::new("memcache"));
    let redis = || databases::redis(bytes).filter(|_| bytes.starts_with(b"-"));
    memcached().or_else(redis)
}

/// Windows Remote Management (MS-WSMV) behind Microsoft's web server.
fn wsman(known: Known) -> Known {
    let is_windows = known.product.as_deref().is_some_and(|p| p.contains("Microsoft-HTTPAPI"));
    if is_windows { Known { name: "wsman", doubtful: false, ..known } } else { known }
}

/// A request that a web server's log tells apart.
fn http_question(peer: SocketAddr, path: &str) -> Vec<u8> {
    let agent = concat!("portvakt/", env!("CARGO_PKG_VERSION"));
    format!(
        "GET {path} HTTP/1.1\r\nHost: {peer}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// OPTIONS (RFC 3261 §11), which sets nothing up.
pub(crate) fn sip_question(peer: SocketAddr, transport: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:portvakt@{peer} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} portvakt.invalid;branch=z9hG4bKportvakt;rport\r\n\
         Max-Forwards: 0\r\n\
         From: <sip:portvakt@portvakt.invalid>;tag=portvakt\r\n\
         To: <sip:portvakt@{peer}>\r\n\
         Call-ID: portvakt@portvakt.invalid\r\n\
         CSeq: 1 OPTIONS\r\n\
         Accept: application/sdp\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// OP_QUERY of `{isMaster: 1}`, which every version answers to those who have not logged in.
fn mongo_question() -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0];
    body.extend(b"admin.$cmd\0");
    body.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    body.extend(b"\x13\0\0\0\x10isMaster\0\x01\0\0\0\0");
    let mut out = (16 + body.len() as u32).to_le_bytes().to_vec();
    out.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(2004u32.to_le_bytes());
    out.extend(body);
    out
}

/// PRELOGIN (MS-TDS §2.2.6.5): version, encryption, instance, thread, MARS.
fn mssql_question() -> Vec<u8> {
    let options = [(0u8, 6u16), (1, 1), (2, 1), (3, 4), (4, 1)];
    let mut at = 5 * options.len() as u16 + 1;
    let mut body = Vec::new();
    for (token, length) in options {
        body.push(token);
        body.extend(at.to_be_bytes());
        body.extend(length.to_be_bytes());
        at += length;
    }
    body.push(0xff);
    body.resize(usize::from(at), 0);
    let length = body.len() as u16 + 8;
    [&[0x12, 1][..], &length.to_be_bytes(), &[0, 0, 0, 0], &body].concat()
}

/// CONNECT of Oracle Net with a command to the listener itself.
fn tns_question() -> Vec<u8> {
    let data = b"(CONNECT_DATA=(COMMAND=version))";
    // Version, oldest version that will do, options, sizes of units, characteristics, line turnaround, byte order.
    let words = [0x0136u16, 0x012c, 0, 0x0800, 0x7fff, 0x7f08, 0, 1, data.len() as u16, 58];
    let length = 58 + data.len() as u16;
    let mut out = length.to_be_bytes().to_vec();
    out.extend([0, 0, 1, 0, 0, 0]);
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    out.resize(58, 0);
    out.extend(data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_questions_are_theirs() {
        let peer = "10.0.0.1:1".parse().unwrap();
        let question = |probe: Probe| probe.question(peer);
        assert_eq!(question(Probe::Mssql).len(), 47);
        assert_eq!(question(Probe::Tns).len(), 90);
        assert_eq!(question(Probe::Mongo)[0], question(Probe::Mongo).len() as u8);
        assert_eq!(usize::from(binary::DNS[1]), binary::DNS.len() - 2);
        assert_eq!(usize::from(binary::MSRPC[8]), binary::MSRPC.len());
        assert_eq!(usize::from(binary::MQTT[1]), binary::MQTT.len() - 2);
        assert_eq!(question(Probe::Netbios).len(), 4 + 68);
        assert_eq!(question(Probe::Rpcbind).len(), 4 + 0x28);
        assert_eq!(usize::from(question(Probe::Smb)[3]), question(Probe::Smb).len() - 4);
    }
}
