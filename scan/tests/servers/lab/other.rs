//! Files, desktops and chat: vsftpd, xrdp, Prosody.

use std::process::Command;

use super::keys::Keys;
use super::{Server, find, folder, free_port, open_to_all, root, write};

/// vsftpd. Without keys it has no TLS.
pub(crate) fn vsftpd(keys: Option<&Keys>) -> Option<Server> {
    let program = find("vsftpd")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    open_to_all(&empty);
    let tls = keys.map_or_else(String::new, |keys| {
        format!(
            "ssl_enable=YES\nrsa_cert_file={}\nrsa_private_key_file={}\n",
            keys.chain(),
            keys.key()
        )
    });
    let text = format!(
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n\
         anonymous_enable=NO\nlocal_enable=YES\nsecure_chroot_dir={}\n\
         seccomp_sandbox=NO\n{tls}",
        empty.display()
    );
    let file = write(&folder, "vsftpd.conf", &text);
    let mut command = Command::new(program);
    command.arg(&file);
    Some(Server::start(command, folder, port))
}

/// xrdp, which has no desktop behind it. `layer` is `tls`, `negotiate` or `rdp`.
pub(crate) fn xrdp(keys: &Keys, layer: &str) -> Option<Server> {
    let program = find("xrdp")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let text = format!(
        "[Globals]\nini_version=1\nfork=true\nport=tcp://127.0.0.1:{port}\n\
         security_layer={layer}\ncrypt_level=high\ncertificate={}\nkey_file={}\n\
         ssl_protocols=TLSv1.2, TLSv1.3\nautorun=\n\
         [Logging]\nLogFile={}\nLogLevel=INFO\nEnableSyslog=false\n[Channels]\n[Xorg]\nname=Xorg\nlib=libxup.so\n",
        keys.chain(),
        keys.key(),
        folder.path().join("xrdp.log").display()
    );
    let file = write(&folder, "xrdp.ini", &text);
    let mut command = Command::new(program);
    command.args(["--nodaemon", "--config", &file]);
    Some(Server::start(command, folder, port))
}

/// Prosody with one host, `post.example`. Without keys it has no TLS.
pub(crate) fn prosody(keys: Option<&Keys>, port_setting: &str) -> Option<Server> {
    let program = find("prosody")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let path = folder.path().display();
    let tls = keys.map_or_else(String::new, |keys| {
        format!("ssl = {{ certificate = \"{}\"; key = \"{}\" }}\n", keys.chain(), keys.key())
    });
    // Without TLS it must offer something else, or it has nothing to say.
    let (disabled, plain) = if keys.is_some() { ("", false) } else { ("\"tls\"", true) };
    let text = format!(
        "run_as_root = true\npidfile = \"{path}/pid\"\ndata_path = \"{path}/data\"\n\
         interfaces = {{ \"127.0.0.1\" }}\nlocal_interfaces = {{ \"127.0.0.1\" }}\n\
         c2s_ports = {{}}\ns2s_ports = {{}}\n{port_setting} = {{ {port} }}\n\
         modules_enabled = {{ \"tls\"; \"saslauth\" }}\nmodules_disabled = {{ {disabled} }}\n\
         c2s_require_encryption = {}\nallow_unencrypted_plain_auth = {plain}\n\
         log = {{ info = \"*console\" }}\n{tls}VirtualHost \"post.example\"\n",
        !plain
    );
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let file = write(&folder, "prosody.cfg.lua", &text);
    let mut command = Command::new(program);
    command.args(["-F", "--config", &file]);
    Some(Server::start(command, folder, port))
}
