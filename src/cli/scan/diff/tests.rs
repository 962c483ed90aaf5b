use portvakt_model::Source;

use super::*;
use crate::observations::understand;
use crate::text::Lang;

fn read(text: &str) -> Read {
    let source = Source::new("a.json".to_owned(), text.to_owned());
    let (observations, faults) = understand(&source, SourceId(0));
    assert_eq!(faults, []);
    Read { observations, sources: vec![source], faults }
}

/// Compares two results of ours, given what stands in `hosts`. Both asked 10.0.0.0/24 in full.
fn between(old: &str, new: &str) -> Document {
    let whole = |hosts: &str| {
        format!(r#"{{"complete":true,"targets":[["10.0.0.0","10.0.0.255"]],"hosts":[{hosts}]}}"#)
    };
    compare::document("old".as_ref(), &read(&whole(old)), "new".as_ref(), &read(&whole(new)))
}

fn host(number: u8, ports: &str, closed: &str) -> String {
    let list = ports.split_whitespace().map(|port| {
        let (digits, state) = port.split_once(':').unwrap();
        format!(r#"{{"port":{digits},"protocol":"tcp","state":"{state}"}}"#)
    });
    let list = list.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"address":"10.0.0.{number}","up":true,"ports":[{list}],
            "rest":[{{"protocol":"tcp","state":"closed","ports":"{closed}"}}]}}"#
    )
}

fn rows(list: &[PortRow]) -> Vec<(&str, u16, &str, &str)> {
    list.iter().map(|row| (row.address.as_str(), row.port, row.old, row.new)).collect()
}

#[test]
fn what_became_open_is_told_from_what_was_not_asked() {
    let old = host(1, "22:open 445:incomplete", "80-100");
    let new = host(1, "22:open 80:open 445:open 8080:open", "81-100");
    let found = between(&old, &new);
    assert_eq!(rows(&found.opened), [("10.0.0.1", 80, "closed", "open")]);
    let maybe = [("10.0.0.1", 445, "incomplete", "open"), ("10.0.0.1", 8080, "not-asked", "open")];
    assert_eq!(rows(&found.maybe_opened), maybe);
    assert_eq!(exit(&found), Exit::Findings);
}

#[test]
fn what_is_not_asked_any_more_is_never_closed() {
    let old = host(1, "22:open 80:open 443:open 8080:open", "1");
    let new = host(1, "22:open 443:incomplete 8080:filtered", "80");
    let found = between(&old, &new);
    let gone = [("10.0.0.1", 80, "open", "closed"), ("10.0.0.1", 8080, "open", "filtered")];
    assert_eq!(rows(&found.no_longer_open), gone);
    assert_eq!(rows(&found.not_known), [("10.0.0.1", 443, "open", "incomplete")]);
    assert_eq!(exit(&found), Exit::Clean);
    let found = between(&old, &host(1, "22:open", "1"));
    assert!(found.no_longer_open.is_empty());
    assert_eq!(found.not_known.len(), 3);
}

