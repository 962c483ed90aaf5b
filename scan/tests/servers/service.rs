//! Real servers, asked what they are.

use portvakt_model::ServiceSeen;
use portvakt_scan::service::{Limits, identify, identify_as};

use crate::lab::data::{mariadb, postgres, slapd};
use crate::lab::keys::rsa;
use crate::lab::mail::{Mailbox, dovecot, postfix};
use crate::lab::other::{vsftpd, xrdp};
use crate::lab::tls::{nginx, openssl};
use crate::lab::{Server, wait};

/// Asks as on the port that the protocol usually has.
fn on(server: &Server, port: u16) -> ServiceSeen {
    let seen = wait(identify_as(server.address, port, &Limits::default()));
    assert!(seen.asked, "{seen:?}");
    seen
}

fn name(seen: &ServiceSeen) -> (&str, bool, bool) {
    (&seen.name, seen.tls, seen.starttls)
}

#[test]
fn web_servers_tell_their_names() {
    let keys = rsa();
    if let Some(server) = nginx(&keys, "") {
        let seen = on(&server, 443);
        assert_eq!(name(&seen), ("http", true, false));
        assert!(seen.product.as_deref().is_some_and(|p| p.starts_with("nginx")), "{seen:?}");
        // A port of which nothing is known.
        let (address, port) = (server.address.ip(), server.address.port());
        let seen = wait(identify(address, port, &Limits::default()));
        assert_eq!(name(&seen), ("http", true, false), "{seen:?}");
    }
    if let Some(server) = openssl(&keys, &["-www"]) {
        assert_eq!(name(&on(&server, 8443)), ("http", true, false));
    }
    if let Some(server) = openssl(&keys, &["-www", "-tls1_2", "-cipher", "AES128-SHA"]) {
        let seen = on(&server, 443);
        assert_eq!(name(&seen), ("ssl", true, false), "what this client cannot speak is TLS still");
    }
}

#[test]
fn mail_servers_tell_whether_tls_can_be_asked_for() {
    let keys = rsa();
    let kinds = [
        (Mailbox::Imap, 143, "imap"),
        (Mailbox::Pop3, 110, "pop3"),
        (Mailbox::Lmtp, 24, "lmtp"),
        (Mailbox::Sieve, 4190, "sieve"),
    ];
    for (speaks, port, wanted) in kinds {
        let Some(server) = dovecot(&keys, speaks, "") else { return };
        assert_eq!(name(&on(&server, port)), (wanted, false, true));
    }
    let Some(server) = postfix(&keys, "") else { return };
    let seen = on(&server, 25);
    assert_eq!(name(&seen), ("smtp", false, true));
    assert!(seen.product.as_deref().is_some_and(|p| p.contains("Postfix")), "{seen:?}");
}

#[test]
fn databases_and_directories_are_known() {
    let keys = rsa();
    if let Some(server) = postgres(Some(&keys)) {
        assert_eq!(name(&on(&server, 5432)), ("postgresql", false, true));
    }
    if let Some(server) = mariadb(Some(&keys)) {
        let seen = on(&server, 3306);
        assert_eq!(name(&seen), ("mysql", false, true));
        assert!(seen.product.as_deref().is_some_and(|p| p.starts_with("MariaDB ")), "{seen:?}");
    }
    if let Some(server) = slapd(Some(&keys)) {
        assert_eq!(name(&on(&server, 389)), ("ldap", false, true));
    }
}

#[test]
fn files_and_desktops_are_known() {
    let keys = rsa();
    if let Some(server) = vsftpd(Some(&keys)) {
        let seen = on(&server, 21);
        assert_eq!(name(&seen), ("ftp", false, true));
        assert!(seen.product.as_deref().is_some_and(|p| p.contains("vsFTPd")), "{seen:?}");
    }
    if let Some(server) = xrdp(&keys, "tls") {
        let seen = on(&server, 3389);
        assert_eq!(name(&seen), ("ms-wbt-server", false, true), "{seen:?}");
    }
}
