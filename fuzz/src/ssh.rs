//! What an SSH server may send before encryption.

use portvakt_scan::ssh::{host_key, kexinit, packet};

/// A packet lies inside its bytes; lists that are read are read the same when they are written again; a
/// key is no larger than its bytes.
pub fn ssh(bytes: &[u8]) {
    if let Ok((rest, payload)) = packet(bytes) {
        assert!(payload.len() + rest.len() < bytes.len());
        lists(payload);
    }
    lists(bytes);
    if let Some(key) = host_key(bytes) {
        assert!(key.bits as usize <= bytes.len() * 8);
    }
}

fn lists(payload: &[u8]) {
    let Ok((_, read)) = kexinit(payload) else { return };
    let again = read.written([0; 16]);
    let (rest, read_again) = kexinit(&again).expect("what we wrote");
    assert!(rest.is_empty());
    // What is escaped once has a backslash, which is escaped the second time.
    if !again.contains(&b'\\') {
        assert_eq!(read, read_again);
    }
}
