use std::net::IpAddr;

use portvakt_model::{HostSeen, Offered, PortProtocol, PortSeen, PortState, TlsVersion};

use super::*;

/// A file of `fixtures/observations`.
fn fixture(name: &str) -> (Observations, Vec<Fault>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/observations").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text_as(name, &text)
}

fn text_as(name: &str, text: &str) -> (Observations, Vec<Fault>) {
    understand(&Source::new(name.to_owned(), text.to_owned()), SourceId(7))
}

fn host<'a>(run: &'a ScanRun, address: &str) -> &'a HostSeen {
    let address: IpAddr = address.parse().unwrap();
    run.hosts.iter().find(|h| h.address == address).unwrap()
}

fn port(host: &HostSeen, number: u16) -> &PortSeen {
    host.ports.iter().find(|p| p.port == number).unwrap()
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(Fault::to_string).collect()
}

#[test]
fn a_whole_nmap_run_is_read() {
    let (found, faults) = fixture("nmap.xml");
    assert_eq!(told(&faults), [""; 0]);
    let [run] = found.runs.as_slice() else { panic!("one run") };
    assert_eq!(run.tool, "nmap 7.93");
    assert!(run.complete);
    assert_eq!(run.started.unwrap().to_string(), "2026-11-15T07:00:00Z");
    assert_eq!(run.ended.unwrap().to_string(), "2026-11-15T07:00:45Z");
    assert_eq!(run.at, Some(Location::line(SourceId(7), 1)));
    assert_eq!(run.hosts.len(), 4, "a hint of a host is no host");
    let web = host(run, "10.20.0.2");
    assert_eq!(web.mac, Some([2, 0, 10, 20, 0, 2]));
    assert_eq!(web.names, ["web.exempelkommun.example"]);
    let ssh = port(web, 22).service.as_ref().unwrap();
    assert_eq!((ssh.name.as_str(), ssh.asked, ssh.tls), ("ssh", true, false));
    assert_eq!(ssh.product.as_deref(), Some("OpenSSH 9.2p1 Debian 2 protocol 2.0"));
    let plain = port(web, 80).service.as_ref().unwrap();
    assert!(!plain.asked, "method=table is a guess from the number");
    assert_eq!(plain.title.as_deref(), Some("Exempelkommun <start>"));
    assert!(port(web, 443).service.as_ref().unwrap().tls);
    let [closed] = web.rest.as_slice() else { panic!("one group") };
    assert_eq!((closed.protocol, closed.state), (PortProtocol::Tcp, PortState::Closed));
    assert_eq!(closed.ranges, [(1, 21), (23, 79), (81, 442), (444, 1024), (3389, 3389)]);
}

#[test]
fn a_host_that_nothing_answered_for_is_not_up() {
    let (found, _) = fixture("nmap.xml");
    let run = &found.runs[0];
    assert!(!host(run, "10.20.0.4").up, "-Pn says up of every address");
    assert_eq!(host(run, "10.20.0.4").rest[0].state, PortState::Filtered);
    assert!(!host(run, "10.20.0.5").up);
    assert!(host(run, "10.20.0.3").up);
    assert!(host(run, "10.20.0.3").rest.is_empty(), "nmap gave up on it: not known what it asked");
}

#[test]
fn an_nmap_run_that_was_cut_is_read_as_far_as_it_goes() {
    let (found, faults) = fixture("nmap-cut.xml");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].at.unwrap().0, 25, "{}", faults[0]);
    let run = &found.runs[0];
    assert!(!run.complete);
    assert_eq!(run.ended, None);
    assert_eq!(port(host(run, "10.20.0.2"), 22).state, PortState::Open);
}

#[test]
fn an_nmap_run_without_end_tags_is_unfinished() {
    let whole = std::fs::read_to_string("fixtures/observations/nmap.xml").unwrap();
    let (before, _) = whole.split_once("<runstats>").unwrap();
    let (found, faults) = text_as("a.xml", before);
    assert!(!found.runs[0].complete);
    assert_eq!(found.runs[0].hosts.len(), 4);
    assert!(faults[0].message.to_string().contains("ends before its last tag"), "{}", faults[0]);
}