#[test]
fn hosts_come_and_go_where_both_runs_asked() {
    let found = between(&host(1, "22:open", "1"), &host(2, "23:open", "1"));
    assert_eq!(found.hosts_not_seen[0].address, "10.0.0.1");
    assert_eq!(found.hosts_not_seen[0].open, ["22/tcp"]);
    assert_eq!(found.new_hosts[0].address, "10.0.0.2");
    assert_eq!(rows(&found.not_known), [("10.0.0.1", 22, "open", "host-silent")]);
    assert_eq!(rows(&found.maybe_opened), [("10.0.0.2", 23, "host-silent", "open")]);
    // A list of open ports does not say what was asked.
    let list = read(r#"{"ip":"10.0.0.2","ports":[{"port":23,"proto":"tcp","status":"open"}]}"#);
    let old = read(&format!(r#"{{"complete":true,"hosts":[{}]}}"#, host(1, "22:open", "1")));
    let found = compare::document("old".as_ref(), &old, "new".as_ref(), &list);
    assert!(found.hosts_not_seen.is_empty() && found.no_longer_open.is_empty());
    assert_eq!(found.hosts_not_asked[0].address, "10.0.0.1");
    assert_eq!(rows(&found.maybe_opened), [("10.0.0.2", 23, "not-asked", "open")]);
}

#[test]
fn another_service_is_told_where_both_were_asked() {
    let with = |service: &str| {
        format!(
            r#"{{"address":"10.0.0.1","up":true,"ports":[{{"port":22,"state":"open","service":{service}}}]}}"#
        )
    };
    let ssh = with(r#"{"name":"ssh","product":"OpenSSH_9.2","asked":true}"#);
    let http = with(r#"{"name":"http","tls":true,"asked":true}"#);
    let found = between(&ssh, &http);
    assert_eq!(found.services[0].changed, ["name", "tls", "product"]);
    assert_eq!(found.services[0].old, "ssh, OpenSSH_9.2");
    assert_eq!(found.services[0].new, "http (TLS)");
    assert!(between(&ssh, &with(r#"{"name":"telnet","asked":false}"#)).services.is_empty());
    assert!(between(&ssh, &ssh).services.is_empty());
}

#[test]
fn the_text_names_what_matters_first() {
    let found = between(&host(1, "22:open", "80"), &host(1, "22:open 80:open", "1"));
    let mut out = Vec::new();
    text::write(&found, Lang::En, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("NEWLY OPEN:\n  10.0.0.1 80/tcp: closed → open\n"), "{out}");
    let mut same = Vec::new();
    let unchanged = between(&host(1, "22:open", "80"), &host(1, "22:open", "80"));
    text::write(&unchanged, Lang::Sv, &mut same).unwrap();
    assert!(String::from_utf8(same).unwrap().contains("Ingen skillnad."));
}

#[test]
fn results_from_different_places_are_noted() {
    let from = |sensor: &str| read(&format!(r#"{{"sensor":"{sensor}","hosts":[]}}"#));
    let document = compare::document("a".as_ref(), &from("x"), "b".as_ref(), &from("y"));
    assert_eq!(document.notes, [DIFFERENT_PLACES]);
    let document = compare::document("a".as_ref(), &from("x"), "b".as_ref(), &from("x"));
    assert!(document.notes.is_empty());
}

#[test]
fn services_of_different_programs_are_not_compared() {
    let list =
        r#"{"ip":"10.0.0.1","ports":[{"port":22,"proto":"tcp","service":{"name":"telnet"}}]}"#;
    let ours = r#"{"hosts":[{"address":"10.0.0.1","ports":[{"port":22,"state":"open",
        "service":{"name":"ssh","asked":true}}]}]}"#;
    let found = compare::document("a".as_ref(), &read(ours), "b".as_ref(), &read(list));
    assert!(found.services.is_empty() && found.opened.is_empty());
    assert_eq!(found.notes, [DIFFERENT_PROGRAMS]);
}

/// A result of ours that asked some ports of 10.0.0.0/24, and left some addresses out.
fn asked(ports: &str, skipped: &str, hosts: &str) -> Read {
    read(&format!(
        r#"{{"complete":true,"method":"syn","targets":[["10.0.0.0","10.0.0.255"]],
            "asked_ports":"{ports}","skipped":[{skipped}],"hosts":[{hosts}]}}"#
    ))
}

fn compared(old: &Read, new: &Read) -> Document {
    compare::document("old".as_ref(), old, "new".as_ref(), new)
}

#[test]
fn ports_that_one_result_did_not_ask_neither_open_nor_close() {
    let old = asked("22,80", "", &host(1, "22:open 80:open", "1"));
    let new = asked("22,443", "", &host(2, "443:open", "1"));
    let found = compared(&old, &new);
    assert!(found.opened.is_empty() && found.no_longer_open.is_empty());
    let gone = [("10.0.0.1", 22, "open", "host-silent"), ("10.0.0.1", 80, "open", "not-asked")];
    assert_eq!(rows(&found.not_known), gone);
    assert_eq!(rows(&found.maybe_opened), [("10.0.0.2", 443, "not-asked", "open")]);
    assert_eq!(found.ports_asked_only_before, ["80/tcp"]);
    assert_eq!(found.ports_asked_only_now, ["443/tcp"]);
    let mut out = Vec::new();
    text::write(&found, Lang::En, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("Asked only before: 80/tcp\n"), "{out}");
    // It was asked for 22, which it had answered; and is told as not seen, not as gone.
    assert!(out.contains("Hosts that were not seen now (gone, or silent):\n  10.0.0.1"), "{out}");
}

#[test]
fn a_host_that_was_asked_for_other_ports_alone_is_not_missed() {
    let old = asked("80", "", &host(1, "80:open", "80"));
    let found = compared(&old, &asked("443", "", ""));
    assert!(found.hosts_not_seen.is_empty());
    assert_eq!(found.hosts_not_asked[0].address, "10.0.0.1");
    let found = compared(&asked("443", "", ""), &old);
    assert!(found.new_hosts.is_empty(), "it was perhaps there before");
}

#[test]
fn a_host_that_was_passed_over_was_not_asked() {
    let old = asked("22", "", &host(1, "22:open", "1"));
    let found = compared(&old, &asked("22", r#"["10.0.0.0","10.0.0.9"]"#, ""));
    assert!(found.hosts_not_seen.is_empty());
    assert_eq!(found.hosts_not_asked[0].address, "10.0.0.1");
    assert_eq!(rows(&found.not_known), [("10.0.0.1", 22, "open", "not-asked")]);
}
