//! `portvakt scan`: what it refuses, what it would send, what it tells, and how it is stopped.
//!
//! Everything goes to servers of the test's own on 127.0.0.1.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "why something was not tested is said")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portvakt::observations;
use portvakt_model::{PortState, Source, SourceId};
use serde_json::Value;

/// A folder with a scope of 127.0.0.0/24, less 127.0.0.8/29.
fn folder(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scope = format!(
        "organisation = 'Exempelkommun'\n[scan]\nscope = ['127.0.0.0/24']\nexclude = ['127.0.0.8/29']\n\
         authorised_by = 'Anna Exempel'\nvalid_until = '2999-12-31'\nwindow = 'always'\n{more}"
    );
    fs::write(folder.path().join("portvakt.toml"), scope).unwrap();
    folder
}

const FAST: &str = "rate = 100000\n";

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portvakt"));
    command.arg("scan").args(args).current_dir(folder);
    command.env("PORTVAKT_LANG", "en").env("NO_COLOR", "1");
    command
}

fn scan(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap()
}

/// Servers whose connections are treated by `serve`; their ports in rising order.
fn servers(count: usize, serve: fn(TcpStream)) -> Vec<u16> {
    let mut ports: Vec<u16> = (0..count)
        .map(|_| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            thread::spawn(move || listener.incoming().flatten().for_each(serve));
            port
        })
        .collect();
    ports.sort_unstable();
    ports
}