#[test]
fn an_nmap_run_that_failed_is_unfinished() {
    let whole = std::fs::read_to_string("fixtures/observations/nmap.xml").unwrap();
    let (found, _) = text_as("a.xml", &whole.replace("exit=\"success\"", "exit=\"error\""));
    assert!(!found.runs[0].complete);
}

#[test]
fn extra_ports_without_a_list_are_those_that_were_asked() {
    let one = r#"<nmaprun><scaninfo protocol="tcp" services="1-100"/><host>
        <address addr="10.0.0.1" addrtype="ipv4"/><ports><extraports state="closed" count="99"/>
        <port protocol="tcp" portid="22"><state state="open"/></port></ports></host></nmaprun>"#;
    let (found, _) = text_as("a.xml", one);
    let rest = &host(&found.runs[0], "10.0.0.1").rest;
    assert_eq!(rest[0].ranges, [(1, 21), (23, 100)]);
    assert_eq!(rest[0].state, PortState::Closed);
    let two = one.replace("<extraports", r#"<extraports state="filtered" count="4"/><extraports"#);
    let (found, _) = text_as("a.xml", &two);
    let rest = &host(&found.runs[0], "10.0.0.1").rest;
    assert_eq!(rest[0].state, PortState::Incomplete, "which is which is not told");
    assert_eq!(found.runs[0].counts.incomplete, 99);
}

#[test]
fn no_entity_is_expanded_and_no_file_is_fetched() {
    let bomb = r#"<!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaa"><!ENTITY x SYSTEM "file:///etc/passwd">]>
        <nmaprun><host><address addr="10.0.0.1" addrtype="ipv4"/></host></nmaprun>"#;
    let (found, faults) = text_as("a.xml", bomb);
    assert!(found.runs.is_empty());
    assert!(faults[0].message.to_string().contains("declares entities"), "{}", faults[0]);
    let public = r#"<!DOCTYPE nmaprun PUBLIC "-//IDN nmap.org//DTD Nmap XML 1.04//EN" "https://svn.nmap.org/nmap/docs/nmap.dtd">
        <nmaprun version="&x;"><host><address addr="10.0.0.1" addrtype="ipv4"/></host></nmaprun>"#;
    let (found, faults) = text_as("a.xml", public);
    assert_eq!(told(&faults), [""; 0]);
    assert_eq!(found.runs[0].tool, "nmap");
}

#[test]
fn another_xml_is_no_scan() {
    let (found, faults) = text_as("a.xml", "<html><body>nmaprun</body></html>");
    assert!(found.runs.is_empty());
    assert_eq!(faults.len(), 1);
}

#[test]
fn masscan_json_is_read() {
    let (found, faults) = fixture("masscan.json");
    assert_eq!(told(&faults), [""; 0]);
    let [run] = found.runs.as_slice() else { panic!("one run") };
    assert_eq!(run.tool, "masscan");
    assert!(!run.complete, "it does not say what it asked");
    let web = port(host(run, "10.20.0.2"), 443);
    assert_eq!((web.state, web.reason.as_str()), (PortState::Open, "syn-ack"));
    let service = web.service.as_ref().unwrap();
    assert_eq!((service.name.as_str(), service.evidence.as_str()), ("http", "nginx"));
    assert_eq!(port(host(run, "2001:db8::2"), 22).state, PortState::Open);
    let other = host(run, "10.20.0.3");
    assert_eq!(port(other, 23).state, PortState::Closed);
    assert_eq!(other.ports.len(), 1, "an answer to a ping is no port");
}

#[test]
fn masscan_json_with_its_faults_is_read() {
    let (found, faults) = fixture("masscan-cut.json");
    assert_eq!(found.runs[0].hosts.len(), 2);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].at.unwrap().0, 4);
    for end in [",\n]", ",\n{finished: 1}\n]", ",\n", "]", ""] {
        let record = r#"{"ip":"10.0.0.1","ports":[{"port":80,"proto":"tcp","status":"open"}]}"#;
        let (found, faults) = text_as("a.json", &format!("[\n{record}{end}"));
        assert_eq!(told(&faults), [""; 0], "{end}");
        assert_eq!(port(host(&found.runs[0], "10.0.0.1"), 80).state, PortState::Open);
    }
}

