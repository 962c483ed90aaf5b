//! The first message of tunnels and of encrypted transports, and the answers to it. Nothing is agreed
//! on: no key is computed.

use crate::service::Known;

/// Our half of the numbers that name an exchange.
const COOKIE: &[u8; 8] = b"portvakt";

/// IKE in its first version on even passes, in its second on odd ones: a gateway may have only one.
pub(super) fn ike(pass: u8) -> Vec<u8> {
    if pass.is_multiple_of(2) { ike_1() } else { ike_2() }
}

/// Main mode (RFC 2409 §5, RFC 2408 §3) with the proposals that gateways have had for long.
fn ike_1() -> Vec<u8> {
    // Encryption and its key's length, hash, group: AES-256 or 128, 3DES; SHA-1, SHA-2, MD5; 1024 or 2048 bits.
    let wanted: [(u16, u16, u16, u16); 6] = [
        (7, 256, 4, 14),
        (7, 256, 2, 14),
        (7, 128, 2, 14),
        (7, 128, 2, 2),
        (5, 0, 2, 2),
        (5, 0, 1, 2),
    ];
    let mut transforms = Vec::new();
    for (at, (cipher, bits, hash, group)) in (1u8..).zip(wanted) {
        let basic =
            |kind: u16, value: u16| [(0x8000 | kind).to_be_bytes(), value.to_be_bytes()].concat();
        let mut body = vec![at, 1, 0, 0];
        body.extend(basic(1, cipher));
        if bits > 0 {
            body.extend(basic(14, bits));
        }
        // A shared key, for eight hours.
        for (kind, value) in [(2, hash), (3, 1), (4, group), (11, 1), (12, 28_800)] {
            body.extend(basic(kind, value));
        }
        let next = if usize::from(at) == wanted.len() { 0 } else { 3 };
        transforms.extend(payload(next, &body));
    }
    let proposal = [&[1, 1, 0, wanted.len() as u8][..], &transforms].concat();
    let proposal = payload(0, &proposal);
    let association = [&[0, 0, 0, 1, 0, 0, 0, 1][..], &proposal].concat();
    message(1, 0x10, 2, 0, &payload(0, &association))
}

/// IKE_SA_INIT (RFC 7296 §1.2) with AES-CBC-256, SHA-256, and a group of 2048 bits.
fn ike_2() -> Vec<u8> {
    let transform = |more: u8, kind: u8, id: u16, bits: Option<u16>| {
        let mut body = vec![kind, 0];
        body.extend(id.to_be_bytes());
        if let Some(bits) = bits {
            body.extend([0x80, 14]);
            body.extend(bits.to_be_bytes());
        }
        payload(more, &body)
    };
    let transforms = [
        transform(3, 1, 12, Some(256)),
        transform(3, 2, 5, None),
        transform(3, 3, 12, None),
        transform(0, 4, 14, None),
    ];
    let proposal = payload(0, &[&[1, 1, 0, 4][..], &transforms.concat()].concat());
    // A public value that is a number below the prime; whose, nobody needs to know.
    let exchange = [&[0, 14, 0, 0][..], &[0x5a; 256]].concat();
    let nonce = [0x76; 32];
    let body = [payload(34, &proposal), payload(40, &exchange), payload(0, &nonce)].concat();
    message(33, 0x20, 34, 8, &body)
}

/// A payload: what follows it, its length, its body.
fn payload(next: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u16 + 4;
    [&[next, 0][..], &length.to_be_bytes(), body].concat()
}

/// The header of both versions (RFC 7296 §3.1), and what it is about.
fn message(first: u8, version: u8, exchange: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut out = COOKIE.to_vec();
    out.extend([0; 8]);
    out.extend([first, version, exchange, flags, 0, 0, 0, 0]);
    out.extend((28 + body.len() as u32).to_be_bytes());
    out.extend(body);
    out
}

/// Any message of the exchange that we began.
pub(super) fn read_ike(answer: &[u8], name: &'static str) -> Option<Known> {
    let version = answer.get(17)? >> 4;
    let ours = answer.starts_with(COOKIE) && answer.len() >= 28;
    (ours && matches!(version, 1 | 2))
        .then(|| Known::new(name).product(format!("IKE version {version}")))
}

/// P_CONTROL_HARD_RESET_CLIENT_V2 of OpenVPN: our session, nothing acknowledged, packet 0.
pub(super) const OPENVPN: &[u8] = b"\x38portvakt\0\0\0\0\0";

/// The server's own reset, which acknowledges ours. One with `tls-auth` or `tls-crypt` stays silent.
pub(super) fn read_openvpn(answer: &[u8]) -> Option<Known> {
    let ours = answer.get(9..).is_some_and(|rest| rest.windows(8).any(|w| w == COOKIE));
    (answer.first()? >> 3 == 8 && ours).then(|| Known::new("openvpn"))
}

