//! Databases and directories: PostgreSQL, MariaDB, slapd.

use std::path::Path;
use std::process::Command;

use super::keys::Keys;
use super::{Server, find, folder, free_port, root, run, write};

/// PostgreSQL, which will not run as root: it becomes `postgres`. Without keys it has no TLS.
pub(crate) fn postgres(keys: Option<&Keys>) -> Option<Server> {
    let (server, init) = (find("postgres")?, find("initdb")?);
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    give_away(folder.path(), "postgres");
    let data = folder.path().join("data");
    run(as_user("postgres", &init).arg("-D").arg(&data).args(["--no-sync", "-A", "reject"]));
    let mut command = as_user("postgres", &server);
    command.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-F"]);
    command.arg("-k").arg(folder.path());
    if let Some(keys) = keys {
        // It wants a key that is its own.
        let key = folder.path().join("key.pem");
        std::fs::copy(keys.key(), &key).unwrap();
        run(Command::new("chmod").arg("600").arg(&key));
        give_away(&key, "postgres");
        command.args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={}", keys.chain())]);
        command.args(["-c", &format!("ssl_key_file={}", key.display())]);
    }
    Some(Server::start(command, folder, port))
}

/// MariaDB with an empty data folder: nobody is ever logged in. Without keys it has no TLS.
pub(crate) fn mariadb(keys: Option<&Keys>) -> Option<Server> {
    let program = find("mariadbd")?;
    if !root() {
        return None;
    }
    let (port, folder) = (free_port(), folder());
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    give_away(folder.path(), "mysql");
    give_away(&data, "mysql");
    let mut command = Command::new(program);
    command
        .args(["--no-defaults", "--user=mysql", "--skip-grant-tables", "--bind-address=127.0.0.1"])
        .args(["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M"])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", folder.path().join("socket").display()))
        .arg(format!("--port={port}"));
    if let Some(keys) = keys {
        command
            .arg(format!("--ssl-cert={}", keys.chain()))
            .arg(format!("--ssl-key={}", keys.key()));
    }
    Some(Server::start(command, folder, port))
}

/// OpenLDAP's server without a database. Without keys it has no TLS.
pub(crate) fn slapd(keys: Option<&Keys>) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let path = folder.path().display();
    let tls = keys.map_or_else(String::new, |keys| {
        format!("TLSCertificateFile {}\nTLSCertificateKeyFile {}\n", keys.chain(), keys.key())
    });
    let text = format!("pidfile {path}/pid\nargsfile {path}/args\n{tls}");
    let file = write(&folder, "slapd.conf", &text);
    let mut command = Command::new(find("slapd")?);
    command.args(["-d", "0", "-f", &file, "-h", &format!("ldap://127.0.0.1:{port}/")]);
    Some(Server::start(command, folder, port))
}

fn give_away(path: &Path, user: &str) {
    run(Command::new("chown").arg(user).arg(path));
}

/// A command that runs as another user, in our process group.
fn as_user(user: &str, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups", "--"]);
    command.arg(program).current_dir("/");
    command
}