#[test]
fn masscan_ndjson_is_read() {
    let (found, faults) = fixture("masscan.ndjson");
    assert_eq!(told(&faults), [""; 0]);
    let web = port(host(&found.runs[0], "10.20.0.2"), 443);
    assert_eq!(web.state, PortState::Open);
    assert!(web.service.as_ref().unwrap().tls);
}

#[test]
fn naabu_jsonl_is_read_and_a_bad_line_is_told() {
    let (found, faults) = fixture("naabu.jsonl");
    let run = &found.runs[0];
    assert_eq!(run.tool, "naabu");
    assert_eq!(host(run, "10.20.0.2").names, ["web.exempelkommun.example"]);
    assert!(port(host(run, "10.20.0.2"), 443).service.as_ref().unwrap().tls);
    assert_eq!(port(host(run, "10.20.0.6"), 53).protocol, PortProtocol::Udp);
    assert_eq!(run.hosts.len(), 2);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].at.unwrap().0, 3, "{}", faults[0]);
}

#[test]
fn tlsx_jsonl_is_read() {
    let (found, faults) = fixture("tlsx.jsonl");
    assert_eq!(told(&faults), [""; 0]);
    let [endpoint] = found.tls.as_slice() else { panic!("one endpoint") };
    assert_eq!(endpoint.target, "web.exempelkommun.example:443");
    assert!(!endpoint.complete);
    let offered: Vec<_> = endpoint.protocols.iter().map(|p| (p.version, p.offered)).collect();
    let wanted = [
        (TlsVersion::Tls10, Offered::Yes),
        (TlsVersion::Tls11, Offered::No),
        (TlsVersion::Tls12, Offered::Yes),
        (TlsVersion::Tls13, Offered::No),
    ];
    assert_eq!(offered, wanted);
    assert_eq!(endpoint.protocols[2].suites, [0xc02f]);
    assert_eq!(found.runs[0].hosts.len(), 1, "a probe that failed shows nothing");
}

#[test]
fn our_own_document_is_read() {
    let (found, faults) = fixture("portvakt.json");
    let [run] = found.runs.as_slice() else { panic!("one run") };
    assert_eq!(run.sensor.as_deref(), Some("verksamhet"));
    assert_eq!(run.sources, ["10.30.0.9".parse::<IpAddr>().unwrap()]);
    assert_eq!(run.authorised_by.as_deref(), Some("Driftchef"));
    assert_eq!((run.counts.sent, run.counts.answered, run.counts.incomplete), (1030, 444, 4));
    let web = host(run, "10.20.0.2");
    let https = port(web, 443).service.as_ref().unwrap();
    assert_eq!((https.tls, https.asked, https.title.as_deref()), (true, true, Some("Start")));
    assert!(!port(web, 22).service.as_ref().unwrap().asked);
    assert_eq!(web.rest[0].ranges, [(1, 21), (23, 442)]);
    assert_eq!(web.rest[1].ranges, [(444, 446), (500, 500)]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].at.unwrap().0, 43, "{}", faults[0]);
    assert!(!run.complete, "a host was left out");
    assert!(!host(run, "10.20.0.4").up);
}

