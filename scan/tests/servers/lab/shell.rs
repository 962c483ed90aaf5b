//! SSH servers: OpenSSH and Dropbear, with host keys made for them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Server, find, folder, free_port, root, run, write};

/// Where OpenSSH's server goes with the half of it that has no rights; Debian makes it at boot.
const CHROOT: &str = "/run/sshd";

/// `sshd` with host keys (`rsa:2048`, `ed25519`, `ecdsa:521`) and lines of its configuration.
pub(crate) fn openssh(host_keys: &[&str], settings: &str) -> Option<Server> {
    let (program, keygen) = (find("sshd")?, find("ssh-keygen")?);
    if !root() {
        return None;
    }
    std::fs::create_dir_all(CHROOT).unwrap();
    let (port, folder) = (free_port(), folder());
    let mut text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\nAuthenticationMethods none\n\
         {settings}\n"
    );
    for kind in host_keys {
        let (name, bits) = kind.split_once(':').unwrap_or((kind, ""));
        let file = folder.path().join(name);
        let mut make = Command::new(&keygen);
        make.args(["-q", "-N", "", "-t", name]).arg("-f").arg(&file);
        if !bits.is_empty() {
            make.args(["-b", bits]);
        }
        run(&mut make);
        writeln!(text, "HostKey {}", file.display()).unwrap();
    }
    let file = write(&folder, "sshd_config", &text);
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f", &file]);
    Some(Server::start(command, folder, port))
}

/// A file of moduli for group exchange with one group of 2048 bits: that of RFC 3526 §3.
pub(crate) fn moduli(folder: &Path) -> PathBuf {
    let prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                 EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                 EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
                 83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
                 E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
                 15728E5A8AACAA68FFFFFFFFFFFFFFFF";
    let file = folder.join("moduli");
    std::fs::write(&file, format!("20260101000000 2 6 100 2047 2 {prime}\n")).unwrap();
    file
}

/// Dropbear with one host key of that kind (`rsa`, `ecdsa`, `ed25519`).
pub(crate) fn dropbear(kind: &str) -> Option<Server> {
    let (program, keygen) = (find("dropbear")?, find("dropbearkey")?);
    let (port, folder): (u16, TempDir) = (free_port(), folder());
    let key = folder.path().join("key");
    run(Command::new(keygen).args(["-t", kind]).arg("-f").arg(&key));
    let mut command = Command::new(program);
    command.args(["-F", "-E", "-p", &format!("127.0.0.1:{port}")]).arg("-r").arg(&key);
    command.arg("-P").arg(folder.path().join("pid"));
    Some(Server::start(command, folder, port))
}
