//! Commands that have no bearing on what is audited, and those whose meaning is not modelled.

use portvakt_model::Message;

use super::config::Command;
use super::stems::{
    INTERFACE_LOST, INTERFACE_NEUTRAL, LINE_LOST, LINE_NEUTRAL, LOST, NEUTRAL, PORTS,
};
use super::{Ios, switchports, uses};

/// Commands that stand in no block.
pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let words = command.words();
    if matches!(words, ["vlan", ids, ..] if ids.starts_with(|c: char| c.is_ascii_digit())) {
        return switchports::vlan(ios, command);
    }
    if let (["template", ..], false) = (words, command.no()) {
        template(ios, command);
        return true;
    }
    mark(ios, command, NEUTRAL, LOST)
}

/// Settings that interfaces take over. Those that would have a bearing on one have it here.
fn template(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    ios.lost(command, PORTS);
    for child in command.children() {
        if !interface(ios, child) {
            ios.lost_block(child, PORTS);
        }
    }
}

/// Settings of an interface.
pub(super) fn interface(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    mark(ios, command, INTERFACE_NEUTRAL, INTERFACE_LOST)
}

/// Settings of a terminal line.
pub(super) fn line(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    mark(ios, command, LINE_NEUTRAL, LINE_LOST)
}

/// Gives a block the state that its longest stem in either table says.
fn mark(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    neutral: &[&str],
    lost: &[(&str, &'static Message)],
) -> bool {
    let words = command.words();
    uses::mention(ios, command);
    let plain = longest(neutral, words, |stem| stem).map(|stem| stem.len());
    match longest(lost, words, |(stem, _)| stem) {
        Some((stem, why)) if plain.is_none_or(|len| stem.len() > len) && !command.no() => {
            ios.lost_block(command, why);
        }
        None if plain.is_none() && !words.is_empty() => return false,
        _ => {
            ios.neutral(command);
            command.below().for_each(|c| ios.neutral(c));
        }
    }
    true
}

/// Whether a command begins with a stem of a table.
pub(super) fn is_in(table: &[&str], words: &[&str]) -> bool {
    longest(table, words, |stem| stem).is_some()
}

/// The longest stem of a table that a command begins with.
fn longest<'t, T>(table: &'t [T], words: &[&str], stem: fn(&T) -> &str) -> Option<&'t T> {
    let near = same_first(table, words, stem).iter();
    near.filter(|entry| matches(stem(entry), words)).max_by_key(|entry| stem(entry).len())
}

/// The part of a table whose stems have the command's first word.
fn same_first<'t, T>(table: &'t [T], words: &[&str], stem: fn(&T) -> &str) -> &'t [T] {
    let Some(first) = words.first() else { return &[] };
    let word = |entry: &T| stem(entry).split(' ').next().unwrap_or_default().cmp(first);
    let from = table.partition_point(|entry| word(entry).is_lt());
    let length = table[from..].partition_point(|entry| word(entry).is_eq());
    &table[from..from + length]
}

fn matches(stem: &str, words: &[&str]) -> bool {
    let mut words = words.iter();
    stem.split(' ').all(|part| words.next() == Some(&part))
}

#[cfg(test)]
mod tests {
    use super::super::stems::{NEIGHBOR_NEUTRAL, ROUTER_NEUTRAL, SET_NEUTRAL};
    use super::*;

    fn first<'a>(stem: &&'a str) -> &'a str {
        stem.split(' ').next().unwrap()
    }

    #[test]
    fn tables_are_sorted_by_first_word() {
        for table in [
            NEUTRAL,
            INTERFACE_NEUTRAL,
            LINE_NEUTRAL,
            ROUTER_NEUTRAL,
            NEIGHBOR_NEUTRAL,
            SET_NEUTRAL,
        ] {
            assert!(
                table.is_sorted_by_key(first),
                "{:?}",
                table.windows(2).find(|w| first(&w[0]) > first(&w[1]))
            );
        }
        for table in [LOST, INTERFACE_LOST, LINE_LOST] {
            let stems: Vec<&str> = table.iter().map(|(stem, _)| *stem).collect();
            assert!(
                stems.is_sorted_by_key(first),
                "{:?}",
                stems.windows(2).find(|w| first(&w[0]) > first(&w[1]))
            );
        }
    }

    #[test]
    fn stems_are_whole_words() {
        let neutral = |words: &[&str]| longest(NEUTRAL, words, |stem| stem).copied();
        assert_eq!(neutral(&["ip", "tcp", "synwait-time", "10"]), Some("ip tcp"));
        assert_eq!(neutral(&["ip", "tcpx"]), None);
        assert_eq!(neutral(&["ip"]), None);
        assert_eq!(neutral(&[]), None);
    }
}
