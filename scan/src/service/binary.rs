//! Protocols in which the client speaks first, and not in words.

use super::Known;
use super::ber::{all, next, parts, tlv};

/// X.224 connection request with a negotiation of RDP (MS-RDPBCGR §2.2.1.1): TLS, CredSSP, and CredSSP with
/// early authorisation.
pub(crate) const RDP: &[u8] = &[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0x0b, 0, 0, 0];

/// Connection confirm; a negotiation response (2) or failure (3) may follow.
pub(crate) fn rdp(answer: &[u8]) -> Option<Known> {
    let [3, 0, _, _, _, 0xd0, _, _, _, _, _, rest @ ..] = answer else { return None };
    let known = Known::new("ms-wbt-server");
    let (starttls, words) = match rest {
        [2, _, _, _, protocol, ..] => match protocol {
            0 => (false, "RDP's own security"),
            1 => (true, "TLS, without network level authentication"),
            _ => (true, "network level authentication"),
        },
        // SSL_NOT_ALLOWED_BY_SERVER; the other codes ask for more than TLS.
        [3, _, _, _, 2, ..] => (false, "RDP's own security"),
        [3, ..] => (true, "TLS"),
        _ => (false, "RDP's own security"),
    };
    Some(Known { starttls, ..known.product(words) })
}

/// A search for the root entry (RFC 4512 §5.1), which everybody may read without a bind.
pub(crate) fn ldap_question() -> Vec<u8> {
    let wanted = ["vendorName", "vendorVersion", "supportedExtension", "dnsHostName"];
    let attributes: Vec<Vec<u8>> = wanted.iter().map(|name| tlv(4, name.as_bytes())).collect();
    let search = [
        tlv(4, b""),
        tlv(10, &[0]),
        tlv(10, &[0]),
        tlv(2, &[1]),
        tlv(2, &[5]),
        tlv(1, &[0]),
        tlv(0x87, b"objectClass"),
        all(0x30, &attributes),
    ];
    all(0x30, &[tlv(2, &[1]), all(0x63, &search)])
}

/// Search results (RFC 4511 §4.5.2).
pub(crate) fn ldap(answer: &[u8], is_all: bool) -> Option<Known> {
    let (0x30, message, rest) = next(answer)? else { return None };
    let mut fields = parts(message);
    let (2, [1]) = fields.next()? else { return None };
    let (kind, entry) = fields.next()?;
    match kind {
        // An entry is followed by the end of the search; without it more may come.
        0x64 if !rest.is_empty() || is_all => {}
        0x65 => return Some(Known::new("ldap")),
        _ => return None,
    }
    let value = |wanted: &str| {
        let attributes = parts(entry).nth(1).map(|(_, list)| list).unwrap_or_default();
        let found = parts(attributes).find(|(_, attribute)| {
            parts(attribute).next().is_some_and(|(_, n)| n.eq_ignore_ascii_case(wanted.as_bytes()))
        });
        let values = found.and_then(|(_, attribute)| parts(attribute).nth(1));
        values.map(|(_, set)| set).unwrap_or_default()
    };
    let word =
        |wanted| parts(value(wanted)).next().map(|(_, v)| String::from_utf8_lossy(v).into_owned());
    // RFC 4511 §4.14.1.
    let starttls = parts(value("supportedExtension")).any(|(_, v)| v == b"1.3.6.1.4.1.1466.20037");
    let product: Vec<String> =
        ["vendorName", "vendorVersion"].into_iter().filter_map(word).collect();
    let known = Known::new("ldap").product(product.join(" "));
    Some(Known { starttls, title: word("dnsHostName"), ..known })
}

