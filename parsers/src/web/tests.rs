use portvakt_model::TlsVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
use portvakt_model::{Device, SourceId, TlsServer, TlsVersion};

use crate::{Build, Context, Input, Parser};

fn read(parser: &Parser, text: &str) -> Device {
    let context = Context::default();
    let mut build = Build::new(SourceId(0), parser.id, text.lines().count() as u32, &context);
    (parser.parse)(&Input { path: "web.conf", text, binary: &[] }, &mut build);
    build.devices.remove(0)
}

fn versions(server: &TlsServer) -> Vec<TlsVersion> {
    server.versions.as_ref().map(|fact| fact.value.clone()).unwrap_or_default()
}

#[test]
fn nginx_servers_inherit_and_replace() {
    let device = read(
        &super::nginx::PARSER,
        "http {\n ssl_protocols TLSv1.2 TLSv1.3;\n ssl_certificate a.pem;\n\
         server { listen 443 ssl; server_name a.example; }\n\
         server {\n  listen 443 ssl;\n  server_name b.example;\n  ssl_protocols TLSv1 TLSv1.2;\n\
           ssl_ciphers \"HIGH:\n   !aNULL\";\n  ssl_certificate b.pem;\n  ssl_ecdh_curve X25519:prime256v1;\n\
           add_header Strict-Transport-Security \"max-age=1\" always;\n }\n\
         server { listen 80; location ~ \"^/(a|b){1,2}$\" { return 301 https://$host$request_uri; } }\n}\n",
    );
    let [a, b] = &device.tls_servers[..] else { panic!("{:#?}", device.tls_servers) };
    assert_eq!((a.name.as_str(), versions(a)), ("a.example", vec![Tls12, Tls13]));
    assert_eq!(a.certificates[0].value, "a.pem");
    assert_eq!(versions(b), [Tls10, Tls12]);
    assert_eq!(b.certificates.iter().map(|c| c.value.as_str()).collect::<Vec<_>>(), ["b.pem"]);
    assert_eq!(b.groups.as_ref().unwrap().value, ["x25519", "secp256r1"]);
    assert_eq!(b.hsts.as_ref().unwrap().value, "max-age=1");
    assert!(b.suites.as_ref().unwrap().value.contains(&"TLS_RSA_WITH_AES_128_CBC_SHA"));
    assert!(a.suites.is_none() && b.strange.is_empty());
}

#[test]
fn apache_adds_takes_away_and_replaces_protocols() {
    let of = |line: &str| {
        let text = format!("<VirtualHost *:443>\nSSLEngine on\n{line}\n</VirtualHost>\n");
        versions(&read(&super::apache::PARSER, &text).tls_servers[0])
    };
    assert_eq!(of("SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1"), [Tls12, Tls13]);
    assert_eq!(of("SSLProtocol -all +TLSv1.2"), [Tls12]);
    assert_eq!(of("SSLProtocol all"), [Ssl3, Tls10, Tls11, Tls12, Tls13]);
    assert_eq!(of("SSLProtocol TLSv1.2 TLSv1.3"), [Tls13], "a bare name replaces");
    assert_eq!(of("ServerName a.example"), []);
}

#[test]
fn haproxy_tells_versions_only_where_they_are_told() {
    let of = |options: &str, bind: &str| {
        let text = format!(
            "global\n ssl-default-bind-options {options}\nfrontend f\n bind :443 ssl {bind}\n"
        );
        versions(&read(&super::haproxy::PARSER, &text).tls_servers[0])
    };
    assert_eq!(of("ssl-min-ver TLSv1.2", "crt a.pem"), [Tls12, Tls13]);
    assert_eq!(of("no-sslv3 no-tlsv10 no-tlsv11", ""), [Tls12, Tls13]);
    assert_eq!(of("ssl-min-ver TLSv1.2", "ssl-min-ver TLSv1.0 no-tlsv11"), [Tls10, Tls12, Tls13]);
    assert_eq!(of("no-sslv3", ""), [], "the program's version decides");
}

#[test]
fn odd_bytes_end() {
    for text in [
        "{",
        "}",
        "}}}",
        "\"",
        "'\\",
        "a\\",
        "server{listen 443 ssl",
        "${",
        "<VirtualHost",
        "bind ssl",
    ] {
        for parser in [&super::nginx::PARSER, &super::apache::PARSER, &super::haproxy::PARSER] {
            read(parser, text);
            read(parser, &text.repeat(500));
        }
    }
}