fn list(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// A port that nobody listens on: it was just given back.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The lines of the record beside the scope.
fn record(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("portvakt-scans.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn without_a_scope_nothing_is_scanned_and_it_is_said_what_to_write() {
    let empty = tempfile::tempdir().unwrap();
    let refused = scan(empty.path(), &["127.0.0.1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("authorised_by"), "{}", said(&refused));
    fs::write(empty.path().join("portvakt.toml"), "organisation = 'K'\n").unwrap();
    let refused = scan(empty.path(), &["127.0.0.1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("no table [scan]"), "{}", said(&refused));
    assert!(record(empty.path()).is_empty());
}

#[test]
fn a_target_outside_is_2_and_the_others_are_not_touched() {
    let folder = folder(FAST);
    let ports = list(&servers(1, drop));
    for (targets, why) in [
        (&["127.0.0.1", "10.1.2.3"][..], "10.1.2.3 is outside the scope"),
        (&["127.0.0.0/23"], "127.0.1.0 is outside the scope"),
        (&["127.0.0.9"], "excluded by 127.0.0.8/29"),
        (&["127.0.0.1", "2001:db8::1"], "2001:db8::1 is outside the scope"),
    ] {
        let args = [targets, &["--connect", "--ports", &ports]].concat();
        let refused = scan(folder.path(), &args);
        assert_eq!(refused.status.code(), Some(2), "{targets:?}");
        assert!(said(&refused).contains(why), "{targets:?}: {}", said(&refused));
        assert!(refused.stdout.is_empty());
    }
    assert!(record(folder.path()).is_empty(), "nothing ran");
}

#[test]
fn an_ended_leave_and_a_closed_window_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |rest: &str| {
        let head = "[scan]\nscope = ['127.0.0.0/24']\nauthorised_by = 'Anna Exempel'\n";
        fs::write(folder.path().join("leave.toml"), format!("{head}{rest}")).unwrap();
        let refused = scan(folder.path(), &["--scope", "leave.toml", "127.0.0.1", "--ports", "1"]);
        assert_eq!(refused.status.code(), Some(2));
        said(&refused)
    };
    assert!(write("valid_until = '2020-01-01'\n").contains("ended on 2020-01-01"));
    // No hour is within an empty window.
    let closed = write("valid_until = '2999-12-31'\nwindow = '04:00-04:00'\n");
    assert!(closed.contains("the window is"), "{closed}");
    assert!(write("valid_until = 'soon'\n").contains("leave.toml:4:15"));
}

#[test]
fn a_dry_run_tells_what_would_be_sent_and_sends_nothing() {
    let folder =
        folder("[[scan.fragile]]\nname = 'OT'\nprefixes = ['127.0.0.128/25']\nmode = 'connect'\n");
    let dry = scan(folder.path(), &["--dry-run", "--ports", "1-100", "--format", "json"]);
    assert_eq!(dry.status.code(), Some(0), "{}", said(&dry));
    let plan = json(&dry);
    assert_eq!((&plan["hosts"], &plan["gentle_hosts"]), (&120.into(), &128.into()));
    assert_eq!(plan["probes"], 248 * 100);
    // 120 hosts x 100 ports at 1,000/s; 16 rounds of 8 fragile hosts, which are looked for by 12 ports at 5/s.
    assert_eq!(plan["seconds_at_least"], 12 + 16 * 3);
    assert_eq!(plan["hosts_are_looked_for"], true);
    assert!(
        plan["why_rates"][2].as_str().unwrap().starts_with("40/s to a host: the default"),
        "{plan}"
    );
    assert!(plan["left_out"][0].as_str().unwrap().contains("excluded by 127.0.0.8/29"));
    let text = stdout(&scan(folder.path(), &["--dry-run", "--lang", "en"]));
    assert!(
        text.contains("authorised by Anna Exempel") && text.contains("Nothing was sent"),
        "{text}"
    );
    assert!(record(folder.path()).is_empty());
}

#[test]
fn states_are_told_apart_in_every_form() {
    let folder = folder(FAST);
    let open = servers(2, drop);
    let closed = closed_port();
    let ports = format!("{},{closed}", list(&open));
    let run = |form| {
        let args = ["127.0.0.1", "--connect", "--ports", &ports, "--format", form, "--no-services"];
        let output = scan(folder.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        output
    };
    let document = json(&run("json"));
    assert_eq!(document["complete"], true);
    assert_eq!((&document["sent"], &document["answered"]), (&3.into(), &3.into()));
    assert_eq!(document["incomplete"], 0);
    let told = document["hosts"][0]["ports"].as_array().unwrap();
    let state = |port: u16| {
        let row = told.iter().find(|p| p["port"] == port).unwrap();
        (row["state"].as_str().unwrap(), row["protocol"].as_str().unwrap())
    };
    assert!(open.iter().all(|p| state(*p) == ("open", "tcp")));
    assert_eq!(state(closed), ("closed", "tcp"));
    for form in ["json", "ndjson", "nmap-xml"] {
        let text = stdout(&run(form));
        let (read, faults) = observations::understand(&Source::new(form.into(), text), SourceId(0));
        assert!(faults.is_empty(), "{form}: {faults:?}");
        let host = &read.runs[0].hosts[0];
        let seen = |state| {
            let of_state = host.ports.iter().filter(|p| p.state == state);
            of_state.map(|p| p.port).collect::<Vec<_>>()
        };
        assert_eq!(seen(PortState::Open), open, "{form}");
        assert_eq!(seen(PortState::Closed), [closed], "{form}");
        assert!(read.runs[0].complete, "{form}");
    }
    let table = stdout(&run("csv"));
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains(&format!("127.0.0.1,{},tcp,open,syn-ack", open[0])));
    let text = stdout(&run("text"));
    assert!(text.contains(&format!("{}/tcp  open", open[0])), "{text}");
    let runs = record(folder.path());
    assert_eq!(runs.len(), 12, "each run leaves a line when it begins and one when it ends");
    assert_eq!(runs[0]["begun"]["scope"]["authorised_by"], "Anna Exempel");
    assert!(runs[0]["begun"]["who"]["uid"].is_u64());
    let ended = &runs[1]["ended"];
    assert_eq!((&ended["sent"], &ended["answered"]), (&3.into(), &3.into()));
}

#[test]
fn what_speaks_on_a_port_is_told_unless_nobody_wants_to_know() {
    let folder = folder(FAST);
    let ports = servers(1, |mut peer| {
        thread::spawn(move || {
            let _ = peer.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
            let _ = std::io::copy(&mut peer, &mut std::io::sink());
        });
    });
    let run = |more: &[&str]| {
        let ports = list(&ports);
        let args = ["127.0.0.1", "--connect", "--ports", &ports, "--format", "json"];
        let output = scan(folder.path(), &[&args, more].concat());
        json(&output)["hosts"][0]["ports"][0]["service"].clone()
    };
    let service = run(&[]);
    assert_eq!((&service["name"], &service["asked"]), (&"ssh".into(), &true.into()), "{service}");
    assert_eq!(run(&["--no-services"]), Value::Null);
}

/// A scan that takes some 20 seconds unless it is stopped, and whose first port was found.
fn long_scan(folder: &Path, ports: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let args = ["127.0.0.1", "--connect", "--ports", ports, "--format", "ndjson", "--no-services"];
    let mut child =
        command(folder, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"state\":\"open\"") || line.contains("schema") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended before a port was found");
    }
    (child, lines)
}

#[test]
fn a_stop_keeps_what_was_found_and_resume_goes_on_from_there() {
    // Every port that is asked is open, so the first that is found comes at once; at 40 a second the
    // other 199 take five seconds.
    let open = servers(200, drop);
    for signal in ["-INT", "-TERM"] {
        let folder = folder("");
        let (mut child, mut lines) = long_scan(folder.path(), &list(&open));
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let mut rest = String::new();
        while lines.read_line(&mut rest).unwrap() > 0 {}
        assert_eq!(child.wait().unwrap().code(), Some(2));
        let facts: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
        assert_eq!(facts["complete"], false);
        assert!(facts["incomplete"].as_u64().unwrap() > 0 && facts["open"].as_u64().unwrap() > 0);
        let sent = facts["sent"].as_u64().unwrap();

        let again = ["--resume", "portvakt-scans.jsonl", "--format", "json", "--no-services"];
        let resumed = scan(folder.path(), &again);
        assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
        let all = json(&resumed);
        assert_eq!(all["open"], 200, "both runs together");
        assert_eq!(all["incomplete"], 0);
        assert_eq!(all["sent"].as_u64().unwrap() + sent, 200, "nothing was asked twice");
        let runs = record(folder.path());
        assert_eq!(runs.len(), 4);
        assert_eq!(runs[2]["begun"]["resumes"], runs[0]["run"]);
        assert_eq!(runs[2]["begun"]["rates"], serde_json::json!([1000, 1000, 40]));
        assert!(runs[2]["begun"]["why_rates"][2].as_str().unwrap().contains("the default"));
        assert_eq!(parts(folder.path()), Vec::<PathBuf>::new(), "what was found is told");
        let done = scan(folder.path(), &again);
        assert_eq!(done.status.code(), Some(2));
        assert!(said(&done).contains("went through to its end"), "{}", said(&done));
    }
}

#[test]
fn a_run_without_a_record_is_not_made() {
    let folder = folder(FAST);
    let args = ["127.0.0.1", "--connect", "--ports", "1", "--record", "no/such/folder/r.jsonl"];
    let refused = scan(folder.path(), &args);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("nothing was sent: no record"), "{}", said(&refused));
}

#[test]
fn wishes_never_go_beyond_the_scope() {
    let folder = folder("rate = 50\n");
    let args = ["127.0.0.1", "--connect", "--ports", "1", "--rate", "1000", "--dry-run"];
    let dry = scan(folder.path(), &[&args[..], &["--format", "json"]].concat());
    assert_eq!(json(&dry)["rates"], serde_json::json!([50, 50, 50]));
    assert!(said(&dry).contains("at most"), "{}", said(&dry));
}

/// Files that keep what runs have found.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ext| ext == "part")).collect()
}

/// Waits until a part file names open ports.
fn until_kept(folder: &Path, run: &Path) -> PathBuf {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let new = parts(folder).into_iter().find(|part| part != run);
        if let Some(part) = new
            && fs::read_to_string(&part).unwrap().contains("\"state\":\"open\"")
        {
            return part;
        }
        assert!(Instant::now() < until, "nothing is kept");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_run_that_was_killed_goes_on_from_what_it_had_written() {
    let open = servers(400, drop);
    let folder = folder("");
    // At 40 a second it takes ten seconds; what was found is written after five.
    let (mut first, _lines) = long_scan(folder.path(), &list(&open));
    let part = until_kept(folder.path(), Path::new(""));
    let again = ["--resume", "portvakt-scans.jsonl", "--format", "json", "--no-services"];
    let refused = scan(folder.path(), &again);
    assert!(said(&refused).contains("still runs"), "{}", said(&refused));
    first.kill().unwrap();
    first.wait().unwrap();
    // The machine went down while a line was being written.
    let mut torn = fs::OpenOptions::new().append(true).open(&part).unwrap();
    torn.write_all(b"{\"address\":\"127.0.0.1\",\"por").unwrap();
    drop(torn);

    // The run that goes on is killed, too: what the first one found is not lost with it.
    let mut second = command(folder.path(), &again).stdout(Stdio::null()).spawn().unwrap();
    let kept = until_kept(folder.path(), &part);
    let until = Instant::now() + Duration::from_mins(1);
    while part.exists() {
        assert!(Instant::now() < until, "the second run has not taken the first one's over");
        thread::sleep(Duration::from_millis(20));
    }
    second.kill().unwrap();
    second.wait().unwrap();
    assert_eq!(parts(folder.path()), [kept]);
    let resumed = scan(folder.path(), &again);
    assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
    let all = json(&resumed);
    assert_eq!((&all["open"], &all["incomplete"]), (&400.into(), &0.into()));
    let sent = all["sent"].as_u64().unwrap();
    assert!(sent <= 400 - 150, "some 200 were known before the first kill: {sent}");
    assert_eq!(record(folder.path()).len(), 4, "two beginnings, a beginning and an end");
    assert!(parts(folder.path()).is_empty());
}

#[test]
fn an_answer_that_cannot_be_written_is_not_lost() {
    let folder = folder(FAST);
    let ports = list(&servers(3, drop));
    let args = ["127.0.0.1", "--connect", "--ports", &ports, "--format", "json", "--no-services"];
    // The disk is full.
    let failed = scan(folder.path(), &[&args[..], &["--output", "/dev/full"]].concat());
    assert_eq!(failed.status.code(), Some(2));
    assert!(said(&failed).contains("No space left"), "{}", said(&failed));
    assert!(said(&failed).contains("--resume portvakt-scans.jsonl"), "{}", said(&failed));
    let again = ["--resume", "portvakt-scans.jsonl", "--format", "json", "--no-services"];
    let given = scan(folder.path(), &again);
    assert_eq!(given.status.code(), Some(0), "{}", said(&given));
    assert_eq!((&json(&given)["open"], &json(&given)["sent"]), (&3.into(), &0.into()));
}

#[test]
fn where_an_answer_cannot_go_is_said_before_anything_is_sent() {
    let folder = folder(FAST);
    for output in ["no/such/folder/answer.json", "."] {
        let args = ["127.0.0.1", "--connect", "--ports", "1", "--output", output];
        let refused = scan(folder.path(), &args);
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains("nothing was sent: cannot write"), "{}", said(&refused));
    }
    assert!(parts(folder.path()).is_empty());
}

/// Whether this process may send packets of its own, make networks and take what it needs for it.
fn may(what: &str) -> bool {
    let is_root = nix::unistd::Uid::effective().is_root();
    assert!(is_root || std::env::var_os("CI").is_none(), "{what} needs root");
    if !is_root {
        eprintln!("skipped: {what} needs root");
    }
    is_root
}

#[test]
fn an_answer_is_put_in_its_place_whole_after_rights_were_given_up() {
    if !may("a scan with packets of its own") {
        return;
    }
    let folder = folder("");
    // Nobody but root may change this folder.
    let answer = folder.path().join("answer.json");
    fs::write(&answer, "old").unwrap();
    let ports = list(&servers(3, drop));
    let args = ["127.0.0.1", "--ports", &ports, "--format", "json", "--no-services"];
    let out = ["--output", "answer.json"];
    let given = scan(folder.path(), &[&args[..], &out].concat());
    assert_eq!(given.status.code(), Some(0), "{}", said(&given));
    let document: Value = serde_json::from_slice(&fs::read(&answer).unwrap()).unwrap();
    assert_eq!((&document["method"], &document["open"]), (&"syn".into(), &3.into()));
    let files = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name());
        let mut names: Vec<String> = names.map(|n| n.into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(files(), ["answer.json", "portvakt-scans.jsonl", "portvakt.toml"]);

    // One that is killed leaves what was there, and nothing half written.
    fs::write(&answer, "old").unwrap();
    let long = ["127.0.0.1", "--ports", "1-2000", "--format", "json", "--output", "answer.json"];
    let mut child = command(folder.path(), &long).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while record(folder.path()).len() < 3 {
        assert!(Instant::now() < until, "it does not begin");
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    while files().iter().any(|name| name.starts_with(".portvakt-")) {
        assert!(Instant::now() < until, "{:?}", files());
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(fs::read(&answer).unwrap(), b"old");
    assert_eq!(parts(folder.path()).len(), 1, "it can be gone on with");
}

/// Does something in a network of its own, in which 10.77.0.0/24 is this machine and all but the first eight
/// addresses are silent.
fn in_silent_network<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let run = |program: &str, args: &str| {
        let status = Command::new(program).args(args.split_whitespace()).status().unwrap();
        assert!(status.success(), "{program} {args}");
    };
    thread::scope(|scope| {
        let inside = scope.spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            run("ip", "link set lo up");
            run("ip", "route add local 10.77.0.0/24 dev lo");
            run("nft", "add table ip t");
            run("nft", "add chain ip t i { type filter hook input priority 0 ; }");
            run("nft", "add rule ip t i ip daddr 10.77.0.8-10.77.0.255 drop");
            act()
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn silent_addresses_are_not_asked_for_many_ports_by_connections() {
    if !may("a network of its own") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scope = "[scan]\nscope = ['10.77.0.0/24']\nauthorised_by = 'A'\nvalid_until = '2999-12-31'\n\
                 window = 'always'\nrate = 100000\n";
    fs::write(folder.path().join("portvakt.toml"), scope).unwrap();
    let args = ["--connect", "--ports", "1-1000", "--format", "json", "--no-services"];
    let found = in_silent_network(|| {
        let _listens = TcpListener::bind("10.77.0.3:443").unwrap();
        scan(folder.path(), &args)
    });
    assert_eq!(found.status.code(), Some(0), "{}", said(&found));
    let found = json(&found);
    let hosts = found["hosts"].as_array().unwrap();
    assert_eq!(hosts.len(), 8, "{found}");
    assert!(hosts.iter().all(|host| host["up"] == true));
    assert_eq!(found["open"], 1);
    // They are neither closed nor silent: nobody asked their ports.
    assert_eq!(found["skipped"], serde_json::json!([["10.77.0.8", "10.77.0.255"]]));
    assert_eq!(
        (&found["silent"], &found["not_known"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    assert!(found["sent"].as_u64().unwrap() < 8 * 1_000 + 256 * 12 * 2 + 100, "{}", found["sent"]);
    assert!(found["notes"][0].as_str().unwrap().starts_with("8 addresses answered"), "{found}");
}