/// AS-REQ (RFC 4120 §5.4.1) for a realm that cannot exist (RFC 6761), so that no account is meant and no
/// password is tried. With the length that goes before it on TCP.
pub(crate) fn kerberos_question() -> Vec<u8> {
    let realm = b"PORTVAKT.INVALID";
    let name = |kind: u8, parts: &[&[u8]]| {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| tlv(0x1b, part)).collect();
        all(0x30, &[all(0xa0, &[tlv(2, &[kind])]), all(0xa1, &[all(0x30, &parts)])])
    };
    let body = [
        all(0xa0, &[tlv(3, &[0, 0, 0, 0, 0])]),
        all(0xa1, &[name(1, &[b"portvakt"])]),
        all(0xa2, &[tlv(0x1b, realm)]),
        all(0xa3, &[name(2, &[b"krbtgt", realm])]),
        all(0xa5, &[tlv(0x18, b"19700101000000Z")]),
        all(0xa7, &[tlv(2, &[0x70, 0x76])]),
        all(0xa8, &[all(0x30, &[tlv(2, &[18]), tlv(2, &[17])])]),
    ];
    let request =
        [all(0xa1, &[tlv(2, &[5])]), all(0xa2, &[tlv(2, &[10])]), all(0xa4, &[all(0x30, &body)])];
    let message = all(0x6a, &[all(0x30, &request)]);
    [&(message.len() as u32).to_be_bytes()[..], &message].concat()
}

/// KRB-ERROR or AS-REP, version 5.
pub(crate) fn kerberos(answer: &[u8]) -> Option<Known> {
    let (tag @ (0x7e | 0x6b), sequence, _) = next(answer.get(4..)?)? else { return None };
    let (0x30, fields, _) = next(sequence)? else { return None };
    let wanted: &[u8] = if tag == 0x7e { &[2, 1, 30] } else { &[2, 1, 11] };
    let mut fields = parts(fields);
    let version = fields.next()? == (0xa0, &[2, 1, 5][..]);
    (version && fields.any(|(_, value)| value == wanted)).then(|| Known::new("kerberos-sec"))
}

/// CONNECT of MQTT 3.1.1 (OASIS, §3.1) with a clean session, without a name or password.
pub(crate) const MQTT: &[u8] = b"\x10\x14\0\x04MQTT\x04\x02\0\x0a\0\x08portvakt";

/// CONNACK, §3.2.
pub(crate) fn mqtt(answer: &[u8]) -> Option<Known> {
    let [0x20, 2, 0 | 1, code @ 0..=5, ..] = answer else { return None };
    let words = if *code == 0 { "accepts clients without a name" } else { "" };
    Some(Known::new("mqtt").product(words))
}

/// AMQP 0-9-1's protocol header (§4.2.2).
pub(crate) const AMQP: &[u8] = b"AMQP\0\0\x09\x01";

/// `Connection.Start`, or the header of the version that is wanted instead.
pub(crate) fn amqp(answer: &[u8]) -> Option<Known> {
    if let [b'A', b'M', b'Q', b'P', _, major, minor, revision, ..] = answer {
        return Some(Known::new("amqp").product(format!("AMQP {major}.{minor}.{revision}")));
    }
    let [1, 0, 0, _, _, _, _, 0, 10, 0, 10, ..] = answer else { return None };
    let word = |name: &[u8]| {
        // A field of the table of server properties: name, `S`, four bytes of length, text.
        let at = answer
            .windows(name.len() + 1)
            .position(|w| w[1..] == *name && usize::from(w[0]) == name.len())?;
        let rest = answer.get(at + 1 + name.len()..)?.strip_prefix(b"S")?;
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        rest.get(4..4 + length.min(64)).map(|text| String::from_utf8_lossy(text).into_owned())
    };
    let words: Vec<String> = [&b"product"[..], b"version"].into_iter().filter_map(word).collect();
    Some(Known::new("amqp").product(words.join(" ")))
}

/// A call without arguments of ONC RPC (RFC 5531 §9), with the mark that goes before it on TCP.
pub(crate) fn rpc_question(program: u32, version: u32) -> Vec<u8> {
    let mut message = 0x8000_0028u32.to_be_bytes().to_vec();
    let words = [RPC_ID, 0, 2, program, version, 0, 0, 0, 0, 0];
    message.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    message
}

/// Any reply to our call, even a refusal: it is RPC that answers.
pub(crate) fn rpc(answer: &[u8], name: &'static str) -> Option<Known> {
    let reply = answer.get(4..12)?;
    (reply[..4] == RPC_ID.to_be_bytes() && reply[4..] == [0, 0, 0, 1]).then(|| Known::new(name))
}

