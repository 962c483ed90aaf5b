//! What becomes of each setting of the sections that are read: used, neutral, or lost and why.

use portvakt_model::{LineState, Message};

use super::tree::{Node, Setting, Verb};
use crate::build::Build;

/// The settings of one kind of node. A key in none of the lists stays unknown.
pub(super) struct Keys {
    /// Reach the model.
    pub(super) used: &'static [&'static str],
    /// Have no bearing on any rule.
    pub(super) neutral: &'static [&'static str],
    /// Are not modelled: key, values that change nothing, what is lost.
    pub(super) lost: &'static [Lost],
}

/// A setting that is not modelled: its key, the values that change nothing, what is lost.
pub(super) type Lost = (&'static str, &'static [&'static str], &'static Message);

/// Keys that describe or paint an object and are found nearly everywhere.
const EVERYWHERE: &[&str] =
    &["uuid", "color", "comment", "comments", "description", "fabric-object", "visibility", "id"];

/// Marks a node's own lines: what opens and closes it as used, each setting by its key.
pub(super) fn mark(node: Node<'_, '_>, keys: &Keys, build: &mut Build<'_>) {
    node.mark_frame(LineState::Used, build);
    for setting in node.settings() {
        if let Some(state) = state(setting, keys) {
            setting.mark(state, build);
        }
    }
}

/// [`mark`] for every entry of a section, and the section's own lines as used.
pub(super) fn mark_table(section: Node<'_, '_>, keys: &Keys, build: &mut Build<'_>) {
    mark(section, keys, build);
    for entry in section.children() {
        mark(entry, keys, build);
    }
}

fn state(setting: &Setting<'_>, keys: &Keys) -> Option<LineState> {
    let key = setting.key.as_ref();
    if keys.used.contains(&key) {
        return Some(LineState::Used);
    }
    if let Some((_, harmless, why)) = keys.lost.iter().find(|(k, ..)| *k == key) {
        let quiet = setting.verb == Verb::Unset
            || setting.values.iter().all(|v| v.text.is_empty())
            || setting.values.iter().all(|v| harmless.contains(&v.text.as_ref()));
        return Some(if quiet { LineState::Neutral } else { LineState::Unsupported(why) });
    }
    let neutral = keys.neutral.contains(&key)
        || EVERYWHERE.contains(&key)
        || key.starts_with("gui-")
        || key.starts_with("global-");
    neutral.then_some(LineState::Neutral)
}
