//! The answer for a terminal: the worst first, why, and what to do; then what is offered.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use portvakt_checks::crypto::Level;

use super::{FindingRow, Head, Judged, level_name};
use crate::text::{Lang, recorded};

pub(super) fn write<T: Judged>(
    head: &Head<'_>,
    endpoints: &[T],
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    let judged = lang.of("bedömt för", "judged for");
    let (what, today) = (head.what, head.today);
    writeln!(out, "{what} · {judged} {today} · {} {}", lang.of("policy", "policy"), head.policy)?;
    if let Some(basis) = head.unread {
        let said = lang.of(
            "Normens egen text har inte lästs; inget kan bli godkänt efter den. Underlag:",
            "The norm's own text was not read; nothing can pass by it. Basis:",
        );
        writeln!(out, "{said} {}", recorded(basis, lang))?;
    }
    for endpoint in endpoints {
        writeln!(out)?;
        one(endpoint, lang, out)?;
    }
    writeln!(out)?;
    summary(endpoints, lang, out)
}

fn one<T: Judged>(endpoint: &T, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let address = endpoint.address().filter(|a| *a != endpoint.target());
    let address = address.map(|a| format!(" ({})", shown(a))).unwrap_or_default();
    let target = shown(endpoint.target());
    if !endpoint.is_reached() {
        let style = style(Level::Insufficient);
        let said = if endpoint.is_asked() {
            lang.of(
                "svarade inte som väntat; inget är bedömt",
                "did not answer as asked; nothing was judged",
            )
        } else {
            lang.of("inte undersökt; inget är bedömt", "not looked at; nothing was judged")
        };
        writeln!(out, "{style}{target}{style:#}{address}: {said}")?;
        return doubts(endpoint, lang, out);
    }
    let style = style(endpoint.level());
    let level = level_name(endpoint.level(), lang);
    writeln!(out, "{style}{target}: {level}{style:#}{address}")?;
    let (told, passed): (Vec<&FindingRow>, Vec<&FindingRow>) =
        endpoint.findings().iter().partition(|f| f.level() > Level::Sufficient);
    for f in told {
        finding(f, lang, out)?;
    }
    if !passed.is_empty() {
        let names = super::once(passed.iter().map(|f| f.check.clone())).join(", ");
        writeln!(out, "  {}: {names}", lang.of("bra eller tillräckligt", "good or sufficient"))?;
    }
    for line in endpoint.offered(lang) {
        writeln!(out, "  {}", shown(&line))?;
    }
    Ok(())
}

/// Why an endpoint was not reached.
fn doubts<T: Judged>(endpoint: &T, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let why = endpoint.findings().iter().filter(|f| f.check == "endpoint-incomplete");
    for f in why {
        for line in &f.observed {
            writeln!(out, "  {}: {}", lang.of("okänt", "not known"), shown(&recorded(line, lang)))?;
        }
    }
    Ok(())
}

fn finding(f: &FindingRow, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let style = style(f.level());
    let level = level_name(f.level(), lang);
    let known = if f.known { lang.of(" (känt)", " (known)") } else { "" };
    let text = f.text.pick(lang);
    writeln!(out, "  {style}{level}{style:#}: {text} [{}]{known}", f.check)?;
    let observed = shown(&f.seen(lang));
    let subject = shown(&f.subject);
    let evidence = evidence(&f.evidence, lang);
    if observed.is_empty() || observed == subject {
        writeln!(out, "      {subject} ({evidence})")?;
    } else {
        writeln!(out, "      {subject}: {observed} ({evidence})")?;
    }
    writeln!(out, "      {}: {}", lang.of("källa", "source"), f.why(lang))?;
    if let Some(caveat) = &f.caveat {
        writeln!(out, "      {}", caveat.pick(lang))?;
    }
    if let Some(remedy) = &f.remedy {
        writeln!(out, "      → {}", remedy.pick(lang))?;
    }
    Ok(())
}

const fn evidence(name: &str, lang: Lang) -> &'static str {
    match name.as_bytes() {
        b"tested" => lang.of("prövat", "tested"),
        b"inferred" => lang.of("härlett", "inferred"),
        _ => lang.of("ofullständigt", "incomplete"),
    }
}

/// Text of peers, without what steers a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

const fn style(level: Level) -> Style {
    let color = match level {
        Level::Insufficient => AnsiColor::Red,
        Level::PhaseOut => AnsiColor::Yellow,
        Level::NotAssessed => AnsiColor::Cyan,
        Level::Sufficient | Level::Good => AnsiColor::Green,
    };
    color.on_default().bold()
}

fn summary<T: Judged>(endpoints: &[T], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let reached: Vec<&T> = endpoints.iter().filter(|e| e.is_reached()).collect();
    let count = |level| reached.iter().filter(|e| e.level() == level).count();
    let levels: Vec<String> = Level::ALL
        .into_iter()
        .filter(|level| count(*level) > 0)
        .map(|level| format!("{} {}", count(level), level_name(level, lang)))
        .collect();
    let unasked = endpoints.iter().filter(|e| !e.is_reached() && !e.is_asked()).count();
    let silent = endpoints.len() - reached.len() - unasked;
    let noun = match endpoints {
        [_] => lang.of("slutpunkt", "endpoint"),
        _ => lang.of("slutpunkter", "endpoints"),
    };
    let mut parts = vec![format!("{} {noun}", endpoints.len())];
    parts.extend(levels);
    for (count, word) in [
        (silent, lang.of("svarade inte", "did not answer")),
        (unasked, lang.of("inte undersökta", "not looked at")),
    ] {
        parts.extend((count > 0).then(|| format!("{count} {word}")));
    }
    writeln!(out, "{}", parts.join(" · "))
}
