//! Answers of single questions.

use crate::service::Known;
use crate::service::ber::{next, parts};
use crate::service::binary;

/// DNS and multicast DNS: our number came back as an answer. Some multicast responders number with zero.
pub(super) fn dns(answer: &[u8], name: &'static str) -> Option<Known> {
    let [high, low, flags, _, ..] = answer else { return None };
    let ours = [*high, *low] == [0x70, 0x76] || name == "mdns";
    if !ours || flags & 0x80 == 0 || answer.len() < 12 {
        return None;
    }
    let text = if name == "domain" { binary::dns_text(answer) } else { None };
    Some(Known::new(name).product(text.unwrap_or_default()))
}

/// ERROR or DATA (RFC 1350 §5).
pub(super) fn tftp(answer: &[u8]) -> Option<Known> {
    match answer {
        [0, 5, 0, code, words @ ..] if *code <= 8 => {
            let words = words.split(|b| *b == 0).next().unwrap_or_default();
            Some(Known::new("tftp").product(String::from_utf8_lossy(words)))
        }
        [0, 3, 0, 1, ..] => Some(Known::new("tftp").product("gives any file that is asked for")),
        _ => None,
    }
}

/// A server's packet that brings back the time that we sent (RFC 5905 §8).
pub(super) fn ntp(answer: &[u8]) -> Option<Known> {
    let (first, stratum) = (answer.first()?, answer.get(1)?);
    let ours = answer.get(24..32)? == b"portvakt";
    let version = first >> 3 & 7;
    (ours && first & 7 == 4)
        .then(|| Known::new("ntp").product(format!("version {version}, stratum {stratum}")))
}

/// NODE STATUS RESPONSE (RFC 1002 §4.2.18): the first unique name of kind 0 is the computer's.
pub(super) fn nbstat(answer: &[u8]) -> Option<Known> {
    if !matches!(answer, [0x70, 0x76, flags, ..] if flags & 0x80 != 0) {
        return None;
    }
    // Header, name of 34 bytes, type, class, time to live, length.
    let count = usize::from(*answer.get(56)?);
    let names = answer.get(57..)?.chunks_exact(18).take(count);
    let mut unique = names.filter(|n| n[15] == 0 && n[16] & 0x80 == 0);
    let name = unique.next().map(|n| String::from_utf8_lossy(&n[..15]).trim().to_owned());
    Some(Known { title: name, ..Known::new("netbios-ns") })
}

/// A report of SNMP version 3 (RFC 3412 §6, RFC 3411 §5: the engine's name begins with the number of its
/// maker among IANA's private enterprises).
pub(super) fn snmp(answer: &[u8]) -> Option<Known> {
    let (0x30, message, _) = next(answer)? else { return None };
    let mut fields = parts(message);
    let version = fields.next()?;
    if version.0 != 2 {
        return None;
    }
    if version.1 != [3] {
        return Some(Known::new("snmp").product("version 1 or 2c"));
    }
    let (4, security) = fields.nth(1)? else { return None };
    let (0x30, security, _) = next(security)? else { return None };
    let (4, engine) = parts(security).next()? else { return None };
    let maker = engine.get(..4).map(|b| u32::from_be_bytes([b[0] & 0x7f, b[1], b[2], b[3]]));
    let words = maker.map_or("version 3".to_owned(), |n| format!("version 3, enterprise {n}"));
    Some(Known::new("snmp").product(words))
}

/// Presence pong, or an answer of IPMI (DSP0136 §3.2.4.3, IPMI 2.0 §13).
pub(super) fn rmcp(answer: &[u8]) -> Option<Known> {
    match answer {
        [6, _, 0xff, 6, 0, 0, 0x11, 0xbe, 0x40, _, _, length, body @ ..] if *length >= 9 => {
            let ipmi = body.get(8).is_some_and(|entities| entities & 0x80 != 0);
            Some(Known::new("asf-rmcp").product(if ipmi { "IPMI" } else { "ASF" }))
        }
        [6, _, 0xff, 7, ..] => Some(Known::new("asf-rmcp").product("IPMI")),
        _ => None,
    }
}

/// SVR_RESP (MC-SQLR §2.2.5): a list of names and values of each instance, with semicolons between.
pub(super) fn browser(answer: &[u8]) -> Option<Known> {
    let [5, low, high, text @ ..] = answer else { return None };
    if text.len() < usize::from(u16::from_le_bytes([*low, *high])).min(16) {
        return None;
    }
    let text = String::from_utf8_lossy(text);
    let words: Vec<&str> = text.split(';').collect();
    let value = |name: &str| {
        words
            .iter()
            .position(|w| *w == name)
            .and_then(|at| words.get(at + 1))
            .map(|w| (*w).to_owned())
    };
    let version = value("Version").map(|v| format!("Microsoft SQL Server {v}"));
    let title = value("ServerName");
    Some(Known { title, ..Known::new("ms-sql-m").product(version.unwrap_or_default()) })
}