#[test]
fn what_our_scan_writes_is_read() {
    let text = r#"{"schema":"portvakt-scan-1","run":"a1b2","tool":"portvakt 0.1.0","started":"2026-11-15T07:00:00.000Z",
        "complete":true,"targets":[["10.0.0.0","10.0.0.255"],["2001:db8::1","2001:db8::1"]],"hosts":[],"silent":[]}"#;
    let (found, faults) = text_as("a.json", text);
    assert_eq!(told(&faults), [""; 0]);
    let ends = |lo: &str, hi: &str| (lo.parse().unwrap(), hi.parse().unwrap());
    let wanted = [ends("10.0.0.0", "10.0.0.255"), ends("2001:db8::1", "2001:db8::1")];
    assert_eq!(found.runs[0].targets, wanted);
    assert!(found.runs[0].complete);
}

#[test]
fn endpoints_of_tls_are_read() {
    let (found, faults) = fixture("portvakt-tls.json");
    assert_eq!(told(&faults), [""; 0]);
    let [web, mail] = found.tls.as_slice() else { panic!("two endpoints") };
    assert!(web.complete);
    let offered: Vec<_> = web.protocols.iter().map(|p| (p.version.name(), p.offered)).collect();
    let wanted = [("SSLv2", Offered::Unknown), ("TLS1.0", Offered::No), ("TLS1.2", Offered::Yes)];
    assert_eq!(offered, wanted);
    assert_eq!(web.protocols[2].suites, [0xc02f]);
    assert_eq!(web.groups.iter().map(|g| g.group).collect::<Vec<_>>(), [29, 23]);
    assert_eq!(web.traits.heartbeat, Offered::No);
    assert_eq!(web.traits.tickets, Offered::Unknown);
    assert_eq!(web.hsts, Some(Some("max-age=31536000".to_owned())));
    let chain = &web.chains[0];
    assert_eq!(chain.certificates[0].dns_names, ["web.exempelkommun.example"]);
    assert_eq!(chain.certificates[0].ip_names, ["10.20.0.2"]);
    assert_eq!(chain.own, portvakt_model::Trust::Trusted);
    assert_eq!(chain.public, portvakt_model::Trust::Untrusted("unknown issuer".to_owned()));
    assert_eq!(mail.starttls, Some("smtp"));
    assert!(!mail.complete, "a suite that is not known is a doubt");
    assert!(!mail.protocols[0].complete);
    assert!(mail.doubts[0].contains("TLS_FROM_THE_FUTURE"));
}

#[test]
fn endpoints_of_ssh_are_read() {
    let (found, faults) = fixture("portvakt-ssh.json");
    assert_eq!(told(&faults), [""; 0]);
    let [ssh] = found.ssh.as_slice() else { panic!("one endpoint") };
    assert!(ssh.complete);
    assert_eq!(ssh.ciphers, [["aes256-ctr"], ["aes128-ctr"]]);
    assert_eq!(ssh.macs, [["hmac-sha2-256"], ["hmac-sha2-256"]]);
    assert_eq!(ssh.compression[1], ["none", "zlib@openssh.com"]);
    assert_eq!((ssh.host_keys[0].bits, ssh.host_keys[0].fingerprint[31]), (256, 1));
}

#[test]
fn a_certificate_that_nmap_saw_is_read() {
    let (found, faults) = fixture("nmap-certificate.xml");
    assert_eq!(told(&faults), [""; 0]);
    let [endpoint] = found.tls.as_slice() else { panic!("one endpoint") };
    assert_eq!(endpoint.target, "10.20.0.2:443");
    assert!(!endpoint.complete && endpoint.protocols.is_empty());
    let [certificate] = endpoint.chains[0].certificates.as_slice() else { panic!("one") };
    assert_eq!(certificate.dns_names, ["web.exempelkommun.example"]);
    assert_eq!((certificate.key.algorithm.as_str(), certificate.key.bits), ("ec", 256));
    assert!(port(host(&found.runs[0], "10.20.0.2"), 443).service.as_ref().unwrap().tls);
}

