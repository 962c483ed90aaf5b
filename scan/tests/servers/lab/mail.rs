//! Mail servers: Dovecot and Postfix.

use std::process::Command;

use super::keys::Keys;
use super::{Server, find, folder, free_port, open_to_all, root, run, write};

/// What Dovecot speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mailbox {
    Imap,
    /// TLS from the first byte.
    Imaps,
    Pop3,
    Lmtp,
    Sieve,
}

/// Dovecot with one listener. `settings` are put at its end: `ssl = no`, `ssl_cipher_list = ALL`.
pub(crate) fn dovecot(keys: &Keys, speaks: Mailbox, settings: &str) -> Option<Server> {
    let program = find("dovecot")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let path = folder.path().display();
    let (protocol, service, listener) = match speaks {
        Mailbox::Imap => ("imap", "imap-login", "imap"),
        Mailbox::Imaps => ("imap", "imap-login", "imaps"),
        Mailbox::Pop3 => ("pop3", "pop3-login", "pop3"),
        Mailbox::Lmtp => ("lmtp", "lmtp", "lmtp"),
        Mailbox::Sieve => ("sieve", "managesieve-login", "sieve"),
    };
    let text = format!(
        "base_dir = {path}/run\nstate_dir = {path}/state\nlog_path = /dev/stderr\n\
         protocols = {protocol}\nssl = yes\nssl_cert = <{}\nssl_key = <{}\n\
         mail_location = maildir:{path}/mail\n\
         passdb {{\n driver = static\n args = nopassword=n password=none\n}}\n\
         userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={path}/mail\n}}\n\
         service {service} {{\n{}\n inet_listener {listener} {{\n  address = 127.0.0.1\n  port = {port}\n {}}}\n}}\n\
         {settings}\n",
        keys.chain(),
        keys.key(),
        other(listener),
        if matches!(speaks, Mailbox::Imaps) { "ssl = yes\n" } else { "" },
    );
    let file = write(&folder, "dovecot.conf", &text);
    let mut command = Command::new(program);
    command.args(["-F", "-c", &file]);
    Some(Server::start(command, folder, port))
}

/// The listener that the service has beside the one that is wanted, switched off.
fn other(listener: &str) -> String {
    let name = match listener {
        "imap" => "imaps",
        "imaps" => "imap",
        "pop3" => "pop3s",
        _ => return String::new(),
    };
    format!(" inet_listener {name} {{\n  port = 0\n }}\n")
}

/// Postfix's SMTP server. `settings` are lines of main.cf.
pub(crate) fn postfix(keys: &Keys, settings: &str) -> Option<Server> {
    let program = find("postfix")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let path = folder.path().display();
    for name in ["queue", "data"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        open_to_all(&folder.path().join(name));
    }
    run(Command::new("chown").arg("postfix").arg(folder.path().join("data")));
    let main = format!(
        "compatibility_level = 3.6\nmyhostname = post.example\nqueue_directory = {path}/queue\n\
         data_directory = {path}/data\nmail_owner = postfix\ninet_interfaces = 127.0.0.1\n\
         maillog_file = /dev/stdout\nsmtpd_tls_security_level = may\n\
         smtpd_tls_chain_files = {}\nsmtpd_relay_restrictions = reject\n{settings}\n",
        keys.all()
    );
    let master = format!(
        "127.0.0.1:{port} inet n - n - - smtpd\n\
         postlog unix-dgram n - n - 1 postlogd\n\
         anvil unix - - n - 1 anvil\nrewrite unix - - n - - trivial-rewrite\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\nproxymap unix - - n - - proxymap\n\
         cleanup unix n - n - 0 cleanup\n"
    );
    write(&folder, "main.cf", &main);
    write(&folder, "master.cf", &master);
    // Its master makes a session of its own, where no signal to our group reaches it.
    let [mut start, mut stop] = [(); 2].map(|()| Command::new(&program));
    start.args(["-c", folder.path().to_str()?, "start-fg"]);
    stop.args(["-c", folder.path().to_str()?, "abort"]);
    Some(Server::start(start, folder, port).stopped_by(stop))
}
