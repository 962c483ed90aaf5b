//! As a page that stands alone: to read, to print, to keep with the change.

use std::io::{self, Write};

use askama::Template;

use super::text::{effect_word, not_recognised, open_said, summary};
use super::{ChangeRow, Document, RulesetRow};
use crate::answer::LineRow;
use crate::text::Lang;

#[derive(Template)]
#[template(path = "diff.html")]
struct Page<'d> {
    words: Words,
    old: &'d str,
    new: &'d str,
    today: &'d str,
    version: &'static str,
    counts: Vec<(&'static str, usize, &'static str)>,
    failures: &'d [String],
    nat_changed: String,
    not_recognised: Vec<String>,
    lists: Vec<ListPart>,
    same: usize,
}

#[derive(Clone, Copy)]
struct Words {
    lang: &'static str,
    title: &'static str,
    old: &'static str,
    new: &'static str,
    judged_for: &'static str,
    packet: &'static str,
    before: &'static str,
    now: &'static str,
    no_effect: &'static str,
    same: &'static str,
    nat: &'static str,
    not_recognised: &'static str,
    failures: &'static str,
    made_by: &'static str,
}

const SV: Words = Words {
    lang: "sv",
    title: "Skillnader i vad som släpps igenom",
    old: "Förut",
    new: "Nu",
    judged_for: "Bedömt för",
    packet: "Paket",
    before: "Förut",
    now: "Nu",
    no_effect: "Ändringar utan verkan",
    same: "listor utan skillnad",
    nat: "Adressöversättningen skiljer sig, och vad det ändrar jämförs inte",
    not_recognised: "Rader som inte förstås",
    failures: "Kunde inte läsas",
    made_by: "Framställd av portvakt",
};

const EN: Words = Words {
    lang: "en",
    title: "Differences in what is let through",
    old: "Before",
    new: "Now",
    judged_for: "Judged for",
    packet: "Packet",
    before: "Before",
    now: "Now",
    no_effect: "Changes without effect",
    same: "lists without a difference",
    nat: "Address translation differs, and what that changes is not compared",
    not_recognised: "Lines that were not recognised",
    failures: "Could not be read",
    made_by: "Made by portvakt",
};

struct ListPart {
    title: String,
    summary: String,
    changes: Vec<ChangePart>,
    no_effect: Vec<String>,
}

struct ChangePart {
    class: &'static str,
    head: String,
    packets: Vec<String>,
    old: Vec<String>,
    new: Vec<String>,
}

pub(super) fn write(document: &Document, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let page = page(document, lang).render().map_err(io::Error::other)?;
    out.write_all(page.as_bytes())
}

fn page(document: &Document, lang: Lang) -> Page<'_> {
    let lists = &document.rulesets;
    let sum = |of: fn(&RulesetRow) -> usize| lists.iter().map(of).sum();
    let changed = lists.iter().filter(|list| !list.is_unchanged());
    let parts: Vec<ListPart> = changed.map(|list| part(list, lang)).collect();
    Page {
        words: lang.of(SV, EN),
        old: &document.old,
        new: &document.new,
        today: &document.today,
        version: env!("CARGO_PKG_VERSION"),
        counts: vec![
            ("critical", sum(|l| l.newly_permitted.len()), effect_word("permitted", lang)),
            ("high", sum(|l| l.maybe_permitted.len()), effect_word("maybe_permitted", lang)),
            ("low", sum(|l| l.newly_denied.len()), effect_word("denied", lang)),
            ("info", sum(|l| l.maybe_denied.len()), effect_word("maybe_denied", lang)),
            ("cannot_tell", sum(|l| l.open.len()), lang.of("inte avgjorda", "undecided")),
            ("", sum(|l| l.no_effect.len()), lang.of("utan verkan", "without effect")),
        ],
        failures: &document.failures,
        nat_changed: document.nat_changed.join(", "),
        not_recognised: document.not_recognised.iter().map(|l| not_recognised(l, lang)).collect(),
        same: lists.len() - parts.len(),
        lists: parts,
    }
}

fn part(list: &RulesetRow, lang: Lang) -> ListPart {
    let groups = [
        ("critical", "permitted", &list.newly_permitted),
        ("high", "maybe_permitted", &list.maybe_permitted),
        ("low", "denied", &list.newly_denied),
        ("info", "maybe_denied", &list.maybe_denied),
    ];
    let mut changes: Vec<ChangePart> = Vec::new();
    for (class, effect, rows) in groups {
        changes.extend(rows.iter().map(|row| change(class, effect, row, lang)));
    }
    changes.extend(list.open.iter().map(|open| {
        ChangePart {
            class: "cannot_tell",
            head: format!("{}: {}", lang.of("inte avgjort", "undecided"), open_said(open, lang)),
            packets: open
                .witnesses
                .iter()
                .map(|(effect, p)| format!("{}: {}", effect_word(effect, lang), p.said(lang)))
                .collect(),
            old: Vec::new(),
            new: Vec::new(),
        }
    }));
    let idle = |row: &super::IdleRow| {
        let side =
            if row.side == "old" { lang.of("förut", "before") } else { lang.of("nu", "now") };
        format!("{side}: {}", row.rule.said(lang))
    };
    ListPart {
        title: format!("{} {} [{}]", list.device, list.name, list.family),
        summary: summary(list, lang),
        changes,
        no_effect: list.no_effect.iter().map(idle).collect(),
    }
}

fn change(class: &'static str, effect: &str, row: &ChangeRow, lang: Lang) -> ChangePart {
    let said = |lines: &[LineRow]| lines.iter().map(|line| line.said(lang)).collect();
    ChangePart {
        class,
        head: format!("{}: {}", effect_word(effect, lang), lang.of(&row.said[0], &row.said[1])),
        packets: vec![row.witness.said(lang)],
        old: said(&row.old),
        new: said(&row.new),
    }
}
