use portvakt_model::{HostKey, SshEndpoint};

use super::*;

pub(super) fn modern() -> SshEndpoint {
    let both = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        [names.clone(), names]
    };
    let list = |names: &[&str]| both(names)[0].clone();
    SshEndpoint {
        target: "sw1.example:22".to_owned(),
        address: None,
        at: Timestamp::UNIX_EPOCH,
        connections: 1,
        complete: true,
        doubts: Vec::new(),
        banner: "SSH-2.0-OpenSSH_10.1".to_owned(),
        kex: list(&["mlkem768x25519-sha256", "curve25519-sha256", "kex-strict-s-v00@openssh.com"]),
        host_key_algorithms: list(&["ssh-ed25519", "rsa-sha2-512"]),
        ciphers: both(&["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"]),
        macs: both(&["hmac-sha2-256-etm@openssh.com"]),
        compression: both(&["none"]),
        host_keys: vec![HostKey {
            kind: "ssh-ed25519".to_owned(),
            bits: 256,
            fingerprint: [0; 32],
        }],
        gex_bits: None,
    }
}

#[test]
fn ssh_is_judged_like_tls() {
    let policy = pack("portvakt-2026");
    let judge = |e: &SshEndpoint| judge_ssh(e, &policy, Profile::Internal, TODAY);
    let sound = judge(&modern());
    assert_eq!(overall(&sound), Level::Sufficient, "{sound:#?}");

    let mut old = modern();
    old.banner = "SSH-1.99-Cisco-1.25".to_owned();
    old.kex = vec!["diffie-hellman-group1-sha1".to_owned()];
    old.host_key_algorithms = vec!["ssh-rsa".to_owned()];
    old.ciphers = [vec!["3des-cbc".to_owned()], vec!["aes128-cbc".to_owned()]];
    old.macs[0].push("hmac-md5".to_owned());
    old.host_keys[0] = HostKey { kind: "ssh-rsa".to_owned(), bits: 1024, fingerprint: [0; 32] };
    old.gex_bits = Some(1024);
    let mut wrong = levels(&judge(&old), Level::Insufficient);
    wrong.sort_unstable();
    assert_eq!(
        wrong,
        [
            "ssh-1-offered",
            "ssh-cbc-cipher",
            "ssh-group-exchange-too-small",
            "ssh-host-key-too-small",
            "ssh-terrapin",
            "ssh-weak-cipher",
            "ssh-weak-host-key-algorithm",
            "ssh-weak-key-exchange",
            "ssh-weak-mac",
        ]
    );
    let silent = SshEndpoint { complete: false, ..modern() };
    assert_eq!(overall(&judge(&silent)), Level::NotAssessed);
}

#[test]
fn terrapin_needs_a_cipher_that_it_works_on() {
    let policy = pack("portvakt-2026");
    let terrapin = |change: fn(&mut SshEndpoint)| {
        let mut endpoint = modern();
        endpoint.kex.pop();
        change(&mut endpoint);
        let judgements = judge_ssh(&endpoint, &policy, Profile::Internal, TODAY);
        found(&judgements, "ssh-terrapin").map(|j| j.observed.join(""))
    };
    assert_eq!(terrapin(|_| ()).as_deref(), Some("chacha20-poly1305@openssh.com"));
    assert_eq!(terrapin(|e| e.ciphers = [vec!["aes256-ctr".to_owned()], Vec::new()]), None);
    let cbc = terrapin(|e| e.ciphers = [vec!["aes256-cbc".to_owned()], Vec::new()]);
    assert_eq!(cbc.as_deref(), Some("aes256-cbc + hmac-sha2-256-etm@openssh.com"));
}

#[test]
fn a_golden_ssh_server_is_its_own_measure() {
    let golden = golden_ssh(&modern()).unwrap();
    let mut other = modern();
    other.macs[1].push("hmac-sha1".to_owned());
    let judged = judge_ssh(&other, &golden, Profile::Internal, TODAY);
    let wrong = judged.iter().filter(|j| j.level == Level::Insufficient);
    assert_eq!(wrong.flat_map(|j| j.observed.clone()).collect::<Vec<_>>(), ["hmac-sha1"]);
}
