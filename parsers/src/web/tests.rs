use portvakt_model::TlsVersion::{Ssl3, Tls10, Tls11, Tls12, Tls13};
use portvakt_model::{Device, LineState, Location, SourceId, TlsServer, TlsVersion};

use crate::{Beside, Build, Context, Input, Parsed, Parser};

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
    assert!(a.suites.as_ref().unwrap().manual.is_some() && b.strange.is_empty());
    let (other, theirs) = b.decider.as_ref().unwrap();
    assert_eq!((other.as_str(), &theirs.value[..]), ("a.example", &[Tls12, Tls13][..]));
    assert!(a.decider.is_none());
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

/// Joins files, each with the parser that knows it (`""` for none), and gives back what is of some
/// configuration.
fn joined(files: &[(&str, &'static str, &str)], folders: &[&str]) -> Vec<Parsed> {
    let one = |(n, (path, format, text)): (usize, &(&str, &'static str, &str))| Beside {
        id: SourceId(n as u32),
        path: (*path).to_owned(),
        links: Vec::new(),
        text: (*text).to_owned(),
        format: Some(*format).filter(|format| !format.is_empty()),
    };
    let files = files.iter().enumerate().map(one).collect();
    let folders: Vec<String> = folders.iter().map(|f| (*f).to_owned()).collect();
    crate::join(files, &folders, &Context::default())
}

fn servers(parsed: &[Parsed]) -> Vec<&TlsServer> {
    parsed.iter().flat_map(|p| &p.devices).flat_map(|d| &d.tls_servers).collect()
}

#[test]
fn nginx_reads_what_it_includes() {
    let read = joined(
        &[
            (
                "web-1/nginx.conf",
                "nginx",
                "http {\n include /etc/nginx/conf.d/*.conf;\n ssl_protocols TLSv1.2;\n}\n",
            ),
            (
                "web-1/conf.d/a.conf",
                "nginx",
                "server {\n listen 443 ssl;\n server_name a.example;\n include snippets/tls.conf;\n}\n",
            ),
            ("web-1/conf.d/old.conf.off", "nginx", "server { listen 443 ssl; }\n"),
            ("web-1/snippets/tls.conf", "", "ssl_ciphers ECDHE+AESGCM;\n"),
            ("web-1/other.txt", "", "what is this\n"),
        ],
        &[],
    );
    let devices: Vec<&Device> = read.iter().flat_map(|p| &p.devices).collect();
    let [device] = devices[..] else { panic!("{devices:#?}") };
    assert_eq!(device.name, "web-1");
    assert!(device.unread.is_empty());
    let [server] = &device.tls_servers[..] else { panic!("{device:#?}") };
    assert_eq!(versions(server), [Tls12], "set after the include, and inherited all the same");
    assert_eq!(server.at, Location::line(SourceId(1), 1));
    assert_eq!(server.suites.as_ref().unwrap().at, Location::line(SourceId(3), 1));
    let understood =
        |n: usize| read.iter().find(|p| p.id.0 == n as u32).map(|p| p.coverage.counts());
    assert_eq!(understood(3), Some([1, 1, 0, 0, 0]));
    assert_eq!(understood(2), Some([1, 0, 1, 0, 0]), "not in force");
    assert_eq!(understood(4), None, "of no configuration");
}

#[test]
fn what_is_not_given_decides_what_is_not_set() {
    let main = "http {\n include conf.d/*.conf;\n ssl_protocols TLSv1.2;\n server {\n  listen 443 ssl;\n  include tls.conf;\n }\n server {\n  listen 443 ssl;\n }\n}\n";
    let read = joined(&[("nginx.conf", "nginx", main)], &[]);
    let [a, b] = servers(&read)[..] else { panic!("{read:#?}") };
    assert_eq!(a.unread.as_ref().unwrap().value, "tls.conf");
    assert!(a.versions.is_none() && a.suites.is_none(), "tls.conf may say otherwise");
    assert_eq!(versions(b), [Tls12], "nginx takes no directive twice");
    assert_eq!(b.unread.as_ref().unwrap().value, "conf.d/*.conf");
    assert!(b.suites.is_none(), "no default where something may set it");
    assert_eq!(read[0].devices[0].unread.len(), 2);
    // An empty folder is at hand: nothing is missing.
    let read =
        joined(&[("x/nginx.conf", "nginx", "http { include conf.d/*.conf; }\n")], &["x/conf.d"]);
    assert!(read[0].devices[0].unread.is_empty());
}

#[test]
fn files_that_include_each_other_end() {
    let text = |other: &str| format!("include {other};\nserver {{ listen 443 ssl; }}\n");
    let (a, b) = (text("b.conf"), text("a.conf"));
    let read = joined(&[("a.conf", "nginx", &a), ("b.conf", "nginx", &b)], &[]);
    assert_eq!(servers(&read).len(), 2);
    assert_eq!(read.iter().filter(|p| !p.devices.is_empty()).count(), 1);
}

#[test]
fn a_dump_of_nginx_is_whole() {
    let device = read(
        &super::nginx::PARSER,
        "nginx: configuration file /etc/nginx/nginx.conf test is successful\n\
         # configuration file /etc/nginx/nginx.conf:\nhttp {\n ssl_protocols TLSv1.3;\n\
         include /etc/nginx/sites-enabled/*;\n}\n\
         # configuration file /etc/nginx/sites-enabled/a:\nserver {\n listen 443 ssl;\n}\n",
    );
    let [server] = &device.tls_servers[..] else { panic!("{device:#?}") };
    assert_eq!((versions(server), &server.at), (vec![Tls13], &Location::line(SourceId(0), 8)));
    assert!(device.unread.is_empty());
}

#[test]
fn apache_decides_conditions_and_macros_where_it_can() {
    let text = "Define OLD on\nInclude tls.conf\n<Macro Host $name $old>\n<VirtualHost *:443>\nServerName $name\n\
                SSLEngine on\nSSLProtocol $old\n</VirtualHost>\n</Macro>\nUse Host a.example TLSv1.2\n\
                <IfDefine OLD>\nUse Host b.example TLSv1.1\n</IfDefine>\n<IfDefine !OLD>\nUse Host c.example all\n</IfDefine>\n\
                <VirtualHost *:443>\nServerName d.example\nSSLEngine on\nSSLProtocol TLSv1.2\n<IfVersion > 2.4>\nSSLProtocol all\n</IfVersion>\n</VirtualHost>\n";
    let read = joined(
        &[
            ("w/apache2.conf", "apache-httpd", text),
            ("w/tls.conf", "", "SSLCipherSuite AESGCM:aNULL\n"),
        ],
        &[],
    );
    let found = servers(&read);
    let told: Vec<_> = found.iter().map(|s| (s.name.as_str(), versions(s))).collect();
    let want = [("a.example", vec![Tls12]), ("b.example", vec![Tls11]), ("d.example", vec![])];
    assert_eq!(told, want);
    let suites = &found[0].suites.as_ref().unwrap();
    assert_eq!(suites.at, Location::line(SourceId(1), 1));
    assert!(!suites.value.iter().any(|s| s.contains("anon")), "mod_ssl takes them away");
    assert!(found[2].unread.as_ref().unwrap().value.starts_with("<ifversion"));
    assert_eq!(read[0].coverage.count(|s| s == LineState::Unknown), 0);
}

#[test]
fn haproxy_joins_the_files_of_a_folder_and_reads_its_lists() {
    let read = joined(
        &[
            (
                "lb/1-front.cfg",
                "",
                "frontend web\n bind :443 ssl crt-list /etc/haproxy/certs.txt\n",
            ),
            (
                "lb/0-global.cfg",
                "haproxy",
                "global\n ssl-default-bind-options ssl-min-ver TLSv1.2\ndefaults\n mode http\n",
            ),
            (
                "lb/certs.txt",
                "",
                "a.pem\nb.pem [ssl-min-ver TLSv1.0 ciphers AES128-SHA] old.example\n",
            ),
            ("lb/notes.txt", "", "something else\n"),
        ],
        &[],
    );
    let [web, old] = servers(&read)[..] else { panic!("{read:#?}") };
    assert_eq!((web.name.as_str(), versions(web)), ("web", vec![Tls12, Tls13]));
    assert_eq!(old.name, "web old.example");
    assert_eq!(versions(old), [Tls10, Tls11, Tls12, Tls13]);
    assert_eq!(old.suites.as_ref().unwrap().at, Location::line(SourceId(2), 2));
    assert_eq!(read.len(), 3);
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