/// An answer to our number: Access-Accept, Accounting-Response, Access-Reject, Access-Challenge.
pub(super) fn radius(answer: &[u8]) -> Option<Known> {
    let [2 | 3 | 5 | 11, 0x76, high, low, ..] = answer else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    (length >= 20 && length <= answer.len()).then(|| Known::new("radius"))
}

/// A search's answer has the form of HTTP's.
pub(super) fn ssdp(answer: &[u8]) -> Option<Known> {
    let text = String::from_utf8_lossy(answer);
    let ours = text.starts_with("HTTP/1.1 200") || text.starts_with("NOTIFY ");
    ours.then(|| Known::new("upnp").product(field(&text, "server").unwrap_or_default()))
}

pub(super) fn sip(answer: &[u8]) -> Option<Known> {
    let text = String::from_utf8_lossy(answer);
    let product = field(&text, "server").or_else(|| field(&text, "user-agent"));
    text.starts_with("SIP/2.0 ").then(|| Known::new("sip").product(product.unwrap_or_default()))
}

fn field(text: &str, name: &str) -> Option<String> {
    let mut fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
}

/// An acknowledgement or reset of our number (RFC 7252 §4.2).
pub(super) fn coap(answer: &[u8]) -> Option<Known> {
    let [first, _, 0x70, 0x76, ..] = answer else { return None };
    matches!(first >> 4, 6 | 7).then(|| Known::new("coap"))
}

/// Memcached's frame of eight bytes, then its answer.
pub(super) fn memcached(answer: &[u8]) -> Option<Known> {
    let [0, 1, _, _, _, _, _, _, text @ ..] = answer else { return None };
    let version = String::from_utf8_lossy(text.strip_prefix(b"VERSION ")?).trim().to_owned();
    Some(Known::new("memcache").product(format!("memcached {version}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_not_ours_is_no_answer() {
        let mut answer = vec![0x24, 2];
        answer.resize(48, 0);
        assert_eq!(ntp(&answer), None, "anybody could have sent it");
        answer[24..32].copy_from_slice(b"portvakt");
        assert_eq!(ntp(&answer).unwrap().product.as_deref(), Some("version 4, stratum 2"));
    }

    #[test]
    fn an_engine_names_its_maker() {
        // A report of Net-SNMP (enterprise 8072), put together by hand from RFC 3412 and 3414.
        let security =
            b"\x30\x11\x04\x05\x80\x00\x1f\x88\x80\x02\x01\x01\x02\x01\x09\x04\0\x04\0\x04\0";
        let mut security = security.to_vec();
        security[1] = (security.len() - 2) as u8;
        let header = b"\x30\x0f\x02\x02\x70\x76\x02\x03\0\xff\xe3\x04\x01\0\x02\x01\x03";
        let mut body = b"\x02\x01\x03".to_vec();
        body.extend(header);
        body.extend([4, security.len() as u8]);
        body.extend(security);
        body.extend(b"\x30\0");
        let answer = [&[0x30, body.len() as u8][..], &body].concat();
        assert_eq!(snmp(&answer).unwrap().product.as_deref(), Some("version 3, enterprise 8072"));
    }

    #[test]
    fn a_computer_tells_its_name() {
        let mut answer =
            b"\x70\x76\x84\0\0\0\0\x01\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0".to_vec();
        answer.extend(b"\0\x21\0\x01\0\0\0\0\0\x37\x02");
        answer.extend(b"EXEMPEL        \0\x84\0FILSERVER01    \0\x04\0");
        let known = nbstat(&answer).unwrap();
        assert_eq!((known.name, known.title.as_deref()), ("netbios-ns", Some("FILSERVER01")));
    }

    #[test]
    fn an_instance_tells_its_server_and_version() {
        let text = b"ServerName;DB1;InstanceName;MSSQLSERVER;IsClustered;No;Version;15.0.2000.5;tcp;1433;;";
        let answer = [&[5, text.len() as u8, 0][..], text].concat();
        let known = browser(&answer).unwrap();
        assert_eq!(known.title.as_deref(), Some("DB1"));
        assert_eq!(known.product.as_deref(), Some("Microsoft SQL Server 15.0.2000.5"));
    }
}
