//! Servers of TLS from the first byte: OpenSSL, nginx, GnuTLS, tlslite-ng, JSSE, Node.js.

use std::process::Command;

use super::keys::Keys;
use super::{Server, find, folder, free_port, write};

/// `openssl s_server`, with what the test wants beside a chain and a port.
pub(crate) fn openssl(keys: &Keys, options: &[&str]) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let mut command = Command::new(find("openssl")?);
    command
        .current_dir(folder.path())
        .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-quiet"])
        .args(["-cert", &keys.leaf(), "-key", &keys.key(), "-cert_chain", &keys.authority()])
        .args(options);
    Some(Server::start(command, folder, port))
}

/// nginx with one TLS server, whose block holds what the test wants beside a chain and a port.
pub(crate) fn nginx(keys: &Keys, block: &str) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let path = folder.path().display();
    let text = format!(
        "daemon off; master_process off; pid {path}/pid; error_log stderr;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off;\n\
         client_body_temp_path {path}/1; proxy_temp_path {path}/2; fastcgi_temp_path {path}/3;\n\
         uwsgi_temp_path {path}/4; scgi_temp_path {path}/5;\n\
         server {{ listen 127.0.0.1:{port} ssl; return 204;\n\
         ssl_certificate {}; ssl_certificate_key {};\n{block}\n}} }}\n",
        keys.chain(),
        keys.key()
    );
    let file = write(&folder, "nginx.conf", &text);
    let mut command = Command::new(find("nginx")?);
    command.args(["-p", folder.path().to_str()?, "-e", "stderr", "-c", &file]);
    Some(Server::start(command, folder, port))
}

/// `gnutls-serv` with a priority string.
pub(crate) fn gnutls(keys: &Keys, priority: &str) -> Option<Server> {
    gnutls_with(&[keys], priority)
}

/// The same with several keys.
pub(crate) fn gnutls_with(keys: &[&Keys], priority: &str) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let mut command = Command::new(find("gnutls-serv")?);
    command.args(["--http", "--quiet", "--port", &port.to_string(), "--priority", priority]);
    for keys in keys {
        command.args(["--x509certfile", &keys.chain(), "--x509keyfile", &keys.key()]);
    }
    Some(Server::start(command, folder, port))
}

/// tlslite-ng with kyber-py, which has every version from SSL 3.0 and every hybrid group.
pub(crate) fn tlslite(keys: &Keys, options: &[&str]) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let mut command = Command::new(find("tls.py")?);
    command
        .current_dir(folder.path())
        .args(["server", "-k", &keys.key(), "-c", &keys.chain()])
        .args(options)
        .arg(format!("127.0.0.1:{port}"));
    Some(Server::start(command, folder, port))
}

/// Node.js 0.10.0 with all that its OpenSSL 1.0.1e has.
pub(crate) fn node_0_10(keys: &Keys) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let source = write(&folder, "old.js", include_str!("old.js"));
    let mut command = Command::new(find("node-0.10.0")?);
    command.args([&source, &port.to_string(), &keys.chain(), &keys.key()]);
    Some(Server::start(command, folder, port))
}

/// Java's own TLS with every protocol and suite that it has.
pub(crate) fn jsse(keys: &Keys) -> Option<Server> {
    let (port, folder) = (free_port(), folder());
    let source = write(&folder, "Everything.java", include_str!("Everything.java"));
    let security = "jdk.tls.disabledAlgorithms=\njdk.tls.legacyAlgorithms=\njdk.certpath.disabledAlgorithms=\n";
    let security = write(&folder, "java.security", security);
    // It compiles what it is given.
    find("javac")?;
    let mut command = Command::new(find("java")?);
    command
        .args(["-Xmx128m", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-Djava.security.properties={security}"))
        .args([&source, &port.to_string(), &keys.pkcs12()]);
    Some(Server::start(command, folder, port))
}
