//! Real SSH servers: what they were configured with is what is seen.

use portvakt_model::SshEndpoint;
use portvakt_scan::ssh::{Groups, HostKeys, Limits, Target, look};

use crate::lab::shell::{dropbear, moduli, openssh};
use crate::lab::{Server, wait};

/// The marker of strict key exchange in the server's list (OpenSSH's PROTOCOL §1.10).
const STRICT: &str = "kex-strict-s-v00@openssh.com";

fn look_at(server: &Server, limits: &Limits) -> SshEndpoint {
    let target = Target { name: "prov.example:22".to_owned(), address: Some(server.address) };
    let seen = wait(look(&target, limits));
    assert!(seen.complete, "{:?}\n{}", seen.doubts, server.log());
    seen
}

fn keys(seen: &SshEndpoint) -> Vec<(&str, u32)> {
    seen.host_keys.iter().map(|key| (key.kind.as_str(), key.bits)).collect()
}

#[test]
fn openssh_as_it_is_configured() {
    let settings = "Ciphers 3des-cbc,aes256-gcm@openssh.com\nMACs hmac-sha1\n\
                    KexAlgorithms curve25519-sha256,diffie-hellman-group1-sha1\n\
                    HostKeyAlgorithms ssh-rsa,ssh-ed25519\nRequiredRSASize 1024\nCompression no";
    let Some(server) = openssh(&["rsa:1024", "ed25519"], settings) else { return };
    let seen = look_at(&server, &Limits::default());
    assert!(seen.banner.starts_with("SSH-2.0-OpenSSH_"), "{}", seen.banner);
    assert_eq!(seen.kex, ["curve25519-sha256", "diffie-hellman-group1-sha1", STRICT]);
    assert_eq!(seen.host_key_algorithms, ["ssh-rsa", "ssh-ed25519"]);
    assert_eq!(seen.ciphers, [["3des-cbc", "aes256-gcm@openssh.com"]; 2]);
    assert_eq!(seen.macs, [["hmac-sha1"]; 2]);
    assert_eq!(seen.compression, [["none"]; 2]);
    assert_eq!((keys(&seen), seen.connections), (vec![("ssh-rsa", 1024)], 1));
    let all = Limits { host_keys: HostKeys::All, ..Limits::default() };
    let seen = look_at(&server, &all);
    assert_eq!(keys(&seen), [("ssh-rsa", 1024), ("ssh-ed25519", 256)]);
    assert_eq!(seen.connections, 2);
}

#[test]
fn every_key_exchange_of_openssh_shows_the_host_key() {
    for kex in [
        "curve25519-sha256",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "sntrup761x25519-sha512@openssh.com",
        "diffie-hellman-group1-sha1",
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
        "diffie-hellman-group-exchange-sha1",
    ] {
        let Some(server) = openssh(&["ecdsa:384"], &format!("KexAlgorithms {kex}")) else { return };
        let seen = look_at(&server, &Limits::default());
        assert_eq!(seen.kex.first().map(String::as_str), Some(kex));
        assert_eq!(keys(&seen), [("ecdsa-sha2-nistp384", 384)], "{kex}");
    }
}

#[test]
fn group_exchange_tells_its_smallest_group() {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("ModuliFile {}", moduli(folder.path()).display());
    let Some(server) = openssh(&["rsa:3072"], &settings) else { return };
    let limits = Limits { groups: Groups::Asked, ..Limits::default() };
    let seen = look_at(&server, &limits);
    assert_eq!((seen.gex_bits, seen.connections), (Some(2048), 1));
    assert_eq!(keys(&seen), [("ssh-rsa", 3072)]);
}

#[test]
fn dropbear_with_a_key_of_rsa() {
    let Some(server) = dropbear("rsa") else { return };
    let seen = look_at(&server, &Limits::default());
    assert!(seen.banner.starts_with("SSH-2.0-dropbear"), "{}", seen.banner);
    assert_eq!((keys(&seen), seen.connections), (vec![("ssh-rsa", 2048)], 1));
}

/// Dropbear 2022.83 offers RSA when it has no such key, and its child dies when that is taken. Another key
/// is seen all the same, and what went wrong is said.
#[test]
fn dropbear_with_another_key_dies_of_what_it_offers() {
    for (kind, key) in [("ecdsa", ("ecdsa-sha2-nistp256", 256)), ("ed25519", ("ssh-ed25519", 256))]
    {
        let Some(server) = dropbear(kind) else { return };
        let target = Target { name: "prov.example:22".to_owned(), address: Some(server.address) };
        let seen = wait(look(&target, &Limits::default()));
        assert_eq!(keys(&seen), [key]);
        let offers_rsa = seen.host_key_algorithms.iter().any(|name| name == "ssh-rsa");
        assert_eq!(
            (seen.connections, seen.complete),
            (if offers_rsa { 2 } else { 1 }, !offers_rsa)
        );
        let doubt = "the host key of rsa-sha2-256: the connection was closed".to_owned();
        assert_eq!(seen.doubts.first(), offers_rsa.then_some(&doubt));
    }
}
