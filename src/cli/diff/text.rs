//! For a terminal: what became permitted comes first, a paragraph for each box.

use std::io::{self, Write};

use super::{ChangeRow, Document, OpenRow, RulesetRow, UnreadRow};
use crate::answer::LineRow;
use crate::text::Lang;

pub(super) fn write(document: &Document, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let changed: Vec<&RulesetRow> =
        document.rulesets.iter().filter(|list| !list.is_unchanged()).collect();
    for list in &changed {
        write_list(list, lang, out)?;
    }
    for device in &document.nat_changed {
        writeln!(out, "{device}: {}", nat_changed(lang))?;
    }
    for line in &document.not_recognised {
        writeln!(out, "{}", not_recognised(line, lang))?;
    }
    let same = document.rulesets.len() - changed.len();
    if same > 0 {
        let word = lang.of("listor utan skillnad", "lists without a difference");
        writeln!(out, "{same} {word}")?;
    }
    Ok(())
}

pub(super) fn nat_changed(lang: Lang) -> &'static str {
    lang.of(
        "adressöversättningen skiljer sig; vad det ändrar jämförs inte",
        "address translation differs; what that changes is not compared",
    )
}

/// A line that was not recognised, in a sentence.
pub(super) fn not_recognised(line: &UnreadRow, lang: Lang) -> String {
    let side = if line.side == "old" {
        lang.of("bara i den gamla versionen", "only in the old version")
    } else {
        lang.of("bara i den nya versionen", "only in the new version")
    };
    let what = lang.of(
        "förstås inte; vad den ändrar är inte känt",
        "is not recognised; what it changes is not known",
    );
    format!("{}:{} {} — {side}, {what}", line.path, line.line, line.text)
}

fn write_list(list: &RulesetRow, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{} {} [{}]", list.device, list.name, list.family);
    writeln!(out, "{name}: {}", summary(list, lang))?;
    let groups = [
        (lang.of("SLÄPPS NU IGENOM", "NEWLY PERMITTED"), &list.newly_permitted),
        (lang.of("SLÄPPS KANSKE NU IGENOM", "MAYBE NEWLY PERMITTED"), &list.maybe_permitted),
        (lang.of("Spärras nu", "Newly denied"), &list.newly_denied),
        (lang.of("Spärras kanske nu", "Maybe newly denied"), &list.maybe_denied),
    ];
    for (head, changes) in groups {
        for change in changes {
            write_change(head, change, lang, out)?;
        }
    }
    for open in &list.open {
        write_open(open, lang, out)?;
    }
    if !list.no_effect.is_empty() {
        let word = lang.of("Ändringar utan verkan", "Changes without effect");
        writeln!(out, "\n  {word}:")?;
    }
    for idle in &list.no_effect {
        let side = if idle.side == "old" { "-" } else { "+" };
        writeln!(out, "    {side} {}", idle.rule.said(lang))?;
    }
    writeln!(out)
}

/// What there is to a list, in one line.
pub(super) fn summary(list: &RulesetRow, lang: Lang) -> String {
    match list.only_in {
        Some("old") => {
            return lang
                .of(
                    "listan finns bara i den gamla versionen; vad det ändrar går inte att avgöra",
                    "only the old version has this list; what that changes cannot be told",
                )
                .to_owned();
        }
        Some(_) => {
            return lang
                .of(
                    "listan finns bara i den nya versionen; vad det ändrar går inte att avgöra",
                    "only the new version has this list; what that changes cannot be told",
                )
                .to_owned();
        }
        None => {}
    }
    let counts = [
        (list.newly_permitted.len(), lang.of("släpps nu igenom", "newly permitted")),
        (list.newly_denied.len(), lang.of("spärras nu", "newly denied")),
        (list.maybe_permitted.len(), lang.of("släpps kanske igenom", "maybe permitted")),
        (list.maybe_denied.len(), lang.of("spärras kanske", "maybe denied")),
        (list.open.len(), lang.of("inte avgjorda", "undecided")),
        (list.no_effect.len(), lang.of("ändringar utan verkan", "changes without effect")),
    ];
    let mut parts: Vec<String> =
        counts.iter().filter(|c| c.0 > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if list.hooks_changed {
        let text = lang.of(
            "paketen möter listan på andra ställen än förut",
            "packets meet the list elsewhere than before",
        );
        parts.push(text.to_owned());
    }
    if !list.complete {
        let text = lang.of(
            "listan kunde inte läggas ut i sin helhet, mer kan ha ändrats",
            "the list could not be laid out in full, more may have changed",
        );
        parts.push(text.to_owned());
    }
    parts.join(" · ")
}

fn write_change(head: &str, change: &ChangeRow, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {head}: {}", lang.of(&change.said[0], &change.said[1]))?;
    writeln!(out, "    {}: {}", lang.of("paket", "packet"), change.witness.said(lang))?;
    write_lines(lang.of("förut", "before"), &change.old, lang, out)?;
    write_lines(lang.of("nu", "now"), &change.new, lang, out)
}

/// Rules that are named before it is said how many more there are.
const SHOWN: usize = 5;

fn write_lines(when: &str, lines: &[LineRow], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    for line in lines.iter().take(SHOWN) {
        writeln!(out, "    {when}: {}", line.said(lang))?;
    }
    if lines.len() > SHOWN {
        let (more, word) = (lines.len() - SHOWN, lang.of("regler till", "more rules"));
        writeln!(out, "    {when}: {more} {word}")?;
    }
    Ok(())
}

fn write_open(open: &OpenRow, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {}: {}", lang.of("Inte avgjort", "Undecided"), open_said(open, lang))?;
    for (effect, packet) in &open.witnesses {
        writeln!(out, "    {}: {}", effect_word(effect, lang), packet.said(lang))?;
    }
    Ok(())
}

pub(super) fn open_said(open: &OpenRow, lang: Lang) -> String {
    let most = lang.of(
        "alla paket i regeln utom minst så många undantag:",
        "all packets of the rule but at least so many exceptions:",
    );
    format!("{}; {most} {}", open.rule.said(lang), open.exceptions)
}

pub(super) fn effect_word(effect: &str, lang: Lang) -> &'static str {
    match effect {
        "permitted" => lang.of("släpps nu igenom", "newly permitted"),
        "denied" => lang.of("spärras nu", "newly denied"),
        "maybe_permitted" => lang.of("släpps kanske nu igenom", "maybe newly permitted"),
        _ => lang.of("spärras kanske nu", "maybe newly denied"),
    }
}