/// Start-Control-Connection-Request of L2TP (RFC 2661 §6.1).
pub(super) fn l2tp() -> Vec<u8> {
    let value = |kind: u16, value: &[u8]| {
        let length = 0x8000 | (6 + value.len() as u16);
        [&length.to_be_bytes()[..], &[0, 0], &kind.to_be_bytes(), value].concat()
    };
    let values = [
        value(0, &[0, 1]),
        value(2, &[1, 0]),
        value(3, &[0, 0, 0, 3]),
        value(7, COOKIE),
        value(9, &[0x70, 0x76]),
        value(10, &[0, 4]),
    ]
    .concat();
    let length = 12 + values.len() as u16;
    [&[0xc8, 2][..], &length.to_be_bytes(), &[0; 8], &values].concat()
}

/// A control message to the tunnel that we named, or to none.
pub(super) fn read_l2tp(answer: &[u8]) -> Option<Known> {
    let [first, 2, _, _, a, b, ..] = answer else { return None };
    let ours = [*a, *b] == [0x70, 0x76] || [*a, *b] == [0, 0];
    (first & 0xc8 == 0xc8 && ours && answer.len() >= 12).then(|| Known::new("l2tp"))
}

/// An Initial packet of QUIC in a version that is reserved to be unknown (RFC 9000 §15): a server names
/// those that it has.
pub(super) fn quic() -> Vec<u8> {
    let mut out = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8];
    out.extend(COOKIE);
    out.push(8);
    out.extend(b"scanning");
    // RFC 9000 §14.1: smaller ones are not answered.
    out.resize(1200, 0);
    out
}

/// Version Negotiation (RFC 9000 §17.2.1), with our names exchanged.
pub(super) fn read_quic(answer: &[u8]) -> Option<Known> {
    let [first, 0, 0, 0, 0, 8, rest @ ..] = answer else { return None };
    let versions = rest.strip_prefix(b"scanning\x08portvakt")?;
    if first & 0x80 == 0 {
        return None;
    }
    let numbers = versions.chunks_exact(4).map(|v| u32::from_be_bytes([v[0], v[1], v[2], v[3]]));
    let name = |version: u32| match version {
        1 => "1".to_owned(),
        0x6b33_43cf => "2".to_owned(),
        0xff00_0000..=0xff00_00ff => format!("draft {}", version & 255),
        _ => format!("{version:08x}"),
    };
    let is_reserved = |version: &u32| version & 0x0f0f_0f0f == 0x0a0a_0a0a;
    let list: Vec<String> = numbers.filter(|v| !is_reserved(v)).take(8).map(name).collect();
    Some(Known::new("quic").product(format!("versions {}", list.join(", "))))
}

/// ClientHello of DTLS 1.2 (RFC 6347 §4.2) without a cookie: a server asks for one before it does anything.
pub(super) fn dtls() -> Vec<u8> {
    let mut hello = vec![0xfe, 0xfd];
    hello.extend([0x76; 32]);
    hello.extend([0, 0]);
    let suites = [0xc02bu16, 0xc02f, 0xc02c, 0xc030, 0xc0a8, 0x00a8, 0x009c, 0x002f, 0x00ff];
    hello.extend((2 * suites.len() as u16).to_be_bytes());
    hello.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    hello.extend([1, 0]);
    // Groups, point formats, and signatures.
    let extensions: &[u8] = &[
        0, 10, 0, 6, 0, 4, 0, 29, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 10, 0, 8, 4, 3, 8, 4, 4, 1,
        2, 1,
    ];
    hello.extend((extensions.len() as u16).to_be_bytes());
    hello.extend(extensions);
    let length = &(hello.len() as u32).to_be_bytes()[1..];
    let handshake = [&[1][..], length, &[0, 0, 0, 0, 0], length, &hello].concat();
    let size = (handshake.len() as u16).to_be_bytes();
    [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0][..], &size, &handshake].concat()
}

/// A handshake message or an alert in a record of DTLS.
pub(super) fn read_dtls(answer: &[u8]) -> Option<Known> {
    let is_record = matches!(answer, [21 | 22, 0xfe, 0xff | 0xfd, ..]);
    (is_record && answer.len() >= 13).then(|| Known::new("dtls"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_questions_are_theirs() {
        for pass in [0, 1] {
            let bytes = ike(pass);
            assert_eq!(bytes[24..28], (bytes.len() as u32).to_be_bytes());
        }
        let bytes = l2tp();
        assert_eq!(bytes[2..4], (bytes.len() as u16).to_be_bytes());
        let bytes = dtls();
        assert_eq!(bytes[11..13], (bytes.len() as u16 - 13).to_be_bytes());
    }

    #[test]
    fn a_list_of_versions_is_read() {
        let mut answer = vec![0x80, 0, 0, 0, 0, 8];
        answer.extend(b"scanning\x08portvakt");
        answer.extend([0x0a, 0x1a, 0x2a, 0x3a, 0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf, 0xff, 0, 0, 29]);
        let known = read_quic(&answer).unwrap();
        assert_eq!(known.product.as_deref(), Some("versions 1, 2, draft 29"));
        answer[6] = b'x';
        assert_eq!(read_quic(&answer), None, "another's connection");
    }
}
