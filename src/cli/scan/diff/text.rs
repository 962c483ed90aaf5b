//! For a terminal: what became open comes first.

use std::io::{self, Write};

use super::{Document, HostRow, PortRow, RunRow};
use crate::text::Lang;

pub(super) fn write(document: &Document, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    runs(lang.of("Förut", "Before"), &document.old, lang, out)?;
    runs(lang.of("Nu", "Now"), &document.new, lang, out)?;
    for note in &document.notes {
        writeln!(out, "{}: {}", lang.of("Obs", "Note"), lang.of(note.sv, note.text))?;
    }
    for (head, ports) in [
        (lang.of("Frågades bara förut", "Asked only before"), &document.ports_asked_only_before),
        (lang.of("Frågas bara nu", "Asked only now"), &document.ports_asked_only_now),
    ] {
        if !ports.is_empty() {
            writeln!(out, "{}: {head}: {}", lang.of("Obs", "Note"), few(ports))?;
        }
    }
    let groups = [
        (lang.of("ÖPPEN NU", "NEWLY OPEN"), &document.opened),
        (
            lang.of("ÖPPEN NU, KANSKE FÖRUT OCKSÅ", "OPEN, PERHAPS BEFORE TOO"),
            &document.maybe_opened,
        ),
        (lang.of("Inte längre öppen", "No longer open"), &document.no_longer_open),
        (
            lang.of("Var öppen, går nu inte att avgöra", "Was open, cannot be told now"),
            &document.not_known,
        ),
    ];
    for (head, ports) in groups {
        write_ports(head, ports, lang, out)?;
    }
    if !document.services.is_empty() {
        writeln!(out, "\n{}:", lang.of("Annan tjänst", "Another service"))?;
    }
    for row in &document.services {
        writeln!(
            out,
            "  {} {}/{}: {} → {}",
            row.address, row.port, row.protocol, row.old, row.new
        )?;
    }
    let groups = [
        (lang.of("Nya värdar", "New hosts"), &document.new_hosts),
        (
            lang.of(
                "Värdar som inte syntes nu (borta, eller tysta)",
                "Hosts that were not seen now (gone, or silent)",
            ),
            &document.hosts_not_seen,
        ),
        (
            lang.of(
                "Värdar som inte frågades nu, eller inte om det som de svarade på",
                "Hosts that were not asked now, or not for what they had answered",
            ),
            &document.hosts_not_asked,
        ),
    ];
    for (head, hosts) in groups {
        write_hosts(head, hosts, out)?;
    }
    if is_same(document) {
        writeln!(out, "\n{}", lang.of("Ingen skillnad.", "No difference."))?;
    }
    Ok(())
}

/// Most ranges of ports that a line names.
const SHOWN: usize = 12;

fn few(ports: &[String]) -> String {
    let more = if ports.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", ports[..ports.len().min(SHOWN)].join(", "))
}

fn is_same(d: &Document) -> bool {
    let ports = [&d.opened, &d.maybe_opened, &d.no_longer_open, &d.not_known];
    let hosts = [&d.new_hosts, &d.hosts_not_seen, &d.hosts_not_asked];
    ports.iter().all(|list| list.is_empty())
        && hosts.iter().all(|list| list.is_empty())
        && d.services.is_empty()
}

fn runs(head: &str, runs: &[RunRow], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    for run in runs {
        let unfinished = lang.of(
            "; inte hel: det som inte står där frågades kanske aldrig",
            "; not complete: what it does not list was perhaps never asked",
        );
        writeln!(
            out,
            "{head}: {} ({}, {} {}{}{})",
            run.path,
            run.tool,
            run.hosts,
            lang.of("värdar", "hosts"),
            run.started.as_ref().map(|at| format!(", {at}")).unwrap_or_default(),
            if run.complete { "" } else { unfinished },
        )?;
    }
    Ok(())
}

fn write_ports(head: &str, ports: &[PortRow], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    if ports.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{head}:")?;
    for row in ports {
        let names = if row.names.is_empty() {
            String::new()
        } else {
            format!(" ({})", row.names.join(", "))
        };
        write!(out, "  {}{names} {}/{}", row.address, row.port, row.protocol)?;
        write!(out, ": {} → {}", state(row.old, lang), state(row.new, lang))?;
        match &row.service {
            Some(service) if row.asked => writeln!(out, "; {service}")?,
            Some(service) => {
                let usual = lang.of("brukar vara", "usually");
                writeln!(out, "; {usual} {service}")?;
            }
            None => writeln!(out)?,
        }
    }
    Ok(())
}

fn state(name: &'static str, lang: Lang) -> &'static str {
    match name {
        "open" => lang.of("öppen", "open"),
        "closed" => lang.of("stängd", "closed"),
        "filtered" => lang.of("filtrerad", "filtered"),
        "unreachable" => lang.of("kan inte nås", "unreachable"),
        "open|filtered" => lang.of("öppen eller filtrerad", "open or filtered"),
        "host-silent" => lang.of("värden tyst", "host silent"),
        "not-asked" => lang.of("inte frågad", "not asked"),
        _ => lang.of("inte avgjord", "incomplete"),
    }
}

fn write_hosts(head: &str, hosts: &[HostRow], out: &mut dyn Write) -> io::Result<()> {
    if hosts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{head}:")?;
    for host in hosts {
        let names = if host.names.is_empty() {
            String::new()
        } else {
            format!(" ({})", host.names.join(", "))
        };
        writeln!(out, "  {}{names} {}", host.address, host.open.join(" "))?;
    }
    Ok(())
}
