//! `portvakt tls` and `portvakt ssh` as a person runs them: refusals, a real server, baselines.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "what is missing is said")]

mod common;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{portvakt, stdout};
use serde_json::Value;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = portvakt(args);
    (output.status.code(), stdout(&output), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn nothing_is_sent_where_no_leave_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let scope = folder.path().join("scope.toml");
    let text = "[scan]\nscope = ['10.77.0.0/16']\nauthorised_by = 'A'\n\
                valid_until = '9999-12-31'\nwindow = 'always'\n";
    fs::write(&scope, text).unwrap();
    let scope = scope.to_str().unwrap();
    for (args, why) in [
        (&["tls", "192.0.2.0/30"][..], "ett prefix undersöks"),
        (&["tls", "192.0.2.1", "--intrusive"], "--intrusive prövar andra värdar"),
        (
            &["tls", "192.0.2.1", "--scope", scope],
            "192.0.2.1 ligger utanför mandatet; inget sändes",
        ),
        (
            &["ssh", "192.0.2.1", "--scope", scope],
            "192.0.2.1 ligger utanför mandatet; inget sändes",
        ),
        (&["tls"], "ange minst en slutpunkt"),
        (&["tls", "127.0.0.1:1", "--policy", "nist"], "ingen policy och ingen fil heter ”nist”"),
        (&["tls", "127.0.0.1:1", "--starttls", "gopher"], "there are none, smtp"),
    ] {
        let (status, out, err) = run(args);
        assert_eq!(status, Some(2), "{args:?}");
        assert!(out.is_empty() && err.contains(why), "{args:?}: {err}");
    }
}

#[test]
fn what_does_not_answer_is_not_judged() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let target = format!("127.0.0.1:{port}");
    for command in ["tls", "ssh"] {
        let (status, out, _) = run(&[command, &target, "--format", "json"]);
        assert_eq!(status, Some(2));
        let document: Value = serde_json::from_str(&out).unwrap();
        let endpoint = &document["endpoints"][0];
        assert_eq!(endpoint["level"], "not_assessed");
        assert_eq!(endpoint["complete"], false);
    }
}

/// A server of OpenSSL's, which ends with the test.
struct Server {
    child: Child,
    target: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(folder: &Path, more: &[&str]) -> Option<Server> {
    let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
    let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "90", "-keyout", key.to_str()?, "-out", cert.to_str()?])
        .args(subject)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "openssl must be there where CI is set");
        eprintln!("skipped: no openssl");
        return None;
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = free.local_addr().unwrap().to_string();
    drop(free);
    let child = Command::new("openssl")
        .args(["s_server", "-accept", &target, "-www", "-quiet"])
        .args(["-key", key.to_str()?, "-cert", cert.to_str()?])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { child, target };
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&server.target).is_err() {
        assert!(Instant::now() < end, "the server does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

fn checks(endpoint: &Value, level: &str) -> Vec<String> {
    let findings = endpoint["findings"].as_array().unwrap().iter();
    let of_level = findings.filter(|f| f["level"] == level);
    of_level.map(|f| f["check"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_server_is_judged_remembered_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let weak = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA"];
    let Some(server) = server(folder.path(), &weak) else { return };
    let (status, out, err) = run(&["tls", &server.target, "--full", "--format", "json"]);
    assert_eq!(status, Some(1), "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let endpoint = &document["endpoints"][0];
    assert_eq!(endpoint["target"], server.target);
    let tls12 = &endpoint["protocols"]["TLS1.2"];
    assert_eq!(tls12["offered"], true);
    let mut suites: Vec<&str> =
        tls12["suites"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    suites.sort_unstable();
    let wanted =
        ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];
    assert_eq!(suites, wanted);
    assert_eq!(endpoint["protocols"]["TLS1.3"]["offered"], false);
    assert!(checks(endpoint, "insufficient").contains(&"cbc-sha1-suite-offered".to_owned()));
    assert!(checks(endpoint, "phase_out").contains(&"tls-1-3-not-offered".to_owned()));
    let certificate = &endpoint["certificates"][0];
    assert_eq!(certificate["key"]["curve"], "P-256");
    assert_eq!(certificate["names"][0], "localhost");

    let before = folder.path().join("before.json");
    fs::write(&before, &out).unwrap();
    let before = before.to_str().unwrap();
    let again = ["tls", &server.target, "--full", "--baseline", before, "--lang", "en"];
    let (status, out, _) = run(&again);
    assert_eq!(status, Some(0), "all is known already: {out}");
    assert!(out.contains("(known)"), "{out}");
    let (status, out, _) = run(&["tls", "diff", before, before, "--lang", "en"]);
    assert_eq!((status, out.as_str()), (Some(0), "0 changed · 1 unchanged\n"));
}