/// The number of our call.
pub(crate) const RPC_ID: u32 = 0x7076_0001;

/// A question of DNS (RFC 1035 §4) for `version.bind`, class CHAOS, with the length before it on TCP.
pub(crate) const DNS: &[u8] =
    b"\0\x1e\x70\x76\0\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03";

/// An answer with our number. The name and question come back; after them comes the text.
pub(crate) fn dns(answer: &[u8]) -> Option<Known> {
    let message = answer.get(2..)?;
    let [0x70, 0x76, flags, _, ..] = message else { return None };
    if flags & 0x80 == 0 {
        return None;
    }
    Some(Known::new("domain").product(dns_text(message).unwrap_or_default()))
}

/// The first text of the first answer, after a question of 30 bytes with the header.
pub(crate) fn dns_text(message: &[u8]) -> Option<String> {
    let count = u16::from_be_bytes([*message.get(6)?, *message.get(7)?]);
    let answer = message.get(30..).filter(|_| count > 0)?;
    let rest = match answer.first()? {
        0xc0.. => answer.get(2..)?,
        _ => answer.get(answer.iter().position(|b| *b == 0)? + 1..)?,
    };
    let (16, text) = (u16::from_be_bytes([*rest.first()?, *rest.get(1)?]), rest.get(10..)?) else {
        return None;
    };
    let (length, text) = text.split_first()?;
    text.get(..usize::from(*length)).map(|t| String::from_utf8_lossy(t).into_owned())
}

/// A bind to the endpoint mapper (C706 §12.6.4.3), without any security.
pub(crate) const MSRPC: &[u8] = &[
    5, 0, 11, 3, 16, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0, 0xb8, 0x10, 0xb8, 0x10, 0, 0, 0, 0, 1, 0, 0,
    0, 0, 0, 1, 0, 0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b,
    0x14, 0xa0, 0xfa, 3, 0, 0, 0, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08,
    0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0,
];

/// `bind_ack` (12) or `bind_nak` (13).
pub(crate) fn msrpc(answer: &[u8]) -> Option<Known> {
    matches!(answer, [5, 0, 12 | 13, ..]).then(|| Known::new("msrpc"))
}

/// SESSION REQUEST of NetBIOS over TCP (RFC 1002 §4.3.2) for `*SMBSERVER`.
pub(crate) fn netbios_question() -> Vec<u8> {
    let mut out = vec![0x81, 0, 0, 68];
    for name in [b"*SMBSERVER      ", b"PORTVAKT       \0"] {
        out.push(32);
        out.extend(name.iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]));
        out.push(0);
    }
    out
}

/// A positive or negative session response.
pub(crate) fn netbios(answer: &[u8]) -> Option<Known> {
    let is_one = matches!(answer, [0x82, 0, 0, 0, ..] | [0x83, 0, 0, 1, ..]);
    is_one.then(|| Known::new("netbios-ssn"))
}

/// SOCKS 5 (RFC 1928 §3): the one method without a password.
pub(crate) const SOCKS: &[u8] = &[5, 1, 0];

/// The method that is taken, or that none is.
pub(crate) fn socks(answer: &[u8]) -> Option<Known> {
    match answer {
        [5, 0] => Some(Known::new("socks5").product("lets strangers through")),
        [5, 0xff] => Some(Known::new("socks5")),
        _ => None,
    }
}

/// Java RMI's header (Java RMI Specification §10.2).
pub(crate) const RMI: &[u8] = b"JRMI\0\x02\x4b";

/// `ProtocolAck`, then what the server takes us for.
pub(crate) fn rmi(answer: &[u8]) -> Option<Known> {
    matches!(answer, [0x4e, 0, _, ..]).then(|| Known::new("java-rmi"))
}

/// AJP 1.3's ping and its answer.
pub(crate) const AJP: &[u8] = &[0x12, 0x34, 0, 1, 10];

pub(crate) fn ajp(answer: &[u8]) -> Option<Known> {
    answer.starts_with(b"AB\0\x01\x09").then(|| Known::new("ajp13"))
}
