//! SMB's first exchange: which dialect, and whether messages must be signed (MS-SMB2 §2.2.3, MS-CIFS
//! §2.2.4.52). No session is set up.

use super::Known;

/// Dialects that are offered. 3.1.1 would need contexts; a server that has it takes 3.0.2.
const DIALECTS: [u16; 4] = [0x0202, 0x0210, 0x0300, 0x0302];

/// NEGOTIATE of SMB 2, with the length that goes before it on TCP.
pub(super) fn question() -> Vec<u8> {
    let mut message = b"\xfeSMB\x40\0".to_vec();
    message.resize(64, 0);
    // One credit is asked for.
    message[14] = 1;
    message.extend(36u16.to_le_bytes());
    message.extend((DIALECTS.len() as u16).to_le_bytes());
    // Signing is enabled, not required.
    message.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    // A client's id that is nobody's, and no contexts.
    message.extend(*b"portvakt-scanner");
    message.extend([0; 8]);
    message.extend(DIALECTS.iter().flat_map(|dialect| dialect.to_le_bytes()));
    framed(&message)
}

/// NEGOTIATE of SMB 1 with the one dialect that is left of it.
pub(super) fn question_1() -> Vec<u8> {
    let mut message = b"\xffSMB\x72\0\0\0\0\x18\x01\x28".to_vec();
    message.resize(32, 0);
    let dialect = b"\x02NT LM 0.12\0";
    message.push(0);
    message.extend((dialect.len() as u16).to_le_bytes());
    message.extend(dialect);
    framed(&message)
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// The answer to [`question`].
pub(super) fn answer(bytes: &[u8]) -> Option<Known> {
    let message = bytes.get(4..)?;
    if message.starts_with(b"\xffSMB") {
        return Some(Known::new("microsoft-ds").product("SMB 1"));
    }
    if !message.starts_with(b"\xfeSMB") {
        return None;
    }
    let body = message.get(64..72)?;
    let dialect = u16::from_le_bytes([body[4], body[5]]);
    let name = match dialect {
        0x0202 => "SMB 2.0.2".to_owned(),
        0x0210 => "SMB 2.1".to_owned(),
        0x0300 => "SMB 3.0".to_owned(),
        0x0302 => "SMB 3.0.2 or later".to_owned(),
        other => format!("SMB dialect {other:#06x}"),
    };
    let signing = if body[2] & 2 != 0 { "signing required" } else { "signing not required" };
    Some(Known::new("microsoft-ds").product(format!("{name}, {signing}")))
}

/// The answer to [`question_1`]: a dialect was taken, and not refused with 0xffff.
pub(super) fn answer_1(bytes: &[u8]) -> Option<Known> {
    let message = bytes.get(4..)?;
    let index = message.get(33..35)?;
    let taken = message.starts_with(b"\xffSMB\x72") && index != [0xff, 0xff];
    taken.then(|| Known::new("microsoft-ds").product("SMB 1"))
}
