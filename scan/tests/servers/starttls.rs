//! Every protocol with a real server of it: TLS begins where it is configured, and "there is none" is
//! said where it is not.

use std::net::SocketAddr;
use std::time::Duration;

use portvakt_scan::tls::handshake::{Ask, Client, Handshake};
use portvakt_scan::tls::starttls::{StartTls, StartTlsError, start};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::lab::data::{mariadb, postgres, slapd};
use crate::lab::keys::{Keys, rsa};
use crate::lab::mail::{Mailbox, dovecot, postfix};
use crate::lab::other::{prosody, vsftpd, xrdp};
use crate::lab::wait;

const TIME: Duration = Duration::from_secs(30);

async fn begin(address: SocketAddr, kind: StartTls) -> Result<TcpStream, StartTlsError> {
    let stream = TcpStream::connect(address).await.unwrap();
    start(stream, kind, "post.example", Instant::now() + TIME).await
}

/// TLS begins, and inside it is the certificate that the server was given.
fn begins(address: SocketAddr, kind: StartTls, keys: &Keys) {
    let found: Handshake = wait(async {
        let stream = begin(address, kind).await.unwrap();
        let ask = Ask { server_name: Some("post.example".to_owned()), ..Ask::default() };
        Client::new(&ask).unwrap().shake(stream, Instant::now() + TIME).await.unwrap()
    });
    assert!(found.chain.first() == Some(&keys.der(0)), "{kind:?}");
}

fn has_none(address: SocketAddr, kind: StartTls) {
    let found = wait(begin(address, kind)).map(drop);
    assert!(matches!(found, Err(StartTlsError::NotOffered(_))), "{kind:?}: {found:?}");
}

#[test]
fn dovecot_has_it_in_four_protocols() {
    let keys = rsa();
    let kinds = [
        (Mailbox::Imap, StartTls::Imap),
        (Mailbox::Pop3, StartTls::Pop3),
        (Mailbox::Lmtp, StartTls::Lmtp),
        (Mailbox::Sieve, StartTls::Sieve),
    ];
    for (speaks, kind) in kinds {
        let Some(server) = dovecot(&keys, speaks, "") else { return };
        begins(server.address, kind, &keys);
    }
}

#[test]
fn dovecot_without_tls_says_so() {
    let keys = rsa();
    for (speaks, kind) in [
        (Mailbox::Imap, StartTls::Imap),
        (Mailbox::Pop3, StartTls::Pop3),
        (Mailbox::Lmtp, StartTls::Lmtp),
        (Mailbox::Sieve, StartTls::Sieve),
    ] {
        let Some(server) = dovecot(&keys, speaks, "ssl = no") else { return };
        has_none(server.address, kind);
    }
}

#[test]
fn postfix_with_and_without() {
    let keys = rsa();
    let Some(server) = postfix(&keys, "") else { return };
    begins(server.address, StartTls::Smtp, &keys);
    let Some(server) = postfix(&keys, "smtpd_tls_security_level = none") else { return };
    has_none(server.address, StartTls::Smtp);
}

#[test]
fn postgresql_with_and_without() {
    let keys = rsa();
    let Some(server) = postgres(Some(&keys)) else { return };
    begins(server.address, StartTls::Postgres, &keys);
    let Some(server) = postgres(None) else { return };
    has_none(server.address, StartTls::Postgres);
}

#[test]
fn mariadb_with_and_without() {
    let keys = rsa();
    let Some(server) = mariadb(Some(&keys)) else { return };
    begins(server.address, StartTls::Mysql, &keys);
    let Some(server) = mariadb(None) else { return };
    has_none(server.address, StartTls::Mysql);
}

#[test]
fn slapd_with_and_without() {
    let keys = rsa();
    let Some(server) = slapd(Some(&keys)) else { return };
    begins(server.address, StartTls::Ldap, &keys);
    let Some(server) = slapd(None) else { return };
    has_none(server.address, StartTls::Ldap);
}

#[test]
fn vsftpd_with_and_without() {
    let keys = rsa();
    let Some(server) = vsftpd(Some(&keys)) else { return };
    begins(server.address, StartTls::Ftp, &keys);
    let Some(server) = vsftpd(None) else { return };
    has_none(server.address, StartTls::Ftp);
}

#[test]
fn xrdp_with_and_without() {
    let keys = rsa();
    let Some(server) = xrdp(&keys, "tls") else { return };
    begins(server.address, StartTls::Rdp, &keys);
    let Some(server) = xrdp(&keys, "rdp") else { return };
    has_none(server.address, StartTls::Rdp);
}

#[test]
fn prosody_with_and_without() {
    let keys = rsa();
    let Some(server) = prosody(Some(&keys), "c2s_ports") else { return };
    begins(server.address, StartTls::Xmpp, &keys);
    let Some(server) = prosody(Some(&keys), "s2s_ports") else { return };
    begins(server.address, StartTls::XmppServer, &keys);
    let Some(server) = prosody(None, "c2s_ports") else { return };
    has_none(server.address, StartTls::Xmpp);
}