#[test]
fn versions_and_suites_that_nmap_saw_are_read() {
    let (found, faults) = fixture("nmap-ciphers.xml");
    assert_eq!(told(&faults), [""; 0]);
    let [endpoint] = found.tls.as_slice() else { panic!("one endpoint") };
    assert_eq!(endpoint.target, "10.20.0.2:443");
    assert!(!endpoint.complete && endpoint.chains.is_empty());
    let versions: Vec<&str> = endpoint.protocols.iter().map(|p| p.version.name()).collect();
    assert_eq!(versions, ["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"]);
    let newest = &endpoint.protocols[3];
    assert_eq!(newest.suites, [0x1304, 0x1301]);
    assert!(!newest.complete && endpoint.protocols.iter().all(|p| p.suites.len() == 2));
}

#[test]
fn records_of_one_line_each_make_one_run() {
    let text = r#"{"schema":"portvakt-scan-1","run":{"tool":"portvakt 0.1.0","sources":["10.0.0.9"]}}
{"address":"10.0.0.1","port":22,"protocol":"tcp","state":"open","service":{"name":"ssh","asked":true}}
{"address":"10.0.0.2","port":53,"protocol":"udp","state":"open|filtered"}
this line is none
{"address":"10.0.0.1","port":22,"protocol":"tcp","state":"incomplete"}
{"address":"10.0.0.3","up":true,"rest":[{"protocol":"tcp","state":"closed","ports":[[1,5],7]}]}
{"schema":"portvakt-scan-1","sent":9,"answered":3,"complete":true}
"#;
    let (found, faults) = text_as("a.ndjson", text);
    let [run] = found.runs.as_slice() else { panic!("one run") };
    assert_eq!(run.hosts.len(), 3);
    let ssh = port(host(run, "10.0.0.1"), 22);
    assert_eq!(ssh.state, PortState::Open, "the state that says most");
    assert_eq!(ssh.service.as_ref().unwrap().name, "ssh");
    assert_eq!(host(run, "10.0.0.3").rest[0].ranges, [(1, 5), (7, 7)]);
    assert_eq!(faults[0].at, Some((4, 1)));
    assert!(!run.complete, "a line could not be read");
    assert_eq!(run.counts.sent, 9);
}

#[test]
fn what_is_no_scan_is_refused() {
    for text in ["", "hello", "{\"a\":1}", "[1,2]", "[]", "{", "<", "<a", "{\"hosts\":3}"] {
        let (found, faults) = text_as("a", text);
        assert!(found.tls.is_empty() && !faults.is_empty(), "{text}");
        assert!(found.runs.iter().all(|run| !run.complete && run.hosts.is_empty()), "{text}");
    }
}

#[test]
fn faults_are_bounded() {
    let (_, faults) = text_as("a", &format!("{{}}\n{}", "x\n".repeat(5000)));
    assert_eq!(faults.len(), MAX_FAULTS + 1);
    assert!(
        faults[MAX_FAULTS].message.to_string().starts_with("4951 more"),
        "{}",
        faults[MAX_FAULTS]
    );
}

#[test]
fn what_steers_a_terminal_is_escaped() {
    let text = r#"{"address":"10.0.0.1","port":1,"state":"open","service":{"name":"x\u001b[2J","title":"a\u202eb"}}"#;
    let (found, _) = text_as("a", text);
    let service = found.runs[0].hosts[0].ports[0].service.clone().unwrap();
    assert_eq!(service.name, "x\\u{1b}[2J");
    assert_eq!(service.title.as_deref(), Some("a\\u{202e}b"));
}

#[test]
fn a_file_that_is_missing_does_not_stop_the_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/observations");
    let paths = ["missing.json", "nmap.xml"].map(|name| folder.join(name));
    let all = read(&paths, SourceId(3));
    assert_eq!(all.faults.len(), 1);
    assert_eq!(all.sources.len(), 2);
    assert_eq!(all.observations.runs[0].at, Some(Location::line(SourceId(4), 1)));
    assert!(all.sources[1].digest.is_some());
}
