//! The fix list as text: which lines can go together.

use std::io::{self, Write};

use portvakt_analysis::RuleKey;
use portvakt_analysis::anomalies::Standing;
use portvakt_analysis::anomalies::fix::{FixList, Keep, Proof};
use portvakt_model::Rule;
use portvakt_space::{Packet, State};

use super::judged::{Judged, List};
use super::words::{self, say};
use crate::text::Lang;

/// A line that can go.
pub(super) struct Going<'j> {
    /// The rule that it stands for, the first if there are several.
    pub(super) rule: &'j Rule,
    pub(super) key: RuleKey,
    /// First and last line.
    pub(super) lines: (u32, u32),
    /// duplicate, unreachable or removable.
    pub(super) reason: &'static str,
    /// Rules that stay and would decide its packets instead.
    pub(super) takers: &'j [RuleKey],
    /// A rule that decides otherwise, with a packet.
    pub(super) contrary: Option<(RuleKey, Packet)>,
}

/// The lines of a list that can go, in order.
pub(super) fn going<'j>(list: &List<'j>, found: &'j FixList) -> Vec<Going<'j>> {
    let judged = list.judged;
    let one = |(key, takers): &'j (RuleKey, Vec<RuleKey>)| {
        let rule = judged.rule(*key)?;
        let end = rule.note.as_ref().map_or(0, |note| note.last_line).max(rule.line);
        let reason = match judged.original(*key) {
            _ if !takers.is_empty() => "removable",
            Some(_) => "duplicate",
            None => "unreachable",
        };
        let contrary = judged.contrary(*key);
        Some(Going { rule, key: *key, lines: (rule.line, end), reason, takers, contrary })
    };
    let mut all: Vec<Going<'j>> = found.gone.iter().filter_map(one).collect();
    all.sort_by_key(|going| (going.lines, going.reason != "removable"));
    all.dedup_by_key(|going| going.lines);
    all
}

fn standing<'j>(list: &List<'j>, key: RuleKey) -> Option<&'j Standing> {
    let at = list.rules.binary_search_by_key(&key, |(key, _)| *key).ok()?;
    Some(&list.rules[at].1)
}

pub(super) fn write(lists: &[List<'_>], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let found = lists.iter().filter_map(|list| Some((list, list.fix_list()?)));
    let mut any = false;
    for (list, found) in found {
        any = true;
        write_list(list, found, lang, out)?;
    }
    if !any {
        writeln!(out, "{}", lang.of("Inget kan tas bort.", "Nothing can go."))?;
    }
    Ok(())
}

fn write_list(list: &List<'_>, found: &FixList, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let judged = list.judged;
    let (gone, before) = (found.gone.len(), found.sizes.0);
    let (device, name) = (&judged.device.name, &list.ruleset().name);
    let sum = say(
        lang,
        format!("{gone} av {before} regler kan tas bort tillsammans"),
        format!("{gone} of {before} rules can go together"),
    );
    writeln!(out, "{device} {name} [{}]: {sum}{}", words::family(list), proof(found, lang))?;
    for going in going(list, found) {
        let (start, end) = going.lines;
        let lines = if end > start { format!("{start}–{end}") } else { start.to_string() };
        writeln!(out, "  {}:{lines} {}", judged.path(), why(list, &going, lang))?;
    }
    write_kept(judged, &found.kept, lang, out)
}

fn proof(found: &FixList, lang: Lang) -> &'static str {
    match found.proof {
        _ if found.gone.is_empty() => "",
        Proof::Proven => lang.of(
            " · bevisat: varje paket behandlas som förut",
            " · proven: every packet fares as before",
        ),
        Proof::Unknown => {
            lang.of(" · INTE BEVISAT: budgeten tog slut", " · NOT PROVEN: the budget ran out")
        }
        Proof::Refuted => {
            lang.of(" · STÄMMER INTE: ta inte bort dem", " · DOES NOT HOLD: do not remove them")
        }
    }
}

fn why(list: &List<'_>, going: &Going<'_>, lang: Lang) -> String {
    let judged = list.judged;
    if !going.takers.is_empty() {
        let by = words::lines(judged, going.takers, lang);
        return say(
            lang,
            format!("behövs inte: {by} gör detsamma"),
            format!("not needed: {by} does the same"),
        );
    }
    let said = standing(list, going.key).map(|s| words::said(judged, going.key, s, lang));
    let mut said = said.unwrap_or_default();
    // What becomes of answering and broken packets is not what a rule is for.
    if going.contrary.is_some_and(|(_, packet)| packet.state == State::New) {
        said += lang.of(". Står den på fel plats?", ". Is it in the wrong place?");
    }
    said
}

/// Rules that stay although they could go.
fn write_kept(
    judged: &Judged<'_>,
    kept: &[(RuleKey, Keep)],
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !kept.is_empty() {
        writeln!(out, "  {}", lang.of("Står kvar:", "These stay:"))?;
    }
    for (key, why) in kept {
        let line = judged.line(*key);
        writeln!(out, "  {}:{line} {}", judged.path(), words::kept(*why, lang))?;
    }
    Ok(())
}
